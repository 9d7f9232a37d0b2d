//! The canonical form of a raw table, written: what [`crate::read`] reads back to the same rows, bit
//! for bit. Columns are named as in the catalogue, without `source` and `line`, which the next
//! reading gives anew.
//!
//! CSV by RFC 4180 with line feeds; JSON lines with every key in every line, numbers with all their
//! digits; Parquet with the catalogue's types. A missing value is an empty cell or `null`. Nothing
//! depends on the clock: the same rows give the same bytes.

use crate::bytes::Compression;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{Schema, SchemaRef};
use domain::{Day, Decimal};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use schema::{Column, Kind, TableDef, Zone};
use std::io::{self, Write};
use std::sync::Arc;

/// What a canonical file looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Comma-separated text.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// Parquet.
    Parquet,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 3] = [Self::Csv, Self::JsonLines, Self::Parquet];

    /// The usual ending of a file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    /// The shape of that ending.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.extension() == extension)
    }
}

/// The columns of a table's file: of a raw table without `source` and `line`.
fn columns_of(table: &'static TableDef) -> impl Iterator<Item = &'static Column> {
    let raw = table.zone == Zone::Raw && table.columns.get(1).is_some_and(|c| c.name == "line");
    table.columns.iter().skip(if raw { 2 } else { 0 })
}

/// Writes batches of one table as a file; of a raw table in canonical form.
pub struct CanonicalWriter<W: Write + Send> {
    table: &'static TableDef,
    body: Body<W>,
    row: u64,
    text: String,
}

enum Body<W: Write + Send> {
    Text(Shape, Packed<W>),
    Parquet(Box<ArrowWriter<Packed<W>>>, SchemaRef),
}

/// A writer that packs.
enum Packed<W: Write> {
    Plain(W),
    Gzip(Box<flate2::write::GzEncoder<W>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, W>>),
}

impl<W: Write> Write for Packed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(w) => w.write(bytes),
            Self::Gzip(w) => w.write(bytes),
            Self::Zstd(w) => w.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(w) => w.flush(),
            Self::Gzip(w) => w.flush(),
            Self::Zstd(w) => w.flush(),
        }
    }
}

impl<W: Write> Packed<W> {
    fn finish(self) -> io::Result<W> {
        let mut out = match self {
            Self::Plain(w) => w,
            Self::Gzip(w) => w.finish()?,
            Self::Zstd(w) => w.finish()?,
        };
        out.flush()?;
        Ok(out)
    }
}

