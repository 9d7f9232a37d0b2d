//! Vectors for the rows and columns of a sparse matrix, spread over its graph, such that a row's own columns
//! have the highest odds among all.
//!
//! With `A(r, c) = w(r, c) / √(d(r) d(c))`, `d` the sums of a row or column, a node is seen as the mean of its
//! own vector and of what one to `n_layers` hops bring: `(X, Y) = 1 / (n_layers + 1) · Σ_l [0 A; Aᵀ 0]^l (E, F)`.
//! A column `t` of row `r` has the odds `exp(x_r · y_t + b_t)` against the columns that the row has not, `b` the
//! logarithm of a column's weight over that of the mean column, and `E` and `F` minimise the mean of
//! `−w ln (odds of t / (odds of t + Σ_j odds of j))` over all cells. The sum over `j` is estimated by `n_drawn`
//! columns, the same for a whole batch of rows; the cells of a row share it, so a batch costs two full
//! matrices multiplied, whatever the number of its cells.
//!
//! Sources: the graph by He, Deng, Wang, Li, Zhang and Wang, "LightGCN: simplifying and powering graph
//! convolution network for recommendation", SIGIR 2020, there with pairs; the softmax over drawn columns as in
//! [`SetSoftmax`](crate::SetSoftmax), for such graphs by Wu, Wang, Gao, Chen, Fu and Qiu, "On the effectiveness
//! of sampled softmax loss for item recommendation", ACM TOIS 42(4), 2024. Cost: a batch takes
//! `4 n_layers · nnz · f` multiply-adds for the graph, `3 n_drawn · f` for each of its rows, and one Adam step over
//! both tables.
//!
//! Every sum is taken in a fixed order: the same bits at any number of threads; two kinds of machine may
//! differ in the last bits (see [`dense`](crate::dense)).

use crate::Csr;
use crate::Folded;
use crate::dense::{columns_by_columns, rows_by_columns, rows_by_rows};
use crate::dense_adam::Adam;
use crate::set_softmax::{add, add_and_highest, draw, exponential, exponentials, product, scale, strike, total};
use crate::spread::{Keep, spread};
use domain::{Rng, Seed};
use rayon::prelude::*;

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GraphSoftmax {
    /// Length of a vector, at least 1.
    pub n_factors: usize,
    /// Hops that a vector travels, at least 1.
    pub n_layers: usize,
    /// Passes over the rows.
    pub n_epochs: usize,
    /// Cells of a batch of whole rows, about; at least 1.
    pub batch: usize,
    /// Columns drawn for a batch, at least 1.
    pub n_drawn: usize,
    /// Adam's step length, above 0.
    pub learning_rate: f32,
    /// Factor of the step length from one epoch to the next, above 0.
    pub decay: f32,
    /// Weight of the squared lengths of a cell's two vectors against its loss, at least 0.
    pub reg: f32,
}

/// What was learnt of the columns, `n_cols × n_factors` each. Columns without cells have zeros and a `bias` of
/// minus infinity. A row is seen as its own part plus `Σ w_c given_c / √d(r)`.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphVectors {
    /// Length of a vector.
    pub n_factors: usize,
    /// Weight of the squared length of a row's own part against the mean loss of its cells.
    pub own_reg: f32,
    /// What a column gives to the rows that have it.
    pub given: Vec<f32>,
    /// `Y`: how a column is seen.
    pub seen: Vec<f32>,
    /// `b`: logarithm of the column's weight over the mean column's.
    pub bias: Vec<f32>,
}

/// Rows whose products are taken together.
const BLOCK: usize = 128;
/// Drawn columns whose gradients are taken together.
const STRIPE: usize = 32;

/// The normalised graph.
struct Graph {
    by_row: Csr,
    by_column: Csr,
    n_layers: usize,
}

/// Rows of a step with what their columns are compared with.
struct Batch {
    rows: Vec<u32>,
    /// `rows.len() × n_cols`: the cells.
    cells: Csr,
    /// Columns compared with, ascending, and what is added to their products.
    drawn: Vec<u32>,
    drawn_bias: Vec<f32>,
}

