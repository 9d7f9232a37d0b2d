//! What the plan's own prices and promotions make of the forecast: the market, its categories, the products that move most.

use super::super::decided::Decided;
use super::super::metric::Metric;
use super::super::planned::{PlannedRow, PlannedSubject};
use super::super::sentence::fill;
use super::super::words::Text;
use super::{Cell, Column, Page, Table, escape, name};

/// Rows that stand open.
const OPEN: usize = 8;

/// A category by its last step, with the one before below.
fn heading(row: &PlannedRow, about: &str) -> String {
    match about.rsplit_once(" > ") {
        Some((way, last)) if row.subject == PlannedSubject::Category => {
            let above = way.rsplit(" > ").next().unwrap_or(way);
            format!("{}<span class=\"sub\">{}</span>", name(last), escape(above))
        }
        _ => name(about),
    }
}

impl Page<'_> {
    pub(super) fn planned(&mut self, decided: &Decided) -> String {
        let Some(market) = decided.planned.iter().find(|r| r.subject == PlannedSubject::Market) else {
            return String::new();
        };
        let why = self.said(&market.why);
        let (categories, products): (Vec<&PlannedRow>, Vec<&PlannedRow>) = decided
            .planned
            .iter()
            .filter(|r| r.subject != PlannedSubject::Market)
            .partition(|r| r.subject == PlannedSubject::Category);
        let mut out = format!("<h3>{}</h3>\n<p>{why}</p>\n", self.text(Text::Planned));
        out.push_str(&format!("<p class=\"muted small\">{}</p>\n", self.text(Text::PlannedSaid)));
        let mut first = vec![market];
        first.extend(categories.iter().take(OPEN));
        out.push_str(&self.planned_table(&first));
        let more = &categories[categories.len().min(OPEN)..];
        if !more.is_empty() {
            let title = fill(self.text(Text::PlannedMore), &[&more.len().to_string()]);
            out.push_str(&format!(
                "<details><summary>{}</summary>{}</details>\n",
                escape(&title),
                self.planned_table(more)
            ));
        }
        if !products.is_empty() {
            let table = self.planned_table(&products);
            out.push_str(&format!(
                "<details><summary>{}</summary>{table}</details>\n",
                self.text(Text::PlannedProducts)
            ));
        }
        out
    }

    fn planned_table(&mut self, rows: &[&PlannedRow]) -> String {
        let lang = self.lang;
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::PlannedWhat)),
            Column::Number(Metric::PlannedNow.label(lang)),
            Column::Number(Metric::PlannedUnits.label(lang)),
            Column::Number(Metric::PlannedByPrice.label(lang)),
            Column::Number(Metric::PlannedByPromotion.label(lang)),
            Column::Number(Metric::PlannedSales.label(lang)),
            Column::Number(Metric::PlannedMargin.label(lang)),
            Column::Note(self.text(Text::Why)),
        ]);
        for row in rows {
            let about = if row.subject == PlannedSubject::Market {
                self.text(Text::PlannedAll).to_owned()
            } else {
                row.name.clone()
            };
            let mut cells = vec![Cell::Head(heading(row, &about))];
            let figures = [Some(&row.now), Some(&row.units), Some(&row.by_price), Some(&row.by_promotion)];
            for figure in figures.into_iter().chain([row.sales.as_ref(), row.margin.as_ref()]) {
                cells.push(figure.map_or(Cell::Empty, |f| Cell::Value(self.figures.show_of(f, &about))));
            }
            // The market's reasons stand above the table.
            let why = if row.subject == PlannedSubject::Market { String::new() } else { self.said(&row.why) };
            cells.push(Cell::Value(why));
            table.row(cells);
        }
        table.html(self.text(Text::Planned))
    }
}