impl<W: Write + Send> CanonicalWriter<W> {
    /// Begins a file: of CSV its header is written.
    ///
    /// # Errors
    /// What `out` fails with. A zip is refused: it is an archive of files, not a way to pack one.
    pub fn new(table: &'static TableDef, shape: Shape, packing: Compression, out: W) -> io::Result<Self> {
        let mut packed = match packing {
            Compression::None => Packed::Plain(out),
            Compression::Gzip => {
                Packed::Gzip(Box::new(flate2::write::GzEncoder::new(out, flate2::Compression::default())))
            }
            Compression::Zstd => Packed::Zstd(Box::new(zstd::stream::write::Encoder::new(out, 0)?)),
            Compression::Zip => {
                let why = "a table is packed as .gz or .zst; a zip is an archive of files";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
        };
        let body = match shape {
            Shape::Parquet => {
                let all = table.arrow_schema();
                let fields = columns_of(table).filter_map(|c| all.field_with_name(c.name).ok().cloned());
                let fields: Vec<_> = fields.collect();
                let schema = Arc::new(Schema::new(fields));
                let properties = WriterProperties::builder()
                    .set_created_by("portolan canonical 1".to_owned())
                    .set_compression(parquet::basic::Compression::SNAPPY)
                    .build();
                let writer = ArrowWriter::try_new(packed, Arc::clone(&schema), Some(properties));
                Body::Parquet(Box::new(writer.map_err(io::Error::other)?), schema)
            }
            Shape::Csv | Shape::JsonLines => {
                if shape == Shape::Csv {
                    let names: Vec<&str> = columns_of(table).map(|c| c.name).collect();
                    writeln!(packed, "{}", names.join(","))?;
                }
                Body::Text(shape, packed)
            }
        };
        Ok(Self { table, body, row: 0, text: String::new() })
    }

    /// Writes the rows of a batch of the table; columns are found by name, and one that the batch lacks is
    /// written as missing.
    ///
    /// # Errors
    /// What the writer below fails with; [`io::ErrorKind::InvalidData`] names row and column of a text
    /// with a NUL character, which no CSV reader takes, and of a batch of another layout.
    pub fn rows(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let wanted: Vec<&Column> = columns_of(self.table).collect();
        let mut columns = Vec::with_capacity(wanted.len());
        for column in &wanted {
            let array = match batch.column_by_name(column.name) {
                Some(array) if *array.data_type() == column.kind.arrow() => Arc::clone(array),
                None if column.nullable => arrow_array::new_null_array(&column.kind.arrow(), batch.num_rows()),
                other => {
                    let found = other.map_or("nothing".to_owned(), |a| a.data_type().to_string());
                    let (table, name, kind) = (self.table.full_name(), column.name, column.kind.arrow());
                    return Err(invalid(format!("{table}: column {name} is {found}; {kind} is expected")));
                }
            };
            columns.push(array);
        }
        match &mut self.body {
            Body::Parquet(writer, schema) => {
                let batch = RecordBatch::try_new(Arc::clone(schema), columns).map_err(io::Error::other)?;
                writer.write(&batch).map_err(io::Error::other)?;
                self.row += batch.num_rows() as u64;
            }
            Body::Text(shape, out) => {
                for i in 0..batch.num_rows() {
                    self.row += 1;
                    self.text.clear();
                    for (c, (array, column)) in columns.iter().zip(&wanted).enumerate() {
                        let cell = cell(array.as_ref(), column.kind, i);
                        match shape {
                            Shape::JsonLines => json_cell(&mut self.text, c, column.name, column.kind, cell.as_deref()),
                            Shape::Csv | Shape::Parquet => {
                                if cell.as_deref().is_some_and(|c| c.contains('\0')) {
                                    let (table, row, name) = (self.table.full_name(), self.row, column.name);
                                    return Err(invalid(format!(
                                        "{table}, row {row}, column {name}: a NUL character cannot stand in CSV; JSON lines or Parquet can hold it"
                                    )));
                                }
                                csv_cell(&mut self.text, c, cell.as_deref().unwrap_or(""));
                            }
                        }
                    }
                    self.text.push_str(if *shape == Shape::JsonLines { "}\n" } else { "\n" });
                    out.write_all(self.text.as_bytes())?;
                }
            }
        }
        Ok(())
    }

    /// Ends the file and gives the writer below back, flushed.
    ///
    /// # Errors
    /// What the writer below fails with.
    pub fn finish(self) -> io::Result<W> {
        match self.body {
            Body::Text(_, out) => out.finish(),
            Body::Parquet(writer, _) => writer.into_inner().map_err(io::Error::other)?.finish(),
        }
    }
}

fn invalid(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// A value as text; `None` for a missing one.
fn cell(array: &dyn Array, kind: Kind, i: usize) -> Option<String> {
    if array.is_null(i) {
        return None;
    }
    let scaled = |scale| {
        let digits = array.as_primitive::<Decimal128Type>().value(i);
        Decimal::try_from_i128_with_scale(digits, scale)
            .map_or_else(|_| digits.to_string(), |d| d.normalize().to_string())
    };
    Some(match kind {
        Kind::Text => array.as_string::<i32>().value(i).to_owned(),
        Kind::Int => array.as_primitive::<Int64Type>().value(i).to_string(),
        // The shortest digits that give the same float again, never with an exponent.
        Kind::Float => array.as_primitive::<Float64Type>().value(i).to_string(),
        Kind::Amount => scaled(schema::AMOUNT_SCALE.unsigned_abs().into()),
        Kind::Rate => scaled(12),
        Kind::Bool => array.as_boolean().value(i).to_string(),
        Kind::Day => Day(array.as_primitive::<Date32Type>().value(i)).to_string(),
        Kind::Instant => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(i);
            let moment = chrono::DateTime::from_timestamp_micros(micros);
            moment.map_or_else(|| micros.to_string(), |m| m.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
        }
    })
}

fn csv_cell(line: &mut String, position: usize, cell: &str) {
    if position > 0 {
        line.push(',');
    }
    let blank = |c: Option<char>| c.is_some_and(char::is_whitespace);
    if cell.contains([',', '"', '\n', '\r']) || blank(cell.chars().next()) || blank(cell.chars().next_back()) {
        line.push('"');
        line.push_str(&cell.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(cell);
    }
}

fn json_cell(line: &mut String, position: usize, name: &str, kind: Kind, cell: Option<&str>) {
    line.push_str(if position == 0 { "{\"" } else { ",\"" });
    line.push_str(name);
    line.push_str("\":");
    match (cell, kind) {
        (None, _) => line.push_str("null"),
        (Some(cell), Kind::Int | Kind::Float | Kind::Amount | Kind::Rate | Kind::Bool) => line.push_str(cell),
        (Some(cell), Kind::Text | Kind::Day | Kind::Instant) => {
            line.push_str(&serde_json::Value::String(cell.to_owned()).to_string());
        }
    }
}
