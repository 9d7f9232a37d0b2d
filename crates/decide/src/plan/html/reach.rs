//! Whom to reach first: how many they are, what they are worth, and what of that is not sure.

use super::super::metric::Metric;
use super::super::reach::{Reach, ReachRow, Whom};
use super::super::sentence::fill;
use super::super::vocabulary;
use super::super::words::{Lang, Text};
use super::{Cell, Column, Page, Table, escape, name};
use crate::Said;
use domain::Figure;

/// A column that only some rows have.
type Pick = fn(&ReachRow) -> &Option<Figure>;

impl Page<'_> {
    pub(super) fn reach(&mut self, reach: &Reach) -> String {
        let said = |said: &Said| if self.lang == Lang::Zh { said.zh.clone() } else { said.en.clone() };
        let (intro, open) = match reach.whom {
            Whom::Segments => (Text::ReachSegments, Text::ReachOpen),
            Whom::Areas => (Text::ReachAreas, Text::ReachLost),
        };
        let mut out = format!("<p class=\"muted\">{}</p>\n", self.text(intro));
        let lines = [(&reach.persona, Text::ReachPersona), (&reach.basis, Text::ReachBasis)];
        for (words, text) in lines.into_iter().filter_map(|(words, text)| Some((words.as_ref()?, text))) {
            out.push_str(&format!(
                "<p class=\"small\">{}</p>\n",
                fill(&escape(self.text(text)), &[&name(&said(words))])
            ));
        }
        let items: String = reach.open.iter().map(|o| format!("<li>{}</li>", escape(&said(o)))).collect();
        out.push_str(&self.reach_table(reach));
        if !items.is_empty() {
            out.push_str(&format!("<h3>{}</h3>\n<ul class=\"open\">{items}</ul>\n", self.text(open)));
        }
        out
    }

    fn reach_table(&mut self, reach: &Reach) -> String {
        let lang = self.lang;
        let (size, value) = reach.metrics();
        let has = |pick: Pick| reach.rows.iter().any(|row| pick(row).is_some());
        let optional: [(Pick, Metric); 4] = [
            (|r| &r.contactable, Metric::ReachContactable),
            (|r| &r.listed, Metric::ReachListed),
            (|r| &r.order_value, Metric::ReachOrderValue),
            (|r| &r.growth, Metric::ReachGrowth),
        ];
        let shown: Vec<_> = optional.into_iter().filter(|(pick, _)| has(*pick)).collect();
        let head = match reach.whom {
            Whom::Segments => Text::Segment,
            Whom::Areas => Text::ReachArea,
        };
        let mut columns =
            vec![Column::Text(self.text(head)), Column::Number(size.label(lang)), Column::Number(value.label(lang))];
        columns.extend(shown.iter().map(|(_, metric)| Column::Number(metric.label(lang))));
        let mut table = Table::new(columns);
        for row in &reach.rows {
            let label = if row.label.is_empty() { vocabulary::segment(&row.key, lang) } else { row.label.clone() };
            let mut cells = vec![
                Cell::Head(name(&label)),
                Cell::Value(self.figures.show_of(&row.size, &label)),
                Cell::Value(self.figures.show_of(&row.value, &label)),
            ];
            for (pick, _) in &shown {
                let figure = pick(row).as_ref();
                cells.push(figure.map_or(Cell::Empty, |f| Cell::Value(self.figures.show_of(f, &label))));
            }
            table.row(cells);
        }
        table.html(self.text(Text::ReachFirst))
    }
}
