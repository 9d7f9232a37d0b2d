//! Where a file came from and under which terms, as whoever took it in states it. Nothing is ever made
//! up: what nobody stated is missing.

use crate::error::IntakeError;
use domain::Day;
use serde::{Deserialize, Serialize};

/// A file's origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Terms of use, such as `CC BY 4.0` or the name of a contract.
    pub licence: Option<String>,
    /// Who gave it, or the address it was fetched from.
    pub origin: Option<String>,
    /// The day on which it was obtained.
    pub obtained: Option<Day>,
}

impl Provenance {
    /// These statements, and where one is missing that of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            licence: self.licence.or(other.licence),
            origin: self.origin.or(other.origin),
            obtained: self.obtained.or(other.obtained),
        }
    }

    /// Whether nothing is stated.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `[provenance]` of a mapping file as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingProvenance {
    /// Terms of use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Who gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// `2026-11-25`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obtained: Option<String>,
}

impl MappingProvenance {
    /// The statements, with the day read.
    ///
    /// # Errors
    /// [`IntakeError::Mapping`] for an empty text and for what is no day.
    pub fn read(&self) -> Result<Provenance, IntakeError> {
        let wrong = |field: &str, value: &str, expected: &str| IntakeError::Mapping {
            field: format!("provenance.{field}"),
            value: value.to_owned(),
            expected: expected.to_owned(),
        };
        for (field, value) in [("licence", &self.licence), ("origin", &self.origin)] {
            if let Some(value) = value.as_ref().filter(|v| v.trim().is_empty()) {
                return Err(wrong(field, value, "a text is expected; leave the line out where nothing is known"));
            }
        }
        let day = |text: &String| {
            text.parse::<Day>().map_err(|_| wrong("obtained", text, "a day such as 2026-11-25 is expected"))
        };
        Ok(Provenance {
            licence: self.licence.as_ref().map(|t| t.trim().to_owned()),
            origin: self.origin.as_ref().map(|t| t.trim().to_owned()),
            obtained: self.obtained.as_ref().map(day).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_first_holds_and_gaps_stay_gaps() {
        let text = |t: &str| Some(t.to_owned());
        let given = Provenance { licence: text("CC0"), ..Provenance::default() };
        let mapped = Provenance { licence: text("MIT"), origin: text("a partner"), obtained: None };
        let both = given.or(mapped);
        assert_eq!((both.licence, both.origin, both.obtained), (text("CC0"), text("a partner"), None));
        assert!(Provenance::default().is_empty());
    }

    #[test]
    fn a_day_that_is_none_is_named() {
        let with = |obtained: &str| MappingProvenance { obtained: Some(obtained.into()), ..Default::default() }.read();
        assert_eq!(with("2026-11-25").unwrap().obtained, Day::from_ymd(2026, 11, 25));
        for bad in ["25.11.2026", "2026-02-30", ""] {
            let said = with(bad).unwrap_err().to_string();
            assert!(said.contains("provenance.obtained") && said.contains("2026-11-25"), "{said}");
        }
        let blank = MappingProvenance { origin: Some("  ".into()), ..Default::default() };
        assert!(blank.read().unwrap_err().to_string().contains("provenance.origin"));
    }
}
