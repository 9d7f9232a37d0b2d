//! The stages behind `portolan run`: each reads the newest snapshot, writes its marts and a
//! fingerprint of what they came from, and is left out when that fingerprint has not changed. A
//! run that is killed has lost the stage it was in and nothing else.

mod apart;
pub(crate) mod areas;
mod asked;
pub(crate) mod batch;
mod carts;
pub(crate) mod catalogue;
pub(crate) mod clocks;
mod cluster_tables;
mod concerns;
pub(crate) mod decisions;
mod entry;
mod evidence;
mod figure_rows;
pub(crate) mod gates;
pub(crate) mod gather;
pub(crate) mod learn_on;
mod lines;
pub(crate) mod measured;
mod members;
mod networks;
pub(crate) mod offers;
pub(crate) mod outlook;
pub(crate) mod parameters;
mod personas;
mod profiles;
pub(crate) mod purchases;
pub(crate) mod queries;
pub(crate) mod rates;
pub(crate) mod rows;
mod rules;
pub(crate) mod said;
mod segments;
pub(crate) mod shelves;
pub(crate) mod signals;
mod titles;
mod transfer;
mod voices;

use crate::allocator;
use crate::evidence::DEFAULT_MODELS;
use crate::exit::{Exit, Stop};
use crate::models::{Store, Version};
use crate::output::Bar;
use crate::trainings::Trainings;
use crate::workspace::Workspace;
use anyhow::Result;
use arrow::array::RecordBatch;
use domain::{Amount, Currency, Day, Market, Seed};
use lake::{Engine, EngineOptions, Lake, LakeError, LakeLock, RefineParams, RefineReport, Snapshot};
use rows::Rows;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::Mutex;

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub(crate) struct RunReport {
    /// Stages that were computed.
    pub(crate) computed: Vec<&'static str>,
    /// Stages whose inputs had not changed.
    pub(crate) unchanged: Vec<&'static str>,
    /// The snapshot afterwards.
    pub(crate) snapshot: u64,
    /// Quality gates that were exceeded: those that warn, and those that fail and were allowed.
    pub(crate) gates: Vec<String>,
    /// What could not be computed, and why.
    pub(crate) not_computed: Vec<NotComputed>,
    /// The version of the saved models that is in force.
    pub(crate) models: u64,
}

/// How a run is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Compute again even where nothing changed.
    pub(crate) force: bool,
    /// What a failing quality gate does.
    pub(crate) failing: gates::Failing,
    /// The day of the clock, for a lake that does not know its own.
    pub(crate) today: Day,
}

/// What every stage gets.
pub(crate) struct Stage<'a> {
    pub(crate) name: &'static str,
    pub(crate) engine: Engine,
    pub(crate) workspace: &'a Workspace,
    pub(crate) seed: Seed,
    pub(crate) bar: &'a Bar,
    /// The reporting currency that the lake was cleaned with; `None` in an empty lake.
    pub(crate) currency: Option<Currency>,
    missing: Mutex<Vec<NotComputed>>,
}

/// Something that a run could not compute: a row of `marts.not_computed`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct NotComputed {
    pub(crate) stage: String,
    pub(crate) market: Market,
    pub(crate) what: String,
    pub(crate) why: String,
}

impl Stage<'_> {
    /// Notes what could not be computed for a market ([`Market::UNKNOWN`] for all) and why. Odd data of
    /// one market or shopper is told this way; it stops nobody's run.
    pub(crate) fn not_computed(&self, market: Market, what: &str, why: &str) {
        let row = NotComputed { stage: self.name.to_owned(), market, what: what.to_owned(), why: why.to_owned() };
        self.missing.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(row);
    }

    /// `marts.not_computed`: what the other stages noted, and this one.
    async fn all_not_computed(&self) -> Result<RecordBatch> {
        let mut rows = not_computed(&self.engine).await?;
        rows.retain(|row| row.stage != self.name);
        rows.extend(self.missing.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter().cloned());
        rows.sort();
        rows.dedup();
        batch::Columns::default()
            .text("stage", rows.iter().map(|r| r.stage.as_str()))
            .text("market", rows.iter().map(|r| r.market.code().to_owned()))
            .text("what", rows.iter().map(|r| r.what.as_str()))
            .text("why", rows.iter().map(|r| r.why.as_str()))
            .batch()
    }
}

