//! Around every request: a line of log without personal data, metrics, security headers, the limit of time, and a
//! panic turned into a fault.

use crate::auth::Caller;
use crate::problem::Refusal;
use crate::shared::AppState;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

/// No script or style but from our own files; no frames, no plugins, no other hosts.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    connect-src 'self'; font-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// The frame around everything.
pub(crate) async fn frame(State(shared): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let is_api = request.uri().path().starts_with("/api/");
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    // What no route answers is the console's, or nobody's: one name for all of it.
    let route = route.unwrap_or_else(|| "/*".to_owned());
    shared.metrics.begin();
    let answered = tokio::time::timeout(shared.config.request_time, AssertUnwindSafe(next.run(request)).catch_unwind());
    let mut response = match answered.await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            let said = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Refusal::internal(format!("a panic at {method} {route}: {said}")).into_response()
        }
        Err(_) => Refusal::timed_out(shared.config.request_time).into_response(),
    };
    let took = started.elapsed();
    let status = response.status().as_u16();
    shared.metrics.end(method.as_str(), &route, status, took);
    let actor = response.extensions().get::<Caller>().map_or("-", kind_of);
    tracing::info!(target: "access", %method, route, status, ms = took.as_secs_f64() * 1e3, actor);
    harden(response.headers_mut(), is_api, shared.secure);
    response
}

/// Kind of the caller: which person it was is for the audit log.
fn kind_of(caller: &Caller) -> &'static str {
    match caller {
        Caller::Nobody => "-",
        Caller::Key(key) => key.kind.name(),
        Caller::Person(user) => user.role.name(),
    }
}

fn harden(headers: &mut HeaderMap, is_api: bool, secure: bool) {
    let mut put = |name, value| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    put(CONTENT_SECURITY_POLICY, CSP);
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(X_FRAME_OPTIONS, "DENY");
    put(REFERRER_POLICY, "no-referrer");
    put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    let nothing = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
    put(HeaderName::from_static("permissions-policy"), nothing);
    if is_api {
        // Answers belong to who asked: no proxy or browser keeps them.
        put(CACHE_CONTROL, "no-store");
    }
    if secure {
        put(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}
