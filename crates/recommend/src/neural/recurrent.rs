//! GRU4Rec: what comes next, by a state that is carried along the history.
//!
//! Item vectors go through a recurrent cell (GRU, LSTM or the plain one, see [`Cell`]); its state, turned by one
//! affine map into an item's space, is compared with the vectors of all items. Source: Hidasi et al.,
//! "Session-based recommendations with recurrent neural networks", ICLR 2016, with the cross-entropy of Hidasi and
//! Karatzoglou, CIKM 2018, and shared item vectors. Cost of a position in training: about `6 g s (w + s)` operations
//! with `g` gates, state `s` and width `w`, and `6 w` for each item compared with.

use super::next_item::{Encoder, NextItem, NextItemParams, delegates_to_next_item};
use super::{at_least_one, unwatched};
use crate::Save;
use domain::{Fit, FitError, Interactions, Rng, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::net::{Cell, Start, Tape, Var, Watch, Weights};

/// How it learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gru4RecParams {
    /// What it shares with every model of order.
    pub common: NextItemParams,
    /// Which cell.
    pub cell: Cell,
    /// Length of the state, at least 1.
    pub state: usize,
}

impl Default for Gru4RecParams {
    fn default() -> Self {
        Self { common: NextItemParams::default(), cell: Cell::Gru, state: 128 }
    }
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Gru4Rec {
    model: NextItem<Recurrent>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Recurrent {
    params: Gru4RecParams,
}

/// How many sequences have a position `t`, for each `t`; longest sequence first.
fn at_time(lens: &[u32]) -> Vec<u32> {
    let longest = lens.first().copied().unwrap_or(0);
    (0..longest).map(|t| lens.partition_point(|len| *len > t) as u32).collect()
}

impl Encoder for Recurrent {
    fn start(&self, weights: &mut Weights, rng: &mut Rng) {
        let Gru4RecParams { common, cell, state } = self.params;
        let (w, wide) = (common.width, cell.n_gates() * state);
        weights.dense("input", (w, wide), Start::Glorot, rng);
        weights.dense("input, bias", (1, wide), Start::Constant(0.0), rng);
        weights.dense("state", (state, wide), Start::Glorot, rng);
        weights.dense("output", (state, w), Start::Glorot, rng);
        weights.dense("output, bias", (1, w), Start::Constant(0.0), rng);
    }

    fn rows(&self, lens: &[u32]) -> Vec<(u32, u32)> {
        (0..).zip(at_time(lens)).flat_map(|(t, n)| (0..n).map(move |s| (s, t))).collect()
    }

    fn encode(&self, tape: &mut Tape<'_>, dense: &[Var], x: Var, lens: &[u32], rng: &mut Rng) -> Var {
        let x = tape.linear(x, dense[0], dense[1]);
        let states = tape.recur(self.params.cell, x, dense[2], &at_time(lens));
        let states = tape.dropout(states, self.params.common.dropout, rng.next_u64());
        tape.linear(states, dense[3], dense[4])
    }
}

impl Gru4RecParams {
    /// As [`Fit::fit`], with somebody who hears of the progress, may end it, and keeps what it takes to go on.
    ///
    /// # Errors
    /// As for a fit.
    pub fn fit_watched(&self, train: &Interactions, seed: Seed, watch: &mut dyn Watch) -> Result<Gru4Rec, FitError> {
        at_least_one(&[("state", self.state)])?;
        Ok(Gru4Rec { model: NextItem::fit(self.common, Recurrent { params: *self }, train, seed, watch)? })
    }
}

impl Fit for Gru4RecParams {
    type Model = Gru4Rec;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range, [`FitError::Diverged`] when the steps ran away.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<Gru4Rec, FitError> {
        self.fit_watched(train, seed, &mut unwatched())
    }
}

delegates_to_next_item!(Gru4Rec);

/// Cells in the order of their numbers in a file.
const CELLS: [Cell; 3] = [Cell::Plain, Cell::Gru, Cell::Lstm];

impl Save for Gru4Rec {
    fn save(&self, to: &mut Writer) {
        let Gru4RecParams { common, cell, state } = self.model.encoder().params;
        let cell = 1 + CELLS.iter().position(|c| *c == cell).unwrap_or(0);
        to.u64s("sizes", &[common.width, common.max_len, cell, state].map(|n| n as u64));
        self.model.save(to);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [width, max_len, cell, state] = super::sizes(from)?;
        let cell = *CELLS.get(cell - 1).ok_or_else(|| ContainerError::content("sizes", "a cell from 1 to 3"))?;
        let common = NextItemParams { width, max_len, ..NextItemParams::default() };
        let params = Gru4RecParams { common, cell, state };
        Ok(Self { model: NextItem::load(common, Recurrent { params }, from)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Lengths 3, 1, 1: three have a first position, one a second and a third.
    fn rows_lie_by_time() {
        assert_eq!(at_time(&[3, 1, 1]), [3, 1, 1]);
        let rows = Recurrent { params: Gru4RecParams::default() }.rows(&[3, 1, 1]);
        assert_eq!(rows, [(0, 0), (1, 0), (2, 0), (0, 1), (0, 2)]);
    }
}
