//! The log through its front door, with a disk that fails where it is told to.

use crate::disk::{Create, Disk, files};
use crate::*;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};

fn record(n: u64) -> Record {
    Record { key: Key(u128::from(n) << 64 | u128::from(n)), payload: format!("{{\"n\":{n}}}").into_bytes() }
}

fn open(dir: &Path) -> (Journal, Recovery) {
    Journal::open(dir, JournalParams::default(), 0).unwrap()
}

fn payloads(journal: &Journal) -> Vec<String> {
    let mut found = Vec::new();
    for segment in journal.segments() {
        segment.read(|e| found.push(String::from_utf8(e.payload.to_vec()).unwrap())).unwrap();
    }
    found
}

fn numbers(from: u64, to: u64) -> Vec<String> {
    (from..to).map(|n| format!("{{\"n\":{n}}}")).collect()
}

#[test]
fn what_was_acknowledged_is_there_after_opening_again_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let receipt = journal.append_blocking(vec![record(0), record(1), record(0)], 5).unwrap();
    assert_eq!(receipt.numbers, [Some(1), Some(2), None], "a repeat inside one call is one");
    assert_eq!(journal.append_blocking(vec![record(1)], 6).unwrap().numbers, [None]);
    drop(journal);
    let (journal, recovery) = open(dir.path());
    assert_eq!((recovery.records, recovery.keys, recovery.notices.as_slice()), (2, 2, &[][..]));
    assert_eq!(journal.append_blocking(vec![record(1), record(2)], 7).unwrap().numbers, [None, Some(3)]);
    assert_eq!(payloads(&journal), numbers(0, 3));
}

#[test]
fn many_callers_share_a_sync_and_each_gets_its_own_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let all: Vec<u64> = std::thread::scope(|scope| {
        let work = |t: u64| {
            let journal = journal.clone();
            scope.spawn(move || {
                let append = |n| journal.append_blocking(vec![record(n)], 0).unwrap().numbers[0].unwrap();
                (t * 20..(t + 1) * 20).map(append).collect::<Vec<_>>()
            })
        };
        let threads: Vec<_> = (0..16).map(work).collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    let mut sorted = all;
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=320).collect::<Vec<_>>(), "every record has a number of its own");
    let stats = journal.stats();
    assert_eq!(stats.records, 320);
    assert!(stats.syncs < 320, "{} syncs", stats.syncs);
}

#[test]
fn a_second_process_is_kept_out() {
    let dir = tempfile::tempdir().unwrap();
    let (_journal, _) = open(dir.path());
    let second = Journal::open(dir.path(), JournalParams::default(), 0);
    assert!(matches!(second, Err(JournalError::InUse { .. })));
}

#[test]
fn segments_rotate_by_size_and_what_is_retired_stays_known() {
    let dir = tempfile::tempdir().unwrap();
    let params = JournalParams { segment_bytes: 400, ..JournalParams::default() };
    let (journal, _) = Journal::open(dir.path(), params.clone(), 0).unwrap();
    (0..40).for_each(|n| {
        journal.append_blocking(vec![record(n)], 0).unwrap();
    });
    let closed = journal.closed();
    assert!(closed.len() >= 3, "{closed:?}");
    assert!(closed.windows(2).all(|w| w[0].next == w[1].first));
    assert_eq!(payloads(&journal), numbers(0, 40));
    let first = closed[0].clone();
    journal.retire(first.first).unwrap();
    assert!(!first.path.exists());
    assert!(matches!(journal.retire(first.first), Err(JournalError::NoSegment { .. })));
    assert_eq!(journal.append_blocking(vec![record(0)], 1).unwrap().numbers, [None]);
    drop(journal);
    let (journal, recovery) = Journal::open(dir.path(), params, 0).unwrap();
    assert_eq!(recovery.keys, 40, "keys of the retired segment are remembered");
    assert_eq!(recovery.records, 40 - first.records);
    assert_eq!(journal.append_blocking(vec![record(0)], 1).unwrap().numbers, [None]);
}

#[test]
fn everything_may_be_retired_and_numbers_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    journal.append_blocking(vec![record(0), record(1)], 0).unwrap();
    drop(journal);
    let (journal, _) = open(dir.path());
    journal.retire(journal.closed()[0].first).unwrap();
    drop(journal);
    let (journal, _) = open(dir.path());
    assert!(journal.segments().is_empty());
    assert_eq!(journal.append_blocking(vec![record(2)], 0).unwrap().numbers, [Some(3)]);
}

