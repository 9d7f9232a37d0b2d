//! Small tables that a user hands to a command: cells by the names of their columns, errors with file and line.

use crate::exit::{Exit, Stop};
use anyhow::{Error, Result};
use std::path::Path;

/// A table with a header, as text.
pub(crate) struct CsvFile {
    name: String,
    header: Vec<String>,
    /// The line that each record begins in, and its cells.
    records: Vec<(u64, Vec<String>)>,
}

impl CsvFile {
    /// Reads a file of UTF-8 whose cells commas, semicolons or tabs separate.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let bad = |why: String, next: &str| Stop::error(Exit::BadInput, format!("{name}: {why}"), next);
        let bytes = std::fs::read(path)
            .map_err(|e| Stop::error(Exit::Missing, format!("{}: {e}", path.display()), "check the path"))?;
        let text = String::from_utf8(bytes)
            .map_err(|e| bad(format!("byte {} is not UTF-8", e.utf8_error().valid_up_to()), "save it as UTF-8"))?;
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().next().unwrap_or_default();
        let n = |sign: char| first.matches(sign).count();
        let delimiter = [',', ';', '\t'].into_iter().max_by_key(|s| (n(*s), *s == ',')).unwrap_or(',');
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter as u8).from_reader(text.as_bytes());
        let broken = |e: &csv::Error| {
            let line = e.position().map_or(0, csv::Position::line);
            bad(
                format!("line {line}: {e}"),
                "every record needs as many cells as the header; quote cells that hold the separator",
            )
        };
        let header = reader.headers().map_err(|e| broken(&e))?;
        let header: Vec<String> = header.iter().map(|h| h.trim().to_lowercase().replace([' ', '-'], "_")).collect();
        let record = |r: Result<csv::StringRecord, csv::Error>| {
            let r = r.map_err(|e| broken(&e))?;
            Ok((r.position().map_or(0, csv::Position::line), r.iter().map(|c| c.trim().to_owned()).collect()))
        };
        let records = reader.records().map(record).collect::<Result<_>>()?;
        Ok(Self { name, header, records })
    }

    /// Where the first of these columns stands.
    pub(crate) fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.header.iter().position(|h| h == name))
    }

    /// The same, where there is no doing without it.
    pub(crate) fn needed(&self, names: &[&str]) -> Result<usize> {
        self.column(names).ok_or_else(|| {
            let got = self.header.join(", ");
            let next =
                format!("name a column {}", names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or "));
            Stop::error(Exit::BadInput, format!("{}: line 1: no such column among {got}", self.name), next)
        })
    }

    /// Names of the columns.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// Lines and cells of all records.
    pub(crate) fn records(&self) -> impl Iterator<Item = (u64, &[String])> {
        self.records.iter().map(|(line, cells)| (*line, cells.as_slice()))
    }

    /// An error about a cell.
    pub(crate) fn wrong(&self, line: u64, column: usize, value: &str, right: &str) -> Error {
        let what = format!("{}: line {line}, column `{}`: `{value}`", self.name, self.header[column]);
        Stop::error(Exit::BadInput, what, format!("right would be {right}"))
    }
}
