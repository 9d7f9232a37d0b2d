//! Opening the log after anything: what is whole is kept, what is not is put aside and told.
//!
//! - *Torn tail.* The newest segment ends in bytes that are no record: the program died while it wrote, so nobody was
//!   told that they are there. They are cut off and kept in a file of their own (`.torn-<offset>`).
//! - *Damage.* Bytes that are no record, with records behind them, or in a segment that was closed: the disk or somebody
//!   changed them. The file is kept as it is (`.damaged`), and the records before and behind go into a segment in its place.
//! - A segment without any record is removed.
//!
//! The active segment of the last time is closed; writing goes on in a new one. Cost: one pass over what is not retired.

use crate::error::JournalError;
use crate::frame::{self, Piece, Pieces};
use crate::seen::{Seen, SeenParams};
use crate::segment::{self, HEADER, Header, Segment};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// What was found when the log was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Records in segments that are not retired.
    pub records: u64,
    /// Keys that are remembered, of retired segments too.
    pub keys: usize,
    /// What was not as it should be, in the order of the segments.
    pub notices: Vec<Notice>,
}

/// Something that a person should hear about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The end of the newest segment was not written out.
    TornTail {
        /// The segment.
        segment: PathBuf,
        /// Bytes that were cut off; nobody had been told that they are safe.
        bytes: usize,
        /// Where they are.
        kept: PathBuf,
    },
    /// A segment was damaged.
    Damage {
        /// The segment; it now holds what was whole.
        segment: PathBuf,
        /// Bytes that are no record.
        bytes: usize,
        /// Records that were there once and cannot be read, by the gaps in their numbers.
        lost: u64,
        /// Records that were saved.
        saved: u64,
        /// The damaged file as it was.
        kept: PathBuf,
    },
    /// A file with the keys of a retired segment cannot be read: what repeats those is not noticed here.
    LostKeys {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornTail { segment, bytes, kept } => write!(
                f,
                "{}: the last {bytes} bytes were never completed and never acknowledged; they were cut off and lie in {}",
                segment.display(),
                kept.display()
            ),
            Self::Damage { segment, bytes, lost, saved, kept } => write!(
                f,
                "{}: {bytes} bytes are damaged, {lost} records are lost and {saved} saved; the file as it was lies in {}",
                segment.display(),
                kept.display()
            ),
            Self::LostKeys { path } => write!(
                f,
                "{}: the keys of a retired segment cannot be read; repeats of its records are merged when the lake is cleaned",
                path.display()
            ),
        }
    }
}

/// What the writer starts from.
pub(crate) struct Recovered {
    pub(crate) segments: Vec<Segment>,
    pub(crate) seen: Seen,
    pub(crate) next: u64,
    pub(crate) recovery: Recovery,
}

