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
