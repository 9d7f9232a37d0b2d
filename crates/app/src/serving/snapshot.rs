//! One version of the lake and of the models, ready to answer: made once, never changed, swapped for the next one.
//!
//! Everything that an answer in milliseconds needs is in memory; everything else is asked of the query engine, which stays
//! open. Models are those in force, even where the lake is newer than they are: an answer then says which version gave it.
//! Nothing is fitted here.

use super::goods::Goods;
use super::kept::Kept;
use super::tastes::Tastes;
use crate::looks::Looks;
use crate::models::{Kept as KeptMarket, Store};
use crate::output::Bar;
use crate::pipeline;
use crate::search::Found;
use crate::views::Views;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result};
use domain::{ItemIdx, Market};
use lake::{Engine, EngineOptions};
use rayon::prelude::*;
use recommend::serving::{Histories, Kin, LikeBy, NewProducts, Out, Past, Popular, Scorer};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Pairs of market and product that the rules forbid, as the last run decided.
async fn forbidden(engine: &Engine) -> Result<BTreeSet<(Market, String)>> {
    let sql = "select market, product_id from marts.sellability where verdict = 'blocked'";
    let rows = pipeline::rows::Rows::query(engine, sql).await?;
    Ok(rows.markets("market")?.into_iter().zip(rows.texts("product_id")?).collect())
}

/// What a market is answered with.
pub(crate) struct MarketModels {
    pub(crate) scorer: Arc<Scorer>,
    /// Name of the model, and what it was trained on.
    pub(crate) name: String,
    pub(crate) training: String,
    pub(crate) popular: Arc<Popular>,
}

/// Which versions are answered from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    /// Number of the lake's snapshot.
    pub(crate) lake: u64,
    /// Number of the models' version; 0 before the first.
    pub(crate) models: u64,
}

impl Versions {
    /// The newest that a workspace has.
    pub(crate) async fn newest(workspace: &Workspace) -> Result<Self> {
        let lake = lake::Snapshot::numbers(&workspace.lake()?).await?.last().copied().unwrap_or(0);
        let models = Store::new(&workspace.root).numbers()?.last().copied().unwrap_or(0);
        Ok(Self { lake, models })
    }
}

/// Why a product cannot be offered.
struct Shelves {
    /// For every market that is known.
    known: BTreeMap<Market, Vec<Option<Out>>>,
    /// For any other market.
    elsewhere: Vec<Option<Out>>,
}

/// A version of everything. What is large is shared with the versions before it that have the same.
pub(crate) struct Snapshot {
    pub(crate) versions: Versions,
    pub(crate) workspace: Workspace,
    pub(crate) lake: lake::Snapshot,
    pub(crate) engine: Engine,
    pub(crate) goods: Arc<Goods>,
    pub(crate) histories: Arc<Histories>,
    aliases: Arc<HashMap<String, String>>,
    pub(crate) markets: Arc<BTreeMap<Market, MarketModels>>,
    /// What sells lately, by market.
    pub(crate) lately: Arc<BTreeMap<Market, Popular>>,
    /// `None` before the first sale.
    pub(crate) home: Option<Market>,
    shelves: Arc<Shelves>,
    found: OnceLock<Arc<Found>>,
    looks: OnceLock<Arc<Looks>>,
    views: OnceLock<Arc<Views>>,
    new: OnceLock<Arc<NewProducts>>,
    tastes: OnceLock<Arc<Tastes>>,
    answers: Answers,
}

impl Snapshot {
    /// Opens the newest version of a workspace.
    pub(crate) async fn open(root: &Path) -> Result<Self> {
        let workspace = Workspace::find(Some(root))?;
        let lake = workspace.lake()?;
        let snapshot = lake::Snapshot::latest(&lake).await?;
        let engine = Engine::open(&lake, &snapshot, &EngineOptions::default()).await?;
        Self::made(workspace, snapshot, engine).await
    }