/// Writes three segments of five records, changes one file and opens again.
#[test] // Eight keys are remembered: of five retired segments of three, those that hold the newest nine stay.
fn keys_that_nobody_remembers_any_more_leave_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = JournalParams { segment_bytes: 1, ..JournalParams::default() };
    params.seen.max_keys = 8;
    let (journal, _) = Journal::open(dir.path(), params.clone(), 0).unwrap();
    let key_files = || {
        let names = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".keys")).collect();
        names.sort();
        names
    };
    for batch in 0..5 {
        journal.append_blocking((0..3).map(|n| record(3 * batch + n)).collect(), 0).unwrap();
        while journal.closed().is_empty() {
            std::thread::yield_now();
        }
        journal.retire(journal.closed()[0].first).unwrap();
    }
    let kept = [7, 10, 13].map(|first| format!("{first:020}.keys"));
    assert_eq!(key_files(), kept);
    drop(journal);
    let (journal, recovery) = Journal::open(dir.path(), params, 0).unwrap();
    assert_eq!((key_files(), recovery.keys), (kept.to_vec(), 8));
    assert_eq!(journal.append_blocking(vec![record(14), record(0)], 0).unwrap().numbers, [None, Some(16)]);
}

fn damaged(which: usize, change: impl FnOnce(&mut Vec<u8>)) -> (tempfile::TempDir, Journal, Recovery) {
    let dir = tempfile::tempdir().unwrap();
    for segment in 0..3 {
        let (journal, _) = open(dir.path());
        journal.append_blocking((segment * 5..segment * 5 + 5).map(record).collect(), 0).unwrap();
    }
    let mut logs: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path()).collect();
    logs.retain(|p| p.extension().is_some_and(|e| e == "log"));
    logs.sort();
    let mut bytes = std::fs::read(&logs[which]).unwrap();
    change(&mut bytes);
    std::fs::write(&logs[which], bytes).unwrap();
    let (journal, recovery) = open(dir.path());
    (dir, journal, recovery)
}

#[test]
fn a_torn_tail_is_cut_off_wherever_it_was_torn() {
    for missing in 1..50 {
        let (_dir, journal, recovery) = damaged(2, |bytes| bytes.truncate(bytes.len() - missing));
        assert!(matches!(recovery.notices.as_slice(), [Notice::TornTail { .. }]), "{missing}: {recovery:?}");
        assert_eq!(payloads(&journal), numbers(0, 14));
        assert_eq!(journal.append_blocking(vec![record(14), record(13)], 0).unwrap().numbers, [Some(15), None]);
    }
}

#[test]
fn a_header_that_was_never_finished_is_an_empty_segment() {
    for length in [0, 10, 31, 32] {
        let (_dir, journal, _) = damaged(2, |bytes| bytes.truncate(length));
        assert_eq!(payloads(&journal), numbers(0, 10));
        assert_eq!(journal.append_blocking(vec![record(10)], 0).unwrap().numbers, [Some(11)]);
    }
}

#[test]
fn a_damage_in_the_middle_costs_one_record_and_the_file_is_kept() {
    for which in 0..3 {
        let (_dir, journal, recovery) = damaged(which, |bytes| bytes[100] ^= 1);
        let [Notice::Damage { lost, saved, kept, .. }] = recovery.notices.as_slice() else {
            panic!("{which}: {recovery:?}")
        };
        assert_eq!((*lost, *saved), (1, 4));
        assert!(kept.exists());
        assert!(recovery.notices[0].to_string().contains("1 records are lost and 4 saved"));
        let lost = which as u64 * 5 + 1;
        let mut expected = numbers(0, 15);
        expected.remove(lost as usize);
        assert_eq!(payloads(&journal), expected);
        // What is lost may be sent again.
        assert_eq!(journal.append_blocking(vec![record(lost)], 0).unwrap().numbers, [Some(16)]);
    }
}

#[test]
fn a_damaged_header_costs_no_record() {
    let (_dir, journal, recovery) = damaged(1, |bytes| bytes[3] ^= 1);
    assert!(matches!(recovery.notices.as_slice(), [Notice::Damage { lost: 0, saved: 5, .. }]), "{recovery:?}");
    assert_eq!(payloads(&journal), numbers(0, 15));
}

#[test]
fn a_segment_of_a_newer_version_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut header = crate::segment::header(1, 0);
    header[8] = 9;
    let crc = crc32fast::hash(&header[..28]).to_le_bytes();
    header[28..].copy_from_slice(&crc);
    std::fs::write(dir.path().join("00000000000000000001.log"), header).unwrap();
    let opened = Journal::open(dir.path(), JournalParams::default(), 0);
    assert!(matches!(opened, Err(JournalError::Version { found: 9, known: 1, .. })));
}

