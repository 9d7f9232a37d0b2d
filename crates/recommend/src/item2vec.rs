//! Item vectors from histories read like sentences: items are alike that stand near the same others.
//!
//! Skip-gram with negative sampling over items within `window` places of each other in a shopper's history:
//! maximises `Σ #(i, c) ln σ(x_i · y_c) + k Σ_i #(i) Σ_c P(c) ln σ(−x_i · y_c)`, `P` the frequency of `c` to the
//! power of 0.75. `score(j) = Σ_i w_i cos(x_i, x_j) / Σ_i w_i` over the history: no shopper has a vector, so
//! everybody with a history is served alike, and each item of it says its share.
//!
//! The paper takes single steps in the order of the text; here all items take one step together from the
//! counts (see [`learn::LogisticPairs`]), which has the same optimum and the same bits at any number of
//! threads. Frequent items are not subsampled.
//! Source: Barkan and Koenigstein, "Item2vec: neural item embedding for collaborative filtering", MLSP
//! 2016; Mikolov et al., NIPS 2013. Cost: `4 f (1 + n_negatives)` multiply-adds a pair of items and sweep;
//! memory for the pairs and `n_items × f` numbers.

use crate::saved::{MAX_FACTORS, Save, vectors};
use crate::signal::distinct;
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed, ShopperIdx};
use learn::container::{ContainerError, Reader, Writer};
use learn::lanes::dot;
use learn::{Csr, LogisticPairs};

/// How the vectors are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Item2VecParams {
    /// Length of a vector, at least 1.
    pub n_factors: usize,
    /// Steps, at least 1.
    pub n_sweeps: usize,
    /// Places before and after an item that count as near, at least 1.
    pub window: usize,
    /// Negatives `k` for each pair, at least 1.
    pub n_negatives: usize,
    /// Step length, above 0.
    pub learning_rate: f32,
    /// Weight of the squared lengths, at least 0.
    pub reg: f32,
}

impl Default for Item2VecParams {
    fn default() -> Self {
        Self { n_factors: 64, n_sweeps: 40, window: 10, n_negatives: 5, learning_rate: 0.3, reg: 0.1 }
    }
}

/// Fitted model: `items` is `n_items × n_factors`, each of length 1, or 0 for an item that never stood
/// beside another, which has no score.
#[derive(Clone, Debug, PartialEq)]
pub struct Item2Vec {
    n_factors: usize,
    items: Vec<f32>,
}

/// How often two items stand near each other.
fn pairs(train: &Interactions, window: usize) -> Csr {
    let mut near: Vec<Vec<(u32, f32)>> = vec![Vec::new(); train.n_items()];
    for s in 0..train.n_shoppers() {
        let row = train.row(ShopperIdx(s as u32));
        for (at, a) in row.iter().enumerate() {
            for b in row[at + 1..].iter().take(window).filter(|b| *b != a) {
                near[a.at()].push((b.0, 1.0));
                near[b.at()].push((a.0, 1.0));
            }
        }
    }
    Csr::from_rows(train.n_items(), near)
}

impl Fit for Item2VecParams {
    type Model = Item2Vec;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range, [`FitError::Diverged`] when the steps ran
    /// away.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<Item2Vec, FitError> {
        let counts = [
            ("n_factors", self.n_factors),
            ("n_sweeps", self.n_sweeps),
            ("window", self.window),
            ("n_negatives", self.n_negatives),
        ];
        if let Some((name, _)) = counts.into_iter().find(|(_, value)| *value == 0) {
            return Err(FitError::Param { name, rule: "at least 1", got: 0.0 });
        }
        for (name, value, rule, holds) in [
            ("learning_rate", self.learning_rate, "above 0", self.learning_rate > 0.0),
            ("reg", self.reg, "at least 0", self.reg >= 0.0),
        ] {
            if !(holds && value.is_finite()) {
                return Err(FitError::Param { name, rule, got: f64::from(value) });
            }
        }
        let cells = pairs(train, self.window);
        let counts: Vec<f32> = (0..cells.n_rows()).map(|i| cells.row(i).1.iter().sum()).collect();
        let powers: Vec<f32> = counts.iter().map(|n| n.powf(0.75)).collect();
        let total: f32 = powers.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        let often: Vec<f32> = powers.iter().map(|p| p / total).collect();
        let draws: Vec<f32> = counts.iter().map(|n| n * self.n_negatives as f32).collect();
        let learner = LogisticPairs {
            n_factors: self.n_factors,
            n_sweeps: self.n_sweeps,
            n_negatives: self.n_negatives,
            learning_rate: self.learning_rate,
            reg: self.reg,
        };
        let (mut items, _) = learner.fit(&cells, &draws, &often, seed);
        if items.iter().any(|v| !v.is_finite()) {
            return Err(FitError::Diverged("item vectors, lower `learning_rate`".into()));
        }
        for vector in items.chunks_exact_mut(self.n_factors) {
            let length = dot(vector, vector).sqrt();
            if length > 0.0 {
                vector.iter_mut().for_each(|v| *v /= length);
            }
        }
        Ok(Item2Vec { n_factors: self.n_factors, items })
    }
}