    /// Opens the newest version where there is one before it. Events come into the lake every few seconds under load, and
    /// what answers are made from does not change by that before the next cleaning.
    pub(crate) async fn after(before: &Self) -> Result<Self> {
        let workspace = Workspace::find(Some(&before.workspace.root))?;
        let lake = workspace.lake()?;
        let snapshot = lake::Snapshot::latest(&lake).await?;
        let engine = Engine::open(&lake, &snapshot, &EngineOptions::default()).await?;
        let models = Store::new(&workspace.root).in_force()?.map_or(0, |v| v.number);
        if models != before.versions.models || !is_same(&before.lake, &snapshot) {
            return Self::made(workspace, snapshot, engine).await;
        }
        Ok(Self {
            versions: Versions { lake: snapshot.number, models },
            workspace,
            lake: snapshot,
            engine,
            goods: before.goods.clone(),
            histories: before.histories.clone(),
            aliases: before.aliases.clone(),
            markets: before.markets.clone(),
            lately: before.lately.clone(),
            home: before.home,
            shelves: before.shelves.clone(),
            found: OnceLock::new(),
            looks: OnceLock::new(),
            views: OnceLock::new(),
            new: OnceLock::new(),
            tastes: OnceLock::new(),
            answers: Answers::default(),
        })
    }

    async fn made(workspace: Workspace, snapshot: lake::Snapshot, engine: Engine) -> Result<Self> {
        let kept = Kept::load(&workspace.root, &engine, &snapshot).await?;
        tracing::info!(shoppers = kept.histories.len(), from_file = kept.from_file, "histories are in memory");
        let goods = Goods::load(&engine, snapshot.currency, kept.products).await?;
        let store = Store::new(&workspace.root);
        let version = store.in_force()?;
        let markets = match &version {
            Some(version) => tokio::task::block_in_place(|| markets(&store, &version.markets, &goods))?,
            None => BTreeMap::new(),
        };
        let home = pipeline::home(&engine, &workspace).await.ok();
        let known: Vec<Market> =
            markets.keys().chain(kept.histories.markets()).chain(kept.lately.keys()).copied().collect();
        let forbidden = forbidden(&engine).await?;
        let shelf = |market: Market| {
            let mut shelf = goods.shelf(market);
            for (at, place) in shelf.iter_mut().enumerate() {
                if place.is_none() && forbidden.contains(&(market, goods.id(ItemIdx(at as u32)).to_owned())) {
                    *place = Some(Out::Unsellable);
                }
            }
            shelf
        };
        let shelves = Shelves {
            known: known.into_iter().map(|market| (market, shelf(market))).collect(),
            elsewhere: shelf(Market::UNKNOWN),
        };
        Ok(Self {
            versions: Versions { lake: snapshot.number, models: version.map_or(0, |v| v.number) },
            shelves: Arc::new(shelves),
            workspace,
            lake: snapshot,
            engine,
            goods: Arc::new(goods),
            histories: Arc::new(kept.histories),
            aliases: Arc::new(kept.aliases),
            markets: Arc::new(markets),
            lately: Arc::new(kept.lately),
            home,
            found: OnceLock::new(),
            looks: OnceLock::new(),
            views: OnceLock::new(),
            new: OnceLock::new(),
            tastes: OnceLock::new(),
            answers: Answers::default(),
        })
    }

    /// What a shopper did, by its name or by a number of a customer or visitor that means it.
    pub(crate) fn past(&self, who: &str) -> Option<Past<'_>> {
        self.histories.find(who).or_else(|| self.histories.find(self.aliases.get(who)?))
    }

    /// The shopper that a number of a customer or visitor means.
    pub(crate) fn other_name(&self, who: &str) -> Option<&str> {
        self.aliases.get(who).map(String::as_str)
    }

    /// Why a product cannot be offered in a market.
    pub(crate) fn barred(&self, item: ItemIdx, market: Market) -> Option<Out> {
        self.shelf(market).get(item.at()).copied().flatten()
    }

    /// Why each product cannot be offered in a market.
    pub(crate) fn shelf(&self, market: Market) -> &[Option<Out>] {
        self.shelves.known.get(&market).unwrap_or(&self.shelves.elsewhere)
    }

    /// What an answer calls the version that gave it.
    pub(crate) fn model_version(&self) -> String {
        format!("models {} of lake {}", self.versions.models, self.versions.lake)
    }
}

