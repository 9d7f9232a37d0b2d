//! Two arms side by side: what a new way (a transferred list, another text) did beside the old one.
//!
//! Shoppers are dealt into arms, so shoppers are the units: a figure is a ratio of sums over an arm's shoppers, its
//! variance that of a ratio of means by the delta method ([`RatioMoments`]), and the two arms are independent.
//!
//! - *click rate*: clicks / times shown;
//! - *conversion*: shoppers with an order / shoppers, whoever was shown anything or not;
//! - *return on cost*: (margin − cost) / cost, where there is a cost;
//! - *margin a shopper*: (margin − cost) / shoppers.
//!
//! The difference has the interval `d ± z s`. The lift is relative to the old way, with the interval of the logarithm of
//! the quotient, and only given where both figures are above 0. Whether the arms are as large as they were meant to be is
//! tested first: where chance would nearly never deal like this (below 0.001), something drops shoppers of one arm and no
//! figure can be trusted. Intervals are for one look at the end: looking daily and stopping at the first good day finds
//! lifts that are not there. Sources: Kohavi, Tang and Xu, "Trustworthy online controlled experiments", 2020, chapters 17,
//! 18 and 21; Deng, Knoblich and Lu, KDD 2018. Cost: one pass over the shoppers.

use super::RatioMoments;
use crate::said::{Said, percent};
use crate::spend_error::SpendError;
use domain::Interval;
use learn::interval::two_sided;
use learn::special::normal_cdf;

/// What one shopper did while it ran.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Unit {
    /// Times something was shown.
    pub shown: f64,
    /// Clicks.
    pub clicks: f64,
    /// Orders.
    pub orders: f64,
    /// Margin of these orders, in major units.
    pub margin: f64,
    /// What was spent on the shopper, in major units.
    pub cost: f64,
}

/// How arms are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComparisonParams {
    /// Coverage of the intervals, in (0, 1).
    pub level: f64,
    /// Share of the shoppers that was meant for the new way, in (0, 1).
    pub share: f64,
    /// Shoppers that an arm needs.
    pub least_units: usize,
    /// Clicks, orders or costs that both arms together need before a figure of them is given.
    pub least_events: usize,
}

impl Default for ComparisonParams {
    fn default() -> Self {
        Self { level: 0.95, share: 0.5, least_units: 100, least_events: 20 }
    }
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The whole interval lies above 0.
    Better,
    /// The whole interval lies below 0.
    Worse,
    /// Neither.
    Open,
}

/// One figure of both arms.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Its key: `click_rate`, `conversion`, `return_on_cost`, `margin_per_shopper`.
    pub key: &'static str,
    /// Its name.
    pub name: Said,
    /// How it comes about.
    pub formula: &'static str,
    /// The figures, or why there are none.
    pub found: Result<Difference, Said>,
}

/// Values of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Of the old way.
    pub control: f64,
    /// Of the new one.
    pub treated: f64,
    /// New less old.
    pub difference: f64,
    /// Of the difference.
    pub interval: Interval,
    /// New over old, less 1, with its interval; absent where one of them is not above 0.
    pub lift: Option<(f64, Interval)>,
    /// What the interval says.
    pub told: Told,
}

/// Both arms compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Shoppers of the old way.
    pub n_control: usize,
    /// Shoppers of the new one.
    pub n_treated: usize,
    /// How often chance alone deals arms at least as uneven as these.
    pub chance_of_the_deal: f64,
    /// Whether the deal can be trusted.
    pub dealt_well: bool,
    /// The figures.
    pub figures: Vec<Compared>,
}

/// Below this a deal is no chance.
const NO_CHANCE: f64 = 1e-3;

