//! One page over HTTP, with patience: `Retry-After` is heeded, a server that stumbles is asked again.

use super::config::SyncSource;
use crate::exit::{Exit, Stop};
use anyhow::{Context, Result};
use lake::Lake;
use reqwest::StatusCode;
use reqwest::header::{HeaderName, HeaderValue, LINK, RETRY_AFTER};
use serde_json::Value;
use std::time::Duration;

/// Tries of one page, and the longest wait between two.
const TRIES: u32 = 6;
const LONGEST: Duration = Duration::from_secs(60);
/// What a page may take, in time and in bytes.
const PATIENCE: Duration = Duration::from_secs(60);
const LARGEST: usize = 64 << 20;

/// A page.
pub(super) struct Page {
    pub(super) body: Value,
    /// The `Link` header.
    pub(super) link: Option<String>,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Failed {
    /// The system will not give this page however often it is asked.
    Refused { status: StatusCode },
    /// It did not answer as it should, several times.
    Gone(String),
}

impl Failed {
    pub(super) fn told(self, source: &str) -> anyhow::Error {
        match self {
            Self::Refused { status } => {
                let next = match status.as_u16() {
                    401 | 403 => "see the token of the source in sync.toml, and what it may read",
                    _ => "see `url` of the source in sync.toml",
                };
                Stop::error(Exit::BadInput, format!("{source} answers {status}"), next)
            }
            Self::Gone(why) => {
                let next = "ask again later: what came is kept, and the next round goes on from there";
                Stop::error(Exit::Storage, format!("{source} cannot be asked: {why}"), next)
            }
        }
    }
}

/// Asks one source.
pub(super) struct Client {
    http: reqwest::Client,
    token: Option<(HeaderName, HeaderValue)>,
}

impl Client {
    pub(super) fn new(source: &SyncSource, lake: &Lake) -> Result<Self> {
        // Of the standard providers the one that the server's TLS uses; a second start finds it installed.
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("portolan/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("making ready to ask over HTTP")?;
        let wrong = |what: String, next: &str| Stop::error(Exit::Usage, format!("{}: {what}", source.name), next);
        let secret = match (&source.token_env, &source.token_file) {
            (Some(name), None) => Some(variable(name).ok_or_else(|| {
                wrong(format!("the environment has no {name}"), "set it to the token; it is written nowhere")
            })?),
            (None, Some(path)) => {
                if path.canonicalize().is_ok_and(|path| path.starts_with(lake.root())) {
                    return Err(wrong(
                        format!("{} is in the lake", path.display()),
                        "keep the token outside: a lake is copied and shared",
                    ));
                }
                Some(std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?)
            }
            (None, None) => None,
            (Some(_), Some(_)) => return Err(wrong("two tokens are named".to_owned(), "name token_env or token_file")),
        };
        let token = match secret {
            None => None,
            Some(secret) => {
                let bad = || wrong("its token or token_header cannot be a header".to_owned(), "see token_header");
                let name = HeaderName::from_bytes(source.token_header.as_bytes()).map_err(|_| bad())?;
                let bearer = name == reqwest::header::AUTHORIZATION && !secret.trim().contains(' ');
                let secret = if bearer { format!("Bearer {}", secret.trim()) } else { secret.trim().to_owned() };
                let mut value = HeaderValue::from_str(&secret).map_err(|_| bad())?;
                value.set_sensitive(true);
                Some((name, value))
            }
        };
        Ok(Self { http, token })
    }

    /// Asks for a page until it comes, or will not.
    pub(super) async fn page(&self, address: &str) -> Result<Page, Failed> {
        let mut said = String::new();
        for attempt in 0..TRIES {
            let mut request = self.http.get(address).header("Accept", "application/json");
            if let Some((name, value)) = &self.token {
                request = request.header(name, value);
            }
            let mut wait = Duration::from_secs(1 << attempt);
            match request.send().await {
                Ok(reply) if reply.status().is_success() => {
                    let link = reply.headers().get(LINK).and_then(|v| v.to_str().ok()).map(str::to_owned);
                    match reply.bytes().await {
                        Ok(bytes) if bytes.len() > LARGEST => {
                            return Err(Failed::Gone(format!("a page has {} bytes", bytes.len())));
                        }
                        Ok(bytes) => match serde_json::from_slice(&bytes) {
                            Ok(body) => return Ok(Page { body, link }),
                            Err(e) => said = format!("a page is no JSON: {e}"),
                        },
                        Err(e) => said = e.without_url().to_string(),
                    }
                }
                Ok(reply) => {
                    let status = reply.status();
                    said = format!("it answers {status}");
                    if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
                        return Err(Failed::Refused { status });
                    }
                    let asked =
                        reply.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()?.trim().parse::<f64>().ok());
                    if let Some(seconds) = asked.filter(|s| s.is_finite() && *s >= 0.0) {
                        wait = Duration::from_secs_f64(seconds.min(LONGEST.as_secs_f64()));
                    }
                }
                Err(e) => said = e.without_url().to_string(),
            }
            tracing::info!(said, wait_s = wait.as_secs_f64(), "asked in vain");
            if attempt + 1 < TRIES {
                tokio::time::sleep(wait.min(LONGEST)).await;
            }
        }
        Err(Failed::Gone(said))
    }
}

#[expect(clippy::disallowed_methods, reason = "secrets come from the environment, so that they are in no file")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}
