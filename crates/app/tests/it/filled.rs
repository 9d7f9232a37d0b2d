//! Units and missing values: what was converted and what was made up is counted and recorded.

use crate::support::Shop;

const PRODUCTS: &str = "\
product_code,name,weight_lb,temperature_f,price,currency,gtin\n\
K1,KETTLE,2,212,19.99,GBP,4006381333931\n\
K2,KETTLE BLUE,,,21.50,GBP,\n\
K3,KETTLE RED,4,392,,,\n";

fn rule(shop: &Shop, name: &str) -> (i64, i64) {
    let rows = shop.sql(&format!(
        "select sum(checked) as checked, sum(touched) as touched from clean.rule_counts where rule = '{name}'"
    ));
    (rows[0]["checked"].as_i64().unwrap(), rows[0]["touched"].as_i64().unwrap())
}

#[test] // 2 lb are 0.90718474 kg, 4 lb twice that; 212 °F are 100 °C and 392 °F 200 °C.
fn measures_are_converted_and_counted_and_nothing_of_the_catalogue_is_lost() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("products.csv", PRODUCTS));
    let rows =
        shop.sql("select weight_kg, temperature_c, list_price, currency, gtin from clean.products order by product_id");
    assert_eq!(rows[0]["weight_kg"], 0.907_184_74);
    assert_eq!((&rows[0]["temperature_c"], &rows[2]["temperature_c"]), (&100.0.into(), &200.0.into()));
    assert_eq!((&rows[0]["gtin"], &rows[1]["currency"]), (&"4006381333931".into(), &"GBP".into()));
    assert!(rows[1]["list_price"].to_string().contains("21.5"), "{}", rows[1]["list_price"]);
    assert!(rows[1].get("weight_kg").is_none_or(serde_json::Value::is_null), "a gap stays a gap");
    assert_eq!(rule(&shop, "unit"), (3, 4));
    assert!(shop.ok(&["quality"]).contains("2 in lb"), "the report says which units");
}

#[test] // Known weights 2 lb and 4 lb: the median is 3 lb, 1.36077711 kg.
fn a_gap_is_filled_only_where_the_configuration_says_so_and_every_value_is_recorded() {
    let shop = Shop::new();
    let path = shop.file("products.csv", PRODUCTS);
    shop.ingest_ok(&path);
    assert_eq!(shop.value("select count(*) from clean.filled_values"), 0);
    let config = shop.root().join("portolan.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\n[missing_values]\n\"products.weight_kg\" = \"median\"\n")).unwrap();
    shop.ingest_ok(&path);
    let kilograms = shop.value("select weight_kg from clean.products where product_id = 'K2'").as_f64().unwrap();
    assert!((kilograms - 1.360_777_11).abs() < 1e-12, "{kilograms}");
    let record = shop.sql("select key, policy from clean.filled_values");
    assert_eq!((&record[0]["key"], &record[0]["policy"]), (&"K2".into(), &"median".into()));
    assert_eq!(rule(&shop, "filled_value"), (3, 1));

    std::fs::write(&config, format!("{text}\n[missing_values]\n\"products.weight\" = \"median\"\n")).unwrap();
    let said = shop.ingest(&path);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("products.weight_kg"), "{}", said.err);
}
