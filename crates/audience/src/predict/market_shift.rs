//! What a market differs by from what its shoppers' numbers say, pulled towards 0 by how little is known.
//!
//! One model learns from all markets. In market `m` the log-odds are those of the model plus a shift
//! `δ_m ~ N(0, τ²)`: *partial pooling* of the intercept. A market with five shoppers keeps almost the pooled
//! probability and a wide interval, one with thousands its own level; a model for each market would have
//! nothing to learn from in the first, and one for all would be wrong in the second.
//!
//! For a fixed `τ` each market has a one-dimensional convex problem, solved by Newton's method; `1 / (I(δ) + 1/τ²)` is
//! the variance (Laplace). `τ` itself is averaged over a grid with the weights that the data give it and a
//! half-normal prior of deviation ½ (a market is rarely more than e times as likely as another, all else equal), so that no
//! single value, 0 above all, is ever taken for known.
//!
//! Source: Gelman & Hill, "Data analysis using regression and multilevel/hierarchical models", Cambridge 2007, chapters 12
//! and 14. Cost: a few passes over the rows for each of 25 values of `τ`.

use domain::Market;
use learn::classify::{logit, sigmoid};
use std::collections::BTreeMap;

/// Fitted shifts.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketShifts {
    of_market: BTreeMap<Market, Shift>,
    /// Deviation of a market that nothing is known of.
    spread: f64,
}

/// One market.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shift {
    mean: f64,
    sd: f64,
    n: u64,
}

const N_GRID: usize = 25;
const LARGEST: f64 = 1.5;
const PRIOR_SD: f64 = 0.5;

impl MarketShifts {
    /// From honest probabilities (of rows that the model has not seen), labels and markets; one row a shopper.
    pub fn fit<'a>(rows: impl IntoIterator<Item = (f64, f32, &'a Option<Market>)>) -> Self {
        let mut by_market: BTreeMap<Market, Vec<(f64, f64)>> = BTreeMap::new();
        for (p, y, market) in rows {
            if let Some(market) = market {
                by_market.entry(*market).or_default().push((logit(p), f64::from(y)));
            }
        }
        let taus: Vec<f64> = (0..N_GRID).map(|k| LARGEST * (k as f64 + 0.5) / N_GRID as f64).collect();
        let mut weights = Vec::with_capacity(N_GRID);
        let mut found: BTreeMap<Market, Vec<(f64, f64)>> = BTreeMap::new();
        for tau in &taus {
            let mut evidence = -0.5 * (tau / PRIOR_SD) * (tau / PRIOR_SD);
            for (market, rows) in &by_market {
                let (mode, information, gain) = mode(rows, *tau);
                evidence += gain - 0.5 * mode * mode / (tau * tau) - 0.5 * (1.0 + tau * tau * information).ln();
                found.entry(*market).or_default().push((mode, 1.0 / (information + 1.0 / (tau * tau))));
            }
            weights.push(evidence);
        }
        let best = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        weights.iter_mut().for_each(|w| *w = (*w - best).exp());
        let total: f64 = weights.iter().sum();
        let average = |of: &dyn Fn(usize) -> f64| (0..N_GRID).map(|k| weights[k] * of(k)).sum::<f64>() / total;
        let shift = |(market, modes): (Market, Vec<(f64, f64)>)| {
            let mean = average(&|k| modes[k].0);
            let square = average(&|k| modes[k].0 * modes[k].0 + modes[k].1);
            let n = by_market[&market].len() as u64;
            (market, Shift { mean, sd: (square - mean * mean).max(0.0).sqrt(), n })
        };
        let spread = average(&|k| taus[k] * taus[k]).sqrt();
        Self { of_market: found.into_iter().map(shift).collect(), spread }
    }

    /// Shift of the log-odds of a market and its deviation; 0 and the spread between markets for one that was
    /// never seen.
    pub fn of(&self, market: Option<Market>) -> (f64, f64) {
        let known = market.and_then(|market| self.of_market.get(&market));
        known.map_or((0.0, self.spread), |shift| (shift.mean, shift.sd))
    }

    /// Shoppers of a market that the shift was learnt from.
    pub fn n_shoppers(&self, market: Option<Market>) -> u64 {
        market.and_then(|market| self.of_market.get(&market)).map_or(0, |shift| shift.n)
    }

    /// How much markets differ: root mean square of `τ`.
    pub const fn spread(&self) -> f64 {
        self.spread
    }

    /// Markets with a shift of their own.
    pub fn markets(&self) -> impl Iterator<Item = Market> + '_ {
        self.of_market.keys().copied()
    }
}

