//! The data side: sources, quality, rejects, runs, questions in SQL.

use super::figure::Words;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which rejects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RejectQuery {
    /// Only of this source.
    #[param(max_length = 500)]
    pub source: Option<String>,
    /// Only by this rule.
    #[param(max_length = 100)]
    pub rule: Option<String>,
    /// The page, from 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    pub page: Option<u32>,
    /// Rows a page.
    #[param(minimum = 1, maximum = 500)]
    pub per_page: Option<u32>,
}

/// A question to the lake, read only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlQuestion {
    /// One SELECT.
    #[schema(max_length = 50_000)]
    pub query: String,
    /// Rows at most, 1,000 unless told.
    #[schema(minimum = 1, maximum = 10_000)]
    pub limit: Option<u32>,
}

/// The runs there were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Runs {
    /// Newest first.
    pub runs: Vec<Run>,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// It works.
    #[default]
    Running,
    /// It ended well.
    Done,
    /// It ended with an error.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

/// How a run is started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct RunQuery {
    /// Goes on where a quality gate fails; `marts.gates` then says `allowed` instead of `fail`.
    pub allow_failed_gates: bool,
    /// Asks the systems of `sync.toml` for what changed first. One that cannot be asked is told, and the run goes on.
    pub sync: bool,
}

/// Who started a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunTrigger {
    /// A person or a program, over HTTP.
    #[default]
    Request,
    /// The schedule.
    Schedule,
}

/// One run of the pipeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Its name.
    pub id: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Who started it.
    #[serde(default)]
    pub trigger: RunTrigger,
    /// When it began, RFC 3339.
    pub started: String,
    /// When it ended.
    pub ended: Option<String>,
    /// Exit status of the process.
    pub exit_code: Option<i32>,
    /// Share of the stages that are done, 0 to 1, where it is known.
    pub progress: Option<f64>,
    /// What it does now.
    pub stage: Option<String>,
    /// What it said, the last lines.
    #[serde(deserialize_with = "lines_of_any_version")]
    pub lines: Vec<Words>,
    /// What to do next, after a failure.
    pub next: Option<Words>,
}

/// What the server does by itself, as `sync.toml` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// Every source of the file, in its order, and then the run where one is scheduled.
    pub tasks: Vec<ScheduledTask>,
    /// Why nothing is done by itself: the file is wrong.
    pub problem: Option<Words>,
}

/// What is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A system is asked for what changed.
    #[default]
    Sync,
    /// Everything is computed.
    Run,
}

/// How it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// It was never done.
    #[default]
    Never,
    /// It is done now.
    Running,
    /// It ended well the last time.
    Fine,
    /// It did not; what was there before is in force.
    Failing,
}

/// Something that the server does by itself, or a source that waits to be asked by hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScheduledTask {
    /// What is done.
    pub task: TaskKind,
    /// Name of the source that is asked.
    pub source: Option<String>,
    /// When: `every 30 minutes`. Without it, only `portolan sync` or a run with `sync` asks.
    pub when: Option<Words>,
    /// How it stands.
    pub status: TaskStatus,
    /// When the last time began, RFC 3339.
    pub began: Option<String>,
    /// When it ended.
    pub ended: Option<String>,
    /// When it ended well for the last time.
    pub succeeded: Option<String>,
    /// How often it failed in a row. After each failure the next try comes later, up to an hour.
    pub failures: u32,
    /// When it is due next.
    pub due: Option<String>,
    /// Records that came the last time.
    pub records: Option<u64>,
    /// Of those, new or changed.
    pub changed: Option<u64>,
    /// Rows of theirs that were put aside.
    pub rejected: Option<u64>,
    /// What was wrong the last time.
    pub why: Option<Words>,
    /// What to do about it.
    pub next: Option<Words>,
}

/// Lines of a run that an earlier version kept are texts in English.
fn lines_of_any_version<'de, D: serde::Deserializer<'de>>(lines: D) -> Result<Vec<Words>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Line {
        Words(Words),
        Text(String),
    }
    let words = |line| match line {
        Line::Words(words) => words,
        Line::Text(text) => Words::same(text),
    };
    Ok(Vec::<Line>::deserialize(lines)?.into_iter().map(words).collect())
}
