//! The server as a client sees it: the program started on a free port, asked over HTTP.

use crate::support::Shop;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running `portolan serve`, killed when it is dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: String,
    /// What it said when it began to listen.
    pub(crate) said: Value,
    pub(crate) key: String,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.bytes);
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {} {text}", self.status))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    pub(crate) fn start(shop: &Shop) -> Self {
        Self::with(shop, "127.0.0.1:0", &[])
    }

    /// With more options.
    pub(crate) fn start_with(shop: &Shop, options: &[&str]) -> Self {
        Self::with(shop, "127.0.0.1:0", options)
    }

    /// Started with more options; with port 0 at the address that it says, else at this one.
    pub(crate) fn with(shop: &Shop, address: &str, options: &[&str]) -> Self {
        let made = shop.ok(&["keys", "create", "tests", "--kind", "admin", "--json"]);
        let made: Value = serde_json::from_str(&made).unwrap();
        let key = made["secret"].as_str().unwrap().to_owned();
        let mut child = Command::new(env!("CARGO_BIN_EXE_portolan"))
            .args(["serve", "--addr", address, "--json", "--workspace"])
            .arg(shop.root())
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let listening = said["listening"].as_str().unwrap().trim_start_matches("http://").to_owned();
        let address = if address.ends_with(":0") { listening } else { address.to_owned() };
        Self { child, address, said, key }
    }

    /// Ends it without asking, as a power cut would, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks with the key of the tests.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let text = body.map_or_else(String::new, Value::to_string);
        let mut more = format!("Authorization: Bearer {}\r\n", self.key);
        if body.is_some() {
            more.push_str("Content-Type: application/json\r\n");
        }
        if method == "PUT" {
            static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
            let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            more.push_str(&format!("Idempotency-Key: {path}-{next}\r\n"));
        }
        self.send(method, path, &more, text.as_bytes())
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or_else(|| panic!("no head of {method} {path}"));
        let head = String::from_utf8_lossy(&all[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let header = |name: &str| {
            let of = |line: &str| line.strip_prefix(name)?.strip_prefix(':').map(|v| v.trim().to_owned());
            head.lines().find_map(of)
        };
        let mut bytes = all[end + 4..].to_vec();
        if header("transfer-encoding").is_some_and(|v| v == "chunked") {
            bytes = whole(&bytes);
        }
        Reply { status, kind: header("content-type").unwrap_or_default(), bytes }
    }

    /// Asks and expects an answer.
    pub(crate) fn get(&self, path: &str) -> Value {
        let reply = self.ask("GET", path, None);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// Asks again until the answer is as it should be in the end; half a minute at most.
    pub(crate) fn until(&self, path: &str, is_right: impl Fn(&Value) -> bool) -> Value {
        self.until_for(path, 30, is_right)
    }

    /// The same, for at most so many seconds.
    pub(crate) fn until_for(&self, path: &str, seconds: u32, is_right: impl Fn(&Value) -> bool) -> Value {
        let mut answer = self.get(path);
        for _ in 0..10 * seconds {
            if is_right(&answer) {
                return answer;
            }
            std::thread::sleep(Duration::from_millis(100));
            answer = self.get(path);
        }
        panic!("{path} never came to it: {answer}")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let reply = self.ask("POST", path, Some(body));
        assert!((200..300).contains(&reply.status), "{path}: {}", reply.text());
        if reply.bytes.is_empty() { Value::Null } else { reply.json() }
    }

    /// Asks the server to end and waits for it: its exit code.
    pub(crate) fn stop(mut self) -> i32 {
        let killed = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

/// The body of chunks, joined.
fn whole(mut chunks: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = chunks.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(String::from_utf8_lossy(&chunks[..end]).trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        out.extend_from_slice(&chunks[end + 2..end + 2 + size]);
        chunks = &chunks[end + 4 + size..];
    }
    out
}
