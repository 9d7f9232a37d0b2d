//! Satisfaction and loyalty as one index from 0 to 100 whose parts are shown, and whether it foretells who comes back.
//!
//! | part | value in [0, 1] | weight |
//! |---|---|---|
//! | rating | mean stars, (stars − 1) / 4 | .25 |
//! | sentiment | mean mood of texts, (mood + 1) / 2 | .15 |
//! | kept | share of order lines that were not sent back | .20 |
//! | repeat | share of orders followed by another within the horizon | .25 |
//! | recommend | share of those asked, or of texts with words of recommending or warning, that recommend | .15 |
//!
//! The index is the weighted mean of the parts that have enough observations; weights of missing parts are shared out in
//! proportion, and [`LoyaltyIndex::weights`] says which stood. The weights are a convention, not an estimate. The interval is a
//! percentile bootstrap over shoppers: what one shopper rated and returned is drawn together.
//!
//! Backtest: each shopper's experiences before a cutoff make a score (each part drawn towards the mean of all by
//! [`LoyaltyParams::prior`] observations), the outcome is an order within the horizon after it; the area under the ROC curve with
//! DeLong's interval says whether the score tells them apart. It is given for the whole index, for each part, and for the index
//! without `repeat`, because past orders foretell orders wherever satisfaction matters or not.
//! Cost: resamples × experiences.

use crate::AudienceError;
use crate::figures::{LEVEL, MIN_OBSERVATIONS};
use domain::{Day, Figure, Seed, Unit};
use learn::bootstrap::{BootstrapParams, bootstrap};
use learn::rank_area::roc_area;
use std::collections::BTreeMap;

/// A part of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Stars.
    Rating,
    /// Mood of texts.
    Sentiment,
    /// Not sent back.
    Kept,
    /// Came again.
    Repeat,
    /// Recommends.
    Recommend,
}

impl Part {
    /// All of them, in the order of the weights.
    pub const ALL: [Self; 5] = [Self::Rating, Self::Sentiment, Self::Kept, Self::Repeat, Self::Recommend];

    /// English and Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Rating => ("rating", "评分"),
            Self::Sentiment => ("sentiment", "情感"),
            Self::Kept => ("kept", "未退货"),
            Self::Repeat => ("repeat", "复购"),
            Self::Recommend => ("recommend", "推荐"),
        }
    }
}

/// How the index is made.
#[derive(Clone, Debug, PartialEq)]
pub struct LoyaltyParams {
    /// Weights of [`Part::ALL`], at least 0, not all 0.
    pub weights: [f64; 5],
    /// Observations below which a part does not count.
    pub min_observations: u64,
    /// Observations of the common mean that a shopper's own are joined with, above 0.
    pub prior: f64,
    /// Resamples of the interval.
    pub bootstrap: BootstrapParams,
}

impl Default for LoyaltyParams {
    fn default() -> Self {
        Self {
            weights: [0.25, 0.15, 0.20, 0.25, 0.15],
            min_observations: MIN_OBSERVATIONS,
            prior: 2.0,
            bootstrap: BootstrapParams { n_resamples: 500, level: LEVEL },
        }
    }
}

/// One thing that was felt or done by a shopper; all values in [0, 1], `None` where it says nothing about a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Experience {
    /// Who, by any number.
    pub shopper: u32,
    /// When it is known.
    pub day: Day,
    /// Values of [`Part::ALL`]; see [`stars`] and [`mood`].
    pub parts: [Option<f64>; 5],
}

/// Stars 1 to 5 as a part's value.
pub fn stars(rating: f64) -> Option<f64> {
    (1.0..=5.0).contains(&rating).then_some((rating - 1.0) / 4.0)
}

/// Mood −1 to 1 as a part's value.
pub fn mood(sentiment: f64) -> Option<f64> {
    (-1.0..=1.0).contains(&sentiment).then_some(f64::midpoint(sentiment, 1.0))
}

