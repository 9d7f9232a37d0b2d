//! A paced rule that learns the market while it bids.
//!
//! The market of last month is not that of today. Every auction won shows its price, every one lost that the price was above
//! the bid; after each episode the distribution is estimated anew from the last auctions seen and an older distribution that
//! counts as much as `prior` auctions ([`MarketPrices::from_auctions`], which takes lost auctions as censored).
//! Cost: linear in the auctions kept, once an episode.

use super::bidder::{Bid, Form, Pace, Rule, Standing};
use super::prices::{MarketPrices, Seen};
use crate::spend_error::SpendError;

/// How fast it learns.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningParams {
    /// Auctions that the older distribution counts as, above 0.
    pub prior: f64,
    /// Auctions kept, at least 1; older ones are forgotten.
    pub kept: usize,
}

impl Default for LearningParams {
    fn default() -> Self {
        Self { prior: 10_000.0, kept: 30_000 }
    }
}

/// The rule with what it has seen.
#[derive(Clone, Debug)]
pub struct Learning {
    params: LearningParams,
    before: MarketPrices,
    now: MarketPrices,
    form: Form,
    average: f64,
    whole: Standing,
    seen: Vec<Seen>,
}

impl Learning {
    /// Starts with an older distribution; the rest as in [`Rule::new`].
    ///
    /// # Errors
    /// As [`Rule::new`], and [`SpendError::Param`] for a prior that is not positive.
    pub fn new(
        params: LearningParams,
        before: &MarketPrices,
        form: Form,
        average: f64,
        whole: Standing,
    ) -> Result<Self, SpendError> {
        Rule::new(before, form, Pace::Paced, average, whole)?;
        if !(params.prior > 0.0 && params.prior.is_finite()) || params.kept == 0 {
            return Err(SpendError::param("prior, kept", "above 0", params.prior));
        }
        let (before, now) = (before.clone(), before.clone());
        Ok(Self { params, before, now, form, average, whole, seen: Vec::new() })
    }

    /// The market as it is seen now.
    pub fn market(&self) -> &MarketPrices {
        &self.now
    }
}

impl Bid for Learning {
    fn bid(&mut self, standing: Standing, chance: f64) -> u32 {
        if standing.auctions == self.whole.auctions && !self.seen.is_empty() {
            let from = self.seen.len().saturating_sub(self.params.kept);
            self.seen.drain(..from);
            if let Ok(now) = MarketPrices::from_auctions(&self.seen, Some((&self.before, self.params.prior))) {
                self.now = now;
            }
        }
        // Checked when the rule was made; a market is never empty.
        Rule::new(&self.now, self.form, Pace::Paced, self.average, self.whole)
            .map_or(0, |mut r| r.bid(standing, chance))
    }

    fn told(&mut self, seen: Seen) {
        self.seen.push(seen);
    }
}
