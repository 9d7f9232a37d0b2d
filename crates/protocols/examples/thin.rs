//! Chooses what carries over to a market with few rows of its own, on validation questions, never on those that are
//! reported: `cargo run --release -p protocols --example thin DATA K,K DRAWS BLEND ...`.
//!
//! A blend is `NAME@WEIGHT` joined by `+`. Names: `pop`, `knn`, `users`, `softmax` learn from the target alone; `prior` and `pops` are the
//! similarity and the popularity prior, followed by their strength (`prior30`, `pops100`); `usersP`, `knnP`, `easeP`, `softmaxP`
//! learn from all rows, sources at a quarter, `softmax1` and `softmax3` (seeds) with sources as they are; `each` are the neighbours of each source by itself, its weight divided
//! among them. Prints, for every market of XMarket and every size, the marks (nDCG@10 expected over draws of 99 items) of the
//! best of the target's four own ways as in the learning curve, and what each blend gains on it in per cent.

#![allow(clippy::print_stdout, reason = "a program for a person")]

use domain::Seed;
use protocols::Tuning;
use protocols::transfer::{Arena, Side, curve_params, drawn, ground_of, thinned};
use protocols::xmarket::{self, XMarketParams};
use recommend::transfer::{Adaptation, PopularityPriorParams, SimilarityPriorParams};
use recommend::{EaseForm, EaseParams, ItemKnnParams, ModelKind, Similarity, SoftmaxFactorsParams, UserKnnParams};

fn named(name: &str, n_sources: usize) -> Vec<Adaptation> {
    let knn = ModelKind::ItemKnn(ItemKnnParams { similarity: Similarity::Jaccard, k: usize::MAX, shrinkage: 5.0 });
    let users = ModelKind::UserKnn(UserKnnParams { similarity: Similarity::TfIdf, k: 2000, shrinkage: 0.0 });
    let pooled = |kind| vec![Adaptation::Pooled { kind, weights: vec![0.25; n_sources] }];
    let softmax =
        |n_members| ModelKind::SoftmaxFactors(SoftmaxFactorsParams { n_members, ..SoftmaxFactorsParams::default() });
    let strength = |rest: &str| rest.parse().expect("a strength");
    match name {
        "pop" => vec![Adaptation::Alone(ModelKind::PopularityGlobal)],
        "knn" => vec![Adaptation::Alone(knn)],
        "users" => vec![Adaptation::Alone(users)],
        "softmax" => vec![Adaptation::Alone(softmax(1))],
        "usersP" => pooled(users),
        "knnP" => pooled(knn),
        "easeP" => pooled(ModelKind::Ease(EaseParams { reg: 500.0, dropout: 0.0, form: EaseForm::Dense })),
        "softmaxP" => pooled(ModelKind::SoftmaxFactors(SoftmaxFactorsParams::default())),
        "softmax1" => vec![Adaptation::Pooled { kind: softmax(1), weights: vec![1.0; n_sources] }],
        "softmax3" => vec![Adaptation::Pooled { kind: softmax(3), weights: vec![1.0; n_sources] }],
        "each" => {
            let of = |source: usize| (0..n_sources).map(|s| if s == source { 1.0 } else { 0.0 }).collect();
            (0..n_sources).map(|s| Adaptation::Taught { kind: knn, weights: of(s) }).collect()
        }
        _ if name.starts_with("prior") => {
            let strength = strength(&name["prior".len()..]);
            vec![Adaptation::SimilarityPrior(SimilarityPriorParams { strength, ..SimilarityPriorParams::default() })]
        }
        _ if name.starts_with("pops") => {
            vec![Adaptation::PopularityPrior(PopularityPriorParams { strength: strength(&name["pops".len()..]) })]
        }
        other => panic!("no way {other}"),
    }
}

fn blend(text: &str, n_sources: usize) -> Vec<(Adaptation, f32)> {
    let member = |part: &str| {
        let (name, weight) = part.split_once('@').unwrap_or((part, "1"));
        let ways = named(name, n_sources);
        let weight = weight.parse::<f32>().expect("a weight") / ways.len() as f32;
        ways.into_iter().map(|way| (way, weight)).collect::<Vec<_>>()
    };
    text.split('+').flat_map(member).collect()
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let sizes: Vec<usize> = args[1].split(',').map(|k| k.parse().expect("a number of rows")).collect();
    let draws: u64 = args[2].parse().expect("a number of draws");
    let params = XMarketParams { n_validation_negatives: 1_000_000, ..XMarketParams::default() };
    let dir = std::path::Path::new(&args[0]).join("xmarket_electronics");
    for (market, _) in xmarket::MARKETS {
        let task = xmarket::load(&dir, market, market, &params).expect("the market's data");
        let ground = ground_of(&task).expect("the rows");
        let n_sources = ground.sources().len();
        let Tuning::Cases(validation) = &task.tuning else { panic!("{market} has validation questions") };
        let cases = thinned(validation, 1500);
        let own = curve_params(n_sources).alone;
        let blends: Vec<Adaptation> = args[3..].iter().map(|b| Adaptation::Stacked(blend(b, n_sources))).collect();
        for k in &sizes {
            let mut sums = vec![0.0; own.len() + blends.len()];
            // Seeds of their own: the draws that are reported are others.
            for draw in 0..draws {
                let rows = drawn(ground.target(), *k, Seed(1000 + draw));
                let thin = ground.with_target(rows).expect("fewer rows of the same");
                let mut arena = Arena::of_one(market, thin, cases.clone(), Vec::new(), Seed(1)).expecting(99);
                for (sum, way) in sums.iter_mut().zip(own.iter().chain(&blends)) {
                    let marks = arena.marks(way, Side::Validation).expect("marks");
                    *sum += marks.iter().sum::<f64>() / marks.len() as f64 / draws as f64;
                }
            }
            let alone = sums[..own.len()].iter().copied().fold(0.0, f64::max);
            let gains = sums[own.len()..].iter().map(|sum| format!("{:+.1}", 100.0 * (sum / alone - 1.0)));
            println!("{market} {k}: {alone:.4}  {}", gains.collect::<Vec<_>>().join("  "));
        }
    }
}
