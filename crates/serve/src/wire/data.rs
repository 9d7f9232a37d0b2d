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
}

/// One run of the pipeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Its name.
    pub id: String,
    /// Where it stands.
    pub status: RunStatus,
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
