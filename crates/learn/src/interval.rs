//! Interval estimates: what a share, a mean, a rate or a median may be, given what was seen.
//!
//! - [`wilson`]: a share (Wilson, "Probable inference, the law of succession, and statistical
//!   inference", JASA 22, 1927). Stays inside [0, 1] and keeps its coverage at small counts, where
//!   the textbook `p ± z·sqrt(p(1-p)/n)` collapses.
//! - [`mean_t`]: a mean by Student's t ("The probable error of a mean", Biometrika 6, 1908).
//! - [`poisson`]: a count of events, exact (Garwood, "Fiducial limits for the Poisson
//!   distribution", Biometrika 28, 1936).
//! - [`median_order`]: a median between two order statistics, free of any assumption on the
//!   distribution (Thompson, Annals of Mathematical Statistics 7, 1936).
//!
//! Every function gives `None` where there is nothing to estimate from or the level is not in (0, 1).

use crate::special::{beta_i, gamma_quantile, normal_quantile, student_t_quantile};
use domain::Interval;

/// Share of `successes` in `n` trials; `None` for `n = 0` or more successes than trials.
pub fn wilson(successes: u64, n: u64, level: f64) -> Option<Interval> {
    let z = two_sided(level)?;
    if n == 0 || successes > n {
        return None;
    }
    let (none, all) = (successes == 0, successes == n);
    let (n, share) = (n as f64, successes as f64 / n as f64);
    let shrink = 1.0 + z * z / n;
    let middle = (share + z * z / (2.0 * n)) / shrink;
    let half = z / shrink * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    // At the ends middle and half are equal in exact arithmetic; floats leave a crumb.
    let low = if none { 0.0 } else { (middle - half).max(0.0) };
    let high = if all { 1.0 } else { (middle + half).min(1.0) };
    Some(Interval { low, high, level })
}

/// Mean of `n ≥ 2` values with sample standard deviation `sd` (divisor `n - 1`).
pub fn mean_t(mean: f64, sd: f64, n: u64, level: f64) -> Option<Interval> {
    two_sided(level)?;
    if n < 2 || !mean.is_finite() || !(sd >= 0.0 && sd.is_finite()) {
        return None;
    }
    let half = student_t_quantile(0.5 + level / 2.0, (n - 1) as f64) * sd / (n as f64).sqrt();
    Some(Interval { low: mean - half, high: mean + half, level })
}

/// Expected number of events where `count` were seen. Divide by the exposure for a rate.
pub fn poisson(count: u64, level: f64) -> Option<Interval> {
    two_sided(level)?;
    let tail = (1.0 - level) / 2.0;
    let low = if count == 0 { 0.0 } else { gamma_quantile(tail, count as f64) };
    Some(Interval { low, high: gamma_quantile(1.0 - tail, (count + 1) as f64), level })
}

/// Median of a continuous distribution from an ascending sample: the narrowest symmetric pair of
/// order statistics whose coverage is at least `level`. `None` when even the whole range covers
/// less (below 6 values at 95 %).
pub fn median_order(ascending: &[f64], level: f64) -> Option<Interval> {
    two_sided(level)?;
    let n = ascending.len();
    // P(fewer than r of n values lie below the median) = P(Bin(n, 1/2) < r) = I_{1/2}(n - r + 1, r).
    let tail = |r: usize| beta_i((n - r + 1) as f64, r as f64, 0.5);
    let allowed = (1.0 - level) / 2.0;
    // The tail rises with r: the last r that is still allowed.
    let r = (1..=n / 2).collect::<Vec<_>>().partition_point(|&r| tail(r) <= allowed);
    if r == 0 {
        return None;
    }
    Some(Interval { low: ascending[r - 1], high: ascending[n - r], level })
}

