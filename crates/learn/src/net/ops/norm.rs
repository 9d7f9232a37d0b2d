//! Layer normalisation: every row to mean 0 and variance 1, then scaled and moved column by column.
//!
//! Source: Ba, Kiros and Hinton, "Layer normalization", 2016. Cost: two passes over a row, two back.

use crate::lanes::{dot, vectorised};
use crate::net::{Tape, Var};

/// Keeps a row without spread finite.
const EPSILON: f32 = 1e-6;

vectorised! {
    /// Writes the normalised rows and their scales `1 / deviation`.
    fn normalise(x: &[f32], n: usize, standard: &mut [f32], scales: &mut [f32]) {
        for ((x, out), scale) in x.chunks_exact(n).zip(standard.chunks_exact_mut(n)).zip(scales) {
            let mean = crate::net::math::sum(x) / n as f32;
            for (o, x) in out.iter_mut().zip(x) {
                *o = x - mean;
            }
            let variance = dot(out, out) / n as f32;
            *scale = 1.0 / (variance + EPSILON).sqrt();
            for o in out.iter_mut() {
                *o *= *scale;
            }
        }
    }
}

vectorised! {
    fn stretch(standard: &[f32], gain: &[f32], shift: &[f32], out: &mut [f32]) {
        let n = gain.len();
        for (s, out) in standard.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
            for (((o, s), g), b) in out.iter_mut().zip(s).zip(gain).zip(shift) {
                *o = s * g + b;
            }
        }
    }
}

vectorised! {
    /// `target += scale · (d g − mean(d g) − s · mean(d g s))` for each row.
    fn normalise_back(standard: &[f32], scales: &[f32], gain: &[f32], d: &[f32], scratch: &mut [f32], target: &mut [f32]) {
        let n = gain.len();
        let rows = standard.chunks_exact(n).zip(d.chunks_exact(n)).zip(target.chunks_exact_mut(n));
        for (((s, d), target), scale) in rows.zip(scales) {
            for ((h, d), g) in scratch.iter_mut().zip(d).zip(gain) {
                *h = d * g;
            }
            let (mean, along) = (crate::net::math::sum(scratch) / n as f32, dot(scratch, s) / n as f32);
            for ((t, h), s) in target.iter_mut().zip(scratch.iter()).zip(s) {
                *t += scale * (h - mean - s * along);
            }
        }
    }
}

vectorised! {
    fn gain_back(standard: &[f32], d: &[f32], target: &mut [f32]) {
        let n = target.len();
        for (s, d) in standard.chunks_exact(n).zip(d.chunks_exact(n)) {
            for ((t, s), d) in target.iter_mut().zip(s).zip(d) {
                *t += s * d;
            }
        }
    }
}

impl Tape<'_> {
    /// Rows of `x` normalised, times `gain`, plus `shift` (both `1 × columns`).
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn layer_norm(&mut self, x: Var, gain: Var, shift: Var) -> Var {
        let (rows, n) = self.shape(x);
        assert!(self.shape(gain) == (1, n) && self.shape(shift) == (1, n), "a gain and a shift for each column");
        let (mut standard, mut scales) = (self.buffer(rows * n), self.buffer(rows));
        normalise(self.value(x), n, &mut standard, &mut scales);
        let mut out = self.buffer(rows * n);
        stretch(&standard, self.value(gain), self.value(shift), &mut out);
        self.push(out, (rows, n), &[x, gain, shift], move |nodes, d| {
            if let Some(mut dx) = nodes.grad(x) {
                let mut scratch = vec![0.0; n];
                normalise_back(&standard, &scales, nodes.value(gain), d, &mut scratch, &mut dx);
                nodes.put(x, dx);
            }
            if let Some(mut dg) = nodes.grad(gain) {
                gain_back(&standard, d, &mut dg);
                nodes.put(gain, dg);
            }
            if let Some(mut ds) = nodes.grad(shift) {
                crate::net::math::add_rows_to(&mut ds, d);
                nodes.put(shift, ds);
            }
            nodes.pool.give(standard);
            nodes.pool.give(scales);
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::net::{Mode, Pool, Tape};

    #[test] // (1 3): mean 2, deviation 1, so (−1 1); gain (2 2), shift (0 10): (−2 12).
    fn a_row_is_normalised_by_hand() {
        let (x, g, s) = ([1.0, 3.0], [2.0, 2.0], [0.0, 10.0]);
        let mut tape = Tape::new(Pool::default(), Mode::Infer);
        let (x, g, s) = (tape.leaf(&x, 1, 2), tape.leaf(&g, 1, 2), tape.leaf(&s, 1, 2));
        let y = tape.layer_norm(x, g, s);
        assert!((tape.value(y)[0] + 2.0).abs() < 1e-5 && (tape.value(y)[1] - 12.0).abs() < 1e-5);
    }
}
