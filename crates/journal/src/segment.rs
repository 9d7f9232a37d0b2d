//! One file of the log: a header, then records. Named by the number of its first record.
//!
//! Header, 32 bytes: magic (8), format version (4), number of the first record (8), time of creation (8), CRC-32 of all
//! that (4). When the records of a segment have gone elsewhere its keys stay in a file beside it (`.keys`), so that what
//! comes again is still known; the payloads do not.

use crate::error::JournalError;
use crate::frame::{Piece, Pieces};
use crate::seen::Key;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

const MAGIC: [u8; 8] = *b"PTLNLOG\n";
const KEYS_MAGIC: [u8; 8] = *b"PTLNKEY\n";
pub(crate) const VERSION: u32 = 1;
pub(crate) const HEADER: usize = 32;

/// One record as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its number in the log, from 1.
    pub number: u64,
    /// When it came, milliseconds since 1970.
    pub at_ms: i64,
    /// What it is known by.
    pub key: Key,
    /// What was handed over.
    pub payload: &'a [u8],
}

/// A segment and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The file.
    pub path: PathBuf,
    /// Number of its first record.
    pub first: u64,
    /// Number after its last record.
    pub next: u64,
    /// Records in it.
    pub records: u64,
    /// Bytes that are synced.
    pub bytes: u64,
    /// When its last record came, milliseconds since 1970.
    pub last_ms: i64,
}

impl Segment {
    pub(crate) fn new(dir: &Path, first: u64) -> Self {
        let path = dir.join(format!("{first:020}.log"));
        Self { path, first, next: first, records: 0, bytes: HEADER as u64, last_ms: i64::MIN }
    }

    /// Name of the segment, the same for as long as it exists.
    pub fn name(&self) -> String {
        format!("{:020}", self.first)
    }

