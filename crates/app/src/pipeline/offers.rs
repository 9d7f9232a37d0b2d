//! Stage `offers`: measures the models on held-out purchases, market by market, on the market's own
//! data and with the others'; lets each market use the others' data only where that helps; and
//! lists the products to offer first.
//!
//! A market's list is made of what was evaluated: each shopper's own scores, without what the shopper
//! has already. A product's score is their mean, with 0 for a shopper who has it, so that what
//! everybody has bought gives way to what can still be sold; its reasons are the same shoppers' and
//! add up to the score.

use super::apart::Apart;
use super::batch::Columns;
use super::catalogue::Catalogue;
use super::measured::{Choice, Measured, serving, stored};
use super::purchases::Purchases;
use super::rows::Rows;
use super::shelves::Shelves;
use super::signals;
use super::{Stage, Tables, home};
use crate::models::{Keeper, Kept, Store};
use crate::signals::{Signals, Weights};
use crate::trainings::Trainings;
use anyhow::{Context as _, Result};
use domain::{Explain, FitError, History, Interactions, ItemIdx, Market, Score, Seed, ShopperIdx};
use lake::Engine;
use rayon::prelude::*;
use recommend::saved::fingerprint;
use recommend::transfer::{Pool, Sources};
use recommend::{Context, Fitted, InContext, ModelKind, Recommender, Shelf, Signal, Strength, prepare, with_signals};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Products listed for a market; a plan shows the first of them.
const LISTED: usize = 50;
/// Products without a sale that are listed after them.
const NEW_LISTED: usize = 10;
/// Shoppers of a market whose scores and reasons are averaged, drawn once for a seed.
const SAMPLED: usize = 400;
/// Shoppers whose scores are held at a time.
const AT_A_TIME: usize = 64;
/// Reasons named for a product; the others are one sum.
const REASONS: usize = 3;
/// What the reasons are called that are not named.
const FURTHER: &str = "further reasons";
/// Markets with fewer shoppers get no list: it would be somebody's shopping list.
const MIN_SHOPPERS: usize = 2;

/// What a market is served with.
pub(crate) struct Served {
    /// The model.
    pub(crate) model: Arc<dyn Recommender>,
    /// Its name.
    pub(crate) name: &'static str,
    /// `market`, `pooled` or `weighted`.
    pub(crate) training: &'static str,
    /// What sells in the market, else anywhere: fills lists where the model is silent.
    pub(crate) fallback: Arc<dyn Recommender>,
    /// Its name.
    pub(crate) fallback_name: &'static str,
    /// What it was trained on.
    pub(crate) fallback_training: &'static str,
    /// What can be offered.
    pub(crate) shelf: Shelf,
}

/// What a market or its fallback was trained on, as the tables write it.
pub(crate) fn training_name(name: &str) -> Result<&'static str> {
    let found = ["market", "pooled", "weighted"].into_iter().find(|known| *known == name);
    found.with_context(|| format!("unknown training `{name}`"))
}

