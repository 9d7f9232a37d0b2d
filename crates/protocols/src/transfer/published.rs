//! The public markets as transfers: what competes on them, and running them by name.
//!
//! `transfer-xmarket`: each of the five XMarket markets in turn as the target of the other four.
//! `transfer-cup`: t1, t2 and s3 of WSDM Cup 2022; even shoppers choose, odd ones are reported.
//! `transferability`: scores of sources against gains, over both.

use super::arena::{Arena, Window};
use super::curve::{CurveParams, curve};
use super::report::{Apart, Transfer, TransferReport};
use super::scores::{Example, examples, ground_of, score_report, thinned};
use super::study::{Contender, StudyParams, study};
use crate::cup::{self, Lists};
use crate::task::{Task, Tuning};
use crate::xmarket::{self, XMarketParams};
use crate::{Progress, ProtocolError, SuiteParams};
use domain::Seed;
use eval::{Bootstrap, Case};
use recommend::transfer::{
    Adaptation, AlignedParams, DiscriminatorParams, EasePriorParams, EvidenceRule, FineTuneParams, ForkedParams,
    MarketAwareParams, MetaParams, PopularityPriorParams, SimilarityPriorParams,
};
use recommend::{EaseForm, EaseParams, ItemKnnParams, ModelKind, Similarity, SoftmaxFactorsParams, UserKnnParams};
use std::path::Path;

/// Names of the tasks here.
pub const TRANSFER_TASKS: [&str; 4] = ["transfer-xmarket", "transfer-cup", "transferability", "transferability-new"];

/// The folders within the data that a task here reads, and the CPU seconds that it takes, a rough guess for a progress bar;
/// a market of a task (`transfer-xmarket-de`) is like the whole of it. Nothing for a name of another kind.
pub fn transfer_needs(name: &str) -> Option<(&'static [&'static str], u64)> {
    match name {
        "transferability" | "transferability-new" => Some((&["xmarket_electronics", "wsdm_xmrec"], 900)),
        _ if name.starts_with("transfer-xmarket") => Some((&["xmarket_electronics"], 1_500)),
        _ if name.starts_with("transfer-cup") => Some((&["wsdm_xmrec"], 1_500)),
        _ => None,
    }
}

const ALL: usize = usize::MAX;

/// Items up to which the linear model has all others as predictors.
const DENSE_ITEMS: usize = 6000;
/// More items than any market has: validation asks all, and marks are expected over draws of as many as a test has.
const ALL_ITEMS: usize = 1_000_000;
/// Sources up to which each has members of its own in a stack.
const MAX_APART: usize = 6;
/// Questions of a learning curve: it asks them for every size, draw and model.
const CURVE_CASES: usize = 1500;

fn knn() -> ModelKind {
    ModelKind::ItemKnn(ItemKnnParams { similarity: Similarity::Jaccard, k: ALL, shrinkage: 5.0 })
}

fn shoppers() -> ModelKind {
    ModelKind::UserKnn(UserKnnParams { similarity: Similarity::TfIdf, k: 2000, shrinkage: 0.0 })
}

/// Dense while its inverse is cheap.
fn linear(n_items: usize) -> ModelKind {
    let form = if n_items <= DENSE_ITEMS { EaseForm::Dense } else { EaseForm::Sparse { neighbours: 150 } };
    ModelKind::Ease(EaseParams { reg: 500.0, dropout: 0.0, form })
}

fn pooled(kind: ModelKind, weight: f32, n_sources: usize) -> Adaptation {
    Adaptation::Pooled { kind, weights: vec![weight; n_sources] }
}

fn prior(strength: f32) -> Adaptation {
    Adaptation::SimilarityPrior(SimilarityPriorParams { strength, ..SimilarityPriorParams::default() })
}

/// The target's own models: what sells, two kinds of neighbours and a linear one.
fn own(n_items: usize) -> Vec<Adaptation> {
    [ModelKind::PopularityGlobal, knn(), shoppers(), linear(n_items)].map(Adaptation::Alone).to_vec()
}

/// The same kinds with weak sources, and the similarity prior.
fn transferred(n_sources: usize, n_items: usize) -> Vec<Adaptation> {
    let mut members = vec![prior(30.0)];
    members.extend([knn(), shoppers(), linear(n_items)].map(|kind| pooled(kind, 0.25, n_sources)));
    members
}

/// Neighbours of each source by itself, so that the weights of a stack are learnt a source; none of many sources,
/// where fits and weights would cost more than they can tell.
fn apart(n_sources: usize) -> Vec<Adaptation> {
    let of = |source: usize| {
        let weights = (0..n_sources).map(|s| if s == source { 1.0 } else { 0.0 }).collect();
        Adaptation::Taught { kind: knn(), weights }
    };
    if n_sources <= MAX_APART { (0..n_sources).map(of).collect() } else { Vec::new() }
}

