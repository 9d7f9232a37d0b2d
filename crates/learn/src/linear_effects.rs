//! Linear regression with a free level for every group of one or two groupings: product and month, say.
//!
//! `y = a_first + b_second + x · β + e`, rows weighted. The levels are swept out of `y` and of each column by weighted means
//! in turn (Gaure, "OLS with multiple high dimensional category variables", Computational Statistics & Data Analysis 66, 2013);
//! what is left is a regression of a few columns. A grouping of one group is a constant.
//!
//! Four covariances of `β`, with `A = (X̃'WX̃)⁻¹` of the swept columns and residuals `e`: *unscaled* `A`; *classical* `s² A` with
//! `s² = Σ w e² / (n − k − levels)`; *HC0* `A (Σ w² e² x̃x̃') A` (White, Econometrica 48(4), 1980); *HC1*, which is HC0 times
//! `n / (n − k − levels)`. Fitted on the working response of a Poisson regression with its means as weights, *unscaled* and
//! *HC0* are the covariances of that regression. Cost: rows × columns × sweeps.

use crate::small_system::{inverse, sandwich, times};
use crate::{LearnError, Points};

/// A grouping: each row belongs to one group.
#[derive(Clone, Copy, Debug)]
pub struct Groups<'a> {
    /// Group of each row, below [`Self::n`].
    pub of: &'a [u32],
    /// Number of groups.
    pub n: usize,
}

/// A fitted regression.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearEffects {
    beta: Vec<f64>,
    unscaled: Vec<f64>,
    hc0: Vec<f64>,
    variance: f64,
    n_rows: usize,
    free: usize,
    r2_within: f64,
    constant: Option<(f64, f64)>,
}

/// Most rounds of sweeping.
const MAX_SWEEPS: usize = 10_000;

