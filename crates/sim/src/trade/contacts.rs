//! Names, e-mail addresses, telephone numbers and streets, made from a shopper's number.
//!
//! Addresses end in `example.com`, `.org` and `.net`, which RFC 2606 keeps free; telephone numbers
//! start with 55, which no market of ours gives to subscribers in that form.

use crate::world::{Place, Profile};

/// How to reach a shopper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Given name.
    pub given: &'static str,
    /// Family name.
    pub family: &'static str,
    /// E-mail address, unique to the person.
    pub email: String,
    /// Telephone number with a plus and the dialling code, unique to the person.
    pub phone: String,
    /// Street and number.
    pub street: String,
}

/// The market and the number there whose e-mail and telephone a shopper uses: usually its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) profile: &'static Profile,
    pub(crate) number: u32,
}

impl Person {
    /// Given and family name.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        let (p, n) = (self.profile, self.number as usize);
        (p.given[n % p.given.len()], p.family[n / p.given.len() % p.family.len()])
    }

    /// `emma.smith12.us@example.com`, ASCII only.
    pub(crate) fn email(self) -> String {
        let (given, family) = self.names();
        let plain = |name: &str| -> String {
            name.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
        };
        let domain = ["com", "org", "net"][self.number as usize % 3];
        let country = self.profile.market.code().to_ascii_lowercase();
        format!("{}.{}{}.{country}@example.{domain}", plain(given), plain(family), self.number)
    }

    /// `+15500000012`: two leading digits, then a number that visits all others before repeating,
    /// because 7919 shares no factor with a power of ten.
    pub(crate) fn phone(self) -> String {
        let free = self.profile.phone_digits - 2;
        let number = (u64::from(self.number) * 7919 + 1234) % 10_u64.pow(free);
        format!("+{}55{number:0width$}", self.profile.dial, width = free as usize)
    }

    /// Street and number, in the manner of the language.
    pub(crate) fn street(self) -> String {
        let house = 1 + self.number % 190;
        match self.profile.language {
            "de" => format!("Lindenweg {house}"),
            _ => format!("{house} Maple Street"),
        }
    }
}

impl Profile {
    /// The place of the shopper with this number: two of five live in the first one.
    pub(crate) fn place_of(&self, number: u32) -> &'static Place {
        let spin = (number.wrapping_mul(2_654_435_761) >> 8) as usize;
        if spin % 5 < 2 { &self.places[0] } else { &self.places[spin / 5 % self.places.len()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::profile;
    use domain::Market;
    use std::collections::BTreeSet;

    #[test]
    fn contacts_are_unique_and_reserved() {
        let de = profile(Market::from_code(*b"DE").unwrap()).unwrap();
        let all: Vec<Person> = (0..5000).map(|number| Person { profile: de, number }).collect();
        assert_eq!(all.iter().map(|p| p.email()).collect::<BTreeSet<_>>().len(), 5000);
        assert_eq!(all.iter().map(|p| p.phone()).collect::<BTreeSet<_>>().len(), 5000);
        assert_eq!(all[1].email(), "jrgen.mller1.de@example.org");
        assert_eq!(all[1].phone(), "+495500009153");
        assert!(all.iter().all(|p| p.email().contains("@example.") && p.email().is_ascii()));
    }
}