/// What competes for a target with so many sources, over so many items.
pub fn contenders(n_sources: usize, n_items: usize) -> StudyParams {
    let at = |kind: ModelKind| [1.0, 0.5, 0.25, 0.1].map(|w| pooled(kind, w, n_sources)).to_vec();
    let linear_prior = |reg, trust| Adaptation::EasePrior(EasePriorParams { reg, trust, ..EasePriorParams::default() });
    let tuned = |strength| Adaptation::FineTune(FineTuneParams { strength, ..FineTuneParams::default() });
    let aware = |strength| Adaptation::MarketAware(MarketAwareParams { strength, ..MarketAwareParams::default() });
    let forked = |strength| Adaptation::Forked(ForkedParams { strength, ..ForkedParams::default() });
    let stacked = [own(n_items), transferred(n_sources, n_items)].concat();
    let with_each = [stacked.clone(), apart(n_sources)].concat();
    StudyParams {
        alone: vec![
            Contender::Pick { name: "best model of the target", options: own(n_items) },
            Contender::Stack { name: "stack of the target's models", members: own(n_items) },
        ],
        transfers: vec![Contender::Stack { name: "stacked, each source apart", members: with_each }],
        beside: vec![
            Contender::Pick { name: "pooled", options: at(knn()) },
            Contender::Weigh { name: "pooled, a weight a source", kind: knn(), steps: vec![0.25, 0.0, 1.0] },
            Contender::Pick { name: "similarity prior", options: [10.0, 30.0, 100.0].map(prior).to_vec() },
            Contender::Pick {
                name: "pooled, linear",
                options: [1.0, 0.25].map(|w| pooled(linear(n_items), w, n_sources)).to_vec(),
            },
            Contender::Pick { name: "linear prior", options: vec![linear_prior(200.0, 1.0)] },
            Contender::Pick { name: "pre-train and fine-tune", options: vec![tuned(20.0), tuned(100.0)] },
            Contender::Pick { name: "market-aware vectors", options: vec![aware(20.0)] },
            Contender::Pick { name: "meta-learnt start", options: vec![Adaptation::Meta(MetaParams::default())] },
            Contender::Pick { name: "forked heads", options: vec![forked(10.0), forked(100.0)] },
            Contender::Pick { name: "aligned vectors", options: vec![Adaptation::Aligned(AlignedParams::default())] },
            Contender::Pick {
                name: "market-blind tastes",
                options: vec![Adaptation::MarketBlind(DiscriminatorParams::default())],
            },
            Contender::Stack { name: "stacked", members: stacked },
        ],
        rule: EvidenceRule::default(),
        bootstrap: Bootstrap::default(),
    }
}

/// What carries over to a target with few rows of its own: both priors, neighbours of all rows and of each source apart, and
/// factors of all rows. Members and weights were chosen on validation questions of the public markets at 1,000 rows
/// (`examples/thin.rs`), the same for every market and size.
fn thin_transfer(n_sources: usize) -> Adaptation {
    let each = apart(n_sources);
    let of_each = 0.5 / each.len().max(1) as f32;
    let mut members = vec![
        (prior(30.0), 0.8),
        (Adaptation::PopularityPrior(PopularityPriorParams::default()), 0.9),
        (pooled(shoppers(), 0.25, n_sources), 0.85),
        (pooled(knn(), 0.25, n_sources), 0.5),
        (pooled(ModelKind::SoftmaxFactors(SoftmaxFactorsParams::default()), 0.25, n_sources), 0.5),
    ];
    members.extend(each.into_iter().map(|way| (way, of_each)));
    Adaptation::Stacked(members)
}

/// The fixed ways of the learning curve, and the sizes.
pub fn curve_params(n_sources: usize) -> CurveParams {
    let mut alone = [ModelKind::PopularityGlobal, knn(), shoppers()].map(Adaptation::Alone).to_vec();
    let own = [(knn(), 1.0), (ModelKind::PopularityGlobal, 0.3), (shoppers(), 0.3)];
    alone.push(Adaptation::Stacked(own.map(|(kind, weight)| (Adaptation::Alone(kind), weight)).to_vec()));
    CurveParams {
        sizes: vec![0, 10, 100, 1000],
        n_draws: 2,
        alone,
        transfer: thin_transfer(n_sources),
        bootstrap: Bootstrap::default(),
    }
}

/// Validation and test questions: of their own, or the even and the odd shoppers.
fn questions(task: &Task) -> (Vec<Case>, Vec<Case>) {
    match &task.tuning {
        Tuning::Cases(validation) => (validation.clone(), task.cases.clone()),
        Tuning::Halves | Tuning::Inner(_) => {
            let half = |r: usize| task.cases.iter().skip(r).step_by(2).cloned().collect();
            (half(0), half(1))
        }
    }
}

