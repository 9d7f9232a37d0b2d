//! Frequent itemsets by pattern growth: every set of items that enough baskets hold together.
//!
//! FP-growth (Han, Pei & Yin, "Mining frequent patterns without candidate generation", SIGMOD
//! 2000): baskets, their items ordered by falling frequency, share prefixes in a tree; for each
//! item, the paths above it are a smaller problem of the same kind. No candidate is generated that
//! no basket holds.
//!
//! The tree is built from sorted baskets, so a new basket only leaves the previous path where they
//! differ and no node needs a table of children. Cost: `O(Σ |basket| · log n)` for the tree, then
//! proportional to the itemsets found and the paths under them. The items of the first level are
//! mined in parallel; the result is ordered by length, then by items, at any thread count.

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
    let weighted = baskets.iter().map(|items| (items.as_slice(), 1));
    let tree = Tree::grow(weighted, params.min_count);
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
        if suffix.len() < self.params.max_len {
            let paths = tree.paths_above(rank);
            let smaller = Tree::grow(paths.iter().map(|(path, n)| (path.as_slice(), *n)), self.params.min_count);
            for next in 0..smaller.items.len() {
                self.extend(&smaller, next, suffix, out)?;
            }
        }
        suffix.pop();
        Ok(())
    }
}

/// A prefix tree of baskets. Items are renamed to ranks: 0 is the most frequent.
struct Tree {
    /// Item of each rank.
    items: Vec<u32>,
    /// Baskets that hold the item of each rank.
    counts: Vec<u32>,
    /// Nodes in the order of creation; a parent comes before its children. [`ROOT`] has no entry.
    nodes: Vec<Node>,
    /// Nodes of each rank.
    of_rank: Vec<Vec<u32>>,
}

struct Node {
    rank: u32,
    parent: u32,
    count: u32,
}

const ROOT: u32 = u32::MAX;

impl Tree {
    fn grow<'a>(baskets: impl Iterator<Item = (&'a [u32], u32)> + Clone, min_count: u32) -> Self {
        let mut per_item: Vec<(u32, u32)> =
            baskets.clone().flat_map(|(items, n)| items.iter().map(move |&item| (item, n))).collect();
        per_item.sort_unstable();
        let mut frequent: Vec<(u32, u32)> = per_item
            .chunk_by(|a, b| a.0 == b.0)
            .map(|run| (run[0].0, run.iter().map(|(_, n)| n).sum()))
            .filter(|&(_, n): &(u32, u32)| n >= min_count)
            .collect();
        let mut rank_of: Vec<(u32, u32)> = Vec::with_capacity(frequent.len());
        // Frequent items near the root: prefixes are shared most. Ties by item, for one tree only.
        frequent.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        rank_of.extend(frequent.iter().enumerate().map(|(rank, &(item, _))| (item, rank as u32)));
        rank_of.sort_unstable();

        let mut ranked: Vec<(Vec<u32>, u32)> = baskets
            .map(|(items, n)| {
                let rank = |item: &u32| rank_of.binary_search_by_key(item, |r| r.0).ok().map(|at| rank_of[at].1);
                let mut ranks: Vec<u32> = items.iter().filter_map(rank).collect();
                ranks.sort_unstable();
                (ranks, n)
            })
            .filter(|(ranks, _)| !ranks.is_empty())
            .collect();
        ranked.sort_unstable();

        let mut nodes: Vec<Node> = Vec::new();
        let mut path: Vec<u32> = Vec::new();
        for (ranks, n) in &ranked {
            let shared = path.iter().zip(ranks).take_while(|&(&node, &rank)| nodes[node as usize].rank == rank).count();
            path.truncate(shared);
            path.iter().for_each(|&node| nodes[node as usize].count += n);
            for &rank in &ranks[shared..] {
                let parent = path.last().copied().unwrap_or(ROOT);
                path.push(nodes.len() as u32);
                nodes.push(Node { rank, parent, count: *n });
            }
        }
        let mut of_rank = vec![Vec::new(); frequent.len()];
        for (node, n) in nodes.iter().enumerate() {
            of_rank[n.rank as usize].push(node as u32);
        }
        let (items, counts) = frequent.into_iter().unzip();
        Self { items, counts, nodes, of_rank }
    }

    /// The path above each node of `rank`, as items, with the node's count.
    fn paths_above(&self, rank: usize) -> Vec<(Vec<u32>, u32)> {
        let above = |&node: &u32| {
            let node = &self.nodes[node as usize];
            let mut path = Vec::new();
            let mut at = node.parent;
            while at != ROOT {
                path.push(self.items[self.nodes[at as usize].rank as usize]);
                at = self.nodes[at as usize].parent;
            }
            (path, node.count)
        };
        self.of_rank[rank].iter().map(above).collect()
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
