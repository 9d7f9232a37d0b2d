//! `portolan serve`: the lake, the models and the console over HTTP.

use super::Environment;
use crate::exit::{Exit, Stop};
use crate::serving::intake;
use crate::serving::{Serving, Unasked};
use crate::{allocator, cli, output};
use anyhow::{Context, Result};
use serde_json::json;
use serve::config::Addresses;
use serve::consents::{ANALYTICS, Consents};
use serve::tls::Tls;
use serve::{Clock, ServeConfig, Server};
use state::Store;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Name of the database in a workspace.
pub(super) const STATE: &str = "state.db";
/// Name of the file with the key that persons are hashed with in the audit log.
pub(super) const PERSON_KEY: &str = "state.key";

/// Opens the database of keys and people.
pub(super) async fn store(root: &Path, url: Option<&str>) -> Result<Store> {
    let opened = match url {
        Some(url) => Store::open(url).await,
        None => Store::open_file(&root.join(STATE)).await,
    };
    opened.and_then(|store| store.with_person_key(&root.join(PERSON_KEY))).map_err(|e| {
        let next = "see --state, or whether the disk is full and the folder may be written";
        Stop::error(Exit::Storage, e.to_string(), next)
    })
}

/// What persons decided over HTTP in this workspace; nothing where no server ever ran.
pub(super) async fn consents(root: &Path) -> Result<Consents> {
    let consents = Consents::default();
    if root.join(STATE).is_file() {
        let store = store(root, None).await?;
        consents.refresh(&store).await.context("reading what persons allowed")?;
    }
    Ok(consents)
}

pub(crate) async fn run(env: &Environment, args: &cli::Serve) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    // Events go into the lake, and a person is erased from it.
    workspace.kept_files()?;
    let root = workspace.root;
    allocator::keep_longer();
    // The address first: who cannot have it should hear so before a large workspace is read.
    let listener = tokio::net::TcpListener::bind(args.addr).await.map_err(|e| {
        let next = "another program may have it; --addr 127.0.0.1:0 takes a free port";
        Stop::error(Exit::Storage, format!("{} cannot be listened on: {e}", args.addr), next)
    })?;
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(chain), Some(key)) => {
            let next = "--tls-cert and --tls-key take PEM files that belong together";
            Some(Tls::from_files(chain, key).map_err(|e| Stop::error(Exit::BadInput, e.to_string(), next))?)
        }
        _ => None,
    };
    let store = Arc::new(store(&root, args.state.as_deref()).await?);
    let unasked = if args.personalise_only_with_consent { Unasked::Refuses } else { Unasked::Allows };
    let serving = Arc::new(Serving::open(&root, unasked).await?);
    serving.consents.refresh(&store).await.context("reading what persons allowed")?;
    let config = ServeConfig {
        public_origin: args.public_origin.clone(),
        addresses: if args.behind_proxy { Addresses::Proxy } else { Addresses::Peer },
        ..ServeConfig::default()
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = listener.local_addr().context("the address of the server")?;
    let origin = args.public_origin.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    let clock = Clock::system();
    let token = store.setup_token(clock.now()).await.context("the link for setting up")?;
    let link = token.map(|token| format!("{origin}/setup#{}", token.reveal()));
    let metrics = {
        let serving = serving.clone();
        Arc::new(move |text: &mut String| serving.metrics(text))
    };
    let lake = env.workspace()?.lake()?;
    let latest = lake::Snapshot::latest(&lake).await?;
    let events = intake::open(&root, (&lake, &latest), serving.clone(), clock.clone())?;
    let consents = serving.consents.clone();
    events.allow(Arc::new(move |event| {
        let names = [&event.user, &event.anonymous].into_iter().flatten().map(String::as_str);
        consents.of_any(names, ANALYTICS) != Some(false)
    }));
    // Set once, here: nobody else has had the chance.
    let _ = serving.events.set(events.clone());
    // Only now: what is in the log has been read, which takes seconds where much of it is not in the lake yet.
    tell(&serving, &origin, link.as_deref(), args.json)?;
    // What is slow to make and not needed to begin with: beside the rest it took the second core from what a start waits for.
    let follower = {
        let serving = serving.clone();
        tokio::spawn(async move { serving.current.follow().await })
    };
    let compactor = tokio::spawn(intake::keep_compacting(lake, events.clone()));
    let scheduler = {
        let serving = serving.clone();
        tokio::spawn(async move { serving.keep_schedule().await })
    };
    let mut server = Server::new(config, store, serving.clone())
        .consents(serving.consents.clone())
        .clock(clock)
        .metrics(metrics)
        .ingest(events);
    if let Some(tls) = tls {
        server = server.tls(tls);
    }
    let served = server.serve(listener, asked_to_stop()).await;
    follower.abort();
    compactor.abort();
    scheduler.abort();
    serving.scheduler.stop();
    serving.runs.stop();
    served.context("serving")?;
    if !args.json {
        output::note("stopped");
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(serving: &Serving, origin: &str, link: Option<&str>, json: bool) -> Result<()> {
    let now = serving.current.get();
    let (lake, models) = (now.versions.lake, now.versions.models);
    if json {
        let said = json!({"listening": origin, "setup": link, "lake": lake, "models": models,
            "shoppers": now.histories.len(), "products": now.goods.len()});
        output::line(&said.to_string());
        return Ok(());
    }
    output::line(&format!("listening on {origin}/"));
    if let Some(link) = link {
        output::line(&format!("nobody has signed in yet; make the first administrator within a day: {link}"));
    }
    output::line(&format!(
        "snapshot {lake} of the lake, version {models} of the models, {} shoppers, {} products",
        output::count(now.histories.len() as i64),
        output::count(now.goods.len() as i64)
    ));
    if now.markets.is_empty() {
        output::hint("no model yet: `portolan run`, or a run from the console, makes them");
    }
    output::hint("Ctrl-C stops it; requests that are open are answered first");
    Ok(())
}

/// Ready when somebody asks the program to end.
async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler there is nothing to wait for but the end of the process itself.
    if interrupt.await.is_err() {
        std::future::pending::<()>().await;
    }
}
