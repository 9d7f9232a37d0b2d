//! Countries of ISO 3166-1 with the names that exports use for them.

use crate::{Currency, Market};

/// A country and how people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    pub market: Market,
    /// ISO 3166-1 alpha-3.
    pub alpha3: &'static str,
    /// Short English name.
    pub name: &'static str,
    /// Chinese (simplified) name.
    pub name_zh: &'static str,
    /// Currency in use.
    pub currency: Currency,
    /// Other spellings met in exports, lower case (`eire`, `rsa`, `great britain`).
    pub aliases: &'static [&'static str],
}

const fn c(
    code: [u8; 2],
    alpha3: &'static str,
    name: &'static str,
    name_zh: &'static str,
    currency: [u8; 3],
    aliases: &'static [&'static str],
) -> Country {
    let Some(market) = Market::from_code(code) else { panic!("a market is two capital letters") };
    Country { market, alpha3, name, name_zh, currency: Currency::new(currency), aliases }
}

/// All countries, ascending by code.
pub static COUNTRIES: &[Country] = &[
    c(*b"CN", "CHN", "China", "中国", *b"CNY", &["prc", "mainland china"]),
    c(*b"DE", "DEU", "Germany", "德国", *b"EUR", &["deutschland"]),
    c(*b"GB", "GBR", "United Kingdom", "英国", *b"GBP", &["uk", "great britain", "england"]),
    c(*b"US", "USA", "United States", "美国", *b"USD", &["usa"]),
];

/// The country with this code; `None` for the three codes that are no country.
pub fn country(market: Market) -> Option<&'static Country> {
    COUNTRIES.binary_search_by(|c| c.market.cmp(&market)).ok().map(|i| &COUNTRIES[i])
}

/// The country that a text names: a code of two or three letters, an English or Chinese name, or
/// an alias, in any case and with outer blanks.
pub fn country_by_name(text: &str) -> Option<&'static Country> {
    let key = text.trim().to_lowercase();
    COUNTRIES.iter().find(|c| {
        c.market.code().eq_ignore_ascii_case(&key)
            || c.alpha3.eq_ignore_ascii_case(&key)
            || c.name.to_lowercase() == key
            || c.name_zh == key
            || c.aliases.contains(&key.as_str())
    })
}
