//! Countries as ISO 3166-1 alpha-2. Exports write names in many ways (`EIRE`, `RSA`, `德国`) and some
//! that are no country at all: `Unspecified` is ZZ, `European Community` EU, `Channel Islands` XC.
//! A text that nobody knows becomes ZZ and is counted with an example; the row stays.

use super::{Policy, RuleDoc};
use crate::hash::{Interner, NONE};
use domain::Market;

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "country",
    policy: Policy::Convert,
    doc: "country names become ISO 3166-1 codes; a text that is no known country becomes ZZ and is counted",
};

/// What a country text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A market, or one of the three codes for places that are no single country.
    Known(Market),
    /// A text that is neither.
    Unknown,
}

impl Place {
    /// The market, ZZ when unknown.
    pub(crate) fn market(self) -> Market {
        match self {
            Self::Known(market) => market,
            Self::Unknown => Market::UNKNOWN,
        }
    }
}

/// Reads one country text.
pub(crate) fn place(text: &str) -> Place {
    domain::market_by_name(&super::text::normalize(text)).map_or(Place::Unknown, Place::Known)
}

/// Places by text, each text read once.
#[derive(Debug)]
pub(crate) struct Places {
    texts: Interner,
    places: Vec<Place>,
    last: u32,
}

impl Default for Places {
    fn default() -> Self {
        Self { texts: Interner::default(), places: Vec::new(), last: NONE }
    }
}

impl Places {
    /// The place of a text; a missing one is `Known(ZZ)`.
    pub(crate) fn get(&mut self, text: Option<&str>) -> Place {
        let Some(text) = text else { return Place::Known(Market::UNKNOWN) };
        if self.last != NONE && self.texts.bytes(self.last) == text.as_bytes() {
            return self.places[self.last as usize];
        }
        let id = self.texts.intern(text.as_bytes());
        if id as usize == self.places.len() {
            self.places.push(place(text));
        }
        self.last = id;
        self.places[id as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_are_no_country_have_their_own_codes() {
        assert_eq!(place("Unspecified"), Place::Known(Market::UNKNOWN));
        assert_eq!(place("European Community"), Place::Known(Market::EUROPEAN_UNION));
        assert_eq!(place(" channel  islands "), Place::Known(Market::CHANNEL_ISLANDS));
        assert_eq!(place("United Kingdom").market().code(), "GB");
        assert_eq!(place("Atlantis"), Place::Unknown);
        assert_eq!(place("Atlantis").market(), Market::UNKNOWN);
    }

    #[test]
    fn a_text_is_read_once_and_remembered() {
        let mut places = Places::default();
        for text in ["Germany", "Germany", "Atlantis", "Germany"] {
            assert_eq!(places.get(Some(text)), place(text));
        }
        assert_eq!(places.places.len(), 2);
        assert_eq!(places.get(None), Place::Known(Market::UNKNOWN));
    }
}
