//! The same promises on PostgreSQL. The address of an empty database comes from `PORTOLAN_TEST_POSTGRES`;
//! `scripts/postgres.sh` starts a throwaway server and runs this test. The siblings on SQLite stand in each file.

use chrono::{DateTime, TimeDelta, Utc};
use state::audit::{NewEntry, Verdict};
use state::consent::{Consent, ConsentState};
use state::keys::{KeyKind, NewKey};
use state::lockout::LockoutParams;
use state::replies::Begun;
use state::sessions::SessionParams;
use state::users::Role;
use state::{StateError, Store};
use std::sync::Arc;

const GOOD: &str = "a sentence nobody says";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a test has no other way to be told, or to say so")]
fn address() -> Option<String> {
    let address = std::env::var("PORTOLAN_TEST_POSTGRES").ok();
    if address.is_none() {
        eprintln!("skipped: PORTOLAN_TEST_POSTGRES names no database, see scripts/postgres.sh");
    }
    address
}

#[tokio::test]
async fn postgres_keeps_what_sqlite_keeps() {
    let Some(address) = address() else { return };
    let store = Arc::new(Store::open(&address).await.unwrap());
    let again = Store::open(&address).await.unwrap();
    again.ping().await.unwrap();

    let token = store.setup_token(at(0)).await.unwrap().unwrap();
    let (one, two) = tokio::join!(
        store.complete_setup(token.reveal(), "Ana", GOOD, at(1)),
        store.complete_setup(token.reveal(), "Eve", GOOD, at(1)),
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    let admin = store.users(at(1)).await.unwrap().remove(0);
    assert!(matches!(store.delete_user(&admin.id).await, Err(StateError::LastAdmin(_))));
    let taken = store.create_user(&admin.name.to_uppercase(), Role::Viewer, GOOD, at(2)).await;
    assert!(matches!(taken, Err(StateError::Taken(_))), "{taken:?}");

    let params = LockoutParams::default();
    let (_, visit) = store.sign_in(&admin.name, GOOD, "::1", &params, at(3)).await.unwrap();
    let user = store.session(visit.reveal(), &SessionParams::default(), at(4)).await.unwrap().unwrap();
    assert_eq!((user.name, user.last_seen), (admin.name.clone(), Some(at(3))));
    for _ in 0..5 {
        let wrong = store.sign_in(&admin.name, "wrong wrong wrong", "::2", &params, at(5)).await;
        assert!(matches!(wrong, Err(StateError::WrongPassword)));
    }
    assert!(matches!(store.sign_in(&admin.name, GOOD, "::2", &params, at(6)).await, Err(StateError::Locked { .. })));

    let new = NewKey { name: "shop".to_owned(), kind: KeyKind::Write, market: None, origins: Vec::new() };
    let (key, old) = store.create_key(new, at(0)).await.unwrap();
    let (_, fresh) = store.rotate_key(&key.id, TimeDelta::seconds(60), at(100)).await.unwrap();
    store.touch_key(&key.id, at(101)).await.unwrap();
    for (secret, when, works) in [(&old, 159, true), (&old, 160, false), (&fresh, 160, true)] {
        assert_eq!(store.key_by_secret(secret.reveal(), at(when)).await.unwrap().is_some(), works);
    }
    assert_eq!(store.revoke_key(&key.id, at(200)).await.unwrap().last_used, Some(at(101)));

    let (purpose, source) = ("analytics".to_owned(), "banner 2".to_owned());
    let consent = Consent { purpose, state: ConsentState::Denied, at: at(7), source };
    store.record_consent("ana", &consent).await.unwrap();
    assert_eq!(store.consent("ana", "analytics").await.unwrap(), Some(consent));

    let writers: Vec<_> = (0..8)
        .map(|w| {
            let store = store.clone();
            tokio::spawn(async move {
                for i in 0..5 {
                    let subject = format!("{w}/{i}");
                    let new = NewEntry { actor: "system", action: "test", subject: &subject, detail: "" };
                    store.note(new, at(8)).await.unwrap();
                }
                store.begin_reply("key_1", "w1", "body", at(9)).await.unwrap()
            })
        })
        .collect();
    let mut begun = 0;
    for writer in writers {
        begun += usize::from(writer.await.unwrap() == Begun::New);
    }
    assert_eq!(begun, 1, "of many at once one begins");
    assert_eq!(store.verify_audit().await.unwrap(), Verdict::Whole(40));
}
