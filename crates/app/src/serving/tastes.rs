//! What sells to each segment in each market, counted once a version.

use super::goods::Goods;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use domain::{ItemIdx, Market};
use lake::Engine;
use recommend::serving::{Popular, SegmentTaste, Why};
use std::collections::{BTreeMap, BTreeSet};

/// Buyers of each segment, and of none in particular, by market and by `what` else there is in order lines. A segment of one's own
/// goes before a named one that is called the same.
fn buyers(what: &str) -> String {
    format!(
        "with own as (select segment, shopper_id from marts.segment_members), \
         members as (select segment, shopper_id from own union all select segment, shopper_id from marts.segments \
           where segment not in (select distinct segment from own)), \
         lines as (select shopper_id, market, product_id from clean.order_lines \
           where settled and product_id is not null and shopper_id is not null) \
         select segment, market{what}, count(distinct lines.shopper_id) as n \
         from (select '' as segment, lines.* from lines union all \
           select m.segment, lines.* from members m join lines on lines.shopper_id = m.shopper_id) lines \
         group by segment, market{what}"
    )
}

/// Names of all segments, also of those that nobody is in.
const NAMES: &str = "select segment from marts.segment_book union select distinct segment from marts.segments";

/// The lists.
pub(crate) struct Tastes {
    names: BTreeSet<String>,
    lists: BTreeMap<(String, Market), Result<Popular, Why>>,
}

impl Tastes {
    /// Counts; before the first run there are none.
    pub(crate) async fn load(engine: &Engine, goods: &Goods) -> Result<Self> {
        let names = Rows::query(engine, NAMES).await?.texts("segment")?.into_iter().collect();
        let rows = Rows::query(engine, &buyers(", product_id")).await?;
        let (segments, markets) = (rows.texts("segment")?, rows.markets("market")?);
        let (products, n) = (rows.texts("product_id")?, rows.ints("n")?);
        let mut bought: BTreeMap<(String, Market), BTreeMap<ItemIdx, u64>> = BTreeMap::new();
        for (at, segment) in segments.into_iter().enumerate() {
            let Some(item) = goods.find(&products[at]) else { continue };
            *bought.entry((segment, markets[at])).or_default().entry(item).or_default() += n[at].unsigned_abs();
        }
        let rows = Rows::query(engine, &buyers("")).await?;
        let keys = rows.texts("segment")?.into_iter().zip(rows.markets("market")?);
        let counted: BTreeMap<(String, Market), u64> =
            keys.zip(rows.ints("n")?).map(|(key, n)| (key, n.unsigned_abs())).collect();
        let none = BTreeMap::new();
        let of = |segment: &str, market: Market| {
            let key = (segment.to_owned(), market);
            (counted.get(&key).copied().unwrap_or(0), bought.get(&key).unwrap_or(&none))
        };
        let taste = SegmentTaste::default();
        let lists = counted.keys().filter(|(segment, _)| !segment.is_empty()).map(|(segment, market)| {
            let list = taste.list(of(segment, *market), of("", *market));
            ((segment.clone(), *market), list)
        });
        Ok(Self { names, lists: lists.collect() })
    }

    /// Names of all segments.
    pub(crate) fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// What sells to a segment in a market, or why nothing can be said; a segment that nobody of the market is in has too few.
    pub(crate) fn list(&self, segment: &str, market: Market) -> Result<&Popular, Why> {
        match self.lists.get(&(segment.to_owned(), market)) {
            Some(list) => list.as_ref().map_err(|why| *why),
            None => Err(Why::TooFew),
        }
    }
}
