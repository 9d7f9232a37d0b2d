//! How much to send once when demand is not known: the newsvendor, for the first allocation of a new market.
//!
//! A unit too few loses `under` (the margin it would have earned), a unit too many `over` (what it cost less what it still brings,
//! with storage and the way back). Expected cost is least at the smallest `q` with `F(q) ≥ under / (under + over)`, the critical ratio
//! (Arrow, Harris and Marschak, Econometrica 19(3), 1951). With `L(q) = E (D − q)⁺` the lost demand, `q − E D + L(q)` is left over.
//! Demand is a list of outcomes, a normal, or a log-normal distribution; the last for a market known only by analogy,
//! where twice as much is as likely as half. Whole units: of the two around the exact quantile the cheaper. Cost: constant.

use crate::price::PriceError;
use domain::Money;
use learn::special::{normal_cdf, normal_quantile};

/// What is known of demand over the time until the next shipment.
#[derive(Clone, Debug, PartialEq)]
pub enum Demand {
    /// Outcomes in units with their chances, which sum to 1.
    Outcomes(Vec<(u32, f64)>),
    /// Normal: for demand that is well known; below a mean of some three deviations it says "negative" too often.
    Normal {
        /// Mean, above 0.
        mean: f64,
        /// Standard deviation, at least 0.
        sd: f64,
    },
    /// Log-normal with this mean and standard deviation.
    LogNormal {
        /// Mean, above 0.
        mean: f64,
        /// Standard deviation, at least 0.
        sd: f64,
    },
}

/// An order with what is expected of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    /// Units to send.
    pub units: u64,
    /// The critical ratio, which is the chance that they are enough.
    pub critical_ratio: f64,
    /// Expected units sold.
    pub sold: f64,
    /// Expected units left over.
    pub left: f64,
    /// Expected demand not served.
    pub lost: f64,
    /// Expected margin of units sold less the loss on those left, minor units.
    pub profit: f64,
}

impl Demand {
    /// Log-normal with a median and the factor that the upper end of a central interval at `level` is above it: "about 400,
    /// within a factor of 2 at 80 %".
    ///
    /// # Errors
    /// [`PriceError::Param`] for a median not above 0, a factor below 1 or a level outside 0 to 1.
    pub fn within_factor(median: f64, factor: f64, level: f64) -> Result<Self, PriceError> {
        for (name, got, fine) in [
            ("median", median, median > 0.0 && median.is_finite()),
            ("factor", factor, factor >= 1.0 && factor.is_finite()),
            ("level", level, level > 0.0 && level < 1.0),
        ] {
            if !fine {
                return Err(PriceError::Param {
                    name,
                    rule: "median above 0, factor at least 1, level in (0, 1)",
                    got,
                });
            }
        }
        let sigma = factor.ln() / normal_quantile(0.5 + level / 2.0);
        let mean = median * (sigma * sigma / 2.0).exp();
        Ok(Self::LogNormal { mean, sd: mean * (sigma * sigma).exp_m1().sqrt() })
    }

    /// Log-normal with this central interval at `level`, such as that of a forecast's sum. A lower end of 0 has no logarithm: a
    /// hundredth of the upper end is taken for it.
    ///
    /// # Errors
    /// [`PriceError::Param`] for ends that are not 0 ≤ low < high or a level outside 0 to 1.
    pub fn of_interval(low: f64, high: f64, level: f64) -> Result<Self, PriceError> {
        if !(low >= 0.0 && high > low && high.is_finite()) {
            return Err(PriceError::Param { name: "interval of demand", rule: "0 ≤ low < high", got: low });
        }
        if !(level > 0.0 && level < 1.0) {
            return Err(PriceError::Param { name: "level", rule: "in (0, 1)", got: level });
        }
        let (low, high) = (low.max(high / 100.0).ln(), high.ln());
        let sigma = (high - low) / (2.0 * normal_quantile(0.5 + level / 2.0));
        let mean = (f64::midpoint(low, high) + sigma * sigma / 2.0).exp();
        Ok(Self::LogNormal { mean, sd: mean * (sigma * sigma).exp_m1().sqrt() })
    }

