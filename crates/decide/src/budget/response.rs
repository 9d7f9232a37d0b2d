//! What comes back for what is spent: the curves that an allocation climbs.
//!
//! A response is what a constant spend a period brings in the end, in money or in whatever the caller counts. Every form
//! rises from 0 and never falls:
//!
//! - *Hill*: `b · z^α / (z^α + γ^α)` with `z = spend / scale`; S-shaped for `α > 1`.
//! - *power*: `a · spend^β`, `0 < β ≤ 1`: what one known point and an elasticity give.
//! - *points*: straight lines between measured points from (0, 0) on, flat after the last.

use crate::spend_error::SpendError;
use serde::{Deserialize, Serialize};

/// A curve from spend to return, both per period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// `coefficient · z^alpha / (z^alpha + gamma^alpha)`, `z = spend / scale`.
    Hill {
        /// Most that can come back, 0 or more.
        coefficient: f64,
        /// Steepness, above 0.
        alpha: f64,
        /// Half of the most comes back at `scale · gamma`; above 0.
        gamma: f64,
        /// Spend at which `z` is 1, above 0.
        scale: f64,
    },
    /// `factor · spend^exponent`.
    Power {
        /// 0 or more.
        factor: f64,
        /// In (0, 1].
        exponent: f64,
    },
    /// Lines between (spend, return).
    Points(Vec<(f64, f64)>),
}

impl Response {
    /// A power curve through one known point: `back` for `spend`, with the elasticity `exponent` there.
    ///
    /// # Errors
    /// [`SpendError::Param`] for a spend of 0, a negative return or an exponent outside (0, 1].
    pub fn through(spend: f64, back: f64, exponent: f64) -> Result<Self, SpendError> {
        if !(spend > 0.0 && spend.is_finite()) {
            return Err(SpendError::param("spend", "above 0", spend));
        }
        let curve = Self::Power { factor: back / spend.powf(exponent), exponent };
        curve.check()?;
        Ok(curve)
    }

    /// # Errors
    /// [`SpendError::Param`] naming what is out of range.
    pub fn check(&self) -> Result<(), SpendError> {
        let positive = |name: &str, x: f64| {
            if x > 0.0 && x.is_finite() { Ok(()) } else { Err(SpendError::param(name, "above 0", x)) }
        };
        let amount = |name: &str, x: f64| {
            if x >= 0.0 && x.is_finite() { Ok(()) } else { Err(SpendError::param(name, "0 or more", x)) }
        };
        match self {
            Self::Hill { coefficient, alpha, gamma, scale } => {
                amount("coefficient", *coefficient)?;
                positive("alpha", *alpha)?;
                positive("gamma", *gamma)?;
                positive("scale", *scale)
            }
            Self::Power { factor, exponent } => {
                amount("factor", *factor)?;
                positive("exponent", *exponent)?;
                if *exponent > 1.0 { Err(SpendError::param("exponent", "at most 1", *exponent)) } else { Ok(()) }
            }
            Self::Points(points) => {
                let mut last = (0.0, 0.0);
                for &(x, y) in points {
                    if !(x > last.0 && x.is_finite()) {
                        return Err(SpendError::param("points: spend", "above 0 and rising", x));
                    }
                    if !(y >= last.1 && y.is_finite()) {
                        return Err(SpendError::param("points: return", "0 or more and never falling", y));
                    }
                    last = (x, y);
                }
                Ok(())
            }
        }
    }

    /// What a spend of `x ≥ 0` brings.
    pub fn at(&self, x: f64) -> f64 {
        match self {
            Self::Hill { coefficient, alpha, gamma, scale } => coefficient * hill(x / scale, *alpha, *gamma),
            Self::Power { factor, exponent } => factor * x.max(0.0).powf(*exponent),
            Self::Points(points) => {
                let mut last = (0.0, 0.0);
                for &(px, py) in points {
                    if x <= px {
                        return last.1 + (py - last.1) * (x.max(0.0) - last.0) / (px - last.0);
                    }
                    last = (px, py);
                }
                last.1
            }
        }
    }

