//! Events sent to the running server survive what ends it: every one that was acknowledged is in the lake exactly once.
//!
//! `KILL_TRIALS=20` makes more than the few trials of every day. Where a test would need a small disk and may not mount
//! one, it says so and passes.

use crate::served::Served;
use crate::support::Shop;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// Senders at once, and events of one request.
const SENDERS: usize = 4;
const BATCH: u64 = 5;

fn viewed(id: &str) -> Value {
    json!({"type": "track", "event": "Product Viewed", "messageId": id, "anonymousId": format!("visitor {id}"),
        "properties": {"product_id": "kettle"}})
}

/// The body of the `n`th request of a sender, and the identifiers in it.
fn batch(name: &str, n: u64) -> (String, Vec<String>) {
    let ids: Vec<String> = (n * BATCH..(n + 1) * BATCH).map(|i| format!("{name}-{i}")).collect();
    let calls: Vec<Value> = ids.iter().map(|id| viewed(id)).collect();
    (json!({"batch": calls}).to_string(), ids)
}

/// Sends a request and waits for its status; `None` where the connection broke first.
fn status(stream: &mut BufReader<TcpStream>, key: &str, body: &str) -> Option<u16> {
    let length = body.len();
    let head = format!(
        "POST /v1/batch HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.get_mut().write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).ok()?;
    let mut line = String::new();
    stream.read_line(&mut line).ok()?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let mut length = 0;
    loop {
        line.clear();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).ok()?;
    Some(status)
}

fn connect(address: &str) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    BufReader::new(stream)
}

/// What the lake and the log have of each event.
fn found(shop: &Shop) -> BTreeMap<String, u64> {
    let count = |row: &Value| {
        (row["message_id"].as_str().unwrap().to_owned(), row["n"].as_u64().unwrap_or_else(|| panic!("{row}")))
    };
    shop.sql("select message_id, count(*) as n from raw.events group by message_id").iter().map(count).collect()
}

fn segments(shop: &Shop) -> Vec<PathBuf> {
    let folder = shop.root().join("journal");
    let entries =
        std::fs::read_dir(&folder).map_or_else(|_| Vec::new(), |dir| dir.map(|e| e.unwrap().path()).collect());
    let mut logs: Vec<PathBuf> = entries.into_iter().filter(|p| p.extension().is_some_and(|e| e == "log")).collect();
    logs.sort();
    logs
}

/// Starts the server and waits until what was in the log is in the lake.
fn bring_over(shop: &Shop) {
    let mut served = Served::start(shop);
    let patience = Instant::now();
    while !segments(shop).is_empty() {
        assert!(patience.elapsed() < Duration::from_secs(120), "still in the log: {:?}", segments(shop));
        std::thread::sleep(Duration::from_millis(50));
    }
    served.kill();
}

fn each_once(shop: &Shop, acknowledged: &[String], after: &str) {
    let found = found(shop);
    let missing: Vec<&String> = acknowledged.iter().filter(|id| !found.contains_key(*id)).collect();
    assert!(missing.is_empty(), "{after}: {} acknowledged events are lost, such as {}", missing.len(), missing[0]);
    let twice: Vec<_> = found.iter().filter(|(_, n)| **n != 1).collect();
    assert!(twice.is_empty(), "{after}: {twice:?}");
}

/// A shop into which events come all the time still has the plan of its last run.
#[test]
fn events_that_are_in_the_lake_and_not_cleaned_yet_do_not_take_the_plan_away() {
    // But for the list of source files, which has what came.
    let of_de = |served: &Served| {
        let mut plan = served.get("/api/v1/markets/DE/plan");
        assert!(plan["plan"]["sources"].take().is_array(), "{plan}");
        plan
    };
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", crate::support::RETAIL));
    shop.ok(&["run"]);
    let plan = {
        let served = Served::start(&shop);
        assert_eq!(served.ask("POST", "/v1/track", Some(&viewed("one"))).status, 200);
        let plan = of_de(&served);
        assert_eq!(served.stop(), 0);
        plan
    };
    bring_over(&shop);
    assert_eq!(found(&shop), BTreeMap::from([("one".to_owned(), 1)]));
    assert_eq!(shop.run(&["plan", "--market", "DE"]).code, 4, "who asks by hand is told to run first");
    assert_eq!(of_de(&Served::start(&shop)), plan);
}

