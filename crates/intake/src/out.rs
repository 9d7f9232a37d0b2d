//! Typed columns on their way out: rows are collected, cut into batches and handed to the
//! [`Sink`]; rows that cannot be used become batches of `raw.rejects`.
//!
//! A row is written cell by cell and then committed or taken back, so that no row is ever half
//! there. Columns that a format does not have cost nothing a row: missing cells are filled in
//! when the batch is cut.

use crate::error::{IntakeError, SinkError};
use crate::hash_id;
use crate::record::BadRow;
use crate::units::Unit;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow_schema::SchemaRef;
use schema::{Kind, TableDef, Zone};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Takes the batches, in order.
pub trait Sink {
    /// A batch of one raw table; rejects arrive here too, as batches of `raw.rejects`.
    ///
    /// # Errors
    /// Whatever stopped the receiver; reading stops with it.
    fn rows(&mut self, table: &'static TableDef, batch: RecordBatch) -> Result<(), SinkError>;

    /// How many bytes of the file were taken so far.
    fn progress(&mut self, _bytes_read: u64) {}
}

enum Cells {
    Text { ends: Vec<i32>, bytes: String },
    Long(Vec<i64>),
    Wide(Vec<i128>),
    Float(Vec<f64>),
    Bool(Vec<bool>),
    Date(Vec<i32>),
}

struct ColumnBuf {
    kind: Kind,
    cells: Cells,
    /// Rows without a value, ascending.
    missing: Vec<u32>,
}

impl ColumnBuf {
    fn new(kind: Kind) -> Self {
        let cells = match kind {
            Kind::Text => Cells::Text { ends: Vec::new(), bytes: String::new() },
            Kind::Int | Kind::Instant => Cells::Long(Vec::new()),
            Kind::Amount | Kind::Rate => Cells::Wide(Vec::new()),
            Kind::Float => Cells::Float(Vec::new()),
            Kind::Bool => Cells::Bool(Vec::new()),
            Kind::Day => Cells::Date(Vec::new()),
        };
        Self { kind, cells, missing: Vec::new() }
    }

    #[inline]
    fn len(&self) -> usize {
        match &self.cells {
            Cells::Text { ends, .. } => ends.len(),
            Cells::Long(v) => v.len(),
            Cells::Wide(v) => v.len(),
            Cells::Float(v) => v.len(),
            Cells::Bool(v) => v.len(),
            Cells::Date(v) => v.len(),
        }
    }

    #[inline]
    fn pad(&mut self, rows: usize) {
        let have = self.len();
        if have < rows {
            self.missing.extend(have as u32..rows as u32);
            match &mut self.cells {
                Cells::Text { ends, bytes } => ends.resize(rows, bytes.len() as i32),
                Cells::Long(v) => v.resize(rows, 0),
                Cells::Wide(v) => v.resize(rows, 0),
                Cells::Float(v) => v.resize(rows, 0.0),
                Cells::Bool(v) => v.resize(rows, false),
                Cells::Date(v) => v.resize(rows, 0),
            }
        }
    }

    fn truncate(&mut self, rows: usize) {
        if self.len() <= rows {
            return;
        }
        match &mut self.cells {
            Cells::Text { ends, bytes } => {
                ends.truncate(rows);
                bytes.truncate(ends.last().map_or(0, |e| *e as usize));
            }
            Cells::Long(v) => v.truncate(rows),
            Cells::Wide(v) => v.truncate(rows),
            Cells::Float(v) => v.truncate(rows),
            Cells::Bool(v) => v.truncate(rows),
            Cells::Date(v) => v.truncate(rows),
        }
        while self.missing.last().is_some_and(|m| *m as usize >= rows) {
            self.missing.pop();
        }
    }

