//! Logistic regression: `p = 1 / (1 + exp(−(b + w · z)))`, with an L2 penalty on the coefficients.
//!
//! Minimises `½ ‖w‖² + C Σ_i s_i ln(1 + exp(−t_i (b + w · z_i)))` with `t = ±1`, weights `s` and an
//! intercept that is not penalised. The problem is convex, so there is one answer; Newton's method
//! (iteratively reweighted least squares) with step halving finds it in a handful of passes:
//! `H = Zᵀ diag(s p (1 − p)) Z + I / C`. Rows are standardised inside, see [`Columns`].
//!
//! Sources: Cox, "The regression analysis of binary sequences", JRSS B 20(2), 1958; Hoerl & Kennard, "Ridge
//! regression", Technometrics 12(1), 1970; le Cessie & van Houwelingen, "Ridge estimators in logistic
//! regression", Applied Statistics 41(1), 1992.
//! Cost: `O(n_rows · n_columns²)` a pass. One thread, `f64`, sums in row order: the same model everywhere.

use super::columns::Columns;
use crate::LearnError;
use crate::trees::Samples;

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogisticParams {
    /// What the loss of a row weighs against the penalty, `C`, above 0.
    pub cost: f64,
    /// Passes at most, at least 1.
    pub n_epochs: usize,
    /// Largest slope of the mean loss at which one stops, above 0.
    pub tolerance: f64,
}

impl Default for LogisticParams {
    fn default() -> Self {
        Self { cost: 1.0, n_epochs: 100, tolerance: 1e-9 }
    }
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    columns: Columns,
    coefficients: Vec<f64>,
    intercept: f64,
}

impl LogisticParams {
    /// Learns from labels in [0, 1].
    ///
    /// # Errors
    /// [`LearnError::Param`] for a parameter or label outside its range; as [`Columns::fit`].
    pub fn fit(&self, train: Samples<'_>) -> Result<Logistic, LearnError> {
        for (name, got) in [("cost", self.cost), ("tolerance", self.tolerance)] {
            if !(got > 0.0 && got.is_finite()) {
                return Err(LearnError::Param { name, rule: "above 0", got });
            }
        }
        if self.n_epochs == 0 {
            return Err(LearnError::Param { name: "n_epochs", rule: "at least 1", got: 0.0 });
        }
        check_labels(&train)?;
        let columns = Columns::fit(&train)?;
        let problem = Problem {
            z: columns.table(train.features()),
            width: columns.n_ready(),
            labels: train.labels().iter().map(|y| f64::from(*y)).collect(),
            weights: (0..train.n_rows()).map(|row| f64::from(train.weight(row))).collect(),
            penalty: 1.0 / self.cost,
        };
        let mut beta = problem.minimise(self.n_epochs, self.tolerance);
        let intercept = beta.pop().unwrap_or(0.0);
        Ok(Logistic { columns, coefficients: beta, intercept })
    }
}

/// Labels are 0, 1 or a share between.
pub(super) fn check_labels(train: &Samples<'_>) -> Result<(), LearnError> {
    match train.labels().iter().find(|label| !(0.0..=1.0).contains(*label)) {
        Some(wrong) => Err(LearnError::Param { name: "label", rule: "0 to 1", got: f64::from(*wrong) }),
        None => Ok(()),
    }
}

/// Rows made ready; the intercept is the last coefficient.
struct Problem {
    z: Vec<f64>,
    width: usize,
    labels: Vec<f64>,
    weights: Vec<f64>,
    penalty: f64,
}

