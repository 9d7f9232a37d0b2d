//! Who may do what: every route with every caller, and keys that are scoped to a market or a web origin.

use crate::support::{By, Site, request};
use axum::http::StatusCode;
use serve::access::{ACCESS, Access, Need};
use state::keys::KeyKind;
use state::users::Role;

/// A path of a row, with ids that the invented workspace knows.
fn path(access: &Access) -> String {
    let path = access
        .path
        .replace("{market}", "DE")
        .replace("{name}", "twice")
        .replace("{file}", "start.js")
        .replace("{purpose}", "marketing");
    let id = match access.path {
        p if p.contains("/products/") => "P1",
        p if p.contains("/runs/") => "run-1",
        _ => "s1",
    };
    path.replace("{id}", id)
}

/// What the table promises a caller. Written out once more, on purpose: a slip in `Need` is seen here.
fn may(need: Need, caller: &str) -> bool {
    match caller {
        "nobody" => need == Need::Open,
        "write" => matches!(need, Need::Open | Need::Send),
        "read" => matches!(need, Need::Open | Need::Send | Need::Look),
        "admin key" => need != Need::SignedIn,
        "viewer" => matches!(need, Need::Open | Need::SignedIn | Need::Send | Need::Look),
        "marketer" => need != Need::Administer,
        "admin" => true,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_route_lets_in_whom_the_table_says_and_nobody_else() {
    let site = Site::new().await;
    for role in Role::ALL {
        site.role(role).await;
    }
    let keys = [
        ("write", site.key(KeyKind::Write).await),
        ("read", site.key(KeyKind::Read).await),
        ("admin key", site.key(KeyKind::Admin).await),
    ];
    let visits = [
        ("viewer", site.role(Role::Viewer).await),
        ("marketer", site.role(Role::Marketer).await),
        ("admin", site.role(Role::Admin).await),
    ];
    let callers = [("nobody", By::Nobody)].into_iter().chain(keys).chain(visits);
    for (caller, by) in callers {
        // Signing out ends the visit: last.
        let (last, rows): (Vec<&Access>, Vec<&Access>) =
            ACCESS.iter().partition(|access| access.need == Need::SignedIn);
        for access in rows.into_iter().chain(last) {
            let answered = site.ask(&by, access.method, &path(access), None).await;
            let name = format!("{caller}: {} {} answered {}", access.method, access.path, answered.status);
            let refused = matches!(answered.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            // Without a body signing in says 415 and not 401, so that a refusal is the guard's.
            assert_eq!(!refused, may(access.need, caller), "{name}: {}", answered.json());
            if refused {
                let expected = if caller == "nobody" { 401 } else { 403 };
                answered.assert_problem(expected);
            }
            assert!(!answered.status.is_server_error(), "{name}");
        }
    }
}

#[tokio::test]
async fn an_admin_sees_what_the_first_test_only_lets_through() {
    let site = Site::new().await;
    let admin = site.role(Role::Admin).await;
    for access in ACCESS.iter().filter(|a| a.method == "GET" && !a.path.contains("/live/")) {
        let query = match access.path {
            "/api/v1/recommendations" | "/api/v1/recommendations/trending" => "?market=DE",
            "/api/v1/recommendations/similar" => "?product=P1",
            "/api/v1/recommendations/next" => "?products=P1,P2&market=DE",
            _ => "",
        };
        let answered = site.get(&admin, &format!("{}{query}", path(access))).await;
        let fine = answered.status == StatusCode::OK || access.path == "/docs";
        assert!(fine, "{} {}", access.path, answered.json());
    }
}

#[tokio::test]
async fn a_key_of_one_market_sees_that_market_and_no_other() {
    let site = Site::new().await;
    let key = site.key_for(KeyKind::Read, Some("DE"), &[]).await;
    let admin = site.key_for(KeyKind::Admin, Some("DE"), &[]).await;
    let cases = [
        ("/api/v1/recommendations?market=DE", 200),
        ("/api/v1/recommendations?market=VN", 403),
        ("/api/v1/recommendations?n=3", 403),
        ("/api/v1/recommendations?market=DE&market=VN", 403),
        ("/api/v1/recommendations?market=VN&market=DE", 403),
        ("/api/v1/recommendations?%6Darket=VN&market=DE", 403),
        ("/api/v1/recommendations?market=%44E", 200),
        ("/api/v1/recommendations?market=%56N", 403),
        ("/api/v1/markets/DE", 200),
        ("/api/v1/markets/VN", 403),
        ("/api/v1/markets/VN/plan", 403),
        ("/api/v1/markets/%56N/plan", 403),
        ("/api/v1/markets", 403),
        ("/api/v1/overview", 403),
        ("/api/v1/channels", 403),
        ("/api/v1/channels?market=DE", 200),
        ("/api/v1/channels?market=GB", 403),
        ("/api/v1/cohorts", 403),
        ("/api/v1/cohorts?market=DE", 200),
        ("/api/v1/shoppers/s1", 403),
        ("/api/v1/products/P1/picture", 200),
        ("/metrics", 403),
    ];
    for (path, status) in cases {
        let answered = site.get(&key, path).await;
        assert_eq!(answered.status.as_u16(), status, "{path}: {}", answered.json());
    }
    let rerank = |market: &str| serde_json::json!({ "market": market, "candidates": ["P1"] });
    let own = site.ask(&key, "POST", "/api/v1/recommendations/rerank", Some(rerank("DE"))).await;
    assert_eq!(own.status, StatusCode::OK);
    site.ask(&key, "POST", "/api/v1/recommendations/rerank", Some(rerank("VN"))).await.assert_problem(403);
    // A scoped admin key does not make itself a key without a scope.
    let new = serde_json::json!({ "name": "more", "kind": "admin" });
    site.ask(&admin, "POST", "/api/v1/keys", Some(new)).await.assert_problem(403);
}

#[tokio::test]
async fn a_revoked_key_is_dead_at_once_and_a_rotated_one_overlaps_for_a_day() {
    let site = Site::new().await;
    let admin = site.role(Role::Admin).await;
    let new = serde_json::json!({ "name": "shop", "kind": "read" });
    let made = site.ask(&admin, "POST", "/api/v1/keys", Some(new)).await.json();
    let id = made["key"]["id"].as_str().unwrap().to_owned();
    let old = By::Key(made["secret"].as_str().unwrap().to_owned());
    assert_eq!(site.get(&old, "/api/v1/overview").await.status, StatusCode::OK);
    let rotated = site.ask(&admin, "POST", &format!("/api/v1/keys/{id}/rotate"), None).await.json();
    let new = By::Key(rotated["secret"].as_str().unwrap().to_owned());
    for key in [&old, &new] {
        assert_eq!(site.get(key, "/api/v1/overview").await.status, StatusCode::OK);
    }
    let revoked = site.ask(&admin, "DELETE", &format!("/api/v1/keys/{id}"), None).await;
    assert_eq!(revoked.status, StatusCode::OK);
    for key in [&old, &new] {
        site.get(key, "/api/v1/overview").await.assert_problem(401);
    }
}

#[tokio::test]
async fn a_page_of_another_origin_needs_a_key_that_names_it() {
    let site = Site::new().await;
    let (mine, other) = ("https://shop.example", "https://evil.example");
    let named = site.key_for(KeyKind::Read, None, &[mine]).await;
    let plain = site.key(KeyKind::Read).await;
    let visitor = site.role(Role::Admin).await;
    let path = "/api/v1/recommendations?market=DE";
    let from = |by: &By, origin: &str| {
        let mut request = request(by, "GET", path, None);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request.headers_mut().insert("host", "portolan.example".parse().unwrap());
        request
    };
    let allowed = site.send(from(&named, mine)).await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (StatusCode::OK, mine));
    assert_eq!(allowed.header("access-control-allow-credentials"), "", "cookies never travel to other origins");
    for (by, origin) in [(&named, other), (&plain, mine), (&visitor, mine), (&visitor, "null")] {
        let refused = site.send(from(by, origin)).await;
        refused.assert_problem(403);
        assert_eq!(refused.header("access-control-allow-origin"), "");
    }
    let own = site.send(from(&visitor, "https://portolan.example")).await;
    assert_eq!(own.status, StatusCode::OK, "the console's own origin");

    let preflight = |origin: &str| {
        let mut request = request(&By::Nobody, "OPTIONS", path, None);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request.headers_mut().insert("access-control-request-method", "GET".parse().unwrap());
        request
    };
    let yes = site.send(preflight(mine)).await;
    assert_eq!((yes.status, yes.header("access-control-allow-origin")), (StatusCode::NO_CONTENT, mine));
    let no = site.send(preflight(other)).await;
    assert_eq!(no.header("access-control-allow-origin"), "");
    no.assert_problem(403);
}
