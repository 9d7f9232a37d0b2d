//! The training loop of every network: mini-batches, shards for threads, early stopping.
//!
//! A step takes a batch of examples, splits it into a fixed number of shards whatever the number of threads,
//! runs a tape on each, adds the gradients in the order of the shards, divides by the weight of all
//! examples, and moves the weights. What is drawn follows from seed, epoch and step, so that training taken
//! up from a checkpoint continues to the bit. The loop has no clock: [`Progress`] says how much is done.

use super::{AdamParams, CheckpointError, Mode, Pool, Tape, Var, Weights, math};
use crate::LearnError;
use domain::{Rng, Seed};
use rayon::prelude::*;

/// How long and in which steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainParams {
    /// Passes over the examples, at least 1.
    pub n_epochs: usize,
    /// Examples a step, at least 1.
    pub batch: usize,
    /// Parts of a step that threads can work on at once, at least 1; results depend on it in the last bits.
    pub n_shards: usize,
    /// How weights move.
    pub adam: AdamParams,
    /// Steps over which the rate rises from 0; 0 starts at full rate.
    pub n_warmup: u64,
    /// How the rate falls towards the last step.
    pub cooling: Cooling,
    /// Longest gradient over all dense weights; longer ones are shortened to it. Infinite: never.
    pub clip: f32,
    /// When to stop before the last epoch.
    pub stop: Stop,
}

impl Default for TrainParams {
    fn default() -> Self {
        Self {
            n_epochs: 20,
            batch: 128,
            n_shards: 8,
            adam: AdamParams::default(),
            n_warmup: 0,
            cooling: Cooling::Never,
            clip: f32::INFINITY,
            stop: Stop::Never,
        }
    }
}

/// How the rate falls towards the last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cooling {
    /// It stays.
    Never,
    /// Along half a wave to nearly 0 at the last step of the last epoch (Loshchilov and Hutter, ICLR 2017, without restarts).
    Cosine,
}

impl Cooling {
    /// The share of the rate at step `t` of `of`, from 1.
    fn share(self, t: u64, of: u64) -> f32 {
        match self {
            Self::Never => 1.0,
            Self::Cosine => {
                let done = t as f64 / (of + 1).max(1) as f64;
                ((1.0 + (std::f64::consts::PI * done.min(1.0)).cos()) / 2.0) as f32
            }
        }
    }
}

/// When to stop before the last epoch. Both keep the weights of the best epoch where there is a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All epochs are run.
    Never,
    /// After this many epochs without a better metric.
    After(usize),
}

/// Where training stands, at the end of a step or an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Epochs done.
    pub epoch: usize,
    /// Epochs at most.
    pub n_epochs: usize,
    /// Steps done in the epoch under way; 0 right after an epoch.
    pub step: usize,
    /// Steps of an epoch.
    pub n_steps: usize,
    /// Mean loss of the epoch so far, or of the one that just ended.
    pub loss: f64,
    /// The metric of the epoch that just ended.
    pub metric: Option<f64>,
}

impl Progress {
    /// The share of all work that is done, in 0..=1: time left is time used times `(1 − share) / share`.
    pub fn share(&self) -> f64 {
        (self.epoch as f64 + self.step as f64 / self.n_steps.max(1) as f64) / self.n_epochs.max(1) as f64
    }
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Yes.
    Continue,
    /// Yes, and [`Watch::keep`] is handed what it takes to go on from here.
    Keep,
    /// Stop here; [`Trainer::checkpoint`] holds everything to go on later.
    Pause,
}

/// Who hears how a training goes, and keeps what it takes to go on with it. A function of a [`Progress`] is one that
/// keeps nothing.
pub trait Watch {
    /// Hears where the training stands, after every step and every epoch.
    fn at(&mut self, progress: Progress) -> Flow;

    /// Keeps a checkpoint, in place of the last one.
    fn keep(&mut self, _checkpoint: Vec<u8>) {}

    /// The checkpoint that was kept of the training with this fingerprint of examples, parameters and seed.
    fn earlier(&mut self, _of: u128) -> Option<Vec<u8>> {
        None
    }

    /// Hears that what [`Self::earlier`] gave cannot be used: training begins anew.
    fn refused(&mut self, _why: &CheckpointError) {}
}

impl<F: FnMut(Progress) -> Flow> Watch for F {
    fn at(&mut self, progress: Progress) -> Flow {
        self(progress)
    }
}

