//! The files as they came, each under its SHA-256 in `raw/files`: in clear, or sealed for a key that lies elsewhere.
//!
//! They are the one place of a lake with names and addresses in clear, so they are what encryption at rest has to cover.
//! A sealed file is named `SHA256.sealed` after its content *before* sealing, so that names stay proofs.

mod seal;

use crate::digest::hex;
use crate::{Lake, LakeError, LakeLock, local};
use seal::closed;
pub use seal::{Seal, SealReader, SealWriter};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How the name of a sealed file ends.
const SEALED: &str = ".sealed";
/// Bytes that are copied at once.
const BLOCK: usize = 1 << 20;

/// The folder of the files as they came.
#[derive(Clone, Debug)]
pub struct KeptFiles {
    folder: PathBuf,
    seal: Option<Arc<Seal>>,
}

/// How many files there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct KeptCounts {
    /// In clear.
    pub clear: u64,
    /// Sealed.
    pub sealed: u64,
}

impl KeptFiles {
    pub(crate) fn new(folder: PathBuf, seal: Option<Arc<Seal>>) -> Self {
        Self { folder, seal }
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn clear(&self, sha256: &str) -> PathBuf {
        self.folder.join(sha256)
    }

    fn sealed(&self, sha256: &str) -> PathBuf {
        self.folder.join(format!("{sha256}{SEALED}"))
    }

    /// Whether a file is kept, sealed or not.
    pub fn has(&self, sha256: &str) -> bool {
        self.clear(sha256).exists() || self.sealed(sha256).exists()
    }

    /// Whether a file is sealed.
    pub fn is_sealed(&self, sha256: &str) -> bool {
        self.sealed(sha256).exists()
    }

    /// Opens a file by its SHA-256: its bytes as they came, read once from the front.
    ///
    /// # Errors
    /// That of the disk; `PermissionDenied` for a sealed file whose key is not at hand, `InvalidData` for one that was changed.
    pub fn open(&self, sha256: &str) -> std::io::Result<Box<dyn Read + Send>> {
        match File::open(self.clear(sha256)) {
            Ok(file) => Ok(Box::new(BufReader::with_capacity(1 << 18, file))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && self.sealed(sha256).exists() => {
                let file = File::open(self.sealed(sha256))?;
                let none = || closed("nothing says with which key: seal.toml of the workspace is missing");
                Ok(Box::new(self.seal.as_ref().ok_or_else(none)?.reader(file)?))
            }
            Err(e) => Err(e),
        }
    }

    /// The bytes of a file, at most `most` of them.
    ///
    /// # Errors
    /// As [`Self::open`]; `FileTooLarge` for a larger one.
    pub fn bytes(&self, sha256: &str, most: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(sha256)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > most {
            let what = format!("a file of more than {most} bytes, at most so many are read");
            return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, what));
        }
        Ok(bytes)
    }

    /// How many files are in clear, and how many sealed.
    ///
    /// # Errors
    /// That of the disk.
    pub fn counts(&self) -> std::io::Result<KeptCounts> {
        let mut counts = KeptCounts::default();
        for name in self.names()? {
            *(if name.ends_with(SEALED) { &mut counts.sealed } else { &mut counts.clear }) += 1;
        }
        Ok(counts)
    }

