//! What stands beside the orders can be checked against the truth from the written files alone:
//! advertising, competitors' prices, costs, stock, tastes, shoppers, reviews.

use domain::{Day, Market, Seed};
use serde_json::Value;
use sim::export::{self, Memory};
use sim::{Merchant, SimParams, Truth};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

type Row = BTreeMap<String, String>;

struct Written {
    merchant: Merchant,
    files: BTreeMap<String, Vec<u8>>,
    truth: Value,
}

/// One merchant and its files for all tests of this file.
fn written() -> &'static Written {
    static WRITTEN: OnceLock<Written> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let merchant = Merchant::generate(&SimParams::at(0.1, Seed(21))).unwrap();
        let mut memory = Memory::default();
        let files = export::all(&merchant, &mut memory, &mut |_| {}).unwrap();
        let tables = export::truth_tables(&merchant, &mut memory).unwrap();
        let truth = serde_json::to_value(Truth::of(&merchant).with_files(tables, files)).unwrap();
        Written { merchant, files: memory.0, truth }
    })
}

fn rows(name: &str) -> Vec<Row> {
    let bytes = &written().files[name];
    csv::Reader::from_reader(bytes.as_slice()).deserialize().map(Result::unwrap).collect()
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|e| panic!("{column} `{}`: {e}", row[column]))
}

fn day(row: &Row, column: &str) -> Day {
    row[column].parse().unwrap()
}

fn markets() -> &'static [Value] {
    written().truth["markets"].as_array().unwrap()
}

/// Lift of arrivals by market, channel and day, recomputed from the written spend and the true curves.
fn lifts() -> BTreeMap<(String, String), BTreeMap<Day, f64>> {
    let spend: BTreeMap<(String, String, Day), f64> = rows("exports/ad_spend.csv")
        .iter()
        .map(|r| ((r["market"].clone(), r["channel"].clone(), day(r, "day")), number(r, "spend")))
        .collect();
    let end = written().merchant.params.end();
    let mut lifts = BTreeMap::new();
    for market in markets() {
        let name = market["market"].as_str().unwrap();
        let opened: Day = market["opened"].as_str().unwrap().parse().unwrap();
        for curve in market["ads"].as_array().unwrap() {
            let f = |key: &str| curve[key].as_f64().unwrap();
            let channel = curve["channel"].as_str().unwrap();
            let mut stock = 0.0;
            let mut by_day = BTreeMap::new();
            for day in (opened.0..end.0).map(Day) {
                let key = (name.to_owned(), channel.to_owned(), day);
                stock = spend.get(&key).unwrap_or(&0.0) + f("carry_over") * stock;
                let x = f64::powf(stock, f("shape"));
                by_day.insert(day, f("max_lift") * x / (f("half_saturation").powf(f("shape")) + x));
            }
            lifts.insert((name.to_owned(), channel.to_owned()), by_day);
        }
    }
    lifts
}

#[test]
fn the_response_to_advertising_follows_from_the_written_spend() {
    let lifts = lifts();
    for book in &written().merchant.books {
        for (c, channel) in book.ads.channels.iter().enumerate() {
            let by_day = &lifts[&(book.profile.market.to_string(), channel.channel.to_owned())];
            assert_eq!(by_day.len(), book.ads.lift.len());
            for (found, true_lift) in by_day.values().zip(&book.ads.lift) {
                assert!((found - true_lift[c]).abs() < 1e-9, "{} {}", book.profile.market, channel.channel);
            }
        }
    }
}

