//! The log of a web server becomes what people looked at: no machine, no address, and twice is once.

use crate::support::{Shop, TODAY};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36";
const ADDRESS: &str = "198.51.100.17";

fn line(address: &str, at: &str, request: &str, status: u16, agent: &str) -> String {
    format!("{address} - - [07/Oct/2025:{at} +0000] \"{request} HTTP/1.1\" {status} 512 \"-\" \"{agent}\"\n")
}

/// A person with two visits an hour apart, a crawler that says so, and one that asks sixty-one times in a minute.
fn log() -> String {
    let mut log = String::new();
    for (at, request) in [
        ("09:00:00", "GET /"),
        ("09:00:00", "GET /app.css"),
        ("09:00:21", "GET /products/kettle?utm_source=x"),
        ("09:02:40", "GET /search?q=rice+cooker"),
        ("10:15:00", "GET /products/fryer"),
    ] {
        log.push_str(&line(ADDRESS, at, request, 200, CHROME));
    }
    log.push_str("not a request at all\n");
    log.push_str(&line("203.0.113.1", "09:00:05", "GET /", 200, "Mozilla/5.0 (compatible; Googlebot/2.1)"));
    for second in 0..61 {
        let at = format!("09:10:{:02}", second % 60);
        log.push_str(&line("203.0.113.2", &at, &format!("GET /products/p{second}"), 200, CHROME));
    }
    log
}

fn ingest(shop: &Shop, log: &Path) -> Value {
    let options = ["--site", "https://shop.example", "--product-prefix", "/products/", "--search-parameter", "q"];
    let start = ["ingest", log.to_str().unwrap(), "--format", "access-log", "--json", "--as-of", TODAY];
    serde_json::from_str(&shop.ok(&[&start[..], &options].concat())).unwrap()
}

/// Files below a folder that hold these bytes.
fn holding(folder: &Path, needle: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, needle));
        } else if std::fs::read(&path).unwrap().windows(needle.len()).any(|bytes| bytes == needle) {
            found.push(path);
        }
    }
    found
}

#[test]
fn people_of_an_access_log_are_in_the_lake_and_machines_and_addresses_are_not() {
    let shop = Shop::new();
    let said = ingest(&shop, &shop.file("access.log", log()));
    let counts = &said["access_logs"][0];
    // 4 pages, 2 products and 1 search are 7 events; 5 + 1 + 61 requests, and 1 line that is none.
    assert_eq!((counts["requests"].as_u64(), counts["events"].as_u64()), (Some(67), Some(7)), "{said}");
    assert_eq!((counts["not_pages"].as_u64(), counts["unreadable"].as_u64()), (Some(1), Some(1)));
    assert_eq!(counts["machines"], serde_json::json!({"name": 1, "rate": 61}));
    assert_eq!(said["files"][0]["state"], "added");

    let rows = shop.sql("select distinct anonymous_id from clean.events");
    let visitor = rows[0]["anonymous_id"].as_str().unwrap();
    assert!(rows.len() == 1 && visitor.starts_with("log-"), "{rows:?}");
    let products = shop.sql("select product_code from raw.events where product_code is not null order by occurred_at");
    assert_eq!(products[0]["product_code"], "kettle");
    assert_eq!(products[1]["product_code"], "fryer");
    assert_eq!(shop.value("select query from raw.events where query is not null"), "rice cooker");
    assert_eq!(shop.value("select distinct origin from raw.sources"), "access log");
    // Nothing of the workspace knows the address, and the calls on their way are gone.
    assert_eq!(holding(&shop.root(), ADDRESS.as_bytes()), Vec::<PathBuf>::new());
    assert!(!shop.root().join("access-log").exists());
}

#[test]
fn a_log_that_has_grown_is_read_again_and_every_request_counts_once() {
    let shop = Shop::new();
    ingest(&shop, &shop.file("access.log", log()));
    let before = shop.value("select count(*) from clean.events");
    // The next day's log begins with the lines of the first, packed this time.
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let more = line(ADDRESS, "10:16:02", "GET /products/pan", 200, CHROME);
    packed.write_all((log() + &more).as_bytes()).unwrap();
    ingest(&shop, &shop.file("access.log.1.gz", packed.finish().unwrap()));
    let after = shop.value("select count(*) from clean.events");
    assert_eq!(after.as_i64().unwrap() - before.as_i64().unwrap(), 2, "a page and a product: {before} {after}");
    let again = ingest(&shop, &shop.file("access.log", log()));
    assert_eq!(again["files"][0]["state"], "already there", "the salt is the workspace's, so the calls are the same");
}

#[test]
fn what_is_no_access_log_is_refused_with_what_was_expected_and_machines_alone_are_no_fault() {
    let shop = Shop::new();
    let wrong = shop.file("orders.csv", "order_id,product\n1,kettle\n");
    let said = shop.fails(&["ingest", wrong.to_str().unwrap(), "--format", "access-log"]);
    assert!(said.contains("is no access log: line 1: expected the combined format"), "{said}");
    let site = ["ingest", wrong.to_str().unwrap(), "--format", "access-log", "--site", "shop.example"];
    assert!(shop.fails(&site).contains("--site https://shop.example"));
    let said = ingest(&shop, &shop.file("robots.log", line("203.0.113.1", "09:00:05", "GET /", 200, "curl/8.5")));
    assert_eq!((&said["access_logs"][0]["events"], &said["files"]), (&0.into(), &serde_json::json!([])));
}
