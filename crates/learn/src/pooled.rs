//! Groups whose parameters come from one population: each group learns from all.
//!
//! Group `g` has `d` parameters `θ_g` and its own likelihood `L_g(θ_g)`; `θ_gj ~ N(μ_j, τ_j²)`. Both `μ`
//! and `τ` are unknown: `μ_j` is normal around a stated centre, `ln τ_j` normal around a stated size. What
//! is returned is draws of the joint posterior, so an interval made from them carries the uncertainty of
//! the population too. A group without data is drawn from the population.
//!
//! One sweep of the chain:
//! 1. each `θ_g` by an elliptical slice around the normal part that `μ` and `τ` give, or, for a large
//!    group, around a normal close to its posterior (a guide), which costs one or two likelihoods
//!    instead of ten and may be done every few sweeps, since such a step forgets where it came from;
//! 2. `μ_j` from its normal, `τ_j` from its conditional on a grid of sizes, given all `θ`;
//! 3. `(μ, ln τ)` once more with the standardised `θ` held fixed, by an elliptical slice: where groups
//!    say little, this is the step that moves the population (with 2 alone such chains hardly move).
//!
//! Sources: Gelman et al., "Bayesian Data Analysis", 3rd edition, CRC 2013, chapters 5 and 11 (the model,
//! and how chains are compared); Yu and Meng, "To center or not to center: that is not the question",
//! Journal of Computational and Graphical Statistics 20(3), 2011 (why both 2 and 3); Nishihara, Murray
//! and Adams, "Parallel MCMC with generalized elliptical slice sampling", JMLR 15, 2014 (the guide).
//! We sample rather than take the mode of `τ`: with few groups the mode is often 0, and intervals from it
//! are far too narrow.
//!
//! Chains run on rayon's threads, each from its own stream of the seed: the same draws at any number.
//! Cost: `n_chains · (n_warmup + n_draws · thin)` sweeps of about six likelihoods a group.

use crate::LearnError;
use crate::elliptical::elliptical_step;
use crate::optimise::Factor;
use domain::{Rng, Seed};
use rayon::prelude::*;

/// What is believed of the population before any data, and how long to sample.
#[derive(Clone, Debug, PartialEq)]
pub struct PooledParams {
    /// Prior mean of each `μ_j`; its length is `d`.
    pub centre: Vec<f64>,
    /// Prior standard deviation of each `μ_j`, positive.
    pub centre_spread: Vec<f64>,
    /// Prior median of each `τ_j`, positive.
    pub spread: Vec<f64>,
    /// Prior standard deviation of `ln τ_j`, positive.
    pub spread_log: f64,
    /// Independent chains, at least 1.
    pub n_chains: usize,
    /// Sweeps thrown away at the start of a chain.
    pub n_warmup: usize,
    /// Draws kept of a chain, at least 2.
    pub n_draws: usize,
    /// Sweeps a kept draw, at least 1.
    pub thin: usize,
}

/// A normal that lies close to the posterior of a large group.
#[derive(Clone, Debug, PartialEq)]
pub struct Guide {
    /// Its centre.
    pub mean: Vec<f64>,
    /// Factor of the inverse of its covariance.
    pub precision: Factor,
}

/// What is known of one group beside its likelihood.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct GroupPlan {
    /// Where its chain starts; the population's centre where there is nothing better.
    pub start: Option<Vec<f64>>,
    /// A guide for its steps.
    pub guide: Option<Guide>,
    /// Work of one likelihood, in any unit; above 4,000 the group moves every few sweeps, with a guide.
    pub cost: usize,
}

/// Draws of the joint posterior, chain after chain.
#[derive(Clone, Debug, PartialEq)]
pub struct PooledDraws {
    centre: Vec<Vec<f64>>,
    spread: Vec<Vec<f64>>,
    groups: Vec<Vec<Vec<f64>>>,
    r_hat: f64,
}

impl PooledDraws {
    /// Draws of `μ`, `n × d`.
    pub fn centre(&self) -> &[Vec<f64>] {
        &self.centre
    }

    /// Draws of `τ`, `n × d`.
    pub fn spread(&self) -> &[Vec<f64>] {
        &self.spread
    }

    /// Draws of `θ_g`, `n × d`.
    pub fn group(&self, g: usize) -> &[Vec<f64>] {
        &self.groups[g]
    }

    /// Number of groups.
    pub fn n_groups(&self) -> usize {
        self.groups.len()
    }

