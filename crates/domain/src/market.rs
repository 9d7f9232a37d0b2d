//! Where and in which language: ISO 3166-1 markets and ISO 639-1 languages.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A market: an ISO 3166-1 alpha-2 code, or one of the three codes below for places that real
/// exports name without saying which country is meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Market([u8; 2]);

/// Why a text is not a market code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a market: two capital letters of ISO 3166-1, such as DE, are")]
pub struct MarketError(pub String);

impl Market {
    /// No country was given (`Unspecified`). ISO 3166 leaves ZZ to its users.
    pub const UNKNOWN: Self = Self(*b"ZZ");
    /// "European Community" or "European Union" without a country; EU is reserved in ISO 3166.
    pub const EUROPEAN_UNION: Self = Self(*b"EU");
    /// "Channel Islands" (UN M49 830): Guernsey or Jersey, the source does not say which. XC is
    /// in the range that ISO 3166 leaves to its users.
    pub const CHANNEL_ISLANDS: Self = Self(*b"XC");

    /// Two ASCII capitals. Whether a country bears the code is [`crate::country`]'s business.
    pub const fn from_code(code: [u8; 2]) -> Option<Self> {
        if code[0].is_ascii_uppercase() && code[1].is_ascii_uppercase() { Some(Self(code)) } else { None }
    }

    /// The two letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("ZZ")
    }

    /// English name, or the code where none is known.
    pub fn name(&self) -> &str {
        crate::country(*self).map_or(self.code(), |c| c.name)
    }
}

impl fmt::Display for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Market {
    type Err = MarketError;

    /// Accepts lower case too; `UK` is not accepted, GB is the code.
    fn from_str(text: &str) -> Result<Self, MarketError> {
        let wrong = || MarketError(text.to_owned());
        let code: [u8; 2] = text.trim().to_ascii_uppercase().into_bytes().try_into().map_err(|_| wrong())?;
        let market = Self::from_code(code).ok_or_else(wrong)?;
        let special = [Self::UNKNOWN, Self::EUROPEAN_UNION, Self::CHANNEL_ISLANDS].contains(&market);
        if special || crate::country(market).is_some() { Ok(market) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for Market {
    type Error = MarketError;
    fn try_from(text: String) -> Result<Self, MarketError> {
        text.parse()
    }
}

impl From<Market> for String {
    fn from(market: Market) -> Self {
        market.code().to_owned()
    }
}

/// A language: ISO 639-1, two lower-case letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language([u8; 2]);

/// Why a text is not a language code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a language: two small letters of ISO 639-1, such as de, are")]
pub struct LanguageError(pub String);

impl Language {
    /// English.
    pub const EN: Self = Self(*b"en");
    /// Chinese.
    pub const ZH: Self = Self(*b"zh");

    /// The two letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("en")
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Language {
    type Err = LanguageError;
    fn from_str(text: &str) -> Result<Self, LanguageError> {
        let wrong = || LanguageError(text.to_owned());
        let code: [u8; 2] = text.to_ascii_lowercase().into_bytes().try_into().map_err(|_| wrong())?;
        if code.iter().all(u8::is_ascii_lowercase) { Ok(Self(code)) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for Language {
    type Error = LanguageError;
    fn try_from(text: String) -> Result<Self, LanguageError> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_any_case_and_uk_is_not_a_country() {
        assert_eq!("de".parse::<Market>().unwrap().code(), "DE");
        assert_eq!("ZZ".parse::<Market>().unwrap(), Market::UNKNOWN);
        assert!("UK".parse::<Market>().is_err());
        assert!("DEU".parse::<Market>().is_err());
    }
}
