//! Vectors for the columns of a sparse matrix, such that the others of a row point to each of its columns.
//!
//! A row is a set of columns with weights. Left without column `t` it has the vector
//! `x = n^(1 − length_power) · Σ w_i p_i / Σ w_i` over its `n` other columns, and `t` has the odds
//! `exp(x · q_t + b_t)` against the columns that the row has not, with `b` the logarithm of a
//! column's weight over that of the mean column.
//! `p` ("from") and `q` ("to") maximise `Σ ln (odds of t / (odds of t + Σ_j odds of j))` over all cells. The sum
//! over `j` is estimated by `n_drawn` columns, the same for a whole batch: all products are then two full
//! matrices multiplied, which is where wide vectors are cheap. Because `t` itself is left out of `x`, a
//! column cannot learn to point to itself.
//!
//! A cell counts by its weight: in each epoch it is a target that many times, the fraction by chance.
//! Source: rows as sums of their columns' vectors with the target left out by Kabbur, Ning and Karypis,
//! "FISM: factored item similarity models for top-N recommender systems", KDD 2013, there for squared
//! and pairwise loss; the sampled softmax by Jean, Cho, Memisevic and Bengio, "On using very large
//! target vocabulary for neural machine translation", ACL 2015. Cost: `6 n_drawn · f` multiply-adds a cell and
//! epoch, and one Adam step over both tables a batch.
//!
//! Products run in the calling thread over fixed blocks, so the result is the same at any number of
//! threads; two kinds of machine may differ in the last bits (see [`dense`](crate::dense)).

use crate::Csr;
use crate::dense::{columns_by_columns, rows_by_columns, rows_by_rows};
use crate::dense_adam::Adam;
use crate::lanes::{LANES, add_scaled, dot, fold, vectorised};
use crate::smoothing::Smoothing;
use crate::spread::{Keep, spread};
use domain::{Rng, Seed};
use rayon::prelude::*;
use std::borrow::Cow;

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetSoftmax {
    /// Length of a vector, at least 1.
    pub n_factors: usize,
    /// Passes over the cells.
    pub n_epochs: usize,
    /// Columns drawn for a batch, at least 1.
    pub n_drawn: usize,
    /// Cells of a batch, about; at least 1.
    pub batch: usize,
    /// Adam's step length, above 0.
    pub learning_rate: f32,
    /// Factor of the step length from one epoch to the next, above 0.
    pub decay: f32,
    /// Weight of the squared lengths against the mean loss of a cell, at least 0.
    pub reg: f32,
    /// 0: a row's vector is the sum of its columns', 1: their mean.
    pub length_power: f32,
    /// Whether a column has one vector in both roles.
    pub tables: Tables,
    /// What the columns that share rows with a column add to its vectors, from 0 to 1 (see [`Smoothing`]).
    pub smoothing: f32,
}

/// Vectors of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// `p` and `q` are the same.
    One,
    /// `p` and `q` are learnt apart.
    Two,
}

/// What was learnt; `from` and `to` are `n_cols × n_factors`. Columns without cells have zeros and a `bias` of
/// minus infinity.
#[derive(Clone, Debug, PartialEq)]
pub struct SetVectors {
    /// `p`: what a column adds to its row's vector.
    pub from: Vec<f32>,
    /// `q`: what a row's vector is multiplied with.
    pub to: Vec<f32>,
    /// `b`: logarithm of the column's weight over the mean column's.
    pub bias: Vec<f32>,
}

/// Cells whose products are taken together.
const BLOCK: usize = 128;
/// Drawn columns whose gradients are taken together.
const STRIPE: usize = 32;

/// Targets of a step with what they are compared with.
struct Batch<'a> {
    cells: &'a Csr,
    /// The rows in use.
    rows: Vec<u32>,
    /// For each target its row's place in `rows`.
    row_of: Vec<u32>,
    targets: Vec<u32>,
    /// Weight of the target within its row, and the factor of the rest's sum.
    own: Vec<(f32, f32)>,
    /// Columns compared with, ascending, and what is added to their products.
    drawn: Vec<u32>,
    drawn_bias: Vec<f32>,
}

