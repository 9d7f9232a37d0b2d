//! What each column added to a prediction: exact Shapley values of a tree.
//!
//! The value of a set `S` of columns is what the tree answers on average when only those columns are
//! known: where it asks another one, both sides count by the training rows that went there. Then
//! `φ_i = Σ_{S ∌ i} |S|! (M − |S| − 1)! / M! · (v(S ∪ i) − v(S))`, and the parts add up:
//! `score = base + Σ φ_i`. TreeSHAP walks the tree once and keeps, for the columns on the path, how
//! large a share of the sets of each size reaches the node.
//!
//! Source: Lundberg, Erion & Lee, "Consistent individualized feature attribution for tree ensembles",
//! 2018, algorithm 2; Lundberg et al., "From local explanations to global understanding with
//! explainable AI for trees", Nature Machine Intelligence 2, 2020.
//! Cost: `O(leaves · depth²)` a tree.

use super::boost::Boosted;
use super::tree::{Node, Tree};

/// A score taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributions {
    /// The mean score by the training rows.
    pub base: f64,
    /// What each column adds to it.
    pub parts: Vec<f64>,
}

impl Contributions {
    /// Base and parts together: the score.
    pub fn total(&self) -> f64 {
        self.base + self.parts.iter().sum::<f64>()
    }
}

impl Boosted {
    /// Why a row has its score ([`Boosted::score`]); the parts add up to it.
    ///
    /// # Panics
    /// If the row has fewer columns than [`Boosted::n_columns`].
    pub fn contributions(&self, row: &[f32]) -> Contributions {
        let mut sum = Contributions { base: self.start(), parts: vec![0.0; self.n_columns()] };
        self.trees().iter().for_each(|tree| tree.contribute(row, &mut sum));
        sum
    }
}

impl Tree {
    /// Adds the base and the parts of this tree.
    pub(super) fn contribute(&self, row: &[f32], sum: &mut Contributions) {
        sum.base += self.mean(0);
        Walk { nodes: &self.nodes, row, parts: &mut sum.parts }.visit(0, &[], Step::START);
    }

    /// The mean answer below a node, by training rows.
    fn mean(&self, at: usize) -> f64 {
        let node = &self.nodes[at];
        if node.is_leaf() {
            return f64::from(node.value);
        }
        let (left, right) = (node.left as usize, node.right as usize);
        let weighted = |at: usize| self.mean(at) * f64::from(self.nodes[at].cover);
        (weighted(left) + weighted(right)) / f64::from(node.cover)
    }
}

/// A column on the path: the share of rows that pass when it is unknown, whether this row passes when
/// it is known, and the weight of the sets as large as its place on the path.
#[derive(Clone, Copy, Debug)]
struct Step {
    column: u32,
    unknown: f64,
    known: f64,
    weight: f64,
}

impl Step {
    const START: Self = Self { column: u32::MAX, unknown: 1.0, known: 1.0, weight: 0.0 };
}

struct Walk<'a> {
    nodes: &'a [Node],
    row: &'a [f32],
    parts: &'a mut [f64],
}

impl Walk<'_> {
    fn visit(&mut self, at: usize, path: &[Step], step: Step) {
        let mut path = extend(path, step);
        let node = self.nodes[at];
        if node.is_leaf() {
            for i in 1..path.len() {
                let weight: f64 = unwound(&path, i).iter().map(|step| step.weight).sum();
                let step = path[i];
                self.parts[step.column as usize] += weight * (step.known - step.unknown) * f64::from(node.value);
            }
            return;
        }
        let hot = node.next(self.row);
        let cold = if hot == node.left { node.right } else { node.left };
        let (mut unknown, mut known) = (1.0, 1.0);
        // A column asked before is taken off the path and put on again with both answers.
        if let Some(i) = path.iter().position(|step| step.column == node.column) {
            (unknown, known) = (path[i].unknown, path[i].known);
            path = unwound(&path, i);
        }
        for (child, known) in [(hot, known), (cold, 0.0)] {
            let share = f64::from(self.nodes[child as usize].cover) / f64::from(node.cover);
            let step = Step { column: node.column, unknown: unknown * share, known, weight: 0.0 };
            self.visit(child as usize, &path, step);
        }
    }
}

fn extend(path: &[Step], step: Step) -> Vec<Step> {
    let depth = path.len();
    let mut longer = Vec::with_capacity(depth + 1);
    longer.extend_from_slice(path);
    longer.push(Step { weight: if depth == 0 { 1.0 } else { 0.0 }, ..step });
    let size = (depth + 1) as f64;
    for i in (0..depth).rev() {
        longer[i + 1].weight += step.known * longer[i].weight * (i + 1) as f64 / size;
        longer[i].weight *= step.unknown * (depth - i) as f64 / size;
    }
    longer
}

