//! How good are probabilities? Marks of predictions `p` against labels 0 and 1.
//!
//! | mark | formula | best |
//! |---|---|---|
//! | [`auc`] | chance that a one ranks above a zero, ties half | 1 |
//! | [`average_precision`] | `Σ_k (recall_k − recall_{k−1}) · precision_k` over distinct thresholds | 1 |
//! | [`log_loss`] | `−mean(y ln p + (1 − y) ln(1 − p))` | 0 |
//! | [`brier`] | `mean((p − y)²)` | 0 |
//! | [`calibration_error`] | `Σ_b n_b / n · abs(mean p_b − mean y_b)` over bins of equal width | 0 |
//!
//! AUC and average precision only ask for the order; the other three ask whether 0.3 means three in
//! ten. A mark that is not defined (no ones, no zeros, no rows) is `None`.
//!
//! Sources: Hanley & McNeil, "The meaning and use of the area under a ROC curve", Radiology 143(1), 1982;
//! Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78(1),
//! 1950; Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
//! AAAI 2015; Matthews, "Comparison of the predicted and observed secondary structure of T4 phage
//! lysozyme", BBA 405(2), 1975. Cost: one sort.

/// A label counts as a one above this.
const ONE: f32 = 0.5;

/// Probabilities are held this far from 0 and 1 before their logarithm is taken.
const CLIP: f64 = 1e-15;

/// Rows in the order of their predictions, ties together: the number of ones and of rows.
fn tied_groups(p: &[f64], y: &[f32]) -> Vec<(f64, f64)> {
    let mut order: Vec<usize> = (0..p.len().min(y.len())).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let ones = |tied: &[usize]| tied.iter().filter(|&&i| y[i] > ONE).count() as f64;
    order.chunk_by(|&a, &b| p[a] == p[b]).map(|tied| (ones(tied), tied.len() as f64)).collect()
}

/// Area under the ROC curve; `None` unless there are both ones and zeros.
pub fn auc(p: &[f64], y: &[f32]) -> Option<f64> {
    let (mut below, mut sum, mut ones) = (0.0, 0.0, 0.0);
    for (positive, n) in tied_groups(p, y) {
        let negative = n - positive;
        sum += positive * (below + negative / 2.0);
        below += negative;
        ones += positive;
    }
    (below * ones > 0.0).then(|| sum / (below * ones))
}

/// Average precision; `None` without a one.
pub fn average_precision(p: &[f64], y: &[f32]) -> Option<f64> {
    let (mut seen, mut hits, mut sum) = (0.0, 0.0, 0.0);
    for (positive, n) in tied_groups(p, y).into_iter().rev() {
        seen += n;
        hits += positive;
        sum += positive * hits / seen;
    }
    (hits > 0.0).then(|| sum / hits)
}

/// What one prediction costs: `−ln` of the probability given to what happened.
pub fn log_loss_of(p: f64, y: f32) -> f64 {
    let p = p.clamp(CLIP, 1.0 - CLIP);
    -(f64::from(y) * p.ln() + (1.0 - f64::from(y)) * (1.0 - p).ln())
}

/// Mean logarithmic loss; `None` without a row.
pub fn log_loss(p: &[f64], y: &[f32]) -> Option<f64> {
    mean(p, y, log_loss_of)
}

/// Mean squared error of the probabilities; `None` without a row.
pub fn brier(p: &[f64], y: &[f32]) -> Option<f64> {
    mean(p, y, |p, y| (p - f64::from(y)) * (p - f64::from(y)))
}

fn mean(p: &[f64], y: &[f32], of: impl Fn(f64, f32) -> f64) -> Option<f64> {
    let n = p.len().min(y.len());
    (n > 0).then(|| p.iter().zip(y).map(|(p, y)| of(*p, *y)).sum::<f64>() / n as f64)
}

/// Right and wrong answers when everything above a threshold is called a one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Ones that were called so.
    pub true_positives: u64,
    /// Zeros that were called ones.
    pub false_positives: u64,
    /// Zeros that were called so.
    pub true_negatives: u64,
    /// Ones that were called zeros.
    pub false_negatives: u64,
}

