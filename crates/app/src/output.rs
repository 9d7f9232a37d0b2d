//! What people see: tables, progress, colours on a terminal, plain text elsewhere.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this module is where the program speaks")]

use comfy_table::presets::{ASCII_MARKDOWN, UTF8_HORIZONTAL_ONLY};
use comfy_table::{CellAlignment, ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressStyle};
use lake::{Phase, Progress};
use std::io::{IsTerminal, Write};
use std::sync::Mutex;

/// A line on standard output. A closed pipe (`| head`) ends the program quietly.
pub(crate) fn line(text: &str) {
    if writeln!(std::io::stdout(), "{text}").is_err() {
        std::process::exit(0);
    }
}

/// A remark on standard error.
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

/// An error on standard error.
pub(crate) fn error(text: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("\x1b[31;1merror:\x1b[0m {text}")
    } else {
        eprintln!("error: {text}")
    }
}

/// A finding on standard output behind its word, red where it is bad and yellow otherwise.
pub(crate) fn verdict(bad: bool, word: &str, text: &str) {
    if std::io::stdout().is_terminal() {
        let colour = if bad { 31 } else { 33 };
        line(&format!("\x1b[{colour};1m{word}:\x1b[0m {text}"));
    } else {
        line(&format!("{word}: {text}"));
    }
}

/// What to do next, on standard error.
pub(crate) fn hint(text: &str) {
    if std::io::stderr().is_terminal() { eprintln!("\x1b[36mnext:\x1b[0m {text}") } else { eprintln!("next: {text}") }
}

/// A value as JSON on standard output.
pub(crate) fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// A table; columns in `right` are aligned to the right.
pub(crate) fn table(header: &[&str], right: &[usize], rows: Vec<Vec<String>>) {
    let mut table = Table::new();
    let terminal = std::io::stdout().is_terminal();
    table.load_style(if terminal { UTF8_HORIZONTAL_ONLY } else { ASCII_MARKDOWN });
    if terminal {
        let width = console::Term::stdout().size().1;
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for &i in right {
        if let Some(column) = table.column_mut(i) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    line(&table.to_string());
}

/// 541909 as `541,909`.
pub(crate) fn count(n: impl TryInto<i128>) -> String {
    let n = n.try_into().unwrap_or(0);
    let digits = n.abs().to_string();
    let mut out = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(d);
    }
    if n < 0 { format!("-{out}") } else { out }
}

/// Logs go to standard error, quiet unless asked.
pub(crate) fn start_logging(verbose: u8) {
    let level = match verbose {
        0 => tracing::Level::ERROR,
        1 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    let _ = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

/// One bar that follows the lake's work; silent where standard error is not a terminal.
pub(crate) struct Bar {
    bar: ProgressBar,
    at: Mutex<Option<(Phase, String)>>,
}

impl Bar {
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = if quiet || !std::io::stderr().is_terminal() { ProgressBar::hidden() } else { ProgressBar::new(1) };
        let style = "{prefix:<9} {bar:30} {percent:>3} %  {elapsed} of about {duration}  {msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self { bar, at: Mutex::new(None) }
    }

    pub(crate) fn show(&self, p: &Progress<'_>) {
        let mut at = self.at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if at.as_ref().is_none_or(|(phase, what)| *phase != p.phase || what != p.what) {
            self.bar.reset();
            self.bar.set_prefix(match p.phase {
                Phase::Copy => "copying",
                Phase::Read => "reading",
                Phase::Commit => "saving",
                Phase::Clean => "cleaning",
            });
            self.bar.set_message(p.what.to_owned());
            *at = Some((p.phase, p.what.to_owned()));
        }
        self.bar.set_length(p.total.max(1));
        self.bar.set_position(p.done);
    }

    /// A step of the pipeline by name.
    pub(crate) fn step(&self, prefix: &'static str, message: &str, done: u64, total: u64) {
        self.bar.set_prefix(prefix);
        self.bar.set_message(message.to_owned());
        self.bar.set_length(total.max(1));
        self.bar.set_position(done);
    }

    /// How far a training is. `fresh` where another one begins or is taken up: time used and left count from there.
    pub(crate) fn training(&self, message: String, share: f64, fresh: bool) {
        if fresh {
            self.bar.reset();
        }
        self.bar.set_prefix("training");
        self.bar.set_message(message);
        self.bar.set_length(1_000);
        self.bar.set_position((share * 1_000.0) as u64);
        if fresh {
            self.bar.reset_eta();
        }
    }

    /// Does something to the terminal without the bar in between.
    pub(crate) fn hidden_while(&self, f: impl FnOnce()) {
        self.bar.suspend(f);
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!([count(7), count(541_909), count(-1_000)], ["7", "541,909", "-1,000"]);
    }
}
