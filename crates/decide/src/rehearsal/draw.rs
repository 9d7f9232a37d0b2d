//! One draw of a world: everything uncertain as a number, the same for every plan that is tried in it.
//!
//! Demand of a product in a week is lognormal with the mean and the standard deviation of its estimate; its logarithm moves
//! with three standard normal parts, the market's, the product's and the week's own. Elasticity is normal, cost lognormal with
//! mean 1, delays are exponential, and each channel takes one of its resampled curves. Draw `i` comes from stream `i` of the
//! seed and its numbers are taken in a fixed order, so plans that differ in prices, stock or spend meet the same luck.
//!
//! A *pinned* input is known in sum, not product by product: what the market's and the products' parts of demand add up to, the
//! mean of the products' elasticities, the sum of the deliveries' delays are put at a quantile of their own distribution, and each
//! part takes its share of the way there (the Gaussian parts by their covariance with the sum, the exponential ones in proportion),
//! which draws them from their distribution given that sum. All products at their worst at once is no 5 % case.

use super::input::{Noise, Plan, Product, World};
use crate::Said;
use domain::Seed;

/// An input that can be pinned to its low or high end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// How large the market is.
    Demand,
    /// How shoppers answer to price.
    Elasticity,
    /// What a channel brings.
    Channel(usize),
    /// How late deliveries are.
    Delay,
    /// What a unit costs to land.
    Cost,
}

impl Input {
    /// Its name in tables; all channels have one.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Demand => "demand",
            Self::Elasticity => "elasticity",
            Self::Channel(_) => "channel",
            Self::Delay => "delay",
            Self::Cost => "cost",
        }
    }

    /// The input of a name; channels are told apart by `channel`.
    pub fn named(name: &str, channel: usize) -> Option<Self> {
        let all = [Self::Demand, Self::Elasticity, Self::Channel(channel), Self::Delay, Self::Cost];
        all.into_iter().find(|input| input.name() == name)
    }

    /// For a reader.
    pub fn said(&self) -> Said {
        match self {
            Self::Demand => Said::new("How large the demand is", "需求规模"),
            Self::Elasticity => Said::new("How shoppers answer to price", "顾客对价格的反应"),
            Self::Channel(_) => Said::new("What advertising brings", "广告效果"),
            Self::Delay => Said::new("How late deliveries are", "到货延迟"),
            Self::Cost => Said::new("What a unit costs to land", "到岸成本"),
        }
    }
}

/// A part of an input's distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pin<'a> {
    /// Which input.
    pub(super) input: &'a Input,
    /// Its quantile, in (0, 1).
    pub at: f64,
}

/// One world.
pub(super) struct Draw {
    /// Factor on the landed cost.
    pub cost: f64,
    /// Weeks late, of every delivery of every product in turn.
    late: Vec<f64>,
    market: f64,
    product: Vec<f64>,
    week: Vec<f64>,
    elasticity: Vec<f64>,
    /// Which resample of each channel, as a number in [0, 1).
    channel: Vec<f64>,
    /// Seed of the counts.
    counts: Seed,
}

impl Draw {
    pub(super) fn new(plan: &Plan, world: &World, seed: Seed, i: u64, pin: Option<Pin<'_>>) -> Self {
        let mut rng = seed.stream(i);
        let at = |input: &Input| pin.filter(|p| p.input == input).map(|p| p.at);
        let z = |input: &Input| at(input).map(learn::special::normal_quantile);
        let (mut market, own_cost) = (rng.normal(), rng.normal());
        let cost_z = z(&Input::Cost).unwrap_or(own_cost);
        let cost = (world.cost_spread * cost_z - world.cost_spread.powi(2) / 2.0).exp();
        let mut product: Vec<f64> = plan.products.iter().map(|_| rng.normal()).collect();
        let mut elasticity: Vec<f64> = plan.products.iter().map(|_| rng.normal()).collect();
        if let Some(z) = z(&Input::Demand) {
            pin_sum(&mut market, &mut product, world, z);
        }
        if let Some(z) = z(&Input::Elasticity) {
            let known = |i: &usize| plan.products[*i].elasticity.is_some();
            let known: Vec<usize> = (0..elasticity.len()).filter(known).collect();
            let n = known.len().max(1) as f64;
            let shift = z / n.sqrt() - known.iter().map(|i| elasticity[*i]).sum::<f64>() / n;
            known.iter().for_each(|i| elasticity[*i] += shift);
        }
        let channel = (0..plan.channels.len())
            .map(|j| {
                let own = rng.uniform();
                at(&Input::Channel(j)).unwrap_or(own)
            })
            .collect();
        let n_deliveries: usize = plan.products.iter().map(|p| p.deliveries.len()).sum();
        let mut late: Vec<f64> = (0..n_deliveries).map(|_| world.mean_delay * rng.exponential()).collect();
        if let Some(q) = at(&Input::Delay) {
            // The sum of n exponentials is gamma of shape n; given it, they share it as they would have.
            let sum = late.iter().sum::<f64>();
            let times = if sum > 0.0 {
                world.mean_delay * learn::special::gamma_quantile(q, n_deliveries as f64) / sum
            } else {
                1.0
            };
            late.iter_mut().for_each(|l| *l *= times);
        }
        let week = (0..plan.products.len() * plan.n_weeks()).map(|_| rng.normal()).collect();
        Self { cost, late, market, product, week, elasticity, channel, counts: seed.derive(i) }
    }

