//! Who did what to which item: a sparse matrix (CSR), shoppers × items, with kind, day and weight.

use crate::{Day, ItemIdx, Market, ShopperIdx};
use serde::{Deserialize, Serialize};

/// What a shopper did, weakest to strongest evidence of wanting the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Looked at the product.
    View,
    /// Put it on a wish list.
    Wish,
    /// Put it into the cart.
    Cart,
    /// Bought it.
    Purchase,
}

/// One cell with its shopper: how rows are handed in and taken out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interaction {
    /// Who.
    pub shopper: ShopperIdx,
    /// Which item.
    pub item: ItemIdx,
    /// What was done.
    pub kind: Kind,
    /// When.
    pub day: Day,
    /// How much evidence, positive; 1 for one plain interaction.
    pub weight: f32,
}

/// Why rows do not make a matrix.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InteractionsError {
    /// An item index that is not in the catalogue.
    #[error("item {item} is outside 0..{n_items}")]
    Item {
        /// The index.
        item: u32,
        /// The catalogue's size.
        n_items: usize,
    },
    /// A shopper index without a market.
    #[error("shopper {shopper} is outside 0..{n_shoppers}")]
    Shopper {
        /// The index.
        shopper: u32,
        /// How many shoppers there are.
        n_shoppers: usize,
    },
    /// A weight that is not a positive number.
    #[error("weight {weight} of shopper {shopper} and item {item} is not a positive number")]
    Weight {
        /// The shopper.
        shopper: u32,
        /// The item.
        item: u32,
        /// The weight.
        weight: f32,
    },
}

/// Interactions of all shoppers, each row in time order (ties by item). A repeated purchase of an
/// item is several cells; [`Interactions::distinct`] merges them.
#[derive(Clone, Debug, PartialEq)]
pub struct Interactions {
    n_items: usize,
    markets: Vec<Market>,
    offsets: Vec<usize>,
    items: Vec<ItemIdx>,
    kinds: Vec<Kind>,
    days: Vec<Day>,
    weights: Vec<f32>,
}

impl Interactions {
    /// Builds the matrix from rows in any order. `markets[s]` is the market of shopper `s`, so
    /// its length is the number of shoppers.
    ///
    /// # Errors
    /// [`InteractionsError`] for an index outside its range or a weight that is not positive.
    pub fn new(n_items: usize, markets: Vec<Market>, mut rows: Vec<Interaction>) -> Result<Self, InteractionsError> {
        let n_shoppers = markets.len();
        for r in &rows {
            if r.item.at() >= n_items {
                return Err(InteractionsError::Item { item: r.item.0, n_items });
            }
            if r.shopper.at() >= n_shoppers {
                return Err(InteractionsError::Shopper { shopper: r.shopper.0, n_shoppers });
            }
            if !(r.weight.is_finite() && r.weight > 0.0) {
                return Err(InteractionsError::Weight { shopper: r.shopper.0, item: r.item.0, weight: r.weight });
            }
        }
        // The full key makes the order of equal cells, and so every model, independent of the input's order.
        rows.sort_by(|a, b| {
            (a.shopper, a.day, a.item, a.kind)
                .cmp(&(b.shopper, b.day, b.item, b.kind))
                .then(a.weight.total_cmp(&b.weight))
        });
        let mut offsets = vec![0; n_shoppers + 1];
        for r in &rows {
            offsets[r.shopper.at() + 1] += 1;
        }
        for s in 0..n_shoppers {
            offsets[s + 1] += offsets[s];
        }
        Ok(Self {
            n_items,
            markets,
            offsets,
            items: rows.iter().map(|r| r.item).collect(),
            kinds: rows.iter().map(|r| r.kind).collect(),
            days: rows.iter().map(|r| r.day).collect(),
            weights: rows.iter().map(|r| r.weight).collect(),
        })
    }

