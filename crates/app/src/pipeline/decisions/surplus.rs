//! What to do about stock that will not be sold in time: price steps above the floor, or the plain statement that only a price
//! below it clears, or that nobody knows.

use super::demand::{Demand, LEVEL};
use super::inputs::Inputs;
use super::prices::{Answers, PriceRow};
use super::when::StockRow;
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::Said;
use decide::price::endings::ENDINGS;
use decide::stock::clearance::{Step, Surplus, clear, clears_at};
use decide::stock::warnings::WarningParams;
use domain::{Amount, Money};
use std::collections::BTreeMap;

/// Expected part of the stock that may be left for it to count as cleared.
const CLEARED: f64 = 0.1;

/// What to do about one product.
pub(super) struct ClearanceRow {
    market: usize,
    product: usize,
    /// steps, keep, below_floor, cannot_tell or no_floor.
    verdict: &'static str,
    on_hand: u64,
    weeks: usize,
    now: Option<Money>,
    floor: Option<Money>,
    steps: Vec<Step>,
    left: Option<f64>,
    left_kept: Option<f64>,
    clears_at: Option<Money>,
    /// Revenue more than by keeping the price, minor units.
    gain: Option<f64>,
    said: Said,
}

pub(super) fn clearance(
    demand: &Demand,
    answers: &Answers,
    prices: &[PriceRow],
    stock: &[StockRow],
) -> Result<Vec<ClearanceRow>> {
    let priced: BTreeMap<(usize, usize), &PriceRow> = prices.iter().map(|r| ((r.market, r.product), r)).collect();
    let weeks = WarningParams::default().horizon;
    let mut rows = Vec::new();
    for stock in stock.iter().filter(|r| r.state == "over") {
        let key = (stock.market, stock.product);
        let on_hand = stock.on_hand.unwrap_or(0).max(0).unsigned_abs();
        let (row, forecast) = (priced.get(&key), demand.products.get(&key));
        let Some(forecast) = forecast.filter(|f| !f.mean.is_empty() && on_hand > 0) else { continue };
        let (now, floor) = (row.and_then(|r| r.now), row.and_then(|r| r.floor));
        let mut found = ClearanceRow {
            market: stock.market,
            product: stock.product,
            verdict: "no_floor",
            on_hand,
            weeks,
            now,
            floor,
            steps: Vec::new(),
            left: None,
            left_kept: None,
            clears_at: None,
            gain: None,
            said: Said::new(
                "cannot be planned: price or landed cost is not known, so there is no floor; `portolan decide missing` drafts what to supply",
                "无法规划：价格或到岸成本未知，因此没有底价；`portolan decide missing` 会列出需补充的数据",
            ),
        };
        let (Some(price), Some(floor)) = (now, floor) else {
            rows.push(found);
            continue;
        };
        let weekly = forecast.mean.iter().map(|x| x.max(0.0)).sum::<f64>() / forecast.mean.len() as f64;
        let spread = forecast.total.1.first().map_or(0.5, |(low, high)| {
            let z = learn::interval::two_sided(LEVEL).unwrap_or(1.645);
            (high - low) / (2.0 * z * forecast.total.0.max(1e-9))
        });
        if price.minor < floor.minor {
            found.verdict = "below_floor";
            found.said = Said::new(
                format!(
                    "it sells at {price} now, below its floor of {floor}: a lower price would lose more on each; move the stock, return it, or sell it off knowing that"
                ),
                format!("现价 {price} 已低于底价 {floor}：再降价只会亏损更多；请调拨、退回，或在知情下清仓"),
            );
            rows.push(found);
            continue;
        }
        if weekly <= 0.0 || !spread.is_finite() {
            continue;
        }
        let surplus = Surplus {
            units: on_hand,
            weeks,
            weekly,
            spread: spread.clamp(0.0, 3.0),
            price,
            floor,
            salvage: Money { minor: 0, ..price },
            answer: answers.answer(key),
        };
        let cleared = clear(&surplus, ENDINGS)?;
        found.clears_at = clears_at(&surplus);
        found.left_kept = Some(cleared.keep.left);
        found.said = cleared.said;
        match cleared.plan {
            None => found.verdict = "cannot_tell",
            Some(plan) => {
                let moves = plan.steps.iter().any(|s| s.price != price);
                found.verdict = if moves { "steps" } else { "keep" };
                found.gain = Some(plan.revenue - cleared.keep.revenue);
                found.left = Some(plan.left);
                if let Some(at) = found.clears_at.filter(|at| at.minor < floor.minor)
                    && plan.left > CLEARED * on_hand as f64
                {
                    found.verdict = "below_floor";
                    found.said.en.push_str(&format!("; to clear all of it the price would have to be about {at}, below the floor: only under it does this stock clear"));
                    found.said.zh.push_str(&format!("；全部清完约需降至 {at}，低于底价：只有低于底价才能清空"));
                }
                found.steps = plan.steps;
            }
        }
        rows.push(found);
    }
    Ok(rows)
}

/// `marts.clearance`: one row a product.
pub(super) fn table(inputs: &Inputs, rows: &[ClearanceRow]) -> Result<RecordBatch> {
    let amount = |m: Option<Money>| m.and_then(|m| Amount::from_decimal(m.to_decimal()));
    let step = |r: &ClearanceRow, at: usize| r.steps.get(at).map(|s| s.price);
    let weeks = |r: &ClearanceRow, at: usize| r.steps.get(at).and_then(|s| i64::try_from(s.weeks).ok());
    let scale = |r: &ClearanceRow| 10_f64.powi(inputs.markets[r.market].currency.exponent() as i32);
    Columns::default()
        .text("market", rows.iter().map(|r| inputs.markets[r.market].market.code().to_owned()))
        .text("product_id", rows.iter().map(|r| inputs.products[r.product].id.as_str()))
        .text("verdict", rows.iter().map(|r| r.verdict))
        .int("on_hand", rows.iter().map(|r| i64::try_from(r.on_hand).unwrap_or(i64::MAX)))
        .int("weeks", rows.iter().map(|r| r.weeks as i64))
        .text("currency", rows.iter().map(|r| inputs.markets[r.market].currency.to_string()))
        .optional_amount("price", rows.iter().map(|r| amount(r.now)))?
        .optional_amount("floor", rows.iter().map(|r| amount(r.floor)))?
        .optional_amount("first_price", rows.iter().map(|r| amount(step(r, 0))))?
        .optional_int("first_weeks", rows.iter().map(|r| weeks(r, 0)))
        .optional_amount("second_price", rows.iter().map(|r| amount(step(r, 1))))?
        .optional_int("second_weeks", rows.iter().map(|r| weeks(r, 1)))
        .optional_float("left", rows.iter().map(|r| r.left))
        .optional_float("left_kept", rows.iter().map(|r| r.left_kept))
        .optional_float("gain", rows.iter().map(|r| r.gain.map(|g| g / scale(r))))
        .optional_amount("clears_at", rows.iter().map(|r| amount(r.clears_at)))?
        .text("en", rows.iter().map(|r| r.said.en.as_str()))
        .text("zh", rows.iter().map(|r| r.said.zh.as_str()))
        .batch()
}
