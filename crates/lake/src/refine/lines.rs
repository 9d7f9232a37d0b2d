//! All order lines: those of files, and those of orders that only events tell, which are in no file and lie in memory.

use crate::LakeError;
use crate::ingest::chunks::buckets;
use crate::parquet_io::Pick;
use crate::raw::RawTable;
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;

/// See the module's description.
pub(super) struct Lines<'a> {
    pub(super) raw: RawTable<'a>,
    pub(super) tracked: RecordBatch,
}

impl Lines<'_> {
    pub(super) fn rows(&self) -> u64 {
        self.raw.rows() + self.tracked.num_rows() as u64
    }

    /// Hands every batch to `visit`, files first.
    pub(super) fn each(&self, visit: &mut dyn FnMut(RecordBatch) -> Result<(), LakeError>) -> Result<(), LakeError> {
        self.raw.each(Pick::default(), visit)?;
        if self.tracked.num_rows() > 0 { visit(self.tracked.clone()) } else { Ok(()) }
    }

    /// The lines of some parts of the shoppers.
    pub(super) fn of(&self, wanted: &[usize]) -> Result<Vec<RecordBatch>, LakeError> {
        let mut batches = self.raw.all(Pick { columns: None, buckets: Some(wanted) })?;
        let keep: BooleanArray = buckets(&self.tracked)?.into_iter().map(|b| Some(wanted.contains(&b))).collect();
        let tracked = filter_record_batch(&self.tracked, &keep).map_err(|e| LakeError::Internal(e.to_string()))?;
        if tracked.num_rows() > 0 {
            batches.push(tracked);
        }
        Ok(batches)
    }
}
