//! `portolan decide trace`: numbers of a launch plan, each resolved to its formula and its rows.

use super::Opened;
use crate::exit::{Exit, Stop};
use crate::pipeline::gather::Gatherer;
use crate::{output, pipeline, trace};
use anyhow::Result;
use decide::plan::{LaunchPlan, Minimums};
use domain::{Market, Seed};

/// Draws `n` numbers of the market's plan and looks them up; a number that cannot be resolved fails.
pub(super) async fn run(opened: &Opened, market: Market, n: usize, seed: Seed, json: bool) -> Result<()> {
    let engine = &opened.engine;
    let home = pipeline::home(engine, &opened.workspace).await?;
    let Some(currency) = opened.snapshot.currency else {
        return Err(Stop::error(Exit::Missing, "nothing is cleaned yet", "`portolan run` comes first"));
    };
    let gatherer = Gatherer::new(engine, home, currency).await?;
    if !gatherer.knows(market) {
        return Err(Stop::error(Exit::Missing, format!("{market} has no sale yet"), "name a market with sales"));
    }
    let plan = LaunchPlan::build(&gatherer.evidence(market).await?, Minimums::default());
    let all = trace::figures(&serde_json::to_value(&plan)?);
    let n_all = all.len();
    let traced = trace::trace(engine, &trace::drawn(all, n, seed)).await?;
    let lost: Vec<_> = traced.iter().filter(|t| t.found.is_none()).collect();
    if json {
        output::json(&traced)?;
    } else {
        let cells = traced.iter().map(|t| {
            let place = t.found.clone().unwrap_or_else(|| "NOT RESOLVED".to_owned());
            vec![t.key.clone(), format!("{}", t.value), t.rows.to_string(), place, t.source.clone()]
        });
        output::table(&["figure", "value", "rows", "where", "source"], &[1, 2], cells.collect());
        output::line(&format!("{} of {} numbers, drawn from {n_all}", traced.len() - lost.len(), traced.len()));
    }
    if let Some(first) = lost.first() {
        return Err(Stop::error(
            Exit::Internal,
            format!("{} numbers cannot be resolved, first {} from `{}`", lost.len(), first.key, first.source),
            "this is a fault of the program: please report it with the numbers above",
        ));
    }
    Ok(())
}
