//! What stops a cleaning run. A dirty row never does: it is rejected, flagged or kept and counted.

use crate::rates::MissingRate;

/// Why cleaning stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CleanError {
    /// A raw batch without a column that its table has.
    #[error("a batch of raw.{table} has no column `{column}`: every batch follows the schema of its table")]
    NoColumn {
        /// The raw table.
        table: &'static str,
        /// The missing column.
        column: &'static str,
    },
    /// A column of another type than the schema's.
    #[error("column `{column}` of raw.{table} is {found}, it has to be {expected}")]
    ColumnType {
        /// The raw table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Its type in the batch.
        found: String,
        /// The types that are read.
        expected: &'static str,
    },
    /// An amount in a currency for which no rate was ingested.
    #[error(transparent)]
    MissingRate(#[from] MissingRate),
    /// A published rate that cannot be one.
    #[error("the rate of {base} to {quote} in source {source_id}, line {line}, is {rate}: a positive number is a rate")]
    BadRate {
        /// Source file.
        source_id: String,
        /// Line in it.
        line: i64,
        /// Currency of the one unit.
        base: String,
        /// Currency counted.
        quote: String,
        /// The value.
        rate: String,
    },
}
