//! API keys: made with a secret that is shown once, found by it, rotated with an overlap, revoked for good.

use crate::entity::api_key::{ActiveModel, Column, Entity, Model};
use crate::error::StateError;
use crate::secret::{Secret, hash, new_id};
use crate::store::Store;
use crate::times::{from_ms, to_ms};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Sends events; may stand in a web page.
    Write,
    /// Asks.
    Read,
    /// Changes things.
    Admin,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Write, Self::Read, Self::Admin];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub kind: KeyKind,
    /// First characters of the secret.
    pub prefix: String,
    /// The only market it may ask about.
    pub market: Option<String>,
    /// Web origins that may use it from a page.
    pub origins: Vec<String>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When it was last used, to the hour.
    pub last_used: Option<DateTime<Utc>>,
    /// When its secret was last changed.
    pub rotated: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked: Option<DateTime<Utc>>,
}

/// A key to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub kind: KeyKind,
    /// The only market it may ask about.
    pub market: Option<String>,
    /// Web origins that may use it from a page.
    pub origins: Vec<String>,
}

/// Characters of the secret that stay visible after the prefix of its kind.
const SHOWN: usize = 6;

impl Store {
    /// Makes a key. The secret is given once and cannot be had again.
    ///
    /// # Errors
    /// [`StateError::Invalid`] for an empty name, a market that is none, an origin that is none.
    pub async fn create_key(&self, new: NewKey, now: DateTime<Utc>) -> Result<(Key, Secret), StateError> {
        let name = checked_name("name of a key", &new.name)?;
        if let Some(market) = new.market.as_deref().filter(|m| !is_market(m)) {
            let rule = "two capital letters, ISO 3166-1 alpha-2";
            return Err(StateError::Invalid { what: "market", got: market.to_owned(), rule });
        }
        if let Some(origin) = new.origins.iter().find(|o| !is_origin(o)) {
            let rule = "scheme and host such as https://shop.example, with a port where there is one, without a path";
            return Err(StateError::Invalid { what: "origin", got: origin.clone(), rule });
        }
        let secret = new_secret(new.kind)?;
        let row = Model {
            id: new_id("key_")?,
            name,
            kind: new.kind.name().to_owned(),
            prefix: prefix_of(new.kind, &secret),
            hash: secret.hash(),
            old_hash: None,
            old_until: None,
            market: new.market,
            origins: serde_json::to_string(&new.origins).unwrap_or_else(|_| "[]".to_owned()),
            created_at: to_ms(now),
            last_used_at: None,
            rotated_at: None,
            revoked_at: None,
        };
        Entity::insert(ActiveModel::from(row.clone())).exec_without_returning(&self.db).await?;
        Ok((key_of(row), secret))
    }

    /// All keys, newest first, the revoked ones too.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn keys(&self) -> Result<Vec<Key>, StateError> {
        let rows = Entity::find().order_by_desc(Column::CreatedAt).order_by_asc(Column::Id).all(&self.db).await?;
        Ok(rows.into_iter().map(key_of).collect())
    }

    /// The key of a secret, when it may be used now.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn key_by_secret(&self, secret: &str, now: DateTime<Utc>) -> Result<Option<Key>, StateError> {
        self.key_by_hash(&hash(secret), now).await
    }

    /// The same by the secret's hash.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn key_by_hash(&self, hash: &str, now: DateTime<Utc>) -> Result<Option<Key>, StateError> {
        let old = Condition::all().add(Column::OldHash.eq(hash)).add(Column::OldUntil.gt(to_ms(now)));
        let any = Condition::any().add(Column::Hash.eq(hash)).add(old);
        let found = Entity::find().filter(any).filter(Column::RevokedAt.is_null()).one(&self.db).await?;
        Ok(found.map(key_of))
    }

    /// Gives a key a new secret; the old one is taken for `overlap` longer.
    ///
    /// # Errors
    /// [`StateError::NotFound`] for an unknown or revoked key.
    pub async fn rotate_key(
        &self,
        id: &str,
        overlap: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(Key, Secret), StateError> {
        let unknown = || StateError::NotFound { what: "key in use", id: id.to_owned() };
        let row = Entity::find_by_id(id).one(&self.db).await?.filter(|r| r.revoked_at.is_none()).ok_or_else(unknown)?;
        let kind = kind_of(&row.kind);
        let secret = new_secret(kind)?;
        let mut change = ActiveModel::from(row.clone());
        change.old_hash = Set(Some(row.hash));
        change.old_until = Set(Some(to_ms(now + overlap)));
        change.hash = Set(secret.hash());
        change.prefix = Set(prefix_of(kind, &secret));
        change.rotated_at = Set(Some(to_ms(now)));
        Ok((key_of(change.update(&self.db).await?), secret))
    }

    /// Ends a key for good; tells its last state.
    ///
    /// # Errors
    /// [`StateError::NotFound`] for an unknown or revoked key.
    pub async fn revoke_key(&self, id: &str, now: DateTime<Utc>) -> Result<Key, StateError> {
        let unknown = || StateError::NotFound { what: "key in use", id: id.to_owned() };
        let row = Entity::find_by_id(id).one(&self.db).await?.filter(|r| r.revoked_at.is_none()).ok_or_else(unknown)?;
        let mut change = ActiveModel::from(row);
        change.revoked_at = Set(Some(to_ms(now)));
        change.old_hash = Set(None);
        change.old_until = Set(None);
        Ok(key_of(change.update(&self.db).await?))
    }

    /// Notes that a key was used; at most one write an hour and key.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn touch_key(&self, id: &str, now: DateTime<Utc>) -> Result<(), StateError> {
        let hour_ago = to_ms(now - TimeDelta::hours(1));
        let stale = Condition::any().add(Column::LastUsedAt.is_null()).add(Column::LastUsedAt.lte(hour_ago));
        Entity::update_many()
            .col_expr(Column::LastUsedAt, Expr::value(to_ms(now)))
            .filter(Column::Id.eq(id))
            .filter(stale)
            .exec(&self.db)
            .await?;
        Ok(())
    }
}

