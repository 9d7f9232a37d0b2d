//! Quality gates: questions about the clean tables whose answer may forbid learning from them.
//!
//! A cleaning rule judges a row; a gate judges a table: how many rows lack a value, lie outside a range,
//! name something that is not there, repeat a key or were put aside, and how old the newest one is. Each is
//! one entry of [`BUILT_IN`], measured by one query over a snapshot. What a gate allows is a share of
//! the rows, or days for freshness; settings may change that, and what follows when it is exceeded.
//!
//! Age is counted from the newest order, event, review or day of advertising in files, never from
//! a clock: an export of last year is as fresh as it was then.

mod built_in;
mod measure;
mod words;

pub use built_in::BUILT_IN;
pub use measure::measure_gates;

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What a gate asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// How many rows have no value.
    NotNull,
    /// How many rows lie outside what can be.
    Range,
    /// How many rows name something that the other table does not have.
    Referential,
    /// How many rows repeat a key.
    Uniqueness,
    /// How many days the newest row lies behind the newest data.
    Freshness,
    /// How many rows were put aside by reading and cleaning.
    Rejects,
}

impl GateKind {
    /// The word in `marts.gates`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotNull => "not_null",
            Self::Range => "range",
            Self::Referential => "referential",
            Self::Uniqueness => "uniqueness",
            Self::Freshness => "freshness",
            Self::Rejects => "rejects",
        }
    }
}

/// What follows when a gate is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is learned from the data.
    Fail,
    /// It is told.
    Warn,
}

impl Severity {
    /// The word in settings and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
        }
    }

    /// The severity of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Fail, Self::Warn].into_iter().find(|s| s.word() == name)
    }
}

/// How a gate is measured; texts are pieces of SQL over its table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    /// Rows for which the condition holds fail.
    Rows {
        /// The condition.
        fails: &'static str,
    },
    /// Rows whose column is in no row of `table.column` fail; missing values do not.
    Known {
        /// The other table of zone `clean`.
        table: &'static str,
        /// Its column.
        column: &'static str,
    },
    /// Rows beyond the first of each key fail.
    Once,
    /// Days from the newest value of the column to the newest data.
    Age,
    /// Days from the newest value of the column to the newest event, those that the server took in among them.
    AgeBehindEvents,
    /// Days to the newest data for each format that orders came in, the oldest of them.
    AgeByFormat,
    /// Rows of the table in `rejects.rows`, but for those of a rule that is no fault of the file.
    PutAside {
        /// The rule, or an empty text.
        but: &'static str,
    },
}

/// One gate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// Its name in settings, reports and `marts.gates`.
    pub name: &'static str,
    /// What it asks.
    pub kind: GateKind,
    /// Table of zone `clean`.
    pub table: &'static str,
    /// Column or columns that it looks at.
    pub column: &'static str,
    /// Condition on the rows that it looks at; empty for all.
    pub of: &'static str,
    /// How.
    pub check: Check,
    /// SQL for what names a row in an example.
    pub key: &'static str,
    /// What the rows are, in the plural.
    pub rows: &'static str,
    /// What is wrong with those that fail, as a verb.
    pub fault: &'static str,
    /// Share of the rows that may fail, 0 to 1; days for [`GateKind::Freshness`].
    pub at_most: f64,
    /// What follows beyond that.
    pub severity: Severity,
}

/// Other limits than those of [`BUILT_IN`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GateSettings(BTreeMap<&'static str, GateSetting>);

/// What is set of one gate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GateSetting {
    /// Share or days that may fail.
    pub at_most: Option<f64>,
    /// What follows beyond that.
    pub severity: Option<Severity>,
}

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GateSettingError {
    /// No gate has that name.
    #[error("there is no gate `{0}`")]
    Unknown(String),
    /// A limit outside its range.
    #[error("`{gate}`: {value} cannot be a limit; {expected} is expected")]
    Limit {
        /// The gate.
        gate: &'static str,
        /// What was given.
        value: f64,
        /// What would be right.
        expected: &'static str,
    },
}

impl GateSettings {
    /// Sets one gate.
    ///
    /// # Errors
    /// [`GateSettingError`] for an unknown name or a limit that is no share (no number of days for
    /// freshness).
    pub fn set(&mut self, name: &str, setting: GateSetting) -> Result<(), GateSettingError> {
        let gate =
            BUILT_IN.iter().find(|g| g.name == name).ok_or_else(|| GateSettingError::Unknown(name.to_owned()))?;
        if let Some(value) = setting.at_most {
            let (fits, expected) = match gate.kind {
                GateKind::Freshness => (value.is_finite() && value >= 0.0, "a number of days, 0 or more,"),
                GateKind::NotNull
                | GateKind::Range
                | GateKind::Referential
                | GateKind::Uniqueness
                | GateKind::Rejects => ((0.0..=1.0).contains(&value), "a share of the rows from 0 to 1"),
            };
            if !fits {
                return Err(GateSettingError::Limit { gate: gate.name, value, expected });
            }
        }
        self.0.insert(gate.name, setting);
        Ok(())
    }

