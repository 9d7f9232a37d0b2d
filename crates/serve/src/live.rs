//! `/live`: what happens now. The event debugger reads a stream (server-sent events), the rest are snapshots.

use crate::answers::{Answer, AnswerError};
use crate::problem::Refusal;
use crate::shared::AppState;
use crate::wire::table::Table;
use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use utoipa::ToSchema;
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
    /// Events of the last minute.
    pub last_minute: u64,
    /// Visits of the last half hour.
    pub visitors: u64,
    /// Events of the last half hour by name.
    pub by_name: BTreeMap<String, u64>,
    /// The same by market.
    pub by_market: BTreeMap<String, u64>,
}

/// Whoever takes events in tells what happens.
pub trait Live: Send + Sync {
    /// Events from now on. A reader that is too slow misses some; it never holds up the intake.
    fn events(&self) -> BoxStream<'static, LiveEvent>;
    /// Counts.
    fn counters(&self) -> Answer<'_, LiveCounters>;
    /// Open and abandoned carts: `cart, who, market, state, items, value, currency, since, last`.
    fn carts(&self) -> Answer<'_, Table>;
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(live_events)).routes(routes!(live_counters)).routes(routes!(live_carts))
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
