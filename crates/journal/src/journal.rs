//! The log as its callers see it.

use crate::disk::{Create, files};
use crate::error::{AppendError, JournalError};
use crate::frame::MAX_PAYLOAD;
use crate::queue::{Job, Queue, Receipt, Record};
use crate::recover::{Recovered, Recovery, recover};
use crate::seen::SeenParams;
use crate::segment::{self, Segment};
use crate::writer::Writer;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Sizes of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalParams {
    /// A segment is closed when it has reached so many bytes. Reading one holds it in memory.
    pub segment_bytes: u64,
    /// A segment with records is closed at this age.
    pub segment_age: Duration,
    /// Bytes that may wait to be written; beyond that callers are told to come again.
    pub queue_bytes: usize,
    /// What is remembered of what came.
    pub seen: SeenParams,
}

impl Default for JournalParams {
    fn default() -> Self {
        Self {
            segment_bytes: 32 << 20,
            segment_age: Duration::from_secs(600),
            queue_bytes: 32 << 20,
            seen: SeenParams::default(),
        }
    }
}

/// Counts since the log was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Records written.
    pub records: u64,
    /// Records that were there already.
    pub duplicates: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Syncs that wrote records.
    pub syncs: u64,
    /// Turns that failed.
    pub failures: u64,
    /// Keys remembered.
    pub keys: u64,
    /// Bytes that wait.
    pub waiting_bytes: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) records: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) syncs: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) keys: AtomicU64,
}

#[derive(Default)]
struct Segments {
    closed: Vec<Segment>,
    active: Option<Segment>,
}

/// What callers and writer have in common.
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) stats: Counters,
    segments: Mutex<Segments>,
}

impl Shared {
    fn segments(&self) -> MutexGuard<'_, Segments> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_active(&self, segment: Option<Segment>) {
        self.segments().active = segment;
    }

    pub(crate) fn close_segment(&self, segment: Segment) {
        let mut segments = self.segments();
        segments.active = None;
        if segment.records > 0 {
            segments.closed.push(segment);
        }
    }
}

/// An open log. Clones share it; when the last is dropped, what waits is written and the log is closed.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    max_keys: u64,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Held for as long as the log is open.
    _lock: File,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(thread) = self.thread.take() {
            // A panic of the writer was told to whoever waited for it.
            let _ = thread.join();
        }
    }
}

impl Journal {
    /// Opens the log in a folder, making it where there is none, and mends what the last time left behind. The time is
    /// that of now, milliseconds since 1970; it decides which keys are too old to be remembered.
    ///
    /// # Errors
    /// [`JournalError`] where the folder cannot be used, is used by another process, or was written by a newer version.
    pub fn open(dir: &Path, params: JournalParams, now_ms: i64) -> Result<(Self, Recovery), JournalError> {
        Self::open_on(dir, params, now_ms, files())
    }

