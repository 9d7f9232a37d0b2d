//! From what campaigns brought to what the next round gives each: money follows the chance of being the best.
//!
//! A campaign brings orders at an unknown rate a unit of money and margin at an unknown mean an order. The rate has a gamma
//! prior worth one order at the rate of all campaigns together, the mean is drawn to that of all orders as if four of them
//! had been seen: a campaign with one lucky order is not taken for the best. The next round splits the budget by the chance
//! that each campaign has the highest return, in draws from what is known (probability matching), after a floor for each:
//! what gets nothing teaches nothing. A limit on growth keeps a round from staking everything on the last one.
//!
//! Returns are taken to stay as they are within a round; a channel that saturates is the matter of the media model and its
//! budget. Sources: Thompson, Biometrika 25, 1933; Scott, "A modern Bayesian look at the multi-armed bandit", Applied
//! Stochastic Models in Business and Industry 26(6), 2010. Cost: `n_draws` gamma variates a campaign.

use crate::spend_error::SpendError;
use domain::{Interval, Seed};
use learn::quantile::{quantile_sorted, sorted};
use learn::variates::gamma;

/// What a campaign did so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// Its name.
    pub name: String,
    /// What was spent, major units.
    pub spent: f64,
    /// Orders that it brought.
    pub orders: f64,
    /// Margin of these orders before the spending, major units.
    pub margin: f64,
}

/// How the next round is split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CampaignParams {
    /// Share of the budget that is split alike among all, in 0..=1: what is not tried is not learnt.
    pub floor: f64,
    /// Most that a campaign that was run gets, in multiples of an even share and of what it had, whichever is more; at
    /// least 1.
    pub growth: f64,
    /// Coverage of the intervals, in (0, 1).
    pub level: f64,
    /// Draws of the returns, at least 100.
    pub n_draws: usize,
}

impl Default for CampaignParams {
    fn default() -> Self {
        Self { floor: 0.1, growth: 3.0, level: 0.9, n_draws: 4_000 }
    }
}

/// What a campaign gets next, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct NextCampaign {
    /// Its name.
    pub name: String,
    /// What it gets, major units.
    pub spend: f64,
    /// Margin that a unit of money is expected to bring: above 1 it pays.
    pub back: f64,
    /// Of that.
    pub interval: Interval,
    /// Chance that no other brings more.
    pub best: f64,
    /// Chance that it brings more than it costs.
    pub pays: f64,
}

/// Orders that the prior of a rate is worth, and those of the mean margin.
const PRIOR_ORDERS: f64 = 1.0;
const PRIOR_MARGINS: f64 = 4.0;

impl CampaignParams {
    /// Splits `budget` among the campaigns, in their order.
    ///
    /// # Errors
    /// [`SpendError::Param`] for a parameter, [`SpendError::Value`] for a number that is negative or not finite,
    /// [`SpendError::TooLittle`] without a campaign or without an order to learn from.
    pub fn next(&self, campaigns: &[Campaign], budget: f64, seed: Seed) -> Result<Vec<NextCampaign>, SpendError> {
        self.check(budget)?;
        if campaigns.is_empty() {
            return Err(SpendError::TooLittle { what: "campaigns", have: 0, need: 1 });
        }
        for (at, c) in campaigns.iter().enumerate() {
            for (what, value) in [("spent", c.spent), ("orders", c.orders), ("margin", c.margin)] {
                if !(value >= 0.0 && value.is_finite()) {
                    return Err(SpendError::Value { what: what.to_owned(), at, value, rule: "0 or more" });
                }
            }
        }
        let sum = |of: fn(&Campaign) -> f64| campaigns.iter().map(of).sum::<f64>();
        let (spent, orders, margin) = (sum(|c| c.spent), sum(|c| c.orders), sum(|c| c.margin));
        if spent <= 0.0 || orders < 1.0 {
            return Err(SpendError::TooLittle {
                what: "orders that campaigns brought",
                have: orders as usize,
                need: 1,
            });
        }
        let (rate, mean) = (orders / spent, margin / orders);
        let draws: Vec<Vec<f64>> = (0_u64..)
            .zip(campaigns)
            .map(|(k, c)| {
                let (shape, scale) = (PRIOR_ORDERS + c.orders, 1.0 / (PRIOR_ORDERS / rate + c.spent));
                let an_order = (PRIOR_MARGINS * mean + c.margin) / (PRIOR_MARGINS + c.orders);
                let mut rng = seed.stream(k);
                (0..self.n_draws).map(|_| an_order * scale * gamma(&mut rng, shape)).collect()
            })
            .collect();
        let mut wins = vec![0_usize; campaigns.len()];
        let best_in = |d: usize| {
            (0..campaigns.len()).max_by(|a, b| draws[*a][d].total_cmp(&draws[*b][d]).then(b.cmp(a))).unwrap_or_default()
        };
        (0..self.n_draws).map(best_in).for_each(|best| wins[best] += 1);
        let chances: Vec<f64> = wins.iter().map(|w| *w as f64 / self.n_draws as f64).collect();
        let n = campaigns.len() as f64;
        let wanted: Vec<f64> = chances.iter().map(|p| budget * (self.floor / n + (1.0 - self.floor) * p)).collect();
        let caps: Vec<f64> = campaigns.iter().map(|c| self.growth * c.spent.max(budget / n)).collect();
        let spends = capped(&wanted, &caps);
        let told = |(k, c): (usize, &Campaign)| {
            let drawn = sorted(&draws[k]);
            let tail = (1.0 - self.level) / 2.0;
            // There are draws, so there are quantiles.
            let at = |p: f64| quantile_sorted(&drawn, p).unwrap_or_default();
            NextCampaign {
                name: c.name.clone(),
                spend: spends[k],
                back: drawn.iter().sum::<f64>() / drawn.len() as f64,
                interval: Interval { low: at(tail), high: at(1.0 - tail), level: self.level },
                best: chances[k],
                pays: drawn.iter().filter(|x| **x > 1.0).count() as f64 / drawn.len() as f64,
            }
        };
        Ok(campaigns.iter().enumerate().map(told).collect())
    }

