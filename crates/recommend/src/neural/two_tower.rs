//! Two towers: described shoppers and described items in one space, so that what nobody has bought has a place.
//!
//! One stack of layers turns what is known of a shopper into a vector of length 1, another one what is known of an
//! item; their product over a temperature is compared with that of the other items of the step, corrected for how
//! often each item is there to be compared with. No item or shopper has a vector of its own, only its values do: a
//! new one is placed by its description. Source: Yi et al., "Sampling-bias-corrected neural modeling for large corpus
//! item recommendations", RecSys 2019. Cost: one pass through a tower for a shopper or item, then a product.

use super::layers::Layers;
use super::{Described, Training, at_least_one, droppable, print_of, unwatched};
use domain::{FitError, Rng, Seed};
use learn::container::{ContainerError, Reader};
use learn::net::{AdamParams, Leaves, Loss, Mode, Network, Pool, Rows, Tape, TrainParams, Var, Watch, Weights};

/// How it learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoTowerParams {
    /// Length of a value's vector, at least 1.
    pub width: usize,
    /// Width of the layer inside a tower, at least 1.
    pub hidden: usize,
    /// Length of the vectors of shoppers and items, at least 1.
    pub out: usize,
    /// What products are divided by, above 0: low makes the best item count most.
    pub temperature: f32,
    /// Share of cells set to 0 while learning, in 0..1.
    pub dropout: f32,
    /// Passes over the pairs at most, at least 1.
    pub n_epochs: usize,
    /// Epochs without a smaller loss on a tenth of the pairs kept aside before it stops; 0 keeps nothing aside and runs
    /// all epochs.
    pub patience: usize,
    /// Pairs a step, at least 1; a pair is compared with an eighth of them.
    pub batch: usize,
    /// Step length of Adam, above 0.
    pub rate: f32,
}

impl Default for TwoTowerParams {
    fn default() -> Self {
        Self {
            width: 16,
            hidden: 64,
            out: 32,
            temperature: 0.1,
            dropout: 0.1,
            n_epochs: 20,
            patience: 5,
            batch: 1024,
            rate: 3e-3,
        }
    }
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoTower {
    params: TwoTowerParams,
    shoppers: Tower,
    items: Tower,
    weights: Weights,
}

/// One side.
#[derive(Clone, Debug, PartialEq)]
struct Tower {
    first_table: usize,
    layers: Layers,
    last: Layers,
    like: Described,
}

impl Tower {
    fn start(params: &TwoTowerParams, whose: &str, data: &Described, weights: &mut Weights, rng: &mut Rng) -> Self {
        let first_table = weights.all_tables().len();
        data.start(weights, whose, params.width, rng);
        let layers = Layers::start(weights, whose, data.width(params.width), &[params.hidden], rng);
        let last = Layers::start(weights, &format!("{whose} out"), params.hidden, &[params.out], rng);
        Self { first_table, layers, last, like: data.without_rows() }
    }

    fn vectors(
        &self,
        tape: &mut Tape<'_>,
        leaves: Leaves<'_>,
        (data, rows): (&Described, &[u32]),
        dropout: f32,
        rng: &mut Rng,
    ) -> Var {
        let x = data.embed(tape, leaves, self.first_table, rows);
        let x = self.layers.bent(tape, leaves.dense, x, dropout, rng);
        let x = self.last.straight(tape, leaves.dense, x);
        tape.unit_rows(x)
    }
}

struct Lessons<'a> {
    params: &'a TwoTowerParams,
    towers: [&'a Tower; 2],
    data: [&'a Described; 2],
    pairs: &'a [(u32, u32)],
    /// The logarithm of each item's share of the pairs.
    log_share: Vec<f32>,
}

impl Network for Lessons<'_> {
    type Shared = ();

    fn n_examples(&self) -> usize {
        self.pairs.len()
    }

    fn share(&self, examples: &[u32], _: &mut Rng) -> ((), Vec<Rows>) {
        let mut rows = self.data[0].rows(examples.iter().map(|e| self.pairs[*e as usize].0));
        rows.extend(self.data[1].rows(examples.iter().map(|e| self.pairs[*e as usize].1)));
        ((), rows)
    }

    fn loss(&self, tape: &mut Tape<'_>, leaves: Leaves<'_>, (): &(), examples: &[u32], rng: &mut Rng) -> Option<Loss> {
        let pairs: Vec<(u32, u32)> = examples.iter().map(|e| self.pairs[*e as usize]).collect();
        let shoppers: Vec<u32> = pairs.iter().map(|p| p.0).collect();
        // An item that several of them bought is there once.
        let mut items: Vec<u32> = pairs.iter().map(|p| p.1).collect();
        items.sort_unstable();
        items.dedup();
        let bought: Vec<u32> = pairs.iter().map(|p| items.partition_point(|i| *i < p.1) as u32).collect();
        let log_share: Vec<f32> = items.iter().map(|i| self.log_share[*i as usize]).collect();
        let dropout = self.params.dropout;
        let x = self.towers[0].vectors(tape, leaves, (self.data[0], &shoppers), dropout, rng);
        let y = self.towers[1].vectors(tape, leaves, (self.data[1], &items), dropout, rng);
        let x = tape.scale(x, 1.0 / self.params.temperature);
        let sum = tape.cross_entropy(x, y, &bought, &log_share);
        Some(Loss { sum, weight: pairs.len() as f64 })
    }
}

impl TwoTowerParams {
    /// Learns from pairs of shopper and item, rows of the two descriptions.
    ///
    /// # Errors
    /// [`FitError::Param`] for a parameter or pair outside its range, [`FitError::TooLittleData`] without pairs or
    /// without anything known of either side, [`FitError::Diverged`] when the steps ran away.
    pub fn fit(
        &self,
        shoppers: &Described,
        items: &Described,
        pairs: &[(u32, u32)],
        seed: Seed,
    ) -> Result<TwoTower, FitError> {
        self.fit_watched(shoppers, items, pairs, seed, &mut unwatched())
    }

