//! What the seller states of a product in columns of its own: marks at hand, languages of label and manual, battery, liquid.
//!
//! Lists are parted by `;`, `,`, `|`, their Chinese forms or line ends, marks by `/` too (`UL/ETL`). An empty cell says nothing;
//! `none` (or `-`, `no`, `无`, `keine` …) says that there is none, which is known. Marks are compared in capitals and without
//! blanks: `CE marking` is `CE`, `3C` is `CCC`, `UN 38.3` is `UN38.3`; what is no mark that we know stays as it is written,
//! because a seller's own rule may ask for it. A language is its code (`de`, `de-AT`) or its name.
//!
//! A class of battery or liquid is a word or the UN number of the goods: 3480 and 3090 lithium batteries alone, 3481 and 3091 inside or
//! beside a device, 1950 spray cans, 1993, 1266, 1170, 1263 and 1987 flammable liquids. A word that is none of these says nothing.

use super::traits::{Trait, Traits};
use std::collections::BTreeSet;

/// Words for "there is none".
const NONE: &[&str] = &[
    "none", "no", "n/a", "-", "–", "0", "nothing", "keine", "kein", "nein", "aucun", "ninguno", "nessuno", "无", "没有",
];

/// Names of languages of labels, with their codes.
const LANGUAGES: &[(&str, &[&str])] = &[
    ("ar", &["arabic", "العربية", "阿拉伯语"]),
    ("cs", &["czech", "čeština", "捷克语"]),
    ("da", &["danish", "dansk", "丹麦语"]),
    ("de", &["german", "deutsch", "德语", "德文"]),
    ("el", &["greek", "ελληνικά", "希腊语"]),
    ("en", &["english", "英语", "英文"]),
    ("es", &["spanish", "español", "西班牙语"]),
    ("fi", &["finnish", "suomi", "芬兰语"]),
    ("fr", &["french", "français", "法语", "法文"]),
    ("he", &["hebrew", "עברית", "希伯来语"]),
    ("hu", &["hungarian", "magyar", "匈牙利语"]),
    ("id", &["indonesian", "bahasa indonesia", "印尼语"]),
    ("it", &["italian", "italiano", "意大利语"]),
    ("ja", &["japanese", "日本語", "日语", "日文"]),
    ("ko", &["korean", "한국어", "韩语", "韩文"]),
    ("nl", &["dutch", "nederlands", "荷兰语"]),
    ("no", &["norwegian", "norsk", "nb", "挪威语"]),
    ("pl", &["polish", "polski", "波兰语"]),
    ("pt", &["portuguese", "português", "葡萄牙语"]),
    ("ro", &["romanian", "română", "罗马尼亚语"]),
    ("sv", &["swedish", "svenska", "瑞典语"]),
    ("th", &["thai", "ไทย", "泰语"]),
    ("tr", &["turkish", "türkçe", "土耳其语"]),
    ("vi", &["vietnamese", "tiếng việt", "越南语"]),
    ("zh", &["chinese", "中文", "汉语"]),
];

/// Other spellings of a mark, in capitals and without blanks.
const SPELLINGS: &[(&str, &[&str])] = &[
    ("3C", &["CCC"]),
    ("CULUS", &["CUL", "UL"]),
    ("CETLUS", &["CETL", "ETL"]),
    ("GMARK", &["G-MARK"]),
    ("USBC", &["USB-C"]),
    ("GITEKI", &["TELEC"]),
    ("技适", &["TELEC"]),
    ("UN383", &["UN38.3"]),
];

/// Whether a cell says that there is none.
pub(super) fn says_none(cell: &str) -> bool {
    NONE.contains(&cell.trim().to_lowercase().as_str())
}

/// Entries of a list; `None` where the cell says nothing.
fn entries(cell: &str, also: &[char]) -> Option<Vec<String>> {
    let cell = cell.trim();
    if cell.is_empty() || cell == "?" {
        return None;
    }
    if says_none(cell) {
        return Some(Vec::new());
    }
    let parts = cell.split(|c: char| matches!(c, ';' | ',' | '|' | '；' | '，' | '、' | '\n') || also.contains(&c));
    let found: Vec<String> = parts.map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect();
    (!found.is_empty()).then_some(found)
}

/// Marks, certificates and registrations at hand.
pub(super) fn marks(cell: &str) -> Option<BTreeSet<String>> {
    let read = |entry: String| {
        let capitals = entry.to_uppercase();
        let bare = [" MARKING", " MARK", " CERTIFICATE", " CERTIFICATION", "认证", "证书", "标志"]
            .iter()
            .find_map(|tail| capitals.strip_suffix(tail))
            // "G mark" is a name and no mark called "G".
            .filter(|stem| stem.trim().chars().count() > 1)
            .unwrap_or(&capitals);
        let key: String = bare.chars().filter(|c| !c.is_whitespace()).collect();
        let same = SPELLINGS.iter().find(|(spelling, _)| *spelling == key);
        same.map_or_else(|| vec![key.clone()], |(_, marks)| marks.iter().map(|m| (*m).to_owned()).collect())
    };
    Some(entries(cell, &['/'])?.into_iter().flat_map(read).collect())
}

/// Languages of label and manual, ISO 639-1.
pub(super) fn languages(cell: &str) -> Option<BTreeSet<String>> {
    let read = |entry: String| {
        let small = entry.to_lowercase();
        let named = LANGUAGES.iter().find(|(_, names)| names.contains(&small.as_str()));
        let code = small.split(['-', '_']).next().unwrap_or(&small).to_owned();
        named.map_or(code, |(code, _)| (*code).to_owned())
    };
    Some(entries(cell, &['/', '+'])?.into_iter().map(read).collect())
}

