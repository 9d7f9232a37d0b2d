//! Implicit alternating least squares: tastes and items as vectors of `n_factors` numbers.
//!
//! Minimises `Σ_{s,i} c(s,i) (p(s,i) − x_s · y_i)² + reg (Σ ‖x_s‖² + Σ ‖y_i‖²)` over *all* pairs, with
//! `p` 1 where there is an interaction of weight `w`, else 0, and `c = 1 + alpha · w`. With one side
//! fixed every row of the other is a small linear system, `(Yᵀ Y + Σ_i alpha w y_i y_iᵀ + reg I) x =
//! Σ_i (1 + alpha w) y_i`; a sweep solves it exactly or nearly so (see [`RowSolver`]). A history given
//! at scoring time is folded in by the same system, always exactly, so a shopper who came after
//! training is served too.
//!
//! Source: Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008;
//! explanations by its section 5. That tuned `reg` and `alpha` decide whether it is any good: Rendle
//! et al., "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022.
//! Cost: a sweep takes `O((n_steps + 1) · nnz · f + (n_shoppers + n_items) · f²)` multiply-adds in `f32`
//! by conjugate gradients, `O(nnz · f² / 2 + (n_shoppers + n_items) · f³ / 6)` exactly; the model keeps
//! `n_items × f` numbers. Rows are independent, so the result is the same at any thread count.

use crate::Factors;
use crate::saved::{Save, vectors};
use crate::signal::{distinct, matrix};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::lanes::dot;
use learn::{NotPositiveDefinite, RowSolver, RowSystem, cholesky, cholesky_solve};

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
    /// How the rows of a sweep are solved.
    pub solver: RowSolver,
}

