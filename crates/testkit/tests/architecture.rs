//! The direction of dependencies, read from Cargo and compared with the table below.
//!
//! Two questions: does a crate name a crate of ours that it may not know, and can a pure crate
//! reach, through anybody, a runtime, a query engine or a network client. The second is asked of
//! `cargo tree` for each crate alone: in the whole workspace features are joined, and the Parquet
//! reader that `intake` uses would seem to need what only the query engine switches on in it.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use testkit::pure::PURE;
use testkit::shared::project_root as root;

/// What each crate of ours may use. A new crate needs a row here and a paragraph in ARCHITECTURE.md.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("schema", &[]),
    ("learn", &["domain"]),
    ("eval", &["domain"]),
    ("sim", &["domain"]),
    ("intake", &["domain", "schema"]),
    ("tracking", &["domain"]),
    ("clean", &["domain", "schema", "learn", "tracking"]),
    ("audience", &["domain", "learn"]),
    ("content", &["domain", "learn"]),
    ("pretrained", &["domain", "content"]),
    ("recommend", &["domain", "learn"]),
    ("protocols", &["domain", "learn", "eval", "audience", "content", "recommend"]),
    ("decide", &["domain", "learn", "audience", "recommend"]),
    ("lake", &["domain", "schema", "intake", "clean"]),
    ("journal", &[]),
    ("state", &["domain"]),
    ("serve", &["domain", "tracking", "journal", "state"]),
    ("app", EVERYBODY),
    ("bench", EVERYBODY),
    ("testkit", EVERYBODY),
];

const EVERYBODY: &[&str] = &[
    "domain",
    "schema",
    "learn",
    "eval",
    "sim",
    "intake",
    "clean",
    "audience",
    "content",
    "pretrained",
    "recommend",
    "protocols",
    "decide",
    "lake",
    "tracking",
    "journal",
    "state",
    "serve",
    "app",
    "testkit",
];

/// What a pure crate must not reach: async runtimes, engines, object stores, HTTP, databases. A name
/// stands for the crate and for its family: `datafusion` is `datafusion-expr` too.
const FORBIDDEN: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "datafusion",
    "deltalake",
    "delta_kernel",
    "object_store",
    "reqwest",
    "hyper",
    "ureq",
    "axum",
    "tonic",
    "sea-orm",
    "sqlx",
    "rusqlite",
];

/// What `cargo metadata` prints, as far as it is asked here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `dev`, `build`, or nothing for a dependency of the library.
    kind: Option<String>,
}

/// The one that runs this test.
#[expect(clippy::disallowed_methods, reason = "only Cargo knows its own path")]
fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn workspace() -> Metadata {
    // Without dependencies nothing is resolved, so nothing is looked up in a registry.
    let said = Command::new(cargo())
        .current_dir(root())
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .output()
        .expect("cargo metadata starts");
    assert!(said.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).expect("cargo metadata prints JSON")
}

fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    MAY_USE.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect()
}

/// One line for each edge between crates of ours that the table does not allow. Tests of a pure
/// crate may use other pure crates and `testkit`, but not what needs the query engine: its tests
/// would then take minutes to build.
fn forbidden_edges(packages: &[Package]) -> Vec<String> {
    let ours: BTreeSet<&str> = packages.iter().map(|p| p.name.as_str()).collect();
    let allowed = allowed();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package.name.as_str();
        let Some(may_use) = allowed.get(name) else {
            wrong.push(format!("{name}: no row in MAY_USE"));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| ours.contains(d.name.as_str())) {
            let other = dependency.name.as_str();
            let fine = match dependency.kind.as_deref() {
                Some("dev") => !PURE.contains(&name) || PURE.contains(&other) || other == "testkit",
                _ => may_use.contains(other),
            };
            if !fine {
                wrong.push(format!("{name} -> {other}"));
            }
        }
    }
    wrong
}

/// Names of all crates that a crate of ours needs at run time, built alone.
fn reached_by(name: &str) -> BTreeSet<String> {
    let tree = Command::new(cargo())
        .current_dir(root())
        .args(["tree", "--offline", "--package", name, "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .output()
        .expect("cargo tree starts");
    assert!(tree.status.success(), "cargo tree -p {name}: {}", String::from_utf8_lossy(&tree.stderr));
    let lines = String::from_utf8(tree.stdout).expect("cargo tree writes UTF-8");
    lines.lines().filter_map(|l| l.split_whitespace().next()).map(str::to_owned).collect()
}

fn is_forbidden(name: &str) -> bool {
    FORBIDDEN.iter().any(|f| {
        name.strip_prefix(f).is_some_and(|rest| rest.is_empty() || rest.starts_with('-') || rest.starts_with('_'))
    })
}

#[test]
fn crates_use_only_what_lies_below_them() {
    let wrong = forbidden_edges(&workspace().packages);
    assert!(wrong.is_empty(), "edges that ARCHITECTURE.md does not allow:\n  {}", wrong.join("\n  "));
}

#[test]
fn no_pure_crate_reaches_a_runtime_an_engine_or_the_network() {
    for name in PURE {
        let reached = reached_by(name);
        assert!(reached.contains(*name), "cargo tree lists {name} itself");
        let wrong: Vec<&String> = reached.iter().filter(|r| is_forbidden(r)).collect();
        assert!(wrong.is_empty(), "{name} reaches {wrong:?}");
    }
}

#[test]
fn the_table_names_existing_crates_and_has_no_circle() {
    let packages = workspace().packages;
    let ours: BTreeSet<&str> = packages.iter().map(|p| p.name.as_str()).collect();
    let allowed = allowed();
    assert_eq!(ours, allowed.keys().copied().collect(), "crates of the workspace and rows of MAY_USE");
    // Rows are written bottom up: whatever a row names stands above it.
    let mut above = BTreeSet::new();
    for (name, uses) in MAY_USE.iter().filter(|(_, uses)| *uses != EVERYBODY) {
        assert!(uses.iter().all(|u| above.contains(u)), "{name} uses a crate that stands below it in MAY_USE");
        above.insert(*name);
    }
}

#[test]
fn a_crates_folder_has_its_name_and_takes_the_workspaces_lints() {
    for package in workspace().packages {
        let folder = package.manifest_path.parent().expect("a manifest lies in a folder");
        let shown = folder.display();
        assert_eq!(folder.file_name(), Some(package.name.as_ref()), "{shown}");
        assert_eq!(
            folder.parent().and_then(|p| p.file_name()),
            Some("crates".as_ref()),
            "{shown} is not flat in crates/"
        );
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest is readable");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}: no [lints] workspace = true", package.name);
    }
}

#[test]
fn a_forbidden_name_stands_for_its_family_and_not_for_a_namesake() {
    for name in ["tokio", "datafusion-expr", "deltalake-core", "hyper-util", "sea-orm"] {
        assert!(is_forbidden(name), "{name}");
    }
    for name in ["hyperloglog", "axumatic", "arrow-array", "rust_decimal"] {
        assert!(!is_forbidden(name), "{name}");
    }
}
