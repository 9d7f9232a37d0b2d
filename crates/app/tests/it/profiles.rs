//! What the lake says about segments, returns in time, and one market's data quality, through the plan.

use crate::support::{RETAIL, Shop};
use serde_json::Value;

/// Two kinds of basket a day apart, forty of each, by 20 shoppers who each order four times; nothing is
/// sold in March and May, and the data end on 10 June. Five bought a kettle at first.
fn orders() -> String {
    let mut csv =
        String::from("order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n");
    let days = ["2024-01-05", "2024-02-04", "2024-04-04", "2024-06-10"];
    for (visit, day) in days.iter().enumerate() {
        for shopper in 0..20 {
            let order = visit * 20 + shopper;
            let pair = if shopper % 2 == 0 {
                [("USB+C", "USB CABLE"), (r"CASE\7", "PHONE CASE")]
            } else {
                [("LAMP", "DESK LAMP"), ("BULB", "BULB")]
            };
            let kettle = (visit == 0 && shopper < 5).then_some(("KETTLE", "KETTLE"));
            for (code, name) in pair.into_iter().chain(kettle) {
                csv.push_str(&format!("{order},{code},{name},1,10.00,GBP,{day} 10:00:00,s{shopper},GB\n"));
            }
        }
    }
    csv
}

fn shop() -> Shop {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", orders()));
    shop.ok(&["run"]);
    shop
}

fn plan(shop: &Shop) -> Value {
    serde_json::from_str::<Value>(&shop.ok(&["plan", "--market", "GB", "--json"])).unwrap()["plan"].clone()
}

#[test]
fn segments_tie_out_to_their_shoppers_and_gaps_are_days_between_visits() {
    let shop = shop();
    let summary = "select cast(sum(n_orders) as bigint) as orders, cast(sum(n_shoppers) as bigint) as shoppers, \
                   cast(sum(n_repeat_shoppers) as bigint) as again, cast(sum(revenue) as varchar) as revenue from marts.segment_summary";
    let row = &shop.sql(summary)[0];
    assert_eq!(
        (row["orders"].as_i64(), row["shoppers"].as_i64(), row["again"].as_i64()),
        (Some(80), Some(20), Some(20))
    );
    // 80 orders of two lines at 10.00, and five kettles.
    assert_eq!(row["revenue"], "1650.000000");
    // 5 January to 4 February are 30 days, to 4 April 60, to 10 June 67; 20 shoppers each.
    let gaps = shop.sql(
        "select gap_days, cast(sum(n_gaps) as bigint) as n from marts.repeat_gaps group by gap_days order by gap_days",
    );
    let found: Vec<_> = gaps.iter().map(|r| (r["gap_days"].as_i64().unwrap(), r["n"].as_i64().unwrap())).collect();
    assert_eq!(found, [(30, 20), (60, 20), (67, 20)]);
    let came_back = "select cast(sum(n_shoppers) as bigint) from marts.segment_cohorts where months_since = 3";
    assert_eq!(shop.value(came_back), 20);
}

#[test]
fn a_silent_month_is_shown_and_a_month_cut_short_is_no_retention() {
    let plan = plan(&shop());
    let months: Vec<_> =
        plan["months"].as_array().unwrap().iter().map(|m| m["orders"]["value"]["number"].as_f64().unwrap()).collect();
    // January to June: March and May are silent, June is cut on the tenth.
    assert_eq!(months, [20.0, 20.0, 0.0, 20.0, 0.0, 20.0]);
    // February to May: 20 of 20, none, 20 of 20, none. June is not over, so it says nothing.
    let shares: Vec<_> = plan["cohorts"][0]["retained"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["value"]["number"].as_f64().unwrap())
        .collect();
    assert_eq!(shares, [1.0, 0.0, 1.0, 0.0]);
    assert_eq!(plan["repeat"]["gap"]["value"]["number"], 60.0);
}

#[test]
fn a_product_code_with_a_plus_is_one_product_of_a_bundle() {
    let shop = shop();
    let plan = plan(&shop);
    let names: Vec<&str> = plan["bundles"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|b| [&b["antecedent"], &b["consequent"]])
        .flat_map(|side| side.as_array().unwrap())
        .filter_map(Value::as_str)
        .collect();
    assert!(names.contains(&"USB CABLE") && names.contains(&"PHONE CASE"), "{names:?}");
    assert!(names.iter().all(|n| ["USB CABLE", "PHONE CASE", "DESK LAMP", "BULB", "KETTLE"].contains(n)), "{names:?}");
}

#[test]
fn at_home_the_uptake_is_the_share_who_bought() {
    let plan = plan(&shop());
    // Fewer than 30 shoppers, so the number itself is not shown, but its formula is home's own.
    let uptake = &plan["products"][0]["uptake"];
    assert!(uptake["formula"].as_str().unwrap().contains("buyers here / shoppers here"), "{uptake}");
}

#[test]
fn each_language_has_its_overview_and_json_can_have_pages_too() {
    let shop = shop();
    for lang in ["en", "zh"] {
        shop.ok(&["plan", "--all", "--lang", lang]);
    }
    let read = |name: &str| std::fs::read_to_string(shop.root().join("plans").join(name)).unwrap();
    assert!(read("index.html").contains("lang=\"en\"") && read("index-zh.html").contains("lang=\"zh-Hans\""));
    let out = shop.root().join("both");
    let said = shop.ok(&["plan", "--market", "GB", "--json", "--out", out.to_str().unwrap()]);
    assert!(serde_json::from_str::<Value>(&said).is_ok(), "nothing but JSON on standard output");
    assert!(out.join("plan-GB-en.html").exists());
}

#[test]
fn data_quality_is_counted_for_the_market_where_lines_show_it() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    shop.ok(&["run"]);
    let rows = shop.sql("select market, rule, n_lines from marts.market_quality order by market, rule");
    let found: Vec<String> = rows
        .iter()
        .map(|r| format!("{} {} {}", r["market"].as_str().unwrap(), r["rule"].as_str().unwrap(), r["n_lines"]))
        .collect();
    // Germany has postage and a gift, Ireland a cancellation, the unknown market a guest, Britain the repeat.
    assert_eq!(
        found,
        ["DE gift 1", "DE service_line 1", "GB exact_repeat 1", "IE cancellation 1", "ZZ missing_shopper 1"]
    );
    // No market has more than all data together.
    let more = "select count(*) from (select rule, sum(n_lines) as n from marts.market_quality group by rule) m \
                join (select rule, sum(touched) as n from clean.rule_counts group by rule) a on a.rule = m.rule where m.n > a.n";
    assert_eq!(shop.value(more), 0);
}
