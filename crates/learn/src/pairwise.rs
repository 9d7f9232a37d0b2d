//! Vectors for the rows and columns of a sparse matrix, such that a row's own columns come before others.
//!
//! Stochastic gradient descent on pairs: a cell `(s, i)`, a column `j` that the row has not, and a step
//! that moves `x_s · y_i` above `x_s · y_j`. [`PairLoss`] says how far.
//!
//! Parallel without races: each epoch deals rows and columns out at random into the same number `P` of
//! blocks. In `P` rounds block `b` of the rows meets block `(b + t) mod P` of the columns; the pairs of a
//! round touch different vectors, so they run at once, and within a pair the steps are in order.
//! Negatives come from the pair's column block, which is dealt anew each epoch. `P` depends on the data
//! alone, so the result is the same at any number of threads.
//!
//! Source: blocks by Gemulla et al., "Large-scale matrix factorization with distributed stochastic
//! gradient descent", KDD 2011, there for squared loss; negatives from the same block are ours. Losses:
//! Rendle et al., "BPR: Bayesian personalized ranking from implicit feedback", UAI 2009; Weston, Bengio
//! and Usunier, "WSABIE: scaling up to large vocabulary image annotation", IJCAI 2011.
//! Cost: `5 f` multiply-adds a cell and epoch, WARP `f` more a trial.

use crate::Csr;
use crate::lanes::{add_scaled, dot, vectorised};
use domain::{Rng, Seed};
use rayon::prelude::*;

/// What a pair in the wrong order costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairLoss {
    /// `−ln σ(x·y_i − x·y_j)` for one drawn `j`: BPR.
    Logistic,
    /// `w(rank) · max(0, 1 − x·y_i + x·y_j)`: columns are drawn until one violates the margin; the number
    /// of draws tells the rank of `i`, and `w` is the harmonic sum up to it, as a share of the largest: WARP.
    Warp {
        /// Draws before the cell is left as it is, at least 1.
        max_trials: usize,
    },
}

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairwiseSgd {
    /// Length of a vector, at least 1.
    pub n_factors: usize,
    /// Passes over the cells.
    pub n_epochs: usize,
    /// Step length, above 0.
    pub learning_rate: f32,
    /// Weight of the squared lengths, at least 0.
    pub reg: f32,
    /// Cost of a pair.
    pub loss: PairLoss,
    /// Columns are drawn with their number of cells to this power: 0 is uniform.
    pub exponent: f32,
}

/// Columns that a block has at least, and blocks at most.
const COLUMNS_A_BLOCK: usize = 128;
const MAX_BLOCKS: usize = 16;

/// A row's vector with what it is made of: `x = Σ shares_k y_k + rest`.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// The vector.
    pub x: Vec<f32>,
    /// Share of each of the row's columns, in their order.
    pub shares: Vec<f32>,
    /// What the drawn columns took away.
    pub rest: Vec<f32>,
}

type Vectors<'a> = Vec<&'a mut [f32]>;

/// Who is in which block, and where there.
struct Deal {
    ids: Vec<Vec<u32>>,
    place: Vec<(u32, u32)>,
}

impl Deal {
    fn new(n: usize, used: &[u32], n_blocks: usize, rng: &mut Rng) -> Self {
        let mut order = used.to_vec();
        rng.shuffle(&mut order);
        let (mut ids, mut place) = (vec![Vec::new(); n_blocks], vec![(0, 0); n]);
        for (at, id) in order.into_iter().enumerate() {
            let block = at % n_blocks;
            place[id as usize] = (block as u32, ids[block].len() as u32);
            ids[block].push(id);
        }
        Self { ids, place }
    }

    /// The vectors of each block, in the block's order.
    fn vectors<'a>(&self, all: &'a mut [f32], f: usize) -> Vec<Vectors<'a>> {
        let mut all: Vec<Option<&mut [f32]>> = all.chunks_exact_mut(f).map(Some).collect();
        self.ids.iter().map(|ids| ids.iter().filter_map(|id| all[*id as usize].take()).collect()).collect()
    }
}

/// What a pair of blocks works with.
struct Pair<'a> {
    row_ids: &'a [u32],
    column_ids: &'a [u32],
    /// Running sums of the columns' weights; empty where they are drawn uniformly.
    sums: &'a [f32],
    n_columns: usize,
    cells: &'a Csr,
}

