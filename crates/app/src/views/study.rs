//! Which views of products say what is bought next, and how much each counts.
//!
//! Time is cut three times, a window each. Co-purchase vectors are learnt from what lies before a window, and a
//! shopper's last product before it asks for the products that are new to the shopper in it: no vector and no weight has seen what it is
//! marked by. On the first window the weights of every set of views are learnt; on the second, the validation, the
//! set is chosen by marks that are cross-fitted, against texts alone, which need no orders; on the third, the
//! test, everything is told, also what loses ([`content::space::ablation`]), and the ranks of texts and pictures beside it. What serves
//! was weighed on the third window.
//!
//! This file joins `content`, `eval` and `recommend`. Cost: four fits of the vectors, and a likeness of each view for every
//! question and product.

use anyhow::Result;
use content::Vectors;
use content::search::fuse;
use content::space::{View, Weighed, WeighedParams, ablation};
use domain::{Day, Fit as _, Interactions, ItemIdx, Market, Seed};
use eval::{Bootstrap, Case, Estimate, EvalError, Folds, Metric, Split, TemporalSplit};
use eval::{choose, cross_fitted, mean_interval, paired_difference};
use learn::LearnError;
use rayon::prelude::*;
use recommend::transfer::{Decision, EvidenceRule, judge};
use recommend::{Item2VecParams, Strength, prepare};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What products are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sort {
    /// What they say.
    Texts,
    /// What they show.
    Pictures,
    /// What they are bought with.
    Bought,
}

impl Sort {
    /// As tables name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Texts => "texts",
            Self::Pictures => "pictures",
            Self::Bought => "purchases",
        }
    }

    /// As a reason calls it, before the other product.
    pub(crate) const fn term(self) -> &'static str {
        match self {
            Self::Texts => "reads like",
            Self::Pictures => "looks like",
            Self::Bought => "bought in the same company as",
        }
    }
}

/// How it is measured.
#[derive(Clone, Debug)]
pub(crate) struct StudyPlan {
    /// Length of each window in days.
    pub(crate) window_days: i32,
    /// Questions of a window at most, drawn by lot.
    pub(crate) n_cases: usize,
    /// How co-purchase vectors are learnt.
    pub(crate) together: Item2VecParams,
    /// How weights are learnt.
    pub(crate) weighed: WeighedParams,
    /// What it takes to join the views.
    pub(crate) rule: EvidenceRule,
}

impl Default for StudyPlan {
    fn default() -> Self {
        Self {
            // As the evidence of the plan: shoppers of small markets order about once in two months.
            window_days: 60,
            n_cases: 4_000,
            together: Item2VecParams { n_factors: 32, ..Item2VecParams::default() },
            weighed: WeighedParams::default(),
            rule: EvidenceRule::default(),
        }
    }
}

/// A line of the ablation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ViewRow {
    /// The views, weighed; empty for texts and pictures joined by their ranks.
    pub(crate) views: Vec<Sort>,
    /// Mean nDCG@10 on the validation window.
    pub(crate) validation: f64,
    /// nDCG@10 on the test window.
    pub(crate) test: Estimate,
    /// Its difference to what there is without orders, texts alone (the ranks where there are no texts); `None` for that.
    pub(crate) gain: Option<Estimate>,
    /// What purchases add: its difference to the same views without them; `None` where that is no line.
    pub(crate) bought_adds: Option<Estimate>,
}

/// The ablation and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Study {
    /// The ranks, then every set; empty where nothing could be measured.
    pub(crate) rows: Vec<ViewRow>,
    /// What was decided, and why.
    pub(crate) why: String,
    /// The views that are joined, with their weights; `None` where they are not.
    pub(crate) used: Option<(Vec<Sort>, Weighed)>,
}

const METRIC: Metric = Metric::Ndcg(10);
const BEST: usize = 10;
/// Rows of each list that ranks are joined of.
const DEEP: usize = 200;

type Named<'a> = (Sort, &'a dyn View);

/// The co-purchase vectors of items; those that were never bought beside another one are missing.
///
/// # Errors
/// Those of the vectors.
pub(crate) fn bought_together(train: &Interactions, plan: &StudyPlan, seed: Seed) -> Result<Vectors> {
    let model = plan.together.fit(&prepare(train, Strength::Presence), seed)?;
    let rows = (0..train.n_items() as u32).map(|item| model.vector(ItemIdx(item)));
    Ok(Vectors::from_rows(plan.together.n_factors, rows)?)
}

/// A window: what was known before it, and its questions.
struct Window<'a> {
    views: &'a [Named<'a>],
    bought: Vectors,
    cases: Vec<Case>,
    open: &'a [bool],
}

/// One way of joining views, for all questions.
enum Way {
    Ranks,
    Weights(Vec<usize>, Weighed),
}

