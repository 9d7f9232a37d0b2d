//! Items in an order that is the same for everybody, sorted once: what sells, what sells lately, what is new.
//!
//! Cost: two sorts to make, then a walk to the n-th item that may be shown.

use crate::Recommender;
use domain::{History, ItemIdx};

/// Items with their scores, best first, ties to the lower item; each item once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Popular {
    ranked: Vec<(ItemIdx, f32)>,
    /// The same by item, for look-ups.
    by_item: Vec<(ItemIdx, f32)>,
}

impl Popular {
    /// Sorts; what is no number is left out.
    #[must_use]
    pub fn new(scores: impl IntoIterator<Item = (ItemIdx, f32)>) -> Self {
        let mut ranked: Vec<(ItemIdx, f32)> = scores.into_iter().filter(|(_, score)| !score.is_nan()).collect();
        ranked.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        ranked.dedup_by_key(|(item, _)| *item);
        let by_item = ranked.clone();
        ranked.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Self { ranked, by_item }
    }

    /// What a model says to somebody without a history about the first `n_items` items.
    #[must_use]
    pub fn of(model: &dyn Recommender, n_items: usize) -> Self {
        let all: Vec<ItemIdx> = (0..n_items as u32).map(ItemIdx).collect();
        let scores = model.score(History::EMPTY, &all);
        Self::new(all.into_iter().zip(scores).filter_map(|(item, score)| Some((item, score?))))
    }

    /// Best first.
    pub fn ranked(&self) -> &[(ItemIdx, f32)] {
        &self.ranked
    }

    /// The score of an item; `None` where it is not listed.
    pub fn score(&self, item: ItemIdx) -> Option<f32> {
        let at = self.by_item.binary_search_by_key(&item, |of| of.0).ok()?;
        Some(self.by_item[at].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelKind;
    use domain::{Interactions, Seed};

    #[test] // Item 1 was bought by three, items 0 and 2 by one each, item 3 by nobody.
    fn a_list_is_the_models_order_without_what_it_cannot_score() {
        let train = Interactions::from_baskets(4, [&[1][..], &[1, 2], &[0, 1]]);
        let model = ModelKind::PopularityGlobal.fit(&train, Seed(0)).unwrap();
        let list = Popular::of(&*model, 4);
        assert_eq!(list.ranked(), [(ItemIdx(1), 3.0), (ItemIdx(0), 1.0), (ItemIdx(2), 1.0)]);
        assert_eq!([0, 1, 2, 3].map(|i| list.score(ItemIdx(i))), [Some(1.0), Some(3.0), Some(1.0), None]);
        let odd = Popular::new([(ItemIdx(0), f32::NAN), (ItemIdx(7), 1.0), (ItemIdx(7), 2.0)]);
        assert_eq!(odd.ranked(), [(ItemIdx(7), 2.0)]);
    }
}
