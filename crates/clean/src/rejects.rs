//! Rows that were read but cannot be used, with file, line, rule, value and what would be right.

use crate::columns::{batch, must_ints, must_texts, rejects_table, text_array};
use crate::counts::cut;
use crate::rules::Rule;
use arrow_array::RecordBatch;

/// Rejected rows of one call.
#[derive(Debug, Default)]
pub(crate) struct Rejects(Vec<Reject>);

#[derive(Debug)]
struct Reject {
    source: String,
    line: i64,
    table: &'static str,
    rule: Rule,
    column: &'static str,
    value: Option<String>,
    expected: String,
}

/// What is wrong with a row.
pub(crate) struct Finding {
    pub(crate) rule: Rule,
    pub(crate) column: &'static str,
    pub(crate) value: Option<String>,
    pub(crate) expected: String,
}

impl Rejects {
    pub(crate) fn push(&mut self, table: &'static str, source: &str, line: i64, finding: Finding) {
        self.0.push(Reject {
            source: source.to_owned(),
            line,
            table,
            rule: finding.rule,
            column: finding.column,
            value: finding.value.map(|v| cut(&v)),
            expected: finding.expected,
        });
    }

    /// The table rejects.rows.
    pub(crate) fn batch(self) -> RecordBatch {
        let rows = &self.0;
        batch(
            rejects_table(),
            vec![
                must_texts(rows.iter().map(|r| &r.source)),
                must_ints(rows.iter().map(|r| r.line)),
                must_texts(rows.iter().map(|r| r.table)),
                must_texts(rows.iter().map(|r| r.rule.doc().name)),
                text_array(rows.iter().map(|r| Some(r.column))),
                text_array(rows.iter().map(|r| r.value.as_ref())),
                must_texts(rows.iter().map(|r| &r.expected)),
                must_texts(rows.iter().map(|_| "clean")),
            ],
        )
    }
}
