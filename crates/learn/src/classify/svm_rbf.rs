//! A curved boundary: the support vector machine with the radial kernel `K(x, z) = exp(−γ ‖x − z‖²)`.
//!
//! The dual `min ½ αᵀ Q α − Σ α_i` with `Q_ij = t_i t_j K_ij`, `0 ≤ α_i ≤ C s_i`, `Σ t_i α_i = 0` is solved two rows at a time
//! (sequential minimal optimisation). The first row is the worst offender, the second the one whose pair
//! promises the largest decrease by the second-order estimate; it ends when no pair violates the
//! conditions of the optimum by more than `tolerance`. Kernel rows are kept, the least recently used
//! leave first. The decision is `f(x) = Σ α_i t_i K(x_i, x) − ρ`.
//!
//! Reasons are by *replacement*: how much the decision falls when one column is put to its mean and the others
//! stay. They are not additive (columns interact), which is said wherever they are shown.
//!
//! Sources: Platt, "Fast training of support vector machines using sequential minimal optimization", 1999;
//! Fan, Chen & Lin, "Working set selection using second order information for training support vector
//! machines", JMLR 6, 2005.
//! Cost: a kernel row is `n_rows · n_columns` products and `n_rows` exponentials in `f32`, a step two passes over the
//! rows. Memory: the cache. One thread, so the same bytes everywhere.

use super::columns::Columns;
use super::logistic::check_labels;
use super::svm_linear::check_cost;
use crate::LearnError;
use crate::lanes::vectorised;
use crate::trees::{Features, Samples, exp};
use rayon::prelude::*;
use std::rc::Rc;

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RbfSvmParams {
    /// What a row on the wrong side costs, `C`, above 0.
    pub cost: f64,
    /// Narrowness of the kernel, above 0; `None` for 1 / (columns · variance of all standardised values).
    pub gamma: Option<f64>,
    /// Largest violation of the optimum's conditions, above 0.
    pub tolerance: f64,
    /// Steps at most, at least 1.
    pub n_steps: usize,
    /// Memory for kernel rows, in MiB; at least two rows are always kept.
    pub cache_mib: usize,
}

impl Default for RbfSvmParams {
    fn default() -> Self {
        Self { cost: 1.0, gamma: None, tolerance: 1e-3, n_steps: 10_000_000, cache_mib: 200 }
    }
}

/// Fitted boundary.
#[derive(Clone, Debug, PartialEq)]
pub struct RbfSvm {
    columns: Columns,
    /// Support vectors column by column: all values of the first column, then of the second.
    support: Vec<f32>,
    /// `α_i t_i`.
    coefficients: Vec<f32>,
    rho: f64,
    gamma: f32,
    primal: f64,
    dual: f64,
}

impl RbfSvmParams {
    /// Learns from labels 0 and 1. With labels of one kind only the decision is a constant.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a parameter or label outside its range; as [`Columns::fit`].
    pub fn fit(&self, train: Samples<'_>) -> Result<RbfSvm, LearnError> {
        check_cost(self.cost, self.tolerance, self.n_steps)?;
        check_labels(&train)?;
        let columns = Columns::fit(&train)?;
        let (n, width) = (train.n_rows(), columns.n_ready());
        let z = columns.table(train.features());
        let gamma = match self.gamma {
            Some(gamma) if gamma > 0.0 && gamma.is_finite() => gamma,
            Some(got) => return Err(LearnError::Param { name: "gamma", rule: "above 0", got }),
            None => scale_gamma(&z, width),
        };
        let mut by_column = vec![0.0_f32; n * width];
        for (i, row) in z.chunks_exact(width).enumerate() {
            row.iter().enumerate().for_each(|(c, value)| by_column[c * n + i] = *value as f32);
        }
        let kernel = Kernel { by_column: &by_column, n, width, gamma: gamma as f32 };
        let capacity = (self.cache_mib * (1 << 20) / (4 * n)).max(2);
        let mut solver = Solver {
            cache: Cache::new(kernel, capacity),
            side: train.labels().iter().map(|y| if *y > 0.5 { 1.0 } else { -1.0 }).collect(),
            limits: (0..n).map(|row| self.cost * f64::from(train.weight(row))).collect(),
            alphas: vec![0.0; n],
            slopes: vec![-1.0; n],
        };
        let rho = solver.solve(self.tolerance, self.n_steps);
        let (primal, dual) = solver.values(rho);
        let kept: Vec<usize> = (0..n).filter(|&i| solver.alphas[i] > 0.0).collect();
        let support = (0..width).flat_map(|c| kept.iter().map(move |&i| (c, i))).map(|(c, i)| by_column[c * n + i]);
        Ok(RbfSvm {
            support: support.collect(),
            coefficients: kept.iter().map(|&i| (solver.alphas[i] * solver.side[i]) as f32).collect(),
            columns,
            rho,
            gamma: gamma as f32,
            primal,
            dual,
        })
    }
}