/// Gradients of the mean loss of a batch.
struct Gradients {
    from: Vec<f32>,
    to: Vec<f32>,
}

/// The factor of a row's sum of weighted vectors.
pub fn row_factor(n: usize, total_weight: f32, length_power: f32) -> f32 {
    if n == 0 || total_weight <= 0.0 { 0.0 } else { (n as f32).powf(1.0 - length_power) / total_weight }
}

impl SetSoftmax {
    /// Learns from cells of weight above 0; what is not is no target.
    pub fn fit(&self, cells: &Csr, seed: Seed) -> SetVectors {
        let (f, n) = (self.n_factors, cells.n_cols());
        let mut sums = vec![0.0_f32; n];
        (0..cells.n_rows()).flat_map(|r| cells.cells(r)).for_each(|(c, w)| sums[c as usize] += w);
        let known: Vec<u32> = (0..n as u32).filter(|c| sums[*c as usize] > 0.0).collect();
        let total: f32 = sums.iter().sum();
        let bias: Vec<f32> = sums.iter().map(|sum| (sum / total * known.len() as f32).ln()).collect();
        let start = |seed: Seed| {
            let mut all = vec![0.0; n * f];
            for id in &known {
                let mut rng = seed.stream(u64::from(*id));
                all[*id as usize * f..][..f].fill_with(|| (rng.normal() * 0.1 / (f as f64).sqrt()) as f32);
            }
            all
        };
        let mut from = start(seed.derive(1));
        let mut to = if self.tables == Tables::Two { start(seed.derive(2)) } else { Vec::new() };
        let (mut adam_from, mut adam_to) = (Adam::new(from.len()), Adam::new(to.len()));
        let mut rows: Vec<u32> = (0..cells.n_rows() as u32).filter(|r| !cells.row(*r as usize).0.is_empty()).collect();
        let graph = (self.smoothing > 0.0).then(|| Smoothing::new(cells, self.smoothing));
        let graph = graph.as_ref();
        let mut rate = self.learning_rate;
        for epoch in 0..self.n_epochs {
            let mut rng = seed.derive(3).stream(epoch as u64);
            rng.shuffle(&mut rows);
            let mut rest = rows.as_slice();
            while let Some(batch) = self.batch(cells, &mut rest, (&known, &bias), &mut rng) {
                match self.tables {
                    Tables::One => {
                        let seen = mixed(graph, &from, f);
                        let mut g = self.gradients(&batch, (&seen, &seen, &bias));
                        g.from.iter_mut().zip(&g.to).for_each(|(a, b)| *a += b);
                        g.from = mixed(graph, &g.from, f).into_owned();
                        adam_from.step(&mut from, &g.from, rate, self.reg);
                    }
                    Tables::Two => {
                        let g = self.gradients(&batch, (&mixed(graph, &from, f), &mixed(graph, &to, f), &bias));
                        adam_from.step(&mut from, &mixed(graph, &g.from, f), rate, self.reg);
                        adam_to.step(&mut to, &mixed(graph, &g.to, f), rate, self.reg);
                    }
                }
            }
            rate *= self.decay;
        }
        from = mixed(graph, &from, f).into_owned();
        let to = if self.tables == Tables::Two { mixed(graph, &to, f).into_owned() } else { from.clone() };
        SetVectors { from, to, bias }
    }

