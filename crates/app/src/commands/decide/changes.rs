//! `portolan decide changes`: what the newest run decided otherwise than the one before, and who took which change over.
//!
//! Runs leave snapshots; two of them that hold decisions are compared: advised prices, floors, weekly spend, verdicts, what to do next. A
//! change that somebody takes over or turns down is written, a line each, to `decisions.jsonl` beside `portolan.toml`: who, when, which
//! snapshots, what, why. Lines are only ever added.

use super::Opened;
use crate::exit::{Exit, Stop};
use crate::{cli, output};
use anyhow::{Context, Result};
use lake::{Engine, EngineOptions, Snapshot};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

/// The audit trail.
const TRAIL: &str = "decisions.jsonl";

pub(super) async fn changes(opened: &Opened, args: &cli::Changes) -> Result<()> {
    let path = opened.workspace.root.join(TRAIL);
    if args.trail {
        return trail(&path, args.json);
    }
    let lake = opened.workspace.lake()?;
    let now = &opened.snapshot;
    let before = match args.since {
        Some(number) => Snapshot::load(&lake, number).await.map_err(|e| {
            Stop::error(
                Exit::Missing,
                e.to_string(),
                "`portolan tables` says the newest; earlier ones are numbered down to 1",
            )
        })?,
        None => earlier(&lake, now).await?.ok_or_else(|| {
            Stop::error(
                Exit::Missing,
                "there is no earlier run whose decisions differ in what they rest on",
                "after new orders, `portolan run` decides again, and this command says what changed",
            )
        })?,
    };
    let old = Engine::open(&lake, &before, &EngineOptions::default()).await?;
    let of = args.market.get().map_or_else(|| "true".to_owned(), |m| format!("market = '{m}'"));
    let mut found: Vec<Value> = Vec::new();
    for (kind, sql) in [
        (
            "price",
            format!(
                "select market, product_id as what, cast(advised as double) as value from marts.prices where advised is not null and {of}"
            ),
        ),
        (
            "floor",
            format!(
                "select market, product_id as what, cast(floor as double) as value from marts.prices where floor is not null and {of}"
            ),
        ),
        ("spend a week", format!("select market, channel as what, advised as value from marts.budget where {of}")),
        (
            "expected",
            format!(
                "select market, figure as what, value from marts.decision_figures where value is not null and {of}"
            ),
        ),
    ] {
        let (then, now) = (numbers(&old, &sql).await?, numbers(&opened.engine, &sql).await?);
        let keys: BTreeSet<&(String, String)> = then.keys().chain(now.keys()).collect();
        for key in keys {
            let (a, b) = (then.get(key).copied(), now.get(key).copied());
            let same = a.zip(b).is_some_and(|(a, b)| (a - b).abs() <= args.least / 100.0 * a.abs().max(1e-9));
            if !same {
                let move_of = a.zip(b).filter(|(a, _)| *a != 0.0).map(|(a, b)| (b - a) / a.abs());
                found.push(
                    json!({"market": key.0, "kind": kind, "what": key.1, "before": a, "after": b, "change": move_of}),
                );
            }
        }
    }
    for (kind, sql) in [
        ("verdict", format!("select market, product_id as what, verdict as value from marts.sellability where {of}")),
        (
            "to do",
            format!(
                "select market, en as what, kind as value from marts.decision_actions where kind = 'action' and {of}"
            ),
        ),
    ] {
        let (then, now) = (texts(&old, &sql).await?, texts(&opened.engine, &sql).await?);
        let keys: BTreeSet<&(String, String)> = then.keys().chain(now.keys()).collect();
        for key in keys {
            let (a, b) = (then.get(key), now.get(key));
            if a != b {
                found.push(json!({"market": key.0, "kind": kind, "what": key.1, "before": a, "after": b, "change": Value::Null}));
            }
        }
    }
    let size = |v: &Value| v["change"].as_f64().map_or(f64::INFINITY, f64::abs);
    found.sort_by(|a, b| {
        let kind = |v: &Value| {
            (v["market"].as_str().unwrap_or_default().to_owned(), v["kind"].as_str().unwrap_or_default().to_owned())
        };
        kind(a).cmp(&kind(b)).then(size(b).total_cmp(&size(a)))
    });
    for (i, change) in found.iter_mut().enumerate() {
        change["number"] = Value::from(i + 1);
    }
    if let Some(by) = &args.by {
        return note(&path, args, by, &found, (before.number, now.number));
    }
    if args.json {
        return output::json(&json!({"from": before.number, "to": now.number, "changes": found}));
    }
    output::line(&format!(
        "snapshot {} beside {}: {} changes of {} % or more",
        now.number,
        before.number,
        found.len(),
        args.least
    ));
    let cells = found.iter().take(args.n).map(|c| {
        let text = |key: &str| match &c[key] {
            Value::String(text) => text.clone(),
            Value::Number(n) => n.as_f64().map_or_else(String::new, |x| format!("{x:.2}")),
            _ => "none".to_owned(),
        };
        let change = c["change"].as_f64().map_or_else(String::new, |x| format!("{:+.1} %", 100.0 * x));
        vec![c["number"].to_string(), text("market"), text("kind"), text("what"), text("before"), text("after"), change]
    });
    output::table(&["", "market", "kind", "what", "before", "now", "change"], &[0, 4, 5, 6], cells.collect());
    output::hint(
        "--take 3,5 --by NAME notes that changes 3 and 5 were taken over, --refuse likewise; --trail shows what was noted",
    );
    Ok(())
}

