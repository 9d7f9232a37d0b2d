//! What a good mark does not show: does the whole catalogue get a chance, is anything new to the
//! shopper, are the items of a list alike?
//!
//! | measure | formula | range |
//! |---|---|---|
//! | coverage | distinct recommended items over catalogue items | [0, 1] |
//! | Gini | `Σ_i (2i − n − 1) x_i / (n Σ x)`, `x` ascending exposures of all `n` items | [0, 1), 0 is equal |
//! | novelty | mean of `−log2 p(i)`, `p` the share of shoppers who met the item in training | ≥ 0 bits |
//! | diversity | mean of `1 − sim(i, j)` over the pairs of a list | [0, 1] for sim in [0, 1] |
//!
//! Sources: Castells, Hurley and Vargas, "Novelty and diversity in recommender systems", in
//! Recommender Systems Handbook, 2nd edition, Springer 2015 (novelty, diversity); Gini as in
//! Fleder and Hosanagar, "Blockbuster culture's next rise or fall", Management Science 55(5), 2009.
//! Cost: one pass over the lists; diversity `O(k²)` a list.

use domain::{Interactions, ItemIdx, ShopperIdx};
use std::collections::BTreeSet;

/// Share of the catalogue that is in at least one list; `None` for an empty catalogue.
pub fn coverage<L: AsRef<[ItemIdx]>>(lists: &[L], n_items: usize) -> Option<f64> {
    let distinct: BTreeSet<ItemIdx> = lists.iter().flat_map(|list| list.as_ref()).copied().collect();
    (n_items > 0).then(|| distinct.len() as f64 / n_items as f64)
}

/// Inequality of exposure over the whole catalogue, items never shown included; `None` when
/// nothing is shown.
pub fn gini<L: AsRef<[ItemIdx]>>(lists: &[L], n_items: usize) -> Option<f64> {
    let mut shown = vec![0_u64; n_items];
    for item in lists.iter().flat_map(|list| list.as_ref()) {
        shown[item.at()] += 1;
    }
    shown.sort_unstable();
    let (n, total) = (n_items as f64, shown.iter().sum::<u64>() as f64);
    let ranked: f64 = (1..).zip(&shown).map(|(i, x)| (2.0 * f64::from(i) - n - 1.0) * *x as f64).sum();
    (total > 0.0).then(|| ranked / (n * total))
}

