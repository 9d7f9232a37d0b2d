//! The leading right singular vectors of a large sparse matrix, by a randomised subspace iteration.
//!
//! A random block of `rank + oversampling` columns is multiplied with `XᵀX` and made orthonormal a
//! few times, which turns it towards the leading singular vectors; the small matrix `Qᵀ XᵀX Q` then
//! gives the vectors within the block (Rayleigh and Ritz).
//! Source: Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 53(2), 2011,
//! algorithms 4.4 and 5.3. Cost: `2 nnz · l` multiply-adds an iteration and `n_cols · l²` to make the
//! block orthonormal, `l = rank + oversampling`; memory `(n_rows + 2 n_cols) · l`.
//! Every row of the start has its own stream of the seed and sums have a fixed order: the same at
//! any number of threads. A vector's sign is fixed so that its largest entry is positive.

use crate::{Csr, LearnError};
use domain::Seed;
use rayon::prelude::*;

/// How the vectors are looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LowRankParams {
    /// Vectors wanted, at least 1; fewer come back where the matrix has no more.
    pub rank: usize,
    /// Columns of the block beyond the rank: more make the last vectors better.
    pub oversampling: usize,
    /// Times that the block is multiplied, at least 1.
    pub n_iterations: usize,
}

impl Default for LowRankParams {
    fn default() -> Self {
        Self { rank: 64, oversampling: 16, n_iterations: 6 }
    }
}

/// `vectors` is `n_cols × rank` row-major: row `c` holds the entries of column `c` in all vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct LowRank {
    /// Vectors found.
    pub rank: usize,
    /// Singular values, largest first.
    pub values: Vec<f32>,
    /// Entries of the right singular vectors.
    pub vectors: Vec<f32>,
}

/// The leading right singular vectors of `by_row`, whose transpose is `by_col`.
///
/// # Errors
/// [`LearnError::Param`] for a rank or a number of iterations of 0.
pub fn low_rank(by_row: &Csr, by_col: &Csr, params: &LowRankParams, seed: Seed) -> Result<LowRank, LearnError> {
    for (name, value) in [("rank", params.rank), ("n_iterations", params.n_iterations)] {
        if value == 0 {
            return Err(LearnError::Param { name, rule: "at least 1", got: 0.0 });
        }
    }
    let n = by_row.n_cols();
    let width = (params.rank + params.oversampling).min(n);
    let start = |c: usize| {
        let mut rng = seed.stream(c as u64);
        (0..width).map(move |_| rng.normal() as f32)
    };
    let mut block: Vec<f32> = (0..n).flat_map(start).collect();
    let mut width = orthonormal(&mut block, width, 1);
    let turn = |block: &[f32], width: usize| times(by_col, &times(by_row, block, width), width);
    for iteration in 1..=params.n_iterations {
        block = turn(&block, width);
        // The second pass repairs what rounding left of the first, which matters only in the end.
        width = orthonormal(&mut block, width, if iteration == params.n_iterations { 2 } else { 1 });
    }
    let turned = turn(&block, width);
    let (squares, rotation) = symmetric_eigen(cross(&block, &turned, width), width);
    // What lies below the rounding of the largest is not a direction of the matrix.
    let floor = squares.first().map_or(0.0, |s| s * 1e-6);
    let rank = squares.iter().take(params.rank).filter(|s| **s > floor).count();
    let mut vectors = turned_by(&block, width, &rotation, rank);
    fix_signs(&mut vectors, rank);
    Ok(LowRank { rank, values: squares[..rank].iter().map(|s| s.sqrt() as f32).collect(), vectors })
}

/// A sparse matrix times a block of `width` columns, row-major.
fn times(a: &Csr, block: &[f32], width: usize) -> Vec<f32> {
    let mut out = vec![0.0_f32; a.n_rows() * width];
    let fill = |(r, out): (usize, &mut [f32])| {
        for (column, value) in a.cells(r) {
            let row = &block[column as usize * width..][..width];
            out.iter_mut().zip(row).for_each(|(o, x)| *o += value * x);
        }
    };
    out.par_chunks_mut(width.max(1)).with_min_len(64).enumerate().for_each(fill);
    out
}

