//! `portolan simulate`.

use super::Environment;
use crate::exit::{Exit, Stop};
use crate::{cli, output};
use anyhow::{Context, Result};
use domain::Seed;
use serde_json::json;
use sim::{Progress, SimError, SimParams};
use std::process::ExitCode;

pub(crate) fn run(env: &Environment, args: &cli::Simulate) -> Result<ExitCode> {
    let bar = output::Bar::new(env.quiet || args.json);
    if let Some(lines) = args.bulk_lines {
        std::fs::create_dir_all(&args.out).with_context(|| format!("making {}", args.out.display()))?;
        let path = args.out.join("retail.csv");
        let summary = sim::write_bulk_retail_to(&path, lines, Seed(args.seed))?;
        if args.json {
            output::json(&json!({"file": path, "lines": summary.lines, "invoices": summary.invoices,
                "cancelled_lines": summary.cancelled_lines, "duplicates": summary.duplicates,
                "missing_customers": summary.missing_customers, "services": summary.services}))?;
        } else {
            output::line(&format!("{} order lines in {}", output::count(summary.lines), path.display()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(n) = args.auctions {
        let truth = sim::write_auctions_to(&args.out, n, Seed(args.seed))?;
        let log = args.out.join("auctions.csv");
        if args.json {
            output::json(&json!({"log": log, "truth": truth}))?;
        } else {
            output::line(&format!("{} auctions in {}", output::count(n), log.display()));
            output::hint(&format!("portolan decide bids {} --budget 20", log.display()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let usage = |e: SimError| match e {
        SimError::Write { .. } => e.into(),
        _ => Stop::error(Exit::Usage, e.to_string(), "`portolan simulate --help` shows the ranges and the markets"),
    };
    let mut params = SimParams::at(args.scale, Seed(args.seed));
    if !args.markets.is_empty() {
        params = params.with_markets(&args.markets).map_err(usage)?;
    }
    let mut files = 0;
    let summary = sim::write_to(&args.out, &params, &mut |p| match p {
        Progress::Generated { orders, .. } => {
            bar.step("simulating", &format!("{} orders", output::count(orders as u64)), 0, 20)
        }
        Progress::Written { file, .. } => {
            files += 1;
            bar.step("writing", &file, files, 20);
        }
    })
    .map_err(usage)?;
    bar.clear();
    if args.json {
        output::json(&json!({"orders": summary.orders, "lines": summary.lines, "shoppers": summary.shoppers,
            "products": summary.products, "exports": summary.exports, "truth": summary.truth, "files": summary.files}))?;
    } else {
        output::line(&format!(
            "{} orders with {} lines of {} shoppers, {} products, in {} files",
            output::count(summary.orders),
            output::count(summary.lines),
            output::count(summary.shoppers),
            summary.products,
            summary.files.len()
        ));
        output::line(&format!("to ingest: {}", summary.exports.display()));
        output::line(&format!("the truth: {}", summary.truth.display()));
        output::hint(&format!("portolan init shop && portolan ingest {} --workspace shop", summary.exports.display()));
    }
    Ok(ExitCode::SUCCESS)
}
