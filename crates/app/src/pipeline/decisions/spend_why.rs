//! Why the advised spend moved between an earlier day and now: the same question asked with what was known then and with what is
//! known now, the difference split over budget, limits and what was learnt of the channels (`decide::budget::why`).
//!
//! Only channels that could be told at both days are compared. Margins are today's on both sides, so that a cheaper product is not
//! taken for a better channel. Nothing is written. Cost: the media mix of every market twice.

use super::Prepared;
use super::demand::first_week;
use super::outcome::{self, Play};
use super::spend::{Cells, Known};
use crate::workspace::Workspace;
use anyhow::Result;
use decide::Said;
use decide::budget::{AllocateParams, why};
use decide::price::panel::monday;
use domain::{Currency, Day, Market, Seed};
use lake::Engine;
use serde::Serialize;

/// The move of a channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Why {
    pub(crate) market: Market,
    pub(crate) channel: String,
    /// Advised spend a week then and now, reporting currency.
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// Its parts; they sum to `to - from`.
    pub(crate) by_budget: f64,
    pub(crate) by_limits: f64,
    pub(crate) by_returns: f64,
    pub(crate) said: Said,
}

/// The moves since the week of a day, and the channels of now that could not be told then.
pub(crate) async fn why_moved(
    workspace: &Workspace,
    engine: &Engine,
    base: Currency,
    since: Day,
) -> Result<(Vec<Why>, Vec<(String, Market)>)> {
    let prepared = Prepared::load(engine, workspace, base, Seed(1)).await?;
    let inputs = &prepared.inputs;
    let settled = prepared.settle(engine, inputs, &workspace.decide, Play::Advised).await?;
    let decided =
        prepared.decided(inputs, (&settled.costs, &settled.prices, &settled.stock, &settled.promotions), Play::Advised);
    let margins = outcome::margins(decided);
    let known = Known {
        margins: &margins,
        experiments: &prepared.own.experiments,
        effects: &prepared.demand.effects,
        seed: prepared.seed,
    };
    let now = Cells::fit(inputs, known, first_week(inputs))?;
    let then = Cells::fit(inputs, known, monday(since))?;
    let before = then.told();
    let fresh = now.told().into_iter().filter(|name| !before.contains(name)).collect();
    let Some((earlier, later)) = now.both(&then, inputs, workspace.decide.budget) else {
        return Ok((Vec::new(), fresh));
    };
    let minor = later.minor();
    let moved = why(&earlier, &later, &AllocateParams::default())?;
    let one = |m: &decide::budget::Moved| Why {
        market: later.columns[m.column].name.parse().unwrap_or(Market::UNKNOWN),
        channel: later.rows[m.row].name.clone(),
        from: m.from.minor as f64 / minor,
        to: m.to.minor as f64 / minor,
        by_budget: m.by_total,
        by_limits: m.by_limits,
        by_returns: m.by_curves,
        said: m.said(&later),
    };
    Ok((moved.iter().map(one).collect(), fresh))
}
