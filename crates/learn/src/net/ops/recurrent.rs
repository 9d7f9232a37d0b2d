//! Recurrent cells over sequences of different lengths, forward and back through time.
//!
//! Rows lie by time: first all sequences' first positions, then the second ones of those that have one,
//! and so on, longest sequence first, so that the rows of a moment are one block and nothing is padded.
//!
//! * plain: `h' = tanh(x + h U)` (Elman, "Finding structure in time", 1990)
//! * GRU: `r, z = σ(x + h U)`, `n = tanh(x + r · (h U))`, `h' = (1 − z) n + z h` (Cho et al., EMNLP 2014, reset
//!   after the product)
//! * LSTM: `i, f, o = σ(x + h U)`, `g = tanh(x + h U)`, `c' = f c + i g`, `h' = o tanh(c')` (Hochreiter and
//!   Schmidhuber, Neural Computation 9(8), 1997; forget gate: Gers et al., 2000)
//!
//! `x` is the input already multiplied with its weights, bias added. Cost: `2 h · gates · h` operations a row,
//! twice that back.

use crate::lanes::vectorised;
use crate::net::gemm::{Into, product, view};
use crate::net::math::{sigmoid, tanh};
use crate::net::{Tape, Var};

/// Which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A state that is replaced at every step.
    Plain,
    /// A state with gates that let it stay.
    Gru,
    /// A state with a memory beside it.
    Lstm,
}

impl Cell {
    /// Blocks of the state's width that a cell's input and weights have: reset, update, new (GRU); in, forget,
    /// out, new (LSTM).
    pub const fn n_gates(self) -> usize {
        match self {
            Self::Plain => 1,
            Self::Gru => 3,
            Self::Lstm => 4,
        }
    }
}

vectorised! {
    /// One row forward. `x` and `u` (`h U`) have `gates × w` numbers, `before` is the state (and memory) so far,
    /// `gates` keeps what the way back needs, `after` is the new state, `memory` the new memory of an LSTM.
    fn step(cell: Cell, x: &[f32], u: &[f32], before: (&[f32], &[f32]), gates: &mut [f32], after: &mut [f32], memory: &mut [f32]) {
        let w = after.len();
        match cell {
            Cell::Plain => {
                for i in 0..w {
                    after[i] = tanh(x[i] + u[i]);
                }
            }
            Cell::Gru => {
                let (x, u, gates) = (&x[..3 * w], &u[..3 * w], &mut gates[..3 * w]);
                for i in 0..w {
                    let (r, z) = (sigmoid(x[i] + u[i]), sigmoid(x[w + i] + u[w + i]));
                    let n = tanh(x[2 * w + i] + r * u[2 * w + i]);
                    (gates[i], gates[w + i], gates[2 * w + i]) = (r, z, n);
                    after[i] = (1.0 - z) * n + z * before.0[i];
                }
            }
            Cell::Lstm => {
                let (x, u, gates) = (&x[..4 * w], &u[..4 * w], &mut gates[..4 * w]);
                for i in 0..w {
                    let (a, f) = (sigmoid(x[i] + u[i]), sigmoid(x[w + i] + u[w + i]));
                    let (o, g) = (sigmoid(x[2 * w + i] + u[2 * w + i]), tanh(x[3 * w + i] + u[3 * w + i]));
                    (gates[i], gates[w + i], gates[2 * w + i], gates[3 * w + i]) = (a, f, o, g);
                    memory[i] = f * before.1[i] + a * g;
                    after[i] = o * tanh(memory[i]);
                }
            }
        }
    }
}

/// What one row's way back reads.
struct Seen<'a> {
    gates: &'a [f32],
    /// `h U` of the GRU's new state.
    u: &'a [f32],
    before: &'a [f32],
    after: &'a [f32],
    memory_before: &'a [f32],
    memory: &'a [f32],
}

