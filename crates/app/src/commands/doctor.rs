//! `portolan doctor`.

use super::Environment;
use crate::exit::Exit;
use crate::{cli, output, seal};
use anyhow::Result;
use lake::{LakeError, Snapshot};
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Doctor) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    let snapshot = Snapshot::latest(&lake).await?;
    let health = lake::digest(&lake, &snapshot).await?;
    let writing = match lake.lock() {
        Ok(_) => "free".to_owned(),
        Err(LakeError::Locked(_)) => "another process is writing".to_owned(),
        Err(error) => format!("not possible: {error}"),
    };
    let rows: u64 = snapshot.tables.values().map(|t| t.rows).sum();
    let kept = lake.kept_files().counts()?;
    let code = match (health.problems.is_empty(), health.closed_files) {
        (false, _) => Exit::Storage.into(),
        (true, 0) => ExitCode::SUCCESS,
        (true, _) => Exit::Missing.into(),
    };
    if args.json {
        output::json(&json!({
            "workspace": workspace.root, "snapshot": snapshot.number, "tables": snapshot.tables.len(), "rows": rows,
            "kept_files": health.kept_files, "kept_bytes": health.kept_bytes,
            "sealed_files": kept.sealed, "not_compared": health.closed_files, "problems": health.problems,
            "free_to_write": writing == "free", "writing": writing, "home": workspace.home,
            "currency": workspace.currency, "digest": health.tables,
        }))?;
        return Ok(code);
    }
    let whole = if health.problems.is_empty() { "every file is what was written" } else { "damaged, see below" };
    output::line(&format!("workspace  {}", workspace.root.display()));
    output::line(&format!(
        "snapshot   {} with {} tables, {} rows; {whole}",
        snapshot.number,
        snapshot.tables.len(),
        output::count(rows)
    ));
    output::line(&format!(
        "kept       {} files as they came, {} bytes; {} sealed, {} in clear",
        output::count(health.kept_files),
        output::count(health.kept_bytes),
        output::count(kept.sealed),
        output::count(kept.clear)
    ));
    output::line(&format!("writing    {writing}"));
    output::line(&format!(
        "home       {}",
        workspace.home.map_or_else(|| "the market with the largest revenue".into(), |m| m.to_string())
    ));
    output::line(&format!(
        "currency   {}",
        workspace.currency.map_or_else(|| "the one of most order lines".into(), |c| c.to_string())
    ));
    if args.digest {
        for (table, hash) in &health.tables {
            output::line(&format!("{hash}  {table}"));
        }
    }
    if health.closed_files > 0 {
        let why = seal::read(&workspace.root)?.as_ref().and_then(|seal| seal.missing().map(str::to_owned));
        let why = why.unwrap_or_else(|| "seal.toml of the workspace is missing".to_owned());
        output::error(&format!("{} sealed files were not compared: {why}", output::count(health.closed_files)));
        output::hint(seal::NEXT);
    }
    for problem in &health.problems {
        output::error(problem);
    }
    if !health.problems.is_empty() {
        output::hint("bring the lake folder back from a copy, or make a new workspace and ingest the files again");
    }
    Ok(code)
}
