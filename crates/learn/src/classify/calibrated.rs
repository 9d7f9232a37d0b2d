//! A classifier with the curve that makes its probabilities keep their promise, and what its parts disagree on.
//!
//! The rows are parted ([`Folds`]); each part is scored by a model of the others. The curve is fitted to these
//! scores, on the log-odds scale, and applied to a model of all rows. The models of the parts are kept: how
//! far they differ at a row is how unsure the model is there. With `θ_k` the log-odds by the model without part `k` and
//! a curve from the scores of the other parts, the delete-a-group jackknife gives the variance `(K − 1) / K · Σ (θ_k − mean)²`.
//!
//! Sources: as `calibrate`; Kott, "The delete-a-group jackknife", Journal of Official Statistics 17(4), 2001.
//! Cost: `n_folds + 1` fits and as much memory; a probability asks one model, a deviation all others.

use super::calibrate::{Calibration, Calibrator};
use super::classifier::{Classifier, ClassifierParams, PartUnit};
use super::fitted::{FittedClassifier, SUREST};
use super::folds::Folds;
use super::logit;
use crate::LearnError;
use crate::trees::{Features, Samples};
use domain::Seed;

/// How a classifier is learnt and calibrated.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibratedParams {
    /// The classifier.
    pub classifier: ClassifierParams,
    /// The curve.
    pub calibration: Calibration,
    /// Parts of the rows, at least 2.
    pub n_folds: usize,
}

/// Fitted classifier with its curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrated {
    model: FittedClassifier,
    parts: Vec<(FittedClassifier, Calibrator)>,
    curve: Calibrator,
    out_of_fold: Vec<f64>,
}

impl CalibratedParams {
    /// Learns all models and the curve. Groups of rows stay together.
    ///
    /// # Errors
    /// As [`ClassifierParams::fit`] and [`Folds::new`].
    pub fn fit(&self, train: Samples<'_>, seed: Seed) -> Result<Calibrated, LearnError> {
        let folds = Folds::new(&train, self.n_folds, seed.derive(1))?;
        let fit = |samples: Samples<'_>, part: usize| self.classifier.fit(samples, seed.derive(2 + part as u64));
        let scores = |model: &FittedClassifier, table: &Features| {
            model.probabilities(table).into_iter().map(score).collect::<Vec<f64>>()
        };
        let (parts, out_of_fold) = folds.score(&train, fit, scores)?;
        let curve = self.calibration.fit(&out_of_fold, train.labels())?;
        let without = |part: usize| {
            let others = (0..train.n_rows()).filter(|&row| folds.of_row()[row] != part);
            let (scores, labels): (Vec<f64>, Vec<f32>) =
                others.map(|row| (out_of_fold[row], train.labels()[row])).unzip();
            self.calibration.fit(&scores, &labels)
        };
        let parts = parts.into_iter().enumerate().map(|(part, model)| Ok((model, without(part)?)));
        let parts = parts.collect::<Result<_, LearnError>>()?;
        let model = self.classifier.fit(train, seed.derive(0))?;
        let out_of_fold = out_of_fold.into_iter().map(|s| curve.probability(s)).collect();
        Ok(Calibrated { model, parts, curve, out_of_fold })
    }
}

/// Log-odds of a raw probability, held where a pure leaf would be certain.
fn score(p: f64) -> f64 {
    logit(p.clamp(SUREST, 1.0 - SUREST))
}

impl Calibrated {
    /// The classifier of all rows, before the curve.
    pub const fn model(&self) -> &FittedClassifier {
        &self.model
    }

    /// The curve from raw log-odds to probability.
    pub const fn curve(&self) -> &Calibrator {
        &self.curve
    }

    /// For every training row the calibrated probability by the model that has not seen it.
    pub fn out_of_fold(&self) -> &[f64] {
        &self.out_of_fold
    }

    /// The log-odds of a row by each model that lacks a part, in the order of the parts.
    ///
    /// # Panics
    /// If the row has fewer columns than the training table.
    pub fn part_log_odds(&self, row: &[f32]) -> Vec<f64> {
        let of =
            |(model, curve): &(FittedClassifier, Calibrator)| logit(curve.probability(score(model.probability(row))));
        self.parts.iter().map(of).collect()
    }

    /// Standard deviation of the log-odds of a row, by the jackknife over the parts.
    ///
    /// # Panics
    /// As [`Self::part_log_odds`].
    pub fn log_odds_sd(&self, row: &[f32]) -> f64 {
        jackknife_sd(&self.part_log_odds(row))
    }
}

