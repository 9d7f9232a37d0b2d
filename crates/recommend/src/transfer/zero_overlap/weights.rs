//! How much each score counts, and whether all that helps, from the source alone.
//!
//! The source's products are cut in two by lot, and its shoppers too. What the source knows is learnt on one half; what the other
//! shoppers chose among the other products says what each score is worth there: they stand for a market that the
//! source has never sold to. As many of them are known as make the half sell as much a product as the target does.

use super::goods::Goods;
use super::shop::{Basket, Knowledge, MOVED, N_FEATURES, STILL, Shop, interactions};
use crate::ItemKnnParams;
use crate::transfer::{EvidenceRule, TransferVerdict, judge};
use domain::{Fit, FitError, History, ItemIdx, Score, Seed};
use learn::choice::ChoiceParams;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Questions that weights are learnt from at most, of each lesson.
const QUESTIONS: usize = 1_500;
/// Alternatives of a question that weights are learnt from at most, the choice among them.
const ALTERNATIVES: usize = 256;
/// Cuts of the proof, beyond those that weights are learnt on.
const PROOF_CUTS: u64 = 3;
/// Known shoppers below which a target does not say how much what the source teaches counts.
const ENOUGH: usize = 20;
/// How much of it is tried.
const SHARES: [f64; 6] = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25];

/// Weights of the features, none below 0.
pub(super) type Weights = [f64; N_FEATURES];

/// The source in numbers of its own.
pub(super) struct Source<'a> {
    pub(super) goods: &'a Goods,
    pub(super) baskets: &'a [Basket],
    /// Purchases a product in the target.
    pub(super) density: f64,
    /// Whether every product of the target was sold there.
    pub(super) only_sold: bool,
    pub(super) seed: Seed,
}

/// A market that the source does not know, made of the source itself.
struct Lesson {
    shop: Shop,
    known: Vec<Basket>,
    /// With the number of the shopper.
    asked: Vec<(usize, Basket)>,
}

/// A basket in the numbers of some items, ascending.
fn renumbered(basket: &Basket, which: &[u32]) -> Basket {
    basket.iter().filter_map(|item| which.binary_search(item).ok()).map(|at| at as u32).collect()
}