/// The tables, and what serves each market, in files.
pub(super) async fn compute(
    stage: &Stage<'_>,
    store: &Store,
    trainings: &Trainings<'_>,
) -> Result<(Tables, BTreeMap<String, Kept>)> {
    let engine = &stage.engine;
    let purchases = Purchases::load(engine).await?;
    let home = home(engine, stage.workspace).await?;
    let catalogue = Catalogue::load(engine, &purchases).await?;
    let shelves = Shelves::load(engine, &catalogue).await?;
    let all = &purchases.interactions;
    let report = |what: &str, done: u64, total: u64| stage.bar.step("running", what, done, total);
    report("measuring the models", 0, 1);
    let models = &stage.workspace.models;
    let kinds: Vec<ModelKind> = models.iter().filter_map(|name| ModelKind::named(name, home)).collect();
    trainings.describe(&kinds, engine, &purchases).await?;
    let measured = tokio::task::block_in_place(|| Measured::new(all, home, models, stage.seed, trainings))?;
    report("measuring the signals beside purchases", 0, 1);
    let signals = signals::load(engine, &purchases).await?;
    let study = tokio::task::block_in_place(|| {
        signals::measure(&purchases, &signals, measured.table(), stage.seed, trainings)
    })?;
    let used = signals.weighted(study.as_ref().map_or(&BTreeMap::new(), |study| &study.used));
    let markets: BTreeSet<Market> = all.markets().iter().copied().filter(|m| *m != Market::UNKNOWN).collect();
    let apart = Apart::load(engine, &purchases, home, stage.seed).await?;
    let mut fitter = Fitter::new(all, &used, stage.seed, trainings);
    let mut rows: Vec<Listed> = Vec::new();
    let mut choices: Vec<(Market, Choice)> = Vec::new();
    let mut keeper = Keeper::new(store, &purchases.products);
    let total = markets.len() as u64;
    for (i, market) in markets.into_iter().enumerate() {
        report(&format!("offers for {market}"), i as u64, total);
        let shoppers: Vec<ShopperIdx> =
            (0..all.n_shoppers() as u32).map(ShopperIdx).filter(|s| all.markets()[s.at()] == market).collect();
        if shoppers.len() < MIN_SHOPPERS {
            continue;
        }
        let choice = tokio::task::block_in_place(|| apart.choice(market, measured.choice(market)))?;
        trainings.describe(&[choice.kind], engine, &purchases).await?;
        let listed = tokio::task::block_in_place(|| {
            let (served, fitted) = fitter.serve(market, &choice, shelves.of(market))?;
            keeper.keep(market, &served, &fitted, &choice)?;
            anyhow::Ok(list(&served, &purchases, &used, &catalogue, market, shoppers, stage.seed))
        })?;
        rows.extend(listed);
        choices.push((market, choice));
    }
    let tables = vec![
        ("evidence", vec![measured.evidence()?]),
        ("serving", vec![serving(&choices)?]),
        ("recommendations", vec![listing(&catalogue, &rows)?]),
        ("signals", vec![signals::mart(&signals, study.as_ref())?]),
    ];
    Ok((tables, keeper.finish()))
}

/// Fits and keeps once more what the marts say that serves each market: after a run that was killed
/// before it could say so, or where files were lost.
pub(super) async fn keep_again(
    engine: &Engine,
    store: &Store,
    trainings: &Trainings<'_>,
) -> Result<BTreeMap<String, Kept>> {
    let purchases = Purchases::load(engine).await?;
    let markets = Rows::query(engine, "select market from marts.serving order by market").await?.markets("market")?;
    let mut keeper = Keeper::new(store, &purchases.products);
    let used = Used::load(engine, &purchases).await?;
    let mut fitter: Option<Fitter<'_>> = None;
    for market in markets {
        let Some(choice) = stored(engine, market).await? else { continue };
        trainings.describe(&[choice.kind], engine, &purchases).await?;
        tokio::task::block_in_place(|| {
            let fitter = fitter
                .get_or_insert_with(|| Fitter::new(&purchases.interactions, &used.signals(), choice.seed, trainings));
            let (served, fitted) = fitter.serve(market, &choice, Shelf::full(purchases.products.len()))?;
            keeper.keep(market, &served, &fitted, &choice)
        })?;
    }
    Ok(keeper.finish())
}

/// What would be offered without the other markets: the model that ranks best on the validation days among those of a market
/// alone, and its first products. Nothing where nothing was measured or the market has too few shoppers.
pub(crate) async fn alone(engine: &Engine, market: Market, n: usize) -> Result<Option<(String, Vec<String>)>> {
    let Some(choice) = stored(engine, market).await? else { return Ok(None) };
    let sql = "select model from marts.evidence where market = 'all' and training = 'market' and period = 'validation' \
        and metric = 'ndcg@10' order by value desc, model limit 1";
    let best = Rows::query(engine, sql).await?.texts("model")?;
    let kind = match (choice.pooled, best.first().and_then(|name| ModelKind::named(name, market))) {
        (None, _) | (_, None) => choice.kind,
        (Some(_), Some(kind)) => kind,
    };
    let purchases = Purchases::load(engine).await?;
    let catalogue = Catalogue::load(engine, &purchases).await?;
    let shelf = Shelves::load(engine, &catalogue).await?.of(market);
    let shelf = Shelves::lawful(engine, &catalogue, market, shelf).await?;
    let used = Used::load(engine, &purchases).await?;
    let all = &purchases.interactions;
    let shoppers: Vec<ShopperIdx> =
        (0..all.n_shoppers() as u32).map(ShopperIdx).filter(|s| all.markets()[s.at()] == market).collect();
    if shoppers.len() < MIN_SHOPPERS {
        return Ok(None);
    }
    let choice = Choice { kind, pooled: None, ..choice };
    let bar = crate::output::Bar::new(true);
    let trainings = Trainings::shown(&bar);
    trainings.describe(&[choice.kind], engine, &purchases).await?;
    tokio::task::block_in_place(|| {
        let signals = used.signals();
        let mut fitter = Fitter::new(all, &signals, choice.seed, &trainings);
        let (served, _) = fitter.serve(market, &choice, shelf)?;
        let listed = list(&served, &purchases, &signals, &catalogue, market, shoppers, choice.seed);
        let ids = listed.iter().take(n).map(|row| catalogue.id(row.item).to_owned()).collect();
        Ok(Some((kind.name().to_owned(), ids)))
    })
}

