//! Views, searches, wish lists, carts and praise beside purchases: one matrix, one history.
//!
//! A shopper and an item have one cell. Where the item was bought the purchase speaks, else the strongest of
//! the other signals: somebody who looked ten times and then put it into the cart wants it as much as the
//! cart says. What each signal is worth beside a purchase is a weight, chosen on held-out purchases by
//! whoever fits. What was only looked at stays a candidate: it enters the history that a model scores
//! from, not the list of what a shopper has.
//!
//! Source: a confidence for each kind of evidence, as in Hu, Koren and Volinsky, "Collaborative filtering for
//! implicit feedback datasets", ICDM 2008. Cost: one sort of the rows.

use crate::Recommender;
use domain::{Explain, History, Interaction, Interactions, ItemIdx, Reason, Score, ShopperIdx};
use std::collections::{BTreeMap, BTreeSet};

/// One kind of evidence beside purchases.
#[derive(Clone, Copy, Debug)]
pub struct Signal<'a> {
    /// Rows in the numbering of the purchases; their own weights are not looked at.
    pub rows: &'a Interactions,
    /// What one row is worth beside a purchase, in (0, 1].
    pub weight: f32,
}

/// Purchases with the signals of items that were not bought, one cell a shopper and item.
///
/// # Panics
/// If the tables differ in shoppers or items, or a weight is outside (0, 1].
#[must_use]
pub fn with_signals(purchases: &Interactions, signals: &[Signal<'_>]) -> Interactions {
    if signals.is_empty() {
        return purchases.clone();
    }
    let bought: BTreeSet<(ShopperIdx, ItemIdx)> = purchases.iter().map(|row| (row.shopper, row.item)).collect();
    let mut rows: Vec<Interaction> = purchases.iter().collect();
    let mut others: BTreeMap<(ShopperIdx, ItemIdx), Interaction> = BTreeMap::new();
    for Signal { rows, weight } in signals {
        assert!(rows.n_items() == purchases.n_items() && rows.n_shoppers() == purchases.n_shoppers(), "one numbering");
        assert!(*weight > 0.0 && *weight <= 1.0, "a weight beside a purchase");
        for row in rows.iter().filter(|row| !bought.contains(&(row.shopper, row.item))) {
            let cell = others.entry((row.shopper, row.item)).or_insert(Interaction { weight: *weight, ..row });
            cell.weight = cell.weight.max(*weight);
            cell.kind = cell.kind.max(row.kind);
            cell.day = cell.day.max(row.day);
        }
    }
    rows.extend(others.into_values());
    Interactions::new(purchases.n_items(), purchases.markets().to_vec(), rows).expect("cells of a valid matrix")
}

/// What a shopper did beside buying, to be scored from together with what was bought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    items: Vec<ItemIdx>,
    weights: Vec<f32>,
}

impl Context {
    /// Items with their weights; of an item that comes twice the larger.
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = (ItemIdx, f32)>) -> Self {
        let mut strongest: BTreeMap<ItemIdx, f32> = BTreeMap::new();
        for (item, weight) in rows {
            let cell = strongest.entry(item).or_insert(weight);
            *cell = cell.max(weight);
        }
        let (items, weights) = strongest.into_iter().unzip();
        Self { items, weights }
    }

    /// The shopper's rows of the signals.
    #[must_use]
    pub fn of(shopper: ShopperIdx, signals: &[Signal<'_>]) -> Self {
        Self::new(signals.iter().flat_map(|s| s.rows.row(shopper).iter().map(|item| (*item, s.weight))))
    }

    /// Whether an item is among them.
    pub fn contains(&self, item: ItemIdx) -> bool {
        self.items.binary_search(&item).is_ok()
    }

    /// How many items there are.
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is nothing to go by.
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What to score from: the context without what was bought, then the purchases.
    #[must_use]
    pub fn joined(&self, purchases: History<'_>) -> (Vec<ItemIdx>, Vec<f32>) {
        let bought: BTreeSet<ItemIdx> = purchases.items().iter().copied().collect();
        let context = self.items.iter().copied().zip(self.weights.iter().copied());
        context.filter(|(item, _)| !bought.contains(item)).chain(purchases.iter()).unzip()
    }
}

