//! `portolan compare`: every model on the workspace's own purchases, with quality, time and size.
//!
//! One cut: models learn from what lies before the last days and are asked for the new products of those days.
//! All have the parameters that they come with, so nothing is chosen and the figures are honest; which of them
//! serves is decided by `portolan run`, on other days and with its own evidence.

use super::Environment;
use crate::cli;
use crate::exit::{Exit, Stop};
use crate::pipeline::purchases::Purchases;
use crate::trainings::Trainings;
use crate::{output, pipeline};
use anyhow::Result;
use domain::{Interactions, Market, Score, Seed};
use eval::{Case, CoBuyers, Estimate, Metric, Protocol, Report, TemporalSplit, evaluate_with};
use lake::{Engine, EngineOptions, Snapshot};
use recommend::{ModelKind, Strength, prepare, saved};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::Instant;

/// Held-out shoppers that are asked about at most, drawn once.
pub(super) const MOST_CASES: usize = 2_000;

/// Models that take minutes where the others take seconds; they join when they are named.
const SLOW: [&str; 7] = ["sasrec", "gru4rec", "neu-mf", "wide-deep", "shared-bottom", "mmoe", "two-tower"];

/// A model's line.
struct Line {
    kind: ModelKind,
    report: Report,
    ndcg: Estimate,
    recall: Estimate,
    coverage: Option<f64>,
    fit_s: f64,
    score_ms: f64,
    bytes: usize,
}

/// The purchases that models are compared on, once they are computed.
pub(super) async fn purchases(env: &Environment) -> Result<(Engine, Purchases)> {
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    let snapshot = Snapshot::latest(&lake).await?;
    pipeline::computed(&workspace, &snapshot, "compare")?;
    let engine = Engine::open(&lake, &snapshot, &EngineOptions::default()).await?;
    let purchases = Purchases::load(&engine).await?;
    Ok((engine, purchases))
}

pub(crate) async fn run(env: &Environment, args: &cli::Compare) -> Result<ExitCode> {
    if let Some(n) = args.tune {
        return super::tune::run(env, args, usize::from(n)).await;
    }
    let (engine, purchases) = purchases(env).await?;
    let kinds = kinds(args)?;
    let all = &purchases.interactions;
    let last = all.iter().map(|row| row.day).max();
    let thin = |why: String| Stop::error(Exit::Missing, why, "fewer --days, another --market, or more orders");
    let last = last.ok_or_else(|| thin("the lake has no purchase of a known shopper".to_owned()))?;
    let from = last.plus(1 - args.days as i32);
    let split = TemporalSplit::at(from).split(all).map_err(|e| thin(format!("nothing can be held out: {e}")))?;
    let of_market = |case: &&Case| args.market.is_none_or(|market| case.market == market);
    let mut cases: Vec<Case> = split.cases.iter().filter(of_market).cloned().collect();
    if cases.is_empty() {
        let whom = args.market.map_or_else(String::new, |market| format!(" of {market}"));
        return Err(thin(format!("no shopper{whom} bought something new from {from} to {last}")));
    }
    let n_held_out = cases.len();
    Seed(args.seed).stream(0).shuffle(&mut cases);
    cases.truncate(MOST_CASES);
    cases.sort_by_key(|case| case.shopper);
    let alone = args.market.filter(|_| args.alone);
    let markets = split.train.markets();
    let rows = split.train.filter(|row| alone.is_none_or(|market| markets[row.shopper.at()] == market));
    let train = prepare(&rows, Strength::Presence);
    let products: Vec<&str> = purchases.products.iter().map(|p| p.as_str()).collect();

    let bar = output::Bar::new(env.quiet || args.json);
    let trainings = Trainings::shown(&bar);
    trainings.describe(&kinds, &engine, &purchases).await?;
    let (mut lines, mut failed): (Vec<Line>, Vec<(ModelKind, String)>) = (Vec::new(), Vec::new());
    for (i, kind) in kinds.iter().enumerate() {
        bar.step("measuring", kind.name(), i as u64, kinds.len() as u64);
        match tokio::task::block_in_place(|| measure(kind, &train, &cases, &products, Seed(args.seed), &trainings)) {
            Ok(line) => lines.push(line),
            Err(error) => failed.push((*kind, format!("{error:#}"))),
        }
    }
    bar.clear();
    lines.sort_by(|a, b| b.ndcg.mean.total_cmp(&a.ndcg.mean));
    let Some(best) = lines.first() else {
        let why = failed.iter().map(|(kind, why)| format!("{}: {why}", kind.name())).collect::<Vec<_>>().join("; ");
        return Err(thin(format!("no model could be fitted: {why}")));
    };
    let lag = |line: &Line| Some(line.report.better_than(&best.report, Metric::Ndcg(10), None).ok()?.difference);
    let behind: Vec<Option<Estimate>> = lines.iter().map(lag).collect();
    if args.json {
        let models: Vec<Value> = lines.iter().zip(&behind).map(|(line, behind)| line.json(behind.as_ref())).collect();
        let failed: Vec<Value> = failed.iter().map(|(kind, why)| json!({"model": kind.name(), "error": why})).collect();
        output::json(&json!({"from": from, "to": last, "market": args.market, "alone": args.alone,
            "n_held_out": n_held_out, "n_asked": cases.len(), "rows": train.len(), "products": train.n_items(),
            "models": models, "failed": failed}))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!(
        "{} pairs of shopper and product before {from}{}, {} products; asked about {} of {} shoppers{} who bought something new to {last}",
        output::count(train.len()),
        alone.map_or_else(String::new, |market| format!(" in {market} alone")),
        output::count(train.n_items()),
        output::count(cases.len()),
        output::count(n_held_out),
        args.market.map_or_else(String::new, |market| format!(" of {market}")),
    ));
    let rows = lines.iter().zip(&behind).map(|(line, behind)| line.row(behind.as_ref()));
    let header =
        ["model", "nDCG@10 [95 %]", "behind the best [95 %]", "recall@20", "coverage", "fit", "a list", "size"];
    output::table(&header, &[1, 2, 3, 4, 5, 6, 7], rows.collect());
    for (kind, why) in &failed {
        output::note(&format!("{} was left out: {why}", kind.name()));
    }
    // Who cannot be told from the best and is quickest to fit.
    let equal = lines.iter().zip(&behind).filter(|(_, d)| d.as_ref().is_none_or(|d| d.interval.high >= 0.0));
    if let Some((quick, _)) = equal.min_by(|a, b| a.0.fit_s.total_cmp(&b.0.fit_s)) {
        let name = quick.kind.name();
        output::line(&match name == best.kind.name() {
            true => format!("{name} is the best, and none that is quicker to fit is as good"),
            false => format!("{} is the best; {name} is quicker to fit and cannot be told from it", best.kind.name()),
        });
    }
    Ok(ExitCode::SUCCESS)
}

