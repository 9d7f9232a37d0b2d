//! `portolan compare --tune N`: other parameters of each model, tried on the workspace's own purchases.
//!
//! Three periods: what is learnt from, the validation days and the test days, both of the same length. The default and
//! `N - 1` drawn settings learn from what lies before the validation days and are marked on these; the best of them and the
//! default then learn from everything before the test days and are asked about those once. So the gain that is shown was
//! not chosen by. The same data, seed and number give the same result.

use super::Environment;
use super::compare::{MOST_CASES, kinds, purchases};
use crate::cli;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::parameters::parameters;
use crate::trainings::Trainings;
use anyhow::Result;
use domain::{Interactions, Score, Seed};
use eval::{Case, Estimate, Metric, Nested, Protocol, Report, Split, TemporalSplit, evaluate_with};
use recommend::{ModelKind, Strength, prepare};
use serde_json::{Value, json};
use std::process::ExitCode;

/// What the metric of choice and of the gain is.
const MARK: Metric = Metric::Ndcg(10);

/// One model, tuned.
struct Tuned {
    model: &'static str,
    /// Settings tried.
    tried: usize,
    /// On the validation days, of the default and of the best.
    validation: [f64; 2],
    /// On the test days, likewise.
    test: [Estimate; 2],
    gain: Estimate,
    best: ModelKind,
}

/// Rows to learn from and questions.
struct Window {
    train: Interactions,
    cases: Vec<Case>,
}

struct Search<'a> {
    validation: Window,
    test: Window,
    trainings: &'a Trainings<'a>,
    seed: Seed,
}

