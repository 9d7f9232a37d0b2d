//! `/keys`, `/users`, `/audit`: for admins. Every change is in the audit log.

use super::Reply;
use crate::audit;
use crate::auth::{Caller, role};
use crate::extract::{Json, Path, Query};
use crate::problem::Refusal;
use crate::shared::AppState;
use crate::wire::admin::{
    ApiKey, Audit, AuditEntry, KeyKind, KeyWithSecret, Keys, NewKey, NewUser, User, UserChange, Users,
};
use crate::wire::session::Role;
use crate::wire::table::Page;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, SecondsFormat, Utc};
use state::audit::Verdict;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(keys, create_key))
        .routes(routes!(rotate_key))
        .routes(routes!(revoke_key))
        .routes(routes!(users, create_user))
        .routes(routes!(change_user, delete_user))
        .routes(routes!(audit_log))
}

/// The keys, without their secrets.
#[utoipa::path(get, path = "/keys", tag = "admin", responses((status = 200, body = Keys)))]
async fn keys(State(shared): State<AppState>) -> Reply<Keys> {
    let keys = shared.store.keys().await?;
    Ok(axum::Json(Keys { keys: keys.into_iter().map(key_of).collect() }))
}

/// Makes a key. The secret is shown in this answer and never again.
#[utoipa::path(
    post, path = "/keys", tag = "admin", request_body = NewKey,
    responses((status = 201, body = KeyWithSecret))
)]
async fn create_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewKey>,
) -> Result<(StatusCode, axum::Json<KeyWithSecret>), Refusal> {
    let kind = match new.kind {
        KeyKind::Write => state::keys::KeyKind::Write,
        KeyKind::Read => state::keys::KeyKind::Read,
        KeyKind::Admin => state::keys::KeyKind::Admin,
    };
    let new = state::keys::NewKey { name: new.name, kind, market: new.market, origins: new.origins };
    let (key, secret) = shared.store.create_key(new, shared.clock.now()).await?;
    shared.keys.forget();
    let detail = format!("{} {}", key.kind.name(), key.market.as_deref().unwrap_or("all markets"));
    audit::note(&shared, &caller, "key.created", &key.id, &detail).await?;
    Ok((StatusCode::CREATED, axum::Json(KeyWithSecret { key: key_of(key), secret: secret.reveal().to_owned() })))
}

/// Gives a key a new secret. The old one works for a day longer.
#[utoipa::path(
    post, path = "/keys/{id}/rotate", tag = "admin", params(("id" = String, Path, description = "The key")),
    responses((status = 200, body = KeyWithSecret))
)]
async fn rotate_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Reply<KeyWithSecret> {
    let (key, secret) = shared.store.rotate_key(&id, shared.config.rotation_overlap, shared.clock.now()).await?;
    shared.keys.forget();
    audit::note(&shared, &caller, "key.rotated", &key.id, "").await?;
    Ok(axum::Json(KeyWithSecret { key: key_of(key), secret: secret.reveal().to_owned() }))
}

/// Ends a key for good.
#[utoipa::path(
    delete, path = "/keys/{id}", tag = "admin", params(("id" = String, Path, description = "The key")),
    responses((status = 200, body = ApiKey))
)]
async fn revoke_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Reply<ApiKey> {
    let key = shared.store.revoke_key(&id, shared.clock.now()).await?;
    shared.keys.forget();
    audit::note(&shared, &caller, "key.revoked", &key.id, "").await?;
    Ok(axum::Json(key_of(key)))
}

/// The people who may sign in.
#[utoipa::path(get, path = "/users", tag = "admin", responses((status = 200, body = Users)))]
async fn users(State(shared): State<AppState>) -> Reply<Users> {
    let users = shared.store.users(shared.clock.now()).await?;
    Ok(axum::Json(Users { users: users.into_iter().map(user_of).collect() }))
}

