//! Locales as BCP 47 writes them (RFC 5646): a language, where it matters a script, and a region: `zh-Hant-HK`, `pt-BR`.
//!
//! Which of the texts that there are fits a reader is told by [`Locale::fit`]. It knows what CLDR knows as parent locales:
//! Chinese of Taiwan, Hong Kong and Macau is written in traditional letters; English outside of the United States is
//! nearer to Britain's, Portuguese outside of Brazil to Portugal's, Spanish of America to Mexico's than to Spain's.
//! Source: Unicode CLDR 48, `supplementalData/parentLocales` and `likelySubtags`, for the languages that shops sell in.

use crate::{Language, Market};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A language, a script, a region. Variants and extensions (`-u-co-phonebk`) are read and left out: no text differs by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale {
    language: Language,
    /// Four letters, `Hant`; zeros where none is named.
    script: [u8; 4],
    /// Two letters of ISO 3166-1 or three digits of UN M.49, filled with zeros; zeros where none is named.
    region: [u8; 3],
}

/// Why a text is not a locale.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no locale: {1}; write a language and, where it matters, a script and a region, such as de, pt-BR or zh-Hant-HK"
)]
pub struct LocaleError(pub String, pub &'static str);

/// How well a text fits a reader, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nearness {
    /// In the very locale, or in one that reads as it: `pt` for `pt-BR`, `en-GB` for `en-AU`.
    Variant(u8),
    /// In the language as another region or script writes it; the number is how far away that is.
    Language(u8),
}

/// Languages of ISO 639-1 that are written today.
const LANGUAGES: &str = "aa ab af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo \
    es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl \
    km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or \
    os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw \
    ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Scripts by ISO 15924 and the languages that are written in them unless told.
const SCRIPTS: &[(&[u8; 4], &str)] = &[
    (b"Hans", "zh"),
    (b"Hant", ""),
    (b"Cyrl", "ru uk bg sr be mk kk ky mn tg"),
    (b"Arab", "ar fa ur ps ug sd ks"),
    (b"Grek", "el"),
    (b"Hebr", "he yi"),
    (b"Thai", "th"),
    (b"Jpan", "ja"),
    (b"Kore", "ko"),
    (b"Deva", "hi mr ne sa"),
    (b"Beng", "bn as"),
    (b"Armn", "hy"),
    (b"Geor", "ka"),
    (b"Khmr", "km"),
    (b"Laoo", "lo"),
    (b"Mymr", "my"),
    (b"Sinh", "si"),
    (b"Taml", "ta"),
    (b"Telu", "te"),
    (b"Guru", "pa"),
    (b"Gujr", "gu"),
    (b"Knda", "kn"),
    (b"Mlym", "ml"),
    (b"Ethi", "am ti"),
    // Everything else.
    (b"Latn", ""),
];

/// Regions of America that read Spanish.
const SPANISH_AMERICA: &str = "419 AR BO BR BZ CL CO CR CU DO EC GT HN MX NI PA PE PR PY SV US UY VE";
/// Regions whose English is that of the United States.
const AMERICAN_ENGLISH: &str = "US AS GU MH MP PH PR UM VI";

impl Locale {
    /// A language alone.
    pub const fn of(language: Language) -> Self {
        Self { language, script: [0; 4], region: [0; 3] }
    }

    /// A language as a market reads it.
    pub fn in_market(language: Language, market: Market) -> Self {
        let mut region = [0; 3];
        if crate::country(market).is_some() {
            region[..2].copy_from_slice(&market.code().as_bytes()[..2]);
        }
        Self { language, script: [0; 4], region }
    }

    /// The locales that a market reads, the most read first; none where that is not known.
    pub fn read_in(market: Market) -> impl Iterator<Item = Self> {
        crate::languages(market).filter_map(move |code| Some(Self::in_market(code.parse().ok()?, market)))
    }

    /// The language.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The region, where one is named: `BR`, `419`.
    pub fn region(&self) -> Option<&str> {
        let end = self.region.iter().position(|b| *b == 0).unwrap_or(3);
        std::str::from_utf8(&self.region[..end]).ok().filter(|region| !region.is_empty())
    }

