//! What the lake says over HTTP: markets, plans, segments, data, people.

use crate::recommend::shop;
use crate::served::Served;
use crate::support::{RETAIL, Shop};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[test]
fn an_empty_workspace_answers_and_says_what_to_do() {
    let shop = Shop::new();
    let served = Served::start(&shop);
    assert!(served.said["setup"].as_str().unwrap().contains("/setup#"), "nobody has signed in yet");
    assert_eq!(served.ask("GET", "/ready", None).status, 200);
    let overview = served.get("/api/v1/overview");
    assert!(overview["actions"][0]["en"].as_str().unwrap().contains("portolan ingest"), "{overview}");
    let plan = served.ask("GET", "/api/v1/markets/DE/plan", None);
    assert_eq!(plan.status, 409, "nothing is computed: {}", plan.text());
    let answer = served.get("/api/v1/recommendations?market=DE");
    assert_eq!(answer["answered_by"], "nothing");
    assert_eq!(served.send("GET", "/api/v1/overview", "", &[]).status, 401, "nobody without a key");
}

#[test]
fn the_home_page_counts_what_the_tables_have() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let overview = served.get("/api/v1/overview");
    assert_eq!((&overview["home_market"], &overview["base_currency"]), (&"GB".into(), &"GBP".into()));
    assert_eq!(overview["counts"]["orders"], shop.value("select count(*) from clean.orders"));
    assert_eq!(overview["counts"]["shoppers"], 10);
    let orders = overview["freshness"].as_array().unwrap().iter().find(|f| f["table"] == "clean.orders").unwrap();
    assert_eq!(orders["last_day"], "2025-12-09");
    assert!(!overview["gates"].as_array().unwrap().is_empty());
    assert_eq!(overview["months"]["total"], shop.value("select count(*) from marts.market_months"));
    let columns = overview["months"]["columns"].as_array().unwrap();
    assert!(columns.iter().all(|c| !c["meaning"].as_str().unwrap().is_empty()), "{columns:?}");
}

#[test]
fn a_plan_is_the_one_of_the_command() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let plan = served.get("/api/v1/markets/DE/plan");
    let said: Value = serde_json::from_str(&shop.ok(&["plan", "--market", "DE", "--json"])).unwrap();
    assert_eq!(plan, said);
    let page = served.ask("GET", "/api/v1/markets/DE/plan.html?lang=zh", None);
    assert_eq!(page.status, 200);
    assert!(page.kind.starts_with("text/html") && page.text().contains("德国"), "{}", page.kind);
    let market = served.get("/api/v1/markets/DE");
    assert_eq!((&market["has_plan"], &market["name"]["zh"]), (&true.into(), &"德国".into()));
    assert_eq!(served.ask("GET", "/api/v1/markets/JP", None).status, 404);
    assert!(served.get("/api/v1/markets")["ranking"].is_array());
    assert!(served.get("/api/v1/transfer")["methods"]["columns"].is_array());
}

#[test]
fn a_segment_is_tried_kept_and_removed_as_the_command_does_it() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let rule = "market = DE and orders.count >= 1";
    let preview = served.post("/api/v1/segments/preview", &json!({"rule": rule}));
    let said: Value = serde_json::from_str(&shop.ok(&["segments", "size", rule, "--json"])).unwrap();
    assert_eq!((&preview["size"], &preview["of"]), (&said["shoppers"], &10.into()), "{preview}");
    assert_eq!(preview["by_market"], json!([{"market": "DE", "size": 5, "share": 1.0}]));
    let wrong = served.post("/api/v1/segments/preview", &json!({"rule": "market = DE and ordrs.count >= 1"}));
    let error = &wrong["errors"][0];
    // The wrong word begins behind `market = DE and `, at character 16.
    assert_eq!((&wrong["size"], &error["at"]), (&Value::Null, &16.into()), "{wrong}");
    assert!(error["next"].as_str().unwrap().contains("orders.count"), "{wrong}");
    let draft = json!({"rule": rule, "title": "who buys in Germany"});
    assert_eq!(served.ask("PUT", "/api/v1/segments/germans", Some(&draft)).status, 200);
    let kept = std::fs::read_to_string(shop.root().join("segments.toml")).unwrap();
    assert!(kept.contains("name = \"germans\""), "{kept}");
    let all = served.get("/api/v1/segments");
    let germans = all["segments"].as_array().unwrap().iter().find(|s| s["name"] == "germans").unwrap();
    assert_eq!((&germans["kind"], &germans["size"]), (&"own".into(), &Value::Null), "not counted before a run");
    assert!(all["fields"].as_array().unwrap().len() > 10);
    assert!((200..300).contains(&served.ask("DELETE", "/api/v1/segments/germans", None).status));
    assert_eq!(served.ask("DELETE", "/api/v1/segments/germans", None).status, 404);
    assert!(!std::fs::read_to_string(shop.root().join("segments.toml")).unwrap().contains("germans"));
}

