//! A snapshot pins one version of every table. It is the unit that readers see and that time
//! travel goes back to.
//!
//! `snapshots/<number>.json` is written once, with put-if-absent, after every table's commit; the
//! highest number is the current one.

use crate::table::{FileEntry, files_of};
use crate::{Lake, LakeError};
use domain::{Currency, Day};
use object_store::path::Path as StorePath;
use object_store::{PutMode, PutOptions, PutPayload};
use schema::{TableDef, Zone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const FOLDER: &str = "snapshots";

/// A table as a snapshot sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableVersion {
    /// Version in the table's Delta log.
    pub version: u64,
    /// Rows.
    pub rows: u64,
    /// Data files, in the order of their rows.
    pub files: Vec<FileEntry>,
}

/// One version of every table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Number, from 1; 0 is the empty lake.
    pub number: u64,
    /// Tables by `zone.name`.
    pub tables: BTreeMap<String, TableVersion>,
    /// Fingerprints of what derived tables were computed from, by stage.
    pub stages: BTreeMap<String, String>,
    /// Reporting currency that zone `clean` is in; nothing before it was made.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// The day it was for whoever brought or cleaned data last: later orders are put aside.
    #[serde(default)]
    pub as_of: Option<Day>,
}

impl Snapshot {
    /// The numbers that the lake has, ascending.
    ///
    /// # Errors
    /// [`LakeError::Storage`] when the folder cannot be listed.
    pub async fn numbers(lake: &Lake) -> Result<Vec<u64>, LakeError> {
        let listing = lake
            .store()
            .list_with_delimiter(Some(&StorePath::from(FOLDER)))
            .await
            .map_err(LakeError::store("listing the snapshots"))?;
        let mut numbers: Vec<u64> =
            listing.objects.iter().filter_map(|o| o.location.filename()?.strip_suffix(".json")?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The newest snapshot; the empty one in a new lake.
    ///
    /// # Errors
    /// [`LakeError::Storage`] or [`LakeError::Damaged`] when it cannot be read.
    pub async fn latest(lake: &Lake) -> Result<Self, LakeError> {
        match Self::numbers(lake).await?.last() {
            Some(&n) => Self::load(lake, n).await,
            None => Ok(Self::default()),
        }
    }

    /// The snapshot of that number.
    ///
    /// # Errors
    /// [`LakeError::NoSnapshot`] names the numbers that there are.
    pub async fn load(lake: &Lake, number: u64) -> Result<Self, LakeError> {
        let numbers = Self::numbers(lake).await?;
        if !numbers.contains(&number) {
            let have = match (numbers.first(), numbers.last()) {
                (Some(first), Some(last)) => format!("{first} to {last}"),
                _ => "none yet; ingest a file first".to_owned(),
            };
            return Err(LakeError::NoSnapshot { asked: number, have });
        }
        let path = format!("{FOLDER}/{number:012}.json");
        let bytes = lake.get(&path).await?;
        serde_json::from_slice(&bytes).map_err(|e| LakeError::Damaged { table: path, why: e.to_string() })
    }

    /// Publishes `self` as the next snapshot and returns it with its number. When nothing differs
    /// from the newest one, that one is returned and nothing is written.
    pub(crate) async fn publish(mut self, lake: &Lake) -> Result<Self, LakeError> {
        let latest = Self::latest(lake).await?;
        self.number = latest.number;
        if latest == self {
            return Ok(latest);
        }
        self.number += 1;
        let path = format!("{FOLDER}/{:012}.json", self.number);
        let text = serde_json::to_vec_pretty(&self).map_err(|e| LakeError::Internal(e.to_string()))?;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        lake.store()
            .put_opts(&StorePath::from(path.as_str()), PutPayload::from(text), options)
            .await
            .map_err(LakeError::store(format!("writing {path}")))?;
        crate::local::sync_file(&lake.root().join(&path))?;
        lake.sync_folder(FOLDER).await?;
        tracing::info!(snapshot = self.number, tables = self.tables.len(), "published");
        Ok(self)
    }

    /// The table's version, if the snapshot has it.
    pub fn table(&self, def: &TableDef) -> Option<&TableVersion> {
        self.tables.get(&def.full_name())
    }

    /// Replaces one table's version by an older or newer one of its own log, for time travel.
    ///
    /// # Errors
    /// [`LakeError::NoTable`] for an unknown table, [`LakeError::Damaged`] for a version that its
    /// log does not have.
    pub async fn at_version(mut self, lake: &Lake, name: &str, version: u64) -> Result<Self, LakeError> {
        let def = find(name).ok_or_else(|| LakeError::NoTable(name.to_owned()))?;
        let files = files_of(lake, def, version).await?;
        let rows = files.iter().map(|f| f.rows).sum();
        self.tables.insert(def.full_name(), TableVersion { version, rows, files });
        Ok(self)
    }
}

/// A table by `zone.name`, or by name alone in zone `clean`.
pub(crate) fn find(name: &str) -> Option<&'static TableDef> {
    schema::tables()
        .find(|t| t.full_name() == name)
        .or_else(|| schema::table(Zone::Clean, name))
        .or_else(|| schema::tables().find(|t| t.name == name))
}
