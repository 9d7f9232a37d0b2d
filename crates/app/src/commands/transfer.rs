//! `portolan transfer`: what sources bring to a target on the workspace's own orders, scored before training,
//! proved or refused, with the learning curve and the rows that it saves.

use super::Environment;
use crate::cli;
use crate::exit::{Exit, Stop};
use crate::pipeline::purchases::Purchases;
use crate::transfer::{Depth, Domains, Measured, measure};
use crate::{output, pipeline};
use anyhow::Result;
use domain::Seed;
use lake::{Engine, EngineOptions, Snapshot};
use recommend::transfer::Source;
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Transfer) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    let snapshot = Snapshot::latest(&lake).await?;
    pipeline::computed(&workspace, &snapshot, "transfer")?;
    let engine = Engine::open(&lake, &snapshot, &EngineOptions::default()).await?;
    let rows = Purchases::by_domain(&engine, args.by).await?;
    let known: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    let find = |name: &str| {
        rows.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(known, rows)| (known.clone(), rows.clone()))
    };
    let missing = |name: &str| {
        let what = format!("no {} `{name}` has a purchase", args.by.word());
        Stop::error(Exit::Missing, what, format!("those with purchases are {}", known.join(", ")))
    };
    let (target_name, target) = find(&args.to).ok_or_else(|| missing(&args.to))?;
    let mut sources = Vec::new();
    for name in &args.from {
        let (name, rows) = find(name).ok_or_else(|| missing(name))?;
        if name != target_name && !sources.iter().any(|s: &Source| s.name == name) {
            sources.push(Source { name, rows });
        }
    }
    if args.from.is_empty() {
        let others = rows.iter().filter(|(name, _)| *name != target_name);
        sources.extend(others.map(|(name, rows)| Source { name: name.clone(), rows: rows.clone() }));
    }
    if sources.is_empty() {
        let what = format!("`{target_name}` is the only {} given", args.by.word());
        return Err(Stop::error(Exit::Usage, what, "--from names at least one other"));
    }
    let depth = if args.quick { Depth::Quick } else { Depth::Full };
    let bar = output::Bar::new(env.quiet);
    let domains = Domains { target, sources };
    let measured = tokio::task::block_in_place(|| {
        let mut progress = |step: &str| bar.step("measuring", step, 0, 1);
        measure(&target_name, &domains, depth, Seed(args.seed), &mut progress)
    })?;
    bar.clear();
    if args.json {
        output::json(&json!({"by": args.by.word(), "to": target_name, "measured": measured}))?;
    } else {
        print(&target_name, &measured);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(target: &str, measured: &Measured) {
    let percent = |x: f64| format!("{:+.1} %", 100.0 * x);
    output::line(&format!("before training: the gain that each source promises {target}"));
    let mut header = vec!["source", "score"];
    header.extend(recommend::transfer::source_score::PARTS);
    let rows = measured.promises.iter().map(|p| {
        let mut row = vec![p.source.clone(), percent(p.score)];
        row.extend(p.parts.iter().map(|(_, value, adds)| format!("{value:.2} ({})", percent(*adds))));
        row
    });
    output::table(&header, &[1], rows.collect());
    let (validation, test, last) = measured.days;
    let Some(study) = &measured.study else {
        output::line(&format!(
            "too few held-out shoppers to prove anything: {} from {validation}, {} from {test} to {last}",
            measured.n_questions.0, measured.n_questions.1
        ));
        return;
    };
    output::line(&format!(
        "chosen and decided from {validation} on {} shoppers, measured again from {test} to {last} on {}; {}",
        study.n_validation, study.n_test, study.metric
    ));
    let interval = |mean: f64, low: f64, high: f64| format!("{mean:+.4} [{low:+.4}, {high:+.4}]");
    let alone = vec![
        "target alone".to_owned(),
        study.alone_chosen.clone(),
        String::new(),
        String::new(),
        format!("{:.4}", study.alone.mean),
        String::new(),
    ];
    let methods = study.methods.iter().map(|m| {
        let v = &m.verdict;
        let d = &m.gain.difference;
        vec![
            m.name.to_owned(),
            m.chosen.clone(),
            v.gain.map_or(String::new(), |g| interval(g, v.low.unwrap_or(g), v.high.unwrap_or(g))),
            if v.accepted { "accepted" } else { "refused" }.to_owned(),
            format!("{:.4}", m.test.mean),
            interval(d.mean, d.interval.low, d.interval.high),
        ]
    });
    output::table(
        &["method", "chosen", "gain when decided", "verdict", "later", "gain later"],
        &[2, 4, 5],
        std::iter::once(alone).chain(methods).collect(),
    );
    let word = if study.verdict.accepted { "accepted" } else { "refused: the target's own model stays" };
    output::line(&format!("transfer {word} ({}): {}", study.best, study.verdict.reason));
    let curve = measured.curve.iter().map(|p| {
        let d = &p.gain.difference;
        vec![
            format!("{:.0}", p.k),
            format!("{:.4}", p.alone),
            format!("{:.4}", p.transferred),
            interval(d.mean, d.interval.low, d.interval.high),
            format!("{}{:.0}", if p.at_least { "at least " } else { "" }, p.saved),
        ]
    });
    output::table(
        &["purchases of the target", "target alone", "transferred", "gain", "purchases saved"],
        &[0, 1, 2, 3, 4],
        curve.collect(),
    );
}