/// The index of one market and period.
#[derive(Clone, Debug, PartialEq)]
pub struct LoyaltyIndex {
    /// 0 to 100. Key `loyalty.index`.
    pub index: Figure,
    /// Each part, in [0, 1]. Keys `loyalty.rating` and so on.
    pub parts: Vec<(Part, Figure)>,
    /// Weights that stood, of the parts that had enough; they add up to 1.
    pub weights: Vec<(Part, f64)>,
}

/// Whether the score foretold who came back.
#[derive(Clone, Debug, PartialEq)]
pub struct LoyaltyBacktest {
    /// Area of the whole score. Key `loyalty.auc`.
    pub index: Figure,
    /// Area of the score without past orders. Key `loyalty.auc_without_repeat`.
    pub without_repeat: Figure,
    /// Area of each part that some shopper has.
    pub parts: Vec<(Part, Figure)>,
    /// Shoppers, and those who came back.
    pub n: (u64, u64),
}

/// Sums of each part: value and observations.
type Sums = [(f64, f64); 5];

fn add(sums: &mut Sums, experience: &Experience) {
    for (sum, value) in sums.iter_mut().zip(experience.parts) {
        if let Some(value) = value {
            *sum = (sum.0 + value, sum.1 + 1.0);
        }
    }
}

impl LoyaltyParams {
    /// The index over some experiences, such as those of a market in a quarter.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for weights that are negative or all 0, a prior not above 0, a value outside [0, 1];
    /// [`AudienceError::Learn`] for wrong parameters of the bootstrap.
    pub fn index(&self, experiences: &[Experience], seed: Seed) -> Result<LoyaltyIndex, AudienceError> {
        self.check(experiences)?;
        let of_shopper = by_shopper(experiences);
        let mut total: Sums = [(0.0, 0.0); 5];
        experiences.iter().for_each(|e| add(&mut total, e));
        let counts: Vec<u64> = total.iter().map(|s| s.1 as u64).collect();
        let weights = self.standing(&counts);
        let value = |sums: &Sums| {
            let mean = |part: usize| sums[part].0 / sums[part].1;
            100.0 * (0..5).filter(|&p| weights[p] > 0.0).map(|p| weights[p] * mean(p)).sum::<f64>()
        };
        let n = counts.iter().zip(&weights).filter(|(_, w)| **w > 0.0).map(|(n, _)| *n).min().unwrap_or(0);
        let what = Part::ALL.iter().zip(&weights).filter(|(_, w)| **w > 0.0);
        let what = what.map(|(p, w)| format!("{w:.2} {}", p.words().0)).collect::<Vec<_>>().join(" + ");
        let formula = format!("100 × ({what}); weights are a convention; 95 % bootstrap interval over shoppers");
        let shown = if weights.iter().any(|w| *w > 0.0) { value(&total) } else { f64::NAN };
        let mut index = Figure::number("loyalty.index", Unit::Score, shown, n, self.min_observations).formula(formula);
        if index.as_f64().is_some() {
            // The resampled rows are positions of shoppers.
            let rows: Vec<f64> = (0..of_shopper.len()).map(|i| i as f64).collect();
            let resampled = |drawn: &[f64]| {
                let mut sums: Sums = [(0.0, 0.0); 5];
                for &at in drawn {
                    let own = &of_shopper[at as usize].1;
                    sums.iter_mut().zip(own).for_each(|(sum, o)| *sum = (sum.0 + o.0, sum.1 + o.1));
                }
                value(&sums)
            };
            let around = bootstrap(&rows, resampled, &self.bootstrap, seed)?;
            index = index.interval(around.low, around.high, around.level);
        }
        let parts = Part::ALL.iter().enumerate().map(|(p, part)| {
            let key = format!("loyalty.{}", part.words().0);
            let mean = total[p].0 / total[p].1;
            (
                *part,
                Figure::number(&key, Unit::Share, mean, counts[p], self.min_observations)
                    .formula("mean of the part's values"),
            )
        });
        let stood = Part::ALL.iter().zip(&weights).filter(|(_, w)| **w > 0.0).map(|(p, w)| (*p, *w)).collect();
        Ok(LoyaltyIndex { index, parts: parts.collect(), weights: stood })
    }

