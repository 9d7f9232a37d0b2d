//! Who did what: entries are only added, and each carries a hash of itself and of the one before.
//!
//! `hash(n) = SHA-256(hash(n-1), n, at, actor, action, subject, detail)`, each part with its length before it, so that
//! no text can move between parts. An entry that is changed, removed from the middle or put in between breaks the
//! chain at its place; the number and hash of the last entry are kept beside it, so that cutting the end off is seen
//! too. Whoever can write the whole database can write a whole new chain: keep the last hash elsewhere to see that.

use crate::entity::audit_entry::{ActiveModel, Column, Entity, Model};
use crate::error::StateError;
use crate::secret::hex;
use crate::store::{Store, is_taken};
use crate::times::{from_ms, to_ms};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};

const HEAD: &str = "audit.head";

/// How often an entry is tried again when another took its number.
const TRIES: usize = 64;

/// Entries read at a time while verifying.
const BATCH: u64 = 1_000;

/// What is to be taken down. No personal data: names of accounts, ids of keys, hashes of persons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewEntry<'a> {
    /// Who: `user:NAME`, `key:PREFIX`, `system`.
    pub actor: &'a str,
    /// What: `key.created`.
    pub action: &'a str,
    /// On what.
    pub subject: &'a str,
    /// More about it.
    pub detail: &'a str,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number, from 1 without gaps.
    pub number: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// On what.
    pub subject: String,
    /// More about it.
    pub detail: String,
    /// Hash of this entry and the one before.
    pub hash: String,
}

/// Whether the chain is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is, over so many entries.
    Whole(u64),
    /// It is not from this number on.
    BrokenAt(u64),
}

fn chained(before: &str, row: &Model) -> String {
    let mut hasher = Sha256::new();
    let (number, at) = (row.number.to_string(), row.at.to_string());
    for part in [before, &number, &at, &row.actor, &row.action, &row.subject, &row.detail] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hex(&hasher.finalize())
}

impl Store {
    /// Takes something down.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn note(&self, new: NewEntry<'_>, now: DateTime<Utc>) -> Result<Entry, StateError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let last = Entity::find().order_by_desc(Column::Number).one(&self.db).await?;
            let (number, before) = last.map_or((1, String::new()), |row| (row.number + 1, row.hash));
            let mut row = Model {
                number,
                at: to_ms(now),
                actor: new.actor.to_owned(),
                action: new.action.to_owned(),
                subject: new.subject.to_owned(),
                detail: new.detail.to_owned(),
                hash: String::new(),
            };
            row.hash = chained(&before, &row);
            match Entity::insert(ActiveModel::from(row.clone())).exec_without_returning(&self.db).await {
                Ok(_) => {
                    self.advance_head(&row).await?;
                    return Ok(entry_of(row));
                }
                // Somebody else took the number in between: theirs is the one before now.
                Err(why) if is_taken(&why) && tries < TRIES => {}
                Err(why) => return Err(why.into()),
            }
        }
    }

    /// Keeps the newest number and hash. Two writers may come in either order: the head may lag behind, never lie.
    async fn advance_head(&self, row: &Model) -> Result<(), StateError> {
        let before: Option<(i64, String)> = self.get(HEAD).await?;
        if before.is_none_or(|(number, _)| number < row.number) {
            self.set(HEAD, &(row.number, &row.hash)).await?;
        }
        Ok(())
    }

    /// A page of the log, newest first, and the entries in all.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn audit(&self, skip: u64, n: u64) -> Result<(Vec<Entry>, u64), StateError> {
        let total = Entity::find().count(&self.db).await?;
        let rows = Entity::find().order_by_desc(Column::Number).offset(skip).limit(n).all(&self.db).await?;
        Ok((rows.into_iter().map(entry_of).collect(), total))
    }

    /// Walks the whole chain. `O(entries)`.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn verify_audit(&self) -> Result<Verdict, StateError> {
        let head: Option<(i64, String)> = self.get(HEAD).await?;
        let (mut before, mut expected) = (String::new(), 1_i64);
        let mut head_seen = head.is_none();
        loop {
            let rows = Entity::find()
                .filter(Column::Number.gte(expected))
                .order_by_asc(Column::Number)
                .limit(BATCH)
                .all(&self.db)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if row.number != expected || row.hash != chained(&before, &row) {
                    return Ok(Verdict::BrokenAt(expected.unsigned_abs()));
                }
                head_seen |= head.as_ref().is_some_and(|(n, hash)| *n == row.number && *hash == row.hash);
                before = row.hash;
                expected += 1;
            }
        }
        Ok(if head_seen {
            Verdict::Whole((expected - 1).unsigned_abs())
        } else {
            Verdict::BrokenAt(expected.unsigned_abs())
        })
    }
}

fn entry_of(row: Model) -> Entry {
    Entry {
        number: row.number.unsigned_abs(),
        at: from_ms(row.at),
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        detail: row.detail,
        hash: row.hash,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::ConnectionTrait;

    async fn with_entries(n: i64) -> Store {
        let store = Store::in_memory().await.unwrap();
        for i in 0..n {
            let subject = format!("key_{i}");
            let new = NewEntry { actor: "user:ana", action: "key.created", subject: &subject, detail: "" };
            store.note(new, DateTime::from_timestamp(i, 0).unwrap()).await.unwrap();
        }
        store
    }

    #[tokio::test]
    async fn every_way_to_tamper_breaks_the_chain_where_it_happened() {
        // The statement and the first number that no longer fits.
        let cases = [
            ("UPDATE audit_log SET actor = 'user:eve' WHERE number = 3", 3),
            ("UPDATE audit_log SET at = at + 1 WHERE number = 5", 5),
            ("DELETE FROM audit_log WHERE number = 2", 2),
            ("DELETE FROM audit_log WHERE number = 6", 6),
            ("DELETE FROM audit_log", 1),
            ("UPDATE audit_log SET subject = subject || detail, detail = 'x' WHERE number = 1", 1),
            ("UPDATE audit_log SET hash = 'abc' WHERE number = 6", 6),
        ];
        for (statement, at) in cases {
            let store = with_entries(6).await;
            assert_eq!(store.verify_audit().await.unwrap(), Verdict::Whole(6));
            store.db.execute_unprepared(statement).await.unwrap();
            assert_eq!(store.verify_audit().await.unwrap(), Verdict::BrokenAt(at), "{statement}");
        }
    }

    #[tokio::test]
    async fn many_writers_at_once_leave_one_whole_chain() {
        let folder = tempfile::tempdir().unwrap();
        let store = std::sync::Arc::new(Store::open_file(&folder.path().join("state.db")).await.unwrap());
        let writers: Vec<_> = (0..8)
            .map(|w| {
                let store = store.clone();
                tokio::spawn(async move {
                    for i in 0..5 {
                        let subject = format!("{w}/{i}");
                        let new = NewEntry { actor: "system", action: "test", subject: &subject, detail: "" };
                        store.note(new, DateTime::UNIX_EPOCH).await.unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(store.verify_audit().await.unwrap(), Verdict::Whole(40));
        let (newest, total) = store.audit(0, 3).await.unwrap();
        assert_eq!((newest.len(), newest[0].number, total), (3, 40, 40));
    }
}
