//! Mixture of multinomials over several groups of counts: who buys like whom, from how often each value of
//! each attribute was bought.
//!
//! A row has `G` attributes, each with counts over its own values. `P(row) = Σ_k w_k Π_g Π_v θ_kgv^{n_gv}`, fitted by
//! expectation maximisation (Nigam, McCallum, Thrun and Mitchell, "Text classification from labeled and
//! unlabeled documents using EM", Machine Learning 39, 2000) from drawn shares. `θ` is shrunk towards the
//! attribute's shares among all rows by `prior` counts a value. Several starts, the largest likelihood wins.
//! Rows that have bought little belong to several components by degrees: [`CountMixture::shares`] says so.
//!
//! The number of components is chosen by BIC, `p ln n − 2 ln L`, the smallest (Schwarz, "Estimating the dimension of a model",
//! Annals of Statistics 6(2), 1978); `p` is `k − 1` weights and, for each component and attribute, its values that any row has, less one.
//!
//! Cost: one multiply-add a stored count, component and pass. Sums run in row order within blocks of fixed size.

use crate::{Csr, LearnError};
use domain::Seed;
use rayon::prelude::*;
use std::ops::RangeInclusive;

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct CountMixtureParams {
    /// Components, at least 1.
    pub n_components: usize,
    /// Counts a value that pull a component towards all rows, above 0.
    pub prior: f64,
    /// Most passes of a start, at least 1.
    pub max_iter: usize,
    /// A start ends when the mean log-likelihood of a row grows by less than this.
    pub tol: f64,
    /// Independent starts, at least 1.
    pub n_starts: usize,
}

impl Default for CountMixtureParams {
    fn default() -> Self {
        Self { n_components: 4, prior: 0.5, max_iter: 300, tol: 1e-5, n_starts: 5 }
    }
}

/// A fitted mixture.
#[derive(Clone, Debug, PartialEq)]
pub struct CountMixture {
    /// `ln w`.
    log_weights: Vec<f64>,
    /// `ln θ`, `n_columns × k`: the components of a column side by side.
    log_values: Vec<f64>,
    mean_log_likelihood: f64,
    n_iter: usize,
}

/// What one number of components of [`CountMixtureParams::choose`] came to.
#[derive(Clone, Debug, PartialEq)]
pub struct CountCandidate {
    /// Components.
    pub n_components: usize,
    /// Smaller is better.
    pub bic: f64,
    /// Mean log-likelihood of a row.
    pub mean_log_likelihood: f64,
}

/// Rows summed by one task.
const BLOCK: usize = 2048;

impl CountMixtureParams {
    /// Fits; `attribute[column]` says which attribute a column is a value of.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a parameter outside its range, [`LearnError::Shape`] when `attribute` is not one
    /// a column, [`LearnError::TooLittleData`] for fewer rows than components.
    pub fn fit(&self, counts: &Csr, attribute: &[usize], seed: Seed) -> Result<CountMixture, LearnError> {
        for (name, got) in
            [("n_components", self.n_components), ("max_iter", self.max_iter), ("n_starts", self.n_starts)]
        {
            if got == 0 {
                return Err(LearnError::Param { name, rule: "at least 1", got: 0.0 });
            }
        }
        if !(self.prior > 0.0 && self.prior.is_finite()) {
            return Err(LearnError::Param { name: "prior", rule: "a positive number", got: self.prior });
        }
        if attribute.len() != counts.n_cols() {
            let (got, need) = (attribute.len(), counts.n_cols());
            return Err(LearnError::Shape { what: "the attributes", got, need });
        }
        if counts.n_rows() < self.n_components {
            let (have, need) = (counts.n_rows(), self.n_components);
            return Err(LearnError::TooLittleData { what: "rows", have, need });
        }
        let starts = (0..self.n_starts as u64).map(|start| self.start(counts, attribute, seed.derive(start)));
        let better = |best: CountMixture, next: CountMixture| {
            if next.mean_log_likelihood > best.mean_log_likelihood { next } else { best }
        };
        Ok(starts.reduce(better).expect("n_starts is at least 1"))
    }

