//! The calendar ahead with what past years let expect of each day, and what to do about stock.

use super::costs::Costed;
use super::demand::Demand;
use super::inputs::Inputs;
use super::prices::money;
use crate::pipeline::batch::Columns;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::Said;
use decide::calendar::{Calendar, CategoryHistory, Delivery, EventKind, SeasonParams, Suggestion, suggest};
use decide::stock::safety::{Shape, Supply, safety_stock};
use decide::stock::warnings::{Position, Urgency, WarningParams, warnings};
use domain::{Day, Market, Window};
use lake::Engine;
use std::collections::BTreeMap;

/// Days of the calendar ahead.
const AHEAD: i32 = 200;
/// Days between an order and its hand-over to the carrier.
const HANDLING: u16 = 3;
/// Weeks between two looks at the stock.
const REVIEW: f64 = 1.0;
/// Upper over lower end of a lift's interval beyond which it is not shown.
const WIDEST: f64 = 4.0;
/// Chance that stock lasts until the next delivery.
const SERVICE: f64 = 0.95;

const DAILY: &str = "\
select market, day, sum(quantity) as units from clean.order_lines where settled and not repeat and market <> 'ZZ'
group by market, day order by market, day";

/// What lies ahead of every market.
pub(super) async fn calendar(
    engine: &Engine,
    inputs: &Inputs,
    calendar: &Calendar,
    costs: &[Costed],
    home: Market,
) -> Result<Vec<(Market, Suggestion)>> {
    let rows = Rows::query(engine, DAILY).await?;
    let (markets, days, units) = (rows.markets("market")?, rows.days("day")?, rows.ints("units")?);
    let mut daily: BTreeMap<Market, BTreeMap<Day, u32>> = BTreeMap::new();
    for i in 0..markets.len() {
        daily.entry(markets[i]).or_default().insert(days[i], u32::try_from(units[i]).unwrap_or(0));
    }
    let history = |(market, days): (Market, BTreeMap<Day, u32>)| {
        let first = days.keys().next().copied()?;
        let n = inputs.as_of.since(first).max(0);
        let daily = (0..n).map(|i| days.get(&first.plus(i)).copied().unwrap_or(0)).collect();
        Some(CategoryHistory { category: String::new(), market, first, daily, follows_weather: false })
    };
    let histories: Vec<CategoryHistory> = daily.into_iter().filter_map(history).collect();
    let window = Window { from: inputs.as_of, to: inputs.as_of.plus(AHEAD) };
    let mut all = Vec::new();
    for (at, place) in inputs.markets.iter().enumerate() {
        // The slowest of nine in ten days among its lanes: what is ordered by then is there whichever lane takes it.
        let slowest = costs.iter().filter(|c| c.market == at).map(|c| c.days().1).max();
        let bulk = costs.iter().filter(|c| c.market == at).filter_map(Costed::bulk_days).map(|days| days.1).max();
        let delivery =
            slowest.map(|days_p90| Delivery { days_p90, bulk_days_p90: bulk, handling_days: HANDLING, origin: home });
        let found = suggest(calendar, place.market, window, &histories, delivery, &SeasonParams::default());
        all.extend(found.into_iter().map(|s| (place.market, s)));
    }
    Ok(all)
}

/// `marts.calendar`.
pub(super) fn calendar_table(rows: &[(Market, Suggestion)]) -> Result<RecordBatch> {
    let kind = |s: &Suggestion| match s.event.kind {
        EventKind::PublicHoliday => "holiday",
        EventKind::Feast => "feast",
        EventKind::SaleDay => "sale_day",
        EventKind::PayDay => "pay_day",
    };
    // Between a third and three times the usual is no statement.
    let ends = |s: &Suggestion| s.expected.interval.filter(|i| i.low > 0.0 && i.high / i.low <= WIDEST);
    Columns::default()
        .text("market", rows.iter().map(|(m, _)| m.code().to_owned()))
        .day("day", rows.iter().map(|(_, s)| s.event.window.from))
        .day("until", rows.iter().map(|(_, s)| s.event.window.to.plus(-1)))
        .text("event", rows.iter().map(|(_, s)| s.event.said.en.as_str()))
        .text("zh", rows.iter().map(|(_, s)| s.event.said.zh.as_str()))
        .text("kind", rows.iter().map(|(_, s)| kind(s)))
        .optional_day("order_by", rows.iter().map(|(_, s)| s.order_by))
        .truth("verify", rows.iter().map(|(_, s)| s.event.confidence.verify()))
        .optional_float("lift", rows.iter().map(|(_, s)| ends(s).and_then(|_| s.expected.as_f64())))
        .optional_float("lift_low", rows.iter().map(|(_, s)| ends(s).map(|i| i.low)))
        .optional_float("lift_high", rows.iter().map(|(_, s)| ends(s).map(|i| i.high)))
        .optional_day("ship_by", rows.iter().map(|(_, s)| s.ship_by))
        .batch()
}