impl PairwiseSgd {
    /// Learns `n_rows × f` and `n_cols × f` numbers. Rows and columns without cells stay 0.
    pub fn fit(&self, cells: &Csr, seed: Seed) -> (Vec<f32>, Vec<f32>) {
        let f = self.n_factors;
        let mut counts = vec![0_u32; cells.n_cols()];
        (0..cells.n_rows()).flat_map(|r| cells.row(r).0).for_each(|c| counts[*c as usize] += 1);
        let columns: Vec<u32> = (0..cells.n_cols() as u32).filter(|c| counts[*c as usize] > 0).collect();
        let rows: Vec<u32> = (0..cells.n_rows() as u32).filter(|r| !cells.row(*r as usize).0.is_empty()).collect();
        let start = |n: usize, used: &[u32], seed: Seed| {
            let mut all = vec![0.0; n * f];
            for id in used {
                let mut rng = seed.stream(u64::from(*id));
                let scale = 0.1 / (f as f64).sqrt();
                all[*id as usize * f..][..f].fill_with(|| (rng.normal() * scale) as f32);
            }
            all
        };
        let mut x = start(cells.n_rows(), &rows, seed.derive(1));
        let mut y = start(cells.n_cols(), &columns, seed.derive(2));
        if columns.is_empty() {
            return (x, y);
        }
        let n_blocks = (columns.len() / COLUMNS_A_BLOCK).clamp(1, MAX_BLOCKS);
        for epoch in 0..self.n_epochs {
            let seed = seed.derive(3 + epoch as u64);
            let mut rng = seed.stream(0);
            let by_row = Deal::new(cells.n_rows(), &rows, n_blocks, &mut rng);
            let by_column = Deal::new(cells.n_cols(), &columns, n_blocks, &mut rng);
            self.epoch((cells, &counts, columns.len()), (&by_row, &by_column), (&mut x, &mut y), seed);
        }
        (x, y)
    }

