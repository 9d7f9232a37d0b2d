//! What can go wrong: parameters that describe no merchant, and writing.

use domain::Market;

/// Why a simulation was refused or stopped.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A number outside its range.
    #[error("{name} is {got}: {rule} is needed")]
    Param {
        /// Parameter, as its field is called.
        name: &'static str,
        /// What would be right.
        rule: &'static str,
        /// What was given.
        got: f64,
    },
    /// A market without a profile.
    #[error("market {0} has no profile: one of CN, US, DE, VN, TH, SA, GB, FR, JP, MX, BR, AE has")]
    Market(Market),
    /// The same market twice.
    #[error("market {0} is listed twice: once is right")]
    Twice(Market),
    /// A file could not be written.
    #[error("cannot write `{file}`: {source}")]
    Write {
        /// Name of the file, relative to the folder asked for.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl SimError {
    pub(crate) fn write(file: &str) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Write { file: file.to_owned(), source }
    }
}
