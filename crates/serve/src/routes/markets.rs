//! `/markets` and `/transfer`: where to sell next, the launch plan of a market, what transfers.

use super::{Reply, document, reply};
use crate::extract::{Path, Query};
use crate::problem::Refusal;
use crate::shared::AppState;
use crate::wire::markets::{InLang, MarketPage, MarketRanking, TransferReport};
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A plan is one file that carries its styles; it has no script, loads nothing, and the console may frame it.
const PLAN_CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(markets))
        .routes(routes!(market))
        .routes(routes!(plan))
        .routes(routes!(plan_page))
        .routes(routes!(transfer))
}

/// Markets in the order in which to enter them, with how sure the order is.
#[utoipa::path(get, path = "/markets", tag = "markets", responses((status = 200, body = MarketRanking)))]
async fn markets(State(shared): State<AppState>) -> Reply<MarketRanking> {
    reply(shared.answers.markets().await)
}

/// One market: its place, reasons and figures.
#[utoipa::path(
    get, path = "/markets/{market}", tag = "markets",
    params(("market" = String, Path, description = "ISO 3166-1 alpha-2")),
    responses((status = 200, body = MarketPage))
)]
async fn market(State(shared): State<AppState>, Path(market): Path<String>) -> Reply<MarketPage> {
    reply(shared.answers.market(&market).await)
}

/// The launch plan of a market, the same JSON as `portolan plan --json`.
#[utoipa::path(
    get, path = "/markets/{market}/plan", tag = "markets",
    params(("market" = String, Path, description = "ISO 3166-1 alpha-2")),
    responses((status = 200, description = "The plan", body = serde_json::Value))
)]
async fn plan(State(shared): State<AppState>, Path(market): Path<String>) -> Reply<serde_json::Value> {
    reply(shared.answers.plan(&market).await)
}

/// The launch plan as one page to read and print.
#[utoipa::path(
    get, path = "/markets/{market}/plan.html", tag = "markets",
    params(("market" = String, Path, description = "ISO 3166-1 alpha-2"), InLang),
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
async fn plan_page(
    State(shared): State<AppState>,
    Path(market): Path<String>,
    Query(query): Query<InLang>,
) -> Result<Response, Refusal> {
    let mut response = document(shared.answers.plan_page(&market, query.lang.unwrap_or_default()).await)?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PLAN_CSP));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    Ok(response)
}

/// What the other markets give to each target market, and what was refused.
#[utoipa::path(get, path = "/transfer", tag = "markets", responses((status = 200, body = TransferReport)))]
async fn transfer(State(shared): State<AppState>) -> Reply<TransferReport> {
    reply(shared.answers.transfer().await)
}
