//! The bidder that looks ahead: what a unit of budget is still worth, by dynamic programming over auctions and budget left.
//!
//! `V(n, b)` is the most clicks that can be expected from `b` units over `n` auctions,
//! `V(n, b) = V(n-1, b) + Σ_{p ≤ b} m(p) · max(0, θ̄ + V(n-1, b-p) - V(n-1, b))`, with `m` the chance of a market price and `θ̄` the
//! mean chance of a click. A bid is the highest price at which winning is still worth what the money would bring later:
//! `max { p : θ + V(n-1, b-p) ≥ V(n-1, b) }`. With `θ = θ̄` for every impression this is the single-state process ("ss-mdp"),
//! with the impression's own chance the bidder of Cai, Ren, Zhang, Malialis, Wang, Yu and Guo, "Real-time bidding by
//! reinforcement learning in display advertising", WSDM 2017. `Trust::Part` lies between: chances that a model of little
//! discrimination gives are drawn to their mean.
//!
//! Cost: `O(n · b · p)` time and `n · b` numbers of memory with `p` the prices that are ever worth it. A larger budget is
//! counted in coarser units; prices are then rounded up, so that the table never promises money that is not there.

use super::bidder::{Bid, Standing};
use super::prices::MarketPrices;
use crate::spend_error::SpendError;

/// Whose chance of a click counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trust {
    /// The mean for every impression.
    None,
    /// The mean and the impression's own, this part of the latter, in (0, 1).
    Part(f64),
    /// The impression's own.
    Whole,
}

/// How the table is built.
#[derive(Clone, Debug, PartialEq)]
pub struct LookaheadParams {
    /// Whose chance counts.
    pub trust: Trust,
    /// Most budget steps of the table, at least 10.
    pub max_steps: usize,
}

impl Default for LookaheadParams {
    fn default() -> Self {
        Self { trust: Trust::Whole, max_steps: 4_000 }
    }
}

/// The table.
#[derive(Clone, Debug)]
pub struct Lookahead {
    trust: f64,
    average: f64,
    /// Price units of a step of the budget.
    unit: u64,
    /// Steps of the budget plus one: length of a row.
    width: usize,
    /// `V`, a row for each number of auctions left from 0.
    worth: Vec<f64>,
    highest: u32,
}

impl LookaheadParams {
    /// For episodes that begin as `whole`.
    ///
    /// # Errors
    /// [`SpendError::Param`] for a chance outside (0, 1), a trust outside [0, 1] or an episode without auctions.
    pub fn build(&self, market: &MarketPrices, average: f64, whole: Standing) -> Result<Lookahead, SpendError> {
        if !(average > 0.0 && average < 1.0) {
            return Err(SpendError::param("average", "between 0 and 1", average));
        }
        if whole.auctions == 0 || self.max_steps < 10 {
            return Err(SpendError::param("auctions, max_steps", "at least 1 and 10", f64::from(whole.auctions)));
        }
        let trust = match self.trust {
            Trust::None => 0.0,
            Trust::Part(part) if (0.0..=1.0).contains(&part) => part,
            Trust::Part(part) => return Err(SpendError::param("trust", "between 0 and 1", part)),
            Trust::Whole => 1.0,
        };
        let unit = whole.budget.div_ceil(self.max_steps as u64).max(1);
        let width = (whole.budget / unit) as usize + 1;
        let steps_of = |price: usize| (price as u64).div_ceil(unit) as usize;
        let n_steps = steps_of(market.highest() as usize) + 1;
        let mut chance = vec![0.0; n_steps];
        (0..=market.highest() as usize).for_each(|p| chance[steps_of(p)] += market.chance(p));
        let mut worth = vec![0.0; (whole.auctions as usize + 1) * width];
        for n in 1..=whole.auctions as usize {
            let (done, rest) = worth.split_at_mut(n * width);
            let last = &done[(n - 1) * width..];
            for (b, value) in rest[..width].iter_mut().enumerate() {
                let mut sum = last[b];
                for (s, m) in chance.iter().enumerate().take(b + 1) {
                    let gain = average + last[b - s] - last[b];
                    // Worth falls with what is left, so no dearer price gains either.
                    if gain <= 0.0 {
                        break;
                    }
                    sum += m * gain;
                }
                *value = sum;
            }
        }
        Ok(Lookahead { trust, average, unit, width, worth, highest: market.highest() })
    }
}

impl Lookahead {
    /// Clicks that can be expected from here.
    pub fn worth(&self, standing: Standing) -> f64 {
        let rows = self.worth.len() / self.width - 1;
        self.row((standing.auctions as usize).min(rows))[self.step(standing.budget)]
    }

    fn row(&self, auctions: usize) -> &[f64] {
        &self.worth[auctions * self.width..(auctions + 1) * self.width]
    }

    fn step(&self, budget: u64) -> usize {
        ((budget / self.unit) as usize).min(self.width - 1)
    }
}

impl Bid for Lookahead {
    fn bid(&mut self, standing: Standing, chance: f64) -> u32 {
        let rows = self.worth.len() / self.width - 1;
        let later = self.row((standing.auctions.max(1) as usize - 1).min(rows));
        let b = self.step(standing.budget);
        let chance = self.average + self.trust * (chance - self.average);
        // The row falls from b downwards, so the last step that is worth it is found by bisection.
        let (mut good, mut bad) = (0, b + 1);
        while bad - good > 1 {
            let middle = (good + bad) / 2;
            if chance + later[b - middle] >= later[b] {
                good = middle;
            } else {
                bad = middle;
            }
        }
        u32::try_from((good as u64 * self.unit).min(u64::from(self.highest))).unwrap_or(self.highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Prices 1 and 2 alike likely, θ̄ .5, two auctions, budget 2. V(1,1) = ½·.5 = .25, V(1,2) = .5.
    fn two_auctions_by_hand() {
        let market = MarketPrices::from_counts(&[0, 1, 1]).unwrap();
        let whole = Standing { auctions: 2, budget: 2 };
        let mut ahead = LookaheadParams::default().build(&market, 0.5, whole).unwrap();
        assert_eq!(ahead.worth(Standing { auctions: 1, budget: 1 }), 0.25);
        assert_eq!(ahead.worth(Standing { auctions: 1, budget: 2 }), 0.5);
        // V(2,2) = .5 + ½ (.5 + .25 - .5) + ½ max(0, .5 + 0 - .5) = .625.
        assert_eq!(ahead.worth(whole), 0.625);
        // A chance of .4 is worth price 1 (.4 + .25 ≥ .5), not price 2 (.4 < .5).
        assert_eq!((ahead.bid(whole, 0.4), ahead.bid(whole, 0.6)), (1, 2));
    }

    #[test]
    fn coarser_steps_promise_no_more_than_fine_ones() {
        let market = MarketPrices::from_counts(&[0, 5, 9, 14, 9, 5, 3, 2, 1]).unwrap();
        let whole = Standing { auctions: 40, budget: 60 };
        let fine = LookaheadParams::default().build(&market, 0.02, whole).unwrap();
        let coarse =
            LookaheadParams { max_steps: 20, ..LookaheadParams::default() }.build(&market, 0.02, whole).unwrap();
        let (fine, coarse) = (fine.worth(whole), coarse.worth(whole));
        assert!(coarse <= fine && coarse > 0.7 * fine, "{coarse} {fine}");
    }
}
