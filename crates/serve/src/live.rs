//! `/live`: what happens now. The event debugger reads a stream (server-sent events), the rest are snapshots.

use crate::answers::{Answer, AnswerError};
use crate::audit;
use crate::auth::Caller;
use crate::consents::ANALYTICS;
use crate::extract::{Path, Query};
use crate::problem::Refusal;
use crate::shared::AppState;
use crate::wire::figure::Amount;
use crate::wire::table::Table;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// An event that came in a moment ago.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveEvent {
    /// When it came in, RFC 3339.
    pub received: String,
    /// `track`, `page`, `identify`, …
    pub kind: String,
    /// Its name, such as `Product Viewed`.
    pub name: String,
    /// Pseudonymous id of who did it.
    pub who: String,
    /// Where, when it is known.
    pub market: Option<String>,
    /// Which key sent it: its prefix.
    pub key: String,
    /// Whether it was taken.
    pub accepted: bool,
    /// What is wrong with it.
    pub problems: Vec<String>,
    /// What it says, without personal data.
    pub detail: serde_json::Value,
}

/// Counts of what came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveCounters {
    /// Events taken since the start.
    pub accepted: u64,
    /// Events refused since the start.
    pub rejected: u64,
    /// Repeated events, taken once.
    pub repeated: u64,
    /// Events of the last 60 seconds.
    pub last_minute: u64,
    /// Visitors of the last half hour; from 200,000 on at least so many.
    pub visitors: u64,
    /// Value of orders completed in the last half hour, by currency.
    pub revenue: Vec<Amount>,
    /// Longest time between an event and its arrival in the last half hour, in milliseconds, after the sender's clock was
    /// corrected; late imports count too.
    pub longest_delay_ms: u64,
    /// Events of the last half hour by name.
    pub by_name: BTreeMap<String, u64>,
    /// The same by market.
    pub by_market: BTreeMap<String, u64>,
}

/// Which searches are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct QueriesQuery {
    /// Only of this market, ISO 3166-1 alpha-2.
    #[param(example = "DE")]
    pub market: Option<String>,
    /// Only in this language of the browser, ISO 639-1.
    #[param(example = "de")]
    pub language: Option<String>,
    /// Only searches that found nothing, most often so first.
    pub without_results: Option<bool>,
    /// Rows: 50 unless told.
    #[param(minimum = 1, maximum = 500)]
    pub n: Option<u32>,
}

/// A page that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VisitedPage {
    /// Its address without a query, where the event said it.
    pub url: Option<String>,
    /// When it was opened, RFC 3339.
    pub at: String,
    /// How long it was looked at, in milliseconds; `null` where that cannot be known, as of a last page without heartbeats.
    pub dwell_ms: Option<i64>,
}

/// A session: what somebody did with pauses of at most half an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VisitorSession {
    /// First event, RFC 3339.
    pub first: String,
    /// Last event.
    pub last: String,
    /// Events of all kinds.
    pub steps: u64,
    /// One page, nothing done on it, and looked at for less than ten seconds or nobody knows for how long.
    pub bounced: bool,
    /// The path, in order.
    pub pages: Vec<VisitedPage>,
}

/// A product in a cart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VisitorCartLine {
    /// The shop's code.
    pub product_id: String,
    /// Units.
    pub quantity: i64,
    /// Price of one unit as the event said it, a decimal text.
    pub price: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
}

/// A product on a wish list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VisitorWish {
    /// The shop's code.
    pub product_id: String,
    /// Since when, RFC 3339.
    pub since: String,
}

/// Why a visitor counts as a shopper, or did once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VisitorLink {
    /// Its number: 32 hexadecimal digits, the same for the same event.
    pub link: String,
    /// The visitor, or the former name of an alias.
    pub visitor: String,
    /// The shopper.
    pub shopper: String,
    /// Since when, RFC 3339: the event that said so.
    pub since: String,
    /// When it was taken back; `null` where it holds.
    pub undone: Option<String>,
}

/// What one shopper or visitor did in the last events that are kept live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveVisitor {
    /// The shopper where it is known who it is, else the visitor, as the events name them.
    pub id: String,
    /// Whether `id` is a shopper's.
    pub known: bool,
    /// All names under which events came.
    pub ids: Vec<String>,
    /// Sessions, the newest first.
    pub sessions: Vec<VisitorSession>,
    /// `empty`, `open`, `checkout`, `abandoned` or `ordered`.
    pub cart_state: String,
    /// What is in the cart.
    pub cart: Vec<VisitorCartLine>,
    /// What is on the wish list.
    pub wishes: Vec<VisitorWish>,
    /// Why these names are one person, the oldest first; those that were taken back too.
    pub links: Vec<VisitorLink>,
}

