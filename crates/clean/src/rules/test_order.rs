//! Test orders: somebody tried the shop. They never were sales.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "test_order",
    policy: Policy::Mark,
    doc: "a line with status test, or whose title or order says test order, is kept as kind adjustment",
};

/// Whether a line belongs to a test order.
pub(crate) fn is(order_id: &str, title: Option<&str>, status: Option<&str>) -> bool {
    status.is_some_and(|s| s.trim().eq_ignore_ascii_case("test")) || says_test(order_id) || title.is_some_and(says_test)
}

fn says_test(text: &str) -> bool {
    super::text::says(text, "test", "order")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tested_kettle_is_no_test_order() {
        assert!(is("1", Some("TEST ORDER do not ship"), None));
        assert!(is("Test order 5", None, None));
        assert!(is("1", None, Some(" Test ")));
        assert!(!is("1", Some("Tested kettle"), Some("completed")));
    }
}