/// What a class says of traits: which there are and which not.
type Says = &'static [(Trait, bool)];

const BATTERY: &[(&[&str], Says)] = &[
    (
        &["alone", "un3480", "3480", "un3090", "3090", "power bank", "cells", "单独电池", "单独"],
        &[(Trait::Battery, true), (Trait::BatteryAlone, true)],
    ),
    (
        &[
            "inside",
            "in equipment",
            "with equipment",
            "built-in",
            "contained",
            "packed with",
            "lithium",
            "li-ion",
            "yes",
            "un3481",
            "3481",
            "un3091",
            "3091",
            "内置",
            "内置电池",
            "锂电池",
            "是",
        ],
        &[(Trait::Battery, true), (Trait::BatteryAlone, false)],
    ),
    // The trait is about lithium: other cells travel as ordinary goods.
    (
        &["alkaline", "nimh", "ni-mh", "aa", "aaa", "碱性", "镍氢"],
        &[(Trait::Battery, false), (Trait::BatteryAlone, false)],
    ),
];

const LIQUID: &[(&[&str], Says)] = &[
    (&["aerosol", "spray", "un1950", "1950", "气雾剂", "喷雾"], &[(Trait::Aerosol, true)]),
    (
        &[
            "flammable",
            "class 3",
            "un1993",
            "1993",
            "un1266",
            "1266",
            "un1170",
            "1170",
            "un1263",
            "1263",
            "un1987",
            "1987",
            "易燃",
            "易燃液体",
        ],
        &[(Trait::Liquid, true), (Trait::Flammable, true), (Trait::Aerosol, false)],
    ),
    (
        &["liquid", "gel", "cream", "paste", "yes", "液体", "膏体", "凝胶", "是"],
        &[(Trait::Liquid, true), (Trait::Flammable, false), (Trait::Aerosol, false)],
    ),
    (
        &["solid", "powder", "固体", "粉末"],
        &[(Trait::Liquid, false), (Trait::Flammable, false), (Trait::Aerosol, false)],
    ),
];

const NO_BATTERY: Says = &[(Trait::Battery, false), (Trait::BatteryAlone, false)];
const NO_LIQUID: Says = &[(Trait::Liquid, false), (Trait::Aerosol, false)];

fn class(cell: &str, classes: &'static [(&'static [&'static str], Says)], none: Says) -> Option<Says> {
    let small = cell.trim().to_lowercase();
    if small.is_empty() {
        return None;
    }
    if says_none(&small) {
        return Some(none);
    }
    classes.iter().find(|(words, _)| words.contains(&small.as_str())).map(|(_, says)| *says)
}

/// Takes in what the columns `battery` and `liquid` say. A "no" never takes away what name and kind are sure of: a power
/// bank that is said to have no battery is a slip in a table, and a carrier would find out.
pub(super) fn classes(battery: Option<&str>, liquid: Option<&str>, traits: &mut Traits) {
    let said = [
        battery.and_then(|cell| class(cell, BATTERY, NO_BATTERY)),
        liquid.and_then(|cell| class(cell, LIQUID, NO_LIQUID)),
    ];
    for (of, there) in said.into_iter().flatten().flatten() {
        if *there || traits.get(*of) != Some(true) {
            traits.set(*of, Some(*there));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(of: &[&str]) -> Option<BTreeSet<String>> {
        Some(of.iter().map(|s| (*s).to_owned()).collect())
    }

    #[test]
    fn marks_are_read_as_people_write_them() {
        assert_eq!(marks("CE; ukca,PSE"), set(&["CE", "PSE", "UKCA"]));
        assert_eq!(marks("CE marking、3C认证"), set(&["CCC", "CE"]));
        assert_eq!(marks("cULus / UN 38.3"), set(&["CUL", "UL", "UN38.3"]));
        assert_eq!(marks("G mark"), set(&["G-MARK"]));
        assert_eq!(marks("our own seal 7"), set(&["OUROWNSEAL7"]));
        // Nothing said, and "none" said, are two things.
        assert_eq!((marks("  "), marks("?"), marks("None"), marks("无")), (None, None, set(&[]), set(&[])));
    }

    #[test]
    fn languages_are_codes_or_names() {
        assert_eq!(languages("de;EN, fr-CA"), set(&["de", "en", "fr"]));
        assert_eq!(languages("German/中文"), set(&["de", "zh"]));
        assert_eq!((languages(""), languages("keine")), (None, set(&[])));
    }

    #[test]
    fn a_class_settles_what_is_open_and_never_denies_what_is_sure() {
        let mut traits = Traits::default();
        classes(Some("UN3481"), Some("no"), &mut traits);
        assert_eq!(traits.get(Trait::Battery), Some(true));
        assert_eq!((traits.get(Trait::BatteryAlone), traits.get(Trait::Liquid)), (Some(false), Some(false)));
        classes(Some("none"), Some("易燃"), &mut traits);
        assert_eq!(traits.get(Trait::Battery), Some(true), "a no beside a sure yes is a slip");
        assert_eq!((traits.get(Trait::Liquid), traits.get(Trait::Flammable)), (Some(true), Some(true)));
        let mut open = Traits::default();
        classes(Some("perhaps"), Some(""), &mut open);
        assert_eq!(open, Traits::default(), "a word that is none of ours says nothing");
    }
}
