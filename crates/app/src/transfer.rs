//! A transfer on the workspace's own orders: rows cut into domains and two windows of time, then measured by the
//! same code as the public markets.
//!
//! A domain is a market, a platform (the sales channel of an order) or a category (the first part of the category
//! path of a product). Sources are cut at the same day as the target, so that nobody learns from what was bought
//! after the question was asked. A question is about items of the target that are new to a shopper; its history is
//! what the shopper bought anywhere before. Cost: `Depth` says which ways are fitted.

use anyhow::Result;
use domain::{Day, FitError, Interaction, Interactions, ItemIdx, Seed, ShopperIdx};
use eval::{Bootstrap, Case};
use protocols::transfer::{Arena, Contender, CurveParams, CurvePoint, StudyParams, StudyReport, Window};
use protocols::transfer::{contenders, curve, curve_params, study};
use recommend::transfer::source_score::{PARTS, ScoreWeights, SourceParts};
use recommend::transfer::{Adaptation, EvidenceRule, Ground, SimilarityPriorParams, Source};
use recommend::{ItemKnnParams, ModelKind, Strength, prepare};
use serde::Serialize;
use std::collections::BTreeSet;

/// Days of the validation and of the test window, as in the evidence of a run.
pub(crate) const WINDOW_DAYS: i32 = 60;
/// Questions of a window below which nothing is measured, as a verdict asks for.
const MIN_CASES: usize = 20;
/// Candidates of all questions of a window together, at most: shoppers are taken evenly.
const MAX_SCORES: usize = 3_000_000;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Neighbourhoods only and a short curve: for a run.
    Quick,
    /// Every way there is.
    Full,
}

/// A target and its sources, every domain in the same numbering of shoppers and items.
pub(crate) struct Domains {
    pub(crate) target: Interactions,
    pub(crate) sources: Vec<Source>,
}

/// What the sources promised before anything was trained.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Promise {
    /// The source, or all of them with a plus between.
    pub(crate) source: String,
    /// The relative gain that is expected.
    pub(crate) score: f64,
    /// Name, value and what it adds to the score.
    pub(crate) parts: Vec<(&'static str, f64, f64)>,
}

/// Everything that was measured for a target.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measured {
    /// Sources one by one, then together where there are several.
    pub(crate) promises: Vec<Promise>,
    /// Methods and verdict; nothing where there are too few held-out shoppers.
    pub(crate) study: Option<StudyReport>,
    /// The learning curve on the test window.
    pub(crate) curve: Vec<CurvePoint>,
    /// First day of the validation window, of the test window, and the last day.
    pub(crate) days: (Day, Day, Day),
    /// Questions of the two windows.
    pub(crate) n_questions: (usize, usize),
}

impl Domains {
    fn last_day(&self) -> Option<Day> {
        self.target.iter().map(|row| row.day).max()
    }

    /// What is known before a day, and what is bought from then to another one.
    fn window(&self, from: Day, until: Option<Day>) -> Result<Window, FitError> {
        let before = |rows: &Interactions| prepare(&rows.filter(|row| row.day < from), Strength::Presence);
        let sources: Vec<Source> =
            self.sources.iter().map(|s| Source { name: s.name.clone(), rows: before(&s.rows) }).collect();
        let ground = Ground::new(before(&self.target), sources)?;
        let catalogue = self.catalogue();
        let known = ground.pooled(&vec![1.0; ground.sources().len()])?;
        let mut cases = Vec::new();
        for s in (0..self.target.n_shoppers() as u32).map(ShopperIdx) {
            let history: Vec<ItemIdx> = known.row(s).to_vec();
            if history.is_empty() {
                continue;
            }
            let owned: BTreeSet<ItemIdx> = history.iter().copied().collect();
            let (items, days) = (self.target.row(s), self.target.row_days(s));
            let asked = items.iter().zip(days).filter(|(_, d)| **d >= from && until.is_none_or(|u| **d < u));
            let relevant: BTreeSet<ItemIdx> = asked.map(|(i, _)| *i).filter(|i| !owned.contains(i)).collect();
            if relevant.is_empty() {
                continue;
            }
            cases.push((s, history, relevant, owned));
        }
        let step = (cases.len() * catalogue.len()).div_ceil(MAX_SCORES).max(1);
        let case = |(s, history, relevant, owned): (ShopperIdx, Vec<ItemIdx>, BTreeSet<ItemIdx>, BTreeSet<ItemIdx>)| {
            let candidates = catalogue.iter().copied().filter(|i| !owned.contains(i)).collect();
            let market = self.target.markets()[s.at()];
            Case { shopper: s, market, history, relevant: relevant.into_iter().collect(), candidates: Some(candidates) }
        };
        Ok(Window { ground, cases: cases.into_iter().step_by(step).map(case).collect() })
    }

    /// What may be offered: what the target has ever sold; where shoppers are apart, what anybody has.
    fn catalogue(&self) -> Vec<ItemIdx> {
        let apart = !self.sources.iter().any(|s| self.shares_shoppers(&s.rows));
        let others = self.sources.iter().filter(|_| apart).flat_map(|s| s.rows.iter());
        let sold: BTreeSet<ItemIdx> = self.target.iter().chain(others).map(|row: Interaction| row.item).collect();
        sold.into_iter().collect()
    }

    fn shares_shoppers(&self, other: &Interactions) -> bool {
        let both = |s: u32| !self.target.row(ShopperIdx(s)).is_empty() && !other.row(ShopperIdx(s)).is_empty();
        (0..self.target.n_shoppers() as u32).any(both)
    }
}

