//! XLSX workbooks: the first sheet with rows, or the one that a mapping names. The first row that
//! is not empty is the header; lines are the sheet's own row numbers.
//!
//! A workbook is read whole (see [`crate::ZIP_LIMIT`]); numbers come as the shortest text that
//! gives the stored value, so that 2.55 is 2.55 and not its binary neighbour. Dates come as ISO.

use crate::error::IntakeError;
use crate::record::{Built, Next, RowSource};
use calamine::{Data, Range, Reader, Xlsx};
use std::io::Cursor;

/// Whether bytes are a workbook: a zip, which the caller has told from an archive of tables.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// The names of a workbook's sheets, in their order.
pub(crate) fn sheet_names(file: &str, bytes: Vec<u8>) -> Result<Vec<String>, IntakeError> {
    let offset = bytes.len() as u64;
    let book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| IntakeError::Corrupt {
        file: file.to_owned(),
        what: "XLSX workbook",
        offset,
        detail: e.to_string(),
    })?;
    Ok(book.sheet_names())
}

/// Rows of one sheet.
pub(crate) struct SheetRows {
    range: Range<Data>,
    header: Vec<String>,
    header_row: usize,
    at: usize,
    built: Built,
    bytes: u64,
}

impl SheetRows {
    pub(crate) fn new(file: &str, bytes: Vec<u8>, sheet: Option<&str>) -> Result<Self, IntakeError> {
        let size = bytes.len() as u64;
        let corrupt = |detail: String| IntakeError::Corrupt {
            file: file.to_owned(),
            what: "XLSX workbook",
            offset: size,
            detail,
        };
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| corrupt(e.to_string()))?;
        let names = book.sheet_names();
        if let Some(wanted) = sheet.filter(|s| !names.iter().any(|n| n == s)) {
            let expected = format!("a sheet of the workbook is expected: {}", crate::error::list(&names));
            return Err(IntakeError::Mapping { field: "read.sheet".into(), value: wanted.to_owned(), expected });
        }
        for name in sheet.map_or(names, |s| vec![s.to_owned()]) {
            let range = book.worksheet_range(&name).map_err(|e| corrupt(e.to_string()))?;
            let first = range.rows().position(|row| row.iter().any(|c| !text(c).is_empty()));
            if let Some(header_row) = first {
                let mut header: Vec<String> = range.rows().nth(header_row).unwrap_or(&[]).iter().map(text).collect();
                while header.last().is_some_and(|n| n.trim().is_empty()) {
                    header.pop();
                }
                return Ok(Self {
                    range,
                    header,
                    header_row,
                    at: header_row + 1,
                    built: Built::default(),
                    bytes: size,
                });
            }
        }
        Err(IntakeError::Empty { file: file.to_owned() })
    }

    fn line(&self, row: usize) -> u64 {
        u64::from(self.range.start().map_or(0, |s| s.0)) + row as u64 + 1
    }
}

impl RowSource for SheetRows {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn header_line(&self) -> u64 {
        self.line(self.header_row)
    }

    fn next(&mut self) -> Result<Next<'_>, IntakeError> {
        while self.at < self.range.height() {
            let row = self.at;
            self.at += 1;
            self.built.clear();
            let mut empty = true;
            for column in 0..self.header.len() {
                let cell = self.range.get((row, column)).map(text).unwrap_or_default();
                empty &= cell.is_empty();
                self.built.push(&cell);
            }
            if !empty {
                let line = self.line(row);
                return Ok(Next::Row(self.built.record(line)));
            }
        }
        Ok(Next::End)
    }

    fn taken(&self) -> u64 {
        self.bytes
    }

    fn lines(&self) -> u64 {
        self.line(self.at)
    }
}

fn text(cell: &Data) -> String {
    match cell {
        Data::Int(i) => i.to_string(),
        Data::Float(f) => f.to_string(),
        Data::String(s) | Data::DateTimeIso(s) | Data::DurationIso(s) => s.clone(),
        Data::Bool(b) => b.to_string(),
        Data::DateTime(moment) => {
            let (y, mo, d, h, mi, s, ms) = moment.to_ymd_hms_milli();
            // A time of day that is a hair below the second is a binary fraction of a day.
            let up = u32::from(ms >= 500);
            let second = u32::from(h) * 3600 + u32::from(mi) * 60 + u32::from(s) + up;
            if second >= 86_400 {
                return format!("{y:04}-{mo:02}-{d:02} 23:59:59");
            }
            format!("{y:04}-{mo:02}-{d:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
        }
        Data::Error(_) | Data::Empty => String::new(),
    }
}