    /// The targets of the next rows; `None` when no row is left.
    fn batch<'a>(
        &self,
        cells: &'a Csr,
        rest: &mut &[u32],
        (known, bias): (&[u32], &[f32]),
        rng: &mut Rng,
    ) -> Option<Batch<'a>> {
        let (mut rows, mut row_of, mut targets, mut own) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        while let Some((row, after)) = rest.split_first()
            && targets.len() < self.batch.max(1)
        {
            *rest = after;
            let total: f32 = cells.row(*row as usize).1.iter().sum();
            let n = cells.row(*row as usize).0.len();
            let before = targets.len();
            for (column, weight) in cells.cells(*row as usize) {
                let times = (f64::from(weight) + rng.uniform()).floor() as usize;
                let factor = row_factor(n - 1, total - weight, self.length_power);
                targets.extend(std::iter::repeat_n(column, times));
                own.extend(std::iter::repeat_n((weight, factor), times));
            }
            if targets.len() > before {
                row_of.resize(targets.len(), rows.len() as u32);
                rows.push(*row);
            }
        }
        if targets.is_empty() {
            return None;
        }
        let drawn = draw(known, self.n_drawn, rng);
        let stands_for = (known.len() as f32 / drawn.len() as f32).ln();
        let drawn_bias = drawn.iter().map(|c| bias[*c as usize] + stands_for).collect();
        Some(Batch { cells, rows, row_of, targets, own, drawn, drawn_bias })
    }

    fn gradients(&self, batch: &Batch<'_>, (from, to, bias): (&[f32], &[f32], &[f32])) -> Gradients {
        let (f, n, m) = (self.n_factors, batch.cells.n_cols(), batch.targets.len());
        // Sums of the rows, then each target's row without it.
        let used = Csr::from_rows(n, batch.rows.iter().map(|r| batch.cells.cells(*r as usize)));
        let mut sums = vec![0.0; batch.rows.len() * f];
        spread(&used, from, f, Keep::New, &mut sums);
        let mut x = vec![0.0_f32; m * f];
        for (at, x) in x.chunks_exact_mut(f).enumerate() {
            let (weight, factor) = batch.own[at];
            let sum = &sums[batch.row_of[at] as usize * f..][..f];
            let target = &from[batch.targets[at] as usize * f..][..f];
            x.iter_mut().zip(sum).zip(target).for_each(|((x, s), t)| *x = factor * (s - weight * t));
        }
        let drawn: Vec<f32> = batch.drawn.iter().flat_map(|c| &to[*c as usize * f..][..f]).copied().collect();
        let (k, mut odds, mut gx) = (batch.drawn.len(), vec![0.0_f32; m * batch.drawn.len()], vec![0.0_f32; m * f]);
        // For each target the factor of its own vector.
        let mut of_target = vec![0.0_f32; m];
        let blocks = x.par_chunks(BLOCK * f).zip(odds.par_chunks_mut(BLOCK * k)).zip(gx.par_chunks_mut(BLOCK * f));
        blocks.zip(of_target.par_chunks_mut(BLOCK)).enumerate().for_each(|(block, (((x, odds), gx), of_target))| {
            rows_by_rows(x, &drawn, f, odds);
            for (r, (odds, out)) in odds.chunks_exact_mut(k).zip(of_target.iter_mut()).enumerate() {
                let at = block * BLOCK + r;
                let target = batch.targets[at] as usize;
                let product = product(&x[r * f..][..f], &to[target * f..][..f]) + bias[target];
                *out = misses(odds, product, &batch.drawn_bias, |odds| batch.strike_own(at, odds));
            }
            rows_by_columns(odds, &drawn, k, gx);
            for (r, gx) in gx.chunks_exact_mut(f).enumerate() {
                add(gx, of_target[r], &to[batch.targets[block * BLOCK + r] as usize * f..][..f]);
            }
        });
        let share = 1.0 / m as f32;
        let mut of_drawn = vec![0.0; k * f];
        of_drawn.par_chunks_mut(STRIPE * f).enumerate().for_each(|(stripe, out)| {
            let (first, wide) = (stripe * STRIPE, out.len() / f);
            let part: Vec<f32> = odds.chunks_exact(k).flat_map(|row| &row[first..first + wide]).copied().collect();
            columns_by_columns(&part, &x, m, out);
        });
        let by_target = |value: &dyn Fn(usize) -> f32| {
            Csr::from_rows(
                m,
                turned(&batch.targets, n).iter().map(|cells| cells.iter().map(|at| (*at, value(*at as usize)))),
            )
        };
        let mut to_gradient = vec![0.0; n * f];
        spread(&by_target(&|at| share * of_target[at]), &x, f, Keep::New, &mut to_gradient);
        for (column, g) in batch.drawn.iter().zip(of_drawn.chunks_exact(f)) {
            add(&mut to_gradient[*column as usize * f..][..f], share, g);
        }
        // A column's part in the sums of its rows, less what it did not do for itself.
        let mut of_rows = vec![0.0_f32; sums.len()];
        for (at, gx) in gx.chunks_exact(f).enumerate() {
            add(&mut of_rows[batch.row_of[at] as usize * f..][..f], share * batch.own[at].1, gx);
        }
        let mut from_gradient = vec![0.0; n * f];
        spread(&used.transpose(), &of_rows, f, Keep::New, &mut from_gradient);
        let own = |at: usize| -share * batch.own[at].0 * batch.own[at].1;
        spread(&by_target(&own), &gx, f, Keep::Old, &mut from_gradient);
        Gradients { from: from_gradient, to: to_gradient }
    }
}

