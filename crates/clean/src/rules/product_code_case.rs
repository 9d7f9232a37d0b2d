//! Product codes that differ only in case or blanks are one product: `85123a` and `85123A `. The
//! identifier is the code in normal form and upper case; each other spelling is recorded as merged.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "product_code_case",
    policy: Policy::Merge,
    doc: "codes that differ in case, width or blanks only are one product, under the code in upper case",
};

/// The product of a code.
pub(crate) fn product_id(code: &str) -> String {
    super::text::normalize(code).to_uppercase()
}

/// The product of a line that has a title but no code: the title itself, marked as such, so that
/// it can never be mistaken for a code.
pub(crate) fn product_id_of_title(title: &str) -> String {
    format!("TITLE:{}", super::text::normalize(title).to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_and_blanks_make_no_new_product() {
        for code in ["85123a", " 85123A", "８５１２３Ａ"] {
            assert_eq!(product_id(code), "85123A");
        }
        assert_eq!(product_id("bank  charges"), "BANK CHARGES");
        assert_eq!(product_id_of_title(" Kettle 2l "), "TITLE:KETTLE 2L");
    }
}
