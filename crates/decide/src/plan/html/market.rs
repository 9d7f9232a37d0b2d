//! The market at a glance: its figures, its months, its year.

use super::super::charts;
use super::super::evidence::{Against, Span};
use super::super::findings::shown;
use super::super::metric::Metric;
use super::super::number;
use super::super::sentence::fill;
use super::super::vocabulary;
use super::super::words::Text;
use super::{Cell, Column, Page, Table, escape};
use domain::{Figure, Unit};

impl Page<'_> {
    pub(super) fn glance(&mut self) -> String {
        let plan = self.plan;
        let home = plan.home_glance.as_ref().map(super::super::Glance::figures);
        let mut cards = String::new();
        for (i, (metric, figure)) in plan.glance.figures().into_iter().enumerate() {
            let Some(figure) = figure else { continue };
            // Totals of two markets do not compare; averages and rates do.
            let compares = matches!(metric, Metric::Basket | Metric::RepeatRate | Metric::ReturnRate | Metric::Growth);
            let beside = home.as_ref().and_then(|h| h[i].1).filter(|f| compares && shown(f));
            // Growth says against what; home's stands beside it only where it is against the same.
            let against = plan.glance.growth_against;
            let same = plan.home_glance.as_ref().is_some_and(|home| home.growth_against == against);
            let beside = beside.filter(|_| metric != Metric::Growth || same);
            let mut said: Vec<String> = Vec::new();
            if metric == Metric::Growth && shown(figure) {
                said.push(self.text(growth_words(figure, against)).to_owned());
            }
            said.extend(beside.map(|figure| self.at_home(figure)));
            let beside: String = said.iter().map(|line| format!("<div>{line}</div>")).collect();
            cards.push_str(&self.card(metric.label(self.lang), figure, &beside));
        }
        if let Some(season) = &plan.season {
            let month = number::month(season.month, self.lang);
            let label = Metric::SeasonPeak.label(self.lang);
            let card = if shown(&season.peak) {
                self.card(&vocabulary::labelled(label, &month, self.lang), &season.peak, self.text(Text::TimesAverage))
            } else {
                self.card(label, &season.peak, "")
            };
            cards.push_str(&card);
        }
        let mut out = format!("<dl class=\"kpis\">{cards}</dl>\n");
        out.push_str(&self.months());
        out.push_str(&self.seasonality());
        if plan.months.len() < 24 && !plan.months.is_empty() {
            out.push_str(&format!("<p class=\"small muted\">{}</p>\n", self.text(Text::SeasonOneYear)));
        }
        out
    }

    /// The same figure of the home market, without its interval: it is there to compare with.
    fn at_home(&mut self, figure: &Figure) -> String {
        let place = number::market_said(self.plan.home, self.lang);
        let value = self.figures.value_of(figure, &place);
        fill(&escape(self.text(Text::AtHome)), &[&value, &escape(&place)])
    }

    fn card(&mut self, label: &str, figure: &Figure, beside: &str) -> String {
        let words = if shown(figure) { "" } else { " class=\"words\"" };
        let value = self.figures.show(figure);
        let beside = if beside.is_empty() { String::new() } else { format!("<dd class=\"beside\">{beside}</dd>") };
        format!("<div class=\"kpi\"><dt>{}</dt><dd{words}>{value}</dd>{beside}</div>", escape(label))
    }

    fn months(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        let mut out = format!("<h3>{}</h3>\n", self.text(Text::RevenueByMonth));
        let Some(chart) = charts::revenue(plan, lang) else {
            out.push_str(&format!("<p class=\"muted\">{}</p>\n", self.text(Text::NoMonths)));
            return out;
        };
        out.push_str(&format!("<div class=\"figure\">{chart}</div>\n"));
        let partial = plan.months.iter().any(|m| m.span == Span::Partial);
        if partial {
            let text = self.text(Text::PartialMonth);
            out.push_str(&format!("<p class=\"small muted\"><span class=\"swatch\"></span>{text}</p>\n"));
        }
        let orders = plan.months.iter().any(|m| m.orders.is_some());
        let mut columns = vec![Column::Text(self.text(Text::Month)), Column::Number(Metric::MonthRevenue.label(lang))];
        if orders {
            columns.push(Column::Number(Metric::MonthOrders.label(lang)));
        }
        let mut table = Table::new(columns);
        for row in &plan.months {
            let month = number::month(row.month, lang);
            let head = match row.span {
                Span::Whole => escape(&month),
                Span::Partial => format!("{} *", escape(&month)),
            };
            let orders = row.orders.as_ref().map_or(Cell::Empty, |f| Cell::Value(self.figures.show_of(f, &month)));
            table.row([Cell::Head(head), Cell::Value(self.figures.show_of(&row.revenue, &month)), orders]);
        }
        let mut table = table.html(self.text(Text::RevenueByMonth));
        if partial {
            table.push_str(&format!("<p class=\"small muted\">* {}</p>", self.text(Text::PartialMonth)));
        }
        out.push_str(&format!("<details><summary>{}</summary>{table}</details>\n", self.text(Text::ChartFigures)));
        out
    }

    /// The calendar months against an average one, as a strip of cells.
    fn seasonality(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        if !plan.seasonality.iter().any(shown) {
            return String::new();
        }
        let top = plan.seasonality.iter().filter_map(Figure::as_f64).fold(0.01, f64::max);
        let mut cells = String::new();
        for (i, index) in plan.seasonality.iter().enumerate() {
            let month = number::month_of_year(i as u32 + 1, lang);
            let strength = index.as_f64().map_or(0.0, |x| (x / top).clamp(0.0, 1.0));
            let value = self.figures.value_of(index, &month);
            cells.push_str(&format!("<div style=\"--v:{strength:.2}\"><dt>{month}</dt><dd>{value}</dd></div>"));
        }
        format!(
            "<h3>{}</h3>\n<p class=\"muted small\">{}</p>\n<dl class=\"year\">{cells}</dl>\n",
            self.text(Text::SeasonByMonth),
            self.text(Text::SeasonSaid),
        )
    }
}

/// Growth comes as a change (+24 %) or as a factor (1.24).
fn growth_words(growth: &Figure, against: Against) -> Text {
    match (growth.unit, against) {
        (Unit::Ratio, _) => Text::GrowthTimes,
        (_, Against::YearBefore) => Text::GrowthAgainstYear,
        (_, Against::MonthsBefore) => Text::GrowthAgainst,
    }
}
