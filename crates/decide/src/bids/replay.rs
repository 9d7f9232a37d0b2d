//! A bidder over recorded or made-up auctions, episode by episode: what it wins, pays and earns.
//!
//! As in the experiments of Cai et al. (WSDM 2017): the auctions come in their order, cut into episodes of `auctions` each;
//! every episode starts with the same budget, and what is left at its end is gone. A bid of at least the market price wins and
//! pays it. The replay itself holds every bid to the budget left, whatever the bidder asks, and a bid of 0 does not take part.

use super::bidder::{Bid, Standing};
use super::prices::Seen;
use crate::spend_error::SpendError;

/// One auction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Auction {
    /// Market price, whole units.
    pub price: u32,
    /// Chance of a click as estimated beforehand.
    pub chance: f64,
    /// Whether it was clicked.
    pub clicked: Clicked,
}

/// What became of an impression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clicked {
    /// Clicked.
    Yes,
    /// Not clicked.
    No,
}

/// The sums of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Outcome {
    /// Auctions seen.
    pub auctions: u64,
    /// Impressions won.
    pub won: u64,
    /// Clicks among them.
    pub clicks: u64,
    /// Clicks that their chances promised.
    pub expected_clicks: f64,
    /// Paid, whole units.
    pub paid: u64,
    /// Most that one episode paid.
    pub most_paid: u64,
    /// Budget of all episodes.
    pub budget: u64,
}

impl Outcome {
    /// Paid for a click; `None` without one.
    pub fn cost_per_click(&self) -> Option<f64> {
        (self.clicks > 0).then(|| self.paid as f64 / self.clicks as f64)
    }

    /// Part of the budget that was spent.
    pub fn burn(&self) -> f64 {
        if self.budget > 0 { self.paid as f64 / self.budget as f64 } else { 0.0 }
    }
}

/// Runs a bidder over auctions in episodes that begin as `whole`.
///
/// # Errors
/// [`SpendError::Param`] for episodes without auctions.
pub fn replay(auctions: &[Auction], whole: Standing, bidder: &mut impl Bid) -> Result<Outcome, SpendError> {
    if whole.auctions == 0 {
        return Err(SpendError::param("auctions", "at least 1", 0.0));
    }
    let mut sums = Outcome::default();
    for episode in auctions.chunks(whole.auctions as usize) {
        let mut standing = whole;
        for auction in episode {
            let bid = u64::from(bidder.bid(standing, auction.chance)).min(standing.budget);
            let wins = bid > 0 && bid >= u64::from(auction.price);
            if wins {
                standing.budget -= u64::from(auction.price);
                sums.won += 1;
                sums.clicks += u64::from(auction.clicked == Clicked::Yes);
                sums.expected_clicks += auction.chance;
            }
            if bid > 0 {
                bidder.told(if wins { Seen::Won(auction.price) } else { Seen::Lost(bid as u32) });
            }
            standing.auctions -= 1;
        }
        let paid = whole.budget - standing.budget;
        sums.auctions += episode.len() as u64;
        sums.paid += paid;
        sums.most_paid = sums.most_paid.max(paid);
        sums.budget += whole.budget;
    }
    Ok(sums)
}