#[test] // Given the day, a shopper came by channel c with probability lift_c / (1 + Σ lift).
fn channels_brought_the_shoppers_that_the_curves_promise() {
    let lifts = lifts();
    let (mut expected, mut variance, mut brought) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for shopper in rows("truth_shoppers.csv") {
        let arrived = day(&shopper, "arrived");
        let lift = |c: &str| lifts[&(shopper["market"].clone(), c.to_owned())][&arrived];
        let all = 1.0 + ["search", "social", "display"].iter().map(|c| lift(c)).sum::<f64>();
        for channel in ["search", "social", "display"] {
            let p = lift(channel) / all;
            *expected.entry(channel).or_insert(0.0) += p;
            *variance.entry(channel).or_insert(0.0) += p * (1.0 - p);
        }
        *brought.entry(shopper["source"].clone()).or_insert(0.0) += 1.0;
    }
    for (channel, expected) in expected {
        let z = (brought[channel] - expected) / f64::sqrt(variance[channel]);
        assert!(expected > 30.0 && z.abs() < 4.0, "{channel}: {} against {expected}", brought[channel]);
    }
}

#[test]
fn competitors_ask_about_what_we_ask() {
    let all = rows("exports/competitor_prices.csv");
    let merchant = &written().merchant;
    let mut logs = Vec::new();
    for row in &all {
        let book = merchant.book(row["market"].parse::<Market>().unwrap()).unwrap();
        assert_eq!(row["currency"], book.profile.currency.code());
        assert!(book.profile.competitors.contains(&row["competitor"].as_str()));
        let week = day(row, "day").since(merchant.params.from) as usize / 7;
        let product = merchant.catalogue.products.iter().position(|p| p.id == row["product_id"]).unwrap();
        let ours = book.prices.list(week, product) as f64 / 10_f64.powi(book.profile.currency.exponent() as i32);
        logs.push((number(row, "price") / ours).ln());
    }
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let spread = (logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / logs.len() as f64).sqrt();
    // 0.12 at the start and 0.03 for each of up to 27 records: at most √(0.12² + 27 × 0.03²) = 0.196.
    assert!(mean.abs() < 0.03 && (0.11..0.21).contains(&spread), "mean {mean}, spread {spread}");
}

#[test]
fn costs_begin_with_the_catalogues_and_move_by_the_stated_factor() {
    let catalogue: BTreeMap<String, f64> =
        rows("exports/products.csv").iter().map(|r| (r["product_id"].clone(), number(r, "cost"))).collect();
    let supply = &written().truth["mechanism"]["supply"];
    let bound = |i: usize| supply["cost_change"][i].as_f64().unwrap();
    let days = supply["cost_days"].as_i64().unwrap() as i32;
    let all = rows("exports/costs.csv");
    for costs in all.chunk_by(|a, b| a["product_id"] == b["product_id"]) {
        assert_eq!(number(&costs[0], "cost"), catalogue[&costs[0]["product_id"]]);
        assert_eq!(day(&costs[0], "valid_from"), written().merchant.params.from);
        for pair in costs.windows(2) {
            assert_eq!(day(&pair[1], "valid_from").since(day(&pair[0], "valid_from")), days);
            let (before, after) = (number(&pair[0], "cost"), number(&pair[1], "cost"));
            // Costs are whole tenths of a yuan.
            let (low, high) = (before * bound(0) - 0.051, before * bound(1) + 0.051);
            assert!((low..=high).contains(&after), "{before} became {after}");
        }
    }
    assert_eq!(all.len() % written().merchant.catalogue.len(), 0);
}

