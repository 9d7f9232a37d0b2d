//! `bench allocate`: a budget split over twenty channels in twenty markets, curves of every steepness, limits of every kind.
//!
//! The proof is part of the answer: the bound that the allocation comes with says what no split can exceed. That it equals brute
//! force where that can be counted through is tested beside the code (`decide`, `allocation`).

use crate::recommend::cpu_seconds;
use crate::report::{Better, Goal, Row};
use anyhow::{Result, ensure};
use clap::Args;
use decide::budget::{AllocateParams, Cell, Grid, Limits, Line, Response, Total};
use domain::{Currency, Money, Seed};
use serde_json::json;
use std::time::Instant;

/// `bench allocate`.
#[derive(Debug, Args)]
pub(crate) struct AllocateArgs {
    /// Channels.
    #[arg(long, default_value_t = 20)]
    channels: usize,
    /// Markets.
    #[arg(long, default_value_t = 20)]
    markets: usize,
    /// Budgets that are split, each with curves of its own.
    #[arg(long, default_value_t = 5)]
    seeds: u64,
}

/// Seconds for one of them, and what may be missing to the proven bound.
const WALL_S: f64 = 1.0;
const GAP: f64 = 1e-3;

pub(crate) fn run(args: &AllocateArgs) -> Result<Row> {
    ensure!(args.channels > 0 && args.markets > 0 && args.seeds > 0, "counts must be at least 1");
    let (mut slowest, mut widest, mut cpu) = (0.0_f64, 0.0_f64, 0.0);
    let (mut wrong, mut runs) = (Vec::new(), Vec::new());
    for seed in 1..=args.seeds {
        let grid = grid(args.channels, args.markets, seed);
        let (clock, before) = (Instant::now(), cpu_seconds());
        let found = AllocateParams::default().allocate(&grid)?;
        let (wall_s, cpu_s) = (clock.elapsed().as_secs_f64(), cpu_seconds() - before);
        let gap = found.gap();
        if !matches!(&grid.total, Total::Exactly(total) if *total == found.spent()) {
            wrong.push(format!("seed {seed}: {} spent", found.spent()));
        }
        slowest = slowest.max(wall_s);
        widest = widest.max(gap);
        cpu += cpu_s;
        runs.push(json!({ "seed": seed, "wall_s": wall_s, "cpu_s": cpu_s, "gap": gap, "back": found.back() }));
    }
    Ok(Row {
        task: "allocate a budget".into(),
        data: format!("{} channels × {} markets, {} grids of random curves", args.channels, args.markets, args.seeds),
        ours: format!("slowest {slowest:.3} s wall, mean {:.3} CPU s", cpu / args.seeds as f64),
        peer: "no peer".into(),
        ratio: "-".into(),
        quality: format!("at most {:.4} % below the proven bound, every cent placed", 100.0 * widest),
        goals: vec![
            Goal::new("slowest", slowest, Better::Lower, WALL_S, " s"),
            Goal::new("below the bound", widest, Better::Lower, GAP, ""),
        ],
        wrong,
        runs: json!(runs),
    })
}

fn grid(rows: usize, columns: usize, seed: u64) -> Grid {
    let mut rng = Seed(seed).stream(0);
    let cells = (0..rows * columns).map(|_| {
        let response = Response::Hill {
            coefficient: 20_000.0 * rng.uniform(),
            alpha: 0.5 + 2.5 * rng.uniform(),
            gamma: 0.2 + 0.8 * rng.uniform(),
            scale: 5_000.0 + 20_000.0 * rng.uniform(),
        };
        Some(Cell { response, limits: Limits { least: 0, most: Some(2_000_000) } })
    });
    let cells = cells.collect();
    let line = |kind: &str, at: usize, limits| Line { name: format!("{kind} {at}"), limits };
    Grid {
        rows: (0..rows).map(|r| line("channel", r, Limits::between(1_000_000, 12_000_000))).collect(),
        columns: (0..columns).map(|c| line("market", c, Limits::between(2_000_000, 15_000_000))).collect(),
        cells,
        total: Total::Exactly(Money { minor: 250_000 * (rows * columns) as i64, currency: Currency::new(*b"EUR") }),
    }
}
