//! Systems of kind `json` asked by hand and by the server itself: pages, patience, pages that are none, a kill in the middle.

use crate::served::Served;
use crate::support::{RETAIL, Shop};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const TOKEN: &str = "erp-whisper";
const PAGE: usize = 3;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// 429, with `Retry-After: 2`.
    Busy,
    /// 500.
    Down,
    /// 404.
    Gone,
    /// 200, and half of a page.
    Cut,
    /// 200, and a page without its list.
    NoList,
}

/// An ERP with an interface of its own: `{"data": {"orders": […]}, "paging": {"next": "…"}}`.
struct Erp {
    address: String,
    orders: Arc<Mutex<Vec<Value>>>,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    /// Path and time of every request.
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
    /// From this page on nothing is answered.
    silent_from: Arc<AtomicUsize>,
}

impl Erp {
    fn start(orders: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let erp = Self {
            address,
            orders: Arc::new(Mutex::new(orders)),
            faults: Arc::default(),
            asked: Arc::default(),
            silent_from: Arc::new(AtomicUsize::new(usize::MAX)),
        };
        let (orders, faults, asked) = (erp.orders.clone(), erp.faults.clone(), erp.asked.clone());
        let silent = erp.silent_from.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let head: Vec<String> = BufReader::new(stream.try_clone().unwrap())
                    .lines()
                    .map_while(|line| line.ok().filter(|line| !line.is_empty()))
                    .collect();
                let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
                asked.lock().unwrap().push((path.clone(), Instant::now()));
                let page: usize = value(&path, "page").map_or(0, |page| page.parse().unwrap());
                if page >= silent.load(SeqCst) {
                    // Kept open: whoever asks waits, until it is killed.
                    std::mem::forget(stream);
                    continue;
                }
                let bearer = format!("authorization: bearer {TOKEN}");
                if !head.iter().any(|line| line.eq_ignore_ascii_case(&bearer)) {
                    answer(&mut stream, "401 Unauthorized", "{}");
                    continue;
                }
                let since = value(&path, "updated_since").unwrap_or_default().replace("%3A", ":");
                let mut all = orders.lock().unwrap().clone();
                all.retain(|order| order["updated_at"].as_str().unwrap() >= since.as_str());
                let next = (all.len() > (page + 1) * PAGE)
                    .then(|| format!("/api/orders?updated_since={since}&page={}", page + 1));
                let rows: Vec<Value> = all.into_iter().skip(page * PAGE).take(PAGE).collect();
                let body = json!({"data": {"orders": rows}, "paging": {"next": next}}).to_string();
                match faults.lock().unwrap().pop_front() {
                    Some(Fault::Busy) => answer(&mut stream, "429 Too Many Requests\r\nRetry-After: 2", "{}"),
                    Some(Fault::Down) => answer(&mut stream, "500 Internal Server Error", "sorry"),
                    Some(Fault::Gone) => answer(&mut stream, "404 Not Found", "{}"),
                    Some(Fault::Cut) => answer(&mut stream, "200 OK", &body[..body.len() / 2]),
                    Some(Fault::NoList) => answer(&mut stream, "200 OK", "{\"data\": {\"maintenance\": true}}"),
                    None => answer(&mut stream, "200 OK", &body),
                }
            }
        });
        erp
    }

    fn fails_with(&self, faults: &[Fault]) {
        self.faults.lock().unwrap().extend(faults);
    }

    fn pages(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(path, _)| value(path, "page").unwrap_or("0").to_owned()).collect()
    }

    /// `sync.toml` and the mapping of its records, with this before and after the source.
    fn write(&self, shop: &Shop, before: &str, after: &str) {
        let toml = format!(
            "{before}\n[[source]]\nname = \"erp\"\nkind = \"json\"\nurl = \"http://{}/api/orders\"\n\
             token_file = \"erp.token\"\nitems = \"data.orders\"\nnext = \"paging.next\"\nid = \"number\"\n\
             created = \"placed\"\nmap = \"erp.toml\"\n{after}\n",
            self.address
        );
        let map = "table = \"order_lines\"\nsystem = \"erp\"\n[columns]\norder_id = \"number\"\nproduct_code = \"sku\"\n\
                   quantity = \"pieces\"\nunit_price = \"each\"\nordered_at = \"placed\"\nshopper_key = \"buyer\"\n\
                   country = \"to\"\n[constants]\ncurrency = \"GBP\"\n";
        for (name, text) in [("sync.toml", toml.as_str()), ("erp.toml", map), ("erp.token", TOKEN)] {
            std::fs::write(shop.root().join(name), text).unwrap();
        }
    }
}

