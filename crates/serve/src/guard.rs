//! The guard before every route: rates, who asks, what the table of [`crate::access`] allows, forged requests.
//!
//! In this order: an address that asks too much is stopped before its key is looked up; a key has its own rate; a
//! write of somebody who is signed in has to carry the token that only our own page can read; a page of another
//! origin is stopped unless its key names it.

use crate::access::{self, Access, Need, Scope};
use crate::auth::{CSRF, Caller, presented_key, presented_visit};
use crate::config::Addresses;
use crate::cors;
use crate::fields;
use crate::problem::Refusal;
use crate::shared::{AppState, Shared};
use crate::wire::session::Role as WireRole;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{COOKIE, ORIGIN};
use axum::http::{Extensions, HeaderMap, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use state::sessions::csrf_of;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Where a request comes from, as far as it can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) IpAddr);

/// The token of the visit that a request belongs to.
#[derive(Clone)]
pub(crate) struct Visit(pub(crate) String);

/// Where a request comes from.
pub(crate) fn address_of(addresses: Addresses, headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    match addresses {
        Addresses::Peer => peer,
        Addresses::Proxy => {
            // The last entry was written by the proxy next to us; those before it by anybody.
            let last = headers.get_all("x-forwarded-for").iter().next_back().and_then(|v| v.to_str().ok());
            last.and_then(|v| v.rsplit(',').next()).and_then(|v| v.trim().parse().ok()).unwrap_or(peer)
        }
    }
}

