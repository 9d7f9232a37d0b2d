//! Frequent itemsets by pattern growth: every set of items that enough baskets hold together.
//!
//! FP-growth (Han, Pei & Yin, "Mining frequent patterns without candidate generation", SIGMOD
//! 2000): baskets, their items ordered by falling frequency, share prefixes in a tree; for each
//! item, the paths above it are a smaller problem of the same kind. No candidate is generated that
//! no basket holds.
//!
//! The tree is built from sorted baskets, so a new basket only leaves the previous path where they
//! differ and no node needs a table of children. Items keep the order of the whole in every smaller
//! problem, whose counts are taken along the paths before anything is built for it: most end there.
//! Cost: `O(Σ |basket|)` and a sort of the baskets for the tree, then proportional to the itemsets
//! found and the paths under them. The items of the first level are mined in parallel; the result is
//! ordered by length, then by items, at any thread count.

use crate::LearnError;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What counts as frequent.
#[derive(Clone, Debug, PartialEq)]
pub struct FpGrowthParams {
    /// Fewest baskets that hold the set, at least 1.
    pub min_count: u32,
    /// Most items in a set, at least 1.
    pub max_len: usize,
    /// Most itemsets to find before giving up with an error: a low support on large baskets has
    /// exponentially many.
    pub max_itemsets: usize,
}

impl Default for FpGrowthParams {
    fn default() -> Self {
        Self { min_count: 2, max_len: 5, max_itemsets: 1_000_000 }
    }
}

/// A set of items and how many baskets hold all of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Itemset {
    /// Ascending item ids, at least one.
    pub items: Vec<u32>,
    /// Baskets that hold them all.
    pub count: u32,
}

/// All frequent itemsets, ordered by length and then by items. A basket is a list of item ids in
/// strictly ascending order and may be empty.
///
/// # Errors
/// [`LearnError::Param`] for a parameter outside its range, [`LearnError::Basket`] for a basket
/// that does not ascend, [`LearnError::TooManyItemsets`] beyond the limit.
pub fn frequent_itemsets(baskets: &[Vec<u32>], params: &FpGrowthParams) -> Result<Vec<Itemset>, LearnError> {
    for (name, got) in [("min_count", params.min_count as usize), ("max_len", params.max_len)] {
        if got == 0 {
            return Err(LearnError::Param { name, rule: "at least 1", got: 0.0 });
        }
    }
    for (basket, items) in baskets.iter().enumerate() {
        if let Some(pair) = items.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(LearnError::Basket { basket, item: pair[1] });
        }
    }
    let tree = first_tree(baskets, params.min_count);
    let miner = Miner { params, found: AtomicUsize::new(0) };
    let per_item: Result<Vec<Vec<Itemset>>, LearnError> = (0..tree.items.len())
        .into_par_iter()
        .map(|rank| {
            let mut out = Vec::new();
            miner.extend(&tree, rank, &mut Vec::new(), &mut out)?;
            Ok(out)
        })
        .collect();
    let mut itemsets: Vec<Itemset> = per_item?.into_iter().flatten().collect();
    itemsets.sort_by(|a, b| a.items.len().cmp(&b.items.len()).then_with(|| a.items.cmp(&b.items)));
    Ok(itemsets)
}

struct Miner<'a> {
    params: &'a FpGrowthParams,
    found: AtomicUsize,
}

impl Miner<'_> {
    /// Adds the item of `rank` to `suffix`, records the set, and grows it by the items above it.
    fn extend(
        &self,
        tree: &Tree,
        rank: usize,
        suffix: &mut Vec<u32>,
        out: &mut Vec<Itemset>,
    ) -> Result<(), LearnError> {
        if self.found.fetch_add(1, Ordering::Relaxed) >= self.params.max_itemsets {
            return Err(LearnError::TooManyItemsets { limit: self.params.max_itemsets });
        }
        suffix.push(tree.items[rank]);
        let mut items = suffix.clone();
        items.sort_unstable();
        out.push(Itemset { items, count: tree.counts[rank] });
        if suffix.len() < self.params.max_len
            && let Some(smaller) = tree.above(rank, self.params.min_count)
        {
            for next in 0..smaller.items.len() {
                self.extend(&smaller, next, suffix, out)?;
            }
        }
        suffix.pop();
        Ok(())
    }
}

