//! Learns from labelled pairs which offers are the same product, and says so of others with a probability and with
//! reasons.
//!
//! Boosted trees over the columns of `features` and one more: what a linear model over crossed words (`crossed`) says
//! of the pair, for training rows by folds that left the pair out. Several seeds are averaged. With [`Look::Twice`]
//! a second set of trees sees these columns and how probable the first one finds every other pair that the two
//! offers could be in (`second`), again by folds that left the pair out. The threshold is the best F1 of the folds'
//! answers. Views of the tables (vectors of an encoder) are more columns, and the model is asked about tables that have the same.
//! Cost: `(n_folds + 1) × n_seeds` boostings over the labelled pairs, twice for [`Look::Twice`].

use super::columns::{Column, Columns, Look};
use super::second::{N_SECOND, logit, second};
use super::table::{BlockParams, Pair, Tables};
use super::view::ViewOf;
use crate::reviews::best_f1;
use domain::Seed;
use learn::container::{ContainerError, Reader, Writer};
use learn::trees::{Bagging, BoostParams, Boosted, Features, Samples};
use learn::{LearnError, SparseSvmParams, TextLinear, TextLinearParams, TextPieces, Weighing};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// How to learn.
#[derive(Clone, Debug, PartialEq)]
pub struct MatcherParams {
    /// The trees.
    pub boost: BoostParams,
    /// The trees of the second look.
    pub second: BoostParams,
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
        let second = BoostParams { n_rounds: 400, min_rows: 20, ..boost.clone() };
        Self { boost, second, n_seeds: 5, n_folds: 5, look: Look::Twice, cost: 1.0 }
    }
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// What it learnt from at first sight; the tables that it is asked about have the same.
    pub(super) columns: Columns,
    pub(super) trees: Vec<Boosted>,
    /// Of the second look; none unless that is asked for.
    pub(super) again: Vec<Boosted>,
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

/// What models that did not see a pair say of it, for each learning pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeftOut {
    /// At first sight.
    pub first: Vec<f64>,
    /// In the end; the same unless one looks twice.
    pub last: Vec<f64>,
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

/// The columns and some more.
fn widened<const N: usize>(features: &Features, more: &[[f32; N]]) -> Result<Features, LearnError> {
    let rows = features.rows().zip(more).flat_map(|(row, more)| row.iter().chain(more).copied()).collect();
    Features::new(rows, features.n_columns() + N)
}

/// Pairs that a second look weighs a pair against: enough that the true one is almost always there.
const WEIGHED: BlockParams = BlockParams { per_list: 5, rare_code: 5 };

impl MatcherParams {
    /// Learns from pairs and whether each is one product.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range, lengths that differ and too few pairs.
    pub fn fit(&self, tables: &Tables, pairs: &[Pair], same: &[bool], seed: Seed) -> Result<Matcher, LearnError> {
        Ok(self.fit_folds(tables, pairs, same, seed)?.0)
    }

