//! Item neighbours that count on: the same as a fit on everything, at the cost of what is new.
//!
//! Kept are each shopper's items, the buyers of each item and, for each pair of items, their common buyers:
//! whole numbers, so that no order of addition can be seen in them. New pairs of shopper and item raise the
//! counts; the neighbours are ranked anew for the items whose buyers changed and for all that share a
//! buyer with one of those, because their likeness has another denominator.
//!
//! For Jaccard and cosine of presence, which are made of those counts. Source: incremental item-based
//! filtering in Papagelis et al., "Incremental collaborative filtering for highly-scalable recommendation
//! algorithms", ISMIS 2005 (there for user similarity). Cost of a batch: the histories of its shoppers, and a sort for each item
//! that is ranked anew; the links are copied once.

use super::{Online, check, rows_of};
use crate::item_knn::check as check_params;
use crate::{ItemKnn, ItemKnnParams, Similarity};
use domain::{Explain, FitError, History, Interaction, Interactions, ItemIdx, Reason, Score};
use learn::{Csr, keep_largest};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Other items with how many buyers are shared, ascending; versions share what did not change.
type Pairs = Arc<Vec<(u32, u32)>>;

/// A version of the model with its counts.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemKnnOnline {
    params: ItemKnnParams,
    /// Items of each shopper, ascending.
    histories: Vec<Arc<Vec<u32>>>,
    buyers: Vec<u32>,
    /// For each item the others that share a buyer, ascending, with how many.
    together: Vec<Pairs>,
    lists: Vec<Arc<Vec<(u32, f32)>>>,
    model: ItemKnn,
}

impl ItemKnnOnline {
    /// Learns the rows of a matrix; weights are not read.
    ///
    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range, or a similarity that is not made of counts.
    pub fn new(params: ItemKnnParams, train: &Interactions) -> Result<Self, FitError> {
        check_params(params.k, params.shrinkage, params.similarity)?;
        if !matches!(params.similarity, Similarity::Jaccard | Similarity::Cosine) {
            let (code, _) = params.similarity.code();
            return Err(FitError::Param { name: "similarity", rule: "Jaccard or cosine", got: code as f64 });
        }
        let empty = Self {
            params,
            histories: vec![Arc::default(); train.n_shoppers()],
            buyers: vec![0; train.n_items()],
            together: vec![Arc::default(); train.n_items()],
            lists: vec![Arc::default(); train.n_items()],
            model: ItemKnn::of(Csr::from_rows(train.n_items(), vec![Vec::new(); train.n_items()])),
        };
        empty.learn(&rows_of(train))
    }

    /// The model of this version, as a fit on all rows would give it.
    pub const fn model(&self) -> &ItemKnn {
        &self.model
    }

    /// The neighbours of an item from the counts.
    fn rank(&self, item: usize) -> Vec<(u32, f32)> {
        let likeness = |&(other, shared): &(u32, u32)| {
            let [shared, x, y] = [shared, self.buyers[item], self.buyers[other as usize]].map(|n| n as f32);
            // In the order of the operations of a fit, so that the bits are the same.
            let scale =
                if self.params.similarity == Similarity::Jaccard { x + y - shared } else { x.sqrt() * y.sqrt() };
            let factor = shared / (shared + self.params.shrinkage) / scale;
            (other, (shared * factor).min(1.0))
        };
        let mut near: Vec<(u32, f32)> = self.together[item].iter().map(likeness).collect();
        keep_largest(&mut near, self.params.k);
        near
    }
}

impl Online for ItemKnnOnline {
    fn learn(&self, rows: &[Interaction]) -> Result<Self, FitError> {
        check(rows)?;
        let mut next = self.clone();
        let mut new: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
        for row in rows {
            let known = self.histories.get(row.shopper.at()).is_some_and(|h| h.binary_search(&row.item.0).is_ok());
            if !known {
                new.entry(row.shopper.at()).or_default().insert(row.item.0);
            }
            let (n_shoppers, n_items) = (row.shopper.at() + 1, row.item.at() + 1);
            next.histories.resize(next.histories.len().max(n_shoppers), Arc::default());
            next.buyers.resize(next.buyers.len().max(n_items), 0);
            next.together.resize(next.together.len().max(n_items), Arc::default());
            next.lists.resize(next.lists.len().max(n_items), Arc::default());
        }
        // For each item the shoppers with something new who have it now, and whether it is what is new.
        let mut holders: BTreeMap<u32, Vec<(usize, bool)>> = BTreeMap::new();
        for (shopper, items) in &new {
            items.iter().for_each(|item| next.buyers[*item as usize] += 1);
            let history = Arc::make_mut(&mut next.histories[*shopper]);
            history.extend(items);
            history.sort_unstable();
            for item in history.iter() {
                holders.entry(*item).or_default().push((*shopper, items.contains(item)));
            }
        }
        let news: BTreeMap<usize, Vec<u32>> =
            new.iter().map(|(s, items)| (*s, items.iter().copied().collect())).collect();
        let n_items = next.buyers.len();
        let row = |(counts, met): &mut (Vec<u32>, Vec<u32>), (item, shoppers): (&u32, &Vec<(usize, bool)>)| {
            for (shopper, is_new) in shoppers {
                // With a new item every other one of the history is a new pair, else only with what is new.
                let others: &[u32] = if *is_new { &next.histories[*shopper] } else { &news[shopper] };
                for other in others.iter().filter(|other| *other != item) {
                    if counts[*other as usize] == 0 {
                        met.push(*other);
                    }
                    counts[*other as usize] += 1;
                }
            }
            for (other, n) in next.together[*item as usize].iter() {
                if counts[*other as usize] == 0 {
                    met.push(*other);
                }
                counts[*other as usize] += n;
            }
            met.sort_unstable();
            let sums = met.drain(..).map(|other| (other, std::mem::take(&mut counts[other as usize])));
            (*item, Arc::new(sums.collect::<Vec<(u32, u32)>>()))
        };
        let memory = || (vec![0_u32; n_items], Vec::new());
        let holders: Vec<(u32, Vec<(usize, bool)>)> = holders.into_iter().collect();
        let counted: Vec<(u32, Pairs)> =
            holders.par_iter().map_init(memory, |memory, (item, shoppers)| row(memory, (item, shoppers))).collect();
        for (item, sums) in counted {
            next.together[item as usize] = sums;
        }
        let bought: BTreeSet<u32> = new.into_values().flatten().collect();
        let mut stale = bought.clone();
        stale.extend(bought.iter().flat_map(|item| next.together[*item as usize].iter().map(|(other, _)| *other)));
        let stale: Vec<u32> = stale.into_iter().collect();
        let ranked: Vec<Vec<(u32, f32)>> = stale.par_iter().map(|item| next.rank(*item as usize)).collect();
        for (item, list) in stale.into_iter().zip(ranked) {
            next.lists[item as usize] = Arc::new(list);
        }
        let links = Csr::from_rows(next.lists.len(), next.lists.iter().map(|list| list.iter().copied()));
        next.model = ItemKnn::of(links);
        Ok(next)
    }
}

