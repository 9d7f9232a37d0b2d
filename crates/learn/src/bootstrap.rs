//! The bootstrap: how a statistic moves when the data are drawn again from themselves.
//!
//! Percentile intervals from resamples with replacement (Efron, "Bootstrap methods: another look
//! at the jackknife", Annals of Statistics 7(1), 1979). The paired form resamples differences, so
//! that what two methods share (an easy shopper, a large basket) cancels.
//!
//! Resample `r` draws from its own stream of the seed: the same figures at any thread count.
//! Cost: `O(n_resamples · n)` plus the statistic.

use crate::quantile::{quantile_sorted, sorted};
use crate::{LearnError, interval};
use domain::{Interval, Seed};
use rayon::prelude::*;

/// How many resamples and which level.
#[derive(Clone, Debug, PartialEq)]
pub struct BootstrapParams {
    /// Resamples, at least 1; 1,000 or more for tails at 95 %.
    pub n_resamples: usize,
    /// Coverage of the interval, in (0, 1).
    pub level: f64,
}

impl Default for BootstrapParams {
    fn default() -> Self {
        Self { n_resamples: 2_000, level: 0.95 }
    }
}

/// Percentile interval of `statistic`.
///
/// # Errors
/// [`LearnError::Param`] for a parameter outside its range, [`LearnError::TooLittleData`] without
/// a value.
pub fn bootstrap(
    values: &[f64],
    statistic: impl Fn(&[f64]) -> f64 + Sync,
    params: &BootstrapParams,
    seed: Seed,
) -> Result<Interval, LearnError> {
    let replicates = resampled(values, &statistic, params, seed)?;
    Ok(percentile(&sorted(&replicates), params.level))
}

/// Percentile interval of the mean.
///
/// # Errors
/// As [`bootstrap`].
pub fn bootstrap_mean(values: &[f64], params: &BootstrapParams, seed: Seed) -> Result<Interval, LearnError> {
    bootstrap(values, mean, params, seed)
}

/// How much larger one measurement is than another on the same units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedDifference {
    /// Mean of `left - right`.
    pub mean: f64,
    /// Its interval.
    pub interval: Interval,
    /// Share of resamples whose mean difference is zero or below: a one-sided p-value for "left is
    /// larger".
    pub share_not_larger: f64,
}

/// Compares two measurements taken on the same units, in the same order.
///
/// # Errors
/// As [`bootstrap`]; [`LearnError::Shape`] for two lengths.
pub fn paired_bootstrap(
    left: &[f64],
    right: &[f64],
    params: &BootstrapParams,
    seed: Seed,
) -> Result<PairedDifference, LearnError> {
    if left.len() != right.len() {
        return Err(LearnError::Shape { what: "the second measurement", got: right.len(), need: left.len() });
    }
    let differences: Vec<f64> = left.iter().zip(right).map(|(l, r)| l - r).collect();
    let replicates = resampled(&differences, &mean, params, seed)?;
    let not_larger = replicates.iter().filter(|&&d| d <= 0.0).count();
    Ok(PairedDifference {
        mean: mean(&differences),
        interval: percentile(&sorted(&replicates), params.level),
        share_not_larger: not_larger as f64 / replicates.len() as f64,
    })
}

fn resampled(
    values: &[f64],
    statistic: &(impl Fn(&[f64]) -> f64 + Sync),
    params: &BootstrapParams,
    seed: Seed,
) -> Result<Vec<f64>, LearnError> {
    if params.n_resamples == 0 {
        return Err(LearnError::Param { name: "n_resamples", rule: "at least 1", got: 0.0 });
    }
    if interval::two_sided(params.level).is_none() {
        return Err(LearnError::Param { name: "level", rule: "between 0 and 1", got: params.level });
    }
    if values.is_empty() {
        return Err(LearnError::TooLittleData { what: "values", have: 0, need: 1 });
    }
    let replicate = |r: usize| {
        let mut rng = seed.stream(r as u64);
        let sample: Vec<f64> = (0..values.len()).map(|_| values[rng.below(values.len())]).collect();
        statistic(&sample)
    };
    Ok((0..params.n_resamples).into_par_iter().map(replicate).collect())
}

fn percentile(ascending: &[f64], level: f64) -> Interval {
    let tail = (1.0 - level) / 2.0;
    let at = |p| quantile_sorted(ascending, p).expect("at least one resample");
    Interval { low: at(tail), high: at(1.0 - tail), level }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // The bootstrap standard error of a mean is sd / sqrt(n) = 2 / sqrt(100): ± 1.96 · 0.2.
    fn the_interval_of_a_mean_is_about_two_standard_errors_wide() {
        let values: Vec<f64> = (0..100).map(|i| if i % 2 == 0 { 3.0 } else { 7.0 }).collect();
        let i = bootstrap_mean(&values, &BootstrapParams::default(), Seed(3)).unwrap();
        assert!((i.low - 4.608).abs() < 0.06 && (i.high - 5.392).abs() < 0.06, "{i:?}");
    }

    #[test]
    fn a_constant_gain_beside_large_common_swings_is_certain() {
        let right: Vec<f64> = (0..50).map(|i| f64::from(i * i)).collect();
        let left: Vec<f64> = right.iter().map(|r| r + 1.0).collect();
        let paired = paired_bootstrap(&left, &right, &BootstrapParams::default(), Seed(3)).unwrap();
        assert_eq!((paired.mean, paired.interval.low, paired.share_not_larger), (1.0, 1.0, 0.0));
        let reverse = paired_bootstrap(&right, &left, &BootstrapParams::default(), Seed(3)).unwrap();
        assert_eq!(reverse.share_not_larger, 1.0);
    }

    #[test]
    fn resamples_do_not_depend_on_the_number_of_threads() {
        let values: Vec<f64> = (0..30).map(f64::from).collect();
        let at = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| bootstrap_mean(&values, &BootstrapParams::default(), Seed(8)).unwrap())
        };
        assert_eq!(at(1), at(4));
        assert!(bootstrap_mean(&[], &BootstrapParams::default(), Seed(8)).is_err());
        assert!(paired_bootstrap(&[1.0], &[], &BootstrapParams::default(), Seed(8)).is_err());
    }
}
