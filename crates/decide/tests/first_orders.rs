//! What a market sells of products that only another one was seen to sell, on the purchases of five real markets (optional data): each
//! product is foreseen from the others.

use decide::stock::analogy::analogy;
use std::collections::BTreeMap;
use testkit::shared::shared_data;

const MARKETS: [&str; 5] = ["ca", "uk", "fr", "de", "mx"];
/// Share of products that a forecast of this kind should leave below it; 80 % is about what a first order aims at.
const AIM: f64 = 0.8;
/// The standard normal's 80 % point.
const Z: f64 = 0.841_621_233_572_914_3;
const FOLDS: usize = 10;

fn sold(market: &str) -> Option<BTreeMap<String, f64>> {
    let file = std::fs::File::open(shared_data(&format!("xmarket_electronics/{market}_5core.txt.gz"))?).unwrap();
    let text = std::io::read_to_string(flate2::read::GzDecoder::new(file)).unwrap();
    let mut units: BTreeMap<String, f64> = BTreeMap::new();
    for line in text.lines().skip(1) {
        *units.entry(line.split(' ').nth(1).unwrap().to_owned()).or_default() += 1.0;
    }
    Some(units)
}

/// What one of so many units here costs where `at` were foreseen: too few `AIM` each, too many the rest.
fn lost(units: f64, at: f64) -> f64 {
    if units > at { AIM * (units - at) } else { (1.0 - AIM) * (at - units) }
}

#[test]
fn a_line_through_what_both_markets_sell_foresees_better_than_one_ratio_for_all() {
    let Some(all) = MARKETS.iter().map(|market| sold(market)).collect::<Option<Vec<_>>>() else { return };
    let (mut n, mut below, mut line, mut ratio) = (0.0, 0.0, 0.0, 0.0);
    for (here, there) in all.iter().flat_map(|here| all.iter().map(move |there| (here, there))) {
        if std::ptr::eq(here, there) {
            continue;
        }
        let both: Vec<(f64, f64)> =
            here.iter().filter_map(|(product, units)| Some((*units, *there.get(product)?))).collect();
        for fold in 0..FOLDS {
            let is_asked = |at: usize| at % FOLDS == fold;
            let seen: Vec<(f64, f64)> = (0..both.len()).filter(|at| !is_asked(*at)).map(|at| both[at]).collect();
            let known = analogy(&seen).unwrap();
            let mut logs: Vec<f64> = seen.iter().map(|(here, there)| (here / there).ln()).collect();
            logs.sort_unstable_by(f64::total_cmp);
            let middle = logs[logs.len() / 2];
            for (units, there) in (0..both.len()).filter(|at| is_asked(*at)).map(|at| both[at]) {
                let at = known.median(there) * (Z * known.spread).exp();
                n += 1.0;
                below += f64::from(u8::from(units <= at));
                line += lost(units, at);
                ratio += lost(units, there * (middle + Z * known.scatter).exp());
            }
        }
    }
    assert!((0.78..=0.83).contains(&(below / n)), "{:.3} of {n} lie below the 80 % point", below / n);
    assert!(line < 0.75 * ratio, "{:.2} a product, one ratio for all {:.2}", line / n, ratio / n);
}