vectorised! {
    /// One row back. `d` is the derivative by the new state, `d_memory` by the new memory (in) and by the old one
    /// (out); writes those by `x`, by `h U`, and by the old state apart from `h U`.
    fn step_back(cell: Cell, seen: &Seen<'_>, d: &[f32], d_memory: &mut [f32], dx: &mut [f32], du: &mut [f32], d_before: &mut [f32]) {
        let w = d.len();
        match cell {
            Cell::Plain => {
                for i in 0..w {
                    dx[i] = d[i] * (1.0 - seen.after[i] * seen.after[i]);
                    du[i] = dx[i];
                    d_before[i] = 0.0;
                }
            }
            Cell::Gru => {
                let (gates, u, dx, du) = (&seen.gates[..3 * w], &seen.u[..3 * w], &mut dx[..3 * w], &mut du[..3 * w]);
                for i in 0..w {
                    let (r, z, n) = (gates[i], gates[w + i], gates[2 * w + i]);
                    let to_n = d[i] * (1.0 - z) * (1.0 - n * n);
                    let to_z = d[i] * (seen.before[i] - n) * z * (1.0 - z);
                    let to_r = to_n * u[2 * w + i] * r * (1.0 - r);
                    (dx[i], dx[w + i], dx[2 * w + i]) = (to_r, to_z, to_n);
                    (du[i], du[w + i], du[2 * w + i]) = (to_r, to_z, to_n * r);
                    d_before[i] = d[i] * z;
                }
            }
            Cell::Lstm => {
                let (gates, dx, du) = (&seen.gates[..4 * w], &mut dx[..4 * w], &mut du[..4 * w]);
                for i in 0..w {
                    let (a, f, o, g) = (gates[i], gates[w + i], gates[2 * w + i], gates[3 * w + i]);
                    let bent = tanh(seen.memory[i]);
                    let by_memory = d_memory[i] + d[i] * o * (1.0 - bent * bent);
                    dx[i] = by_memory * g * a * (1.0 - a);
                    dx[w + i] = by_memory * seen.memory_before[i] * f * (1.0 - f);
                    dx[2 * w + i] = d[i] * bent * o * (1.0 - o);
                    dx[3 * w + i] = by_memory * a * (1.0 - g * g);
                    d_memory[i] = by_memory * f;
                    d_before[i] = 0.0;
                }
                du.copy_from_slice(dx);
            }
        }
    }
}

