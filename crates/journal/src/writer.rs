//! The one thread that writes: takes what waits, writes it, syncs once, answers everybody.
//!
//! While a sync runs the next callers gather, so under load one sync serves many and nobody waits longer than two of them;
//! without load a caller waits for its own alone. No time is spent waiting for company.
//!
//! Where a write fails (a full disk) the file is cut back to what was synced before and everybody of that turn hears the
//! error; the next turn tries again. Where a *sync* fails the segment is given up: the system may have dropped the pages
//! that it could not write, so a second sync that succeeds would prove nothing.

use crate::disk::{Create, Disk};
use crate::error::AppendError;
use crate::frame;
use crate::journal::{JournalParams, Shared};
use crate::queue::{Answer, Found, Job, Receipt};
use crate::seen::{Key, Seen};
use crate::segment::{self, Segment};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// Most bytes written before a sync.
const TURN_BYTES: usize = 8 << 20;

struct Active {
    disk: Box<dyn Disk>,
    segment: Segment,
    opened: Instant,
}

pub(crate) struct Writer {
    pub(crate) dir: PathBuf,
    pub(crate) params: JournalParams,
    pub(crate) shared: Arc<Shared>,
    pub(crate) create: Create,
    pub(crate) seen: Seen,
    pub(crate) next: u64,
    active: Option<Active>,
    buffer: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(
        dir: PathBuf,
        params: JournalParams,
        shared: Arc<Shared>,
        create: Create,
        seen: Seen,
        next: u64,
    ) -> Self {
        Self { dir, params, shared, create, seen, next, active: None, buffer: Vec::new() }
    }

    /// Until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        loop {
            match self.shared.queue.take(TURN_BYTES, self.patience()) {
                Found::Jobs(jobs) => self.turn(jobs),
                Found::Nothing => {}
                Found::Closed => break,
            }
            if self.is_due() {
                self.close_active();
            }
        }
        self.close_active();
    }

    /// How long the active segment may stay open.
    fn patience(&self) -> Duration {
        self.active.as_ref().map_or(Duration::from_secs(3600), |a| {
            self.params.segment_age.saturating_sub(a.opened.elapsed()).max(Duration::from_millis(1))
        })
    }

    fn is_due(&self) -> bool {
        self.active.as_ref().is_some_and(|a| {
            a.segment.records > 0
                && (a.segment.bytes >= self.params.segment_bytes || a.opened.elapsed() >= self.params.segment_age)
        })
    }

    fn turn(&mut self, jobs: Vec<Job>) {
        let mut appends = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job {
                Job::Append { records, at_ms, answer, .. } => appends.push((records, at_ms, answer)),
                Job::Rotate { answer } => {
                    // What came before is in the segment that is closed.
                    self.commit(std::mem::take(&mut appends));
                    self.close_active();
                    // Whoever asked may have gone: nothing is lost by that.
                    let _ = answer.send(Ok(()));
                }
            }
        }
        self.commit(appends);
    }

    fn commit(&mut self, appends: Vec<(Vec<crate::Record>, i64, Answer<Receipt>)>) {
        if appends.is_empty() {
            return;
        }
        self.buffer.clear();
        let (mut next, mut fresh, mut duplicates, mut last_ms) = (self.next, Vec::new(), 0_u64, i64::MIN);
        let mut answers = Vec::with_capacity(appends.len());
        for (records, at_ms, answer) in appends {
            let mut numbers = Vec::with_capacity(records.len());
            for record in records {
                if self.seen.contains(record.key) {
                    duplicates += 1;
                    numbers.push(None);
                    continue;
                }
                frame::put(&mut self.buffer, next, at_ms, record.key, &record.payload);
                self.seen.insert(record.key, at_ms);
                fresh.push(record.key);
                numbers.push(Some(next));
                next += 1;
                last_ms = last_ms.max(at_ms);
            }
            answers.push((answer, Receipt { numbers }));
        }
        let written = if fresh.is_empty() { Ok(()) } else { self.write(last_ms, next, fresh.len() as u64) };
        let stats = &self.shared.stats;
        match written {
            Ok(()) => {
                self.next = next;
                stats.records.fetch_add(fresh.len() as u64, Relaxed);
                stats.duplicates.fetch_add(duplicates, Relaxed);
                stats.bytes.fetch_add(self.buffer.len() as u64, Relaxed);
                stats.keys.store(self.seen.len() as u64, Relaxed);
                for (answer, receipt) in answers {
                    // A caller that gave up finds its records again when it repeats them.
                    let _ = answer.send(Ok(receipt));
                }
            }
            Err(error) => {
                stats.failures.fetch_add(1, Relaxed);
                fresh.iter().for_each(|key: &Key| self.seen.remove(*key));
                for (answer, _) in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
        // One burst must not hold its memory for ever.
        if self.buffer.capacity() > 2 * TURN_BYTES {
            self.buffer = Vec::new();
        }
    }

    /// Writes the buffer and syncs it.
    fn write(&mut self, last_ms: i64, next: u64, n_records: u64) -> Result<(), AppendError> {
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.open(last_ms)?,
        };
        let before = active.segment.bytes;
        if let Err(error) = active.disk.append(&self.buffer) {
            if active.disk.truncate(before).is_ok() {
                self.active = Some(active);
            } else {
                self.give_up(active);
            }
            return Err(AppendError::from(&error));
        }
        if let Err(error) = active.disk.sync() {
            // Best effort: what stays behind the synced length is no record that anybody was promised.
            let _ = active.disk.truncate(before);
            self.give_up(active);
            return Err(AppendError::from(&error));
        }
        self.shared.stats.syncs.fetch_add(1, Relaxed);
        active.segment.bytes += self.buffer.len() as u64;
        active.segment.records += n_records;
        active.segment.next = next;
        active.segment.last_ms = active.segment.last_ms.max(last_ms);
        self.shared.set_active(Some(active.segment.clone()));
        self.active = Some(active);
        Ok(())
    }

    fn open(&mut self, now_ms: i64) -> Result<Active, AppendError> {
        let segment = Segment::new(&self.dir, self.next);
        let mut disk = (self.create)(&segment.path).map_err(|e| AppendError::from(&e))?;
        disk.append(&segment::header(segment.first, now_ms)).map_err(|e| AppendError::from(&e))?;
        Ok(Active { disk, segment, opened: Instant::now() })
    }

    fn close_active(&mut self) {
        if let Some(active) = self.active.take() {
            self.give_up(active);
        }
    }

    fn give_up(&mut self, active: Active) {
        self.shared.close_segment(active.segment);
    }
}
