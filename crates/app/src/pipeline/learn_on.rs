//! `portolan models learn`: the models in force learn the purchases that came since, without a fit.
//!
//! A version of the models names the snapshot whose purchases it knows, so what came since is the difference of two
//! snapshots. Before a model learns a batch of it, it is asked about it, and so is the model that stands still.

use super::offers::Used;
use super::parameters::restore;
use super::purchases::Purchases;
use crate::exit::{Exit, Stop};
use crate::models::{Keeper, Kept, KeptModel, Learnt, Store, Version};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use domain::{Day, FitError, History, Interaction, Interactions, ItemIdx, Market, Score, Seed};
use eval::{Metric, Point, Protocol, Stream, prequential};
use lake::{Engine, EngineOptions, Lake, Snapshot};
use recommend::online::{Learner, Online};
use recommend::saved::fingerprint;
use recommend::transfer::{Pool, Sources};
use recommend::{Strength, prepare, with_signals};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Batches that new purchases are learnt in, about.
const BATCHES: usize = 10;
/// Purchases of a batch at least.
const BATCH: usize = 200;
/// What marks the lists before a batch is learnt.
const MARK: Metric = Metric::Recall(20);

/// What was learnt.
#[derive(Debug, Serialize)]
pub(crate) struct LearnReport {
    /// The new version; `None` where nothing was learnt.
    pub(crate) version: Option<u64>,
    /// The version that it goes on from.
    pub(crate) from: u64,
    /// New purchases: pairs of shopper, product and day.
    pub(crate) purchases: usize,
    /// The models, each with the markets that it serves.
    pub(crate) models: Vec<LearntModel>,
}

/// How one model did.
#[derive(Debug, Serialize)]
pub(crate) struct LearntModel {
    pub(crate) model: String,
    pub(crate) training: String,
    pub(crate) markets: Vec<String>,
    /// Whether it can learn on; else it is as it was.
    pub(crate) learns: bool,
    /// Purchases that it was taught.
    pub(crate) purchases: usize,
    /// Shoppers asked about before they were learnt from.
    pub(crate) questions: usize,
    /// recall@20 over all questions, of the model as it was and of the one that learns; `None` without a question.
    pub(crate) standing_still: Option<f64>,
    pub(crate) learning_on: Option<f64>,
    /// The same, batch by batch.
    pub(crate) batches: Vec<Batch>,
}

/// One batch.
#[derive(Debug, Serialize)]
pub(crate) struct Batch {
    pub(crate) from_day: Day,
    pub(crate) to_day: Day,
    pub(crate) questions: usize,
    pub(crate) standing_still: Option<f64>,
    pub(crate) learning_on: Option<f64>,
}

/// The model that does not learn.
struct Still<'a>(&'a Learner);

impl Score for Still<'_> {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        self.0.score(history, candidates)
    }
}

/// What the models know and what came since, in one numbering.
struct News {
    products: Vec<domain::ProductId>,
    /// Purchases that the models know, and the same with the signals beside purchases that the last run decided to
    /// use, as they stand now.
    old: Interactions,
    with_signals: Interactions,
    new: Interactions,
    n_new: usize,
}

