//! What the weeks ahead will ask for: every product that still sells, all products together, and the market's sales, each
//! market with its own calendar. A product too young for a season of its own is lent one ([`short`]).

use super::Taught;
use super::inputs::Inputs;
use super::short::{self, Lent};
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::calendar::{Calendar, EventKind};
use decide::demand::forecast::{Ahead, DemandParams, Effort, Forecast};
use decide::demand::weeks::DemandSeries;
use decide::price::panel::monday;
use domain::{Day, Market, Seed, Window};
use std::collections::BTreeMap;

/// Weeks ahead.
pub(super) const HORIZON: usize = 13;
/// Coverage of the intervals.
pub(super) const LEVEL: f64 = 0.9;
/// Weeks without a sale after which a product is no longer foreseen.
pub(super) const SILENT: i32 = 26;
/// Weeks with a sale that a product needs.
const LEAST_WEEKS: usize = 8;

/// What is foreseen.
pub(super) struct Demand {
    /// By place of market and product.
    pub(super) products: BTreeMap<(usize, usize), Forecast>,
    /// Units of all products, by place of market.
    pub(super) units: BTreeMap<usize, Forecast>,
    /// Sales in the reporting currency, by place of market.
    pub(super) sales: BTreeMap<usize, Forecast>,
    /// Products whose forecast rests on another market's season, by place of market and product.
    pub(super) lent: BTreeMap<(usize, usize), Lent>,
}

/// The Monday of the week that is not whole yet.
pub(super) fn first_week(inputs: &Inputs) -> Day {
    monday(inputs.as_of)
}

pub(super) fn foresee(inputs: &Inputs, calendar: &Calendar, taught: Taught, seed: Seed) -> Result<Demand> {
    let mut products: BTreeMap<(usize, usize), Forecast> = BTreeMap::new();
    let (mut units, mut sales) = (Vec::new(), Vec::new());
    for market in 0..inputs.markets.len() {
        let seed = seed.derive(market as u64);
        let (panel, all_units, all_sales) = series(inputs, market);
        units.extend(all_units);
        sales.extend(all_sales);
        if panel.is_empty() {
            continue;
        }
        let ahead = Ahead { calendar: occasions(inputs, calendar, market), planned: BTreeMap::new() };
        for forecast in params(3).forecast(&panel, &ahead, seed)? {
            if !forecast.mean.is_empty() {
                products.insert((market, forecast.series as usize), forecast);
            }
        }
    }
    // Markets stand in one panel: how far a total was off is learnt from all of them, and a few origins of one say little.
    let totals = |panel: &[DemandSeries]| -> Result<BTreeMap<usize, Forecast>> {
        if panel.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = match taught {
            Taught::Together => params(4).forecast(panel, &Ahead::default(), seed)?,
            Taught::Alone => {
                let one = |series| params(4).forecast(std::slice::from_ref(series), &Ahead::default(), seed);
                panel.iter().map(one).collect::<Result<Vec<_>, _>>()?.concat()
            }
        };
        Ok(found.into_iter().filter(|f| !f.mean.is_empty()).map(|f| (f.series as usize, f)).collect())
    };
    let lent = short::lend(inputs, &mut products)?;
    Ok(Demand { products, units: totals(&units)?, sales: totals(&sales)?, lent })
}

fn params(n_origins: usize) -> DemandParams {
    DemandParams { horizon: HORIZON, n_origins, levels: vec![LEVEL], effort: Effort::Light }
}

/// Whole weeks of each product of a market, of their units together and of the market's sales.
fn series(inputs: &Inputs, market: usize) -> (Vec<DemandSeries>, Option<DemandSeries>, Option<DemandSeries>) {
    let until = first_week(inputs);
    let mut weeks: BTreeMap<usize, BTreeMap<Day, (f64, f64)>> = BTreeMap::new();
    let mut units: BTreeMap<Day, (f64, f64)> = BTreeMap::new();
    for week in inputs.weeks.iter().filter(|w| w.market == market && w.week < until) {
        weeks.entry(week.product).or_default().insert(week.week, (week.units as f64, week.price));
        units.entry(week.week).or_default().0 += week.units as f64;
    }
    let place = inputs.markets[market].market;
    let sales: BTreeMap<Day, (f64, f64)> = inputs
        .sales
        .iter()
        .filter(|w| w.market == place && w.week < until)
        .map(|w| (w.week, (w.sales.max(0.0), 1.0)))
        .collect();
    let lives = |weeks: &BTreeMap<Day, (f64, f64)>| {
        let last = weeks.keys().next_back().copied();
        weeks.len() >= LEAST_WEEKS && last.is_some_and(|day| until.since(day) <= 7 * SILENT)
    };
    let products = weeks.into_iter().filter(|(_, w)| lives(w));
    let products = products.filter_map(|(id, w)| one(u32::try_from(id).ok()?, &w, until)).collect();
    // A price of all products together has no meaning: every week has the same.
    units.values_mut().for_each(|week| week.1 = 1.0);
    let number = u32::try_from(market).unwrap_or(u32::MAX);
    (products, one(number, &units, until), one(number, &sales, until))
}