/// The weights as values on a shard's tape.
#[derive(Clone, Copy, Debug)]
pub struct Leaves<'s> {
    /// Dense matrices, in their order.
    pub dense: &'s [Var],
    /// The gathered rows of each table.
    pub tables: &'s [Var],
    rows: &'s [Rows],
}

impl<'s> Leaves<'s> {
    /// Weights on a tape of one's own, as for scoring: `rows` says what each table's value holds.
    pub const fn new(dense: &'s [Var], tables: &'s [Var], rows: &'s [Rows]) -> Self {
        Self { dense, tables, rows }
    }

    /// Where row `id` of a table lies among the gathered ones.
    ///
    /// # Panics
    /// If the step did not ask for the row.
    pub fn local(&self, table: usize, id: u32) -> u32 {
        match &self.rows[table] {
            Rows::All => id,
            Rows::Some(rows) => rows.binary_search(&id).expect("a row that the step asked for") as u32,
        }
    }
}

/// Which rows of a table a step needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All of them: the table is lent as it is, and all rows move.
    All,
    /// These, in any order, repeated or not.
    Some(Vec<u32>),
}

/// A shard's loss.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// The sum over the shard's examples, 1 × 1.
    pub sum: Var,
    /// What the sum is a sum of: the step divides by the weight of all shards.
    pub weight: f64,
}

/// What is trained.
pub trait Network: Sync {
    /// What all shards of a step share, such as negatives.
    type Shared: Sync;

    /// How many examples there are.
    fn n_examples(&self) -> usize;

    /// Draws what a step shares, and says which rows of each table it needs.
    fn share(&self, examples: &[u32], rng: &mut Rng) -> (Self::Shared, Vec<Rows>);

    /// The loss of a shard's examples; `None` where they have nothing to teach.
    fn loss(
        &self,
        tape: &mut Tape<'_>,
        leaves: Leaves<'_>,
        shared: &Self::Shared,
        examples: &[u32],
        rng: &mut Rng,
    ) -> Option<Loss>;
}

/// One training under way.
pub struct Trainer {
    pub(super) params: TrainParams,
    pub(super) seed: Seed,
    /// Fingerprint of examples and parameters.
    pub(super) of: u128,
    pub(super) weights: Weights,
    /// Weights of the best epoch, without moments, and its metric.
    pub(super) best: Option<(f64, Weights)>,
    /// Epochs since the best one.
    pub(super) worse: usize,
    pub(super) epoch: usize,
    pub(super) step_in_epoch: usize,
    pub(super) n_updates: u64,
    /// Loss and weight of the epoch so far.
    pub(super) sums: (f64, f64),
    pools: Vec<Pool>,
}

/// What a shard gives back.
struct Part {
    dense: Vec<Option<Vec<f32>>>,
    tables: Vec<Option<Vec<f32>>>,
    loss: f64,
    weight: f64,
}

impl Trainer {
    /// A training that has not begun. `of` is a fingerprint of the examples and of all parameters: a checkpoint of
    /// another one is refused.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a parameter outside its range.
    pub fn new(params: TrainParams, weights: Weights, seed: Seed, of: u128) -> Result<Self, LearnError> {
        for (name, value) in [("n_epochs", params.n_epochs), ("batch", params.batch), ("n_shards", params.n_shards)] {
            if value == 0 {
                return Err(LearnError::Param { name, rule: "at least 1", got: 0.0 });
            }
        }
        let adam = params.adam;
        let share = |v: f32| (0.0..1.0).contains(&v);
        for (name, value, rule, holds) in [
            ("rate", adam.rate, "above 0", adam.rate > 0.0 && adam.rate.is_finite()),
            ("beta1", adam.beta1, "at least 0 and below 1", share(adam.beta1)),
            ("beta2", adam.beta2, "at least 0 and below 1", share(adam.beta2)),
            ("epsilon", adam.epsilon, "above 0", adam.epsilon > 0.0),
            ("decay", adam.decay, "at least 0", adam.decay >= 0.0 && adam.decay.is_finite()),
            ("clip", params.clip, "above 0", params.clip > 0.0),
        ] {
            if !holds {
                return Err(LearnError::Param { name, rule, got: f64::from(value) });
            }
        }
        Ok(Self {
            params,
            seed,
            of,
            weights,
            best: None,
            worse: 0,
            epoch: 0,
            step_in_epoch: 0,
            n_updates: 0,
            sums: (0.0, 0.0),
            pools: Vec::new(),
        })
    }