/// `n` of these, ascending, all alike likely; all of them where there are not more.
pub fn draw(known: &[u32], n: usize, rng: &mut Rng) -> Vec<u32> {
    // The first places of a shuffle that stops early.
    let (mut pool, n) = (known.to_vec(), n.min(known.len()));
    for at in 0..n {
        pool.swap(at, at + rng.below(known.len() - at));
    }
    pool.truncate(n);
    pool.sort_unstable();
    pool
}

/// A table as it is seen: mixed along the graph where there is one.
fn mixed<'a>(graph: Option<&Smoothing>, table: &'a [f32], f: usize) -> Cow<'a, [f32]> {
    graph.map_or(Cow::Borrowed(table), |graph| Cow::Owned(graph.apply(table, f)))
}

/// The places of each column in a list of columns.
fn turned(columns: &[u32], n: usize) -> Vec<Vec<u32>> {
    let mut places = vec![Vec::new(); n];
    (0_u32..).zip(columns).for_each(|(at, c)| places[*c as usize].push(at));
    places
}

impl Batch<'_> {
    /// The columns that the target's row has are not what it is compared with.
    fn strike_own(&self, at: usize, odds: &mut [f32]) {
        strike(odds, self.cells.row(self.rows[self.row_of[at] as usize] as usize).0, &self.drawn);
    }
}

/// Sets the odds of those of the drawn columns to 0 that are among `own`; both ascending.
pub(crate) fn strike(odds: &mut [f32], own: &[u32], drawn: &[u32]) {
    if own.len() * 8 < drawn.len() {
        for column in own {
            if let Ok(place) = drawn.binary_search(column) {
                odds[place] = 0.0;
            }
        }
    } else {
        for (column, odds) in drawn.iter().zip(odds) {
            if own.binary_search(column).is_ok() {
                *odds = 0.0;
            }
        }
    }
}

/// Turns products with the drawn columns into the factors of their vectors in the gradient of
/// `−ln (odds / all odds)`. Returns the factor of the target's vector.
fn misses(odds: &mut [f32], target: f32, bias: &[f32], strike_own: impl FnOnce(&mut [f32])) -> f32 {
    let highest = add_and_highest(odds, bias).max(target);
    exponentials(odds, highest);
    strike_own(odds);
    let own = exponential(target - highest);
    let all = own + total(odds);
    scale(odds, 1.0 / all);
    own / all - 1.0
}

/// `e^v` for `v ≤ 0` to five digits, from additions and products alone: the same bits everywhere, in vectors.
#[inline(always)]
pub(crate) fn exponential(v: f32) -> f32 {
    // What is no number stays none.
    let v = (v * std::f32::consts::LOG2_E).clamp(-126.0, 0.0);
    let whole = v.round_ties_even();
    let t = (v - whole) * std::f32::consts::LN_2;
    let series =
        1.0 + t * (1.0 + t * (0.5 + t * (1.0 / 6.0 + t * (1.0 / 24.0 + t * (1.0 / 120.0 + t * (1.0 / 720.0))))));
    series * f32::from_bits(((whole as i32 + 127) as u32) << 23)
}

vectorised! {
    pub(crate) fn product(a: &[f32], b: &[f32]) -> f32 {
        dot(a, b)
    }
}

vectorised! {
    pub(crate) fn add(target: &mut [f32], factor: f32, source: &[f32]) {
        add_scaled(target, factor, source)
    }
}

vectorised! {
    pub(crate) fn scale(values: &mut [f32], by: f32) {
        values.iter_mut().for_each(|v| *v *= by)
    }
}

