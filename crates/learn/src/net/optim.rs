//! Adam: steps as long as the gradient is sure of itself.
//!
//! `m = β₁ m + (1 − β₁) g`, `v = β₂ v + (1 − β₂) g²`, `w −= rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε) + rate · decay · w`.
//! Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015; decay beside the
//! gradient: Loshchilov and Hutter, ICLR 2019. Cost: one pass over what is updated.

use crate::lanes::vectorised;

/// How weights are moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamParams {
    /// Step length, above 0.
    pub rate: f32,
    /// Memory of the gradient, in 0..1.
    pub beta1: f32,
    /// Memory of its square, in 0..1.
    pub beta2: f32,
    /// Keeps the first steps finite, above 0.
    pub epsilon: f32,
    /// Share of a weight that is taken off at each step, times the rate; at least 0.
    pub decay: f32,
    /// Weight of half the squared weights in what is minimised: added to the gradient, and so scaled with it,
    /// unlike `decay`; at least 0.
    pub l2: f32,
}

impl Default for AdamParams {
    fn default() -> Self {
        Self { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.0, l2: 0.0 }
    }
}

/// One step's constants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    adam: AdamParams,
    rate: f32,
    of_v: f32,
    /// What gradients are multiplied with first.
    scale: f32,
}

impl AdamParams {
    /// Step `t`, from 1, at `warmth` times the rate, gradients times `scale`.
    pub(crate) fn step(self, t: u64, warmth: f32, scale: f32) -> Step {
        let corrected = |beta: f32| 1.0 - f64::from(beta).powi(i32::try_from(t).unwrap_or(i32::MAX));
        let rate = f64::from(self.rate * warmth) / corrected(self.beta1);
        Step { adam: self, rate: rate as f32, of_v: (1.0 / corrected(self.beta2)) as f32, scale }
    }
}

impl Step {
    /// Moves weights `w` with moments `m` and `v` by gradient `g`.
    pub(crate) fn apply(self, w: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32]) {
        apply(self, w, m, v, g);
    }
}

vectorised! {
    fn apply(step: Step, w: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32]) {
        let AdamParams { beta1, beta2, epsilon, decay, rate, l2 } = step.adam;
        let (new1, new2, shrink) = (1.0 - beta1, 1.0 - beta2, rate * decay);
        for (((w, m), v), g) in w.iter_mut().zip(m).zip(v).zip(g) {
            let g = g * step.scale + l2 * *w;
            *m = beta1 * *m + new1 * g;
            *v = beta2 * *v + new2 * g * g;
            *w -= step.rate * *m / ((*v * step.of_v).sqrt() + epsilon) + shrink * *w;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // The first step has the length of the rate whatever the gradient; the second, with g = 0: m̂ = 0.09/0.19.
    fn two_steps_by_hand() {
        let adam = AdamParams { rate: 0.1, ..AdamParams::default() };
        let (mut w, mut m, mut v) = ([1.0, 1.0], [0.0; 2], [0.0; 2]);
        adam.step(1, 1.0, 1.0).apply(&mut w, &mut m, &mut v, &[5.0, -0.001]);
        assert!((w[0] - 0.9).abs() < 1e-5 && (w[1] - 1.1).abs() < 1e-5, "{w:?}");
        adam.step(2, 1.0, 1.0).apply(&mut w, &mut m, &mut v, &[0.0, 0.0]);
        let want = 0.9 - 0.1 * (0.45 / 0.19) / (0.024_975_f32 / 0.001_999).sqrt();
        assert!((w[0] - want).abs() < 1e-4, "{} {want}", w[0]);
    }

    #[test]
    fn decay_shrinks_what_has_no_gradient() {
        let adam = AdamParams { rate: 0.1, decay: 0.5, ..AdamParams::default() };
        let (mut w, mut m, mut v) = ([2.0], [0.0], [0.0]);
        adam.step(1, 1.0, 1.0).apply(&mut w, &mut m, &mut v, &[0.0]);
        assert!((w[0] - 1.9).abs() < 1e-6);
    }
}
