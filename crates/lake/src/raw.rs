//! Reading zone `raw` of a snapshot, whole or one part of the shoppers at a time.

use crate::ingest::chunks::buckets;
use crate::parquet_io::{Pick, decode, of_today};
use crate::table::folder;
use crate::{Lake, LakeError, Snapshot};
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use schema::{TableDef, Zone};
use std::fs::File;

/// A table of zone `raw`.
pub(crate) struct RawTable<'a> {
    lake: &'a Lake,
    snapshot: &'a Snapshot,
    def: &'static TableDef,
}

impl<'a> RawTable<'a> {
    pub(crate) fn new(lake: &'a Lake, snapshot: &'a Snapshot, name: &str) -> Result<Self, LakeError> {
        let def = schema::table(Zone::Raw, name).ok_or_else(|| LakeError::NoTable(format!("raw.{name}")))?;
        Ok(Self { lake, snapshot, def })
    }

    pub(crate) fn rows(&self) -> u64 {
        self.snapshot.table(self.def).map_or(0, |t| t.rows)
    }

    /// Hands every batch to `visit`, in the order of sources and lines.
    pub(crate) fn each(
        &self,
        pick: Pick<'_>,
        visit: &mut dyn FnMut(RecordBatch) -> Result<(), LakeError>,
    ) -> Result<(), LakeError> {
        for file in self.snapshot.table(self.def).map_or(&[][..], |t| t.files.as_slice()) {
            let path = self.lake.root().join(folder(self.def)).join(&file.path);
            let input = File::open(&path).map_err(LakeError::io(path.display().to_string()))?;
            let name = self.def.full_name();
            let (reader, applied) = decode(&name, input, pick)?;
            for batch in reader {
                let batch = batch.map_err(|e| LakeError::Damaged { table: name.clone(), why: e.to_string() })?;
                // Who picks columns takes what old files have; all others get the columns of today.
                let batch = if pick.columns.is_some() { batch } else { of_today(self.def, &batch)? };
                match pick.buckets {
                    Some(wanted) if !applied => visit(only(&batch, wanted)?)?,
                    _ => visit(batch)?,
                }
            }
        }
        Ok(())
    }

    /// All batches at once, for tables and parts known to be small.
    pub(crate) fn all(&self, pick: Pick<'_>) -> Result<Vec<RecordBatch>, LakeError> {
        let mut batches = Vec::new();
        self.each(pick, &mut |b| {
            if b.num_rows() > 0 {
                batches.push(b);
            }
            Ok(())
        })?;
        Ok(batches)
    }
}

fn only(batch: &RecordBatch, wanted: &[usize]) -> Result<RecordBatch, LakeError> {
    let keep: BooleanArray = buckets(batch)?.into_iter().map(|b| Some(wanted.contains(&b))).collect();
    filter_record_batch(batch, &keep).map_err(|e| LakeError::Internal(e.to_string()))
}
