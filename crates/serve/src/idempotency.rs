//! `Idempotency-Key`: a write that is sent twice is done once, and both times the same reply is given.

use crate::answers::Answer;
use crate::problem::Refusal;
use crate::shared::Shared;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use state::replies::Begun;

/// Longest key.
const MAX_KEY: usize = 200;

/// Does a write, or gives back the reply of the time before. `request` is what tells one request from another.
pub(crate) async fn once<'a, T: Serialize>(
    shared: &'a Shared,
    caller: &str,
    headers: &HeaderMap,
    request: &impl Serialize,
    write: impl FnOnce() -> Answer<'a, T>,
) -> Result<Response, Refusal> {
    let Some(key) = headers.get("idempotency-key") else {
        let body = serde_json::to_string(&write().await?).map_err(Refusal::internal)?;
        return Ok(json(StatusCode::OK, body));
    };
    let wrong = || {
        let next = "send 1 to 200 visible ASCII characters";
        Refusal::bad_request("the Idempotency-Key cannot be used", next).at("Idempotency-Key", next)
    };
    let key = key.to_str().map_err(|_| wrong())?;
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(wrong());
    }
    let store = &shared.store;
    let request = state::secret::hash(&serde_json::to_string(request).map_err(Refusal::internal)?);
    match store.begin_reply(caller, key, &request, shared.clock.now()).await.map_err(Refusal::internal)? {
        Begun::New => {}
        Begun::Done { status, body } => {
            let mut response = json(StatusCode::from_u16(status).unwrap_or(StatusCode::OK), body);
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
            return Ok(response);
        }
        Begun::InProgress => {
            let detail = "a request with this Idempotency-Key is being done";
            return Err(Refusal::conflict(detail, "wait a second and send it again"));
        }
        Begun::OtherRequest => {
            let detail = "this Idempotency-Key was used for another request";
            return Err(Refusal::unprocessable(detail, "send a new key with each new request"));
        }
    }
    match write().await {
        Ok(reply) => {
            let body = serde_json::to_string(&reply).map_err(Refusal::internal)?;
            store.keep_reply(caller, key, 200, &body).await.map_err(Refusal::internal)?;
            Ok(json(StatusCode::OK, body))
        }
        Err(why) => {
            store.drop_reply(caller, key).await.map_err(Refusal::internal)?;
            Err(why.into())
        }
    }
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