impl Source<'_> {
    /// One half of the products teaches, the other one asks: shoppers for whom `learns` teach, those for whom `asks` are asked, and
    /// of those for whom `knows` the purchases are known.
    fn lesson(
        &self,
        cut: u64,
        turned: bool,
        [learns, knows, asks]: [&dyn Fn(usize) -> bool; 3],
    ) -> Result<Lesson, FitError> {
        let key = Seed(self.seed.0 ^ (cut + 1).wrapping_mul(0x9E37_79B9));
        let is_first = |item: &u32| key.stream(u64::from(*item)).next_u64().is_multiple_of(2) != turned;
        let (first, rest): (Vec<u32>, Vec<u32>) = (0..self.goods.len() as u32).partition(is_first);
        let of = |keep: &dyn Fn(usize) -> bool, which: &[u32]| -> Vec<(usize, Basket)> {
            let kept = self.baskets.iter().enumerate().filter(|(s, _)| keep(*s));
            kept.map(|(s, basket)| (s, renumbered(basket, which))).filter(|(_, basket)| !basket.is_empty()).collect()
        };
        let baskets = |keep: &dyn Fn(usize) -> bool, which: &[u32]| -> Vec<Basket> {
            of(keep, which).into_iter().map(|(_, basket)| basket).collect()
        };
        let knowledge = Knowledge::learn(self.goods.pick(&first), &baskets(learns, &first))?;
        let mut known = baskets(knows, &rest);
        let mut wanted = self.density * rest.len() as f64;
        known.retain(|basket| {
            let keep = wanted > 0.0;
            wanted -= basket.len() as f64;
            keep
        });
        // What nobody who is known has bought is no product of the market, where the target has none either.
        let mut sold: Vec<u32> = known.iter().flatten().copied().collect();
        sold.sort_unstable();
        sold.dedup();
        let all: Vec<u32> = (0..rest.len() as u32).collect();
        let local = if self.only_sold { sold } else { all };
        let items: Vec<u32> = local.iter().map(|at| rest[*at as usize]).collect();
        let known = known.iter().map(|basket| renumbered(basket, &local)).collect::<Vec<Basket>>();
        let asked = of(asks, &items).into_iter().filter(|(_, basket)| basket.len() > 1).collect();
        let shop = Shop::new(self.goods.pick(&items), &knowledge, &known)?;
        Ok(Lesson { shop, known, asked })
    }

    /// Two lessons of a cut: each half teaches once. `keep` says which shoppers take part.
    fn lessons(&self, cut: u64, keep: &dyn Fn(usize) -> bool) -> Result<Vec<Lesson>, FitError> {
        let lesson = |turned: bool| {
            let (even, odd) = (|s: usize| keep(s) && s.is_multiple_of(2), |s: usize| keep(s) && !s.is_multiple_of(2));
            // Of every four who are asked, the fourth is known beforehand.
            let known = |s: usize| (s / 2).is_multiple_of(4);
            let (even, odd): (&dyn Fn(usize) -> bool, &dyn Fn(usize) -> bool) = (&even, &odd);
            let (learns, asks) = if turned { (odd, even) } else { (even, odd) };
            self.lesson(cut, turned, [learns, &|s| asks(s) && known(s), &|s| asks(s) && !known(s)])
        };
        [false, true].into_iter().map(lesson).collect()
    }

    /// What each score is worth, from the shoppers who take part.
    pub(super) fn weights(&self, n_cuts: u64, keep: &dyn Fn(usize) -> bool) -> Result<Weights, FitError> {
        let (mut x, mut sizes, mut chosen) = (Vec::new(), Vec::new(), Vec::new());
        for cut in 0..n_cuts {
            for lesson in self.lessons(cut, keep)? {
                let questions: Vec<&Basket> = lesson.asked.iter().map(|(_, basket)| basket).take(QUESTIONS).collect();
                let of = |(at, basket): (usize, &&Basket)| lesson.shop.question(basket, self.seed.0 ^ at as u64);
                for (rows, at) in questions.par_iter().enumerate().map(of).collect::<Vec<_>>() {
                    sizes.push(rows.len());
                    chosen.push(at);
                    x.extend(rows.into_iter().flatten());
                }
            }
        }
        if sizes.len() < ENOUGH {
            return Err(FitError::TooLittleData {
                what: "second purchases to weigh by",
                have: sizes.len(),
                need: ENOUGH,
            });
        }
        let found = ChoiceParams::default().fit(&x, N_FEATURES, &sizes, &chosen);
        let found = found.map_err(|why| FitError::Diverged(format!("weights of what the source knows, {why}")))?;
        found.try_into().map_err(|_| FitError::Diverged("one weight a feature".to_owned()))
    }

    /// Whether the weights, learnt from two thirds of the shoppers, order the purchases of the others better than what sells, than
    /// neighbourhoods of those who are known and than likeness. Everybody is asked about both halves of several cuts that the weights
    /// have not seen; the mean of a shopper's marks is one mark.
    pub(super) fn proof(
        &self,
        n_cuts: u64,
        rule: &EvidenceRule,
    ) -> Result<Vec<(&'static str, TransferVerdict)>, FitError> {
        let (held, others) = (|s: usize| s.is_multiple_of(3), |s: usize| !s.is_multiple_of(3));
        let weights = self.weights(n_cuts, &others)?;
        let mut of_shopper: BTreeMap<usize, Vec<[f64; 4]>> = BTreeMap::new();
        for cut in n_cuts..n_cuts + PROOF_CUTS {
            for turned in [false, true] {
                let lesson = self.lesson(cut, turned, [&others, &others, &held])?;
                let weights = lesson.shop.tempered(&weights, &lesson.known);
                for (shopper, found) in lesson.marks(&weights)? {
                    of_shopper.entry(shopper).or_default().push(found);
                }
            }
        }
        let mut marks: [Vec<f64>; 4] = Default::default();
        for found in of_shopper.values() {
            let mean = |at: usize| found.iter().map(|marks| marks[at]).sum::<f64>() / found.len() as f64;
            marks.iter_mut().enumerate().for_each(|(at, all)| all.push(mean(at)));
        }
        let [ours, others @ ..] = &marks;
        let names = ["what sells", "neighbourhoods of its own few shoppers", "likeness"];
        let one = |(name, marks): (&'static str, &Vec<f64>)| {
            let verdict = judge(marks, ours, rule, self.seed);
            Ok((name, verdict.map_err(|why| FitError::Diverged(format!("the evidence of the source, {why}")))?))
        };
        names.into_iter().zip(others).map(one).collect()
    }
}

