//! Test orders: somebody tried the shop. They never were sales.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "test_order",
    policy: Policy::Mark,
    doc: "a line whose status, channel or shopper is `test`, or whose title or order begins with TEST ORDER or TEST -, is \
          kept as kind adjustment",
};

/// What is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Signs<'a> {
    pub(crate) order_id: &'a str,
    pub(crate) title: Option<&'a str>,
    pub(crate) status: Option<&'a str>,
    pub(crate) channel: Option<&'a str>,
    pub(crate) shopper: Option<&'a str>,
}

/// Whether a line belongs to a test order.
pub(crate) fn is(signs: Signs<'_>) -> bool {
    let word = |text: Option<&str>| text.is_some_and(|t| t.trim().eq_ignore_ascii_case("test"));
    word(signs.status)
        || word(signs.channel)
        || word(signs.shopper)
        || says_test(signs.order_id)
        || signs.title.is_some_and(says_test)
}

/// Begins with "test" and goes on with "order" or a dash. Every title is asked, so the first letters
/// decide.
fn says_test(text: &str) -> bool {
    let text = text.trim_start();
    let Some((start, rest)) = text.split_at_checked(4) else { return false };
    start.eq_ignore_ascii_case("test") && {
        let rest = rest.trim_start();
        rest.starts_with('-') || rest.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("order"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tested_kettle_is_no_test_order() {
        let title = |title| is(Signs { order_id: "1", title: Some(title), ..Signs::default() });
        assert!(title("TEST ORDER do not ship") && title("TEST - please ignore") && title(" test-order"));
        assert!(!title("Tested kettle") && !title("Test tube holder") && !title("tes"));
        assert!(is(Signs { order_id: "Test order 5", ..Signs::default() }));
        for signs in [
            Signs { status: Some(" Test "), ..Signs::default() },
            Signs { channel: Some("test"), ..Signs::default() },
            Signs { shopper: Some("TEST"), ..Signs::default() },
        ] {
            assert!(is(signs), "{signs:?}");
        }
        assert!(!is(Signs { order_id: "1", status: Some("completed"), shopper: Some("test1"), ..Signs::default() }));
    }
}
