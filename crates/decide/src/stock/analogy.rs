//! Demand of a product where it has never been sold, from a market where it is: by how the products sold in both compare.
//!
//! For every product sold in both markets the ratio of units a week is taken, target over source. Their median is how much
//! smaller or larger the target is; how far the logarithms scatter is how little one product tells of another, and goes into the
//! demand as it is: log-normal with median `ratio · source` and the standard deviation of the logarithms. A ratio of few
//! products is none. What sells in the source and was never offered in the target is the case this is for; what was offered
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
    /// Standard deviation of the logarithms of the ratios.
    pub spread: f64,
    /// Products that it rests on.
    pub n: usize,
}

/// From pairs of units a week, target then source; pairs that are not both above 0 are left out. `None` below
/// [`MIN_SHARED`].
pub fn analogy(shared: &[(f64, f64)]) -> Option<Analogy> {
    let sold = |x: f64| x > 0.0 && x.is_finite();
    let logs: Vec<f64> = shared
        .iter()
        .filter(|(here, there)| sold(*here) && sold(*there))
        .map(|(here, there)| (here / there).ln())
        .collect();
    if logs.len() < MIN_SHARED {
        return None;
    }
    let (n, middle) = (logs.len(), learn::quantile::median(&logs)?);
    let mean = logs.iter().sum::<f64>() / n as f64;
    let spread = (logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / (n - 1) as f64).sqrt();
    Some(Analogy { ratio: middle.exp(), spread, n })
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
        Ok(Demand::LogNormal { mean, sd: mean * variance.exp_m1().sqrt() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    #[test] // Nine products: eight at a tenth, one at a fifth; median .1; mean log ln .1 + ln 2 / 9; spread √(Σ d² / 8) = ln 2 / 3 = .2310.
    fn a_ratio_by_hand() {
        let mut shared = vec![(1.0, 10.0); 8];
        shared.push((2.0, 10.0));
        let got = analogy(&shared).unwrap();
        assert!(
            (got.ratio - 0.1).abs() < 1e-12 && (got.spread - 2.0_f64.ln() / 3.0).abs() < 1e-12 && got.n == 9,
            "{got:?}"
        );
        // Half of the draws lie below the median of 40 · .1 = 4.
        let demand = got.demand(40.0).unwrap();
        assert!((demand.chance_of_at_most(4.0) - 0.5).abs() < 1e-9);
        assert!(got.demand(0.0).is_err());
        shared[0].0 = 0.0;
        assert!(analogy(&shared).is_some() && analogy(&shared[..8]).is_none());
    }

    #[test] // 60 products whose ratios scatter by .5: of 400 others nine in ten lie between the 5 % and the 95 % end.
    fn demand_by_analogy_covers_products_that_were_not_looked_at() {
        let mut rng = Seed(7).stream(0);
        let ratio = |rng: &mut domain::Rng| 0.2 * (0.5 * rng.normal()).exp();
        let shared: Vec<(f64, f64)> = (0..60).map(|_| (30.0 * ratio(&mut rng), 30.0)).collect();
        let demand = analogy(&shared).unwrap().demand(50.0).unwrap();
        let inside =
            (0..400).filter(|_| (0.05..=0.95).contains(&demand.chance_of_at_most(50.0 * ratio(&mut rng)))).count();
        assert!((335..=388).contains(&inside), "{inside} of 400");
    }
}
