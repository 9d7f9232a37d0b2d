//! Rates of many groups, each from few trials: partial pooling of shares.
//!
//! Group `g` had `k_g` hits in `n_g` trials at its own rate, and the rates are beta over groups with mean `m`
//! and concentration `c`. The chance of the counts given `(m, c)` is beta-binomial, so the posterior of
//! `(m, c)` is a sum over a grid, and a group's posterior is the mixture of the betas
//! `(mc + k, (1-m)c + n - k)` over that grid. Taking the mixture instead of its best point is what makes the
//! intervals right with few groups. A group without trials has the mixture of the betas `(mc, (1-m)c)`.
//!
//! How far groups differ is said by `s`, the deviation of the logit of the rate over groups: `s² = ψ'(mc) + ψ'((1-m)c)`. It
//! means the same for a rate of 3 % and for one of 30 %, which a concentration does not. Before any data `m` is uniform and
//! `ln s` normal around `ln 0.65` with deviation 1: so wide that a few groups of hundreds of trials, the served markets, say
//! themselves how far groups differ, and an interval at five trials beside them holds what it promises whether they are alike or
//! not. Where all groups have five trials nothing says it, and the prior decides: intervals are then wider than they need to be
//! where groups are nearly the same, and too narrow where groups differ more than by `s` = 0.6. From fifty trials a group on
//! the data decide. The prior was chosen on other seeds than those of the coverage test.
//!
//! Source: Gelman et al., "Bayesian Data Analysis", 3rd edition, CRC 2013, section 5.3. Cost: six values of
//! `ln Γ` a distinct count and grid point, 2,300 of them, and 90 trigammas a grid point; an interval adds about 30,000
//! incomplete betas.

use crate::LearnError;
use crate::gamma_family::{ln_beta, trigamma};
use crate::special::beta_i;
use domain::Interval;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Hits and trials of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trials {
    /// Hits.
    pub hits: u64,
    /// Trials, at least as many.
    pub n: u64,
}

/// What is known of the rates of all groups.
#[derive(Clone, Debug, PartialEq)]
pub struct PooledRates {
    /// Weight, `mc`, `(1-m)c`; weights sum to 1.
    points: Vec<(f64, f64, f64)>,
}

/// Grid of `logit m`.
const MEANS: usize = 41;
/// Grid of `ln s`.
const SPREADS: usize = 29;
/// Prior of `s`: its median.
const MIDDLE: f64 = 0.65;
/// Prior of `s`: deviation of its logarithm.
const WIDTH: f64 = 1.0;
/// What the coarse grid spans.
const LOGITS: (f64, f64) = (-11.0, 8.0);
/// Deviations of the logit from .02 to 4.5.
const LN_SPREADS: (f64, f64) = (-3.9, 1.5);
/// Share of the posterior that the grid points kept hold.
const KEPT: f64 = 0.9999;

