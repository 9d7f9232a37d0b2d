//! What the weeks ahead will ask for: every product that still sells, each category, all products together, and the market's sales, each
//! market with its own calendar. A product too young for a season of its own is lent one ([`short`]).

use super::Taught;
use super::categories::{self, Categories};
use super::inputs::Inputs;
use super::short::{self, Lent};
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::calendar::{Calendar, EventKind};
use decide::demand::forecast::{Ahead, Bias, DemandParams, Effort, Forecast};
use decide::demand::occasions::{OccasionParams, Occasions, Shares};
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
/// Days before a feast in which people buy for it.
const BEFORE: i32 = 21;
/// Stream of the categories.
const CATEGORIES: u64 = 0x63_6174;
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
    /// Units of each category, by place of market and name.
    pub(super) categories: Categories,
    /// Products whose forecast rests on another market's season, by place of market and product.
    pub(super) lent: BTreeMap<(usize, usize), Lent>,
    /// What occasions do to the sales of each market.
    pub(super) effects: Learnt,
}

/// The Monday of the week that is not whole yet.
pub(super) fn first_week(inputs: &Inputs) -> Day {
    monday(inputs.as_of)
}

pub(super) fn foresee(inputs: &Inputs, calendar: &Calendar, taught: Taught, seed: Seed) -> Result<Demand> {
    let mut products: BTreeMap<(usize, usize), Forecast> = BTreeMap::new();
    let (mut panels, mut units, mut sales) = (Vec::new(), Vec::new(), Vec::new());
    for market in 0..inputs.markets.len() {
        let (panel, all_units, all_sales) = series(inputs, market);
        panels.push(panel);
        units.extend(all_units);
        sales.extend(all_sales);
    }
    let learnt = Learnt::of(inputs, calendar, &units);
    // All products of all markets in one panel: one boosted model learns from all of them, and a market of few weeks takes the way
    // that was right elsewhere.
    let mut of: Vec<(usize, &DemandSeries)> = Vec::new();
    let mut plain: Vec<DemandSeries> = Vec::new();
    for (market, series) in panels.iter().enumerate().flat_map(|(m, panel)| panel.iter().map(move |s| (m, s))) {
        let number = u32::try_from(plain.len())?;
        plain.push(DemandSeries { series: number, ..learnt.without(market, series) });
        of.push((market, series));
    }
    let whole = DemandParams { effort: Effort::Quick, ..params(3) };
    let found = if plain.is_empty() { Vec::new() } else { foresee_products(&whole, &plain, &of, taught, seed)? };
    for (mut forecast, (market, series)) in found.into_iter().zip(of).filter(|(f, _)| !f.mean.is_empty()) {
        forecast.series = series.series;
        learnt.put_back(market, series, &mut forecast);
        products.insert((market, series.series as usize), forecast);
    }
    // Markets stand in one panel: how far a total was off is learnt from all of them, and a few origins of one say little.
    let totals = |panel: &[DemandSeries]| -> Result<BTreeMap<usize, Forecast>> {
        if panel.is_empty() {
            return Ok(BTreeMap::new());
        }
        let learnt = Learnt::of(inputs, calendar, panel);
        let plain: Vec<DemandSeries> = panel.iter().map(|s| learnt.without(s.series as usize, s)).collect();
        let under = |bias: Bias| -> Result<Vec<Forecast>> {
            let params = DemandParams { bias, ..params(4) };
            match taught {
                Taught::Together => Ok(params.forecast(&plain, &Ahead::default(), seed)?),
                Taught::Alone => {
                    let one = |series| params.forecast(std::slice::from_ref(series), &Ahead::default(), seed);
                    Ok(plain.iter().map(one).collect::<Result<Vec<_>, _>>()?.concat())
                }
            }
        };
        let found =
            under(Bias::Kept)?.into_iter().zip(under(Bias::Mended)?).map(|(kept, mended)| between(kept, &mended));
        let found = found.zip(panel).filter(|(f, _)| !f.mean.is_empty()).map(|(mut forecast, series)| {
            learnt.put_back(series.series as usize, series, &mut forecast);
            (forecast.series as usize, forecast)
        });
        Ok(found.collect())
    };
    let lent = short::lend(inputs, &mut products)?;
    let effects = Learnt::of(inputs, calendar, &sales);
    let (units, sales) = (totals(&units)?, totals(&sales)?);
    let mut categories = categories::categories(inputs, &learnt, taught, seed.derive(CATEGORIES))?;
    categories::draw_to_markets(inputs, &units, &mut categories);
    Ok(Demand { products, units, sales, categories, lent, effects })
}

/// Forecasts of a panel of series with their markets, occasions taken out before and put back after, in its order.
pub(super) fn foresee_panel(
    learnt: &Learnt,
    of: &[(usize, &DemandSeries)],
    taught: Taught,
    seed: Seed,
) -> Result<Vec<Forecast>> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let plain: Vec<DemandSeries> = of.iter().map(|(market, series)| learnt.without(*market, series)).collect();
    let mut found = foresee_products(&params(3), &plain, of, taught, seed)?;
    for (forecast, (market, series)) in found.iter_mut().zip(of).filter(|(f, _)| !f.mean.is_empty()) {
        learnt.put_back(*market, series, forecast);
    }
    Ok(found)
}

