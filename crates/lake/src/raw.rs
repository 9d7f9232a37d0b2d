//! Reading zone `raw` of a snapshot, whole or one part of the shoppers at a time.

use crate::ingest::chunks::buckets;
use crate::parquet_io::{BATCH_ROWS, Pick, decode, of_today};
use crate::table::folder;
use crate::{Lake, LakeError, Snapshot};
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use schema::{TableDef, Zone};
use std::fs::File;
use std::sync::mpsc::sync_channel;

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

    /// Hands every batch to `visit`, in the order of sources and lines. Of a table with more rows than
    /// a batch, the next batch is decoded while `visit` looks at the one before.
    pub(crate) fn each(
        &self,
        pick: Pick<'_>,
        visit: &mut dyn FnMut(RecordBatch) -> Result<(), LakeError>,
    ) -> Result<(), LakeError> {
        if self.rows() <= BATCH_ROWS as u64 {
            return self.decoded(pick, visit);
        }
        std::thread::scope(|scope| {
            let (give, batches) = sync_channel(1);
            let decoding = scope.spawn(move || {
                let mut wanted = true;
                let result = self.decoded(pick, &mut |batch| {
                    // Nobody takes batches any more after `visit` has failed.
                    wanted = wanted && give.send(batch).is_ok();
                    if wanted { Ok(()) } else { Err(LakeError::Internal("reading was stopped".into())) }
                });
                if wanted { result } else { Ok(()) }
            });
            let visited = batches.iter().try_for_each(&mut *visit);
            drop(batches);
            let decoded = decoding.join().map_err(|_| LakeError::Internal("a decoding thread panicked".into()))?;
            visited.and(decoded)
        })
    }

    fn decoded(
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
