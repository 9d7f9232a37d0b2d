//! What can be wrong with a folder of benchmark data or with what is asked of it.

use domain::{FitError, InteractionsError};
use eval::EvalError;
use std::path::PathBuf;

/// Why a published task could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// A file of the data folder is not there.
    #[error("there is no file `{}`, plain or with .gz", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file that cannot be read as text.
    #[error("reading `{}`: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system or the decompressor said.
        why: std::io::Error,
    },
    /// A line that does not have the protocol's form.
    #[error("`{}`, line {line}: found `{found}`, {wanted} was expected", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What stands there, cut short.
        found: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// Lists of the hidden test: an item that is in both of a shopper's lists is almost surely
    /// wrong in the first, so looking at them betrays the answers.
    #[error("`{}` holds the hidden test's lists, which betray validation answers: use valid_run.tsv", path.display())]
    Leak {
        /// The file.
        path: PathBuf,
    },
    /// A task that nobody knows.
    #[error("there is no task `{name}`, known are {known}")]
    UnknownTask {
        /// What was asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A name that no configuration of a task has.
    #[error("{task} has no configuration `{name}`; known are {known}")]
    UnknownConfig {
        /// The task.
        task: &'static str,
        /// What was asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A folder in which no task has its data.
    #[error("no task has its data in `{}`, expected are folders such as {expected}", dir.display())]
    NoData {
        /// The folder.
        dir: PathBuf,
        /// What a task would have found.
        expected: &'static str,
    },
    /// A configuration that the task cannot answer.
    #[error("configuration `{config}` on {task}: {why}")]
    Recipe {
        /// The configuration.
        config: String,
        /// The task.
        task: String,
        /// What is wrong.
        why: String,
    },
    /// Rows that do not make a matrix.
    #[error("rows of {task}: {why}")]
    Rows {
        /// The task.
        task: String,
        /// What is wrong.
        why: InteractionsError,
    },
    /// A model that could not be fitted.
    #[error("fitting `{model}` on {task}: {why}")]
    Fit {
        /// The model.
        model: &'static str,
        /// The task.
        task: String,
        /// What is wrong.
        why: FitError,
    },
    /// Marks that a transfer cannot be judged by.
    #[error("judging a transfer: {why}")]
    Judge {
        /// What is wrong.
        why: String,
    },
    /// Lists that nothing can be learnt from.
    #[error(transparent)]
    Rank(#[from] recommend::rank::RankError),
    /// Marks that do not make an interval.
    #[error(transparent)]
    Eval(#[from] EvalError),
}
