//! The first admin: as long as there is nobody, the server prints a link with a token that works once.
//!
//! There is no default password to forget about. A new start gives a new link and ends the one before.

use crate::error::StateError;
use crate::secret::{Secret, hash};
use crate::store::Store;
use crate::times::{from_ms, to_ms};
use crate::users::{Role, User};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

const NAME: &str = "setup.link";

/// For how long a link works.
const LASTS: TimeDelta = TimeDelta::hours(24);

#[derive(Serialize, Deserialize)]
struct Link {
    hash: String,
    until: i64,
}

impl Store {
    /// Whether the first admin is still to be made.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn setup_needed(&self) -> Result<bool, StateError> {
        Ok(self.n_users().await? == 0)
    }

    /// A new token for the set-up link, when there is nobody yet.
    ///
    /// # Errors
    /// [`StateError::Db`], [`StateError::Randomness`].
    pub async fn setup_token(&self, now: DateTime<Utc>) -> Result<Option<Secret>, StateError> {
        if !self.setup_needed().await? {
            return Ok(None);
        }
        let token = Secret::new("")?;
        self.set(NAME, &Link { hash: token.hash(), until: to_ms(now + LASTS) }).await?;
        Ok(Some(token))
    }

    /// Makes the first admin and signs it in. Of two calls at once one succeeds.
    ///
    /// # Errors
    /// [`StateError::SetupLink`] for a token that does not fit; [`StateError::Invalid`] for a name or password that
    /// cannot be, after which the link still works.
    pub async fn complete_setup(
        &self,
        token: &str,
        name: &str,
        password: &str,
        now: DateTime<Utc>,
    ) -> Result<(User, Secret), StateError> {
        let link: Link = self.get(NAME).await?.ok_or(StateError::SetupLink)?;
        if link.hash != hash(token) || from_ms(link.until) <= now || !self.setup_needed().await? {
            return Err(StateError::SetupLink);
        }
        let name = crate::keys::checked_name("name", name)?;
        crate::password::check(password, &name)?;
        // Whoever removes the link may go on: a second caller with the same token finds it gone.
        if !self.unset(NAME).await? {
            return Err(StateError::SetupLink);
        }
        let user = self.create_user(&name, Role::Admin, password, now).await?;
        let token = self.open_session(&user.id, now).await?;
        Ok((user, token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "a sentence nobody says";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[tokio::test]
    async fn the_link_makes_one_admin_and_no_second() {
        let store = Store::in_memory().await.unwrap();
        let token = store.setup_token(at(0)).await.unwrap().unwrap();
        let wrong = store.complete_setup("guess", "ana", GOOD, at(1)).await;
        assert!(matches!(wrong, Err(StateError::SetupLink)));
        let weak = store.complete_setup(token.reveal(), "ana", "short", at(1)).await;
        assert!(matches!(weak, Err(StateError::Invalid { .. })), "and the link still works");
        let (ana, _) = store.complete_setup(token.reveal(), "ana", GOOD, at(1)).await.unwrap();
        assert_eq!(ana.role, Role::Admin);
        let again = store.complete_setup(token.reveal(), "eve", GOOD, at(2)).await;
        assert!(matches!(again, Err(StateError::SetupLink)));
        assert!(store.setup_token(at(3)).await.unwrap().is_none(), "nobody else may set up");
    }

    #[tokio::test]
    async fn a_link_is_replaced_by_the_next_and_ends_after_a_day() {
        let store = Store::in_memory().await.unwrap();
        let first = store.setup_token(at(0)).await.unwrap().unwrap();
        let second = store.setup_token(at(1)).await.unwrap().unwrap();
        let replaced = store.complete_setup(first.reveal(), "ana", GOOD, at(2)).await;
        assert!(matches!(replaced, Err(StateError::SetupLink)));
        let late = store.complete_setup(second.reveal(), "ana", GOOD, at(1 + 86_400)).await;
        assert!(matches!(late, Err(StateError::SetupLink)));
    }

    #[tokio::test]
    async fn two_at_once_make_one_admin() {
        let store = Store::in_memory().await.unwrap();
        let token = store.setup_token(at(0)).await.unwrap().unwrap();
        let (one, two) = tokio::join!(
            store.complete_setup(token.reveal(), "ana", GOOD, at(1)),
            store.complete_setup(token.reveal(), "eve", GOOD, at(1)),
        );
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
        assert_eq!(store.n_users().await.unwrap(), 1);
    }
}