/// The normal quantile that leaves `(1 - level) / 2` on each side; `None` outside (0, 1).
pub fn two_sided(level: f64) -> Option<f64> {
    (level > 0.0 && level < 1.0).then(|| normal_quantile(0.5 + level / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;
    use proptest::prelude::*;

    // 8 of 10 at z = 1.959964: middle (0.8 + 0.192073) / 1.384146 = 0.716740,
    // half 1.416015 · sqrt(0.016 + 0.0096036) = 0.226578.
    #[test]
    fn wilson_by_hand() {
        let i = wilson(8, 10, 0.95).unwrap();
        assert!((i.low - 0.490_162).abs() < 1e-5 && (i.high - 0.943_318).abs() < 1e-5, "{i:?}");
        assert_eq!(wilson(0, 10, 0.95).unwrap().low, 0.0);
        assert_eq!(wilson(0, 0, 0.95), None);
        assert_eq!(wilson(3, 2, 0.95), None);
        assert_eq!(wilson(1, 2, 1.0), None);
    }

    #[test] // n = 11, sd 3.3166 = sqrt(11): half = t(0.975, 10) = 2.228139.
    fn mean_interval_by_hand() {
        let i = mean_t(100.0, 11.0_f64.sqrt(), 11, 0.95).unwrap();
        assert!((i.high - 102.228_139).abs() < 1e-5 && (i.low - 97.771_861).abs() < 1e-5);
        assert_eq!(mean_t(1.0, 1.0, 1, 0.95), None);
    }

    #[test] // Garwood's table: 0 counts 0 to 3.689, 10 counts 4.795 to 18.390.
    fn poisson_limits_of_the_table() {
        let (none, ten) = (poisson(0, 0.95).unwrap(), poisson(10, 0.95).unwrap());
        assert!(none.low == 0.0 && (none.high - 3.688_879).abs() < 1e-5);
        assert!((ten.low - 4.795_389).abs() < 1e-5 && (ten.high - 18.390_356).abs() < 1e-5);
    }

    // n = 10: P(Bin < 2) = 11/1024 = 0.0107 is allowed, P(Bin < 3) = 56/1024 is not: 2nd and 9th.
    // n = 6: P(Bin < 1) = 1/64 is allowed: the range. n = 5: 1/32 is not.
    #[test]
    fn median_limits_are_order_statistics() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        let i = median_order(&ten, 0.95).unwrap();
        assert_eq!((i.low, i.high), (2.0, 9.0));
        let six = median_order(&ten[..6], 0.95).unwrap();
        assert_eq!((six.low, six.high), (1.0, 6.0));
        assert_eq!(median_order(&ten[..5], 0.95), None);
        assert_eq!(median_order(&[], 0.95), None);
    }

    #[test] // 2,000 samples of 40: coverage 95 % has a standard error of 0.5 %, the floor is 4 of them away.
    fn intervals_cover_what_they_promise() {
        let (n_trials, mut share, mut mean, mut count, mut median) = (2_000, 0, 0, 0, 0);
        for trial in 0..n_trials {
            let mut rng = Seed(11).stream(trial);
            let hits = (0..40).filter(|_| rng.uniform() < 0.3).count() as u64;
            share += u32::from(inside(wilson(hits, 40, 0.95), 0.3));
            let values: Vec<f64> = (0..40).map(|_| 5.0 + rng.normal()).collect();
            let m = values.iter().sum::<f64>() / 40.0;
            let sd = (values.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / 39.0).sqrt();
            mean += u32::from(inside(mean_t(m, sd, 40, 0.95), 5.0));
            count += u32::from(inside(poisson(rng.poisson(6.0), 0.95), 6.0));
            let skewed = crate::quantile::sorted(&(0..40).map(|_| rng.exponential()).collect::<Vec<_>>());
            median += u32::from(inside(median_order(&skewed, 0.95), 2.0_f64.ln()));
        }
        for (what, covered) in [("share", share), ("mean", mean), ("count", count), ("median", median)] {
            assert!(f64::from(covered) >= 0.93 * n_trials as f64, "{what} {covered}");
        }
    }

    fn inside(i: Option<Interval>, truth: f64) -> bool {
        i.is_some_and(|i| i.low <= truth && truth <= i.high)
    }

    proptest! {
        #[test]
        fn wilson_holds_its_share_and_narrows_with_data(n in 1_u64..500, hits in 0_u64..500) {
            let hits = hits.min(n);
            let (few, many) = (wilson(hits, n, 0.9).unwrap(), wilson(hits * 10, n * 10, 0.9).unwrap());
            let share = hits as f64 / n as f64;
            prop_assert!(few.low <= share + 1e-12 && share <= few.high + 1e-12 && few.low >= 0.0 && few.high <= 1.0);
            prop_assert!(many.high - many.low <= few.high - few.low);
        }
    }
}
