//! Learning what comes next: the loop that all models of order share.
//!
//! An encoder turns a sequence of item vectors into a state after every position; the state is compared with
//! the vectors of all items (or of a few drawn ones, see [`ItemLoss`]) and learns to be closest to the one that
//! came next. Input and output share the table of item vectors.
//!
//! What a shopper is told is the product of the last state with each item's vector. Items that nobody had
//! among at least two others have no score, nor has a history without a known item.

use super::sequences::{Sequences, read};
use super::{Training, at_least_one, droppable, print_on};
use domain::{FitError, History, Interactions, ItemIdx, Reason, Rng, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::lanes::dot;
use learn::net::{
    AdamParams, Cooling, Leaves, Loss, Mode, Network, Pool, Rows, Start, Stop, Tape, Targets, TrainParams, Var, Watch,
    Weights,
};
use rayon::prelude::*;
use std::fmt::Debug;

/// What an item is compared with while learning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemLoss {
    /// All items: best, and affordable to some ten thousand of them.
    Full,
    /// Items drawn by how often they are the answer, shared by a step, corrected for that: a step costs the same
    /// whatever the size of the catalogue.
    Sampled {
        /// How many, at least 1.
        n_negatives: usize,
    },
}

/// What all models of order have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NextItemParams {
    /// Length of a vector, at least 1.
    pub width: usize,
    /// Newest items of a history that are read, at least 1.
    pub max_len: usize,
    /// Share of cells set to 0 while learning, in 0..1.
    pub dropout: f32,
    /// What an item is compared with.
    pub loss: ItemLoss,
    /// Passes over all shoppers at most, at least 1.
    pub n_epochs: usize,
    /// Epochs without a better NDCG@10 on the kept last items of every tenth shopper before it stops; 0 keeps
    /// nothing aside and runs all epochs.
    pub patience: usize,
    /// Shoppers a step, at least 1.
    pub batch: usize,
    /// Step length of Adam, above 0.
    pub rate: f32,
}

impl Default for NextItemParams {
    fn default() -> Self {
        Self {
            width: 64,
            max_len: 50,
            dropout: 0.3,
            loss: ItemLoss::Full,
            n_epochs: 60,
            patience: 5,
            batch: 128,
            rate: 1e-3,
        }
    }
}

/// Parts of a step; results do not depend on the number of threads.
const N_SHARDS: usize = 8;

/// From vectors of items to states.
pub(super) trait Encoder: Sync + Debug {
    /// Adds its matrices.
    fn start(&self, weights: &mut Weights, rng: &mut Rng);

    /// Rows of sequences of these lengths, longest first, in the order that [`Self::encode`] wants: sequence
    /// and position.
    fn rows(&self, lens: &[u32]) -> Vec<(u32, u32)>;

    /// States after every row. `x` are vectors of items, row by row; `dense` are the matrices.
    fn encode(&self, tape: &mut Tape<'_>, dense: &[Var], x: Var, lens: &[u32], rng: &mut Rng) -> Var;
}

/// A fitted model of order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NextItem<E> {
    pub(super) params: NextItemParams,
    encoder: E,
    weights: Weights,
    /// Whether an item has learnt anything.
    known: Vec<bool>,
}

/// What is trained.
struct Lessons<'a, E> {
    params: &'a NextItemParams,
    encoder: &'a E,
    sequences: &'a Sequences,
    /// Running sums of how often each item is the answer.
    sums: Vec<f64>,
}

/// Negatives of a step with the logarithm of how often each is expected.
struct Drawn {
    ids: Vec<u32>,
    log_expected: Vec<f32>,
}

impl<E> Lessons<'_, E> {
    fn log_expected(&self, item: u32) -> f32 {
        let ItemLoss::Sampled { n_negatives } = self.params.loss else { return 0.0 };
        let share = f64::from(self.sequences.answers[item as usize]) / self.sums.last().copied().unwrap_or(1.0);
        (share * n_negatives as f64).ln() as f32
    }
}

