//! What a customer record says about the person: the year of birth and the sex. Exports write `F`,
//! `weiblich`, `女` and `nữ` for the same thing, and many forms default to a year in which nobody who
//! orders was born. What cannot be read is left out and counted; the record stays.

use super::{Policy, RuleDoc};

pub(crate) const BIRTH_YEAR: RuleDoc = RuleDoc {
    name: "birth_year",
    policy: Policy::Mark,
    doc: "a year of birth before 1900, or less than 13 years before today, is nobody's who orders: it is left out and \
          counted, the customer record stays",
};

pub(crate) const SEX: RuleDoc = RuleDoc {
    name: "sex",
    policy: Policy::Convert,
    doc: "words for the sex of a shopper in several languages become female, male or other; another word is left out \
          and counted",
};

/// The first year in which somebody who orders today can be born.
const FIRST_YEAR: i64 = 1900;
/// The age below which shops do not sell; a younger one is a form left at its default.
const YOUNGEST: i64 = 13;

/// Whether somebody born in this year can order in the year of today.
pub(crate) fn can_order(birth_year: i64, this_year: i64) -> bool {
    (FIRST_YEAR..=this_year - YOUNGEST).contains(&birth_year)
}

/// Sex as the clean table says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sex {
    Female,
    Male,
    Other,
}

impl Sex {
    /// The word in clean.shoppers.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
            Self::Other => "other",
        }
    }

    /// What a word means; `None` for a word that nobody knows. "Unknown" in its forms is no word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word.trim().trim_end_matches('.').to_lowercase().as_str() {
            "f" | "female" | "woman" | "w" | "weiblich" | "frau" | "mrs" | "ms" | "miss" | "femme" | "féminin"
            | "mujer" | "femenino" | "feminino" | "mulher" | "donna" | "vrouw" | "kobieta" | "女" | "女性" | "女士"
            | "nữ" | "หญิง" | "أنثى" => Some(Self::Female),
            "m" | "male" | "man" | "männlich" | "herr" | "mr" | "homme" | "masculin" | "hombre" | "masculino"
            | "homem" | "uomo" | "mężczyzna" | "男" | "男性" | "先生" | "nam" | "ชาย" | "ذكر" => {
                Some(Self::Male)
            }
            "other" | "divers" | "diverse" | "x" | "nonbinary" | "non-binary" | "autre" | "otro" | "其他" | "khác" => {
                Some(Self::Other)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_several_languages_mean_the_same() {
        for word in ["F", "weiblich", "Mrs.", "女", " nữ "] {
            assert_eq!(Sex::of(word), Some(Sex::Female), "{word}");
        }
        assert_eq!(Sex::of("Nam"), Some(Sex::Male));
        assert_eq!(Sex::of("divers"), Some(Sex::Other));
        assert_eq!(Sex::of("unknown"), None);
    }

    #[test]
    fn a_year_of_a_form_left_alone_is_not_one_of_birth() {
        assert!(can_order(1900, 2025) && can_order(2012, 2025));
        assert!(!can_order(1899, 2025) && !can_order(2013, 2025) && !can_order(0, 2025));
    }
}
