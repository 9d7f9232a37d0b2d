//! Experiments that pin a channel down: a lift that was measured by switching spend off, down or up.
//!
//! An experiment says: in these weeks the spend above `share_kept` of what was spent brought `lift`, give or take
//! `standard_error`. For a given shape the model's answer is `b · d`, with `d` the saturation with the real spend less
//! that with the reduced spend, summed over the weeks of the experiment and the weeks after it in which it still carries.
//! So it enters the least squares as one more row, weighed as its error deserves:
//! `(σ² / n) Σ ((b d - lift) / se)²`, with `σ²` the variance of the model's own residuals.
//! Source: Zhang, Wurm, Li, Wakim, Kelly, Price and Liu, "Media mix model calibration with Bayesian priors", 2023.

use super::design::Design;
use super::params::Shape;
use serde::{Deserialize, Serialize};

/// A measured lift of one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lift {
    /// Which channel, by its place in the table.
    pub channel: usize,
    /// First week, from 0.
    pub from_week: usize,
    /// Week after the last.
    pub to_week: usize,
    /// Part of the spend that went on in the comparison: 0 where it was switched off, above 1 where the test spent less.
    pub share_kept: f64,
    /// Outcome that the difference brought, in the outcome's unit, over all places.
    pub lift: f64,
    /// Its standard error, above 0.
    pub standard_error: f64,
}

impl Lift {
    /// From a 95 % interval instead of a standard error.
    pub fn from_interval(channel: usize, weeks: (usize, usize), share_kept: f64, low: f64, high: f64) -> Self {
        let standard_error = (high - low) / (2.0 * 1.959_963_984_540_054);
        let lift = (low + high) / 2.0;
        Self { channel, from_week: weeks.0, to_week: weeks.1, share_kept, lift, standard_error }
    }

    /// `d` of this experiment if it is about this channel: per head in each place, times the heads there.
    pub(super) fn saturation(
        &self,
        design: &Design,
        channel: usize,
        shape: &Shape,
        scale: f64,
        saturated: &[f64],
    ) -> Option<f64> {
        if self.channel != channel {
            return None;
        }
        let mut sum = 0.0;
        for (place, spend) in design.spend[channel].chunks_exact(design.n_weeks).enumerate() {
            let kept: Vec<f64> = spend
                .iter()
                .enumerate()
                .map(|(t, x)| if (self.from_week..self.to_week).contains(&t) { x * self.share_kept } else { *x })
                .collect();
            let real = &saturated[place * design.n_weeks..(place + 1) * design.n_weeks];
            let without = shape.adstock.apply(&kept);
            let difference: f64 =
                real.iter().zip(&without).skip(self.from_week).map(|(s, c)| s - shape.saturated(*c, scale)).sum();
            sum += design.size[place] * difference;
        }
        Some(sum)
    }
}
