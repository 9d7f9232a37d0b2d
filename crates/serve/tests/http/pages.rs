//! Pages and what surrounds every answer: security headers, the page of the interface, the console's place.

use crate::support::{By, Site, request};
use axum::http::StatusCode;
use state::keys::KeyKind;
use state::users::Role;

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let site = Site::new().await;
    let admin = site.role(Role::Admin).await;
    for path in ["/", "/health", "/docs/", "/api/v1/overview", "/api/v1/nothing", "/assets/none.js", "/metrics"] {
        let answered = site.get(&admin, path).await;
        let csp = answered.header("content-security-policy");
        assert!(csp.contains("default-src 'none'") && csp.contains("frame-ancestors 'none'"), "{path}: {csp}");
        assert!(!csp.contains("unsafe"), "{path}: {csp}");
        assert_eq!(answered.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answered.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answered.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answered.header("server"), "", "{path}: no version to look up holes for");
        if path.starts_with("/api/") {
            assert_eq!(answered.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn the_page_of_the_interface_needs_no_network_and_no_inline_code() {
    let site = Site::new().await;
    let page = String::from_utf8(site.get(&By::Nobody, "/docs/").await.bytes).unwrap();
    assert!(!page.contains("style=") && !page.contains("<style") && !page.contains("onload="), "{page}");
    let mut files = 0;
    for part in
        page.split(['"']).filter(|part| part.ends_with(".js") || part.ends_with(".css") || part.ends_with(".png"))
    {
        let file = site.get(&By::Nobody, &format!("/docs/{part}")).await;
        assert_eq!(file.status, StatusCode::OK, "{part}");
        assert!(!file.bytes.is_empty());
        files += 1;
    }
    assert!(files >= 4 && !page.contains("http"), "all from here: {page}");
    for script in page.split("<script").skip(1) {
        assert!(script.starts_with(" src=\"") && script.contains("\"></script>"), "no inline script: {script}");
    }
    let other = site.get(&By::Nobody, "/docs/..%2F..%2FCargo.toml").await;
    other.assert_problem(404);
}

#[tokio::test]
async fn unknown_paths_are_pages_of_the_console_and_missing_files_are_missing() {
    let site = Site::new().await;
    for path in ["/", "/markets/DE", "/setup"] {
        let page = site.get(&By::Nobody, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
    }
    site.get(&By::Nobody, "/assets/index-00000000.js").await.assert_problem(404);
    site.ask(&By::Nobody, "POST", "/markets/DE", None).await.assert_problem(404);
}

#[tokio::test]
async fn a_launch_plan_is_a_page_and_a_picture_is_a_picture() {
    let site = Site::new().await;
    let key = site.key(KeyKind::Read).await;
    let plan = site.get(&key, "/api/v1/markets/DE/plan.html?lang=zh").await;
    assert!(plan.header("content-type").starts_with("text/html"));
    let csp = plan.header("content-security-policy");
    assert!(csp.contains("default-src 'none'") && !csp.contains("script-src"), "styles of its own, no script: {csp}");
    assert!(String::from_utf8(plan.bytes).unwrap().contains("lang=\"zh\""));
    let picture = site.get(&key, "/api/v1/products/P1/picture").await;
    assert_eq!(picture.header("content-type"), "image/gif");
}

#[tokio::test]
async fn metrics_name_routes_and_never_ids() {
    let site = Site::new().await;
    let key = site.key(KeyKind::Admin).await;
    site.get(&key, "/api/v1/persons/s1").await;
    site.get(&key, "/api/v1/persons/somebody@example.com").await;
    site.get(&key, "/wp-login.php").await;
    let text = String::from_utf8(site.get(&key, "/metrics").await.bytes).unwrap();
    let line = "portolan_http_requests_total{method=\"GET\",route=\"/api/v1/persons/{id}\",status=\"4xx\"} 1";
    assert!(text.lines().any(|l| l == line), "{text}");
    assert!(!text.contains("somebody") && !text.contains("wp-login"), "{text}");
}

#[tokio::test]
async fn answers_are_compressed_when_asked_and_large() {
    let site = Site::new().await;
    let mut request = request(&By::Nobody, "GET", "/openapi.json", None);
    request.headers_mut().insert("accept-encoding", "gzip".parse().unwrap());
    let packed = site.send(request).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let plain = site.get(&By::Nobody, "/openapi.json").await;
    assert!(packed.bytes.len() * 4 < plain.bytes.len());
}
