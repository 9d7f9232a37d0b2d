//! Conditional logit: which of several alternatives was chosen, from features of each.
//!
//! In a group of alternatives with features `x_a` the chance of `a` is `exp(w · x_a) / Σ_b exp(w · x_b)`.
//! Weights minimise the mean of `−ln p(chosen)` over the groups plus `l2 / 2 · |w|²`, none of them below
//! 0 where that is asked. Features have no constant: it would cancel within a group.
//!
//! Newton steps; each minimises the quadratic approximation by coordinate descent within the bounds and
//! is halved until the loss falls. The loss is convex, so there is one minimum. Sums run over fixed
//! blocks of groups that are added in their order: the bits are the same at any number of threads.
//!
//! Source: McFadden, "Conditional logit analysis of qualitative choice behavior", in "Frontiers in
//! econometrics", Academic Press 1974; Lee, Sun and Saunders, "Proximal Newton-type methods for minimizing
//! composite functions", SIAM Journal on Optimization 24(3), 2014. Cost: a step takes `rows · features² / 2`
//! multiply-adds, and some ten steps do.

use crate::LearnError;
use rayon::prelude::*;

/// How the weights are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChoiceParams {
    /// Weight of the squared weights, at least 0: in units of a group's loss.
    pub l2: f64,
    /// Which weights are allowed.
    pub sign: Sign,
    /// Newton steps at most, at least 1.
    pub n_steps: usize,
}

/// Which weights are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Any.
    Free,
    /// None below 0.
    NotNegative,
}

impl Default for ChoiceParams {
    fn default() -> Self {
        Self { l2: 1e-3, sign: Sign::NotNegative, n_steps: 50 }
    }
}

/// Groups of one block, whose sums are added in order.
const BLOCK: usize = 64;
/// Curvature below which there is none but rounding, for features of the order of 1 to 100.
const MIN_CURVATURE: f64 = 1e-10;
/// Change of the loss below which it stands.
const TOLERANCE: f64 = 1e-9;

/// Alternatives in groups, one after the other.
#[derive(Clone, Copy, Debug)]
struct Groups<'a> {
    x: &'a [f32],
    k: usize,
    ends: &'a [usize],
    chosen: &'a [usize],
}

/// Loss, gradient and the upper triangle of the curvature, summed over groups.
struct Sums {
    loss: f64,
    gradient: Vec<f64>,
    curvature: Vec<f64>,
}

impl ChoiceParams {
    /// Weights, one a feature. `x` is row-major, one row of `k` features an alternative; `sizes` has the
    /// number of alternatives of each group, `chosen` the position of the chosen one within its group.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a parameter outside its range.
    ///
    /// # Panics
    /// If `x` does not hold all rows, or a group has no choice, or one that is not in it.
    pub fn fit(&self, x: &[f32], k: usize, sizes: &[usize], chosen: &[usize]) -> Result<Vec<f64>, LearnError> {
        if !(self.l2 >= 0.0 && self.l2.is_finite()) {
            return Err(LearnError::Param { name: "l2", rule: "at least 0", got: self.l2 });
        }
        if self.n_steps == 0 {
            return Err(LearnError::Param { name: "n_steps", rule: "at least 1", got: 0.0 });
        }
        assert_eq!(sizes.len(), chosen.len(), "one choice a group");
        assert_eq!(x.len(), sizes.iter().sum::<usize>() * k, "one row an alternative");
        assert!(sizes.iter().zip(chosen).all(|(size, at)| at < size), "a choice is one of its group");
        let ends: Vec<usize> = sizes
            .iter()
            .scan(0, |end, size| {
                *end += size;
                Some(*end)
            })
            .collect();
        Ok(self.descend(Groups { x, k, ends: &ends, chosen }))
    }