impl Lesson {
    /// nDCG@10 of everybody asked: ours, then what sells, neighbourhoods and likeness.
    fn marks(&self, weights: &Weights) -> Result<Vec<(usize, [f64; 4])>, FitError> {
        let shop = &self.shop;
        let n = shop.counts.len();
        let neighbours = ItemKnnParams::default().fit(&interactions(n, &self.known), Seed(1))?;
        let candidates: Vec<ItemIdx> = (0..n as u32).map(ItemIdx).collect();
        let one = |(shopper, basket): &(usize, Basket)| {
            let (answer, history) = basket.split_last()?;
            let rows = (0..n as u32).map(|item| shop.features(history, item));
            let (ours, alike): (Vec<f64>, Vec<f64>) =
                rows.map(|row| (weighed(weights, &row), f64::from(row[STILL + 5]))).unzip();
            let items: Vec<ItemIdx> = history.iter().copied().map(ItemIdx).collect();
            let near = neighbours.score(History::of(&items), &candidates);
            let near: Vec<f64> = near.into_iter().map(|s| s.map_or(-1.0, f64::from)).collect();
            let sells: Vec<f64> = shop.counts.iter().copied().map(f64::from).collect();
            Some((*shopper, [ours, sells, near, alike].map(|scores| ndcg(&scores, history, *answer))))
        };
        Ok(self.asked.par_iter().filter_map(one).collect())
    }
}

/// nDCG@10 of one right answer among what the history has not; ties to the lower number.
fn ndcg(scores: &[f64], history: &[u32], answer: u32) -> f64 {
    let own = scores[answer as usize];
    let is_before = |(item, score): (u32, &f64)| {
        (*score > own || *score == own && item < answer) && item != answer && !history.contains(&item)
    };
    let rank = (0..).zip(scores).filter(|pair| is_before(*pair)).count();
    if rank < 10 { 1.0 / (rank as f64 + 2.0).log2() } else { 0.0 }
}

pub(super) fn weighed(weights: &Weights, row: &[f32; N_FEATURES]) -> f64 {
    weights.iter().zip(row).map(|(w, f)| w * f64::from(*f)).sum()
}

impl Shop {
    /// The last purchase of a basket among what could have been bought, some drawn where there are many: the features of each
    /// and the place of what was bought.
    fn question(&self, basket: &Basket, key: u64) -> (Vec<[f32; N_FEATURES]>, usize) {
        let (answer, history) = basket.split_last().map_or((0, &[][..]), |(answer, history)| (*answer, history));
        let open = (0..self.counts.len() as u32).filter(|item| *item != answer && !history.contains(item));
        let mut others: Vec<u32> = open.collect();
        if others.len() >= ALTERNATIVES {
            Seed(key).stream(0).shuffle(&mut others);
            others.truncate(ALTERNATIVES - 1);
        }
        let rows = std::iter::once(answer).chain(others).map(|item| self.features(history, item)).collect();
        (rows, 0)
    }

    /// The weights with as much of what the source teaches as makes the last purchases of the market's own known shoppers likeliest;
    /// all of it where too few of them came back. What is the market's own, its sales, counts whole.
    pub(super) fn tempered(&self, weights: &Weights, known: &[Basket]) -> Weights {
        let own = |at: usize| at < 4;
        let at = |share: f64| -> Weights {
            std::array::from_fn(|feature| if own(feature) { weights[feature] } else { share * weights[feature] })
        };
        let came_back: Vec<&Basket> = known.iter().filter(|basket| basket.len() > 1).take(QUESTIONS).collect();
        if came_back.len() < ENOUGH {
            return *weights;
        }
        let log_chance = |basket: &&&Basket| {
            let (answer, history) = basket.split_last().map_or((0, &[][..]), |(answer, history)| (*answer, history));
            let open = (0..self.counts.len() as u32).filter(|item| !history.contains(item));
            let rows: Vec<(bool, [f32; N_FEATURES])> = open
                .map(|item| {
                    (
                        item == answer,
                        if item == answer {
                            self.features_but_one(history, item)
                        } else {
                            self.features(history, item)
                        },
                    )
                })
                .collect();
            SHARES.map(|share| {
                let weights = at(share);
                let (mut own, mut sum) = (0.0, 0.0);
                for (is_it, row) in &rows {
                    let value = weighed(&weights, row);
                    sum += value.exp();
                    own = if *is_it { value } else { own };
                }
                own - sum.ln()
            })
        };
        let each: Vec<[f64; SHARES.len()]> = came_back.par_iter().map(|basket| log_chance(&basket)).collect();
        let total = |share: usize| each.iter().map(|chances| chances[share]).sum::<f64>();
        let best = (0..SHARES.len()).max_by(|a, b| total(*a).total_cmp(&total(*b)));
        best.map_or(*weights, |best| at(SHARES[best]))
    }
}

/// The weights of a history's features, as they are kept.
pub(super) fn moved(weights: &Weights) -> [f32; MOVED] {
    std::array::from_fn(|at| weights[STILL + at] as f32)
}