    /// Experiences before `cutoff` against `came_back`, one entry a shopper who had ordered before it: whether an order
    /// followed within the horizon. Shoppers without an experience are scored by the mean of all.
    ///
    /// # Errors
    /// As [`Self::index`]; [`AudienceError::AfterEnd`] for an experience on or after the cutoff.
    pub fn backtest(
        &self,
        experiences: &[Experience],
        came_back: &BTreeMap<u32, bool>,
        cutoff: Day,
    ) -> Result<LoyaltyBacktest, AudienceError> {
        self.check(experiences)?;
        if let Some(late) = experiences.iter().find(|e| e.day >= cutoff) {
            return Err(AudienceError::AfterEnd { day: late.day, end: cutoff });
        }
        let mut total: Sums = [(0.0, 0.0); 5];
        experiences.iter().for_each(|e| add(&mut total, e));
        let weights = self.standing(&total.map(|s| s.1 as u64));
        let own: BTreeMap<u32, Sums> = by_shopper(experiences).into_iter().collect();
        let outcomes: Vec<bool> = came_back.values().copied().collect();
        let value = |shopper: &u32, part: usize| {
            let mean = total[part].0 / total[part].1;
            let (sum, n) = own.get(shopper).map_or((0.0, 0.0), |s| s[part]);
            (sum + self.prior * mean) / (n + self.prior)
        };
        let n_back = outcomes.iter().filter(|b| **b).count() as u64;
        let n = outcomes.len() as u64;
        let rarer = n_back.min(n - n_back);
        let area = |key: &str, parts: &[usize]| {
            let score =
                |s: &u32| parts.iter().filter(|p| weights[**p] > 0.0).map(|&p| weights[p] * value(s, p)).sum::<f64>();
            let scores: Vec<f64> = came_back.keys().map(score).collect();
            let found = roc_area(&scores, &outcomes, LEVEL);
            let figure = Figure::number(key, Unit::Score, found.map_or(f64::NAN, |f| f.0), rarer, MIN_OBSERVATIONS).formula(
                "probability that a shopper who came back scored above one who did not, .5 is chance; 95 % interval by DeLong",
            );
            match found {
                Some((_, i)) => figure.interval(i.low, i.high, i.level),
                None => figure,
            }
        };
        let parts = (0..5).filter(|&p| weights[p] > 0.0);
        let parts =
            parts.map(|p| (Part::ALL[p], area(&format!("loyalty.auc_{}", Part::ALL[p].words().0), &[p]))).collect();
        Ok(LoyaltyBacktest {
            index: area("loyalty.auc", &[0, 1, 2, 3, 4]),
            without_repeat: area("loyalty.auc_without_repeat", &[0, 1, 2, 4]),
            parts,
            n: (n, n_back),
        })
    }

    /// Weights of the parts with enough observations, adding up to 1.
    fn standing(&self, counts: &[u64]) -> [f64; 5] {
        let own = |p: usize| if counts[p] >= self.min_observations.max(1) { self.weights[p] } else { 0.0 };
        let total: f64 = (0..5).map(own).sum();
        std::array::from_fn(|p| if total > 0.0 { own(p) / total } else { 0.0 })
    }

    fn check(&self, experiences: &[Experience]) -> Result<(), AudienceError> {
        let param = |name, rule, got| Err(AudienceError::Param { name, rule, got });
        if let Some(&got) = self.weights.iter().find(|w| !(**w >= 0.0 && w.is_finite())) {
            return param("weights", "at least 0", got);
        }
        if self.weights.iter().sum::<f64>() <= 0.0 {
            return param("weights", "not all 0", 0.0);
        }
        if !(self.prior > 0.0 && self.prior.is_finite()) {
            return param("prior", "above 0", self.prior);
        }
        match experiences.iter().flat_map(|e| e.parts).flatten().find(|v| !(0.0..=1.0).contains(v)) {
            Some(got) => param("parts", "between 0 and 1", got),
            None => Ok(()),
        }
    }
}

