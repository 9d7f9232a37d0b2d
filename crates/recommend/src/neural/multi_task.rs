//! Several outcomes learnt together: click, cart and purchase of one impression.
//!
//! Rare outcomes learn from frequent ones through what they share: one stack of layers for all (shared bottom), or
//! several experts that each outcome mixes in its own proportions (MMoE), which protects outcomes that have little
//! in common. Each outcome ends in a tower of its own; the losses are added with weights. Sources: Caruana,
//! "Multitask learning", Machine Learning 28, 1997; Ma et al., "Modeling task relationships in multi-task learning
//! with multi-gate mixture-of-experts", KDD 2018. Cost: one pass over the shared part for all outcomes.

use super::layers::Layers;
use super::wide_deep::check_labels;
use super::{Described, Training, at_least_one, droppable, print_of, unwatched};
use domain::{FitError, Rng, Seed};
use learn::container::{ContainerError, Reader};
use learn::net::{AdamParams, Leaves, Loss, Mode, Network, Pool, Rows, Tape, TrainParams, Var, Watch, Weights};

/// What outcomes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// One stack of layers.
    Bottom,
    /// Several, mixed by a gate for each outcome.
    Experts {
        /// How many, at least 1.
        n: usize,
    },
}

/// How it learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultiTaskParams {
    /// Length of a value's vector, at least 1.
    pub width: usize,
    /// What outcomes share.
    pub sharing: Sharing,
    /// Width of the shared layers, at least 1.
    pub shared: usize,
    /// Width of an outcome's own layer, at least 1.
    pub tower: usize,
    /// Share of cells set to 0 while learning, in 0..1.
    pub dropout: f32,
    /// Passes over the rows at most, at least 1.
    pub n_epochs: usize,
    /// Epochs without a smaller loss on a tenth of the rows kept aside before it stops; 0 keeps nothing aside and runs
    /// all epochs.
    pub patience: usize,
    /// Rows a step, at least 1.
    pub batch: usize,
    /// Step length of Adam, above 0.
    pub rate: f32,
}

impl Default for MultiTaskParams {
    fn default() -> Self {
        Self {
            width: 16,
            sharing: Sharing::Experts { n: 4 },
            shared: 32,
            tower: 16,
            dropout: 0.1,
            n_epochs: 20,
            patience: 5,
            batch: 256,
            rate: 3e-3,
        }
    }
}

/// One outcome to learn.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// In 0..=1, one a row.
    pub labels: Vec<f32>,
    /// What its loss counts, above 0.
    pub weight: f32,
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiTask {
    form: Form,
    weights: Weights,
    names: Vec<String>,
    like: Described,
}

#[derive(Clone, Debug, PartialEq)]
struct Form {
    params: MultiTaskParams,
    experts: Vec<Layers>,
    /// Gate (absent for a shared bottom), own layer, last layer of each outcome.
    towers: Vec<(Option<Layers>, Layers, Layers)>,
}

struct Lessons<'a> {
    form: &'a Form,
    data: &'a Described,
    outcomes: &'a [Outcome],
}

impl Form {
    fn start(params: &MultiTaskParams, data: &Described, n: usize, weights: &mut Weights, rng: &mut Rng) -> Self {
        data.start(weights, "shared", params.width, rng);
        let input = data.width(params.width);
        let n_experts = match params.sharing {
            Sharing::Bottom => 1,
            Sharing::Experts { n } => n,
        };
        let expert = |e: usize, weights: &mut Weights, rng: &mut Rng| {
            Layers::start(weights, &format!("expert {e}"), input, &[params.shared, params.shared], rng)
        };
        let experts = (0..n_experts).map(|e| expert(e, weights, rng)).collect();
        let tower = |t: usize, weights: &mut Weights, rng: &mut Rng| {
            let gated = params.sharing != Sharing::Bottom;
            let gate = gated.then(|| Layers::start(weights, &format!("gate {t}"), input, &[n_experts], rng));
            let own = Layers::start(weights, &format!("tower {t}"), params.shared, &[params.tower], rng);
            (gate, own, Layers::start(weights, &format!("outcome {t}"), params.tower, &[1], rng))
        };
        let towers = (0..n).map(|t| tower(t, weights, rng)).collect();
        Self { params: *params, experts, towers }
    }

    /// One logit a row for each outcome.
    fn logits(
        &self,
        tape: &mut Tape<'_>,
        leaves: Leaves<'_>,
        data: &Described,
        rows: &[u32],
        rng: &mut Rng,
    ) -> Vec<Var> {
        let x = data.embed(tape, leaves, 0, rows);
        let dropout = self.params.dropout;
        let experts: Vec<Var> = self.experts.iter().map(|e| e.bent(tape, leaves.dense, x, dropout, rng)).collect();
        let tower = |(gate, own, last): &(Option<Layers>, Layers, Layers)| {
            let shared = match gate {
                None => experts[0],
                Some(gate) => {
                    let gates = gate.straight(tape, leaves.dense, x);
                    let gates = tape.softmax(gates);
                    tape.mix(gates, &experts)
                }
            };
            let y = own.bent(tape, leaves.dense, shared, dropout, rng);
            last.straight(tape, leaves.dense, y)
        };
        self.towers.iter().map(tower).collect()
    }
}

