//! Growing one tree, the most rewarding leaf first.
//!
//! The rows of every node lie side by side in one list, which a split reorders within the node's
//! stretch, keeping the order on both sides. Two ways to get the sums by bin:
//!
//! - *kept*, for boosting: every open leaf keeps the histogram of all columns. A split sums the rows
//!   of the smaller child only; the other is the parent's less that one. Bounded by `max_leaves`.
//! - *drawn*, for forests and single trees: each node sums the columns that it looks at and keeps
//!   nothing. With few columns a node and many leaves this is less work and no memory. A single tree looks at
//!   the values themselves where bins hide some (`exact`).
//!
//! Source: leaf-wise growth as in Shi, "Best-first decision tree learning", Hamilton 2007.
//! Cost: `O(n_rows · n_columns · depth)` at most, about half of it with kept histograms.

use super::bins::{Bins, MISSING, WIDTH};
use super::exact::{MOST_ROWS, best_in_values};
use super::features::Features;
use super::histogram::{Cell, Column, Histogram, Rows, Scale, sum_column};
use super::split::{Bounds, Monotone, Parent, Rules, Split, best_in_column, better};
use super::tree::{Node, Side, Tree};
use domain::Seed;
use rayon::prelude::*;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ops::Range;

/// Which columns a node looks at, and how it gets their sums.
#[derive(Clone, Copy)]
pub(super) enum Look<'a> {
    /// At these, with kept histograms.
    Kept(&'a [u32]),
    /// At as many, drawn anew for each node; where none of them can be cut, at further ones.
    Drawn { n_columns: usize, seed: Seed },
}

/// How far a tree grows.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    pub(super) rules: Rules<'a>,
    pub(super) max_leaves: usize,
    pub(super) max_depth: usize,
    pub(super) look: Look<'a>,
}

/// Training data of one tree.
#[derive(Clone, Copy)]
pub(super) struct Data<'a> {
    pub(super) bins: &'a Bins,
    /// One a row of the table.
    pub(super) cells: &'a [Cell],
    pub(super) scale: Scale,
    /// The table itself, where nodes that draw their columns look between the values of a bin too.
    pub(super) values: Option<&'a Features>,
}

/// A tree with the rows in its leaves.
pub(super) struct Grown {
    pub(super) tree: Tree,
    /// The rows given, leaf by leaf.
    pub(super) rows: Vec<u32>,
    /// Node, its bounds and its stretch of `rows`, for every leaf.
    pub(super) leaves: Vec<(usize, Bounds, Range<usize>)>,
}

/// A leaf that can still be split.
struct Open {
    leaf: usize,
    split: Split,
    histogram: Option<Histogram>,
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Open {}
impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        self.split.gain.total_cmp(&other.split.gain).then(Reverse(self.leaf).cmp(&Reverse(other.leaf)))
    }
}

struct Leaf {
    node: usize,
    depth: usize,
    total: Cell,
    bounds: Bounds,
    range: Range<usize>,
}

/// Grows a tree on the rows, which ascend.
pub(super) fn grow(data: Data<'_>, rows: Vec<u32>, plan: &Plan<'_>) -> Grown {
    let mut total = Cell::default();
    rows.iter().for_each(|&row| total.add(data.cells[row as usize]));
    let root = Leaf { node: 0, depth: 0, total, bounds: Bounds::NONE, range: 0..rows.len() };
    let mut grower = Grower {
        data,
        plan,
        right: vec![0; rows.len()],
        rows,
        nodes: Vec::new(),
        leaves: Vec::new(),
        open: BinaryHeap::new(),
        spare: Vec::new(),
        ordered: Vec::new(),
    };
    grower.nodes.push(grower.answer(&root));
    grower.leaves.push(root);
    if grower.may_split(0) {
        let all = matches!(plan.look, Look::Kept(_)).then(|| grower.sum(0));
        grower.offer(0, all);
    }
    while grower.leaves.len() < plan.max_leaves
        && let Some(open) = grower.open.pop()
    {
        grower.split(open);
    }
    let leaves = grower.leaves.into_iter().map(|leaf| (leaf.node, leaf.bounds, leaf.range)).collect();
    Grown { tree: Tree { nodes: grower.nodes }, rows: grower.rows, leaves }
}

