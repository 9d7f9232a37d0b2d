//! A large lake is cleaned one part of the shoppers at a time, by the number or address that laid a row
//! out in the files. This is about the shoppers for whom that is not enough.

use super::Lines;
use crate::LakeError;
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use clean::Surveyed;
use std::collections::HashSet;

/// Shoppers whose rows do not lie in one part, because they have several numbers or addresses: they
/// are cleaned by themselves, after the others, in groups of bounded size.
#[derive(Debug, Default)]
pub(super) struct Scattered {
    pub(super) owners: HashSet<u64>,
    /// How many rows they have together.
    pub(super) rows: u64,
}

impl Scattered {
    /// The rows of everybody else.
    pub(super) fn without(
        &self,
        batches: Vec<RecordBatch>,
        surveyed: &Surveyed,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        if self.owners.is_empty() {
            return Ok(batches);
        }
        batches.into_iter().map(|b| pick(&b, surveyed, |owner| !self.owners.contains(&owner))).collect()
    }

    pub(super) fn n_groups(&self, part_rows: u64) -> u64 {
        self.rows.div_ceil(part_rows)
    }

    /// The rows of one group of them, in the order in which they came.
    pub(super) fn group(
        &self,
        raw: &Lines<'_>,
        surveyed: &Surveyed,
        group: u64,
        part_rows: u64,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let n_groups = self.n_groups(part_rows);
        let mut picked = Vec::new();
        raw.each(&mut |batch| {
            let mine = |owner| self.owners.contains(&owner) && owner % n_groups == group;
            let rows = pick(&batch, surveyed, mine)?;
            if rows.num_rows() > 0 {
                picked.push(rows);
            }
            Ok(())
        })?;
        Ok(picked)
    }
}

/// The rows of a batch whose owner is wanted.
fn pick(batch: &RecordBatch, surveyed: &Surveyed, wanted: impl Fn(u64) -> bool) -> Result<RecordBatch, LakeError> {
    let owners = surveyed.owners(batch)?;
    let rows: Vec<u32> = (0..).zip(owners).filter(|(_, owner)| wanted(*owner)).map(|(row, _)| row).collect();
    take_record_batch(batch, &UInt32Array::from(rows)).map_err(|e| LakeError::Internal(e.to_string()))
}
