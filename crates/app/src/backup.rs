//! A workspace in one file, and back: a ZIP archive without compression (Parquet is compressed already) that any tool opens,
//! with `portolan-backup.json` as its last entry: the size and SHA-256 of every file, and which version wrote it.
//!
//! A backup is consistent while a server runs. The lake is locked while its files are copied, so that no run and no erasure
//! changes it in between (events go on to be accepted; they wait in the log); a table file never changes once it is there.
//! The database of keys and people is copied at one moment by SQLite itself. Logs that are only added to are cut at the
//! last whole line, or are as long as they were when they were met, which their reader knows how to end.
//!
//! In the backup of a sealed workspace every entry is sealed with the same key, the list of files, too; names of files are in
//! clear.
//!
//! A restore unpacks beside the place, checks every byte, syncs, and renames: the folder is there whole or not at all.

use anyhow::{Context, Result};
use lake::Seal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The last entry.
const MANIFEST: &str = "portolan-backup.json";
/// Raised when a reader of before would misread it.
const FORMAT: u32 = 1;
/// Bytes that are copied at once.
const BLOCK: usize = 1 << 20;

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// Version of the program that wrote it.
    pub(crate) program: String,
    /// When, RFC 3339.
    pub(crate) at: String,
    /// Snapshot of the lake in force; 0 before the first.
    pub(crate) snapshot: u64,
    pub(crate) files: BTreeMap<String, Entry>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl Manifest {
    pub(crate) fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.bytes).sum()
    }
}

/// What can be wrong with a backup.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    #[error("{0} is no backup, or its end is missing: {1}")]
    NoBackup(PathBuf, String),
    #[error("{0} was written by a newer version of the program (format {1}; this one reads up to {FORMAT})")]
    Newer(PathBuf, u32),
    #[error("`{0}` in the backup: {1}")]
    Damaged(String, String),
    #[error("{0} is sealed, and {1}")]
    Sealed(PathBuf, String),
    #[error("{0} is there already, and a backup is not restored over it")]
    There(PathBuf),
}

/// What is not worth keeping: locks, what is half written, what SQLite keeps beside its file.
fn is_left_out(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, ".lock" | "lock" | "state.db" | "state.db-wal" | "state.db-shm")
        || [".half", ".part", ".tmp"].iter().any(|end| name.ends_with(end))
        || path.starts_with("models/training/")
}

/// The files of a folder, by their path below it with slashes; links are an error, for what they lead to is not here.
fn files_below(root: &Path) -> Result<BTreeSet<String>> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        let telling = || format!("reading {}", folder.display());
        for entry in std::fs::read_dir(&folder).with_context(telling)? {
            let path = entry.with_context(telling)?.path();
            let kind = std::fs::symlink_metadata(&path).with_context(|| format!("reading {}", path.display()))?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let below = path.strip_prefix(root).unwrap_or(&path);
                let parts: Vec<&str> = below.components().filter_map(|part| part.as_os_str().to_str()).collect();
                let name = parts.join("/");
                if !is_left_out(&name) {
                    found.insert(name);
                }
            } else {
                anyhow::bail!("{} is a link or a device: a backup has files alone", path.display());
            }
        }
    }
    Ok(found)
}

/// Copies what is there now, hashing it. A log of lines is cut at its last whole line.
fn copy(from: &Path, file: File, to: &mut impl Write) -> Result<Entry> {
    let telling = || format!("copying {}", from.display());
    let mut length = file.metadata().with_context(telling)?.len();
    if from.extension().is_some_and(|e| e == "jsonl") {
        length = whole_lines(&file, length).with_context(telling)?;
    }
    let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
    let mut reader = BufReader::with_capacity(BLOCK, file).take(length);
    let mut block = vec![0; BLOCK];
    loop {
        let n = reader.read(&mut block).with_context(telling)?;
        if n == 0 {
            break;
        }
        hash.update(&block[..n]);
        to.write_all(&block[..n]).with_context(telling)?;
        bytes += n as u64;
    }
    Ok(Entry { bytes, sha256: hex(&hash.finalize()) })
}

