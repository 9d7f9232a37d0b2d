//! Shoppers: when they arrive, what they like, how often they order, when they leave for good.
//!
//! Ordering follows the BG/NBD model: at rate λ ~ Gamma(r, mean m) while alive, and after each
//! order a shopper leaves with probability p ~ Beta(a, b). Source: Fader, Hardie and Lee,
//! "Counting your customers the easy way", Marketing Science 24(2), 2005. The departure from it:
//! λ moves with the day's demand (festivals, weekday, growth).

use crate::part::{Part, market_seed};
use crate::plan::{AdBook, CHANNELS, MarketTaste};
use crate::sampling::{beta, gamma, weighted};
use crate::world::{Profile, demand_multiplier};
use crate::{Export, MarketParams, SimParams};
use domain::{Day, Rng};
use serde::Serialize;

/// How shoppers are drawn, in every market.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct ShopperRules {
    /// Shape of the ordering rate's gamma distribution, r.
    rate_shape: f64,
    /// Mean ordering rate, orders a day, before demand moves it.
    mean_rate: f64,
    /// Parameters of the dropout probability's beta distribution, (a, b).
    dropout: (f64, f64),
    /// Deviation of log income.
    income_spread: f64,
    /// Incomes above which the first and the second tier begin: the distribution's 70th and 30th
    /// percentile, exp(±0.5 × 0.5244), so that the shares are [`crate::plan::TIER_SHARES`].
    tier_from: (f64, f64),
    /// Share that orders on the marketplace, by the market's export.
    marketplace_share: MarketplaceShare,
    /// Share that accepts marketing mail.
    accepts_marketing: f64,
}

/// Shares of shoppers on the marketplace.
#[derive(Clone, Copy, Debug, Serialize)]
struct MarketplaceShare {
    canonical: f64,
    shopify: f64,
    amazon: f64,
}

pub(crate) const SHOPPERS: ShopperRules = ShopperRules {
    rate_shape: 1.3,
    mean_rate: 1.0 / 80.0,
    dropout: (1.1, 3.1),
    income_spread: 0.5,
    tier_from: (1.3, 0.769_3),
    marketplace_share: MarketplaceShare { canonical: 0.5, shopify: 0.0, amazon: 0.45 },
    accepts_marketing: 0.6,
};

/// A shopper of one market.
#[derive(Clone, Debug, PartialEq)]
pub struct Shopper {
    /// Day of arrival, which is the day of the first order.
    pub arrived: Day,
    /// Taste cluster.
    pub cluster: u8,
    /// Price tier, richest first.
    pub tier: u8,
    /// Preferred brand.
    pub brand: u8,
    /// What brought the shopper: 0 nothing paid, else 1 + row of [`CHANNELS`].
    pub source: u8,
    /// Orders on the marketplace rather than in the web shop.
    pub marketplace: bool,
    /// Behaviour is tracked.
    pub tracked: bool,
    /// Accepts marketing mail.
    pub accepts_marketing: bool,
    /// Yearly income against the market's median.
    pub income: f32,
    /// Ordering rate, orders a day.
    pub rate: f32,
    /// Probability of leaving after an order.
    pub dropout: f32,
}

/// The key under which our own systems know shopper `number` of a market: `VN000012`.
pub fn shopper_key(profile: &Profile, number: u32) -> String {
    format!("{}{number:06}", profile.market)
}

/// How arrivals spread over the days from the opening: demand times what advertising adds.
pub(crate) fn arrival_weights(params: &SimParams, market: &MarketParams, profile: &Profile, ads: &AdBook) -> Vec<f64> {
    let festivals = profile.festivals_between(params.from, params.end());
    let open = params.from.plus(market.opens_after as i32);
    let weight = |(i, lift): (usize, &[f64; CHANNELS.len()])| {
        demand_multiplier(&festivals, params.from, open.plus(i as i32)) * (1.0 + lift.iter().sum::<f64>())
    };
    ads.lift.iter().enumerate().map(weight).collect()
}

/// Draws one shopper who arrives on day `i` after the opening.
fn draw(
    params: &SimParams,
    market: &MarketParams,
    taste: &MarketTaste,
    ads: &AdBook,
    i: usize,
    rng: &mut Rng,
) -> Shopper {
    let rules = SHOPPERS;
    let income = (rules.income_spread * rng.normal()).exp();
    let tier = if income > rules.tier_from.0 { 0 } else { if income > rules.tier_from.1 { 1 } else { 2 } };
    let lifts = ads.lift[i];
    let source = weighted(rng, std::iter::once(1.0).chain(lifts));
    let marketplace_share = match market.export {
        Export::Amazon => rules.marketplace_share.amazon,
        Export::Canonical => rules.marketplace_share.canonical,
        Export::Shopify => rules.marketplace_share.shopify,
    };
    let marketplace = rng.uniform() < marketplace_share;
    let tracked = rng.uniform() < params.tracked_share && !marketplace;
    Shopper {
        arrived: params.from.plus((market.opens_after as usize + i) as i32),
        cluster: weighted(rng, taste.cluster_shares.iter().copied()) as u8,
        tier,
        brand: rng.below(crate::catalogue::Catalogue::BRANDS.len()) as u8,
        source: source as u8,
        marketplace,
        tracked,
        accepts_marketing: rng.uniform() < rules.accepts_marketing,
        income: income as f32,
        rate: (gamma(rng, rules.rate_shape) / rules.rate_shape * rules.mean_rate) as f32,
        dropout: beta(rng, rules.dropout.0, rules.dropout.1) as f32,
    }
}

/// All shoppers of a market, about `n`, by day of arrival: a Poisson number each day.
pub(crate) fn arrivals(
    params: &SimParams,
    market: &MarketParams,
    profile: &Profile,
    taste: &MarketTaste,
    ads: &AdBook,
    n: f64,
) -> Vec<Shopper> {
    let weights = arrival_weights(params, market, profile, ads);
    let total: f64 = weights.iter().sum();
    let seed = market_seed(params.seed, Part::Arrivals, market.market);
    let counts: Vec<u64> =
        weights.iter().enumerate().map(|(i, w)| seed.stream(i as u64).poisson(n * w / total)).collect();
    let days = counts.iter().enumerate().flat_map(|(i, count)| (0..*count).map(move |_| i));
    let seed = market_seed(params.seed, Part::Shoppers, market.market);
    days.enumerate().map(|(k, i)| draw(params, market, taste, ads, i, &mut seed.stream(k as u64))).collect()
}

/// Orders that a shopper of this market makes on average until the end, from 4,000 trial shoppers
/// that never become part of the history.
pub(crate) fn mean_orders(
    params: &SimParams,
    market: &MarketParams,
    profile: &Profile,
    taste: &MarketTaste,
    ads: &AdBook,
) -> f64 {
    const TRIALS: usize = 4000;
    let weights = arrival_weights(params, market, profile, ads);
    let seed = market_seed(params.seed, Part::Pilot, market.market);
    let demand = super::orders::Demand::new(params, profile);
    let orders = |k: usize| {
        let rng = &mut seed.stream(k as u64);
        let day = weighted(rng, weights.iter().copied());
        let shopper = draw(params, market, taste, ads, day, rng);
        demand.order_days(&shopper, rng).0.len()
    };
    (0..TRIALS).map(orders).sum::<usize>() as f64 / TRIALS as f64
}
