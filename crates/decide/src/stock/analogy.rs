//! Demand of a product where it has never been sold, from a market where it is: by how the products sold in both compare.
//!
//! For every product sold in both markets the ratio of units is taken, target over source. Their median is how much smaller or larger
//! the target is; how far the logarithms scatter is how little one product tells of another. Part of that scatter is only that units
//! are counted: the logarithm of a count of `n` has a variance of about `1 / n`, which is taken off (and, of the units to come, put on
//! again), else products that sell by the handful make every market look unlike every other. The demand is log-normal with median
//! `ratio · source`. A ratio of few products is none. What sells in the source and was never offered in the target is the case this is for; what was offered
//! there and did not sell has a demand of its own, near 0. Cost: one sort.

use super::newsvendor::Demand;
use crate::price::PriceError;

/// Fewest products sold in both markets.
pub const MIN_SHARED: usize = 8;

/// How a target compares with a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Analogy {
    /// Median of units a week in the target over those in the source.
    pub ratio: f64,
    /// Standard deviation of the logarithms of the ratios, without what counting adds.
    pub spread: f64,
    /// Products that it rests on.
    pub n: usize,
}

/// From pairs of units counted over the same time, target then source; pairs that are not both above 0 are left out. `None` below
/// [`MIN_SHARED`].
pub fn analogy(shared: &[(f64, f64)]) -> Option<Analogy> {
    let sold = |x: f64| x > 0.0 && x.is_finite();
    let sold: Vec<(f64, f64)> = shared.iter().copied().filter(|(here, there)| sold(*here) && sold(*there)).collect();
    let logs: Vec<f64> = sold.iter().map(|(here, there)| (here / there).ln()).collect();
    if logs.len() < MIN_SHARED {
        return None;
    }
    let (n, middle) = (logs.len(), learn::quantile::median(&logs)?);
    let mean = logs.iter().sum::<f64>() / n as f64;
    let seen = logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    let counted = sold.iter().map(|(here, there)| 1.0 / here + 1.0 / there).sum::<f64>() / n as f64;
    Some(Analogy { ratio: middle.exp(), spread: (seen - counted).max(0.0).sqrt(), n })
}

impl Analogy {
    /// Demand of a product of which the source sells `there` units in the same time.
    ///
    /// # Errors
    /// [`PriceError::Param`] for units that are not above 0.
    pub fn demand(&self, there: f64) -> Result<Demand, PriceError> {
        if !(there > 0.0 && there.is_finite()) {
            return Err(PriceError::Param { name: "units of the source", rule: "above 0", got: there });
        }
        let variance = self.spread * self.spread;
        let mean = there * self.ratio * (variance / 2.0).exp();
        // What is asked for is counted, too: that much more than the log-normal's variance.
        Ok(Demand::LogNormal { mean, sd: (mean * mean * variance.exp_m1() + mean).sqrt() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    // Nine products: eight at a tenth, one at a fifth; median .1; mean log ln .1 + ln 2 / 9; Σ d² / 8 = (ln 2 / 3)² = .053384; counting
    // adds (8 (1/100 + 1/1000) + 1/200 + 1/1000) / 9 = .010444; spread √.042940 = .207219.
    #[test]
    fn a_ratio_by_hand() {
        let mut shared = vec![(100.0, 1000.0); 8];
        shared.push((200.0, 1000.0));
        let got = analogy(&shared).unwrap();
        assert!((got.ratio - 0.1).abs() < 1e-12 && (got.spread - 0.207_219).abs() < 1e-6 && got.n == 9, "{got:?}");
        // Of 40,000 units counting says next to nothing more: half of the draws lie below 40,000 · .1.
        let demand = got.demand(40_000.0).unwrap();
        assert!((demand.chance_of_at_most(4000.0) - 0.5).abs() < 1e-3);
        assert!(got.demand(0.0).is_err());
        shared[0].0 = 0.0;
        assert!(analogy(&shared).is_some() && analogy(&shared[..8]).is_none());
    }

    /// A count of so many in the mean.
    fn counted(mean: f64, rng: &mut domain::Rng) -> f64 {
        let (mut n, mut left) = (-1.0, mean);
        while left >= 0.0 {
            left -= -(1.0 - rng.uniform()).ln();
            n += 1.0;
        }
        n
    }

    // 200 products whose ratios scatter by .5 around .2, all of it seen in counts of 5 to 40 units: the scatter is found again, and of
    // 1,000 others nine in ten lie between the 5 % and the 95 % end.
    #[test]
    fn demand_by_analogy_covers_products_that_were_not_looked_at() {
        let mut rng = Seed(7).stream(0);
        let ratio = |rng: &mut domain::Rng| 0.2 * (0.5 * rng.normal()).exp();
        let mut pair = || {
            let there = 25.0 + 175.0 * rng.uniform();
            (counted(there * ratio(&mut rng), &mut rng), there)
        };
        let shared: Vec<(f64, f64)> = (0..200).map(|_| pair()).collect();
        let known = analogy(&shared).unwrap();
        assert!((0.4..0.6).contains(&known.spread), "{known:?}");
        let (raw, n) = (shared.iter().filter(|p| p.0 > 0.0), shared.iter().filter(|p| p.0 > 0.0).count() as f64);
        let logs: Vec<f64> = raw.map(|(here, there)| (here / there).ln()).collect();
        let mean = logs.iter().sum::<f64>() / n;
        let seen = (logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / n).sqrt();
        assert!(seen > known.spread + 0.02, "what is seen is wider: {seen} beside {}", known.spread);
        let inside =
            |sold: &f64, there: f64| (0.05..=0.95).contains(&known.demand(there).unwrap().chance_of_at_most(*sold));
        let hits = (0..1000).map(|_| pair()).filter(|(sold, there)| inside(sold, *there)).count();
        assert!((860..=950).contains(&hits), "{hits} of 1000");
    }
}