pub(super) async fn run(env: &Environment, args: &cli::Compare, n: usize) -> Result<ExitCode> {
    let (engine, purchases) = purchases(env).await?;
    let mut kinds = kinds(args)?;
    // What has nothing to choose is left out unless it was named.
    kinds.retain(|kind| !args.models.is_empty() || kind.drawn(&mut Seed(0).stream(0)).is_some());
    let all = &purchases.interactions;
    let thin = |why: String| Stop::error(Exit::Missing, why, "fewer --days, another --market, or more orders");
    let last = all.iter().map(|row| row.day).max();
    let last = last.ok_or_else(|| thin("the lake has no purchase of a known shopper".to_owned()))?;
    let days = i32::from(args.days);
    let from = last.plus(1 - days);
    let splits = Nested::new(all, &TemporalSplit::at(from), days);
    let splits = splits.map_err(|e| thin(format!("nothing can be held out twice: {e}")))?;
    let seed = Seed(args.seed);
    let window = |split: &Split| -> Result<Window> {
        let markets = split.train.markets();
        let alone = args.market.filter(|_| args.alone);
        let rows = split.train.filter(|row| alone.is_none_or(|market| markets[row.shopper.at()] == market));
        let mut cases = split.cases.clone();
        cases.retain(|case| args.market.is_none_or(|market| case.market == market));
        if cases.is_empty() {
            return Err(thin(format!("no shopper bought something new in one of the two periods of {days} days")));
        }
        seed.stream(0).shuffle(&mut cases);
        cases.truncate(MOST_CASES);
        cases.sort_by_key(|case| case.shopper);
        Ok(Window { train: prepare(&rows, Strength::Presence), cases })
    };
    let (validation, test) = (window(&splits.validation)?, window(&splits.test)?);
    let bar = output::Bar::new(env.quiet || args.json);
    let trainings = Trainings::shown(&bar);
    trainings.describe(&kinds, &engine, &purchases).await?;
    let search = Search { validation, test, trainings: &trainings, seed };
    let (mut tuned, mut failed): (Vec<Tuned>, Vec<(&'static str, String)>) = (Vec::new(), Vec::new());
    let total = (kinds.len() * (n + 2)) as u64;
    for (i, kind) in kinds.iter().enumerate() {
        let mut step = |done: usize| bar.step("trying", kind.name(), (i * (n + 2) + done) as u64, total);
        match tokio::task::block_in_place(|| search.tune(kind, n, &mut step)) {
            Ok(found) => tuned.push(found),
            Err(error) => failed.push((kind.name(), format!("{error:#}"))),
        }
    }
    bar.clear();
    if tuned.is_empty() {
        let why = failed.iter().map(|(model, why)| format!("{model}: {why}")).collect::<Vec<_>>().join("; ");
        return Err(thin(format!("no model could be fitted: {why}")));
    }
    tuned.sort_by(|a, b| b.test[1].mean.total_cmp(&a.test[1].mean));
    if args.json {
        let interval = |e: &Estimate| json!({"mean": e.mean, "low": e.interval.low, "high": e.interval.high});
        let row = |t: &Tuned| {
            json!({"model": t.model, "tried": t.tried, "validation_default": t.validation[0], "validation_best": t.validation[1],
                "test_default": interval(&t.test[0]), "test_best": interval(&t.test[1]), "gain": interval(&t.gain),
                "parameters": parameters(&t.best)})
        };
        let failed: Vec<Value> = failed.iter().map(|(model, why)| json!({"model": model, "error": why})).collect();
        output::json(
            &json!({"metric": MARK.to_string(), "test_from": from, "to": last, "days": days, "seed": args.seed,
            "n_validation": search.validation.cases.len(), "n_test": search.test.cases.len(),
            "models": tuned.iter().map(row).collect::<Vec<Value>>(), "failed": failed}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!(
        "{MARK}; chosen on {} shoppers of the {days} days before {from}, asked about {} of the days from then to {last}",
        output::count(search.validation.cases.len()),
        output::count(search.test.cases.len()),
    ));
    let range = |e: &Estimate| format!("{:.4} [{:.4}, {:.4}]", e.mean, e.interval.low, e.interval.high);
    let row = |t: &Tuned| {
        let d = &t.gain;
        vec![
            t.model.to_owned(),
            t.tried.to_string(),
            format!("{:.4} to {:.4}", t.validation[0], t.validation[1]),
            range(&t.test[0]),
            range(&t.test[1]),
            format!("{:+.4} [{:+.4}, {:+.4}]", d.mean, d.interval.low, d.interval.high),
        ]
    };
    let header = ["model", "tried", "when chosen", "default, test", "best, test", "gain [95 %]"];
    output::table(&header, &[1, 2, 3, 4, 5], tuned.iter().map(row).collect());
    for t in &tuned {
        output::line(&format!("{}: {}", t.model, parameters(&t.best)));
    }
    for (model, why) in &failed {
        output::note(&format!("{model} was left out: {why}"));
    }
    Ok(ExitCode::SUCCESS)
}

impl Search<'_> {
    fn marks(&self, kind: &ModelKind, window: &Window) -> Result<Report> {
        let model = self.trainings.fit(kind, &window.train, self.seed)?;
        let protocol = Protocol { seed: self.seed, metrics: vec![MARK], ..Protocol::default() };
        let scorer: &dyn Score = &*model;
        Ok(evaluate_with(|_| Some(scorer), &window.cases, window.train.n_items(), &protocol)?)
    }

    /// The default and drawn settings; the first of the best wins.
    fn tune(&self, kind: &ModelKind, n: usize, step: &mut dyn FnMut(usize)) -> Result<Tuned> {
        let mut rng = self.seed.derive(1).stream(0);
        let drawn = (1..n).map_while(|_| kind.drawn(&mut rng));
        let settings: Vec<ModelKind> = std::iter::once(*kind).chain(drawn).collect();
        let mut marks: Vec<f64> = Vec::new();
        for (at, setting) in settings.iter().enumerate() {
            step(at);
            match self.marks(setting, &self.validation) {
                Ok(report) => marks.push(report.estimate(MARK, None)?.mean),
                // A drawn setting may run away; the default has to work.
                Err(error) if at == 0 => return Err(error),
                Err(_) => marks.push(f64::NEG_INFINITY),
            }
        }
        let best = (0..marks.len()).max_by(|a, b| marks[*a].total_cmp(&marks[*b]).then(b.cmp(a))).unwrap_or(0);
        step(n);
        let old = self.marks(kind, &self.test)?;
        step(n + 1);
        let new = if best == 0 { old.clone() } else { self.marks(&settings[best], &self.test)? };
        let gain = new.better_than(&old, MARK, None)?.difference;
        let test = [old.estimate(MARK, None)?, new.estimate(MARK, None)?];
        let tried = settings.len();
        Ok(Tuned { model: kind.name(), tried, validation: [marks[0], marks[best]], test, gain, best: settings[best] })
    }
}
