//! What to offer and to bundle.

use super::super::decided::Decided;
use super::super::metric::Metric;
use super::super::number;
use super::super::promoted::{Advised, OfferKind, OfferRow};
use super::super::sentence::fill;
use super::super::words::Text;
use super::{Cell, Column, Page, Table, escape, name};
use domain::Figure;

impl Page<'_> {
    pub(super) fn promotions(&mut self, decided: &Decided) -> String {
        if decided.promotions.is_empty() {
            return String::new();
        }
        let lang = self.lang;
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Offer)),
            Column::Text(self.text(Text::Product)),
            Column::Text(self.text(Text::When)),
            Column::Number(Metric::PromoPrice.label(lang)),
            Column::Number(Metric::PromoList.label(lang)),
            Column::Number(Metric::PromoPrior.label(lang)),
            Column::Number(Metric::PromoAdded.label(lang)),
            Column::Note(self.text(Text::Why)),
        ]);
        for row in &decided.promotions {
            let about = row.products.join(" + ");
            let mut cells = vec![
                Cell::Head(format!(
                    "{}<span class=\"sub\">{}</span>",
                    self.text(kind(row.kind)),
                    self.text(advised(row))
                )),
                Cell::Value(self.products_of(row)),
                Cell::Value(self.days_of(row)),
            ];
            for figure in [&row.price, &row.list, &row.prior, &row.added] {
                let show = |f: &Figure| Cell::Value(self.figures.show_of(f, &about));
                cells.push(figure.as_ref().map_or(Cell::Empty, show));
            }
            let stacking = self.said(&row.stacking);
            cells.push(Cell::Value(format!("{}<span class=\"sub\">{stacking}</span>", self.said(&row.why))));
            table.row(cells);
        }
        let (title, said) = (self.text(Text::Promotions), self.text(Text::PromotionsSaid));
        format!("<h3>{title}</h3>\n<p class=\"muted small\">{said}</p>\n{}", table.html(title))
    }

    fn products_of(&self, row: &OfferRow) -> String {
        if row.n_products > row.products.len() {
            return escape(&fill(self.text(Text::NProducts), &[&row.n_products.to_string()]));
        }
        row.products.iter().map(|n| name(n)).collect::<Vec<_>>().join(" + ")
    }

    fn days_of(&self, row: &OfferRow) -> String {
        let Some(days) = row.days else { return String::new() };
        let ends = [days.from, days.to.plus(-1)].map(|day| number::day(day, self.lang));
        let span = escape(&fill(self.text(Text::Days), &[&ends[0], &ends[1]]));
        match &row.occasion {
            Some(occasion) => format!("{span}<span class=\"sub\">{}</span>", self.said(occasion)),
            None => span,
        }
    }
}

const fn kind(kind: OfferKind) -> Text {
    match kind {
        OfferKind::Limited => Text::OfferLimited,
        OfferKind::Bundle => Text::OfferBundle,
        OfferKind::Threshold => Text::OfferThreshold,
        OfferKind::Code => Text::OfferCode,
        OfferKind::Own => Text::OfferOwn,
    }
}

const fn advised(row: &OfferRow) -> Text {
    match row.advised {
        Advised::Pays => Text::OfferPays,
        Advised::Test => Text::OfferTest,
        Advised::Fine => Text::OfferFine,
        Advised::Refused => Text::OfferRefused,
    }
}
