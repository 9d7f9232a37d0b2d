//! Two yes-or-no questions about the same things: do they go together more than chance lets them.
//!
//! - [`TwoByTwo::fisher_greater`]: exact one-sided p-value, the hypergeometric probability of at least as many in both
//!   (Fisher, "Statistical methods for research workers", 5th edition, 1934). Summed from the seen count outwards, each
//!   term from the one before, until it no longer counts: a few to a few thousand steps.
//! - [`TwoByTwo::odds_ratio`] with its interval by Woolf ("On estimating the relation between blood group and disease",
//!   Annals of Human Genetics 19, 1955), one half added to every cell where one is 0 (Haldane, 1956).
//! - [`two_shares`]: two-sided p-value of two shares by the pooled normal score test, the square root of Pearson's
//!   chi-square; [`chi_square`]: the upper tail of that distribution.

use crate::interval::two_sided;
use crate::special::{gamma_p, ln_gamma, normal_cdf};
use domain::Interval;

/// Counts of a cross table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoByTwo {
    /// Yes to both.
    pub both: u64,
    /// Yes to the first alone.
    pub first: u64,
    /// Yes to the second alone.
    pub second: u64,
    /// No to both.
    pub neither: u64,
}

impl TwoByTwo {
    /// From the margins: `n` things, `n_first` and `n_second` of them with a yes, `both` with two. `None` where they
    /// contradict each other.
    pub fn from_margins(n: u64, n_first: u64, n_second: u64, both: u64) -> Option<Self> {
        let first = n_first.checked_sub(both)?;
        let second = n_second.checked_sub(both)?;
        let neither = n.checked_sub(n_first)?.checked_sub(second)?;
        Some(Self { both, first, second, neither })
    }

    /// Probability of at least `both` where the two are independent and the margins are as seen.
    pub fn fisher_greater(&self) -> f64 {
        let (n_first, n_second) = (self.both + self.first, self.both + self.second);
        let n = n_first + self.second + self.neither;
        let most = n_first.min(n_second);
        let ln_choose =
            |n: u64, k: u64| ln_gamma(n as f64 + 1.0) - ln_gamma(k as f64 + 1.0) - ln_gamma((n - k) as f64 + 1.0);
        let start =
            ln_choose(n_first, self.both) + ln_choose(n - n_first, n_second - self.both) - ln_choose(n, n_second);
        // P(k + 1) / P(k), from k = both upwards; relative to the first term, so that nothing underflows before the end.
        let (mut term, mut sum) = (1.0_f64, 1.0_f64);
        for k in self.both..most {
            let up = (n_first - k) as f64 * (n_second - k) as f64;
            let down = (k + 1) as f64 * (n + k + 1 - n_first - n_second) as f64;
            term *= up / down;
            sum += term;
            if up < down && term < sum * 1e-17 {
                break;
            }
        }
        (start + sum.ln()).exp().min(1.0)
    }

    /// Odds of the second among those with the first over the odds among the others, with its interval; `None` for a
    /// level outside (0, 1) or a table without a yes or a no to one of the questions.
    pub fn odds_ratio(&self, level: f64) -> Option<(f64, Interval)> {
        let z = two_sided(level)?;
        let cells = [self.both, self.first, self.second, self.neither];
        let empty = |a: u64, b: u64| a + b == 0;
        if empty(cells[0], cells[1])
            || empty(cells[2], cells[3])
            || empty(cells[0], cells[2])
            || empty(cells[1], cells[3])
        {
            return None;
        }
        let add = if cells.contains(&0) { 0.5 } else { 0.0 };
        let [a, b, c, d] = cells.map(|n| n as f64 + add);
        let (log, half) = ((a * d / (b * c)).ln(), z * (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt());
        Some((log.exp(), Interval { low: (log - half).exp(), high: (log + half).exp(), level }))
    }
}

/// Two-sided p-value of `hits_a / n_a` against `hits_b / n_b`; NaN without a trial on either side, 1 where nothing or
/// everything is a hit.
pub fn two_shares(hits_a: u64, n_a: u64, hits_b: u64, n_b: u64) -> f64 {
    if n_a == 0 || n_b == 0 {
        return f64::NAN;
    }
    let (a, b) = (n_a as f64, n_b as f64);
    let pooled = (hits_a + hits_b) as f64 / (a + b);
    if pooled <= 0.0 || pooled >= 1.0 {
        return 1.0;
    }
    let z = (hits_a as f64 / a - hits_b as f64 / b) / (pooled * (1.0 - pooled) * (1.0 / a + 1.0 / b)).sqrt();
    2.0 * normal_cdf(-z.abs())
}

/// Probability that chi-square with `df` degrees of freedom is at least `x`.
pub fn chi_square(x: f64, df: f64) -> f64 {
    if x.is_nan() || df <= 0.0 { f64::NAN } else { 1.0 - gamma_p(df / 2.0, x.max(0.0) / 2.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // Fisher's tea: four of four cups right out of eight: 1 / C(8, 4) = 1/70; three right: (16 + 1) / 70.
    #[test]
    fn the_lady_tasting_tea() {
        let p = |both| TwoByTwo::from_margins(8, 4, 4, both).unwrap().fisher_greater();
        assert!((p(4) - 1.0 / 70.0).abs() < 1e-12 && (p(3) - 17.0 / 70.0).abs() < 1e-12);
        assert!((p(0) - 1.0).abs() < 1e-12);
        assert_eq!(TwoByTwo::from_margins(8, 4, 4, 5), None);
    }

    // 10 5 / 4 20: odds ratio 10 · 20 / (5 · 4) = 10; ln 10 ± 1.96 · sqrt(.1 + .2 + .25 + .05) = 2.3026 ± 1.5182.
    #[test]
    fn an_odds_ratio_by_hand() {
        let table = TwoByTwo { both: 10, first: 5, second: 4, neither: 20 };
        let (ratio, i) = table.odds_ratio(0.95).unwrap();
        assert!((ratio - 10.0).abs() < 1e-12 && (i.low - 2.191).abs() < 2e-3 && (i.high - 45.64).abs() < 0.1, "{i:?}");
        assert_eq!(TwoByTwo { both: 0, first: 0, second: 1, neither: 1 }.odds_ratio(0.95), None);
    }

    // 30 of 100 against 15 of 100: pooled .225, z = .15 / sqrt(.225 · .775 · .02) = 2.540, p = .01108.
    #[test]
    fn two_shares_by_hand() {
        assert!((two_shares(30, 100, 15, 100) - 0.011_08).abs() < 1e-4);
        assert!(two_shares(1, 0, 1, 2).is_nan());
        assert_eq!(two_shares(0, 5, 0, 9), 1.0);
        assert!((chi_square(3.841_459, 1.0) - 0.05).abs() < 1e-7);
    }

    proptest! {
        #[test]
        fn fisher_equals_the_sum_of_all_tables(n_first in 0_u64..15, n_second in 0_u64..15, more in 0_u64..15, both in 0_u64..15) {
            let n = n_first.max(n_second) + more;
            let least = (n_first + n_second).saturating_sub(n);
            let both = both.clamp(least, n_first.min(n_second));
            let choose = |n: u64, k: u64| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
            let ways = |k: u64| choose(n_first, k) * choose(n - n_first, n_second - k);
            let all: f64 = (least..=n_first.min(n_second)).map(ways).sum();
            let tail: f64 = (both..=n_first.min(n_second)).map(ways).sum();
            let table = TwoByTwo::from_margins(n, n_first, n_second, both).unwrap();
            prop_assert!((table.fisher_greater() - tail / all).abs() < 1e-9);
        }
    }
}
