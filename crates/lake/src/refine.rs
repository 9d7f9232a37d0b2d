//! Zone `raw` to zone `clean`: runs the rules of crate `clean` over the whole of zone `raw` and
//! replaces zone `clean` by the result, in one snapshot.
//!
//! Cleaning always starts from the raw rows, so its result depends on them and the parameters
//! alone, not on the order or number of runs. Above [`ONE_PART_ROWS`] order lines it goes one part
//! of the shoppers at a time.

use crate::digest::hex;
use crate::ingest::chunks::BUCKETS;
use crate::ingest::{commit_all, put_file, write_file};
use crate::parquet_io::{FILE_ROWS, Pick, encode};
use crate::raw::RawTable;
use crate::table::FileEntry;
use crate::{Lake, LakeError, LakeLock, Phase, Progress, Snapshot};
use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use clean::{CleanParams, Rates, RuleCounts, Survey, Surveyed, TableOut};
use domain::{Currency, Day};
use rayon::prelude::*;
use schema::{TableDef, Zone};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Order lines up to which all shoppers are cleaned in one part.
const ONE_PART_ROWS: u64 = 4_000_000;

/// Order lines from which the shoppers are shared out among threads, and the number of shares.
const SHARED_ROWS: u64 = 50_000;
const SHARES: usize = 4;

/// Order lines of one part beyond that.
const PART_ROWS: u64 = 1_000_000;

/// Raised when a rule changes what it does, so that lakes are cleaned again.
const RULES_VERSION: u32 = 2;

/// What cleaning needs to know.
#[derive(Clone, Debug)]
pub struct RefineParams {
    /// Reporting currency; the one of most order lines where none is given.
    pub base: Option<Currency>,
    /// The day it is: later orders are put aside.
    pub as_of: Day,
    /// Identities that an operator took back: they no longer join shoppers.
    pub undone: Vec<clean::Undone>,
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
        progress,
        params: CleanParams { base, as_of: params.as_of, undone: params.undone.clone(), ..CleanParams::default() },
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

/// The reporting currency that was asked for, else the one of most order lines whose currency is one;
/// the euro where there is no such line, because then nothing is there to convert.
fn base_currency(lake: &Lake, snapshot: &Snapshot, params: &RefineParams) -> Result<Currency, LakeError> {
    if let Some(base) = params.base {
        return Ok(base);
    }
    let mut lines: BTreeMap<Currency, u64> = BTreeMap::new();
    let pick = Pick { columns: Some(&["currency"]), buckets: None };
    RawTable::new(lake, snapshot, "order_lines")?.each(pick, &mut |batch| {
        let column = batch.column(0).as_string::<i32>();
        let mut from = 0;
        // Files rarely mix currencies: count runs, not rows.
        while from < column.len() {
            let value = column.value(from);
            let to = (from..column.len()).find(|&i| column.value(i) != value).unwrap_or(column.len());
            // Rows in a word that is no currency are put aside and have no say.
            if let Ok(currency) = value.parse() {
                *lines.entry(currency).or_default() += (to - from) as u64;
            }
            from = to;
        }
        Ok(())
    })?;
    // Ties go to the first in the alphabet: max_by_key keeps the last of equals, so go backwards.
    let most = lines.into_iter().rev().max_by_key(|(_, n)| *n);
    Ok(most.map_or(Currency::new(*b"EUR"), |(currency, _)| currency))
}

/// Changes whenever the result could: the rules' version, the parameters, any raw file.
fn fingerprint(snapshot: &Snapshot, base: Currency, params: &RefineParams) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("rules {RULES_VERSION} base {base} as of {} undone {:?}", params.as_of, params.undone));
    for (name, table) in snapshot.tables.iter().filter(|(name, _)| name.starts_with("raw.")) {
        hash.update(name);
        for file in &table.files {
            hash.update(&file.path);
        }
    }
    hex(&hash.finalize())
}

