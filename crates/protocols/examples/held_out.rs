//! Chooses models and parameters of the Cup's blends on held-out training items, never on the answers that are
//! reported: `cargo run --release -p protocols --example held_out DATA_DIR TASK [z|log] BLEND ...`.
//!
//! A blend is members joined by `+`, each `NAME[:KEY=VALUE,...][@WEIGHT]`: `knn:shrinkage=5@0.25+gcn:n_factors=64`.
//! `@` is the weight of the sources' rows, 0 without it. `ranker:n_fits=8,max_leaves=16+…` is the Cup's ranker with
//! other parameters and these members more.
//! Weights of a blend are learnt by likelihood on half of the shoppers and marked on the other half. Prints
//! nDCG@10, the share of hits, CPU seconds and the weights.

#![allow(clippy::print_stdout, reason = "a program for a person")]

use domain::Seed;
use protocols::{Also, Config, Fuse, Lab, Member, Recipe, Rows, Stack, TASKS, Tuning, Weights, cup_configs};
use recommend::{
    BprParams, EaseForm, EaseParams, GfCfParams, ItemGraphParams, ItemKnnParams, LightGcnParams, ModelKind, Similarity,
    SlimParams, SoftmaxFactorsParams, UserKnnParams,
};
use std::collections::BTreeMap;

fn cpu_seconds() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let of_thread = |thread: std::fs::DirEntry| -> Option<u64> {
        std::fs::read_to_string(thread.path().join("schedstat")).ok()?.split_whitespace().next()?.parse().ok()
    };
    threads.flatten().filter_map(of_thread).sum::<u64>() as f64 * 1e-9
}

fn member(text: &str) -> Member {
    let (text, weight) = text.split_once('@').unwrap_or((text, "0"));
    let (name, keys) = text.split_once(':').unwrap_or((text, ""));
    let set: BTreeMap<&str, &str> = keys.split(',').filter_map(|a| a.split_once('=')).collect();
    let number = |key: &str, default: f32| set.get(key).map_or(default, |v| v.parse().expect("a number"));
    let size = |key: &str, default: usize| set.get(key).map_or(default, |v| v.parse().expect("a whole number"));
    let all = ItemKnnParams::ALL;
    let kind = match name {
        "pop" => ModelKind::PopularityGlobal,
        "knn" => ModelKind::ItemKnn(ItemKnnParams {
            similarity: Similarity::Jaccard,
            k: all,
            shrinkage: number("shrinkage", 5.0),
        }),
        "users" => ModelKind::UserKnn(UserKnnParams { similarity: Similarity::TfIdf, k: 2000, shrinkage: 0.0 }),
        "ease" => ModelKind::Ease(EaseParams {
            form: EaseForm::Sparse { neighbours: size("neighbours", 300) },
            reg: number("reg", EaseParams::default().reg),
            ..EaseParams::default()
        }),
        "slim" => ModelKind::Slim(SlimParams::default()),
        "walk" => ModelKind::ItemGraph(ItemGraphParams { k: 3_000, ..ItemGraphParams::default() }),
        "gf-cf" => ModelKind::GfCf(GfCfParams { rank: size("rank", 64), k: all, ..GfCfParams::default() }),
        "bpr" => {
            let d = BprParams::default();
            ModelKind::Bpr(BprParams {
                n_factors: size("n_factors", d.n_factors),
                n_epochs: size("n_epochs", d.n_epochs),
                reg: number("reg", d.reg),
                ..d
            })
        }
        "softmax" => {
            let d = SoftmaxFactorsParams::default();
            ModelKind::SoftmaxFactors(SoftmaxFactorsParams {
                n_factors: size("n_factors", d.n_factors),
                n_members: size("n_members", d.n_members),
                n_epochs: size("n_epochs", d.n_epochs),
                n_drawn: size("n_drawn", d.n_drawn),
                learning_rate: number("learning_rate", d.learning_rate),
                reg: number("reg", d.reg),
                length_power: number("length_power", d.length_power),
                smoothing: number("smoothing", d.smoothing),
                ..d
            })
        }
        "gcn" => {
            let d = LightGcnParams::default();
            ModelKind::LightGcn(LightGcnParams {
                n_factors: size("n_factors", d.n_factors),
                n_members: size("n_members", d.n_members),
                n_layers: size("n_layers", d.n_layers),
                n_epochs: size("n_epochs", d.n_epochs),
                batch: size("batch", d.batch),
                n_drawn: size("n_drawn", d.n_drawn),
                learning_rate: number("learning_rate", d.learning_rate),
                decay: number("decay", d.decay),
                reg: number("reg", d.reg),
                n_fold_steps: size("n_fold_steps", d.n_fold_steps),
            })
        }
        other => panic!("no model {other}"),
    };
    let weight: f32 = weight.parse().expect("a weight");
    Member { kind, rows: if weight == 0.0 { Rows::Target } else { Rows::UnionAt(weight) } }
}

