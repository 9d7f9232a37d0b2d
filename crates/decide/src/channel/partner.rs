//! Partners: media, opinion leaders, local brands. How well they fit, what an interested shopper costs, and whether the
//! followers are real.
//!
//! *Fit* is a weighted mean of criteria on fixed scales, so another partner moves no score; an unknown criterion's weight goes to
//! the known ones and the known part is told. *Checks* compare a partner with the others of the table:
//!
//! - engagement far below what accounts of its size have (a line of `ln engagement` on `ln followers` through all of them, the residual
//!   in robust standard deviations) is what bought followers look like, far above what bought likes look like;
//! - a week that grew many times the usual week;
//! - hardly a comment for its likes;
//! - an audience that lives elsewhere.
//!
//! Every check that fails is a reason with its numbers, and scales the audience that is counted on. Cost: one sort a table.

use crate::said::{Said, percent};
use crate::spend_error::{SpendError, check_amounts};
use domain::Money;
use learn::quantile::{mad, median};
use serde::Serialize;

/// What is known of a partner; `None` is "not known".
#[derive(Clone, Debug, PartialEq)]
pub struct PartnerFacts {
    /// Its name.
    pub name: String,
    /// Followers or readers.
    pub followers: u64,
    /// Likes and comments of a post over followers, in [0, 1].
    pub engagement: Option<f64>,
    /// Comments over likes.
    pub comment_share: Option<f64>,
    /// Part of the audience that lives in the market, in [0, 1].
    pub in_market: Option<f64>,
    /// Part of its posts about the seller's category, in [0, 1].
    pub on_topic: Option<f64>,
    /// How its tone and looks fit the brand, 0 to 5, a person's judgement.
    pub brand_fit: Option<f64>,
    /// Orders that former cooperations brought for a thousand views.
    pub past_orders: Option<f64>,
    /// Followers week by week, oldest first; may be empty.
    pub history: Vec<u64>,
    /// Price of a post or a placement.
    pub price: Option<Money>,
}

/// Weights and thresholds.
#[derive(Clone, Debug, PartialEq)]
pub struct PartnerParams {
    /// Weight of the audience in the market, 0 or more, as the others.
    pub in_market: f64,
    /// Of the topic.
    pub on_topic: f64,
    /// Of engagement.
    pub engagement: f64,
    /// Of the fit to the brand.
    pub brand_fit: f64,
    /// Of past orders.
    pub past_orders: f64,
    /// Engagement that scores 1.
    pub best_engagement: f64,
    /// Orders for a thousand views that score 1.
    pub best_orders: f64,
    /// Robust standard deviations from the line that are too many.
    pub odd_engagement: f64,
    /// A week's growth over the usual week's that is too much.
    pub odd_growth: f64,
    /// Comments over likes below which hardly anybody speaks.
    pub least_comments: f64,
    /// Part of the audience in the market below which it lives elsewhere.
    pub least_in_market: f64,
    /// What is left of the audience counted on for each failed check.
    pub kept: f64,
}

impl Default for PartnerParams {
    fn default() -> Self {
        Self {
            in_market: 0.3,
            on_topic: 0.25,
            engagement: 0.2,
            brand_fit: 0.1,
            past_orders: 0.15,
            best_engagement: 0.08,
            best_orders: 2.0,
            odd_engagement: 2.5,
            odd_growth: 8.0,
            least_comments: 0.004,
            least_in_market: 0.2,
            kept: 0.5,
        }
    }
}

/// A check that failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    /// Too little engagement for its size: bought followers.
    LowEngagement {
        /// Robust standard deviations below the line.
        deviations: f64,
    },
    /// Too much: bought likes.
    HighEngagement {
        /// Above it.
        deviations: f64,
    },
    /// A sudden week.
    Jump {
        /// Growth over the usual week's.
        times: f64,
    },
    /// Hardly a comment.
    Silent {
        /// Comments over likes.
        comments: f64,
    },
    /// The audience lives elsewhere.
    Elsewhere {
        /// Part in the market.
        in_market: f64,
    },
}

