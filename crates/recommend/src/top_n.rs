//! The list that one shopper sees: best first, with reasons, without what cannot be offered.
//!
//! Items are ranked by the model's score, ties to the lower item. What the shopper has, what may
//! not be sold in the market and what is out of stock is left out, and the list says how many items
//! that would have been on it were left out for which reason. Where the model runs out of items
//! (no history, a tiny market), a fallback such as the market's popularity fills the list; its
//! scores are another unit, so its items come after all of the model's and are marked.
//!
//! Cost: one score of the catalogue and a partial sort, then an explanation for each item shown.

use crate::Recommender;
use domain::{History, ItemIdx, Reason};
use std::collections::{BTreeMap, BTreeSet};

/// Why an item is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Barred {
    /// The shopper bought it already.
    AlreadyBought,
    /// It may not be sold in the market.
    Unsellable,
    /// There is none left.
    OutOfStock,
}

/// What can be offered in a market: every item unless it is barred.
#[derive(Clone, Debug, PartialEq)]
pub struct Shelf {
    barred: Vec<Option<Barred>>,
}

impl Shelf {
    /// A shelf with all items of a catalogue.
    pub fn full(n_items: usize) -> Self {
        Self { barred: vec![None; n_items] }
    }

    /// Takes an item off; the first reason is kept. An item outside the catalogue is ignored.
    #[must_use]
    pub fn without(mut self, item: ItemIdx, why: Barred) -> Self {
        if let Some(place) = self.barred.get_mut(item.at()) {
            place.get_or_insert(why);
        }
        self
    }

    /// Why an item is not offered; `None` where it is.
    pub fn barred(&self, item: ItemIdx) -> Option<Barred> {
        self.barred.get(item.at()).copied().flatten()
    }

    /// Takes several items off for the same reason.
    #[must_use]
    pub fn without_all(self, items: impl IntoIterator<Item = ItemIdx>, why: Barred) -> Self {
        items.into_iter().fold(self, |shelf, item| shelf.without(item, why))
    }
}

/// Whether items of the history are offered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owned {
    /// Left out.
    Exclude,
    /// Offered like any other, for goods that are bought again.
    Include,
}

/// The list that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopNParams {
    /// Items wanted.
    pub n: usize,
    /// Whether items of the history are offered again.
    pub owned: Owned,
    /// Reasons shown an item, the largest first.
    pub n_reasons: usize,
}

impl Default for TopNParams {
    fn default() -> Self {
        Self { n: 10, owned: Owned::Exclude, n_reasons: 3 }
    }
}

/// Which model an item of the list comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The model that was asked.
    Model,
    /// The fallback, because the model had nothing more to say.
    Fallback,
}

/// One offered item.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Which item.
    pub item: ItemIdx,
    /// Its score in the unit of its origin.
    pub score: f32,
    /// Where the score comes from.
    pub origin: Origin,
    /// The largest parts of the score.
    pub reasons: Vec<Reason>,
}

/// The list and what is missing from it.
#[derive(Clone, Debug, PartialEq)]
pub struct TopList {
    /// At most `n` items, best first.
    pub ranked: Vec<Ranked>,
    /// How many barred items score at least as high as the last item that the model put on the list.
    pub left_out: BTreeMap<Barred, usize>,
}

/// The best items for a history.
pub fn top_n(
    model: &dyn Recommender,
    fallback: Option<&dyn Recommender>,
    history: History<'_>,
    shelf: &Shelf,
    params: &TopNParams,
) -> TopList {
    let mut shelf = shelf.clone();
    if params.owned == Owned::Exclude {
        shelf = shelf.without_all(history.items().iter().copied(), Barred::AlreadyBought);
    }
    let open: Vec<ItemIdx> = items_where(&shelf, |b| b.is_none());
    let ranked = best(model, Origin::Model, history, &open, params.n);
    let last = ranked.last().map_or(f32::NEG_INFINITY, |r| r.score);

    let barred = items_where(&shelf, |b| b.is_some());
    let mut left_out = BTreeMap::new();
    for (item, score) in barred.iter().zip(model.score(history, &barred)) {
        if score.is_some_and(|score| score >= last)
            && let Some(why) = shelf.barred[item.at()]
        {
            *left_out.entry(why).or_insert(0) += 1;
        }
    }

    let mut list = TopList { ranked, left_out };
    if let Some(fallback) = fallback.filter(|_| list.ranked.len() < params.n) {
        let taken: BTreeSet<ItemIdx> = list.ranked.iter().map(|r| r.item).collect();
        let rest: Vec<ItemIdx> = open.into_iter().filter(|item| !taken.contains(item)).collect();
        list.ranked.extend(best(fallback, Origin::Fallback, history, &rest, params.n - taken.len()));
    }
    // A reason costs more than a score for some models; without any wanted none is worked out.
    for entry in list.ranked.iter_mut().filter(|_| params.n_reasons > 0) {
        let by = match (entry.origin, fallback) {
            (Origin::Fallback, Some(fallback)) => fallback,
            (Origin::Model | Origin::Fallback, _) => model,
        };
        entry.reasons = by.explain(history, entry.item);
        entry.reasons.truncate(params.n_reasons);
    }
    list
}

