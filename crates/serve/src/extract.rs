//! Reading requests: the framework's rejections in our shape, with where and what would be right.
//!
//! JSON is read with a limit of depth by the parser (128) and of bytes by the router; the error names the place.

use crate::problem::Refusal;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

/// Parameters of the path.
#[derive(Clone, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(why) => Err(Refusal::bad_request(why.body_text(), "see /openapi.json for this path").at("path", "")),
        }
    }
}

/// Parameters of the query.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        if !is_utf8(parts.uri.query().unwrap_or_default()) {
            let next = "write text as UTF-8, then escape it";
            return Err(Refusal::bad_request("a parameter of the query is not UTF-8", next).at("query", next));
        }
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(why) => {
                let text = why.body_text();
                let next = "see /openapi.json for the parameters of this path";
                Err(Refusal::bad_request("a parameter of the query is wrong", next).at("query", text))
            }
        }
    }
}

/// Whether a query is UTF-8 once its escapes are read. The framework's parser would put a mark of its own in the
/// place of what is not, and somebody would search for that.
fn is_utf8(query: &str) -> bool {
    std::str::from_utf8(&crate::fields::unescaped(query)).is_ok()
}

/// The languages that a reader wants, as the header says them; several headers are one list (RFC 9110, section 5.3).
#[derive(Clone, Debug, Default)]
pub struct AcceptLanguage(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for AcceptLanguage {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        let mut all = Vec::new();
        for value in parts.headers.get_all(ACCEPT_LANGUAGE) {
            let text = value.to_str().map_err(|_| {
                let next = "write it as de-AT,de;q=0.9,en;q=0.5";
                Refusal::bad_request("the header Accept-Language has bytes that are no letters", next)
                    .at("Accept-Language", next)
            })?;
            all.push(text);
        }
        Ok(Self((!all.is_empty()).then(|| all.join(", "))))
    }
}

/// A JSON body.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let is_json = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|v| {
            let kind = v.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
        });
        if !is_json {
            return Err(Refusal::not_json());
        }
        let Body(bytes) = Body::from_request(request, state).await?;
        parse(&bytes).map(Self)
    }
}

/// Reads JSON and names the place of what is wrong.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|why| {
        let at = format!("line {}, column {}", why.line(), why.column());
        Refusal::bad_request("the body is not the JSON that is expected", "see /openapi.json for its shape")
            .at(at, why.to_string())
    })
}

/// A body as bytes, within the limits of the router.
#[derive(Clone, Debug)]
pub struct Body(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        Bytes::from_request(request, state).await.map(Self).map_err(|why: BytesRejection| {
            if why.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let next = "send it in parts";
                return Refusal::too_large_body(next);
            }
            Refusal::bad_request("the body ended early or is not readable", "send it again").at("body", why.body_text())
        })
    }
}

/// A body of up to `limit` bytes, for a path that takes more than the others.
///
/// # Errors
/// 413 above the limit, 400 when the body ends early.
pub(crate) async fn body_up_to(request: Request, limit: usize) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::too_large_body(&format!("send at most {limit} bytes"));
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|n| n > limit) {
        return Err(too_large());
    }
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(why) if why.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Refusal::bad_request("the body ended early", "send it again")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_have_to_be_utf8() {
        for fine in ["", "a=b", "q=%E6%B0%B4", "q=%", "q=%4", "q=%zz", "q=水"] {
            assert!(is_utf8(fine), "{fine}");
        }
        for wrong in ["q=%ff", "q=%E6%B0", "a=b&q=%C3("] {
            assert!(!is_utf8(wrong), "{wrong}");
        }
    }
}
