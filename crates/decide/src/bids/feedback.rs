//! Pacing by feedback: a controller that raises bids when the budget burns too slowly and lowers them when too fast.
//!
//! Where nothing is known of market prices, the burn itself says how a bid does. Every `every` auctions the error
//! `e = part of the budget that should be spent by now - part that is` sets the factor on the bid of another rule,
//! `exp(k_p e + k_i Σ e + k_d Δe)`, held within a range. Source: Zhang, Rong, Wang, Zhu and Wang, "Feedback control of real-time
//! display advertising", WSDM 2016. Cost: constant an auction.

use super::bidder::{Bid, Standing};
use super::prices::Seen;
use crate::spend_error::SpendError;

/// Gains of the controller.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedbackParams {
    /// On the error.
    pub proportional: f64,
    /// On its sum.
    pub integral: f64,
    /// On its change.
    pub derivative: f64,
    /// Auctions between two settings, at least 1.
    pub every: u32,
    /// Largest factor and one over the smallest, above 1.
    pub range: f64,
}

impl Default for FeedbackParams {
    fn default() -> Self {
        Self { proportional: 8.0, integral: 0.4, derivative: 2.0, every: 10, range: 8.0 }
    }
}

/// A rule with a controller around it.
#[derive(Clone, Debug)]
pub struct Feedback<B> {
    rule: B,
    params: FeedbackParams,
    whole: Standing,
    factor: f64,
    sum: f64,
    last: f64,
}

impl<B: Bid> Feedback<B> {
    /// Around `rule`, for episodes that begin as `whole`.
    ///
    /// # Errors
    /// [`SpendError::Param`] for a range of at most 1, no interval or an episode without auctions.
    pub fn new(rule: B, params: FeedbackParams, whole: Standing) -> Result<Self, SpendError> {
        if !(params.range > 1.0 && params.range.is_finite()) {
            return Err(SpendError::param("range", "above 1", params.range));
        }
        if params.every == 0 || whole.auctions == 0 {
            return Err(SpendError::param("every, auctions", "at least 1", 0.0));
        }
        Ok(Self { rule, params, whole, factor: 1.0, sum: 0.0, last: 0.0 })
    }

    fn set(&mut self, standing: Standing) {
        let gone = 1.0 - f64::from(standing.auctions) / f64::from(self.whole.auctions);
        let spent = 1.0 - standing.budget as f64 / (self.whole.budget.max(1)) as f64;
        let error = gone - spent;
        self.sum += error;
        let p = &self.params;
        let drive = p.proportional * error + p.integral * self.sum + p.derivative * (error - self.last);
        self.last = error;
        self.factor = drive.exp().clamp(1.0 / p.range, p.range);
    }
}

impl<B: Bid> Bid for Feedback<B> {
    fn bid(&mut self, standing: Standing, chance: f64) -> u32 {
        let done = self.whole.auctions - standing.auctions.min(self.whole.auctions);
        if done == 0 {
            (self.sum, self.last) = (0.0, 0.0);
        } else if done.is_multiple_of(self.params.every) {
            self.set(standing);
        }
        (f64::from(self.rule.bid(standing, chance)) * self.factor).min(f64::from(u32::MAX)) as u32
    }

    fn told(&mut self, seen: Seen) {
        self.rule.told(seen);
    }
}