pub(crate) fn recover(dir: &Path, params: &SeenParams, now_ms: i64) -> Result<Recovered, JournalError> {
    segment::forget_keys(dir, params.max_keys as u64)?;
    let mut logs = BTreeMap::new();
    let mut key_files = BTreeMap::new();
    for entry in std::fs::read_dir(dir).map_err(JournalError::io("listing", dir))? {
        let path = entry.map_err(JournalError::io("listing", dir))?.path();
        if let Some(first) = segment::number_of(&path, ".log") {
            logs.insert(first, path);
        } else if let Some(first) = segment::number_of(&path, ".keys") {
            key_files.insert(first, path);
        } else if path.extension().is_some_and(|e| e == "tmp") {
            // Half-written and never put in place.
            std::fs::remove_file(&path).map_err(JournalError::io("removing", &path))?;
        }
    }
    let mut seen = Seen::new(params);
    let mut recovery = Recovery::default();
    let mut next = key_files.keys().next_back().map_or(1, |first| first + 1);
    for (first, path) in &key_files {
        let Some(keys) = segment::get_keys(path)? else {
            recovery.notices.push(Notice::LostKeys { path: path.clone() });
            continue;
        };
        next = next.max(first + keys.len() as u64);
        let oldest = now_ms.saturating_sub(seen.window_ms());
        if keys.iter().all(|(_, at)| *at < oldest) && !logs.contains_key(first) && key_files.len() > 1 {
            std::fs::remove_file(path).map_err(JournalError::io("removing", path))?;
            continue;
        }
        keys.into_iter().for_each(|(key, at)| seen.insert(key, at));
    }
    let newest = logs.keys().next_back().copied();
    let mut segments = Vec::new();
    for (first, path) in &logs {
        let end = if Some(*first) == newest { End::MayBeTorn } else { End::WasClosed };
        let segment = one(dir, path, *first, end, &mut recovery)?;
        next = next.max(segment.next);
        if segment.records == 0 {
            std::fs::remove_file(path).map_err(JournalError::io("removing", path))?;
            continue;
        }
        segment.read(|entry| seen.insert(entry.key, entry.at_ms))?;
        recovery.records += segment.records;
        segments.push(segment);
    }
    recovery.keys = seen.len();
    Ok(Recovered { segments, seen, next, recovery })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    MayBeTorn,
    WasClosed,
}

fn one(dir: &Path, path: &Path, first: u64, end: End, recovery: &mut Recovery) -> Result<Segment, JournalError> {
    let bytes = std::fs::read(path).map_err(JournalError::io("reading", path))?;
    let sound = match segment::check_header(&bytes) {
        Header::Sound => true,
        Header::Newer(found) => {
            return Err(JournalError::Version { path: path.to_path_buf(), found, known: segment::VERSION });
        }
        Header::Damaged => false,
    };
    let mut segment = Segment::new(dir, first);
    let mut good = segment::header(first, 0);
    if sound {
        good.copy_from_slice(&bytes[..HEADER]);
    }
    let (mut lost, mut damages) = (0, Vec::new());
    for piece in Pieces::new(&bytes, if sound { HEADER } else { 0 }) {
        match piece {
            Piece::Record(entry, _) => {
                // Numbers only rise: a smaller one would be a copy of something older.
                lost += entry.number.saturating_sub(segment.next);
                segment.next = entry.number + 1;
                segment.records += 1;
                segment.last_ms = segment.last_ms.max(entry.at_ms);
                frame::put(&mut good, entry.number, entry.at_ms, entry.key, entry.payload);
            }
            Piece::Damage { from, to } => damages.push((from, to)),
        }
    }
    segment.bytes = good.len() as u64;
    let torn = match damages.as_slice() {
        [] if sound => return Ok(segment),
        [(from, to)] if end == End::MayBeTorn && *to == bytes.len() && (sound || segment.records == 0) => Some(*from),
        // An empty file: created, and never written to.
        [] if segment.records == 0 && end == End::MayBeTorn => return Ok(segment),
        _ => None,
    };
    let beside = |ending: String| dir.join(format!("{first:020}.{ending}"));
    if let Some(from) = torn {
        let kept = beside(format!("torn-{from}"));
        segment::put_file(&kept, &bytes[from..])?;
        recovery.notices.push(Notice::TornTail { segment: path.to_path_buf(), bytes: bytes.len() - from, kept });
        if segment.records > 0 {
            segment::put_file(path, &good)?;
        }
        return Ok(segment);
    }
    let kept = beside("damaged".to_owned());
    match std::fs::hard_link(path, &kept) {
        Ok(()) => {}
        // Put aside before, by a start that did not get further.
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(JournalError::io("putting aside", path)(e)),
    }
    recovery.notices.push(Notice::Damage {
        segment: path.to_path_buf(),
        bytes: damages.iter().map(|(from, to)| to - from).sum(),
        lost,
        saved: segment.records,
        kept,
    });
    segment::put_file(path, &good)?;
    Ok(segment)
}
