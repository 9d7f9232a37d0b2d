//! XLSX workbooks: the first sheet with rows, or the one that a mapping names. The first row that
//! is not empty is the header; lines are the sheet's own row numbers.
//!
//! A workbook is read whole (see [`crate::ZIP_LIMIT`]), and of its sheet the cells that are there, whatever size it says it
//! has; numbers come as the shortest text that gives the stored value, so that 2.55 is 2.55 and not its binary neighbour. Dates
//! come as ISO.

use crate::error::IntakeError;
use crate::record::{Built, Next, RowSource};
use calamine::{Data, Reader, Xlsx, XlsxError};
use std::io::{Cursor, Read};
use std::panic::AssertUnwindSafe;

/// Bytes at most that a workbook's parts unpack to, and that the cells of a sheet come to: a few kilobytes can be packed so that they
/// are terabytes, or refer to one long text a million times.
const UNPACKED: u64 = 1 << 30;
/// What a cell takes beside its text.
const CELL: u64 = size_of::<Cell>() as u64;

/// Whether bytes are a workbook: a zip, which the caller has told from an archive of tables.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// What went wrong over a workbook's bytes.
struct Fault<'a> {
    file: &'a str,
    bytes: u64,
    limit: u64,
}

impl Fault<'_> {
    fn corrupt(&self, detail: impl ToString) -> IntakeError {
        let (file, detail) = (self.file.to_owned(), detail.to_string());
        IntakeError::Corrupt { file, what: "XLSX workbook", offset: self.bytes, detail }
    }

    fn too_large(&self, bytes: u64) -> IntakeError {
        let (file, limit) = (self.file.to_owned(), self.limit);
        let (what, remedy) = ("a workbook, unpacked,", "split it, or export it as CSV, which streams");
        IntakeError::TooLarge { file, what, bytes, limit, remedy }
    }

    /// Opens a workbook whose parts were unpacked once and forgotten, to know that they can be.
    fn open(&self, bytes: Vec<u8>) -> Result<Xlsx<Cursor<Vec<u8>>>, IntakeError> {
        self.look_through(&bytes)?;
        self.unbroken(|| Xlsx::new(Cursor::new(bytes)).map_err(|e: XlsxError| self.corrupt(e)))
    }

    /// Every part unpacks within the limit, and no table of texts says that it has more of them than it has bytes: room is made
    /// for as many as it says.
    fn look_through(&self, bytes: &[u8]) -> Result<(), IntakeError> {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| self.corrupt(e))?;
        let mut left = self.limit;
        for at in 0..archive.len() {
            let part = archive.by_index(at).map_err(|e| self.corrupt(e))?;
            let is_texts = part.name().is_ok_and(|name| name.to_ascii_lowercase().ends_with("sharedstrings.xml"));
            let (mut head, mut part) = (Vec::new(), part.take(left + 1));
            part.by_ref().take(4 << 10).read_to_end(&mut head).map_err(|e| self.corrupt(e))?;
            let n = head.len() as u64 + std::io::copy(&mut part, &mut std::io::sink()).map_err(|e| self.corrupt(e))?;
            if n > left {
                return Err(self.too_large(self.limit - left + n));
            }
            left -= n;
            if is_texts && said_texts(&head).is_some_and(|said| said > n) {
                return Err(self.corrupt("its table of texts says that it has more texts than bytes"));
            }
        }
        Ok(())
    }

    /// Others' code over bytes from anywhere: where it panics, it has met a broken file.
    fn unbroken<T>(&self, work: impl FnOnce() -> Result<T, IntakeError>) -> Result<T, IntakeError> {
        std::panic::catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|_| Err(self.corrupt("its reader broke down over it")))
    }
}

/// How many texts the head of a table of texts says that it has; the largest number where it says what is none.
fn said_texts(head: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"uniqueCount";
    let at = head.windows(NAME.len()).position(|part| part == NAME)?;
    let digits: String = head[at + NAME.len()..]
        .iter()
        .map(|b| char::from(*b))
        .skip_while(|c| c.is_whitespace() || matches!(c, '=' | '"' | '\''))
        .take_while(char::is_ascii_digit)
        .collect();
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(u64::MAX))
}

/// The names of a workbook's sheets, in their order.
pub(crate) fn sheet_names(file: &str, bytes: Vec<u8>) -> Result<Vec<String>, IntakeError> {
    let fault = Fault { file, bytes: bytes.len() as u64, limit: UNPACKED };
    Ok(fault.open(bytes)?.sheet_names())
}

/// A cell that is not empty, with its row and column.
type Cell = (u32, u32, Data);

