//! Shopper-to-shopper nearest neighbours: what shoppers with a like history bought.
//!
//! For a history `q` the `k` most similar training shoppers `N` (see [`Similarity`]) vote:
//! `score(i) = Σ_{v ∈ N} sim(q, v) · w(v, i)`. With Pearson the values are ratings and the score is
//! the expected rating, `mean(q) + Σ sim · (r(v, i) − mean(v)) / Σ sim` over the neighbours who rated
//! `i`; with adjusted cosine the means are those of item `i`. Only neighbours with a positive similarity
//! vote.
//!
//! Any history can be scored, so a shopper who came after training is served too. What the
//! neighbours have and the shopper has not is recommended, never the other way round.
//! Source: Resnick et al., "GroupLens: an open architecture for collaborative filtering of netnews",
//! CSCW 1994; for top-N Sarwar et al., "Analysis of recommendation algorithms for e-commerce", EC 2000.
//! Cost: fitting a transpose; scoring the buyers of every item of the history, then `k` rows.

use crate::item_knn::check;
use crate::saved::Save;
use crate::signal::{distinct, matrix};
use crate::similarity::{Scratch, Similarity, Space};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed, ShopperIdx};
use learn::Csr;
use learn::container::{ContainerError, Reader, Writer};
use std::collections::BTreeMap;

/// How neighbours are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UserKnnParams {
    /// What makes two shoppers alike.
    pub similarity: Similarity,
    /// Neighbours that vote, at least 1.
    pub k: usize,
    /// Common items at which a similarity is halved, at least 0.
    pub shrinkage: f32,
}

impl Default for UserKnnParams {
    fn default() -> Self {
        Self { similarity: Similarity::Cosine, k: 100, shrinkage: 0.0 }
    }
}

/// Fitted model: the training rows, as they are and as they are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct UserKnn {
    params: UserKnnParams,
    rows: Csr,
    space: Space,
}

impl Fit for UserKnnParams {
    type Model = UserKnn;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range.
    fn fit(&self, train: &Interactions, _seed: Seed) -> Result<UserKnn, FitError> {
        check(self.k, self.shrinkage, self.similarity)?;
        let rows = matrix(train);
        Ok(UserKnn { params: *self, space: Space::new(&rows, self.similarity, self.shrinkage), rows })
    }
}

/// A history with its values, weighted as the training rows are, and its neighbours.
struct Asked {
    cells: Vec<(u32, f32)>,
    mean: f32,
    near: Vec<(u32, f32)>,
}

impl UserKnn {
    /// Similarity of two training shoppers, negative too; `None` where it is undefined.
    ///
    /// # Panics
    /// If there is no such shopper.
    pub fn similarity(&self, a: ShopperIdx, b: ShopperIdx) -> Option<f32> {
        self.space.between(a.at(), b.at())
    }

    /// Scores candidates for a training shopper by the stored values, without the shopper's own vote.
    ///
    /// # Panics
    /// If there is no such shopper.
    pub fn score_shopper(&self, shopper: ShopperIdx, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        self.vote(&self.ask(self.rows.cells(shopper.at()).collect(), Some(shopper.at())), candidates)
    }

    /// Scores candidates for somebody with these ratings (or weights), each item once.
    pub fn score_values(&self, values: &[(ItemIdx, f32)], candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let known: BTreeMap<u32, f32> = values.iter().map(|(item, value)| (item.0, *value)).collect();
        let cells = known.into_iter().filter(|cell| (cell.0 as usize) < self.rows.n_cols()).collect();
        self.vote(&self.ask(cells, None), candidates)
    }

    /// How many shoppers have each item.
    fn buyers(&self) -> Vec<u32> {
        let mut buyers = vec![0; self.rows.n_cols()];
        self.rows.parts().1.iter().for_each(|item| buyers[*item as usize] += 1);
        buyers
    }

    fn ask(&self, values: Vec<(u32, f32)>, except: Option<usize>) -> Asked {
        let mean = values.iter().map(|v| v.1).sum::<f32>() / values.len().max(1) as f32;
        let cells = self.space.weigh(values.iter().copied());
        let near = self.space.nearest(&cells, self.params.k, except, &mut Scratch::default());
        Asked { cells, mean, near }
    }

    fn ask_history(&self, history: History<'_>) -> Asked {
        let items = distinct(history, self.rows.n_cols());
        self.ask(items.into_iter().map(|(item, weight)| (item.0, weight)).collect(), None)
    }

    /// What a neighbour's row says about items: the weights, or for ratings the deviations.
    const fn opinions(&self) -> &Csr {
        if self.params.similarity.is_for_ratings() { self.space.rows() } else { &self.rows }
    }

