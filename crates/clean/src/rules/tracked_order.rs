//! Orders that came as events. A tracked order is what the page or the shop's server said when it was placed; what it
//! becomes is in `tracked/`. Where a file of the shop has the same order, the file is believed: it knows discounts,
//! shipping, taxes and refunds, and nobody can block or repeat it.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "tracked_order",
    policy: Policy::Convert,
    doc: "an event Order Completed becomes an order with its lines; Order Updated, Order Cancelled and Order Refunded of the \
          same number change it",
};

pub(crate) const REPEAT: RuleDoc = RuleDoc {
    name: "tracked_order_repeat",
    policy: Policy::Merge,
    doc: "a tracked order that a file has (the same number in the same system, or in another one within three days) is merged \
          into the file's order; one that was told before is merged into the first telling",
};

pub(crate) const UNKNOWN: RuleDoc = RuleDoc {
    name: "tracked_order_unknown",
    policy: Policy::Reject,
    doc: "a change, refund or cancellation of an order that neither an event nor a file has is put aside",
};