fn by_shopper(experiences: &[Experience]) -> Vec<(u32, Sums)> {
    let mut of: BTreeMap<u32, Sums> = BTreeMap::new();
    experiences.iter().for_each(|e| add(of.entry(e.shopper).or_insert([(0.0, 0.0); 5]), e));
    of.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn felt(shopper: u32, parts: [Option<f64>; 5]) -> Experience {
        Experience { shopper, day: Day(1), parts }
    }

    // 40 ratings of mean .75, 40 kept lines of which .9 stay; nothing else: weights .25 and .2 become 5/9 and 4/9:
    // 100 · (5/9 · .75 + 4/9 · .9) = 81.667.
    #[test]
    fn the_index_of_two_parts_by_hand() {
        let all: Vec<Experience> = (0..40)
            .map(|i| {
                felt(i, [Some(if i % 2 == 0 { 1.0 } else { 0.5 }), None, Some(f64::from(u8::from(i >= 4))), None, None])
            })
            .collect();
        let made = LoyaltyParams::default().index(&all, Seed(1)).unwrap();
        assert!((made.index.as_f64().unwrap() - 81.666_667).abs() < 1e-5, "{:?}", made.index);
        let i = made.index.interval.unwrap();
        assert!(i.low > 74.0 && i.high < 89.0 && i.low < 79.0 && i.high > 84.0, "{i:?}");
        assert_eq!(made.weights.iter().map(|w| w.0).collect::<Vec<_>>(), [Part::Rating, Part::Kept]);
        assert!(made.parts[1].1.as_f64().is_none());
        let none = LoyaltyParams::default().index(&all[..5], Seed(1)).unwrap();
        assert_eq!((none.index.as_f64(), none.weights.len()), (None, 0));
        assert_eq!((stars(3.0), stars(9.0), mood(-1.0), mood(0.5)), (Some(0.5), None, Some(0.0), Some(0.75)));
    }

    #[test]
    fn values_and_weights_outside_their_range_are_refused() {
        let wrong = [felt(1, [Some(4.0), None, None, None, None])];
        assert!(LoyaltyParams::default().index(&wrong, Seed(1)).is_err());
        assert!(LoyaltyParams { weights: [0.0; 5], ..LoyaltyParams::default() }.index(&[], Seed(1)).is_err());
        assert!(LoyaltyParams { prior: 0.0, ..LoyaltyParams::default() }.index(&[], Seed(1)).is_err());
        assert!(LoyaltyParams::default().backtest(&[felt(1, [None; 5])], &BTreeMap::new(), Day(1)).is_err());
    }

    #[test] // Happy shoppers come back twice as often: the score sees it; where they do not, it says one half.
    fn the_backtest_sees_what_is_there_and_nothing_else() {
        let build = |effect: f64| {
            let (mut all, mut back) = (Vec::new(), BTreeMap::new());
            for shopper in 0..1_500 {
                let mut rng = Seed(7).stream(u64::from(shopper));
                let happy = rng.uniform() < 0.5;
                let rating = (if happy { 0.85 } else { 0.5 } + 0.15 * rng.normal()).clamp(0.0, 1.0);
                all.push(felt(
                    shopper,
                    [Some(rating), None, Some(f64::from(u8::from(rng.uniform() < 0.95))), None, None],
                ));
                back.insert(shopper, rng.uniform() < 0.3 + if happy { effect } else { 0.0 });
            }
            LoyaltyParams::default().backtest(&all, &back, Day(2)).unwrap()
        };
        let (seen, nothing) = (build(0.3), build(0.0));
        assert!(seen.index.interval.unwrap().low > 0.55, "{seen:?}");
        let i = nothing.index.interval.unwrap();
        assert!(i.low < 0.5 && i.high > 0.5, "{i:?}");
        assert!(seen.parts[0].1.as_f64().unwrap() > seen.parts[1].1.as_f64().unwrap());
    }
}