impl Graph {
    fn new(cells: &Csr, (row_sums, column_sums): (&[f32], &[f32]), n_layers: usize) -> Self {
        let by_row = cells.map(|r, c, w| w / (row_sums[r] * column_sums[c as usize]).sqrt());
        Self { by_column: by_row.transpose(), by_row, n_layers }
    }

    /// The sum over up to `n_hops` hops of vectors of the rows and of the columns, `width` numbers each.
    fn sum(&self, (rows, columns): (&[f32], &[f32]), width: usize, n_hops: usize) -> (Vec<f32>, Vec<f32>) {
        let (mut x, mut y) = (rows.to_vec(), columns.to_vec());
        for _ in 0..n_hops {
            let (mut next_x, mut next_y) = (rows.to_vec(), columns.to_vec());
            spread(&self.by_row, &y, width, Keep::Old, &mut next_x);
            spread(&self.by_column, &x, width, Keep::Old, &mut next_y);
            (x, y) = (next_x, next_y);
        }
        (x, y)
    }

    /// How nodes are seen. The operator is symmetric, so a gradient goes back to the vectors by it.
    fn mean(&self, tables: (&[f32], &[f32]), width: usize) -> (Vec<f32>, Vec<f32>) {
        let (mut x, mut y) = self.sum(tables, width, self.n_layers);
        let share = self.share();
        x.iter_mut().chain(&mut y).for_each(|v| *v *= share);
        (x, y)
    }

    fn share(&self) -> f32 {
        1.0 / (self.n_layers as f32 + 1.0)
    }
}

impl GraphSoftmax {
    /// Learns from cells of weight above 0.
    pub fn fit(&self, cells: &Csr, seed: Seed) -> GraphVectors {
        let f = self.n_factors;
        let sums = |m: &Csr| (0..m.n_rows()).map(|r| m.row(r).1.iter().sum()).collect::<Vec<f32>>();
        let (row_sums, column_sums) = (sums(cells), sums(&cells.transpose()));
        let whole: f32 = column_sums.iter().sum();
        let used = |sums: &[f32]| (0..sums.len() as u32).filter(|at| sums[*at as usize] > 0.0).collect::<Vec<u32>>();
        let (mut rows, known) = (used(&row_sums), used(&column_sums));
        let bias: Vec<f32> = column_sums.iter().map(|sum| (sum / whole * known.len() as f32).ln()).collect();
        let start = |n: usize, used: &[u32], seed: Seed| {
            let mut all = vec![0.0; n * f];
            for id in used {
                let mut rng = seed.stream(u64::from(*id));
                all[*id as usize * f..][..f].fill_with(|| (rng.normal() * 0.1 / (f as f64).sqrt()) as f32);
            }
            all
        };
        let mut of_rows = start(cells.n_rows(), &rows, seed.derive(1));
        let mut of_columns = start(cells.n_cols(), &known, seed.derive(2));
        let (mut adam_rows, mut adam_columns) = (Adam::new(of_rows.len()), Adam::new(of_columns.len()));
        let graph = Graph::new(cells, (&row_sums, &column_sums), self.n_layers);
        let mut rate = self.learning_rate;
        for epoch in 0..self.n_epochs {
            let mut rng = seed.derive(3).stream(epoch as u64);
            rng.shuffle(&mut rows);
            let mut rest = rows.as_slice();
            while let Some(batch) = self.batch(cells, &mut rest, (&known, &bias), &mut rng) {
                let (x, y) = graph.mean((&of_rows, &of_columns), f);
                let (gx, gy) = self.gradients(&batch, (&x, &y, &bias));
                let (mut gx, mut gy) = graph.mean((&gx, &gy), f);
                shrink(&mut gx, &of_rows, f, |r| self.reg * row_sums[r] / whole);
                shrink(&mut gy, &of_columns, f, |c| self.reg * column_sums[c] / whole);
                adam_rows.step(&mut of_rows, &gx, rate, 0.0);
                adam_columns.step(&mut of_columns, &gy, rate, 0.0);
            }
            rate *= self.decay;
        }
        let (_, seen) = graph.mean((&of_rows, &of_columns), f);
        let (_, mut given) = graph.sum((&of_rows, &of_columns), f, self.n_layers - 1);
        for (given, sum) in given.chunks_exact_mut(f).zip(&column_sums) {
            let factor = if *sum > 0.0 { graph.share() / sum.sqrt() } else { 0.0 };
            given.iter_mut().for_each(|v| *v *= factor);
        }
        // The own vector of a row enters as one of `n_layers + 1`, so its square is held back by as much squared.
        let own_reg = self.reg * (self.n_layers as f32 + 1.0).powi(2);
        GraphVectors { n_factors: f, own_reg, given, seen, bias }
    }

