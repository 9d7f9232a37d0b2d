//! Lists that are not five times the same: each next item is the one with the best balance of score and newness.
//!
//! Maximal marginal relevance: `argmax (1 − d) · r(i) − d · max_{j chosen} alike(i, j)`, `r` the score scaled to 0 to 1
//! over the pool, `d` the wish for variety. 0 is the order of scores, 1 looks at likeness alone after the first.
//! Source: Carbonell and Goldstein, "The use of MMR, diversity-based reranking for reordering documents and producing
//! summaries", SIGIR 1998. Cost: `n · pool` likenesses.

use domain::ItemIdx;

/// The `n` items of a pool (best first) in the order in which they are shown. `chosen` stand before them on the list.
///
/// A `diversity` that is no number from 0 to 1 is taken as the nearest that is.
pub fn diversify(
    pool: &[(ItemIdx, f32)],
    n: usize,
    diversity: f32,
    chosen: &[ItemIdx],
    alike: &dyn Fn(ItemIdx, ItemIdx) -> f32,
) -> Vec<(ItemIdx, f32)> {
    let d = if diversity.is_nan() { 0.0 } else { diversity.clamp(0.0, 1.0) };
    if d == 0.0 || pool.len() < 2 {
        return pool.iter().copied().take(n).collect();
    }
    let high = pool.iter().map(|p| p.1).fold(f32::NEG_INFINITY, f32::max);
    let low = pool.iter().map(|p| p.1).fold(f32::INFINITY, f32::min);
    let scaled = |score: f32| if high > low { (score - low) / (high - low) } else { 1.0 };
    // The likeness to what is chosen so far, kept up to date: each choice is compared with the rest once.
    let nearest = |item: ItemIdx| chosen.iter().map(|c| alike(item, *c)).fold(0.0, f32::max);
    let mut rest: Vec<(ItemIdx, f32, f32)> = pool.iter().map(|(item, score)| (*item, *score, nearest(*item))).collect();
    let mut list = Vec::with_capacity(n.min(pool.len()));
    while list.len() < n && !rest.is_empty() {
        let worth = |(_, score, near): &(ItemIdx, f32, f32)| (1.0 - d) * scaled(*score) - d * near;
        let mut best = 0;
        for at in 1..rest.len() {
            // Of equals the earlier one of the pool stays.
            if worth(&rest[at]) > worth(&rest[best]) {
                best = at;
            }
        }
        let (item, score, _) = rest.remove(best);
        for other in &mut rest {
            other.2 = other.2.max(alike(item, other.0));
        }
        list.push((item, score));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Items 0 to 9 and 10 to 19 are of a kind each.
    fn same_kind(a: ItemIdx, b: ItemIdx) -> f32 {
        if a.0 / 10 == b.0 / 10 { 1.0 } else { 0.0 }
    }

    /// Scaled scores 1, 0.8, 0. First the best. With d = 0.3: item 1 has 0.7 · 0.8 − 0.3 = 0.26, item 10 has 0, so 1 is
    /// next; with d = 0.6: 0.4 · 0.8 − 0.6 = −0.28 against 0, so 10 is.
    #[test]
    fn more_variety_brings_the_other_kind_forward() {
        let pool = [(ItemIdx(0), 10.0), (ItemIdx(1), 8.0), (ItemIdx(10), 0.0)];
        let order = |d| diversify(&pool, 3, d, &[], &same_kind).iter().map(|x| x.0.0).collect::<Vec<_>>();
        assert_eq!((order(0.0), order(0.3), order(0.6)), (vec![0, 1, 10], vec![0, 1, 10], vec![0, 10, 1]));
        assert_eq!(order(f32::NAN), [0, 1, 10]);
        // What stands on the list already counts as chosen.
        let after = diversify(&pool, 1, 0.6, &[ItemIdx(5)], &same_kind);
        assert_eq!(after, [(ItemIdx(10), 0.0)]);
    }

    proptest! {
        #[test]
        fn a_list_is_made_of_the_pool_each_item_once(
            scores in prop::collection::vec(-5.0_f32..5.0, 0..30), n in 0_usize..40, d in -1.0_f32..2.0,
        ) {
            let pool: Vec<(ItemIdx, f32)> = (0..).map(ItemIdx).zip(scores).collect();
            let list = diversify(&pool, n, d, &[], &same_kind);
            prop_assert_eq!(list.len(), n.min(pool.len()));
            let mut items: Vec<ItemIdx> = list.iter().map(|x| x.0).collect();
            items.sort();
            items.dedup();
            prop_assert_eq!(items.len(), list.len());
            prop_assert!(list.iter().all(|x| pool.contains(x)));
        }
    }
}
