//! Several targets from sparse rows at once: ridge regression in its dual form.
//!
//! With rows `X` (`n × f`) and targets `Y` (`n × m`) the weights of the rows are `A = (X Xᵀ + λ I)⁻¹ (Y − ȳ)`, and a new row `x`
//! is answered `ȳ + (X x)ᵀ A`. One inverse serves all targets, so many rare labels cost little; a target may be any
//! number, also what another model says.
//!
//! Source: Saunders, Gammerman and Vovk, "Ridge regression learning algorithm in dual variables", ICML 1998.
//! Cost: learning `n³ + n² m`, an answer the cells of the row's columns plus `n m`; memory `n²` while learning, `n m` after.

use crate::container::{ContainerError, Reader, Writer};
use crate::dense::{gram, rows_by_columns, spd_inverse};
use crate::{Csr, LearnError};
use rayon::prelude::*;

/// How it is learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelRidgeParams {
    /// `λ`, above 0, for rows of length 1.
    pub ridge: f32,
}

impl Default for KernelRidgeParams {
    fn default() -> Self {
        Self { ridge: 0.5 }
    }
}

/// A fitted regression.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelRidge {
    by_column: Csr,
    n_targets: usize,
    weights: Vec<f32>,
    mean: Vec<f32>,
}

impl KernelRidgeParams {
    /// Learns `n_targets` numbers a row, `targets` row-major.
    ///
    /// # Errors
    /// [`LearnError`] for a ridge not above 0, no rows or targets, another number of targets than rows ask for, and a
    /// target that is not finite.
    pub fn fit(&self, rows: &Csr, targets: &[f32], n_targets: usize) -> Result<KernelRidge, LearnError> {
        if !(self.ridge > 0.0 && self.ridge.is_finite()) {
            return Err(LearnError::Param { name: "ridge", rule: "above 0", got: f64::from(self.ridge) });
        }
        let n = rows.n_rows();
        if n == 0 || n_targets == 0 {
            return Err(LearnError::TooLittleData { what: "rows with targets", have: 0, need: 1 });
        }
        if targets.len() != n * n_targets {
            return Err(LearnError::Shape { what: "targets", got: targets.len(), need: n * n_targets });
        }
        if let Some(at) = targets.iter().position(|y| !y.is_finite()) {
            let (row, column) = (at / n_targets, at % n_targets);
            return Err(LearnError::NotFinite { row, column, value: f64::from(targets[at]) });
        }
        let by_column = rows.transpose();
        let mut inverse = gram(&by_column, rows, self.ridge);
        let fail =
            |_| LearnError::Param { name: "ridge", rule: "larger for rows so alike", got: f64::from(self.ridge) };
        spd_inverse(&mut inverse, n).map_err(fail)?;
        let mut sums = vec![0.0_f64; n_targets];
        for line in targets.chunks_exact(n_targets) {
            sums.iter_mut().zip(line).for_each(|(s, y)| *s += f64::from(*y));
        }
        let mean: Vec<f32> = sums.into_iter().map(|s| (s / n as f64) as f32).collect();
        let centred: Vec<f32> =
            targets.chunks_exact(n_targets).flat_map(|line| line.iter().zip(&mean).map(|(y, m)| y - m)).collect();
        let mut weights = vec![0.0; n * n_targets];
        rows_by_columns(&inverse, &centred, n, &mut weights);
        Ok(KernelRidge { by_column, n_targets, weights, mean })
    }
}

impl KernelRidge {
    /// Targets of an answer.
    pub fn n_targets(&self) -> usize {
        self.n_targets
    }

    /// The answers for new rows, row-major. Columns that were not learnt from are passed over.
    pub fn answer(&self, rows: &Csr) -> Vec<f32> {
        let n = self.by_column.n_cols();
        let mut out = vec![0.0_f32; rows.n_rows() * self.n_targets];
        let fill = |overlap: &mut Vec<f32>, (row, out): (usize, &mut [f32])| {
            overlap.clear();
            overlap.resize(n, 0.0);
            for (column, value) in rows.cells(row).filter(|(c, _)| (*c as usize) < self.by_column.n_rows()) {
                self.by_column.cells(column as usize).for_each(|(other, x)| overlap[other as usize] += value * x);
            }
            out.copy_from_slice(&self.mean);
            for (k, line) in overlap.iter().zip(self.weights.chunks_exact(self.n_targets)).filter(|(k, _)| **k != 0.0) {
                out.iter_mut().zip(line).for_each(|(o, w)| *o += k * w);
            }
        };
        out.par_chunks_mut(self.n_targets).enumerate().for_each_init(Vec::new, fill);
        out
    }

    /// Writes what [`Self::load`] reads.
    pub fn save(&self, to: &mut Writer) {
        to.csr("ridge rows", &self.by_column);
        to.f32s("ridge weights", &self.weights);
        to.f32s("ridge mean", &self.mean);
    }

    /// Reads a regression.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are not there or do not fit together.
    pub fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let by_column = from.csr("ridge rows")?;
        let (weights, mean) = (from.f32s("ridge weights")?, from.f32s("ridge mean")?);
        let n_targets = mean.len();
        if n_targets == 0 || weights.len() != by_column.n_cols() * n_targets {
            return Err(ContainerError::content("ridge weights", "one number a row and target"));
        }
        Ok(Self { by_column, n_targets, weights, mean })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unit rows that do not overlap, `λ = 1`: `A = (y − ȳ) / 2`, so an old row is answered half way to its target.
    #[test]
    fn two_rows_by_hand() {
        let x = Csr::from_rows(2, [[(0, 1.0)], [(1, 1.0)]]);
        let model = KernelRidgeParams { ridge: 1.0 }.fit(&x, &[1.0, 10.0, 3.0, 20.0], 2).unwrap();
        let asked = Csr::from_rows(3, [vec![(0, 1.0)], vec![(1, 1.0)], vec![(2, 1.0)]]);
        assert_eq!(model.answer(&asked), [1.5, 12.5, 2.5, 17.5, 2.0, 15.0]);
    }

    #[test]
    fn a_saved_regression_answers_alike_and_wrong_input_is_refused() {
        let x = Csr::from_rows(3, [vec![(0, 1.0)], vec![(1, 0.6), (2, 0.8)]]);
        let params = KernelRidgeParams::default();
        let model = params.fit(&x, &[0.0, 1.0], 1).unwrap();
        let mut to = Writer::default();
        model.save(&mut to);
        let bytes = to.finish("ridge", 7);
        assert_eq!(KernelRidge::load(&Reader::open(&bytes).unwrap()).unwrap(), model);
        assert!(matches!(params.fit(&x, &[0.0], 1), Err(LearnError::Shape { .. })));
        assert!(matches!(params.fit(&x, &[0.0, f32::NAN], 1), Err(LearnError::NotFinite { row: 1, .. })));
        assert!(matches!(KernelRidgeParams { ridge: -1.0 }.fit(&x, &[0.0, 1.0], 1), Err(LearnError::Param { .. })));
    }
}
