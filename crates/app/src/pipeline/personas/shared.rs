//! Values with how many shoppers and lines have them, market by market, beside home.

use audience::persona::facts::{Counted, Shared};
use domain::Market;
use std::collections::{BTreeMap, BTreeSet};

/// Shoppers and things of one value.
#[derive(Default)]
struct Count {
    shoppers: BTreeSet<u32>,
    /// Orders of guests.
    orders: BTreeSet<u32>,
    /// Shoppers that were counted by a query.
    counted: u64,
    n: u64,
}

/// Counts of a list: places, languages, categories, brands.
#[derive(Default)]
pub(super) struct Counts(BTreeMap<Market, BTreeMap<String, Count>>);

impl Counts {
    /// One thing of a shopper (any number; `None` for a guest) in an order, where it is of one.
    pub(super) fn add(&mut self, market: Market, name: &str, shopper: Option<u32>, order: Option<u32>) {
        if name.trim().is_empty() {
            return;
        }
        let count = self.0.entry(market).or_default().entry(name.to_owned()).or_default();
        count.n += 1;
        count.shoppers.extend(shopper);
        if shopper.is_none() {
            count.orders.extend(order);
        }
    }

    /// What a query has counted.
    pub(super) fn put(&mut self, market: Market, name: &str, n_shoppers: u64, n: u64) {
        let count = self.0.entry(market).or_default().entry(name.to_owned()).or_default();
        (count.counted, count.n) = (n_shoppers, n);
    }

    /// The values of a market, most things first, each beside home where one is given, with the shoppers or the orders that
    /// have it.
    pub(super) fn of(&self, market: Market, home: Option<Market>, counted: Counted) -> Vec<Shared> {
        let there = home.and_then(|home| self.0.get(&home));
        let all: u64 = there.into_iter().flatten().map(|(_, c)| c.n).sum();
        let mut values: Vec<Shared> = self
            .0
            .get(&market)
            .into_iter()
            .flatten()
            .map(|(name, count)| Shared {
                name: name.clone(),
                name_zh: None,
                n_shoppers: match counted {
                    Counted::Shoppers => count.counted.max(count.shoppers.len() as u64),
                    Counted::Orders => count.counted.max(count.orders.len() as u64),
                },
                n: count.n,
                at_home: there.map(|home| (home.get(name).map_or(0, |c| c.n), all)),
            })
            .collect();
        values.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.name.cmp(&b.name)));
        values
    }

    /// Every market, value, shoppers and things.
    pub(super) fn rows(&self) -> impl Iterator<Item = (Market, &str, u64, u64)> {
        self.0.iter().flat_map(|(market, values)| {
            values.iter().map(|(name, c)| (*market, name.as_str(), c.counted.max(c.shoppers.len() as u64), c.n))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_beside_home_and_a_guest_is_no_shopper() {
        let [de, cn] = ["DE", "CN"].map(|m| m.parse::<Market>().unwrap());
        let mut counts = Counts::default();
        for (market, name, shopper) in [
            (de, "kettle", Some(1)),
            (de, "kettle", Some(1)),
            (de, "kettle", None),
            (de, "fan", Some(2)),
            (cn, "fan", Some(3)),
            (cn, "rice", Some(4)),
            (de, " ", None),
        ] {
            counts.add(market, name, shopper, Some(9));
        }
        let here = counts.of(de, Some(cn), Counted::Shoppers);
        assert_eq!(
            (here[0].name.as_str(), here[0].n, here[0].n_shoppers, here[0].at_home),
            ("kettle", 3, 1, Some((0, 2)))
        );
        assert_eq!((here[1].name.as_str(), here[1].at_home), ("fan", Some((1, 2))));
        assert_eq!(counts.of(de, None, Counted::Shoppers)[0].at_home, None);
        // One order of a guest holds a kettle.
        assert_eq!(counts.of(de, None, Counted::Orders)[0].n_shoppers, 1);
    }
}