#[test]
fn stock_covers_the_stated_weeks_of_the_last_quarters_sales() {
    let merchant = &written().merchant;
    let since = i64::from(merchant.params.end().plus(-91).0) * 86_400;
    let supply = &written().truth["mechanism"]["supply"];
    let weeks = |i: usize| supply["stock_weeks"][i].as_f64().unwrap();
    let all = rows("exports/stock.csv");
    let mut empty = 0.0;
    for row in &all {
        let book = merchant.book(row["market"].parse::<Market>().unwrap()).unwrap();
        let product = merchant.catalogue.products.iter().position(|p| p.id == row["product_id"]).unwrap();
        assert!(merchant.catalogue.offered(product, book.profile.volts), "{row:?} is not on sale there");
        assert_eq!(
            (row["warehouse"].as_str(), day(row, "as_of")),
            (book.profile.warehouse, merchant.params.end().plus(-1))
        );
        let orders = book.orders.iter().filter(|o| o.at >= since);
        let lines = orders.flat_map(|o| book.lines_of(o)).filter(|l| usize::from(l.product) == product);
        let weekly = lines.map(|l| f64::from(l.quantity)).sum::<f64>() / 13.0 + 0.5;
        let units = number(row, "quantity");
        if units == 0.0 {
            empty += 1.0;
        } else {
            let fits = (weekly * weeks(0) - 0.5..=weekly * weeks(1) + 0.5).contains(&units);
            assert!(fits, "{row:?}: {weekly} a week");
        }
    }
    let share = empty / all.len() as f64;
    let stated = supply["out_of_stock"].as_f64().unwrap();
    // 1,265 rows: three standard deviations of a share of 1/15 are 0.021.
    assert!((share - stated).abs() < 0.021, "{share} against {stated}");
}

#[test]
fn utilities_add_up_from_the_stated_part_worths_and_the_catalogue() {
    let truth = &written().truth;
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let latent: BTreeMap<String, &Value> =
        truth["products"].as_array().unwrap().iter().map(|p| (text(&p["product_id"]), p)).collect();
    let types: BTreeMap<String, &Value> =
        truth["mechanism"]["types"].as_array().unwrap().iter().map(|t| (text(&t["name"]), t)).collect();
    let catalogue: BTreeMap<String, Row> =
        rows("exports/products.csv").into_iter().map(|r| (r["product_id"].clone(), r)).collect();
    let by_market: BTreeMap<String, &Value> = markets().iter().map(|m| (text(&m["market"]), m)).collect();
    let all = rows("truth_products.csv");
    assert_eq!(all.len(), 6 * 240);
    for row in &all {
        let (about, sold) = (latent[&row["product_id"]], &catalogue[&row["product_id"]]);
        let kind = about["kind"].as_str().unwrap();
        let size = (number(sold, "length_cm") * 10.0 / types[kind]["size_mm"][0].as_f64().unwrap()).ln();
        for (c, cluster) in by_market[&row["market"]]["clusters"].as_array().unwrap().iter().enumerate() {
            let worth = |group: &str, name: &str| cluster[group][name].as_f64().unwrap();
            let utility = worth("kinds", kind)
                + worth("colours", &sold["colour"])
                + worth("brands", &sold["brand"])
                + cluster["size"].as_f64().unwrap() * size
                + cluster["quality"].as_f64().unwrap() * about["quality"].as_f64().unwrap()
                + number(row, "appeal");
            assert!((utility - number(row, &format!("utility_{}", c + 1))).abs() < 1e-9, "{row:?}");
        }
    }
}

#[test]
fn shoppers_follow_the_stated_distributions_and_have_the_stated_orders() {
    let rules = &written().truth["mechanism"]["shoppers"];
    let all = rows("truth_shoppers.csv");
    let n = all.len() as f64;
    let mean = |column: &str| all.iter().map(|r| number(r, column)).sum::<f64>() / n;
    assert!((mean("rate") / rules["mean_rate"].as_f64().unwrap() - 1.0).abs() < 0.08, "{}", mean("rate"));
    let (a, b) = (rules["dropout"][0].as_f64().unwrap(), rules["dropout"][1].as_f64().unwrap());
    assert!((mean("dropout") - a / (a + b)).abs() < 0.02, "{}", mean("dropout"));
    let left = all.iter().filter(|r| r["left"] == "true").count() as f64 / n;
    assert!((0.1..0.9).contains(&left), "{left} have left");
    for market in markets() {
        let mine: Vec<&Row> = all.iter().filter(|r| r["market"] == market["market"].as_str().unwrap()).collect();
        assert_eq!(mine.len() as u64, market["shoppers"].as_u64().unwrap());
        let orders: f64 = mine.iter().map(|r| number(r, "orders")).sum();
        assert_eq!(orders as u64, market["orders"].as_u64().unwrap());
        for (c, cluster) in market["clusters"].as_array().unwrap().iter().enumerate() {
            let share = cluster["share"].as_f64().unwrap();
            let found = mine.iter().filter(|r| r["cluster"] == (c + 1).to_string()).count() as f64 / mine.len() as f64;
            let deviation = (share * (1.0 - share) / mine.len() as f64).sqrt();
            assert!((found - share).abs() < 4.5 * deviation, "{} cluster {c}: {found}, {share}", market["market"]);
        }
    }
}

