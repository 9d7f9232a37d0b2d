//! `portolan transfer`: sources scored, a transfer proved or refused, with the purchases that it saves.

use crate::support::Shop;
use domain::Seed;
use serde_json::Value;

/// 240 items in 24 groups of 10, in two categories of 12 groups each; a shopper has one group in each category, a
/// function of one another. GB (300 shoppers) and DE (80, who buy half as often) share the groups, FR (80) groups the
/// items in another way. Half of the GB shoppers buy on `web`, the others on `amazon`.
fn planted() -> Shop {
    let head = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country,channel\n";
    let mut text = head.to_owned();
    let first = domain::Day::from_ymd(2025, 6, 1).unwrap();
    let mut s = 0;
    for (market, n) in [("GB", 300), ("DE", 80), ("FR", 80)] {
        for _ in 0..n {
            let mut rng = Seed(5).stream(s);
            let group = rng.below(12);
            let rate = if market == "GB" { 0.08 } else { 0.04 };
            let channel = if s % 2 == 0 { "web" } else { "amazon" };
            for day in 0..180 {
                if rng.uniform() < rate {
                    let (upper, within) = (rng.below(2), rng.below(10));
                    // In FR the shoppers of a group have their products spread over all groups.
                    let place = if market == "FR" { within * 12 + group } else { group * 10 + within };
                    text.push_str(&format!(
                        "{s}-{day},P{item:03},ITEM {item:03},1,5.00,GBP,{} 10:00:00,s{s:03},{market},{channel}\n",
                        first.plus(day),
                        item = upper * 120 + place
                    ));
                }
            }
            s += 1;
        }
    }
    let mut products = "product_id,name_en,category\n".to_owned();
    for item in 0..240 {
        let category = if item < 120 { "Shoes > Boots" } else { "Coats > Wool" };
        products.push_str(&format!("P{item:03},ITEM {item:03},{category}\n"));
    }
    let shop = Shop::with(&["--home", "GB", "--currency", "GBP"]);
    shop.ingest_ok(&shop.file("orders.csv", text));
    shop.ingest_ok(&shop.file("products.csv", products));
    shop.ok(&["run"]);
    shop
}

fn transfer(shop: &Shop, args: &[&str]) -> Value {
    serde_json::from_str(&shop.ok(&[&["transfer", "--json"], args].concat())).unwrap()
}

#[test]
fn a_market_of_the_same_taste_is_helped_and_one_of_another_taste_is_refused() {
    let shop = planted();
    let de = transfer(&shop, &["--from", "GB", "--to", "DE"]);
    let study = &de["measured"]["study"];
    assert_eq!(study["verdict"]["accepted"], true, "{study}");
    assert!(study["served"]["difference"]["mean"].as_f64().unwrap() > 0.0, "{study}");
    assert!(study["methods"].as_array().unwrap().len() >= 9);
    let fr = transfer(&shop, &["--from", "GB", "--to", "FR", "--quick"]);
    assert_eq!(fr["measured"]["study"]["verdict"]["accepted"], false, "{}", fr["measured"]["study"]);
    // Refused, so that what is served is the market's own model.
    assert_eq!(fr["measured"]["study"]["served"]["difference"]["mean"], 0.0);

    // Without a purchase of its own, DE is served by GB's; the more it has, the less is saved.
    let curve = de["measured"]["curve"].as_array().unwrap();
    let number = |point: &Value, name: &str| point[name].as_f64().unwrap();
    assert_eq!(number(&curve[0], "k"), 0.0);
    assert!(number(&curve[0], "transferred") > 2.0 * number(&curve[0], "alone"), "{}", curve[0]);
    assert!(number(&curve[0], "saved") > number(curve.last().unwrap(), "saved"));

    // The run measured both markets, and the plan draws the curve.
    assert_eq!(shop.value("select count(distinct market) from marts.transfer_methods"), 2);
    assert_eq!(
        shop.value("select count(*) from marts.transfer_methods where market = 'FR' and verdict = 'accepted'"),
        0
    );
    let page = || {
        shop.ok(&["plan", "--all"]);
        std::fs::read_to_string(shop.root().join("plans/plan-DE-en.html")).unwrap()
    };
    assert!(page().contains("How many of its own purchases the other markets replace"));
    let plan: Value = serde_json::from_str(&shop.ok(&["plan", "--market", "DE", "--json"])).unwrap();
    let points = plan["plan"]["transfer"]["curve"].as_array().unwrap();
    assert_eq!(
        points.len() as i64,
        shop.value("select count(*) from marts.transfer_curve where market = 'DE'").as_i64().unwrap()
    );

    // As text it has the same verdict, and says what the parts are.
    let text = shop.ok(&["transfer", "--to", "DE", "--quick"]);
    assert!(
        text.contains("transfer accepted") && text.contains("alignment") && text.contains("purchases saved"),
        "{text}"
    );
}

#[test]
fn the_same_harness_cuts_by_platform_and_by_category() {
    let shop = planted();
    for (by, from, to) in [("platform", "amazon", "web"), ("category", "shoes", "Coats")] {
        let found = transfer(&shop, &["--by", by, "--from", from, "--to", to, "--quick"]);
        let study = &found["measured"]["study"];
        assert_eq!(found["by"], by);
        assert!(study["n_test"].as_u64().unwrap() >= 20, "{study}");
        assert!(found["measured"]["promises"][0]["score"].is_number());
    }
    let said = shop.run(&["transfer", "--by", "category", "--to", "Hats"]);
    assert_ne!(said.code, 0);
    assert!(
        said.err.contains("no category `Hats` has a purchase") && said.err.contains("Coats, Shoes"),
        "{}",
        said.err
    );
}