impl Problem {
    fn minimise(&self, n_epochs: usize, tolerance: f64) -> Vec<f64> {
        let n = self.width + 1;
        let total: f64 = self.weights.iter().sum();
        let mut beta = vec![0.0; n];
        let (mut loss, mut gradient, mut hessian) = self.look(&beta);
        for _ in 0..n_epochs {
            let steepest = gradient.iter().fold(0.0_f64, |worst, g| worst.max(g.abs()));
            if steepest <= tolerance * total {
                break;
            }
            let mut step = gradient.clone();
            if !solve(&mut hessian, n, &mut step) {
                break; // numerically flat: nothing more can be learnt
            }
            // Newton's step may overshoot far from the minimum; half of it, and so on, does not.
            let mut found = None;
            for halvings in 0..40 {
                let scale = 0.5_f64.powi(halvings);
                let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b - scale * s).collect();
                let seen = self.look(&next);
                if seen.0 < loss {
                    found = Some((next, seen));
                    break;
                }
            }
            let Some((next, seen)) = found else { break };
            beta = next;
            (loss, gradient, hessian) = seen;
        }
        beta
    }

    /// Penalised loss, its gradient and the upper triangle of its curvature.
    fn look(&self, beta: &[f64]) -> (f64, Vec<f64>, Vec<f64>) {
        let (width, n) = (self.width, self.width + 1);
        let (w, b) = beta.split_at(width);
        let mut loss = 0.5 * self.penalty * w.iter().map(|w| w * w).sum::<f64>();
        let mut gradient: Vec<f64> = w.iter().map(|w| self.penalty * w).chain([0.0]).collect();
        let mut hessian = vec![0.0; n * n];
        (0..width).for_each(|i| hessian[i * n + i] = self.penalty);
        for ((row, y), s) in rows(&self.z, width).zip(&self.labels).zip(&self.weights) {
            let score = b[0] + w.iter().zip(row).map(|(w, z)| w * z).sum::<f64>();
            let p = sigmoid(score);
            // ln(1 + e^score) − y · score, without overflow.
            loss += s * (score.max(0.0) + (-score.abs()).exp().ln_1p() - y * score);
            let (g, h) = (s * (p - y), s * p * (1.0 - p));
            for (i, zi) in row.iter().enumerate() {
                gradient[i] += g * zi;
                let target = &mut hessian[i * n + i..(i + 1) * n];
                let hz = h * zi;
                for (t, zj) in target.iter_mut().zip(&row[i..]) {
                    *t += hz * zj;
                }
                target[width - i] += hz;
            }
            gradient[width] += g;
            hessian[n * n - 1] += h;
        }
        (loss, gradient, hessian)
    }
}

/// Slope and shift of `sigmoid(slope · score + shift)` by maximum likelihood, for targets in [0, 1]. A penalty too
/// small to be seen keeps separable scores finite.
pub(super) fn minimise_line(scores: &[f64], targets: &[f64]) -> (f64, f64) {
    let problem = Problem {
        z: scores.to_vec(),
        width: 1,
        labels: targets.to_vec(),
        weights: vec![1.0; scores.len()],
        penalty: 1e-8,
    };
    let line = problem.minimise(100, 1e-10);
    (line[0], line[1])
}

/// Rows of a table that may have no columns at all.
fn rows(z: &[f64], width: usize) -> Box<dyn Iterator<Item = &[f64]> + '_> {
    if width == 0 { Box::new(std::iter::repeat(&[][..])) } else { Box::new(z.chunks_exact(width)) }
}

/// `1 / (1 + e^−score)`.
pub fn sigmoid(score: f64) -> f64 {
    if score >= 0.0 {
        1.0 / (1.0 + (-score).exp())
    } else {
        let e = score.exp();
        e / (1.0 + e)
    }
}

/// The score whose [`sigmoid`] is `p`, held within about ±34.
pub fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-15, 1.0 - 1e-15);
    (p / (1.0 - p)).ln()
}

/// Solves `A x = b` in place by Cholesky; `a` holds the upper triangle of `n × n`. False where a pivot is
/// not positive.
fn solve(a: &mut [f64], n: usize, b: &mut [f64]) -> bool {
    for k in 0..n {
        let pivot = a[k * n + k];
        if !(pivot > 0.0 && pivot.is_finite()) {
            return false;
        }
        let scale = 1.0 / pivot.sqrt();
        a[k * n + k..(k + 1) * n].iter_mut().for_each(|x| *x *= scale);
        for i in k + 1..n {
            let factor = a[k * n + i];
            for j in i..n {
                a[i * n + j] -= factor * a[k * n + j];
            }
        }
    }
    for k in 0..n {
        b[k] /= a[k * n + k];
        for j in k + 1..n {
            b[j] -= a[k * n + j] * b[k];
        }
    }
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| a[k * n + j] * b[j]).sum();
        b[k] = (b[k] - known) / a[k * n + k];
    }
    true
}

impl Logistic {
    /// One coefficient a standardised column: the raw ones, then the flags of missing values.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The log-odds of the mean row.
    pub const fn intercept(&self) -> f64 {
        self.intercept
    }

