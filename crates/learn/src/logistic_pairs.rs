//! Logistic factorisation of a sparse matrix, the zeros weighted by a product of two numbers.
//!
//! Maximises `Σ_cells w ln σ(x_r · y_c) + Σ_{r,c} a_r b_c ln σ(−x_r · y_c) − reg / 2 (Σ|x|² + Σ|y|²)` by turns:
//! one side's vectors take an AdaGrad step with the other side held. With all `a`, `b` 1 this is logistic
//! matrix factorisation; with counts of co-occurrence as cells, `a_r` the row's sum times the number of
//! negatives and `b_c` a distribution over columns it is skip-gram with negative sampling.
//! The second sum is estimated in each step by columns drawn in proportion to `b` (rows to `a`).
//!
//! A row's step depends on its own stream and the other side alone: the same bits at any number of
//! threads, with no shared vectors to race for.
//! Source: Johnson, "Logistic matrix factorization for implicit feedback data", NIPS workshop 2014; the
//! second objective in this form by Levy and Goldberg, "Neural word embedding as implicit matrix
//! factorization", NIPS 2014; steps by Duchi, Hazan and Singer, "Adaptive subgradient methods", JMLR 12, 2011.
//! Cost: `2 f` multiply-adds for each cell and each drawn number, a step and a side.

use crate::Csr;
use crate::lanes::{add_scaled, dot, vectorised};
use domain::{Rng, Seed};
use rayon::prelude::*;

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogisticPairs {
    /// Length of a vector, at least 1.
    pub n_factors: usize,
    /// Steps of each side.
    pub n_sweeps: usize,
    /// Zeros drawn for each cell of a row, at least 1.
    pub n_negatives: usize,
    /// AdaGrad's step length, above 0.
    pub learning_rate: f32,
    /// Weight of the squared lengths, at least 0.
    pub reg: f32,
}

/// A weighted set of numbers to draw from.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    running: Vec<f64>,
}

impl Draws {
    /// Number `i` is drawn in proportion to `weights[i]`, at least 0.
    pub fn new(weights: &[f32]) -> Self {
        let mut sum = 0.0;
        let mut add = |w: &f32| {
            sum += f64::from(*w);
            sum
        };
        Self { running: weights.iter().map(&mut add).collect() }
    }

    fn total(&self) -> f64 {
        self.running.last().copied().unwrap_or(0.0)
    }

    fn draw(&self, rng: &mut Rng) -> Option<u32> {
        let at = rng.uniform() * self.total();
        let found = self.running.partition_point(|s| *s <= at);
        (found < self.running.len()).then_some(found as u32)
    }
}

/// Working memory of a step.
#[derive(Default)]
struct Scratch {
    picked: Vec<u32>,
    weights: Vec<f32>,
    gradient: Vec<f32>,
}

impl LogisticPairs {
    /// Learns `n_rows × f` and `n_cols × f` numbers from cells of positive weight; `a` and `b` beside the
    /// rows and columns, at least 0. Rows and columns without cells stay 0.
    ///
    /// # Panics
    /// If `a` or `b` has another length than the matrix.
    pub fn fit(&self, cells: &Csr, a: &[f32], b: &[f32], seed: Seed) -> (Vec<f32>, Vec<f32>) {
        assert_eq!((a.len(), b.len()), (cells.n_rows(), cells.n_cols()), "a weight for each row and column");
        let turned = cells.transpose();
        let f = self.n_factors;
        let scale = 0.1 / (f as f64).sqrt();
        let start = |cells: &Csr, seed: Seed| {
            let mut all = vec![0.0_f32; cells.n_rows() * f];
            for (row, vector) in all.chunks_exact_mut(f).enumerate().filter(|(r, _)| !cells.row(*r).0.is_empty()) {
                let mut rng = seed.stream(row as u64);
                vector.fill_with(|| (rng.normal() * scale) as f32);
            }
            all
        };
        let (mut x, mut y) = (start(cells, seed.derive(1)), start(&turned, seed.derive(2)));
        let (mut x_squares, mut y_squares) = (vec![0.0; x.len()], vec![0.0; y.len()]);
        let (from_rows, from_columns) = (Draws::new(a), Draws::new(b));
        for sweep in 0..self.n_sweeps as u64 {
            self.side(cells, (&y, &from_columns), a, (&mut x, &mut x_squares), seed.derive(3 + 2 * sweep));
            self.side(&turned, (&x, &from_rows), b, (&mut y, &mut y_squares), seed.derive(4 + 2 * sweep));
        }
        (x, y)
    }

