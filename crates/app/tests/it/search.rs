//! `portolan search` and `portolan similar`: products by what somebody types, and products like a product.

use crate::support::Shop;
use serde_json::{Value, json};

/// Kettles and fryers with Chinese, English and German titles; the red ones have a German title alone.
fn shop() -> Shop {
    let header = "product_id,name_zh,name_en,name_de,category,brand";
    let rows = [
        "K1,黑色电热水壶,Electric kettle black,Wasserkocher schwarz,Kitchen,Norda",
        "K2,白色电热水壶,Electric kettle white,Wasserkocher weiß,Kitchen,Velin",
        "K3,,,Wasserkocher rot,Kitchen,Kori",
        "F1,黑色空气炸锅,Air fryer black,Heißluftfritteuse schwarz,Kitchen,Norda",
        "F2,白色空气炸锅,Air fryer white,Heißluftfritteuse weiß,Kitchen,Velin",
        "F3,,,Heißluftfritteuse rot,Kitchen,Kori",
        "Y1,黑色瑜伽垫,Yoga mat black,Yogamatte schwarz,Sport,Norda",
        "Y2,白色瑜伽垫,Yoga mat white,Yogamatte weiß,Sport,Velin",
        "Y3,,,Yogamatte rot,Sport,Kori",
    ];
    let stock = "product_id,warehouse,market,quantity,as_of\nF1,main,DE,0,2025-12-20\nF2,main,DE,9,2025-12-20\n";
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("products.csv", format!("{header}\n{}\n", rows.join("\n"))));
    shop.ingest_ok(&shop.file("stock.csv", stock));
    shop
}

