//! A sparse matrix times a dense one: each row of the result is a weighted sum of dense rows.
//!
//! One step of spreading values over a graph, and with the transposed matrix its gradient. The dense
//! columns are taken in stripes, so that the stripe of all dense rows stays in the second cache while
//! the sparse rows pass by.
//! Cost: `nnz · width` multiply-adds. Every row of the result is summed in the order of its own cells, four
//! at a time: the same bits at any number of threads and on every machine.

use crate::Csr;
use crate::lanes::{add_scaled, add_scaled4, vectorised};
use rayon::prelude::*;

/// Rows of the result that a thread takes at a time.
const ROWS: usize = 64;
/// Dense columns in a stripe.
const STRIPE: usize = 128;

/// `out = m · x`, or with [`Keep::Old`] `out += m · x`, of `m` (`n_rows × n_cols`) and `x` (`n_cols × width` by
/// rows); `out` is `n_rows × width`.
///
/// # Panics
/// If a length does not fit.
pub fn spread(m: &Csr, x: &[f32], width: usize, keep: Keep, out: &mut [f32]) {
    assert_eq!((x.len(), out.len()), (m.n_cols() * width, m.n_rows() * width), "dense rows of {width} numbers");
    if width == 0 {
        return;
    }
    out.par_chunks_mut(ROWS * width).enumerate().for_each(|(chunk, rows)| {
        if keep == Keep::New {
            rows.fill(0.0);
        }
        for from in (0..width).step_by(STRIPE) {
            let to = (from + STRIPE).min(width);
            for (r, row) in rows.chunks_exact_mut(width).enumerate() {
                add_rows(m.row(chunk * ROWS + r), x, width, from, &mut row[from..to]);
            }
        }
    });
}

/// What becomes of the numbers that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// They are replaced.
    New,
    /// They are added to.
    Old,
}

vectorised! {
    /// Adds the part from `from` on of some dense rows.
    fn add_rows(cells: (&[u32], &[f32]), x: &[f32], width: usize, from: usize, out: &mut [f32]) {
        let n = out.len();
        let part = |column: u32| &x[column as usize * width + from..][..n];
        let ((four, rest), (factors, rest_factors)) = (cells.0.as_chunks::<4>(), cells.1.as_chunks::<4>());
        for (&[a, b, c, d], factors) in four.iter().zip(factors) {
            let sources = [part(a), part(b), part(c), part(d)];
            add_scaled4(out, *factors, sources);
        }
        for (column, factor) in rest.iter().zip(rest_factors) {
            let source = part(*column);
            add_scaled(out, *factor, source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // Row 0: 2·(1, 2) + 1·(5, 6) = (7, 10); row 1 empty; then added to itself.
    fn rows_are_weighted_sums_by_hand() {
        let m = Csr::from_rows(3, [vec![(0, 2.0), (2, 1.0)], vec![]]);
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut out = [9.0; 4];
        spread(&m, &x, 2, Keep::New, &mut out);
        assert_eq!(out, [7.0, 10.0, 0.0, 0.0]);
        spread(&m, &x, 2, Keep::Old, &mut out);
        assert_eq!(out, [14.0, 20.0, 0.0, 0.0]);
        spread(&m, &[], 0, Keep::New, &mut []);
    }

    proptest! {
        /// Small whole numbers have exact sums.
        #[test]
        fn it_is_the_product_at_any_width_and_number_of_threads(
            rows in prop::collection::vec(prop::collection::btree_map(0_u32..9, -3_i8..4, 0..9), 1..150),
            width in 1_usize..300,
        ) {
            let m = Csr::from_rows(9, rows.iter().map(|r| r.iter().map(|(c, v)| (*c, f32::from(*v)))));
            let x: Vec<f32> = (0..9 * width).map(|at| (at % 7) as f32 - 3.0).collect();
            let run = |n_threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                let mut out = vec![1.0; rows.len() * width];
                pool.install(|| spread(&m, &x, width, Keep::New, &mut out));
                out
            };
            let out = run(1);
            prop_assert_eq!(&out, &run(2));
            for (r, row) in out.chunks(width).enumerate() {
                for (k, got) in row.iter().enumerate() {
                    let want: f32 = m.cells(r).map(|(c, v)| v * x[c as usize * width + k]).sum();
                    prop_assert_eq!(*got, want);
                }
            }
        }
    }
}
