//! Selling platforms from the seller's own table, and areas where nobody knows the shoppers: asked before any run.

use crate::support::Shop;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Thirty-six orders of guests in each of two states, 20.00 each, the last of the second in May.
fn marketplace() -> Shop {
    let shop = Shop::with(&["--home", "US", "--currency", "USD"]);
    let mut report = String::from(
        "amazon-order-id\tpurchase-date\torder-status\tsku\tproduct-name\tquantity\tcurrency\titem-price\tship-city\tship-state\tship-country\tsales-channel\n",
    );
    for state in 0..2 {
        for n in 0..36 {
            let (month, name) = (1 + n % 6 - state, ["WA", "New York"][state]);
            let month = month.max(1);
            report.push_str(&format!(
                "111-{state}{n:06}-1\t2025-{month:02}-10T10:00:00+00:00\tShipped\tCUP\tCup\t1\tUSD\t20.00\tTown\t{name}\tUS\tAmazon.com\n"
            ));
        }
    }
    shop.ingest_ok(&shop.file("orders.txt", report));
    shop
}

#[test]
fn areas_are_counted_where_nobody_is_known_and_what_is_lost_is_said() {
    let shop = marketplace();
    let said = json(&shop.ok(&["markets", "areas", "US", "--json"]));
    assert_eq!((said["orders"].as_u64(), said["orders_without_shopper"].as_u64()), (Some(72), Some(72)), "{said}");
    let areas = said["areas"].as_array().unwrap();
    assert_eq!(areas.len(), 2, "{said}");
    assert!(areas.iter().all(|a| a["orders"] == 36), "{said}");
    assert!(areas.iter().any(|a| a["area"] == "NEW YORK"), "a name of two words is one area: {said}");
    assert_eq!(said["lost_en"].as_array().unwrap().len(), said["lost_zh"].as_array().unwrap().len());
    assert!(shop.ok(&["markets", "areas"]).contains("cannot be told"));
    assert!(shop.fails(&["markets", "areas", "DE"]).contains("no sale in DE"));
}

#[test]
fn platforms_are_compared_on_the_sellers_table() {
    let shop = marketplace();
    let none = shop.fails(&["markets", "platforms", "DE"]);
    assert!(none.contains("platforms.toml") && none.contains("--template"), "{none}");
    shop.ok(&["markets", "platforms", "--template"]);
    assert!(shop.fails(&["markets", "platforms", "--template"]).contains("there already"));
    let table = "[[platform]]\nplatform = \"A\"\nmarket = \"DE\"\nreach = 0.6\nfee_percent = 15\nfixed_fee = \"0.50\"\nmonthly_fee = 40\n\
                 [[platform]]\nplatform = \"B\"\nmarket = \"DE\"\nreach = 0.5\nfee_percent = 8\nfixed_fee = \"0.50\"\nmonthly_fee = 40\n\
                 requirements = [\"local_entity\"]\n";
    std::fs::write(shop.root().join("platforms.toml"), table).unwrap();
    // An order of 50.00: A takes 7.50 + 0.50 + 40 / 100 = 8.40, B 4.00 + 0.50 + 0.40 = 4.90.
    let ask = |has: &[&str]| {
        json(&shop.ok(&[&["markets", "platforms", "DE", "--order", "50", "--json"], has].concat()))["platforms"].clone()
    };
    let without = ask(&[]);
    assert_eq!((&without[0]["platform"], &without[0]["fee"]["minor"]), (&"A".into(), &840.into()), "{without}");
    assert_eq!(without[1]["unmet"][0], "local_entity");
    let with = ask(&["--has", "local_entity"]);
    assert_eq!((&with[0]["platform"], &with[0]["fee"]["minor"]), (&"B".into(), &490.into()), "{with}");
    // Thirty orders and more of the market make the order that fees are compared on; another market needs one given.
    assert!(shop.fails(&["markets", "platforms", "DE"]).contains("--order"));
    assert!(shop.fails(&["markets", "platforms", "US"]).contains("no platform of US"));
}
