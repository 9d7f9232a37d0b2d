//! The version that answers now. A newer one is made beside it and takes its place in one step; whoever asked before
//! keeps the old one until the answer is given.

use super::snapshot::{Snapshot, Versions};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How often a newer version is looked for.
const EVERY: Duration = Duration::from_secs(2);

/// The version in force.
pub(crate) struct Current {
    root: PathBuf,
    now: RwLock<Arc<Snapshot>>,
    /// Held while a newer version is opened: once is enough.
    opening: tokio::sync::Mutex<()>,
}

impl Current {
    /// Opens the newest version.
    pub(crate) async fn open(root: &Path) -> Result<Self> {
        let first = Snapshot::open(root).await?;
        Ok(Self { root: root.to_path_buf(), now: RwLock::new(Arc::new(first)), opening: tokio::sync::Mutex::default() })
    }

    /// The version to answer from.
    pub(crate) fn get(&self) -> Arc<Snapshot> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over a newer version where there is one; says whether there was.
    pub(crate) async fn refresh(&self) -> Result<bool> {
        let _one_at_a_time = self.opening.lock().await;
        let now = self.get();
        if Versions::newest(&now.workspace).await? == now.versions {
            return Ok(false);
        }
        self.take_over(Snapshot::after(&now).await?).await?;
        Ok(true)
    }

    /// Opens the newest version again, changed or not: settings may have.
    pub(crate) async fn renew(&self) -> Result<()> {
        let _one_at_a_time = self.opening.lock().await;
        self.take_over(Snapshot::open(&self.root).await?).await
    }

    /// The newer version answers once all of it is ready: until then the one before does, which is whole.
    async fn take_over(&self, next: Snapshot) -> Result<()> {
        let before = self.get();
        let next = Arc::new(next);
        let prepared = next.prepare(Some(&before)).await;
        tracing::info!(lake = next.versions.lake, models = next.versions.models, "a newer version answers");
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = next;
        prepared
    }

    /// Looks for newer versions until the task is dropped. One that cannot be opened is told and tried again: the old
    /// one goes on answering.
    pub(crate) async fn follow(&self) {
        if let Err(error) = self.get().prepare(None).await {
            tracing::warn!(error = crate::exit::said(&error), "products cannot be searched");
        }
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = self.refresh().await {
                tracing::warn!(error = crate::exit::said(&error), "a newer version cannot be opened");
            }
        }
    }
}
