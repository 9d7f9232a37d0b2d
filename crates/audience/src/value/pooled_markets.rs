//! Purchases and spend of many markets, each learning from all: what makes five shoppers enough.
//!
//! A market's BG/NBD has the parameters `η = (ln r/α, ln r, logit a/(a+b), ln(a+b))`: purchases a week, how much shoppers
//! differ in that, the share that drops out after a purchase, how much they differ in that. Its
//! Gamma-Gamma has `(ln pv/(q-1), ln p, ln(q-1))`: mean spend, how even a shopper's purchases are, how much
//! shoppers differ. Written so, what a few shoppers already tell (rate, mean spend) is apart from what takes
//! hundreds (the spreads). Each is normal over markets, with unknown mean and deviation
//! ([`learn::pooled`]), so the answer is draws: of each market's parameters, and of a market not yet seen.
//!
//! What is believed beforehand, in weeks, is a common shop with wide margins (a factor of e² either way for the rate, a
//! factor of e^1.5 around the observed mean for the spend); it matters only while all markets together have few
//! shoppers.
//!
//! Cost: `n_chains · (n_warmup + n_draws · thin)` sweeps of about six likelihoods a market. A market of more than
//! 1,000 distinct rows is first fitted, and then costs one or two likelihoods every few sweeps.

use super::gamma_gamma;
use super::geometric::{FirstCoin, log_likelihood, negative};
use super::{PurchaseTable, SpendTable, ValueError};
use domain::Seed;
use learn::optimise::{Factor, OptimiseParams, bfgs, curvature};
use learn::pooled::{GroupPlan, Guide, PooledDraws, PooledParams};

/// How long to sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// Independent chains, at least 1.
    pub n_chains: usize,
    /// Sweeps thrown away at the start of each.
    pub n_warmup: usize,
    /// Draws kept of each, at least 2.
    pub n_draws: usize,
    /// Sweeps a kept draw, at least 1.
    pub thin: usize,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { n_chains: 4, n_warmup: 400, n_draws: 250, thin: 4 }
    }
}

/// One draw of a market's purchase parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BuyDraw {
    /// Shape of the purchase rate.
    pub r: f64,
    /// Its scale, in weeks.
    pub alpha: f64,
    /// Shape of dropping out.
    pub a: f64,
    /// Shape of staying.
    pub b: f64,
}

/// One draw of a market's spend parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpendDraw {
    /// Shape of a purchase around the shopper's mean.
    pub p: f64,
    /// Shape of the means over shoppers, above 1.
    pub q: f64,
    /// Their scale.
    pub v: f64,
}

impl BuyDraw {
    fn of(eta: &[f64]) -> Self {
        let stay = 1.0 / (1.0 + eta[2].exp());
        let certain = eta[3].exp();
        let r = eta[1].exp();
        // Beyond these the formulas lose their digits, and no data tell the difference.
        let small = |x: f64| x.clamp(1e-9, 1e9);
        Self { r: small(r), alpha: small(r / eta[0].exp()), a: small(certain * (1.0 - stay)), b: small(certain * stay) }
    }

    fn logarithms(self) -> [f64; 4] {
        [self.r.ln(), self.alpha.ln(), self.a.ln(), self.b.ln()]
    }
}

impl SpendDraw {
    fn of(zeta: &[f64]) -> Self {
        let small = |x: f64| x.clamp(1e-9, 1e12);
        let (p, above) = (small(zeta[1].exp()), small(zeta[2].exp()));
        Self { p, q: 1.0 + above, v: small(zeta[0].exp() * above / p) }
    }

    fn logarithms(self) -> [f64; 3] {
        [self.p.ln(), self.q.ln(), self.v.ln()]
    }

    /// Mean spend over all shoppers.
    pub fn mean(&self) -> f64 {
        self.p * self.v / (self.q - 1.0)
    }
}

/// Draws of all markets' parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct PooledMarkets {
    buy: PooledDraws,
    spend: Option<PooledDraws>,
    seed: Seed,
}