    fn descend(&self, groups: Groups<'_>) -> Vec<f64> {
        let n = groups.chosen.len().max(1) as f64;
        let mut weights = vec![0.0; groups.k];
        let mut at = groups.sums(&weights, true);
        let penalty = |w: &[f64]| self.l2 / 2.0 * w.iter().map(|w| w * w).sum::<f64>();
        for _ in 0..self.n_steps {
            let goal = self.step(&at, &weights, n);
            let now = at.loss / n + penalty(&weights);
            // A whole step at first; a quadratic that fits badly far away is trusted less and less.
            let shorter = |part: f64| {
                let tried: Vec<f64> = weights.iter().zip(&goal).map(|(w, g)| w + part * (g - w)).collect();
                let loss = groups.sums(&tried, false).loss / n + penalty(&tried);
                (loss, tried)
            };
            let found = (0..20).map(|halving| shorter(0.5_f64.powi(halving))).find(|(loss, _)| *loss < now);
            let Some((loss, better)) = found else { break };
            weights = better;
            if now - loss < TOLERANCE {
                break;
            }
            at = groups.sums(&weights, true);
        }
        weights
    }

    /// The minimum of the quadratic approximation within the bounds.
    fn step(&self, at: &Sums, weights: &[f64], n: f64) -> Vec<f64> {
        let k = weights.len();
        let curvature = |i: usize, j: usize| {
            let (low, high) = (i.min(j), i.max(j));
            at.curvature[low * k + high] / n + if i == j { self.l2 } else { 0.0 }
        };
        let mut goal = weights.to_vec();
        // The gradient of the approximation at `goal`.
        let mut slope: Vec<f64> = (0..k).map(|i| at.gradient[i] / n + self.l2 * weights[i]).collect();
        for _ in 0..500 {
            let mut moved = 0.0_f64;
            for (i, value) in goal.iter_mut().enumerate() {
                let own = curvature(i, i);
                if own <= MIN_CURVATURE {
                    continue; // alike for all alternatives of every group: it can say nothing
                }
                let free = *value - slope[i] / own;
                let new = if self.sign == Sign::NotNegative { free.max(0.0) } else { free };
                let change = new - *value;
                if change != 0.0 {
                    *value = new;
                    slope.iter_mut().enumerate().for_each(|(j, s)| *s += change * curvature(i, j));
                    moved = moved.max(change.abs());
                }
            }
            if moved < 1e-8 {
                break;
            }
        }
        goal
    }
}

impl Groups<'_> {
    fn sums(&self, weights: &[f64], curved: bool) -> Sums {
        let blocks: Vec<Sums> = (0..self.chosen.len().div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let groups = block * BLOCK..((block + 1) * BLOCK).min(self.chosen.len());
                let mut sums = Sums::zero(self.k, curved);
                groups.for_each(|group| self.add(group, weights, &mut sums));
                sums
            })
            .collect();
        let mut total = Sums::zero(self.k, curved);
        for block in &blocks {
            total.loss += block.loss;
            total.gradient.iter_mut().zip(&block.gradient).for_each(|(t, b)| *t += b);
            total.curvature.iter_mut().zip(&block.curvature).for_each(|(t, b)| *t += b);
        }
        total
    }

    fn add(&self, group: usize, weights: &[f64], sums: &mut Sums) {
        let k = self.k;
        let start = if group == 0 { 0 } else { self.ends[group - 1] };
        let rows: Vec<&[f32]> = (start..self.ends[group]).map(|row| &self.x[row * k..(row + 1) * k]).collect();
        let score = |row: &&[f32]| row.iter().zip(weights).map(|(x, w)| f64::from(*x) * w).sum::<f64>();
        let scores: Vec<f64> = rows.iter().map(score).collect();
        let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = scores.iter().map(|s| (s - top).exp()).sum();
        let chosen = self.chosen[group];
        sums.loss += total.ln() + top - scores[chosen];
        if sums.curvature.is_empty() {
            return;
        }
        let mut mean = vec![0.0; k];
        for (row, s) in rows.iter().zip(&scores) {
            let p = (s - top).exp() / total;
            mean.iter_mut().zip(*row).for_each(|(m, x)| *m += p * f64::from(*x));
            if p < 1e-7 {
                continue; // no part of the curvature that anybody could see
            }
            for (i, own) in row.iter().enumerate() {
                let scaled = p * f64::from(*own);
                let line = &mut sums.curvature[i * k + i..(i + 1) * k];
                line.iter_mut().zip(&row[i..]).for_each(|(c, x)| *c += scaled * f64::from(*x));
            }
        }
        for (i, (own, x)) in mean.iter().zip(rows[chosen]).enumerate() {
            sums.gradient[i] += own - f64::from(*x);
            let line = &mut sums.curvature[i * k + i..(i + 1) * k];
            line.iter_mut().zip(&mean[i..]).for_each(|(c, m)| *c -= own * m);
        }
    }
}

