//! Item-to-item nearest neighbours: shoppers who bought this also bought that.
//!
//! Each item keeps its `k` most similar items (see [`Similarity`]); the score of a candidate `j` is
//! `Σ w(i) · sim(i, j)` over the distinct items `i` of the history that have `j` among their neighbours.
//! For ratings [`ItemKnn::expected_values`] gives their weighted mean instead.
//! Source: Deshpande and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004; for
//! ratings Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001.
//! Cost: fitting `O(Σ_s |history(s)|²)`, spread over threads by item; the model keeps at most
//! `n_items × k` pairs; scoring `O(|history| · k + n_items)`.

use crate::links;
use crate::saved::Save;
use crate::signal::{distinct, matrix};
use crate::similarity::{Scratch, Similarity, Space};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::Csr;
use learn::container::{ContainerError, Reader, Writer};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// How neighbours are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ItemKnnParams {
    /// What makes two items alike.
    pub similarity: Similarity,
    /// Neighbours kept per item, at least 1; [`ItemKnnParams::ALL`] keeps every item that shares a shopper.
    pub k: usize,
    /// Common shoppers at which a similarity is halved, at least 0.
    pub shrinkage: f32,
}

impl Default for ItemKnnParams {
    fn default() -> Self {
        Self { similarity: Similarity::Jaccard, k: 50, shrinkage: 0.0 }
    }
}

impl ItemKnnParams {
    /// As many neighbours as there are.
    pub const ALL: usize = usize::MAX;
}

/// Fitted model: row `i` of `links` holds the neighbours of item `i` with their similarities, above 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemKnn {
    links: Csr,
}

pub(crate) fn check(k: usize, shrinkage: f32, similarity: Similarity) -> Result<(), FitError> {
    links::at_least_1("k", k)?;
    links::at_least_0("shrinkage", shrinkage)?;
    let share = |name, value: f32| {
        let fine = (0.0..=1.0).contains(&value);
        if fine { Ok(()) } else { Err(FitError::Param { name, rule: "from 0 to 1", got: f64::from(value) }) }
    };
    match similarity {
        Similarity::Bm25 { k1, b } => links::at_least_0("k1", k1).and_then(|()| share("b", b)),
        Similarity::AsymmetricCosine { alpha } => share("alpha", alpha),
        Similarity::Cosine
        | Similarity::DampedCosine
        | Similarity::AdjustedCosine
        | Similarity::Pearson
        | Similarity::Jaccard
        | Similarity::LogLikelihood
        | Similarity::Euclidean
        | Similarity::TfIdf => Ok(()),
    }
}

impl Fit for ItemKnnParams {
    type Model = ItemKnn;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range.
    fn fit(&self, train: &Interactions, _seed: Seed) -> Result<ItemKnn, FitError> {
        check(self.k, self.shrinkage, self.similarity)?;
        let space = Space::new(&matrix(train).transpose(), self.similarity, self.shrinkage);
        let near = |scratch: &mut Scratch, i: usize| {
            let query: Vec<(u32, f32)> = space.rows().cells(i).collect();
            space.nearest(&query, self.k, Some(i), scratch)
        };
        let lists: Vec<Vec<(u32, f32)>> =
            (0..train.n_items()).into_par_iter().map_init(Scratch::default, near).collect();
        Ok(ItemKnn { links: Csr::from_rows(train.n_items(), lists) })
    }
}

impl ItemKnn {
    /// From links that are known already.
    pub(crate) const fn of(links: Csr) -> Self {
        Self { links }
    }

    /// The neighbours of an item with their similarities, best first; empty for an unknown item.
    pub fn neighbours(&self, item: ItemIdx) -> Vec<(ItemIdx, f32)> {
        if item.at() >= self.links.n_rows() {
            return Vec::new();
        }
        let mut near: Vec<(ItemIdx, f32)> = self.links.cells(item.at()).map(|(i, sim)| (ItemIdx(i), sim)).collect();
        near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        near
    }

    /// For each candidate the value (a rating) to be expected from somebody with these values, each item
    /// once: their mean, weighted by similarity, `Σ sim · value / Σ sim` over the rated items that have the
    /// candidate among their neighbours.
    pub fn expected_values(&self, values: &[(ItemIdx, f32)], candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let known: BTreeMap<ItemIdx, f32> =
            values.iter().copied().filter(|(item, _)| item.at() < self.links.n_rows()).collect();
        let (sums, ones): (Vec<_>, Vec<_>) =
            known.into_iter().map(|(item, value)| ((item, value), (item, 1.0))).unzip();
        let (sums, totals) =
            (links::score(&self.links, &sums, candidates), links::score(&self.links, &ones, candidates));
        sums.into_iter().zip(totals).map(|(sum, total)| Some(sum? / total?)).collect()
    }
}

impl Score for ItemKnn {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        links::score(&self.links, &distinct(history, self.links.n_rows()), candidates)
    }
}

impl Save for ItemKnn {
    fn save(&self, to: &mut Writer) {
        to.csr("links", &self.links);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        Ok(Self { links: links::load(from)? })
    }
}

impl Explain for ItemKnn {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        links::explain(&self.links, &distinct(history, self.links.n_rows()), candidate, "bought together with")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: ItemKnnParams = ItemKnnParams { similarity: Similarity::Cosine, k: 2, shrinkage: 0.0 };

