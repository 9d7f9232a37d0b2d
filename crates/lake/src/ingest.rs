//! Files in: each becomes a copy byte for byte in `raw/files`, typed rows in zone `raw`, and one
//! row of `raw.sources`. A file is taken whole or not at all; a file that the lake already has
//! (same SHA-256) is not taken twice.

mod ahead;
pub(crate) mod chunks;
mod media;
mod sources;

use crate::digest::hex;
use crate::export::{SourceFile, source_files, source_named};
use crate::parquet_io::encode;
use crate::snapshot::TableVersion;
use crate::table::{FileEntry, folder, set_files};
use crate::{Lake, LakeError, LakeLock, Snapshot, local};
use arrow::array::RecordBatch;
use chunks::{ChunkWriter, Layout};
pub use media::{Look, Looked, MediaFacts};
use media::{Media, Seen};
use schema::{TableDef, Zone};
use sha2::{Digest, Sha256};
use sources::Sources;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How files are read.
#[derive(Clone, Debug)]
pub struct IngestOptions {
    /// Passed to the readers.
    pub read: intake::ReadOptions,
    /// What becomes of a file that the lake has already.
    pub known: Known,
    /// Where the files came from, for `raw.sources`.
    pub provenance: intake::Provenance,
    /// Tells pictures, sounds and videos from tables and looks into them; without it every file is read as
    /// a table.
    pub look: Option<Look>,
}

impl IngestOptions {
    /// Files that are there stay as they are, and nothing is stated about where files came from.
    pub fn new(read: intake::ReadOptions) -> Self {
        Self { read, known: Known::default(), provenance: intake::Provenance::default(), look: None }
    }
}

/// What becomes of a file that the lake has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Known {
    /// Nothing.
    #[default]
    Skip,
    /// It is read again, and its new rows take the place of the old ones in one snapshot.
    Replace,
}

/// What is being done, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Copying and fingerprinting the file.
    Copy,
    /// Parsing it.
    Read,
    /// Committing.
    Commit,
    /// Applying the cleaning rules.
    Clean,
}

/// Where a long work stands.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// What is being done.
    pub phase: Phase,
    /// File or table.
    pub what: &'a str,
    /// Done so far, in bytes (copy, read) or rows (clean).
    pub done: u64,
    /// Of how much.
    pub total: u64,
}

/// What became of one file.
#[derive(Debug)]
pub struct FileOutcome {
    /// The file.
    pub path: PathBuf,
    /// Its fingerprint, once it could be read.
    pub source: Option<String>,
    /// Rows taken, or why none.
    pub result: Result<FileTaken, LakeError>,
}

/// A file that is in the lake.
#[derive(Clone, Debug)]
pub enum FileTaken {
    /// It was added.
    Added(intake::ReadSummary),
    /// It had been there before and was read again.
    Replaced(intake::ReadSummary),
    /// It had been there before: of a statement about its origin the newer holds, else nothing was done.
    AlreadyThere,
}

/// What an ingest did.
#[derive(Debug)]
pub struct IngestReport {
    /// File by file, in the order they were read.
    pub files: Vec<FileOutcome>,
    /// The snapshot afterwards.
    pub snapshot: Snapshot,
}

/// Rows after which finished files are published even though more are to come, so that a kill in a
/// long ingest costs no more than this.
const PUBLISH_ROWS: u64 = 1_000_000;