    /// The weights as they are now.
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The weights of the best epoch, or of the last where no metric was taken, [settled](Weights::settled).
    pub fn into_weights(self) -> Weights {
        self.best.map_or_else(|| self.weights.settled(), |(_, weights)| weights)
    }

    /// Trains to the end or until `watch` pauses. `metric` is asked after every epoch, higher is better; `None`
    /// where nothing is held out.
    ///
    /// # Errors
    /// [`LearnError::TooLittleData`] without examples, [`LearnError::NotFinite`] when the loss ran away.
    pub fn run<N: Network>(
        &mut self,
        network: &N,
        metric: &mut dyn FnMut(&Weights) -> Option<f64>,
        watch: &mut dyn Watch,
    ) -> Result<(), LearnError> {
        let n = network.n_examples();
        if n == 0 {
            return Err(LearnError::TooLittleData { what: "examples", have: 0, need: 1 });
        }
        let n_steps = n.div_ceil(self.params.batch);
        while self.epoch < self.params.n_epochs && !self.is_over() {
            let seed = self.seed.derive(1 + self.epoch as u64);
            let mut order: Vec<u32> = (0..n as u32).collect();
            seed.stream(0).shuffle(&mut order);
            for (step, examples) in order.chunks(self.params.batch).enumerate().skip(self.step_in_epoch) {
                let all = self.params.n_epochs as u64 * n_steps as u64;
                self.step(network, examples, seed.derive(1 + step as u64), all)?;
                if !self.sums.0.is_finite() {
                    return Err(LearnError::NotFinite { row: self.epoch, column: step, value: self.sums.0 });
                }
                self.step_in_epoch = step + 1;
                if self.step_in_epoch < n_steps && self.tell(watch, self.progress(n_steps, None)) == Flow::Pause {
                    return Ok(());
                }
            }
            let metric = metric(&self.weights);
            if let Some(value) = metric {
                if self.best.as_ref().is_none_or(|(best, _)| value > *best) {
                    self.best = Some((value, self.weights.clone().settled()));
                    self.worse = 0;
                } else {
                    self.worse += 1;
                }
            }
            (self.epoch, self.step_in_epoch) = (self.epoch + 1, 0);
            let progress = self.progress(n_steps, metric);
            self.sums = (0.0, 0.0);
            if self.tell(watch, progress) == Flow::Pause {
                return Ok(());
            }
        }
        Ok(())
    }

    fn tell(&self, watch: &mut dyn Watch, progress: Progress) -> Flow {
        let flow = watch.at(progress);
        if flow == Flow::Keep {
            watch.keep(self.checkpoint());
        }
        flow
    }

    const fn is_over(&self) -> bool {
        matches!(self.params.stop, Stop::After(patience) if self.worse >= patience)
    }

    fn progress(&self, n_steps: usize, metric: Option<f64>) -> Progress {
        Progress {
            epoch: self.epoch,
            n_epochs: self.params.n_epochs,
            step: self.step_in_epoch,
            n_steps,
            loss: self.sums.0 / self.sums.1.max(f64::MIN_POSITIVE),
            metric,
        }
    }

