//! How many events a second are taken in durably, and how long a sender waits.
//!
//! Data model: product views of about 400 bytes by 20,000 visitors, each with an identifier of its own. The server is the
//! example `tracking_server` beside this one, in a process of its own; this one sends over as many connections as said, each
//! waiting for its answer before it sends again (a closed loop), on the same cores. Server CPU and memory are read from
//! `/proc`, so Linux only.
//!
//! `ingest_load SECONDS CONNECTIONS BATCH [FOLDER]` prints one JSON object.

#![allow(clippy::print_stdout, reason = "an example talks to whoever started it")]

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

type Fault = Box<dyn Error + Send + Sync>;

fn call(id: &str, n: u64) -> String {
    let (visitor, product) = (n.wrapping_mul(2_654_435_761) % 20_000, n.wrapping_mul(40_503) % 5_000);
    format!(
        "{{\"type\":\"track\",\"event\":\"Product Viewed\",\"messageId\":\"{id}-{n}\",\"anonymousId\":\"visitor-{visitor}\",\
         \"timestamp\":\"2026-03-01T12:00:00.000Z\",\"context\":{{\"locale\":\"de-DE\",\"library\":{{\"name\":\"load\",\
         \"version\":\"1\"}},\"page\":{{\"url\":\"https://shop.example/products/p{product}\",\"title\":\"Product {product}\"}}}},\
         \"properties\":{{\"product_id\":\"p{product}\",\"price\":19.99,\"currency\":\"EUR\",\"quantity\":1}}}}"
    )
}

fn request(key: &str, id: &str, first: u64, batch: u64) -> Vec<u8> {
    let (path, body) = if batch == 1 {
        ("track", call(id, first))
    } else {
        let calls: Vec<String> = (first..first + batch).map(|n| call(id, n)).collect();
        ("batch", format!("{{\"sentAt\":\"2026-03-01T12:00:00.000Z\",\"batch\":[{}]}}", calls.join(",")))
    };
    let head = format!(
        "POST /v1/{path} HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

/// Sends and reads one answer; gives its status.
fn ask(stream: &mut BufReader<TcpStream>, bytes: &[u8]) -> Result<u16, Fault> {
    stream.get_mut().write_all(bytes)?;
    let (mut status, mut length, mut line) = (0, 0, String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err("the server closed the connection".into());
        }
        let text = line.trim();
        if text.is_empty() {
            break;
        }
        if status == 0 {
            status = text.split(' ').nth(1).unwrap_or_default().parse()?;
        } else if let Some(n) = text.to_ascii_lowercase().strip_prefix("content-length:") {
            length = n.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(status)
}

struct Server {
    child: Child,
    address: String,
    key: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(folder: &str) -> Result<Self, Fault> {
        let program = std::env::current_exe()?.with_file_name("tracking_server");
        let mut child = Command::new(program).args([folder, "0"]).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let said =
            lines.by_ref().find(|l| l.as_ref().map_or(true, |l| l.starts_with('{'))).ok_or("it said nothing")??;
        let said: serde_json::Value = serde_json::from_str(&said)?;
        let of = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
        Ok(Self { child, address: of("address").replace("http://", ""), key: of("key") })
    }

    /// CPU seconds so far, and resident MB.
    fn used(&self) -> Result<(f64, f64), Fault> {
        let of = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id()));
        let stat = of("stat")?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        let status = of("status")?;
        let rss = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or_default();
        let kb: f64 = rss.trim().trim_end_matches(" kB").parse().unwrap_or(0.0);
        Ok((ticks / 100.0, kb / 1024.0))
    }
}

fn main() -> Result<(), Fault> {
    let args: Vec<String> = std::env::args().collect();
    let number = |i: usize, default: u64| args.get(i).map_or(Ok(default), |a| a.parse::<u64>());
    let (seconds, connections, batch) = (number(1, 10)?, number(2, 64)?, number(3, 100)?);
    let made = std::env::temp_dir().join(format!("ingest-load-{}", std::process::id()));
    let folder = args.get(4).cloned().unwrap_or_else(|| made.display().to_string());
    let server = Server::start(&folder)?;
    let (stop, warm) = (AtomicBool::new(false), AtomicBool::new(false));
    let (others, failures) = (AtomicU64::new(0), AtomicU64::new(0));
    let mut memory = Vec::new();
    let mut cpu = 0.0;
    let began = Instant::now();
    let mut lasted = 0.0;
    let mut waits: Vec<u64> = std::thread::scope(|scope| -> Result<Vec<u64>, Fault> {
        let work = |connection: u64| {
            let (server, stop, warm, others) = (&server, &stop, &warm, &others);
            move || -> Result<Vec<u64>, Fault> {
                let stream = TcpStream::connect(&server.address)?;
                stream.set_nodelay(true)?;
                let mut stream = BufReader::new(stream);
                let (mut waits, mut n) = (Vec::new(), 0);
                let id = format!("{connection}-{}", std::process::id());
                while !stop.load(Relaxed) {
                    let bytes = request(&server.key, &id, n, batch);
                    n += batch;
                    let start = Instant::now();
                    let status = ask(&mut stream, &bytes)?;
                    if status != 200 {
                        others.fetch_add(1, Relaxed);
                        std::thread::sleep(Duration::from_millis(50));
                    } else if warm.load(Relaxed) {
                        waits.push(start.elapsed().as_micros() as u64);
                    }
                }
                Ok(waits)
            }
        };
        let threads: Vec<_> = (0..connections).map(|c| scope.spawn(work(c))).collect();
        // The first second fills caches and connections and is not counted.
        std::thread::sleep(Duration::from_secs(1));
        warm.store(true, Relaxed);
        let (start, before) = (Instant::now(), server.used()?);
        while start.elapsed() < Duration::from_secs(seconds) {
            std::thread::sleep(Duration::from_millis(250));
            memory.push(server.used()?.1);
        }
        lasted = start.elapsed().as_secs_f64();
        cpu = server.used()?.0 - before.0;
        stop.store(true, Relaxed);
        let mut all = Vec::new();
        for thread in threads {
            match thread.join().map_err(|_| "a sender panicked")? {
                Ok(waits) => all.extend(waits),
                Err(_) => {
                    failures.fetch_add(1, Relaxed);
                }
            }
        }
        Ok(all)
    })?;
    waits.sort_unstable();
    let quantile =
        |q: f64| waits.get(((waits.len() as f64 - 1.0) * q) as usize).map_or(f64::NAN, |us| *us as f64 / 1000.0);
    let events = waits.len() as u64 * batch;
    let resident = [0.25, 0.5, 0.75, 1.0].map(|q| memory.get(((memory.len() as f64 - 1.0) * q) as usize).copied());
    println!(
        "{}",
        serde_json::json!({
            "task": "durable ingest", "batch": batch, "connections": connections, "seconds": lasted,
            "events_per_second": (events as f64 / lasted).round(), "p50_ms": quantile(0.5), "p99_ms": quantile(0.99),
            "worst_ms": quantile(1.0), "answers_not_200": others.into_inner(), "connections_lost": failures.into_inner(),
            "server_cpu_seconds": cpu, "server_cpu_us_per_event": cpu * 1e6 / events as f64,
            "server_rss_mb_at_quarters": resident,
            "wall_since_start": began.elapsed().as_secs_f64(),
        })
    );
    drop(server);
    if args.get(4).is_none() {
        std::fs::remove_dir_all(made)?;
    }
    Ok(())
}
