//! Cross-entropy over a few drawn rows of a table, corrected for how they were drawn.
//!
//! Every row of `x` is compared with its own positive and with negatives that all rows share. From each
//! logit the logarithm of how often its row is expected to be drawn is taken, so that rows that are drawn
//! often are not pushed down for it. A negative that is the row's positive counts nothing. Source: Bengio and
//! Senécal, "Adaptive importance sampling", IEEE Trans. Neural Networks 19(4), 2008; Jean et al., ACL 2015;
//! Yi et al., RecSys 2019. Cost: `6 · rows · negatives · width` operations whatever the size of the table.

use crate::net::gemm::{Into, product, view};
use crate::net::{Tape, Var, math};

/// What rows are compared with; ids are rows of the table given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Targets<'a> {
    /// The positive of each row.
    pub positives: &'a [u32],
    /// The logarithm of how often each positive is expected among the negatives.
    pub log_expected: &'a [f32],
    /// Negatives that all rows share.
    pub negatives: &'a [u32],
    /// The logarithm of how often each is expected.
    pub negative_log_expected: &'a [f32],
}

/// Rows whose logits are made together.
const BLOCK: usize = 128;

impl Tape<'_> {
    /// `Σ_r −ln p_r`, `p_r` the softmax of the positive's corrected logit among those of the negatives.
    ///
    /// # Panics
    /// If the sizes do not fit or an id is not in the table.
    pub fn sampled_cross_entropy(&mut self, x: Var, table: Var, targets: Targets<'_>) -> Var {
        let ((rows, w), (n, table_w)) = (self.shape(x), self.shape(table));
        let k = targets.negatives.len();
        assert!(w == table_w && targets.positives.len() == rows, "a positive a row, and rows as wide as the table's");
        assert!(targets.log_expected.len() == rows && targets.negative_log_expected.len() == k, "a logarithm for each");
        let mut negatives = self.buffer(k * w);
        for (target, id) in negatives.chunks_exact_mut(w).zip(targets.negatives) {
            target.copy_from_slice(&self.value(table)[*id as usize * w..][..w]);
        }
        // Column 0 is the row's own positive.
        let wide = k + 1;
        let mut logits = self.buffer(BLOCK.min(rows) * wide);
        let wanted = self.nodes.wants(x) || self.nodes.wants(table);
        let (mut dx, mut d_table) = (self.buffer(rows * w), self.nodes.pool.zeros(n * w));
        let mut d_negatives = self.buffer(k * w);
        // Who has which negative as a positive.
        let mut by_id: Vec<(u32, u32)> = targets.negatives.iter().copied().zip(0..).collect();
        by_id.sort_unstable();
        let mut total = 0.0_f64;
        for (b, positives) in targets.positives.chunks(BLOCK).enumerate() {
            let (start, len) = (b * BLOCK, positives.len());
            let xs = &self.value(x)[start * w..(start + len) * w];
            product(&mut logits[1..], wide, Into::Replace, 1.0, view(xs, len, w), view(&negatives, k, w).transpose());
            for (r, (row, positive)) in logits.chunks_exact_mut(wide).zip(positives).enumerate() {
                let own = &self.value(table)[*positive as usize * w..][..w];
                row[0] = math::inner(&xs[r * w..][..w], own) - targets.log_expected[start + r];
                math::add_scaled_to(&mut row[1..], -1.0, targets.negative_log_expected);
                let from = by_id.partition_point(|(id, _)| id < positive);
                for (_, at) in by_id[from..].iter().take_while(|(id, _)| id == positive) {
                    row[1 + *at as usize] = -1e30;
                }
                let logit = row[0];
                total += f64::from(math::softmax(row) - logit);
                row[0] -= 1.0;
            }
            if !wanted {
                continue;
            }
            let pulls = crate::net::gemm::block(&logits[1..], len, k, wide);
            product(&mut dx[start * w..], w, Into::Replace, 1.0, pulls, view(&negatives, k, w));
            let into = if b == 0 { Into::Replace } else { Into::Add };
            product(&mut d_negatives, w, into, 1.0, pulls.transpose(), view(xs, len, w));
            for (r, positive) in positives.iter().enumerate() {
                let (pull, id) = (logits[r * wide], *positive as usize * w);
                math::add_scaled_to(&mut dx[(start + r) * w..][..w], pull, &self.value(table)[id..id + w]);
                math::add_scaled_to(&mut d_table[id..id + w], pull, &xs[r * w..][..w]);
            }
        }
        if rows > 0 && wanted {
            for (d, id) in d_negatives.chunks_exact(w).zip(targets.negatives) {
                math::add_to(&mut d_table[*id as usize * w..][..w], d);
            }
        }
        for buffer in [logits, negatives, d_negatives] {
            self.nodes.pool.give(buffer);
        }
        self.two_sided(total, (x, Some(dx)), (table, Some(d_table)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Mode, Pool};

    #[test] // x = 1, table (0, ln 2, ln 4): positive 0 against 1 and 2, expected 1, 2, 4 times: 1 : 1 : 1.
    fn drawing_often_is_no_reason_to_be_pushed_down() {
        let (x, table) = ([1.0], [0.0, 2.0_f32.ln(), 4.0_f32.ln()]);
        let ln = |v: f32| v.ln();
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let (x, table) = (tape.leaf(&x, 1, 1), tape.leaf(&table, 3, 1));
        let targets = Targets {
            positives: &[0],
            log_expected: &[0.0],
            negatives: &[1, 2],
            negative_log_expected: &[ln(2.0), ln(4.0)],
        };
        let loss = tape.sampled_cross_entropy(x, table, targets);
        assert!((tape.value(loss)[0] - 3.0_f32.ln()).abs() < 1e-6);
        tape.backward(loss);
        let pulls = tape.gradient(table).unwrap();
        assert!((pulls[0] + 2.0 / 3.0).abs() < 1e-6 && (pulls[1] - 1.0 / 3.0).abs() < 1e-6, "{pulls:?}");
    }

    #[test] // The positive among the negatives is left out: only item 1 is left to compare with.
    fn a_positive_is_not_its_own_negative() {
        let (x, table) = ([1.0], [0.0, 0.0]);
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let (x, table) = (tape.leaf(&x, 1, 1), tape.leaf(&table, 2, 1));
        let targets =
            Targets { positives: &[0], log_expected: &[0.0], negatives: &[0, 1, 0], negative_log_expected: &[0.0; 3] };
        let loss = tape.sampled_cross_entropy(x, table, targets);
        assert!((tape.value(loss)[0] - 2.0_f32.ln()).abs() < 1e-6);
    }
}
