//! Stacks of layers, as several networks use them.

use domain::Rng;
use learn::net::{Activation, Start, Tape, Var, Weights};

/// Layers of these widths with a bend after each, and dropout after that.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layers {
    first: usize,
    n: usize,
}

impl Layers {
    /// Adds the matrices of layers from `input` columns to the last of `widths`.
    pub(super) fn start(weights: &mut Weights, name: &str, input: usize, widths: &[usize], rng: &mut Rng) -> Self {
        let first = weights.all_dense().len();
        let mut from = input;
        for (l, to) in widths.iter().enumerate() {
            weights.dense(&format!("{name}: layer {l}"), (from, *to), Start::Glorot, rng);
            weights.dense(&format!("{name}: layer {l}, bias"), (1, *to), Start::Constant(0.0), rng);
            from = *to;
        }
        Self { first, n: widths.len() }
    }

    /// Through all layers.
    pub(super) fn bent(&self, tape: &mut Tape<'_>, dense: &[Var], mut x: Var, dropout: f32, rng: &mut Rng) -> Var {
        for l in 0..self.n {
            let [w, b] = [dense[self.first + 2 * l], dense[self.first + 2 * l + 1]];
            x = tape.linear(x, w, b);
            x = tape.activate(x, Activation::Relu);
            x = tape.dropout(x, dropout, rng.next_u64());
        }
        x
    }

    /// Through one layer without a bend, as the last one before a loss.
    pub(super) fn straight(&self, tape: &mut Tape<'_>, dense: &[Var], x: Var) -> Var {
        tape.linear(x, dense[self.first], dense[self.first + 1])
    }
}
