//! Stock adjustments: units that leave or change without a sale and without being taken back from
//! a shopper (damaged, lost, counted, thrown away). They are kept for stock and left out of sales.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "stock_adjustment",
    policy: Policy::Mark,
    doc: "a negative quantity that reverses no sale, or a quantity of zero, is kept as kind adjustment",
};

/// Whether a line that is no reversal only moves stock.
pub(crate) const fn is(quantity: i64) -> bool {
    quantity <= 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_units_that_leave_without_a_sale_are_adjustments() {
        assert!(is(-5) && is(0) && !is(1));
    }
}
