//! Load: as much as a few connections can ask, or so much a second however long the answers take.
//!
//! [`Generator::open`] has a time for every request beforehand and measures from that time on, not from when a
//! connection was free: a server that stalls for a second is charged for everybody who had to wait. Each connection
//! is a thread of its own that asks one question at a time.

use super::http::Connection;
use anyhow::{Result, anyhow};
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What one connection does: the times of its answers, and how many were refused.
type Work<'a> = dyn Fn(&mut Connection) -> Result<(Vec<Duration>, u64)> + Sync + 'a;

/// Who asks whom.
#[derive(Clone, Copy)]
pub(super) struct Generator<'a> {
    pub(super) address: &'a str,
    /// Connections take them in turn: one key alone may ask ten thousand times a second.
    pub(super) keys: &'a [String],
    pub(super) connections: usize,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    pub(super) n: u64,
    pub(super) refused: u64,
    pub(super) per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) p999_ms: f64,
    pub(super) max_ms: f64,
}

impl Told {
    fn of(mut times: Vec<Duration>, refused: u64, span: Duration) -> Self {
        times.sort_unstable();
        let ms = |time: Duration| 1e3 * time.as_secs_f64();
        // The smallest time that a share of the requests did not exceed.
        let at = |share: f64| {
            let place = (share * times.len() as f64).ceil() as usize;
            times.get(place.clamp(1, times.len().max(1)) - 1).map_or(0.0, |t| ms(*t))
        };
        Self {
            n: times.len() as u64,
            refused,
            per_second: times.len() as f64 / span.as_secs_f64(),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: at(1.0),
        }
    }

    pub(super) fn text(&self) -> String {
        format!(
            "{:.0}/s, p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, most {:.1} ms, {} refused",
            self.per_second, self.p50_ms, self.p99_ms, self.p999_ms, self.max_ms, self.refused
        )
    }
}

/// A question: its head, and after a NUL its body.
pub(super) type Question<'a> = &'a (dyn Fn(u32) -> String + Sync);

impl Generator<'_> {
    /// Every connection asks again as soon as it has its answer.
    pub(super) fn closed(&self, question: Question<'_>, span: Duration) -> Result<Told> {
        let number = AtomicU64::new(0);
        let began = Instant::now();
        let (times, refused) = self.all(&|connection| {
            let (mut times, mut refused) = (Vec::new(), 0);
            while began.elapsed() < span {
                let who = shuffled(number.fetch_add(1, Ordering::Relaxed));
                let asked = Instant::now();
                refused += u64::from(!is_answered(connection, &question(who))?);
                times.push(asked.elapsed());
            }
            Ok((times, refused))
        })?;
        Ok(Told::of(times, refused, began.elapsed()))
    }

    /// So many a second, at even distances.
    pub(super) fn open(&self, question: Question<'_>, per_second: f64, span: Duration) -> Result<Told> {
        let total = (per_second * span.as_secs_f64()) as u64;
        let number = AtomicU64::new(0);
        let began = Instant::now() + Duration::from_millis(50);
        let (times, refused) = self.all(&|connection| {
            let (mut times, mut refused) = (Vec::new(), 0);
            loop {
                let n = number.fetch_add(1, Ordering::Relaxed);
                if n >= total {
                    return Ok((times, refused));
                }
                let due = began + Duration::from_secs_f64(n as f64 / per_second);
                let now = Instant::now();
                if due > now {
                    std::thread::sleep(due - now);
                }
                refused += u64::from(!is_answered(connection, &question(shuffled(n)))?);
                times.push(due.elapsed());
            }
        })?;
        Ok(Told::of(times, refused, began.elapsed()))
    }

    fn all(&self, work: &Work<'_>) -> Result<(Vec<Duration>, u64)> {
        let one = |key: &str| {
            let mut connection = Connection::open(self.address, key)?;
            work(&mut connection)
        };
        std::thread::scope(|scope| {
            let keys = self.keys.iter().cycle().take(self.connections);
            let threads: Vec<_> = keys.map(|key| scope.spawn(|| one(key))).collect();
            let (mut times, mut refused) = (Vec::new(), 0);
            for thread in threads {
                let (some, n) = thread.join().map_err(|_| anyhow!("a connection panicked"))??;
                times.extend(some);
                refused += n;
            }
            Ok((times, refused))
        })
    }
}

fn is_answered(connection: &mut Connection, question: &str) -> Result<bool> {
    let (head, body) = question.split_once('\u{0}').unwrap_or((question, ""));
    let reply = connection.ask(head, body)?;
    // Products, or what became of events.
    Ok(reply.status == 200 && (reply.body.contains("product_id") || reply.body.contains("\"accepted\":")))
}

/// The numbers from 0 in an order without an order, so that neighbours in time are none in the store.
fn shuffled(n: u64) -> u32 {
    (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 200 times of 1 to 200 ms: 99 % are at most 198 ms, half at most 100.
    fn a_percentile_is_a_time_that_was_measured() {
        let times = (1..=200).rev().map(Duration::from_millis).collect();
        let told = Told::of(times, 3, Duration::from_secs(2));
        assert_eq!((told.p50_ms, told.p99_ms, told.p999_ms, told.max_ms), (100.0, 198.0, 200.0, 200.0));
        assert_eq!((told.per_second, told.n, told.refused), (100.0, 200, 3));
        assert_eq!(Told::of(Vec::new(), 0, Duration::from_secs(1)).p99_ms, 0.0);
    }
}
