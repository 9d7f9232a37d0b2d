//! What can be won of a market, from own sales in the markets that are served.
//!
//! A market that is served keeps what it has: its own sales of a year, which are its own share of its SAM. A candidate
//! gets the most modest share of the served markets abroad; what is sold at home says how strong the seller is at home,
//! so it stands in only where nothing else is served.

use super::Estimate;
use super::capacity::Win;
use domain::Market;

/// How far own sales of the next year are from those of a past one: standard deviation of the logarithm.
const YEAR_TO_YEAR: f64 = 0.2;
/// How far a new market's share is from that of a served one: standard deviation of the logarithm.
const MARKET_TO_MARKET: f64 = 0.5;

/// A market with own sales.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServedMarket {
    /// Which.
    pub market: Market,
    /// Whether the seller is at home there.
    pub home: bool,
    /// Own sales of a year, above 0, in the currency of `sam`.
    pub own_sales: f64,
    /// What can be reached of it a year.
    pub sam: Estimate,
}

impl ServedMarket {
    /// Own sales over SAM; above 1 where a fact about the market's size cannot be true.
    pub fn share(&self) -> f64 {
        self.own_sales / self.sam.value.max(f64::MIN_POSITIVE)
    }
}

/// What can be won of `market`: what is sold there already, else the most modest share of the served markets abroad, else
/// that of home. `None` where nothing is served.
pub fn winnable(market: Market, served: &[ServedMarket]) -> Option<Win> {
    if let Some(here) = served.iter().find(|s| s.market == market) {
        return Some(Win::Held { own_sales: Estimate::relative(here.own_sales, YEAR_TO_YEAR) });
    }
    let modest = |home: bool| {
        served
            .iter()
            .filter(|s| s.home == home)
            .min_by(|a, b| a.share().total_cmp(&b.share()).then(a.market.cmp(&b.market)))
    };
    let there = modest(false).or_else(|| modest(true))?;
    Some(Win::Comparable { own_sales: Estimate::relative(there.own_sales, MARKET_TO_MARKET), its_sam: there.sam })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(code: &str, home: bool, own_sales: f64) -> ServedMarket {
        ServedMarket { market: code.parse().unwrap(), home, own_sales, sam: Estimate::exact(1e6) }
    }

    // Home sells a thousandth of its SAM, DE a fifth, VN a tenth.
    #[test]
    fn a_served_market_keeps_its_own_share_and_a_candidate_gets_the_most_modest_abroad() {
        let all = [served("CN", true, 1e3), served("DE", false, 2e5), served("VN", false, 1e5)];
        let of = |code: &str, all: &[ServedMarket]| winnable(code.parse().unwrap(), all);
        let value = |win: Option<Win>| match win {
            Some(Win::Held { own_sales }) => ("held", own_sales.value),
            Some(Win::Comparable { own_sales, its_sam }) => ("comparable", own_sales.value / its_sam.value),
            _ => ("none", 0.0),
        };
        for (code, sales) in [("CN", 1e3), ("DE", 2e5), ("VN", 1e5)] {
            assert_eq!(value(of(code, &all)), ("held", sales), "{code}");
        }
        assert_eq!(value(of("SA", &all)), ("comparable", 0.1), "not home's, although that is less");
        assert_eq!(value(of("SA", &all[..1])), ("comparable", 1e-3), "home where nothing else is served");
        assert_eq!(of("SA", &[]), None);
    }
}