/// Rows of one sheet.
pub(crate) struct SheetRows {
    /// By rows, each by columns.
    cells: Vec<Cell>,
    /// What was handed out.
    at: usize,
    header: Vec<String>,
    header_row: u32,
    /// Where the leftmost cell of the sheet stands: the first column.
    first_column: u32,
    row: u32,
    built: Built,
    bytes: u64,
}

impl SheetRows {
    pub(crate) fn new(file: &str, bytes: Vec<u8>, sheet: Option<&str>) -> Result<Self, IntakeError> {
        Self::within(file, bytes, sheet, UNPACKED)
    }

    fn within(file: &str, bytes: Vec<u8>, sheet: Option<&str>, limit: u64) -> Result<Self, IntakeError> {
        let fault = Fault { file, bytes: bytes.len() as u64, limit };
        let mut book = fault.open(bytes)?;
        let names = book.sheet_names();
        if let Some(wanted) = sheet.filter(|s| !names.iter().any(|n| n == s)) {
            let expected = format!("a sheet of the workbook is expected: {}", crate::error::list(&names));
            return Err(IntakeError::Mapping { field: "read.sheet".into(), value: wanted.to_owned(), expected });
        }
        for name in sheet.map_or(names, |s| vec![s.to_owned()]) {
            let cells = fault.unbroken(|| cells(&mut book, &name, &fault))?;
            let Some(first_column) = cells.iter().map(|(_, column, _)| *column).min() else { continue };
            let (header_row, mut header, mut at) = (cells[0].0, Vec::new(), 0);
            while let Some((_, column, cell)) = cells.get(at).filter(|(row, ..)| *row == header_row) {
                header.resize((column - first_column) as usize, String::new());
                header.push(text(cell));
                at += 1;
            }
            while header.last().is_some_and(|n| n.trim().is_empty()) {
                header.pop();
            }
            let (row, built, bytes) = (header_row, Built::default(), fault.bytes);
            return Ok(Self { cells, at, header, header_row, first_column, row, built, bytes });
        }
        Err(IntakeError::Empty { file: file.to_owned() })
    }
}

/// The cells of a sheet with a text. They are kept one by one: two cells in opposite corners of a sheet are two, and not a table of
/// seventeen thousand million.
fn cells(book: &mut Xlsx<Cursor<Vec<u8>>>, name: &str, fault: &Fault<'_>) -> Result<Vec<Cell>, IntakeError> {
    let mut found: Vec<Cell> = Vec::new();
    let mut reader = match book.worksheet_cells_reader(name) {
        Ok(reader) => reader,
        // A sheet of charts has no cells.
        Err(XlsxError::NotAWorksheet(_)) => return Ok(found),
        Err(error) => return Err(fault.corrupt(error)),
    };
    let mut taken = 0_u64;
    while let Some(cell) = reader.next_cell().map_err(|e| fault.corrupt(e))? {
        let (row, column) = cell.get_position();
        let value = Data::from(cell.get_value().clone());
        let bytes = match &value {
            Data::Empty | Data::Error(_) => continue,
            Data::String(s) | Data::DateTimeIso(s) | Data::DurationIso(s) if s.is_empty() => continue,
            Data::String(s) | Data::DateTimeIso(s) | Data::DurationIso(s) => s.len(),
            Data::Int(_) | Data::Float(_) | Data::Bool(_) | Data::DateTime(_) => 0,
        };
        taken += bytes as u64 + CELL;
        if taken > fault.limit {
            return Err(fault.too_large(taken));
        }
        found.push((row, column, value));
    }
    // They mostly come in order; of two in one place the later one counts, as it did for whoever wrote them.
    found.reverse();
    found.sort_by_key(|(row, column, _)| (*row, *column));
    found.dedup_by_key(|(row, column, _)| (*row, *column));
    Ok(found)
}

impl RowSource for SheetRows {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn header_line(&self) -> u64 {
        u64::from(self.header_row) + 1
    }