/// Teaches the models in force, and puts the next version in force.
pub(crate) async fn learn_on(workspace: &Workspace, lake: &Lake, store: &Store) -> Result<LearnReport> {
    let first = "`portolan run` fits the models first";
    let stop = |what: &str, next: &str| Stop::error(Exit::Missing, what, next);
    let version = store.in_force()?.ok_or_else(|| stop("there is no model yet", first))?;
    let latest = Snapshot::latest(lake).await?;
    let is_clean = |day| lake::is_clean(&latest, &super::refine_params(workspace, &latest, day));
    let clean = latest.stages.get("clean").filter(|_| latest.as_of.is_some_and(is_clean));
    let clean =
        clean.ok_or_else(|| stop("the data or the settings are not cleaned yet", "`portolan run` cleans them"))?;
    let known =
        version.snapshot.ok_or_else(|| stop("the models are of an earlier release", "run `portolan run --force`"))?;
    let mut report = LearnReport { version: None, from: version.number, purchases: 0, models: Vec::new() };
    let Some(news) = News::load(lake, known, &latest).await? else { return Ok(report) };
    report.purchases = news.n_new;
    let (markets, models) = tokio::task::block_in_place(|| Teacher::new(store, &news, version.number).teach(&version))?;
    report.models = models;
    if report.models.iter().any(|model| model.learns) {
        let before = version.learnt.as_ref().map_or(0, |learnt| learnt.purchases);
        let learnt = Learnt { from: version.number, purchases: before + news.n_new as u64, clean: clean.clone() };
        let next = Version::of(&version.made_from, latest.number, markets);
        report.version = Some(store.put(Version { learnt: Some(learnt), ..next })?);
    }
    Ok(report)
}

impl News {
    /// `None` where nothing came since.
    async fn load(lake: &Lake, known: u64, latest: &Snapshot) -> Result<Option<Self>> {
        let options = EngineOptions::default();
        let engine = Engine::open(lake, &Snapshot::load(lake, known).await?, &options).await?;
        let before = Purchases::load(&engine).await?;
        let engine = Engine::open(lake, latest, &options).await?;
        let now = Purchases::load(&engine).await?;
        let name = |of: &Purchases, row: &Interaction| {
            (of.shoppers[row.shopper.at()].clone(), of.products[row.item.at()].clone(), row.day)
        };
        let mut learnt: BTreeSet<_> = before.interactions.iter().map(|row| name(&before, &row)).collect();
        let (old, new): (Vec<Interaction>, Vec<Interaction>) =
            now.interactions.iter().partition(|row| learnt.remove(&name(&now, row)));
        if !learnt.is_empty() {
            let what = format!("{} purchases that the models have learnt are no longer in the lake", learnt.len());
            return Err(Stop::error(Exit::Missing, what, "`portolan run` fits the models without them"));
        }
        let n_new = new.len();
        let table = |rows| -> Result<Interactions> {
            let all = Interactions::new(now.products.len(), now.interactions.markets().to_vec(), rows)?;
            Ok(prepare(&all, Strength::Presence))
        };
        let (old, new) = (table(old)?, table(new)?);
        let used = Used::load(&engine, &now).await?;
        let with_signals = with_signals(&old, &used.signals());
        Ok((n_new > 0).then_some(Self { products: now.products, old, with_signals, new, n_new }))
    }

    /// A table as a model of this market and training sees it.
    fn of(
        &self,
        table: &Interactions,
        market: Market,
        training: &str,
        source_weight: Option<f32>,
    ) -> Result<Interactions, FitError> {
        let pool = Pool { target: market, sources: Sources::AllOthers, weight: source_weight.unwrap_or(1.0) };
        Ok(match training {
            "market" => pool.local(table),
            "pooled" => table.clone(),
            _ => pool.pooled(table)?,
        })
    }
}

struct Teacher<'a> {
    store: &'a Store,
    news: &'a News,
    keeper: Keeper<'a>,
    seed: Seed,
    /// What became of each file, with its place in the report.
    done: BTreeMap<String, (KeptModel, Option<usize>)>,
    report: Vec<LearntModel>,
}

impl<'a> Teacher<'a> {
    fn new(store: &'a Store, news: &'a News, number: u64) -> Self {
        let keeper = Keeper::new(store, &news.products);
        Self { store, news, keeper, seed: Seed(number), done: BTreeMap::new(), report: Vec::new() }
    }

    fn teach(mut self, version: &Version) -> Result<(BTreeMap<String, Kept>, Vec<LearntModel>)> {
        let mut markets = BTreeMap::new();
        for (code, kept) in &version.markets {
            let market: Market = code.parse().with_context(|| format!("market `{code}` of the saved models"))?;
            let model = self.one(market, &kept.model, kept.source_weight, true)?;
            let fallback = self.one(market, &kept.fallback, None, false)?;
            markets.insert(code.clone(), Kept { model, fallback, ..kept.clone() });
        }
        Ok((markets, self.report))
    }