/// A partner with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedPartner {
    /// Its name.
    pub name: String,
    /// Fit in [0, 1]; `None` where nothing is known.
    pub fit: Option<f64>,
    /// Weighted parts; they add up to the fit.
    pub parts: Vec<(&'static str, f64)>,
    /// Part of the weight that is known.
    pub known: f64,
    /// Checks that failed.
    pub suspicions: Vec<Suspicion>,
    /// Followers that are counted on: `followers · in market · kept^failed checks`.
    pub counted_on: Option<f64>,
    /// Price for a thousand engaged followers that are counted on, major units.
    pub price_per_thousand: Option<f64>,
}

impl PartnerParams {
    /// Ranks partners of one market: those without suspicion first, then by fit.
    ///
    /// # Errors
    /// [`SpendError`] for weights and facts out of range, or no partner.
    pub fn rank(&self, partners: &[PartnerFacts]) -> Result<Vec<RankedPartner>, SpendError> {
        let weights = [self.in_market, self.on_topic, self.engagement, self.brand_fit, self.past_orders];
        check_amounts("weights", &weights)?;
        if weights.iter().sum::<f64>() <= 0.0 || partners.is_empty() {
            return Err(SpendError::TooLittle { what: "partners and weights above 0", have: 0, need: 1 });
        }
        for p in partners {
            let shares = [("engagement", p.engagement), ("in_market", p.in_market), ("on_topic", p.on_topic)];
            for (what, x) in shares {
                if let Some(x) = x.filter(|x| !(0.0..=1.0).contains(x)) {
                    return Err(SpendError::param(format!("{what} of {}", p.name), "in [0, 1]", x));
                }
            }
            if let Some(x) = p.brand_fit.filter(|x| !(0.0..=5.0).contains(x)) {
                return Err(SpendError::param(format!("brand_fit of {}", p.name), "from 0 to 5", x));
            }
        }
        let line = Line::through(partners);
        let mut ranked: Vec<RankedPartner> = partners.iter().map(|p| self.one(p, line.as_ref())).collect();
        ranked.sort_by(|a, b| {
            let key = |p: &RankedPartner| (p.suspicions.len(), -p.fit.unwrap_or(-1.0));
            let ((na, fa), (nb, fb)) = (key(a), key(b));
            na.cmp(&nb).then(fa.total_cmp(&fb)).then(a.name.cmp(&b.name))
        });
        Ok(ranked)
    }

