//! Stage `segments`: RFM scores and named segments, clusters, tags; areas, which stand for segments where nobody is known.

use super::areas;
use super::batch::Columns;
use super::cluster_tables::cluster_tables;
use super::rows::Rows;
use super::{Stage, Tables};
use anyhow::Result;
use audience::clusters::{ClusterParams, Clusters};
use audience::rfm::{RfmParams, RfmRow};
use audience::tags::{TagFacts, TagParams};
use audience::{AudienceError, ShopperSummary};
use domain::{Amount, Day, Market, ShopperId};
use lake::Engine;
use learn::LearnError;
use std::collections::HashMap;

/// What tagging knows of each shopper with a settled sale, and the day after the last sale of all, the
/// cutoff.
async fn facts(engine: &Engine) -> Result<(Vec<TagFacts>, Day)> {
    let rows = Rows::query(engine, "select * from marts.shopper_summary order by shopper_id").await?;
    let (ids, markets) = (rows.texts("shopper_id")?, rows.markets("market")?);
    let (first, last) = (rows.days("first_day")?, rows.days("last_day")?);
    let (second, back) = (rows.optional_days("second_day")?, rows.optional_days("last_return_day")?);
    let (orders, revenue, returned) = (rows.ints("n_orders")?, rows.amounts("revenue")?, rows.amounts("returned")?);
    let cutoff = last.iter().max().map_or(Day(0), |d| d.plus(1));
    let facts = ids.into_iter().enumerate().map(|(i, id)| TagFacts {
        summary: ShopperSummary {
            shopper: ShopperId::new(id),
            market: markets[i],
            first_day: first[i],
            last_day: last[i],
            n_orders: u32::try_from(orders[i]).unwrap_or(u32::MAX),
            revenue: revenue[i],
        },
        second_day: second[i],
        returned: returned[i],
        last_return_day: back[i],
    });
    Ok((facts.collect(), cutoff))
}

/// Groups the shoppers whose spend has a logarithm. The cluster of each row where it has one, and the
/// grouping where there is one.
fn clusters(stage: &Stage<'_>, rows: &[RfmRow]) -> Result<(Vec<Option<i64>>, Option<Clusters>)> {
    let what = "groups of similar shoppers";
    let fine: Vec<usize> = (0..rows.len()).filter(|&i| rows[i].monetary >= Amount::ZERO).collect();
    if fine.len() < rows.len() {
        let why = format!("{} shoppers have spent less than nothing after discounts", rows.len() - fine.len());
        stage.not_computed(Market::UNKNOWN, "the group of some shoppers", &why);
    }
    let kept: Vec<RfmRow> = fine.iter().map(|&i| rows[i].clone()).collect();
    let mut labels = vec![None; rows.len()];
    let clusters = match ClusterParams::default().fit(&kept, stage.seed) {
        Ok(clusters) => clusters,
        Err(error @ (AudienceError::TooLittleData { .. } | AudienceError::Learn(LearnError::TooLittleData { .. }))) => {
            stage.not_computed(Market::UNKNOWN, what, &error.to_string());
            return Ok((labels, None));
        }
        Err(other) => return Err(other.into()),
    };
    for (&row, &label) in fine.iter().zip(clusters.labels()) {
        labels[row] = Some(i64::from(label));
    }
    Ok((labels, Some(clusters)))
}

/// Numbers of the shoppers in the clean tables.
async fn numbers(engine: &Engine) -> Result<HashMap<String, i64>> {
    let rows =
        Rows::query(engine, "select shopper_id, shopper_no from clean.shoppers where shopper_no is not null").await?;
    Ok(rows.texts("shopper_id")?.into_iter().zip(rows.ints("shopper_no")?).collect())
}

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let (facts, cutoff) = facts(&stage.engine).await?;
    let shoppers: Vec<ShopperSummary> = facts.iter().map(|f| f.summary.clone()).collect();
    let (rows, tags) = if shoppers.is_empty() {
        let why = "no order says who bought: every one is a guest's";
        stage.not_computed(Market::UNKNOWN, "segments of shoppers", why);
        (Vec::new(), None)
    } else {
        let params = RfmParams { snapshot: cutoff, method: audience::rfm::ScoreMethod::RankQuintiles };
        let tags = TagParams::default().rules(&shoppers)?.tag(&facts, cutoff)?;
        (params.score(&shoppers)?.rows().to_vec(), Some(tags))
    };
    let (labels, clusters) = if rows.is_empty() { (Vec::new(), None) } else { clusters(stage, &rows)? };
    let tags_of = |id: &ShopperId| {
        let tags = tags.as_ref().and_then(|t| t.of(id)).unwrap_or_default();
        serde_json::to_string(tags).unwrap_or_default()
    };
    let numbers = numbers(&stage.engine).await?;
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
        .optional_int("cluster", labels)
        .text("tags", rows.iter().map(|r| tags_of(&r.shopper)))
        .optional_int("shopper_no", rows.iter().map(|r| numbers.get(r.shopper.as_str()).copied()))
        .batch()?;
    let mut tables = vec![("segments", vec![segments]), ("areas", vec![areas::table(stage).await?])];
    tables.extend(cluster_tables(clusters.as_ref())?);
    Ok(tables)
}
