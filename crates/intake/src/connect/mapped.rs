//! Any table through a mapping file: the mapping names the header of each raw column.
//!
//! A measure whose header names another unit (`Gewicht (g)`) is converted. Where the mapping says that the
//! rows are returns, quantities and amounts are written negative whatever their sign in the file, and a price that the
//! file does not have is 0: cleaning then takes it from the sale that came back.

use super::Connector;
use super::canonical::how;
use super::interactions;
use crate::error::{IntakeError, list};
use crate::format::Format;
use crate::header::Header;
use crate::mapping::Mapping;
use crate::number;
use crate::out::Out;
use crate::plan::{Fault, How, Plan};
use crate::record::Record;
use crate::units::{Factor, Unit};

/// The plan that a mapping describes.
pub(crate) fn connector(
    format: &Format,
    mapping: &Mapping,
    header: &Header,
) -> Result<Box<dyn Connector>, IntakeError> {
    let table = format.table();
    let mut plan = Plan::new(table);
    let (mut quantity, mut amount) = (None, None);
    for (column, name) in &mapping.columns {
        let exact = header.names.iter().position(|n| n.trim() == name.trim());
        let Some(at) = exact.or_else(|| header.find(&[name])) else {
            return Err(IntakeError::Mapping {
                field: format!("columns.{column}"),
                value: name.clone(),
                expected: format!("the file has no such column; it has {}", list(&header.names)),
            });
        };
        let hashed = format!("{column}_hash");
        let to = if table.column(column).is_some() { column.as_str() } else { hashed.as_str() };
        if mapping.returns() && matches!(to, "quantity" | "amount") {
            let place = if to == "quantity" { &mut quantity } else { &mut amount };
            *place = Some(at);
            continue;
        }
        plan.take(at, to, in_unit(how(to), &header.names[at]));
    }
    for (column, value) in &mapping.constants {
        plan.constant(column, value);
    }
    if table.name == "interactions" {
        return Ok(interactions::around(plan));
    }
    if !mapping.returns() {
        return Ok(Box::new(plan));
    }
    let (to, price) = (Plan::column(table, "quantity"), Plan::column(table, "unit_price"));
    if !plan.fills("status") {
        plan.constant("status", "returned");
    }
    if !plan.fills("unit_price") {
        plan.zeros.push(price);
    }
    let Some(from) = quantity else { return Err(header.missing(&format.words(), "quantity")) };
    plan.written = vec![to];
    plan.sources = vec![(from, to)];
    let refund = amount.map(|at| (at, Plan::column(table, "amount")));
    plan.sources.extend(refund);
    Ok(Box::new(Returns { plan, from, to, refund }))
}

/// How a measure is read whose header names its unit.
fn in_unit(how: How, header: &str) -> How {
    let How::Measure(Factor(base)) = how else { return how };
    let mut words = header.split(|c: char| !c.is_alphanumeric() && c != '°').filter(|w| !w.is_empty());
    let named = words.next_back().and_then(Unit::from_name).filter(|u| u.quantity() == base.quantity());
    How::Measure(Factor(named.unwrap_or(base)))
}

/// An order table of goods that came back.
struct Returns {
    plan: Plan,
    from: usize,
    to: usize,
    /// The cell with what was paid back, and its column.
    refund: Option<(usize, usize)>,
}

impl Returns {
    fn write(&self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Box<Fault>> {
        let mark = self.plan.reading.mark;
        let fault = |rule, column, value: &str, expected: &str| {
            Box::new(Fault { rule, column, value: value.to_owned(), expected: expected.to_owned() })
        };
        let text = record.get(self.from).trim();
        let units = number::integer(text, mark)
            .filter(|n| number::countable(*n))
            .ok_or_else(|| fault("not_a_whole_number", self.to, text, "a whole number such as 1"))?;
        self.plan.cells(record, out)?;
        out.long(self.to, -units.abs());
        if let Some((at, to)) = self.refund {
            let text = record.get(at).trim();
            if !text.is_empty() {
                let amount = number::amount(text, mark)
                    .filter(|a| number::fits(*a))
                    .ok_or_else(|| fault("not_an_amount", to, text, "an amount such as 12.75"))?;
                out.wide(to, -i128::from(amount.micros().abs()));
            }
        }
        Ok(())
    }
}

impl Connector for Returns {
    fn row(&mut self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        match self.write(record, out) {
            Ok(()) => out.commit(record.line),
            Err(fault) => self.plan.put_aside(record.line, *fault, out),
        }
    }

    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }

    fn numbers(&self) -> Vec<usize> {
        self.refund.map(|(at, _)| at).into_iter().chain([self.from]).collect()
    }
}
