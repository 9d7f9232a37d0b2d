//! Implicit alternating least squares: tastes and items as vectors of `n_factors` numbers.
//!
//! Minimises `Σ_{s,i} c(s,i) (p(s,i) − x_s · y_i)² + reg (Σ ‖x_s‖² + Σ ‖y_i‖²)` over *all* pairs, with
//! `p` 1 where there is an interaction of weight `w`, else 0, and `c = 1 + alpha · w`. With one side
//! fixed every row of the other is a small linear system, `(Yᵀ Y + Σ_i alpha w y_i y_iᵀ + reg I) x =
//! Σ_i (1 + alpha w) y_i`, solved exactly. A history given at scoring time is folded in the same way,
//! so a shopper who came after training is served too.
//!
//! Source: Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008;
//! explanations by its section 5. That tuned `reg` and `alpha` decide whether it is any good: Rendle
//! et al., "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022.
//! Cost: a sweep takes `O(nnz · f² + (n_shoppers + n_items) · f³ / 6)` multiply-adds in `f32`; the model
//! keeps `n_items × f` numbers. Rows are independent, so the result is the same at any thread count.

use crate::signal::{distinct, matrix};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::{Csr, NotPositiveDefinite, cholesky, cholesky_solve};
use rayon::prelude::*;

/// How the vectors are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IalsParams {
    /// Length of a vector, at least 1.
    pub n_factors: usize,
    /// Times that both sides are solved, at least 1.
    pub n_sweeps: usize,
    /// Confidence that one unit of weight adds, above 0.
    pub alpha: f32,
    /// Weight of the squared lengths, above 0.
    pub reg: f32,
}

impl Default for IalsParams {
    fn default() -> Self {
        Self { n_factors: 64, n_sweeps: 15, alpha: 1.0, reg: 3.0 }
    }
}

/// Fitted model: `items` is `n_items × n_factors`, `gram` the upper triangle of `Yᵀ Y + reg I`. An
/// item without interactions has a vector of zeros and no score.
#[derive(Clone, Debug, PartialEq)]
pub struct Ials {
    params: IalsParams,
    items: Vec<f32>,
    gram: Vec<f32>,
}

impl IalsParams {
    fn check(&self) -> Result<(), FitError> {
        for (name, value) in [("n_factors", self.n_factors), ("n_sweeps", self.n_sweeps)] {
            if value == 0 {
                return Err(FitError::Param { name, rule: "at least 1", got: 0.0 });
            }
        }
        for (name, value) in [("alpha", self.alpha), ("reg", self.reg)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(FitError::Param { name, rule: "above 0", got: f64::from(value) });
            }
        }
        Ok(())
    }
}

impl Fit for IalsParams {
    type Model = Ials;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range, [`FitError::Diverged`] when a system
    /// cannot be solved, which takes weights beyond the range of `f32`.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<Ials, FitError> {
        self.check()?;
        let by_shopper = matrix(train);
        let by_item = by_shopper.transpose();
        let scale = 1.0 / (self.n_factors as f64).sqrt();
        let start = |i: usize| {
            let mut rng = seed.stream(i as u64);
            (0..self.n_factors).map(move |_| (rng.normal() * scale) as f32)
        };
        let mut items: Vec<f32> = (0..train.n_items()).flat_map(start).collect();
        let mut shoppers = vec![0.0; train.n_shoppers() * self.n_factors];
        for _ in 0..self.n_sweeps {
            solve_side(&by_shopper, &items, &mut shoppers, self)?;
            solve_side(&by_item, &shoppers, &mut items, self)?;
        }
        Ok(Ials { params: *self, gram: gram(&items, self), items })
    }
}

/// Solves every row of `solved` with `fixed` held.
fn solve_side(cells: &Csr, fixed: &[f32], solved: &mut [f32], params: &IalsParams) -> Result<(), FitError> {
    let f = params.n_factors;
    let base = gram(fixed, params);
    let solve_row = |scratch: &mut Vec<f32>, (row, x): (usize, &mut [f32])| {
        if cells.row(row).0.is_empty() {
            x.fill(0.0); // without interactions the solution is 0
            return Ok(());
        }
        system(&base, fixed, cells.row(row), params, scratch, x);
        solve(scratch, f, x)
    };
    solved
        .par_chunks_mut(f)
        .with_min_len(32)
        .enumerate()
        .try_for_each_init(Vec::new, solve_row)
        .map_err(|e| FitError::Diverged(format!("alternating least squares, {e}")))
}

fn solve(a: &mut [f32], f: usize, x: &mut [f32]) -> Result<(), NotPositiveDefinite> {
    cholesky(a, f)?;
    cholesky_solve(a, f, x);
    Ok(())
}

