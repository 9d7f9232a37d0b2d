//! The fitted towers: vectors of pictures and titles, what they answer about attributes, and bytes to keep them in.

use super::augment::AugmentParams;
use super::network::Described;
use super::two_towers::{Layers, PictureTextParams};
use super::{Picture, TitleWords};
use crate::{Encode, Vectors};
use domain::Rng;
use learn::container::{ContainerError, Reader, Writer};
use learn::net::{Leaves, Mode, Pool, Rows, Tape, Weights};
use rayon::prelude::*;

const KIND: &str = "picture-text";

/// Pictures that are encoded together.
const TOGETHER: usize = 32;

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureText {
    pub(super) params: PictureTextParams,
    pub(super) attributes: Vec<(String, Vec<String>)>,
    pub(super) layers: Layers,
    pub(super) weights: Weights,
}

/// A side of the model as an encoder.
#[derive(Clone, Copy, Debug)]
pub struct PictureSide<'a>(&'a PictureText);

/// A side of the model as an encoder.
#[derive(Clone, Copy, Debug)]
pub struct TitleSide<'a>(&'a PictureText);

/// What a tower says of one thing: its vector of length 1, and the probabilities of each attribute's values in turn.
struct Said {
    vector: Vec<f32>,
    answers: Vec<f32>,
}

impl PictureText {
    /// Encodes pictures; the product with a title's row, both [unit](Vectors::unit), says how well they go together.
    pub const fn pictures(&self) -> PictureSide<'_> {
        PictureSide(self)
    }

    /// Encodes titles.
    pub const fn titles(&self) -> TitleSide<'_> {
        TitleSide(self)
    }

    /// The same model with another length of the attributes' part of its vectors, at least 0.
    #[must_use]
    pub fn with_agreement(mut self, agreement: f32) -> Self {
        self.params.agreement = agreement.max(0.0);
        self
    }

    /// Names of the attributes with those of their values.
    pub fn attributes(&self) -> &[(String, Vec<String>)] {
        &self.attributes
    }

    /// The probability of each value of an attribute for each picture.
    ///
    /// # Panics
    /// If there is no such attribute.
    pub fn answers(&self, pictures: &[&Picture], attribute: usize) -> Vec<Vec<f32>> {
        let part = self.part(attribute);
        self.see(pictures).into_iter().map(|said| said.answers[part.clone()].to_vec()).collect()
    }

    /// The probability of each value of an attribute for each title.
    ///
    /// # Panics
    /// If there is no such attribute.
    pub fn title_answers(&self, titles: &[&str], attribute: usize) -> Vec<Vec<f32>> {
        let (part, words) = (self.part(attribute), TitleWords::new(self.params.log2_words));
        let places: Vec<Vec<u32>> = titles.iter().map(|title| words.places(title)).collect();
        self.read(&places).into_iter().map(|said| said.answers[part.clone()].to_vec()).collect()
    }

    /// Where an attribute's answers lie among all.
    fn part(&self, attribute: usize) -> std::ops::Range<usize> {
        let first: usize = self.attributes[..attribute].iter().map(|a| a.1.len()).sum();
        first..first + self.attributes[attribute].1.len()
    }

    /// The first numbers of a vector, which are the common space; those of the attributes follow.
    pub const fn common_width(&self) -> usize {
        self.params.width
    }

    /// The length of the attributes' part of a vector beside 1 of the common space's, squared.
    pub const fn agreement(&self) -> f32 {
        self.params.agreement
    }

    /// Numbers of a vector: those of the common space, then one for each value of each attribute.
    fn width(&self) -> usize {
        self.params.width + self.attributes.iter().map(|a| a.1.len()).sum::<usize>()
    }

    fn see(&self, pictures: &[&Picture]) -> Vec<Said> {
        let (wide, high) = self.params.canvas;
        let chunk = |pictures: &[&Picture]| {
            let mut pixels = Vec::with_capacity(2 * pictures.len() * (wide * high * 3) as usize);
            let fitted: Vec<Picture> = pictures.iter().map(|p| p.fitted(wide, high)).collect();
            let described = Described::rows(&fitted.iter().collect::<Vec<_>>());
            // As it is and mirrored: the mean of both knows more than one.
            for mirror in [0.0, 1.0] {
                let how = AugmentParams { mirror, ..AugmentParams::NONE };
                fitted.iter().for_each(|p| how.draw(p, &mut Rng::new(0), &mut pixels));
            }
            self.run(|tape, leaves| {
                let features = self.layers.pixels.features(tape, leaves.dense, pixels, (high as usize, wide as usize));
                let features = halves(tape, features);
                let described = self.layers.described.features(tape, leaves.dense, described);
                let features = tape.beside(&[features, described]);
                (features, self.layers.picture.run(tape, leaves.dense, features), 0)
            })
        };
        pictures.par_chunks(TOGETHER).flat_map_iter(chunk).collect()
    }

    fn read(&self, titles: &[Vec<u32>]) -> Vec<Said> {
        let chunk = |titles: &[Vec<u32>]| {
            self.run(|tape, leaves| {
                let features = self.layers.words.features(tape, leaves, titles);
                (features, self.layers.title.run(tape, leaves.dense, features), 1)
            })
        };
        titles.par_chunks(256).flat_map_iter(chunk).collect()
    }

    fn run(
        &self,
        build: impl for<'t> FnOnce(&mut Tape<'t>, Leaves<'_>) -> (learn::net::Var, learn::net::Var, usize),
    ) -> Vec<Said> {
        let mut tape = Tape::new(Pool::default(), Mode::Infer);
        let (dense, tables) = tape.lend(&self.weights);
        let whole = vec![Rows::All; tables.len()];
        let (features, out, side) = build(&mut tape, Leaves::new(&dense, &tables, &whole));
        let out = tape.unit_rows(out);
        let width = self.params.width;
        let mut said: Vec<Said> = (tape.value(out).chunks_exact(width))
            .map(|vector| Said { vector: vector.to_vec(), answers: Vec::new() })
            .collect();
        for heads in &self.layers.heads {
            let logits = tape.products(features, dense[heads[side]]);
            let probabilities = tape.softmax(logits);
            let n = tape.shape(probabilities).1;
            let rows = tape.value(probabilities).chunks_exact(n);
            said.iter_mut().zip(rows).for_each(|(said, row)| said.answers.extend(row));
        }
        said
    }

    fn row(&self, said: &Said) -> Vec<f32> {
        let share = (self.params.agreement / self.attributes.len().max(1) as f32).sqrt();
        said.vector.iter().copied().chain(said.answers.iter().map(|p| share * p.max(0.0).sqrt())).collect()
    }

    fn rows(&self, present: Vec<bool>, said: Vec<Said>) -> Vectors {
        let mut out = Vectors::new(self.width());
        let mut said = said.iter();
        for there in present {
            let row = if there { said.next().map(|said| self.row(said)) } else { None };
            match row.map(|row| out.push(&row)) {
                Some(Ok(())) => {}
                // Weights that are finite can still give a number that is not: nothing is said then.
                Some(Err(_)) | None => out.push_missing(),
            }
        }
        out
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let p = &self.params;
        let mut to = Writer::default();
        let sizes = [p.canvas.0 as usize, p.canvas.1 as usize, p.log2_words as usize, p.word_width, p.width];
        to.u64s("sizes", &sizes.map(|n| n as u64));
        to.u64s("channels", &p.channels.iter().map(|c| *c as u64).collect::<Vec<u64>>());
        to.f32s("numbers", &[p.temperature, p.agreement]);
        let names: Vec<String> = self.attributes.iter().map(|a| a.0.replace('\n', " ")).collect();
        to.lines("attributes", &names);
        for (i, (_, values)) in self.attributes.iter().enumerate() {
            let values: Vec<String> = values.iter().map(|v| v.replace('\n', " ")).collect();
            to.lines(&format!("values {i}"), &values);
        }
        for (name, _, values) in self.weights.arrays() {
            to.f32s(name, values);
        }
        to.finish(KIND, 0)
    }

    /// Reads what [`Self::to_bytes`] wrote. How it was learnt (epochs, rate) is not kept.
    ///
    /// # Errors
    /// [`ContainerError`] says what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContainerError> {
        let from = Reader::open(bytes)?;
        if from.kind() != KIND {
            return Err(ContainerError::Kind { got: from.kind().to_owned(), want: KIND.to_owned() });
        }
        let [wide, high, log2_words, word_width, width] = from.sizes("sizes", 4096)?;
        let [temperature, agreement] = from.floats("numbers")?;
        let channels: Vec<usize> = from.u64s("channels")?.into_iter().map(|c| c.min(1 << 20) as usize).collect();
        let params = PictureTextParams {
            canvas: (wide as u32, high as u32),
            channels,
            log2_words: log2_words as u32,
            word_width,
            width,
            temperature,
            agreement,
            ..PictureTextParams::default()
        };
        params.check().map_err(|why| ContainerError::content("sizes", why.to_string()))?;
        let mut attributes = Vec::new();
        for (i, name) in from.lines("attributes")?.into_iter().enumerate() {
            let section = format!("values {i}");
            let values: Vec<String> = from.lines(&section)?.into_iter().map(str::to_owned).collect();
            if !(2..=1 << 16).contains(&values.len()) {
                return Err(ContainerError::content(&section, "two to 65,536 values"));
            }
            attributes.push((name.to_owned(), values));
        }
        let n_values: Vec<usize> = attributes.iter().map(|a| a.1.len()).collect();
        let mut outline = Weights::outline();
        let layers = Layers::start(&params, &n_values, &mut outline, &mut Rng::new(0));
        let weights = outline.fill(|name, need| {
            let values = from.f32s(name)?;
            let fits = values.len() == need;
            if fits { Ok(values) } else { Err(ContainerError::content(name, format!("{need} numbers"))) }
        })?;
        Ok(Self { params, attributes, layers, weights })
    }
}

