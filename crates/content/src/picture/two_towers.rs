//! Pictures and titles in one space, learnt from a catalogue's own pairs.
//!
//! A residual network reads the pixels, beside colours and edges; a bag of hashed words and letters the title; a pair's two vectors of length 1 have
//! to be nearer to each other than to those of the other pairs of the step, in both directions:
//! `−½ ln softmax(x_i · y / τ)_i − ½ ln softmax(y_i · x / τ)_i`. Attributes that a catalogue has (what it is, its colour,
//! whom it is for) are asked of both towers' features beside that, and what both answer is part of their vectors: the
//! roots of the probabilities, whose product says how well two answers agree (Bhattacharyya, 1943). Pictures are drawn
//! as they could have been taken as well, pieces of titles are left out at random.
//! Sources: Radford et al., "Learning transferable visual models from natural language supervision", ICML 2021; van den
//! Oord, Li and Vinyals, "Representation learning with contrastive predictive coding", 2018.
//! Cost: three forward passes a pair and epoch; about 80 million operations a picture to encode with the defaults.

use super::augment::AugmentParams;
use super::network::{Described, Map, Pixels, Words};
use super::{Picture, PictureText, TitleWords};
use domain::{Rng, Seed};
use learn::LearnError;
use learn::container::Fingerprint;
use learn::net::{
    AdamParams, Cooling, Leaves, Loss, Network, Rows, Start, Tape, TrainParams, Trainer, Var, Watch, Weights,
};
use rayon::prelude::*;

/// How it learns.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureTextParams {
    /// Width and height of the canvas that pictures are fitted to, at least 16.
    pub canvas: (u32, u32),
    /// Channels of the first layer and of each stage, at least two, multiples of 8.
    pub channels: Vec<usize>,
    /// Logarithm to base 2 of the places that pieces of titles are hashed into, 8 to 24.
    pub log2_words: u32,
    /// Length of a piece's vector and of a title's features, at least 1.
    pub word_width: usize,
    /// Length of the vectors in the common space, at least 1.
    pub width: usize,
    /// What products are divided by, above 0.
    pub temperature: f32,
    /// Weight of each attribute beside the pairs, at least 0.
    pub attribute_weight: f32,
    /// Length of the attributes' part of a vector beside 1 of the common space's, at least 0.
    pub agreement: f32,
    /// Share of pieces of a title that are left out, and of features, in 0..1.
    pub dropout: f32,
    /// How pictures are drawn.
    pub augment: AugmentParams,
    /// Passes over the pairs, at least 1.
    pub n_epochs: usize,
    /// Pairs a step, at least 2.
    pub batch: usize,
    /// Parts of a step, at least 1: a pair is compared with those of its part.
    pub n_shards: usize,
    /// Step length of Adam at its highest.
    pub rate: f32,
    /// Share of a weight taken off at each step, times the rate.
    pub decay: f32,
}

impl Default for PictureTextParams {
    fn default() -> Self {
        Self {
            canvas: (60, 80),
            channels: vec![16, 32, 64, 128],
            log2_words: 14,
            word_width: 128,
            width: 128,
            temperature: 0.07,
            attribute_weight: 0.5,
            agreement: 0.5,
            dropout: 0.2,
            augment: AugmentParams::default(),
            n_epochs: 5,
            batch: 128,
            n_shards: 2,
            rate: 3e-3,
            decay: 0.02,
        }
    }
}

/// Something that is known of some pairs, such as their colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Names of its values, at least two.
    pub values: Vec<String>,
    /// The value of each pair, where it is known.
    pub of: Vec<Option<u32>>,
}

/// Why nothing could be learnt.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PictureTextError {
    /// A parameter, or the training.
    #[error(transparent)]
    Learn(#[from] LearnError),
    /// An attribute that does not fit the pairs.
    #[error("attribute `{name}`: {why}")]
    Attribute {
        /// Its name.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
}

/// What lies where among the weights.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layers {
    pub(super) pixels: Pixels,
    pub(super) described: Described,
    pub(super) words: Words,
    pub(super) picture: Map,
    pub(super) title: Map,
    /// For each attribute, the classes' vectors over pictures' and over titles' features.
    pub(super) heads: Vec<[usize; 2]>,
}

