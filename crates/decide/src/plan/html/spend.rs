//! Response curves of the channels and what the margin hangs on, each as a chart with its figures folded behind it.

use super::super::decided::Decided;
use super::super::metric::Metric;
use super::super::words::Text;
use super::super::{number, sensitivity_chart, spend_chart};
use super::{Cell, Column, Page, Table, escape, name};

impl Page<'_> {
    /// A panel a channel; nothing where no channel can be told.
    pub(super) fn responses(&mut self, decided: &Decided) -> String {
        let Some(chart) = spend_chart::responses(&decided.channels, self.lang) else { return String::new() };
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Channel)),
            Column::Number(self.text(Text::SpendAWeek)),
            Column::Number(Metric::ResponseSales.label(self.lang)),
        ]);
        for row in &decided.channels {
            for point in &row.curve {
                let spend = number::fixed(point.spend, 0);
                let about = format!("{}, {spend}", row.channel);
                table.row([
                    Cell::Head(name(&row.channel)),
                    Cell::Value(escape(&spend)),
                    Cell::Value(self.figures.show_of(&point.sales, &about)),
                ]);
            }
        }
        let said = self.text(Text::ResponseSaid);
        format!(
            "<p class=\"muted small\">{said}</p>\n<div class=\"figure\">{chart}</div>\n<details><summary>{}</summary>{}</details>\n",
            self.text(Text::ChartFigures),
            table.html(self.text(Text::SpendAWeek)),
        )
    }

    /// The tornado of the rehearsal.
    pub(super) fn sensitivity(&mut self, decided: &Decided) -> String {
        let Some(chart) = sensitivity_chart::tornado(&decided.sensitivity, self.lang) else { return String::new() };
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Input)),
            Column::Number(Metric::SensitivityLow.label(self.lang)),
            Column::Number(Metric::SensitivityHigh.label(self.lang)),
        ]);
        for row in &decided.sensitivity {
            let input = row.input.get(self.lang);
            let ends = [&row.low, &row.high].map(|f| Cell::Value(self.figures.show_of(f, input)));
            table.row([Cell::Head(escape(input))].into_iter().chain(ends));
        }
        format!(
            "<h3>{}</h3>\n<p class=\"muted small\">{}</p>\n<div class=\"figure\">{chart}</div>\n<details><summary>{}</summary>{}</details>\n",
            self.text(Text::Sensitivity),
            self.text(Text::SensitivitySaid),
            self.text(Text::ChartFigures),
            table.html(self.text(Text::Sensitivity)),
        )
    }
}