/// A run takes in what is still in the log, and events of today on orders of 2010 stop nobody. Where a gate stops a run that has
/// cleaned already, the plan of before stays, and whoever says so goes on all the same.
#[test]
fn a_run_knows_events_of_a_moment_ago_and_a_gate_that_stops_it_takes_no_plan_away() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", crate::support::RETAIL));
    shop.ok(&["run"]);
    let served = Served::start(&shop);
    let title = |served: &Served| served.get("/api/v1/markets/DE/plan")["plan"]["market"].clone();
    let before = title(&served);
    let run = |path: &str| {
        let id = served.post(path, &serde_json::Value::Null)["id"].as_str().unwrap().to_owned();
        let patience = Instant::now();
        loop {
            let run = served.get(&format!("/api/v1/runs/{id}"));
            if run["status"] != "running" {
                return run;
            }
            assert!(patience.elapsed() < Duration::from_secs(120), "{run}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    assert_eq!(served.ask("POST", "/v1/track", Some(&viewed("one"))).status, 200);
    let done = run("/api/v1/runs");
    assert_eq!(done["status"], "done", "{done}");
    assert_eq!(found(&shop), BTreeMap::from([("one".to_owned(), 1)]), "it is in the lake");

    // A gate that cannot hold, and something new to clean.
    let settings = std::fs::read_to_string(shop.root().join("portolan.toml")).unwrap();
    std::fs::write(
        shop.root().join("portolan.toml"),
        format!("{settings}\n[gates]\norder_lines_shopper = {{ at_most = 0, severity = \"fail\" }}\n"),
    )
    .unwrap();
    assert_eq!(served.ask("POST", "/v1/track", Some(&viewed("two"))).status, 200);
    let stopped = run("/api/v1/runs");
    assert_eq!((&stopped["status"], &stopped["exit_code"]), (&"failed".into(), &6.into()), "{stopped}");
    assert_eq!(title(&served), before, "the plan of the run before");
    let done = run("/api/v1/runs?allow_failed_gates=true");
    assert_eq!(done["status"], "done", "{done}");
    assert_eq!(title(&served), before);
    assert_eq!(served.stop(), 0);
}

/// A sender goes on where its last acknowledgement was: what it never heard of it sends again, as clients do.
#[test]
#[expect(clippy::print_stderr, reason = "how often it was killed is worth a line where somebody asks for more trials")]
fn every_acknowledged_event_is_in_the_lake_exactly_once_after_each_kill() {
    #[expect(clippy::disallowed_methods, reason = "the number of trials comes from outside")]
    let trials = std::env::var("KILL_TRIALS").ok().and_then(|t| t.parse().ok()).unwrap_or(20);
    let shop = Shop::new();
    let sent: [Mutex<u64>; SENDERS] = Default::default();
    let acknowledged: Mutex<Vec<String>> = Mutex::default();
    for trial in 0..trials {
        let mut served = Served::start(&shop);
        let (address, key) = (served.address.clone(), served.key.clone());
        let before = acknowledged.lock().unwrap().len();
        // Not after a time but after a number of acknowledgements, another one each time.
        let enough = before + 40 + 23 * trial;
        let (n, killed) = (AtomicUsize::new(before), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for (name, next) in sent.iter().enumerate() {
                let (address, key, n, acknowledged) = (&address, &key, &n, &acknowledged);
                scope.spawn(move || {
                    let mut stream = connect(address);
                    let mut next = next.lock().unwrap();
                    loop {
                        let (body, ids) = batch(&format!("s{name}"), *next);
                        let Some(status) = status(&mut stream, key, &body) else { return };
                        assert_eq!(status, 200);
                        n.fetch_add(ids.len(), SeqCst);
                        acknowledged.lock().unwrap().extend(ids);
                        *next += 1;
                    }
                });
            }
            while n.load(SeqCst) < enough {
                std::thread::sleep(Duration::from_millis(1));
            }
            killed.store(true, SeqCst);
            served.kill();
        });
        assert!(killed.load(SeqCst));
        // Every other time it is killed again while it starts and brings the log over.
        if trial % 2 == 1 {
            let mut served = Served::start(&shop);
            std::thread::sleep(Duration::from_millis(7 * trial as u64 % 60));
            served.kill();
        }
    }
    bring_over(&shop);
    let acknowledged = acknowledged.into_inner().unwrap();
    each_once(&shop, &acknowledged, &format!("{trials} kills"));
    eprintln!("{trials} kills under load, {} events acknowledged, each in the lake exactly once", acknowledged.len());
}

fn send(served: &Served, ids: &[String]) -> u16 {
    let calls: Vec<Value> = ids.iter().map(|id| viewed(id)).collect();
    let auth = format!("Authorization: Bearer {}\r\n", served.key);
    served.send("POST", "/v1/batch", &auth, json!({"batch": calls}).to_string().as_bytes()).status
}

fn names(prefix: &str, n: u64) -> Vec<String> {
    (0..n).map(|i| format!("{prefix}-{i}")).collect()
}

/// The moment between the two steps of bringing a segment over: it is in the lake, and still in the log.
#[test]
fn a_segment_that_is_in_the_lake_and_still_in_the_log_is_not_taken_twice() {
    let shop = Shop::new();
    let ids = names("a", 40);
    let mut served = Served::start(&shop);
    assert_eq!(send(&served, &ids), 200);
    served.kill();
    let log = segments(&shop).remove(0);
    let bytes = std::fs::read(&log).unwrap();
    bring_over(&shop);
    each_once(&shop, &ids, "brought over");
    // As if it had been killed before the segment was retired.
    std::fs::write(&log, bytes).unwrap();
    let _ = std::fs::remove_file(log.with_extension("keys"));
    bring_over(&shop);
    each_once(&shop, &ids, "brought over again");
    // And what the senders repeat is known.
    let served = Served::start(&shop);
    assert_eq!(send(&served, &ids), 200);
    drop(served);
    bring_over(&shop);
    each_once(&shop, &ids, "sent again");
}

/// Bytes that were never written out, and bytes that somebody changed.
#[test]
fn a_damaged_last_segment_costs_what_is_damaged_and_the_server_starts() {
    let shop = Shop::new();
    let mut served = Served::start(&shop);
    let (first, last) = (names("first", 5), names("last", 5));
    assert_eq!((send(&served, &first), send(&served, &last)), (200, 200));
    served.kill();
    let log = segments(&shop).remove(0);
    let whole = std::fs::read(&log).unwrap();
    // A record that was being written, and one byte of the last whole record.
    let mut torn = whole.clone();
    torn.extend_from_slice(&whole[whole.len() - 100..]);
    let at = whole.len() - 20;
    torn[at] ^= 0x10;
    std::fs::write(&log, torn).unwrap();
    bring_over(&shop);
    let mut kept = first;
    kept.extend_from_slice(&last[..4]);
    each_once(&shop, &kept, "after the damage");
    assert!(!found(&shop).contains_key("last-4"));
    let beside: Vec<String> = std::fs::read_dir(shop.root().join("journal"))
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("damaged") || name.contains("torn"))
        .collect();
    assert!(!beside.is_empty(), "what was cut off is kept");
    // Whoever sends it again is heard.
    let served = Served::start(&shop);
    assert_eq!(send(&served, &last), 200);
    drop(served);
    bring_over(&shop);
    kept.push("last-4".to_owned());
    each_once(&shop, &kept, "sent again");
}

