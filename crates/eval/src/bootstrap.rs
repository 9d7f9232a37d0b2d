//! How sure is a mean over shoppers, and is one model better than another?
//!
//! Percentile bootstrap: draw as many shoppers as there are, with replacement, `n_resamples`
//! times; the interval runs between the `(1 ± level) / 2` quantiles of the resampled means. For two
//! models the shopper's *difference* is resampled, which removes what makes shoppers easy or hard
//! for both (Sakai, "Evaluating evaluation metrics based on the bootstrap", SIGIR 2006).
//! Source: Efron and Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall 1993, chapter 13.
//! Below about 20 shoppers the interval is too narrow; callers state their minimum.
//! Cost: `n · n_resamples` draws. Resample `b` has its own stream of the seed, so the result does
//! not depend on the number of threads.

use crate::EvalError;
use domain::{Interval, Seed};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How intervals are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Resamples, at least 1.
    pub n_resamples: usize,
    /// Coverage of the interval, inside (0, 1).
    pub level: f64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { n_resamples: 1000, level: 0.95 }
    }
}

/// A mean with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean over the shoppers.
    pub mean: f64,
    /// Its interval.
    pub interval: Interval,
    /// Shoppers.
    pub n: usize,
}

/// How much better the first of two models is on the same shoppers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedDifference {
    /// Mean of first minus second, with its interval.
    pub difference: Estimate,
    /// Share of resamples in which the first is not better (`≤ 0`): a one-sided bootstrap p-value.
    pub share_not_better: f64,
}

impl Bootstrap {
    fn check(&self, n: usize) -> Result<(), EvalError> {
        if self.n_resamples == 0 {
            return Err(EvalError::Param { name: "n_resamples", rule: "at least 1", got: 0.0 });
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(EvalError::Param { name: "level", rule: "between 0 and 1", got: self.level });
        }
        if n == 0 { Err(EvalError::NoCases { what: "bootstrap" }) } else { Ok(()) }
    }

    /// A figure of `n` cases that is no mean of them, such as the share of the catalogue that their
    /// lists cover. `statistic` gets the numbers of the drawn cases, with repeats.
    ///
    /// Repeats alone move such a figure (fewer distinct lists cover less), so the resampled values
    /// are shifted to have `observed` as their mean: their spread counts, not their place.
    pub(crate) fn shifted(
        &self,
        observed: f64,
        n: usize,
        statistic: impl Fn(&[usize]) -> f64 + Sync,
        seed: Seed,
    ) -> Result<Estimate, EvalError> {
        self.check(n)?;
        let resampled = |b: usize| {
            let mut rng = seed.stream(b as u64);
            statistic(&(0..n).map(|_| rng.below(n)).collect::<Vec<_>>())
        };
        let mut found: Vec<f64> = (0..self.n_resamples).into_par_iter().with_min_len(64).map(resampled).collect();
        let shift = observed - found.iter().sum::<f64>() / found.len() as f64;
        found.iter_mut().for_each(|value| *value += shift);
        found.sort_by(f64::total_cmp);
        let tail = (1.0 - self.level) / 2.0;
        let interval = Interval { low: quantile(&found, tail), high: quantile(&found, 1.0 - tail), level: self.level };
        Ok(Estimate { mean: observed, interval, n })
    }

    fn means(&self, values: &[f64], seed: Seed) -> Result<Vec<f64>, EvalError> {
        self.check(values.len())?;
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(EvalError::NotFinite { index, value: values[index] });
        }
        let resampled = |b: usize| {
            let mut rng = seed.stream(b as u64);
            (0..values.len()).map(|_| values[rng.below(values.len())]).sum::<f64>() / values.len() as f64
        };
        let mut means: Vec<f64> = (0..self.n_resamples).into_par_iter().with_min_len(64).map(resampled).collect();
        means.sort_by(f64::total_cmp);
        Ok(means)
    }

    fn estimate(&self, values: &[f64], means: &[f64]) -> Estimate {
        let tail = (1.0 - self.level) / 2.0;
        Estimate {
            mean: values.iter().sum::<f64>() / values.len() as f64,
            interval: Interval { low: quantile(means, tail), high: quantile(means, 1.0 - tail), level: self.level },
            n: values.len(),
        }
    }
}

/// Linear interpolation between the order statistics of a sorted, non-empty list.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

/// The mean of one value a shopper, with a percentile interval.
///
/// # Errors
/// [`EvalError`] for no values, a value that is not finite, or parameters out of range.
pub fn mean_interval(values: &[f64], how: &Bootstrap, seed: Seed) -> Result<Estimate, EvalError> {
    Ok(how.estimate(values, &how.means(values, seed)?))
}

