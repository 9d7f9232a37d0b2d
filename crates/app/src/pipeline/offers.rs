//! Stage `offers`: measures the models on held-out purchases, market by market, on the market's own
//! data and with the others'; lets each market use the others' data only where that helps; and
//! lists the products to offer first.

use super::batch::Columns;
use super::measured::{Choice, Measured, serving};
use super::purchases::Purchases;
use super::rows::Rows;
use super::{Stage, Tables, home};
use anyhow::Result;
use domain::{FitError, History, Interactions, ItemIdx, Market, Seed, ShopperIdx};
use lake::Engine;
use rayon::prelude::*;
use recommend::transfer::{Pool, Sources};
use recommend::{Barred, ModelKind, Recommender, Shelf, Strength, prepare};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Products listed for a market; a plan shows the first of them.
const LISTED: usize = 50;
/// Shoppers of a market whose scores are averaged, drawn once for a seed.
pub(crate) const SAMPLED: usize = 400;
/// Shoppers whose explanations are added up for a product's reasons.
pub(crate) const EXPLAINED: usize = 60;
/// Markets with fewer shoppers get no list: it would be somebody's shopping list.
const MIN_SHOPPERS: usize = 2;
/// Days without a sale anywhere after which a product is no longer offered.
const STALE_DAYS: i32 = 180;

/// What a market is served with.
pub(crate) struct Served {
    /// The model.
    pub(crate) model: Arc<dyn Recommender>,
    /// Its name.
    pub(crate) name: &'static str,
    /// `market` or `pooled`.
    pub(crate) training: &'static str,
    /// What sells in the market, else anywhere: fills lists where the model is silent.
    pub(crate) fallback: Box<dyn Recommender>,
    /// What can be offered.
    pub(crate) shelf: Shelf,
}

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let engine = &stage.engine;
    let purchases = Purchases::load(engine).await?;
    let home = home(engine, stage.workspace).await?;
    let shelf = shelf(engine, &purchases).await?;
    let all = &purchases.interactions;
    let report = |what: &str, done: u64, total: u64| stage.bar.step("running", what, done, total);
    report("measuring the models", 0, 1);
    let measured = tokio::task::block_in_place(|| Measured::new(all, home, stage.seed))?;
    let markets: BTreeSet<Market> = all.markets().iter().copied().filter(|m| *m != Market::UNKNOWN).collect();
    let mut fitter = Fitter::new(all, stage.seed);
    let mut rows: Vec<Listed> = Vec::new();
    let mut choices: Vec<(Market, Choice)> = Vec::new();
    let total = markets.len() as u64;
    for (i, market) in markets.into_iter().enumerate() {
        report(&format!("offers for {market}"), i as u64, total);
        let shoppers: Vec<ShopperIdx> =
            (0..all.n_shoppers() as u32).map(ShopperIdx).filter(|s| all.markets()[s.at()] == market).collect();
        if shoppers.len() < MIN_SHOPPERS {
            continue;
        }
        let choice = measured.choice(market);
        let listed = tokio::task::block_in_place(|| {
            let served = fitter.serve(market, &choice, shelf.clone())?;
            Ok::<_, FitError>(list(&served, &purchases, market, shoppers, stage.seed))
        })?;
        rows.extend(listed);
        choices.push((market, choice));
    }
    Ok(vec![
        ("evidence", vec![measured.evidence()?]),
        ("serving", vec![serving(&choices)?]),
        ("recommendations", vec![listing(&purchases, &rows)?]),
    ])
}

/// Fits what serves the markets; a model of all purchases alike is the same for every market and is
/// fitted once.
pub(crate) struct Fitter {
    everybody: Interactions,
    seed: Seed,
    alike: Vec<(ModelKind, Arc<dyn Recommender>)>,
}

impl Fitter {
    pub(crate) fn new(all: &Interactions, seed: Seed) -> Self {
        Self { everybody: prepare(all, Strength::Presence), seed, alike: Vec::new() }
    }

    pub(crate) fn serve(&mut self, market: Market, choice: &Choice, shelf: Shelf) -> Result<Served, FitError> {
        let pool = Pool { target: market, sources: Sources::AllOthers, weight: choice.pooled.unwrap_or(1.0) };
        let local = pool.local(&self.everybody);
        let model = match choice.pooled {
            None => Arc::from(choice.kind.fit(&local, self.seed)?),
            Some(1.0) => self.of_all(&choice.kind)?,
            Some(_) => Arc::from(choice.kind.fit(&pool.pooled(&self.everybody)?, self.seed)?),
        };
        let own = ModelKind::PopularityMarket(market).fit(&local, self.seed);
        let fallback = own.or_else(|_| ModelKind::PopularityGlobal.fit(&self.everybody, self.seed))?;
        let training = if choice.pooled.is_some() { "pooled" } else { "market" };
        Ok(Served { model, name: choice.kind.name(), training, fallback, shelf })
    }

    fn of_all(&mut self, kind: &ModelKind) -> Result<Arc<dyn Recommender>, FitError> {
        if let Some((_, model)) = self.alike.iter().find(|(k, _)| k == kind) {
            return Ok(model.clone());
        }
        let model: Arc<dyn Recommender> = Arc::from(kind.fit(&self.everybody, self.seed)?);
        self.alike.push((*kind, model.clone()));
        Ok(model)
    }
}

