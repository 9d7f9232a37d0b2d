//! Full matrices: all products between the columns of a sparse matrix, the inverse, and products of
//! two row-major matrices.
//!
//! [`gram`] is `Xᵀ X`. [`spd_inverse`] factorises `A = L Lᵀ`, inverts `L` and multiplies `L⁻ᵀ L⁻¹`, in
//! two buffers of `n²` numbers: the matrix itself and one more. [`rows_by_rows`], [`rows_by_columns`] and
//! [`columns_by_columns`] are `A Bᵀ`, `A B` and `Aᵀ B`.
//! Source: Golub and Van Loan, "Matrix Computations", 4th edition, Johns Hopkins 2013, sections 4.2
//! and 3.1. Cost: the inverse takes `n³` multiply-adds, of which the blocked kernels of `faer` do most;
//! the products take `Σ_rows |row|²`, and
//! those of two full matrices the product of their three sizes.
//!
//! The kernels run in the calling thread, so the result is the same at any number of threads. They
//! use the vector instructions that the machine has, so the last bits may differ between two kinds of
//! machine; this is the one place of the crate where they may.

use crate::Csr;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::traits::RealField;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// `f32` or `f64`.
pub trait Real: RealField + Copy + From<f32> + Into<f64> + std::ops::Mul<Output = Self> + std::ops::AddAssign {}

impl Real for f32 {}
impl Real for f64 {}

/// Why a matrix has no inverse by this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pivot {pivot} of {n} is not positive: the matrix is not positive definite, or not in this precision")]
pub struct NoInverse {
    /// Row of the pivot.
    pub pivot: usize,
    /// Rows of the matrix.
    pub n: usize,
}

/// `Xᵀ X + ridge · I` of a sparse matrix, `n_cols × n_cols`, whole. `by_col` is the transpose of `by_row`.
/// Rows of the result are independent of each other and spread over threads.
pub fn gram<T: Real>(by_row: &Csr, by_col: &Csr, ridge: T) -> Vec<T> {
    let n = by_row.n_cols();
    let mut all = vec![T::from(0.0); n * n];
    let fill = |(i, line): (usize, &mut [T])| {
        for (row, x) in by_col.cells(i) {
            for (column, y) in by_row.cells(row as usize) {
                line[column as usize] += T::from(x) * T::from(y);
            }
        }
        line[i] += ridge;
    };
    all.par_chunks_mut(n.max(1)).with_min_len(16).enumerate().for_each(fill);
    all
}

/// Replaces a symmetric positive definite matrix (`n × n`, only one triangle is read) by its inverse,
/// whole and exactly symmetric.
///
/// # Errors
/// [`NoInverse`] names the first pivot that is not positive.
///
/// # Panics
/// If `a` does not hold `n * n` numbers.
pub fn spd_inverse<T: Real>(a: &mut [T], n: usize) -> Result<(), NoInverse> {
    assert_eq!(a.len(), n * n, "a square matrix of {n} rows");
    // A row-major symmetric matrix is a column-major one.
    let mut whole = MatMut::from_column_major_slice_mut(a, n, n);
    let mut memory = MemBuffer::new(cholesky_in_place_scratch::<T>(n, Par::Seq, Default::default()));
    let stack = MemStack::new(&mut memory);
    cholesky_in_place(whole.as_mut(), Default::default(), Par::Seq, stack, Default::default())
        .map_err(|LltError::NonPositivePivot { index }| NoInverse { pivot: index, n })?;
    let mut below = vec![T::from(0.0); n * n];
    invert_lower_triangular(MatMut::from_column_major_slice_mut(&mut below, n, n), whole.as_ref(), Par::Seq);
    let inverse = MatRef::from_column_major_slice(&below, n, n);
    let (lower, upper) = (BlockStructure::TriangularLower, BlockStructure::TriangularUpper);
    let one = T::from(1.0);
    matmul(whole, lower, Accum::Replace, inverse.transpose(), upper, inverse, lower, one, Par::Seq);
    mirror(a, n);
    // A pivot can be a number although the matrix holds one that is not.
    let wrong = (0..n).find(|i| !Into::<f64>::into(a[i * n + i]).is_finite());
    wrong.map_or(Ok(()), |pivot| Err(NoInverse { pivot, n }))
}

/// `A Bᵀ` of `a` (`m × inner`) and `b` (`n × inner`) into `out` (`m × n`), all by rows.
///
/// # Panics
/// If a length is no multiple of `inner`, or `out` has another one.
pub fn rows_by_rows(a: &[f32], b: &[f32], inner: usize, out: &mut [f32]) {
    let (m, n) = (a.len() / inner, b.len() / inner);
    let (a, b) = (MatRef::from_row_major_slice(a, m, inner), MatRef::from_row_major_slice(b, n, inner));
    multiply(a, b.transpose(), out);
}

/// `A B` of `a` (`m × inner`) and `b` (`inner × n`) into `out` (`m × n`), all by rows.
///
/// # Panics
/// As [`rows_by_rows`].
pub fn rows_by_columns(a: &[f32], b: &[f32], inner: usize, out: &mut [f32]) {
    let (m, n) = (a.len() / inner, b.len() / inner);
    multiply(MatRef::from_row_major_slice(a, m, inner), MatRef::from_row_major_slice(b, inner, n), out);
}