    /// Tries every number of components and takes the smallest BIC, fewer components on a tie. All candidates come
    /// back with it, in the order tried.
    ///
    /// # Errors
    /// As [`Self::fit`] for the smallest number; a larger one that there are too few rows for ends the search.
    pub fn choose(
        &self,
        counts: &Csr,
        attribute: &[usize],
        n_components: RangeInclusive<usize>,
        seed: Seed,
    ) -> Result<(CountMixture, Vec<CountCandidate>), LearnError> {
        let mut best: Option<(f64, CountMixture)> = None;
        let mut tried = Vec::new();
        let free = free_values(counts, attribute);
        let n = counts.n_rows() as f64;
        for k in n_components {
            let fitted = match (Self { n_components: k, ..self.clone() }).fit(counts, attribute, seed.derive(k as u64))
            {
                Ok(fitted) => fitted,
                Err(LearnError::TooLittleData { .. }) if best.is_some() => break,
                Err(error) => return Err(error),
            };
            let mean_log_likelihood = fitted.mean_log_likelihood;
            let parameters = (k - 1 + k * free) as f64;
            let bic = parameters * n.ln() - 2.0 * n * mean_log_likelihood;
            tried.push(CountCandidate { n_components: k, bic, mean_log_likelihood });
            if best.as_ref().is_none_or(|(least, _)| bic < *least) {
                best = Some((bic, fitted));
            }
        }
        let rule = "a range with a number in it";
        let best = best.ok_or(LearnError::Param { name: "n_components", rule, got: 0.0 })?;
        Ok((best.1, tried))
    }

    fn start(&self, counts: &Csr, attribute: &[usize], seed: Seed) -> CountMixture {
        let k = self.n_components;
        let mut shares: Vec<f64> = (0..counts.n_rows())
            .flat_map(|row| {
                // Squared exponentials: shares that already lean to one side leave the middle sooner.
                let mut rng = seed.stream(row as u64);
                let drawn: Vec<f64> = (0..k).map(|_| rng.exponential() * rng.exponential() + 1e-12).collect();
                let sum: f64 = drawn.iter().sum();
                drawn.into_iter().map(move |x| x / sum)
            })
            .collect();
        let mut fitted = self.maximise(counts, attribute, &shares);
        while fitted.1 < self.max_iter {
            let mean = fitted.0.expect(counts, &mut shares);
            let grown = mean - fitted.0.mean_log_likelihood;
            let (mut next, n_iter) = (self.maximise(counts, attribute, &shares).0, fitted.1 + 1);
            (next.mean_log_likelihood, next.n_iter) = (mean, n_iter);
            fitted = (next, n_iter);
            if grown < self.tol {
                break;
            }
        }
        fitted.0.mean_log_likelihood = fitted.0.expect(counts, &mut shares);
        fitted.0
    }

    fn maximise(&self, counts: &Csr, attribute: &[usize], shares: &[f64]) -> (CountMixture, usize) {
        let (n, k, n_columns) = (counts.n_rows(), self.n_components, counts.n_cols());
        let parts: Vec<Vec<f64>> = (0..n.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let mut sums = vec![0.0; (n_columns + 1) * k];
                for row in block * BLOCK..n.min((block + 1) * BLOCK) {
                    let share = &shares[row * k..(row + 1) * k];
                    let (columns, values) = counts.row(row);
                    for (column, value) in columns.iter().zip(values) {
                        let at = *column as usize * k;
                        let value = f64::from(*value);
                        sums[at..at + k].iter_mut().zip(share).for_each(|(s, x)| *s += x * value);
                    }
                    sums[n_columns * k..].iter_mut().zip(share).for_each(|(s, x)| *s += x);
                }
                sums
            })
            .collect();
        let sums = parts.into_iter().fold(vec![0.0; (n_columns + 1) * k], |mut all, part| {
            all.iter_mut().zip(part).for_each(|(a, p)| *a += p);
            all
        });
        let n_attributes = attribute.iter().max().map_or(0, |a| a + 1);
        // What all rows say of each value, and how much each component has of each attribute.
        let (mut all, mut sizes) = (vec![0.0; n_attributes], vec![0.0; n_attributes]);
        let mut own = vec![0.0; n_attributes * k];
        let usual: Vec<f64> = sums[..n_columns * k].chunks_exact(k).map(|c| c.iter().sum::<f64>() + 1e-9).collect();
        for (column, a) in attribute.iter().enumerate() {
            all[*a] += usual[column];
            sizes[*a] += 1.0;
            (0..k).for_each(|c| own[a * k + c] += sums[column * k + c]);
        }
        let mut log_values = vec![0.0; n_columns * k];
        for (column, a) in attribute.iter().enumerate() {
            let pull = self.prior * sizes[*a];
            for c in 0..k {
                let value = sums[column * k + c] + pull * usual[column] / all[*a];
                log_values[column * k + c] = (value / (own[a * k + c] + pull)).ln();
            }
        }
        let log_weights = sums[n_columns * k..].iter().map(|s| ((s + 1e-12) / n as f64).ln()).collect();
        (CountMixture { log_weights, log_values, mean_log_likelihood: f64::NEG_INFINITY, n_iter: 0 }, 0)
    }
}