/// Weeks from the first sale to the last whole week, those without a sale as 0.
pub(super) fn one(series: u32, weeks: &BTreeMap<Day, (f64, f64)>, until: Day) -> Option<DemandSeries> {
    let first = weeks.keys().next().copied()?;
    let prices: Vec<f64> = weeks.values().map(|w| w.1).collect();
    let usual = learn::quantile::median(&prices).filter(|p| *p > 0.0)?;
    let (mut units, mut price, mut last) = (Vec::new(), Vec::new(), 0.0);
    let mut week = first;
    while week < until {
        let found = weeks.get(&week);
        if let Some((_, paid)) = found.filter(|w| w.1 > 0.0) {
            last = (paid / usual).ln();
        }
        units.push(found.map_or(0.0, |w| w.0));
        price.push(last);
        week = week.plus(7);
    }
    let promoted = vec![0.0; units.len()];
    Some(DemandSeries { series, first, units, price, promoted, n_masked: 0 })
}

/// Sale days and feasts of each week, past and to come.
fn occasions(inputs: &Inputs, calendar: &Calendar, market: usize) -> BTreeMap<Day, Vec<f64>> {
    let place = &inputs.markets[market];
    let window = Window { from: monday(place.first), to: first_week(inputs).plus(7 * HORIZON as i32) };
    let mut weeks: BTreeMap<Day, Vec<f64>> = BTreeMap::new();
    for event in calendar.events(place.market, window) {
        let column = match event.kind {
            EventKind::SaleDay => 0,
            EventKind::Feast | EventKind::PublicHoliday => 1,
            EventKind::PayDay => continue,
        };
        let mut day = event.window.from;
        while day < event.window.to {
            weeks.entry(monday(day)).or_insert_with(|| vec![0.0; 2])[column] += 1.0;
            day = day.plus(1);
        }
    }
    weeks
}

/// `marts.demand`: products, then all of them together under an empty name.
pub(super) fn table(inputs: &Inputs, demand: &Demand) -> Result<RecordBatch> {
    struct Row<'a> {
        market: usize,
        product: &'a str,
        week: Day,
        units: f64,
        ends: (f64, f64),
        method: String,
        source: Option<Market>,
    }
    let mut rows: Vec<Row<'_>> = Vec::new();
    let together = demand.units.iter().map(|(market, f)| (*market, "", f, None));
    let products =
        demand.products.iter().map(|(key, f)| (key.0, inputs.products[key.1].id.as_str(), f, demand.lent.get(key)));
    for (market, product, forecast, lent) in together.chain(products) {
        let Some(band) = forecast.bands.first() else { continue };
        for (i, units) in forecast.mean.iter().enumerate() {
            let week = forecast.first.plus(7 * i as i32);
            let ends = (band.low[i].max(0.0), band.high[i]);
            let method = lent.map_or_else(|| forecast.way.said().en, |l| l.said.en.clone());
            rows.push(Row { market, product, week, units: *units, ends, method, source: lent.and_then(|l| l.source) });
        }
    }
    rows.sort_by(|a, b| (a.market, a.product, a.week).cmp(&(b.market, b.product, b.week)));
    Columns::default()
        .text("market", rows.iter().map(|r| inputs.markets[r.market].market.code().to_owned()))
        .text("product_id", rows.iter().map(|r| r.product))
        .day("week", rows.iter().map(|r| r.week))
        .float("units", rows.iter().map(|r| r.units))
        .float("low", rows.iter().map(|r| r.ends.0))
        .float("high", rows.iter().map(|r| r.ends.1))
        .float("level", rows.iter().map(|_| LEVEL))
        .text("method", rows.iter().map(|r| r.method.as_str()))
        .optional_text("source", rows.iter().map(|r| r.source.map(|m| m.code().to_owned())))
        .batch()
}
