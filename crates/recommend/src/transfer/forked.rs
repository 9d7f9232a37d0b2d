//! A trunk that all markets share, frozen, and a head of the target's own.
//!
//! The trunk is the meta-learnt start of [`MetaParams`]: items' vectors `v` from which every source is near,
//! and the taste `u` that they give a history. A head is a matrix `W`: `score(j) = u · W v_j`. A market's
//! head minimises
//!
//! `Σ_s Σ_j (u_s · W v_j)² + alpha Σ_{s,i} w (1 − u_{s∖i} · W v_i)² + strength ‖W − W₀‖²`
//!
//! over its shoppers `s`, the items `j` that it sells and its purchases `i`, each of which is told by the
//! taste without it: otherwise a head would learn to give back what went in. The sources together have the
//! head `W₀`, bound to the identity; the target's is forked from it. What a small market has to learn are
//! `n_factors²` numbers, whatever it sells. An item that no source sells gets its vector from the target's
//! shoppers before the trunk is frozen.
//!
//! Source: FOREC, Bonab et al., "Cross-market product recommendation", CIKM 2021, where the trunk is a neural
//! network and heads are trained by gradient steps; here a head is a least squares problem and solved by
//! conjugate gradients (Hestenes and Stiefel, 1952). Cost: the start, a fold-in a purchase, and for each step
//! of a head `n_items · f² + purchases · f`.

use super::factor_prior::Side;
use super::{Ground, MetaParams};
use crate::links::{above_0, at_least_1};
use crate::signal::distinct;
use crate::{Ials, IalsParams};
use domain::{Explain, FitError, History, Interactions, ItemIdx, Reason, Score, Seed, ShopperIdx};
use learn::lanes::{add_scaled, dot};
use rayon::prelude::*;

/// How trunk and heads are learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct ForkedParams {
    /// The trunk; its `factors.alpha` is the weight of a purchase in the heads, too.
    pub trunk: MetaParams,
    /// Weight of a head's squared distance from what it was forked from, above 0.
    pub strength: f32,
    /// Steps of conjugate gradients a head, at least 1.
    pub n_steps: usize,
}

impl Default for ForkedParams {
    fn default() -> Self {
        Self { trunk: MetaParams::default(), strength: 100.0, n_steps: 30 }
    }
}

/// Fitted model: the trunk, and `W v_j` for every item, `n_items × n_factors`.
#[derive(Clone, Debug, PartialEq)]
pub struct Forked {
    trunk: Ials,
    readout: Vec<f32>,
}

impl ForkedParams {
    /// Learns the trunk and the sources' head, and forks the target's.
    ///
    /// # Errors
    /// [`FitError`] for a parameter outside its range or a system that cannot be solved.
    pub fn adapt(&self, ground: &Ground, seed: Seed) -> Result<Forked, FitError> {
        let (trunk, head) = self.learn(ground, seed)?;
        let f = self.trunk.factors.n_factors;
        let n_items = ground.target().n_items();
        let of = |i: usize| trunk.vector(ItemIdx(i as u32)).map_or_else(|| vec![0.0; f], |v| times(&head, v));
        let readout = (0..n_items).flat_map(of).collect();
        Ok(Forked { trunk, readout })
    }

    /// Trunk and head of the target.
    fn learn(&self, ground: &Ground, seed: Seed) -> Result<(Ials, Vec<f32>), FitError> {
        above_0("strength", self.strength)?;
        at_least_1("n_steps", self.n_steps)?;
        let (factors, f) = (self.trunk.factors, self.trunk.factors.n_factors);
        let start = self.trunk.start(ground, seed)?;
        let mut items = start.clone();
        Side::new(ground.target(), f).sweep(&factors, self.trunk.strength, &start, &mut items)?;
        for (item, theta) in items.chunks_exact_mut(f).zip(start.chunks_exact(f)) {
            if theta.iter().any(|x| *x != 0.0) {
                item.copy_from_slice(theta);
            }
        }
        let trunk = Ials::of(factors, items);
        let identity = (0..f * f).map(|at| if at % (f + 1) == 0 { 1.0 } else { 0.0 }).collect();
        let taught = ground.taught(&vec![1.0; ground.sources().len()])?;
        let shared = self.head(&Evidence::of(&trunk, &taught, factors), identity);
        let own = self.head(&Evidence::of(&trunk, ground.target(), factors), shared);
        Ok((trunk, own))
    }

