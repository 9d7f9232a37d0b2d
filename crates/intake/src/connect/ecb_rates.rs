//! European Central Bank reference rates (`eurofxref-hist.csv`): one row a day, one column a
//! currency, units of that currency for one euro. Each cell becomes a row; `N/A` and empty cells
//! are days without a rate and no rows. All rows of a day share its line.

use super::Connector;
use crate::date;
use crate::error::IntakeError;
use crate::format::Format;
use crate::header::Header;
use crate::out::Out;
use crate::plan::{How, Plan, Take};
use crate::record::{BadRow, Record};

struct EcbRates {
    plan: Plan,
    date: usize,
    /// Position in the row and currency.
    quotes: Vec<(usize, String)>,
    to: [usize; 4],
}

fn is_code(name: &str) -> bool {
    name.len() == 3 && name.bytes().all(|b| b.is_ascii_uppercase())
}

/// Whether the header is `Date` and currencies.
pub(crate) fn fits(header: &Header) -> bool {
    let mut names: Vec<&str> = header.names.iter().map(|n| n.trim()).collect();
    // The published file ends each line with a comma.
    while names.last().is_some_and(|n| n.is_empty()) {
        names.pop();
    }
    names.first().is_some_and(|n| n.eq_ignore_ascii_case("date"))
        && names.len() > 5
        && names[1..].iter().all(|n| is_code(n))
}

pub(crate) fn connector(format: &Format, header: &Header) -> Result<Box<dyn Connector>, IntakeError> {
    let table = format.table();
    let date = header.need(&format.words(), &["Date"])?;
    let mut plan = Plan::new(table);
    plan.take(date, "day", How::Plain);
    let names = header.names.iter().enumerate().map(|(i, n)| (i, n.trim().to_owned()));
    let quotes: Vec<(usize, String)> = names.filter(|(i, n)| *i != date && is_code(n)).collect();
    let to = ["day", "base", "quote", "rate"].map(|name| Plan::column(table, name));
    plan.written = to.to_vec();
    Ok(Box::new(EcbRates { plan, date, quotes, to }))
}

impl Connector for EcbRates {
    fn row(&mut self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        let written = record.get(self.date);
        let day = match date::day(written, self.plan.reading.dates) {
            Ok(day) => day,
            Err(fault) => {
                let bad = BadRow {
                    line: record.line,
                    rule: fault.rule(),
                    value: written.to_owned(),
                    expected: fault.expected().to_owned(),
                };
                return out.reject(&bad, Some("day"));
            }
        };
        let [to_day, to_base, to_quote, to_rate] = self.to;
        for (from, code) in &self.quotes {
            let cell = record.get(*from).trim();
            if cell.is_empty() || cell.eq_ignore_ascii_case("n/a") || cell == "-" {
                continue;
            }
            out.day(to_day, day.0);
            out.text(to_base, "EUR");
            out.text(to_quote, code);
            let take = Take { from: *from, to: to_rate, how: How::Plain };
            match self.plan.cell(&take, cell, out) {
                Ok(_) => out.commit(record.line)?,
                Err(mut fault) => {
                    fault.value = format!("{code} {}", fault.value);
                    self.plan.put_aside(record.line, *fault, out)?;
                }
            }
        }
        Ok(())
    }

    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }

    fn numbers(&self) -> Vec<usize> {
        self.quotes.iter().map(|(i, _)| *i).collect()
    }
}
