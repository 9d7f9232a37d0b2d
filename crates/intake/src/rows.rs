//! Opens a member as rows: finds out whether it is delimited text, JSON lines, a workbook or
//! Parquet, and takes a sample for the questions that need one.

use crate::bytes::Member;
use crate::connect::segment_events;
use crate::csv::{Records, TextSource};
use crate::encoding::{Decoded, EncodingReport};
use crate::error::IntakeError;
use crate::jsonl::{self, JsonRows};
use crate::options::ReadOptions;
use crate::parquet_rows::{self, ParquetRows};
use crate::record::{BadRow, Next, RowSource};
use crate::sniff::sniff;
use crate::xlsx::{self, SheetRows};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Rows kept for looking at.
const SAMPLE_ROWS: usize = 2000;

/// The first rows of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// Line and cells.
    pub(crate) rows: Vec<(u64, Vec<String>)>,
}

/// A member opened as rows.
pub(crate) struct Opened {
    pub(crate) rows: Box<dyn RowSource>,
    pub(crate) sample: Sample,
    pub(crate) encoding: EncodingReport,
    /// Delimiter of delimited text, else 0.
    pub(crate) delimiter: u8,
    /// Every row is one JSON text in one cell.
    pub(crate) json: bool,
}

/// Opens a member.
pub(crate) fn open(member: &Member<'_>, options: &ReadOptions) -> Result<Opened, IntakeError> {
    let mut head = [0; 4];
    let n = member.open()?.read(&mut head)?;
    if parquet_rows::looks_like(&head[..n]) || xlsx::looks_like(&head[..n]) {
        let reader = || -> Result<Box<dyn RowSource>, IntakeError> {
            if parquet_rows::looks_like(&head[..n]) {
                return Ok(Box::new(ParquetRows::new(&member.name, member.whole("a Parquet file")?)?));
            }
            let sheet = options.mapping.as_ref().and_then(|m| m.read.sheet.as_deref());
            Ok(Box::new(SheetRows::new(&member.name, member.whole("a workbook")?, sheet)?))
        };
        let sample = take(reader()?.as_mut())?;
        // A second reader is simpler than a way back in the first.
        let rows = reader()?;
        let encoding = EncodingReport { name: "utf-8".into(), bom: false, reason: "set by the format".into() };
        return Ok(Opened { rows, sample, encoding, delimiter: 0, json: false });
    }
    let stream = member.open()?.ahead(options.run_ahead);
    let mut decoded = Decoded::new(&member.name, stream, options.encoding)?;
    let mut text = String::new();
    let mut ended = false;
    while text.len() < 64 << 10 && !ended {
        ended = !decoded.more(&mut text)?;
    }
    if jsonl::looks_like(&text) {
        return json_lines(member, decoded, text, options);
    }
    delimited(member, decoded, text, ended, options)
}

/// The first rows.
fn take(rows: &mut dyn RowSource) -> Result<Sample, IntakeError> {
    let mut sample = Sample::default();
    while sample.rows.len() < SAMPLE_ROWS {
        match rows.next()? {
            Next::Row(record) => sample.rows.push((record.line, record.to_vec())),
            Next::Bad(_) => {}
            Next::End => break,
        }
    }
    Ok(sample)
}

fn json_lines(
    member: &Member<'_>,
    decoded: Decoded,
    text: String,
    options: &ReadOptions,
) -> Result<Opened, IntakeError> {
    let mut look = Records::new("", text.clone(), jsonl::params(options.max_record));
    let mut keys: Vec<String> = Vec::new();
    let mut objects: Vec<(u64, Map<String, Value>)> = Vec::new();
    while objects.len() < SAMPLE_ROWS {
        match look.next()? {
            Next::Row(record) => {
                if let Ok(object) = jsonl::object(record.get(0)) {
                    keys.extend(object.keys().filter(|k| !keys.contains(k)).cloned().collect::<Vec<_>>());
                    objects.push((record.line, object));
                }
            }
            Next::Bad(_) => {}
            Next::End => break,
        }
    }
    if keys.is_empty() {
        let detail = "the first line begins like JSON but is no object on one line".to_owned();
        return Err(IntakeError::Corrupt { file: member.name.clone(), what: "JSON lines file", offset: 0, detail });
    }
    // Tracking calls are read line by line, whatever their keys; a table's column may first occur late.
    if !segment_events::fits(&keys) {
        more_keys(member, options, &mut keys)?;
    }
    let cells = |o: &Map<String, Value>| keys.iter().map(|k| o.get(k).map(jsonl::cell).unwrap_or_default()).collect();
    let sample = Sample { rows: objects.iter().map(|(line, o)| (*line, cells(o))).collect() };
    let encoding = decoded.report().clone();
    let rows = Box::new(JsonRows::new(decoded, text, keys, options.max_record));
    Ok(Opened { rows, sample, encoding, delimiter: 0, json: true })
}

