//! Why a mechanism refuses its input.

/// What the caller handed in that cannot be worked with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LearnError {
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
    /// Two inputs whose sizes have to agree.
    #[error("{what} is {got} long, it has to be {need}")]
    Shape {
        /// Which length.
        what: &'static str,
        /// The length given.
        got: usize,
        /// The right length.
        need: usize,
    },
    /// A value that is not a finite number.
    #[error("row {row}, column {column} is {value}, it has to be a finite number")]
    NotFinite {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value.
        value: f64,
    },
    /// A basket that is not a set written in order.
    #[error("basket {basket} holds item {item} out of order or twice, items have to ascend")]
    Basket {
        /// Position of the basket, from 0.
        basket: usize,
        /// The first item that does not ascend.
        item: u32,
    },
    /// A sequence whose times fall.
    #[error("sequence {sequence} goes back to time {time}, times have to ascend")]
    Sequence {
        /// Position of the sequence, from 0.
        sequence: usize,
        /// The first time that lies before the one ahead of it.
        time: i32,
    },
    /// An estimate that has no finite value on these data.
    #[error("{what} cannot be estimated: {why}")]
    NoEstimate {
        /// Which.
        what: &'static str,
        /// What stands in the way.
        why: &'static str,
    },
    /// A graph of near vectors that the library could not make or write.
    #[error("the graph of near vectors cannot be made: {why}")]
    Graph {
        /// What the library says.
        why: String,
    },
    /// More frequent itemsets than the caller wants to hold.
    #[error("more than {limit} frequent itemsets, raise the minimum support or lower the longest length")]
    TooManyItemsets {
        /// The limit given.
        limit: usize,
    },
}
