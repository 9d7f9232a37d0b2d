//! What people see: tables, progress, colours on a terminal, plain text elsewhere.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this module is where the program speaks")]

use comfy_table::presets::{ASCII_MARKDOWN, UTF8_HORIZONTAL_ONLY};
use comfy_table::{CellAlignment, ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressStyle};
use lake::{Phase, Progress};
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

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

/// So many of something, in the right number: `1 rule`, `541,909 rules`.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n as u64), if n == 1 { one } else { many })
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

/// A server tells more than a command: what happened without being asked. With `json`, one object a line.
pub(crate) fn start_server_log(verbose: u8, json: bool) {
    let level = if verbose == 0 { tracing::Level::INFO } else { tracing::Level::DEBUG };
    let log = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr);
    let _ = if json {
        log.with_ansi(false).event_format(JsonLines).fmt_fields(JsonFields).try_init()
    } else {
        log.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
}

/// A line of the log as JSON: time, level, who, what, and its fields.
struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> std::fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = serde_json::Map::new();
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        line.insert("time".to_owned(), time.into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("from".to_owned(), event.metadata().target().into());
        line.extend(fields.0);
        writeln!(writer, "{}", serde_json::Value::Object(line))
    }
}

/// Fields of a span are not written: those of the event are.
struct JsonFields;

impl<'writer> FormatFields<'writer> for JsonFields {
    fn format_fields<R: RecordFields>(&self, _writer: Writer<'writer>, _fields: R) -> std::fmt::Result {
        Ok(())
    }
}

#[derive(Default)]
struct Fields(serde_json::Map<String, serde_json::Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }
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