impl LinearEffects {
    /// Fits `y` on the columns of `x` with a level for each group. `weight` is empty for 1 each; rows of weight 0 are left
    /// out. At most two groupings.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for lengths that differ, [`LearnError::NotFinite`] for a value or weight that is no number,
    /// [`LearnError::Param`] for a group beyond its number or a third grouping, [`LearnError::TooLittleData`] where no more
    /// rows than coefficients and levels are left, [`LearnError::NoEstimate`] where a column does not move within the groups.
    pub fn fit(y: &[f64], x: &Points, weight: &[f64], groupings: &[Groups<'_>]) -> Result<Self, LearnError> {
        check(y, x, weight, groupings)?;
        let (n, k) = (y.len(), x.n_columns());
        let weight = if weight.is_empty() { vec![1.0; n] } else { weight.to_vec() };
        let columns: Vec<Vec<f64>> = (0..k).map(|c| swept(x.column(c).collect(), &weight, groupings)).collect();
        let response = swept(y.to_vec(), &weight, groupings);
        let dot = |a: &[f64], b: &[f64]| (0..n).map(|i| weight[i] * a[i] * b[i]).sum::<f64>();
        let information: Vec<f64> =
            columns.iter().flat_map(|a| columns.iter().map(move |b| (a, b))).map(|(a, b)| dot(a, b)).collect();
        // A column that the levels explain is left with rounding noise: it must not look like a column.
        for (c, column) in columns.iter().enumerate() {
            let raw: Vec<f64> = x.column(c).collect();
            if dot(column, column) <= 1e-18 * dot(&raw, &raw) {
                return Err(STILL);
            }
        }
        let unscaled = inverse(&information, k).ok_or(STILL)?;
        let right: Vec<f64> = columns.iter().map(|c| dot(c, &response)).collect();
        let beta = times(&unscaled, &right);
        let off: Vec<f64> =
            (0..n).map(|i| response[i] - columns.iter().zip(&beta).map(|(c, b)| c[i] * b).sum::<f64>()).collect();
        let n_rows = weight.iter().filter(|w| **w > 0.0).count();
        let used = k + levels(groupings, &weight);
        if n_rows <= used {
            return Err(LearnError::TooLittleData { what: "rows of a regression", have: n_rows, need: used + 1 });
        }
        let free = n_rows - used;
        let rest = dot(&off, &off);
        let mut meat = vec![0.0; k * k];
        for i in 0..n {
            let score = weight[i] * off[i];
            for a in 0..k {
                for b in 0..k {
                    meat[a * k + b] += score * score * columns[a][i] * columns[b][i];
                }
            }
        }
        let total = dot(&response, &response);
        let r2_within = if total > 0.0 { 1.0 - rest / total } else { f64::NAN };
        let constant = matches!(groupings, [one] if one.n == 1).then(|| {
            let sum: f64 = weight.iter().sum();
            let mean = |v: &mut dyn Iterator<Item = f64>| v.zip(&weight).map(|(v, w)| v * w).sum::<f64>() / sum;
            let means: Vec<f64> = (0..k).map(|c| mean(&mut x.column(c))).collect();
            let level = mean(&mut y.iter().copied()) - means.iter().zip(&beta).map(|(m, b)| m * b).sum::<f64>();
            let along = times(&unscaled, &means);
            (level, 1.0 / sum + means.iter().zip(&along).map(|(m, a)| m * a).sum::<f64>())
        });
        let hc0 = sandwich(&unscaled, &meat, k);
        Ok(Self { beta, unscaled, hc0, variance: rest / free as f64, n_rows, free, r2_within, constant })
    }

    /// One coefficient a column.
    pub fn coefficients(&self) -> &[f64] {
        &self.beta
    }

    /// `√A_cc`: the standard error where the residual variance is 1, as in a Poisson working regression.
    ///
    /// # Panics
    /// If there is no such column; so do the next three.
    pub fn se_unscaled(&self, column: usize) -> f64 {
        self.root(&self.unscaled, column, 1.0)
    }

    /// Standard error for residuals of one variance.
    pub fn se_classical(&self, column: usize) -> f64 {
        self.root(&self.unscaled, column, self.variance)
    }

    /// Standard error for residuals of any variance.
    pub fn se_hc0(&self, column: usize) -> f64 {
        self.root(&self.hc0, column, 1.0)
    }

    /// The same with the factor for small samples.
    pub fn se_hc1(&self, column: usize) -> f64 {
        self.root(&self.hc0, column, self.n_rows as f64 / self.free as f64)
    }

    /// Mean squared residual, by degrees of freedom.
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// Share of the variance within the groups that the columns explain; not a number where there is none.
    pub fn r2_within(&self) -> f64 {
        self.r2_within
    }

    /// Rows less coefficients and levels.
    pub fn free(&self) -> usize {
        self.free
    }

    /// Rows of weight above 0.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The constant and its unscaled standard error, where the one grouping has one group.
    pub fn constant(&self) -> Option<(f64, f64)> {
        self.constant.map(|(level, variance)| (level, variance.max(0.0).sqrt()))
    }

    fn root(&self, matrix: &[f64], column: usize, factor: f64) -> f64 {
        (factor * matrix[column * self.beta.len() + column]).max(0.0).sqrt()
    }
}

const STILL: LearnError =
    LearnError::NoEstimate { what: "a regression", why: "a column does not move within the groups" };

fn check(y: &[f64], x: &Points, weight: &[f64], groupings: &[Groups<'_>]) -> Result<(), LearnError> {
    let n = x.n_rows();
    let shape = |what, got: usize| if got == n { Ok(()) } else { Err(LearnError::Shape { what, got, need: n }) };
    shape("the response", y.len())?;
    if !weight.is_empty() {
        shape("the weights", weight.len())?;
    }
    if groupings.len() > 2 {
        return Err(LearnError::Param { name: "groupings", rule: "at most two", got: groupings.len() as f64 });
    }
    for groups in groupings {
        shape("a grouping", groups.of.len())?;
        if let Some(got) = groups.of.iter().find(|g| **g as usize >= groups.n) {
            return Err(LearnError::Param { name: "group", rule: "below the number of groups", got: f64::from(*got) });
        }
    }
    let bad = |column, values: &[f64], fine: fn(f64) -> bool| match values.iter().position(|v| !fine(*v)) {
        Some(row) => Err(LearnError::NotFinite { row, column, value: values[row] }),
        None => Ok(()),
    };
    bad(0, y, f64::is_finite)?;
    bad(1, weight, |w| w >= 0.0 && w.is_finite())
}

/// A column less the levels of the groups, by weighted means in turn until nothing moves.
fn swept(mut column: Vec<f64>, weight: &[f64], groupings: &[Groups<'_>]) -> Vec<f64> {
    let size = column.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let totals: Vec<Vec<f64>> = groupings
        .iter()
        .map(|g| {
            let mut sums = vec![0.0; g.n];
            g.of.iter().zip(weight).for_each(|(of, w)| sums[*of as usize] += w);
            sums
        })
        .collect();
    for _ in 0..MAX_SWEEPS {
        let mut moved = 0.0_f64;
        for (groups, totals) in groupings.iter().zip(&totals) {
            let mut means = vec![0.0; groups.n];
            for ((c, of), w) in column.iter().zip(groups.of).zip(weight) {
                means[*of as usize] += c * w;
            }
            for (mean, total) in means.iter_mut().zip(totals) {
                *mean = if *total > 0.0 { *mean / total } else { 0.0 };
                moved = moved.max(mean.abs());
            }
            column.iter_mut().zip(groups.of).for_each(|(c, of)| *c -= means[*of as usize]);
        }
        if groupings.len() < 2 || moved <= 1e-13 * (1.0 + size) {
            break;
        }
    }
    column
}

/// Free levels: groups with a row, less one for each part of the data that hangs together beyond what one grouping needs.
fn levels(groupings: &[Groups<'_>], weight: &[f64]) -> usize {
    let rows = || (0..weight.len()).filter(|i| weight[*i] > 0.0);
    match groupings {
        [] => 0,
        [one] => rows().map(|i| one.of[i]).collect::<std::collections::BTreeSet<_>>().len(),
        [one, two, ..] => {
            // Levels are the nodes of a graph with an edge a row: its rank is nodes less connected parts.
            let mut parent: Vec<usize> = (0..one.n + two.n).collect();
            let mut met = vec![false; one.n + two.n];
            fn top(parent: &mut [usize], mut at: usize) -> usize {
                while parent[at] != at {
                    parent[at] = parent[parent[at]];
                    at = parent[at];
                }
                at
            }
            let mut joined = 0;
            for i in rows() {
                let (a, b) = (one.of[i] as usize, one.n + two.of[i] as usize);
                met[a] = true;
                met[b] = true;
                let (a, b) = (top(&mut parent, a), top(&mut parent, b));
                if a != b {
                    parent[a] = b;
                    joined += 1;
                }
            }
            let nodes = met.iter().filter(|m| **m).count();
            let parts = nodes - joined;
            nodes - parts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_column(values: &[f64]) -> Points {
        Points::new(values.to_vec(), 1).unwrap()
    }

    // y = 1, 3, 4 on x = 0, 1, 2 with a constant: x̃ = −1, 0, 1, so b = (−1 + 4) / 2 = 1.5, a = 8/3 − 1.5 = 7/6; residuals
    // −1/6, 1/3, −1/6 with squares summing to 1/6, 3 − 2 = 1 degree of freedom: se² = (1/6) / 2 = 1/12.
    // HC0 = (1/36 + 1/36) / 4 = 1/72, HC1 three times that. The constant's unscaled variance is 1/3 + 1²/2.
    #[test]
    fn a_line_by_hand() {
        let groups = Groups { of: &[0; 3], n: 1 };
        let fit = LinearEffects::fit(&[1.0, 3.0, 4.0], &one_column(&[0.0, 1.0, 2.0]), &[], &[groups]).unwrap();
        assert!((fit.coefficients()[0] - 1.5).abs() < 1e-12);
        assert!((fit.se_classical(0).powi(2) - 1.0 / 12.0).abs() < 1e-12);
        assert!((fit.se_hc0(0).powi(2) - 1.0 / 72.0).abs() < 1e-12);
        assert!((fit.se_hc1(0).powi(2) - 1.0 / 24.0).abs() < 1e-12);
        let (level, se) = fit.constant().unwrap();
        assert!((level - 7.0 / 6.0).abs() < 1e-12 && (se * se - 5.0 / 6.0).abs() < 1e-12, "{level} {se}");
    }

    // Products differ by 10, weeks by 5, and x raises by 2: exact, so the residual variance is 0 and R² is 1. Six rows less a
    // slope less (3 products + 2 weeks − 1) levels leave one degree of freedom.
    #[test]
    fn two_groupings_are_swept_out() {
        let x = one_column(&[0.3, 0.9, 0.1, 0.4, 0.8, 0.2]);
        let y: Vec<f64> = (0..6).map(|i| 10.0 * (i / 2) as f64 + 5.0 * (i % 2) as f64 + 2.0 * x.row(i)[0]).collect();
        let (first, second) = ([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]);
        let groupings = [Groups { of: &first, n: 3 }, Groups { of: &second, n: 2 }];
        let fit = LinearEffects::fit(&y, &x, &[], &groupings).unwrap();
        assert!((fit.coefficients()[0] - 2.0).abs() < 1e-10 && fit.free() == 1);
        assert!((fit.r2_within() - 1.0).abs() < 1e-10 && fit.constant().is_none());
        // Two parts without a common week have one level more to spare: 2 × (1 + 1) groups, rank 2.
        assert_eq!(levels(&[Groups { of: &[0, 1], n: 2 }, Groups { of: &[0, 1], n: 2 }], &[1.0, 1.0]), 2);
    }

    #[test]
    fn a_weight_of_two_is_the_row_twice_and_of_nought_is_none() {
        let groups = |n: usize| vec![0_u32; n];
        let (g4, g5) = (groups(4), groups(5));
        let weighted = LinearEffects::fit(
            &[1.0, 3.0, 2.0, 99.0],
            &one_column(&[0.1, 0.9, 0.4, 5.0]),
            &[2.0, 1.0, 1.0, 0.0],
            &[Groups { of: &g4, n: 1 }],
        )
        .unwrap();
        let repeated = LinearEffects::fit(
            &[1.0, 1.0, 3.0, 2.0, 2.0],
            &one_column(&[0.1, 0.1, 0.9, 0.4, 0.4]),
            &[1.0, 1.0, 1.0, 0.5, 0.5],
            &[Groups { of: &g5, n: 1 }],
        )
        .unwrap();
        assert!((weighted.coefficients()[0] - repeated.coefficients()[0]).abs() < 1e-12);
        assert_eq!(weighted.n_rows(), 3);
    }

    #[test]
    fn what_does_not_move_or_does_not_fit_is_refused() {
        let groups = [Groups { of: &[0, 0, 1, 1], n: 2 }];
        let still = LinearEffects::fit(&[1.0, 2.0, 3.0, 5.0], &one_column(&[1.0, 1.0, 7.3, 7.3]), &[], &groups);
        assert!(matches!(still, Err(LearnError::NoEstimate { .. })), "{still:?}");
        let few = LinearEffects::fit(&[1.0, 2.0], &one_column(&[1.0, 2.0]), &[], &[Groups { of: &[0, 0], n: 1 }]);
        assert!(matches!(few, Err(LearnError::TooLittleData { have: 2, need: 3, .. })), "{few:?}");
        let beyond = LinearEffects::fit(&[1.0, 2.0], &one_column(&[1.0, 2.0]), &[], &[Groups { of: &[0, 5], n: 1 }]);
        assert!(matches!(beyond, Err(LearnError::Param { .. })));
        assert!(LinearEffects::fit(&[1.0], &one_column(&[1.0, 2.0]), &[], &[]).is_err());
        assert!(LinearEffects::fit(&[f64::NAN, 1.0], &one_column(&[1.0, 2.0]), &[], &[]).is_err());
    }
}