impl Confusion {
    /// Counts; a prediction that equals the threshold is called a zero.
    pub fn above(threshold: f64, p: &[f64], y: &[f32]) -> Self {
        let mut counts = Self::default();
        for (p, y) in p.iter().zip(y) {
            *match (*p > threshold, *y > ONE) {
                (true, true) => &mut counts.true_positives,
                (true, false) => &mut counts.false_positives,
                (false, false) => &mut counts.true_negatives,
                (false, true) => &mut counts.false_negatives,
            } += 1;
        }
        counts
    }

    /// Share of right answers; `None` without a row.
    pub fn accuracy(&self) -> Option<f64> {
        let right = self.true_positives + self.true_negatives;
        ratio(right, right + self.false_positives + self.false_negatives)
    }

    /// Share of ones among what was called so; `None` when nothing was.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Share of the ones that were found; `None` without a one.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// Harmonic mean of precision and recall; `None` when there is neither a one nor a call.
    pub fn f1(&self) -> Option<f64> {
        ratio(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)
    }

    /// Matthews' correlation of answer and truth in [−1, 1]; `None` when either is always the same.
    pub fn mcc(&self) -> Option<f64> {
        let [tp, fp, tn, fn_] =
            [self.true_positives, self.false_positives, self.true_negatives, self.false_negatives].map(|n| n as f64);
        let scale = ((tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_)).sqrt();
        (scale > 0.0).then(|| (tp * tn - fp * fn_) / scale)
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// One point of a calibration plot: what was promised and what came, in one bin of probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// Where the bin begins (inclusive).
    pub low: f64,
    /// Where it ends (exclusive, but for the last).
    pub high: f64,
    /// Rows in it.
    pub n: u64,
    /// Ones among them.
    pub n_ones: u64,
    /// Mean prediction; the middle of the bin where it is empty.
    pub mean_predicted: f64,
}

impl ReliabilityBin {
    /// Share of ones; `None` in an empty bin.
    pub fn observed(&self) -> Option<f64> {
        ratio(self.n_ones, self.n)
    }
}

/// Bins of equal width over [0, 1], empty ones included; at least one.
pub fn reliability(p: &[f64], y: &[f32], n_bins: usize) -> Vec<ReliabilityBin> {
    let n_bins = n_bins.max(1);
    let mut sums = vec![(0_u64, 0_u64, 0.0_f64); n_bins];
    for (p, y) in p.iter().zip(y) {
        // A negative or missing number goes to the first bin: `as` saturates.
        let at = ((p * n_bins as f64) as usize).min(n_bins - 1);
        sums[at].0 += 1;
        sums[at].1 += u64::from(*y > ONE);
        sums[at].2 += p;
    }
    let width = 1.0 / n_bins as f64;
    let bin = |(b, (n, n_ones, sum)): (usize, (u64, u64, f64))| {
        let (low, high) = (b as f64 * width, (b + 1) as f64 * width);
        let mean_predicted = if n > 0 { sum / n as f64 } else { (low + high) / 2.0 };
        ReliabilityBin { low, high, n, n_ones, mean_predicted }
    };
    sums.into_iter().enumerate().map(bin).collect()
}

/// Expected calibration error: the gap between promise and outcome, weighted by rows. `None` without a row.
pub fn calibration_error(bins: &[ReliabilityBin]) -> Option<f64> {
    let n: u64 = bins.iter().map(|bin| bin.n).sum();
    let gap = |bin: &ReliabilityBin| Some(bin.n as f64 * (bin.mean_predicted - bin.observed()?).abs());
    (n > 0).then(|| bins.iter().filter_map(gap).sum::<f64>() / n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const P: [f64; 5] = [0.9, 0.6, 0.6, 0.5, 0.1];
    const Y: [f32; 5] = [1.0, 1.0, 0.0, 0.0, 1.0];

    // Pairs of a one and a zero: 0.9 beats both (2), 0.6 ties one and beats the other (1.5), 0.1 loses both: 3.5 of 6.
    // Average precision: at 0.9 1/1, at 0.6 2/3, at 0.1 3/5; each adds a third of the recall.
    #[test]
    fn orders_by_hand() {
        assert!((auc(&P, &Y).unwrap() - 3.5 / 6.0).abs() < 1e-15);
        assert!((average_precision(&P, &Y).unwrap() - (1.0 + 2.0 / 3.0 + 0.6) / 3.0).abs() < 1e-15);
        assert_eq!((auc(&[0.5], &[1.0]), average_precision(&[0.5], &[0.0]), brier(&[], &[])), (None, None, None));
    }

    // Brier: (0.01 + 0.16 + 0.36 + 0.25 + 0.81) / 5. Log loss: −(ln .9 + ln .6 + ln .4 + ln .5 + ln .1) / 5.
    #[test]
    fn probabilities_by_hand() {
        assert!((brier(&P, &Y).unwrap() - 1.59 / 5.0).abs() < 1e-12);
        let product: f64 = 0.9 * 0.6 * 0.4 * 0.5 * 0.1;
        assert!((log_loss(&P, &Y).unwrap() + product.ln() / 5.0).abs() < 1e-12);
        assert!(log_loss(&[0.0], &[1.0]).unwrap() > 34.0);
    }

    // Above 0.5: 0.9 (one), 0.6 (one), 0.6 (zero); 0.5 and 0.1 are called zeros. TP 2, FP 1, TN 1, FN 1.
    // MCC = (2·1 − 1·1) / sqrt(3 · 3 · 2 · 2) = 1/6.
    #[test]
    fn calls_by_hand() {
        let c = Confusion::above(0.5, &P, &Y);
        assert_eq!((c.true_positives, c.false_positives, c.true_negatives, c.false_negatives), (2, 1, 1, 1));
        assert_eq!((c.accuracy(), c.precision(), c.recall()), (Some(0.6), Some(2.0 / 3.0), Some(2.0 / 3.0)));
        assert!((c.f1().unwrap() - 2.0 / 3.0).abs() < 1e-15 && (c.mcc().unwrap() - 1.0 / 6.0).abs() < 1e-15);
        assert_eq!(Confusion::above(1.0, &P, &[0.0; 5]).f1(), None);
        assert_eq!(Confusion::above(1.0, &P, &Y).mcc(), None);
    }

    // Two bins: 0.1 alone (promised 0.1, came 1) and four above (promised 0.65, came 0.5):
    // 1/5 · 0.9 + 4/5 · 0.15 = 0.3. The value 1 belongs to the last bin.
    #[test]
    fn calibration_by_hand() {
        let bins = reliability(&P, &Y, 2);
        assert_eq!((bins[0].n, bins[1].n, bins[1].n_ones), (1, 4, 2));
        assert!((calibration_error(&bins).unwrap() - 0.3).abs() < 1e-12);
        assert_eq!(reliability(&[1.0, 0.0], &[1.0, 0.0], 10).iter().map(|b| b.n).collect::<Vec<_>>()[9], 1);
        assert_eq!(calibration_error(&reliability(&[], &[], 10)), None);
    }

    proptest! {
        #[test]
        fn turning_predictions_and_labels_over_keeps_the_area(
            rows in prop::collection::vec((0_u8..20, any::<bool>()), 2..60),
        ) {
            let p: Vec<f64> = rows.iter().map(|r| f64::from(r.0) / 20.0).collect();
            let y: Vec<f32> = rows.iter().map(|r| f32::from(u8::from(r.1))).collect();
            let (q, z): (Vec<f64>, Vec<f32>) = p.iter().zip(&y).map(|(p, y)| (1.0 - p, 1.0 - y)).unzip();
            prop_assert_eq!(auc(&p, &y).is_some(), auc(&q, &z).is_some());
            if let (Some(a), Some(b)) = (auc(&p, &y), auc(&q, &z)) {
                prop_assert!((a - b).abs() < 1e-12 && (0.0..=1.0).contains(&a));
            }
            let bins = reliability(&p, &y, 7);
            prop_assert_eq!(bins.iter().map(|b| b.n as usize).sum::<usize>(), rows.len());
        }
    }
}
