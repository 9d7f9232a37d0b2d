//! Visits: signing in with name and password gives a token; it ends after a time without use, and for good after a
//! longer time. The token is 256 random bits, kept as its hash; the token against forged requests is derived from it.

use crate::entity::session::{ActiveModel, Column, Entity};
use crate::entity::user;
use crate::error::StateError;
use crate::lockout::{LockoutParams, account_key, pair_key};
use crate::password;
use crate::secret::{Secret, hash};
use crate::store::Store;
use crate::times::{from_ms, to_ms};
use crate::users::{User, user_of};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter};

/// How long a visit lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionParams {
    /// Without use.
    pub idle: TimeDelta,
    /// In all.
    pub absolute: TimeDelta,
}

impl Default for SessionParams {
    fn default() -> Self {
        Self { idle: TimeDelta::hours(8), absolute: TimeDelta::days(7) }
    }
}

/// The token against forged requests that belongs to a visit's token.
pub fn csrf_of(token: &str) -> String {
    hash(&format!("csrf\n{token}"))
}

impl Store {
    /// Signs somebody in from an address.
    ///
    /// # Errors
    /// [`StateError::WrongPassword`] without telling what was wrong, [`StateError::Locked`] after too many of them.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        address: &str,
        params: &LockoutParams,
        now: DateTime<Utc>,
    ) -> Result<(User, Secret), StateError> {
        let (account, pair) = (account_key(name), pair_key(name, address));
        for who in [&pair, &account] {
            if let Some(until) = self.locked_until(who, now).await? {
                return Err(StateError::Locked { until });
            }
        }
        let found = self.user_by_name(name).await?;
        let (hashed, given) = (found.as_ref().map(|row| row.password.clone()), password.to_owned());
        let right = password.chars().count() <= password::MAX_LENGTH
            && self.slowly(move || password::verify(&given, hashed.as_deref())).await?;
        let Some(row) = found.filter(|_| right) else {
            self.count_wrong(&pair, params.from_one_address, params, now).await?;
            self.count_wrong(&account, params.from_everywhere, params, now).await?;
            return Err(StateError::WrongPassword);
        };
        self.forgive(&pair).await?;
        let token = self.open_session(&row.id, now).await?;
        let mut seen = user::ActiveModel::from(row.clone());
        seen.last_seen_at = Set(Some(to_ms(now)));
        seen.update(&self.db).await?;
        Ok((user_of(row, None), token))
    }

    /// Opens a visit for somebody who is known.
    pub(crate) async fn open_session(&self, user_id: &str, now: DateTime<Utc>) -> Result<Secret, StateError> {
        let token = Secret::new("")?;
        let row = ActiveModel {
            hash: Set(token.hash()),
            user_id: Set(user_id.to_owned()),
            created_at: Set(to_ms(now)),
            seen_at: Set(to_ms(now)),
        };
        Entity::insert(row).exec_without_returning(&self.db).await?;
        Ok(token)
    }

    /// Who is behind a token, if the visit still lasts. Its use is noted once a minute.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn session(
        &self,
        token: &str,
        params: &SessionParams,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StateError> {
        let hash = hash(token);
        let Some(row) = Entity::find_by_id(&hash).one(&self.db).await? else { return Ok(None) };
        let (created, seen) = (from_ms(row.created_at), from_ms(row.seen_at));
        if now >= created + params.absolute || now >= seen + params.idle {
            Entity::delete_by_id(&hash).exec(&self.db).await?;
            return Ok(None);
        }
        if now >= seen + TimeDelta::minutes(1) {
            Entity::update_many()
                .col_expr(Column::SeenAt, Expr::value(to_ms(now)))
                .filter(Column::Hash.eq(&hash))
                .exec(&self.db)
                .await?;
        }
        let user = user::Entity::find_by_id(&row.user_id).one(&self.db).await?;
        Ok(user.map(|row| user_of(row, None)))
    }

    /// Ends a visit.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn sign_out(&self, token: &str) -> Result<(), StateError> {
        Entity::delete_by_id(hash(token)).exec(&self.db).await?;
        Ok(())
    }

    /// Removes the visits that are over.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn purge_sessions(&self, params: &SessionParams, now: DateTime<Utc>) -> Result<u64, StateError> {
        let over = Condition::any()
            .add(Column::CreatedAt.lte(to_ms(now - params.absolute)))
            .add(Column::SeenAt.lte(to_ms(now - params.idle)));
        Ok(Entity::delete_many().filter(over).exec(&self.db).await?.rows_affected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::Role;

    const GOOD: &str = "a sentence nobody says";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    async fn with_ana() -> Store {
        let store = Store::in_memory().await.unwrap();
        store.create_user("Ana", Role::Marketer, GOOD, at(0)).await.unwrap();
        store
    }

    #[tokio::test]
    async fn a_visit_ends_when_it_is_idle_and_when_it_is_old() {
        let store = with_ana().await;
        let params = SessionParams { idle: TimeDelta::seconds(100), absolute: TimeDelta::seconds(250) };
        let (_, token) = store.sign_in("ANA", GOOD, "::1", &LockoutParams::default(), at(0)).await.unwrap();
        // Used at 99, so that it lasts to 199; then to 298, but never beyond 250.
        for (when, lasts) in [(99, true), (198, true), (249, true), (250, false)] {
            let user = store.session(token.reveal(), &params, at(when)).await.unwrap();
            assert_eq!(user.is_some(), lasts, "{when}");
        }
        let (_, token) = store.sign_in("ana", GOOD, "::1", &LockoutParams::default(), at(300)).await.unwrap();
        assert_eq!(store.session(token.reveal(), &params, at(400)).await.unwrap(), None, "idle for 100 seconds");
    }

    #[tokio::test]
    async fn five_wrong_passwords_lock_one_address_out_and_not_the_other() {
        let store = with_ana().await;
        let params = LockoutParams::default();
        for i in 0..5 {
            let wrong = store.sign_in("ana", "wrong wrong wrong", "10.0.0.1", &params, at(i)).await;
            assert!(matches!(wrong, Err(StateError::WrongPassword)), "{i}");
        }
        let right = store.sign_in("ana", GOOD, "10.0.0.1", &params, at(10)).await;
        assert!(matches!(right, Err(StateError::Locked { until }) if until == at(4 + 900)), "{right:?}");
        assert!(store.sign_in("ana", GOOD, "10.0.0.2", &params, at(10)).await.is_ok());
        assert!(store.sign_in("ana", GOOD, "10.0.0.1", &params, at(4 + 900)).await.is_ok(), "the lock ends");
    }

    #[tokio::test]
    async fn guessing_from_many_addresses_locks_the_account() {
        let store = with_ana().await;
        let params = LockoutParams { from_everywhere: 3, ..LockoutParams::default() };
        for i in 0..3 {
            let address = format!("10.0.0.{i}");
            let wrong = store.sign_in("ana", "wrong wrong wrong", &address, &params, at(i)).await;
            assert!(matches!(wrong, Err(StateError::WrongPassword)));
        }
        let elsewhere = store.sign_in("ana", GOOD, "10.9.9.9", &params, at(5)).await;
        assert!(matches!(elsewhere, Err(StateError::Locked { .. })));
        let id = store.users(at(5)).await.unwrap()[0].id.clone();
        store.unlock(&id).await.unwrap();
        assert!(store.sign_in("ana", GOOD, "10.9.9.9", &params, at(6)).await.is_ok());
    }

    #[tokio::test]
    async fn an_unknown_name_and_a_wrong_password_read_the_same() {
        let store = with_ana().await;
        let params = LockoutParams::default();
        let unknown = store.sign_in("bo", GOOD, "::1", &params, at(0)).await.unwrap_err().to_string();
        let wrong = store.sign_in("ana", "wrong wrong wrong", "::1", &params, at(0)).await.unwrap_err().to_string();
        assert_eq!(unknown, wrong);
    }

    #[tokio::test]
    async fn a_new_password_ends_all_visits() {
        let store = with_ana().await;
        let (user, token) = store.sign_in("ana", GOOD, "::1", &LockoutParams::default(), at(0)).await.unwrap();
        store.set_password(&user.id, "another sentence entirely").await.unwrap();
        let params = SessionParams::default();
        assert_eq!(store.session(token.reveal(), &params, at(1)).await.unwrap(), None);
        let old = store.sign_in("ana", GOOD, "::1", &LockoutParams::default(), at(2)).await;
        assert!(matches!(old, Err(StateError::WrongPassword)));
    }

    #[tokio::test]
    async fn neither_token_nor_password_is_in_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_file(&folder.path().join("state.db")).await.unwrap();
        store.create_user("ana", Role::Viewer, GOOD, at(0)).await.unwrap();
        let (_, token) = store.sign_in("ana", GOOD, "10.1.2.3", &LockoutParams::default(), at(0)).await.unwrap();
        drop(store);
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            for secret in [GOOD, token.reveal(), "10.1.2.3"] {
                assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret}");
            }
        }
    }
}
