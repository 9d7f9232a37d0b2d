//! What auctions clear at: the distribution of market prices, from won and lost auctions alike.
//!
//! A won second-price auction shows its market price; a lost one only says that the price was above the own bid. Counting
//! wins alone would make the market look cheap, so lost auctions are taken as censored: the part above each price is the
//! product of the parts that survive it, `Π (1 - d_k / n_k)` over prices `k`, with `d_k` the auctions that cleared at `k` and `n_k`
//! those that could have been seen to (Kaplan and Meier, "Nonparametric estimation from incomplete observations", Journal of
//! the American Statistical Association 53(282), 1958; for auctions Zhang, Zhou, Wang and Xu, "Bid-aware gradient descent for
//! unbiased learning with censored data in display advertising", KDD 2016). Prices are whole units, say cents per thousand.
//! Cost: linear in the auctions and in the highest price.

use crate::spend_error::SpendError;

/// One auction that we took part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Won at this market price.
    Won(u32),
    /// Lost with this bid: the market price was above it (a tie is won).
    Lost(u32),
}

/// Distribution of the market price: `n_prices` whole prices from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketPrices {
    /// Chance that the price is at most `k`.
    win: Vec<f64>,
    /// Expected cost of an auction with a bid of `k`: `Σ_{p ≤ k} p · P(p)`.
    cost: Vec<f64>,
}

