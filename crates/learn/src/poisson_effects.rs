//! Counts that depend on a few columns, with a free level for every group of two groupings: product and week, say.
//!
//! `ln E[y] = a_first + b_second + x · β`. The levels take up whatever differs between products and between weeks, so `β`
//! rests only on how a product's counts move against the others' when its own `x` moves. With a level a week this is the
//! conditional likelihood of a multinomial choice among the products (Baker, "The multinomial-Poisson transformation", The
//! Statistician 43(4), 1994).
//!
//! Iterated weighted least squares; in each step the levels are swept out of the working response and of the columns by
//! weighted means in turn, so that hundreds of levels cost no matrix (Correia, Guimarães and Zylkin, "Fast Poisson
//! estimation with high-dimensional fixed effects", Stata Journal 20(1), 2020). A group without a single count has no level
//! above minus infinity: its rows say nothing about `β` and are left out, which [`PoissonEffects::n_rows`] counts.
//!
//! Two covariances: the model's own, and the sandwich with scores summed within the first grouping, for counts that vary more
//! than Poisson's and hang together (no small-sample factor). Cost: rows × columns × sweeps × some eight steps.

use crate::small_system::{inverse, sandwich, times};
use crate::{LearnError, Points};

/// How it is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoissonEffectsParams {
    /// Most steps of weighted least squares.
    pub max_steps: usize,
    /// Relative change of the deviance at which it stops.
    pub tolerance: f64,
    /// Most sweeps over the two groupings in a step.
    pub max_sweeps: usize,
}

impl Default for PoissonEffectsParams {
    fn default() -> Self {
        Self { max_steps: 100, tolerance: 1e-11, max_sweeps: 10_000 }
    }
}

/// The table it is fitted on, one entry a row.
#[derive(Clone, Copy, Debug)]
pub struct Counts<'a> {
    /// Counts (or sums), at least 0.
    pub y: &'a [f64],
    /// How much each row counts, at least 0; empty for 1 each.
    pub weight: &'a [f64],
    /// Columns.
    pub x: &'a Points,
    /// First grouping: a number below [`Self::n_first`].
    pub first: &'a [u32],
    /// Second grouping: a number below [`Self::n_second`].
    pub second: &'a [u32],
    /// Groups of the first grouping.
    pub n_first: usize,
    /// Groups of the second; 1 for a constant.
    pub n_second: usize,
}

/// A fitted table.
#[derive(Clone, Debug, PartialEq)]
pub struct PoissonEffects {
    beta: Vec<f64>,
    model: Vec<f64>,
    clustered: Vec<f64>,
    levels: Vec<f64>,
    deviance: f64,
    n_rows: usize,
}

