//! What is known of one shopper up to a cutoff, and the order in which shoppers are listed.

use crate::AudienceError;
use domain::{Amount, Day, Market, ShopperId};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

/// One row of the table `shopper_summary`: settled orders before the cutoff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopperSummary {
    /// Who.
    pub shopper: ShopperId,
    /// Home market.
    pub market: Market,
    /// Day of the first order.
    pub first_day: Day,
    /// Day of the last order.
    pub last_day: Day,
    /// Distinct orders, at least 1.
    pub n_orders: u32,
    /// Settled sales in the reporting currency.
    pub revenue: Amount,
}

impl ShopperSummary {
    /// Checks one row against itself and the cutoff.
    ///
    /// # Errors
    /// [`AudienceError::AfterCutoff`] when the last order is not before `cutoff`,
    /// [`AudienceError::Summary`] without an order or with a first order after the last.
    pub fn check(&self, cutoff: Day) -> Result<(), AudienceError> {
        let wrong = |what| AudienceError::Summary { shopper: self.shopper.clone(), what };
        if self.last_day >= cutoff {
            return Err(AudienceError::AfterCutoff { shopper: self.shopper.clone(), last_day: self.last_day, cutoff });
        }
        if self.n_orders == 0 {
            return Err(wrong("there has to be at least one order"));
        }
        if self.first_day > self.last_day {
            return Err(wrong("the first order has to be on or before the day of the last"));
        }
        Ok(())
    }
}

/// One settled order line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale<'a> {
    /// Who bought.
    pub shopper: &'a str,
    /// Order that it belongs to.
    pub order: &'a str,
    /// Where.
    pub market: Market,
    /// When.
    pub day: Day,
    /// For how much, in the reporting currency.
    pub amount: Amount,
}

/// Lines put together by shopper, in the order in which they are met; the home market is that of the latest line, on a tie of the last
/// one given.
///
/// Cost: one look-up an order where lines of an order stand together, as they do in exports; one a line otherwise.
pub fn summaries<'a>(sales: impl IntoIterator<Item = Sale<'a>>) -> Vec<ShopperSummary> {
    let mut all: Vec<ShopperSummary> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut orders: HashSet<(usize, &str)> = HashSet::new();
    let mut last: Option<(Sale<'_>, usize)> = None;
    for sale in sales {
        let at = match last {
            Some((before, at)) if (before.order, before.shopper) == (sale.order, sale.shopper) => at,
            _ => {
                let at = *places.entry(sale.shopper).or_insert_with(|| {
                    all.push(ShopperSummary {
                        shopper: ShopperId::from(sale.shopper),
                        market: sale.market,
                        first_day: sale.day,
                        last_day: sale.day,
                        n_orders: 0,
                        revenue: Amount::ZERO,
                    });
                    all.len() - 1
                });
                all[at].n_orders += u32::from(orders.insert((at, sale.order)));
                at
            }
        };
        last = Some((sale, at));
        let summary = &mut all[at];
        if sale.day >= summary.last_day {
            (summary.last_day, summary.market) = (sale.day, sale.market);
        }
        summary.first_day = summary.first_day.min(sale.day);
        summary.revenue += sale.amount;
    }
    all
}

/// Orders identifiers as numbers when both are all digits, otherwise as text, numbers first: the
/// order that a person expects of customer numbers, for text and numbers mixed too.
pub fn id_order(a: &ShopperId, b: &ShopperId) -> Ordering {
    fn number(id: &ShopperId) -> Option<&str> {
        let text = id.as_str();
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.trim_start_matches('0'))
    }
    match (number(a), number(b)) {
        // Without leading zeros the longer number is the larger; 7 and 007 differ only as text.
        (Some(x), Some(y)) => x.len().cmp(&y.len()).then_with(|| x.cmp(y)).then_with(|| a.cmp(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// The shoppers in [`id_order`], each checked against the cutoff and present once.
///
/// # Errors
/// As [`ShopperSummary::check`]; [`AudienceError::Twice`] for a repeated shopper.
pub fn checked(shoppers: &[ShopperSummary], cutoff: Day) -> Result<Vec<&ShopperSummary>, AudienceError> {
    let mut ordered: Vec<&ShopperSummary> = shoppers.iter().collect();
    ordered.sort_by(|a, b| id_order(&a.shopper, &b.shopper));
    for row in &ordered {
        row.check(cutoff)?;
    }
    match ordered.windows(2).find(|pair| pair[0].shopper == pair[1].shopper) {
        Some(pair) => Err(AudienceError::Twice(pair[0].shopper.clone())),
        None => Ok(ordered),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A shopper of the unknown market for tests: days counted from 1970-01-01.
    pub(crate) fn shopper(id: &str, days: (i32, i32), n_orders: u32, euros: i64) -> ShopperSummary {
        ShopperSummary {
            shopper: id.into(),
            market: Market::UNKNOWN,
            first_day: Day(days.0),
            last_day: Day(days.1),
            n_orders,
            revenue: Amount::from_micros(euros * 1_000_000),
        }
    }

    #[test]
    fn numbers_are_ordered_as_numbers_and_come_before_names() {
        let mut ids: Vec<ShopperId> = ["b", "10", "9", "a1", "007", "7"].map(ShopperId::from).to_vec();
        ids.sort_by(id_order);
        assert_eq!(ids.iter().map(ShopperId::as_str).collect::<Vec<_>>(), ["007", "7", "9", "10", "a1", "b"]);
    }

    #[test] // Order 1 has two lines apart; orders of the same name of two shoppers are two. 5 + 2 + 4 = 11 for a.
    fn lines_are_put_together_by_shopper_and_order() {
        let sale = |shopper, order, day, euros: i64| Sale {
            shopper,
            order,
            market: if day > 5 { "DE".parse().unwrap() } else { Market::UNKNOWN },
            day: Day(day),
            amount: Amount::from_micros(euros * 1_000_000),
        };
        let sales = [sale("a", "1", 3, 5), sale("b", "1", 4, 7), sale("a", "1", 3, 2), sale("a", "2", 9, 4)];
        let mut a = shopper("a", (3, 9), 2, 11);
        a.market = "DE".parse().unwrap();
        assert_eq!(summaries(sales), [a, shopper("b", (4, 4), 1, 7)]);
    }

    #[test]
    fn an_order_on_the_cutoff_is_the_future_and_a_shopper_counts_once() {
        let late = [shopper("1", (3, 10), 2, 5)];
        assert!(matches!(checked(&late, Day(10)), Err(AudienceError::AfterCutoff { .. })));
        assert!(checked(&late, Day(11)).is_ok());
        let twice = [late[0].clone(), late[0].clone()];
        assert_eq!(checked(&twice, Day(11)), Err(AudienceError::Twice("1".into())));
        assert!(checked(&[shopper("1", (4, 3), 1, 1)], Day(9)).is_err());
        assert!(checked(&[shopper("1", (3, 3), 0, 1)], Day(9)).is_err());
    }
}
