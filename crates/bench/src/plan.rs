//! `bench plan`: everything that is decided for six markets, and the pages of it.
//!
//! A simulated merchant is taken in and computed once. Then a setting of the decisions changes, so that `run` decides anew and
//! nothing else, and every launch plan is written: what somebody waits for who asks "what if the margin were 16 %".

use crate::data::Place;
use crate::measure;
use crate::portolan::Portolan;
use crate::report::{self, Better, Goal, Row, mib};
use anyhow::{Context, Result, ensure};
use clap::Args;
use domain::Seed;
use serde_json::json;
use sim::SimParams;
use std::fs::OpenOptions;
use std::io::Write;

/// Seconds for deciding and writing.
const WALL_S: f64 = 15.0;

/// `bench plan`.
#[derive(Debug, Default, Args)]
pub(crate) struct PlanArgs {
    /// Products of the catalogue; without it, 500.
    #[arg(long)]
    products: Option<usize>,
    /// Size of the merchant, 1 is about 50,000 orders; without it, 1.
    #[arg(long)]
    scale: Option<f64>,
    /// Times that are measured; without it, 3.
    #[arg(long)]
    runs: Option<usize>,
}

pub(crate) fn run(portolan: &Portolan, place: &Place, args: &PlanArgs) -> Result<Row> {
    let (products, scale) = (args.products.unwrap_or(500), args.scale.unwrap_or(1.0));
    let runs = args.runs.unwrap_or(3);
    ensure!(runs > 0, "--runs must be at least 1");
    let folder = place.fresh()?;
    let (data, workspace) = (folder.path().join("merchant"), folder.path().join("workspace"));
    let plans = folder.path().join("plans");
    let params = SimParams { n_products: products, ..SimParams::at(scale, Seed(1)) };
    let markets = params.markets.len();
    sim::write_to(&data, &params, &mut |_| ())?;
    portolan.run(&[&"init", &workspace, &"--home", &"CN"])?;
    portolan.run(&[&"ingest", &data.join("exports"), &"--quiet", &"--workspace", &workspace])?;
    let whole = portolan.run(&[&"run", &"--quiet", &"--workspace", &workspace])?.cost;
    report::note(&format!("plan, the whole run before: {:.1} s wall, {:.1} s CPU", whole.wall_s, whole.cpu_s));
    let mut costs = Vec::new();
    for n in 0..runs {
        let settings = workspace.join("portolan.toml");
        let before = std::fs::read_to_string(&settings).with_context(|| format!("reading {}", settings.display()))?;
        let kept = before.split("\n[decide]").next().unwrap_or_default().to_owned();
        let mut file = OpenOptions::new().write(true).truncate(true).open(&settings)?;
        write!(file, "{kept}\n[decide]\nmargin = 0.1{}\n", n + 1)?;
        measure::settle();
        let decide = portolan.run(&[&"run", &"--quiet", &"--workspace", &workspace])?.cost;
        let write = portolan.run(&[&"plan", &"--all", &"--quiet", &"--out", &plans, &"--workspace", &workspace])?.cost;
        report::note(&format!("plan: {:.2} s to decide, {:.2} s to write", decide.wall_s, write.wall_s));
        costs.push((decide, write));
    }
    costs.sort_by(|a, b| a.0.then(a.1).wall_s.total_cmp(&b.0.then(b.1).wall_s));
    let (decide, write) = costs[costs.len() / 2];
    let both = decide.then(write);
    Ok(Row {
        task: "decide and write the plans".to_owned(),
        data: format!("simulated merchant, {markets} markets × {products} products, scale {scale}"),
        ours: format!(
            "{}: {:.2} s wall, {:.2} s CPU, {:.0} MiB (deciding {:.2} s wall, {:.2} s CPU; pages {:.2} s wall, {:.2} s CPU)",
            portolan.version(),
            both.wall_s,
            both.cpu_s,
            mib(both.peak_bytes),
            decide.wall_s,
            decide.cpu_s,
            write.wall_s,
            write.cpu_s
        ),
        peer: "no peer".to_owned(),
        ratio: "-".to_owned(),
        quality: format!("median of {runs}; all stages before: {:.1} s wall, {:.1} s CPU", whole.wall_s, whole.cpu_s),
        goals: vec![Goal::new("deciding and writing", both.wall_s, Better::Lower, WALL_S, " s")],
        wrong: Vec::new(),
        runs: json!(costs),
    })
}
