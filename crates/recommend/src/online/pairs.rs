//! Pairwise vectors (BPR, WARP) that go on by steps of gradient descent.
//!
//! For each new row a step of BPR: the bought item above one drawn that the shopper has not. The shopper's
//! vector is the fold-in of the history, new rows included, made once a batch and moved with the steps; what
//! is kept are the items' vectors. A stream of one market would pull the vectors of all others along, so
//! for each new row `rehearsal` old rows, drawn at random, take a step too.
//!
//! Sources: Rendle et al., UAI 2009 (the step); Vinagre, Jorge and Gama, "Fast incremental matrix
//! factorization for recommendation with positive-only feedback", UMAP 2014; rehearsal: Robins,
//! "Catastrophic forgetting, rehearsal and pseudorehearsal", Connection Science 7(2), 1995. Cost of a batch: a fold-in for each
//! shopper of a step, and `5 f` multiply-adds a step. Steps are taken one after another: the same bits at any number of threads.

use super::{Online, check, in_time};
use crate::{Factors, PairwiseFactors};
use domain::{Explain, FitError, History, Interaction, Interactions, ItemIdx, Reason, Score, Seed};
use learn::lanes::dot;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a batch is learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairsOnlineParams {
    /// Step length, above 0.
    pub learning_rate: f32,
    /// Weight of the squared lengths, at least 0.
    pub reg: f32,
    /// Times that each new row takes a step, at least 1.
    pub n_passes: usize,
    /// Old rows that take a step beside each new one.
    pub rehearsal: usize,
}

impl Default for PairsOnlineParams {
    fn default() -> Self {
        Self { learning_rate: 0.05, reg: 0.01, n_passes: 5, rehearsal: 2 }
    }
}

/// A version of the model with the histories that it has learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct PairsOnline {
    params: PairsOnlineParams,
    seed: Seed,
    /// Batches learnt: each has its own draws.
    n_batches: u64,
    /// Items of each shopper, ascending.
    histories: Vec<Arc<Vec<u32>>>,
    model: PairwiseFactors,
}

impl PairsOnline {
    /// Goes on from a model fitted on `train`.
    ///
    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range.
    pub fn new(
        params: PairsOnlineParams,
        model: PairwiseFactors,
        train: &Interactions,
        seed: Seed,
    ) -> Result<Self, FitError> {
        crate::links::above_0("learning_rate", params.learning_rate)?;
        crate::links::at_least_0("reg", params.reg)?;
        crate::links::at_least_1("n_passes", params.n_passes)?;
        let mut histories = vec![Arc::default(); train.n_shoppers()];
        train.iter().for_each(|row| insert(&mut histories[row.shopper.at()], row.item.0));
        Ok(Self { params, seed, n_batches: 0, histories, model })
    }

    /// The model of this version.
    pub const fn model(&self) -> &PairwiseFactors {
        &self.model
    }
}

/// Adds an item to an ascending list, once.
fn insert(history: &mut Arc<Vec<u32>>, item: u32) {
    if let Err(at) = history.binary_search(&item) {
        Arc::make_mut(history).insert(at, item);
    }
}

impl Online for PairsOnline {
    fn learn(&self, rows: &[Interaction]) -> Result<Self, FitError> {
        check(rows)?;
        let rows = in_time(rows);
        let mut next = self.clone();
        next.n_batches += 1;
        let seed = self.seed.derive(next.n_batches);
        let f = self.model.n_factors();
        let mut items: Vec<f32> = (0..self.model.n_items() as u32)
            .flat_map(|i| self.model.vector(ItemIdx(i)).map_or(vec![0.0; f], <[f32]>::to_vec))
            .collect();
        for row in &rows {
            let (shopper, item) = (row.shopper.at(), row.item.at());
            next.histories.resize(next.histories.len().max(shopper + 1), Arc::default());
            items.resize(items.len().max((item + 1) * f), 0.0);
            insert(&mut next.histories[shopper], row.item.0);
            let vector = &mut items[item * f..(item + 1) * f];
            if vector.iter().all(|v| *v == 0.0) {
                // As a fit starts: small, so that the first steps decide where it goes.
                let mut rng = seed.derive(1).stream(u64::from(row.item.0));
                vector.fill_with(|| (rng.normal() * 0.1 / (f as f64).sqrt()) as f32);
            }
        }
        let start = self.model.with_items(items.clone());
        let known: Vec<u32> = (0..start.n_items() as u32).filter(|i| start.vector(ItemIdx(*i)).is_some()).collect();
        let old: Vec<(u32, u32)> = (0_u32..)
            .zip(&self.histories)
            .flat_map(|(s, history)| history.iter().map(move |item| (s, *item)))
            .collect();
        let mut rng = seed.stream(0);
        let mut tastes: BTreeMap<u32, Vec<f32>> = BTreeMap::new();
        for _ in 0..self.params.n_passes {
            for row in &rows {
                let mut pairs = vec![(row.shopper.0, row.item.0)];
                if !old.is_empty() {
                    pairs.extend((0..self.params.rehearsal).map(|_| old[rng.below(old.len())]));
                }
                for (shopper, item) in pairs {
                    let history = &next.histories[shopper as usize];
                    let drawn = known[rng.below(known.len())];
                    if history.binary_search(&drawn).is_ok() {
                        continue;
                    }
                    let taste = tastes.entry(shopper).or_insert_with(|| {
                        let history: Vec<ItemIdx> = history.iter().copied().map(ItemIdx).collect();
                        start.fold_in(History::of(&history)).unwrap_or_else(|| vec![0.0; f])
                    });
                    self.params.step(taste, &mut items, item as usize, drawn as usize);
                }
            }
        }
        if items.iter().any(|v| !v.is_finite()) {
            return Err(FitError::Diverged("online steps, lower `learning_rate`".into()));
        }
        next.model = self.model.with_items(items);
        Ok(next)
    }
}

impl PairsOnlineParams {
    /// One step of `−ln σ(x · y_i − x · y_j) + reg / 2 (|x|² + |y_i|² + |y_j|²)`.
    fn step(&self, x: &mut [f32], items: &mut [f32], bought: usize, drawn: usize) {
        let f = x.len();
        let (i, j) = (bought * f, drawn * f);
        let gap = dot(x, &items[i..i + f]) - dot(x, &items[j..j + f]);
        let pull = 1.0 / (1.0 + gap.exp());
        for (d, x) in x.iter_mut().enumerate() {
            let (yi, yj) = (items[i + d], items[j + d]);
            items[i + d] += self.learning_rate * (pull * *x - self.reg * yi);
            items[j + d] += self.learning_rate * (-pull * *x - self.reg * yj);
            *x += self.learning_rate * (pull * (yi - yj) - self.reg * *x);
        }
    }
}

impl Score for PairsOnline {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        self.model.score(history, candidates)
    }
}

impl Explain for PairsOnline {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        self.model.explain(history, candidate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x = (1, 0), y_i = y_j = 0, no regularisation, rate 0.1: σ(0) = ½, so y_i = (0.05, 0), y_j = (−0.05, 0) and x
    /// stays, because it moves along y_i − y_j as it was.
    #[test]
    fn a_step_by_hand() {
        let params = PairsOnlineParams { learning_rate: 0.1, reg: 0.0, ..PairsOnlineParams::default() };
        let (mut x, mut items) = (vec![1.0, 0.0], vec![0.0; 4]);
        params.step(&mut x, &mut items, 1, 0);
        assert_eq!((x, items), (vec![1.0, 0.0], vec![-0.05, 0.0, 0.05, 0.0]));
    }
}
