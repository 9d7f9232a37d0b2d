//! From a score to a probability that keeps its promise.
//!
//! - *Platt*: `p = sigmoid(a · s + b)`, fitted by maximum likelihood to softened targets
//!   `(n_ones + 1) / (n_ones + 2)` and `1 / (n_zeros + 2)`. Two numbers: right for few rows.
//! - *Isotonic*: the rising step function nearest to the labels, by pooling neighbours that fall, and straight
//!   lines between the middles of the steps. It bends as the data asks, and needs about a thousand rows.
//!
//! Neither may see scores of rows that the scorer was trained on: those are too sure of themselves. The
//! caller hands in scores made [out of fold](super::Folds).
//!
//! Sources: Platt, "Probabilistic outputs for support vector machines", 1999; Lin, Lin & Weng, "A note on Platt's
//! probabilistic outputs for support vector machines", Machine Learning 68(3), 2007; Zadrozny & Elkan,
//! "Transforming classifier scores into accurate multiclass probability estimates", KDD 2002.
//! Cost: a sort.

use super::logistic::{minimise_line, sigmoid};
use crate::LearnError;

/// How to calibrate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calibration {
    /// Two numbers by maximum likelihood.
    Platt,
    /// A rising curve.
    Isotonic,
}

/// Fitted curve from score to probability. Never falls, never 0 or 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Calibrator {
    /// `sigmoid(slope · score + shift)`.
    Platt {
        /// Slope, 0 or more.
        slope: f64,
        /// Shift.
        shift: f64,
    },
    /// Straight lines between points, level outside.
    Isotonic {
        /// Scores, ascending.
        scores: Vec<f64>,
        /// Probabilities, ascending.
        probabilities: Vec<f64>,
    },
}

impl Calibration {
    /// Learns the curve.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for lists of different length, [`LearnError::TooLittleData`] without a row,
    /// [`LearnError::NotFinite`] for a score that is no finite number.
    pub fn fit(self, scores: &[f64], labels: &[f32]) -> Result<Calibrator, LearnError> {
        if scores.len() != labels.len() {
            return Err(LearnError::Shape { what: "the list of labels", got: labels.len(), need: scores.len() });
        }
        if scores.is_empty() {
            return Err(LearnError::TooLittleData { what: "rows", have: 0, need: 1 });
        }
        if let Some(row) = scores.iter().position(|score| !score.is_finite()) {
            return Err(LearnError::NotFinite { row, column: 0, value: scores[row] });
        }
        Ok(match self {
            Self::Platt => platt(scores, labels),
            Self::Isotonic => isotonic(scores, labels),
        })
    }
}

/// Log-odds that nothing goes beyond: past 37 a `f64` says 1, which no evidence does.
const CERTAIN: f64 = 30.0;

fn platt(scores: &[f64], labels: &[f32]) -> Calibrator {
    let n_ones = labels.iter().filter(|y| **y > 0.5).count() as f64;
    let n_zeros = labels.len() as f64 - n_ones;
    let (high, low) = ((n_ones + 1.0) / (n_ones + 2.0), 1.0 / (n_zeros + 2.0));
    let targets: Vec<f64> = labels.iter().map(|y| if *y > 0.5 { high } else { low }).collect();
    let (slope, shift) = minimise_line(scores, &targets);
    if slope > 0.0 {
        return Calibrator::Platt { slope, shift };
    }
    // A score that ranks the wrong way round says nothing: everybody gets the share of ones.
    let share = targets.iter().sum::<f64>() / targets.len() as f64;
    Calibrator::Platt { slope: 0.0, shift: super::logit(share) }
}

fn isotonic(scores: &[f64], labels: &[f32]) -> Calibrator {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    // Steps as (sum of scores, ones, rows); equal scores are one step from the start.
    let mut steps: Vec<(f64, f64, f64)> = Vec::new();
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let n = tied.len() as f64;
        let ones: f64 = tied.iter().map(|&i| f64::from(labels[i])).sum();
        let mut step = (scores[tied[0]] * n, ones, n);
        while let Some(&last) = steps.last().filter(|last| last.1 * step.2 >= step.1 * last.2) {
            step = (last.0 + step.0, last.1 + step.1, last.2 + step.2);
            steps.pop();
        }
        steps.push(step);
    }
    // Half a row of the other kind in the outer steps: never a certainty.
    let low = steps.first().map_or(0.0, |step| 0.5 / (step.2 + 1.0));
    let high = steps.last().map_or(1.0, |step| 1.0 - 0.5 / (step.2 + 1.0));
    let (scores, probabilities) =
        steps.iter().map(|(sum, ones, n)| (sum / n, (ones / n).max(low).min(high.max(low)))).unzip();
    Calibrator::Isotonic { scores, probabilities }
}

