//! The stages behind `portolan run`: each reads the newest snapshot, writes its marts and a
//! fingerprint of what they came from, and is left out when that fingerprint has not changed. A
//! run that is killed has lost the stage it was in and nothing else.

pub(crate) mod batch;
mod evidence;
pub(crate) mod gather;
pub(crate) mod measured;
pub(crate) mod offers;
pub(crate) mod purchases;
pub(crate) mod queries;
pub(crate) mod rows;
mod rules;
mod segments;

use crate::exit::{Exit, Stop};
use crate::output::Bar;
use crate::workspace::Workspace;
use anyhow::Result;
use arrow::array::RecordBatch;
use domain::{Amount, Market, Seed};
use lake::{Engine, EngineOptions, Lake, LakeLock, Snapshot};
use rows::Rows;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub(crate) struct RunReport {
    /// Stages that were computed.
    pub(crate) computed: Vec<&'static str>,
    /// Stages whose inputs had not changed.
    pub(crate) unchanged: Vec<&'static str>,
    /// The snapshot afterwards.
    pub(crate) snapshot: u64,
}

/// What every stage gets.
pub(crate) struct Stage<'a> {
    pub(crate) engine: Engine,
    pub(crate) workspace: &'a Workspace,
    pub(crate) seed: Seed,
    pub(crate) bar: &'a Bar,
}

/// Share of order lines put aside above which nothing is computed: figures would describe what is
/// left of the data, not the business.
const MAX_REJECTED: f64 = 0.2;

type Tables = Vec<(&'static str, Vec<RecordBatch>)>;

/// The stages in order; the number is raised when a stage's method changes.
const STAGES: [(&str, u32); 4] = [("marts", 1), ("segments", 1), ("rules", 1), ("offers", 2)];

/// Computes the stages whose inputs changed, all of them with `force`.
pub(crate) async fn run(
    workspace: &Workspace,
    lake: &Lake,
    lock: &LakeLock,
    seed: Seed,
    force: bool,
    bar: &Bar,
) -> Result<RunReport> {
    let mut report = RunReport::default();
    if !force {
        gate(&Engine::open(lake, &Snapshot::latest(lake).await?, &EngineOptions::default()).await?).await?;
    }
    for (i, (stage, version)) in STAGES.into_iter().enumerate() {
        bar.step("running", stage, i as u64, STAGES.len() as u64);
        let snapshot = Snapshot::latest(lake).await?;
        let clean = snapshot.stages.get("clean").ok_or_else(|| {
            Stop::error(Exit::Missing, "the lake is empty", "`portolan ingest YOUR_FILES` brings data in first")
        })?;
        let text = format!("{clean} {stage} {version} seed {} home {:?}", seed.0, workspace.home);
        let fingerprint = Sha256::digest(text).iter().take(16).map(|b| format!("{b:02x}")).collect::<String>();
        if !force && snapshot.stages.get(stage) == Some(&fingerprint) {
            report.unchanged.push(stage);
            continue;
        }
        let engine = Engine::open(lake, &snapshot, &EngineOptions::default()).await?;
        let context = Stage { engine, workspace, seed, bar };
        let tables = match stage {
            "marts" => marts(&context).await?,
            "segments" => segments::compute(&context).await?,
            "rules" => rules::compute(&context).await?,
            _ => offers::compute(&context).await?,
        };
        lake::write_mart(lake, lock, stage, &fingerprint, tables).await?;
        report.computed.push(stage);
    }
    report.snapshot = Snapshot::latest(lake).await?.number;
    bar.clear();
    Ok(report)
}

/// Stops where too much of the data was put aside.
async fn gate(engine: &Engine) -> Result<()> {
    let sql = "select (select count(*) from clean.order_lines) as kept, \
               (select count(*) from rejects.rows where table_name = 'order_lines') as aside";
    let rows = Rows::query(engine, sql).await?;
    let (kept, aside) = (rows.ints("kept")?[0], rows.ints("aside")?[0]);
    let share = aside as f64 / (kept + aside).max(1) as f64;
    if share > MAX_REJECTED {
        let what = format!(
            "{aside} of {} order lines ({:.0} %) were put aside; at most {:.0} % may be",
            kept + aside,
            100.0 * share,
            100.0 * MAX_REJECTED
        );
        let next = "`portolan quality` shows why; mend the files or the mapping, or use --force";
        return Err(Stop::error(Exit::Gate, what, next));
    }
    Ok(())
}

async fn marts(stage: &Stage<'_>) -> Result<Tables> {
    let mut tables = Vec::new();
    for mart in queries::MARTS {
        tables.push((mart.name, stage.engine.sql(mart.sql).await?));
    }
    Ok(tables)
}

/// The home market: the workspace's, else the one with the largest revenue.
pub(crate) async fn home(engine: &Engine, workspace: &Workspace) -> Result<Market> {
    if let Some(home) = workspace.home {
        return Ok(home);
    }
    let rows = Rows::query(engine, "select market, revenue from marts.market_summary order by market").await?;
    let best = rows
        .markets("market")?
        .into_iter()
        .zip(rows.amounts("revenue")?)
        .max_by_key(|(m, a): &(Market, Amount)| (*a, std::cmp::Reverse(*m)));
    best.map(|(market, _)| market).ok_or_else(|| {
        Stop::error(
            Exit::Missing,
            "no market has a sale yet",
            "`portolan quality` shows what became of the rows that came",
        )
    })
}
