//! Signing in, staying, being locked out, and what a forged request can do.

use crate::support::{By, PASSWORD, Site, request, roomy, visit_of};
use axum::http::StatusCode;
use serde_json::json;
use serve::ServeConfig;
use serve::config::Rate;
use state::users::Role;

#[tokio::test]
async fn the_first_admin_is_made_by_the_one_time_link() {
    let site = Site::new().await;
    let before = site.get(&By::Nobody, "/api/v1/session").await.json();
    assert_eq!((&before["setup_needed"], &before["user"]), (&json!(true), &json!(null)));
    let token = site.store.setup_token(site.now()).await.unwrap().unwrap();
    let setup = |token: &str| json!({ "token": token, "name": "ana", "password": PASSWORD });
    site.ask(&By::Nobody, "POST", "/api/v1/setup", Some(setup("guess"))).await.assert_problem(403);
    let made = site.ask(&By::Nobody, "POST", "/api/v1/setup", Some(setup(token.reveal()))).await;
    let ana = visit_of(&made);
    assert_eq!(site.get(&ana, "/api/v1/keys").await.status, StatusCode::OK);
    site.ask(&By::Nobody, "POST", "/api/v1/setup", Some(setup(token.reveal()))).await.assert_problem(403);
    let after = site.get(&ana, "/api/v1/session").await.json();
    assert_eq!((&after["setup_needed"], &after["user"]["role"]), (&json!(false), &json!("admin")));
}

