//! The ranker over all models: features of every list, and predictions out of fold.
//!
//! Features of a candidate: each model's score with its rank and distance in the list; for models that
//! explain themselves the largest, second, mean and deviation of what the items of the history add, and
//! how many do; buyers of the item in each market; items of the history. No ids, nothing that is counted
//! over lists, nothing of the hidden test. Items that are held out or asked about are in no training row
//! of the models whose scores these are.
//!
//! The shoppers are dealt into folds; a shopper's list is scored by a ranker that learnt from the
//! answers of the others. Rounds are fixed: no scored fold is looked at to stop.

use super::{Answered, Lab, Side, Table};
use crate::ProtocolError;
use crate::recipe::{Also, Member, Stack};
use crate::task::{Task, Tuning};
use domain::History;
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
        let started = (self.cpu_s)();
        let mut parts = Vec::new();
        for member in &stack.reasons {
            parts.push(self.parts(member, side)?);
        }
        let task = self.task(side);
        let buyers = buyers(task);
        let scorers: Vec<String> = (0..).zip(&stack.members).map(|(n, m)| format!("{} {n}", m.kind.name())).collect();
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
            let scores: Vec<Vec<Option<f32>>> = tables.iter().map(|t| some(t.table.list(c))).collect();
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

    #[test] // Parts 3 and 1 of a history of 4: mean 1, squares (9 + 1) / 4, deviation √(2.5 − 1).
    fn parts_are_summed_up_over_the_whole_history() {
        let got = summary(&[3.0, 1.0], 4);
        assert_eq!(got, [3.0, 1.0, 1.0, 1.5_f32.sqrt(), 2.0]);
        assert_eq!(summary(&[], 0), [0.0; 5]);
    }
}
