//! `/sources`, `/quality`, `/rejects`, `/runs`, `/schedule`, `/sql`: the data side.

use super::{Reply, reply};
use crate::audit;
use crate::auth::Caller;
use crate::extract::{Json, Path, Query};
use crate::problem::Refusal;
use crate::shared::AppState;
use crate::wire::data::{RejectQuery, Run, RunQuery, Runs, Schedule, SqlQuestion};
use crate::wire::table::{Report, Table};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sources))
        .routes(routes!(quality))
        .routes(routes!(rejects))
        .routes(routes!(runs, start_run))
        .routes(routes!(run, cancel_run))
        .routes(routes!(schedule))
        .routes(routes!(sql))
}

/// What was taken in.
#[utoipa::path(get, path = "/sources", tag = "data", responses((status = 200, body = Table)))]
async fn sources(State(shared): State<AppState>) -> Reply<Table> {
    reply(shared.answers.sources().await)
}

/// What the cleaning rules found, and the gates.
#[utoipa::path(get, path = "/quality", tag = "data", responses((status = 200, body = Report)))]
async fn quality(State(shared): State<AppState>) -> Reply<Report> {
    reply(shared.answers.quality().await)
}

/// Rows that were put aside, with file, line, rule and value.
#[utoipa::path(get, path = "/rejects", tag = "data", params(RejectQuery), responses((status = 200, body = Table)))]
async fn rejects(State(shared): State<AppState>, Query(query): Query<RejectQuery>) -> Reply<Table> {
    reply(shared.answers.rejects(&query).await)
}

/// The runs there were, newest first.
#[utoipa::path(get, path = "/runs", tag = "data", responses((status = 200, body = Runs)))]
async fn runs(State(shared): State<AppState>) -> Reply<Runs> {
    reply(shared.answers.runs().await)
}

/// Starts a run: whatever changed is computed again, with the events and updates that came so far. One at a time.
#[utoipa::path(post, path = "/runs", tag = "data", params(RunQuery), responses((status = 202, body = Run)))]
async fn start_run(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<RunQuery>,
) -> Result<(StatusCode, axum::Json<Run>), Refusal> {
    let run = shared.answers.start_run(&query).await?;
    let how = [(query.sync, "with sync"), (query.allow_failed_gates, "failed gates allowed")];
    let how: Vec<&str> = how.into_iter().filter_map(|(is, what)| is.then_some(what)).collect();
    audit::note(&shared, &caller, "run.started", &run.id, &how.join(", ")).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(run)))
}

/// One run with its progress.
#[utoipa::path(
    get, path = "/runs/{id}", tag = "data", params(("id" = String, Path, description = "The run")),
    responses((status = 200, body = Run))
)]
async fn run(State(shared): State<AppState>, Path(id): Path<String>) -> Reply<Run> {
    reply(shared.answers.run(&id).await)
}

/// Stops a run; what it finished stays.
#[utoipa::path(
    delete, path = "/runs/{id}", tag = "data", params(("id" = String, Path, description = "The run")),
    responses((status = 200, body = Run))
)]
async fn cancel_run(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Reply<Run> {
    let run = shared.answers.cancel_run(&id).await?;
    audit::note(&shared, &caller, "run.cancelled", &run.id, "").await?;
    Ok(axum::Json(run))
}

/// What the server does by itself: the systems of `sync.toml` that it asks, the runs that it starts, how each stands and when
/// it is due.
#[utoipa::path(get, path = "/schedule", tag = "data", responses((status = 200, body = Schedule)))]
async fn schedule(State(shared): State<AppState>) -> Reply<Schedule> {
    reply(shared.answers.schedule().await)
}

/// A question to the lake in SQL, read only, with limits of rows and time.
#[utoipa::path(
    post, path = "/sql", tag = "data", request_body = SqlQuestion, responses((status = 200, body = Table))
)]
async fn sql(State(shared): State<AppState>, Json(question): Json<SqlQuestion>) -> Reply<Table> {
    if let Some(limit) = question.limit.filter(|n| *n == 0 || *n > 10_000) {
        let next = "ask for 1 to 10,000 rows";
        return Err(Refusal::bad_request(format!("limit is {limit}"), next).at("limit", next));
    }
    reply(shared.answers.sql(&question).await)
}