    fn one(&self, p: &PartnerFacts, line: Option<&Line>) -> RankedPartner {
        let up = |x: f64, best: f64| (x / best).clamp(0.0, 1.0);
        let criteria = [
            ("in_market", self.in_market, p.in_market),
            ("on_topic", self.on_topic, p.on_topic),
            ("engagement", self.engagement, p.engagement.map(|e| up(e, self.best_engagement))),
            ("brand_fit", self.brand_fit, p.brand_fit.map(|b| b / 5.0)),
            ("past_orders", self.past_orders, p.past_orders.map(|o| up(o, self.best_orders))),
        ];
        let all: f64 = criteria.iter().map(|c| c.1).sum();
        let known: f64 = criteria.iter().filter(|c| c.2.is_some()).map(|c| c.1).sum();
        let parts: Vec<(&'static str, f64)> = criteria
            .iter()
            .filter_map(|(name, w, x)| Some((*name, w * (*x)? / known)))
            .filter(|_| known > 0.0)
            .collect();
        let suspicions = self.suspicions(p, line);
        let counted_on = p.in_market.map(|m| p.followers as f64 * m * self.kept.powi(suspicions.len() as i32));
        let engaged = counted_on.zip(p.engagement).map(|(n, e)| n * e).filter(|n| *n > 0.0);
        let price = p.price.map(|m| m.minor as f64 / 10_f64.powi(m.currency.exponent() as i32));
        RankedPartner {
            name: p.name.clone(),
            fit: (known > 0.0).then(|| parts.iter().map(|(_, x)| x).sum()),
            parts,
            known: known / all,
            suspicions,
            counted_on,
            price_per_thousand: price.zip(engaged).map(|(price, n)| price / n * 1000.0),
        }
    }

    fn suspicions(&self, p: &PartnerFacts, line: Option<&Line>) -> Vec<Suspicion> {
        let mut out = Vec::new();
        if let Some(deviations) = line.and_then(|l| l.deviations(p)) {
            if deviations < -self.odd_engagement {
                out.push(Suspicion::LowEngagement { deviations: -deviations });
            } else if deviations > self.odd_engagement {
                out.push(Suspicion::HighEngagement { deviations });
            }
        }
        let growth: Vec<f64> = p.history.windows(2).map(|w| w[1] as f64 - w[0] as f64).collect();
        // The usual week: at least one in a thousand of the followers, or small accounts would always jump.
        if let (true, Some(usual)) = (growth.len() >= 6, median(&growth)) {
            let usual = usual.abs().max(p.followers as f64 / 1000.0).max(1.0);
            let most = growth.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if most / usual > self.odd_growth {
                out.push(Suspicion::Jump { times: most / usual });
            }
        }
        if let Some(comments) = p.comment_share.filter(|c| *c < self.least_comments) {
            out.push(Suspicion::Silent { comments });
        }
        if let Some(in_market) = p.in_market.filter(|m| *m < self.least_in_market) {
            out.push(Suspicion::Elsewhere { in_market });
        }
        out
    }
}

/// `ln engagement = a + b ln followers`, through medians of slopes so that odd accounts do not bend it (Theil and Sen).
struct Line {
    a: f64,
    b: f64,
    sd: f64,
}

impl Line {
    /// `None` with fewer than eight partners whose engagement is known: then nothing is odd.
    fn through(partners: &[PartnerFacts]) -> Option<Self> {
        let points: Vec<(f64, f64)> = partners.iter().filter_map(point).collect();
        if points.len() < 8 {
            return None;
        }
        let mut slopes = Vec::new();
        for (i, p) in points.iter().enumerate() {
            slopes.extend(points[..i].iter().filter(|q| q.0 != p.0).map(|q| (p.1 - q.1) / (p.0 - q.0)));
        }
        let b = median(&slopes).unwrap_or(0.0);
        let rest: Vec<f64> = points.iter().map(|p| p.1 - b * p.0).collect();
        let a = median(&rest)?;
        // A table in which all are alike still leaves room for a tenth more or less.
        Some(Self { a, b, sd: (1.4826 * mad(&rest)?).max(0.1) })
    }

