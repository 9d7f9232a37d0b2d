//! Wide & Deep: a probability from remembered combinations and from learnt likeness together.
//!
//! `σ(wide + deep)`: the wide part is a weight for each value and for each pair of values of the crossed
//! fields, the deep part a stack of layers over the values' vectors; both learn from one loss. The wide part
//! remembers what happens with exactly this pair, the deep part speaks of pairs that were never seen. Source:
//! Cheng et al., "Wide & deep learning for recommender systems", DLRS 2016. Cost: a step touches the values of
//! its rows alone, whatever their number.

use super::layers::Layers;
use super::{Described, Training, at_least_one, droppable, print_of, unwatched};
use domain::{FitError, Rng, Seed};
use learn::container::{ContainerError, Reader};
use learn::net::{AdamParams, Leaves, Loss, Mode, Network, Pool, Rows, Start, Tape, TrainParams, Var, Watch, Weights};

/// How it learns.
#[derive(Clone, Debug, PartialEq)]
pub struct WideDeepParams {
    /// Length of a value's vector, at least 1.
    pub width: usize,
    /// Widths of the deep part's layers; empty leaves the deep part out.
    pub layers: Vec<usize>,
    /// Whether values and crosses have weights of their own.
    pub wide: Wide,
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

/// The wide part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wide {
    /// None.
    Without,
    /// A weight a value, and a weight a pair of values for each of these pairs of fields.
    Crossed(Vec<(usize, usize)>),
}

impl Default for WideDeepParams {
    fn default() -> Self {
        Self {
            width: 16,
            layers: vec![64, 32],
            wide: Wide::Crossed(Vec::new()),
            dropout: 0.1,
            n_epochs: 20,
            patience: 5,
            batch: 256,
            rate: 3e-3,
        }
    }
}

/// Most weights that the pairs of one cross have; more pairs share weights by hash.
const MAX_CROSS: usize = 1 << 18;

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct WideDeep {
    form: Form,
    weights: Weights,
    /// A description of no rows: what a described row has to look like.
    like: Described,
}

/// What is computed, with where its matrices lie.
#[derive(Clone, Debug, PartialEq)]
struct Form {
    params: WideDeepParams,
    n_fields: usize,
    deep: Option<(Layers, Layers)>,
}

struct Lessons<'a> {
    form: &'a Form,
    data: &'a Described,
    labels: &'a [f32],
}

impl Form {
    /// Adds the matrices.
    fn start(
        params: &WideDeepParams,
        data: &Described,
        weights: &mut Weights,
        rng: &mut Rng,
    ) -> Result<Self, FitError> {
        let mut form = Self { params: params.clone(), n_fields: data.n_fields(), deep: None };
        weights.dense("level", (1, 1), Start::Constant(0.0), rng);
        if let Some(last) = params.layers.last() {
            data.start(weights, "deep", params.width, rng);
            let layers = Layers::start(weights, "deep", data.width(params.width), &params.layers, rng);
            let out = Layers::start(weights, "deep out", *last, &[1], rng);
            form.deep = Some((layers, out));
        }
        if let Wide::Crossed(crosses) = &params.wide {
            for f in 0..data.n_fields() {
                weights.table(&format!("wide: {f}"), (data.n_values(f), 1), Start::Constant(0.0), rng);
            }
            for (a, b) in crosses {
                if let Some(bad) = [a, b].into_iter().find(|f| **f >= data.n_fields()) {
                    return Err(FitError::Param { name: "wide", rule: "crosses of existing fields", got: *bad as f64 });
                }
                let shape = (n_pairs(data, (*a, *b)), 1);
                weights.table(&format!("wide: {a} × {b}"), shape, Start::Constant(0.0), rng);
            }
        }
        Ok(form)
    }

    /// Deep tables come first, then the wide ones of the fields, then those of the crosses.
    fn first_wide(&self) -> usize {
        if self.deep.is_some() { self.n_fields } else { 0 }
    }

    fn crosses(&self) -> Option<&[(usize, usize)]> {
        match &self.params.wide {
            Wide::Without => None,
            Wide::Crossed(crosses) => Some(crosses),
        }
    }