#[test]
fn every_exported_review_has_its_row_of_truth() {
    let truth = rows("truth_reviews.csv");
    let thai = encoding_rs::UTF_16LE.decode(&written().files["exports/reviews_TH.csv"]).0.into_owned();
    let thai = csv::Reader::from_reader(thai.as_bytes()).deserialize().map(|r: Result<Row, _>| r.unwrap()).collect();
    let exported: BTreeMap<String, Row> =
        [rows("exports/reviews.csv"), thai].concat().into_iter().map(|r| (r["review_id"].clone(), r)).collect();
    assert_eq!(exported.len(), truth.len());
    let mut stars: BTreeMap<bool, (f64, f64)> = BTreeMap::new();
    for row in &truth {
        let review = &exported[&row["review_id"]];
        assert_eq!((&review["rating"], &review["product_id"]), (&row["stars"], &row["product_id"]));
        assert!(review["shopper_key"].is_empty() || review["shopper_key"] == row["shopper_key"]);
        if row["defect"] == "true" {
            assert_eq!(row["stars"], "1");
        }
        let side = stars.entry(number(row, "satisfaction") > 0.0).or_default();
        *side = (side.0 + number(row, "stars"), side.1 + 1.0);
    }
    let mean = |happy| stars[&happy].0 / stars[&happy].1;
    assert!(mean(true) > mean(false) + 1.0);
}

#[test]
fn the_tables_of_the_truth_are_listed_with_their_rows() {
    let tables = written().truth["tables"].as_array().unwrap();
    let names: Vec<&str> = tables.iter().map(|t| t["name"].as_str().unwrap()).collect();
    let wanted = "shoppers products reviews noise markets interactions questions";
    assert_eq!(names, wanted.split(' ').map(|w| format!("truth_{w}.csv")).collect::<Vec<_>>());
    for (table, name) in tables.iter().zip(names) {
        assert_eq!(table["rows"].as_u64().unwrap(), rows(name).len() as u64, "{name}");
    }
    assert!(
        written().truth["files"].as_array().unwrap().iter().all(|f| !f["name"].as_str().unwrap().contains("truth"))
    );
}

#[test]
fn every_message_and_review_of_the_noise_says_what_it_is() {
    let truth = rows("truth_noise.csv");
    let n = |what: &str, noise: &str| truth.iter().filter(|r| r["what"] == what && r["noise"] == noise).count();
    for noise in ["keyboard_mash", "repeated", "no_words", "broken_encoding", "none"] {
        assert_eq!(n("review", noise), 8, "{noise}");
    }
    for visitor in ["person", "crawler", "scraper", "clock", "patient"] {
        assert!(n("event", visitor) >= 60, "{visitor}: {}", n("event", visitor));
    }
    let files = written().truth["files"].as_array().unwrap();
    let of = |name: &str| files.iter().find(|f| f["name"] == name).unwrap();
    let log = of("exports/events_log.jsonl");
    let machines = truth.iter().filter(|r| r["what"] == "event" && r["noise"] != "person").count();
    assert_eq!(log["dirt"]["bot_event"].as_u64(), Some(machines as u64));
    assert_eq!(log["not_business"].as_array().map(Vec::len), Some(machines));
    assert_eq!(of("exports/reviews_imported.csv")["dirt"]["junk_review"].as_u64(), Some(32));
}

