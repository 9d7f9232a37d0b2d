//! How good predictions were on shoppers and days that no model had seen.
//!
//! Figures: `predict.auc` (interval by Hanley and McNeil), `predict.average_precision`, `predict.log_loss` and
//! `predict.brier` (intervals of a mean), `predict.calibration_error`, and `predict.base_log_loss`: what promising
//! everybody the training share of ones would have cost. A model that does not beat the last says nothing.

use crate::figures::{LEVEL, MIN_OBSERVATIONS};
use domain::{Figure, Interval, Unit};
use learn::classify::{
    Confusion, ReliabilityBin, auc, average_precision, calibration_error, log_loss, log_loss_of, reliability,
};
use learn::interval::{mean_t, two_sided};

/// Marks of one set of predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    n: u64,
    n_ones: u64,
    auc: Option<f64>,
    average_precision: Option<f64>,
    log_loss: Option<(f64, Option<Interval>)>,
    brier: Option<(f64, Option<Interval>)>,
    base_log_loss: Option<f64>,
    bins: Vec<ReliabilityBin>,
    confusion: Confusion,
}

/// Bins of the calibration plot.
const N_BINS: usize = 10;

impl Quality {
    /// Marks predictions; `base_rate` is the share of ones in training.
    pub fn new(p: &[f64], y: &[f32], base_rate: f64) -> Self {
        let n = p.len().min(y.len());
        let mean = |of: &dyn Fn(f64, f32) -> f64| {
            let values: Vec<f64> = p.iter().zip(y).map(|(p, y)| of(*p, *y)).collect();
            let mean = values.iter().sum::<f64>() / n as f64;
            let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
            (n > 0).then(|| (mean, mean_t(mean, (squares / (n as f64 - 1.0)).sqrt(), n as u64, LEVEL)))
        };
        Self {
            n: n as u64,
            n_ones: y.iter().filter(|y| **y > 0.5).count() as u64,
            auc: auc(p, y),
            average_precision: average_precision(p, y),
            log_loss: mean(&log_loss_of),
            brier: mean(&|p, y| (p - f64::from(y)) * (p - f64::from(y))),
            base_log_loss: log_loss(&vec![base_rate; n], y),
            bins: reliability(p, y, N_BINS),
            confusion: Confusion::above(0.5, p, y),
        }
    }

    /// The calibration plot: promise and outcome, bin by bin.
    pub fn bins(&self) -> &[ReliabilityBin] {
        &self.bins
    }

    /// Right and wrong answers when a probability above one half is called a one.
    pub const fn confusion(&self) -> &Confusion {
        &self.confusion
    }

    /// Key `predict.auc`.
    pub fn auc(&self) -> Figure {
        let figure = self.figure("predict.auc", self.auc).formula(
            "chance that a shopper with the outcome ranks above one without, ties half; interval by Hanley and McNeil",
        );
        let (ones, zeros) = (self.n_ones as f64, (self.n - self.n_ones) as f64);
        match (self.auc, two_sided(LEVEL)) {
            (Some(a), Some(z)) => {
                let (q1, q2) = (a / (2.0 - a), 2.0 * a * a / (1.0 + a));
                let spread = (ones - 1.0) * (q1 - a * a) + (zeros - 1.0) * (q2 - a * a);
                let half = z * ((a * (1.0 - a) + spread) / (ones * zeros)).sqrt();
                figure.interval((a - half).max(0.0), (a + half).min(1.0), LEVEL)
            }
            _ => figure,
        }
    }

    /// Key `predict.average_precision`; the share of ones is what chance gives.
    pub fn average_precision(&self) -> Figure {
        let formula = "sum over thresholds of recall gained × precision";
        self.figure("predict.average_precision", self.average_precision).formula(formula)
    }

    /// Key `predict.log_loss`.
    pub fn log_loss(&self) -> Figure {
        self.mean("predict.log_loss", self.log_loss).formula("−mean(ln of the probability given to what happened)")
    }

    /// Key `predict.brier`.
    pub fn brier(&self) -> Figure {
        self.mean("predict.brier", self.brier).formula("mean((probability − outcome)²)")
    }

    /// Key `predict.calibration_error`.
    pub fn calibration_error(&self) -> Figure {
        let formula = "mean gap between promise and outcome in ten bins of probability, by rows";
        self.figure("predict.calibration_error", calibration_error(&self.bins)).formula(formula)
    }

    /// Key `predict.base_log_loss`.
    pub fn base_log_loss(&self) -> Figure {
        let formula = "log loss of promising everybody the share of ones seen in training";
        self.figure("predict.base_log_loss", self.base_log_loss).formula(formula)
    }

    /// All of them, in the order above.
    pub fn figures(&self) -> Vec<Figure> {
        vec![
            self.auc(),
            self.average_precision(),
            self.log_loss(),
            self.brier(),
            self.calibration_error(),
            self.base_log_loss(),
        ]
    }

    fn figure(&self, key: &str, value: Option<f64>) -> Figure {
        Figure::number(key, Unit::Score, value.unwrap_or(f64::NAN), self.n, MIN_OBSERVATIONS)
    }

    fn mean(&self, key: &str, value: Option<(f64, Option<Interval>)>) -> Figure {
        let figure = self.figure(key, value.map(|v| v.0));
        match value.and_then(|v| v.1) {
            Some(i) => figure.interval(i.low.max(0.0), i.high, i.level),
            None => figure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::FigureValue;

    // 40 rows: 20 ones at 0.8, 10 zeros at 0.2, 10 zeros at 0.8. AUC: (10 + 10 / 2) / 20 = 0.75. Brier:
    // (20 · 0.04 + 10 · 0.04 + 10 · 0.64) / 40 = 0.19. In the bin of 0.8: promise 0.8, outcome 2/3; in that of 0.2: 0.
    // Calibration: 30/40 · 0.1333 + 10/40 · 0.2 = 0.15. Hanley and McNeil: Q1 = 0.6, Q2 = 9/14, a² = 0.5625;
    // variance (0.1875 + 19 · 0.0375 + 19 · 0.080357) / 400 = 0.0060670, half 1.96 · 0.077891 = 0.15266.
    #[test]
    fn marks_by_hand() {
        let p: Vec<f64> = (0..40).map(|i| if (20..30).contains(&i) { 0.2 } else { 0.8 }).collect();
        let y: Vec<f32> = (0..40).map(|i| f32::from(u8::from(i < 20))).collect();
        let quality = Quality::new(&p, &y, 0.5);
        let value = |figure: Figure| figure.as_f64().unwrap();
        assert!((value(quality.auc()) - 0.75).abs() < 1e-12 && (value(quality.brier()) - 0.19).abs() < 1e-12);
        assert!((value(quality.calibration_error()) - 0.15).abs() < 1e-12);
        assert!((value(quality.base_log_loss()) - 2.0_f64.ln()).abs() < 1e-12);
        let i = quality.auc().interval.unwrap();
        assert!((i.low - (0.75 - 0.15266)).abs() < 1e-4, "{i:?}");
        assert!(quality.brier().interval.unwrap().low < 0.19 && quality.figures().len() == 6);
        assert_eq!(quality.confusion().false_positives, 10);
    }

    #[test]
    fn few_rows_and_rows_of_one_kind_have_no_marks() {
        let few = Quality::new(&[0.5; 3], &[1.0, 0.0, 1.0], 0.5);
        assert_eq!(few.auc().value, FigureValue::TooLittleData { have: 3, need: 30 });
        assert_eq!(Quality::new(&[0.5; 40], &[1.0; 40], 0.5).auc().value, FigureValue::Undefined);
    }
}
