//! Purchases from the lake in the shape that recommenders learn from.

use super::queries;
use super::rows::Rows;
use crate::cli::By;
use anyhow::{Context as _, Result};
use domain::{Interaction, Interactions, ItemIdx, Kind, Market, ProductId, ShopperId, ShopperIdx};
use lake::Engine;
use std::collections::{BTreeMap, HashMap};

/// Interactions with the names behind their numbers.
pub(crate) struct Purchases {
    /// Shoppers × products; each shopper, product and day once.
    pub(crate) interactions: Interactions,
    /// Shopper of each row, ascending.
    pub(crate) shoppers: Vec<ShopperId>,
    /// Product of each column, ascending.
    pub(crate) products: Vec<ProductId>,
}

impl Purchases {
    pub(crate) async fn load(engine: &Engine) -> Result<Self> {
        let rows = Rows::query(engine, queries::INTERACTIONS).await?;
        let (who, where_, what, when) = (
            rows.column_of_texts("shopper_id")?,
            rows.column_of_texts("market")?,
            rows.column_of_texts("product_id")?,
            rows.days("day")?,
        );
        // Millions of rows name thousands of products: each name is looked at once a row, and only the names are sorted.
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut of_row: Vec<u32> = Vec::with_capacity(rows.len());
        for i in 0..rows.len() {
            let next = numbers.len() as u32;
            of_row.push(*numbers.entry(what.value(i)).or_insert(next));
        }
        let mut products: Vec<(&str, u32)> = numbers.into_iter().collect();
        products.sort_unstable();
        let mut places = vec![ItemIdx(0); products.len()];
        for ((_, number), place) in products.iter().zip(0..) {
            places[*number as usize] = ItemIdx(place);
        }
        let mut shoppers: Vec<ShopperId> = Vec::new();
        let mut markets: Vec<Market> = Vec::new();
        let mut cells = Vec::with_capacity(rows.len());
        for i in 0..rows.len() {
            // Rows come sorted by shopper.
            if shoppers.last().is_none_or(|s| s.as_str() != who.value(i)) {
                shoppers.push(ShopperId::new(who.value(i)));
                markets.push(where_.value(i).parse().context("the market of a shopper")?);
            }
            cells.push(Interaction {
                shopper: ShopperIdx(shoppers.len() as u32 - 1),
                item: places[of_row[i] as usize],
                kind: Kind::Purchase,
                day: when[i],
                weight: 1.0,
            });
        }
        Ok(Self {
            interactions: Interactions::new(products.len(), markets, cells)?,
            shoppers,
            products: products.into_iter().map(|(code, _)| ProductId::new(code)).collect(),
        })
    }

    /// Purchases cut by market, platform or category, all in one numbering; each shopper, product and day once
    /// a part. Parts in the order of their names.
    pub(crate) async fn by_domain(engine: &Engine, by: By) -> Result<Vec<(String, Interactions)>> {
        let part = match by {
            By::Market => "s.market",
            By::Platform => "coalesce(l.channel, 'unknown')",
            By::Category => "trim(split_part(replace(coalesce(p.category, 'unknown'), '>', '/'), '/', 1))",
        };
        let rows = Rows::query(engine, &queries::interactions_by(part)).await?;
        let (who, where_, what, when) =
            (rows.texts("shopper_id")?, rows.markets("market")?, rows.texts("product_id")?, rows.days("day")?);
        let parts = rows.texts("part")?;
        let mut products = what.clone();
        products.sort_unstable();
        products.dedup();
        let mut markets: Vec<Market> = Vec::new();
        let mut cells: BTreeMap<&str, Vec<Interaction>> = BTreeMap::new();
        for i in 0..rows.len() {
            // Rows come sorted by shopper.
            if i == 0 || who[i] != who[i - 1] {
                markets.push(where_[i]);
            }
            let Ok(item) = products.binary_search(&what[i]) else { continue };
            cells.entry(&parts[i]).or_default().push(Interaction {
                shopper: ShopperIdx(markets.len() as u32 - 1),
                item: ItemIdx(item as u32),
                kind: Kind::Purchase,
                day: when[i],
                weight: 1.0,
            });
        }
        let table = |(name, cells): (&str, Vec<Interaction>)| {
            Ok::<_, anyhow::Error>((name.to_owned(), Interactions::new(products.len(), markets.clone(), cells)?))
        };
        cells.into_iter().map(table).collect()
    }

    /// The row of a shopper.
    pub(crate) fn shopper(&self, id: &str) -> Option<ShopperIdx> {
        self.shoppers.binary_search_by(|s| s.as_str().cmp(id)).ok().map(|i| ShopperIdx(i as u32))
    }

    /// The column of a product.
    pub(crate) fn product(&self, id: &str) -> Option<ItemIdx> {
        self.products.binary_search_by(|p| p.as_str().cmp(id)).ok().map(|i| ItemIdx(i as u32))
    }

    /// Distinct products of a shopper, oldest first.
    pub(crate) fn history(&self, shopper: ShopperIdx) -> Vec<ItemIdx> {
        let mut seen = std::collections::BTreeSet::new();
        self.interactions.row(shopper).iter().copied().filter(|i| seen.insert(*i)).collect()
    }
}
