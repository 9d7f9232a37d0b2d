//! A market that shares neither products nor shoppers with any other one, served by what its products say.
//!
//! What its few shoppers bought says what sells there; everything else comes from a *source* market and goes by content: what sells
//! among products that are like a product ([`super::KindredParams`]), which kinds follow on which kinds ([`super::KindLinks`]), what goes
//! with what as a function of texts ([`super::ContentMap`]), brand and colour. The score of a product is the chance of its being bought next
//! among all products of the market, `exp(w · f_j) / Σ_k exp(w · f_k)`. The weights are learnt in the source, on cuts of
//! its own products that share nothing either (`weights.rs`); how much of what the source teaches is used, the market's own known shoppers say.
//!
//! [`ZeroOverlapParams::proof`] tells whether that is better than what the market has without it, on held-out shoppers of the source.
//! Sources: conditional logit: McFadden 1974; the parts have their own. Cost: `O(cuts · n²)` of the larger catalogue to learn, a
//! question `O(n · |history| · width)` of the market's products.

mod goods;
mod shop;
mod weights;

use super::{EvidenceRule, TransferVerdict};
use crate::ItemText;
use crate::saved::Save;
use crate::signal::distinct;
use domain::{Explain, FitError, History, Interactions, ItemIdx, Market, Reason, Score, Seed, ShopperIdx};
use goods::Goods;
use learn::container::{ContainerError, Reader, Writer};
use shop::{Basket, Knowledge, MOVED, STILL, Shop, Tastes};
use std::collections::BTreeMap;
use weights::Source;

/// Products of either market at most: likenesses of all pairs are worked out.
pub const MOST_PRODUCTS: usize = 5_000;
/// Share of a market's purchases that are of products which another market sold, up to which it shares nothing.
pub const SHARED_AT_MOST: f64 = 0.02;

/// How it is learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZeroOverlapParams {
    /// The market that is served.
    pub target: Market,
    /// The market that teaches.
    pub source: Market,
    /// Numbers of a vector of content, at least 1.
    pub width: usize,
    /// Cuts of the source's products that weights are learnt on, at least 1.
    pub n_cuts: usize,
}

impl ZeroOverlapParams {
    /// With the usual numbers.
    pub const fn between(target: Market, source: Market) -> Self {
        Self { target, source, width: 64, n_cuts: 2 }
    }
}

/// Fitted model. It scores the products that no other market sold, the market's own ones.
#[derive(Clone, Debug, PartialEq)]
pub struct ZeroOverlap {
    /// Items of the training data.
    n_items: usize,
    /// The market's products, ascending.
    items: Vec<u32>,
    /// What no history enters, weighed: by sales of it and its like in the market, and by the source; `items × 2`.
    still: Vec<f32>,
    tastes: Tastes,
    weights: [f32; MOVED],
}

/// What the parts without a history are called, then those of a history.
const STILL_TERMS: [&str; 2] = ["bought by others in this market", "popular at home"];
const MOVED_TERMS: [&str; MOVED] = [
    "goes elsewhere with products like",
    "goes elsewhere with products like",
    "of the same brand as",
    "of the same brand as",
    "of the same brand as",
    "described in the same words as",
    "goes elsewhere with products like",
];

/// Two markets that share nothing, in numbers of their own.
struct Pair {
    target: Vec<u32>,
    source: Vec<u32>,
    of_target: Vec<Basket>,
    of_source: Vec<Basket>,
}

/// The share of a market's purchases that are of products which another market sold; `None` where it has bought nothing.
pub fn shared(all: &Interactions, market: Market) -> Option<f64> {
    let mut elsewhere = vec![false; all.n_items()];
    for cell in all.iter().filter(|cell| all.markets()[cell.shopper.at()] != market) {
        elsewhere[cell.item.at()] = true;
    }
    let (mut n, mut both) = (0_u64, 0_u64);
    for cell in all.iter().filter(|cell| all.markets()[cell.shopper.at()] == market) {
        n += 1;
        both += u64::from(elsewhere[cell.item.at()]);
    }
    (n > 0).then(|| both as f64 / n as f64)
}

impl Pair {
    fn new(params: &ZeroOverlapParams, all: &Interactions) -> Result<Self, FitError> {
        let mut sold: BTreeMap<u32, [u32; 2]> = BTreeMap::new();
        for cell in all.iter() {
            let is_own = all.markets()[cell.shopper.at()] == params.target;
            let of_source = all.markets()[cell.shopper.at()] == params.source;
            let counts = sold.entry(cell.item.0).or_default();
            counts[0] += u32::from(!is_own);
            counts[1] += u32::from(of_source);
        }
        let is_elsewhere = |item: &u32| sold.get(item).is_some_and(|counts| counts[0] > 0);
        let target: Vec<u32> = (0..all.n_items() as u32).filter(|item| !is_elsewhere(item)).collect();
        let mut best: Vec<(u32, u32)> = sold.iter().map(|(item, n)| (n[1], *item)).filter(|(n, _)| *n > 0).collect();
        // What sells most teaches most, where the source has more than can be compared.
        best.sort_unstable_by_key(|(n, item)| (std::cmp::Reverse(*n), *item));
        best.truncate(MOST_PRODUCTS);
        let mut source: Vec<u32> = best.into_iter().map(|(_, item)| item).collect();
        source.sort_unstable();
        if target.len() > MOST_PRODUCTS {
            let got = target.len() as f64;
            return Err(FitError::Param { name: "target", rule: "at most 5,000 products", got });
        }
        for (what, have) in [("products of the target", target.len()), ("products of the source", source.len())] {
            if have < 2 {
                return Err(FitError::TooLittleData { what, have, need: 2 });
            }
        }
        let (of_target, of_source) = (baskets(all, params.target, &target), baskets(all, params.source, &source));
        Ok(Self { target, source, of_target, of_source })
    }
}

