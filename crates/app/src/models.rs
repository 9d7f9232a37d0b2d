//! The saved models of a workspace, so that serving one shopper fits nothing.
//!
//! `models/files/<hash>.model` are models, named by their content; `models/versions/<number>.json` says which of
//! them serve which market and from which state of the marts they were made. The highest number is in
//! force; going back writes the earlier version once more under a new number, so history only grows.
//! Both sorts of file are written beside their place, synced and renamed: a reader sees all or nothing.

use crate::exit::{Exit, Stop};
use crate::pipeline::measured::{Basis, Choice};
use crate::pipeline::offers::{FittedModel, Served, training_name};
use crate::pipeline::parameters::parameters;
use anyhow::{Context, Result};
use domain::Market;
use recommend::saved::{self, Loaded, Named};
use recommend::serving::Scorer;
use recommend::{Fitted, ModelKind, Recommender, Shelf};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder `models` of a workspace.
pub(crate) struct Store {
    dir: PathBuf,
}

/// Which models serve which market.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Version {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// What the marts remembered of stage `offers`: the models follow from that.
    pub(crate) made_from: String,
    /// The version that this one repeats; it serves whatever the marts say.
    pub(crate) back_to: Option<u64>,
    /// The snapshot of the lake whose purchases the models know; `None` in files of earlier releases.
    #[serde(default)]
    pub(crate) snapshot: Option<u64>,
    /// What the models have learnt since they were fitted.
    #[serde(default)]
    pub(crate) learnt: Option<Learnt>,
    /// What serves each market, by its two letters.
    pub(crate) markets: BTreeMap<String, Kept>,
}

impl Version {
    /// Fitted models whose number is still to be given.
    pub(crate) fn of(made_from: &str, snapshot: u64, markets: BTreeMap<String, Kept>) -> Self {
        let made_from = made_from.to_owned();
        Self { number: 0, made_from, back_to: None, snapshot: Some(snapshot), learnt: None, markets }
    }

    /// Whether it serves though the marts are of an earlier state: somebody went back to it, or it has learnt
    /// what is clean now.
    pub(crate) fn serves_beyond_the_marts(&self, snapshot: &lake::Snapshot) -> bool {
        let of_now = |learnt: &Learnt| snapshot.stages.get("clean") == Some(&learnt.clean);
        self.back_to.is_some() || self.learnt.as_ref().is_some_and(of_now)
    }
}

/// What was learnt after a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Learnt {
    /// The version that went on learning.
    pub(crate) from: u64,
    /// Purchases since the fit.
    pub(crate) purchases: u64,
    /// What the lake remembered of its clean tables: while it does, the version serves.
    pub(crate) clean: String,
}

/// What serves a market.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) model: KeptModel,
    pub(crate) fallback: KeptModel,
    /// Weight of the other markets' purchases; `None` where they are not used.
    pub(crate) source_weight: Option<f32>,
    pub(crate) basis: String,
    pub(crate) why: String,
}

/// A model in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptModel {
    pub(crate) name: String,
    pub(crate) training: String,
    /// Its file in `models/files`.
    pub(crate) file: String,
    /// Fingerprint of its training data, in hexadecimal.
    pub(crate) trained_on: String,
    /// Its parameters, as `marts.serving` has them; `null` in files of earlier releases.
    #[serde(default)]
    pub(crate) parameters: serde_json::Value,
}

/// A file that cannot be used, and what mends it.
fn damaged(path: &Path, why: impl std::fmt::Display) -> anyhow::Error {
    let next = "`portolan run` writes the models again, `portolan models list` shows the versions";
    Stop::error(Exit::Storage, format!("{}: {why}", path.display()), next)
}

/// Writes beside the place, syncs, renames and syncs the folder.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let telling = || format!("writing {}", path.display());
    let dir = path.parent().context("a path in a folder")?;
    std::fs::create_dir_all(dir).with_context(telling)?;
    let beside = crate::caches::beside(path);
    let mut file = std::fs::File::create(&beside).with_context(telling)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(telling)?;
    drop(file);
    std::fs::rename(&beside, path).with_context(telling)?;
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).with_context(telling)
}

impl Store {
    pub(crate) fn new(workspace: &Path) -> Self {
        Self { dir: workspace.join("models") }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join("files").join(name)
    }

    fn version(&self, number: u64) -> PathBuf {
        self.dir.join("versions").join(format!("{number}.json"))
    }

