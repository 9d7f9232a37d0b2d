//! Writes: once under an idempotency key, nothing that a caller may not set, limits of size.

use crate::support::{By, Site, request, roomy};
use axum::body::Body;
use axum::http::StatusCode;
use serde_json::{Value, json};
use serve::ServeConfig;
use serve::config::Rate;
use state::keys::KeyKind;
use state::users::Role;

async fn put(site: &Site, by: &By, key: &str, body: Value) -> crate::support::Answered {
    let mut request = request(by, "PUT", "/api/v1/stock", Some(body));
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    site.send(request).await
}

fn stock(quantity: i64) -> Value {
    json!({ "levels": [{ "product_id": "P1", "quantity": quantity }] })
}

#[tokio::test]
async fn a_write_that_is_sent_twice_is_done_once() {
    let site = Site::new().await;
    let (one, two) = (site.key(KeyKind::Admin).await, site.key(KeyKind::Admin).await);
    let first = put(&site, &one, "w1", stock(4)).await;
    let again = put(&site, &one, "w1", stock(4)).await;
    assert_eq!((first.status, again.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(first.bytes, again.bytes);
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    assert_eq!(site.answers.writes(), 1);
    put(&site, &one, "w1", stock(5)).await.assert_problem(422);
    assert_eq!(put(&site, &two, "w1", stock(5)).await.status, StatusCode::OK, "the key of another caller");
    assert_eq!(site.answers.writes(), 2);
    put(&site, &one, &"x".repeat(201), stock(5)).await.assert_problem(400);
}

#[tokio::test]
async fn what_a_caller_may_not_set_is_refused_and_secrets_are_not_shown() {
    let site = Site::new().await;
    let admin = site.role(Role::Admin).await;
    let cases = [
        ("POST", "/api/v1/keys", json!({ "name": "a", "kind": "read", "id": "key_mine" })),
        ("POST", "/api/v1/keys", json!({ "name": "a", "kind": "read", "hash": "00" })),
        ("POST", "/api/v1/users", json!({ "name": "a", "role": "viewer", "password": "long enough here", "id": "x" })),
        ("PUT", "/api/v1/products/P1", json!({ "name": "a", "product_id": "P2" })),
        ("POST", "/api/v1/sql", json!({ "query": "select 1", "timeout": 0 })),
    ];
    for (method, path, body) in cases {
        let answered = site.ask(&admin, method, path, Some(body)).await;
        answered.assert_problem(400);
        let at = answered.json()["errors"][0]["problem"].as_str().unwrap().to_owned();
        assert!(at.contains("unknown field"), "{path}: {at}");
    }
    let made = site.ask(&admin, "POST", "/api/v1/keys", Some(json!({ "name": "a", "kind": "read" }))).await.json();
    let (secret, users) = (made["secret"].as_str().unwrap(), site.get(&admin, "/api/v1/users").await);
    let keys = site.get(&admin, "/api/v1/keys").await;
    assert!(!String::from_utf8_lossy(&keys.bytes).contains(secret), "shown once");
    for shown in [keys, users] {
        let text = String::from_utf8(shown.bytes).unwrap();
        assert!(!text.contains("hash") && !text.contains("argon2"), "{text}");
    }
}

#[tokio::test]
async fn weak_passwords_and_taken_names_say_what_would_be_right() {
    let site = Site::new().await;
    let admin = site.role(Role::Admin).await;
    let user = |name: &str, password: &str| Some(json!({ "name": name, "role": "viewer", "password": password }));
    site.ask(&admin, "POST", "/api/v1/users", user("bo", "password1234")).await.assert_problem(400);
    let fine = site.ask(&admin, "POST", "/api/v1/users", user("bo", "a sentence of bread")).await;
    assert_eq!(fine.status, StatusCode::CREATED);
    site.ask(&admin, "POST", "/api/v1/users", user("BO", "a sentence of bread")).await.assert_problem(409);
    let users = site.get(&admin, "/api/v1/users").await.json();
    let id = |name: &str| {
        let all = users["users"].as_array().unwrap();
        all.iter().find(|u| u["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let last = format!("/api/v1/users/{}", id("one who is admin"));
    site.ask(&admin, "DELETE", &last, None).await.assert_problem(409);
    let gone = site.ask(&admin, "DELETE", &format!("/api/v1/users/{}", id("bo")), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_is_too_much_is_refused() {
    let config = ServeConfig { body_bytes: 1_000, picture_bytes: 2_000, ..roomy() };
    let site = Site::with(config).await;
    let key = site.key(KeyKind::Admin).await;
    let long = json!({ "query": "select 1".to_owned() + &" ".repeat(1_000) });
    site.ask(&key, "POST", "/api/v1/sql", Some(long)).await.assert_problem(413);
    let picture = |n: usize| {
        let mut request = request(&key, "POST", "/api/v1/products/search-by-picture", None);
        let mut bytes = b"GIF89a".to_vec();
        bytes.resize(n, 0);
        *request.body_mut() = Body::from(bytes);
        request
    };
    assert_eq!(site.send(picture(2_000)).await.status, StatusCode::OK);
    site.send(picture(2_001)).await.assert_problem(413);
    for path in [
        "/api/v1/recommendations?market=DE&n=101",
        "/api/v1/recommendations?market=DE&n=0",
        "/api/v1/recommendations?market=DE&diversity=1.5",
        "/api/v1/recommendations?market=DE&n=4294967296",
        "/api/v1/recommendations?market=DE&nn=4",
    ] {
        site.get(&key, path).await.assert_problem(400);
    }
    let many = json!({ "market": "DE", "candidates": vec!["P"; 100] });
    assert_eq!(site.ask(&key, "POST", "/api/v1/recommendations/rerank", Some(many)).await.status, StatusCode::OK);
    site.ask(&key, "POST", "/api/v1/sql", Some(json!({ "query": "select 1", "limit": 10_001 })))
        .await
        .assert_problem(400);
}

#[tokio::test]
async fn callers_that_ask_too_much_are_told_when_to_come_again() {
    let rate = Rate { per_second: 1, burst: 3 };
    let config = ServeConfig { per_key: rate, per_address: rate, ..roomy() };
    let site = Site::with(config).await;
    let (one, two) = (site.key(KeyKind::Read).await, site.key(KeyKind::Read).await);
    // A bucket fills up while a slow machine answers: what counts is that it empties.
    async fn until_told(site: &Site, by: &By, expected: u16) -> crate::support::Answered {
        for i in 0..200 {
            let answered = site.get(by, "/api/v1/overview").await;
            if answered.status == StatusCode::TOO_MANY_REQUESTS {
                assert!(i >= 3, "the burst passes: {i}");
                return answered;
            }
            assert_eq!(answered.status.as_u16(), expected);
        }
        panic!("200 requests at once are too many");
    }
    let told = until_told(&site, &one, 200).await;
    told.assert_problem(429);
    assert_eq!(told.header("retry-after"), "1");
    assert_eq!(site.get(&two, "/api/v1/overview").await.status, StatusCode::OK, "each key has its own");
    until_told(&site, &By::Key("pt_read_guess".to_owned()), 401).await.assert_problem(429);
}

#[tokio::test]
async fn consents_are_exported_and_erased_with_the_person() {
    use state::consent::{Consent, ConsentState};
    let site = Site::new().await;
    let admin = site.role(Role::Admin).await;
    let purpose = "marketing_email".to_owned();
    let consent = Consent { purpose, state: ConsentState::Granted, at: site.now(), source: "form 3".to_owned() };
    for person in ["s1", "s2"] {
        site.store.record_consent(person, &consent).await.unwrap();
    }
    let export = site.get(&admin, "/api/v1/persons/s1").await.json();
    assert_eq!(export["tables"][0]["table"]["rows"][0][0], "marketing_email", "{export}");
    let erasure = site.ask(&admin, "DELETE", "/api/v1/persons/s1", None).await.json();
    let from = erasure["erased"].as_array().unwrap().iter().find(|e| e["place"] == "state: consents").unwrap();
    assert_eq!(from["rows"], 1);
    assert_eq!(site.store.consents("s1").await.unwrap(), []);
    assert_eq!(site.store.consents("s2").await.unwrap().len(), 1, "others keep theirs");
}
