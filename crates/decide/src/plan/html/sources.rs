//! Where the data come from: each file with licence, origin and day as somebody stated them.

use super::super::evidence::SourceEvidence;
use super::super::number;
use super::super::sentence::fill;
use super::super::words::Text;
use super::{Cell, Column, Page, Table, escape, name};

/// Files that a page lists; a shop that exports daily has hundreds.
const LISTED: usize = 40;

impl Page<'_> {
    pub(super) fn sources(&self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        let mut table = Table::new(
            [Text::SourceFile, Text::SourceHolds, Text::Licence, Text::Origin, Text::Obtained]
                .map(|text| Column::Text(self.text(text)))
                .to_vec(),
        );
        let (segments, files): (Vec<&SourceEvidence>, Vec<&SourceEvidence>) =
            plan.sources.iter().partition(|source| source.is_log_segment());
        for (i, source) in files.iter().take(LISTED).chain(segments.last()).enumerate() {
            let stated = |text: &Option<String>| {
                Cell::Value(text.as_deref().map_or_else(|| escape(self.text(Text::NotStated)), name))
            };
            let head = if i < files.len().min(LISTED) {
                format!("{}<span class=\"sub\">{}</span>", name(&source.name), escape(&source.source))
            } else {
                escape(&fill(self.text(Text::LogSegments), &[&segments.len().to_string()]))
            };
            table.row([
                Cell::Head(head),
                Cell::Value(escape(self.holds(source))),
                stated(&source.licence),
                stated(&source.origin),
                stated(&source.obtained.map(|day| number::day(day, lang))),
            ]);
        }
        let more = files.len().saturating_sub(LISTED);
        let more = match more {
            0 => String::new(),
            n => format!("<p class=\"muted\">{}</p>\n", fill(self.text(Text::SourcesMore), &[&n.to_string()])),
        };
        format!(
            "<p class=\"muted\">{}</p>\n{}{more}",
            self.text(Text::SourcesIntro),
            table.html(self.text(Text::Sources))
        )
    }

    fn holds<'s>(&self, source: &'s SourceEvidence) -> &'s str
    where
        Self: 's,
    {
        if source.here { &source.table } else { self.text(Text::OtherMarkets) }
    }
}
