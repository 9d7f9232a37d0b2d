//! Response to price by market, three ways, beside the truth of a simulated merchant.
//!
//! `cargo run --release -p audience --example price LINES [TIERS]`: LINES is what this prints as JSON:
//! `portolan sql --json "select market, shopper_id, cast(day as varchar) as day, product_id, quantity, cast(unit_price as double) as
//! list, cast(amount as double) / quantity as paid from clean.order_lines where settled and not repeat"`; TIERS is a CSV of `shopper_id,tier`
//! (0, 1, 2) for the response by segment. Prints one JSON object: for each market the estimate of `audience::price` with its interval, what weeks
//! with a sale alone and list prices carried forward would have said, and the mean elasticity that the simulator states.

use audience::price::deals::deal_shares;
use audience::price::grid::{Grid, Sale};
use audience::price::hidden::HiddenParams;
use audience::price::response::{beside, segments};
use domain::Day;
use learn::Points;
use learn::poisson_effects::{Counts, PoissonEffectsParams};
use learn::shrinkage::Estimate;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

type Failure = Box<dyn std::error::Error>;

/// Mean price coefficients of docs/simulator.md.
const TRUTH: [(&str, f64); 12] = [
    ("CN", 2.2),
    ("US", 1.6),
    ("DE", 1.8),
    ("VN", 2.6),
    ("TH", 2.4),
    ("SA", 1.4),
    ("GB", 1.7),
    ("FR", 1.8),
    ("JP", 1.5),
    ("MX", 2.3),
    ("BR", 2.5),
    ("AE", 1.3),
];

#[derive(Deserialize)]
struct Line {
    market: String,
    shopper_id: Option<String>,
    day: String,
    product_id: Option<String>,
    quantity: i64,
    list: f64,
    paid: f64,
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let (lines, tiers) = match args.as_slice() {
        [_, lines] => (lines, None),
        [_, lines, tiers] => (lines, Some(tiers)),
        _ => return Err("give LINES [TIERS]".into()),
    };
    let lines: Vec<Line> = serde_json::from_slice(&std::fs::read(lines)?)?;
    let tier_of = tiers.map_or(Ok(BTreeMap::new()), |file| read_tiers(file))?;
    let products: BTreeSet<&str> = lines.iter().filter_map(|l| l.product_id.as_deref()).collect();
    let products: Vec<&str> = products.into_iter().collect();
    let mut markets: BTreeMap<&str, Vec<Sale>> = BTreeMap::new();
    for line in &lines {
        let Some(product) = line.product_id.as_deref() else { continue };
        if line.list <= 0.0 || line.paid <= 0.0 || line.quantity < 1 {
            continue;
        }
        let tier = line.shopper_id.as_ref().and_then(|s| tier_of.get(s)).copied();
        markets.entry(&line.market).or_default().push(Sale {
            product: products.binary_search(&product).unwrap_or(0) as u32,
            day: line.day.parse::<Day>()?,
            segment: tier.unwrap_or(3),
            units: line.quantity as u32,
            list: line.list,
            paid: line.paid,
        });
    }
    let mut rows = Vec::new();
    let mut own = Vec::new();
    for (market, sales) in &markets {
        let started = cpu_seconds()?;
        let grid = Grid::new(sales, 5)?;
        let fit = HiddenParams::default().fit(&grid);
        let cpu = cpu_seconds()? - started;
        let deal = deal_shares(&sales.iter().map(|s| Sale { segment: 0, ..*s }).collect::<Vec<_>>(), 0.05)?;
        let mut row = json!({
            "market": market,
            "truth": TRUTH.iter().find(|t| t.0 == *market).map(|t| t.1),
            "lines": grid.n_lines(),
            "products": grid.n_products(),
            "weeks": grid.n_weeks(),
            "known_share": grid.known_share(),
            "deal_share": deal.first().and_then(|d| d.lines.as_f64()),
            "cpu_s": cpu,
            "weeks_with_a_sale": with_sales_only(sales),
            "carried_forward": carried_forward(sales),
        });
        match &fit {
            Ok(fit) => {
                own.push((Some(Estimate { value: fit.elasticity(), se: fit.se() }), fit.n_lines()));
                row["estimate"] = json!(fit.elasticity());
                row["interval"] = json!([fit.elasticity() - fit.half_width(), fit.elasticity() + fit.half_width()]);
                row["stays"] = json!(fit.stays());
                row["rounds"] = json!(fit.rounds());
                if tiers.is_some() {
                    let by_tier = segments(sales, &grid, fit, 4, 300)?;
                    row["tiers"] = by_tier
                        .iter()
                        .map(|s| json!({"own": s.own.map(|e| [e.value, e.se]), "n": s.n, "shown": s.figure.as_f64()}))
                        .collect();
                }
            }
            Err(error) => {
                own.push((None, grid.n_lines()));
                row["error"] = json!(error.to_string());
            }
        }
        rows.push(row);
    }
    for (row, shown) in rows.iter_mut().zip(beside(&own)) {
        row["shown"] = json!(shown.figure.as_f64());
        row["shown_interval"] = json!(shown.figure.interval.map(|i| [i.low, i.high]));
    }
    let pairs = |key: &str| -> Vec<(f64, f64)> {
        rows.iter().filter_map(|r| Some((r["truth"].as_f64()?, r[key].as_f64()?))).collect()
    };
    let report = ["estimate", "shown", "weeks_with_a_sale", "carried_forward"].map(|key| {
        let pairs = pairs(key);
        let error = pairs.iter().map(|(t, e)| (t - e).abs()).sum::<f64>() / pairs.len() as f64;
        (key.to_owned(), json!({"spearman": spearman(&pairs), "kendall": kendall(&pairs), "mean_error": error}))
    });
    let report: Value = json!({"markets": rows, "order": report.into_iter().collect::<serde_json::Map<_, _>>()});
    use std::io::Write;
    Ok(writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?)
}

