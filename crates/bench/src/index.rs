//! `bench index`: the best products for one shopper out of a large catalogue, by looking at all and by the way that the index chooses.
//!
//! Two sorts of vectors: around directions, as tastes are, with lengths that differ as popularity does; and without any order at all,
//! which is the worst case for a graph. Each is asked without a filter and with filters that half, a twentieth and two hundredths
//! of the products pass by lot. Queries run one after another on one thread, and CPU time is counted, because on a busy machine nothing
//! else says anything. The goals: all of 100,000 within 5 ms, and the index within 1 ms with 95 of 100 of the best found. The index
//! learns its widths from the products alone; the queries are others. Beside it, where a Python that has them is named, hnswlib,
//! usearch and faiss over the same vectors and filters, each at the quickest setting that finds as many of the very queries that are timed.

use crate::recommend::cpu_seconds;
use crate::report::{self, Better, Goal, Row};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueHint};
use domain::{Rng, Seed};
use learn::container::{Reader, Writer};
use learn::{NearGraph, NearGraphParams, Nearest, Scan};
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
    /// Shares of the products that pass a filter.
    #[arg(long, value_delimiter = ',', default_values_t = [1.0, 0.5, 0.05, 0.02])]
    pass: Vec<f64>,
    /// A Python that has usearch, hnswlib and numpy, and faiss for filters; without it, only our figures.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::ExecutablePath)]
    python: Option<PathBuf>,
}

const SCRIPT: &str = include_str!("../peers/index_peers.py");

/// What a peer's best setting reaches.
#[derive(Deserialize, Serialize)]
struct Peer {
    name: String,
    version: String,
    /// Which of the filters, from 0.
    filter: usize,
    built_s: f64,
    width: usize,
    ms: f64,
    recall: f64,
}

const EXACT_GOAL_MS: f64 = 5.0;
const INDEX_GOAL_MS: f64 = 1.0;
const RECALL_GOAL: f64 = 0.95;

pub(crate) fn run(args: &IndexArgs, add: &mut dyn FnMut(Row)) -> Result<()> {
    ensure!(args.items > 0 && args.factors > 0 && args.top > 0 && args.queries > 0, "counts of at least 1");
    ensure!(args.pass.iter().all(|share| *share > 0.0 && *share <= 1.0), "shares above 0, at most 1");
    for sort in ["tastes", "no order"] {
        measure(args, sort, add)?;
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

fn measure(args: &IndexArgs, sort: &str, add: &mut dyn FnMut(Row)) -> Result<()> {
    let (items, queries) = vectors(args, sort);
    let lot =
        |share: f64| (0..args.items as u64).map(|id| share >= 1.0 || Seed(9).stream(id).uniform() < share).collect();
    let filters: Vec<Vec<bool>> = args.pass.iter().map(|share| lot(*share)).collect();
    let peers = peers(args, &items, &queries, &filters)?;
    let started = cpu_seconds();
    let index = NearGraph::build(items.clone(), args.factors, &NearGraphParams::default(), Seed(6))?;
    let built = cpu_seconds() - started;
    let opened = opened(&index, &items, args.factors)?;
    let built = format!("built in {built:.1} CPU s, {opened}");
    report::note(&format!("{sort}: {built}"));
    let scan = Scan::new(items, args.factors);
    for (at, (share, passes)) in args.pass.iter().zip(&filters).enumerate() {
        let skip = |id: u32| !passes[id as usize];
        let (way, quality) = match index.measured(args.top, *share) {
            None => ("looks at all that pass".to_owned(), "a graph would not be quicker".to_owned()),
            Some(m) => (format!("width {}", m.width), format!("recall {:.4} when it was built", m.recall)),
        };
        let asked = |index: &dyn Nearest| {
            let ask = || queries.chunks_exact(args.factors).map(|q| index.best(q, args.top, &skip)).collect();
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
        let (ms, found) = asked(&index);
        let hits: usize = truth.iter().zip(&found).map(|(t, f)| t.iter().filter(|x| f.contains(x)).count()).sum();
        let recall = hits as f64 / truth.iter().map(Vec::len).sum::<usize>().max(1) as f64;
        let told = |p: &Peer| {
            let Peer { name, version, built_s, width, ms, recall, .. } = p;
            format!("{name}@{version}: {ms:.3} CPU ms, recall {recall:.4}, width {width}, built in {built_s:.1} CPU s")
        };
        let beside: Vec<&Peer> = peers.iter().filter(|p| p.filter == at).collect();
        let all = format!("every vector looked at: {exact_ms:.3} CPU ms");
        add(Row {
            task: "index".into(),
            data: format!(
                "{} vectors of {}, {sort}, best {}, {} % pass",
                args.items,
                args.factors,
                args.top,
                100.0 * share
            ),
            ours: format!("{way}: {ms:.3} CPU ms a query, recall {recall:.4}"),
            peer: std::iter::once(all).chain(beside.iter().map(|p| told(p))).collect::<Vec<_>>().join("; "),
            ratio: format!("{:.1}", exact_ms / ms.max(1e-9)),
            quality: format!("{quality}; {built}"),
            goals: vec![
                Goal::new("exact", exact_ms, Better::Lower, EXACT_GOAL_MS, " ms"),
                Goal::new("the index", ms, Better::Lower, INDEX_GOAL_MS, " ms"),
                Goal::new("recall", recall, Better::Higher, RECALL_GOAL, ""),
            ],
            wrong: Vec::new(),
            runs: json!({"ms": ms, "exact_ms": exact_ms, "recall": recall, "peers": beside}),
        });
    }
    Ok(())
}

/// What an index takes as a file and to be opened again.
fn opened(index: &NearGraph, items: &[f32], factors: usize) -> Result<String> {
    let mut to = Writer::default();
    index.write(&mut to)?;
    let bytes = to.finish("index", 0);
    let started = cpu_seconds();
    let again = NearGraph::read(&Reader::open(&bytes)?, items.to_vec(), factors, Seed(6))?;
    let took = cpu_seconds() - started;
    drop(again);
    Ok(format!("{:.1} MB, opened in {took:.2} CPU s", bytes.len() as f64 / 1e6))
}

/// The same vectors and questions, asked of the peers.
fn peers(args: &IndexArgs, items: &[f32], queries: &[f32], filters: &[Vec<bool>]) -> Result<Vec<Peer>> {
    let Some(python) = &args.python else { return Ok(Vec::new()) };
    report::note("asking hnswlib, usearch and faiss");
    let folder = tempfile::tempdir()?;
    let write = |name: &str, bytes: Vec<u8>| -> Result<PathBuf> {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes)?;
        Ok(path)
    };
    let numbers = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let script = write("index_peers.py", SCRIPT.into())?;
    let passes = filters
        .iter()
        .enumerate()
        .map(|(at, filter)| write(&format!("passes-{at}"), filter.iter().map(|passes| u8::from(*passes)).collect()));
    let said = Command::new(python)
        .arg(&script)
        .args([write("items.f32", numbers(items))?, write("queries.f32", numbers(queries))?])
        .args([args.factors.to_string(), args.top.to_string(), RECALL_GOAL.to_string()])
        .args(passes.collect::<Result<Vec<PathBuf>>>()?)
        .output()
        .with_context(|| format!("starting {}", python.display()))?;
    ensure!(said.status.success(), "the peers ended with {}: {}", said.status, String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).context("the peers' answer")
}