#[test]
fn sql_reads_within_limits_and_never_writes() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let ask =
        |query: &str, limit: u32| served.ask("POST", "/api/v1/sql", Some(&json!({"query": query, "limit": limit})));
    let table = ask("select product_id, sum(quantity) as units from order_lines group by product_id order by units desc, product_id;", 2).json();
    assert_eq!(table["rows"].as_array().unwrap().len(), 2, "{table}");
    assert_eq!(table["total"], 3, "one more than is shown says that there is more");
    assert_eq!(table["rows"][0][1], 6, "six kettles: {table}");
    for query in [
        "drop table clean.orders",
        "insert into clean.orders select * from clean.orders",
        "create table a as select 1",
        "select * from nothing",
        "selec 1",
    ] {
        let reply = ask(query, 10);
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
    }
    assert_eq!(ask("select 1", 100_000).status, 400);
}

#[test]
fn the_data_side_tells_sources_rules_and_what_was_put_aside() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    shop.ok(&["run", "--allow-failed-gates"]);
    let served = Served::start(&shop);
    let sources = served.get("/api/v1/sources");
    assert_eq!((&sources["total"], sources["columns"][0]["name"].as_str()), (&1.into(), Some("source")));
    let quality = served.get("/api/v1/quality");
    let names: Vec<&str> = quality["tables"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["gates", "rules", "rejects", "totals", "sentiment", "interactions"]);
    let rejects = served.get("/api/v1/rejects?source=orders.csv&per_page=1");
    assert_eq!(rejects["total"], shop.value("select count(*) from rejects.rows"));
}

#[test]
fn a_shopper_has_a_page_and_segments_with_reasons() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let page = served.get("/api/v1/shoppers/d1");
    assert_eq!(page["market"], "DE");
    let names: Vec<&str> =
        page["report"]["tables"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"orders") && names.contains(&"products"), "{names:?}");
    let segments = served.get("/api/v1/shoppers/d1/segments");
    assert_eq!(segments["segments"][0]["kind"], "rfm", "{segments}");
    assert_eq!(served.ask("GET", "/api/v1/shoppers/nobody", None).status, 404);
    for path in [
        "/api/v1/personas",
        "/api/v1/cohorts?market=DE",
        "/api/v1/values",
        "/api/v1/products?q=kettle",
        "/api/v1/products?per_page=2",
    ] {
        served.get(path);
    }
    assert_eq!(served.get("/api/v1/products?per_page=2")["total"], 6);
    assert_eq!(served.ask("GET", "/api/v1/personas?market=germany", None).status, 400);
}

/// Every file of a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

fn holding(root: &Path, needle: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    files(root, &mut all);
    all.retain(|path| std::fs::read(path).unwrap().windows(needle.len()).any(|w| w == needle.as_bytes()));
    all
}

/// The name is looked for in every file of the workspace, before and after. It is long, so that it is found as it
/// stands wherever it stands; Parquet pages are packed, so the tables are asked, too.
#[test]
fn a_person_is_exported_and_erased_from_every_table_and_file() {
    let shop = shop(&["run"]);
    let orders = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n\
        90,kettle,A KETTLE,1,10.00,GBP,2025-12-10 10:00:00,zacharias-quillfeather,DE\n\
        90,filter,A FILTER,1,10.00,GBP,2025-12-10 10:00:00,zacharias-quillfeather,DE\n\
        91,kettle,A KETTLE,1,10.00,GBP,2025-12-10 11:00:00,d9,DE\n";
    shop.ingest_ok(&shop.file("more.csv", orders));
    shop.ok(&["run"]);
    let served = Served::start(&shop);
    let name = "zacharias-quillfeather";
    served.get(&format!("/api/v1/recommendations?market=DE&shopper={name}"));
    let export = served.get(&format!("/api/v1/persons/{name}"));
    let names: Vec<&str> = export["tables"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    for table in ["raw.order_lines", "clean.order_lines", "clean.shoppers", "marts.segments"] {
        assert!(names.contains(&table), "{table} is not in {names:?}");
    }
    let id = export["shopper_ids"][0].as_str().unwrap().to_owned();
    let before = shop.value("select count(*) from clean.order_lines");
    let reply = served.ask("DELETE", &format!("/api/v1/persons/{name}"), None);
    assert!((200..300).contains(&reply.status), "{}", reply.text());
    let erased = reply.json();
    let place = |name: &str| {
        erased["erased"].as_array().unwrap().iter().find(|e| e["place"] == name).map(|e| e["rows"].clone())
    };
    assert_eq!(place("raw.order_lines"), Some(2.into()), "{erased}");
    assert_eq!(place("exposures"), Some(1.into()), "{erased}");
    assert_eq!(served.ask("GET", &format!("/api/v1/persons/{name}"), None).status, 404);
    assert_eq!(served.stop(), 0);
    assert_eq!(
        shop.value("select count(*) from clean.order_lines"),
        before.as_i64().unwrap() - 2,
        "the others are all there"
    );
    assert_eq!(shop.value("select count(*) from clean.shoppers where shopper_id = 'd9'"), 1);
    for needle in [name, id.as_str()] {
        let still = holding(&shop.root(), needle);
        assert!(still.is_empty(), "{needle} is still in {still:?}");
    }
    // Everything goes on: the run that the answer asks for, and the next start.
    shop.ok(&["run"]);
    shop.ok(&["doctor"]);
    let served = Served::start(&shop);
    assert_eq!(served.get(&format!("/api/v1/recommendations?market=DE&shopper={name}"))["answered_by"], "market");
}
