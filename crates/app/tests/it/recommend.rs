//! `portolan recommend`: what one shopper is offered, and by what.

use crate::media::bmp;
use crate::support::Shop;
use serde_json::Value;
use std::path::Path;

const HEADER: &str = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n";

/// Everybody orders once, so nothing can be measured. In Germany kettles go with toasters and filters;
/// at home cups go with plates and pots. Plates are out of stock at home and only there.
pub(crate) fn shop(run: &[&str]) -> Shop {
    let baskets = [
        ("GB", "g1", "cup plate"),
        ("GB", "g2", "cup plate"),
        ("GB", "g3", "cup pot"),
        ("GB", "g4", "cup pot kettle"),
        ("DE", "d1", "kettle toaster"),
        ("DE", "d2", "kettle toaster"),
        ("DE", "d3", "kettle toaster filter"),
        ("DE", "d4", "kettle filter"),
        ("DE", "d5", "toaster filter plate"),
        ("FR", "f1", "kettle"),
    ];
    let mut orders = HEADER.to_owned();
    for (i, (market, shopper, basket)) in baskets.iter().enumerate() {
        for product in basket.split(' ') {
            let name = product.to_uppercase();
            orders.push_str(&format!(
                "{i},{product},A {name},1,10.00,GBP,2025-12-0{} 10:00:00,{shopper},{market}\n",
                1 + i % 9
            ));
        }
    }
    let stock = "product_id,warehouse,market,quantity,as_of\nplate,main,GB,0,2025-12-20\nplate,main,DE,9,2025-12-20\n";
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", orders));
    shop.ingest_ok(&shop.file("stock.csv", stock));
    shop.ok(run);
    shop
}

pub(crate) fn asked(shop: &Shop, args: &[&str]) -> Value {
    let text = shop.ok(&[&["recommend", "--json"], args].concat());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// Products of the list, lower case.
fn products(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|item| item["product"].as_str().unwrap().to_lowercase()).collect()
}

#[test]
fn a_known_shopper_is_offered_what_goes_with_the_history_and_not_the_history() {
    let shop = shop(&["run", "--seed", "7"]);
    let list = asked(&shop, &["--shopper", "d1", "--explain"]);
    assert_eq!((&list["known"], &list["market"]), (&Value::Bool(true), &Value::from("DE")), "the shopper's own market");
    let found = products(&list);
    assert_eq!(found[0], "filter", "{list}");
    assert!(!found.iter().any(|p| p == "kettle" || p == "toaster"), "bought already: {list}");
    let item = &list["items"][0];
    assert_eq!(item["name"], "A FILTER");
    let parts: f64 = item["reasons"].as_array().unwrap().iter().map(|r| r["part"].as_f64().unwrap()).sum();
    assert!((parts - item["score"].as_f64().unwrap()).abs() < 1e-5, "the reasons add up to the score: {item}");
    assert_eq!(list["left_out"]["bought already"], 2, "both would have been ahead of the last product: {list}");
    // Nobody came back, so nothing is measured and every market, home too, stays with its own orders.
    for market in ["DE", "GB"] {
        let list = asked(&shop, &["--shopper", "nobody", "--market", market]);
        assert_eq!((&list["training"], &list["basis"]), (&"market".into(), &"not_measured".into()), "{list}");
        assert!(list["why"].as_str().is_some_and(|why| why.starts_with("nothing could be measured")), "{list}");
    }
    assert_eq!(shop.value("select distinct seed from marts.serving"), "7", "the model is fitted with the run's seed");
    assert_eq!(shop.value("select count(*) from marts.evidence"), 0);
}

#[test]
fn again_offers_what_was_bought_before() {
    let shop = shop(&["run"]);
    let list = asked(&shop, &["--shopper", "d1", "--again"]);
    assert_eq!(products(&list).len(), 4, "{list}");
    assert!(products(&list).iter().any(|p| p == "kettle"), "{list}");
}

#[test]
fn stock_is_that_of_the_market_and_what_is_left_out_is_counted() {
    let shop = shop(&["run"]);
    let home = asked(&shop, &["--shopper", "g4"]);
    assert!(!products(&home).iter().any(|p| p == "plate"), "no plate is left at home: {home}");
    assert_eq!(home["left_out"]["out of stock"], 1, "{home}");
    let abroad = asked(&shop, &["--shopper", "d1"]);
    assert!(products(&abroad).iter().any(|p| p == "plate"), "nine are left for Germany: {abroad}");
    // The market's list goes by the same shelf.
    let listed = "select count(*) from marts.recommendations where lower(product_id) = 'plate' and market =";
    assert_eq!(shop.value(&format!("{listed} 'GB'")), 0);
    assert_eq!(shop.value(&format!("{listed} 'DE'")), 1);
    let said = shop.run(&["recommend", "--shopper", "g4"]);
    assert!(said.err.contains("1 more would have been listed but are out of stock"), "{}", said.err);
}

#[test]
fn a_shopper_can_be_asked_about_in_another_market() {
    let shop = shop(&["run"]);
    let list = asked(&shop, &["--shopper", "d1", "--market", "GB"]);
    assert_eq!((&list["market"], &list["known"]), (&Value::from("GB"), &Value::Bool(true)));
    // At home one shopper of two with a pot has a kettle, and one of four with a cup.
    assert_eq!(products(&list)[..2], ["pot", "cup"], "{list}");
}