/// `AᵀB` of two blocks, in `f64`. Chunks of fixed size are added up in their order.
fn cross(a: &[f32], b: &[f32], width: usize) -> Vec<f64> {
    let part = |(a, b): (&[f32], &[f32])| {
        let mut sum = vec![0.0_f64; width * width];
        for (x, y) in a.chunks_exact(width).zip(b.chunks_exact(width)) {
            for (line, &x) in sum.chunks_exact_mut(width).zip(x) {
                line.iter_mut().zip(y).for_each(|(s, &y)| *s += f64::from(x) * f64::from(y));
            }
        }
        sum
    };
    let size = 1024 * width.max(1);
    let parts: Vec<Vec<f64>> = a.par_chunks(size).zip(b.par_chunks(size)).map(part).collect();
    let mut total = vec![0.0; width * width];
    parts.iter().for_each(|part| total.iter_mut().zip(part).for_each(|(t, p)| *t += p));
    total
}

/// The first `kept` columns of a block times a square matrix.
fn turned_by(block: &[f32], width: usize, rotation: &[f64], kept: usize) -> Vec<f32> {
    if kept == 0 {
        return Vec::new();
    }
    let mut out = vec![0.0_f32; block.len() / width * kept];
    let turn = |sums: &mut Vec<f64>, (row, out): (&[f32], &mut [f32])| {
        sums.clear();
        sums.resize(kept, 0.0);
        for (x, line) in row.iter().zip(rotation.chunks_exact(width)) {
            sums.iter_mut().zip(line).for_each(|(s, r)| *s += f64::from(*x) * r);
        }
        out.iter_mut().zip(sums).for_each(|(o, s)| *o = *s as f32);
    };
    block.par_chunks(width).zip(out.par_chunks_mut(kept)).for_each_init(Vec::new, turn);
    out
}

/// Makes the columns of a block orthonormal and drops those that depend on others; gives the new
/// width. `Q = A V Λ^(−1/2)` with the eigenvectors of `AᵀA`.
fn orthonormal(block: &mut Vec<f32>, mut width: usize, n_passes: usize) -> usize {
    for _ in 0..n_passes {
        let (squares, mut rotation) = symmetric_eigen(cross(block, block, width), width);
        let floor = squares.first().map_or(0.0, |s| s * 1e-10);
        let kept = squares.iter().filter(|s| **s > floor).count();
        for line in rotation.chunks_exact_mut(width.max(1)) {
            line.iter_mut().zip(&squares).for_each(|(r, s)| *r /= s.max(f64::MIN_POSITIVE).sqrt());
        }
        *block = turned_by(block, width, &rotation, kept);
        width = kept;
    }
    width
}

/// Eigenvalues, largest first, and eigenvectors (columns of the row-major result) of a small
/// symmetric matrix, by cyclic Jacobi rotations (Golub and Van Loan, section 8.5).
pub(crate) fn symmetric_eigen(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut v = vec![0.0; n * n];
    (0..n).for_each(|i| v[i * n + i] = 1.0);
    let total: f64 = a.iter().map(|x| x * x).sum();
    for _ in 0..30 {
        let off: f64 = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i * n + j].powi(2)).sum();
        if off <= 1e-24 * total {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut v, n, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|x, y| a[y * n + y].total_cmp(&a[x * n + x]).then(x.cmp(y)));
    let values = order.iter().map(|i| a[i * n + i]).collect();
    let vectors = (0..n * n).map(|at| v[order[at % n] * n + at / n]).collect();
    (values, vectors)
}

