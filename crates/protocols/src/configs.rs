//! The configurations that each task is answered with, as data.
//!
//! A new model is one more [`Config`] here: a [`Member`] names its `ModelKind` with its parameters and
//! the rows that it learns from. Parameters are those of the reference measurements, or were chosen on
//! validation items (XMarket), on the third market s3 (Cup) or on the valid part (Gowalla), never on
//! what is reported; docs/benchmarks.md says which.

use crate::fuse::Fuse;
use crate::recipe::{Also, Config, Member, Recipe, Rows, Stack, Weights};
use recommend::rank::{Bagging, BoostParams, LambdaRankParams, Objective, RankerParams};
use recommend::{
    BprParams, EaseForm, EaseParams, GfCfParams, ItemGraphParams, ItemKnnParams, LightGcnParams, ModelKind, Similarity,
    SlimParams, SoftmaxFactorsParams, TransitionsParams, UserKnnParams,
};

/// Every neighbour counts.
const ALL: usize = usize::MAX;

fn item_knn(similarity: Similarity, k: usize, shrinkage: f32) -> ModelKind {
    ModelKind::ItemKnn(ItemKnnParams { similarity, k, shrinkage })
}

fn user_knn(k: usize) -> ModelKind {
    ModelKind::UserKnn(UserKnnParams { similarity: Similarity::Cosine, k, shrinkage: 0.0 })
}

/// Shoppers alike by what few others have.
fn tf_idf_shoppers() -> ModelKind {
    ModelKind::UserKnn(UserKnnParams { similarity: Similarity::TfIdf, k: 2000, shrinkage: 0.0 })
}

fn ease_sparse() -> ModelKind {
    ModelKind::Ease(EaseParams { form: EaseForm::Sparse { neighbours: 300 }, ..EaseParams::default() })
}

fn walk() -> ModelKind {
    ModelKind::ItemGraph(ItemGraphParams { k: 3_000, ..ItemGraphParams::default() })
}

fn gf_cf(rank: usize) -> ModelKind {
    ModelKind::GfCf(GfCfParams { rank, k: ALL, ..GfCfParams::default() })
}

fn bpr() -> ModelKind {
    ModelKind::Bpr(BprParams::default())
}

/// Smooth over the target's graph, from few passes.
fn light_gcn() -> ModelKind {
    ModelKind::LightGcn(LightGcnParams {
        n_factors: 128,
        n_epochs: 30,
        learning_rate: 0.01,
        ..LightGcnParams::default()
    })
}

/// Wide vectors of items, several seeds averaged.
fn softmax(n_members: usize) -> ModelKind {
    ModelKind::SoftmaxFactors(SoftmaxFactorsParams { n_members, ..SoftmaxFactorsParams::default() })
}

fn member(kind: ModelKind, rows: Rows) -> Member {
    Member { kind, rows }
}

fn one(name: &'static str, what: &'static str, kind: ModelKind, rows: Rows) -> Config {
    Config { name, what, recipe: Recipe::One(member(kind, rows)) }
}

fn blend(name: &'static str, what: &'static str, fuse: Fuse, members: Vec<Member>, weights: Weights) -> Config {
    Config { name, what, recipe: Recipe::Blend { members, fuse, weights } }
}

/// Sources weigh a quarter: for item-kNN with shrinkage 5 best or as good as the best of 0.1, 0.25, 0.5
/// and 1, both on s3 and on XMarket's validation items; for user-kNN only better than none.
const QUARTER: Rows = Rows::UnionAt(0.25);

/// The blend without a factor model: two neighbourhoods with weak sources, and what sells in the target.
fn three() -> Vec<Member> {
    vec![
        member(item_knn(Similarity::Jaccard, ALL, 5.0), QUARTER),
        member(tf_idf_shoppers(), QUARTER),
        member(ModelKind::PopularityGlobal, Rows::Target),
    ]
}

/// The scorers of XMarket's wide blend: neighbourhoods of items and of shoppers, a linear model and a walk,
/// all with weak sources, and factors of the target. Put together on held-out training items of t1 and t2.
fn five() -> Vec<Member> {
    vec![
        member(item_knn(Similarity::Jaccard, ALL, 5.0), QUARTER),
        member(tf_idf_shoppers(), QUARTER),
        member(ease_sparse(), QUARTER),
        member(walk(), QUARTER),
        member(bpr(), Rows::Target),
    ]
}

