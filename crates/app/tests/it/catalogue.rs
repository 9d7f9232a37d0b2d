//! `portolan catalogue`: shared pictures, offers of another shop, categories of a taxonomy.

use crate::support::Shop;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// Writes a file beside the workspace and gives its path.
fn file(shop: &Shop, name: &str, text: &str) -> String {
    shop.file(name, text);
    shop.path(name)
}

const KINDS: [&str; 5] = ["kettle", "toaster", "blender", "air fryer", "yoga mat"];
const BRANDS: [&str; 4] = ["Norda", "Velin", "Kori", "Sumi"];

/// Forty products, and another shop's list in which the first thirty stand under other words, beside thirty others.
fn shop() -> (Shop, String) {
    let mut products = "product_code,name,category,brand,gtin,price,currency\n".to_owned();
    let mut offers = "offer_id,title,brand,price,currency,gtin\n".to_owned();
    for at in 0..40_usize {
        let (kind, brand) = (KINDS[at % 5], BRANDS[at / 10]);
        let code = format!("{}{}", ["KX", "TR", "BQ", "FA"][at / 10], 100 + 7 * at);
        let gtin = if at < 4 { format!("40063813339{at:02}") } else { String::new() };
        writeln!(products, "P{at},{brand} {kind} {code} steel,Home,{brand},{gtin},{}.50,EUR", 20 + at).unwrap();
        if at < 30 {
            writeln!(offers, "O{at},{kind} by {brand} - model {code} (new),{brand},{}.00,EUR,{gtin}", 21 + at).unwrap();
        }
        writeln!(offers, "X{at},{kind} by {brand} - model ZZ{} (new),{brand},{}.00,EUR,", 900 + 3 * at, 5 + at)
            .unwrap();
    }
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("products.csv", products));
    let offers = file(&shop, "offers.csv", &offers);
    (shop, offers)
}

fn pairs(answer: &Value) -> Vec<(String, String, String)> {
    let text = |m: &Value, key: &str| m[key].as_str().unwrap().to_owned();
    let all = answer["matches"].as_array().unwrap();
    let mut all: Vec<_> = all.iter().map(|m| (text(m, "product"), text(m, "offer"), text(m, "by"))).collect();
    all.sort();
    all
}

#[test]
fn equal_article_numbers_settle_a_pair_and_judged_pairs_teach_the_rest() {
    let (shop, offers) = shop();
    let by_gtin = json(&shop.ok(&["catalogue", "match", &offers, "--json"]));
    let settled: Vec<_> = (0..4).map(|at| (format!("P{at}"), format!("O{at}"), "gtin".to_owned())).collect();
    assert_eq!(pairs(&by_gtin), settled);
    assert_eq!(by_gtin["learnt_from"], Value::Null);

    // The draft proposes pairs; what is right is known here by the numbers of the ids.
    let draft = shop.path("draft.csv");
    shop.ok(&["catalogue", "match", &offers, "--draft", &draft, "--pairs", "60"]);
    let proposed = std::fs::read_to_string(&draft).unwrap();
    let judged: Vec<String> = proposed
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if at > 0 {
                cells[2] = if cells[1].strip_prefix('O') == cells[0].strip_prefix('P') { "yes" } else { "no" };
            }
            cells.join(",")
        })
        .collect();
    assert!(judged.iter().filter(|l| l.contains(",yes,")).count() >= 10, "{judged:?}");
    let labels = file(&shop, "labels.csv", &(judged.join("\n") + "\n"));
    let prices = shop.path("prices.csv");
    let args = ["catalogue", "match", &offers, "--labels", &labels, "--json", "--prices", &prices, "--market", "DE"];
    let answer = json(&shop.ok(&[&args[..], &["--competitor", "Rival, Ltd", "--day", "2025-12-20"]].concat()));
    let found = pairs(&answer);
    let right = found.iter().filter(|(p, o, _)| o.strip_prefix('O') == p.strip_prefix('P')).count();
    assert!(right >= 26 && found.len() - right <= 3, "{right} right of {}: {found:?}", found.len());
    let mut offered: Vec<&String> = found.iter().map(|(_, offer, _)| offer).collect();
    offered.dedup();
    assert_eq!(offered.len(), found.len(), "an offer is one product at most");
    // What the other shop asks is a table that the lake takes.
    shop.ingest_ok(Path::new(&prices));
    let sql = "select count(*) as n, min(competitor) as who from clean.competitor_prices";
    let row = &shop.sql(sql)[0];
    assert_eq!((row["n"].as_u64(), row["who"].as_str()), (Some(found.len() as u64), Some("Rival, Ltd")));
}