/// A model that scores one shopper from purchases and context.
#[derive(Clone, Copy)]
pub struct InContext<'a> {
    /// The model.
    pub model: &'a dyn Recommender,
    /// What the shopper did beside buying.
    pub context: &'a Context,
}

impl Score for InContext<'_> {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let (items, weights) = self.context.joined(history);
        self.model.score(History::weighted(&items, &weights), candidates)
    }
}

impl Explain for InContext<'_> {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let (items, weights) = self.context.joined(history);
        self.model.explain(History::weighted(&items, &weights), candidate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ItemKnnParams, ModelKind, Similarity};
    use domain::{Day, Kind, Market, Seed};

    fn rows(kind: Kind, cells: &[(u32, u32)]) -> Interactions {
        let cell = |&(s, i): &(u32, u32)| Interaction {
            shopper: ShopperIdx(s),
            item: ItemIdx(i),
            kind,
            day: Day(3),
            weight: 7.0,
        };
        let mut rows: Vec<Interaction> = cells.iter().map(cell).collect();
        rows.iter_mut().filter(|row| row.kind == Kind::Purchase).for_each(|row| row.weight = 1.0);
        Interactions::new(6, vec![Market::UNKNOWN; 4], rows).unwrap()
    }

    #[test] // Shopper 0 bought item 0, looked at 0 and 1, and has 1 in the cart.
    fn a_purchase_speaks_first_and_then_the_strongest_signal() {
        let (bought, views, carts) =
            (rows(Kind::Purchase, &[(0, 0)]), rows(Kind::View, &[(0, 0), (0, 1), (1, 2)]), rows(Kind::Cart, &[(0, 1)]));
        let signals = [Signal { rows: &views, weight: 0.25 }, Signal { rows: &carts, weight: 0.5 }];
        let all = with_signals(&bought, &signals);
        let cells: Vec<_> = all.iter().map(|r| (r.shopper.0, r.item.0, r.kind, r.weight)).collect();
        assert_eq!(cells, [(0, 0, Kind::Purchase, 1.0), (0, 1, Kind::Cart, 0.5), (1, 2, Kind::View, 0.25)]);
        assert_eq!(with_signals(&bought, &[]), bought);

        let context = Context::of(ShopperIdx(0), &signals);
        let (items, weights) = context.joined(History::of(&[ItemIdx(0)]));
        assert_eq!((items, weights), (vec![ItemIdx(1), ItemIdx(0)], vec![0.5, 1.0]));
    }

    #[test] // Items 0 and 1 are bought together; shopper 3 has bought nothing and looked at 0.
    fn who_only_looked_is_offered_what_goes_with_it() {
        let bought = rows(Kind::Purchase, &[(0, 0), (0, 1), (1, 0), (1, 1), (2, 4), (2, 5)]);
        let views = rows(Kind::View, &[(3, 0)]);
        let signals = [Signal { rows: &views, weight: 0.5 }];
        let knn = ModelKind::ItemKnn(ItemKnnParams { similarity: Similarity::Cosine, k: 5, shrinkage: 0.0 });
        let model = knn.fit(&with_signals(&bought, &signals), Seed(1)).unwrap();
        let candidates: Vec<ItemIdx> = (0..6).map(ItemIdx).collect();
        let of = |context: &Context| InContext { model: &*model, context }.score(History::EMPTY, &candidates);
        assert!(of(&Context::default()).iter().flatten().all(|score| *score == 0.0), "nothing is known");
        let scores = of(&Context::of(ShopperIdx(3), &signals));
        let best = candidates.iter().filter(|i| i.0 != 0).max_by(|a, b| {
            let score = |i: &ItemIdx| scores[i.at()].unwrap_or(f32::NEG_INFINITY);
            score(a).total_cmp(&score(b))
        });
        assert_eq!(best, Some(&ItemIdx(1)), "{scores:?}");
    }
}