    pub(crate) fn open_on(
        dir: &Path,
        params: JournalParams,
        now_ms: i64,
        create: Create,
    ) -> Result<(Self, Recovery), JournalError> {
        std::fs::create_dir_all(dir).map_err(JournalError::io("creating", dir))?;
        let lock_path = dir.join("lock");
        let lock = File::create(&lock_path).map_err(JournalError::io("creating", &lock_path))?;
        lock.try_lock().map_err(|_| JournalError::InUse { path: dir.to_path_buf() })?;
        let Recovered { segments, seen, next, recovery } = recover(dir, &params.seen, now_ms)?;
        let shared = Arc::new(Shared {
            queue: Queue::new(params.queue_bytes),
            stats: Counters { keys: AtomicU64::new(seen.len() as u64), ..Counters::default() },
            segments: Mutex::new(Segments { closed: segments, active: None }),
        });
        let max_keys = params.seen.max_keys as u64;
        let writer = Writer::new(dir.to_path_buf(), params, Arc::clone(&shared), create, seen, next);
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || writer.run())
            .map_err(JournalError::io("starting the writer of", dir))?;
        let inner = Inner { dir: dir.to_path_buf(), max_keys, shared, thread: Some(thread), _lock: lock };
        Ok((Self { inner: Arc::new(inner) }, recovery))
    }

    /// Hands records over and waits until all of them are on the disk. They are written together or not at all; `at_ms`
    /// is when they came, milliseconds since 1970.
    ///
    /// # Errors
    /// [`AppendError`]; none of the records is then promised to be there, and all may be handed over again.
    pub async fn append(&self, records: Vec<Record>, at_ms: i64) -> Result<Receipt, AppendError> {
        self.enqueue(records, at_ms)?.await.map_err(|_| AppendError::Closed)?
    }

    /// The same for a caller without a runtime.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn append_blocking(&self, records: Vec<Record>, at_ms: i64) -> Result<Receipt, AppendError> {
        self.enqueue(records, at_ms)?.blocking_recv().map_err(|_| AppendError::Closed)?
    }

    fn enqueue(
        &self,
        records: Vec<Record>,
        at_ms: i64,
    ) -> Result<oneshot::Receiver<Result<Receipt, AppendError>>, AppendError> {
        if let Some(long) = records.iter().find(|r| r.payload.len() > MAX_PAYLOAD) {
            return Err(AppendError::TooLarge { bytes: long.payload.len(), limit: MAX_PAYLOAD });
        }
        let bytes = records.iter().map(Record::framed).sum();
        let (answer, receiver) = oneshot::channel();
        self.inner.shared.queue.push(Job::Append { records, at_ms, bytes, answer })?;
        Ok(receiver)
    }

    /// Closes the active segment, so that everything acknowledged so far lies in closed ones.
    ///
    /// # Errors
    /// [`AppendError::Closed`] where the writer is gone.
    pub async fn rotate(&self) -> Result<(), AppendError> {
        let (answer, receiver) = oneshot::channel();
        self.inner.shared.queue.push(Job::Rotate { answer })?;
        receiver.await.map_err(|_| AppendError::Closed)?
    }

    /// Closed segments that are not retired, the oldest first. They do not change any more.
    pub fn closed(&self) -> Vec<Segment> {
        self.inner.shared.segments().closed.clone()
    }

    /// All segments with records, the active one last as far as it is synced now.
    pub fn segments(&self) -> Vec<Segment> {
        let segments = self.inner.shared.segments();
        segments.closed.iter().chain(&segments.active).cloned().collect()
    }

    /// Removes a closed segment whose records are safe elsewhere. Its keys stay for as long as they are remembered, so
    /// that what comes again is not taken again. Doing it twice, or after a crash in between, does no harm.
    ///
    /// # Errors
    /// [`JournalError::NoSegment`] where no closed segment starts with that record, [`JournalError::Io`] on disk trouble.
    pub fn retire(&self, first: u64) -> Result<(), JournalError> {
        let found = self.inner.shared.segments().closed.iter().find(|s| s.first == first).cloned();
        let segment = found.ok_or(JournalError::NoSegment { first })?;
        let mut keys = Vec::with_capacity(segment.records as usize);
        segment.read(|entry| keys.push((entry.key, entry.at_ms)))?;
        segment::put_keys(&segment.path.with_extension("keys"), &keys)?;
        segment::forget_keys(&self.inner.dir, self.inner.max_keys)?;
        std::fs::remove_file(&segment.path).map_err(JournalError::io("removing", &segment.path))?;
        segment::sync_folder(&self.inner.dir)?;
        self.inner.shared.segments().closed.retain(|s| s.first != first);
        Ok(())
    }

    /// Counts since the log was opened.
    pub fn stats(&self) -> Stats {
        let stats = &self.inner.shared.stats;
        Stats {
            records: stats.records.load(Relaxed),
            duplicates: stats.duplicates.load(Relaxed),
            bytes: stats.bytes.load(Relaxed),
            syncs: stats.syncs.load(Relaxed),
            failures: stats.failures.load(Relaxed),
            keys: stats.keys.load(Relaxed),
            waiting_bytes: self.inner.shared.queue.waiting_bytes() as u64,
        }
    }
}
