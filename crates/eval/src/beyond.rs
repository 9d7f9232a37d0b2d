//! What a good mark does not show: does the whole catalogue get a chance, is anything new to the
//! shopper, are the items of a list alike?
//!
//! | measure | formula | range |
//! |---|---|---|
//! | coverage | distinct recommended items over catalogue items | [0, 1] |
//! | Gini | `Σ_i (2i − n − 1) x_i / (n Σ x)`, `x` ascending exposures of all `n` items | [0, 1), 0 is equal |
//! | novelty | mean over lists of the mean of `−log2 p(i)`, `p` the share of shoppers who met the item in training | ≥ 0 bits |
//! | diversity | mean of `1 − sim(i, j)` over the pairs of a list | [0, 1] for sim in [0, 1] |
//!
//! Sources: Castells, Hurley and Vargas, "Novelty and diversity in recommender systems", in
//! Recommender Systems Handbook, 2nd edition, Springer 2015 (novelty, diversity); Gini as in
//! Fleder and Hosanagar, "Blockbuster culture's next rise or fall", Management Science 55(5), 2009.
//! Cost: one pass over the lists; diversity `O(k²)` a list.

use domain::{Interactions, ItemIdx, ShopperIdx};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Share of the catalogue that is in at least one list; `None` for an empty catalogue.
pub fn coverage<L: AsRef<[ItemIdx]>>(lists: &[L], n_items: usize) -> Option<f64> {
    let distinct: BTreeSet<ItemIdx> = lists.iter().flat_map(|list| list.as_ref()).copied().collect();
    (n_items > 0).then(|| distinct.len() as f64 / n_items as f64)
}

/// Inequality of exposure over the whole catalogue, items never shown included; `None` when
/// nothing is shown.
pub fn gini<L: AsRef<[ItemIdx]>>(lists: &[L], n_items: usize) -> Option<f64> {
    let mut shown = vec![0_u32; n_items];
    for item in lists.iter().flat_map(|list| list.as_ref()) {
        shown[item.at()] += 1;
    }
    gini_of(&shown)
}

/// Gini of the exposures. Items are ranked by counting how many were shown how often, because
/// intervals ask for this a thousand times.
pub(crate) fn gini_of(shown: &[u32]) -> Option<f64> {
    let most = shown.iter().copied().max().unwrap_or(0) as usize;
    let mut n_shown = vec![0_u64; most + 1];
    shown.iter().for_each(|times| n_shown[*times as usize] += 1);
    let n = shown.len() as u64;
    let (mut below, mut total, mut ranked) = (0_u64, 0_u64, 0_i64);
    for (times, here) in (0_u64..).zip(&n_shown) {
        // Ranks below + 1 to below + here: Σ (2i − n − 1) = here · (2 · below + here − n).
        ranked += (here * times) as i64 * (2 * below + here) as i64 - (here * times * n) as i64;
        below += here;
        total += here * times;
    }
    (total > 0).then(|| ranked as f64 / (n as f64 * total as f64))
}

/// Mean self-information of the recommended items in bits, averaged over the lists that are not
/// empty. An item that nobody met in training counts as met by one half shopper, so that it is more
/// novel than any other and still finite. `None` when nothing is recommended or nobody trained.
pub fn novelty<L: AsRef<[ItemIdx]>>(lists: &[L], train: &Interactions) -> Option<f64> {
    mean(&CoBuyers::new(train).bits_by_list(lists))
}

pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Mean distance of the pairs within a list, averaged over the lists with at least two items;
/// `None` when there is no such list.
pub fn intra_list_diversity<L: AsRef<[ItemIdx]>>(
    lists: &[L],
    similarity: impl Fn(ItemIdx, ItemIdx) -> f64,
) -> Option<f64> {
    let of_list = |list: &L| {
        let distances: Vec<f64> = pairs(list.as_ref()).map(|(i, j)| 1.0 - similarity(i, j)).collect();
        mean(&distances)
    };
    mean(&lists.iter().filter_map(of_list).collect::<Vec<f64>>())
}

/// The pairs of a list, each once.
fn pairs(list: &[ItemIdx]) -> impl Iterator<Item = (ItemIdx, ItemIdx)> + '_ {
    list.iter().enumerate().flat_map(|(at, i)| list[at + 1..].iter().map(move |j| (*i, *j)))
}

/// Who bought what in training: how novel an item is, and how alike two items are (Jaccard of their
/// buyers) where nothing is known about the items themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct CoBuyers {
    buyers: Vec<Vec<ShopperIdx>>,
    n_active: usize,
}

impl CoBuyers {
    /// Remembers who bought what.
    pub fn new(train: &Interactions) -> Self {
        let n_active = (0..train.n_shoppers()).filter(|s| !train.row(ShopperIdx(*s as u32)).is_empty()).count();
        Self { buyers: train.buyers_by_item(), n_active }
    }

    /// Items of the catalogue.
    pub fn n_items(&self) -> usize {
        self.buyers.len()
    }

    /// Self-information of an item in bits; see [`novelty`].
    pub fn bits(&self, item: ItemIdx) -> f64 {
        -((self.buyers[item.at()].len() as f64).max(0.5) / self.n_active as f64).log2()
    }

    /// Mean bits of each list that is not empty; nothing when nobody trained.
    pub(crate) fn bits_by_list<L: AsRef<[ItemIdx]>>(&self, lists: &[L]) -> Vec<f64> {
        let of_list = |list: &L| mean(&list.as_ref().iter().map(|item| self.bits(*item)).collect::<Vec<f64>>());
        if self.n_active == 0 { Vec::new() } else { lists.iter().filter_map(of_list).collect() }
    }

