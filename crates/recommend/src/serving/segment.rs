//! What sells to a segment in a market: for somebody of whom nothing is known but that a campaign for the segment brought them.
//!
//! The share of the segment's buyers who bought an item, as if [`SegmentTaste::prior`] more buyers had bought as the whole market
//! does (the mean of a Dirichlet posterior about the market's shares): a small segment's list is nearly the market's, a large one's is its
//! own. Below [`SegmentTaste::floor`] buyers there is no list, because it would tell what one of them bought. Cost: linear in the counts.

use super::{Popular, Why};
use domain::ItemIdx;
use std::collections::BTreeMap;

/// How a segment's list is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SegmentTaste {
    /// Buyers of the market's taste that stand beside the segment's own.
    pub prior: f64,
    /// Fewest buyers of a segment in a market.
    pub floor: u64,
}

impl Default for SegmentTaste {
    fn default() -> Self {
        Self { prior: 20.0, floor: 20 }
    }
}

impl SegmentTaste {
    /// The list of a segment of `n_buyers` in a market of `n_market`, from how many of each bought an item. Items that nobody of the
    /// market bought are not on it.
    ///
    /// # Errors
    /// [`Why::TooFew`] below the floor.
    pub fn list(
        &self,
        (n_buyers, bought): (u64, &BTreeMap<ItemIdx, u64>),
        (n_market, market): (u64, &BTreeMap<ItemIdx, u64>),
    ) -> Result<Popular, Why> {
        if n_buyers < self.floor {
            return Err(Why::TooFew);
        }
        let all = n_buyers as f64 + self.prior;
        let score = |(item, n): (&ItemIdx, &u64)| {
            let own = bought.get(item).copied().unwrap_or(0) as f64;
            let share = *n as f64 / n_market.max(1) as f64;
            (*item, ((own + self.prior * share) / all) as f32)
        };
        Ok(Popular::new(market.iter().map(score)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(u32, u64)]) -> BTreeMap<ItemIdx, u64> {
        of.iter().map(|(item, n)| (ItemIdx(*item), *n)).collect()
    }

    #[test] // (16 + 20 × .4) / 40 = .6 before (2 + 20 × .5) / 40 = .3 before (0 + 20 × .1) / 40 = .05.
    fn a_segment_leans_the_markets_list_towards_its_own() {
        let market = counts(&[(0, 500), (1, 400), (2, 100)]);
        let list = SegmentTaste::default().list((20, &counts(&[(1, 16), (0, 2)])), (1000, &market)).unwrap();
        assert_eq!(list.ranked(), [(ItemIdx(1), 0.6), (ItemIdx(0), 0.3), (ItemIdx(2), 0.05)]);
    }

    #[test]
    fn a_list_of_few_is_not_made() {
        let market = counts(&[(0, 500)]);
        assert_eq!(SegmentTaste::default().list((19, &counts(&[(0, 19)])), (1000, &market)), Err(Why::TooFew));
    }
}