/// Adds a person.
#[utoipa::path(
    post, path = "/users", tag = "admin", request_body = NewUser, responses((status = 201, body = User))
)]
async fn create_user(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, axum::Json<User>), Refusal> {
    let role = state_role(new.role);
    let user = shared.store.create_user(&new.name, role, &new.password, shared.clock.now()).await?;
    audit::note(&shared, &caller, "user.created", &user.id, role.name()).await?;
    Ok((StatusCode::CREATED, axum::Json(user_of(user))))
}

/// Changes role or password, or lifts a lock-out.
#[utoipa::path(
    patch, path = "/users/{id}", tag = "admin", request_body = UserChange,
    params(("id" = String, Path, description = "The person")),
    responses((status = 200, body = User))
)]
async fn change_user(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Json(change): Json<UserChange>,
) -> Reply<User> {
    let store = &shared.store;
    let mut user = None;
    if let Some(role) = change.role.map(state_role) {
        user = Some(store.set_role(&id, role).await?);
        audit::note(&shared, &caller, "user.role_changed", &id, role.name()).await?;
    }
    if let Some(password) = &change.password {
        user = Some(store.set_password(&id, password).await?);
        audit::note(&shared, &caller, "user.password_changed", &id, "").await?;
    }
    if change.unlock == Some(true) {
        user = Some(store.unlock(&id).await?);
        audit::note(&shared, &caller, "user.unlocked", &id, "").await?;
    }
    let next = "send `role`, `password` or `unlock: true`";
    user.map(|user| axum::Json(user_of(user))).ok_or_else(|| Refusal::bad_request("nothing to change", next))
}

/// Removes a person and ends all its visits.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "admin", params(("id" = String, Path, description = "The person")),
    responses((status = 204, description = "Removed"))
)]
async fn delete_user(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let user = shared.store.delete_user(&id).await?;
    audit::note(&shared, &caller, "user.removed", &user.id, "").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who did what, newest first, and whether the chain of hashes is whole.
#[utoipa::path(get, path = "/audit", tag = "admin", params(Page), responses((status = 200, body = Audit)))]
async fn audit_log(State(shared): State<AppState>, Query(page): Query<Page>) -> Reply<Audit> {
    let (skip, n) = page.range();
    let (entries, total) = shared.store.audit(skip as u64, n as u64).await?;
    let verdict = shared.store.verify_audit().await?;
    let broken_at = match verdict {
        Verdict::Whole(_) => None,
        Verdict::BrokenAt(number) => Some(number),
    };
    let entries = entries.into_iter().map(|entry| AuditEntry {
        number: entry.number,
        at: time(entry.at),
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        detail: entry.detail,
        hash: entry.hash,
    });
    Ok(axum::Json(Audit { entries: entries.collect(), total, intact: broken_at.is_none(), broken_at }))
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn state_role(role: Role) -> state::users::Role {
    match role {
        Role::Viewer => state::users::Role::Viewer,
        Role::Marketer => state::users::Role::Marketer,
        Role::Admin => state::users::Role::Admin,
    }
}

fn key_of(key: state::keys::Key) -> ApiKey {
    let kind = match key.kind {
        state::keys::KeyKind::Write => KeyKind::Write,
        state::keys::KeyKind::Read => KeyKind::Read,
        state::keys::KeyKind::Admin => KeyKind::Admin,
    };
    ApiKey {
        id: key.id,
        name: key.name,
        kind,
        prefix: key.prefix,
        market: key.market,
        origins: key.origins,
        created: time(key.created),
        last_used: key.last_used.map(time),
        rotated: key.rotated.map(time),
        revoked: key.revoked.map(time),
    }
}

fn user_of(user: state::users::User) -> User {
    User {
        id: user.id,
        name: user.name,
        role: role(user.role),
        created: time(user.created),
        last_seen: user.last_seen.map(time),
        locked_until: user.locked_until.map(time),
    }
}
