//! The same decisions under other assumptions, and what changes by them. Nothing is written.

use super::outcome::Play;
use super::{Prepared, Settled, Taught};
use crate::output::Bar;
use crate::workspace::Workspace;
use anyhow::Result;
use domain::{Currency, Decimal, Figure, FigureValue, Market, Seed};
use lake::Engine;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is assumed otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Assumptions {
    /// Advertising a week, reporting currency.
    pub(crate) budget: Option<f64>,
    /// Change of the reporting currency against all others, per cent.
    pub(crate) fx_percent: Option<f64>,
    /// Least margin.
    pub(crate) margin: Option<Decimal>,
    /// Channel of sale.
    pub(crate) channel: Option<String>,
    /// What markets teach each other.
    pub(crate) taught: Taught,
}

/// A number that changes.
#[derive(Clone, Debug, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Changed {
    pub(crate) market: Market,
    pub(crate) what: String,
    pub(crate) before: Option<f64>,
    pub(crate) after: Option<f64>,
    pub(crate) unit: String,
}

/// The numbers that change, by market and name.
pub(crate) async fn what_if(
    workspace: &Workspace,
    engine: &Engine,
    base: Option<Currency>,
    asked: &Assumptions,
    bar: &Bar,
) -> Result<Vec<Changed>> {
    let Some(base) = base else { return Ok(Vec::new()) };
    bar.step("deciding", "as it is", 0, 2);
    let prepared = Prepared::load(engine, workspace, base, Seed(1)).await?;
    let now = prepared.settle(engine, &prepared.inputs, &workspace.decide, Play::Advised).await?;
    bar.step("deciding", "otherwise", 1, 2);
    let mut settings = workspace.decide.clone();
    settings.budget = asked.budget.or(settings.budget);
    settings.margin = asked.margin.unwrap_or(settings.margin);
    settings.channel = asked.channel.clone().unwrap_or(settings.channel);
    let times = 1.0 + asked.fx_percent.unwrap_or(0.0) / 100.0;
    let alone = match asked.taught {
        Taught::Together => None,
        Taught::Alone => Some(Prepared::taught(engine, workspace, base, Seed(1), Taught::Alone).await?),
    };
    let other = alone.as_ref().unwrap_or(&prepared);
    let inputs = other.inputs.clone().with_base_worth(times);
    let then = other.settle(engine, &inputs, &settings, Play::Advised).await?;
    let (now, then) = (numbers(&prepared, &now), numbers(other, &then));
    let keys: std::collections::BTreeSet<&Key> = now.keys().chain(then.keys()).collect();
    let changed = keys.into_iter().filter_map(|key| {
        let (before, after) = (now.get(key), then.get(key));
        let unit = before.or(after).map(|n| n.1.clone()).unwrap_or_default();
        let (before, after) = (before.map(|n| n.0), after.map(|n| n.0));
        let same = before.zip(after).is_some_and(|(a, b)| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()));
        (!same).then(|| Changed { market: key.0, what: key.1.clone(), before, after, unit })
    });
    Ok(changed.collect())
}

type Key = (Market, String);

/// The numbers that are compared: what is expected, spend by channel, how many products sell below their floor, and the floors of
/// the best sellers.
fn numbers(prepared: &Prepared, settled: &Settled) -> BTreeMap<Key, (f64, String)> {
    /// Best sellers of each market.
    const FLOORS: usize = 5;
    let mut all = BTreeMap::new();
    for (market, figure) in &settled.outcome.figures {
        if let Some(value) = Figure::as_f64(figure) {
            let unit = match figure.value {
                FigureValue::Money(money) => money.currency.to_string(),
                _ => String::new(),
            };
            all.insert((*market, figure.key.clone()), (value, unit));
        }
    }
    let base = prepared.inputs.base.to_string();
    for row in &settled.channels {
        all.insert((row.market, format!("spend a week, {}", row.channel)), (row.advised, base.clone()));
    }
    for (at, place) in prepared.inputs.markets.iter().enumerate() {
        let below = |r: &&super::prices::PriceRow| {
            r.market == at && r.now.zip(r.floor).is_some_and(|(now, floor)| now.minor < floor.minor)
        };
        let n = settled.prices.iter().filter(below).count();
        all.insert((place.market, "products that sell below their floor".to_owned()), (n as f64, "count".to_owned()));
    }
    for (at, place) in prepared.inputs.markets.iter().enumerate() {
        let units = |product: usize| prepared.demand.products.get(&(at, product)).map_or(0.0, |f| f.total.0);
        let mut rows: Vec<_> = settled.prices.iter().filter(|r| r.market == at && r.floor.is_some()).collect();
        rows.sort_by(|a, b| units(b.product).total_cmp(&units(a.product)).then(a.product.cmp(&b.product)));
        for row in rows.into_iter().take(FLOORS) {
            let product = &prepared.inputs.products[row.product];
            let name = if product.name.is_empty() { &product.id } else { &product.name };
            for (what, money) in [("floor", row.floor), ("price advised", row.corridor.as_ref().and_then(|c| c.asked))]
            {
                if let Some(value) = money.and_then(|m| m.to_decimal().to_string().parse::<f64>().ok()) {
                    all.insert((place.market, format!("{what}, {name}")), (value, place.currency.to_string()));
                }
            }
        }
    }
    all
}
