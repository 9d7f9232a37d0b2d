//! Reads bytes and keeps everything as text. Two suites use it, each a part of it.

#![allow(dead_code, reason = "each test uses a part of it")]

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use intake::{IntakeError, ReadOptions, ReadSummary, Sink, SinkError};
use schema::TableDef;
use std::io::{Cursor, Read};

pub(crate) const SOURCE: &str = "0123456789abcdef";

#[derive(Default, Debug)]
pub(crate) struct Collected {
    pub(crate) batches: Vec<(&'static str, RecordBatch)>,
    pub(crate) bytes: u64,
}

impl Sink for Collected {
    fn rows(&mut self, table: &'static TableDef, batch: RecordBatch) -> Result<(), SinkError> {
        assert_eq!(batch.schema(), table.arrow_schema());
        self.batches.push((table.name, batch));
        Ok(())
    }

    fn progress(&mut self, bytes_read: u64) {
        self.bytes = bytes_read;
    }
}

impl Collected {
    /// A column as text, all batches of a table one after the other; empty for a missing value.
    pub(crate) fn column(&self, table: &str, name: &str) -> Vec<String> {
        let batches = self.batches.iter().filter(|(t, _)| *t == table);
        batches
            .flat_map(|(_, batch)| {
                let array = batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
                (0..batch.num_rows()).map(|i| cell(array.as_ref(), i)).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Rows of some columns joined by ` | `.
    pub(crate) fn rows(&self, table: &str, names: &[&str]) -> Vec<String> {
        let columns: Vec<Vec<String>> = names.iter().map(|n| self.column(table, n)).collect();
        (0..columns[0].len()).map(|i| columns.iter().map(|c| c[i].clone()).collect::<Vec<_>>().join(" | ")).collect()
    }

    /// Rejects as `line | rule | column | value | expected`.
    pub(crate) fn rejects(&self) -> Vec<String> {
        self.rows("rejects", &["line", "rule", "column", "value", "expected"])
    }
}

fn cell(array: &dyn Array, i: usize) -> String {
    if array.is_null(i) {
        return String::new();
    }
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(i).to_owned(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(i).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(i).to_string(),
        DataType::Boolean => array.as_boolean().value(i).to_string(),
        DataType::Date32 => domain::Day(array.as_primitive::<Date32Type>().value(i)).to_string(),
        DataType::Decimal128(_, scale) => {
            let digits = array.as_primitive::<Decimal128Type>().value(i);
            domain::Decimal::from_i128_with_scale(digits, *scale as u32).normalize().to_string()
        }
        DataType::Timestamp(_, _) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(i);
            let moment = chrono::DateTime::from_timestamp_micros(micros).unwrap();
            moment.format("%Y-%m-%d %H:%M:%S%.f").to_string()
        }
        other => panic!("{other}"),
    }
}

pub(crate) fn options() -> ReadOptions {
    ReadOptions::new(domain::Day::from_ymd(2026, 1, 1).unwrap())
}

pub(crate) fn read_with(
    bytes: &[u8],
    name: &str,
    options: &ReadOptions,
) -> Result<(ReadSummary, Collected), IntakeError> {
    let owned = bytes.to_vec();
    let open = move || Ok(Box::new(Cursor::new(owned.clone())) as Box<dyn Read + Send>);
    let mut sink = Collected::default();
    let summary = intake::read(&open, name, SOURCE, options, &mut sink)?;
    let rejected = sink.column("rejects", "line").len() as u64;
    assert_eq!(summary.rejected, rejected);
    Ok((summary, sink))
}

pub(crate) fn read(bytes: &[u8], name: &str) -> Result<(ReadSummary, Collected), IntakeError> {
    read_with(bytes, name, &options())
}

/// What reading fails with.
pub(crate) fn failure(bytes: &[u8], name: &str) -> String {
    read(bytes, name).map(|(summary, _)| panic!("{summary:?}")).unwrap_err().to_string()
}