fn value<'a>(path: &'a str, key: &str) -> Option<&'a str> {
    let query = path.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('=')).filter(|value| !value.is_empty())
}

fn answer(stream: &mut TcpStream, status: &str, body: &str) {
    // Who asked may have been killed meanwhile.
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
}

fn order(n: usize) -> Value {
    json!({"number": format!("E-{n}"), "sku": "kettle", "pieces": 2, "each": "10.00", "buyer": format!("b{n}"), "to": "GB",
        "placed": format!("2025-{:02}-05T10:00:00Z", 9 + n % 3), "updated_at": format!("2025-12-01T10:{n:02}:00Z")})
}

/// Orders of the ERP in the lake, each with its sales.
fn orders(shop: &Shop) -> Vec<String> {
    let rows = shop.sql("select order_id, gross from clean.orders where order_id like 'E-%' order by order_id");
    rows.iter().map(|row| format!("{} {}", row["order_id"].as_str().unwrap(), row["gross"])).collect()
}

fn sync(shop: &Shop) -> (i32, Value, String) {
    let said = shop.run(&["sync", "--json", "--as-of", crate::support::TODAY]);
    assert!(!said.out.contains(TOKEN) && !said.err.contains(TOKEN), "{}{}", said.out, said.err);
    let json = serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {}{}", said.out, said.err));
    (said.code, json, said.err)
}

#[test]
fn a_list_of_json_objects_comes_page_by_page_whatever_its_server_does() {
    let shop = Shop::new();
    let erp = Erp::start((0..8).map(order).collect());
    erp.write(&shop, "", "");
    // Three pages. The first is asked for three times: too often, a fault, then it comes; of the second half comes first.
    erp.fails_with(&[Fault::Busy, Fault::Down]);
    let (code, done, err) = sync(&shop);
    assert_eq!(code, 0, "{done} {err}");
    let source = &done["sources"][0];
    assert_eq!((&source["pages"], &source["records"], &source["changed"]), (&3.into(), &8.into(), &8.into()), "{done}");
    assert_eq!(erp.pages(), ["0", "0", "0", "1", "2"]);
    let at: Vec<Instant> = erp.asked.lock().unwrap().iter().map(|(_, at)| *at).collect();
    assert!(at[1] - at[0] >= Duration::from_secs(2), "Retry-After is heeded");
    assert_eq!(orders(&shop).len(), 8);
    assert!(orders(&shop).iter().all(|o| o.ends_with(" 20.0")), "{:?}", orders(&shop));
    // A page without its list is no empty page: nothing of it is believed, what was there stays, and it is said.
    let change = |n: usize, at: &str, pieces: u32| {
        let mut orders = erp.orders.lock().unwrap();
        (orders[n]["updated_at"], orders[n]["pieces"]) = (at.into(), pieces.into());
        orders.sort_by_key(|order| order["updated_at"].as_str().unwrap().to_owned());
    };
    change(0, "2025-12-03T00:00:00Z", 5);
    erp.fails_with(&[Fault::NoList]);
    let before = shop.digest();
    let (code, done, err) = sync(&shop);
    assert_eq!((code, &done["sources"]), (3, &json!([])), "{done}");
    assert!(err.contains("data.orders"), "{err}");
    assert_eq!(shop.digest(), before);
    // The next time half of a page comes, and then all of it: the change is there, and only once.
    erp.fails_with(&[Fault::Cut]);
    let (code, done, err) = sync(&shop);
    assert_eq!((code, &done["sources"][0]["changed"]), (0, &1.into()), "{done} {err}");
    let found = orders(&shop);
    assert_eq!((found.len(), found[0].as_str()), (8, "E-0 50.0"), "{found:?}");
    assert_eq!(shop.value("select count(*) from (select name from raw.sources group by name having count(*) > 1)"), 0);
}

