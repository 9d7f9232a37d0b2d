//! A server that takes events in and invents its answers: for clients from elsewhere, browsers and load.
//!
//! `tracking_server FOLDER PORT [ORIGIN]` prints one line of JSON with its address and a write key, and serves until it is
//! killed. The log lies in the folder.

#![allow(clippy::print_stdout, reason = "an example talks to whoever started it")]

use serve::fake::FakeAnswers;
use serve::ingest::{Intake, IntakeParams};
use serve::{Clock, ServeConfig, Server};
use state::Store;
use state::keys::{KeyKind, NewKey};
use std::path::Path;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, folder, port, origins @ ..] = args.as_slice() else {
        return Err("usage: tracking_server FOLDER PORT [ORIGIN …]".into());
    };
    let store = Arc::new(Store::in_memory().await?);
    let clock = Clock::system();
    let new = NewKey { name: "example".into(), kind: KeyKind::Write, market: None, origins: origins.to_vec() };
    let (_, secret) = store.create_key(new, clock.now()).await?;
    let (intake, recovery) = Intake::open(Path::new(folder), IntakeParams::default(), clock, None)?;
    recovery.notices.iter().for_each(|notice| println!("{notice}"));
    let rate = serve::config::Rate { per_second: 1_000_000, burst: 1_000_000 };
    let config = ServeConfig { per_key: rate, per_address: rate, ..ServeConfig::default() };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    let address = listener.local_addr()?;
    println!("{{\"address\":\"http://{address}\",\"key\":\"{}\",\"records\":{}}}", secret.reveal(), recovery.records);
    let answers = Arc::new(FakeAnswers::default());
    Server::new(config, store, answers).ingest(intake).serve(listener, std::future::pending()).await?;
    Ok(())
}