impl Sums {
    fn zero(k: usize, curved: bool) -> Self {
        Self { loss: 0.0, gradient: vec![0.0; k], curvature: if curved { vec![0.0; k * k] } else { Vec::new() } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: ChoiceParams = ChoiceParams { l2: 0.0, sign: Sign::Free, n_steps: 100 };

    /// Two alternatives with features 1 and 0; the first is chosen in 3 of 4 groups: its chance is
    /// `1 / (1 + e^−w) = 3/4`, so `w = ln 3`. With features 0 and 1 it is `−ln 3`, and 0 if it must not be
    /// negative.
    #[test]
    fn the_share_of_choices_is_the_chance() {
        let fit = |params: ChoiceParams, x: [f32; 2]| params.fit(&x.repeat(4), 1, &[2; 4], &[0, 0, 0, 1]).unwrap()[0];
        assert!((fit(PLAIN, [1.0, 0.0]) - 3_f64.ln()).abs() < 1e-4);
        assert!((fit(PLAIN, [0.0, 1.0]) + 3_f64.ln()).abs() < 1e-4);
        assert_eq!(fit(ChoiceParams { sign: Sign::NotNegative, ..PLAIN }, [0.0, 1.0]), 0.0);
        // With a penalty of 1: 3/4 − 1 / (1 + e^−w) = w, which is at 0.2001.
        assert!((fit(ChoiceParams { l2: 1.0, ..PLAIN }, [1.0, 0.0]) - 0.2001).abs() < 1e-3);
    }

    /// Choices drawn by known weights are explained by about these weights, and a feature that is alike
    /// for all alternatives gets none.
    #[test]
    fn the_weights_that_chose_are_found() {
        let mut rng = domain::Seed(5).stream(1);
        let (mut x, mut chosen) = (Vec::new(), Vec::new());
        for _ in 0..4000 {
            let rows: Vec<[f64; 2]> = (0..5).map(|_| [rng.normal(), rng.normal()]).collect();
            let odds: Vec<f64> = rows.iter().map(|r| (1.5 * r[0] + 0.5 * r[1]).exp()).collect();
            let mut left = rng.uniform() * odds.iter().sum::<f64>();
            let at = odds.iter().position(|o| {
                left -= o;
                left <= 0.0
            });
            chosen.push(at.unwrap_or(4));
            rows.iter().for_each(|r| x.extend([r[0] as f32, r[1] as f32, 7.0]));
        }
        let weights = PLAIN.fit(&x, 3, &[5; 4000], &chosen).unwrap();
        assert!((weights[0] - 1.5).abs() < 0.1 && (weights[1] - 0.5).abs() < 0.1, "{weights:?}");
        assert!(weights[2].abs() < 1e-6, "{weights:?}");
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let name = |params: ChoiceParams| match params.fit(&[], 1, &[], &[]) {
            Err(LearnError::Param { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(ChoiceParams { l2: -1.0, ..PLAIN }), "l2");
        assert_eq!(name(ChoiceParams { n_steps: 0, ..PLAIN }), "n_steps");
    }
}
