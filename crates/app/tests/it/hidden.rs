//! A marketplace's report and nothing else: no e-mail, no name, no shopper. What can be had from postcode, marketplace and
//! month is there, and each answer says what is lost.

use crate::support::{Shop, TODAY, json, portolan};
use serde_json::Value;
use std::path::Path;
use std::sync::LazyLock;

/// Exports of a simulated merchant of whom the report of a marketplace is used alone.
static REPORT: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    let made = portolan(&["simulate", "--out", out, "--scale", "1", "--seed", "7", "--markets", "DE,SA"]);
    assert_eq!(made.code, 0, "{}", made.err);
    dir
});

/// A workspace that knows nothing but that report, after a run.
fn shop() -> Shop {
    let shop = Shop::with(&["--currency", "SAR"]);
    let report = REPORT.path().join("exports/amazon_orders_SA.txt");
    shop.ok(&["ingest", report.to_str().unwrap(), "--as-of", TODAY]);
    shop.ok(&["run", "--allow-failed-gates"]);
    shop
}

/// Orders, and their lines, of the report by postcode, counted from its text.
fn by_postcode(report: &Path) -> std::collections::BTreeMap<String, std::collections::BTreeSet<String>> {
    let text = std::fs::read_to_string(report).unwrap();
    let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<&str>>());
    let head = lines.next().unwrap();
    let at = |name: &str| head.iter().position(|h| *h == name).unwrap();
    let (order, zip) = (at("amazon-order-id"), at("ship-postal-code"));
    let mut orders: std::collections::BTreeMap<String, std::collections::BTreeSet<String>> = Default::default();
    for cells in lines {
        let area: String = cells[zip].chars().take(2).collect();
        orders.entry(area).or_default().insert(cells[order].to_owned());
    }
    orders
}

#[test]
fn a_marketplaces_report_alone_gives_areas_persona_demand_and_a_plan_that_say_what_is_lost() {
    let shop = shop();
    assert_eq!(shop.value("select count(*) as n from clean.order_lines where shopper_id is not null"), 0);

    // Segments by area: postcodes shortened to their area, never kept whole.
    let counted = by_postcode(&REPORT.path().join("exports/amazon_orders_SA.txt"));
    let areas = shop.sql("select * from marts.areas where market = 'SA' and area not in ('', '*')");
    assert_eq!(areas.len(), counted.len(), "{areas:?}");
    for area in &areas {
        assert_eq!(area["by"], "postcode_area");
        let in_report = counted[area["area"].as_str().unwrap()].len() as f64;
        let n = area["n_orders"].as_f64().unwrap();
        assert!(
            (n / in_report - 1.0).abs() < 0.03,
            "{area}: {in_report} orders of the report, some of which came back"
        );
        let [low, next, high] = ["next_low", "next_90_days", "next_high"].map(|k| area[k].as_f64().unwrap());
        assert!(0.0 < low && low < next && next < high, "{area}");
        assert!(!area["town"].as_str().unwrap().is_empty());
    }
    assert_eq!(shop.value("select count(*) as n from raw.order_lines where length(postcode_area) > 4"), 0);
    let said = json(&shop, &["markets", "areas", "SA"]);
    assert_eq!((&said["by"], &said["orders"]), (&"postcode_area".into(), &said["orders_without_shopper"]));

    // Baskets, products and demand.
    assert!(shop.value("select count(*) as n from marts.product_market where n_orders > 0").as_i64().unwrap() > 50);
    assert!(shop.value("select count(*) as n from marts.recommendations where market = 'SA'").as_i64().unwrap() >= 20);
    assert!(shop.value("select count(*) as n from marts.demand where market = 'SA'").as_i64().unwrap() > 100);

    // The persona counts orders and says so.
    let personas = json(&shop, &["personas", "SA"]);
    let page = &personas[0];
    let orders = shop.value("select n_orders as n from marts.market_summary where market = 'SA'");
    assert_eq!((&page["counted"], &page["n_shoppers"]), (&"orders".into(), &orders));
    let text = shop.ok(&["personas", "SA"]);
    assert!(text.contains("of the orders go to") && text.contains("does not say who bought"), "{text}");
    assert!(text.contains("Needed: a shopper key") && !text.contains("live in"), "{text}");

    // The plan: areas first, what is lost, in both languages, every figure with its rows.
    let plan: Value = json(&shop, &["plan", "--market", "SA"]);
    let reach = &plan["plan"]["reach"];
    assert_eq!(
        (&reach["whom"], reach["rows"].as_array().map(Vec::len)),
        (&"areas".into(), Some(areas.len())),
        "{reach}"
    );
    let lows: Vec<f64> =
        reach["rows"].as_array().unwrap().iter().map(|r| r["value"]["interval"]["low"].as_f64().unwrap()).collect();
    assert!(lows.windows(2).all(|w| w[0] >= w[1]), "{lows:?}");
    assert!(reach["open"].as_array().unwrap().iter().all(|o| o["en"] != "" && o["zh"] != ""));
    let findings = plan["findings"].to_string();
    assert!(
        findings.contains("By area") && findings.contains("按区域") && !findings.contains("0 shoppers"),
        "{findings}"
    );
    assert!(
        plan["plan"]["products"]
            .as_array()
            .unwrap()
            .iter()
            .any(|p| p["buyers"]["key"].as_str().unwrap().starts_with("product.orders["))
    );
}

