//! Limits and habits of the server. `Default` is the only place of defaults.

use chrono::TimeDelta;
use state::lockout::LockoutParams;
use state::sessions::SessionParams;
use std::time::Duration;

/// How the server behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeConfig {
    /// The address people type, such as `https://portolan.example`, when it differs from what the server sees: behind
    /// a proxy that ends TLS. Cookies are `Secure` when it is HTTPS or the server speaks TLS itself.
    pub public_origin: Option<String>,
    /// Whose word is taken for where a caller is.
    pub addresses: Addresses,
    /// Bytes of a body, but for those below.
    pub body_bytes: usize,
    /// Bytes of a picture to search by.
    pub picture_bytes: usize,
    /// Bytes of the head of a request.
    pub head_bytes: usize,
    /// Time to send a head.
    pub head_time: Duration,
    /// Time from a head to the head of the answer, the body included.
    pub request_time: Duration,
    /// Time in which a client has to take some bytes of an answer.
    pub write_time: Duration,
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// Time that open requests have after a stop.
    pub stop_time: Duration,
    /// Requests of one key.
    pub per_key: Rate,
    /// Requests of one address without a key.
    pub per_address: Rate,
    /// Sign-ins from one address.
    pub sign_ins: Rate,
    /// For how long an old secret is taken after a rotation.
    pub rotation_overlap: TimeDelta,
    /// How long a looked-up key is believed: a key revoked by another process dies after it at the latest.
    pub key_memory: Duration,
    /// How long visits last.
    pub sessions: SessionParams,
    /// When wrong passwords lock out.
    pub lockout: LockoutParams,
}

/// So many a second in the long run, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// A second.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

/// Whose word is taken for where a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// The peer of the connection: nothing stands before the server.
    Peer,
    /// The last address of `X-Forwarded-For`: a proxy of ours stands before it and writes that header. Without such
    /// a proxy anybody could pretend to be anywhere.
    Proxy,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            public_origin: None,
            addresses: Addresses::Peer,
            body_bytes: 1 << 20,
            picture_bytes: 16 << 20,
            head_bytes: 32 << 10,
            head_time: Duration::from_secs(10),
            request_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            connections: 4_096,
            stop_time: Duration::from_secs(20),
            per_key: Rate { per_second: 10_000, burst: 20_000 },
            per_address: Rate { per_second: 50, burst: 200 },
            sign_ins: Rate { per_second: 1, burst: 20 },
            rotation_overlap: TimeDelta::hours(24),
            key_memory: Duration::from_secs(5),
            sessions: SessionParams::default(),
            lockout: LockoutParams::default(),
        }
    }
}
