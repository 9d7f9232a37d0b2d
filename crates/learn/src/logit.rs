//! Logistic regression for reading, not only for predicting: each term's odds ratio with its interval.
//!
//! `P(y = 1) = σ(β₀ + x · β)`, maximised with a small penalty `ridge / 2 · Σ β²` on the terms (not on `β₀`) that keeps them
//! finite where a term separates the outcomes (le Cessie and van Houwelingen, "Ridge estimators in logistic regression",
//! Applied Statistics 41(1), 1992). Newton's method with halved steps. The covariance is the sandwich `H⁻¹ (Σ s sᵀ) H⁻¹`
//! with the scores summed within clusters (Liang and Zeger, Biometrika 73(1), 1986), so that several rows of one shopper do
//! not count as independent; without clusters each row is its own. With hundreds of rows a term it is close to the model's
//! own `H⁻¹`. Cost: `n k²` an iteration, some six iterations.

use crate::interval::two_sided;
use crate::small_system::{inverse, sandwich, times};
use crate::special::normal_cdf;
use crate::{LearnError, Points};
use domain::Interval;

/// How it is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogitParams {
    /// Weight of the squared terms, at least 0. One is worth about one row against the term.
    pub ridge: f64,
    /// Most Newton steps.
    pub max_steps: usize,
    /// Largest change of a coefficient at which it stops.
    pub tolerance: f64,
}

impl Default for LogitParams {
    fn default() -> Self {
        Self { ridge: 0.1, max_steps: 50, tolerance: 1e-9 }
    }
}

/// A fitted regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Logit {
    /// The constant, then one a column.
    beta: Vec<f64>,
    covariance: Vec<f64>,
}

/// One term as it is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Odds {
    /// Odds with the term one higher over odds without, all else equal.
    pub ratio: f64,
    /// Its interval.
    pub interval: Interval,
    /// Two-sided p-value of "the ratio is 1", Wald.
    pub p_value: f64,
}

impl LogitParams {
    /// Fits outcomes on the columns of `x`; `clusters[row]` names whose row it is, an empty slice makes every row its own.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for lengths that differ, [`LearnError::TooLittleData`] without a row of each outcome,
    /// [`LearnError::Param`] for a negative ridge, [`LearnError::NoEstimate`] where a column repeats others and there is
    /// no ridge, or the steps do not settle.
    pub fn fit(&self, x: &Points, y: &[bool], clusters: &[u32]) -> Result<Logit, LearnError> {
        let (n, k) = (x.n_rows(), x.n_columns() + 1);
        if y.len() != n {
            return Err(LearnError::Shape { what: "the outcomes", got: y.len(), need: n });
        }
        if !clusters.is_empty() && clusters.len() != n {
            return Err(LearnError::Shape { what: "the clusters", got: clusters.len(), need: n });
        }
        if !(self.ridge >= 0.0 && self.ridge.is_finite()) {
            return Err(LearnError::Param { name: "ridge", rule: "at least 0", got: self.ridge });
        }
        let n_yes = y.iter().filter(|y| **y).count();
        let fewest = n_yes.min(n - n_yes);
        if fewest == 0 {
            return Err(LearnError::TooLittleData { what: "rows of the rarer outcome", have: 0, need: 1 });
        }
        let mut beta = vec![0.0; k];
        beta[0] = (n_yes as f64 / (n - n_yes) as f64).ln();
        let mut objective = self.objective(x, y, &beta);
        for _ in 0..self.max_steps {
            let (gradient, hessian) = self.slopes(x, y, &beta);
            let step = times(&inverse(&hessian, k).ok_or(REPEATED)?, &gradient);
            let mut length = 1.0;
            let (next, value) = loop {
                let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + length * s).collect();
                let value = self.objective(x, y, &next);
                if value >= objective - 1e-12 * objective.abs() || length < 1e-6 {
                    break (next, value);
                }
                length /= 2.0;
            };
            let moved = next.iter().zip(&beta).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            (beta, objective) = (next, value);
            if moved < self.tolerance {
                let (_, hessian) = self.slopes(x, y, &beta);
                let inverse = inverse(&hessian, k).ok_or(REPEATED)?;
                let covariance = sandwich(&inverse, &scores(x, y, &beta, clusters), k);
                return Ok(Logit { beta, covariance });
            }
        }
        Err(LearnError::NoEstimate { what: "a logistic regression", why: "its steps do not settle" })
    }

    fn objective(&self, x: &Points, y: &[bool], beta: &[f64]) -> f64 {
        let fit: f64 = x
            .rows()
            .zip(y)
            .map(|(row, &y)| {
                let eta = linear(beta, row);
                // ln σ(±η), stable on both sides.
                let signed = if y { eta } else { -eta };
                if signed > 0.0 { -(-signed).exp().ln_1p() } else { signed - signed.exp().ln_1p() }
            })
            .sum();
        fit - self.ridge / 2.0 * beta[1..].iter().map(|b| b * b).sum::<f64>()
    }

    fn slopes(&self, x: &Points, y: &[bool], beta: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let k = beta.len();
        let (mut gradient, mut hessian) = (vec![0.0; k], vec![0.0; k * k]);
        for (row, &y) in x.rows().zip(y) {
            let p = sigmoid(linear(beta, row));
            let (off, weight) = (f64::from(u8::from(y)) - p, p * (1.0 - p));
            for (i, gradient) in gradient.iter_mut().enumerate() {
                let xi = at(row, i);
                *gradient += off * xi;
                for j in 0..=i {
                    hessian[i * k + j] += weight * xi * at(row, j);
                }
            }
        }
        for (i, (gradient, beta)) in gradient.iter_mut().zip(beta).enumerate().skip(1) {
            *gradient -= self.ridge * beta;
            hessian[i * k + i] += self.ridge;
        }
        for i in 0..k {
            for j in 0..i {
                hessian[j * k + i] = hessian[i * k + j];
            }
        }
        (gradient, hessian)
    }
}

