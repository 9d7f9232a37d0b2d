//! The last time that a source was asked: `sync/NAME/last.json`, which the schedule goes by and the console shows, and the turn
//! that one process at a time has.

use super::{FOLDER, Last, Synced};
use crate::models::put;
use anyhow::{Context, Result};
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// What came of asking last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// When it began, milliseconds since 1970.
    pub(crate) began: i64,
    /// When it ended; `None` while it goes on, or where it was killed.
    pub(crate) ended: Option<i64>,
    /// When the last that ended well ended.
    pub(crate) succeeded: Option<i64>,
    /// How often it did not end well in a row. One that goes on counts, so that one that was killed has failed.
    pub(crate) failures: u32,
    /// What was wrong.
    pub(crate) why: Option<String>,
    /// What to do about it.
    pub(crate) next: Option<String>,
    /// What it did.
    pub(crate) done: Synced,
}

impl Attempt {
    /// What the schedule goes by.
    pub(crate) fn last(&self) -> Last {
        let at = DateTime::from_timestamp_millis(self.began).unwrap_or_default();
        Last { at, failures: self.failures, was_stopped: self.ended.is_none() }
    }
}

fn folder(root: &Path, source: &str) -> PathBuf {
    root.join(FOLDER).join(source)
}

impl Attempt {
    /// The last one; `None` where the source was never asked.
    pub(crate) fn load(root: &Path, source: &str) -> Result<Option<Self>> {
        let path = folder(root, source).join("last.json");
        let telling = || format!("reading {}", path.display());
        match std::fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            bytes => serde_json::from_slice(&bytes.with_context(telling)?).with_context(telling).map(Some),
        }
    }

    /// Notes that a source is asked.
    pub(super) fn begin(root: &Path, source: &str, at: i64) -> Result<Self> {
        let before = Self::load(root, source)?.unwrap_or_default();
        let failures = before.failures.saturating_add(1);
        let attempt = Self { began: at, failures, succeeded: before.succeeded, ..Self::default() };
        attempt.save(root, source)?;
        Ok(attempt)
    }

    pub(super) fn save(&self, root: &Path, source: &str) -> Result<()> {
        put(&folder(root, source).join("last.json"), &serde_json::to_vec_pretty(self)?)
    }
}

/// The right to ask a source, until it is dropped or the process ends, however it ends.
pub(super) struct Turn {
    _file: File,
}

impl Turn {
    /// `None` where somebody else has it.
    pub(super) fn take(root: &Path, source: &str) -> Result<Option<Self>> {
        let folder = folder(root, source);
        let path = folder.join(".lock");
        let telling = || format!("locking {}", path.display());
        std::fs::create_dir_all(&folder).with_context(telling)?;
        let file = File::options().create(true).truncate(false).write(true).open(&path).with_context(telling)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e).with_context(telling),
        }
    }
}

/// Whether somebody asks a source now.
pub(crate) fn is_asked(root: &Path, source: &str) -> bool {
    // A source that was never asked has no folder, and is given none by a look.
    folder(root, source).is_dir() && Turn::take(root, source).is_ok_and(|turn| turn.is_none())
}