    /// Draws of the parameters of a group that nothing is known of, `n × d`: one from each drawn
    /// population.
    pub fn unseen(&self, seed: Seed) -> Vec<Vec<f64>> {
        let draw = |(i, (m, t)): (usize, (&Vec<f64>, &Vec<f64>))| {
            let mut rng = seed.stream(i as u64);
            m.iter().zip(t).map(|(m, t)| m + t * rng.normal()).collect()
        };
        self.centre.iter().zip(&self.spread).enumerate().map(draw).collect()
    }

    /// Gelman and Rubin's ratio, the largest over `μ` and `ln τ`: near 1 where the chains agree, 1 exactly with one chain.
    pub fn r_hat(&self) -> f64 {
        self.r_hat
    }
}

impl PooledParams {
    /// Samples. `log_likelihood(g, θ)` is the logarithm of `L_g`; anything not finite counts as impossible.
    ///
    /// # Errors
    /// [`LearnError::Param`] and [`LearnError::Shape`] for parameters outside their ranges.
    pub fn sample(
        &self,
        plans: &[GroupPlan],
        log_likelihood: impl Fn(usize, &[f64]) -> f64 + Sync,
        seed: Seed,
    ) -> Result<PooledDraws, LearnError> {
        self.check(plans)?;
        let chains: Vec<Chain> = (0..self.n_chains)
            .into_par_iter()
            .map(|c| Chain::new(self, plans, &log_likelihood, seed.stream(c as u64)).run(self, plans, &log_likelihood))
            .collect();
        let r_hat = self.r_hat(&chains);
        let gather = |of: fn(&Chain) -> &Vec<Vec<f64>>| chains.iter().flat_map(|c| of(c).iter().cloned()).collect();
        Ok(PooledDraws {
            centre: gather(|c| &c.kept_centre),
            spread: gather(|c| &c.kept_spread),
            groups: (0..plans.len())
                .map(|g| chains.iter().flat_map(|c| c.kept_groups[g].iter().cloned()).collect())
                .collect(),
            r_hat,
        })
    }

    fn check(&self, plans: &[GroupPlan]) -> Result<(), LearnError> {
        let d = self.centre.len();
        for (what, got) in [("`centre_spread`", self.centre_spread.len()), ("`spread`", self.spread.len())] {
            if got != d {
                return Err(LearnError::Shape { what, got, need: d });
            }
        }
        let sizes = self.centre_spread.iter().chain(&self.spread).chain([&self.spread_log]);
        if let Some(&got) = sizes.into_iter().find(|s| !(**s > 0.0 && s.is_finite())) {
            return Err(LearnError::Param { name: "spread", rule: "positive", got });
        }
        for (name, got, least) in [("n_chains", self.n_chains, 1), ("n_draws", self.n_draws, 2), ("thin", self.thin, 1)]
        {
            if got < least {
                return Err(LearnError::Param { name, rule: "at least 1, and 2 draws", got: got as f64 });
            }
        }
        let starts = plans.iter().filter_map(|p| p.start.as_ref());
        match starts.map(Vec::len).find(|&n| n != d) {
            Some(got) => Err(LearnError::Shape { what: "a group's start", got, need: d }),
            None => Ok(()),
        }
    }

    fn r_hat(&self, chains: &[Chain]) -> f64 {
        if chains.len() < 2 {
            return 1.0;
        }
        let mut worst = 1.0_f64;
        for j in 0..self.centre.len() {
            for value in [
                |c: &Chain, i: usize, j: usize| c.kept_centre[i][j],
                |c: &Chain, i: usize, j: usize| c.kept_spread[i][j].ln(),
            ] {
                let n = self.n_draws as f64;
                let means: Vec<f64> =
                    chains.iter().map(|c| (0..self.n_draws).map(|i| value(c, i, j)).sum::<f64>() / n).collect();
                let within = chains
                    .iter()
                    .zip(&means)
                    .map(|(c, m)| (0..self.n_draws).map(|i| (value(c, i, j) - m).powi(2)).sum::<f64>() / (n - 1.0))
                    .sum::<f64>()
                    / means.len() as f64;
                let all = means.iter().sum::<f64>() / means.len() as f64;
                let between = means.iter().map(|m| (m - all).powi(2)).sum::<f64>() / (means.len() - 1) as f64;
                worst = worst.max(((n - 1.0) / n + between / within).sqrt());
            }
        }
        worst
    }
}