    #[test] // Items 0 and 1 have 3 buyers each and share 2, so 2 / √(3 · 3); items 0 and 2 share none.
    fn two_items_sharing_two_of_three_buyers_are_two_thirds_similar() {
        let train = Interactions::from_baskets(3, [&[0][..], &[0, 1], &[0, 1], &[1, 2]]);
        let model = PLAIN.fit(&train, Seed(0)).unwrap();
        let got = model.score(History::of(&[ItemIdx(0)]), &[ItemIdx(1), ItemIdx(2), ItemIdx(7)]);
        assert!((got[0].unwrap() - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(&got[1..], [None, None]);
    }

    #[test] // Item 1 is 1/√2 from item 0 (one buyer of two shared with one of one) and from item 2.
    fn reasons_add_up_to_the_score() {
        let train = Interactions::from_baskets(3, [&[0, 1][..], &[1, 2]]);
        let model = PLAIN.fit(&train, Seed(0)).unwrap();
        let history = [ItemIdx(0), ItemIdx(2), ItemIdx(0)];
        let reasons = model.explain(History::of(&history), ItemIdx(1));
        let sum: f32 = reasons.iter().map(|r| r.part).sum();
        assert_eq!(Some(sum), model.score(History::of(&history), &[ItemIdx(1)])[0]);
        assert_eq!(reasons.len(), 2);
        assert!((sum - 2_f32.sqrt()).abs() < 1e-6);
    }

    /// Stars of three shoppers for items 0, 1, 2: (5, 4, 1), (3, 2, 5), (1, 3, 3). Means of the items are 3;
    /// deviations (2, 0, −2), (1, −1, 0), (−2, 2, 0). Items 0 and 1: 2 / (√8 · √2) = 1/2, and only they are
    /// alike: −4 / 8 for 0 and 2, −4 / 4 for 1 and 2.
    #[test]
    fn a_rating_is_expected_from_the_items_that_are_rated_alike() {
        let stars = [[5.0, 4.0, 1.0], [3.0, 2.0, 5.0], [1.0, 3.0, 3.0]];
        let cell = |(s, i): (u32, u32)| domain::Interaction {
            shopper: domain::ShopperIdx(s),
            item: ItemIdx(i),
            kind: domain::Kind::Purchase,
            day: domain::Day(0),
            weight: stars[s as usize][i as usize],
        };
        let cells = (0..3).flat_map(|s| (0..3).map(move |i| (s, i))).map(cell).collect();
        let train = Interactions::new(3, vec![domain::Market::UNKNOWN; 3], cells).unwrap();
        let fit = |similarity| ItemKnnParams { similarity, k: 2, shrinkage: 0.0 }.fit(&train, Seed(0)).unwrap();
        let pearson = fit(Similarity::Pearson);
        let near = pearson.neighbours(ItemIdx(0));
        assert!(near.len() == 1 && near[0].0 == ItemIdx(1) && (near[0].1 - 0.5).abs() < 1e-6, "{near:?}");
        let asked = [(ItemIdx(0), 4.0), (ItemIdx(2), 1.0)];
        assert_eq!(pearson.expected_values(&asked, &[ItemIdx(1), ItemIdx(2)]), [Some(4.0), None]);
        // Shoppers' means are 10/3, 10/3, 7/3; deviations of item 0 (5, −1, −4)/3 and of item 1 (2, −4, 2)/3:
        // (10 + 4 − 8) / (√42 · √24) = 0.18898.
        let near = fit(Similarity::AdjustedCosine).neighbours(ItemIdx(0));
        assert!(near.len() == 1 && (near[0].1 - 0.188_98).abs() < 1e-4, "{near:?}");
        // Two similar items: (1/2 · 4 + sim · 2) / (1/2 + sim), here with cosine, all of them alike.
        let cosine = fit(Similarity::Cosine);
        let (s0, s2) = (cosine.neighbours(ItemIdx(1))[0].1, cosine.neighbours(ItemIdx(1))[1].1);
        let got = cosine.expected_values(&asked, &[ItemIdx(1)])[0].unwrap();
        let first_is_0 = cosine.neighbours(ItemIdx(1))[0].0 == ItemIdx(0);
        let (s0, s2) = if first_is_0 { (s0, s2) } else { (s2, s0) };
        assert!((got - (s0 * 4.0 + s2) / (s0 + s2)).abs() < 1e-5, "{got}");
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let train = Interactions::from_baskets(1, [&[0][..]]);
        let name = |params: ItemKnnParams| match params.fit(&train, Seed(0)) {
            Err(FitError::Param { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(ItemKnnParams { k: 0, ..PLAIN }), "k");
        assert_eq!(name(ItemKnnParams { shrinkage: f32::NAN, ..PLAIN }), "shrinkage");
        assert_eq!(name(ItemKnnParams { similarity: Similarity::Bm25 { k1: 1.0, b: 2.0 }, ..PLAIN }), "b");
        let similarity = Similarity::AsymmetricCosine { alpha: -0.1 };
        assert_eq!(name(ItemKnnParams { similarity, ..PLAIN }), "alpha");
    }
}
