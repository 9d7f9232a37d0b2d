//! Intervals of a figure that is a mean of several markets' means.
//!
//! Shoppers are drawn with replacement *within* each market, and a resample's figure is the plain
//! mean of the markets' means, as the figure itself is: a stratified percentile bootstrap (Efron and
//! Tibshirani, "An introduction to the bootstrap", Chapman & Hall 1993). With one market it is the
//! interval of [`eval::mean_interval`], draw by draw. Cost: as there.

use domain::{Interval, Seed};
use eval::{Bootstrap, Estimate, EvalError, PairedDifference};
use rayon::prelude::*;

/// Mean of the markets' means with its interval; `n` is all shoppers.
///
/// # Errors
/// [`EvalError::NoCases`] when there is no market or one without a shopper.
pub fn stratified(markets: &[Vec<f64>], how: &Bootstrap, seed: Seed) -> Result<Estimate, EvalError> {
    Ok(resampled(markets, how, seed)?.0)
}

/// First minus second, shopper by shopper.
///
/// # Errors
/// [`EvalError::Unpaired`] for markets of different size, and as [`stratified`].
pub fn stratified_difference(
    first: &[Vec<f64>],
    second: &[Vec<f64>],
    how: &Bootstrap,
    seed: Seed,
) -> Result<PairedDifference, EvalError> {
    let sizes = |markets: &[Vec<f64>]| markets.iter().map(Vec::len).collect::<Vec<_>>();
    if sizes(first) != sizes(second) {
        return Err(EvalError::Unpaired { left: sizes(first).iter().sum(), right: sizes(second).iter().sum() });
    }
    let minus = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
    let differences: Vec<Vec<f64>> = first.iter().zip(second).map(minus).collect();
    let (difference, means) = resampled(&differences, how, seed)?;
    let share_not_better = means.partition_point(|mean| *mean <= 0.0) as f64 / means.len() as f64;
    Ok(PairedDifference { difference, share_not_better })
}

fn resampled(markets: &[Vec<f64>], how: &Bootstrap, seed: Seed) -> Result<(Estimate, Vec<f64>), EvalError> {
    if markets.is_empty() || markets.iter().any(Vec::is_empty) {
        return Err(EvalError::NoCases { what: "interval over markets" });
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let n_markets = markets.len() as f64;
    let resample = |b: usize| {
        let mut rng = seed.stream(b as u64);
        let mut draw = |m: &Vec<f64>| (0..m.len()).map(|_| m[rng.below(m.len())]).sum::<f64>() / m.len() as f64;
        markets.iter().map(&mut draw).sum::<f64>() / n_markets
    };
    let mut means: Vec<f64> = (0..how.n_resamples.max(1)).into_par_iter().with_min_len(16).map(resample).collect();
    means.sort_by(f64::total_cmp);
    let quantile = |q: f64| {
        let at = q * (means.len() - 1) as f64;
        let (low, high) = (means[at.floor() as usize], means[at.ceil() as usize]);
        low + (high - low) * at.fract()
    };
    let tail = (1.0 - how.level) / 2.0;
    let interval = Interval { low: quantile(tail), high: quantile(1.0 - tail), level: how.level };
    let estimate = Estimate {
        mean: markets.iter().map(|m| mean(m)).sum::<f64>() / n_markets,
        interval,
        n: markets.iter().map(Vec::len).sum(),
    };
    Ok((estimate, means))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice::from_ref;

    #[test]
    fn one_market_is_the_plain_bootstrap() {
        let marks: Vec<f64> = (0..50).map(|i| f64::from(i * i % 11)).collect();
        let how = Bootstrap { n_resamples: 200, level: 0.9 };
        let plain = eval::mean_interval(&marks, &how, Seed(3)).unwrap();
        assert_eq!(stratified(from_ref(&marks), &how, Seed(3)).unwrap(), plain);
        let other: Vec<f64> = marks.iter().map(|m| 5.0 - m / 2.0).collect();
        assert_eq!(
            stratified_difference(from_ref(&marks), from_ref(&other), &how, Seed(3)).unwrap(),
            eval::paired_difference(&marks, &other, &how, Seed(3)).unwrap()
        );
    }

    #[test] // Market means 1 and 3 whatever their sizes: 2. Constants do not vary within a market.
    fn markets_count_alike_and_what_lies_between_them_is_no_noise() {
        let got = stratified(&[vec![1.0; 40], vec![3.0; 5]], &Bootstrap::default(), Seed(1)).unwrap();
        assert_eq!((got.mean, got.interval.low, got.interval.high, got.n), (2.0, 2.0, 2.0, 45));
        assert!(stratified(&[vec![1.0], vec![]], &Bootstrap::default(), Seed(1)).is_err());
        assert!(stratified_difference(&[vec![1.0]], &[vec![1.0, 2.0]], &Bootstrap::default(), Seed(1)).is_err());
    }
}
