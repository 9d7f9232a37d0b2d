//! Learns from labelled pairs which offers are the same product, and says so of others with a probability and with reasons.
//!
//! Boosted trees over the columns of `features` and two more: what a linear model over crossed words (`crossed`) says
//! of the pair, for training rows by folds that left the pair out. Several seeds are averaged. The threshold
//! is the best F1 of the folds' answers.
//! Cost: `(n_folds + 1) × n_seeds` boostings over the labelled pairs.

use super::features::Look;
use super::table::{Pair, Tables};
use crate::reviews::best_f1;
use domain::Seed;
use learn::container::{ContainerError, Reader, Writer};
use learn::trees::{Bagging, BoostParams, Boosted, Features, Samples};
use learn::{LearnError, SparseSvmParams, TextLinear, TextLinearParams, TextPieces, Weighing};
use rayon::prelude::*;

/// How to learn.
#[derive(Clone, Debug, PartialEq)]
pub struct MatcherParams {
    /// The trees.
    pub boost: BoostParams,
    /// Boostings that are averaged, at least 1.
    pub n_seeds: usize,
    /// Folds, at least 2.
    pub n_folds: usize,
    /// What is looked at.
    pub look: Look,
    /// What an error of the linear model over crossed words costs.
    pub cost: f32,
}

impl Default for MatcherParams {
    fn default() -> Self {
        let bagging = Some(Bagging { fraction: 0.8, every: 1 });
        let boost = BoostParams {
            n_rounds: 600,
            learning_rate: 0.05,
            max_leaves: 16,
            min_rows: 10,
            feature_fraction: 0.4,
            l2: 1.0,
            bagging,
            ..BoostParams::default()
        };
        Self { boost, n_seeds: 5, n_folds: 5, look: Look::Rivals, cost: 1.0 }
    }
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    pub(super) look: Look,
    pub(super) trees: Vec<Boosted>,
    pub(super) crossed: TextLinear,
    pub(super) threshold: f64,
    pub(super) by_folds: f64,
}

/// A pair that is taken for one product.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Which offers.
    pub pair: Pair,
    /// That it is one product.
    pub probability: f64,
    /// What speaks most for it and against it.
    pub reasons: Vec<Reason>,
}

/// What speaks for a pair or against it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The column, in words.
    pub what: &'static str,
    /// What was measured; `None` where it is not known.
    pub value: Option<f32>,
    /// What it adds to the log-odds.
    pub adds: f64,
}

fn logit(p: f64) -> f32 {
    let p = p.clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln() as f32
}

/// The columns and one more.
fn widened(features: &Features, more: &[f32]) -> Result<Features, LearnError> {
    let rows = features.rows().zip(more).flat_map(|(row, more)| row.iter().copied().chain([*more])).collect();
    Features::new(rows, features.n_columns() + 1)
}

impl MatcherParams {
    /// Learns from pairs and whether each is one product.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range, lengths that differ and too few pairs.
    pub fn fit(&self, tables: &Tables, pairs: &[Pair], same: &[bool], seed: Seed) -> Result<Matcher, LearnError> {
        Ok(self.fit_folds(tables, pairs, same, seed)?.0)
    }