impl Default for IalsParams {
    fn default() -> Self {
        let solver = RowSolver::ConjugateGradient { n_steps: 2 };
        Self { n_factors: 64, n_sweeps: 15, alpha: 1.0, reg: 3.0, solver }
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

/// The vectors of both sides, for whoever serves the shoppers of the training data in one go.
#[derive(Clone, Debug, PartialEq)]
pub struct IalsFactors {
    /// `n_shoppers × n_factors`.
    pub shoppers: Vec<f32>,
    /// `n_items × n_factors`.
    pub items: Vec<f32>,
}

impl IalsParams {
    /// Learns both sides. The items are solved last.
    ///
    /// # Errors
    /// As for [`Fit::fit`].
    pub fn factors(&self, train: &Interactions, seed: Seed) -> Result<IalsFactors, FitError> {
        self.check()?;
        let by_shopper = matrix(train);
        let by_item = by_shopper.transpose();
        // Small, so that the first solution follows what is bought most and not the noise.
        let scale = 0.1 / (self.n_factors as f64).sqrt();
        let start = |i: usize| {
            let mut rng = seed.stream(i as u64);
            (0..self.n_factors).map(move |_| (rng.normal() * scale) as f32)
        };
        let mut items: Vec<f32> = (0..train.n_items()).flat_map(start).collect();
        let mut shoppers = vec![0.0; train.n_shoppers() * self.n_factors];
        let diverged = |e| FitError::Diverged(format!("alternating least squares, {e}"));
        for _ in 0..self.n_sweeps {
            self.system().solve_side(&by_shopper, &items, &mut shoppers, self.solver).map_err(diverged)?;
            self.system().solve_side(&by_item, &shoppers, &mut items, self.solver).map_err(diverged)?;
        }
        Ok(IalsFactors { shoppers, items })
    }

    pub(crate) const fn system(&self) -> RowSystem {
        RowSystem { n_factors: self.n_factors, alpha: self.alpha, reg: self.reg }
    }

    pub(crate) fn check(&self) -> Result<(), FitError> {
        let solver = match self.solver {
            RowSolver::Exact => 1,
            RowSolver::ConjugateGradient { n_steps } => n_steps,
            RowSolver::Blocks { size } => size,
        };
        for (name, value) in [("n_factors", self.n_factors), ("n_sweeps", self.n_sweeps), ("solver", solver)] {
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
        Ok(Ials::of(*self, self.factors(train, seed)?.items))
    }
}

impl Ials {
    /// From items' vectors that are known already, `n_items × n_factors`.
    pub(crate) fn of(params: IalsParams, items: Vec<f32>) -> Self {
        Self { params, gram: params.system().gram(&items), items }
    }

    /// How it was learnt.
    pub(crate) const fn params(&self) -> &IalsParams {
        &self.params
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
        self.params.system().system(&self.gram, &self.items, (&columns, &weights), &mut a, &mut b);
        (!columns.is_empty()).then_some((a, b))
    }

    /// What each item of a history adds to `x · target`, largest first, for any `target` of `n_factors` numbers:
    /// `x · target = Σ_i (1 + alpha w_i) y_i · (A⁻¹ target)` with the history's own matrix `A`.
    pub(crate) fn parts_of(&self, history: History<'_>, target: &[f32]) -> Vec<Reason> {
        let Some((mut a, _)) = self.system_of(history) else { return Vec::new() };
        let mut z = target.to_vec();
        if solve(&mut a, self.params.n_factors, &mut z).is_err() {
            return Vec::new();
        }
        let part = |(item, weight): (ItemIdx, f32)| {
            let part = (1.0 + self.params.alpha * weight) * dot(self.vector(item)?, &z);
            Some(Reason { term: "close in taste to", item: Some(item), part })
        };
        crate::links::sorted(distinct(history, self.n_items()).into_iter().filter_map(part).collect())
    }

    /// The taste of somebody with this history, `n_factors` numbers. `None` when nothing is known.
    pub fn fold_in(&self, history: History<'_>) -> Option<Vec<f32>> {
        let (mut a, mut x) = self.system_of(history)?;
        // The matrix was positive definite for every row in training; a history adds only squares.
        solve(&mut a, self.params.n_factors, &mut x).ok()?;
        Some(x)
    }
}

fn solve(a: &mut [f32], f: usize, x: &mut [f32]) -> Result<(), NotPositiveDefinite> {
    cholesky(a, f)?;
    cholesky_solve(a, f, x);
    Ok(())
}

impl Factors for Ials {
    fn n_factors(&self) -> usize {
        self.params.n_factors
    }

    fn item_vector(&self, item: ItemIdx) -> Option<&[f32]> {
        self.vector(item)
    }

    fn n_items(&self) -> usize {
        self.items.len() / self.params.n_factors
    }

    fn taste(&self, history: History<'_>) -> Option<Vec<f32>> {
        self.fold_in(history)
    }
}

impl Score for Ials {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let Some(taste) = self.fold_in(history) else { return vec![None; candidates.len()] };
        candidates.iter().map(|c| self.vector(*c).map(|y| dot(&taste, y))).collect()
    }
}

impl Save for Ials {
    /// The Gram matrix follows from the vectors and is made again while loading.
    fn save(&self, to: &mut Writer) {
        let p = &self.params;
        let (solver, effort) = match p.solver {
            RowSolver::Exact => (0, 1),
            RowSolver::ConjugateGradient { n_steps } => (1, n_steps),
            RowSolver::Blocks { size } => (2, size),
        };
        to.u64s("params", &[p.n_factors as u64, p.n_sweeps as u64, solver, effort as u64]);
        to.f32s("weights", &[p.alpha, p.reg]);
        to.f32s("items", &self.items);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [n_factors, n_sweeps, solver, effort] = from.sizes("params", usize::MAX)?;
        let [alpha, reg] = from.floats("weights")?;
        let solver = match solver {
            0 => RowSolver::Exact,
            1 => RowSolver::ConjugateGradient { n_steps: effort },
            2 => RowSolver::Blocks { size: effort },
            _ => return Err(ContainerError::content("params", "a solver from 0 to 2")),
        };
        let params = IalsParams { n_factors, n_sweeps, alpha, reg, solver };
        params.check().map_err(|e| ContainerError::content("params", e.to_string()))?;
        Ok(Self::of(params, vectors(from, "items", n_factors)?))
    }
}

impl Explain for Ials {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        self.vector(candidate).map_or_else(Vec::new, |y| self.parts_of(history, y))
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

    const SMALL: IalsParams = IalsParams {
        n_factors: 2,
        n_sweeps: 20,
        alpha: 4.0,
        reg: 0.1,
        solver: RowSolver::ConjugateGradient { n_steps: 2 },
    };
    const SOLVERS: [RowSolver; 3] =
        [RowSolver::Exact, RowSolver::ConjugateGradient { n_steps: 2 }, RowSolver::Blocks { size: 1 }];

    /// One shopper, one item, one factor, weight 1: x = c y / (c y² + reg) and y = c x / (c x² + reg)
    /// with c = 1 + alpha = 5, reg 0.5. The fixed point has x = y and 5 x² + 0.5 = 5: x² = 0.9.
    #[test]
    fn one_shopper_and_one_item_by_hand() {
        for solver in SOLVERS {
            let params = IalsParams { n_factors: 1, n_sweeps: 200, alpha: 4.0, reg: 0.5, solver };
            let model = params.fit(&Interactions::from_baskets(1, [&[0][..]]), Seed(1)).unwrap();
            let score = model.score(History::of(&items(&[0])), &items(&[0]))[0].unwrap();
            assert!((score - 0.9).abs() < 1e-4, "{solver:?}: {score}");
        }
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
    fn more_sweeps_never_raise_the_loss_and_every_solver_ends_at_the_same() {
        let train = Interactions::from_baskets(5, [&[0, 1][..], &[0, 1, 2], &[2, 3], &[3, 4], &[4]]);
        let mut last = Vec::new();
        for solver in SOLVERS {
            let after = |n_sweeps| {
                let params = IalsParams { n_sweeps, solver, ..SMALL };
                let both = params.factors(&train, Seed(2)).unwrap();
                let tastes: Vec<Vec<f32>> = both.shoppers.chunks(2).map(<[f32]>::to_vec).collect();
                loss(&train, &tastes, &both.items, &params)
            };
            let losses: Vec<f64> = (1..8).map(after).collect();
            assert!(losses.windows(2).all(|w| w[1] <= w[0] + 1e-5), "{solver:?}: {losses:?}");
            last.push(after(300));
        }
        assert!(last.iter().all(|l| (l - last[0]).abs() < 1e-3 * last[0]), "{last:?}");
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
            (IalsParams { solver: RowSolver::Blocks { size: 0 }, ..SMALL }, "solver"),
        ] {
            assert!(matches!(params.fit(&train, Seed(0)), Err(FitError::Param { name, .. }) if name == want));
        }
    }
}
