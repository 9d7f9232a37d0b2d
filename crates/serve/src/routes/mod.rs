//! The routes, one file an area. A handler parses, asks one method of [`crate::answers`] and translates.

mod admin;
mod audience;
mod catalogue;
mod consents;
mod data;
mod markets;
mod overview;
mod persons;
mod recommend;
mod session;
pub(crate) mod system;

use crate::answers::{AnswerError, Document};
use crate::problem::Refusal;
use crate::shared::AppState;
use axum::Json;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;

/// What a handler gives back.
type Reply<T> = Result<Json<T>, Refusal>;

/// An answer as a reply.
fn reply<T>(answer: Result<T, AnswerError>) -> Reply<T> {
    Ok(Json(answer?))
}

/// A document as a response.
fn document(answer: Result<Document, AnswerError>) -> Result<Response, Refusal> {
    let Document { content_type, bytes } = answer?;
    let kind = HeaderValue::from_str(&content_type)
        .map_err(|_| Refusal::internal(format!("a document of the kind {content_type:?}")))?;
    let mut response = bytes.into_response();
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

/// All routes below `/api/v1`.
pub(crate) fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(session::routes())
        .merge(admin::routes())
        .merge(overview::routes())
        .merge(markets::routes())
        .merge(audience::routes())
        .merge(catalogue::routes())
        .merge(recommend::routes())
        .merge(data::routes())
        .merge(persons::routes())
        .merge(consents::routes())
        .merge(crate::live::routes())
}
