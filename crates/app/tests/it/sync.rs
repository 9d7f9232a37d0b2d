//! `portolan sync` against a small shop on this machine: pages, patience, and a kill in the middle.

use crate::support::Shop;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const TOKEN: &str = "shpat_whisper";
const PAGE: usize = 4;

/// A shop that answers as Shopify's Admin interface does.
struct Remote {
    address: String,
    orders: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// Requests that are answered 429 before anything else is.
    busy: Arc<AtomicUsize>,
    /// From this page on nothing is answered, while it holds.
    silent_from: Arc<AtomicUsize>,
    reached: Arc<AtomicBool>,
}

impl Remote {
    fn start(orders: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let remote = Self {
            address: listener.local_addr().unwrap().to_string(),
            orders: Arc::new(Mutex::new(orders)),
            asked: Arc::default(),
            busy: Arc::default(),
            silent_from: Arc::new(AtomicUsize::new(usize::MAX)),
            reached: Arc::default(),
        };
        let (address, orders, asked) = (remote.address.clone(), remote.orders.clone(), remote.asked.clone());
        let (busy, silent, reached) = (remote.busy.clone(), remote.silent_from.clone(), remote.reached.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = Vec::new();
                for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                    match line {
                        Ok(line) if !line.is_empty() => head.push(line),
                        _ => break,
                    }
                }
                let path = head.first().map_or("", |l| l.split(' ').nth(1).unwrap_or("")).to_owned();
                asked.lock().unwrap().push(path.clone());
                let has_token =
                    head.iter().any(|l| l.eq_ignore_ascii_case(&format!("x-shopify-access-token: {TOKEN}")));
                let page: usize = path.split("page_info=").nth(1).map_or(0, |p| p.parse().unwrap());
                if page >= silent.load(SeqCst) {
                    reached.store(true, SeqCst);
                    // Kept open: whoever asks waits, until it is killed.
                    std::mem::forget(stream);
                    continue;
                }
                let (status, more, body) = if !has_token {
                    ("401 Unauthorized", String::new(), json!({}))
                } else if busy.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_ok() {
                    ("429 Too Many Requests", "Retry-After: 0\r\n".to_owned(), json!({}))
                } else {
                    let since = path.split("updated_at_min=").nth(1).and_then(|v| v.split('&').next()).unwrap_or("");
                    let since = since.replace("%3A", ":").replace("%2B", "+");
                    let mut all: Vec<Value> = orders.lock().unwrap().clone();
                    all.retain(|o| o["updated_at"].as_str().unwrap() >= since.as_str());
                    all.sort_by_key(|o| o["updated_at"].as_str().unwrap().to_owned());
                    let link = if all.len() > (page + 1) * PAGE {
                        format!(
                            "Link: <http://{address}/orders.json?limit={PAGE}&page_info={}>; rel=\"next\"\r\n",
                            page + 1
                        )
                    } else {
                        String::new()
                    };
                    let page: Vec<Value> = all.into_iter().skip(page * PAGE).take(PAGE).collect();
                    ("200 OK", link, json!({"orders": page}))
                };
                let body = body.to_string();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n{more}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        remote
    }
}

fn order(n: usize) -> Value {
    let at = format!("2025-{:02}-0{}T10:00:00+01:00", 10 + n % 3, 1 + n % 9);
    json!({"id": 5_000 + n, "name": format!("#{n}"), "email": format!("Buyer{n}@example.org"), "created_at": at,
        "updated_at": format!("2025-12-01T10:{:02}:00+01:00", n), "cancelled_at": null, "currency": "GBP",
        "financial_status": "paid", "subtotal_price": "20.00", "total_price": "24.00", "total_tax": "0.00", "source_name": "web",
        "shipping_lines": [{"price": "4.00"}], "refunds": [], "shipping_address": {"city": "Leeds", "country_code": "GB"},
        "line_items": [{"sku": "kettle", "name": "A KETTLE", "quantity": 2, "price": "10.00", "total_discount": "0.00"}]})
}

fn sync(shop: &Shop) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
    command.args(["sync", "--json", "--quiet", "--as-of", crate::support::TODAY, "--workspace"]).arg(shop.root());
    command.env("SHOP_TOKEN", TOKEN).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn synced(shop: &Shop) -> Value {
    let said = sync(shop).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{out}{err}");
    assert!(!err.contains(TOKEN) && !out.contains(TOKEN), "{err}");
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}"))
}

fn written(shop: &Shop, remote: &Remote) {
    let toml = format!(
        "[[source]]\nname = \"shop\"\nkind = \"shopify-orders\"\nurl = \"http://{}/orders.json\"\ntoken_env = \"SHOP_TOKEN\"\npage_size = {PAGE}\n",
        remote.address
    );
    std::fs::write(shop.root().join("sync.toml"), toml).unwrap();
}

