//! From a simulated merchant's files to its launch plans.

use crate::support::{Shop, TODAY, portolan};
use serde_json::Value;
use std::collections::BTreeMap;

#[test]
fn a_simulated_merchants_files_become_plans_in_two_languages() {
    let shop = Shop::with(&["--home", "CN", "--currency", "CNY"]);
    let data = shop.root().join("data");
    let made = portolan(&["simulate", "--scale", "0.03", "--seed", "5", "--out", data.to_str().unwrap(), "--json"]);
    assert_eq!(made.code, 0, "{}", made.err);
    shop.ok(&["ingest", data.join("exports").to_str().unwrap(), "--as-of", TODAY]);

    // Nothing lost: what the readers took is clean, put aside with a reason, or nothing at all.
    let counts = "select (select count(*) from raw.order_lines) as raw, (select count(*) from clean.order_lines) as clean, \
                  (select count(*) from rejects.rows where stage = 'clean' and table_name = 'order_lines') as aside";
    let row = &shop.sql(counts)[0];
    let n = |key: &str| row[key].as_i64().unwrap();
    assert_eq!(n("raw"), n("clean") + n("aside"));

    let report: Value = serde_json::from_str(&shop.ok(&["run", "--json"])).unwrap();
    assert_eq!(report["computed"].as_array().map(Vec::len), Some(12));
    let again: Value = serde_json::from_str(&shop.ok(&["run", "--json"])).unwrap();
    assert_eq!(again["computed"].as_array().map(Vec::len), Some(0), "{again}");

    for lang in ["en", "zh"] {
        let said = shop.ok(&["plan", "--all", "--lang", lang]);
        assert!(said.contains("\n5. "), "five findings: {said}");
        let page = std::fs::read_to_string(shop.root().join(format!("plans/plan-DE-{lang}.html"))).unwrap();
        assert!(page.contains("<svg") && page.contains("</html>"));
        // The name of the SVG language looks like an address and is none.
        let page = page.replace("http://www.w3.org/", "");
        for outside in ["http://", "https://", "src=\"//", "href=\"//", "@import", "<link"] {
            assert!(!page.contains(outside), "{outside}: a page needs nothing from outside");
        }
    }
    let plan: Value = serde_json::from_str(&shop.ok(&["plan", "--market", "US", "--json"])).unwrap();
    assert!(plan.to_string().contains("market.revenue"));

    let list: Value = serde_json::from_str(&shop.ok(&[
        "recommend",
        "--shopper",
        "nobody",
        "--market",
        "US",
        "-n",
        "5",
        "--explain",
        "--json",
    ]))
    .unwrap();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(5), "{list}");
    assert!(list["items"][0]["reasons"].as_array().is_some_and(|r| !r.is_empty()), "{list}");
}

#[test]
fn revenue_by_market_is_the_merchants_own_to_the_cent() {
    let shop = Shop::with(&["--home", "CN", "--currency", "CNY"]);
    let data = shop.root().join("data");
    assert_eq!(portolan(&["simulate", "--scale", "0.02", "--seed", "9", "--out", data.to_str().unwrap()]).code, 0);
    shop.ok(&["ingest", data.join("exports").to_str().unwrap(), "--as-of", TODAY]);
    let truth: Value = serde_json::from_str(&std::fs::read_to_string(data.join("truth.json")).unwrap()).unwrap();
    let sold = "select market, currency, cast(sum(amount) as varchar) as revenue, count(distinct order_id) as orders \
                from clean.order_lines where kind = 'sale' and not repeat group by market, currency order by market";
    let found: BTreeMap<String, Value> =
        shop.sql(sold).into_iter().map(|r| (r["market"].as_str().unwrap().to_owned(), r)).collect();
    for market in truth["markets"].as_array().expect("the truth has markets") {
        let name = market["market"].as_str().unwrap();
        let row = &found[name];
        let number = |v: &Value| v.as_str().unwrap().parse::<domain::Decimal>().unwrap();
        assert_eq!(number(&row["revenue"]), number(&market["revenue"]), "revenue of {name}");
        assert_eq!(row["orders"], market["orders"], "orders of {name}");
        assert_eq!(row["currency"], market["currency"], "currency of {name}");
    }
}

#[test]
fn completions_and_the_meaning_of_columns_come_from_the_program() {
    assert!(portolan(&["completions", "bash"]).out.contains("complete"));
    assert!(portolan(&["tables", "clean.orders"]).out.contains("reporting currency"));
}
