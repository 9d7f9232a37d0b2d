//! A linear boundary between two kinds of sparse rows: the L2-regularised squared hinge loss, by coordinate
//! descent on its dual.
//!
//! Minimises `½ ‖w‖² + C Σ_i max(0, 1 − y_i (w · x_i + b))²` with `b` a weight like any other. In the dual each row
//! has one number `α_i ≥ 0`; a step solves for one of them exactly,
//! `α_i ← max(0, α_i − g / q)` with `g = y_i (w · x_i + b) − 1 + α_i / 2C` and `q = ‖x_i‖² + 1 + 1 / 2C`,
//! and keeps `w = Σ α_i y_i x_i` up to date. Rows are visited in an order
//! that the seed draws anew for each pass, until no step would have been longer than the tolerance.
//! Source: Hsieh, Chang, Lin, Keerthi & Sundararajan, "A dual coordinate descent method for large-scale linear SVM",
//! ICML 2008.
//! Cost: a pass is linear in the values that are not 0; one thread, so the same bytes everywhere.

use crate::LearnError;
use domain::Seed;

/// Sparse rows whose values are a number of the column times a number of the row.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SparseRows {
    /// Where each row begins in `columns`, and where the last one ends: one more than rows.
    pub starts: Vec<usize>,
    /// Columns that are not 0, row by row.
    pub columns: Vec<u32>,
    /// What a row's values are multiplied by.
    pub lengths: Vec<f32>,
    /// Columns.
    pub n_columns: usize,
}

impl SparseRows {
    /// Rows.
    pub fn n_rows(&self) -> usize {
        self.lengths.len()
    }

    fn row(&self, row: usize) -> (&[u32], f32) {
        (&self.columns[self.starts[row]..self.starts[row + 1]], self.lengths[row])
    }
}

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SparseSvmParams {
    /// What a row on the wrong side costs, `C`, above 0.
    pub cost: f32,
    /// What a row of the first kind costs more, above 0.
    pub positive: f32,
    /// Passes at most, at least 1.
    pub n_epochs: usize,
    /// Longest step that is still taken for none, above 0.
    pub tolerance: f32,
}

impl Default for SparseSvmParams {
    fn default() -> Self {
        Self { cost: 1.0, positive: 1.0, n_epochs: 100, tolerance: 0.02 }
    }
}

impl SparseSvmParams {
    /// Whether the parameters are in their ranges.
    ///
    /// # Errors
    /// [`LearnError::Param`] names the first that is not.
    pub fn check(&self) -> Result<(), LearnError> {
        for (name, got) in [("cost", self.cost), ("positive", self.positive), ("tolerance", self.tolerance)] {
            if !(got > 0.0 && got.is_finite()) {
                return Err(LearnError::Param { name, rule: "above 0", got: f64::from(got) });
            }
        }
        if self.n_epochs == 0 {
            return Err(LearnError::Param { name: "n_epochs", rule: "at least 1", got: 0.0 });
        }
        Ok(())
    }

