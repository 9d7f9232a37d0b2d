//! How good and how fast weekly demand is forecast.
//!
//! `cargo run --release -p decide --example demand FILE HORIZON ORIGINS SKIP`, where FILE is
//! `Sales_Transactions_Dataset_Weekly.csv.gz` (UCI, 811 products of 52 weeks): the last SKIP weeks are cut off (the last
//! four differ from all before), then HORIZON weeks are kept back and read for the measures only. `demand many N ORIGINS`
//! makes N series of 130 weeks with season, promotions and weeks out of stock instead. Mean absolute error by mean demand (WAPE) over
//! all series, beside the seasonal naive and the last four weeks' mean; coverage of the 80 % intervals; how often the excess of
//! a stock warning was left; CPU seconds of all threads. Prints one JSON object a row.

#![allow(clippy::print_stdout, reason = "a tool for developers")]

use decide::demand::forecast::{Ahead, DemandParams, Effort, Way};
use decide::demand::weeks::DemandSeries;
use decide::stock::warnings::{Position, WarningParams, warnings};
use domain::{Currency, Day, Money, Seed};
use std::collections::BTreeMap;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "many", n, origins] => {
            let (panel, truth, planned) = made(n.parse()?, 13);
            for effort in [Effort::Light, Effort::Full] {
                measure("made", effort, &panel, &truth, (13, origins.parse()?), &planned)?;
            }
            Ok(())
        }
        [_, file, horizon, origins, skip] => {
            let (horizon, origins): (usize, usize) = (horizon.parse()?, origins.parse()?);
            let (panel, truth) = read(file, horizon, skip.parse()?)?;
            for effort in [Effort::Light, Effort::Full] {
                measure("uci_weekly", effort, &panel, &truth, (horizon, origins), &BTreeMap::new())?;
            }
            Ok(())
        }
        _ => Err("give FILE HORIZON ORIGINS SKIP, or many N ORIGINS".into()),
    }
}

fn measure(
    name: &str,
    effort: Effort,
    panel: &[DemandSeries],
    truth: &[Vec<f64>],
    (horizon, n_origins): (usize, usize),
    planned: &BTreeMap<u32, Vec<(f64, f64)>>,
) -> Result<(), Failure> {
    let params = DemandParams { horizon, n_origins, effort, ..DemandParams::default() };
    let ahead = Ahead { calendar: BTreeMap::new(), planned: planned.clone() };
    let clock = cpu()?;
    let got = params.forecast(panel, &ahead, Seed(1))?;
    let spent = cpu()? - clock;
    let (mut ours, mut naive, mut recent, mut all) = (0.0, 0.0, 0.0, 0.0);
    let (mut covered, mut total, mut n) = (0, 0, 0);
    let (mut excess, mut left) = (0_u32, 0_u32);
    let mut ways: BTreeMap<Way, usize> = BTreeMap::new();
    for ((one, series), truth) in got.iter().zip(panel).zip(truth) {
        *ways.entry(one.way).or_default() += 1;
        let known: Vec<f64> = series.units.iter().copied().filter(|u| u.is_finite()).collect();
        let last = known[known.len().saturating_sub(4)..].iter().sum::<f64>() / known.len().clamp(1, 4) as f64;
        for (h, y) in truth.iter().enumerate() {
            let year = series.units.len().checked_sub(52).map(|s| series.units[s + h % 52]).filter(|u| u.is_finite());
            ours += (one.mean[h] - y).abs();
            naive += (year.unwrap_or(last) - y).abs();
            recent += (last - y).abs();
            all += y;
            covered += u32::from(one.bands[0].low[h] <= *y && *y <= one.bands[0].high[h]);
            n += 1;
        }
        let sum: f64 = truth.iter().sum();
        // Twice the expected sum on hand: what is called excess with a chance of 80 % should be left as often.
        let position = Position {
            on_hand: (2.0 * one.total.0) as u64,
            arriving: vec![],
            mean: one.mean.clone(),
            deviation: one.deviation.clone(),
            lead_weeks: 0,
            unit_cost: Money { minor: 100, currency: Currency::new(*b"EUR") },
        };
        if let Some(up) = warnings(&position, &WarningParams { horizon, ..WarningParams::default() })?.piles_up {
            excess += 1;
            left += u32::from(position.on_hand as f64 - sum >= up.excess as f64);
        }
        total += u32::from(one.total.1[0].0 <= sum && sum <= one.total.1[0].1);
    }
    let ways: Vec<String> = ways.iter().map(|(w, n)| format!("{w:?} {n}")).collect();
    println!(
        "{}",
        serde_json::json!({
            "data": name, "effort": format!("{effort:?}"), "series": panel.len(), "horizon": horizon, "origins": n_origins,
            "wape": ours / all, "seasonal_naive": naive / all, "last_four": recent / all,
            "covered_80": f64::from(covered) / f64::from(n), "total_covered_80": f64::from(total) / panel.len() as f64,
            "excess_called": excess, "excess_left": f64::from(left) / f64::from(excess.max(1)),
            "ways": ways, "cpu_s": spent,
        })
    );
    Ok(())
}