/// Reads files into zone `raw`.
///
/// Files that cannot be read are reported in the outcome and leave no trace in any table.
///
/// # Errors
/// [`LakeError::Storage`] and [`LakeError::Damaged`] when the lake itself fails; what was published
/// before stays.
pub async fn ingest(
    lake: &Lake,
    _lock: &LakeLock,
    paths: &[PathBuf],
    options: &IngestOptions,
    progress: &(dyn Fn(&Progress<'_>) + Sync),
) -> Result<IngestReport, LakeError> {
    let mut snapshot = Snapshot::latest(lake).await?;
    snapshot.as_of = Some(options.read.as_of);
    let mut sources = Sources::load(lake, &snapshot).await?;
    let mut files = Vec::with_capacity(paths.len());
    let mut pending = Pending { media: Media::load(lake, &snapshot)?, ..Pending::default() };
    for path in paths {
        let outcome = take(lake, path, options, progress, &mut sources, &mut pending).await;
        let (source, result) = match outcome {
            Ok((source, taken)) => (Some(source), Ok(taken)),
            Err(error @ (LakeError::Intake(_) | LakeError::Unreadable { .. })) => (None, Err(error)),
            Err(fatal) => return Err(fatal),
        };
        files.push(FileOutcome { path: path.clone(), source, result });
        if pending.rows >= PUBLISH_ROWS {
            snapshot = publish(lake, snapshot, &mut sources, &mut pending, progress).await?;
        }
    }
    snapshot = publish(lake, snapshot, &mut sources, &mut pending, progress).await?;
    Ok(IngestReport { files, snapshot })
}

/// Data files that are written but not yet in any table.
#[derive(Default)]
struct Pending {
    tables: BTreeMap<String, (&'static TableDef, Vec<FileEntry>)>,
    /// Sources whose files leave the tables.
    dropped: BTreeSet<String>,
    rows: u64,
    media: Media,
}

async fn take(
    lake: &Lake,
    path: &Path,
    options: &IngestOptions,
    progress: &(dyn Fn(&Progress<'_>) + Sync),
    sources: &mut Sources,
    pending: &mut Pending,
) -> Result<(String, FileTaken), LakeError> {
    let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let kept = keep(lake, path, &name, progress)?;
    let before = sources.place(&kept.source);
    if let Some(at) = before.filter(|_| options.known == Known::Skip) {
        sources.state(at, &options.provenance)?;
        pending.media.also_at(&kept.source, path);
        return Ok((kept.source, FileTaken::AlreadyThere));
    }
    if let Some(looked) = options.look.and_then(|look| tokio::task::block_in_place(|| look(path))) {
        let sequence = before.map_or_else(|| sources.next_sequence(), |at| sources.sequence(at));
        let Seen { summary, reject } = pending.media.take(&kept.source, path, looked);
        pending.tables.values_mut().for_each(|(_, files)| files.retain(|f| source_of(f) != kept.source));
        if let Some(reject) = reject {
            let def = reject.def;
            let bytes = encode(&def.arrow_schema(), &[vec![reject.row]], false)?;
            let entry = put_file(lake, def, sequence as u64, &kept.source, 1, bytes).await?;
            pending.tables.entry(def.full_name()).or_insert((def, Vec::new())).1.push(entry);
        }
        sources.put(&kept, &name, sequence, &summary, &options.provenance, before)?;
        if before.is_some() {
            pending.dropped.insert(kept.source.clone());
            return Ok((kept.source, FileTaken::Replaced(summary)));
        }
        return Ok((kept.source, FileTaken::Added(summary)));
    }
    // Read again, a file keeps its place among the others.
    let sequence = before.map_or_else(|| sources.next_sequence(), |at| sources.sequence(at));
    let layout = Layout { source: kept.source.clone(), sequence, bucketed: kept.looks_large };
    let mut writer = ChunkWriter::new(lake, layout, &name, kept.bytes, progress);
    let copies = lake.kept_files();
    let open = || copies.open(&kept.sha256);
    let how = intake::ReadOptions { run_ahead: Some(ahead::run_ahead), ..options.read.clone() };
    let read = tokio::task::block_in_place(|| intake::read(&open, &name, &kept.source, &how, &mut writer));
    // The writer's own failure (a full disk) comes before the reader's, which only passes it on.
    let files = tokio::task::block_in_place(|| writer.finish());
    let (files, summary) = match (files, read) {
        (Err(error), _) => return Err(error),
        (Ok(files), Err(error)) => {
            remove_traces(lake, &kept, &files)?;
            return Err(error.into());
        }
        (Ok(files), Ok(summary)) => (files, summary),
    };
    if before.is_some() {
        // The same file may have been named twice in one go.
        pending.tables.values_mut().for_each(|(_, files)| files.retain(|f| source_of(f) != kept.source));
    }
    for (def, entries) in files {
        let slot = pending.tables.entry(def.full_name()).or_insert((def, Vec::new()));
        pending.rows += entries.iter().map(|f| f.rows).sum::<u64>();
        slot.1.extend(entries);
    }
    tracing::info!(file = %name, source = %kept.source, format = %summary.format, rows = summary.rows, rejected = summary.rejected, "taken");
    sources.put(&kept, &name, sequence, &summary, &options.provenance, before)?;
    if before.is_some() {
        pending.dropped.insert(kept.source.clone());
        return Ok((kept.source, FileTaken::Replaced(summary)));
    }
    Ok((kept.source, FileTaken::Added(summary)))
}

/// Removes what was written of a file that is refused. Nothing names it yet: its fingerprint is in
/// no row of `raw.sources`, its data files in no table. A file that an earlier snapshot may know is left
/// alone, and what was written of it with it: names follow from contents, so they may be the same.
fn remove_traces(lake: &Lake, kept: &Kept, files: &[(&'static TableDef, Vec<FileEntry>)]) -> Result<(), LakeError> {
    if kept.was_there {
        return Ok(());
    }
    let data =
        files.iter().flat_map(|(def, entries)| entries.iter().map(move |f| format!("{}/{}", folder(def), f.path)));
    for path in data.map(|p| lake.root().join(p)) {
        std::fs::remove_file(&path).map_err(LakeError::io(format!("removing {}", path.display())))?;
    }
    lake.kept_files().remove(&kept.sha256).map_err(LakeError::io(format!("removing the copy {}", kept.sha256)))
}

/// A file's copy in the lake.
struct Kept {
    source: String,
    sha256: String,
    bytes: u64,
    looks_large: bool,
    /// Whether the lake had kept it before.
    was_there: bool,
}

/// Plain text beyond this is laid out by shopper, so that cleaning it needs bounded memory.
const LARGE_BYTES: u64 = 256 << 20;

fn keep(lake: &Lake, path: &Path, name: &str, progress: &(dyn Fn(&Progress<'_>) + Sync)) -> Result<Kept, LakeError> {
    let unreadable = |source: std::io::Error| LakeError::Unreadable { path: path.to_path_buf(), source };
    let mut input = File::open(path).map_err(unreadable)?;
    let total = input.metadata().map_err(unreadable)?.len();
    let what = || LakeError::io(format!("copying {name} into the lake"));
    let files = lake.kept_files();
    let mut output = files.write().map_err(what())?;
    let mut buffer = vec![0; 1 << 20];
    let (mut done, mut head) = (0, [0_u8; 4]);
    loop {
        let n = input.read(&mut buffer).map_err(unreadable)?;
        if n == 0 {
            break;
        }
        if done == 0 {
            let m = n.min(4);
            head[..m].copy_from_slice(&buffer[..m]);
        }
        output.push(&buffer[..n]).map_err(what())?;
        done += n as u64;
        progress(&Progress { phase: Phase::Copy, what: name, done, total });
    }
    let (sha256, was_there) = files.put(output).map_err(what())?;
    let source = sha256[..16].to_owned();
    // Compressed order exports shrink to about a tenth; a wrong guess costs time, not memory.
    let compressed = matches!(head, [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd] | [b'P', b'K', ..]);
    let plain = if compressed { done.saturating_mul(10) } else { done };
    Ok(Kept { source, sha256, bytes: done, looks_large: plain >= LARGE_BYTES, was_there })
}

async fn publish(
    lake: &Lake,
    mut snapshot: Snapshot,
    sources: &mut Sources,
    pending: &mut Pending,
    progress: &(dyn Fn(&Progress<'_>) + Sync),
) -> Result<Snapshot, LakeError> {
    if pending.tables.is_empty() && !sources.changed && !pending.media.changed {
        return Ok(snapshot);
    }
    progress(&Progress { phase: Phase::Commit, what: "raw", done: 0, total: 1 });
    let kept = lake.kept_files();
    if kept.folder().is_dir() {
        local::sync_folder(kept.folder())?;
    }
    let mut writes: Vec<(&'static TableDef, Vec<FileEntry>)> = Vec::new();
    let mut added = std::mem::take(&mut pending.tables);
    let dropped = std::mem::take(&mut pending.dropped);
    if pending.media.changed {
        writes.extend(pending.media.write(lake).await?);
    }
    for def in schema::tables().filter(|t| t.zone == Zone::Raw && !matches!(t.name, "sources" | "media")) {
        let mut files = snapshot.table(def).map_or_else(Vec::new, |t| t.files.clone());
        let n_before = files.len();
        files.retain(|f| !dropped.contains(source_of(f)));
        let added = added.remove(&def.full_name()).map(|(_, files)| files);
        if added.is_some() || files.len() < n_before {
            files.extend(added.unwrap_or_default());
            writes.push((def, files));
        }
    }
    pending.rows = 0;
    let def = sources_def()?;
    writes.push((def, vec![sources.write(lake, def).await?]));
    for (name, version) in commit_all(lake, writes).await? {
        snapshot.tables.insert(name, version);
    }
    snapshot.publish(lake).await
}

/// Commits several tables at the same time: what takes long is waiting for the disk.
pub(crate) async fn commit_all(
    lake: &Lake,
    writes: Vec<(&'static TableDef, Vec<FileEntry>)>,
) -> Result<Vec<(String, TableVersion)>, LakeError> {
    let commits = writes.into_iter().map(|(def, mut files)| async move {
        files.sort();
        lake.sync_folder(&folder(def)).await?;
        let version = set_files(lake, def, &files).await?;
        tracing::debug!(table = %def.full_name(), version, files = files.len(), "committed");
        let rows = files.iter().map(|f| f.rows).sum();
        Ok::<_, LakeError>((def.full_name(), TableVersion { version, rows, files }))
    });
    futures::future::try_join_all(commits).await
}

/// The source that a data file of zone `raw` holds rows of: its name begins with it.
pub(crate) fn source_of(file: &FileEntry) -> &str {
    file.path.split('-').next().unwrap_or_default()
}

/// Takes a source out of zone `raw`: its rows, its rejects and its row of `raw.sources`, in one snapshot.
/// Earlier snapshots keep it, and so does the copy of the file.
///
/// # Errors
/// [`LakeError::NoSource`] names the sources there are; storage errors as [`ingest`].
pub async fn forget(lake: &Lake, _lock: &LakeLock, asked: &str) -> Result<(SourceFile, Snapshot), LakeError> {
    let snapshot = Snapshot::latest(lake).await?;
    let found = source_named(&source_files(lake, &snapshot)?, asked)?;
    let mut sources = Sources::load(lake, &snapshot).await?;
    if let Some(at) = sources.place(&found.source) {
        sources.rows.remove(at);
        sources.changed = true;
    }
    let mut media = Media::load(lake, &snapshot)?;
    media.forget(&found.source);
    let mut pending = Pending { dropped: BTreeSet::from([found.source.clone()]), media, ..Pending::default() };
    let snapshot = publish(lake, snapshot, &mut sources, &mut pending, &|_| {}).await?;
    Ok((found, snapshot))
}

pub(crate) fn sources_def() -> Result<&'static TableDef, LakeError> {
    schema::table(Zone::Raw, "sources").ok_or_else(|| LakeError::NoTable("raw.sources".into()))
}

/// Writes one data file whose name follows from its content.
pub(crate) async fn write_file(
    lake: &Lake,
    def: &TableDef,
    order: u64,
    groups: &[Vec<RecordBatch>],
) -> Result<FileEntry, LakeError> {
    let bytes = encode(&def.arrow_schema(), groups, false)?;
    let rows = groups.iter().flatten().map(|b| b.num_rows() as u64).sum();
    put_file(lake, def, order, "part", rows, bytes).await
}

/// Puts encoded bytes under `<prefix>-<order>-<hash>.parquet`.
pub(crate) async fn put_file(
    lake: &Lake,
    def: &TableDef,
    order: u64,
    prefix: &str,
    rows: u64,
    bytes: Vec<u8>,
) -> Result<FileEntry, LakeError> {
    let hash = hex(&Sha256::digest(&bytes)[..8]);
    let path = format!("{prefix}-{order:010}-{hash}.parquet");
    let size = bytes.len() as u64;
    lake.put(&format!("{}/{path}", folder(def)), bytes.into()).await?;
    Ok(FileEntry { order, path, size, rows })
}
