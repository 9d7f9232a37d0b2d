//! Bidding rules: how much to bid for an impression with a given chance of a click, and how the rest of the budget is paced.
//!
//! - *constant*: the same for all.
//! - *linear*: `b₀ · θ / θ̄`, proportional to the chance (Perlich et al., "Bid optimizing and inventory scoring in targeted
//!   online advertising", KDD 2012).
//! - *ORTB1*: `sqrt(c θ / λ + c²) - c`, optimal where a bid `b` wins with `b / (c + b)`; *ORTB2*: the same for `b² / (c² + b²)`.
//!   Both bid more for cheap and less for dear impressions than the linear rule (Zhang, Yuan and Wang, "Optimal real-time
//!   bidding for display advertising", KDD 2014).
//!
//! `b₀` and `λ` are chosen so that the rule, on an impression of average chance, is expected to spend a given rate per auction.
//! *Fixed* keeps the rate of the whole budget. *Paced* solves for the rate of what is left at every auction, `budget left /
//! auctions left`: cheap hours early on leave money for more later, and nothing is over at the end (the certainty-equivalent
//! policy; Gallego and van Ryzin, Management Science 40(8), 1994, for the same idea in pricing). Costs a look-up an auction.

use super::prices::{MarketPrices, Seen};
use crate::spend_error::SpendError;

/// Where an episode stands before an auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Auctions left, this one among them.
    pub auctions: u32,
    /// Budget left, whole price units.
    pub budget: u64,
}

/// A bidding rule. The caller never lets a bid exceed the budget left.
pub trait Bid {
    /// The bid for an impression with this chance of a click.
    fn bid(&mut self, standing: Standing, chance: f64) -> u32;

    /// What came of the last bid; rules that do not learn need not listen.
    fn told(&mut self, _seen: Seen) {}
}

/// Form of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The same for all.
    Constant,
    /// Proportional to the chance.
    Linear,
    /// For the win curve `b / (c + b)`.
    Ortb1,
    /// For the win curve `b² / (c² + b²)`.
    Ortb2,
}

/// How the budget is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At the rate of the whole budget throughout.
    Fixed,
    /// At the rate of what is left.
    Paced,
}

/// A rule over a market.
#[derive(Clone, Debug)]
pub struct Rule<'a> {
    market: &'a MarketPrices,
    form: Form,
    pace: Pace,
    average: f64,
    c: f64,
    rate: f64,
}

impl<'a> Rule<'a> {
    /// `average` is the mean chance of a click, `whole` the episode as it begins.
    ///
    /// # Errors
    /// [`SpendError::Param`] for a chance outside (0, 1) or an episode without auctions.
    pub fn new(
        market: &'a MarketPrices,
        form: Form,
        pace: Pace,
        average: f64,
        whole: Standing,
    ) -> Result<Self, SpendError> {
        if !(average > 0.0 && average < 1.0) {
            return Err(SpendError::param("average", "between 0 and 1", average));
        }
        if whole.auctions == 0 {
            return Err(SpendError::param("auctions", "at least 1", 0.0));
        }
        let c = match form {
            Form::Constant | Form::Linear => 0.0,
            Form::Ortb1 => market.half_win(),
            Form::Ortb2 => market.half_win_squared(),
        };
        let rate = whole.budget as f64 / f64::from(whole.auctions);
        Ok(Self { market, form, pace, average, c, rate })
    }

    /// The bid at a given bid for the average impression.
    fn scaled(&self, average_bid: f64, chance: f64) -> f64 {
        let ratio = chance / self.average;
        match self.form {
            Form::Constant => average_bid,
            Form::Linear => average_bid * ratio,
            Form::Ortb1 => {
                // sqrt(k r + c²) - c with k such that r = 1 gives the average bid.
                let k = (average_bid + self.c).powi(2) - self.c * self.c;
                (k * ratio + self.c * self.c).sqrt() - self.c
            }
            Form::Ortb2 => {
                // With q = u + sqrt(1 + u²), u = θ / (λ c), the bid is c (q^⅓ - q^-⅓) = 2 c sinh(asinh(u) / 3).
                let u = (3.0 * (average_bid / (2.0 * self.c)).asinh()).sinh() * ratio;
                2.0 * self.c * (u.asinh() / 3.0).sinh()
            }
        }
    }
}

impl Bid for Rule<'_> {
    fn bid(&mut self, standing: Standing, chance: f64) -> u32 {
        let rate = match self.pace {
            Pace::Fixed => self.rate,
            Pace::Paced => standing.budget as f64 / f64::from(standing.auctions.max(1)),
        };
        let bid = self.scaled(f64::from(self.market.bid_for(rate)), chance);
        // A bid of more than any price that was ever seen wins all the same.
        bid.clamp(0.0, f64::from(self.market.highest())) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn market() -> MarketPrices {
        MarketPrices::from_counts(&[0, 10, 20, 30, 40, 50, 40, 30, 20, 10, 5, 5, 5, 5]).unwrap()
    }

    #[test] // Average bid 12, c 4: k = 16² - 16 = 240; r = 0 gives 0, r = 1 12, r = 2 sqrt(496) - 4 = 18.27.
    fn ortb1_by_hand() {
        let whole = Standing { auctions: 10, budget: 20 };
        let market = market();
        let mut rule = Rule::new(&market, Form::Ortb1, Pace::Fixed, 0.01, whole).unwrap();
        rule.c = 4.0;
        assert!((rule.scaled(12.0, 0.01) - 12.0).abs() < 1e-9 && rule.scaled(12.0, 0.0).abs() < 1e-9);
        assert!((rule.scaled(12.0, 0.02) - (496.0_f64.sqrt() - 4.0)).abs() < 1e-9);
    }

    #[test] // First-order condition of ORTB2: θ/λ = b + w(b)/w'(b) with w = b²/(c²+b²) gives b (3 c² + b²) / (2 c²).
    fn ortb2_solves_its_first_order_condition() {
        let whole = Standing { auctions: 10, budget: 20 };
        let market = market();
        let mut rule = Rule::new(&market, Form::Ortb2, Pace::Fixed, 0.01, whole).unwrap();
        rule.c = 7.0;
        let first_order = |b: f64| b * (3.0 * 49.0 + b * b) / (2.0 * 49.0);
        let bids: Vec<f64> = [0.005, 0.01, 0.02, 0.04].iter().map(|t| rule.scaled(5.0, *t)).collect();
        for pair in bids.windows(2) {
            assert!((first_order(pair[1]) / first_order(pair[0]) - 2.0).abs() < 1e-9, "{bids:?}");
        }
    }

    proptest! {
        #[test]
        fn every_rule_bids_more_for_a_better_chance_and_within_the_market(
            a in 1e-4_f64..0.05, more in 0.0_f64..0.05, budget in 0_u64..100, auctions in 1_u32..50,
        ) {
            let market = market();
            let whole = Standing { auctions, budget };
            for form in [Form::Constant, Form::Linear, Form::Ortb1, Form::Ortb2] {
                for pace in [Pace::Fixed, Pace::Paced] {
                    let mut rule = Rule::new(&market, form, pace, 0.01, whole).unwrap();
                    let (low, high) = (rule.bid(whole, a), rule.bid(whole, a + more));
                    prop_assert!(low <= high && high <= market.highest(), "{form:?} {low} {high}");
                }
            }
        }
    }
}
