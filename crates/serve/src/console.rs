//! The console: files that were built into the binary. Names with a hash in them never change, so a browser may keep
//! them; an unknown path is a page of the console, which reads the path itself.

use crate::problem::Refusal;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../console/dist"]
#[allow_missing = true]
struct Files;

/// Shown when the binary was made without the console.
const NOT_BUILT: &str = include_str!("../assets/no-console.html");

/// Answers what no route answers.
pub(crate) async fn fallback(request: Request) -> Response {
    let path = request.uri().path();
    if !matches!(*request.method(), Method::GET | Method::HEAD) || is_machine(path) {
        let next = "see /openapi.json for the paths there are";
        return Refusal::not_found(format!("nothing is at {path}"), next).into_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(found) = Files::get(name).filter(|_| !name.is_empty()) {
        return file(name, found, request.headers());
    }
    // A missing script or picture must not be answered with a page.
    let last = name.rsplit('/').next().unwrap_or_default();
    let wants_page = request
        .headers()
        .get(ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"));
    if last.contains('.') || !wants_page {
        return Refusal::not_found(format!("there is no file {name:?}"), "open the console at /").into_response();
    }
    match Files::get("index.html") {
        Some(index) => file("index.html", index, request.headers()),
        None => {
            let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")];
            (StatusCode::OK, headers, NOT_BUILT).into_response()
        }
    }
}

/// Paths that machines ask: never a page.
fn is_machine(path: &str) -> bool {
    ["/api/", "/v1/", "/mp/", "/docs/"].iter().any(|prefix| path.starts_with(prefix)) || path == "/api"
}

/// Whether a name has a hash in it, as the bundler writes them: `assets/index-B3fQ9x1a.js`.
fn is_hashed(name: &str) -> bool {
    let stem = name.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default();
    name.starts_with("assets/") && stem.rsplit('-').next().is_some_and(|hash| hash.len() >= 8 && hash != stem)
}

fn file(name: &str, found: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", state::secret::hex(&found.metadata.sha256_hash()[..16]));
    let caching = if is_hashed(name) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, kind_of(name))], found.data.into_owned()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        assert!(is_hashed("assets/index-B3fQ9x1a.js") && is_hashed("assets/chart-map-Zk1_29ab.css"));
        for name in ["index.html", "favicon.svg", "assets/logo.svg", "other/index-B3fQ9x1a.js"] {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