/// Sizes that `τ` may take: 64 steps of 11 % from 1 % up to 8.
const GRID: usize = 64;

fn grid(i: usize) -> f64 {
    0.01_f64.ln() + 0.105 * i as f64
}

struct Chain {
    rng: Rng,
    centre: Vec<f64>,
    ln_spread: Vec<f64>,
    groups: Vec<Vec<f64>>,
    values: Vec<f64>,
    kept_centre: Vec<Vec<f64>>,
    kept_spread: Vec<Vec<f64>>,
    kept_groups: Vec<Vec<Vec<f64>>>,
}

/// Work of one likelihood up to which a group moves in every sweep.
const LIGHT: usize = 4_000;

impl Chain {
    fn new(p: &PooledParams, plans: &[GroupPlan], f: &impl Fn(usize, &[f64]) -> f64, mut rng: Rng) -> Self {
        let start = |rng: &mut Rng, g: usize, plan: &GroupPlan| {
            let base = plan.start.as_ref().unwrap_or(&p.centre);
            // A little apart, so that the chains' agreement means something.
            let moved: Vec<f64> = base.iter().zip(&p.spread).map(|(b, s)| b + 0.1 * s * rng.normal()).collect();
            if f(g, &moved).is_finite() { moved } else { p.centre.clone() }
        };
        let groups: Vec<Vec<f64>> = plans.iter().enumerate().map(|(g, plan)| start(&mut rng, g, plan)).collect();
        let values = groups.iter().enumerate().map(|(g, at)| f(g, at).max(f64::MIN)).collect();
        let n = groups.len().max(1) as f64;
        let centre = (0..p.centre.len())
            .map(|j| if groups.is_empty() { p.centre[j] } else { groups.iter().map(|g| g[j]).sum::<f64>() / n })
            .collect();
        Self {
            rng,
            centre,
            ln_spread: p.spread.iter().map(|s| s.ln()).collect(),
            values,
            kept_centre: Vec::with_capacity(p.n_draws),
            kept_spread: Vec::with_capacity(p.n_draws),
            kept_groups: vec![Vec::with_capacity(p.n_draws); groups.len()],
            groups,
        }
    }

    fn run(mut self, p: &PooledParams, plans: &[GroupPlan], f: &impl Fn(usize, &[f64]) -> f64) -> Self {
        // Where groups say much, the step along with them hardly moves and costs many likelihoods.
        let along = match plans.iter().map(|plan| plan.cost).sum::<usize>() {
            0..=200 => 1,
            201..=LIGHT => 4,
            _ => usize::MAX,
        };
        for sweep in 0..p.n_warmup + p.n_draws * p.thin {
            for (g, plan) in plans.iter().enumerate() {
                if sweep % (1 + plan.cost / LIGHT).min(10) == 0 {
                    self.move_group(g, plan, f);
                }
            }
            self.move_population(p);
            if sweep % along == 0 {
                self.move_population_with_groups(p, f);
            }
            if sweep >= p.n_warmup && (sweep - p.n_warmup) % p.thin == p.thin - 1 {
                self.kept_centre.push(self.centre.clone());
                self.kept_spread.push(self.ln_spread.iter().map(|s| s.exp()).collect());
                for (kept, at) in self.kept_groups.iter_mut().zip(&self.groups) {
                    kept.push(at.clone());
                }
            }
        }
        self
    }

    fn move_group(&mut self, g: usize, plan: &GroupPlan, f: &impl Fn(usize, &[f64]) -> f64) {
        let (centre, ln_spread) = (&self.centre, &self.ln_spread);
        let draws: Vec<f64> = centre.iter().map(|_| self.rng.normal()).collect();
        match &plan.guide {
            None => {
                let swing: Vec<f64> = draws.iter().zip(ln_spread).map(|(z, s)| z * s.exp()).collect();
                let log_factor = |x: &[f64]| f(g, x);
                self.values[g] =
                    elliptical_step(&mut self.rng, &mut self.groups[g], self.values[g], centre, &swing, log_factor);
            }
            Some(guide) => {
                // The factor is then the likelihood times the population over the guide.
                let extra = |x: &[f64]| {
                    let population: f64 =
                        (0..x.len()).map(|j| -0.5 * ((x[j] - centre[j]) / ln_spread[j].exp()).powi(2)).sum();
                    let off: Vec<f64> = x.iter().zip(&guide.mean).map(|(x, m)| x - m).collect();
                    population + 0.5 * guide.precision.quadratic(&off)
                };
                let swing = guide.precision.solve_transposed(&draws);
                let now = self.values[g] + extra(&self.groups[g]);
                let log_factor = |x: &[f64]| f(g, x) + extra(x);
                let found = elliptical_step(&mut self.rng, &mut self.groups[g], now, &guide.mean, &swing, log_factor);
                self.values[g] = found - extra(&self.groups[g]);
            }
        }
    }

