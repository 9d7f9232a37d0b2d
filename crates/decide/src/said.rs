//! A sentence in both languages that decisions speak.

use domain::{Language, Money};
use serde::{Deserialize, Serialize};

/// The same sentence in English and in Chinese.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Said {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Said {
    /// Both at once.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// In the language of a page.
    pub fn get(&self, lang: crate::plan::Lang) -> &str {
        match lang {
            crate::plan::Lang::En => &self.en,
            crate::plan::Lang::Zh => &self.zh,
        }
    }

    /// The sentence; English where the language is not Chinese.
    pub fn in_language(&self, language: Language) -> &str {
        if language == Language::ZH { &self.zh } else { &self.en }
    }
}

/// A share as a percentage with at most one decimal.
pub(crate) fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.trim_end_matches(".0"))
}

/// Digits with a comma every three.
pub(crate) fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Digits of an amount without its currency: every minor unit, none where all are 0 (`1,500`, `10.30`).
fn digits(money: Money) -> String {
    let text = money.to_decimal().abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((text.as_str(), ""));
    let places = money.currency.exponent() as usize;
    let sign = if money.minor < 0 { "−" } else { "" };
    if fraction.bytes().all(|b| b == b'0') {
        return format!("{sign}{}", grouped(whole));
    }
    format!("{sign}{}.{fraction:0<places$}", grouped(whole))
}

/// An amount as sentences have it: `VND 469,000`, `EUR 10.30`.
pub(crate) fn amount(money: Money) -> String {
    format!("{} {}", money.currency, digits(money))
}

/// Two amounts of one currency, lowest and highest.
pub(crate) fn between((low, high): (Money, Money)) -> Said {
    if low == high {
        return Said::new(amount(low), amount(low));
    }
    Said::new(format!("{} to {}", amount(low), digits(high)), format!("{} 至 {}", amount(low), digits(high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money { minor, currency: code.parse().unwrap() }
    }

    #[test]
    fn amounts_are_grouped_and_end_with_their_minor_units_where_there_are_any() {
        assert_eq!(amount(money(469_000, "VND")), "VND 469,000");
        assert_eq!(amount(money(1_030, "EUR")), "EUR 10.30");
        assert_eq!(amount(money(-123_456_700, "EUR")), "EUR −1,234,567");
        assert_eq!(amount(money(5, "KWD")), "KWD 0.005");
        assert_eq!(between((money(6_000, "USD"), money(150_000, "USD"))).en, "USD 60 to 1,500");
        assert_eq!(between((money(6_000, "USD"), money(6_000, "USD"))).zh, "USD 60");
    }
}
