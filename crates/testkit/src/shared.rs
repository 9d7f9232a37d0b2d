//! Where the optional reference data lies: a folder `shared` beside the project.
//!
//! The data sets are public but not ours to copy, so they stay outside the repository. A test that
//! needs them asks here, returns early when the answer is `None`, and has a sibling on a fixture of
//! our own that always runs.

use std::path::{Path, PathBuf};

/// The project's root, for tests that read its files. Asked when a test runs: a path compiled in
/// would be the one of another clone where two of them share build caches.
#[expect(clippy::disallowed_methods, reason = "only Cargo knows which clone is tested")]
pub fn project_root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package).join("../..")
}

/// The folder with the optional data; prints why a test skips where there is none.
pub fn shared_dir() -> Option<PathBuf> {
    existing(&project_root().join("../shared"), "../shared")
}

/// A reference file, `ingest_money.json`; prints why a test skips where there is none.
pub fn shared_golden(file: &str) -> Option<PathBuf> {
    existing(&shared_dir()?.join("golden").join(file), &format!("../shared/golden/{file}"))
}

/// A file of the optional data, `uci_online_retail/online_retail.csv.gz`; prints why a test skips
/// where there is none.
pub fn shared_data(file: &str) -> Option<PathBuf> {
    existing(&shared_dir()?.join("data").join(file), &format!("../shared/data/{file}"))
}

/// A folder of weights that a test may compare with, `all-MiniLM-L6-v2`: in `../shared/models`, or in
/// `~/.cache/portolan/models`; prints why a test skips where it is in neither.
pub fn optional_model(name: &str) -> Option<PathBuf> {
    let beside = project_root().join("../shared/models").join(name);
    let at_home = std::env::home_dir().map(|home| home.join(".cache/portolan/models").join(name));
    let found = at_home.filter(|path| !beside.exists() && path.exists()).unwrap_or(beside);
    existing(&found, &format!("../shared/models/{name} or ~/.cache/portolan/models/{name}"))
}

#[expect(clippy::print_stderr, reason = "a skipped test has to say so, and tests have no other channel")]
fn existing(path: &Path, shown: &str) -> Option<PathBuf> {
    let found = path.exists();
    if !found {
        eprintln!("skipped: {shown} is absent");
    }
    found.then(|| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_none_and_what_exists_is_found() {
        assert_eq!(existing(Path::new("no/such/folder"), "no/such/folder"), None);
        let here = project_root().join("crates/testkit");
        assert_eq!(existing(&here, "testkit"), Some(here.clone()));
        assert_eq!(optional_model("no such model"), None);
    }
}
