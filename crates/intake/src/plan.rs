//! From cells to columns: which cell of a row goes to which column of a raw table, and how it is
//! read. Most connectors are only such a plan; the few with logic of their own use it for the rest.

use crate::date::{self, DateParams};
use crate::error::IntakeError;
use crate::hash_id;
use crate::number::{self, DecimalMark};
use crate::out::Out;
use crate::platform::platform;
use crate::postcode;
use crate::record::{BadRow, Record};
use crate::units::{Factor, Unit};
use domain::Decimal;
use schema::{Kind, TableDef};

/// How a cell is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    /// As its column's type says.
    Plain,
    /// A number of a shopper or product that a spreadsheet may have turned into `17850.0`.
    Code,
    /// A measure in another unit.
    Measure(Factor),
    /// An e-mail address, stored as its hash.
    Email,
    /// A phone number, stored as its hash.
    Phone,
    /// A language or locale, stored as two letters.
    Language,
    /// A language or locale, stored as its tag: texts of two regions are two texts.
    Locale,
    /// A discount, stored positive however it is written.
    Discount,
    /// A postcode, of which the area alone is stored.
    PostcodeArea,
    /// A network, stored under its one name.
    Platform,
    /// An address, stored without its query.
    Address,
}

/// One cell's way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Take {
    /// Position in the row.
    pub(crate) from: usize,
    /// Position in the table.
    pub(crate) to: usize,
    /// How.
    pub(crate) how: How,
}

/// How numbers and dates of a file are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) mark: DecimalMark,
    pub(crate) dates: DateParams,
}

/// The ways of all cells of a format.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) table: &'static TableDef,
    pub(crate) takes: Vec<Take>,
    /// Texts that every row gets, by column, unless a cell says otherwise.
    pub(crate) constants: Vec<(usize, String)>,
    pub(crate) reading: Reading,
    /// Required columns that no cell or constant fills: 0 is right for those (`part`, the price of a return).
    pub(crate) zeros: Vec<usize>,
    /// Columns that the connector writes itself.
    pub(crate) written: Vec<usize>,
    /// Where those come from: position in the row and in the table.
    pub(crate) sources: Vec<(usize, usize)>,
    /// The file's own names of its columns, for people who look for a bad cell.
    pub(crate) names: Vec<String>,
}

/// Why a cell was not accepted. `column` is its position in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) rule: &'static str,
    pub(crate) column: usize,
    pub(crate) value: String,
    pub(crate) expected: String,
}