/// Whoever takes events in tells what happens.
pub trait Live: Send + Sync {
    /// Events from now on. A reader that is too slow misses some; it never holds up the intake.
    fn events(&self) -> BoxStream<'static, LiveEvent>;
    /// Counts.
    fn counters(&self) -> Answer<'_, LiveCounters>;
    /// Open and abandoned carts: `cart, who, market, state, items, value, currency, since, last`.
    fn carts(&self) -> Answer<'_, Table>;
    /// Searches of the last three hours: `query, market, language, searches, with_results_said, without_results`.
    fn queries<'a>(&'a self, query: &'a QueriesQuery) -> Answer<'a, Table>;
    /// Somebody by the name of a shopper or visitor; `None` for whom no event is kept.
    fn visitor<'a>(&'a self, id: &'a str) -> Answer<'a, Option<LiveVisitor>>;
    /// Takes back that a visitor is a shopper, for good; `None` where no such link is known. What the visitor did, before the
    /// link too, is the visitor's own again.
    fn undo_link<'a>(&'a self, visitor: &'a str, link: &'a str) -> Answer<'a, Option<VisitorLink>>;
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(live_events))
        .routes(routes!(live_counters))
        .routes(routes!(live_carts))
        .routes(routes!(live_queries))
        .routes(routes!(live_visitor))
        .routes(routes!(undo_link))
}

fn live(shared: &AppState) -> Result<&Arc<dyn Live>, Refusal> {
    shared.live.as_ref().ok_or_else(|| {
        let what = "this server takes no events in".to_owned();
        AnswerError::NotSupported { what, next: "start it with tracking switched on".to_owned() }.into()
    })
}

/// Events as they come in, as server-sent events named `event`, each with one [`LiveEvent`].
#[utoipa::path(
    get, path = "/live/events", tag = "live",
    responses((status = 200, description = "A stream", body = LiveEvent, content_type = "text/event-stream"))
)]
async fn live_events(State(shared): State<AppState>) -> Result<Response, Refusal> {
    let events = live(&shared)?.events();
    let events =
        events.map(|event| Ok::<_, Infallible>(Event::default().event("event").json_data(&event).unwrap_or_default()));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

/// Counts of what came in.
#[utoipa::path(get, path = "/live/counters", tag = "live", responses((status = 200, body = LiveCounters)))]
async fn live_counters(State(shared): State<AppState>) -> Result<Json<LiveCounters>, Refusal> {
    Ok(Json(live(&shared)?.counters().await?))
}

/// Open and abandoned carts.
#[utoipa::path(get, path = "/live/carts", tag = "live", responses((status = 200, body = Table)))]
async fn live_carts(State(shared): State<AppState>) -> Result<Json<Table>, Refusal> {
    Ok(Json(live(&shared)?.carts().await?))
}

/// What was searched for most often in the last three hours, by market and language, and how often without a result
/// where the event says how many there were.
#[utoipa::path(
    get, path = "/live/queries", tag = "live", params(QueriesQuery),
    responses((status = 200, body = Table))
)]
async fn live_queries(
    State(shared): State<AppState>,
    Query(query): Query<QueriesQuery>,
) -> Result<Json<Table>, Refusal> {
    Ok(Json(live(&shared)?.queries(&query).await?))
}

/// One shopper or visitor: sessions with path, dwell and bounce, cart and wish list, as far as events are kept live. Of
/// somebody who does not allow `analytics` nothing is told.
#[utoipa::path(
    get, path = "/live/visitors/{id}", tag = "live",
    params(("id" = String, Path, description = "A shopper's or visitor's name, as the events have it")),
    responses((status = 200, body = LiveVisitor))
)]
async fn live_visitor(State(shared): State<AppState>, Path(id): Path<String>) -> Result<Json<LiveVisitor>, Refusal> {
    let found = live(&shared)?.visitor(&id).await?;
    let allowed = |visitor: &LiveVisitor| {
        let names = visitor.ids.iter().map(String::as_str).chain([id.as_str()]);
        shared.consents.of_any(names, ANALYTICS) != Some(false)
    };
    let found = found.filter(allowed).ok_or_else(|| {
        let next = "GET /api/v1/live/carts and the stream of events name those who are there";
        Refusal::from(AnswerError::not_found(format!("no event of `{id}` is kept live"), next))
    })?;
    Ok(Json(found))
}

/// Takes back that a visitor is a shopper: what the visitor did, before the link too, is the visitor's own again, here at once
/// and in the lake with the next run. The event that made the link does not make it again.
#[utoipa::path(
    delete, path = "/live/visitors/{id}/links/{link}", tag = "live",
    params(
        ("id" = String, Path, description = "The visitor's name, as the events have it"),
        ("link" = String, Path, description = "The link's number, as `links` of the visitor has it"),
    ),
    responses((status = 200, body = VisitorLink))
)]
async fn undo_link(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, link)): Path<(String, String)>,
) -> Result<Json<VisitorLink>, Refusal> {
    let undone = live(&shared)?.undo_link(&id, &link).await?.ok_or_else(|| {
        let next = "GET /api/v1/live/visitors/{id} lists the links of a person";
        Refusal::from(AnswerError::not_found(format!("`{id}` has no link `{link}`"), next))
    })?;
    audit::note(&shared, &caller, "link.undone", &shared.store.person(&id), &undone.link).await?;
    Ok(Json(undone))
}
