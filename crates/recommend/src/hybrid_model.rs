//! Item neighbours, user neighbours and implicit ALS as one model that is fitted, kept and served like any other.
//!
//! Neighbours know what goes together, factors know broad taste. How the three become one score is [`Join`]; the
//! learnt weights come from shoppers of the training data: the latest item of every fifth shopper with at
//! least three is hidden, the parts are fitted without these items and [`Stacking`] learns on them; then the parts
//! are fitted on everything. Where nobody has three items the weights are equal. Sources: see [`Hybrid`]. Cost: the
//! fits of the parts, twice for learnt weights; a history costs the parts' scores of the whole catalogue.

use crate::hybrid::{Blend, Hybrid, Outcome, Part, Stacking};
use crate::saved::Save;
use crate::{Factors, Fitted, Ials, IalsParams, ItemKnn, ItemKnnParams, Similarity, UserKnn, UserKnnParams};
use domain::{Explain, Fit, FitError, History, Interaction, Interactions, ItemIdx, Reason, Score, Seed, ShopperIdx};
use learn::container::{ContainerError, Reader, Writer};
use std::sync::Arc;

/// How the parts become one score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Join {
    /// Scores between 0 and 1, with the weights of the parameters.
    Weighted,
    /// Reciprocal ranks ([`Blend::RANKS`]), with the weights of the parameters.
    Ranks,
    /// Scores between 0 and 1, with weights learnt from items that were kept aside.
    Stacked,
}

/// How it learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HybridParams {
    /// How the parts become one score.
    pub join: Join,
    /// Weights of item neighbours, user neighbours and factors, each at least 0; not read by [`Join::Stacked`].
    pub weights: [f32; 3],
    /// Item neighbours.
    pub item_knn: ItemKnnParams,
    /// User neighbours.
    pub user_knn: UserKnnParams,
    /// Factors.
    pub ials: IalsParams,
}

impl HybridParams {
    /// With equal weights and the parts' defaults, but Jaccard on both sides: purchases are not rated.
    pub fn joined(join: Join) -> Self {
        let similarity = Similarity::Jaccard;
        Self {
            join,
            weights: [1.0; 3],
            item_knn: ItemKnnParams { similarity, ..ItemKnnParams::default() },
            user_knn: UserKnnParams { similarity, ..UserKnnParams::default() },
            ials: IalsParams::default(),
        }
    }
}

/// Every how many shoppers one has the latest item hidden.
const ASIDE: usize = 5;
/// Pairs of shopper and item that weights are learnt from at most, about.
const MAX_PAIRS: usize = 4_000_000;
/// What the parts are called where they give no reasons of their own.
const TERMS: [&str; 3] = ["bought together with", "bought by shoppers who also bought", "close in taste to"];
/// Sections of the parts.
const SECTIONS: [&str; 3] = ["item neighbours", "user neighbours", "factors"];

/// Fitted model.
pub struct HybridModel {
    parts: [Arc<dyn Fitted>; 3],
    join: Join,
    hybrid: Hybrid,
}

impl HybridModel {
    fn new(parts: [Arc<dyn Fitted>; 3], weights: [f32; 3], join: Join, n_items: usize) -> Result<Self, FitError> {
        let blend = if join == Join::Ranks { Blend::RANKS } else { Blend::Weighted };
        let hybrid = Hybrid::new(joined(&parts, weights), blend, n_items)?;
        Ok(Self { parts, join, hybrid })
    }

    /// The weights of item neighbours, user neighbours and factors.
    pub fn weights(&self) -> Vec<f32> {
        self.hybrid.weights()
    }
}

fn joined(parts: &[Arc<dyn Fitted>; 3], weights: [f32; 3]) -> Vec<Part> {
    let part = |((model, weight), term): ((&Arc<dyn Fitted>, f32), &'static str)| {
        let model: Arc<dyn Fitted> = model.clone();
        Part { model, weight, term }
    };
    parts.iter().zip(weights).zip(TERMS).map(part).collect()
}

impl HybridParams {
    fn parts(&self, train: &Interactions, seed: Seed) -> Result<[Arc<dyn Fitted>; 3], FitError> {
        Ok([
            Arc::new(self.item_knn.fit(train, seed)?),
            Arc::new(self.user_knn.fit(train, seed)?),
            Arc::new(self.ials.fit(train, seed)?),
        ])
    }

