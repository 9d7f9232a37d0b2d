//! The rows of `raw.sources` while files come in: one batch of one row a source, in order of arrival,
//! with where it came from as far as anybody said.

use super::{Kept, sources_def, write_file};
use crate::parquet_io::{Pick, decode, of_today};
use crate::table::{FileEntry, folder};
use crate::{Lake, LakeError, Snapshot};
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Int64Type};
use domain::Day;
use intake::Provenance;
use schema::TableDef;
use std::sync::Arc;

pub(super) struct Sources {
    pub(super) rows: Vec<RecordBatch>,
    last: i64,
    pub(super) changed: bool,
}

impl Sources {
    pub(super) async fn load(lake: &Lake, snapshot: &Snapshot) -> Result<Self, LakeError> {
        let def = sources_def()?;
        let mut all = Self { rows: Vec::new(), last: 0, changed: false };
        for file in snapshot.table(def).map_or(&[][..], |t| t.files.as_slice()) {
            let bytes = lake.get(&format!("{}/{}", folder(def), file.path)).await?;
            for batch in decode("raw.sources", bytes, Pick::default())?.0 {
                let batch =
                    batch.map_err(|e| LakeError::Damaged { table: "raw.sources".into(), why: e.to_string() })?;
                let batch = of_today(def, &batch)?;
                all.rows.extend((0..batch.num_rows()).map(|i| batch.slice(i, 1)));
            }
        }
        all.last = (0..all.rows.len()).map(|at| all.sequence(at)).max().unwrap_or(0);
        Ok(all)
    }

    /// Where a source's row is.
    pub(super) fn place(&self, source: &str) -> Option<usize> {
        self.rows.iter().position(|r| r.column(0).as_string::<i32>().value(0) == source)
    }

    /// Order of arrival of a row.
    pub(super) fn sequence(&self, at: usize) -> i64 {
        let column = self.rows[at].column_by_name("sequence");
        column.and_then(|c| c.as_primitive_opt::<Int64Type>()).map_or(0, |c| c.value(0))
    }

    pub(super) fn next_sequence(&self) -> i64 {
        self.last + 1
    }

    /// Adds a source, or puts it in the place of what was read of it before; then what was stated of its
    /// origin and is not stated now stays.
    pub(super) fn put(
        &mut self,
        kept: &Kept,
        name: &str,
        sequence: i64,
        summary: &intake::ReadSummary,
        provenance: &Provenance,
        before: Option<usize>,
    ) -> Result<(), LakeError> {
        let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value.to_owned()])) };
        let int =
            |value: u64| -> ArrayRef { Arc::new(Int64Array::from(vec![i64::try_from(value).unwrap_or(i64::MAX)])) };
        let notes = serde_json::to_string(&summary.notes).unwrap_or_else(|_| "[]".into());
        let mut columns = vec![
            text(&kept.source),
            text(&kept.sha256),
            text(name),
            int(sequence as u64),
            text(&summary.format),
            text(&summary.table),
            text(&summary.system),
            text(&summary.encoding),
            text(summary.compression),
            int(kept.bytes),
            int(summary.rows),
            int(summary.rejected),
            int(summary.converted),
            text(&notes),
        ];
        let known = before.map(|at| self.provenance(at)).unwrap_or_default();
        columns.extend(stated(&filled(provenance, known)));
        let row = RecordBatch::try_new(sources_def()?.arrow_schema(), columns)
            .map_err(|e| LakeError::Internal(format!("the row of {name} in raw.sources: {e}")))?;
        match before {
            Some(at) => self.rows[at] = row,
            None => self.rows.push(row),
        }
        self.last = self.last.max(sequence);
        self.changed = true;
        Ok(())
    }

    /// States the provenance of a file that is there; what is not stated now stays as it was.
    pub(super) fn state(&mut self, at: usize, provenance: &Provenance) -> Result<(), LakeError> {
        let stated = stated(&filled(provenance, self.provenance(at)));
        let row = &self.rows[at];
        let before = row.num_columns() - stated.len();
        let columns = row.columns()[..before].iter().cloned().chain(stated).collect();
        let next = RecordBatch::try_new(sources_def()?.arrow_schema(), columns)
            .map_err(|e| LakeError::Internal(format!("raw.sources: {e}")))?;
        self.changed |= next != *row;
        self.rows[at] = next;
        Ok(())
    }

    /// What was stated of a row's origin.
    fn provenance(&self, at: usize) -> Provenance {
        let row = &self.rows[at];
        let text = |name: &str| {
            let column = row.column_by_name(name)?.as_string_opt::<i32>()?;
            column.is_valid(0).then(|| column.value(0).to_owned())
        };
        let obtained = row.column_by_name("obtained").and_then(|c| c.as_primitive_opt::<Date32Type>());
        Provenance {
            licence: text("licence"),
            origin: text("origin"),
            obtained: obtained.filter(|c| c.is_valid(0)).map(|c| Day(c.value(0))),
        }
    }

    pub(super) async fn write(&mut self, lake: &Lake, def: &'static TableDef) -> Result<FileEntry, LakeError> {
        self.changed = false;
        write_file(lake, def, 0, std::slice::from_ref(&self.rows)).await
    }
}