/// Forecasts in the order of the panel; of each market for itself where markets do not teach each other.
fn foresee_products(
    params: &DemandParams,
    plain: &[DemandSeries],
    of: &[(usize, &DemandSeries)],
    taught: Taught,
    seed: Seed,
) -> Result<Vec<Forecast>> {
    if taught == Taught::Together {
        return Ok(params.forecast(plain, &Ahead::default(), seed)?);
    }
    let mut all = Vec::with_capacity(plain.len());
    let mut from = 0;
    for market in of.chunk_by(|a, b| a.0 == b.0) {
        let panel = &plain[from..from + market.len()];
        all.extend(params.forecast(panel, &Ahead::default(), seed.derive(market[0].0 as u64))?);
        from += market.len();
    }
    Ok(all)
}

fn params(n_origins: usize) -> DemandParams {
    DemandParams { horizon: HORIZON, n_origins, levels: vec![LEVEL], effort: Effort::Light, ..DemandParams::default() }
}

/// What is expected from the mended forecast, the intervals from the kept one: its errors have the sign of what was missed before, and
/// those of a forecast that was put right at the same dates would be too small.
fn between(kept: Forecast, mended: &Forecast) -> Forecast {
    let mut all = kept;
    all.mean.clone_from(&mended.mean);
    all.total.0 = mended.total.0;
    for band in &mut all.bands {
        band.low.iter_mut().zip(&all.mean).for_each(|(low, mean)| *low = low.min(*mean));
        band.high.iter_mut().zip(&all.mean).for_each(|(high, mean)| *high = high.max(*mean));
    }
    let expected = all.total.0;
    all.total.1.iter_mut().for_each(|(low, high)| (*low, *high) = (low.min(expected), high.max(expected)));
    all
}

/// What the occasions of each market do, learnt from the totals of all markets.
pub(super) struct Learnt {
    occasions: Occasions,
    /// Place in the panel and first week, by place of market.
    at: BTreeMap<usize, (usize, Day)>,
}

impl Learnt {
    /// Nothing is known of any market.
    pub(super) fn none() -> Self {
        Self { occasions: OccasionParams::default().fit(&[], &[]), at: BTreeMap::new() }
    }

    fn of(inputs: &Inputs, calendar: &Calendar, totals: &[DemandSeries]) -> Self {
        let days: Vec<Shares> = totals.iter().map(|s| occasions(inputs, calendar, s)).collect();
        let at = totals.iter().enumerate().map(|(i, s)| (s.series as usize, (i, s.first))).collect();
        Self { occasions: OccasionParams::default().fit(totals, &days), at }
    }

    /// Where a series of a market stands: place in the panel, weeks after the market's first.
    fn place(&self, market: usize, series: &DemandSeries) -> Option<(usize, usize)> {
        let (i, first) = self.at.get(&market)?;
        Some((*i, usize::try_from(series.first.since(*first) / 7).ok()?))
    }

    /// Times the usual that the occasions of a week sell in a market.
    pub(super) fn times(&self, market: usize, week: Day) -> f64 {
        let Some((i, first)) = self.at.get(&market) else { return 1.0 };
        usize::try_from(week.since(*first).div_euclid(7)).map_or(1.0, |t| self.occasions.of(*i, t))
    }

    fn without(&self, market: usize, series: &DemandSeries) -> DemandSeries {
        self.place(market, series).map_or_else(|| series.clone(), |place| self.occasions.without(place, series))
    }

    fn put_back(&self, market: usize, series: &DemandSeries, forecast: &mut Forecast) {
        if let Some(place) = self.place(market, series) {
            self.occasions.put_back(place, series.units.len(), forecast);
        }
    }
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
    let products = weeks.into_iter().filter(|(_, w)| lives(w, until));
    let products = products.filter_map(|(id, w)| one(u32::try_from(id).ok()?, &w, until)).collect();
    // A price of all products together has no meaning: every week has the same.
    units.values_mut().for_each(|week| week.1 = 1.0);
    let number = u32::try_from(market).unwrap_or(u32::MAX);
    (products, one(number, &units, until), one(number, &sales, until))
}

/// Whether weeks with sales are enough for a forecast, and recent.
pub(super) fn lives(weeks: &BTreeMap<Day, (f64, f64)>, until: Day) -> bool {
    let last = weeks.keys().next_back().copied();
    weeks.len() >= LEAST_WEEKS && last.is_some_and(|day| until.since(day) <= 7 * SILENT)
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

/// Days of each sale day, holiday and feast in each week of a market's total, past and to come; a feast also has the three weeks
/// before it, in which people buy for it.
fn occasions(inputs: &Inputs, calendar: &Calendar, total: &DemandSeries) -> Shares {
    let n = total.units.len() + HORIZON;
    let Some(place) = inputs.markets.get(total.series as usize) else { return Shares::new() };
    let until = total.first.plus(7 * i32::try_from(n).unwrap_or(i32::MAX / 7));
    // An event that begins before the first week may reach into it.
    let window = Window { from: total.first.plus(-92), to: until.plus(BEFORE) };
    let mut days = Shares::new();
    let mut add = |name: String, day: Day, share: f64| {
        if let Ok(week) = usize::try_from(day.since(total.first).div_euclid(7))
            && week < n
        {
            days.entry(name).or_insert_with(|| vec![0.0; n])[week] += share;
        }
    };
    for event in calendar.events(place.market, window) {
        if event.kind == EventKind::PayDay {
            continue;
        }
        let n_days = event.window.to.since(event.window.from);
        let share = 1.0 / f64::from(n_days.clamp(1, 7));
        (0..n_days).for_each(|i| add(event.id.clone(), event.window.from.plus(i), share));
        if event.kind == EventKind::Feast {
            (1..=BEFORE).for_each(|i| add(format!("before {}", event.id), event.window.from.plus(-i), 1.0 / 7.0));
        }
    }
    days
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
