//! People who may sign in: made by an admin or by the set-up link, with a role and a password.

use crate::entity::user::{ActiveModel, Column, Entity, Model};
use crate::entity::{attempt, session};
use crate::error::StateError;
use crate::keys::checked_name;
use crate::lockout::account_key;
use crate::password;
use crate::secret::new_id;
use crate::store::{Store, is_taken};
use crate::times::{from_ms, to_ms};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    TransactionTrait,
};

/// What somebody may do; each role may do what the one before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Changes segments, catalogue and runs.
    Marketer,
    /// Keys, people, audit, erasure.
    Admin,
}

impl Role {
    /// All roles, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Marketer, Self::Admin];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Marketer => "marketer",
            Self::Admin => "admin",
        }
    }

    /// The role of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A person who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Id.
    pub id: String,
    /// Name, unique whatever its case.
    pub name: String,
    /// Role.
    pub role: Role,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Last sign-in.
    pub last_seen: Option<DateTime<Utc>>,
    /// Until when sign-in is refused.
    pub locked_until: Option<DateTime<Utc>>,
}

impl Store {
    /// Adds a person.
    ///
    /// # Errors
    /// [`StateError::Invalid`] for a name or password that cannot be, [`StateError::Taken`].
    pub async fn create_user(
        &self,
        name: &str,
        role: Role,
        password: &str,
        now: DateTime<Utc>,
    ) -> Result<User, StateError> {
        let name = checked_name("name", name)?;
        password::check(password, &name)?;
        let row = Model {
            id: new_id("user_")?,
            name_key: name_key(&name),
            password: self.hashed(password).await?,
            role: role.name().to_owned(),
            created_at: to_ms(now),
            last_seen_at: None,
            name,
        };
        match Entity::insert(ActiveModel::from(row.clone())).exec_without_returning(&self.db).await {
            Ok(_) => Ok(user_of(row, None)),
            Err(why) if is_taken(&why) => Err(StateError::Taken(row.name)),
            Err(why) => Err(why.into()),
        }
    }

    /// All, by name.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn users(&self, now: DateTime<Utc>) -> Result<Vec<User>, StateError> {
        let rows = Entity::find().order_by_asc(Column::NameKey).all(&self.db).await?;
        let mut users = Vec::with_capacity(rows.len());
        for row in rows {
            let locked = self.locked_until(&account_key(&row.name), now).await?;
            users.push(user_of(row, locked));
        }
        Ok(users)
    }

    /// How many there are.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn n_users(&self) -> Result<u64, StateError> {
        Ok(Entity::find().count(&self.db).await?)
    }

    /// Gives a person another role.
    ///
    /// # Errors
    /// [`StateError::NotFound`]; [`StateError::LastAdmin`] when nobody could administer any more.
    pub async fn set_role(&self, id: &str, role: Role) -> Result<User, StateError> {
        let change = self.db.begin().await?;
        let row = Entity::find_by_id(id).one(&change).await?.ok_or_else(|| unknown(id))?;
        if role != Role::Admin {
            refuse_last_admin(&change, &row).await?;
        }
        let mut changed = ActiveModel::from(row);
        changed.role = Set(role.name().to_owned());
        let row = changed.update(&change).await?;
        change.commit().await?;
        Ok(user_of(row, None))
    }

    /// Gives a person another password and ends all its visits.
    ///
    /// # Errors
    /// [`StateError::NotFound`], [`StateError::Invalid`].
    pub async fn set_password(&self, id: &str, password: &str) -> Result<User, StateError> {
        let row = Entity::find_by_id(id).one(&self.db).await?.ok_or_else(|| unknown(id))?;
        password::check(password, &row.name)?;
        let hashed = self.hashed(password).await?;
        let change = self.db.begin().await?;
        let mut changed = ActiveModel::from(row);
        changed.password = Set(hashed);
        let row = changed.update(&change).await?;
        session::Entity::delete_many().filter(session::Column::UserId.eq(id)).exec(&change).await?;
        change.commit().await?;
        Ok(user_of(row, None))
    }

    /// Lifts the lock-out of an account.
    ///
    /// # Errors
    /// [`StateError::NotFound`].
    pub async fn unlock(&self, id: &str) -> Result<User, StateError> {
        let row = Entity::find_by_id(id).one(&self.db).await?.ok_or_else(|| unknown(id))?;
        attempt::Entity::delete_by_id(account_key(&row.name)).exec(&self.db).await?;
        Ok(user_of(row, None))
    }

    /// Removes a person and ends all its visits.
    ///
    /// # Errors
    /// [`StateError::NotFound`], [`StateError::LastAdmin`].
    pub async fn delete_user(&self, id: &str) -> Result<User, StateError> {
        let change = self.db.begin().await?;
        let row = Entity::find_by_id(id).one(&change).await?.ok_or_else(|| unknown(id))?;
        refuse_last_admin(&change, &row).await?;
        session::Entity::delete_many().filter(session::Column::UserId.eq(id)).exec(&change).await?;
        Entity::delete_by_id(id).exec(&change).await?;
        change.commit().await?;
        Ok(user_of(row, None))
    }

    /// The person of a name, with the hash of its password.
    pub(crate) async fn user_by_name(&self, name: &str) -> Result<Option<Model>, StateError> {
        Ok(Entity::find().filter(Column::NameKey.eq(name_key(name))).one(&self.db).await?)
    }

    /// Hashes on a thread for such work, a few at a time.
    pub(crate) async fn hashed(&self, password: &str) -> Result<String, StateError> {
        let password = password.to_owned();
        self.slowly(move || password::hash(&password)).await?
    }

    pub(crate) async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StateError> {
        let _turn = self.hashing.acquire().await.map_err(|e| StateError::Hashing(e.to_string()))?;
        tokio::task::spawn_blocking(work).await.map_err(|e| StateError::Hashing(e.to_string()))
    }
}

