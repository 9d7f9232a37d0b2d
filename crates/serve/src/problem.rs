//! Errors on their way out: every refusal is `application/problem+json` with a next step, and a fault of ours tells
//! nothing but a number to look for in the log.

use crate::answers::AnswerError;
use crate::wire::problem::{Problem, ProblemAt};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use state::StateError;
use std::time::Duration;

/// Why a request got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    next: String,
    errors: Vec<ProblemAt>,
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: String, next: String) -> Self {
        Self { status, code, title, detail, next, errors: Vec::new(), retry_after: None }
    }

    /// 400: a part of the request cannot be read.
    pub fn bad_request(detail: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The request cannot be understood",
            detail.into(),
            next.into(),
        )
    }

    /// With the wrong parts.
    #[must_use]
    pub fn at(mut self, at: impl Into<String>, problem: impl Into<String>) -> Self {
        self.errors.push(ProblemAt { at: at.into(), problem: problem.into() });
        self
    }

    /// 401: nobody known asks.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        let next = "send a key as `Authorization: Bearer KEY`, or sign in to the console";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Who is asking?", detail.into(), next.to_owned())
    }

    /// 403: not with this key or role.
    pub fn forbidden(detail: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail.into(), next.into())
    }

    /// 404: no such thing.
    pub fn not_found(detail: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing", detail.into(), next.into())
    }

    /// 405: not in this way.
    pub fn method_not_allowed(method: &str, path: &str) -> Self {
        let detail = format!("{method} is not possible on {path}");
        let next = "see /openapi.json for what is";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Not in this way", detail, next.to_owned())
    }

    /// 408: the caller was too slow, or the answer took too long.
    pub fn timed_out(after: Duration) -> Self {
        let detail = format!("not done after {} seconds", after.as_secs());
        let next = "ask for less, or try again";
        Self::new(StatusCode::REQUEST_TIMEOUT, "timed_out", "It took too long", detail, next.to_owned())
    }

    /// 409: it contradicts what there is.
    pub fn conflict(detail: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "It contradicts what there is", detail.into(), next.into())
    }

    /// 413: too many bytes.
    pub fn too_large_body(next: &str) -> Self {
        let detail = "the body has more bytes than this path takes".to_owned();
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too large", detail, next.to_owned())
    }

    /// 415: not JSON.
    pub fn not_json() -> Self {
        let detail = "the body is not declared as JSON".to_owned();
        let next = "send `Content-Type: application/json`".to_owned();
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "Not JSON", detail, next)
    }

    /// 422: the same idempotency key with another body.
    pub fn unprocessable(detail: impl Into<String>, next: impl Into<String>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "unprocessable", "It cannot be done", detail.into(), next.into())
    }

    /// 429: too many.
    pub fn too_many(detail: impl Into<String>, retry_after: Duration) -> Self {
        let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        let next = format!("wait {seconds} seconds");
        let mut refusal =
            Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", "Too many requests", detail.into(), next);
        refusal.retry_after = Some(seconds.max(1));
        refusal
    }

    /// 503: not at the moment.
    pub fn unavailable(detail: impl Into<String>, next: impl Into<String>, retry_after: u64) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let mut refusal = Self::new(status, "unavailable", "Not at the moment", detail.into(), next.into());
        refusal.retry_after = Some(retry_after.max(1));
        refusal
    }

    /// 500: a fault of ours. What happened goes to the log; the caller gets its number there.
    pub fn internal(what: impl std::fmt::Display) -> Self {
        let mut number = [0_u8; 8];
        // Without randomness the number is 0: the log line is still there.
        let _ = getrandom::fill(&mut number);
        let number = u64::from_be_bytes(number);
        tracing::error!(fault = format!("{number:016x}"), "{what}");
        let detail = format!("fault {number:016x}");
        let next = "try again; if it stays, look for this number in the server's log";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal", "Something went wrong here", detail, next.to_owned())
    }

    /// With another next step.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }

    /// Its HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// As it goes over the wire.
    pub fn problem(&self) -> Problem {
        Problem {
            kind: format!("urn:portolan:problem:{}", self.code),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            next: self.next.clone(),
            errors: self.errors.clone(),
        }
    }
}

impl From<AnswerError> for Refusal {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::NotFound { what, next } => Self::not_found(what, next),
            AnswerError::Invalid { detail, next, errors } => {
                let mut refusal = Self::bad_request(detail, next);
                refusal.errors = errors;
                refusal
            }
            AnswerError::Conflict { detail, next } => Self::conflict(detail, next),
            AnswerError::NotYet { what, next } => {
                Self::new(StatusCode::CONFLICT, "not_yet", "Not computed yet", what, next)
            }
            AnswerError::Refused { detail, next } => Self::forbidden(detail, next),
            AnswerError::Unavailable { detail, next, retry_after } => {
                Self::unavailable(detail, next, u64::from(retry_after))
            }
            AnswerError::TimedOut { detail, next } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too_slow", "It takes too long", detail, next)
            }
            AnswerError::NotSupported { what, next } => {
                Self::new(StatusCode::CONFLICT, "not_supported", "Not possible here", what, next)
            }
            AnswerError::Internal(what) => Self::internal(what),
        }
    }
}

impl From<StateError> for Refusal {
    fn from(error: StateError) -> Self {
        let detail = error.to_string();
        match error {
            StateError::NotFound { .. } => Self::not_found(detail, "look at the list"),
            StateError::Taken(_) => Self::conflict(detail, "choose another name"),
            StateError::LastAdmin(_) => Self::conflict(detail, "make another admin first"),
            StateError::Invalid { what, rule, .. } => Self::bad_request(detail, rule).at(what, rule),
            StateError::SetupLink => Self::forbidden(detail, "start the server again and use the link it prints"),
            StateError::WrongPassword => Self::unauthorized(detail),
            StateError::Locked { .. } => Self::too_many(detail, Duration::from_secs(60)),
            StateError::Open { .. }
            | StateError::File { .. }
            | StateError::Db(_)
            | StateError::Randomness(_)
            | StateError::Hashing(_) => Self::internal(detail),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let retry_after = self.retry_after;
        // A problem is texts and numbers: it always has a JSON form.
        let body = serde_json::to_vec(&self.problem()).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert("www-authenticate", HeaderValue::from_static("Bearer realm=\"portolan\""));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_ours_tells_the_caller_nothing_of_what_happened() {
        let refusal = Refusal::from(AnswerError::Internal("password of db is hunter2".to_owned()));
        let problem = refusal.problem();
        assert_eq!(problem.status, 500);
        assert!(!serde_json::to_string(&problem).unwrap().contains("hunter2"));
        assert!(problem.detail.starts_with("fault "));
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        let response = Refusal::too_many("12 a second", Duration::from_millis(1_200)).into_response();
        assert_eq!(response.headers()["retry-after"], "2");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
}
