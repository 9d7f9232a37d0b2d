//! What is known of one shopper up to a cutoff, and the order in which shoppers are listed.

use crate::AudienceError;
use domain::{Amount, Day, Market, ShopperId};
use std::cmp::Ordering;

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

/// Orders identifiers as numbers when both are all digits, otherwise as text, numbers first: the
/// order that a person expects of customer numbers, for text and numbers mixed too.
pub fn id_order(a: &ShopperId, b: &ShopperId) -> Ordering {
    match (number(a), number(b)) {
        // Without leading zeros the longer number is the larger; 7 and 007 differ only as text.
        (Some(x), Some(y)) => x.len().cmp(&y.len()).then_with(|| x.cmp(y)).then_with(|| a.cmp(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// An identifier of digits without its leading zeros.
fn number(id: &ShopperId) -> Option<&str> {
    let text = id.as_str();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.trim_start_matches('0'))
}

/// What decides [`id_order`] of nearly every pair, so that sorting reads each identifier once: the length of a number (text
/// comes after all of them), then the first fifteen bytes. Identifiers of equal keys may differ further on.
fn id_key(id: &ShopperId) -> u128 {
    let (class, text) = number(id).map_or((u8::MAX, id.as_str()), |digits| (digits.len().min(254) as u8, digits));
    let mut key = [0; 16];
    key[0] = class;
    // Numbers as long as that are of one class and of different lengths.
    if class != 254 {
        let n = text.len().min(15);
        key[1..=n].copy_from_slice(&text.as_bytes()[..n]);
    }
    u128::from_be_bytes(key)
}

/// The shoppers in [`id_order`], each checked against the cutoff and present once.
///
/// # Errors
/// As [`ShopperSummary::check`]; [`AudienceError::Twice`] for a repeated shopper.
pub fn checked(shoppers: &[ShopperSummary], cutoff: Day) -> Result<Vec<&ShopperSummary>, AudienceError> {
    let mut keyed: Vec<(u128, &ShopperSummary)> = shoppers.iter().map(|s| (id_key(&s.shopper), s)).collect();
    keyed.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| id_order(&a.1.shopper, &b.1.shopper)));
    for (_, row) in &keyed {
        row.check(cutoff)?;
    }
    match keyed.windows(2).find(|pair| pair[0].0 == pair[1].0 && pair[0].1.shopper == pair[1].1.shopper) {
        Some(pair) => Err(AudienceError::Twice(pair[0].1.shopper.clone())),
        None => Ok(keyed.into_iter().map(|(_, row)| row).collect()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

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

    proptest! {
        // Digits with and without leading zeros, longer than a key and shorter, letters, and texts that share their beginning.
        #[test]
        fn keys_never_contradict_the_order(
            a in "(00)?[0-9]{0,3}|1234567890123456[0-9]{0,3}|9{253}[0-9]{0,3}|[a-c\\x00]{0,3}|shopper-0000000[0-9]{1,3}",
            b in "(00)?[0-9]{0,3}|1234567890123456[0-9]{0,3}|9{253}[0-9]{0,3}|[a-c\\x00]{0,3}|shopper-0000000[0-9]{1,3}",
        ) {
            let (a, b) = (ShopperId::from(a), ShopperId::from(b));
            let by_key = id_key(&a).cmp(&id_key(&b));
            prop_assert!(by_key.is_eq() || by_key == id_order(&a, &b), "{a} {b}");
        }
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