/// What competes in a run: two models of the target, and two cheap ways to transfer.
fn quick(n_sources: usize) -> (StudyParams, CurveParams) {
    let knn = ModelKind::ItemKnn(ItemKnnParams { k: 50, ..ItemKnnParams::default() });
    let prior = Adaptation::SimilarityPrior(SimilarityPriorParams::default());
    let alone = vec![Adaptation::Alone(ModelKind::PopularityGlobal), Adaptation::Alone(knn)];
    let pooled = Adaptation::Pooled { kind: knn, weights: vec![1.0; n_sources] };
    let params = StudyParams {
        alone: vec![Contender::Pick { name: "best model of the target", options: alone.clone() }],
        transfers: vec![
            Contender::Pick { name: "pooled", options: vec![pooled] },
            Contender::Pick { name: "similarity prior", options: vec![prior.clone()] },
        ],
        beside: Vec::new(),
        rule: EvidenceRule::default(),
        bootstrap: Bootstrap::default(),
    };
    let sizes = vec![0, 100, 1000];
    (params, CurveParams { sizes, n_draws: 1, alone, transfer: prior, bootstrap: Bootstrap::default() })
}

/// Scores the sources, proves or refuses the transfer, and draws the learning curve.
pub(crate) fn measure(
    name: &str,
    domains: &Domains,
    depth: Depth,
    seed: Seed,
    progress: &mut dyn FnMut(&str),
) -> Result<Measured> {
    let last = domains.last_day().unwrap_or(Day(0));
    let test_from = last.plus(1 - WINDOW_DAYS);
    let validation_from = test_from.plus(-WINDOW_DAYS);
    progress("two windows");
    let validation = domains.window(validation_from, Some(test_from))?;
    let test = domains.window(test_from, None)?;
    let n_questions = (validation.cases.len(), test.cases.len());
    progress("scores of the sources");
    let promises = promises(&validation.ground, seed)?;
    let days = (validation_from, test_from, last);
    if n_questions.0 < MIN_CASES || n_questions.1 < MIN_CASES {
        return Ok(Measured { promises, study: None, curve: Vec::new(), days, n_questions });
    }
    let n_sources = domains.sources.len();
    let (params, sizes) = match depth {
        Depth::Quick => quick(n_sources),
        Depth::Full => (contenders(n_sources, domains.target.n_items()), curve_params(n_sources)),
    };
    let curve = curve(name, &test, &sizes, seed, progress)?;
    let mut arena = Arena::of_two(name, validation, test, seed);
    let study = Some(study(&mut arena, &params, progress)?);
    Ok(Measured { promises, study, curve, days, n_questions })
}

fn promises(ground: &Ground, seed: Seed) -> Result<Vec<Promise>> {
    let weights = ScoreWeights::published();
    let n = ground.sources().len();
    let mut sets: Vec<Vec<usize>> = (0..n).map(|at| vec![at]).collect();
    if n > 1 {
        sets.push((0..n).collect());
    }
    let mut out = Vec::new();
    for set in sets {
        let some = ground.only(&set);
        let source = some.sources().iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join("+");
        let parts = match SourceParts::of(&some, seed) {
            Ok(parts) => parts,
            Err(FitError::TooLittleData { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let adds = weights.contributions(&parts);
        let parts_: Vec<_> = PARTS.iter().zip(parts.0).zip(adds).map(|((name, v), a)| (*name, v, a)).collect();
        out.push(Promise { source, score: weights.score(&parts), parts: parts_ });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Kind, Market};

    fn row(s: u32, i: u32, day: i32) -> Interaction {
        Interaction { shopper: ShopperIdx(s), item: ItemIdx(i), kind: Kind::Purchase, day: Day(day), weight: 1.0 }
    }

    fn rows(cells: Vec<Interaction>) -> Interactions {
        Interactions::new(4, vec![Market::UNKNOWN; 3], cells).unwrap()
    }

    /// Shopper 0 buys item 0 before day 10 and 0 and 1 after; shopper 1 comes after only. The source's shopper 2
    /// buys item 2 before and 3 after.
    #[test]
    fn nobody_learns_from_after_the_cut_and_only_new_items_are_asked_for() {
        let target = rows(vec![row(0, 0, 1), row(0, 0, 12), row(0, 1, 12), row(1, 1, 13)]);
        let source = Source { name: "CN".to_owned(), rows: rows(vec![row(2, 2, 3), row(2, 3, 15)]) };
        let domains = Domains { target, sources: vec![source] };
        let window = domains.window(Day(10), None).unwrap();
        assert_eq!((window.ground.target().len(), window.ground.sources()[0].rows.len()), (1, 1));
        assert_eq!(window.cases.len(), 1, "shopper 1 has no history");
        let case = &window.cases[0];
        assert_eq!((&case.history[..], &case.relevant[..]), (&[ItemIdx(0)][..], &[ItemIdx(1)][..]));
        assert_eq!(case.candidates.as_deref(), Some(&[1, 2, 3].map(ItemIdx)[..]), "shoppers are apart: all items");
    }

    #[test] // The same shopper in both: what is bought of the source is history, and not offered.
    fn a_category_is_asked_about_its_own_items_with_the_history_of_both() {
        let target = rows(vec![row(0, 1, 12), row(1, 0, 2)]);
        let source = Source { name: "upper".to_owned(), rows: rows(vec![row(0, 3, 1)]) };
        let window = Domains { target, sources: vec![source] }.window(Day(10), None).unwrap();
        assert_eq!(window.cases.len(), 1);
        assert_eq!(window.cases[0].history, [ItemIdx(3)]);
        assert_eq!(window.cases[0].candidates.as_deref(), Some(&[0, 1].map(ItemIdx)[..]));
    }
}
