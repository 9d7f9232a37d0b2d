//! Elementwise passes and sums over rows, vectorised, the same bits on every machine.
//!
//! Sums are taken in sixteen interleaved parts, see [`crate::lanes`].

use crate::lanes::{LANES, fold, vectorised};
use crate::trees::exp;

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The hyperbolic tangent as `1 − 2 / (e^2x + 1)`.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

#[inline(always)]
pub(crate) fn sum(x: &[f32]) -> f32 {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for l in 0..LANES {
            lanes[l] += chunk[l];
        }
    }
    fold(lanes) + rest.iter().sum::<f32>()
}

#[inline(always)]
fn largest(x: &[f32]) -> f32 {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for l in 0..LANES {
            lanes[l] = if chunk[l] > lanes[l] { chunk[l] } else { lanes[l] };
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a })
}

vectorised! {
    /// Turns logits into probabilities and returns the logarithm of their normaliser.
    pub(crate) fn softmax(x: &mut [f32]) -> f32 {
        let top = largest(x);
        for v in x.iter_mut() {
            *v = exp(*v - top);
        }
        let total = sum(x);
        let scale = 1.0 / total;
        for v in x.iter_mut() {
            *v *= scale;
        }
        top + total.ln()
    }
}

vectorised! {
    /// The derivative before a softmax: `target = scale · p · (d − Σ p d)`, or added to the target.
    pub(crate) fn softmax_back(p: &[f32], d: &[f32], scale: f32, target: &mut [f32]) {
        let inner = crate::lanes::dot(p, d);
        for ((t, p), d) in target.iter_mut().zip(p).zip(d) {
            *t += scale * p * (d - inner);
        }
    }
}

vectorised! {
    /// `target += source`.
    pub(crate) fn add_to(target: &mut [f32], source: &[f32]) {
        for (t, s) in target.iter_mut().zip(source) {
            *t += s;
        }
    }
}

vectorised! {
    /// `target += factor · source`.
    pub(crate) fn add_scaled_to(target: &mut [f32], factor: f32, source: &[f32]) {
        crate::lanes::add_scaled(target, factor, source);
    }
}

vectorised! {
    /// `target += a · b`, cell by cell.
    pub(crate) fn add_products_to(target: &mut [f32], a: &[f32], b: &[f32]) {
        for ((t, a), b) in target.iter_mut().zip(a).zip(b) {
            *t += a * b;
        }
    }
}

vectorised! {
    /// Adds every row of `source` to `target`.
    pub(crate) fn add_rows_to(target: &mut [f32], source: &[f32]) {
        for row in source.chunks_exact(target.len()) {
            for (t, s) in target.iter_mut().zip(row) {
                *t += s;
            }
        }
    }
}

vectorised! {
    /// Adds `row` to every row of `target`.
    pub(crate) fn add_row_to_each(target: &mut [f32], row: &[f32]) {
        for target in target.chunks_exact_mut(row.len()) {
            for (t, s) in target.iter_mut().zip(row) {
                *t += s;
            }
        }
    }
}

vectorised! {
    /// `Σ x²`.
    pub(crate) fn sum_of_squares(x: &[f32]) -> f32 {
        crate::lanes::dot(x, x)
    }
}

vectorised! {
    /// `Σ a b`.
    pub(crate) fn inner(a: &[f32], b: &[f32]) -> f32 {
        crate::lanes::dot(a, b)
    }
}

/// 32 well mixed bits of a seed and a position.
#[inline(always)]
fn hash(seed: u32, at: u32) -> u32 {
    let mut x = at.wrapping_mul(0x9E37_79B1) ^ seed;
    x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
    x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
    x ^ (x >> 16)
}

vectorised! {
    /// Sets each cell to 0 with probability `p` and divides the others by `1 − p`; which cells follows from
    /// the seed and their place from `first` on, so that a backward pass finds them again.
    pub(crate) fn drop_cells(x: &mut [f32], p: f32, seed: u32, first: u32) {
        let floor = (f64::from(p) * 4_294_967_296.0) as u32;
        let keep = 1.0 / (1.0 - p);
        for (i, v) in x.iter_mut().enumerate() {
            let kept = hash(seed, first.wrapping_add(i as u32)) >= floor;
            *v = if kept { *v * keep } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Logits 0 and ln 3: probabilities 1/4 and 3/4, normaliser 4.
    fn a_softmax_by_hand() {
        let mut x = [0.0, 3.0_f32.ln()];
        let norm = softmax(&mut x);
        assert!((x[0] - 0.25).abs() < 1e-6 && (x[1] - 0.75).abs() < 1e-6 && (norm - 4.0_f32.ln()).abs() < 1e-6);
        let mut wide: Vec<f32> = (0..40).map(|i| 100.0 + i as f32).collect();
        softmax(&mut wide);
        assert!((wide.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn curves_pass_through_known_points() {
        assert_eq!((sigmoid(0.0), tanh(0.0)), (0.5, 0.0));
        for x in [-20.0_f32, -1.5, -0.01, 0.3, 4.0, 60.0] {
            assert!((tanh(x) - x.tanh()).abs() < 1e-6, "{x}");
            assert!((sigmoid(x) - 1.0 / (1.0 + (-x).exp())).abs() < 1e-6, "{x}");
        }
    }

    #[test]
    fn a_fifth_is_dropped_and_the_mean_stays() {
        let mut x = vec![1.0; 20_000];
        drop_cells(&mut x, 0.2, 7, 0);
        let dropped = x.iter().filter(|v| **v == 0.0).count();
        assert!((3_800..4_200).contains(&dropped), "{dropped}");
        assert!((x.iter().sum::<f32>() / 20_000.0 - 1.0).abs() < 0.02);
        let mut half = vec![1.0; 10_000];
        drop_cells(&mut half, 0.2, 7, 10_000);
        assert_eq!(half, x[10_000..], "a part is dropped as in the whole");
    }
}
