//! Just enough HTTP to ask many times over one connection: what is sent is ready-made, what comes back is only measured.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A connection that stays open.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    /// Lines of every request.
    always: String,
}

/// What came back.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Connection {
    pub(super) fn open(address: &str, key: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true).context("a connection without delay")?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).context("a connection that ends")?;
        let always = format!("Host: {address}\r\nAuthorization: Bearer {key}\r\n\r\n");
        Ok(Self { stream: BufReader::with_capacity(1 << 16, stream), always })
    }

    /// Sends a head (its last line broken, without the empty line) with a body, and reads the answer.
    pub(super) fn ask(&mut self, head: &str, body: &str) -> Result<Reply> {
        let request = [head, &self.always, body].concat();
        self.stream.get_mut().write_all(request.as_bytes()).context("sending")?;
        let mut line = String::new();
        self.stream.read_line(&mut line).context("reading an answer")?;
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok());
        let Some(status) = status else { bail!("no answer but `{}`", line.trim()) };
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).context("reading a header")?;
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().context("a length")?;
            }
        }
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).context("reading a body")?;
        Ok(Reply { status, body: String::from_utf8(bytes).context("text")? })
    }
}
