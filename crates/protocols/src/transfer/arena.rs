//! Ways to transfer, asked the same questions: fitted, scored, marked, and remembered.
//!
//! Two windows: *validation*, where everything is chosen, and *test*, which is asked about what was
//! chosen and nothing else. Where both learn from the same rows (leave-one-out tasks) a way is fitted
//! once. A question has its candidates; ties and gaps are broken as in [`crate::trec`].
//! Scores of the members of a stack are kept in the unit of [`recommend::transfer::Stacked`], so that
//! weights that are learnt on them are those of the model that is served.

use super::draws::Draws;
use crate::ProtocolError;
use crate::trec;
use domain::{History, ItemIdx, Seed};
use eval::{Case, Metric};
use rayon::prelude::*;
use recommend::Recommender;
use recommend::rank::{ChoiceParams, RankError};
use recommend::transfer::{Adaptation, Ground, comparable, deviation};

/// Rows to learn from and questions.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What may be learnt from.
    pub ground: Ground,
    /// What is asked; a case without candidates is not answered and marked 0.
    pub cases: Vec<Case>,
}

/// Which window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where everything is chosen.
    Validation,
    /// What is reported.
    Test,
}

/// A list of scores for every case, in the unit of a stack.
type Lists = Vec<Vec<f32>>;

/// What one way answered.
struct Kept {
    way: Adaptation,
    marks: [Option<Vec<f64>>; 2],
    lists: [Option<Lists>; 2],
}

/// The two windows with all answers so far.
pub struct Arena {
    task: String,
    validation: Window,
    test: Vec<Case>,
    /// Absent where both windows learn from the same rows.
    test_ground: Option<Ground>,
    metric: Metric,
    /// What the marks of the validation window are expected over.
    draws: Option<Draws>,
    seed: Seed,
    kept: Vec<Kept>,
}

impl Arena {
    /// Questions of both windows about what is learnt from the same rows.
    pub fn of_one(task: &str, ground: Ground, validation: Vec<Case>, test: Vec<Case>, seed: Seed) -> Self {
        let validation = Window { ground, cases: validation };
        let (task, metric) = (task.to_owned(), Metric::Ndcg(10));
        Self { task, validation, test, test_ground: None, metric, draws: None, seed, kept: Vec::new() }
    }

    /// Two windows with rows of their own, such as before two cutoffs.
    pub fn of_two(task: &str, validation: Window, test: Window, seed: Seed) -> Self {
        let one = Self::of_one(task, validation.ground, validation.cases, test.cases, seed);
        Self { test_ground: Some(test.ground), ..one }
    }

    /// Marks the validation window by what is expected over draws of `n` of its candidates beside the answer.
    #[must_use]
    pub fn expecting(self, n: usize) -> Self {
        let lengths = self.validation.cases.iter().filter_map(|case| case.candidates.as_ref().map(Vec::len));
        let draws = Draws::new(n, lengths.max().unwrap_or(0));
        Self { draws: Some(draws), ..self }
    }