/// The system of one row: `a` becomes the matrix (upper triangle), `b` the right-hand side.
fn system(base: &[f32], fixed: &[f32], row: (&[u32], &[f32]), params: &IalsParams, a: &mut Vec<f32>, b: &mut [f32]) {
    let f = params.n_factors;
    a.clear();
    a.extend_from_slice(base);
    b.fill(0.0);
    let vector = |column: u32| &fixed[column as usize * f..][..f];
    for (columns, weights) in row.0.chunks(4).zip(row.1.chunks(4)) {
        let of =
            |k: usize| columns.get(k).map_or((vector(columns[0]), 0.0), |c| (vector(*c), params.alpha * weights[k]));
        let four = [of(0), of(1), of(2), of(3)];
        add_outer(a, f, four);
        for (y, extra) in &four[..columns.len()] {
            b.iter_mut().zip(*y).for_each(|(b, y)| *b += (1.0 + extra) * y);
        }
    }
}

/// Adds `Σ_k c_k y_k y_kᵀ` of four vectors to the upper triangle of `a`. Four at a time, because
/// the matrix then travels through the registers once instead of four times.
fn add_outer(a: &mut [f32], f: usize, [(p, cp), (q, cq), (r, cr), (s, cs)]: [(&[f32], f32); 4]) {
    for i in 0..f {
        let (wp, wq, wr, ws) = (cp * p[i], cq * q[i], cr * r[i], cs * s[i]);
        let row = &mut a[i * f + i..(i + 1) * f];
        let rest = p[i..].iter().zip(&q[i..]).zip(r[i..].iter().zip(&s[i..]));
        for (cell, ((p, q), (r, s))) in row.iter_mut().zip(rest) {
            *cell += (wp * p + wq * q) + (wr * r + ws * s);
        }
    }
}

/// `Yᵀ Y + reg I`, upper triangle. Blocks of fixed size are added up in their order.
fn gram(fixed: &[f32], params: &IalsParams) -> Vec<f32> {
    let f = params.n_factors;
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
    (0..f).for_each(|i| total[i * f + i] += params.reg);
    total
}

/// In eight lanes, which the compiler turns into vector instructions; the order is fixed.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f32 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a8.zip(b8) {
        for lane in 0..8 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f32>() + tail
}

impl Ials {
    fn n_items(&self) -> usize {
        self.items.len() / self.params.n_factors
    }

    /// The vector of an item, `n_factors` numbers; `None` for an item never touched in training.
    pub fn vector(&self, item: ItemIdx) -> Option<&[f32]> {
        let f = self.params.n_factors;
        let vector = self.items.get(item.at() * f..(item.at() + 1) * f)?;
        vector.iter().any(|v| *v != 0.0).then_some(vector)
    }

    /// Matrix and right-hand side of the system for a history. `None` when
    /// the model knows none of its items.
    fn system_of(&self, history: History<'_>) -> Option<(Vec<f32>, Vec<f32>)> {
        let known = distinct(history, self.n_items()).into_iter().filter(|(item, _)| self.vector(*item).is_some());
        let (columns, weights): (Vec<u32>, Vec<f32>) = known.map(|(item, weight)| (item.0, weight)).unzip();
        let (mut a, mut b) = (Vec::new(), vec![0.0; self.params.n_factors]);
        system(&self.gram, &self.items, (&columns, &weights), &self.params, &mut a, &mut b);
        (!columns.is_empty()).then_some((a, b))
    }

    /// The taste of somebody with this history, `n_factors` numbers. `None` when nothing is known.
    pub fn fold_in(&self, history: History<'_>) -> Option<Vec<f32>> {
        let (mut a, mut x) = self.system_of(history)?;
        // The matrix was positive definite for every row in training; a history adds only squares.
        solve(&mut a, self.params.n_factors, &mut x).ok()?;
        Some(x)
    }
}

impl Score for Ials {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let Some(taste) = self.fold_in(history) else { return vec![None; candidates.len()] };
        candidates.iter().map(|c| self.vector(*c).map(|y| dot(&taste, y))).collect()
    }
}

impl Explain for Ials {
    /// `x · y_j = Σ_i (1 + alpha w_i) y_i · (A⁻¹ y_j)` with the history's own matrix `A`: each item of
    /// the history adds one part.
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let (Some((mut a, _)), Some(target)) = (self.system_of(history), self.vector(candidate)) else {
            return Vec::new();
        };
        let mut z = target.to_vec();
        if solve(&mut a, self.params.n_factors, &mut z).is_err() {
            return Vec::new();
        }
        let part = |(item, weight): (ItemIdx, f32)| {
            let part = (1.0 + self.params.alpha * weight) * dot(self.vector(item)?, &z);
            Some(Reason { term: "close in taste to", item: Some(item), part })
        };
        let mut reasons: Vec<Reason> = distinct(history, self.n_items()).into_iter().filter_map(part).collect();
        reasons.sort_by(|a, b| b.part.total_cmp(&a.part).then(a.item.cmp(&b.item)));
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ShopperIdx;