/// Measures what each view of the products (rows as the items of `purchases`) says of what is bought next. `open` are those that
/// can be.
///
/// # Errors
/// Those of models and metrics; what is too little data to measure is no error but a study without rows.
pub(crate) fn study(
    purchases: &Interactions,
    content: &[Named<'_>],
    open: &[bool],
    plan: &StudyPlan,
    seed: Seed,
) -> Result<Study> {
    let nothing = |why: &str| {
        let why = format!("not joined: {why}");
        Ok(Study { rows: Vec::new(), why, used: None })
    };
    let Some(last) = purchases.iter().map(|row| row.day).max() else {
        return nothing("nothing was bought by anybody who is known");
    };
    match measured(purchases, last, content, open, plan, seed) {
        Err(error) if matches!(error.downcast_ref(), Some(EvalError::NoCases { .. })) => {
            nothing("there are no three windows in which shoppers came back for something new")
        }
        Err(error) if matches!(error.downcast_ref(), Some(LearnError::TooLittleData { .. })) => {
            nothing(&error.to_string())
        }
        measured => measured,
    }
}

fn measured(
    purchases: &Interactions,
    last: Day,
    content: &[Named<'_>],
    open: &[bool],
    plan: &StudyPlan,
    seed: Seed,
) -> Result<Study> {
    let days = plan.window_days;
    let window = |nth: i32| -> Result<Window<'_>> {
        let cutoff = last.plus(1 - nth * days);
        let Split { train, cases } =
            TemporalSplit { until: Some(cutoff.plus(days)), ..TemporalSplit::at(cutoff) }.split(purchases)?;
        let bought = bought_together(&train, plan, seed)?;
        Ok(Window { views: content, bought, cases: drawn(cases, plan.n_cases, seed), open })
    };
    let (lesson, validation) = (window(3)?, window(2)?);
    let sorts: Vec<Sort> = content.iter().map(|(sort, _)| *sort).chain([Sort::Bought]).collect();

    let ways = lesson.ways(plan, seed)?;
    let is_base = |way: &Way| matches!(way, Way::Weights(set, _) if set.iter().map(|m| sorts[*m]).eq([Sort::Texts]));
    let base = ways.iter().position(is_base).unwrap_or(0);
    let marks = validation.marks(&ways);
    // What needs no orders stands first: of equals it is taken. Ranks are told, and never chosen.
    let options: Vec<usize> = std::iter::once(base).chain((1..ways.len()).filter(|at| *at != base)).collect();
    let of_options: Vec<Vec<f64>> = options.iter().map(|at| marks[*at].clone()).collect();
    let chosen = options[choose(&of_options)?.index];
    let markets: Vec<Market> = validation.cases.iter().map(|case| case.market).collect();
    let honest = cross_fitted(&of_options, &Folds::by_group(&markets, 2)?)?;
    let verdict = judge(&marks[base], &honest, &plan.rule, seed)?;

    let test = window(1)?;
    let ways = validation.ways(plan, seed)?;
    let tested = test.marks(&ways);
    let rows = rows(&ways, &sorts, base, &marks, &tested, seed)?;

    let measured = verdict.interval.map_or_else(String::new, |i| {
        let gain = verdict.gain.unwrap_or_default();
        format!(
            "nDCG@10 {gain:+.4} on the validation window, 95 % between {:+.4} and {:+.4}, {} shoppers",
            i.low, i.high, verdict.n_cases
        )
    });
    let name = |at: usize| match &rows[at].views[..] {
        [] => "ranks of texts and pictures".to_owned(),
        views => views.iter().map(|sort| sort.name()).collect::<Vec<_>>().join(", "),
    };
    let why = match verdict.decision {
        Decision::Accepted => {
            format!("joined by their weights ({}): better than {} alone, {measured}", name(chosen), name(base))
        }
        Decision::TooLittleData => {
            format!("not joined: fewer than {} shoppers came back, {measured}", plan.rule.min_cases)
        }
        Decision::Refused => format!("not joined: no set is better than {} alone beyond doubt, {measured}", name(base)),
    };
    let used = match &ways[chosen] {
        Way::Weights(set, _) if verdict.accepted() && chosen != base => {
            let latest = test.weighed(set, plan, seed)?;
            Some((set.iter().map(|m| sorts[*m]).collect(), latest))
        }
        Way::Weights(..) | Way::Ranks => None,
    };
    Ok(Study { rows, why, used })
}

/// At most so many cases, by lot, in their order.
fn drawn(cases: Vec<Case>, n: usize, seed: Seed) -> Vec<Case> {
    if cases.len() <= n {
        return cases;
    }
    let mut lot: Vec<usize> = (0..cases.len()).collect();
    seed.stream(9).shuffle(&mut lot);
    let kept: BTreeSet<usize> = lot.into_iter().take(n).collect();
    cases.into_iter().enumerate().filter(|(at, _)| kept.contains(at)).map(|(_, case)| case).collect()
}

impl<'a> Window<'a> {
    /// All views, purchases last.
    fn all(&self) -> Vec<&dyn View> {
        self.views.iter().map(|(_, view)| *view).chain([&self.bought as &dyn View]).collect()
    }

    /// The weights of a set of views, by this window's questions.
    fn weighed(&self, set: &[usize], plan: &StudyPlan, seed: Seed) -> Result<Weighed, LearnError> {
        let all = self.all();
        let views: Vec<&dyn View> = set.iter().map(|m| all[*m]).collect();
        let choices: Vec<(u32, u32)> = self
            .cases
            .iter()
            .filter_map(|case| Some((case.history.last()?.0, &case.relevant)))
            .flat_map(|(last, next)| next.iter().map(move |item| (last, item.0)))
            .collect();
        let open: Vec<u32> = (0..self.open.len() as u32).filter(|row| self.open[*row as usize]).collect();
        plan.weighed.fit(&views, &choices, &open, seed)
    }

    /// The ranks, then every set of the ablation with weights of this window.
    fn ways(&self, plan: &StudyPlan, seed: Seed) -> Result<Vec<Way>, LearnError> {
        let sets = ablation(self.views.len() + 1, |set| self.weighed(set, plan, seed))?;
        let weights = sets.into_iter().map(|set| Way::Weights(set.modalities, set.mark));
        Ok(std::iter::once(Way::Ranks).chain(weights).collect())
    }

    /// Marks of every way on every question.
    fn marks(&self, ways: &[Way]) -> Vec<Vec<f64>> {
        let all = self.all();
        let one = |case: &Case| -> Vec<f64> {
            let Some(last) = case.history.last() else { return vec![0.0; ways.len()] };
            let seen: BTreeSet<ItemIdx> = case.history.iter().copied().collect();
            let rows: Vec<u32> = (0..self.open.len() as u32)
                .filter(|row| self.open[*row as usize] && !seen.contains(&ItemIdx(*row)))
                .collect();
            let alike = |row: &u32| all.iter().map(|view| view.alike(last.at(), *row as usize)).collect();
            let alike: Vec<Vec<Option<f32>>> = rows.iter().map(alike).collect();
            let marked = |way: &Way| {
                let best = match way {
                    Way::Ranks => ranks(&rows, &alike, self.views.len()),
                    Way::Weights(set, weighed) => joined(&rows, &alike, set, weighed),
                };
                METRIC.mark(&best, &case.relevant).unwrap_or(0.0)
            };
            ways.iter().map(marked).collect()
        };
        let by_case: Vec<Vec<f64>> = self.cases.par_iter().map(one).collect();
        (0..ways.len()).map(|way| by_case.iter().map(|marks| marks[way]).collect()).collect()
    }
}

fn best_of(mut scored: Vec<(f32, u32)>, n: usize) -> Vec<u32> {
    let better = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if n < scored.len() {
        scored.select_nth_unstable_by(n, better);
        scored.truncate(n);
    }
    scored.sort_unstable_by(better);
    scored.into_iter().map(|(_, row)| row).collect()
}

fn joined(rows: &[u32], alike: &[Vec<Option<f32>>], set: &[usize], weighed: &Weighed) -> Vec<ItemIdx> {
    let score = |(row, alike): (&u32, &Vec<Option<f32>>)| {
        let of: Vec<Option<f32>> = set.iter().map(|m| alike[*m]).collect();
        Some((weighed.joined(&of)?, *row))
    };
    best_of(rows.iter().zip(alike).filter_map(score).collect(), BEST).into_iter().map(ItemIdx).collect()
}

/// The lists of what products say and show, joined by ranks: what there is without orders.
fn ranks(rows: &[u32], alike: &[Vec<Option<f32>>], n_content: usize) -> Vec<ItemIdx> {
    let list = |m: usize| {
        let scored = rows.iter().zip(alike).filter_map(|(row, alike)| Some((alike[m]?, *row)));
        best_of(scored.collect(), DEEP)
    };
    let lists: Vec<Vec<u32>> = (0..n_content).map(list).collect();
    fuse(&lists).into_iter().take(BEST).map(|(row, _)| ItemIdx(row)).collect()
}

fn rows(
    ways: &[Way],
    sorts: &[Sort],
    base: usize,
    validation: &[Vec<f64>],
    tested: &[Vec<f64>],
    seed: Seed,
) -> Result<Vec<ViewRow>, EvalError> {
    let how = Bootstrap::default();
    let set = |way: &Way| match way {
        Way::Ranks => Vec::new(),
        Way::Weights(set, _) => set.iter().map(|m| sorts[*m]).collect::<Vec<Sort>>(),
    };
    let sets: Vec<Vec<Sort>> = ways.iter().map(set).collect();
    let difference =
        |a: usize, b: usize| Ok::<_, EvalError>(paired_difference(&tested[a], &tested[b], &how, seed)?.difference);
    let row = |at: usize| {
        let without: Vec<Sort> = sets[at].iter().copied().filter(|sort| *sort != Sort::Bought).collect();
        let is_more = !without.is_empty() && without.len() < sets[at].len();
        let other = sets.iter().position(|set| is_more && *set == without);
        Ok(ViewRow {
            views: sets[at].clone(),
            validation: validation[at].iter().sum::<f64>() / validation[at].len().max(1) as f64,
            test: mean_interval(&tested[at], &how, seed)?,
            gain: (at != base).then(|| difference(at, base)).transpose()?,
            bought_adds: other.map(|other| difference(at, other)).transpose()?,
        })
    };
    (0..ways.len()).map(row).collect()
}

#[cfg(test)]
mod tests;
