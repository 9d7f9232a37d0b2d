//! `bench recommend`: our models on published recommendation tasks, one row a task.
//!
//! The row to quote has the configuration that we stand by, chosen on validation, beside the first
//! published figure of the task; the whole table goes to standard error and, with `--json`, into the
//! row's runs.

use crate::report::{self, Better, Goal, Row};
use anyhow::{Context, Result};
use clap::{Args, ValueHint};
use protocols::{SuiteParams, TaskReport};
use std::path::{Path, PathBuf};

/// Where the data lies when it is there, from the project's root.
const SHARED: &str = "../shared/data";

/// `bench recommend`.
#[derive(Debug, Default, Args)]
pub(crate) struct RecommendArgs {
    /// Folder with the data of the tasks; without it, ../shared/data.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    data: Option<PathBuf>,
    /// Tasks, such as cup-t1,xmarket; without it, every reported one whose data is there.
    #[arg(long = "task", value_delimiter = ',', value_name = "NAME,NAME")]
    tasks: Vec<String>,
    /// Configurations by the names that tables have for them, beside the one that others are compared with; without it, all.
    #[arg(long = "config", value_name = "NAME", requires = "tasks")]
    configs: Vec<String>,
}

pub(crate) fn run(args: &RecommendArgs, add: &mut dyn FnMut(Row)) -> Result<()> {
    let data = args.data.as_deref().unwrap_or(Path::new(SHARED));
    let entries = protocols::select(data, &args.tasks)?;
    let mut failed = None;
    let mut ready = |report: TaskReport| {
        report::note(&report.text());
        match row(&report) {
            Ok(row) => add(row),
            Err(error) => failed = Some(error),
        }
    };
    let mut progress = |p: protocols::Progress<'_>| {
        report::note(&format!("{} of about {} CPU s: {}, {}", p.done, p.total, p.task, p.step));
    };
    protocols::run(
        data,
        &entries,
        SuiteParams { configs: &args.configs, ..SuiteParams::default() },
        &cpu_seconds,
        &mut progress,
        &mut ready,
    )?;
    failed.map_or(Ok(()), Err)
}

fn row(task: &TaskReport) -> Result<Row> {
    let ours = task.rows.iter().find(|row| task.ours == Some(row.config)).or(task.rows.last());
    let ours = ours.context("a task without a configuration")?;
    let peer = task.references.first();
    Ok(Row {
        task: format!("recommend {}", task.task),
        data: task.about.clone(),
        ours: format!(
            "{}: {} {:.4}, {:.2} CPU s to fit and {:.2} to score",
            ours.config, task.metric, ours.value.mean, ours.fit_cpu_s, ours.score_cpu_s
        ),
        peer: peer.map_or("no peer".to_owned(), |r| format!("{}@{}: {:.4}", r.what, r.source, r.value)),
        ratio: peer.map_or("-".to_owned(), |r| format!("{:.3}", ours.value.mean / r.value)),
        quality: match (&ours.gain, task.strong) {
            (Some(gain), Some(strong)) => {
                let d = &gain.difference;
                format!("{:+.4} [{:+.4}, {:+.4}] on {strong}", d.mean, d.interval.low, d.interval.high)
            }
            _ => "-".to_owned(),
        },
        goals: task.goals.iter().map(|g| Goal::new(g.name, g.measured, Better::Higher, g.value, "")).collect(),
        wrong: Vec::new(),
        runs: serde_json::to_value(task)?,
    })
}

/// CPU seconds of all threads of this process, from the kernel's account; 0 where there is none.
pub(crate) fn cpu_seconds() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let of_thread = |thread: std::fs::DirEntry| -> Option<u64> {
        let account = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        account.split_whitespace().next()?.parse().ok()
    };
    threads.flatten().filter_map(of_thread).sum::<u64>() as f64 * 1e-9
}