/// The scorers of the Cup's blend: item neighbours, a linear model, and factors of two kinds, which add most.
/// Put together on held-out training items of t1 and t2, where users, EASE and a walk more added nothing.
fn four() -> Vec<Member> {
    vec![
        member(item_knn(Similarity::Jaccard, ALL, 5.0), QUARTER),
        member(ModelKind::Slim(SlimParams::default()), Rows::Union),
        member(bpr(), Rows::Target),
        member(softmax(3), QUARTER),
    ]
}

/// The scorers of the ranker: all of those, wider factors of the target and its graph, and what trees may weigh against them.
fn ranker_members() -> Vec<Member> {
    use Rows::{Target, Union};
    let more = vec![
        member(item_knn(Similarity::Jaccard, ALL, 5.0), Target),
        member(item_knn(Similarity::Jaccard, ALL, 0.0), Union),
        member(item_knn(Similarity::DampedCosine, ALL, 0.0), Union),
        member(ease_sparse(), Target),
        member(gf_cf(64), QUARTER),
        member(tf_idf_shoppers(), Target),
        member(ModelKind::Bpr(BprParams { n_factors: 256, ..BprParams::default() }), Target),
        member(light_gcn(), Target),
    ];
    let factors = four().into_iter().filter(|m| !five().contains(m));
    five().into_iter().chain(more).chain(factors).collect()
}

/// Boosted trees as in the reference measurements: shallow, few columns a tree, half of the list. The mean of four fits: on held-out items of
/// t2 four and eight had the same.
fn cup_ranker() -> RankerParams {
    let objective = Objective::LambdaRank(LambdaRankParams { truncation: 20, ..LambdaRankParams::default() });
    let boost = BoostParams {
        objective,
        n_rounds: 180,
        learning_rate: 0.06,
        max_leaves: 12,
        min_rows: 80,
        l2: 5.0,
        feature_fraction: 0.3,
        bagging: Some(Bagging { fraction: 0.8, every: 1 }),
        max_bins: 127,
        ..BoostParams::default()
    };
    RankerParams { boost, n_folds: 5, n_others: Some(45), n_fits: 4 }
}

/// WSDM Cup.
pub fn cup() -> Vec<Config> {
    use Rows::{Target, Union};
    let ranked = |also| {
        Recipe::Ranked(Stack {
            members: ranker_members(),
            reasons: vec![
                member(item_knn(Similarity::Jaccard, ALL, 5.0), Target),
                member(item_knn(Similarity::Jaccard, ALL, 5.0), QUARTER),
            ],
            ranker: cup_ranker(),
            also,
        })
    };
    vec![
        one("popularity", "buyers in the target", ModelKind::PopularityGlobal, Target),
        one("popularity, all markets", "buyers in all markets", ModelKind::PopularityGlobal, Union),
        one("item-kNN Jaccard", "all neighbours, target", item_knn(Similarity::Jaccard, ALL, 0.0), Target),
        one("item-kNN Jaccard, all markets", "all neighbours", item_knn(Similarity::Jaccard, ALL, 0.0), Union),
        one(
            "item-kNN Jaccard, weak sources",
            "shrinkage 5, sources at 1/4",
            item_knn(Similarity::Jaccard, ALL, 5.0),
            QUARTER,
        ),
        one("item-kNN cosine", "all neighbours, target", item_knn(Similarity::Cosine, ALL, 0.0), Target),
        one("item-kNN cosine, all markets", "all neighbours", item_knn(Similarity::Cosine, ALL, 0.0), Union),
        one("user-kNN", "cosine, 2,000 neighbours, target", user_knn(2000), Target),
        one("EASE", "reg 300, target", ModelKind::Ease(EaseParams::default()), Target),
        one("SLIM, all markets", "sources as they are", ModelKind::Slim(SlimParams::default()), Union),
        one("BPR", "128 factors, 240 epochs, target", bpr(), Target),
        one("softmax factors", "128 factors a seed, three seeds, sources at 1/4", softmax(3), QUARTER),
        blend(
            "blend of four, likelihood",
            "log ranks, learnt on held-out training items",
            Fuse::LogRank,
            four(),
            Weights::Likelihood { l2: 0.003 },
        ),
        Config { name: "ranker", what: "four LambdaMARTs over fifteen models, 5 folds", recipe: ranked(Also::Nothing) },
        Config { name: "ranker, held-out too", what: "learns from held-out items, too", recipe: ranked(Also::HeldOut) },
    ]
}