vectorised! {
    pub(crate) fn exponentials(values: &mut [f32], less: f32) {
        values.iter_mut().for_each(|v| *v = exponential(*v - less))
    }
}

vectorised! {
    pub(crate) fn total(values: &[f32]) -> f32 {
        let (chunks, rest) = values.as_chunks::<LANES>();
        let mut lanes = [0.0_f32; LANES];
        for chunk in chunks {
            for l in 0..LANES {
                lanes[l] += chunk[l];
            }
        }
        fold(lanes) + rest.iter().sum::<f32>()
    }
}

vectorised! {
    pub(crate) fn add_and_highest(values: &mut [f32], plus: &[f32]) -> f32 {
        values.iter_mut().zip(plus).for_each(|(v, p)| *v += p);
        let (chunks, rest) = values.as_chunks::<LANES>();
        let mut lanes = [f32::NEG_INFINITY; LANES];
        for chunk in chunks {
            for l in 0..LANES {
                lanes[l] = if chunk[l] > lanes[l] { chunk[l] } else { lanes[l] };
            }
        }
        lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |high, v| high.max(*v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: SetSoftmax = SetSoftmax {
        n_factors: 3,
        n_epochs: 60,
        n_drawn: 4,
        batch: 16,
        learning_rate: 0.02,
        decay: 0.98,
        reg: 1e-3,
        length_power: 0.5,
        tables: Tables::Two,
        smoothing: 0.0,
    };

    /// Two groups of columns, 0 to 7 and 8 to 15; each row has four of one of them.
    fn groups() -> Csr {
        let row = |r: usize| (0..4).map(move |k| (((r % 2) * 8 + (r * 3 + k * 5) % 8) as u32, 1.0));
        Csr::from_rows(16, (0..60).map(row))
    }

    /// By the definition, in `f64`: the mean of −ln(e^(x·q_t + b_t) / (that + Σ over drawn, not own, columns)).
    fn loss(batch: &Batch<'_>, f: usize, power: f64, (from, to, bias): (&[f64], &[f64], &[f32])) -> f64 {
        let product = |x: &[f64], c: u32| (0..f).map(|k| x[k] * to[c as usize * f + k]).sum::<f64>();
        let of_target = |at: usize| {
            let (columns, weights) = batch.cells.row(batch.rows[batch.row_of[at] as usize] as usize);
            let target = batch.targets[at];
            let others = || columns.iter().zip(weights).filter(|(c, _)| **c != target);
            let total: f64 = others().map(|(_, w)| f64::from(*w)).sum();
            let scale = if total > 0.0 { (others().count() as f64).powf(1.0 - power) / total } else { 0.0 };
            let x: Vec<f64> = (0..f)
                .map(|k| scale * others().map(|(c, w)| f64::from(*w) * from[*c as usize * f + k]).sum::<f64>())
                .collect();
            let own = (product(&x, target) + f64::from(bias[target as usize])).exp();
            let drawn = batch.drawn.iter().zip(&batch.drawn_bias).filter(|(c, _)| !columns.contains(c));
            let all = own + drawn.map(|(c, b)| (product(&x, *c) + f64::from(*b)).exp()).sum::<f64>();
            -(own / all).ln()
        };
        (0..batch.targets.len()).map(of_target).sum::<f64>() / batch.targets.len() as f64
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        // Weights that differ, a row of one column, and more targets than a block.
        let mut rows: Vec<Vec<(u32, f32)>> =
            (0..60).map(|r| groups().cells(r).map(|(c, w)| (c, w * (1.0 + c as f32 / 8.0))).collect()).collect();
        rows.push(vec![(3, 1.0)]);
        let cells = Csr::from_rows(16, rows);
        let bias: Vec<f32> = (0..16).map(|c| -(c as f32) / 10.0).collect();
        let order: Vec<u32> = (0..61).collect();
        let known: Vec<u32> = (0..16).collect();
        let sgd = SetSoftmax { n_drawn: 9, batch: 1000, ..SMALL };
        let batch = sgd.batch(&cells, &mut order.as_slice(), (&known, &bias), &mut Seed(1).stream(0)).unwrap();
        assert!(batch.targets.len() > BLOCK && batch.drawn.len() == 9);
        let table = |seed: u64| (0..48).map(|at| Seed(seed).stream(at).normal()).collect::<Vec<f64>>();
        let (from, to) = (table(2), table(3));
        let single = |v: &[f64]| v.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let g = sgd.gradients(&batch, (&single(&from), &single(&to), &bias));
        for at in 0..48 {
            let moved = |by: f64, which: usize| {
                let (mut from, mut to) = (from.clone(), to.clone());
                [&mut from, &mut to][which][at] += by;
                loss(&batch, 3, 0.5, (&from, &to, &bias))
            };
            for (which, got) in [g.from[at], g.to[at]].into_iter().enumerate() {
                let want = (moved(1e-5, which) - moved(-1e-5, which)) / 2e-5;
                assert!((f64::from(got) - want).abs() < 1e-5, "{which} {at}: {got} {want}");
            }
        }
    }

    #[test]
    fn one_thread_and_two_give_the_same_bits_and_seeds_differ() {
        let cells = groups();
        let run = |n_threads, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| SetSoftmax { n_epochs: 5, batch: 200, n_drawn: 16, ..SMALL }.fit(&cells, Seed(seed)))
        };
        assert_eq!(run(1, 4), run(2, 4));
        assert_ne!(run(1, 4), run(1, 5));
    }

    #[test]
    fn the_others_of_a_row_point_to_its_columns_and_nobody_to_the_other_group() {
        for (tables, smoothing) in [(Tables::One, 0.0), (Tables::Two, 0.0), (Tables::One, 0.5), (Tables::Two, 0.5)] {
            let v = SetSoftmax { tables, smoothing, ..SMALL }.fit(&groups(), Seed(7));
            let score = |i: usize, j: usize| dot(&v.from[3 * i..3 * i + 3], &v.to[3 * j..3 * j + 3]);
            let mean = |i: usize, group: usize| {
                (0..8).filter(|j| group * 8 + j != i).map(|j| score(i, group * 8 + j)).sum::<f32>()
            };
            assert!((0..16).all(|i| mean(i, i / 8) > mean(i, 1 - i / 8) + 5.0), "{tables:?} {smoothing}");
        }
    }

    #[test] // Half of a cell of weight 0.5 is a target, each of weight 2 twice, 2.5 two or three times.
    fn a_cell_is_a_target_as_often_as_its_weight_says() {
        let cells = Csr::from_rows(3, (0..1000).map(|_| [(0, 0.5), (1, 2.0), (2, 2.5)]));
        let order: Vec<u32> = (0..1000).collect();
        let sgd = SetSoftmax { batch: usize::MAX, ..SMALL };
        let batch = sgd.batch(&cells, &mut order.as_slice(), (&[0, 1, 2], &[0.0; 3]), &mut Seed(9).stream(0)).unwrap();
        let n = [0, 1, 2].map(|c| batch.targets.iter().filter(|t| **t == c).count());
        assert!((450..550).contains(&n[0]) && n[1] == 2000 && (2450..2550).contains(&n[2]), "{n:?}");
    }

    #[test] // Sum 6 of 3 columns: their mean 1/6 a unit, their sum 3/6 a unit, √3/6 between.
    fn factors_of_a_row_by_hand() {
        assert_eq!(row_factor(3, 6.0, 1.0), 1.0 / 6.0);
        assert_eq!(row_factor(3, 6.0, 0.0), 0.5);
        assert!((row_factor(3, 6.0, 0.5) - 3_f32.sqrt() / 6.0).abs() < 1e-7);
        assert_eq!(row_factor(0, 0.0, 0.5), 0.0);
    }

    #[test]
    fn exponentials_are_exponentials() {
        let all: Vec<f32> = (0..8700).map(|k| -(k as f32) / 100.0).collect();
        let mut got = all.clone();
        exponentials(&mut got, 0.0);
        for (v, got) in all.iter().zip(got) {
            assert!((f64::from(got) / f64::from(*v).exp() - 1.0).abs() < 1e-5, "{v}: {got}");
        }
    }
}