/// Distinct rows above which a market gets a guide.
const LARGE: usize = 1_000;

impl Sampling {
    /// Samples the parameters of all markets together, one table of purchases and one of spend a market, either
    /// may be empty. Without any spend in any market there are no draws of it.
    ///
    /// # Errors
    /// [`ValueError::Learn`] for sampling parameters outside their ranges.
    pub fn pool(
        &self,
        purchases: &[PurchaseTable],
        spend: &[SpendTable],
        seed: Seed,
    ) -> Result<PooledMarkets, ValueError> {
        let prior =
            self.prior(&[0.1_f64.ln(), 0.7_f64.ln(), -1.0, 3.0_f64.ln()], &[2.0, 0.8, 1.2, 1.0], &[0.4, 0.3, 0.4, 0.3]);
        let likelihood = |g: usize, eta: &[f64]| {
            if purchases[g].n_rows() == 0 {
                return 0.0;
            }
            let draw = BuyDraw::of(eta);
            log_likelihood(FirstCoin::AfterRepeat, &purchases[g], [draw.r, draw.alpha, draw.a, draw.b])
        };
        let plans: Vec<GroupPlan> = purchases.iter().map(|t| buy_plan(t, &prior)).collect();
        let buy = prior.sample(&plans, likelihood, seed.derive(1))?;
        let n: usize = spend.iter().map(SpendTable::n_shoppers).sum();
        let spend = if n == 0 {
            None
        } else {
            // Means of markets weigh alike: the middle of the prior is not to be the largest market's.
            let logs: Vec<f64> = spend.iter().filter_map(SpendTable::mean).map(f64::ln).collect();
            let middle = logs.iter().sum::<f64>() / logs.len() as f64;
            let prior = self.prior(&[middle, 4.0_f64.ln(), 2.5_f64.ln()], &[1.5, 1.0, 0.8], &[0.4, 0.3, 0.3]);
            let likelihood = |g: usize, zeta: &[f64]| {
                if spend[g].n_shoppers() == 0 {
                    return 0.0;
                }
                let draw = SpendDraw::of(zeta);
                gamma_gamma::log_likelihood(&spend[g], [draw.p, draw.q, draw.v])
            };
            let plans: Vec<GroupPlan> = spend.iter().map(|t| spend_plan(t, &prior)).collect();
            Some(prior.sample(&plans, likelihood, seed.derive(2))?)
        };
        Ok(PooledMarkets { buy, spend, seed })
    }

    fn prior(&self, centre: &[f64], centre_spread: &[f64], spread: &[f64]) -> PooledParams {
        PooledParams {
            centre: centre.to_vec(),
            centre_spread: centre_spread.to_vec(),
            spread: spread.to_vec(),
            spread_log: 0.6,
            n_chains: self.n_chains,
            n_warmup: self.n_warmup,
            n_draws: self.n_draws,
            thin: self.thin,
        }
    }
}

fn buy_plan(table: &PurchaseTable, prior: &PooledParams) -> GroupPlan {
    if table.n_rows() <= LARGE {
        return GroupPlan { cost: table.n_rows(), ..GroupPlan::default() };
    }
    let call = |eta: &[f64], g: &mut [f64]| {
        let mut by = [0.0; 4];
        let value = negative(FirstCoin::AfterRepeat, table, &BuyDraw::of(eta).logarithms(), &mut by);
        let drop = 1.0 / (1.0 + (-eta[2]).exp());
        g.copy_from_slice(&[-by[1], by[0] + by[1], by[2] * (1.0 - drop) - by[3] * drop, by[2] + by[3]]);
        value
    };
    guided(prior, table.n_rows(), call)
}