/// Everything but what cannot be sold: services, products out of stock, products long gone.
pub(crate) async fn shelf(engine: &Engine, purchases: &Purchases) -> Result<Shelf> {
    let of = |ids: Vec<String>| -> Vec<ItemIdx> {
        let find = |id: &String| purchases.products.binary_search_by(|p| p.as_str().cmp(id)).ok();
        ids.iter().filter_map(find).map(|i| ItemIdx(i as u32)).collect()
    };
    let services = Rows::query(engine, "select product_id from clean.products where service").await?;
    let stale = format!(
        "select product_id from marts.product_market group by product_id \
         having max(last_day) < (select max(last_day) from marts.product_market) - interval '{STALE_DAYS} days'"
    );
    let stale = Rows::query(engine, &stale).await?;
    let empty =
        Rows::query(engine, "select product_id from clean.stock group by product_id having sum(quantity) <= 0").await?;
    Ok(Shelf::full(purchases.products.len())
        .without_all(of(services.texts("product_id")?), Barred::Unsellable)
        .without_all(of(stale.texts("product_id")?), Barred::Unsellable)
        .without_all(of(empty.texts("product_id")?), Barred::OutOfStock))
}

/// One line of a market's list.
struct Listed {
    market: Market,
    rank: usize,
    item: ItemIdx,
    model: String,
    score: f64,
    /// Term, product it refers to (or nothing), part of the score.
    reasons: Vec<(&'static str, String, f64)>,
}

fn list(
    served: &Served,
    purchases: &Purchases,
    market: Market,
    mut shoppers: Vec<ShopperIdx>,
    seed: Seed,
) -> Vec<Listed> {
    let mut rng =
        seed.stream(u64::from_be_bytes([0, 0, 0, 0, 0, 0, market.code().as_bytes()[0], market.code().as_bytes()[1]]));
    rng.shuffle(&mut shoppers);
    shoppers.truncate(SAMPLED);
    let items: Vec<ItemIdx> = (0..purchases.products.len() as u32).map(ItemIdx).collect();
    let scores: Vec<Vec<Option<f32>>> =
        shoppers.par_iter().map(|s| served.model.score(History::of(&purchases.history(*s)), &items)).collect();
    // Added in the shoppers' order, so that the sum does not depend on the threads.
    let mut mean = vec![0.0_f64; items.len()];
    for row in &scores {
        for (sum, score) in mean.iter_mut().zip(row) {
            *sum += f64::from(score.unwrap_or(0.0)) / shoppers.len() as f64;
        }
    }
    let open: Vec<ItemIdx> = items.iter().copied().filter(|i| served.shelf.barred(*i).is_none()).collect();
    let mut best: Vec<ItemIdx> = open.iter().copied().filter(|i| mean[i.at()] > 0.0).collect();
    best.sort_by(|a, b| mean[b.at()].total_cmp(&mean[a.at()]).then(a.cmp(b)));
    best.truncate(LISTED);
    let model = format!("{} ({})", served.name, served.training);
    let mut rows: Vec<Listed> = best
        .into_iter()
        .map(|item| Listed {
            market,
            rank: 0,
            item,
            model: model.clone(),
            score: mean[item.at()],
            reasons: reasons(served, purchases, &shoppers, item),
        })
        .collect();
    if rows.len() < LISTED {
        let taken: BTreeSet<ItemIdx> = rows.iter().map(|r| r.item).collect();
        let scores = served.fallback.score(History::EMPTY, &open);
        let mut rest: Vec<(ItemIdx, f32)> = open
            .iter()
            .copied()
            .zip(scores)
            .filter_map(|(i, s)| Some((i, s?)))
            .filter(|(i, _)| !taken.contains(i))
            .collect();
        rest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        rest.truncate(LISTED - rows.len());
        rows.extend(rest.into_iter().map(|(item, score)| Listed {
            market,
            rank: 0,
            item,
            model: "popularity-market".to_owned(),
            score: f64::from(score),
            reasons: vec![("popular in the market", String::new(), f64::from(score))],
        }));
    }
    for (i, row) in rows.iter_mut().enumerate() {
        row.rank = i + 1;
    }
    rows
}

/// The largest parts of a product's score, added up over some of the market's shoppers.
fn reasons(
    served: &Served,
    purchases: &Purchases,
    shoppers: &[ShopperIdx],
    item: ItemIdx,
) -> Vec<(&'static str, String, f64)> {
    let mut parts: BTreeMap<(&'static str, Option<ItemIdx>), f64> = BTreeMap::new();
    let n = shoppers.len().min(EXPLAINED);
    for shopper in &shoppers[..n] {
        for reason in served.model.explain(History::of(&purchases.history(*shopper)), item) {
            *parts.entry((reason.term, reason.item)).or_default() += f64::from(reason.part) / n as f64;
        }
    }
    let mut parts: Vec<_> = parts.into_iter().filter(|((_, of), _)| *of != Some(item)).collect();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    parts.truncate(3);
    let name = |of: Option<ItemIdx>| of.map_or_else(String::new, |i| purchases.products[i.at()].to_string());
    parts.into_iter().map(|((term, of), part)| (term, name(of), part)).collect()
}

fn listing(purchases: &Purchases, rows: &[Listed]) -> Result<arrow::array::RecordBatch> {
    Columns::default()
        .text("market", rows.iter().map(|r| r.market.code().to_owned()))
        .int("rank", rows.iter().map(|r| r.rank as i64))
        .text("product_id", rows.iter().map(|r| purchases.products[r.item.at()].to_string()))
        .text("model", rows.iter().map(|r| r.model.clone()))
        .float("score", rows.iter().map(|r| r.score))
        .text("reasons", rows.iter().map(|r| serde_json::to_string(&r.reasons).unwrap_or_default()))
        .batch()
}
