//! Tastes and items as vectors, the items' vectors of the target bound to a prior.
//!
//! *Pre-train, then fine-tune* ([`FineTuneParams`]): vectors `v` of the items are learnt on the sources;
//! the target then minimises the loss of [`crate::Ials`] over its own rows with `strength · ‖y_i − v_i‖²`
//! in place of `reg · ‖y_i‖²`: an item moves away from what the sources know of it as far as the target's
//! shoppers pull.
//!
//! *Market-aware vectors* ([`MarketAwareParams`]): every market `m` has vectors `y_im = v_i + d_im`, a
//! part that is shared and one of its own with `strength · ‖d_im‖²`. All are learnt together: each
//! market's with `v` held, then `v_i = Σ_m strength · y_im / (strength · n_i + reg)` over the `n_i` markets
//! that sell the item.
//!
//! Both share one step ([`towards`]): the rows of one side with a prior mean, `(XᵀX + Σ d x xᵀ + strength
//! I) y = Σ (1 + d) x + strength · v`. An item that a market has not sold keeps the prior: nobody has
//! refused it.
//!
//! Sources: Hu, Koren and Volinsky, ICDM 2008 (the loss); a shared and an own part with a penalty on the
//! own one is Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004; market-aware item vectors
//! are Bhargav, Aliannejadi and Kanoulas, ECIR 2023. Cost: as alternating least squares over the same rows,
//! items solved exactly: `O(f³ / 6)` each.

use super::Ground;
use crate::signal::matrix;
use crate::{Ials, IalsParams};
use domain::{FitError, Interactions, Seed};
use learn::{Csr, RowSystem, cholesky, cholesky_solve};
use rayon::prelude::*;

/// Pre-train on the sources, fine-tune on the target.
#[derive(Clone, Debug, PartialEq)]
pub struct FineTuneParams {
    /// Vectors and loss; `reg` binds the shoppers of both sides and the items of the sources.
    pub factors: IalsParams,
    /// Weight of an item's squared distance from what the sources taught, above 0.
    pub strength: f32,
    /// Sweeps over the target, at least 1.
    pub n_sweeps: usize,
    /// Weights of the sources' rows, one a source; empty is 1 for all.
    pub weights: Vec<f32>,
}

impl Default for FineTuneParams {
    fn default() -> Self {
        Self { factors: small(), strength: 20.0, n_sweeps: 5, weights: Vec::new() }
    }
}

/// A shared and an own part of every item's vector.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketAwareParams {
    /// Vectors and loss; `reg` binds the shoppers and the shared part.
    pub factors: IalsParams,
    /// Weight of the squared own part, above 0.
    pub strength: f32,
    /// Rounds over all markets, at least 1.
    pub n_rounds: usize,
}

impl Default for MarketAwareParams {
    fn default() -> Self {
        Self { factors: small(), strength: 20.0, n_rounds: 4 }
    }
}

/// Parameters that suit rows of some tens of thousands.
fn small() -> IalsParams {
    IalsParams { n_factors: 32, n_sweeps: 10, alpha: 10.0, reg: 10.0, ..IalsParams::default() }
}

/// Solves the rows of `own` (`cells.n_rows() × f`) with `fixed` held, each bound to its row of `prior` by
/// `system.reg`. A row without cells becomes its prior.
pub(super) fn towards(
    system: &RowSystem,
    cells: &Csr,
    fixed: &[f32],
    prior: &[f32],
    own: &mut [f32],
) -> Result<(), FitError> {
    let f = system.n_factors;
    let gram = system.gram(fixed);
    own.par_chunks_mut(f).zip(prior.par_chunks(f)).with_min_len(16).enumerate().try_for_each_init(
        Vec::new,
        |a, (row, (y, prior))| {
            if cells.row(row).0.is_empty() {
                y.copy_from_slice(prior);
                return Ok(());
            }
            system.system(&gram, fixed, cells.row(row), a, y);
            y.iter_mut().zip(prior).for_each(|(b, v)| *b += system.reg * v);
            cholesky(a, f).map_err(|e| FitError::Diverged(format!("least squares with a prior, {e}")))?;
            cholesky_solve(a, f, y);
            Ok(())
        },
    )
}