    /// The same with each pair's probabilities by models that did not see it.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_folds(
        &self,
        tables: &Tables,
        pairs: &[Pair],
        same: &[bool],
        seed: Seed,
    ) -> Result<(Matcher, LeftOut), LearnError> {
        if same.len() != pairs.len() {
            return Err(LearnError::Shape { what: "same", got: same.len(), need: pairs.len() });
        }
        if self.n_seeds == 0 {
            return Err(LearnError::Param { name: "n_seeds", rule: "at least 1", got: 0.0 });
        }
        let rows: Vec<usize> = (0..pairs.len()).collect();
        let kinds: Vec<u32> = same.iter().map(|same| u32::from(*same)).collect();
        // Offers with the same text are one offer: a pair that occurs twice is in one fold.
        let fold = |&(l, r): &Pair| seed.derive(1).stream(u64::from(l) << 32 | u64::from(r)).below(self.n_folds.max(1));
        let folds: Vec<usize> = pairs.iter().map(fold).collect();
        let linear = TextLinearParams {
            pieces: TextPieces::default(),
            min_texts: 2,
            weighing: Weighing::Rare,
            svm: SparseSvmParams { cost: self.cost, ..SparseSvmParams::default() },
            n_folds: self.n_folds,
        };
        let (crossed, said) = linear.fit_folds(&tables.crossed(pairs), &kinds, 2, &rows, &folds, seed.derive(2))?;
        let said: Vec<[f32; 1]> = said.iter().map(|p| [logit(p[1])]).collect();
        let features = widened(&tables.features(pairs, self.look)?, &said)?;
        let labels: Vec<f32> = same.iter().map(|same| f32::from(u8::from(*same))).collect();
        let learn =
            |boost: &BoostParams, features: &Features, seed: Seed| -> Result<(Vec<Boosted>, Vec<f64>), LearnError> {
                let mut left_out = vec![0.0; pairs.len()];
                for fold in 0..self.n_folds {
                    let (inside, outside): (Vec<usize>, Vec<usize>) = rows.iter().partition(|&&i| folds[i] == fold);
                    let labels = outside.iter().map(|&i| labels[i]).collect::<Vec<f32>>();
                    let trees =
                        self.boosted(boost, &features.select(&outside), &labels, seed.derive(10 + fold as u64))?;
                    inside.iter().for_each(|&i| left_out[i] = mean(&trees, features.row(i)));
                }
                Ok((self.boosted(boost, features, &labels, seed.derive(0))?, left_out))
            };
        let (trees, first) = learn(&self.boost, &features, seed.derive(3))?;
        let columns = tables.columns(self.look);
        let mut model = Matcher { columns, trees, again: Vec::new(), crossed, threshold: 0.5, by_folds: 0.0 };
        let mut last = first.clone();
        if self.look == Look::Twice {
            let known = pairs.iter().copied().zip(first.iter().copied()).collect();
            let scored = model.weighed(tables, pairs, &known)?;
            let features = widened(&features, &second(&scored, pairs))?;
            (model.again, last) = learn(&self.second, &features, seed.derive(4))?;
        }
        (model.threshold, model.by_folds) = best_f1(&last, same);
        Ok((model, LeftOut { first, last }))
    }

    fn boosted(
        &self,
        boost: &BoostParams,
        features: &Features,
        labels: &[f32],
        seed: Seed,
    ) -> Result<Vec<Boosted>, LearnError> {
        let fit = |at: usize| boost.fit(Samples::new(features, labels)?, seed.derive(at as u64));
        (0..self.n_seeds).into_par_iter().map(fit).collect()
    }
}

fn mean(trees: &[Boosted], row: &[f32]) -> f64 {
    trees.iter().map(|trees| trees.predict(row)).sum::<f64>() / trees.len().max(1) as f64
}

impl Matcher {
    /// The columns at first sight.
    fn first(&self, tables: &Tables, pairs: &[Pair]) -> Result<Features, LearnError> {
        let columns = tables.columns(self.columns.look);
        if columns != self.columns {
            let (got, need) = (columns.views.len(), self.columns.views.len());
            return Err(LearnError::Shape {
                what: "the list of views, which are those that were learnt from,",
                got,
                need,
            });
        }
        let crossed = tables.crossed(pairs);
        let said: Vec<[f32; 1]> = (0..pairs.len()).map(|i| [logit(self.crossed.of_keys(crossed.keys(i))[1])]).collect();
        widened(&tables.features(pairs, self.columns.look)?, &said)
    }

