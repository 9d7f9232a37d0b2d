//! Replies kept under idempotency keys: a write that is sent twice is done once, and both get the same reply.
//!
//! A name belongs to a caller, so that two callers may use the same. A write that was begun and never ended, because
//! the program was killed, may be begun again after [`STALE`].

use crate::entity::reply::{ActiveModel, Column, Entity};
use crate::error::StateError;
use crate::secret::hash;
use crate::store::{Store, is_taken};
use crate::times::{from_ms, to_ms};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

/// After which time a write that did not end is taken for dead.
pub const STALE: TimeDelta = TimeDelta::minutes(5);

/// What is known of a write by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: do it, then call [`Store::keep_reply`] or [`Store::drop_reply`].
    New,
    /// It was done: the reply.
    Done {
        /// Status as a number.
        status: u16,
        /// Body.
        body: String,
    },
    /// It is being done.
    InProgress,
    /// The name was used for something else.
    OtherRequest,
}

fn id_of(caller: &str, name: &str) -> String {
    hash(&format!("{}\n{caller}\n{name}", caller.len()))
}

impl Store {
    /// Begins a write under a name. `request` tells one request from another, such as a hash of its body.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn begin_reply(
        &self,
        caller: &str,
        name: &str,
        request: &str,
        now: DateTime<Utc>,
    ) -> Result<Begun, StateError> {
        let id = id_of(caller, name);
        // A name that is free is taken in one statement; then a dead one is looked for, and tried once more.
        for _ in 0..2 {
            let row = ActiveModel {
                id: Set(id.clone()),
                request: Set(request.to_owned()),
                status: Set(None),
                body: Set(None),
                created_at: Set(to_ms(now)),
            };
            match Entity::insert(row).exec_without_returning(&self.db).await {
                Ok(_) => return Ok(Begun::New),
                Err(why) if is_taken(&why) => {}
                Err(why) => return Err(why.into()),
            }
            let Some(found) = Entity::find_by_id(&id).one(&self.db).await? else { continue };
            if found.request != request {
                return Ok(Begun::OtherRequest);
            }
            if let Some(status) = found.status {
                let status = u16::try_from(status).unwrap_or(500);
                return Ok(Begun::Done { status, body: found.body.unwrap_or_default() });
            }
            if from_ms(found.created_at) + STALE > now {
                return Ok(Begun::InProgress);
            }
            Entity::delete_many()
                .filter(Column::Id.eq(&id))
                .filter(Column::CreatedAt.eq(found.created_at))
                .filter(Column::Status.is_null())
                .exec(&self.db)
                .await?;
        }
        Ok(Begun::InProgress)
    }

    /// Keeps the reply of a write.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn keep_reply(&self, caller: &str, name: &str, status: u16, body: &str) -> Result<(), StateError> {
        Entity::update_many()
            .col_expr(Column::Status, Expr::value(i32::from(status)))
            .col_expr(Column::Body, Expr::value(body))
            .filter(Column::Id.eq(id_of(caller, name)))
            .exec(&self.db)
            .await?;
        Ok(())
    }

    /// Forgets the replies that have a text in them, such as a person's number; tells how many.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn forget_replies(&self, text: &str) -> Result<u64, StateError> {
        if text.is_empty() {
            return Ok(0);
        }
        let rows = Entity::find().filter(Column::Body.contains(text)).all(&self.db).await?;
        // The database's LIKE takes `%` and `_` for anything; what is deleted has the text itself.
        let ids: Vec<String> =
            rows.into_iter().filter(|r| r.body.as_deref().is_some_and(|b| b.contains(text))).map(|r| r.id).collect();
        Ok(Entity::delete_many().filter(Column::Id.is_in(ids)).exec(&self.db).await?.rows_affected)
    }

    /// Forgets a write that failed, so that it may be tried again under its name.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn drop_reply(&self, caller: &str, name: &str) -> Result<(), StateError> {
        Entity::delete_by_id(id_of(caller, name)).exec(&self.db).await?;
        Ok(())
    }

    /// Forgets replies older than a time.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn purge_replies(&self, before: DateTime<Utc>) -> Result<u64, StateError> {
        Ok(Entity::delete_many().filter(Column::CreatedAt.lt(to_ms(before))).exec(&self.db).await?.rows_affected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[tokio::test]
    async fn a_write_is_done_once_and_told_twice() {
        let store = Store::in_memory().await.unwrap();
        assert_eq!(store.begin_reply("key_1", "w1", "body", at(0)).await.unwrap(), Begun::New);
        assert_eq!(store.begin_reply("key_1", "w1", "body", at(1)).await.unwrap(), Begun::InProgress);
        store.keep_reply("key_1", "w1", 200, "{}").await.unwrap();
        let done = Begun::Done { status: 200, body: "{}".to_owned() };
        assert_eq!(store.begin_reply("key_1", "w1", "body", at(2)).await.unwrap(), done);
        assert_eq!(store.begin_reply("key_1", "w1", "other", at(2)).await.unwrap(), Begun::OtherRequest);
        assert_eq!(store.begin_reply("key_2", "w1", "other", at(2)).await.unwrap(), Begun::New, "another caller");
    }

    #[tokio::test]
    async fn a_failed_write_may_be_tried_again_and_so_may_a_dead_one() {
        let store = Store::in_memory().await.unwrap();
        store.begin_reply("key_1", "w1", "body", at(0)).await.unwrap();
        store.drop_reply("key_1", "w1").await.unwrap();
        assert_eq!(store.begin_reply("key_1", "w1", "body", at(1)).await.unwrap(), Begun::New);
        assert_eq!(store.begin_reply("key_1", "w1", "body", at(300)).await.unwrap(), Begun::InProgress);
        assert_eq!(store.begin_reply("key_1", "w1", "body", at(301)).await.unwrap(), Begun::New);
    }

    #[tokio::test]
    async fn of_many_at_once_one_begins() {
        let folder = tempfile::tempdir().unwrap();
        let store = std::sync::Arc::new(Store::open_file(&folder.path().join("state.db")).await.unwrap());
        let tries: Vec<_> = (0..16)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.begin_reply("key_1", "w1", "body", at(0)).await.unwrap() })
            })
            .collect();
        let mut begun = 0;
        for one in tries {
            begun += usize::from(one.await.unwrap() == Begun::New);
        }
        assert_eq!(begun, 1);
    }
}
