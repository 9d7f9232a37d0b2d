//! Deleting what only earlier snapshots need, so that what was taken out of the lake is gone.
//!
//! Snapshots before the newest, data files that it does not name, and kept copies of files that are no source any more
//! are deleted, in this order: a crash in between leaves files that nobody names, and the next purge takes them. The
//! Delta logs stay: they have names, sizes and counts of rows, no values. Going back in time ends here.

use crate::export::source_files;
use crate::kept::sha256_of;
use crate::parquet_io::Pick;
use crate::raw::RawTable;
use crate::store::blocking;
use crate::table::folder;
use crate::{Lake, LakeError, LakeLock, Snapshot};
use arrow::array::{Array, AsArray};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Deletes what the newest snapshot does not need; gives the number of files.
///
/// # Errors
/// [`LakeError::Storage`] when a file cannot be deleted.
pub async fn purge(lake: &Lake, _lock: &LakeLock) -> Result<u64, LakeError> {
    let snapshot = Snapshot::latest(lake).await?;
    // Reading them first makes sure that the newest snapshot is whole before anything is deleted.
    source_files(lake, &snapshot)?;
    let kept = source_hashes(lake, &snapshot)?;
    let root = lake.root().to_path_buf();
    blocking(move || {
        let newest = snapshot.number;
        let mut deleted = delete(&root.join("snapshots"), &|name| is_earlier(name, newest))?;
        for def in schema::tables() {
            let files: BTreeSet<&str> =
                snapshot.table(def).into_iter().flat_map(|t| &t.files).map(|f| f.path.as_str()).collect();
            let is_old = |name: &str| name.ends_with(".parquet") && !files.contains(name);
            deleted += delete(&root.join(folder(def)), &is_old)?;
        }
        deleted += delete(&root.join("raw/files"), &|name| !kept.contains(sha256_of(name).unwrap_or(name)))?;
        Ok(deleted)
    })
    .await
}

/// Whether a file of the folder of snapshots is one before the newest. Numbers are written with leading zeros, and what
/// is no snapshot is not touched.
fn is_earlier(name: &str, newest: u64) -> bool {
    let number = name.strip_suffix(".json").and_then(|stem| stem.parse::<u64>().ok());
    number.is_some_and(|number| number < newest)
}

/// Under which names the sources of a snapshot are kept.
fn source_hashes(lake: &Lake, snapshot: &Snapshot) -> Result<BTreeSet<String>, LakeError> {
    let mut hashes = BTreeSet::new();
    RawTable::new(lake, snapshot, "sources")?.each(Pick::default(), &mut |batch| {
        let column = batch.column_by_name("sha256").and_then(|c| c.as_string_opt::<i32>());
        let column = column
            .ok_or_else(|| LakeError::Damaged { table: "raw.sources".into(), why: "a column is missing".into() })?;
        hashes.extend((0..column.len()).map(|at| column.value(at).to_owned()));
        Ok(())
    })?;
    Ok(hashes)
}

/// Deletes files of a folder by name; a folder that is not there has none.
fn delete(folder: &Path, is_old: &dyn Fn(&str) -> bool) -> Result<u64, LakeError> {
    let telling = || LakeError::io(folder.display().to_string());
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(telling()(e)),
    };
    let mut old: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry.map_err(telling())?.path();
        if path.is_file() && path.file_name().and_then(|n| n.to_str()).is_some_and(is_old) {
            old.push(path);
        }
    }
    for path in &old {
        std::fs::remove_file(path).map_err(LakeError::io(path.display().to_string()))?;
    }
    Ok(old.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // An earlier form of this compared names, took `18.json` for the newest and deleted every snapshot.
    fn the_newest_snapshot_stays_however_its_number_is_written() {
        assert!(is_earlier("000000000017.json", 18) && is_earlier("9.json", 18));
        assert!(!is_earlier("000000000018.json", 18) && !is_earlier("000000000019.json", 18));
        assert!(!is_earlier("000000000017.json.new", 18) && !is_earlier("notes.json", 18));
    }

    #[test]
    fn only_the_files_that_are_meant_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["000000000001.json", "000000000002.json", "other"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(delete(folder.path(), &|name| is_earlier(name, 2)).unwrap(), 1);
        assert!(folder.path().join("000000000002.json").exists() && folder.path().join("other").exists());
        assert_eq!(delete(&folder.path().join("nothing"), &|_| true).unwrap(), 0);
    }
}
