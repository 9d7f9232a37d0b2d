//! Products that nobody has bought yet, by what they are like: the only way in which they can come to a shopper.
//!
//! Each of them has a short list of products that were bought and that it reads or looks like, with the likeness of texts and
//! pictures. Its score for a history is the mean of that likeness over what the shopper did, `Σ_i w_i Σ_by l_by(i, j) / Σ_i w_i`,
//! and every part of it is a reason: reads like this, looks like that. Nothing of it was measured, since nothing was sold: it
//! stands behind everything that was. Cost: the lists, once a question.

use crate::signal::distinct;
use domain::{History, ItemIdx, Reason};
use std::collections::BTreeMap;

/// In what two products are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LikeBy {
    /// Their texts.
    Text,
    /// Their pictures.
    Picture,
}

impl LikeBy {
    /// How a reason calls it, before the product of the history.
    pub const fn term(self) -> &'static str {
        match self {
            Self::Text => "reads like",
            Self::Picture => "looks like",
        }
    }
}

/// A product that was bought and that another one is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kin {
    /// Which.
    pub item: ItemIdx,
    /// In what.
    pub by: LikeBy,
    /// How much, above 0.
    pub likeness: f32,
}

/// The lists of all new products, by product.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewProducts {
    lists: BTreeMap<ItemIdx, Vec<Kin>>,
}

impl NewProducts {
    /// From lists; likeness that is not above 0 says nothing and is left out.
    pub fn new(lists: impl IntoIterator<Item = (ItemIdx, Vec<Kin>)>) -> Self {
        let kept = |list: Vec<Kin>| list.into_iter().filter(|kin| kin.likeness > 0.0).collect::<Vec<_>>();
        Self {
            lists: lists.into_iter().map(|(item, list)| (item, kept(list))).filter(|(_, l)| !l.is_empty()).collect(),
        }
    }

    /// Products that have a list.
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The `n` products that are most like a history among those that are open; ties to the lower number.
    pub fn best(&self, history: History<'_>, n: usize, open: &mut dyn FnMut(ItemIdx) -> bool) -> Vec<(ItemIdx, f32)> {
        let weights = weights(history);
        let scored = self.lists.iter().filter_map(|(item, list)| {
            let score: f32 = list.iter().map(|kin| weights.get(&kin.item).map_or(0.0, |w| w * kin.likeness)).sum();
            (score > 0.0).then_some((*item, score))
        });
        let mut found: Vec<(ItemIdx, f32)> = scored.filter(|(item, _)| open(*item)).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(n);
        found
    }

    /// The parts of a product's score, largest first.
    pub fn explain(&self, history: History<'_>, item: ItemIdx) -> Vec<Reason> {
        let weights = weights(history);
        let part = |kin: &Kin| {
            let part = weights.get(&kin.item)? * kin.likeness;
            Some(Reason { term: kin.by.term(), item: Some(kin.item), part })
        };
        let mut reasons: Vec<Reason> = self.lists.get(&item).into_iter().flatten().filter_map(part).collect();
        reasons.sort_by(|a, b| b.part.total_cmp(&a.part).then(a.item.cmp(&b.item)));
        reasons
    }
}

/// What each item of a history counts; they add up to 1.
fn weights(history: History<'_>) -> BTreeMap<ItemIdx, f32> {
    let items = distinct(history, usize::MAX);
    let whole: f32 = items.iter().map(|(_, weight)| weight).sum();
    items.into_iter().map(|(item, weight)| (item, weight / whole)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kin(item: u32, by: LikeBy, likeness: f32) -> Kin {
        Kin { item: ItemIdx(item), by, likeness }
    }

    /// Item 8 reads like 0 and looks like 1, item 9 looks a little like 0; item 7 is like nothing.
    fn new_products() -> NewProducts {
        NewProducts::new([
            (ItemIdx(8), vec![kin(0, LikeBy::Text, 0.6), kin(1, LikeBy::Picture, 0.8)]),
            (ItemIdx(9), vec![kin(0, LikeBy::Picture, 0.2), kin(3, LikeBy::Text, -0.5)]),
            (ItemIdx(7), vec![kin(0, LikeBy::Text, 0.0)]),
        ])
    }

    #[test] // Of a history of 0 and 1, each a half: item 8 has 0.3 + 0.4, item 9 has 0.1.
    fn a_new_product_scores_by_what_it_is_like_and_says_so() {
        let new = new_products();
        assert_eq!(new.len(), 2);
        let history = [ItemIdx(0), ItemIdx(1), ItemIdx(0)];
        let history = History::of(&history);
        let found = new.best(history, 5, &mut |_| true);
        assert_eq!(found.iter().map(|f| f.0.0).collect::<Vec<_>>(), [8, 9]);
        assert!((found[0].1 - 0.7).abs() < 1e-6 && (found[1].1 - 0.1).abs() < 1e-6, "{found:?}");
        let reasons = new.explain(history, ItemIdx(8));
        let told: Vec<_> = reasons.iter().map(|r| (r.term, r.item.unwrap().0)).collect();
        assert_eq!(told, [("looks like", 1), ("reads like", 0)]);
        assert!((reasons.iter().map(|r| r.part).sum::<f32>() - found[0].1).abs() < 1e-6);
    }

    #[test]
    fn what_is_closed_or_like_nothing_in_the_history_is_not_found() {
        let new = new_products();
        let history = [ItemIdx(0)];
        let found = new.best(History::of(&history), 5, &mut |item| item != ItemIdx(8));
        assert_eq!(found, [(ItemIdx(9), 0.2)]);
        assert!(new.best(History::of(&[ItemIdx(5)]), 5, &mut |_| true).is_empty());
        assert!(new.best(History::EMPTY, 5, &mut |_| true).is_empty());
        assert!(new.explain(History::EMPTY, ItemIdx(8)).is_empty());
    }
}
