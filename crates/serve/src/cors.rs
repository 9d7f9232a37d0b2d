//! Pages of other origins: a key names the origins whose pages may use it; all others are stopped.
//!
//! Somebody who is signed in is never served to another origin: no cookie travels there, and no header allows it.

use crate::auth::Caller;
use crate::guard;
use crate::problem::Refusal;
use crate::shared::{AppState, Shared};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HOST, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use state::keys::Key;

/// Whether a page of this origin may use this key.
pub fn names(key: &Key, origin: &str) -> bool {
    key.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
}

/// Whether an origin is our own: the host that the request was sent to, or the address that people type.
fn is_own(shared: &Shared, origin: &str, headers: &HeaderMap) -> bool {
    if shared.config.public_origin.as_deref() == Some(origin) {
        return true;
    }
    let host = headers.get(HOST).and_then(|v| v.to_str().ok());
    let of_origin = origin.split_once("://").map(|(_, host)| host);
    host.is_some() && host == of_origin
}

/// Refuses a request of a page that its caller does not name.
pub(crate) fn check(caller: &Caller, shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    if is_own(shared, origin, headers) {
        return Ok(());
    }
    match caller {
        Caller::Key(key) if names(key, origin) => Ok(()),
        Caller::Key(_) => {
            let next = "add the origin to the key's list in the settings";
            Err(Refusal::forbidden("this key may not be used from pages of this origin", next))
        }
        Caller::Nobody | Caller::Person(_) => {
            let next = "open the console at its own address, or send a key";
            Err(Refusal::forbidden("pages of another origin may not do this", next))
        }
    }
}

/// Lets the page of a named origin read the answer.
pub(crate) fn mark(caller: &Caller, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    let Some(origin) = origin else { return };
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let (Caller::Key(key), Ok(text)) = (caller, origin.to_str())
        && names(key, text)
    {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let exposed = HeaderValue::from_static("retry-after, x-ratelimit-reset, idempotent-replayed");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

/// Answers the question that a browser asks before: it names no key, so any key's origin is told yes, and the guard
/// looks at the key when the request itself comes.
pub(crate) async fn preflight(State(shared): State<AppState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let asks = request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let Some(origin) = headers.get(ORIGIN).filter(|_| asks).cloned() else { return next.run(request).await };
    let address = guard::address_of(shared.config.addresses, headers, request.extensions());
    if let Err(refusal) = shared.rates.address(address) {
        return refusal.into_response();
    }
    let text = origin.to_str().unwrap_or_default();
    let known = match shared.store.keys().await {
        Ok(keys) => keys.iter().any(|key| key.revoked.is_none() && names(key, text)),
        Err(why) => return Refusal::internal(why).into_response(),
    };
    if !known {
        let next = "add the origin to a key's list in the settings";
        return Refusal::forbidden("no key may be used from pages of this origin", next).into_response();
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, DELETE"));
    let allowed = HeaderValue::from_static("authorization, content-type, idempotency-key");
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    headers.insert(VARY, HeaderValue::from_static("origin"));
    response
}
