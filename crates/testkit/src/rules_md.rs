//! The rule reference of the user's guide, `docs/rules.md`, written from the registry in `clean`.

use clean::{Policy, Rule};
use std::fmt::Write as _;

const HEAD: &str = "\
# Rules, one by one

This page is generated from `crates/clean`; `make docs` writes it again. [Quality rules](quality-rules.md) says how they
work together. Rows meet them in this order. `portolan quality` and `clean.rule_counts` name them as here.

| rule | what it does | to what, and why |
|---|---|---|
";

/// The whole page.
pub fn rules_md() -> String {
    let mut page = HEAD.to_owned();
    for rule in Rule::ALL {
        let doc = rule.doc();
        // A bar inside a cell would end it, and a line end the row.
        let text = doc.doc.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        let _ = writeln!(page, "| `{}` | {} | {text} |", doc.name, words(doc.policy));
    }
    page
}

const fn words(policy: Policy) -> &'static str {
    match policy {
        Policy::Reject => "puts aside",
        Policy::Mark => "marks",
        Policy::Merge => "merges",
        Policy::Keep => "counts",
        Policy::Convert => "converts",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_one_row() {
        let page = rules_md();
        for rule in Rule::ALL {
            assert_eq!(page.matches(&format!("\n| `{}` |", rule.doc().name)).count(), 1, "{}", rule.doc().name);
        }
    }
}
