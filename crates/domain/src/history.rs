//! What a shopper did before the cutoff, as a model is asked about it.

use crate::{Day, ItemIdx};

/// Items of one shopper, oldest first, each with a weight: 1, or less for what lies far back.
///
/// An item may occur several times; models that see a history as a set take its largest weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct History<'a> {
    items: &'a [ItemIdx],
    /// Beside the items, or empty where all weigh 1.
    weights: &'a [f32],
}

impl<'a> History<'a> {
    /// Nobody has done anything yet.
    pub const EMPTY: Self = Self { items: &[], weights: &[] };

    /// Items of weight 1, oldest first.
    pub const fn of(items: &'a [ItemIdx]) -> Self {
        Self { items, weights: &[] }
    }

    /// Items with their weights, which are finite and above 0.
    ///
    /// # Panics
    /// If the lengths differ.
    pub const fn weighted(items: &'a [ItemIdx], weights: &'a [f32]) -> Self {
        assert!(items.len() == weights.len(), "a weight for each item");
        Self { items, weights }
    }

    /// The items, oldest first.
    pub const fn items(&self) -> &'a [ItemIdx] {
        self.items
    }

    /// Items with their weights, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (ItemIdx, f32)> + 'a {
        let Self { items, weights } = *self;
        items.iter().enumerate().map(move |(i, item)| (*item, weights.get(i).copied().unwrap_or(1.0)))
    }

    /// Whether there is nothing to go by.
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// How fast the past loses weight: an interaction of `half_life_days` ago counts half.
///
/// The same decay is meant for training rows and for the history of whoever is served, each seen
/// from its own cutoff.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recency {
    /// Above 0.
    pub half_life_days: f32,
}

impl Recency {
    /// The weight of something done on `day`, seen from `cutoff`: `2^(−age / half-life)`, 1 for what
    /// is not in the past. Never 0, so that what was done stays done.
    pub fn weight(self, day: Day, cutoff: Day) -> f32 {
        let age = cutoff.since(day).max(0) as f32;
        (-age / self.half_life_days).exp2().max(f32::MIN_POSITIVE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_weigh_one_unless_told_otherwise() {
        let items = [ItemIdx(4), ItemIdx(2)];
        assert_eq!(History::of(&items).iter().collect::<Vec<_>>(), [(ItemIdx(4), 1.0), (ItemIdx(2), 1.0)]);
        assert_eq!(History::weighted(&items, &[0.5, 1.0]).iter().next(), Some((ItemIdx(4), 0.5)));
        assert!(History::EMPTY.is_empty());
    }

    #[test] // Half-life 10: 20 days ago counts a quarter, the future as today.
    fn the_past_halves_with_every_half_life() {
        let recency = Recency { half_life_days: 10.0 };
        assert_eq!(recency.weight(Day(80), Day(100)), 0.25);
        assert_eq!(recency.weight(Day(100), Day(100)), 1.0);
        assert_eq!(recency.weight(Day(101), Day(100)), 1.0);
        assert!(recency.weight(Day(-1_000_000), Day(1_000_000)) > 0.0);
    }
}
