//! What is written: the same bytes for a seed, totals and dirt as `truth.json` states them.

use domain::{Decimal, Market, Seed};
use serde_json::Value;
use sim::export::{self, Memory};
use sim::{Merchant, SimParams, Truth};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

fn params() -> SimParams {
    SimParams::at(0.04, Seed(7))
}

/// Files by name, and the truth about them.
fn written(params: &SimParams) -> (BTreeMap<String, Vec<u8>>, Value) {
    let merchant = Merchant::generate(params).unwrap();
    let mut memory = Memory::default();
    let files = export::all(&merchant, &mut memory, &mut |_| {}).unwrap();
    let tables = export::truth_tables(&merchant, &mut memory).unwrap();
    let truth = Truth::of(&merchant).with_files(tables, files);
    (memory.0, serde_json::to_value(truth).unwrap())
}

/// The files that most tests look at.
fn usual() -> &'static (BTreeMap<String, Vec<u8>>, Value) {
    static USUAL: OnceLock<(BTreeMap<String, Vec<u8>>, Value)> = OnceLock::new();
    USUAL.get_or_init(|| written(&params()))
}

/// Rows of a table by column name.
fn rows(bytes: &[u8], encoding: &str, delimiter: u8) -> Vec<BTreeMap<String, String>> {
    let decoder = encoding_rs::Encoding::for_label(encoding.as_bytes()).unwrap();
    let (text, _, broken) = decoder.decode(bytes);
    assert!(!broken, "a file must be readable in {encoding}");
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).quoting(delimiter == b',').from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn dec(text: &str) -> Decimal {
    if text.is_empty() { Decimal::ZERO } else { text.parse().unwrap() }
}

/// The files' facts by name.
fn facts(truth: &Value) -> BTreeMap<&str, &Value> {
    truth["files"].as_array().unwrap().iter().map(|f| (f["name"].as_str().unwrap(), f)).collect()
}

fn market<'t>(truth: &'t Value, code: &str) -> &'t Value {
    truth["markets"].as_array().unwrap().iter().find(|m| m["market"] == code).unwrap()
}

fn dirt(facts: &Value, kind: &str) -> u64 {
    facts["dirt"][kind].as_u64().unwrap_or(0)
}

#[test]
fn the_same_seed_gives_the_same_bytes_at_any_number_of_threads_and_another_seed_does_not() {
    let at = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| written(&params()))
    };
    let (one, four) = (at(1), at(4));
    assert!(one == four);
    let other = written(&SimParams { seed: Seed(8), ..params() });
    assert!(one.0["exports/orders_CN.csv"] != other.0["exports/orders_CN.csv"]);
    assert_eq!(one.0.keys().collect::<Vec<_>>(), other.0.keys().collect::<Vec<_>>());
}