    /// What the deviations are from, with its name; nothing where there are no ratings.
    fn average(&self, asked: &Asked, item: ItemIdx) -> Option<(&'static str, f32)> {
        match self.params.similarity {
            Similarity::Pearson => Some(("own average", asked.mean)),
            Similarity::AdjustedCosine => Some(("average of the item", self.space.column_mean(item.0))),
            Similarity::Cosine
            | Similarity::AsymmetricCosine { .. }
            | Similarity::DampedCosine
            | Similarity::Jaccard
            | Similarity::LogLikelihood
            | Similarity::Euclidean
            | Similarity::Bm25 { .. }
            | Similarity::TfIdf => None,
        }
    }

    fn vote(&self, asked: &Asked, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let n_items = self.rows.n_cols();
        let (mut votes, mut voters) = (vec![0.0_f32; n_items], vec![0.0_f32; n_items]);
        for &(neighbour, similarity) in &asked.near {
            for (item, value) in self.opinions().cells(neighbour as usize) {
                votes[item as usize] += similarity * value;
                voters[item as usize] += similarity;
            }
        }
        let score = |c: &ItemIdx| {
            let total = voters.get(c.at()).copied().filter(|total| *total > 0.0)?;
            let vote = votes[c.at()];
            Some(self.average(asked, *c).map_or(vote, |(_, average)| average + vote / total))
        };
        candidates.iter().map(score).collect()
    }
}

impl Score for UserKnn {
    /// The history counts with its weights; ratings go to [`UserKnn::score_values`].
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        self.vote(&self.ask_history(history), candidates)
    }
}

impl Save for UserKnn {
    /// What is compared follows from the rows and is made again while loading.
    fn save(&self, to: &mut Writer) {
        let (similarity, [a, b]) = self.params.similarity.code();
        to.u64s("params", &[similarity, self.params.k as u64]);
        to.f32s("weights", &[self.params.shrinkage, a, b]);
        to.u32s("buyers", &self.buyers());
        to.csr("rows", &self.rows);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let ([code, k], [shrinkage, a, b]) = (from.sizes("params", usize::MAX)?, from.floats("weights")?);
        let wrong = || ContainerError::content("params", "a similarity with parameters in their range");
        let similarity = Similarity::from_code(code as u64, [a, b]).ok_or_else(wrong)?;
        check(k, shrinkage, similarity).map_err(|e| ContainerError::content("params", e.to_string()))?;
        let rows = from.csr("rows")?;
        // Before anything is made for each item: a number of items alone is no reason to believe in them.
        if from.u32s("buyers")?.len() != rows.n_cols() || rows.parts().2.iter().any(|w| *w <= 0.0) {
            return Err(ContainerError::content("rows", "weights above 0, as many columns as `buyers` has numbers"));
        }
        let params = UserKnnParams { similarity, k, shrinkage };
        Ok(Self { params, space: Space::new(&rows, similarity, shrinkage), rows })
    }
}

