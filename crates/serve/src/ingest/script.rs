//! `GET /t.js`: the browser script.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// The script as it is served.
pub const SCRIPT: &str = include_str!("../../assets/t.js");

static TAG: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::digest(SCRIPT.as_bytes());
    let hex: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
    format!("\"{hex}\"")
});

/// The browser script. Pages of any site may load it.
#[utoipa::path(
    get, path = "/t.js", tag = "tracking",
    responses((status = 200, description = "The script", content_type = "text/javascript"), (status = 304, description = "It is the one you have"))
)]
pub(super) async fn script(headers: HeaderMap) -> Response {
    let same = headers.get(IF_NONE_MATCH).and_then(|v| v.to_str().ok()).is_some_and(|v| v == *TAG);
    let status = if same { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = (status, if same { "" } else { SCRIPT }).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    if let Ok(tag) = HeaderValue::from_str(&TAG) {
        headers.insert(ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    #[test]
    fn the_script_is_below_four_kilobytes_on_the_wire() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(SCRIPT.as_bytes()).unwrap();
        let n = packed.finish().unwrap().len();
        assert!(n < 4_096, "{n} bytes");
    }

    #[test]
    fn the_script_knows_no_cookie() {
        assert!(!SCRIPT.contains("document.cookie") && !SCRIPT.contains("doc.cookie"));
    }
}
