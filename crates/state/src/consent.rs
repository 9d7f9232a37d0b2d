//! What a person allowed: a history of decisions by purpose. The last one counts.
//!
//! The person is kept as a hash of the id, so that the table tells nothing to somebody who reads only it.

use crate::entity::consent_entry::{ActiveModel, Column, Entity, Model};
use crate::error::StateError;
use crate::secret::{hash, new_id};
use crate::store::Store;
use crate::times::{from_ms, to_ms};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsentState {
    /// Allowed.
    Granted,
    /// Refused when asked.
    Denied,
    /// Allowed once, no longer.
    Withdrawn,
}

impl ConsentState {
    /// All.
    pub const ALL: [Self; 3] = [Self::Granted, Self::Denied, Self::Withdrawn];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A decision with when and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// For what: `analytics`, `marketing_email`, …
    pub purpose: String,
    /// What was decided.
    pub state: ConsentState,
    /// When.
    pub at: DateTime<Utc>,
    /// Where it was said: a form, a banner with its version, a letter.
    pub source: String,
}

/// Under which name a person's decisions are kept.
pub fn subject(person: &str) -> String {
    hash(&format!("person\n{person}"))
}

/// A decision of somebody, by [`subject`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whose.
    pub subject: String,
    /// What was decided.
    pub consent: Consent,
}

impl Store {
    /// Takes a decision down.
    ///
    /// # Errors
    /// [`StateError::Invalid`] for an empty person or purpose.
    pub async fn record_consent(&self, person: &str, consent: &Consent) -> Result<(), StateError> {
        for (what, value) in [("person", person), ("purpose", consent.purpose.as_str())] {
            if value.is_empty() || value.len() > 200 {
                return Err(StateError::Invalid { what, got: String::new(), rule: "1 to 200 characters" });
            }
        }
        let row = ActiveModel {
            id: Set(new_id("consent_")?),
            subject: Set(subject(person)),
            purpose: Set(consent.purpose.clone()),
            state: Set(consent.state.name().to_owned()),
            at: Set(to_ms(consent.at)),
            source: Set(consent.source.clone()),
        };
        Entity::insert(row).exec_without_returning(&self.db).await?;
        Ok(())
    }

    /// All decisions of a person, oldest first.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn consents(&self, person: &str) -> Result<Vec<Consent>, StateError> {
        let rows = Entity::find()
            .filter(Column::Subject.eq(subject(person)))
            .order_by_asc(Column::At)
            .order_by_asc(Column::Id)
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(consent_of).collect())
    }

    /// What counts now for a purpose; `None` when the person was never asked.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn consent(&self, person: &str, purpose: &str) -> Result<Option<Consent>, StateError> {
        let all = self.consents(person).await?;
        // Of two decisions in one millisecond the one that allows less counts.
        let last = all.iter().filter(|c| c.purpose == purpose).max_by_key(|c| (c.at, c.state != ConsentState::Granted));
        Ok(last.cloned())
    }

    /// How many decisions there are and when the last one was made: two servers on one database see by it that the
    /// other has written.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn consents_seen(&self) -> Result<(u64, i64), StateError> {
        let n = Entity::find().count(&self.db).await?;
        let last = Entity::find().order_by_desc(Column::At).one(&self.db).await?;
        Ok((n, last.map_or(0, |row| row.at)))
    }

    /// Every decision of everybody, oldest first.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn all_consents(&self) -> Result<Vec<Decision>, StateError> {
        let rows = Entity::find().order_by_asc(Column::At).order_by_asc(Column::Id).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| Decision { subject: row.subject.clone(), consent: consent_of(row) }).collect())
    }

    /// Forgets a person's decisions; tells how many there were.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn forget_consents(&self, person: &str) -> Result<u64, StateError> {
        Ok(Entity::delete_many().filter(Column::Subject.eq(subject(person))).exec(&self.db).await?.rows_affected)
    }
}

fn consent_of(row: Model) -> Consent {
    // What cannot be read allows nothing.
    let state = ConsentState::ALL.into_iter().find(|s| s.name() == row.state).unwrap_or(ConsentState::Denied);
    Consent { purpose: row.purpose, state, at: from_ms(row.at), source: row.source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(state: ConsentState, seconds: i64) -> Consent {
        let at = DateTime::from_timestamp(seconds, 0).unwrap();
        Consent { purpose: "marketing_email".to_owned(), state, at, source: "form 3".to_owned() }
    }

    #[tokio::test]
    async fn the_latest_decision_counts_whatever_order_they_arrive_in() {
        let store = Store::in_memory().await.unwrap();
        store.record_consent("ana", &decision(ConsentState::Withdrawn, 20)).await.unwrap();
        store.record_consent("ana", &decision(ConsentState::Granted, 10)).await.unwrap();
        let now = store.consent("ana", "marketing_email").await.unwrap();
        assert_eq!(now, Some(decision(ConsentState::Withdrawn, 20)));
        assert_eq!(store.consents("ana").await.unwrap().len(), 2, "the history stays");
        assert_eq!(store.consent("ana", "analytics").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_forgotten_person_is_gone_and_the_others_stay() {
        let store = Store::in_memory().await.unwrap();
        for person in ["ana", "bo"] {
            store.record_consent(person, &decision(ConsentState::Granted, 1)).await.unwrap();
        }
        assert_eq!(store.forget_consents("ana").await.unwrap(), 1);
        assert_eq!(store.consents("ana").await.unwrap(), []);
        assert_eq!(store.consents("bo").await.unwrap().len(), 1);
        let all = store.all_consents().await.unwrap();
        assert_eq!(all, [Decision { subject: subject("bo"), consent: decision(ConsentState::Granted, 1) }]);
        assert_eq!(store.consents_seen().await.unwrap(), (1, 1_000));
    }
}