    /// Weeks that each delivery of a product is late.
    pub(super) fn late(&self, plan: &Plan, product: usize) -> &[f64] {
        let from: usize = plan.products[..product].iter().map(|p| p.deliveries.len()).sum();
        &self.late[from..from + plan.products[product].deliveries.len()]
    }

    /// Demand of a week at the reference price and without advertising.
    pub(super) fn demand(&self, world: &World, product: &Product, at: usize, week: usize) -> f64 {
        let estimate = &product.demand[week];
        if estimate.mean <= 0.0 {
            return 0.0;
        }
        let sigma = (estimate.sd() / estimate.mean).powi(2).ln_1p().sqrt();
        let own = (1.0 - world.shared_by_all - world.shared_by_weeks).max(0.0);
        let z = world.shared_by_all.sqrt() * self.market
            + world.shared_by_weeks.sqrt() * self.product[at]
            + own.sqrt() * self.week[at * product.demand.len() + week];
        estimate.mean * (sigma * z - sigma * sigma / 2.0).exp()
    }

    /// What the planned price makes of it.
    pub(super) fn price_effect(&self, product: &Product, at: usize, week: usize) -> f64 {
        let Some(elasticity) = &product.elasticity else { return 1.0 };
        let drawn = elasticity.mean + elasticity.sd() * self.elasticity[at];
        // A demand that rises with price is noise of the estimate, not a way to earn.
        (product.price[week] / product.reference_price).powf(drawn.min(0.0))
    }

    /// Revenue that the channels bring in a week, at reference prices.
    pub(super) fn advertising(&self, plan: &Plan, ranked: &[Vec<usize>], week: usize) -> f64 {
        let of = |(j, channel): (usize, &super::input::AdChannel)| {
            let n = ranked[j].len();
            let curve = if n == 0 {
                &channel.response
            } else {
                &channel.draws[ranked[j][((self.channel[j] * n as f64) as usize).min(n - 1)]]
            };
            curve.at(channel.spend[week])
        };
        plan.channels.iter().enumerate().map(of).sum()
    }

    /// Units asked for, given their mean.
    pub(super) fn count(&self, world: &World, at: usize, week: usize, mean: f64) -> f64 {
        match world.noise {
            Noise::Within => mean,
            Noise::OnTop => self.counts.stream((at * 10_000 + week) as u64).poisson(mean) as f64,
        }
    }
}

/// Puts `√a · market + √b · mean(product)` at a quantile of its own distribution, its parts where they then are expected.
fn pin_sum(market: &mut f64, product: &mut [f64], world: &World, z: f64) {
    let n = product.len().max(1) as f64;
    let (all, weeks) = (world.shared_by_all.max(0.0).sqrt(), world.shared_by_weeks.max(0.0).sqrt());
    let variance = all * all + weeks * weeks / n;
    if variance <= 0.0 {
        return;
    }
    let sum = all * *market + weeks * product.iter().sum::<f64>() / n;
    let missing = (z * variance.sqrt() - sum) / variance;
    *market += all * missing;
    product.iter_mut().for_each(|p| *p += weeks / n * missing);
}