/// A small disk, unmounted when dropped.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(at: &'a Path, kib: u32) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"]).arg(at);
        mount.output().is_ok_and(|out| out.status.success()).then_some(Self(at))
    }

    fn resize(&self, kib: u32) {
        let done = Command::new("mount").args(["-o", &format!("remount,size={kib}k")]).arg(self.0).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn a_full_disk_is_answered_503_and_nothing_acknowledged_is_lost() {
    let shop = Shop::new();
    let folder = shop.root().join("journal");
    let Some(disk) = SmallDisk::mount(&folder, 128) else {
        eprintln!("skipped: a full disk needs a mount, which this machine refuses");
        return;
    };
    let mut served = Served::start(&shop);
    let (mut acknowledged, mut n) = (Vec::new(), 0);
    let refused = loop {
        let ids = names(&format!("b{n}"), 50);
        n += 1;
        let calls: Vec<Value> = ids.iter().map(|id| viewed(id)).collect();
        let auth = format!("Authorization: Bearer {}\r\n", served.key);
        let reply = served.send("POST", "/v1/batch", &auth, json!({"batch": calls}).to_string().as_bytes());
        if reply.status != 200 {
            break reply;
        }
        acknowledged.extend(ids);
        assert!(n < 1_000, "128 KiB take no {} events", acknowledged.len());
    };
    assert_eq!((refused.status, acknowledged.is_empty()), (503, false), "{}", refused.text());
    assert_eq!(served.ask("GET", "/health", None).status, 200, "everything else is answered");
    disk.resize(8_192);
    let late = names("late", 50);
    assert_eq!(send(&served, &late), 200, "with room it takes events again");
    acknowledged.extend(late);
    served.kill();
    bring_over(&shop);
    each_once(&shop, &acknowledged, "after the full disk");
}
