//! A price as a reader of a locale writes it: `1.234,50 €`, `R$ 1.234,50`, `HK$1,234.50`.
//!
//! Separators, place and spaces are those of Unicode CLDR 48 (`numbers.xml`, currency pattern); digits are always 0 to 9, and
//! as many after the separator as the currency has (ISO 4217). The sign of the region's own currency is the one that is
//! written there (`$` in Mexico for pesos); of any other currency the one that cannot be mistaken (`US$`, `CN¥`), where CLDR
//! has a shorter one for some locales.

use crate::{Currency, Locale, Market, Money};

/// Spaces that do not break, the usual one and the narrow one.
const NB: &str = "\u{a0}";
const NARROW: &str = "\u{202f}";

/// How a locale writes amounts of money.
#[derive(Clone, Copy)]
struct Style {
    decimal: &'static str,
    group: &'static str,
    /// Digits before the first separator that make one worth writing: 4, or 5 where 1234 has none.
    first_group: usize,
    place: Place,
}

/// Where the sign of the currency stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// `€1`
    Before,
    /// `€ 1`
    BeforeSpaced,
    /// `1 €`
    After,
    /// `1 ر.س.` between marks that say which way the text runs.
    Arabic,
    Hebrew,
}

const fn style(decimal: &'static str, group: &'static str, first_group: usize, place: Place) -> Style {
    Style { decimal, group, first_group, place }
}

fn style_of(locale: &Locale) -> Style {
    use Place::{After, Arabic, Before, BeforeSpaced, Hebrew};
    let (language, region) = (locale.language(), locale.region().unwrap_or_default());
    match (language.code(), region) {
        ("en", "ZA") => style(",", NB, 4, BeforeSpaced),
        ("de", "AT") => style(",", ".", 4, BeforeSpaced),
        ("de", "CH" | "LI") => style(".", "'", 4, BeforeSpaced),
        ("it", "CH") => style(".", "'", 5, BeforeSpaced),
        ("fr", "CH") => style(".", NARROW, 4, After),
        ("fr", "CA") => style(",", NB, 4, After),
        ("fr", _) => style(",", NARROW, 4, After),
        ("es", "MX" | "US" | "PR" | "DO" | "GT" | "HN" | "NI" | "PA" | "SV") => style(".", ",", 4, Before),
        ("es", "PE") => style(".", ",", 4, BeforeSpaced),
        ("es", "CL") => style(",", ".", 4, Before),
        ("es", "AR" | "CO" | "UY" | "PY" | "VE" | "EC" | "BO") => style(",", ".", 4, BeforeSpaced),
        ("pt", "" | "BR") => style(",", ".", 4, BeforeSpaced),
        ("pt", _) => style(",", NB, 5, After),
        ("it" | "es" | "sl", _) => style(",", ".", 5, After),
        ("nl", _) => style(",", ".", 4, BeforeSpaced),
        ("pl" | "bg" | "et" | "lv", _) => style(",", NB, 5, After),
        ("cs" | "sk" | "hu" | "ru" | "uk" | "sv" | "nb" | "no" | "fi" | "lt", _) => style(",", NB, 4, After),
        ("de" | "ro" | "el" | "da" | "hr" | "sr" | "vi" | "is", _) => style(",", ".", 4, After),
        ("tr", _) => style(",", ".", 4, Before),
        ("id", _) => style(",", ".", 4, BeforeSpaced),
        ("ms", _) => style(".", ",", 4, BeforeSpaced),
        ("ar", _) => style(".", ",", 4, Arabic),
        ("he", _) => style(".", ",", 4, Hebrew),
        _ => style(".", ",", 4, Before),
    }
}

/// The sign of a currency where it is the region's own.
fn own_sign(currency: &str, locale: &Locale) -> Option<&'static str> {
    Some(match (currency, locale.language().code()) {
        ("USD" | "CAD" | "AUD" | "NZD" | "SGD" | "MXN" | "ARS" | "CLP" | "COP" | "TWD", _) => "$",
        ("JPY", "ja") => "￥",
        ("CNY" | "JPY", _) => "¥",
        ("SEK" | "NOK", _) => "kr",
        ("DKK", _) => "kr.",
        ("PLN", _) => "zł",
        ("CZK", _) => "Kč",
        ("HUF", _) => "Ft",
        ("TRY", _) => "₺",
        ("RUB", _) => "₽",
        ("UAH", _) => "₴",
        ("ZAR", _) => "R",
        ("PEN", _) => "S/",
        ("THB", _) => "฿",
        ("IDR", _) => "Rp",
        ("MYR", _) => "RM",
        ("MOP", _) => "MOP$",
        ("SAR", "ar") => "ر.س.",
        ("AED", "ar") => "د.إ.",
        ("EGP", "ar") => "ج.م.",
        _ => return None,
    })
}

