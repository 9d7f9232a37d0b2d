//! Drawing the items that a right answer is ranked among, where the published lists are not there.
//!
//! Uniform without replacement over a universe, minus what must not be drawn. The published work
//! drew with numpy or Python's `random`; ours is [`domain::Rng`], so that the lists differ item by
//! item and figures differ within their standard error. Each shopper has a stream of its own: a list
//! does not depend on the others. Cost: a few draws an item while little is excluded.

use domain::{ItemIdx, Rng};

/// `n` distinct items of `universe` that are not in `excluded` (ascending), then `positive`, sorted
/// so that their order says nothing. Where the universe has fewer, all of them.
pub(crate) fn among(
    universe: &[ItemIdx],
    excluded: &[ItemIdx],
    positive: ItemIdx,
    n: usize,
    mut rng: Rng,
) -> Vec<ItemIdx> {
    let barred = |item: &ItemIdx| *item == positive || excluded.binary_search(item).is_ok();
    let mut drawn = vec![positive];
    // Rejection ends soon while at most half of the universe is barred or drawn.
    if universe.len() > 2 * (n + excluded.len() + 1) {
        while drawn.len() <= n {
            let item = universe[rng.below(universe.len())];
            if !barred(&item) && !drawn.contains(&item) {
                drawn.push(item);
            }
        }
    } else {
        let mut open: Vec<ItemIdx> = universe.iter().copied().filter(|item| !barred(item)).collect();
        rng.shuffle(&mut open);
        drawn.extend(open.into_iter().take(n));
    }
    drawn.sort_unstable();
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;
    use proptest::prelude::*;

    fn items(range: std::ops::Range<u32>) -> Vec<ItemIdx> {
        range.map(ItemIdx).collect()
    }

    #[test] // 40 lists of 5 out of 20 open items: each is drawn 10 times on average, deviation 2.7.
    fn every_open_item_is_drawn_about_as_often() {
        for n_items in [22, 100] {
            let universe = items(0..n_items);
            let mut counts = vec![0_u32; n_items as usize];
            for s in 0..4000 {
                for item in among(&universe, &items(0..1), ItemIdx(1), 5, Seed(3).stream(s)) {
                    counts[item.at()] += 1;
                }
            }
            assert_eq!((counts[0], counts[1]), (0, 4000));
            let expected = 20_000 / (n_items - 2);
            assert!(counts[2..].iter().all(|c| c.abs_diff(expected) < expected / 4), "{counts:?}");
        }
    }

    proptest! {
        #[test]
        fn a_list_is_distinct_open_and_holds_the_answer(n_items in 3_u32..60, n_excluded in 0_u32..20, n in 1_usize..30, seed in 0_u64..50) {
            let universe = items(0..n_items);
            let excluded = items(1..(1 + n_excluded).min(n_items));
            let list = among(&universe, &excluded, ItemIdx(0), n, Seed(seed).stream(1));
            prop_assert!(list.windows(2).all(|w| w[0] < w[1]));
            prop_assert_eq!(list[0], ItemIdx(0));
            prop_assert!(list.iter().all(|i| excluded.binary_search(i).is_err()));
            prop_assert_eq!(list.len() - 1, n.min((n_items as usize - 1).saturating_sub(excluded.len())));
        }
    }
}