    /// One update from these examples, of `all` that there will be.
    fn step<N: Network>(&mut self, network: &N, examples: &[u32], seed: Seed, all: u64) -> Result<(), LearnError> {
        let (shared, mut rows) = network.share(examples, &mut seed.stream(0));
        if rows.len() != self.weights.tables.len() {
            return Err(LearnError::Shape { what: "rows of tables", got: rows.len(), need: self.weights.tables.len() });
        }
        for rows in &mut rows {
            if let Rows::Some(rows) = rows {
                rows.sort_unstable();
                rows.dedup();
            }
        }
        let gathered: Vec<Option<Vec<f32>>> = (self.weights.tables.iter().zip(&rows))
            .map(|(table, rows)| match rows {
                Rows::All => None,
                Rows::Some(rows) => Some(table.gather(rows)),
            })
            .collect();
        let n_shards = self.params.n_shards;
        self.pools.resize_with(n_shards, Pool::default);
        let weights = &self.weights;
        let shard = |(s, pool): (usize, &mut Pool)| -> Option<Part> {
            let own: Vec<u32> = examples.iter().skip(s).step_by(n_shards).copied().collect();
            if own.is_empty() {
                return None;
            }
            let mut tape = Tape::new(std::mem::take(pool), Mode::Train);
            let dense: Vec<Var> = weights.dense.iter().map(|d| tape.leaf(&d.values, d.rows, d.cols)).collect();
            let tables: Vec<Var> = (weights.tables.iter().zip(&gathered))
                .map(|(table, gathered)| {
                    let data = gathered.as_ref().unwrap_or(&table.dense.values);
                    tape.leaf(data, data.len() / table.dense.cols, table.dense.cols)
                })
                .collect();
            let leaves = Leaves { dense: &dense, tables: &tables, rows: &rows };
            let loss = network.loss(&mut tape, leaves, &shared, &own, &mut seed.stream(1 + s as u64));
            let part = loss.map(|loss| {
                let value = f64::from(tape.value(loss.sum)[0]);
                tape.backward(loss.sum);
                Part {
                    dense: dense.iter().map(|v| tape.gradient(*v)).collect(),
                    tables: tables.iter().map(|v| tape.gradient(*v)).collect(),
                    loss: value,
                    weight: loss.weight,
                }
            });
            *pool = tape.into_pool();
            part
        };
        let mut parts: Vec<Option<Part>> = self.pools.par_iter_mut().enumerate().map(shard).collect();
        let weight: f64 = parts.iter().flatten().map(|p| p.weight).sum();
        if weight <= 0.0 {
            return Ok(());
        }
        self.sums.0 += parts.iter().flatten().map(|p| p.loss).sum::<f64>();
        self.sums.1 += weight;
        let dense = self.add_up(&mut parts, |part| &mut part.dense);
        let tables = self.add_up(&mut parts, |part| &mut part.tables);
        self.n_updates += 1;
        let scale = (1.0 / weight) as f32;
        let squares: f64 = dense.iter().flatten().map(|g| f64::from(math::sum_of_squares(g))).sum();
        let length = squares.sqrt() / weight;
        let shorten = if length > f64::from(self.params.clip) { self.params.clip / length as f32 } else { 1.0 };
        let warmth = match self.params.n_warmup {
            0 => 1.0,
            n => (self.n_updates as f32 / n as f32).min(1.0),
        };
        let warmth = warmth * self.params.cooling.share(self.n_updates, all);
        let step = self.params.adam.step(self.n_updates, warmth, scale * shorten);
        for (weights, gradient) in self.weights.dense.iter_mut().zip(&dense) {
            if let Some(gradient) = gradient {
                weights.apply(step, gradient);
            }
        }
        let step = self.params.adam.step(self.n_updates, warmth, scale);
        for ((table, rows), gradient) in self.weights.tables.iter_mut().zip(&rows).zip(&tables) {
            match (rows, gradient) {
                (Rows::All, Some(gradient)) => table.dense.apply(step, gradient),
                (Rows::Some(rows), Some(gradient)) => table.apply(step, rows, gradient),
                (_, None) => {}
            }
        }
        let pool = &mut self.pools[0];
        dense.into_iter().chain(tables).flatten().for_each(|gradient| pool.give(gradient));
        Ok(())
    }

    /// Sums of the shards' gradients, each added in the order of the shards; their buffers go back.
    fn add_up(
        &mut self,
        parts: &mut [Option<Part>],
        of: impl Fn(&mut Part) -> &mut Vec<Option<Vec<f32>>>,
    ) -> Vec<Option<Vec<f32>>> {
        const PART: usize = 1 << 14;
        let n = parts.iter_mut().flatten().map(|p| of(p).len()).max().unwrap_or(0);
        let mut sums = Vec::with_capacity(n);
        for i in 0..n {
            let each = parts.iter_mut().enumerate().filter_map(|(s, p)| Some((s, of(p.as_mut()?)[i].take()?)));
            let mut each: Vec<(usize, Vec<f32>)> = each.collect();
            if each.is_empty() {
                sums.push(None);
                continue;
            }
            let (_, mut sum) = each.remove(0);
            sum.par_chunks_mut(PART).enumerate().for_each(|(c, sum)| {
                for (_, more) in &each {
                    math::add_to(sum, &more[c * PART..c * PART + sum.len()]);
                }
            });
            for (s, buffer) in each {
                self.pools[s].give(buffer);
            }
            sums.push(Some(sum));
        }
        sums
    }
}