struct Grower<'a> {
    data: Data<'a>,
    plan: &'a Plan<'a>,
    rows: Vec<u32>,
    /// Room for the rows of a right child.
    right: Vec<u32>,
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
    open: BinaryHeap<Open>,
    /// Histograms that nobody needs any more, kept for their memory.
    spare: Vec<Histogram>,
    ordered: Vec<Cell>,
}

impl Grower<'_> {
    fn answer(&self, leaf: &Leaf) -> Node {
        let (g, h) = (self.data.scale.gradient(leaf.total), self.data.scale.curvature(leaf.total));
        let value = leaf.bounds.hold(self.plan.rules.criterion.value(g, h));
        Node::leaf(value as f32, leaf.total.count())
    }

    fn may_split(&self, leaf: usize) -> bool {
        let leaf = &self.leaves[leaf];
        leaf.depth < self.plan.max_depth && leaf.total.count() / 2 >= self.plan.rules.min_rows.max(1)
    }

    fn sum(&mut self, leaf: usize) -> Histogram {
        let list = &self.rows[self.leaves[leaf].range.clone()];
        let rows = if list.len() == self.data.bins.n_rows() { Rows::All } else { Rows::Listed(list) };
        Histogram::build(self.data.bins, self.data.cells, rows, self.spare.pop(), &mut self.ordered)
    }

    /// Looks for the best cut of a leaf and opens it where there is one.
    fn offer(&mut self, leaf: usize, histogram: Option<Histogram>) {
        let (data, plan) = (self.data, self.plan);
        let at = &self.leaves[leaf];
        let parent = Parent { total: at.total, bounds: at.bounds };
        let cut = |column: u32, cells: &Column| {
            let (sums, missing) = (&cells[..data.bins.n_bins(column as usize)], cells[usize::from(MISSING)]);
            best_in_column(sums, missing, column, parent, &plan.rules, &data.scale)
        };
        let split = match (plan.look, &histogram) {
            (Look::Kept(columns), Some(sums)) => {
                let cuts = columns.par_iter().with_min_len(4).map(|&column| cut(column, sums.column(column as usize)));
                cuts.collect::<Vec<_>>().into_iter().fold(None, better)
            }
            (Look::Drawn { n_columns, seed }, _) => self.look_at_drawn(at, n_columns, seed, &cut),
            (Look::Kept(_), None) => None,
        };
        match (split, histogram) {
            (Some(split), histogram) => self.open.push(Open { leaf, split, histogram }),
            (None, Some(unused)) => self.spare.push(unused),
            (None, None) => {}
        }
    }

    fn look_at_drawn(
        &self,
        leaf: &Leaf,
        n_columns: usize,
        seed: Seed,
        cut: &(dyn Fn(u32, &Column) -> Option<Split> + Sync),
    ) -> Option<Split> {
        let mut columns: Vec<u32> = (0..self.data.bins.n_columns() as u32).collect();
        if n_columns < columns.len() {
            seed.stream(leaf.node as u64).shuffle(&mut columns);
        }
        let list = &self.rows[leaf.range.clone()];
        let rows = if list.len() == self.data.bins.n_rows() { Rows::All } else { Rows::Listed(list) };
        let exact = self.data.values.filter(|_| list.len() <= MOST_ROWS);
        let parent = Parent { total: leaf.total, bounds: leaf.bounds };
        let look = |&column: &u32| {
            if let Some(table) = exact.filter(|_| self.data.bins.is_coarse(column as usize)) {
                return best_in_values(table, &self.data, list, column, parent, &self.plan.rules);
            }
            let mut cells = [Cell::default(); 256];
            sum_column(self.data.bins, column as usize, self.data.cells, rows, &mut cells);
            cut(column, &cells)
        };
        columns.chunks(n_columns.max(1)).find_map(|drawn| {
            let cuts: Vec<Option<Split>> = if list.len() < 10_000 {
                drawn.iter().map(look).collect()
            } else {
                drawn.par_iter().map(look).collect()
            };
            cuts.into_iter().fold(None, better)
        })
    }

    fn split(&mut self, open: Open) {
        let Open { leaf: at, split, mut histogram } = open;
        let (range, depth, bounds) = (self.leaves[at].range.clone(), self.leaves[at].depth + 1, self.leaves[at].bounds);
        let n_left = self.partition(range.clone(), &split);
        let middle = range.start + n_left;
        let (low, high) = self.child_bounds(bounds, &split);
        let left_node = self.nodes.len();
        let left = Leaf { node: left_node, depth, total: split.left, bounds: low, range: range.start..middle };
        let right = Leaf { node: left_node + 1, depth, total: split.right, bounds: high, range: middle..range.end };
        let children = [self.answer(&left), self.answer(&right)];
        self.nodes.extend(children);
        let column = split.column as usize;
        let node = &mut self.nodes[self.leaves[at].node];
        node.column = split.column;
        node.threshold = split.threshold.unwrap_or_else(|| self.data.bins.threshold(column, split.step));
        node.missing = split.missing;
        (node.left, node.right) = (left_node as u32, left_node as u32 + 1);
        node.gain = split.gain as f32;
        // The left child takes the parent's place, the right one is new.
        let new = self.leaves.len();
        let right_is_smaller = right.range.len() < left.range.len();
        self.leaves[at] = left;
        self.leaves.push(right);
        let (small, large) = if right_is_smaller { (new, at) } else { (at, new) };
        let more = self.leaves.len() < self.plan.max_leaves;
        let (small_may, large_may) = (more && self.may_split(small), more && self.may_split(large));
        let sums = match histogram.take() {
            Some(mut parent) if small_may || large_may => {
                let child = self.sum(small);
                parent.subtract(&child);
                Some((child, parent))
            }
            Some(unused) => {
                self.spare.push(unused);
                None
            }
            None => None,
        };
        let (of_small, of_large) = sums.map_or((None, None), |(small, large)| (Some(small), Some(large)));
        for (leaf, may, histogram) in [(small, small_may, of_small), (large, large_may, of_large)] {
            if may {
                self.offer(leaf, histogram);
            } else {
                self.spare.extend(histogram);
            }
        }
    }

    fn child_bounds(&self, bounds: Bounds, split: &Split) -> (Bounds, Bounds) {
        let value = |cell: Cell| {
            let (g, h) = (self.data.scale.gradient(cell), self.data.scale.curvature(cell));
            bounds.hold(self.plan.rules.criterion.value(g, h))
        };
        let middle = (value(split.left) + value(split.right)) / 2.0;
        match self.plan.rules.monotone.get(split.column as usize).copied().unwrap_or(Monotone::Free) {
            Monotone::Free => (bounds, bounds),
            Monotone::Rising => (Bounds { high: middle, ..bounds }, Bounds { low: middle, ..bounds }),
            Monotone::Falling => (Bounds { low: middle, ..bounds }, Bounds { high: middle, ..bounds }),
        }
    }

    /// Moves the rows that go left to the front of the stretch and says how many they are.
    fn partition(&mut self, range: Range<usize>, split: &Split) -> usize {
        let column = split.column as usize;
        let missing = split.missing == Side::Left;
        if let (Some(threshold), Some(table)) = (split.threshold, self.data.values) {
            return self.part(range, |row| {
                let value = table.row(row as usize)[column];
                if value.is_nan() { missing } else { value <= threshold }
            });
        }
        let mut goes_left = [false; 256];
        goes_left[..=split.step as usize].fill(true);
        goes_left[usize::from(MISSING)] = missing;
        let (steps, at) = (self.data.bins.block(column / WIDTH), column % WIDTH);
        self.part(range, |row| goes_left[usize::from(steps[row as usize][at])])
    }

    fn part(&mut self, range: Range<usize>, goes_left: impl Fn(u32) -> bool + Sync) -> usize {
        const TASK: usize = 16_384;
        let (rows, right) = (&mut self.rows[range.clone()], &mut self.right[range]);
        let part = |(rows, right): (&mut [u32], &mut [u32])| {
            let (mut n_left, mut n_right) = (0_usize, 0_usize);
            for i in 0..rows.len() {
                let row = rows[i];
                let left = goes_left(row);
                // Written to both sides and counted on one: no branch to guess wrong.
                rows[n_left] = row;
                right[n_right] = row;
                n_left = n_left.wrapping_add(usize::from(left));
                n_right = n_right.wrapping_add(usize::from(!left));
            }
            n_left
        };
        let lefts: Vec<usize> = if rows.len() <= TASK {
            vec![part((rows, right))]
        } else {
            rows.par_chunks_mut(TASK).zip(right.par_chunks_mut(TASK)).map(part).collect()
        };
        // The stretches of the tasks, one after the other: all lefts, then all rights.
        let mut end = 0;
        for (task, &n_left) in lefts.iter().enumerate() {
            rows.copy_within(task * TASK..task * TASK + n_left, end);
            end += n_left;
        }
        let n_left = end;
        for (task, &n_left) in lefts.iter().enumerate() {
            let n_right = TASK.min(rows.len() - task * TASK) - n_left;
            rows[end..end + n_right].copy_from_slice(&right[task * TASK..task * TASK + n_right]);
            end += n_right;
        }
        n_left
    }
}

