//! Vectors of columns mixed with those of the columns that share rows with them: one hop on the graph.
//!
//! With `A(r, c) = w(r, c) / √(d(r) d(c))`, `d` the sums of a row or column, the mixed vectors are
//! `(1 − share) E + share · Aᵀ A E`. The operator is symmetric, so a gradient at the mixed vectors goes back
//! to `E` by the same product. Source: the graph convolution without weights and nonlinearity of He, Deng,
//! Wang, Li, Zhang and Wang, "LightGCN: simplifying and powering graph convolution network for
//! recommendation", SIGIR 2020, two of its layers, for columns alone. Cost: `2 nnz · width` multiply-adds.

use crate::Csr;
use crate::spread::{Keep, spread};

/// The graph of a matrix, normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Smoothing {
    share: f32,
    by_row: Csr,
    /// Transposed, times the share.
    by_column: Csr,
}

impl Smoothing {
    /// Of cells of weight above 0; `share` from 0 to 1 is what the neighbours add.
    pub fn new(cells: &Csr, share: f32) -> Self {
        let sums = |m: &Csr| (0..m.n_rows()).map(|r| m.row(r).1.iter().sum()).collect::<Vec<f32>>();
        let (rows, columns) = (sums(cells), sums(&cells.transpose()));
        let by_row = cells.map(|r, c, w| w / (rows[r] * columns[c as usize]).sqrt());
        let by_column = by_row.transpose().map(|_, _, v| share * v);
        Self { share, by_row, by_column }
    }

    /// The mixed vectors of `n_cols × width` ones.
    pub fn apply(&self, vectors: &[f32], width: usize) -> Vec<f32> {
        let mut of_rows = vec![0.0; self.by_row.n_rows() * width];
        spread(&self.by_row, vectors, width, Keep::New, &mut of_rows);
        let mut out: Vec<f32> = vectors.iter().map(|v| (1.0 - self.share) * v).collect();
        spread(&self.by_column, &of_rows, width, Keep::Old, &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::dot;
    use domain::Seed;

    /// Rows {0, 1} and {1}: sums of rows 2, 1 and of columns 1, 2; A = [1/√2 1/2; 0 1/√2], AᵀA = [1/2 √2/4;
    /// √2/4 3/4]. A quarter of it and three quarters of (1, 0).
    #[test]
    fn one_hop_by_hand() {
        let cells = Csr::from_rows(2, [vec![(0, 1.0), (1, 1.0)], vec![(1, 1.0)]]);
        let out = Smoothing::new(&cells, 0.25).apply(&[1.0, 0.0], 1);
        for (got, want) in out.iter().zip([0.75 + 0.25 * 0.5, 0.25 * 2_f32.sqrt() / 4.0]) {
            assert!((got - want).abs() < 1e-6, "{out:?}");
        }
    }

    #[test]
    fn it_is_symmetric_so_a_gradient_goes_back_by_it() {
        let row = |r: u64| (0..4).map(move |k| (Seed(r).stream(k).below(30) as u32, 1.0 + k as f32));
        let smoothing = Smoothing::new(&Csr::from_rows(30, (0..50).map(row)), 0.4);
        let table = |seed: u64| (0..90).map(|at| Seed(seed).stream(at).normal() as f32).collect::<Vec<f32>>();
        let (a, b) = (table(1), table(2));
        assert!((dot(&smoothing.apply(&a, 3), &b) - dot(&a, &smoothing.apply(&b, 3))).abs() < 1e-3);
    }
}
