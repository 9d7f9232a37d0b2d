//! Recognising what a product is by the words of its name and category, in several languages.
//!
//! Words with spaces between them are looked up as runs of one to four words (a plural -s or -es is forgiven); words of
//! scripts without spaces are looked for anywhere. Of all kinds found the one with the longest word wins, of equal ones a
//! controlled one, then the order of the table; a family named by the category keeps out kinds of other families, so that a vacuum cleaner among the
//! toys is a toy. Cost: `O(length of the texts)` look-ups.

use super::traits::{Trait, Traits};
use crate::own_file::{FileError, Said, Source};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Families of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Small and large appliances.
    Appliance,
    /// Cosmetics and personal care.
    Cosmetic,
    /// Clothes, shoes, bags.
    Apparel,
    /// Toys and games.
    Toy,
    /// Consumer electronics and lighting.
    Electronics,
    /// Other things of the household.
    Household,
    /// Goods with rules of their own: weapons, medicine, nicotine …
    Controlled,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Appliance,
        Self::Cosmetic,
        Self::Apparel,
        Self::Toy,
        Self::Electronics,
        Self::Household,
        Self::Controlled,
    ];

    /// As rules write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Appliance => "appliance",
            Self::Cosmetic => "cosmetic",
            Self::Apparel => "apparel",
            Self::Toy => "toy",
            Self::Electronics => "electronics",
            Self::Household => "household",
            Self::Controlled => "controlled",
        }
    }

    /// In words.
    pub fn said(self) -> Said {
        let (en, zh) = match self {
            Self::Appliance => ("appliances", "家电"),
            Self::Cosmetic => ("cosmetics", "化妆品"),
            Self::Apparel => ("apparel", "服饰"),
            Self::Toy => ("toys", "玩具"),
            Self::Electronics => ("electronics", "电子产品"),
            Self::Household => ("household goods", "家居用品"),
            Self::Controlled => ("controlled goods", "管制商品"),
        };
        Said::new(en, zh)
    }
}

/// A kind of product.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// Name in rules: `hair_dryer`.
    pub id: String,
    /// Its family.
    pub family: Family,
    /// In words.
    pub said: Said,
    /// What is known of every product of the kind.
    pub traits: Traits,
    /// Six digits of the Harmonized System where such goods usually fall: an assumption, to verify.
    pub hs: Option<String>,
}

/// Number of a kind in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindIdx(pub u16);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Meaning {
    Kind(KindIdx),
    Family(Family),
    Words(u16),
}

/// All kinds with the words that name them.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    kinds: Vec<Kind>,
    trait_words: Vec<(Vec<Trait>, Vec<Trait>)>,
    /// Runs of words, small letters, one space between.
    spaced: HashMap<String, Vec<Meaning>>,
    /// Words of scripts without spaces, by their first character.
    unspaced: HashMap<char, Vec<(String, Meaning)>>,
}

