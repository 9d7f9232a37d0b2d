//! The document of the interface is the interface: what it has is served and decided on, and nothing else is.

use crate::support::{By, Site};
use serde_json::Value;
use serve::access::{ACCESS, Need};
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::from_str(&serve::openapi_json()).unwrap()
}

/// Method and path of every operation below `/api` and of the system's.
fn operations(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let guarded = paths.iter().filter(|(path, _)| !path.starts_with("/v1/") && !path.starts_with("/mp/"));
    guarded
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .filter(|(_, path)| path != "/t.js")
        .collect()
}

#[test]
fn every_operation_has_a_row_of_access_and_every_row_an_operation() {
    let documented = operations(&document());
    let decided: BTreeSet<_> = ACCESS.iter().map(|a| (a.method.to_owned(), a.path.to_owned())).collect();
    let undecided: Vec<_> = documented.difference(&decided).collect();
    assert!(undecided.is_empty(), "add them to the table of access: {undecided:?}");
    let missing: Vec<_> = decided.difference(&documented).filter(|(_, path)| !path.starts_with("/docs")).collect();
    assert!(missing.is_empty(), "in the table and not in the document: {missing:?}");
    assert_eq!(decided.len(), ACCESS.len(), "no row twice");
}

#[test]
fn the_document_is_version_three_one_and_every_operation_has_a_name_a_summary_and_problems() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{at}: its name is taken");
            assert!(operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "{at}: a summary");
            let need = ACCESS.iter().find(|a| a.path == path && a.method.eq_ignore_ascii_case(method));
            let open = need.is_none_or(|access| access.need == Need::Open);
            assert_eq!(operation["security"].is_null(), open, "{at}: who may");
            if need.is_some() {
                let problem = &operation["responses"]["429"]["content"]["application/problem+json"]["schema"];
                assert_eq!(problem["$ref"], "#/components/schemas/Problem", "{at}");
            }
        }
    }
    assert!(names.len() > 50);
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = document();
    let mut open = vec![&document];
    let mut n = 0;
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                    n += 1;
                }
                open.extend(map.values());
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    assert!(n > 100, "the walk has to find references: {n}");
}

#[tokio::test]
async fn what_is_not_in_the_document_is_not_there() {
    let site = Site::new().await;
    for path in ["/api/v1/nothing", "/api", "/api/v2/overview", "/api/v1/keys/x/y/z", "/api/v1/../../etc/passwd"] {
        site.get(&By::Nobody, path).await.assert_problem(404);
    }
    site.ask(&By::Nobody, "PUT", "/api/v1/overview", None).await.assert_problem(405);
    site.ask(&By::Nobody, "TRACE", "/api/v1/overview", None).await.assert_problem(405);
}
