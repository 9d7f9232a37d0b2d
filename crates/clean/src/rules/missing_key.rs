//! Rows without a value that names something. A line without a shopper is a guest's and counts as
//! a sale; a line without a code takes its title as the product; a record that cannot be joined to
//! anything is rejected.

use super::{Policy, Rule, RuleDoc};
use crate::rejects::Finding;

pub(crate) const CODE: RuleDoc = RuleDoc {
    name: "missing_code",
    policy: Policy::Mark,
    doc: "a line without a product code takes its title as the product, or has no product when there is no title",
};

pub(crate) const SHOPPER: RuleDoc = RuleDoc {
    name: "missing_shopper",
    policy: Policy::Keep,
    doc: "a line without any identity is kept as a guest's: it counts as revenue, not for a shopper",
};

pub(crate) const VALUE: RuleDoc = RuleDoc {
    name: "missing_value",
    policy: Policy::Reject,
    doc: "a record without a value that its table cannot do without is rejected",
};

/// The finding for a missing value.
pub(crate) fn missing(column: &'static str, expected: &str) -> Finding {
    Finding { rule: Rule::MissingValue, column, value: None, expected: expected.to_owned() }
}
