//! Links between a visitor and a shopper that somebody took back on the server: `undone-links.json` in the workspace.
//!
//! The server knows a link by the event that made it, so that the same event does not make it again; the lake knows the
//! visitor, who from the next cleaning on joins no shopper (as with `undone_links` in portolan.toml). An erasure removes
//! the entries of the person.

use crate::models::put;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Its name in a workspace.
pub(crate) const FILE: &str = "undone-links.json";

/// A link that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoneLink {
    /// Number of the link, 32 hexadecimal digits.
    pub(crate) link: String,
    /// The visitor.
    pub(crate) visitor: String,
    /// The shopper whom the visitor was taken for.
    pub(crate) shopper: String,
    /// When it was taken back, microseconds since 1970.
    pub(crate) at: i64,
}

/// All of them, in the order in which they were taken back.
pub(crate) fn read(root: &Path) -> Result<Vec<UndoneLink>> {
    let path = root.join(FILE);
    let telling = || format!("reading {}", path.display());
    match std::fs::read(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        bytes => serde_json::from_slice(&bytes.with_context(telling)?).with_context(telling),
    }
}

/// Adds one; the file is on the disk when this returns.
pub(crate) fn add(root: &Path, link: UndoneLink) -> Result<()> {
    let mut all = read(root)?;
    all.retain(|known| known.link != link.link);
    all.push(link);
    put(&root.join(FILE), &serde_json::to_vec_pretty(&all)?)
}

impl UndoneLink {
    fn is_about(&self, names: &[String]) -> bool {
        names.contains(&self.visitor) || names.contains(&self.shopper)
    }
}

/// Those that name a person, as lines of JSON.
pub(crate) fn about(root: &Path, names: &[String]) -> Result<Vec<String>> {
    let all = read(root)?;
    all.iter().filter(|link| link.is_about(names)).map(|link| Ok(serde_json::to_string(link)?)).collect()
}

/// Removes those that name a person; says how many.
pub(crate) fn forget(root: &Path, names: &[String]) -> Result<u64> {
    let mut all = read(root)?;
    let before = all.len();
    all.retain(|link| !link.is_about(names));
    if all.len() < before {
        put(&root.join(FILE), &serde_json::to_vec_pretty(&all)?)?;
    }
    Ok((before - all.len()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_back_is_there_after_a_restart_and_an_erasure_removes_it() {
        let folder = tempfile::tempdir().unwrap();
        let link = |n: u8, visitor: &str| UndoneLink {
            link: format!("{n:032x}"),
            visitor: visitor.to_owned(),
            shopper: "anna".to_owned(),
            at: 1,
        };
        assert_eq!(read(folder.path()).unwrap(), []);
        for undone in [link(1, "tablet"), link(2, "phone"), link(1, "tablet")] {
            add(folder.path(), undone).unwrap();
        }
        assert_eq!(read(folder.path()).unwrap(), [link(2, "phone"), link(1, "tablet")]);
        assert_eq!(forget(folder.path(), &["tablet".to_owned()]).unwrap(), 1);
        assert_eq!(read(folder.path()).unwrap(), [link(2, "phone")]);
        std::fs::write(folder.path().join(FILE), "[{").unwrap();
        let said = format!("{:#}", read(folder.path()).unwrap_err());
        assert!(said.contains(FILE), "{said}");
    }
}