/// What is stated now, and where nothing is, what was known.
fn filled(now: &Provenance, known: Provenance) -> Provenance {
    Provenance {
        licence: now.licence.clone().or(known.licence),
        origin: now.origin.clone().or(known.origin),
        obtained: now.obtained.or(known.obtained),
    }
}

/// The last three columns of `raw.sources`.
fn stated(provenance: &Provenance) -> [ArrayRef; 3] {
    [
        Arc::new(StringArray::from(vec![provenance.licence.clone()])),
        Arc::new(StringArray::from(vec![provenance.origin.clone()])),
        Arc::new(Date32Array::from(vec![provenance.obtained.map(|d| d.0)])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(source: &str) -> Kept {
        Kept { source: source.into(), sha256: source.repeat(4), bytes: 1, looks_large: false, was_there: false }
    }

    fn summary() -> intake::ReadSummary {
        intake::ReadSummary {
            format: "canonical-stock".into(),
            table: "stock".into(),
            system: "canonical".into(),
            encoding: "UTF-8".into(),
            compression: "none",
            rows: 1,
            rejected: 0,
            converted: 0,
            notes: Vec::new(),
        }
    }

    fn two() -> Sources {
        let mut sources = Sources { rows: Vec::new(), last: 0, changed: false };
        sources.put(&kept("aa"), "a.csv", 1, &summary(), &Provenance::default(), None).unwrap();
        sources.put(&kept("bb"), "b.csv", 2, &summary(), &Provenance::default(), None).unwrap();
        sources.changed = false;
        sources
    }

    #[test]
    fn a_later_statement_fills_gaps_and_an_equal_one_changes_nothing() {
        let mut sources = two();
        let at = sources.place("bb").unwrap();
        let stated = Provenance { licence: Some("CC0".into()), ..Provenance::default() };
        sources.state(at, &stated).unwrap();
        assert!(sources.changed);
        sources.changed = false;
        sources.state(at, &stated).unwrap();
        sources.state(at, &Provenance::default()).unwrap();
        assert!(!sources.changed);
        assert_eq!(sources.provenance(0), Provenance::default());
        assert_eq!(sources.provenance(at), stated);
    }

    #[test]
    fn a_file_read_again_keeps_its_place_and_what_was_stated() {
        let mut sources = two();
        let stated = Provenance { origin: Some("a bank".into()), obtained: Some(Day(20_000)), licence: None };
        sources.state(0, &stated).unwrap();
        let again = Provenance { licence: Some("CC0".into()), ..Provenance::default() };
        sources.put(&kept("aa"), "a.csv", 1, &summary(), &again, Some(0)).unwrap();
        assert_eq!(sources.provenance(0), Provenance { licence: Some("CC0".into()), ..stated });
        assert_eq!((sources.rows.len(), sources.next_sequence()), (2, 3));
    }

    #[test] // A lake of an earlier release has no such columns.
    fn rows_of_an_earlier_release_get_empty_columns() {
        let sources = two();
        let old = sources.rows[0].project(&(0..14).collect::<Vec<_>>()).unwrap();
        assert_eq!(of_today(sources_def().unwrap(), &old).unwrap(), sources.rows[0]);
    }
}