/// What the words of a product say.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Recognised {
    /// The kind.
    pub kind: Option<KindIdx>,
    /// The family, by the kind or by the category.
    pub family: Option<Family>,
    /// What is known of its traits.
    pub traits: Traits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    kind: Vec<RawKind>,
    #[serde(default)]
    family: Vec<RawFamily>,
    #[serde(default)]
    trait_words: Vec<RawWords>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKind {
    id: String,
    family: Family,
    en: String,
    zh: String,
    words: String,
    hs: Option<String>,
    #[serde(default)]
    yes: String,
    #[serde(default)]
    maybe: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFamily {
    id: Family,
    words: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWords {
    #[serde(default)]
    yes: String,
    #[serde(default)]
    no: String,
    words: String,
}

/// Longest run of words that is looked up.
const RUN: usize = 4;

/// From here on scripts are written without spaces between words (Thai, Lao, kana, ideographs); Arabic, Hebrew and Hangul
/// below and between attach particles to words, so they are looked for anywhere too.
fn without_spaces(word: &str) -> bool {
    word.chars().any(|c| c >= '\u{0590}' && !('\u{1E00}'..='\u{2FFF}').contains(&c))
}

/// Small letters, everything that is no letter or digit a space.
fn folded(text: &str) -> String {
    let lower = text.to_lowercase();
    let keep = |c: char| if c.is_alphanumeric() || is_mark(c) { c } else { ' ' };
    lower.chars().map(keep).collect()
}

/// Vowel signs and tone marks that belong to a word but are no letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0610}'..='\u{065F}' | '\u{0E31}'..='\u{0E4E}')
}

fn named(names: &str) -> Result<Vec<Trait>, String> {
    let one = |name: &str| {
        let found = Trait::ALL.iter().copied().find(|t| t.name() == name);
        found.ok_or_else(|| {
            format!("`{name}` is no trait: {}", Trait::ALL.iter().map(|t| t.name()).collect::<Vec<_>>().join(", "))
        })
    };
    names.split_whitespace().map(one).collect()
}

pub(crate) fn trait_names(names: &[String]) -> Result<Vec<Trait>, String> {
    named(&names.join(" "))
}

impl Kinds {
    /// The kinds compiled in.
    ///
    /// # Panics
    /// Never: a test reads the table that is compiled in.
    pub fn built_in() -> Self {
        Self::parse("built-in kinds", include_str!("data/kinds.toml")).expect("the kinds compiled in can be read")
    }

    /// A table of kinds.
    ///
    /// # Errors
    /// [`FileError`] naming line, key, value and what would be right.
    pub fn parse(file: &str, text: &str) -> Result<Self, FileError> {
        let source = Source { file, text };
        let raw: RawFile = source.read()?;
        let mut kinds = Self::default();
        for (n, raw) in raw.kind.into_iter().enumerate() {
            let of = |key: &'static str, names: &str| named(names).map_err(|e| source.wrong("kind", n, key, e));
            let mut traits = Traits::none();
            for t in of("yes", &raw.yes)? {
                traits.set(t, Some(true));
            }
            for t in of("maybe", &raw.maybe)? {
                traits.set(t, None);
            }
            let idx = KindIdx(u16::try_from(n).map_err(|_| source.wrong("kind", n, "id", "fewer kinds"))?);
            if kinds.kinds.iter().any(|k| k.id == raw.id) {
                return Err(source.wrong("kind", n, "id", "an id that no other kind has"));
            }
            kinds.add(&raw.words, Meaning::Kind(idx));
            if raw.hs.as_ref().is_some_and(|hs| hs.len() < 2 || !hs.bytes().all(|b| b.is_ascii_digit())) {
                return Err(source.wrong("kind", n, "hs", "two to ten digits: \"851631\""));
            }
            let said = Said::new(raw.en, raw.zh);
            kinds.kinds.push(Kind { id: raw.id, family: raw.family, said, traits, hs: raw.hs });
        }
        for raw in raw.family {
            kinds.add(&raw.words, Meaning::Family(raw.id));
        }
        for (n, raw) in raw.trait_words.into_iter().enumerate() {
            let of = |key: &'static str, names: &str| named(names).map_err(|e| source.wrong("trait_words", n, key, e));
            let pair = (of("yes", &raw.yes)?, of("no", &raw.no)?);
            let idx = u16::try_from(n).map_err(|_| source.wrong("trait_words", n, "words", "fewer rows"))?;
            kinds.add(&raw.words, Meaning::Words(idx));
            kinds.trait_words.push(pair);
        }
        Ok(kinds)
    }

    fn add(&mut self, words: &str, meaning: Meaning) {
        for word in words.split('|') {
            let word = folded(word).split_whitespace().collect::<Vec<_>>().join(" ");
            let Some(first) = word.chars().next() else { continue };
            if without_spaces(&word) {
                self.unspaced.entry(first).or_default().push((word, meaning));
            } else {
                self.spaced.entry(word).or_default().push(meaning);
            }
        }
    }

    /// A kind by its number.
    pub fn get(&self, idx: KindIdx) -> Option<&Kind> {
        self.kinds.get(usize::from(idx.0))
    }

    /// A kind by its id.
    pub fn find(&self, id: &str) -> Option<KindIdx> {
        self.kinds.iter().position(|k| k.id == id).map(|i| KindIdx(i as u16))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.iter()
    }

    /// Each meaning found in a text with the length of its word in characters.
    fn found(&self, text: &str) -> Vec<(usize, Meaning)> {
        let text = folded(text);
        let mut found = Vec::new();
        let words: Vec<&str> = text.split_whitespace().collect();
        for from in 0..words.len() {
            let mut run = String::new();
            for word in &words[from..words.len().min(from + RUN)] {
                if !run.is_empty() {
                    run.push(' ');
                }
                run.push_str(word);
                let singular =
                    [run.as_str(), run.strip_suffix('s').unwrap_or(""), run.strip_suffix("es").unwrap_or("")];
                if let Some(meanings) = singular.iter().find_map(|w| self.spaced.get(*w)) {
                    let length = run.chars().count();
                    found.extend(meanings.iter().map(|m| (length, *m)));
                }
            }
        }
        // Particles and endings touch the word, and blanks may be missing: anywhere in the text.
        let joined = words.join(" ");
        for (at, c) in joined.char_indices() {
            let Some(candidates) = self.unspaced.get(&c) else { continue };
            let here = candidates.iter().filter(|(word, _)| joined[at..].starts_with(word.as_str()));
            // A sign says more than a letter: two count as four.
            found.extend(here.map(|(word, m)| (2 * word.chars().count(), *m)));
        }
        found
    }

    /// What name and category say of a product. The name decides; the category where the name says nothing, and it may name
    /// the family.
    pub fn recognise(&self, name: &str, category: &str) -> Recognised {
        let (in_name, in_category) = (self.found(name), self.found(category));
        // The longest word says most, of equal ones the last: "Household Appliances" are appliances.
        let family_of = |found: &[(usize, Meaning)]| {
            let families = found.iter().filter_map(|(length, m)| match m {
                Meaning::Family(family) => Some((*length, *family)),
                Meaning::Kind(_) | Meaning::Words(_) => None,
            });
            families.max_by_key(|(length, _)| *length).map(|(_, family)| family)
        };
        let named_family = family_of(&in_category);
        let best = |found: &[(usize, Meaning)], family: Option<Family>| {
            let kinds = found.iter().filter_map(|(length, m)| match m {
                Meaning::Kind(idx) => Some((*length, *idx)),
                Meaning::Family(_) | Meaning::Words(_) => None,
            });
            let fits = |idx: &KindIdx| {
                let of = self.kinds[usize::from(idx.0)].family;
                // What is controlled stays so under any category.
                family.is_none_or(|f| f == of || of == Family::Controlled)
            };
            // Of equally long words the one with rules of its own: vitamin tablets are no tablet computers.
            let usual = |idx: &KindIdx| self.kinds[usize::from(idx.0)].family != Family::Controlled;
            let order = |(length, idx): &(usize, KindIdx)| (std::cmp::Reverse(*length), usual(idx), *idx);
            kinds.filter(|(_, idx)| fits(idx)).min_by_key(order).map(|k| k.1)
        };
        // A kind that name and category both name stands, whatever family the path leads through: a hair dryer is filed under beauty,
        // a filter under appliances.
        let also = |kind: &KindIdx| in_category.iter().any(|(_, m)| matches!(m, Meaning::Kind(other) if other == kind));
        let both: Vec<(usize, Meaning)> =
            in_name.iter().filter(|(_, m)| matches!(m, Meaning::Kind(kind) if also(kind))).copied().collect();
        let kind =
            best(&both, None).or_else(|| best(&in_name, named_family)).or_else(|| best(&in_category, named_family));
        let family = kind.map(|k| self.kinds[usize::from(k.0)].family).or(named_family).or_else(|| family_of(&in_name));
        let mut traits = kind.map_or(Traits::default(), |k| self.kinds[usize::from(k.0)].traits);
        if kind.is_none() && family.is_some() {
            traits = of_family(family);
        }
        for (_, m) in in_name.iter().chain(&in_category) {
            if let Meaning::Words(n) = m {
                let (yes, no) = &self.trait_words[usize::from(*n)];
                yes.iter().for_each(|t| traits.set(*t, Some(true)));
                no.iter().for_each(|t| traits.set(*t, Some(false)));
            }
        }
        Recognised { kind, family, traits }
    }
}

/// What is known where only the family is: what makes the family, and what no product of it has.
fn of_family(family: Option<Family>) -> Traits {
    use Trait::*;
    let (yes, open): (&[Trait], &[Trait]) = match family {
        Some(Family::Appliance) => (&[], &[Mains, Battery, Radio, FoodContact, Heating, Motor, Refrigerant]),
        Some(Family::Cosmetic) => (&[Cosmetic], &[Liquid, Flammable, Aerosol, SunFilter, Whitening, HairDye]),
        Some(Family::Apparel) => (&[], &[Textile, Child, Fur, Footwear]),
        Some(Family::Toy) => (&[Toy, Child], &[Battery, Radio, Magnet, Textile, GunShape, Baby]),
        Some(Family::Electronics) => (&[], &[Mains, Battery, Radio, Usb, Display, Laser]),
        Some(Family::Household) => (&[], &[FoodContact, Textile, Liquid, Chemical]),
        Some(Family::Controlled) | None => return Traits::default(),
    };
    let mut traits = Traits::none();
    yes.iter().for_each(|t| traits.set(*t, Some(true)));
    open.iter().for_each(|t| traits.set(*t, None));
    traits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, category: &str) -> String {
        let kinds = Kinds::built_in();
        kinds.recognise(name, category).kind.map_or_else(String::new, |k| kinds.get(k).unwrap().id.clone())
    }

    #[test]
    fn names_in_many_languages_are_recognised() {
        for (name, want) in [
            ("Breezo Haartrockner H100 schwarz", "hair_dryer"),
            ("便携式吹风机 1600W", "hair_dryer"),
            ("ไดร์เป่าผม พับได้", "hair_dryer"),
            ("Máy sấy tóc mini", "hair_dryer"),
            ("Electric Kettles 1.7 L", "kettle"),
            ("مجفف شعر احترافي", "hair_dryer"),
            ("大容量モバイルバッテリー", "power_bank"),
            ("Women's Dresses, cotton", "dress"),
            ("Something else", ""),
        ] {
            assert_eq!(kind(name, ""), want, "{name}");
        }
    }

    #[test]
    fn the_longest_word_wins_and_a_named_family_keeps_others_out() {
        assert_eq!(kind("Robot vacuum cleaner with mop", ""), "robot_vacuum");
        assert_eq!(kind("Vacuum cleaner, no robot", ""), "vacuum");
        assert_eq!(kind("Vacuum cleaner with sounds", "Toys > Role play"), "");
        assert_eq!(kind("Vape pen kettle", "Electronics"), "e_cigarette");
        let vitamin = (kind("Vitamin C tablets", ""), kind("Vitamin C serum 30 ml", ""));
        assert_eq!(vitamin, ("supplement".to_owned(), "cream".to_owned()));
        assert_eq!(kind("Jacket, lighter than ever", ""), "jacket");
        // Both name it, and the path leads through another family.
        assert_eq!(
            kind("Lumico Hair Dryer N1", "Health & Beauty > Personal Care > Hair Care > Hair Dryer"),
            "hair_dryer"
        );
        assert_eq!(
            kind("Replacement filter set", "Household Appliance Accessories > Replacement Filter Set"),
            "filter_set"
        );
        assert_eq!(kind("Hair dryer scent shampoo", "Health & Beauty > Shampoo"), "shampoo");
        assert_eq!(kind("Model B220", "Home appliances > Kitchen > Electric kettle"), "kettle");
    }

    #[test]
    fn traits_come_from_the_kind_and_from_words_of_the_name() {
        let kinds = Kinds::built_in();
        let plain = kinds.recognise("Electric kettle", "").traits;
        assert_eq!((plain.get(Trait::Mains), plain.get(Trait::Radio)), (Some(true), Some(false)));
        let smart = kinds.recognise("Electric kettle with Bluetooth", "").traits;
        assert_eq!(smart.get(Trait::Radio), Some(true));
        let vacuum = kinds.recognise("Staubsauger", "").traits;
        assert_eq!(vacuum.get(Trait::Battery), None);
        assert_eq!(kinds.recognise("Akku-Staubsauger kabellos", "").traits.get(Trait::Battery), Some(true));
        let toy = kinds.recognise("Something new", "Toys");
        assert_eq!(
            (toy.family, toy.traits.get(Trait::Toy), toy.traits.get(Trait::Radio)),
            (Some(Family::Toy), Some(true), None)
        );
        assert_eq!(kinds.recognise("X-100", "").traits, Traits::default());
    }

    #[test]
    fn a_trait_that_does_not_exist_names_its_line() {
        let text =
            "[[kind]]\nid = \"a\"\nfamily = \"toy\"\nen = \"a\"\nzh = \"b\"\nwords = \"a\"\nyes = \"toy plug\"\n";
        let e = Kinds::parse("kinds.toml", text).unwrap_err().to_string();
        assert!(e.starts_with("kinds.toml:7: `yes` is \"toy plug\": `plug` is no trait: mains, battery"), "{e}");
    }
}