impl ComparisonParams {
    /// Compares the new way with the old one.
    ///
    /// # Errors
    /// [`SpendError::Param`] for a parameter outside its range, [`SpendError::TooLittle`] for an arm of too few shoppers,
    /// [`SpendError::Value`] for a number that is negative where it counts or not finite.
    pub fn compare(&self, control: &[Unit], treated: &[Unit]) -> Result<Comparison, SpendError> {
        if !(self.share > 0.0 && self.share < 1.0) {
            return Err(SpendError::param("share", "between 0 and 1", self.share));
        }
        let Some(z) = two_sided(self.level) else {
            return Err(SpendError::param("level", "between 0 and 1", self.level));
        };
        for (what, arm) in [("shoppers of the old way", control), ("shoppers of the new way", treated)] {
            if arm.len() < self.least_units.max(2) {
                return Err(SpendError::TooLittle { what, have: arm.len(), need: self.least_units.max(2) });
            }
            for (at, unit) in arm.iter().enumerate() {
                let counts = [unit.shown, unit.clicks, unit.orders, unit.cost];
                if let Some(value) = counts.into_iter().find(|v| !(*v >= 0.0 && v.is_finite())) {
                    return Err(SpendError::Value { what: what.to_owned(), at, value, rule: "0 or more" });
                }
                if !unit.margin.is_finite() {
                    let (value, rule) = (unit.margin, "a finite amount");
                    return Err(SpendError::Value { what: what.to_owned(), at, value, rule });
                }
            }
        }
        let n = (control.len() + treated.len()) as f64;
        let off = (treated.len() as f64 - n * self.share) / (n * self.share * (1.0 - self.share)).sqrt();
        let chance_of_the_deal = 2.0 * (1.0 - normal_cdf(off.abs()));
        let figure =
            |key, en: &str, zh: &str, formula, of: &dyn Fn(&Unit) -> (f64, f64), event: &dyn Fn(&Unit) -> f64| {
                let events: f64 = control.iter().chain(treated).map(event).sum();
                let found = if events < self.least_events as f64 {
                    Err(Said::new(
                        format!("{events:.0} {en} events in both arms, {} are needed", self.least_events),
                        format!("两组合计仅 {events:.0} 次事件，至少需要 {} 次", self.least_events),
                    ))
                } else {
                    self.difference(z, control, treated, of)
                };
                Compared { key, name: Said::new(en, zh), formula, found }
            };
        let figures = vec![
            figure("click_rate", "click rate", "点击率", "clicks / times shown", &|u| (u.clicks, u.shown), &|u| {
                u.clicks
            }),
            figure(
                "conversion",
                "conversion",
                "转化率",
                "shoppers with an order / shoppers",
                &|u| (f64::from(u8::from(u.orders > 0.0)), 1.0),
                &|u| u.orders,
            ),
            figure(
                "return_on_cost",
                "return on cost",
                "投入回报率",
                "(margin − cost) / cost",
                &|u| (u.margin - u.cost, u.cost),
                &|u| if u.cost > 0.0 { 1.0 } else { 0.0 },
            ),
            figure(
                "margin_per_shopper",
                "margin a shopper",
                "每位顾客毛利",
                "(margin − cost) / shoppers",
                &|u| (u.margin - u.cost, 1.0),
                &|u| u.orders,
            ),
        ];
        let (n_control, n_treated) = (control.len(), treated.len());
        let dealt_well = chance_of_the_deal >= NO_CHANCE;
        Ok(Comparison { n_control, n_treated, chance_of_the_deal, dealt_well, figures })
    }

    fn difference(
        &self,
        z: f64,
        control: &[Unit],
        treated: &[Unit],
        of: &dyn Fn(&Unit) -> (f64, f64),
    ) -> Result<Difference, Said> {
        let (old, new) = (moments(control, of), moments(treated, of));
        if !(old.mean_x > 0.0 && new.mean_x > 0.0) {
            return Err(Said::new("one arm has nothing to divide by", "其中一组的分母为零"));
        }
        let part = |m: &RatioMoments, n: usize| (m.ratio(), m.variance() / n as f64);
        let ((a, var_a), (b, var_b)) = (part(&old, control.len()), part(&new, treated.len()));
        let half = z * (var_a + var_b).sqrt();
        let difference = b - a;
        let interval = Interval { low: difference - half, high: difference + half, level: self.level };
        let lift = (a > 0.0 && b > 0.0).then(|| {
            let (log, half) = ((b / a).ln(), z * (var_a / (a * a) + var_b / (b * b)).sqrt());
            let interval = Interval { low: (log - half).exp_m1(), high: (log + half).exp_m1(), level: self.level };
            (b / a - 1.0, interval)
        });
        let told = match (interval.low > 0.0, interval.high < 0.0) {
            (true, _) => Told::Better,
            (false, true) => Told::Worse,
            (false, false) => Told::Open,
        };
        Ok(Difference { control: a, treated: b, difference, interval, lift, told })
    }
}