/// One target of a public data set.
fn transfer(task: &Task, seed: Seed, progress: &mut dyn FnMut(&str)) -> Result<Transfer, ProtocolError> {
    let ground = ground_of(task)?;
    let n_sources = ground.sources().len();
    let (validation, test) = questions(task);
    let points = curve(
        &task.id,
        &Window { ground: ground.clone(), cases: thinned(&test, CURVE_CASES) },
        &curve_params(n_sources),
        seed,
        &mut |step| progress(step),
    )?;
    let apart = Apart::of(&ground, seed).map_err(|why| ProtocolError::Fit {
        model: "distances",
        task: task.id.clone(),
        why,
    })?;
    let n_items = ground.target().n_items();
    let mut arena = Arena::of_one(&task.id, ground, validation, test, seed);
    if matches!(task.tuning, Tuning::Cases(_)) {
        arena = arena.expecting(XMarketParams::default().n_negatives);
    }
    let study = study(&mut arena, &contenders(n_sources, n_items), progress)?;
    Ok(Transfer { about: task.about.clone(), study, curve: points, apart })
}

fn xmarkets(data: &Path) -> Result<Vec<Task>, ProtocolError> {
    let dir = data.join("xmarket_electronics");
    let load = |(market, _): &(&str, &str)| {
        let params = XMarketParams { n_validation_negatives: ALL_ITEMS, ..XMarketParams::default() };
        xmarket::load(&dir, &format!("transfer-xmarket-{market}"), market, &params)
    };
    xmarket::MARKETS.iter().map(load).collect()
}

fn cups(data: &Path, markets: &[&str]) -> Result<Vec<Task>, ProtocolError> {
    let lists = |market: &str| match market {
        "t1" | "s3" => Lists::Released,
        _ => Lists::Redrawn(Seed(2022)),
    };
    let load =
        |market: &&str| cup::load(&data.join("wsdm_xmrec"), &format!("transfer-cup-{market}"), market, lists(market));
    markets.iter().map(load).collect()
}

/// Runs one of [`TRANSFER_TASKS`], or one market of it (`transfer-xmarket-de`); each report is handed over
/// when it is ready.
///
/// # Errors
/// [`ProtocolError`] of the first task that fails, or [`ProtocolError::UnknownTask`].
pub fn run_transfer(
    data: &Path,
    name: &str,
    SuiteParams { seed, one_in, .. }: SuiteParams<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
    ready: &mut dyn FnMut(TransferReport),
) -> Result<(), ProtocolError> {
    let thin = |tasks: Vec<Task>| tasks.into_iter().map(|task| task.one_in(one_in)).collect::<Vec<Task>>();
    let tasks = match name {
        _ if name.starts_with("transfer-xmarket") => xmarkets(data)?,
        _ if name.starts_with("transfer-cup") => cups(data, &["t1", "t2", "s3"])?,
        "transferability" | "transferability-new" => {
            let mut tasks = xmarkets(data)?;
            tasks.extend(cups(data, &["t1", "t2", "s1", "s2", "s3"])?);
            let tasks = thin(tasks);
            return transferability(&tasks, name, seed, progress, ready);
        }
        _ => {
            let known = TRANSFER_TASKS.join(", ");
            return Err(ProtocolError::UnknownTask { name: name.to_owned(), known });
        }
    };
    let known = tasks.iter().map(|t| t.id.as_str()).collect::<Vec<_>>().join(", ");
    let asked = |t: &Task| t.id == name || t.id.starts_with(&format!("{name}-"));
    let chosen = thin(tasks.into_iter().filter(asked).collect());
    if chosen.is_empty() {
        return Err(ProtocolError::UnknownTask { name: name.to_owned(), known });
    }
    let total = chosen.len() as u64;
    for (done, task) in (0..).zip(&chosen) {
        let report = transfer(task, seed, &mut |step| progress(Progress { task: &task.id, step, done, total }))?;
        ready(TransferReport::Transfer(Box::new(report)));
    }
    Ok(())
}

fn transferability(
    tasks: &[Task],
    name: &str,
    seed: Seed,
    progress: &mut dyn FnMut(Progress<'_>),
    ready: &mut dyn FnMut(TransferReport),
) -> Result<(), ProtocolError> {
    let (rows, about) = match name {
        "transferability-new" => (Some(1000), "targets with 1,000 rows of their own"),
        _ => (None, "targets with all their rows"),
    };
    let mut all: Vec<Example> = Vec::new();
    let total = tasks.len() as u64;
    for (done, task) in (0..).zip(tasks) {
        all.extend(examples(task, rows, seed, &mut |step| progress(Progress { task: &task.id, step, done, total }))?);
    }
    ready(TransferReport::Scores(Box::new(score_report(about, all)?)));
    Ok(())
}