/// The tree of all baskets. Ranks follow falling frequency, so that prefixes are shared most; ties by item, for one tree only.
fn first_tree(baskets: &[Vec<u32>], min_count: u32) -> Tree {
    let mut all: Vec<u32> = baskets.concat();
    all.sort_unstable();
    let mut frequent: Vec<(u32, u32)> = all
        .chunk_by(|a, b| a == b)
        .map(|run| (run[0], run.len() as u32))
        .filter(|(_, count)| *count >= min_count)
        .collect();
    drop(all);
    let by_item: Vec<u32> = frequent.iter().map(|(item, _)| *item).collect();
    frequent.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut rank_of = vec![0; by_item.len()];
    for (rank, (item, _)) in frequent.iter().enumerate() {
        rank_of[by_item.partition_point(|other| other < item)] = rank as u32;
    }
    let mut paths = Paths::default();
    for basket in baskets {
        // Both ascend, but a basket is much shorter than the list of all items.
        let mut from = 0;
        for item in basket {
            from += by_item[from..].partition_point(|other| other < item);
            if by_item.get(from) == Some(item) {
                paths.ranks.push(rank_of[from]);
            }
        }
        paths.end(1);
    }
    let (items, counts) = frequent.into_iter().unzip();
    Tree::grow(items, counts, &paths)
}

/// Runs of ranks, each with how many baskets it stands for.
#[derive(Default)]
struct Paths {
    ranks: Vec<u32>,
    /// Where each run ends, and its baskets.
    ends: Vec<(usize, u32)>,
}

impl Paths {
    /// Ends the run of all ranks that were pushed since the last end; an empty one is left out.
    fn end(&mut self, count: u32) {
        let start = self.ends.last().map_or(0, |(end, _)| *end);
        if self.ranks.len() > start {
            self.ranks[start..].sort_unstable();
            self.ends.push((self.ranks.len(), count));
        }
    }

    /// The runs in ascending order.
    fn sorted(&self) -> Vec<(&[u32], u32)> {
        let mut start = 0;
        let run = |&(end, count): &(usize, u32)| {
            let run = &self.ranks[start..end];
            start = end;
            (run, count)
        };
        let mut runs: Vec<(&[u32], u32)> = self.ends.iter().map(run).collect();
        runs.sort_unstable();
        runs
    }
}

/// A prefix tree of baskets. Items are renamed to ranks.
struct Tree {
    /// Item of each rank.
    items: Vec<u32>,
    /// Baskets that hold the item of each rank.
    counts: Vec<u32>,
    /// Nodes in the order of creation; a parent comes before its children.
    nodes: Vec<Node>,
    /// The last node of each rank; [`NONE`] where it has none.
    last: Vec<u32>,
}

struct Node {
    rank: u32,
    /// [`NONE`] at the root.
    parent: u32,
    count: u32,
    /// The node of this rank before this one, or [`NONE`].
    before: u32,
}

const NONE: u32 = u32::MAX;

