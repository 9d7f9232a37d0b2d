//! Counts with product and month levels against figures recorded from statsmodels (`golden/elasticity.json` of the optional
//! data; definitions are in that file). The same formulas worked by hand are in `learn::poisson_effects`, which always runs.

use domain::Day;
use learn::Points;
use learn::poisson_effects::{Counts, PoissonEffects, PoissonEffectsParams};
use learn::quantile::median;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::golden::{Case, Golden, number};
use testkit::shared::shared_data;

const SERVICES: [&str; 11] = ["POST", "D", "M", "DOT", "C2", "BANK CHARGES", "PADS", "AMAZONFEE", "CRUK", "B", "S"];

/// A clean line: product, day, units, price of one.
type Line = (String, Day, i64, f64);

#[test]
fn pooled_responses_equal_statsmodels() {
    let Some(golden) = Golden::load("elasticity").unwrap() else { return };
    let Some(path) = shared_data("uci_online_retail/online_retail.csv.gz") else { return };
    let lines = read(&path);
    let cases: Vec<&Case> = golden.cases.iter().filter(|c| c.id.starts_with("uci_")).collect();
    assert!(!cases.is_empty());
    for case in cases {
        let cells = cells(case, &lines);
        let units: Vec<f64> = cells.iter().map(|c| c.units as f64).collect();
        let pooled = fit(&cells, &units, |c| c.revenue / c.units as f64);
        let counts: Vec<f64> = cells.iter().map(|c| c.prices.len() as f64).collect();
        let by_lines = fit(&cells, &counts, |c| median(&c.prices).unwrap());
        // The recorded file has more figures than these two models give; those are left to other tests.
        let figure = |key: &str| -> Option<Value> {
            Some(match key {
                "cells" => json!(cells.len()),
                "sum_q" => json!(cells.iter().map(|c| c.units).sum::<i64>()),
                "pooled_poisson" => number(pooled.coefficients()[0]),
                "pooled_se_model" => number(pooled.se_model(0)),
                "pooled_se_cluster" => number(pooled.se_clustered(0)),
                "deviance" => number(pooled.deviance()),
                "lines_on_median_price" => number(by_lines.coefficients()[0]),
                "lines_on_median_price_se_cluster" => number(by_lines.se_clustered(0)),
                _ => return None,
            })
        };
        let checked = case.check(figure);
        assert!(checked.failures.is_empty() && checked.passed >= 8, "{}: {:?}", checked.id, checked.failures);
    }
}

struct Cell {
    product: usize,
    month: usize,
    units: i64,
    revenue: f64,
    prices: Vec<f64>,
}

fn fit(cells: &[Cell], y: &[f64], price: impl Fn(&Cell) -> f64) -> PoissonEffects {
    let x = Points::new(cells.iter().map(|c| price(c).ln()).collect(), 1).unwrap();
    let first: Vec<u32> = cells.iter().map(|c| c.product as u32).collect();
    let second: Vec<u32> = cells.iter().map(|c| c.month as u32).collect();
    let n = |groups: &[u32]| groups.iter().max().map_or(0, |m| *m as usize + 1);
    let table =
        Counts { y, weight: &[], x: &x, first: &first, second: &second, n_first: n(&first), n_second: n(&second) };
    PoissonEffectsParams::default().fit(&table).unwrap()
}

fn cells(case: &Case, lines: &[Line]) -> Vec<Cell> {
    let day = |name: &str| case.params[name].as_str().unwrap().parse::<Day>().unwrap();
    let whole = |name: &str| case.params[name].as_u64().unwrap() as usize;
    let (from, to) = (day("from"), day("to"));
    let within: Vec<&Line> = lines.iter().filter(|l| from <= l.1 && l.1 < to).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    within.iter().for_each(|l| *counts.entry(&l.0).or_default() += 1);
    let mut best: Vec<(&str, usize)> = counts.into_iter().collect();
    best.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut chosen: Vec<&str> =
        best.iter().skip(whole("skip_first")).take(whole("best_sellers")).map(|b| b.0).collect();
    chosen.sort_unstable();
    let mut weeks: BTreeMap<(usize, Day), Cell> = BTreeMap::new();
    let mut months: BTreeMap<(i32, u32), usize> = BTreeMap::new();
    for (item, day, units, price) in within {
        let Ok(product) = chosen.binary_search(&item.as_str()) else { continue };
        // 1970-01-01 was a Thursday: three days after a Monday.
        let monday = day.plus(-(day.0 + 3).rem_euclid(7));
        let next = months.len();
        let month = *months.entry(monday.year_month()).or_insert(next);
        let cell =
            weeks.entry((product, monday)).or_insert(Cell { product, month, units: 0, revenue: 0.0, prices: vec![] });
        cell.units += units;
        cell.revenue += *units as f64 * price;
        cell.prices.push(*price);
    }
    weeks.into_values().collect()
}

fn read(path: &std::path::Path) -> Vec<Line> {
    let file = std::fs::File::open(path).unwrap();
    let mut csv = csv::Reader::from_reader(flate2::read::GzDecoder::new(std::io::BufReader::new(file)));
    let mut record = csv::StringRecord::new();
    let mut lines = Vec::new();
    while csv.read_record(&mut record).unwrap() {
        let (units, price): (i64, f64) = (record[3].parse().unwrap(), record[5].parse().unwrap());
        let item = record[1].to_uppercase();
        let clean = !record[0].starts_with('C') && units > 0 && price > 0.0 && !record[6].is_empty();
        if clean && !SERVICES.contains(&item.as_str()) {
            lines.push((item, record[4][..10].parse().unwrap(), units, price));
        }
    }
    lines
}