    /// The script, named or usual for the language and region.
    pub fn script(&self) -> &str {
        let named = std::str::from_utf8(&self.script).unwrap_or_default();
        if self.script != [0; 4] {
            return named;
        }
        match (self.tongue(), self.region().unwrap_or_default()) {
            ("zh", "TW" | "HK" | "MO") => return "Hant",
            ("sr", "ME") => return "Latn",
            ("pa", "PK") => return "Arab",
            _ => {}
        }
        let usual = SCRIPTS.iter().find(|(_, languages)| languages.split(' ').any(|l| l == self.tongue()));
        usual.map_or("Latn", |(script, _)| std::str::from_utf8(script.as_slice()).unwrap_or("Latn"))
    }

    /// The language under its present name: `no` is written as Bokmål, `iw` is Hebrew.
    fn tongue(&self) -> &str {
        match self.language.code() {
            "no" => "nb",
            other => other,
        }
    }

    /// The regions that write the language alike, by the one that stands for all of them.
    fn variant(&self) -> &'static str {
        let one_of = |regions: &str| self.region().is_some_and(|own| regions.split(' ').any(|r| r == own));
        match (self.tongue(), self.script(), self.region()) {
            ("en", _, None) => "US",
            ("en", ..) => {
                if one_of(AMERICAN_ENGLISH) {
                    "US"
                } else {
                    "GB"
                }
            }
            ("pt", _, None | Some("BR")) => "BR",
            ("pt", ..) => "PT",
            ("es", ..) => {
                if one_of(SPANISH_AMERICA) {
                    "MX"
                } else {
                    "ES"
                }
            }
            ("fr", _, Some("CA")) => "CA",
            ("fr", ..) => "FR",
            ("zh", "Hant", Some("HK" | "MO")) => "HK",
            ("zh", "Hant", _) => "TW",
            _ => "",
        }
    }

    /// How well a text in `text` fits a reader who asks for `self`; `None` for another language.
    ///
    /// ```
    /// use domain::{Locale, Nearness};
    /// let asked: Locale = "pt-PT".parse().unwrap();
    /// let fit = |text: &str| asked.fit(&text.parse().unwrap());
    /// assert_eq!(fit("pt-PT"), Some(Nearness::Variant(0)));
    /// assert!(fit("pt-AO") < fit("pt") && fit("pt") < fit("pt-BR"));
    /// assert_eq!(fit("es-ES"), None);
    /// ```
    pub fn fit(&self, text: &Self) -> Option<Nearness> {
        if self.tongue() != text.tongue() {
            return None;
        }
        if self.script() != text.script() {
            return Some(Nearness::Language(2));
        }
        if self.region == text.region {
            return Some(Nearness::Variant(0));
        }
        let stands = |locale: &Self| locale.region().is_none_or(|region| region == locale.variant());
        Some(match (self.variant() == text.variant(), text.region()) {
            (true, None) => Nearness::Variant(1),
            // Of a language that is written alike everywhere any region is as good; where one region stands for the
            // others it comes first.
            (true, Some(_)) => Nearness::Variant(if stands(text) { 2 } else { 3 }),
            (false, None) => Nearness::Language(0),
            (false, Some(_)) => Nearness::Language(1),
        })
    }

    /// The tags that are looked for, the nearest first: itself, without what it can do without, the language alone.
    pub fn chain(&self) -> Vec<String> {
        let mut chain = vec![self.to_string()];
        let script =
            (self.script != [0; 4] || self.script() != Self::of(self.language).script()).then(|| self.script());
        let longer = [
            script.map(|script| format!("{}-{script}", self.language)),
            Some(self.variant()).filter(|v| !v.is_empty()).map(|v| format!("{}-{v}", self.language)),
            Some(self.language.to_string()),
        ];
        for tag in longer.into_iter().flatten() {
            if !chain.contains(&tag) {
                chain.push(tag);
            }
        }
        chain
    }
}

