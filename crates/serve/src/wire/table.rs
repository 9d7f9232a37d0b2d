//! A table as the console draws, sorts and exports it, and a report of figures and tables.

use super::figure::{Figure, Words};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Column {
    /// Its name, as in the lake where it comes from there.
    pub name: String,
    /// `text`, `integer`, `float`, `decimal`, `date`, `time`, `boolean` or `json`.
    #[serde(rename = "type")]
    #[schema(example = "text")]
    pub kind: String,
    /// What a value means, with its unit.
    pub meaning: String,
    /// The same in Chinese, where it is written.
    pub meaning_zh: Option<String>,
}

impl Column {
    /// A column.
    pub fn new(name: &str, kind: &str, meaning: &str) -> Self {
        Self { name: name.to_owned(), kind: kind.to_owned(), meaning: meaning.to_owned(), meaning_zh: None }
    }

    /// The same column with its meaning in Chinese.
    #[must_use]
    pub fn in_chinese(mut self, meaning: Option<&str>) -> Self {
        self.meaning_zh = meaning.map(str::to_owned);
        self
    }
}

/// One value: text, number, boolean or nothing. A decimal is a text, so that no digit is lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cell(pub Value);

impl<T: Into<Value>> From<T> for Cell {
    fn from(value: T) -> Self {
        Self(value.into())
    }
}

// By hand: a derived schema would be `oneOf`, which an integer breaks by being a number too.
impl PartialSchema for Cell {
    fn schema() -> RefOr<Schema> {
        let kinds = vec![Type::String, Type::Number, Type::Boolean, Type::Null];
        ObjectBuilder::new()
            .schema_type(SchemaType::Array(kinds))
            .description(Some("Text, number, boolean or null; decimals are texts."))
            .into()
    }
}

impl ToSchema for Cell {}

/// Rows of named columns; `rows` may be one page of `total`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Table {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// One list of cells a row, as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
    /// Rows there are in all.
    pub total: u64,
}

/// A table with a name, inside a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NamedTable {
    /// Stable name.
    pub name: String,
    /// Its heading.
    pub title: Words,
    /// The rows.
    pub table: Table,
}

/// Figures, tables and remarks on one subject.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Its heading.
    pub title: Words,
    /// Numbers first.
    pub figures: Vec<Figure>,
    /// Then tables.
    pub tables: Vec<NamedTable>,
    /// What a reader has to know: limits, what was not computed and why.
    pub notes: Vec<Words>,
}

/// Which page of a long list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The page, from 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    pub page: Option<u32>,
    /// Rows a page.
    #[param(minimum = 1, maximum = 500)]
    pub per_page: Option<u32>,
}

impl Page {
    /// First row, from 0, and how many: page 1 of 50 unless told.
    pub fn range(&self) -> (usize, usize) {
        let n = self.per_page.unwrap_or(50).clamp(1, 500) as usize;
        ((self.page.unwrap_or(1).clamp(1, 1_000_000) as usize - 1) * n, n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_page_of_twenty_starts_at_forty() {
        assert_eq!(Page { page: Some(3), per_page: Some(20) }.range(), (40, 20));
        assert_eq!(Page::default().range(), (0, 50));
    }
}
