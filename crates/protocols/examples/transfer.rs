//! `cargo run --release -p protocols --example transfer -- DATA TASK… [--json] [--plots DIR]`: transfers between
//! the public markets without the query engine, the same reports as `portolan bench recommend --task`. With
//! `--plots` the pictures of docs/transfer.md are written too.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a program

use protocols::SuiteParams;
use protocols::transfer::{Transfer, TransferReport, plot, run_transfer};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let json = words.iter().position(|w| w == "--json").map(|at| words.remove(at)).is_some();
    let plots = words.iter().position(|w| w == "--plots").map(|at| {
        words.remove(at);
        PathBuf::from(if at < words.len() { words.remove(at) } else { ".".to_owned() })
    });
    if words.is_empty() {
        eprintln!("which folder holds the data?");
        return ExitCode::FAILURE;
    }
    let data = PathBuf::from(words.remove(0));
    for name in words {
        let mut reports = Vec::new();
        let mut progress = |p: protocols::Progress<'_>| eprintln!("{} of {}: {}, {}", p.done, p.total, p.task, p.step);
        let mut ready = |report: TransferReport| {
            match serde_json::to_string(&report) {
                Ok(text) if json => println!("{text}"),
                _ => println!("{}", report.text()),
            }
            reports.push(report);
        };
        if let Err(error) = run_transfer(&data, &name, SuiteParams::default(), &mut progress, &mut ready) {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
        if let Some(Err(error)) = plots.as_deref().map(|dir| draw(dir, &name, &reports)) {
            eprintln!("writing the pictures: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn draw(dir: &Path, name: &str, reports: &[TransferReport]) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let transfers: Vec<&Transfer> = reports
        .iter()
        .filter_map(|report| match report {
            TransferReport::Transfer(transfer) => Some(&**transfer),
            TransferReport::Scores(_) => None,
        })
        .collect();
    if !transfers.is_empty() {
        std::fs::write(dir.join(format!("{name}-curves.svg")), plot::curves(&transfers))?;
    }
    for report in reports {
        if let TransferReport::Scores(scores) = report {
            std::fs::write(dir.join(format!("{name}.svg")), plot::scatter(scores))?;
        }
    }
    Ok(())
}
