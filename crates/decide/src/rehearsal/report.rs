//! Many worlds: how a plan fares, beside other plans in the same worlds, and what it hangs on.
//!
//! - *regret* of a plan in a world is the margin of the best candidate there less its own; its mean over worlds says what
//!   knowing the future would be worth beside the plan, among the candidates that were tried;
//! - the *tornado* pins one input at a time to its 5 % and 95 % quantile in every world and compares mean margins; of an input
//!   that many products have each for themselves it is their sum that is pinned (`draw.rs`).
//!
//! Candidates are the plan itself, those that the caller adds, and a grid of its price, stock and advertising multiplied.
//! Worlds are drawn once and met by every candidate. Cost: `draws · (candidates + 2 · inputs)` runs, spread over threads; the same bytes at
//! any number of them.

use super::draw::{Draw, Input, Pin, sigmas};
use super::input::{Plan, World};
use super::run::{Outcome, ranked, run};
use crate::spend_error::SpendError;
use domain::{Interval, Seed};
use learn::quantile::{quantile_sorted, sorted};
use rayon::prelude::*;

/// How a plan is rehearsed.
#[derive(Clone, Debug, PartialEq)]
pub struct RehearsalParams {
    /// What moves everything at once.
    pub world: World,
    /// Worlds, at least 20.
    pub n_draws: usize,
    /// Coverage of the intervals, in (0, 1).
    pub level: f64,
    /// Factors on all prices that are tried beside the plan.
    pub prices: Vec<f64>,
    /// Factors on all stock.
    pub stocks: Vec<f64>,
    /// Factors on all advertising.
    pub advertising: Vec<f64>,
}

impl Default for RehearsalParams {
    fn default() -> Self {
        Self {
            world: World::default(),
            n_draws: 200,
            level: 0.9,
            prices: vec![0.9, 1.0, 1.1],
            stocks: vec![0.7, 1.0, 1.4],
            advertising: vec![0.0, 0.5, 1.0, 1.5],
        }
    }
}

/// A figure over worlds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// Central interval.
    pub interval: Interval,
}

/// A candidate beside the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Its mean margin.
    pub margin: f64,
    /// Its mean regret.
    pub regret: f64,
    /// Part of the worlds in which it is the best.
    pub best: f64,
}

/// What an input does to the mean margin.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Which input.
    pub input: Input,
    /// Mean margin with the input at its 5 % quantile.
    pub low: f64,
    /// At its 95 % quantile.
    pub high: f64,
}

/// What is known after the rehearsal.
#[derive(Clone, Debug, PartialEq)]
pub struct Rehearsal {
    /// Margin of the plan.
    pub margin: Spread,
    /// Revenue after taxes and fees.
    pub revenue: Spread,
    /// Units sold.
    pub sold: Spread,
    /// Units asked for and not there.
    pub lost: Spread,
    /// Units left at the end.
    pub left: Spread,
    /// Money that has to be there at the deepest point.
    pub deepest: Spread,
    /// Advertising, the same in every world.
    pub advertising: f64,
    /// Part of worlds with a negative margin.
    pub chance_of_loss: f64,
    /// Part of product weeks in which something was asked for and not there, over all worlds.
    pub out_of_stock: f64,
    /// Mean regret of the plan against the best candidate of each world.
    pub regret: f64,
    /// Its 90 % quantile.
    pub regret_p90: f64,
    /// All candidates, by mean margin, best first; the plan is among them under its own name.
    pub candidates: Vec<Candidate>,
    /// Inputs by what they move, most first.
    pub tornado: Vec<Bar>,
    /// Products whose price response is not known.
    pub without_elasticity: Vec<String>,
    /// Margins in every world, for charts.
    pub margins: Vec<f64>,
}

/// A world and the demand that a plan meets in it.
struct Lived {
    draw: Draw,
    demand: Vec<f64>,
}

