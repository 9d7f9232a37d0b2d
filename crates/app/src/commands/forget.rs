//! `portolan forget`: a file's rows out of the lake, then the cleaning rules over the rest.

use super::{Environment, ingest};
use crate::{cli, output, pipeline};
use anyhow::Result;
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Forget) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    let lock = lake.lock()?;
    let (file, _) = lake::forget(&lake, &lock, &args.source).await?;
    let as_of = args.as_of.unwrap_or_else(ingest::today);
    let refined = pipeline::clean(&workspace, &lake, &lock, as_of, &output::Bar::new(true)).await?;
    if args.json {
        output::json(
            &json!({"forgotten": file, "order_lines": refined.order_lines, "snapshot": refined.snapshot.number}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let lines = output::count(refined.order_lines);
    output::line(&format!("forgot {} ({}): {lines} order lines are left", file.name, file.source));
    output::hint(
        "earlier snapshots still have it (`portolan sql --snapshot N`); to take it again, ingest the file again",
    );
    Ok(ExitCode::SUCCESS)
}
