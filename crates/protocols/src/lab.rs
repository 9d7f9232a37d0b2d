//! Answering one task with one configuration after another: fit, score, learn weights, mark.
//!
//! Where a question brings candidates, only they are scored. Scores of a model that several
//! configurations use are kept, so that it is fitted once. What a weight is chosen by is never what it
//! is reported on: see [`Tuning`]. Marks do not depend on the number of threads.
//!
//! Fit seconds hold everything before scoring, the learning of weights included. A kept score costs a
//! later configuration what it cost the first.

mod stack;

use crate::climb::climb;
use crate::fuse::Fuse;
use crate::recipe::{Config, Member, Recipe, Rows, Weights, blend_climb, source_climb};
use crate::task::{Task, Tuning};
use crate::{ProtocolError, trec};
use domain::{History, ItemIdx, Seed};
use eval::{Case, EvalError};
use rayon::prelude::*;
use recommend::rank::{ChoiceParams, RankError, Sign};
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

/// What one model said of the questions of one side, with its cost.
#[derive(Debug)]
struct Scored {
    kind: ModelKind,
    weights: Vec<f32>,
    side: Side,
    table: Table,
    fit_cpu_s: f64,
    score_cpu_s: f64,
}

/// A fitted model with what it learnt from.
struct Fitted {
    kind: ModelKind,
    weights: Vec<f32>,
    side: Side,
    model: Arc<dyn Recommender>,
    fit_cpu_s: f64,
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
    fitted: Vec<Fitted>,
}

impl Table {
    fn list(&self, case: usize) -> &[f32] {
        let start = if case == 0 { 0 } else { self.ends[case - 1] };
        &self.scores[start..self.ends[case]]
    }

    /// The same lists with their scores made comparable.
    fn comparable(&self, fuse: Fuse) -> Self {
        let mut out = self.clone();
        let mut rest = out.scores.as_mut_slice();
        for case in 0..self.ends.len() {
            let (list, after) = rest.split_at_mut(self.list(case).len());
            fuse.comparable(list);
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
        Self { task, seed, cpu_s, kept: Vec::new(), fitted: Vec::new() }
    }

    /// The same for another task, with the models of this one where both learn from the same rows: lists
    /// that were drawn again are answered without fitting again.
    #[must_use]
    pub fn onwards(self, task: &'a Task) -> Self {
        let fitted = if self.task.same_rows(task) { self.fitted } else { Vec::new() };
        Self { task, kept: Vec::new(), fitted, ..self }
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

    /// Whose rows answer the questions of a side.
    fn task(&self, side: Side) -> &'a Task {
        match (side, &self.task.tuning) {
            (Side::Tuning, Tuning::Inner(inner)) => inner,
            (Side::Tuning, Tuning::Cases(_) | Tuning::Halves) | (Side::Reported, _) => self.task,
        }
    }

    fn cases(&self, side: Side) -> &'a [Case] {
        match (side, &self.task.tuning) {
            (Side::Tuning, Tuning::Cases(cases)) => cases,
            (Side::Tuning, Tuning::Inner(inner)) => &inner.cases,
            (Side::Tuning, Tuning::Halves) | (Side::Reported, _) => &self.task.cases,
        }
    }

    fn folds(&self) -> Vec<Fold> {
        let n = self.task.cases.len();
        match &self.task.tuning {
            Tuning::Cases(_) | Tuning::Inner(_) => {
                let chosen_on = (0..self.cases(Side::Tuning).len()).collect();
                vec![Fold { side: Side::Tuning, chosen_on, reported_for: (0..n).collect() }]
            }
            Tuning::Halves => {
                let half = |r: usize| (0..n).filter(|i| i % 2 == r).collect::<Vec<_>>();
                let fold = |r: usize| Fold { side: Side::Reported, chosen_on: half(1 - r), reported_for: half(r) };
                vec![fold(0), fold(1)]
            }
        }
    }

