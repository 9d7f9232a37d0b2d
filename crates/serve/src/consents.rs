//! What persons allowed, in memory: an answer in milliseconds cannot ask the database first.
//!
//! Persons stand here by the hash under which the database has them ([`state::consent::subject`]). A write through
//! this server is known at once; what another server on the same database wrote is known after `EVERY` at the
//! latest. About 150 bytes a decision.

use state::consent::{Consent, ConsentState, Decision, subject};
use state::{StateError, Store};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

/// How often the database is asked whether somebody else wrote.
pub(crate) const EVERY: Duration = Duration::from_secs(5);

/// Purpose of which events are kept and counted.
pub const ANALYTICS: &str = "analytics";
/// Purpose of which recommendations follow from what a person did.
pub const PERSONALISATION: &str = "personalisation";
/// Purpose of which a person may be written to.
pub const MARKETING: &str = "marketing";

/// The decision that counts for a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Last {
    at: i64,
    granted: bool,
}

type Known = HashMap<String, BTreeMap<String, Last>>;

/// The decisions that count now.
#[derive(Debug, Default)]
pub struct Consents {
    known: RwLock<Known>,
    /// What the database had when it was read.
    seen: Mutex<(u64, i64)>,
}

fn take(known: &mut Known, decision: &Decision) {
    let new = Last { at: decision.consent.at.timestamp_millis(), granted: is_granted(&decision.consent) };
    let of = known.entry(decision.subject.clone()).or_default();
    let last = of.entry(decision.consent.purpose.clone()).or_insert(new);
    // Of two decisions in one millisecond the one that allows less counts.
    if (new.at, !new.granted) >= (last.at, !last.granted) {
        *last = new;
    }
}

const fn is_granted(consent: &Consent) -> bool {
    matches!(consent.state, ConsentState::Granted)
}

impl Consents {
    /// Reads the database where it has changed since.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn refresh(&self, store: &Store) -> Result<(), StateError> {
        let seen = store.consents_seen().await?;
        if *self.seen.lock().unwrap_or_else(PoisonError::into_inner) == seen {
            return Ok(());
        }
        let mut fresh = Known::new();
        store.all_consents().await?.iter().for_each(|decision| take(&mut fresh, decision));
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(())
    }

    /// Takes a decision that was written just now.
    pub(crate) fn note(&self, person: &str, consent: &Consent) {
        let decision = Decision { subject: subject(person), consent: consent.clone() };
        take(&mut self.known.write().unwrap_or_else(PoisonError::into_inner), &decision);
    }

    /// Forgets a person's decisions.
    pub(crate) fn forget(&self, person: &str) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(&subject(person));
    }

    /// Whether a person allows a purpose; `None` for somebody who was never asked.
    pub fn of(&self, person: &str, purpose: &str) -> Option<bool> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        // Most workspaces have no decision at all: then no name is hashed.
        if known.is_empty() {
            return None;
        }
        Some(known.get(&subject(person))?.get(purpose)?.granted)
    }

    /// Whether a person of these names allows a purpose. One name that says no is enough for a no.
    pub fn of_any<'a>(&self, names: impl IntoIterator<Item = &'a str>, purpose: &str) -> Option<bool> {
        let said = names.into_iter().filter_map(|name| self.of(name, purpose));
        said.reduce(|all, one| all && one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn said(state: ConsentState, seconds: i64) -> Consent {
        let at = DateTime::from_timestamp(seconds, 0).unwrap();
        Consent { purpose: PERSONALISATION.to_owned(), state, at, source: "form".to_owned() }
    }

    #[tokio::test]
    async fn the_last_decision_counts_at_once_and_after_reading_again() {
        let (store, consents) = (Store::in_memory().await.unwrap(), Consents::default());
        assert_eq!(consents.of("ana", PERSONALISATION), None);
        let (yes, no) = (said(ConsentState::Granted, 10), said(ConsentState::Withdrawn, 20));
        // The later one arrives first, as from two forms.
        for consent in [&no, &yes] {
            store.record_consent("ana", consent).await.unwrap();
            consents.note("ana", consent);
        }
        assert_eq!(consents.of("ana", PERSONALISATION), Some(false));
        assert_eq!(consents.of("ana", MARKETING), None);
        let again = Consents::default();
        again.refresh(&store).await.unwrap();
        assert_eq!((again.of("ana", PERSONALISATION), again.of("bo", PERSONALISATION)), (Some(false), None));
        store.record_consent("bo", &yes).await.unwrap();
        again.refresh(&store).await.unwrap();
        assert_eq!(again.of("bo", PERSONALISATION), Some(true), "what another server wrote");
        assert_eq!(again.of_any(["bo", "ana"], PERSONALISATION), Some(false), "one name says no");
        assert_eq!(again.of_any(["bo", "cy"], PERSONALISATION), Some(true));
        again.forget("ana");
        assert_eq!(again.of("ana", PERSONALISATION), None);
    }
}
