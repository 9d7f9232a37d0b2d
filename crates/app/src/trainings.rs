//! Networks under training: what is heard of them, and their checkpoints.
//!
//! `models/training/<fingerprint>.checkpoint` of the workspace is where the training with this fingerprint of rows,
//! parameters and seed stands, written beside its place, synced and renamed. A run that was killed takes it up
//! there; a run that has written what it learnt takes the folder away.

use crate::models::put;
use crate::output::Bar;
use crate::pipeline::catalogue;
use crate::pipeline::purchases::Purchases;
use anyhow::{Context, Result};
use domain::{FitError, Interactions, Seed};
use lake::Engine;
use learn::net::{CheckpointError, Flow, Progress, Watch};
use recommend::{Fitted, ItemText, ModelKind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Share of the time of a training that may go into its checkpoints.
const SPENT_AT_MOST: f64 = 0.05;
/// A step inside an epoch is kept where the last checkpoint lies as far back.
const LONG: Duration = Duration::from_secs(60);

/// The trainings of a run.
pub(crate) struct Trainings<'a> {
    /// Where checkpoints go; `None` where nothing is kept.
    dir: Option<PathBuf>,
    bar: &'a Bar,
    /// What is known of the products, once a model wants it.
    texts: OnceLock<Vec<ItemText>>,
}

impl<'a> Trainings<'a> {
    /// Keeps checkpoints in a workspace.
    pub(crate) fn kept(workspace: &Path, bar: &'a Bar) -> Self {
        Self { dir: Some(workspace.join("models").join("training")), bar, texts: OnceLock::new() }
    }

    /// Shows how far they are and keeps nothing.
    pub(crate) const fn shown(bar: &'a Bar) -> Self {
        Self { dir: None, bar, texts: OnceLock::new() }
    }

    /// Reads what is known of the products that were bought, where one of these models learns from it.
    pub(crate) async fn describe(&self, kinds: &[ModelKind], engine: &Engine, purchases: &Purchases) -> Result<()> {
        if self.texts.get().is_none() && kinds.iter().any(ModelKind::reads_texts) {
            let _ = self.texts.set(catalogue::texts(engine, purchases).await?);
        }
        Ok(())
    }

    /// Fits a model, a network from where its last training stopped.
    ///
    /// # Errors
    /// As for a fit.
    pub(crate) fn fit(&self, kind: &ModelKind, train: &Interactions, seed: Seed) -> Result<Box<dyn Fitted>, FitError> {
        let now = Instant::now();
        // Descriptions are of the columns of the purchases; who learns on others goes without.
        let texts = self.texts.get().filter(|texts| texts.len() == train.n_items()).map_or(&[][..], Vec::as_slice);
        let mut training = Training {
            name: kind.name(),
            by_loss: kind.reads_texts(),
            dir: self.dir.as_deref(),
            bar: self.bar,
            file: None,
            begun: now,
            kept: now,
            writing: Duration::ZERO,
            best: None,
            fresh: true,
        };
        kind.fit_described(train, texts, seed, &mut training)
    }

    /// Takes the checkpoints away: what was learnt is written.
    pub(crate) fn forget(&self) -> Result<()> {
        let Some(dir) = &self.dir else { return Ok(()) };
        match std::fs::remove_dir_all(dir) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(e).with_context(|| format!("removing {}", dir.display()))
            }
            _ => Ok(()),
        }
    }
}

/// One training.
struct Training<'a> {
    name: &'static str,
    /// Its metric is the negative loss on what is kept aside, else NDCG@10.
    by_loss: bool,
    dir: Option<&'a Path>,
    bar: &'a Bar,
    /// Its checkpoint.
    file: Option<PathBuf>,
    begun: Instant,
    /// When it was kept last.
    kept: Instant,
    /// Time spent on checkpoints.
    writing: Duration,
    best: Option<f64>,
    /// Nothing was heard of it yet.
    fresh: bool,
}