    /// Probabilities at first sight of the pairs and of all candidates, and of those that are known.
    fn weighed(
        &self,
        tables: &Tables,
        pairs: &[Pair],
        known: &BTreeMap<Pair, f64>,
    ) -> Result<BTreeMap<Pair, f64>, LearnError> {
        let mut all = tables.candidates(&WEIGHED);
        all.extend_from_slice(pairs);
        all.retain(|pair| !known.contains_key(pair));
        all.sort_unstable();
        all.dedup();
        let features = self.first(tables, &all)?;
        let p: Vec<f64> = (0..all.len()).into_par_iter().map(|i| mean(&self.trees, features.row(i))).collect();
        Ok(all.into_iter().zip(p).chain(known.iter().map(|(pair, p)| (*pair, *p))).collect())
    }

    /// The columns that the last trees see.
    fn whole(&self, tables: &Tables, pairs: &[Pair], known: &BTreeMap<Pair, f64>) -> Result<Features, LearnError> {
        let first = self.first(tables, pairs)?;
        match self.columns.look {
            Look::Pair | Look::Rivals => Ok(first),
            Look::Twice => widened(&first, &second(&self.weighed(tables, pairs, known)?, pairs)),
        }
    }

    /// The trees that answer.
    fn last(&self) -> &[Boosted] {
        if self.columns.look == Look::Twice { &self.again } else { &self.trees }
    }

    /// The probability of each pair that it is one product. With [`Look::Twice`] all candidates of the tables are
    /// looked at.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for tables with other views than those that were learnt from.
    pub fn probabilities(&self, tables: &Tables, pairs: &[Pair]) -> Result<Vec<f64>, LearnError> {
        self.probabilities_knowing(tables, pairs, &BTreeMap::new())
    }

    /// The same, where the second look takes the probability at first sight of some pairs from the caller: a
    /// confirmed match is 1, a pair that the model learnt from is what [`LeftOut::first`] says, if its label shall
    /// not show.
    ///
    /// # Errors
    /// As [`Self::probabilities`].
    pub fn probabilities_knowing(
        &self,
        tables: &Tables,
        pairs: &[Pair],
        known: &BTreeMap<Pair, f64>,
    ) -> Result<Vec<f64>, LearnError> {
        let features = self.whole(tables, pairs, known)?;
        Ok((0..pairs.len()).into_par_iter().map(|i| mean(self.last(), features.row(i))).collect())
    }

    /// What speaks most for a pair and against it, largest first, `n` at most.
    ///
    /// # Errors
    /// As [`Self::probabilities`].
    pub fn reasons(&self, tables: &Tables, pair: Pair, n: usize) -> Result<Vec<Reason>, LearnError> {
        Ok(self.reasons_of_row(self.whole(tables, &[pair], &BTreeMap::new())?.row(0), n))
    }

    fn reasons_of_row(&self, row: &[f32], n: usize) -> Vec<Reason> {
        let mut adds = vec![0.0; row.len()];
        for trees in self.last() {
            let parts = trees.contributions(row).parts;
            adds.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part / self.last().len() as f64);
        }
        let reason = |(what, (adds, value)): (Column, (f64, &f32))| Reason {
            what,
            value: value.is_finite().then_some(*value),
            adds,
        };
        let names = self.columns.all_names().into_iter();
        let mut all: Vec<Reason> = names.zip(adds.into_iter().zip(row)).map(reason).collect();
        all.sort_by(|a, b| b.adds.abs().total_cmp(&a.adds.abs()).then(a.what.cmp(b.what)));
        all.truncate(n);
        all
    }

    /// Those of the pairs that are taken for one product, most probable first, each with `n_reasons` reasons.
    ///
    /// # Errors
    /// As [`Self::probabilities`].
    pub fn matches(&self, tables: &Tables, pairs: &[Pair], n_reasons: usize) -> Result<Vec<Match>, LearnError> {
        let features = self.whole(tables, pairs, &BTreeMap::new())?;
        let found = |at: usize| {
            let (row, pair) = (features.row(at), pairs[at]);
            let probability = mean(self.last(), row);
            let enough = probability >= self.threshold;
            enough.then(|| Match { pair, probability, reasons: self.reasons_of_row(row, n_reasons) })
        };
        let mut all: Vec<Match> = (0..pairs.len()).into_par_iter().filter_map(found).collect();
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
        let n = self.columns.n() + if self.columns.look == Look::Twice { 1 + N_SECOND } else { 1 };
        let mut sums = vec![0.0; n];
        self.last().iter().for_each(|trees| sums.iter_mut().zip(trees.gains()).for_each(|(sum, gain)| *sum += gain));
        let mut all: Vec<(&'static str, f64)> = self.columns.all_names().into_iter().zip(sums).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all
    }
}