/// What to do about the stock of a product in a market.
pub(super) struct StockRow {
    pub(super) market: usize,
    pub(super) product: usize,
    pub(super) on_hand: Option<i64>,
    pub(super) weeks: Option<f64>,
    pub(super) state: &'static str,
    pub(super) send: Option<i64>,
    pub(super) said: Said,
}

pub(super) fn stock(inputs: &Inputs, demand: &Demand, costs: &[Costed]) -> Result<Vec<StockRow>> {
    let costed: BTreeMap<(usize, usize), &Costed> = costs.iter().map(|c| ((c.market, c.product), c)).collect();
    let mut rows = Vec::new();
    for (&(market, product), forecast) in &demand.products {
        let place = &inputs.markets[market];
        let Some(on_hand) = inputs.stock.units(&inputs.products[product].id, place.market) else {
            continue;
        };
        let mean: Vec<f64> = forecast.mean.iter().map(|x| x.max(0.0)).collect();
        let weekly = mean.iter().sum::<f64>() / mean.len().max(1) as f64;
        if weekly <= 0.0 {
            continue;
        }
        let days = costed.get(&(market, product)).map_or((14, 28), |c| c.supply_days());
        let lead = (f64::from(days.0) + f64::from(HANDLING)) / 7.0;
        let spread = (f64::from(days.1) - f64::from(days.0)).max(0.0) / 7.0 / 1.28;
        let deviation: Vec<f64> = forecast.deviation.iter().map(|x| x.max(0.0)).collect();
        let supply = Supply {
            weekly_mean: weekly,
            weekly_sd: deviation.first().copied().unwrap_or(0.0),
            lead_mean: lead,
            lead_sd: spread,
            review: REVIEW,
        };
        let level = safety_stock(&supply, SERVICE, Shape::Gamma)?;
        let cost =
            costed.get(&(market, product)).and_then(|c| c.landed.bill(c.floor.floor).ok()).map(|b| b.landed_cost());
        let position = Position {
            on_hand: on_hand.max(0).unsigned_abs(),
            arriving: Vec::new(),
            mean,
            deviation,
            lead_weeks: lead.ceil() as usize,
            unit_cost: cost
                .or_else(|| money(0.0, place.currency))
                .unwrap_or(domain::Money { minor: 0, currency: place.currency }),
        };
        let found = warnings(&position, &WarningParams::default())?;
        let short = (level.reorder_at.ceil() as i64 - on_hand).max(0);
        let (state, said) = match (&found.runs_out, &found.piles_up) {
            (Some(out), _) if on_hand <= 0 || out.urgency == Urgency::TooLate => ("out", out.said.clone()),
            (Some(out), _) if short > 0 => ("short", out.said.clone()),
            (_, Some(pile)) => ("over", pile.said.clone()),
            _ => ("fine", Said::new("Enough until the next delivery.", "足够支撑到下次到货。")),
        };
        let weeks = Some(on_hand.max(0) as f64 / weekly);
        let send = Some(if state == "over" || state == "fine" { 0 } else { short });
        rows.push(StockRow { market, product, on_hand: Some(on_hand), weeks, state, send, said });
    }
    Ok(rows)
}

/// `marts.stock_advice`.
pub(super) fn stock_table(inputs: &Inputs, rows: &[StockRow]) -> Result<RecordBatch> {
    Columns::default()
        .text("market", rows.iter().map(|r| inputs.markets[r.market].market.code().to_owned()))
        .text("product_id", rows.iter().map(|r| inputs.products[r.product].id.as_str()))
        .optional_int("on_hand", rows.iter().map(|r| r.on_hand))
        .optional_float("weeks", rows.iter().map(|r| r.weeks))
        .text("state", rows.iter().map(|r| r.state))
        .optional_int("send", rows.iter().map(|r| r.send))
        .text("en", rows.iter().map(|r| r.said.en.as_str()))
        .text("zh", rows.iter().map(|r| r.said.zh.as_str()))
        .batch()
}