/// One rotation that makes `a[p, q]` vanish; `v` collects them by rows. Rows are rotated as rows and
/// columns copied back from them, so that both passes run along memory.
fn rotate(a: &mut [f64], v: &mut [f64], n: usize, p: usize, q: usize) {
    let apq = a[p * n + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (1.0 + theta * theta).sqrt());
    let c = 1.0 / (1.0 + t * t).sqrt();
    let s = t * c;
    let (app, aqq) = (a[p * n + p] - t * apq, a[q * n + q] + t * apq);
    let turn = |m: &mut [f64]| {
        let (upper, lower) = m.split_at_mut(q * n);
        for (x, y) in upper[p * n..(p + 1) * n].iter_mut().zip(&mut lower[..n]) {
            (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
        }
    };
    turn(a);
    turn(v);
    (a[p * n + p], a[q * n + q], a[p * n + q], a[q * n + p]) = (app, aqq, 0.0, 0.0);
    for k in (0..n).filter(|k| *k != p && *k != q) {
        (a[k * n + p], a[k * n + q]) = (a[p * n + k], a[q * n + k]);
    }
}

fn fix_signs(vectors: &mut [f32], rank: usize) {
    for k in 0..rank {
        let entry = |c: usize| vectors[c * rank + k];
        let n = vectors.len() / rank;
        let largest = (0..n).max_by(|x, y| entry(*x).abs().total_cmp(&entry(*y).abs()).then(y.cmp(x)));
        if largest.is_some_and(|c| entry(c) < 0.0) {
            (0..n).for_each(|c| vectors[c * rank + k] *= -1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // [2 1; 1 2]: 3 with (1, 1)/√2 and 1 with (1, −1)/√2.
    fn eigenvectors_of_a_small_matrix_by_hand() {
        let (values, vectors) = symmetric_eigen(vec![2.0, 1.0, 1.0, 2.0], 2);
        assert!((values[0] - 3.0).abs() < 1e-12 && (values[1] - 1.0).abs() < 1e-12, "{values:?}");
        assert!((vectors[0] - vectors[2]).abs() < 1e-12 && (vectors[1] + vectors[3]).abs() < 1e-12, "{vectors:?}");
    }

    #[test] // diag(3, 1) has the singular values 3 and 1 with the unit vectors.
    fn a_diagonal_matrix_by_hand() {
        let x = Csr::from_rows(2, [[(0, 3.0)], [(1, 1.0)]]);
        let params = LowRankParams { rank: 2, ..LowRankParams::default() };
        let got = low_rank(&x, &x.transpose(), &params, Seed(1)).unwrap();
        assert!((got.values[0] - 3.0).abs() < 1e-5 && (got.values[1] - 1.0).abs() < 1e-5, "{got:?}");
        for (got, want) in got.vectors.iter().zip([1.0, 0.0, 0.0, 1.0]) {
            assert!((got - want).abs() < 1e-4, "{got}");
        }
    }

    #[test]
    fn a_matrix_of_rank_one_has_one_vector_and_an_empty_one_none() {
        let x = Csr::from_rows(3, vec![[(0, 1.0), (2, 1.0)]; 5]);
        let found = |x: &Csr| low_rank(x, &x.transpose(), &LowRankParams::default(), Seed(1)).unwrap();
        assert_eq!(found(&x).rank, 1);
        let none: [Vec<(u32, f32)>; 2] = [vec![], vec![]];
        assert_eq!(found(&Csr::from_rows(4, none)).rank, 0);
        let nothing: [Vec<(u32, f32)>; 0] = [];
        assert_eq!(found(&Csr::from_rows(0, nothing)).rank, 0);
        let params = LowRankParams { rank: 0, ..LowRankParams::default() };
        assert!(low_rank(&x, &x.transpose(), &params, Seed(1)).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Against the eigenvectors of the full `XᵀX`: the squared values agree, and `X` keeps its
        /// whole length in the space of all vectors.
        #[test]
        fn the_values_are_those_of_the_full_matrix(
            rows in prop::collection::vec(prop::collection::btree_map(0_u32..20, 0.2_f32..3.0, 1..6), 30..40),
            seed in any::<u64>(),
        ) {
            let x = Csr::from_rows(20, rows.iter().map(|r| r.iter().map(|(c, v)| (*c, *v))));
            let full = crate::dense::gram(&x, &x.transpose(), 0.0_f64);
            let (want, _) = symmetric_eigen(full, 20);
            let params = LowRankParams { rank: 5, oversampling: 10, n_iterations: 12 };
            let got = low_rank(&x, &x.transpose(), &params, Seed(seed)).unwrap();
            for (value, want) in got.values.iter().zip(&want) {
                prop_assert!((f64::from(value * value) - want).abs() < 2e-3 * want.max(1.0), "{} {}", value, want);
            }
            // Orthonormal: Vᵀ V = I.
            for (at, got) in cross(&got.vectors, &got.vectors, got.rank).iter().enumerate() {
                let want = f64::from(u8::from(at % (5 + 1) == 0));
                prop_assert!((got - want).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn one_thread_and_three_give_the_same_vectors() {
        let rows = (0..400).map(|r| {
            let mut rng = Seed(8).stream(r);
            (0..6).map(move |_| (rng.below(90) as u32, 1.0)).collect::<Vec<_>>()
        });
        let x = Csr::from_rows(90, rows);
        let params = LowRankParams { rank: 8, ..LowRankParams::default() };
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| low_rank(&x, &x.transpose(), &params, Seed(1)).unwrap())
        };
        assert_eq!(run(1), run(3));
    }
}
