//! SLIM: each item predicted from few others with weights that are not negative.
//!
//! For each item `j`: minimise `½ ‖x_j − X w‖² + ½ l2 ‖w‖² + l1 ‖w‖₁` with `w ≥ 0` and `w_j = 0`, over the `neighbours`
//! most similar items. One weight at a time has the solution
//! `w_i = max(0, X_iᵀ x_j − Σ_{k ≠ i} X_iᵀ X_k w_k − l1) / (X_iᵀ X_i + l2)`; the weights are gone through in turn until
//! none moves by more than `tolerance`. `X` holds the square roots of the weights, so a shopper of weight
//! `w` counts like `w` shoppers.
//!
//! Source: Ning and Karypis, "SLIM: sparse linear methods for top-N recommender systems", ICDM 2011, with the
//! choice of neighbours of its section IV-C; the updates: Friedman, Hastie and Tibshirani, "Regularization
//! paths for generalized linear models via coordinate descent", J. Stat. Softw. 33(1), 2010 (covariance
//! form). Cost: for each item the histories of the buyers of its neighbours, and `n_sweeps · neighbours²`;
//! scoring `O(|history| · links + n_items)`.

use crate::ease::regress_each;
use crate::links::{self, above_0, at_least_0, at_least_1, rooted, roots};
use crate::saved::Save;
use crate::signal::distinct;
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::Csr;
use learn::container::{ContainerError, Reader, Writer};

/// How the weights are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlimParams {
    /// Weight of the summed weights, at least 0: larger leaves fewer of them.
    pub l1: f32,
    /// Weight of the squared weights, above 0.
    pub l2: f32,
    /// Most similar items that may predict an item, at least 1.
    pub neighbours: usize,
    /// Times that all weights are gone through at most, at least 1.
    pub n_sweeps: usize,
    /// Change of a weight below which it stands, above 0.
    pub tolerance: f32,
}

impl Default for SlimParams {
    fn default() -> Self {
        Self { l1: 0.5, l2: 100.0, neighbours: 200, n_sweeps: 30, tolerance: 1e-4 }
    }
}

/// Fitted model: `links(i, j)` is the weight of item `i` in the prediction of `j`.
#[derive(Clone, Debug, PartialEq)]
pub struct Slim {
    links: Csr,
}

impl Fit for SlimParams {
    type Model = Slim;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range.
    fn fit(&self, train: &Interactions, _seed: Seed) -> Result<Slim, FitError> {
        at_least_0("l1", self.l1)?;
        above_0("l2", self.l2)?;
        at_least_1("neighbours", self.neighbours)?;
        at_least_1("n_sweeps", self.n_sweeps)?;
        above_0("tolerance", self.tolerance)?;
        let (by_shopper, by_item) = rooted(train);
        let solve = |matrix: &mut [f32], rhs: &mut [f32]| {
            self.descend(matrix, rhs);
            Ok(())
        };
        Ok(Slim { links: regress_each(&by_shopper, &by_item, self.neighbours, solve)? })
    }
}

impl SlimParams {
    /// Turns the right-hand side `b` into the weights. `rest` is `b − matrix · w` all the time, so that a
    /// weight that does not move costs nothing.
    fn descend(&self, matrix: &[f32], b: &mut [f32]) {
        let n = b.len();
        let mut rest = b.to_vec();
        b.fill(0.0);
        for _ in 0..self.n_sweeps {
            let mut moved = 0.0_f32;
            for i in 0..n {
                let own = matrix[i * n + i];
                let new = ((rest[i] + own * b[i] - self.l1) / (own + self.l2)).max(0.0);
                let change = new - b[i];
                if change != 0.0 {
                    b[i] = new;
                    moved = moved.max(change.abs());
                    let row = &matrix[i * n..(i + 1) * n];
                    rest.iter_mut().zip(row).for_each(|(r, g)| *r -= change * g);
                }
            }
            if moved <= self.tolerance {
                break;
            }
        }
    }
}