/// Whether two snapshots have the same tables but for those that hold what came and was put aside.
fn is_same(a: &lake::Snapshot, b: &lake::Snapshot) -> bool {
    let made = |snapshot: &lake::Snapshot| {
        let of =
            |(name, _): &(&String, &lake::TableVersion)| !name.starts_with("raw.") && !name.starts_with("rejects.");
        snapshot.tables.iter().filter(of).map(|(name, table)| (name.clone(), table.clone())).collect::<Vec<_>>()
    };
    a.currency == b.currency && a.stages == b.stages && made(a) == made(b)
}

/// Reads the models, each file once however many markets it serves.
fn markets(
    store: &Store,
    kept: &BTreeMap<String, KeptMarket>,
    goods: &Goods,
) -> Result<BTreeMap<Market, MarketModels>> {
    let mut scorers: HashMap<&str, Arc<Scorer>> = HashMap::new();
    let mut lists: HashMap<&str, Arc<Popular>> = HashMap::new();
    let mut markets = BTreeMap::new();
    for (code, kept) in kept {
        let market: Market = code.parse().context("a market of the saved models")?;
        let scorer = match scorers.get(kept.model.file.as_str()) {
            Some(scorer) => scorer.clone(),
            None => {
                let scorer = Arc::new(store.scorer(&kept.model, goods.ids())?);
                scorers.insert(&kept.model.file, scorer.clone());
                scorer
            }
        };
        let popular = match lists.get(kept.fallback.file.as_str()) {
            Some(list) => list.clone(),
            None => {
                let fallback = store.scorer(&kept.fallback, goods.ids())?;
                let best = fallback.best(domain::History::EMPTY, goods.len(), &mut |_| true);
                let list = Arc::new(Popular::new(best));
                lists.insert(&kept.fallback.file, list.clone());
                list
            }
        };
        let (name, training) = (kept.model.name.clone(), kept.model.training.clone());
        markets.insert(market, MarketModels { scorer, name, training, popular });
    }
    Ok(markets)
}

/// Products that a new one is said to be like, of texts and of pictures each, and new ones that are looked at.
const KIN: usize = 20;
const MOST_NEW: usize = 5_000;

/// Answers of one version, worked out once.
#[derive(Default)]
pub(crate) struct Answers {
    known: Mutex<HashMap<String, Arc<dyn Any + Send + Sync>>>,
}

/// Answers that are remembered; beyond, the memory is emptied and fills again.
const REMEMBERED: usize = 512;