impl Layers {
    pub(super) fn start(params: &PictureTextParams, n_values: &[usize], w: &mut Weights, rng: &mut Rng) -> Self {
        let last = params.channels[params.channels.len() - 1];
        let pixels = Pixels::start(w, &params.channels, rng);
        let described = Described::start(w, last, rng);
        let seen = 2 * last;
        let read = params.word_width;
        let words = Words::start(w, TitleWords::new(params.log2_words).n_places(), read, read, rng);
        let picture = Map::start(w, "picture out", (seen, params.width), rng);
        let title = Map::start(w, "title out", (read, params.width), rng);
        let head = |(a, n): (usize, &usize)| {
            let mut of = |side: &str, wide| w.dense(&format!("attribute {a} {side}"), (*n, wide), Start::Glorot, rng);
            [of("seen", seen), of("read", read)]
        };
        let heads = n_values.iter().enumerate().map(head).collect();
        Self { pixels, described, words, picture, title, heads }
    }
}

struct Lessons<'a> {
    params: &'a PictureTextParams,
    layers: &'a Layers,
    pictures: &'a [Picture],
    /// Colours and edges of each picture.
    described: &'a [f32],
    titles: &'a [Vec<u32>],
    attributes: &'a [Attribute],
}

impl Network for Lessons<'_> {
    type Shared = ();

    fn n_examples(&self) -> usize {
        self.pictures.len()
    }

    fn share(&self, examples: &[u32], _: &mut Rng) -> ((), Vec<Rows>) {
        ((), vec![Rows::Some(examples.iter().flat_map(|e| &self.titles[*e as usize]).copied().collect())])
    }

    fn loss(&self, tape: &mut Tape<'_>, leaves: Leaves<'_>, (): &(), examples: &[u32], rng: &mut Rng) -> Option<Loss> {
        let (params, layers, n) = (self.params, self.layers, examples.len());
        let (wide, high) = params.canvas;
        let mut pixels = Vec::with_capacity(n * (wide * high * 3) as usize);
        examples.iter().for_each(|e| params.augment.draw(&self.pictures[*e as usize], rng, &mut pixels));
        let kept = |e: &u32, rng: &mut Rng| -> Vec<u32> {
            let places = self.titles[*e as usize].iter().copied();
            places.filter(|_| rng.uniform() as f32 >= params.dropout).collect()
        };
        let titles: Vec<Vec<u32>> = examples.iter().map(|e| kept(e, rng)).collect();
        let seen = layers.pixels.features(tape, leaves.dense, pixels, (high as usize, wide as usize));
        let wide = self.described.len() / self.pictures.len();
        let described = examples.iter().flat_map(|e| &self.described[*e as usize * wide..][..wide]).copied().collect();
        let described = layers.described.features(tape, leaves.dense, described);
        let seen = tape.beside(&[seen, described]);
        let seen = tape.dropout(seen, params.dropout, rng.next_u64());
        let read = layers.words.features(tape, leaves, &titles);
        let read = tape.dropout(read, params.dropout, rng.next_u64());
        let x = layers.picture.run(tape, leaves.dense, seen);
        let y = layers.title.run(tape, leaves.dense, read);
        let (x, y) = (tape.unit_rows(x), tape.unit_rows(y));
        let own: Vec<u32> = (0..n as u32).collect();
        let mut sum = None;
        for (from, to) in [(x, y), (y, x)] {
            let scaled = tape.scale(from, 1.0 / params.temperature);
            let loss = tape.cross_entropy(scaled, to, &own, &[]);
            sum = Some(plus(tape, sum, loss, 0.5));
        }
        for (attribute, heads) in self.attributes.iter().zip(&layers.heads) {
            let known = examples.iter().enumerate().filter_map(|(r, e)| Some((r as u32, attribute.of[*e as usize]?)));
            let (rows, values): (Vec<u32>, Vec<u32>) = known.unzip();
            if rows.is_empty() || params.attribute_weight == 0.0 {
                continue;
            }
            for (features, head) in [seen, read].into_iter().zip(heads) {
                let features = tape.gather(features, rows.clone());
                let loss = tape.cross_entropy(features, leaves.dense[*head], &values, &[]);
                sum = Some(plus(tape, sum, loss, params.attribute_weight));
            }
        }
        sum.map(|sum| Loss { sum, weight: n as f64 })
    }
}

fn plus(tape: &mut Tape<'_>, sum: Option<Var>, more: Var, weight: f32) -> Var {
    let more = tape.scale(more, weight);
    match sum {
        Some(sum) => tape.add(sum, more),
        None => more,
    }
}

