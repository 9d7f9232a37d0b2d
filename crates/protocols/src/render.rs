//! A report as text for a terminal and as Markdown for a page.

use crate::report::{Row, TaskReport};
use std::fmt::Write;

impl TaskReport {
    fn header(&self) -> Vec<String> {
        let mut header = vec!["configuration".to_owned(), format!("{} [95 %]", self.metric)];
        header.extend(self.rows.first().into_iter().flat_map(|row| row.others.iter().map(|(name, _)| name.clone())));
        header.push("gain on the strong one [95 %]".to_owned());
        header.extend(["fit CPU s", "score CPU s"].map(str::to_owned));
        header
    }

    fn cells(&self, row: &Row) -> Vec<String> {
        let (low, high) = (row.value.interval.low, row.value.interval.high);
        let mut cells =
            vec![format!("{} ({})", row.config, row.what), format!("{:.4} [{low:.4}, {high:.4}]", row.value.mean)];
        cells.extend(row.others.iter().map(|(_, value)| format!("{value:.4}")));
        cells.push(match &row.gain {
            Some(gain) => {
                let d = &gain.difference;
                format!("{:+.4} [{:+.4}, {:+.4}]", d.mean, d.interval.low, d.interval.high)
            }
            None if self.strong == Some(row.config) => "the strong one".to_owned(),
            None => String::new(),
        });
        cells.extend([row.fit_cpu_s, row.score_cpu_s].map(|s| format!("{s:.2}")));
        cells
    }

    /// References, goals and learnt weights, a line each.
    fn remarks(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for reference in self.references {
            lines.push(format!("others: {:.4} {} ({})", reference.value, reference.what, reference.source));
        }
        for goal in &self.goals {
            let word = if goal.reached { "reached" } else { "MISSED" };
            lines.push(format!("{word}: {} {:.4}, {} has {:.4}", goal.name, goal.value, goal.config, goal.measured));
        }
        for row in self.rows.iter().filter(|row| !row.learnt.is_empty()) {
            lines.push(format!("learnt by {}: {}", row.config, row.learnt.join("; ")));
        }
        lines
    }

    fn table(&self) -> Vec<Vec<String>> {
        std::iter::once(self.header()).chain(self.rows.iter().map(|row| self.cells(row))).collect()
    }

    /// As text with aligned columns.
    pub fn text(&self) -> String {
        text(&self.task, &self.about, &self.table(), &self.remarks())
    }

    /// As a section of a Markdown page.
    pub fn markdown(&self) -> String {
        markdown(&self.task, &self.about, &self.table(), &self.remarks())
    }
}

/// A table, header first, as text with aligned columns.
pub(crate) fn text(task: &str, about: &str, table: &[Vec<String>], remarks: &[String]) -> String {
    let width = |c: usize| table.iter().filter_map(|row| row.get(c)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..table[0].len()).map(|c| width(c).unwrap_or(0)).collect();
    let mut out = format!("{task}: {about}\n");
    for row in table {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        // Writing into a text cannot fail.
        let _ = writeln!(out, "  {}", cells.join("  ").trim_end());
    }
    for line in remarks {
        let _ = writeln!(out, "  {line}");
    }
    out
}

/// A table, header first, as a section of a Markdown page.
pub(crate) fn markdown(task: &str, about: &str, table: &[Vec<String>], remarks: &[String]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule: Vec<String> = (0..table[0].len()).map(|c| if c == 0 { "---" } else { "---:" }.to_owned()).collect();
    let mut out = format!("### {task}\n\n{about}\n\n{}{}", line(&table[0]), line(&rule));
    table[1..].iter().for_each(|row| out.push_str(&line(row)));
    out.push('\n');
    for remark in remarks {
        let _ = writeln!(out, "- {remark}");
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::TaskReport;
    use crate::report::tests::{answers, config};
    use domain::Seed;

    fn report() -> TaskReport {
        let configs = [config("item-kNN Jaccard, all markets"), config("blend of four, likelihood")];
        TaskReport::new("cup-t1", &configs, &[answers(&[0.5, 0.7])], Seed(1)).unwrap()
    }

    #[test]
    fn text_has_a_line_a_row_and_says_what_was_reached() {
        let text = report().text();
        assert!(text.starts_with("cup-t1: made up\n  configuration"), "{text}");
        assert!(text.contains("0.7000 [0.7000, 0.7000]  1.0000  +0.2000 [+0.2000, +0.2000]"), "{text}");
        assert!(
            text.contains("\n  reached: must 0.6990, blend of four, likelihood has 0.7000\n  MISSED: ahead"),
            "{text}"
        );
    }

    #[test]
    fn markdown_is_a_table_with_as_many_cells_a_line() {
        let text = report().markdown();
        let table: Vec<usize> = text.lines().filter(|l| l.starts_with('|')).map(|l| l.matches('|').count()).collect();
        assert_eq!(table, [7; 4], "{text}");
    }
}
