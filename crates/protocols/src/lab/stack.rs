//! The ranker over all models: features of every list, and predictions out of fold.
//!
//! Features of a candidate: each model's score with its rank and distance in the list, and the same for how far
//! the score lies above what the model usually says of the item (mean and deviation over shoppers of the
//! market, from training rows alone); for models that
//! explain themselves the largest, second, mean and deviation of what the items of the history add, and
//! how many do; buyers of the item in each market; items of the history. No ids, nothing that is counted
//! over lists, nothing of the hidden test. Items that are held out or asked about are in no training row
//! of the models whose scores these are.
//!
//! The shoppers are dealt into folds; a shopper's list is scored by a ranker that learnt from the
//! answers of the others. Rounds are fixed: no scored fold is looked at to stop.

use super::{Answered, Lab, Side, Table};
use crate::recipe::{Also, Member, Stack};
use crate::task::{Task, Tuning};
use crate::{ProtocolError, trec};
use domain::{History, ItemIdx};
use eval::Case;
use rayon::prelude::*;
use recommend::rank::CandidateLists;

/// What is said of the parts that the items of a history add.
const PARTS: [&str; 5] = ["largest part", "second part", "mean part", "deviation of parts", "parts"];

impl Lab<'_> {
    pub(super) fn answer_ranked(&mut self, stack: &Stack) -> Result<Answered, ProtocolError> {
        let (lists, mut fit_cpu_s, score_cpu_s) = self.lists(stack, Side::Reported)?;
        let beside = match (stack.also, &self.task.tuning) {
            (Also::HeldOut, Tuning::Inner(_)) => Some(self.lists(stack, Side::Tuning)?),
            (Also::HeldOut, Tuning::Cases(_) | Tuning::Halves) | (Also::Nothing, _) => None,
        };
        let started = (self.cpu_s)();
        let grades = grades(&self.task.cases);
        let beside_grades = self::grades(self.cases(Side::Tuning));
        fit_cpu_s += beside.as_ref().map_or(0.0, |(_, fit, score)| fit + score);
        let beside = beside.as_ref().map(|(lists, ..)| (lists, &beside_grades[..]));
        let (scores, _) = stack.ranker.out_of_fold(&lists, &grades, beside, self.seed)?;
        fit_cpu_s += (self.cpu_s)() - started;
        let table = Table { ends: ends(lists.sizes()), scores };
        let n = self.task.cases.len();
        let mut marks = vec![vec![0.0; n]; self.task.metrics.len()];
        self.mark(&table, &(0..n).collect::<Vec<_>>(), &mut marks);
        let learnt = vec![format!("{} features, {} rounds", lists.names().len(), stack.ranker.boost.n_rounds)];
        Ok(Answered { marks, fit_cpu_s, score_cpu_s, learnt })
    }

    /// The lists of a side with their features, and what fitting and scoring cost.
    fn lists(&mut self, stack: &Stack, side: Side) -> Result<(CandidateLists, f64, f64), ProtocolError> {
        let (mut fit_s, mut score_s) = (0.0, 0.0);
        let mut tables = Vec::new();
        for member in &stack.members {
            let one = self.keep(&member.kind, &self.fixed(member)?, side)?;
            fit_s += one.fit_cpu_s;
            score_s += one.score_cpu_s;
            tables.push(one);
        }
        let mut usual = Vec::new();
        for member in stack.members.iter().filter(|_| stack.n_usual > 0) {
            usual.push(self.usual(member, side, stack.n_usual)?);
        }
        let started = (self.cpu_s)();
        let mut parts = Vec::new();
        for member in &stack.reasons {
            parts.push(self.parts(member, side)?);
        }
        let task = self.task(side);
        let buyers = buyers(task);
        let named = |n: usize| format!("{} {n}", stack.members[n].kind.name());
        let scorers = (0..tables.len()).map(named);
        let scorers: Vec<String> =
            scorers.chain((0..usual.len()).map(|n| format!("{}, above the item", named(n)))).collect();
        let of_reason = |(n, m): (usize, &Member)| PARTS.map(|p| format!("{} {n}: {p}", m.kind.name()));
        let others = stack.reasons.iter().enumerate().flat_map(of_reason);
        let others = others.chain(task.parts.iter().map(|part| format!("buyers in {}", part.name)));
        let others: Vec<String> = others.chain(["items of the history".to_owned()]).collect();
        let scorer_refs: Vec<&str> = scorers.iter().map(String::as_str).collect();
        let other_refs: Vec<&str> = others.iter().map(String::as_str).collect();
        let mut lists = CandidateLists::new(&scorer_refs, &other_refs);
        for (c, case) in self.cases(side).iter().enumerate() {
            let candidates = case.candidates.as_deref().unwrap_or_default();
            let some = |values: &[f32]| values.iter().map(|v| Some(*v)).collect::<Vec<_>>();
            let above = |(table, usual): (&std::sync::Arc<super::Scored>, &Vec<Usual>)| {
                let list = candidates.iter().zip(table.table.list(c));
                list.map(|(item, score)| Some(usual[item.at()].above(*score))).collect()
            };
            let scores = tables.iter().map(|t| some(t.table.list(c)));
            let scores: Vec<Vec<Option<f32>>> = scores.chain(tables.iter().zip(&usual).map(above)).collect();
            let parts = parts.iter().flatten().map(|table| some(table.list(c)));
            let counts = buyers.iter().map(|count| candidates.iter().map(|i| Some(count[i.at()])).collect());
            let length = std::iter::once(vec![Some(case.history.len() as f32); candidates.len()]);
            let others: Vec<Vec<Option<f32>>> = parts.chain(counts).chain(length).collect();
            lists.push(case.shopper, candidates, &scores, &others)?;
        }
        Ok((lists, fit_s + (self.cpu_s)() - started, score_s))
    }

    fn fixed(&self, member: &Member) -> Result<Vec<f32>, ProtocolError> {
        let why = || self.wrong(member.kind.name(), "a ranker learns no weights of sources".to_owned());
        self.source_weights(&member.rows).ok_or_else(why)
    }

    /// What a member usually says of each item: over at most `n` shoppers of the target who do not have it.
    fn usual(&mut self, member: &Member, side: Side, n: usize) -> Result<Vec<Usual>, ProtocolError> {
        let (model, _) = self.fitted(&member.kind, &self.fixed(member)?, side)?;
        let task = self.task(side);
        let histories: Vec<Vec<ItemIdx>> =
            task.target().rows.chunk_by(|a, b| a.0 == b.0).map(|own| own.iter().map(|row| row.1).collect()).collect();
        let every = histories.len().div_ceil(n).max(1);
        let asked: Vec<&Vec<ItemIdx>> = histories.iter().step_by(every).collect();
        let catalogue: Vec<ItemIdx> = (0..task.n_items() as u32).map(ItemIdx).collect();
        let score = |history: &&Vec<ItemIdx>| -> Result<Vec<f32>, ProtocolError> {
            let scores = model.score(History::of(history), &catalogue);
            trec::filled(&scores)
                .map_err(|at| self.wrong(member.kind.name(), format!("the score of item {at} is not a finite number")))
        };
        let lists: Vec<Vec<f32>> = asked.par_iter().map(score).collect::<Result<_, _>>()?;
        let of_item = |item: &ItemIdx| {
            let others = asked.iter().zip(&lists).filter(|(history, _)| history.binary_search(item).is_err());
            Usual::of(others.map(|(_, list)| f64::from(list[item.at()])))
        };
        Ok(catalogue.par_iter().map(of_item).collect())
    }

    /// One table for each of [`PARTS`].
    fn parts(&mut self, member: &Member, side: Side) -> Result<Vec<Table>, ProtocolError> {
        let (model, _) = self.fitted(&member.kind, &self.fixed(member)?, side)?;
        let cases = self.cases(side);
        let of_case = |case: &Case| {
            let candidates = case.candidates.as_deref().unwrap_or_default();
            let summary = |item: &domain::ItemIdx| {
                let parts: Vec<f32> = model.explain(History::of(&case.history), *item).iter().map(|r| r.part).collect();
                summary(&parts, case.history.len())
            };
            candidates.iter().map(summary).collect::<Vec<[f32; 5]>>()
        };
        let all: Vec<Vec<[f32; 5]>> = cases.par_iter().map(of_case).collect();
        let sizes: Vec<usize> = all.iter().map(Vec::len).collect();
        let table =
            |which: usize| Table { ends: ends(&sizes), scores: all.iter().flatten().map(|s| s[which]).collect() };
        Ok((0..PARTS.len()).map(table).collect())
    }
}

