//! `portolan init`.

use super::Environment;
use crate::workspace::{FILE, Workspace};
use crate::{cli, output};
use anyhow::Result;
use serde_json::json;
use std::process::ExitCode;

pub(crate) fn run(_env: &Environment, args: &cli::Init) -> Result<ExitCode> {
    let (workspace, made) = Workspace::init(&args.dir, args.home, args.currency)?;
    let path = workspace.root.display();
    if args.json {
        output::json(&json!({"workspace": workspace.root, "made": made, "home": workspace.home,
            "currency": workspace.currency}))?;
        return Ok(ExitCode::SUCCESS);
    }
    if made {
        output::line(&format!("made a workspace in {path}"));
    } else {
        output::line(&format!("{path} is a workspace already; {FILE} stays as it is"));
    }
    output::hint(&format!("portolan ingest YOUR_FILES --workspace {path}"));
    Ok(ExitCode::SUCCESS)
}