    /// Pairs of values of a cross that a row has.
    fn pairs(&self, data: &Described, (a, b): (usize, usize), row: u32) -> Vec<(u32, f32)> {
        let n = n_pairs(data, (a, b));
        let both = data.members(a, row).iter().flat_map(|x| data.members(b, row).iter().map(move |y| (x, y)));
        let place = |x: u32, y: u32| (u64::from(x) * data.n_values(b) as u64 + u64::from(y)) % n as u64;
        both.map(|(x, y)| (place(x.0, y.0) as u32, x.1 * y.1)).collect()
    }

    fn rows(&self, data: &Described, rows: &[u32]) -> Vec<Rows> {
        let mut all = Vec::new();
        if self.deep.is_some() {
            all.extend(data.rows(rows.iter().copied()));
        }
        if let Some(crosses) = self.crosses() {
            all.extend(data.rows(rows.iter().copied()));
            for cross in crosses {
                let ids = rows.iter().flat_map(|r| self.pairs(data, *cross, *r)).map(|(id, _)| id).collect();
                all.push(Rows::Some(ids));
            }
        }
        all
    }

    /// One logit a row.
    fn logits(&self, tape: &mut Tape<'_>, leaves: Leaves<'_>, data: &Described, rows: &[u32], rng: &mut Rng) -> Var {
        let ones = tape.constant(vec![1.0; rows.len()], rows.len(), 1);
        let mut sum = tape.matmul(ones, leaves.dense[0]);
        if let Some((layers, last)) = &self.deep {
            let x = data.embed(tape, leaves, 0, rows);
            let x = layers.bent(tape, leaves.dense, x, self.params.dropout, rng);
            let deep = last.straight(tape, leaves.dense, x);
            sum = tape.add(sum, deep);
        }
        if let Some(crosses) = self.crosses() {
            let first = self.first_wide();
            let field = |f: usize| move |r: u32| data.members(f, r).to_vec();
            for f in 0..self.n_fields {
                sum = wide_part(tape, leaves, first + f, rows, &field(f), sum);
            }
            for (c, cross) in crosses.iter().enumerate() {
                let table = first + self.n_fields + c;
                sum = wide_part(tape, leaves, table, rows, &|r| self.pairs(data, *cross, r), sum);
            }
        }
        sum
    }
}

fn wide_part(
    tape: &mut Tape<'_>,
    leaves: Leaves<'_>,
    table: usize,
    rows: &[u32],
    members_of: &dyn Fn(u32) -> Vec<(u32, f32)>,
    sum: Var,
) -> Var {
    let (mut ends, mut members) = (Vec::new(), Vec::new());
    for r in rows {
        members.extend(members_of(*r).into_iter().map(|(v, w)| (leaves.local(table, v), w)));
        ends.push(members.len() as u32);
    }
    let part = tape.bag(leaves.tables[table], ends, members);
    tape.add(sum, part)
}

fn n_pairs(data: &Described, (a, b): (usize, usize)) -> usize {
    (data.n_values(a) * data.n_values(b)).min(MAX_CROSS)
}

impl Network for Lessons<'_> {
    type Shared = ();

    fn n_examples(&self) -> usize {
        self.labels.len()
    }

    fn share(&self, examples: &[u32], _: &mut Rng) -> ((), Vec<Rows>) {
        ((), self.form.rows(self.data, examples))
    }

    fn loss(&self, tape: &mut Tape<'_>, leaves: Leaves<'_>, (): &(), examples: &[u32], rng: &mut Rng) -> Option<Loss> {
        let logits = self.form.logits(tape, leaves, self.data, examples, rng);
        let labels: Vec<f32> = examples.iter().map(|e| self.labels[*e as usize]).collect();
        let sum = tape.logistic_loss(logits, &labels, &vec![1.0; labels.len()]);
        Some(Loss { sum, weight: labels.len() as f64 })
    }
}

impl WideDeepParams {
    /// Learns the probability that a row's label is 1; labels are in 0..=1.
    ///
    /// # Errors
    /// [`FitError::Param`] for a parameter, cross or label outside its range, [`FitError::TooLittleData`] without rows
    /// or without anything known of them, [`FitError::Diverged`] when the steps ran away.
    pub fn fit(&self, data: &Described, labels: &[f32], seed: Seed) -> Result<WideDeep, FitError> {
        self.fit_watched(data, labels, seed, &mut unwatched())
    }