/// What the shoppers of a market bought of some items, in their order of time, each item once.
fn baskets(all: &Interactions, market: Market, items: &[u32]) -> Vec<Basket> {
    let one = |shopper: ShopperIdx| {
        let days = all.row_days(shopper);
        let mut row: Vec<(i32, u32)> = all.row(shopper).iter().zip(days).map(|(item, day)| (day.0, item.0)).collect();
        row.sort_by_key(|(day, _)| *day);
        let mut basket: Basket = Vec::new();
        for at in row.iter().filter_map(|(_, item)| items.binary_search(item).ok()).map(|at| at as u32) {
            if !basket.contains(&at) {
                basket.push(at);
            }
        }
        basket
    };
    let shoppers = (0..all.n_shoppers() as u32).map(ShopperIdx).filter(|s| all.markets()[s.at()] == market);
    shoppers.map(one).filter(|basket| !basket.is_empty()).collect()
}

impl ZeroOverlapParams {
    fn check(&self, all: &Interactions, texts: &[ItemText]) -> Result<(), FitError> {
        for (name, value) in [("width", self.width), ("n_cuts", self.n_cuts)] {
            if value == 0 {
                return Err(FitError::Param { name, rule: "at least 1", got: 0.0 });
            }
        }
        if texts.len() != all.n_items() {
            let got = texts.len() as f64;
            return Err(FitError::Param { name: "texts", rule: "one for each item of the training data", got });
        }
        Ok(())
    }

    fn source<T>(
        &self,
        pair: &Pair,
        goods: &Goods,
        seed: Seed,
        ask: impl FnOnce(&Source<'_>) -> Result<T, FitError>,
    ) -> Result<T, FitError> {
        let own = goods.pick(&pair.source);
        let n_bought = pair.of_target.iter().map(Vec::len).sum::<usize>() as f64;
        let counts = shop::buyers(pair.target.len(), &pair.of_target);
        ask(&Source {
            goods: &own,
            baskets: &pair.of_source,
            density: n_bought / pair.target.len() as f64,
            only_sold: counts.iter().all(|n| *n > 0.0),
            seed,
        })
    }

    /// Learns from the rows of all markets and what is known of their items, one text an item.
    ///
    /// # Errors
    /// [`FitError`] for a parameter outside its range, another number of texts, a source in which nobody came back, and more than
    /// [`MOST_PRODUCTS`] products of the target.
    pub fn fit(&self, all: &Interactions, texts: &[ItemText], seed: Seed) -> Result<ZeroOverlap, FitError> {
        self.check(all, texts)?;
        let pair = Pair::new(self, all)?;
        let goods = Goods::of(texts, self.width, seed)?;
        let weights = self.source(&pair, &goods, seed, |source| source.weights(self.n_cuts as u64, &|_| true))?;
        let knowledge = Knowledge::learn(goods.pick(&pair.source), &pair.of_source)?;
        let shop = Shop::new(goods.pick(&pair.target), &knowledge, &pair.of_target)?;
        let weights = shop.tempered(&weights, &pair.of_target);
        let part = |row: &[f32; STILL], of: std::ops::Range<usize>| {
            of.map(|at| weights[at] * f64::from(row[at])).sum::<f64>() as f32
        };
        let still = shop.still.iter().flat_map(|row| [part(row, 0..4), part(row, 4..STILL)]).collect();
        let moved = weights::moved(&weights);
        Ok(ZeroOverlap { n_items: all.n_items(), items: pair.target, still, tastes: shop.tastes, weights: moved })
    }

    /// Whether what the source teaches orders purchases better, judged in the source: its own products are cut in two that share
    /// nothing, and shoppers who taught nothing are asked. One verdict for each thing that a market has without it: what sells,
    /// neighbourhoods of its own few shoppers, likeness.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn proof(
        &self,
        all: &Interactions,
        texts: &[ItemText],
        rule: &EvidenceRule,
        seed: Seed,
    ) -> Result<Vec<(&'static str, TransferVerdict)>, FitError> {
        self.check(all, texts)?;
        let pair = Pair::new(self, all)?;
        let goods = Goods::of(texts, self.width, seed)?;
        self.source(&pair, &goods, seed, |source| source.proof(self.n_cuts as u64, rule))
    }
}