    /// How a question of a window is marked.
    fn marking(&self, side: Side) -> Marking<'_> {
        let draws = self.draws.as_ref().filter(|_| side == Side::Validation);
        Marking { metric: self.metric, draws }
    }

    /// What the headline marks are.
    pub const fn metric(&self) -> Metric {
        self.metric
    }

    /// The name of the task.
    pub fn task(&self) -> &str {
        &self.task
    }

    /// The seed of everything random.
    pub const fn seed(&self) -> Seed {
        self.seed
    }

    /// The questions of a window.
    pub fn cases(&self, side: Side) -> &[Case] {
        match side {
            Side::Validation => &self.validation.cases,
            Side::Test => &self.test,
        }
    }

    /// The rows of a window.
    pub fn ground(&self, side: Side) -> &Ground {
        match side {
            Side::Validation => &self.validation.ground,
            Side::Test => self.test_ground.as_ref().unwrap_or(&self.validation.ground),
        }
    }

    /// The marks of a way in a window, one a case.
    ///
    /// # Errors
    /// [`ProtocolError`] of a fit, or for scores that are not finite.
    pub fn marks(&mut self, way: &Adaptation, side: Side) -> Result<Vec<f64>, ProtocolError> {
        if let Adaptation::Stacked(members) = way {
            let members = members.clone();
            let ways: Vec<Adaptation> = members.iter().map(|(way, _)| way.clone()).collect();
            let weights: Vec<f32> = members.iter().map(|(_, weight)| *weight).collect();
            return Ok(self.stack(&ways, side)?.marks(&weights));
        }
        if let Some(marks) = self.find(way).and_then(|at| self.kept[at].marks[side as usize].clone()) {
            return Ok(marks);
        }
        let model = self.fit(way, side)?;
        let marks = self.mark(&*model, way, side)?;
        let at = self.slot(way);
        self.kept[at].marks[side as usize] = Some(marks.clone());
        // Whoever is asked in one window is mostly asked in the other one; without a second fit.
        if self.test_ground.is_none() && side == Side::Test && self.kept[at].marks[0].is_none() {
            let marks = self.mark(&*model, way, Side::Validation)?;
            self.kept[at].marks[0] = Some(marks);
        }
        Ok(marks)
    }

    /// The marks of both windows, with one fit where they learn from the same rows.
    ///
    /// # Errors
    /// As [`Self::marks`].
    pub fn both(&mut self, way: &Adaptation) -> Result<[Vec<f64>; 2], ProtocolError> {
        let test = self.marks(way, Side::Test)?;
        Ok([self.marks(way, Side::Validation)?, test])
    }

    /// The members of a stack, scored in a window.
    ///
    /// # Errors
    /// As [`Self::marks`].
    pub fn stack(&mut self, ways: &[Adaptation], side: Side) -> Result<StackTable<'_>, ProtocolError> {
        for way in ways {
            if self.find(way).is_some_and(|at| self.kept[at].lists[side as usize].is_some()) {
                continue;
            }
            let model = self.fit(way, side)?;
            let sides: &[Side] = if self.test_ground.is_none() { &[Side::Validation, Side::Test] } else { &[side] };
            for side in sides {
                let lists = self.lists(&*model, way, *side)?;
                // What is part of a stack mostly competes on its own, too; without a second fit.
                let marks = self.mark(&*model, way, *side)?;
                let at = self.slot(way);
                self.kept[at].lists[*side as usize] = Some(lists);
                self.kept[at].marks[*side as usize] = Some(marks);
            }
        }
        let find = |way: &Adaptation| self.find(way).and_then(|at| self.kept[at].lists[side as usize].as_ref());
        Ok(StackTable {
            cases: self.cases(side),
            marking: self.marking(side),
            members: ways.iter().filter_map(find).collect(),
        })
    }

    fn find(&self, way: &Adaptation) -> Option<usize> {
        self.kept.iter().position(|kept| kept.way == *way)
    }

    fn slot(&mut self, way: &Adaptation) -> usize {
        self.find(way).unwrap_or_else(|| {
            self.kept.push(Kept { way: way.clone(), marks: [None, None], lists: [None, None] });
            self.kept.len() - 1
        })
    }

    fn fit(&self, way: &Adaptation, side: Side) -> Result<Box<dyn Recommender>, ProtocolError> {
        let failed = |why| ProtocolError::Fit { model: way.name(), task: self.task.clone(), why };
        way.adapt(self.ground(side), self.seed).map_err(failed)
    }

    fn mark(&self, model: &dyn Recommender, way: &Adaptation, side: Side) -> Result<Vec<f64>, ProtocolError> {
        let marking = self.marking(side);
        let ask = |case: &Case| {
            let candidates = case.candidates.as_deref().unwrap_or_default();
            let scores = model.score(History::of(&case.history), candidates);
            let scores = trec::filled(&scores).map_err(|at| self.wrong(way, at))?;
            Ok(marking.of(&scores, candidates, case))
        };
        self.cases(side).par_iter().map(ask).collect()
    }

    fn lists(&self, model: &dyn Recommender, way: &Adaptation, side: Side) -> Result<Lists, ProtocolError> {
        let n_items = self.ground(side).target().n_items();
        let catalogue: Vec<ItemIdx> = (0..n_items as u32).map(ItemIdx).collect();
        let ask = |case: &Case| {
            let scores = model.score(History::of(&case.history), &catalogue);
            if let Some(at) = scores.iter().position(|s| s.is_some_and(|s| !s.is_finite())) {
                return Err(self.wrong(way, at));
            }
            let candidates = case.candidates.as_deref().unwrap_or_default();
            let Some(deviation) = deviation(&scores) else { return Ok(vec![0.0; candidates.len()]) };
            Ok(candidates.iter().map(|c| comparable(scores[c.at()].unwrap_or(0.0), deviation)).collect())
        };
        self.cases(side).par_iter().map(ask).collect()
    }

    fn wrong(&self, way: &Adaptation, at: usize) -> ProtocolError {
        ProtocolError::Recipe {
            config: way.name().to_owned(),
            task: self.task.clone(),
            why: format!("the score of item {at} is not a finite number"),
        }
    }
}

