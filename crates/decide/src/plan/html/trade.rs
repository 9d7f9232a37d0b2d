//! Prices that do not fit together, stock to clear, a first order, the budget by week, who gets a code.

use super::super::decided::Decided;
use super::super::metric::Metric;
use super::super::number;
use super::super::sentence::fill;
use super::super::trade::ParityKind;
use super::super::words::Text;
use super::{Cell, Column, Page, Table, escape, name};
use domain::Figure;

impl Page<'_> {
    fn optional(&mut self, figure: Option<&Figure>, about: &str) -> Cell {
        figure.map_or(Cell::Empty, |f| Cell::Value(self.figures.show_of(f, about)))
    }

    /// Channels out of line, price wars, grey routes.
    pub(super) fn parity(&mut self, decided: &Decided) -> String {
        let rows = &decided.trade.parity;
        if rows.is_empty() {
            return String::new();
        }
        let lang = self.lang;
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Product)),
            Column::Text(self.text(Text::Between)),
            Column::Number(Metric::ParityPrice.label(lang)),
            Column::Number(Metric::ParityReference.label(lang)),
            Column::Number(Metric::ParityGap.label(lang)),
            Column::Number(Metric::ParityCloses.label(lang)),
            Column::Note(self.text(Text::Why)),
        ]);
        for row in rows {
            let kind = match row.kind {
                ParityKind::Channel => Text::ParityChannel,
                ParityKind::Floor => Text::ParityFloor,
                ParityKind::War => Text::ParityWar,
                ParityKind::Route => Text::ParityRoute,
            };
            let mut cells = vec![
                Cell::Head(name(&row.name)),
                Cell::Value(format!("{}<span class=\"sub\">{}</span>", escape(&row.between), self.text(kind))),
            ];
            for figure in [&row.price, &row.reference, &row.gap, &row.closes_at] {
                cells.push(self.optional(figure.as_ref(), &row.name));
            }
            let verify = if row.verify { format!(" {}", self.text(Text::Verify)) } else { String::new() };
            cells.push(Cell::Value(format!("{}{verify}", self.said(&row.why))));
            table.row(cells);
        }
        self.titled(Text::Parity, Text::ParitySaid, &table.html(self.text(Text::Parity)))
    }

    /// Steps of price for stock that will not be sold in time.
    pub(super) fn clearance(&mut self, decided: &Decided) -> String {
        let rows = &decided.trade.clearance;
        if rows.is_empty() {
            return String::new();
        }
        let lang = self.lang;
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Product)),
            Column::Number(Metric::ClearOnHand.label(lang)),
            Column::Number(Metric::ClearFirst.label(lang)),
            Column::Number(Metric::ClearThen.label(lang)),
            Column::Number(Metric::ClearLeft.label(lang)),
            Column::Number(Metric::ClearGain.label(lang)),
            Column::Note(self.text(Text::Why)),
        ]);
        for row in rows {
            let mut cells = vec![Cell::Head(name(&row.name))];
            for figure in
                [Some(&row.on_hand), row.first.as_ref(), row.then.as_ref(), row.left.as_ref(), row.gain.as_ref()]
            {
                cells.push(self.optional(figure, &row.name));
            }
            cells.push(Cell::Value(self.said(&row.why)));
            table.row(cells);
        }
        self.titled(Text::Clearance, Text::ClearanceSaid, &table.html(self.text(Text::Clearance)))
    }

    /// What to send at first.
    pub(super) fn first_send(&mut self, decided: &Decided) -> String {
        let rows = &decided.trade.first_send;
        if rows.is_empty() {
            return String::new();
        }
        let lang = self.lang;
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Product)),
            Column::Number(Metric::FirstSend.label(lang)),
            Column::Number(Metric::FirstDemand.label(lang)),
            Column::Number(Metric::FirstEnough.label(lang)),
            Column::Number(Metric::FirstMargin.label(lang)),
            Column::Note(self.text(Text::Why)),
        ]);
        for row in rows {
            let mut cells = vec![Cell::Head(name(&row.name))];
            for figure in [Some(&row.send), Some(&row.demand), Some(&row.enough), row.margin.as_ref()] {
                cells.push(self.optional(figure, &row.name));
            }
            cells.push(Cell::Value(self.said(&row.why)));
            table.row(cells);
        }
        let label = Metric::FirstAll.label(lang);
        let all = decided
            .trade
            .send_in_all
            .as_ref()
            .map_or_else(String::new, |f| format!("<p>{}: {}</p>\n", escape(label), self.figures.show_of(f, "")));
        let body = format!("{all}{}", table.html(self.text(Text::FirstOrder)));
        self.titled(Text::FirstOrder, Text::FirstOrderSaid, &body)
    }

    /// The budget week by week, folded: thirteen rows of what the table of channels sums up.
    pub(super) fn budget_weeks(&mut self, decided: &Decided) -> String {
        let weeks = &decided.trade.weeks;
        let Some(first) = weeks.first() else { return String::new() };
        let mut columns = vec![Column::Text(self.text(Text::Week))];
        columns.extend(first.spend.iter().map(|(channel, _)| Column::Number(channel.as_str())));
        let mut table = Table::new(columns);
        for week in weeks {
            let day = number::day(week.week, self.lang);
            let mut cells = vec![Cell::Head(escape(&day))];
            for (channel, _) in &first.spend {
                let figure = week.spend.iter().find(|(c, _)| c == channel).map(|(_, f)| f);
                cells.push(self.optional(figure, &format!("{channel}, {day}")));
            }
            table.row(cells);
        }
        let title = self.text(Text::BudgetWeeks);
        format!("<details><summary>{title}</summary>{}</details>\n", table.html(title))
    }

    /// Who gets a code.
    pub(super) fn codes(&mut self, decided: &Decided) -> String {
        let Some(aim) = &decided.trade.codes else { return String::new() };
        let mut cards = String::new();
        for figure in [Some(&aim.first), aim.needed.as_ref(), Some(&aim.can_pay)].into_iter().flatten() {
            let label = Metric::of_key(&figure.key).map_or("", |metric| metric.label(self.lang));
            let value = self.figures.show(figure);
            cards.push_str(&format!("<div class=\"kpi\"><dt>{}</dt><dd>{value}</dd></div>", escape(label)));
        }
        format!(
            "<h4>{}</h4>\n<p class=\"muted small\">{}</p>\n<dl class=\"kpis\">{cards}</dl>\n",
            self.text(Text::Codes),
            self.said(&aim.why)
        )
    }

    fn titled(&self, title: Text, said: Text, body: &str) -> String {
        format!(
            "<h3>{}</h3>\n<p class=\"muted small\">{}</p>\n{body}",
            self.text(title),
            escape(&fill(self.text(said), &[]))
        )
    }
}
