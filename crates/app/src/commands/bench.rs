//! `portolan bench`: our models on published tasks.

use super::Environment;
use crate::cli::{Bench, BenchContent, BenchRecommend, BenchTasks, BenchWhat};
use crate::exit::{Exit, Stop};
use crate::output;
use anyhow::Result;
use domain::Seed;
use pretrained::Encoder;
use pretrained::text::TextEncoder;
use protocols::content::{
    CONTENT_TASKS, ContentParams, ContentReport, ContentTask, NamedEncoder, run_content, select_content,
};
use protocols::transfer::{TRANSFER_TASKS, TransferReport, run_transfer, transfer_needs};
use protocols::{Entry, Progress, SuiteParams, TASKS, TaskReport};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

pub(crate) fn run(env: &Environment, args: &Bench) -> Result<ExitCode> {
    match &args.what {
        BenchWhat::Recommend(args) => recommend(env, args),
        BenchWhat::Content(args) => content(env, args),
    }
}

/// Tasks, and transfers between the public markets, one after the other.
struct Asked {
    entries: Vec<&'static Entry>,
    transfers: Vec<String>,
}

impl Asked {
    /// Those that are named; without names all that are reported and whose data is there.
    fn new(args: &BenchTasks) -> Result<Self> {
        let (transfers, tasks): (Vec<String>, Vec<String>) =
            args.tasks.iter().cloned().partition(|name| transfer_needs(name).is_some());
        let entries = match tasks.is_empty() && !transfers.is_empty() {
            true => Vec::new(),
            false => protocols::select(&args.data, &tasks)?,
        };
        let there = |name: &&&str| transfer_needs(name).is_some_and(|(needs, _)| is_there(args, needs));
        let transfers = match args.tasks.is_empty() {
            true => TRANSFER_TASKS.iter().filter(there).map(|name| (*name).to_owned()).collect(),
            false => transfers,
        };
        Ok(Self { entries, transfers })
    }

    /// CPU seconds, about: of the tasks, and of each transfer.
    fn cost(&self) -> (u64, Vec<u64>) {
        let of = |name: &String| transfer_needs(name).map_or(0, |(_, cpu_s)| cpu_s);
        (self.entries.iter().map(|entry| entry.cpu_s).sum(), self.transfers.iter().map(of).collect())
    }
}

fn is_there(args: &BenchTasks, folders: &[&str]) -> bool {
    folders.iter().all(|folder| args.data.join(folder).is_dir())
}

