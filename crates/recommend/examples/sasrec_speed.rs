//! CPU and wall milliseconds of a training step of SASRec, at two sizes of the catalogue:
//! `cargo run --release -p recommend --example sasrec_speed [STEPS]`.
//!
//! Batch 128, length 50, width 64, 2 blocks, 2 heads, layer of 256, 512 shared negatives: the shape at which other
//! engines were measured (see docs/benchmarks.md). Sequences are drawn at random, all of full length.

#![allow(clippy::print_stdout, reason = "a program for a person")]

use domain::{Day, Interaction, Interactions, ItemIdx, Kind, Market, Seed, ShopperIdx};
use learn::net::Flow;
use recommend::{ItemLoss, NextItemParams, SasRecParams};
use std::time::Instant;

fn cpu_seconds() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let of_thread = |thread: std::fs::DirEntry| -> Option<u64> {
        std::fs::read_to_string(thread.path().join("schedstat")).ok()?.split_whitespace().next()?.parse().ok()
    };
    threads.flatten().filter_map(of_thread).sum::<u64>() as f64 * 1e-9
}

fn main() {
    let steps: usize = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(30);
    for n_items in [20_000_u32, 500_000] {
        let n_shoppers = 128 * 8;
        let mut rng = Seed(1).stream(0);
        let mut rows = Vec::new();
        for s in 0..n_shoppers {
            rows.extend((0..51).map(|day| Interaction {
                shopper: ShopperIdx(s),
                item: ItemIdx(rng.below(n_items as usize) as u32),
                kind: Kind::Purchase,
                day: Day(day),
                weight: 1.0,
            }));
        }
        let train = Interactions::new(n_items as usize, vec![Market::UNKNOWN; n_shoppers as usize], rows)
            .expect("items of the catalogue");
        let common = NextItemParams {
            loss: ItemLoss::Sampled { n_negatives: 512 },
            n_epochs: steps.div_ceil(8) + 1,
            patience: 0,
            ..NextItemParams::default()
        };
        let (mut seen, mut times) = (Instant::now(), Vec::new());
        let mut cpu = cpu_seconds();
        let mut watch = |_| {
            let now = cpu_seconds();
            times.push((seen.elapsed().as_secs_f64() * 1e3, (now - cpu) * 1e3));
            cpu = now;
            seen = Instant::now();
            if times.len() > steps { Flow::Pause } else { Flow::Continue }
        };
        SasRecParams { common, ..SasRecParams::default() }
            .fit_watched(&train, Seed(1), &mut watch)
            .expect("parameters in their range");
        let median = |of: fn(&(f64, f64)) -> f64| {
            let mut sorted: Vec<f64> = times[3..].iter().map(of).collect();
            sorted.sort_by(f64::total_cmp);
            sorted[sorted.len() / 2]
        };
        println!("{n_items} items: {:.1} ms wall, {:.1} ms CPU a step (medians)", median(|t| t.0), median(|t| t.1));
    }
}
