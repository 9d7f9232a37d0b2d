//! `GET /overview`.

use super::{Reply, reply};
use crate::shared::AppState;
use crate::wire::overview::Overview;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(overview))
}

/// The workspace at a glance: what happened, how fresh and good the data is, what to do next.
#[utoipa::path(get, path = "/overview", tag = "overview", responses((status = 200, body = Overview)))]
async fn overview(State(shared): State<AppState>) -> Reply<Overview> {
    reply(shared.answers.overview().await)
}