/// The signals that the last run decided to use.
pub(crate) struct Used {
    pub(crate) weights: Weights,
    signals: Signals,
}

impl Used {
    pub(crate) async fn load(engine: &Engine, purchases: &Purchases) -> Result<Self> {
        let weights = signals::used(engine).await?;
        let signals = if weights.is_empty() { Signals::default() } else { signals::load(engine, purchases).await? };
        Ok(Self { weights, signals })
    }

    pub(crate) fn signals(&self) -> Vec<Signal<'_>> {
        self.signals.weighted(&self.weights)
    }
}

/// Fits what serves the markets; a model of all purchases alike is the same for every market and is
/// fitted once.
pub(crate) struct Fitter<'a> {
    trainings: &'a Trainings<'a>,
    /// Purchases with the signals in use.
    everybody: Interactions,
    /// Purchases alone: what sells is what is bought.
    bought: Interactions,
    /// Fingerprint of `everybody`.
    all: u128,
    seed: Seed,
    alike: Vec<(ModelKind, Arc<dyn Fitted>)>,
}

/// A fitted model, for keeping.
pub(crate) struct FittedModel {
    pub(crate) kind: ModelKind,
    /// Fingerprint of what it was trained on.
    pub(crate) trained_on: u128,
    pub(crate) model: Arc<dyn Fitted>,
}

