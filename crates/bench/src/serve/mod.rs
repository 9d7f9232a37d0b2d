//! `bench serve`: answers over HTTP, asked by a load generator on the same cores.
//!
//! A workspace is made once and stays ([`shop`]): made-up shoppers with tastes, orders and products taken in by
//! `portolan ingest`, an item-neighbourhood model fitted and saved here (no run: segments and figures of a million
//! shoppers are another measurement). Then the server is started twice, without and with its cache, and asked: as fast as
//! it can (`load`'s closed loop), and at fixed rates whose waiting counts (its open one); then events are sent, one a request
//! and in batches, while the server brings them into the lake. Each load is repeated; what is told is the median of the
//! rounds, with the least and the most. Generator and server share the machine; the generator's own CPU seconds are told
//! beside the server's. `--soak` does something else: see `ingest`.

mod http;
mod ingest;
mod load;
mod shop;

use crate::data::Place;
use crate::portolan::Portolan;
use crate::report::{self, Better, Goal, Row};
use anyhow::{Context, Result, ensure};
use clap::Args;
use load::Told;
use serde_json::{Value, json};
use shop::Shop;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// `bench serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Products.
    #[arg(long, default_value_t = 100_000)]
    items: u32,
    /// Shoppers.
    #[arg(long, default_value_t = 1_000_000)]
    shoppers: u32,
    /// Seconds of each load.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Rounds of each load.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections that send one event a request.
    #[arg(long, default_value_t = 48)]
    senders: usize,
    /// Seconds of events at full rate with recommendations beside, instead of the other loads.
    #[arg(long)]
    soak: Option<u64>,
}

const PER_SECOND_GOAL: f64 = 3_000.0;
const TOP_GOAL_MS: f64 = 10.0;
const RERANK_GOAL_MS: f64 = 5.0;
const START_GOAL_S: f64 = 3.0;
const SINGLE_GOAL: f64 = 5_000.0;
const SINGLE_GOAL_MS: f64 = 25.0;
const BATCH_GOAL: f64 = 15_000.0;
/// Events of a batch.
const BATCH: u32 = 100;
/// Growth of memory in the second half of a soak that is still called none, MB a minute.
const FLAT_MB: f64 = 5.0;

/// Candidates of a question to order.
const CANDIDATES: u32 = 100;

/// A server, stopped when it is dropped.
struct Server {
    child: Child,
    address: String,
    /// Seconds until it listened.
    start_s: f64,
}

/// CPU seconds of a process so far, user and system, of threads that ended too: fields 14 and 15 of `/proc/PID/stat` in
/// hundredths.
fn cpu_s(pid: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<f64> = after.split_whitespace().skip(11).take(2).filter_map(|f| f.parse().ok()).collect();
    fields.iter().sum::<f64>() / 100.0
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then the measurement says so.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(program: &Path, workspace: &Path) -> Result<Self> {
        let began = Instant::now();
        let mut child = Command::new(program)
            .args(["serve", "--addr", "127.0.0.1:0", "--json", "--workspace"])
            .arg(workspace)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("starting the server")?;
        let out = child.stdout.take().context("what the server says")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).context("reading what the server says")?;
        let said: Value = serde_json::from_str(&line).with_context(|| format!("the server said: {line}"))?;
        let address = said["listening"].as_str().context("an address")?.trim_start_matches("http://").to_owned();
        Ok(Self { child, address, start_s: began.elapsed().as_secs_f64() })
    }

    fn cpu_s(&self) -> f64 {
        cpu_s(self.child.id())
    }

    /// Resident memory now, bytes.
    fn resident(&self) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0) * 1024.0
    }
}

