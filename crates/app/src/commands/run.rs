//! `portolan run`.

use super::Environment;
use crate::{cli, output, pipeline};
use anyhow::Result;
use domain::{Market, Seed};
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Run) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    let lock = lake.lock()?;
    let bar = output::Bar::new(env.quiet || args.json);
    let today = super::ingest::today();
    let report = pipeline::run(&workspace, &lake, &lock, Seed(args.seed), args.force, today, &bar).await?;
    if args.json {
        output::json(&report)?;
    } else {
        let list = |stages: &[&str]| if stages.is_empty() { "nothing".to_owned() } else { stages.join(", ") };
        output::line(&format!("computed {}; unchanged {}", list(&report.computed), list(&report.unchanged)));
        for row in &report.not_computed {
            let of = if row.market == Market::UNKNOWN { String::new() } else { format!(" of {}", row.market) };
            output::note(&format!("note: {}{of}: not computed: {}", row.what, row.why));
        }
        output::hint("portolan plan --all writes the launch plans");
    }
    Ok(ExitCode::SUCCESS)
}