/// The sign of a currency anywhere.
fn sign(currency: &Currency) -> Option<&'static str> {
    Some(match currency.code() {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "US$",
        "CAD" => "CA$",
        "AUD" => "A$",
        "NZD" => "NZ$",
        "HKD" => "HK$",
        "TWD" => "NT$",
        "MXN" => "MX$",
        "BRL" => "R$",
        "CNY" => "CN¥",
        "JPY" => "JP¥",
        "KRW" => "₩",
        "INR" => "₹",
        "VND" => "₫",
        "ILS" => "₪",
        "PHP" => "₱",
        _ => return None,
    })
}

/// An amount as a reader of `locale` writes it.
///
/// ```
/// use domain::{Currency, Money, price_text};
/// let price = Money { minor: 123_450, currency: Currency::new(*b"EUR") };
/// assert_eq!(price_text(price, &"de-DE".parse().unwrap()), "1.234,50\u{a0}€");
/// ```
pub fn price_text(price: Money, locale: &Locale) -> String {
    let style = style_of(locale);
    let own = locale.region().and_then(|r| r.parse::<Market>().ok()).and_then(crate::country);
    let code = price.currency.code();
    let is_own = own.is_some_and(|country| country.currency == price.currency);
    // A code needs a space where a sign would stand without one.
    let (sign, is_code) = match is_own.then(|| own_sign(code, locale)).flatten().or_else(|| sign(&price.currency)) {
        Some(sign) => (sign.to_owned(), false),
        None => (code.to_owned(), true),
    };
    let digits = price.currency.exponent() as usize;
    let all = format!("{:0>width$}", price.minor.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = all.split_at(all.len() - digits);
    let mut number = grouped(whole, style, locale);
    if !fraction.is_empty() {
        number.push_str(style.decimal);
        number.push_str(fraction);
    }
    let minus = if price.minor < 0 { "-" } else { "" };
    match style.place {
        Place::Before if is_code => format!("{minus}{sign}{NB}{number}"),
        Place::Before => format!("{minus}{sign}{number}"),
        Place::BeforeSpaced => format!("{minus}{sign}{NB}{number}"),
        Place::After => format!("{minus}{number}{NB}{sign}"),
        Place::Arabic => format!("\u{200f}{minus}{number}{NB}{sign}\u{200f}"),
        Place::Hebrew => format!("\u{200f}{minus}{number}{NB}\u{200f}{sign}"),
    }
}

/// Thousands set apart; in India hundreds beyond the first thousand.
fn grouped(whole: &str, style: Style, locale: &Locale) -> String {
    if whole.len() < style.first_group {
        return whole.to_owned();
    }
    let later = if locale.region() == Some("IN") && matches!(locale.language().code(), "en" | "hi") { 2 } else { 3 };
    let mut out = String::with_capacity(whole.len() * 2);
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        if at > 0 && (left == 3 || left > 3 && (left - 3).is_multiple_of(later)) {
            out.push_str(style.group);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(locale: &str, currency: &str, minor: i64) -> String {
        let locale: Locale = locale.parse().unwrap_or_else(|e| panic!("{e}"));
        price_text(Money { minor, currency: currency.parse().unwrap() }, &locale)
    }

    /// From `Intl.NumberFormat` of Node.js with ICU 78 and CLDR 48, Latin digits: 1234.5 and 1234567.25 of the market's own
    /// currency. Where ICU rounds to whole units by habit and not by ISO 4217 (pesos of Colombia, rupiahs, forints) there
    /// is no row.
    #[test]
    fn prices_are_written_as_icu_writes_them() {
        let rows = include_str!("../tests/data/prices-cldr48.tsv");
        let mut n = 0;
        for row in rows.lines().filter(|row| !row.starts_with('#')) {
            let [locale, currency, minor, want] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
            let want = serde_json::from_str::<String>(want).unwrap();
            assert_eq!(text(locale, currency, minor.parse().unwrap()), want, "{locale} {currency} {minor}");
            n += 1;
        }
        assert!(n > 150, "{n} rows");
    }

    #[test]
    fn a_foreign_currency_cannot_be_mistaken_for_the_own_one() {
        assert_eq!(text("en-CA", "USD", 1_250), "US$12.50");
        assert_eq!(text("zh-CN", "JPY", 1_250), "JP¥1,250");
        assert_eq!(text("de-DE", "CNY", 123_450), "1.234,50\u{a0}CN¥");
        assert_eq!(text("en-US", "CHF", 100), "CHF\u{a0}1.00");
        assert_eq!(text("de", "EUR", 5), "0,05\u{a0}€");
        assert_eq!(text("en-IN", "INR", -123_456_725), "-₹12,34,567.25");
        assert_eq!(text("ar-KW", "KWD", 1_234_500), "\u{200f}1,234.500\u{a0}KWD\u{200f}");
    }
}
