//! NeuMF: how well an item goes with a history, by products and by layers together.
//!
//! A history is the mean of the vectors that its items have as something owned; an item has a vector as something
//! offered; each of them twice, once for a part that multiplies them factor by factor and once for a part that
//! sends both through layers. One weight a factor of both parts makes the score. Source: He et al., "Neural
//! collaborative filtering", WWW 2017, where a shopper has a vector of its own: here it is folded in from the
//! history, so that whoever comes after training has one too. Learns from bought items against drawn ones, by
//! cross-entropy or by squared error. Cost: `(1 + n_negatives)` passes an interaction; a score costs a pass.

use super::layers::Layers;
use super::sequences::{Sequences, read};
use super::{Training, at_least_one, droppable, left_out, print_on, unwatched};
use crate::Save;
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Rng, Score, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::net::{
    AdamParams, Leaves, Loss, Mode, Network, Pool, Rows, Start, Stop, Tape, TrainParams, Var, Watch, Weights,
};
use rayon::prelude::*;

/// What bought and drawn items are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairLabel {
    /// Cross-entropy of a probability: the score is the log-odds of a purchase.
    CrossEntropy,
    /// Squared distance to 1 and 0: the score is near them.
    Squared,
}

/// How it learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NeuMfParams {
    /// Length of a vector, at least 1.
    pub width: usize,
    /// Width of the first layer, the second has half of it; at least 2.
    pub hidden: usize,
    /// What is minimised.
    pub label: PairLabel,
    /// Items drawn against each bought one, at least 1.
    pub n_negatives: usize,
    /// Newest items of a history that are read, at least 1.
    pub max_len: usize,
    /// Share of cells set to 0 while learning, in 0..1.
    pub dropout: f32,
    /// Passes over all interactions at most, at least 1.
    pub n_epochs: usize,
    /// Epochs without a better NDCG@10 on kept items before it stops; 0 keeps nothing aside.
    pub patience: usize,
    /// Shoppers a step, at least 1.
    pub batch: usize,
    /// Step length of Adam, above 0.
    pub rate: f32,
}

impl Default for NeuMfParams {
    fn default() -> Self {
        Self {
            width: 32,
            hidden: 64,
            label: PairLabel::CrossEntropy,
            n_negatives: 8,
            max_len: 50,
            dropout: 0.2,
            n_epochs: 60,
            patience: 5,
            batch: 64,
            rate: 2e-3,
        }
    }
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct NeuMf {
    form: Form,
    weights: Weights,
    known: Vec<bool>,
}

#[derive(Clone, Debug, PartialEq)]
struct Form {
    params: NeuMfParams,
    layers: Layers,
    last: Layers,
}

/// Tables, in their order: owned and offered, for the products and for the layers.
const TABLES: [&str; 4] = ["owned, products", "offered, products", "owned, layers", "offered, layers"];

/// Items scored together, always as many: a product of other sizes may round otherwise, and a score must not
/// depend on who else is asked for.
const BLOCK: usize = 64;

struct Lessons<'a> {
    form: &'a Form,
    sequences: &'a Sequences,
    /// Items that can be drawn.
    items: Vec<u32>,
}

/// Questions of one pass: bags of owned items, each with the items asked about.
#[derive(Default)]
struct Asked {
    ends: Vec<u32>,
    owned: Vec<(u32, f32)>,
    /// The bag of each question.
    bag: Vec<u32>,
    offered: Vec<u32>,
}

impl Asked {
    fn add_bag(&mut self, items: impl ExactSizeIterator<Item = u32>) {
        let weight = 1.0 / (items.len().max(1) as f32).sqrt();
        self.owned.extend(items.map(|i| (i, weight)));
        self.ends.push(self.owned.len() as u32);
    }

    fn ask(&mut self, item: u32) {
        self.bag.push(self.ends.len() as u32 - 1);
        self.offered.push(item);
    }
}

impl Form {
    /// Adds the matrices.
    fn start(params: NeuMfParams, weights: &mut Weights, n_items: usize, rng: &mut Rng) -> Self {
        let NeuMfParams { width, hidden, .. } = params;
        for name in TABLES {
            weights.table(name, (n_items, width), Start::Normal(0.05), rng);
        }
        let layers = Layers::start(weights, "layers", 2 * width, &[hidden, hidden / 2], rng);
        let last = Layers::start(weights, "score", width + hidden / 2, &[1], rng);
        Self { params, layers, last }
    }

