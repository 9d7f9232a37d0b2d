//! Adding up sparse rows: one dense row of sums, and a note of which columns were touched.
//!
//! Source: Gustavson, "Two fast algorithms for sparse matrices: multiplication and permuted
//! transposition", ACM TOMS 4(3), 1978. Cost: an addition is `O(1)`; taking the row out again costs
//! what was touched, not the width of the matrix. Sums are made in the order in which they come.

use crate::Csr;
use rayon::prelude::*;
use std::cmp::Ordering;

/// Working memory for rows of one width, used again and again by one thread.
#[derive(Clone, Debug)]
pub struct Accumulator {
    sums: Vec<f32>,
    seen: Vec<bool>,
    touched: Vec<u32>,
}

impl Accumulator {
    /// For rows of `n_cols` columns.
    pub fn new(n_cols: usize) -> Self {
        Self { sums: vec![0.0; n_cols], seen: vec![false; n_cols], touched: Vec::new() }
    }

    /// Adds to one column.
    ///
    /// # Panics
    /// If there is no such column.
    #[inline]
    pub fn add(&mut self, column: u32, value: f32) {
        let at = column as usize;
        if !self.seen[at] {
            self.seen[at] = true;
            self.touched.push(column);
        }
        self.sums[at] += value;
    }

    /// Adds `factor` times a sparse row.
    ///
    /// # Panics
    /// If a column is outside the width.
    #[inline]
    pub fn add_row(&mut self, factor: f32, (columns, values): (&[u32], &[f32])) {
        for (&column, &value) in columns.iter().zip(values) {
            self.add(column, factor * value);
        }
    }

    /// Takes the row out, columns ascending, and leaves nothing behind.
    pub fn take(&mut self) -> Vec<(u32, f32)> {
        // A row that is nearly full is quicker to walk than to sort.
        if self.touched.len() * 8 > self.sums.len() {
            self.touched.clear();
            self.touched.extend((0..self.sums.len() as u32).filter(|c| self.seen[*c as usize]));
        } else {
            self.touched.sort_unstable();
        }
        let (sums, seen) = (&mut self.sums, &mut self.seen);
        let cell = |column: u32| {
            seen[column as usize] = false;
            (column, std::mem::take(&mut sums[column as usize]))
        };
        self.touched.drain(..).map(cell).collect()
    }
}

/// Keeps the `k` cells of largest absolute value, ties to the lower column, columns ascending.
pub fn keep_largest(cells: &mut Vec<(u32, f32)>, k: usize) {
    let better = |a: &(u32, f32), b: &(u32, f32)| -> Ordering { b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)) };
    if cells.len() > k {
        cells.select_nth_unstable_by(k, better);
        cells.truncate(k);
        cells.shrink_to_fit(); // many rows wait for each other, each with the room of the whole
    }
    cells.sort_unstable_by_key(|cell| cell.0);
}

/// The product of two sparse matrices, rows spread over threads. `cut` may drop or change cells of
/// a finished row, given with its number.
///
/// # Panics
/// If the columns of `a` are not the rows of `b`.
pub fn product(a: &Csr, b: &Csr, cut: impl Fn(usize, &mut Vec<(u32, f32)>) + Sync) -> Csr {
    assert_eq!(a.n_cols(), b.n_rows(), "columns of the left matrix and rows of the right one");
    let row = |sums: &mut Accumulator, r: usize| {
        for (middle, value) in a.cells(r) {
            sums.add_row(value, b.row(middle as usize));
        }
        let mut cells = sums.take();
        cut(r, &mut cells);
        cells
    };
    let rows: Vec<Vec<(u32, f32)>> =
        (0..a.n_rows()).into_par_iter().map_init(|| Accumulator::new(b.n_cols()), row).collect();
    Csr::from_rows(b.n_cols(), rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // (1 2) · (0 3; 4 0) = (8 3)
    fn a_row_times_a_matrix_by_hand() {
        let a = Csr::from_rows(2, [[(0, 1.0), (1, 2.0)]]);
        let b = Csr::from_rows(2, [[(1, 3.0)], [(0, 4.0)]]);
        assert_eq!(product(&a, &b, |_, _| ()).row(0), (&[0, 1][..], &[8.0, 3.0][..]));
    }

    #[test] // Nearly full rows are walked, sparse ones sorted: both ways, twice.
    fn a_row_that_was_taken_leaves_nothing_behind() {
        for n_cols in [4, 400] {
            let mut sums = Accumulator::new(n_cols);
            for _ in 0..2 {
                sums.add_row(2.0, (&[3, 1], &[0.5, 1.0]));
                sums.add(3, 1.0);
                assert_eq!(sums.take(), [(1, 2.0), (3, 2.0)]);
            }
            assert_eq!(sums.take(), []);
        }
    }

    #[test]
    fn the_largest_stay_and_ties_go_to_the_lower_column() {
        let mut cells = vec![(7, 1.0), (2, -3.0), (4, 1.0), (9, 0.5)];
        keep_largest(&mut cells, 2);
        assert_eq!(cells, [(2, -3.0), (4, 1.0)]);
    }

    proptest! {
        #[test]
        fn the_product_is_the_one_of_the_full_matrices(
            a in prop::collection::vec(prop::collection::vec((0_u32..12, -3_i8..4), 0..5), 1..6),
            b in prop::collection::vec(prop::collection::vec((0_u32..40, -3_i8..4), 0..5), 12),
        ) {
            // Whole numbers, so that sums are exact in any order.
            let csr = |n, rows: &Vec<Vec<(u32, i8)>>| {
                Csr::from_rows(n, rows.iter().map(|r| r.iter().map(|c| (c.0, f32::from(c.1)))))
            };
            let (a, b) = (csr(12, &a), csr(40, &b));
            let full = |m: &Csr, r: usize| {
                let mut row = vec![0.0_f32; m.n_cols()];
                m.cells(r).for_each(|(c, v)| row[c as usize] = v);
                row
            };
            let got = product(&a, &b, |_, _| ());
            for r in 0..a.n_rows() {
                let left = full(&a, r);
                let want: Vec<f32> = (0..40).map(|c| (0..12).map(|m| left[m] * full(&b, m)[c]).sum()).collect();
                prop_assert_eq!(full(&got, r), want);
            }
        }
    }
}
