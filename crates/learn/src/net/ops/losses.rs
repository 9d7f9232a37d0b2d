//! Losses of one number a row: squared error and cross-entropy of a probability, summed over rows.

use crate::lanes::vectorised;
use crate::net::{Tape, Var, math};

vectorised! {
    /// `d = weight · (σ(x) − y)`.
    fn logistic_pull(x: &[f32], targets: &[f32], weights: &[f32], d: &mut [f32]) {
        for (((d, x), y), w) in d.iter_mut().zip(x).zip(targets).zip(weights) {
            *d = w * (math::sigmoid(*x) - y);
        }
    }
}

impl Tape<'_> {
    /// `Σ w (max(x, 0) − x y + ln(1 + e^−|x|))`: the cross-entropy of probabilities `σ(x)` and targets in
    /// 0..=1. One target and weight a row of the single column `x`; a weight of 0 leaves the row out.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn logistic_loss(&mut self, x: Var, targets: &[f32], weights: &[f32]) -> Var {
        let n = self.rows_of_column(x, targets, weights);
        let mut pull = self.buffer(n);
        logistic_pull(self.value(x), targets, weights, &mut pull);
        let cells = self.value(x).iter().zip(targets).zip(weights).map(|((x, y), w)| {
            let (x, y, w) = (f64::from(*x), f64::from(*y), f64::from(*w));
            w * (x.max(0.0) - x * y + (-x.abs()).exp().ln_1p())
        });
        let total: f64 = cells.sum();
        self.loss(total, x, pull)
    }

    /// `Σ w (x − y)² / 2`.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn squared_loss(&mut self, x: Var, targets: &[f32], weights: &[f32]) -> Var {
        let n = self.rows_of_column(x, targets, weights);
        let mut pull = self.buffer(n);
        let mut total = 0.0;
        for (((d, x), y), w) in pull.iter_mut().zip(self.nodes.value(x)).zip(targets).zip(weights) {
            *d = w * (x - y);
            total += f64::from(*d) * f64::from(x - y) / 2.0;
        }
        self.loss(total, x, pull)
    }

    fn rows_of_column(&self, x: Var, targets: &[f32], weights: &[f32]) -> usize {
        let (rows, cols) = self.shape(x);
        assert!(cols == 1 && targets.len() == rows && weights.len() == rows, "one column, a target and weight a row");
        rows
    }

    /// A sum whose derivative by `x` is known already.
    pub(super) fn loss(&mut self, total: f64, x: Var, mut pull: Vec<f32>) -> Var {
        let mut out = self.buffer(1);
        out[0] = total as f32;
        self.push(out, (1, 1), &[x], move |nodes, d| {
            if d[0] != 1.0 {
                pull.iter_mut().for_each(|p| *p *= d[0]);
            }
            nodes.add_own(x, pull);
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::net::{Mode, Pool, Tape};

    #[test] // ln 2 at logit 0, weight 3; a weight of 0 adds nothing. Squares: (2 − 1)² / 2 + 4 · (0 − 1)² / 2.
    fn losses_by_hand() {
        let (x, z) = ([0.0, 5.0], [2.0, 0.0]);
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let v = tape.leaf(&x, 2, 1);
        let loss = tape.logistic_loss(v, &[1.0, 0.0], &[3.0, 0.0]);
        assert!((tape.value(loss)[0] - 3.0 * 2.0_f32.ln()).abs() < 1e-6);
        tape.backward(loss);
        assert_eq!(tape.gradient(v), Some(vec![-1.5, 0.0]));
        let v = tape.leaf(&z, 2, 1);
        let loss = tape.squared_loss(v, &[1.0, 1.0], &[1.0, 4.0]);
        assert_eq!(tape.value(loss), [0.5 + 2.0]);
        tape.backward(loss);
        assert_eq!(tape.gradient(v), Some(vec![1.0, -4.0]));
    }
}