    fn answer_lists(&mut self, config: &Config) -> Result<Answered, ProtocolError> {
        if let Recipe::Ranked(stack) = &config.recipe {
            return self.answer_ranked(stack);
        }
        let learns = config.recipe.members().iter().any(|m| m.rows == Rows::Learnt)
            || matches!(&config.recipe, Recipe::Blend { weights: Weights::Learnt | Weights::Likelihood { .. }, .. });
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
            self.mark(&table, &fold.reported_for, &mut marks);
        }
        Ok(Answered { marks, fit_cpu_s, score_cpu_s, learnt })
    }

    /// Marks some of the reported questions by a table of scores.
    fn mark(&self, table: &Table, which: &[usize], marks: &mut [Vec<f64>]) {
        for (metric, marks) in self.task.metrics.iter().zip(marks) {
            let depth = metric.depth().unwrap_or(usize::MAX);
            let one = |&c: &usize| {
                let case = &self.task.cases[c];
                let candidates = case.candidates.as_deref().unwrap_or_default();
                metric.mark(&trec::ranked(table.list(c), candidates, &[], depth), &case.relevant)
            };
            let found: Vec<Option<f64>> = which.par_iter().map(one).collect();
            for (c, mark) in which.iter().zip(found) {
                marks[*c] = mark.unwrap_or(0.0);
            }
        }
    }

    /// The rows of a member; `None` where they have to be learnt.
    fn source_weights(&self, rows: &Rows) -> Option<Vec<f32>> {
        match rows {
            Rows::Target => Some(vec![0.0; self.task.sources().len()]),
            Rows::Union => Some(self.task.union()),
            Rows::UnionAt(weight) => Some(self.task.union().iter().map(|u| u * weight).collect()),
            Rows::Learnt => None,
        }
    }

    /// The scores of one fold's choice for all reported questions.
    fn fold(&mut self, config: &Config, fold: &Fold) -> Result<(Table, Cost, Vec<String>), ProtocolError> {
        let mut words = Vec::new();
        let mut cost = Cost::default();
        let mut scored = Vec::new();
        for member in config.recipe.members() {
            let weights = match self.source_weights(&member.rows) {
                Some(weights) => weights,
                None => {
                    let started = (self.cpu_s)();
                    let weights = self.learn_sources(member, fold)?;
                    cost.fit_s += (self.cpu_s)() - started;
                    let named = self.task.sources().iter().zip(&weights).map(|(p, w)| format!("{} {w}", p.name));
                    words.push(format!("{} from {}", member.kind.name(), named.collect::<Vec<_>>().join(", ")));
                    weights
                }
            };
            let one = self.keep(&member.kind, &weights, Side::Reported)?;
            cost.fit_s += one.fit_cpu_s;
            cost.score_s += one.score_cpu_s;
            scored.push(one);
        }
        let Recipe::Blend { fuse, weights, .. } = &config.recipe else {
            return Ok((scored[0].table.clone(), cost, words));
        };
        let comparable =
            |scored: &[Arc<Scored>]| scored.iter().map(|s| s.table.comparable(*fuse)).collect::<Vec<Table>>();
        let reported = comparable(&scored);
        let weights = match weights {
            Weights::Equal => vec![1.0; scored.len()],
            Weights::Fixed(weights) if weights.len() == scored.len() => weights.clone(),
            Weights::Fixed(weights) => {
                let why = format!("{} weights for {} models", weights.len(), scored.len());
                return Err(self.wrong(config.name, why));
            }
            Weights::Learnt | Weights::Likelihood { .. } => {
                let started = (self.cpu_s)();
                let tables = match fold.side {
                    Side::Reported => reported.clone(),
                    Side::Tuning => {
                        let again = |s: &Arc<Scored>| self.keep(&s.kind, &s.weights, Side::Tuning);
                        let on_tuning = scored.iter().map(again).collect::<Result<Vec<_>, _>>()?;
                        comparable(&on_tuning)
                    }
                };
                let found = match weights {
                    Weights::Likelihood { l2 } => self.most_likely(&tables, fold, *l2)?,
                    Weights::Learnt | Weights::Equal | Weights::Fixed(_) => {
                        let mark = |w: &[f32]| {
                            Ok::<f64, ProtocolError>(self.headline(&Table::sum(&tables, w), fold.side, &fold.chosen_on))
                        };
                        climb(vec![1.0; scored.len()], &blend_climb(), mark)?
                    }
                };
                cost.fit_s += (self.cpu_s)() - started;
                let named = config.recipe.members().iter().zip(&found);
                let named = named.map(|(m, w)| format!("{} {w}", m.kind.name()));
                words.push(named.collect::<Vec<_>>().join(", "));
                found
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

    /// Weights under which the answers are most likely to be chosen from their lists.
    fn most_likely(&self, tables: &[Table], fold: &Fold, l2: f64) -> Result<Vec<f32>, ProtocolError> {
        let cases = self.cases(fold.side);
        let (mut x, mut sizes, mut chosen) = (Vec::new(), Vec::new(), Vec::new());
        for &c in &fold.chosen_on {
            let candidates = cases[c].candidates.as_deref().unwrap_or_default();
            let Some(at) = candidates.iter().position(|i| *i == cases[c].relevant[0]) else { continue };
            x.extend((0..candidates.len()).flat_map(|row| tables.iter().map(move |table| table.list(c)[row])));
            sizes.push(candidates.len());
            chosen.push(at);
        }
        let params = ChoiceParams { l2, sign: Sign::NotNegative, ..ChoiceParams::default() };
        let found = params.fit(&x, tables.len(), &sizes, &chosen).map_err(RankError::from)?;
        Ok(found.into_iter().map(|w| w as f32).collect())
    }

    fn learn_sources(&self, member: &Member, fold: &Fold) -> Result<Vec<f32>, ProtocolError> {
        let mark = |weights: &[f32]| {
            let model = self.fit(&member.kind, weights, fold.side)?;
            Ok(self.headline(&self.table(&*model, member.kind.name(), fold.side)?, fold.side, &fold.chosen_on))
        };
        climb(self.task.union(), &source_climb(), mark)
    }

    fn fit(&self, kind: &ModelKind, weights: &[f32], side: Side) -> Result<Box<dyn Recommender>, ProtocolError> {
        let failed = |why| ProtocolError::Fit { model: kind.name(), task: self.task.id.clone(), why };
        kind.fit(&self.task(side).train(weights)?, self.seed).map_err(failed)
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

    /// Fits, or finds what was fitted, with what it cost.
    fn fitted(
        &mut self,
        kind: &ModelKind,
        weights: &[f32],
        side: Side,
    ) -> Result<(Arc<dyn Recommender>, f64), ProtocolError> {
        let known = |f: &&Fitted| f.kind == *kind && f.weights == weights && f.side == side;
        if let Some(known) = self.fitted.iter().find(known) {
            return Ok((Arc::clone(&known.model), known.fit_cpu_s));
        }
        let started = (self.cpu_s)();
        let model: Arc<dyn Recommender> = Arc::from(self.fit(kind, weights, side)?);
        let fit_cpu_s = (self.cpu_s)() - started;
        let weights = weights.to_vec();
        self.fitted.push(Fitted { kind: kind.to_owned(), weights, side, model: Arc::clone(&model), fit_cpu_s });
        Ok((model, fit_cpu_s))
    }

    /// Fits and scores, or finds what was kept. A model that answers both sides is fitted once.
    fn keep(&mut self, kind: &ModelKind, weights: &[f32], side: Side) -> Result<Arc<Scored>, ProtocolError> {
        let known = |s: &&Arc<Scored>| s.kind == *kind && s.weights == weights && s.side == side;
        if let Some(known) = self.kept.iter().find(known) {
            return Ok(Arc::clone(known));
        }
        let (model, fit_cpu_s) = self.fitted(kind, weights, side)?;
        let mut sides = vec![side];
        if let (Side::Reported, Tuning::Cases(_)) = (side, &self.task.tuning) {
            sides.insert(0, Side::Tuning);
        }
        for side in sides {
            let t0 = (self.cpu_s)();
            let table = self.table(&*model, kind.name(), side)?;
            let score_cpu_s = (self.cpu_s)() - t0;
            let weights = weights.to_vec();
            self.kept.push(Arc::new(Scored { kind: kind.to_owned(), weights, side, table, fit_cpu_s, score_cpu_s }));
        }
        Ok(Arc::clone(&self.kept[self.kept.len() - 1]))
    }

    /// Ranks the whole catalogue, which is too much to keep: nothing is learnt here.
    fn answer_catalogue(&self, config: &Config) -> Result<Answered, ProtocolError> {
        let catalogue: Vec<ItemIdx> = (0..self.task.n_items() as u32).map(ItemIdx).collect();
        let started = (self.cpu_s)();
        let mut models = Vec::new();
        for member in config.recipe.members() {
            let weights = self
                .source_weights(&member.rows)
                .ok_or_else(|| self.wrong(config.name, "weights are learnt on lists only".to_owned()))?;
            models.push((self.fit(&member.kind, &weights, Side::Reported)?, member.kind.name()));
        }
        let fitted = (self.cpu_s)();
        let weights = match &config.recipe {
            Recipe::One(_) | Recipe::Blend { weights: Weights::Equal, .. } => vec![1.0; models.len()],
            Recipe::Blend { weights: Weights::Fixed(weights), .. } => weights.clone(),
            Recipe::Blend { weights: Weights::Learnt | Weights::Likelihood { .. }, .. } | Recipe::Ranked(_) => {
                return Err(self.wrong(config.name, "weights are learnt on lists only".to_owned()));
            }
        };
        let deepest = self.task.metrics.iter().filter_map(|m| m.depth()).max().unwrap_or(usize::MAX);
        let ask = |case: &Case| {
            let mut total = vec![0.0_f32; catalogue.len()];
            for ((model, name), weight) in models.iter().zip(&weights) {
                let mut scores = self.scores(&**model, name, case, &catalogue)?;
                if let Recipe::Blend { fuse, .. } = &config.recipe {
                    fuse.comparable(&mut scores);
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
