//! What the values of a column look like, and what that says by itself.

use crate::date::{self, DateParams};
use crate::number::{self, DecimalMark};
use crate::plan::{language, truth};
use domain::{Decimal, market_by_name};
use std::collections::BTreeSet;

/// Shares of the filled cells of a column.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    pub(super) filled: f64,
    pub(super) dates: f64,
    pub(super) whole: f64,
    pub(super) numbers: f64,
    pub(super) fractions: f64,
    pub(super) emails: f64,
    pub(super) countries: f64,
    pub(super) currencies: f64,
    pub(super) languages: f64,
    pub(super) truths: f64,
    pub(super) kinds: f64,
    pub(super) urls: f64,
    /// Different values among them.
    pub(super) distinct: f64,
    /// Characters on average.
    pub(super) length: f64,
    /// The smallest and the largest number.
    pub(super) least: f64,
    pub(super) most: f64,
}

/// Looks at a column's filled cells.
pub(super) fn shape(cells: &[&str], rows: usize, mark: DecimalMark) -> Shape {
    let n = cells.len();
    if n == 0 {
        return Shape::default();
    }
    let share = |test: &dyn Fn(&str) -> bool| cells.iter().filter(|c| test(c)).count() as f64 / n as f64;
    let is_date = |c: &str| {
        let params = DateParams { order: None, offset_minutes: 0 };
        let plain_number =
            c.bytes().all(|b| b.is_ascii_digit() || b == b'.') && c.bytes().filter(|b| *b == b'.').count() < 2;
        !plain_number && !matches!(date::instant(c, params), Err(date::DateFault::NotADate))
    };
    let numbers: Vec<f64> = cells.iter().filter_map(|c| number::float(c, mark)).collect();
    let distinct: BTreeSet<&str> = cells.iter().copied().collect();
    Shape {
        filled: n as f64 / rows.max(1) as f64,
        dates: share(&is_date),
        whole: share(&|c| number::integer(c, mark).is_some()),
        numbers: share(&|c| looks_numeric(c) && number::parse(c, mark).is_some()),
        fractions: share(&|c| {
            c.contains(mark.char()) && number::parse(c, mark).is_some_and(|d| d.fract() != Decimal::ZERO)
        }),
        emails: share(&|c| c.contains('@') && c.contains('.')),
        countries: share(&|c| market_by_name(c).is_some()),
        currencies: share(&|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_uppercase())),
        languages: share(&|c| c.len() <= 5 && language(c).is_some()),
        truths: share(&|c| truth(c).is_some()),
        kinds: share(&|c| matches!(c, "identify" | "track" | "page" | "screen" | "group" | "alias")),
        urls: share(&|c| c.starts_with("http") || c.starts_with('/')),
        distinct: distinct.len() as f64 / n as f64,
        length: cells.iter().map(|c| c.chars().count()).sum::<usize>() as f64 / n as f64,
        least: numbers.iter().copied().fold(f64::INFINITY, f64::min),
        most: numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    }
}

/// Whether a cell is one of those that show the decimal mark.
pub(super) fn looks_numeric(cell: &str) -> bool {
    cell.chars().any(|c| c.is_ascii_digit()) && cell.chars().filter(|c| c.is_alphabetic()).count() <= 3
}

/// What the values say by themselves, and in which words.
pub(super) fn says(column: &str, shape: &Shape) -> (f64, String) {
    let percent = |share: f64, what: &str| format!("{:.0} % of the values are {what}", share * 100.0);
    match column {
        "ordered_at" | "occurred_at" if shape.dates > 0.95 => (0.6, percent(shape.dates, "dates")),
        "reviewed_at" | "asked_at" | "as_of" | "valid_from" | "created_at" | "day" if shape.dates > 0.95 => {
            (0.5, percent(shape.dates, "dates"))
        }
        "email" if shape.emails > 0.8 => (0.7, percent(shape.emails, "e-mail addresses")),
        "country" | "market" if shape.countries > 0.8 => (0.6, percent(shape.countries, "countries")),
        "currency" if shape.currencies > 0.95 && shape.distinct < 0.5 => (0.5, "three capital letters".into()),
        "base" | "quote" if shape.currencies > 0.95 => (0.5, "three capital letters".into()),
        "kind" if shape.kinds > 0.95 => (0.8, percent(shape.kinds, "kinds of events")),
        "url" if shape.urls > 0.9 => (0.6, percent(shape.urls, "addresses")),
        "unit_price" | "price" if shape.fractions > 0.5 => (0.5, percent(shape.fractions, "numbers with decimals")),
        "quantity" if shape.whole > 0.99 && shape.distinct < 0.3 && shape.length < 4.0 => {
            (0.5, "small whole numbers that repeat".into())
        }
        "product_name" | "name" if shape.length > 12.0 && shape.numbers < 0.1 && shape.dates < 0.1 => {
            (0.5, "long texts".into())
        }
        "text" if shape.length > 25.0 && shape.numbers < 0.1 => (0.5, "long texts".into()),
        _ => (0.0, String::new()),
    }
}