#[cfg(test)]
mod tests {
    use super::super::features::Features;
    use super::super::split::Criterion;
    use super::*;

    fn plan(max_leaves: usize, look: Look<'_>) -> Plan<'_> {
        let criterion = Criterion::Variance;
        let rules = Rules { criterion, min_rows: 1, min_curvature: 0.0, min_gain: 0.0, monotone: &[] };
        Plan { rules, max_leaves, max_depth: usize::MAX, look }
    }

    /// Cells of labels, each of weight 1.
    fn cells(labels: &[f32]) -> (Vec<Cell>, Scale) {
        let scale = Scale::new(labels.iter().map(|l| f64::from(l.abs())).sum(), labels.len() as f64);
        (labels.iter().map(|&label| scale.cell(label, 1.0)).collect(), scale)
    }

    // Labels 0 0 10 11 at x = 0..3. The first cut is at 1.5: gain 0 + 21²/2 − 21²/4 = 110.25. Of its
    // children only the right one gains, 10² + 11² − 21²/2 = 0.5.
    #[test]
    fn leaves_are_split_in_the_order_of_their_gain() {
        let table = Features::new(vec![0.0, 1.0, 2.0, 3.0], 1).unwrap();
        let bins = Bins::new(&table, 255, Seed(0)).unwrap();
        let (cells, scale) = cells(&[0.0, 0.0, 10.0, 11.0]);
        let data = Data { bins: &bins, cells: &cells, scale, values: None };
        let grown = grow(data, vec![0, 1, 2, 3], &plan(8, Look::Kept(&[0])));
        let nodes = &grown.tree.nodes;
        assert_eq!((nodes[0].threshold, nodes[0].gain, nodes[0].cover), (1.5, 110.25, 4));
        assert_eq!((nodes[2].threshold, nodes[2].gain), (2.5, 0.5));
        assert_eq!(grown.tree.n_leaves(), 3);
        assert_eq!([0.0, 2.0, 9.0].map(|x| grown.tree.value(&[x])), [0.0, 10.0, 11.0]);
        assert_eq!(grow(data, vec![0, 1, 2, 3], &plan(2, Look::Kept(&[0]))).tree.n_leaves(), 2);
    }

    #[test] // Both ways of getting the sums give one tree; the rows lie in their leaves, in order.
    fn kept_and_drawn_histograms_agree_and_rows_lie_in_their_leaves() {
        let mut rng = Seed(1).stream(0);
        let n = 40_000;
        let values: Vec<f32> =
            (0..n * 3).map(|_| if rng.below(9) == 0 { f32::NAN } else { rng.below(40) as f32 }).collect();
        let labels: Vec<f32> = values
            .chunks(3)
            .map(|row| if row[0] > 20.0 || row[1].is_nan() { 1.0 } else { rng.uniform() as f32 })
            .collect();
        let table = Features::new(values, 3).unwrap();
        let bins = Bins::new(&table, 255, Seed(0)).unwrap();
        let (cells, scale) = cells(&labels);
        let data = Data { bins: &bins, cells: &cells, scale, values: None };
        let rows: Vec<u32> = (0..n as u32).filter(|row| row % 7 != 0).collect();
        let kept = grow(data, rows.clone(), &plan(12, Look::Kept(&[0, 1, 2])));
        let drawn = grow(data, rows.clone(), &plan(12, Look::Drawn { n_columns: 3, seed: Seed(0) }));
        assert_eq!((&kept.tree, &kept.rows), (&drawn.tree, &drawn.rows));
        let mut seen = Vec::new();
        for (node, _, range) in &kept.leaves {
            let list = &kept.rows[range.clone()];
            assert!(list.is_sorted());
            assert_eq!(list.len(), kept.tree.nodes[*node].cover as usize);
            for &row in list {
                assert_eq!(kept.tree.value(table.row(row as usize)), kept.tree.nodes[*node].value);
            }
            seen.extend_from_slice(list);
        }
        seen.sort_unstable();
        assert_eq!(seen, rows);
    }
}