impl Network for Lessons<'_> {
    type Shared = ();

    fn n_examples(&self) -> usize {
        self.data.n_rows()
    }

    fn share(&self, examples: &[u32], _: &mut Rng) -> ((), Vec<Rows>) {
        ((), self.data.rows(examples.iter().copied()))
    }

    fn loss(&self, tape: &mut Tape<'_>, leaves: Leaves<'_>, (): &(), examples: &[u32], rng: &mut Rng) -> Option<Loss> {
        let logits = self.form.logits(tape, leaves, self.data, examples, rng);
        let mut sum: Option<Var> = None;
        for (x, outcome) in logits.into_iter().zip(self.outcomes) {
            let labels: Vec<f32> = examples.iter().map(|e| outcome.labels[*e as usize]).collect();
            let loss = tape.logistic_loss(x, &labels, &vec![outcome.weight; labels.len()]);
            sum = Some(sum.map_or(loss, |sum| tape.add(sum, loss)));
        }
        sum.map(|sum| Loss { sum, weight: examples.len() as f64 })
    }
}

impl MultiTaskParams {
    /// Learns the probability of every outcome.
    ///
    /// # Errors
    /// [`FitError::Param`] for a parameter, label or weight outside its range, [`FitError::TooLittleData`] without
    /// outcomes, rows or anything known of them, [`FitError::Diverged`] when the steps ran away.
    pub fn fit(&self, data: &Described, outcomes: &[Outcome], seed: Seed) -> Result<MultiTask, FitError> {
        self.fit_watched(data, outcomes, seed, &mut unwatched())
    }

    /// As [`Self::fit`], with somebody who hears of the progress, may end it, and keeps what it takes to go on.
    ///
    /// # Errors
    /// As for a fit.
    pub fn fit_watched(
        &self,
        data: &Described,
        outcomes: &[Outcome],
        seed: Seed,
        watch: &mut dyn Watch,
    ) -> Result<MultiTask, FitError> {
        let n_experts = match self.sharing {
            Sharing::Bottom => 1,
            Sharing::Experts { n } => n,
        };
        at_least_one(&[
            ("width", self.width),
            ("sharing", n_experts),
            ("shared", self.shared),
            ("tower", self.tower),
            ("n_epochs", self.n_epochs),
            ("batch", self.batch),
        ])?;
        droppable(self.dropout)?;
        if outcomes.is_empty() {
            return Err(FitError::TooLittleData { what: "outcomes", have: 0, need: 1 });
        }
        for outcome in outcomes {
            check_labels(data, &outcome.labels)?;
            if !(outcome.weight > 0.0 && outcome.weight.is_finite()) {
                return Err(FitError::Param { name: "weight", rule: "above 0", got: f64::from(outcome.weight) });
            }
        }
        let names = outcomes.iter().map(|o| o.name.clone()).collect();
        let MultiTask { form, weights, names, like } = MultiTask::untrained(self, data, names, seed);
        let adam = AdamParams { rate: self.rate, ..AdamParams::default() };
        let how = TrainParams { n_epochs: self.n_epochs, batch: self.batch, adam, ..TrainParams::default() };
        let mut print = print_of(self, seed);
        data.print(&mut print);
        for outcome in outcomes {
            print.add_text(&outcome.name);
            print.add(u64::from(outcome.weight.to_bits()));
            outcome.labels.iter().for_each(|y| print.add(u64::from(y.to_bits())));
        }
        let training = Training { how, weights, seed, of: print.value() };
        let weights = training.run_in_time(&Lessons { form: &form, data, outcomes }, self.patience, watch)?;
        Ok(MultiTask { form, weights, names, like })
    }
}

impl MultiTask {
    /// The probability of each row for each outcome, by its name.
    ///
    /// # Errors
    /// [`FitError::Param`] for rows with other fields than those it learnt from.
    pub fn probabilities(&self, data: &Described) -> Result<Vec<(&str, Vec<f32>)>, FitError> {
        if !self.like.is_like(data) {
            return Err(FitError::Param {
                name: "data",
                rule: "described by the fields of training",
                got: data.n_fields() as f64,
            });
        }
        let mut all: Vec<(&str, Vec<f32>)> = self.names.iter().map(|name| (name.as_str(), Vec::new())).collect();
        let rows: Vec<u32> = (0..data.n_rows() as u32).collect();
        for rows in rows.chunks(1024) {
            for ((_, all), log_odds) in all.iter_mut().zip(self.log_odds(data, rows)) {
                all.extend(log_odds.into_iter().map(|x| 1.0 / (1.0 + (-x).exp())));
            }
        }
        Ok(all)
    }

    /// The logarithm of the odds of some rows for each outcome, in one pass; the fields are those of training.
    pub(super) fn log_odds(&self, data: &Described, rows: &[u32]) -> Vec<Vec<f32>> {
        let mut tape = Tape::new(Pool::default(), Mode::Infer);
        let (dense, tables) = tape.lend(&self.weights);
        let whole = vec![Rows::All; tables.len()];
        let leaves = Leaves::new(&dense, &tables, &whole);
        let logits = self.form.logits(&mut tape, leaves, data, rows, &mut Rng::new(0));
        logits.into_iter().map(|x| tape.value(x).to_vec()).collect()
    }

    /// The names of the outcomes.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// What training begins with.
    pub(super) fn untrained(params: &MultiTaskParams, data: &Described, names: Vec<String>, seed: Seed) -> Self {
        let mut weights = Weights::default();
        let form = Form::start(params, data, names.len(), &mut weights, &mut seed.stream(0));
        Self { form, weights, names, like: data.without_rows() }
    }

    /// Reads the matrices of a model with these parameters, outcomes and fields.
    pub(super) fn load(
        params: &MultiTaskParams,
        names: Vec<String>,
        like: Described,
        from: &Reader<'_>,
    ) -> Result<Self, ContainerError> {
        let start = |weights: &mut Weights, rng: &mut Rng| Form::start(params, &like, names.len(), weights, rng);
        let form = start(&mut Weights::outline(), &mut Rng::new(0));
        let weights = super::load(from, |weights, rng| {
            start(weights, rng);
        })?;
        Ok(Self { form, weights, names, like })
    }

    /// The learnt matrices, as they are saved.
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }
}
