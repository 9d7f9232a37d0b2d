//! Advertising auctions whose truth is known: second-price auctions for impressions, as a bidder's log would have them.
//!
//! Each impression has a placement, a true chance of a click `p` (logit-normal around the placement's), and a highest rival bid, log-normal
//! around the placement's price times `(p / usual)^½`: rivals see half of what makes an impression good. The logging bidder bids what its own,
//! noisy estimate of `p` says, at the same rate all the time; it wins where it bids at least the rival's, pays the rival's, and does not
//! learn the price of what it lost. A click has the chance `p`, an order after a click [`ORDER`]. [`AuctionTruth`] states all of it, and what
//! the best bids at each budget would have brought in expectation: bids in proportion to the true `p`, the price of a click the one that spends the budget.
//!
//! Cost: two million auctions a second; one stream of the seed an auction.

use domain::Seed;
use serde::Serialize;
use std::io::{self, Write};

/// Placements: name, share of the auctions, usual chance of a click, usual price per thousand.
pub const PLACEMENTS: [(&str, f64, f64, f64); 3] =
    [("search", 0.2, 0.02, 24.0), ("feed", 0.5, 0.006, 9.0), ("display", 0.3, 0.001, 2.0)];
/// Standard deviation of the logit of an impression's chance, within a placement.
pub const CHANCE_SPREAD: f64 = 0.8;
/// Standard deviation of the logarithm of the rival's bid, beside what follows the chance.
pub const PRICE_SPREAD: f64 = 0.6;
/// Standard deviation of the logarithm of the bidder's estimate of the chance.
pub const ESTIMATE_SPREAD: f64 = 0.3;
/// Chance of an order after a click.
pub const ORDER: f64 = 0.04;
/// What the logging bidder bids for a click that it is sure of, per thousand impressions of chance 1.
pub const LOGGED_BID: f64 = 1_500.0;

/// One auction. Prices are per thousand impressions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Auction {
    /// Place in [`PLACEMENTS`].
    pub placement: usize,
    /// True chance of a click.
    pub chance: f64,
    /// As the bidder estimated it.
    pub estimate: f64,
    /// The highest rival bid.
    pub rival: f64,
    /// What the logging bidder bid, to the cent.
    pub bid: f64,
    /// Whether it would be clicked if it were won.
    pub clicked: bool,
    /// Whether an order would follow.
    pub ordered: bool,
}

impl Auction {
    /// Whether a bid wins.
    pub fn is_won_by(&self, bid: f64) -> bool {
        bid >= self.rival
    }
}

/// What is true of a log of auctions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuctionTruth {
    /// Auctions.
    pub auctions: u64,
    /// Seed.
    pub seed: u64,
    /// Placements: name, share, usual chance of a click, usual price.
    pub placements: Vec<(String, f64, f64, f64)>,
    /// Chance of an order after a click.
    pub order_after_click: f64,
    /// What all of them would have cost, per thousand impressions summed and divided by a thousand.
    pub cost_of_all: f64,
    /// Budgets as parts of that, with the expected clicks of the best bids in proportion to the true chance.
    pub best: Vec<(f64, f64)>,
}

/// Auction number `i`.
pub fn auction(seed: Seed, i: u64) -> Auction {
    let mut rng = seed.stream(i);
    let at = rng.uniform();
    let mut placement = 0;
    let mut below = 0.0;
    for (number, (_, share, ..)) in PLACEMENTS.iter().enumerate() {
        placement = number;
        below += share;
        if at < below {
            break;
        }
    }
    let (_, _, usual, price) = PLACEMENTS[placement];
    let logit = (usual / (1.0 - usual)).ln() + CHANCE_SPREAD * rng.normal();
    let chance = 1.0 / (1.0 + (-logit).exp());
    let rival = price * (chance / usual).sqrt() * (PRICE_SPREAD * rng.normal()).exp();
    let estimate = (chance * (ESTIMATE_SPREAD * rng.normal() - ESTIMATE_SPREAD.powi(2) / 2.0).exp()).min(1.0);
    let cents = |x: f64| ((100.0 * x).round() / 100.0).max(0.01);
    let clicked = rng.uniform() < chance;
    let ordered = rng.uniform() < ORDER && clicked;
    Auction { placement, chance, estimate, rival: cents(rival), bid: cents(LOGGED_BID * estimate), clicked, ordered }
}

