//! Web-server access logs: the visits in them, as lines like those of the tracking API, without machines.
//!
//! Read are the combined format of Apache and nginx, and JSON lines as nginx, Caddy and others write them. What is a page: a
//! `GET` answered by 200 or 304 whose path does not end like a file. A visitor is a network address with a browser; what is
//! kept of both is a salted hash, so the salt decides who can ever recompute it. Cost: two passes, and about 200 bytes a page.

mod bots;
mod line;

use crate::private::sha256_hex;
use crate::time::write_time;
pub use bots::BotSign;
pub use line::LogLine;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How a log is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLogParams {
    /// Address of the site, put before the paths: `https://shop.example`.
    pub site: String,
    /// What product pages begin with, such as `/products/`; the next part of the path is the product's code.
    pub product_prefix: Option<String>,
    /// Parameter of a search, such as `q`.
    pub search_parameter: Option<String>,
    /// Secret that goes into the hashes of visitors.
    pub salt: String,
    /// More pages than this within a minute are a machine's.
    pub pages_a_minute: usize,
    /// From so many requests on, behaviour is looked at.
    pub n_for_behaviour: usize,
}

impl Default for AccessLogParams {
    fn default() -> Self {
        Self {
            site: String::new(),
            product_prefix: None,
            search_parameter: None,
            salt: String::new(),
            pages_a_minute: 60,
            n_for_behaviour: 20,
        }
    }
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFault {
    /// Its number, from 1.
    pub line: usize,
    /// What was expected.
    pub problem: String,
}

/// What a log gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessLogReport {
    /// Calls in canonical form, in the order of the log.
    pub lines: Vec<String>,
    /// Lines of the log that were read.
    pub read: usize,
    /// Requests that are no page view: files, other methods, other answers.
    pub not_pages: usize,
    /// Requests of machines, by the sign that gave them away.
    pub bots: BTreeMap<BotSign, usize>,
    /// Lines that could not be read.
    pub faults: Vec<LogFault>,
}

/// Reads a log.
pub fn read_access_log<'t>(log: impl Iterator<Item = &'t str>, params: &AccessLogParams) -> AccessLogReport {
    let mut report = AccessLogReport::default();
    let mut hits: Vec<LogLine> = Vec::new();
    for (i, text) in log.enumerate() {
        if text.trim().is_empty() {
            continue;
        }
        match LogLine::parse(text) {
            Ok(hit) => hits.push(hit),
            Err(problem) => report.faults.push(LogFault { line: i + 1, problem }),
        }
    }
    report.read = hits.len();
    let signs = bots::signs(&hits, params);
    let mut same: BTreeMap<String, u64> = BTreeMap::new();
    for hit in &hits {
        if let Some(sign) = signs.get(&hit.visitor()) {
            *report.bots.entry(*sign).or_default() += 1;
            continue;
        }
        if !hit.is_page() {
            report.not_pages += 1;
            continue;
        }
        let visitor = sha256_hex(format!("{}\n{}\n{}", params.salt, hit.address, hit.agent).as_bytes());
        let visitor = format!("log-{}", &visitor[..32]);
        // Two equal requests of one second are two; the same log read again gives the same identifiers.
        let what = format!("{visitor}\n{}\n{}", hit.at, hit.target);
        let n = same.entry(what.clone()).or_default();
        let id = format!("log-{}", &sha256_hex(format!("{what}\n{n}").as_bytes())[..32]);
        *n += 1;
        let url = format!("{}{}", params.site, hit.path());
        let mut call = json!({
            "type": "page", "messageId": id, "anonymousId": visitor, "timestamp": write_time(hit.at),
            "context": {"userAgent": hit.agent, "page": {"url": url}}, "properties": {"url": url},
        });
        if let Some(referrer) = hit.referrer.as_ref().filter(|r| params.site.is_empty() || !r.starts_with(&params.site))
        {
            call["properties"]["referrer"] = crate::private::public_part(referrer).into();
        }
        report.lines.push(call.to_string());
        if let Some(extra) = deed(hit, params) {
            call["type"] = "track".into();
            call["messageId"] = format!("{id}-deed").into();
            let (event, property, value) = extra;
            call["event"] = event.into();
            call["properties"][property] = Value::String(value);
            report.lines.push(call.to_string());
        }
    }
    report
}

