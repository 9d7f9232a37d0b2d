//! What boosting minimises: a loss for each row, its gradient and its curvature.
//!
//! With `s` the score of a row, `y` its label and `w` its weight:
//!
//! | objective | loss | gradient | curvature | prediction |
//! |---|---|---|---|---|
//! | squared error | `w (s − y)² / 2` | `w (s − y)` | `w` | `s` |
//! | binary | `−w (y ln p + (1 − y) ln (1 − p))` | `w (p − y)` | `w p (1 − p)` | `p = 1 / (1 + e^−s)` |
//! | Poisson | `w (e^s − y s)` | `w (e^s − y)` | `w e^(s + 0.7)` | `e^s` |
//! | LambdaRank | see `lambdarank` | | | `s` |
//!
//! The curvature of Poisson is enlarged by `e^0.7`, which holds a single step back where counts are
//! rare (as XGBoost and LightGBM do by default); the gradient is exact.
//! Source: Friedman, "Greedy function approximation: a gradient boosting machine", Annals of
//! Statistics 29(5), 2001. Cost: one pass over the rows; `exp` in `f32`, so that it is vectorised.

use super::features::Samples;
use super::lambdarank::{LambdaRank, LambdaRankParams, ndcg};
use crate::LearnError;
use rayon::prelude::*;

/// Rows handled by one task. Part of the result's definition (the order of sums), not a tuning knob.
const BLOCK: usize = 8192;

/// `ln` of what the curvature of Poisson is enlarged by.
const POISSON_CAUTION: f64 = 0.7;

/// What is minimised.
#[derive(Clone, Debug, PartialEq)]
pub enum Objective {
    /// Any number; predicts the mean.
    SquaredError,
    /// 0 or 1 (or a share between); predicts the probability of 1.
    Binary,
    /// A count, or any number not below 0; predicts the mean, which is above 0.
    Poisson,
    /// Grades 0, 1, 2 … within groups; the prediction only orders.
    LambdaRank(LambdaRankParams),
}

/// Gradient and curvature of one row.
pub(super) type Pull = [f32; 2];

/// An objective with what it keeps of the training labels.
pub(super) enum Fitting<'a> {
    Rows { objective: &'a Objective, samples: Samples<'a> },
    Groups(LambdaRank<'a>),
}

impl<'a> Fitting<'a> {
    pub(super) fn new(objective: &'a Objective, samples: Samples<'a>) -> Result<Self, LearnError> {
        let fits: fn(f32) -> bool = match objective {
            Objective::SquaredError => |_| true,
            Objective::Binary => |y| (0.0..=1.0).contains(&y),
            Objective::Poisson => |y| y >= 0.0,
            Objective::LambdaRank(params) => return Ok(Self::Groups(LambdaRank::new(params, samples)?)),
        };
        match samples.labels().iter().find(|label| !fits(**label)) {
            Some(wrong) if *objective == Objective::Binary => {
                Err(LearnError::Param { name: "label", rule: "0 to 1", got: f64::from(*wrong) })
            }
            Some(wrong) => Err(LearnError::Param { name: "label", rule: "not below 0", got: f64::from(*wrong) }),
            None => Ok(Self::Rows { objective, samples }),
        }
    }

    /// The score that all rows start at: the best constant.
    pub(super) fn start(&self) -> f64 {
        let Self::Rows { objective, samples } = self else { return 0.0 };
        let sums = block_sums(samples.n_rows(), |row| {
            let weight = f64::from(samples.weight(row));
            [weight * f64::from(samples.labels()[row]), weight]
        });
        let mean = sums[0] / sums[1];
        match objective {
            Objective::SquaredError | Objective::LambdaRank(_) => mean,
            Objective::Binary => {
                let share = mean.clamp(1e-9, 1.0 - 1e-9);
                (share / (1.0 - share)).ln()
            }
            Objective::Poisson => mean.max(1e-9).ln(),
        }
    }

    /// Fills in gradient and curvature of every row at these scores; returns `Σ |g|` and `Σ h`.
    pub(super) fn pull(&self, scores: &[f64], out: &mut [Pull]) -> [f64; 2] {
        match self {
            Self::Groups(ranking) => {
                ranking.pull(scores, out);
                block_sums(out.len(), |row| [f64::from(out[row][0].abs()), f64::from(out[row][1])])
            }
            Self::Rows { objective, samples } => {
                let (labels, weights) = (samples.labels(), samples.weights());
                let sums: Vec<[f64; 2]> = out
                    .par_chunks_mut(BLOCK)
                    .enumerate()
                    .map(|(block, out)| {
                        let range = block * BLOCK..block * BLOCK + out.len();
                        pull_rows(objective, &scores[range.clone()], &labels[range.clone()], out);
                        if let Some(weights) = weights {
                            out.iter_mut().zip(&weights[range]).for_each(|(p, w)| *p = p.map(|part| part * w));
                        }
                        // Four lanes, so that the additions do not wait for each other.
                        let mut lanes = [[0.0; 2]; 4];
                        for four in out.chunks(4) {
                            for (lane, pull) in lanes.iter_mut().zip(four) {
                                lane[0] += f64::from(pull[0].abs());
                                lane[1] += f64::from(pull[1]);
                            }
                        }
                        lanes.into_iter().fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]])
                    })
                    .collect();
                sums.into_iter().fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]])
            }
        }
    }
}