    fn side(
        &self,
        cells: &Csr,
        (held, draws): (&[f32], &Draws),
        own: &[f32],
        (moved, squares): (&mut [f32], &mut [f32]),
        seed: Seed,
    ) {
        let f = self.n_factors;
        let rows = moved.par_chunks_mut(f).zip(squares.par_chunks_mut(f)).enumerate().with_min_len(16);
        rows.for_each_init(Scratch::default, |scratch, (row, (x, squares))| {
            if !cells.row(row).0.is_empty() {
                let mut rng = seed.stream(row as u64);
                self.draw(cells.row(row), draws, own[row], scratch, &mut rng);
                self.step(held, scratch, x, squares);
            }
        });
    }

    /// The row's cells and, with weights below 0, its drawn zeros.
    fn draw(&self, row: (&[u32], &[f32]), draws: &Draws, own: f32, scratch: &mut Scratch, rng: &mut Rng) {
        scratch.picked.clear();
        scratch.weights.clear();
        scratch.picked.extend_from_slice(row.0);
        scratch.weights.extend_from_slice(row.1);
        let n = self.n_negatives * row.0.len();
        let weight = -(f64::from(own) * draws.total() / n as f64) as f32;
        for _ in 0..n {
            scratch.picked.extend(draws.draw(rng));
        }
        scratch.weights.resize(scratch.picked.len(), weight);
    }

    fn step(&self, held: &[f32], scratch: &mut Scratch, x: &mut [f32], squares: &mut [f32]) {
        scratch.gradient.clear();
        scratch.gradient.resize(x.len(), 0.0);
        ascent(held, (&scratch.picked, &mut scratch.weights), x, self.reg, &mut scratch.gradient);
        for ((x, g), s) in x.iter_mut().zip(&scratch.gradient).zip(squares) {
            *s += g * g;
            if *s > 0.0 {
                *x += self.learning_rate * g / s.sqrt();
            }
        }
    }

    /// The vector of a row that was not there in training, `n_steps` steps from 0 with the columns
    /// held, and for each of its columns (in their order) what that column brought to it, `f` numbers
    /// each. The drawn zeros and `reg` account for the rest.
    pub fn fold_in(
        &self,
        row: (&[u32], &[f32]),
        (y, draws): (&[f32], &Draws),
        own: f32,
        n_steps: usize,
        seed: Seed,
    ) -> (Vec<f32>, Vec<f32>) {
        let f = self.n_factors;
        let mut rng = seed.stream(row.0.iter().fold(row.0.len() as u64, |h, c| Seed(h).derive(u64::from(*c)).0));
        let (mut x, mut squares, mut brought) = (vec![0.0; f], vec![0.0; f], vec![0.0; f * row.0.len()]);
        let mut scratch = Scratch::default();
        for _ in 0..n_steps {
            self.draw(row, draws, own, &mut scratch, &mut rng);
            self.step(y, &mut scratch, &mut x, &mut squares);
            // `step` left in `weights` the factor of each picked vector in the gradient.
            for ((brought, column), factor) in brought.chunks_exact_mut(f).zip(row.0).zip(&scratch.weights) {
                let vector = &y[*column as usize * f..][..f];
                for ((b, v), s) in brought.iter_mut().zip(vector).zip(&squares) {
                    if *s > 0.0 {
                        *b += self.learning_rate * factor * v / s.sqrt();
                    }
                }
            }
        }
        (x, brought)
    }
}