/// Shares that a component is free to have: of each attribute the values that any row has, less one.
fn free_values(counts: &Csr, attribute: &[usize]) -> usize {
    let mut met = vec![false; counts.n_cols()];
    (0..counts.n_rows()).for_each(|row| counts.row(row).0.iter().for_each(|c| met[*c as usize] = true));
    let mut values = vec![0_usize; attribute.iter().max().map_or(0, |a| a + 1)];
    attribute.iter().zip(met).filter(|(_, met)| *met).for_each(|(a, _)| values[*a] += 1);
    values.into_iter().map(|n| n.saturating_sub(1)).sum()
}

impl CountMixture {
    /// Fills in the shares; the mean log-likelihood of a row.
    fn expect(&self, counts: &Csr, shares: &mut [f64]) -> f64 {
        let k = self.log_weights.len();
        let parts: Vec<f64> = shares
            .par_chunks_mut(BLOCK * k)
            .enumerate()
            .map(|(block, shares)| {
                let rows = shares.chunks_exact_mut(k).enumerate();
                rows.map(|(i, share)| self.belong(counts.row(block * BLOCK + i), share)).sum()
            })
            .collect();
        parts.iter().sum::<f64>() / counts.n_rows().max(1) as f64
    }

    fn belong(&self, (columns, values): (&[u32], &[f32]), share: &mut [f64]) -> f64 {
        let k = share.len();
        share.copy_from_slice(&self.log_weights);
        for (column, value) in columns.iter().zip(values) {
            let (at, value) = (*column as usize * k, f64::from(*value));
            share.iter_mut().zip(&self.log_values[at..at + k]).for_each(|(s, l)| *s += value * l);
        }
        let most = share.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        share.iter_mut().for_each(|s| *s = (*s - most).exp());
        let sum: f64 = share.iter().sum();
        share.iter_mut().for_each(|s| *s /= sum);
        most + sum.ln()
    }

    /// Number of components.
    pub fn n_components(&self) -> usize {
        self.log_weights.len()
    }

    /// Weight of each component.
    pub fn weights(&self) -> Vec<f64> {
        self.log_weights.iter().map(|w| w.exp()).collect()
    }

    /// Share of a column among the values of its attribute, in a component.
    ///
    /// # Panics
    /// If there is no such column or component.
    pub fn share_of(&self, component: usize, column: usize) -> f64 {
        assert!(component < self.n_components(), "there are {} components", self.n_components());
        self.log_values[column * self.n_components() + component].exp()
    }

    /// Mean log-likelihood of a row, without the multinomial's own constant.
    pub fn mean_log_likelihood(&self) -> f64 {
        self.mean_log_likelihood
    }

    /// How far each row belongs to each component, `n_rows × k`.
    ///
    /// # Errors
    /// [`LearnError::Shape`] when the rows have another number of columns.
    pub fn shares(&self, counts: &Csr) -> Result<Vec<f64>, LearnError> {
        let (got, need) = (counts.n_cols(), self.log_values.len() / self.n_components());
        if got != need {
            return Err(LearnError::Shape { what: "a row", got, need });
        }
        let mut shares = vec![0.0; counts.n_rows() * self.n_components()];
        self.expect(counts, &mut shares);
        Ok(shares)
    }