impl Tree {
    fn grow(items: Vec<u32>, counts: Vec<u32>, paths: &Paths) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        let mut last = vec![NONE; items.len()];
        let mut path: Vec<u32> = Vec::new();
        for (ranks, n) in paths.sorted() {
            let shared = path.iter().zip(ranks).take_while(|&(&node, &rank)| nodes[node as usize].rank == rank).count();
            path.truncate(shared);
            path.iter().for_each(|&node| nodes[node as usize].count += n);
            for &rank in &ranks[shared..] {
                let parent = path.last().copied().unwrap_or(NONE);
                let before = std::mem::replace(&mut last[rank as usize], nodes.len() as u32);
                path.push(nodes.len() as u32);
                nodes.push(Node { rank, parent, count: n, before });
            }
        }
        Self { items, counts, nodes, last }
    }

    /// Nodes from one to the last, as `next` of each says.
    fn walk(&self, first: u32, next: impl Fn(&Node) -> u32) -> impl Iterator<Item = &Node> {
        let node = |at: u32| (at != NONE).then(|| &self.nodes[at as usize]);
        std::iter::successors(node(first), move |n| node(next(n)))
    }

    /// The tree of what is above the nodes of `rank`, with the items that are frequent there; `None` where there are none.
    fn above(&self, rank: usize, min_count: u32) -> Option<Self> {
        let of_rank = || self.walk(self.last[rank], |n| n.before);
        let mut counts = vec![0; rank];
        for node in of_rank() {
            self.walk(node.parent, |n| n.parent).for_each(|above| counts[above.rank as usize] += node.count);
        }
        let kept: Vec<usize> = (0..rank).filter(|at| counts[*at] >= min_count).collect();
        if kept.is_empty() {
            return None;
        }
        let mut renamed = vec![NONE; rank];
        kept.iter().enumerate().for_each(|(new, old)| renamed[*old] = new as u32);
        let mut paths = Paths::default();
        // One item has nothing above it.
        for node in of_rank().filter(|_| kept.len() > 1) {
            let names = self.walk(node.parent, |n| n.parent).map(|above| renamed[above.rank as usize]);
            paths.ranks.extend(names.filter(|name| *name != NONE));
            paths.end(node.count);
        }
        let (items, counts) = kept.iter().map(|at| (self.items[*at], counts[*at])).unzip();
        Some(Self::grow(items, counts, &paths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mine(baskets: &[Vec<u32>], min_count: u32) -> Vec<Itemset> {
        frequent_itemsets(baskets, &FpGrowthParams { min_count, ..FpGrowthParams::default() }).unwrap()
    }

    #[test] // Counts by eye: 1 in 3 baskets, 2 in 3, 3 in 3, {1,2} 2, {1,3} 2, {2,3} 2, all three once.
    fn itemsets_of_four_baskets() {
        let found = mine(&[vec![1, 2, 3], vec![1, 2], vec![1, 3], vec![2, 3, 9]], 2);
        let as_text: Vec<String> = found.iter().map(|s| format!("{:?}{}", s.items, s.count)).collect();
        assert_eq!(as_text, ["[1]3", "[2]3", "[3]3", "[1, 2]2", "[1, 3]2", "[2, 3]2"]);
        assert_eq!(mine(&[vec![]], 1), []);
    }

    #[test]
    fn a_basket_has_to_ascend_and_a_flood_is_refused() {
        let params = FpGrowthParams { min_count: 1, ..FpGrowthParams::default() };
        let wrong = frequent_itemsets(&[vec![1], vec![2, 2]], &params).unwrap_err();
        assert_eq!(wrong, LearnError::Basket { basket: 1, item: 2 });
        let small = FpGrowthParams { max_itemsets: 100, max_len: 10, ..params };
        let flood = frequent_itemsets(&[(0..30).collect()], &small).unwrap_err();
        assert_eq!(flood, LearnError::TooManyItemsets { limit: 100 });
    }

    proptest! {
        #[test]
        fn equal_to_counting_every_subset(
            baskets in prop::collection::vec(prop::collection::btree_set(0_u32..8, 0..7), 1..25), min_count in 1_u32..5,
        ) {
            let baskets: Vec<Vec<u32>> = baskets.into_iter().map(|b| b.into_iter().collect()).collect();
            let mut brute: Vec<Itemset> = (1_u32..256)
                .map(|bits| (0..8).filter(|i| bits >> i & 1 == 1).collect::<Vec<u32>>())
                .filter(|items| items.len() <= 5)
                .map(|items| {
                    let count = baskets.iter().filter(|b| items.iter().all(|i| b.contains(i))).count() as u32;
                    Itemset { items, count }
                })
                .filter(|set| set.count >= min_count)
                .collect();
            brute.sort_by(|a, b| a.items.len().cmp(&b.items.len()).then_with(|| a.items.cmp(&b.items)));
            prop_assert_eq!(mine(&baskets, min_count), brute);
        }
    }
}
