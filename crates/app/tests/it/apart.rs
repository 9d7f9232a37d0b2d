//! A market that shares neither products nor shoppers with home: what is served there, and why.

use crate::support::Shop;
use domain::Seed;
use std::fmt::Write as _;

/// Products of a market: of every kind and brand one.
const KINDS: usize = 6;
const BRANDS: usize = 8;

/// Home's products are G00 to G47, Germany's D00 to D47; both have six kinds of eight brands, in words of their own but for one.
fn products() -> String {
    let mut text = "product_id,name,category,brand\n".to_owned();
    for (code, word) in [("G", "home"), ("D", "haus")] {
        for at in 0..KINDS * BRANDS {
            let (kind, brand) = (at % KINDS, at / KINDS);
            writeln!(text, "{code}{at:02},thing{kind} {word}{kind} Brand{brand},Kind {kind},Brand{brand}").unwrap();
        }
    }
    text
}

/// Three of five shoppers buy one thing. The others buy something and two weeks later, where there are habits, mostly the next kind of the
/// same brand: too few abroad for pairs to be known there. France sells what home sells.
fn orders(habits: bool) -> String {
    let mut text = "order_id,product_id,quantity,unit_price,currency,ordered_at,shopper_key,country\n".to_owned();
    let first_day = domain::Day::from_ymd(2025, 6, 1).unwrap();
    let mut shopper = 0;
    for (market, code, n) in [("GB", 'G', 1_500), ("DE", 'D', 60), ("FR", 'G', 40)] {
        for _ in 0..n {
            let mut rng = Seed(17).stream(shopper);
            let is_once = rng.uniform() < 0.6;
            let (kind, brand, start) = (rng.below(3) * 2, rng.below(BRANDS), rng.below(160) as i32);
            let next = kind + 1 + KINDS * brand;
            let second = if habits && rng.uniform() < 0.9 { next } else { rng.below(KINDS * BRANDS) };
            let first = if habits && !is_once { kind + KINDS * brand } else { rng.below(KINDS * BRANDS) };
            for (at, item, day) in
                [(0, first, start), (1, second, start + 14)].into_iter().take(if is_once { 1 } else { 2 })
            {
                let day = first_day.plus(day);
                writeln!(text, "{shopper}-{at},{code}{item:02},1,5.00,GBP,{day} 10:00:00,s{shopper},{market}").unwrap();
            }
            shopper += 1;
        }
    }
    text
}

fn shop(habits: bool) -> Shop {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("products.csv", products()));
    shop.ingest_ok(&shop.file("orders.csv", orders(habits)));
    shop.ok(&["run"]);
    shop
}

fn serving(shop: &Shop, market: &str) -> serde_json::Value {
    shop.sql(&format!("select * from marts.serving where market = '{market}'")).remove(0)
}

#[test]
fn a_market_that_shares_nothing_is_served_by_home_s_habits_where_home_proves_them() {
    let shop = shop(true);
    let (de, fr) = (serving(&shop, "DE"), serving(&shop, "FR"));
    assert_eq!((&de["model"], &de["basis"]), (&"zero-overlap".into(), &"source_evidence".into()), "{de}");
    assert!(de["why"].as_str().unwrap().contains("proved at home"), "{de}");
    assert_ne!(fr["model"], "zero-overlap", "France sells what home sells");

    let asked = shop.ok(&["recommend", "--shopper", "nobody", "--market", "DE", "--json"]);
    let asked: serde_json::Value = serde_json::from_str(&asked).unwrap();
    assert_eq!((&asked["model"], &asked["basis"]), (&"zero-overlap".into(), &"source_evidence".into()), "{asked}");
    let items = asked["items"].as_array().unwrap();
    assert!(
        items.iter().all(|item| item["product"].as_str().unwrap().starts_with('D')),
        "what the market sells first: {asked}"
    );
    // Somebody who bought one thing of an even kind, and whose companion is open.
    let known = (1_500..1_560).find_map(|s| {
        let list = shop.ok(&["recommend", "--shopper", &format!("s{s}"), "--market", "DE", "--json"]);
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        let reasons = list["items"][0]["reasons"].as_array()?.clone();
        reasons.iter().any(|r| r["term"] == "of the same brand as").then_some(list)
    });
    let known = known.expect("a shopper whose first product goes with what was bought");
    let item = &known["items"][0];
    let parts: f64 = item["reasons"].as_array().unwrap().iter().map(|r| r["part"].as_f64().unwrap()).sum();
    assert!(parts <= item["score"].as_f64().unwrap() + 1e-6, "{known}");

    // The list of the market and the page are made of it too, and say nothing untrue of its ground.
    assert!(
        shop.value("select count(*) from marts.recommendations where market = 'DE' and model = 'zero-overlap'") != 0
    );
    let plan: serde_json::Value = serde_json::from_str(&shop.ok(&["plan", "--market", "DE", "--json"])).unwrap();
    let served = &plan["plan"]["serving"];
    assert_eq!((&served["basis"], &served["trained_on"]), (&"source_evidence".into(), &"home".into()), "{served}");
    shop.ok(&["plan", "--market", "DE"]);
    let page = std::fs::read_to_string(shop.root().join("plans/plan-DE-en.html")).unwrap();
    assert!(page.contains("habits of home carried by what products say") && page.contains("not of this market"));
    shop.ok(&["run"]);
    assert_eq!(serving(&shop, "DE"), de, "a second run changes nothing");
}

#[test]
fn where_home_has_no_habits_it_is_refused_and_the_reason_is_said() {
    let shop = shop(false);
    let de = serving(&shop, "DE");
    assert_ne!(de["model"], "zero-overlap", "{de}");
    let why = de["why"].as_str().unwrap();
    assert!(why.contains("it shares no product with others") && why.contains("not proved at home against"), "{why}");
}