fn moments(arm: &[Unit], of: &dyn Fn(&Unit) -> (f64, f64)) -> RatioMoments {
    let n = arm.len() as f64;
    let (mut mean_y, mut mean_x) = (0.0, 0.0);
    for unit in arm {
        let (y, x) = of(unit);
        mean_y += y / n;
        mean_x += x / n;
    }
    let (mut var_y, mut var_x, mut cov) = (0.0, 0.0, 0.0);
    for unit in arm {
        let (y, x) = of(unit);
        var_y += (y - mean_y).powi(2) / (n - 1.0);
        var_x += (x - mean_x).powi(2) / (n - 1.0);
        cov += (y - mean_y) * (x - mean_x) / (n - 1.0);
    }
    RatioMoments { mean_y, var_y, mean_x, var_x, cov }
}

impl Comparison {
    /// The comparison in a sentence: what can be told, and what cannot.
    pub fn said(&self) -> Said {
        if !self.dealt_well {
            return Said::new(
                format!(
                    "The arms are not as large as they were meant to be ({} and {} shoppers): find out which shoppers are \
                     missing before any figure is believed",
                    self.n_control, self.n_treated
                ),
                format!(
                    "两组人数与设定不符（{} 与 {}），请先查明缺失的顾客，再使用任何数字",
                    self.n_control, self.n_treated
                ),
            );
        }
        let told = |wanted: Told| {
            let of = |f: &&Compared| f.found.as_ref().is_ok_and(|d| d.told == wanted);
            self.figures.iter().filter(of).map(|f| f.name.clone()).collect::<Vec<Said>>()
        };
        let list = |names: &[Said], zh: bool| -> String {
            let texts: Vec<&str> = names.iter().map(|s| if zh { s.zh.as_str() } else { s.en.as_str() }).collect();
            texts.join(if zh { "、" } else { ", " })
        };
        let (better, worse) = (told(Told::Better), told(Told::Worse));
        if better.is_empty() && worse.is_empty() {
            return Said::new(
                "Nothing can be told from chance yet: the new way may be better or worse",
                "目前与偶然波动无法区分：新方案可能更好，也可能更差",
            );
        }
        let part = |names: &[Said], en: &str, zh: &str| match names.is_empty() {
            true => (String::new(), String::new()),
            false => (format!("{en}: {}. ", list(names, false)), format!("{zh}：{}。", list(names, true))),
        };
        let (good, bad) = (part(&better, "Better than the old way", "优于原方案"), part(&worse, "Worse", "劣于原方案"));
        Said::new((good.0 + &bad.0).trim_end().to_owned(), good.1 + &bad.1)
    }

