//! What is known of a shopper: orders and returns, each on its day.
//!
//! A fact lies before a cutoff or it is not seen: everything that is computed *as of* a day goes through
//! [`ShopperFacts::orders_before`] and [`ShopperFacts::returns_before`]. That includes the market: it is that of most
//! orders so far, not that of most orders ever.

use crate::AudienceError;
use crate::shopper::id_order;
use domain::{Amount, Day, Market, ShopperId};
use std::collections::BTreeMap;

/// One order with a settled sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFact {
    /// Its day.
    pub day: Day,
    /// Where it was placed.
    pub market: Market,
    /// Settled sales in the reporting currency.
    pub revenue: Amount,
    /// Units sold.
    pub n_units: u32,
    /// Products on it, numbered by the caller; repeats count once.
    pub products: Vec<u32>,
    /// Categories on it, numbered by the caller; repeats count once.
    pub categories: Vec<u32>,
    /// Sales channel, numbered by the caller; `None` where it is not known.
    pub channel: Option<u32>,
}

/// Something that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnFact {
    /// The day on which it came back.
    pub day: Day,
    /// Its value in the reporting currency; the sign does not matter.
    pub value: Amount,
}

/// All that is looked at of one shopper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopperFacts {
    /// Who.
    pub shopper: ShopperId,
    /// Orders by day, ascending; see [`ShopperFacts::sorted`].
    pub orders: Vec<OrderFact>,
    /// Returns by day, ascending.
    pub returns: Vec<ReturnFact>,
}

impl ShopperFacts {
    /// Facts in the order of their days; orders of one day keep their order.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.orders.sort_by_key(|order| order.day);
        self.returns.sort_by_key(|back| back.day);
        self
    }

    /// Orders strictly before a day.
    pub fn orders_before(&self, cutoff: Day) -> &[OrderFact] {
        &self.orders[..self.orders.partition_point(|order| order.day < cutoff)]
    }

    /// Returns strictly before a day.
    pub fn returns_before(&self, cutoff: Day) -> &[ReturnFact] {
        &self.returns[..self.returns.partition_point(|back| back.day < cutoff)]
    }

    /// Orders from a day (inclusive) to another (exclusive).
    pub fn orders_within(&self, from: Day, to: Day) -> &[OrderFact] {
        let start = self.orders.partition_point(|order| order.day < from);
        let end = self.orders.partition_point(|order| order.day < to);
        &self.orders[start..end.max(start)]
    }

    /// Market of most orders before a day, ties to the one ordered from last; `None` without an order.
    pub fn market_at(&self, cutoff: Day) -> Option<Market> {
        let mut counts: BTreeMap<Market, (u32, usize)> = BTreeMap::new();
        for (at, order) in self.orders_before(cutoff).iter().enumerate() {
            let entry = counts.entry(order.market).or_default();
            *entry = (entry.0 + 1, at);
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(market, _)| market)
    }

    /// Days with an order before a day, ascending, each once: orders of a day are one visit.
    pub fn order_days(&self, cutoff: Day) -> Vec<Day> {
        let mut days: Vec<Day> = self.orders_before(cutoff).iter().map(|order| order.day).collect();
        days.dedup();
        days
    }
}

/// The shoppers in the order in which they are listed, each once, with facts in order.
///
/// # Errors
/// [`AudienceError::Twice`] for a repeated shopper, [`AudienceError::Summary`] for facts out of order.
pub(super) fn checked(shoppers: &[ShopperFacts]) -> Result<Vec<&ShopperFacts>, AudienceError> {
    let mut ordered: Vec<&ShopperFacts> = shoppers.iter().collect();
    ordered.sort_by(|a, b| id_order(&a.shopper, &b.shopper));
    if let Some(pair) = ordered.windows(2).find(|pair| pair[0].shopper == pair[1].shopper) {
        return Err(AudienceError::Twice(pair[0].shopper.clone()));
    }
    for facts in &ordered {
        if !facts.orders.is_sorted_by_key(|o| o.day) || !facts.returns.is_sorted_by_key(|r| r.day) {
            let what = "orders and returns have to be in the order of their days";
            return Err(AudienceError::Summary { shopper: facts.shopper.clone(), what });
        }
    }
    Ok(ordered)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An order of one product in a market, for tests.
    pub(crate) fn order(day: i32, market: &str, euros: i64) -> OrderFact {
        OrderFact {
            day: Day(day),
            market: market.parse().unwrap(),
            revenue: Amount::from_micros(euros * 1_000_000),
            n_units: 1,
            products: vec![1],
            categories: vec![1],
            channel: None,
        }
    }

    /// A shopper with orders on some days, for tests.
    pub(crate) fn shopper(id: &str, market: &str, days: &[i32]) -> ShopperFacts {
        let orders = days.iter().map(|&day| order(day, market, 10)).collect();
        ShopperFacts { shopper: id.into(), orders, returns: Vec::new() }.sorted()
    }

    #[test]
    fn the_cutoff_itself_is_the_future() {
        let facts = shopper("a", "DE", &[1, 5, 5, 9]);
        assert_eq!((facts.orders_before(Day(5)).len(), facts.orders_before(Day(6)).len()), (1, 3));
        assert_eq!((facts.orders_within(Day(5), Day(9)).len(), facts.order_days(Day(9)).len()), (2, 2));
        assert_eq!(facts.orders_within(Day(9), Day(5)).len(), 0);
    }

    #[test]
    fn the_market_is_that_of_most_orders_so_far() {
        let mut facts = shopper("a", "DE", &[1, 2]);
        facts.orders.extend([order(3, "FR", 1), order(4, "FR", 1), order(5, "FR", 1)]);
        let at = |day| facts.market_at(Day(day)).map(|m| m.code().to_owned());
        assert_eq!((at(1), at(4).as_deref(), at(5).as_deref()), (None, Some("DE"), Some("FR")));
    }

    #[test]
    fn a_shopper_comes_once_and_in_order() {
        let twice = [shopper("a", "DE", &[1]), shopper("a", "DE", &[2])];
        assert_eq!(checked(&twice), Err(AudienceError::Twice("a".into())));
        let mut wrong = shopper("a", "DE", &[1, 2]);
        wrong.orders.reverse();
        assert!(checked(&[wrong]).is_err());
    }
}
