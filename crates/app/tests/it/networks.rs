//! Models that a seller lets compete: networks, whose training outlives a run that is killed, and hybrids.

use crate::recommend::asked;
use crate::support::Shop;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const HEADER: &str = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n";

/// Two markets over half a year; who has bought product `n` buys `n + 1` and then `n + 2` of twelve a few weeks later.
pub(crate) fn shop(models: &str) -> Shop {
    let shop = Shop::new();
    let mut orders = HEADER.to_owned();
    for s in 0..90_usize {
        let country = if s % 3 == 0 { "DE" } else { "GB" };
        for n in 0..4_usize {
            let (product, day) = ((s * 5 + n) % 12, (s * 7) % 40 + 40 * n);
            let (month, day) = (1 + day / 28, 1 + day % 28);
            orders.push_str(&format!(
                "{},p{product},Product {product},1,9.00,GBP,2025-{month:02}-{day:02} 10:00:00,s{s},{country}\n",
                10 * s + n
            ));
        }
    }
    shop.ingest_ok(&shop.file("orders.csv", orders));
    let config = shop.root().join("portolan.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(config, format!("{text}\n[recommend]\nmodels = [{models}]\n")).unwrap();
    shop
}

fn models(shop: &Shop) -> Vec<Value> {
    let rows = shop.sql("select distinct model from marts.evidence where period = 'test' order by model");
    rows.iter().map(|row| row["model"].clone()).collect()
}

#[test]
fn a_killed_run_goes_on_with_its_network_and_ends_where_another_one_does() {
    const MODELS: &str = "\"item-knn\", \"sasrec\"";
    let (whole, killed) = (shop(MODELS), shop(MODELS));
    whole.ok(&["run"]);
    let root = killed.root();
    let args = ["run", "-vv", "--workspace", root.to_str().unwrap()];
    let mut child = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    // Two epochs after a checkpoint was kept, in the middle of a training.
    let mut kept =
        lines.skip_while(|line| !line.contains("kept a checkpoint")).filter(|l| l.contains("trained an epoch"));
    assert!(kept.nth(1).is_some(), "the run was over too soon");
    child.kill().expect("it is still there");
    child.wait().expect("it ends");
    assert!(root.join("models/training").is_dir(), "the checkpoint is there");
    let said = killed.run(&["run", "-v"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("training is taken up from its checkpoint"), "{}", said.err);
    assert!(!root.join("models/training").exists(), "what was learnt is written, its checkpoints are gone");
    assert_eq!(killed.digest(), whole.digest(), "the same tables");
    assert_eq!(models(&whole), ["item-knn", "sasrec"]);
    // Another list of models asks for the offers again and for nothing before them.
    let config = root.join("portolan.toml");
    let text = std::fs::read_to_string(&config).unwrap().replace(MODELS, "\"item-knn\"");
    std::fs::write(config, text).unwrap();
    assert_eq!(killed.run(&["recommend", "--shopper", "s1"]).code, 4);
    let report: Value = serde_json::from_str(&killed.ok(&["run", "--json"])).unwrap();
    let before = serde_json::json!(["marts", "segments", "profiles", "rules"]);
    assert_eq!((&report["computed"][0], &report["unchanged"]), (&serde_json::json!("offers"), &before), "{report}");
    assert_eq!(models(&killed), ["item-knn"]);
}

#[test]
fn hybrids_compete_serve_and_say_why() {
    let shop = shop("\"hybrid-weighted\", \"hybrid-ranks\", \"hybrid-stacked\"");
    shop.ok(&["run"]);
    assert_eq!(models(&shop), ["hybrid-ranks", "hybrid-stacked", "hybrid-weighted"]);
    let list = asked(&shop, &["--shopper", "s1", "--explain"]);
    assert!(list["model"].as_str().unwrap().starts_with("hybrid-"), "{list}");
    assert_eq!(list["version"], 1, "from its file");
    let item = &list["items"][0];
    let parts: f64 = item["reasons"].as_array().unwrap().iter().map(|r| r["part"].as_f64().unwrap()).sum();
    assert!(parts > 0.0 && item["score"].as_f64().unwrap() > 0.0, "{item}");
    let report = shop.ok(&["models", "learn"]);
    assert!(report.contains("nothing was bought"), "{report}");
    std::fs::remove_dir_all(shop.root().join("models")).unwrap();
    let again = asked(&shop, &["--shopper", "s1", "--explain"]);
    assert_eq!(again["items"], list["items"], "fitted anew it says the same");
}

#[test]
fn networks_over_features_compete_and_serve_from_their_files_what_a_fit_says() {
    let shop = shop("\"wide-deep\", \"two-tower\", \"mmoe\", \"shared-bottom\"");
    shop.ok(&["run"]);
    assert_eq!(models(&shop), ["mmoe", "shared-bottom", "two-tower", "wide-deep"]);
    let list = asked(&shop, &["--shopper", "s1", "--explain"]);
    let model = list["model"].as_str().unwrap().to_owned();
    assert!(["mmoe", "shared-bottom", "two-tower", "wide-deep"].contains(&model.as_str()), "{list}");
    assert_eq!(list["version"], 1, "from its file");
    let item = &list["items"][0];
    let parts: f64 = item["reasons"].as_array().unwrap().iter().map(|r| r["part"].as_f64().unwrap()).sum();
    assert!(item["model"] == model.as_str() && parts.is_finite(), "{item}");
    std::fs::remove_dir_all(shop.root().join("models")).unwrap();
    let again = asked(&shop, &["--shopper", "s1", "--explain"]);
    assert_eq!(again["items"], list["items"], "fitted anew, with the same words, it says the same");
    let compared = shop.ok(&["compare", "--models", "two-tower,wide-deep", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&compared).unwrap()["models"].as_array().unwrap().len(), 2);
}
