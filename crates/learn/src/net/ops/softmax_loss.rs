//! Cross-entropy over all rows of a table: which one comes next.
//!
//! Logits, probabilities and both derivatives are made for a block of rows at a time, so that the
//! `rows × table` matrix never exists. Cost: `6 · rows · table · width` operations and an exponential a
//! logit; memory for one block of logits.

use crate::net::gemm::{Into, product, view};
use crate::net::{Tape, Var, math};

/// Logits of one block, about a second-level cache.
const BLOCK: usize = 1 << 19;

impl Tape<'_> {
    /// `Σ_r −ln softmax(x_r · tableᵀ − offsets)[target_r]` over the rows of `x`. `offsets`, one a row of the table or
    /// none at all, take out how often a row is there to be compared with (the logarithm of that).
    ///
    /// # Panics
    /// If the sizes do not fit or a target is not in the table.
    pub fn cross_entropy(&mut self, x: Var, table: Var, targets: &[u32], offsets: &[f32]) -> Var {
        let ((rows, w), (n, table_w)) = (self.shape(x), self.shape(table));
        assert!(w == table_w && targets.len() == rows, "a target a row, and rows as wide as the table's");
        assert!(offsets.is_empty() || offsets.len() == n, "an offset for each row of the table, or none");
        let block = (BLOCK / n).clamp(16, 256).min(rows.max(1));
        let mut logits = self.buffer(block * n);
        let mut dx = self.nodes.wants(x).then(|| self.nodes.pool.take(rows * w));
        let mut d_table = self.nodes.wants(table).then(|| self.nodes.pool.take(n * w));
        let mut total = 0.0_f64;
        for (b, targets) in targets.chunks(block).enumerate() {
            let (start, len) = (b * block, targets.len());
            let xs = view(&self.value(x)[start * w..], len, w);
            let items = view(self.value(table), n, w);
            product(&mut logits, n, Into::Replace, 1.0, xs, items.transpose());
            for (row, target) in logits.chunks_exact_mut(n).zip(targets) {
                if !offsets.is_empty() {
                    math::add_scaled_to(row, -1.0, offsets);
                }
                let own = row[*target as usize];
                total += f64::from(math::softmax(row) - own);
                row[*target as usize] -= 1.0;
            }
            if let Some(dx) = &mut dx {
                product(&mut dx[start * w..], w, Into::Replace, 1.0, view(&logits, len, n), items);
            }
            if let Some(d_table) = &mut d_table {
                let into = if b == 0 { Into::Replace } else { Into::Add };
                product(d_table, w, into, 1.0, view(&logits, len, n).transpose(), xs);
            }
        }
        self.nodes.pool.give(logits);
        self.two_sided(total, (x, dx), (table, d_table))
    }

    /// A sum whose derivatives by two values are known already.
    pub(super) fn two_sided(&mut self, total: f64, x: (Var, Option<Vec<f32>>), y: (Var, Option<Vec<f32>>)) -> Var {
        let mut out = self.buffer(1);
        out[0] = total as f32;
        self.push(out, (1, 1), &[x.0, y.0], move |nodes, d| {
            for (v, grad) in [x, y] {
                let Some(mut grad) = grad else { continue };
                if d[0] != 1.0 {
                    grad.iter_mut().for_each(|g| *g *= d[0]);
                }
                nodes.add_own(v, grad);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::net::{Mode, Pool, Tape};

    #[test] // Logits of (1) · (0, ln 3): loss of the second −ln ¾; pulls ¼ and −¼. Offset ln 3 makes both alike.
    fn the_next_of_two_by_hand() {
        let (x, items) = ([1.0], [0.0, 3.0_f32.ln()]);
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let (x, items) = (tape.leaf(&x, 1, 1), tape.leaf(&items, 2, 1));
        let even = tape.cross_entropy(x, items, &[1], &[0.0, 3.0_f32.ln()]);
        assert!((tape.value(even)[0] - 2.0_f32.ln()).abs() < 1e-6);
        let loss = tape.cross_entropy(x, items, &[1], &[]);
        assert!((tape.value(loss)[0] - (4.0_f32 / 3.0).ln()).abs() < 1e-6);
        tape.backward(loss);
        let pulls = tape.gradient(items).unwrap();
        assert!((pulls[0] - 0.25).abs() < 1e-6 && (pulls[1] + 0.25).abs() < 1e-6, "{pulls:?}");
    }
}
