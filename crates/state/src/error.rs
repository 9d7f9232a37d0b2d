//! What can go wrong, split into what the caller can mend and what the database said.

use chrono::{DateTime, Utc};
use std::path::PathBuf;

/// Why a call did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database cannot be opened.
    #[error("the state database {url} cannot be opened: {why}")]
    Open {
        /// Where, without a password.
        url: String,
        /// What the database said.
        why: sea_orm::DbErr,
    },
    /// The file of the database cannot be made.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// The database refused.
    #[error("the state database: {0}")]
    Db(#[from] sea_orm::DbErr),
    /// No such thing.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The name is taken.
    #[error("the name {0:?} is taken; choose another")]
    Taken(String),
    /// The value cannot be right.
    #[error("{what} {got:?}: {rule}")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What it was; empty for secrets.
        got: String,
        /// What would be right.
        rule: &'static str,
    },
    /// Name or password are wrong; which of them is not told.
    #[error("name or password are wrong")]
    WrongPassword,
    /// Too many wrong passwords.
    #[error("too many wrong passwords; try again after {until}")]
    Locked {
        /// When the next try is heard.
        until: DateTime<Utc>,
    },
    /// The last admin would be gone.
    #[error("{0:?} is the last admin; make another one first")]
    LastAdmin(String),
    /// The set-up link is wrong, used or too old.
    #[error("the set-up link is wrong, used or too old; start the server again for a new one")]
    SetupLink,
    /// The machine gives no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(String),
    /// Hashing a password failed.
    #[error("a password cannot be hashed: {0}")]
    Hashing(String),
}
