//! Who asks: a key in any of the usual forms, or somebody who is signed in.

use crate::clock::Clock;
use crate::problem::Refusal;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, HeaderName};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use state::keys::{Key, KeyKind};
use state::users::{Role, User};
use state::{StateError, Store};
use std::collections::HashMap;
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// The header that proves that a write comes from our own page.
pub const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody known.
    Nobody,
    /// A key.
    Key(Arc<Key>),
    /// Somebody who is signed in.
    Person(Arc<User>),
}

impl Caller {
    /// As the audit log names it.
    pub fn actor(&self) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::Key(key) => format!("key:{}", key.prefix),
            Self::Person(user) => format!("user:{}", user.name),
        }
    }

    /// Stable id, for what belongs to a caller, such as idempotency keys.
    pub fn id(&self) -> &str {
        match self {
            Self::Nobody => "",
            Self::Key(key) => &key.id,
            Self::Person(user) => &user.id,
        }
    }

    /// Its role, when it is a person.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Person(user) => Some(user.role),
            Self::Nobody | Self::Key(_) => None,
        }
    }

    /// Its kind, when it is a key.
    pub fn key_kind(&self) -> Option<KeyKind> {
        match self {
            Self::Key(key) => Some(key.kind),
            Self::Nobody | Self::Person(_) => None,
        }
    }

    /// The only market it may ask about.
    pub fn market(&self) -> Option<&str> {
        match self {
            Self::Key(key) => key.market.as_deref(),
            Self::Nobody | Self::Person(_) => None,
        }
    }

    /// Refuses a market outside the key's scope.
    ///
    /// # Errors
    /// 403.
    pub fn may_ask_about(&self, market: &str) -> Result<(), Refusal> {
        match self.market() {
            Some(only) if only != market => {
                let next = format!("ask about {only}, or use a key without a market");
                Err(Refusal::forbidden(format!("this key is for the market {only} alone"), next))
            }
            _ => Ok(()),
        }
    }
}

/// A role as the wire names it.
pub(crate) fn role(role: Role) -> crate::wire::session::Role {
    use crate::wire::session::Role as Wire;
    match role {
        Role::Viewer => Wire::Viewer,
        Role::Marketer => Wire::Marketer,
        Role::Admin => Wire::Admin,
    }
}

/// The key that a request presents: `Bearer KEY`, or `Basic` with the key as name and no password, as tracking
/// clients send it. A key in the body is for the tracking endpoints to find.
pub fn presented_key(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        return Some(decoded.split_once(':').map_or(decoded.clone(), |(key, _)| key.to_owned()));
    }
    None
}

/// Name of the cookie of a visit. `__Host-` makes browsers refuse it from a subdomain or without TLS.
pub(crate) fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-portolan" } else { "portolan" }
}

/// The token of a visit.
pub(crate) fn presented_visit(headers: &HeaderMap, secure: bool) -> Option<String> {
    let name = cookie_name(secure);
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, value)| value.to_owned()).filter(|v| !v.is_empty() && v.len() <= 128)
}

/// Most keys that are remembered: a flood of guesses must not fill the memory.
const MAX_REMEMBERED: usize = 10_000;

/// Longest secret that is looked at.
const MAX_SECRET: usize = 200;

struct Remembered {
    key: Option<Arc<Key>>,
    until: Instant,
    /// Whether somebody looks it up anew already.
    renewing: AtomicBool,
}

/// Looks keys up and remembers them for a moment, so that thousands of requests a second ask the database a few
/// times. Secrets are remembered as hashes.
///
/// A key in use is looked up anew in the background when half of its time is over: otherwise every few seconds all
/// requests of a moment would go to the database at once, and wait for each other there.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    store: Arc<Store>,
    clock: Clock,
    memory: Duration,
    known: RwLock<HashMap<String, Remembered>>,
    /// Grows when all is forgotten: what was looked up before that is not remembered after it.
    age: AtomicU64,
}

impl Keyring {
    /// Over a store; what is looked up is believed for `memory`.
    pub fn new(store: Arc<Store>, clock: Clock, memory: Duration) -> Self {
        Self(Arc::new(Inner { store, clock, memory, known: RwLock::default(), age: AtomicU64::new(0) }))
    }

