//! `portolan quality`.

use super::Environment;
use crate::{cli, output};
use anyhow::Result;
use lake::{Engine, EngineOptions, GateResult, GateRow, Snapshot};
use serde::Serialize;
use std::collections::BTreeMap;
use std::process::ExitCode;

#[derive(Serialize)]
struct Whole<'a> {
    gates: &'a [GateRow],
    #[serde(flatten)]
    report: &'a lake::QualityReport,
}

pub(crate) async fn run(env: &Environment, args: &cli::Quality) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    let snapshot = Snapshot::latest(&lake).await?;
    let engine = Engine::open(&lake, &snapshot, &EngineOptions::default()).await?;
    let report = lake::quality(&engine).await?;
    // Measured now, not read from marts.gates: they are for the files and limits of now.
    let mut gates = lake::measure_gates(&engine, &workspace.gates).await?;
    gates.sort_by_key(|g| g.result);
    if args.json {
        output::json(&Whole { gates: &gates, report: &report })?;
        return Ok(ExitCode::SUCCESS);
    }
    show_gates(&gates);
    output::line("\nWhat came");
    show_sources(&report.sources);
    output::line("\nWhat the rules found");
    let rows = report.rules.iter().map(|r| {
        vec![
            r.rule.clone(),
            r.policy.clone(),
            output::count(r.checked),
            output::count(r.touched),
            r.sample.clone().unwrap_or_default(),
        ]
    });
    output::table(&["rule", "what it does", "checked", "touched", "example"], &[2, 3], rows.collect());
    let totals = &report.totals;
    if totals.stated > 0 {
        output::line(&format!(
            "\nTotals: {} of {} orders with a stated total add up to the cent",
            output::count(totals.tied),
            output::count(totals.stated)
        ));
    }
    if !totals.open.is_empty() {
        let rows = totals
            .open
            .iter()
            .map(|o| vec![o.order_id.clone(), o.currency.clone(), o.stated.clone(), o.lines.clone(), o.first.clone()]);
        output::table(&["order", "currency", "stated", "lines come to", "where"], &[2, 3], rows.collect());
        output::hint("all of them: portolan sql \"select * from orders where total <> stated_total\"");
    }
    if !report.sentiment.is_empty() {
        output::line("\nWhat the words of reviews say (clean.sentiment_quality)");
        let percent = |x: Option<f64>| x.map(|x| format!("{:.1} %", 100.0 * x)).unwrap_or_default();
        let rows = report.sentiment.iter().map(|s| {
            vec![
                s.language.clone(),
                output::count(s.rated),
                percent(s.accuracy),
                percent(s.majority),
                if s.used { "words and stars" } else { "stars alone" }.to_owned(),
                s.why.clone(),
            ]
        });
        let header = ["language", "rated", "told right, held out", "by the more frequent side", "counts", "why"];
        output::table(&header, &[1, 2, 3], rows.collect());
    }
    if !report.interactions.is_empty() {
        output::line("\nWho did what on networks (clean.interactions)");
        let rows = report.interactions.iter().map(|r| {
            let rate = format!("{:.1} %", 100.0 * r.link_rate);
            let counts = [r.interactions, r.linked].map(output::count);
            let rest = [r.by_own_key, r.by_handle, r.unknown_authors, r.repeats].map(output::count);
            [vec![r.platform.clone()], counts.to_vec(), vec![rate], rest.to_vec()].concat()
        });
        let header = [
            "network",
            "interactions",
            "of known shoppers",
            "link rate",
            "by own key",
            "by handle",
            "unknown authors",
            "repeats merged",
        ];
        output::table(&header, &[1, 2, 3, 4, 5, 6, 7], rows.collect());
    }
    if !report.rejects.is_empty() {
        output::line("\nWhat was put aside (rejects.rows)");
        let rows = report
            .rejects
            .iter()
            .map(|r| vec![r.table.clone(), r.rule.clone(), output::count(r.rows), r.first.clone()]);
        output::table(&["table", "rule", "rows", "the first"], &[2], rows.collect());
    }
    Ok(ExitCode::SUCCESS)
}

/// Licence, origin and day of a source, as far as somebody stated them.
fn stated(source: &lake::SourceRow) -> String {
    let parts = [&source.licence, &source.origin, &source.obtained];
    if parts.iter().all(|p| p.is_none()) {
        return "not stated".to_owned();
    }
    parts.map(|p| p.as_deref().unwrap_or("not stated")).join(", ")
}

/// Pictures, sounds and videos one line a format: hundreds of files without a remark would hide those with one.
fn show_sources(sources: &[lake::SourceRow]) {
    let (mut rows, mut media) = (Vec::new(), BTreeMap::<(&str, String), i64>::new());
    for s in sources {
        let licence = stated(s);
        // Such a file is one row; a table in a binary format has more to say for itself.
        if s.encoding == "binary" && s.rows == 1 && s.rejected == 0 && s.notes.is_empty() {
            *media.entry((&s.format, licence)).or_default() += 1;
            continue;
        }
        rows.push(vec![
            s.name.clone(),
            s.format.clone(),
            s.encoding.clone(),
            output::count(s.rows),
            output::count(s.rejected),
            licence,
            s.notes.join("; "),
        ]);
    }
    for ((format, licence), n) in media {
        let files = format!("{} {}", output::count(n), if n == 1 { "file" } else { "files" });
        let none = output::count(0_i64);
        rows.push(vec![files, format.to_owned(), "binary".to_owned(), output::count(n), none, licence, String::new()]);
    }
    output::table(
        &["file", "format", "encoding", "rows", "put aside", "licence, origin, obtained", "remarks"],
        &[3, 4],
        rows,
    );
}

/// Failing gates first, each in a sentence, then all that had something to look at.
fn show_gates(gates: &[GateRow]) {
    output::line("Quality gates");
    for gate in gates.iter().filter(|g| g.exceeded()) {
        output::verdict(gate.result == GateResult::Fail, gate.severity.word(), &gate.to_string());
    }
    let shown = gates.iter().filter(|g| g.result != GateResult::NoData);
    let rows: Vec<Vec<String>> = shown
        .map(|g| {
            let in_unit = |x: f64| if g.unit == "days" { format!("{x} days") } else { format!("{:.2} %", 100.0 * x) };
            vec![
                g.result.word().to_owned(),
                g.gate.to_owned(),
                g.kind.word().to_owned(),
                output::count(g.checked),
                output::count(g.failing),
                g.measured.map(in_unit).unwrap_or_default(),
                in_unit(g.at_most),
                g.example.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let silent = gates.len() - rows.len();
    let header = ["result", "gate", "kind", "rows", "failing", "found", "at most", "example"];
    output::table(&header, &[3, 4, 5, 6], rows);
    if silent > 0 {
        output::line(&format!("{silent} more gates have no rows to look at"));
    }
}
