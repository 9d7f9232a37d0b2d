//! Zone `raw` to zone `clean`: runs the rules of crate `clean` over the whole of zone `raw` and
//! replaces zone `clean` by the result, in one snapshot.
//!
//! Cleaning always starts from the raw rows, so its result depends on them and the parameters
//! alone, not on the order or number of runs. Above some millions of order lines ([`LIMITS`]) it goes
//! one part of the shoppers at a time: the parts in which files are laid out, by the customer's number or
//! address, and then the shoppers whose several numbers lie in several of those.

mod currency;
mod lines;
mod scattered;

use self::currency::base_currency;
use self::lines::Lines;
use self::scattered::Scattered;
use crate::digest::hex;
use crate::ingest::chunks::{BUCKETS, buckets};
use crate::ingest::{commit_all, put_file, write_file};
use crate::parquet_io::{FILE_ROWS, Pick, encode};
use crate::raw::RawTable;
use crate::table::FileEntry;
use crate::{Lake, LakeError, LakeLock, Phase, Progress, Snapshot};
use arrow::array::{Array, AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::Int64Type;
use clean::{
    CleanParams, FillRecord, Rates, RuleCounts, SentimentParams, Survey, Surveyed, TableOut, TrackedOrders, TrackedOut,
};
use domain::{Currency, Day};
use rayon::prelude::*;
use schema::{TableDef, Zone};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// Order lines from which the shoppers are shared out among threads, and the number of shares: of all
/// shoppers, and of one part of a large lake.
const SHARED_ROWS: u64 = 50_000;
const SHARES: usize = 8;
const SHARES_OF_PART: usize = 2;

/// How much is cleaned at a time.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Order lines up to which all shoppers are cleaned in one part.
    one_part: u64,
    /// Order lines of one part beyond that.
    part: u64,
}

const LIMITS: Limits = Limits { one_part: 4_000_000, part: 1_000_000 };

/// Raised when a rule changes what it does, so that lakes are cleaned again.
const RULES_VERSION: u32 = 8;

/// What cleaning needs to know.
#[derive(Clone, Debug)]
pub struct RefineParams {
    /// Reporting currency; the one of most order lines where none is given.
    pub base: Option<Currency>,
    /// The day it is: later orders are put aside.
    pub as_of: Day,
    /// Identities that an operator took back: they no longer join shoppers.
    pub undone: Vec<clean::Undone>,
    /// Columns whose gaps are filled, and how.
    pub fillings: Vec<clean::Filling>,
}

/// What a cleaning run did.
#[derive(Debug)]
pub struct RefineReport {
    /// The snapshot afterwards.
    pub snapshot: Snapshot,
    /// Reporting currency used.
    pub base: Currency,
    /// Order lines kept.
    pub order_lines: u64,
    /// Whether there was nothing new to do.
    pub unchanged: bool,
}