fn items_where(shelf: &Shelf, keep: impl Fn(&Option<Barred>) -> bool) -> Vec<ItemIdx> {
    (0..).map(ItemIdx).zip(&shelf.barred).filter(|(_, barred)| keep(barred)).map(|(item, _)| item).collect()
}

fn best(model: &dyn Recommender, origin: Origin, history: History<'_>, open: &[ItemIdx], n: usize) -> Vec<Ranked> {
    let scores = model.score(history, open);
    let mut scored: Vec<(ItemIdx, f32)> = open.iter().zip(scores).filter_map(|(i, s)| Some((*i, s?))).collect();
    let better = |a: &(ItemIdx, f32), b: &(ItemIdx, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if n < scored.len() {
        scored.select_nth_unstable_by(n, better);
        scored.truncate(n);
    }
    scored.sort_unstable_by(better);
    scored.into_iter().map(|(item, score)| Ranked { item, score, origin, reasons: Vec::new() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ItemKnnParams, ModelKind, Similarity};
    use domain::{Interactions, Market, Seed};

    /// Item 0 goes with 1 (3 times), 2 (twice), 3 (once); items 4 and 5 only with each other.
    fn models() -> [Box<dyn Recommender>; 2] {
        let baskets: [&[u32]; 5] = [&[0, 1], &[0, 1, 2], &[0, 1, 2, 3], &[4, 5], &[4]];
        let train = Interactions::from_baskets(6, baskets);
        let knn = ItemKnnParams { similarity: Similarity::Jaccard, k: 5, shrinkage: 0.0 };
        [ModelKind::ItemKnn(knn), ModelKind::PopularityMarket(Market::UNKNOWN)]
            .map(|kind| kind.fit(&train, Seed(0)).unwrap())
    }

    fn shown(list: &TopList) -> Vec<(u32, Origin)> {
        list.ranked.iter().map(|r| (r.item.0, r.origin)).collect()
    }

    #[test]
    fn a_full_shelf_gives_the_models_order_and_its_reasons() {
        let [knn, _] = models();
        let params = TopNParams { n: 2, ..TopNParams::default() };
        let list = top_n(&*knn, None, History::of(&[ItemIdx(0)]), &Shelf::full(6), &params);
        assert_eq!(shown(&list), [(1, Origin::Model), (2, Origin::Model)]);
        assert_eq!(list.ranked[0].reasons[0].item, Some(ItemIdx(0)));
        assert_eq!(list.ranked[0].reasons[0].part, list.ranked[0].score);
        assert!(list.left_out.is_empty(), "item 0 is owned, but would not be on the list");
    }

    #[test]
    fn what_is_barred_is_left_out_and_counted() {
        let [knn, _] = models();
        let shelf = Shelf::full(6).without(ItemIdx(1), Barred::OutOfStock).without(ItemIdx(3), Barred::Unsellable);
        let params = TopNParams { n: 1, ..TopNParams::default() };
        let list = top_n(&*knn, None, History::of(&[ItemIdx(0)]), &shelf, &params);
        assert_eq!(shown(&list), [(2, Origin::Model)]);
        assert_eq!(list.left_out, [(Barred::OutOfStock, 1)].into());
        let history = [ItemIdx(1), ItemIdx(0)];
        let again = TopNParams { n: 2, owned: Owned::Include, ..params };
        assert_eq!(shown(&top_n(&*knn, None, History::of(&history), &Shelf::full(6), &again)).len(), 2);
    }

    #[test] // By the model 1, 2, 3; then by popularity 4 (two buyers), 5. Item 0 is owned.
    fn a_fallback_fills_the_end_of_the_list() {
        let [knn, popularity] = models();
        let list =
            top_n(&*knn, Some(&*popularity), History::of(&[ItemIdx(0)]), &Shelf::full(6), &TopNParams::default());
        let want =
            [(1, Origin::Model), (2, Origin::Model), (3, Origin::Model), (4, Origin::Fallback), (5, Origin::Fallback)];
        assert_eq!(shown(&list), want);
        assert_eq!(list.ranked[3].reasons[0].term, "bought by others in this market");
        let newcomer = top_n(&*knn, Some(&*popularity), History::EMPTY, &Shelf::full(6), &TopNParams::default());
        assert_eq!(shown(&newcomer)[..2], [(0, Origin::Fallback), (1, Origin::Fallback)]);
    }
}
