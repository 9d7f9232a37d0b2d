//! What is decided: first what to expect and to do, then what it rests on.

use super::super::decided::{Decided, May};
use super::super::findings::shown;
use super::super::metric::Metric;
use super::super::number;
use super::super::sentence::fill;
use super::super::vocabulary;
use super::super::words::{Lang, Text};
use super::super::{calendar_chart, decide_charts};
use super::{Cell, Column, Page, Table, escape, name};
use crate::Said;
use domain::Figure;

/// Rows of a table that stand open; the others are folded.
const OPEN: usize = 10;

impl Page<'_> {
    pub(super) fn decide(&mut self, decided: &Decided) -> String {
        let mut out = String::new();
        out.push_str(&self.said_list(Text::NextActions, &decided.actions, "ol"));
        out.push_str(&self.expected(decided));
        out.push_str(&self.planned(decided));
        out.push_str(&self.may_sell(decided));
        out.push_str(&self.prices(decided));
        out.push_str(&self.paid(decided));
        out.push_str(&self.parity(decided));
        out.push_str(&self.promotions(decided));
        out.push_str(&self.codes(decided));
        out.push_str(&self.landed(decided));
        out.push_str(&self.channels(decided));
        out.push_str(&self.budget_weeks(decided));
        out.push_str(&self.calendar(decided));
        out.push_str(&self.stock(decided));
        out.push_str(&self.clearance(decided));
        out.push_str(&self.first_send(decided));
        out.push_str(&self.sensitivity(decided));
        out.push_str(&self.said_list(Text::Risks, &decided.risks, "ul"));
        out.push_str(&self.said_list(Text::WouldChange, &decided.changes, "ul"));
        out
    }

    pub(super) fn said(&self, said: &Said) -> String {
        escape(match self.lang {
            Lang::En => &said.en,
            Lang::Zh => &said.zh,
        })
    }

    fn said_list(&self, title: Text, items: &[Said], tag: &str) -> String {
        if items.is_empty() {
            return String::new();
        }
        let items: String = items.iter().map(|item| format!("<li>{}</li>", self.said(item))).collect();
        format!("<h3>{}</h3>\n<{tag} class=\"said\">{items}</{tag}>\n", self.text(title))
    }

    fn expected(&mut self, decided: &Decided) -> String {
        let mut cards = String::new();
        for figure in &decided.expected {
            let label = Metric::of_key(&figure.key).map_or("", |metric| metric.label(self.lang));
            let words = if shown(figure) { "" } else { " class=\"words\"" };
            let value = self.figures.show(figure);
            cards.push_str(&format!("<div class=\"kpi\"><dt>{}</dt><dd{words}>{value}</dd></div>", escape(label)));
        }
        if cards.is_empty() && decided.demand.is_empty() {
            return String::new();
        }
        let ends = [decided.ahead.from, decided.ahead.to.plus(-1)].map(|day| number::day(day, self.lang));
        let span = fill(self.text(Text::Days), &[&ends[0], &ends[1]]);
        let mut out = format!("<h3>{}</h3>\n", escape(&fill(self.text(Text::ExpectedIn), &[&span])));
        if !cards.is_empty() {
            out.push_str(&format!("<dl class=\"kpis\">{cards}</dl>\n"));
        }
        if let Some(chart) = decide_charts::fan(&decided.demand, self.lang) {
            let said = self.text(Text::DemandSaid);
            out.push_str(&format!("<p class=\"muted small\">{said}</p>\n<div class=\"figure\">{chart}</div>\n"));
            let mut table = Table::new(vec![
                Column::Text(self.text(Text::Week)),
                Column::Number(Metric::DemandWeek.label(self.lang)),
            ]);
            for week in &decided.demand {
                let day = number::day(week.week, self.lang);
                table.row([Cell::Head(escape(&day)), Cell::Value(self.figures.show_of(&week.units, &day))]);
            }
            let table = table.html(self.text(Text::DemandAhead));
            out.push_str(&format!("<details><summary>{}</summary>{table}</details>\n", self.text(Text::ChartFigures)));
        }
        out
    }

    fn may_sell(&mut self, decided: &Decided) -> String {
        if decided.may.is_empty() {
            return String::new();
        }
        let mut cards = String::new();
        for (may, figure) in May::ALL.iter().zip(&decided.may) {
            let label = self.text(verdict(*may));
            let value = self.figures.show_of(figure, label);
            cards.push_str(&format!("<div class=\"kpi\"><dt>{}</dt><dd>{value}</dd></div>", escape(label)));
        }
        let mut out = format!("<h3>{}</h3>\n<dl class=\"kpis\">{cards}</dl>\n", self.text(Text::MaySell));
        if decided.hindrances.is_empty() {
            return out;
        }
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Product)),
            Column::Text(self.text(Text::Verdict)),
            Column::Text(self.text(Text::Why)),
        ]);
        for row in &decided.hindrances {
            let more = match row.alike {
                0 => String::new(),
                n => format!(
                    " <span class=\"muted\">{}</span>",
                    escape(&fill(self.text(Text::AndAlike), &[&n.to_string()]))
                ),
            };
            // The sentence itself says where it rests on general knowledge.
            table.row([
                Cell::Head(format!("{}{more}", name(&row.name))),
                Cell::Value(format!("<span class=\"whole\">{}</span>", escape(self.text(verdict(row.may))))),
                Cell::Value(self.said(&row.why)),
            ]);
        }
        out.push_str(&table.html(self.text(Text::MaySell)));
        out
    }

    fn prices(&mut self, decided: &Decided) -> String {
        if decided.prices.is_empty() {
            return String::new();
        }
        let mut out = format!(
            "<h3>{}</h3>\n<p class=\"muted small\">{}</p>\n",
            self.text(Text::Prices),
            self.text(Text::PricesSaid)
        );
        out.push_str(&self.rests(decided));
        if let Some(chart) = decide_charts::corridors(&decided.prices, self.lang) {
            out.push_str(&format!("<div class=\"figure\">{chart}</div>\n"));
        }
        let table = |page: &mut Self, rows: &[super::super::decided::PriceRow]| {
            let lang = page.lang;
            let mut table = Table::new(vec![
                Column::Text(page.text(Text::Product)),
                Column::Number(Metric::PriceAdvised.label(lang)),
                Column::Number(Metric::PriceNow.label(lang)),
                Column::Number(Metric::PriceFloor.label(lang)),
                Column::Number(Metric::PriceOptimum.label(lang)),
                Column::Number(Metric::PriceRivals.label(lang)),
                Column::Note(page.text(Text::Why)),
            ]);
            for row in rows {
                let mut cells = vec![Cell::Head(name(&row.name))];
                for figure in [&row.advised, &row.now, &row.floor, &row.optimum, &row.rivals] {
                    cells
                        .push(figure.as_ref().map_or(Cell::Empty, |f| Cell::Value(page.figures.show_of(f, &row.name))));
                }
                cells.push(Cell::Value(page.said(&row.why)));
                table.row(cells);
            }
            table.html(page.text(Text::Prices))
        };
        let (first, rest) = decided.prices.split_at(decided.prices.len().min(OPEN));
        out.push_str(&table(self, first));
        if !rest.is_empty() {
            let more = fill(self.text(Text::MoreRows), &[&rest.len().to_string()]);
            let rest = table(self, rest);
            out.push_str(&format!("<details><summary>{}</summary>{rest}</details>\n", escape(&more)));
        }
        out
    }

    /// What the prices rest on, and the test where nobody knows.
    fn rests(&mut self, decided: &Decided) -> String {
        let (mut cards, mut test) = (String::new(), String::new());
        for figure in &decided.rests {
            let Some(metric) = Metric::of_key(&figure.key) else { continue };
            let label = metric.label(self.lang);
            let value = self.figures.show_of(figure, label);
            if metric == Metric::PriceTest {
                let said = escape(self.text(Text::PriceTestSaid)).replace("{}", &value);
                test = format!("<p>{said}</p>\n");
            } else {
                cards.push_str(&format!("<div class=\"kpi\"><dt>{}</dt><dd>{value}</dd></div>", escape(label)));
            }
        }
        if cards.is_empty() { String::new() } else { format!("<dl class=\"kpis\">{cards}</dl>\n{test}") }
    }

    /// Whether segments pay differently for the same things, in one sentence, and the figures behind it.
    fn paid(&mut self, decided: &Decided) -> String {
        let (Some(most), Some(least)) = (decided.paid.first(), decided.paid.last()) else { return String::new() };
        let apart = match (most.1.interval, least.1.interval) {
            (Some(most), Some(least)) => most.low > least.high,
            _ => false,
        };
        let label = |key: &str, lang| escape(&vocabulary::segment(key, lang));
        let said = if apart {
            fill(self.text(Text::PaidApart), &[&label(&most.0, self.lang), &label(&least.0, self.lang)])
        } else {
            self.text(Text::PaidAlike).to_owned()
        };
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Segment)),
            Column::Number(Metric::SegmentPaid.label(self.lang)),
        ]);
        for (key, figure) in &decided.paid {
            let label = vocabulary::segment(key, self.lang);
            table.row([Cell::Head(escape(&label)), Cell::Value(self.figures.show_of(figure, &label))]);
        }
        let table = table.html(self.text(Text::PaidBySegment));
        format!(
            "<h3>{}</h3>\n<p>{said}</p>\n<details><summary>{}</summary>{table}</details>\n",
            self.text(Text::PaidBySegment),
            self.text(Text::ChartFigures)
        )
    }

    fn landed(&mut self, decided: &Decided) -> String {
        let Some(landed) = &decided.landed else { return String::new() };
        let title = fill(self.text(Text::LandedOf), &[&landed.name]);
        let lane = fill(self.text(Text::SentBy), &[&landed.lane]);
        let mut out = format!("<h3>{}</h3>\n<p class=\"muted small\">{}</p>\n", escape(&title), escape(&lane));
        if let Some(chart) = decide_charts::waterfall(landed, self.lang) {
            out.push_str(&format!("<div class=\"figure\">{chart}</div>\n"));
        }
        let mut table =
            Table::new(vec![Column::Text(self.text(Text::Part)), Column::Number(Metric::LandedPart.label(self.lang))]);
        for (part, figure) in &landed.parts {
            let label = self.said(part);
            let value = self.figures.show_of(figure, &label);
            table.row([Cell::Head(label), Cell::Value(value)]);
        }
        let table = table.html(&title);
        out.push_str(&format!("<details><summary>{}</summary>{table}</details>\n", self.text(Text::ChartFigures)));
        out
    }

    fn channels(&mut self, decided: &Decided) -> String {
        if decided.channels.is_empty() {
            return String::new();
        }
        let lang = self.lang;
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Channel)),
            Column::Number(Metric::SpendNow.label(lang)),
            Column::Number(Metric::SpendAdvised.label(lang)),
            Column::Number(Metric::Contribution.label(lang)),
            Column::Number(Metric::Roas.label(lang)),
            Column::Number(Metric::MarginalNow.label(lang)),
            Column::Number(Metric::MarginalReturn.label(lang)),
            Column::Note(self.text(Text::Why)),
        ]);
        for row in &decided.channels {
            let mut cells = vec![Cell::Head(name(&row.channel))];
            let optional = |figure: &Option<Figure>| figure.clone();
            let figures = [
                Some(row.now.clone()),
                Some(row.advised.clone()),
                optional(&row.contribution),
                optional(&row.roas),
                optional(&row.marginal_now),
                optional(&row.marginal),
            ];
            for figure in figures {
                cells.push(figure.map_or(Cell::Empty, |f| Cell::Value(self.figures.show_of(&f, &row.channel))));
            }
            cells.push(Cell::Value(self.said(&row.why)));
            table.row(cells);
        }
        format!(
            "<h3>{}</h3>\n<p class=\"muted small\">{}</p>\n{}{}",
            self.text(Text::ChannelBudget),
            self.text(Text::ChannelSaid),
            table.html(self.text(Text::ChannelBudget)),
            self.responses(decided)
        )
    }

    fn calendar(&mut self, decided: &Decided) -> String {
        if decided.calendar.is_empty() {
            return String::new();
        }
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::When)),
            Column::Text(self.text(Text::Occasion)),
            Column::Text(self.text(Text::OrderBy)),
            Column::Text(self.text(Text::ShipBy)),
            Column::Number(Metric::OccasionLift.label(self.lang)),
        ]);
        for row in &decided.calendar {
            let label = self.said(&row.name);
            let days = if row.days.from.plus(1) == row.days.to {
                number::day(row.days.from, self.lang)
            } else {
                let ends = [row.days.from, row.days.to.plus(-1)].map(|day| number::day(day, self.lang));
                fill(self.text(Text::Days), &[&ends[0], &ends[1]])
            };
            let verify = if row.verify {
                format!(" <span class=\"muted\">{}</span>", self.text(Text::Verify))
            } else {
                String::new()
            };
            let lift = row.lift.as_ref().map_or(Cell::Empty, |f| Cell::Value(self.figures.show_of(f, &label)));
            let last = |day: Option<domain::Day>| {
                day.map_or(Cell::Empty, |day| Cell::Value(escape(&number::day(day, self.lang))))
            };
            let (order, ship) = (last(row.order_by), last(row.ship_by));
            table.row([Cell::Head(escape(&days)), Cell::Value(format!("{label}{verify}")), order, ship, lift]);
        }
        let chart = calendar_chart::calendar(&decided.calendar, self.lang).map_or_else(String::new, |chart| {
            let said = self.text(Text::CalendarSaid);
            format!("<p class=\"muted small\">{said}</p>\n<div class=\"figure\">{chart}</div>\n")
        });
        format!("<h3>{}</h3>\n{chart}{}", self.text(Text::CalendarAhead), table.html(self.text(Text::CalendarAhead)))
    }

    fn stock(&mut self, decided: &Decided) -> String {
        if decided.stock.is_empty() {
            return String::new();
        }
        let lang = self.lang;
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Product)),
            Column::Number(Metric::StockCover.label(lang)),
            Column::Number(Metric::StockSend.label(lang)),
            Column::Text(self.text(Text::Why)),
        ]);
        for row in &decided.stock {
            let mut cells = vec![Cell::Head(name(&row.name))];
            for figure in [&row.cover, &row.send] {
                cells.push(figure.as_ref().map_or(Cell::Empty, |f| Cell::Value(self.figures.show_of(f, &row.name))));
            }
            cells.push(Cell::Value(self.said(&row.why)));
            table.row(cells);
        }
        format!("<h3>{}</h3>\n{}", self.text(Text::StockAdvice), table.html(self.text(Text::StockAdvice)))
    }
}

const fn verdict(may: May) -> Text {
    match may {
        May::Sell => Text::MaySellYes,
        May::SellWithChange => Text::MaySellChange,
        May::Blocked => Text::MaySellNo,
        May::Unknown => Text::MaySellUnknown,
    }
}
