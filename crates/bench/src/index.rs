//! `bench index`: the best products for one shopper out of a large catalogue, by looking at every one and by
//! opening a few lists of them.
//!
//! Two sorts of vectors: around directions, as tastes are, with lengths that differ as popularity does; and
//! without any order at all, which is the worst case for lists. Queries run one after another on one
//! thread, and CPU time is counted, because on a busy machine nothing else says anything. The goals: all
//! of 100,000 within 5 ms, and within 1 ms by lists that find 95 of 100 of the best. Beside it, where a Python that has them is
//! named, the graphs of usearch and hnswlib over the same vectors, at the quickest setting that finds as many.

use crate::recommend::cpu_seconds;
use crate::report::{self, Better, Goal, Row};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueHint};
use domain::{Rng, Seed};
use learn::{Inverted, InvertedParams, Nearest, Scan};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;

/// `bench index`.
#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    /// Products.
    #[arg(long, default_value_t = 100_000)]
    items: usize,
    /// Length of a vector.
    #[arg(long, default_value_t = 64)]
    factors: usize,
    /// Products wanted.
    #[arg(long, default_value_t = 20)]
    top: usize,
    /// Queries timed.
    #[arg(long, default_value_t = 200)]
    queries: usize,
    /// Lists opened for a query, several to compare.
    #[arg(long, value_delimiter = ',', default_values_t = [4, 8, 16, 24, 32, 64])]
    probes: Vec<usize>,
    /// A Python that has usearch, hnswlib and numpy; without it, only our figures.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::ExecutablePath)]
    python: Option<PathBuf>,
}

const SCRIPT: &str = include_str!("../peers/index_hnsw.py");

/// What a peer's best setting reaches.
#[derive(Deserialize, Serialize)]
struct Peer {
    name: String,
    version: String,
    built_s: f64,
    width: usize,
    ms: f64,
    recall: f64,
}

const EXACT_GOAL_MS: f64 = 5.0;
const LISTS_GOAL_MS: f64 = 1.0;
const RECALL_GOAL: f64 = 0.95;

pub(crate) fn run(args: &IndexArgs, add: &mut dyn FnMut(Row)) -> Result<()> {
    ensure!(args.items > 0 && args.factors > 0 && args.top > 0 && args.queries > 0, "counts of at least 1");
    ensure!(args.probes.iter().all(|n| *n > 0), "at least one list opened");
    for sort in ["tastes", "no order"] {
        add(measure(args, sort)?);
    }
    Ok(())
}

/// Vectors of products and queries.
fn vectors(args: &IndexArgs, sort: &str) -> (Vec<f32>, Vec<f32>) {
    let f = args.factors;
    let normal = |rng: &mut Rng| (0..f).map(|_| rng.normal() as f32).collect::<Vec<f32>>();
    if sort == "no order" {
        let of = |n: usize, key: u64| (0..n).flat_map(|i| normal(&mut Seed(key).stream(i as u64))).collect();
        return (of(args.items, 1), of(args.queries, 2));
    }
    let directions: Vec<Vec<f32>> = (0..200).map(|i| normal(&mut Seed(3).stream(i))).collect();
    let near = |rng: &mut Rng, spread: f32, length: f32| {
        let direction = &directions[rng.below(directions.len())];
        let noise = normal(rng);
        direction.iter().zip(noise).map(|(d, e)| length * (d + spread * e)).collect::<Vec<f32>>()
    };
    let product = |i: usize| {
        let mut rng = Seed(4).stream(i as u64);
        let length = (0.3 * rng.normal()).exp() as f32;
        near(&mut rng, 0.6, length)
    };
    let queries = (0..args.queries).flat_map(|i| near(&mut Seed(5).stream(i as u64), 0.6, 1.0)).collect();
    ((0..args.items).flat_map(product).collect(), queries)
}

