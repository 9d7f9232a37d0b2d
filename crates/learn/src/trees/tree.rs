//! A grown tree: a flat list of nodes, walked from node 0.
//!
//! A row goes left where its value is at most the threshold. A missing value goes to the side that
//! fitted better in training; where training saw none at that node, to the side with more rows.

use super::features::Features;

/// Where a row goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// One node; a leaf has no children, which is written as child 0, for node 0 is nobody's child.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) column: u32,
    pub(super) threshold: f32,
    pub(super) missing: Side,
    pub(super) left: u32,
    pub(super) right: u32,
    /// What a leaf answers.
    pub(super) value: f32,
    /// Training rows that came through.
    pub(super) cover: u32,
    /// What the split gained, in the unit of the criterion.
    pub(super) gain: f32,
}

impl Node {
    pub(super) const fn leaf(value: f32, cover: u32) -> Self {
        Self { column: 0, threshold: 0.0, missing: Side::Left, left: 0, right: 0, value, cover, gain: 0.0 }
    }

    pub(super) const fn is_leaf(&self) -> bool {
        self.left == 0
    }

    #[inline]
    pub(super) fn next(&self, row: &[f32]) -> u32 {
        let value = row[self.column as usize];
        let left = value <= self.threshold || (value.is_nan() && self.missing == Side::Left);
        if left { self.left } else { self.right }
    }
}

/// A fitted tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
}

/// What a person may see of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NodeView {
    /// The answer of a leaf.
    Leaf {
        /// What it adds to a score, or the share or mean that it stands for.
        value: f32,
        /// Training rows in it.
        n_rows: u32,
    },
    /// A question.
    Split {
        /// The column that is asked.
        column: usize,
        /// Values up to this go left.
        threshold: f32,
        /// The node on the left.
        left: usize,
        /// The node on the right.
        right: usize,
        /// What the split gained, in the unit of the criterion.
        gain: f32,
        /// Training rows that came through.
        n_rows: u32,
    },
}

impl Tree {
    /// Number of nodes, leaves included.
    pub fn n_nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Number of leaves.
    pub fn n_leaves(&self) -> usize {
        self.nodes.iter().filter(|node| node.is_leaf()).count()
    }

    /// One node; the root is 0.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn node(&self, at: usize) -> NodeView {
        let n = &self.nodes[at];
        if n.is_leaf() {
            return NodeView::Leaf { value: n.value, n_rows: n.cover };
        }
        let (left, right) = (n.left as usize, n.right as usize);
        NodeView::Split {
            column: n.column as usize,
            threshold: n.threshold,
            left,
            right,
            gain: n.gain,
            n_rows: n.cover,
        }
    }

    /// The answer for a row.
    ///
    /// # Panics
    /// If the row has fewer columns than the training table.
    pub fn value(&self, row: &[f32]) -> f32 {
        let mut node = &self.nodes[0];
        while !node.is_leaf() {
            node = &self.nodes[node.next(row) as usize];
        }
        node.value
    }

    /// The node of the leaf that a row ends in.
    ///
    /// # Panics
    /// As [`Self::value`].
    pub fn leaf(&self, row: &[f32]) -> usize {
        let mut at = 0;
        while !self.nodes[at].is_leaf() {
            at = self.nodes[at].next(row) as usize;
        }
        at
    }

    /// Adds what each column gained by its splits.
    pub(super) fn add_gains(&self, gains: &mut [f64]) {
        for node in self.nodes.iter().filter(|node| !node.is_leaf()) {
            gains[node.column as usize] += f64::from(node.gain);
        }
    }
}

/// The sum of the answers of all trees, for each row on top of `start`. Trees are added in their
/// order for every row; a stretch of rows passes one tree after the other, so that a tree is in the
/// cache while it is asked.
pub(super) fn add_values(trees: &[Tree], features: &Features, start: &mut [f64]) {
    use rayon::prelude::*;
    const ROWS: usize = 256;
    let n_columns = features.n_columns();
    let rows = features.values().par_chunks(ROWS * n_columns);
    start.par_chunks_mut(ROWS).zip(rows).for_each(|(sums, rows)| {
        for tree in trees {
            for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(n_columns)) {
                *sum += f64::from(tree.value(row));
            }
        }
    });
}