const REPEATED: LearnError =
    LearnError::NoEstimate { what: "a logistic regression", why: "a column repeats what others say" };

fn at(row: &[f64], i: usize) -> f64 {
    if i == 0 { 1.0 } else { row[i - 1] }
}

fn linear(beta: &[f64], row: &[f64]) -> f64 {
    beta[0] + beta[1..].iter().zip(row).map(|(b, x)| b * x).sum::<f64>()
}

fn sigmoid(eta: f64) -> f64 {
    1.0 / (1.0 + (-eta).exp())
}

/// Sum over clusters of the outer product of their summed scores.
fn scores(x: &Points, y: &[bool], beta: &[f64], clusters: &[u32]) -> Vec<f64> {
    let k = beta.len();
    let mut order: Vec<usize> = (0..x.n_rows()).collect();
    if !clusters.is_empty() {
        order.sort_by_key(|&row| (clusters[row], row));
    }
    let together = |a: &usize, b: &usize| !clusters.is_empty() && clusters[*a] == clusters[*b];
    let mut total = vec![0.0; k * k];
    for rows in order.chunk_by(together) {
        let mut score = vec![0.0; k];
        for &row in rows {
            let off = f64::from(u8::from(y[row])) - sigmoid(linear(beta, x.row(row)));
            score.iter_mut().enumerate().for_each(|(i, s)| *s += off * at(x.row(row), i));
        }
        for i in 0..k {
            for j in 0..k {
                total[i * k + j] += score[i] * score[j];
            }
        }
    }
    total
}

impl Logit {
    /// The constant, then one coefficient a column.
    pub fn coefficients(&self) -> &[f64] {
        &self.beta
    }

    /// Probability of a yes for a row of as many columns.
    pub fn probability(&self, row: &[f64]) -> f64 {
        sigmoid(linear(&self.beta, row))
    }

