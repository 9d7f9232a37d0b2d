//! `portolan models learn`: models that learn what came after their fit, what that brings, and the way back.

use crate::recommend::{asked, shop};
use crate::support::Shop;
use serde_json::{Value, json};

const HEADER: &str = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n";

fn line(order: usize, product: &str, day: &str, shopper: &str, country: &str) -> String {
    format!("{order},{product},A {product},1,9.00,GBP,{day} 10:00:00,{shopper},{country}\n")
}

fn learn(shop: &Shop) -> Value {
    serde_json::from_str(&shop.ok(&["models", "learn", "--json"])).expect("JSON")
}

fn list(shop: &Shop, shopper: &str) -> (Value, Value) {
    let list = asked(shop, &["--shopper", shopper]);
    (list["version"].clone(), list["items"].clone())
}

#[test]
fn what_came_since_is_learnt_served_and_taken_back() {
    let shop = shop(&["run"]);
    assert_eq!(learn(&shop)["version"], Value::Null);
    assert!(shop.ok(&["models", "learn"]).contains("nothing was bought that version 1 does not know"));
    let (_, fitted) = list(&shop, "d1");
    let mut more = HEADER.to_owned();
    for i in 0..3 {
        for product in ["kettle", "apron"] {
            more.push_str(&line(90 + i, product, &format!("2025-12-1{i}"), &format!("n{i}"), "DE"));
        }
    }
    shop.ingest_ok(&shop.file("more.csv", more));
    let said = shop.run(&["recommend", "--shopper", "d1"]);
    assert_eq!(said.code, 4, "models of yesterday do not pass for those of today: {}", said.err);

    let report = learn(&shop);
    assert_eq!(
        (&report["version"], &report["from"], &report["purchases"]),
        (&json!(2), &json!(1), &json!(6)),
        "{report}"
    );
    let german = report["models"].as_array().unwrap().iter().find(|m| m["markets"] == json!(["DE"])).unwrap();
    assert_eq!((&german["learns"], &german["purchases"], &german["questions"]), (&json!(true), &json!(6), &json!(3)));
    let (version, learnt) = list(&shop, "d1");
    assert_eq!(version, 2);
    assert!(learnt.to_string().contains("APRON") && !fitted.to_string().contains("APRON"), "{learnt}");
    assert!(shop.run(&["recommend", "--shopper", "d1"]).err.contains("has learnt 6 purchases since the last run"));
    assert!(shop.ok(&["models", "list"]).contains("in force, learnt on from 1"));

    assert!(shop.ok(&["models", "rollback", "1"]).contains("version 3 repeats version 1"));
    assert_eq!(list(&shop, "d1"), (json!(3), fitted));
    // Neighbours are counts: what was learnt is what a run fits on everything.
    shop.ok(&["run"]);
    // The run knows the price of what is new, which learning on does not ask for.
    let (version, mut again) = list(&shop, "d1");
    let mut before = learnt;
    for item in again.as_array_mut().unwrap().iter_mut().chain(before.as_array_mut().unwrap()) {
        item.as_object_mut().unwrap().remove("price");
    }
    assert_eq!((version, again), (json!(4), before));
    assert_eq!(learn(&shop)["version"], Value::Null, "a run has learnt everything");

    shop.ok(&["forget", "more.csv", "--as-of", crate::support::TODAY]);
    let said = shop.run(&["models", "learn"]);
    assert_eq!(said.code, 4);
    assert!(said.err.contains("6 purchases that the models have learnt are no longer in the lake"), "{}", said.err);
}

/// After the run a new pair of products comes up every few days, and who has bought one buys the other three days later.
#[test]
fn learning_on_finds_what_standing_still_cannot() {
    let shop = Shop::new();
    let (mut orders, mut news) = (HEADER.to_owned(), HEADER.to_owned());
    for s in 0..40 {
        for (n, product) in [s % 5, 5 + s % 5].into_iter().enumerate() {
            let day = format!("2025-06-{:02}", 1 + (s + 3 * n) % 28);
            orders.push_str(&line(2 * s + n, &format!("old{product}"), &day, &format!("s{s}"), "GB"));
        }
        for pair in 0..8 {
            for (n, half) in ["a", "b"].into_iter().enumerate() {
                let at = 1 + 3 * pair + (s % 3) + 3 * n;
                let day = format!("2025-07-{at:02}");
                news.push_str(&line(
                    1000 + 20 * s + 2 * pair + n,
                    &format!("new{pair}{half}"),
                    &day,
                    &format!("s{s}"),
                    "GB",
                ));
            }
        }
    }
    shop.ingest_ok(&shop.file("orders.csv", orders));
    shop.ok(&["run"]);
    assert_eq!(learn(&shop)["version"], Value::Null);
    shop.ingest_ok(&shop.file("news.csv", news));
    let report = learn(&shop);
    let model = &report["models"][0];
    let mark = |key: &str| model[key].as_f64().unwrap_or_else(|| panic!("{key}: {report}"));
    assert_eq!(mark("standing_still"), 0.0, "it knows none of the new products: {report}");
    assert!(mark("learning_on") > 0.2, "{report}");
    assert!(model["batches"].as_array().unwrap().len() > 2, "{report}");
    let text = shop.ok(&["models", "list"]);
    assert!(text.contains("in force, learnt on from 1"), "{text}");
}