/// Keys beyond this are no table's columns, but data in the place of names.
const MAX_KEYS: usize = 4096;

/// Adds the keys that the beginning of the file does not have: a rare `discount` is a column too.
fn more_keys(member: &Member<'_>, options: &ReadOptions, keys: &mut Vec<String>) -> Result<(), IntakeError> {
    let decoded = Decoded::new(&member.name, member.open()?.ahead(options.run_ahead), options.encoding)?;
    let mut records = Records::new(decoded, String::new(), jsonl::params(options.max_record));
    let mut known: BTreeSet<String> = keys.iter().cloned().collect();
    loop {
        match records.next()? {
            Next::Row(record) => {
                for key in jsonl::keys(record.get(0)) {
                    if known.len() < MAX_KEYS && known.insert(key.clone()) {
                        keys.push(key);
                    }
                }
            }
            Next::Bad(_) => {}
            Next::End => return Ok(()),
        }
    }
}

fn delimited(
    member: &Member<'_>,
    decoded: Decoded,
    text: String,
    ended: bool,
    options: &ReadOptions,
) -> Result<Opened, IntakeError> {
    let wanted = options.mapping.as_ref().and_then(|m| m.delimiter());
    let params = sniff(&text, wanted, options.max_record);
    let mut sample = Sample::default();
    let mut look = Records::new("", text.clone(), params);
    while sample.rows.len() < SAMPLE_ROWS {
        match look.next()? {
            Next::Row(record) => sample.rows.push((record.line, record.to_vec())),
            Next::Bad(_) => {}
            Next::End => {
                // What the sample cuts in the middle is no evidence.
                if !ended {
                    sample.rows.pop();
                }
                break;
            }
        }
    }
    let file = member.name.clone();
    let mut records = Records::new(decoded, text, params);
    let (mut header, header_line) = match records.next()? {
        Next::Row(record) => (record.to_vec(), record.line),
        Next::Bad(BadRow { rule: "nul_byte", .. }) => {
            return Err(IntakeError::Binary { file, what: "a NUL byte in the header".into(), offset: 0 });
        }
        Next::Bad(_) => return Err(IntakeError::Header { file, limit: options.max_record }),
        Next::End => return Err(IntakeError::Empty { file }),
    };
    while header.last().is_some_and(|name| name.trim().is_empty()) {
        header.pop();
    }
    records.width = Some(header.len());
    if sample.rows.first().is_some_and(|(line, _)| *line == header_line) {
        sample.rows.remove(0);
    }
    let encoding = records.source().report().clone();
    let rows = Box::new(CsvRows { records, header, header_line });
    Ok(Opened { rows, sample, encoding, delimiter: params.delimiter, json: false })
}

struct CsvRows {
    records: Records<Decoded>,
    header: Vec<String>,
    header_line: u64,
}

impl RowSource for CsvRows {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn header_line(&self) -> u64 {
        self.header_line
    }

    #[inline]
    fn next(&mut self) -> Result<Next<'_>, IntakeError> {
        self.records.next()
    }

    fn taken(&self) -> u64 {
        self.records.source().taken()
    }

    fn lines(&self) -> u64 {
        self.records.line()
    }

    fn encoding(&self) -> Option<EncodingReport> {
        Some(self.records.source().report().clone())
    }

    fn notes(&mut self) -> Vec<String> {
        self.records.source_mut().notes()
    }
}