    /// Names of what is kept, without what is half written.
    fn names(&self) -> std::io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry?.file_name().into_string().ok().filter(|name| sha256_of(name).is_some()));
        }
        names.sort();
        Ok(names)
    }

    /// Begins a file.
    pub(crate) fn write(&self) -> std::io::Result<KeptWriter> {
        std::fs::create_dir_all(&self.folder)?;
        let temporary = self.folder.join(".incoming");
        let file = BufWriter::with_capacity(BLOCK, File::create(&temporary)?);
        let to = match &self.seal {
            None => Sink::Clear(file),
            Some(seal) => Sink::Sealed(Box::new(seal.writer(file)?)),
        };
        Ok(KeptWriter { temporary, to, hash: Sha256::new() })
    }

    /// Puts what was written under its name; gives the name and whether it had been there.
    pub(crate) fn put(&self, written: KeptWriter) -> std::io::Result<(String, bool)> {
        let (is_sealed, file) = match written.to {
            Sink::Clear(file) => (false, file),
            Sink::Sealed(file) => (true, file.finish()?),
        };
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_data()?;
        let sha256 = hex(&written.hash.finalize());
        let was_there = self.has(&sha256);
        let (place, other) = match is_sealed {
            true => (self.sealed(&sha256), self.clear(&sha256)),
            false => (self.clear(&sha256), self.sealed(&sha256)),
        };
        // The folder is synced once, before anything is published that names the file.
        std::fs::rename(&written.temporary, place)?;
        gone(std::fs::remove_file(other))?;
        Ok((sha256, was_there))
    }

    /// Deletes a file.
    pub(crate) fn remove(&self, sha256: &str) -> std::io::Result<()> {
        gone(std::fs::remove_file(self.clear(sha256)))?;
        gone(std::fs::remove_file(self.sealed(sha256)))
    }
}

/// What is not there need not be deleted.
fn gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    removed.or_else(|e| if e.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
}

/// The SHA-256 that a file is named after; `None` for what is no kept file.
pub(crate) fn sha256_of(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(SEALED).unwrap_or(name);
    (stem.len() == 64 && stem.bytes().all(|b| b.is_ascii_hexdigit())).then_some(stem)
}

enum Sink {
    Clear(BufWriter<File>),
    Sealed(Box<SealWriter<BufWriter<File>>>),
}

/// A file that is being written.
pub(crate) struct KeptWriter {
    temporary: PathBuf,
    to: Sink,
    hash: Sha256,
}

impl KeptWriter {
    pub(crate) fn push(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.hash.update(bytes);
        match &mut self.to {
            Sink::Clear(file) => file.write_all(bytes),
            Sink::Sealed(file) => file.write_all(bytes),
        }
    }
}