/// Cleans zone `raw` into zone `clean`.
///
/// # Errors
/// [`LakeError::Clean`] when a rule cannot go on (a missing exchange rate names pair and day);
/// storage errors. The previous snapshot stays in force.
pub async fn refine(
    lake: &Lake,
    _lock: &LakeLock,
    params: &RefineParams,
    progress: &(dyn Fn(&Progress<'_>) + Sync),
) -> Result<RefineReport, LakeError> {
    refine_within(LIMITS, lake, params, progress).await
}

async fn refine_within(
    limits: Limits,
    lake: &Lake,
    params: &RefineParams,
    progress: &(dyn Fn(&Progress<'_>) + Sync),
) -> Result<RefineReport, LakeError> {
    let snapshot = Snapshot::latest(lake).await?;
    let base = tokio::task::block_in_place(|| base_currency(lake, &snapshot, params))?;
    let fingerprint = fingerprint(&snapshot, base, params);
    let lines = schema::table(Zone::Clean, "order_lines").and_then(|t| snapshot.table(t)).map_or(0, |t| t.rows);
    if snapshot.stages.get("clean") == Some(&fingerprint) {
        return Ok(RefineReport { snapshot, base, order_lines: lines, unchanged: true });
    }
    let run = Run {
        lake,
        snapshot: &snapshot,
        limits,
        progress,
        params: CleanParams {
            base,
            as_of: params.as_of,
            undone: params.undone.clone(),
            fillings: params.fillings.clone(),
            ..CleanParams::default()
        },
    };
    let written = run.all().await?;
    let order_lines =
        written.iter().filter(|(d, _)| d.name == "order_lines").flat_map(|(_, f)| f).map(|f| f.rows).sum();
    progress(&Progress { phase: Phase::Commit, what: "clean", done: 0, total: 1 });
    let mut next = snapshot.clone();
    for (name, version) in commit_all(lake, written).await? {
        next.tables.insert(name, version);
    }
    next.stages.insert("clean".into(), fingerprint);
    (next.currency, next.as_of) = (Some(base), Some(params.as_of));
    let snapshot = next.publish(lake).await?;
    Ok(RefineReport { snapshot, base, order_lines, unchanged: false })
}

/// Whether zone `clean` is what cleaning zone `raw` would give now. Without a currency in `params` the
/// snapshot's own is taken.
pub fn is_clean(snapshot: &Snapshot, params: &RefineParams) -> bool {
    let base = params.base.or(snapshot.currency);
    base.is_some_and(|base| snapshot.stages.get("clean") == Some(&fingerprint(snapshot, base, params)))
}

/// Changes whenever the result could: the rules' version, the parameters, any raw file.
fn fingerprint(snapshot: &Snapshot, base: Currency, params: &RefineParams) -> String {
    let mut hash = Sha256::new();
    let RefineParams { as_of, undone, fillings, .. } = params;
    hash.update(format!("rules {RULES_VERSION} base {base} as of {as_of} undone {undone:?} filled {fillings:?}"));
    for (name, table) in snapshot.tables.iter().filter(|(name, _)| name.starts_with("raw.")) {
        hash.update(name);
        for file in &table.files {
            hash.update(&file.path);
        }
    }
    hex(&hash.finalize())
}

/// What the first passes found.
struct Read {
    surveyed: Surveyed,
    /// The order lines themselves where they are cleaned in one part anyway.
    kept: Option<Vec<RecordBatch>>,
    tracked: TrackedOut,
}

type Written = Vec<(&'static TableDef, Vec<FileEntry>)>;

struct Run<'a> {
    lake: &'a Lake,
    snapshot: &'a Snapshot,
    limits: Limits,
    params: CleanParams,
    progress: &'a (dyn Fn(&Progress<'_>) + Sync),
}

impl Run<'_> {
    fn raw(&self, name: &str) -> Result<RawTable<'_>, LakeError> {
        RawTable::new(self.lake, self.snapshot, name)
    }

    fn report(&self, what: &str, done: u64, total: u64) {
        (self.progress)(&Progress { phase: Phase::Clean, what, done, total });
    }

    async fn all(&self) -> Result<Written, LakeError> {
        let Read { surveyed, kept: lines, tracked } = tokio::task::block_in_place(|| self.survey())?;
        // Amounts are converted with rates that passed their own rules: a bad row of a rate file is
        // put aside like any other and stops nobody.
        let fx = tokio::task::block_in_place(|| {
            Ok::<_, LakeError>(clean::fx_rates(&self.raw("fx_rates")?.all(Pick::default())?, &surveyed, &self.params)?)
        })?;
        let rates = Rates::from_raw(std::slice::from_ref(&fx.batch))?;
        let mut counts = surveyed.counts();
        counts.merge(tracked.counts);
        let mut rejects: Vec<RecordBatch> = vec![tracked.rejects];
        let mut merges: Vec<RecordBatch> = vec![surveyed.merges(), tracked.merges];
        let all = Lines { raw: self.raw("order_lines")?, tracked: tracked.lines };
        let mut written: Written = self.order_lines(&all, lines, &surveyed, &rates, &mut counts, &mut rejects).await?;
        type Rule = fn(&[RecordBatch], &Surveyed, &CleanParams) -> Result<TableOut, clean::CleanError>;
        let others: [(&str, Rule); 10] = [
            ("events", clean::events),
            ("reviews", clean::reviews),
            ("interactions", clean::interactions),
            ("questions", clean::questions),
            ("stock", clean::stock),
            ("costs", clean::costs),
            ("ad_spend", clean::ad_spend),
            ("competitor_prices", clean::competitor_prices),
            ("market_facts", clean::market_facts),
            ("media", clean::media),
        ];
        let mut outs: Vec<(&str, TableOut)> = Vec::new();
        if self.raw("fx_rates")?.rows() > 0 || self.has("fx_rates") {
            outs.push(("fx_rates", fx));
        }
        for (name, rule) in others {
            let raw = self.raw(name)?;
            if raw.rows() == 0 && !self.has(name) {
                continue;
            }
            let out = tokio::task::block_in_place(|| {
                Ok::<_, LakeError>(rule(&raw.all(Pick::default())?, &surveyed, &self.params)?)
            })?;
            outs.push((name, out));
        }
        if let Some((_, out)) = outs.iter_mut().find(|(name, _)| *name == "reviews") {
            let scored = tokio::task::block_in_place(|| clean::sentiment(&out.batch, &SentimentParams::default()))?;
            out.batch = scored.reviews;
            let def = clean_table("sentiment_quality")?;
            written.push((def, self.write(def, 0, scored.quality).await?));
        }
        let mut filled = FillRecord::default();
        let fillings = &self.params.fillings;
        for (name, out) in outs {
            counts.merge(out.counts);
            rejects.push(out.rejects);
            merges.push(out.merges);
            let batch = clean::fill_table(name, out.batch, fillings, &mut counts, &mut filled);
            written.push((clean_table(name)?, self.write(clean_table(name)?, 0, batch).await?));
        }
        let products = clean::fill_table("products", surveyed.products(&rates)?, fillings, &mut counts, &mut filled);
        self.units(&mut counts)?;
        rejects.extend(self.read_rejects()?);
        let rows = schema::table(Zone::Rejects, "rows").ok_or_else(|| LakeError::NoTable("rejects.rows".into()))?;
        if rejects.iter().any(|b| b.num_rows() > 0) || self.snapshot.table(rows).is_some() {
            written.push((rows, vec![write_file(self.lake, rows, 0, &[rejects]).await?]));
        }
        for (name, batch) in [
            ("products", products),
            ("filled_values", filled.batch()),
            ("identity_links", surveyed.identity_links()),
            ("rule_counts", counts.batch()),
        ] {
            let def = clean_table(name)?;
            written.push((def, self.write(def, 0, batch).await?));
        }
        let def = clean_table("merges")?;
        written.push((def, vec![write_file(self.lake, def, 0, &[merges]).await?]));
        Ok(written)
    }

    /// Whether an earlier snapshot has rows that a run without rows must now replace.
    fn has(&self, name: &str) -> bool {
        schema::table(Zone::Clean, name).is_some_and(|d| self.snapshot.table(d).is_some())
    }

    /// What readers converted, file by file: the entry of rule `unit` in the quality report.
    fn units(&self, counts: &mut RuleCounts) -> Result<(), LakeError> {
        self.raw("sources")?.each(Pick::default(), &mut |b| {
            let text = |name: &str| b.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).cloned();
            let int = |name: &str| b.column_by_name(name).and_then(|c| c.as_primitive_opt::<Int64Type>()).cloned();
            if let (Some(source), Some(rows), Some(converted)) = (text("source"), int("rows"), int("converted")) {
                for i in 0..b.num_rows() {
                    let n = |column: &Int64Array| u64::try_from(column.value(i)).unwrap_or(0);
                    counts.add(clean::Rule::Unit, source.value(i), n(&rows), n(&converted), None);
                }
            }
            Ok(())
        })
    }

    /// What is said of all rows together.
    fn survey(&self) -> Result<Read, LakeError> {
        let mut systems: BTreeMap<String, String> = BTreeMap::new();
        self.raw("sources")?.each(Pick::default(), &mut |b| {
            let column = |name: &str| b.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).cloned();
            if let (Some(source), Some(format)) = (column("source"), column("format")) {
                // A lake of an earlier release does not say it; then the format does.
                let said = column("system");
                let said = |i: usize| said.as_ref().filter(|c| c.is_valid(i)).map(|c| c.value(i));
                let pairs = source.iter().flatten().zip(format.iter().flatten()).enumerate();
                systems.extend(pairs.map(|(i, (source, format))| {
                    (source.to_owned(), said(i).unwrap_or_else(|| clean::system_of_format(format)).to_owned())
                }));
            }
            Ok(())
        })?;
        let tracked = self.tracked_orders(&systems)?;
        let mut survey = Survey::new(&self.params).with_systems(systems);
        let lines = Lines { raw: self.raw("order_lines")?, tracked: tracked.lines.clone() };
        let (mut done, total) = (0, lines.rows());
        let mut kept = (total <= self.limits.one_part).then(Vec::new);
        lines.each(&mut |b| {
            survey.order_lines(&b)?;
            done += b.num_rows() as u64;
            self.report("reading order lines", done, total);
            if let Some(kept) = &mut kept {
                kept.push(b);
            }
            Ok(())
        })?;
        if survey.has_nameless_returns() {
            match &kept {
                Some(batches) => batches.iter().try_for_each(|b| survey.owners_of_returns(b))?,
                None => lines.each(&mut |b| Ok(survey.owners_of_returns(&b)?))?,
            }
        }
        self.raw("customers")?.each(Pick::default(), &mut |b| Ok(survey.customers(&b)?))?;
        self.raw("products")?.each(Pick::default(), &mut |b| Ok(survey.products(&b)?))?;
        self.raw("events")?.each(Pick::default(), &mut |b| Ok(survey.events(&b)?))?;
        self.raw("reviews")?.each(Pick::default(), &mut |b| Ok(survey.reviews(&b)?))?;
        self.raw("interactions")?.each(Pick::default(), &mut |b| Ok(survey.interactions(&b)?))?;
        self.raw("questions")?.each(Pick::default(), &mut |b| Ok(survey.questions(&b)?))?;
        Ok(Read { surveyed: survey.finish(), kept, tracked })
    }

    /// The orders that events tell and no file has.
    fn tracked_orders(&self, systems: &BTreeMap<String, String>) -> Result<TrackedOut, LakeError> {
        let mut tracked = TrackedOrders::new(systems.clone());
        let events = self.raw("events")?;
        let noted = Pick { columns: Some(clean::NOTED), buckets: None };
        events.each(noted, &mut |b| Ok(tracked.note(&b)?))?;
        if !tracked.is_empty() {
            let filed = Pick { columns: Some(clean::FILED), buckets: None };
            self.raw("order_lines")?.each(filed, &mut |b| Ok(tracked.filed(&b)?))?;
        }
        // Also where none was placed: events about orders without a number are told.
        events.each(Pick::default(), &mut |b| Ok(tracked.take(&b)?))?;
        // By the rates that passed their own rules, as everything else.
        let nobody = Survey::new(&self.params).finish();
        let fx = clean::fx_rates(&self.raw("fx_rates")?.all(Pick::default())?, &nobody, &self.params)?;
        Ok(tracked.finish(&Rates::from_raw(std::slice::from_ref(&fx.batch))?, self.params.base))
    }

    async fn order_lines(
        &self,
        raw: &Lines<'_>,
        kept: Option<Vec<RecordBatch>>,
        surveyed: &Surveyed,
        rates: &Rates,
        counts: &mut RuleCounts,
        rejects: &mut Vec<RecordBatch>,
    ) -> Result<Written, LakeError> {
        let total = raw.rows();
        let (mut lines, mut orders) = (Vec::new(), Vec::new());
        let mut tally = clean::ShopperTally::default();
        let mut done = 0;
        let clean_part = |(i, batches): (usize, Vec<RecordBatch>)| self.part(i, batches, surveyed, rates);
        let mut take = async |parts: Vec<Part>| {
            for part in parts {
                counts.merge(part.counts);
                tally.merge(part.shoppers);
                rejects.push(part.rejects);
                lines.extend(self.put(clean_table("order_lines")?, part.lines).await?);
                orders.extend(self.put(clean_table("orders")?, part.orders).await?);
            }
            Ok::<_, LakeError>(())
        };
        if let Some(batches) = kept {
            let parts = tokio::task::block_in_place(|| {
                let parts = shares(batches, surveyed, if total < SHARED_ROWS { 1 } else { SHARES })?;
                parts.into_par_iter().enumerate().map(clean_part).collect::<Result<Vec<_>, _>>()
            })?;
            take(parts).await?;
            self.report("cleaning order lines", total, total);
        } else {
            let clean_shares = |part: usize, batches: Vec<RecordBatch>| {
                let shares = shares(batches, surveyed, SHARES_OF_PART)?;
                let numbered = shares.into_par_iter().enumerate().map(|(s, b)| (part * SHARES_OF_PART + s, b));
                numbered.map(clean_part).collect::<Result<Vec<_>, LakeError>>()
            };
            let parts = parts(total, self.limits.part);
            let scattered = tokio::task::block_in_place(|| self.scattered(raw, surveyed, &parts))?;
            for (i, buckets) in parts.iter().enumerate() {
                let part = tokio::task::block_in_place(|| {
                    let batches = raw.of(buckets)?;
                    let batches = scattered.without(batches, surveyed)?;
                    done += batches.iter().map(|b| b.num_rows() as u64).sum::<u64>();
                    clean_shares(i, batches)
                })?;
                self.report("cleaning order lines", done, total);
                take(part).await?;
            }
            for group in 0..scattered.n_groups(self.limits.part) {
                let part = tokio::task::block_in_place(|| {
                    let batches = scattered.group(raw, surveyed, group, self.limits.part)?;
                    done += batches.iter().map(|b| b.num_rows() as u64).sum::<u64>();
                    clean_shares(parts.len() + group as usize, batches)
                })?;
                self.report("cleaning order lines", done, total);
                take(part).await?;
            }
        }
        let shoppers = clean_table("shoppers")?;
        let shopper_files = self.write(shoppers, 0, surveyed.shoppers(&tally)).await?;
        Ok(vec![(clean_table("order_lines")?, lines), (clean_table("orders")?, orders), (shoppers, shopper_files)])
    }

    /// The shoppers whose rows lie in more than one part.
    fn scattered(&self, raw: &Lines<'_>, surveyed: &Surveyed, parts: &[Vec<usize>]) -> Result<Scattered, LakeError> {
        let mut part_of = [0_u8; BUCKETS];
        for (part, buckets) in parts.iter().enumerate() {
            buckets.iter().for_each(|b| part_of[*b] = part as u8);
        }
        let mut scattered = Scattered::default();
        // Where nobody was joined, the key that laid a row out is the shopper.
        if parts.len() < 2 || (raw.tracked.num_rows() == 0 && !surveyed.joins_anybody()) {
            return Ok(scattered);
        }
        // Part and rows of each owner met so far.
        let mut home: HashMap<u64, (u8, u32)> = HashMap::new();
        raw.each(&mut |batch| {
            for (owner, bucket) in surveyed.owners(&batch)?.into_iter().zip(buckets(&batch)?) {
                let (part, rows) = home.entry(owner).or_insert((part_of[bucket], 0));
                *rows = rows.saturating_add(1);
                if *part != part_of[bucket] {
                    scattered.owners.insert(owner);
                }
            }
            Ok(())
        })?;
        scattered.rows = scattered.owners.iter().map(|owner| u64::from(home[owner].1)).sum();
        Ok(scattered)
    }

    /// Cleans and encodes one part of the shoppers.
    fn part(&self, i: usize, batches: Vec<RecordBatch>, surveyed: &Surveyed, rates: &Rates) -> Result<Part, LakeError> {
        let out = clean::order_lines(&batches, surveyed, rates, &self.params)?;
        drop(batches);
        let first = i as u64 * 100_000;
        let lines = encode_table(clean_table("order_lines")?, first, &out.order_lines)?;
        let orders = encode_table(clean_table("orders")?, first, &out.orders)?;
        Ok(Part { counts: out.counts, shoppers: out.shoppers, rejects: out.rejects, lines, orders })
    }

    /// Writes a batch as files of at most [`FILE_ROWS`] rows.
    async fn write(&self, def: &'static TableDef, first: u64, batch: RecordBatch) -> Result<Vec<FileEntry>, LakeError> {
        let encoded = tokio::task::block_in_place(|| encode_table(def, first, &batch))?;
        self.put(def, encoded).await
    }

    async fn put(&self, def: &'static TableDef, encoded: Vec<Encoded>) -> Result<Vec<FileEntry>, LakeError> {
        let puts = encoded.into_iter().map(|(order, rows, bytes)| put_file(self.lake, def, order, "part", rows, bytes));
        futures::future::try_join_all(puts).await
    }

    /// What the readers put aside, in the shape of `rejects.rows`.
    fn read_rejects(&self) -> Result<Vec<RecordBatch>, LakeError> {
        let rows = schema::table(Zone::Rejects, "rows").ok_or_else(|| LakeError::NoTable("rejects.rows".into()))?;
        let schema = rows.arrow_schema();
        let raw = self.raw("rejects")?.all(Pick::default())?;
        raw.into_iter()
            .map(|b| {
                let mut columns = b.columns().to_vec();
                columns.push(std::sync::Arc::new(arrow::array::StringArray::from(vec!["read"; b.num_rows()])));
                RecordBatch::try_new(schema.clone(), columns).map_err(|e| LakeError::Internal(e.to_string()))
            })
            .collect()
    }
}