    /// Mean.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Outcomes(list) => list.iter().map(|(units, p)| f64::from(*units) * p).sum(),
            Self::Normal { mean, .. } | Self::LogNormal { mean, .. } => *mean,
        }
    }

    /// `P(D ≤ q)`.
    pub fn chance_of_at_most(&self, q: f64) -> f64 {
        match self {
            Self::Outcomes(list) => list.iter().filter(|(units, _)| f64::from(*units) <= q).map(|(_, p)| p).sum(),
            Self::Normal { mean, sd } | Self::LogNormal { mean, sd } if *sd <= 0.0 => f64::from(u8::from(q >= *mean)),
            Self::Normal { mean, sd } => normal_cdf((q - mean) / sd),
            Self::LogNormal { mean, sd } => {
                let (mu, sigma) = logs(*mean, *sd);
                if q <= 0.0 { 0.0 } else { normal_cdf((q.ln() - mu) / sigma) }
            }
        }
    }

    /// `E (D − q)⁺`.
    pub fn lost_beyond(&self, q: f64) -> f64 {
        match self {
            Self::Outcomes(list) => list.iter().map(|(units, p)| (f64::from(*units) - q).max(0.0) * p).sum(),
            Self::Normal { mean, sd } | Self::LogNormal { mean, sd } if *sd <= 0.0 => (mean - q).max(0.0),
            Self::Normal { mean, sd } => {
                let z = (q - mean) / sd;
                let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
                sd * (density - z * (1.0 - normal_cdf(z)))
            }
            Self::LogNormal { mean, sd } => {
                let (mu, sigma) = logs(*mean, *sd);
                if q <= 0.0 {
                    return mean - q;
                }
                let z = (q.ln() - mu) / sigma;
                mean * normal_cdf(sigma - z) - q * (1.0 - normal_cdf(z))
            }
        }
    }

    fn quantile(&self, p: f64) -> f64 {
        match self {
            Self::Outcomes(list) => {
                let mut sorted = list.clone();
                sorted.sort_by_key(|o| o.0);
                let mut sum = 0.0;
                let enough = |(_, chance): &&(u32, f64)| {
                    sum += chance;
                    // Chances such as .1 + .2 are not exact; the ratio must not be missed by a rounding.
                    sum >= p - 1e-12
                };
                sorted.iter().find(enough).or(sorted.last()).map_or(0.0, |o| f64::from(o.0))
            }
            Self::Normal { mean, sd } => mean + sd * normal_quantile(p),
            Self::LogNormal { mean, sd } if *sd <= 0.0 => *mean,
            Self::LogNormal { mean, sd } => {
                let (mu, sigma) = logs(*mean, *sd);
                (mu + sigma * normal_quantile(p)).exp()
            }
        }
    }

    fn check(&self) -> Result<(), PriceError> {
        match self {
            Self::Outcomes(list) => {
                let sum: f64 = list.iter().map(|o| o.1).sum();
                let fine = list.iter().all(|o| (0.0..=1.0).contains(&o.1)) && (sum - 1.0).abs() < 1e-6;
                if fine {
                    Ok(())
                } else {
                    Err(PriceError::Param { name: "chances of demand", rule: "of sum 1", got: sum })
                }
            }
            Self::Normal { mean, sd } | Self::LogNormal { mean, sd } => {
                if !(*mean > 0.0 && mean.is_finite()) {
                    return Err(PriceError::Param { name: "mean demand", rule: "above 0", got: *mean });
                }
                if !(*sd >= 0.0 && sd.is_finite()) {
                    return Err(PriceError::Param { name: "deviation of demand", rule: "at least 0", got: *sd });
                }
                Ok(())
            }
        }
    }
}

/// Mean and deviation of the logarithm.
fn logs(mean: f64, sd: f64) -> (f64, f64) {
    let variance = (sd / mean).powi(2).ln_1p();
    (mean.ln() - variance / 2.0, variance.sqrt())
}

