//! The quality gates before everything that learns: measured, written into `marts.gates`, and where one
//! fails nothing after them is computed, so that the marts in force stay what they were.

use super::batch::Columns;
use super::rows::Rows;
use crate::exit::{Exit, Stop};
use crate::workspace::Workspace;
use anyhow::Result;
use arrow::array::RecordBatch;
use lake::{Engine, EngineOptions, GateResult, GateRow, Lake, LakeLock, Snapshot, measure_gates};
use sha2::{Digest, Sha256};

/// Name of the stage in a snapshot.
const STAGE: &str = "gates";

/// Raised when a gate asks something else.
const VERSION: u32 = 2;

/// Whether a failing gate stops a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    /// It does.
    Stop,
    /// The operator said to go on; that is recorded.
    Allow,
}

/// What a snapshot remembers: the clean tables and limits that were measured, and whether a gate failed
/// and was allowed.
fn remembered(snapshot: &Snapshot, workspace: &Workspace) -> String {
    let clean = snapshot.stages.get("clean").map_or("", String::as_str);
    let text = format!("{clean} {STAGE} {VERSION} {:?}", workspace.gates);
    Sha256::digest(text).iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// Measures the gates unless they passed on the same data and limits before, writes them, and stops
/// where one fails and nobody allowed it. Gives what was exceeded, in words.
pub(crate) async fn check(
    workspace: &Workspace,
    lake: &Lake,
    lock: &LakeLock,
    snapshot: &Snapshot,
    failing: Failing,
) -> Result<Vec<String>> {
    let engine = Engine::open(lake, snapshot, &EngineOptions::default()).await?;
    let entry = remembered(snapshot, workspace);
    if snapshot.stages.get(STAGE) == Some(&entry) {
        let sql = "select gate || ': ' || says as said, result from marts.gates \
                   where result in ('fail', 'allowed', 'warn') order by gate";
        let rows = Rows::query(&engine, sql).await?;
        if rows.texts("result")?.iter().all(|r| r == GateResult::Warn.word()) {
            return rows.texts("said");
        }
    }
    let mut gates = measure_gates(&engine, &workspace.gates).await?;
    if failing == Failing::Allow {
        for gate in gates.iter_mut().filter(|g| g.result == GateResult::Fail) {
            gate.result = GateResult::Allowed;
        }
    }
    lake::write_mart(lake, lock, STAGE, &entry, vec![("gates", vec![table(&gates)?])]).await?;
    let failed: Vec<&GateRow> = gates.iter().filter(|g| g.result == GateResult::Fail).collect();
    if let Some(first) = failed.first() {
        let others = match failed.len() {
            1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        let what = format!("quality gate {first}{others}; nothing was computed, what was computed before stays");
        let next = format!(
            "`portolan quality` shows every gate; mend the files or the mapping, set another limit for `{}` under [gates] \
             in portolan.toml, or go on with --allow-failed-gates, which marts.gates records",
            first.gate
        );
        return Err(Stop::error(Exit::Gate, what, next));
    }
    let allowed = |g: &&GateRow| g.result == GateResult::Allowed;
    let said = |g: &GateRow| if allowed(&g) { format!("{g} (failed, and allowed)") } else { g.to_string() };
    Ok(gates.iter().filter(|g| g.exceeded()).map(said).collect())
}

fn table(gates: &[GateRow]) -> Result<RecordBatch> {
    let each = |f: fn(&GateRow) -> &str| gates.iter().map(f);
    Columns::default()
        .text("gate", each(|g| g.gate))
        .text("kind", each(|g| g.kind.word()))
        .text("table_name", each(|g| g.table))
        .text("column", each(|g| g.column))
        .text("severity", each(|g| g.severity.word()))
        .text("result", each(|g| g.result.word()))
        .text("unit", each(|g| g.unit))
        .float("at_most", gates.iter().map(|g| g.at_most))
        .optional_float("measured", gates.iter().map(|g| g.measured))
        .int("checked", gates.iter().map(|g| g.checked))
        .int("failing", gates.iter().map(|g| g.failing))
        .optional_text("example", gates.iter().map(|g| g.example.as_deref()))
        .text("says", each(|g| &g.says))
        .text("says_zh", each(|g| &g.says_zh))
        .batch()
}
