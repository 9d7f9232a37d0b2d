//! Events sent to the server, and a soak: events as fast as they are taken with recommendations beside, for long.
//!
//! An event is a product view of about 400 bytes with an identifier of its own by one of 20,000 visitors. In a soak the
//! resident memory of the server is written down every few seconds. It grows while what is bounded fills (steps of visitors,
//! pages of allocators), and must then stand still: what is told is the line through the second half, in MB a minute, and the
//! most of each half. Identifiers that are remembered to know repeats are counted apart: there are 7.3 million of them at
//! most, 20 bytes each, which takes ten minutes at 12,000 events a second to fill.

use super::http::Connection;
use super::load::{Generator, Told};
use super::{Server, Shop, gauge};
use crate::report;
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Visitors that the events are of.
const VISITORS: u32 = 20_000;
/// Recommendations a second beside the events of a soak.
const BESIDE: f64 = 100.0;
/// Senders of batches.
const SENDERS: usize = 4;
/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// A request that sends `batch` events; `run` keeps the identifiers of two loads apart.
pub(super) fn request(run: &str, n: u32, batch: u32) -> String {
    let call = |k: u32| {
        let (visitor, product) = (n.wrapping_mul(31).wrapping_add(k) % VISITORS, n.wrapping_add(k * 7) % 5_000);
        format!(
            "{{\"type\":\"track\",\"event\":\"Product Viewed\",\"messageId\":\"{run}-{n}-{k}\",\"anonymousId\":\"visitor-{visitor}\",\
             \"context\":{{\"locale\":\"de-DE\",\"library\":{{\"name\":\"load\",\"version\":\"1\"}},\"page\":{{\"url\":\
             \"https://shop.example/products/p{product}\",\"title\":\"Product {product}\"}}}},\
             \"properties\":{{\"product_id\":\"P{product:07}\",\"price\":19.99,\"currency\":\"EUR\",\"quantity\":1}}}}"
        )
    };
    let (path, body) = if batch == 1 {
        ("/v1/track", call(0))
    } else {
        let calls: Vec<String> = (0..batch).map(call).collect();
        ("/v1/batch", format!("{{\"batch\":[{}]}}", calls.join(",")))
    };
    format!("POST {path} HTTP/1.1\r\nContent-Length: {}\r\n\u{0}{body}", body.len())
}

/// What a soak came to.
pub(super) struct Soaked {
    pub(super) events: Told,
    pub(super) recommendations: Told,
    pub(super) curve: Vec<Look>,
    /// Segments that are not in the lake at the end.
    pub(super) waiting: f64,
}

/// The server at a moment.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Look {
    /// Seconds since the beginning.
    pub(super) s: f64,
    /// Resident bytes.
    pub(super) resident: f64,
    /// Identifiers that it remembers.
    pub(super) keys: f64,
}

impl Look {
    /// Resident bytes but for what identifiers take.
    fn beside_keys(&self) -> f64 {
        self.resident - KEY_BYTES * self.keys
    }
}

/// Bytes of an identifier that is remembered; see `journal::seen`.
const KEY_BYTES: f64 = 19.4;

impl Soaked {
    pub(super) fn json(&self) -> Value {
        let (first, second) = self.halves();
        json!({"events": self.events, "recommendations": self.recommendations, "curve": self.curve,
            "growth_mb_a_minute": growth(second), "most_first_half": most(first), "most_second_half": most(second),
            "segments_waiting": self.waiting})
    }

    fn halves(&self) -> (&[Look], &[Look]) {
        self.curve.split_at(self.curve.len() / 2)
    }

    pub(super) fn tell(&self, batch: u32) {
        let mb = |bytes: f64| bytes / 1e6;
        let curve: Vec<String> =
            self.curve.iter().map(|look| format!("{:.0} s {:.0}", look.s, mb(look.resident))).collect();
        report::note(&format!("resident MB: {}", curve.join(", ")));
        let (first, second) = self.halves();
        report::note(&format!(
            "events {:.0}/s in batches of {batch}: {}; recommendations beside: {}",
            self.events.per_second * f64::from(batch),
            self.events.text(),
            self.recommendations.text()
        ));
        report::note(&format!(
            "memory: at most {:.0} MB in the first half, {:.0} in the second, which grows by {:.2} MB a minute beside {:.1} \
             million identifiers; {} segments wait for the lake",
            mb(most(first)),
            mb(most(second)),
            growth(second),
            second.last().map_or(0.0, |look| look.keys / 1e6),
            self.waiting
        ));
    }
}

