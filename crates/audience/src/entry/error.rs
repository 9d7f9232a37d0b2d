//! Why facts, weights or tables about entering a market are refused.

use super::facts::FactRefusal;
use domain::{Currency, Market};

/// What is wrong with the input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EntryError {
    /// A parameter outside its range.
    #[error("parameter `{name}` is {got}, it has to be {rule}")]
    Param {
        /// Its name.
        name: String,
        /// The rule it breaks.
        rule: &'static str,
        /// The value given.
        got: f64,
    },
    /// A fact that cannot be used.
    #[error("{market}: {refusal}")]
    Fact {
        /// Whose fact.
        market: Market,
        /// Why not.
        refusal: FactRefusal,
    },
    /// An interval that contradicts its value.
    #[error("{what} is {value} within {low} to {high}: the interval has to hold the value")]
    Estimate {
        /// Which quantity.
        what: &'static str,
        /// Its value.
        value: f64,
        /// Lower end given.
        low: f64,
        /// Upper end given.
        high: f64,
    },
    /// A market that is listed twice.
    #[error("market {0} is given twice: once is right")]
    Twice(Market),
    /// A market that nobody ranked.
    #[error("market {market} is not among those ranked: {ranked}")]
    NotRanked {
        /// Asked for.
        market: Market,
        /// Those that are, separated by blanks.
        ranked: String,
    },
    /// Not enough to compare.
    #[error("{have} {what}, at least {need} are needed")]
    TooLittle {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// What a market's size needs and nobody knows.
    #[error("the size of {market} needs `{fact}`, which is not known")]
    Missing {
        /// Which market.
        market: Market,
        /// Name of the fact.
        fact: &'static str,
    },
    /// A rate of another currency than the one to convert.
    #[error("a rate from {needed} is needed, the one given is from {given}")]
    Rate {
        /// Currency to convert.
        needed: Currency,
        /// Currency of the rate.
        given: Currency,
    },
    /// A cell of a platform table.
    #[error("platform `{platform}`, column `{column}`: `{value}` is not {rule}")]
    Platform {
        /// Row.
        platform: String,
        /// Column.
        column: String,
        /// What stands there.
        value: String,
        /// What would be right.
        rule: String,
    },
    /// A product that cannot be placed on the map.
    #[error("product `{product}`: {what} is {got}, it has to be {rule}")]
    Position {
        /// Which.
        product: String,
        /// Which of its figures.
        what: &'static str,
        /// The value given.
        got: f64,
        /// What would be right.
        rule: &'static str,
    },
    /// An amount that does not fit or cannot be converted.
    #[error(transparent)]
    Money(#[from] domain::MoneyError),
}
