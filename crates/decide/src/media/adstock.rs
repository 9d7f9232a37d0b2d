//! How advertising carries over into later weeks.
//!
//! - *geometric*: `a_t = x_t + θ a_{t-1}`, `a_0 = x_0`;
//! - *Weibull, survival*: the part still alive after `k` weeks is the product of the survival function up to `k`,
//!   `w_k = Π_{i ≤ k} exp(-(i / scale)^shape)`, `w_0 = 1`: decay that speeds up or slows down;
//! - *Weibull, density*: `w_k ∝ f(k + 1)`, largest weight 1: the effect may come weeks after the spend.
//!
//! Sources: Broadbent, "One way TV advertisements work", Journal of the Market Research Society 21(3), 1979 (geometric);
//! Jin, Wang, Sun, Chan and Koehler, "Bayesian methods for media mix modeling with carryover and shape effects", 2017
//! (delayed). Cost: `O(n)` geometric, `O(n · lag)` Weibull.

use serde::{Deserialize, Serialize};

/// Weeks after which the weight of a Weibull carry-over is cut off.
pub const LONGEST_LAG: usize = 26;

/// A carry-over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adstock {
    /// A constant part stays from week to week.
    Geometric {
        /// That part, in [0, 1).
        theta: f64,
    },
    /// Weights from the survival function.
    WeibullSurvival {
        /// Above 0.
        shape: f64,
        /// Weeks, above 0.
        scale: f64,
    },
    /// Weights from the density.
    WeibullDensity {
        /// Above 0; the peak comes later than at once above 1.
        shape: f64,
        /// Weeks, above 0.
        scale: f64,
    },
}

impl Adstock {
    /// Whether its parameters are in range.
    pub fn is_valid(&self) -> bool {
        match *self {
            Self::Geometric { theta } => (0.0..1.0).contains(&theta),
            Self::WeibullSurvival { shape, scale } | Self::WeibullDensity { shape, scale } => {
                shape > 0.0 && scale > 0.0 && shape.is_finite() && scale.is_finite()
            }
        }
    }

    /// Weight of a spend `k` weeks ago, for the Weibull forms.
    fn weights(&self) -> Vec<f64> {
        match *self {
            Self::Geometric { theta } => {
                let powers = std::iter::successors(Some(1.0), |w| Some(w * theta));
                powers.take_while(|w| *w > 1e-6).take(1000).collect()
            }
            Self::WeibullSurvival { shape, scale } => {
                let alive = |k: usize| (-(k as f64 / scale).powf(shape)).exp();
                let mut left = 1.0;
                let mut weights = vec![1.0];
                for k in 1..=LONGEST_LAG {
                    left *= alive(k);
                    weights.push(left);
                }
                weights
            }
            Self::WeibullDensity { shape, scale } => {
                let density = |k: usize| {
                    let z = (k + 1) as f64 / scale;
                    z.powf(shape - 1.0) * (-z.powf(shape)).exp()
                };
                let raw: Vec<f64> = (0..=LONGEST_LAG).map(density).collect();
                let most = raw.iter().fold(f64::MIN_POSITIVE, |m, w| m.max(*w));
                raw.into_iter().map(|w| w / most).collect()
            }
        }
    }

    /// The carried-over series of one place, in the same weeks.
    pub fn apply(&self, spend: &[f64]) -> Vec<f64> {
        if let Self::Geometric { theta } = *self {
            let mut carried = 0.0;
            return spend
                .iter()
                .map(|x| {
                    carried = x + theta * carried;
                    carried
                })
                .collect();
        }
        let weights = self.weights();
        let at = |t: usize| (0..=t.min(weights.len() - 1)).map(|k| weights[k] * spend[t - k]).sum();
        (0..spend.len()).map(at).collect()
    }

    /// What a constant spend of 1 a week becomes in the end: the sum of the weights.
    pub fn steady_state(&self) -> f64 {
        match *self {
            Self::Geometric { theta } => 1.0 / (1.0 - theta),
            Self::WeibullSurvival { .. } | Self::WeibullDensity { .. } => self.weights().iter().sum(),
        }
    }

    /// Weeks until half of the effect has come, counting the first week as 1.
    pub fn weeks_to_half(&self) -> usize {
        let weights = self.weights();
        let half = weights.iter().sum::<f64>() / 2.0;
        let mut sum = 0.0;
        1 + weights
            .iter()
            .position(|w| {
                sum += w;
                sum >= half
            })
            .unwrap_or(weights.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 10; 0 + 0.5 · 10; 4 + 0.5 · 5.
    fn a_geometric_carry_over_by_hand() {
        let half = Adstock::Geometric { theta: 0.5 };
        assert_eq!(half.apply(&[10.0, 0.0, 4.0]), [10.0, 5.0, 6.5]);
        assert_eq!((half.steady_state(), half.weeks_to_half()), (2.0, 1));
        assert_eq!(Adstock::Geometric { theta: 0.9 }.weeks_to_half(), 7); // 1 - 0.9^7 = 0.52
    }

    #[test] // shape 1, scale 2: survival e^-0.5, e^-1, e^-1.5; products 1, .607, .607 · .368 = .223, ...
    fn weibull_survival_weights_are_products() {
        let weibull = Adstock::WeibullSurvival { shape: 1.0, scale: 2.0 };
        let carried = weibull.apply(&[1.0, 0.0, 0.0]);
        let hand = [1.0, (-0.5_f64).exp(), (-1.5_f64).exp()];
        assert!(carried.iter().zip(hand).all(|(a, b)| (a - b).abs() < 1e-12), "{carried:?}");
    }

    #[test] // shape 3, scale 4: the density peaks at scale · (2/3)^(1/3) = 3.49, between weeks 3 and 4.
    fn a_weibull_density_peaks_later() {
        let weibull = Adstock::WeibullDensity { shape: 3.0, scale: 4.0 };
        let mut pulse = vec![0.0; 12];
        pulse[0] = 1.0;
        let carried = weibull.apply(&pulse);
        let peak = (0..12).max_by(|&a, &b| carried[a].total_cmp(&carried[b])).unwrap();
        assert!((peak == 2 || peak == 3) && carried[peak] == 1.0, "{carried:?}");
        let constant = weibull.apply(&[1.0; 60]);
        assert!((constant[59] - weibull.steady_state()).abs() < 1e-12);
    }
}