    /// Weights of the columns and the bias; `scales[j]` is the number of column `j`, `is_first[i]` whether row `i`
    /// is of the first kind.
    ///
    /// # Errors
    /// As [`Self::check`]; [`LearnError::Shape`] for lengths that differ.
    pub fn fit(
        &self,
        rows: &SparseRows,
        scales: &[f32],
        is_first: &[bool],
        seed: Seed,
    ) -> Result<(Vec<f32>, f32), LearnError> {
        self.check()?;
        if scales.len() != rows.n_columns {
            return Err(LearnError::Shape { what: "scales", got: scales.len(), need: rows.n_columns });
        }
        if is_first.len() != rows.n_rows() {
            return Err(LearnError::Shape { what: "is_first", got: is_first.len(), need: rows.n_rows() });
        }
        let squares: Vec<f32> = (0..rows.n_rows())
            .map(|i| {
                let (columns, length) = rows.row(i);
                columns.iter().map(|&j| scales[j as usize] * scales[j as usize]).sum::<f32>() * length * length
            })
            .collect();
        let (mut weights, mut bias) = (vec![0.0_f32; rows.n_columns], 0.0_f32);
        let mut alphas = vec![0.0_f32; rows.n_rows()];
        let mut order: Vec<u32> = (0..rows.n_rows() as u32).collect();
        let mut rng = seed.stream(0);
        for _ in 0..self.n_epochs {
            rng.shuffle(&mut order);
            let mut longest = 0.0_f32;
            for &i in &order {
                let i = i as usize;
                let (columns, length) = rows.row(i);
                let y = if is_first[i] { 1.0 } else { -1.0 };
                let soft = 0.5 / (self.cost * if is_first[i] { self.positive } else { 1.0 });
                let sum: f32 = columns.iter().map(|&j| weights[j as usize] * scales[j as usize]).sum();
                let gradient = y * (sum * length + bias) - 1.0 + soft * alphas[i];
                let wanted = (alphas[i] - gradient / (squares[i] + 1.0 + soft)).max(0.0);
                let moved = wanted - alphas[i];
                if moved == 0.0 {
                    continue;
                }
                longest = longest.max((moved * (squares[i] + 1.0 + soft)).abs());
                alphas[i] = wanted;
                let by = moved * y;
                bias += by;
                let by = by * length;
                columns.iter().for_each(|&j| weights[j as usize] += by * scales[j as usize]);
            }
            if longest < self.tolerance {
                break;
            }
        }
        Ok((weights, bias))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> SparseRows {
        SparseRows { starts: vec![0, 1, 2], columns: vec![0, 1], lengths: vec![1.0, 1.0], n_columns: 2 }
    }

    /// By symmetry `w = (a, −a)`, `b = 0`, both rows lie at `a`: `a² + 2 C (1 − a)²` is least at
    /// `a = 2C / (1 + 2C)`; with `C = 2`, 4/5.
    #[test]
    fn two_rows_are_solved_by_hand() {
        let params = SparseSvmParams { cost: 2.0, tolerance: 1e-6, n_epochs: 1000, ..SparseSvmParams::default() };
        let (w, b) = params.fit(&two(), &[1.0, 1.0], &[true, false], Seed(1)).unwrap();
        assert!((w[0] - 0.8).abs() < 1e-4 && (w[1] + 0.8).abs() < 1e-4 && b.abs() < 1e-4, "{w:?} {b}");
    }

    #[test] // A dearer first kind pulls the boundary towards the second.
    fn a_dearer_kind_moves_the_boundary() {
        let params = SparseSvmParams { positive: 4.0, tolerance: 1e-6, n_epochs: 1000, ..SparseSvmParams::default() };
        let (_, b) = params.fit(&two(), &[1.0, 1.0], &[true, false], Seed(1)).unwrap();
        assert!(b > 0.01, "{b}");
    }

    #[test] // At the least value no single weight can be moved with profit.
    fn the_answer_is_a_minimum() {
        let mut rng = Seed(5).stream(0);
        let (mut rows, mut kinds) = (SparseRows { n_columns: 6, starts: vec![0], ..SparseRows::default() }, Vec::new());
        for _ in 0..40 {
            let columns: Vec<u32> = (0..6).filter(|_| rng.uniform() < 0.5).collect();
            kinds.push(columns.contains(&0) != (rng.uniform() < 0.2));
            rows.columns.extend(&columns);
            rows.starts.push(rows.columns.len());
            rows.lengths.push(1.0);
        }
        let scales = [1.0, 0.5, 2.0, 1.0, 1.0, 1.5];
        let params = SparseSvmParams { tolerance: 1e-6, n_epochs: 5000, ..SparseSvmParams::default() };
        let (w, b) = params.fit(&rows, &scales, &kinds, Seed(2)).unwrap();
        let loss = |w: &[f32], b: f32| {
            let hinge = |i: usize| {
                let sum: f32 = rows.row(i).0.iter().map(|&j| w[j as usize] * scales[j as usize]).sum();
                let y = if kinds[i] { 1.0 } else { -1.0 };
                f64::from((1.0 - y * (sum + b)).max(0.0)).powi(2)
            };
            let norm: f64 = w.iter().chain([&b]).map(|v| f64::from(*v).powi(2)).sum();
            0.5 * norm + (0..40).map(hinge).sum::<f64>()
        };
        let best = loss(&w, b);
        for j in 0..6 {
            for by in [-0.02_f32, 0.02] {
                let mut moved = w.clone();
                moved[j] += by;
                assert!(loss(&moved, b) > best - 1e-6, "column {j} by {by}");
            }
        }
        assert!(loss(&w, b + 0.02) > best && loss(&w, b - 0.02) > best);
    }

    #[test]
    fn wrong_input_is_refused() {
        let params = SparseSvmParams { cost: 0.0, ..SparseSvmParams::default() };
        assert!(matches!(params.fit(&two(), &[1.0; 2], &[true, false], Seed(1)), Err(LearnError::Param { .. })));
        let params = SparseSvmParams::default();
        assert!(matches!(params.fit(&two(), &[1.0], &[true, false], Seed(1)), Err(LearnError::Shape { .. })));
        assert!(matches!(params.fit(&two(), &[1.0; 2], &[true], Seed(1)), Err(LearnError::Shape { .. })));
    }
}
