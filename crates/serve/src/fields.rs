//! Fields of a query that there are not: refused on every path under `/api`, so that a misspelt limit is not silently left out.
//!
//! What there is says the document of the interface; a path that reads no query has none.

use crate::access::Access;
use crate::openapi::{document, operations};
use crate::problem::Refusal;
use axum::http::Uri;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Parameter, ParameterIn};

static KNOWN: LazyLock<HashMap<(&'static str, String), BTreeSet<String>>> = LazyLock::new(|| {
    let mut known = HashMap::new();
    for (path, item) in &mut document().paths.paths {
        for (method, operation) in operations(item) {
            let field = |parameter: &RefOr<Parameter>| match parameter {
                RefOr::T(field) if field.parameter_in == ParameterIn::Query => Some(field.name.clone()),
                RefOr::T(_) | RefOr::Ref(_) => None,
            };
            let fields = operation.parameters.iter().flatten().filter_map(field);
            known.insert((method, path.clone()), fields.collect());
        }
    }
    known
});

/// Refuses a query with a field that the path has not.
///
/// # Errors
/// 400 with the name, and those that there are.
pub(crate) fn check(access: &Access, uri: &Uri) -> Result<(), Refusal> {
    let query = uri.query().unwrap_or_default();
    if query.is_empty() || !access.path.starts_with("/api/") {
        return Ok(());
    }
    let Some(known) = KNOWN.get(&(access.method, access.path.to_owned())) else { return Ok(()) };
    let mut names = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap_or(pair));
    let Some(unknown) = names.find(|name| !known.contains(*name)) else { return Ok(()) };
    let next = if known.is_empty() {
        "this path takes no query".to_owned()
    } else {
        format!("this path takes {}", known.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    };
    Err(Refusal::bad_request(format!("the query has a field that there is not: `{unknown}`"), next.clone())
        .at("query", next))
}