/// A file's order, rows and bytes.
type Encoded = (u64, u64, Vec<u8>);

/// One part of the shoppers, cleaned.
struct Part {
    counts: RuleCounts,
    shoppers: clean::ShopperTally,
    rejects: RecordBatch,
    lines: Vec<Encoded>,
    orders: Vec<Encoded>,
}

/// A batch as files of at most [`FILE_ROWS`] rows.
fn encode_table(def: &TableDef, first: u64, batch: &RecordBatch) -> Result<Vec<Encoded>, LakeError> {
    let n = batch.num_rows();
    let schema = def.arrow_schema();
    let starts: Vec<usize> = (0..n.max(1)).step_by(FILE_ROWS).collect();
    starts
        .par_iter()
        .enumerate()
        .map(|(i, &from)| {
            let rows = FILE_ROWS.min(n - from);
            let bytes = encode(&schema, &[vec![batch.slice(from, rows)]], false)?;
            Ok((first + i as u64, rows as u64, bytes))
        })
        .collect()
}

/// Splits order lines by shopper into a fixed number of parts, whatever the number of threads, so
/// that the files do not depend on it. Rows keep their order within a part.
fn shares(batches: Vec<RecordBatch>, surveyed: &Surveyed, n: usize) -> Result<Vec<Vec<RecordBatch>>, LakeError> {
    if n < 2 {
        return Ok(vec![batches]);
    }
    let split: Vec<Vec<RecordBatch>> = batches
        .into_par_iter()
        .map(|batch| {
            let mut rows: Vec<Vec<u32>> = vec![Vec::new(); n];
            for (row, part) in surveyed.partition(&batch, n as u32)?.into_iter().enumerate() {
                rows[part as usize].push(row as u32);
            }
            let share = |rows| take_record_batch(&batch, &UInt32Array::from(rows));
            let shares = rows.into_iter().map(share).collect::<Result<Vec<_>, _>>();
            shares.map_err(|e| LakeError::Internal(e.to_string()))
        })
        .collect::<Result<_, LakeError>>()?;
    let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new(); n];
    for shares in split {
        parts.iter_mut().zip(shares).for_each(|(part, share)| part.push(share));
    }
    Ok(parts)
}