/// Deviation of an estimate from what it is without each of the parts.
pub fn jackknife_sd(without: &[f64]) -> f64 {
    let n = without.len() as f64;
    let mean = without.iter().sum::<f64>() / n;
    ((n - 1.0) / n * without.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>()).sqrt()
}

impl Classifier for Calibrated {
    fn n_columns(&self) -> usize {
        self.model.n_columns()
    }

    fn probability(&self, row: &[f32]) -> f64 {
        self.curve.probability(score(self.model.probability(row)))
    }

    /// As the classifier gives them, before the curve; a curve that rises keeps sign and order.
    fn reasons(&self, row: &[f32]) -> Vec<(usize, f64)> {
        self.model.reasons(row)
    }

    fn part_unit(&self) -> PartUnit {
        self.model.part_unit()
    }

    fn probabilities(&self, features: &Features) -> Vec<f64> {
        self.model.probabilities(features).into_iter().map(|p| self.curve.probability(score(p))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{calibration_error, log_loss, reliability, sigmoid};
    use crate::trees::{BoostParams, CartParams};

    fn rows(n: usize, seed: u64) -> (Features, Vec<f32>, Vec<f64>) {
        let mut rng = Seed(seed).stream(0);
        let values: Vec<f32> = (0..3 * n).map(|_| rng.normal() as f32).collect();
        let truth: Vec<f64> = values.chunks(3).map(|r| sigmoid(f64::from(r[0] - 0.5 * r[1]))).collect();
        let labels = truth.iter().map(|p| f32::from(u8::from(rng.uniform() < *p))).collect();
        (Features::new(values, 3).unwrap(), labels, truth)
    }

    #[test] // A boosting of too many rounds is far too sure; the curve repairs it on new rows.
    fn an_overfitted_boosting_is_brought_back_to_its_promise() {
        let ((train, y, _), (test, z, _)) = (rows(800, 1), rows(2_000, 2));
        let boost = BoostParams { n_rounds: 200, min_rows: 5, ..BoostParams::default() };
        let params = CalibratedParams {
            classifier: ClassifierParams::Boosting(boost),
            calibration: Calibration::Platt,
            n_folds: 4,
        };
        let model = params.fit(Samples::new(&train, &y).unwrap(), Seed(1)).unwrap();
        let (raw, held) = (model.model().probabilities(&test), model.probabilities(&test));
        let error = |p: &[f64]| calibration_error(&reliability(p, &z, 10)).unwrap();
        // Observed 0.22 before and 0.02 after.
        assert!(error(&raw) > 0.12 && error(&held) < 0.06, "{} {}", error(&raw), error(&held));
        assert!(log_loss(&held, &z).unwrap() < log_loss(&raw, &z).unwrap() - 0.1);
        assert!((model.probability(test.row(3)) - held[3]).abs() < 1e-12);
    }

    /// Simulation: the true log-odds lie within two jackknife deviations of a logistic regression in most rows.
    #[test]
    fn the_jackknife_says_how_far_off_one_may_be() {
        let params = CalibratedParams {
            classifier: super::super::ClassifierKind::Logistic.params(),
            calibration: Calibration::Platt,
            n_folds: 10,
        };
        let (mut inside, mut all) = (0, 0);
        for seed in 0..12 {
            let (train, y, truth) = rows(400, 100 + seed);
            let model = params.fit(Samples::new(&train, &y).unwrap(), Seed(seed)).unwrap();
            for row in (0..400).step_by(20) {
                let (at, sd) = (logit(model.probability(train.row(row))), model.log_odds_sd(train.row(row)));
                inside += i32::from((at - logit(truth[row])).abs() < 2.26 * sd); // t of 9 degrees
                all += 1;
            }
        }
        let share = f64::from(inside) / f64::from(all);
        assert!((0.85..=1.0).contains(&share), "{share}");
    }

    #[test]
    fn pure_leaves_are_not_certain_and_too_few_rows_are_refused() {
        let (train, y, _) = rows(200, 3);
        let tree = CartParams { max_depth: None, min_rows: 1, ..CartParams::default() };
        let params = CalibratedParams {
            classifier: ClassifierParams::Tree(tree),
            calibration: Calibration::Isotonic,
            n_folds: 5,
        };
        let model = params.fit(Samples::new(&train, &y).unwrap(), Seed(1)).unwrap();
        assert!(model.probabilities(&train).iter().all(|p| *p > 0.0 && *p < 1.0));
        assert_eq!(model.out_of_fold().len(), 200);
        let (few, y, _) = rows(3, 3);
        assert!(params.fit(Samples::new(&few, &y).unwrap(), Seed(1)).is_err());
    }
}