/// The log of the first `n` auctions, as CSV.
///
/// # Errors
/// What the sink says.
pub fn write_log(out: &mut dyn Write, n: u64, seed: Seed) -> io::Result<()> {
    out.write_all(b"bid,price,won,clicked,ordered,placement,chance\n")?;
    for i in 0..n {
        let a = auction(seed, i);
        let won = a.is_won_by(a.bid);
        let price = if won { format!("{:.2}", a.rival) } else { String::new() };
        let (clicked, ordered) = (u8::from(won && a.clicked), u8::from(won && a.ordered));
        let name = PLACEMENTS[a.placement].0;
        writeln!(out, "{:.2},{price},{},{clicked},{ordered},{name},{:.6}", a.bid, u8::from(won), a.estimate)?;
    }
    Ok(())
}

/// The truth of the first `n` auctions.
pub fn truth_of(n: u64, seed: Seed) -> AuctionTruth {
    let mut all: Vec<(f64, f64)> = (0..n).map(|i| auction(seed, i)).map(|a| (a.rival, a.chance)).collect();
    let cost_of_all = all.iter().map(|a| a.0).sum::<f64>() / 1_000.0;
    // Bids in proportion to the chance win where rival / chance is at most their rate: cheapest clicks first.
    all.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let best = [0.5, 0.125, 0.03125, 0.0078125].map(|part| {
        let budget = part * cost_of_all;
        let (mut spent, mut clicks) = (0.0, 0.0);
        for (rival, chance) in &all {
            if spent + rival / 1_000.0 > budget {
                break;
            }
            spent += rival / 1_000.0;
            clicks += chance;
        }
        (part, clicks)
    });
    AuctionTruth {
        auctions: n,
        seed: seed.0,
        placements: PLACEMENTS.iter().map(|p| (p.0.to_owned(), p.1, p.2, p.3)).collect(),
        order_after_click: ORDER,
        cost_of_all,
        best: best.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Shares, rates and prices of 60,000 auctions are those stated, within what chance allows (four deviations).
    fn what_is_drawn_is_what_is_stated() {
        let all: Vec<Auction> = (0..60_000).map(|i| auction(Seed(3), i)).collect();
        let n = all.len() as f64;
        for (at, (_, share, usual, price)) in PLACEMENTS.iter().enumerate() {
            let of: Vec<&Auction> = all.iter().filter(|a| a.placement == at).collect();
            let seen = of.len() as f64 / n;
            assert!((seen - share).abs() < 4.0 * (share * (1.0 - share) / n).sqrt(), "{at}: {seen}");
            let mut chances: Vec<f64> = of.iter().map(|a| a.chance).collect();
            chances.sort_by(f64::total_cmp);
            assert!((chances[of.len() / 2] / usual - 1.0).abs() < 0.05, "{at}: the median is the usual one");
            let mut prices: Vec<f64> = of.iter().map(|a| a.rival).collect();
            prices.sort_by(f64::total_cmp);
            assert!((prices[of.len() / 2] / price - 1.0).abs() < 0.05, "{at}");
            let clicks = of.iter().filter(|a| a.clicked).count() as f64;
            let expected: f64 = of.iter().map(|a| a.chance).sum();
            assert!((clicks - expected).abs() < 4.0 * expected.sqrt(), "{at}: {clicks} of {expected}");
        }
        assert!(all.iter().all(|a| !a.ordered || a.clicked));
        assert_eq!(auction(Seed(3), 7), auction(Seed(3), 7));
    }

    #[test] // More money brings more clicks, each dearer than those before.
    fn the_best_clicks_grow_slower_than_the_budget() {
        let truth = truth_of(20_000, Seed(1));
        for pair in truth.best.windows(2) {
            let ((more, many), (less, few)) = (pair[0], pair[1]);
            assert!(many > few && many / few < more / less, "{pair:?}");
        }
    }
}