    /// The numbers of all versions, ascending.
    pub(crate) fn numbers(&self) -> Result<Vec<u64>> {
        let dir = self.dir.join("versions");
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(e).with_context(|| format!("reading {}", dir.display())),
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry.with_context(|| format!("reading {}", dir.display()))?.file_name();
            let stem = name.to_str().and_then(|n| n.strip_suffix(".json"));
            let number: Option<u64> = stem.and_then(|n| n.parse().ok());
            numbers.extend(number);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// One version.
    pub(crate) fn read(&self, number: u64) -> Result<Version> {
        let path = self.version(number);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let what = format!("there is no version {number} of the models");
                return Err(Stop::error(Exit::Missing, what, "`portolan models list` shows the versions"));
            }
            Err(e) => return Err(e).with_context(|| format!("reading {}", path.display())),
        };
        serde_json::from_slice(&text).map_err(|e| damaged(&path, format!("this is no list of models: {e}")))
    }

    /// The version in force; `None` before the first.
    pub(crate) fn in_force(&self) -> Result<Option<Version>> {
        self.numbers()?.last().map(|number| self.read(*number)).transpose()
    }

    /// Writes a new version with the next number.
    pub(crate) fn put(&self, mut version: Version) -> Result<u64> {
        version.number = self.numbers()?.last().map_or(1, |last| last + 1);
        put(&self.version(version.number), &serde_json::to_vec_pretty(&version)?)?;
        Ok(version.number)
    }

    /// Goes back: the version is repeated under the next number once all its files are found whole.
    pub(crate) fn back_to(&self, number: u64) -> Result<Version> {
        let mut version = self.read(number)?;
        self.check(&version)?;
        version.back_to = Some(version.back_to.unwrap_or(number));
        version.number = self.put(version.clone())?;
        Ok(version)
    }

    /// Whether every file of a version is there and whole.
    pub(crate) fn check(&self, version: &Version) -> Result<()> {
        let of = version.markets.values().flat_map(|kept| [&kept.model, &kept.fallback]);
        let files: BTreeMap<&str, &KeptModel> = of.map(|m| (m.file.as_str(), m)).collect();
        files.values().try_for_each(|kept| self.load(kept).map(|_| ()))
    }

    /// The bytes of a model's file.
    pub(crate) fn bytes(&self, kept: &KeptModel) -> Result<Vec<u8>> {
        let path = self.file(&kept.file);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(damaged(&path, "the model is not there")),
            Err(e) => Err(e).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// A model from its file, which has to be the one that the version means.
    pub(crate) fn load(&self, kept: &KeptModel) -> Result<Loaded> {
        let (path, bytes) = (self.file(&kept.file), self.bytes(kept)?);
        let loaded = saved::load_as(&kept.name, &bytes).map_err(|e| damaged(&path, e))?;
        if hex(loaded.about.trained_on) != kept.trained_on {
            return Err(damaged(&path, "this model was trained on other data than its version says"));
        }
        Ok(loaded)
    }

    /// A model from its file in the shape that answers fastest, for a catalogue.
    pub(crate) fn scorer(&self, kept: &KeptModel, catalogue: &[String]) -> Result<Scorer> {
        let (path, bytes) = (self.file(&kept.file), self.bytes(kept)?);
        let (scorer, about) = Scorer::load(&kept.name, &bytes, catalogue).map_err(|e| damaged(&path, e))?;
        if hex(about.trained_on) != kept.trained_on {
            return Err(damaged(&path, "this model was trained on other data than its version says"));
        }
        Ok(scorer)
    }

    /// What serves a market, by its files. Products are matched by name where the catalogue is another one.
    pub(crate) fn serve(&self, kept: &Kept, products: &[domain::ProductId], shelf: Shelf) -> Result<Served> {
        let model = |kept: &KeptModel| -> Result<(Arc<dyn Recommender>, &'static str, &'static str)> {
            let loaded = self.load(kept)?;
            let kind = ModelKind::of_file(&kept.name).context("a model of this release")?;
            let ids: Vec<&str> = products.iter().map(|p| p.as_str()).collect();
            let fitted: Arc<dyn Recommender> = if loaded.about.items == ids {
                Arc::<dyn Fitted>::from(loaded.model)
            } else {
                Arc::new(Named::new(loaded, &ids))
            };
            Ok((fitted, kind.name(), training_name(&kept.training)?))
        };
        let (found, name, training) = model(&kept.model)?;
        let (fallback, fallback_name, fallback_training) = model(&kept.fallback)?;
        Ok(Served { model: found, name, training, fallback, fallback_name, fallback_training, shelf })
    }
}