/// Brings every kept file into the form that the lake's seal asks for: sealed where it has one, in clear where `clear` is
/// true. Each is written beside, compared with the hash in its name, synced, and put in the place of the other, so a crash at
/// any moment leaves every file readable in one form; says how many were changed. `progress` is told done and total.
///
/// # Errors
/// [`LakeError::Storage`] for the disk, for a key that is not at hand, and for a file that is not what its name says.
pub fn reseal(
    lake: &Lake,
    _lock: &LakeLock,
    clear: bool,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<u64, LakeError> {
    let kept = lake.kept_files();
    let telling = || LakeError::io(kept.folder.display().to_string());
    let names = kept.names().map_err(telling())?;
    let wanted: Vec<&str> =
        names.iter().filter(|name| name.ends_with(SEALED) == clear).filter_map(|name| sha256_of(name)).collect();
    let into = if clear { KeptFiles::new(kept.folder.clone(), None) } else { kept.clone() };
    for (at, sha256) in wanted.iter().enumerate() {
        progress(at as u64, wanted.len() as u64);
        let one = || -> std::io::Result<()> {
            let mut written = into.write()?;
            let (mut from, mut block) = (kept.open(sha256)?, vec![0; BLOCK]);
            loop {
                match from.read(&mut block)? {
                    0 => break,
                    n => written.push(&block[..n])?,
                }
            }
            if hex(&written.hash.clone().finalize()) != *sha256 {
                let what = "it is not what was kept: its content has another hash; `portolan doctor` lists such files";
                return Err(std::io::Error::other(what));
            }
            into.put(written)?;
            Ok(())
        };
        one().map_err(LakeError::io(format!("raw/files/{sha256}")))?;
    }
    if !wanted.is_empty() {
        local::sync_folder(&kept.folder)?;
    }
    Ok(wanted.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &[u8] = b"order,e-mail\n1,anna@example.com\n";

    fn kept(folder: &Path, seal: Option<&Seal>) -> KeptFiles {
        KeptFiles::new(folder.to_path_buf(), seal.cloned().map(Arc::new))
    }

    fn put(files: &KeptFiles, bytes: &[u8]) -> (String, bool) {
        let mut written = files.write().unwrap();
        written.push(bytes).unwrap();
        files.put(written).unwrap()
    }

    fn seal() -> Seal {
        Seal::of_key(&Seal::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_sealed_file_is_named_after_what_it_holds_and_shows_none_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let (clear, mine) = (kept(folder.path(), None), kept(folder.path(), Some(&seal())));
        let (name, was_there) = put(&clear, SAID);
        assert!(!was_there);
        // Taken in again with a seal, it is not left in clear.
        assert_eq!(put(&mine, SAID), (name.clone(), true));
        assert_eq!(mine.counts().unwrap(), KeptCounts { clear: 0, sealed: 1 });
        let bytes = std::fs::read(folder.path().join(format!("{name}.sealed"))).unwrap();
        assert!(Seal::is_sealed(&bytes) && !bytes.windows(4).any(|w| w == b"anna"));
        assert_eq!(mine.bytes(&name, 100).unwrap(), SAID);
        assert_eq!(mine.bytes(&name, 10).unwrap_err().kind(), std::io::ErrorKind::FileTooLarge);
        // And back.
        assert_eq!(put(&clear, SAID), (name.clone(), true));
        assert_eq!(mine.counts().unwrap(), KeptCounts { clear: 1, sealed: 0 });
        mine.remove(&name).unwrap();
        assert!(!mine.has(&name) && mine.bytes(&name, 1).is_err());
    }

    #[test]
    fn without_its_key_a_file_stays_closed_and_a_changed_one_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let mine = seal();
        let (name, _) = put(&kept(folder.path(), Some(&mine)), SAID);
        let no_key = Seal::new(mine.id(), Err("the disk is not mounted".to_owned()));
        for files in [kept(folder.path(), None), kept(folder.path(), Some(&no_key))] {
            assert_eq!(files.bytes(&name, 100).unwrap_err().kind(), std::io::ErrorKind::PermissionDenied);
        }
        assert!(kept(folder.path(), Some(&seal())).bytes(&name, 100).is_err(), "another key opens it");
        let path = folder.path().join(format!("{name}.sealed"));
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(kept(folder.path(), Some(&mine)).bytes(&name, 100).is_err(), "a changed byte is not noticed");
        bytes.truncate(bytes.len() - 5);
        std::fs::write(&path, &bytes).unwrap();
        assert!(kept(folder.path(), Some(&mine)).bytes(&name, 100).is_err(), "a cut file is not noticed");
    }

    #[test]
    fn a_lake_goes_over_to_a_seal_and_back_file_by_file() {
        let folder = tempfile::tempdir().unwrap();
        let plain = Lake::open(&folder.path().to_string_lossy()).unwrap();
        let lock = plain.lock().unwrap();
        let names: Vec<String> = [SAID, b"", b"x"].iter().map(|bytes| put(&plain.kept_files(), bytes).0).collect();
        // What a kill in the middle of taking a file in leaves.
        std::fs::write(plain.kept_files().folder().join(".incoming"), "half").unwrap();
        let sealed = plain.clone().sealed(seal());
        assert_eq!(reseal(&sealed, &lock, false, &|_, _| {}).unwrap(), 3);
        assert_eq!(sealed.kept_files().counts().unwrap(), KeptCounts { clear: 0, sealed: 3 });
        assert_eq!(reseal(&sealed, &lock, false, &|_, _| {}).unwrap(), 0);
        assert_eq!(sealed.kept_files().bytes(&names[0], 100).unwrap(), SAID);
        // A file that is not what its name says is not sealed as if it were.
        assert_eq!(reseal(&sealed, &lock, true, &|_, _| {}).unwrap(), 3);
        std::fs::write(plain.kept_files().folder().join(&names[0]), "other").unwrap();
        let why = reseal(&sealed, &lock, false, &|_, _| {}).unwrap_err().to_string();
        assert!(why.contains("another hash"), "{why}");
        assert_eq!(std::fs::read(plain.kept_files().folder().join(&names[0])).unwrap(), b"other");
    }
}