    /// Purchases of weight 1, one shopper a basket, for examples and tests; the day is the
    /// position in the basket.
    ///
    /// # Panics
    /// If a basket names an item outside `0..n_items`.
    pub fn from_baskets<'a>(n_items: usize, baskets: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let mut rows = Vec::new();
        let mut n_shoppers = 0;
        for (s, basket) in baskets.into_iter().enumerate() {
            n_shoppers = s + 1;
            rows.extend(basket.iter().enumerate().map(|(t, &item)| Interaction {
                shopper: ShopperIdx(s as u32),
                item: ItemIdx(item),
                kind: Kind::Purchase,
                day: Day(t as i32),
                weight: 1.0,
            }));
        }
        Self::new(n_items, vec![Market::UNKNOWN; n_shoppers], rows).expect("items of the baskets within the catalogue")
    }

    /// Columns of the matrix.
    pub const fn n_items(&self) -> usize {
        self.n_items
    }

    /// Rows of the matrix.
    pub const fn n_shoppers(&self) -> usize {
        self.markets.len()
    }

    /// Stored cells.
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no cell.
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The market of each shopper.
    pub fn markets(&self) -> &[Market] {
        &self.markets
    }

    fn range(&self, shopper: ShopperIdx) -> std::ops::Range<usize> {
        self.offsets[shopper.at()]..self.offsets[shopper.at() + 1]
    }

    /// The shopper's items, oldest first.
    pub fn row(&self, shopper: ShopperIdx) -> &[ItemIdx] {
        &self.items[self.range(shopper)]
    }

    /// The weights beside [`Self::row`].
    pub fn row_weights(&self, shopper: ShopperIdx) -> &[f32] {
        &self.weights[self.range(shopper)]
    }

    /// The days beside [`Self::row`].
    pub fn row_days(&self, shopper: ShopperIdx) -> &[Day] {
        &self.days[self.range(shopper)]
    }

    /// All cells in row order.
    pub fn iter(&self) -> impl Iterator<Item = Interaction> + '_ {
        (0..self.n_shoppers()).flat_map(move |s| {
            self.range(ShopperIdx(s as u32)).map(move |c| Interaction {
                shopper: ShopperIdx(s as u32),
                item: self.items[c],
                kind: self.kinds[c],
                day: self.days[c],
                weight: self.weights[c],
            })
        })
    }

    /// For each item the shoppers who touched it, ascending, each once.
    pub fn buyers_by_item(&self) -> Vec<Vec<ShopperIdx>> {
        let mut buyers: Vec<Vec<ShopperIdx>> = vec![Vec::new(); self.n_items];
        for s in 0..self.n_shoppers() {
            let shopper = ShopperIdx(s as u32);
            for item in self.row(shopper) {
                let list = &mut buyers[item.at()];
                if list.last() != Some(&shopper) {
                    list.push(shopper);
                }
            }
        }
        buyers
    }

    /// The cells for which `keep` holds; shoppers and items keep their numbers.
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&Interaction) -> bool) -> Self {
        let rows = self.iter().filter(|i| keep(i)).collect();
        // Indices come from a valid matrix, so this cannot fail.
        Self::new(self.n_items, self.markets.clone(), rows).expect("cells of a valid matrix")
    }

    /// One cell for each shopper and item: weights added, the last day and the strongest kind kept.
    #[must_use]
    pub fn distinct(&self) -> Self {
        let mut rows: Vec<Interaction> = self.iter().collect();
        rows.sort_by_key(|r| (r.shopper, r.item, r.day, r.kind));
        let mut merged: Vec<Interaction> = Vec::with_capacity(rows.len());
        for r in rows {
            match merged.last_mut() {
                Some(last) if (last.shopper, last.item) == (r.shopper, r.item) => {
                    last.weight += r.weight;
                    last.day = last.day.max(r.day);
                    last.kind = last.kind.max(r.kind);
                }
                _ => merged.push(r),
            }
        }
        Self::new(self.n_items, self.markets.clone(), merged).expect("cells of a valid matrix")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_in_time_order_whatever_order_they_went_in() {
        let cell = |shopper, item, day| Interaction {
            shopper: ShopperIdx(shopper),
            item: ItemIdx(item),
            kind: Kind::Purchase,
            day: Day(day),
            weight: 1.0,
        };
        let mut rows = vec![cell(1, 0, 5), cell(0, 2, 9), cell(0, 1, 3), cell(1, 0, 2)];
        let markets = vec![Market::UNKNOWN; 2];
        let a = Interactions::new(3, markets.clone(), rows.clone()).unwrap();
        rows.reverse();
        assert_eq!(a, Interactions::new(3, markets, rows).unwrap());
        assert_eq!(a.row(ShopperIdx(0)), [ItemIdx(1), ItemIdx(2)]);
        assert_eq!(a.buyers_by_item(), [vec![ShopperIdx(1)], vec![ShopperIdx(0)], vec![ShopperIdx(0)]]);
        assert_eq!(a.distinct().row_weights(ShopperIdx(1)), [2.0]);
    }

    #[test]
    fn an_item_outside_the_catalogue_is_named() {
        let row = Interaction { shopper: ShopperIdx(0), item: ItemIdx(3), kind: Kind::View, day: Day(0), weight: 1.0 };
        let error = Interactions::new(3, vec![Market::UNKNOWN], vec![row]).unwrap_err();
        assert_eq!(error.to_string(), "item 3 is outside 0..3");
    }
}
