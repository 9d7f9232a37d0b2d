//! `/segments`, `/personas`, `/cohorts`, `/channels`, `/values`, `/shoppers`: who buys.

use super::{Reply, reply};
use crate::extract::{Json, Path, Query};
use crate::problem::Refusal;
use crate::shared::AppState;
use crate::wire::audience::{
    MembersQuery, Personas, SegmentDraft, SegmentPreview, SegmentRule, Segments, Shopper, ShopperSegments,
};
use crate::wire::markets::InMarket;
use crate::wire::table::{Report, Table};
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(segments))
        .routes(routes!(preview_segment))
        .routes(routes!(save_segment, delete_segment))
        .routes(routes!(segment_members))
        .routes(routes!(personas))
        .routes(routes!(cohorts))
        .routes(routes!(channels))
        .routes(routes!(values))
        .routes(routes!(shopper))
        .routes(routes!(shopper_segments))
}

/// The segments there are, and what a rule may ask.
#[utoipa::path(get, path = "/segments", tag = "audience", responses((status = 200, body = Segments)))]
async fn segments(State(shared): State<AppState>) -> Reply<Segments> {
    reply(shared.answers.segments().await)
}

/// How many shoppers a rule finds now. A rule with an error is answered with where it is.
#[utoipa::path(
    post, path = "/segments/preview", tag = "audience", request_body = SegmentRule,
    responses((status = 200, body = SegmentPreview))
)]
async fn preview_segment(State(shared): State<AppState>, Json(rule): Json<SegmentRule>) -> Reply<SegmentPreview> {
    reply(shared.answers.preview_segment(&rule).await)
}

/// Keeps an own segment, new or changed.
#[utoipa::path(
    put, path = "/segments/{name}", tag = "audience", request_body = SegmentDraft,
    params(("name" = String, Path, description = "The segment")),
    responses((status = 200, body = SegmentPreview))
)]
async fn save_segment(
    State(shared): State<AppState>,
    Path(name): Path<String>,
    Json(draft): Json<SegmentDraft>,
) -> Reply<SegmentPreview> {
    reply(shared.answers.save_segment(&name, &draft).await)
}

/// Removes an own segment.
#[utoipa::path(
    delete, path = "/segments/{name}", tag = "audience",
    params(("name" = String, Path, description = "The segment")),
    responses((status = 204, description = "Removed"))
)]
async fn delete_segment(State(shared): State<AppState>, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    shared.answers.delete_segment(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The shoppers of a segment, a page at a time.
#[utoipa::path(
    get, path = "/segments/{name}/members", tag = "audience",
    params(("name" = String, Path, description = "The segment"), MembersQuery),
    responses((status = 200, body = Table))
)]
async fn segment_members(
    State(shared): State<AppState>,
    Path(name): Path<String>,
    Query(query): Query<MembersQuery>,
) -> Reply<Table> {
    reply(shared.answers.segment_members(&name, &query).await)
}

/// Kinds of shoppers, described by data and by their own words.
#[utoipa::path(get, path = "/personas", tag = "audience", params(InMarket), responses((status = 200, body = Personas)))]
async fn personas(State(shared): State<AppState>, Query(query): Query<InMarket>) -> Reply<Personas> {
    reply(shared.answers.personas(query.market.as_deref()).await)
}

/// Who came back how many months after the first order.
#[utoipa::path(get, path = "/cohorts", tag = "audience", params(InMarket), responses((status = 200, body = Table)))]
async fn cohorts(State(shared): State<AppState>, Query(query): Query<InMarket>) -> Reply<Table> {
    reply(shared.answers.cohorts(query.market.as_deref()).await)
}

/// Visitors of site and app, each and together, as of the last run: who is known by a login or an address is counted once, however
/// many browsers and phones are theirs. The row of market `all` counts somebody once who was in several.
#[utoipa::path(get, path = "/channels", tag = "audience", params(InMarket), responses((status = 200, body = Table)))]
async fn channels(State(shared): State<AppState>, Query(query): Query<InMarket>) -> Reply<Table> {
    reply(shared.answers.channels(query.market.as_deref()).await)
}

/// What shoppers are expected to be worth.
#[utoipa::path(get, path = "/values", tag = "audience", params(InMarket), responses((status = 200, body = Report)))]
async fn values(State(shared): State<AppState>, Query(query): Query<InMarket>) -> Reply<Report> {
    reply(shared.answers.values(query.market.as_deref()).await)
}

/// One shopper under its pseudonymous id.
#[utoipa::path(
    get, path = "/shoppers/{id}", tag = "audience",
    params(("id" = String, Path, description = "The shopper")),
    responses((status = 200, body = Shopper))
)]
async fn shopper(State(shared): State<AppState>, Path(id): Path<String>) -> Reply<Shopper> {
    reply(shared.answers.shopper(&id).await)
}

/// The segments of one shopper and why it is in them.
#[utoipa::path(
    get, path = "/shoppers/{id}/segments", tag = "audience",
    params(("id" = String, Path, description = "The shopper")),
    responses((status = 200, body = ShopperSegments))
)]
async fn shopper_segments(State(shared): State<AppState>, Path(id): Path<String>) -> Reply<ShopperSegments> {
    reply(shared.answers.shopper_segments(&id).await)
}
