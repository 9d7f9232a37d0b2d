//! How fast the simulator is: `cargo run --release -p sim --example sim_speed -- SCALE DIR BULK_LINES`.
//!
//! Measured: making the history, writing all files into DIR, and the bulk file. Seed 1. Wall time,
//! and CPU time of all threads where `/proc` tells it: the figure that a busy machine leaves alone.
#![expect(clippy::print_stdout, reason = "a program that prints what it measured")]
#![allow(clippy::disallowed_methods, reason = "time is what is measured")]

use domain::Seed;
use sim::{Merchant, Progress, SimParams};
use std::path::PathBuf;
use std::time::Instant;

/// User and system time of this process, seconds; ticks are hundredths on Linux.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Prints a rate by wall and by CPU time.
fn report(what: &str, lines: u64, start: (Instant, f64)) {
    let (wall, used) = (start.0.elapsed().as_secs_f64(), cpu() - start.1);
    println!(
        "{what}: {lines} lines, {wall:.2} s wall ({:.0} lines/s), {used:.2} s CPU ({:.0} lines/s)",
        lines as f64 / wall,
        lines as f64 / used
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let scale: f64 = args.next().as_deref().unwrap_or("1").parse()?;
    let dir = args.next().map_or_else(|| std::env::temp_dir().join("sim-speed"), PathBuf::from);
    let bulk: u64 = args.next().as_deref().unwrap_or("2000000").parse()?;
    let params = SimParams::at(scale, Seed(1));
    let start = (Instant::now(), cpu());
    let lines = Merchant::generate(&params)?.n_lines() as u64;
    report("make the history", lines, start);
    let start = (Instant::now(), cpu());
    let mut last = cpu();
    sim::write_to(&dir, &params, &mut |progress| {
        if let Progress::Written { file, rows } = progress {
            println!("  {file}: {rows} rows, {:.2} s CPU", cpu() - last);
        }
        last = cpu();
    })?;
    report("make the history and write all files", lines, start);
    let start = (Instant::now(), cpu());
    let bulk = sim::write_bulk_retail_to(&dir.join("bulk.csv"), bulk, Seed(1))?;
    println!("{bulk:?}");
    report("bulk file", bulk.lines, start);
    Ok(())
}