/// One side of a market: its rows by shopper and by item, and its shoppers' vectors.
pub(super) struct Side {
    by_shopper: Csr,
    by_item: Csr,
    shoppers: Vec<f32>,
}

impl Side {
    pub(super) fn new(rows: &Interactions, n_factors: usize) -> Self {
        let by_shopper = matrix(rows);
        let by_item = by_shopper.transpose();
        let shoppers = vec![0.0; by_shopper.n_rows() * n_factors];
        Self { by_shopper, by_item, shoppers }
    }

    /// Whether anybody bought the item here.
    pub(super) fn sells(&self, item: usize) -> bool {
        !self.by_item.row(item).0.is_empty()
    }

    /// The shoppers' vectors for these items, then the items' towards the prior.
    pub(super) fn sweep(
        &mut self,
        params: &IalsParams,
        strength: f32,
        prior: &[f32],
        items: &mut [f32],
    ) -> Result<(), FitError> {
        let diverged = |e| FitError::Diverged(format!("least squares with a prior, {e}"));
        params.system().solve_side(&self.by_shopper, items, &mut self.shoppers, params.solver).map_err(diverged)?;
        let bound = RowSystem { reg: strength, ..params.system() };
        towards(&bound, &self.by_item, &self.shoppers, prior, items)
    }
}

impl FineTuneParams {
    /// Learns on the sources, then on the target. Without a row of a source it is learnt from zero, bound
    /// to zero.
    ///
    /// # Errors
    /// [`FitError`] for a parameter outside its range or a system that cannot be solved.
    pub fn adapt(&self, ground: &Ground, seed: Seed) -> Result<Ials, FitError> {
        crate::links::above_0("strength", self.strength)?;
        crate::links::at_least_1("n_sweeps", self.n_sweeps)?;
        let taught = ground.taught(&super::weights_or_ones(&self.weights, ground))?;
        if taught.is_empty() {
            let own = IalsParams { n_sweeps: self.n_sweeps.max(self.factors.n_sweeps), ..self.factors };
            return Ok(Ials::of(own, own.factors(ground.target(), seed)?.items));
        }
        let prior = self.factors.factors(&taught, seed)?.items;
        let mut items = prior.clone();
        if !ground.target().is_empty() {
            let mut side = Side::new(ground.target(), self.factors.n_factors);
            for _ in 0..self.n_sweeps {
                side.sweep(&self.factors, self.strength, &prior, &mut items)?;
            }
        }
        Ok(Ials::of(self.factors, items))
    }
}