    /// The component that each row belongs to most, the lower number on a tie.
    ///
    /// # Errors
    /// As [`Self::shares`].
    pub fn assign(&self, counts: &Csr) -> Result<Vec<u32>, LearnError> {
        let most = |row: &[f64]| (0..row.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best }) as u32;
        Ok(self.shares(counts)?.chunks_exact(self.n_components()).map(most).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster_quality::adjusted_rand_index;

    /// Three kinds that prefer one of three values of either attribute by 7 in 10; `n` draws of each.
    fn planted(rows: usize, n: usize) -> (Csr, Vec<u32>) {
        let draw = |row: usize| {
            let rng = &mut Seed(6).stream(row as u64);
            let mut counts = [0.0_f32; 6];
            for _ in 0..n {
                for attribute in [0, 3] {
                    let other = rng.below(3);
                    counts[attribute + if rng.uniform() < 0.55 { row % 3 } else { other }] += 1.0;
                }
            }
            (0..6_u32).map(move |c| (c, counts[c as usize])).filter(|c| c.1 > 0.0)
        };
        (Csr::from_rows(6, (0..rows).map(draw)), (0..rows).map(|r| (r % 3) as u32).collect())
    }

    const THREE: CountMixtureParams =
        CountMixtureParams { n_components: 3, prior: 0.5, max_iter: 200, tol: 1e-7, n_starts: 4 };

    #[test]
    fn planted_kinds_are_found_the_better_the_more_there_is() {
        let found = |n| {
            let (counts, truth) = planted(600, n);
            let fitted = THREE.fit(&counts, &[0, 0, 0, 1, 1, 1], Seed(1)).unwrap();
            adjusted_rand_index(&truth, &fitted.assign(&counts).unwrap()).unwrap()
        };
        let (few, many) = (found(2), found(12));
        assert!(many > 0.95 && few < many && few > 0.2, "{few} {many}");
    }

    #[test] // One component: shares of all rows, 3 of 4 and 1 of 4, whatever the prior.
    fn one_component_is_all_rows() {
        let counts = Csr::from_rows(2, [vec![(0_u32, 2.0_f32)], vec![(0, 1.0), (1, 1.0)]].map(Vec::into_iter));
        let fitted = CountMixtureParams { n_components: 1, ..THREE }.fit(&counts, &[0, 0], Seed(1)).unwrap();
        assert!((fitted.share_of(0, 0) - 0.75).abs() < 1e-9 && (fitted.share_of(0, 1) - 0.25).abs() < 1e-9);
        let expected = (3.0 * 0.75_f64.ln() + 0.25_f64.ln()) / 2.0;
        assert!((fitted.mean_log_likelihood() - expected).abs() < 1e-8);
        assert!(THREE.fit(&counts, &[0, 0], Seed(1)).is_err());
        assert!(THREE.fit(&counts, &[0], Seed(1)).is_err());
    }

    #[test]
    fn the_planted_number_of_kinds_has_the_smallest_bic() {
        let (counts, truth) = planted(600, 8);
        let (fitted, tried) = THREE.choose(&counts, &[0, 0, 0, 1, 1, 1], 1..=5, Seed(1)).unwrap();
        assert_eq!((fitted.n_components(), tried.len()), (3, 5), "{tried:?}");
        assert!(adjusted_rand_index(&truth, &fitted.assign(&counts).unwrap()).unwrap() > 0.85);
        // One component: 2 + 2 free shares; −2 · 600 · its mean log-likelihood and 4 ln 600 = 25.588.
        let one = &tried[0];
        assert!((one.bic + 1200.0 * one.mean_log_likelihood - 25.588).abs() < 1e-3, "{one:?}");
        // A value that nobody has is no parameter.
        let narrow = Csr::from_rows(3, [vec![(0_u32, 1.0_f32)], vec![(1, 2.0)]].map(Vec::into_iter));
        assert_eq!(free_values(&narrow, &[0, 0, 0]), 1);
    }

    #[test]
    fn threads_do_not_matter() {
        let (counts, _) = planted(5000, 3);
        let run = |n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| THREE.fit(&counts, &[0, 0, 0, 1, 1, 1], Seed(1)).unwrap())
        };
        assert_eq!(run(1), run(3));
    }
}