impl Matcher {
    /// As bytes, with the fingerprint of what it was learnt from.
    pub fn to_bytes(&self, fingerprint: u128) -> Vec<u8> {
        let mut to = Writer::default();
        to.u64s("matcher", &[self.columns.look as u64, self.trees.len() as u64, self.again.len() as u64]);
        to.f64s("threshold", &[self.threshold, self.by_folds]);
        // A matcher without views is written as before there were any.
        if !self.columns.views.is_empty() {
            to.u64s("views", &self.columns.views.iter().map(|of| *of as u64).collect::<Vec<u64>>());
        }
        let mut keep = |name: &str, save: &dyn Fn(&mut Writer)| {
            let mut inner = Writer::default();
            save(&mut inner);
            to.bytes(name, &inner.finish(name, fingerprint));
        };
        keep("crossed", &|to| self.crossed.save(to));
        let trees = self.trees.iter().chain(&self.again);
        trees.enumerate().for_each(|(at, trees)| keep(&format!("trees {at}"), &|to| trees.save(to)));
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
        let [look, n, n_again] = from.sizes("matcher", 1 << 10)?;
        let looks = [Look::Pair, Look::Rivals, Look::Twice];
        let look =
            *looks.get(look).ok_or_else(|| ContainerError::content("matcher", "a way of looking from 0 to 2"))?;
        let columns = Columns { look, views: views(&from)? };
        let crossed = TextLinear::load(&Reader::open(from.bytes("crossed")?)?)?;
        let read = |at: usize| Boosted::load(&Reader::open(from.bytes(&format!("trees {at}"))?)?);
        let mut trees: Vec<Boosted> = (0..n + n_again).map(read).collect::<Result<_, _>>()?;
        let again = trees.split_off(n);
        let fits = |trees: &[Boosted], more: usize| trees.iter().all(|t| t.n_columns() == columns.n() + more);
        let twice = look == Look::Twice;
        if trees.is_empty() || again.is_empty() == twice || !fits(&trees, 1) || !fits(&again, 1 + N_SECOND) {
            let why =
                format!("trees over {} columns, and again over {N_SECOND} more where one looks twice", columns.n() + 1);
            return Err(ContainerError::content("trees", why));
        }
        let numbers = from.f64s("threshold")?;
        let [threshold, by_folds] = numbers.as_slice() else {
            return Err(ContainerError::content("threshold", "two numbers"));
        };
        if crossed.n_kinds() != 2 {
            return Err(ContainerError::content("crossed", "a model of two kinds"));
        }
        Ok(Self { columns, trees, again, crossed, threshold: *threshold, by_folds: *by_folds })
    }
}

/// The views that a saved matcher learnt from: ascending, each once.
fn views(from: &Reader<'_>) -> Result<Vec<ViewOf>, ContainerError> {
    if !from.has("views") {
        return Ok(Vec::new());
    }
    let numbers = from.u64s("views")?;
    let known = |number: &u64| ViewOf::ALL.iter().copied().find(|of| *of as u64 == *number);
    let found: Option<Vec<ViewOf>> = numbers.iter().map(known).collect();
    found
        .filter(|views| !views.is_empty() && views.windows(2).all(|two| two[0] < two[1]))
        .ok_or_else(|| ContainerError::content("views", "numbers of texts that a view may be of, ascending"))
}

#[cfg(test)]
#[path = "matcher_tests.rs"]
mod tests;
