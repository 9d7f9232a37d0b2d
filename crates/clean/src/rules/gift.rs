//! Gifts: units that leave without money. They say something about stock and service, nothing
//! about what people are willing to buy, so no revenue view and no model counts them.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "gift",
    policy: Policy::Mark,
    doc: "units at price zero are kept as kind gift: samples, replacements, found stock; never revenue, never taste",
};

/// Whether a line gives something away.
pub(crate) const fn is(quantity: i64, price: i64) -> bool {
    quantity > 0 && price == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gift_has_units_and_no_price() {
        assert!(is(1, 0));
        assert!(!is(-1, 0) && !is(1, 1) && !is(0, 0));
    }
}
