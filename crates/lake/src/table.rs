//! One Delta table: its file list in, its version out.

use crate::{Lake, LakeError, local, store::blocking};
use deltalake_core::DeltaTable;
use deltalake_core::DeltaTableBuilder;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, DataType, DecimalType, MetadataExt, PrimitiveType, StructField, StructType};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use schema::{Kind, TableDef};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use url::Url;

/// A data file of a table version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileEntry {
    /// Position among the table's files: readers that need the rows' order follow it.
    pub order: u64,
    /// Name below the table's folder.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// Rows.
    pub rows: u64,
}

/// The folder of a table below the lake.
pub(crate) fn folder(def: &TableDef) -> String {
    format!("{}/{}", def.zone, def.name)
}

fn url(lake: &Lake, def: &TableDef) -> Result<Url, LakeError> {
    lake.url().join(&format!("{}/", folder(def))).map_err(|e| LakeError::Internal(e.to_string()))
}

fn damaged(def: &TableDef) -> impl Fn(deltalake_core::DeltaTableError) -> LakeError + '_ {
    |e| LakeError::Damaged { table: def.full_name(), why: e.to_string() }
}

fn delta_type(kind: Kind) -> Result<DataType, LakeError> {
    let decimal = |p, s| DecimalType::try_new(p, s).map_err(|e| LakeError::Internal(e.to_string()));
    Ok(DataType::Primitive(match kind {
        Kind::Text => PrimitiveType::String,
        Kind::Int => PrimitiveType::Long,
        Kind::Float => PrimitiveType::Double,
        Kind::Amount => PrimitiveType::Decimal(decimal(18, 6)?),
        Kind::Rate => PrimitiveType::Decimal(decimal(24, 12)?),
        Kind::Bool => PrimitiveType::Boolean,
        Kind::Day => PrimitiveType::Date,
        Kind::Instant => PrimitiveType::Timestamp,
    }))
}

async fn open_or_create(lake: &Lake, def: &TableDef) -> Result<DeltaTable, LakeError> {
    let url = url(lake, def)?;
    let dir = lake.root().join(folder(def));
    std::fs::create_dir_all(dir.join("_delta_log")).map_err(LakeError::io(dir.display().to_string()))?;
    let mut table = DeltaTableBuilder::from_url(url).map_err(damaged(def))?.build().map_err(damaged(def))?;
    if table.verify_deltatable_existence().await.map_err(damaged(def))? {
        table.load().await.map_err(damaged(def))?;
        return Ok(table);
    }
    let columns = columns(def)?;
    table
        .create()
        .with_table_name(def.full_name())
        .with_comment(def.meaning)
        .with_columns(columns)
        .with_save_mode(SaveMode::Ignore)
        .await
        .map_err(damaged(def))
}

fn columns(def: &TableDef) -> Result<Vec<StructField>, LakeError> {
    def.columns.iter().map(|c| Ok(StructField::new(c.name, delta_type(c.kind)?, c.nullable))).collect()
}

/// Makes `files` the table's content and returns the version that says so. A table that already
/// has exactly these files keeps its version, so that a repeated run changes nothing.
pub(crate) async fn set_files(lake: &Lake, def: &TableDef, files: &[FileEntry]) -> Result<u64, LakeError> {
    let table = open_or_create(lake, def).await?;
    let state = table.snapshot().map_err(damaged(def))?;
    let now: BTreeMap<String, _> = state.log_data().iter().map(|f| (f.path().into_owned(), f)).collect();
    let wanted: BTreeMap<&str, &FileEntry> = files.iter().map(|f| (f.path.as_str(), f)).collect();
    let mut actions: Vec<Action> = Vec::new();
    for (path, view) in &now {
        if !wanted.contains_key(path.as_str()) {
            actions.push(Action::Remove(view.remove_action(true)));
        }
    }
    for (path, file) in &wanted {
        if !now.contains_key(*path) {
            actions.push(Action::Add(add(file)));
        }
    }
    // A table made by an earlier release has the columns of that time: all its files are of today, so
    // its log has to say so, for readers that go by the log.
    let schema = StructType::try_new(columns(def)?).map_err(|e| LakeError::Internal(e.to_string()))?;
    if !actions.is_empty() && *state.schema() != schema {
        let metadata = state.metadata().clone().with_schema(&schema);
        let metadata = metadata.map_err(|e| LakeError::Internal(e.to_string()))?;
        actions.insert(0, Action::Metadata(metadata));
    }
    let version = if actions.is_empty() {
        state.version()
    } else {
        let operation = DeltaOperation::Write { mode: SaveMode::Overwrite, partition_by: None, predicate: None };
        let properties = CommitProperties::default().with_cleanup_expired_logs(Some(false));
        let commit = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(state), table.log_store(), operation)
            .await
            .map_err(|e| LakeError::Damaged { table: def.full_name(), why: e.to_string() })?;
        commit.version()
    };
    let log = lake.root().join(folder(def)).join("_delta_log");
    blocking(move || {
        for v in 0..=version {
            // Only the newest entries can be unsynced, but a crash may have left any of them so.
            let path = log.join(format!("{v:020}.json"));
            if v + 2 >= version && path.exists() {
                local::sync_file(&path)?;
            }
        }
        local::sync_folder(&log)
    })
    .await?;
    Ok(version)
}

