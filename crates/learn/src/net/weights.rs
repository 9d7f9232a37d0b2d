//! What a network has learnt so far, with the moments of its optimiser.
//!
//! Dense matrices move at every step. Of a table, such as the vectors of all items, a step touches a
//! few rows: they are gathered, and they alone are moved, so that a step costs the same whatever the
//! length of the table. Moments of a row that is not touched rest.

use super::optim::Step;
use crate::LearnError;
use domain::Rng;
use rayon::prelude::*;

/// How a matrix begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// This number in every cell.
    Constant(f32),
    /// Normal with this deviation.
    Normal(f32),
    /// Uniform within `√(6 / (rows + columns))` (Glorot and Bengio, AISTATS 2010).
    Glorot,
}

/// A matrix that is learnt as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    pub(super) name: String,
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) values: Vec<f32>,
    pub(super) m: Vec<f32>,
    pub(super) v: Vec<f32>,
}

/// A matrix of which each step touches some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub(super) dense: Dense,
}

/// All that a network learns, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    pub(super) dense: Vec<Dense>,
    pub(super) tables: Vec<Table>,
    /// Whether matrices that are added hold no numbers yet.
    outlined: bool,
}

impl Dense {
    fn new(name: &str, rows: usize, cols: usize, start: Start, rng: &mut Rng) -> Self {
        let n = rows * cols;
        let bound = (6.0 / (rows + cols) as f64).sqrt();
        let values = match start {
            Start::Constant(c) => vec![c; n],
            Start::Normal(d) => (0..n).map(|_| (rng.normal() * f64::from(d)) as f32).collect(),
            Start::Glorot => (0..n).map(|_| ((2.0 * rng.uniform() - 1.0) * bound) as f32).collect(),
        };
        Self { name: name.to_owned(), rows, cols, values, m: vec![0.0; n], v: vec![0.0; n] }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Rows and columns.
    pub const fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// Row-major numbers.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    pub(super) fn apply(&mut self, step: Step, gradient: &[f32]) {
        const PART: usize = 1 << 14;
        let Self { values, m, v, .. } = self;
        let parts = values.par_chunks_mut(PART).zip(m.par_chunks_mut(PART)).zip(v.par_chunks_mut(PART));
        parts.zip(gradient.par_chunks(PART)).for_each(|(((w, m), v), g)| step.apply(w, m, v, g));
    }
}

impl Table {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.dense.name
    }

    /// Rows and columns.
    pub const fn shape(&self) -> (usize, usize) {
        self.dense.shape()
    }

    /// Row-major numbers.
    pub fn values(&self) -> &[f32] {
        &self.dense.values
    }

    /// These rows, one below the other.
    pub(super) fn gather(&self, rows: &[u32]) -> Vec<f32> {
        let n = self.dense.cols;
        rows.iter().flat_map(|r| &self.dense.values[*r as usize * n..][..n]).copied().collect()
    }

    pub(super) fn apply(&mut self, step: Step, rows: &[u32], gradient: &[f32]) {
        let n = self.dense.cols;
        for (row, g) in rows.iter().zip(gradient.chunks_exact(n)) {
            let at = *row as usize * n..(*row as usize + 1) * n;
            let Dense { values, m, v, .. } = &mut self.dense;
            step.apply(&mut values[at.clone()], &mut m[at.clone()], &mut v[at], g);
        }
    }
}

impl Weights {
    /// For matrices whose numbers are still to come by [`Self::fill`]: what a saved model is read into, so
    /// that nothing is made room for that is not there.
    pub fn outline() -> Self {
        Self { outlined: true, ..Self::default() }
    }

    /// Puts numbers into the matrices of an outline. `of` is asked for each by name and length.
    ///
    /// # Errors
    /// Whatever `of` refuses.
    ///
    /// # Panics
    /// If `of` answers with another length.
    pub fn fill<E>(mut self, mut of: impl FnMut(&str, usize) -> Result<Vec<f32>, E>) -> Result<Self, E> {
        for d in self.each_mut() {
            let need = d.rows * d.cols;
            d.values = of(&d.name, need)?;
            assert_eq!(d.values.len(), need, "{}", d.name);
        }
        self.outlined = false;
        Ok(self)
    }

