//! Chooses parameters of the models of order on validation items:
//! `cargo run --release -p protocols --example next_item DATA_DIR TASK [KEY=VALUE ...]`.
//!
//! Keys: `model` (sasrec, gru4rec), `width`, `len`, `drop`, `epochs`, `patience`, `batch`, `rate`, `blocks`, `heads`,
//! `hidden`, `negatives` (0: all items), `seed`, and `ask` (`valid`, or `test` once everything is chosen). Prints the
//! epochs with their loss and metric, then NDCG@10 and the share of hits.

#![allow(clippy::print_stdout, reason = "a program for a person")]

use domain::{Fit, History, Seed};
use eval::Case;
use learn::net::{Flow, Progress};
use protocols::{TASKS, Tuning};
use recommend::{Factors, Gru4RecParams, ItemLoss, NextItemParams, Owned, SasRecParams, best_for_all};
use std::collections::BTreeMap;

fn cpu_seconds() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let of_thread = |thread: std::fs::DirEntry| -> Option<u64> {
        std::fs::read_to_string(thread.path().join("schedstat")).ok()?.split_whitespace().next()?.parse().ok()
    };
    threads.flatten().filter_map(of_thread).sum::<u64>() as f64 * 1e-9
}

fn report(model: &impl Factors, cases: &[Case]) {
    let histories: Vec<History<'_>> = cases.iter().map(|c| History::of(&c.history)).collect();
    let lists = best_for_all(model, &histories, 10, Owned::Exclude);
    let place =
        |(list, case): (&Vec<(domain::ItemIdx, f32)>, &Case)| list.iter().position(|(i, _)| *i == case.relevant[0]);
    let places: Vec<Option<usize>> = lists.iter().zip(cases).map(place).collect();
    let n = places.len() as f64;
    let ndcg: f64 = places.iter().flatten().map(|p| 1.0 / (*p as f64 + 2.0).log2()).sum();
    println!("NDCG@10 {:.4}  HR@10 {:.4}  ({n} questions)", ndcg / n, places.iter().flatten().count() as f64 / n);
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let set: BTreeMap<&str, &str> = args.iter().skip(2).filter_map(|a| a.split_once('=')).collect();
    let number = |key: &str, default: f64| set.get(key).map_or(default, |v| v.parse().expect("a number"));
    let size = |key: &str, default: usize| number(key, default as f64) as usize;
    let entry = TASKS.iter().find(|t| t.name == args[1]).expect("a task");
    let task = entry.load(args[0].as_ref()).expect("the task's data").remove(0);
    let train = task.train(&[]).expect("rows");
    let defaults = NextItemParams::default();
    let common = NextItemParams {
        width: size("width", defaults.width),
        max_len: size("len", defaults.max_len),
        dropout: number("drop", 0.5) as f32,
        loss: match size("negatives", 0) {
            0 => ItemLoss::Full,
            n_negatives => ItemLoss::Sampled { n_negatives },
        },
        n_epochs: size("epochs", defaults.n_epochs),
        patience: size("patience", defaults.patience),
        batch: size("batch", defaults.batch),
        rate: number("rate", 1e-3) as f32,
    };
    let mut watch = |p: Progress| {
        if p.step == 0 {
            let metric = p.metric.unwrap_or(f64::NAN);
            println!("epoch {} loss {:.4} aside {metric:.4} CPU {:.0} s", p.epoch, p.loss, cpu_seconds());
        }
        Flow::Continue
    };
    let cases = match (&task.tuning, set.get("ask")) {
        (_, Some(&"test")) => &task.cases,
        (Tuning::Cases(cases), _) => cases,
        (Tuning::Halves | Tuning::Inner(_), _) => panic!("{} has no validation items", task.id),
    };
    let seed = Seed(number("seed", 1.0) as u64);
    if set.get("model") == Some(&"gru4rec") {
        let params = Gru4RecParams { common, state: size("hidden", 128), ..Gru4RecParams::default() };
        report(&params.fit_watched(&train, seed, &mut watch).expect("a fit"), cases);
    } else if set.get("model") == Some(&"ials") {
        report(&recommend::IalsParams::default().fit(&train, seed).expect("a fit"), cases);
    } else {
        let params = SasRecParams {
            common,
            n_blocks: size("blocks", 2),
            n_heads: size("heads", 2),
            hidden: size("hidden", 256),
        };
        report(&params.fit_watched(&train, seed, &mut watch).expect("a fit"), cases);
    }
}
