//! What the plan's figures would have been worth: decide as of thirteen weeks ago and compare with what came.
//!
//! Everything after the cut is out of reach of the decision, but for competitors' prices, stock and exchange rates, of which only
//! today's are kept; none of them moves a figure that is compared. The plan is played at the prices of that time, because
//! nobody knows what other prices would have brought. All three figures are those of the whole market, as the plan shows them: margin is
//! that of every product whose cost was known, at the prices they were then sold at, less what the plan had set against it for
//! advertising.
//! Cost: one decision.

use super::assortment::assortment;
use super::demand::{HORIZON, first_week};
use super::inputs::Inputs;
use super::outcome::Play;
use super::prices::money;
use super::{Prepared, Settled, Taught};
use crate::workspace::Workspace;
use anyhow::Result;
use decide::plan::Metric;
use domain::{Currency, Day, FigureValue, Market, Seed};
use lake::Engine;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A figure of a market, foreseen and come true.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Past {
    pub(crate) market: Market,
    pub(crate) figure: String,
    /// The category; `None` for figures of the whole market.
    pub(crate) category: Option<String>,
    pub(crate) unit: String,
    /// First day foreseen, and the day after the last.
    pub(crate) from: Day,
    pub(crate) to: Day,
    pub(crate) expected: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) level: f64,
    pub(crate) came: f64,
    pub(crate) inside: bool,
}

/// Figures of every market that had enough weeks before the cut.
pub(crate) async fn backtest(
    workspace: &Workspace,
    engine: &Engine,
    base: Option<Currency>,
    seed: Seed,
) -> Result<Vec<Past>> {
    let Some(base) = base else { return Ok(Vec::new()) };
    let whole = Inputs::load(engine, base).await?;
    let to = first_week(&whole);
    let from = to.plus(-7 * HORIZON as i32);
    let prepared =
        Prepared::of(engine, workspace, whole.clone().before(from), &BTreeSet::new(), Taught::Together, seed).await?;
    let settled = prepared.settle(engine, &prepared.inputs, &workspace.decide, Play::AsTheyAre).await?;
    let mut all = Vec::new();
    for at in 0..prepared.inputs.markets.len() {
        let market = prepared.inputs.markets[at].market;
        let truth = came(&whole, &prepared, &settled, at, (from, to))?;
        for (_, figure) in settled.outcome.figures.iter().filter(|(m, _)| *m == market) {
            let (Some(came), Some(ends)) = (truth.get(figure.key.as_str()), figure.interval) else { continue };
            let unit = match figure.value {
                FigureValue::Money(money) => money.currency.to_string(),
                _ => String::new(),
            };
            all.push(Past {
                market,
                figure: figure.key.clone(),
                category: None,
                unit,
                from,
                to,
                expected: figure.as_f64().unwrap_or(f64::NAN),
                low: ends.low,
                high: ends.high,
                level: ends.level,
                came: *came,
                inside: (ends.low..=ends.high).contains(came),
            });
        }
        all.extend(categories(&whole, &prepared, at, (from, to)));
    }
    Ok(all)
}

/// Units of each category of a market.
fn categories(whole: &Inputs, prepared: &Prepared, at: usize, (from, to): (Day, Day)) -> Vec<Past> {
    let inputs = &prepared.inputs;
    let one = |((_, category), forecast): (&(usize, String), &decide::demand::forecast::Forecast)| {
        let (low, high) = *forecast.total.1.first()?;
        let of = |w: &&super::inputs::ProductWeek| {
            w.market == at && (from..to).contains(&w.week) && whole.products[w.product].category == *category
        };
        let came: f64 = whole.weeks.iter().filter(of).map(|w| w.units as f64).sum();
        // Units are whole: an end between two of them holds the outer one, as the plan shows it.
        let expected = forecast.total.0.max(0.0);
        let (low, high) = (low.max(0.0).min(expected).floor(), high.max(expected).ceil());
        Some(Past {
            market: inputs.markets[at].market,
            figure: "decide.category_units".to_owned(),
            category: Some(category.clone()),
            unit: String::new(),
            from,
            to,
            expected,
            low,
            high,
            level: super::demand::LEVEL,
            came,
            inside: (low..=high).contains(&came),
        })
    };
    prepared.demand.categories.iter().filter(|((place, _), _)| *place == at).filter_map(one).collect()
}

/// What came between two Mondays, by the key of its figure.
fn came(
    whole: &Inputs,
    prepared: &Prepared,
    settled: &Settled,
    at: usize,
    (from, to): (Day, Day),
) -> Result<BTreeMap<&'static str, f64>> {
    let place = &prepared.inputs.markets[at];
    let inside = |week: Day| week >= from && week < to;
    let weeks: Vec<_> = whole.weeks.iter().filter(|w| w.market == at && inside(w.week)).collect();
    let units: f64 = weeks.iter().map(|w| w.units as f64).sum();
    let sales: f64 = whole.sales.iter().filter(|w| w.market == place.market && inside(w.week)).map(|w| w.sales).sum();
    let mut all = BTreeMap::from([(Metric::ExpectedUnits.key(), units), (Metric::ExpectedSales.key(), sales)]);
    let Some(rate) = whole.rate(place.currency, whole.base) else { return Ok(all) };
    let decided =
        prepared.decided(&prepared.inputs, (&settled.costs, &settled.prices, &settled.stock, &[]), Play::AsTheyAre);
    let costed: BTreeMap<usize, _> = settled.costs.iter().filter(|c| c.market == at).map(|c| (c.product, c)).collect();
    let spend: f64 = settled.channels.iter().filter(|c| c.market == place.market).map(|c| c.now).sum();
    let advertising = spend * HORIZON as f64 * assortment(decided, at)?.covered;
    let minor = 10_f64.powi(place.currency.exponent() as i32);
    let mut margin = -advertising;
    for week in weeks {
        let (Some(costed), Some(price)) = (costed.get(&week.product), money(week.price, place.currency)) else {
            continue;
        };
        margin += week.units as f64 * costed.landed.margin(price)?.minor as f64 / minor * rate;
    }
    all.insert(Metric::ExpectedMargin.key(), margin);
    Ok(all)
}