    fn epoch(
        &self,
        (cells, counts, n_columns): (&Csr, &[u32], usize),
        (by_row, by_column): (&Deal, &Deal),
        (x, y): (&mut [f32], &mut [f32]),
        seed: Seed,
    ) {
        let n_blocks = by_row.ids.len();
        let mut pairs: Vec<Vec<(u32, u32)>> = vec![Vec::new(); n_blocks * n_blocks];
        for row in 0..cells.n_rows() {
            let (row_block, row_at) = by_row.place[row];
            for column in cells.row(row).0 {
                let (column_block, column_at) = by_column.place[*column as usize];
                pairs[row_block as usize * n_blocks + column_block as usize].push((row_at, column_at));
            }
        }
        let weight = |c: &u32| (counts[*c as usize] as f32).powf(self.exponent);
        let running = |ids: &Vec<u32>| {
            let mut sum = 0.0;
            ids.iter()
                .map(|c| {
                    sum += weight(c);
                    sum
                })
                .collect::<Vec<f32>>()
        };
        let sums: Vec<Vec<f32>> =
            if self.exponent == 0.0 { vec![Vec::new(); n_blocks] } else { by_column.ids.iter().map(running).collect() };
        let mut xs = by_row.vectors(x, self.n_factors);
        // Beside each block its number, which turns with it.
        let mut ys: Vec<(usize, Vectors<'_>)> = by_column.vectors(y, self.n_factors).into_iter().enumerate().collect();
        for round in 0..n_blocks {
            xs.par_iter_mut().zip(ys.par_iter_mut()).enumerate().for_each(|(b, (xs, (c, ys)))| {
                let mut rng = seed.stream(1 + (round * n_blocks + b) as u64);
                let pair =
                    Pair { row_ids: &by_row.ids[b], column_ids: &by_column.ids[*c], sums: &sums[*c], n_columns, cells };
                let mut order = pairs[b * n_blocks + *c].clone();
                rng.shuffle(&mut order);
                for (row, column) in order {
                    self.step(&pair, xs[row as usize], (row, column as usize), ys, &mut rng);
                }
            });
            ys.rotate_left(1);
        }
    }

    fn step(&self, pair: &Pair<'_>, x: &mut [f32], (row, i): (u32, usize), ys: &mut Vectors<'_>, rng: &mut Rng) {
        let own = pair.cells.row(pair.row_ids[row as usize] as usize).0;
        let mut draw = || {
            // A row that has all columns of the block finds none: after some draws the cell is left.
            (0..20).find_map(|_| {
                let j = match pair.sums.last() {
                    None => rng.below(ys.len()),
                    Some(total) => {
                        let at = rng.uniform() as f32 * total;
                        pair.sums.partition_point(|s| *s <= at).min(ys.len() - 1)
                    }
                };
                own.binary_search(&pair.column_ids[j]).is_err().then_some(j)
            })
        };
        let found = match self.loss {
            PairLoss::Logistic => draw().map(|j| (j, -1.0)),
            PairLoss::Warp { max_trials } => {
                let floor = product(x, ys[i]) - 1.0;
                (1..=max_trials).find_map(|trial| {
                    let j = draw()?;
                    (product(x, ys[j]) > floor).then(|| (j, rank_weight(pair.n_columns, trial)))
                })
            }
        };
        if let Some((j, weight)) = found
            && let Ok([y_i, y_j]) = ys.get_disjoint_mut([i, j])
        {
            move_apart(x, y_i, y_j, weight, (self.learning_rate, self.reg));
        }
    }

    /// The vector of a row that was not there in training, the columns held: `n_epochs` passes over its
    /// columns with the same steps, averaged over the second half. `columns` are known ones, `y` the
    /// columns' vectors, `drawn_from` the numbers of those to compare with.
    pub fn fold_in(&self, columns: &[u32], y: &[f32], drawn_from: &[u32], n_epochs: usize, seed: Seed) -> Folded {
        let f = self.n_factors;
        let vector = |c: u32| &y[c as usize * f..][..f];
        let mut rng = seed.stream(columns.iter().fold(columns.len() as u64, |h, c| Seed(h).derive(u64::from(*c)).0));
        let (mut x, mut shares) = (vec![0.0; f], vec![0.0; columns.len()]);
        let (mut x_sum, mut shares_sum) = (vec![0.0; f], vec![0.0; columns.len()]);
        let keep = 1.0 - self.learning_rate * self.reg;
        let half = n_epochs / 2;
        for epoch in 0..n_epochs {
            for k in 0..columns.len() {
                let mut draw = || {
                    (0..20).map(|_| drawn_from[rng.below(drawn_from.len())]).find(|j| columns.binary_search(j).is_err())
                };
                let y_i = vector(columns[k]);
                let found = match self.loss {
                    PairLoss::Logistic => draw().map(|j| (j, logistic(product(&x, vector(j)) - product(&x, y_i)))),
                    PairLoss::Warp { max_trials } => {
                        let floor = product(&x, y_i) - 1.0;
                        (1..=max_trials).find_map(|trial| {
                            let j = draw()?;
                            (product(&x, vector(j)) > floor).then(|| (j, rank_weight(drawn_from.len(), trial)))
                        })
                    }
                };
                let Some((j, pull)) = found else { continue };
                shares.iter_mut().for_each(|s| *s *= keep);
                shares[k] += self.learning_rate * pull;
                move_one(&mut x, y_i, vector(j), self.learning_rate * pull, keep);
            }
            if epoch >= half {
                x_sum.iter_mut().zip(&x).for_each(|(sum, x)| *sum += x);
                shares_sum.iter_mut().zip(&shares).for_each(|(sum, s)| *sum += s);
            }
        }
        let n = (n_epochs - half).max(1) as f32;
        x_sum.iter_mut().chain(&mut shares_sum).for_each(|v| *v /= n);
        let mut rest = x_sum.clone();
        columns.iter().zip(&shares_sum).for_each(|(c, s)| add_scaled(&mut rest, -s, vector(*c)));
        Folded { x: x_sum, shares: shares_sum, rest }
    }
}

#[inline(always)]
fn logistic(v: f32) -> f32 {
    1.0 / (1.0 + (-v).exp())
}

/// Harmonic sum up to the rank that so many draws tell, as a share of the one up to the last rank.
fn rank_weight(n_columns: usize, trial: usize) -> f32 {
    let harmonic = |n: usize| (n as f32).ln() + 0.577_215_7 + 0.5 / n as f32;
    let last = n_columns.saturating_sub(1).max(1);
    harmonic((last / trial).max(1)) / harmonic(last)
}

vectorised! {
    fn product(a: &[f32], b: &[f32]) -> f32 {
        dot(a, b)
    }
}

vectorised! {
    /// One gradient step of a pair. A weight below 0 stands for the logistic loss, whose weight
    /// follows from the products.
    fn move_apart(x: &mut [f32], y_i: &mut [f32], y_j: &mut [f32], weight: f32, rates: (f32, f32)) {
        let weight = if weight < 0.0 { logistic(dot(x, y_j) - dot(x, y_i)) } else { weight };
        let (rate, keep) = (rates.0 * weight, 1.0 - rates.0 * rates.1);
        for ((x, i), j) in x.iter_mut().zip(y_i).zip(y_j) {
            let old = *x;
            *x = keep * old + rate * (*i - *j);
            *i = keep * *i + rate * old;
            *j = keep * *j - rate * old;
        }
    }
}

vectorised! {
    fn move_one(x: &mut [f32], y_i: &[f32], y_j: &[f32], rate: f32, keep: f32) {
        for ((x, i), j) in x.iter_mut().zip(y_i).zip(y_j) {
            *x = keep * *x + rate * (i - j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BPR: PairwiseSgd = PairwiseSgd {
        n_factors: 3,
        n_epochs: 200,
        learning_rate: 0.1,
        reg: 0.01,
        loss: PairLoss::Logistic,
        exponent: 0.0,
    };

    /// The step against the numeric gradient of `−ln σ(x·(y_i − y_j)) + reg/2 (x² + y_i² + y_j²)`.
    #[test]
    fn a_step_goes_down_the_gradient() {
        let (x, y_i, y_j) = ([0.3_f32, -0.2, 0.5], [0.1_f32, 0.4, -0.3], [-0.2_f32, 0.6, 0.2]);
        let loss = |v: &[f64]| {
            let d: f64 = (0..3).map(|k| v[k] * (v[3 + k] - v[6 + k])).sum();
            (1.0 + (-d).exp()).ln() + 0.005 * v.iter().map(|v| v * v).sum::<f64>()
        };
        let at: Vec<f64> = x.iter().chain(&y_i).chain(&y_j).map(|v| f64::from(*v)).collect();
        let (mut nx, mut ni, mut nj) = (x, y_i, y_j);
        move_apart(&mut nx, &mut ni, &mut nj, -1.0, (0.1, 0.01));
        for (k, new) in nx.iter().chain(&ni).chain(&nj).enumerate() {
            let moved = |by: f64| {
                let mut v = at.clone();
                v[k] += by;
                loss(&v)
            };
            let gradient = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((f64::from(*new) - (at[k] - 0.1 * gradient)).abs() < 1e-6, "{k}");
        }
    }

    #[test] // 101 columns: H(100) = 5.187; the 10th draw tells rank 10, H(10) = 2.929.
    fn more_draws_mean_a_smaller_weight_by_hand() {
        assert!((rank_weight(101, 1) - 1.0).abs() < 1e-6);
        assert!((rank_weight(101, 10) - 2.929 / 5.187).abs() < 1e-3);
    }

    /// Two groups of 200 columns each; every row has 20 of its group. Its own score above the other
    /// group's on average, and one thread learns the same as three.
    #[test]
    fn own_columns_come_first_and_threads_do_not_matter() {
        let row = |r: usize| (0..20).map(move |k| (((r % 2) * 200 + (r * 37 + k * 9) % 200) as u32, 1.0));
        let cells = Csr::from_rows(400, (0..120).map(row));
        let all: Vec<u32> = (0..400).collect();
        for loss in [PairLoss::Logistic, PairLoss::Warp { max_trials: 20 }] {
            for exponent in [0.0, 0.75] {
                let sgd = PairwiseSgd { loss, exponent, ..BPR };
                let run = |n: usize| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
                    pool.install(|| sgd.fit(&cells, Seed(5)))
                };
                let (x, y) = run(1);
                assert_eq!((&x, &y), (&run(3).0, &run(3).1));
                let vector = |c: u32| &y[c as usize * 3..][..3];
                let mean = |x: &[f32], columns: &[u32]| {
                    columns.iter().map(|c| dot(x, vector(*c))).sum::<f32>() / columns.len() as f32
                };
                let others = |r: usize| &all[(1 - r % 2) * 200..][..200];
                for (r, x) in x.chunks(3).enumerate() {
                    assert!(mean(x, cells.row(r).0) > mean(x, others(r)), "{loss:?}, row {r}");
                }
                let columns = cells.row(3).0;
                let folded = sgd.fold_in(columns, &y, &all, 40, Seed(1));
                assert!(mean(&folded.x, columns) > mean(&folded.x, others(3)), "{loss:?}");
                let mut sum = folded.rest.clone();
                columns.iter().zip(&folded.shares).for_each(|(c, s)| add_scaled(&mut sum, *s, vector(*c)));
                assert!(sum.iter().zip(&folded.x).all(|(a, b)| (a - b).abs() < 1e-4));
            }
        }
    }
}
