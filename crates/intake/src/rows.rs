//! Opens a member as rows: finds out whether it is delimited text, JSON lines, a workbook or
//! Parquet, and takes a sample for the questions that need one.

use crate::bytes::Member;
use crate::csv::{Records, TextSource};
use crate::encoding::{Decoded, EncodingReport};
use crate::error::IntakeError;
use crate::options::ReadOptions;
use crate::record::{BadRow, Next, RowSource};
use crate::sniff::sniff;

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
    let stream = member.open()?;
    let mut decoded = Decoded::new(&member.name, stream, options.encoding)?;
    let mut text = String::new();
    let mut ended = false;
    while text.len() < 64 << 10 && !ended {
        ended = !decoded.more(&mut text)?;
    }
    delimited(member, decoded, text, ended, options)
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
