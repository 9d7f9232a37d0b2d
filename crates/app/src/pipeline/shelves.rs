//! What can be offered where: services and products long gone nowhere, what is out of stock not there.

use super::catalogue::Catalogue;
use super::rows::Rows;
use anyhow::Result;
use domain::{ItemIdx, Market};
use lake::Engine;
use recommend::{Barred, Shelf};
use std::collections::BTreeMap;

/// Days without a sale anywhere after which a product is no longer offered.
pub(crate) const STALE_DAYS: i32 = 180;

/// Units on hand by product and market; [`Market::UNKNOWN`] holds what serves all markets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stock {
    units: BTreeMap<String, BTreeMap<Market, i64>>,
}

impl Stock {
    pub(crate) async fn load(engine: &Engine) -> Result<Self> {
        // What a catalogue says counts where nobody counted the product itself.
        let sql = "select product_id, market, sum(quantity) as quantity from clean.stock group by product_id, market \
            union all select product_id, 'ZZ', catalogue_stock from clean.products \
            where catalogue_stock is not null and product_id not in (select product_id from clean.stock)";
        let rows = Rows::query(engine, sql).await?;
        let mut units: BTreeMap<String, BTreeMap<Market, i64>> = BTreeMap::new();
        let (ids, markets, quantities) = (rows.texts("product_id")?, rows.markets("market")?, rows.ints("quantity")?);
        for ((id, market), quantity) in ids.into_iter().zip(markets).zip(quantities) {
            units.entry(id).or_default().insert(market, quantity);
        }
        Ok(Self { units })
    }

    /// Whether the product has been counted for this market or for all markets, with nothing left; what was only
    /// counted for other markets is unknown here.
    pub(crate) fn is_out(&self, product: &str, market: Market) -> bool {
        self.units(product, market).is_some_and(|units| units <= 0)
    }

    /// Units counted for this market and for all markets together; `None` where nobody counted for either.
    pub(crate) fn units(&self, product: &str, market: Market) -> Option<i64> {
        let units = self.units.get(product)?;
        let (own, all) = (units.get(&market), units.get(&Market::UNKNOWN).filter(|_| market != Market::UNKNOWN));
        own.into_iter().chain(all).copied().reduce(|a, b| a + b)
    }

    /// Whether somebody counted anything for this market alone.
    pub(crate) fn is_kept_in(&self, market: Market) -> bool {
        market != Market::UNKNOWN && self.units.values().any(|by_market| by_market.contains_key(&market))
    }

    fn counted(&self) -> impl Iterator<Item = &str> {
        self.units.keys().map(String::as_str)
    }
}

/// What can be offered, market by market.
pub(crate) struct Shelves {
    everywhere: Shelf,
    /// Items that were counted, with their codes.
    counted: Vec<(ItemIdx, String)>,
    stock: Stock,
}

impl Shelves {
    pub(crate) async fn load(engine: &Engine, catalogue: &Catalogue) -> Result<Self> {
        let of = |ids: Vec<String>| -> Vec<ItemIdx> { ids.iter().filter_map(|id| catalogue.find(id)).collect() };
        let services = Rows::query(engine, "select product_id from clean.products where service").await?;
        let stale = format!(
            "select product_id from marts.product_market group by product_id \
             having max(last_day) < (select max(last_day) from marts.product_market) - interval '{STALE_DAYS} days'"
        );
        let stale = Rows::query(engine, &stale).await?;
        let everywhere = Shelf::full(catalogue.len())
            .without_all(of(services.texts("product_id")?), Barred::Unsellable)
            .without_all(of(stale.texts("product_id")?), Barred::Unsellable);
        let stock = Stock::load(engine).await?;
        let counted = stock.counted().filter_map(|id| Some((catalogue.find(id)?, id.to_owned()))).collect();
        Ok(Self { everywhere, counted, stock })
    }

    /// The same without what rules forbid to sell, as the last run decided it.
    pub(crate) async fn lawful(engine: &Engine, catalogue: &Catalogue, market: Market, shelf: Shelf) -> Result<Shelf> {
        let sql = format!("select product_id from marts.sellability where market = '{market}' and verdict = 'blocked'");
        let blocked = Rows::query(engine, &sql).await?;
        let ids = blocked.texts("product_id")?;
        Ok(shelf.without_all(ids.iter().filter_map(|id| catalogue.find(id)).collect::<Vec<_>>(), Barred::Unsellable))
    }

    /// The shelf of one market.
    pub(crate) fn of(&self, market: Market) -> Shelf {
        let gone = self.counted.iter().filter(|(_, id)| self.stock.is_out(id, market)).map(|(item, _)| *item);
        self.everywhere.clone().without_all(gone, Barred::OutOfStock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Counted for DE and for all markets: 0 + 2 left in DE, 3 + 2 in FR; b is empty in DE, unknown in FR.
    fn stock_is_judged_where_it_is_sold() {
        let [de, fr] = ["DE", "FR"].map(|m| m.parse::<Market>().unwrap());
        let all = Market::UNKNOWN;
        let units = [("a", [(de, 0), (fr, 3), (all, 2)].into()), ("b", [(de, 0)].into()), ("c", [(all, -1)].into())];
        let stock = Stock { units: units.map(|(id, units)| (id.to_owned(), units)).into() };
        let counted = ["a", "b", "c"].iter().zip(0..).map(|(id, at)| (ItemIdx(at), (*id).to_owned())).collect();
        let shelves = Shelves { everywhere: Shelf::full(4), counted, stock };
        let barred = |market| (0..4).map(|i| shelves.of(market).barred(ItemIdx(i))).collect::<Vec<_>>();
        let gone = Some(Barred::OutOfStock);
        assert_eq!(barred(de), [None, gone, gone, None]);
        assert_eq!(barred(fr), [None, None, gone, None]);
    }
}
