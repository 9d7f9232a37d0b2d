//! `/persons/{id}`: what is kept about a person, and erasing it. The audit log keeps that it was done, not for whom
//! by name: the subject is a hash of the id.

use super::Reply;
use crate::audit;
use crate::auth::Caller;
use crate::extract::Path;
use crate::shared::AppState;
use crate::wire::persons::{PersonErasure, PersonExport};
use axum::extract::State;
use axum::{Extension, Json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(export_person, erase_person))
}

/// All that is kept about a person, by table.
#[utoipa::path(
    get, path = "/persons/{id}", tag = "persons",
    params(("id" = String, Path, description = "A shopper id, or the id or address as the shop knows it")),
    responses((status = 200, body = PersonExport))
)]
async fn export_person(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Reply<PersonExport> {
    let export = shared.answers.export_person(&id).await?;
    audit::note(&shared, &caller, "person.exported", &audit::hashed(&id), "").await?;
    Ok(Json(export))
}

/// Erases a person from every table and file.
#[utoipa::path(
    delete, path = "/persons/{id}", tag = "persons",
    params(("id" = String, Path, description = "A shopper id, or the id or address as the shop knows it")),
    responses((status = 200, body = PersonErasure))
)]
async fn erase_person(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Reply<PersonErasure> {
    let erasure = shared.answers.erase_person(&id).await?;
    audit::note(&shared, &caller, "person.erased", &audit::hashed(&id), "").await?;
    Ok(Json(erasure))
}