    /// Teaches a model, once for all markets that it serves; a fallback is not asked about anything.
    fn one(&mut self, market: Market, kept: &KeptModel, weight: Option<f32>, asked: bool) -> Result<KeptModel> {
        if let Some((next, at)) = self.done.get(&kept.file) {
            if let Some(at) = at.filter(|_| asked) {
                self.report[at].markets.push(market.code().to_owned());
            }
            return Ok(next.clone());
        }
        let kind = restore(&kept.name, &kept.parameters, market).with_context(|| format!("model `{}`", kept.name))?;
        // A damaged file is named as such, before anything is learnt.
        self.store.load(kept)?;
        let of = |table| self.news.of(table, market, &kept.training, weight);
        let (old, new) = (of(&self.news.old)?, of(&self.news.new)?);
        // What fills the lists up learns from purchases alone.
        let known = if asked { of(&self.news.with_signals)? } else { old.clone() };
        let products: Vec<&str> = self.news.products.iter().map(|p| p.as_str()).collect();
        let first = Learner::resume(&kind, &self.store.bytes(kept)?, &products, &known, self.seed)?;
        let (rows, old_rows): (Vec<Interaction>, Vec<Interaction>) = (new.iter().collect(), old.iter().collect());
        let mut told = LearntModel {
            model: kept.name.clone(),
            training: kept.training.clone(),
            markets: vec![market.code().to_owned()],
            learns: first.is_some(),
            purchases: rows.len(),
            questions: 0,
            standing_still: None,
            learning_on: None,
            batches: Vec::new(),
        };
        let next = match first {
            None => kept.clone(),
            Some(_) if rows.is_empty() => kept.clone(),
            Some(first) => {
                let last =
                    if asked { told.ask(&first, &old_rows, &rows, new.markets())? } else { first.learn(&rows)? };
                let all: Vec<Interaction> = known.iter().chain(rows).collect();
                let all = Interactions::new(known.n_items(), known.markets().to_vec(), all)?;
                let trained_on = fingerprint(&prepare(&all, Strength::Presence));
                self.keeper.keep_one(&kind, last.model(), trained_on, &kept.training)?
            }
        };
        let at = asked.then(|| {
            self.report.push(told);
            self.report.len() - 1
        });
        self.done.insert(kept.file.clone(), (next.clone(), at));
        Ok(next)
    }
}

impl LearntModel {
    /// Asks and teaches batch by batch; the model after the last one.
    fn ask(
        &mut self,
        first: &Learner,
        before: &[Interaction],
        rows: &[Interaction],
        markets: &[Market],
    ) -> Result<Learner> {
        let stream = Stream { before, rows, batch: (rows.len() / BATCHES).max(BATCH), markets };
        let protocol = Protocol { metrics: vec![MARK], ..Protocol::default() };
        let still = prequential(Still(first), &stream, &protocol, |m, _| Ok::<_, FitError>(Still(m.0)))?;
        let learning = prequential(first.clone(), &stream, &protocol, |m, rows| m.learn(rows))?;
        let mark = |point: &Point| point.estimates.first().map(|e| e.mean);
        let n: usize = still.points.iter().map(|p| p.n_cases).sum();
        let mean = |points: &[Point]| {
            let sum: f64 = points.iter().filter_map(|p| Some(mark(p)? * p.n_cases as f64)).sum();
            (n > 0).then(|| sum / n as f64)
        };
        self.questions = n;
        (self.standing_still, self.learning_on) = (mean(&still.points), mean(&learning.points));
        let batch = |(s, l): (&Point, &Point)| Batch {
            from_day: s.days.0,
            to_day: s.days.1,
            questions: s.n_cases,
            standing_still: mark(s),
            learning_on: mark(l),
        };
        self.batches = still.points.iter().zip(&learning.points).map(batch).collect();
        Ok(learning.model)
    }
}
