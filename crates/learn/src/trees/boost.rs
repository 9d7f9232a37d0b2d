//! Gradient boosting: each tree corrects the ones before it.
//!
//! From a constant `s₀` on, round `t` takes gradient and curvature of the loss at the scores so far,
//! grows one tree on them (Newton criterion, see `split`), and adds `learning_rate` times its
//! answers. Answers are worked out once more from the gradients as they are, not from the scaled
//! whole numbers that chose the cuts.
//!
//! Early stopping is only ever on a validation set that the caller hands in: [`BoostParams::fit`]
//! knows none and runs all its rounds, [`BoostParams::fit_until`] keeps the rounds up to the best one.
//! A validation set that was used to stop is no longer a test set.
//!
//! Sources: Friedman, "Greedy function approximation", Annals of Statistics 29(5), 2001, and
//! "Stochastic gradient boosting", CSDA 38(4), 2002 (bagging); Ke et al., "LightGBM", NIPS 2017
//! (binned columns, leaf by leaf). Cost: a round is one tree, see `grow`, and a pass over the rows.

use super::bins::Bins;
use super::features::{Features, Samples, same_length};
use super::grow::{Data, Grown, Look, Plan, grow};
use super::histogram::{Cell, MAX_ROWS, Scale};
use super::objective::{Fitting, Objective, Pull};
use super::split::{Criterion, Monotone, Rules};
use super::tree::{Tree, add_values};
use crate::LearnError;
use domain::Seed;
use rayon::prelude::*;

/// How trees are boosted.
#[derive(Clone, Debug, PartialEq)]
pub struct BoostParams {
    /// What is minimised.
    pub objective: Objective,
    /// Trees, at least 1.
    pub n_rounds: usize,
    /// What a tree's answer is multiplied by, above 0, at most 1.
    pub learning_rate: f64,
    /// Leaves of a tree at most, at least 2.
    pub max_leaves: usize,
    /// Questions from the root to a leaf at most; `None` for no limit.
    pub max_depth: Option<usize>,
    /// Rows of a leaf at least, at least 1.
    pub min_rows: usize,
    /// Sum of curvatures of a leaf at least, 0 or more.
    pub min_curvature: f64,
    /// What a split has to gain more than, 0 or more.
    pub min_gain: f64,
    /// What is taken off the absolute gradient of a leaf, 0 or more.
    pub l1: f64,
    /// What is added to the curvature of a leaf, 0 or more.
    pub l2: f64,
    /// Share of columns drawn for a tree, above 0, at most 1; at least one column is drawn.
    pub feature_fraction: f64,
    /// Rows drawn for a tree; `None` for all.
    pub bagging: Option<Bagging>,
    /// Bins of a column at most, 2 to 255.
    pub max_bins: usize,
    /// One a column, or empty where all are free.
    pub monotone: Vec<Monotone>,
}

/// Learning each tree on a part of the rows: single rows, or whole groups where there are groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bagging {
    /// Chance of a row or group, above 0, at most 1.
    pub fraction: f64,
    /// Rounds after which rows are drawn again, at least 1.
    pub every: usize,
}

impl Default for BoostParams {
    fn default() -> Self {
        Self {
            objective: Objective::Binary,
            n_rounds: 100,
            learning_rate: 0.1,
            max_leaves: 31,
            max_depth: None,
            min_rows: 20,
            min_curvature: 1e-3,
            min_gain: 0.0,
            l1: 0.0,
            l2: 0.0,
            feature_fraction: 1.0,
            bagging: None,
            max_bins: 255,
            monotone: Vec::new(),
        }
    }
}

/// Fitted model: a constant and trees whose answers are added to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Boosted {
    pub(super) objective: Objective,
    pub(super) start: f64,
    pub(super) trees: Vec<Tree>,
    pub(super) n_columns: usize,
    pub(super) losses: Vec<f64>,
}