impl Item2Vec {
    /// The vector of an item, of length 1; `None` for one that never stood beside another.
    pub fn vector(&self, item: ItemIdx) -> Option<&[f32]> {
        let vector = self.items.get(item.at() * self.n_factors..(item.at() + 1) * self.n_factors)?;
        vector.iter().any(|v| *v != 0.0).then_some(vector)
    }

    /// The known items of a history, each with its share of the score's weight.
    fn shares(&self, history: History<'_>) -> Vec<(ItemIdx, f32)> {
        let known: Vec<(ItemIdx, f32)> = distinct(history, self.items.len() / self.n_factors)
            .into_iter()
            .filter(|(item, _)| self.vector(*item).is_some())
            .collect();
        let total: f32 = known.iter().map(|(_, w)| w).sum();
        known.into_iter().map(|(item, w)| (item, w / total)).collect()
    }
}

impl Score for Item2Vec {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let shares = self.shares(history);
        if shares.is_empty() {
            return vec![None; candidates.len()];
        }
        let mut mean = vec![0.0; self.n_factors];
        for (item, share) in &shares {
            if let Some(vector) = self.vector(*item) {
                mean.iter_mut().zip(vector).for_each(|(m, v)| *m += share * v);
            }
        }
        candidates.iter().map(|c| self.vector(*c).map(|y| dot(&mean, y))).collect()
    }
}

impl Save for Item2Vec {
    fn save(&self, to: &mut Writer) {
        to.u64s("n_factors", &[self.n_factors as u64]);
        to.f32s("items", &self.items);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [n_factors] = from.sizes("n_factors", MAX_FACTORS)?;
        Ok(Self { n_factors, items: vectors(from, "items", n_factors)? })
    }
}

impl Explain for Item2Vec {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let Some(target) = self.vector(candidate) else { return Vec::new() };
        let part = |(item, share): (ItemIdx, f32)| {
            let part = share * dot(self.vector(item)?, target);
            Some(Reason { term: "bought in the same company as", item: Some(item), part })
        };
        let mut reasons: Vec<Reason> = self.shares(history).into_iter().filter_map(part).collect();
        reasons.sort_by(|a, b| b.part.total_cmp(&a.part).then(a.item.cmp(&b.item)));
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Window 1 over 0 1 2 and 1 0: (0, 1) twice, (1, 2) once, (0, 2) never.
    fn neighbours_are_counted_by_hand() {
        let train = Interactions::from_baskets(3, [&[0, 1, 2][..], &[1, 0]]);
        let near = pairs(&train, 1);
        assert_eq!(near.row(0), (&[1][..], &[2.0][..]));
        assert_eq!(near.row(1), (&[0, 2][..], &[2.0, 1.0][..]));
        assert_eq!(pairs(&train, 2).row(2), (&[0, 1][..], &[1.0, 1.0][..]));
    }

    /// 0 and 1 never stand together but in the same company (2, 3); 4, 5 and 6 are another.
    #[test]
    fn items_of_the_same_company_are_alike() {
        let baskets = [&[0, 2, 3][..], &[1, 2, 3], &[0, 3, 2], &[1, 3, 2], &[4, 5, 6], &[5, 6, 4], &[6, 4, 5]];
        let train = Interactions::from_baskets(8, baskets);
        let params = Item2VecParams { n_factors: 4, ..Item2VecParams::default() };
        let model = params.fit(&train, Seed(2)).unwrap();
        let scores = model.score(History::of(&[ItemIdx(0)]), &[1, 4, 5, 6, 7].map(ItemIdx));
        let [Some(same), Some(a), Some(b), Some(c), None] = scores[..] else { panic!("{scores:?}") };
        assert!(same > a.max(b).max(c), "{scores:?}");
        let none = Item2VecParams { window: 0, ..params };
        assert!(matches!(none.fit(&train, Seed(0)), Err(FitError::Param { name: "window", .. })));
    }
}
