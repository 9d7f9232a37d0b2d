//! The tables of the lake: one definition a table, with the type, unit and meaning of each column.
//!
//! Connectors (`intake`) write the tables of zone `raw`, the rules (`clean`) read those and write
//! zone `clean`, the pipeline writes zone `marts`. `portolan tables` prints this catalogue.

mod clean;
mod column;
mod marts;
mod raw;

pub use column::{AMOUNT_PRECISION, AMOUNT_SCALE, Column, Kind, TableDef, Zone};

/// Every table, by zone and name.
pub fn tables() -> impl Iterator<Item = &'static TableDef> {
    raw::TABLES
        .iter()
        .chain(clean::TABLES)
        .chain(marts::TABLES)
        .chain(marts::audience::TABLES)
        .chain(marts::decide::TABLES)
}

/// The table of that zone and name.
pub fn table(zone: Zone, name: &str) -> Option<&'static TableDef> {
    tables().find(|t| t.zone == zone && t.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_everything_has_a_meaning() {
        let mut seen = BTreeSet::new();
        for t in tables() {
            assert!(seen.insert((t.zone, t.name)), "{} twice", t.name);
            assert!(!t.meaning.is_empty() && !t.columns.is_empty(), "{}", t.name);
            let mut columns = BTreeSet::new();
            for c in t.columns {
                assert!(columns.insert(c.name), "{}.{} twice", t.name, c.name);
                assert!(!c.meaning.is_empty(), "{}.{} without a meaning", t.name, c.name);
            }
            assert_eq!(t.arrow_schema().fields().len(), t.columns.len());
        }
    }

    #[test]
    fn every_raw_row_says_where_it_came_from() {
        for t in tables().filter(|t| t.zone == Zone::Raw && t.name != "sources") {
            assert_eq!((t.columns[0].name, t.columns[1].name), ("source", "line"), "{}", t.name);
        }
    }
}
