//! A sparse matrix by rows (CSR): for each row the columns with a value, ascending, each once.
//!
//! Source: the layout is the one of Saad, "Iterative Methods for Sparse Linear Systems", SIAM 2003, section 3.4.
//! Cost: building sorts each row, `O(nnz log(row))`; a transpose is two passes.

/// Sparse `n_rows × n_cols` matrix of `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct Csr {
    n_cols: usize,
    offsets: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl Csr {
    /// From rows of (column, value) in any order. Values of the same column within a row are added
    /// up, in ascending order of the value, so that the input's order does not reach the sum.
    ///
    /// # Panics
    /// If a column is not below `n_cols`.
    pub fn from_rows<R>(n_cols: usize, rows: impl IntoIterator<Item = R>) -> Self
    where
        R: IntoIterator<Item = (u32, f32)>,
    {
        let (mut offsets, mut columns, mut values) = (vec![0], Vec::new(), Vec::<f32>::new());
        let mut cells: Vec<(u32, f32)> = Vec::new();
        for row in rows {
            cells.clear();
            cells.extend(row);
            cells.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let start = columns.len();
            for &(column, value) in &cells {
                assert!((column as usize) < n_cols, "column {column} is outside 0..{n_cols}");
                match values.last_mut() {
                    Some(last) if columns.len() > start && columns.last() == Some(&column) => *last += value,
                    _ => {
                        columns.push(column);
                        values.push(value);
                    }
                }
            }
            offsets.push(columns.len());
        }
        Self { n_cols, offsets, columns, values }
    }

    /// From the arrays themselves: row `r` is `offsets[r]..offsets[r + 1]` of `columns` and `values`. `None`
    /// where they are no matrix: offsets that do not ascend from 0 to the number of cells, columns that do
    /// not ascend within a row or reach `n_cols`.
    pub fn from_parts(n_cols: usize, offsets: Vec<usize>, columns: Vec<u32>, values: Vec<f32>) -> Option<Self> {
        let ascend = offsets.windows(2).all(|w| w[0] <= w[1]);
        let fit =
            offsets.first() == Some(&0) && offsets.last() == Some(&columns.len()) && columns.len() == values.len();
        let row = |w: &[usize]| {
            let row = &columns[w[0]..w[1]];
            row.windows(2).all(|c| c[0] < c[1]) && row.last().is_none_or(|last| (*last as usize) < n_cols)
        };
        let fine = ascend && fit && offsets.windows(2).all(row);
        fine.then_some(Self { n_cols, offsets, columns, values })
    }

    /// Offsets, columns and values, as [`Self::from_parts`] takes them.
    pub fn parts(&self) -> (&[usize], &[u32], &[f32]) {
        (&self.offsets, &self.columns, &self.values)
    }

    /// Rows of the matrix.
    pub const fn n_rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Columns of the matrix.
    pub const fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Stored cells.
    pub const fn nnz(&self) -> usize {
        self.columns.len()
    }

    /// Columns and values of a row, columns ascending.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = self.offsets[row]..self.offsets[row + 1];
        (&self.columns[range.clone()], &self.values[range])
    }

    /// The cells of a row as pairs.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn cells(&self, row: usize) -> impl ExactSizeIterator<Item = (u32, f32)> + Clone + '_ {
        let (columns, values) = self.row(row);
        columns.iter().copied().zip(values.iter().copied())
    }

    /// Rows become columns.
    #[must_use]
    pub fn transpose(&self) -> Self {
        let mut offsets = vec![0; self.n_cols + 1];
        for &column in &self.columns {
            offsets[column as usize + 1] += 1;
        }
        for c in 0..self.n_cols {
            offsets[c + 1] += offsets[c];
        }
        let mut next = offsets.clone();
        let (mut columns, mut values) = (vec![0; self.nnz()], vec![0.0; self.nnz()]);
        for row in 0..self.n_rows() {
            for (column, value) in self.cells(row) {
                let at = &mut next[column as usize];
                columns[*at] = row as u32;
                values[*at] = value;
                *at += 1;
            }
        }
        Self { n_cols: self.n_rows(), offsets, columns, values }
    }

    /// The same cells with each value replaced by `value(row, column, old)`.
    #[must_use]
    pub fn map(&self, mut value: impl FnMut(usize, u32, f32) -> f32) -> Self {
        let mut out = self.clone();
        for row in 0..self.n_rows() {
            for at in self.offsets[row]..self.offsets[row + 1] {
                out.values[at] = value(row, self.columns[at], self.values[at]);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_of_one_column_are_added_and_columns_ascend() {
        let m = Csr::from_rows(3, [vec![(2, 1.0), (0, 4.0), (2, 0.5)], vec![], vec![(2, 7.0)]]);
        assert_eq!(m.row(0), (&[0, 2][..], &[4.0, 1.5][..]));
        assert_eq!((m.n_rows(), m.nnz(), m.row(1).0.len()), (3, 3, 0));
        assert_eq!(m.row(2).1, [7.0]);
    }

    #[test]
    fn a_cell_is_found_under_its_column_after_transposing() {
        let m = Csr::from_rows(3, [vec![(0, 4.0), (2, 1.5)], vec![(2, 7.0)]]).transpose();
        assert_eq!((m.n_rows(), m.n_cols()), (3, 2));
        assert_eq!(m.row(2), (&[0, 1][..], &[1.5, 7.0][..]));
        assert_eq!(m.map(|row, _, v| v * row as f32).row(2).1, [3.0, 14.0]);
    }

    #[test]
    fn arrays_that_are_no_matrix_are_refused() {
        let of = |n_cols, offsets: &[usize], columns: &[u32]| {
            Csr::from_parts(n_cols, offsets.to_vec(), columns.to_vec(), vec![1.0; columns.len()])
        };
        let m = Csr::from_rows(3, [vec![(0, 4.0), (2, 1.5)], vec![(2, 7.0)]]);
        let (offsets, columns, values) = m.parts();
        assert_eq!(Csr::from_parts(3, offsets.to_vec(), columns.to_vec(), values.to_vec()), Some(m.clone()));
        assert!(of(3, &[0], &[]).is_some());
        let wrong: [(&[usize], &[u32]); 6] =
            [(&[], &[]), (&[0, 1], &[]), (&[1, 1], &[0]), (&[0, 2, 1], &[0]), (&[0, 2], &[1, 1]), (&[0, 1], &[3])];
        assert!(wrong.iter().all(|(offsets, columns)| of(3, offsets, columns).is_none()));
        assert_eq!(Csr::from_parts(3, vec![0, 1], vec![0], vec![]), None);
    }

    proptest! {
        #[test]
        fn transposing_twice_changes_nothing(rows in prop::collection::vec(prop::collection::vec((0_u32..6, 0.0_f32..9.0), 0..9), 0..7)) {
            let m = Csr::from_rows(6, rows);
            prop_assert_eq!(m.transpose().transpose(), m);
        }
    }
}
