//! Exit codes, documented in `docs/exit-codes.md`, and how an error is told.

use lake::LakeError;
use protocols::ProtocolError;
use std::process::ExitCode;

/// Why the program stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something that should not happen.
    Internal = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// A file that was given cannot be used.
    BadInput = 3,
    /// Something needed is not there: a workspace, a rate, a market.
    Missing = 4,
    /// The disk is full, a permission is lacking, another process writes.
    Storage = 5,
    /// A quality gate failed.
    Gate = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that a command raises itself, with its code and the next step.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Stop {
    /// Code to leave with.
    pub(crate) exit: Exit,
    /// What is wrong.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) next: String,
}

impl Stop {
    pub(crate) fn error(exit: Exit, what: impl Into<String>, next: impl Into<String>) -> anyhow::Error {
        Self { exit, what: what.into(), next: next.into() }.into()
    }
}

/// The code that fits an error.
pub(crate) fn code_of(error: &anyhow::Error) -> Exit {
    for cause in error.chain() {
        if let Some(stop) = cause.downcast_ref::<Stop>() {
            return stop.exit;
        }
        if let Some(lake) = cause.downcast_ref::<LakeError>() {
            return match lake {
                LakeError::Intake(_) => Exit::BadInput,
                LakeError::Unreadable { .. } | LakeError::Location { .. } => Exit::BadInput,
                LakeError::Clean(_)
                | LakeError::NoTable(_)
                | LakeError::NoSnapshot { .. }
                | LakeError::NoSource { .. }
                | LakeError::Earlier { .. } => Exit::Missing,
                LakeError::Query(_) => Exit::Usage,
                LakeError::Locked(_) | LakeError::Storage { .. } | LakeError::Damaged { .. } => Exit::Storage,
                LakeError::Internal(_) => Exit::Internal,
            };
        }
        if let Some(protocol) = cause.downcast_ref::<ProtocolError>() {
            return match protocol {
                ProtocolError::UnknownTask { .. } | ProtocolError::UnknownConfig { .. } => Exit::Usage,
                ProtocolError::Missing { .. } | ProtocolError::NoData { .. } => Exit::Missing,
                ProtocolError::Unreadable { .. } | ProtocolError::Line { .. } | ProtocolError::Leak { .. } => {
                    Exit::BadInput
                }
                ProtocolError::Recipe { .. }
                | ProtocolError::Rows { .. }
                | ProtocolError::Fit { .. }
                | ProtocolError::Judge { .. }
                | ProtocolError::Rank(_)
                | ProtocolError::Eval(_) => Exit::Internal,
            };
        }
        if cause.downcast_ref::<std::io::Error>().is_some() {
            return Exit::Storage;
        }
    }
    Exit::Internal
}

/// An error with its causes. A cause that the message before already ends with, as those of the lake do, is not said twice.
pub(crate) fn said(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !text.ends_with(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}

/// Prints an error and its next step on standard error.
pub(crate) fn report(error: &anyhow::Error) {
    crate::output::error(&said(error));
    for cause in error.chain() {
        if let Some(stop) = cause.downcast_ref::<Stop>() {
            crate::output::hint(&stop.next);
        }
        if let Some(lake) = cause.downcast_ref::<LakeError>()
            && let Some(next) = next_of(lake)
        {
            crate::output::hint(next);
        }
    }
}

/// What to do about an error of the lake.
fn next_of(lake: &LakeError) -> Option<&'static str> {
    let is_earlier = matches!(lake, LakeError::Earlier { .. });
    let cleaned_again =
        is_earlier.then_some("`portolan run` cleans the files again; nothing that was there before is lost");
    let full = "free some space and run the command again; nothing that was there before is lost";
    cleaned_again.or_else(|| lake.is_full().then_some(full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_the_message_has_already_is_said_once() {
        let refused = || std::io::Error::new(std::io::ErrorKind::PermissionDenied, "permission denied");
        let lake = LakeError::Storage { what: "lake/log".to_owned(), source: refused() };
        let error = anyhow::Error::new(lake).context("cleaning");
        assert_eq!(said(&error), "cleaning: storage of lake/log: permission denied");
        let plain = anyhow::Error::new(refused()).context("opening shop.csv");
        assert_eq!(said(&plain), "opening shop.csv: permission denied");
    }
}
