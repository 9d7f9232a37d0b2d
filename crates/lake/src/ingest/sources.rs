//! The rows of `raw.sources`: what came, and where it came from as far as anybody said.

use super::{Kept, sources_def, write_file};
use crate::parquet_io::{Pick, decode, of_today};
use crate::table::{FileEntry, folder};
use crate::{Lake, LakeError, Snapshot};
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Int64Type};
use intake::Provenance;
use schema::TableDef;
use std::collections::BTreeSet;
use std::sync::Arc;

/// All rows, in memory: one a file.
pub(super) struct Sources {
    batches: Vec<RecordBatch>,
    pub(super) known: BTreeSet<String>,
    last: i64,
    pub(super) changed: bool,
}

impl Sources {
    pub(super) async fn load(lake: &Lake, snapshot: &Snapshot) -> Result<Self, LakeError> {
        let def = sources_def()?;
        let mut all = Self { batches: Vec::new(), known: BTreeSet::new(), last: 0, changed: false };
        for file in snapshot.table(def).map_or(&[][..], |t| t.files.as_slice()) {
            let bytes = lake.get(&format!("{}/{}", folder(def), file.path)).await?;
            for batch in decode("raw.sources", bytes, Pick::default())?.0 {
                let batch =
                    batch.map_err(|e| LakeError::Damaged { table: "raw.sources".into(), why: e.to_string() })?;
                all.known.extend(batch.column(0).as_string::<i32>().iter().flatten().map(str::to_owned));
                let sequence = batch.column(3).as_primitive::<Int64Type>();
                all.last = all.last.max(sequence.iter().flatten().max().unwrap_or(0));
                all.batches.push(of_today(def, &batch)?);
            }
        }
        Ok(all)
    }

    pub(super) fn next_sequence(&self) -> i64 {
        self.last + 1
    }

    pub(super) fn add(
        &mut self,
        kept: &Kept,
        name: &str,
        sequence: i64,
        summary: &intake::ReadSummary,
        provenance: &Provenance,
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
            text(&summary.encoding),
            text(summary.compression),
            int(kept.bytes),
            int(summary.rows),
            int(summary.rejected),
            int(summary.converted),
            text(&notes),
            Arc::new(StringArray::from(vec![provenance.licence.clone()])),
            Arc::new(StringArray::from(vec![provenance.origin.clone()])),
            Arc::new(Date32Array::from(vec![provenance.obtained.map(|d| d.0)])),
        ];
        let batch = RecordBatch::try_new(sources_def()?.arrow_schema(), columns)
            .map_err(|e| LakeError::Internal(format!("the row of {name} in raw.sources: {e}")))?;
        self.batches.push(batch);
        self.known.insert(kept.source.clone());
        self.last = sequence;
        self.changed = true;
        Ok(())
    }

    /// States the provenance of a file that is there; what is not stated now stays as it was.
    pub(super) fn state(&mut self, source: &str, provenance: &Provenance) -> Result<(), LakeError> {
        let def = sources_def()?;
        for batch in &mut self.batches {
            let sources = batch.column(0).as_string::<i32>();
            let Some(at) = (0..sources.len()).find(|&i| sources.value(i) == source) else { continue };
            let texts = |name: &str, stated: &Option<String>| -> Option<ArrayRef> {
                let mut values: Vec<Option<String>> =
                    batch.column_by_name(name)?.as_string::<i32>().iter().map(|v| v.map(str::to_owned)).collect();
                values[at] = stated.clone().or(values[at].take());
                Some(Arc::new(StringArray::from(values)))
            };
            let days = || -> Option<ArrayRef> {
                let column = batch.column_by_name("obtained")?.as_primitive::<Date32Type>();
                let mut values: Vec<Option<i32>> = column.iter().collect();
                values[at] = provenance.obtained.map(|d| d.0).or(values[at]);
                Some(Arc::new(Date32Array::from(values)))
            };
            let stated =
                [texts("licence", &provenance.licence), texts("origin", &provenance.origin), days()].into_iter();
            let stated: Option<Vec<ArrayRef>> = stated.collect();
            let stated = stated.ok_or_else(|| LakeError::Internal("raw.sources lacks its provenance".into()))?;
            let before = batch.columns().len() - stated.len();
            let columns = batch.columns()[..before].iter().cloned().chain(stated).collect();
            let next = RecordBatch::try_new(def.arrow_schema(), columns)
                .map_err(|e| LakeError::Internal(format!("raw.sources: {e}")))?;
            self.changed |= next != *batch;
            *batch = next;
        }
        Ok(())
    }

    pub(super) async fn write(&mut self, lake: &Lake, def: &'static TableDef) -> Result<FileEntry, LakeError> {
        self.changed = false;
        write_file(lake, def, 0, std::slice::from_ref(&self.batches)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(source: &str) -> Kept {
        Kept { path: "x".into(), source: source.into(), sha256: source.repeat(4), bytes: 1, looks_large: false }
    }

    fn summary() -> intake::ReadSummary {
        intake::ReadSummary {
            format: "canonical-stock".into(),
            table: "stock".into(),
            encoding: "UTF-8".into(),
            compression: "none",
            rows: 1,
            rejected: 0,
            converted: 0,
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_later_statement_fills_gaps_and_an_equal_one_changes_nothing() {
        let mut sources = Sources { batches: Vec::new(), known: BTreeSet::new(), last: 0, changed: false };
        sources.add(&kept("aa"), "a.csv", 1, &summary(), &Provenance::default()).unwrap();
        sources.add(&kept("bb"), "b.csv", 2, &summary(), &Provenance::default()).unwrap();
        sources.changed = false;
        let stated = Provenance { licence: Some("CC0".into()), ..Provenance::default() };
        sources.state("bb", &stated).unwrap();
        assert!(sources.changed);
        sources.changed = false;
        sources.state("bb", &stated).unwrap();
        sources.state("bb", &Provenance::default()).unwrap();
        assert!(!sources.changed);
        let licence = |i: usize| sources.batches[i].column_by_name("licence").unwrap().as_string::<i32>().clone();
        assert!(licence(0).is_null(0));
        assert_eq!(licence(1).value(0), "CC0");
    }

    #[test] // A lake of an earlier release has no such columns.
    fn rows_of_an_earlier_release_get_empty_columns() {
        let def = sources_def().unwrap();
        let mut sources = Sources { batches: Vec::new(), known: BTreeSet::new(), last: 0, changed: false };
        sources.add(&kept("aa"), "a.csv", 1, &summary(), &Provenance::default()).unwrap();
        let old = sources.batches[0].project(&(0..13).collect::<Vec<_>>()).unwrap();
        let today = of_today(def, &old).unwrap();
        assert_eq!(today, sources.batches[0]);
    }
}
