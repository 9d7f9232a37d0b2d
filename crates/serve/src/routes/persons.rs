//! `/persons/{id}`: what is kept about a person, and erasing it. The audit log keeps that it was done, not for whom
//! by name: the subject is a hash of the id.

use super::Reply;
use super::consents::{history, names};
use crate::answers::AnswerError;
use crate::audit;
use crate::auth::Caller;
use crate::extract::Path;
use crate::problem::Refusal;
use crate::shared::{AppState, Shared};
use crate::wire::figure::Words;
use crate::wire::persons::{ErasedFrom, PersonErasure, PersonExport};
use crate::wire::table::{Column, NamedTable, Table};
use axum::extract::State;
use axum::{Extension, Json};
use state::consent::Consent;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(export_person, erase_person))
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
    let consents = history(&shared, &names(&shared, &id).await?).await?;
    if !consents.is_empty() {
        export.tables.push(consent_table(consents));
    }
    audit::note(&shared, &caller, "person.exported", &shared.store.person(&id), "").await?;
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
    // A task of its own: a request that takes too long is given up, an erasure that was begun is not.
    let erased = tokio::spawn(async move { erase(&shared, &caller, &id).await }).await;
    erased.map_err(Refusal::internal)?
}

async fn erase(shared: &Shared, caller: &Caller, id: &str) -> Reply<PersonErasure> {
    // Whose it is has to be asked before it is gone.
    let names = names(shared, id).await?;
    let in_lake = shared.answers.erase_person(id).await;
    let (mut consents, mut replies) = (0, 0);
    for name in &names {
        consents += shared.store.forget_consents(name).await?;
        shared.consents.forget(name);
        replies += shared.store.forget_replies(name).await?;
    }
    let mut erasure = match in_lake {
        Ok(erasure) => erasure,
        // Somebody who only ever gave consent is known to nobody else.
        Err(AnswerError::NotFound { .. }) if consents + replies > 0 => {
            PersonErasure { id: id.to_owned(), ..PersonErasure::default() }
        }
        Err(why) => return Err(why.into()),
    };
    for (place, rows) in [("state: consents", consents), ("state: replies", replies)] {
        if rows > 0 {
            erasure.erased.push(ErasedFrom { place: place.to_owned(), rows });
        }
    }
    audit::note(shared, caller, "person.erased", &shared.store.person(id), "").await?;
    Ok(Json(erasure))
}
