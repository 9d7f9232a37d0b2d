//! SASRec: what comes next, by attention over the history.
//!
//! Blocks of `x += attend(norm(x))`, `x += relu(norm(x) A + a) B + b` over item vectors plus a vector of the place,
//! each position seeing its past alone; the last state is compared with the vectors of all items. Source: Kang
//! and McAuley, "Self-attentive sequential recommendation", ICDM 2018, with the norms before the blocks and with
//! cross-entropy over all items instead of one drawn negative (Petrov and Macdonald, RecSys 2023; Klenitskiy and
//! Vasilev, RecSys 2023: the loss, not the architecture, decides). Cost of a position in training: about
//! `24 w² + 12 w h` operations a block with width `w` and hidden width `h`, and `6 w` for each item compared with.

use super::next_item::{Encoder, NextItem, NextItemParams, delegates_to_next_item};
use super::{at_least_one, droppable, unwatched};
use crate::Save;
use domain::{Fit, FitError, Interactions, Rng, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::net::{Activation, Attention, Start, Tape, Var, Watch, Weights};

/// How it learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SasRecParams {
    /// What it shares with every model of order.
    pub common: NextItemParams,
    /// Blocks, at least 1.
    pub n_blocks: usize,
    /// Heads of attention; the width is a multiple of them.
    pub n_heads: usize,
    /// Width of the layer inside a block, at least 1.
    pub hidden: usize,
}

impl Default for SasRecParams {
    fn default() -> Self {
        Self { common: NextItemParams::default(), n_blocks: 2, n_heads: 2, hidden: 256 }
    }
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct SasRec {
    model: NextItem<Blocks>,
}

/// Matrices of a block, in their order.
const A_BLOCK: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Blocks {
    params: SasRecParams,
}

impl Encoder for Blocks {
    fn start(&self, weights: &mut Weights, rng: &mut Rng) {
        let SasRecParams { common, n_blocks, hidden, .. } = self.params;
        let w = common.width;
        let (zero, one) = (Start::Constant(0.0), Start::Constant(1.0));
        weights.dense("places", (common.max_len, w), Start::Normal(0.02), rng);
        for b in 0..n_blocks {
            let matrices = [
                ("norm of attention, gain", (1, w), one),
                ("norm of attention, shift", (1, w), zero),
                ("queries, keys and values", (w, 3 * w), Start::Glorot),
                ("queries, keys and values, bias", (1, 3 * w), zero),
                ("attention out", (w, w), Start::Glorot),
                ("attention out, bias", (1, w), zero),
                ("norm of layer, gain", (1, w), one),
                ("norm of layer, shift", (1, w), zero),
                ("layer in", (w, hidden), Start::Glorot),
                ("layer in, bias", (1, hidden), zero),
                ("layer out", (hidden, w), Start::Glorot),
                ("layer out, bias", (1, w), zero),
            ];
            for (name, shape, start) in matrices {
                weights.dense(&format!("block {b}: {name}"), shape, start, rng);
            }
        }
        weights.dense("last norm, gain", (1, w), one, rng);
        weights.dense("last norm, shift", (1, w), zero, rng);
    }

    fn rows(&self, lens: &[u32]) -> Vec<(u32, u32)> {
        (0..).zip(lens).flat_map(|(s, len)| (0..*len).map(move |p| (s, p))).collect()
    }

    fn encode(&self, tape: &mut Tape<'_>, dense: &[Var], x: Var, lens: &[u32], rng: &mut Rng) -> Var {
        let SasRecParams { common, n_blocks, n_heads, .. } = self.params;
        let places = tape.gather(dense[0], lens.iter().flat_map(|len| 0..*len).collect());
        let mut x = tape.add(x, places);
        for block in dense[1..].chunks_exact(A_BLOCK).take(n_blocks) {
            let seen = tape.layer_norm(x, block[0], block[1]);
            let qkv = tape.linear(seen, block[2], block[3]);
            let how = Attention { n_heads, dropout: common.dropout, seed: rng.next_u64() };
            let out = tape.attend(qkv, lens, how);
            let out = tape.linear(out, block[4], block[5]);
            let out = tape.dropout(out, common.dropout, rng.next_u64());
            x = tape.add(x, out);
            let seen = tape.layer_norm(x, block[6], block[7]);
            let out = tape.linear(seen, block[8], block[9]);
            let out = tape.activate(out, Activation::Relu);
            let out = tape.dropout(out, common.dropout, rng.next_u64());
            let out = tape.linear(out, block[10], block[11]);
            let out = tape.dropout(out, common.dropout, rng.next_u64());
            x = tape.add(x, out);
        }
        let last = &dense[1 + n_blocks * A_BLOCK..];
        tape.layer_norm(x, last[0], last[1])
    }
}

impl SasRecParams {
    /// As [`Fit::fit`], with somebody who hears of the progress, may end it, and keeps what it takes to go on.
    ///
    /// # Errors
    /// As for a fit.
    pub fn fit_watched(&self, train: &Interactions, seed: Seed, watch: &mut dyn Watch) -> Result<SasRec, FitError> {
        at_least_one(&[("n_blocks", self.n_blocks), ("n_heads", self.n_heads), ("hidden", self.hidden)])?;
        droppable(self.common.dropout)?;
        if !self.common.width.is_multiple_of(self.n_heads) {
            let got = self.common.width as f64;
            return Err(FitError::Param { name: "width", rule: "a multiple of `n_heads`", got });
        }
        Ok(SasRec { model: NextItem::fit(self.common, Blocks { params: *self }, train, seed, watch)? })
    }
}

impl Fit for SasRecParams {
    type Model = SasRec;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range, [`FitError::Diverged`] when the steps ran away.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<SasRec, FitError> {
        self.fit_watched(train, seed, &mut unwatched())
    }
}

delegates_to_next_item!(SasRec);

impl Save for SasRec {
    fn save(&self, to: &mut Writer) {
        let SasRecParams { common, n_blocks, n_heads, hidden } = self.model.encoder().params;
        to.u64s("sizes", &[common.width, common.max_len, n_blocks, n_heads, hidden].map(|n| n as u64));
        self.model.save(to);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [width, max_len, n_blocks, n_heads, hidden] = super::sizes(from)?;
        if !width.is_multiple_of(n_heads) {
            return Err(ContainerError::content("sizes", "a width that is a multiple of the heads"));
        }
        // So that no number makes room for blocks that are not there.
        if !from.has(&format!("block {}: layer out", n_blocks - 1)) {
            return Err(ContainerError::content("sizes", "as many blocks as the file has"));
        }
        let common = NextItemParams { width, max_len, ..NextItemParams::default() };
        let params = SasRecParams { common, n_blocks, n_heads, hidden };
        Ok(Self { model: NextItem::load(common, Blocks { params }, from)? })
    }
}