impl<E: Encoder> Network for Lessons<'_, E> {
    type Shared = Drawn;

    fn n_examples(&self) -> usize {
        self.sequences.rows.len()
    }

    fn share(&self, examples: &[u32], rng: &mut Rng) -> (Drawn, Vec<Rows>) {
        let ItemLoss::Sampled { n_negatives } = self.params.loss else {
            return (Drawn { ids: Vec::new(), log_expected: Vec::new() }, vec![Rows::All]);
        };
        let total = self.sums.last().copied().unwrap_or(0.0);
        let draw = |rng: &mut Rng| {
            let at = rng.uniform() * total;
            self.sums.partition_point(|sum| *sum <= at) as u32
        };
        let ids: Vec<u32> = (0..n_negatives).map(|_| draw(rng)).collect();
        let own = examples.iter().flat_map(|e| &self.sequences.rows[*e as usize]).copied();
        let rows = own.chain(ids.iter().copied()).collect();
        let log_expected = ids.iter().map(|i| self.log_expected(*i)).collect();
        (Drawn { ids, log_expected }, vec![Rows::Some(rows)])
    }

    fn loss(
        &self,
        tape: &mut Tape<'_>,
        leaves: Leaves<'_>,
        shared: &Drawn,
        examples: &[u32],
        rng: &mut Rng,
    ) -> Option<Loss> {
        let mut own: Vec<(usize, u32)> =
            examples.iter().map(|e| (self.sequences.rows[*e as usize].len() - 1, *e)).collect();
        own.sort_unstable_by_key(|(len, e)| (std::cmp::Reverse(*len), *e));
        let lens: Vec<u32> = own.iter().map(|(len, _)| *len as u32).collect();
        let item = |(s, p): (u32, u32)| self.sequences.rows[own[s as usize].1 as usize][p as usize];
        let rows = self.encoder.rows(&lens);
        let inputs = rows.iter().map(|r| leaves.local(0, item(*r))).collect();
        let answers: Vec<u32> = rows.iter().map(|(s, p)| item((*s, p + 1))).collect();
        let x = tape.gather(leaves.tables[0], inputs);
        let x = tape.scale(x, (self.params.width as f32).sqrt());
        let x = tape.dropout(x, self.params.dropout, rng.next_u64());
        let states = self.encoder.encode(tape, leaves.dense, x, &lens, rng);
        let local = |items: &[u32]| -> Vec<u32> { items.iter().map(|i| leaves.local(0, *i)).collect() };
        let sum = match self.params.loss {
            ItemLoss::Full => tape.cross_entropy(states, leaves.tables[0], &answers, &[]),
            ItemLoss::Sampled { .. } => {
                let log_expected: Vec<f32> = answers.iter().map(|i| self.log_expected(*i)).collect();
                let targets = Targets {
                    positives: &local(&answers),
                    log_expected: &log_expected,
                    negatives: &local(&shared.ids),
                    negative_log_expected: &shared.log_expected,
                };
                tape.sampled_cross_entropy(states, leaves.tables[0], targets)
            }
        };
        Some(Loss { sum, weight: answers.len() as f64 })
    }
}

impl<E: Encoder + Clone> NextItem<E> {
    /// Learns; `watch` hears after every step and may end it early.
    pub(super) fn fit(
        params: NextItemParams,
        encoder: E,
        train: &Interactions,
        seed: Seed,
        watch: &mut dyn Watch,
    ) -> Result<Self, FitError> {
        at_least_one(&[
            ("width", params.width),
            ("max_len", params.max_len),
            ("n_epochs", params.n_epochs),
            ("batch", params.batch),
        ])?;
        if let ItemLoss::Sampled { n_negatives } = params.loss {
            at_least_one(&[("n_negatives", n_negatives)])?;
        }
        droppable(params.dropout)?;
        let sequences = Sequences::new(train, params.max_len, params.patience > 0);
        let mut weights = Weights::default();
        let mut rng = seed.stream(0);
        weights.table("items", (train.n_items(), params.width), Start::Normal(0.02), &mut rng);
        encoder.start(&mut weights, &mut rng);
        let how = TrainParams {
            n_epochs: params.n_epochs,
            batch: params.batch,
            n_shards: N_SHARDS,
            adam: AdamParams { rate: params.rate, beta2: 0.98, ..AdamParams::default() },
            n_warmup: 0,
            cooling: Cooling::Never,
            clip: 5.0,
            stop: if params.patience > 0 { Stop::After(params.patience) } else { Stop::Never },
        };
        let mut sum = 0.0;
        let count = |n: &u32| {
            sum += f64::from(*n);
            sum
        };
        let lessons = Lessons {
            params: &params,
            encoder: &encoder,
            sequences: &sequences,
            sums: sequences.answers.iter().map(count).collect(),
        };
        let mut metric =
            |weights: &Weights| (!sequences.aside.is_empty()).then(|| ndcg(&params, &encoder, weights, &sequences));
        let of = print_on(&(params, &encoder), seed, train);
        let weights = Training { how, weights, seed, of }.run(&lessons, &mut metric, watch)?;
        Ok(Self { params, encoder, weights, known: sequences.known })
    }

    /// Writes what scoring needs, but for what the encoder is.
    pub(super) fn save(&self, to: &mut Writer) {
        super::save(&self.weights, &self.known, to);
    }

    /// Reads what [`Self::save`] wrote.
    pub(super) fn load(params: NextItemParams, encoder: E, from: &Reader<'_>) -> Result<Self, ContainerError> {
        let known = super::known(from)?;
        let weights = super::load(from, |weights, rng| {
            weights.table("items", (known.len(), params.width), Start::Normal(0.02), rng);
            encoder.start(weights, rng);
        })?;
        Ok(Self { params, encoder, weights, known })
    }

    pub(super) fn item_vector(&self, item: ItemIdx) -> Option<&[f32]> {
        let known = self.known.get(item.at()) == Some(&true);
        known.then(|| vector(&self.weights, self.params.width, item.0))
    }

    pub(super) const fn n_items(&self) -> usize {
        self.known.len()
    }

    pub(super) const fn encoder(&self) -> &E {
        &self.encoder
    }

    /// The learnt matrices, as they are saved.
    pub(super) const fn weights(&self) -> &Weights {
        &self.weights
    }

