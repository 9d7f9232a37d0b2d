//! How fast the loss of implicit ALS falls: CPU seconds and loss after each number of sweeps.
//!
//! ```sh
//! cargo run --release -p recommend --example ials_speed -- <folder of train.txt.gz> <factors> <alpha> <reg> <solver>
//! ```
//!
//! `solver` is `exact`, `cg2` (steps) or `blocks16` (size). A line a shopper, `shopper item item …`, is
//! read from `train.txt.gz` and, if it is there, `valid.txt.gz`. `scripts/ials-vs-implicit.py` runs it
//! beside the library `implicit` and compares at equal loss.

#![allow(clippy::print_stdout, reason = "an example prints")]

use domain::{Interactions, ItemIdx, Market, Seed, ShopperIdx};
use flate2::read::GzDecoder;
use learn::Panels;
use recommend::{IalsFactors, IalsParams, RowSolver};
use std::io::{BufRead, BufReader};

fn load(folder: &str) -> Interactions {
    let mut rows = Vec::new();
    for name in ["train.txt.gz", "valid.txt.gz"] {
        let Ok(file) = std::fs::File::open(format!("{folder}/{name}")) else { continue };
        for line in BufReader::new(GzDecoder::new(file)).lines() {
            let line = line.expect("a line of text");
            let mut numbers = line.split_whitespace().map(|n| n.parse::<u32>().expect("a number"));
            let Some(shopper) = numbers.next() else { continue };
            rows.extend(numbers.map(|item| (shopper, item)));
        }
    }
    let n_items = rows.iter().map(|r| r.1 as usize + 1).max().unwrap_or(0);
    let n_shoppers = rows.iter().map(|r| r.0 as usize + 1).max().unwrap_or(0);
    let cell = |(s, i): (u32, u32)| domain::Interaction {
        shopper: ShopperIdx(s),
        item: ItemIdx(i),
        kind: domain::Kind::Purchase,
        day: domain::Day(0),
        weight: 1.0,
    };
    let cells = rows.into_iter().map(cell).collect();
    let all = Interactions::new(n_items, vec![Market::UNKNOWN; n_shoppers], cells).expect("numbers from 0");
    all.distinct()
}

/// User and system time of this process, in seconds.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |at: usize| after.split_whitespace().nth(at).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// `Σ c (p − x·y)² + reg (Σ|x|² + Σ|y|²)` over all pairs, by `Σ_all (x·y)² = tr(XᵀX YᵀY)`.
fn loss(train: &Interactions, both: &IalsFactors, p: &IalsParams) -> f64 {
    let f = p.n_factors;
    let gram = |v: &[f32]| {
        let mut g = vec![0.0_f64; f * f];
        for y in v.chunks(f) {
            for i in 0..f {
                for j in 0..f {
                    g[i * f + j] += f64::from(y[i]) * f64::from(y[j]);
                }
            }
        }
        g
    };
    let (gx, gy) = (gram(&both.shoppers), gram(&both.items));
    let mut total: f64 = gx.iter().zip(&gy).map(|(a, b)| a * b).sum();
    total += f64::from(p.reg) * (0..f).map(|i| gx[i * f + i] + gy[i * f + i]).sum::<f64>();
    for cell in train.iter() {
        let (x, y) = (&both.shoppers[cell.shopper.at() * f..][..f], &both.items[cell.item.at() * f..][..f]);
        let s: f64 = x.iter().zip(y).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        total += (1.0 + f64::from(p.alpha)) * (1.0 - s).powi(2) - s * s;
    }
    total
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let number = |at: usize| args[at].parse::<f32>().expect("a number");
    let train = load(&args[1]);
    let effort = |from: usize| args[5][from..].parse().expect("a number");
    let solver = match &args[5] {
        s if s.starts_with("cg") => RowSolver::ConjugateGradient { n_steps: effort(2) },
        s if s.starts_with("blocks") => RowSolver::Blocks { size: effort(6) },
        _ => RowSolver::Exact,
    };
    let params = IalsParams {
        n_factors: args[2].parse().expect("a number"),
        n_sweeps: 1,
        alpha: number(3),
        reg: number(4),
        solver,
    };
    let mut both = None;
    for n_sweeps in [1, 2, 3, 4, 5, 6, 8, 10, 12, 15] {
        let params = IalsParams { n_sweeps, ..params };
        let start = cpu_seconds();
        let fitted = params.factors(&train, Seed(1)).expect("a fit");
        println!("sweeps {n_sweeps} cpu {:.2} loss {:.1}", cpu_seconds() - start, loss(&train, &fitted, &params));
        both = Some(fitted);
    }
    let both = both.expect("a fit");
    let seen: Vec<Vec<u32>> = (0..train.n_shoppers())
        .map(|s| {
            let mut row: Vec<u32> = train.row(ShopperIdx(s as u32)).iter().map(|i| i.0).collect();
            row.sort_unstable();
            row
        })
        .collect();
    let start = cpu_seconds();
    let top = Panels::pack(&both.items, params.n_factors).top(&both.shoppers, 100, |s| &seen[s]);
    println!("top100 cpu {:.2} rows {}", cpu_seconds() - start, top.len());
}
