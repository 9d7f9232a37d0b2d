//! Parquet files with canonical column names. Each cell goes through its text, exactly, so that
//! one set of rules reads all formats; a row's line is its number, from 1.
//!
//! A Parquet file keeps its directory at the end and is taken into memory packed (see
//! [`crate::ZIP_LIMIT`]); its batches then stream. Timestamps with a zone are instants, those
//! without are local times. A nested column is read past.

use crate::error::IntakeError;
use crate::record::{Built, Next, RowSource};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use domain::{Day, Decimal};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

/// Whether bytes are a Parquet file.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PAR1")
}

/// Rows of a Parquet file.
pub(crate) struct ParquetRows {
    file: String,
    reader: ParquetRecordBatchReader,
    header: Vec<String>,
    batch: Option<RecordBatch>,
    at: usize,
    line: u64,
    built: Built,
    bytes: u64,
}

impl ParquetRows {
    pub(crate) fn new(file: &str, bytes: Vec<u8>) -> Result<Self, IntakeError> {
        let size = bytes.len() as u64;
        if !bytes.ends_with(b"PAR1") {
            return Err(IntakeError::Truncated { file: file.to_owned(), compression: "Parquet", offset: size });
        }
        let built = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes))
            .and_then(|b| b.with_batch_size(8192).build());
        let reader = built.map_err(|e| corrupt(file, size, &e.to_string()))?;
        let schema = arrow_array::RecordBatchReader::schema(&reader);
        let header = schema.fields().iter().map(|f| f.name().clone()).collect();
        Ok(Self {
            file: file.to_owned(),
            reader,
            header,
            batch: None,
            at: 0,
            line: 0,
            built: Built::default(),
            bytes: size,
        })
    }
}

fn corrupt(file: &str, offset: u64, detail: &str) -> IntakeError {
    IntakeError::Corrupt { file: file.to_owned(), what: "Parquet file", offset, detail: detail.to_owned() }
}

impl RowSource for ParquetRows {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn header_line(&self) -> u64 {
        0
    }

    fn next(&mut self) -> Result<Next<'_>, IntakeError> {
        while self.batch.as_ref().is_none_or(|b| self.at >= b.num_rows()) {
            match self.reader.next() {
                None => return Ok(Next::End),
                Some(Ok(batch)) => (self.batch, self.at) = (Some(batch), 0),
                Some(Err(error)) => return Err(corrupt(&self.file, self.bytes, &error.to_string())),
            }
        }
        self.built.clear();
        if let Some(batch) = &self.batch {
            for column in batch.columns() {
                self.built.push(&cell(column.as_ref(), self.at));
            }
        }
        self.at += 1;
        self.line += 1;
        Ok(Next::Row(self.built.record(self.line)))
    }

    fn taken(&self) -> u64 {
        self.bytes
    }

    fn lines(&self) -> u64 {
        self.line
    }
}

/// One cell as text; empty for a missing value.
fn cell(array: &dyn Array, i: usize) -> String {
    if array.is_null(i) {
        return String::new();
    }
    macro_rules! plain {
        ($kind:ty) => {
            array.as_primitive::<$kind>().value(i).to_string()
        };
    }
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(i).to_owned(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(i).to_owned(),
        DataType::Utf8View => array.as_string_view().value(i).to_owned(),
        DataType::Boolean => array.as_boolean().value(i).to_string(),
        DataType::Int8 => plain!(Int8Type),
        DataType::Int16 => plain!(Int16Type),
        DataType::Int32 => plain!(Int32Type),
        DataType::Int64 => plain!(Int64Type),
        DataType::UInt8 => plain!(UInt8Type),
        DataType::UInt16 => plain!(UInt16Type),
        DataType::UInt32 => plain!(UInt32Type),
        DataType::UInt64 => plain!(UInt64Type),
        DataType::Float32 => plain!(Float32Type),
        DataType::Float64 => plain!(Float64Type),
        DataType::Decimal128(_, scale) => {
            let (value, scale) = (array.as_primitive::<Decimal128Type>().value(i), u32::try_from(*scale).unwrap_or(0));
            Decimal::try_from_i128_with_scale(value, scale)
                .map_or_else(|_| value.to_string(), |d| d.normalize().to_string())
        }
        DataType::Date32 => match array.as_primitive::<Date32Type>().value(i) {
            days @ -90_000_000..=90_000_000 => Day(days).to_string(),
            // Beyond the calendar there is no date to print; as text it is no date and is put aside.
            days => format!("day {days}"),
        },
        DataType::Timestamp(unit, zone) => {
            let micros = match unit {
                TimeUnit::Second => array.as_primitive::<TimestampSecondType>().value(i).saturating_mul(1_000_000),
                TimeUnit::Millisecond => {
                    array.as_primitive::<TimestampMillisecondType>().value(i).saturating_mul(1_000)
                }
                TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().value(i),
                TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().value(i) / 1_000,
            };
            let moment = chrono::DateTime::from_timestamp_micros(micros);
            moment.map_or_else(String::new, |m| {
                format!("{}{}", m.format("%Y-%m-%dT%H:%M:%S%.6f"), if zone.is_some() { "Z" } else { "" })
            })
        }
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let key = dictionary.normalized_keys()[i];
            cell(dictionary.values().as_ref(), key)
        }
        _ => String::new(),
    }
}