    /// How rows are made ready.
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The log-odds of a row.
    ///
    /// # Panics
    /// If the row has fewer columns than the training table.
    pub fn score(&self, row: &[f32]) -> f64 {
        let z = self.columns.ready(row);
        self.intercept + self.coefficients.iter().zip(&z).map(|(w, z)| w * z).sum::<f64>()
    }

    /// What each raw column adds to the log-odds against the mean row: coefficient × standardised value.
    ///
    /// # Panics
    /// As [`Self::score`].
    pub fn parts(&self, row: &[f32]) -> Vec<f64> {
        let z = self.columns.ready(row);
        self.columns.raw_parts(self.coefficients.iter().zip(&z).map(|(w, z)| w * z))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trees::Features;
    use domain::Seed;

    // z = ±1, each side with 3 rows, 2 of 3 labels on its side. By symmetry b = 0, and at the minimum
    // w + C · 6 · (p − 2/3) = 0 with p = sigmoid(w).
    #[test]
    fn one_column_satisfies_its_equation() {
        let table = Features::new(vec![-1.0, -1.0, -1.0, 1.0, 1.0, 1.0], 1).unwrap();
        let labels = [0.0, 0.0, 1.0, 1.0, 1.0, 0.0];
        let model = LogisticParams::default().fit(Samples::new(&table, &labels).unwrap()).unwrap();
        let w = model.coefficients()[0];
        assert!(model.intercept().abs() < 1e-9);
        assert!((w + 6.0 * (sigmoid(w) - 2.0 / 3.0)).abs() < 1e-8, "{w}");
        assert!((model.parts(&[1.0])[0] + model.intercept() - model.score(&[1.0])).abs() < 1e-12);
    }

    #[test] // Weight 2 is the row twice.
    fn a_weight_is_a_repeat() {
        let once = Features::new(vec![0.0, 1.0, 2.0, 5.0], 1).unwrap();
        let labels = [0.0, 1.0, 0.0, 1.0];
        let weighted = Samples::new(&once, &labels).unwrap().weighted(&[1.0, 2.0, 1.0, 1.0]).unwrap();
        let twice = Features::new(vec![0.0, 1.0, 1.0, 2.0, 5.0], 1).unwrap();
        let a = LogisticParams::default().fit(weighted).unwrap();
        let b = LogisticParams::default().fit(Samples::new(&twice, &[0.0, 1.0, 1.0, 0.0, 1.0]).unwrap()).unwrap();
        assert!((a.score(&[3.0]) - b.score(&[3.0])).abs() < 1e-8);
    }

    /// Planted truth: 20,000 rows with log-odds −1 + 0.8 x; the standard error of the slope is about 0.02.
    #[test]
    fn the_truth_is_found_again() {
        let mut rng = Seed(3).stream(0);
        let x: Vec<f32> = (0..20_000).map(|_| rng.normal() as f32).collect();
        let y: Vec<f32> =
            x.iter().map(|x| f32::from(u8::from(rng.uniform() < sigmoid(-1.0 + 0.8 * f64::from(*x))))).collect();
        let table = Features::new(x, 1).unwrap();
        let model = LogisticParams::default().fit(Samples::new(&table, &y).unwrap()).unwrap();
        let slope = model.score(&[1.0]) - model.score(&[0.0]);
        assert!((slope - 0.8).abs() < 0.08 && (model.score(&[0.0]) + 1.0).abs() < 0.08, "{slope}");
    }

    #[test]
    fn separable_and_constant_tables_still_have_an_answer() {
        let table = Features::new(vec![0.0, 3.0, 1.0, 3.0], 2).unwrap();
        let model = LogisticParams { cost: 1e6, ..LogisticParams::default() };
        let model = model.fit(Samples::new(&table, &[0.0, 1.0]).unwrap()).unwrap();
        assert!(model.score(&[1.0, 3.0]) > 5.0 && model.coefficients()[1] == 0.0);
        let all_ones = LogisticParams::default().fit(Samples::new(&table, &[1.0, 1.0]).unwrap()).unwrap();
        assert!(all_ones.score(&[0.0, 3.0]) > 10.0 && all_ones.score(&[0.0, 3.0]).is_finite());
        assert!(LogisticParams::default().fit(Samples::new(&table, &[0.0, 2.0]).unwrap()).is_err());
        assert!(
            LogisticParams { cost: 0.0, ..LogisticParams::default() }
                .fit(Samples::new(&table, &[0.0, 1.0]).unwrap())
                .is_err()
        );
    }
}
