//! Configurations with wide learnt vectors, as data: see [`configs`](crate::configs) for the rules.
//!
//! Parameters were chosen on s3's lists and on training items of t1 that were held out and asked among 99
//! others, never on the answers of t1 and t2 that are reported.

use crate::fuse::Fuse;
use crate::recipe::{Config, Member, Recipe, Rows, Weights};
use recommend::{ItemKnnParams, ModelKind, Similarity, SoftmaxFactorsParams};

/// WSDM Cup: softmax factors of one seed, the mean of five, and these with item neighbours.
pub(crate) fn cup() -> Vec<Config> {
    let weak = |kind| Member { kind, rows: Rows::UnionAt(0.25) };
    let factors = |n_members| weak(ModelKind::SoftmaxFactors(SoftmaxFactorsParams { n_members, ..Default::default() }));
    let neighbours = ItemKnnParams { similarity: Similarity::Jaccard, k: ItemKnnParams::ALL, shrinkage: 5.0 };
    vec![
        Config {
            name: "softmax factors",
            what: "128 factors, one seed, sources at 1/4",
            recipe: Recipe::One(factors(1)),
        },
        Config {
            name: "softmax factors, five seeds",
            what: "128 factors a seed, sources at 1/4",
            recipe: Recipe::One(factors(5)),
        },
        Config {
            name: "softmax factors and item-kNN",
            what: "five seeds and Jaccard, equal z-scores, sources at 1/4",
            recipe: Recipe::Blend {
                members: vec![factors(5), weak(ModelKind::ItemKnn(neighbours))],
                fuse: Fuse::ZScore,
                weights: Weights::Equal,
            },
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_none_of_the_other_configurations() {
        let (own, others) = (cup(), crate::configs::cup());
        assert!(own.iter().all(|c| others.iter().all(|other| other.name != c.name)));
    }
}