/// Mean self-information of the recommended items in bits. An item that nobody met in training
/// counts as met by one half shopper, so that it is more novel than any other and still finite.
/// `None` when nothing is recommended or nobody trained.
pub fn novelty<L: AsRef<[ItemIdx]>>(lists: &[L], train: &Interactions) -> Option<f64> {
    let buyers: Vec<usize> = train.buyers_by_item().iter().map(Vec::len).collect();
    let n_active = (0..train.n_shoppers()).filter(|s| !train.row(ShopperIdx(*s as u32)).is_empty()).count() as f64;
    let bits = |item: &ItemIdx| -((buyers[item.at()] as f64).max(0.5) / n_active).log2();
    let values: Vec<f64> = lists.iter().flat_map(|list| list.as_ref()).map(bits).collect();
    (!values.is_empty() && n_active > 0.0).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Mean distance of the pairs within a list, averaged over the lists with at least two items;
/// `None` when there is no such list.
pub fn intra_list_diversity<L: AsRef<[ItemIdx]>>(
    lists: &[L],
    similarity: impl Fn(ItemIdx, ItemIdx) -> f64,
) -> Option<f64> {
    let of_list = |list: &[ItemIdx]| {
        let pairs = || (0..list.len()).flat_map(|a| (a + 1..list.len()).map(move |b| (list[a], list[b])));
        let n_pairs = list.len() * list.len().saturating_sub(1) / 2;
        (n_pairs > 0).then(|| pairs().map(|(i, j)| 1.0 - similarity(i, j)).sum::<f64>() / n_pairs as f64)
    };
    let values: Vec<f64> = lists.iter().filter_map(|list| of_list(list.as_ref())).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Jaccard similarity of two items by who bought them, for [`intra_list_diversity`] where nothing
/// is known about the items themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct CoBuyers {
    buyers: Vec<Vec<ShopperIdx>>,
}

impl CoBuyers {
    /// Remembers who bought what.
    pub fn new(train: &Interactions) -> Self {
        Self { buyers: train.buyers_by_item() }
    }

    /// `|B_i ∩ B_j| / |B_i ∪ B_j|`, 0 when nobody bought either. Cost: the two lists' lengths.
    pub fn jaccard(&self, i: ItemIdx, j: ItemIdx) -> f64 {
        let (a, b) = (&self.buyers[i.at()], &self.buyers[j.at()]);
        let (mut x, mut y, mut both) = (0, 0, 0_usize);
        while x < a.len() && y < b.len() {
            both += usize::from(a[x] == b[y]);
            (x, y) = (x + usize::from(a[x] <= b[y]), y + usize::from(b[y] <= a[x]));
        }
        let either = a.len() + b.len() - both;
        if either == 0 { 0.0 } else { both as f64 / either as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn items(ids: &[u32]) -> Vec<ItemIdx> {
        ids.iter().copied().map(ItemIdx).collect()
    }

    #[test] // Exposures 0, 0, 1, 3 of four items: (−3·0 − 1·0 + 1·1 + 3·3) / (4 · 4) = 10 / 16.
    fn coverage_and_gini_by_hand() {
        let lists = [items(&[2, 3]), items(&[3]), items(&[3])];
        assert_eq!(coverage(&lists, 4), Some(0.5));
        assert_eq!(gini(&lists, 4), Some(0.625));
        assert_eq!(gini(&[items(&[0, 1, 2, 3])], 4), Some(0.0));
        assert_eq!((gini::<Vec<ItemIdx>>(&[], 4), coverage::<Vec<ItemIdx>>(&[], 0)), (None, None));
    }

    #[test] // Item 0 was met by 4 of 4 shoppers: 0 bits. Item 1 by 1 of 4: 2 bits. Item 2 by none: log2(8) = 3 bits.
    fn novelty_by_hand() {
        let train = Interactions::from_baskets(3, [&[0, 1][..], &[0], &[0], &[0, 0]]);
        assert_eq!(novelty(&[items(&[0, 1]), items(&[2, 1])], &train), Some((0.0 + 2.0 + 3.0 + 2.0) / 4.0));
        assert_eq!(novelty(&[items(&[])], &train), None);
    }

    #[test] // Items 0 and 1 share 1 of 3 buyers, items 0 and 2 none, items 1 and 2 none.
    fn diversity_by_hand() {
        let train = Interactions::from_baskets(3, [&[0, 1][..], &[0], &[1], &[2]]);
        let alike = CoBuyers::new(&train);
        assert_eq!(alike.jaccard(ItemIdx(0), ItemIdx(1)), 1.0 / 3.0);
        let lists = [items(&[0, 1, 2]), items(&[1])];
        let diversity = intra_list_diversity(&lists, |i, j| alike.jaccard(i, j)).unwrap();
        assert!((diversity - (2.0 / 3.0 + 1.0 + 1.0) / 3.0).abs() < 1e-12);
        assert_eq!(intra_list_diversity(&lists[1..], |_, _| 0.0), None);
    }

    proptest! {
        #[test]
        fn measures_stay_in_their_ranges(lists in prop::collection::vec(prop::collection::vec(0_u32..8, 1..6), 1..6)) {
            let lists: Vec<Vec<ItemIdx>> = lists.iter().map(|list| items(list)).collect();
            prop_assert!((0.0..=1.0).contains(&coverage(&lists, 8).unwrap()));
            prop_assert!((-1e-12..1.0).contains(&gini(&lists, 8).unwrap()));
        }
    }
}