/// The models asked for; without names, all that take seconds.
pub(super) fn kinds(args: &cli::Compare) -> Result<Vec<ModelKind>> {
    let market = args.market.unwrap_or(Market::UNKNOWN);
    let all: Vec<ModelKind> = ModelKind::all(market).to_vec();
    if args.models.is_empty() {
        let of_a_market = |kind: &ModelKind| args.market.is_some() || !matches!(kind, ModelKind::PopularityMarket(_));
        return Ok(all.into_iter().filter(|kind| !SLOW.contains(&kind.name()) && of_a_market(kind)).collect());
    }
    let find = |name: &String| {
        ModelKind::named(name, market).ok_or_else(|| {
            let known = all.iter().map(ModelKind::name).collect::<Vec<_>>().join(", ");
            Stop::error(Exit::Usage, format!("there is no model `{name}`"), format!("the models are {known}"))
        })
    };
    args.models.iter().map(find).collect()
}

fn measure(
    kind: &ModelKind,
    train: &Interactions,
    cases: &[Case],
    products: &[&str],
    seed: Seed,
    trainings: &Trainings<'_>,
) -> Result<Line> {
    let started = Instant::now();
    let model = trainings.fit(kind, train, seed)?;
    let fit_s = started.elapsed().as_secs_f64();
    let protocol = Protocol { seed, ..Protocol::default() };
    let started = Instant::now();
    let scorer: &dyn Score = &*model;
    let report = evaluate_with(|_| Some(scorer), cases, train.n_items(), &protocol)?;
    let score_ms = 1_000.0 * started.elapsed().as_secs_f64() / cases.len() as f64;
    let bytes = saved::save(kind, model.as_ref(), 0, products).len();
    let coverage = report.summary(&CoBuyers::new(train), None)?.coverage.map(|c| c.mean);
    let (ndcg, recall) = (report.estimate(Metric::Ndcg(10), None)?, report.estimate(Metric::Recall(20), None)?);
    Ok(Line { kind: *kind, ndcg, recall, coverage, fit_s, score_ms, bytes, report })
}

impl Line {
    fn row(&self, behind: Option<&Estimate>) -> Vec<String> {
        let range = |e: &Estimate| format!("{:.4} [{:.4}, {:.4}]", e.mean, e.interval.low, e.interval.high);
        let best = behind.is_none_or(|d| d.mean == 0.0);
        let lag = behind.filter(|_| !best);
        vec![
            self.kind.name().to_owned(),
            range(&self.ndcg),
            lag.map_or_else(String::new, |d| {
                format!("{:+.4} [{:+.4}, {:+.4}]", d.mean, d.interval.low, d.interval.high)
            }),
            format!("{:.4}", self.recall.mean),
            self.coverage.map_or_else(String::new, |share| format!("{:.0} %", 100.0 * share)),
            format!("{:.2} s", self.fit_s),
            format!("{:.2} ms", self.score_ms),
            format!("{:.1} MiB", self.bytes as f64 / f64::from(1 << 20)),
        ]
    }

    fn json(&self, behind: Option<&Estimate>) -> Value {
        let interval = |e: &Estimate| json!({"mean": e.mean, "low": e.interval.low, "high": e.interval.high});
        json!({"model": self.kind.name(), "ndcg@10": interval(&self.ndcg), "recall@20": interval(&self.recall),
            "coverage@10": self.coverage, "fit_s": self.fit_s, "score_ms": self.score_ms, "bytes": self.bytes,
            "behind": behind.map(|d| json!({"mean": d.mean, "low": d.interval.low, "high": d.interval.high}))})
    }
}
