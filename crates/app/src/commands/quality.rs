//! `portolan quality`.

use super::Environment;
use crate::{cli, output};
use anyhow::Result;
use lake::{Engine, EngineOptions, Snapshot};
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Quality) -> Result<ExitCode> {
    let lake = env.workspace()?.lake()?;
    let snapshot = Snapshot::latest(&lake).await?;
    let engine = Engine::open(&lake, &snapshot, &EngineOptions::default()).await?;
    let report = lake::quality(&engine).await?;
    if args.json {
        output::json(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line("What came");
    let rows = report.sources.iter().map(|s| {
        vec![
            s.name.clone(),
            s.format.clone(),
            s.encoding.clone(),
            output::count(s.rows),
            output::count(s.rejected),
            s.notes.join("; "),
        ]
    });
    output::table(&["file", "format", "encoding", "rows", "put aside", "remarks"], &[3, 4], rows.collect());
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