/// `1 / (columns · variance of all values)`; 1 where nothing varies.
fn scale_gamma(z: &[f64], width: usize) -> f64 {
    let n = z.len() as f64;
    let mean = z.iter().sum::<f64>() / n;
    let variance = z.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    if variance > 0.0 { 1.0 / (width as f64 * variance) } else { 1.0 }
}

/// The training rows, column by column.
#[derive(Clone, Copy)]
struct Kernel<'a> {
    by_column: &'a [f32],
    n: usize,
    width: usize,
    gamma: f32,
}

impl Kernel<'_> {
    /// `K(x_i, x_j)` for all `j`.
    fn row(&self, i: usize) -> Vec<f32> {
        let at: Vec<f32> = (0..self.width).map(|c| self.by_column[c * self.n + i]).collect();
        let mut row = vec![0.0; self.n];
        kernel_row(self.by_column, &at, self.gamma, &mut row);
        row
    }
}

vectorised! {
    /// Kernel of the point `at` with as many rows as `out` is long.
    fn kernel_row(by_column: &[f32], at: &[f32], gamma: f32, out: &mut [f32]) {
        let n = out.len();
        out.fill(0.0);
        for (c, &x) in at.iter().enumerate() {
            for (sum, &z) in out.iter_mut().zip(&by_column[c * n..(c + 1) * n]) {
                *sum += (z - x) * (z - x);
            }
        }
        for value in out.iter_mut() {
            *value = exp(-gamma * *value);
        }
    }
}

/// Kernel rows, the least recently used leave first.
struct Cache<'a> {
    kernel: Kernel<'a>,
    rows: Vec<Option<Rc<Vec<f32>>>>,
    used: Vec<u64>,
    kept: Vec<u32>,
    capacity: usize,
    clock: u64,
}

impl<'a> Cache<'a> {
    fn new(kernel: Kernel<'a>, capacity: usize) -> Self {
        Self { rows: vec![None; kernel.n], used: vec![0; kernel.n], kept: Vec::new(), capacity, clock: 0, kernel }
    }

    fn row(&mut self, i: usize) -> Rc<Vec<f32>> {
        self.clock += 1;
        self.used[i] = self.clock;
        if let Some(row) = &self.rows[i] {
            return Rc::clone(row);
        }
        if self.kept.len() >= self.capacity {
            // A scan of the numbers of kept rows is nothing beside the row that has to be computed.
            let oldest = (0..self.kept.len()).min_by_key(|&k| self.used[self.kept[k] as usize]).unwrap_or(0);
            let gone = self.kept.swap_remove(oldest);
            self.rows[gone as usize] = None;
        }
        let row = Rc::new(self.kernel.row(i));
        self.rows[i] = Some(Rc::clone(&row));
        self.kept.push(i as u32);
        row
    }
}

struct Solver<'a> {
    cache: Cache<'a>,
    side: Vec<f64>,
    limits: Vec<f64>,
    alphas: Vec<f64>,
    /// Slope of the dual in each `α`: `(Q α)_i − 1`.
    slopes: Vec<f64>,
}

/// Curvature of a pair that is flat or worse: two equal rows.
const FLAT: f64 = 1e-12;