    fn check(&self, budget: f64) -> Result<(), SpendError> {
        if !(0.0..=1.0).contains(&self.floor) {
            return Err(SpendError::param("floor", "in 0..=1", self.floor));
        }
        if !(self.growth >= 1.0 && self.growth.is_finite()) {
            return Err(SpendError::param("growth", "at least 1", self.growth));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(SpendError::param("level", "between 0 and 1", self.level));
        }
        if self.n_draws < 100 {
            return Err(SpendError::param("n_draws", "at least 100", self.n_draws as f64));
        }
        if !(budget > 0.0 && budget.is_finite()) {
            return Err(SpendError::param("budget", "above 0", budget));
        }
        Ok(())
    }
}

/// Amounts of the same sum, none above its cap as far as the caps leave room: what is cut goes to the others in their
/// proportions.
fn capped(wanted: &[f64], caps: &[f64]) -> Vec<f64> {
    let total: f64 = wanted.iter().sum();
    let mut given = wanted.to_vec();
    let mut closed = vec![false; wanted.len()];
    loop {
        let over: Vec<usize> = (0..given.len()).filter(|k| !closed[*k] && given[*k] > caps[*k]).collect();
        if over.is_empty() {
            return given;
        }
        for k in over {
            (given[k], closed[k]) = (caps[k], true);
        }
        let (fixed, open) = (0..given.len()).fold((0.0, 0.0), |(fixed, open), k| {
            if closed[k] { (fixed + given[k], open) } else { (fixed, open + wanted[k]) }
        });
        if open <= 0.0 {
            return given;
        }
        for k in (0..given.len()).filter(|k| !closed[*k]) {
            given[k] = wanted[k] * (total - fixed) / open;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Rng;

    fn campaign(name: &str, spent: f64, orders: f64, margin: f64) -> Campaign {
        Campaign { name: name.to_owned(), spent, orders, margin }
    }

    /// All three together: 30 orders for 300, margin 20 each. `a`: rate (1 + 20) / (10 + 100) = .1909, margin an order
    /// (4 · 20 + 400) / 24 = 20: 3.818 back. `b`: (1 + 10) / 110 · (80 + 200) / 14 = 2.0. `c`: 1 / 110 · 20 = .1818.
    #[test]
    fn returns_by_hand_and_money_to_the_better() {
        let all =
            [campaign("a", 100.0, 20.0, 400.0), campaign("b", 100.0, 10.0, 200.0), campaign("c", 100.0, 0.0, 0.0)];
        let next = CampaignParams { n_draws: 20_000, ..CampaignParams::default() }.next(&all, 300.0, Seed(1)).unwrap();
        for (n, want) in next.iter().zip([3.818, 2.0, 0.1818]) {
            // The standard error of the mean of 20,000 draws is below .006.
            assert!((n.back - want).abs() < 0.03 && n.interval.low < want && want < n.interval.high, "{n:?}, {want}");
        }
        assert!(
            next[0].spend > next[1].spend && next[1].spend > next[2].spend && next[2].spend >= 10.0 - 1e-9,
            "{next:?}"
        );
        assert!((next.iter().map(|n| n.spend).sum::<f64>() - 300.0).abs() < 1e-9);
        assert!(next[0].pays > 0.99 && next[2].pays < 0.2, "{next:?}");
        assert_eq!(
            next,
            CampaignParams { n_draws: 20_000, ..CampaignParams::default() }.next(&all, 300.0, Seed(1)).unwrap()
        );
    }

    #[test] // Wanted 80, 15, 5 of 100; the first may have 50: the 30 go 3 to 1: 37.5 and 12.5, of which the second may have 20.
    fn what_is_above_a_limit_goes_to_the_others() {
        assert_eq!(capped(&[80.0, 15.0, 5.0], &[50.0, 90.0, 90.0]), [50.0, 37.5, 12.5]);
        assert_eq!(capped(&[80.0, 15.0, 5.0], &[50.0, 20.0, 90.0]), [50.0, 20.0, 30.0]);
        assert_eq!(capped(&[80.0, 20.0], &[10.0, 10.0]), [10.0, 10.0]);
    }

    /// What orders bring is known here and not to the plan: a campaign has a true return, orders come at random.
    fn results(truth: &[f64], spends: &[f64], rng: &mut Rng) -> Vec<(f64, f64)> {
        let order_margin = 20.0;
        let one = |(back, spend): (&f64, &f64)| {
            let expected = back * spend / order_margin;
            // Poisson by exponential gaps.
            let (mut at, mut n) = (-rng.uniform().max(1e-300).ln(), 0.0);
            while at < expected {
                n += 1.0;
                at -= rng.uniform().max(1e-300).ln();
            }
            (n, n * order_margin)
        };
        truth.iter().zip(spends).map(one).collect()
    }

    /// Twenty merchants with six campaigns each, twelve rounds of 600. Regret of a round is what the best campaign would
    /// have brought more. Learning from results has to cut it to less than half of an even plan's, and to a quarter in the
    /// last three rounds.
    #[test]
    fn the_next_plan_regrets_less_than_a_fixed_one() {
        let (mut regret, mut fixed, mut last) = (0.0, 0.0, 0.0);
        for merchant in 0..20_u64 {
            let mut rng = Seed(100 + merchant).stream(0);
            let truth: Vec<f64> = (0..6).map(|_| 0.5 + 2.5 * rng.uniform()).collect();
            let top = truth.iter().copied().fold(0.0, f64::max);
            let mut known: Vec<Campaign> = (0..6).map(|k| campaign(&k.to_string(), 0.0, 0.0, 0.0)).collect();
            let mut spends = vec![100.0; 6];
            for round in 0..12_u64 {
                let lost = |spends: &[f64]| truth.iter().zip(spends).map(|(b, s)| (top - b) * s).sum::<f64>();
                let of_round = lost(&spends);
                regret += of_round;
                last += if round >= 9 { of_round } else { 0.0 };
                fixed += lost(&[100.0; 6]);
                for (c, ((orders, margin), spend)) in
                    known.iter_mut().zip(results(&truth, &spends, &mut rng).into_iter().zip(&spends))
                {
                    (c.spent, c.orders, c.margin) = (c.spent + spend, c.orders + orders, c.margin + margin);
                }
                let params = CampaignParams { n_draws: 1_000, ..CampaignParams::default() };
                let next = params.next(&known, 600.0, Seed(round)).unwrap();
                spends = next.iter().map(|n| n.spend).collect();
            }
        }
        assert!(regret < 0.5 * fixed && last / 3.0 < 0.25 * fixed / 12.0, "{regret} and {last} of {fixed}");
    }

    #[test]
    fn what_cannot_be_decided_is_named() {
        let fine = [campaign("a", 100.0, 20.0, 400.0)];
        let ask = |params: CampaignParams, all: &[Campaign], budget| params.next(all, budget, Seed(1)).unwrap_err();
        let params = CampaignParams::default();
        assert!(matches!(ask(params, &[], 1.0), SpendError::TooLittle { .. }));
        assert!(matches!(ask(params, &[campaign("a", 100.0, 0.0, 0.0)], 1.0), SpendError::TooLittle { have: 0, .. }));
        assert!(matches!(ask(params, &[campaign("a", -1.0, 2.0, 0.0)], 1.0), SpendError::Value { at: 0, .. }));
        assert!(matches!(ask(params, &fine, 0.0), SpendError::Param { .. }));
        assert!(matches!(ask(CampaignParams { growth: 0.5, ..params }, &fine, 1.0), SpendError::Param { .. }));
    }
}
