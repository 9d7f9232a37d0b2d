//! How fast and how good lifetime value is, beside the Python package lifetimes on the same data.
//!
//! `cargo run --release -p audience --example value -- cdnow FILE REPEATS` reads the CDNOW sample (id in the whole file,
//! id in the sample, yyyymmdd, number, amount; packed or not) and fits and scores it again and again: BG/NBD and
//! Gamma-Gamma on 39 weeks, then expected purchases in the next 39, P(alive), expected spend and 12-month value. `million [THREADS]`
//! does the same once for 1,000,000 simulated shoppers, with days as time. `coverage [REPLICATIONS [SHOPPERS [FIRST]]]` says
//! how often intervals of pooled markets hold the truth at 5, 50 and 500 shoppers a market, or at one number of them;
//! FIRST lets several processes share the replications. `rates [REPLICATIONS]` is that for repeat rate and conversion alone, which need no
//! chains.
//! Prints one JSON object. Time is that of the processor, all threads together, and of the clock on the wall.
//! The peer reads the same file: `scripts/peers/lifetimes.py FILE REPEATS`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a person")]

mod coverage;
mod processor;

use audience::value::simulate::{history, ln_scale, spend};
use audience::value::{
    BgNbdParams, BuyDraw, Discount, GammaGammaParams, PurchaseModel, PurchaseTable, Purchases, Spend, SpendDraw,
    SpendTable,
};
use domain::{Day, Seed};
use processor::{Failure, cpu_seconds};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Instant;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default: usize| args.get(i).map_or(Ok(default), |text| text.parse());
    let threads = |n: usize| rayon::ThreadPoolBuilder::new().num_threads(n).build_global();
    let report = match args.first().map(String::as_str) {
        Some("cdnow") => {
            threads(1)?;
            cdnow(args.get(1).ok_or("give the file")?, number(2, 100)?)?
        }
        Some("million") => {
            threads(number(1, 2)?)?;
            million()?
        }
        Some("coverage") => coverage::coverage(number(1, 200)?, number(2, 0)?, number(3, 0)?)?,
        Some("rates") => coverage::rates(number(1, 300)?)?,
        _ => {
            return Err(
                "give cdnow FILE REPEATS, million [THREADS], rates [REPLICATIONS] or coverage [REPLICATIONS [SHOPPERS [FIRST]]]".into()
            );
        }
    };
    println!("{report:#}");
    Ok(())
}

struct Sample {
    purchases: Vec<Purchases>,
    spend: Vec<Spend>,
    later: Vec<f64>,
}

fn read(file: &str) -> Result<Sample, Failure> {
    let bytes = std::fs::read(file)?;
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
    } else {
        text = String::from_utf8(bytes)?;
    }
    let mut shoppers: BTreeMap<u32, BTreeMap<Day, f64>> = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let [_, id, day, _, amount] = cells[..] else { return Err(format!("five cells, not {line:?}").into()) };
        let date = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]);
        *shoppers.entry(id.parse()?).or_default().entry(date.parse()?).or_default() += amount.parse::<f64>()?;
    }
    let (end, last): (Day, Day) = ("1997-09-30".parse()?, "1998-06-30".parse()?);
    let mut sample = Sample { purchases: Vec::new(), spend: Vec::new(), later: Vec::new() };
    for days in shoppers.values() {
        let seen: Vec<(Day, f64)> = days.range(..=end).map(|(d, a)| (*d, *a)).collect();
        let (Some(first), Some(recent)) = (seen.first(), seen.last()) else { continue };
        let weeks = |to: Day| f64::from(to.since(first.0)) / 7.0;
        let repeats = seen.len() as u32 - 1;
        let total: f64 = seen[1..].iter().map(|s| s.1).sum();
        sample.purchases.push(Purchases::new(repeats, weeks(recent.0), weeks(end)));
        sample.spend.push(Spend { repeats, mean: if repeats > 0 { total / f64::from(repeats) } else { 0.0 } });
        sample.later.push(days.range(end.plus(1)..=last).count() as f64);
    }
    Ok(sample)
}

