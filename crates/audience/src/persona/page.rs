//! The page: five parts of statements, each with its figure, its query and quotes; a name; and what is not known.
//!
//! Rules: below [`PersonaParams::min_shoppers`] shoppers there is no persona at all; a place, category or brand that fewer than
//! [`PersonaParams::privacy_floor`] shoppers share is not named, and how many were left out is said; a figure that is not shown
//! (too little data) makes no statement and is listed under what is not known; a statement whose group has no
//! query is an error, because a number that nobody can look up has no place here. Where no order says who bought
//! ([`Counted::Orders`]), both floors count orders, and what that costs is listed under what is not known. Cost: nothing to speak of.

use super::facts::{Counted, Facts, Group, Whose};
use super::{name, parts, said};
use crate::AudienceError;
use crate::cohort_level::not_identifiable;
use crate::needs::quotes::Quote;
use domain::Figure;
use serde::{Deserialize, Serialize};

/// How much it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PersonaParams {
    /// Fewest shoppers of a persona.
    pub min_shoppers: u64,
    /// Fewest shoppers behind a named place, category or brand.
    pub privacy_floor: u64,
    /// Most statements a part.
    pub max_entries: usize,
    /// Largest q-value of a difference that is stated.
    pub max_q: f64,
}

impl Default for PersonaParams {
    fn default() -> Self {
        Self { min_shoppers: 100, privacy_floor: 20, max_entries: 8, max_q: 0.05 }
    }
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Said {
    /// From both.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What it says.
    pub statement: Said,
    /// The figure that carries it; its source is the query.
    pub figure: Figure,
    /// Which query.
    pub group: Group,
    /// In the shoppers' own words, where they wrote.
    pub quotes: Vec<Quote>,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Persona {
    /// Whose.
    pub whose: Whose,
    /// Its name.
    pub name: Said,
    /// By which rules it got the name.
    pub name_rules: Vec<Said>,
    /// Who they are.
    pub basics: Vec<Entry>,
    /// How they buy.
    pub consumption: Vec<Entry>,
    /// What they like.
    pub interests: Vec<Entry>,
    /// Why they buy, what hurts.
    pub motives: Vec<Entry>,
    /// What is said in whatever language: trust, security, satisfaction and what else; empty on pages of earlier releases.
    #[serde(default)]
    pub concerns: Vec<Entry>,
    /// What is not known, with the reason.
    pub unknown: Vec<Said>,
    /// Shoppers it rests on; orders where [`Self::counted`] says so.
    pub n_shoppers: u64,
    /// What it counts; pages of earlier releases count shoppers.
    #[serde(default)]
    pub counted: Counted,
}

impl PersonaParams {
    /// Puts the page together.
    ///
    /// # Errors
    /// [`AudienceError::TooLittleData`] below the fewest shoppers, [`AudienceError::NoQuery`] for a statement without one.
    pub fn page(&self, whose: Whose, facts: &Facts) -> Result<Persona, AudienceError> {
        if facts.n_shoppers < self.min_shoppers {
            let (have, need) = (facts.n_shoppers as usize, self.min_shoppers as usize);
            let what = match facts.counted {
                Counted::Shoppers => "shoppers of a persona",
                Counted::Orders => "orders of a persona",
            };
            return Err(AudienceError::TooLittleData { what, have, need });
        }
        let mut unknown = Vec::new();
        if facts.counted == Counted::Orders {
            unknown.extend(not_identifiable().into_iter().map(|lost| Said::new(lost.en, lost.zh)));
        }
        let mut part = |make: fn(&PersonaParams, &Facts, &mut Vec<Said>) -> Vec<Entry>| {
            let mut entries = make(self, facts, &mut unknown);
            entries.truncate(self.max_entries);
            entries.iter_mut().try_for_each(|entry| match facts.queries.get(&entry.group) {
                Some(query) => {
                    entry.figure.source.clone_from(query);
                    Ok(())
                }
                None => Err(AudienceError::NoQuery { statement: entry.statement.en.clone() }),
            })?;
            Ok::<_, AudienceError>(entries)
        };
        let basics = part(parts::basics)?;
        let consumption = part(parts::consumption)?;
        let interests = part(parts::interests)?;
        let motives = part(parts::motives)?;
        let concerns = part(said::concerns)?;
        if facts.counted == Counted::Orders {
            // Said once, in the words of what is lost, and not again as if more orders would bring it.
            let of_shoppers =
                ["repeat rate:", "time until they return:", "satisfaction and loyalty:", "what goes with coming back:"];
            unknown.retain(|said| !of_shoppers.iter().any(|lost| said.en.starts_with(lost)));
        }
        let (name, name_rules) = name::name(self, facts);
        Ok(Persona {
            whose,
            name,
            name_rules,
            basics,
            consumption,
            interests,
            motives,
            concerns,
            unknown,
            n_shoppers: facts.n_shoppers,
            counted: facts.counted,
        })
    }
}

impl Persona {
    /// All statements in the order of the page.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        let first = self.basics.iter().chain(&self.consumption).chain(&self.interests);
        first.chain(&self.motives).chain(&self.concerns)
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