fn new_secret(kind: KeyKind) -> Result<Secret, StateError> {
    Secret::new(&format!("pt_{}_", kind.name()))
}

fn prefix_of(kind: KeyKind, secret: &Secret) -> String {
    secret.reveal().chars().take("pt__".len() + kind.name().len() + SHOWN).collect()
}

/// A row whose kind is unknown was written by a later version: it may do the least.
fn kind_of(name: &str) -> KeyKind {
    KeyKind::from_name(name).unwrap_or(KeyKind::Write)
}

fn key_of(row: Model) -> Key {
    Key {
        id: row.id,
        name: row.name,
        kind: kind_of(&row.kind),
        prefix: row.prefix,
        market: row.market,
        origins: serde_json::from_str(&row.origins).unwrap_or_default(),
        created: from_ms(row.created_at),
        last_used: row.last_used_at.map(from_ms),
        rotated: row.rotated_at.map(from_ms),
        revoked: row.revoked_at.map(from_ms),
    }
}

pub(crate) fn checked_name(what: &'static str, name: &str) -> Result<String, StateError> {
    let trimmed = name.trim();
    let fine = !trimmed.is_empty() && trimmed.chars().count() <= 100 && !trimmed.chars().any(char::is_control);
    let rule = "1 to 100 characters, no control characters";
    if fine { Ok(trimmed.to_owned()) } else { Err(StateError::Invalid { what, got: name.to_owned(), rule }) }
}

fn is_market(market: &str) -> bool {
    market.len() == 2 && market.bytes().all(|b| b.is_ascii_uppercase())
}

/// Scheme, host and port as a browser sends them in `Origin`.
fn is_origin(origin: &str) -> bool {
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    host.is_some_and(|h| {
        !h.is_empty() && h.len() <= 255 && h.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn read_key() -> NewKey {
        NewKey { name: " shop ".to_owned(), kind: KeyKind::Read, market: Some("DE".to_owned()), origins: Vec::new() }
    }

    #[tokio::test]
    async fn a_key_is_found_by_its_secret_and_the_database_does_not_have_it() {
        let store = Store::in_memory().await.unwrap();
        let (key, secret) = store.create_key(read_key(), at(0)).await.unwrap();
        assert_eq!((key.name.as_str(), key.kind, key.market.as_deref()), ("shop", KeyKind::Read, Some("DE")));
        assert!(secret.reveal().starts_with(&key.prefix) && key.prefix.len() == "pt_read_".len() + 6);
        assert_eq!(store.key_by_secret(secret.reveal(), at(1)).await.unwrap(), Some(key));
        assert_eq!(store.key_by_secret("pt_read_guess", at(1)).await.unwrap(), None);
        let rows = Entity::find().all(&store.db).await.unwrap();
        assert!(!format!("{rows:?}").contains(secret.reveal()));
    }

    #[tokio::test]
    async fn after_a_rotation_both_secrets_work_until_the_overlap_ends() {
        let store = Store::in_memory().await.unwrap();
        let (key, old) = store.create_key(read_key(), at(0)).await.unwrap();
        let (_, new) = store.rotate_key(&key.id, TimeDelta::seconds(60), at(100)).await.unwrap();
        for (secret, when, works) in [(&old, 159, true), (&new, 159, true), (&old, 160, false), (&new, 160, true)] {
            let found = store.key_by_secret(secret.reveal(), at(when)).await.unwrap();
            assert_eq!(found.is_some(), works, "{when}");
        }
    }

    #[tokio::test]
    async fn a_revoked_key_is_dead_with_both_secrets_and_cannot_be_rotated() {
        let store = Store::in_memory().await.unwrap();
        let (key, old) = store.create_key(read_key(), at(0)).await.unwrap();
        let (_, new) = store.rotate_key(&key.id, TimeDelta::days(1), at(1)).await.unwrap();
        store.revoke_key(&key.id, at(2)).await.unwrap();
        for secret in [old, new] {
            assert_eq!(store.key_by_secret(secret.reveal(), at(3)).await.unwrap(), None);
        }
        assert!(matches!(store.rotate_key(&key.id, TimeDelta::zero(), at(4)).await, Err(StateError::NotFound { .. })));
        assert_eq!(store.keys().await.unwrap()[0].revoked, Some(at(2)), "it stays in the list");
    }

    #[tokio::test]
    async fn a_market_or_origin_that_is_none_is_refused() {
        let store = Store::in_memory().await.unwrap();
        for (market, origin) in [("de", "https://a.example"), ("DE", "https://a.example/path"), ("DE", "*")] {
            let new = NewKey { market: Some(market.to_owned()), origins: vec![origin.to_owned()], ..read_key() };
            assert!(matches!(store.create_key(new, at(0)).await, Err(StateError::Invalid { .. })), "{market} {origin}");
        }
    }

    #[tokio::test]
    async fn use_is_noted_at_most_once_an_hour() {
        let store = Store::in_memory().await.unwrap();
        let (key, _) = store.create_key(read_key(), at(0)).await.unwrap();
        for (when, noted) in [(10, 10), (3_609, 10), (3_610, 3_610)] {
            store.touch_key(&key.id, at(when)).await.unwrap();
            assert_eq!(store.keys().await.unwrap()[0].last_used, Some(at(noted)));
        }
    }
}