    fn items(ids: &[u32]) -> Vec<ItemIdx> {
        ids.iter().copied().map(ItemIdx).collect()
    }

    /// The loss of the module doc in `f64`, for both sides' vectors.
    fn loss(train: &Interactions, x: &[Vec<f32>], y: &[f32], p: &IalsParams) -> f64 {
        let f = p.n_factors;
        let mut total = 0.0;
        for (s, x) in x.iter().enumerate() {
            for (i, y) in y.chunks(f).enumerate() {
                let bought = train.row(ShopperIdx(s as u32)).contains(&ItemIdx(i as u32));
                let (c, want) = if bought { (1.0 + f64::from(p.alpha), 1.0) } else { (1.0, 0.0) };
                total += c * (want - f64::from(dot(x, y))).powi(2);
            }
        }
        let square = |v: &[f32]| v.iter().map(|v| f64::from(v * v)).sum::<f64>();
        total + f64::from(p.reg) * (x.iter().map(|x| square(x)).sum::<f64>() + square(y))
    }

    const SMALL: IalsParams = IalsParams { n_factors: 2, n_sweeps: 20, alpha: 4.0, reg: 0.1 };

    /// One shopper, one item, one factor, weight 1: x = c y / (c y² + reg) and y = c x / (c x² + reg)
    /// with c = 1 + alpha = 5, reg 0.5. The fixed point has x = y and 5 x² + 0.5 = 5: x² = 0.9.
    #[test]
    fn one_shopper_and_one_item_by_hand() {
        let params = IalsParams { n_factors: 1, n_sweeps: 200, alpha: 4.0, reg: 0.5 };
        let model = params.fit(&Interactions::from_baskets(1, [&[0][..]]), Seed(1)).unwrap();
        let score = model.score(History::of(&items(&[0])), &items(&[0]))[0].unwrap();
        assert!((score - 0.9).abs() < 1e-4, "{score}");
    }

    #[test]
    fn a_fold_in_is_the_minimum_for_its_shopper() {
        let train = Interactions::from_baskets(4, [&[0, 1][..], &[0, 1, 2], &[2, 3], &[3]]);
        let model = SMALL.fit(&train, Seed(2)).unwrap();
        let tastes: Vec<Vec<f32>> =
            (0..4).map(|s| model.fold_in(History::of(train.row(ShopperIdx(s)))).unwrap()).collect();
        let best = loss(&train, &tastes, &model.items, &SMALL);
        for (s, d) in [(0, 0), (0, 1), (2, 0), (3, 1)] {
            for step in [-0.02, 0.02] {
                let mut moved = tastes.clone();
                moved[s][d] += step;
                assert!(loss(&train, &moved, &model.items, &SMALL) > best, "shopper {s}, factor {d}, {step}");
            }
        }
    }

    #[test]
    fn more_sweeps_never_raise_the_loss() {
        let train = Interactions::from_baskets(5, [&[0, 1][..], &[0, 1, 2], &[2, 3], &[3, 4], &[4]]);
        let after = |n_sweeps| {
            let params = IalsParams { n_sweeps, ..SMALL };
            let model = params.fit(&train, Seed(2)).unwrap();
            let tastes: Vec<Vec<f32>> =
                (0..5).map(|s| model.fold_in(History::of(train.row(ShopperIdx(s)))).unwrap()).collect();
            loss(&train, &tastes, &model.items, &params)
        };
        let losses: Vec<f64> = (1..8).map(after).collect();
        assert!(losses.windows(2).all(|w| w[1] <= w[0] + 1e-5), "{losses:?}");
    }

    #[test]
    fn reasons_add_up_to_the_score() {
        let train = Interactions::from_baskets(5, [&[0, 1][..], &[0, 1, 2], &[2, 3], &[0, 3]]);
        let model = SMALL.fit(&train, Seed(2)).unwrap();
        let history = items(&[1, 0, 4, 1]);
        for candidate in items(&[2, 3]) {
            let score = model.score(History::of(&history), &[candidate])[0].unwrap();
            let reasons = model.explain(History::of(&history), candidate);
            assert_eq!(reasons.len(), 2, "item 4 was never bought in training and says nothing");
            assert!((reasons.iter().map(|r| r.part).sum::<f32>() - score).abs() < 1e-4);
        }
        assert_eq!(model.score(History::of(&history), &items(&[4, 77])), [None, None]);
        assert_eq!(model.score(History::of(&items(&[4])), &items(&[0])), [None]);
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let train = Interactions::from_baskets(1, [&[0][..]]);
        for (params, want) in [
            (IalsParams { n_factors: 0, ..SMALL }, "n_factors"),
            (IalsParams { reg: 0.0, ..SMALL }, "reg"),
            (IalsParams { alpha: f32::INFINITY, ..SMALL }, "alpha"),
        ] {
            assert!(matches!(params.fit(&train, Seed(0)), Err(FitError::Param { name, .. }) if name == want));
        }
    }
}
