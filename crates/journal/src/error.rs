//! What can go wrong, split by who has to act: whoever starts the program, or whoever appends.

use std::path::{Path, PathBuf};

/// The log cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The operating system refused.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process has the log open.
    #[error("the log {} is in use by another process: one writer at a time", path.display())]
    InUse {
        /// Folder of the log.
        path: PathBuf,
    },
    /// Written by a newer version of the program.
    #[error("{} has format version {found}, this program reads up to {known}: start the newer program", path.display())]
    Version {
        /// The segment.
        path: PathBuf,
        /// What its header says.
        found: u32,
        /// What is known here.
        known: u32,
    },
    /// No closed segment has this number.
    #[error("no closed segment starts with record {first}: only closed segments can be retired")]
    NoSegment {
        /// The number asked for.
        first: u64,
    },
    /// The writing thread is gone.
    #[error("the log is closed")]
    Closed,
    /// Closing the active segment failed.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl JournalError {
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { what, path: path.to_path_buf(), source }
    }
}

/// Records were not taken. None of those handed over together is in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// So much waits already that more would only wait longer: try again later.
    #[error("{waiting_bytes} bytes wait to be written, the limit is {limit_bytes}: try again later")]
    Busy {
        /// Bytes that wait.
        waiting_bytes: usize,
        /// How many may.
        limit_bytes: usize,
    },
    /// A record is longer than any reader would take.
    #[error("a record of {bytes} bytes, at most {limit} are taken")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// No space is left. The log stays usable: it takes records again once there is space.
    #[error("no space is left for the log: {message}")]
    NoSpace {
        /// What the system said.
        message: String,
    },
    /// The disk refused to write or to sync.
    #[error("the log cannot be written: {message}")]
    Disk {
        /// What the system said.
        message: String,
    },
    /// The writing thread is gone.
    #[error("the log is closed")]
    Closed,
}

impl From<&std::io::Error> for AppendError {
    fn from(error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let message = error.to_string();
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::NoSpace { message },
            _ => Self::Disk { message },
        }
    }
}
