//! Every number of a plan is what its own source query gives: the query of each figure is run through
//! `portolan sql` and the shown value is worked out from the answer by the figure's formula.

use crate::support::{RETAIL, Shop, TODAY, portolan};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// A figure of the JSON with the path of the object it stands in.
struct Shown<'a> {
    figure: &'a Value,
    /// Objects around it, innermost last.
    around: Vec<&'a Value>,
}

fn figures<'a>(value: &'a Value, around: &mut Vec<&'a Value>, out: &mut Vec<Shown<'a>>) {
    match value {
        Value::Object(fields) if fields.contains_key("formula") && fields.contains_key("source") => {
            out.push(Shown { figure: value, around: around.clone() });
        }
        Value::Object(fields) => {
            around.push(value);
            fields.values().for_each(|v| figures(v, around, out));
            around.pop();
        }
        Value::Array(items) => items.iter().for_each(|v| figures(v, around, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(f64::NAN)
}

/// The shown number in major units, where one is shown.
fn shown(figure: &Value) -> Option<f64> {
    let value = &figure["value"];
    if let Some(money) = value.get("money") {
        let currency: domain::Currency = text(&money["currency"]).parse().unwrap();
        return Some(number(&money["minor"]) / 10_f64.powi(currency.exponent() as i32));
    }
    value.get("number").map(number)
}

/// What the figure should show, worked out from the answer of its query; `None` for a figure whose
/// arithmetic is tested where it is done (uptake, growth, season, retention, models).
fn expected(key: &str, row_key: &str, hint: &str, around: &[&Value], rows: &[Value]) -> Option<f64> {
    let one = |name: &str| number(&rows[0][name]);
    let row = |column: &str, wanted: &str| {
        rows.iter().find(|r| text(&r[column]) == wanted).unwrap_or_else(|| panic!("{key}: no {column} = {wanted}"))
    };
    let sum = |name: &str| rows.iter().map(|r| number(&r[name])).sum::<f64>();
    let segment = || row("segment", &text(&around[around.len() - 1]["key"]));
    let product = || row("product_id", hint.strip_prefix("product ").unwrap_or(row_key).split(" -- ").next().unwrap());
    Some(match key {
        "market.revenue" => one("revenue") + one("returned"),
        "market.orders" => one("n_orders"),
        "market.shoppers" => one("n_shoppers"),
        "market.basket" => one("revenue") / one("n_orders"),
        "market.repeat_rate" => one("n_repeat_shoppers") / one("n_shoppers"),
        "market.return_rate" => -one("returned") / one("revenue"),
        "month.revenue" | "month.orders" => {
            let wanted = hint.strip_prefix("month ").unwrap_or(row_key);
            // A month without a sale has no row and is shown as nothing sold.
            let Some(month) = rows.iter().find(|r| text(&r["month"]) == wanted) else { return Some(0.0) };
            if key == "month.orders" {
                number(&month["n_orders"])
            } else {
                number(&month["revenue"]) + number(&month["returned"])
            }
        }
        "segment.shoppers" => number(&segment()["n_shoppers"]),
        "segment.revenue" => number(&segment()["revenue"]),
        "segment.revenue_share" => number(&segment()["revenue"]) / sum("revenue"),
        "product.buyers" => number(&product()["here"]),
        "product.buyers_home" => number(&product()["at_home"]),
        "product.score" => number(&product()["score"]),
        "product.price" => number(&product()["price"]),
        "product.stock" => number(&product()["stock"]),
        "decide.segment_paid" => number(&row("segment", row_key)["paid"]),
        "quality.rows" => number(&row("rule", &text(&around[around.len() - 1]["rule"]))["n"]),
        _ => return None,
    })
}

/// Runs the source of every figure and compares what is shown. The number of figures compared.
fn check(shop: &Shop, market: &str) -> usize {
    let plan: Value = serde_json::from_str(&shop.ok(&["plan", "--market", market, "--json"])).expect("JSON");
    let mut all = Vec::new();
    figures(&plan["plan"], &mut Vec::new(), &mut all);
    assert!(!all.is_empty());
    let mut answers: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut compared = 0;
    for Shown { figure, around } in &all {
        let source = text(&figure["source"]);
        // A comment behind the query says which row of the answer is meant.
        let (query, hint) = source.split_once(" -- ").unwrap_or((&source, ""));
        assert!(query.starts_with("select "), "{figure}");
        let rows = answers.entry(query.to_owned()).or_insert_with(|| shop.sql(query));
        let key = text(&figure["key"]);
        let (base, row_key) = key.split_once('[').map_or((key.as_str(), ""), |(b, r)| (b, r.trim_end_matches(']')));
        let Some(value) = shown(figure) else { continue };
        assert!(!rows.is_empty(), "{key} shows {value} and its source gives no row: {source}");
        if let Some(expected) = expected(base, row_key, hint, around, rows) {
            // Money is rounded to its minor unit once; floats are printed in full.
            let off = if figure["value"].get("money").is_some() { 0.5 + 1e-6 } else { 1e-9 * expected.abs().max(1.0) };
            assert!((value - expected).abs() <= off, "{key} of {market} shows {value}, its source says {expected}");
            compared += 1;
        }
    }
    // The source itself, comment and all, can be pasted.
    let whole = all.iter().map(|s| text(&s.figure["source"])).find(|s| s.contains(" -- "));
    if let Some(source) = whole {
        shop.sql(&source);
    }
    compared
}

#[test]
fn the_figures_of_a_plan_of_eight_lines_are_what_their_sources_say() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    shop.ok(&["run"]);
    for market in ["GB", "IE", "DE"] {
        assert!(check(&shop, market) > 5, "{market}");
    }
    // 30.60 pounds of one order of one shopper, shown as such.
    let plan: Value = serde_json::from_str(&shop.ok(&["plan", "--market", "GB", "--json"])).unwrap();
    let mut all = Vec::new();
    figures(&plan["plan"], &mut Vec::new(), &mut all);
    let of = |key: &str| all.iter().find(|s| s.figure["key"] == key).and_then(|s| shown(s.figure));
    assert_eq!((of("market.revenue"), of("market.orders"), of("market.shoppers")), (Some(30.6), Some(1.0), Some(1.0)));
}

#[test]
fn the_figures_of_a_merchants_plans_are_what_their_sources_say() {
    let shop = Shop::with(&["--home", "CN", "--currency", "CNY"]);
    let data = shop.root().join("data");
    let made = portolan(&["simulate", "--scale", "0.02", "--seed", "3", "--out", data.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{}", made.err);
    shop.ok(&["ingest", data.join("exports").to_str().unwrap(), "--as-of", TODAY]);
    shop.ok(&["run"]);
    for market in ["CN", "DE", "US"] {
        assert!(check(&shop, market) > 60, "{market}: {}", check(&shop, market));
    }
}

/// Germany, France, Ireland and every twentieth shopper of the United Kingdom.
fn small_uci() -> Option<String> {
    let path = testkit::shared::shared_data("uci_online_retail/online_retail.csv.gz")?;
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let mut kept = String::new();
    for (i, line) in text.lines().enumerate() {
        let mut from_the_end = line.rsplit(',');
        let (country, shopper) = (from_the_end.next().unwrap_or_default(), from_the_end.next().unwrap_or_default());
        let home = country == "United Kingdom" && shopper.parse::<u32>().is_ok_and(|n| n % 20 == 0);
        if i == 0 || home || ["Germany", "France", "EIRE"].contains(&country) {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    Some(kept)
}

#[test]
fn a_part_of_a_real_year_becomes_plans_whose_figures_are_what_their_sources_say() {
    let Some(file) = small_uci() else { return };
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", &file));
    shop.ok(&["run"]);
    shop.ok(&["plan", "--all"]);
    // Who bought in Germany, recounted from the file: no cancellation, something for money, no postage.
    let bought: BTreeSet<&str> = file
        .lines()
        .filter(|l| l.ends_with(",Germany") && !l.starts_with('C'))
        .filter_map(|l| {
            let fields: Vec<&str> = l.rsplitn(6, ',').collect();
            let (shopper, price, quantity) = (fields[1], fields[2], fields[4]);
            let code = l.split(',').nth(1)?;
            let fine = quantity.parse::<i64>().ok()? > 0 && price.parse::<f64>().ok()? > 0.0;
            (fine && !shopper.is_empty() && !["POST", "M", "D", "DOT"].contains(&code)).then_some(shopper)
        })
        .collect();
    let shoppers = shop.value("select n_shoppers from marts.market_summary where market = 'DE'");
    assert_eq!(shoppers, bought.len());
    for market in ["GB", "DE", "FR", "IE"] {
        for lang in ["en", "zh"] {
            shop.ok(&["plan", "--market", market, "--lang", lang]);
            let page = std::fs::read_to_string(shop.root().join(format!("plans/plan-{market}-{lang}.html"))).unwrap();
            assert!(page.contains("<svg") && page.contains("</html>"), "{market} {lang}");
        }
        assert!(check(&shop, market) > 80, "{market}");
    }
}

#[test]
fn where_a_file_came_from_is_kept_shown_and_never_made_up() {
    let shop = Shop::new();
    let orders = shop.file("orders.csv", RETAIL);
    let stated = ["--licence", "CC BY 4.0", "--origin", "UCI repository", "--obtained", "2025-11-02"];
    shop.ok(&[&["ingest", orders.to_str().unwrap(), "--as-of", TODAY][..], &stated].concat());
    let stock = shop.file("stock.csv", "product_code,quantity\n22633,5\n");
    shop.ingest_ok(&stock);
    let of = |name: &str| shop.sql(&format!("select * from raw.sources where name = '{name}'"))[0].clone();
    assert_eq!(
        (&of("orders.csv")["licence"], &of("orders.csv")["origin"]),
        (&"CC BY 4.0".into(), &"UCI repository".into())
    );
    assert_eq!(of("orders.csv")["obtained"], "2025-11-02");
    assert!(of("stock.csv")["licence"].is_null() && of("stock.csv")["obtained"].is_null());
    // From a row to its terms.
    let row = "select distinct s.licence from order_lines l join raw.sources s on s.source = l.source";
    assert_eq!(shop.value(row), "CC BY 4.0");
    let report: Value = serde_json::from_str(&shop.ok(&["quality", "--json"])).unwrap();
    assert_eq!(report["sources"][0]["origin"], "UCI repository");
    assert!(report["sources"][1]["origin"].is_null());
    assert!(shop.ok(&["quality"]).contains("not stated"));

    // Stated later, of a file that is in the lake; what was stated before stays.
    let again = ["ingest", stock.to_str().unwrap(), "--as-of", TODAY, "--origin", "our warehouse"];
    assert!(shop.ok(&again).contains("what was stated of it is recorded"));
    assert_eq!(of("stock.csv")["origin"], "our warehouse");
    assert_eq!(shop.value("select count(*) from raw.stock"), 1);

    shop.ok(&["run"]);
    let plan: Value = serde_json::from_str(&shop.ok(&["plan", "--market", "GB", "--json"])).unwrap();
    let sources = plan["plan"]["sources"].as_array().unwrap();
    assert_eq!(sources[0]["licence"], "CC BY 4.0");
    assert_eq!((&sources[0]["obtained"], &sources[0]["here"]), (&"2025-11-02".into(), &true.into()));
    assert_eq!((&sources[1]["origin"], sources[1]["licence"].is_null()), (&"our warehouse".into(), true));
    shop.ok(&["plan", "--market", "GB"]);
    let page = std::fs::read_to_string(shop.root().join("plans/plan-GB-en.html")).unwrap();
    for word in ["Where the data come from", "UCI repository", "CC BY 4.0", "not stated"] {
        assert!(page.contains(word), "{word}");
    }
}

#[test]
fn a_mapping_states_it_too_and_bad_days_are_refused() {
    let shop = Shop::new();
    let map = "table = \"stock\"\n[columns]\nproduct_code = \"Artikel\"\nquantity = \"Menge\"\n\
               [provenance]\nlicence = \"by contract\"\norigin = \"Partner GmbH\"\nobtained = \"2025-05-01\"\n";
    let (map, data) = (shop.file("map.toml", map), shop.file("lager.csv", "Artikel;Menge\nA1;4\n"));
    let with = |options: &[&str]| {
        let base = ["ingest", data.to_str().unwrap(), "--as-of", TODAY];
        shop.run(&[&base[..], options].concat())
    };
    let said = with(&["--map", map.to_str().unwrap(), "--licence", "by letter"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let row = &shop.sql("select licence, origin, obtained from raw.sources")[0];
    assert_eq!(row["licence"], "by letter", "the command line holds");
    assert_eq!((&row["origin"], &row["obtained"]), (&"Partner GmbH".into(), &"2025-05-01".into()));

    for (options, words) in [
        (&["--obtained", "1.5.2025"][..], "1.5.2025"),
        (&["--obtained", "2025-02-30"], "2025-02-30"),
        (&["--obtained", "2026-06-01"], "that day has not come"),
        (&["--licence", " "], "`--licence` is empty"),
    ] {
        let said = with(options);
        assert_eq!(said.code, 2, "{options:?}: {}", said.err);
        assert!(said.err.contains(words), "{options:?}: {}", said.err);
    }
    let bad = shop.file("bad.toml", "table = \"stock\"\n[provenance]\nobtained = \"May 2025\"\n");
    let said = with(&["--map", bad.to_str().unwrap()]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("provenance.obtained") && said.err.contains("2026-11-25"), "{}", said.err);
}

#[test]
fn facts_about_countries_join_orders_without_looking_ahead() {
    let shop = Shop::with(&["--home", "DE", "--currency", "EUR"]);
    let orders = "order_id,product_id,quantity,unit_price,currency,ordered_at,country\n\
                  1,A,1,10.00,EUR,2024-06-01 10:00:00,DE\n\
                  2,A,1,10.00,EUR,2025-03-01 10:00:00,DE\n\
                  3,A,1,10.00,EUR,2025-03-01 10:00:00,FR\n";
    shop.ingest_ok(&shop.file("orders.csv", orders));
    // The figure about 2024 came out in February 2025: the order of June 2024 still goes by the one about 2022.
    let facts = "day,known_on,market,fact,value,unit\n\
                 2022-01-01,2023-02-15,Germany,gdp_per_capita,48000,EUR\n\
                 2024-01-01,2025-02-14,Germany,gdp_per_capita,51800,EUR\n\
                 2024-01-01,,Nowhere,gdp_per_capita,1,EUR\n";
    shop.ingest_ok(&shop.file("facts.csv", facts));
    let of = |order: u32| {
        shop.value(&format!(
            "select f.value from orders o left join market_facts f on f.market = o.market and f.fact = 'gdp_per_capita' \
             and o.day >= f.valid_from and (f.valid_to is null or o.day < f.valid_to) where o.order_id = '{order}'"
        ))
    };
    assert_eq!((of(1), of(2), of(3)), (48_000.0.into(), 51_800.0.into(), Value::Null));
    assert_eq!(shop.value("select value from rejects.rows where table_name = 'market_facts'"), "Nowhere");
}
