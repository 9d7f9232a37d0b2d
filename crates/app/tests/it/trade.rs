//! What is offered, cleared and sent, through the program: on the merchant of [`crate::decide`].

use crate::support::Shop;
use serde_json::Value;
use std::collections::BTreeMap;

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str().and_then(|t| t.parse().ok()))
}

fn json(shop: &Shop, args: &[&str]) -> Value {
    serde_json::from_str(&shop.ok(&[args, &["--json"]].concat())).unwrap()
}

pub(crate) fn what_is_offered_cleared_and_sent(shop: &Shop) {
    no_offer_of_the_run_takes_a_product_below_its_floor(shop);
    a_market_is_told_what_to_offer_and_a_product_why_not(shop);
    a_route_says_who_gains_what_and_where_it_ends(shop);
    no_step_of_a_clearance_lies_below_the_floor(shop);
    a_first_order_weighs_too_few_against_too_many(shop);
    the_plan_says_what_to_offer_in_both_languages(shop);
    an_offer_of_ones_own_below_a_floor_is_refused(shop);
}

/// The whole of the run, market by market: discounts, bundles part by part, thresholds and codes product by product.
fn no_offer_of_the_run_takes_a_product_below_its_floor(shop: &Shop) {
    let mut prices: BTreeMap<(String, String), (f64, f64)> = BTreeMap::new();
    let rows = shop.sql(
        "select market, product_id, cast(least(coalesce(price, advised), coalesce(advised, price)) as double) as list, cast(floor as double) as floor \
         from marts.prices where coalesce(price, advised) is not null and floor is not null",
    );
    for row in rows {
        let key = (row["market"].as_str().unwrap().to_owned(), row["product_id"].as_str().unwrap().to_owned());
        prices.insert(key, (number(&row["list"]).unwrap(), number(&row["floor"]).unwrap()));
    }
    let offers = shop.sql(
        "select market, kind, verdict, products, cast(list as double) as list, cast(price as double) as price, cast(spend as double) as spend, \
         cast(amount as double) as amount, share from marts.promotions where verdict in ('pays', 'test')",
    );
    let (mut discounts, mut bundles, mut carts) = (0, 0, 0);
    for offer in &offers {
        let market = offer["market"].as_str().unwrap();
        let ids: Vec<&str> = offer["products"].as_str().unwrap().split('+').collect();
        let of = |id: &str| prices[&(market.to_owned(), id.to_owned())];
        let (price, amount) = (number(&offer["price"]), number(&offer["amount"]));
        match offer["kind"].as_str().unwrap() {
            "limited" => {
                let (list, floor) = of(ids[0]);
                let price = price.unwrap();
                assert!(price >= floor && price < list, "{offer} {list} {floor}");
                discounts += 1;
            }
            "bundle" => {
                let sum: f64 = ids.iter().map(|id| of(id).0).sum();
                assert!((sum - number(&offer["list"]).unwrap()).abs() < 1e-6, "{offer}");
                for (list, floor) in ids.iter().map(|id| of(id)) {
                    // What a part costs in the bundle; a rounding of the sums aside.
                    assert!(list * price.unwrap() / sum >= floor - 1e-6 * floor, "{offer}: {list} {floor}");
                }
                bundles += 1;
            }
            kind => {
                for (list, floor) in ids.iter().map(|id| of(id)) {
                    let least = match (amount, number(&offer["spend"])) {
                        (Some(off), Some(spend)) => list * (1.0 - off / spend.max(list)),
                        _ => list * (1.0 - number(&offer["share"]).unwrap()),
                    };
                    assert!(least >= floor - 1e-6 * floor, "{kind} {offer}: {list} {floor}");
                }
                carts += 1;
            }
        }
    }
    assert!(discounts > 10 && carts > 0, "{discounts} discounts, {bundles} bundles, {carts} on carts");
    // What is said to pay says by how much, and every reason stands in both languages.
    let unsaid = shop.value("select count(*) from marts.promotions where en = '' or zh = '' or (verdict = 'pays' and (lift is null or needed is null))");
    assert_eq!(number(&unsaid), Some(0.0));
}

fn a_market_is_told_what_to_offer_and_a_product_why_not(shop: &Shop) {
    let said = json(shop, &["decide", "promote", "DE", "-n", "500"]);
    let offers = said["shown"].as_array().unwrap();
    assert!(!offers.is_empty() && offers.iter().all(|o| o["verdict"] != "no"), "{said}");
    // In the European Union the price before has to be shown.
    let days: Vec<&Value> = offers.iter().filter(|o| o["kind"] == "limited").collect();
    let shown = days.iter().filter(|o| number(&o["prior_price"]).is_some()).count();
    assert!(!days.is_empty() && 2 * shown > days.len(), "{shown} of {}", days.len());
    for offer in &days {
        assert!(number(&offer["prior_price"]).is_none_or(|was| number(&offer["price"]).unwrap() < was), "{offer}");
    }
    let none =
        shop.sql("select products from marts.promotions where market = 'DE' and verdict = 'no' and kind = 'limited'");
    if let Some(row) = none.first() {
        let one = json(shop, &["decide", "promote", "DE", row["products"].as_str().unwrap()]);
        assert!(
            one["shown"]
                .as_array()
                .unwrap()
                .iter()
                .any(|o| o["verdict"] == "no" && !o["en"].as_str().unwrap().is_empty())
        );
    }
    let wrong = shop.fails(&["decide", "promote", "ZW"]);
    assert!(wrong.contains("nothing was sold in ZW") && wrong.contains("portolan"), "{wrong}");
    let wrong = shop.fails(&["decide", "promote", "DE", "no-such-product"]);
    assert!(wrong.contains("no promotion of no-such-product") && wrong.contains("decide missing"), "{wrong}");
}

