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

/// Stream of the lifts of promotions.
const LIFTS: u64 = 0x4c49_4654;

/// A part of an input's distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pin<'a> {
    /// Which input.
    pub(super) input: &'a Input,
    /// Its quantile, in (0, 1).
    pub at: f64,
}

/// One world.
#[derive(Clone)]
pub(super) struct Draw {
    /// Factor on the landed cost.
    pub cost: f64,
    /// Weeks late, of every delivery of every product in turn.
    late: Vec<f64>,
    market: f64,
    product: Vec<f64>,
    week: Vec<f64>,
    elasticity: Vec<f64>,
    /// Of the lift of each product's promotion; empty where none has one of its own.
    lift: Vec<f64>,
    /// Which resample of each channel, as a number in [0, 1).
    channel: Vec<f64>,
    /// Seed of the counts.
    counts: Seed,
}

impl Draw {
    pub(super) fn new(plan: &Plan, world: &World, seed: Seed, i: u64) -> Self {
        let mut rng = seed.stream(i);
        let (market, own_cost) = (rng.normal(), rng.normal());
        let cost = cost_of(world, own_cost);
        let product: Vec<f64> = plan.products.iter().map(|_| rng.normal()).collect();
        let elasticity: Vec<f64> = plan.products.iter().map(|_| rng.normal()).collect();
        let channel = (0..plan.channels.len()).map(|_| rng.uniform()).collect();
        let n_deliveries: usize = plan.products.iter().map(|p| p.deliveries.len()).sum();
        let late: Vec<f64> = (0..n_deliveries).map(|_| world.mean_delay * rng.exponential()).collect();
        let week = (0..plan.products.len() * plan.n_weeks()).map(|_| rng.normal()).collect();
        // A stream of its own: the same plan without promotions meets the same luck.
        let lifted = plan.products.iter().any(|p| p.promoted.as_ref().is_some_and(|o| o.lift.is_some()));
        let mut rng = seed.derive(LIFTS).stream(i);
        let lift = if lifted { plan.products.iter().map(|_| rng.normal()).collect() } else { Vec::new() };
        Self { cost, late, market, product, week, elasticity, lift, channel, counts: seed.derive(i) }
    }

    /// The same world with one input at a quantile of its own distribution.
    pub(super) fn pinned(&self, plan: &Plan, world: &World, pin: Pin<'_>) -> Self {
        let mut draw = self.clone();
        let z = learn::special::normal_quantile(pin.at);
        match pin.input {
            Input::Cost => draw.cost = cost_of(world, z),
            Input::Demand => pin_sum(&mut draw.market, &mut draw.product, world, z),
            Input::Elasticity => {
                let known = |i: &usize| plan.products[*i].elasticity.is_some();
                let known: Vec<usize> = (0..draw.elasticity.len()).filter(known).collect();
                let n = known.len().max(1) as f64;
                let shift = z / n.sqrt() - known.iter().map(|i| draw.elasticity[*i]).sum::<f64>() / n;
                known.iter().for_each(|i| draw.elasticity[*i] += shift);
            }
            Input::Channel(j) => draw.channel[*j] = pin.at,
            Input::Delay => {
                // The sum of n exponentials is gamma of shape n; given it, they share it as they would have.
                let sum = draw.late.iter().sum::<f64>();
                if sum > 0.0 {
                    let asked = learn::special::gamma_quantile(pin.at, draw.late.len() as f64);
                    let times = world.mean_delay * asked / sum;
                    draw.late.iter_mut().for_each(|l| *l *= times);
                }
            }
        }
        draw
    }

    /// Weeks that each delivery of a product is late.
    pub(super) fn late(&self, plan: &Plan, product: usize) -> &[f64] {
        let from: usize = plan.products[..product].iter().map(|p| p.deliveries.len()).sum();
        &self.late[from..from + plan.products[product].deliveries.len()]
    }

    /// Demand of every week of every product in turn, at the reference price and without advertising; `sigma` as of [`sigmas`].
    pub(super) fn demand(&self, world: &World, plan: &Plan, sigma: &[f64]) -> Vec<f64> {
        let own = (1.0 - world.shared_by_all - world.shared_by_weeks).max(0.0).sqrt();
        let (all, weeks) = (world.shared_by_all.sqrt(), world.shared_by_weeks.sqrt());
        let mut demand = Vec::with_capacity(sigma.len());
        for (at, product) in plan.products.iter().enumerate() {
            let shared = all * self.market + weeks * self.product[at];
            for estimate in &product.demand {
                let i = demand.len();
                let z = shared + own * self.week[i];
                let sigma = sigma[i];
                demand.push(if estimate.mean <= 0.0 {
                    0.0
                } else {
                    estimate.mean * (sigma * z - sigma * sigma / 2.0).exp()
                });
            }
        }
        demand
    }

    /// What the planned prices of a week make of its demand: times the units, and the mean price that they pay.
    pub(super) fn at_planned(&self, product: &Product, at: usize, week: usize) -> (f64, f64) {
        let price = product.price[week];
        let usual = self.price_effect(product, at, price, product.reference_price);
        let Some((promoted, share)) = product.promoted.as_ref().map(|p| (p, p.share[week])).filter(|p| p.1 > 0.0)
        else {
            return (usual, price);
        };
        let lift = match (&promoted.lift, self.lift.get(at)) {
            (Some(lift), Some(z)) => (lift.mean + lift.sd() * z).max(0.0),
            _ => self.price_effect(product, at, promoted.price, promoted.list),
        };
        let during = share * lift * self.price_effect(product, at, promoted.list, product.reference_price);
        let before = (1.0 - share) * usual;
        let times = before + during;
        (times, if times > 0.0 { (before * price + during * promoted.price) / times } else { price })
    }

    /// Times the units that a price brings over another one.
    fn price_effect(&self, product: &Product, at: usize, price: f64, over: f64) -> f64 {
        let Some(elasticity) = &product.elasticity else { return 1.0 };
        if price == over {
            return 1.0;
        }
        let drawn = elasticity.mean + elasticity.sd() * self.elasticity[at];
        // A demand that rises with price is noise of the estimate, not a way to earn.
        (price / over).powf(drawn.min(0.0))
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

/// Standard deviation of the logarithm of demand, of every week of every product in turn; it is no matter of the draw.
pub(super) fn sigmas(plan: &Plan) -> Vec<f64> {
    let of = |estimate: &super::input::Estimate| {
        if estimate.mean > 0.0 { (estimate.sd() / estimate.mean).powi(2).ln_1p().sqrt() } else { 0.0 }
    };
    plan.products.iter().flat_map(|p| p.demand.iter().map(of)).collect()
}

fn cost_of(world: &World, z: f64) -> f64 {
    (world.cost_spread * z - world.cost_spread.powi(2) / 2.0).exp()
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
