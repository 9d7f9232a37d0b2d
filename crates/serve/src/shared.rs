//! What every handler can reach.

use crate::answers::Answers;
use crate::auth::Keyring;
use crate::clock::Clock;
use crate::config::ServeConfig;
use crate::consents::Consents;
use crate::ingest::Intake;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::rates::Rates;
use state::Store;
use std::sync::Arc;

/// Shared by all requests.
pub type AppState = Arc<Shared>;

/// The parts of a running server.
pub struct Shared {
    /// Limits and habits.
    pub config: ServeConfig,
    /// Whether visits travel encrypted, so that cookies may say `Secure`.
    pub secure: bool,
    /// Keys, people, audit log.
    pub store: Arc<Store>,
    /// What is answered.
    pub answers: Arc<dyn Answers>,
    /// What happens now, where events are taken in.
    pub live: Option<Arc<dyn Live>>,
    /// What takes events in, where this server does.
    pub ingest: Option<Arc<Intake>>,
    /// What persons allowed.
    pub consents: Arc<Consents>,
    /// What time it is.
    pub clock: Clock,
    /// Keys looked up a moment ago.
    pub keys: Keyring,
    /// Counts and times of requests.
    pub metrics: Metrics,
    pub(crate) rates: Rates,
}