impl PoissonEffectsParams {
    /// Fits the table.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for lengths that differ, [`LearnError::NotFinite`] or [`LearnError::Param`] for a count or
    /// weight that is not a number of at least 0 or a group beyond its number, [`LearnError::TooLittleData`] without a
    /// counted row, [`LearnError::NoEstimate`] where a column does not move within the groups or the steps do not settle.
    pub fn fit(&self, table: &Counts<'_>) -> Result<PoissonEffects, LearnError> {
        check(table)?;
        let (n, k) = (table.y.len(), table.x.n_columns());
        let used = used_rows(table);
        let n_rows = used.iter().filter(|w| **w > 0.0).count();
        if n_rows == 0 {
            return Err(LearnError::TooLittleData { what: "rows in groups with a count", have: 0, need: 1 });
        }
        let total: f64 = used.iter().sum();
        let mean = used.iter().zip(table.y).map(|(w, y)| w * y).sum::<f64>() / total;
        let mut eta: Vec<f64> = table.y.iter().map(|y| f64::midpoint(*y, mean).ln()).collect();
        let mut beta = vec![0.0; k];
        let mut deviance = f64::INFINITY;
        for _ in 0..self.max_steps {
            let mu: Vec<f64> = eta.iter().map(|e| e.exp()).collect();
            let weight: Vec<f64> = used.iter().zip(&mu).map(|(w, m)| w * m).collect();
            let working: Vec<f64> =
                (0..n).map(|i| if used[i] > 0.0 { eta[i] + (table.y[i] - mu[i]) / mu[i] } else { 0.0 }).collect();
            let sweeper = Sweeper::new(table, &weight, self.max_sweeps);
            let columns: Vec<Vec<f64>> = (0..k).map(|c| sweeper.sweep(table.x.column(c).collect())).collect();
            let response = sweeper.sweep(working.clone());
            let information = products(&columns, &weight);
            let inverse = inverse(&information, k).ok_or(STILL)?;
            let right: Vec<f64> =
                columns.iter().map(|c| (0..n).map(|i| weight[i] * c[i] * response[i]).sum()).collect();
            let next_beta = times(&inverse, &right);
            let rest = |i: usize| response[i] - columns.iter().zip(&next_beta).map(|(c, b)| c[i] * b).sum::<f64>();
            let target: Vec<f64> = (0..n).map(|i| working[i] - rest(i)).collect();
            let mut length = 1.0;
            let (next, value) = loop {
                let next: Vec<f64> = (0..n).map(|i| eta[i] + length * (target[i] - eta[i])).collect();
                let value = deviance_of(table.y, &next, &used);
                // The start is not a fit, so the first step has nothing to be held against.
                if value <= deviance * (1.0 + 1e-12) || length < 1e-4 {
                    break (next, value);
                }
                length /= 2.0;
            };
            let settled = (deviance - value).abs() <= self.tolerance * (0.1 + value);
            (eta, beta, deviance) = (next, next_beta, value);
            if settled {
                let off: Vec<f64> = (0..n).map(|i| used[i] * (table.y[i] - eta[i].exp())).collect();
                let clustered = sandwich(&inverse, &cluster_scores(table, &columns, &off), k);
                let level = |i: usize| {
                    let by_columns: f64 = table.x.row(i).iter().zip(&beta).map(|(x, b)| x * b).sum();
                    if used[i] > 0.0 { eta[i] - by_columns } else { f64::NEG_INFINITY }
                };
                let levels = (0..n).map(level).collect();
                return Ok(PoissonEffects { beta, model: inverse, clustered, levels, deviance, n_rows });
            }
        }
        Err(LearnError::NoEstimate { what: "a regression of counts", why: "its steps do not settle" })
    }
}

const STILL: LearnError =
    LearnError::NoEstimate { what: "a regression of counts", why: "a column does not move within the groups" };

fn check(table: &Counts<'_>) -> Result<(), LearnError> {
    let n = table.x.n_rows();
    let lengths = [
        ("the counts", table.y.len()),
        ("the first grouping", table.first.len()),
        ("the second grouping", table.second.len()),
    ];
    for (what, got) in lengths {
        if got != n {
            return Err(LearnError::Shape { what, got, need: n });
        }
    }
    if !table.weight.is_empty() && table.weight.len() != n {
        return Err(LearnError::Shape { what: "the weights", got: table.weight.len(), need: n });
    }
    for (column, values) in [table.y, table.weight].into_iter().enumerate() {
        if let Some(row) = values.iter().position(|v| !(*v >= 0.0 && v.is_finite())) {
            return Err(LearnError::NotFinite { row, column, value: values[row] });
        }
    }
    for (name, groups, n_groups) in [("first", table.first, table.n_first), ("second", table.second, table.n_second)] {
        if let Some(got) = groups.iter().find(|g| **g as usize >= n_groups) {
            return Err(LearnError::Param { name, rule: "below the number of groups", got: f64::from(*got) });
        }
    }
    Ok(())
}

/// Weights with 0 for the rows of groups without a count.
fn used_rows(table: &Counts<'_>) -> Vec<f64> {
    let n = table.y.len();
    let mut used = if table.weight.is_empty() { vec![1.0; n] } else { table.weight.to_vec() };
    loop {
        let (mut first, mut second) = (vec![0.0; table.n_first], vec![0.0; table.n_second]);
        for (i, weight) in used.iter().enumerate() {
            first[table.first[i] as usize] += weight * table.y[i];
            second[table.second[i] as usize] += weight * table.y[i];
        }
        let mut dropped = false;
        for (i, weight) in used.iter_mut().enumerate() {
            let empty = first[table.first[i] as usize] <= 0.0 || second[table.second[i] as usize] <= 0.0;
            if empty && *weight > 0.0 {
                *weight = 0.0;
                dropped = true;
            }
        }
        if !dropped {
            return used;
        }
    }
}

fn deviance_of(y: &[f64], eta: &[f64], used: &[f64]) -> f64 {
    let term = |i: usize| {
        let fit = eta[i].exp();
        let log = if y[i] > 0.0 { y[i] * (y[i].ln() - eta[i]) } else { 0.0 };
        2.0 * used[i] * (log - (y[i] - fit))
    };
    (0..y.len()).filter(|&i| used[i] > 0.0).map(term).sum()
}