    /// As [`Self::fit`], with somebody who hears of the progress, may end it, and keeps what it takes to go on.
    ///
    /// # Errors
    /// As for a fit.
    pub fn fit_watched(
        &self,
        data: &Described,
        labels: &[f32],
        seed: Seed,
        watch: &mut dyn Watch,
    ) -> Result<WideDeep, FitError> {
        at_least_one(&[("width", self.width), ("n_epochs", self.n_epochs), ("batch", self.batch)])?;
        at_least_one(&self.layers.iter().map(|w| ("layers", *w)).collect::<Vec<_>>())?;
        droppable(self.dropout)?;
        check_labels(data, labels)?;
        let WideDeep { form, weights, like } = WideDeep::untrained(self, data, seed)?;
        let mut print = print_of(self, seed);
        data.print(&mut print);
        labels.iter().for_each(|y| print.add(u64::from(y.to_bits())));
        let training = Training { how: self.how(), weights, seed, of: print.value() };
        let weights = training.run_in_time(&Lessons { form: &form, data, labels }, self.patience, watch)?;
        Ok(WideDeep { form, weights, like })
    }

    fn how(&self) -> TrainParams {
        let adam = AdamParams { rate: self.rate, ..AdamParams::default() };
        TrainParams { n_epochs: self.n_epochs, batch: self.batch, adam, ..TrainParams::default() }
    }
}

/// Labels in 0..=1, one a row, and something known of the rows.
pub(super) fn check_labels(data: &Described, labels: &[f32]) -> Result<(), FitError> {
    if labels.len() != data.n_rows() {
        return Err(FitError::Param { name: "labels", rule: "one a row", got: labels.len() as f64 });
    }
    if let Some(bad) = labels.iter().find(|y| !(0.0..=1.0).contains(*y)) {
        return Err(FitError::Param { name: "labels", rule: "in 0..=1", got: f64::from(*bad) });
    }
    if labels.is_empty() || data.is_empty() {
        return Err(FitError::TooLittleData { what: "described rows", have: 0, need: 1 });
    }
    Ok(())
}

impl WideDeep {
    /// The probability of each row.
    ///
    /// # Errors
    /// [`FitError::Param`] for rows with other fields than those it learnt from.
    pub fn probabilities(&self, data: &Described) -> Result<Vec<f32>, FitError> {
        if !self.like.is_like(data) {
            return Err(FitError::Param {
                name: "data",
                rule: "described by the fields of training",
                got: data.n_fields() as f64,
            });
        }
        let rows: Vec<u32> = (0..data.n_rows() as u32).collect();
        let logits = rows.chunks(1024).flat_map(|rows| self.log_odds(data, rows));
        Ok(logits.map(|x| 1.0 / (1.0 + (-x).exp())).collect())
    }

    /// The logarithm of the odds of some rows, in one pass; the fields are those of training.
    pub(super) fn log_odds(&self, data: &Described, rows: &[u32]) -> Vec<f32> {
        let mut tape = Tape::new(Pool::default(), Mode::Infer);
        let (dense, tables) = tape.lend(&self.weights);
        let whole = vec![Rows::All; tables.len()];
        let leaves = Leaves::new(&dense, &tables, &whole);
        let logits = self.form.logits(&mut tape, leaves, data, rows, &mut Rng::new(0));
        tape.value(logits).to_vec()
    }

    /// What training begins with.
    pub(super) fn untrained(params: &WideDeepParams, data: &Described, seed: Seed) -> Result<Self, FitError> {
        let mut weights = Weights::default();
        let form = Form::start(params, data, &mut weights, &mut seed.stream(0))?;
        Ok(Self { form, weights, like: data.without_rows() })
    }

    /// Reads the matrices of a model with these parameters and fields.
    pub(super) fn load(params: &WideDeepParams, like: Described, from: &Reader<'_>) -> Result<Self, ContainerError> {
        let start = |weights: &mut Weights, rng: &mut Rng| Form::start(params, &like, weights, rng);
        let form = start(&mut Weights::outline(), &mut Rng::new(0));
        let form = form.map_err(|e| ContainerError::content("sizes", e.to_string()))?;
        let weights = super::load(from, |weights, rng| {
            // It was started above.
            let _ = start(weights, rng);
        })?;
        Ok(Self { form, weights, like })
    }

    /// The learnt matrices, as they are saved.
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }
}