/// How a question is marked.
#[derive(Clone, Copy)]
struct Marking<'a> {
    metric: Metric,
    draws: Option<&'a Draws>,
}

impl Marking<'_> {
    fn of(self, scores: &[f32], candidates: &[ItemIdx], case: &Case) -> f64 {
        if let ([answer], Metric::Ndcg(depth)) = (&case.relevant[..], self.metric) {
            let Some(at) = candidates.iter().position(|c| c == answer) else { return 0.0 };
            let rank = trec::rank_of(at, scores, candidates);
            return match self.draws {
                Some(draws) => draws.ndcg(rank - 1, candidates.len() - 1, depth),
                None if rank <= depth => 1.0 / (rank as f64 + 1.0).log2(),
                None => 0.0,
            };
        }
        let depth = self.metric.depth().unwrap_or(usize::MAX);
        self.metric.mark(&trec::ranked(scores, candidates, &[], depth), &case.relevant).unwrap_or(0.0)
    }
}

/// Candidates beside the answer that weights are learnt from.
const OTHERS: usize = 200;

/// The members' scores of every question.
pub struct StackTable<'a> {
    cases: &'a [Case],
    marking: Marking<'a>,
    members: Vec<&'a Lists>,
}

impl StackTable<'_> {
    /// The marks of the members added up at these weights.
    pub fn marks(&self, weights: &[f32]) -> Vec<f64> {
        (0..self.cases.len()).into_par_iter().with_min_len(64).map(|c| self.mark(weights, c)).collect()
    }

    /// Weights, none below 0, under which the answers of some cases are most likely to be chosen from among
    /// their candidates: a conditional logit. Of other candidates at most 200 are taken, evenly, which
    /// leaves the weights unbiased (McFadden, "Modelling the choice of residential location", 1978).
    ///
    /// # Errors
    /// [`ProtocolError::Rank`] for a penalty below 0.
    pub fn likeliest(&self, which: &[usize], l2: f64) -> Result<Vec<f32>, ProtocolError> {
        let (mut x, mut sizes, mut chosen) = (Vec::new(), Vec::new(), Vec::new());
        for &c in which {
            let case = &self.cases[c];
            let candidates = case.candidates.as_deref().unwrap_or_default();
            let is_answer = |at: &usize| case.relevant.contains(&candidates[*at]);
            let (answers, others): (Vec<usize>, Vec<usize>) = (0..candidates.len()).partition(is_answer);
            for answer in answers {
                let step = others.len().div_ceil(OTHERS).max(1);
                let group = std::iter::once(answer).chain(others.iter().copied().step_by(step));
                let before = x.len();
                x.extend(group.flat_map(|at| self.members.iter().map(move |lists| lists[c][at])));
                sizes.push((x.len() - before) / self.members.len().max(1));
                chosen.push(0);
            }
        }
        let params = ChoiceParams { l2, ..ChoiceParams::default() };
        let found = params.fit(&x, self.members.len(), &sizes, &chosen).map_err(RankError::from)?;
        Ok(found.into_iter().map(|w| w as f32).collect())
    }

    fn mark(&self, weights: &[f32], c: usize) -> f64 {
        let case = &self.cases[c];
        let candidates = case.candidates.as_deref().unwrap_or_default();
        let mut sum = vec![0.0_f32; candidates.len()];
        for (lists, weight) in self.members.iter().zip(weights).filter(|(_, w)| **w != 0.0) {
            sum.iter_mut().zip(&lists[c]).for_each(|(s, x)| *s += weight * x);
        }
        self.marking.of(&sum, candidates, case)
    }
}