/// Whether two plans differ in nothing that a draw of their worlds depends on.
fn meets_the_same(plan: &Plan, other: &Plan) -> bool {
    let lifted = |p: &super::input::Product| p.promoted.as_ref().is_some_and(|o| o.lift.is_some());
    let same = |(a, b): (&super::input::Product, &super::input::Product)| {
        a.deliveries.len() == b.deliveries.len() && a.demand == b.demand && lifted(a) == lifted(b)
    };
    plan.products.iter().zip(&other.products).all(same)
}

impl RehearsalParams {
    /// Rehearses a plan; `others` are further candidates over the same products, channels and weeks.
    ///
    /// # Errors
    /// [`SpendError`] for plans or parameters that do not fit.
    pub fn rehearse(&self, plan: &Plan, others: &[Plan], seed: Seed) -> Result<Rehearsal, SpendError> {
        self.check()?;
        plan.check()?;
        let mut candidates = vec![plan.clone()];
        for other in others {
            other.check()?;
            let same = other.products.len() == plan.products.len()
                && other.channels.len() == plan.channels.len()
                && other.n_weeks() == plan.n_weeks();
            if !same {
                let (got, need) = (other.products.len(), plan.products.len());
                return Err(SpendError::Shape { what: format!("plan `{}`", other.name), got, need });
            }
            candidates.push(other.clone());
        }
        let knows_price = plan.products.iter().any(|p| p.elasticity.is_some());
        for &price in &self.prices {
            for &stock in &self.stocks {
                for &advertising in &self.advertising {
                    // Without a known response a higher price is free money: not a candidate.
                    let pointless = price != 1.0 && !knows_price || advertising != 1.0 && plan.channels.is_empty();
                    if (price, stock, advertising) != (1.0, 1.0, 1.0) && !pointless {
                        candidates.push(plan.varied(price, stock, advertising));
                    }
                }
            }
        }
        let lived = self.lived(plan, seed);
        let rows: Vec<Vec<Outcome>> = candidates
            .par_iter()
            .map(|candidate| match meets_the_same(plan, candidate) {
                true => self.outcomes(candidate, &lived),
                false => self.outcomes(candidate, &self.lived(candidate, seed)),
            })
            .collect();
        Ok(self.report(plan, &candidates, &rows, self.tornado(plan, &lived)))
    }

    fn check(&self) -> Result<(), SpendError> {
        self.world.check()?;
        if self.n_draws < 20 {
            return Err(SpendError::param("n_draws", "at least 20", self.n_draws as f64));
        }
        if learn::interval::two_sided(self.level).is_none() {
            return Err(SpendError::param("level", "between 0 and 1", self.level));
        }
        for (name, factors, least) in
            [("prices", &self.prices, 1e-6), ("stocks", &self.stocks, 0.0), ("advertising", &self.advertising, 0.0)]
        {
            if let Some(got) = factors.iter().find(|f| !(**f >= least && f.is_finite())) {
                return Err(SpendError::param(name, "finite factors, prices above 0", *got));
            }
        }
        Ok(())
    }

    /// Every world with the demand of a plan in it.
    fn lived(&self, plan: &Plan, seed: Seed) -> Vec<Lived> {
        let sigma = sigmas(plan);
        let one = |i: usize| {
            let draw = Draw::new(plan, &self.world, seed, i as u64);
            let demand = draw.demand(&self.world, plan, &sigma);
            Lived { draw, demand }
        };
        (0..self.n_draws).into_par_iter().map(one).collect()
    }

    /// One plan in every world.
    fn outcomes(&self, plan: &Plan, lived: &[Lived]) -> Vec<Outcome> {
        let ranked = ranked(plan);
        lived.iter().map(|l| run(plan, &self.world, &ranked, &l.draw, &l.demand)).collect()
    }

    /// Mean margin with an input pinned.
    fn pinned(&self, plan: &Plan, lived: &[Lived], sigma: &[f64], pin: Pin<'_>) -> f64 {
        let ranked = ranked(plan);
        let margin = |l: &Lived| {
            let draw = l.draw.pinned(plan, &self.world, pin);
            let moved = (*pin.input == Input::Demand).then(|| draw.demand(&self.world, plan, sigma));
            run(plan, &self.world, &ranked, &draw, moved.as_deref().unwrap_or(&l.demand)).margin
        };
        lived.iter().map(margin).sum::<f64>() / lived.len() as f64
    }