/// The order of least expected cost.
///
/// # Errors
/// [`PriceError`] for costs in two currencies, a cost not above 0, or demand that is none.
pub fn allocate_first(demand: &Demand, under: Money, over: Money) -> Result<Allocation, PriceError> {
    demand.check()?;
    if under.currency != over.currency {
        return Err(PriceError::Currency {
            what: "the cost of a unit too many",
            got: over.currency,
            need: under.currency,
        });
    }
    for (name, money) in [("margin of a unit", under), ("loss on a unit left over", over)] {
        if money.minor <= 0 {
            return Err(PriceError::Param { name, rule: "above 0", got: money.minor as f64 });
        }
    }
    let (cu, co) = (under.minor as f64, over.minor as f64);
    let critical_ratio = cu / (cu + co);
    let exact = demand.quantile(critical_ratio).max(0.0);
    let at = |units: f64| {
        let lost = demand.lost_beyond(units);
        let (sold, left) = (demand.mean() - lost, units - demand.mean() + lost);
        Allocation { units: units as u64, critical_ratio, sold, left, lost, profit: cu * sold - co * left }
    };
    let (low, high) = (at(exact.floor()), at(exact.ceil()));
    Ok(if high.profit > low.profit { high } else { low })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Currency, Seed};
    use proptest::prelude::*;

    fn eur(minor: i64) -> Money {
        Money { minor, currency: Currency::new(*b"EUR") }
    }

    // Ratio 6 / (6 + 4) = .6; chances .2, .3, .3, .2 for 10, 20, 30, 40 sum to .5 at 20 and .8 at 30: 30 units. Lost: .2 · 10 = 2;
    // mean 25; sold 23, left 7; profit 6 · 23 − 4 · 7 = 110.
    #[test]
    fn outcomes_by_hand() {
        let demand = Demand::Outcomes(vec![(40, 0.2), (10, 0.2), (30, 0.3), (20, 0.3)]);
        let got = allocate_first(&demand, eur(600), eur(400)).unwrap();
        assert_eq!(got.units, 30);
        assert!(
            (got.lost - 2.0).abs() < 1e-12 && (got.left - 7.0).abs() < 1e-12 && (got.profit - 11_000.0).abs() < 1e-9
        );
        // Where a sum of chances meets the ratio, the smaller order is as good.
        assert_eq!(allocate_first(&demand, eur(500), eur(500)).unwrap().units, 20);
    }

    // Normal 100, 20 with ratio .8: z = .841621, q = 116.83; L = 20 (φ(.8416) − .8416 · .2) = 20 (.279962 − .168324) = 2.2328 at the
    // exact quantile; 117 units are cheaper than 116.
    #[test]
    fn a_normal_by_hand() {
        let demand = Demand::Normal { mean: 100.0, sd: 20.0 };
        let got = allocate_first(&demand, eur(800), eur(200)).unwrap();
        assert_eq!(got.units, 117);
        assert!((demand.lost_beyond(116.832_42) - 2.232_75).abs() < 1e-3, "{}", demand.lost_beyond(116.832_42));
        assert!((got.sold + got.lost - 100.0).abs() < 1e-9 && (got.sold + got.left - 117.0).abs() < 1e-9);
    }

    // Median 400, factor 2 at 80 %: σ = ln 2 / 1.281552 = .540866; at a ratio of .9 the quantile is 400 · 2 = 800 exactly.
    // Mean 400 · exp(.146268) = 463.0.
    #[test]
    fn a_log_normal_by_hand() {
        let demand = Demand::within_factor(400.0, 2.0, 0.8).unwrap();
        assert!((demand.mean() - 463.0).abs() < 0.05, "{}", demand.mean());
        let got = allocate_first(&demand, eur(900), eur(100)).unwrap();
        assert!((799..=801).contains(&got.units), "{got:?}");
        assert!((demand.chance_of_at_most(400.0) - 0.5).abs() < 1e-9);
        // The same from its ends: 10 % lie below 200 and 10 % above 800.
        let same = Demand::of_interval(200.0, 800.0, 0.8).unwrap();
        assert!((same.mean() - demand.mean()).abs() < 1e-6 && (same.chance_of_at_most(200.0) - 0.1).abs() < 1e-9);
        assert!(Demand::of_interval(0.0, 8.0, 0.8).is_ok() && Demand::of_interval(8.0, 8.0, 0.8).is_err());
    }

    #[test]
    fn what_is_no_demand_is_refused() {
        let refused = |d: Demand| allocate_first(&d, eur(1), eur(1)).is_err();
        assert!(refused(Demand::Outcomes(vec![(1, 0.5)])) && refused(Demand::Outcomes(vec![])));
        assert!(
            refused(Demand::Normal { mean: 0.0, sd: 1.0 }) && refused(Demand::LogNormal { mean: 1.0, sd: f64::NAN })
        );
        assert!(allocate_first(&Demand::Normal { mean: 5.0, sd: 1.0 }, eur(0), eur(1)).is_err());
        assert!(Demand::within_factor(1.0, 0.5, 0.8).is_err());
    }

    #[test] // The formulas of expected loss against 200,000 draws.
    fn expected_loss_is_the_mean_of_draws() {
        for (demand, q) in
            [(Demand::Normal { mean: 50.0, sd: 12.0 }, 55.0), (Demand::LogNormal { mean: 50.0, sd: 40.0 }, 55.0)]
        {
            let mut rng = Seed(3).stream(0);
            let mut sum = 0.0;
            for _ in 0..200_000 {
                let z = rng.normal();
                let d = match &demand {
                    Demand::Normal { mean, sd } => mean + sd * z,
                    Demand::LogNormal { mean, sd } => {
                        let (mu, sigma) = logs(*mean, *sd);
                        (mu + sigma * z).exp()
                    }
                    Demand::Outcomes(_) => 0.0,
                };
                sum += (d - q).max(0.0);
            }
            let mean = sum / 200_000.0;
            assert!((mean - demand.lost_beyond(q)).abs() < 0.02 * mean, "{mean} {}", demand.lost_beyond(q));
        }
    }

    proptest! {
        #[test] // No other order earns more.
        fn the_order_is_the_best(
            chances in prop::collection::vec((0_u32..60, 0.01_f64..1.0), 1..8), cu in 1_i64..500, co in 1_i64..500,
        ) {
            let sum: f64 = chances.iter().map(|c| c.1).sum();
            let demand = Demand::Outcomes(chances.into_iter().map(|(u, p)| (u, p / sum)).collect());
            let got = allocate_first(&demand, eur(cu), eur(co)).unwrap();
            for q in 0..=60 {
                let lost = demand.lost_beyond(f64::from(q));
                let profit = cu as f64 * (demand.mean() - lost) - co as f64 * (f64::from(q) - demand.mean() + lost);
                prop_assert!(profit <= got.profit + 1e-6, "{} earns {} > {}", q, profit, got.profit);
            }
        }
    }
}
