//! Who may do what: one table, read by the guard before any handler runs, and by the document of the interface.
//!
//! A path that is not in the table is refused, so that a new route is closed until somebody decides. A test walks the
//! document and the table in both directions, and another tries every route with every role and every kind of key.

use crate::wire::session::Role;
use axum::http::Method;
use state::keys::KeyKind;

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: anybody may.
    Open,
    /// To be signed in, whatever the role; keys do not do.
    SignedIn,
    /// To look: any role, read or admin key.
    Look,
    /// To tell what happened: any role, any key.
    Send,
    /// To change things: marketer, admin key.
    Change,
    /// To administer: admin, admin key.
    Administer,
}

impl Need {
    /// The least role that does; none when everybody may.
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Open => None,
            Self::SignedIn | Self::Look | Self::Send => Some(Role::Viewer),
            Self::Change => Some(Role::Marketer),
            Self::Administer => Some(Role::Admin),
        }
    }

    /// The kinds of keys that do.
    pub fn keys(self) -> &'static [KeyKind] {
        match self {
            Self::Open | Self::Send => &KeyKind::ALL,
            Self::SignedIn => &[],
            Self::Look => &[KeyKind::Read, KeyKind::Admin],
            Self::Change | Self::Administer => &[KeyKind::Admin],
        }
    }
}

/// What a key that is scoped to one market may do on a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The route names no market and shows what is the same in all: allowed.
    Shared,
    /// `?market=` has to be the key's.
    Query,
    /// The path's `{market}` has to be the key's.
    Path,
    /// The handler looks at the body.
    Body,
    /// The route shows more than one market: not allowed.
    All,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The method.
    pub method: &'static str,
    /// The path as the router writes it.
    pub path: &'static str,
    /// What it asks.
    pub need: Need,
    /// What a scoped key may.
    pub scope: Scope,
}

const fn row(method: &'static str, path: &'static str, need: Need, scope: Scope) -> Access {
    Access { method, path, need, scope }
}

use Need::{Administer, Change, Look, Open, Send, SignedIn};

/// The table.
pub const ACCESS: &[Access] = &[
    row("GET", "/health", Open, Scope::Shared),
    row("GET", "/ready", Open, Scope::Shared),
    row("GET", "/metrics", Look, Scope::All),
    row("GET", "/openapi.json", Open, Scope::Shared),
    row("GET", "/docs", Open, Scope::Shared),
    row("GET", "/docs/", Open, Scope::Shared),
    row("GET", "/docs/{file}", Open, Scope::Shared),
    row("GET", "/api/v1/session", Open, Scope::Shared),
    row("POST", "/api/v1/session", Open, Scope::Shared),
    row("DELETE", "/api/v1/session", SignedIn, Scope::Shared),
    row("POST", "/api/v1/setup", Open, Scope::Shared),
    row("GET", "/api/v1/keys", Administer, Scope::All),
    row("POST", "/api/v1/keys", Administer, Scope::All),
    row("POST", "/api/v1/keys/{id}/rotate", Administer, Scope::All),
    row("DELETE", "/api/v1/keys/{id}", Administer, Scope::All),
    row("GET", "/api/v1/users", Administer, Scope::All),
    row("POST", "/api/v1/users", Administer, Scope::All),
    row("PATCH", "/api/v1/users/{id}", Administer, Scope::All),
    row("DELETE", "/api/v1/users/{id}", Administer, Scope::All),
    row("GET", "/api/v1/audit", Administer, Scope::All),
    row("GET", "/api/v1/overview", Look, Scope::All),
    row("GET", "/api/v1/markets", Look, Scope::All),
    row("GET", "/api/v1/markets/{market}", Look, Scope::Path),
    row("GET", "/api/v1/markets/{market}/plan", Look, Scope::Path),
    row("GET", "/api/v1/markets/{market}/plan.html", Look, Scope::Path),
    row("GET", "/api/v1/transfer", Look, Scope::All),
    row("GET", "/api/v1/segments", Look, Scope::All),
    row("POST", "/api/v1/segments/preview", Look, Scope::All),
    row("PUT", "/api/v1/segments/{name}", Change, Scope::All),
    row("DELETE", "/api/v1/segments/{name}", Change, Scope::All),
    row("GET", "/api/v1/segments/{name}/members", Look, Scope::All),
    row("GET", "/api/v1/personas", Look, Scope::Query),
    row("GET", "/api/v1/cohorts", Look, Scope::Query),
    row("GET", "/api/v1/channels", Look, Scope::Query),
    row("GET", "/api/v1/values", Look, Scope::Query),
    row("GET", "/api/v1/shoppers/{id}", Look, Scope::All),
    row("GET", "/api/v1/shoppers/{id}/segments", Look, Scope::All),
    row("GET", "/api/v1/products", Look, Scope::Query),
    row("POST", "/api/v1/products/search-by-picture", Look, Scope::Shared),
    row("GET", "/api/v1/products/{id}", Look, Scope::All),
    row("PUT", "/api/v1/products/{id}", Change, Scope::All),
    row("GET", "/api/v1/products/{id}/similar", Look, Scope::Shared),
    row("GET", "/api/v1/products/{id}/picture", Look, Scope::Shared),
    row("PUT", "/api/v1/stock", Change, Scope::All),
    row("PUT", "/api/v1/prices", Change, Scope::All),
    row("GET", "/api/v1/recommendations", Look, Scope::Query),
    row("GET", "/api/v1/recommendations/similar", Look, Scope::Query),
    row("GET", "/api/v1/recommendations/next", Look, Scope::Query),
    row("GET", "/api/v1/recommendations/trending", Look, Scope::Query),
    row("POST", "/api/v1/recommendations/rerank", Look, Scope::Body),
    row("POST", "/api/v1/feedback", Send, Scope::Shared),
    row("GET", "/api/v1/models", Look, Scope::All),
    row("GET", "/api/v1/sources", Look, Scope::All),
    row("GET", "/api/v1/quality", Look, Scope::All),
    row("GET", "/api/v1/rejects", Change, Scope::All),
    row("GET", "/api/v1/runs", Look, Scope::All),
    row("POST", "/api/v1/runs", Change, Scope::All),
    row("GET", "/api/v1/runs/{id}", Look, Scope::All),
    row("DELETE", "/api/v1/runs/{id}", Change, Scope::All),
    row("GET", "/api/v1/schedule", Look, Scope::All),
    row("POST", "/api/v1/sql", Change, Scope::All),
    row("GET", "/api/v1/live/events", Look, Scope::All),
    row("GET", "/api/v1/live/counters", Look, Scope::All),
    row("GET", "/api/v1/live/carts", Look, Scope::All),
    row("GET", "/api/v1/live/queries", Look, Scope::Query),
    row("GET", "/api/v1/live/visitors/{id}", Change, Scope::All),
    row("DELETE", "/api/v1/live/visitors/{id}/links/{link}", Administer, Scope::All),
    row("GET", "/api/v1/persons/{id}", Administer, Scope::All),
    row("DELETE", "/api/v1/persons/{id}", Administer, Scope::All),
    row("GET", "/api/v1/persons/{id}/consents", Look, Scope::All),
    row("PUT", "/api/v1/persons/{id}/consents", Change, Scope::All),
    row("DELETE", "/api/v1/persons/{id}/consents/{purpose}", Change, Scope::All),
];

/// The row of a route. `HEAD` asks what `GET` asks.
pub fn find(method: &Method, path: &str) -> Option<&'static Access> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    ACCESS.iter().find(|access| access.method == method && access.path == path)
}