impl MarketPrices {
    /// From a histogram: `counts[k]` auctions cleared at `k`.
    ///
    /// # Errors
    /// [`SpendError::TooLittle`] without an auction.
    pub fn from_counts(counts: &[u64]) -> Result<Self, SpendError> {
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return Err(SpendError::TooLittle { what: "auctions", have: 0, need: 1 });
        }
        Ok(Self::from_parts(counts.iter().map(|c| *c as f64 / total as f64)))
    }

    /// From auctions won and lost. What lies above the highest price that was ever seen stays unassigned: no bid is known
    /// to win there. `prior` is a distribution that counts as much as `weight` auctions.
    ///
    /// # Errors
    /// [`SpendError::TooLittle`] without an auction and without a prior.
    pub fn from_auctions(auctions: &[Seen], prior: Option<(&Self, f64)>) -> Result<Self, SpendError> {
        let price = |seen: &Seen| match *seen {
            Seen::Won(p) | Seen::Lost(p) => p as usize,
        };
        let n_prices =
            auctions.iter().map(|a| price(a) + 1).max().unwrap_or(0).max(prior.map_or(0, |(p, _)| p.win.len()));
        if n_prices == 0 {
            return Err(SpendError::TooLittle { what: "auctions", have: 0, need: 1 });
        }
        let (mut cleared, mut lost) = (vec![0.0; n_prices], vec![0.0; n_prices]);
        for seen in auctions {
            match *seen {
                Seen::Won(p) => cleared[p as usize] += 1.0,
                Seen::Lost(bid) => lost[bid as usize] += 1.0,
            }
        }
        let mut at_risk = auctions.len() as f64;
        if let Some((prior, weight)) = prior {
            (0..n_prices).for_each(|k| cleared[k] += weight * prior.chance(k));
            at_risk += weight;
        }
        let mut alive = 1.0;
        let parts = cleared.iter().zip(&lost).map(|(cleared, lost)| {
            let part = if at_risk > 1e-9 { alive * (cleared / at_risk).min(1.0) } else { 0.0 };
            alive -= part;
            at_risk -= cleared + lost;
            part
        });
        Ok(Self::from_parts(parts))
    }

    fn from_parts(parts: impl Iterator<Item = f64>) -> Self {
        let (mut below, mut paid) = (0.0, 0.0);
        let (win, cost) = parts
            .enumerate()
            .map(|(k, part)| {
                below += part;
                paid += k as f64 * part;
                (below, paid)
            })
            .unzip();
        Self { win, cost }
    }

    /// Chance that the price is exactly `k`.
    pub fn chance(&self, k: usize) -> f64 {
        match self.win.get(k) {
            None => 0.0,
            Some(w) if k == 0 => *w,
            Some(w) => w - self.win[k - 1],
        }
    }

    /// Chance that a bid wins.
    pub fn win(&self, bid: u32) -> f64 {
        self.win[(bid as usize).min(self.win.len() - 1)]
    }

    /// Expected payment of an auction with this bid.
    pub fn cost(&self, bid: u32) -> f64 {
        self.cost[(bid as usize).min(self.cost.len() - 1)]
    }

    /// Highest price there is.
    pub fn highest(&self) -> u32 {
        (self.win.len() - 1) as u32
    }

    /// The highest bid whose expected payment stays within `rate`.
    pub fn bid_for(&self, rate: f64) -> u32 {
        (self.cost.partition_point(|c| *c <= rate).max(1) - 1) as u32
    }

    /// `c` of the win curve `b / (c + b)`, by least squares over all prices: the market of ORTB1.
    pub fn half_win(&self) -> f64 {
        self.fit_c(|b, c| b / (c + b))
    }

    /// `c` of the win curve `b² / (c² + b²)`: the market of ORTB2.
    pub fn half_win_squared(&self) -> f64 {
        self.fit_c(|b, c| b * b / (c * c + b * b))
    }

    fn fit_c(&self, curve: impl Fn(f64, f64) -> f64) -> f64 {
        let error =
            |c: f64| -> f64 { self.win.iter().enumerate().map(|(b, w)| (curve(b as f64, c) - w).powi(2)).sum() };
        // One valley in ln c: golden section between a hundredth of a unit and a hundred times the highest price.
        let (mut low, mut high) = (0.01_f64.ln(), (100.0 * self.win.len() as f64).ln());
        let part = (5.0_f64.sqrt() - 1.0) / 2.0;
        for _ in 0..80 {
            let (a, b) = (high - part * (high - low), low + part * (high - low));
            if error(a.exp()) < error(b.exp()) {
                high = b;
            } else {
                low = a;
            }
        }
        ((low + high) / 2.0).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    #[test] // 2 at price 1, 1 at 3, 1 at 4: win .5 .5 .75 1 from 1 on, cost .5, .5, 1.25, 2.25.
    fn a_histogram_by_hand() {
        let market = MarketPrices::from_counts(&[0, 2, 0, 1, 1]).unwrap();
        assert_eq!((market.win(1), market.win(2), market.win(3), market.win(9)), (0.5, 0.5, 0.75, 1.0));
        assert_eq!((market.cost(2), market.cost(3), market.cost(4)), (0.5, 1.25, 2.25));
        assert_eq!((market.bid_for(0.4), market.bid_for(0.5), market.bid_for(1.3), market.bid_for(9.0)), (0, 2, 3, 4));
        assert!(MarketPrices::from_counts(&[0, 0]).is_err());
    }

    #[test] // Won at 1, won at 3, lost with 2: at 1 a third clears; at 3 all of those still seen do, so 2/3.
    fn a_lost_auction_counts_as_dearer_than_its_bid() {
        let seen = [Seen::Won(1), Seen::Lost(2), Seen::Won(3)];
        let market = MarketPrices::from_auctions(&seen, None).unwrap();
        assert!((market.win(2) - 1.0 / 3.0).abs() < 1e-12 && (market.win(3) - 1.0).abs() < 1e-12);
        // Wins alone would say one half.
        let naive = MarketPrices::from_counts(&[0, 1, 0, 1]).unwrap();
        assert_eq!(naive.win(2), 0.5);
    }

    #[test]
    fn censored_auctions_find_the_market_that_wins_alone_would_miss() {
        let mut rng = Seed(3).stream(0);
        let price = |rng: &mut domain::Rng| (40.0 * rng.exponential()) as u32;
        let seen: Vec<Seen> = (0..20_000)
            .map(|_| {
                let (p, bid) = (price(&mut rng), rng.below(120) as u32);
                if bid >= p { Seen::Won(p) } else { Seen::Lost(bid) }
            })
            .collect();
        let market = MarketPrices::from_auctions(&seen, None).unwrap();
        for bid in [10, 30, 60, 100] {
            let truth = 1.0 - (-f64::from(bid + 1) / 40.0).exp();
            assert!((market.win(bid) - truth).abs() < 0.02, "{bid}: {} {truth}", market.win(bid));
        }
    }

    #[test]
    fn the_win_curve_of_a_known_market_is_found() {
        // P(price ≤ b) = b / (25 + b): counts are its differences, the rest of the mass at one last price.
        let below = |b: u32| (1e9 * f64::from(b) / (25.0 + f64::from(b))) as u64;
        let mut counts: Vec<u64> = (0..2000).map(|b: u32| below(b) - below(b.saturating_sub(1))).collect();
        counts.push(1_000_000_000 - below(1999));
        let market = MarketPrices::from_counts(&counts).unwrap();
        assert!((market.half_win() - 25.0).abs() < 1.0, "{}", market.half_win());
    }
}
