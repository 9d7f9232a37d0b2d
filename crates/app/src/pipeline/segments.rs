//! Stage `segments`: RFM scores and named segments, clusters, tags.

use super::batch::Columns;
use super::cluster_tables::cluster_tables;
use super::rows::Rows;
use super::{Stage, Tables};
use anyhow::Result;
use audience::clusters::ClusterParams;
use audience::rfm::RfmParams;
use audience::tags::{TagFacts, TagParams};
use audience::{AudienceError, ShopperSummary};
use domain::{Amount, Day, ShopperId};
use lake::Engine;

/// Shoppers with a settled sale and the day after the last sale of all, the cutoff.
pub(crate) async fn summaries(engine: &Engine) -> Result<(Vec<ShopperSummary>, Vec<Amount>, Day)> {
    let rows = Rows::query(engine, "select * from marts.shopper_summary order by shopper_id").await?;
    let (ids, markets) = (rows.texts("shopper_id")?, rows.markets("market")?);
    let (first, last) = (rows.days("first_day")?, rows.days("last_day")?);
    let (orders, revenue) = (rows.ints("n_orders")?, rows.amounts("revenue")?);
    let cutoff = last.iter().max().map_or(Day(0), |d| d.plus(1));
    let shoppers = ids.into_iter().enumerate().map(|(i, id)| ShopperSummary {
        shopper: ShopperId::new(id),
        market: markets[i],
        first_day: first[i],
        last_day: last[i],
        n_orders: u32::try_from(orders[i]).unwrap_or(u32::MAX),
        revenue: revenue[i],
    });
    Ok((shoppers.collect(), rows.amounts("returned")?, cutoff))
}

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let (shoppers, returned, cutoff) = summaries(&stage.engine).await?;
    let rfm = RfmParams { snapshot: cutoff, method: audience::rfm::ScoreMethod::RankQuintiles }.score(&shoppers)?;
    let rows = rfm.rows();
    // A handful of shoppers cannot be clustered; the table then has no clusters, and says so.
    let clusters = match ClusterParams::default().fit(rows, stage.seed) {
        Ok(clusters) => Some(clusters),
        Err(AudienceError::TooLittleData { .. }) => None,
        Err(other) => return Err(other.into()),
    };
    let facts: Vec<TagFacts> = shoppers
        .iter()
        .zip(&returned)
        .map(|(s, back)| TagFacts { returned: *back, ..TagFacts::from(s.clone()) })
        .collect();
    let tags = TagParams::default().rules(&shoppers)?.tag(&facts, cutoff)?;
    let tags_of = |id: &ShopperId| serde_json::to_string(tags.of(id).unwrap_or_default()).unwrap_or_default();
    let segments = Columns::default()
        .text("shopper_id", rows.iter().map(|r| r.shopper.as_str()))
        .text("market", rows.iter().map(|r| r.market.code().to_owned()))
        .int("recency_days", rows.iter().map(|r| i64::from(r.recency_days)))
        .int("frequency", rows.iter().map(|r| i64::from(r.frequency)))
        .amount("monetary", rows.iter().map(|r| r.monetary))?
        .int("r", rows.iter().map(|r| i64::from(r.r)))
        .int("f", rows.iter().map(|r| i64::from(r.f)))
        .int("m", rows.iter().map(|r| i64::from(r.m)))
        .text("segment", rows.iter().map(|r| r.segment.key()))
        .optional_int("cluster", (0..rows.len()).map(|i| clusters.as_ref().map(|c| i64::from(c.labels()[i]))))
        .text("tags", rows.iter().map(|r| tags_of(&r.shopper)))
        .batch()?;
    let mut tables = vec![("segments", vec![segments])];
    tables.extend(cluster_tables(clusters.as_ref())?);
    Ok(tables)
}
