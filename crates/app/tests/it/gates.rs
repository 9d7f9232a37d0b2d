//! Quality gates: a failing one keeps a run from learning, names itself, and leaves what was computed.

use crate::support::{RETAIL, Shop};
use serde_json::Value;

const GATE: i32 = 6;

/// Four lines that cannot be read: a third of all.
fn a_third_bad() -> String {
    let bad = |i| format!("5363{i},22633,HAND WARMER,six,2010-12-04 12:00:00,1.85,1,Germany\n");
    format!("{RETAIL}{}", (70..74).map(bad).collect::<String>())
}

fn settings(shop: &Shop, lines: &str) {
    let path = shop.root().join("portolan.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{text}\n[gates]\n{lines}\n")).unwrap();
}

fn result(shop: &Shop, gate: &str) -> Value {
    shop.value(&format!("select result from marts.gates where gate = '{gate}'"))
}

#[test]
fn a_failing_gate_stops_a_run_and_leaves_the_marts_in_force() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("good.csv", RETAIL));
    shop.ok(&["run"]);
    assert_eq!(shop.value("select count(*) from marts.gates where result in ('fail', 'warn')"), 0);
    let marts = "select string_agg(market || cast(revenue as varchar), ' ' order by market) from marts.market_summary";
    let before = shop.value(marts);

    let more = a_third_bad().replace("5363", "6363").replace("22633", "22634");
    let bad: String =
        (0..9).map(|i| format!("7{i},22633,HAND WARMER,six,2010-12-04 12:00:00,1.85,1,Germany\n")).collect();
    shop.ingest_ok(&shop.file("bad.csv", format!("{more}{bad}")));
    let said = shop.run(&["run"]);
    assert_eq!(said.code, GATE, "{}", said.err);
    // Eight lines of each file, 13 of 29 put aside.
    for word in ["order_lines_rejected", "13 of 29 order lines (45 %)", "at most 20 % may", "bad.csv line 10"] {
        assert!(said.err.contains(word), "`{word}` is not in: {}", said.err);
    }
    for word in ["next:", "portolan quality", "[gates]", "--allow-failed-gates"] {
        assert!(said.err.contains(word), "`{word}` is not in: {}", said.err);
    }
    assert_eq!(shop.value(marts), before);
    assert_eq!(result(&shop, "order_lines_rejected"), "fail");
    assert_eq!(shop.run(&["plan", "--market", "GB"]).code, 4, "a plan knows that its data changed");
    assert_eq!(shop.run(&["run"]).code, GATE, "it fails again");

    let said = shop.run(&["run", "--allow-failed-gates"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("failed, and allowed"), "{}", said.err);
    assert_eq!(result(&shop, "order_lines_rejected"), "allowed");
    assert_ne!(shop.value(marts), before);
    let plan: Value = serde_json::from_str(&shop.ok(&["plan", "--market", "GB", "--json"])).unwrap();
    assert_eq!(plan["plan"]["caveats"][0]["rule"], "failed gate order_lines_rejected", "the plan says so");
}

#[test]
fn limits_come_from_the_settings_and_an_unknown_gate_is_refused_with_the_one_that_was_meant() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", a_third_bad()));
    settings(&shop, "order_lines_rejected = 0.5");
    shop.ok(&["run"]);
    assert_eq!(result(&shop, "order_lines_rejected"), "pass");

    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", a_third_bad()));
    settings(&shop, "order_lines_rejected = { severity = \"warn\" }");
    let said = shop.run(&["run"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("quality gate order_lines_rejected: 4 of 12"), "{}", said.err);
    assert_eq!(result(&shop, "order_lines_rejected"), "warn");

    for (line, words) in [
        ("order_lines_rejcted = 0.5", "did you mean `order_lines_rejected`"),
        ("order_lines_rejected = 20", "a share of the rows from 0 to 1"),
        ("order_lines_rejected = { severity = \"stop\" }", "severity = \"fail\""),
    ] {
        let shop = Shop::new();
        settings(&shop, line);
        let said = shop.run(&["run"]);
        assert_eq!(said.code, 2, "{line}: {}", said.err);
        assert!(said.err.contains(words), "{line}: {}", said.err);
    }
}

#[test]
fn stale_orders_fail_and_the_report_lists_failing_gates_first() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    // The last order is of 4 December 2010; a review of 10 March 2011 is 96 days later.
    let reviews = "review_id,product_code,rating,text,reviewed_at,market\nr1,22633,5,warm hands,2011-03-10 10:00:00,GB\n\
                   r2,NEVERSOLD,1,what is this,2011-03-10 11:00:00,GB\n";
    shop.ingest_ok(&shop.file("reviews.csv", reviews));
    let said = shop.run(&["run"]);
    assert_eq!(said.code, GATE, "{}", said.err);
    assert!(said.err.contains("orders_fresh: the newest orders are of 2010-12-04, 96 days before"), "{}", said.err);

    let text = shop.ok(&["quality"]);
    let fails = text.find("fail: orders_fresh").unwrap_or_else(|| panic!("{text}"));
    let warns = text.find("warn: reviews_product_known: 1 of 2 reviews (50 %)").unwrap_or_else(|| panic!("{text}"));
    assert!(fails < warns && warns < text.find("What came").unwrap(), "{text}");
    let report: Value = serde_json::from_str(&shop.ok(&["quality", "--json"])).unwrap();
    let first = &report["gates"][0];
    assert_eq!((&first["gate"], &first["result"]), (&"orders_fresh".into(), &"fail".into()));
    let of = |name: &str| report["gates"].as_array().unwrap().iter().find(|g| g["gate"] == name).unwrap().clone();
    // Of two reviews one names a product of no catalogue and no order.
    assert_eq!(of("reviews_product_known")["example"], "r2");
    assert_eq!(of("reviews_product_known")["measured"], 0.5);
    assert_eq!(of("orders_once")["result"], "pass");
    assert_eq!(of("stock_fresh")["result"], "no_data");
    // One of eight lines is a guest's: a sale of seven, and gates about sales look at sales alone.
    assert_eq!(of("order_lines_shopper")["failing"], 1);
}
