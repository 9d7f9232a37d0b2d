//! `marts.reach`: the segments of each market by what one shopper of them is expected to be worth.

use super::facts::Facts;
use super::{Stage, ValueParams};
use crate::pipeline::batch::Columns;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use arrow::array::RecordBatch;
use audience::predict::Shortlist;
use audience::value::{PartValue, Valuation};
use domain::{Market, ShopperId};
use std::collections::{BTreeMap, BTreeSet};

/// Fewest shoppers of a part that is aimed at: fewer are persons.
pub(crate) const FEWEST: u64 = 5;

/// One row.
struct Row {
    value: PartValue,
    contactable: Option<u64>,
    listed: u64,
}

/// The table, best first; parts of fewer than [`FEWEST`] shoppers stand behind all others.
pub(super) async fn table(
    stage: &Stage<'_>,
    facts: &Facts,
    params: &ValueParams,
    values: Option<&Valuation>,
    lists: &[(Market, Shortlist)],
) -> Result<RecordBatch> {
    let parts = parts(stage, facts, params, values).await?;
    let listed: BTreeMap<Market, BTreeSet<&ShopperId>> = lists
        .iter()
        .map(|(market, list)| (*market, list.rows.iter().map(|row| &row.addressee.shopper).collect()))
        .collect();
    let mut rows: Vec<Row> = parts.0.into_iter().map(|value| counted(value, facts, &parts.1, &listed)).collect();
    let few = |row: &Row| row.value.n_shoppers < FEWEST;
    rows.sort_by(|a, b| {
        (a.value.market, few(a))
            .cmp(&(b.value.market, few(b)))
            .then(b.value.interval.low.total_cmp(&a.value.interval.low))
            .then(a.value.part.cmp(&b.value.part))
    });
    let mut places: Vec<i64> = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let same = at > 0 && rows[at - 1].value.market == row.value.market;
        places.push(if same { places[at - 1] + 1 } else { 1 });
    }
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    Columns::default()
        .text("market", rows.iter().map(|r| r.value.market.code().to_owned()))
        .int("place", places)
        .text("segment", rows.iter().map(|r| r.value.part.as_str()))
        .int("n_shoppers", rows.iter().map(|r| whole(r.value.n_shoppers)))
        .optional_int("n_contactable", rows.iter().map(|r| r.contactable.map(whole)))
        .int("n_listed", rows.iter().map(|r| whole(r.listed)))
        .float("value", rows.iter().map(|r| r.value.clv))
        .float("low", rows.iter().map(|r| r.value.interval.low))
        .float("high", rows.iter().map(|r| r.value.interval.high))
        .text("basis", rows.iter().map(|r| super::tables::basis(r.value.basis)))
        .batch()
}

type Parts = (Vec<PartValue>, BTreeMap<ShopperId, String>);

/// The values of the segments, and the segment of every shopper.
async fn parts(stage: &Stage<'_>, facts: &Facts, params: &ValueParams, values: Option<&Valuation>) -> Result<Parts> {
    let Some(values) = values else { return Ok((Vec::new(), BTreeMap::new())) };
    let rows = Rows::query(&stage.engine, "select shopper_id, segment from marts.segments order by shopper_id").await?;
    let ids = rows.texts("shopper_id")?.into_iter().map(ShopperId::new);
    let part_of: BTreeMap<ShopperId, String> = ids.zip(rows.texts("segment")?).collect();
    Ok((params.parts(values, &facts.values, &facts.markets, facts.cutoff, &part_of)?, part_of))
}

fn counted(
    value: PartValue,
    facts: &Facts,
    part_of: &BTreeMap<ShopperId, String>,
    listed: &BTreeMap<Market, BTreeSet<&ShopperId>>,
) -> Row {
    let here = |id: &ShopperId| facts.home.get(id) == Some(&value.market);
    let in_part = |id: &ShopperId| here(id) && part_of.get(id) == Some(&value.part);
    // Where nobody of the market was asked, nought would say that all refused.
    let asked = facts.consent.keys().any(here);
    let contactable = asked.then(|| facts.consent.iter().filter(|(id, yes)| **yes && in_part(id)).count() as u64);
    let on_list = listed.get(&value.market).map_or(0, |list| list.iter().filter(|id| in_part(id)).count() as u64);
    Row { contactable, listed: on_list, value }
}