    /// The head that minimises the loss of the module, forked from `from`.
    fn head(&self, evidence: &Evidence<'_>, from: Vec<f32>) -> Vec<f32> {
        let mut x = from;
        // At `W₀` the pull towards it is 0, so the first residual is that of the data alone.
        let mut residual: Vec<f32> = evidence.slope(&x, 1.0).into_iter().map(|g| -g).collect();
        let mut direction = residual.clone();
        let mut length = dot(&residual, &residual);
        let small = 1e-10 * length;
        for _ in 0..self.n_steps {
            if length <= small || length.is_nan() {
                break;
            }
            let mut image = evidence.slope(&direction, 0.0);
            add_scaled(&mut image, self.strength, &direction);
            let far = length / dot(&direction, &image);
            add_scaled(&mut x, far, &direction);
            add_scaled(&mut residual, -far, &image);
            let next = dot(&residual, &residual);
            let keep = next / length;
            direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + keep * *d);
            length = next;
        }
        x
    }
}

/// `W v` for a square matrix in rows.
fn times(matrix: &[f32], v: &[f32]) -> Vec<f32> {
    matrix.chunks_exact(v.len()).map(|row| dot(row, v)).collect()
}

/// What the shoppers of a market say about its head.
struct Evidence<'a> {
    trunk: &'a Ials,
    /// `Σ_s u uᵀ` over its shoppers.
    tastes: Vec<f32>,
    /// `Σ_j v vᵀ` over the items that it sells.
    vectors: Vec<f32>,
    /// The purchases of each item that is sold.
    sold: Vec<(ItemIdx, Vec<Sale>)>,
}

/// `alpha · w` of a purchase with the shopper's taste without it.
type Sale = (f32, Vec<f32>);

impl<'a> Evidence<'a> {
    fn of(trunk: &'a Ials, rows: &Interactions, factors: IalsParams) -> Self {
        let told = |s: u32| {
            let s = ShopperIdx(s);
            let cells = distinct(History::weighted(rows.row(s), rows.row_weights(s)), rows.n_items());
            let taste = |left_out: Option<ItemIdx>| {
                let kept = cells.iter().copied().filter(|(item, _)| Some(*item) != left_out);
                let (items, weights): (Vec<ItemIdx>, Vec<f32>) = kept.unzip();
                trunk.fold_in(History::weighted(&items, &weights))
            };
            let without = |&(item, w): &(ItemIdx, f32)| Some((item, factors.alpha * w, taste(Some(item))?));
            Some((taste(None)?, cells.iter().filter_map(without).collect::<Vec<_>>()))
        };
        let told: Vec<_> = (0..rows.n_shoppers() as u32).into_par_iter().filter_map(told).collect();
        let f = factors.n_factors;
        let mut evidence = Self { trunk, tastes: vec![0.0; f * f], vectors: vec![0.0; f * f], sold: Vec::new() };
        let mut by_item = vec![Vec::new(); rows.n_items()];
        for (taste, purchases) in told {
            add_outer(&mut evidence.tastes, 1.0, &taste, &taste);
            purchases.into_iter().for_each(|(item, weight, taste)| by_item[item.at()].push((weight, taste)));
        }
        for ((item, buyers), purchases) in (0..).map(ItemIdx).zip(rows.buyers_by_item()).zip(by_item) {
            if let Some(v) = trunk.vector(item).filter(|_| !buyers.is_empty()) {
                add_outer(&mut evidence.vectors, 1.0, v, v);
                evidence.sold.push((item, purchases));
            }
        }
        evidence
    }

    /// Half the gradient of the loss without the pull, where purchases should score `answer`; at 0 it is linear in
    /// the head.
    fn slope(&self, head: &[f32], answer: f32) -> Vec<f32> {
        let f = head.len().isqrt();
        let half: Vec<f32> = head.chunks_exact(f).flat_map(|row| times(&self.vectors, row)).collect();
        let mut out = vec![0.0; head.len()];
        for (row, tastes) in out.chunks_exact_mut(f).zip(self.tastes.chunks_exact(f)) {
            half.chunks_exact(f).zip(tastes).for_each(|(half, taste)| add_scaled(row, *taste, half));
        }
        for (item, purchases) in &self.sold {
            let Some(v) = self.trunk.vector(*item) else { continue };
            let (image, mut sum) = (times(head, v), vec![0.0; f]);
            for (weight, taste) in purchases {
                add_scaled(&mut sum, weight * (dot(taste, &image) - answer), taste);
            }
            add_outer(&mut out, 1.0, &sum, v);
        }
        out
    }
}

/// `matrix += factor · a bᵀ`.
fn add_outer(matrix: &mut [f32], factor: f32, a: &[f32], b: &[f32]) {
    matrix.chunks_exact_mut(b.len()).zip(a).for_each(|(row, a)| add_scaled(row, factor * a, b));
}

impl Score for Forked {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let Some(taste) = self.trunk.fold_in(history) else { return vec![None; candidates.len()] };
        candidates.iter().map(|c| self.readout(*c).map(|y| dot(&taste, y))).collect()
    }
}