fn products(columns: &[Vec<f64>], weight: &[f64]) -> Vec<f64> {
    let one = |a: &[f64], b: &[f64]| a.iter().zip(b).zip(weight).map(|((a, b), w)| a * b * w).sum::<f64>();
    columns.iter().flat_map(|a| columns.iter().map(move |b| one(a, b))).collect()
}

fn cluster_scores(table: &Counts<'_>, columns: &[Vec<f64>], off: &[f64]) -> Vec<f64> {
    let k = columns.len();
    let mut scores = vec![0.0; table.n_first * k];
    for (i, &group) in table.first.iter().enumerate() {
        for (c, column) in columns.iter().enumerate() {
            scores[group as usize * k + c] += column[i] * off[i];
        }
    }
    let mut total = vec![0.0; k * k];
    for score in scores.chunks_exact(k) {
        for i in 0..k {
            for j in 0..k {
                total[i * k + j] += score[i] * score[j];
            }
        }
    }
    total
}

/// Takes the weighted means of both groupings out of a column, in turn until nothing moves.
struct Sweeper<'a> {
    table: &'a Counts<'a>,
    weight: &'a [f64],
    first: Vec<f64>,
    second: Vec<f64>,
    max_sweeps: usize,
}

impl<'a> Sweeper<'a> {
    fn new(table: &'a Counts<'a>, weight: &'a [f64], max_sweeps: usize) -> Self {
        let sums = |groups: &[u32], n: usize| {
            let mut sums = vec![0.0; n];
            groups.iter().zip(weight).for_each(|(g, w)| sums[*g as usize] += w);
            sums
        };
        let (first, second) = (sums(table.first, table.n_first), sums(table.second, table.n_second));
        Self { table, weight, first, second, max_sweeps }
    }

    fn sweep(&self, mut column: Vec<f64>) -> Vec<f64> {
        let size = column.iter().zip(self.weight).filter(|(_, w)| **w > 0.0).map(|(c, _)| c.abs()).fold(0.0, f64::max);
        for _ in 0..self.max_sweeps {
            let moved = self.centre(&mut column, self.table.first, &self.first);
            let moved = moved.max(self.centre(&mut column, self.table.second, &self.second));
            if moved <= 1e-11 * (1.0 + size) {
                break;
            }
        }
        column
    }

    /// Takes out the means of one grouping and says how large the largest was.
    fn centre(&self, column: &mut [f64], groups: &[u32], totals: &[f64]) -> f64 {
        let mut means = vec![0.0; totals.len()];
        for ((c, g), w) in column.iter().zip(groups).zip(self.weight) {
            means[*g as usize] += c * w;
        }
        let mut largest = 0.0_f64;
        for (mean, total) in means.iter_mut().zip(totals) {
            *mean = if *total > 0.0 { *mean / total } else { 0.0 };
            largest = largest.max(mean.abs());
        }
        column.iter_mut().zip(groups).for_each(|(c, g)| *c -= means[*g as usize]);
        largest
    }
}

impl PoissonEffects {
    /// One coefficient a column.
    pub fn coefficients(&self) -> &[f64] {
        &self.beta
    }

