//! What is published of the markets and what is true of them, from the written files.

use domain::{Market, Seed};
use sim::export::{self, Memory};
use sim::{Merchant, SimParams, Truth};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

type Row = BTreeMap<String, String>;

/// Files and truth of one merchant for all tests of this file.
fn written() -> &'static (BTreeMap<String, Vec<u8>>, serde_json::Value) {
    static WRITTEN: OnceLock<(BTreeMap<String, Vec<u8>>, serde_json::Value)> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let merchant = Merchant::generate(&SimParams::at(0.05, Seed(5))).unwrap();
        let mut memory = Memory::default();
        let files = export::all(&merchant, &mut memory, &mut |_| {}).unwrap();
        let tables = export::truth_tables(&merchant, &mut memory).unwrap();
        let truth = serde_json::to_value(Truth::of(&merchant).with_files(tables, files)).unwrap();
        (memory.0, truth)
    })
}

fn rows(name: &str) -> Vec<Row> {
    csv::Reader::from_reader(written().0[name].as_slice()).deserialize().map(Result::unwrap).collect()
}

#[test]
fn every_market_has_facts_and_a_potential_and_no_fact_is_said_twice() {
    let facts = rows("exports/market_facts.csv");
    let markets: BTreeSet<&str> = facts.iter().map(|r| r["market"].as_str()).collect();
    assert!(markets.len() >= 20 && ["CN", "US", "DE", "VN", "TH", "SA", "KR"].iter().all(|m| markets.contains(m)));
    let keys: BTreeSet<[&str; 4]> =
        facts.iter().map(|r| ["market", "fact", "day", "known_on"].map(|c| r[c].as_str())).collect();
    assert_eq!(keys.len(), facts.len());
    assert!(
        facts.iter().all(|r| r["value"].is_empty() != r["text"].is_empty() && r["market"].parse::<Market>().is_ok())
    );
    let truth = &written().1["market_potential"];
    let stated: BTreeSet<&str> = truth.as_array().unwrap().iter().map(|m| m["market"].as_str().unwrap()).collect();
    assert_eq!(stated, markets);
    let table = rows("truth_markets.csv");
    assert_eq!(table.len(), markets.len());
    for (row, stated) in table.iter().zip(truth.as_array().unwrap()) {
        let potential: f64 = row["potential_usd"].parse().unwrap();
        assert!((potential / stated["potential"].as_f64().unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(row["entered"] == "true", row["visits_expected"] == "0");
    }
    assert_eq!(table.iter().filter(|r| r["planted"] == "true").count(), 1);
    // Visits of the truth are a year's, those of the export a month's, with four digits.
    for row in &table {
        let told = facts.iter().find(|f| f["market"] == row["market"] && f["fact"] == "own_visits");
        assert_eq!(told.is_some(), row["entered"] == "false", "{row:?}");
        let visits: f64 = row["visits"].parse().unwrap();
        let shown = told.map_or(visits / 12.0, |f| f["value"].parse().unwrap());
        assert!((shown - visits / 12.0).abs() <= 5e-4 * visits / 12.0, "{row:?}");
    }
}

#[test] // Three times as heavy, the band of a cluster is taken by 3 s / (1 + 2 s) of its shoppers: 0.9 / 1.6 for s = 0.3.
fn age_leans_on_the_taste_cluster_and_income_bands_follow_income() {
    let shoppers = rows("truth_shoppers.csv");
    let of = |cluster: &str| shoppers.iter().filter(|r| r["cluster"] == cluster).collect::<Vec<_>>();
    let second = of("2");
    let young = second.iter().filter(|r| r["age_band"] == "25-34").count() as f64 / second.len() as f64;
    assert!((young - 0.5625).abs() < 4.0 * (0.25 / second.len() as f64).sqrt(), "{young} of {}", second.len());
    for row in &shoppers {
        let income: f64 = row["income"].parse().unwrap();
        let band = if income >= 2.0 {
            "top"
        } else if income >= 1.35 {
            "high"
        } else if income >= 0.75 {
            "middle"
        } else {
            "low"
        };
        assert_eq!(row["income_band"], band, "{income}");
        assert!(["female", "male"].contains(&row["sex"].as_str()));
    }
}