fn whole_lines(file: &File, length: u64) -> std::io::Result<u64> {
    use std::io::{Seek, SeekFrom};
    let mut file = file;
    let (mut end, mut block) = (length, vec![0; 64 << 10]);
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let part = &mut block[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(at) = part.iter().rposition(|b| *b == b'\n') {
            file.rewind()?;
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    file.rewind()?;
    Ok(0)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Writes the files of a workspace, and `more` under the names given, into a file; what is there is replaced once the new
/// one is whole. Whoever calls holds the lock of the lake.
pub(crate) fn write(
    root: &Path,
    more: &[(&str, PathBuf)],
    (to, seal): (&Path, Option<&Seal>),
    (at, snapshot): (String, u64),
) -> Result<Manifest> {
    let half = to.with_extension("part");
    let telling = || format!("writing {}", half.display());
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&half).with_context(telling)?;
    let inside = half.canonicalize().ok();
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let manifest = Manifest { format: FORMAT, program, at, snapshot, files: BTreeMap::new() };
    // A backup into the workspace is not a part of itself, nor are earlier ones beside it of the same name.
    let is_itself = |path: &Path| path.canonicalize().ok() == inside || path == to;
    let out = BufWriter::with_capacity(BLOCK, file);
    let filled = fill(ZipWriter::new(out), manifest, (root, more), seal, &is_itself);
    let (out, manifest) = filled.inspect_err(|_| _ = std::fs::remove_file(&half))?;
    let file = out.into_inner().map_err(|e| e.into_error()).with_context(telling)?;
    file.sync_all().with_context(telling)?;
    drop(file);
    // What was written is read once more before it is called a backup.
    check(&half, seal)?;
    std::fs::rename(&half, to).with_context(|| format!("naming {}", to.display()))?;
    sync_folder(to)?;
    Ok(manifest)
}

/// Copies the files of a workspace and `more` into an archive, the list of them last.
fn fill(
    mut zip: ZipWriter<BufWriter<File>>,
    mut manifest: Manifest,
    (root, more): (&Path, &[(&str, PathBuf)]),
    seal: Option<&Seal>,
    is_itself: &dyn Fn(&Path) -> bool,
) -> Result<(BufWriter<File>, Manifest)> {
    let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    let own = files_below(root)?.into_iter().map(|name| (name.clone(), root.join(name)));
    for (name, path) in own.chain(more.iter().map(|(name, path)| ((*name).to_owned(), path.clone()))) {
        if is_itself(&path) {
            continue;
        }
        let file = match File::open(&path) {
            // A segment of the log that has just gone into the lake: its events are there.
            Err(e) if name.starts_with("journal/") && e.kind() == std::io::ErrorKind::NotFound => continue,
            file => file.with_context(|| format!("reading {}", path.display()))?,
        };
        zip.start_file(&*name, plain).with_context(|| format!("adding {name}"))?;
        let entry = match seal {
            None => copy(&path, file, &mut zip)?,
            Some(seal) => {
                let mut sealed = seal.writer(&mut zip).with_context(|| format!("sealing {name}"))?;
                let entry = copy(&path, file, &mut sealed)?;
                sealed.finish().with_context(|| format!("sealing {name}"))?;
                entry
            }
        };
        manifest.files.insert(name, entry);
    }
    zip.start_file(MANIFEST, plain).context("adding the list of files")?;
    let list = serde_json::to_vec_pretty(&manifest)?;
    match seal {
        None => zip.write_all(&list).context("adding the list of files")?,
        Some(seal) => {
            let mut sealed = seal.writer(&mut zip).context("sealing the list of files")?;
            sealed.write_all(&list).context("sealing the list of files")?;
            sealed.finish().context("sealing the list of files")?;
        }
    }
    Ok((zip.finish().context("ending the archive")?, manifest))
}

fn sync_folder(of: &Path) -> Result<()> {
    let folder = of.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|f| f.sync_all()).with_context(|| format!("syncing {}", folder.display()))
}

/// An archive, and the key where its entries are sealed.
struct Archive<'a> {
    zip: ZipArchive<BufReader<File>>,
    seal: Option<&'a Seal>,
}

