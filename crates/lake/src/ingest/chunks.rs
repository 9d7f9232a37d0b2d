//! Rows from a reader to data files, encoding on other threads while the reader goes on.
//!
//! A large order file is laid out by shopper: each chunk's rows are sorted by [`bucket`] and every
//! bucket is a row group of its own, so that cleaning can later read one part of the shoppers at a
//! time. At most a few chunks are in memory at once, whatever the file's size.

use super::put_file;
use crate::parquet_io::{FILE_ROWS, encode};
use crate::table::FileEntry;
use crate::{Lake, LakeError, Phase, Progress};
use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use schema::TableDef;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Parts that a large order file is laid out in.
pub(crate) const BUCKETS: usize = 32;

/// Rows of a chunk laid out by shopper: 32 row groups of about 16,000 rows.
const BUCKETED_ROWS: usize = 2 * FILE_ROWS;

/// Rows of a plain chunk: small, so that encoding starts early.
const PLAIN_ROWS: usize = FILE_ROWS / 4;

/// Which part of the shoppers a row of `raw.order_lines` belongs to: by shopper key, else e-mail,
/// else phone, else (a guest) order.
pub(crate) fn bucket(shopper_key: Option<&str>, email: Option<&str>, phone: Option<&str>, order: &str) -> usize {
    let key = shopper_key.or(email).or(phone).unwrap_or(order);
    // FNV-1a: the layout is on disk, so the hash must never change with a library.
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    // The last bytes of a short key hardly reach FNV's top bits, so these are taken after one more
    // round of mixing (the first of MurmurHash3's finaliser).
    ((hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd) >> 59) as usize
}

/// Buckets of all rows of a batch of `raw.order_lines`.
pub(crate) fn buckets(batch: &RecordBatch) -> Result<Vec<usize>, LakeError> {
    let column = |name: &str| {
        batch
            .column_by_name(name)
            .and_then(|c| c.as_string_opt::<i32>())
            .ok_or_else(|| LakeError::Internal(format!("raw.order_lines without {name}")))
    };
    let (key, email, phone, order) =
        (column("shopper_key")?, column("email_hash")?, column("phone_hash")?, column("order_id")?);
    let at = |c: &arrow::array::StringArray, i: usize| if c.is_null(i) { None } else { Some(c.value(i).to_owned()) };
    Ok((0..batch.num_rows())
        .map(|i| {
            if key.is_valid(i) {
                bucket(Some(key.value(i)), None, None, "")
            } else {
                bucket(None, at(email, i).as_deref(), at(phone, i).as_deref(), order.value(i))
            }
        })
        .collect())
}

/// How a source's files are named and laid out.
pub(crate) struct Layout {
    /// Fingerprint of the source.
    pub(crate) source: String,
    /// Order of arrival.
    pub(crate) sequence: i64,
    /// Whether order lines are laid out by shopper.
    pub(crate) bucketed: bool,
}

type Job = (&'static TableDef, u64, Vec<RecordBatch>);
type Done = Arc<Mutex<Result<Vec<(&'static TableDef, FileEntry)>, LakeError>>>;

/// The reader's sink.
pub(crate) struct ChunkWriter<'a> {
    layout: Arc<Layout>,
    waiting: BTreeMap<&'static str, (&'static TableDef, Vec<RecordBatch>, usize, u64)>,
    jobs: Option<SyncSender<Job>>,
    workers: Vec<JoinHandle<()>>,
    done: Done,
    name: &'a str,
    total: u64,
    progress: &'a (dyn Fn(&Progress<'_>) + Sync),
}

