//! How fast the simulator is: `cargo run --release -p sim --example speed -- SCALE DIR BULK_LINES`.
//!
//! Measured: making the history, writing all files into DIR, and the bulk file. Seed 1.
#![expect(clippy::print_stdout, reason = "a program that prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "time is what is measured")]

use domain::Seed;
use sim::{Merchant, Progress, SimParams};
use std::path::PathBuf;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let scale: f64 = args.next().as_deref().unwrap_or("1").parse()?;
    let dir = PathBuf::from(args.next().unwrap_or_else(|| "/tmp/sim-speed".to_owned()));
    let bulk: u64 = args.next().as_deref().unwrap_or("2000000").parse()?;
    let params = SimParams::at(scale, Seed(1));
    let start = Instant::now();
    let merchant = Merchant::generate(&params)?;
    let made = start.elapsed().as_secs_f64();
    let lines = merchant.n_lines();
    println!("made {} orders, {lines} lines in {made:.2} s: {:.0} lines/s", merchant.n_orders(), lines as f64 / made);
    drop(merchant);
    let start = Instant::now();
    let mut last = start;
    let summary = sim::write_to(&dir, &params, &mut |progress| {
        if let Progress::Written { file, rows } = progress {
            println!("  {file}: {rows} rows in {:.3} s", last.elapsed().as_secs_f64());
        }
        last = Instant::now();
    })?;
    let all = start.elapsed().as_secs_f64();
    println!("made and wrote {} lines in {all:.2} s: {:.0} lines/s", summary.lines, summary.lines as f64 / all);
    let start = Instant::now();
    let bulk = sim::write_bulk_retail_to(&dir.join("bulk.csv"), bulk, Seed(1))?;
    let took = start.elapsed().as_secs_f64();
    println!("bulk: {bulk:?} in {took:.2} s: {:.0} lines/s", bulk.lines as f64 / took);
    Ok(())
}
