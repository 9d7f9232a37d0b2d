//! `/docs`: the interface to browse and try. Its script and styles are in the binary, so it works without a network;
//! page and first script are our own, because the usual ones carry inline code that our headers forbid.

use crate::problem::Refusal;
use crate::shared::AppState;
use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use std::sync::Arc;
use utoipa_swagger_ui::{Config, serve};

const PAGE: &str = include_str!("../assets/docs.html");
const START: &str = include_str!("../assets/docs.js");
const STYLE: &str = include_str!("../assets/docs.css");

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", get(|| async { ([(CONTENT_TYPE, "text/html; charset=utf-8")], PAGE) }))
        .route("/docs/{file}", get(file))
}

async fn file(Path(name): Path<String>) -> Result<Response, Refusal> {
    let own = match name.as_str() {
        "start.js" => Some(("text/javascript; charset=utf-8", START)),
        "start.css" => Some(("text/css; charset=utf-8", STYLE)),
        _ => None,
    };
    if let Some((kind, text)) = own {
        return Ok(([(CONTENT_TYPE, kind)], text).into_response());
    }
    let unknown = || Refusal::not_found(format!("no file {name:?} of the interface page"), "open /docs/");
    if !matches!(name.as_str(), "swagger-ui.css" | "swagger-ui-bundle.js" | "favicon-32x32.png") {
        return Err(unknown());
    }
    let found = serve(&name, Arc::new(Config::from("/openapi.json"))).map_err(Refusal::internal)?;
    let found = found.ok_or_else(unknown)?;
    let headers = [(CONTENT_TYPE, found.content_type.clone()), (CACHE_CONTROL, "max-age=86400".to_owned())];
    Ok((headers, found.bytes.into_owned()).into_response())
}
