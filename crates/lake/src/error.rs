//! What can go wrong with the lake, split into what the caller can mend and what is ours.

use std::path::PathBuf;

/// Errors of the lake.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// A file could not be read as data.
    #[error(transparent)]
    Intake(#[from] intake::IntakeError),
    /// Cleaning stopped, for example for a missing exchange rate.
    #[error(transparent)]
    Clean(#[from] clean::CleanError),
    /// A file that was given and cannot be opened or read through.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A location that cannot hold a lake.
    #[error("`{location}` cannot hold a lake: {why}")]
    Location {
        /// What was given.
        location: String,
        /// Why not.
        why: String,
    },
    /// Another process writes.
    #[error("another process is writing to {0}; wait for it or stop it, then run the command again")]
    Locked(PathBuf),
    /// A table that the lake does not have yet.
    #[error("there is no table `{0}` in this snapshot; `portolan tables` lists what there is")]
    NoTable(String),
    /// A snapshot that does not exist.
    #[error("there is no snapshot {asked}; the lake has {have}")]
    NoSnapshot {
        /// The number asked for.
        asked: u64,
        /// What there is, in words.
        have: String,
    },
    /// A source file that the snapshot does not have, or a name that several have.
    #[error("`{asked}` is no source of this snapshot; {have}")]
    NoSource {
        /// What was asked for.
        asked: String,
        /// What there is, in words.
        have: String,
    },
    /// A table that an earlier release wrote and no run has written since.
    #[error("the tables are those of an earlier release, which did not know the column `{column}`")]
    Earlier {
        /// A column that is new since.
        column: String,
    },
    /// A query that the engine refuses.
    #[error("the query cannot run: {0}")]
    Query(String),
    /// The disk, the network or the permissions.
    #[error("storage of {what}: {source}")]
    Storage {
        /// What was read or written.
        what: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A table's log or file is damaged.
    #[error("table {table} cannot be read: {why}")]
    Damaged {
        /// The table.
        table: String,
        /// What is wrong.
        why: String,
    },
    /// A bug of ours.
    #[error("internal: {0}")]
    Internal(String),
}

impl LakeError {
    /// An IO error with what was being done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Storage { what, source }
    }

    /// An object-store error with what was being done.
    pub(crate) fn store(what: impl Into<String>) -> impl FnOnce(object_store::Error) -> Self {
        let what = what.into();
        move |error| Self::Storage { what, source: io_cause(&error) }
    }

    /// Whether the disk is full or over its quota.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Storage { source, .. }
            if matches!(source.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded))
    }
}

/// Finds the operating system's error inside an object-store error, so that "disk full" is still
/// recognised; else wraps the text.
fn io_cause(error: &object_store::Error) -> std::io::Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return std::io::Error::new(io.kind(), io.to_string());
        }
        cause = inner.source();
    }
    std::io::Error::other(error.to_string())
}
