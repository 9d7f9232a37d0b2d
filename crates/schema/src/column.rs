//! What a column and a table are.

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::fmt;
use std::sync::Arc;

/// Decimal digits of an amount column in all: fits a 64-bit integer.
pub const AMOUNT_PRECISION: u8 = 18;
/// Decimal digits after the point: `domain::Amount` counts millionths.
pub const AMOUNT_SCALE: i8 = 6;

/// Where a table lies in the lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    /// What came, typed, with source and line.
    Raw,
    /// One view of orders, shoppers, products.
    Clean,
    /// Rows that no rule could accept, with the reason.
    Rejects,
    /// Features, segments, figures.
    Marts,
}

impl Zone {
    /// Folder and SQL schema name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Clean => "clean",
            Self::Rejects => "rejects",
            Self::Marts => "marts",
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The types that columns use; few, so that any engine reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Signed 64 bit.
    Int,
    /// 64-bit float: scores and ratios, never amounts.
    Float,
    /// Exact decimal with six places: amounts, rates to that precision, measures.
    Amount,
    /// Exact decimal with twelve places: exchange rates.
    Rate,
    /// True or false.
    Bool,
    /// Calendar day.
    Day,
    /// Instant in UTC, microseconds.
    Instant,
}

impl Kind {
    /// The Arrow type.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Int => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Amount => DataType::Decimal128(AMOUNT_PRECISION, AMOUNT_SCALE),
            Self::Rate => DataType::Decimal128(24, 12),
            Self::Bool => DataType::Boolean,
            Self::Day => DataType::Date32,
            Self::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }

    /// The word in `portolan tables`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int => "integer",
            Self::Float => "float",
            Self::Amount => "decimal(18,6)",
            Self::Rate => "decimal(24,12)",
            Self::Bool => "boolean",
            Self::Day => "date",
            Self::Instant => "timestamp UTC",
        }
    }
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in SQL and in canonical files.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether a value may be missing.
    pub nullable: bool,
    /// What it means, with the unit.
    pub meaning: &'static str,
}

/// A column that always has a value.
pub(crate) const fn must(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column { name, kind, nullable: false, meaning }
}

/// A column that may be empty.
pub(crate) const fn may(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column { name, kind, nullable: true, meaning }
}

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct TableDef {
    /// Zone it lies in.
    pub zone: Zone,
    /// Its name.
    pub name: &'static str,
    /// What one row is.
    pub meaning: &'static str,
    /// Columns that identify a row, for merging and sorting.
    pub key: &'static [&'static str],
    /// Its columns in order.
    pub columns: &'static [Column],
}

impl TableDef {
    /// The Arrow schema.
    pub fn arrow_schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self.columns.iter().map(|c| Field::new(c.name, c.kind.arrow(), c.nullable)).collect();
        Arc::new(Schema::new(fields))
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// `zone.name`, as SQL writes it.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.zone, self.name)
    }
}