impl Explain for Forked {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        self.readout(candidate).map_or_else(Vec::new, |y| self.trunk.parts_of(history, y))
    }
}

impl Forked {
    /// `W v` of an item; nothing where nobody has sold it.
    fn readout(&self, item: ItemIdx) -> Option<&[f32]> {
        let f = self.trunk.vector(item)?.len();
        Some(&self.readout[item.at() * f..(item.at() + 1) * f])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::tests::ground;

    fn params(strength: f32) -> ForkedParams {
        let factors = IalsParams { n_factors: 4, n_sweeps: 5, alpha: 5.0, reg: 0.5, ..IalsParams::default() };
        ForkedParams { trunk: MetaParams { factors, ..MetaParams::default() }, strength, n_steps: 60 }
    }

    const SOURCE: [&[u32]; 6] = [&[0, 1], &[0, 1], &[2, 3], &[2, 3], &[0, 1], &[2, 3]];
    /// What goes together in the source is bought apart here.
    const CROSSED: [&[u32]; 6] = [&[0, 3], &[0, 3], &[2, 1], &[2, 1], &[0, 3], &[2, 1]];

    #[test]
    fn a_head_follows_its_market_as_far_as_it_is_let_go_and_the_trunk_stays() {
        let ground = ground(5, &CROSSED, &SOURCE);
        let prefers = |strength| {
            let (model, start) = (
                params(strength).adapt(&ground, Seed(1)).unwrap(),
                params(strength).trunk.start(&ground, Seed(1)).unwrap(),
            );
            assert_eq!(model.trunk.vector(ItemIdx(0)).unwrap(), &start[..4], "frozen");
            let scores = model.score(History::of(&[ItemIdx(0)]), &[1, 3, 4].map(ItemIdx));
            assert_eq!(scores[2], None, "sold nowhere");
            scores[1].unwrap() - scores[0].unwrap()
        };
        assert!(prefers(1e6) < 0.0, "held to the sources' head: 0 goes with 1");
        assert!(prefers(1e-3) > 0.0, "let go: 0 goes with 3");
    }

    /// The loss of the module written out, in `f64`.
    fn loss(trunk: &Ials, rows: &[&[u32]], from: &[f32], head: &[f32], p: &ForkedParams) -> f64 {
        let items: std::collections::BTreeSet<u32> = rows.iter().flat_map(|row| row.iter().copied()).collect();
        let score = |history: &[ItemIdx], i: u32| {
            let taste = trunk.fold_in(History::of(history)).unwrap();
            f64::from(dot(&taste, &times(head, trunk.vector(ItemIdx(i)).unwrap())))
        };
        let mut sum = 0.0;
        for row in rows {
            let all: Vec<ItemIdx> = row.iter().copied().map(ItemIdx).collect();
            sum += items.iter().map(|i| score(&all, *i).powi(2)).sum::<f64>();
            for i in *row {
                let rest: Vec<ItemIdx> = all.iter().copied().filter(|other| other.0 != *i).collect();
                sum += f64::from(p.trunk.factors.alpha) * (1.0 - score(&rest, *i)).powi(2);
            }
        }
        sum + f64::from(p.strength) * head.iter().zip(from).map(|(h, f)| f64::from(h - f).powi(2)).sum::<f64>()
    }

    #[test]
    fn no_other_head_is_better() {
        let ground = ground(4, &CROSSED, &SOURCE);
        let params = params(0.5);
        let (trunk, _) = params.learn(&ground, Seed(1)).unwrap();
        let from: Vec<f32> = (0..16).map(|at| (at % 3) as f32 / 2.0).collect();
        let evidence = Evidence::of(&trunk, ground.target(), params.trunk.factors);
        let best = params.head(&evidence, from.clone());
        let at_best = loss(&trunk, &CROSSED, &from, &best, &params);
        for at in 0..16 {
            for step in [-0.05, 0.05] {
                let mut moved = best.clone();
                moved[at] += step;
                assert!(loss(&trunk, &CROSSED, &from, &moved, &params) > at_best, "cell {at}, {step}");
            }
        }
    }

    #[test]
    fn a_target_without_a_row_has_the_head_of_the_sources() {
        let ground = ground(4, &[&[]], &SOURCE);
        let model = params(1.0).adapt(&ground, Seed(1)).unwrap();
        let scores = model.score(History::of(&[ItemIdx(0)]), &[1, 3].map(ItemIdx));
        assert!(scores[0].unwrap() > scores[1].unwrap(), "{scores:?}");
        assert!(ForkedParams { n_steps: 0, ..params(1.0) }.adapt(&ground, Seed(1)).is_err());
        assert!(params(0.0).adapt(&ground, Seed(1)).is_err());
    }
}