    /// As [`Self::fit`], with somebody who hears of the progress, may end it, and keeps what it takes to go on.
    ///
    /// # Errors
    /// As for a fit.
    pub fn fit_watched(
        &self,
        shoppers: &Described,
        items: &Described,
        pairs: &[(u32, u32)],
        seed: Seed,
        watch: &mut dyn Watch,
    ) -> Result<TwoTower, FitError> {
        at_least_one(&[
            ("width", self.width),
            ("hidden", self.hidden),
            ("out", self.out),
            ("n_epochs", self.n_epochs),
            ("batch", self.batch),
        ])?;
        droppable(self.dropout)?;
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            let got = f64::from(self.temperature);
            return Err(FitError::Param { name: "temperature", rule: "above 0", got });
        }
        let outside = |p: &&(u32, u32)| p.0 as usize >= shoppers.n_rows() || p.1 as usize >= items.n_rows();
        if let Some(bad) = pairs.iter().find(outside) {
            return Err(FitError::Param {
                name: "pairs",
                rule: "rows of the descriptions",
                got: f64::from(bad.0.max(bad.1)),
            });
        }
        if pairs.is_empty() || shoppers.is_empty() || items.is_empty() {
            return Err(FitError::TooLittleData { what: "pairs of described rows", have: 0, need: 1 });
        }
        let begun = TwoTower::untrained(self, [shoppers, items], seed);
        let TwoTower { shoppers: of_shoppers, items: of_items, weights, .. } = begun;
        let mut counts = vec![0.0_f64; items.n_rows()];
        pairs.iter().for_each(|(_, item)| counts[*item as usize] += 1.0);
        let log_share = counts.iter().map(|n| (n.max(1.0) / pairs.len() as f64).ln() as f32).collect();
        let lessons =
            Lessons { params: self, towers: [&of_shoppers, &of_items], data: [shoppers, items], pairs, log_share };
        let adam = AdamParams { rate: self.rate, ..AdamParams::default() };
        let how = TrainParams { n_epochs: self.n_epochs, batch: self.batch, adam, ..TrainParams::default() };
        let mut print = print_of(self, seed);
        [shoppers, items].iter().for_each(|described| described.print(&mut print));
        pairs.iter().for_each(|(s, i)| print.add(u64::from(*s) << 32 | u64::from(*i)));
        let training = Training { how, weights, seed, of: print.value() };
        let weights = training.run_in_time(&lessons, self.patience, watch)?;
        Ok(TwoTower { params: *self, shoppers: of_shoppers, items: of_items, weights })
    }
}

impl TwoTower {
    /// Length of a vector.
    pub const fn n_factors(&self) -> usize {
        self.params.out
    }

    /// Vectors of shoppers, row by row, each of length 1 (or 0).
    ///
    /// # Errors
    /// [`FitError::Param`] for rows with other fields than those it learnt from.
    pub fn shopper_vectors(&self, shoppers: &Described) -> Result<Vec<f32>, FitError> {
        self.vectors(&self.shoppers, shoppers)
    }

    /// Vectors of items; the product with a shopper's vector is the score, in −1..=1.
    ///
    /// # Errors
    /// As for shoppers.
    pub fn item_vectors(&self, items: &Described) -> Result<Vec<f32>, FitError> {
        self.vectors(&self.items, items)
    }

    fn vectors(&self, tower: &Tower, data: &Described) -> Result<Vec<f32>, FitError> {
        if !tower.like.is_like(data) {
            return Err(FitError::Param {
                name: "data",
                rule: "described by the fields of training",
                got: data.n_fields() as f64,
            });
        }
        let rows: Vec<u32> = (0..data.n_rows() as u32).collect();
        let vectors = rows.chunks(1024).flat_map(|rows| {
            let mut tape = Tape::new(Pool::default(), Mode::Infer);
            let (dense, tables) = tape.lend(&self.weights);
            let whole = vec![Rows::All; tables.len()];
            let leaves = Leaves::new(&dense, &tables, &whole);
            let vectors = tower.vectors(&mut tape, leaves, (data, rows), 0.0, &mut Rng::new(0));
            tape.value(vectors).to_vec()
        });
        Ok(vectors.collect())
    }

    /// What training begins with, for described shoppers and items.
    pub(super) fn untrained(params: &TwoTowerParams, [shoppers, items]: [&Described; 2], seed: Seed) -> Self {
        let (mut weights, mut rng) = (Weights::default(), seed.stream(0));
        let shoppers = Tower::start(params, "shopper", shoppers, &mut weights, &mut rng);
        let items = Tower::start(params, "item", items, &mut weights, &mut rng);
        Self { params: *params, shoppers, items, weights }
    }

    /// Reads the matrices of a model with these parameters and fields.
    pub(super) fn load(
        params: &TwoTowerParams,
        [shoppers, items]: [&Described; 2],
        from: &Reader<'_>,
    ) -> Result<Self, ContainerError> {
        let start = |weights: &mut Weights, rng: &mut Rng| {
            let of_shoppers = Tower::start(params, "shopper", shoppers, weights, rng);
            (of_shoppers, Tower::start(params, "item", items, weights, rng))
        };
        let (of_shoppers, of_items) = start(&mut Weights::outline(), &mut Rng::new(0));
        let weights = super::load(from, |weights, rng| {
            start(weights, rng);
        })?;
        Ok(Self { params: *params, shoppers: of_shoppers, items: of_items, weights })
    }

    /// The learnt matrices, as they are saved.
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }
}
