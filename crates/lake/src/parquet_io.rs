//! Record batches to Parquet bytes and back. The bytes follow from the rows alone (fixed writer
//! name, no clock), so that the same rows always give the same file.

use crate::LakeError;
use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::ChunkReader;
use schema::TableDef;

/// Rows of one data file: large enough to scan well, small enough to encode two at a time.
pub(crate) const FILE_ROWS: usize = 262_144;

/// Rows of a batch that is read.
pub(crate) const BATCH_ROWS: usize = 65_536;

/// Key in a file's metadata: the bucket of each row group, joined by commas.
const BUCKETS_KEY: &str = "portolan.buckets.2";

/// Encodes batches of one schema as one Parquet file; each inner list is a row group, and with
/// `buckets` the file remembers which bucket of shoppers that is.
pub(crate) fn encode(schema: &SchemaRef, groups: &[Vec<RecordBatch>], buckets: bool) -> Result<Vec<u8>, LakeError> {
    let properties = WriterProperties::builder()
        .set_created_by("portolan lake 1".to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(FILE_ROWS))
        .build();
    let failed = |e: parquet::errors::ParquetError| LakeError::Internal(format!("encoding Parquet: {e}"));
    let mut writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties)).map_err(failed)?;
    for group in groups {
        for batch in group {
            writer.write(batch).map_err(failed)?;
        }
        writer.flush().map_err(failed)?;
    }
    if buckets {
        let filled = groups.iter().enumerate().filter(|(_, g)| g.iter().any(|b| b.num_rows() > 0));
        let list: Vec<String> = filled.map(|(i, _)| i.to_string()).collect();
        writer.append_key_value_metadata(KeyValue::new(BUCKETS_KEY.to_owned(), list.join(",")));
    }
    writer.into_inner().map_err(failed)
}

/// What to read of a file.
#[derive(Clone, Copy, Default)]
pub(crate) struct Pick<'a> {
    /// Columns by name; all where none are named.
    pub(crate) columns: Option<&'a [&'a str]>,
    /// Buckets of shoppers; all where none are named.
    pub(crate) buckets: Option<&'a [usize]>,
}

/// Opens a Parquet file's rows. The flag says whether `pick.buckets` was already applied because
/// the file is laid out by bucket; otherwise the caller has to filter the rows.
pub(crate) fn decode<R: ChunkReader + 'static>(
    name: &str,
    input: R,
    pick: Pick<'_>,
) -> Result<(ParquetRecordBatchReader, bool), LakeError> {
    let failed = |e: parquet::errors::ParquetError| LakeError::Damaged { table: name.to_owned(), why: e.to_string() };
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(input).map_err(failed)?.with_batch_size(BATCH_ROWS);
    if let Some(columns) = pick.columns {
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        builder = builder.with_projection(mask);
    }
    let mut applied = pick.buckets.is_none();
    if let Some(wanted) = pick.buckets
        && let Some(layout) = buckets_of(builder.metadata().file_metadata().key_value_metadata())
    {
        let groups = layout.iter().enumerate().filter(|(_, b)| wanted.contains(b)).map(|(i, _)| i).collect();
        builder = builder.with_row_groups(groups);
        applied = true;
    }
    Ok((builder.build().map_err(failed)?, applied))
}

/// Rows that an earlier release wrote, with the columns that came later, empty.
pub(crate) fn of_today(def: &TableDef, batch: &RecordBatch) -> Result<RecordBatch, LakeError> {
    if batch.num_columns() == def.columns.len() {
        return Ok(batch.clone());
    }
    let schema = def.arrow_schema();
    let columns = schema.fields().iter().map(|field| {
        let column = batch.column_by_name(field.name()).cloned();
        column.unwrap_or_else(|| new_null_array(field.data_type(), batch.num_rows()))
    });
    RecordBatch::try_new(schema.clone(), columns.collect())
        .map_err(|e| LakeError::Damaged { table: def.full_name(), why: e.to_string() })
}

fn buckets_of(metadata: Option<&Vec<KeyValue>>) -> Option<Vec<usize>> {
    let text = metadata?.iter().find(|k| k.key == BUCKETS_KEY)?.value.as_ref()?;
    text.split(',').map(|b| b.parse().ok()).collect()
}