    /// A share or an amount as a reader sees it.
    pub fn shown(key: &str, value: f64) -> String {
        if key == "margin_per_shopper" { format!("{value:.2}") } else { percent(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Rng, Seed};

    const SMALL: ComparisonParams = ComparisonParams { level: 0.95, share: 0.5, least_units: 2, least_events: 1 };

    /// Old: two shoppers shown 10 each, 1 and 3 clicks: 4 / 20 = .2; y has mean 2, variance 2, x is constant 10, so the
    /// variance a unit is 2 / 100 and of the mean of two .01. New: 4 and 6 clicks of 10: .5, again .01. The difference
    /// .3 has the error √.02 = .1414, half an interval 1.96 · .1414 = .2772. Lift 1.5.
    #[test]
    fn click_rates_by_hand() {
        let unit = |clicks| Unit { shown: 10.0, clicks, ..Unit::default() };
        let done = SMALL.compare(&[unit(1.0), unit(3.0)], &[unit(4.0), unit(6.0)]).unwrap();
        let d = done.figures[0].found.clone().unwrap();
        let close = |a: f64, b: f64| (a - b).abs() < 1e-4;
        assert!(close(d.control, 0.2) && close(d.treated, 0.5) && close(d.difference, 0.3), "{d:?}");
        assert!(close(d.interval.low, 0.3 - 0.2772) && close(d.interval.high, 0.5772), "{d:?}");
        assert!(close(d.lift.unwrap().0, 1.5) && d.told == Told::Better);
        assert!(done.dealt_well && close(done.chance_of_the_deal, 1.0));
        assert!(done.figures[1].found.is_err(), "nobody ordered");
    }

    /// Shoppers differ in how often they are shown something and in how readily they click.
    fn arm(n: usize, lift: f64, rng: &mut Rng) -> Vec<Unit> {
        let one = |rng: &mut Rng| {
            let shown = 1 + rng.below(20);
            let readiness = 0.02 + 0.16 * rng.uniform();
            let clicks = (0..shown).filter(|_| rng.uniform() < readiness * lift).count();
            let orders = (0..clicks).filter(|_| rng.uniform() < 0.2).count();
            let margin = (0..orders).map(|_| 5.0 + 20.0 * rng.uniform()).sum();
            Unit {
                shown: shown as f64,
                clicks: clicks as f64,
                orders: orders as f64,
                margin,
                cost: 0.01 * shown as f64,
            }
        };
        (0..n).map(|_| one(rng)).collect()
    }

    /// A known lift of a fifth in clicks, 200 times: the interval of the lift covers it in 95 % (two standard errors of
    /// 200 are 3.1 points), and without a lift a difference is found in about 5 %.
    #[test]
    fn a_known_lift_is_covered_and_none_is_rarely_found() {
        let mut rng = Seed(8).stream(0);
        let (mut covered, mut alarms) = (0, 0);
        for _ in 0..200 {
            let old = arm(400, 1.0, &mut rng);
            let new = arm(400, 1.2, &mut rng);
            let same = arm(400, 1.0, &mut rng);
            let of = |new: &[Unit]| ComparisonParams::default().compare(&old, new).unwrap();
            let (_, interval) = of(&new).figures[0].found.clone().unwrap().lift.unwrap();
            covered += usize::from(interval.low <= 0.2 && 0.2 <= interval.high);
            alarms += usize::from(of(&same).figures[0].found.clone().unwrap().told != Told::Open);
        }
        assert!((183..=199).contains(&covered), "{covered} of 200 cover");
        assert!((2..=19).contains(&alarms), "{alarms} of 200 false alarms");
    }

    /// 1,000 and 850: (850 − 925) / √(1,850 / 4) = −3.49, chance 0.0005.
    #[test]
    fn arms_that_chance_would_not_deal_are_not_trusted() {
        let mut rng = Seed(9).stream(0);
        let done = ComparisonParams::default().compare(&arm(1_000, 1.0, &mut rng), &arm(850, 1.0, &mut rng)).unwrap();
        assert!(!done.dealt_well && (done.chance_of_the_deal - 0.0005).abs() < 1e-4, "{}", done.chance_of_the_deal);
        assert!(done.said().en.contains("not as large as they were meant to be"));
        let meant = ComparisonParams { share: 850.0 / 1_850.0, ..ComparisonParams::default() };
        assert!(meant.compare(&arm(1_000, 1.0, &mut rng), &arm(850, 1.0, &mut rng)).unwrap().dealt_well);
    }

    #[test]
    fn what_cannot_be_compared_is_named() {
        let unit = Unit { shown: 1.0, ..Unit::default() };
        let few = ComparisonParams::default().compare(&[unit; 99], &[unit; 200]).unwrap_err();
        assert!(matches!(few, SpendError::TooLittle { have: 99, need: 100, .. }));
        let bad = Unit { clicks: -1.0, ..unit };
        assert!(matches!(SMALL.compare(&[unit, bad], &[unit; 2]), Err(SpendError::Value { at: 1, .. })));
        assert!(ComparisonParams { share: 1.0, ..SMALL }.compare(&[unit; 2], &[unit; 2]).is_err());
        // Without costs there is no return on them.
        let done = SMALL.compare(&[unit; 3], &[unit; 3]).unwrap();
        assert!(done.figures[2].found.is_err() && done.said().en.contains("Nothing can be told"));
    }
}
