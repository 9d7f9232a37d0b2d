//! A sentence in both languages that the program speaks to people.

use domain::Language;
use serde::{Deserialize, Serialize};

/// The same sentence in English and in Chinese.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Words {
    /// Both at once.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// The sentence; English where the language is not Chinese.
    pub fn in_language(&self, language: Language) -> &str {
        if language == Language::ZH { &self.zh } else { &self.en }
    }
}

/// A number as a sentence shows it: three significant digits, thousands separated, no exponent.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "?".to_owned();
    }
    let size = value.abs();
    let decimals = match size {
        s if s >= 100.0 || s == 0.0 => 0,
        s if s >= 10.0 => 1,
        s if s >= 1.0 => 2,
        s if s >= 0.1 => 3,
        _ => 4,
    };
    // Above a thousand only three digits carry anything.
    let step = if size >= 1000.0 { 10_f64.powi(size.log10().floor() as i32 - 2) } else { 1.0 };
    let rounded = if size >= 1000.0 { (value / step).round() * step } else { value };
    let plain = format!("{rounded:.decimals$}");
    let plain = if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.') } else { &plain };
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |rest| ("-", rest));
    let (whole, rest) = digits.split_once('.').map_or((digits, String::new()), |(w, r)| (w, format!(".{r}")));
    let mut grouped = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(c);
    }
    format!("{sign}{grouped}{rest}")
}

/// A share as a percentage with at most one decimal.
pub(crate) fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.trim_end_matches(".0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_in_exponents() {
        for (value, text) in [
            (0.0, "0"),
            (0.01234, "0.0123"),
            (0.5, "0.5"),
            (2.345_67, "2.35"),
            (42.0, "42"),
            (-12.345, "-12.3"),
            (999.6, "1,000"),
            (123_456.0, "123,000"),
            (84_300_000.0, "84,300,000"),
            (f64::NAN, "?"),
        ] {
            assert_eq!(number(value), text, "{value}");
        }
        assert_eq!((percent(0.5), percent(0.1234)), ("50 %".to_owned(), "12.3 %".to_owned()));
    }
}
