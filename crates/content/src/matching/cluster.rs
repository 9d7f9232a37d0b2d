//! Matches joined into products: who matches the same offer is the same product, unless that contradicts something.
//!
//! Matches are taken from the most probable on. One joins two groups unless the joined group would hold more offers
//! of one shop than a shop lists of one product, or two offers that were looked at and found unlike. What is refused
//! is told, with the pair that contradicts.
//! Cost: the pairs across the groups that are joined, groups being small.

use std::collections::{BTreeMap, HashMap};

/// An offer of a shop: shop and place in its table.
pub type OfferAt = (u32, u32);

/// How strict joining is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusterParams {
    /// Offers that one shop lists of one product at most, at least 1.
    pub per_shop: usize,
    /// Pairs that were looked at and are less probable than this do not come together.
    pub unlike: f64,
}

impl Default for ClusterParams {
    fn default() -> Self {
        Self { per_shop: 1, unlike: 0.02 }
    }
}

/// Groups of offers that are one product each, and what was not joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Products {
    /// Offers of each product, ascending; products by their first offer. Offers without a match are not among them.
    pub groups: Vec<Vec<OfferAt>>,
    /// Matches that were refused, in the order in which they were looked at.
    pub refused: Vec<Refused>,
}

/// A match that would have contradicted something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refused {
    /// The two offers.
    pub pair: (OfferAt, OfferAt),
    /// The match's probability.
    pub probability: f64,
    /// What it contradicts.
    pub why: Why,
}

/// What a join would contradict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// The shop would have more offers of the product than a shop lists.
    TooManyOf {
        /// Which shop.
        shop: u32,
    },
    /// Two offers that would come together are unlike.
    Unlike {
        /// Which.
        pair: (OfferAt, OfferAt),
        /// Their probability.
        probability: f64,
    },
}

/// Joins pairs from `threshold` on; pairs below it say who is unlike.
pub fn products(pairs: &[(OfferAt, OfferAt, f64)], threshold: f64, params: &ClusterParams) -> Products {
    let key = |a: OfferAt, b: OfferAt| if a < b { (a, b) } else { (b, a) };
    let known: HashMap<(OfferAt, OfferAt), f64> = pairs.iter().map(|(a, b, p)| (key(*a, *b), *p)).collect();
    let mut order: Vec<&(OfferAt, OfferAt, f64)> = pairs.iter().filter(|(.., p)| *p >= threshold).collect();
    order.sort_by(|x, y| y.2.total_cmp(&x.2).then_with(|| key(x.0, x.1).cmp(&key(y.0, y.1))));
    let mut group_of: BTreeMap<OfferAt, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<OfferAt>> = Vec::new();
    let mut refused = Vec::new();
    for &&(a, b, probability) in &order {
        let mut own = |offer: OfferAt| {
            *group_of.entry(offer).or_insert_with(|| {
                groups.push(vec![offer]);
                groups.len() - 1
            })
        };
        let (into, from) = (own(a), own(b));
        if into == from {
            continue;
        }
        let contradicts = || {
            let mut n: BTreeMap<u32, usize> = BTreeMap::new();
            groups[into].iter().chain(&groups[from]).for_each(|(shop, _)| *n.entry(*shop).or_default() += 1);
            if let Some((&shop, _)) = n.iter().find(|(_, n)| **n > params.per_shop) {
                return Some(Why::TooManyOf { shop });
            }
            let across = groups[into].iter().flat_map(|x| groups[from].iter().map(move |y| key(*x, *y)));
            let unlike =
                across.filter_map(|pair| known.get(&pair).map(|p| (pair, *p))).find(|(_, p)| *p < params.unlike);
            unlike.map(|(pair, probability)| Why::Unlike { pair, probability })
        };
        if let Some(why) = contradicts() {
            refused.push(Refused { pair: (a, b), probability, why });
            continue;
        }
        let moved = std::mem::take(&mut groups[from]);
        moved.iter().for_each(|offer| {
            group_of.insert(*offer, into);
        });
        groups[into].extend(moved);
    }
    let mut groups: Vec<Vec<OfferAt>> = groups.into_iter().filter(|group| group.len() > 1).collect();
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups.sort_unstable();
    Products { groups, refused }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn matches_of_three_shops_are_joined_and_contradictions_told() {
        let pairs = [
            ((0, 0), (1, 0), 0.9),
            ((1, 0), (2, 0), 0.8),
            ((0, 1), (1, 0), 0.6), // shop 0 would have two
            ((1, 5), (2, 5), 0.7),
            ((0, 5), (1, 5), 0.65), // 0-5 and 2-5 are unlike
            ((0, 5), (2, 5), 0.001),
            ((0, 9), (1, 9), 0.1), // below the threshold
        ];
        let found = products(&pairs, 0.5, &ClusterParams::default());
        assert_eq!(found.groups, [vec![(0, 0), (1, 0), (2, 0)], vec![(1, 5), (2, 5)]]);
        assert_eq!(found.refused.len(), 2);
        assert_eq!(found.refused[1].why, Why::TooManyOf { shop: 0 });
        assert_eq!(found.refused[0].why, Why::Unlike { pair: ((0, 5), (2, 5)), probability: 0.001 });
        let loose = ClusterParams { per_shop: 2, unlike: 0.0 };
        assert_eq!(products(&pairs, 0.5, &loose).groups[0].len(), 4);
    }

    proptest! {
        #[test]
        fn no_shop_has_too_many_and_no_offer_is_twice(
            raw in proptest::collection::vec(((0_u32..3, 0_u32..4), (0_u32..3, 0_u32..4), 0.0_f64..1.0), 0..40)
        ) {
            let pairs: Vec<_> = raw.into_iter().filter(|(a, b, _)| a.0 != b.0).collect();
            let found = products(&pairs, 0.3, &ClusterParams::default());
            let mut all: Vec<OfferAt> = found.groups.concat();
            let n = all.len();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(all.len(), n);
            for group in &found.groups {
                let mut shops: Vec<u32> = group.iter().map(|o| o.0).collect();
                shops.dedup();
                prop_assert_eq!(shops.len(), group.len());
            }
        }
    }
}