    /// `μ_j` given `θ` and `τ_j`, then `τ_j` given `θ` and `μ_j`.
    fn move_population(&mut self, p: &PooledParams) {
        let n = self.groups.len() as f64;
        for j in 0..self.centre.len() {
            let (prior, data) = (p.centre_spread[j].powi(-2), n * (-2.0 * self.ln_spread[j]).exp());
            let sum: f64 = self.groups.iter().map(|g| g[j]).sum();
            let mean = (prior * p.centre[j] + data * sum / n.max(1.0)) / (prior + data);
            self.centre[j] = mean + self.rng.normal() / (prior + data).sqrt();
            let squares: f64 = self.groups.iter().map(|g| (g[j] - self.centre[j]).powi(2)).sum();
            let middle = p.spread[j].ln();
            let log: Vec<f64> = (0..GRID)
                .map(|i| {
                    let s = grid(i);
                    -n * s - 0.5 * squares * (-2.0 * s).exp() - 0.5 * ((s - middle) / p.spread_log).powi(2)
                })
                .collect();
            let top = log.iter().fold(f64::NEG_INFINITY, |m, &l| m.max(l));
            let weights: Vec<f64> = log.iter().map(|l| (l - top).exp()).collect();
            let mut rest = self.rng.uniform() * weights.iter().sum::<f64>();
            let cell = weights.iter().position(|w| {
                rest -= w;
                rest < 0.0
            });
            // Uniform within the cell, so that the draws do not sit on the grid.
            self.ln_spread[j] = grid(cell.unwrap_or(GRID - 1)) + 0.105 * (self.rng.uniform() - 0.5);
        }
    }

