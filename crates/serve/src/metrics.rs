//! Counts and times of requests in the text format of Prometheus.
//!
//! Routes are named as the router writes them, never by the path that was asked for: ids and names of people would
//! end up in a monitoring system, and a flood of paths would fill the memory.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Upper ends of the buckets, in microseconds.
const BUCKETS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
];

/// Writes more metrics: called when they are asked for.
pub type Source = Arc<dyn Fn(&mut String) + Send + Sync>;

#[derive(Default)]
struct Route {
    /// By hundreds: 1xx to 5xx.
    by_class: [AtomicU64; 5],
    buckets: [AtomicU64; BUCKETS.len()],
    sum_us: AtomicU64,
    count: AtomicU64,
}

/// The registry.
#[derive(Default)]
pub struct Metrics {
    routes: RwLock<BTreeMap<(String, String), Arc<Route>>>,
    open: AtomicI64,
    connections: AtomicI64,
    sources: Vec<Source>,
}

impl Metrics {
    /// With further sources.
    pub(crate) fn with(sources: Vec<Source>) -> Self {
        Self { sources, ..Self::default() }
    }

    fn route(&self, method: &str, path: &str) -> Arc<Route> {
        let key = (method.to_owned(), path.to_owned());
        {
            let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(route) = routes.get(&key) {
                return route.clone();
            }
        }
        self.routes.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone()
    }

    /// A request begins.
    pub(crate) fn begin(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// It ended.
    pub(crate) fn end(&self, method: &str, path: &str, status: u16, took: Duration) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        let route = self.route(method, path);
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(counter) = route.by_class.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let at = BUCKETS.partition_point(|end| *end < us);
        if let Some(bucket) = route.buckets.get(at) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        route.sum_us.fetch_add(us, Ordering::Relaxed);
        route.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn connected(&self, change: i64) {
        self.connections.fetch_add(change, Ordering::Relaxed);
    }

    /// The text that Prometheus reads.
    pub fn text(&self) -> String {
        let mut out = String::with_capacity(8_192);
        // Writing into a string cannot fail.
        let _ = self.write(&mut out);
        for source in &self.sources {
            source(&mut out);
        }
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "# HELP portolan_http_open_requests Requests that are being answered.")?;
        writeln!(out, "# TYPE portolan_http_open_requests gauge")?;
        writeln!(out, "portolan_http_open_requests {}", self.open.load(Ordering::Relaxed))?;
        writeln!(out, "# HELP portolan_http_connections Open connections.")?;
        writeln!(out, "# TYPE portolan_http_connections gauge")?;
        writeln!(out, "portolan_http_connections {}", self.connections.load(Ordering::Relaxed))?;
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        writeln!(out, "# HELP portolan_http_requests_total Requests by route and class of status.")?;
        writeln!(out, "# TYPE portolan_http_requests_total counter")?;
        for ((method, path), route) in routes.iter() {
            for (class, counter) in (1..).zip(&route.by_class) {
                let n = counter.load(Ordering::Relaxed);
                if n > 0 {
                    let labels = format!("method=\"{method}\",route=\"{path}\",status=\"{class}xx\"");
                    writeln!(out, "portolan_http_requests_total{{{labels}}} {n}")?;
                }
            }
        }
        writeln!(out, "# HELP portolan_http_request_seconds Time to the head of the answer by route.")?;
        writeln!(out, "# TYPE portolan_http_request_seconds histogram")?;
        for ((method, path), route) in routes.iter() {
            let labels = format!("method=\"{method}\",route=\"{path}\"");
            let mut below = 0;
            for (end, bucket) in BUCKETS.iter().zip(&route.buckets) {
                below += bucket.load(Ordering::Relaxed);
                let le = *end as f64 / 1e6;
                writeln!(out, "portolan_http_request_seconds_bucket{{{labels},le=\"{le}\"}} {below}")?;
            }
            // The count may run ahead of a bucket while a request ends: a histogram must not decrease.
            let count = route.count.load(Ordering::Relaxed).max(below);
            let sum = route.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
            writeln!(out, "portolan_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} {count}")?;
            writeln!(out, "portolan_http_request_seconds_sum{{{labels}}} {sum}")?;
            writeln!(out, "portolan_http_request_seconds_count{{{labels}}} {count}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_of_three_milliseconds_is_in_every_bucket_from_five_on() {
        let metrics = Metrics::with(vec![Arc::new(|out: &mut String| out.push_str("more 1\n"))]);
        metrics.begin();
        metrics.end("GET", "/x/{id}", 204, Duration::from_millis(3));
        let text = metrics.text();
        let has = |line: &str| assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        has("portolan_http_request_seconds_bucket{method=\"GET\",route=\"/x/{id}\",le=\"0.0025\"} 0");
        has("portolan_http_request_seconds_bucket{method=\"GET\",route=\"/x/{id}\",le=\"0.005\"} 1");
        has("portolan_http_request_seconds_bucket{method=\"GET\",route=\"/x/{id}\",le=\"+Inf\"} 1");
        has("portolan_http_request_seconds_sum{method=\"GET\",route=\"/x/{id}\"} 0.003");
        has("portolan_http_requests_total{method=\"GET\",route=\"/x/{id}\",status=\"2xx\"} 1");
        has("portolan_http_open_requests 0");
        has("more 1");
    }
}