/// The newest snapshot before this one with decisions of another fingerprint.
async fn earlier(lake: &lake::Lake, now: &Snapshot) -> Result<Option<Snapshot>> {
    let stage = |s: &Snapshot| s.stages.get("decisions").cloned();
    for number in Snapshot::numbers(lake).await?.into_iter().filter(|n| *n < now.number).rev() {
        let snapshot = Snapshot::load(lake, number).await?;
        if stage(&snapshot).is_some() && stage(&snapshot) != stage(now) {
            return Ok(Some(snapshot));
        }
    }
    Ok(None)
}

async fn rows(engine: &Engine, sql: &str) -> Result<Vec<Value>> {
    let batches = engine.sql(sql).await?;
    let mut writer = arrow::json::ArrayWriter::new(Vec::new());
    for batch in &batches {
        writer.write(batch)?;
    }
    writer.finish()?;
    let bytes = writer.into_inner();
    Ok(if bytes.is_empty() { Vec::new() } else { serde_json::from_slice(&bytes)? })
}

async fn numbers(engine: &Engine, sql: &str) -> Result<BTreeMap<(String, String), f64>> {
    let key = |r: &Value| Some((r["market"].as_str()?.to_owned(), r["what"].as_str()?.to_owned()));
    Ok(rows(engine, sql).await?.iter().filter_map(|r| Some((key(r)?, r["value"].as_f64()?))).collect())
}

async fn texts(engine: &Engine, sql: &str) -> Result<BTreeMap<(String, String), String>> {
    let key = |r: &Value| Some((r["market"].as_str()?.to_owned(), r["what"].as_str()?.to_owned()));
    Ok(rows(engine, sql).await?.iter().filter_map(|r| Some((key(r)?, r["value"].as_str()?.to_owned()))).collect())
}

/// Adds a line a change to the trail.
fn note(path: &std::path::Path, args: &cli::Changes, by: &str, found: &[Value], (from, to): (u64, u64)) -> Result<()> {
    let at = crate::commands::ingest::today().to_string();
    let mut lines = String::new();
    for (verdict, numbers) in [("taken", &args.take), ("refused", &args.refuse)] {
        for number in numbers {
            let change = found.get(number.wrapping_sub(1)).ok_or_else(|| {
                Stop::error(
                    Exit::Usage,
                    format!("there is no change {number}"),
                    format!("they are numbered 1 to {}", found.len()),
                )
            })?;
            let line = json!({"at": at, "by": by, "verdict": verdict, "why": args.why, "from": from, "to": to, "change": change});
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
    }
    if lines.is_empty() {
        return Err(Stop::error(
            Exit::Usage,
            "--by without a change",
            "add --take 3,5 or --refuse 4, numbers of the list",
        ));
    }
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("opening {}", path.display()))?;
    file.write_all(lines.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("writing {}", path.display()))?;
    output::line(&format!("{} noted in {}", lines.lines().count(), path.display()));
    Ok(())
}

fn trail(path: &std::path::Path, json: bool) -> Result<()> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(e).with_context(|| format!("reading {}", path.display())),
    };
    let mut all: Vec<Value> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        all.push(serde_json::from_str(line).map_err(|e| {
            Stop::error(
                Exit::BadInput,
                format!("{}: line {}: {e}", path.display(), i + 1),
                "a line is a JSON object as this program wrote it",
            )
        })?);
    }
    if json {
        return output::json(&all);
    }
    if all.is_empty() {
        output::line("nothing was noted yet");
        return Ok(());
    }
    let cells = all.iter().map(|r| {
        let text = |v: &Value| match v {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let c = &r["change"];
        vec![
            text(&r["at"]),
            text(&r["by"]),
            text(&r["verdict"]),
            text(&c["market"]),
            text(&c["kind"]),
            text(&c["what"]),
            text(&c["before"]),
            text(&c["after"]),
            text(&r["why"]),
        ]
    });
    output::table(&["at", "by", "", "market", "kind", "what", "before", "after", "why"], &[], cells.collect());
    Ok(())
}
