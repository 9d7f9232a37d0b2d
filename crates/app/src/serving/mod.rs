//! What the server answers from: the lake, the saved models and the last minutes.
//!
//! [`Snapshot`](snapshot::Snapshot) is one version of everything, [`Current`] the one in force,
//! [`Recent`] what people did since. [`Serving`] joins them and gives the answers of
//! `serve::answers`, one file an area in `answers/`.

pub(crate) mod answers;
pub(crate) mod current;
pub(crate) mod exposures;
mod goods;
pub(crate) mod intake;
mod kept;
mod meanings;
mod persons;
pub(crate) mod recent;
pub(crate) mod runs;
mod schedule;
pub(crate) mod snapshot;
mod sweep;
mod tables;
mod tastes;
mod updates;

use crate::workspace::Workspace;
use anyhow::Result;
use current::Current;
use exposures::Exposures;
use lake::{Engine, EngineOptions};
use recent::{Recent, RecentParams};
use runs::RunsParams;
use serve::consents::{Consents, PERSONALISATION};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use updates::Updates;

/// What holds for somebody who was never asked about a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unasked {
    /// Yes, until there is a no: another legal basis than consent.
    Allows,
    /// No, until there is a yes.
    Refuses,
}

/// Keeps what a server that starts next would have to read from every order.
pub(crate) async fn make_ready(workspace: &Workspace, lake: &lake::Lake) -> Result<()> {
    let snapshot = lake::Snapshot::latest(lake).await?;
    let engine = Engine::open(lake, &snapshot, &EngineOptions::default()).await?;
    kept::Kept::load(&workspace.root, &engine, &snapshot).await?;
    Ok(())
}

/// All that answers.
pub(crate) struct Serving {
    pub(crate) root: PathBuf,
    pub(crate) current: Arc<Current>,
    pub(crate) recent: Recent,
    pub(crate) exposures: Exposures,
    pub(crate) runs: runs::RunKeeper,
    pub(crate) scheduler: schedule::Scheduler,
    /// What takes events in; none where nothing does.
    pub(crate) events: OnceLock<Arc<serve::ingest::Intake>>,
    /// What persons allowed.
    pub(crate) consents: Arc<Consents>,
    /// What is taken for the answer of somebody who was never asked.
    pub(crate) unasked: Unasked,
    updates: Arc<Updates>,
    /// Held while segments.toml is read and written.
    segments: tokio::sync::Mutex<()>,
}

impl Serving {
    /// Opens a workspace for answering.
    pub(crate) async fn open(root: &Path, unasked: Unasked) -> anyhow::Result<Self> {
        Ok(Self {
            root: root.to_path_buf(),
            current: Arc::new(Current::open(root).await?),
            recent: Recent::new(RecentParams::default()),
            exposures: Exposures::open(root)?,
            runs: runs::RunKeeper::open(root, RunsParams::default())?,
            scheduler: schedule::Scheduler::new(root, now()),
            events: OnceLock::new(),
            consents: Arc::default(),
            unasked,
            updates: Arc::new(Updates::open(root)?),
            segments: tokio::sync::Mutex::new(()),
        })
    }

    /// Takes what somebody did to a product: the next answer knows. `who` is any name that the person is known by, to
    /// be told under each; `at` in milliseconds of the server's clock.
    pub(crate) fn note(&self, who: &str, product: &str, kind: domain::Kind, at: i64) {
        self.recent.note(who, product, kind, at);
    }

    /// Whether an answer may follow from what the person of these names did.
    fn may_personalise<'a>(&self, now: &'a snapshot::Snapshot, names: impl Iterator<Item = &'a str> + Clone) -> bool {
        // Consent may have been given under the other name of somebody who goes by two.
        let all = names.clone().chain(names.filter_map(|name| now.other_name(name)));
        self.consents.of_any(all, PERSONALISATION).unwrap_or(self.unasked == Unasked::Allows)
    }

    /// What is worth watching, in the text format of Prometheus.
    pub(crate) fn metrics(&self, text: &mut String) {
        let now = self.current.get();
        let gauges = [
            ("lake_snapshot", "Snapshot of the lake that answers.", now.versions.lake),
            ("models_version", "Version of the models that answers.", now.versions.models),
            ("shoppers", "Shoppers whose history is in memory.", now.histories.len() as u64),
            ("history_bytes", "Bytes that histories take in memory.", now.histories.bytes() as u64),
            ("products", "Products of the catalogue.", now.goods.len() as u64),
            ("recent_people", "People who did something lately.", self.recent.len() as u64),
            ("exposures_lost", "Lines of exposures that the disk was too slow for.", self.exposures.lost()),
        ];
        for (name, help, value) in gauges {
            text.push_str(&format!(
                "# HELP portolan_{name} {help}\n# TYPE portolan_{name} gauge\nportolan_{name} {value}\n"
            ));
        }
    }

    /// Milliseconds of the clock.
    pub(crate) fn now(&self) -> i64 {
        now()
    }
}

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a server lives in time; its answers are not repeated")]
pub(crate) fn now() -> i64 {
    chrono::Utc::now().timestamp_millis()
}
