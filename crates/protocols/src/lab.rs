//! Answering one task with one configuration after another: fit, score, learn weights, mark.
//!
//! Where a question brings candidates, only they are scored. Scores of a model that several
//! configurations use are kept, so that it is fitted once. What a weight is chosen by is never what it
//! is reported on: see [`Tuning`]. Marks do not depend on the number of threads.
//!
//! Fit seconds hold everything before scoring, the learning of weights included. A kept score costs a
//! later configuration what it cost the first.

use crate::climb::climb;
use crate::fuse::Fuse;
use crate::recipe::{Config, Member, Recipe, Rows, Weights, blend_climb, source_climb};
use crate::task::{Task, Tuning};
use crate::{ProtocolError, trec};
use domain::{History, ItemIdx, Seed};
use eval::{Case, EvalError};
use rayon::prelude::*;
use recommend::{ModelKind, Recommender};
use std::sync::Arc;

/// One configuration's answers, marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// Marks of each metric, in the order of the task's questions.
    pub marks: Vec<Vec<f64>>,
    /// CPU seconds of fitting.
    pub fit_cpu_s: f64,
    /// CPU seconds of scoring all reported questions.
    pub score_cpu_s: f64,
    /// The weights that were learnt, in words.
    pub learnt: Vec<String>,
}

/// Which questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Reported,
    Tuning,
}

/// Scores of every candidate of every question, one list after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    ends: Vec<usize>,
    scores: Vec<f32>,
}

/// What one model said, with its cost.
#[derive(Debug)]
struct Scored {
    kind: ModelKind,
    weights: Vec<f32>,
    reported: Table,
    /// Absent where the task is tuned on halves.
    tuning: Option<Table>,
    fit_cpu_s: f64,
    score_cpu_s: f64,
}

/// Questions that weights are chosen on, and those that they are reported for.
struct Fold {
    side: Side,
    chosen_on: Vec<usize>,
    reported_for: Vec<usize>,
}

/// How many CPU seconds the process has used so far.
pub type CpuSeconds<'a> = &'a (dyn Fn() -> f64 + Sync);

/// A task with the scores that were already computed for it.
pub struct Lab<'a> {
    task: &'a Task,
    seed: Seed,
    cpu_s: CpuSeconds<'a>,
    kept: Vec<Arc<Scored>>,
}

impl Table {
    fn list(&self, case: usize) -> &[f32] {
        let start = if case == 0 { 0 } else { self.ends[case - 1] };
        &self.scores[start..self.ends[case]]
    }

    /// The same lists with their scores made comparable.
    fn comparable(&self, fuse: Fuse, cases: &[Case]) -> Self {
        let mut out = self.clone();
        let mut rest = out.scores.as_mut_slice();
        for (case, question) in cases.iter().enumerate() {
            let (list, after) = rest.split_at_mut(self.list(case).len());
            fuse.comparable(list, question.candidates.as_deref().unwrap_or_default());
            rest = after;
        }
        out
    }

    fn sum(tables: &[Self], weights: &[f32]) -> Self {
        let mut scores = vec![0.0_f32; tables.first().map_or(0, |t| t.scores.len())];
        for (table, weight) in tables.iter().zip(weights) {
            scores.iter_mut().zip(&table.scores).for_each(|(sum, score)| *sum += weight * score);
        }
        Self { ends: tables.first().map(|t| t.ends.clone()).unwrap_or_default(), scores }
    }
}

impl<'a> Lab<'a> {
    /// A constant `cpu_s` leaves costs at 0.
    pub fn new(task: &'a Task, seed: Seed, cpu_s: CpuSeconds<'a>) -> Self {
        Self { task, seed, cpu_s, kept: Vec::new() }
    }

    /// Fits, scores and marks.
    ///
    /// # Errors
    /// [`ProtocolError`] of a fit, or for a recipe that the task cannot answer.
    pub fn answer(&mut self, config: &Config) -> Result<Answered, ProtocolError> {
        if self.task.cases.is_empty() {
            return Err(EvalError::NoCases { what: "task" }.into());
        }
        if self.task.cases.iter().all(|case| case.candidates.is_some()) {
            self.answer_lists(config)
        } else {
            self.answer_catalogue(config)
        }
    }

