//! One side of implicit alternating least squares: every row solved with the other side held.
//!
//! Row `s` minimises `Σ_i c(s,i) (p(s,i) − x · y_i)² + reg ‖x‖²` over *all* columns `i`, with `p` 1 and
//! `c = 1 + alpha w` where there is a cell of weight `w`, else `p` 0 and `c` 1. That is the system
//! `(G + Σ d_i y_i y_iᵀ) x = Σ (1 + d_i) y_i` with `G = Yᵀ Y + reg I`, `d = alpha w`, sums over the row's
//! cells. Three ways to solve it:
//!
//! - [`RowSolver::Exact`] builds the matrix and factorises it: `O(n f² / 2 + f³ / 6)` a row of `n` cells.
//! - [`RowSolver::ConjugateGradient`] changes the coordinates once a side such that `G` is the identity
//!   (`z = U⁻ᵀ y`, `G = Uᵀ U`) and takes steps from the row's last value: `O(n f)` a step. No step
//!   touches a dense matrix, and the condition number is at most `1 + max d` (see
//!   [`conjugate_gradient`](crate::conjugate_gradient())), so two or three steps from the last sweep's value do what
//!   an exact solution does. Plain conjugate gradients (Takács, Pilászy and Tikk, RecSys 2011) multiply
//!   by `G` in each step and have its condition.
//! - [`RowSolver::Blocks`] solves for a few coordinates at a time, the others held: `O(n f b / 2)`. It is
//!   iALS++ (Rendle, Krichene, Zhang and Koren, "iALS++: speeding up matrix factorization with subspace
//!   optimization", arXiv 2110.14044, 2021).
//!
//! Source: Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008.
//! Rows are independent and each is reduced in its own order: the same bits at any number of threads.

use crate::lanes::{add_scaled, dot, vectorised};
use crate::{Csr, NotPositiveDefinite, Rows, Triangle, cholesky, cholesky_solve, conjugate_gradient};
use rayon::prelude::*;

/// How a row is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowSolver {
    /// By factorising its matrix.
    Exact,
    /// By conjugate gradients in whitened coordinates, from the last value.
    ConjugateGradient {
        /// Steps a row, at least 1.
        n_steps: usize,
    },
    /// Some coordinates at a time, each block once, from the last value.
    Blocks {
        /// Coordinates in a block, at least 1.
        size: usize,
    },
}

/// What a system is made of besides its row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowSystem {
    /// Length of a vector, at least 1.
    pub n_factors: usize,
    /// What one unit of weight adds to the confidence.
    pub alpha: f32,
    /// Weight of the squared length, above 0.
    pub reg: f32,
}

/// Rows that one thread takes at a time, and that are whitened together.
const CHUNK: usize = 32;