#[test]
fn a_system_that_is_gone_does_not_keep_the_others_waiting() {
    let shop = Shop::new();
    let (erp, other) = (Erp::start((0..2).map(order).collect()), Erp::start(Vec::new()));
    let lost = format!(
        "[[source]]\nname = \"lost\"\nkind = \"json\"\nurl = \"http://{}/api\"\nmap = \"erp.toml\"\n",
        other.address
    );
    erp.write(&shop, &lost, "");
    let (code, done, err) = sync(&shop);
    assert_eq!((code, &done["sources"][0]["source"]), (3, &"erp".into()), "{done}");
    assert!(err.contains("lost answers 401") && done["failed"][0].as_str().unwrap().contains("lost"), "{done} {err}");
    assert_eq!(orders(&shop).len(), 2);
}

/// The task of a source, or of the run.
fn task(schedule: &Value, of: &str) -> Value {
    let is = |task: &&Value| task["source"] == of || (of == "run" && task["task"] == "run");
    schedule["tasks"].as_array().unwrap().iter().find(is).unwrap_or_else(|| panic!("no {of}: {schedule}")).clone()
}

#[test]
fn the_server_asks_and_computes_by_itself_and_says_how_it_stands() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("retail.csv", RETAIL));
    let erp = Erp::start((0..4).map(order).collect());
    erp.write(&shop, "[schedule]\nsync = \"1s\"\nrun = \"6h\"\n", "");
    let served = Served::start(&shop);
    // The gates of eight lines: whether the run may end well is not what is asked here.
    let ended = |schedule: &Value| !task(schedule, "run")["ended"].is_null();
    let schedule = served.until_for("/api/v1/schedule", 120, ended);
    let asked = task(&schedule, "erp");
    assert_eq!((&asked["when"]["en"], &asked["when"]["zh"]), (&"every second".into(), &"每 1 秒".into()), "{schedule}");
    assert!(asked["succeeded"].is_string() && asked["failures"] == 0, "{schedule}");
    let runs = served.get("/api/v1/runs");
    assert_eq!(
        (runs["runs"].as_array().unwrap().len(), &runs["runs"][0]["trigger"]),
        (1, &"schedule".into()),
        "{runs}"
    );
    assert_eq!(task(&schedule, "run")["began"], runs["runs"][0]["started"]);
    assert_eq!(orders(&shop).len(), 4, "it was asked before the run began");
    // What is new there is here a moment later, without a hand.
    erp.orders.lock().unwrap().push(order(4));
    served.until("/api/v1/schedule", |schedule| task(schedule, "erp")["changed"] == 1);
    assert_eq!(orders(&shop).len(), 5);
    // It goes away: that is told, with what to do and when it is asked again, and what was here stays.
    let n = erp.asked.lock().unwrap().len();
    erp.fails_with(&[Fault::Gone; 50]);
    let schedule = served.until("/api/v1/schedule", |schedule| task(schedule, "erp")["status"] == "failing");
    let failing = task(&schedule, "erp");
    assert_eq!(failing["failures"], 1, "{schedule}");
    assert_eq!(failing["why"]["en"], "erp answers 404 Not Found");
    assert_eq!(failing["why"]["zh"], "erp 返回 404 Not Found");
    let at = |key: &str| chrono::DateTime::parse_from_rfc3339(failing[key].as_str().unwrap()).unwrap();
    assert_eq!((at("due") - at("began")).num_seconds(), 60, "{failing}");
    assert!(at("succeeded") <= at("began"), "{failing}");
    assert_eq!(orders(&shop).len(), 5);
    std::thread::sleep(Duration::from_secs(2));
    assert!(erp.asked.lock().unwrap().len() - n <= 50, "it is left in peace");
    // By hand, once it is there again: the schedule knows.
    erp.faults.lock().unwrap().clear();
    assert_eq!(sync(&shop).0, 0);
    assert_eq!(task(&served.get("/api/v1/schedule"), "erp")["failures"], 0);
    // A run that asks first says so, in both languages; whether it ends well is for the gates to say.
    let id = served.post("/api/v1/runs?sync=true", &Value::Null)["id"].as_str().unwrap().to_owned();
    let run = served.until_for(&format!("/api/v1/runs/{id}"), 120, |run| run["status"] != "running");
    let line = &run["lines"][0];
    assert!(line["en"].as_str().unwrap().starts_with("erp: 1 records on 1 pages"), "{run}");
    assert!(line["zh"].as_str().unwrap().starts_with("erp:1 条记录"), "{run}");
    assert_eq!(run["trigger"], "request");
    // A wrong file is told in place of what was asked for, and nothing else suffers.
    std::fs::write(shop.root().join("sync.toml"), "[schedule]\nrun = \"soon\"\n").unwrap();
    let wrong = served.get("/api/v1/schedule");
    assert!(wrong["problem"]["en"].as_str().unwrap().contains("`soon`"), "{wrong}");
    assert_eq!(served.stop(), 0);
}