impl MarketAwareParams {
    /// Learns all markets together; the model is the target's.
    ///
    /// # Errors
    /// [`FitError`] for a parameter outside its range or a system that cannot be solved.
    pub fn adapt(&self, ground: &Ground, seed: Seed) -> Result<Ials, FitError> {
        crate::links::above_0("strength", self.strength)?;
        crate::links::at_least_1("n_rounds", self.n_rounds)?;
        let all = ground.pooled(&vec![1.0; ground.sources().len()])?;
        let start = IalsParams { n_sweeps: self.factors.n_sweeps.div_ceil(2).max(1), ..self.factors };
        let mut shared = start.factors(&all, seed)?.items;
        let f = self.factors.n_factors;
        let rows = std::iter::once(ground.target()).chain(ground.sources().iter().map(|s| &s.rows));
        let mut markets: Vec<(Side, Vec<f32>)> = rows.map(|rows| (Side::new(rows, f), shared.clone())).collect();
        for _ in 0..self.n_rounds {
            for (side, items) in &mut markets {
                side.sweep(&self.factors, self.strength, &shared, items)?;
            }
            shared.par_chunks_mut(f).enumerate().for_each(|(i, v)| {
                let sellers = markets.iter().filter(|(side, _)| side.sells(i));
                let (mut n, mut sum) = (0.0_f32, vec![0.0_f32; f]);
                for (_, items) in sellers {
                    n += 1.0;
                    sum.iter_mut().zip(&items[i * f..(i + 1) * f]).for_each(|(s, y)| *s += y);
                }
                let scale = self.strength / (self.strength * n + self.factors.reg);
                v.iter_mut().zip(sum).for_each(|(v, s)| *v = scale * s);
            });
        }
        let (mut side, mut items) = markets.swap_remove(0);
        side.sweep(&self.factors, self.strength, &shared, &mut items)?;
        Ok(Ials::of(self.factors, items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::tests::ground;
    use domain::{History, ItemIdx, Score};

    /// `x = 2`, one cell of weight 3, alpha 1, strength 5, prior 0.4: `(4 + 3·4 + 5) y = (1 + 3) 2 + 5 · 0.4`,
    /// `y = 10 / 21`. A row without cells is its prior.
    #[test]
    fn one_number_by_hand() {
        let cells = Csr::from_rows(1, [vec![(0, 3.0)], vec![]]);
        let system = RowSystem { n_factors: 1, alpha: 1.0, reg: 5.0 };
        let mut y = [0.0, 0.0];
        towards(&system, &cells, &[2.0], &[0.4, 0.7], &mut y).unwrap();
        assert!((y[0] - 10.0 / 21.0).abs() < 1e-6 && y[1] == 0.7, "{y:?}");
    }

    fn factors() -> IalsParams {
        IalsParams { n_factors: 4, n_sweeps: 10, alpha: 5.0, reg: 0.5, ..IalsParams::default() }
    }

    /// In the source items 0 and 1 go together and 2 and 3; the target has sold 0 and 2, to different people.
    fn pairs() -> Ground {
        ground(4, &[&[0], &[2], &[0], &[2]], &[&[0, 1], &[0, 1], &[2, 3], &[2, 3], &[0, 1], &[2, 3]])
    }

    fn prefers(model: &Ials, bought: u32, over: [u32; 2]) -> bool {
        let scores = model.score(History::of(&[ItemIdx(bought)]), &over.map(ItemIdx));
        scores[0].unwrap() > scores[1].unwrap()
    }

    #[test]
    fn what_the_target_has_never_sold_is_known_from_the_sources() {
        let tuned = FineTuneParams { factors: factors(), strength: 1.0, ..FineTuneParams::default() };
        let aware = MarketAwareParams { factors: factors(), strength: 1.0, n_rounds: 3 };
        for model in [tuned.adapt(&pairs(), Seed(1)).unwrap(), aware.adapt(&pairs(), Seed(1)).unwrap()] {
            assert!(prefers(&model, 0, [1, 3]) && prefers(&model, 2, [3, 1]));
        }
        assert!(FineTuneParams { strength: 0.0, ..tuned }.adapt(&pairs(), Seed(1)).is_err());
    }

    #[test] // The target buys 0 with 3, the source 0 with 1: the looser an item is bound, the more 3 gains on 1.
    fn strength_says_who_is_believed() {
        let own: Vec<&[u32]> = vec![&[0, 3]; 30];
        let ground = ground(4, &own, &[&[0, 1], &[0, 1], &[2, 3], &[2, 3], &[0, 1], &[2, 3]]);
        let lead = |strength| {
            let params = FineTuneParams { factors: factors(), strength, ..FineTuneParams::default() };
            let model = params.adapt(&ground, Seed(1)).unwrap();
            let scores = model.score(History::of(&[ItemIdx(0)]), &[3, 1].map(ItemIdx));
            scores[0].unwrap() - scores[1].unwrap()
        };
        assert!(lead(1e6) < 0.0 && lead(0.1) > lead(10.0) && lead(10.0) > lead(1e6));
    }

    #[test]
    fn without_a_target_the_sources_answer_and_without_sources_the_target() {
        let none = ground(4, &[&[], &[]], &[&[0, 1], &[2, 3], &[0, 1]]);
        let tuned = FineTuneParams { factors: factors(), ..FineTuneParams::default() };
        assert!(prefers(&tuned.adapt(&none, Seed(1)).unwrap(), 0, [1, 3]));
        let alone = Ground::new(none.sources()[0].rows.clone(), Vec::new()).unwrap();
        assert!(prefers(&tuned.adapt(&alone, Seed(1)).unwrap(), 0, [1, 3]));
    }
}