    fn deviations(&self, p: &PartnerFacts) -> Option<f64> {
        point(p).map(|(x, y)| (y - self.a - self.b * x) / self.sd)
    }
}

fn point(p: &PartnerFacts) -> Option<(f64, f64)> {
    let engagement = p.engagement.filter(|e| *e > 0.0)?;
    (p.followers > 0).then(|| ((p.followers as f64).ln(), engagement.ln()))
}

impl Suspicion {
    /// The reason with its numbers.
    pub fn said(&self, name: &str) -> Said {
        match self {
            Self::LowEngagement { deviations } => Said::new(
                format!(
                    "{name} has far less engagement than accounts of its size ({deviations:.1} deviations below): followers may be bought."
                ),
                format!("{name} 的互动率远低于同等规模账号（低 {deviations:.1} 个标准差）：粉丝可能是买来的。"),
            ),
            Self::HighEngagement { deviations } => Said::new(
                format!(
                    "{name} has far more engagement than accounts of its size ({deviations:.1} deviations above): likes may be bought."
                ),
                format!("{name} 的互动率远高于同等规模账号（高 {deviations:.1} 个标准差）：点赞可能是买来的。"),
            ),
            Self::Jump { times } => Said::new(
                format!("{name} grew {times:.0} times its usual week in one week: ask what happened."),
                format!("{name} 有一周涨粉达平时的 {times:.0} 倍：请核实原因。"),
            ),
            Self::Silent { comments } => Said::new(
                format!("{name} has {} comments for its likes: hardly anybody speaks.", percent(*comments)),
                format!("{name} 的评论仅为点赞的 {}：几乎无人发言。", percent(*comments)),
            ),
            Self::Elsewhere { in_market } => Said::new(
                format!("Only {} of the audience of {name} lives in the market.", percent(*in_market)),
                format!("{name} 的受众只有 {} 在该市场。", percent(*in_market)),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Currency, Seed};

    fn partner(name: &str, followers: u64, engagement: f64) -> PartnerFacts {
        PartnerFacts {
            name: name.to_owned(),
            followers,
            engagement: Some(engagement),
            comment_share: Some(0.03),
            in_market: Some(0.8),
            on_topic: Some(0.5),
            brand_fit: None,
            past_orders: None,
            history: (0..12).map(|w| followers - 12 * followers / 200 + w * followers / 200).collect(),
            price: Some(Money { minor: 100_000, currency: Currency::new(*b"EUR") }),
        }
    }

    #[test] // Known weights .3 .25 .2 of 1: (.3 · .8 + .25 · .5 + .2 · .5) / .75 = .62; 10,000 · .8 · .04 = 320 for 1,000: 3,125.
    fn fit_and_price_by_hand() {
        let ranked = PartnerParams::default().rank(&[partner("a", 10_000, 0.04)]).unwrap();
        let p = &ranked[0];
        assert!((p.fit.unwrap() - 0.62).abs() < 1e-12 && (p.known - 0.75).abs() < 1e-12);
        assert!((p.price_per_thousand.unwrap() - 3125.0).abs() < 1e-9 && p.suspicions.is_empty());
    }

    #[test]
    fn planted_fakes_are_found_and_honest_accounts_are_not_accused() {
        let mut rng = Seed(8).stream(0);
        let honest = |rng: &mut domain::Rng, i: usize| {
            let followers = (9.0 + 1.2 * rng.normal()).exp() as u64;
            let engagement = (0.06 * (followers as f64 / 10_000.0).powf(-0.2) * (0.3 * rng.normal()).exp()).min(1.0);
            partner(&format!("honest {i}"), followers.max(500), engagement)
        };
        let mut table: Vec<PartnerFacts> = (0..100).map(|i| honest(&mut rng, i)).collect();
        for i in 0..30 {
            let mut fake = honest(&mut rng, i);
            fake.name = format!("fake {i}");
            match i % 3 {
                0 => {
                    fake.followers *= 8;
                    fake.engagement = fake.engagement.map(|e| e / 8.0);
                }
                1 => {
                    let at = fake.history.len() - 3;
                    let jump = fake.followers / 2;
                    fake.history[at..].iter_mut().for_each(|f| *f += jump);
                }
                _ => fake.comment_share = Some(0.001),
            }
            table.push(fake);
        }
        let ranked = PartnerParams::default().rank(&table).unwrap();
        let accused =
            |prefix: &str| ranked.iter().filter(|p| p.name.starts_with(prefix) && !p.suspicions.is_empty()).count();
        assert!(accused("fake") >= 28, "{} of 30", accused("fake"));
        assert!(accused("honest") <= 4, "{} of 100", accused("honest"));
        assert!(ranked[0].name.starts_with("honest") && ranked[0].suspicions.is_empty());
        let worst = ranked.last().unwrap();
        assert!(worst.suspicions[0].said(&worst.name).en.contains("fake"));
    }

    #[test]
    fn facts_out_of_range_are_refused() {
        let mut wrong = partner("a", 100, 0.1);
        wrong.in_market = Some(40.0);
        assert!(PartnerParams::default().rank(&[wrong]).unwrap_err().to_string().contains("in_market of a"));
        assert!(PartnerParams::default().rank(&[]).is_err());
    }
}
