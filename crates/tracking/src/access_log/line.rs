//! One line of an access log: the combined format, or JSON under the names that servers give their fields.

use crate::time::{Micros, parse_time};
use chrono::DateTime;
use serde_json::Value;

/// A request as the server wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Network address of who asked.
    pub address: String,
    /// When.
    pub at: Micros,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path with its parameters.
    pub target: String,
    /// Status of the answer.
    pub status: u16,
    /// Page that it was asked from.
    pub referrer: Option<String>,
    /// What the program calls itself; empty where it does not.
    pub agent: String,
}

/// Endings of files that belong to a page and are none.
const FILES: [&str; 26] = [
    "css", "js", "mjs", "map", "json", "xml", "txt", "ico", "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "woff",
    "woff2", "ttf", "otf", "eot", "mp4", "webm", "mp3", "pdf", "zip", "gz",
];

impl LogLine {
    /// Reads a line.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let line = if text.starts_with('{') { json(text) } else { combined(text) };
        line.ok_or_else(|| {
            "expected the combined format (address - - [time] \"GET /path HTTP/1.1\" 200 512 \"referrer\" \"agent\") or a \
             JSON object with address, time, request and status"
                .to_owned()
        })
    }

    pub(crate) fn visitor(&self) -> (String, String) {
        (self.address.clone(), self.agent.clone())
    }

    /// The path alone.
    pub(crate) fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// A parameter, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let pairs = query.split('#').next()?.split('&').filter_map(|p| p.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| decoded(value)).next()
    }

    /// Whether it is a file that belongs to pages.
    pub(crate) fn is_file(&self) -> bool {
        let last = self.path().rsplit('/').next().unwrap_or_default();
        last.rsplit_once('.').is_some_and(|(_, ending)| FILES.contains(&ending.to_ascii_lowercase().as_str()))
    }

    pub(crate) fn is_page(&self) -> bool {
        self.method == "GET" && matches!(self.status, 200 | 304) && !self.is_file()
    }
}

/// `%20` and `+` back to what they stand for.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = || text.get(i + 1..i + 3).and_then(|two| u8::from_str_radix(two, 16).ok());
        match (bytes[i], hex()) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The next field: in quotes with escapes, in brackets, or up to a space.
fn field<'t>(rest: &mut &'t str) -> Option<&'t str> {
    *rest = rest.trim_start();
    let close = match rest.chars().next()? {
        '"' => '"',
        '[' => ']',
        _ => {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            *rest = after;
            return Some(word);
        }
    };
    let body = &rest[1..];
    let mut escaped = false;
    let end = body.char_indices().find_map(|(i, c)| {
        let ends = c == close && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(i)
    })?;
    *rest = &body[end + 1..];
    Some(&body[..end])
}

fn combined(text: &str) -> Option<LogLine> {
    let mut rest = text;
    let address = field(&mut rest)?;
    let (_, _) = (field(&mut rest)?, field(&mut rest)?);
    let time = field(&mut rest)?;
    let request = field(&mut rest)?;
    let status = field(&mut rest)?.parse().ok()?;
    let _bytes = field(&mut rest)?;
    // The common format ends here.
    let referrer = field(&mut rest).filter(|r| !r.is_empty() && *r != "-");
    let agent = field(&mut rest).filter(|a| *a != "-").unwrap_or_default();
    let (method, target) = split_request(request)?;
    Some(LogLine {
        address: address.to_owned(),
        at: clf_time(time)?,
        method,
        target,
        status,
        referrer: referrer.map(str::to_owned),
        agent: agent.to_owned(),
    })
}

fn split_request(request: &str) -> Option<(String, String)> {
    let mut words = request.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    Some((method.to_uppercase(), target.to_owned()))
}

fn clf_time(text: &str) -> Option<Micros> {
    DateTime::parse_from_str(text, "%d/%b/%Y:%H:%M:%S %z").ok().map(|at| at.timestamp_micros())
}

fn json(text: &str) -> Option<LogLine> {
    let value: Value = serde_json::from_str(text).ok()?;
    let inner = &value["request"];
    let first = |names: &[&str]| {
        let found = names.iter().find_map(|n| [&value[*n], &inner[*n]].into_iter().find_map(crate::event::text));
        found.filter(|text| text != "-")
    };
    let header = |name: &str| {
        let headers = &inner["headers"];
        let found = &headers[name];
        crate::event::text(found).or_else(|| crate::event::text(&found[0]))
    };
    let time = ["time_iso8601", "time", "@timestamp", "timestamp", "ts", "time_local", "msec"];
    let at = time.iter().find_map(|n| parse_time(&value[*n]).or_else(|| clf_time(value[*n].as_str()?)))?;
    let whole = value["request"].as_str().and_then(split_request);
    let (method, target) = match whole {
        Some(both) => both,
        None => (first(&["request_method", "method"])?, first(&["request_uri", "uri", "path", "url"])?),
    };
    Some(LogLine {
        address: first(&["remote_addr", "remote_ip", "client_ip", "remoteip", "remote_host", "ip"])?,
        at,
        method: method.to_uppercase(),
        target,
        status: first(&["status", "status_code", "code"])?.parse().ok()?,
        referrer: first(&["http_referer", "referer", "referrer"]).or_else(|| header("Referer")),
        agent: first(&["http_user_agent", "user_agent", "agent"]).or_else(|| header("User-Agent")).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_of_three_servers_say_the_same() {
        let apache = r#"198.51.100.7 - anna [07/Oct/2025:11:50:26 +0200] "GET /a?q=x HTTP/1.1" 200 512 "https://r.example/" "Mozilla \"5\"""#;
        let nginx = r#"{"remote_addr":"198.51.100.7","time_iso8601":"2025-10-07T11:50:26+02:00","request":"GET /a?q=x HTTP/1.1","status":"200","http_referer":"https://r.example/","http_user_agent":"Mozilla \\\"5\\\""}"#;
        let caddy = r#"{"ts":1759830626,"request":{"remote_ip":"198.51.100.7","method":"GET","uri":"/a?q=x","headers":{"User-Agent":["Mozilla \\\"5\\\""],"Referer":["https://r.example/"]}},"status":200}"#;
        let read = LogLine::parse(apache).unwrap();
        assert_eq!((read.at, read.status, read.path()), (1_759_830_626_000_000, 200, "/a"));
        assert_eq!(read.parameter("q").as_deref(), Some("x"));
        assert_eq!(LogLine::parse(nginx).unwrap(), read);
        assert_eq!(LogLine::parse(caddy).unwrap(), read);
    }

    #[test]
    fn pages_and_files() {
        let of = |request: &str, status: u16| {
            LogLine::parse(&format!("a - - [07/Oct/2025:11:50:26 +0200] \"{request} HTTP/1.1\" {status} 1 \"-\" \"-\""))
                .unwrap()
        };
        assert!(of("GET /", 200).is_page() && of("GET /a.b/c", 304).is_page() && of("GET /index.html", 200).is_page());
        for no in [of("GET /a.CSS?v=1", 200), of("POST /", 200), of("GET /", 404), of("HEAD /", 200)] {
            assert!(!no.is_page(), "{no:?}");
        }
        assert_eq!(decoded("%E4%B8%AD+a%2"), "中 a%2");
    }
}
