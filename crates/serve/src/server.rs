//! The server put together: routes, guard, frame.

use crate::answers::Answers;
use crate::auth::Keyring;
use crate::clock::Clock;
use crate::config::ServeConfig;
use crate::consents::Consents;
use crate::ingest::Intake;
use crate::live::Live;
use crate::metrics::{Metrics, Source};
use crate::rates::Rates;
use crate::shared::{AppState, Shared};
use crate::tls::Tls;
use crate::{accept, console, cors, docs_page, frame, guard, housekeeping, ingest, openapi};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use state::Store;
use std::future::Future;
use std::sync::Arc;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

/// Why the server stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The network refused.
    #[error("serving failed: {0}")]
    Network(#[from] std::io::Error),
}

/// A server before it runs.
pub struct Server {
    config: ServeConfig,
    store: Arc<Store>,
    answers: Arc<dyn Answers>,
    live: Option<Arc<dyn Live>>,
    ingest: Option<Arc<Intake>>,
    consents: Arc<Consents>,
    clock: Clock,
    sources: Vec<Source>,
    tls: Option<Tls>,
}

impl Server {
    /// A server that answers with `answers` and keeps keys and people in `store`.
    pub fn new(config: ServeConfig, store: Arc<Store>, answers: Arc<dyn Answers>) -> Self {
        let (live, tls) = (None, None);
        let (consents, clock) = (Arc::default(), Clock::system());
        Self { config, store, answers, live, ingest: None, consents, clock, sources: Vec::new(), tls }
    }

    /// With what happens now.
    #[must_use]
    pub fn live(mut self, live: Arc<dyn Live>) -> Self {
        self.live = Some(live);
        self
    }

    /// Taking events in: its tracking endpoints, its live side and its metrics.
    #[must_use]
    pub fn ingest(mut self, intake: Arc<Intake>) -> Self {
        self.sources.push(intake.metrics());
        self.live = Some(Arc::clone(&intake) as Arc<dyn Live>);
        self.ingest = Some(intake);
        self
    }

    /// With what persons allowed, for whoever else has to know it.
    #[must_use]
    pub fn consents(mut self, consents: Arc<Consents>) -> Self {
        self.consents = consents;
        self
    }

    /// With another clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// With more metrics: whatever `source` writes is added to `/metrics`.
    #[must_use]
    pub fn metrics(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// Encrypted.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// What handlers share.
    fn shared(&self) -> AppState {
        let https = self.config.public_origin.as_deref().is_some_and(|origin| origin.starts_with("https://"));
        Arc::new(Shared {
            secure: https || self.tls.is_some(),
            store: self.store.clone(),
            answers: self.answers.clone(),
            live: self.live.clone(),
            ingest: self.ingest.clone(),
            consents: self.consents.clone(),
            clock: self.clock.clone(),
            keys: Keyring::new(self.store.clone(), self.clock.clone(), self.config.key_memory),
            metrics: Metrics::with(self.sources.clone()),
            rates: Rates::new(&self.config),
            config: self.config.clone(),
        })
    }

    /// The routes, to be called without a network.
    pub fn router(&self) -> Router {
        router(&self.shared())
    }

    /// Serves until `stop` is ready, then lets open requests end.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<(), ServeError> {
        let shared = self.shared();
        let router = router(&shared);
        let housekeeping = tokio::spawn(housekeeping::run(shared.clone()));
        let consents = tokio::spawn(housekeeping::follow_consents(shared.clone()));
        let served = accept::serve(listener, self.tls, router, shared, stop).await;
        housekeeping.abort();
        consents.abort();
        Ok(served?)
    }
}

fn router(shared: &AppState) -> Router {
    let (api, _) = openapi::router().split_for_parts();
    let guarded = api
        .merge(docs_page::routes())
        .method_not_allowed_fallback(guard::method_not_allowed)
        .layer(from_fn_with_state(shared.clone(), guard::guard));
    let (ingest, _) = ingest::routes().split_for_parts();
    // A stream of events must not wait in a compressor's buffer.
    let compressible = DefaultPredicate::new().and(NotForContentType::const_new("text/event-stream"));
    guarded
        .merge(ingest)
        .fallback(console::fallback)
        .layer(DefaultBodyLimit::max(shared.config.body_bytes))
        .layer(CompressionLayer::new().compress_when(compressible))
        .layer(from_fn_with_state(shared.clone(), cors::preflight))
        .layer(from_fn_with_state(shared.clone(), frame::frame))
        .with_state(shared.clone())
}