/// What the last run could not compute.
pub(crate) async fn not_computed(engine: &Engine) -> Result<Vec<NotComputed>> {
    let sql = "select stage, market, what, why from marts.not_computed order by stage, market, what, why";
    let rows = Rows::query(engine, sql).await?;
    let (stages, markets) = (rows.texts("stage")?, rows.markets("market")?);
    let (whats, whys) = (rows.texts("what")?, rows.texts("why")?);
    let rows = stages.into_iter().zip(markets).zip(whats).zip(whys);
    Ok(rows.map(|(((stage, market), what), why)| NotComputed { stage, market, what, why }).collect())
}

type Tables = Vec<(&'static str, Vec<RecordBatch>)>;

/// Stages of a run.
pub(crate) const N_STAGES: usize = STAGES.len();

/// The stages in order; the number is raised when a stage's method changes.
const STAGES: [(&str, u32); 12] = [
    ("marts", 6),
    ("segments", 5),
    ("profiles", 4),
    ("rules", 3),
    ("offers", 7),
    ("transfer", 1),
    ("voices", 5),
    ("outlook", 4),
    ("personas", 7),
    ("entry", 6),
    ("decisions", 12),
    (SEGMENTS_OF_ONES_OWN, 2),
];

/// The stage that rests on segments.toml. No other reads what it writes, so it comes last: a new segment makes nothing
/// else old.
const SEGMENTS_OF_ONES_OWN: &str = "members";

/// What a stage's result follows from, the seed aside: the stage before it (the clean tables for the
/// first), its method, the home market and the settings that are its own. Raising one stage's number computes those
/// after it again.
fn fingerprint(before: &str, stage: &str, version: u32, home: Option<Market>, own: &str) -> String {
    let text = format!("{before} {stage} {version} home {home:?}{own}");
    Sha256::digest(text).iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// The settings that one stage alone asks for: the models that compete, where they were chosen, the weights of markets,
/// the segments.
fn own_settings(stage: &str, workspace: &Workspace) -> Result<String> {
    Ok(match stage {
        "offers" if *workspace.models != DEFAULT_MODELS => format!(" models {:?}", workspace.models),
        "voices" => {
            let words = workspace.root.join(crate::values::FILE);
            if words.exists() { format!(" words {}", std::fs::read_to_string(&words)?) } else { String::new() }
        }
        "entry" => {
            let platforms = workspace.root.join(crate::commands::platforms::FILE);
            let platforms = platforms.exists().then(|| std::fs::read_to_string(&platforms)).transpose()?;
            format!(" weights {:?}{}", workspace.attractiveness.weights, platforms.unwrap_or_default())
        }
        "decisions" => {
            format!(" decide {:?}{}", workspace.decide, decisions::tables::own_settings(&workspace.root)?)
        }
        SEGMENTS_OF_ONES_OWN => {
            let book = crate::segments::book(&workspace.root)?;
            book.entries().map(|e| format!(" {} {} {}", e.name(), e.version(), e.description())).collect()
        }
        _ => String::new(),
    })
}

/// What a snapshot remembers of a stage: its fingerprint and the seed.
fn remembered(fingerprint: &str, seed: Seed) -> String {
    format!("{fingerprint} seed {}", seed.0)
}

/// What cleaning would be asked for now. The day is the one of the last ingest, so that a run alone
/// never judges future orders anew; `today` where the lake does not know it.
fn refine_params(workspace: &Workspace, snapshot: &Snapshot, today: Day) -> RefineParams {
    params_of(workspace, snapshot.as_of.unwrap_or(today))
}

fn params_of(workspace: &Workspace, as_of: Day) -> RefineParams {
    RefineParams {
        base: workspace.currency,
        as_of,
        undone: workspace.all_undone(),
        fillings: workspace.fillings.clone(),
    }
}

/// The day by which a lake is cleaned: that of the last ingest, or the last on which the server brought events over, whichever
/// is later. Without the second, what shoppers did since the last file came would be of the future.
pub(crate) fn as_of(lake: &Lake, snapshot: &Snapshot, today: Day) -> Result<Day> {
    let tracked = lake::source_files(lake, snapshot)?
        .into_iter()
        .filter(|f| f.origin.as_deref() == Some(domain::TRACKING_ORIGIN));
    let newest = tracked.filter_map(|f| f.obtained).max();
    Ok(newest.max(snapshot.as_of).unwrap_or(today))
}

/// Cleans the lake as the workspace asks for, with memory kept for a large one while that lasts.
pub(crate) async fn clean(
    workspace: &Workspace,
    lake: &Lake,
    lock: &LakeLock,
    as_of: Day,
    bar: &Bar,
) -> Result<RefineReport, LakeError> {
    let raw = Snapshot::latest(lake).await?.tables.get("raw.order_lines").map_or(0, |table| table.rows);
    allocator::suit(0, raw);
    let refined = lake::refine(lake, lock, &params_of(workspace, as_of), &|p| bar.show(p)).await;
    allocator::suit(0, 0);
    refined
}

/// Stops where what was computed does not follow from the data and settings of now: a plan would put
/// names and stock of today beside figures of an earlier state. A change of segments.toml alone is none: see
/// [`members_computed`].
pub(crate) fn computed(workspace: &Workspace, snapshot: &Snapshot, command: &str) -> Result<()> {
    computed_together(workspace, snapshot, command)?;
    // A lake that does not know its day is of an earlier release and has to be cleaned again.
    let fresh = snapshot.as_of.is_some_and(|day| lake::is_clean(snapshot, &refine_params(workspace, snapshot, day)));
    if fresh { Ok(()) } else { Err(changed(command)) }
}

/// Stops where [`computed`] does, and where the members of the segments were counted by another segments.toml.
pub(crate) fn members_computed(workspace: &Workspace, snapshot: &Snapshot, command: &str) -> Result<()> {
    computed(workspace, snapshot, command)?;
    if members_are_of_now(workspace, snapshot)? {
        return Ok(());
    }
    let what = "segments.toml was changed since the last run, which counted its members";
    Err(Stop::error(Exit::Missing, what, format!("`portolan run` comes before `portolan {command}`")))
}

/// Whether the last stage was computed from the segments of now, the stages before it taken as they are.
fn members_are_of_now(workspace: &Workspace, snapshot: &Snapshot) -> Result<bool> {
    let [.., (before, _), (stage, version)] = STAGES;
    let [before, has] = [before, stage].map(|of| snapshot.stages.get(of).cloned().unwrap_or_default());
    let wanted = fingerprint(&before, stage, version, workspace.home, &own_settings(stage, workspace)?);
    Ok(has.split(' ').next() == Some(wanted.as_str()))
}

/// Stops where what was computed does not follow from the clean tables and settings of now. Rows that came since and are
/// not cleaned yet are in neither: on a server, into which events come all the time, what the last run said still holds
/// together.
pub(crate) fn computed_together(workspace: &Workspace, snapshot: &Snapshot, command: &str) -> Result<()> {
    if STAGES.iter().any(|(stage, _)| !snapshot.stages.contains_key(*stage)) {
        let next = format!("`portolan run` comes before `portolan {command}`");
        return Err(Stop::error(Exit::Missing, "nothing is computed yet", next));
    }
    let mut before = snapshot.stages.get("clean").cloned().unwrap_or_default();
    for (stage, version) in STAGES.into_iter().filter(|(stage, _)| *stage != SEGMENTS_OF_ONES_OWN) {
        let has = snapshot.stages.get(stage).cloned().unwrap_or_default();
        let wanted = fingerprint(&before, stage, version, workspace.home, &own_settings(stage, workspace)?);
        if has.split(' ').next() != Some(wanted.as_str()) {
            return Err(changed(command));
        }
        before = has;
    }
    Ok(())
}

fn changed(command: &str) -> anyhow::Error {
    let what = "the data or the settings changed since the last run, which its figures do not know";
    Stop::error(Exit::Missing, what, format!("`portolan run` comes before `portolan {command}`"))
}

/// Computes the stages whose inputs changed, all of them with `force`. Zone `clean` comes first: it is
/// made again where `portolan.toml` asks for another currency or link, or where an ingest could not
/// finish it.
pub(crate) async fn run(
    workspace: &Workspace,
    lake: &Lake,
    lock: &LakeLock,
    seed: Seed,
    Asked { force, failing, today }: Asked,
    bar: &Bar,
) -> Result<RunReport> {
    let mut report = RunReport::default();
    let store = Store::new(&workspace.root);
    let trainings = Trainings::kept(&workspace.root, bar);
    let snapshot = Snapshot::latest(lake).await?;
    if snapshot.tables.is_empty() {
        let next = "`portolan ingest YOUR_FILES` brings data in first";
        return Err(Stop::error(Exit::Missing, "the lake is empty", next));
    }
    let refined = clean(workspace, lake, lock, as_of(lake, &snapshot, today)?, bar).await?;
    if !refined.unchanged {
        report.computed.push("clean");
    }
    report.gates = gates::check(workspace, lake, lock, &refined.snapshot, failing).await?;
    let mut offers_from = String::new();
    let mut before = refined.snapshot.stages.get("clean").cloned().unwrap_or_default();
    for (i, (stage, version)) in STAGES.into_iter().enumerate() {
        bar.step("running", stage, i as u64, STAGES.len() as u64);
        let snapshot = Snapshot::latest(lake).await?;
        let entry =
            remembered(&fingerprint(&before, stage, version, workspace.home, &own_settings(stage, workspace)?), seed);
        before.clone_from(&entry);
        if stage == "offers" {
            offers_from.clone_from(&entry);
        }
        if !force && snapshot.stages.get(stage) == Some(&entry) {
            tracing::info!(stage, "unchanged");
            report.unchanged.push(stage);
            continue;
        }
        let engine = Engine::open(lake, &snapshot, &EngineOptions::default()).await?;
        let currency = snapshot.currency;
        let context = Stage { name: stage, engine, workspace, seed, bar, currency, missing: Mutex::default() };
        let mut kept = None;
        let mut tables = match stage {
            "marts" => marts(&context).await?,
            "segments" => segments::compute(&context).await?,
            "profiles" => profiles::compute(&context).await?,
            "rules" => rules::compute(&context).await?,
            "offers" => {
                let (tables, models) = offers::compute(&context, &store, &trainings).await?;
                kept = Some(models);
                tables
            }
            "transfer" => transfer::compute(&context).await?,
            "voices" => voices::compute(&context).await?,
            "personas" => personas::compute(&context).await?,
            "outlook" => outlook::compute(&context).await?,
            SEGMENTS_OF_ONES_OWN => members::compute(&context).await?,
            "entry" => entry::compute(&context).await?,
            "decisions" => decisions::compute(&context).await?,
            other => anyhow::bail!("there is no stage `{other}`"),
        };
        tables.push(("not_computed", vec![context.all_not_computed().await?]));
        for (table, batches) in &tables {
            tracing::debug!(stage, table, rows = batches.iter().map(RecordBatch::num_rows).sum::<usize>(), "computed");
        }
        lake::write_mart(lake, lock, stage, &entry, tables).await?;
        if let Some(markets) = kept {
            store.put(Version::of(&entry, snapshot.number, markets))?;
        }
        tracing::info!(stage, "written");
        report.computed.push(stage);
    }
    let snapshot = Snapshot::latest(lake).await?;
    let engine = Engine::open(lake, &snapshot, &EngineOptions::default()).await?;
    report.not_computed = not_computed(&engine).await?;
    report.snapshot = snapshot.number;
    report.models = kept_models(&store, &engine, &offers_from, snapshot.number, &trainings).await?;
    trainings.forget()?;
    bar.clear();
    Ok(report)
}

/// The version of the saved models in force, once there is one for the marts of now with every file whole.
async fn kept_models(
    store: &Store,
    engine: &Engine,
    made_from: &str,
    snapshot: u64,
    trainings: &Trainings<'_>,
) -> Result<u64> {
    let numbers = store.numbers()?;
    // Unreadable versions are passed over here: this is what `portolan run` mends.
    let versions: Vec<Version> = numbers.iter().filter_map(|number| store.read(*number).ok()).collect();
    let of_now = versions.iter().rev().find(|v| v.made_from == made_from && v.back_to.is_none() && v.learnt.is_none());
    let last = versions.last().filter(|v| numbers.last() == Some(&v.number));
    if let (Some(version), Some(last)) = (of_now, last)
        && store.check(version).is_ok()
        && store.check(last).is_ok()
    {
        return Ok(last.number);
    }
    let markets = offers::keep_again(engine, store, trainings).await?;
    // The same models, now whole again, need no new version.
    match (of_now, last) {
        (Some(version), Some(last)) if version.markets == markets && store.check(last).is_ok() => Ok(last.number),
        _ => store.put(Version::of(made_from, snapshot, markets)),
    }
}

async fn marts(stage: &Stage<'_>) -> Result<Tables> {
    let mut tables = Vec::new();
    for mart in queries::marts() {
        tables.push((mart.name, stage.engine.sql(&mart.sql).await?));
    }
    tables.push(("carts", vec![carts::table(&stage.engine).await?]));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // A stage that is computed anew gives other tables to those after it.
    fn a_raised_stage_computes_those_after_it_again() {
        let entries = |version: u32, own: &str| {
            let mut before = "clean".to_owned();
            let stages = [("marts", version, ""), ("segments", 1, ""), ("offers", 1, own)];
            stages.map(|(stage, version, own)| {
                before = remembered(&fingerprint(&before, stage, version, None, own), Seed(1));
                before.clone()
            })
        };
        let plain = entries(1, "");
        for (before, after) in plain.iter().zip(entries(2, "")) {
            assert_ne!(*before, after);
        }
        assert_eq!(plain, entries(1, ""));
        let others = entries(1, " models [ials]");
        assert_eq!((plain[..2] == others[..2], plain[2] == others[2]), (true, false), "only offers ask for models");
    }
}