    fn cases(&self, side: Side) -> &'a [Case] {
        match (side, &self.task.tuning) {
            (Side::Tuning, Tuning::Cases(cases)) => cases,
            (Side::Tuning, Tuning::Halves) | (Side::Reported, _) => &self.task.cases,
        }
    }

    fn folds(&self) -> Vec<Fold> {
        let n = self.task.cases.len();
        match &self.task.tuning {
            Tuning::Cases(cases) => {
                vec![Fold { side: Side::Tuning, chosen_on: (0..cases.len()).collect(), reported_for: (0..n).collect() }]
            }
            Tuning::Halves => {
                let half = |r: usize| (0..n).filter(|i| i % 2 == r).collect::<Vec<_>>();
                let fold = |r: usize| Fold { side: Side::Reported, chosen_on: half(1 - r), reported_for: half(r) };
                vec![fold(0), fold(1)]
            }
        }
    }

    fn answer_lists(&mut self, config: &Config) -> Result<Answered, ProtocolError> {
        let learns = config.recipe.members().iter().any(|m| m.rows == Rows::Learnt)
            || matches!(&config.recipe, Recipe::Blend { weights: Weights::Learnt, .. });
        let n = self.task.cases.len();
        let folds = if learns {
            self.folds()
        } else {
            vec![Fold { side: Side::Reported, chosen_on: Vec::new(), reported_for: (0..n).collect() }]
        };
        let mut marks = vec![vec![0.0; n]; self.task.metrics.len()];
        let (mut fit_cpu_s, mut score_cpu_s, mut learnt) = (0.0, 0.0, Vec::new());
        for fold in &folds {
            let (table, cost, words) = self.fold(config, fold)?;
            // Whoever serves one market learns once, so halves are averaged.
            fit_cpu_s += cost.fit_s / folds.len() as f64;
            score_cpu_s += cost.score_s / folds.len() as f64;
            learnt.extend(words);
            for (metric, marks) in self.task.metrics.iter().zip(&mut marks) {
                let depth = metric.depth().unwrap_or(usize::MAX);
                let found: Vec<Option<f64>> = fold
                    .reported_for
                    .par_iter()
                    .map(|&c| {
                        let case = &self.task.cases[c];
                        let candidates = case.candidates.as_deref().unwrap_or_default();
                        metric.mark(&trec::ranked(table.list(c), candidates, &[], depth), &case.relevant)
                    })
                    .collect();
                for (c, mark) in fold.reported_for.iter().zip(found) {
                    marks[*c] = mark.unwrap_or(0.0);
                }
            }
        }
        Ok(Answered { marks, fit_cpu_s, score_cpu_s, learnt })
    }

    /// The scores of one fold's choice for all reported questions.
    fn fold(&mut self, config: &Config, fold: &Fold) -> Result<(Table, Cost, Vec<String>), ProtocolError> {
        let mut words = Vec::new();
        let mut cost = Cost::default();
        let mut scored = Vec::new();
        for member in config.recipe.members() {
            let weights = match &member.rows {
                Rows::Target => vec![0.0; self.task.sources().len()],
                Rows::Union => self.task.union(),
                Rows::UnionAt(weight) => self.task.union().iter().map(|u| u * weight).collect(),
                Rows::Learnt => {
                    let started = (self.cpu_s)();
                    let weights = self.learn_sources(member, fold)?;
                    cost.fit_s += (self.cpu_s)() - started;
                    let named = self.task.sources().iter().zip(&weights).map(|(p, w)| format!("{} {w}", p.name));
                    words.push(format!("{} from {}", member.kind.name(), named.collect::<Vec<_>>().join(", ")));
                    weights
                }
            };
            let one = self.keep(&member.kind, weights)?;
            cost.fit_s += one.fit_cpu_s;
            cost.score_s += one.score_cpu_s;
            scored.push(one);
        }
        let Recipe::Blend { fuse, weights, .. } = &config.recipe else {
            return Ok((scored[0].reported.clone(), cost, words));
        };
        let comparable = |side: Side| -> Vec<Table> {
            let table = |s: &Arc<Scored>| match side {
                Side::Tuning => s.tuning.as_ref().unwrap_or(&s.reported).comparable(*fuse, self.cases(side)),
                Side::Reported => s.reported.comparable(*fuse, self.cases(side)),
            };
            scored.iter().map(table).collect()
        };
        let reported = comparable(Side::Reported);
        let weights = match weights {
            Weights::Equal => vec![1.0; scored.len()],
            Weights::Fixed(weights) if weights.len() == scored.len() => weights.clone(),
            Weights::Fixed(weights) => {
                let why = format!("{} weights for {} models", weights.len(), scored.len());
                return Err(self.wrong(config.name, why));
            }
            Weights::Learnt => {
                let tables = if fold.side == Side::Reported { reported.clone() } else { comparable(fold.side) };
                let mark = |w: &[f32]| {
                    Ok::<f64, ProtocolError>(self.headline(&Table::sum(&tables, w), fold.side, &fold.chosen_on))
                };
                let started = (self.cpu_s)();
                let weights = climb(vec![1.0; scored.len()], &blend_climb(), mark)?;
                cost.fit_s += (self.cpu_s)() - started;
                let named = config.recipe.members().iter().zip(&weights).map(|(m, w)| format!("{} {w}", m.kind.name()));
                words.push(named.collect::<Vec<_>>().join(", "));
                weights
            }
        };
        Ok((Table::sum(&reported, &weights), cost, words))
    }

    fn wrong(&self, config: &str, why: String) -> ProtocolError {
        ProtocolError::Recipe { config: config.to_owned(), task: self.task.id.clone(), why }
    }

    /// The mean of the headline metric over some questions, each with its first answer's rank alone:
    /// what is chosen by need not be sorted.
    fn headline(&self, table: &Table, side: Side, which: &[usize]) -> f64 {
        let cases = self.cases(side);
        let mark = |&c: &usize| {
            let candidates = cases[c].candidates.as_deref().unwrap_or_default();
            let Some(at) = candidates.iter().position(|i| *i == cases[c].relevant[0]) else { return 0.0 };
            let rank = trec::rank_of(at, table.list(c), candidates);
            if rank <= 10 { 1.0 / (rank as f64 + 1.0).log2() } else { 0.0 }
        };
        let marks: Vec<f64> = which.par_iter().with_min_len(256).map(mark).collect();
        marks.iter().sum::<f64>() / which.len().max(1) as f64
    }

    fn learn_sources(&self, member: &Member, fold: &Fold) -> Result<Vec<f32>, ProtocolError> {
        let mark = |weights: &[f32]| {
            let model = self.fit(&member.kind, weights)?;
            Ok(self.headline(&self.table(&*model, member.kind.name(), fold.side)?, fold.side, &fold.chosen_on))
        };
        climb(self.task.union(), &source_climb(), mark)
    }

    fn fit(&self, kind: &ModelKind, weights: &[f32]) -> Result<Box<dyn Recommender>, ProtocolError> {
        let failed = |why| ProtocolError::Fit { model: kind.name(), task: self.task.id.clone(), why };
        kind.fit(&self.task.train(weights)?, self.seed).map_err(failed)
    }

    fn table(&self, model: &dyn Recommender, name: &str, side: Side) -> Result<Table, ProtocolError> {
        let list = |case: &Case| {
            let candidates = case.candidates.as_deref().unwrap_or_default();
            self.scores(model, name, case, candidates)
        };
        let lists: Vec<Vec<f32>> = self.cases(side).par_iter().map(list).collect::<Result<_, ProtocolError>>()?;
        let ends = lists.iter().scan(0, |end, list| {
            *end += list.len();
            Some(*end)
        });
        Ok(Table { ends: ends.collect(), scores: lists.concat() })
    }

    fn scores(
        &self,
        model: &dyn Recommender,
        name: &str,
        case: &Case,
        candidates: &[ItemIdx],
    ) -> Result<Vec<f32>, ProtocolError> {
        let scores = model.score(History::of(&case.history), candidates);
        trec::filled(&scores)
            .map_err(|at| self.wrong(name, format!("the score of candidate {at} is not a finite number")))
    }

    /// Fits and scores, or finds what was kept.
    fn keep(&mut self, kind: &ModelKind, weights: Vec<f32>) -> Result<Arc<Scored>, ProtocolError> {
        if let Some(known) = self.kept.iter().find(|s| s.kind == *kind && s.weights == weights) {
            return Ok(Arc::clone(known));
        }
        let t0 = (self.cpu_s)();
        let model = self.fit(kind, &weights)?;
        let t1 = (self.cpu_s)();
        let reported = self.table(&*model, kind.name(), Side::Reported)?;
        let t2 = (self.cpu_s)();
        let tuning = match self.task.tuning {
            Tuning::Cases(_) => Some(self.table(&*model, kind.name(), Side::Tuning)?),
            Tuning::Halves => None,
        };
        let one = Scored { kind: kind.to_owned(), weights, reported, tuning, fit_cpu_s: t1 - t0, score_cpu_s: t2 - t1 };
        self.kept.push(Arc::new(one));
        Ok(Arc::clone(&self.kept[self.kept.len() - 1]))
    }

    /// Ranks the whole catalogue, which is too much to keep: nothing is learnt here.
    fn answer_catalogue(&self, config: &Config) -> Result<Answered, ProtocolError> {
        let catalogue: Vec<ItemIdx> = (0..self.task.n_items() as u32).map(ItemIdx).collect();
        let started = (self.cpu_s)();
        let mut models = Vec::new();
        for member in config.recipe.members() {
            let weights = match &member.rows {
                Rows::Target => vec![0.0; self.task.sources().len()],
                Rows::Union => self.task.union(),
                Rows::UnionAt(weight) => self.task.union().iter().map(|u| u * weight).collect(),
                Rows::Learnt => return Err(self.wrong(config.name, "weights are learnt on lists only".to_owned())),
            };
            models.push((self.fit(&member.kind, &weights)?, member.kind.name()));
        }
        let fitted = (self.cpu_s)();
        let weights = match &config.recipe {
            Recipe::One(_) | Recipe::Blend { weights: Weights::Equal, .. } => vec![1.0; models.len()],
            Recipe::Blend { weights: Weights::Fixed(weights), .. } => weights.clone(),
            Recipe::Blend { weights: Weights::Learnt, .. } => {
                return Err(self.wrong(config.name, "weights are learnt on lists only".to_owned()));
            }
        };
        let deepest = self.task.metrics.iter().filter_map(|m| m.depth()).max().unwrap_or(usize::MAX);
        let ask = |case: &Case| {
            let mut total = vec![0.0_f32; catalogue.len()];
            for ((model, name), weight) in models.iter().zip(&weights) {
                let mut scores = self.scores(&**model, name, case, &catalogue)?;
                if let Recipe::Blend { fuse, .. } = &config.recipe {
                    fuse.comparable(&mut scores, &catalogue);
                }
                total.iter_mut().zip(&scores).for_each(|(sum, score)| *sum += weight * score);
            }
            let mut history = case.history.clone();
            history.sort_unstable();
            let list = trec::ranked(&total, &catalogue, &history, deepest);
            Ok(self.task.metrics.iter().map(|m| m.mark(&list, &case.relevant).unwrap_or(0.0)).collect())
        };
        let by_case: Vec<Vec<f64>> = self.task.cases.par_iter().map(ask).collect::<Result<_, ProtocolError>>()?;
        let marks = (0..self.task.metrics.len()).map(|m| by_case.iter().map(|case| case[m]).collect()).collect();
        let fit_cpu_s = fitted - started;
        Ok(Answered { marks, fit_cpu_s, score_cpu_s: (self.cpu_s)() - fitted, learnt: Vec::new() })
    }
}

/// CPU seconds of one fold.
#[derive(Default)]
struct Cost {
    fit_s: f64,
    score_s: f64,
}