fn a_route_says_who_gains_what_and_where_it_ends(shop: &Shop) {
    let said = json(shop, &["decide", "parity"]);
    assert!(!said["prices"].as_array().unwrap().is_empty());
    for row in said["shown"].as_array().unwrap().iter().filter(|r| r["kind"] == "route") {
        assert!(number(&row["gap"]).unwrap() > 0.1 && number(&row["gain"]).unwrap() > 0.0, "{row}");
        assert!(number(&row["closes_at"]).unwrap() > number(&row["price"]).unwrap(), "{row}");
        assert!(row["en"].as_str().unwrap().contains("freight") && !row["zh"].as_str().unwrap().is_empty());
    }
    let doubled = shop.value("select count(*) from (select kind, product_id, market, other, who from marts.parity where kind <> 'war' group by kind, product_id, market, other, who having count(*) > 1) x");
    assert_eq!(number(&doubled), Some(0.0));
    shop.ok(&["decide", "parity", "--market", "SA"]);
}

fn no_step_of_a_clearance_lies_below_the_floor(shop: &Shop) {
    let below = shop.value("select count(*) from marts.clearance where first_price < floor or second_price < floor or second_price > first_price");
    assert_eq!(number(&below), Some(0.0));
    let markets = shop.sql("select distinct market from marts.stock_advice order by market");
    for row in markets {
        shop.ok(&["decide", "clearance", row["market"].as_str().unwrap()]);
    }
}

fn a_first_order_weighs_too_few_against_too_many(shop: &Shop) {
    let said = json(shop, &["decide", "first-send", "VN", "-n", "500"]);
    let rows = said["shown"].as_array().unwrap();
    assert!(!rows.is_empty());
    // What needs nothing comes last.
    let needs: Vec<bool> = rows.iter().map(|row| number(&row["send"]).unwrap() > 0.0).collect();
    assert!(needs.windows(2).all(|pair| pair[0] || !pair[1]), "{needs:?}");
    for row in rows {
        let of = |key: &str| number(&row[key]).unwrap();
        assert!((0.0..1.0).contains(&of("enough")) && of("send") <= of("units"), "{row}");
        assert!((of("sold") + of("left") - of("units")).abs() < 1e-6, "{row}");
        assert!(of("low") <= of("high") && of("demand") > 0.0, "{row}");
        assert_eq!(row["basis"] == "own", row["source"].is_null(), "{row}");
    }
    // A season that is lent is said to be, in the forecast too.
    let silent = shop.value(
        "select count(*) from marts.demand where source is not null and method not like '%season of%' \
         and method not like 'never sold here, carried over from %'",
    );
    assert_eq!(number(&silent), Some(0.0));
}

fn the_plan_says_what_to_offer_in_both_languages(shop: &Shop) {
    let out = shop.path("offers");
    for (lang, words) in [("en", "What to offer and to bundle"), ("zh", "促销与捆绑")] {
        shop.ok(&["plan", "--market", "DE", "--lang", lang, "--out", &out]);
        let page = std::fs::read_to_string(format!("{out}/plan-DE-{lang}.html")).unwrap();
        assert!(page.contains(words), "{lang}");
    }
}

fn an_offer_of_ones_own_below_a_floor_is_refused(shop: &Shop) {
    let file = shop.root().join("promotions.toml");
    let write = |share: &str| {
        let text = format!(
            "[stacking]\nmax_offers = 1\n\n[[offer]]\nid = \"deep\"\nkind = \"coupon\"\nmarkets = [\"DE\"]\ncode = \"DEEP\"\nshare = {share}\n"
        );
        std::fs::write(&file, text).unwrap();
    };
    write("9");
    let wrong = shop.fails(&["decide", "check"]);
    assert!(wrong.contains("promotions.toml:9: `share` is 9"), "{wrong}");
    write("0.9");
    let stale = shop.fails(&["decide", "promote", "DE"]);
    assert!(stale.contains("portolan run"), "{stale}");
    shop.ok(&["run"]);
    let said = json(shop, &["decide", "promote", "DE", "-n", "1"]);
    let own = &said["shown"][0];
    assert_eq!((own["kind"].as_str(), own["verdict"].as_str()), (Some("own"), Some("refused")), "{said}");
    assert!(own["en"].as_str().unwrap().contains("below the floor") && own["zh"].as_str().unwrap().contains("底价"));
    std::fs::remove_file(&file).unwrap();
}