    /// The next rows; `None` when none is left.
    fn batch(&self, cells: &Csr, rest: &mut &[u32], (known, bias): (&[u32], &[f32]), rng: &mut Rng) -> Option<Batch> {
        let (mut rows, mut n_cells) = (Vec::new(), 0);
        while let Some((row, after)) = rest.split_first()
            && n_cells < self.batch.max(1)
        {
            *rest = after;
            rows.push(*row);
            n_cells += cells.row(*row as usize).0.len();
        }
        if rows.is_empty() {
            return None;
        }
        let drawn = draw(known, self.n_drawn, rng);
        let stands_for = (known.len() as f32 / drawn.len() as f32).ln();
        let drawn_bias = drawn.iter().map(|c| bias[*c as usize] + stands_for).collect();
        let cells = Csr::from_rows(cells.n_cols(), rows.iter().map(|r| cells.cells(*r as usize)));
        Some(Batch { rows, cells, drawn, drawn_bias })
    }

    /// Gradients of a batch's mean loss at the vectors as they are seen.
    fn gradients(&self, batch: &Batch, (x, y, bias): (&[f32], &[f32], &[f32])) -> (Vec<f32>, Vec<f32>) {
        let (f, m, k) = (self.n_factors, batch.rows.len(), batch.drawn.len());
        let at = |table: &[f32], ids: &[u32]| -> Vec<f32> {
            ids.iter().flat_map(|id| &table[*id as usize * f..][..f]).copied().collect()
        };
        let (own, drawn) = (at(x, &batch.rows), at(y, &batch.drawn));
        let (mut odds, mut g_own) = (vec![0.0_f32; m * k], vec![0.0_f32; m * f]);
        let share = 1.0 / batch.cells.parts().2.iter().sum::<f32>();
        let blocks = own.par_chunks(BLOCK * f).zip(odds.par_chunks_mut(BLOCK * k)).zip(g_own.par_chunks_mut(BLOCK * f));
        // For each cell the factor of its column's vector.
        let factors: Vec<Vec<f32>> = blocks
            .enumerate()
            .map(|(block, ((own, odds), g_own))| {
                rows_by_rows(own, &drawn, f, odds);
                let mut factors = Vec::new();
                for (r, (odds, x)) in odds.chunks_exact_mut(k).zip(own.chunks_exact(f)).enumerate() {
                    let (columns, weights) = batch.cells.row(block * BLOCK + r);
                    let target = |c: &u32| product(x, &y[*c as usize * f..][..f]) + bias[*c as usize];
                    let targets: Vec<f32> = columns.iter().map(target).collect();
                    misses(odds, (&targets, weights), &batch.drawn_bias, share, &mut factors, |odds| {
                        strike(odds, columns, &batch.drawn);
                    });
                }
                rows_by_columns(odds, &drawn, k, g_own);
                let mut cell = factors.iter();
                for (r, g) in g_own.chunks_exact_mut(f).enumerate() {
                    for (column, factor) in batch.cells.row(block * BLOCK + r).0.iter().zip(&mut cell) {
                        add(g, *factor, &y[*column as usize * f..][..f]);
                    }
                }
                factors
            })
            .collect();
        let mut of_drawn = vec![0.0; k * f];
        of_drawn.par_chunks_mut(STRIPE * f).enumerate().for_each(|(stripe, out)| {
            let (first, wide) = (stripe * STRIPE, out.len() / f);
            let part: Vec<f32> = odds.chunks_exact(k).flat_map(|row| &row[first..first + wide]).copied().collect();
            columns_by_columns(&part, &own, m, out);
        });
        let mut factors = factors.iter().flatten();
        let pulls = batch.cells.map(|_, _, _| factors.next().copied().unwrap_or(0.0)).transpose();
        let mut gy = vec![0.0; y.len()];
        spread(&pulls, &own, f, Keep::New, &mut gy);
        for (column, g) in batch.drawn.iter().zip(of_drawn.chunks_exact(f)) {
            add(&mut gy[*column as usize * f..][..f], 1.0, g);
        }
        let mut gx = vec![0.0; x.len()];
        for (row, g) in batch.rows.iter().zip(g_own.chunks_exact(f)) {
            gx[*row as usize * f..][..f].copy_from_slice(g);
        }
        (gx, gy)
    }
}