impl BoostParams {
    /// Runs all rounds.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a parameter or label outside its range, [`LearnError::Shape`] when
    /// there is not one rule a column, [`LearnError::TooLittleData`] for a ranking without groups.
    pub fn fit(&self, train: Samples<'_>, seed: Seed) -> Result<Boosted, LearnError> {
        Ok(Run::new(self, train, seed)?.finish(None))
    }

    /// Stops when the loss on `valid` has not improved for `patience` rounds, and keeps the rounds
    /// up to the best one. The losses are in [`Boosted::losses`].
    ///
    /// # Errors
    /// As [`Self::fit`], for either set; [`LearnError::Param`] for a patience of 0.
    pub fn fit_until(
        &self,
        train: Samples<'_>,
        valid: Samples<'_>,
        patience: usize,
        seed: Seed,
    ) -> Result<Boosted, LearnError> {
        if patience == 0 {
            return Err(LearnError::Param { name: "patience", rule: "at least 1", got: 0.0 });
        }
        same_length("a row of the validation set", valid.features().n_columns(), train.features().n_columns())?;
        Fitting::new(&self.objective, valid)?;
        Ok(Run::new(self, train, seed)?.finish(Some((valid, patience))))
    }

    fn check(&self, train: &Samples<'_>) -> Result<(), LearnError> {
        let wrong = |name, rule, got| Err(LearnError::Param { name, rule, got });
        for (name, got, least) in [
            ("n_rounds", self.n_rounds, 1),
            ("max_leaves", self.max_leaves, 2),
            ("max_depth", self.max_depth.unwrap_or(1), 1),
            ("min_rows", self.min_rows, 1),
            ("bagging.every", self.bagging.map_or(1, |b| b.every), 1),
        ] {
            if got < least {
                return wrong(name, if least == 1 { "at least 1" } else { "at least 2" }, got as f64);
            }
        }
        for (name, got) in [
            ("learning_rate", self.learning_rate),
            ("feature_fraction", self.feature_fraction),
            ("bagging.fraction", self.bagging.map_or(1.0, |b| b.fraction)),
        ] {
            if !(got > 0.0 && got <= 1.0) {
                return wrong(name, "above 0, at most 1", got);
            }
        }
        let zero_or_more =
            [("l1", self.l1), ("l2", self.l2), ("min_gain", self.min_gain), ("min_curvature", self.min_curvature)];
        for (name, got) in zero_or_more {
            if !(got >= 0.0 && got.is_finite()) {
                return wrong(name, "0 or more", got);
            }
        }
        if train.n_rows() > MAX_ROWS {
            return wrong("n_rows", "below 2^26", train.n_rows() as f64);
        }
        if self.monotone.is_empty() {
            return Ok(());
        }
        same_length("the list of monotone rules", self.monotone.len(), train.features().n_columns())
    }
}

/// A model in the making.
struct Run<'a> {
    params: &'a BoostParams,
    train: Samples<'a>,
    fitting: Fitting<'a>,
    bins: Bins,
    seed: Seed,
    start: f64,
    scores: Vec<f64>,
    pulls: Vec<Pull>,
    cells: Vec<Cell>,
    /// Rows of the present bag, ascending.
    bag: Vec<u32>,
    trees: Vec<Tree>,
}

impl<'a> Run<'a> {
    fn new(params: &'a BoostParams, train: Samples<'a>, seed: Seed) -> Result<Self, LearnError> {
        params.check(&train)?;
        let fitting = Fitting::new(&params.objective, train)?;
        let bins = Bins::new(train.features(), params.max_bins, seed.derive(1))?;
        let (n_rows, start) = (train.n_rows(), fitting.start());
        Ok(Self {
            params,
            train,
            fitting,
            bins,
            seed,
            start,
            scores: vec![start; n_rows],
            pulls: vec![[0.0; 2]; n_rows],
            cells: vec![Cell::default(); n_rows],
            bag: (0..n_rows as u32).collect(),
            trees: Vec::new(),
        })
    }

