//! Which languages a market reads, the most read first: what a title is shown in.

use crate::Market;

/// Languages by ISO 639-1 and the markets that read them, by ISO 3166-1. A market may stand in several lines: the first is
/// its most read one. Official languages with a written trade; general knowledge, stated where it is wrong by a title in
/// another language and nothing more.
const READ: &[(&str, &str)] = &[
    ("en", "AU CA GB IE NG NZ PH SG US ZA"),
    ("de", "AT CH DE LI LU"),
    ("fr", "BE CA CH CI FR LU MC SN"),
    ("nl", "BE NL"),
    ("it", "CH IT SM"),
    ("es", "AR BO CL CO CR CU DO EC ES GT HN MX NI PA PE PR PY SV UY VE"),
    ("pt", "AO BR MZ PT"),
    ("zh", "CN HK MO SG TW"),
    ("ja", "JP"),
    ("ko", "KR"),
    ("ru", "BY KG KZ RU"),
    ("uk", "UA"),
    ("pl", "PL"),
    ("cs", "CZ"),
    ("sk", "SK"),
    ("hu", "HU"),
    ("ro", "MD RO"),
    ("bg", "BG"),
    ("el", "CY GR"),
    ("tr", "TR"),
    ("sv", "FI SE"),
    ("da", "DK"),
    ("no", "NO"),
    ("nb", "NO"),
    ("fi", "FI"),
    ("et", "EE"),
    ("lv", "LV"),
    ("lt", "LT"),
    ("sl", "SI"),
    ("hr", "HR"),
    ("sr", "RS"),
    ("ar", "AE BH DZ EG IQ JO KW LB LY MA OM QA SA TN YE"),
    ("he", "IL"),
    ("fa", "IR"),
    ("hi", "IN"),
    ("en", "AE HK IN MY PK"),
    ("ur", "PK"),
    ("bn", "BD"),
    ("th", "TH"),
    ("vi", "VN"),
    ("id", "ID"),
    ("ms", "MY SG"),
    ("is", "IS"),
];

/// Languages read in a market, ISO 639-1, the most read first; nothing where it is not known.
pub fn languages(market: Market) -> impl Iterator<Item = &'static str> {
    // A second language that comes before the first one in the lines above.
    let first = match market.code() {
        "FI" => Some("fi"),
        "BE" => Some("nl"),
        _ => None,
    };
    let reads = move |(_, markets): &&(&str, &str)| markets.split(' ').any(|code| code == market.code());
    let rest = READ.iter().filter(reads).map(|(language, _)| *language).filter(move |l| Some(*l) != first);
    first.into_iter().chain(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Vec<&'static str> {
        languages(code.parse().unwrap()).collect()
    }

    #[test]
    fn the_most_read_language_comes_first() {
        assert_eq!((of("DE"), of("CH")), (vec!["de"], vec!["de", "fr", "it"]));
        assert_eq!((of("BE"), of("FI"), of("HK")), (vec!["nl", "fr"], vec!["fi", "sv"], vec!["zh", "en"]));
        assert_eq!(of("ZZ"), Vec::<&str>::new());
    }

    #[test]
    fn every_code_is_a_country() {
        for (language, markets) in READ {
            assert_eq!(language.len(), 2);
            for code in markets.split(' ') {
                assert!(crate::country(code.parse().unwrap()).is_some(), "{code}");
            }
        }
    }
}