impl FromStr for Locale {
    type Err = LocaleError;
    fn from_str(text: &str) -> Result<Self, LocaleError> {
        let wrong = |why| LocaleError(text.chars().take(40).collect(), why);
        let bare = text.trim().split('.').next().unwrap_or_default();
        let mut parts = bare.split(['-', '_']).peekable();
        let first = parts.next().unwrap_or_default().to_ascii_lowercase();
        let language = match first.as_str() {
            "fil" => "tl",
            "iw" => "he",
            "in" => "id",
            other => other,
        };
        if !LANGUAGES.split_ascii_whitespace().any(|known| known == language) {
            return Err(wrong("its language is not one of ISO 639-1"));
        }
        let language: Language = language.parse().map_err(|_| wrong("its language is not one of ISO 639-1"))?;
        let mut locale = Self::of(language);
        if let Some(part) = parts.next_if(|p| p.len() == 4 && p.bytes().all(|b| b.is_ascii_alphabetic())) {
            let mut script = [0; 4];
            for (at, byte) in part.bytes().enumerate() {
                script[at] = if at == 0 { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() };
            }
            if !SCRIPTS.iter().any(|(known, _)| **known == script) {
                return Err(wrong("its script is not known"));
            }
            locale.script = script;
        }
        let is_region = |p: &&str| {
            p.len() == 2 && p.bytes().all(|b| b.is_ascii_alphabetic())
                || p.len() == 3 && p.bytes().all(|b| b.is_ascii_digit())
        };
        if let Some(part) = parts.next_if(is_region) {
            let region = part.to_ascii_uppercase();
            if region.len() == 2 && !region.parse::<Market>().is_ok_and(|m| crate::country(m).is_some()) {
                return Err(wrong("its region is not one of ISO 3166-1"));
            }
            locale.region[..region.len()].copy_from_slice(region.as_bytes());
        }
        // Variants have 5 to 8 characters, or 4 with a digit first; one letter begins an extension, and all that follows is of it.
        for part in parts {
            let plain = part.bytes().all(|b| b.is_ascii_alphanumeric());
            match part.len() {
                1 if plain => break,
                5..=8 if plain => {}
                4 if plain && part.as_bytes()[0].is_ascii_digit() => {}
                _ => return Err(wrong("it has a part that means nothing")),
            }
        }
        Ok(locale)
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.language.code())?;
        if self.script != [0; 4] {
            write!(f, "-{}", std::str::from_utf8(&self.script).unwrap_or_default())?;
        }
        self.region().map_or(Ok(()), |region| write!(f, "-{region}"))
    }
}

impl TryFrom<String> for Locale {
    type Error = LocaleError;
    fn try_from(text: String) -> Result<Self, LocaleError> {
        text.parse()
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.to_string()
    }
}

