//! A folder of models that a workspace has taken in: `<name>/files/…` and `<name>/manifest.json`.
//!
//! A model is copied, never referred to: what a run used must not change under it. It is checked and opened before it is
//! taken, written under another name, synced, and renamed last, so that a model is there whole or not at all. Only the
//! files that an encoder reads are copied.

use crate::folder::{Description, FileRecord, digest, inside, read};
use crate::{Encoder, PretrainedError, inspect, load};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const MANIFEST: &str = "manifest.json";
const FILES: &str = "files";
/// What half-written models begin with; no name can.
const HALF: &str = ".adding-";
/// Version of the manifest.
const FORMAT: u32 = 1;

/// What a stored model is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this file.
    pub format: u32,
    /// Its name here.
    pub name: String,
    /// What it says of itself, every file with its digest.
    pub description: Description,
}

/// How much is checked before a stored model is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The size of every file.
    Sizes,
    /// The digest of every file: reads them once more.
    Digests,
}

fn check_name(name: &str) -> Result<(), PretrainedError> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if first && name.len() <= 64 && name.chars().all(fine) {
        Ok(())
    } else {
        Err(PretrainedError::Name { name: name.chars().take(80).collect() })
    }
}

/// Makes what was written in a folder last.
fn sync(folder: &Path) -> Result<(), PretrainedError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(PretrainedError::io(folder))
}

fn copy(from: &Path, to: &Path, record: &FileRecord) -> Result<(), PretrainedError> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(PretrainedError::io(parent))?;
    }
    let mut source = File::open(from).map_err(PretrainedError::io(from))?;
    let mut target = File::create(to).map_err(PretrainedError::io(to))?;
    std::io::copy(&mut source, &mut target).map_err(PretrainedError::io(to))?;
    target.sync_all().map_err(PretrainedError::io(to))?;
    check(to, record, Check::Digests)
}

fn check(path: &Path, record: &FileRecord, how: Check) -> Result<(), PretrainedError> {
    let changed = |what: String| PretrainedError::Changed { path: path.to_path_buf(), what };
    let bytes = fs::metadata(path).map_err(|_| changed("the file is gone".to_owned()))?.len();
    if bytes != record.bytes {
        return Err(changed(format!("it has {bytes} bytes, the manifest says {}", record.bytes)));
    }
    if how == Check::Digests {
        let (sha256, _) = digest(path)?;
        if sha256 != record.sha256 {
            return Err(changed(format!("its SHA-256 is {sha256}, the manifest says {}", record.sha256)));
        }
    }
    Ok(())
}

/// Takes a folder in under a name: checks it, opens it, copies it.
///
/// # Errors
/// As [`inspect`]; [`PretrainedError::Name`] and [`PretrainedError::Exists`] for the name; nothing was added then.
pub fn add(folder: &Path, into: &Path, name: &str) -> Result<Manifest, PretrainedError> {
    check_name(name)?;
    let target = into.join(name);
    if target.exists() {
        return Err(PretrainedError::Exists { name: name.to_owned() });
    }
    let mut description = inspect(folder)?;
    // A path of the machine it came from says nothing here.
    description.name = description.name.or_else(|| folder.file_name().map(|n| n.to_string_lossy().into_owned()));
    let manifest = Manifest { format: FORMAT, name: name.to_owned(), description };
    fs::create_dir_all(into).map_err(PretrainedError::io(into))?;
    let half = into.join(format!("{HALF}{name}"));
    let _ = fs::remove_dir_all(&half);
    let written = write(folder, &half, &manifest).and_then(|()| {
        fs::rename(&half, &target).map_err(PretrainedError::io(&target))?;
        sync(into)
    });
    if written.is_err() {
        let _ = fs::remove_dir_all(&half);
    }
    written.map(|()| manifest)
}

fn write(folder: &Path, half: &Path, manifest: &Manifest) -> Result<(), PretrainedError> {
    let files = half.join(FILES);
    fs::create_dir_all(&files).map_err(PretrainedError::io(&files))?;
    for record in &manifest.description.files {
        copy(&folder.join(&record.path), &files.join(&record.path), record)?;
        if let Some(parent) = files.join(&record.path).parent() {
            sync(parent)?;
        }
    }
    let path = half.join(MANIFEST);
    let json = serde_json::to_vec_pretty(manifest)
        .map_err(|e| PretrainedError::Json { path: path.clone(), why: e.to_string() })?;
    fs::write(&path, json).and_then(|()| File::open(&path)?.sync_all()).map_err(PretrainedError::io(&path))?;
    sync(&files)?;
    sync(half)
}

/// All models of a store in order of their names; none where there is no such folder. What was written by halves is no
/// model.
///
/// # Errors
/// Where the folder or a manifest cannot be read.
pub fn list(into: &Path) -> Result<Vec<Manifest>, PretrainedError> {
    let mut out = Vec::new();
    for name in names(into)? {
        out.push(manifest(into, &name)?);
    }
    Ok(out)
}

fn names(into: &Path) -> Result<Vec<String>, PretrainedError> {
    let entries = match fs::read_dir(into) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(PretrainedError::io(into)(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(PretrainedError::io(into))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if check_name(&name).is_ok() && entry.path().join(MANIFEST).is_file() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn manifest(into: &Path, name: &str) -> Result<Manifest, PretrainedError> {
    check_name(name)?;
    let path = into.join(name).join(MANIFEST);
    let Some(bytes) = read(&path, 16 << 20)? else {
        let known = names(into)?;
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(PretrainedError::Unknown { name: name.to_owned(), known });
    };
    let broken = |why: String| PretrainedError::Json { path: path.clone(), why };
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))?;
    if manifest.format != FORMAT {
        return Err(broken(format!("its format is {}, this program reads {FORMAT}", manifest.format)));
    }
    Ok(manifest)
}

/// Removes a model. It is renamed first, so that half of it is never there.
///
/// # Errors
/// [`PretrainedError::Unknown`] where there is none of this name, or what the disk says.
pub fn remove(into: &Path, name: &str) -> Result<(), PretrainedError> {
    check_name(name)?;
    let path = into.join(name);
    if !path.is_dir() {
        manifest(into, name)?;
    }
    let half = into.join(format!("{HALF}{name}"));
    let _ = fs::remove_dir_all(&half);
    fs::rename(&path, &half).map_err(PretrainedError::io(&path))?;
    sync(into)?;
    fs::remove_dir_all(&half).map_err(PretrainedError::io(&half))
}

/// Opens a stored model after its files were compared with its manifest.
///
/// # Errors
/// [`PretrainedError::Unknown`], [`PretrainedError::Changed`], and as [`load`].
pub fn open(into: &Path, name: &str, how: Check) -> Result<Encoder, PretrainedError> {
    let manifest = manifest(into, name)?;
    let files: PathBuf = into.join(name).join(FILES);
    for record in &manifest.description.files {
        let path = inside(&files, &record.path).ok_or_else(|| PretrainedError::Json {
            path: into.join(name).join(MANIFEST),
            why: format!("`{}` is no path inside the model", record.path),
        })?;
        check(&path, record, how)?;
    }
    load(&files)
}