/// First minus second on the same shoppers in the same order.
///
/// # Errors
/// [`EvalError::Unpaired`] for lists of different length, and as [`mean_interval`].
pub fn paired_difference(
    first: &[f64],
    second: &[f64],
    how: &Bootstrap,
    seed: Seed,
) -> Result<PairedDifference, EvalError> {
    if first.len() != second.len() {
        return Err(EvalError::Unpaired { left: first.len(), right: second.len() });
    }
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    let means = how.means(&differences, seed)?;
    let n_not_better = means.partition_point(|mean| *mean <= 0.0);
    Ok(PairedDifference {
        difference: how.estimate(&differences, &means),
        share_not_better: n_not_better as f64 / means.len() as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_constant_has_an_interval_of_no_width() {
        let got = mean_interval(&[0.25; 8], &Bootstrap::default(), Seed(1)).unwrap();
        assert_eq!((got.mean, got.interval.low, got.interval.high, got.n), (0.25, 0.25, 0.25, 8));
    }

    #[test] // With two values 0 and 1 a resample's mean is 0, 1/2 or 1 with probability 1/4, 1/2, 1/4.
    fn two_values_resample_as_two_coins() {
        let how = Bootstrap { n_resamples: 20_000, level: 0.95 };
        let means = how.means(&[0.0, 1.0], Seed(3)).unwrap();
        let share = |m: f64| means.iter().filter(|x| **x == m).count() as f64 / 20_000.0;
        for (mean, want) in [(0.0, 0.25), (0.5, 0.5), (1.0, 0.25)] {
            assert!((share(mean) - want).abs() < 0.015, "{mean}: {}", share(mean));
        }
    }

    #[test] // Differences +1, +1, +1, −1: not better when at least half of four draws are −1:
    // P(Bin(4, 1/4) ≥ 2) = 1 − (0.75⁴ + 4 · 0.25 · 0.75³) = 0.2617.
    fn the_share_of_resamples_without_a_gain_by_hand() {
        let how = Bootstrap { n_resamples: 20_000, level: 0.9 };
        let got = paired_difference(&[2.0, 2.0, 2.0, 0.0], &[1.0; 4], &how, Seed(5)).unwrap();
        assert_eq!(got.difference.mean, 0.5);
        assert!((got.share_not_better - 0.2617).abs() < 0.012, "{}", got.share_not_better);
    }

    #[test]
    fn the_quantile_interpolates() {
        assert_eq!(quantile(&[0.0, 1.0, 2.0, 3.0, 4.0], 0.625), 2.5);
        assert_eq!(quantile(&[7.0], 0.975), 7.0);
    }

    /// Simulation: 400 samples of 60 exponential values with mean 1; a 95 % interval should cover
    /// the mean in about 93 % (percentile intervals of skewed data are a little narrow). Observed
    /// 0.925, standard error 0.013.
    #[test]
    fn an_interval_of_95_percent_covers_about_that_often() {
        let covered = (0..400_u64).filter(|run| {
            let mut rng = Seed(11).stream(*run);
            let sample: Vec<f64> = (0..60).map(|_| rng.exponential()).collect();
            let how = Bootstrap { n_resamples: 400, level: 0.95 };
            let got = mean_interval(&sample, &how, Seed(*run)).unwrap().interval;
            got.low <= 1.0 && 1.0 <= got.high
        });
        let share = covered.count() as f64 / 400.0;
        assert!((0.885..=0.975).contains(&share), "{share}");
    }

    #[test]
    fn what_cannot_be_resampled_is_refused() {
        let how = Bootstrap::default();
        assert!(matches!(mean_interval(&[], &how, Seed(0)), Err(EvalError::NoCases { .. })));
        assert!(matches!(mean_interval(&[1.0, f64::NAN], &how, Seed(0)), Err(EvalError::NotFinite { index: 1, .. })));
        assert!(matches!(paired_difference(&[1.0], &[], &how, Seed(0)), Err(EvalError::Unpaired { .. })));
        let level = Bootstrap { level: 1.0, ..how };
        assert!(matches!(mean_interval(&[1.0], &level, Seed(0)), Err(EvalError::Param { name: "level", .. })));
    }

    #[test]
    fn the_number_of_threads_does_not_move_the_interval() {
        let values: Vec<f64> = (0..50).map(|i| f64::from(i % 7)).collect();
        let run = |n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| mean_interval(&values, &Bootstrap::default(), Seed(9)).unwrap())
        };
        assert_eq!(run(1), run(3));
    }

    proptest! {
        #[test]
        fn the_interval_lies_within_the_values(values in prop::collection::vec(-5.0_f64..5.0, 1..30)) {
            let got = mean_interval(&values, &Bootstrap { n_resamples: 50, level: 0.9 }, Seed(2)).unwrap();
            let (min, max) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
            prop_assert!(min - 1e-9 <= got.interval.low && got.interval.low <= got.interval.high && got.interval.high <= max + 1e-9);
        }
    }
}