/// Parameters of the ranker, `KEY=VALUE` joined by commas.
fn set(stack: &mut Stack, keys: &str) {
    let boost = &mut stack.ranker.boost;
    for (key, value) in keys.split(',').filter_map(|pair| pair.split_once('=')) {
        let number = || value.parse::<f64>().expect("a number");
        let size = || value.parse::<usize>().expect("a whole number");
        match key {
            "n_fits" => stack.ranker.n_fits = size(),
            "n_others" => stack.ranker.n_others = Some(size()),
            "n_rounds" => boost.n_rounds = size(),
            "learning_rate" => boost.learning_rate = number(),
            "max_leaves" => boost.max_leaves = size(),
            "min_rows" => boost.min_rows = size(),
            "l2" => boost.l2 = number(),
            "feature_fraction" => boost.feature_fraction = number(),
            other => panic!("no parameter {other}"),
        }
    }
}

fn stack(config: Config) -> Option<Stack> {
    match config.recipe {
        Recipe::Ranked(stack) => Some(stack),
        Recipe::One(_) | Recipe::Blend { .. } => None,
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let entry = TASKS.iter().find(|t| t.name == args[1]).expect("a task");
    let task = entry.load(args[0].as_ref()).expect("the task's data").remove(0);
    let Tuning::Inner(inner) = task.tuning else { panic!("nothing is held out in {}", task.id) };
    println!("{}", inner.about);
    let (fuse, blends) = match args[2].as_str() {
        "z" => (Fuse::ZScore, &args[3..]),
        "log" => (Fuse::LogRank, &args[3..]),
        _ => (Fuse::LogRank, &args[2..]),
    };
    let mut lab = Lab::new(&inner, Seed(1), &cpu_seconds);
    for blend in blends {
        let ranker = blend.strip_prefix("ranker");
        let (keys, names) = match ranker {
            Some(rest) if rest.starts_with(':') => rest[1..].split_once('+').unwrap_or((&rest[1..], "")),
            Some(rest) => ("", rest),
            None => ("", blend.as_str()),
        };
        let given = names.split('+').filter(|name| !name.is_empty());
        let mut members: Vec<Member> = given.map(member).collect();
        let recipe = if ranker.is_some() {
            let mut stack = cup_configs().into_iter().find_map(stack).expect("a ranker");
            stack.members.append(&mut members);
            set(&mut stack, keys);
            Recipe::Ranked(Stack { also: Also::Nothing, ..stack })
        } else if members.len() == 1 {
            Recipe::One(members.remove(0))
        } else {
            Recipe::Blend { members, fuse, weights: Weights::Likelihood { l2: 0.003 } }
        };
        let got = lab.answer(&Config { name: "held out", what: "", recipe }).expect("an answer");
        let mean = |marks: &[f64]| marks.iter().sum::<f64>() / marks.len() as f64;
        println!(
            "{:.4} {:.4}  {:6.1} + {:.1} s  {blend}\n    {}",
            mean(&got.marks[0]),
            mean(&got.marks[1]),
            got.fit_cpu_s,
            got.score_cpu_s,
            got.learnt.join("; ")
        );
    }
}