fn open<'a>(path: &Path, key: Option<&'a Seal>) -> Result<(Archive<'a>, Manifest)> {
    let file = File::open(path).with_context(|| format!("reading {}", path.display()))?;
    let no_backup = |why: String| BackupError::NoBackup(path.to_owned(), why);
    let mut zip = ZipArchive::new(BufReader::with_capacity(BLOCK, file)).map_err(|e| no_backup(e.to_string()))?;
    let mut text = Vec::new();
    zip.by_name(MANIFEST).map_err(|e| no_backup(e.to_string()))?.read_to_end(&mut text)?;
    let mut seal = None;
    if Seal::is_sealed(&text) {
        let sealed = |why: String| BackupError::Sealed(path.to_owned(), why);
        let key = key.ok_or_else(|| sealed("no key was named".to_owned()))?;
        let mut opened = Vec::new();
        let mut reader = key.reader(&text[..]).map_err(|e| sealed(e.to_string()))?;
        reader.read_to_end(&mut opened).map_err(|e| sealed(e.to_string()))?;
        (text, seal) = (opened, Some(key));
    }
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|e| no_backup(e.to_string()))?;
    let format = value["format"].as_u64().and_then(|f| u32::try_from(f).ok()).unwrap_or(0);
    if format > FORMAT {
        return Err(BackupError::Newer(path.to_owned(), format).into());
    }
    Ok((Archive { zip, seal }, serde_json::from_value(value).map_err(|e| no_backup(e.to_string()))?))
}

/// Reads a whole backup and compares it with what it says of itself.
pub(crate) fn check(path: &Path, key: Option<&Seal>) -> Result<Manifest> {
    let (mut zip, manifest) = open(path, key)?;
    unpack(&mut zip, &manifest, None)?;
    Ok(manifest)
}

