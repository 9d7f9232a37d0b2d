//! `portolan sync`: asks the systems of sync.toml for what changed, and cleans.

use super::{Environment, ingest};
use crate::exit::{Exit, Stop};
use crate::{cli, output, sync};
use anyhow::Result;
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Sync) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let mut sources = sync::read(&workspace.root)?;
    if let Some(unknown) = args.sources.iter().find(|name| !sources.iter().any(|s| s.name == **name)) {
        let known = sources.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Stop::error(
            Exit::Usage,
            format!("no source `{unknown}` in {}", sync::FILE),
            format!("there are {known}"),
        ));
    }
    sources.retain(|source| args.sources.is_empty() || args.sources.contains(&source.name));
    let lake = workspace.lake()?;
    let lock = lake.lock()?;
    let today = args.as_of.unwrap_or_else(ingest::today);
    let mut all = Vec::new();
    for source in &sources {
        let done = sync::run(&workspace, &lake, &lock, source, today).await?;
        if !args.json {
            let (pages, records, changed) =
                (output::count(done.pages), output::count(done.records), output::count(done.changed));
            output::line(&format!("{}: {records} records on {pages} pages, {changed} new or changed", done.source));
            if done.rejected > 0 {
                output::note(&format!(
                    "  {} rows were put aside: `portolan quality` says why",
                    output::count(done.rejected)
                ));
            }
        }
        all.push(done);
    }
    let lines = sync::clean(&workspace, &lake, &lock, today).await?;
    if args.json {
        output::json(&json!({"sources": all, "order_lines": lines}))?;
    } else {
        output::line(&format!("cleaned: {} order lines", output::count(i64::try_from(lines).unwrap_or(i64::MAX))));
    }
    Ok(ExitCode::SUCCESS)
}