/// Adds to the gradient of each vector its share of that of `½ |vector|²`.
fn shrink(gradient: &mut [f32], table: &[f32], f: usize, share: impl Fn(usize) -> f32) {
    for (at, (g, p)) in gradient.chunks_exact_mut(f).zip(table.chunks_exact(f)).enumerate() {
        add(g, share(at), p);
    }
}

impl GraphVectors {
    /// What the columns of a row give it: its vector but for its own one, `n_factors` numbers.
    pub fn given_to(&self, row: &[(u32, f32)]) -> Vec<f32> {
        let f = self.n_factors;
        let mut z = vec![0.0; f];
        let scale = 1.0 / row.iter().map(|(_, w)| w).sum::<f32>().sqrt();
        for (column, weight) in row {
            add(&mut z, scale * weight, &self.given[*column as usize * f..][..f]);
        }
        z
    }

    /// The own part of a row that was not there in training, the columns held, as it enters the row's vector:
    /// `n_steps` steps down the same loss from 0. `row` has columns with cells in training, ascending, with
    /// weights above 0; `drawn` are the columns compared with, ascending.
    pub fn fold_in(&self, row: &[(u32, f32)], drawn: &[u32], n_steps: usize) -> Folded {
        let f = self.n_factors;
        let seen = |c: u32| &self.seen[c as usize * f..][..f];
        let n_known = self.bias.iter().filter(|b| b.is_finite()).count();
        let stands_for = (n_known as f32 / drawn.len().max(1) as f32).ln();
        let biases: Vec<f32> = drawn.iter().map(|c| self.bias[*c as usize] + stands_for).collect();
        let columns: Vec<u32> = row.iter().map(|(c, _)| *c).collect();
        let weights: Vec<f32> = row.iter().map(|(_, w)| *w).collect();
        let z = self.given_to(row);
        let reg = self.own_reg;
        let squares = drawn.iter().map(|c| product(seen(*c), seen(*c))).sum::<f32>();
        // No step is longer than the curvature of the loss allows.
        let step = 1.0 / (reg + squares / drawn.len().max(1) as f32).max(f32::MIN_POSITIVE);
        let mut folded = Folded { x: vec![0.0; f], shares: vec![0.0; row.len()], rest: vec![0.0; f] };
        let (share, keep) = (1.0 / weights.iter().sum::<f32>(), 1.0 - step * reg);
        for _ in 0..n_steps {
            let mut x = z.clone();
            add(&mut x, 1.0, &folded.x);
            let targets: Vec<f32> = columns.iter().map(|c| product(&x, seen(*c)) + self.bias[*c as usize]).collect();
            let mut odds: Vec<f32> = drawn.iter().map(|c| product(&x, seen(*c))).collect();
            let mut factors = Vec::with_capacity(columns.len());
            misses(&mut odds, (&targets, &weights), &biases, share, &mut factors, |odds| strike(odds, &columns, drawn));
            scale(&mut folded.rest, keep);
            for (column, odds) in drawn.iter().zip(&odds) {
                add(&mut folded.rest, -step * odds, seen(*column));
            }
            folded.x.copy_from_slice(&folded.rest);
            for ((column, factor), own) in columns.iter().zip(&factors).zip(&mut folded.shares) {
                *own = keep * *own - step * factor;
                add(&mut folded.x, *own, seen(*column));
            }
        }
        folded
    }
}