/// XMarket.
pub fn xmarket() -> Vec<Config> {
    use Rows::{Learnt, Target, Union};
    let jaccard = || item_knn(Similarity::Jaccard, ALL, 5.0);
    vec![
        one("popularity", "buyers in the target", ModelKind::PopularityGlobal, Target),
        one("popularity, all markets", "buyers in all markets", ModelKind::PopularityGlobal, Union),
        one("item-kNN Jaccard", "all neighbours, shrinkage 5, target", jaccard(), Target),
        one("item-kNN Jaccard, all markets", "all neighbours, shrinkage 5", jaccard(), Union),
        one("item-kNN Jaccard, learnt", "a weight a source", jaccard(), Learnt),
        one(
            "item-kNN Jaccard, weak sources",
            "shrinkage 5, sources at 1/4",
            item_knn(Similarity::Jaccard, ALL, 5.0),
            QUARTER,
        ),
        one("item-kNN cosine", "all neighbours, target", item_knn(Similarity::Cosine, ALL, 0.0), Target),
        one("item-kNN cosine, all markets", "all neighbours", item_knn(Similarity::Cosine, ALL, 0.0), Union),
        one("user-kNN", "cosine, 2,000 neighbours, target", user_knn(2000), Target),
        one("BPR", "128 factors, 240 epochs, target", bpr(), Target),
        blend("blend of three, learnt", "z-scores, sources at 1/4", Fuse::ZScore, three(), Weights::Learnt),
        blend(
            "blend of six, likelihood",
            "log ranks, learnt on validation",
            Fuse::LogRank,
            five().into_iter().chain([member(ModelKind::PopularityGlobal, Target)]).collect(),
            Weights::Likelihood { l2: 0.003 },
        ),
    ]
}

/// Purchase sequences, where the whole catalogue is ranked. Parameters of the transitions were chosen on
/// the items before the last ones of a third of the shoppers, by the mean over both data sets.
pub fn sequences() -> Vec<Config> {
    use Rows::Target;
    let transitions = TransitionsParams { k: 5_000, ..TransitionsParams::default() };
    let chain = TransitionsParams { gap_decay: 0.0, backward: 0.0, history_decay: 0.0, ..transitions };
    vec![
        one("popularity", "buyers", ModelKind::PopularityGlobal, Target),
        one("item-kNN Jaccard", "200 neighbours", item_knn(Similarity::Jaccard, 200, 0.0), Target),
        one("item-kNN cosine", "200 neighbours", item_knn(Similarity::Cosine, 200, 0.0), Target),
        one("user-kNN", "cosine, 100 neighbours", user_knn(100), Target),
        one("Markov chain", "from the newest item to the next", ModelKind::Transitions(chain), Target),
        one("transitions", "steps that fade with gap and age", ModelKind::Transitions(transitions), Target),
    ]
}

/// Check-ins, where the whole catalogue is ranked.
pub fn gowalla() -> Vec<Config> {
    use Rows::Target;
    let gf_cf = |rank| ModelKind::GfCf(GfCfParams { rank, low_pass: 0.3, k: 2_000 });
    vec![
        one("popularity", "buyers", ModelKind::PopularityGlobal, Target),
        one("item-kNN cosine", "200 neighbours", item_knn(Similarity::Cosine, 200, 0.0), Target),
        one("GF-CF", "256 directions", gf_cf(256), Target),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_of_a_task_are_distinct() {
        for configs in [cup(), xmarket(), sequences(), gowalla()] {
            let names: BTreeSet<&str> = configs.iter().map(|c| c.name).collect();
            assert_eq!(names.len(), configs.len());
        }
    }
}
