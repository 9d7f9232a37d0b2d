//! The rows of `raw.sources` while files come in: one batch of one row a source, in order of arrival.

use super::{Kept, sources_def, write_file};
use crate::parquet_io::{Pick, decode};
use crate::table::{FileEntry, folder};
use crate::{Lake, LakeError, Snapshot};
use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::Int64Type;
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
                let batch = widened(def, &batch)?;
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

    /// Adds a source, or puts it in the place of what was read of it before.
    pub(super) fn put(
        &mut self,
        kept: &Kept,
        name: &str,
        sequence: i64,
        summary: &intake::ReadSummary,
        before: Option<usize>,
    ) -> Result<(), LakeError> {
        let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value.to_owned()])) };
        let int =
            |value: u64| -> ArrayRef { Arc::new(Int64Array::from(vec![i64::try_from(value).unwrap_or(i64::MAX)])) };
        let notes = serde_json::to_string(&summary.notes).unwrap_or_else(|_| "[]".into());
        let columns = vec![
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

    pub(super) async fn write(&mut self, lake: &Lake, def: &'static TableDef) -> Result<FileEntry, LakeError> {
        self.changed = false;
        write_file(lake, def, 0, std::slice::from_ref(&self.rows)).await
    }
}

/// A batch of a file of an earlier release with the columns of now: what it does not have is missing.
fn widened(def: &TableDef, batch: &RecordBatch) -> Result<RecordBatch, LakeError> {
    let column = |c: &schema::Column| {
        let have = batch.column_by_name(c.name).cloned();
        have.unwrap_or_else(|| new_null_array(&c.kind.arrow(), batch.num_rows()))
    };
    RecordBatch::try_new(def.arrow_schema(), def.columns.iter().map(column).collect())
        .map_err(|e| LakeError::Damaged { table: def.full_name(), why: e.to_string() })
}
