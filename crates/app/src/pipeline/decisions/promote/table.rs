//! `marts.promotions`.

use super::PromoRow;
use crate::pipeline::batch::Columns;
use crate::pipeline::decisions::inputs::Inputs;
use anyhow::Result;
use arrow::array::RecordBatch;
use audience::rules::set_text;
use decide::promotion::limited::Range;
use domain::{Amount, Currency, Money};
use std::collections::BTreeMap;

/// Own offers first, then what pays by the margin it adds, then what a test would tell; what is not advised last.
pub(crate) fn table(inputs: &Inputs, rows: &[PromoRow]) -> Result<RecordBatch> {
    let names: Vec<String> = inputs.products.iter().map(|p| p.id.clone()).collect();
    let rank = |r: &PromoRow| match (r.kind, r.verdict) {
        ("own", "refused") => 0,
        ("own", _) => 1,
        (_, "pays") => 2,
        ("bundle", "test") => 3,
        ("threshold" | "code", "test") => 4,
        (_, "test") => 5,
        _ => 6,
    };
    let mut order: Vec<&PromoRow> = rows.iter().collect();
    order.sort_by(|a, b| {
        let gain = |r: &PromoRow| r.added.map_or(0.0, |x| x.mean);
        // Among tests those of what sells most come first: there a test is soonest done.
        let units = |r: &PromoRow| r.units.map_or(0.0, |x| x.mean);
        (a.market, rank(a))
            .cmp(&(b.market, rank(b)))
            .then(gain(b).total_cmp(&gain(a)))
            .then(units(b).total_cmp(&units(a)))
            .then(a.id.cmp(&b.id))
    });
    let mut counts: BTreeMap<usize, i64> = BTreeMap::new();
    let places: Vec<i64> = order
        .iter()
        .map(|r| {
            let n = counts.entry(r.market).or_default();
            *n += 1;
            *n
        })
        .collect();
    let amount = |m: Option<Money>| m.and_then(|m| Amount::from_decimal(m.to_decimal()));
    let currency = |r: &PromoRow| inputs.markets[r.market].currency;
    let major = |r: &PromoRow, end: fn(&Range) -> f64| r.added.as_ref().map(|x| end(x) / scale(currency(r)));
    let products = |r: &PromoRow| {
        let items: Vec<u32> = r.products.iter().filter_map(|p| u32::try_from(*p).ok()).collect();
        set_text(&items, &names)
    };
    let of = |pick: fn(&PromoRow) -> Option<f64>| order.iter().map(|r| pick(r)).collect::<Vec<_>>();
    Columns::default()
        .text("market", order.iter().map(|r| inputs.markets[r.market].market.code().to_owned()))
        .int("place", places)
        .text("offer", order.iter().map(|r| r.id.as_str()))
        .text("kind", order.iter().map(|r| r.kind))
        .text("verdict", order.iter().map(|r| r.verdict))
        .text("products", order.iter().map(|r| products(r)))
        .optional_day("day", order.iter().map(|r| r.days.map(|d| d.from)))
        .optional_day("until", order.iter().map(|r| r.days.map(|d| d.to.plus(-1))))
        .optional_text("occasion", order.iter().map(|r| r.occasion.as_ref().map(|o| o.en.as_str())))
        .optional_text("occasion_zh", order.iter().map(|r| r.occasion.as_ref().map(|o| o.zh.as_str())))
        .text("currency", order.iter().map(|r| currency(r).to_string()))
        .optional_amount("list", order.iter().map(|r| amount(r.list)))?
        .optional_amount("price", order.iter().map(|r| amount(r.price)))?
        .optional_amount("floor", order.iter().map(|r| amount(r.floor)))?
        .optional_float("share", of(|r| r.depth))
        .optional_amount("spend", order.iter().map(|r| amount(r.spend)))?
        .optional_amount("amount", order.iter().map(|r| amount(r.amount)))?
        .optional_amount("prior_price", order.iter().map(|r| amount(r.reference)))?
        .optional_float("needed", of(|r| r.needed))
        .optional_float("lift", of(|r| r.lift.map(|l| l.factor)))
        .optional_float("lift_low", of(|r| r.lift.map(|l| l.low)))
        .optional_float("lift_high", of(|r| r.lift.map(|l| l.high)))
        .optional_float("units", of(|r| r.units.map(|u| u.mean)))
        .optional_float("units_low", of(|r| r.units.map(|u| u.low)))
        .optional_float("units_high", of(|r| r.units.map(|u| u.high)))
        .optional_float("margin", order.iter().map(|r| major(r, |x| x.mean)))
        .optional_float("margin_low", order.iter().map(|r| major(r, |x| x.low)))
        .optional_float("margin_high", order.iter().map(|r| major(r, |x| x.high)))
        .text("stacking", order.iter().map(|r| r.stacks.en.as_str()))
        .text("stacking_zh", order.iter().map(|r| r.stacks.zh.as_str()))
        .text("formula", order.iter().map(|r| r.formula))
        .text("en", order.iter().map(|r| r.said.en.as_str()))
        .text("zh", order.iter().map(|r| r.said.zh.as_str()))
        .batch()
}

fn scale(currency: Currency) -> f64 {
    10_f64.powi(currency.exponent() as i32)
}