    /// What the next unit brings: the derivative, from the right where there are two; infinite for a power below 1 and
    /// for a Hill curve with `alpha < 1` at 0.
    pub fn marginal(&self, x: f64) -> f64 {
        match self {
            Self::Hill { coefficient, alpha, gamma, scale } => {
                let z = x.max(0.0) / scale;
                if z == 0.0 {
                    return if *coefficient == 0.0 || *alpha > 1.0 {
                        0.0
                    } else if *alpha == 1.0 {
                        coefficient / (gamma * scale)
                    } else {
                        f64::INFINITY
                    };
                }
                // d/dz of 1 / (1 + (γ/z)^α).
                let ratio = (gamma / z).powf(*alpha);
                let part = if ratio.is_finite() { ratio / ((1.0 + ratio) * (1.0 + ratio)) } else { 0.0 };
                coefficient * alpha * part / (z * scale)
            }
            Self::Power { factor, exponent } => {
                if *factor == 0.0 {
                    0.0
                } else if x <= 0.0 && *exponent < 1.0 {
                    f64::INFINITY
                } else {
                    factor * exponent * x.max(0.0).powf(exponent - 1.0)
                }
            }
            Self::Points(points) => {
                let mut last = (0.0, 0.0);
                for &(px, py) in points {
                    if x < px {
                        return (py - last.1) / (px - last.0);
                    }
                    last = (px, py);
                }
                0.0
            }
        }
    }

    /// The same curve with every return multiplied, say from revenue to margin.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        match self {
            Self::Hill { coefficient, alpha, gamma, scale } => {
                Self::Hill { coefficient: coefficient * factor, alpha: *alpha, gamma: *gamma, scale: *scale }
            }
            Self::Power { factor: own, exponent } => Self::Power { factor: own * factor, exponent: *exponent },
            Self::Points(points) => Self::Points(points.iter().map(|&(x, y)| (x, y * factor)).collect()),
        }
    }

    /// Whether returns diminish from the first unit on.
    pub fn is_concave(&self) -> bool {
        match self {
            Self::Hill { alpha, .. } => *alpha <= 1.0,
            Self::Power { .. } => true,
            Self::Points(points) => {
                let from = std::iter::once(&(0.0, 0.0)).chain(points);
                let slopes: Vec<f64> = from.zip(points).map(|(a, b)| (b.1 - a.1) / (b.0 - a.0)).collect();
                slopes.windows(2).all(|pair| pair[1] <= pair[0])
            }
        }
    }
}

/// `z^α / (z^α + γ^α)`, 0 at 0.
pub fn hill(z: f64, alpha: f64, gamma: f64) -> f64 {
    if z <= 0.0 { 0.0 } else { 1.0 / (1.0 + (gamma / z).powf(alpha)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // z = 20/40 = 0.5: 0.25 / (0.25 + 0.25) = 1/2; the power: 100 · (50/25)^½.
    fn values_by_hand() {
        let s = Response::Hill { coefficient: 100.0, alpha: 2.0, gamma: 0.5, scale: 40.0 };
        assert_eq!((s.at(0.0), s.at(20.0)), (0.0, 50.0));
        let p = Response::through(25.0, 100.0, 0.5).unwrap();
        assert!((p.at(50.0) - 100.0 * 2.0_f64.sqrt()).abs() < 1e-9);
        let points = Response::Points(vec![(10.0, 5.0), (30.0, 9.0)]);
        assert_eq!((points.at(5.0), points.at(20.0), points.at(99.0)), (2.5, 7.0, 9.0));
        assert_eq!((points.marginal(10.0), points.marginal(30.0)), (0.2, 0.0));
        assert!(!s.is_concave() && p.is_concave() && points.is_concave());
    }

    #[test]
    fn what_is_no_curve_is_refused() {
        for wrong in [
            Response::Hill { coefficient: -1.0, alpha: 1.0, gamma: 1.0, scale: 1.0 },
            Response::Hill { coefficient: 1.0, alpha: 1.0, gamma: 1.0, scale: 0.0 },
            Response::Power { factor: 1.0, exponent: 1.2 },
            Response::Points(vec![(1.0, 2.0), (2.0, 1.0)]),
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
        assert!(Response::through(0.0, 1.0, 0.5).is_err());
    }

    proptest! {
        #[test]
        fn the_marginal_return_is_the_slope(alpha in 0.4_f64..3.0, gamma in 0.1_f64..1.0, x in 1.0_f64..500.0) {
            let curve = Response::Hill { coefficient: 70.0, alpha, gamma, scale: 100.0 };
            let slope = (curve.at(x + 1e-4) - curve.at(x - 1e-4)) / 2e-4;
            prop_assert!((curve.marginal(x) - slope).abs() < 1e-5 * (1.0 + slope));
            prop_assert!(curve.at(x) <= 70.0 && curve.at(x) >= curve.at(x * 0.9));
        }
    }
}
