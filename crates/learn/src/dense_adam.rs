//! Adam over a whole table of numbers: a step of each along its mean gradient, scaled by its size.
//!
//! Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1, with their
//! decays 0.9 and 0.999. `reg` adds the gradient of `reg / 2 · |p|²`. Cost: one pass over four tables a step.

use crate::lanes::vectorised;
use rayon::prelude::*;

/// Running moments of a table's gradients.
#[derive(Clone, Debug)]
pub(crate) struct Adam {
    mean: Vec<f32>,
    square: Vec<f32>,
    n_steps: i32,
}

/// What a step needs besides the numbers: rate and correction of the moments for their start at 0.
#[derive(Clone, Copy)]
struct Rates {
    rate: f32,
    square: f32,
    reg: f32,
}

const MEAN: f32 = 0.9;
const SQUARE: f32 = 0.999;
/// Numbers that a thread takes at a time.
const CHUNK: usize = 1 << 14;

impl Adam {
    pub(crate) fn new(n: usize) -> Self {
        Self { mean: vec![0.0; n], square: vec![0.0; n], n_steps: 0 }
    }

    /// Moves `p` against its gradient `g`, both as long as the table.
    pub(crate) fn step(&mut self, p: &mut [f32], g: &[f32], rate: f32, reg: f32) {
        self.n_steps += 1;
        let rates = Rates {
            rate: rate / (1.0 - MEAN.powi(self.n_steps)),
            square: 1.0 / (1.0 - SQUARE.powi(self.n_steps)),
            reg,
        };
        let tables = p.par_chunks_mut(CHUNK).zip(g.par_chunks(CHUNK));
        let moments = self.mean.par_chunks_mut(CHUNK).zip(self.square.par_chunks_mut(CHUNK));
        tables.zip(moments).for_each(|((p, g), (mean, square))| update(p, g, mean, square, rates));
    }
}

vectorised! {
    fn update(p: &mut [f32], g: &[f32], mean: &mut [f32], square: &mut [f32], rates: Rates) {
        for (((p, g), m), s) in p.iter_mut().zip(g).zip(mean).zip(square) {
            let g = *g + rates.reg * *p;
            *m = MEAN * *m + (1.0 - MEAN) * g;
            *s = SQUARE * *s + (1.0 - SQUARE) * g * g;
            *p -= rates.rate * *m / ((*s * rates.square).sqrt() + 1e-8);
        }
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
