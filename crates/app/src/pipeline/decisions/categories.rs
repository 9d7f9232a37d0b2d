//! What each category of each market will be asked for, by a series of its own: a sum of many products has a season and a trend
//! that its parts are too thin to show. Categories are not made to add up to the market.

use super::Taught;
use super::demand::{LEVEL, Learnt, foresee_panel, lives, one};
use super::inputs::Inputs;
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::demand::forecast::Forecast;
use decide::demand::weeks::DemandSeries;
use domain::{Day, Seed};
use std::collections::BTreeMap;

/// Forecasts by place of market and name of the category.
pub(super) type Categories = BTreeMap<(usize, String), Forecast>;

/// Forecasts of every category that still sells.
pub(super) fn categories(inputs: &Inputs, learnt: &Learnt, taught: Taught, seed: Seed) -> Result<Categories> {
    let until = super::demand::first_week(inputs);
    let mut sums: BTreeMap<(usize, &str), BTreeMap<Day, (f64, f64)>> = BTreeMap::new();
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
