//! What a task found: figures against goals and the one row to quote.

use crate::machine;
use anyhow::Result;
use serde::Serialize;
use std::io::{Write, stderr, stdout};

/// A measured figure with its goal.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Goal {
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) goal: f64,
    pub(crate) better: Better,
    pub(crate) unit: &'static str,
    pub(crate) reached: bool,
}

/// On which side of the goal a figure should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    Lower,
    Higher,
}

impl Goal {
    /// Compares; a figure equal to the goal reaches it.
    pub(crate) fn new(what: &str, measured: f64, better: Better, goal: f64, unit: &'static str) -> Self {
        let reached = match better {
            Better::Lower => measured <= goal,
            Better::Higher => measured >= goal,
        };
        Self { what: what.to_owned(), measured, goal, better, unit, reached }
    }

    fn line(&self) -> String {
        let word = if self.reached { "reached" } else { "MISSED" };
        let bound = match self.better {
            Better::Lower => "at most",
            Better::Higher => "at least",
        };
        format!(
            "{word}: {} {}{unit}, goal {bound} {}{unit}",
            self.what,
            short(self.measured),
            short(self.goal),
            unit = self.unit
        )
    }
}

/// Four decimals for fractions, none for large numbers.
fn short(value: f64) -> String {
    let decimals = if value.abs() >= 1000.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else if value.abs() >= 1.0 {
        2
    } else {
        4 // marks of rankings differ in the third decimal
    };
    format!("{value:.decimals$}")
}

/// Result of one task.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) task: String,
    pub(crate) data: String,
    pub(crate) ours: String,
    /// `name@version: figures`, or what is compared with instead of a peer.
    pub(crate) peer: String,
    pub(crate) ratio: String,
    /// Ours / the peer's, or what was verified.
    pub(crate) quality: String,
    pub(crate) goals: Vec<Goal>,
    /// What must be equal and is not; any entry makes the task fail.
    pub(crate) wrong: Vec<String>,
    /// Every run, for whoever wants to look closer.
    pub(crate) runs: serde_json::Value,
}

impl Row {
    /// The line to quote.
    fn line(&self, machine: &str) -> String {
        [&self.task, &self.data, &self.ours, &self.peer, &self.ratio, &self.quality, machine].join(" · ")
    }
}

/// How it went, all tasks together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Good,
    GoalMissed,
    Wrong,
}

/// Collects the rows and prints them.
pub(crate) struct Report {
    json: bool,
    machine: String,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, machine: machine::words(), rows: Vec::new() }
    }

    /// Takes a result and, unless JSON is wanted at the end, shows it.
    pub(crate) fn add(&mut self, row: Row) {
        if !self.json {
            let mut text = row.line(&self.machine);
            for goal in &row.goals {
                text.push_str(&format!("\n  {}", goal.line()));
            }
            for wrong in &row.wrong {
                text.push_str(&format!("\n  WRONG: {wrong}"));
            }
            print(&text);
        }
        self.rows.push(row);
    }

    /// Prints what is left to print and says how it went.
    pub(crate) fn finish(self) -> Result<Outcome> {
        if self.json {
            let document = serde_json::json!({"machine": self.machine, "rows": self.rows});
            print(&serde_json::to_string_pretty(&document)?);
        }
        Ok(if self.rows.iter().any(|r| !r.wrong.is_empty()) {
            Outcome::Wrong
        } else if self.rows.iter().any(|r| r.goals.iter().any(|g| !g.reached)) {
            Outcome::GoalMissed
        } else {
            Outcome::Good
        })
    }
}

fn print(text: &str) {
    // A reader that went away (`bench | head`) is no reason to fail.
    let _ = writeln!(stdout(), "{text}");
}

/// Tells what goes on, on standard error, so that results can be piped.
pub(crate) fn note(text: &str) {
    let _ = writeln!(stderr(), "{text}");
}

/// Bytes as MiB.
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            task: "ingest".to_owned(),
            data: "retail.csv.gz".to_owned(),
            ours: "1 s".to_owned(),
            peer: "pandas@3: 4 s".to_owned(),
            ratio: "0.25".to_owned(),
            quality: "equal".to_owned(),
            goals: vec![Goal::new("time", 0.25, Better::Lower, 0.25, "")],
            wrong: Vec::new(),
            runs: serde_json::Value::Null,
        }
    }

    fn outcome(row: Row) -> Outcome {
        Report { json: false, machine: String::new(), rows: vec![row] }.finish().expect("nothing to print")
    }

    #[test]
    fn a_row_reads_task_data_ours_peer_ratio_quality_machine() {
        assert_eq!(row().line("one core"), "ingest · retail.csv.gz · 1 s · pandas@3: 4 s · 0.25 · equal · one core");
    }

    #[test]
    fn unequal_results_are_worse_than_a_missed_goal() {
        assert_eq!(outcome(row()), Outcome::Good);
        let mut missed = row();
        missed.goals.push(Goal::new("rate", 9.0, Better::Higher, 10.0, " rows/s"));
        assert_eq!(missed.goals[1].line(), "MISSED: rate 9.00 rows/s, goal at least 10.0 rows/s");
        assert_eq!(outcome(missed), Outcome::GoalMissed);
        let mut wrong = row();
        wrong.wrong.push("rows".to_owned());
        assert_eq!(outcome(wrong), Outcome::Wrong);
    }
}
