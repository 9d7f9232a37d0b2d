//! Bad debt: an invoice that a customer did not pay is written off by a line of its own. It moves
//! money but no goods, so its price may be negative and it is never part of a revenue view.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "bad_debt",
    policy: Policy::Mark,
    doc: "a write-off of an unpaid invoice (invoice A…, code B, or a title that says bad debt) is kept as kind bad_debt",
};

/// Whether a line writes off a debt. An order number `A…` alone is not enough: other shops number
/// ordinary orders so.
pub(crate) fn is(order_id: &str, code: Option<&str>, title: Option<&str>) -> bool {
    let numbered = order_id.strip_prefix(['A', 'a']).is_some_and(super::cancellation::is_number);
    // An article number is no write-off, whatever its title; and so almost no title need be read.
    let improper = code.is_none_or(|c| c.len() < 4);
    (numbered && code.is_some_and(|c| c.eq_ignore_ascii_case("B"))) || (improper && title.is_some_and(says_bad_debt))
}

fn says_bad_debt(title: &str) -> bool {
    super::text::says(title, "bad", "debt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_offs_are_told_from_ordinary_orders_named_a() {
        assert!(is("A563185", Some("B"), Some("Adjust bad debt")));
        assert!(is("A563185", Some("b"), None));
        assert!(is("77", None, Some("BAD DEBT 2011")));
        assert!(!is("A1001", Some("KETTLE"), Some("Kettle 2 l")));
        assert!(!is("563185", Some("B"), Some("Box")));
        assert!(!is("Anna", Some("B"), None));
    }
}