impl Tape<'_> {
    /// States after every row. `x` is `rows × gates · width` by time (see above), `u` is `width × gates · width`,
    /// `at_time[t]` the number of sequences that have a position `t`, never more than before. States start at 0.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn recur(&mut self, cell: Cell, x: Var, u: Var, at_time: &[u32]) -> Var {
        let (rows, wide) = self.shape(x);
        let g = cell.n_gates();
        let w = wide / g;
        assert!(w * g == wide && self.shape(u) == (w, wide), "weights of width × gates · width");
        assert!(at_time.is_sorted_by(|a, b| a >= b), "rows by time, longest sequence first");
        assert!(at_time.iter().map(|n| *n as usize).sum::<usize>() == rows, "rows of all moments");
        let is_lstm = cell == Cell::Lstm;
        let mut gates = self.buffer(if cell == Cell::Plain { 0 } else { rows * wide });
        let mut hidden = self.nodes.pool.zeros(rows * wide);
        let mut memory = self.buffer(if is_lstm { rows * w } else { 0 });
        let mut out = self.buffer(rows * w);
        let zeros = vec![0.0; w];
        let mut start = 0;
        for (t, n) in at_time.iter().map(|n| *n as usize).enumerate() {
            // The state before row `r` is that of the same sequence one moment earlier.
            let earlier = if t == 0 { 0 } else { start - at_time[t - 1] as usize };
            let (done, now) = out.split_at_mut(start * w);
            let (memory_done, memory_now) = memory.split_at_mut(if is_lstm { start * w } else { 0 });
            let hidden = &mut hidden[start * wide..(start + n) * wide];
            if t > 0 {
                product(
                    hidden,
                    wide,
                    Into::Replace,
                    1.0,
                    view(&done[earlier * w..], n, w),
                    view(self.value(u), w, wide),
                );
            }
            let x = self.nodes.value(x);
            for r in 0..n {
                let was = (earlier + r) * w;
                let state = if t == 0 { &zeros[..] } else { &done[was..was + w] };
                let kept = if t == 0 || !is_lstm { &zeros[..] } else { &memory_done[was..was + w] };
                let at = (start + r) * wide;
                let gates = if gates.is_empty() { &mut [][..] } else { &mut gates[at..at + wide] };
                let memory = if is_lstm { &mut memory_now[r * w..][..w] } else { &mut [][..] };
                step(
                    cell,
                    &x[at..at + wide],
                    &hidden[r * wide..][..wide],
                    (state, kept),
                    gates,
                    &mut now[r * w..][..w],
                    memory,
                );
            }
            start += n;
        }
        let at_time = at_time.to_vec();
        let this = self.next();
        self.push(out, (rows, w), &[x, u], move |nodes, d| {
            let mut dx = nodes.pool.take(rows * wide);
            let mut du = nodes.pool.take(rows * wide);
            let mut dh = nodes.pool.take(rows * w);
            dh.copy_from_slice(d);
            let mut d_memory = nodes.pool.zeros(if is_lstm { rows * w } else { 0 });
            let mut weights = nodes.grad_for_product(u);
            let mut by_before = vec![0.0; w];
            let out = nodes.value(this);
            let mut start = rows;
            for (t, n) in at_time.iter().map(|n| *n as usize).enumerate().rev() {
                start -= n;
                let earlier = if t == 0 { 0 } else { start - at_time[t - 1] as usize };
                for r in 0..n {
                    let (at, to) = ((start + r) * wide, (start + r) * w);
                    let was = (earlier + r) * w;
                    let of =
                        |all: &'_ [f32]| -> std::ops::Range<usize> { if all.is_empty() { 0..0 } else { to..to + w } };
                    let seen = Seen {
                        gates: if gates.is_empty() { &[] } else { &gates[at..at + wide] },
                        u: &hidden[at..at + wide],
                        before: if t == 0 { &zeros } else { &out[was..was + w] },
                        after: &out[to..to + w],
                        memory_before: if t == 0 || !is_lstm { &zeros } else { &memory[was..was + w] },
                        memory: &memory[of(&memory)],
                    };
                    let range = of(&d_memory);
                    let d_now = dh[to..to + w].to_vec();
                    step_back(
                        cell,
                        &seen,
                        &d_now,
                        &mut d_memory[range],
                        &mut dx[at..at + wide],
                        &mut du[at..at + wide],
                        &mut by_before,
                    );
                    if t > 0 {
                        crate::net::math::add_to(&mut dh[was..was + w], &by_before);
                        if is_lstm {
                            d_memory.copy_within(to..to + w, was);
                        }
                    }
                }
                if t > 0 {
                    let now = view(&du[start * wide..], n, wide);
                    product(&mut dh[earlier * w..], w, Into::Add, 1.0, now, view(nodes.value(u), w, wide).transpose());
                    if let Some((grad, into)) = &mut weights {
                        product(grad, wide, *into, 1.0, view(&out[earlier * w..], n, w).transpose(), now);
                        *into = Into::Add;
                    }
                }
            }
            if let Some((mut grad, into)) = weights {
                // One moment alone never multiplies with the weights.
                if into == Into::Replace {
                    grad.fill(0.0);
                }
                nodes.put(u, grad);
            }
            nodes.add_own(x, dx);
            for buffer in [du, dh, d_memory, gates, hidden, memory] {
                nodes.pool.give(buffer);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Mode, Pool};

    #[test] // Two sequences (0.5, 1) and (−1), U = 2: tanh(0.5), tanh(−1), tanh(1 + 2 tanh(0.5)).
    fn a_plain_cell_by_hand() {
        let (x, u) = ([0.5, -1.0, 1.0], [2.0]);
        let mut tape = Tape::new(Pool::default(), Mode::Infer);
        let (x, u) = (tape.leaf(&x, 3, 1), tape.leaf(&u, 1, 1));
        let out = tape.recur(Cell::Plain, x, u, &[2, 1]);
        let want = [0.5_f32.tanh(), (-1.0_f32).tanh(), (1.0 + 2.0 * 0.5_f32.tanh()).tanh()];
        for (got, want) in tape.value(out).iter().zip(want) {
            assert!((got - want).abs() < 1e-6);
        }
    }

    #[test] // All gates at ½: GRU h = ½ tanh(1); LSTM c = ½ tanh(1), h = ½ tanh(c).
    fn gates_that_are_half_open_by_hand() {
        let n = 1.0_f32.tanh();
        for (cell, x, want) in
            [(Cell::Gru, vec![0.0, 0.0, 1.0], 0.5 * n), (Cell::Lstm, vec![0.0, 0.0, 0.0, 1.0], 0.5 * (0.5 * n).tanh())]
        {
            let u = vec![1.0; cell.n_gates()];
            let mut tape = Tape::new(Pool::default(), Mode::Infer);
            let (x, u) = (tape.leaf(&x, 1, cell.n_gates()), tape.leaf(&u, 1, cell.n_gates()));
            let out = tape.recur(cell, x, u, &[1]);
            assert!((tape.value(out)[0] - want).abs() < 1e-6);
        }
    }
}