    fn next(&mut self) -> Result<Next<'_>, IntakeError> {
        while let Some((row, ..)) = self.cells.get(self.at) {
            self.row = *row;
            let end = self.at + self.cells[self.at..].iter().take_while(|(other, ..)| *other == self.row).count();
            let mut cells = self.cells[self.at..end].iter().peekable();
            self.at = end;
            self.built.clear();
            let mut empty = true;
            for column in 0..self.header.len() as u32 {
                let here = cells.next_if(|(_, of, _)| *of == self.first_column + column);
                let cell = here.map(|(.., cell)| text(cell)).unwrap_or_default();
                empty &= cell.is_empty();
                self.built.push(&cell);
            }
            if !empty {
                return Ok(Next::Row(self.built.record(u64::from(self.row) + 1)));
            }
        }
        Ok(Next::End)
    }

    fn taken(&self) -> u64 {
        self.bytes
    }

    fn lines(&self) -> u64 {
        u64::from(self.row) + 1
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

    /// A workbook of one sheet with these cells, and a table of texts where one is given.
    fn workbook(cells: &str, texts: Option<&str>) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let mut part = |name: &str, text: &str| {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(format!("<?xml version=\"1.0\"?>{text}").as_bytes()).unwrap();
        };
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        let book = format!(r#"<Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>"#);
        part("_rels/.rels", &format!(r#"<Relationships xmlns="{package}">{book}</Relationships>"#));
        let sheets = r#"<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets>"#;
        part("xl/workbook.xml", &format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{sheets}</workbook>"#));
        let sheet = format!(r#"<Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>"#);
        part("xl/_rels/workbook.xml.rels", &format!(r#"<Relationships xmlns="{package}">{sheet}</Relationships>"#));
        part(
            "xl/worksheets/sheet1.xml",
            &format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>"#),
        );
        if let Some(texts) = texts {
            part("xl/sharedStrings.xml", texts);
        }
        zip.finish().unwrap().into_inner()
    }

    fn cell(place: &str, text: &str) -> String {
        format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
    }

    fn rows(bytes: Vec<u8>, limit: u64) -> Result<Vec<(u64, Vec<String>)>, String> {
        let mut rows = SheetRows::within("b.xlsx", bytes, None, limit).map_err(|e| e.to_string())?;
        let (n, mut found) = (rows.header.len(), vec![(rows.header_line(), rows.header.clone())]);
        while let Next::Row(record) = rows.next().map_err(|e| e.to_string())? {
            found.push((record.line, (0..n).map(|at| record.get(at).to_owned()).collect()));
        }
        Ok(found)
    }

    #[test] // A table of both corners would have 1,048,576 times 16,384 cells.
    fn cells_in_opposite_corners_take_the_room_of_two() {
        let row = |at: u32, cells: &str| format!(r#"<row r="{at}">{cells}</row>"#);
        let wide = row(1, &(cell("B1", "sku") + &cell("D1", "n"))) + &row(1_048_576, &cell("XFD1048576", "far"));
        // What stands under no header is no cell of a row, and a row of it is none.
        assert_eq!(
            rows(workbook(&wide, None), UNPACKED).unwrap(),
            [(1, vec!["sku".into(), String::new(), "n".into()])]
        );
        let both = wide.replace("XFD1048576", "B1048576");
        let far = (1_048_576, vec!["far".into(), String::new(), String::new()]);
        assert_eq!(rows(workbook(&both, None), UNPACKED).unwrap()[1], far);
        // Out of order and twice: by rows and columns, and the later one counts.
        let mixed = row(3, &(cell("B3", "x") + &cell("A3", "1") + &cell("B3", "y")))
            + &row(2, &(cell("A2", "a") + &cell("B2", "b")));
        let found = rows(workbook(&mixed, None), UNPACKED).unwrap();
        assert_eq!(found, [(2, vec!["a".into(), "b".into()]), (3, vec!["1".into(), "y".into()])]);
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused_before_it_is_read() {
        let bomb = workbook(&format!("<!--{}-->", " ".repeat(3 << 20)), None);
        assert!(bomb.len() < 20_000, "{}", bomb.len());
        let why = rows(bomb, 1 << 20).unwrap_err();
        assert!(why.contains("a workbook, unpacked,") && why.contains("CSV"), "{why}");
        // One text of a hundred kilobytes, and a thousand cells that refer to it.
        let texts = format!(r#"<sst xmlns="{MAIN}" uniqueCount="1"><si><t>{}</t></si></sst>"#, "x".repeat(100_000));
        let many: String =
            (1..=1_000).map(|at| format!(r#"<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>"#)).collect();
        let bytes = workbook(&many, Some(&texts));
        assert!(rows(bytes.clone(), 4 << 20).unwrap_err().contains("a workbook, unpacked,"));
        assert_eq!(rows(bytes, UNPACKED).unwrap().len(), 1_000);
    }

    #[test]
    fn no_room_is_made_for_texts_that_are_not_there() {
        for count in ["4000000000000", "99999999999999999999999"] {
            let texts = format!(r#"<sst xmlns="{MAIN}" uniqueCount = "{count}"><si><t>a</t></si></sst>"#);
            let why = rows(workbook(&cell("A1", "a"), Some(&texts)), UNPACKED).unwrap_err();
            assert!(why.contains("more texts than bytes"), "{why}");
        }
        assert_eq!(said_texts(b"<sst count='9' uniqueCount='12'>"), Some(12));
        assert_eq!(said_texts(b"<sst>"), None);
    }
}
