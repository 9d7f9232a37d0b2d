//! What is over is thrown away now and then: visits, counts of wrong passwords, replies kept for a day.

use crate::shared::AppState;
use chrono::TimeDelta;
use std::time::Duration;

/// How often.
const EVERY: Duration = Duration::from_secs(600);

/// For how long a reply is kept under its idempotency key.
const KEEP_REPLIES: TimeDelta = TimeDelta::hours(24);

/// Runs until it is dropped.
pub(crate) async fn run(shared: AppState) {
    let mut turns = tokio::time::interval(EVERY);
    loop {
        turns.tick().await;
        if let Err(why) = once(&shared).await {
            tracing::warn!("what is over could not be thrown away: {why}");
        }
    }
}

/// Reads what other servers on the same database wrote about consents, until it is dropped.
pub(crate) async fn follow_consents(shared: AppState) {
    let mut turns = tokio::time::interval(crate::consents::EVERY);
    loop {
        turns.tick().await;
        if let Err(why) = shared.consents.refresh(&shared.store).await {
            tracing::warn!("consents could not be read again: {why}");
        }
    }
}

async fn once(shared: &AppState) -> Result<(), state::StateError> {
    let (store, now) = (&shared.store, shared.clock.now());
    store.purge_sessions(&shared.config.sessions, now).await?;
    store.purge_attempts(&shared.config.lockout, now).await?;
    store.purge_replies(now - KEEP_REPLIES).await?;
    Ok(())
}
