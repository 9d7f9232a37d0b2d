//! Boosted trees in a container: what was written is read back equal, and nothing else is read.
//!
//! Nodes of all trees stand one after the other, a section for each of their fields. A tree that is read
//! has children behind their parents, so that every walk through it comes to an end.

use super::boost::Boosted;
use super::lambdarank::{LambdaRankParams, Normalise};
use super::objective::Objective;
use super::tree::{Node, Side, Tree};
use crate::container::{ContainerError, Reader, Writer};

impl Boosted {
    /// Writes the trees and the objective.
    pub fn save(&self, to: &mut Writer) {
        let (code, rank) = match &self.objective {
            Objective::SquaredError => (0, None),
            Objective::Binary => (1, None),
            Objective::Poisson => (2, None),
            Objective::LambdaRank(params) => (3, Some(params)),
        };
        let truncation = rank.map_or(0, |p| p.truncation as u64);
        let groups = rank.is_some_and(|p| p.normalise == Normalise::Groups);
        to.u64s("boosted", &[code, self.n_columns as u64, truncation, u64::from(groups)]);
        to.f32s("pairs", &rank.map_or(Vec::new(), |p| [&[p.sigma][..], &p.label_gain].concat()));
        to.f64s("start", &[self.start]);
        to.f64s("losses", &self.losses);
        let sizes: Vec<u32> = self.trees.iter().map(|tree| tree.nodes.len() as u32).collect();
        to.u32s("sizes", &sizes);
        let nodes = || self.trees.iter().flat_map(|tree| &tree.nodes);
        let column = |n: &Node| [n.column, n.left, n.right, n.cover, u32::from(n.missing == Side::Right)];
        to.u32s("nodes", &nodes().flat_map(column).collect::<Vec<u32>>());
        to.f32s("values", &nodes().flat_map(|n| [n.threshold, n.value, n.gain]).collect::<Vec<f32>>());
    }

    /// Reads what [`Self::save`] wrote.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are not there or are no trees.
    pub fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [code, n_columns, truncation, groups] = from.sizes("boosted", 1 << 20)?;
        let pairs = from.f32s("pairs")?;
        let objective = match (code, pairs.split_first()) {
            (0, None) => Objective::SquaredError,
            (1, None) => Objective::Binary,
            (2, None) => Objective::Poisson,
            (3, Some((sigma, label_gain))) => Objective::LambdaRank(LambdaRankParams {
                truncation,
                sigma: *sigma,
                label_gain: label_gain.to_vec(),
                normalise: if groups == 0 { Normalise::Off } else { Normalise::Groups },
            }),
            _ => return Err(ContainerError::content("boosted", "an objective from 0 to 3 with what it needs")),
        };
        let start = from.f64s("start")?;
        let [start] = start.as_slice() else { return Err(ContainerError::content("start", "one number")) };
        let (sizes, nodes, values) = (from.u32s("sizes")?, from.u32s("nodes")?, from.f32s("values")?);
        let (nodes, values) = (nodes.as_chunks::<5>(), values.as_chunks::<3>());
        let wrong = || ContainerError::content("nodes", "trees of nodes whose children stand behind them");
        let total: u64 = sizes.iter().map(|n| u64::from(*n)).sum();
        let fits = nodes.0.len() as u64 == total && values.0.len() as u64 == total;
        if !(fits && nodes.1.is_empty() && values.1.is_empty()) {
            return Err(wrong());
        }
        let mut rest = nodes.0.iter().zip(values.0);
        let mut trees = Vec::with_capacity(sizes.len());
        for n in sizes {
            let node =
                |([column, left, right, cover, missing], [threshold, value, gain]): (&[u32; 5], &[f32; 3])| Node {
                    column: *column,
                    threshold: *threshold,
                    missing: if *missing == 0 { Side::Left } else { Side::Right },
                    left: *left,
                    right: *right,
                    value: *value,
                    cover: *cover,
                    gain: *gain,
                };
            let tree: Vec<Node> = rest.by_ref().take(n as usize).map(node).collect();
            let sound = |(at, node): (usize, &Node)| {
                let behind = |child: u32| child as usize > at && child < n;
                node.is_leaf() || (behind(node.left) && behind(node.right) && (node.column as usize) < n_columns)
            };
            if tree.is_empty() || !tree.iter().enumerate().all(sound) {
                return Err(wrong());
            }
            trees.push(Tree { nodes: tree });
        }
        Ok(Self { objective, start: *start, trees, n_columns, losses: from.f64s("losses")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trees::{BoostParams, Features, Samples};
    use domain::Seed;

    fn fitted(objective: Objective) -> (Boosted, Features) {
        let rows: Vec<f32> = (0..400).flat_map(|i| [(i % 7) as f32, (i % 11) as f32]).collect();
        let labels: Vec<f32> = (0..400).map(|i| f32::from(u8::from(i % 7 + i % 11 > 9))).collect();
        let features = Features::new(rows, 2).unwrap();
        let groups = vec![20; 20];
        let samples = Samples::new(&features, &labels).unwrap().grouped(&groups).unwrap();
        let params = BoostParams { objective, n_rounds: 8, ..BoostParams::default() };
        let model = params.fit(samples, Seed(1)).unwrap();
        (model, features)
    }

    fn bytes(model: &Boosted) -> Vec<u8> {
        let mut to = Writer::default();
        model.save(&mut to);
        to.finish("boosted", 0)
    }

    #[test]
    fn what_was_written_is_read_back_equal() {
        let rank =
            Objective::LambdaRank(LambdaRankParams { label_gain: vec![0.0, 1.0], ..LambdaRankParams::default() });
        for objective in [Objective::SquaredError, Objective::Binary, Objective::Poisson, rank] {
            let (model, features) = fitted(objective);
            let bytes = bytes(&model);
            let read = Boosted::load(&Reader::open(&bytes).unwrap()).unwrap();
            assert_eq!(read, model);
            assert_eq!(read.scores(&features).unwrap(), model.scores(&features).unwrap());
        }
    }

    #[test]
    fn a_tree_that_runs_in_a_circle_is_refused() {
        let (mut model, _) = fitted(Objective::Binary);
        assert!(!model.trees[0].nodes[0].is_leaf());
        for change in [|n: &mut Node| n.right = 0, |n: &mut Node| n.left = u32::MAX, |n: &mut Node| n.column = 2] {
            let whole = model.trees[0].nodes[0];
            change(&mut model.trees[0].nodes[0]);
            assert!(Boosted::load(&Reader::open(&bytes(&model)).unwrap()).is_err());
            model.trees[0].nodes[0] = whole;
        }
    }
}