    /// `(μ, ln τ)` with `z = (θ - μ) / τ` held fixed: the groups move along.
    fn move_population_with_groups(&mut self, p: &PooledParams, f: &impl Fn(usize, &[f64]) -> f64) {
        let d = self.centre.len();
        let standard: Vec<Vec<f64>> = self
            .groups
            .iter()
            .map(|g| (0..d).map(|j| (g[j] - self.centre[j]) / self.ln_spread[j].exp()).collect())
            .collect();
        let place =
            |x: &[f64], g: usize| -> Vec<f64> { (0..d).map(|j| x[j] + x[d + j].exp() * standard[g][j]).collect() };
        let mean: Vec<f64> = p.centre.iter().copied().chain(p.spread.iter().map(|s| s.ln())).collect();
        let swing: Vec<f64> =
            (0..2 * d).map(|k| self.rng.normal() * if k < d { p.centre_spread[k] } else { p.spread_log }).collect();
        let mut at: Vec<f64> = self.centre.iter().chain(&self.ln_spread).copied().collect();
        let log_factor = |x: &[f64]| (0..standard.len()).map(|g| f(g, &place(x, g))).sum::<f64>();
        let now = self.values.iter().sum();
        elliptical_step(&mut self.rng, &mut at, now, &mean, &swing, log_factor);
        self.centre.copy_from_slice(&at[..d]);
        self.ln_spread.copy_from_slice(&at[d..]);
        for g in 0..self.groups.len() {
            self.groups[g] = place(&at, g);
            self.values[g] = f(g, &self.groups[g]).max(f64::MIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> PooledParams {
        PooledParams {
            centre: vec![0.0],
            centre_spread: vec![3.0],
            spread: vec![0.5],
            spread_log: 0.7,
            n_chains: 2,
            n_warmup: 200,
            n_draws: 200,
            thin: 2,
        }
    }

    /// One normal observation a group, with its own error.
    fn normal(seen: Vec<(f64, f64)>) -> impl Fn(usize, &[f64]) -> f64 + Sync {
        move |g, at| -0.5 * ((seen[g].0 - at[0]) / seen[g].1).powi(2)
    }

    fn mean(draws: &[Vec<f64>]) -> f64 {
        draws.iter().map(|d| d[0]).sum::<f64>() / draws.len() as f64
    }

    fn deviation(draws: &[Vec<f64>]) -> f64 {
        let m = mean(draws);
        (draws.iter().map(|d| (d[0] - m).powi(2)).sum::<f64>() / draws.len() as f64).sqrt()
    }

    #[test]
    fn a_vague_group_goes_to_the_others_and_a_sharp_one_stays() {
        let mut seen: Vec<(f64, f64)> = (0..8).map(|i| (2.0 + 0.1 * f64::from(i % 3), 0.05)).collect();
        seen.push((9.0, 20.0)); // says nothing
        seen.push((3.5, 0.05)); // an outlier that is sure of itself
        let plans = vec![GroupPlan::default(); 10];
        let draws = params().sample(&plans, normal(seen), Seed(1)).unwrap();
        assert!((mean(draws.group(8)) - 2.2).abs() < 0.35, "{}", mean(draws.group(8)));
        assert!((mean(draws.group(9)) - 3.5).abs() < 0.05, "{}", mean(draws.group(9)));
        assert!(deviation(draws.group(8)) > 5.0 * deviation(draws.group(9)));
        assert!(draws.r_hat() < 1.15, "{}", draws.r_hat());
    }

    #[test]
    fn without_a_group_the_population_is_the_prior() {
        let long = PooledParams { n_draws: 2_000, ..params() };
        let draws = long.sample(&[], |_, _| 0.0, Seed(2)).unwrap();
        assert!(mean(draws.centre()).abs() < 0.3 && (deviation(draws.centre()) - 3.0).abs() < 0.3);
        let unseen = draws.unseen(Seed(3));
        assert!(deviation(&unseen) > deviation(draws.centre()) - 0.1);
    }

    // Flat population: a group's posterior is its own normal, N(1, 0.1²); the guide is twice as wide and off centre.
    #[test]
    fn a_guide_changes_the_cost_and_not_the_answer() {
        let seen = vec![(1.0, 0.1); 6];
        let guide = Guide { mean: vec![1.1], precision: Factor::new(&[25.0], 1).unwrap() };
        let guided = GroupPlan { guide: Some(guide), ..GroupPlan::default() };
        let long = PooledParams { n_draws: 1_500, ..params() };
        let with = long.sample(&vec![guided; 6], normal(seen.clone()), Seed(4)).unwrap();
        let without = long.sample(&vec![GroupPlan::default(); 6], normal(seen), Seed(5)).unwrap();
        for g in 0..6 {
            assert!((mean(with.group(g)) - mean(without.group(g))).abs() < 0.02);
            assert!((deviation(with.group(g)) - deviation(without.group(g))).abs() < 0.015);
        }
    }

    #[test]
    fn draws_do_not_depend_on_the_number_of_threads() {
        let at = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| params().sample(&[GroupPlan::default()], normal(vec![(1.0, 1.0)]), Seed(8)).unwrap())
        };
        assert_eq!(at(1), at(4));
        let wrong = PooledParams { centre_spread: vec![], ..params() };
        assert!(wrong.sample(&[], |_, _| 0.0, Seed(1)).is_err());
        assert!(PooledParams { thin: 0, ..params() }.sample(&[], |_, _| 0.0, Seed(1)).is_err());
    }

    // 500 populations of 6 groups with error 0.5, population spread 0.5: the 80 % interval of each group's truth.
    #[test]
    fn intervals_of_groups_cover_what_they_promise() {
        let (mut covered, mut total) = (0, 0);
        for trial in 0..300 {
            let mut rng = Seed(77).stream(trial);
            let truth: Vec<f64> = (0..6).map(|_| 1.0 + 0.5 * rng.normal()).collect();
            let seen = truth.iter().map(|t| (t + 0.5 * rng.normal(), 0.5)).collect();
            let short = PooledParams { n_chains: 1, ..params() };
            let draws = short.sample(&vec![GroupPlan::default(); 6], normal(seen), Seed(trial)).unwrap();
            for (g, truth) in truth.iter().enumerate() {
                let values: Vec<f64> = draws.group(g).iter().map(|d| d[0]).collect();
                let ends = crate::quantile::quantiles(&values, &[0.1, 0.9]).unwrap();
                covered += u32::from(ends[0] <= *truth && *truth <= ends[1]);
                total += 1;
            }
        }
        let share = f64::from(covered) / f64::from(total);
        assert!((0.77..=0.83).contains(&share), "{share}"); // standard error about 1 %
    }
}
