//! Purchases from the lake in the shape that recommenders learn from.

use super::queries;
use super::rows::Rows;
use crate::cli::By;
use anyhow::{Context as _, Result};
use domain::{Day, Interaction, Interactions, ItemIdx, Kind, Market, ProductId, ShopperId, ShopperIdx};
use lake::Engine;
use std::collections::{BTreeMap, HashMap};

/// Interactions with the names behind their numbers.
pub(crate) struct Purchases {
    /// Shoppers × products; each shopper, product and day once.
    pub(crate) interactions: Interactions,
    /// Shopper of each row, ascending. Where no order of a market says who bought, each of its orders stands as a row of its
    /// own ([`BASKET`]): nobody is followed by it, but what is bought together is seen.
    pub(crate) shoppers: Vec<ShopperId>,
    /// Product of each column, ascending.
    pub(crate) products: Vec<ProductId>,
}

/// Begins the name of a row that is an order of nobody known.
pub(crate) const BASKET: &str = "basket ";

/// Orders of the markets of which no order says who bought, for [`Purchases::load`].
async fn baskets(engine: &Engine) -> Result<Option<Rows>> {
    let hidden = Rows::query(engine, queries::HIDDEN_MARKETS).await?.markets("market")?;
    if hidden.is_empty() {
        return Ok(None);
    }
    Ok(Some(Rows::query(engine, &queries::baskets_of(&hidden)).await?))
}

impl Purchases {
    /// Reads what was bought. The rows are numbered and sorted here: a join, a grouping and a sort of millions of names by
    /// the query engine take three times as long.
    pub(crate) async fn load(engine: &Engine) -> Result<Self> {
        let people = Rows::query(engine, queries::SHOPPERS_BY_NAME).await?;
        let (known, their_markets) = (people.column_of_texts("shopper_id")?, people.column_of_texts("market")?);
        let baskets = baskets(engine).await?;
        let (orders, of_orders) = match &baskets {
            Some(rows) => (rows.texts("basket")?, rows.texts("market")?),
            None => (Vec::new(), Vec::new()),
        };
        let mut everybody: Vec<(&str, &str)> =
            (0..people.len()).map(|i| (known.value(i), their_markets.value(i))).collect();
        if !orders.is_empty() {
            everybody.extend(orders.iter().zip(&of_orders).map(|(order, market)| (order.as_str(), market.as_str())));
            everybody.sort_unstable();
            everybody.dedup();
        }
        let numbers: HashMap<&str, u32> = everybody.iter().map(|(name, _)| *name).zip(0..).collect();
        let rows = Rows::query(engine, queries::BOUGHT).await?;
        let (who, what, when) =
            (rows.column_of_texts("shopper_id")?, rows.column_of_texts("product_id")?, rows.days("day")?);
        let mut codes: HashMap<&str, u32> = HashMap::new();
        let mut bought: Vec<(u32, Day, u32)> = Vec::with_capacity(rows.len());
        for (i, day) in when.iter().enumerate() {
            let Some(shopper) = numbers.get(who.value(i)) else { continue };
            let next = codes.len() as u32;
            bought.push((*shopper, *day, *codes.entry(what.value(i)).or_insert(next)));
        }
        let basket_products = baskets.as_ref().map(|rows| rows.column_of_texts("product_id")).transpose()?;
        if let Some((rows, what)) = baskets.as_ref().zip(basket_products.as_ref()) {
            let when = rows.days("day")?;
            for (i, day) in when.iter().enumerate() {
                let Some(order) = numbers.get(orders[i].as_str()) else { continue };
                let next = codes.len() as u32;
                bought.push((*order, *day, *codes.entry(what.value(i)).or_insert(next)));
            }
        }
        let mut products: Vec<(&str, u32)> = codes.into_iter().collect();
        products.sort_unstable();
        let mut places = vec![0; products.len()];
        for ((_, number), place) in products.iter().zip(0..) {
            places[*number as usize] = place;
        }
        for (_, _, item) in &mut bought {
            *item = places[*item as usize];
        }
        bought.sort_unstable();
        bought.dedup();
        let mut shoppers: Vec<ShopperId> = Vec::new();
        let mut markets: Vec<Market> = Vec::new();
        let mut cells = Vec::with_capacity(bought.len());
        let mut last = None;
        for (number, day, item) in bought {
            if last != Some(number) {
                last = Some(number);
                let (name, market) = everybody[number as usize];
                shoppers.push(ShopperId::new(name));
                markets.push(market.parse().context("the market of a shopper")?);
            }
            cells.push(Interaction {
                shopper: ShopperIdx(shoppers.len() as u32 - 1),
                item: ItemIdx(item),
                kind: Kind::Purchase,
                day,
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
