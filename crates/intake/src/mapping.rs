//! A mapping file: which column of an unknown table is what, in TOML.
//!
//! ```toml
//! table = "order_lines"
//! system = "erp"            # optional: whose customer and order numbers these are
//! rows = "sales"            # optional: `returns` where all rows of an order table came back
//!
//! [columns]                 # raw column = "header in the file"
//! order_id = "Bestellnummer"
//! quantity = "Menge"
//!
//! [constants]               # raw column = "value for every row"
//! currency = "EUR"
//!
//! [read]                    # all optional: detected where absent
//! delimiter = ";"
//! decimal = ","
//! date_order = "day-first"
//! utc_offset_minutes = 60
//! sheet = "Orders"
//!
//! [provenance]              # all optional: where the file came from, kept in raw.sources
//! licence = "by contract"
//! origin = "partner GmbH"
//! obtained = "2026-11-25"
//! ```
//!
//! Besides the columns of the raw table, `email` and `phone` may be mapped where the table has
//! `email_hash` and `phone_hash`: they are hashed.

use crate::date::DateOrder;
use crate::error::IntakeError;
use crate::format::{raw_table, raw_tables};
use crate::header::key;
use crate::provenance::MappingProvenance;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A mapping file's contents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Raw table that the rows go to.
    pub table: String,
    /// Name of the system whose customer and order numbers the file uses: one number is one shopper
    /// within a system only. Without it, files whose customer number (else order number) stands under
    /// the same header share a system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// `returns` where every row of an order table is goods that came back: quantities are then written
    /// negative, and the status is `returned` where none is mapped. `sales` otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// Raw column → header in the file.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Raw column → value of every row.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// How the file is written.
    #[serde(default)]
    pub read: MappingRead,
    /// Where the file came from.
    #[serde(default, skip_serializing_if = "is_unstated")]
    pub provenance: MappingProvenance,
}

fn is_unstated(provenance: &MappingProvenance) -> bool {
    *provenance == MappingProvenance::default()
}

/// How a mapped file is written; absent entries are detected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingRead {
    /// One character between cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// `.` or `,`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<String>,
    /// `day-first` or `month-first`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<String>,
    /// Minutes east of Greenwich of times without a zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utc_offset_minutes: Option<i32>,
    /// Sheet of a workbook; the first when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

impl Mapping {
    /// Reads and checks a mapping file's text.
    ///
    /// # Errors
    /// [`IntakeError::Mapping`] names the entry, its value and what would be right.
    pub fn parse(text: &str) -> Result<Self, IntakeError> {
        let mapping: Self = toml::from_str(text).map_err(|e| IntakeError::Mapping {
            field: "the file".into(),
            value: e.message().to_owned(),
            expected: "TOML with `table`, `[columns]`, `[constants]`, `[read]` and `[provenance]` is expected".into(),
        })?;
        mapping.check()?;
        Ok(mapping)
    }

    /// The delimiter, where one is given.
    pub(crate) fn delimiter(&self) -> Option<u8> {
        self.read.delimiter.as_ref().map(|d| if d == "\\t" { b'\t' } else { d.as_bytes()[0] })
    }

    /// The date order, where one is given.
    pub(crate) fn date_order(&self) -> Option<DateOrder> {
        self.read.date_order.as_deref().and_then(DateOrder::from_name)
    }

    /// Whether its rows are goods that came back.
    pub(crate) fn returns(&self) -> bool {
        self.rows.as_deref() == Some("returns")
    }

    /// The system by name, else by the header of its numbers.
    pub(crate) fn numbers(&self) -> String {
        let by_header = || {
            let header = ["shopper_key", "order_id"].iter().find_map(|column| self.columns.get(*column))?;
            Some(format!("mapped-{}", key(header)))
        };
        self.system.clone().or_else(by_header).unwrap_or_else(|| "mapped".to_owned())
    }

