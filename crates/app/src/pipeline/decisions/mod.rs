//! Stage `decisions`: what may be sold, what it costs to land, at what price, how much will be asked for, when to promote,
//! what each channel gets, what to send, what to expect of it all, and what to do next.
//!
//! Everything is decided by `decide`; here its inputs are read and its answers become marts.

mod costs;
mod demand;
mod inputs;
mod outcome;
mod prices;
mod sell;
pub(crate) mod settings;
mod spend;
pub(crate) mod tables;
mod when;

use super::figure_rows::figure_rows;
use super::{Stage, Tables as Marts};
use anyhow::Result;
use domain::Market;
use inputs::Inputs;
use outcome::Decided;
use std::collections::BTreeSet;

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Marts> {
    let settings = &stage.workspace.decide;
    let Some(base) = stage.currency else { return Ok(Vec::new()) };
    let engine = &stage.engine;
    let inputs = Inputs::load(engine, base).await?;
    let home = super::home(engine, stage.workspace).await?;
    let own = tables::Tables::load(&stage.workspace.root)?;
    let facts = sell::facts(&inputs, &own.rules);
    // Markets of the ranking are judged too: what may be sold is asked before a market is entered.
    let mut markets: BTreeSet<Market> = inputs.markets.iter().map(|m| m.market).collect();
    markets.extend(candidates(stage).await?);
    let markets: Vec<Market> = markets.into_iter().collect();
    let verdicts = sell::judge(&own.rules, &facts, &markets, inputs.as_of);
    let (costed, refused) = costs::costs(
        &inputs,
        &own,
        &facts,
        costs::CostSettings {
            home,
            margin: settings.margin,
            channel: &settings.channel,
            insurance: settings.insurance,
            fx_buffer: settings.fx_buffer,
        },
    );
    for ((market, why), n) in refused {
        stage.not_computed(market, "the landed cost of products", &format!("{n} products: {why}"));
    }
    let prices = prices::prices(engine, &inputs, &costed).await?;
    let demand = demand::foresee(&inputs, &own.calendar, stage.seed)?;
    let stock = when::stock(&inputs, &demand, &costed)?;
    let calendar = when::calendar(engine, &inputs, &own.calendar, &costed, home).await?;
    let decided = Decided {
        inputs: &inputs,
        verdicts: &verdicts,
        costs: &costed,
        prices: &prices,
        demand: &demand,
        stock: &stock,
        calendar: &calendar,
    };
    let channels = spend::channels(&inputs, &outcome::margins(decided), settings.budget, stage.seed)?;
    let outcome = outcome::outcome(decided, &channels, stage.seed)?;
    let bills: Vec<_> = prices
        .rows
        .iter()
        .filter_map(|row| {
            let costed = costed.iter().find(|c| c.market == row.market && c.product == row.product)?;
            Some((costed, row.price()?))
        })
        .collect();
    Ok(vec![
        ("sellability", vec![sell::table(&inputs, &verdicts)?]),
        ("landed_costs", vec![costs::table(&inputs, &bills)?]),
        ("elasticities", vec![prices::elasticity_table(&inputs, &prices)?]),
        ("prices", vec![prices::table(&inputs, &prices)?]),
        ("demand", vec![demand::table(&inputs, &demand)?]),
        ("stock_advice", vec![when::stock_table(&inputs, &stock)?]),
        ("calendar", vec![when::calendar_table(&calendar)?]),
        ("media", vec![spend::media_table(&channels)?]),
        ("budget", vec![spend::budget_table(&channels)?]),
        ("decision_figures", vec![figure_rows(&outcome.figures)?]),
        ("decision_actions", vec![outcome::advice_table(&outcome.advice)?]),
    ])
}

/// Markets that could be entered.
async fn candidates(stage: &Stage<'_>) -> Result<Vec<Market>> {
    let rows = super::rows::Rows::query(&stage.engine, "select market from marts.market_ranking").await?;
    rows.markets("market")
}
