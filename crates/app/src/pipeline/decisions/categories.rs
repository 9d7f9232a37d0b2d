//! What each category of each market will be asked for, by a series of its own: a sum of many products has a season and a trend
//! that its parts are too thin to show. All categories of a market together are drawn to what is foreseen of the market, which says more
//! of a growth than they do: as far as they sold of late, they add up to it.

use super::Taught;
use super::demand::{HORIZON, LEVEL, Learnt, foresee_panel, lives, one};
use super::inputs::{Inputs, ProductWeek};
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::demand::forecast::Forecast;
use decide::demand::weeks::DemandSeries;
use domain::{Day, Seed};
use std::collections::BTreeMap;

/// Sums further apart than this are not of the same thing.
const MOST: f64 = 2.0;

/// Weeks to units and a price that is the same in all of them.
type Weeks = BTreeMap<Day, (f64, f64)>;
/// Forecasts by place of market and name of the category.
pub(super) type Categories = BTreeMap<(usize, String), Forecast>;

/// Forecasts of every category that still sells.
pub(super) fn categories(inputs: &Inputs, learnt: &Learnt, taught: Taught, seed: Seed) -> Result<Categories> {
    let until = super::demand::first_week(inputs);
    let mut sums: BTreeMap<(usize, &str), Weeks> = BTreeMap::new();
    for week in inputs.weeks.iter().filter(|w| w.week < until) {
        let category = inputs.products[week.product].category.as_str();
        if !category.is_empty() {
            let weeks = sums.entry((week.market, category)).or_default();
            // A price of all products together has no meaning: every week has the same.
            weeks.entry(week.week).or_insert((0.0, 1.0)).0 += week.units as f64;
        }
    }
    let (mut keys, mut series): (Vec<(usize, String)>, Vec<DemandSeries>) = (Vec::new(), Vec::new());
    for ((market, category), weeks) in sums.into_iter().filter(|(_, weeks)| lives(weeks, until)) {
        if let Some(found) = one(u32::try_from(series.len())?, &weeks, until) {
            keys.push((market, category.to_owned()));
            series.push(found);
        }
    }
    let of: Vec<(usize, &DemandSeries)> = keys.iter().zip(&series).map(|(key, s)| (key.0, s)).collect();
    let found = foresee_panel(learnt, &of, taught, seed)?;
    Ok(keys.into_iter().zip(found).filter(|(_, f)| !f.mean.is_empty()).collect())
}

/// Draws the categories of each market to the market's units; `units` by place of market.
pub(super) fn draw_to_markets(inputs: &Inputs, units: &BTreeMap<usize, Forecast>, all: &mut Categories) {
    let until = super::demand::first_week(inputs);
    let of_late = |w: &&ProductWeek| w.week < until && until.since(w.week) <= 7 * HORIZON as i32;
    let mut sold: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for week in inputs.weeks.iter().filter(of_late) {
        let sum = sold.entry(week.market).or_default();
        sum.0 += week.units as f64;
        if all.contains_key(&(week.market, inputs.products[week.product].category.clone())) {
            sum.1 += week.units as f64;
        }
    }
    for (market, whole) in units {
        let of_market = |key: &(usize, String)| key.0 == *market;
        let sum: f64 = all.iter().filter(|(key, _)| of_market(key)).map(|(_, f)| f.total.0.max(0.0)).sum();
        let (late, known) = sold.get(market).copied().unwrap_or_default();
        let factor = whole.total.0.max(0.0) * known / late / sum;
        if !factor.is_finite() {
            continue;
        }
        let factor = factor.clamp(1.0 / MOST, MOST);
        let here = all.iter_mut().filter(|(key, _)| of_market(key));
        here.for_each(|(_, forecast)| scale(forecast, factor));
    }
}

fn scale(forecast: &mut Forecast, factor: f64) {
    let times = |values: &mut Vec<f64>| values.iter_mut().for_each(|x| *x *= factor);
    times(&mut forecast.mean);
    times(&mut forecast.deviation);
    for band in &mut forecast.bands {
        times(&mut band.low);
        times(&mut band.high);
    }
    forecast.total.0 *= factor;
    forecast.total.1.iter_mut().for_each(|(low, high)| (*low, *high) = (*low * factor, *high * factor));
}

/// `marts.category_demand`.
pub(super) fn table(inputs: &Inputs, all: &Categories) -> Result<RecordBatch> {
    let rows: Vec<(&(usize, String), &Forecast, usize)> = all
        .iter()
        .filter(|(_, f)| !f.bands.is_empty())
        .flat_map(|(key, f)| (0..f.mean.len()).map(move |i| (key, f, i)))
        .collect();
    Columns::default()
        .text("market", rows.iter().map(|(key, ..)| inputs.markets[key.0].market.code().to_owned()))
        .text("category", rows.iter().map(|(key, ..)| key.1.as_str()))
        .day("week", rows.iter().map(|(_, f, i)| f.first.plus(7 * *i as i32)))
        .float("units", rows.iter().map(|(_, f, i)| f.mean[*i]))
        .float("low", rows.iter().map(|(_, f, i)| f.bands[0].low[*i].max(0.0)))
        .float("high", rows.iter().map(|(_, f, i)| f.bands[0].high[*i]))
        .float("level", rows.iter().map(|_| LEVEL))
        .text("method", rows.iter().map(|(_, f, _)| f.way.said().en))
        .batch()
}
