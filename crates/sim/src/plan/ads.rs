//! Advertising: spend by day and channel, and what it truly brings.
//!
//! Adstock `a_t = x_t + λ a_{t−1}` (Broadbent, "One way TV advertisements work", 1979); response
//! `β a^s / (κ^s + a^s)` (Hill): the share by which spend lifts the arrival of new shoppers above
//! what would come anyway. Spend moves in weekly levels drawn independently of demand, some of
//! them 0, so that the curve can be recovered.

use crate::part::{Part, market_seed};
use crate::world::Profile;
use crate::{MarketParams, SimParams};
use serde::Serialize;

/// Advertising channels.
pub const CHANNELS: [&str; 3] = ["search", "social", "display"];

/// The truth about a channel in a market.
#[derive(Clone, Debug, Serialize)]
pub struct AdChannel {
    /// One of [`CHANNELS`].
    pub channel: &'static str,
    /// Adstock carried to the next day, λ.
    pub carry_over: f64,
    /// Greatest lift of arrivals, β.
    pub max_lift: f64,
    /// Adstock at half of it, κ, in the market's currency.
    pub half_saturation: f64,
    /// Shape, s.
    pub shape: f64,
}

/// How spend is planned, in every market; the order of channels is that of [`CHANNELS`].
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct AdRules {
    /// Euros spent for each order that is expected.
    euros_an_order: f64,
    /// Shares of the channels.
    shares: [f64; CHANNELS.len()],
    /// Weekly levels of spend against the usual, each as likely as the others.
    levels: [f64; 5],
    /// Deviation of a day's log spend around the week's level.
    noise: f64,
}

pub(crate) const ADS: AdRules =
    AdRules { euros_an_order: 3.0, shares: [0.5, 0.3, 0.2], levels: [0.0, 0.4, 0.8, 1.2, 2.0], noise: 0.2 };

/// Advertising in a market from its opening to the end.
#[derive(Clone, Debug)]
pub struct AdBook {
    /// The true curves.
    pub channels: Vec<AdChannel>,
    /// `n_days × channels` spend, minor units.
    pub spend: Vec<[i64; CHANNELS.len()]>,
    /// `n_days × channels` lift of arrivals.
    pub lift: Vec<[f64; CHANNELS.len()]>,
}

impl AdBook {
    /// Plans the spend for a market that expects `orders_per_day`: about three euros an order.
    pub fn generate(params: &SimParams, market: &MarketParams, profile: &Profile, orders_per_day: f64) -> Self {
        let seed = market_seed(params.seed, Part::Ads, market.market);
        let days = (params.days - market.opens_after) as usize;
        let exponent = profile.currency.exponent();
        let unit = 10_f64.powi(exponent as i32);
        let (mut channels, mut spend, mut lift) = (Vec::new(), vec![[0; 3]; days], vec![[0.0; 3]; days]);
        for (c, name) in CHANNELS.iter().enumerate() {
            let mut rng = seed.stream(c as u64);
            let usual = ADS.euros_an_order * profile.per_euro * orders_per_day.max(0.2) * ADS.shares[c];
            let carry_over = [0.3, 0.6, 0.75][c];
            let truth = AdChannel {
                channel: name,
                carry_over,
                max_lift: ([0.45, 0.35, 0.2][c] * (0.9 + 0.2 * rng.uniform()) * 1000.0).round() / 1000.0,
                half_saturation: (usual / (1.0 - carry_over) * (0.7 + 0.6 * rng.uniform()) * unit).round() / unit,
                shape: [1.0, 1.3, 1.6][c],
            };
            let (mut stock, mut level) = (0.0, 1.0);
            for day in 0..days {
                if day % 7 == 0 {
                    level = ADS.levels[rng.below(ADS.levels.len())];
                }
                let minor = (usual * level * (ADS.noise * rng.normal()).exp() * unit).round();
                spend[day][c] = minor as i64;
                stock = minor / unit + truth.carry_over * stock;
                lift[day][c] = truth.response(stock);
            }
            channels.push(truth);
        }
        Self { channels, spend, lift }
    }
}

impl AdChannel {
    /// Lift of arrivals at an adstock in the market's currency.
    pub fn response(&self, adstock: f64) -> f64 {
        let x = adstock.powf(self.shape);
        self.max_lift * x / (self.half_saturation.powf(self.shape) + x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::profile;

    #[test] // At κ the response is β / 2, at 0 it is 0, far out it nears β.
    fn the_curve_saturates() {
        let c = AdChannel { channel: "search", carry_over: 0.5, max_lift: 0.4, half_saturation: 100.0, shape: 1.3 };
        assert_eq!(c.response(0.0), 0.0);
        assert!((c.response(100.0) - 0.2).abs() < 1e-12);
        assert!(c.response(1e9) > 0.399_99);
    }

    #[test]
    fn lift_can_be_recomputed_from_the_spend() {
        let params = SimParams::default();
        let market = &params.markets[2];
        let book = AdBook::generate(&params, market, profile(market.market).unwrap(), 10.0);
        let mut stock = 0.0;
        for (spend, lift) in book.spend.iter().zip(&book.lift) {
            stock = spend[1] as f64 / 100.0 + book.channels[1].carry_over * stock;
            assert!((book.channels[1].response(stock) - lift[1]).abs() < 1e-12);
        }
    }
}
