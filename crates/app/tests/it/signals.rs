//! Views and searches beside purchases: measured, used where they help, and named in what is recommended.

use crate::recommend::asked;
use crate::support::{Shop, TODAY};
use serde_json::{Value, json};

const TASTES: usize = 6;
const EACH: usize = 5;

/// 720 shoppers of six tastes. One half has bought three products of the taste long ago, the other a present of another
/// taste, and looked at two of its own. Of each, one half buys one of the taste in autumn, the other in winter.
/// One visitor has looked and never bought.
fn shop() -> Shop {
    let mut orders =
        "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n".to_owned();
    let mut events = String::new();
    let mut seen = |shopper: &str, n: usize, product: String| {
        let event = json!({"type": "track", "event": "Product Viewed", "messageId": format!("{shopper}-{n}"),
            "userId": shopper, "timestamp": "2025-01-05T10:00:00.000Z",
            "properties": {"product_id": product, "quantity": 1}});
        events.push_str(&format!("{event}\n"));
    };
    let of = |taste: usize, i: usize| format!("T{taste}-{}", i % EACH);
    for s in 0..720 {
        let (taste, who) = (s % TASTES, format!("s{s}"));
        let mut order = |nth: usize, product: &str, day: &str| {
            orders.push_str(&format!("{s}-{nth},{product},A {product},1,10.00,EUR,{day} 10:00:00,{who},DE\n"));
        };
        let nth = s / TASTES;
        let next = of(taste, nth / 4 + 3);
        order(9, &next, if nth.is_multiple_of(2) { "2025-09-20" } else { "2025-11-20" });
        if nth % 4 < 2 {
            (0..3).for_each(|i| order(i, &of(taste, nth / 4 + i), "2025-01-02"));
            continue;
        }
        order(0, &of((taste + 1 + nth % (TASTES - 1)) % TASTES, nth / 5), "2025-01-02");
        seen(&who, 0, of(taste, nth / 4 + nth / 20 % EACH));
        seen(&who, 1, of(taste, nth / 4 + nth / 20 % EACH + 2));
    }
    seen("visitor", 0, of(4, 1));
    let shop = Shop::with(&["--home", "GB", "--currency", "EUR"]);
    for (name, text) in [("orders.csv", orders), ("events.jsonl", events)] {
        let path = shop.file(name, text);
        // The tracker knows shoppers by the shop's numbers.
        shop.ok(&["ingest", path.to_str().unwrap(), "--as-of", TODAY, "--system", "shop"]);
    }
    shop
}

#[test]
fn views_that_show_what_will_be_bought_teach_the_models_and_serve_who_never_bought() {
    let shop = shop();
    shop.ok(&["run"]);
    let rows = shop.sql("select signal, weight, gain, low, n, verdict, used from marts.signals order by signal");
    let names: Vec<&Value> = rows.iter().map(|row| &row["signal"]).collect();
    assert_eq!(names, ["none", "view"], "a single signal needs no line for all together");
    assert_eq!((&rows[1]["verdict"], &rows[1]["used"]), (&"accepted".into(), &true.into()), "{rows:?}");
    assert!(rows[1]["low"].as_f64().unwrap() > 0.0, "{rows:?}");
    assert!(rows[0]["gain"].is_null() && rows[0]["used"] == false, "{rows:?}");

    let list = asked(&shop, &["--shopper", "visitor", "--market", "DE", "-n", "4", "--explain"]);
    assert_eq!((&list["known"], &list["signals"]), (&false.into(), &1.into()));
    let products: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|i| i["product"].as_str().unwrap()).collect();
    assert!(products.iter().all(|product| product.starts_with("T4")), "{list}");
    let text = shop.ok(&["recommend", "--shopper", "visitor", "--market", "DE", "--explain"]);
    assert!(text.contains("a new shopper, 1 looked at"), "{text}");
    assert!(text.contains("A T4-1, looked at or searched for"), "{text}");
    // Without files the same is fitted again.
    std::fs::remove_dir_all(shop.root().join("models")).unwrap();
    let again = asked(&shop, &["--shopper", "visitor", "--market", "DE", "-n", "4", "--explain"]);
    assert_eq!(again["items"], list["items"]);
}

#[test]
fn every_model_is_compared_on_the_shops_own_purchases() {
    let shop = shop();
    shop.ok(&["run"]);
    let said: Value =
        serde_json::from_str(&shop.ok(&["compare", "--json", "--models", "popularity,item-knn,ease"])).unwrap();
    let models = said["models"].as_array().unwrap();
    let mean = |name: &str| {
        models.iter().find(|m| m["model"] == name).and_then(|m| m["ndcg@10"]["mean"].as_f64()).expect("a model")
    };
    assert_eq!(models.len(), 3);
    assert!(mean("item-knn") > mean("popularity") + 0.1 && mean("ease") > mean("popularity") + 0.1, "{said}");
    assert!(models[0]["behind"]["mean"] == 0.0 && models[2]["behind"]["high"].as_f64().unwrap() < 0.0, "{said}");
    let text = shop.ok(&["compare", "--models", "popularity,item-knn", "--market", "DE", "--alone", "--days", "30"]);
    assert!(text.contains("in DE alone") && text.contains("item-knn is the best"), "{text}");
    for (args, words) in [
        (&["--models", "oracle"][..], "there is no model `oracle`"),
        (&["--market", "FR"], "no shopper of FR"),
        (&["--alone"], "--market"),
    ] {
        let said = shop.run(&[&["compare"], args].concat());
        assert!(said.code != 0 && said.err.contains(words), "{args:?}: {}", said.err);
    }
}

/// The shop's second period of purchases is asked about after settings were chosen on the first.
#[test]
fn settings_are_chosen_on_one_period_judged_on_the_next_and_the_same_for_a_seed() {
    let shop = shop();
    shop.ok(&["run"]);
    let args = ["compare", "--tune", "6", "--models", "item-knn,ease,popularity", "--days", "60", "--json"];
    let first = shop.ok(&args);
    assert_eq!(shop.ok(&args), first, "the same data, seed and number");
    let said: Value = serde_json::from_str(&first).unwrap();
    let models = said["models"].as_array().unwrap();
    assert_eq!(models.len(), 3, "{said}");
    for m in models {
        let of = |key: &str| m[key].as_f64().unwrap();
        assert!(of("validation_best") >= of("validation_default"), "{m}");
        let mean = |key: &str| m[key]["mean"].as_f64().unwrap();
        assert!((mean("test_best") - mean("test_default") - mean("gain")).abs() < 1e-9, "{m}");
    }
    let of = |name: &str| models.iter().find(|m| m["model"] == name).unwrap();
    assert_eq!((&of("popularity")["tried"], &of("item-knn")["tried"]), (&1.into(), &6.into()), "{said}");
    assert!(of("item-knn")["parameters"]["k"].is_number(), "{said}");
    let other = shop.ok(&[&args[..], &["--seed", "2"]].concat());
    assert_ne!(other, first, "another seed tries others");
    assert!(shop.ok(&["compare", "--tune", "2", "--models", "ease"]).contains("ease: {"));
    let said = shop.run(&["compare", "--tune", "3", "--days", "400", "--models", "ease"]);
    assert!(said.code == 4 && said.err.contains("held out twice"), "{}", said.err);
}
