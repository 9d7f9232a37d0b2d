//! `POST /v1/…` and `POST /mp/collect`.
//!
//! A key may stand in the `Authorization` header (Basic with the key as name, or Bearer), or in the body as `writeKey`; then the
//! body has to be read before the key can be looked at, so its address is counted first.

use super::intake::{Intake, Sender};
use super::read_body::read_body;
use super::reply::{self, IngestFailure, IngestReply, failed};
use crate::auth::{Caller, presented_key};
use crate::cors;
use crate::extract::{Path, Query};
use crate::guard::address_of;
use crate::problem::Refusal;
use crate::shared::AppState;
use crate::wire::problem::Problem;
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::ORIGIN;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use state::keys::{Key, KeyKind};
use std::net::IpAddr;
use std::sync::Arc;
use tracking::Endpoint;

fn intake(shared: &AppState) -> Result<Arc<Intake>, Refusal> {
    shared
        .ingest
        .clone()
        .ok_or_else(|| Refusal::unavailable("this server takes no events in", "start it with tracking switched on", 60))
}

/// The key of a secret, if events may be sent with it.
async fn key_of(shared: &AppState, address: IpAddr, secret: Option<&str>) -> Result<Arc<Key>, Refusal> {
    let found = match secret {
        None => None,
        Some(secret) => shared.keys.find(secret).await.map_err(Refusal::internal)?,
    };
    let Some(key) = found else {
        // Guessing counts against the address; a known key does not.
        shared.rates.address(address)?;
        return Err(Refusal::unauthorized("no write key that is known: send it as Basic name, Bearer or `writeKey`"));
    };
    shared.rates.key(&key.id)?;
    match key.kind {
        KeyKind::Write | KeyKind::Admin => Ok(key),
        KeyKind::Read => Err(Refusal::forbidden("this key only asks", "send events with a write key")),
    }
}

fn sender(key: &Key) -> Sender {
    Sender { key: key.prefix.clone(), market: key.market.clone() }
}

/// Lets the page of an origin that the key names read the answer.
fn marked(mut response: Response, key: &Arc<Key>, headers: &HeaderMap) -> Response {
    cors::mark(&Caller::Key(Arc::clone(key)), headers.get(ORIGIN), response.headers_mut());
    response
}

/// Events in the shape of Segment's tracking API: `identify`, `track`, `page`, `screen`, `group`, `alias`, or `batch`.
///
/// An accepted event is on the disk before the answer. A `messageId` that was seen is taken once.
#[utoipa::path(
    post, path = "/v1/{call}", tag = "tracking",
    params(("call" = String, Path, description = "identify, track, page, screen, group, alias or batch")),
    request_body(content = serde_json::Value, description = "A call, or a batch of calls; may be gzip", content_type = "application/json"),
    responses(
        (status = 200, description = "What became of each call", body = IngestReply),
        (status = 400, description = "No JSON, or too much of it", body = IngestFailure),
        (status = 401, description = "No write key that is known", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such call", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too much at once: wait for `Retry-After` seconds", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No room on the disk", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn segment(State(shared): State<AppState>, Path(call): Path<String>, request: Request) -> Response {
    let Some(endpoint) = Endpoint::from_name(&call) else {
        let next = "the calls are identify, track, page, screen, group, alias and batch";
        return Refusal::not_found("there is no such call", next).into_response();
    };
    answer(segment_reply(shared, endpoint, request).await)
}

fn answer(result: Result<Response, Response>) -> Response {
    result.unwrap_or_else(|refused| refused)
}

async fn segment_reply(shared: AppState, endpoint: Endpoint, request: Request) -> Result<Response, Response> {
    let refuse = IntoResponse::into_response;
    let intake = intake(&shared).map_err(refuse)?;
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let address = address_of(shared.config.addresses, headers, &parts.extensions);
    let limits = &intake.params().limits;
    let limit = match endpoint {
        Endpoint::Call(_) => limits.call_bytes,
        Endpoint::Batch => limits.batch_bytes,
    };
    let early = match presented_key(headers) {
        Some(secret) => Some(key_of(&shared, address, Some(&secret)).await.map_err(refuse)?),
        None => None,
    };
    let (bytes, _held) = read_body(&intake, headers, body, limit).await?;
    let now = intake.now();
    let retry = intake.params().retry_seconds;
    let parsed = intake.parse(endpoint, &bytes);
    let key = match early {
        Some(key) => key,
        None => {
            let secret = parsed.as_ref().ok().and_then(|body| body.write_key()).map(str::to_owned);
            match (secret, &parsed) {
                // A body that cannot be read cannot say its key; it costs its address all the same.
                (None, Err(error)) => {
                    shared.rates.address(address).map_err(refuse)?;
                    return Err(failed(&error.clone().into(), now, retry));
                }
                (secret, _) => key_of(&shared, address, secret.as_deref()).await.map_err(refuse)?,
            }
        }
    };
    cors::check(&Caller::Key(Arc::clone(&key)), &shared, headers).map_err(refuse)?;
    let body = parsed.map_err(|error| marked(failed(&error.into(), now, retry), &key, headers))?;
    let result = intake.segment(body, &sender(&key)).await;
    let response = match result {
        Ok(reply) => Json(reply).into_response(),
        Err(error) => failed(&error, now, retry),
    };
    Ok(marked(response, &key, headers))
}

/// Parameters of `/mp/collect`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Collect {
    api_secret: Option<String>,
}

/// Events in the shape of Google Analytics 4's Measurement Protocol. `api_secret` is a write key.
#[utoipa::path(
    post, path = "/mp/collect", tag = "tracking",
    params(
        ("api_secret" = Option<String>, Query, description = "A write key; or in the Authorization header"),
        ("measurement_id" = Option<String>, Query, description = "Not looked at"),
    ),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "What became of each event", body = IngestReply),
        (status = 400, description = "No JSON, or too much of it", body = IngestFailure),
        (status = 401, description = "No write key that is known", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too much at once", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No room on the disk", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn collect(
    State(shared): State<AppState>,
    Query(collect): Query<Collect>,
    request: Request,
) -> Response {
    answer(collect_reply(shared, collect.api_secret, request).await)
}

async fn collect_reply(shared: AppState, secret: Option<String>, request: Request) -> Result<Response, Response> {
    let refuse = IntoResponse::into_response;
    let intake = intake(&shared).map_err(refuse)?;
    let (parts, body): (_, Body) = request.into_parts();
    let headers = &parts.headers;
    let address = address_of(shared.config.addresses, headers, &parts.extensions);
    let secret = secret.or_else(|| presented_key(headers));
    let key = key_of(&shared, address, secret.as_deref()).await.map_err(refuse)?;
    cors::check(&Caller::Key(Arc::clone(&key)), &shared, headers).map_err(refuse)?;
    let (bytes, _held) = read_body(&intake, headers, body, intake.params().measurement.body_bytes).await?;
    let response = match intake.measurement(&bytes, &sender(&key)).await {
        Ok(reply) => Json::<IngestReply>(reply).into_response(),
        Err(error) => reply::failed(&error, intake.now(), intake.params().retry_seconds),
    };
    Ok(marked(response, &key, headers))
}
