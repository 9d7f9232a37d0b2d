//! A start from which every market is reached in a few steps.
//!
//! Each source is a task. From a start `θ` of the items' vectors a task takes `n_inner` sweeps of least squares
//! bound to `θ` by `strength`, which ends in `y`; then `θ` moves `rate` of the way to the mean of the `y` of the
//! tasks that sell the item (Reptile). The target takes the same sweeps from the last `θ`. What is learnt is not
//! one market's vectors but those from which all of them are near.
//!
//! Sources: Nichol, Achiam and Schulman, "On first-order meta-learning algorithms", arXiv 1803.02999, 2018; the
//! bound inner step is Rajeswaran et al., "Meta-learning with implicit gradients", NeurIPS 2019; across markets
//! Bonab et al., CIKM 2021. Cost: `n_rounds · n_inner` sweeps over the rows of all sources.

use super::Ground;
use super::factor_prior::Side;
use crate::{Ials, IalsParams};
use domain::{FitError, Seed};

/// How the start is learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct MetaParams {
    /// Vectors and loss; `reg` binds the shoppers.
    pub factors: IalsParams,
    /// Weight of an item's squared distance from the start within a task, above 0.
    pub strength: f32,
    /// Rounds over all tasks, at least 1.
    pub n_rounds: usize,
    /// Sweeps within a task and for the target, at least 1.
    pub n_inner: usize,
    /// How far the start moves to the tasks' mean, above 0, at most 1.
    pub rate: f32,
}

impl Default for MetaParams {
    fn default() -> Self {
        let factors = IalsParams { n_factors: 32, n_sweeps: 5, alpha: 10.0, reg: 10.0, ..IalsParams::default() };
        Self { factors, strength: 20.0, n_rounds: 6, n_inner: 1, rate: 0.5 }
    }
}

impl MetaParams {
    /// Learns the start on the sources and adapts it to the target.
    ///
    /// # Errors
    /// [`FitError`] for a parameter outside its range or a system that cannot be solved.
    pub fn adapt(&self, ground: &Ground, seed: Seed) -> Result<Ials, FitError> {
        let start = self.start(ground, seed)?;
        let mut items = start.clone();
        if !ground.target().is_empty() {
            let mut own = Side::new(ground.target(), self.factors.n_factors);
            for _ in 0..self.n_inner {
                own.sweep(&self.factors, self.strength, &start, &mut items)?;
            }
        }
        Ok(Ials::of(self.factors, items))
    }

    /// The start: the items' vectors, `n_items × n_factors`.
    pub(super) fn start(&self, ground: &Ground, seed: Seed) -> Result<Vec<f32>, FitError> {
        crate::links::above_0("strength", self.strength)?;
        crate::links::at_least_1("n_rounds", self.n_rounds)?;
        crate::links::at_least_1("n_inner", self.n_inner)?;
        if !(self.rate > 0.0 && self.rate <= 1.0) {
            return Err(FitError::Param { name: "rate", rule: "above 0, at most 1", got: f64::from(self.rate) });
        }
        let f = self.factors.n_factors;
        let taught = ground.taught(&vec![1.0; ground.sources().len()])?;
        // The first round would otherwise find each task a basis of its own.
        let first = if taught.is_empty() { ground.target() } else { &taught };
        let mut start = IalsParams { n_sweeps: 2, ..self.factors }.factors(first, seed)?.items;
        let mut tasks: Vec<Side> =
            ground.sources().iter().filter(|s| !s.rows.is_empty()).map(|s| Side::new(&s.rows, f)).collect();
        for _ in 0..self.n_rounds {
            let mut ends: Vec<Vec<f32>> = Vec::with_capacity(tasks.len());
            for task in &mut tasks {
                let mut items = start.clone();
                for _ in 0..self.n_inner {
                    task.sweep(&self.factors, self.strength, &start, &mut items)?;
                }
                ends.push(items);
            }
            for (i, theta) in start.chunks_exact_mut(f).enumerate() {
                let sold =
                    tasks.iter().zip(&ends).filter(|(task, _)| task.sells(i)).map(|(_, y)| &y[i * f..(i + 1) * f]);
                let (mut n, mut sum) = (0.0_f32, vec![0.0_f32; f]);
                for y in sold {
                    n += 1.0;
                    sum.iter_mut().zip(y).for_each(|(s, y)| *s += y);
                }
                if n > 0.0 {
                    theta.iter_mut().zip(sum).for_each(|(t, s)| *t += self.rate * (s / n - *t));
                }
            }
        }
        Ok(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::tests::ground;
    use domain::{History, ItemIdx, Score};

    #[test]
    fn a_start_from_the_sources_serves_a_target_that_sold_half() {
        let factors = IalsParams { n_factors: 4, n_sweeps: 5, alpha: 5.0, reg: 0.5, ..IalsParams::default() };
        let params = MetaParams { factors, strength: 1.0, ..MetaParams::default() };
        let source: [&[u32]; 6] = [&[0, 1], &[0, 1], &[2, 3], &[2, 3], &[0, 1], &[2, 3]];
        let ground = ground(4, &[&[0], &[2], &[0], &[2]], &source);
        let model = params.adapt(&ground, Seed(1)).unwrap();
        for (bought, near, far) in [(0, 1, 3), (2, 3, 1)] {
            let scores = model.score(History::of(&[ItemIdx(bought)]), &[near, far].map(ItemIdx));
            assert!(scores[0].unwrap() > scores[1].unwrap(), "{bought}: {scores:?}");
        }
        assert!(MetaParams { rate: 0.0, ..params }.adapt(&ground, Seed(1)).is_err());
    }
}