/// Ends the processes that ask for a workspace, as a power cut would.
#[cfg(target_os = "linux")]
fn kill_who_asks(shop: &Shop) {
    let root = shop.root().to_string_lossy().into_owned();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let args: Vec<String> = line.split(|b| *b == 0).map(|arg| String::from_utf8_lossy(arg).into_owned()).collect();
        if args.iter().any(|arg| arg == "sync") && args.contains(&root) {
            let pid = entry.file_name().to_string_lossy().into_owned();
            assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_kill_in_the_middle_leaves_the_last_good_state_and_the_next_start_goes_on() {
    let shop = Shop::new();
    let erp = Erp::start((0..10).map(order).collect());
    erp.write(&shop, "[schedule]\nsync = \"1h\"\n", "");
    shop.ingest_ok(&shop.file("retail.csv", RETAIL));
    let before = shop.digest();
    erp.silent_from.store(2, SeqCst);
    let mut served = Served::start(&shop);
    let patience = Instant::now();
    while erp.pages().last().map(String::as_str) != Some("2") {
        assert!(patience.elapsed() < Duration::from_secs(60), "{:?}", erp.pages());
        std::thread::sleep(Duration::from_millis(5));
    }
    // It is under way, and the lake is free: who waits for a system keeps nobody else from writing.
    assert_eq!(task(&served.get("/api/v1/schedule"), "erp")["status"], "running");
    shop.ok(&["doctor"]);
    served.kill();
    kill_who_asks(&shop);
    assert_eq!(shop.digest(), before, "half of what came is nowhere to be seen");
    erp.silent_from.store(usize::MAX, SeqCst);
    let served = Served::start(&shop);
    let schedule = served.until("/api/v1/schedule", |schedule| task(schedule, "erp")["status"] == "fine");
    assert_eq!((&task(&schedule, "erp")["records"], &task(&schedule, "erp")["failures"]), (&4.into(), &0.into()));
    assert_eq!(erp.pages(), ["0", "1", "2", "2", "3"], "it goes on where it was");
    let found = orders(&shop);
    assert_eq!(found.len(), 10, "{found:?}");
}