impl Answers {
    fn known(&self) -> MutexGuard<'_, HashMap<String, Arc<dyn Any + Send + Sync>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshot {
    /// An answer that was worked out already, else works it out. Of two who ask at once both work.
    pub(crate) async fn remember<T, F>(&self, key: &str, make: impl FnOnce() -> F) -> Result<T>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T>>,
    {
        let found = self.answers.known().get(key).cloned();
        if let Some(answer) = found.and_then(|answer| answer.downcast::<T>().ok()) {
            return Ok(T::clone(&answer));
        }
        let answer = make().await?;
        let mut known = self.answers.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key.to_owned(), Arc::new(answer.clone()));
        Ok(answer)
    }

    /// The index of words, once it is made.
    pub(crate) fn found(&self) -> Option<&Found> {
        self.found.get().map(|found| &**found)
    }

    /// The pictures of the catalogue, in the order of the index of words, once they have been looked at.
    pub(crate) fn looks(&self) -> Option<&Looks> {
        self.looks.get().map(|looks| &**looks)
    }

    /// What products are like by texts, pictures and purchases, once it has been weighed.
    pub(crate) fn views(&self) -> Option<&Views> {
        self.views.get().map(|views| &**views)
    }

    /// Makes what is slow to make and not needed to begin with; takes it over from an earlier version of the same data.
    pub(crate) async fn prepare(&self, before: Option<&Self>) -> Result<()> {
        let same = before.filter(|before| is_same(&before.lake, &self.lake));
        let tastes = match same.and_then(|before| before.tastes.get()) {
            Some(tastes) => tastes.clone(),
            None => Arc::new(Tastes::load(&self.engine, &self.goods).await?),
        };
        self.tastes.get_or_init(|| tastes);
        let same = before.filter(|before| before.lake.stages.get("clean") == self.lake.stages.get("clean"));
        let found = match same.and_then(|before| before.found.get()) {
            Some(found) => found.clone(),
            None => Arc::new(Found::of(&self.workspace, &self.engine, &self.lake).await?),
        };
        let found = self.found.get_or_init(|| found);
        let looks = match same.and_then(|before| before.looks.get()) {
            Some(looks) => looks.clone(),
            None => {
                Arc::new(Looks::load(&self.workspace, &self.engine, &self.lake, &found.ids, &Bar::new(true)).await?)
            }
        };
        let looks = self.looks.get_or_init(|| looks);
        // Weighing them takes minutes that nobody waits for here.
        let kept = || Views::kept(&self.workspace, &self.lake, (found, looks)).map(Arc::new);
        let as_before = || {
            let before = before.filter(|before| before.found().is_some_and(|of| of.ids == found.ids));
            before.and_then(|before| before.views.get()).cloned()
        };
        if let Some(views) = same.and_then(|before| before.views.get()).cloned().or_else(kept).or_else(as_before) {
            self.views.get_or_init(|| views);
        }
        let same = same.filter(|before| before.versions.models == self.versions.models);
        let new = match same.and_then(|before| before.new.get()) {
            Some(new) => new.clone(),
            None => Arc::new(tokio::task::block_in_place(|| self.new_of(found, looks))),
        };
        self.new.get_or_init(|| new);
        Ok(())
    }

    /// What sells to segments, once it has been counted.
    pub(crate) fn tastes(&self) -> Option<&Tastes> {
        self.tastes.get().map(|tastes| &**tastes)
    }

    /// Products that nobody has bought, once it is known what they are like.
    pub(crate) fn new_products(&self) -> Option<&NewProducts> {
        self.new.get().map(|new| &**new)
    }

    /// What each product that no market's list has reads and looks like, among those that were bought.
    fn new_of(&self, found: &Found, looks: &Looks) -> NewProducts {
        let item = |row: usize| self.goods.find(&found.ids[row]);
        let is_sold = |item: ItemIdx| self.markets.values().any(|m| m.popular.score(item).is_some());
        let sold: Vec<bool> = (0..found.ids.len()).map(|row| item(row).is_some_and(is_sold)).collect();
        let new: Vec<usize> = (0..found.ids.len()).filter(|row| !sold[*row] && !found.is_service(*row)).collect();
        let list = |row: &usize| {
            let texts = found.search().similar(*row as u32, KIN, &sold).into_iter();
            let texts = texts.map(|(other, cosine)| (other as usize, LikeBy::Text, cosine));
            let pictures = looks.likeness.like_row(*row, KIN, &sold).into_iter();
            let pictures = pictures.map(|alike| (alike.row, LikeBy::Picture, alike.likeness));
            let kin = |(other, by, likeness)| Some(Kin { item: item(other)?, by, likeness });
            Some((item(*row)?, texts.chain(pictures).filter_map(kin).collect()))
        };
        NewProducts::new(new.par_iter().take(MOST_NEW).filter_map(list).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_came_changes_no_answer_and_what_was_cleaned_does() {
        let with = |tables: &[(&str, u64)]| {
            let table = |version| lake::TableVersion { version, rows: 1, files: Vec::new() };
            let tables = tables.iter().map(|(name, version)| ((*name).to_owned(), table(*version))).collect();
            lake::Snapshot { tables, ..lake::Snapshot::default() }
        };
        let before = with(&[("raw.events", 1), ("clean.orders", 1)]);
        assert!(is_same(&before, &with(&[("raw.events", 2), ("rejects.rows", 1), ("clean.orders", 1)])));
        assert!(!is_same(&before, &with(&[("raw.events", 1), ("clean.orders", 2)])));
        assert!(!is_same(&before, &with(&[("raw.events", 1), ("clean.orders", 1), ("marts.signals", 1)])));
    }
}
