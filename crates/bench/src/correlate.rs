//! `bench correlate`: canonical correlations of two blocks of vectors, by a decomposition of the whole and by a randomised
//! iteration, beside scikit-learn where a Python that has it is named.
//!
//! Data are drawn: both blocks are noisy images of the same hidden columns, each with its own strength, as
//! vectors of texts and pictures are. CPU seconds of the fit alone are counted on both sides.

use crate::recommend::cpu_seconds;
use crate::report::{self, Better, Goal, Row};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueHint};
use domain::Seed;
use learn::cca::{Cca, CcaParams, Solve};
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;

/// `bench correlate`.
#[derive(Debug, Args)]
pub(crate) struct CorrelateArgs {
    /// Pairs of rows.
    #[arg(long, default_value_t = 50_000)]
    rows: usize,
    /// Columns of both blocks.
    #[arg(long, value_delimiter = ',', num_args = 2, default_values_t = [300, 200])]
    widths: Vec<usize>,
    /// Hidden columns that both are images of.
    #[arg(long, default_value_t = 20)]
    shared: usize,
    /// Directions wanted.
    #[arg(long, default_value_t = 10)]
    rank: usize,
    /// A Python that has scikit-learn; without it, only our figures.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::ExecutablePath)]
    python: Option<PathBuf>,
}

const SCRIPT: &str = include_str!("../peers/cca_sklearn.py");
/// How much quicker than the peer it has to be.
const RATIO_GOAL: f64 = 10.0;

#[derive(Deserialize)]
struct Peer {
    version: String,
    cpu_s: f64,
    correlations: Vec<f64>,
}

pub(crate) fn run(args: &CorrelateArgs, add: &mut dyn FnMut(Row)) -> Result<()> {
    ensure!(args.rows > 1 && args.shared > 0 && args.rank > 0, "at least two rows, and counts of at least 1");
    let (p, q) = (args.widths[0], args.widths[1]);
    let (x, y) = blocks(args, p, q);
    let fit = |solve| -> Result<(f64, Cca)> {
        let started = cpu_seconds();
        let cca = CcaParams { rank: args.rank, ridge: 1e-6, solve }.fit(&x, p, &y, q, Seed(1))?;
        Ok((cpu_seconds() - started, cca))
    };
    let (whole_s, whole) = fit(Solve::Whole)?;
    let (few_s, few) = fit(Solve::Randomised { oversampling: args.rank, n_iterations: 4 })?;
    let peer = peer(args, &x, &y)?;
    for (what, seconds, cca) in [("the whole", whole_s, &whole), ("randomised", few_s, &few)] {
        let ours = cca.correlations();
        let apart = |theirs: &[f64]| theirs.iter().zip(ours).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let mut goals = Vec::new();
        if let Some(peer) = &peer {
            goals.push(Goal::new("ratio of CPU seconds", peer.cpu_s / seconds, Better::Higher, RATIO_GOAL, ""));
            goals.push(Goal::new("largest difference", apart(&peer.correlations), Better::Lower, 0.001, ""));
        }
        add(Row {
            task: "correlate".into(),
            data: format!("{} pairs of {p} and {q} columns, {} directions", args.rows, args.rank),
            ours: format!("{what}: {seconds:.2} CPU s, first {:.4}, last {:.4}", ours[0], ours[ours.len() - 1]),
            peer: peer.as_ref().map_or_else(
                || "not asked: name a Python by --python".to_owned(),
                |peer| format!("scikit-learn@{}: {:.2} CPU s", peer.version, peer.cpu_s),
            ),
            ratio: peer.as_ref().map_or_else(String::new, |peer| format!("{:.1}", peer.cpu_s / seconds)),
            quality: format!("largest difference to the whole {:.6}", apart(whole.correlations())),
            goals,
            wrong: Vec::new(),
            runs: json!({ "cpu_s": seconds, "correlations": ours }),
        });
    }
    Ok(())
}

/// Two noisy images of the same columns; column `k` is shared with strength `1 / (1 + k / 8)`.
fn blocks(args: &CorrelateArgs, p: usize, q: usize) -> (Vec<f32>, Vec<f32>) {
    let map = |key: u64, width: usize| -> Vec<f64> {
        let mut rng = Seed(key).stream(0);
        (0..args.shared * width).map(|_| rng.normal()).collect()
    };
    let (to_x, to_y) = (map(1, p), map(2, q));
    let mut rng = Seed(3).stream(0);
    let (mut x, mut y) = (Vec::with_capacity(args.rows * p), Vec::with_capacity(args.rows * q));
    for _ in 0..args.rows {
        let hidden: Vec<f64> = (0..args.shared).map(|k| rng.normal() / (1.0 + k as f64 / 8.0)).collect();
        for (map, width, out) in [(&to_x, p, &mut x), (&to_y, q, &mut y)] {
            for c in 0..width {
                let image: f64 = hidden.iter().enumerate().map(|(k, h)| h * map[k * width + c]).sum();
                out.push((image + 12.0 * rng.normal()) as f32);
            }
        }
    }
    (x, y)
}

fn peer(args: &CorrelateArgs, x: &[f32], y: &[f32]) -> Result<Option<Peer>> {
    let Some(python) = &args.python else { return Ok(None) };
    report::note("asking scikit-learn");
    let folder = tempfile::tempdir()?;
    let write = |name: &str, rows: &[f32]| -> Result<PathBuf> {
        let path = folder.path().join(name);
        std::fs::write(&path, rows.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())?;
        Ok(path)
    };
    let (x, y, script) = (write("x.f32", x)?, write("y.f32", y)?, folder.path().join("cca_sklearn.py"));
    std::fs::write(&script, SCRIPT)?;
    let said = Command::new(python)
        .arg(&script)
        .arg(&x)
        .arg(args.widths[0].to_string())
        .arg(&y)
        .arg(args.widths[1].to_string())
        .arg(args.rank.to_string())
        .output()
        .with_context(|| format!("starting {}", python.display()))?;
    ensure!(said.status.success(), "the peer ended with {}: {}", said.status, String::from_utf8_lossy(&said.stderr));
    Ok(Some(serde_json::from_slice(&said.stdout).context("the peer's answer")?))
}
