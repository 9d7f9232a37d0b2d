//! Services: postage, carriage, discounts, bank charges, vouchers, manual corrections. They move
//! money beside a sale but nobody chooses them for themselves, so no recommendation and no product
//! figure counts them. Decided once a product, so that all its lines agree.

use super::{Policy, RuleDoc};
use crate::CleanParams;

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "service_line",
    policy: Policy::Mark,
    doc: "postage, fees, discounts, vouchers and manual lines are kept as kind service, taxes and duties of a whole order \
          as kind tax; they are no products",
};

/// Whether a product is a service, by its identifier and its most frequent title.
///
/// A title alone convicts only where the code is no proper one: missing, or shorter than four
/// characters. A "gift voucher holder" with an article number is a product.
pub(crate) fn is(product_id: &str, title: Option<&str>, params: &CleanParams) -> bool {
    let code = product_id.strip_prefix("TITLE:");
    if code.is_none() && params.service_codes.iter().any(|c| super::product_code_case::product_id(c) == product_id) {
        return true;
    }
    if product_id.starts_with("GIFT_0001_") {
        return true;
    }
    let improper = code.is_some() || product_id.chars().count() < 4;
    improper
        && title.is_some_and(|title| {
            let key = super::text::case_key(title);
            params.service_words.iter().any(|word| contains_word(&key, word))
        })
}

/// Whether a service is a tax or a duty: money that passes through and is nobody's income.
pub(crate) fn is_tax(code: Option<&str>) -> bool {
    code.is_some_and(|c| matches!(super::product_code_case::product_id(c).as_str(), "TAX" | "DUTIES"))
}

/// Whether `word` stands in `text` between other than letters; scripts without blanks between
/// words match anywhere.
fn contains_word(text: &str, word: &str) -> bool {
    let blankless = word.chars().any(|c| ('\u{0e00}'..='\u{0eff}').contains(&c) || c >= '\u{2e80}');
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        blankless || !(before.is_some_and(char::is_alphanumeric) || after.is_some_and(char::is_alphanumeric))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_vouchers_and_words_are_services() {
        let p = CleanParams::default();
        for (code, title) in [
            ("POST", None),
            ("BANK CHARGES", None),
            ("GIFT_0001_30", Some("Dotcomgiftshop Gift Voucher £30.00")),
            ("TITLE:VERSAND DHL", Some("Versand DHL")),
            ("TITLE:运费补差", Some("运费补差")),
            ("C9", Some("CARRIAGE")),
        ] {
            assert!(is(code, title, &p), "{code}");
        }
    }

    #[test]
    fn products_with_a_proper_code_are_products() {
        let p = CleanParams::default();
        assert!(!is("22423", Some("REGENCY CAKESTAND 3 TIER"), &p));
        assert!(!is("48211", Some("GIFT VOUCHER HOLDER"), &p));
        assert!(!is("TITLE:SHIPPINGFORD MUG", Some("Shippingford mug"), &p));
        assert!(!is("MUG", Some("A mug"), &p));
    }
}