fn read(file: &str, horizon: usize, skip: usize) -> Result<(Vec<DemandSeries>, Vec<Vec<f64>>), Failure> {
    let mut csv = csv::Reader::from_reader(flate2::read::GzDecoder::new(std::fs::File::open(file)?));
    let (mut panel, mut truth) = (Vec::new(), Vec::new());
    for (i, record) in csv.records().enumerate() {
        let record = record?;
        let mut units: Vec<f64> = (1..=52 - skip).map(|w| record[w].parse()).collect::<Result<_, _>>()?;
        let future = units.split_off(52 - skip - horizon);
        panel.push(series(i as u32, units, vec![0.0; 52 - skip - horizon]));
        truth.push(future);
    }
    Ok((panel, truth))
}

fn series(number: u32, units: Vec<f64>, promoted: Vec<f64>) -> DemandSeries {
    let n_masked = units.iter().filter(|u| !u.is_finite()).count();
    DemandSeries { series: number, first: Day(18_995), price: vec![0.0; units.len()], promoted, units, n_masked }
}

type Made = (Vec<DemandSeries>, Vec<Vec<f64>>, BTreeMap<u32, Vec<(f64, f64)>>);

/// Level, wave, promotions that raise demand by half, Poisson noise, one week in thirty out of stock.
fn made(n: u32, horizon: usize) -> Made {
    let (mut panel, mut truth, mut planned) = (Vec::new(), Vec::new(), BTreeMap::new());
    for i in 0..n {
        let mut rng = Seed(23).stream(u64::from(i));
        let (level, swing) = (3.0 + 80.0 * rng.uniform() * rng.uniform(), 0.5 * rng.uniform());
        let (mut units, mut promoted) = (Vec::new(), Vec::new());
        for t in 0..130 + horizon {
            let on = f64::from(u8::from(rng.uniform() < 0.12));
            let season = 1.0 + swing * (t as f64 / 52.0 * std::f64::consts::TAU).sin();
            let noise = (0.1 * rng.normal()).exp();
            let seen = rng.poisson(level * season * (1.0 + 0.5 * on) * noise) as f64;
            units.push(if t < 130 && rng.uniform() < 1.0 / 30.0 { f64::NAN } else { seen });
            promoted.push(on);
        }
        truth.push(units.split_off(130));
        planned.insert(i, promoted.split_off(130).into_iter().map(|p| (0.0, p)).collect());
        panel.push(series(i, units, promoted));
    }
    (panel, truth, planned)
}

/// CPU seconds of this process, all threads together.
fn cpu() -> Result<f64, Failure> {
    let mut all = 0.0;
    for entry in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(entry?.path().join("schedstat"))?;
        all += text.split_whitespace().next().ok_or("no time")?.parse::<f64>()?;
    }
    Ok(all / 1e9)
}
