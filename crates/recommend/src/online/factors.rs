//! Implicit ALS that goes on: new rows are folded in exactly, on both sides.
//!
//! First the vector of every shopper with a new row is solved with the items held, then that of every
//! item with a new row with the shoppers held: each is the minimum of the loss of
//! [`IalsParams`] over that vector, so the loss on all rows so far never rises. What has no
//! new row stays as it was; a fit anew from time to time is still worth it.
//!
//! Source: Hu, Koren and Volinsky, ICDM 2008 (the row solution); fold-in for streams as in Sarwar et al.,
//! "Incremental singular value decomposition algorithms for highly scalable recommender systems", ICCIT 2002. Cost
//! of a batch: `O((n_shoppers + n_items) f²)` for two Gram matrices, and a system for each touched row.

use super::{Online, check};
use crate::{Ials, IalsParams};
use domain::{Explain, FitError, History, Interaction, Interactions, ItemIdx, Reason, Score, Seed};
use learn::{Csr, RowSolver};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A version of the model with both sides and the rows that it has learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct IalsOnline {
    params: IalsParams,
    shoppers: Vec<f32>,
    items: Vec<f32>,
    /// Items of each shopper with their weights, and the other way round.
    by_shopper: Vec<Arc<BTreeMap<u32, f32>>>,
    by_item: Vec<Arc<BTreeMap<u32, f32>>>,
    model: Ials,
}

impl IalsOnline {
    /// Fits on a matrix, to go on from there.
    ///
    /// # Errors
    /// As for fitting.
    pub fn new(params: IalsParams, train: &Interactions, seed: Seed) -> Result<Self, FitError> {
        let factors = params.factors(train, seed)?;
        let mut first = Self {
            params,
            model: Ials::of(params, factors.items.clone()),
            shoppers: factors.shoppers,
            items: factors.items,
            by_shopper: vec![Arc::default(); train.n_shoppers()],
            by_item: vec![Arc::default(); train.n_items()],
        };
        train.iter().for_each(|row| first.note(&row));
        Ok(first)
    }

    /// Goes on from a fitted model, with its items' vectors in the numbers of `train`, `n_items × n_factors`: the
    /// vectors of shoppers are solved exactly with the items held.
    ///
    /// # Errors
    /// [`FitError::Diverged`] when a system cannot be solved.
    pub(super) fn resume(model: &Ials, items: Vec<f32>, train: &Interactions) -> Result<Self, FitError> {
        let params = *model.params();
        let mut first = Self {
            params,
            model: Ials::of(params, items.clone()),
            shoppers: vec![0.0; train.n_shoppers() * params.n_factors],
            items,
            by_shopper: vec![Arc::default(); train.n_shoppers()],
            by_item: vec![Arc::default(); train.n_items()],
        };
        train.iter().for_each(|row| first.note(&row));
        let mut solved = first.shoppers.clone();
        first.solve(&(0..train.n_shoppers()).collect(), &first.by_shopper, &first.items, &mut solved)?;
        first.shoppers = solved;
        Ok(first)
    }

    /// The model of this version.
    pub const fn model(&self) -> &Ials {
        &self.model
    }

    fn note(&mut self, row: &Interaction) {
        let largest = |cells: &mut Arc<BTreeMap<u32, f32>>, key: u32| {
            let weight = Arc::make_mut(cells).entry(key).or_insert(row.weight);
            *weight = weight.max(row.weight);
        };
        largest(&mut self.by_shopper[row.shopper.at()], row.item.0);
        largest(&mut self.by_item[row.item.at()], row.shopper.0);
    }

    /// Solves some rows of one side with the other held.
    fn solve(
        &self,
        picked: &BTreeSet<usize>,
        cells: &[Arc<BTreeMap<u32, f32>>],
        fixed: &[f32],
        solved: &mut [f32],
    ) -> Result<(), FitError> {
        let f = self.params.n_factors;
        let rows = picked.iter().map(|at| cells[*at].iter().map(|(column, weight)| (*column, *weight)));
        let rows = Csr::from_rows(fixed.len() / f, rows);
        let mut found = vec![0.0; picked.len() * f];
        self.params
            .system()
            .solve_side(&rows, fixed, &mut found, RowSolver::Exact)
            .map_err(|e| FitError::Diverged(format!("folding in, {e}")))?;
        for (at, vector) in picked.iter().zip(found.chunks_exact(f)) {
            solved[at * f..(at + 1) * f].copy_from_slice(vector);
        }
        Ok(())
    }
}

impl Online for IalsOnline {
    fn learn(&self, rows: &[Interaction]) -> Result<Self, FitError> {
        check(rows)?;
        let mut next = self.clone();
        let f = self.params.n_factors;
        for row in rows {
            let (n_shoppers, n_items) =
                (next.by_shopper.len().max(row.shopper.at() + 1), next.by_item.len().max(row.item.at() + 1));
            next.by_shopper.resize(n_shoppers, Arc::default());
            next.by_item.resize(n_items, Arc::default());
            next.shoppers.resize(n_shoppers * f, 0.0);
            next.items.resize(n_items * f, 0.0);
            next.note(row);
        }
        let shoppers: BTreeSet<usize> = rows.iter().map(|row| row.shopper.at()).collect();
        let items: BTreeSet<usize> = rows.iter().map(|row| row.item.at()).collect();
        let mut solved = next.shoppers.clone();
        next.solve(&shoppers, &next.by_shopper, &next.items, &mut solved)?;
        next.shoppers = solved;
        let mut solved = next.items.clone();
        next.solve(&items, &next.by_item, &next.shoppers, &mut solved)?;
        next.model = Ials::of(self.params, solved.clone());
        next.items = solved;
        Ok(next)
    }
}