impl Watch for Training<'_> {
    fn at(&mut self, p: Progress) -> Flow {
        if let Some(metric) = p.metric {
            self.best = Some(self.best.map_or(metric, |best| best.max(metric)));
        }
        // The epoch under way, but for the moment right after one.
        let epoch = p.epoch + usize::from(p.step > 0);
        let best = self.best.map_or_else(String::new, |best| match self.by_loss {
            true => format!(", on what is kept aside {:.4} at best", -best),
            false => format!(", NDCG@10 on items kept aside {best:.4} at best"),
        });
        let message = format!("{}, epoch {epoch} of at most {}: loss {:.4}{best}", self.name, p.n_epochs, p.loss);
        self.bar.training(message, p.share(), self.fresh);
        self.fresh = false;
        if p.step == 0 {
            tracing::info!(model = self.name, epoch, loss = p.loss, metric = p.metric, "trained an epoch");
        }
        let cheap = self.writing.as_secs_f64() <= SPENT_AT_MOST * self.begun.elapsed().as_secs_f64();
        let due = cheap && (p.step == 0 || self.kept.elapsed() >= LONG);
        if due && self.file.is_some() { Flow::Keep } else { Flow::Continue }
    }

    fn keep(&mut self, checkpoint: Vec<u8>) {
        let Some(file) = &self.file else { return };
        let started = Instant::now();
        // What cannot be kept costs time after a crash, and nothing else.
        match put(file, &checkpoint) {
            Ok(()) => tracing::debug!(model = self.name, bytes = checkpoint.len(), "kept a checkpoint"),
            Err(e) => tracing::warn!(model = self.name, "no checkpoint is kept: {e:#}"),
        }
        self.writing += started.elapsed();
        self.kept = Instant::now();
    }

    fn earlier(&mut self, of: u128) -> Option<Vec<u8>> {
        let file = self.dir?.join(format!("{of:032x}.checkpoint"));
        let bytes = std::fs::read(&file).ok();
        if bytes.is_some() {
            tracing::info!(model = self.name, "training is taken up from its checkpoint");
        }
        self.file = Some(file);
        bytes
    }

    fn refused(&mut self, why: &CheckpointError) {
        tracing::warn!(model = self.name, "training begins anew: {why}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Market, Rng};
    use recommend::{NextItemParams, SasRecParams, saved};

    fn train() -> Interactions {
        let mut rng = Rng::new(5);
        let baskets: Vec<Vec<u32>> = (0..60).map(|_| (0..5).map(|_| rng.below(15) as u32).collect()).collect();
        Interactions::from_baskets(15, baskets.iter().map(Vec::as_slice))
    }

    fn network(rate: f32) -> ModelKind {
        let common =
            NextItemParams { width: 8, n_epochs: 4, patience: 0, batch: 16, rate, ..NextItemParams::default() };
        ModelKind::SasRec(SasRecParams { common, n_blocks: 1, n_heads: 1, hidden: 8 })
    }

    fn bytes(kind: &ModelKind, trainings: &Trainings<'_>) -> Vec<u8> {
        saved::save::<&str>(kind, trainings.fit(kind, &train(), Seed(1)).unwrap().as_ref(), 0, &[])
    }

    fn files(dir: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(dir.join("models/training")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn a_training_leaves_a_checkpoint_until_it_is_forgotten_and_a_damaged_one_costs_nothing_but_time() {
        let (dir, bar) = (tempfile::tempdir().unwrap(), Bar::new(true));
        let (kept, shown) = (Trainings::kept(dir.path(), &bar), Trainings::shown(&bar));
        let want = bytes(&network(1e-2), &shown);
        assert!(files(dir.path()).is_empty());
        assert_eq!(bytes(&network(1e-2), &kept), want);
        let [file] = &files(dir.path())[..] else { panic!("one checkpoint") };
        assert_eq!(bytes(&network(1e-2), &kept), want, "taken up from there");
        std::fs::write(file, b"PORTOMDL and nothing else").unwrap();
        assert_eq!(bytes(&network(1e-2), &kept), want, "begun anew");
        assert_ne!(bytes(&network(2e-2), &kept), want);
        assert_eq!(files(dir.path()).len(), 2, "other parameters are another training");
        kept.fit(&ModelKind::named("item-knn", Market::UNKNOWN).unwrap(), &train(), Seed(1)).unwrap();
        assert_eq!(files(dir.path()).len(), 2, "what is no network is not kept");
        kept.forget().unwrap();
        kept.forget().unwrap();
        assert!(files(dir.path()).is_empty());
    }
}