    pub(super) fn taste(&self, history: History<'_>) -> Option<Vec<f32>> {
        let items = read(history, &self.known, self.params.max_len);
        (!items.is_empty()).then(|| self.state(&items))
    }

    fn state(&self, items: &[ItemIdx]) -> Vec<f32> {
        let items: Vec<u32> = items.iter().map(|i| i.0).collect();
        state(&self.params, &self.encoder, &self.weights, &items)
    }

    pub(super) fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let Some(taste) = self.taste(history) else { return vec![None; candidates.len()] };
        candidates.iter().map(|c| self.item_vector(*c).map(|y| dot(&taste, y))).collect()
    }

    /// What each item of the history brings is what the score loses without it; what the items do together
    /// and by their order is the rest.
    pub(super) fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let items = read(history, &self.known, self.params.max_len);
        let Some(target) = self.item_vector(candidate).filter(|_| !items.is_empty()) else { return Vec::new() };
        let score = dot(&self.state(&items), target);
        let mut reasons = Vec::with_capacity(items.len() + 1);
        if items.len() > 1 {
            for (at, item) in items.iter().enumerate() {
                let others: Vec<ItemIdx> = items[..at].iter().chain(&items[at + 1..]).copied().collect();
                let part = score - dot(&self.state(&others), target);
                reasons.push(Reason { term: "bought next after", item: Some(*item), part });
            }
        }
        let rest = score - reasons.iter().map(|r| r.part).sum::<f32>();
        let item = (items.len() == 1).then(|| items[0]);
        let term = if item.is_some() { "bought next after" } else { "the order of what was bought" };
        reasons.push(Reason { term, item, part: rest });
        reasons.sort_by(|a, b| b.part.total_cmp(&a.part).then(a.item.cmp(&b.item)));
        reasons
    }
}

fn vector(weights: &Weights, width: usize, item: u32) -> &[f32] {
    &weights.all_tables()[0].values()[item as usize * width..][..width]
}

/// A public model around a field `model: NextItem<_>` answers what that answers.
macro_rules! delegates_to_next_item {
    ($model:ty) => {
        impl $model {
            /// The learnt matrices, as they are saved.
            pub const fn weights(&self) -> &learn::net::Weights {
                self.model.weights()
            }
        }

        impl crate::Factors for $model {
            fn n_factors(&self) -> usize {
                self.model.params.width
            }

            fn item_vector(&self, item: domain::ItemIdx) -> Option<&[f32]> {
                self.model.item_vector(item)
            }

            fn n_items(&self) -> usize {
                self.model.n_items()
            }

            fn taste(&self, history: domain::History<'_>) -> Option<Vec<f32>> {
                self.model.taste(history)
            }
        }

        impl domain::Score for $model {
            fn score(&self, history: domain::History<'_>, candidates: &[domain::ItemIdx]) -> Vec<Option<f32>> {
                self.model.score(history, candidates)
            }
        }

        impl domain::Explain for $model {
            fn explain(&self, history: domain::History<'_>, candidate: domain::ItemIdx) -> Vec<domain::Reason> {
                self.model.explain(history, candidate)
            }
        }
    };
}
pub(super) use delegates_to_next_item;

/// The state after a sequence of at least one item.
fn state<E: Encoder>(params: &NextItemParams, encoder: &E, weights: &Weights, items: &[u32]) -> Vec<f32> {
    let (w, len) = (params.width, items.len());
    let mut tape = Tape::new(Pool::default(), Mode::Infer);
    let (dense, _) = tape.lend(weights);
    let scale = (w as f32).sqrt();
    let x = items.iter().flat_map(|i| vector(weights, w, *i)).map(|v| scale * v).collect();
    let x = tape.constant(x, len, w);
    let states = encoder.encode(&mut tape, &dense, x, &[len as u32], &mut Rng::new(0));
    tape.value(states)[(len - 1) * w..].to_vec()
}

/// Mean NDCG@10 of the items kept aside among all known ones that the history lacks.
fn ndcg<E: Encoder>(params: &NextItemParams, encoder: &E, weights: &Weights, sequences: &Sequences) -> f64 {
    let ask = |(history, answer): &(Vec<u32>, u32)| {
        let known: Vec<u32> = history.iter().copied().filter(|i| sequences.known[*i as usize]).collect();
        if known.is_empty() || !sequences.known[*answer as usize] {
            return 0.0;
        }
        let taste = state(params, encoder, weights, &known);
        let score = |item: u32| dot(&taste, vector(weights, params.width, item));
        let own = score(*answer);
        let others = (0..sequences.known.len() as u32).filter(|i| sequences.known[*i as usize] && !history.contains(i));
        // An equal score of a lower number comes first, as in a list.
        let before = others.filter(|i| score(*i) > own || (score(*i) == own && i < answer)).count();
        if before < 10 { 1.0 / (before as f64 + 2.0).log2() } else { 0.0 }
    };
    let marks: Vec<f64> = sequences.aside.par_iter().map(ask).collect();
    marks.iter().sum::<f64>() / marks.len().max(1) as f64
}