impl PooledRates {
    /// From the counts of the groups; none at all leaves the prior.
    ///
    /// # Errors
    /// [`LearnError::Param`] for more hits than trials.
    pub fn fit(groups: &[Trials]) -> Result<Self, LearnError> {
        let mut distinct: BTreeMap<Trials, f64> = BTreeMap::new();
        for group in groups {
            if group.hits > group.n {
                return Err(LearnError::Param { name: "hits", rule: "at most the trials", got: group.hits as f64 });
            }
            if group.n > 0 {
                *distinct.entry(*group).or_default() += 1.0;
            }
        }
        let counts: Vec<(Trials, f64)> = distinct.into_iter().collect();
        let step = |(low, high): (f64, f64), n: usize| (high - low) / (n - 1) as f64;
        // A coarse look at everything, then a fine one at where the weight is.
        let coarse = weigh(&counts, LOGITS, LN_SPREADS);
        let top = coarse.iter().map(|p| p.2).fold(f64::NEG_INFINITY, f64::max);
        let near: Vec<&(f64, f64, f64)> = coarse.iter().filter(|p| p.2 > top - 12.0).collect();
        let range = |of: fn(&(f64, f64, f64)) -> f64, step: f64| {
            let ends =
                near.iter().map(|p| of(p)).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
            (ends.0 - step, ends.1 + step)
        };
        let (means, spreads) = (range(|p| p.0, step(LOGITS, MEANS)), range(|p| p.1, step(LN_SPREADS, SPREADS)));
        let mut fine = weigh(&counts, means, spreads);
        let top = fine.iter().map(|p| p.2).fold(f64::NEG_INFINITY, f64::max);
        fine.iter_mut().for_each(|p| p.2 = (p.2 - top).exp());
        let total: f64 = fine.iter().map(|p| p.2).sum();
        fine.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.total_cmp(&b.0)).then(a.1.total_cmp(&b.1)));
        let mut held = 0.0;
        let kept: Vec<&(f64, f64, f64)> = fine
            .iter()
            .take_while(|p| {
                let before = held;
                held += p.2;
                before < KEPT * total
            })
            .collect();
        let sum: f64 = kept.iter().map(|p| p.2).sum();
        let point = |p: &&(f64, f64, f64)| {
            let (a, b) = shapes(p.0, p.1.exp());
            (p.2 / sum, a, b)
        };
        Ok(Self { points: kept.iter().map(point).collect() })
    }

    /// What is known of the rate of a group with these counts; with no trials, of a group not yet seen.
    pub fn group(&self, trials: Trials) -> GroupRate {
        let (k, rest) = (trials.hits as f64, trials.n.saturating_sub(trials.hits) as f64);
        // The population's weights hold this group's counts already where it was among those fitted.
        GroupRate { parts: self.points.iter().map(|&(w, a, b)| (w, a + k, b + rest)).collect() }
    }

    /// Mean over the population of the rates.
    pub fn mean(&self) -> f64 {
        self.points.iter().map(|(w, a, b)| w * a / (a + b)).sum()
    }
}

/// Log-weight of each grid point: `(logit m, ln s, log-weight)`.
fn weigh(counts: &[(Trials, f64)], means: (f64, f64), spreads: (f64, f64)) -> Vec<(f64, f64, f64)> {
    let at = |i: usize, n: usize, (low, high): (f64, f64)| low + (high - low) * i as f64 / (n - 1) as f64;
    let point = |i: usize| {
        let (logit, spread) = (at(i / SPREADS, MEANS, means), at(i % SPREADS, SPREADS, spreads));
        let (a, b) = shapes(logit, spread.exp());
        let base = ln_beta(a, b);
        let seen: f64 = counts
            .iter()
            .map(|(t, groups)| groups * (ln_beta(a + t.hits as f64, b + (t.n - t.hits) as f64) - base))
            .sum();
        // Uniform in m: the density of its logit is m (1 - m).
        let prior = -(-logit).exp().ln_1p() - logit.exp().ln_1p() - 0.5 * ((spread - MIDDLE.ln()) / WIDTH).powi(2);
        (logit, spread, seen + prior)
    };
    (0..MEANS * SPREADS).into_par_iter().map(point).collect()
}

/// Shapes of the beta distribution whose mean has this logit and whose logit has this deviation: the deviation falls with
/// the concentration, so it is found by bisection.
fn shapes(logit: f64, spread: f64) -> (f64, f64) {
    let (m, rest) = (1.0 / (1.0 + (-logit).exp()), 1.0 / (1.0 + logit.exp()));
    let (mut low, mut high) = (-10.0_f64, 40.0_f64);
    for _ in 0..45 {
        let middle = f64::midpoint(low, high);
        let c = middle.exp();
        if trigamma(m * c) + trigamma(rest * c) > spread * spread { low = middle } else { high = middle }
    }
    let c = f64::midpoint(low, high).exp();
    (m * c, rest * c)
}

/// A group's rate: a mixture of betas.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRate {
    parts: Vec<(f64, f64, f64)>,
}