pub(crate) fn run(portolan: &Portolan, place: &Place, args: &ServeArgs) -> Result<Vec<Row>> {
    ensure!(args.items >= CANDIDATES && args.shoppers > 0 && args.connections > 0, "enough products and shoppers");
    let dir = place.lasting(&format!("portolan-bench-serve-{}-{}", args.items, args.shoppers));
    let shop = Shop::make(portolan, &dir, args.items, args.shoppers)?;
    if let Some(seconds) = args.soak {
        return soak(portolan, &shop, args, Duration::from_secs(seconds));
    }
    let cold = {
        // Without its cache a start reads every order line.
        let cache = shop.workspace.join("models/serving");
        if cache.exists() {
            std::fs::remove_dir_all(&cache).context("deleting the cache of histories")?;
        }
        Server::start(portolan.path(), &shop.workspace)?.start_s
    };
    let server = Server::start(portolan.path(), &shop.workspace)?;
    report::note(&format!("started in {:.2} s, without its cache in {cold:.2} s", server.start_s));
    let resident = server.resident();
    let histories = gauge(&server, &shop, "portolan_history_bytes")?;
    let ask = |who: u32| {
        format!("GET /api/v1/recommendations?market=DE&shopper=s{:07}&n=10 HTTP/1.1\r\n", who % args.shoppers)
    };
    let rerank = |who: u32| {
        let candidates: Vec<String> = (0..CANDIDATES)
            .map(|k| format!("\"{}\"", shop::code((who.wrapping_mul(97).wrapping_add(k * 31)) % args.items)))
            .collect();
        let shopper = who % args.shoppers;
        let body = format!(r#"{{"market":"DE","shopper":"s{shopper:07}","candidates":[{}]}}"#, candidates.join(","));
        let head = "POST /api/v1/recommendations/rerank HTTP/1.1\r\nContent-Type: application/json\r\n";
        format!("{head}Content-Length: {}\r\n\u{0}{body}", body.len())
    };
    let generator = load::Generator { address: &server.address, keys: &shop.keys, connections: args.connections };
    let span = Duration::from_secs(args.seconds);
    generator.closed(&ask, Duration::from_secs(2))?;
    // The round of the median p99, and the CPU seconds of the server in it.
    let measured = |what: &str, go: &dyn Fn(usize) -> Result<Told>| -> Result<(Told, f64)> {
        let mut rounds = Vec::with_capacity(args.rounds);
        for round in 0..args.rounds.max(1) {
            let own = std::process::id();
            let (ours, theirs) = (server.cpu_s(), cpu_s(own));
            let told = go(round)?;
            let (ours, theirs) = (server.cpu_s() - ours, cpu_s(own) - theirs);
            report::note(&format!("{what}: {}; server {ours:.1} CPU s, generator {theirs:.1}", told.text()));
            rounds.push((told, ours));
        }
        rounds.sort_by(|a, b| a.0.p99_ms.total_cmp(&b.0.p99_ms));
        let (least, most) = (rounds[0].0.p99_ms, rounds[rounds.len() - 1].0.p99_ms);
        let middle = rounds.swap_remove((rounds.len() - 1) / 2);
        report::note(&format!("{what}: p99 {least:.2} / {:.2} / {most:.2} ms (least, median, most)", middle.0.p99_ms));
        Ok(middle)
    };
    let (most, most_cpu) = measured("top 10, as fast as it can", &|_| generator.closed(&ask, span))?;
    let (top, top_cpu) = measured("top 10, 1,000 a second", &|_| generator.open(&ask, 1_000.0, span))?;
    let (order, order_cpu) = measured("order 100, 500 a second", &|_| generator.open(&rerank, 500.0, span))?;
    let run = std::process::id();
    let senders = load::Generator { connections: args.senders, ..generator };
    let (single, single_cpu) = measured("events, one a request", &|round| {
        senders.closed(&|n| ingest::request(&format!("one-{run}-{round}"), n, 1), span)
    })?;
    let few = load::Generator { connections: 4, ..generator };
    let (batches, batches_cpu) = measured("events, in batches of 100", &|round| {
        few.closed(&|n| ingest::request(&format!("many-{run}-{round}"), n, BATCH), span)
    })?;
    let batched = batches.per_second * f64::from(BATCH);
    let start_s = server.start_s;
    drop(server);
    let again = after_the_load(portolan, &shop)?;
    report::note(&format!("started after the load, with its last events to read back: {again:.2} s"));
    let wrong: Vec<String> = [&most, &top, &order, &single, &batches]
        .into_iter()
        .filter(|t| t.refused > 0)
        .map(|t| format!("{} of {} requests had no answer", t.refused, t.n))
        .collect();
    Ok(vec![Row {
        task: "serve".to_owned(),
        data: format!("{} products, {} shoppers, made up, item-knn", args.items, args.shoppers),
        ours: format!(
            "top 10: {:.0}/s, p99 {:.2} ms at 1,000/s; order 100: p99 {:.2} ms at 500/s; start {:.2} s",
            most.per_second, top.p99_ms, order.p99_ms, start_s
        ),
        peer: "Metarank's own figure for a re-rank, another machine: 10-30 ms".to_owned(),
        ratio: String::new(),
        quality: format!("{:.3} CPU ms of the server a top 10", 1e3 * most_cpu / most.n.max(1) as f64),
        goals: vec![
            Goal::new("top 10 a second", most.per_second, Better::Higher, PER_SECOND_GOAL, ""),
            Goal::new("p99 of a top 10 at 1,000/s", top.p99_ms, Better::Lower, TOP_GOAL_MS, " ms"),
            Goal::new("p99 of ordering 100 at 500/s", order.p99_ms, Better::Lower, RERANK_GOAL_MS, " ms"),
            Goal::new("start", start_s, Better::Lower, START_GOAL_S, " s"),
            Goal::new("start with the last events of the lake to read back", again, Better::Lower, START_GOAL_S, " s"),
            Goal::new("start without its cache", cold, Better::Lower, START_GOAL_S, " s"),
            Goal::new("durable events a second, one a request", single.per_second, Better::Higher, SINGLE_GOAL, ""),
            Goal::new("p99 of one event a request", single.p99_ms, Better::Lower, SINGLE_GOAL_MS, " ms"),
            Goal::new("durable events a second, in batches of 100", batched, Better::Higher, BATCH_GOAL, ""),
        ],
        wrong,
        runs: json!({"single": single, "batches": batches, "closed": most, "top": top, "rerank": order, "start_s": start_s, "start_without_cache_s": cold, "start_after_load_s": again,
            "resident_bytes": resident, "history_bytes": histories, "history_bytes_per_million": histories * 1e6 / f64::from(args.shoppers),
            "cpu_s": {"closed": most_cpu, "top": top_cpu, "rerank": order_cpu,
                "single": single_cpu, "batches": batches_cpu}}),
    }])
}

/// How long can the log of a load take to go into the lake.
const BROUGHT_OVER: Duration = Duration::from_secs(300);

/// Seconds of a start once all that came is in the lake: the last 100,000 events of it are read back, so that carts, sessions and
/// who is who are what they were.
fn after_the_load(portolan: &Portolan, shop: &Shop) -> Result<f64> {
    let server = Server::start(portolan.path(), &shop.workspace)?;
    let began = Instant::now();
    let open_segments = || -> Result<usize> {
        let files = std::fs::read_dir(shop.workspace.join("journal")).context("listing the log")?;
        Ok(files.flatten().filter(|file| file.path().extension().is_some_and(|e| e == "log")).count())
    };
    // The one that is written to stays.
    while open_segments()? > 1 {
        ensure!(began.elapsed() < BROUGHT_OVER, "the log is not in the lake after {BROUGHT_OVER:?}");
        std::thread::sleep(Duration::from_millis(500));
    }
    drop(server);
    Ok(Server::start(portolan.path(), &shop.workspace)?.start_s)
}

/// Events at full rate with recommendations beside, and what memory did.
fn soak(portolan: &Portolan, shop: &Shop, args: &ServeArgs, span: Duration) -> Result<Vec<Row>> {
    let server = Server::start(portolan.path(), &shop.workspace)?;
    let soaked = ingest::soak(&server, shop, args.shoppers, span, BATCH)?;
    soaked.tell(BATCH);
    let runs = soaked.json();
    let growth = runs["growth_mb_a_minute"].as_f64().context("a slope")?;
    let rate = soaked.events.per_second * f64::from(BATCH);
    let refused = soaked.events.refused + soaked.recommendations.refused;
    let mut wrong = Vec::new();
    if refused > 0 {
        wrong.push(format!("{refused} requests had no answer"));
    }
    if growth > FLAT_MB {
        wrong.push(format!("memory goes on growing, by {growth:.2} MB a minute"));
    }
    Ok(vec![Row {
        task: "soak".to_owned(),
        data: format!("{} products, {} shoppers, {} s", args.items, args.shoppers, span.as_secs()),
        ours: format!("{rate:.0} events/s; memory grows by {growth:.2} MB a minute in the second half"),
        peer: String::new(),
        ratio: String::new(),
        quality: format!("p99 of recommendations beside {:.1} ms", soaked.recommendations.p99_ms),
        goals: vec![
            Goal::new("growth of memory a minute", growth, Better::Lower, FLAT_MB, " MB"),
            Goal::new("durable events a second", rate, Better::Higher, BATCH_GOAL, ""),
        ],
        wrong,
        runs,
    }])
}

/// One figure that the server tells of itself.
fn gauge(server: &Server, shop: &Shop, name: &str) -> Result<f64> {
    let mut asked = http::Connection::open(&server.address, &shop.keys[0])?;
    let answer = asked.ask("GET /metrics HTTP/1.1\r\n", "")?;
    let value = answer.body.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.with_context(|| format!("the server tells no {name}"))
}
