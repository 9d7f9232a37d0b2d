//! The home page: what happened, what to do next, how fresh and how good the data is.

use super::figure::Words;
use super::table::Table;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A workspace at a glance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// Its name.
    pub workspace: String,
    /// The currency of all reported sums, ISO 4217.
    pub base_currency: String,
    /// The market that the seller knows.
    pub home_market: String,
    /// Markets with data, those with most shoppers first.
    pub markets: Vec<String>,
    /// Version of the data all answers come from; empty before the first run.
    pub snapshot: Option<String>,
    /// How many of each.
    pub counts: Counts,
    /// How recent each table is.
    pub freshness: Vec<Freshness>,
    /// The quality gates as the last run measured them.
    pub gates: Vec<Gate>,
    /// What to do next, most urgent first.
    pub actions: Vec<Action>,
    /// Sales by month and market.
    pub months: Table,
}

/// Rows of the clean tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "each name says it")]
pub struct Counts {
    pub orders: u64,
    pub shoppers: u64,
    pub products: u64,
    pub events: u64,
    pub reviews: u64,
    /// Rows put aside, with their reasons.
    pub rejects: u64,
}

/// How recent a table is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Freshness {
    /// The table.
    pub table: String,
    /// The day of its newest row.
    pub last_day: Option<String>,
    /// Its rows.
    pub rows: u64,
}

/// A quality gate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gate {
    /// Its name.
    pub name: String,
    /// Whether it holds.
    pub passed: bool,
    /// `pass`, `warn`, `fail`, `allowed` or `no_data`.
    pub result: String,
    /// What was found.
    pub detail: Words,
}

/// Something to do next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
    /// A path of the console where it is done.
    pub link: String,
}
