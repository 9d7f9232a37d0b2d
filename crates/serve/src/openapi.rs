//! The document of the interface: made from the handlers, completed from the table of access.
//!
//! What is the same everywhere is added here once: how to sign in, and the problems that any route may answer with.

use crate::access::{self, Need};
use crate::shared::AppState;
use crate::wire::problem::Problem;
use crate::{ingest, routes};
use std::sync::LazyLock;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::Components;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Portolan",
        description = "Precision marketing for sellers across borders: who buys, what to offer whom, where to sell next.\n\n\
            Errors are `application/problem+json` and say what to do next. Days are `YYYY-MM-DD`, instants RFC 3339 in \
            UTC, markets ISO 3166-1 alpha-2, currencies ISO 4217. Amounts carry their minor units.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    tags(
        (name = "system", description = "For machines that look after the server"),
        (name = "session", description = "Signing in"),
        (name = "overview", description = "What happened and what to do next"),
        (name = "markets", description = "Where to sell"),
        (name = "audience", description = "Who buys"),
        (name = "catalogue", description = "What is sold"),
        (name = "recommend", description = "What to offer whom"),
        (name = "data", description = "Sources, quality, runs, SQL"),
        (name = "live", description = "What happens now"),
        (name = "tracking", description = "Events in"),
        (name = "persons", description = "Rights of a person"),
        (name = "admin", description = "Keys, people, audit log"),
    ),
    components(schemas(Problem)),
)]
struct Document;

/// Routes and document together, so that neither can have what the other has not.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi()).merge(routes::system::routes()).nest("/api/v1", routes::api())
}

/// The whole document.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let mut document = router().merge(ingest::routes()).into_openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.security_schemes.insert("key".to_owned(), bearer.into());
    let basic = SecurityScheme::Http(Http::new(HttpAuthScheme::Basic));
    components.security_schemes.insert("key_as_name".to_owned(), basic.into());
    let visit = ApiKeyValue::with_description("portolan", "The cookie of somebody who signed in to the console");
    components.security_schemes.insert("visit".to_owned(), SecurityScheme::ApiKey(ApiKey::Cookie(visit)).into());
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            complete(operation, method, path);
        }
    }
    document
}

/// The operations of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("GET", item.get.as_mut()),
        ("PUT", item.put.as_mut()),
        ("POST", item.post.as_mut()),
        ("DELETE", item.delete.as_mut()),
        ("PATCH", item.patch.as_mut()),
    ];
    all.into_iter().filter_map(|(method, operation)| operation.map(|o| (method, o)))
}

fn problem(description: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    RefOr::T(ResponseBuilder::new().description(description).content("application/problem+json", content).build())
}

/// What every route may answer, and who may ask it.
fn complete(operation: &mut Operation, method: &str, path: &str) {
    let row = access::ACCESS.iter().find(|a| a.method == method && a.path == path);
    let Some(row) = row else { return };
    let mut add = |status: &str, description: &str| {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| problem(description));
    };
    add("400", "A part of the request cannot be read; `errors` says which");
    add("429", "Too many requests; `Retry-After` says how long to wait");
    add("500", "A fault of ours; `detail` has its number in the log");
    add("503", "Not at the moment");
    if row.need != Need::Open || path.starts_with("/api/") {
        add("401", "Nobody known asks");
        add("403", "Not with this key or role");
        add("404", "There is no such thing");
        add("408", "The request came too slowly, or the answer took too long");
        add("409", "It contradicts what there is, or is not computed yet");
        add("422", "It cannot be done");
    }
    if matches!(method, "POST" | "PUT" | "PATCH") {
        add("413", "Too large");
        add("415", "Not JSON");
    }
    if row.need == Need::Open {
        return;
    }
    let none: [&str; 0] = [];
    let mut ways = vec![SecurityRequirement::new("visit", none)];
    if !row.need.keys().is_empty() {
        ways.push(SecurityRequirement::new("key", none));
        ways.push(SecurityRequirement::new("key_as_name", none));
    }
    operation.security = Some(ways);
    let role = match row.need.role() {
        None => "anybody",
        Some(crate::wire::session::Role::Viewer) => "viewer",
        Some(crate::wire::session::Role::Marketer) => "marketer",
        Some(crate::wire::session::Role::Admin) => "admin",
    };
    let kinds: Vec<_> = row.need.keys().iter().map(|kind| kind.name()).collect();
    let keys = if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") };
    let who = format!("Role: {role}. Keys: {keys}.");
    operation.description = Some(match operation.description.take() {
        Some(text) if !text.is_empty() => format!("{text}\n\n{who}"),
        _ => who,
    });
}

static JSON: LazyLock<String> = LazyLock::new(|| document().to_pretty_json().unwrap_or_default());

/// The document as text.
pub(crate) fn json() -> &'static str {
    &JSON
}

/// The OpenAPI 3.1 document of the interface, as `/openapi.json` serves it and `portolan openapi` prints it.
pub fn openapi_json() -> String {
    JSON.clone()
}