    /// The key of a secret, when it may be used now.
    ///
    /// # Errors
    /// [`StateError::Db`].
    pub async fn find(&self, secret: &str) -> Result<Option<Arc<Key>>, StateError> {
        if secret.is_empty() || secret.len() > MAX_SECRET {
            return Ok(None);
        }
        let hash = state::secret::hash(secret);
        let now = Instant::now();
        let remembered = {
            let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
            known.get(&hash).filter(|found| found.until > now).map(|found| {
                let late = found.key.is_some() && found.until.saturating_duration_since(now) < self.0.memory / 2;
                (found.key.clone(), late && !found.renewing.swap(true, Relaxed))
            })
        };
        let Some((key, renew)) = remembered else { return self.look_up(hash).await };
        if renew {
            let keyring = self.clone();
            tokio::spawn(async move {
                // Where it fails the key is looked up again when its time is over, and whoever asks then hears of it.
                if let Err(why) = keyring.look_up(hash).await {
                    tracing::warn!("a key could not be looked up: {why}");
                }
            });
        }
        Ok(key)
    }

    async fn look_up(&self, hash: String) -> Result<Option<Arc<Key>>, StateError> {
        let age = self.0.age.load(Acquire);
        let found = self.0.store.key_by_hash(&hash, self.0.clock.now()).await?.map(Arc::new);
        if let Some(key) = &found {
            self.0.store.touch_key(&key.id, self.0.clock.now()).await?;
        }
        let now = Instant::now();
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        if self.0.age.load(Acquire) != age {
            return Ok(found);
        }
        if known.len() >= MAX_REMEMBERED {
            known.retain(|_, found| found.until > now);
            if known.len() >= MAX_REMEMBERED {
                known.clear();
            }
        }
        let until = now + self.0.memory;
        known.insert(hash, Remembered { key: found.clone(), until, renewing: AtomicBool::new(false) });
        Ok(found)
    }

    /// Forgets all, after a key was made, rotated or revoked.
    pub fn forget(&self) {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        self.0.age.fetch_add(1, Release);
        known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn with(header: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        presented_key(&headers)
    }

    #[test]
    fn a_key_is_found_in_every_form_that_clients_send() {
        // base64 of "KEY:" and of "KEY:ignored" and of "KEY".
        for header in ["Bearer KEY", "bearer  KEY", "Basic S0VZOg==", "basic S0VZOmlnbm9yZWQ=", "Basic S0VZ"] {
            assert_eq!(with(header), Some("KEY".to_owned()), "{header}");
        }
        for header in ["KEY", "Digest KEY", "Basic ####", "Basic /w=="] {
            assert_eq!(with(header), None, "{header}");
        }
    }

    #[test]
    fn a_visit_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=b; portolan=token; c=d"));
        assert_eq!(presented_visit(&headers, false), Some("token".to_owned()));
        assert_eq!(presented_visit(&headers, true), None, "the secure cookie has another name");
    }

    async fn keyring(memory: Duration) -> (Keyring, String, String) {
        let store = Arc::new(Store::in_memory().await.unwrap());
        let clock = Clock::saying(|| chrono::DateTime::UNIX_EPOCH);
        let new = state::keys::NewKey { name: "k".into(), kind: KeyKind::Read, market: None, origins: Vec::new() };
        let (key, secret) = store.create_key(new, clock.now()).await.unwrap();
        (Keyring::new(store, clock, memory), key.id, secret.reveal().to_owned())
    }

    /// Its time is over half at once, so that each look is followed by one in the background; asking goes on meanwhile.
    #[tokio::test]
    async fn a_key_in_use_is_looked_up_anew_before_its_time_is_over() {
        let (keyring, id, secret) = keyring(Duration::from_secs(3_600)).await;
        assert!(keyring.find(&secret).await.unwrap().is_some());
        keyring.0.store.revoke_key(&id, keyring.0.clock.now()).await.unwrap();
        assert!(keyring.find(&secret).await.unwrap().is_some(), "in the first half it is believed");
        let hash = state::secret::hash(&secret);
        {
            let mut known = keyring.0.known.write().unwrap();
            known.get_mut(&hash).unwrap().until = Instant::now() + Duration::from_secs(1_799);
        }
        assert!(keyring.find(&secret).await.unwrap().is_some(), "nobody waits for the database");
        // The task in the background ends by itself; the test only lets it run.
        while keyring.find(&secret).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_is_forgotten_is_asked_of_the_database() {
        let (keyring, id, secret) = keyring(Duration::from_secs(3_600)).await;
        assert!(keyring.find(&secret).await.unwrap().is_some());
        keyring.0.store.revoke_key(&id, keyring.0.clock.now()).await.unwrap();
        keyring.forget();
        assert!(keyring.find(&secret).await.unwrap().is_none());
    }
}