/// Mean and deviation of the scores of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Usual {
    mean: f64,
    deviation: f64,
}

impl Usual {
    fn of(scores: impl Iterator<Item = f64>) -> Self {
        let (n, sum, squares) =
            scores.fold((0.0, 0.0, 0.0), |(n, sum, squares), s| (n + 1.0, sum + s, squares + s * s));
        let mean = sum / f64::max(n, 1.0);
        Self { mean, deviation: (squares / f64::max(n, 1.0) - mean * mean).max(0.0).sqrt() }
    }

    /// Deviations above the mean; a tenth of the mean is added to the deviation, so that an item that hardly
    /// anybody is scored for does not stand out by dividing by nothing.
    fn above(self, score: f32) -> f32 {
        let scale = self.deviation + 0.1 * self.mean.abs();
        if scale > 0.0 { ((f64::from(score) - self.mean) / scale) as f32 } else { 0.0 }
    }
}

/// [`PARTS`] of the parts of a score, largest first, over a history of `n` items: those that add nothing
/// count as 0.
fn summary(parts: &[f32], n: usize) -> [f32; 5] {
    let n = n.max(1) as f32;
    let mean = parts.iter().sum::<f32>() / n;
    let squares = parts.iter().map(|p| p * p).sum::<f32>() / n;
    let at = |place: usize| parts.get(place).copied().unwrap_or(0.0);
    [at(0), at(1), mean, (squares - mean * mean).max(0.0).sqrt(), parts.len() as f32]
}

