//! The two towers as layers on a tape: a small residual network over pixels, bags of words over titles.
//!
//! Pixels: a kernel of 4 × 4 at every second pixel, then stages, each a kernel of 3 × 3 at every second pixel and
//! a residual block of two more, all with group normalisation; the mean over pixels is the picture's features. Titles:
//! the mean of the vectors of their pieces, a layer, a curve. Both end in a linear map to the common space, length 1.
//! Source of the block: He et al., "Deep residual learning for image recognition", CVPR 2016.

use super::{Colours, Edges, Picture};
use crate::Encode;
use domain::Rng;
use learn::net::{Activation, Conv, Groups, Leaves, Start, Tape, Var, Weights};

/// Channels of a group that is normalised together.
const GROUP: usize = 8;

/// A convolution with what normalises it; numbers of dense matrices.
#[derive(Clone, Debug, PartialEq)]
struct Unit {
    kernels: usize,
    gain: usize,
    shift: usize,
    kernel: usize,
    stride: usize,
    channels: usize,
}

/// Pictures on the way through.
#[derive(Clone, Copy)]
struct Maps {
    values: Var,
    images: usize,
    height: usize,
    width: usize,
}

impl Unit {
    fn start(w: &mut Weights, name: &str, shape: (usize, usize), kernel: usize, stride: usize, rng: &mut Rng) -> Self {
        let (c, out) = shape;
        let rows = kernel * kernel * c;
        // Half of what comes in is cut by the curve: He et al., ICCV 2015.
        let deviation = (2.0 / rows as f32).sqrt();
        let kernels = w.dense(&format!("{name} kernels"), (rows, out), Start::Normal(deviation), rng);
        let gain = w.dense(&format!("{name} gain"), (1, out), Start::Constant(1.0), rng);
        let shift = w.dense(&format!("{name} shift"), (1, out), Start::Constant(0.0), rng);
        Self { kernels, gain, shift, kernel, stride, channels: out }
    }

    fn run(&self, tape: &mut Tape<'_>, dense: &[Var], x: Maps, skip: Option<Var>) -> Maps {
        let Maps { images, height, width, .. } = x;
        let pad = (self.kernel - 1) / 2;
        let over = Conv { images, height, width, kernel: self.kernel, stride: self.stride, pad };
        let y = tape.convolve(x.values, dense[self.kernels], over);
        let how = Groups { images, groups: (self.channels / GROUP).max(1), relu: true };
        let values = tape.group_norm(y, dense[self.gain], dense[self.shift], skip, how);
        let (height, width) = over.out();
        Maps { values, images, height, width }
    }
}

/// Pixels to features.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pixels {
    stem: Unit,
    stages: Vec<[Unit; 3]>,
}

impl Pixels {
    /// `channels`: of the first layer, then of each stage; multiples of 8.
    pub(super) fn start(w: &mut Weights, channels: &[usize], rng: &mut Rng) -> Self {
        let stem = Unit::start(w, "stem", (3, channels[0]), 4, 2, rng);
        let stage = |(i, c): (usize, &[usize])| {
            let name = |part: &str| format!("stage {i} {part}");
            [
                Unit::start(w, &name("down"), (c[0], c[1]), 3, 2, rng),
                Unit::start(w, &name("a"), (c[1], c[1]), 3, 1, rng),
                Unit::start(w, &name("b"), (c[1], c[1]), 3, 1, rng),
            ]
        };
        let stages = channels.windows(2).enumerate().map(stage).collect();
        Self { stem, stages }
    }

    /// Features of pictures of `height × width`, one row each: as many as the last stage has channels.
    pub(super) fn features(
        &self,
        tape: &mut Tape<'_>,
        dense: &[Var],
        pixels: Vec<f32>,
        (height, width): (usize, usize),
    ) -> Var {
        let images = pixels.len() / (3 * height * width);
        let values = tape.constant(pixels, images * height * width, 3);
        let mut x = self.stem.run(tape, dense, Maps { values, images, height, width }, None);
        for [down, a, b] in &self.stages {
            x = down.run(tape, dense, x, None);
            let inner = a.run(tape, dense, x, None);
            x = b.run(tape, dense, inner, Some(x.values));
        }
        tape.mean_pixels(x.values, images)
    }
}

/// A linear map with what is added.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Map {
    matrix: usize,
    shift: usize,
}

impl Map {
    pub(super) fn start(w: &mut Weights, name: &str, shape: (usize, usize), rng: &mut Rng) -> Self {
        let matrix = w.dense(&format!("{name} matrix"), shape, Start::Glorot, rng);
        let shift = w.dense(&format!("{name} shift"), (1, shape.1), Start::Constant(0.0), rng);
        Self { matrix, shift }
    }

    pub(super) fn run(&self, tape: &mut Tape<'_>, dense: &[Var], x: Var) -> Var {
        tape.linear(x, dense[self.matrix], dense[self.shift])
    }
}

/// Colours and edges, which nothing has to be learnt for, beside what the pixels' layers find.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Described {
    inner: Map,
}

/// Numbers that describe a picture.
fn described_width() -> usize {
    Colours.width() + Edges.width()
}

impl Described {
    pub(super) fn start(w: &mut Weights, out: usize, rng: &mut Rng) -> Self {
        Self { inner: Map::start(w, "described", (described_width(), out), rng) }
    }

    /// What describes pictures, one row each; zeros for one that cannot be described.
    pub(super) fn rows(pictures: &[&Picture]) -> Vec<f32> {
        let all: Vec<Option<&Picture>> = pictures.iter().copied().map(Some).collect();
        let (colours, edges) = (Colours.encode(&all), Edges.encode(&all));
        let rows = colours.values().chunks_exact(Colours.width()).zip(edges.values().chunks_exact(Edges.width()));
        // Brought to the size that the other features have.
        rows.flat_map(|(c, e)| c.iter().map(|v| 3.0 * v).chain(e.iter().map(|v| 10.0 * v))).collect()
    }

    pub(super) fn features(&self, tape: &mut Tape<'_>, dense: &[Var], rows: Vec<f32>) -> Var {
        let n = rows.len() / described_width();
        let x = tape.constant(rows, n, described_width());
        let x = self.inner.run(tape, dense, x);
        tape.activate(x, Activation::Relu)
    }
}

/// Titles to features.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words {
    table: usize,
    inner: Map,
}

impl Words {
    pub(super) fn start(w: &mut Weights, n_places: usize, width: usize, out: usize, rng: &mut Rng) -> Self {
        let table = w.table("words", (n_places, width), Start::Normal(0.1), rng);
        Self { table, inner: Map::start(w, "title", (width, out), rng) }
    }

    /// Features of titles, given as places of their pieces.
    pub(super) fn features(&self, tape: &mut Tape<'_>, leaves: Leaves<'_>, titles: &[Vec<u32>]) -> Var {
        let mut ends = Vec::with_capacity(titles.len());
        let mut members = Vec::new();
        for places in titles {
            // By the root of the number: a sum of pieces that point anywhere keeps its length.
            let share = 1.0 / (places.len().max(1) as f32).sqrt();
            members.extend(places.iter().map(|p| (leaves.local(self.table, *p), share)));
            ends.push(members.len() as u32);
        }
        let bags = tape.bag(leaves.tables[self.table], ends, members);
        let x = self.inner.run(tape, leaves.dense, bags);
        tape.activate(x, Activation::Relu)
    }
}