impl Score for Slim {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        links::score(&self.links, &roots(distinct(history, self.links.n_rows())), candidates)
    }
}

impl Save for Slim {
    fn save(&self, to: &mut Writer) {
        to.csr("links", &self.links);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        Ok(Self { links: links::load(from)? })
    }
}

impl Explain for Slim {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        links::explain(&self.links, &roots(distinct(history, self.links.n_rows())), candidate, "predicted from")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIGHT: SlimParams = SlimParams { l1: 0.2, l2: 1.0, neighbours: 9, n_sweeps: 500, tolerance: 1e-7 };

    /// Item 0 has 2 buyers, 1 has 3, 1 of them the same: (1 − 0.2) / (2 + 1) from 0 to 1 and 0.8 / 4 back. With
    /// `l1` above 1 nothing is left.
    #[test]
    fn two_items_by_hand() {
        let train = Interactions::from_baskets(2, [&[0, 1][..], &[0], &[1], &[1]]);
        let both = [ItemIdx(0), ItemIdx(1)];
        let model = TIGHT.fit(&train, Seed(0)).unwrap();
        let got = model.score(History::of(&both[..1]), &both);
        assert!(got[0].is_none() && (got[1].unwrap() - 0.8 / 3.0).abs() < 1e-6, "{got:?}");
        let back = model.score(History::of(&both[1..]), &both)[0].unwrap();
        assert!((back - 0.2).abs() < 1e-6);
        let none = SlimParams { l1: 1.5, ..TIGHT }.fit(&train, Seed(0)).unwrap();
        assert_eq!(none.score(History::of(&both[..1]), &both), [None, None]);
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let train = Interactions::from_baskets(1, [&[0][..]]);
        for (params, want) in [
            (SlimParams { l1: -1.0, ..TIGHT }, "l1"),
            (SlimParams { l2: 0.0, ..TIGHT }, "l2"),
            (SlimParams { neighbours: 0, ..TIGHT }, "neighbours"),
            (SlimParams { n_sweeps: 0, ..TIGHT }, "n_sweeps"),
            (SlimParams { tolerance: 0.0, ..TIGHT }, "tolerance"),
        ] {
            assert!(matches!(params.fit(&train, Seed(0)), Err(FitError::Param { name, .. }) if name == want));
        }
    }

    proptest! {
        /// The conditions of Karush, Kuhn and Tucker: where a weight is above 0 its gradient is 0, where
        /// it is 0 the gradient is not negative.
        #[test]
        fn the_weights_are_the_minimum(
            baskets in prop::collection::vec(prop::collection::btree_set(0_u32..6, 1..5), 3..14),
        ) {
            let baskets: Vec<Vec<u32>> = baskets.into_iter().map(|b| b.into_iter().collect()).collect();
            let train = Interactions::from_baskets(6, baskets.iter().map(Vec::as_slice));
            let model = TIGHT.fit(&train, Seed(0)).unwrap();
            let together = |i: u32, j: u32| baskets.iter().filter(|b| b.contains(&i) && b.contains(&j)).count() as f32;
            let weight = |i: u32, j: u32| {
                model.links.cells(i as usize).find(|(to, _)| *to == j).map_or(0.0, |(_, w)| w)
            };
            for j in 0..6 {
                for i in (0..6).filter(|i| *i != j) {
                    let fitted: f32 = (0..6).map(|k| together(i, k) * weight(k, j)).sum();
                    let gradient = fitted - together(i, j) + TIGHT.l2 * weight(i, j) + TIGHT.l1;
                    let fine = if weight(i, j) > 0.0 { gradient.abs() < 1e-3 } else { gradient > -1e-3 };
                    prop_assert!(fine && weight(i, j) >= 0.0, "{} {}: {} {}", i, j, weight(i, j), gradient);
                }
            }
        }
    }
}
