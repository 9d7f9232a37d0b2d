//! Who buys, how each segment buys, the groups that clustering found, and who came back.

use super::super::charts;
use super::super::evidence::Trust;
use super::super::findings::shown;
use super::super::metric::Metric;
use super::super::number;
use super::super::sentence::{Piece, fill};
use super::super::vocabulary;
use super::super::words::{Lang, Text};
use super::{Cell, Column, Page, Table, escape, name};
use domain::{Figure, FigureValue};

/// Months after the first order that the table of segments shows: soon, and after a quarter.
const BACK_AFTER: [usize; 2] = [1, 3];

impl Page<'_> {
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
            out.push_str(&self.habits());
        }
        out.push_str(&self.clusters());
        out.push_str(&self.cohorts());
        out.push_str(&self.next_order());
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

    /// Orders, basket, repeat and return rate of each segment, and who came back.
    fn habits(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        if plan.segments.iter().all(|s| s.habits.is_none()) {
            return String::new();
        }
        let back: Vec<String> =
            BACK_AFTER.iter().map(|k| fill(self.text(Text::BackAfter), &[&k.to_string()])).collect();
        let mut columns = vec![
            Column::Text(self.text(Text::Segment)),
            Column::Number(Metric::SegmentOrders.label(lang)),
            Column::Number(Metric::SegmentBasket.label(lang)),
            Column::Number(Metric::SegmentRepeatRate.label(lang)),
            Column::Number(Metric::SegmentReturnRate.label(lang)),
        ];
        columns.extend(back.iter().map(|label| Column::Number(label)));
        let mut table = Table::new(columns);
        for s in &plan.segments {
            let Some(habits) = &s.habits else { continue };
            let label = vocabulary::segment(&s.key, lang);
            let figures = [&habits.orders, &habits.basket, &habits.repeat_rate, &habits.return_rate];
            let mut cells = vec![Cell::Head(name(&label))];
            cells.extend(figures.map(|f| Cell::Value(self.figures.show_of(f, &label))));
            for (k, back) in BACK_AFTER.iter().zip(&back) {
                let about = format!("{label} · {back}");
                let cell = habits.retention.get(k - 1);
                cells.push(cell.map_or(Cell::Empty, |f| Cell::Value(self.figures.show_of(f, &about))));
            }
            table.row(cells);
        }
        let title = self.text(Text::Habits);
        format!("<h3>{title}</h3>\n<p class=\"muted small\">{}</p>\n{}", self.text(Text::HabitsSaid), table.html(title))
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
            let label = match lang {
                Lang::En => capital(&cluster.label_en),
                Lang::Zh => cluster.label_zh.clone(),
            };
            let label = if label.is_empty() { format!("{group} {}", i + 1) } else { label };
            let mut cell = |figure: &Figure| Cell::Value(self.figures.show_of(figure, &label));
            let cells =
                [cell(&cluster.shoppers), cell(&cluster.recency), cell(&cluster.frequency), cell(&cluster.spend)];
            table.row(std::iter::once(Cell::Head(name(&label))).chain(cells));
        }
        let title = self.text(Text::Clusters);
        let mut out = format!("<h3>{title}</h3>\n<p class=\"muted\">{}</p>\n", self.text(Text::ClustersSaid));
        if plan.cluster_trust == Some(Trust::Orientation) {
            out.push_str(&format!("<p class=\"said tone-gather\">{}</p>\n", self.text(Text::ClustersOrientation)));
        }
        if let Some(stability) = &plan.cluster_stability {
            let said = vocabulary::labelled(Metric::ClusterStability.label(lang), &self.figures.show(stability), lang);
            out.push_str(&format!("<p class=\"muted small\">{said}</p>\n"));
        }
        out.push_str(&table.html(title));
        out.push_str(&self.cluster_rule());
        out
    }

    /// Which numbers of groups were tried and how they did.
    fn cluster_rule(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        if plan.cluster_candidates.is_empty() {
            return String::new();
        }
        let title = self.text(Text::ClusterRule);
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::ClusterCount)),
            Column::Number(Metric::ClusterSilhouette.label(lang)),
            Column::Number(Metric::ClusterStability.label(lang)),
            Column::Number(Metric::ClusterSmallest.label(lang)),
            Column::Text(self.text(Text::ClusterPassed)),
        ]);
        for candidate in &plan.cluster_candidates {
            let about = vocabulary::labelled(self.text(Text::ClusterCount), &candidate.k.to_string(), lang);
            let mut cell = |figure: &Figure| Cell::Value(self.figures.show_of(figure, &about));
            let cells = [cell(&candidate.silhouette), cell(&candidate.stability), cell(&candidate.smallest)];
            let passed = match candidate.trust {
                Trust::Trusted => Text::Yes,
                Trust::Orientation => Text::No,
            };
            let head = std::iter::once(Cell::Head(candidate.k.to_string()));
            table.row(head.chain(cells).chain([Cell::Value(self.text(passed).to_owned())]));
        }
        format!(
            "<details><summary>{title}</summary><p class=\"muted small\">{}</p>{}</details>\n",
            self.text(Text::ClusterRuleSaid),
            table.html(title)
        )
    }

    fn cohorts(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        if plan.cohorts.is_empty() {
            return String::new();
        }
        let least = plan.minimums.cohort.to_string();
        let mut out = format!("<h3>{}</h3>\n", self.text(Text::CameBack));
        let thin = |f: &Figure| matches!(f.value, FigureValue::TooLittleData { .. });
        let any = |test: fn(&Figure) -> bool| plan.cohorts.iter().flat_map(|c| &c.retained).any(test);
        if !any(shown) && !plan.retention.iter().any(shown) {
            out.push_str(&format!("<p class=\"muted\">{}</p>\n", fill(self.text(Text::CohortNone), &[&least])));
            return out;
        }
        out.push_str(&format!("<p class=\"muted\">{}</p>\n", self.text(Text::CameBackIntro)));
        if let Some(chart) = charts::retention(&plan.retention, lang) {
            out.push_str(&format!("<div class=\"figure\">{chart}</div>\n"));
        }
        if let Some((month, from, to)) = self.drop() {
            let pieces = [Piece::Text(month.to_string()), (&from).into(), (&to).into()];
            out.push_str(&format!("<p class=\"said\">{}</p>\n", self.say(Text::RetentionDrop, &pieces)));
        } else if plan.retention.iter().filter(|f| shown(f)).count() > 2 {
            out.push_str(&format!("<p class=\"muted small\">{}</p>\n", self.text(Text::RetentionFlat)));
        }
        out.push_str(&self.heat_map());
        if any(thin) {
            out.push_str(&format!("<p class=\"small muted\">{}</p>\n", fill(self.text(Text::CohortThin), &[&least])));
        }
        out
    }

    /// The month that retention falls most into, with the shares before and after.
    fn drop(&self) -> Option<(usize, Figure, Figure)> {
        let month = self.plan.retention_drop?;
        let (from, to) = (self.plan.retention.get(month.checked_sub(2)?)?, self.plan.retention.get(month - 1)?);
        (shown(from) && shown(to)).then(|| (month, from.clone(), to.clone()))
    }

    fn heat_map(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        let all = || plan.cohorts.iter().flat_map(|c| &c.retained).chain(&plan.retention);
        let months = plan.cohorts.iter().map(|c| c.retained.len()).max().unwrap_or(0);
        let top = all().filter_map(Figure::as_f64).fold(0.01, f64::max);
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
        if !plan.retention.is_empty() {
            let label = self.text(Text::AllTogether);
            rows.push_str(&format!("<tr class=\"sum\"><th scope=\"row\">{label}</th><td class=\"first\"></td>"));
            for (k, share) in plan.retention.iter().enumerate() {
                rows.push_str(&self.heat(share, top, &format!("{label} +{}", k + 1)));
            }
            rows.push_str("</tr>\n");
        }
        // On paper the cells have no room for the number of their note: it stands below them, once.
        let noted = [plan.cohorts.iter().flat_map(|c| &c.retained).next(), plan.retention.first()];
        let mut notes: Vec<String> = Vec::new();
        for figure in noted.into_iter().flatten() {
            notes.push(self.figures.note(figure).to_string());
        }
        format!(
            "<div class=\"wrap scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\
             <table class=\"heat\"><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n\
             <p class=\"small muted paper\">{}</p>\n",
            self.text(Text::CameBack),
            fill(self.text(Text::NoteAt), &[&notes.join(", ")]),
        )
    }

    /// One cell of the heat map, the darker the more came back.
    fn heat(&mut self, share: &Figure, top: f64, about: &str) -> String {
        match share.as_f64() {
            Some(x) => format!("<td style=\"--v:{:.2}\">{}</td>", x / top, self.figures.value_of(share, about)),
            // A table full of the words "too little data" cannot be read; the dot opens them.
            None => format!("<td class=\"none\">{}</td>", self.figures.dot(share, about)),
        }
    }

    /// When those who come back do so.
    fn next_order(&mut self) -> String {
        let Some(repeat) = &self.plan.repeat else { return String::new() };
        let mut out = format!("<h3>{}</h3>\n", self.text(Text::NextAction));
        match &repeat.due {
            Some((from, to)) if shown(from) && shown(to) => {
                let pieces = [from.into(), to.into(), (&repeat.gap).into()];
                out.push_str(&format!("<p>{}</p>\n", self.say(Text::DueSaid, &pieces)));
            }
            Some(_) | None => {
                out.push_str(&format!("<p class=\"muted\">{}</p>\n", self.say(Text::DueThin, &[(&repeat.gap).into()])));
            }
        }
        if let Some(hit) = repeat.hit.as_ref().filter(|hit| shown(hit)) {
            out.push_str(&format!("<p class=\"muted small\">{}</p>\n", self.say(Text::DueHitSaid, &[hit.into()])));
        }
        out
    }
}

/// A label as the beginning of a row.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