impl ZeroOverlap {
    /// The history in the market's own numbers, in its order, each item once where it stands last.
    fn own(&self, history: History<'_>) -> Vec<u32> {
        let known = distinct(history, self.n_items);
        let mut own: Vec<u32> = Vec::with_capacity(known.len());
        for (item, _) in history.iter() {
            if let Ok(at) = self.items.binary_search(&item.0) {
                own.retain(|other| *other != at as u32);
                own.push(at as u32);
            }
        }
        own
    }

    /// The chance of each of the market's products, in their order.
    fn chances(&self, history: &[u32]) -> Vec<f32> {
        let value = |at: usize| {
            let moved = self.tastes.moved(history, at as u32);
            let moved: f32 = moved.iter().zip(&self.weights).map(|((f, _), w)| f * w).sum();
            self.still[2 * at..2 * at + 2].iter().sum::<f32>() + moved
        };
        let mut values: Vec<f32> = (0..self.items.len()).map(value).collect();
        let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        values.iter_mut().for_each(|v| *v = (*v - most).exp());
        let sum: f32 = values.iter().sum();
        values.iter_mut().for_each(|v| *v /= sum);
        values
    }
}

impl Score for ZeroOverlap {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let chances = self.chances(&self.own(history));
        candidates.iter().map(|item| self.items.binary_search(&item.0).ok().map(|at| chances[at])).collect()
    }
}

impl Explain for ZeroOverlap {
    /// The score shared out among what speaks for the product: what it has more than the product of the market that has least of
    /// it, and for a history what is above 0.
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let Ok(at) = self.items.binary_search(&candidate.0) else { return Vec::new() };
        let own = self.own(history);
        let score = self.chances(&own)[at];
        let least = |part: usize| self.still.chunks_exact(2).map(|row| row[part]).fold(f32::INFINITY, f32::min);
        let still = (0..2).map(|part| (STILL_TERMS[part], None, self.still[2 * at + part] - least(part)));
        let moved = self.tastes.moved(&own, at as u32);
        let moved = moved
            .iter()
            .zip(&self.weights)
            .zip(MOVED_TERMS)
            .map(|(((f, owed), w), term)| (term, owed.map(|owed| ItemIdx(self.items[owed as usize])), f * w));
        let mut parts: BTreeMap<(&'static str, Option<ItemIdx>), f32> = BTreeMap::new();
        for (term, item, part) in still.chain(moved).filter(|(_, _, part)| *part > 0.0) {
            *parts.entry((term, item)).or_default() += part;
        }
        let sum: f32 = parts.values().sum();
        if sum <= 0.0 {
            return vec![Reason { term: STILL_TERMS[0], item: None, part: score }];
        }
        let reason = |((term, item), part)| Reason { term, item, part: score * part / sum };
        crate::links::sorted(parts.into_iter().map(reason).collect())
    }
}

impl Save for ZeroOverlap {
    fn save(&self, to: &mut Writer) {
        let goods = &self.tastes.goods;
        to.u64s("sizes", &[self.n_items as u64, goods.width as u64, goods.n_kinds as u64]);
        to.u32s("items", &self.items);
        to.f32s("without a history", &self.still);
        to.f32s("weights", &self.weights);
        to.f32s("content", &goods.vectors);
        to.f32s("images", &self.tastes.to);
        to.f32s("links", &self.tastes.links);
        to.u32s("kinds", &goods.kinds);
        to.u32s("brands", &goods.brands);
        to.u32s("colours", &goods.colours);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [n_items, width, n_kinds] = from.sizes("sizes", u32::MAX as usize)?;
        let items = from.u32s("items")?;
        crate::saved::ascending(&items, n_items, "items")?;
        let n = items.len();
        let wrong = |name: &str, want: &str| ContainerError::content(name, want);
        let numbers = |name: &str, want: Option<usize>| -> Result<Vec<f32>, ContainerError> {
            let values = from.f32s(name)?;
            let fine = Some(values.len()) == want && values.iter().all(|v| v.is_finite());
            if fine { Ok(values) } else { Err(wrong(name, "finite numbers of every product")) }
        };
        let fields = |name: &str| -> Result<Vec<u32>, ContainerError> {
            let values = from.u32s(name)?;
            if values.len() == n { Ok(values) } else { Err(wrong(name, "one number a product")) }
        };
        if n == 0 || width == 0 || width > crate::saved::MAX_FACTORS {
            return Err(wrong("sizes", "at least one product and one number of content"));
        }
        let weights = numbers("weights", Some(MOVED))?;
        let goods = Goods {
            width,
            vectors: numbers("content", n.checked_mul(width))?,
            kinds: fields("kinds")?,
            n_kinds,
            brands: fields("brands")?,
            colours: fields("colours")?,
        };
        let square = n_kinds.checked_add(1).and_then(|k| k.checked_mul(k));
        let tastes =
            Tastes { goods, to: numbers("images", n.checked_mul(width + 1))?, links: numbers("links", square)? };
        let weights = weights.try_into().map_err(|_| wrong("weights", "one weight a feature"))?;
        Ok(Self { n_items, still: numbers("without a history", n.checked_mul(2))?, items, tastes, weights })
    }
}

#[cfg(test)]
mod tests;
