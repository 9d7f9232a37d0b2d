//! What sells to each segment in each market, counted once a version.

use super::goods::Goods;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use domain::{ItemIdx, Market};
use lake::Engine;
use recommend::serving::{Popular, SegmentTaste, Why};
use std::collections::{BTreeMap, BTreeSet};

/// Shoppers of a segment and of no segment in particular, by market and product. A segment of one's own goes before a named
/// one that is called the same.
const BOUGHT: &str = "with own as (select segment, shopper_id from marts.segment_members), \
     members as (select segment, shopper_id from own union all select segment, shopper_id from marts.segments \
       where segment not in (select distinct segment from own)) \
     select m.segment, l.market, l.product_id, count(distinct l.shopper_id) as n \
     from members m join clean.order_lines l on l.shopper_id = m.shopper_id \
     where l.settled and l.product_id is not null group by m.segment, l.market, l.product_id \
     union all select '', market, product_id, count(distinct shopper_id) from clean.order_lines \
     where settled and product_id is not null and shopper_id is not null group by market, product_id";

/// Buyers in all, for shares.
const BUYERS: &str = "with own as (select segment, shopper_id from marts.segment_members), \
     members as (select segment, shopper_id from own union all select segment, shopper_id from marts.segments \
       where segment not in (select distinct segment from own)) \
     select m.segment, l.market, count(distinct l.shopper_id) as n \
     from members m join clean.order_lines l on l.shopper_id = m.shopper_id \
     where l.settled and l.product_id is not null group by m.segment, l.market \
     union all select '', market, count(distinct shopper_id) from clean.order_lines \
     where settled and product_id is not null and shopper_id is not null group by market";

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
        let rows = Rows::query(engine, BOUGHT).await?;
        let (segments, markets) = (rows.texts("segment")?, rows.markets("market")?);
        let (products, n) = (rows.texts("product_id")?, rows.ints("n")?);
        let mut bought: BTreeMap<(String, Market), BTreeMap<ItemIdx, u64>> = BTreeMap::new();
        for (at, segment) in segments.into_iter().enumerate() {
            let Some(item) = goods.find(&products[at]) else { continue };
            *bought.entry((segment, markets[at])).or_default().entry(item).or_default() += n[at].unsigned_abs();
        }
        let rows = Rows::query(engine, BUYERS).await?;
        let keys = rows.texts("segment")?.into_iter().zip(rows.markets("market")?);
        let buyers: BTreeMap<(String, Market), u64> =
            keys.zip(rows.ints("n")?).map(|(key, n)| (key, n.unsigned_abs())).collect();
        let none = BTreeMap::new();
        let of = |segment: &str, market: Market| {
            let key = (segment.to_owned(), market);
            (buyers.get(&key).copied().unwrap_or(0), bought.get(&key).unwrap_or(&none))
        };
        let taste = SegmentTaste::default();
        let lists = buyers.keys().filter(|(segment, _)| !segment.is_empty()).map(|(segment, market)| {
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