/// Turns products of a row with the drawn columns into the factors of their vectors in the gradient of
/// `share · Σ_t −w_t ln (odds of t / (odds of t + odds of the drawn))`, and appends the factors of the targets' vectors.
fn misses(
    odds: &mut [f32],
    (targets, weights): (&[f32], &[f32]),
    bias: &[f32],
    share: f32,
    factors: &mut Vec<f32>,
    strike_own: impl FnOnce(&mut [f32]),
) {
    let highest = targets.iter().fold(add_and_highest(odds, bias), |high, t| high.max(*t));
    exponentials(odds, highest);
    strike_own(odds);
    let (others, mut pull) = (total(odds), 0.0);
    for (target, weight) in targets.iter().zip(weights) {
        let own = exponential(target - highest);
        factors.push(share * weight * (own / (own + others) - 1.0));
        pull += share * weight / (own + others);
    }
    scale(odds, pull);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::dot;

    const SMALL: GraphSoftmax = GraphSoftmax {
        n_factors: 4,
        n_layers: 2,
        n_epochs: 80,
        batch: 60,
        n_drawn: 8,
        learning_rate: 0.05,
        decay: 1.0,
        reg: 0.01,
    };

    /// Two groups of columns, 0 to 7 and 8 to 15; each row has four of one of them, by chance.
    fn groups() -> Csr {
        let row = |r: u32| {
            let group: Vec<u32> = (0..8).map(|c| r % 2 * 8 + c).collect();
            draw(&group, 4, &mut Seed(5).stream(u64::from(r))).into_iter().map(|c| (c, 1.0))
        };
        Csr::from_rows(16, (0..60).map(row))
    }

    fn sums(m: &Csr) -> Vec<f32> {
        (0..m.n_rows()).map(|r| m.row(r).1.iter().sum()).collect()
    }

    /// Rows {0, 1} and {1}: A = [1/√2 1/2; 0 1/√2]. Own vectors 1 and 0 of the rows, 0 and 1 of the columns. One hop
    /// brings A (0, 1) = (1/2, 1/√2) to the rows and Aᵀ (1, 0) = (1/√2, 1/2) to the columns; the next A (1/√2, 1/2)
    /// = (1/2 + 1/4, 1/(2√2)) and Aᵀ (1/2, 1/√2) = (1/(2√2), 1/4 + 1/2).
    #[test]
    fn two_hops_by_hand() {
        let cells = Csr::from_rows(2, [vec![(0, 1.0), (1, 1.0)], vec![(1, 1.0)]]);
        let graph = Graph::new(&cells, (&sums(&cells), &sums(&cells.transpose())), 2);
        let (x, y) = graph.mean((&[1.0, 0.0], &[0.0, 1.0]), 1);
        let (half, root) = (0.5_f32, 0.5_f32.sqrt());
        let want_x = [1.0 + half + 0.75, root + half * root].map(|v| v / 3.0);
        let want_y = [root + half * root, 1.0 + half + 0.75].map(|v| v / 3.0);
        for (got, want) in x.iter().chain(&y).zip(want_x.iter().chain(&want_y)) {
            assert!((got - want).abs() < 1e-6, "{x:?} {y:?}");
        }
    }

    /// By the definition, in `f64`.
    fn loss(batch: &Batch, f: usize, (x, y, bias): (&[f64], &[f64], &[f32])) -> f64 {
        let of_row = |(r, row): (usize, &u32)| {
            let (columns, weights) = batch.cells.row(r);
            let logit = |c: u32| (0..f).map(|k| x[*row as usize * f + k] * y[c as usize * f + k]).sum::<f64>();
            let drawn = batch.drawn.iter().zip(&batch.drawn_bias).filter(|(c, _)| !columns.contains(c));
            let others: f64 = drawn.map(|(c, b)| (logit(*c) + f64::from(*b)).exp()).sum();
            let of_cell = |(c, w): (&u32, &f32)| {
                let own = (logit(*c) + f64::from(bias[*c as usize])).exp();
                -f64::from(*w) * (own / (own + others)).ln()
            };
            columns.iter().zip(weights).map(of_cell).sum::<f64>()
        };
        let weight: f64 = batch.cells.parts().2.iter().map(|w| f64::from(*w)).sum();
        batch.rows.iter().enumerate().map(of_row).sum::<f64>() / weight
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        // Weights that differ, more rows than a block, and a batch that leaves some out.
        let rows =
            (0..150).map(|r| groups().cells(r % 60).map(|(c, w)| (c, w * (0.5 + c as f32 / 8.0))).collect::<Vec<_>>());
        let cells = Csr::from_rows(16, rows);
        let bias: Vec<f32> = (0..16).map(|c| -(c as f32) / 10.0).collect();
        let order: Vec<u32> = (5..150).collect();
        let known: Vec<u32> = (0..16).collect();
        let sgd = GraphSoftmax { n_drawn: 9, batch: 560, n_factors: 3, ..SMALL };
        let batch = sgd.batch(&cells, &mut order.as_slice(), (&known, &bias), &mut Seed(1).stream(0)).unwrap();
        assert!(batch.rows.len() > BLOCK && batch.rows.len() < 145 && batch.drawn.len() == 9);
        let table = |n: u64, seed: u64| (0..n).map(|at| Seed(seed).stream(at).normal()).collect::<Vec<f64>>();
        let (x, y) = (table(450, 2), table(48, 3));
        let single = |v: &[f64]| v.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let (gx, gy) = sgd.gradients(&batch, (&single(&x), &single(&y), &bias));
        let by_steps = |which: usize, at: usize| {
            let moved = |by: f64| {
                let (mut x, mut y) = (x.clone(), y.clone());
                [&mut x, &mut y][which][at] += by;
                loss(&batch, 3, (&x, &y, &bias))
            };
            (moved(1e-5) - moved(-1e-5)) / 2e-5
        };
        for (which, got) in [(0, &gx), (1, &gy)] {
            for (at, got) in got.iter().enumerate() {
                let want = by_steps(which, at);
                assert!((f64::from(*got) - want).abs() < 1e-5, "{which} {at}: {got} {want}");
            }
        }
    }

    #[test]
    fn one_thread_and_two_give_the_same_bits_and_seeds_differ() {
        let cells = groups();
        let run = |n_threads, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| GraphSoftmax { n_epochs: 5, ..SMALL }.fit(&cells, Seed(seed)))
        };
        assert_eq!(run(1, 4), run(2, 4));
        assert_ne!(run(1, 4), run(1, 5));
    }

    #[test]
    fn a_row_that_comes_later_points_to_its_group() {
        let v = SMALL.fit(&groups(), Seed(7));
        let drawn: Vec<u32> = (0..16).collect();
        for group in 0..2 {
            let row = [(group * 8, 1.0), (group * 8 + 3, 1.0)];
            let folded = v.fold_in(&row, &drawn, 50);
            let mut x = v.given_to(&row);
            let before = dot(&x, &v.seen[4 * group as usize * 8..][..4]);
            add(&mut x, 1.0, &folded.x);
            let score = |c: u32| dot(&x, &v.seen[4 * c as usize..][..4]);
            let mean = |group: u32| (0..8).map(|c| score(group * 8 + c)).sum::<f32>() / 8.0;
            let (own, other) = (mean(group), mean(1 - group));
            assert!(own > other + 0.2, "{own} {other}");
            assert!(score(group * 8) > before, "its own part brings its columns nearer");
            let again: Vec<f32> = (0..4)
                .map(|k| {
                    let own: f32 =
                        row.iter().zip(&folded.shares).map(|((c, _), s)| s * v.seen[4 * *c as usize + k]).sum();
                    own + folded.rest[k]
                })
                .collect();
            assert!(folded.x.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-4), "{folded:?} {again:?}");
        }
    }
}
