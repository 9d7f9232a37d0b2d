//! `/health`, `/ready`, `/metrics`, `/openapi.json`: for machines that look after the server.

use crate::openapi;
use crate::problem::Refusal;
use crate::shared::AppState;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How the server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `up` or `ready`.
    status: String,
    /// Version of the program.
    version: String,
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(ready))
        .routes(routes!(metrics))
        .routes(routes!(document))
}

fn health_of(status: &str) -> axum::Json<Health> {
    axum::Json(Health { status: status.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}

/// Whether the program runs.
#[utoipa::path(get, path = "/health", tag = "system", responses((status = 200, body = Health)))]
async fn health() -> axum::Json<Health> {
    health_of("up")
}

/// Whether it can answer: the state database answers and a snapshot is open.
#[utoipa::path(get, path = "/ready", tag = "system", responses((status = 200, body = Health)))]
async fn ready(State(shared): State<AppState>) -> Result<axum::Json<Health>, Refusal> {
    if let Err(why) = shared.store.ping().await {
        tracing::error!("{why}");
        let next = "look into the server's log";
        return Err(Refusal::unavailable("the state database does not answer", next, 5));
    }
    shared.answers.ready().await?;
    Ok(health_of("ready"))
}

/// Counts and times in the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "system",
    responses((status = 200, description = "Metrics", body = String, content_type = "text/plain"))
)]
async fn metrics(State(shared): State<AppState>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], shared.metrics.text()).into_response()
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "system",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
async fn document() -> Response {
    ([(CONTENT_TYPE, "application/json")], openapi::json()).into_response()
}