/// Orders of the lake with their sales, each once.
fn orders(shop: &Shop) -> Vec<String> {
    let rows = shop.sql("select order_key, gross, reversed from clean.orders order by order_id");
    let text = |row: &Value, key: &str| row[key].as_str().map_or_else(|| row[key].to_string(), str::to_owned);
    rows.iter()
        .map(|r| {
            format!("{} {} {}", text(r, "order_key").split('|').next().unwrap(), text(r, "gross"), text(r, "reversed"))
        })
        .collect()
}

#[test]
fn a_sync_that_is_killed_on_any_page_loses_and_doubles_nothing_and_changes_replace_what_was() {
    let shop = Shop::new();
    let remote = Remote::start((0..18).map(order).collect());
    written(&shop, &remote);
    // Five pages; killed while it waits for the fourth, and then for the first that comes after it went on.
    for silent in [3, 4] {
        remote.silent_from.store(silent, SeqCst);
        remote.reached.store(false, SeqCst);
        let mut child = sync(&shop).spawn().unwrap();
        let patience = Instant::now();
        while !remote.reached.load(SeqCst) {
            assert!(patience.elapsed() < Duration::from_secs(60), "{:?}", remote.asked.lock().unwrap());
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    remote.silent_from.store(usize::MAX, SeqCst);
    remote.busy.store(2, SeqCst);
    let done = synced(&shop);
    assert_eq!(done["sources"][0]["pages"], 1, "it goes on where it was: {done}");
    assert_eq!(done["order_lines"], 36, "a kettle line and shipping each: {done}");
    let found = orders(&shop);
    assert_eq!(found.len(), 18);
    assert!(found.iter().all(|o| o.ends_with(" 20.0 0.0")), "{found:?}");
    assert_eq!(shop.value("select count(distinct shopper_id) from clean.orders"), 18, "each has an address of its own");
    // Again: from the cursor on, and nothing is new.
    let again = synced(&shop);
    let source = &again["sources"][0];
    assert_eq!((&source["changed"], &source["files"]), (&0.into(), &json!([])), "{again}");
    assert!(
        remote.asked.lock().unwrap().last().unwrap().contains("updated_at_min=2025-12-01T10%3A17"),
        "{:?}",
        remote.asked
    );
    // One is paid back, one is new.
    {
        let mut orders = remote.orders.lock().unwrap();
        orders[5]["updated_at"] = "2025-12-02T09:00:00+01:00".into();
        orders[5]["refunds"] = json!([{"transactions": [{"kind": "refund", "status": "success", "amount": "20.00"}]}]);
        orders.push(json!({"updated_at": "2025-12-02T10:00:00+01:00"}));
        let last = orders.len() - 1;
        orders[last] = order(18);
        orders[last]["updated_at"] = "2025-12-02T10:00:00+01:00".into();
    }
    let changed = synced(&shop);
    assert_eq!(changed["sources"][0]["changed"], 2, "{changed}");
    let found = orders(&shop);
    assert_eq!(found.len(), 19, "{found:?}");
    let back: Vec<&String> = found.iter().filter(|o| o.contains(":#5 ")).collect();
    assert_eq!(back, ["shopify:#5 20.0 -20.0"]);
    assert_eq!(shop.value("select count(*) from (select name from raw.sources group by name having count(*) > 1)"), 0);
    // Of people only hashes are kept, in the mirror as in the lake.
    let mirror = std::fs::read_dir(shop.root().join("sync/shop/records")).unwrap();
    let kept: String = mirror.map(|f| std::fs::read_to_string(f.unwrap().path()).unwrap()).collect();
    assert!(!kept.to_lowercase().contains("@example.org") && kept.contains("\"email\":\""));
}

#[test]
fn a_wrong_token_is_named_and_written_nowhere() {
    let shop = Shop::new();
    let remote = Remote::start(vec![order(0)]);
    written(&shop, &remote);
    let said = sync(&shop).env("SHOP_TOKEN", "wrong-whisper").output().unwrap();
    let err = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && err.contains("401") && !err.contains("wrong-whisper"), "{err}");
    let said = sync(&shop).env_remove("SHOP_TOKEN").output().unwrap();
    assert!(String::from_utf8_lossy(&said.stderr).contains("SHOP_TOKEN"));
    std::fs::write(shop.root().join("lake/token"), TOKEN).unwrap();
    let toml = std::fs::read_to_string(shop.root().join("sync.toml")).unwrap();
    std::fs::write(
        shop.root().join("sync.toml"),
        toml.replace("token_env = \"SHOP_TOKEN\"", "token_file = \"lake/token\""),
    )
    .unwrap();
    let said = sync(&shop).output().unwrap();
    assert!(String::from_utf8_lossy(&said.stderr).contains("is in the lake"));
}