/// What a page says beyond having been seen: which product, which search.
fn deed(hit: &LogLine, params: &AccessLogParams) -> Option<(&'static str, &'static str, String)> {
    let product = params.product_prefix.as_ref().and_then(|prefix| hit.path().strip_prefix(prefix.as_str()));
    if let Some(code) = product.and_then(|rest| rest.split('/').next()).filter(|code| !code.is_empty()) {
        return Some(("Product Viewed", "product_id", line::decoded(code)));
    }
    let query = hit.parameter(params.search_parameter.as_deref()?)?;
    (!query.trim().is_empty()).then_some(("Products Searched", "query", query))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Deed, ShopEvent};

    const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36";

    fn combined(ip: &str, second: u32, request: &str, status: u32, agent: &str) -> String {
        let (minute, second) = (second / 60, second % 60);
        format!(
            "{ip} - - [07/Oct/2025:11:{minute:02}:{second:02} +0200] \"{request} HTTP/1.1\" {status} 512 \"-\" \"{agent}\""
        )
    }

    fn params() -> AccessLogParams {
        AccessLogParams {
            site: "https://shop.example".into(),
            product_prefix: Some("/products/".into()),
            search_parameter: Some("q".into()),
            salt: "salt".into(),
            ..AccessLogParams::default()
        }
    }

    /// A log whose visitors are known, and how many requests of each kind it has.
    fn labelled() -> (Vec<String>, usize, usize) {
        let mut log = Vec::new();
        // A person: four pages with their files, at uneven times.
        for (second, path) in
            [(0, "/"), (9, "/products/kettle?utm_source=x"), (31, "/search?q=rice+cooker%21"), (190, "/cart")]
        {
            log.push(combined("198.51.100.1", second, &format!("GET {path}"), 200, CHROME));
            log.push(combined("198.51.100.1", second, "GET /app.css", 200, CHROME));
        }
        log.push(combined("198.51.100.1", 200, "POST /cart", 302, CHROME));
        log.push(combined("198.51.100.1", 201, "GET /nowhere", 404, CHROME));
        let n_person_other = 6;
        // Five machines: by name, by robots.txt, by rate, by period, by probing.
        let mut n_bots = 0;
        let mut bot = |line: String| {
            log.push(line);
            n_bots += 1;
        };
        bot(combined("203.0.113.1", 1, "GET /", 200, "Mozilla/5.0 (compatible; Googlebot/2.1)"));
        bot(combined("203.0.113.2", 1, "GET /robots.txt", 200, CHROME));
        bot(combined("203.0.113.2", 60, "GET /", 200, CHROME));
        (0..70).for_each(|i| bot(combined("203.0.113.3", 5 + i / 3, "GET /a", 200, CHROME)));
        (0..25).for_each(|i| bot(combined("203.0.113.4", 60 * i, "GET /b", 200, CHROME)));
        (0..20).for_each(|i| bot(combined("203.0.113.5", i * i, &format!("GET /wp-{i}.php"), 404, CHROME)));
        (log, n_person_other, n_bots as usize)
    }

    #[test]
    fn counts_equal_those_of_a_labelled_log() {
        let (log, n_other, n_bots) = labelled();
        let report = read_access_log(log.iter().map(String::as_str), &params());
        assert_eq!(report.faults, []);
        assert_eq!(report.read, log.len());
        assert_eq!(report.not_pages, n_other);
        assert_eq!(report.bots.values().sum::<usize>(), n_bots, "{:?}", report.bots);
        assert_eq!(report.bots.len(), 5, "{:?}", report.bots);
        let events: Vec<ShopEvent> =
            report.lines.iter().map(|l| ShopEvent::from_line(&serde_json::from_str(l).unwrap()).unwrap()).collect();
        let deeds: Vec<Deed> = events.iter().map(|e| e.deed).collect();
        use Deed::{PageViewed, ProductViewed, Searched};
        assert_eq!(deeds, [PageViewed, PageViewed, ProductViewed, PageViewed, Searched, PageViewed]);
        assert_eq!(events[2].items[0].code.as_deref(), Some("kettle"));
        assert_eq!(events[4].query.as_deref(), Some("rice cooker!"));
        // 11:00:00 +0200 is 09:00:00 UTC.
        assert_eq!(write_time(events[0].at), "2025-10-07T09:00:00.000Z");
        assert_eq!(events[1].url.as_deref(), Some("https://shop.example/products/kettle"));
    }

    #[test]
    fn the_address_is_not_in_what_comes_out_and_another_salt_is_another_visitor() {
        let (log, ..) = labelled();
        let read = |salt: &str| {
            read_access_log(log.iter().map(String::as_str), &AccessLogParams { salt: salt.into(), ..params() })
        };
        assert!(read("a").lines.iter().all(|l| !l.contains("198.51.100")));
        assert_ne!(read("a").lines[0], read("b").lines[0]);
        assert_eq!(read("a").lines, read("a").lines);
    }

    #[test]
    fn a_bad_line_is_told_with_its_number() {
        let report = read_access_log(["", "what is this"].into_iter(), &params());
        assert_eq!(report.faults.iter().map(|f| f.line).collect::<Vec<_>>(), [2]);
    }
}
