//! Records as they were fetched last, a file of JSON lines a month, each record once.

use crate::models::put;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A record of a system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// What tells it apart.
    pub(super) id: String,
    /// Month in which it was made, `2026-11`: the file that it is in for ever.
    pub(super) month: String,
    /// When it changed last, as the system says it.
    pub(super) changed: Option<String>,
    /// What is kept of it.
    pub(super) body: Value,
}

/// All records of a source.
pub(super) struct Mirror {
    folder: PathBuf,
}

impl Mirror {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let folder = folder.join("records");
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(Self { folder })
    }

    fn path(&self, month: &str) -> PathBuf {
        self.folder.join(format!("{month}.jsonl"))
    }

    /// Takes records in, each in the place of an older one; says how many were new or changed. They are on the disk when this
    /// returns, and taking them again changes nothing.
    pub(super) fn take(&mut self, records: Vec<Record>) -> Result<u64> {
        let mut by_month: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for record in records {
            by_month.entry(record.month.clone()).or_default().push(record);
        }
        let mut n = 0;
        for (month, fresh) in by_month {
            let mut all: BTreeMap<String, Record> =
                self.records(&month)?.into_iter().map(|r| (r.id.clone(), r)).collect();
            let before = n;
            for record in fresh {
                let known = all.get(&record.id);
                // A page that was fetched before a change and comes again after it is older.
                if known.is_none_or(|known| *known != record && !is_later(&known.changed, &record.changed)) {
                    all.insert(record.id.clone(), record);
                    n += 1;
                }
            }
            if n > before {
                let lines: Vec<String> = all.values().map(serde_json::to_string).collect::<Result<_, _>>()?;
                put(&self.path(&month), (lines.join("\n") + "\n").as_bytes())?;
            }
        }
        Ok(n)
    }

    /// Months that have records.
    pub(super) fn months(&self) -> Result<Vec<String>> {
        let telling = || format!("reading {}", self.folder.display());
        let mut months = Vec::new();
        for entry in std::fs::read_dir(&self.folder).with_context(telling)? {
            let path = entry.with_context(telling)?.path();
            if path.extension().is_some_and(|e| e == "jsonl") {
                months.extend(path.file_stem().map(|s| s.to_string_lossy().into_owned()));
            }
        }
        months.sort();
        Ok(months)
    }

    /// The records of a month, by identifier.
    pub(super) fn records(&self, month: &str) -> Result<Vec<Record>> {
        let path = self.path(month);
        let telling = || format!("reading {}", path.display());
        let text = match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            text => text.with_context(telling)?,
        };
        text.lines().map(|line| serde_json::from_str(line).with_context(telling)).collect()
    }
}

/// The mirrors of all sources below `folder`.
fn mirrors(folder: &Path) -> Result<Vec<Mirror>> {
    let telling = || format!("reading {}", folder.display());
    let sources = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        sources => sources.with_context(telling)?,
    };
    let mut found = Vec::new();
    for source in sources {
        let source = source.with_context(telling)?.path();
        if source.join("records").is_dir() {
            found.push(Mirror::open(&source)?);
        }
    }
    Ok(found)
}

impl Mirror {
    fn lines(&self, month: &str) -> Result<Vec<String>> {
        self.records(month)?.iter().map(|record| Ok(serde_json::to_string(record)?)).collect()
    }
}

/// The records below `folder` that have a name of a person in them.
pub(super) fn about(folder: &Path, has: &dyn Fn(&[u8]) -> bool) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for mirror in mirrors(folder)? {
        for month in mirror.months()? {
            found.extend(mirror.lines(&month)?.into_iter().filter(|line| has(line.as_bytes())));
        }
    }
    Ok(found)
}

/// Takes the records that have a name of a person in them out of every source below `folder`; says how many. A later fetch
/// brings back what the system still has and changes.
pub(super) fn forget(folder: &Path, has: &dyn Fn(&[u8]) -> bool) -> Result<u64> {
    let mut gone = 0;
    for mirror in mirrors(folder)? {
        for month in mirror.months()? {
            let lines = mirror.lines(&month)?;
            let kept: Vec<&String> = lines.iter().filter(|line| !has(line.as_bytes())).collect();
            if kept.len() < lines.len() {
                gone += (lines.len() - kept.len()) as u64;
                let text: String = kept.into_iter().map(|line| format!("{line}\n")).collect();
                put(&mirror.path(&month), text.as_bytes())?;
            }
        }
    }
    Ok(gone)
}

/// Whether a change comes after another: as instants where both are, because an offset changes with the season.
fn is_later(a: &Option<String>, b: &Option<String>) -> bool {
    let instant = |text: &Option<String>| chrono::DateTime::parse_from_rfc3339(text.as_deref()?).ok();
    match (instant(a), instant(b)) {
        (Some(a), Some(b)) => a > b,
        _ => a > b,
    }
}

/// SHA-256 as the lake writes it.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_is_there_once_as_it_was_last_whatever_comes_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut mirror = Mirror::open(dir.path()).unwrap();
        let record = |id: &str, changed: &str, total: i64| Record {
            id: id.to_owned(),
            month: "2026-11".to_owned(),
            changed: Some(changed.to_owned()),
            body: json!({"total": total}),
        };
        assert_eq!(mirror.take(vec![record("b", "1", 1), record("a", "1", 2)]).unwrap(), 2);
        assert_eq!(mirror.take(vec![record("b", "1", 1)]).unwrap(), 0, "the same again");
        assert_eq!(mirror.take(vec![record("b", "3", 5)]).unwrap(), 1);
        assert_eq!(mirror.take(vec![record("b", "2", 4)]).unwrap(), 0, "an older page");
        let found = Mirror::open(dir.path()).unwrap().records("2026-11").unwrap();
        assert_eq!(found, [record("a", "1", 2), record("b", "3", 5)]);
        assert_eq!(mirror.months().unwrap(), ["2026-11"]);
    }

    #[test]
    fn what_has_a_name_in_it_goes_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(forget(&folder.path().join("sync"), &|_| true).unwrap(), 0, "nothing was ever fetched");
        let source = folder.path().join("erp");
        let record = |id: &str, who: &str| Record {
            id: id.to_owned(),
            month: "2026-11".to_owned(),
            changed: None,
            body: serde_json::json!({ "customer": who }),
        };
        Mirror::open(&source).unwrap().take(vec![record("1", "ana-77"), record("2", "bo-12345")]).unwrap();
        let has = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("ana-77");
        assert_eq!(forget(folder.path(), &has).unwrap(), 1);
        assert_eq!(Mirror::open(&source).unwrap().records("2026-11").unwrap(), [record("2", "bo-12345")]);
        assert_eq!(forget(folder.path(), &has).unwrap(), 0);
    }
}