impl GroupRate {
    /// Its mean.
    pub fn mean(&self) -> f64 {
        self.parts.iter().map(|(w, a, b)| w * a / (a + b)).sum()
    }

    /// Probability that the rate is below `x`.
    pub fn below(&self, x: f64) -> f64 {
        self.parts.iter().map(|(w, a, b)| w * beta_i(*a, *b, x)).sum()
    }

    /// Quantile, exact to 1e-10; NaN for `p` outside [0, 1].
    pub fn quantile(&self, p: f64) -> f64 {
        if !(0.0..=1.0).contains(&p) {
            return f64::NAN;
        }
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..34 {
            let middle = f64::midpoint(low, high);
            if self.below(middle) < p { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    }

    /// Interval with equal tails; `None` for a level outside (0, 1).
    pub fn interval(&self, level: f64) -> Option<Interval> {
        crate::interval::two_sided(level)?;
        let tail = (1.0 - level) / 2.0;
        Some(Interval { low: self.quantile(tail), high: self.quantile(1.0 - tail), level })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variates::beta;
    use domain::Seed;

    fn trials(hits: u64, n: u64) -> Trials {
        Trials { hits, n }
    }

    #[test]
    fn a_small_group_goes_to_the_others_and_a_large_one_stays() {
        let mut groups = vec![trials(40, 400); 10];
        groups.push(trials(3, 5));
        groups.push(trials(240, 400));
        let rates = PooledRates::fit(&groups).unwrap();
        let (small, large) = (rates.group(groups[10]), rates.group(groups[11]));
        assert!(small.mean() < 0.4 && small.mean() > 0.1, "{}", small.mean());
        assert!((large.mean() - 0.6).abs() < 0.02, "{}", large.mean());
        let (unseen, i) = (rates.group(trials(0, 0)).interval(0.9).unwrap(), small.interval(0.9).unwrap());
        assert!(i.high - i.low > large.interval(0.9).unwrap().high - large.interval(0.9).unwrap().low);
        assert!(unseen.low < 0.1 && unseen.high > 0.2, "{unseen:?}");
    }

    #[test]
    fn no_hits_at_all_leave_a_low_rate_and_a_positive_upper_end() {
        let rates = PooledRates::fit(&[trials(0, 30), trials(0, 50)]).unwrap();
        let i = rates.group(trials(0, 30)).interval(0.9).unwrap();
        assert!(i.low < 0.005 && i.high > 0.005 && i.high < 0.12, "{i:?}");
        assert!((PooledRates::fit(&[]).unwrap().mean() - 0.5).abs() < 0.02);
        assert!(PooledRates::fit(&[trials(3, 2)]).is_err());
        assert_eq!(rates.group(trials(0, 30)).interval(1.0), None);
    }

    // 12 groups with beta(4, 36) rates, 300 populations; standard error of a coverage about 0.6 %.
    #[test]
    fn intervals_cover_what_they_promise_at_5_and_at_50_trials() {
        for n in [5, 50] {
            let (mut covered, mut total) = (0, 0);
            for trial in 0..120 {
                let mut rng = Seed(21).stream(trial * 1_000 + n);
                let truth: Vec<f64> = (0..12).map(|_| beta(&mut rng, 4.0, 36.0)).collect();
                let groups: Vec<Trials> =
                    truth.iter().map(|t| trials((0..n).filter(|_| rng.uniform() < *t).count() as u64, n)).collect();
                let rates = PooledRates::fit(&groups).unwrap();
                for (t, g) in truth.iter().zip(&groups).take(4) {
                    let below = rates.group(*g).below(*t);
                    covered += u32::from((0.05..=0.95).contains(&below));
                    total += 1;
                }
            }
            let share = f64::from(covered) / f64::from(total);
            // 480 of them: standard error 1.4 %. At five trials groups so much alike get more than they were promised.
            let most = if n == 5 { 0.98 } else { 0.945 };
            assert!((0.855..=most).contains(&share), "{n} trials: {share}");
        }
    }
}