    /// Mean distance of the pairs of each list with at least two items. A pair is worked out once,
    /// however many lists have it.
    pub(crate) fn distance_by_list<L: AsRef<[ItemIdx]>>(&self, lists: &[L]) -> Vec<f64> {
        let key = |(i, j): (ItemIdx, ItemIdx)| (i.min(j), i.max(j));
        let mut known: Vec<(ItemIdx, ItemIdx)> = lists.iter().flat_map(|list| pairs(list.as_ref())).map(key).collect();
        known.sort_unstable();
        known.dedup();
        let alike: Vec<f64> = known.par_iter().map(|(i, j)| self.jaccard(*i, *j)).collect();
        let distance = |pair| known.binary_search(&key(pair)).map_or(1.0, |at| 1.0 - alike[at]);
        let of_list = |list: &L| mean(&pairs(list.as_ref()).map(distance).collect::<Vec<f64>>());
        lists.iter().filter_map(of_list).collect()
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

    fn some_lists() -> impl Strategy<Value = Vec<Vec<ItemIdx>>> {
        let list = prop::sample::subsequence((0_u32..8).collect::<Vec<_>>(), 1..6).prop_shuffle();
        prop::collection::vec(list.prop_map(|ids| items(&ids)), 1..6)
    }

    fn some_baskets() -> impl Strategy<Value = Interactions> {
        let basket = prop::sample::subsequence((0_u32..8).collect::<Vec<_>>(), 1..8);
        prop::collection::vec(basket, 1..8)
            .prop_map(|baskets| Interactions::from_baskets(8, baskets.iter().map(Vec::as_slice)))
    }

    proptest! {
        #[test]
        fn measures_stay_in_their_ranges(lists in some_lists(), train in some_baskets()) {
            prop_assert!((0.0..=1.0).contains(&coverage(&lists, 8).unwrap()));
            prop_assert!((-1e-12..1.0).contains(&gini(&lists, 8).unwrap()));
            // The rarest item is one that nobody met: half a shopper of n.
            let most = (2.0 * train.n_shoppers() as f64).log2();
            prop_assert!((0.0..=most).contains(&novelty(&lists, &train).unwrap()));
            let known = CoBuyers::new(&train);
            if let Some(diversity) = intra_list_diversity(&lists, |i, j| known.jaccard(i, j)) {
                prop_assert!((0.0..=1.0).contains(&diversity));
            }
        }

        #[test] // Jaccard: symmetric, 1 with itself where anybody bought it, and its distance obeys the triangle.
        fn likeness_by_buyers_is_a_likeness(train in some_baskets(), [i, j, k] in [0_u32..8, 0..8, 0..8]) {
            let known = CoBuyers::new(&train);
            let alike = |a, b| known.jaccard(ItemIdx(a), ItemIdx(b));
            prop_assert_eq!(alike(i, j), alike(j, i));
            prop_assert!((0.0..=1.0).contains(&alike(i, j)));
            let bought = !train.buyers_by_item()[i as usize].is_empty();
            prop_assert_eq!(alike(i, i), if bought { 1.0 } else { 0.0 });
            let far = |a, b| if a == b { 0.0 } else { 1.0 - alike(a, b) };
            prop_assert!(far(i, k) <= far(i, j) + far(j, k) + 1e-12);
        }

        #[test] // An item with more buyers is never more novel; a list of one item is as novel as the item.
        fn novelty_falls_with_buyers(train in some_baskets(), i in 0_u32..8, j in 0_u32..8) {
            let known = CoBuyers::new(&train);
            let n = |item: u32| train.buyers_by_item()[item as usize].len();
            if n(i) >= n(j) {
                prop_assert!(known.bits(ItemIdx(i)) <= known.bits(ItemIdx(j)));
            }
            prop_assert_eq!(novelty(&[items(&[i])], &train), Some(known.bits(ItemIdx(i))));
        }

        #[test] // Order within a list and order of the lists do not matter; the fast way equals the plain way.
        fn diversity_is_of_sets_of_lists(lists in some_lists(), train in some_baskets()) {
            let known = CoBuyers::new(&train);
            let plain = |lists: &[Vec<ItemIdx>]| intra_list_diversity(lists, |i, j| known.jaccard(i, j));
            let turned: Vec<Vec<ItemIdx>> = lists.iter().rev().map(|l| l.iter().rev().copied().collect()).collect();
            let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-12,
                (a, b) => a == b,
            };
            prop_assert!(near(plain(&lists), plain(&turned)));
            prop_assert!(near(plain(&lists), mean(&known.distance_by_list(&lists))));
        }

        #[test] // The formula as written, over sorted exposures.
        fn gini_by_counting_is_gini_by_sorting(mut shown in prop::collection::vec(0_u32..20, 1..30)) {
            let by_counting = gini_of(&shown);
            shown.sort_unstable();
            let (n, total) = (shown.len() as f64, shown.iter().sum::<u32>());
            let ranked: f64 = (1..).zip(&shown).map(|(i, x)| (2.0 * f64::from(i) - n - 1.0) * f64::from(*x)).sum();
            let want = (total > 0).then(|| ranked / (n * f64::from(total)));
            let same = match (by_counting, want) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-12,
                (a, b) => a == b,
            };
            prop_assert!(same);
        }
    }
}