    fn finish(mut self, watch: Option<(Samples<'_>, usize)>) -> Boosted {
        let (mut losses, mut best) = (Vec::new(), (0, f64::INFINITY));
        let mut watched = watch.map(|(valid, patience)| (valid, patience, vec![self.start; valid.n_rows()]));
        for round in 0..self.params.n_rounds {
            self.round(round);
            let Some((valid, patience, scores)) = &mut watched else { continue };
            add_values(&self.trees[round..], valid.features(), scores);
            let loss = self.params.objective.loss(valid, scores);
            losses.push(loss);
            if loss < best.1 {
                best = (round + 1, loss);
            } else if round + 1 - best.0 >= *patience {
                break;
            }
        }
        if watched.is_some() {
            self.trees.truncate(best.0);
        }
        let (objective, n_columns) = (self.params.objective.clone(), self.bins.n_columns());
        Boosted { objective, start: self.start, trees: self.trees, n_columns, losses }
    }

    fn round(&mut self, round: usize) {
        let params = self.params;
        let [sum_gradient, sum_curvature] = self.fitting.pull(&self.scores, &mut self.pulls);
        let scale = Scale::new(sum_gradient, sum_curvature);
        self.cells.par_iter_mut().zip(&self.pulls).with_min_len(8192).for_each(|(cell, [g, h])| {
            *cell = scale.cell(*g, *h);
        });
        if let Some(bagging) = params.bagging.filter(|bagging| round.is_multiple_of(bagging.every)) {
            self.bag = draw_bag(&self.train, bagging.fraction, self.seed.derive(2).derive(round as u64));
        }
        let columns = draw_columns(self.bins.n_columns(), params.feature_fraction, self.seed, round);
        let rules = Rules {
            criterion: Criterion::Newton { l1: params.l1, l2: params.l2 },
            min_rows: params.min_rows as u32,
            min_curvature: params.min_curvature,
            min_gain: params.min_gain,
            monotone: &params.monotone,
        };
        let max_depth = params.max_depth.unwrap_or(usize::MAX);
        let plan = Plan { rules, max_leaves: params.max_leaves, max_depth, look: Look::Kept(&columns) };
        let data = Data { bins: &self.bins, cells: &self.cells, scale, values: None };
        let grown = grow(data, self.bag.clone(), &plan);
        self.take(grown, rules.criterion);
    }

    /// Works out the answers of the leaves and adds them to the scores.
    fn take(&mut self, grown: Grown, criterion: Criterion) {
        let Grown { mut tree, rows, leaves } = grown;
        let answers: Vec<f32> = leaves
            .par_iter()
            .map(|(_, bounds, range)| {
                let add = |a: [f64; 2], &row: &u32| {
                    let [g, h] = self.pulls[row as usize];
                    [a[0] + f64::from(g), a[1] + f64::from(h)]
                };
                let [g, h] = rows[range.clone()].iter().fold([0.0; 2], add);
                (bounds.hold(criterion.value(g, h)) * self.params.learning_rate) as f32
            })
            .collect();
        for ((node, ..), answer) in leaves.iter().zip(&answers) {
            tree.nodes[*node].value = *answer;
        }
        if rows.len() == self.scores.len() {
            for ((_, _, range), answer) in leaves.iter().zip(&answers) {
                for &row in &rows[range.clone()] {
                    self.scores[row as usize] += f64::from(*answer);
                }
            }
        } else {
            // Rows outside the bag have to be asked, and then asking all is simplest.
            add_values(std::slice::from_ref(&tree), self.train.features(), &mut self.scores);
        }
        self.trees.push(tree);
    }
}

fn draw_bag(train: &Samples<'_>, fraction: f64, seed: Seed) -> Vec<u32> {
    let drawn = |unit: usize| seed.stream(unit as u64).uniform() < fraction;
    let mut bag: Vec<u32> = if train.groups().is_empty() {
        (0..train.n_rows()).filter(|&row| drawn(row)).map(|row| row as u32).collect()
    } else {
        let mut start = 0;
        let rows_of = |(group, &size): (usize, &usize)| {
            start += size;
            if drawn(group) { start - size..start } else { start..start }
        };
        train.groups().iter().enumerate().flat_map(rows_of).map(|row| row as u32).collect()
    };
    if bag.is_empty() {
        bag = (0..train.n_rows() as u32).collect(); // a draw of nobody teaches nothing
    }
    bag
}

fn draw_columns(n_columns: usize, fraction: f64, seed: Seed, round: usize) -> Vec<u32> {
    let mut columns: Vec<u32> = (0..n_columns as u32).collect();
    let n = ((n_columns as f64 * fraction).round() as usize).clamp(1, n_columns);
    if n < n_columns {
        seed.derive(3).stream(round as u64).shuffle(&mut columns);
        columns.truncate(n);
        columns.sort_unstable();
    }
    columns
}

impl Boosted {
    /// Several fits to the same columns as one model, whose score of a row is the mean of theirs: trees that
    /// differ by what they drew err differently, and the mean errs less (Breiman, "Bagging predictors",
    /// Machine Learning 24, 1996). Gains are means, too; losses are dropped.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for no fit, or fits with other columns or another objective than the first.
    pub fn mean(fits: Vec<Self>) -> Result<Self, LearnError> {
        let n = fits.len();
        let mut fits = fits.into_iter();
        let Some(mut mean) = fits.next() else {
            return Err(LearnError::Shape { what: "fits to average", got: 0, need: 1 });
        };
        if n == 1 {
            return Ok(mean);
        }
        for fit in fits {
            same_length("a fit's row", fit.n_columns, mean.n_columns)?;
            if fit.objective != mean.objective {
                return Err(LearnError::Shape { what: "objectives of the fits", got: 2, need: 1 });
            }
            mean.start += fit.start;
            mean.trees.extend(fit.trees);
        }
        let part = (n as f32).recip();
        mean.start /= n as f64;
        mean.losses.clear();
        for node in mean.trees.iter_mut().flat_map(|tree| &mut tree.nodes) {
            node.value *= part;
            node.gain *= part;
        }
        Ok(mean)
    }

