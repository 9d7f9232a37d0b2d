//! Adam over a whole table of numbers, without a tape: the steps are those of [`crate::net`].
//!
//! `reg` adds the gradient of `reg / 2 · |p|²`. Cost: one pass over four tables a step.

use crate::net::AdamParams;
use rayon::prelude::*;

/// Running moments of a table's gradients.
#[derive(Clone, Debug)]
pub(crate) struct Adam {
    mean: Vec<f32>,
    square: Vec<f32>,
    n_steps: u64,
}

/// Numbers that a thread takes at a time.
const CHUNK: usize = 1 << 14;

impl Adam {
    pub(crate) fn new(n: usize) -> Self {
        Self { mean: vec![0.0; n], square: vec![0.0; n], n_steps: 0 }
    }

    /// Moves `p` against its gradient `g`, both as long as the table.
    pub(crate) fn step(&mut self, p: &mut [f32], g: &[f32], rate: f32, reg: f32) {
        self.n_steps += 1;
        let step = AdamParams { rate, l2: reg, ..AdamParams::default() }.step(self.n_steps, 1.0, 1.0);
        let tables = p.par_chunks_mut(CHUNK).zip(g.par_chunks(CHUNK));
        let moments = self.mean.par_chunks_mut(CHUNK).zip(self.square.par_chunks_mut(CHUNK));
        tables.zip(moments).for_each(|((p, g), (mean, square))| step.apply(p, mean, square, g));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first step goes one rate against the sign of the gradient, whatever its size. Second step with
    /// gradient 0: mean 0.9 · 0.1 · 2 = 0.18 over 1 − 0.81 = 0.19, square 0.999 · 0.004 over 1 − 0.998001.
    #[test]
    fn two_steps_by_hand() {
        let (mut p, mut adam) = ([1.0, 1.0], Adam::new(2));
        adam.step(&mut p, &[2.0, -0.5], 0.1, 0.0);
        assert!((p[0] - 0.9).abs() < 1e-5 && (p[1] - 1.1).abs() < 1e-5, "{p:?}");
        adam.step(&mut p, &[0.0, 0.0], 0.1, 0.0);
        let moved = 0.1 * (0.18 / 0.19) / (0.999_f32 * 0.004 / 0.001_999).sqrt();
        assert!((p[0] - (0.9 - moved)).abs() < 1e-4, "{p:?} {moved}");
    }

    #[test]
    fn regularisation_alone_shrinks_a_number() {
        let (mut p, mut adam) = ([1.0, -1.0], Adam::new(2));
        adam.step(&mut p, &[0.0, 0.0], 0.1, 0.5);
        assert!((p[0] - 0.9).abs() < 1e-5 && (p[1] + 0.9).abs() < 1e-5, "{p:?}");
    }
}
