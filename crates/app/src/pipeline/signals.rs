//! What shoppers did beside buying, out of `clean.events`, and what came out of measuring it.
//!
//! An event counts by its name, in the vocabulary of Segment or of GA4. A search counts for the products
//! whose title, in any language, has all of its words; one that fits too many of them says nothing.

use super::batch::Columns;
use super::measured::decided;
use super::purchases::Purchases;
use super::rows::Rows;
use super::titles::Titles;
use crate::evidence::TransferTable;
use crate::signals::{SignalKind, SignalPlan, SignalStudy, Signals, Weights, study};
use crate::trainings::Trainings;
use anyhow::{Context as _, Result};
use arrow::array::RecordBatch;
use domain::{Day, FitError, Interaction, Interactions, ItemIdx, Kind, Seed, ShopperIdx};
use eval::{Metric, Protocol};
use lake::Engine;
use recommend::transfer::EvidenceRule;
use recommend::{Context, ModelKind, Recommender};
use std::collections::{BTreeMap, BTreeSet};

/// Products that a search may fit to say something about any of them.
const FITTING: usize = 40;

/// The signal of an event's name, in small letters.
fn signal_of(name: &str) -> Option<SignalKind> {
    Some(match name {
        "product viewed" | "product clicked" | "view_item" | "select_item" => SignalKind::View,
        "products searched" | "search" | "view_search_results" => SignalKind::Search,
        "product added to wishlist" | "wishlist product added to cart" | "add_to_wishlist" => SignalKind::Wish,
        "product added" | "checkout started" | "add_to_cart" | "begin_checkout" => SignalKind::Cart,
        "product shared" | "cart shared" | "share" => SignalKind::Share,
        _ => return None,
    })
}

const fn interaction_kind(signal: SignalKind) -> Kind {
    match signal {
        SignalKind::View | SignalKind::Search => Kind::View,
        SignalKind::Wish | SignalKind::Share => Kind::Wish,
        SignalKind::Cart => Kind::Cart,
    }
}

/// Events of known shoppers, of one or of all.
fn events(shopper: Option<&str>) -> String {
    let only = shopper.map_or_else(String::new, |s| format!(" and shopper_id = '{}'", s.replace('\'', "''")));
    format!(
        "select distinct shopper_id, coalesce(product_id, '') as product_id, coalesce(query, '') as query, \
         lower(name) as name, cast(occurred_at as date) as day from clean.events \
         where kind = 'track' and name is not null and shopper_id is not null \
         and (product_id is not null or query is not null){only} order by shopper_id, day, product_id, query, name"
    )
}

/// Finds the products that searches mean.
struct Fitting {
    titles: Titles,
    /// Positions of titles as the models know them; services and what nobody bought have none.
    items: Vec<Option<ItemIdx>>,
    found: BTreeMap<String, Vec<ItemIdx>>,
}

impl Fitting {
    async fn load(engine: &Engine, purchases: &Purchases) -> Result<Self> {
        let titles = Titles::load(engine).await?;
        let items = titles.products.iter().map(|id| purchases.product(id)).collect();
        Ok(Self { titles, items, found: BTreeMap::new() })
    }

    fn of(&mut self, query: &str) -> &[ItemIdx] {
        if !self.found.contains_key(query) {
            let fitting = self.titles.with_all_words(query).unwrap_or_default();
            let mut items: Vec<ItemIdx> = fitting.into_iter().filter_map(|at| self.items[at]).collect();
            items.sort_unstable();
            if items.len() > FITTING {
                items.clear();
            }
            self.found.insert(query.to_owned(), items);
        }
        &self.found[query]
    }
}

/// The rows of a query of [`events`]: number of the row, signal, product, day.
async fn read(engine: &Engine, sql: &str, purchases: &Purchases) -> Result<Vec<(String, SignalKind, ItemIdx, Day)>> {
    let rows = Rows::query(engine, sql).await?;
    let (who, what, names, days) =
        (rows.texts("shopper_id")?, rows.texts("product_id")?, rows.texts("name")?, rows.days("day")?);
    let queries = rows.texts("query")?;
    let mut fitting = None;
    let mut found = Vec::new();
    for i in 0..rows.len() {
        let Some(signal) = signal_of(&names[i]) else { continue };
        if signal != SignalKind::Search {
            found.extend(purchases.product(&what[i]).map(|item| (who[i].clone(), signal, item, days[i])));
            continue;
        }
        if fitting.is_none() {
            fitting = Some(Fitting::load(engine, purchases).await?);
        }
        let fitting = fitting.as_mut().context("titles were just loaded")?;
        found.extend(fitting.of(&queries[i]).iter().map(|item| (who[i].clone(), signal, *item, days[i])));
    }
    Ok(found)
}