#[test]
fn lists_and_judgements_that_cannot_be_read_are_named_with_line_and_column() {
    let (shop, offers) = shop();
    let fails = |name: &str, text: &str| shop.fails(&["catalogue", "match", &file(&shop, name, text)]);
    assert!(fails("a.csv", "offer_id,price\n1,2\n").contains("`title`"));
    let said = fails("b.csv", "offer_id,title,price\nA,kettle,cheap\n");
    assert!(said.contains("b.csv: line 2, column `price`: `cheap`"), "{said}");
    let said = fails("c.csv", "offer_id,title\nA,kettle\nA,toaster\n");
    assert!(said.contains("line 3") && said.contains("line 2 has it"), "{said}");
    let judged =
        |name: &str, text: &str| shop.fails(&["catalogue", "match", &offers, "--labels", &file(&shop, name, text)]);
    let said = judged("d.csv", "product_id,offer_id,same\nP1,O1,maybe\n");
    assert!(said.contains("line 2, column `same`: `maybe`"), "{said}");
    let said = judged("e.csv", "product_id,offer_id,same\nP1,O77,yes\n");
    assert!(said.contains("`O77`"), "{said}");
    let said = judged("f.csv", "product_id,offer_id,same\nP5,O5,yes\n");
    assert!(said.contains("too few"), "{said}");
}

#[test]
fn titles_of_two_languages_find_their_category() {
    let shop = Shop::new();
    let rows = [
        "K1,Salmon food for your dog,Hundefutter mit Lachs,Shop > Pets,Norda",
        "K2,Cast iron frying pan,Bratpfanne aus Gusseisen,Shop > Home,Velin",
    ];
    let products = format!("product_id,name_en,name_de,category,brand\n{}\n", rows.join("\n"));
    shop.ingest_ok(&shop.file("products.csv", products));
    let english = "# made up\n1 - Animals\n2 - Animals > Dog Food\n4 - Kitchen\n5 - Kitchen > Frying Pans\n";
    let english = file(&shop, "names.en-US.txt", english);
    let german =
        file(&shop, "names.de-DE.txt", "1 - Tiere\n2 - Tiere > Hundefutter\n4 - Küche\n5 - Küche > Bratpfannen\n");
    let out = shop.path("categories.csv");
    let args = ["catalogue", "categories", "--taxonomy", &english, "--taxonomy", &german, "--json", "--out", &out];
    let answer = json(&shop.ok(&args));
    let first = |at: usize| answer["products"][at]["places"][0]["category"].as_str().map(str::to_owned);
    assert_eq!((first(0).as_deref(), first(1).as_deref()), (Some("Animals > Dog Food"), Some("Kitchen > Frying Pans")));
    assert!(std::fs::read_to_string(out).unwrap().contains("K2,Cast iron frying pan,5,Kitchen > Frying Pans"));
    // The same taxonomy as one table.
    let table =
        file(&shop, "t.csv", "id,en-US,de-DE\n2,Animals > Dog Food,Tiere > Hundefutter\n5,Kitchen > Frying Pans,\n");
    let answer = json(&shop.ok(&["catalogue", "categories", "--taxonomy", &table, "--json"]));
    assert_eq!(answer["products"][1]["places"][0]["id"], 5);
    let said = shop.fails(&["catalogue", "categories", "--taxonomy", &file(&shop, "names.txt", "1 - A\n")]);
    assert!(said.contains("which language"), "{said}");
    let said = shop.fails(&["catalogue", "categories", "--taxonomy", &file(&shop, "x.en.txt", "A > B\n")]);
    assert!(said.contains("line 1"), "{said}");
}

/// A square of one colour with a bar in another: 24 bits a pixel, uncompressed.
fn bmp(colour: [u8; 3], bar: usize, side: usize) -> Vec<u8> {
    let row = (3 * side).next_multiple_of(4);
    let mut bytes = b"BM".to_vec();
    for number in [54 + row * side, 0, 54, 40, side, side] {
        bytes.extend((number as u32).to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    for y in 0..side {
        let mut line: Vec<u8> = (0..side)
            .flat_map(|x| if y * 8 / side == bar || x * 8 / side == bar { [10, 10, 10] } else { colour })
            .collect();
        line.resize(row, 0);
        bytes.extend(line);
    }
    bytes
}

#[test]
fn shared_and_missing_pictures_are_told() {
    let shop = Shop::new();
    let folder = shop.path("export");
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(Path::new(&folder).join(name), bytes).unwrap();
    write("a.bmp", bmp([200, 30, 30], 1, 64));
    // The same picture, saved larger.
    write("b.bmp", bmp([200, 30, 30], 1, 96));
    write("c.bmp", bmp([30, 160, 40], 5, 64));
    let rows = "P1,Red plate,Kitchen,a.bmp\nP2,Red dish,Kitchen,b.bmp\nP3,Green plate,Kitchen,c.bmp\nP4,Cup,Kitchen,\n";
    write("products.csv", format!("product_code,name,category,image\n{rows}").into_bytes());
    shop.ok(&["ingest", &folder]);
    let answer = json(&shop.ok(&["catalogue", "pictures", "--titles", "--json"]));
    assert_eq!(answer["same_picture"], serde_json::json!([["P1", "P2"]]), "{answer}");
    assert_eq!(answer["without_picture"], serde_json::json!(["P4"]));
    assert_eq!((answer["products"].as_u64(), answer["titles"]["pairs"].as_u64()), (Some(4), Some(3)));
    let said = shop.ok(&["catalogue", "pictures"]);
    assert!(said.contains("P1, P2 (different titles: Red dish | Red plate)"), "{said}");
}