impl Solver<'_> {
    /// Solves and gives `ρ`.
    fn solve(&mut self, tolerance: f64, n_steps: usize) -> f64 {
        for _ in 0..n_steps {
            let Some((i, j)) = self.pair(tolerance) else { break };
            self.step(i, j);
        }
        self.rho()
    }

    fn may_rise(&self, i: usize) -> bool {
        if self.side[i] > 0.0 { self.alphas[i] < self.limits[i] } else { self.alphas[i] > 0.0 }
    }

    fn may_fall(&self, i: usize) -> bool {
        if self.side[i] > 0.0 { self.alphas[i] > 0.0 } else { self.alphas[i] < self.limits[i] }
    }

    /// The pair to improve; `None` at the optimum.
    fn pair(&mut self, tolerance: f64) -> Option<(usize, usize)> {
        let n = self.alphas.len();
        let (mut first, mut most) = (None, f64::NEG_INFINITY);
        for i in 0..n {
            let value = -self.side[i] * self.slopes[i];
            if value > most && self.may_rise(i) {
                (first, most) = (Some(i), value);
            }
        }
        let i = first?;
        let row = self.cache.row(i);
        let (mut second, mut best, mut least) = (None, 0.0, f64::INFINITY);
        for j in 0..n {
            let value = -self.side[j] * self.slopes[j];
            if value >= most && value >= least || !self.may_fall(j) {
                continue;
            }
            least = f64::min(least, value);
            let gap = most - value;
            if gap > 0.0 {
                let gain = gap * gap / (2.0 - 2.0 * f64::from(row[j])).max(FLAT);
                if gain > best {
                    (second, best) = (Some(j), gain);
                }
            }
        }
        if most - least < tolerance { None } else { second.map(|j| (i, j)) }
    }

    fn step(&mut self, i: usize, j: usize) {
        let (row_i, row_j) = (self.cache.row(i), self.cache.row(j));
        let curvature = (2.0 - 2.0 * f64::from(row_i[j])).max(FLAT);
        let (ti, tj) = (self.side[i], self.side[j]);
        // Along the line that keeps Σ t α: α_i + t_i · d, α_j − t_j · d with d ≥ 0.
        let wanted = (-ti * self.slopes[i] + tj * self.slopes[j]) / curvature;
        let room = |k: usize, up: bool| if up { self.limits[k] - self.alphas[k] } else { self.alphas[k] };
        let (room_i, room_j) = (room(i, ti > 0.0), room(j, tj < 0.0));
        let d = wanted.min(room_i).min(room_j);
        // Land exactly on the bound: a rest of rounding would keep the row in play for ever.
        let land = |alpha: f64, up: bool, hit: bool, limit: f64| match (hit, up) {
            (true, true) => limit,
            (true, false) => 0.0,
            (false, true) => (alpha + d).min(limit),
            (false, false) => (alpha - d).max(0.0),
        };
        let new_i = land(self.alphas[i], ti > 0.0, d == room_i, self.limits[i]);
        let new_j = land(self.alphas[j], tj < 0.0, d == room_j, self.limits[j]);
        let by_i = ti * (new_i - self.alphas[i]);
        let by_j = tj * (new_j - self.alphas[j]);
        (self.alphas[i], self.alphas[j]) = (new_i, new_j);
        add_rows(&mut self.slopes, &self.side, (&row_i, by_i), (&row_j, by_j));
    }

    /// The shift of the decision: the mean over rows on the margin, or the middle of what is possible.
    fn rho(&self) -> f64 {
        let (mut low, mut high, mut sum, mut free) = (f64::NEG_INFINITY, f64::INFINITY, 0.0, 0_u32);
        for i in 0..self.alphas.len() {
            let value = self.side[i] * self.slopes[i];
            match (self.may_rise(i), self.may_fall(i)) {
                (true, true) => {
                    sum += value;
                    free += 1;
                }
                (true, false) => high = high.min(value),
                (false, true) => low = low.max(value),
                (false, false) => {}
            }
        }
        match (free, low.is_finite(), high.is_finite()) {
            (0, true, true) => (low + high) / 2.0,
            (0, true, false) => low,
            (0, false, true) => high,
            (0, false, false) => 0.0,
            _ => sum / f64::from(free),
        }
    }

    /// Loss and its lower bound.
    fn values(&self, rho: f64) -> (f64, f64) {
        let norm: f64 = self.alphas.iter().zip(&self.slopes).map(|(a, g)| a * (g + 1.0)).sum();
        let miss = |i: usize| self.limits[i] * (-self.slopes[i] + self.side[i] * rho).max(0.0);
        let losses: f64 = (0..self.alphas.len()).map(miss).sum();
        (0.5 * norm + losses, self.alphas.iter().sum::<f64>() - 0.5 * norm)
    }
}

fn add_rows(slopes: &mut [f64], side: &[f64], (a, by_a): (&[f32], f64), (b, by_b): (&[f32], f64)) {
    for (((slope, t), a), b) in slopes.iter_mut().zip(side).zip(a).zip(b) {
        *slope += t * (by_a * f64::from(*a) + by_b * f64::from(*b));
    }
}

impl RbfSvm {
    /// Signed distance from the boundary in units of the margin: above 0 the row is called a one.
    ///
    /// # Panics
    /// If the row has fewer columns than the training table.
    pub fn decision(&self, row: &[f32]) -> f64 {
        let at: Vec<f32> = self.columns.ready(row).into_iter().map(|x| x as f32).collect();
        let mut kernel = vec![0.0; self.coefficients.len()];
        kernel_row(&self.support, &at, self.gamma, &mut kernel);
        self.sum(&kernel)
    }

    fn sum(&self, kernel: &[f32]) -> f64 {
        let terms = kernel.iter().zip(&self.coefficients);
        terms.map(|(k, a)| f64::from(*k) * f64::from(*a)).sum::<f64>() - self.rho
    }

    /// The decision for every row.
    ///
    /// # Panics
    /// As [`Self::decision`].
    pub fn decisions(&self, features: &Features) -> Vec<f64> {
        (0..features.n_rows()).into_par_iter().with_min_len(16).map(|i| self.decision(features.row(i))).collect()
    }

