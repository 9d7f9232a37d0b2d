//! What a sender hears.
//!
//! Segment answers 200 and `{"success": true}` to nearly everything, and clients look at nothing else. The same is said here,
//! with what became of each call beside it; only JSON that cannot be read and too much of it are 400.

use super::intake::IntakeError;
use crate::problem::Refusal;
use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use journal::AppendError;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// What became of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IngestReply {
    /// The request was read; what is accepted of it is on the disk.
    pub success: bool,
    /// Calls that are kept.
    pub accepted: u64,
    /// Calls that were kept before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeated: u64,
    /// Calls that are not kept, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<RefusedCall>,
    /// What was found about calls that are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<WarnedCall>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A call that is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefusedCall {
    /// Where in the request it stood, such as `batch[3]`; empty for a call alone.
    pub at: String,
    /// Why, in a word: `no_user_anon_id`.
    pub reason: String,
    /// What was found and what would be right.
    pub detail: String,
}

/// Something about a call that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WarnedCall {
    /// Where in the request it stood.
    pub at: String,
    /// What was found.
    pub problem: String,
}

/// A request that failed as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IngestFailure {
    /// `false`.
    pub success: bool,
    /// `invalid_json`, `too_large`, …
    pub code: String,
    /// What was found and what would be right.
    pub message: String,
}

/// An answer to a request that was not taken.
pub(super) fn failed(error: &IntakeError, now: DateTime<Utc>, retry_seconds: u64) -> Response {
    match error {
        IntakeError::Body(error) => bad(error.code(), error.to_string()),
        IntakeError::Log(AppendError::Busy { .. }) => busy(now, retry_seconds),
        IntakeError::Log(AppendError::TooLarge { .. }) => bad("too_large", error.to_string()),
        IntakeError::Log(AppendError::NoSpace { .. } | AppendError::Disk { .. } | AppendError::Closed) => {
            tracing::error!("events are refused: {error}");
            let next = "send it again later: the log of this server has no room at the moment";
            Refusal::unavailable("events cannot be written at the moment", next, 5).into_response()
        }
    }
}

pub(super) fn bad(code: &str, message: String) -> Response {
    (StatusCode::BAD_REQUEST, Json(IngestFailure { success: false, code: code.to_owned(), message })).into_response()
}

/// 429 with both headers that clients know.
pub(super) fn busy(now: DateTime<Utc>, retry_seconds: u64) -> Response {
    let wait = Duration::from_secs(retry_seconds.max(1));
    let mut response = Refusal::too_many("more events wait to be written than is good", wait).into_response();
    let reset = now.timestamp().saturating_add(wait.as_secs() as i64);
    response.headers_mut().insert("x-ratelimit-reset", HeaderValue::from(reset));
    response
}
