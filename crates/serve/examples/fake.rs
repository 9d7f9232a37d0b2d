//! A server with invented answers, for work on the console and for tools that try the whole interface.
//!
//! `cargo run --release -p serve --example fake -- [ADDRESS]` prints the address, the set-up link and an admin key.

use serve::{ServeConfig, Server};
use state::Store;
use state::keys::{KeyKind, NewKey};
use std::error::Error;
use std::sync::Arc;

#[tokio::main]
#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "an example talks and knows what time it is")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8787".to_owned());
    let now = chrono::Utc::now();
    let store = Arc::new(Store::in_memory().await?);
    let new = NewKey { name: "try".to_owned(), kind: KeyKind::Admin, market: None, origins: Vec::new() };
    let (_, secret) = store.create_key(new, now).await?;
    println!("http://{address}/");
    if let Some(token) = store.setup_token(now).await? {
        println!("http://{address}/setup#{}", token.reveal());
    }
    println!("{}", secret.reveal());
    let answers = Arc::new(serve::fake::FakeAnswers::default());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    Server::new(ServeConfig::default(), store, answers).serve(listener, std::future::pending()).await?;
    Ok(())
}
