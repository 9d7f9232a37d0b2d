//! The content tasks without the whole program, which takes minutes to build:
//! `cargo run --release -p protocols --example content -- DATA [TASK…]`.

use domain::Seed;
use protocols::content::{ContentParams, ContentReport, run_content, select_content};
use std::error::Error;
use std::path::PathBuf;

/// CPU seconds of this process so far; 0 where the system does not tell.
fn cpu_seconds() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let of_thread = |thread: std::fs::DirEntry| -> Option<u64> {
        std::fs::read_to_string(thread.path().join("schedstat")).ok()?.split_whitespace().next()?.parse().ok()
    };
    threads.flatten().filter_map(of_thread).sum::<u64>() as f64 * 1e-9
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a program")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let data = PathBuf::from(args.next().ok_or("which folder holds the data?")?);
    let names: Vec<String> = args.collect();
    let tasks = select_content(&data, &names)?;
    let mut progress = |p: protocols::Progress<'_>| eprintln!("{}: {} ({} of {})", p.task, p.step, p.done, p.total);
    let mut ready = |report: ContentReport| println!("{}", report.text());
    let params = ContentParams { seed: Seed(1), encoder: None };
    run_content(&data, &tasks, params, &cpu_seconds, &mut progress, &mut ready)?;
    Ok(())
}