    fn matrix(&self, name: &str, (rows, cols): (usize, usize), start: Start, rng: &mut Rng) -> Dense {
        if self.outlined {
            let none = Vec::new;
            return Dense { name: name.to_owned(), rows, cols, values: none(), m: none(), v: none() };
        }
        Dense::new(name, rows, cols, start, rng)
    }

    /// Adds a dense matrix; its number among them.
    pub fn dense(&mut self, name: &str, shape: (usize, usize), start: Start, rng: &mut Rng) -> usize {
        self.dense.push(self.matrix(name, shape, start, rng));
        self.dense.len() - 1
    }

    /// Adds a table; its number among them.
    pub fn table(&mut self, name: &str, shape: (usize, usize), start: Start, rng: &mut Rng) -> usize {
        self.tables.push(Table { dense: self.matrix(name, shape, start, rng) });
        self.tables.len() - 1
    }

    /// The dense matrices.
    pub fn all_dense(&self) -> &[Dense] {
        &self.dense
    }

    /// The tables.
    pub fn all_tables(&self) -> &[Table] {
        &self.tables
    }

    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        self.each().all(|d| d.values.iter().all(|v| v.is_finite()))
    }

    /// The same numbers without the optimiser's moments: a third of the memory, and nothing to train on with.
    #[must_use]
    pub fn settled(mut self) -> Self {
        for d in self.each_mut() {
            (d.m, d.v) = (Vec::new(), Vec::new());
        }
        self
    }

    /// Every matrix as name, shape and numbers, in a fixed order: what a saved model consists of.
    pub fn arrays(&self) -> impl Iterator<Item = (&str, (usize, usize), &[f32])> {
        self.each().map(|d| (d.name(), d.shape(), d.values()))
    }

    /// Replaces the numbers of a matrix.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for another length, or where there is no matrix of this name (length 0 needed).
    pub fn set(&mut self, name: &str, values: &[f32]) -> Result<(), LearnError> {
        let found = self.each_mut().find(|d| d.name == name);
        let need = found.as_ref().map_or(0, |d| d.values.len());
        match found {
            Some(d) if need == values.len() => d.values.copy_from_slice(values),
            _ => return Err(LearnError::Shape { what: "matrix to restore", got: values.len(), need }),
        }
        Ok(())
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &Dense> {
        self.dense.iter().chain(self.tables.iter().map(|t| &t.dense))
    }

    pub(super) fn each_mut(&mut self) -> impl Iterator<Item = &mut Dense> {
        self.dense.iter_mut().chain(self.tables.iter_mut().map(|t| &mut t.dense))
    }
}

#[cfg(test)]
mod tests {
    use super::super::AdamParams;
    use super::*;

    #[test]
    fn a_step_moves_the_rows_it_touches_and_no_other() {
        let mut weights = Weights::default();
        let mut rng = Rng::new(1);
        let t = weights.table("items", (3, 2), Start::Constant(1.0), &mut rng);
        let step = AdamParams { rate: 0.5, ..AdamParams::default() }.step(1, 1.0, 1.0);
        weights.tables[t].apply(step, &[2, 0], &[1.0, -1.0, 0.0, 1.0]);
        let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4);
        assert!(close(weights.all_tables()[t].values(), &[1.0, 0.5, 1.0, 1.0, 0.5, 1.5]));
        assert_eq!(weights.tables[t].gather(&[1, 1]), [1.0; 4]);
    }

    #[test]
    fn saved_arrays_make_the_same_weights() {
        let make = |start| {
            let mut weights = Weights::default();
            weights.dense("w", (2, 3), start, &mut Rng::new(1));
            weights.table("t", (4, 2), start, &mut Rng::new(2));
            weights.settled()
        };
        let (from, mut to) = (make(Start::Glorot), make(Start::Constant(0.0)));
        for (name, _, values) in from.arrays() {
            to.set(name, values).unwrap();
        }
        assert_eq!(from, to);
        assert!(to.set("w", &[1.0]).is_err() && to.set("x", &[]).is_err());
        let mut outline = Weights::outline();
        outline.dense("w", (2, 3), Start::Glorot, &mut Rng::new(1));
        outline.table("t", (4, 2), Start::Glorot, &mut Rng::new(2));
        let of = |name: &str, _| from.arrays().find(|a| a.0 == name).map(|a| a.2.to_vec()).ok_or(());
        assert_eq!(outline.fill(of), Ok(from.clone()));
    }
}