    /// Weights learnt from hidden items; `None` where nobody has items to hide.
    fn learnt(&self, train: &Interactions, seed: Seed) -> Result<Option<[f32; 3]>, FitError> {
        let n_items = train.n_items();
        let most = (MAX_PAIRS / n_items.max(1)).max(20);
        let enough = |s: &ShopperIdx| train.row(*s).len() >= 3;
        let asked: Vec<ShopperIdx> = (0..train.n_shoppers() as u32).map(ShopperIdx).filter(enough).collect();
        let asked: Vec<ShopperIdx> = asked.into_iter().skip(ASIDE - 1).step_by(ASIDE).take(most).collect();
        // The latest item, wherever else it stands in the row.
        let hidden = |s: &ShopperIdx| train.row(*s)[train.row(*s).len() - 1];
        let answers: Vec<[ItemIdx; 1]> = asked.iter().map(|s| [hidden(s)]).collect();
        let is_hidden =
            |row: &Interaction| asked.binary_search(&row.shopper).is_ok_and(|at| answers[at][0] == row.item);
        let rest: Vec<Interaction> = train.iter().filter(|row| !is_hidden(row)).collect();
        let Ok(rest) = Interactions::new(n_items, train.markets().to_vec(), rest) else { return Ok(None) };
        let parts = joined(&self.parts(&rest, seed)?, [1.0; 3]);
        let outcome = |(s, bought): (&ShopperIdx, _)| Outcome { history: History::of(rest.row(*s)), bought };
        let outcomes: Vec<Outcome<'_>> = asked.iter().zip(answers.iter().map(|a| &a[..])).map(outcome).collect();
        match Stacking::default().fit(&parts, &outcomes, n_items) {
            Ok(found) => Ok(found.weights().try_into().ok().filter(|w: &[f32; 3]| w.iter().any(|w| *w > 0.0))),
            Err(FitError::TooLittleData { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Fit for HybridParams {
    type Model = HybridModel;

    /// # Errors
    /// [`FitError::Param`] for a weight below 0, and the errors of the parts.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<HybridModel, FitError> {
        let weights = match self.join {
            Join::Weighted | Join::Ranks => self.weights,
            Join::Stacked => self.learnt(train, seed)?.unwrap_or([1.0; 3]),
        };
        HybridModel::new(self.parts(train, seed)?, weights, self.join, train.n_items())
    }
}

impl Score for HybridModel {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        self.hybrid.score(history, candidates)
    }
}

impl Explain for HybridModel {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        self.hybrid.explain(history, candidate)
    }
}

/// Joins in the order of their numbers in a file.
const JOINS: [Join; 3] = [Join::Weighted, Join::Ranks, Join::Stacked];

impl Save for HybridModel {
    fn save(&self, to: &mut Writer) {
        let join = JOINS.iter().position(|j| *j == self.join).unwrap_or(0);
        to.u64s("join", &[join as u64]);
        to.f32s("weights", &self.hybrid.weights());
        for (name, part) in SECTIONS.iter().zip(&self.parts) {
            let mut own = Writer::default();
            part.save(&mut own);
            to.bytes(name, &own.finish("part", 0));
        }
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [join] = from.sizes("join", JOINS.len() - 1)?;
        let weights = from.floats("weights")?;
        let [item_knn, user_knn, ials] = SECTIONS.map(|name| from.bytes(name).and_then(Reader::open));
        let factors = Ials::load(&ials?)?;
        let n_items = factors.n_items();
        let parts: [Arc<dyn Fitted>; 3] =
            [Arc::new(ItemKnn::load(&item_knn?)?), Arc::new(UserKnn::load(&user_knn?)?), Arc::new(factors)];
        Self::new(parts, weights, JOINS[join], n_items).map_err(|e| ContainerError::content("weights", e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everybody buys one item of each of three pairs, and the last one is the partner of the first: neighbours see it.
    fn pairs() -> Interactions {
        let mut rng = Seed(2).stream(0);
        let baskets: Vec<Vec<u32>> = (0..120)
            .map(|_| {
                let (a, b) = (2 * rng.below(10) as u32, 20 + rng.below(10) as u32);
                vec![a, b, a + 1]
            })
            .collect();
        Interactions::from_baskets(30, baskets.iter().map(Vec::as_slice))
    }

    fn scores(model: &HybridModel, history: &[u32]) -> Vec<Option<f32>> {
        let items: Vec<ItemIdx> = history.iter().copied().map(ItemIdx).collect();
        model.score(History::of(&items), &(0..30).map(ItemIdx).collect::<Vec<_>>())
    }

    #[test]
    fn joins_are_those_of_the_parts_with_the_weights_given() {
        let (train, params) = (pairs(), HybridParams::joined(Join::Weighted));
        let alone = HybridParams { weights: [1.0, 0.0, 0.0], ..params }.fit(&train, Seed(1)).unwrap();
        let knn = params.item_knn.fit(&train, Seed(1)).unwrap();
        let (own, of) = (scores(&alone, &[4]), knn.score(History::of(&[ItemIdx(4)]), &[ItemIdx(5), ItemIdx(6)]));
        assert_eq!((own[5], of[0].is_some()), (Some(1.0), true), "the nearest neighbour has 1");
        let ranks = HybridParams { join: Join::Ranks, ..params }.fit(&train, Seed(1)).unwrap();
        assert_ne!(scores(&ranks, &[4]), scores(&params.fit(&train, Seed(1)).unwrap(), &[4]));
        let error = HybridParams { weights: [-1.0, 1.0, 1.0], ..params }.fit(&train, Seed(1)).err();
        assert!(matches!(error, Some(FitError::Param { name: "weight", .. })));
    }

    #[test]
    fn stacked_weights_are_learnt_and_equal_where_there_is_nothing_to_learn_from() {
        let model = HybridParams::joined(Join::Stacked).fit(&pairs(), Seed(1)).unwrap();
        let w = model.weights();
        assert!(w != [1.0; 3] && w.iter().all(|w| *w >= 0.0) && w[0] > 0.0, "{w:?}");
        let best = scores(&model, &[8]).iter().enumerate().max_by(|a, b| a.1.partial_cmp(b.1).unwrap()).map(|b| b.0);
        assert!([8, 9].contains(&best.unwrap()), "{best:?}");
        let short = Interactions::from_baskets(3, [&[0, 1][..], &[1, 2]]);
        let model = HybridParams::joined(Join::Stacked).fit(&short, Seed(1)).unwrap();
        assert_eq!(model.weights(), [1.0; 3]);
    }
}