vectorised! {
    /// The gradient at `x`. Each weight becomes the factor of its vector in it.
    fn ascent(held: &[f32], picked: (&[u32], &mut [f32]), x: &[f32], reg: f32, gradient: &mut [f32]) {
        add_scaled(gradient, -reg, x);
        for (at, weight) in picked.0.iter().zip(picked.1) {
            let y = &held[*at as usize * x.len()..][..x.len()];
            let p = dot(x, y);
            let toward = if *weight > 0.0 { -p } else { p };
            *weight /= 1.0 + (-toward).exp();
            add_scaled(gradient, *weight, y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: LogisticPairs =
        LogisticPairs { n_factors: 3, n_sweeps: 60, n_negatives: 4, learning_rate: 0.3, reg: 0.1 };

    /// Against the numeric gradient of `2 ln σ(x·y_0) + 0.5 ln σ(−x·y_1) − 0.05 |x|²`.
    #[test]
    fn the_gradient_is_that_of_the_objective() {
        let held = [0.1_f32, 0.4, -0.3, -0.2, 0.6, 0.2];
        let x = [0.3_f32, -0.2, 0.5];
        let objective = |x: &[f64]| {
            let p = |k: usize| (0..3).map(|d| x[d] * f64::from(held[3 * k + d])).sum::<f64>();
            let ln_sigma = |v: f64| -(1.0 + (-v).exp()).ln();
            2.0 * ln_sigma(p(0)) + 0.5 * ln_sigma(-p(1)) - 0.05 * x.iter().map(|v| v * v).sum::<f64>()
        };
        let (mut weights, mut gradient) = ([2.0, -0.5], [0.0; 3]);
        ascent(&held, (&[0, 1], &mut weights), &x, 0.1, &mut gradient);
        for d in 0..3 {
            let moved = |by: f64| {
                let mut at = x.map(f64::from);
                at[d] += by;
                objective(&at)
            };
            let want = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((f64::from(gradient[d]) - want).abs() < 1e-5, "{d}: {} {want}", gradient[d]);
        }
    }

    #[test] // Weights 1, 0, 3: number 1 is never drawn, number 2 in three of four cases.
    fn draws_follow_the_weights() {
        let draws = Draws::new(&[1.0, 0.0, 3.0]);
        let mut rng = Seed(1).stream(0);
        let mut n = [0; 3];
        (0..4000).for_each(|_| n[draws.draw(&mut rng).unwrap() as usize] += 1);
        assert_eq!(n[1], 0);
        assert!((2900..3100).contains(&n[2]), "{n:?}");
        assert_eq!(Draws::new(&[]).draw(&mut rng), None);
    }

    #[test]
    fn own_columns_come_first_and_threads_do_not_matter() {
        let row = |r: usize| (0..4).map(move |k| (((r % 2) * 8 + (r + k) % 8) as u32, 1.0));
        let cells = Csr::from_rows(16, (0..40).map(row));
        let run = |n: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| SMALL.fit(&cells, &[1.0; 40], &[1.0; 16], Seed(5)))
        };
        let (x, y) = run(1);
        assert_eq!((&x, &y), (&run(3).0, &run(3).1));
        let mean = |x: &[f32], group: usize| (0..8).map(|c| dot(x, &y[(group * 8 + c) * 3..][..3])).sum::<f32>();
        assert!(x.chunks(3).enumerate().all(|(r, x)| mean(x, r % 2) > mean(x, 1 - r % 2)));
        let draws = Draws::new(&[1.0; 16]);
        let (folded, brought) = SMALL.fold_in(cells.row(3), (&y, &draws), 1.0, 30, Seed(2));
        assert!(mean(&folded, 1) > mean(&folded, 0));
        assert!(brought.chunks(3).all(|b| b.iter().all(|v| v.is_finite())));
    }
}
