//! `/persons/{id}`: what is kept about a person, and erasing it. The audit log keeps that it was done, not for whom
//! by name: the subject is a hash of the id.

use super::Reply;
use crate::audit;
use crate::auth::Caller;
use crate::extract::Path;
use crate::shared::AppState;
use crate::wire::figure::Words;
use crate::wire::persons::{ErasedFrom, PersonErasure, PersonExport};
use crate::wire::table::{Column, NamedTable, Table};
use axum::extract::State;
use axum::{Extension, Json};
use state::consent::Consent;
use std::collections::BTreeSet;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(export_person, erase_person))
}

/// The id that was asked for and the shoppers that belong to it.
fn names<'a>(id: &'a str, shopper_ids: &'a [String]) -> BTreeSet<&'a str> {
    shopper_ids.iter().map(String::as_str).chain([id]).collect()
}

fn consent_table(consents: Vec<Consent>) -> NamedTable {
    let columns = vec![
        Column::new("purpose", "text", "for what"),
        Column::new("state", "text", "granted, denied or withdrawn"),
        Column::new("at", "time", "when"),
        Column::new("source", "text", "where it was said"),
    ];
    let row = |c: Consent| vec![c.purpose.into(), c.state.name().into(), c.at.to_rfc3339().into(), c.source.into()];
    let rows: Vec<_> = consents.into_iter().map(row).collect();
    let table = Table { columns, total: rows.len() as u64, rows };
    NamedTable { name: "state: consents".to_owned(), title: Words::new("Consents", "同意记录"), table }
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
    let mut export = shared.answers.export_person(&id).await?;
    let mut consents = Vec::new();
    for name in names(&id, &export.shopper_ids) {
        consents.extend(shared.store.consents(name).await?);
    }
    if !consents.is_empty() {
        export.tables.push(consent_table(consents));
    }
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
    // Whose it is has to be asked before it is gone.
    let shopper_ids = shared.answers.export_person(&id).await?.shopper_ids;
    let mut erasure = shared.answers.erase_person(&id).await?;
    let mut rows = 0;
    for name in names(&id, &shopper_ids) {
        rows += shared.store.forget_consents(name).await?;
    }
    if rows > 0 {
        erasure.erased.push(ErasedFrom { place: "state: consents".to_owned(), rows });
    }
    audit::note(&shared, &caller, "person.erased", &audit::hashed(&id), "").await?;
    Ok(Json(erasure))
}