    /// One score a question.
    fn scores(&self, tape: &mut Tape<'_>, leaves: Leaves<'_>, asked: &Asked, rng: &mut Rng) -> Var {
        let dropout = self.params.dropout;
        let mut pair = |tape: &mut Tape<'_>, owned: usize, offered: usize| {
            let members = asked.owned.iter().map(|(i, w)| (leaves.local(owned, *i), *w)).collect();
            let bags = tape.bag(leaves.tables[owned], asked.ends.clone(), members);
            let x = tape.gather(bags, asked.bag.clone());
            let x = tape.dropout(x, dropout, rng.next_u64());
            let y =
                tape.gather(leaves.tables[offered], asked.offered.iter().map(|i| leaves.local(offered, *i)).collect());
            (x, y)
        };
        let (x, y) = pair(tape, 0, 1);
        let products = tape.mul(x, y);
        let (x, y) = pair(tape, 2, 3);
        let both = tape.beside(&[x, y]);
        let layers = self.layers.bent(tape, leaves.dense, both, dropout, rng);
        let all = tape.beside(&[products, layers]);
        self.last.straight(tape, leaves.dense, all)
    }

    /// Scores of one history and some items.
    fn ask(&self, weights: &Weights, history: &[u32], items: &[u32]) -> Vec<f32> {
        let mut scores = Vec::with_capacity(items.len());
        for items in items.chunks(BLOCK) {
            let mut asked = Asked::default();
            asked.add_bag(history.iter().copied());
            let padded = items.iter().chain(std::iter::repeat(&items[0]));
            padded.take(BLOCK).for_each(|i| asked.ask(*i));
            let mut tape = Tape::new(Pool::default(), Mode::Infer);
            let (dense, tables) = tape.lend(weights);
            let leaves = Leaves::new(&dense, &tables, &[const { Rows::All }; TABLES.len()]);
            let out = self.scores(&mut tape, leaves, &asked, &mut Rng::new(0));
            scores.extend_from_slice(&tape.value(out)[..items.len()]);
        }
        scores
    }
}

impl Network for Lessons<'_> {
    /// Items drawn for each example, one list after the other.
    type Shared = std::collections::BTreeMap<u32, Vec<u32>>;

    fn n_examples(&self) -> usize {
        self.sequences.rows.len()
    }

    fn share(&self, examples: &[u32], rng: &mut Rng) -> (Self::Shared, Vec<Rows>) {
        let (mut own, mut offered, mut drawn) = (Vec::new(), Vec::new(), Self::Shared::new());
        for e in examples {
            let items = &self.sequences.rows[*e as usize];
            let n = items.len() * self.form.params.n_negatives;
            let negatives: Vec<u32> = (0..n).map(|_| self.items[rng.below(self.items.len())]).collect();
            own.extend_from_slice(items);
            offered.extend_from_slice(&negatives);
            drawn.insert(*e, negatives);
        }
        offered.extend_from_slice(&own);
        let rows = |ids: &Vec<u32>| Rows::Some(ids.clone());
        (drawn, vec![rows(&own), rows(&offered), rows(&own), rows(&offered)])
    }

    fn loss(
        &self,
        tape: &mut Tape<'_>,
        leaves: Leaves<'_>,
        drawn: &Self::Shared,
        examples: &[u32],
        rng: &mut Rng,
    ) -> Option<Loss> {
        let (mut asked, mut labels) = (Asked::default(), Vec::new());
        let n = self.form.params.n_negatives;
        for e in examples {
            let items = &self.sequences.rows[*e as usize];
            let drawn = drawn.get(e)?;
            for (at, item) in items.iter().enumerate() {
                // What is asked for is not among what is owned.
                let others: Vec<u32> = items.iter().copied().filter(|i| i != item).collect();
                if others.is_empty() {
                    continue;
                }
                asked.add_bag(others.into_iter());
                asked.ask(*item);
                labels.push(1.0);
                for negative in drawn[at * n..(at + 1) * n].iter().filter(|i| !items.contains(i)) {
                    asked.ask(*negative);
                    labels.push(0.0);
                }
            }
        }
        if labels.is_empty() {
            return None;
        }
        let scores = self.form.scores(tape, leaves, &asked, rng);
        let ones = vec![1.0; labels.len()];
        let sum = match self.form.params.label {
            PairLabel::CrossEntropy => tape.logistic_loss(scores, &labels, &ones),
            PairLabel::Squared => tape.squared_loss(scores, &labels, &ones),
        };
        Some(Loss { sum, weight: labels.len() as f64 })
    }
}

impl Fit for NeuMfParams {
    type Model = NeuMf;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range, [`FitError::Diverged`] when the steps ran away.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<NeuMf, FitError> {
        self.fit_watched(train, seed, &mut unwatched())
    }
}