impl Explain for UserKnn {
    /// Each item of the history with what it adds through the neighbours who share it.
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let asked = self.ask_history(history);
        let norm = self.space.norm(asked.cells.iter().copied());
        let mut parts: BTreeMap<u32, f32> = BTreeMap::new();
        let (mut total, mut any) = (0.0, false);
        for &(neighbour, similarity) in &asked.near {
            let at = neighbour as usize;
            let (columns, values) = self.opinions().row(at);
            let Ok(found) = columns.binary_search(&candidate.0) else { continue };
            (total, any) = (total + similarity, true);
            let common = self.space.common(&asked.cells, at);
            let shared: f32 = common.iter().map(|c| c.1).sum();
            let factor = self.space.factor(shared, common.len() as u32, norm, at).unwrap_or(0.0);
            for (item, share) in common {
                *parts.entry(item).or_default() += share * factor * values[found];
            }
        }
        if !any {
            return Vec::new();
        }
        let average = self.average(&asked, candidate);
        let scale = if average.is_some() { 1.0 / total } else { 1.0 };
        let term = "bought by shoppers who also bought";
        let of_item = |(item, part): (u32, f32)| Reason { term, item: Some(ItemIdx(item)), part: part * scale };
        let mut reasons: Vec<Reason> = parts.into_iter().map(of_item).collect();
        reasons.extend(average.map(|(term, part)| Reason { term, item: None, part }));
        reasons.sort_by(|a, b| b.part.total_cmp(&a.part).then(a.item.cmp(&b.item)));
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, Interaction, Kind, Market};

    fn items(ids: &[u32]) -> Vec<ItemIdx> {
        ids.iter().copied().map(ItemIdx).collect()
    }

    #[test] // Shopper 0 {0, 1} is 1/2 similar to 1 {1, 2} and 1/√2 to 2 {0}; 2 offers nothing new.
    fn neighbours_offer_what_the_shopper_has_not() {
        let train = Interactions::from_baskets(4, [&[0, 1][..], &[1, 2], &[0], &[3]]);
        let model = UserKnnParams { k: 2, ..UserKnnParams::default() }.fit(&train, Seed(0)).unwrap();
        let got = model.score_shopper(ShopperIdx(0), &items(&[2, 3]));
        assert!((got[0].unwrap() - 0.5).abs() < 1e-6);
        assert_eq!(got[1], None);
        // As a newcomer with the same history, shopper 0 is among the neighbours and has no say on item 2.
        let k3 = UserKnnParams { k: 3, ..UserKnnParams::default() }.fit(&train, Seed(0)).unwrap();
        assert_eq!(k3.score(History::of(&items(&[1, 0, 1])), &items(&[2]))[0], got[0]);
        assert_eq!(model.score(History::EMPTY, &items(&[2])), [None]);
    }

    #[test]
    fn reasons_add_up_to_the_score_for_every_similarity() {
        let train = Interactions::from_baskets(5, [&[0, 1, 2][..], &[1, 2, 3], &[0, 3, 4], &[2, 4]]);
        let plain = [
            Similarity::Cosine,
            Similarity::AsymmetricCosine { alpha: 0.3 },
            Similarity::DampedCosine,
            Similarity::Jaccard,
            Similarity::LogLikelihood,
            Similarity::Euclidean,
            Similarity::TfIdf,
            Similarity::Bm25 { k1: 1.2, b: 0.7 },
        ];
        for similarity in plain {
            let model = UserKnnParams { similarity, k: 3, shrinkage: 1.0 }.fit(&train, Seed(0)).unwrap();
            for candidate in items(&[0, 3, 4]) {
                let history = items(&[1, 2]);
                let score = model.score(History::of(&history), &[candidate])[0].unwrap();
                let sum: f32 = model.explain(History::of(&history), candidate).iter().map(|r| r.part).sum();
                assert!((score - sum).abs() < 1e-5, "{similarity:?}: {score} is not {sum}");
            }
        }
    }

    /// The four shoppers of the textbook (see `similarity.rs`), items 0 to 2, and item 3.
    fn four(extra: &[(u32, f32)]) -> UserKnn {
        let stars = [[5.0, 3.0, 4.0], [3.0, 1.0, 4.0], [4.0, 3.0, 2.0], [3.0, 5.0, 2.0]];
        let all = (0..4_u32).flat_map(|s| (0..3_u32).map(move |i| (s, i, stars[s as usize][i as usize])));
        let cell = |(s, i, weight): (u32, u32, f32)| Interaction {
            shopper: ShopperIdx(s),
            item: ItemIdx(i),
            kind: Kind::Purchase,
            day: Day(0),
            weight,
        };
        let cells = all.chain(extra.iter().map(|(s, r)| (*s, 3, *r))).map(cell).collect();
        let train = Interactions::new(4, vec![Market::UNKNOWN; 4], cells).unwrap();
        let params = UserKnnParams { similarity: Similarity::Pearson, k: 3, shrinkage: 0.0 };
        params.fit(&train, Seed(0)).unwrap()
    }

    #[test]
    fn whoever_has_rated_everything_has_nothing_left_to_be_recommended() {
        let model = four(&[]);
        assert!((model.similarity(ShopperIdx(0), ShopperIdx(1)).unwrap() - 0.6547).abs() < 1e-4);
        assert_eq!(model.score_shopper(ShopperIdx(0), &items(&[3])), [None]);
        // Of the rated items there is an opinion, but all of them are in the history.
        assert!(model.score_shopper(ShopperIdx(0), &items(&[0]))[0].is_some());
    }

    #[test] // Bob rates item 3 with 4: his mean is 3, his deviations (0, −2, 1, 1). Alice's neighbours are Bob,
    // who rated it, and Charlie, who did not: 4 + (4 − 3) = 5 stars.
    fn a_missing_rating_is_expected_from_the_neighbours_deviation() {
        let model = four(&[(1, 4.0)]);
        let got = model.score_shopper(ShopperIdx(0), &items(&[3]))[0].unwrap();
        assert!((got - 5.0).abs() < 1e-5, "{got}");
        let alice = [(ItemIdx(0), 5.0), (ItemIdx(1), 3.0), (ItemIdx(2), 4.0)];
        // As a newcomer she meets her own twin, who did not rate it either.
        assert!((model.score_values(&alice, &items(&[3]))[0].unwrap() - 5.0).abs() < 1e-5);
        assert_eq!(
            model.score(History::of(&items(&[0, 1, 2])), &items(&[3])),
            [None],
            "without ratings nothing deviates"
        );
    }
}
