//! `portolan bench`: our models on published tasks.

use super::Environment;
use crate::cli::{Bench, BenchTasks, BenchWhat};
use crate::output;
use anyhow::Result;
use domain::Seed;
use protocols::content::{ContentReport, run_content, select_content};
use protocols::transfer::{TransferReport, run_transfer};
use protocols::{SuiteParams, TaskReport};
use std::process::ExitCode;

pub(crate) fn run(env: &Environment, args: &Bench) -> Result<ExitCode> {
    match &args.what {
        BenchWhat::Recommend(args) => recommend(env, args),
        BenchWhat::Content(args) => content(env, args),
    }
}

/// Reports as they get ready, or all of them at the end as JSON. A missed goal is a result like any
/// other: the exit code is 0.
fn recommend(env: &Environment, args: &BenchTasks) -> Result<ExitCode> {
    let bar = output::Bar::new(env.quiet);
    let (transfers, tasks): (Vec<String>, Vec<String>) =
        args.tasks.iter().cloned().partition(|name| name.starts_with("transfer"));
    if !transfers.is_empty() {
        transfer(&bar, args, &transfers)?;
        if tasks.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let entries = protocols::select(&args.data, &tasks)?;
    let mut reports: Vec<TaskReport> = Vec::new();
    let mut ready = |report: TaskReport| {
        if args.json {
            reports.push(report);
        } else {
            bar.hidden_while(|| output::line(&if args.markdown { report.markdown() } else { report.text() }));
        }
    };
    let mut progress =
        |p: protocols::Progress<'_>| bar.step("measuring", &format!("{}, {}", p.task, p.step), p.done, p.total);
    let params = SuiteParams { seed: Seed(args.seed) };
    protocols::run(&args.data, &entries, params, &cpu_seconds, &mut progress, &mut ready)?;
    bar.clear();
    if args.json {
        output::json(&reports)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Transfers between the public markets.
fn transfer(bar: &output::Bar, args: &BenchTasks, names: &[String]) -> Result<()> {
    let mut reports: Vec<TransferReport> = Vec::new();
    for name in names {
        let mut ready = |report: TransferReport| {
            if args.json {
                reports.push(report);
            } else {
                bar.hidden_while(|| output::line(&report.text()));
            }
        };
        let mut progress =
            |p: protocols::Progress<'_>| bar.step("measuring", &format!("{}, {}", p.task, p.step), p.done, p.total);
        run_transfer(&args.data, name, Seed(args.seed), &mut progress, &mut ready)?;
    }
    bar.clear();
    if args.json {
        output::json(&reports)?;
    }
    Ok(())
}

/// Tasks about texts, pictures and products.
fn content(env: &Environment, args: &BenchTasks) -> Result<ExitCode> {
    let bar = output::Bar::new(env.quiet);
    let tasks = select_content(&args.data, &args.tasks)?;
    let mut reports: Vec<ContentReport> = Vec::new();
    let mut ready = |report: ContentReport| {
        if args.json {
            reports.push(report);
        } else {
            bar.hidden_while(|| output::line(&if args.markdown { report.markdown() } else { report.text() }));
        }
    };
    let mut progress =
        |p: protocols::Progress<'_>| bar.step("measuring", &format!("{}, {}", p.task, p.step), p.done, p.total);
    run_content(&args.data, &tasks, Seed(args.seed), &cpu_seconds, &mut progress, &mut ready)?;
    bar.clear();
    if args.json {
        output::json(&reports)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// CPU seconds of all threads of this process, from the kernel's account in nanoseconds; 0 where
/// there is none, so that costs read 0.
fn cpu_seconds() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let of_thread = |thread: std::fs::DirEntry| -> Option<u64> {
        let account = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        account.split_whitespace().next()?.parse().ok()
    };
    let nanoseconds: u64 = threads.flatten().filter_map(of_thread).sum();
    nanoseconds as f64 * 1e-9
}