/// Most likely shift, information of the rows there, and what it gains in log-likelihood against no shift.
fn mode(rows: &[(f64, f64)], tau: f64) -> (f64, f64, f64) {
    let slope = |delta: f64| {
        let sums = rows.iter().fold((0.0, 0.0), |(g, h), (score, y)| {
            let p = sigmoid(score + delta);
            (g + y - p, h + p * (1.0 - p))
        });
        (sums.0 - delta / (tau * tau), sums.1)
    };
    let mut delta = 0.0;
    for _ in 0..50 {
        let (g, h) = slope(delta);
        // Concave, and the prior keeps the curvature away from 0; a step of more than one could still overshoot.
        let step = (g / (h + 1.0 / (tau * tau))).clamp(-1.0, 1.0);
        delta += step;
        if step.abs() < 1e-10 {
            break;
        }
    }
    let likelihood = |delta: f64| {
        let of = |(score, y): &(f64, f64)| {
            let s = score + delta;
            y * s - s.max(0.0) - (-s.abs()).exp().ln_1p()
        };
        rows.iter().map(of).sum::<f64>()
    };
    (delta, slope(delta).1, likelihood(delta) - likelihood(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    fn market(i: usize) -> Option<Market> {
        Some(["AT", "BE", "CH", "DE", "ES", "FI", "FR", "GB", "IT", "JP"][i].parse().unwrap())
    }

    // One row with p = 1/2, a one, tau = 1: 1 − sigmoid(d) = d, d = 0.4011; information sigmoid(d)(1 − sigmoid(d)) = 0.2402.
    #[test]
    fn one_row_by_hand() {
        let (delta, information, gain) = mode(&[(0.0, 1.0)], 1.0);
        assert!((delta - 0.401_058).abs() < 1e-5 && (information - 0.240_210).abs() < 1e-5, "{delta} {information}");
        assert!((gain - (0.598_942_f64.ln() - 0.5_f64.ln())).abs() < 1e-5);
    }

    /// Planted truth: ten markets, shifts ~ N(0, 0.6²), 5 to 2,000 shoppers each, 40 worlds. The 95 % interval
    /// holds the true shift in 95 of 100 (observed 0.955), small markets stay near 0, large ones at their own.
    #[test]
    fn intervals_of_shifts_hold_what_they_promise() {
        let (mut inside, mut all, mut small, mut large) = (0, 0, 0.0_f64, 0.0_f64);
        for world in 0..40 {
            let mut rng = Seed(world).stream(0);
            let mut rows = Vec::new();
            let truth: Vec<f64> = (0..10).map(|_| 0.6 * rng.normal()).collect();
            for (m, shift) in truth.iter().enumerate() {
                for _ in 0..[5, 5, 10, 20, 40, 80, 160, 320, 640, 2_000][m] {
                    let score = rng.normal() - 0.5;
                    let y = f32::from(u8::from(rng.uniform() < sigmoid(score + shift)));
                    rows.push((sigmoid(score), y, market(m)));
                }
            }
            let shifts = MarketShifts::fit(rows.iter().map(|(p, y, m)| (*p, *y, m)));
            for (m, shift) in truth.iter().enumerate() {
                let (mean, sd) = shifts.of(market(m));
                inside += i32::from((mean - shift).abs() < 1.96 * sd);
                all += 1;
            }
            small += (shifts.of(market(0)).0 / 0.6).powi(2) / 40.0;
            large += (shifts.of(market(9)).0 - truth[9]).abs() / 40.0;
            assert!(shifts.of(None).0 == 0.0 && shifts.of(None).1 > 0.1 && shifts.n_shoppers(market(1)) == 5);
        }
        let share = f64::from(inside) / f64::from(all);
        assert!((0.91..=0.99).contains(&share), "{share}");
        assert!(small < 0.6 && large < 0.08, "{small} {large}");
    }

    #[test]
    fn markets_that_do_not_differ_hardly_move() {
        let mut rng = Seed(1).stream(0);
        let rows: Vec<_> =
            (0..4_000).map(|i| (0.3, f32::from(u8::from(rng.uniform() < 0.3)), market(i % 10))).collect();
        let shifts = MarketShifts::fit(rows.iter().map(|(p, y, m)| (*p, *y, m)));
        assert!(shifts.spread() < 0.25 && shifts.markets().all(|m| shifts.of(Some(m)).0.abs() < 0.2));
        assert_eq!(MarketShifts::fit(std::iter::empty()).markets().count(), 0);
    }
}