    /// The gates with these settings applied.
    pub fn gates(&self) -> Vec<Gate> {
        let set = |gate: &Gate| {
            let setting = self.0.get(gate.name).copied().unwrap_or_default();
            let at_most = setting.at_most.unwrap_or(gate.at_most);
            Gate { at_most, severity: setting.severity.unwrap_or(gate.severity), ..*gate }
        };
        BUILT_IN.iter().map(set).collect()
    }
}

/// How a gate came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateResult {
    /// Exceeded, and nothing is learned from the data.
    Fail,
    /// Exceeded, and an operator said to go on.
    Allowed,
    /// Exceeded, and told.
    Warn,
    /// Within its limit.
    Pass,
    /// There is no row to look at.
    NoData,
}

impl GateResult {
    /// The word in `marts.gates`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Allowed => "allowed",
            Self::Warn => "warn",
            Self::Pass => "pass",
            Self::NoData => "no_data",
        }
    }
}

/// A measured gate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GateRow {
    /// Its name.
    pub gate: &'static str,
    /// What it asks.
    pub kind: GateKind,
    /// Table of zone `clean`.
    pub table: &'static str,
    /// Column or columns.
    pub column: &'static str,
    /// What follows when it is exceeded.
    pub severity: Severity,
    /// How it came out.
    pub result: GateResult,
    /// `share` or `days`.
    pub unit: &'static str,
    /// What may be, in that unit.
    pub at_most: f64,
    /// What is; nothing without a row to look at.
    pub measured: Option<f64>,
    /// Rows that it looked at.
    pub checked: i64,
    /// Rows that fail; for freshness 1 where the newest row is too old.
    pub failing: i64,
    /// A row that fails: its key, or the day of the newest row.
    pub example: Option<String>,
    /// What was found, in a sentence.
    pub says: String,
    /// The same in Chinese.
    pub says_zh: String,
}

impl GateRow {
    /// Whether its limit is exceeded.
    pub fn exceeded(&self) -> bool {
        match self.result {
            GateResult::Fail | GateResult::Allowed | GateResult::Warn => true,
            GateResult::Pass | GateResult::NoData => false,
        }
    }
}

impl fmt::Display for GateRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.gate, self.says)?;
        match &self.example {
            Some(example) if self.exceeded() && self.kind != GateKind::Freshness => {
                write!(f, "; for example {example}")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::Zone;
    use std::collections::BTreeSet;

    #[test]
    fn every_gate_has_its_own_name_and_asks_about_columns_that_there_are() {
        let names: BTreeSet<_> = BUILT_IN.iter().map(|g| g.name).collect();
        assert_eq!(names.len(), BUILT_IN.len());
        for gate in BUILT_IN {
            let table = schema::table(Zone::Clean, gate.table).unwrap_or_else(|| panic!("{}", gate.name));
            for column in gate.column.split(", ").filter(|c| !c.is_empty()) {
                assert!(table.column(column).is_some(), "{}: {column}", gate.name);
            }
            if let Check::Known { table, column } = gate.check {
                assert!(schema::table(Zone::Clean, table).is_some_and(|t| t.column(column).is_some()), "{}", gate.name);
            }
            let mut settings = GateSettings::default();
            settings.set(gate.name, GateSetting { at_most: Some(gate.at_most), severity: None }).unwrap();
            assert!(gate.name.starts_with(gate.table), "{}: a gate is found by its table", gate.name);
        }
    }

    #[test]
    fn every_kind_of_gate_is_there_and_every_important_table_has_one() {
        let kinds: BTreeSet<_> = BUILT_IN.iter().map(|g| g.kind.word()).collect();
        assert_eq!(kinds.len(), 6, "{kinds:?}");
        let tables: BTreeSet<_> = BUILT_IN.iter().map(|g| g.table).collect();
        for table in [
            "order_lines",
            "orders",
            "products",
            "shoppers",
            "events",
            "reviews",
            "questions",
            "stock",
            "costs",
            "ad_spend",
            "competitor_prices",
            "fx_rates",
        ] {
            assert!(tables.contains(table), "{table}");
        }
    }

    #[test]
    fn settings_change_limits_and_refuse_what_is_no_limit() {
        let mut settings = GateSettings::default();
        let setting = GateSetting { at_most: Some(0.05), severity: Some(Severity::Warn) };
        settings.set("order_lines_rejected", setting).unwrap();
        let gates = settings.gates();
        let gate = gates.iter().find(|g| g.name == "order_lines_rejected").unwrap();
        assert_eq!((gate.at_most, gate.severity), (0.05, Severity::Warn));
        let limit = |x| GateSetting { at_most: Some(x), severity: None };
        assert!(matches!(settings.set("order_lines_rejected", limit(1.5)), Err(GateSettingError::Limit { .. })));
        assert!(settings.set("orders_fresh", limit(45.0)).is_ok());
        assert!(settings.set("orders_fresh", limit(-1.0)).is_err());
        assert_eq!(settings.set("orders", limit(0.1)), Err(GateSettingError::Unknown("orders".into())));
    }
}
