//! What a task's configurations reached, with goals and the figures of others.

use crate::ProtocolError;
use crate::goals::Reference;
use crate::render;
use domain::Seed;
use eval::{Bootstrap, mean_interval};
use serde::Serialize;

/// Results of one task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContentReport {
    /// Its name.
    pub task: String,
    /// Data, split and questions in a line.
    pub about: String,
    /// One row a configuration.
    pub rows: Vec<ContentRow>,
    /// What had to be reached.
    pub goals: Vec<ContentGoal>,
    /// Figures of others on the same task.
    pub references: &'static [Reference],
}

/// One configuration's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContentRow {
    /// What it is.
    pub config: String,
    /// Its measures, in the same order in every row.
    pub measures: Vec<Measure>,
    /// CPU seconds of learning.
    pub fit_cpu_s: f64,
    /// CPU seconds of answering the test.
    pub score_cpu_s: f64,
}

/// A figure with the interval that resampling the test gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// What is measured: `F1`, `recall@10`.
    pub name: String,
    /// The figure; `None` where this configuration cannot be asked.
    pub value: Option<f64>,
    /// Its 95 % interval, where there is one.
    pub interval: Option<(f64, f64)>,
}

/// The mean; 0 of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// A goal and whether it was reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContentGoal {
    /// What was to be reached, in words.
    pub what: String,
    /// The least value.
    pub value: f64,
    /// What was measured.
    pub measured: f64,
    /// Whether `measured` is at least `value`.
    pub reached: bool,
}

impl Measure {
    /// A figure without an interval.
    pub fn new(name: &str, value: f64) -> Self {
        Self { name: name.to_owned(), value: Some(value), interval: None }
    }

    /// A figure with its 95 % interval.
    pub fn within(name: &str, value: f64, low: f64, high: f64) -> Self {
        Self { name: name.to_owned(), value: Some(value), interval: Some((low, high)) }
    }

    /// The mean of what each question reached, with its interval over questions drawn again.
    ///
    /// # Errors
    /// [`ProtocolError`] without a question.
    pub(super) fn mean(name: &str, values: &[f64], seed: Seed) -> Result<Self, ProtocolError> {
        let found = mean_interval(values, &Bootstrap::default(), seed)?;
        Ok(Self::within(name, found.mean, found.interval.low, found.interval.high))
    }

    /// A figure that this configuration does not have.
    pub fn none(name: &str) -> Self {
        Self { name: name.to_owned(), value: None, interval: None }
    }

    fn shown(&self) -> String {
        match (self.value, self.interval) {
            (None, _) => "–".to_owned(),
            (Some(value), None) => format!("{value:.4}"),
            (Some(value), Some((low, high))) => format!("{value:.4} [{low:.4}, {high:.4}]"),
        }
    }
}

impl ContentGoal {
    /// A goal with what was measured.
    pub fn new(what: &str, value: f64, measured: f64) -> Self {
        Self { what: what.to_owned(), value, measured, reached: measured >= value }
    }
}

impl ContentReport {
    fn table(&self) -> Vec<Vec<String>> {
        let mut header = vec!["configuration".to_owned()];
        header.extend(self.rows.first().into_iter().flat_map(|row| row.measures.iter().map(|m| m.name.clone())));
        header.extend(["fit CPU s", "score CPU s"].map(str::to_owned));
        let cells = |row: &ContentRow| {
            let mut cells = vec![row.config.clone()];
            cells.extend(row.measures.iter().map(Measure::shown));
            cells.extend([row.fit_cpu_s, row.score_cpu_s].map(|s| format!("{s:.2}")));
            cells
        };
        std::iter::once(header).chain(self.rows.iter().map(cells)).collect()
    }

    fn remarks(&self) -> Vec<String> {
        let others = self.references.iter().map(|r| format!("others: {:.4} {} ({})", r.value, r.what, r.source));
        let goals = self.goals.iter().map(|goal| {
            let word = if goal.reached { "reached" } else { "MISSED" };
            format!("{word}: {} {:.4}, measured {:.4}", goal.what, goal.value, goal.measured)
        });
        others.chain(goals).collect()
    }

    /// As text with aligned columns.
    pub fn text(&self) -> String {
        render::text(&self.task, &self.about, &self.table(), &self.remarks())
    }

    /// As a section of a Markdown page.
    pub fn markdown(&self) -> String {
        render::markdown(&self.task, &self.about, &self.table(), &self.remarks())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> ContentReport {
        let row = |config: &str, measures| ContentRow {
            config: config.to_owned(),
            measures,
            fit_cpu_s: 1.0,
            score_cpu_s: 0.25,
        };
        ContentReport {
            task: "made-up".to_owned(),
            about: "ten questions".to_owned(),
            rows: vec![
                row("one", vec![Measure::within("F1", 0.5, 0.4, 0.6), Measure::new("recall@10", 0.75)]),
                row("other", vec![Measure::new("F1", 0.25), Measure::none("recall@10")]),
            ],
            goals: vec![ContentGoal::new("F1 of one", 0.5, 0.5), ContentGoal::new("F1 of other", 0.5, 0.25)],
            references: &[],
        }
    }

    #[test]
    fn text_has_a_line_a_row_and_says_what_was_reached() {
        let text = report().text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "made-up: ten questions");
        assert!(lines[2].starts_with("  one            0.5000 [0.4000, 0.6000]  0.7500"), "{text}");
        assert!(lines[3].contains("–"), "{text}");
        assert_eq!(lines[4], "  reached: F1 of one 0.5000, measured 0.5000");
        assert_eq!(lines[5], "  MISSED: F1 of other 0.5000, measured 0.2500");
    }

    #[test]
    fn markdown_is_a_table_with_as_many_cells_a_line() {
        let text = report().markdown();
        let table: Vec<usize> = text.lines().filter(|l| l.starts_with('|')).map(|l| l.matches('|').count()).collect();
        assert_eq!(table, [6; 4], "{text}");
    }
}
