//! Sources that state a line's amount beside price and quantity. The stated amount holds, because
//! it is what was charged; where it differs from the arithmetic the line is counted.

use super::{Policy, RuleDoc};
use domain::Amount;

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "stated_amount",
    policy: Policy::Keep,
    doc: "a stated amount that is not quantity × price less discount holds as it is and is counted",
};

/// The amount of a line and whether a stated one differs from the arithmetic; `None` when it does
/// not fit. Raw discounts are positive; on a reversal the discount that was granted comes back with
/// the goods, so it makes the refund smaller.
pub(crate) fn amount(quantity: i64, price: Amount, discount: Option<i64>, stated: Option<i64>) -> Option<(i64, bool)> {
    let granted = discount.unwrap_or(0).checked_mul(if quantity < 0 { -1 } else { 1 })?;
    let computed = price.times(quantity).and_then(|a| a.micros().checked_sub(granted));
    match (stated, computed) {
        (Some(stated), computed) => Some((stated, computed != Some(stated))),
        (None, computed) => computed.map(|c| (c, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 3 × 2.50 − 1.00 = 6.50
    fn the_discount_comes_off_and_a_stated_amount_wins() {
        let price = Amount::from_micros(2_500_000);
        assert_eq!(amount(3, price, Some(1_000_000), None), Some((6_500_000, false)));
        assert_eq!(amount(3, price, Some(1_000_000), Some(6_500_000)), Some((6_500_000, false)));
        assert_eq!(amount(3, price, None, Some(6_500_000)), Some((6_500_000, true)));
        assert_eq!(amount(i64::MAX, price, None, None), None);
        // −(3 × 2.50 − 1.00) = −6.50
        assert_eq!(amount(-3, price, Some(1_000_000), None), Some((-6_500_000, false)));
    }
}
