//! Networks: models that read a history in its order, and models that read features.
//!
//! [`SasRec`] and [`Gru4Rec`] say what comes next after a history; [`NeuMf`] asks how well an
//! item goes with a history as a set. [`WideDeep`], [`MultiTask`] and [`TwoTower`] read described shoppers and items
//! ([`Described`]), so that they speak of what nobody has bought yet; [`FeatureNet`] makes recommenders of them. All train on [`learn::net`], in `f32`, the
//! same bits at any number of threads.

mod described;
mod examples;
mod feature_net;
mod held_out;
mod layers;
mod multi_task;
mod neu_mf;
mod next_item;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod planted_tests;
mod recurrent;
#[cfg(test)]
mod resume_tests;
mod sasrec;
mod sequences;
mod two_tower;
mod wide_deep;

pub use described::{Described, hashed_words};
pub use feature_net::{FeatureForm, FeatureNet, FeatureNetParams};
pub use multi_task::{MultiTask, MultiTaskParams, Outcome, Sharing};
pub use neu_mf::{NeuMf, NeuMfParams, PairLabel};
pub use next_item::{ItemLoss, NextItemParams};
pub use recurrent::{Gru4Rec, Gru4RecParams};
pub use sasrec::{SasRec, SasRecParams};
pub use two_tower::{TwoTower, TwoTowerParams};
pub use wide_deep::{Wide, WideDeep, WideDeepParams};

use crate::saved::{self, MAX_FACTORS, exactly};
use domain::{FitError, Interactions, ItemIdx, Reason, Rng, Seed};
use learn::LearnError;
use learn::container::{ContainerError, Fingerprint, Reader, Writer};
use learn::net::{Flow, Network, Progress, TrainParams, Trainer, Watch, Weights};
use std::fmt::Debug;

/// What a training refuses, in the words of a fit.
fn refused(why: LearnError) -> FitError {
    match why {
        LearnError::Param { name, rule, got } => FitError::Param { name, rule, got },
        LearnError::TooLittleData { what, have, need } => FitError::TooLittleData { what, have, need },
        other => FitError::Diverged(other.to_string()),
    }
}

/// The beginning of a training's fingerprint: what is trained, how, and with what luck.
fn print_of(params: &impl Debug, seed: Seed) -> Fingerprint {
    let mut print = Fingerprint::default();
    print.add_text(&format!("{params:?}"));
    print.add(seed.0);
    print
}

/// The fingerprint of a training on these rows.
fn print_on(params: &impl Debug, seed: Seed, train: &Interactions) -> u128 {
    let (mut print, rows) = (print_of(params, seed), saved::fingerprint(train));
    print.add(rows as u64);
    print.add((rows >> 64) as u64);
    print.value()
}

/// A training: how, from which weights, with what luck, and the fingerprint of all that and of its examples.
struct Training {
    how: TrainParams,
    weights: Weights,
    seed: Seed,
    of: u128,
}

impl Training {
    /// Trains to the end or until `watch` pauses it, from where `watch` has an earlier training of the same.
    fn run<N: Network>(
        self,
        lessons: &N,
        metric: &mut dyn FnMut(&Weights) -> Option<f64>,
        watch: &mut dyn Watch,
    ) -> Result<Weights, FitError> {
        let mut trainer = Trainer::new(self.how, self.weights, self.seed.derive(1), self.of).map_err(refused)?;
        if lessons.n_examples() > 0 {
            if let Some(bytes) = watch.earlier(self.of)
                && let Err(why) = trainer.resume(&bytes)
            {
                watch.refused(&why);
            }
            trainer.run(lessons, metric, watch).map_err(refused)?;
        }
        let weights = trainer.into_weights();
        if weights.is_finite() { Ok(weights) } else { Err(FitError::Diverged("a network, lower `rate`".into())) }
    }
}

/// For a training that nobody watches.
fn unwatched() -> impl Watch {
    |_: Progress| Flow::Continue
}

/// Reasons of a score that is no sum: each item of the history brings what the score loses without it; the rest is the
/// candidate's own.
fn left_out(history: &[ItemIdx], score: &dyn Fn(&[ItemIdx]) -> f32) -> Vec<Reason> {
    let whole = score(history);
    let without = |at: usize| {
        let others: Vec<ItemIdx> = history[..at].iter().chain(&history[at + 1..]).copied().collect();
        score(&others)
    };
    let own = history.iter().enumerate();
    let mut reasons: Vec<Reason> = own
        .map(|(at, item)| Reason { term: "close in taste to", item: Some(*item), part: whole - without(at) })
        .collect();
    let rest = whole - reasons.iter().map(|r| r.part).sum::<f32>();
    reasons.push(Reason { term: "liked in general", item: None, part: rest });
    reasons.sort_by(|a, b| b.part.total_cmp(&a.part).then(a.item.cmp(&b.item)));
    reasons
}

/// Parameters that have to be at least 1.
fn at_least_one(values: &[(&'static str, usize)]) -> Result<(), FitError> {
    match values.iter().find(|(_, value)| *value == 0) {
        Some((name, _)) => Err(FitError::Param { name, rule: "at least 1", got: 0.0 }),
        None => Ok(()),
    }
}

/// A share of cells to drop, in 0..1.
fn droppable(dropout: f32) -> Result<(), FitError> {
    if (0.0..1.0).contains(&dropout) {
        Ok(())
    } else {
        Err(FitError::Param { name: "dropout", rule: "at least 0 and below 1", got: f64::from(dropout) })
    }
}

/// Writes all matrices and which items are known.
fn save(weights: &Weights, known: &[bool], to: &mut Writer) {
    to.u64s("known", &known.iter().map(|k| u64::from(*k)).collect::<Vec<u64>>());
    for (name, _, values) in weights.arrays() {
        to.f32s(name, values);
    }
}

/// Reads which items are known.
fn known(from: &Reader<'_>) -> Result<Vec<bool>, ContainerError> {
    Ok(from.u64s("known")?.into_iter().map(|k| k != 0).collect())
}

/// Reads the matrices that `start` names.
fn load(from: &Reader<'_>, start: impl FnOnce(&mut Weights, &mut Rng)) -> Result<Weights, ContainerError> {
    let mut weights = Weights::outline();
    start(&mut weights, &mut Rng::new(0));
    weights.fill(|name, need| {
        let values = from.f32s(name)?;
        if values.len() == need { Ok(values) } else { Err(ContainerError::content(name, format!("{need} numbers"))) }
    })
}

/// Reads sizes: each at least 1 and none larger than a network of one machine has.
fn sizes<const N: usize>(from: &Reader<'_>) -> Result<[usize; N], ContainerError> {
    let sizes = exactly::<N>(from, "sizes")?;
    let most = 4 * MAX_FACTORS as u64;
    let why = || format!("{N} numbers from 1 to {most}");
    if sizes.iter().all(|n| (1..=most).contains(n)) {
        Ok(sizes.map(|n| n as usize))
    } else {
        Err(ContainerError::content("sizes", why()))
    }
}