fn read_tiers(file: &str) -> Result<BTreeMap<String, u32>, Failure> {
    let mut rows = csv::Reader::from_path(file)?;
    let mut tiers = BTreeMap::new();
    for row in rows.records() {
        let row = row?;
        tiers.insert(row[0].to_owned(), row[1].parse()?);
    }
    Ok(tiers)
}

/// Product and week levels on the cells that have a sale, mean price paid: what most would do first.
fn with_sales_only(sales: &[Sale]) -> Option<f64> {
    let first = sales.iter().map(|s| s.day).min()?;
    let mut cells: BTreeMap<(u32, u32), (f64, f64)> = BTreeMap::new();
    for sale in sales {
        let cell = cells.entry((sale.product, (sale.day.since(first) / 7) as u32)).or_default();
        *cell = (cell.0 + 1.0, cell.1 + sale.paid.ln());
    }
    slope(cells.iter().map(|(&(p, w), &(n, sum))| (p, w, n, sum / n)).collect())
}

/// The same with the weeks without a sale, at the price last paid.
fn carried_forward(sales: &[Sale]) -> Option<f64> {
    let first = sales.iter().map(|s| s.day).min()?;
    let mut cells: BTreeMap<u32, BTreeMap<u32, (f64, f64)>> = BTreeMap::new();
    for sale in sales {
        let cell = cells.entry(sale.product).or_default().entry((sale.day.since(first) / 7) as u32).or_default();
        *cell = (cell.0 + 1.0, cell.1 + sale.paid.ln());
    }
    let mut rows = Vec::new();
    for (&product, weeks) in &cells {
        let (Some(from), Some(to)) = (weeks.keys().next(), weeks.keys().next_back()) else { continue };
        let mut last = 0.0;
        for week in *from..=*to {
            let n = weeks.get(&week).map_or(0.0, |c| {
                last = c.1 / c.0;
                c.0
            });
            rows.push((product, week, n, last));
        }
    }
    slope(rows)
}

fn slope(rows: Vec<(u32, u32, f64, f64)>) -> Option<f64> {
    let groups = |pick: fn(&(u32, u32, f64, f64)) -> u32| -> (Vec<u32>, usize) {
        let values: Vec<u32> = rows.iter().map(pick).collect();
        let n = values.iter().max().map_or(0, |m| *m as usize + 1);
        (values, n)
    };
    let ((first, n_first), (second, n_second)) = (groups(|r| r.0), groups(|r| r.1));
    let y: Vec<f64> = rows.iter().map(|r| r.2).collect();
    let x = Points::new(rows.iter().map(|r| r.3).collect(), 1).ok()?;
    let table = Counts { y: &y, weight: &[], x: &x, first: &first, second: &second, n_first, n_second };
    let params = PoissonEffectsParams { tolerance: 1e-8, max_sweeps: 300, ..PoissonEffectsParams::default() };
    Some(-params.fit(&table).ok()?.coefficients()[0])
}

fn ranks(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|v| {
            values.iter().filter(|o| *o < v).count() as f64 + values.iter().filter(|o| *o == v).count() as f64 / 2.0
        })
        .collect()
}

fn spearman(pairs: &[(f64, f64)]) -> f64 {
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (a, b) = (ranks(&a), ranks(&b));
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (ma, mb) = (mean(&a), mean(&b));
    let product =
        |x: &[f64], mx: f64, y: &[f64], my: f64| x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>();
    product(&a, ma, &b, mb) / (product(&a, ma, &a, ma) * product(&b, mb, &b, mb)).sqrt()
}

fn kendall(pairs: &[(f64, f64)]) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for (i, a) in pairs.iter().enumerate() {
        for b in &pairs[i + 1..] {
            sum += ((a.0 - b.0) * (a.1 - b.1)).signum();
            n += 1.0;
        }
    }
    sum / n
}

fn cpu_seconds() -> Result<f64, Failure> {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return Ok(0.0) };
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Result<Vec<f64>, _> = after_name.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / 100.0)
}