    /// How column `column` moves the odds; `None` for a level outside (0, 1) or a column that is not there.
    pub fn odds(&self, column: usize, level: f64) -> Option<Odds> {
        let (z, k) = (two_sided(level)?, self.beta.len());
        let (b, i) = (*self.beta.get(column + 1)?, column + 1);
        let se = self.covariance[i * k + i].max(0.0).sqrt();
        let interval = Interval { low: (b - z * se).exp(), high: (b + z * se).exp(), level };
        // A column that never moves has neither effect nor spread.
        let p_value = if se > 0.0 { 2.0 * normal_cdf(-(b / se).abs()) } else { 1.0 };
        Some(Odds { ratio: b.exp(), interval, p_value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    const PLAIN: LogitParams = LogitParams { ridge: 0.0, max_steps: 50, tolerance: 1e-10 };

    // One yes-or-no column: the odds ratio is that of the cross table, 30/10 over 20/40 = 6, and the sandwich
    // is Woolf's: 1/30 + 1/10 + 1/20 + 1/40 = .2083.
    #[test]
    fn one_column_is_the_cross_table() {
        let rows = |n: usize, x: f64, y: bool| std::iter::repeat_n((x, y), n);
        let all: Vec<(f64, bool)> = rows(30, 1.0, true)
            .chain(rows(10, 1.0, false))
            .chain(rows(20, 0.0, true))
            .chain(rows(40, 0.0, false))
            .collect();
        let x = Points::new(all.iter().map(|r| r.0).collect(), 1).unwrap();
        let y: Vec<bool> = all.iter().map(|r| r.1).collect();
        let fit = PLAIN.fit(&x, &y, &[]).unwrap();
        let odds = fit.odds(0, 0.95).unwrap();
        assert!((odds.ratio - 6.0).abs() < 1e-6, "{odds:?}");
        let half = 1.959_964 * (5.0_f64 / 24.0).sqrt();
        assert!((odds.interval.low - 6.0 * (-half).exp()).abs() < 1e-4, "{odds:?}");
        assert!((fit.probability(&[0.0]) - 1.0 / 3.0).abs() < 1e-9);
        // Every row twice, with both copies in one cluster: nothing new is known.
        let twice = x.select(&(0..200).map(|i| i / 2).collect::<Vec<_>>());
        let y2: Vec<bool> = (0..200).map(|i| y[i / 2]).collect();
        let clusters: Vec<u32> = (0..200).map(|i| i / 2).collect();
        let again = PLAIN.fit(&twice, &y2, &clusters).unwrap().odds(0, 0.95).unwrap();
        assert!((again.interval.low - odds.interval.low).abs() < 1e-6);
    }

    #[test]
    fn separated_outcomes_stay_finite_and_repeated_columns_are_named() {
        let x = Points::new((0..40).map(|i| f64::from(u8::from(i < 20))).collect(), 1).unwrap();
        let y: Vec<bool> = (0..40).map(|i| i < 20).collect();
        let odds = LogitParams::default().fit(&x, &y, &[]).unwrap().odds(0, 0.95).unwrap();
        assert!(odds.ratio > 100.0 && odds.ratio.is_finite());
        let double = Points::new((0..80).map(|i| f64::from(i / 2 % 3)).collect(), 2).unwrap();
        let mixed: Vec<bool> = (0..40).map(|i| i % 5 == 0).collect();
        assert!(matches!(PLAIN.fit(&double, &mixed, &[]), Err(LearnError::NoEstimate { .. })));
        assert!(PLAIN.fit(&x, &[true; 40], &[]).is_err());
        assert!(PLAIN.fit(&x, &[true; 3], &[]).is_err());
    }

    #[test] // ln 2 and no effect, 400 simulated fits: both intervals cover, the null is called different 5 % of the time.
    fn intervals_cover_and_a_null_is_seldom_called_an_effect() {
        let (mut covered, mut called, trials) = (0, 0, 400);
        for trial in 0..trials {
            let mut rng = Seed(9).stream(trial);
            let rows: Vec<[f64; 2]> =
                (0..300).map(|_| [rng.normal(), f64::from(u8::from(rng.uniform() < 0.4))]).collect();
            let y: Vec<bool> = rows.iter().map(|r| rng.uniform() < sigmoid(-0.5 + 2.0_f64.ln() * r[0])).collect();
            let fit = LogitParams::default().fit(&Points::from_rows(&rows).unwrap(), &y, &[]).unwrap();
            let odds = fit.odds(0, 0.95).unwrap();
            covered += u32::from(odds.interval.low <= 2.0 && 2.0 <= odds.interval.high);
            called += u32::from(fit.odds(1, 0.95).unwrap().p_value < 0.05);
        }
        assert!(covered >= 366 && called <= 34, "{covered} {called}"); // 380 and 20 expected, three standard errors each
    }
}
