//! Rights of a person: export and erasure.

use super::table::NamedTable;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All that is kept about a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PersonExport {
    /// The id that was asked for.
    pub id: String,
    /// Shoppers that belong to it.
    pub shopper_ids: Vec<String>,
    /// Rows by table.
    pub tables: Vec<NamedTable>,
}

/// What an erasure reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonErasure {
    /// The id that was asked for.
    pub id: String,
    /// Rows erased by place.
    pub erased: Vec<ErasedFrom>,
    /// What still has to happen, such as a run that renews the marts.
    pub next: Option<String>,
}

/// A place from which rows were erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErasedFrom {
    /// Table, file or log.
    pub place: String,
    /// Rows.
    pub rows: u64,
}

/// What a person allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Consents {
    /// The id that was asked for.
    pub id: String,
    /// What counts, one entry a purpose; a purpose that is not here was never asked for.
    pub now: Vec<ConsentEntry>,
    /// Every decision, oldest first.
    pub history: Vec<ConsentEntry>,
}

/// A decision of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsentEntry {
    /// For what: `analytics`, `personalisation`, `marketing`, or a word of the shop's own.
    pub purpose: String,
    /// What was decided.
    pub state: ConsentChoice,
    /// When, RFC 3339.
    pub at: String,
    /// Where it was said.
    pub source: String,
}

/// A decision to take down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentWrite {
    /// For what: `analytics`, `personalisation`, `marketing`, or a word of the shop's own.
    #[schema(min_length = 1, max_length = 50, pattern = "^[a-z0-9_.-]{1,50}$")]
    pub purpose: String,
    /// What was decided.
    pub state: ConsentChoice,
    /// When, RFC 3339, not in the future; now unless told.
    #[schema(max_length = 40)]
    pub at: Option<String>,
    /// Where it was said: a form, a banner with its version, a letter.
    #[schema(max_length = 200)]
    #[serde(default)]
    pub source: String,
}

/// What a person decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentChoice {
    /// Allowed.
    Granted,
    /// Refused when asked.
    #[default]
    Denied,
    /// Allowed once, no longer.
    Withdrawn,
}
