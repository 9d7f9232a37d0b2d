//! How fast elasticities are, and how many of a wholesaler's products may be read as an answer to price at all.
//!
//! `cargo run --release -p decide --example elasticity FILE`, where FILE is `online_retail.csv.gz` of the UCI set "Online
//! Retail"; the 200 products with most lines, 2010-12-01 to 2011-12-09. One thread. Beside it runs
//! `scripts/peers/statsmodels_elasticity.py FILE`. Prints one JSON object.

#![allow(clippy::print_stdout, reason = "a tool for developers")]

use decide::price::elasticity::{Basis, ElasticityParams};
use decide::price::identify::Doubt;
use decide::price::panel::{Panel, Sale};
use decide::price::regression::{Table, poisson};
use domain::Day;
use learn::Points;
use learn::linear_effects::Groups;
use std::collections::BTreeMap;

type Failure = Box<dyn std::error::Error>;
/// Day, units, price of one.
type Line = (Day, f64, f64);

const SERVICES: [&str; 11] = ["POST", "D", "M", "DOT", "C2", "BANK CHARGES", "PADS", "AMAZONFEE", "CRUK", "B", "S"];

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).ok_or("give FILE")?;
    let sales = best_sellers(&path, 200)?;
    let panels = Panel::lay_out(&sales)?;
    let clock = cpu()?;
    let (pooled, se) = pooled(&panels)?;
    let pooled_s = cpu()? - clock;
    let clock = cpu()?;
    let mut fitted = 0;
    for panel in panels.iter().filter(|p| p.weeks.len() >= 20) {
        fitted += usize::from(self::pooled(std::slice::from_ref(panel)).is_ok());
    }
    let per_product_s = cpu()? - clock;
    let clock = cpu()?;
    let all = ElasticityParams::default().estimate(&sales)?;
    let with_checks_s = cpu()? - clock;
    let mut doubts: BTreeMap<&str, usize> = BTreeMap::new();
    for doubt in all.products.iter().flat_map(|p| &p.own.doubts) {
        let name = match doubt {
            Doubt::FewWeeks { .. } => "few weeks",
            Doubt::SeldomSold { .. } => "seldom sold",
            Doubt::Still { .. } => "price hardly moves",
            Doubt::WithSeason { .. } => "with the season",
            Doubt::WithPromotion { .. } => "with promotions",
            Doubt::OrderSize { .. } => "order size",
            Doubt::SeveralPrices { .. } => "several prices in a week",
            Doubt::CountedDifferently { .. } => "units and lines differ",
            Doubt::NotLasting { .. } => "halves differ",
            Doubt::NoFit => "no fit",
        };
        *doubts.entry(name).or_default() += 1;
    }
    let refused = all.products.iter().filter(|p| p.basis == Basis::Refused).count();
    println!(
        "{}",
        serde_json::json!({
            "products": panels.len(), "weeks": panels.iter().map(|p| p.weeks.len()).sum::<usize>(),
            "pooled": pooled, "pooled_se": se, "pooled_cpu_s": pooled_s,
            "per_product_fitted": fitted, "per_product_cpu_s": per_product_s,
            "all_checks_cpu_s": with_checks_s, "refused": refused, "doubts": doubts,
        })
    );
    Ok(())
}

/// The elasticity of all panels together and its clustered standard error.
fn pooled(panels: &[Panel]) -> Result<(f64, f64), Failure> {
    let weeks: Vec<_> =
        panels.iter().enumerate().flat_map(|(i, p)| p.weeks.iter().map(move |w| (i as u32, w))).collect();
    let mut months: BTreeMap<(i32, u32), u32> = BTreeMap::new();
    let month: Vec<u32> = weeks
        .iter()
        .map(|(_, w)| {
            let next = months.len() as u32;
            *months.entry(w.monday.year_month()).or_insert(next)
        })
        .collect();
    let product: Vec<u32> = weeks.iter().map(|w| w.0).collect();
    let demand: Vec<f64> = weeks.iter().map(|w| w.1.units).collect();
    let columns = Points::new(weeks.iter().map(|w| w.1.mean_price.ln()).collect(), 1)?;
    let product = Groups { of: &product, n: panels.len() };
    let month = Groups { of: &month, n: months.len() };
    let fit = poisson(&Table { demand: &demand, columns: &columns, product, month })?;
    Ok((fit.coefficients[0], fit.se_clustered[0]))
}

fn best_sellers(path: &str, n: usize) -> Result<Vec<Sale>, Failure> {
    let mut csv = csv::Reader::from_reader(flate2::read::GzDecoder::new(std::fs::File::open(path)?));
    let mut lines: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for record in csv.records() {
        let record = record?;
        let (units, price): (f64, f64) = (record[3].parse()?, record[5].parse()?);
        let item = record[1].to_uppercase();
        let day: Day = record[4][..10].parse()?;
        let inside = day >= "2010-12-01".parse()? && day < "2011-12-10".parse()?;
        let clean = !record[0].starts_with('C') && units > 0.0 && price > 0.0 && !record[6].is_empty();
        if inside && clean && !SERVICES.contains(&item.as_str()) {
            lines.entry(item).or_default().push((day, units, price));
        }
    }
    let mut order: Vec<(&String, &Vec<Line>)> = lines.iter().collect();
    order.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(b.0)));
    let sales = order.iter().take(n).enumerate().flat_map(|(product, (_, lines))| {
        lines.iter().map(move |(day, units, price)| Sale {
            product: product as u32,
            market: 0,
            day: *day,
            units: *units,
            price: *price,
            promoted: 0.0,
        })
    });
    Ok(sales.collect())
}

/// CPU seconds of this process.
fn cpu() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    Ok(text.split_whitespace().next().ok_or("no time")?.parse::<f64>()? / 1e9)
}