fn clean_table(name: &str) -> Result<&'static TableDef, LakeError> {
    schema::table(Zone::Clean, name).ok_or_else(|| LakeError::NoTable(format!("clean.{name}")))
}

/// The buckets of each part of a large lake.
fn parts(rows: u64, part_rows: u64) -> Vec<Vec<usize>> {
    let n = rows.div_ceil(part_rows).clamp(1, BUCKETS as u64) as usize;
    (0..n).map(|p| (0..BUCKETS).filter(|b| b * n / BUCKETS == p).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, EngineOptions, IngestOptions};

    /// Sixty shoppers, each with two customer numbers and one address, buy under one number and take
    /// it back under the other.
    fn two_numbers() -> String {
        let mut rows =
            "order_id,product_id,quantity,unit_price,currency,ordered_at,shopper_key,email,status\n".to_owned();
        for s in 0..60 {
            rows += &format!("{s},A,2,10.00,EUR,2025-01-02 10:00:00,a{s},m{s}@example.org,\n");
            rows += &format!("{s}r,A,-1,10.00,EUR,2025-01-05 10:00:00,b{s},m{s}@example.org,refunded\n");
        }
        rows
    }

    async fn cleaned(limits: Limits) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = dir.path().join("orders.csv");
        std::fs::write(&file, two_numbers()).expect("a file");
        let lake = Lake::open(&dir.path().join("lake").to_string_lossy()).expect("a lake");
        let lock = lake.lock().expect("nobody else");
        let options = IngestOptions::new(intake::ReadOptions::new(Day(30_000)));
        let report = crate::ingest(&lake, &lock, &[file], &options, &|_| ()).await.expect("a table");
        assert!(report.files[0].result.is_ok(), "{:?}", report.files[0].result);
        let params = RefineParams { base: None, as_of: Day(30_000), undone: Vec::new(), fillings: Vec::new() };
        let report = refine_within(limits, &lake, &params, &|_| ()).await.expect("clean rows");
        let engine = Engine::open(&lake, &report.snapshot, &EngineOptions::default()).await.expect("an engine");
        let sql = "select l.order_id, l.shopper_id, l.kind, quantity, returned_quantity, returned_units from order_lines l \
                   join orders o on o.order_key = l.order_key order by l.order_id";
        let batches = engine.sql(sql).await.expect("rows");
        let options = arrow::util::display::FormatOptions::default();
        let mut rows = Vec::new();
        for batch in &batches {
            let columns: Vec<_> = (batch.columns().iter())
                .map(|c| arrow::util::display::ArrayFormatter::try_new(c, &options).expect("a column"))
                .collect();
            rows.extend(
                (0..batch.num_rows())
                    .map(|i| columns.iter().map(|c| c.value(i).to_string()).collect::<Vec<_>>().join(" ")),
            );
        }
        rows
    }

    /// Laid out by number, the two rows of nearly every shopper lie in different parts.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_shopper_with_two_numbers_is_cleaned_the_same_however_large_the_lake_is() {
        let whole = cleaned(LIMITS).await;
        assert_eq!(whole.len(), 120);
        assert_eq!(whole.iter().filter(|row| row.contains("cancellation")).count(), 60, "{whole:?}");
        assert_eq!(whole.iter().filter(|row| row.ends_with(" sale 2 1 1")).count(), 60, "{whole:?}");
        assert_eq!(cleaned(Limits { one_part: 0, part: 10 }).await, whole);
    }

    #[test]
    fn parts_cover_every_bucket_once() {
        for rows in [4_000_001, 20_000_000, 500_000_000] {
            let mut all: Vec<usize> = parts(rows, LIMITS.part).into_iter().flatten().collect();
            all.sort_unstable();
            assert_eq!(all, (0..BUCKETS).collect::<Vec<_>>(), "{rows}");
        }
    }
}