impl<'a> Fitter<'a> {
    pub(crate) fn new(all: &Interactions, signals: &[Signal<'_>], seed: Seed, trainings: &'a Trainings<'a>) -> Self {
        let bought = prepare(all, Strength::Presence);
        let everybody = with_signals(&bought, signals);
        Self { trainings, all: fingerprint(&everybody), everybody, bought, seed, alike: Vec::new() }
    }

    pub(crate) fn serve(
        &mut self,
        market: Market,
        choice: &Choice,
        shelf: Shelf,
    ) -> Result<(Served, [FittedModel; 2]), FitError> {
        let pool = Pool { target: market, sources: Sources::AllOthers, weight: choice.pooled.unwrap_or(1.0) };
        let local = pool.local(&self.everybody);
        let of_local = fingerprint(&local);
        let (model, trained_on): (Arc<dyn Fitted>, u128) = match choice.pooled {
            // Looks and searches are of no use to it: it learns what follows on purchases.
            Some(_) if matches!(choice.kind, ModelKind::ZeroOverlap(_)) => {
                let model = self.trainings.fit(&choice.kind, &self.bought, self.seed)?;
                (Arc::from(model), fingerprint(&self.bought))
            }
            None => (Arc::from(self.trainings.fit(&choice.kind, &local, self.seed)?), of_local),
            Some(1.0) => (self.of_all(&choice.kind)?, self.all),
            Some(_) => {
                let pooled = pool.pooled(&self.everybody)?;
                (Arc::from(self.trainings.fit(&choice.kind, &pooled, self.seed)?), fingerprint(&pooled))
            }
        };
        let own = ModelKind::PopularityMarket(market);
        let local = pool.local(&self.bought);
        let (fallback, fallback_kind, fallback_training, fallback_on) = match own.fit_to_keep(&local, self.seed) {
            Ok(own_model) => (own_model, own, "market", fingerprint(&local)),
            Err(_) => {
                let everywhere = ModelKind::PopularityGlobal;
                (everywhere.fit_to_keep(&self.bought, self.seed)?, everywhere, "pooled", fingerprint(&self.bought))
            }
        };
        let fallback: Arc<dyn Fitted> = Arc::from(fallback);
        let served = Served {
            model: model.clone(),
            name: choice.kind.name(),
            training: choice.training(),
            fallback: fallback.clone(),
            fallback_name: fallback_kind.name(),
            fallback_training,
            shelf,
        };
        let fitted = [
            FittedModel { kind: choice.kind, trained_on, model },
            FittedModel { kind: fallback_kind, trained_on: fallback_on, model: fallback },
        ];
        Ok((served, fitted))
    }

    fn of_all(&mut self, kind: &ModelKind) -> Result<Arc<dyn Fitted>, FitError> {
        if let Some((_, model)) = self.alike.iter().find(|(k, _)| k == kind) {
            return Ok(model.clone());
        }
        let model: Arc<dyn Fitted> = Arc::from(self.trainings.fit(kind, &self.everybody, self.seed)?);
        self.alike.push((*kind, model.clone()));
        Ok(model)
    }
}

/// One line of a market's list.
struct Listed {
    market: Market,
    rank: usize,
    item: ItemIdx,
    model: &'static str,
    training: &'static str,
    score: f64,
    n_shoppers: usize,
    /// Term, product it refers to (or nothing), part of the score.
    reasons: Vec<(&'static str, String, f64)>,
}

fn list(
    served: &Served,
    purchases: &Purchases,
    signals: &[Signal<'_>],
    catalogue: &Catalogue,
    market: Market,
    mut shoppers: Vec<ShopperIdx>,
    seed: Seed,
) -> Vec<Listed> {
    let mut rng =
        seed.stream(u64::from_be_bytes([0, 0, 0, 0, 0, 0, market.code().as_bytes()[0], market.code().as_bytes()[1]]));
    rng.shuffle(&mut shoppers);
    shoppers.truncate(SAMPLED);
    let of = |s: &ShopperIdx| Past { bought: purchases.history(*s), context: Context::of(*s, signals) };
    let histories: Vec<Past> = shoppers.iter().map(of).collect();
    let open: Vec<ItemIdx> = (0..purchases.products.len() as u32).map(ItemIdx).collect();
    let open: Vec<ItemIdx> = open.into_iter().filter(|i| served.shelf.barred(*i).is_none()).collect();
    let mut best: Vec<(Asked<'_>, ItemIdx, f64)> = Vec::new();
    for (model, name, training) in [
        (&*served.model, served.name, served.training),
        (&*served.fallback, served.fallback_name, served.fallback_training),
    ] {
        let asked = Asked { model, name, training, histories: &histories };
        let taken: BTreeSet<ItemIdx> = best.iter().map(|(_, item, _)| *item).collect();
        let rest: Vec<ItemIdx> = open.iter().copied().filter(|item| !taken.contains(item)).collect();
        let mut found: Vec<(ItemIdx, f64)> = rest.iter().copied().zip(asked.mean_scores(&rest)).collect();
        found.retain(|(_, score)| *score > 0.0);
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(LISTED - best.len());
        best.extend(found.into_iter().map(|(item, score)| (asked, item, score)));
        if best.len() == LISTED {
            break;
        }
    }
    // Nothing is known of how these sell: they come last, whatever their scores.
    let new = catalogue.new_on(&served.shelf);
    if !new.is_empty() {
        let (model, name, training) = (catalogue.content(), "content", "catalogue");
        let asked = Asked { model, name, training, histories: &histories };
        let mut found: Vec<(ItemIdx, f64)> = new.iter().copied().zip(asked.mean_scores(&new)).collect();
        found.retain(|(_, score)| *score > 0.0);
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.extend(found.into_iter().take(NEW_LISTED).map(|(item, score)| (asked, item, score)));
    }
    let name = |of: Option<ItemIdx>| of.map_or_else(String::new, |i| catalogue.id(i).to_owned());
    let listed = |(at, (asked, item, score)): (usize, &(Asked<'_>, ItemIdx, f64))| Listed {
        market,
        rank: at + 1,
        item: *item,
        model: asked.name,
        training: asked.training,
        score: *score,
        n_shoppers: histories.len(),
        reasons: asked.reasons(*item).into_iter().map(|(term, of, part)| (term, name(of), part)).collect(),
    };
    best.par_iter().enumerate().map(listed).collect()
}

/// A model and the shoppers whose scores are averaged.
#[derive(Clone, Copy)]
struct Asked<'a> {
    model: &'a dyn Recommender,
    name: &'static str,
    training: &'static str,
    /// At least one shopper.
    histories: &'a [Past],
}

/// What a shopper did.
struct Past {
    /// Distinct products.
    bought: Vec<ItemIdx>,
    context: Context,
}

impl Asked<'_> {
    const fn of<'a>(&'a self, past: &'a Past) -> InContext<'a> {
        InContext { model: self.model, context: &past.context }
    }

    /// Mean score of each item, 0 for a shopper who has the item or for whom the model cannot say.
    /// Added in the shoppers' order, so that the sum does not depend on the threads.
    fn mean_scores(&self, items: &[ItemIdx]) -> Vec<f64> {
        let mut mean = vec![0.0_f64; items.len()];
        let n = self.histories.len() as f64;
        for some in self.histories.chunks(AT_A_TIME) {
            let of = |past: &Past| {
                let owned: BTreeSet<ItemIdx> = past.bought.iter().copied().collect();
                let scores = self.of(past).score(History::of(&past.bought), items);
                let open = |(item, score): (&ItemIdx, Option<f32>)| score.filter(|_| !owned.contains(item));
                items.iter().zip(scores).map(open).collect::<Vec<Option<f32>>>()
            };
            let scores: Vec<Vec<Option<f32>>> = some.par_iter().map(of).collect();
            for row in &scores {
                for (sum, score) in mean.iter_mut().zip(row) {
                    *sum += f64::from(score.unwrap_or(0.0)) / n;
                }
            }
        }
        mean
    }

    /// The largest parts of an item's mean score over the same shoppers, then the sum of the others.
    fn reasons(&self, item: ItemIdx) -> Vec<(&'static str, Option<ItemIdx>, f64)> {
        let mut parts: BTreeMap<(&'static str, Option<ItemIdx>), f64> = BTreeMap::new();
        let n = self.histories.len() as f64;
        for past in self.histories.iter().filter(|past| !past.bought.contains(&item)) {
            for reason in self.of(past).explain(History::of(&past.bought), item) {
                *parts.entry((reason.term, reason.item)).or_default() += f64::from(reason.part) / n;
            }
        }
        let mut parts: Vec<_> = parts.into_iter().map(|((term, of), part)| (term, of, part)).collect();
        parts.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
        // One part more is named rather than called "further".
        if parts.len() > REASONS + 1 {
            let further = parts.drain(REASONS..).map(|(_, _, part)| part).sum::<f64>();
            parts.push((FURTHER, None, further));
        }
        parts
    }
}

fn listing(catalogue: &Catalogue, rows: &[Listed]) -> Result<arrow::array::RecordBatch> {
    Columns::default()
        .text("market", rows.iter().map(|r| r.market.code().to_owned()))
        .int("rank", rows.iter().map(|r| r.rank as i64))
        .text("product_id", rows.iter().map(|r| catalogue.id(r.item)))
        .text("model", rows.iter().map(|r| r.model))
        .text("training", rows.iter().map(|r| r.training))
        .float("score", rows.iter().map(|r| r.score))
        .int("n_shoppers", rows.iter().map(|r| r.n_shoppers as i64))
        .text("reasons", rows.iter().map(|r| serde_json::to_string(&r.reasons).unwrap_or_default()))
        .batch()
}

#[cfg(test)]
mod tests {
    use super::*;
    use decide::plan::{Lang, scorer_name, term_name};
    use domain::Explain;
    use recommend::{ContentParams, Field, ItemText};

    fn chinese(text: &str) -> bool {
        text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    }

    fn items(ids: &[u32]) -> Vec<ItemIdx> {
        ids.iter().copied().map(ItemIdx).collect()
    }

    /// Three of four shoppers have item 0; items 1 and 2 come with it.
    fn baskets() -> Interactions {
        Interactions::from_baskets(5, [&[0, 1][..], &[0, 1, 2], &[0, 2, 3], &[1, 3, 4]])
    }

    fn pasts(train: &Interactions) -> Vec<Past> {
        let shoppers = (0..train.n_shoppers() as u32).map(ShopperIdx);
        shoppers.map(|s| Past { bought: train.row(s).to_vec(), context: Context::default() }).collect()
    }

    fn asked<'a>(model: &'a dyn Recommender, histories: &'a [Past]) -> Asked<'a> {
        Asked { model, name: "", training: "", histories }
    }

    #[test] // Popularity: 3 buyers of item 0, of which 3 of 4 shoppers are left out: 3 · 1/4; item 4: 1 · 3/4;
    // item 1 has 3 buyers, 3 · 1/4; item 2 has 2, 2 · 2/4.
    fn what_everybody_has_gives_way_to_what_can_still_be_sold() {
        let train = baskets();
        let model = ModelKind::PopularityGlobal.fit(&train, Seed(0)).unwrap();
        let histories = pasts(&train);
        let mean = asked(&*model, &histories).mean_scores(&items(&[0, 1, 2, 3, 4]));
        assert_eq!(mean, [0.75, 0.75, 1.0, 1.0, 0.75]);
    }

    #[test]
    fn the_reasons_of_a_listed_product_add_up_to_its_score() {
        let baskets: Vec<Vec<u32>> = (0..30).map(|s| vec![s % 7, 7 + s % 5, 12 + s % 3, 15 + s % 2]).collect();
        let train = Interactions::from_baskets(17, baskets.iter().map(Vec::as_slice));
        let histories = pasts(&train);
        for kind in ModelKind::all(Market::UNKNOWN) {
            let model = kind.fit(&train, Seed(3)).unwrap();
            let asked = asked(&*model, &histories);
            for (item, score) in items(&[0, 8, 16]).into_iter().zip(asked.mean_scores(&items(&[0, 8, 16]))) {
                let reasons = asked.reasons(item);
                let sum: f64 = reasons.iter().map(|r| r.2).sum();
                assert!((sum - score).abs() < 1e-4 * (1.0 + score.abs()), "{}: {sum}, not {score}", kind.name());
                assert!(reasons.len() <= REASONS + 1);
                assert!(reasons.iter().all(|r| r.1 != Some(item)), "a product is no reason for itself");
            }
        }
    }

    /// A model that is added brings its terms here by itself.
    #[test]
    fn every_term_that_a_model_gives_has_words_in_chinese() {
        let train = baskets();
        let mut terms: BTreeSet<&str> = [FURTHER].into();
        for kind in ModelKind::all(Market::UNKNOWN) {
            assert!(chinese(&scorer_name(kind.name(), Lang::Zh)), "{}", kind.name());
            let model = kind.fit(&train, Seed(0)).unwrap();
            for s in 0..4 {
                let history = train.row(ShopperIdx(s)).to_vec();
                for item in (0..5).map(ItemIdx) {
                    terms.extend(model.explain(History::of(&history), item).iter().map(|reason| reason.term));
                }
            }
        }
        assert!(chinese(&scorer_name("content", Lang::Zh)));
        let fields = [Field::Words, Field::Category, Field::Brand, Field::Colour, Field::Attribute];
        let twins = vec![ItemText { text: String::new(), attributes: fields.map(|f| (f, "same".into())).to_vec() }; 2];
        let texts = [twins, vec![ItemText::default(); 8]].concat();
        let content = ContentParams::default().fit(&texts).unwrap();
        let reasons = content.explain(History::of(&[ItemIdx(0)]), ItemIdx(1));
        assert_eq!(reasons.len(), fields.len());
        terms.extend(reasons.iter().map(|reason| reason.term));
        assert!(terms.len() > 4, "{terms:?}");
        for term in terms {
            assert!(chinese(&term_name(term, Lang::Zh)), "{term} has no words in Chinese");
            assert!(!chinese(&term_name(term, Lang::En)), "{term}");
        }
    }
}