fn asked(shop: &Shop, args: &[&str]) -> Value {
    let text = shop.ok(args);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn products(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().expect("a list").iter().map(|item| item["product"].as_str().unwrap()).collect()
}

#[test]
fn words_of_one_language_find_products_that_have_titles_in_another() {
    let shop = shop();
    let answer = asked(&shop, &["search", "空气炸锅", "--json"]);
    let mut found = products(&answer);
    found.truncate(3);
    found.sort_unstable();
    assert_eq!(found, ["F1", "F2", "F3"], "{answer}");
    let red = answer["items"].as_array().unwrap().iter().find(|item| item["product"] == "F3").unwrap();
    assert_eq!(red["rank_by_words"], Value::Null, "no Chinese word in it: {answer}");
    // The market's language decides what is shown, and what is out of stock there is not.
    let answer = asked(&shop, &["search", "空气炸锅 白色", "--market", "DE", "--json"]);
    assert_eq!(answer["items"][0]["title"], "Heißluftfritteuse weiß", "{answer}");
    assert!(!products(&answer).contains(&"F1"), "out of stock in DE: {answer}");
    assert!(products(&asked(&shop, &["search", "空气炸锅", "--market", "FR", "--json"])).contains(&"F1"));
}

#[test]
fn a_wrong_letter_is_told_and_an_unknown_word_finds_nothing() {
    let shop = shop();
    let answer = asked(&shop, &["search", "elektric kettle", "--json"]);
    assert_eq!(answer["words"][0], json!({"word": "elektric", "read": "near"}));
    assert!(["K1", "K2"].contains(&products(&answer)[0]), "{answer}");
    let said = shop.ok(&["search", "qqqqqq"]);
    assert!(said.contains("nothing was found"), "{said}");
}

#[test]
fn the_index_follows_the_products_and_a_damaged_one_is_made_again() {
    let shop = shop();
    assert!(!products(&asked(&shop, &["search", "toaster", "--json"])).contains(&"T1"));
    shop.ingest_ok(&shop.file("more.csv", "product_id,name_en,category,brand\nT1,Toaster steel,Kitchen,Norda\n"));
    assert_eq!(products(&asked(&shop, &["search", "toaster", "--json"]))[0], "T1");
    let folders = || std::fs::read_dir(shop.root().join("models/search")).unwrap().flatten().collect::<Vec<_>>();
    assert_eq!(folders().len(), 1, "the earlier index is gone");
    let vectors = folders()[0].path().join("vectors.model");
    std::fs::write(&vectors, b"PORTOMDL and no more").unwrap();
    let said = shop.run(&["search", "toaster", "--json"]);
    assert!(said.out.contains("T1") && said.err.contains("it is made again"), "{} {}", said.out, said.err);
}

#[test]
fn similar_products_are_of_the_same_kind_and_an_unknown_one_is_an_error() {
    let shop = shop();
    let mut near = asked(&shop, &["similar", "k1", "-n", "2", "--json"]);
    assert_eq!(near["product"], "K1");
    near["items"].as_array_mut().unwrap().sort_by_key(|item| item["product"].as_str().unwrap().to_owned());
    assert_eq!(products(&near), ["K2", "K3"], "{near}");
    let said = shop.run(&["similar", "K9"]);
    assert_eq!(said.code, 4, "{}", said.err);
    assert!(said.err.contains("there is no product `K9`") && said.err.contains("portolan search"), "{}", said.err);
}

#[test]
fn purchases_are_one_more_view_and_without_any_texts_and_pictures_remain() {
    let shop = shop();
    let told = asked(&shop, &["catalogue", "views", "--json"]);
    assert_eq!((&told["products"]["bought"], &told["used"]), (&json!(0), &Value::Null), "{told}");
    assert!(told["why"].as_str().unwrap().contains("nothing was bought"), "{told}");
    let said = shop.run(&["similar", "K1", "--by", "bought"]);
    assert!(said.code == 4 && said.err.contains("--by both"), "{}", said.err);

    let (shop, _) = crate::simulated::simulated(&["--scale", "0.1", "--seed", "3"]);
    let told = asked(&shop, &["catalogue", "views", "--json"]);
    let rows = told["ablation"].as_array().unwrap();
    let with = rows.iter().filter(|row| row["views"].as_array().unwrap().contains(&json!("bought")));
    assert!(
        with.clone().count() > 1 && with.count() < rows.len(),
        "every set is told, with purchases and without: {told}"
    );
    let said = shop.ok(&["catalogue", "views"]);
    assert!(said.contains("purchases add") && said.contains(told["why"].as_str().unwrap()), "{said}");
    let bought =
        shop.sql("select product_id from clean.order_lines where settled group by product_id order by count(*) desc");
    let product = bought[0]["product_id"].as_str().unwrap();
    let near = asked(&shop, &["similar", product, "--by", "bought", "--json"]);
    let cosines: Vec<f64> = near["items"].as_array().unwrap().iter().map(|n| n["bought"].as_f64().unwrap()).collect();
    assert!(cosines.len() == 10 && cosines.is_sorted_by(|a, b| a >= b) && cosines[0] > 0.1, "{near}");
    let near = asked(&shop, &["similar", product, "--by", "all", "--json"]);
    let used = told["used"]["views"].as_array().cloned().unwrap_or_default();
    assert_eq!((&near["weighed"], products(&near).len()), (&json!(used), 10), "{near}");
}

/// What a shopper types in each of the simulator's six languages finds a kettle first, and in a market the title is shown in its language.
#[test]
fn a_kettle_is_found_in_every_language_of_the_simulated_merchant() {
    let (shop, _) = crate::simulated::simulated(&["--scale", "0.03", "--seed", "3"]);
    let kettles: Vec<String> = shop
        .sql("select product_id from clean.products where name ilike '%kettle%'")
        .iter()
        .map(|row| row["product_id"].as_str().unwrap().to_owned())
        .collect();
    assert!(kettles.len() >= 3, "{kettles:?}");
    let kettle = sim::catalogue::TYPES.iter().find(|spec| spec.name == "kettle").expect("a kettle");
    for (at, language) in sim::catalogue::LANGUAGES.iter().enumerate() {
        let word = kettle.words[at];
        let answer = asked(&shop, &["search", word, "-n", "3", "--json"]);
        let found = products(&answer);
        assert_eq!(found.len(), 3, "{language} {word}: {answer}");
        assert!(found.iter().all(|id| kettles.iter().any(|k| k == id)), "{language} {word}: {answer}");
    }
}
