//! Why a decision about prices, promotions, demand or stock refuses its input.

use domain::{Currency, MoneyError};
use learn::LearnError;

/// What the caller handed in that cannot be worked with. Too little data is not an error: it is said in the result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PriceError {
    /// A parameter or value outside its range.
    #[error("`{name}` is {got}, it has to be {rule}")]
    Param {
        /// Its name.
        name: &'static str,
        /// The rule it breaks.
        rule: &'static str,
        /// The value given.
        got: f64,
    },
    /// Amounts of two currencies where one is needed.
    #[error("{what} is in {got}, it has to be in {need}")]
    Currency {
        /// Which amount.
        what: &'static str,
        /// Its currency.
        got: Currency,
        /// The right one.
        need: Currency,
    },
    /// Something that has to be there is not.
    #[error("{what} {of} is missing: {need}")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// For which.
        of: String,
        /// What would be right.
        need: &'static str,
    },
    /// Two things with the same name.
    #[error("{what} {name} is given twice: once is right")]
    Twice {
        /// What it is.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// An amount that does not fit or meets another currency.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A regression that refuses its input.
    #[error(transparent)]
    Learn(#[from] LearnError),
}
