//! Within which limits products are offered in a market: shelf and rules, stock, category, price band. One place for
//! all questions, so that the same product is never left out of one list and shown in the other.

use super::super::goods::Priced;
use super::super::snapshot::Snapshot;
use super::super::updates::Updates;
use super::wrong;
use domain::{ItemIdx, Market};
use recommend::serving::Out;
use serve::answers::AnswerError;
use serve::wire::recommend::Filters;

/// The price of a product in a market: what the shop sent last, else what the lake says, in the market's currency where a
/// rate is known.
pub(super) fn price(now: &Snapshot, updates: &Updates, item: ItemIdx, market: Market) -> Option<Priced> {
    let sent = updates.price(now.goods.id(item), market).map(|money| Priced { money, rate_day: None });
    sent.or_else(|| Some(now.goods.in_currency_of(now.goods.price(item, market)?, market)))
}

/// What may be offered.
pub(super) struct Limits<'a> {
    now: &'a Snapshot,
    updates: &'a Updates,
    market: Market,
    shelf: &'a [Option<Out>],
    filters: Filters<'a>,
}

impl<'a> Limits<'a> {
    /// # Errors
    /// Where the highest price is below the lowest.
    pub(super) fn new(
        now: &'a Snapshot,
        updates: &'a Updates,
        market: Market,
        filters: Filters<'a>,
    ) -> Result<Self, AnswerError> {
        if let (Some(low), Some(high)) = (filters.min_price, filters.max_price)
            && low > high
        {
            return Err(wrong("max_price", format!("{high} is below min_price, {low}")));
        }
        Ok(Self { now, updates, market, shelf: now.shelf(market), filters })
    }

    /// Why a product is not offered; `None` where nothing speaks against it.
    pub(super) fn out(&self, item: ItemIdx) -> Option<Out> {
        let (goods, market) = (&self.now.goods, self.market);
        let wanted = self.filters.in_stock;
        // What was counted since the last ingest counts more than what the lake says.
        let sent = || self.updates.stock(goods.id(item), market);
        let sold_out = match self.shelf.get(item.at()).copied().flatten() {
            Some(Out::OutOfStock) => sent().is_none_or(|units| units <= 0),
            Some(out) => return Some(out),
            None if wanted == Some(true) => sent().or_else(|| goods.stock(item, market)).is_none_or(|units| units <= 0),
            None => sent().is_some_and(|units| units <= 0),
        };
        if sold_out && wanted != Some(false) {
            return Some(Out::OutOfStock);
        }
        if self.filters.category.is_some_and(|category| !goods.is_of(item, category)) {
            return Some(Out::Category);
        }
        let (low, high) = (self.filters.min_price, self.filters.max_price);
        if low.is_some() || high.is_some() {
            let price = price(self.now, self.updates, item, market);
            let price: Option<f64> = price.and_then(|p| p.money.to_decimal().try_into().ok());
            if !price.is_some_and(|p| low.is_none_or(|low| p >= low) && high.is_none_or(|high| p <= high)) {
                return Some(Out::Price);
            }
        }
        None
    }
}
