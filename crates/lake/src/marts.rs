//! Writing derived tables: a mart replaces the one before, in the same snapshot as its fellows.

use crate::ingest::{commit_all, write_file};
use crate::{Lake, LakeError, LakeLock, Snapshot};
use arrow::array::RecordBatch;
use arrow::compute::cast;
use schema::{TableDef, Zone};

/// Replaces derived tables and records under `stage` what they were computed from. All appear
/// together or not at all. Columns are matched by name and cast to the catalogue's types.
///
/// # Errors
/// [`LakeError::NoTable`] for a name that is no mart, [`LakeError::Internal`] for a batch that
/// lacks a column, storage errors.
pub async fn write_mart(
    lake: &Lake,
    _lock: &LakeLock,
    stage: &str,
    fingerprint: &str,
    tables: Vec<(&str, Vec<RecordBatch>)>,
) -> Result<Snapshot, LakeError> {
    let mut writes = Vec::new();
    for (name, batches) in tables {
        let def = schema::table(Zone::Marts, name).ok_or_else(|| LakeError::NoTable(format!("marts.{name}")))?;
        let batches = batches.iter().map(|b| conform(def, b)).collect::<Result<Vec<_>, _>>()?;
        writes.push((def, vec![write_file(lake, def, 0, &[batches]).await?]));
    }
    let mut next = Snapshot::latest(lake).await?;
    for (name, version) in commit_all(lake, writes).await? {
        next.tables.insert(name, version);
    }
    next.stages.insert(stage.to_owned(), fingerprint.to_owned());
    next.publish(lake).await
}

fn conform(def: &TableDef, batch: &RecordBatch) -> Result<RecordBatch, LakeError> {
    let schema = def.arrow_schema();
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let column = batch
                .column_by_name(field.name())
                .ok_or_else(|| LakeError::Internal(format!("{} lacks column {}", def.full_name(), field.name())))?;
            cast(column, field.data_type())
                .map_err(|e| LakeError::Internal(format!("{}.{}: {e}", def.full_name(), field.name())))
        })
        .collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema, columns).map_err(|e| LakeError::Internal(format!("{}: {e}", def.full_name())))
}
