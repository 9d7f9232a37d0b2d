//! Wrong passwords, counted twice: for an account from one address, and for an account from everywhere.
//!
//! The first count is small, so that guessing from one place stops soon. The second is larger and stops guessing from
//! many places, without letting one stranger lock an account out with a handful of tries. Accounts and addresses are
//! kept as hashes.

use crate::entity::attempt::{ActiveModel, Column, Entity};
use crate::error::StateError;
use crate::secret::hash;
use crate::store::Store;
use crate::times::{from_ms, to_ms};
use crate::users::name_key;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

/// When to lock out and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutParams {
    /// Wrong passwords for an account from one address.
    pub from_one_address: u32,
    /// Wrong passwords for an account from everywhere.
    pub from_everywhere: u32,
    /// Within which time they count.
    pub window: TimeDelta,
    /// For how long nothing is heard then.
    pub lock: TimeDelta,
}

impl Default for LockoutParams {
    fn default() -> Self {
        Self { from_one_address: 5, from_everywhere: 50, window: TimeDelta::minutes(15), lock: TimeDelta::minutes(15) }
    }
}

pub(crate) fn account_key(name: &str) -> String {
    hash(&format!("account\n{}", name_key(name)))
}

pub(crate) fn pair_key(name: &str, address: &str) -> String {
    hash(&format!("pair\n{}\n{address}", name_key(name)))
}

impl Store {
    /// Until when nothing is heard of this, if it is locked out now.
    pub(crate) async fn locked_until(
        &self,
        who: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StateError> {
        let found = Entity::find_by_id(who).one(&self.db).await?;
        Ok(found.and_then(|row| row.locked_until).map(from_ms).filter(|until| *until > now))
    }

    /// Counts a wrong password; locks out when it is one too many.
    pub(crate) async fn count_wrong(
        &self,
        who: &str,
        allowed: u32,
        params: &LockoutParams,
        now: DateTime<Utc>,
    ) -> Result<(), StateError> {
        let before = Entity::find_by_id(who).one(&self.db).await?;
        let fresh = before.filter(|row| from_ms(row.first_at) + params.window > now && row.locked_until.is_none());
        let (wrong, first_at) = fresh.map_or((1, to_ms(now)), |row| (row.wrong.saturating_add(1), row.first_at));
        let locked = i64::from(wrong) >= i64::from(allowed);
        let row = ActiveModel {
            who: Set(who.to_owned()),
            wrong: Set(wrong),
            first_at: Set(first_at),
            locked_until: Set(locked.then(|| to_ms(now + params.lock))),
        };
        let replace = OnConflict::column(Column::Who)
            .update_columns([Column::Wrong, Column::FirstAt, Column::LockedUntil])
            .to_owned();
        Entity::insert(row).on_conflict(replace).exec_without_returning(&self.db).await?;
        Ok(())
    }

    /// Forgets the wrong passwords of an account from one address, after a right one.
    pub(crate) async fn forgive(&self, who: &str) -> Result<(), StateError> {
        Entity::delete_by_id(who).exec(&self.db).await?;
        Ok(())
    }

    /// Forgets what no longer counts, so that the table stays small.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn purge_attempts(&self, params: &LockoutParams, now: DateTime<Utc>) -> Result<u64, StateError> {
        let old = to_ms(now - params.window - params.lock);
        Ok(Entity::delete_many().filter(Column::FirstAt.lt(old)).exec(&self.db).await?.rows_affected)
    }
}