fn most(curve: &[Look]) -> f64 {
    curve.iter().map(|look| look.resident).fold(0.0, f64::max)
}

/// Slope of the least-squares line, MB a minute: `Σ (t − t̄)(m − m̄) / Σ (t − t̄)²`.
fn growth(curve: &[Look]) -> f64 {
    let n = curve.len().max(1) as f64;
    let mean = |of: fn(&Look) -> f64| curve.iter().map(of).sum::<f64>() / n;
    let (t, m) = (mean(|look| look.s), mean(Look::beside_keys));
    let (top, bottom) = curve.iter().fold((0.0, 0.0), |(top, bottom), look| {
        (top + (look.s - t) * (look.beside_keys() - m), bottom + (look.s - t) * (look.s - t))
    });
    if bottom > 0.0 { top / bottom * 60.0 / 1e6 } else { 0.0 }
}

/// Events in batches as fast as they are taken, with recommendations beside, for so long.
pub(super) fn soak(server: &Server, shop: &Shop, shoppers: u32, span: Duration, batch: u32) -> Result<Soaked> {
    let ended = AtomicBool::new(false);
    let began = Instant::now();
    let senders = Generator { address: &server.address, keys: &shop.keys, connections: SENDERS };
    let askers = Generator { address: &server.address, keys: &shop.keys, connections: 4 };
    let run = format!("soak-{}", std::process::id());
    let send = |n: u32| request(&run, n, batch);
    let ask =
        |who: u32| format!("GET /api/v1/recommendations?market=DE&shopper=s{:07}&n=10 HTTP/1.1\r\n", who % shoppers);
    let mut curve = Vec::new();
    let (events, recommendations) = std::thread::scope(|scope| {
        let events = scope.spawn(|| {
            let told = senders.closed(&send, span);
            ended.store(true, Relaxed);
            told
        });
        let recommendations = scope.spawn(|| askers.open(&ask, BESIDE, span));
        while !ended.load(Relaxed) {
            let (s, resident) = (began.elapsed().as_secs_f64(), server.resident());
            curve.push(Look { s, resident, keys: gauge(server, shop, "portolan_log_keys")? });
            let next = Instant::now() + LOOK.min(span / 20);
            while Instant::now() < next && !ended.load(Relaxed) {
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        let joined = |thread: std::thread::ScopedJoinHandle<'_, Result<Told>>| {
            thread.join().map_err(|_| anyhow::anyhow!("a load panicked"))?
        };
        Ok::<_, anyhow::Error>((joined(events)?, joined(recommendations)?))
    })?;
    ensure!(events.n > 0, "no event was taken");
    // Still alive and answering, after all that.
    let alive =
        Connection::open(&server.address, &shop.keys[0])?.ask("GET /ready HTTP/1.1\r\n", "").context("asking")?;
    ensure!(alive.status == 200, "the server is not ready after the soak: {}", alive.body);
    let waiting = gauge(server, shop, "portolan_log_closed_segments")?;
    Ok(Soaked { events, recommendations, curve, waiting })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 3 MB in 60 seconds on top of a constant and of identifiers; a curve that stands still has no slope.
    fn growth_is_the_slope_of_the_line_in_mb_a_minute() {
        let look = |slope: f64, i: i32| {
            let s = f64::from(i) * 10.0;
            Look { s, resident: 5e6 + slope * s + KEY_BYTES * 7.0 * s, keys: 7.0 * s }
        };
        let line = |slope: f64| (0..7).map(|i| look(slope, i)).collect::<Vec<_>>();
        assert!((growth(&line(50_000.0)) - 3.0).abs() < 1e-9);
        assert!(growth(&line(0.0)).abs() < 1e-9);
        assert_eq!(growth(&[]), 0.0);
    }

    #[test]
    fn a_request_has_as_many_events_as_asked_and_says_its_length() {
        let request = request("r", 7, 3);
        let (head, body) = request.split_once('\u{0}').unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["batch"].as_array().map(Vec::len), Some(3));
        assert_ne!(body["batch"][0]["messageId"], body["batch"][1]["messageId"]);
    }
}