impl Plan {
    pub(crate) fn new(table: &'static TableDef) -> Self {
        Self {
            table,
            takes: Vec::new(),
            constants: Vec::new(),
            reading: Reading::default(),
            zeros: Vec::new(),
            written: Vec::new(),
            sources: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Position of a column that the catalogue has.
    pub(crate) fn column(table: &TableDef, name: &str) -> usize {
        let found = table.columns.iter().position(|c| c.name == name);
        found.unwrap_or_else(|| panic!("{} has no column {name}", table.full_name()))
    }

    pub(crate) fn take(&mut self, from: usize, to: &str, how: How) {
        let to = Self::column(self.table, to);
        self.takes.push(Take { from, to, how });
    }

    pub(crate) fn constant(&mut self, to: &str, value: &str) {
        self.constants.push((Self::column(self.table, to), value.to_owned()));
    }

    /// Whether a cell, a constant or the connector fills the column.
    pub(crate) fn fills(&self, name: &str) -> bool {
        let to = Self::column(self.table, name);
        self.takes.iter().any(|t| t.to == to)
            || self.constant_of(to).is_some()
            || self.zeros.contains(&to)
            || self.written.contains(&to)
    }

    /// The text that every row gets in this column.
    pub(crate) fn constant_of(&self, to: usize) -> Option<&str> {
        self.constants.iter().find(|(c, _)| *c == to).map(|(_, value)| value.as_str())
    }

    /// Writes one row and commits it, or puts it aside.
    #[inline]
    pub(crate) fn row(&self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        match self.cells(record, out) {
            Ok(()) => out.commit(record.line),
            Err(fault) => self.put_aside(record.line, *fault, out),
        }
    }

    /// Takes the open row back and records why.
    pub(crate) fn put_aside(&self, line: u64, fault: Fault, out: &mut Out<'_>) -> Result<(), IntakeError> {
        out.take_back();
        let Fault { rule, column, value, expected } = fault;
        let mut places = self.takes.iter().map(|t| (t.from, t.to)).chain(self.sources.iter().copied());
        let in_file = places.find(|(_, to)| *to == column).and_then(|(from, _)| self.names.get(from));
        let name = in_file.filter(|n| !n.is_empty()).map_or(self.table.columns[column].name, String::as_str);
        out.reject(&BadRow { line, rule, value, expected }, Some(name))
    }

    /// Writes the cells of one row without committing it.
    #[inline]
    pub(crate) fn cells(&self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Box<Fault>> {
        self.cells_but(record, &[], out)
    }

    /// As [`Self::cells`], without those of some columns of the table.
    #[inline]
    pub(crate) fn cells_but(
        &self,
        record: &Record<'_>,
        without: &[usize],
        out: &mut Out<'_>,
    ) -> Result<(), Box<Fault>> {
        for take in &self.takes {
            if without.contains(&take.to) {
                continue;
            }
            let cell = record.get(take.from);
            if !self.cell(take, cell, out)? && !self.table.columns[take.to].nullable {
                self.fallback(take.to, out)?;
            }
        }
        for (to, value) in &self.constants {
            if !self.takes.iter().any(|t| t.to == *to) && !self.written.contains(to) {
                out.text(*to, value);
            }
        }
        for to in &self.zeros {
            match self.table.columns[*to].kind {
                Kind::Amount | Kind::Rate => out.wide(*to, 0),
                _ => out.long(*to, 0),
            }
        }
        Ok(())
    }

    /// An empty cell of a required column: the constant where there is one, else a fault.
    #[cold]
    fn fallback(&self, to: usize, out: &mut Out<'_>) -> Result<(), Box<Fault>> {
        if let Some((_, value)) = self.constants.iter().find(|(c, _)| *c == to) {
            out.text(to, value);
            return Ok(());
        }
        let expected = format!("{} ({})", self.table.columns[to].meaning, self.table.columns[to].kind.word());
        Err(Box::new(Fault { rule: "missing_value", column: to, value: String::new(), expected }))
    }

    /// Reads one cell into its column; `false` when it is empty.
    #[inline]
    pub(crate) fn cell(&self, take: &Take, cell: &str, out: &mut Out<'_>) -> Result<bool, Box<Fault>> {
        let (to, reading) = (take.to, &self.reading);
        // Texts stay as they are written: what to trim is a cleaning rule's business.
        let whole = cell;
        let cell = trimmed(cell);
        if cell.is_empty() {
            return Ok(false);
        }
        let fault = |rule, expected: &str| {
            let value = match take.how {
                How::Email | How::Phone | How::PostcodeArea => mask(cell),
                _ => cell.to_owned(),
            };
            Box::new(Fault { rule, column: to, value, expected: expected.to_owned() })
        };
        match take.how {
            How::Email => match hash_id::email(cell) {
                Some(hash) => out.text(to, &hash),
                None => return Ok(false),
            },
            How::Phone => match hash_id::phone(cell) {
                Some(hash) => out.text(to, &hash),
                None => return Ok(false),
            },
            // Some shops number their customers by e-mail address.
            How::Code if cell.contains('@') => match hash_id::email(cell) {
                Some(hash) => out.text(to, &hash),
                None => out.text(to, cell),
            },
            How::Code => out.text(to, without_point_zero(cell)),
            How::PostcodeArea => match postcode::area(cell) {
                Some(area) => out.text(to, &area),
                None => return Ok(false),
            },
            How::Platform => match platform(cell) {
                Some(name) => out.text(to, &name),
                None => return Ok(false),
            },
            How::Address => match whole.split(['?', '#']).next().filter(|rest| !rest.trim().is_empty()) {
                Some(rest) => out.text(to, rest),
                None => return Ok(false),
            },
            How::Language => match language(cell) {
                Some(two) => out.text(to, &two),
                None => return Ok(false),
            },
            How::Locale => match locale(cell) {
                Some(tag) => out.text(to, &tag),
                None => return Ok(false),
            },
            How::Measure(factor) => {
                let (number, unit) =
                    with_unit(cell, factor).ok_or_else(|| fault("unknown_unit", "a measure such as 2.5 or 2.5 lb"))?;
                let value = if unit.0.is_base() {
                    number::float(number, reading.mark)
                } else {
                    number::parse(number, reading.mark).and_then(|d| unit.apply(d))
                };
                out.float(to, value.ok_or_else(|| fault("not_a_number", "a number such as 12.5"))?);
                if !unit.0.is_base() {
                    out.converted(unit.0);
                }
            }
            How::Discount => {
                let value = number::amount(cell, reading.mark).ok_or_else(|| fault("not_an_amount", AMOUNT))?;
                if !number::fits(value) {
                    return Err(fault("amount_too_large", LARGEST));
                }
                out.wide(to, i128::from(value.micros().abs()));
            }
            How::Plain => match self.table.columns[to].kind {
                Kind::Text => out.text(to, whole),
                Kind::Int => {
                    let value = number::integer(cell, reading.mark)
                        .ok_or_else(|| fault("not_a_whole_number", "a whole number such as 6"))?;
                    out.long(to, value);
                }
                Kind::Amount => {
                    let value = number::amount(cell, reading.mark).ok_or_else(|| fault("not_an_amount", AMOUNT))?;
                    if !number::fits(value) {
                        return Err(fault("amount_too_large", LARGEST));
                    }
                    out.wide(to, i128::from(value.micros()));
                }
                Kind::Rate => {
                    let value = number::parse(cell, reading.mark)
                        .and_then(rate)
                        .ok_or_else(|| fault("not_a_rate", "a positive number with at most 12 decimals"))?;
                    out.wide(to, value);
                }
                Kind::Float => {
                    let value = number::float(cell, reading.mark);
                    out.float(to, value.ok_or_else(|| fault("not_a_number", "a number such as 12.5"))?);
                }
                Kind::Bool => {
                    out.bool(to, truth(cell).ok_or_else(|| fault("not_yes_or_no", "yes or no, true or false, 1 or 0"))?)
                }
                Kind::Day => {
                    let value = date::day(cell, reading.dates).map_err(|e| fault(e.rule(), e.expected()))?;
                    out.day(to, value.0);
                }
                Kind::Instant => {
                    let value = date::instant(cell, reading.dates).map_err(|e| fault(e.rule(), e.expected()))?;
                    out.long(to, value);
                }
            },
        }
        Ok(true)
    }
}

/// Without outer blanks; nearly every cell has none, which one look at its ends tells.
#[inline]
fn trimmed(cell: &str) -> &str {
    match cell.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => cell,
        _ => cell.trim(),
    }
}

const AMOUNT: &str = "an amount such as 12.75, at most six decimals";
const LARGEST: &str = "at most 999999999999.999999";

/// A rate's digits with twelve after the point.
fn rate(value: Decimal) -> Option<i128> {
    let value = value.normalize();
    if value <= Decimal::ZERO || value.scale() > 12 {
        return None;
    }
    value.mantissa().checked_mul(10_i128.pow(12 - value.scale())).filter(|v| *v < 10_i128.pow(24))
}

/// A measure that names its own unit (`2.5 lb`, `10"`) is in that unit, whatever its column says.
fn with_unit(cell: &str, usual: Factor) -> Option<(&str, Factor)> {
    let end = cell.rfind(|c: char| c.is_ascii_digit()).map_or(0, |i| i + 1);
    let (number, word) = (cell[..end].trim_end(), cell[end..].trim().trim_end_matches('.'));
    if word.is_empty() {
        return Some((number, usual));
    }
    let unit = Unit::from_name(word).filter(|u| u.quantity() == usual.0.quantity())?;
    Some((number, Factor(unit)))
}

/// `17850.0` → `17850`: what pandas and spreadsheets make of a number column with gaps.
pub(crate) fn without_point_zero(cell: &str) -> &str {
    match cell.strip_suffix(".0") {
        Some(head) if !head.is_empty() && head.bytes().all(|b| b.is_ascii_digit()) => head,
        _ => cell,
    }
}

pub(crate) fn truth(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "subscribed" | "ja" | "oui" | "是" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "not subscribed" | "unsubscribed" | "nein" | "non" | "否" => Some(false),
        _ => None,
    }
}

/// `en-US`, `zh_CN`, `EN` → two small letters.
pub(crate) fn language(cell: &str) -> Option<String> {
    let head = cell.split(['-', '_', '.']).next().unwrap_or("");
    (head.len() == 2 && head.bytes().all(|b| b.is_ascii_alphabetic())).then(|| head.to_ascii_lowercase())
}

/// `en`, `pt_br`, `zh-hant-TW` → the tag as BCP 47 writes it.
pub(crate) fn locale(text: &str) -> Option<String> {
    text.parse::<domain::Locale>().ok().map(|locale| locale.to_string())
}

/// Enough of a personal value to find it again, not enough to read it.
fn mask(cell: &str) -> String {
    let mut shown: String = cell.chars().take(1).collect();
    shown.push_str("***");
    shown
}
