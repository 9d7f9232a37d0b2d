//! The saved models: serving from files gives what fitting gives, damage is named, and one can go back.

use crate::recommend::{asked, shop};
use crate::support::Shop;
use serde_json::Value;
use std::path::PathBuf;

fn files(shop: &Shop) -> Vec<PathBuf> {
    let dir = shop.root().join("models").join("files");
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

/// A list without the version that served it.
fn list(shop: &Shop, args: &[&str]) -> (Value, Value) {
    let mut list = asked(shop, args);
    let version = list.as_object_mut().unwrap().remove("version").unwrap();
    (version, list)
}

#[test]
fn a_saved_model_gives_the_list_that_a_fitted_one_gives() {
    let shop = shop(&["run", "--seed", "7"]);
    let asks: [&[&str]; 3] =
        [&["--shopper", "d1", "--explain"], &["--shopper", "g4"], &["--shopper", "nobody", "--market", "DE"]];
    let saved: Vec<(Value, Value)> = asks.iter().map(|ask| list(&shop, ask)).collect();
    assert!(saved.iter().all(|(version, _)| *version == 1), "{saved:?}");
    std::fs::remove_dir_all(shop.root().join("models")).unwrap();
    for (ask, (_, saved)) in asks.iter().zip(saved) {
        assert_eq!(list(&shop, ask), (Value::Null, saved));
    }
    // Nothing has to be computed, only kept again.
    let report: Value = serde_json::from_str(&shop.ok(&["run", "--seed", "7", "--json"])).unwrap();
    assert_eq!((&report["computed"], &report["models"]), (&serde_json::json!([]), &1.into()), "{report}");
    assert_eq!(list(&shop, asks[0]).0, 1);
}

#[test]
fn a_damaged_model_is_named_and_a_run_mends_it() {
    let shop = shop(&["run"]);
    let before = list(&shop, &["--shopper", "d1"]);
    for file in files(&shop) {
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).unwrap();
    }
    let said = shop.run(&["recommend", "--shopper", "d1"]);
    assert_eq!(said.code, 5, "{}", said.err);
    assert!(said.err.contains(".model: ") && said.err.contains("is damaged"), "{}", said.err);
    assert!(said.err.contains("next: `portolan run` writes the models again"), "{}", said.err);
    let names = files(&shop);
    shop.ok(&["run"]);
    assert_eq!((files(&shop), list(&shop, &["--shopper", "d1"])), (names, before), "the same files, whole again");
    // A model that is not there, and a version that cannot be read.
    std::fs::remove_file(&files(&shop)[0]).unwrap();
    std::fs::write(shop.root().join("models/versions/1.json"), "{}").unwrap();
    let said = shop.run(&["recommend", "--shopper", "d1"]);
    assert_eq!(said.code, 5);
    assert!(said.err.contains("1.json: this is no list of models"), "{}", said.err);
    shop.ok(&["run"]);
    assert_eq!(list(&shop, &["--shopper", "d1"]).0, 2);
}

#[test]
fn one_can_go_back_to_earlier_models_and_a_run_goes_on() {
    let shop = shop(&["run"]);
    let (_, before) = list(&shop, &["--shopper", "d1"]);
    let header = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n";
    let mut more = header.to_owned();
    for (i, product) in ["kettle", "apron", "toaster", "apron", "kettle", "apron"].iter().enumerate() {
        more.push_str(&format!(
            "9{},{product},A {product},1,9.00,GBP,2025-12-1{} 10:00:00,n{},DE\n",
            i / 2,
            i / 2,
            i / 2
        ));
    }
    shop.ingest_ok(&shop.file("more.csv", more));
    shop.ok(&["run"]);
    let (version, after) = list(&shop, &["--shopper", "d1"]);
    assert_eq!(version, 2);
    assert!(after["items"].to_string().contains("APRON") && !before.to_string().contains("APRON"), "{after}");

    let text = shop.ok(&["models", "rollback", "1"]);
    assert!(text.contains("version 3 repeats version 1"), "{text}");
    let (version, back) = list(&shop, &["--shopper", "d1"]);
    assert_eq!((version, &back["items"]), (3.into(), &before["items"]), "other item numbers, the same products");
    let versions: Value = serde_json::from_str(&shop.ok(&["models", "list", "--json"])).unwrap();
    assert_eq!(versions.as_array().unwrap().len(), 3);
    assert_eq!(versions[2]["back_to"], 1);
    assert!(shop.ok(&["models", "list"]).contains("in force, repeats 1"));

    // A run without news leaves that in force; one with news does not.
    shop.ok(&["run"]);
    assert_eq!(list(&shop, &["--shopper", "d1"]).0, 3);
    shop.ok(&["run", "--force"]);
    assert_eq!(list(&shop, &["--shopper", "d1"]).0, 4);
    let said = shop.run(&["models", "rollback", "9"]);
    assert_eq!(said.code, 4);
    assert!(said.err.contains("there is no version 9"), "{}", said.err);
}
