//! Why a table of shoppers or counts is refused.

use crate::Month;
use domain::{Amount, Day, ShopperId};
use learn::LearnError;

/// What is wrong with the input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AudienceError {
    /// A purchase that the cutoff must not see.
    #[error("shopper {shopper} last ordered on {last_day}, which has to lie before the cutoff {cutoff}")]
    AfterCutoff {
        /// Who.
        shopper: ShopperId,
        /// Day of the last order.
        last_day: Day,
        /// First day that may not be seen.
        cutoff: Day,
    },
    /// A summary that contradicts itself.
    #[error("shopper {shopper}: {what}")]
    Summary {
        /// Who.
        shopper: ShopperId,
        /// What has to hold and does not.
        what: &'static str,
    },
    /// One shopper, two rows.
    #[error("shopper {0} has two rows, one is right")]
    Twice(ShopperId),
    /// A parameter outside its range.
    #[error("parameter `{name}` is {got}, it has to be {rule}")]
    Param {
        /// Its name.
        name: &'static str,
        /// The rule it breaks.
        rule: &'static str,
        /// The value given.
        got: f64,
    },
    /// Not enough to learn from.
    #[error("{have} {what}, at least {need} are needed")]
    TooLittleData {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// A cohort table that does not add up.
    #[error("cohort {cohort}, {months_since} months on: {what}")]
    Cohort {
        /// The cohort.
        cohort: Month,
        /// Months since its start.
        months_since: u32,
        /// What has to hold and does not.
        what: &'static str,
    },
    /// Aggregates of a market that contradict each other.
    #[error("{field} is {got}, it has to be {rule}")]
    Counts {
        /// Which aggregate.
        field: &'static str,
        /// The value given.
        got: String,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// Revenue without a logarithm.
    #[error("shopper {shopper} has revenue {revenue}, it has to be zero or positive")]
    NegativeRevenue {
        /// Who.
        shopper: ShopperId,
        /// The amount.
        revenue: Amount,
    },
    /// An item without a name.
    #[error("item {item} has no name, there are {n_names}")]
    Item {
        /// The item.
        item: u32,
        /// How many names were given.
        n_names: usize,
    },
    /// Something dated on or after the first day that the data do not cover.
    #[error("a row is of {day}, which has to lie before the end of the data, {end}")]
    AfterEnd {
        /// Its day.
        day: Day,
        /// First day that is not covered.
        end: Day,
    },
    /// Rows that do not fit together.
    #[error("{what} has {got} entries, it has to have {need}")]
    Lengths {
        /// What.
        what: &'static str,
        /// Entries given.
        got: usize,
        /// Entries needed.
        need: usize,
    },
    /// A statement that nobody could look up.
    #[error("no query is given for the statement `{statement}`, every figure of a persona has one")]
    NoQuery {
        /// The statement.
        statement: String,
    },
    /// A mechanism refused its input.
    #[error(transparent)]
    Learn(#[from] LearnError),
}
