//! Reads one file from its first byte to its last batch.

use crate::bytes::{Compression, Member, Open, members};
use crate::connect::{Connector, complete, connector};
use crate::date;
use crate::detect::by_header;
use crate::encoding::EncodingReport;
use crate::error::IntakeError;
use crate::format::Format;
use crate::header::Header;
use crate::number::{self, DecimalMark};
use crate::options::ReadOptions;
use crate::out::{Out, Sink, Written};
use crate::plan::{How, Reading};
use crate::record::Next;
use crate::rows::{Opened, open as open_rows};
use schema::Kind;
use std::io;

/// What was found out about a file before its rows were read.
#[derive(Clone, Debug)]
pub struct Detected {
    /// Its format.
    pub format: Format,
    /// How it is packed.
    pub compression: Compression,
    /// Its character encoding.
    pub encoding: EncodingReport,
    /// Its delimiter, quote and decimal mark.
    pub dialect: Dialect,
    /// Why the format was chosen.
    pub reasons: Vec<String>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between cells; `None` where the format has none.
    pub delimiter: Option<char>,
    /// Around cells.
    pub quote: char,
    /// Before the fraction of a number.
    pub decimal: DecimalMark,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadSummary {
    /// Name of the format; of several members of an archive, all names.
    pub format: String,
    /// Raw table that the rows went to; of several, all names.
    pub table: String,
    /// System whose customer and order numbers it uses; of several members, that of the first.
    pub system: String,
    /// Character encoding.
    pub encoding: String,
    /// `none`, `gzip`, `zstd` or `zip`.
    pub compression: &'static str,
    /// Rows handed to the sink.
    pub rows: u64,
    /// Rows put aside.
    pub rejected: u64,
    /// Cells converted from another unit.
    pub converted: u64,
    /// What was assumed or odd.
    pub notes: Vec<String>,
}

/// Says what a file is without reading its rows (of an archive, its first member).
///
/// # Errors
/// As [`read`].
pub fn detect(
    open: &dyn Fn() -> io::Result<Box<dyn io::Read + Send>>,
    file_name: &str,
    options: &ReadOptions,
) -> Result<Detected, IntakeError> {
    let (compression, members) = members(open, file_name)?;
    let member = members.first().ok_or_else(|| IntakeError::Empty { file: file_name.to_owned() })?;
    let prepared = Prepared::new(member, options)?;
    let dialect = Dialect {
        delimiter: (prepared.opened.delimiter != 0).then_some(char::from(prepared.opened.delimiter)),
        quote: '"',
        decimal: prepared.reading.mark,
    };
    let Prepared { format, reasons, opened, .. } = prepared;
    Ok(Detected { format, compression, encoding: opened.encoding, dialect, reasons })
}

/// Reads a file into batches of its raw table and of `raw.rejects`.
///
/// `open` opens the file from its start; it is called more than once. `source` is the fingerprint
/// that goes into column 0 of every batch. In an archive every member that is a table is read;
/// line numbers go on from one member to the next.
///
/// # Errors
/// [`IntakeError`] when the file is no table. The sink may have got batches before: the caller
/// keeps nothing of them.
pub fn read(
    open: &dyn Fn() -> io::Result<Box<dyn io::Read + Send>>,
    file_name: &str,
    source: &str,
    options: &ReadOptions,
    sink: &mut dyn Sink,
) -> Result<ReadSummary, IntakeError> {
    let (compression, members) = members(open as Open<'_>, file_name)?;
    let mut done = Done { first_line: 0, summary: None, skipped: Vec::new(), refused: None };
    for member in &members {
        done.member(member, source, options, sink, members.len() > 1)?;
    }
    let Done { summary, skipped, refused, .. } = done;
    match (summary, refused) {
        (Some(mut summary), _) => {
            summary.compression = compression.name();
            summary.notes.extend(skipped);
            Ok(summary)
        }
        (None, Some(error)) => Err(error),
        (None, None) => Err(IntakeError::Empty { file: file_name.to_owned() }),
    }
}

struct Done {
    first_line: u64,
    summary: Option<ReadSummary>,
    skipped: Vec<String>,
    refused: Option<IntakeError>,
}

impl Done {
    fn member(
        &mut self,
        member: &Member<'_>,
        source: &str,
        options: &ReadOptions,
        sink: &mut dyn Sink,
        several: bool,
    ) -> Result<(), IntakeError> {
        let prepared = match Prepared::new(member, options) {
            Ok(prepared) => prepared,
            // A readme or a picture beside the tables of an archive.
            Err(
                error @ (IntakeError::UnknownFormat { .. } | IntakeError::Binary { .. } | IntakeError::Empty { .. }),
            ) if several => {
                self.skipped.push(format!("not read: {error}"));
                self.refused.get_or_insert(error);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let (one, lines) = prepared.run(source, options, sink, self.first_line)?;
        self.first_line += lines;
        match &mut self.summary {
            None => self.summary = Some(one),
            Some(all) => {
                for (into, name) in
                    [(&mut all.format, &one.format), (&mut all.table, &one.table), (&mut all.encoding, &one.encoding)]
                {
                    if !into.split(", ").any(|n| n == name) {
                        *into = format!("{into}, {name}");
                    }
                }
                all.rows += one.rows;
                all.rejected += one.rejected;
                all.converted += one.converted;
                all.notes.extend(one.notes);
            }
        }
        Ok(())
    }
}

/// A member whose format, numbers and dates are known.
struct Prepared {
    format: Format,
    reasons: Vec<String>,
    opened: Opened,
    connector: Box<dyn Connector>,
    reading: Reading,
    notes: Vec<String>,
}

impl Prepared {
    fn new(member: &Member<'_>, options: &ReadOptions) -> Result<Self, IntakeError> {
        let mut opened = open_rows(member, options)?;
        let header = Header::new(&member.name, opened.rows.header_line(), opened.rows.header());
        let (format, reasons) = match (&options.mapping, &options.format) {
            (Some(mapping), _) => (Format::Mapped(Box::new(mapping.clone())), vec!["as mapped".to_owned()]),
            (None, Some(format)) => (format.clone(), vec!["as asked for".to_owned()]),
            (None, None) => by_header(&header, opened.json)?,
        };
        if matches!(format, Format::SegmentEvents) {
            if !opened.json {
                return Err(header.missing(&format.words(), "messageId"));
            }
            opened.rows.whole_lines();
        }
        let mut connector = connector(&format, &header)?;
        complete(connector.plan(), &format, &header, options)?;
        connector.plan().names = header.names.clone();
        let mut this = Self { format, reasons, opened, connector, reading: Reading::default(), notes: Vec::new() };
        this.reading.mark = this.decimal_mark(member, options)?;
        this.reading.dates.offset_minutes = offset(options);
        this.reading.dates.order = this.date_order(member, &header, options)?;
        this.connector.plan().reading = this.reading;
        Ok(this)
    }

    /// Positions of the cells that go to columns of these kinds.
    fn cells_of(&mut self, kinds: &[Kind]) -> Vec<usize> {
        let plan = self.connector.plan();
        let of_kind = |to: usize| kinds.contains(&plan.table.columns[to].kind);
        plan.takes
            .iter()
            .filter(|t| of_kind(t.to) && !matches!(t.how, How::Email | How::Phone))
            .map(|t| t.from)
            .collect()
    }

    /// The decimal mark: from the sample, and where no number of that tells, from the whole file, read once
    /// more for its numbers only. A number that contradicts the mark is put aside with its row.
    fn decimal_mark(&mut self, member: &Member<'_>, options: &ReadOptions) -> Result<DecimalMark, IntakeError> {
        if let Some(decimal) = options.mapping.as_ref().and_then(|m| m.read.decimal.as_deref()) {
            return Ok(if decimal == "," { DecimalMark::Comma } else { DecimalMark::Point });
        }
        let mut evidence = number::Evidence::default();
        let mut cells = self.cells_of(&[Kind::Amount, Kind::Rate, Kind::Float, Kind::Int]);
        cells.extend(self.connector.numbers());
        cells.sort_unstable();
        cells.dedup();
        for (_, row) in &self.opened.sample.rows {
            cells.iter().filter_map(|cell| row.get(*cell)).for_each(|text| evidence.see(text));
        }
        if evidence.point == 0 && evidence.comma == 0 && !cells.is_empty() {
            evidence = number::Evidence::default();
            let mut again = open_rows(member, options)?;
            loop {
                match again.rows.next()? {
                    Next::Row(record) => cells.iter().for_each(|cell| evidence.see(record.get(*cell))),
                    Next::Bad(_) => {}
                    Next::End => break,
                }
            }
        }
        let (mark, note) = evidence.decide(self.opened.delimiter);
        self.notes.extend(note);
        Ok(mark)
    }

    /// Order of dates with slashes: from the sample, and where that does not tell, from the whole
    /// file, read once more for its dates only.
    fn date_order(
        &mut self,
        member: &Member<'_>,
        header: &Header,
        options: &ReadOptions,
    ) -> Result<Option<date::DateOrder>, IntakeError> {
        // Who says the order is obeyed; a date that cannot be read so is put aside with its row.
        let asked = options.mapping.as_ref().and_then(|m| m.date_order()).or(options.defaults.date_order);
        if asked.is_some() {
            return Ok(asked);
        }
        let mut order = None;
        for cell in self.cells_of(&[Kind::Day, Kind::Instant]) {
            let mut evidence = date::Evidence::default();
            for (line, row) in &self.opened.sample.rows {
                if let Some(text) = row.get(cell) {
                    evidence.see(text, *line);
                }
            }
            if evidence.open == 0 && evidence.day_first == 0 && evidence.month_first == 0 {
                continue;
            }
            let mut again = open_rows(member, options)?;
            evidence = date::Evidence::default();
            loop {
                match again.rows.next()? {
                    Next::Row(record) => evidence.see(record.get(cell), record.line),
                    Next::Bad(_) => {}
                    Next::End => break,
                }
            }
            let column = header.names.get(cell).map_or("", String::as_str);
            self.notes.extend(evidence.note(column));
            order = order.or(evidence.order());
            if evidence.undecided() && order.is_none() {
                return Err(ambiguous_date(header, column, &evidence));
            }
        }
        Ok(order)
    }

    /// Reads the rows. Returns the lines read too.
    fn run(
        self,
        source: &str,
        options: &ReadOptions,
        sink: &mut dyn Sink,
        first_line: u64,
    ) -> Result<(ReadSummary, u64), IntakeError> {
        let Self { format, mut opened, mut connector, mut notes, .. } = self;
        let table = format.table();
        let mut out = Out::new(sink, source, table, options.batch_rows, first_line);
        let mut since = 0_u32;
        loop {
            match opened.rows.next()? {
                Next::Row(record) => connector.row(&record, &mut out)?,
                Next::Bad(bad) => out.reject(&bad, None)?,
                Next::End => break,
            }
            since += 1;
            if since == 16_384 {
                since = 0;
                out.progress(opened.rows.taken());
            }
        }
        connector.end(&mut out)?;
        out.progress(opened.rows.taken());
        let Written { rows, rejected, units, others } = out.finish()?;
        if !units.is_empty() {
            let parts: Vec<String> = units.iter().map(|(unit, n)| format!("{n} in {unit}")).collect();
            notes.push(format!("measures converted to kg, cm or °C: {}", parts.join(", ")));
        }
        notes.extend(opened.rows.notes());
        notes.extend(connector.notes());
        let encoding = opened.rows.encoding().unwrap_or(opened.encoding).name;
        let lines = opened.rows.lines();
        let compression = Compression::None.name();
        Ok((
            ReadSummary {
                format: format.name(),
                table: std::iter::once(table.name).chain(others).collect::<Vec<_>>().join(", "),
                system: options.system.clone().unwrap_or_else(|| format.system()),
                encoding,
                compression,
                rows,
                rejected,
                converted: units.values().sum(),
                notes,
            },
            lines,
        ))
    }
}

fn offset(options: &ReadOptions) -> i32 {
    let mapped = options.mapping.as_ref().and_then(|m| m.read.utc_offset_minutes);
    mapped.unwrap_or(options.defaults.utc_offset_minutes)
}

fn ambiguous_date(header: &Header, column: &str, evidence: &date::Evidence) -> IntakeError {
    let (line, value) = evidence.example.clone().unwrap_or_default();
    let shown = |order| {
        let params = date::DateParams { order: Some(order), offset_minutes: 0 };
        date::day(&value, params).map_or_else(|fault| fault.expected().to_owned(), |day| day.to_string())
    };
    let (day_first, month_first) = (shown(date::DateOrder::DayFirst), shown(date::DateOrder::MonthFirst));
    IntakeError::AmbiguousDate {
        file: header.file.clone(),
        line,
        column: column.to_owned(),
        value,
        day_first,
        month_first,
    }
}
