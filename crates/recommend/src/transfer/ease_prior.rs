//! A linear model of the target with that of the sources as a prior.
//!
//! Each item `j` is predicted from its most similar items `S` (over all rows, by cosine). The sources
//! give `b₀ = (Zᵀ Z + reg I)⁻¹ Zᵀ z_j`, `Z` their columns `S`; the target then minimises
//! `‖x_j − X b‖² + reg ‖b − trust · b₀‖²`, which is `b = (Xᵀ X + reg I)⁻¹ (Xᵀ x_j + reg · trust · b₀)`:
//! what its rows do not tell is taken from the sources. `j` is not in `S`, so no item predicts itself;
//! with `S` all other items it is the minimum over all matrices with zero diagonal.
//!
//! Sources: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019, for the model; the
//! prior mean as in Hoerl and Kennard, "Ridge regression", Technometrics 12(1), 1970, moved off zero.
//! Cost: two systems of `neighbours` equations an item.

use super::Ground;
use crate::links::{self, above_0, at_least_0, at_least_1, rooted, roots};
use crate::signal::distinct;
use crate::similarity::{Scratch, Similarity, Space};
use domain::{Explain, FitError, History, ItemIdx, Reason, Score};
use learn::{Csr, LocalGram, cholesky, cholesky_solve};
use rayon::prelude::*;

/// How much the sources are believed.
#[derive(Clone, Debug, PartialEq)]
pub struct EasePriorParams {
    /// Weight of the squared distance from the prior, above 0: in shoppers.
    pub reg: f32,
    /// Share of the sources' weights that is the prior, at least 0; 0 is the target alone.
    pub trust: f32,
    /// Predictors of an item, at least 1.
    pub neighbours: usize,
    /// Weights of the sources' rows, one a source; empty is 1 for all.
    pub weights: Vec<f32>,
}

impl Default for EasePriorParams {
    fn default() -> Self {
        Self { reg: 200.0, trust: 1.0, neighbours: 150, weights: Vec::new() }
    }
}

/// Fitted model: rows are predictors, columns the items predicted.
#[derive(Clone, Debug, PartialEq)]
pub struct EasePrior {
    links: Csr,
}

impl EasePriorParams {
    /// Learns the weights.
    ///
    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range, [`FitError::Diverged`] when a system has no
    /// solution in `f32`, which takes a `reg` far too small for the weights.
    pub fn adapt(&self, ground: &Ground) -> Result<EasePrior, FitError> {
        above_0("reg", self.reg)?;
        at_least_0("trust", self.trust)?;
        at_least_1("neighbours", self.neighbours)?;
        let weights = super::weights_or_ones(&self.weights, ground);
        let all = rooted(&ground.pooled(&weights)?);
        let own = rooted(ground.target());
        let taught = rooted(&ground.taught(&weights)?);
        let space = Space::new(&all.1, Similarity::Cosine, 0.0);
        let gram = || LocalGram::new(own.0.n_rows(), own.0.n_cols());
        let memory = || (Scratch::default(), gram(), gram());
        let diverged = |e| FitError::Diverged(format!("linear model with a prior, {e}"));
        let solve = |matrix: &mut [f32], rhs: &mut [f32]| {
            let n = rhs.len();
            (0..n).for_each(|i| matrix[i * n + i] += self.reg);
            cholesky(matrix, n).map_err(diverged)?;
            cholesky_solve(matrix, n, rhs);
            Ok::<(), FitError>(())
        };
        let column = |(scratch, here, there): &mut (Scratch, LocalGram, LocalGram), j: usize| {
            let query: Vec<(u32, f32)> = space.rows().cells(j).collect();
            let near = space.nearest(&query, self.neighbours, Some(j), scratch);
            let chosen: Vec<u32> = near.into_iter().map(|(item, _)| item).collect();
            let (matrix, prior) = there.build(&taught.0, &taught.1, j as u32, &chosen);
            if self.trust > 0.0 {
                solve(matrix, prior)?;
            }
            let (matrix, b) = here.build(&own.0, &own.1, j as u32, &chosen);
            b.iter_mut().zip(prior.iter()).for_each(|(b, p)| *b += self.reg * self.trust * p);
            solve(matrix, b)?;
            let cells = chosen.iter().copied().zip(b.iter().copied());
            Ok(cells.filter(|(_, weight)| *weight != 0.0).collect())
        };
        let n = ground.target().n_items();
        let columns: Vec<Vec<(u32, f32)>> =
            (0..n).into_par_iter().map_init(memory, column).collect::<Result<_, FitError>>()?;
        Ok(EasePrior { links: Csr::from_rows(n, columns).transpose() })
    }
}

