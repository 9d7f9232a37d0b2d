//! Bodies, paths and headers that nobody honest sends: a 4xx that says what is wrong, never a fault of ours.

use crate::support::{By, Site, request};
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use state::keys::KeyKind;
use state::users::Role;

async fn post(site: &Site, by: &By, path: &str, kind: &str, body: Vec<u8>) -> crate::support::Answered {
    let mut request = request(by, "POST", path, None);
    request.headers_mut().insert(CONTENT_TYPE, kind.parse().unwrap());
    *request.body_mut() = Body::from(body);
    site.send(request).await
}

#[tokio::test]
async fn json_that_is_none_is_refused_with_its_place() {
    let site = Site::new().await;
    let key = site.key(KeyKind::Admin).await;
    let deep = |n: usize| [b"[".repeat(n), b"]".repeat(n)].concat();
    let bodies = [
        Vec::new(),
        b"{".to_vec(),
        b"null".to_vec(),
        b"{\"query\": \"\xff\xfe\"}".to_vec(),
        b"{\"query\": \"\\ud800\"}".to_vec(),
        b"{\"query\": 1}".to_vec(),
        b"{\"query\": \"a\", \"query\": \"b\"}".to_vec(),
        b"{\"query\": \"select 1\", \"limit\": -1}".to_vec(),
        b"{\"query\": \"select 1\", \"limit\": 1e99}".to_vec(),
        deep(200_000),
        [b"{\"query\":".repeat(100_000), b"1".to_vec(), b"}".repeat(100_000)].concat(),
    ];
    for body in bodies {
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let answered = post(&site, &key, "/api/v1/sql", "application/json", body).await;
        answered.assert_problem(400);
        let at = answered.json()["errors"][0]["at"].as_str().unwrap().to_owned();
        assert!(at.starts_with("line "), "{start}: {at}");
    }
    post(&site, &key, "/api/v1/sql", "text/plain", b"{\"query\": \"select 1\"}".to_vec()).await.assert_problem(415);
}

#[tokio::test]
async fn strange_paths_and_queries_are_the_callers_fault() {
    let site = Site::new().await;
    let admin = site.role(Role::Admin).await;
    for path in [
        "/api/v1/products/%ff%fe",
        "/api/v1/products?q=%ff%fe",
        "/api/v1/products?page=0x10",
        "/api/v1/products?page=-1",
        "/api/v1/recommendations?market=DE&min_price=NaN%00",
        "/api/v1/markets/%00/plan.html?lang=xx",
        "/api/v1/segments/a%2Fb/members?page=99999999999",
        "/api/v1/persons/..%2F..%2Fetc",
        "/api/v1/keys/'%20OR%201=1--",
    ] {
        let answered = site.get(&admin, path).await;
        let status = answered.status.as_u16();
        assert!((400..=405).contains(&status), "{path}: {status} {}", answered.json());
        answered.assert_problem(status);
    }
    let injection = site.ask(&admin, "DELETE", "/api/v1/keys/x'%20OR%20'1'='1", None).await;
    injection.assert_problem(404);
}

/// The interface has an address of a picture: nothing goes there.
#[tokio::test]
async fn the_server_never_fetches_what_a_caller_names() {
    let site = Site::new().await;
    let key = site.key(KeyKind::Admin).await;
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let address = format!("http://{}/latest/meta-data", trap.local_addr().unwrap());
    let body = serde_json::json!({ "name": "Air fryer", "image_url": address });
    let put = site.ask(&key, "PUT", "/api/v1/products/P1", Some(body)).await;
    assert!(put.status.is_success(), "{}", put.json());
    site.get(&key, "/api/v1/products/P1/picture").await;
    assert_eq!(trap.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody called");
}

#[tokio::test]
async fn a_field_of_the_query_that_there_is_not_is_refused_wherever_it_stands() {
    let site = Site::new().await;
    let admin = site.role(Role::Admin).await;
    for path in [
        "/api/v1/overview?markets=DE",
        "/api/v1/markets/DE?lang=en",
        "/api/v1/models?x",
        "/api/v1/products?query=kettle",
        "/api/v1/recommendations?market=DE&min_prise=5",
    ] {
        let answered = site.get(&admin, path).await;
        answered.assert_problem(400);
        assert!(answered.json()["next"].as_str().unwrap().contains("this path takes"), "{}", answered.json());
    }
    for path in ["/api/v1/overview?", "/api/v1/markets/DE/plan.html?lang=zh", "/api/v1/products?q=kettle&page=1"] {
        assert_eq!(site.get(&admin, path).await.status, StatusCode::OK, "{path}");
    }
}
