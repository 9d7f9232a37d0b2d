//! `portolan keys`: who may send, ask and change over HTTP.

use super::Environment;
use crate::cli::{self, KeysWhat};
use crate::exit::{Exit, Stop};
use crate::output;
use anyhow::Result;
use serde_json::{Value, json};
use serve::Clock;
use state::StateError;
use state::keys::{Key, KeyKind, NewKey};
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Keys) -> Result<ExitCode> {
    let root = env.workspace()?.root;
    let store = super::serve::store(&root, args.state.as_deref()).await?;
    let now = Clock::system().now();
    match &args.what {
        KeysWhat::Create { name, kind, market, origins, json } => {
            let kind = KeyKind::from_name(kind).unwrap_or(KeyKind::Read);
            let market = market.map(|m| m.code().to_owned());
            let new = NewKey { name: name.clone(), kind, market, origins: origins.clone() };
            let (key, secret) = store.create_key(new, now).await.map_err(refused)?;
            if *json {
                let mut told = told(&key);
                told["secret"] = secret.reveal().into();
                output::json(&told)?;
            } else {
                output::line(secret.reveal());
                output::note(&format!(
                    "key {} ({}) of kind {}; this is the only time it is shown",
                    key.id,
                    key.name,
                    key.kind.name()
                ));
            }
        }
        KeysWhat::List { json } => {
            let keys = store.keys().await.map_err(refused)?;
            if *json {
                output::json(&json!({"keys": keys.iter().map(told).collect::<Vec<_>>()}))?;
            } else {
                let day = |t: Option<chrono::DateTime<chrono::Utc>>| {
                    t.map_or_else(String::new, |t| t.format("%Y-%m-%d").to_string())
                };
                let rows = keys.iter().map(|key| {
                    vec![
                        key.id.clone(),
                        key.name.clone(),
                        key.kind.name().to_owned(),
                        key.prefix.clone(),
                        key.market.clone().unwrap_or_default(),
                        key.origins.join(" "),
                        day(Some(key.created)),
                        day(key.last_used),
                        day(key.revoked),
                    ]
                });
                let header = ["id", "name", "kind", "begins with", "market", "origins", "made", "last used", "revoked"];
                output::table(&header, &[], rows.collect());
            }
        }
        KeysWhat::Revoke { id, json } => {
            let key = store.revoke_key(id, now).await.map_err(refused)?;
            if *json {
                output::json(&told(&key))?;
            } else {
                output::line(&format!("key {} ({}) is revoked", key.id, key.name));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn told(key: &Key) -> Value {
    json!({"id": key.id, "name": key.name, "kind": key.kind.name(), "prefix": key.prefix, "market": key.market,
        "origins": key.origins, "created": key.created, "last_used": key.last_used, "rotated": key.rotated, "revoked": key.revoked})
}

fn refused(error: StateError) -> anyhow::Error {
    let exit = match &error {
        StateError::Invalid { .. } => Exit::Usage,
        StateError::NotFound { .. } => Exit::Missing,
        _ => Exit::Storage,
    };
    Stop::error(exit, error.to_string(), "`portolan keys list` shows the keys")
}