impl NeuMfParams {
    /// As [`Fit::fit`], with somebody who hears of the progress, may end it, and keeps what it takes to go on.
    ///
    /// # Errors
    /// As for a fit.
    pub fn fit_watched(&self, train: &Interactions, seed: Seed, watch: &mut dyn Watch) -> Result<NeuMf, FitError> {
        at_least_one(&[
            ("width", self.width),
            ("hidden", self.hidden / 2),
            ("n_negatives", self.n_negatives),
            ("max_len", self.max_len),
            ("n_epochs", self.n_epochs),
            ("batch", self.batch),
        ])?;
        droppable(self.dropout)?;
        let sequences = Sequences::new(train, self.max_len, self.patience > 0);
        let (mut weights, mut rng) = (Weights::default(), seed.stream(0));
        let form = Form::start(*self, &mut weights, train.n_items(), &mut rng);
        let items: Vec<u32> = (0..train.n_items() as u32).filter(|i| sequences.known[*i as usize]).collect();
        let how = TrainParams {
            n_epochs: self.n_epochs,
            batch: self.batch,
            adam: AdamParams { rate: self.rate, ..AdamParams::default() },
            stop: if self.patience > 0 { Stop::After(self.patience) } else { Stop::Never },
            ..TrainParams::default()
        };
        let lessons = Lessons { form: &form, sequences: &sequences, items };
        let mut metric =
            |weights: &Weights| (!sequences.aside.is_empty()).then(|| ndcg(&form, weights, &sequences, &lessons.items));
        let of = print_on(self, seed, train);
        let weights = Training { how, weights, seed, of }.run(&lessons, &mut metric, watch)?;
        Ok(NeuMf { form, weights, known: sequences.known })
    }
}

/// Questions asked after an epoch: each costs a pass over all items.
const MAX_QUESTIONS: usize = 200;

/// Mean NDCG@10 of items kept aside among the known ones that the history lacks.
fn ndcg(form: &Form, weights: &Weights, sequences: &Sequences, items: &[u32]) -> f64 {
    let ask = |(history, answer): &(Vec<u32>, u32)| {
        let known: Vec<u32> = history.iter().copied().filter(|i| sequences.known[*i as usize]).collect();
        let Some(own) = items.iter().position(|i| i == answer).filter(|_| !known.is_empty()) else { return 0.0 };
        let scores = form.ask(weights, &known, items);
        let ahead = |i: &usize| scores[*i] > scores[own] || (scores[*i] == scores[own] && *i < own);
        let before = (0..items.len()).filter(|i| !history.contains(&items[*i])).filter(ahead).count();
        if before < 10 { 1.0 / (before as f64 + 2.0).log2() } else { 0.0 }
    };
    let questions = &sequences.aside[..sequences.aside.len().min(MAX_QUESTIONS)];
    let marks: Vec<f64> = questions.par_iter().map(ask).collect();
    marks.iter().sum::<f64>() / marks.len().max(1) as f64
}

impl Save for NeuMf {
    fn save(&self, to: &mut Writer) {
        let NeuMfParams { width, hidden, max_len, .. } = self.form.params;
        to.u64s("sizes", &[width, hidden, max_len].map(|n| n as u64));
        super::save(&self.weights, &self.known, to);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [width, hidden, max_len] = super::sizes(from)?;
        if hidden < 2 {
            return Err(ContainerError::content("sizes", "a hidden layer of at least 2"));
        }
        let known = super::known(from)?;
        let params = NeuMfParams { width, hidden, max_len, ..NeuMfParams::default() };
        // The layers' places among the matrices follow from the sizes alone.
        let form = Form::start(params, &mut Weights::outline(), known.len(), &mut Rng::new(0));
        let weights = super::load(from, |weights, rng| {
            Form::start(params, weights, known.len(), rng);
        })?;
        Ok(Self { form, weights, known })
    }
}

impl NeuMf {
    fn history(&self, history: History<'_>) -> Vec<ItemIdx> {
        // As a set: in the order of items, so that the same set has the same bits.
        let mut items = read(history, &self.known, self.form.params.max_len);
        items.sort_unstable();
        items
    }

    fn ask(&self, history: &[ItemIdx], items: &[u32]) -> Vec<f32> {
        let history: Vec<u32> = history.iter().map(|i| i.0).collect();
        self.form.ask(&self.weights, &history, items)
    }

    /// The learnt matrices, as they are saved.
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }
}

impl Score for NeuMf {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let history = self.history(history);
        if history.is_empty() {
            return vec![None; candidates.len()];
        }
        let is_known = |c: &&ItemIdx| self.known.get(c.at()) == Some(&true);
        let known: Vec<u32> = candidates.iter().filter(is_known).map(|c| c.0).collect();
        let mut scores = self.ask(&history, &known).into_iter();
        candidates.iter().map(|c| if is_known(&c) { scores.next() } else { None }).collect()
    }
}

impl Explain for NeuMf {
    /// What each item of the history brings is what the score loses without it; the rest is the item's own.
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let items = self.history(history);
        if items.is_empty() || self.known.get(candidate.at()) != Some(&true) {
            return Vec::new();
        }
        left_out(&items, &|items| self.ask(items, &[candidate.0])[0])
    }
}
