//! Why a decision about spending is refused: media mix, budget, channels, targets, bids, rehearsal.

use domain::MoneyError;
use learn::LearnError;

/// What the caller handed in that no decision can rest on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpendError {
    /// A parameter or a limit outside its range.
    #[error("`{name}` is {got}, it has to be {rule}")]
    Param {
        /// Its name.
        name: String,
        /// The rule it breaks.
        rule: &'static str,
        /// The value given.
        got: f64,
    },
    /// Two inputs whose sizes have to agree.
    #[error("{what} has {got} values, it has to have {need}")]
    Shape {
        /// Which one.
        what: String,
        /// The length given.
        got: usize,
        /// The right length.
        need: usize,
    },
    /// Not enough to decide from.
    #[error("{have} {what}, at least {need} are needed")]
    TooLittle {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// A value that is no finite number, or negative where only amounts make sense.
    #[error("`{what}` holds {value} at place {at}, it has to be {rule}")]
    Value {
        /// Which series.
        what: String,
        /// Position, from 0.
        at: usize,
        /// The value.
        value: f64,
        /// What would be right.
        rule: &'static str,
    },
    /// A name that is not there.
    #[error("there is no {kind} `{name}`: {known} are")]
    Unknown {
        /// Of what kind.
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// Limits that cannot be kept together.
    #[error("the limits cannot be kept together: {0}")]
    Infeasible(String),
    /// An amount.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A mechanism below.
    #[error(transparent)]
    Learn(#[from] LearnError),
}

impl SpendError {
    /// A parameter and the rule that it breaks.
    pub(crate) fn param(name: impl Into<String>, rule: &'static str, got: f64) -> Self {
        Self::Param { name: name.into(), rule, got }
    }
}

/// `Ok` where every value is a finite number of at least 0.
pub(crate) fn check_amounts(what: &str, values: &[f64]) -> Result<(), SpendError> {
    match values.iter().position(|v| !(v.is_finite() && *v >= 0.0)) {
        None => Ok(()),
        Some(at) => Err(SpendError::Value {
            what: what.to_owned(),
            at,
            value: values[at],
            rule: "a finite number of 0 or more",
        }),
    }
}

/// `Ok` where every value is a finite number.
pub(crate) fn check_finite(what: &str, values: &[f64]) -> Result<(), SpendError> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(at) => Err(SpendError::Value { what: what.to_owned(), at, value: values[at], rule: "a finite number" }),
    }
}
