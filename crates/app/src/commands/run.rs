//! `portolan run`.

use super::Environment;
use crate::pipeline::gates::Failing;
use crate::pipeline::{self, Asked};
use crate::{cli, output, serving};
use anyhow::Result;
use domain::{Market, Seed};
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Run) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    let lock = lake.lock()?;
    let bar = output::Bar::new(env.quiet || args.json);
    // `--force` has meant both from the first release on.
    let failing = if args.force || args.allow_failed_gates { Failing::Allow } else { Failing::Stop };
    let asked = Asked { force: args.force, failing, today: super::ingest::today() };
    let report = pipeline::run(&workspace, &lake, &lock, Seed(args.seed), asked, &bar).await?;
    bar.step("preparing", "histories for the server", 0, 1);
    serving::make_ready(&workspace, &lake).await?;
    crate::views::renew(&workspace, &lake, &bar).await?;
    bar.clear();
    if args.json {
        output::json(&report)?;
    } else {
        let list = |stages: &[&str]| if stages.is_empty() { "nothing".to_owned() } else { stages.join(", ") };
        output::line(&format!("computed {}; unchanged {}", list(&report.computed), list(&report.unchanged)));
        for gate in &report.gates {
            output::note(&format!("note: quality gate {gate}"));
        }
        for row in &report.not_computed {
            let of = if row.market == Market::UNKNOWN { String::new() } else { format!(" of {}", row.market) };
            output::note(&format!("note: {}{of}: not computed: {}", row.what, row.why));
        }
        output::hint("portolan plan --all writes the launch plans");
    }
    Ok(ExitCode::SUCCESS)
}
