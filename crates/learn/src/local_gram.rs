//! Products between a few columns of a sparse matrix: the normal equations of a regression of one
//! column on chosen others, without the matrix of all products.
//!
//! For a target column `j` and chosen columns `S`: `A = X_Sᵀ X_S` and `b = X_Sᵀ x_j`. Only rows that
//! have one of the columns are looked at, each once.
//! Cost: the cells of those rows, plus for each row the square of what it shares with `S`; memory
//! `|S|²`, whatever the size of the matrix.

use crate::Csr;

const NONE: u32 = u32::MAX;

/// Working memory of one thread, and after [`LocalGram::build`] the equations.
#[derive(Clone, Debug)]
pub struct LocalGram {
    /// For each column its place in the selection, or [`NONE`]. The target's place is `|S|`.
    place: Vec<u32>,
    row_seen: Vec<bool>,
    rows: Vec<u32>,
    shared: Vec<(usize, f32)>,
    gram: Vec<f32>,
    rhs: Vec<f32>,
}

impl LocalGram {
    /// For a matrix of this shape.
    pub fn new(n_rows: usize, n_cols: usize) -> Self {
        Self {
            place: vec![NONE; n_cols],
            row_seen: vec![false; n_rows],
            rows: Vec::new(),
            shared: Vec::new(),
            gram: Vec::new(),
            rhs: Vec::new(),
        }
    }

    /// The equations of `target` on `chosen` (distinct, without the target): the matrix, `|S| × |S|`
    /// row-major and whole, and the right-hand side. `by_col` is the transpose of `by_row`.
    ///
    /// # Panics
    /// If a column is outside the shape given to [`Self::new`].
    pub fn build(&mut self, by_row: &Csr, by_col: &Csr, target: u32, chosen: &[u32]) -> (&mut [f32], &mut [f32]) {
        let n = chosen.len();
        for (at, &column) in chosen.iter().enumerate() {
            self.place[column as usize] = at as u32;
            for &row in by_col.row(column as usize).0 {
                if !std::mem::replace(&mut self.row_seen[row as usize], true) {
                    self.rows.push(row);
                }
            }
        }
        self.place[target as usize] = n as u32;
        self.rows.sort_unstable(); // the order of the sums is the one of the matrix
        self.gram.clear();
        self.gram.resize(n * n, 0.0);
        self.rhs.clear();
        self.rhs.resize(n, 0.0);
        for row in self.rows.drain(..) {
            self.row_seen[row as usize] = false;
            self.shared.clear();
            let mut wanted = 0.0;
            for (column, value) in by_row.cells(row as usize) {
                match self.place[column as usize] {
                    NONE => {}
                    at if at as usize == n => wanted = value,
                    at => self.shared.push((at as usize, value)),
                }
            }
            for &(a, x) in &self.shared {
                let line = &mut self.gram[a * n..(a + 1) * n];
                self.shared.iter().for_each(|&(b, y)| line[b] += x * y);
                self.rhs[a] += x * wanted;
            }
        }
        chosen.iter().chain([&target]).for_each(|c| self.place[*c as usize] = NONE);
        (&mut self.gram, &mut self.rhs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whole numbers, so that the full products are exact. Built twice with one memory: nothing
        /// may be left from the first time.
        #[test]
        fn the_equations_are_those_of_the_full_matrix(
            rows in prop::collection::vec(prop::collection::btree_map(0_u32..6, 1_i8..4, 0..6), 1..8),
            keep in prop::collection::vec(any::<bool>(), 6),
        ) {
            let by_row = Csr::from_rows(6, rows.iter().map(|r| r.iter().map(|(c, v)| (*c, f32::from(*v)))));
            let by_col = by_row.transpose();
            let dot = |a: u32, b: u32| -> f32 {
                rows.iter().map(|r| f32::from(r.get(&a).map_or(0, |x| x * r.get(&b).copied().unwrap_or(0)))).sum()
            };
            let mut memory = LocalGram::new(by_row.n_rows(), 6);
            for target in [0, 3] {
                let chosen: Vec<u32> = (0..6).filter(|c| *c != target && keep[*c as usize]).collect();
                let (gram, rhs) = memory.build(&by_row, &by_col, target, &chosen);
                for (a, &x) in chosen.iter().enumerate() {
                    prop_assert_eq!(rhs[a], dot(x, target));
                    for (b, &y) in chosen.iter().enumerate() {
                        prop_assert_eq!(gram[a * chosen.len() + b], dot(x, y));
                    }
                }
            }
        }
    }
}