    /// Hands every record over, in order. Holds the segment in memory while it does.
    ///
    /// # Errors
    /// [`JournalError::Io`] where the file cannot be read.
    pub fn read(&self, mut each: impl FnMut(Entry<'_>)) -> Result<(), JournalError> {
        let bytes = self.contents()?;
        for piece in Pieces::new(&bytes, HEADER) {
            match piece {
                Piece::Record(entry, _) => each(entry),
                // What is damaged was told when the log was opened.
                Piece::Damage { .. } => {}
            }
        }
        Ok(())
    }

    /// Hands all records over at once, in order. Holds the segment in memory while it does.
    ///
    /// # Errors
    /// [`JournalError::Io`] where the file cannot be read.
    pub fn read_whole<T>(&self, take: impl FnOnce(&[Entry<'_>]) -> T) -> Result<T, JournalError> {
        let bytes = self.contents()?;
        let sound = |piece| match piece {
            Piece::Record(entry, _) => Some(entry),
            Piece::Damage { .. } => None,
        };
        let entries: Vec<Entry<'_>> = Pieces::new(&bytes, HEADER).filter_map(sound).collect();
        Ok(take(&entries))
    }

    pub(crate) fn contents(&self) -> Result<Vec<u8>, JournalError> {
        let mut bytes = Vec::with_capacity(self.bytes as usize);
        let file = File::open(&self.path).map_err(JournalError::io("opening", &self.path))?;
        file.take(self.bytes).read_to_end(&mut bytes).map_err(JournalError::io("reading", &self.path))?;
        Ok(bytes)
    }
}

pub(crate) fn header(first: u64, created_ms: i64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&first.to_le_bytes());
    bytes.extend_from_slice(&created_ms.to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// What the header of a file says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// It is ours.
    Sound,
    /// It is whole and from a newer program.
    Newer(u32),
    /// It is damaged, or cut short.
    Damaged,
}

pub(crate) fn check_header(bytes: &[u8]) -> Header {
    let Some(head) = bytes.first_chunk::<HEADER>() else { return Header::Damaged };
    let (said, crc) = head.split_at(HEADER - 4);
    let version = head[8..].first_chunk().map_or(0, |v| u32::from_le_bytes(*v));
    if !said.starts_with(&MAGIC) || crc != crc32fast::hash(said).to_le_bytes() {
        return Header::Damaged;
    }
    if version > VERSION { Header::Newer(version) } else { Header::Sound }
}

/// Number in the name of a file with this ending.
pub(crate) fn number_of(path: &Path, ending: &str) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(ending)?;
    (name.len() == 20).then(|| name.parse().ok())?
}

pub(crate) fn sync_folder(dir: &Path) -> Result<(), JournalError> {
    let folder = File::open(dir).map_err(JournalError::io("opening", dir))?;
    folder.sync_all().map_err(JournalError::io("syncing", dir))
}

/// Writes a file under another name, syncs it and puts it in place.
pub(crate) fn put_file(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary).map_err(JournalError::io("creating", &temporary))?;
    file.write_all(bytes).map_err(JournalError::io("writing", &temporary))?;
    file.sync_data().map_err(JournalError::io("syncing", &temporary))?;
    std::fs::rename(&temporary, path).map_err(JournalError::io("renaming to", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Keys of a retired segment with the times at which they came.
pub(crate) fn put_keys(path: &Path, keys: &[(Key, i64)]) -> Result<(), JournalError> {
    let mut bytes = Vec::with_capacity(12 + 24 * keys.len());
    bytes.extend_from_slice(&KEYS_MAGIC);
    for (key, at_ms) in keys {
        bytes.extend_from_slice(&key.0.to_le_bytes());
        bytes.extend_from_slice(&at_ms.to_le_bytes());
    }
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    put_file(path, &bytes)
}

/// Bytes of a file of keys beside the keys, and of a key with its time.
const KEYS_FRAME: u64 = 12;
const KEYS_EACH: u64 = 24;

/// Removes files of keys that nobody will remember: those behind which newer files hold `max_keys` already. The newest
/// stays, whatever it holds: it says at which number the log goes on.
pub(crate) fn forget_keys(dir: &Path, max_keys: u64) -> Result<(), JournalError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(JournalError::io("listing", dir))? {
        let entry = entry.map_err(JournalError::io("listing", dir))?;
        let path = entry.path();
        if let Some(first) = number_of(&path, ".keys") {
            let bytes = entry.metadata().map_err(JournalError::io("looking at", &path))?.len();
            files.push((first, bytes.saturating_sub(KEYS_FRAME) / KEYS_EACH, path));
        }
    }
    files.sort_unstable_by_key(|file| std::cmp::Reverse(file.0));
    let mut newer = 0;
    for (at, (_, keys, path)) in files.iter().enumerate() {
        if at > 0 && newer >= max_keys {
            std::fs::remove_file(path).map_err(JournalError::io("removing", path))?;
        }
        newer += keys;
    }
    Ok(())
}

/// The keys in such a file; `None` where it is damaged: what repeats those is then merged when the lake is cleaned.
pub(crate) fn get_keys(path: &Path) -> Result<Option<Vec<(Key, i64)>>, JournalError> {
    let bytes = std::fs::read(path).map_err(JournalError::io("reading", path))?;
    let Some((said, crc)) = bytes.split_last_chunk::<4>() else { return Ok(None) };
    let Some(pairs) = said.strip_prefix(&KEYS_MAGIC).filter(|p| p.len() % 24 == 0) else { return Ok(None) };
    if *crc != crc32fast::hash(said).to_le_bytes() {
        return Ok(None);
    }
    let (pairs, _) = pairs.as_chunks::<24>();
    let pair = |pair: &[u8; 24]| {
        let (mut key, mut at) = ([0; 16], [0; 8]);
        key.copy_from_slice(&pair[..16]);
        at.copy_from_slice(&pair[16..]);
        (Key(u128::from_le_bytes(key)), i64::from_le_bytes(at))
    };
    Ok(Some(pairs.iter().map(pair).collect()))
}
