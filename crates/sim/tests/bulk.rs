//! The bulk file: as many lines as asked for, shaped like the original, totals as stated.

use domain::{Decimal, Seed};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn a_bulk_file_is_what_its_summary_says() {
    let mut out = Vec::new();
    let summary = sim::write_bulk_retail(&mut out, 60_000, Seed(5)).unwrap();
    let mut reader = csv::Reader::from_reader(out.as_slice());
    let header = reader.headers().unwrap().clone();
    let wanted = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
    assert_eq!(header.iter().collect::<Vec<_>>().join(","), wanted);
    let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(|r| r.unwrap()).collect();
    assert_eq!((summary.lines, rows.len()), (60_000, 60_000));
    let mut revenue = Decimal::ZERO;
    let mut seen = BTreeSet::new();
    let (mut cancelled, mut missing, mut twice) = (0, 0, 0);
    let mut sales: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        let quantity: i64 = row["Quantity"].parse().unwrap();
        revenue += Decimal::from(quantity) * row["UnitPrice"].parse::<Decimal>().unwrap();
        seen.insert(row["InvoiceNo"].clone());
        missing += u64::from(row["CustomerID"].is_empty());
        twice += u64::from(i > 0 && *row == rows[i - 1]);
        let key = (row["CustomerID"].clone(), row["StockCode"].clone(), row["UnitPrice"].clone());
        if row["InvoiceNo"].starts_with('C') {
            cancelled += 1;
            assert!(quantity < 0 && sales.contains_key(&key), "a cancellation follows its sale: {row:?}");
        } else {
            *sales.entry(key).or_default() += quantity;
        }
    }
    assert_eq!(revenue, Decimal::from_i128_with_scale(summary.revenue_pence, 2));
    assert_eq!(seen.len() as u64, summary.invoices);
    assert_eq!((cancelled, missing), (summary.cancelled_lines, summary.missing_customers));
    // Two equal lines can also be drawn in one invoice, hardly ever side by side.
    assert!(twice >= summary.duplicates && twice < summary.duplicates + 50, "{twice} {summary:?}");
    let countries: BTreeSet<&str> = rows.iter().map(|r| r["Country"].as_str()).collect();
    assert!(countries.len() >= 30 && countries.contains("EIRE"), "{countries:?}");
    let codes: BTreeSet<&str> = rows.iter().map(|r| r["StockCode"].as_str()).collect();
    assert!(["POST", "M", "BANK CHARGES"].iter().all(|c| codes.contains(c)));
    assert!((0.2..0.3).contains(&(missing as f64 / 60_000.0)));
    assert!((0.002..0.05).contains(&(cancelled as f64 / 60_000.0)));
}

#[test]
fn the_same_seed_gives_the_same_bulk_file() {
    let file = |seed| {
        let mut out = Vec::new();
        sim::write_bulk_retail(&mut out, 5000, Seed(seed)).unwrap();
        out
    };
    assert!(file(1) == file(1) && file(1) != file(2));
}

#[test]
fn a_folder_is_complete_when_it_has_its_truth() {
    let dir = tempfile::tempdir().unwrap();
    let mut steps = 0;
    let params = sim::SimParams::at(0.01, Seed(1));
    let summary = sim::write_to(dir.path(), &params, &mut |_| steps += 1).unwrap();
    assert_eq!(steps, 1 + summary.files.len());
    let truth: serde_json::Value = serde_json::from_slice(&std::fs::read(&summary.truth).unwrap()).unwrap();
    assert_eq!(truth["files"].as_array().unwrap().len(), summary.files.len());
    assert!(summary.exports.join("products.csv").is_file());
    let blocked = dir.path().join("truth.json/below");
    let refused = sim::write_to(&blocked, &params, &mut |_| {}).unwrap_err().to_string();
    assert!(refused.starts_with("cannot write `exports/products.csv`"), "{refused}");
}
