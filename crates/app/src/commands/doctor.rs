//! `portolan doctor`.

use super::Environment;
use crate::{cli, output};
use anyhow::Result;
use lake::Snapshot;
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Doctor) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    let snapshot = Snapshot::latest(&lake).await?;
    // Reading every file of the snapshot is the check; the hashes are its by-product.
    let digest = lake::digest(&lake, &snapshot).await?;
    let writable = lake.lock().is_ok();
    let rows: u64 = snapshot.tables.values().map(|t| t.rows).sum();
    if args.json {
        let tables: serde_json::Map<String, serde_json::Value> =
            digest.into_iter().map(|(k, v)| (k, json!(v))).collect();
        output::json(&json!({
            "workspace": workspace.root, "snapshot": snapshot.number, "tables": snapshot.tables.len(), "rows": rows,
            "free_to_write": writable, "home": workspace.home, "currency": workspace.currency, "digest": tables,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!("workspace  {}", workspace.root.display()));
    output::line(&format!(
        "snapshot   {} with {} tables, {} rows; every file can be read",
        snapshot.number,
        snapshot.tables.len(),
        output::count(rows)
    ));
    output::line(&format!("writing    {}", if writable { "free" } else { "another process holds the lake" }));
    output::line(&format!(
        "home       {}",
        workspace.home.map_or_else(|| "the market with the largest revenue".into(), |m| m.to_string())
    ));
    output::line(&format!(
        "currency   {}",
        workspace.currency.map_or_else(|| "the one of most order lines".into(), |c| c.to_string())
    ));
    if args.digest {
        for (table, hash) in digest {
            output::line(&format!("{hash}  {table}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