fn pull_rows(objective: &Objective, scores: &[f64], labels: &[f32], out: &mut [Pull]) {
    let rows = out.iter_mut().zip(scores).zip(labels);
    match objective {
        Objective::SquaredError | Objective::LambdaRank(_) => {
            rows.for_each(|((pull, s), y)| *pull = [(*s - f64::from(*y)) as f32, 1.0]);
        }
        Objective::Binary => rows.for_each(|((pull, s), y)| {
            let p = 1.0 / (1.0 + exp(-*s as f32));
            *pull = [p - y, (p * (1.0 - p)).max(1e-16)];
        }),
        Objective::Poisson => {
            let caution = POISSON_CAUTION.exp() as f32;
            rows.for_each(|((pull, s), y)| {
                let mean = exp(*s as f32);
                *pull = [mean - y, mean * caution];
            });
        }
    }
}

/// `e^x` in `f32` to about 2 units in the last place, without branches or calls: `2^n` by its bits
/// and a polynomial for the rest. Arguments are held within ±87.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Adding this pushes the fraction out of the mantissa: the nearest whole number is left.
    const ROUND: f32 = 12_582_912.0;
    let x = if x > 87.0 { 87.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts, so that the rest is exact. Coefficients are those of the Taylor series.
    let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let p = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0))))));
    f32::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// Sums over rows in blocks of fixed size, added in their order.
fn block_sums(n_rows: usize, of: impl Fn(usize) -> [f64; 2] + Sync) -> [f64; 2] {
    let add = |a: [f64; 2], b: [f64; 2]| [a[0] + b[0], a[1] + b[1]];
    let blocks: Vec<[f64; 2]> = (0..n_rows.div_ceil(BLOCK))
        .into_par_iter()
        .map(|b| (b * BLOCK..n_rows.min((b + 1) * BLOCK)).map(&of).fold([0.0; 2], add))
        .collect();
    blocks.into_iter().fold([0.0; 2], add)
}

impl Objective {
    /// From a score to what is predicted.
    pub(super) fn prediction(&self, score: f64) -> f64 {
        match self {
            Self::SquaredError | Self::LambdaRank(_) => score,
            Self::Binary => 1.0 / (1.0 + (-score).exp()),
            Self::Poisson => score.exp(),
        }
    }

    /// Mean loss by weight; for LambdaRank 1 less the mean nDCG at the truncation.
    pub(super) fn loss(&self, samples: &Samples<'_>, scores: &[f64]) -> f64 {
        if let Self::LambdaRank(params) = self {
            return 1.0 - ndcg(samples.groups(), samples.labels(), scores, params.truncation).unwrap_or(0.0);
        }
        let sums = block_sums(scores.len(), |row| {
            let (s, y, w) = (scores[row], f64::from(samples.labels()[row]), f64::from(samples.weight(row)));
            [w * self.row_loss(s, y), w]
        });
        sums[0] / sums[1]
    }

    fn row_loss(&self, s: f64, y: f64) -> f64 {
        match self {
            Self::SquaredError | Self::LambdaRank(_) => (s - y) * (s - y) / 2.0,
            // −y ln p − (1 − y) ln (1 − p) = ln(1 + e^s) − y s, without running over.
            Self::Binary => s.max(0.0) + (-s.abs()).exp().ln_1p() - y * s,
            Self::Poisson => s.exp() - y * s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::features::Features;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_vectorised_exponential_is_right_to_two_units_in_the_last_place() {
        for i in -8700..=8700 {
            let x = i as f32 / 100.0;
            let (got, want) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((got / want - 1.0).abs() < 2.5e-7, "exp({x}) = {got}, want {want}");
        }
        assert!(exp(1e9).is_finite() && exp(-1e9) > 0.0);
    }

    #[test]
    fn labels_outside_an_objective_are_refused() {
        let table = Features::new(vec![0.0, 1.0], 1).unwrap();
        let samples = Samples::new(&table, &[-1.0, 0.5]).unwrap();
        assert!(Fitting::new(&Objective::Binary, samples).is_err());
        assert!(Fitting::new(&Objective::Poisson, samples).is_err());
        assert!(Fitting::new(&Objective::SquaredError, samples).is_ok());
    }

    #[test] // Weights 1 and 3, labels 0 and 1: the mean is 3/4, its logit ln 3, its logarithm ln 0.75.
    fn boosting_starts_at_the_best_constant() {
        let table = Features::new(vec![0.0, 1.0], 1).unwrap();
        let samples = Samples::new(&table, &[0.0, 1.0]).unwrap().weighted(&[1.0, 3.0]).unwrap();
        let start = |objective: &Objective| Fitting::new(objective, samples).unwrap().start();
        assert_eq!(start(&Objective::SquaredError), 0.75);
        assert!((start(&Objective::Binary) - 3_f64.ln()).abs() < 1e-12);
        assert!((start(&Objective::Poisson) - 0.75_f64.ln()).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn gradient_and_curvature_are_the_derivatives_of_the_loss(s in -4.0_f64..4.0, y in 0.0_f32..1.0, w in 0.1_f32..5.0) {
            let table = Features::new(vec![0.0], 1).unwrap();
            let (labels, weights) = ([y], [w]);
            let samples = Samples::new(&table, &labels).unwrap().weighted(&weights).unwrap();
            for objective in [Objective::SquaredError, Objective::Binary, Objective::Poisson] {
                let mut out = [[0.0; 2]];
                Fitting::new(&objective, samples).unwrap().pull(&[s], &mut out);
                let at = |s: f64| f64::from(w) * objective.row_loss(s, f64::from(y));
                let step = 1e-3;
                let slope = (at(s + step) - at(s - step)) / (2.0 * step);
                let bend = (at(s + step) - 2.0 * at(s) + at(s - step)) / (step * step);
                let caution = if objective == Objective::Poisson { POISSON_CAUTION.exp() } else { 1.0 };
                prop_assert!((f64::from(out[0][0]) - slope).abs() < 1e-3, "{objective:?}");
                prop_assert!((f64::from(out[0][1]) / (bend * caution) - 1.0).abs() < 1e-3, "{objective:?}");
            }
        }
    }
}
