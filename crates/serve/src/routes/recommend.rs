//! `/recommendations`, `/feedback`, `/models`: what to offer whom.

use super::{Reply, reply};
use crate::auth::Caller;
use crate::extract::{AcceptLanguage, Json, Query};
use crate::idempotency;
use crate::problem::Refusal;
use crate::shared::AppState;
use crate::wire::recommend::{
    Feedback, Models, NextQuery, RecommendQuery, Recommendations, Rerank, SimilarQuery, TrendingQuery,
};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Candidates of one call.
const MAX_CANDIDATES: usize = 1_000;
/// Products of one answer.
const MAX_N: u32 = 100;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(recommend))
        .routes(routes!(similar))
        .routes(routes!(next_in_basket))
        .routes(routes!(trending))
        .routes(routes!(rerank))
        .routes(routes!(feedback))
        .routes(routes!(models))
}

fn checked_n(n: Option<u32>) -> Result<(), Refusal> {
    match n {
        Some(n) if n == 0 || n > MAX_N => {
            let next = format!("ask for 1 to {MAX_N}");
            Err(Refusal::bad_request(format!("n is {n}"), next.clone()).at("n", next))
        }
        _ => Ok(()),
    }
}

/// Products for a shopper or a visit, with the step of the chain that answered.
#[utoipa::path(
    get, path = "/recommendations", tag = "recommend", params(RecommendQuery, ("Accept-Language" = Option<String>, Header, description = "Languages that the reader wants, where `locale` is not given")),
    responses((status = 200, body = Recommendations))
)]
async fn recommend(
    State(shared): State<AppState>,
    AcceptLanguage(accept): AcceptLanguage,
    Query(mut query): Query<RecommendQuery>,
) -> Reply<Recommendations> {
    query.accept_language = accept;
    checked_n(query.n)?;
    if let Some(diversity) = query.diversity.filter(|d| !(0.0..=1.0).contains(d)) {
        let detail = format!("diversity is {diversity}");
        return Err(Refusal::bad_request(detail, "ask for 0 to 1").at("diversity", "0 to 1"));
    }
    reply(shared.answers.recommend(&query).await)
}

/// Products like one, in a market.
#[utoipa::path(
    get, path = "/recommendations/similar", tag = "recommend", params(SimilarQuery, ("Accept-Language" = Option<String>, Header, description = "Languages that the reader wants, where `locale` is not given")),
    responses((status = 200, body = Recommendations))
)]
async fn similar(
    State(shared): State<AppState>,
    AcceptLanguage(accept): AcceptLanguage,
    Query(mut query): Query<SimilarQuery>,
) -> Reply<Recommendations> {
    query.accept_language = accept;
    checked_n(query.n)?;
    reply(shared.answers.similar(&query).await)
}

/// What goes next into a basket.
#[utoipa::path(
    get, path = "/recommendations/next", tag = "recommend", params(NextQuery, ("Accept-Language" = Option<String>, Header, description = "Languages that the reader wants, where `locale` is not given")),
    responses((status = 200, body = Recommendations))
)]
async fn next_in_basket(
    State(shared): State<AppState>,
    AcceptLanguage(accept): AcceptLanguage,
    Query(mut query): Query<NextQuery>,
) -> Reply<Recommendations> {
    query.accept_language = accept;
    checked_n(query.n)?;
    reply(shared.answers.next(&query).await)
}

/// What a market buys now.
#[utoipa::path(
    get, path = "/recommendations/trending", tag = "recommend", params(TrendingQuery, ("Accept-Language" = Option<String>, Header, description = "Languages that the reader wants, where `locale` is not given")),
    responses((status = 200, body = Recommendations))
)]
async fn trending(
    State(shared): State<AppState>,
    AcceptLanguage(accept): AcceptLanguage,
    Query(mut query): Query<TrendingQuery>,
) -> Reply<Recommendations> {
    query.accept_language = accept;
    checked_n(query.n)?;
    reply(shared.answers.trending(&query).await)
}

/// Orders the caller's candidates for a shopper or a visit.
#[utoipa::path(
    post, path = "/recommendations/rerank", tag = "recommend", request_body = Rerank, params(("Accept-Language" = Option<String>, Header, description = "Languages that the reader wants, where `locale` is not given")),
    responses((status = 200, body = Recommendations))
)]
async fn rerank(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    AcceptLanguage(accept): AcceptLanguage,
    Json(mut rerank): Json<Rerank>,
) -> Reply<Recommendations> {
    rerank.accept_language = accept;
    caller.may_ask_about(&rerank.market)?;
    let n = rerank.candidates.len();
    if n == 0 || n > MAX_CANDIDATES {
        let next = format!("send 1 to {MAX_CANDIDATES}");
        return Err(Refusal::bad_request(format!("{n} candidates"), next.clone()).at("candidates", next));
    }
    reply(shared.answers.rerank(&rerank).await)
}

/// Takes down what a shopper did with a recommended product; the next answer knows. Repeated with the same
/// `Idempotency-Key`, it is done once.
#[utoipa::path(
    post, path = "/feedback", tag = "recommend", request_body = Feedback,
    params(("Idempotency-Key" = Option<String>, Header, description = "A name of this write, up to 200 characters")),
    responses((status = 204, description = "Kept"))
)]
async fn feedback(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Json(feedback): Json<Feedback>,
) -> Result<Response, Refusal> {
    let write = || shared.answers.feedback(&feedback);
    let kept = idempotency::once(&shared, caller.id(), &headers, &("feedback", &feedback), write).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(replayed) = kept.headers().get("idempotent-replayed") {
        response.headers_mut().insert("idempotent-replayed", replayed.clone());
    }
    Ok(response)
}

/// Which model serves each market and how good it is on held-out purchases.
#[utoipa::path(get, path = "/models", tag = "recommend", responses((status = 200, body = Models)))]
async fn models(State(shared): State<AppState>) -> Reply<Models> {
    reply(shared.answers.models().await)
}
