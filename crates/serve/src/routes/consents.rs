//! `/persons/{id}/consents`: what a person allowed, with history. A decision is taken down under every name that the
//! person has, so that it holds whichever of them is asked for. Withdrawing adds to the history, it deletes nothing.

use super::Reply;
use crate::audit;
use crate::auth::Caller;
use crate::consents::ANALYTICS;
use crate::extract::{Json as Body, Path};
use crate::problem::Refusal;
use crate::shared::{AppState, Shared};
use crate::wire::persons::{ConsentChoice, ConsentEntry, ConsentWrite, Consents};
use axum::extract::State;
use axum::{Extension, Json};
use chrono::{DateTime, SecondsFormat, Utc};
use state::consent::{Consent, ConsentState};
use std::collections::{BTreeMap, BTreeSet};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(consents, set_consent)).routes(routes!(withdraw_consent))
}

/// Every decision of a person, oldest first, each once however many names it was taken down under.
pub(super) async fn history(shared: &Shared, names: &BTreeSet<String>) -> Result<Vec<Consent>, Refusal> {
    let mut all: Vec<Consent> = Vec::new();
    for name in names {
        all.extend(shared.store.consents(name).await?);
    }
    // Of two decisions in one millisecond the one that allows less comes last: it counts.
    all.sort_by(|a, b| {
        let key = |c: &Consent| (c.at, c.state != ConsentState::Granted);
        key(a).cmp(&key(b)).then_with(|| a.purpose.cmp(&b.purpose)).then_with(|| a.source.cmp(&b.source))
    });
    all.dedup();
    Ok(all)
}

/// Every name of a person, the one that was asked for among them.
pub(super) async fn names(shared: &Shared, id: &str) -> Result<BTreeSet<String>, Refusal> {
    let mut names: BTreeSet<String> = shared.answers.person_names(id).await?.into_iter().collect();
    names.insert(id.to_owned());
    Ok(names)
}

fn entry(consent: &Consent) -> ConsentEntry {
    let state = match consent.state {
        ConsentState::Granted => ConsentChoice::Granted,
        ConsentState::Denied => ConsentChoice::Denied,
        ConsentState::Withdrawn => ConsentChoice::Withdrawn,
    };
    ConsentEntry {
        purpose: consent.purpose.clone(),
        state,
        at: consent.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        source: consent.source.clone(),
    }
}

async fn told(shared: &Shared, id: String, names: &BTreeSet<String>) -> Reply<Consents> {
    let history = history(shared, names).await?;
    let last: BTreeMap<&str, &Consent> = history.iter().map(|c| (c.purpose.as_str(), c)).collect();
    let now = last.values().map(|c| entry(c)).collect();
    Ok(Json(Consents { id, now, history: history.iter().map(entry).collect() }))
}

fn checked_purpose(purpose: &str) -> Result<(), Refusal> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
    if purpose.is_empty() || purpose.len() > 50 || !purpose.chars().all(fine) {
        let next = "use analytics, personalisation, marketing, or a word of your own: up to 50 of a-z, 0-9, _ - .";
        return Err(Refusal::bad_request("the purpose cannot be used", next).at("purpose", next));
    }
    Ok(())
}

fn checked_id(id: &str) -> Result<(), Refusal> {
    let next = "give the person's id as the shop knows it, up to 200 characters";
    if id.trim().is_empty() || id.len() > 200 {
        return Err(Refusal::bad_request("the id cannot be used", next).at("id", next));
    }
    Ok(())
}

/// Takes a decision down under every name, and lets it count from now on.
async fn record(shared: &Shared, caller: &Caller, id: &str, consent: &Consent) -> Result<BTreeSet<String>, Refusal> {
    let names = names(shared, id).await?;
    for name in names.iter().filter(|name| name.len() <= 200) {
        shared.store.record_consent(name, consent).await?;
        shared.consents.note(name, consent);
    }
    if consent.purpose == ANALYTICS
        && consent.state != ConsentState::Granted
        && let Some(intake) = &shared.ingest
    {
        // What is live of the person is over; what the lake has is a matter of erasure.
        names.iter().for_each(|name| drop(intake.change(|live| live.forget(name))));
    }
    let detail = format!("{} {}", consent.purpose, consent.state.name());
    audit::note(shared, caller, "consent.recorded", &shared.store.person(id), &detail).await?;
    Ok(names)
}

/// What a person allowed: what counts now by purpose, and every decision before.
#[utoipa::path(
    get, path = "/persons/{id}/consents", tag = "persons",
    params(("id" = String, Path, description = "A shopper id, or the id or address as the shop knows it")),
    responses((status = 200, body = Consents))
)]
async fn consents(State(shared): State<AppState>, Path(id): Path<String>) -> Reply<Consents> {
    checked_id(&id)?;
    let names = names(&shared, &id).await?;
    told(&shared, id, &names).await
}

/// Takes a decision down. The latest of a purpose counts: `analytics` decides whether events are kept,
/// `personalisation` whether recommendations follow from what the person did, `marketing` whether it may be written to.
#[utoipa::path(
    put, path = "/persons/{id}/consents", tag = "persons", request_body = ConsentWrite,
    params(("id" = String, Path, description = "A shopper id, or the id or address as the shop knows it")),
    responses((status = 200, body = Consents))
)]
async fn set_consent(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(write): Body<ConsentWrite>,
) -> Reply<Consents> {
    checked_id(&id)?;
    checked_purpose(&write.purpose)?;
    if write.source.len() > 200 {
        let next = "say in up to 200 characters where it was said";
        return Err(Refusal::bad_request("the source is too long", next).at("source", next));
    }
    let now = shared.clock.now();
    let at = match &write.at {
        None => now,
        Some(text) => {
            let next = "write an instant that has been, such as 2026-11-26T08:30:00Z";
            let at = DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc));
            at.filter(|at| *at <= now && at.timestamp() >= 0)
                .ok_or_else(|| Refusal::bad_request(format!("`{text}` is no such instant"), next).at("at", next))?
        }
    };
    let state = match write.state {
        ConsentChoice::Granted => ConsentState::Granted,
        ConsentChoice::Denied => ConsentState::Denied,
        ConsentChoice::Withdrawn => ConsentState::Withdrawn,
    };
    let consent = Consent { purpose: write.purpose, state, at, source: write.source };
    let names = record(&shared, &caller, &id, &consent).await?;
    told(&shared, id, &names).await
}

/// Withdraws what a person allowed for a purpose, from now on.
#[utoipa::path(
    delete, path = "/persons/{id}/consents/{purpose}", tag = "persons",
    params(
        ("id" = String, Path, description = "A shopper id, or the id or address as the shop knows it"),
        ("purpose" = String, Path, description = "For what"),
    ),
    responses((status = 200, body = Consents))
)]
async fn withdraw_consent(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, purpose)): Path<(String, String)>,
) -> Reply<Consents> {
    checked_id(&id)?;
    checked_purpose(&purpose)?;
    let at = shared.clock.now();
    let consent = Consent { purpose, state: ConsentState::Withdrawn, at, source: "API".to_owned() };
    let names = record(&shared, &caller, &id, &consent).await?;
    told(&shared, id, &names).await
}