fn add(file: &FileEntry) -> Add {
    Add {
        path: file.path.clone(),
        partition_values: HashMap::new(),
        size: i64::try_from(file.size).unwrap_or(i64::MAX),
        // The content decides what a file is; a clock here would make equal tables differ.
        modification_time: 0,
        data_change: true,
        stats: Some(format!("{{\"numRecords\":{}}}", file.rows)),
        tags: None,
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
        clustering_provider: None,
    }
}

/// The files of a version, in the order of their rows.
pub(crate) async fn files_of(lake: &Lake, def: &TableDef, version: u64) -> Result<Vec<FileEntry>, LakeError> {
    let table = DeltaTableBuilder::from_url(url(lake, def)?)
        .map_err(damaged(def))?
        .with_version(version)
        .load()
        .await
        .map_err(damaged(def))?;
    let state = table.snapshot().map_err(damaged(def))?;
    let mut files: Vec<FileEntry> = state
        .log_data()
        .iter()
        .map(|f| FileEntry {
            order: order_of(&f.path()),
            path: f.path().into_owned(),
            size: u64::try_from(f.size()).unwrap_or(0),
            rows: f.num_records().unwrap_or(0) as u64,
        })
        .collect();
    files.sort();
    Ok(files)
}

/// The order that a file's name states: `<prefix>-<order>-<hash>.parquet`.
fn order_of(path: &str) -> u64 {
    path.rsplit('-').nth(1).and_then(|o| o.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_order_is_in_its_name() {
        assert_eq!(order_of("part-0000300002-0123456789abcdef.parquet"), 300_002);
        assert_eq!(order_of("9f86d081884c7d65-0000000007-aa.parquet"), 7);
    }

    #[test] // A release that adds a column writes into tables which an earlier one made.
    fn a_table_of_an_earlier_release_gets_the_columns_of_today_with_its_next_version() {
        const A: schema::Column = schema::Column { name: "a", kind: Kind::Text, nullable: false, meaning: "a" };
        const B: schema::Column = schema::Column { name: "b", ..A };
        let def = |columns| TableDef { zone: schema::Zone::Marts, name: "grown", meaning: "t", key: &["a"], columns };
        let (before, today) = (def(&[A]), def(&[A, B]));
        let file = |path: &str| FileEntry { order: 0, path: path.to_owned(), size: 1, rows: 1 };
        let dir = tempfile::tempdir().unwrap();
        let lake = Lake::open(&dir.path().to_string_lossy()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let columns = |def: &TableDef| {
            let table = runtime.block_on(open_or_create(&lake, def)).unwrap();
            table.snapshot().unwrap().schema().fields().map(|f| f.name().clone()).collect::<Vec<_>>()
        };
        let first = [file("part-0000000000-aa.parquet")];
        assert_eq!(runtime.block_on(set_files(&lake, &before, &first)).unwrap(), 1);
        assert_eq!(columns(&today), ["a"]);
        // The same files again are no reason for a version.
        assert_eq!(runtime.block_on(set_files(&lake, &today, &first)).unwrap(), 1);
        assert_eq!(runtime.block_on(set_files(&lake, &today, &[file("part-0000000000-bb.parquet")])).unwrap(), 2);
        assert_eq!(columns(&today), ["a", "b"]);
    }
}