#[test]
fn every_interaction_has_its_row_of_truth_and_the_files_tell_whom_the_truth_says() {
    let (file, truth) = (rows("exports/interactions.csv"), rows("truth_interactions.csv"));
    let facts = written().truth["files"].as_array().unwrap().iter();
    let facts = facts.clone().find(|f| f["name"] == "exports/interactions.csv").unwrap();
    let again = facts["dirt"]["repeated_interaction"].as_u64().unwrap() as usize;
    assert!(again > 0 && file.len() == truth.len() + again, "{} of {} and {again}", file.len(), truth.len());
    let key = |row: &Row| [&row["username"], &row["post_id"], &row["kind"], &row["created_time"]].map(Clone::clone);
    let different: BTreeSet<_> = file.iter().map(key).collect();
    assert_eq!(different.len(), truth.len(), "what comes again is what was there");
    // A handle is told by the rows that name a customer or an address.
    let told: BTreeSet<&str> = (file.iter())
        .filter(|r| !r["customer_id"].is_empty() || !r["email"].is_empty())
        .map(|r| r["username"].trim_start_matches('@'))
        .collect();
    for row in &truth {
        assert_eq!(row["linked"] == "true", told.contains(row["username"].as_str()), "{row:?}");
        assert!(row["linked"] == "false" || !row["shopper_key"].is_empty(), "{row:?}");
    }
    let linked = truth.iter().filter(|r| r["linked"] == "true").count() as f64 / truth.len() as f64;
    assert!((0.1..0.4).contains(&linked), "half of the half that are shoppers: {linked}");
}

#[test]
fn questions_have_their_truth_and_doubt_what_there_is_to_doubt() {
    let (file, truth) = (rows("exports/questions.csv"), rows("truth_questions.csv"));
    assert_eq!(file.len(), truth.len());
    assert!(file.iter().zip(&truth).all(|(asked, true_one)| asked["ticket_id"] == true_one["question_id"]));
    assert!(file.iter().all(|row| !row["question"].is_empty() && !row["question"].contains('{')), "a name stayed open");
    let mut about: BTreeMap<(String, String), f64> = BTreeMap::new();
    let mut of: BTreeMap<String, f64> = BTreeMap::new();
    for row in &truth {
        *about.entry((row["market"].clone(), row["about"].clone())).or_default() += 1.0;
        *of.entry(row["market"].clone()).or_default() += 1.0;
    }
    let share =
        |market: &str, what: &str| about.get(&(market.to_owned(), what.to_owned())).unwrap_or(&0.0) / of[market];
    // Chinese plugs fit at home; parcels take eight days to the United States and three at home.
    assert!(share("CN", "plug") < 0.2 && share("US", "plug") > share("CN", "plug"), "{about:?}");
    assert!(share("US", "delivery") > share("CN", "delivery"), "{about:?}");
    assert!(file.iter().any(|row| !row["email"].is_empty()) && file.iter().any(|row| !row["customer_id"].is_empty()));
}

#[test]
fn every_group_of_parameters_is_in_the_truth() {
    let truth = &written().truth;
    let mechanism = truth["mechanism"].as_object().unwrap();
    let groups: Vec<&str> = mechanism.keys().map(String::as_str).collect();
    let wanted = "demand types catalogue prices taste shoppers orders reviews events ads rates markets supply papers \
                  links noise potential traits social questions";
    assert_eq!(groups, wanted.split(' ').collect::<Vec<_>>());
    assert_eq!(mechanism["types"].as_array().unwrap().len(), 18);
    for market in markets() {
        assert_eq!(market["profile"]["climate"].as_array().unwrap().len(), 12, "{}", market["market"]);
        assert!(market["festivals"].as_array().unwrap().iter().all(|f| f["demand"].as_f64().unwrap() > 0.0));
    }
    let names: Vec<&str> =
        markets()[0]["festivals"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(names.iter().filter(|n| **n == "11.11").count(), 2, "two years: {names:?}");
}
