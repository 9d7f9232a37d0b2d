//! Whose numbers are whose, and taking a file again or out.

use crate::support::{RETAIL, Shop, TODAY};
use serde_json::Value;

const HEADER: &str =
    "order_id,product_code,product_name,quantity,unit_price,currency,ordered_at,shopper_key,email,country\n";

fn order(number: &str, product: &str, shopper: &str, email: &str) -> String {
    format!("{number},{product},Kettle,1,10.00,GBP,2025-03-04 10:00:00,{shopper},{email},GB\n")
}

#[test]
fn equal_numbers_of_two_shops_stay_apart_and_equal_addresses_join() {
    let shop = Shop::new();
    let north = shop
        .file("north.csv", format!("{HEADER}{}{}", order("1", "A", "7", ""), order("2", "A", "8", "ann@example.org")));
    let south = shop
        .file("south.csv", format!("{HEADER}{}{}", order("1", "B", "7", ""), order("3", "B", "9", "ANN@example.org ")));
    for (file, system) in [(&north, "north"), (&south, "south")] {
        shop.ok(&["ingest", file.to_str().unwrap(), "--system", system, "--as-of", TODAY]);
    }
    // Two shoppers with number 7, and one with numbers 8 and 9 and an address.
    assert_eq!(shop.value("select count(*) from shoppers"), 3);
    assert_eq!(shop.value("select count(*) from orders where order_id = '1'"), 2);
    let keys = shop.sql("select key from identity_links where key_kind = 'customer_id' order by key");
    let keys: Vec<&str> = keys.iter().map(|k| k["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["north:7", "north:8", "south:7", "south:9"]);
    let joined = shop.sql("select n_keys from shoppers order by n_keys desc");
    assert_eq!(joined[0]["n_keys"], 3);

    // Said to be one shop, the two sevens are one shopper.
    let one = Shop::new();
    one.ok(&["ingest", north.to_str().unwrap(), south.to_str().unwrap(), "--system", "both", "--as-of", TODAY]);
    assert_eq!(one.value("select count(*) from shoppers"), 2);
    let wrong = one.run(&["ingest", north.to_str().unwrap(), "--system", "a:b"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("letters, digits"), "{}", wrong.err);
}

#[test]
fn a_mapping_names_its_system_and_without_one_goes_by_the_header_of_the_numbers() {
    let shop = Shop::new();
    let map = |name: &str, system: &str, number: &str| {
        shop.file(
            name,
            format!(
                "table = \"order_lines\"\n{system}[columns]\norder_id = \"Nr\"\nproduct_code = \"Artikel\"\nquantity = \"Menge\"\nunit_price = \"Preis\"\nordered_at = \"Datum\"\nshopper_key = \"{number}\"\n[constants]\ncurrency = \"GBP\"\n"
            ),
        )
    };
    let file = |name: &str, number: &str, article: &str| {
        shop.file(name, format!("Nr;Artikel;Menge;Preis;Datum;{number}\n1;{article};1;9,50;2025-03-04;7\n"))
    };
    for (file, map) in [
        (file("a.csv", "Kunde", "A"), map("a.toml", "", "Kunde")),
        (file("b.csv", "Kundennr", "B"), map("b.toml", "", "Kundennr")),
        (file("c.csv", "Kundennr", "C"), map("c.toml", "", "Kundennr")),
        (file("d.csv", "Kundennr", "D"), map("d.toml", "system = \"erp\"\n", "Kundennr")),
    ] {
        shop.ok(&["ingest", file.to_str().unwrap(), "--map", map.to_str().unwrap(), "--as-of", TODAY]);
    }
    let systems = shop.sql("select system from raw.sources order by sequence");
    let systems: Vec<&str> = systems.iter().map(|s| s["system"].as_str().unwrap()).collect();
    assert_eq!(systems, ["mapped-kunde", "mapped-kundennr", "mapped-kundennr", "erp"]);
    assert_eq!(shop.value("select count(*) from shoppers"), 3);
}

fn snapshot(shop: &Shop) -> u64 {
    let said: Value = serde_json::from_str(&shop.ok(&["doctor", "--json"])).unwrap();
    said["snapshot"].as_u64().unwrap()
}

#[test]
fn a_file_read_with_a_wrong_mapping_is_read_again_with_another_in_one_step() {
    let shop = Shop::new();
    let file = shop
        .file("kasse.csv", "Nr;Artikel;Menge;Stueck;Preis;Datum\n1;A;20;2;9,50;2025-03-04\n2;B;10;1;5,00;2025-03-05\n");
    let map = |name: &str, quantity: &str| {
        shop.file(
            name,
            format!(
                "table = \"order_lines\"\n[columns]\norder_id = \"Nr\"\nproduct_code = \"Artikel\"\nquantity = \"{quantity}\"\nunit_price = \"Preis\"\nordered_at = \"Datum\"\n[constants]\ncurrency = \"GBP\"\n"
            ),
        )
    };
    let (wrong, right) = (map("wrong.toml", "Menge"), map("right.toml", "Stueck"));
    let ingest = |map: &std::path::Path, more: &[&str]| {
        let args = ["ingest", file.to_str().unwrap(), "--map", map.to_str().unwrap(), "--as-of", TODAY];
        shop.run(&[&args[..], more].concat())
    };
    assert_eq!(ingest(&wrong, &[]).code, 0);
    shop.ingest_ok(&shop.file("retail.csv", RETAIL));
    let units = "select sum(quantity) from raw.order_lines where product_code in ('A', 'B')";
    assert_eq!(shop.value(units), 30);
    let before = snapshot(&shop);
    // Without --again nothing happens; with it the rows are those of the new mapping and no others.
    assert!(ingest(&right, &[]).out.contains("already in the lake"));
    assert_eq!(shop.value(units), 30);
    let said = ingest(&right, &["--again"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("in the place of what was read before"), "{}", said.out);
    assert_eq!(shop.value(units), 3);
    assert_eq!(shop.value("select count(*) from raw.order_lines"), 2 + 8);
    assert_eq!(shop.value("select count(*) from raw.sources"), 2);
    assert_eq!(shop.value("select sequence from raw.sources where name = 'kasse.csv'"), 1);
    // 2 × 9.50 + 1 × 5.00 = 24.00
    let revenue = "select cast(sum(amount) as varchar) from order_lines where product_code in ('A', 'B')";
    assert_eq!(shop.value(revenue), "24.000000");
    // The snapshot of before still answers as it did.
    let old = shop.ok(&["sql", units, "--snapshot", &before.to_string(), "--json"]);
    assert!(old.contains("30"), "{old}");
    // A mapping that does not fit leaves the good rows alone, whichever snapshot is asked.
    let none = map("none.toml", "Anzahl");
    let said = ingest(&none, &["--again"]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert_eq!(shop.value(units), 3);
    assert_eq!(shop.run(&["doctor"]).code, 0);
}

#[test]
fn a_forgotten_file_is_gone_from_now_on_and_can_be_taken_again() {
    let shop = Shop::new();
    let retail = shop.file("retail.csv", RETAIL);
    shop.ingest_ok(&retail);
    let whole = shop.digest();
    let more = shop.file("more.csv", format!("{HEADER}{}", order("9", "Z", "1", "")));
    shop.ingest_ok(&more);
    let before = snapshot(&shop);
    let count = "select count(*) from order_lines";
    assert_eq!(shop.value(count), 9);
    let wrong = shop.run(&["forget", "nothing.csv"]);
    assert_eq!(wrong.code, 4);
    assert!(wrong.err.contains("more.csv") && wrong.err.contains("retail.csv"), "{}", wrong.err);
    let said = shop.ok(&["forget", "more.csv", "--as-of", TODAY]);
    assert!(said.contains("8 order lines are left"), "{said}");
    assert_eq!(shop.value(count), 8);
    assert_eq!(shop.digest(), whole, "as if it had never come");
    assert!(shop.ok(&["sql", count, "--snapshot", &before.to_string(), "--json"]).contains('9'));
    shop.ingest_ok(&more);
    assert_eq!(shop.value(count), 9);
    let source = shop.value("select source from raw.sources where name = 'more.csv'");
    shop.ok(&["forget", &source.as_str().unwrap()[..6], "--as-of", TODAY]);
    assert_eq!(shop.value(count), 8);
}