impl Score for ItemKnnOnline {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        self.model.score(history, candidates)
    }
}

impl Explain for ItemKnnOnline {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        self.model.explain(history, candidate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Strength, prepare};
    use domain::{Day, Fit, Kind, Market, Seed, ShopperIdx};
    use proptest::prelude::*;

    fn row(shopper: u32, item: u32) -> Interaction {
        Interaction {
            shopper: ShopperIdx(shopper),
            item: ItemIdx(item),
            kind: Kind::Purchase,
            day: Day(0),
            weight: 1.0,
        }
    }

    /// One shopper has 0 and 1; then another one buys 0: Jaccard falls from 1 to 1/2, both ways.
    #[test]
    fn a_buyer_more_changes_the_denominator_of_both() {
        let params = ItemKnnParams::default();
        let first = ItemKnnOnline::new(params, &Interactions::from_baskets(2, [&[0, 1][..]])).unwrap();
        let second = first.learn(&[row(1, 0)]).unwrap();
        let of = |m: &ItemKnnOnline, i: u32| m.model().neighbours(ItemIdx(i));
        assert_eq!(of(&first, 1), [(ItemIdx(0), 1.0)], "the first version is as it was");
        assert_eq!((of(&second, 0), of(&second, 1)), (vec![(ItemIdx(1), 0.5)], vec![(ItemIdx(0), 0.5)]));
        assert_eq!(second.learn(&[row(1, 0), row(0, 1)]).unwrap(), second, "what is known already changes nothing");
        assert!(second.learn(&[Interaction { weight: 0.0, ..row(0, 0) }]).is_err());
    }

    #[test]
    fn a_similarity_that_is_not_made_of_counts_is_refused() {
        let params = ItemKnnParams { similarity: Similarity::TfIdf, ..ItemKnnParams::default() };
        let error = ItemKnnOnline::new(params, &Interactions::from_baskets(1, [&[0][..]])).unwrap_err();
        assert!(matches!(error, FitError::Param { name: "similarity", .. }));
    }

    proptest! {
        /// However the rows are dealt into batches: the bits of a fit on all of them.
        #[test]
        fn batch_by_batch_is_the_same_as_all_at_once(
            pairs in prop::collection::vec((0_u32..8, 0_u32..9), 1..60),
            cuts in prop::collection::vec(0_usize..60, 0..5),
            k in 1_usize..6,
            shrinkage in prop::sample::select(vec![0.0_f32, 1.5]),
            jaccard in any::<bool>(),
        ) {
            let similarity = if jaccard { Similarity::Jaccard } else { Similarity::Cosine };
            let params = ItemKnnParams { similarity, k, shrinkage };
            let rows: Vec<Interaction> = pairs.iter().map(|(s, i)| row(*s, *i)).collect();
            let (n_shoppers, n_items) = (8, 9);
            let whole = Interactions::new(n_items, vec![Market::UNKNOWN; n_shoppers], rows.clone()).unwrap();
            let none = Interactions::new(n_items, vec![Market::UNKNOWN; n_shoppers], Vec::new()).unwrap();
            let mut model = ItemKnnOnline::new(params, &none).unwrap();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c % rows.len()).chain([0, rows.len()]).collect();
            cuts.sort_unstable();
            for w in cuts.windows(2) {
                model = model.learn(&rows[w[0]..w[1]]).unwrap();
            }
            let refit = params.fit(&prepare(&whole, Strength::Presence), Seed(0)).unwrap();
            prop_assert_eq!(model.model(), &refit);
        }
    }
}