async fn refuse_last_admin(db: &sea_orm::DatabaseTransaction, row: &Model) -> Result<(), StateError> {
    if row.role != Role::Admin.name() {
        return Ok(());
    }
    let admins = Entity::find().filter(Column::Role.eq(Role::Admin.name())).count(db).await?;
    if admins <= 1 { Err(StateError::LastAdmin(row.name.clone())) } else { Ok(()) }
}

fn unknown(id: &str) -> StateError {
    StateError::NotFound { what: "user", id: id.to_owned() }
}

pub(crate) fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

pub(crate) fn user_of(row: Model, locked_until: Option<DateTime<Utc>>) -> User {
    User {
        id: row.id,
        name: row.name,
        // A role of a later version may do the least.
        role: Role::from_name(&row.role).unwrap_or(Role::Viewer),
        created: from_ms(row.created_at),
        last_seen: row.last_seen_at.map(from_ms),
        locked_until,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "a sentence nobody says";

    #[tokio::test]
    async fn names_differ_by_more_than_case() {
        let store = Store::in_memory().await.unwrap();
        let now = DateTime::UNIX_EPOCH;
        store.create_user("Ana", Role::Admin, GOOD, now).await.unwrap();
        let again = store.create_user("ANA", Role::Viewer, GOOD, now).await;
        assert!(matches!(again, Err(StateError::Taken(_))), "{again:?}");
    }

    #[tokio::test]
    async fn the_last_admin_stays() {
        let store = Store::in_memory().await.unwrap();
        let now = DateTime::UNIX_EPOCH;
        let ana = store.create_user("ana", Role::Admin, GOOD, now).await.unwrap();
        assert!(matches!(store.delete_user(&ana.id).await, Err(StateError::LastAdmin(_))));
        assert!(matches!(store.set_role(&ana.id, Role::Viewer).await, Err(StateError::LastAdmin(_))));
        let bo = store.create_user("bo", Role::Viewer, GOOD, now).await.unwrap();
        store.set_role(&bo.id, Role::Admin).await.unwrap();
        store.delete_user(&ana.id).await.unwrap();
        assert_eq!(store.users(now).await.unwrap().len(), 1);
    }
}
