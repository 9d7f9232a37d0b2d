//! `bench simulate`: order lines a second of the simulator, all its files written.

use crate::data::Place;
use crate::measure;
use crate::portolan::Portolan;
use crate::report::{Better, Goal, Row, mib};
use crate::stats::Spread;
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

/// Order lines a second.
const RATE: f64 = 200_000.0;

/// `bench simulate`.
#[derive(Debug, Default, Args)]
pub(crate) struct SimulateArgs {
    /// 1 is about 50,000 orders; without it, 1.
    #[arg(long)]
    scale: Option<f64>,
    /// Runs; without it, 3.
    #[arg(long)]
    runs: Option<usize>,
}

pub(crate) fn run(portolan: &Portolan, place: &Place, args: &SimulateArgs) -> Result<Row> {
    let scale = args.scale.unwrap_or(1.0).to_string();
    let runs = args.runs.unwrap_or(3);
    ensure!(runs > 0, "--runs must be at least 1");
    let (mut costs, mut lines) = (Vec::new(), 0);
    for _ in 0..runs {
        let folder = place.fresh()?;
        let out = folder.path().join("merchant");
        measure::settle();
        let ended = portolan.run(&[&"simulate", &"--scale", &scale, &"--seed", &"1", &"--out", &out, &"--json"])?;
        lines = order_lines(&ended.stdout)?;
        costs.push(ended.cost);
    }
    let rate = Spread::of(costs.iter().map(|c| lines as f64 / c.wall_s)).context("no runs")?;
    let cpu_rate = Spread::of(costs.iter().map(|c| lines as f64 / c.cpu_s)).context("no runs")?;
    let peak = costs.iter().map(|c| c.peak_bytes).max().unwrap_or(0);
    Ok(Row {
        task: "simulate a merchant".to_owned(),
        data: format!("scale {scale}, seed 1, {lines} order lines"),
        ours: format!(
            "{}: {} order lines/s by wall clock, {} by CPU, {:.0} MiB",
            portolan.version(),
            rate.text(0, ""),
            cpu_rate.text(0, ""),
            mib(peak)
        ),
        peer: "no peer".to_owned(),
        ratio: "-".to_owned(),
        quality: "checked by the simulator's own tests".to_owned(),
        goals: vec![Goal::new("simulation", rate.median, Better::Higher, RATE, " order lines/s")],
        wrong: Vec::new(),
        runs: json!({"order_lines": lines, "runs": costs}),
    })
}

/// The number of order lines that `portolan simulate --json` tells.
fn order_lines(stdout: &str) -> Result<u64> {
    let summary: Value = serde_json::from_str(stdout).context("what `portolan simulate --json` printed")?;
    summary.get("lines").and_then(Value::as_u64).with_context(|| format!("no lines in {summary}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_lines_is_read_from_the_summary() {
        // As `portolan simulate --json` prints it.
        assert_eq!(order_lines("{\"orders\": 2, \"lines\": 5, \"shoppers\": 1, \"products\": 240}").ok(), Some(5));
        assert!(order_lines("{}").is_err());
        assert!(order_lines("5 lines").is_err());
    }
}