/// The locales of an `Accept-Language` header (RFC 9110, section 12.5.4), the most wanted first; those that are not known,
/// `*` and those with `q=0` are left out.
///
/// # Errors
/// Where nothing that is named is known, or a weight cannot be read.
pub fn accept_language(header: &str) -> Result<Vec<Locale>, LocaleError> {
    let mut wanted: Vec<(u32, Locale)> = Vec::new();
    let mut unknown = None;
    for range in header.split(',').map(str::trim).filter(|range| !range.is_empty()) {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default();
        let mut weight = 1_000;
        for parameter in parts {
            let value = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="));
            let value: Option<f64> = value.and_then(|v| v.trim().parse().ok()).filter(|v| (0.0..=1.0).contains(v));
            let why = "a weight is q=0 to q=1";
            weight = (value.ok_or_else(|| LocaleError(range.chars().take(40).collect(), why))? * 1_000.0) as u32;
        }
        if tag == "*" || weight == 0 {
            continue;
        }
        match tag.parse() {
            Ok(locale) => wanted.push((weight, locale)),
            Err(why) => unknown = unknown.or(Some(why)),
        }
    }
    if let (true, Some(why)) = (wanted.is_empty(), unknown) {
        return Err(why);
    }
    wanted.sort_by_key(|w| std::cmp::Reverse(w.0));
    Ok(wanted.into_iter().map(|(_, locale)| locale).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(text: &str) -> Locale {
        text.parse().unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn tags_are_read_in_any_case_and_written_in_the_usual_one() {
        for (text, tag) in [
            ("PT_br", "pt-BR"),
            ("zh-hant-hk", "zh-Hant-HK"),
            ("es-419", "es-419"),
            ("de-DE-u-co-phonebk", "de-DE"),
            ("de-1996", "de"),
            ("ca-valencia", "ca"),
            ("en_US.UTF-8", "en-US"),
            ("iw-IL", "he-IL"),
        ] {
            assert_eq!(locale(text).to_string(), tag);
        }
        for wrong in ["", "x", "xx", "de-XX", "de-UK", "deutsch", "zh-Abcd", "de DE", "de-", "pt-BR-", "de-DE-?", "*"] {
            assert!(wrong.parse::<Locale>().is_err(), "{wrong}");
        }
    }

    /// Of all texts that there are, which one a reader gets.
    fn best<'a>(asked: &str, texts: &[&'a str]) -> Option<&'a str> {
        let fits = texts.iter().filter_map(|text| Some((locale(asked).fit(&locale(text))?, *text)));
        fits.min_by_key(|(fit, _)| *fit).map(|(_, text)| text)
    }

    #[test]
    fn a_reader_gets_the_variant_that_is_nearest() {
        let all = [
            "en-US",
            "en-GB",
            "pt-BR",
            "pt-PT",
            "zh-Hans",
            "zh-Hant",
            "zh-Hant-HK",
            "es-ES",
            "es-MX",
            "fr",
            "fr-CA",
            "de",
        ];
        for (asked, text) in [
            ("en", "en-US"),
            ("en-AU", "en-GB"),
            ("en-PH", "en-US"),
            ("pt", "pt-BR"),
            ("pt-AO", "pt-PT"),
            ("zh", "zh-Hans"),
            ("zh-SG", "zh-Hans"),
            ("zh-TW", "zh-Hant"),
            ("zh-MO", "zh-Hant-HK"),
            ("es-AR", "es-MX"),
            ("es-419", "es-MX"),
            ("es", "es-ES"),
            ("fr-BE", "fr"),
            ("fr-CA", "fr-CA"),
            ("de-AT", "de"),
        ] {
            assert_eq!(best(asked, &all), Some(text), "{asked}");
        }
        assert_eq!(best("ja", &all), None);
        // What stands in for it where there is nothing better is told apart from what fits.
        assert_eq!(locale("zh-TW").fit(&locale("zh")), Some(Nearness::Language(2)), "other letters");
        assert_eq!(locale("pt-PT").fit(&locale("pt-BR")), Some(Nearness::Language(1)));
        assert_eq!(locale("nb-NO").fit(&locale("no")), Some(Nearness::Variant(1)), "two names of one language");
        assert_eq!(locale("sr-Latn").fit(&locale("sr")), Some(Nearness::Language(2)));
    }

    #[test]
    fn a_chain_ends_with_the_language() {
        assert_eq!(locale("zh-HK").chain(), ["zh-HK", "zh-Hant", "zh"]);
        assert_eq!(locale("pt-AO").chain(), ["pt-AO", "pt-PT", "pt"]);
        assert_eq!(locale("de").chain(), ["de"]);
        assert_eq!(
            Locale::read_in("TW".parse().unwrap()).next().map(|l| l.script().to_owned()),
            Some("Hant".to_owned())
        );
    }

    #[test]
    fn a_header_is_read_by_weight_and_what_is_unknown_left_out() {
        let tags = |header: &str| accept_language(header).map(|l| l.iter().map(Locale::to_string).collect::<Vec<_>>());
        assert_eq!(tags("de;q=0.5, pt-BR, xx;q=0.9, *;q=0.1, fr;q=0"), Ok(vec!["pt-BR".to_owned(), "de".to_owned()]));
        assert_eq!((tags("*"), tags("")), (Ok(vec![]), Ok(vec![])));
        assert!(tags("xx, yy;q=0.3").is_err());
        assert!(tags("de;q=2").is_err());
    }
}
