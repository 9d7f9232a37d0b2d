//! What is not known yet, and what cleaning found.

use super::super::metric::Metric;
use super::super::vocabulary;
use super::super::words::Text;
use super::{Cell, Column, Page, Table, escape, name};

impl Page<'_> {
    pub(super) fn unknowns(&mut self) -> String {
        if self.plan.unknowns.is_empty() {
            return format!("<p class=\"muted\">{}</p>\n", self.text(Text::NothingUnknown));
        }
        let lang = self.lang;
        let item = |u: &super::super::Unknown| {
            format!("<li><strong>{}</strong><span>{}</span></li>", escape(u.question(lang)), escape(u.bring(lang)))
        };
        let items: String = self.plan.unknowns.iter().map(item).collect();
        format!("<p class=\"muted\">{}</p>\n<ul class=\"open\">{items}</ul>\n", self.text(Text::UnknownIntro))
    }

    pub(super) fn caveats(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        if plan.caveats.is_empty() {
            return format!("<p class=\"muted\">{}</p>\n", self.text(Text::CaveatNone));
        }
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Rule)),
            Column::Number(Metric::CaveatRowsHere.label(lang)),
            Column::Number(Metric::CaveatRows.label(lang)),
            Column::Text(self.text(Text::Example)),
        ]);
        for caveat in &plan.caveats {
            let rule = vocabulary::rule(&caveat.rule, lang);
            let meaning = vocabulary::rule_meaning(&caveat.rule, lang);
            let meaning = if meaning.is_empty() {
                String::new()
            } else {
                format!("<span class=\"sub\">{}</span>", escape(meaning))
            };
            let sample = if caveat.sample.is_empty() {
                Cell::Empty
            } else {
                Cell::Value(format!("<span class=\"sample\">{}</span>", name(&caveat.sample)))
            };
            table.row([
                Cell::Head(format!("{}{meaning}", name(&rule))),
                caveat.here.as_ref().map_or(Cell::Empty, |here| Cell::Value(self.figures.show_of(here, &rule))),
                Cell::Value(self.figures.show_of(&caveat.rows, &rule)),
                sample,
            ]);
        }
        format!(
            "<p class=\"muted\">{}{}{}</p>\n{}",
            self.text(Text::CaveatIntro),
            self.lang.between_sentences(),
            self.text(Text::CaveatHere),
            table.html(self.text(Text::Caveats))
        )
    }
}
