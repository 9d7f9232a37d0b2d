//! The market at a glance, who buys, and who came back.

use super::super::charts;
use super::super::evidence::Span;
use super::super::findings::shown;
use super::super::metric::Metric;
use super::super::number;
use super::super::sentence::fill;
use super::super::vocabulary;
use super::super::words::Text;
use super::{Cell, Column, Page, Table, escape, name};
use domain::{Figure, FigureValue, Unit};

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
            let beside = match beside {
                Some(figure) => self.at_home(figure),
                None if metric == Metric::Growth && shown(figure) => self.text(growth_words(figure)).to_owned(),
                None => String::new(),
            };
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
        if plan.months.len() < 24 {
            out.push_str(&format!("<p class=\"small muted\">{}</p>\n", self.text(Text::SeasonOneYear)));
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

    pub(super) fn who(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        let mut out = String::new();
        if plan.segments.is_empty() {
            out.push_str(&format!("<p class=\"muted\">{}</p>\n", self.text(Text::NoSegments)));
        } else {
            out.push_str(&format!("<p class=\"muted\">{}</p>\n", self.text(Text::WhoIntro)));
            if let Some(chart) = charts::segments(&plan.segments, lang) {
                out.push_str(&format!("<div class=\"figure\">{chart}</div>\n"));
            }
            out.push_str(&self.segment_table());
        }
        out.push_str(&self.clusters());
        out.push_str(&self.cohorts());
        out
    }

    fn segment_table(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Segment)),
            Column::Number(Metric::SegmentShoppers.label(lang)),
            Column::Number(Metric::SegmentShopperShare.label(lang)),
            Column::Number(Metric::SegmentRevenue.label(lang)),
            Column::Number(Metric::SegmentRevenueShare.label(lang)),
            Column::Text(self.text(Text::WhatToDo)),
        ]);
        for s in &plan.segments {
            let label = vocabulary::segment(&s.key, lang);
            let advice = vocabulary::segment_advice(&s.key, lang);
            let revenue = s.revenue.as_ref().map_or(Cell::Empty, |f| Cell::Value(self.figures.show_of(f, &label)));
            table.row([
                Cell::Head(name(&label)),
                Cell::Value(self.figures.show_of(&s.shoppers, &label)),
                Cell::Value(self.figures.show_of(&s.shopper_share, &label)),
                revenue,
                Cell::Value(self.figures.show_of(&s.revenue_share, &label)),
                if advice.is_empty() { Cell::Empty } else { Cell::Value(escape(advice)) },
            ]);
        }
        table.html(self.text(Text::WhoBuys))
    }

    fn clusters(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        if plan.clusters.is_empty() {
            return String::new();
        }
        let group = self.text(Text::Cluster);
        let mut table = Table::new(vec![
            Column::Text(group),
            Column::Number(Metric::ClusterShoppers.label(lang)),
            Column::Number(Metric::ClusterRecency.label(lang)),
            Column::Number(Metric::ClusterFrequency.label(lang)),
            Column::Number(Metric::ClusterSpend.label(lang)),
        ]);
        for (i, cluster) in plan.clusters.iter().enumerate() {
            let label = format!("{group} {}", i + 1);
            let mut cell = |figure: &Figure| Cell::Value(self.figures.show_of(figure, &label));
            let cells =
                [cell(&cluster.shoppers), cell(&cluster.recency), cell(&cluster.frequency), cell(&cluster.spend)];
            table.row(std::iter::once(Cell::Head(escape(&label))).chain(cells));
        }
        let title = self.text(Text::Clusters);
        let stability = plan.cluster_stability.as_ref().map_or_else(String::new, |f| {
            let said = vocabulary::labelled(Metric::ClusterStability.label(lang), &self.figures.show(f), lang);
            format!("<p class=\"muted small\">{said}</p>\n")
        });
        format!("<h3>{title}</h3>\n{stability}{}", table.html(title))
    }

    fn cohorts(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        if plan.cohorts.is_empty() {
            return String::new();
        }
        let least = plan.minimums.cohort.to_string();
        let title = format!("<h3>{}</h3>\n", self.text(Text::CameBack));
        let thin = |f: &Figure| matches!(f.value, FigureValue::TooLittleData { .. });
        if plan.cohorts.iter().flat_map(|c| &c.retained).all(thin) {
            return format!("{title}<p class=\"muted\">{}</p>\n", fill(self.text(Text::CohortNone), &[&least]));
        }
        let any_thin = plan.cohorts.iter().flat_map(|c| &c.retained).any(thin);
        let months = plan.cohorts.iter().map(|c| c.retained.len()).max().unwrap_or(0);
        let top = plan.cohorts.iter().flat_map(|c| &c.retained).filter_map(Figure::as_f64).fold(0.01, f64::max);
        let mut head = format!(
            "<th scope=\"col\">{}</th><th scope=\"col\">{}</th>",
            self.text(Text::FirstOrderIn),
            Metric::CohortShoppers.label(lang)
        );
        head.extend((1..=months).map(|k| format!("<th scope=\"col\">+{k}</th>")));
        let mut rows = String::new();
        for cohort in &plan.cohorts {
            let start = number::month(cohort.month, lang);
            rows.push_str(&format!(
                "<tr><th scope=\"row\">{start}</th><td class=\"first\">{}</td>",
                self.figures.show_of(&cohort.shoppers, &start)
            ));
            for (k, share) in cohort.retained.iter().enumerate() {
                rows.push_str(&self.heat(share, top, &format!("{start} +{}", k + 1)));
            }
            rows.push_str("</tr>\n");
        }
        let mut out = format!(
            "{title}<p class=\"muted\">{}</p>\n<div class=\"wrap scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\
             <table class=\"heat\"><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n",
            self.text(Text::CameBackIntro),
            self.text(Text::CameBack),
        );
        if any_thin {
            out.push_str(&format!("<p class=\"small muted\">{}</p>\n", fill(self.text(Text::CohortThin), &[&least])));
        }
        out
    }

    /// One cell of the heat map, the darker the more came back.
    fn heat(&mut self, share: &Figure, top: f64, about: &str) -> String {
        match share.as_f64() {
            Some(x) => format!("<td style=\"--v:{:.2}\">{}</td>", x / top, self.figures.show_of(share, about)),
            // A table full of the words "too little data" cannot be read; the line below explains the dot.
            None => {
                let words = number::value_text(share, self.lang);
                format!(
                    "<td class=\"none\"><span title=\"{0}\" aria-label=\"{0}\" role=\"img\">·</span></td>",
                    escape(&words)
                )
            }
        }
    }
}

/// Growth comes as a change (+24 %) or as a factor (1.24).
fn growth_words(growth: &Figure) -> Text {
    if growth.unit == Unit::Ratio { Text::GrowthTimes } else { Text::GrowthAgainst }
}
