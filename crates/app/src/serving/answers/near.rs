//! What is near products that somebody looked at, bought or has in the basket, without the market's own model: what is
//! described like them, what is of their category or brand, and what the home market's model says goes with them.
//!
//! Where what sells serves a market best, its model says the same to everybody; then these are what an event can change.

use super::super::snapshot::Snapshot;
use crate::looks::Looks;
use crate::views::{NearBy, Views};
use domain::{History, ItemIdx, Market, Reason};
use recommend::serving::{Near, Scorer, Step, Why};
use std::collections::BTreeMap;

/// Products that are compared with the catalogue, the newest: each costs a search.
const SEEDS: usize = 3;

type Found = Result<Vec<(ItemIdx, f32)>, Why>;
type Open<'o> = &'o mut dyn FnMut(ItemIdx) -> bool;

/// What is near some products.
pub(super) struct Nearby<'a> {
    now: &'a Snapshot,
    market: Market,
    /// Newest first, each once.
    seeds: Vec<ItemIdx>,
}

impl<'a> Nearby<'a> {
    /// Near products, the newest first.
    pub(super) fn new(now: &'a Snapshot, market: Market, newest_first: impl Iterator<Item = ItemIdx>) -> Self {
        let mut seeds: Vec<ItemIdx> = Vec::with_capacity(SEEDS);
        for item in newest_first {
            if !seeds.contains(&item) {
                seeds.push(item);
            }
            if seeds.len() == SEEDS {
                break;
            }
        }
        Self { now, market, seeds }
    }

    /// Like the seeds by texts, pictures and purchases where orders say that these are better joined, else by texts alone: the sum of
    /// the likenesses.
    pub(super) fn described(&self, n: usize, open: Open<'_>) -> Found {
        let found = self.now.found().ok_or(Why::NotReady)?;
        let all = vec![true; found.ids.len()];
        // What may not be shown is among the nearest too.
        let deep = 4 * n + 40;
        let mut sums: BTreeMap<ItemIdx, f32> = BTreeMap::new();
        for row in self.seeds.iter().filter_map(|seed| found.row(self.now.goods.id(*seed))) {
            let joined = self.joined().map(|(views, looks)| views.near(found, looks, row as usize, deep, &all));
            // A seed that the joined views do not know is asked by its texts.
            let near: Vec<(u32, f32)> = match joined.filter(|near| !near.by.is_empty()) {
                Some(NearBy { near, .. }) => near.into_iter().map(|n| (n.row as u32, n.score as f32)).collect(),
                None => found.search().similar(row, deep, &all),
            };
            for (other, likeness) in near {
                if let Some(item) = self.now.goods.find(&found.ids[other as usize]).filter(|_| likeness > 0.0) {
                    *sums.entry(item).or_default() += likeness;
                }
            }
        }
        Ok(self.best(sums.into_iter(), n, open))
    }

    /// Of the category or the brand of a seed: the nearest seed counts, and what sells most stands first of equals.
    pub(super) fn category(&self, n: usize, open: Open<'_>) -> Found {
        let goods = &self.now.goods;
        let popular = self.now.markets.get(&self.market).map_or(goods.newest(), |m| &*m.popular);
        let alike = |item: ItemIdx| self.seeds.iter().map(|seed| goods.alike(*seed, item)).fold(0.0, f32::max);
        let unsold = goods.newest().ranked().iter().filter(|(item, _)| popular.score(*item).is_none());
        let near = popular.ranked().iter().chain(unsold).map(|(item, _)| (*item, alike(*item)));
        Ok(self.best(near.filter(|(_, alike)| *alike > 0.0), n, open))
    }

    /// What the home market's model says goes with the seeds.
    pub(super) fn home(&self, n: usize, open: Open<'_>) -> Found {
        let scorer = self.home_scorer()?;
        Ok(scorer.best(History::of(&self.seeds), n, &mut |item| !self.seeds.contains(&item) && open(item)))
    }

    /// The home market's model, where that is another market and the model hears.
    fn home_scorer(&self) -> Result<&'a Scorer, Why> {
        let home = self.now.home.filter(|home| *home != self.market).ok_or(Why::NoList)?;
        heard(self.now, home)
    }

    /// The `n` best of a list without the seeds; of equals those that came first.
    fn best(&self, list: impl Iterator<Item = (ItemIdx, f32)>, n: usize, open: Open<'_>) -> Vec<(ItemIdx, f32)> {
        let mut list: Vec<(ItemIdx, f32)> = list.filter(|(item, _)| !self.seeds.contains(item)).collect();
        list.sort_by(|a, b| b.1.total_cmp(&a.1));
        list.into_iter().filter(|(item, _)| open(*item)).take(n).collect()
    }

    /// The views, where orders say that they are better joined.
    fn joined(&self) -> Option<(&'a Views, &'a Looks)> {
        self.now.views().filter(|views| views.are_joined()).zip(self.now.looks())
    }

    /// Why something is described alike: the seed and the view in which it is most like it, where views are joined.
    pub(super) fn why_described(&self, item: ItemIdx, part: f32) -> Vec<Reason> {
        let goods = &self.now.goods;
        let by_views = || {
            let (found, (views, looks)) = (self.now.found()?, self.joined()?);
            let row = |item: ItemIdx| found.row(goods.id(item)).map(|row| row as usize);
            let other = row(item)?;
            let most = |seed: &ItemIdx| Some((*seed, views.leading((found, looks), row(*seed)?, other)?));
            let most = self.seeds.iter().filter_map(most).max_by(|a, b| a.1.1.total_cmp(&b.1.1));
            most.map(|(seed, (sort, _))| Reason { term: sort.term(), item: Some(seed), part })
        };
        match (by_views(), &self.seeds[..]) {
            (Some(reason), _) => vec![reason],
            (None, [seed]) => vec![Reason { term: "reads like", item: Some(*seed), part }],
            (None, _) => vec![Reason { term: "described alike", item: None, part }],
        }
    }

    /// Why something is of the same category.
    pub(super) fn why_category(&self, item: ItemIdx, part: f32) -> Vec<Reason> {
        let alike = |seed: &&ItemIdx| self.now.goods.alike(**seed, item);
        let nearest = self.seeds.iter().max_by(|a, b| alike(a).total_cmp(&alike(b))).copied();
        vec![Reason { term: "in the same category as", item: nearest, part }]
    }

    /// Why the home market's model says something.
    pub(super) fn why_home(&self, item: ItemIdx) -> Vec<Reason> {
        self.home_scorer().map_or_else(|_| Vec::new(), |scorer| scorer.explain(History::of(&self.seeds), item))
    }

    /// As the steps of a chain.
    pub(super) fn with<T>(&self, ask: impl FnOnce(&[Near<'_>]) -> T) -> T {
        ask(&[
            Near {
                step: Step::Described,
                best: &|n, open| self.described(n, open),
                reasons: &|item, part| self.why_described(item, part),
            },
            Near {
                step: Step::Category,
                best: &|n, open| self.category(n, open),
                reasons: &|item, part| self.why_category(item, part),
            },
            Near {
                step: Step::HomeModel,
                best: &|n, open| self.home(n, open),
                reasons: &|item, _| self.why_home(item),
            },
        ])
    }
}

/// The model of a market, where it has one that hears a history.
pub(super) fn heard(now: &Snapshot, market: Market) -> Result<&Scorer, Why> {
    let models = now.markets.get(&market).ok_or(Why::NoModel)?;
    if models.scorer.hears() { Ok(&models.scorer) } else { Err(Why::Deaf) }
}