fn hex(fingerprint: u128) -> String {
    format!("{fingerprint:032x}")
}

/// Writes the models of a run into files, each once however many markets it serves.
pub(crate) struct Keeper<'a> {
    store: &'a Store,
    products: Vec<&'a str>,
    /// Parameters and training data of what was written, and its file.
    written: BTreeMap<(String, u128), String>,
    markets: BTreeMap<String, Kept>,
}

impl<'a> Keeper<'a> {
    pub(crate) fn new(store: &'a Store, products: &'a [domain::ProductId]) -> Self {
        let products = products.iter().map(|p| p.as_str()).collect();
        Self { store, products, written: BTreeMap::new(), markets: BTreeMap::new() }
    }

    /// Writes one model.
    pub(crate) fn keep_one(
        &mut self,
        kind: &ModelKind,
        model: &dyn Fitted,
        trained_on: u128,
        training: &str,
    ) -> Result<KeptModel> {
        let key = (format!("{kind:?}"), trained_on);
        let file = match self.written.get(&key) {
            Some(file) => file.clone(),
            None => {
                let bytes = saved::save(kind, model, trained_on, &self.products);
                let hash: String = Sha256::digest(&bytes).iter().take(8).map(|b| format!("{b:02x}")).collect();
                let file = format!("{hash}.model");
                // What is there under this name is the same content, unless it was damaged.
                if std::fs::read(self.store.file(&file)).ok().as_deref() != Some(&bytes) {
                    put(&self.store.file(&file), &bytes)?;
                }
                self.written.insert(key, file.clone());
                file
            }
        };
        let (name, trained_on) = (kind.name().to_owned(), hex(trained_on));
        Ok(KeptModel { name, training: training.to_owned(), file, trained_on, parameters: parameters(kind) })
    }

    /// Writes what serves a market: `fitted` are the model and the fallback.
    pub(crate) fn keep(
        &mut self,
        market: Market,
        served: &Served,
        fitted: &[FittedModel; 2],
        choice: &Choice,
    ) -> Result<()> {
        let [model, fallback] = fitted;
        let kept = Kept {
            model: self.keep_one(&model.kind, model.model.as_ref(), model.trained_on, served.training)?,
            fallback: self.keep_one(
                &fallback.kind,
                fallback.model.as_ref(),
                fallback.trained_on,
                served.fallback_training,
            )?,
            source_weight: choice.pooled,
            basis: choice.basis.key().to_owned(),
            why: choice.why.clone(),
        };
        self.markets.insert(market.code().to_owned(), kept);
        Ok(())
    }

    /// What serves each market.
    pub(crate) fn finish(self) -> BTreeMap<String, Kept> {
        self.markets
    }
}

impl Kept {
    /// On what it rests that the market is served as it is.
    pub(crate) fn basis(&self) -> Result<Basis> {
        Basis::from_key(&self.basis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(made_from: &str) -> Version {
        Version::of(made_from, 1, BTreeMap::new())
    }

    #[test]
    fn the_highest_number_is_in_force_and_going_back_adds_one() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.in_force().unwrap(), None);
        for (made_from, number) in [("a", 1), ("b", 2)] {
            assert_eq!(store.put(version(made_from)).unwrap(), number);
        }
        assert_eq!(store.in_force().unwrap().unwrap().made_from, "b");
        let back = store.back_to(1).unwrap();
        assert_eq!((back.number, back.back_to, back.made_from.as_str()), (3, Some(1), "a"));
        assert_eq!(store.in_force().unwrap(), Some(back));
        // Going back to what went back means the first.
        assert_eq!(store.back_to(3).unwrap().back_to, Some(1));
        let error = store.back_to(9).unwrap_err().to_string();
        assert_eq!(error, "there is no version 9 of the models");
        std::fs::write(store.version(5), "{").unwrap();
        let error = store.in_force().unwrap_err();
        assert!(error.to_string().contains("5.json: this is no list of models"), "{error}");
        assert!(error.downcast_ref::<Stop>().unwrap().next.contains("portolan run"));
    }
}