    /// The same with each pair's probability by models that did not see it.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_folds(
        &self,
        tables: &Tables,
        pairs: &[Pair],
        same: &[bool],
        seed: Seed,
    ) -> Result<(Matcher, Vec<f64>), LearnError> {
        if same.len() != pairs.len() {
            return Err(LearnError::Shape { what: "same", got: same.len(), need: pairs.len() });
        }
        if self.n_seeds == 0 {
            return Err(LearnError::Param { name: "n_seeds", rule: "at least 1", got: 0.0 });
        }
        let rows: Vec<usize> = (0..pairs.len()).collect();
        let kinds: Vec<u32> = same.iter().map(|same| u32::from(*same)).collect();
        let folds: Vec<usize> =
            rows.iter().map(|&i| seed.derive(1).stream(i as u64).below(self.n_folds.max(1))).collect();
        let linear = TextLinearParams {
            pieces: TextPieces::default(),
            min_texts: 2,
            weighing: Weighing::Rare,
            svm: SparseSvmParams { cost: self.cost, ..SparseSvmParams::default() },
            n_folds: self.n_folds,
        };
        let (crossed, said) = linear.fit_folds(&tables.crossed(pairs), &kinds, 2, &rows, &folds, seed.derive(2))?;
        let said: Vec<f32> = said.iter().map(|p| logit(p[1])).collect();
        let features = widened(&tables.features(pairs, self.look)?, &said)?;
        let labels: Vec<f32> = same.iter().map(|same| f32::from(u8::from(*same))).collect();
        let mut left_out = vec![0.0; pairs.len()];
        for fold in 0..self.n_folds {
            let (inside, outside): (Vec<usize>, Vec<usize>) = rows.iter().partition(|&&i| folds[i] == fold);
            let trees =
                self.boosted(&features.select(&outside), &of(&labels, &outside), seed.derive(10 + fold as u64))?;
            inside.iter().for_each(|&i| left_out[i] = mean(&trees, features.row(i)));
        }
        let trees = self.boosted(&features, &labels, seed.derive(3))?;
        let (threshold, by_folds) = best_f1(&left_out, same);
        Ok((Matcher { look: self.look, trees, crossed, threshold, by_folds }, left_out))
    }

    fn boosted(&self, features: &Features, labels: &[f32], seed: Seed) -> Result<Vec<Boosted>, LearnError> {
        let fit = |at: usize| self.boost.fit(Samples::new(features, labels)?, seed.derive(at as u64));
        (0..self.n_seeds).into_par_iter().map(fit).collect()
    }
}

fn of(labels: &[f32], rows: &[usize]) -> Vec<f32> {
    rows.iter().map(|&i| labels[i]).collect()
}

fn mean(trees: &[Boosted], row: &[f32]) -> f64 {
    trees.iter().map(|trees| trees.predict(row)).sum::<f64>() / trees.len().max(1) as f64
}

impl Matcher {
    fn columns(&self, tables: &Tables, pairs: &[Pair]) -> Result<Features, LearnError> {
        let crossed = tables.crossed(pairs);
        let said: Vec<f32> = (0..pairs.len()).map(|i| logit(self.crossed.of_keys(crossed.keys(i))[1])).collect();
        widened(&tables.features(pairs, self.look)?, &said)
    }

    /// The probability of each pair that it is one product.
    ///
    /// # Errors
    /// [`LearnError`] never in practice.
    pub fn probabilities(&self, tables: &Tables, pairs: &[Pair]) -> Result<Vec<f64>, LearnError> {
        let features = self.columns(tables, pairs)?;
        Ok((0..pairs.len()).into_par_iter().map(|i| mean(&self.trees, features.row(i))).collect())
    }

