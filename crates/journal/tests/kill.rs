//! Killed in the middle of writing, again and again: every acknowledged record is there exactly once.
//!
//! The child process is this test program itself, told by its arguments to run the ignored test that writes without end. It
//! says on its output what was acknowledged. `KILL_TRIALS=20` makes more than the few trials of every day.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the folder and the number of trials come from outside"
)]

use journal::{Journal, JournalParams, Key, Record};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const FOLDER: &str = "JOURNAL_KILL_FOLDER";

fn params() -> JournalParams {
    // Small segments, so that kills hit rotations too.
    JournalParams { segment_bytes: 8 << 10, segment_age: Duration::from_millis(20), ..JournalParams::default() }
}

fn record(n: u64) -> Record {
    Record { key: Key(u128::from(n) << 64 | u128::from(n)), payload: n.to_string().into_bytes() }
}

/// Eight writers without end; each sends its last record once more, as clients do that did not hear an answer.
#[test]
#[ignore = "the child of the test below, killed by it"]
fn child_writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let (journal, _) = Journal::open(Path::new(&dir), params(), 0).unwrap();
    let start: u64 = std::env::var("JOURNAL_KILL_START").unwrap().parse().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let journal = journal.clone();
            scope.spawn(move || {
                for n in (start + writer..).step_by(8) {
                    let records = (n.saturating_sub(8)..=n).step_by(8).map(record).collect();
                    journal.append_blocking(records, 0).unwrap();
                    // One write a line: lines of eight writers do not mix.
                    std::io::stdout().write_all(format!("\nack {n}\n").as_bytes()).unwrap();
                }
            });
        }
        // Closed segments are retired while it writes, as compaction does.
        scope.spawn(move || {
            loop {
                std::thread::sleep(Duration::from_millis(50));
                let Some(segment) = journal.closed().into_iter().next() else { continue };
                let mut kept = Vec::new();
                segment.read(|e| kept.push(String::from_utf8(e.payload.to_vec()).unwrap())).unwrap();
                let path = Path::new(&dir).join(format!("{}.kept", segment.name()));
                std::fs::write(&path, kept.join("\n")).unwrap();
                journal.retire(segment.first).unwrap();
            }
        });
    });
}

#[test]
fn every_acknowledged_record_is_there_exactly_once_after_each_kill() {
    let trials: u64 = std::env::var("KILL_TRIALS").ok().and_then(|t| t.parse().ok()).unwrap_or(4);
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<u64> = Vec::new();
    for trial in 0..trials {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child_writes_until_it_is_killed", "--nocapture"])
            .env(FOLDER, dir.path())
            .env("JOURNAL_KILL_START", (trial * 1_000_000 + 8).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let before = acknowledged.len();
        // Not a time but a number of acknowledgements, another one each time.
        let enough = 100 + 37 * trial as usize;
        for line in lines {
            let Ok(line) = line else { break };
            if let Some(n) = line.strip_prefix("ack ").and_then(|n| n.parse().ok()) {
                acknowledged.push(n);
            }
            if acknowledged.len() - before == enough {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acknowledged.len() - before >= enough, "the child wrote");
        check(dir.path(), &acknowledged, trial);
    }
    println!("{trials} kills, {} records acknowledged, each there exactly once", acknowledged.len());
}

fn check(dir: &Path, acknowledged: &[u64], trial: u64) {
    let mut found: HashMap<u64, u32> = HashMap::new();
    let (journal, recovery) = Journal::open(dir, params(), 0).unwrap();
    let in_log: Vec<String> = journal.segments().iter().map(|s| s.name()).collect();
    for segment in journal.segments() {
        segment
            .read(|e| *found.entry(std::str::from_utf8(e.payload).unwrap().parse().unwrap()).or_default() += 1)
            .unwrap();
    }
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        // A segment that was kept and not yet retired is kept again under the same name: not twice.
        if path.extension().is_some_and(|e| e == "kept") && !in_log.contains(&name) {
            let text = std::fs::read_to_string(&path).unwrap();
            text.lines().for_each(|n| *found.entry(n.parse().unwrap()).or_default() += 1);
        }
    }
    for n in acknowledged {
        assert_eq!(found.get(n), Some(&1), "record {n} after kill {trial}, {:?}", recovery.notices);
    }
    let twice: Vec<_> = found.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "after kill {trial}: {twice:?}");
}