fn spend_plan(table: &SpendTable, prior: &PooledParams) -> GroupPlan {
    if table.n_shoppers() <= LARGE {
        return GroupPlan { cost: table.n_shoppers(), ..GroupPlan::default() };
    }
    let call = |zeta: &[f64], g: &mut [f64]| {
        let draw = SpendDraw::of(zeta);
        let mut by = [0.0; 3];
        let value = gamma_gamma::negative(table, &draw.logarithms(), &mut by);
        // ln v = ζ0 + ζ2 - ζ1; d ln q / d ζ2 = (q - 1) / q.
        g.copy_from_slice(&[by[2], by[0] - by[2], by[1] * (draw.q - 1.0) / draw.q + by[2]]);
        value
    };
    guided(prior, table.n_shoppers(), call)
}

/// The mode of a large market's posterior with its curvature, a little wider than either.
fn guided(prior: &PooledParams, cost: usize, negative: impl Fn(&[f64], &mut [f64]) -> f64) -> GroupPlan {
    let d = prior.centre.len();
    let weight: Vec<f64> = prior.centre_spread.iter().zip(&prior.spread).map(|(c, s)| 1.0 / (c * c + s * s)).collect();
    let call = |x: &[f64], g: &mut [f64]| {
        let mut value = negative(x, g);
        for j in 0..d {
            let off = x[j] - prior.centre[j];
            value += 0.5 * weight[j] * off * off;
            g[j] += weight[j] * off;
        }
        value
    };
    let found = bfgs(&prior.centre, &OptimiseParams::default(), call);
    let mut bend = curvature(&found.at, 1e-3, |x, g| {
        call(x, g);
    });
    bend.iter_mut().for_each(|h| *h /= 1.3);
    match Factor::new(&bend, d) {
        Some(precision) => {
            GroupPlan { start: Some(found.at.clone()), guide: Some(Guide { mean: found.at, precision }), cost }
        }
        // No bowl there: without a guide the group still moves, at its own price.
        None => GroupPlan { start: Some(found.at), guide: None, cost },
    }
}

impl PooledMarkets {
    /// Number of draws.
    pub fn n_draws(&self) -> usize {
        self.buy.centre().len()
    }

    /// A market's draws of purchase parameters.
    pub fn buy(&self, market: usize) -> Vec<BuyDraw> {
        self.buy.group(market).iter().map(|eta| BuyDraw::of(eta)).collect()
    }

    /// A market's draws of spend parameters; `None` without spend in any market.
    pub fn spend(&self, market: usize) -> Option<Vec<SpendDraw>> {
        Some(self.spend.as_ref()?.group(market).iter().map(|zeta| SpendDraw::of(zeta)).collect())
    }

    /// Draws of the purchase parameters of a market that nothing is known of.
    pub fn unseen_buy(&self) -> Vec<BuyDraw> {
        self.buy.unseen(self.seed.derive(3)).iter().map(|eta| BuyDraw::of(eta)).collect()
    }

    /// Draws of the spend parameters of a market that nothing is known of.
    pub fn unseen_spend(&self) -> Option<Vec<SpendDraw>> {
        Some(self.spend.as_ref()?.unseen(self.seed.derive(4)).iter().map(|zeta| SpendDraw::of(zeta)).collect())
    }

    /// The largest disagreement of the chains, near 1 where they agree.
    pub fn r_hat(&self) -> f64 {
        self.spend.as_ref().map_or(1.0, PooledDraws::r_hat).max(self.buy.r_hat())
    }

    /// How much of what is known of a market's purchase rate comes from its own shoppers: 1 less the variance
    /// of the logarithm of its rate over that of a market not yet seen.
    pub fn own_share(&self, market: usize) -> f64 {
        let variance = |draws: &[Vec<f64>]| {
            let n = draws.len() as f64;
            let mean = draws.iter().map(|d| d[0]).sum::<f64>() / n;
            draws.iter().map(|d| (d[0] - mean).powi(2)).sum::<f64>() / n
        };
        let unseen = variance(&self.buy.unseen(self.seed.derive(3)));
        (1.0 - variance(self.buy.group(market)) / unseen).clamp(0.0, 1.0)
    }
}
