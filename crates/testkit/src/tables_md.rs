//! The table reference of the user's guide, `docs/tables.md`, written from the definitions in
//! `schema`, so that the page cannot say anything else than the program does.

use schema::{Column, TableDef, Zone, tables};
use std::fmt::Write as _;

const HEAD: &str = "\
# Tables

This page is generated from `crates/schema`; `make docs` writes it again.

`portolan tables` lists the tables of a workspace with their versions and row counts;
`portolan sql \"select … from clean.orders\"` reads them. A column is required unless it says *may be
empty*. Amounts are exact decimals with six places, never floats.
";

/// The whole page.
pub fn tables_md() -> String {
    let mut page = HEAD.to_owned();
    for zone in [Zone::Raw, Zone::Clean, Zone::Rejects, Zone::Marts] {
        let _ = write!(page, "\n## Zone `{zone}`\n\n{}\n", about(zone));
        for table in tables().filter(|t| t.zone == zone) {
            section(&mut page, table);
        }
    }
    page
}

const fn about(zone: Zone) -> &'static str {
    match zone {
        Zone::Raw => "What came, typed, with its source file and line; nothing is judged here.",
        Zone::Clean => "One view of the business after the [cleaning rules](quality-rules.md).",
        Zone::Rejects => "Rows that no rule could accept, with the reason; nothing is dropped silently.",
        Zone::Marts => "What the pipeline computes from zone `clean` for the [launch plan](plan.md).",
    }
}

fn section(page: &mut String, table: &TableDef) {
    let key = table.key.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
    let _ = write!(page, "\n### {}\n\nOne row is {}. Key: {key}.\n\n", table.full_name(), table.meaning);
    page.push_str("| column | type | meaning |\n|---|---|---|\n");
    for column in table.columns {
        row(page, column);
    }
}

fn row(page: &mut String, column: &Column) {
    // A bar inside a cell would end it.
    let meaning = column.meaning.replace('|', "\\|");
    let empty = if column.nullable { " (may be empty)" } else { "" };
    let _ = writeln!(page, "| `{}` | {} | {meaning}{empty} |", column.name, column.kind.word());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_and_every_column_is_on_the_page() {
        let page = tables_md();
        for table in tables() {
            assert!(page.contains(&format!("\n### {}\n", table.full_name())), "{}", table.full_name());
            for column in table.columns {
                assert!(page.contains(&format!("| `{}` | {} |", column.name, column.kind.word())), "{}", column.name);
            }
        }
    }
}
