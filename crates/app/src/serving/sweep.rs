//! What an erasure reaches beside the lake: files of the workspace that have a person's names or words in them.
//!
//! Pages of plans are deleted, because they quote people; what shops sent, lines of runs and damaged segments of the log
//! lose what names the person. Files of somebody else that have a name still are told, not touched: the program did
//! not write them. A name is looked for as a word of its own, and only where it has [`SHORTEST`] bytes: shorter ones, such
//! as `17`, stand for anything.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Names that are shorter are not looked for in files.
const SHORTEST: usize = 5;
/// Files of others that are larger are not read through.
const LARGEST: u64 = 64 << 20;
/// Folders and files that are the program's own and dealt with elsewhere.
const OWN: [&str; 10] = [
    "lake",
    "models",
    "exposures",
    "journal",
    "updates",
    "plans",
    "runs.json",
    crate::undone::FILE,
    crate::sync::FOLDER,
    ".erasing",
];

/// The names that are looked for.
pub(super) struct Names(Vec<Vec<u8>>);

impl Names {
    /// Of all names those that are long enough to mean one person.
    pub(super) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let long = names.into_iter().map(str::trim).filter(|name| name.len() >= SHORTEST);
        Self(long.map(|name| name.as_bytes().to_vec()).collect())
    }

    /// Whether one of them stands in the bytes as a word of its own.
    pub(super) fn are_in(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|name| stands_in(bytes, name))
    }
}

fn stands_in(bytes: &[u8], name: &[u8]) -> bool {
    let Some((first, rest)) = name.split_first() else { return false };
    let is_part = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    let mut from = 0;
    while let Some(found) = bytes[from..].iter().position(|b| b == first) {
        let at = from + found;
        let end = at + name.len();
        if bytes[at + 1..].starts_with(rest)
            && !is_part(at.checked_sub(1).and_then(|before| bytes.get(before)))
            && !is_part(bytes.get(end))
        {
            return true;
        }
        from = at + 1;
    }
    false
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let telling = || format!("reading {}", folder.display());
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.with_context(telling)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        found.push(entry.with_context(telling)?.path());
    }
    found.sort();
    Ok(found)
}

fn delete(path: &Path) -> Result<()> {
    std::fs::remove_file(path).with_context(|| format!("deleting {}", path.display()))
}

/// Deletes the pages that `portolan plan` wrote into the workspace; says how many.
pub(super) fn plans(root: &Path) -> Result<u64> {
    let mut gone = 0;
    for path in files(&root.join("plans"))? {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let is_ours = ["plan-", "people-", "markets-", "index"].iter().any(|start| name.starts_with(start));
        if is_ours && [".html", ".json"].iter().any(|end| name.ends_with(end)) {
            delete(&path)?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// Deletes damaged segments of the log with a name in them. Their whole records went into the lake long ago.
pub(super) fn damaged(root: &Path, names: &Names) -> Result<u64> {
    let mut gone = 0;
    for path in files(&root.join(super::intake::FOLDER))? {
        let is_damaged = path.extension().is_some_and(|e| e == "damaged");
        if is_damaged && names.are_in(&std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?) {
            delete(&path)?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// Files of the program beside its tables that have a name in them: pages of plans, and damaged segments of the log.
pub(super) fn of_ours(root: &Path, names: &Names) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["plans", super::intake::FOLDER] {
        for path in files(&root.join(folder))? {
            let is_one = folder == "plans" || path.extension().is_some_and(|e| e == "damaged");
            if is_one
                && path.is_file()
                && names.are_in(&std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?)
            {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// Files in the workspace that the program did not write and that have a name in them.
pub(super) fn of_others(root: &Path, names: &Names) -> Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for path in files(&folder)? {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let is_own = folder == root && (OWN.contains(&name) || name.starts_with("state.db"));
            let kind = std::fs::symlink_metadata(&path).with_context(|| format!("reading {}", path.display()))?;
            if is_own || kind.is_symlink() {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
            } else if kind.len() <= LARGEST {
                let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
                if names.are_in(&bytes) {
                    found.push(path);
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_word_of_its_own() {
        let names = Names::new(["ana-77", "17", "zoë.k"]);
        for text in ["ana-77", "for \"ana-77\", thanks", "xana-77 and ana-77", "to zoë.k"] {
            assert!(names.are_in(text.as_bytes()), "{text}");
        }
        for text in ["ana-778", "banana-77", "17 pots", "ana-7", ""] {
            assert!(!names.are_in(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn pages_go_and_files_of_others_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (path, text) in [
            ("plans/plan-DE-en.html", "a quote"),
            ("plans/people-DE-zh.html", "a quote"),
            ("plans/notes.html", "of somebody"),
            ("journal/00.damaged", "ana-77"),
            ("journal/01.damaged", "bo"),
            ("export/list.csv", "ana-77,DE"),
            ("lake/x", "ana-77"),
        ] {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::fs::write(root.join(path), text).unwrap();
        }
        let names = Names::new(["ana-77"]);
        assert_eq!((plans(root).unwrap(), damaged(root, &names).unwrap()), (2, 1));
        assert!(root.join("plans/notes.html").exists() && root.join("journal/01.damaged").exists());
        assert_eq!(of_others(root, &names).unwrap(), [root.join("export/list.csv")]);
    }
}
