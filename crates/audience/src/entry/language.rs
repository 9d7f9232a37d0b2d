//! How far apart the languages of two markets are, from the tree of language families: a proxy for culture.
//!
//! Each language has a path of family, branch and twig. The distance of two languages is 0 for the same, 0.3 for the same
//! twig, 0.6 for the same branch, 0.85 for the same family, 1 for nothing in common; a script that the other side cannot
//! read adds a tenth, up to 1. Two markets are as far apart as the nearest pair of their languages, where a language that
//! is not the most read one of its market counts 0.15 more.
//!
//! The table is general knowledge, written for this program; the steps are a judgement, like every such scale. Proxies of
//! this kind follow Melitz and Toubal, "Native language, spoken language, translation and trade", Journal of
//! International Economics 93(2), 2014, who find trade to fall with linguistic distance; the numbers are not theirs.

use domain::{Market, languages};

/// Code, family, branch, twig, script.
#[rustfmt::skip]
const TREE: &[(&str, &str, &str, &str, &str)] = &[
    ("en", "indo-european", "germanic", "west", "latin"), ("de", "indo-european", "germanic", "west", "latin"),
    ("nl", "indo-european", "germanic", "west", "latin"), ("sv", "indo-european", "germanic", "north", "latin"),
    ("da", "indo-european", "germanic", "north", "latin"), ("no", "indo-european", "germanic", "north", "latin"),
    ("nb", "indo-european", "germanic", "north", "latin"), ("is", "indo-european", "germanic", "north", "latin"),
    ("fr", "indo-european", "romance", "gallic", "latin"), ("it", "indo-european", "romance", "italian", "latin"),
    ("es", "indo-european", "romance", "iberian", "latin"), ("pt", "indo-european", "romance", "iberian", "latin"),
    ("ro", "indo-european", "romance", "eastern", "latin"), ("ru", "indo-european", "slavic", "east", "cyrillic"),
    ("uk", "indo-european", "slavic", "east", "cyrillic"), ("pl", "indo-european", "slavic", "west", "latin"),
    ("cs", "indo-european", "slavic", "west", "latin"), ("sk", "indo-european", "slavic", "west", "latin"),
    ("bg", "indo-european", "slavic", "south", "cyrillic"), ("sl", "indo-european", "slavic", "south", "latin"),
    ("hr", "indo-european", "slavic", "south", "latin"), ("sr", "indo-european", "slavic", "south", "cyrillic"),
    ("lt", "indo-european", "baltic", "baltic", "latin"), ("lv", "indo-european", "baltic", "baltic", "latin"),
    ("el", "indo-european", "greek", "greek", "greek"), ("fa", "indo-european", "indo-iranian", "iranian", "arabic"),
    ("hi", "indo-european", "indo-iranian", "indic", "devanagari"), ("ur", "indo-european", "indo-iranian", "indic", "arabic"),
    ("bn", "indo-european", "indo-iranian", "indic", "bengali"), ("fi", "uralic", "finnic", "finnic", "latin"),
    ("et", "uralic", "finnic", "finnic", "latin"), ("hu", "uralic", "ugric", "ugric", "latin"),
    ("tr", "turkic", "oghuz", "oghuz", "latin"), ("ar", "afro-asiatic", "semitic", "arabic", "arabic"),
    ("he", "afro-asiatic", "semitic", "canaanite", "hebrew"), ("zh", "sino-tibetan", "sinitic", "sinitic", "han"),
    ("ja", "japonic", "japonic", "japonic", "han"), ("ko", "koreanic", "koreanic", "koreanic", "hangul"),
    ("vi", "austroasiatic", "vietic", "vietic", "latin"), ("th", "kra-dai", "tai", "tai", "thai"),
    ("id", "austronesian", "malayic", "malayic", "latin"), ("ms", "austronesian", "malayic", "malayic", "latin"),
];

/// What a second language of a market counts more.
const SECOND: f64 = 0.15;
/// What another script counts more.
const SCRIPT: f64 = 0.1;

/// Distance of two languages by ISO 639-1 in [0, 1]; `None` where one is not in the table.
pub fn of_languages(a: &str, b: &str) -> Option<f64> {
    let find = |code: &str| TREE.iter().find(|row| row.0 == code);
    let (x, y) = (find(a)?, find(b)?);
    if a == b {
        return Some(0.0);
    }
    let tree = if (x.1, x.2, x.3) == (y.1, y.2, y.3) {
        0.3
    } else if (x.1, x.2) == (y.1, y.2) {
        0.6
    } else if x.1 == y.1 {
        0.85
    } else {
        1.0
    };
    Some(if x.4 == y.4 { tree } else { f64::min(tree + SCRIPT, 1.0) })
}

/// Distance of two markets by the languages read there; `None` where those of one are not known.
pub fn of_markets(a: Market, b: Market) -> Option<f64> {
    let read = |m: Market| languages(m).collect::<Vec<_>>();
    nearest(&read(a), &read(b))
}

/// Distance of two lists of languages, the most read first.
pub fn nearest<S: AsRef<str>>(a: &[S], b: &[S]) -> Option<f64> {
    let mut least: Option<f64> = None;
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            let second = SECOND * f64::from(u8::from(i > 0) + u8::from(j > 0));
            let distance = of_languages(x.as_ref(), y.as_ref()).map(|d| (d + second).min(1.0));
            least = match (least, distance) {
                (Some(l), Some(d)) => Some(l.min(d)),
                (l, d) => l.or(d),
            };
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(a: &str, b: &str) -> f64 {
        of_markets(a.parse().unwrap(), b.parse().unwrap()).unwrap()
    }

    #[test]
    fn every_language_of_a_market_stands_in_the_tree_once() {
        let mut seen = std::collections::BTreeSet::new();
        assert!(TREE.iter().all(|row| seen.insert(row.0)));
        for country in domain::COUNTRIES {
            assert!(languages(country.market).all(|l| seen.contains(l)), "{}", country.name);
        }
    }

    #[test] // German and Dutch share a twig: 0.3. Norwegian and German a branch: 0.6. Russian and German a family: 0.85 + 0.1.
    fn steps_of_the_tree() {
        let near = |a, b| of_languages(a, b).unwrap();
        assert_eq!((near("de", "nl"), near("de", "sv"), near("de", "fr")), (0.3, 0.6, 0.85));
        assert!((near("de", "ru") - 0.95).abs() < 1e-12);
        assert_eq!((near("zh", "vi"), near("zh", "ja"), near("en", "en")), (1.0, 1.0, 0.0));
        assert_eq!(of_languages("de", "xx"), None);
    }

    #[test] // Singapore reads English, Chinese, Malay: Chinese is its second, so 0.15 from China.
    fn the_nearest_pair_of_languages_counts() {
        assert_eq!(between("CN", "TW"), 0.0);
        assert!((between("CN", "SG") - 0.15).abs() < 1e-12);
        assert_eq!(between("AT", "DE"), 0.0);
        assert!((between("CH", "FR") - 0.15).abs() < 1e-12);
        assert_eq!(between("CN", "SA"), 1.0);
        assert!(between("DE", "NL") < between("DE", "FR"));
    }
}