/// The mean of the first half of rows and the second.
fn halves(tape: &mut Tape<'_>, x: learn::net::Var) -> learn::net::Var {
    let n = tape.shape(x).0 / 2;
    let members = (0..n as u32).flat_map(|r| [(r, 0.5), (r + n as u32, 0.5)]).collect();
    tape.bag(x, (1..=n as u32).map(|r| 2 * r).collect(), members)
}

impl Encode for PictureSide<'_> {
    type Item = Picture;

    fn width(&self) -> usize {
        self.0.width()
    }

    fn encode(&self, items: &[Option<&Picture>]) -> Vectors {
        let there: Vec<&Picture> = items.iter().flatten().copied().collect();
        self.0.rows(items.iter().map(Option::is_some).collect(), self.0.see(&there))
    }
}

impl Encode for TitleSide<'_> {
    type Item = str;

    fn width(&self) -> usize {
        self.0.width()
    }

    fn encode(&self, items: &[Option<&str>]) -> Vectors {
        let words = TitleWords::new(self.0.params.log2_words);
        let places: Vec<Vec<u32>> = items.par_iter().map(|t| t.map_or_else(Vec::new, |t| words.places(t))).collect();
        let present: Vec<bool> = places.iter().map(|p| !p.is_empty()).collect();
        let there: Vec<Vec<u32>> = places.into_iter().filter(|p| !p.is_empty()).collect();
        self.0.rows(present, self.0.read(&there))
    }
}

#[cfg(test)]
#[path = "two_towers_tests.rs"]
mod tests;
