//! The configurations that each task is answered with, as data.
//!
//! A new model is one more [`Config`] here: a [`Member`] names its `ModelKind` with its parameters and
//! the rows that it learns from. Parameters are those of the reference measurements, or were chosen on
//! validation items (XMarket), on the third market s3 (Cup) or on the valid part (Gowalla), never on
//! what is reported; docs/benchmarks.md says which.

use crate::fuse::Fuse;
use crate::recipe::{Config, Member, Recipe, Rows, Weights};
use recommend::{IalsParams, ItemKnnParams, ModelKind, Similarity, UserKnnParams};

/// Every neighbour counts.
const ALL: usize = usize::MAX;

fn item_knn(similarity: Similarity, k: usize, shrinkage: f32) -> ModelKind {
    ModelKind::ItemKnn(ItemKnnParams { similarity, k, shrinkage })
}

fn user_knn(k: usize) -> ModelKind {
    ModelKind::UserKnn(UserKnnParams { similarity: Similarity::Cosine, k, shrinkage: 0.0 })
}

fn ials(n_factors: usize, alpha: f32, reg: f32) -> ModelKind {
    ModelKind::Ials(IalsParams { n_factors, n_sweeps: 15, alpha, reg, ..IalsParams::default() })
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

/// The four scorers of the blends: two neighbourhoods over all markets, two signals of the target.
fn four(shrinkage: f32, rows: &Rows) -> Vec<Member> {
    vec![
        member(item_knn(Similarity::Jaccard, ALL, shrinkage), rows.clone()),
        member(user_knn(2000), Rows::Target),
        member(ModelKind::PopularityGlobal, Rows::Target),
        member(ials(64, 10.0, 10.0), rows.clone()),
    ]
}

/// Sources weigh a quarter: for item-kNN with shrinkage 5 best or as good as the best of 0.1, 0.25, 0.5
/// and 1, both on s3 and on XMarket's validation items; for user-kNN only better than none.
const QUARTER: Rows = Rows::UnionAt(0.25);

/// The blend without a factor model: two neighbourhoods with weak sources, and what sells in the target.
fn three() -> Vec<Member> {
    let shoppers = UserKnnParams { similarity: Similarity::TfIdf, k: 2000, shrinkage: 0.0 };
    vec![
        member(item_knn(Similarity::Jaccard, ALL, 5.0), QUARTER),
        member(ModelKind::UserKnn(shoppers), QUARTER),
        member(ModelKind::PopularityGlobal, Rows::Target),
    ]
}

/// WSDM Cup.
pub fn cup() -> Vec<Config> {
    use Rows::{Learnt, Target, Union};
    vec![
        one("popularity", "buyers in the target", ModelKind::PopularityGlobal, Target),
        one("popularity, all markets", "buyers in all markets", ModelKind::PopularityGlobal, Union),
        one("item-kNN Jaccard", "all neighbours, target", item_knn(Similarity::Jaccard, ALL, 0.0), Target),
        one("item-kNN Jaccard, all markets", "all neighbours", item_knn(Similarity::Jaccard, ALL, 0.0), Union),
        one("item-kNN Jaccard, learnt", "a weight a source", item_knn(Similarity::Jaccard, ALL, 0.0), Learnt),
        one(
            "item-kNN Jaccard, weak sources",
            "shrinkage 5, sources at 1/4",
            item_knn(Similarity::Jaccard, ALL, 5.0),
            QUARTER,
        ),
        one("item-kNN cosine", "all neighbours, target", item_knn(Similarity::Cosine, ALL, 0.0), Target),
        one("item-kNN cosine, all markets", "all neighbours", item_knn(Similarity::Cosine, ALL, 0.0), Union),
        one("user-kNN", "cosine, 2,000 neighbours, target", user_knn(2000), Target),
        one("user-kNN, all markets", "cosine, 2,000 neighbours", user_knn(2000), Union),
        one("iALS", "64 factors, alpha 10, reg 10, target", ials(64, 10.0, 10.0), Target),
        one("iALS, all markets", "64 factors, alpha 10, reg 10", ials(64, 10.0, 10.0), Union),
        blend("blend of four, equal", "z-scores", Fuse::ZScore, four(0.0, &Union), Weights::Equal),
        blend("blend of four, ranks", "1 / (10 + rank)", Fuse::Rank { k: 10.0 }, four(0.0, &Union), Weights::Learnt),
        blend("blend of three, learnt", "z-scores, sources at 1/4", Fuse::ZScore, three(), Weights::Learnt),
        blend("blend of four, learnt", "z-scores", Fuse::ZScore, four(0.0, &Union), Weights::Learnt),
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
        one("user-kNN, all markets", "cosine, 2,000 neighbours", user_knn(2000), Union),
        one("iALS", "64 factors, alpha 10, reg 10, target", ials(64, 10.0, 10.0), Target),
        one("iALS, all markets", "64 factors, alpha 10, reg 10", ials(64, 10.0, 10.0), Union),
        blend("blend of four, equal", "z-scores", Fuse::ZScore, four(5.0, &Union), Weights::Equal),
        blend("blend of three, learnt", "z-scores, sources at 1/4", Fuse::ZScore, three(), Weights::Learnt),
        blend("blend of four, learnt", "z-scores", Fuse::ZScore, four(5.0, &Union), Weights::Learnt),
    ]
}

/// Sequences and check-ins, where the whole catalogue is ranked.
pub fn catalogue() -> Vec<Config> {
    use Rows::Target;
    vec![
        one("popularity", "buyers", ModelKind::PopularityGlobal, Target),
        one("item-kNN Jaccard", "200 neighbours", item_knn(Similarity::Jaccard, 200, 0.0), Target),
        one("item-kNN cosine", "200 neighbours", item_knn(Similarity::Cosine, 200, 0.0), Target),
        one("user-kNN", "cosine, 100 neighbours", user_knn(100), Target),
        one("iALS", "64 factors, alpha 10, reg 10", ials(64, 10.0, 10.0), Target),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_of_a_task_are_distinct() {
        for configs in [cup(), xmarket(), catalogue()] {
            let names: BTreeSet<&str> = configs.iter().map(|c| c.name).collect();
            assert_eq!(names.len(), configs.len());
        }
    }
}