#[test]
fn what_was_done_in_some_areas_is_told_beside_the_others() {
    let shop = Shop::with(&["--home", "DE", "--currency", "EUR"]);
    let mut report = String::from(
        "amazon-order-id\tpurchase-date\torder-status\tsku\tproduct-name\tquantity\tcurrency\titem-price\tship-city\tship-postal-code\tship-country\tsales-channel\n",
    );
    // 40 orders a month in each of two areas from January to June; from April on 80 of them in Berlin, and 44 in Munich.
    let mut n = 0;
    for month in 1..=6 {
        for (zip, usual, later) in [("10115", 40, 80), ("80331", 40, 44)] {
            for i in 0..if month < 4 { usual } else { later } {
                n += 1;
                report.push_str(&format!(
                    "111-{n:07}-1\t2025-{month:02}-{:02}T10:00:00+00:00\tShipped\tCUP\tCup\t1\tEUR\t20.00\tTown\t{zip}\tDE\tAmazon.de\n",
                    1 + i % 28
                ));
            }
        }
    }
    // July has begun, so June is whole.
    report.push_str(
        "111-9999999-1\t2025-07-01T10:00:00+00:00\tShipped\tCUP\tCup\t1\tEUR\t20.00\tTown\t80331\tDE\tAmazon.de\n",
    );
    shop.ingest_ok(&shop.file("orders.txt", report));
    let ask = ["markets", "areas", "DE", "--treated", "10", "--from", "2025-04", "--to", "2025-06"];
    let said = json(&shop, &ask);
    // (240 / 120) / (132 / 120) = 20 / 11; variance 1/120 + 1/240 + 1/120 + 1/132.
    let value = said["figure"]["value"]["number"].as_f64().unwrap();
    assert!((value - 20.0 / 11.0).abs() < 1e-9, "{said}");
    let factor = (1.959_964 * (2.0 / 120.0 + 1.0 / 240.0 + 1.0 / 132.0_f64).sqrt()).exp();
    assert!((said["figure"]["interval"]["low"].as_f64().unwrap() - 20.0 / 11.0 / factor).abs() < 1e-4, "{said}");
    assert_eq!(
        (said["before"].as_str(), said["after"].as_str()),
        (Some("2025-01 to 2025-03"), Some("2025-04 to 2025-06"))
    );
    let text = shop.ok(&ask);
    assert!(
        text.contains("1.82 times") && text.contains("more than without it") && text.contains("高于未实施时"),
        "{text}"
    );
    let unknown = shop.fails(&["markets", "areas", "DE", "--treated", "99", "--from", "2025-04"]);
    assert!(unknown.contains("`99`") && unknown.contains("10, 80"), "{unknown}");
    let early = shop.fails(&["markets", "areas", "DE", "--treated", "10", "--from", "2025-02", "--to", "2025-06"]);
    assert!(early.contains("2025-01 to 2025-06"), "{early}");
    assert!(shop.fails(&["markets", "areas", "DE", "--treated", "10"]).contains("--from"));
}