/// Every task: its name, whether it runs without being named, its folders, whether they are there, and its minutes.
fn list(args: &BenchTasks) -> Result<ExitCode> {
    let own = TASKS.iter().map(|t| (t.name, t.reported, vec![t.folder], t.cpu_s));
    let transfers = TRANSFER_TASKS.iter().filter_map(|name| {
        let (folders, cpu_s) = transfer_needs(name)?;
        Some((*name, true, folders.to_vec(), cpu_s))
    });
    let all: Vec<_> = own.chain(transfers).collect();
    let there = |folders: &[&str]| is_there(args, folders);
    if args.json {
        let task = |(name, reported, folders, cpu_s): &(&str, bool, Vec<&str>, u64)| json!({"task": name, "reported": reported, "folders": folders, "there": there(folders), "cpu_s": cpu_s});
        output::json(&all.iter().map(task).collect::<Vec<Value>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let minutes = |cpu_s: u64| format!("{:.0}", (cpu_s as f64 / 60.0).ceil());
    let row = |(name, reported, folders, cpu_s): &(&str, bool, Vec<&str>, u64)| {
        let word = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        vec![(*name).to_owned(), word(*reported), folders.join(", "), word(there(folders)), minutes(*cpu_s)]
    };
    let header = ["task", "without --task", "data", "there", "CPU minutes, roughly"];
    output::table(&header, &[4], all.iter().map(row).collect());
    let total = all.iter().filter(|(_, reported, folders, _)| *reported && there(folders)).map(|task| task.3).sum();
    output::line(&format!("all that run without --task: roughly {} CPU minutes", minutes(total)));
    Ok(ExitCode::SUCCESS)
}

/// Reports as they get ready, or all of them at the end as JSON. A missed goal is a result like any
/// other: the exit code is 0.
fn recommend(
    env: &Environment,
    BenchRecommend { tasks: args, one_in, configs, list: only_list }: &BenchRecommend,
) -> Result<ExitCode> {
    if *only_list {
        return list(args);
    }
    let asked = Asked::new(args)?;
    if let (false, Some(name)) = (configs.is_empty(), asked.transfers.first()) {
        return Err(Stop::error(
            Exit::Usage,
            format!("`{name}` has no configurations"),
            "leave out --config or that task",
        ));
    }
    let params = SuiteParams { seed: Seed(args.seed), one_in: *one_in, configs };
    let (of_tasks, of_transfers) = asked.cost();
    let total = of_tasks + of_transfers.iter().sum::<u64>();
    let (started, first_cpu_s) = (Instant::now(), cpu_seconds());
    let bar = output::Bar::new(env.quiet);
    let mut reports: Vec<Value> = Vec::new();
    let mut failed = None;
    let mut show = |report: serde_json::Result<Value>, text: &dyn Fn() -> String| {
        if !args.json {
            bar.hidden_while(|| output::line(&text()));
        }
        report.map_or_else(|error| failed = Some(error), |report| reports.push(report));
    };
    let mut ready = |report: TaskReport| {
        show(serde_json::to_value(&report), &|| if args.markdown { report.markdown() } else { report.text() });
    };
    let mut progress = |p: Progress<'_>| bar.step("measuring", &format!("{}, {}", p.task, p.step), p.done, total);
    if !asked.entries.is_empty() {
        protocols::run(&args.data, &asked.entries, params, &cpu_seconds, &mut progress, &mut ready)?;
    }
    let mut before = of_tasks;
    for (name, cpu_s) in asked.transfers.iter().zip(of_transfers) {
        let mut ready = |report: TransferReport| show(serde_json::to_value(&report), &|| report.text());
        let mut progress = |p: Progress<'_>| {
            let done = before + cpu_s * p.done / p.total.max(1);
            bar.step("measuring", &format!("{name}: {}, {}", p.task, p.step), done, total);
        };
        run_transfer(&args.data, name, params, &mut progress, &mut ready)?;
        before += cpu_s;
    }
    bar.clear();
    if let Some(error) = failed {
        return Err(error.into());
    }
    if args.json {
        output::json(&reports)?;
    } else {
        let (minutes, cpu_s) = (started.elapsed().as_secs_f64() / 60.0, cpu_seconds() - first_cpu_s);
        output::note(&format!("{} tables in {minutes:.1} minutes, {cpu_s:.0} CPU seconds", reports.len()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Tasks about texts, pictures and products.
fn content(env: &Environment, args: &BenchContent) -> Result<ExitCode> {
    let bar = output::Bar::new(env.quiet);
    let BenchContent { tasks: args, encoder: folder } = args;
    let tasks = select_content(&args.data, &args.tasks)?;
    let named = folder.as_deref().map(|folder| encoder(folder, &tasks)).transpose()?;
    let encoder = named.as_ref().map(|(name, texts)| NamedEncoder { name, texts });
    let mut reports: Vec<ContentReport> = Vec::new();
    let mut ready = |report: ContentReport| {
        if args.json {
            reports.push(report);
        } else {
            bar.hidden_while(|| output::line(&if args.markdown { report.markdown() } else { report.text() }));
        }
    };
    let mut progress = |p: Progress<'_>| bar.step("measuring", &format!("{}, {}", p.task, p.step), p.done, p.total);
    let params = ContentParams { seed: Seed(args.seed), encoder };
    run_content(&args.data, &tasks, params, &cpu_seconds, &mut progress, &mut ready)?;
    bar.clear();
    if args.json {
        output::json(&reports)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The sentence encoder of a folder with its name, for tasks of which one can use it.
fn encoder(folder: &Path, tasks: &[&ContentTask]) -> Result<(String, TextEncoder)> {
    if !tasks.iter().any(|task| task.takes_encoder()) {
        let known: Vec<&str> = CONTENT_TASKS.iter().filter(|task| task.takes_encoder()).map(|task| task.name).collect();
        let next = format!("leave --encoder out, or ask for {}", known.join(" or "));
        return Err(Stop::error(Exit::Usage, "none of these tasks uses an encoder", next));
    }
    let stop = |why: String| {
        let next = "a folder with config.json, model.safetensors and a tokenizer, as sentence-transformers saves it";
        Stop::error(Exit::BadInput, format!("--encoder {}: {why}", folder.display()), next)
    };
    let name = folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.display().to_string());
    match pretrained::load(folder).map_err(|why| stop(why.to_string()))? {
        Encoder::Text(encoder) => Ok((name, encoder)),
        other => Err(stop(format!("it is for {}, a sentence encoder is wanted", other.kind().label()))),
    }
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