    /// The trees, in the order of their rounds.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// What every score starts at.
    pub const fn start(&self) -> f64 {
        self.start
    }

    /// Columns of a row.
    pub const fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Loss on the validation set after each round that was run; empty without one.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The score of one row: a log-odds, the logarithm of a mean, or a number that only orders.
    ///
    /// # Panics
    /// If the row has fewer columns than [`Self::n_columns`].
    pub fn score(&self, row: &[f32]) -> f64 {
        self.trees.iter().fold(self.start, |sum, tree| sum + f64::from(tree.value(row)))
    }

    /// The score of every row.
    ///
    /// # Errors
    /// [`LearnError::Shape`] when a row has not [`Self::n_columns`] columns.
    pub fn scores(&self, features: &Features) -> Result<Vec<f64>, LearnError> {
        same_length("a row", features.n_columns(), self.n_columns)?;
        let mut scores = vec![self.start; features.n_rows()];
        add_values(&self.trees, features, &mut scores);
        Ok(scores)
    }

    /// The probability, mean or score that the objective predicts.
    ///
    /// # Panics
    /// As [`Self::score`].
    pub fn predict(&self, row: &[f32]) -> f64 {
        self.objective.prediction(self.score(row))
    }

    /// The prediction for every row.
    ///
    /// # Errors
    /// As [`Self::scores`].
    pub fn predictions(&self, features: &Features) -> Result<Vec<f64>, LearnError> {
        Ok(self.scores(features)?.into_iter().map(|score| self.objective.prediction(score)).collect())
    }

    /// What each column gained in all splits, in the unit of the loss.
    pub fn gains(&self) -> Vec<f64> {
        let mut gains = vec![0.0; self.n_columns];
        self.trees.iter().for_each(|tree| tree.add_gains(&mut gains));
        gains
    }
}

#[cfg(test)]
#[path = "boost_tests.rs"]
mod tests;
