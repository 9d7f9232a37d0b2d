//! The HTTP side: answers, sign-in, keys, limits, the document of the interface and the embedded console.
//!
//! It translates and guards, nothing else. What is answered comes from [`answers::Answers`], which `app` implements
//! over lake and models; what changes row by row lies in the crate `state`. The wire has its own types ([`wire`]).
//!
//! ```text
//! accept (TLS, limits of time and size) ─▶ frame (log, metrics, headers, panics) ─▶ guard (rates, keys, visits,
//! access) ─▶ routes ─▶ Answers
//! ```

mod accept;
pub mod access;
pub mod answers;
mod audit;
pub mod auth;
mod clock;
pub mod config;
pub mod consents;
mod console;
pub mod cors;
mod docs_page;
pub mod extract;
pub mod fake;
mod fields;
mod frame;
mod guard;
mod housekeeping;
mod idempotency;
pub mod ingest;
pub mod live;
pub mod metrics;
mod openapi;
pub mod outbound;
pub mod problem;
mod rates;
mod routes;
pub mod server;
pub mod shared;
pub mod tls;
pub mod wire;

pub use clock::Clock;
pub use config::ServeConfig;
pub use openapi::openapi_json;
pub use server::{ServeError, Server};
pub use shared::AppState;