/// A disk with so much room, that forgets how to sync when told.
struct Faulty {
    inner: Box<dyn Disk>,
    room: Arc<AtomicI64>,
    sync_fails: Arc<AtomicBool>,
}

impl Disk for Faulty {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let room = self.room.load(SeqCst).max(0) as usize;
        if room < bytes.len() {
            // Part of it arrives, as on a real disk.
            self.inner.append(&bytes[..room])?;
            return Err(Error::from(ErrorKind::StorageFull));
        }
        self.room.fetch_sub(bytes.len() as i64, SeqCst);
        self.inner.append(bytes)
    }

    fn sync(&mut self) -> Result<()> {
        if self.sync_fails.load(SeqCst) {
            return Err(Error::other("the cable is loose"));
        }
        self.inner.sync()
    }

    fn truncate(&mut self, length: u64) -> Result<()> {
        self.inner.truncate(length)
    }
}

fn faulty(room: i64) -> (Create, Arc<AtomicI64>, Arc<AtomicBool>) {
    let (room, sync_fails) = (Arc::new(AtomicI64::new(room)), Arc::new(AtomicBool::new(false)));
    let (r, s) = (Arc::clone(&room), Arc::clone(&sync_fails));
    let mut plain = files();
    let create: Create = Box::new(move |path| {
        let inner = plain(path)?;
        Ok(Box::new(Faulty { inner, room: Arc::clone(&r), sync_fails: Arc::clone(&s) }))
    });
    (create, room, sync_fails)
}

#[test]
fn a_full_disk_is_said_and_the_log_goes_on_once_there_is_space() {
    let dir = tempfile::tempdir().unwrap();
    let (create, room, _) = faulty(300);
    let (journal, _) = Journal::open_on(dir.path(), JournalParams::default(), 0, create).unwrap();
    let mut taken = 0;
    let error = loop {
        match journal.append_blocking(vec![record(taken)], 0) {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(taken > 1, "{taken}");
    assert!(matches!(error, AppendError::NoSpace { .. }), "{error:?}");
    assert!(journal.append_blocking(vec![record(taken)], 0).is_err(), "still full");
    room.store(1 << 20, SeqCst);
    // The same record again: it was not taken, so it is not a repeat.
    assert_eq!(journal.append_blocking(vec![record(taken)], 0).unwrap().numbers, [Some(taken + 1)]);
    assert_eq!(payloads(&journal), numbers(0, taken + 1));
    drop(journal);
    let (journal, recovery) = open(dir.path());
    assert_eq!(recovery.notices, []);
    assert_eq!(payloads(&journal), numbers(0, taken + 1));
}

#[test]
fn a_sync_that_fails_is_not_believed_later() {
    let dir = tempfile::tempdir().unwrap();
    let (create, _, sync_fails) = faulty(1 << 20);
    let (journal, _) = Journal::open_on(dir.path(), JournalParams::default(), 0, create).unwrap();
    journal.append_blocking(vec![record(0)], 0).unwrap();
    sync_fails.store(true, SeqCst);
    let error = journal.append_blocking(vec![record(1)], 0).unwrap_err();
    assert!(matches!(error, AppendError::Disk { .. }), "{error:?}");
    sync_fails.store(false, SeqCst);
    assert_eq!(journal.append_blocking(vec![record(1)], 0).unwrap().numbers, [Some(2)]);
    assert_eq!(journal.segments().len(), 2, "the segment whose sync failed was given up");
    drop(journal);
    let (journal, _) = open(dir.path());
    assert_eq!(payloads(&journal), numbers(0, 2));
}

#[test]
fn who_comes_when_too_much_waits_is_told_to_come_again() {
    let queue = crate::queue::Queue::new(100);
    let job = |bytes| {
        let (answer, _) = tokio::sync::oneshot::channel();
        crate::queue::Job::Append { records: Vec::new(), at_ms: 0, bytes, answer }
    };
    assert_eq!(queue.push(job(500)), Ok(()), "one alone always fits");
    assert_eq!(queue.push(job(1)), Err(AppendError::Busy { waiting_bytes: 500, limit_bytes: 100 }));
    queue.take(1, std::time::Duration::ZERO);
    assert_eq!(queue.push(job(1)), Ok(()));
    queue.close();
    assert_eq!(queue.push(job(1)), Err(AppendError::Closed));
}

#[test]
fn a_record_too_long_for_any_reader_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let long = Record { key: Key(1), payload: vec![b'x'; MAX_PAYLOAD + 1] };
    assert!(matches!(journal.append_blocking(vec![long], 0), Err(AppendError::TooLarge { .. })));
}