#[test]
fn people_get_a_table_with_the_reason_of_the_model_and_of_each_product() {
    let shop = shop(&["run"]);
    let text = shop.ok(&["recommend", "--shopper", "d1", "-n", "2", "--explain"]);
    let mut lines = text.lines();
    let head = lines.next().unwrap();
    assert_eq!(head, "d1 in Germany: 2 products bought before; item-knn trained on this market alone");
    assert!(lines.next().unwrap().starts_with("because nothing could be measured"), "{text}");
    for word in ["product", "name", "score", "because", "A FILTER", "bought together with A KETTLE"] {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
    let plain = shop.ok(&["recommend", "--shopper", "nobody", "--market", "DE"]);
    assert!(plain.contains("a new shopper") && plain.contains("popularity-market"), "{plain}");
    assert!(!plain.contains("bought together with"), "{plain}");
}

#[test]
fn what_cannot_be_answered_says_what_to_do() {
    let shop = shop(&["run"]);
    let few = shop.run(&["recommend", "--shopper", "f1"]);
    assert_eq!(few.code, 4);
    assert!(few.err.contains("FR has too few shoppers for a model"), "{}", few.err);
    let nowhere = shop.run(&["recommend", "--shopper", "nobody"]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.err.contains("--market"), "{}", nowhere.err);
    let unknown = shop.run(&["recommend", "--shopper", "d1", "--market", "JP"]);
    assert_eq!(unknown.code, 4);
    assert!(unknown.err.contains("DE, FR, GB"), "{}", unknown.err);
    let fresh = Shop::new().run(&["recommend", "--shopper", "d1"]);
    assert_eq!(fresh.code, 4);
}

/// The catalogue has a filter jug nobody bought, of the filter's brand, another one that is out of stock, and
/// a gnome that shares nothing with anything.
#[test]
fn a_product_without_a_sale_is_offered_to_those_who_bought_its_like() {
    let shop = shop(&["run"]);
    let products =
        "product_id,name,brand\nfilter,A FILTER,Aqua\njug,A FILTER JUG,Aqua\njug2,A FILTER JUG,Aqua\ngnome,GNOME,\n";
    shop.ingest_ok(&shop.file("products.csv", products));
    let stock = "product_id,warehouse,market,quantity,as_of\njug2,main,DE,0,2025-12-20\n";
    shop.ingest_ok(&shop.file("stock2.csv", stock));
    shop.ok(&["run"]);
    let list = asked(&shop, &["--shopper", "d4", "--explain"]);
    let new = list["new_products"].as_array().unwrap();
    assert_eq!(new.iter().map(|p| p["product"].as_str().unwrap()).collect::<Vec<_>>(), ["JUG"], "{list}");
    let reasons = new[0]["reasons"].as_array().unwrap();
    let brand = reasons.iter().find(|r| r["term"] == "of the same brand as").unwrap_or_else(|| panic!("{list}"));
    assert_eq!(brand["product"], "FILTER");
    let listed = "select count(*) from marts.recommendations where model = 'content' and product_id = 'JUG' and market";
    assert_eq!(shop.value(&format!("{listed} = 'DE'")), 1);
    assert_eq!(
        shop.value(
            "select count(*) from marts.recommendations where product_id in ('JUG2', 'GNOME') and market = 'DE'"
        ),
        0
    );
    let text = shop.ok(&["recommend", "--shopper", "nobody", "--market", "DE"]);
    assert!(text.contains("products without a sale yet") && text.contains("JUG"), "{text}");
}

/// Two products that nobody bought and whose words say nothing: one has the filter's picture in another colour, the other one's is
/// a bar.
pub(crate) fn pictured_shop() -> Shop {
    let shop = shop(&["run"]);
    let folder = shop.path("catalogue");
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(Path::new(&folder).join(name), bytes).unwrap();
    write("filter.bmp", &bmp(true, [200, 30, 30], 64));
    write("round.bmp", &bmp(true, [200, 60, 30], 80));
    write("long.bmp", &bmp(false, [30, 30, 200], 64));
    let products = "product_id,name,image\nfilter,A FILTER,filter.bmp\nround,N1,round.bmp\nlong,N2,long.bmp\n";
    write("products.csv", products.as_bytes());
    shop.ok(&["ingest", &folder]);
    shop.ok(&["run"]);
    shop
}

#[test]
fn a_product_without_a_sale_and_without_words_is_offered_by_its_picture() {
    let shop = pictured_shop();
    let list = asked(&shop, &["--shopper", "d4", "--explain"]);
    let new = list["new_products"].as_array().unwrap();
    assert_eq!(new.iter().map(|p| p["product"].as_str().unwrap()).collect::<Vec<_>>(), ["ROUND"], "{list}");
    let reason = &new[0]["reasons"][0];
    assert_eq!((reason["term"].as_str(), reason["product"].as_str()), (Some("looks like"), Some("FILTER")), "{list}");
    let parts: f64 = new[0]["reasons"].as_array().unwrap().iter().map(|r| r["part"].as_f64().unwrap()).sum();
    assert!((parts - new[0]["score"].as_f64().unwrap()).abs() < 1e-5, "{list}");
}