    fn take(&mut self, rows: usize) -> ArrayRef {
        self.pad(rows);
        let missing = std::mem::take(&mut self.missing);
        let nulls = (!missing.is_empty()).then(|| {
            let mut valid = vec![true; rows];
            missing.iter().for_each(|m| valid[*m as usize] = false);
            NullBuffer::from(valid)
        });
        let cells = std::mem::replace(&mut self.cells, Self::new(self.kind).cells);
        match cells {
            Cells::Text { ends, bytes } => {
                let mut offsets = Vec::with_capacity(rows + 1);
                offsets.push(0);
                offsets.extend_from_slice(&ends);
                let values = Buffer::from_vec(bytes.into_bytes());
                Arc::new(StringArray::new(OffsetBuffer::new(offsets.into()), values, nulls))
            }
            Cells::Long(v) if self.kind == Kind::Instant => {
                Arc::new(TimestampMicrosecondArray::new(v.into(), nulls).with_timezone("UTC"))
            }
            Cells::Long(v) => Arc::new(Int64Array::new(v.into(), nulls)),
            Cells::Wide(v) => Arc::new(Decimal128Array::new(v.into(), nulls).with_data_type(self.kind.arrow())),
            Cells::Float(v) => Arc::new(Float64Array::new(v.into(), nulls)),
            Cells::Bool(v) => Arc::new(BooleanArray::new(v.into(), nulls)),
            Cells::Date(v) => Arc::new(Date32Array::new(v.into(), nulls)),
        }
    }

    /// Bytes of text held.
    fn text_bytes(&self) -> usize {
        match &self.cells {
            Cells::Text { bytes, .. } => bytes.len(),
            Cells::Long(_) | Cells::Wide(_) | Cells::Float(_) | Cells::Bool(_) | Cells::Date(_) => 0,
        }
    }
}

/// Rows of one raw table being written.
struct TableBuf {
    table: &'static TableDef,
    schema: SchemaRef,
    columns: Vec<ColumnBuf>,
    rows: usize,
    total: u64,
}

/// Longest text of one column in a batch: Arrow's 32-bit offsets end at 2 GiB.
const MAX_TEXT: usize = 256 << 20;

impl TableBuf {
    fn new(table: &'static TableDef) -> Self {
        let columns = table.columns.iter().map(|c| ColumnBuf::new(c.kind)).collect();
        Self { table, schema: table.arrow_schema(), columns, rows: 0, total: 0 }
    }

    fn cut(&mut self, source: &str, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        if self.rows == 0 {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        arrays.push(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(source, rows))));
        arrays.extend(self.columns.iter_mut().skip(1).map(|c| c.take(rows)));
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .unwrap_or_else(|e| panic!("a connector left a required cell of {} empty: {e}", self.table.full_name()));
        sink.rows(self.table, batch).map_err(IntakeError::Sink)
    }
}

/// Where connectors write. Column 0 is the source and column 1 the line of every raw table.
pub(crate) struct Out<'s> {
    sink: &'s mut dyn Sink,
    source: String,
    main: TableBuf,
    rejects: TableBuf,
    /// Other tables that rows of the file give rows to as well.
    others: Vec<TableBuf>,
    batch_rows: usize,
    /// Cells by the unit they were converted from; of the open row, and of the rows written.
    open_units: Vec<Unit>,
    units: BTreeMap<&'static str, u64>,
    /// Added to every line number: lines of the earlier members of an archive.
    first_line: u64,
}

impl<'s> Out<'s> {
    pub(crate) fn new(
        sink: &'s mut dyn Sink,
        source: &str,
        table: &'static TableDef,
        batch_rows: usize,
        first_line: u64,
    ) -> Self {
        let rejects = schema::table(Zone::Raw, "rejects").expect("the catalogue has raw.rejects");
        Self {
            sink,
            source: source.to_owned(),
            main: TableBuf::new(table),
            rejects: TableBuf::new(rejects),
            others: Vec::new(),
            batch_rows: batch_rows.clamp(1, 1 << 20),
            open_units: Vec::new(),
            units: BTreeMap::new(),
            first_line,
        }
    }

    #[inline]
    fn column(&mut self, i: usize) -> &mut Cells {
        let rows = self.main.rows;
        let column = &mut self.main.columns[i];
        column.pad(rows);
        &mut column.cells
    }

    #[inline]
    pub(crate) fn text(&mut self, i: usize, value: &str) {
        let Cells::Text { ends, bytes } = self.column(i) else { mismatch(i) };
        bytes.push_str(value);
        ends.push(bytes.len() as i32);
    }

    /// An integer, or an instant in microseconds.
    #[inline]
    pub(crate) fn long(&mut self, i: usize, value: i64) {
        let Cells::Long(v) = self.column(i) else { mismatch(i) };
        v.push(value);
    }