impl RowSystem {
    /// Solves every row of `solved` (`cells.n_rows() × n_factors`) with `fixed` (`cells.n_cols() ×
    /// n_factors`) held. A row without cells becomes 0.
    ///
    /// # Errors
    /// [`NotPositiveDefinite`] when a system cannot be solved in `f32`.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn solve_side(
        &self,
        cells: &Csr,
        fixed: &[f32],
        solved: &mut [f32],
        solver: RowSolver,
    ) -> Result<(), NotPositiveDefinite> {
        let f = self.n_factors;
        assert_eq!((cells.n_cols() * f, cells.n_rows() * f), (fixed.len(), solved.len()), "vectors of both sides");
        let gram = self.gram(fixed);
        match solver {
            RowSolver::Exact => self.each_row(cells, solved, |scratch: &mut Vec<f32>, row, x| {
                self.system(&gram, fixed, row, scratch, x);
                cholesky(scratch, f)?;
                cholesky_solve(scratch, f, x);
                Ok(())
            }),
            RowSolver::ConjugateGradient { n_steps } => self.by_gradients(cells, fixed, solved, gram, n_steps),
            RowSolver::Blocks { size } => {
                let full = symmetric(&gram, f);
                self.each_row(cells, solved, |scratch: &mut BlockScratch, row, x| {
                    self.by_blocks(&full, fixed, row, size.clamp(1, f), x, scratch)
                })
            }
        }
    }

    fn each_row<S: Default + Send>(
        &self,
        cells: &Csr,
        solved: &mut [f32],
        solve: impl Fn(&mut S, (&[u32], &[f32]), &mut [f32]) -> Result<(), NotPositiveDefinite> + Sync,
    ) -> Result<(), NotPositiveDefinite> {
        let rows = solved.par_chunks_mut(self.n_factors).with_min_len(CHUNK).enumerate();
        rows.try_for_each_init(S::default, |scratch, (row, x)| {
            if cells.row(row).0.is_empty() {
                x.fill(0.0);
                return Ok(());
            }
            solve(scratch, cells.row(row), x)
        })
    }

    fn by_gradients(
        &self,
        cells: &Csr,
        fixed: &[f32],
        solved: &mut [f32],
        mut gram: Vec<f32>,
        n_steps: usize,
    ) -> Result<(), NotPositiveDefinite> {
        let f = self.n_factors;
        cholesky(&mut gram, f)?;
        let factor = Triangle::upper(gram, f);
        let mut white = fixed.to_vec();
        white.par_chunks_mut(CHUNK * f).for_each(|vectors| factor.whiten(vectors));
        let (white, factor) = (&white, &factor);
        solved.par_chunks_mut(CHUNK * f).enumerate().for_each_init(
            || (Vec::new(), Vec::new(), Vec::new()),
            |(d, c, scratch), (chunk, vectors)| {
                factor.multiply(vectors);
                for (row, x) in vectors.chunks_exact_mut(f).enumerate() {
                    let (columns, weights) = cells.row(chunk * CHUNK + row);
                    if columns.is_empty() {
                        x.fill(0.0);
                        continue;
                    }
                    d.clear();
                    d.extend(weights.iter().map(|w| self.alpha * w));
                    c.clear();
                    c.extend(d.iter().map(|d| 1.0 + d));
                    conjugate_gradient(Rows { vectors: white, picked: columns, d, c }, n_steps, x, scratch);
                }
                factor.solve(vectors);
            },
        );
        // What a factorisation says of a matrix, the steps say by running away.
        match solved.iter().find(|v| !v.is_finite()) {
            Some(value) => Err(NotPositiveDefinite { pivot: 0, value: *value }),
            None => Ok(()),
        }
    }

    /// One pass over the blocks: each block's Newton step is exact, since the loss is quadratic.
    fn by_blocks(
        &self,
        gram: &[f32],
        fixed: &[f32],
        (columns, weights): (&[u32], &[f32]),
        size: usize,
        x: &mut [f32],
        scratch: &mut BlockScratch,
    ) -> Result<(), NotPositiveDefinite> {
        let f = self.n_factors;
        let BlockScratch { matrix, step, predicted } = scratch;
        predicted.clear();
        predicted.extend(columns.iter().map(|c| product(&fixed[*c as usize * f..][..f], x)));
        for start in (0..f).step_by(size) {
            let b = size.min(f - start);
            matrix.clear();
            step.clear();
            for i in start..start + b {
                matrix.extend_from_slice(&gram[i * f + start..][..b]);
                step.push(product(&gram[i * f..(i + 1) * f], x));
            }
            block_system(matrix, step, (columns, weights), predicted, (fixed, f, start), self.alpha);
            cholesky(matrix, b)?;
            cholesky_solve(matrix, b, step);
            x[start..start + b].iter_mut().zip(step.iter()).for_each(|(x, s)| *x -= s);
            for (p, column) in predicted.iter_mut().zip(columns) {
                *p -= product(&fixed[*column as usize * f + start..][..b], step);
            }
        }
        Ok(())
    }

    /// The system of one row: `a` becomes the matrix (upper triangle), `b` the right-hand side.
    pub fn system(&self, gram: &[f32], fixed: &[f32], row: (&[u32], &[f32]), a: &mut Vec<f32>, b: &mut [f32]) {
        let f = self.n_factors;
        a.clear();
        a.extend_from_slice(gram);
        b.fill(0.0);
        let vector = |column: u32| &fixed[column as usize * f..][..f];
        for (columns, weights) in row.0.chunks(4).zip(row.1.chunks(4)) {
            let of =
                |k: usize| columns.get(k).map_or((vector(columns[0]), 0.0), |c| (vector(*c), self.alpha * weights[k]));
            let four = [of(0), of(1), of(2), of(3)];
            add_outer(a, f, four);
            for (y, extra) in &four[..columns.len()] {
                add_scaled(b, 1.0 + extra, y);
            }
        }
    }

    /// `Yᵀ Y + reg I`, upper triangle. Blocks of fixed size are added up in their order.
    pub fn gram(&self, fixed: &[f32]) -> Vec<f32> {
        let f = self.n_factors;
        let block = |vectors: &[f32]| {
            let mut a = vec![0.0; f * f];
            // A market of its own leaves most items untouched, with vectors of zeros.
            for four in vectors.chunks(4 * f).filter(|four| four.iter().any(|v| *v != 0.0)) {
                let of = |k: usize| four.get(k * f..(k + 1) * f).map_or((&four[..f], 0.0), |y| (y, 1.0));
                add_outer(&mut a, f, [of(0), of(1), of(2), of(3)]);
            }
            a
        };
        let blocks: Vec<Vec<f32>> = fixed.par_chunks(512 * f).map(block).collect();
        let mut total = vec![0.0; f * f];
        for block in &blocks {
            total.iter_mut().zip(block).for_each(|(t, b)| *t += b);
        }
        (0..f).for_each(|i| total[i * f + i] += self.reg);
        total
    }
}

