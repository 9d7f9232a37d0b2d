//! Why purchases or settings are refused.

use super::Purchases;
use domain::{Day, ShopperId};
use learn::LearnError;

/// What is wrong with the input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// Numbers of one shopper that contradict each other.
    #[error("{} repeats, recency {}, age {}: {rule}", purchases.repeats, purchases.recency, purchases.age)]
    Purchases {
        /// The numbers.
        purchases: Purchases,
        /// The rule they break.
        rule: &'static str,
    },
    /// A row of one shopper that contradicts itself.
    #[error("shopper {shopper}: {what}")]
    Row {
        /// Who.
        shopper: ShopperId,
        /// What has to hold and does not.
        what: &'static str,
    },
    /// A purchase that the cutoff must not see.
    #[error("shopper {shopper} last bought on {last_day}, which has to lie before the cutoff {cutoff}")]
    AfterCutoff {
        /// Who.
        shopper: ShopperId,
        /// Day of the last purchase.
        last_day: Day,
        /// First day that may not be seen.
        cutoff: Day,
    },
    /// Two rows of one shopper in one market.
    #[error("shopper {0} has two rows in one market, one is right")]
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
    /// A mechanism refused its input.
    #[error(transparent)]
    Learn(#[from] LearnError),
}
