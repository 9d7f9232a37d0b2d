//! Neighbourhoods of the target with those of the sources as a prior.
//!
//! How alike two items are is a share: of the shoppers who bought one of them, how many bought both
//! (Jaccard). The sources' share `s` is what is believed before the target has said anything, worth
//! `strength` shoppers; then `n` shoppers of the target, of whom `c` bought both, move it:
//! `(c + strength · s) / (n + strength)`. With a new market it is the sources' neighbourhood, with an old
//! one its own, and pairs that nobody knows elsewhere are shrunk. The sources' own share is shrunk
//! towards 0 by the same rule, worth `doubt` shoppers.
//!
//! Sources: the posterior mean of a share under a beta prior, Gelman et al., "Bayesian data analysis",
//! 3rd edition, CRC 2013, section 2.4; neighbourhoods as in Deshpande and Karypis, ACM TOIS 22(1), 2004.
//! Cost: as an item neighbourhood over all rows; the model keeps the pairs that share a shopper anywhere.

use super::Ground;
use crate::links::{self, at_least_0, rooted};
use crate::signal::distinct;
use domain::{Explain, FitError, History, ItemIdx, Reason, Score};
use learn::Csr;
use rayon::prelude::*;

/// How much the sources are believed.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarityPriorParams {
    /// Shoppers of the target that the sources' word is worth, at least 0.
    pub strength: f32,
    /// Shoppers of the sources by which their own word is shrunk, at least 0.
    pub doubt: f32,
    /// Weights of the sources' rows, one a source; empty is 1 for all.
    pub weights: Vec<f32>,
}

impl Default for SimilarityPriorParams {
    fn default() -> Self {
        Self { strength: 10.0, doubt: 5.0, weights: Vec::new() }
    }
}

/// Fitted model: row `i` of `links` holds the items that are alike, with their shares.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarityPrior {
    links: Csr,
}

/// Shoppers of each item, and for a row of items what pairs share.
pub(super) struct Shares {
    by_shopper: Csr,
    by_item: Csr,
    totals: Vec<f32>,
}

impl Shares {
    pub(super) fn of(rows: &domain::Interactions) -> Self {
        let (by_shopper, by_item) = rooted(rows);
        let totals = (0..by_item.n_rows()).map(|i| by_item.row(i).1.iter().map(|v| v * v).sum()).collect();
        Self { by_shopper, by_item, totals }
    }

    /// Adds what each item shares with item `i` to `sums`; `touched` gets the items that were 0.
    pub(super) fn add(&self, i: usize, sums: &mut [f32], touched: &mut Vec<u32>) {
        for (shopper, value) in self.by_item.cells(i) {
            for (other, weight) in self.by_shopper.cells(shopper as usize) {
                if sums[other as usize] == 0.0 {
                    touched.push(other);
                }
                sums[other as usize] += value * weight;
            }
        }
    }

    pub(super) const fn n_items(&self) -> usize {
        self.totals.len()
    }

    /// Shoppers who bought one of the two.
    pub(super) fn joined(&self, i: usize, j: usize, both: f32) -> f32 {
        (self.totals[i] + self.totals[j] - both).max(both)
    }
}