impl<'a> ChunkWriter<'a> {
    pub(crate) fn new(
        lake: &Lake,
        layout: Layout,
        name: &'a str,
        total: u64,
        progress: &'a (dyn Fn(&Progress<'_>) + Sync),
    ) -> Self {
        let layout = Arc::new(layout);
        let (jobs, receiver) = sync_channel::<Job>(1);
        let receiver = Arc::new(Mutex::new(receiver));
        let done: Done = Arc::new(Mutex::new(Ok(Vec::new())));
        let runtime = tokio::runtime::Handle::current();
        // A chunk laid out by shopper is large: one at a time keeps memory bounded.
        let n_workers = if layout.bucketed { 1 } else { 2 };
        let workers = (0..n_workers)
            .map(|_| {
                let (lake, layout, receiver, done, runtime) =
                    (lake.clone(), layout.clone(), receiver.clone(), done.clone(), runtime.clone());
                std::thread::spawn(move || work(&lake, &layout, &receiver, &done, &runtime))
            })
            .collect();
        Self { layout, waiting: BTreeMap::new(), jobs: Some(jobs), workers, done, name, total, progress }
    }

    fn send(&mut self, table: &'static str) -> Result<(), LakeError> {
        let Some((def, batches, rows, chunk)) = self.waiting.get_mut(table) else { return Ok(()) };
        if *rows == 0 {
            return Ok(());
        }
        let job = (*def, *chunk, std::mem::take(batches));
        *rows = 0;
        *chunk += 1;
        // A closed channel means that the workers have failed; finish() tells why.
        let jobs = self.jobs.as_ref().ok_or_else(|| LakeError::Internal("rows after the end".into()))?;
        jobs.send(job).map_err(|_| LakeError::Internal("the writer stopped".into()))
    }

    /// Writes what is left and returns each table's files.
    pub(crate) fn finish(mut self) -> Result<Vec<(&'static TableDef, Vec<FileEntry>)>, LakeError> {
        let tables: Vec<&'static str> = self.waiting.keys().copied().collect();
        let sent = tables.into_iter().try_for_each(|t| self.send(t));
        drop(self.jobs.take());
        for worker in self.workers.drain(..) {
            worker.join().map_err(|_| LakeError::Internal("a writing thread panicked".into()))?;
        }
        let done = std::mem::replace(&mut *lock(&self.done), Ok(Vec::new()))?;
        sent?;
        let mut tables: BTreeMap<&str, (&'static TableDef, Vec<FileEntry>)> = BTreeMap::new();
        for (def, file) in done {
            tables.entry(def.name).or_insert((def, Vec::new())).1.push(file);
        }
        Ok(tables
            .into_values()
            .map(|(def, mut files)| {
                files.sort();
                (def, files)
            })
            .collect())
    }
}

impl intake::Sink for ChunkWriter<'_> {
    fn rows(&mut self, table: &'static TableDef, batch: RecordBatch) -> Result<(), intake::SinkError> {
        let limit = if self.layout.bucketed && table.name == "order_lines" { BUCKETED_ROWS } else { PLAIN_ROWS };
        let slot = self.waiting.entry(table.name).or_insert((table, Vec::new(), 0, 0));
        slot.2 += batch.num_rows();
        slot.1.push(batch);
        if slot.2 >= limit { Ok(self.send(table.name)?) } else { Ok(()) }
    }

    fn progress(&mut self, bytes_read: u64) {
        (self.progress)(&Progress { phase: Phase::Read, what: self.name, done: bytes_read, total: self.total });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn work(lake: &Lake, layout: &Layout, jobs: &Mutex<Receiver<Job>>, done: &Done, runtime: &tokio::runtime::Handle) {
    loop {
        let job = lock(jobs).recv();
        let Ok((def, chunk, batches)) = job else { return };
        if lock(done).is_err() {
            continue;
        }
        let result = write(lake, layout, def, chunk, batches, runtime);
        let mut done = lock(done);
        match (result, done.as_mut()) {
            (Ok(file), Ok(files)) => files.push((def, file)),
            (Err(error), Ok(_)) => *done = Err(error),
            (_, Err(_)) => {}
        }
    }
}

fn write(
    lake: &Lake,
    layout: &Layout,
    def: &'static TableDef,
    chunk: u64,
    batches: Vec<RecordBatch>,
    runtime: &tokio::runtime::Handle,
) -> Result<FileEntry, LakeError> {
    let rows = batches.iter().map(|b| b.num_rows() as u64).sum();
    let by_shopper = layout.bucketed && def.name == "order_lines";
    let groups = if by_shopper { by_bucket(def, batches)? } else { vec![batches] };
    let bytes = encode(&def.arrow_schema(), &groups, by_shopper)?;
    drop(groups);
    let order = layout.sequence as u64 * 100_000 + chunk;
    runtime.block_on(put_file(lake, def, order, &layout.source, rows, bytes))
}

/// One group a bucket, rows in their order; an empty bucket is an empty group and writes nothing.
fn by_bucket(def: &TableDef, batches: Vec<RecordBatch>) -> Result<Vec<Vec<RecordBatch>>, LakeError> {
    let arrow = |e: arrow::error::ArrowError| LakeError::Internal(e.to_string());
    let all = concat_batches(&def.arrow_schema(), &batches).map_err(arrow)?;
    drop(batches);
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); BUCKETS];
    for (i, b) in buckets(&all)?.into_iter().enumerate() {
        rows[b].push(i as u32);
    }
    rows.into_iter().map(|rows| Ok(vec![take_record_batch(&all, &UInt32Array::from(rows)).map_err(arrow)?])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shopper_is_always_in_one_bucket_and_all_buckets_are_used() {
        assert_eq!(bucket(Some("17850"), Some("x"), None, "1"), bucket(Some("17850"), None, Some("y"), "2"));
        let used: std::collections::BTreeSet<usize> =
            (0..2000).map(|i| bucket(Some(&format!("{i}")), None, None, "")).collect();
        assert_eq!(used.len(), BUCKETS);
        assert!(used.iter().all(|b| *b < BUCKETS));
    }
}
