//! `bench coverage`: how often what came lies inside the intervals of the plan, over simulated merchants.
//!
//! One merchant a seed: its files are taken in, `portolan decide backtest` decides as of thirteen weeks before their end and says
//! what came in those weeks. Counted over seeds and markets, figure by figure. Markets of one merchant and figures of one
//! market are not independent, so the interval of a share is a bootstrap over seeds: whole merchants are drawn.
//!
//! Seeds from 1001 on were never looked at while intervals were chosen; the ones below 1000 are for choosing.

use crate::data::Place;
use crate::portolan::Portolan;
use crate::report::{self, Better, Goal, Row};
use anyhow::{Context, Result, ensure};
use clap::Args;
use domain::Seed;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Shares of the truth that 90 % intervals should hold.
const LEAST: f64 = 0.85;
const MOST: f64 = 0.95;
/// Resamples of the seeds.
const DRAWS: u64 = 2000;

/// `bench coverage`.
#[derive(Debug, Default, Args)]
pub(crate) struct CoverageArgs {
    /// Merchants; without it, 40.
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed; without it, 1001.
    #[arg(long)]
    from: Option<u64>,
    /// Size of a merchant, 1 is about 50,000 orders; without it, 0.2.
    #[arg(long)]
    scale: Option<f64>,
}

/// What came of one figure over the markets of one merchant: inside, all, and the sums of expected and come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    inside: u32,
    all: u32,
    expected: f64,
    came: f64,
}

impl Count {
    fn plus(self, other: Self) -> Self {
        Self {
            inside: self.inside + other.inside,
            all: self.all + other.all,
            expected: self.expected + other.expected,
            came: self.came + other.came,
        }
    }

    fn share(self) -> f64 {
        f64::from(self.inside) / f64::from(self.all.max(1))
    }
}

pub(crate) fn run(portolan: &Portolan, place: &Place, args: &CoverageArgs) -> Result<Row> {
    let (seeds, from) = (args.seeds.unwrap_or(40), args.from.unwrap_or(1001));
    ensure!(seeds > 0, "--seeds must be at least 1");
    let scale = args.scale.unwrap_or(0.2).to_string();
    let mut figures: BTreeMap<String, Vec<Count>> = BTreeMap::new();
    let mut runs = Vec::new();
    for seed in from..from + seeds {
        let folder = place.fresh()?;
        let (data, workspace) = (folder.path().join("merchant"), folder.path().join("workspace"));
        portolan.run(&[&"simulate", &"--scale", &scale, &"--seed", &seed.to_string(), &"--out", &data, &"--quiet"])?;
        portolan.run(&[&"init", &workspace, &"--home", &"CN"])?;
        portolan.run(&[&"ingest", &data.join("exports"), &"--quiet", &"--workspace", &workspace])?;
        let told = portolan.run(&[&"decide", &"backtest", &"--json", &"--workspace", &workspace])?;
        let rows: Vec<Value> = serde_json::from_str(&told.stdout).context("what `decide backtest --json` printed")?;
        report::note(&format!("seed {seed}: {} figures, {:.1} s CPU", rows.len(), told.cost.cpu_s));
        for (figure, count) in counted(&rows)? {
            figures.entry(figure).or_default().push(count);
        }
        runs.push(json!({"seed": seed, "rows": rows}));
    }
    ensure!(!figures.is_empty(), "no merchant had enough weeks to look back on");
    let (mut goals, mut said) = (Vec::new(), Vec::new());
    for (figure, counts) in &figures {
        let all = counts.iter().fold(Count::default(), |sum, c| sum.plus(*c));
        let (low, high) = over_seeds(counts);
        let ratio = all.came / all.expected;
        said.push(format!(
            "{figure} {:.3} ({low:.3} to {high:.3}) of {}, came / expected {ratio:.2}",
            all.share(),
            all.all
        ));
        goals.push(Goal::new(figure, all.share(), Better::Higher, LEAST, " inside"));
        goals.push(Goal::new(figure, all.share(), Better::Lower, MOST, " inside"));
    }
    Ok(Row {
        task: "the plan's 90 % intervals hold what came".to_owned(),
        data: format!("simulated merchants, scale {scale}, seeds {from} to {}", from + seeds - 1),
        ours: format!("{}: {}", portolan.version(), said.join("; ")),
        peer: "no peer".to_owned(),
        ratio: "-".to_owned(),
        quality: "share inside, with the interval of a bootstrap over merchants".to_owned(),
        goals,
        wrong: Vec::new(),
        runs: json!(runs),
    })
}

fn counted(rows: &[Value]) -> Result<BTreeMap<String, Count>> {
    let mut figures: BTreeMap<String, Count> = BTreeMap::new();
    for row in rows {
        let number = |key: &str| row.get(key).and_then(Value::as_f64).with_context(|| format!("no {key} in {row}"));
        let inside = row.get("inside").and_then(Value::as_bool).with_context(|| format!("no `inside` in {row}"))?;
        let figure = row.get("figure").and_then(Value::as_str).with_context(|| format!("no `figure` in {row}"))?;
        let one = Count { inside: u32::from(inside), all: 1, expected: number("expected")?, came: number("came")? };
        let sum = figures.entry(figure.to_owned()).or_default();
        *sum = sum.plus(one);
    }
    Ok(figures)
}

/// 95 % of the shares when merchants are drawn anew.
fn over_seeds(counts: &[Count]) -> (f64, f64) {
    let share = |draw: u64| {
        let mut rng = Seed(7).stream(draw);
        (0..counts.len()).fold(Count::default(), |sum, _| sum.plus(counts[rng.below(counts.len())])).share()
    };
    let mut shares: Vec<f64> = (0..DRAWS).map(share).collect();
    shares.sort_by(f64::total_cmp);
    let at = |q: f64| shares[((DRAWS - 1) as f64 * q).round() as usize];
    (at(0.025), at(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_counted_by_figure() {
        let row =
            |figure: &str, inside: bool| json!({"figure": figure, "inside": inside, "expected": 10.0, "came": 8.0});
        let rows = [row("units", true), row("units", false), row("sales", true)];
        let counted = counted(&rows).expect("rows as they are printed");
        assert_eq!(counted["units"], Count { inside: 1, all: 2, expected: 20.0, came: 16.0 });
        assert!((counted["sales"].share() - 1.0).abs() < 1e-12);
        assert!(super::counted(&[json!({"figure": "units"})]).is_err());
    }

    #[test] // Two merchants of which one is always right: one half, and by drawing nothing to all.
    fn the_interval_draws_whole_merchants() {
        let counts = [(6, 6), (0, 6)].map(|(inside, all)| Count { inside, all, ..Count::default() });
        assert_eq!(over_seeds(&counts), (0.0, 1.0));
        assert_eq!(over_seeds(&counts[..1]), (1.0, 1.0));
    }
}
