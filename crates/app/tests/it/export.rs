//! Out and in again: what `portolan export` writes gives a new workspace the same clean tables.

use crate::support::{RETAIL, Shop, TODAY};
use serde_json::Value;
use std::path::Path;

const SHOPIFY: &str = "\
Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Shipping Country,Cancelled at,Refunded Amount,Lineitem discount
#1,ann@example.org,refunded,GBP,50.00,5.00,0.00,55.00,2025-10-07 09:50:26 +0200,2,\"Kettle, \"\"big\"\"\",20.00,K1,GB,,10.00,0.00
#1,,,,,,,,,1,Cup,10.00,C1,,,,0.00
#2,bob@example.org,paid,GBP,10.00,0.00,0.00,10.00,2025-10-08 09:50:26 +0200,1,Cup,10.00,C1,DE,,0.00,0.00
";

/// The clean tables without what names the file that a row came from, which a new file changes.
const QUESTIONS: [&str; 9] = [
    "select order_key, product_id, product_code, shopper_id, market, ordered_at, kind, quantity, unit_price, amount, currency, amount_base, returned_quantity, returned_base, channel, repeat, flags, settled from order_lines order by order_key, product_code, quantity, repeat",
    "select * from orders order by order_key",
    "select * from shoppers order by shopper_id",
    "select shopper_id, key_kind, key, reason, undone from identity_links order by shopper_id, key_kind, key",
    "select * from products order by product_id",
    "select product_id, warehouse, market, quantity, as_of from stock order by product_id, warehouse, market",
    "select product_id, valid_from, cost, currency from costs order by product_id",
    "select review_id, product_id, shopper_id, market, language, rating, text, reviewed_at from reviews order by review_id",
    "select message_id, part, kind, name, shopper_id, anonymous_id, occurred_at, product_id, quantity, price, market from events order by message_id, part",
];

fn answers(shop: &Shop) -> Vec<Vec<Value>> {
    QUESTIONS.iter().map(|q| shop.sql(q)).collect()
}

fn commands(said: &str) -> Vec<String> {
    let said: Value = serde_json::from_str(said).unwrap_or_else(|e| panic!("{e}: {said}"));
    said["ingest"].as_array().unwrap().iter().map(|c| c.as_str().unwrap().to_owned()).collect()
}

/// Runs the commands that an export printed in another workspace.
fn follow(shop: &Shop, commands: &[String]) {
    for command in commands {
        let words: Vec<&str> = command.split(' ').skip(1).chain(["--as-of", TODAY]).collect();
        shop.ok(&words);
    }
}

fn merchant() -> Shop {
    let shop = Shop::new();
    for (name, text) in [
        ("retail.csv", RETAIL),
        ("shopify.csv", SHOPIFY),
        ("stock.csv", "product_code,warehouse,market,quantity,as_of\nK1,main,GB,5,2025-10-01\nC1,,,0,2025-10-02\n"),
        ("costs.csv", "product_code,cost,currency,valid_from\nK1,8.25,GBP,2025-01-01\nC1,1.234567,GBP,\n"),
        (
            "products.csv",
            "product_code,name,category,price,currency,weight_lb\nK1,Kettle,Kitchen > Water,20.00,GBP,2.5\nC1,Cup,Kitchen,10.00,GBP,0.3\n",
        ),
        (
            "reviews.jsonl",
            "{\"review_id\":\"r1\",\"product_code\":\"K1\",\"rating\":4.5,\"text\":\"good,\\nvery \\\"good\\\"\",\"market\":\"GB\",\"reviewed_at\":\"2025-11-01\"}\n",
        ),
        (
            "events.jsonl",
            "{\"type\":\"track\",\"event\":\"Product Viewed\",\"messageId\":\"m1\",\"anonymousId\":\"v1\",\"timestamp\":\"2025-10-07T09:00:00Z\",\"properties\":{\"products\":[{\"product_id\":\"K1\",\"price\":20.0},{\"product_id\":\"C1\"}]}}\n",
        ),
    ] {
        shop.ingest_ok(&shop.file(name, text));
    }
    shop
}

#[test]
fn an_export_gives_a_new_workspace_the_same_clean_tables() {
    let shop = merchant();
    let before = answers(&shop);
    assert!(before.iter().all(|rows| !rows.is_empty()), "every table has rows");
    for (shape, pack) in [("csv", "none"), ("jsonl", "gzip"), ("parquet", "none"), ("csv", "zstd")] {
        let out = shop.root().join(format!("out-{shape}-{pack}"));
        let said = shop.ok(&["export", "--out", out.to_str().unwrap(), "--shape", shape, "--pack", pack, "--json"]);
        let again = Shop::new();
        follow(&again, &commands(&said));
        for ((question, before), after) in QUESTIONS.iter().zip(&before).zip(answers(&again)) {
            assert_eq!(*before, after, "{shape} {pack}: {question}");
        }
    }
}

#[test]
fn the_folder_of_an_export_must_be_new_and_a_named_table_is_one_file() {
    let shop = merchant();
    let out = shop.root().join("out");
    let out = out.to_str().unwrap();
    shop.ok(&["export", "clean.order_lines", "orders", "--out", out]);
    let lines = std::fs::read_to_string(Path::new(out).join("clean.order_lines.csv")).unwrap();
    assert!(lines.starts_with("source,line,order_id,order_key,"), "{lines}");
    assert_eq!(lines.lines().count(), 1 + 8 + 5);
    assert!(Path::new(out).join("clean.orders.csv").is_file());
    let said = shop.run(&["export", "--out", out]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("not an empty folder"), "{}", said.err);
    assert_eq!(shop.run(&["export", "clean.order", "--out", "x"]).code, 4);
    assert_eq!(shop.run(&["export", "--out", "x", "--shape", "parquet", "--pack", "gzip"]).code, 2);
}

#[test] // A table of zone clean, read again as a file of somebody else, keeps its reversals.
fn a_clean_table_is_a_canonical_file_too() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("retail.csv", RETAIL));
    let out = shop.root().join("out");
    shop.ok(&["export", "order_lines", "--out", out.to_str().unwrap()]);
    let again = Shop::new();
    let said = again.ingest_ok(&out.join("clean.order_lines.csv"));
    assert!(said.contains("8 rows as canonical-order-lines"), "{said}");
    let question = "select kind, quantity, amount, market, returned_quantity from order_lines where product_id = '22633' order by ordered_at, quantity";
    assert_eq!(shop.sql(question), again.sql(question));
    assert_eq!(
        again.value("select sum(reversed) from orders").to_string(),
        shop.value("select sum(reversed) from orders").to_string()
    );
}