/// `Aᵀ B` of `a` (`inner × m`) and `b` (`inner × n`) into `out` (`m × n`), all by rows.
///
/// # Panics
/// As [`rows_by_rows`].
pub fn columns_by_columns(a: &[f32], b: &[f32], inner: usize, out: &mut [f32]) {
    let (m, n) = (a.len() / inner, b.len() / inner);
    multiply(MatRef::from_row_major_slice(a, inner, m).transpose(), MatRef::from_row_major_slice(b, inner, n), out);
}

fn multiply(a: MatRef<'_, f32>, b: MatRef<'_, f32>, out: &mut [f32]) {
    let out = MatMut::from_row_major_slice_mut(out, a.nrows(), b.ncols());
    faer::linalg::matmul::matmul(out, Accum::Replace, a, b, 1.0, Par::Seq);
}

/// Copies the triangle that is lower by columns, so upper by rows, to the other side, in tiles that
/// fit the cache.
fn mirror<T: Copy>(a: &mut [T], n: usize) {
    const TILE: usize = 64;
    for top in (0..n).step_by(TILE) {
        for left in (0..=top).step_by(TILE) {
            for i in top..(top + TILE).min(n) {
                for j in left..(left + TILE).min(i) {
                    a[i * n + j] = a[j * n + i];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // [4 2; 2 5] has determinant 16: [5 −2; −2 4] / 16.
    fn two_by_two_by_hand() {
        let mut a = [4.0_f64, 2.0, 2.0, 5.0];
        spd_inverse(&mut a, 2).unwrap();
        for (got, want) in a.iter().zip([0.3125, -0.125, -0.125, 0.25]) {
            assert!((got - want).abs() < 1e-12, "{a:?}");
        }
    }

    #[test] // Columns (1, 0), (2, 3): products 1, 2, 13; ridge 10.
    fn products_of_columns_by_hand() {
        let x = Csr::from_rows(2, [vec![(0, 1.0), (1, 2.0)], vec![(1, 3.0)]]);
        assert_eq!(gram(&x, &x.transpose(), 10.0_f32), [11.0, 2.0, 2.0, 23.0]);
    }

    #[test] // A = [1 2; 3 4], B = [5 6; 7 8]: A B, A Bᵀ and Aᵀ B.
    fn products_of_two_matrices_by_hand() {
        let (a, b, mut out) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [0.0; 4]);
        rows_by_columns(&a, &b, 2, &mut out);
        assert_eq!(out, [19.0, 22.0, 43.0, 50.0]);
        rows_by_rows(&a, &b, 2, &mut out);
        assert_eq!(out, [17.0, 23.0, 39.0, 53.0]);
        columns_by_columns(&a, &b, 2, &mut out);
        assert_eq!(out, [26.0, 30.0, 38.0, 44.0]);
        // Three rows of one number with one row of one number: a column of three.
        let mut column = [0.0; 3];
        rows_by_rows(&[1.0, 2.0, 3.0], &[2.0], 1, &mut column);
        assert_eq!(column, [2.0, 4.0, 6.0]);
    }

    #[test]
    fn a_matrix_without_inverse_names_its_pivot() {
        assert_eq!(spd_inverse(&mut [1.0_f32, 2.0, 2.0, 1.0], 2), Err(NoInverse { pivot: 1, n: 2 }));
        assert!(spd_inverse(&mut [f32::NAN], 1).is_err());
        assert_eq!(spd_inverse::<f32>(&mut [], 0), Ok(()));
    }

    /// `Xᵀ X + 1` of 40 rows, large enough that several blocks of the kernels are used.
    fn example(n: usize) -> Vec<f64> {
        let rows = (0..40).map(|r| {
            let mut rng = domain::Seed(4).stream(r);
            (0..n as u32).map(move |c| (c, rng.normal() as f32)).collect::<Vec<_>>()
        });
        let x = Csr::from_rows(n, rows);
        gram(&x, &x.transpose(), 1.0)
    }

    #[test]
    fn a_matrix_times_its_inverse_is_one_in_both_precisions() {
        for n in [1, 63, 64, 65, 150] {
            let a = example(n);
            let mut fine = a.clone();
            spd_inverse(&mut fine, n).unwrap();
            let mut coarse: Vec<f32> = a.iter().map(|x| *x as f32).collect();
            spd_inverse(&mut coarse, n).unwrap();
            for i in 0..n {
                for j in 0..n {
                    let want = f64::from(u8::from(i == j));
                    let got: f64 = (0..n).map(|k| a[i * n + k] * fine[k * n + j]).sum();
                    assert!((got - want).abs() < 1e-9, "{n}: {i} {j} {got}");
                    assert_eq!(fine[i * n + j].to_bits(), fine[j * n + i].to_bits());
                    assert!((f64::from(coarse[i * n + j]) - fine[i * n + j]).abs() < 1e-4);
                }
            }
        }
    }

    #[test]
    fn one_thread_and_three_give_the_same_bits() {
        let run = |n_threads, n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| {
                let mut a = example(n);
                spd_inverse(&mut a, n).unwrap();
                a.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
            })
        };
        for n in [1, 65, 190] {
            assert_eq!(run(1, n), run(3, n));
        }
    }
}
