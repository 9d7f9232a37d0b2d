//! What is expected of shoppers, and which market to enter, on a simulated merchant.

use crate::support::Shop;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_shopper_has_an_outlook_and_markets_have_places_with_reasons() {
    let shop = Shop::new();
    let merchant = shop.path("merchant");
    shop.ok(&["simulate", "--out", &merchant, "--scale", "0.03", "--seed", "3"]);
    shop.ok(&["ingest", &format!("{merchant}/exports")]);
    shop.ok(&["run"]);
    let n = shop.value("select count(*) from marts.shopper_summary");
    assert_eq!(
        shop.value("select count(*) from marts.shopper_outlook where p_alive between 0 and 1 and expected_orders >= 0"),
        n
    );
    // The whole of a market's expected orders is that of its shoppers, but for the draws.
    let sums = shop.sql(
        "select f.value as market, s.total as shoppers from (select market, value from marts.market_outlook where figure = 'value.orders' \
         and market = 'CN') f join (select market, sum(expected_orders) as total from marts.shopper_outlook group by market) s \
         on s.market = f.market",
    );
    let (market, shoppers) = (sums[0]["market"].as_f64().unwrap(), sums[0]["shoppers"].as_f64().unwrap());
    assert!((market / shoppers - 1.0).abs() < 0.1, "{market} {shoppers}");
    let rank = json(&shop.ok(&["markets", "rank", "--json"]));
    let markets = rank["markets"].as_array().unwrap();
    assert!(markets.len() >= 5 && markets[0]["rank"] == 1, "{rank}");
    let first = markets[0]["market"].as_str().unwrap();
    let why = json(&shop.ok(&["markets", "explain", first, "--json"]));
    assert!(!why["en"].as_array().unwrap().is_empty());
    assert_eq!(why["en"].as_array().unwrap().len(), why["zh"].as_array().unwrap().len());
    assert!(shop.fails(&["markets", "explain", "AQ"]).contains("not ranked"));
}