    /// A decimal's digits without its point.
    #[inline]
    pub(crate) fn wide(&mut self, i: usize, value: i128) {
        let Cells::Wide(v) = self.column(i) else { mismatch(i) };
        v.push(value);
    }

    pub(crate) fn float(&mut self, i: usize, value: f64) {
        let Cells::Float(v) = self.column(i) else { mismatch(i) };
        v.push(value);
    }

    pub(crate) fn bool(&mut self, i: usize, value: bool) {
        let Cells::Bool(v) = self.column(i) else { mismatch(i) };
        v.push(value);
    }

    pub(crate) fn day(&mut self, i: usize, value: i32) {
        let Cells::Date(v) = self.column(i) else { mismatch(i) };
        v.push(value);
    }

    /// A cell of the open row was written in another unit.
    pub(crate) fn converted(&mut self, from: Unit) {
        self.open_units.push(from);
    }

    /// The row is whole.
    #[inline]
    pub(crate) fn commit(&mut self, line: u64) -> Result<(), IntakeError> {
        self.long(1, (self.first_line + line) as i64);
        self.main.rows += 1;
        self.main.total += 1;
        for unit in self.open_units.drain(..) {
            *self.units.entry(unit.sign()).or_default() += 1;
        }
        let full = self.main.rows >= self.batch_rows;
        // Checked once in a while only: a batch of very long texts is cut early.
        let heavy = self.main.rows.is_multiple_of(256) && self.main.columns.iter().any(|c| c.text_bytes() > MAX_TEXT);
        if full || heavy { self.main.cut(&self.source, self.sink) } else { Ok(()) }
    }

    /// Takes back what was written of a row that turned out bad.
    pub(crate) fn take_back(&mut self) {
        self.open_units.clear();
        let rows = self.main.rows;
        self.main.columns.iter_mut().for_each(|c| c.truncate(rows));
    }

    /// Writes a row of another raw table, which a row of the file gives beside its own.
    pub(crate) fn beside(
        &mut self,
        table: &'static TableDef,
        line: u64,
        write: impl FnOnce(&mut Self),
    ) -> Result<(), IntakeError> {
        let at = self.others.iter().position(|t| t.table.name == table.name).unwrap_or_else(|| {
            self.others.push(TableBuf::new(table));
            self.others.len() - 1
        });
        std::mem::swap(&mut self.main, &mut self.others[at]);
        write(self);
        let done = self.commit(line);
        std::mem::swap(&mut self.main, &mut self.others[at]);
        done
    }

    /// Puts a row aside.
    pub(crate) fn reject(&mut self, bad: &BadRow, column: Option<&str>) -> Result<(), IntakeError> {
        let table = self.main.table.name;
        std::mem::swap(&mut self.main, &mut self.rejects);
        self.text(2, table);
        self.text(3, bad.rule);
        if let Some(column) = column {
            self.text(4, column);
        }
        self.text(5, crate::error::cut(&hash_id::veiled(&bad.value), 200));
        self.text(6, &bad.expected);
        let done = self.commit(bad.line);
        std::mem::swap(&mut self.main, &mut self.rejects);
        done
    }

    pub(crate) fn progress(&mut self, bytes: u64) {
        self.sink.progress(bytes);
    }

    /// Hands over what is left.
    pub(crate) fn finish(mut self) -> Result<Written, IntakeError> {
        self.main.cut(&self.source, self.sink)?;
        self.rejects.cut(&self.source, self.sink)?;
        for other in &mut self.others {
            other.cut(&self.source, self.sink)?;
        }
        let rows = self.main.total + self.others.iter().map(|t| t.total).sum::<u64>();
        let others = self.others.iter().map(|t| t.table.name).collect();
        Ok(Written { rows, rejected: self.rejects.total, units: self.units, others })
    }
}

/// What was handed over.
pub(crate) struct Written {
    pub(crate) rows: u64,
    pub(crate) rejected: u64,
    /// Cells converted, by the sign of the unit they were in.
    pub(crate) units: BTreeMap<&'static str, u64>,
    /// Tables beside the format's own.
    pub(crate) others: Vec<&'static str>,
}

fn mismatch(i: usize) -> ! {
    panic!("a connector wrote a value of the wrong type into column {i}")
}