    /// What speaks most for a pair and against it, largest first, `n` at most.
    ///
    /// # Errors
    /// As [`Self::probabilities`].
    pub fn reasons(&self, tables: &Tables, pair: Pair, n: usize) -> Result<Vec<Reason>, LearnError> {
        let features = self.columns(tables, &[pair])?;
        let row = features.row(0);
        let mut adds = vec![0.0; row.len()];
        for trees in &self.trees {
            let parts = trees.contributions(row).parts;
            adds.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part / self.trees.len() as f64);
        }
        let mut all: Vec<Reason> = adds
            .into_iter()
            .zip(row)
            .enumerate()
            .map(|(c, (adds, value))| Reason {
                what: self.look.column_name(c),
                value: value.is_finite().then_some(*value),
                adds,
            })
            .collect();
        all.sort_by(|a, b| b.adds.abs().total_cmp(&a.adds.abs()).then(a.what.cmp(b.what)));
        all.truncate(n);
        Ok(all)
    }

    /// Those of the pairs that are taken for one product, most probable first, each with `n_reasons` reasons.
    ///
    /// # Errors
    /// As [`Self::probabilities`].
    pub fn matches(&self, tables: &Tables, pairs: &[Pair], n_reasons: usize) -> Result<Vec<Match>, LearnError> {
        let probabilities = self.probabilities(tables, pairs)?;
        let enough = pairs.iter().zip(probabilities).filter(|(_, p)| *p >= self.threshold);
        let with_reasons = |(&pair, probability): (&Pair, f64)| {
            Ok(Match { pair, probability, reasons: self.reasons(tables, pair, n_reasons)? })
        };
        let mut all: Vec<Match> = enough.map(with_reasons).collect::<Result<_, LearnError>>()?;
        all.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.pair.cmp(&b.pair)));
        Ok(all)
    }

    /// From which probability on a pair is taken for one product.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// F1 that the folds reached at the threshold.
    pub fn by_folds(&self) -> f64 {
        self.by_folds
    }

    /// What the columns gained in all trees, largest first: which comparisons the model lives on.
    pub fn gains(&self) -> Vec<(&'static str, f64)> {
        let mut sums = vec![0.0; self.look.n_columns() + 1];
        self.trees.iter().for_each(|trees| sums.iter_mut().zip(trees.gains()).for_each(|(sum, gain)| *sum += gain));
        let named = |(c, gain): (usize, f64)| (self.look.column_name(c), gain);
        let mut all: Vec<(&'static str, f64)> = sums.into_iter().enumerate().map(named).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all
    }
}

impl Matcher {
    /// As bytes, with the fingerprint of what it was learnt from.
    pub fn to_bytes(&self, fingerprint: u128) -> Vec<u8> {
        let mut to = Writer::default();
        to.u64s("matcher", &[u64::from(self.look == Look::Rivals), self.trees.len() as u64]);
        to.f64s("threshold", &[self.threshold, self.by_folds]);
        let mut keep = |name: &str, save: &dyn Fn(&mut Writer)| {
            let mut inner = Writer::default();
            save(&mut inner);
            to.bytes(name, &inner.finish(name, fingerprint));
        };
        keep("crossed", &|to| self.crossed.save(to));
        self.trees.iter().enumerate().for_each(|(at, trees)| keep(&format!("trees {at}"), &|to| trees.save(to)));
        to.finish("matcher", fingerprint)
    }

    /// From what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ContainerError`] for bytes that are no matcher of this release's columns.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContainerError> {
        let from = Reader::open(bytes)?;
        if from.kind() != "matcher" {
            return Err(ContainerError::Kind { got: from.kind().to_owned(), want: "matcher".to_owned() });
        }
        let [rivals, n] = from.sizes("matcher", 1 << 10)?;
        let look = if rivals == 1 { Look::Rivals } else { Look::Pair };
        let crossed = TextLinear::load(&Reader::open(from.bytes("crossed")?)?)?;
        let read = |at: usize| Boosted::load(&Reader::open(from.bytes(&format!("trees {at}"))?)?);
        let trees: Vec<Boosted> = (0..n).map(read).collect::<Result<_, _>>()?;
        if trees.is_empty() || trees.iter().any(|trees| trees.n_columns() != look.n_columns() + 1) {
            let why = format!("trees over {} columns", look.n_columns() + 1);
            return Err(ContainerError::content("trees", why));
        }
        let numbers = from.f64s("threshold")?;
        let [threshold, by_folds] = numbers.as_slice() else {
            return Err(ContainerError::content("threshold", "two numbers"));
        };
        if crossed.n_kinds() != 2 {
            return Err(ContainerError::content("crossed", "a model of two kinds"));
        }
        Ok(Self { look, trees, crossed, threshold: *threshold, by_folds: *by_folds })
    }
}

#[cfg(test)]
#[path = "matcher_tests.rs"]
mod tests;
