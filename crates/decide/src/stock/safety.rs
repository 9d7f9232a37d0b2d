//! The stock kept against uncertainty, and when to order again.
//!
//! Over a lead time `L` with mean demand `d` and deviation `σ_d` a week, demand has mean `d L` and variance `L σ_d² + d² σ_L²`: weeks are
//! independent and the lead time is not known either (Silver, Pyke and Peterson, "Inventory Management and Production
//! Planning and Scheduling", 3rd edition, Wiley 1998, section 7.10). With a review every `R` weeks `L + R` takes the place of `L`. The
//! reorder point is the quantile of that demand at the service level, the chance that no order cycle runs short; safety
//! stock is what it holds above the mean. Normal, or gamma for slow sellers whose demand cannot be negative (Burgin,
//! Operational Research Quarterly 26(3), 1975). The share of demand served from stock is given beside it. Cost: constant.

use super::newsvendor::Demand;
use crate::price::PriceError;
use learn::special::{gamma_p, gamma_quantile, normal_quantile};

/// What the stock of a product answers to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Supply {
    /// Mean demand of a week, above 0.
    pub weekly_mean: f64,
    /// Its standard deviation.
    pub weekly_sd: f64,
    /// Mean lead time in weeks, at least 0.
    pub lead_mean: f64,
    /// Its standard deviation in weeks.
    pub lead_sd: f64,
    /// Weeks between reviews; 0 for looking always.
    pub review: f64,
}

/// The form of demand over the lead time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Symmetric.
    Normal,
    /// Skewed, never negative.
    Gamma,
}

/// The answer, in units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SafetyStock {
    /// Safety stock.
    pub safety: f64,
    /// Order when stock and what is on the way fall to this.
    pub reorder_at: f64,
    /// Mean demand until an order placed now is there.
    pub lead_demand: f64,
    /// Its standard deviation.
    pub lead_demand_sd: f64,
    /// Demand that is expected to go unserved in an order cycle.
    pub short_per_cycle: f64,
}

impl SafetyStock {
    /// Share of demand served from stock when `order` units are ordered at a time.
    pub fn served(&self, order: f64) -> Option<f64> {
        (order > 0.0).then(|| (1.0 - self.short_per_cycle / order).clamp(0.0, 1.0))
    }
}

/// Safety stock for the chance `service` that a cycle does not run short.
///
/// # Errors
/// [`PriceError::Param`] for a mean not above 0, a deviation or time below 0, or a service level outside 0 to 1.
pub fn safety_stock(supply: &Supply, service: f64, shape: Shape) -> Result<SafetyStock, PriceError> {
    if !(supply.weekly_mean > 0.0 && supply.weekly_mean.is_finite()) {
        return Err(PriceError::Param { name: "weekly demand", rule: "above 0", got: supply.weekly_mean });
    }
    for (name, got) in [
        ("deviation of weekly demand", supply.weekly_sd),
        ("lead time", supply.lead_mean),
        ("deviation of the lead time", supply.lead_sd),
        ("weeks between reviews", supply.review),
    ] {
        if !(got >= 0.0 && got.is_finite()) {
            return Err(PriceError::Param { name, rule: "at least 0", got });
        }
    }
    if !(service > 0.0 && service < 1.0) {
        return Err(PriceError::Param { name: "service level", rule: "in (0, 1)", got: service });
    }
    let time = supply.lead_mean + supply.review;
    let mean = supply.weekly_mean * time;
    let sd = (time * supply.weekly_sd.powi(2) + (supply.weekly_mean * supply.lead_sd).powi(2)).sqrt();
    let (reorder_at, short) = match shape {
        _ if sd <= 0.0 || mean <= 0.0 => (mean, 0.0),
        Shape::Normal => {
            let point = mean + normal_quantile(service) * sd;
            (point, Demand::Normal { mean, sd }.lost_beyond(point))
        }
        Shape::Gamma => {
            // Shape k = m² / s², scale s² / m; E (D − r)⁺ = m (1 − F_{k+1}(r)) − r (1 − F_k(r)).
            let (k, scale) = ((mean / sd).powi(2), sd * sd / mean);
            let point = gamma_quantile(service, k) * scale;
            let x = point / scale;
            (point, mean * (1.0 - gamma_p(k + 1.0, x)) - point * (1.0 - gamma_p(k, x)))
        }
    };
    Ok(SafetyStock {
        safety: reorder_at - mean,
        reorder_at,
        lead_demand: mean,
        lead_demand_sd: sd,
        short_per_cycle: short.max(0.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    fn supply() -> Supply {
        Supply { weekly_mean: 40.0, weekly_sd: 10.0, lead_mean: 4.0, lead_sd: 0.5, review: 0.0 }
    }

    // Mean 160, variance 4 · 100 + 40² · .25 = 800, sd 28.2843; at 95 % z = 1.644854: safety 46.524, reorder at 206.524.
    // Short: sd (φ(z) − z (1 − .95)) = 28.2843 (.103136 − .082243) = .59095; ordering 80 at a time serves 99.26 %.
    #[test]
    fn a_service_level_by_hand() {
        let got = safety_stock(&supply(), 0.95, Shape::Normal).unwrap();
        assert!((got.safety - 46.524).abs() < 1e-3 && (got.reorder_at - 206.524).abs() < 1e-3, "{got:?}");
        assert!((got.short_per_cycle - 0.590_95).abs() < 1e-3);
        assert!((got.served(80.0).unwrap() - 0.992_61).abs() < 1e-4 && got.served(0.0).is_none());
        // A review every 5 weeks makes it 9 weeks: variance 900 + 400.
        let reviewed = safety_stock(&Supply { review: 5.0, ..supply() }, 0.95, Shape::Normal).unwrap();
        assert!((reviewed.lead_demand_sd - 1_300.0_f64.sqrt()).abs() < 1e-9);
        let sure = Supply { weekly_sd: 0.0, lead_sd: 0.0, ..supply() };
        assert_eq!(safety_stock(&sure, 0.95, Shape::Gamma).unwrap().safety, 0.0);
    }

    #[test] // Slow seller: 1 a week ± 1 (Poisson-like), 4 weeks: the gamma's promise holds against draws, and so does its shortage.
    fn the_gamma_keeps_the_service_level() {
        let slow = Supply { weekly_mean: 1.0, weekly_sd: 1.0, lead_mean: 4.0, lead_sd: 0.0, review: 0.0 };
        let got = safety_stock(&slow, 0.9, Shape::Gamma).unwrap();
        let (mut within, mut short, n) = (0, 0.0, 40_000);
        let mut rng = Seed(2).stream(0);
        for _ in 0..n {
            let d: f64 = (0..4).map(|_| rng.exponential()).sum(); // mean 1, deviation 1 a week
            within += u32::from(d <= got.reorder_at);
            short += (d - got.reorder_at).max(0.0);
        }
        assert!((f64::from(within) / f64::from(n) - 0.9).abs() < 0.006);
        assert!((short / f64::from(n) - got.short_per_cycle).abs() < 0.01, "{short} {got:?}");
    }

    #[test]
    fn impossible_supplies_are_refused() {
        assert!(safety_stock(&Supply { weekly_mean: 0.0, ..supply() }, 0.9, Shape::Normal).is_err());
        assert!(safety_stock(&Supply { lead_sd: -1.0, ..supply() }, 0.9, Shape::Normal).is_err());
        assert!(safety_stock(&supply(), 1.0, Shape::Normal).is_err());
    }
}