#[test]
fn canonical_files_add_up_to_the_truth_and_hold_the_dirt_that_it_counts() {
    let (files, truth) = usual();
    let facts = facts(truth);
    for code in ["CN", "VN", "TH", "SA"] {
        let name = format!("exports/orders_{code}.csv");
        let about = facts[name.as_str()];
        let all = rows(&files[&name], about["encoding"].as_str().unwrap(), b',');
        assert_eq!(all.len() as u64, about["rows"].as_u64().unwrap());
        let (mut revenue, mut refunds, mut orders) = (Decimal::ZERO, Decimal::ZERO, BTreeSet::new());
        let (mut twice, mut spelled, mut impossible, mut tests, mut outliers) = (0, 0, 0, 0, 0);
        let mut guests = BTreeSet::new();
        for (i, row) in all.iter().enumerate() {
            spelled += u64::from(row["country"] != code);
            let (quantity, price) = (dec(&row["quantity"]), dec(&row["unit_price"]));
            outliers += u64::from(quantity >= dec("20") && quantity < dec("9999999"));
            if i > 0 && *row == all[i - 1] {
                twice += 1;
                continue;
            }
            if row["channel"] == "test" {
                tests += 1;
            } else if price < Decimal::ZERO || quantity == Decimal::ZERO || quantity == dec("9999999") {
                impossible += 1;
            } else {
                if row["shopper_key"].is_empty() && row["email"].is_empty() && row["phone"].is_empty() {
                    guests.insert(row["order_id"].clone());
                }
                let amount = quantity * price - dec(&row["discount"]);
                if row["status"] == "returned" {
                    refunds -= amount
                } else {
                    revenue += amount
                }
                orders.insert(row["order_id"].clone());
            }
        }
        let counted = [twice, spelled, guests.len() as u64, impossible, tests, outliers];
        let kinds = ["duplicate_row", "country_spelling", "guest", "impossible_row", "test_order", "outlier"];
        assert_eq!(counted.to_vec(), kinds.map(|k| dirt(about, k)).to_vec(), "{name}: {kinds:?}");
        let truth = market(truth, code);
        let by_amazon = dec(truth["amazon_revenue"].as_str().unwrap());
        assert_eq!(revenue, dec(truth["revenue"].as_str().unwrap()) - by_amazon, "{name}");
        assert_eq!(orders.len() as u64, truth["orders"].as_u64().unwrap() - truth["amazon_orders"].as_u64().unwrap());
        if code != "SA" {
            assert_eq!(refunds, dec(truth["refunds"].as_str().unwrap()), "{name}");
        }
    }
}

#[test]
fn shopify_files_add_up_to_the_truth() {
    let (files, truth) = usual();
    for code in ["US", "DE"] {
        let about = facts(truth)[format!("exports/shopify_orders_{code}.csv").as_str()];
        let all = rows(&files[about["name"].as_str().unwrap()], "utf-8", b',');
        assert_eq!(all.len() as u64, about["rows"].as_u64().unwrap());
        let business: Vec<_> = all.iter().filter(|r| r["Email"] != "test@example.com").collect();
        assert_eq!((all.len() - business.len()) as u64, dirt(about, "test_order"));
        let truth = market(truth, code);
        assert_eq!(business.len() as u64, truth["lines"].as_u64().unwrap());
        let sum = |column: &str| business.iter().map(|r| dec(&r[column])).sum::<Decimal>();
        let of_lines = |r: &&&BTreeMap<String, String>| {
            dec(&r["Lineitem quantity"]) * dec(&r["Lineitem price"]) - dec(&r["Lineitem discount"])
        };
        let revenue = dec(truth["revenue"].as_str().unwrap());
        assert_eq!(sum("Subtotal"), revenue);
        assert_eq!(business.iter().map(|r| of_lines(&r)).sum::<Decimal>(), revenue);
        assert_eq!(sum("Discount Amount"), dec(truth["discounts"].as_str().unwrap()));
        assert_eq!(sum("Shipping"), dec(truth["shipping"].as_str().unwrap()));
        assert_eq!(sum("Taxes"), dec(truth["tax"].as_str().unwrap()));
        let on_top = if code == "US" { sum("Taxes") } else { Decimal::ZERO };
        assert_eq!(sum("Total"), revenue + sum("Shipping") + on_top);
        let refunds = dec(truth["refunds"].as_str().unwrap());
        assert!(sum("Refunded Amount") >= refunds && (code == "US" || sum("Refunded Amount") == refunds));

        // Order cells stand on the first row of an order only, so a sum over rows is one over orders.
        let first_rows = business.iter().filter(|r| !r["Financial Status"].is_empty()).count();
        assert_eq!(first_rows as u64, truth["orders"].as_u64().unwrap());
        let customers = rows(&files[&format!("exports/shopify_customers_{code}.csv")], "utf-8", b',');
        let spent: Decimal = customers.iter().map(|r| dec(&r["Total Spent"])).sum();
        assert_eq!(spent, sum("Total") - sum("Refunded Amount"));
        assert_eq!(customers.len() as u64, truth["shoppers"].as_u64().unwrap());
    }
}