/// Lets a request through to its route, or refuses it.
pub(crate) async fn guard(State(shared): State<AppState>, mut request: Request, next: Next) -> Response {
    let address = address_of(shared.config.addresses, request.headers(), request.extensions());
    request.extensions_mut().insert(Address(address));
    match admit(&shared, address, &mut request).await {
        Ok(caller) => {
            let origin = request.headers().get(ORIGIN).cloned();
            request.extensions_mut().insert(caller.clone());
            let mut response = next.run(request).await;
            cors::mark(&caller, origin.as_ref(), response.headers_mut());
            response.extensions_mut().insert(caller);
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn admit(shared: &Shared, address: IpAddr, request: &mut Request) -> Result<Caller, Refusal> {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let Some(access) = access::find(request.method(), &path) else {
        return Err(unlisted(request.method(), &path));
    };
    let caller = if let Some(secret) = presented_key(request.headers()) {
        by_key(shared, address, &secret).await?
    } else {
        shared.rates.address(address)?;
        by_visit(shared, access, request).await?
    };
    cors::check(&caller, shared, request.headers())?;
    allowed(access, &caller, request.uri(), &path)?;
    fields::check(access, request.uri())?;
    Ok(caller)
}

/// A known path with a method that it does not have.
pub(crate) async fn method_not_allowed(request: Request) -> Refusal {
    Refusal::method_not_allowed(request.method().as_str(), request.uri().path())
}

/// A path that nobody decided on is closed; a known path with another method says so.
fn unlisted(method: &Method, path: &str) -> Refusal {
    if access::ACCESS.iter().any(|access| access.path == path) {
        return Refusal::method_not_allowed(method.as_str(), path);
    }
    Refusal::forbidden("this path is closed", "see /openapi.json for those that are open")
}

async fn by_key(shared: &Shared, address: IpAddr, secret: &str) -> Result<Caller, Refusal> {
    match shared.keys.find(secret).await.map_err(Refusal::internal)? {
        Some(key) => {
            shared.rates.key(&key.id)?;
            Ok(Caller::Key(key))
        }
        None => {
            // Guessing counts against the address; a known key does not.
            shared.rates.address(address)?;
            Err(Refusal::unauthorized("this key is unknown or revoked"))
        }
    }
}

async fn by_visit(shared: &Shared, access: &Access, request: &mut Request) -> Result<Caller, Refusal> {
    if !request.headers().contains_key(COOKIE) {
        return Ok(Caller::Nobody);
    }
    let Some(token) = presented_visit(request.headers(), shared.secure) else { return Ok(Caller::Nobody) };
    let found = shared.store.session(&token, &shared.config.sessions, shared.clock.now()).await;
    let Some(user) = found.map_err(Refusal::internal)? else { return Ok(Caller::Nobody) };
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // Signing in and setting up are open: there is no visit to forge a request of.
    if writes && access.need != Need::Open {
        let given = request.headers().get(CSRF).map(|v| v.as_bytes()).unwrap_or_default();
        if !bool::from(csrf_of(&token).as_bytes().ct_eq(given)) {
            let next = "send the `csrf` of GET /api/v1/session as X-CSRF-Token";
            return Err(Refusal::forbidden("the token against forged requests is missing or wrong", next));
        }
    }
    request.extensions_mut().insert(Visit(token));
    Ok(Caller::Person(Arc::new(user)))
}

/// Whether the table lets a caller do this.
fn allowed(access: &Access, caller: &Caller, uri: &Uri, matched: &str) -> Result<(), Refusal> {
    match caller {
        Caller::Nobody => match access.need {
            Need::Open => Ok(()),
            Need::SignedIn | Need::Look | Need::Send | Need::Change | Need::Administer => {
                Err(Refusal::unauthorized("this needs a key or somebody who is signed in"))
            }
        },
        Caller::Person(user) => match access.need.role() {
            Some(needed) if crate::auth::role(user.role) < needed => {
                let needed = match needed {
                    WireRole::Viewer => "viewer",
                    WireRole::Marketer => "marketer",
                    WireRole::Admin => "admin",
                };
                let detail = format!("this needs the role {needed}");
                Err(Refusal::forbidden(detail, "ask an admin for it"))
            }
            _ => Ok(()),
        },
        Caller::Key(key) => {
            if !access.need.keys().contains(&key.kind) {
                let kinds: Vec<_> = access.need.keys().iter().map(|kind| kind.name()).collect();
                let next = if kinds.is_empty() {
                    "sign in to the console".to_owned()
                } else {
                    format!("use a key of the kind {}", kinds.join(" or "))
                };
                return Err(Refusal::forbidden(format!("a {} key may not do this", key.kind.name()), next));
            }
            if access.need == Need::Open {
                return Ok(());
            }
            in_scope(access.scope, caller, uri, matched)
        }
    }
}

/// Whether a key that is scoped to a market asks about that market.
fn in_scope(scope: Scope, caller: &Caller, uri: &Uri, matched: &str) -> Result<(), Refusal> {
    let Some(only) = caller.market() else { return Ok(()) };
    match scope {
        Scope::Shared | Scope::Body => Ok(()),
        Scope::Query => {
            let query = uri.query().unwrap_or_default();
            let mut markets = fields::pairs(query).filter(|(n, _)| n == "market");
            match (markets.next(), markets.next()) {
                (Some((_, market)), None) => caller.may_ask_about(&market),
                _ => Err(Refusal::forbidden("this key is for one market", format!("add `market={only}`"))),
            }
        }
        Scope::Path => {
            let place = matched.split('/').position(|part| part == "{market}");
            let market = place.and_then(|i| uri.path().split('/').nth(i)).unwrap_or_default();
            caller.may_ask_about(market)
        }
        Scope::All => {
            let detail = format!("this key is for the market {only} alone, and this path shows all");
            Err(Refusal::forbidden(detail, "use a key without a market"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_a_proxy_of_ours_is_believed_about_addresses() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("6.6.6.6, 10.0.0.9"));
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        let peer = address_of(Addresses::Peer, &headers, &extensions);
        assert_eq!(peer, IpAddr::from([127, 0, 0, 1]), "the header is anybody's");
        let proxied = address_of(Addresses::Proxy, &headers, &extensions);
        assert_eq!(proxied, IpAddr::from([10, 0, 0, 9]), "what stands before the last was not written by our proxy");
    }
}