    /// Standard error of a coefficient when counts are Poisson.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn se_model(&self, column: usize) -> f64 {
        self.model[column * self.beta.len() + column].max(0.0).sqrt()
    }

    /// Standard error that lets the rows of a first group hang together.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn se_clustered(&self, column: usize) -> f64 {
        self.clustered[column * self.beta.len() + column].max(0.0).sqrt()
    }

    /// `a_first + b_second` of each row; minus infinity where its group has no count.
    pub fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// Twice the distance to a fit that hits every count, at least 0.
    pub fn deviance(&self) -> f64 {
        self.deviance
    }

    /// Rows that counted.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    fn fit(
        y: &[f64],
        x: Vec<f64>,
        first: &[u32],
        second: &[u32],
        n: (usize, usize),
    ) -> Result<PoissonEffects, LearnError> {
        let x = Points::new(x, 1).unwrap();
        let table = Counts { y, weight: &[], x: &x, first, second, n_first: n.0, n_second: n.1 };
        PoissonEffectsParams::default().fit(&table)
    }

    // One group, x 0 or 1: the model is saturated, β = ln(mean of 6 / mean of 2) = ln 3, and the model's variance is
    // 1/Σy₀ + 1/Σy₁ = 1/4 + 1/12.
    #[test]
    fn two_means_by_hand() {
        let one = fit(&[1.0, 3.0, 5.0, 7.0], vec![0.0, 0.0, 1.0, 1.0], &[0; 4], &[0; 4], (1, 1)).unwrap();
        assert!((one.coefficients()[0] - 3.0_f64.ln()).abs() < 1e-9);
        assert!((one.se_model(0) - (1.0_f64 / 3.0).sqrt()).abs() < 1e-7, "{}", one.se_model(0));
        assert!((one.levels()[0] - 2.0_f64.ln()).abs() < 1e-9);
        // Two products of very different size, both trebled in week 1 by x: β as before. A third never sells: left out.
        let two = fit(
            &[2.0, 6.0, 20.0, 20.0, 0.0, 0.0],
            vec![0.0, 1.0, 0.0, 0.0, 1.0, 0.0],
            &[0, 0, 1, 1, 2, 2],
            &[0, 1, 0, 1, 0, 1],
            (3, 2),
        )
        .unwrap();
        assert!((two.coefficients()[0] - 3.0_f64.ln()).abs() < 1e-8);
        assert_eq!((two.n_rows(), two.levels()[4]), (4, f64::NEG_INFINITY));
    }

    #[test]
    fn what_does_not_move_or_does_not_fit_is_refused() {
        assert!(matches!(
            fit(&[1.0, 2.0], vec![1.0, 1.0], &[0, 0], &[0, 0], (1, 1)),
            Err(LearnError::NoEstimate { .. })
        ));
        assert!(matches!(
            fit(&[0.0, 0.0], vec![1.0, 2.0], &[0, 0], &[0, 0], (1, 1)),
            Err(LearnError::TooLittleData { .. })
        ));
        assert!(fit(&[-1.0, 2.0], vec![1.0, 2.0], &[0, 0], &[0, 0], (1, 1)).is_err());
        assert!(fit(&[1.0, 2.0], vec![1.0, 2.0], &[0, 5], &[0, 0], (1, 1)).is_err());
        assert!(fit(&[1.0], vec![1.0, 2.0], &[0, 0], &[0, 0], (1, 1)).is_err());
    }

    #[test] // A weight of 2 is the row twice.
    fn weights_are_repeats() {
        let x = Points::new(vec![0.1, 0.9, 0.4, 0.2], 1).unwrap();
        let (y, weight) = ([3.0, 1.0, 2.0, 5.0], [2.0, 1.0, 1.0, 1.0]);
        let table = Counts { y: &y, weight: &weight, x: &x, first: &[0; 4], second: &[0; 4], n_first: 1, n_second: 1 };
        let weighted = PoissonEffectsParams::default().fit(&table).unwrap();
        let repeated =
            fit(&[3.0, 3.0, 1.0, 2.0, 5.0], vec![0.1, 0.1, 0.9, 0.4, 0.2], &[0; 5], &[0; 5], (1, 1)).unwrap();
        assert!((weighted.coefficients()[0] - repeated.coefficients()[0]).abs() < 1e-9);
    }

    #[test] // 40 products, 50 weeks, β = −2: the mean of 60 fits is unbiased and the clustered interval covers.
    fn a_known_slope_is_recovered() {
        let (mut sum, mut covered, trials) = (0.0, 0, 60);
        for trial in 0..trials {
            let mut rng = Seed(12).stream(trial);
            let level: Vec<f64> = (0..40).map(|_| rng.normal()).collect();
            let week: Vec<f64> = (0..50).map(|_| 0.5 * rng.normal()).collect();
            let (mut y, mut x, mut first, mut second) = (vec![], vec![], vec![], vec![]);
            #[expect(clippy::needless_range_loop, reason = "the numbers are levels of two effects")]
            for j in 0..40 {
                for w in 0..50 {
                    let price = 0.15 * rng.normal();
                    y.push(rng.poisson((level[j] + week[w] - 2.0 * price).exp()) as f64);
                    x.push(price);
                    first.push(j as u32);
                    second.push(w as u32);
                }
            }
            let fit = fit(&y, x, &first, &second, (40, 50)).unwrap();
            let (b, se) = (fit.coefficients()[0], fit.se_clustered(0));
            sum += b;
            covered += u32::from((b + 2.0).abs() < 1.96 * se);
        }
        let mean = sum / f64::from(trials as u32);
        assert!((mean + 2.0).abs() < 0.06 && covered >= 50, "{mean} {covered}");
    }
}
