//! What waits to be written: bounded in bytes, first come first served.

use crate::error::AppendError;
use crate::frame::OVERHEAD;
use crate::seen::Key;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// What a caller hands over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// A record with a key that is known already is not written again.
    pub key: Key,
    /// At most [`crate::MAX_PAYLOAD`] bytes; JSON text, or anything else without the byte 0x1d.
    pub payload: Vec<u8>,
}

impl Record {
    pub(crate) fn framed(&self) -> usize {
        self.payload.len() + OVERHEAD
    }
}

/// Everything handed over is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// For each record its number in the log; `None` where its key was there already.
    pub numbers: Vec<Option<u64>>,
}

pub(crate) type Answer<T> = oneshot::Sender<Result<T, AppendError>>;

pub(crate) enum Job {
    Append {
        records: Vec<Record>,
        at_ms: i64,
        bytes: usize,
        answer: Answer<Receipt>,
    },
    /// Close the active segment.
    Rotate {
        answer: Answer<()>,
    },
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    bytes: usize,
    closed: bool,
}

/// What the writer finds.
pub(crate) enum Found {
    Jobs(Vec<Job>),
    /// Nothing came for as long as it was willing to wait.
    Nothing,
    /// Nothing waits, and nothing will come.
    Closed,
}

pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    limit_bytes: usize,
}

impl Queue {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { waiting: Mutex::default(), wake: Condvar::new(), limit_bytes }
    }

    // The guarded values are whole after every statement, so a panic elsewhere leaves them usable.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, job: Job) -> Result<(), AppendError> {
        let bytes = match &job {
            Job::Append { bytes, .. } => *bytes,
            Job::Rotate { .. } => 0,
        };
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(AppendError::Closed);
        }
        // One job alone always fits: a limit below its size must not refuse it for ever.
        if waiting.bytes > 0 && waiting.bytes + bytes > self.limit_bytes {
            return Err(AppendError::Busy { waiting_bytes: waiting.bytes, limit_bytes: self.limit_bytes });
        }
        waiting.bytes += bytes;
        waiting.jobs.push_back(job);
        drop(waiting);
        self.wake.notify_one();
        Ok(())
    }

    /// All that waits, up to so many bytes, at least one job.
    pub(crate) fn take(&self, most_bytes: usize, patience: Duration) -> Found {
        let waiting = self.lock();
        let (mut waiting, _) = self
            .wake
            .wait_timeout_while(waiting, patience, |w| w.jobs.is_empty() && !w.closed)
            .unwrap_or_else(PoisonError::into_inner);
        let (mut jobs, mut bytes) = (Vec::new(), 0);
        while let Some(job) = waiting.jobs.front() {
            let size = match job {
                Job::Append { bytes, .. } => *bytes,
                Job::Rotate { .. } => 0,
            };
            if !jobs.is_empty() && bytes + size > most_bytes {
                break;
            }
            bytes += size;
            jobs.extend(waiting.jobs.pop_front());
        }
        waiting.bytes -= bytes;
        match (jobs.is_empty(), waiting.closed) {
            (false, _) => Found::Jobs(jobs),
            (true, false) => Found::Nothing,
            (true, true) => Found::Closed,
        }
    }

    pub(crate) fn waiting_bytes(&self) -> usize {
        self.lock().bytes
    }

    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_all();
    }
}
