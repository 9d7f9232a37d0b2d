//! `bench demo`: from a file to launch plans, the steps of `make demo` one by one.

use crate::data::{self, Place};
use crate::measure::{self, Cost};
use crate::portolan::Portolan;
use crate::report::{self, Better, Goal, Row, mib};
use anyhow::Result;
use clap::{Args, ValueHint};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Seconds for all steps, and MiB for the hungriest.
const WALL_S: f64 = 30.0;
const PEAK_MIB: f64 = 1024.0;
/// Plans of at least so many markets from the Online Retail file.
const PLANS: f64 = 10.0;

/// `bench demo`.
#[derive(Debug, Default, Args)]
pub(crate) struct DemoArgs {
    /// A file or folder with orders; without it, ../shared's Online Retail or a simulated file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    data: Option<PathBuf>,
}

pub(crate) fn run(portolan: &Portolan, place: &Place, args: &DemoArgs) -> Result<Row> {
    let file = match &args.data {
        Some(path) => path.clone(),
        None => data::retail_file(portolan, place, None)?,
    };
    let folder = place.fresh()?;
    let workspace = folder.path().join("workspace");
    let plans = folder.path().join("plans");
    measure::settle();
    let mut steps: Vec<(&str, Cost)> = Vec::new();
    let mut step = |name: &'static str, args: &[&dyn AsRef<std::ffi::OsStr>]| -> Result<()> {
        let cost = portolan.run(args)?.cost;
        report::note(&format!(
            "demo, {name}: {:.2} s wall, {:.2} s CPU, {:.0} MiB",
            cost.wall_s,
            cost.cpu_s,
            mib(cost.peak_bytes)
        ));
        steps.push((name, cost));
        Ok(())
    };
    step("init", &[&"init", &workspace])?;
    step("ingest", &[&"ingest", &file, &"--quiet", &"--workspace", &workspace])?;
    step("run", &[&"run", &"--quiet", &"--workspace", &workspace])?;
    step("plan", &[&"plan", &"--all", &"--quiet", &"--out", &plans, &"--workspace", &workspace])?;
    let total = steps.iter().fold(Cost::default(), |sum, (_, cost)| sum.then(*cost));
    let n_plans = pages(&plans);
    let each: Vec<String> =
        steps.iter().map(|(n, c)| format!("{n} {:.2} s {:.0} MiB", c.wall_s, mib(c.peak_bytes))).collect();
    Ok(Row {
        task: "from a file to launch plans".to_owned(),
        data: data::describe(&file)?,
        ours: format!(
            "{}: {:.1} s wall, {:.1} s CPU, {:.0} MiB ({})",
            portolan.version(),
            total.wall_s,
            total.cpu_s,
            mib(total.peak_bytes),
            each.join(", ")
        ),
        peer: "no peer".to_owned(),
        ratio: "-".to_owned(),
        quality: format!("{n_plans} pages"),
        goals: vec![
            Goal::new("all steps", total.wall_s, Better::Lower, WALL_S, " s"),
            Goal::new("peak memory of a step", mib(total.peak_bytes), Better::Lower, PEAK_MIB, " MiB"),
            Goal::new("plans", n_plans as f64, Better::Higher, PLANS, ""),
        ],
        wrong: Vec::new(),
        runs: json!(steps.iter().map(|(name, cost)| json!({"step": name, "cost": cost})).collect::<Vec<_>>()),
    })
}

/// HTML pages directly in a folder, an index not counted.
fn pages(dir: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let paths = entries.filter_map(|e| Some(e.ok()?.path()));
    paths.filter(|p| p.extension().is_some_and(|e| e == "html") && p.file_stem().is_none_or(|s| s != "index")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_no_plan() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["DE.html", "FR.html", "index.html", "DE.json"] {
            std::fs::write(dir.path().join(name), "x").expect("writing");
        }
        assert_eq!(pages(dir.path()), 2);
        assert_eq!(pages(&dir.path().join("absent")), 0);
    }
}