#[test]
fn the_amazon_file_adds_up_and_names_no_buyer() {
    let (files, truth) = usual();
    let about = facts(truth)["exports/amazon_orders_SA.txt"];
    let mut all = rows(&files["exports/amazon_orders_SA.txt"], "utf-8", b'\t');
    assert_eq!(all.len() as u64, about["rows"].as_u64().unwrap());
    all.dedup();
    assert_eq!(about["rows"].as_u64().unwrap() - all.len() as u64, dirt(about, "duplicate_row"));
    let revenue: Decimal = all.iter().map(|r| dec(&r["item-price"]) - dec(&r["item-promotion-discount"])).sum();
    assert_eq!(revenue, dec(market(truth, "SA")["amazon_revenue"].as_str().unwrap()));
    assert!(all.iter().all(|r| r["sales-channel"] == "Amazon.sa" && r.keys().all(|k| !k.contains("mail"))));
}

#[test]
fn events_are_json_with_one_message_id_each_but_for_those_sent_twice() {
    let (files, truth) = usual();
    let about = facts(truth)["exports/events.jsonl"];
    let text = std::str::from_utf8(&files["exports/events.jsonl"]).unwrap();
    let (mut seen, mut again, mut n) = (BTreeSet::new(), 0, 0);
    let mut names = BTreeSet::new();
    let mut ordered = BTreeSet::new();
    for line in text.lines() {
        n += 1;
        let event: Value = serde_json::from_str(line).unwrap();
        if !seen.insert(event["messageId"].as_str().unwrap().to_owned()) {
            again += 1;
        }
        assert!(event["anonymousId"].is_string() && event["context"]["locale"].is_string());
        if event["type"] == "track" {
            names.insert(event["event"].as_str().unwrap().to_owned());
        } else {
            assert!(event["traits"]["email"].as_str().unwrap().to_lowercase().contains("@example."));
        }
        if event["event"] == "Order Completed" {
            assert!(event["userId"].is_string());
            ordered.insert(event["properties"]["order_id"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!((n, again), (about["rows"].as_u64().unwrap(), dirt(about, "resent_event")));
    let wanted = ["Checkout Started", "Order Completed", "Product Added", "Product Viewed", "Products Searched"];
    assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
    // Orders of events are orders of the files.
    let shopify = rows(&files["exports/shopify_orders_US.csv"], "utf-8", b',');
    let known: BTreeSet<&str> = shopify.iter().map(|r| r["Name"].as_str()).collect();
    let american: Vec<&String> = ordered.iter().filter(|o| o.starts_with("US")).collect();
    assert!(!american.is_empty() && american.iter().all(|o| known.contains(o.as_str())));
}

#[test]
fn persons_in_two_sources_share_what_the_truth_says() {
    let (files, truth) = usual();
    let links = truth["identity_links"].as_array().unwrap();
    assert!(links.len() >= 10 && links.iter().any(|l| l["by"] == "phone"));
    let home = rows(&files["exports/orders_CN.csv"], "gbk", b',');
    let shopify = rows(&files["exports/shopify_customers_US.csv"], "utf-8", b',');
    for link in links.iter().filter(|l| l["abroad"][0] == "US") {
        let value = link["value"].as_str().unwrap();
        let column = if link["by"] == "email" { "Email" } else { "Phone" };
        assert!(shopify.iter().any(|r| r[column].trim_start_matches('\'') == value), "{value}");
        let column = if link["by"] == "email" { "email" } else { "phone" };
        let key = link["home"][1].as_str().unwrap();
        assert!(home.iter().filter(|r| r["shopper_key"] == key).all(|r| r[column] == value));
    }
}

#[test]
fn persons_are_linked_and_the_bad_lot_is_where_it_can_be_whatever_the_order_of_markets() {
    let named = |codes: &[&str]| {
        let markets: Vec<Market> = codes.iter().map(|c| c.parse().unwrap()).collect();
        Truth::of(&Merchant::generate(&SimParams::at(0.02, Seed(3)).with_markets(&markets).unwrap()).unwrap())
    };
    let truth = named(&["US", "CN"]);
    assert!(truth.identity_links.len() >= 3, "home is listed after the United States");
    assert!(truth.identity_links.iter().all(|l| l.abroad.0.code() == "US" && l.home.0.code() == "CN"));
    let lot = named(&["VN", "TH"]).bad_lot;
    assert_eq!(lot.markets.iter().map(Market::code).collect::<Vec<_>>(), ["VN"]);
    assert!(lot.lines > 0, "{lot:?}");
    let few = SimParams::at(0.02, Seed(3));
    let few = SimParams { markets: few.markets[..1].to_vec(), ..few };
    assert!(Truth::of(&Merchant::generate(&few).unwrap()).bad_lot.markets.is_empty(), "only what is simulated");
}

#[test]
fn near_duplicates_are_listed_and_texts_come_in_six_languages() {
    let (files, truth) = usual();
    let products = rows(&files["exports/products.csv"], "utf-8", b',');
    let by_id: BTreeMap<&str, &BTreeMap<String, String>> =
        products.iter().map(|r| (r["product_id"].as_str(), r)).collect();
    let twice = truth["near_duplicate_products"].as_array().unwrap();
    assert_eq!(products.len(), 240 + twice.len());
    for pair in twice {
        let (copy, of) = (by_id[pair["product_id"].as_str().unwrap()], by_id[pair["of"].as_str().unwrap()]);
        let key = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_ne!(copy["name_en"], of["name_en"]);
        assert_eq!(key(&copy["name_en"]), key(&of["name_en"]));
    }
    for row in &products {
        assert!(["zh", "en", "de", "vi", "th", "ar"].iter().all(|l| !row[&format!("name_{l}")].is_empty()));
        let image = &files[&format!("exports/{}", row["image_path"])];
        assert!(image.starts_with(b"\x89PNG"));
    }
    let languages: BTreeSet<String> = rows(&files["exports/reviews.csv"], "utf-8", b',')
        .into_iter()
        .chain(rows(&files["exports/reviews_TH.csv"], "utf-16le", b','))
        .map(|r| r["language"].clone())
        .collect();
    assert_eq!(languages.iter().map(String::as_str).collect::<Vec<_>>(), ["ar", "de", "en", "th", "vi", "zh"]);
}

#[test]
fn dates_are_mixed_in_one_small_file_only() {
    let (files, truth) = usual();
    let all = rows(&files["extra/orders_mixed_dates.csv"], "utf-8", b',');
    let slashed = all.iter().filter(|r| r["ordered_at"].contains('/')).count() as u64;
    assert_eq!(slashed, dirt(facts(truth)["extra/orders_mixed_dates.csv"], "mixed_date"));
    assert!(slashed > 0 && slashed < all.len() as u64);
}

#[test]
fn all_twelve_markets_can_be_simulated_and_leave_by_their_own_export() {
    let codes = ["US", "DE", "VN", "TH", "SA", "GB", "FR", "JP", "MX", "BR", "AE"];
    let markets: Vec<Market> =
        codes.iter().map(|c| c.as_bytes().try_into().ok().and_then(Market::from_code).unwrap()).collect();
    let params = SimParams::at(0.01, Seed(2)).with_markets(&markets).unwrap();
    let (files, truth) = written(&params);
    assert_eq!(truth["markets"].as_array().unwrap().len(), 12);
    for name in
        ["shopify_orders_GB.csv", "shopify_orders_FR.csv", "orders_BR.csv", "amazon_orders_JP.txt", "orders_AE.csv"]
    {
        assert!(files[&format!("exports/{name}")].len() > 1000, "{name}");
    }
    let japanese = rows(&files["exports/amazon_orders_JP.txt"], "utf-8", b'\t');
    assert!(japanese.iter().all(|r| !r["item-price"].contains('.') && r["currency"] == "JPY"));
}