/// All signals of shoppers who have bought something.
pub(crate) async fn load(engine: &Engine, purchases: &Purchases) -> Result<Signals> {
    let mut cells: BTreeMap<SignalKind, BTreeMap<(ShopperIdx, ItemIdx, Day), Interaction>> = BTreeMap::new();
    for (who, signal, item, day) in read(engine, &events(None), purchases).await? {
        let Some(shopper) = purchases.shopper(&who) else { continue };
        let cell = Interaction { shopper, item, kind: interaction_kind(signal), day, weight: 1.0 };
        cells.entry(signal).or_default().insert((shopper, item, day), cell);
    }
    let all = &purchases.interactions;
    let table = |(kind, cells): (SignalKind, BTreeMap<_, Interaction>)| {
        Ok((kind, Interactions::new(all.n_items(), all.markets().to_vec(), cells.into_values().collect())?))
    };
    Ok(Signals { tables: cells.into_iter().map(table).collect::<Result<_>>()? })
}

/// What one shopper did beside buying, buyer or not, as far as it is used.
pub(crate) async fn context(
    engine: &Engine,
    purchases: &Purchases,
    shopper: &str,
    weights: &Weights,
) -> Result<Context> {
    if weights.is_empty() {
        return Ok(Context::default());
    }
    let rows = read(engine, &events(Some(shopper)), purchases).await?;
    Ok(Context::new(rows.into_iter().filter_map(|(_, signal, item, _)| Some((item, *weights.get(&signal)?)))))
}

/// Measures the signals with the model that serves best where all markets teach it; nothing without
/// signals or without a table of the models.
pub(crate) fn measure(
    purchases: &Purchases,
    signals: &Signals,
    table: Option<&TransferTable>,
    seed: Seed,
    trainings: &Trainings<'_>,
) -> Result<Option<SignalStudy>> {
    let Some(table) = table else { return Ok(None) };
    let plan = SignalPlan {
        model: table.methods[table.best_pooled].model,
        window_days: table.last_day.since(table.test_from) + 1,
        protocol: Protocol { metrics: vec![Metric::Ndcg(10)], ..Protocol::default() },
        rule: EvidenceRule::default(),
    };
    let fit = |kind: &ModelKind, train: &Interactions, seed: Seed| -> Result<Box<dyn Recommender>, FitError> {
        Ok(trainings.fit(kind, train, seed)?)
    };
    Ok(study(&purchases.interactions, signals, &plan, &fit, seed)?)
}

/// `marts.signals`.
pub(crate) fn mart(signals: &Signals, study: Option<&SignalStudy>) -> Result<RecordBatch> {
    let rows = study.map_or(&[][..], |study| study.rows.as_slice());
    let verdict = study.map_or("", |study| decided(study.verdict.decision));
    let names = |weights: &Weights| match weights.len() {
        0 => "none".to_owned(),
        1 => weights.keys().map(|kind| kind.key()).collect(),
        _ => "all".to_owned(),
    };
    let count = |weights: &Weights, of: fn(&Interactions) -> usize| -> i64 {
        weights.keys().filter_map(|kind| signals.tables.get(kind)).map(of).sum::<usize>() as i64
    };
    let gain = |at: fn(&eval::Estimate) -> f64| rows.iter().map(move |r| r.gain.as_ref().map(at));
    Columns::default()
        .text("signal", rows.iter().map(|r| names(&r.weights)))
        .int("n_rows", rows.iter().map(|r| count(&r.weights, Interactions::len)))
        .optional_float("weight", rows.iter().map(|r| r.weights.values().next().map(|w| decimal(*w))))
        .text("model", rows.iter().map(|_| study.map_or("", |s| s.model)))
        .float("validation", rows.iter().map(|r| r.validation))
        .float("test", rows.iter().map(|r| r.estimate.mean))
        .optional_float("gain", gain(|g| g.mean))
        .optional_float("low", gain(|g| g.interval.low))
        .optional_float("high", gain(|g| g.interval.high))
        .int("n", rows.iter().map(|r| r.estimate.n as i64))
        .text("verdict", rows.iter().map(|_| verdict))
        .truth("used", rows.iter().map(|r| study.is_some_and(|s| !r.weights.is_empty() && s.used == r.weights)))
        .batch()
}

/// A weight as it is written, 0.3 and not the binary number next to it.
fn decimal(weight: f32) -> f64 {
    (f64::from(weight) * 1e6).round() / 1e6
}

/// What the last run decided to use.
pub(crate) async fn used(engine: &Engine) -> Result<Weights> {
    let rows = Rows::query(engine, "select signal, weight, used from marts.signals").await?;
    let (signals, weights, used) = (rows.texts("signal")?, rows.floats("weight")?, rows.truths("used")?);
    let alone: BTreeSet<&str> = signals.iter().map(String::as_str).collect();
    let mut found = Weights::new();
    for i in (0..rows.len()).filter(|i| used[*i]) {
        let weight =
            weights[i].filter(|w| *w > 0.0 && *w <= 1.0).context("marts.signals has a weight outside 0 to 1")? as f32;
        let of =
            |kind: &SignalKind| if signals[i] == "all" { alone.contains(kind.key()) } else { signals[i] == kind.key() };
        found.extend(SignalKind::ALL.into_iter().filter(of).map(|kind| (kind, weight)));
    }
    Ok(found)
}
