//! WARP: vectors learnt from pairs in the wrong order, weighted by how wrong the order is.
//!
//! For a bought item `i`, items are drawn until one scores above `x · y_i − 1`; the number of draws tells
//! about where `i` stands in the whole ranking, and the step is as large as the harmonic sum up to that
//! rank: a bought item far down is lifted by a long step, one at the top is left alone. That aims at the
//! top of the list, where [BPR](crate::BprParams) counts all pairs alike. The weights are divided by the
//! largest, so that `learning_rate` means what it means there; the lengths are held by `reg` and not by
//! the paper's bound, for the same reason.
//!
//! Scoring folds a history in as BPR does. It needs much stronger regularisation than BPR: an item that a
//! shopper would like is drawn as a negative all the sooner the better the model is, and is unlearnt. With
//! BPR's `reg` of 0.01 it had an nDCG@10 of 0.54 on the validation lists of WSDM Cup 2022 market t1 (64
//! factors), with the defaults, which market s3 chose among four settings, 0.659; BPR has 0.662 there.
//! Source: Weston, Bengio and Usunier, "WSABIE: scaling up to
//! large vocabulary image annotation", IJCAI 2011. Cost: up to `max_trials` products an interaction and
//! epoch, few at first and more as the model gets better.

use crate::bpr::{BprParams, Negatives, PairwiseFactors};
use domain::{Fit, FitError, Interactions, Seed};
use learn::PairLoss;

/// How the vectors are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarpParams {
    /// Length of a vector, at least 1.
    pub n_factors: usize,
    /// Passes over the interactions, at least 1.
    pub n_epochs: usize,
    /// Step length, above 0.
    pub learning_rate: f32,
    /// Weight of the squared lengths, at least 0.
    pub reg: f32,
    /// Draws before an interaction counts as well placed, at least 1.
    pub max_trials: usize,
    /// Passes over a history to fold it in, at least 1.
    pub n_fold_epochs: usize,
}

impl Default for WarpParams {
    fn default() -> Self {
        Self { n_factors: 64, n_epochs: 60, learning_rate: 0.05, reg: 0.2, max_trials: 50, n_fold_epochs: 30 }
    }
}

impl Fit for WarpParams {
    type Model = PairwiseFactors;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range, [`FitError::Diverged`] when the steps ran
    /// away.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<PairwiseFactors, FitError> {
        if self.max_trials == 0 {
            return Err(FitError::Param { name: "max_trials", rule: "at least 1", got: 0.0 });
        }
        let params = BprParams {
            n_factors: self.n_factors,
            n_epochs: self.n_epochs,
            learning_rate: self.learning_rate,
            reg: self.reg,
            negatives: Negatives::Uniform,
            n_fold_epochs: self.n_fold_epochs,
        };
        PairwiseFactors::fit(&params, PairLoss::Warp { max_trials: self.max_trials }, train, seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{History, ItemIdx, Score};

    /// Two tastes, items 0 to 4 and 5 to 9, each bought by five shoppers who lack one item each.
    #[test]
    fn what_goes_with_the_history_comes_before_the_rest() {
        let lacks = |taste: u32, lack: u32| (0..5).filter(|i| *i != lack).map(|i| taste * 5 + i).collect::<Vec<u32>>();
        let baskets: Vec<Vec<u32>> = (0..10).map(|s| lacks(s / 5, s % 5)).collect();
        let train = Interactions::from_baskets(10, baskets.iter().map(Vec::as_slice));
        let params = WarpParams {
            n_factors: 2,
            n_epochs: 100,
            learning_rate: 0.1,
            reg: 0.1,
            max_trials: 10,
            n_fold_epochs: 100,
        };
        let model = params.fit(&train, Seed(3)).unwrap();
        let score = |ids: &[u32]| {
            let ids: Vec<ItemIdx> = ids.iter().copied().map(ItemIdx).collect();
            model.score(History::of(&[ItemIdx(0), ItemIdx(1)]), &ids)
        };
        let lowest = score(&[2, 3, 4]).into_iter().flatten().fold(f32::INFINITY, f32::min);
        let highest = score(&[5, 6, 7, 8, 9]).into_iter().flatten().fold(f32::NEG_INFINITY, f32::max);
        assert!(lowest > highest, "{lowest} {highest}");
        let none = WarpParams { max_trials: 0, ..params };
        assert!(matches!(none.fit(&train, Seed(0)), Err(FitError::Param { name: "max_trials", .. })));
    }
}