impl PictureTextParams {
    pub(super) fn check(&self) -> Result<(), LearnError> {
        let wrong = |name, rule, got: f64| Err(LearnError::Param { name, rule, got });
        let part = |v: f32| (0.0..1.0).contains(&v);
        match self {
            p if p.canvas.0.min(p.canvas.1) < 16 || p.canvas.0.max(p.canvas.1) > 1024 => {
                wrong("canvas", "16 to 1024 pixels a side", f64::from(p.canvas.0.min(p.canvas.1)))
            }
            p if !(2..=6).contains(&p.channels.len()) => {
                wrong("channels", "of two to six layers", p.channels.len() as f64)
            }
            p if p.channels.iter().any(|c| *c == 0 || *c > 4096 || !c.is_multiple_of(8)) => {
                wrong("channels", "multiples of 8, at most 4096", p.channels[0] as f64)
            }
            p if !(8..=24).contains(&p.log2_words) => wrong("log2_words", "8 to 24", f64::from(p.log2_words)),
            p if !(1..=4096).contains(&p.word_width) => wrong("word_width", "1 to 4096", p.word_width as f64),
            p if !(1..=4096).contains(&p.width) => wrong("width", "1 to 4096", p.width as f64),
            p if !(p.temperature > 0.0 && p.temperature.is_finite()) => {
                wrong("temperature", "above 0", f64::from(p.temperature))
            }
            p if !(p.attribute_weight >= 0.0 && p.attribute_weight.is_finite()) => {
                wrong("attribute_weight", "at least 0", f64::from(p.attribute_weight))
            }
            p if !(p.agreement >= 0.0 && p.agreement.is_finite()) => {
                wrong("agreement", "at least 0", f64::from(p.agreement))
            }
            p if !part(p.dropout) => wrong("dropout", "at least 0 and below 1", f64::from(p.dropout)),
            p if p.batch < 2 => wrong("batch", "at least 2", p.batch as f64),
            _ => Ok(()),
        }
    }

    /// Learns from pairs of picture and title and what is known of them.
    ///
    /// # Errors
    /// [`PictureTextError`] for parameters outside their range, fewer than two pairs, attributes that do not fit, and a
    /// training that ran away.
    pub fn fit(
        &self,
        pictures: &[&Picture],
        titles: &[&str],
        attributes: &[Attribute],
        seed: Seed,
        watch: &mut dyn Watch,
    ) -> Result<PictureText, PictureTextError> {
        self.check()?;
        let n = pictures.len();
        if titles.len() != n {
            return Err(LearnError::Shape { what: "titles", got: titles.len(), need: n }.into());
        }
        if n < 2 {
            return Err(LearnError::TooLittleData { what: "pairs", have: n, need: 2 }.into());
        }
        for Attribute { name, values, of } in attributes {
            let wrong = |why| PictureTextError::Attribute { name: name.clone(), why };
            let known = |v: &Option<u32>| v.is_none_or(|v| (v as usize) < values.len());
            if values.len() < 2 || values.len() > 1 << 16 || of.len() != n || !of.iter().all(known) {
                return Err(wrong("two to 65,536 values, and one of them or none for each pair"));
            }
        }
        let pictures: Vec<Picture> = pictures.par_iter().map(|p| p.fitted(self.canvas.0, self.canvas.1)).collect();
        let described: Vec<f32> =
            pictures.par_chunks(64).flat_map_iter(|p| Described::rows(&p.iter().collect::<Vec<_>>())).collect();
        let words = TitleWords::new(self.log2_words);
        let places: Vec<Vec<u32>> = titles.par_iter().map(|t| words.places(t)).collect();
        let n_values: Vec<usize> = attributes.iter().map(|a| a.values.len()).collect();
        let (mut weights, mut rng) = (Weights::default(), seed.stream(0));
        let layers = Layers::start(self, &n_values, &mut weights, &mut rng);
        let adam = AdamParams { rate: self.rate, decay: self.decay, beta2: 0.99, ..AdamParams::default() };
        let n_steps = n.div_ceil(self.batch) as u64;
        let how = TrainParams {
            n_epochs: self.n_epochs,
            batch: self.batch,
            n_shards: self.n_shards,
            adam,
            n_warmup: n_steps,
            cooling: Cooling::Cosine,
            clip: 5.0,
            ..TrainParams::default()
        };
        let mut print = Fingerprint::default();
        print.add_text(&format!("{self:?} {seed:?}"));
        titles.iter().for_each(|t| print.add_text(t));
        let bytes = pictures.iter().flat_map(|p| p.rgb().chunks(8));
        bytes.for_each(|b| print.add(b.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))));
        let mut trainer = Trainer::new(how, weights, seed, print.value())?;
        if let Some(Err(why)) = watch.earlier(print.value()).map(|bytes| trainer.resume(&bytes)) {
            watch.refused(&why);
        }
        let lessons = Lessons {
            params: self,
            layers: &layers,
            pictures: &pictures,
            described: &described,
            titles: &places,
            attributes,
        };
        trainer.run(&lessons, &mut |_| None, watch)?;
        let attributes = attributes.iter().map(|a| (a.name.clone(), a.values.clone())).collect();
        Ok(PictureText { params: self.clone(), attributes, layers, weights: trainer.into_weights() })
    }
}
