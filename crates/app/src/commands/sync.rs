//! `portolan sync`: asks the systems of sync.toml for what changed, and cleans. A system that cannot be asked does not keep the
//! others waiting; it is told, and the exit code is of the first.

use super::{Environment, ingest};
use crate::exit::{Exit, Stop, code_of, report};
use crate::sync::Round;
use crate::{cli, output, serving, sync};
use anyhow::{Error, Result};
use lake::{Lake, LakeError, LakeLock};
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;

/// How often, and how long apart, it tries to become the writer: a server brings events over for moments at a time.
const TRIES: u32 = 60;
const APART: Duration = Duration::from_millis(500);

pub(crate) async fn run(env: &Environment, args: &cli::Sync) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let mut sources = sync::read(&workspace.root, workspace.home)?.sources;
    if let Some(unknown) = args.sources.iter().find(|name| !sources.iter().any(|s| s.name == **name)) {
        let known = sources.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Stop::error(
            Exit::Usage,
            format!("no source `{unknown}` in {}", sync::FILE),
            format!("there are {known}"),
        ));
    }
    sources.retain(|source| args.sources.is_empty() || args.sources.contains(&source.name));
    workspace.kept_files()?;
    let lake = workspace.lake()?;
    let today = args.as_of.unwrap_or_else(ingest::today);
    let (mut rounds, mut failed): (Vec<Round<'_>>, Vec<Error>) = (Vec::new(), Vec::new());
    for source in &sources {
        match Round::fetch(&workspace, &lake, source, serving::now).await {
            Ok(round) => rounds.push(round),
            Err(error) => failed.push(error),
        }
    }
    let (mut all, mut lines) = (Vec::new(), None);
    if failed.is_empty() || !rounds.is_empty() {
        let lock = match lock_patiently(&lake).await {
            Ok(lock) => lock,
            Err(error) => return Err(all_failed(rounds, error)),
        };
        let mut brought = Vec::new();
        for mut round in rounds {
            match round.bring(&lake, &lock, today).await {
                Ok(()) => brought.push(round),
                Err(error) => failed.push(round.failed(error)),
            }
        }
        match sync::clean(&workspace, &lake, &lock, today).await {
            Ok(n) => lines = Some(n),
            Err(error) => return Err(all_failed(brought, error)),
        }
        all = brought.into_iter().map(Round::ended).collect::<Result<Vec<_>>>()?;
    }
    let code = failed.first().map_or(ExitCode::SUCCESS, |error| code_of(error).into());
    if args.json {
        let said: Vec<String> = failed.iter().map(crate::exit::said).collect();
        output::json(&json!({"sources": all, "order_lines": lines, "failed": said}))?;
    } else {
        all.iter().for_each(tell);
        if let Some(lines) = lines {
            output::line(&format!("cleaned: {} order lines", output::count(i64::try_from(lines).unwrap_or(i64::MAX))));
        }
    }
    failed.iter().for_each(report);
    Ok(code)
}

fn tell(done: &sync::Synced) {
    let (pages, records, changed) =
        (output::count(done.pages), output::count(done.records), output::count(done.changed));
    output::line(&format!("{}: {records} records on {pages} pages, {changed} new or changed", done.source));
    if done.rejected > 0 {
        output::note(&format!("  {} rows were put aside: `portolan quality` says why", output::count(done.rejected)));
    }
}

/// Notes for each of the rounds that what all of them wait for failed; hands the error on.
fn all_failed(rounds: Vec<Round<'_>>, error: Error) -> Error {
    rounds.into_iter().fold(error, |error, round| round.failed(error))
}

async fn lock_patiently(lake: &Lake) -> Result<LakeLock> {
    for _ in 0..TRIES {
        match lake.lock() {
            Err(LakeError::Locked(_)) => tokio::time::sleep(APART).await,
            other => return Ok(other?),
        }
    }
    Ok(lake.lock()?)
}