    /// How much the decision falls when a raw column is put to its mean. Not additive.
    ///
    /// # Panics
    /// As [`Self::decision`].
    pub fn parts(&self, row: &[f32]) -> Vec<f64> {
        let at: Vec<f32> = self.columns.ready(row).into_iter().map(|x| x as f32).collect();
        let mut kernel = vec![0.0; self.coefficients.len()];
        kernel_row(&self.support, &at, self.gamma, &mut kernel);
        let whole = self.sum(&kernel);
        let without = |raw: usize| {
            let mut at = at.clone();
            let mut kernel = vec![0.0; self.coefficients.len()];
            for ready in (0..at.len()).filter(|&ready| self.columns.raw_of(ready) == raw) {
                at[ready] = 0.0;
            }
            kernel_row(&self.support, &at, self.gamma, &mut kernel);
            self.sum(&kernel)
        };
        (0..self.columns.n_raw()).map(|raw| whole - without(raw)).collect()
    }

    /// How rows are made ready.
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Narrowness of the kernel.
    pub fn gamma(&self) -> f64 {
        f64::from(self.gamma)
    }

    /// Rows that hold the boundary.
    pub fn n_support(&self) -> usize {
        self.coefficients.len()
    }

    /// The loss reached: `½ ‖w‖² + C Σ s_i max(0, 1 − t_i f(x_i))`.
    pub const fn primal(&self) -> f64 {
        self.primal
    }

    /// Loss reached less the bound below which no boundary can come: 0 at the optimum.
    pub const fn duality_gap(&self) -> f64 {
        self.primal - self.dual
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    // z = ±1, so K = e^−4γ = k; by symmetry α_1 = α_2 = a minimises a² (1 − k) − 2 a: a = 1 / (1 − k), held at C = 1.
    // With γ = 1 that is 1.0187 and C holds; with C = 10 both rows lie on the margin: f(x) = ±1.
    #[test]
    fn two_rows_by_hand() {
        let table = Features::new(vec![0.0, 2.0], 1).unwrap();
        let samples = Samples::new(&table, &[0.0, 1.0]).unwrap();
        let fit = |cost| RbfSvmParams { cost, gamma: Some(1.0), ..RbfSvmParams::default() }.fit(samples).unwrap();
        let k = (-4.0_f64).exp();
        let held = fit(1.0);
        assert!((held.decision(&[2.0]) - (1.0 - k)).abs() < 1e-5, "{}", held.decision(&[2.0]));
        let free = fit(10.0);
        assert!((free.decision(&[2.0]) - 1.0).abs() < 1e-4 && (free.decision(&[0.0]) + 1.0).abs() < 1e-4);
        assert!(free.duality_gap().abs() < 1e-4 && free.n_support() == 2);
        // In the middle nothing speaks for either: putting the column to its mean costs all of the decision.
        assert!((free.parts(&[2.0])[0] - 1.0).abs() < 1e-4);
    }

    fn ring(n: usize) -> (Features, Vec<f32>) {
        let mut rng = Seed(2).stream(0);
        let values: Vec<f32> = (0..2 * n).map(|_| rng.normal() as f32).collect();
        let labels = values.chunks(2).map(|r| f32::from(u8::from(r[0] * r[0] + r[1] * r[1] > 1.4))).collect();
        (Features::new(values, 2).unwrap(), labels)
    }

    #[test]
    fn a_ring_is_learnt_with_a_small_cache_as_with_a_large_one() {
        let (table, labels) = ring(600);
        let samples = Samples::new(&table, &labels).unwrap();
        let model = RbfSvmParams::default().fit(samples).unwrap();
        let right = model.decisions(&table).iter().zip(&labels).filter(|(f, y)| (**f > 0.0) == (**y > 0.5)).count();
        assert!(right > 580, "{right}");
        assert!(model.duality_gap() > -1e-6 && model.duality_gap() < 0.01 * model.primal());
        let small = RbfSvmParams { cache_mib: 0, ..RbfSvmParams::default() }.fit(samples).unwrap();
        assert_eq!(model, small);
    }

    #[test]
    fn rows_of_one_kind_give_a_constant_and_wrong_parameters_are_refused() {
        let table = Features::new(vec![0.0, 2.0], 1).unwrap();
        let one_kind = RbfSvmParams::default().fit(Samples::new(&table, &[1.0, 1.0]).unwrap()).unwrap();
        assert_eq!(one_kind.n_support(), 0);
        assert_eq!(one_kind.decision(&[0.0]), one_kind.decision(&[5.0]));
        let samples = Samples::new(&table, &[0.0, 1.0]).unwrap();
        assert!(RbfSvmParams { gamma: Some(0.0), ..RbfSvmParams::default() }.fit(samples).is_err());
        assert!(RbfSvmParams { cost: f64::NAN, ..RbfSvmParams::default() }.fit(samples).is_err());
    }
}