    fn tornado(&self, plan: &Plan, lived: &[Lived]) -> Vec<Bar> {
        let mut inputs = vec![Input::Demand];
        if plan.products.iter().any(|p| p.elasticity.is_some()) {
            inputs.push(Input::Elasticity);
        }
        inputs.extend((0..plan.channels.len()).filter(|&j| !plan.channels[j].draws.is_empty()).map(Input::Channel));
        if self.world.mean_delay > 0.0 && plan.products.iter().any(|p| !p.deliveries.is_empty()) {
            inputs.push(Input::Delay);
        }
        if self.world.cost_spread > 0.0 {
            inputs.push(Input::Cost);
        }
        let sigma = sigmas(plan);
        let mean = |input: &Input, at: f64| self.pinned(plan, lived, &sigma, Pin { input, at });
        let mut bars: Vec<Bar> = inputs
            .into_par_iter()
            .map(|input| Bar { low: mean(&input, 0.05), high: mean(&input, 0.95), input })
            .collect();
        bars.sort_by(|a, b| (b.high - b.low).abs().total_cmp(&(a.high - a.low).abs()));
        bars
    }

    fn report(&self, plan: &Plan, candidates: &[Plan], rows: &[Vec<Outcome>], tornado: Vec<Bar>) -> Rehearsal {
        let n = self.n_draws;
        let best: Vec<(usize, f64)> = (0..n)
            .map(|i| {
                (0..rows.len())
                    .map(|c| (c, rows[c][i].margin))
                    .fold((0, f64::NEG_INFINITY), |best, this| if this.1 > best.1 { this } else { best })
            })
            .collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let regrets = |c: usize| -> Vec<f64> { (0..n).map(|i| best[i].1 - rows[c][i].margin).collect() };
        let mut table: Vec<Candidate> = candidates
            .iter()
            .enumerate()
            .map(|(c, candidate)| Candidate {
                name: candidate.name.clone(),
                margin: mean(&rows[c].iter().map(|o| o.margin).collect::<Vec<_>>()),
                regret: mean(&regrets(c)),
                best: best.iter().filter(|b| b.0 == c).count() as f64 / n as f64,
            })
            .collect();
        table.sort_by(|a, b| b.margin.total_cmp(&a.margin).then(a.name.cmp(&b.name)));
        let own = &rows[0];
        let spread = |value: fn(&Outcome) -> f64| self.spread(&own.iter().map(value).collect::<Vec<_>>());
        let product_weeks = (n * plan.products.len() * plan.n_weeks()) as f64;
        let regret = sorted(&regrets(0));
        Rehearsal {
            margin: spread(|o| o.margin),
            revenue: spread(|o| o.revenue),
            sold: spread(|o| o.sold),
            lost: spread(|o| o.lost),
            left: spread(|o| o.left),
            deepest: spread(|o| o.deepest),
            advertising: own[0].advertising,
            chance_of_loss: own.iter().filter(|o| o.margin < 0.0).count() as f64 / n as f64,
            out_of_stock: own.iter().map(|o| o.out_of_stock_weeks).sum::<f64>() / product_weeks,
            regret: mean(&regret),
            regret_p90: quantile_sorted(&regret, 0.9).unwrap_or(f64::NAN),
            candidates: table,
            tornado,
            without_elasticity: plan
                .products
                .iter()
                .filter(|p| p.elasticity.is_none())
                .map(|p| p.name.clone())
                .collect(),
            margins: own.iter().map(|o| o.margin).collect(),
        }
    }

    fn spread(&self, values: &[f64]) -> Spread {
        let ascending = sorted(values);
        let tail = (1.0 - self.level) / 2.0;
        let at = |p: f64| quantile_sorted(&ascending, p).unwrap_or(f64::NAN);
        Spread {
            mean: values.iter().sum::<f64>() / values.len() as f64,
            median: at(0.5),
            interval: Interval { low: at(tail), high: at(1.0 - tail), level: self.level },
        }
    }
}
