//! Orders that do not add up: the source states a total, and the order's lines (goods, postage, taxes,
//! discounts; without what was taken back later) come to another sum. Nothing is changed: a line was put
//! aside, or the source has a charge that its export does not show.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "order_total",
    policy: Policy::Keep,
    doc: "an order whose lines do not add up to the total that its source states is counted; `portolan quality` and \
          clean.orders (total, stated_total) list them",
};