type Written = Vec<(&'static TableDef, Vec<FileEntry>)>;

struct Run<'a> {
    lake: &'a Lake,
    snapshot: &'a Snapshot,
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
        let rates = tokio::task::block_in_place(|| {
            Ok::<_, LakeError>(Rates::from_raw(&self.raw("fx_rates")?.all(Pick::default())?)?)
        })?;
        let (surveyed, lines) = tokio::task::block_in_place(|| self.survey())?;
        let mut counts = surveyed.counts();
        let mut rejects: Vec<RecordBatch> = Vec::new();
        let mut merges: Vec<RecordBatch> = vec![surveyed.merges()];
        let mut written: Written = self.order_lines(lines, &surveyed, &rates, &mut counts, &mut rejects).await?;
        type Rule = fn(&[RecordBatch], &Surveyed, &CleanParams) -> Result<TableOut, clean::CleanError>;
        let others: [(&str, Rule); 7] = [
            ("events", clean::events),
            ("reviews", clean::reviews),
            ("stock", clean::stock),
            ("costs", clean::costs),
            ("ad_spend", clean::ad_spend),
            ("competitor_prices", clean::competitor_prices),
            ("fx_rates", clean::fx_rates),
        ];
        for (name, rule) in others {
            let raw = self.raw(name)?;
            if raw.rows() == 0 && !self.has(name) {
                continue;
            }
            let out = tokio::task::block_in_place(|| {
                Ok::<_, LakeError>(rule(&raw.all(Pick::default())?, &surveyed, &self.params)?)
            })?;
            counts.merge(out.counts);
            rejects.push(out.rejects);
            merges.push(out.merges);
            written.push((clean_table(name)?, self.write(clean_table(name)?, 0, out.batch).await?));
        }
        rejects.extend(self.read_rejects()?);
        let rows = schema::table(Zone::Rejects, "rows").ok_or_else(|| LakeError::NoTable("rejects.rows".into()))?;
        if rejects.iter().any(|b| b.num_rows() > 0) || self.snapshot.table(rows).is_some() {
            written.push((rows, vec![write_file(self.lake, rows, 0, &[rejects]).await?]));
        }
        for (name, batch) in [
            ("products", surveyed.products(&rates)?),
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

    /// The survey, and the order lines themselves where they are cleaned in one part anyway.
    fn survey(&self) -> Result<(Surveyed, Option<Vec<RecordBatch>>), LakeError> {
        let mut systems: BTreeMap<String, String> = BTreeMap::new();
        self.raw("sources")?.each(Pick::default(), &mut |b| {
            let column = |name: &str| b.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).cloned();
            if let (Some(source), Some(format)) = (column("source"), column("format")) {
                let pairs = source.iter().flatten().zip(format.iter().flatten());
                systems.extend(pairs.map(|(s, f)| (s.to_owned(), clean::system_of_format(f).to_owned())));
            }
            Ok(())
        })?;
        let mut survey = Survey::new(&self.params).with_systems(systems);
        let lines = self.raw("order_lines")?;
        let (mut done, total) = (0, lines.rows());
        let mut kept = (total <= ONE_PART_ROWS).then(Vec::new);
        lines.each(Pick::default(), &mut |b| {
            survey.order_lines(&b)?;
            done += b.num_rows() as u64;
            self.report("reading order lines", done, total);
            if let Some(kept) = &mut kept {
                kept.push(b);
            }
            Ok(())
        })?;
        self.raw("customers")?.each(Pick::default(), &mut |b| Ok(survey.customers(&b)?))?;
        self.raw("products")?.each(Pick::default(), &mut |b| Ok(survey.products(&b)?))?;
        self.raw("events")?.each(Pick::default(), &mut |b| Ok(survey.events(&b)?))?;
        self.raw("reviews")?.each(Pick::default(), &mut |b| Ok(survey.reviews(&b)?))?;
        Ok((survey.finish(), kept))
    }

    async fn order_lines(
        &self,
        kept: Option<Vec<RecordBatch>>,
        surveyed: &Surveyed,
        rates: &Rates,
        counts: &mut RuleCounts,
        rejects: &mut Vec<RecordBatch>,
    ) -> Result<Written, LakeError> {
        let raw = self.raw("order_lines")?;
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
                let parts = shares(batches, surveyed, total)?;
                parts.into_par_iter().enumerate().map(clean_part).collect::<Result<Vec<_>, _>>()
            })?;
            take(parts).await?;
            self.report("cleaning order lines", total, total);
        } else {
            for (i, buckets) in parts(total).into_iter().enumerate() {
                let part = tokio::task::block_in_place(|| {
                    let batches = raw.all(Pick { columns: None, buckets: Some(&buckets) })?;
                    done += batches.iter().map(|b| b.num_rows() as u64).sum::<u64>();
                    clean_part((i, batches))
                })?;
                self.report("cleaning order lines", done, total);
                take(vec![part]).await?;
            }
        }
        let shoppers = clean_table("shoppers")?;
        let shopper_files = self.write(shoppers, 0, surveyed.shoppers(&tally)).await?;
        Ok(vec![(clean_table("order_lines")?, lines), (clean_table("orders")?, orders), (shoppers, shopper_files)])
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
fn shares(batches: Vec<RecordBatch>, surveyed: &Surveyed, rows: u64) -> Result<Vec<Vec<RecordBatch>>, LakeError> {
    if rows < SHARED_ROWS {
        return Ok(vec![batches]);
    }
    let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new(); SHARES];
    for batch in batches {
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); SHARES];
        for (row, part) in surveyed.partition(&batch, SHARES as u32)?.into_iter().enumerate() {
            rows[part as usize].push(row as u32);
        }
        for (part, rows) in parts.iter_mut().zip(rows) {
            let share = take_record_batch(&batch, &UInt32Array::from(rows));
            part.push(share.map_err(|e| LakeError::Internal(e.to_string()))?);
        }
    }
    Ok(parts)
}

fn clean_table(name: &str) -> Result<&'static TableDef, LakeError> {
    schema::table(Zone::Clean, name).ok_or_else(|| LakeError::NoTable(format!("clean.{name}")))
}

/// The buckets of each part of a large lake.
fn parts(rows: u64) -> Vec<Vec<usize>> {
    let n = rows.div_ceil(PART_ROWS).clamp(1, BUCKETS as u64) as usize;
    (0..n).map(|p| (0..BUCKETS).filter(|b| b * n / BUCKETS == p).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_every_bucket_once() {
        for rows in [4_000_001, 20_000_000, 500_000_000] {
            let mut all: Vec<usize> = parts(rows).into_iter().flatten().collect();
            all.sort_unstable();
            assert_eq!(all, (0..BUCKETS).collect::<Vec<_>>(), "{rows}");
        }
    }
}