impl SimilarityPriorParams {
    /// Learns the links.
    ///
    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range.
    pub fn adapt(&self, ground: &Ground) -> Result<SimilarityPrior, FitError> {
        at_least_0("strength", self.strength)?;
        at_least_0("doubt", self.doubt)?;
        let own = Shares::of(ground.target());
        let taught = Shares::of(&ground.taught(&super::weights_or_ones(&self.weights, ground))?);
        let n = ground.target().n_items();
        let memory = || (vec![0.0_f32; n], vec![0.0_f32; n], Vec::new(), Vec::new());
        let row = |(here, there, touched, others): &mut (Vec<f32>, Vec<f32>, Vec<u32>, Vec<u32>), i: usize| {
            own.add(i, here, touched);
            taught.add(i, there, others);
            touched.append(others);
            touched.sort_unstable();
            touched.dedup();
            let share = |j: &u32| {
                let at = *j as usize;
                let (c, s) = (here[at], there[at]);
                let belief = if s > 0.0 { s / (taught.joined(i, at, s) + self.doubt) } else { 0.0 };
                let seen = own.joined(i, at, c);
                let share = (c + self.strength * belief) / (seen + self.strength);
                (at != i && share > 0.0).then_some((*j, share))
            };
            let cells: Vec<(u32, f32)> = touched.iter().filter_map(share).collect();
            for j in touched.drain(..) {
                here[j as usize] = 0.0;
                there[j as usize] = 0.0;
            }
            cells
        };
        let rows: Vec<Vec<(u32, f32)>> = (0..n).into_par_iter().map_init(memory, row).collect();
        Ok(SimilarityPrior { links: Csr::from_rows(n, rows) })
    }
}

impl SimilarityPrior {
    /// How alike two items are; 0 where nobody bought both.
    pub fn share(&self, from: ItemIdx, to: ItemIdx) -> f32 {
        if from.at() >= self.links.n_rows() {
            return 0.0;
        }
        let (columns, values) = self.links.row(from.at());
        columns.binary_search(&to.0).map_or(0.0, |at| values[at])
    }
}

impl Score for SimilarityPrior {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        links::score(&self.links, &distinct(history, self.links.n_rows()), candidates)
    }
}

impl Explain for SimilarityPrior {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        links::explain(&self.links, &distinct(history, self.links.n_rows()), candidate, "bought together with")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::tests::ground;

    const A: ItemIdx = ItemIdx(0);
    const B: ItemIdx = ItemIdx(1);
    const C: ItemIdx = ItemIdx(2);

    fn params(strength: f32, doubt: f32) -> SimilarityPriorParams {
        SimilarityPriorParams { strength, doubt, weights: Vec::new() }
    }

    /// Target: one shopper has A and B, one B alone: 1 of 2 share. Source: three have A and B, one A and C:
    /// A and B 3 of 4, A and C 1 of 4.
    fn two() -> Ground {
        ground(3, &[&[0, 1], &[1]], &[&[0, 1], &[0, 1], &[0, 1], &[0, 2]])
    }

    #[test] // A, B: (1 + 2 · 3/4) / (2 + 2) = 0.625; A, C: (0 + 2 · 1/4) / (1 + 2), as the target has A once, C never.
    fn the_posterior_by_hand() {
        let model = params(2.0, 0.0).adapt(&two()).unwrap();
        assert!((model.share(A, B) - 0.625).abs() < 1e-6, "{}", model.share(A, B));
        assert!((model.share(A, C) - 0.5 / 3.0).abs() < 1e-6, "{}", model.share(A, C));
        assert_eq!(model.share(A, B), model.share(B, A));
    }

    #[test] // Doubt 4: 3 / (4 + 4) is what the source says of A and B.
    fn without_strength_it_is_the_target_and_without_a_target_the_sources() {
        let own = params(0.0, 0.0).adapt(&two()).unwrap();
        assert_eq!((own.share(A, B), own.share(A, C)), (0.5, 0.0));
        let none = ground(3, &[&[], &[]], &[&[0, 1], &[0, 1], &[0, 1], &[0, 2]]);
        assert!((params(5.0, 4.0).adapt(&none).unwrap().share(A, B) - 0.375).abs() < 1e-6);
        assert!(params(-1.0, 0.0).adapt(&two()).is_err());
    }

    #[test]
    fn reasons_add_up_to_the_score() {
        let model = params(2.0, 1.0).adapt(&two()).unwrap();
        let history = [A, C];
        let score = model.score(History::of(&history), &[B])[0].unwrap();
        let reasons = model.explain(History::of(&history), B);
        assert!((reasons.iter().map(|r| r.part).sum::<f32>() - score).abs() < 1e-6);
    }
}