#[tokio::test]
async fn the_cookie_is_not_for_scripts_nor_for_other_sites() {
    let site = Site::new().await;
    site.person("ana", Role::Viewer).await;
    let body = json!({ "name": "ana", "password": PASSWORD });
    let plain = site.ask(&By::Nobody, "POST", "/api/v1/session", Some(body.clone())).await;
    let cookie = plain.header("set-cookie");
    assert!(cookie.starts_with("portolan=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    assert!(!plain.json().to_string().contains(cookie.split(['=', ';']).nth(1).unwrap()), "not in the body");

    let config = ServeConfig { public_origin: Some("https://portolan.example".to_owned()), ..roomy() };
    let site = Site::with(config).await;
    site.person("ana", Role::Viewer).await;
    let secure = site.ask(&By::Nobody, "POST", "/api/v1/session", Some(body)).await;
    let cookie = secure.header("set-cookie");
    assert!(cookie.starts_with("__Host-portolan=") && cookie.contains("Secure") && cookie.contains("Path=/"));
    assert!(secure.header("strict-transport-security").contains("max-age="));
}

#[tokio::test]
async fn a_forged_write_without_the_token_is_refused() {
    let site = Site::new().await;
    let By::Visit { cookie, csrf } = site.role(Role::Admin).await else { panic!("a visit") };
    let other = site.role(Role::Admin).await;
    let By::Visit { csrf: of_another_visit, .. } = other else { panic!("a visit") };
    let body = json!({ "name": "shop", "kind": "read" });
    for wrong in ["", "0000", of_another_visit.as_str()] {
        let by = By::Visit { cookie: cookie.clone(), csrf: wrong.to_owned() };
        site.ask(&by, "POST", "/api/v1/keys", Some(body.clone())).await.assert_problem(403);
    }
    let by = By::Visit { cookie, csrf };
    assert_eq!(site.ask(&by, "POST", "/api/v1/keys", Some(body)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn somebody_cannot_be_signed_in_by_the_page_of_another_site() {
    let site = Site::new().await;
    site.person("eve", Role::Viewer).await;
    let body = json!({ "name": "eve", "password": PASSWORD });
    let mut forged = request(&By::Nobody, "POST", "/api/v1/session", Some(body));
    forged.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    forged.headers_mut().insert("host", "portolan.example".parse().unwrap());
    let answered = site.send(forged).await;
    answered.assert_problem(403);
    assert_eq!(answered.header("set-cookie"), "");
}

#[tokio::test]
async fn five_wrong_passwords_are_answered_with_a_wait() {
    let site = Site::new().await;
    site.person("ana", Role::Admin).await;
    let wrong = json!({ "name": "ana", "password": "not her password" });
    for _ in 0..5 {
        site.ask(&By::Nobody, "POST", "/api/v1/session", Some(wrong.clone())).await.assert_problem(401);
    }
    let right = json!({ "name": "ana", "password": PASSWORD });
    let locked = site.ask(&By::Nobody, "POST", "/api/v1/session", Some(right.clone())).await;
    locked.assert_problem(429);
    assert_eq!(locked.header("retry-after"), "900", "a quarter of an hour");
    site.pass(900);
    let free = site.ask(&By::Nobody, "POST", "/api/v1/session", Some(right)).await;
    assert_eq!(free.status, StatusCode::OK);
}

#[tokio::test]
async fn sign_ins_have_a_rate_of_their_own() {
    let config = ServeConfig { sign_ins: Rate { per_second: 1, burst: 2 }, ..roomy() };
    let site = Site::with(config).await;
    // Longer than a password may be, so that none is hashed: the burst has to be sent before it fills up again.
    let body = || Some(json!({ "name": "nobody here", "password": "x".repeat(201) }));
    let (mut wrong, mut told) = (0, None);
    while told.is_none() && wrong < 100 {
        let answered = site.ask(&By::Nobody, "POST", "/api/v1/session", body()).await;
        match answered.status.as_u16() {
            401 => wrong += 1,
            _ => told = Some(answered),
        }
    }
    let told = told.expect("a hundred sign-ins at once are too many");
    told.assert_problem(429);
    assert!(wrong >= 2 && told.header("retry-after") == "1", "{wrong}");
}

#[tokio::test]
async fn a_visit_ends_by_signing_out_by_idling_and_by_a_new_password() {
    let site = Site::new().await;
    let admin = site.role(Role::Admin).await;
    site.person("bo", Role::Viewer).await;

    let bo = site.sign_in("bo").await;
    assert_eq!(site.ask(&bo, "DELETE", "/api/v1/session", None).await.status, StatusCode::NO_CONTENT);
    site.get(&bo, "/api/v1/overview").await.assert_problem(401);

    let bo = site.sign_in("bo").await;
    let users = site.get(&admin, "/api/v1/users").await.json();
    let id = users["users"].as_array().unwrap().iter().find(|u| u["name"] == "bo").unwrap()["id"].clone();
    let change = json!({ "password": "another sentence entirely" });
    let changed = site.ask(&admin, "PATCH", &format!("/api/v1/users/{}", id.as_str().unwrap()), Some(change)).await;
    assert_eq!(changed.status, StatusCode::OK);
    site.get(&bo, "/api/v1/overview").await.assert_problem(401);

    site.pass(8 * 3_600);
    site.get(&admin, "/api/v1/overview").await.assert_problem(401);
}

#[tokio::test]
async fn a_role_taken_away_counts_from_the_next_request_on() {
    let site = Site::new().await;
    let admin = site.role(Role::Admin).await;
    let marketer = site.role(Role::Marketer).await;
    let body = json!({ "query": "select 1" });
    assert_eq!(site.ask(&marketer, "POST", "/api/v1/sql", Some(body.clone())).await.status, StatusCode::OK);
    let users = site.get(&admin, "/api/v1/users").await.json();
    let user = users["users"].as_array().unwrap().iter().find(|u| u["role"] == "marketer").unwrap();
    let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    site.ask(&admin, "PATCH", &path, Some(json!({ "role": "viewer" }))).await;
    site.ask(&marketer, "POST", "/api/v1/sql", Some(body)).await.assert_problem(403);
}

#[tokio::test]
async fn what_admins_do_is_in_the_audit_log_and_the_chain_is_whole() {
    let site = Site::new().await;
    let admin = site.role(Role::Admin).await;
    let made = site.ask(&admin, "POST", "/api/v1/keys", Some(json!({ "name": "shop", "kind": "write" }))).await.json();
    let secret = made["secret"].as_str().unwrap();
    site.ask(&admin, "DELETE", "/api/v1/persons/s1", None).await;
    let log = site.get(&admin, "/api/v1/audit").await.json();
    assert_eq!((&log["intact"], &log["broken_at"]), (&json!(true), &json!(null)));
    let actions: Vec<_> = log["entries"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["person.erased", "key.created", "session.opened"], "newest first");
    let text = log.to_string();
    assert!(!text.contains(secret) && !text.contains("\"s1\""), "neither secrets nor persons: {text}");
    assert!(text.contains("user:one who is admin"));
}