impl Calibrator {
    /// The probability of a score.
    pub fn probability(&self, score: f64) -> f64 {
        match self {
            Self::Platt { slope, shift } => sigmoid((slope * score + shift).clamp(-CERTAIN, CERTAIN)),
            Self::Isotonic { scores, probabilities } => {
                let above = scores.partition_point(|s| *s <= score);
                if above == 0 {
                    return probabilities[0];
                }
                if above == scores.len() {
                    return probabilities[above - 1];
                }
                let share = (score - scores[above - 1]) / (scores[above] - scores[above - 1]);
                probabilities[above - 1] + share * (probabilities[above] - probabilities[above - 1])
            }
        }
    }

    /// What a small change of the score does to the log-odds; with straight lines, over the line it is on.
    pub fn slope(&self, score: f64) -> f64 {
        match self {
            Self::Platt { slope, .. } => *slope,
            Self::Isotonic { .. } => {
                let h = 1e-3 * score.abs().max(1.0);
                (super::logit(self.probability(score + h)) - super::logit(self.probability(score - h))) / (2.0 * h)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;
    use proptest::prelude::*;

    // Two rows a side, scores ±1: targets 3/4 and 1/4 on the right side, so sigmoid(a) = 3/4 and a = ln 3.
    #[test]
    fn platt_by_hand() {
        let curve = Calibration::Platt.fit(&[-1.0, -1.0, 1.0, 1.0], &[0.0, 0.0, 1.0, 1.0]).unwrap();
        let Calibrator::Platt { slope, shift } = curve else { panic!("platt") };
        assert!((slope - 3.0_f64.ln()).abs() < 1e-6 && shift.abs() < 1e-6, "{slope} {shift}");
        let wrong = Calibration::Platt.fit(&[1.0, 1.0, -1.0, -1.0], &[0.0, 0.0, 1.0, 1.0]).unwrap();
        assert!((wrong.probability(9.0) - 0.5).abs() < 1e-9);
    }

    // Labels 0 1 0 1 at 1 2 3 4: 2 and 3 fall and are pooled to 1/2 at 2.5; the outer steps are held at
    // 0.5 / 2 and 1 − 0.5 / 2. Half way between 2.5 and 4 lies (1/2 + 3/4) / 2.
    #[test]
    fn isotonic_by_hand() {
        let curve = Calibration::Isotonic.fit(&[1.0, 2.0, 3.0, 4.0], &[0.0, 1.0, 0.0, 1.0]).unwrap();
        for (score, want) in [(0.0, 0.25), (2.5, 0.5), (3.25, 0.625), (9.0, 0.75)] {
            assert!((curve.probability(score) - want).abs() < 1e-12, "{score}");
        }
    }

    /// Scores that are three times too sure of themselves; 4,000 rows. Both curves bring the calibration error
    /// from about 0.15 below 0.03.
    #[test]
    fn boasting_scores_are_brought_back() {
        let mut rng = Seed(1).stream(0);
        let truth: Vec<f64> = (0..4_000).map(|_| rng.normal()).collect();
        let labels: Vec<f32> = truth.iter().map(|s| f32::from(u8::from(rng.uniform() < sigmoid(*s)))).collect();
        let scores: Vec<f64> = truth.iter().map(|s| 3.0 * s).collect();
        let error = |p: &[f64]| super::super::calibration_error(&super::super::reliability(p, &labels, 10)).unwrap();
        assert!(error(&scores.iter().map(|s| sigmoid(*s)).collect::<Vec<_>>()) > 0.1);
        for how in [Calibration::Platt, Calibration::Isotonic] {
            let curve = how.fit(&scores, &labels).unwrap();
            let p: Vec<f64> = scores.iter().map(|s| curve.probability(*s)).collect();
            assert!(error(&p) < 0.03, "{how:?} {}", error(&p));
            assert!((curve.slope(0.5) - 1.0 / 3.0).abs() < if how == Calibration::Platt { 0.04 } else { 1.0 });
        }
    }

    proptest! {
        #[test]
        fn a_curve_never_falls_and_is_never_certain(rows in prop::collection::vec((-50_i32..50, any::<bool>()), 1..60)) {
            let scores: Vec<f64> = rows.iter().map(|r| f64::from(r.0) / 10.0).collect();
            let labels: Vec<f32> = rows.iter().map(|r| f32::from(u8::from(r.1))).collect();
            for how in [Calibration::Platt, Calibration::Isotonic] {
                let curve = how.fit(&scores, &labels).unwrap();
                let p: Vec<f64> = (-60..60).map(|s| curve.probability(f64::from(s) / 10.0)).collect();
                prop_assert!(p.windows(2).all(|w| w[1] >= w[0] - 1e-12));
                prop_assert!(p.iter().all(|p| *p > 0.0 && *p < 1.0));
            }
        }
    }
}