/// The path as if step `at` had never been taken.
fn unwound(path: &[Step], at: usize) -> Vec<Step> {
    let last = path.len() - 1;
    let size = path.len() as f64;
    let (unknown, known) = (path[at].unknown, path[at].known);
    let mut shorter = path.to_vec();
    let mut next = path[last].weight;
    for i in (0..last).rev() {
        if known != 0.0 {
            let weight = next * size / ((i + 1) as f64 * known);
            next = shorter[i].weight - weight * unknown * (last - i) as f64 / size;
            shorter[i].weight = weight;
        } else {
            shorter[i].weight = shorter[i].weight * size / (unknown * (last - i) as f64);
        }
    }
    for i in at..last {
        let weight = shorter[i].weight;
        shorter[i] = Step { weight, ..shorter[i + 1] };
    }
    shorter.truncate(last);
    shorter
}

#[cfg(test)]
mod tests {
    use super::super::{BoostParams, Features, Objective, Samples};
    use super::*;
    use domain::Seed;
    use proptest::prelude::*;

    fn fit(n_rows: usize, seed: u64, n_rounds: usize) -> (Boosted, Features) {
        let mut rng = Seed(seed).stream(0);
        let value = |rng: &mut domain::Rng| if rng.below(8) == 0 { f32::NAN } else { rng.below(5) as f32 };
        let values: Vec<f32> = (0..n_rows * 4).map(|_| value(&mut rng)).collect();
        let labels: Vec<f32> =
            values.chunks(4).map(|r| r[0].max(0.0) * r[1].max(0.0) + r[2].max(0.0) + rng.normal() as f32).collect();
        let table = Features::new(values, 4).unwrap();
        let objective = Objective::SquaredError;
        let params = BoostParams { objective, n_rounds, max_leaves: 7, min_rows: 2, ..BoostParams::default() };
        (params.fit(Samples::new(&table, &labels).unwrap(), Seed(1)).unwrap(), table)
    }

    /// What the tree answers on average when only the columns of `known` are known.
    fn value_of(tree: &Tree, at: usize, row: &[f32], known: u32) -> f64 {
        let node = &tree.nodes[at];
        if node.is_leaf() {
            return f64::from(node.value);
        }
        if known >> node.column & 1 == 1 {
            return value_of(tree, node.next(row) as usize, row, known);
        }
        let part =
            |child: u32| value_of(tree, child as usize, row, known) * f64::from(tree.nodes[child as usize].cover);
        (part(node.left) + part(node.right)) / f64::from(node.cover)
    }

    // One split of 4 rows, 3 left with answer 0 and 1 right with answer 8: the mean is 2, and a row on the
    // right owes all of the other 6 to column 0.
    #[test]
    fn one_split_is_worked_by_hand() {
        let mut nodes = vec![Node::leaf(0.0, 4), Node::leaf(0.0, 3), Node::leaf(8.0, 1)];
        nodes[0] = Node { left: 1, right: 2, threshold: 0.5, ..nodes[0] };
        let mut sum = Contributions { base: 0.0, parts: vec![0.0; 2] };
        Tree { nodes }.contribute(&[1.0, 0.0], &mut sum);
        assert_eq!((sum.base, sum.parts.as_slice(), sum.total()), (2.0, &[6.0, 0.0][..], 8.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn parts_are_the_shapley_values_over_all_sets_and_add_up(seed in 0_u64..10_000) {
            let (model, table) = fit(80, seed, 3);
            for row in table.rows().take(12) {
                let got = model.contributions(row);
                prop_assert!((got.total() - model.score(row)).abs() < 1e-9);
                for column in 0..4_u32 {
                    // |S|! (3 − |S|)! / 4! of sets without the column.
                    let weight = |n: u32| [6.0, 2.0, 2.0, 6.0][n as usize] / 24.0;
                    let want: f64 = (0..16_u32)
                        .filter(|set| set >> column & 1 == 0)
                        .flat_map(|set| model.trees().iter().map(move |tree| (set, tree)))
                        .map(|(set, tree)| {
                            let gain = value_of(tree, 0, row, set | 1 << column) - value_of(tree, 0, row, set);
                            weight(set.count_ones()) * gain
                        })
                        .sum();
                    prop_assert!((got.parts[column as usize] - want).abs() < 1e-9, "{} {want}", got.parts[column as usize]);
                }
            }
        }
    }
}