impl EasePrior {
    /// What an item of a history adds to another one; 0 where nothing.
    pub fn weight(&self, from: ItemIdx, to: ItemIdx) -> f32 {
        if from.at() >= self.links.n_rows() {
            return 0.0;
        }
        let (columns, values) = self.links.row(from.at());
        columns.binary_search(&to.0).map_or(0.0, |at| values[at])
    }
}

impl Score for EasePrior {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        links::score(&self.links, &roots(distinct(history, self.links.n_rows())), candidates)
    }
}

impl Explain for EasePrior {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        links::explain(&self.links, &roots(distinct(history, self.links.n_rows())), candidate, "predicted from")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::Source;
    use crate::transfer::tests::ground;

    fn params(reg: f32, trust: f32) -> EasePriorParams {
        EasePriorParams { reg, trust, neighbours: 9, weights: Vec::new() }
    }

    /// Source: three shoppers have both items, one the first alone. Predicting item 1 from item 0:
    /// b₀ = 3 / (4 + 2) = 1/2. Target: one has both, one the first: b = (1 + 2 · ½) / (2 + 2) = 1/2;
    /// at half the trust (1 + 2 · ¼) / 4 = 0.375.
    #[test]
    fn one_predictor_by_hand() {
        let ground = ground(2, &[&[0, 1], &[0]], &[&[0, 1], &[0, 1], &[0, 1], &[0]]);
        let weight = |trust| params(2.0, trust).adapt(&ground).unwrap().weight(ItemIdx(0), ItemIdx(1));
        assert!((weight(1.0) - 0.5).abs() < 1e-6 && (weight(0.5) - 0.375).abs() < 1e-6);
        assert!((weight(0.0) - 0.25).abs() < 1e-6, "the target alone: 1 / (2 + 2)");
    }

    /// The objective of the whole matrix: no step off the solution that keeps the diagonal at zero is better.
    #[test]
    fn no_other_matrix_with_zero_diagonal_is_better() {
        let own: [&[u32]; 4] = [&[0, 1], &[0, 1, 2], &[2, 3], &[3]];
        let ground = ground(4, &own, &[&[0, 2], &[0, 2, 3], &[1, 3], &[1, 2]]);
        let (reg, trust) = (1.5_f32, 0.7_f32);
        let alone = EasePriorParams { neighbours: 9, ..params(reg, 0.0) };
        // The same rows in other roles, so that every item has the same predictors.
        let (first, rows) = (ground.sources()[0].clone(), ground.target().clone());
        let swapped = Ground::new(first.rows, vec![Source { name: first.name, rows }]).unwrap();
        let prior = alone.adapt(&swapped).unwrap();
        let model = params(reg, trust).adapt(&ground).unwrap();
        let n = 4;
        let cell = |i: usize, j: usize| model.weight(ItemIdx(i as u32), ItemIdx(j as u32));
        let best: Vec<f32> = (0..n * n).map(|at| cell(at / n, at % n)).collect();
        let believed: Vec<f32> =
            (0..n * n).map(|at| prior.weight(ItemIdx((at / n) as u32), ItemIdx((at % n) as u32))).collect();
        let loss = |b: &[f32]| {
            let fit: f32 = own
                .iter()
                .flat_map(|row| (0..n).map(move |j| (row, j)))
                .map(|(row, j)| {
                    let predicted: f32 = row.iter().map(|i| b[*i as usize * n + j]).sum();
                    (f32::from(row.contains(&(j as u32))) - predicted).powi(2)
                })
                .sum();
            fit + reg * b.iter().zip(&believed).map(|(b, p)| (b - trust * p).powi(2)).sum::<f32>()
        };
        let at_best = loss(&best);
        for at in (0..n * n).filter(|at| at / n != at % n && best[*at] != 0.0) {
            for step in [-0.02, 0.02] {
                let mut moved = best.clone();
                moved[at] += step;
                assert!(loss(&moved) > at_best, "cell {at}, {step}");
            }
        }
    }
}
