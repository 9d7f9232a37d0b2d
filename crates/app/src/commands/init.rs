//! `portolan init`.

use super::Environment;
use crate::workspace::{FILE, Workspace};
use crate::{cli, output};
use anyhow::Result;
use std::process::ExitCode;

pub(crate) fn run(_env: &Environment, args: &cli::Init) -> Result<ExitCode> {
    let (workspace, made) = Workspace::init(&args.dir, args.home, args.currency)?;
    let path = workspace.root.display();
    if made {
        output::line(&format!("made a workspace in {path}"));
    } else {
        output::line(&format!("{path} is a workspace already; {FILE} stays as it is"));
    }
    output::hint(&format!("portolan ingest YOUR_FILES --workspace {path}"));
    Ok(ExitCode::SUCCESS)
}
