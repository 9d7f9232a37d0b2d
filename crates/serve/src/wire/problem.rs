//! How an error looks: RFC 9457 `application/problem+json`, with a next step.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Stable name of the kind of problem: `urn:portolan:problem:` and a code.
    #[serde(rename = "type")]
    #[schema(example = "urn:portolan:problem:not_found")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status once more.
    pub status: u16,
    /// What went wrong this time.
    pub detail: String,
    /// What to do next.
    pub next: String,
    /// Each wrong part of the request.
    pub errors: Vec<ProblemAt>,
}

/// One wrong part of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemAt {
    /// Where: a path in the body, a parameter, `line 2`.
    pub at: String,
    /// What is wrong there, and what would be right.
    pub problem: String,
}