fn measure(args: &IndexArgs, sort: &str) -> Result<Row> {
    let (items, queries) = vectors(args, sort);
    let peers = peers(args, &items, &queries)?;
    let started = cpu_seconds();
    let mut lists = Inverted::new(&items, args.factors, &InvertedParams::default(), Seed(6));
    let built = cpu_seconds() - started;
    let scan = Scan::new(items, args.factors);
    let asked = |index: &dyn Nearest| {
        let ask = || queries.chunks_exact(args.factors).map(|q| index.best(q, args.top, &|_| false)).collect();
        let found: Vec<Vec<(u32, f32)>> = ask();
        // The kernel's account moves in steps of some milliseconds: short work is repeated.
        let (started, mut rounds) = (cpu_seconds(), 0);
        while rounds == 0 || cpu_seconds() - started < 0.5 {
            let again: Vec<Vec<(u32, f32)>> = ask();
            std::hint::black_box(again);
            rounds += 1;
        }
        ((cpu_seconds() - started) * 1e3 / (args.queries * rounds) as f64, found)
    };
    let (exact_ms, truth) = asked(&scan);
    report::note(&format!("{sort}: scan {exact_ms:.3} CPU ms a query; lists built in {built:.1} CPU s"));
    let mut tried = Vec::new();
    for &n_probes in &args.probes {
        lists = lists.with_probes(n_probes);
        let (ms, found) = asked(&lists);
        let hits: usize = truth.iter().zip(&found).map(|(t, f)| t.iter().filter(|x| f.contains(x)).count()).sum();
        let recall = hits as f64 / truth.iter().map(Vec::len).sum::<usize>().max(1) as f64;
        report::note(&format!("{sort}: {n_probes} lists {ms:.3} CPU ms, recall {recall:.4}"));
        tried.push((n_probes, ms, recall));
    }
    // The quickest that finds enough; where none does, the one that finds most.
    let enough = tried.iter().filter(|t| t.2 >= RECALL_GOAL).min_by(|a, b| a.1.total_cmp(&b.1));
    let best = enough.or_else(|| tried.iter().max_by(|a, b| a.2.total_cmp(&b.2))).copied().unwrap_or((0, 0.0, 0.0));
    let told = |p: &Peer| {
        let Peer { name, version, built_s, width, ms, recall } = p;
        format!("{name}@{version}: {ms:.3} CPU ms, recall {recall:.4}, width {width}, built in {built_s:.1} CPU s")
    };
    let scan = format!("every vector looked at: {exact_ms:.3} CPU ms");
    Ok(Row {
        task: "index".into(),
        data: format!("{} vectors of {}, {sort}, best {}", args.items, args.factors, args.top),
        ours: format!("{} lists opened: {:.3} CPU ms a query, recall {:.4}", best.0, best.1, best.2),
        peer: std::iter::once(scan).chain(peers.iter().map(told)).collect::<Vec<_>>().join("; "),
        ratio: format!("{:.1}", exact_ms / best.1.max(1e-9)),
        quality: format!("built in {built:.1} CPU s"),
        goals: vec![
            Goal::new("exact", exact_ms, Better::Lower, EXACT_GOAL_MS, " ms"),
            Goal::new("by lists", best.1, Better::Lower, LISTS_GOAL_MS, " ms"),
            Goal::new("recall by lists", best.2, Better::Higher, RECALL_GOAL, ""),
        ],
        wrong: Vec::new(),
        runs: json!({"tried": tried, "peers": peers}),
    })
}

/// The same vectors and questions, asked of the peers.
fn peers(args: &IndexArgs, items: &[f32], queries: &[f32]) -> Result<Vec<Peer>> {
    let Some(python) = &args.python else { return Ok(Vec::new()) };
    report::note("asking usearch and hnswlib");
    let folder = tempfile::tempdir()?;
    let write = |name: &str, bytes: Vec<u8>| -> Result<PathBuf> {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes)?;
        Ok(path)
    };
    let numbers = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let script = write("index_hnsw.py", SCRIPT.into())?;
    let said = Command::new(python)
        .arg(&script)
        .args([write("items.f32", numbers(items))?, write("queries.f32", numbers(queries))?])
        .args([args.factors.to_string(), args.top.to_string(), RECALL_GOAL.to_string()])
        .output()
        .with_context(|| format!("starting {}", python.display()))?;
    ensure!(said.status.success(), "the peers ended with {}: {}", said.status, String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).context("the peers' answer")
}
