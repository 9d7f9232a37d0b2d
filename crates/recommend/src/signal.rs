//! From what shoppers did to how strongly it speaks: one cell for each shopper and item.
//!
//! A wholesaler who orders the same bag forty times wants the bag, not forty times as much as
//! somebody who ordered it once. [`Strength`] says how repeats count; every model then takes the
//! weights as they are, so that a transfer can weaken the rows of a source market by scaling them.
//! Cost: one sort of the rows.

use domain::{History, Interaction, Interactions, ItemIdx, ShopperIdx};
use learn::Csr;

/// How repeated interactions of a shopper with an item count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Once: 1 however often.
    Presence,
    /// `1 + ln(w)` for a sum of weights `w` above 1, else `w`.
    LogSum,
    /// The sum of the weights.
    Sum,
}

/// One cell a shopper and item with the strength of the pair; the last day and the strongest kind
/// are kept.
#[must_use]
pub fn prepare(raw: &Interactions, strength: Strength) -> Interactions {
    let value = |w: f32| match strength {
        Strength::Presence => 1.0,
        Strength::LogSum if w > 1.0 => 1.0 + w.ln(),
        Strength::LogSum | Strength::Sum => w,
    };
    let merged = raw.distinct();
    let cells = merged.iter().map(|cell| Interaction { weight: value(cell.weight), ..cell }).collect();
    Interactions::new(raw.n_items(), raw.markets().to_vec(), cells).expect("positive weights of a valid matrix")
}

/// Shoppers × items; the weights of repeated cells are added.
pub(crate) fn matrix(train: &Interactions) -> Csr {
    let row = |s: usize| {
        let shopper = ShopperIdx(s as u32);
        train.row(shopper).iter().zip(train.row_weights(shopper)).map(|(item, weight)| (item.0, *weight))
    };
    Csr::from_rows(train.n_items(), (0..train.n_shoppers()).map(row))
}

/// The distinct items of a history that the model knows of, ascending, with their weights. How
/// often an item occurs in a history says little about the next one, so it counts once, with the
/// largest weight.
pub(crate) fn distinct(history: History<'_>, n_items: usize) -> Vec<(ItemIdx, f32)> {
    let mut items: Vec<(ItemIdx, f32)> = history.iter().filter(|(item, _)| item.at() < n_items).collect();
    items.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    items.dedup_by_key(|(item, _)| *item);
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Item 0 three times: 1, 1 + ln 3, 3. Item 1 once: 1 whatever the strength.
    fn repeats_count_as_the_strength_says() {
        let raw = Interactions::from_baskets(2, [&[0, 1, 0, 0][..]]);
        for (strength, want) in [(Strength::Presence, 1.0), (Strength::LogSum, 1.0 + 3_f32.ln()), (Strength::Sum, 3.0)]
        {
            let prepared = prepare(&raw, strength);
            assert_eq!(matrix(&prepared).row(0), (&[0, 1][..], &[want, 1.0][..]), "{strength:?}");
            assert_eq!(prepare(&prepared, Strength::Sum), prepared);
        }
    }

    #[test]
    fn a_history_is_a_set_of_known_items() {
        let history = History::weighted(&[ItemIdx(4), ItemIdx(1), ItemIdx(4), ItemIdx(9)], &[0.5, 0.7, 0.9, 1.0]);
        assert_eq!(distinct(history, 5), [(ItemIdx(1), 0.7), (ItemIdx(4), 0.9)]);
    }
}
