//! Time and memory to fit each linear, neighbourhood and graph model, for growing simulated data.
//!
//! ```sh
//! cargo run --release -p recommend --example fit_speed -- 10000 100000 1000000
//! ```
//!
//! The arguments are numbers of interactions. Shoppers have 10 on average, items are a hundredth of the
//! interactions (at most 20,000), drawn by Zipf's law of power 0.8 within ten tastes. Printed are wall and
//! processor seconds to fit (on a busy machine only the second says something; of all threads, in steps of
//! 0.01 s), the most memory that the process held during the fit, data included, and the time to score
//! one history of 10 items over the whole catalogue. Memory and processor time come from `/proc`, so on
//! Linux only.

#![allow(clippy::print_stdout, reason = "a program for a person")]

use domain::{Day, History, Interaction, Interactions, ItemIdx, Kind, Market, Seed, ShopperIdx};
use recommend::{EaseForm, ItemKnnParams, ModelKind, Similarity};
use std::time::Instant;

/// Shoppers × items with about `n` cells.
fn simulated(n: usize) -> Interactions {
    let (n_shoppers, n_items) = ((n / 10).max(1), (n / 100).clamp(100, 20_000));
    // Inverse of the summed law, by a table of 4,096 steps.
    let weights: Vec<f64> = (1..=n_items).map(|rank| (rank as f64).powf(-0.8)).collect();
    let total: f64 = weights.iter().sum();
    let mut summed = 0.0;
    let cumulated: Vec<f64> = weights
        .iter()
        .map(|w| {
            summed += w / total;
            summed
        })
        .collect();
    let row = |s: usize| {
        let mut rng = Seed(11).stream(s as u64);
        let (taste, length) = (rng.below(10), 1 + rng.poisson(9.0));
        let mut items: Vec<u32> = (0..length)
            .map(|_| {
                let drawn = rng.uniform();
                let rank = cumulated.partition_point(|c| *c < drawn).min(n_items - 1);
                // Two of three are of the own taste: the nearest item whose number says so.
                let of_taste = if rng.below(3) > 0 { rank - rank % 10 + taste } else { rank };
                of_taste.min(n_items - 1) as u32
            })
            .collect();
        items.sort_unstable();
        items.dedup();
        items
    };
    let cell = |s: usize, item: u32| Interaction {
        shopper: ShopperIdx(s as u32),
        item: ItemIdx(item),
        kind: Kind::Purchase,
        day: Day(0),
        weight: 1.0,
    };
    let rows = (0..n_shoppers).flat_map(|s| row(s).into_iter().map(move |item| cell(s, item))).collect();
    Interactions::new(n_items, vec![Market::UNKNOWN; n_shoppers], rows).expect("items and shoppers within the matrix")
}

/// Seconds that the process has used of all processors; `None` where the system does not say.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which is in parentheses: user and system time are the 12th and 13th word, in
    // hundredths of a second.
    let words: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
    Some((words.get(11)?.parse::<f64>().ok()? + words.get(12)?.parse::<f64>().ok()?) / 100.0)
}

/// Starts the measure of [`peak_mb`] anew.
fn forget_peak() {
    // Where that is refused, peaks are those since the start, which is what is printed then.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Most memory that the process held, in MB; `None` where the system does not say.
fn peak_mb() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? / 1024)
}

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    println!(
        "{:>10} {:>7} {:<14} {:>9} {:>9} {:>8} {:>9}",
        "cells", "items", "model", "fit s", "CPU s", "peak MB", "score ms"
    );
    for n in sizes {
        let train = simulated(n);
        let history: Vec<ItemIdx> = (0..10).map(|i| ItemIdx(i * 7 % train.n_items() as u32)).collect();
        let catalogue: Vec<ItemIdx> = (0..train.n_items() as u32).map(ItemIdx).collect();
        let all = ItemKnnParams { similarity: Similarity::Jaccard, k: ItemKnnParams::ALL, shrinkage: 0.0 };
        // Dense EASE last, and only where it takes less than a minute.
        let (dense, mut kinds): (Vec<_>, Vec<_>) = ModelKind::all(Market::UNKNOWN)
            .into_iter()
            .partition(|kind| matches!(kind, ModelKind::Ease(p) if p.form == EaseForm::Dense));
        kinds.push(ModelKind::ItemKnn(all));
        kinds.extend(dense.into_iter().filter(|_| train.n_items() <= 10_000));
        for kind in kinds {
            forget_peak();
            let (started, used) = (Instant::now(), processor_seconds());
            let model = match kind.fit(&train, Seed(1)) {
                Ok(model) => model,
                Err(error) => {
                    println!("{:>10} {:>7} {:<14} {error}", train.len(), train.n_items(), kind.name());
                    continue;
                }
            };
            let fitted = started.elapsed().as_secs_f64();
            let used = used.zip(processor_seconds()).map_or("?".to_owned(), |(a, b)| format!("{:.2}", b - a));
            let peak = peak_mb().map_or("?".to_owned(), |mb| mb.to_string());
            let started = Instant::now();
            let said = model.score(History::of(&history), &catalogue).iter().flatten().count();
            let scored = started.elapsed().as_secs_f64() * 1e3;
            let name = if kind == ModelKind::ItemKnn(all) { "item-knn (all)" } else { kind.name() };
            println!(
                "{:>10} {:>7} {name:<14} {fitted:>9.2} {used:>9} {peak:>8} {scored:>9.2}  {said} scored",
                train.len(),
                train.n_items()
            );
        }
    }
}