/// Expected purchases, discounted values, and the seven parameters.
type Values = (Vec<f64>, Vec<f64>, [f64; 7]);

/// Fits and scores; returns expected purchases in `weeks` and discounted values.
fn value(purchases: &[Purchases], spend: &[Spend], weeks: f64) -> Result<Values, Failure> {
    let table = PurchaseTable::new(purchases)?;
    let model = BgNbdParams::default().fit(&table)?;
    let amounts = GammaGammaParams::default().fit(&SpendTable::new(spend)?)?;
    let discount = Discount::default();
    let mut ends = discount.ends();
    ends.push(weeks);
    let scores = model.score(&table, &ends);
    let worth: Vec<f64> = scores.iter().map(|s| discount.purchases(&s.expected[..s.expected.len() - 1])).collect();
    let rows = table.row_of();
    let expected = rows.iter().map(|&r| scores[r as usize].expected[ends.len() - 1]).collect();
    let each = |(&r, s): (&u32, &Spend)| amounts.expected_spend(s).unwrap_or(f64::NAN) * worth[r as usize];
    let clv = rows.iter().zip(spend).map(each).collect();
    let (a, b) = model.drop_out().unwrap_or((0.0, f64::INFINITY));
    let parameters = [model.r(), model.alpha(), a, b, amounts.p(), amounts.q(), amounts.v()];
    Ok((expected, clv, parameters))
}

fn cdnow(file: &str, repeats: usize) -> Result<serde_json::Value, Failure> {
    let sample = read(file)?;
    let (cpu, wall) = (cpu_seconds()?, Instant::now());
    let mut last = None;
    for _ in 0..repeats {
        last = Some(value(&sample.purchases, &sample.spend, 39.0)?);
    }
    let (cpu, wall) = (cpu_seconds()? - cpu, wall.elapsed().as_secs_f64());
    let (expected, clv, parameters) = last.ok_or("at least one repeat")?;
    let n = expected.len() as f64;
    let mae = expected.iter().zip(&sample.later).map(|(e, a)| (e - a).abs()).sum::<f64>() / n;
    Ok(json!({
        "task": "cdnow", "repeats": repeats, "shoppers": n, "cpu_s": cpu, "wall_s": wall,
        "holdout_mae": mae, "holdout_expected": expected.iter().sum::<f64>(),
        "holdout_actual": sample.later.iter().sum::<f64>(), "mean_clv": clv.iter().sum::<f64>() / n,
        "r_alpha_a_b_p_q_v": parameters,
    }))
}

fn million() -> Result<serde_json::Value, Failure> {
    let (buy, draw) =
        (BuyDraw { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 }, SpendDraw { p: 6.25, q: 3.74, v: 15.44 });
    let one = |i: u64| {
        let mut rng = Seed(7).stream(i);
        // A year of first purchases, looked at by the day.
        let age = rng.below(365) as f64 / 7.0;
        let seen = history(&buy, age, &mut rng);
        let scale = ln_scale(&draw, &mut rng);
        let recency = (seen.recency * 7.0).floor() / 7.0;
        (Purchases { recency, ..seen }, spend(&draw, scale, seen.repeats, &mut rng))
    };
    let (purchases, spend): (Vec<Purchases>, Vec<Spend>) = (0..1_000_000).map(one).unzip();
    let rows = PurchaseTable::new(&purchases)?.n_rows();
    let (cpu, wall) = (cpu_seconds()?, Instant::now());
    let (expected, clv, parameters) = value(&purchases, &spend, 13.0)?;
    let (cpu, wall) = (cpu_seconds()? - cpu, wall.elapsed().as_secs_f64());
    Ok(json!({
        "task": "million", "shoppers": purchases.len(), "distinct_rows": rows, "threads": rayon::current_num_threads(),
        "cpu_s": cpu, "wall_s": wall, "expected_13_weeks": expected.iter().sum::<f64>(),
        "mean_clv": clv.iter().sum::<f64>() / clv.len() as f64,
        "planted": [buy.r, buy.alpha, buy.a, buy.b, draw.p, draw.q, draw.v], "r_alpha_a_b_p_q_v": parameters,
    }))
}