    fn check(&self) -> Result<(), IntakeError> {
        let wrong = |field: String, value: &str, expected: String| {
            Err(IntakeError::Mapping { field, value: value.to_owned(), expected })
        };
        let Some(table) = raw_table(&self.table) else {
            let names = raw_tables().map(|t| t.name).collect::<Vec<_>>().join(", ");
            return wrong("table".into(), &self.table, format!("one of {names} is expected"));
        };
        for (part, entries) in [("columns", &self.columns), ("constants", &self.constants)] {
            for (column, value) in entries {
                let known = table.column(column).is_some_and(|_| column != "source" && column != "line");
                let hashed = table.column(&format!("{column}_hash")).is_some();
                if !(known || hashed && part == "columns") {
                    let names = table.columns.iter().skip(2).map(|c| c.name).collect::<Vec<_>>().join(", ");
                    return wrong(
                        format!("{part}.{column}"),
                        value,
                        format!("`{column}` is no column of {}; {names} are", table.name),
                    );
                }
                if part == "constants" && table.column(column).is_some_and(|c| c.kind != schema::Kind::Text) {
                    return wrong(format!("{part}.{column}"), value, "only text columns can be constant".into());
                }
            }
        }
        for (column, value) in &self.columns {
            let hash = format!("{column}_hash");
            if self.columns.contains_key(&hash) {
                let expected = format!("`{column}` and `{hash}` fill the same column; one of them is expected");
                return wrong(format!("columns.{column}"), value, expected);
            }
        }
        if let Some(name) = self.system.as_ref().filter(|s| !is_system(s)) {
            return wrong("system".into(), name, SYSTEM.to_owned());
        }
        if let Some(rows) = &self.rows {
            if rows != "sales" && rows != "returns" {
                return wrong("rows".into(), rows, "`sales` or `returns` is expected".into());
            }
            if self.table != "order_lines" {
                return wrong("rows".into(), rows, "it is said of the table order_lines only".into());
            }
        }
        if let Some(d) = self.read.delimiter.as_ref().filter(|d| d.len() != 1 && *d != "\\t") {
            return wrong("read.delimiter".into(), d, "one character such as `;` is expected".into());
        }
        if let Some(d) = self.read.decimal.as_ref().filter(|d| *d != "." && *d != ",") {
            return wrong("read.decimal".into(), d, "`.` or `,` is expected".into());
        }
        if let Some(d) = self.read.date_order.as_ref().filter(|d| DateOrder::from_name(d).is_none()) {
            return wrong("read.date_order".into(), d, "`day-first` or `month-first` is expected".into());
        }
        self.provenance.read().map(|_| ())
    }
}

/// What a system may be called.
pub const SYSTEM: &str = "1 to 40 letters, digits, `-`, `_` or `.` are expected, such as `erp`";

/// Whether a text can name a system.
pub fn is_system(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=40).contains(&name.chars().count()) && name.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_read_and_its_mistakes_are_named() {
        let good = "table = \"order_lines\"\n[columns]\norder_id = \"Nr\"\nemail = \"Mail\"\n[constants]\ncurrency = \"EUR\"\n[read]\ndelimiter = \";\"\n";
        assert_eq!(Mapping::parse(good).unwrap().columns["order_id"], "Nr");
        for (text, part) in [
            ("table = \"orders\"", "one of order_lines, customers"),
            (
                "table = \"order_lines\"\n[columns]\norderid = \"Nr\"",
                "`orderid` is no column of order_lines; order_id,",
            ),
            ("table = \"order_lines\"\n[read]\ndecimal = \"x\"", "`.` or `,`"),
            ("table = \"order_lines\"\n[read]\nsheets = 1", "unknown field `sheets`"),
            ("table = \"order_lines\"\n[constants]\nquantity = \"1\"", "only text columns"),
            ("table = \"order_lines\"\nsystem = \"a:b\"", "letters, digits"),
            ("table = \"order_lines\"\nrows = \"refunds\"", "`sales` or `returns`"),
            ("table = \"stock\"\nrows = \"returns\"", "order_lines only"),
            ("table = \"order_lines\"\n[provenance]\nobtained = \"1/5/2026\"", "a day such as 2026-11-25"),
        ] {
            let error = Mapping::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn files_with_the_same_header_over_their_customer_numbers_share_a_system() {
        let of = |text: &str| Mapping::parse(text).unwrap().numbers();
        let orders = of("table = \"order_lines\"\n[columns]\norder_id = \"Nr\"\nshopper_key = \"Kunden-Nr.\"");
        assert_eq!(orders, "mapped-kundennr");
        assert_eq!(orders, of("table = \"customers\"\n[columns]\nshopper_key = \"Kundennr\""));
        assert_eq!(of("table = \"order_lines\"\n[columns]\norder_id = \"订单号\""), "mapped-订单号");
        assert_eq!(of("table = \"stock\"\n[columns]\nquantity = \"Menge\""), "mapped");
        assert_eq!(of("table = \"customers\"\nsystem = \"erp\"\n[columns]\nshopper_key = \"Nr\""), "erp");
    }
}
