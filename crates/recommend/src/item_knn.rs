//! Item-to-item nearest neighbours: shoppers who bought this also bought that.
//!
//! Each item keeps its `k` most similar items (see [`Similarity`]); the score of a candidate `j` is
//! `Σ w(i) · sim(i, j)` over the distinct items `i` of the history that have `j` among their neighbours.
//! Source: Deshpande and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004.
//! Cost: fitting `O(Σ_s |history(s)|²)`, spread over threads by item; the model keeps at most
//! `n_items × k` pairs; scoring `O(|history| · k + n_items)`.

use crate::signal::{distinct, matrix};
use crate::similarity::{Scratch, Similarity, Space};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use rayon::prelude::*;

/// How neighbours are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ItemKnnParams {
    /// What makes two items alike.
    pub similarity: Similarity,
    /// Neighbours kept per item, at least 1.
    pub k: usize,
    /// Common shoppers at which a similarity is halved, at least 0.
    pub shrinkage: f32,
}

impl Default for ItemKnnParams {
    fn default() -> Self {
        Self { similarity: Similarity::Jaccard, k: 50, shrinkage: 0.0 }
    }
}

/// Fitted model: the neighbours of item `i` and their similarities, in (0, 1], best first, lie at
/// `offsets[i]..offsets[i + 1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemKnn {
    offsets: Vec<usize>,
    items: Vec<ItemIdx>,
    similarities: Vec<f32>,
}

pub(crate) fn check(k: usize, shrinkage: f32, similarity: Similarity) -> Result<(), FitError> {
    if k == 0 {
        return Err(FitError::Param { name: "k", rule: "at least 1", got: 0.0 });
    }
    let at_least_0 = |name, value: f32| {
        let fine = value >= 0.0 && value.is_finite();
        if fine { Ok(()) } else { Err(FitError::Param { name, rule: "at least 0", got: f64::from(value) }) }
    };
    at_least_0("shrinkage", shrinkage)?;
    if let Similarity::Bm25 { k1, b } = similarity {
        at_least_0("k1", k1)?;
        if !(0.0..=1.0).contains(&b) {
            return Err(FitError::Param { name: "b", rule: "from 0 to 1", got: f64::from(b) });
        }
    }
    Ok(())
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
        let mut offsets = vec![0];
        for list in &lists {
            offsets.push(offsets[offsets.len() - 1] + list.len());
        }
        let pairs = || lists.iter().flatten();
        Ok(ItemKnn {
            offsets,
            items: pairs().map(|p| ItemIdx(p.0)).collect(),
            similarities: pairs().map(|p| p.1).collect(),
        })
    }
}

impl ItemKnn {
    /// The neighbours of an item with their similarities, best first; empty for an unknown item.
    pub fn neighbours(&self, item: ItemIdx) -> impl Iterator<Item = (ItemIdx, f32)> + '_ {
        let known = item.at() + 1 < self.offsets.len();
        let range = if known { self.offsets[item.at()]..self.offsets[item.at() + 1] } else { 0..0 };
        self.items[range.clone()].iter().copied().zip(self.similarities[range].iter().copied())
    }

    fn n_items(&self) -> usize {
        self.offsets.len() - 1
    }
}

impl Score for ItemKnn {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let mut sums = vec![0.0_f32; self.n_items()];
        for (item, weight) in distinct(history, self.n_items()) {
            for (near, similarity) in self.neighbours(item) {
                sums[near.at()] += weight * similarity;
            }
        }
        // Similarities are positive, so a sum of 0 means that no neighbour was met.
        candidates.iter().map(|c| sums.get(c.at()).copied().filter(|sum| *sum > 0.0)).collect()
    }
}

impl Explain for ItemKnn {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let part = |(item, weight): (ItemIdx, f32)| {
            let similarity = self.neighbours(item).find(|(near, _)| *near == candidate)?.1;
            Some(Reason { term: "bought together with", item: Some(item), part: weight * similarity })
        };
        let mut reasons: Vec<Reason> = distinct(history, self.n_items()).into_iter().filter_map(part).collect();
        reasons.sort_by(|a, b| b.part.total_cmp(&a.part).then(a.item.cmp(&b.item)));
        reasons
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
    }
}