/// Unpacks every file, to nowhere or into a folder, and compares it.
fn unpack(archive: &mut Archive<'_>, manifest: &Manifest, into: Option<&Path>) -> Result<()> {
    let Archive { zip, seal } = archive;
    let names: Result<BTreeSet<String>, _> = zip.file_names().map(|name| name.map(|n| n.into_owned())).collect();
    let mut names = names.map_err(|e| BackupError::Damaged(MANIFEST.to_owned(), e.to_string()))?;
    names.remove(MANIFEST);
    if let Some(odd) = names.iter().find(|name| !manifest.files.contains_key(*name)) {
        return Err(BackupError::Damaged(odd.clone(), "the list of files does not have it".to_owned()).into());
    }
    for (name, want) in &manifest.files {
        let damaged = |why: String| BackupError::Damaged(name.clone(), why);
        // Whatever made the archive: nothing is written outside of the folder.
        let is_below = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if !is_below || name.is_empty() {
            return Err(damaged("the path leads out of the workspace".to_owned()).into());
        }
        let entry = zip.by_name(name).map_err(|e| damaged(e.to_string()))?;
        let mut entry: Box<dyn Read> = match seal {
            None => Box::new(entry),
            Some(seal) => Box::new(seal.reader(entry).map_err(|e| damaged(e.to_string()))?),
        };
        let mut out = match into.map(|folder| folder.join(name)) {
            None => None,
            Some(path) => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
                }
                Some((File::create(&path).with_context(|| format!("writing {}", path.display()))?, path))
            }
        };
        let (mut hash, mut bytes, mut block) = (Sha256::new(), 0_u64, vec![0; BLOCK]);
        loop {
            let n = entry.read(&mut block).map_err(|e| damaged(e.to_string()))?;
            if n == 0 {
                break;
            }
            hash.update(&block[..n]);
            bytes += n as u64;
            if let Some((file, path)) = &mut out {
                file.write_all(&block[..n]).with_context(|| format!("writing {}", path.display()))?;
            }
        }
        if (bytes, hex(&hash.finalize())) != (want.bytes, want.sha256.clone()) {
            return Err(damaged("its bytes are not those that were written".to_owned()).into());
        }
        if let Some((file, path)) = out {
            if matches!(name.as_str(), "state.db" | "state.key") {
                private(&file).with_context(|| format!("writing {}", path.display()))?;
            }
            file.sync_all().with_context(|| format!("writing {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn private(file: &File) -> std::io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn private(_file: &File) -> std::io::Result<()> {
    Ok(())
}

/// Where a restore unpacks before it is whole: beside the place, so that a rename is one step.
fn beside(place: &Path) -> PathBuf {
    let name = place.file_name().map_or_else(Default::default, |n| n.to_string_lossy().into_owned());
    place.with_file_name(format!(".{name}.restoring"))
}

/// Makes a workspace from a backup; the place must not be there, or be an empty folder.
pub(crate) fn restore(backup: &Path, key: Option<&Seal>, place: &Path) -> Result<Manifest> {
    let is_empty = std::fs::read_dir(place).map(|mut entries| entries.next().is_none());
    match is_empty {
        Ok(true) => std::fs::remove_dir(place).with_context(|| format!("replacing {}", place.display()))?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Ok(false) | Err(_) => return Err(BackupError::There(place.to_owned()).into()),
    }
    let (mut zip, manifest) = open(backup, key)?;
    let half = beside(place);
    // What an interrupted restore left.
    if half.exists() {
        std::fs::remove_dir_all(&half).with_context(|| format!("removing {}", half.display()))?;
    }
    std::fs::create_dir_all(&half).with_context(|| format!("making {}", half.display()))?;
    if let Err(error) = unpack(&mut zip, &manifest, Some(&half)) {
        let _ = std::fs::remove_dir_all(&half);
        return Err(error);
    }
    std::fs::rename(&half, place).with_context(|| format!("naming {}", place.display()))?;
    sync_folder(place)?;
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_of(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join("shop").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn what_was_kept_comes_back_and_locks_and_half_lines_do_not() {
        let folder = folder_of(&[
            ("portolan.toml", "home = \"CN\"\n"),
            ("lake/raw/files/ab", "bytes"),
            ("lake/.lock", ""),
            ("exposures/2026-01-01.jsonl", "{\"a\":1}\n{\"b\":"),
            ("updates/x.half", "no"),
        ]);
        let (shop, backup) = (folder.path().join("shop"), folder.path().join("b.zip"));
        let made = write(&shop, &[], (&backup, None), ("now".to_owned(), 3)).unwrap();
        let names: Vec<&str> = made.files.keys().map(String::as_str).collect();
        assert_eq!(names, ["exposures/2026-01-01.jsonl", "lake/raw/files/ab", "portolan.toml"]);
        let back = folder.path().join("back");
        assert_eq!(restore(&backup, None, &back).unwrap(), made);
        assert_eq!(std::fs::read_to_string(back.join("exposures/2026-01-01.jsonl")).unwrap(), "{\"a\":1}\n");
        let again = restore(&backup, None, &back).unwrap_err().to_string();
        assert!(again.contains("is there already"), "{again}");
    }

    #[test]
    fn a_damaged_or_cut_backup_leaves_no_workspace() {
        let folder = folder_of(&[("portolan.toml", "home = \"CN\"\n"), ("lake/x", "a rather plain text")]);
        let (shop, backup) = (folder.path().join("shop"), folder.path().join("b.zip"));
        write(&shop, &[], (&backup, None), ("now".to_owned(), 0)).unwrap();
        let good = std::fs::read(&backup).unwrap();
        let back = folder.path().join("back");
        let at = good.windows(6).position(|w| w == b"rather").unwrap();
        let mut bad = good.clone();
        bad[at] = b'R';
        std::fs::write(&backup, &bad).unwrap();
        let why = format!("{:#}", restore(&backup, None, &back).unwrap_err());
        assert!(why.contains("lake/x"), "{why}");
        for cut in [0, 10, good.len() / 2, good.len() - 1] {
            std::fs::write(&backup, &good[..cut]).unwrap();
            assert!(restore(&backup, None, &back).is_err(), "cut at {cut}");
        }
        assert!(!back.exists() && !beside(&back).exists());
        // One that was killed in the middle left its folder: the next one begins anew.
        std::fs::create_dir_all(beside(&back).join("lake")).unwrap();
        std::fs::write(beside(&back).join("lake/old"), "old").unwrap();
        std::fs::write(&backup, &good).unwrap();
        restore(&backup, None, &back).unwrap();
        assert!(back.join("lake/x").exists() && !back.join("lake/old").exists() && !beside(&back).exists());
    }

    #[test]
    fn a_sealed_backup_has_nothing_in_clear_and_opens_with_its_key_alone() {
        let shop = folder_of(&[("lake/raw/files/ab", "anna@example.com"), ("portolan.toml", "")]);
        let place = tempfile::tempdir().unwrap();
        let (backup, back) = (place.path().join("b.zip"), place.path().join("back"));
        let seal = Seal::of_key(&Seal::generate().unwrap()).unwrap();
        let made = write(&shop.path().join("shop"), &[], (&backup, Some(&seal)), ("now".to_owned(), 3)).unwrap();
        let bytes = std::fs::read(&backup).unwrap();
        for word in ["anna", "\"sha256\""] {
            assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word} is in clear");
        }
        let stranger = Seal::of_key(&Seal::generate().unwrap()).unwrap();
        for key in [None, Some(&stranger)] {
            let why = restore(&backup, key, &back).unwrap_err().to_string();
            assert!(why.contains("is sealed") && !back.exists(), "{why}");
        }
        assert_eq!(check(&backup, Some(&seal)).unwrap(), made);
        assert_eq!(restore(&backup, Some(&seal), &back).unwrap(), made);
        assert_eq!(std::fs::read_to_string(back.join("lake/raw/files/ab")).unwrap(), "anna@example.com");
    }

    #[test]
    fn no_path_leads_out_of_the_workspace() {
        let folder = tempfile::tempdir().unwrap();
        let backup = folder.path().join("b.zip");
        let mut zip = ZipWriter::new(File::create(&backup).unwrap());
        let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file("../evil", plain).unwrap();
        zip.write_all(b"x").unwrap();
        let entry = Entry { bytes: 1, sha256: hex(&Sha256::digest(b"x")) };
        let files = BTreeMap::from([("../evil".to_owned(), entry)]);
        let made = Manifest { format: 1, program: String::new(), at: String::new(), snapshot: 0, files };
        zip.start_file(MANIFEST, plain).unwrap();
        zip.write_all(&serde_json::to_vec(&made).unwrap()).unwrap();
        zip.finish().unwrap();
        assert!(restore(&backup, None, &folder.path().join("back")).is_err());
        assert!(!folder.path().join("evil").exists());
        let newer = Manifest { format: 2, files: BTreeMap::new(), ..made };
        let mut zip = ZipWriter::new(File::create(&backup).unwrap());
        zip.start_file(MANIFEST, plain).unwrap();
        zip.write_all(&serde_json::to_vec(&newer).unwrap()).unwrap();
        zip.finish().unwrap();
        assert!(check(&backup, None).unwrap_err().to_string().contains("newer version"));
    }
}
