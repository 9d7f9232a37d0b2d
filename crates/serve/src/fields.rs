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

/// Names and values of a query, as the framework reads them: escapes decoded, a plus for a blank. Whoever looks at a query
/// before the route does has to look through these, so that `%6Darket` is the same field to both.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&unescaped(text)).into_owned()
}

/// The bytes that a part of a query stands for: escapes read, a plus for a blank. What is no escape stays as it is.
pub(crate) fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut read = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digits = [ahead.next(), ahead.next()].map(|d| d.and_then(|d| char::from(d).to_digit(16)));
        match (byte, digits) {
            (b'%', [Some(high), Some(low)]) => {
                read.push(u8::try_from(high * 16 + low).unwrap_or_default());
                bytes = ahead;
            }
            (b'+', _) => read.push(b' '),
            _ => read.push(byte),
        }
    }
    read
}

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
    let Some((unknown, _)) = pairs(query).find(|(name, _)| !known.contains(name)) else { return Ok(()) };
    let next = if known.is_empty() {
        "this path takes no query".to_owned()
    } else {
        format!("this path takes {}", known.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    };
    Err(Refusal::bad_request(format!("the query has a field that there is not: `{unknown}`"), next.clone())
        .at("query", next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_read_as_the_framework_reads_them() {
        let read: Vec<_> = pairs("%6Darket=DE&q=%E6%B0%B4+a&&x&y%=1&z%zz=%").collect();
        let want = [("market", "DE"), ("q", "水 a"), ("x", ""), ("y%", "1"), ("z%zz", "%")];
        assert_eq!(read, want.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }
}