/// Working memory of the block solver.
#[derive(Default)]
struct BlockScratch {
    matrix: Vec<f32>,
    step: Vec<f32>,
    predicted: Vec<f32>,
}

fn symmetric(upper: &[f32], f: usize) -> Vec<f32> {
    let at = |i: usize, j: usize| upper[i.min(j) * f + i.max(j)];
    (0..f * f).map(|cell| at(cell / f, cell % f)).collect()
}

vectorised! {
    fn product(a: &[f32], b: &[f32]) -> f32 {
        dot(a, b)
    }
}

vectorised! {
    /// Adds the row's cells to matrix and gradient of the block from `start`.
    fn block_system(
        matrix: &mut [f32],
        gradient: &mut [f32],
        row: (&[u32], &[f32]),
        predicted: &[f32],
        place: (&[f32], usize, usize),
        alpha: f32,
    ) {
        let (fixed, f, start) = place;
        let b = gradient.len();
        for ((column, weight), p) in row.0.iter().zip(row.1).zip(predicted) {
            let y = &fixed[*column as usize * f + start..][..b];
            let d = alpha * weight;
            add_scaled(gradient, d * p - (1.0 + d), y);
            for (line, y_i) in matrix.chunks_exact_mut(b).zip(y) {
                add_scaled(line, d * y_i, y);
            }
        }
    }
}

vectorised! {
    /// Adds `Σ_k c_k y_k y_kᵀ` of four vectors to the upper triangle of `a`. Four at a time, because
    /// the matrix then travels through the registers once instead of four times.
    fn add_outer(a: &mut [f32], f: usize, four: [(&[f32], f32); 4]) {
        let [(p, cp), (q, cq), (r, cr), (s, cs)] = four;
        for i in 0..f {
            let (wp, wq, wr, ws) = (cp * p[i], cq * q[i], cr * r[i], cs * s[i]);
            let row = &mut a[i * f + i..(i + 1) * f];
            let rest = p[i..].iter().zip(&q[i..]).zip(r[i..].iter().zip(&s[i..]));
            for (cell, ((p, q), (r, s))) in row.iter_mut().zip(rest) {
                *cell += (wp * p + wq * q) + (wr * r + ws * s);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOLVERS: [RowSolver; 4] = [
        RowSolver::ConjugateGradient { n_steps: 3 },
        RowSolver::ConjugateGradient { n_steps: 1 },
        RowSolver::Blocks { size: 2 },
        RowSolver::Blocks { size: 64 },
    ];

    /// `y = 2`, one cell of weight 3, alpha 1, reg 1: `(4 + 1 + 3·4) x = (1 + 3) 2`, `x = 8 / 17`.
    #[test]
    fn one_number_by_hand() {
        let cells = Csr::from_rows(1, [vec![(0, 3.0)], vec![]]);
        let system = RowSystem { n_factors: 1, alpha: 1.0, reg: 1.0 };
        for solver in SOLVERS.into_iter().chain([RowSolver::Exact]) {
            let mut x = [0.3, 0.3];
            system.solve_side(&cells, &[2.0], &mut x, solver).unwrap();
            assert!((x[0] - 8.0 / 17.0).abs() < 1e-6 && x[1] == 0.0, "{solver:?}: {x:?}");
        }
    }

    #[test]
    fn numbers_beyond_the_range_are_an_error() {
        let cells = Csr::from_rows(1, [vec![(0, 1.0)]]);
        let system = RowSystem { n_factors: 1, alpha: 1.0, reg: 1.0 };
        for solver in SOLVERS.into_iter().chain([RowSolver::Exact]) {
            assert!(system.solve_side(&cells, &[f32::MAX], &mut [0.0], solver).is_err(), "{solver:?}");
        }
    }

    proptest! {
        /// Repeated from where it stands, each solver comes to the exact solution; one block that
        /// holds all coordinates is the exact solution at once.
        #[test]
        fn every_solver_comes_to_the_exact_solution(
            rows in prop::collection::vec(prop::collection::vec((0_u32..9, 0.5_f32..3.0), 0..7), 1..40),
            fixed in prop::collection::vec(-1.0_f32..1.0, 9 * 5),
        ) {
            let cells = Csr::from_rows(9, rows);
            let system = RowSystem { n_factors: 5, alpha: 2.0, reg: 0.5 };
            let mut exact = vec![0.0; cells.n_rows() * 5];
            system.solve_side(&cells, &fixed, &mut exact, RowSolver::Exact).unwrap();
            for solver in SOLVERS {
                let mut x = vec![0.1; exact.len()];
                let times = if solver == (RowSolver::Blocks { size: 64 }) { 1 } else { 900 };
                for _ in 0..times {
                    system.solve_side(&cells, &fixed, &mut x, solver).unwrap();
                }
                for (got, want) in x.iter().zip(&exact) {
                    prop_assert!((got - want).abs() < 2e-3, "{:?}: {} {}", solver, got, want);
                }
            }
        }
    }
}