impl Score for IalsOnline {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        self.model.score(history, candidates)
    }
}

impl Explain for IalsOnline {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        self.model.explain(history, candidate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, Kind, ShopperIdx};
    use learn::lanes::dot;

    const SMALL: IalsParams = IalsParams { n_factors: 3, n_sweeps: 10, alpha: 4.0, reg: 0.1, solver: RowSolver::Exact };

    fn row(shopper: u32, item: u32) -> Interaction {
        Interaction {
            shopper: ShopperIdx(shopper),
            item: ItemIdx(item),
            kind: Kind::Purchase,
            day: Day(0),
            weight: 1.0,
        }
    }

    /// The loss over all pairs of the rows learnt so far, in `f64`, by the definition.
    fn loss(m: &IalsOnline) -> f64 {
        let f = m.params.n_factors;
        let mut total = 0.0;
        for (s, x) in m.shoppers.chunks(f).enumerate() {
            for (i, y) in m.items.chunks(f).enumerate() {
                let weight = m.by_shopper[s].get(&(i as u32));
                let (c, want) = weight.map_or((1.0, 0.0), |w| (1.0 + f64::from(m.params.alpha * w), 1.0));
                total += c * (want - f64::from(dot(x, y))).powi(2);
            }
        }
        let square = |v: &[f32]| v.iter().map(|v| f64::from(v * v)).sum::<f64>();
        total + f64::from(m.params.reg) * (square(&m.shoppers) + square(&m.items))
    }

    /// What the version would cost on the new rows if it had only taken note of them.
    fn noted(m: &IalsOnline, rows: &[Interaction]) -> IalsOnline {
        let mut noted = m.clone();
        let f = m.params.n_factors;
        for row in rows {
            noted.by_shopper.resize(noted.by_shopper.len().max(row.shopper.at() + 1), Arc::default());
            noted.by_item.resize(noted.by_item.len().max(row.item.at() + 1), Arc::default());
            noted.note(row);
        }
        noted.shoppers.resize(noted.by_shopper.len() * f, 0.0);
        noted.items.resize(noted.by_item.len() * f, 0.0);
        noted
    }

    #[test]
    fn no_batch_raises_the_loss_on_all_rows_so_far() {
        let train = Interactions::from_baskets(6, [&[0, 1][..], &[0, 1, 2], &[3, 4], &[3, 4, 5]]);
        let mut model = IalsOnline::new(SMALL, &train, Seed(1)).unwrap();
        for batch in [vec![row(0, 2), row(4, 3)], vec![row(4, 5), row(5, 6), row(5, 0)], vec![row(5, 6)]] {
            let before = loss(&noted(&model, &batch));
            model = model.learn(&batch).unwrap();
            assert!(loss(&model) <= before + 1e-4, "{} {before}", loss(&model));
        }
        assert!(loss(&model).is_finite());
    }

    /// With the other side held, the touched vectors are the exact minimum: moving any number of one of
    /// them raises the loss. The item's side is solved last.
    #[test]
    fn touched_vectors_are_a_minimum_and_others_stay() {
        let train = Interactions::from_baskets(6, [&[0, 1][..], &[0, 1, 2], &[3, 4], &[3, 4, 5]]);
        let first = IalsOnline::new(SMALL, &train, Seed(1)).unwrap();
        let second = first.learn(&[row(0, 2)]).unwrap();
        let best = loss(&second);
        for d in 0..3 {
            for step in [-0.02, 0.02] {
                let mut moved = second.clone();
                moved.items[2 * 3 + d] += step;
                assert!(loss(&moved) > best);
            }
        }
        assert_eq!(first.items[3 * 3..], second.items[3 * 3..]);
        assert_eq!(first.shoppers[3..], second.shoppers[3..]);
        assert_ne!(first.items[6..9], second.items[6..9]);
    }

    #[test]
    fn a_new_item_is_recommended_to_those_like_its_buyers() {
        let train = Interactions::from_baskets(6, [&[0, 1][..], &[0, 1, 2], &[0, 2], &[3, 4], &[3, 4, 5], &[4, 5]]);
        let first = IalsOnline::new(SMALL, &train, Seed(1)).unwrap();
        let second = first.learn(&[row(0, 6), row(1, 6)]).unwrap();
        let scores = |history: &[u32]| {
            let items: Vec<ItemIdx> = history.iter().copied().map(ItemIdx).collect();
            second.score(History::of(&items), &[ItemIdx(6)])[0].unwrap()
        };
        assert!(scores(&[0, 2]) > scores(&[3, 5]) + 0.2, "{} {}", scores(&[0, 2]), scores(&[3, 5]));
        assert_eq!(first.score(History::of(&[ItemIdx(0)]), &[ItemIdx(6)]), [None]);
    }
}