/// 1 for the answers, 0 for the others, list after list.
fn grades(cases: &[Case]) -> Vec<f32> {
    let of_case = |case: &Case| {
        let candidates = case.candidates.as_deref().unwrap_or_default();
        candidates.iter().map(|item| if case.relevant.contains(item) { 1.0 } else { 0.0 }).collect::<Vec<f32>>()
    };
    cases.iter().flat_map(of_case).collect()
}

fn ends(sizes: &[usize]) -> Vec<usize> {
    let add = |end: &mut usize, size: &usize| {
        *end += size;
        Some(*end)
    };
    sizes.iter().scan(0, add).collect()
}

/// Buyers of each item in each market.
fn buyers(task: &Task) -> Vec<Vec<f32>> {
    let of_part = |part: &crate::task::Part| {
        let mut counts = vec![0.0; task.n_items()];
        part.rows.iter().for_each(|row| counts[row.1.at()] += 1.0);
        counts
    };
    task.parts.iter().map(of_part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 1, 3, 5: mean 3, deviation √(8/3); 7 is 4 above, over √(8/3) + 0.3.
    fn a_score_is_compared_with_what_is_usual_for_the_item() {
        let usual = Usual::of([1.0, 3.0, 5.0].into_iter());
        assert!((f64::from(usual.above(7.0)) - 4.0 / ((8.0_f64 / 3.0).sqrt() + 0.3)).abs() < 1e-6);
        assert_eq!(Usual::of(std::iter::empty()).above(2.0), 0.0, "nothing is usual");
    }

    #[test] // Parts 3 and 1 of a history of 4: mean 1, squares (9 + 1) / 4, deviation √(2.5 − 1).
    fn parts_are_summed_up_over_the_whole_history() {
        let got = summary(&[3.0, 1.0], 4);
        assert_eq!(got, [3.0, 1.0, 1.0, 1.5_f32.sqrt(), 2.0]);
        assert_eq!(summary(&[], 0), [0.0; 5]);
    }
}
