//! A walk of up to three hops over the graph of items that shoppers have together.
//!
//! With `A` one step from item to item (see `walk.rs`: powers of the item that is left, of the shopper
//! in between, and of the item that is reached) and `g` its largest eigenvalue,
//! `W = A + second_hop · A² / g + third_hop · A³ / g²`, and the score of `j` is `Σ w(i) W(i, j)` over the history.
//! Dividing by `g` keeps hops comparable whatever the powers: a longer walk neither grows nor fades. The
//! second hop reaches items that no shopper has together with one of the history, which matters where
//! data are thin. With powers ½, 1, ½ and equal hop weights it is the propagation of LightGCN, untrained.
//!
//! Sources: Cooper et al., "Random walks in recommender systems", WWW 2014; Christoffel et al., "Blockbusters
//! and wallflowers", RecSys 2015; He et al., "LightGCN", SIGIR 2020. Cost: fitting `O(Σ_s |history(s)|²)` for
//! a step, then for each item the neighbours of its neighbours, `O(n_items · k²)` for two hops and at most
//! `O(n_items² · k)` for three; scoring `O(|history| · k + n_items)`.

use crate::links::{self, at_least_0, at_least_1};
use crate::saved::Save;
use crate::signal::distinct;
use crate::walk::{Exponents, growth, step};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::{Accumulator, Csr, keep_largest};
use rayon::prelude::*;

/// How the walk is weighted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ItemGraphParams {
    /// Power by which the weight of the item that is left is divided out, at least 0.
    pub from_exponent: f32,
    /// Power for the length of the history of the shopper in between, at least 0.
    pub via_exponent: f32,
    /// Power for the item that is reached, at least 0: how far popularity is discounted.
    pub to_exponent: f32,
    /// Weight of two hops beside one, at least 0.
    pub second_hop: f32,
    /// Weight of three hops beside one, at least 0.
    pub third_hop: f32,
    /// Items kept for each item, in a step and in the sum of all hops, at least 1.
    pub k: usize,
}

impl Default for ItemGraphParams {
    fn default() -> Self {
        Self { from_exponent: 0.5, via_exponent: 0.7, to_exponent: 0.5, second_hop: 0.3, third_hop: 0.0, k: 1_000 }
    }
}

/// Fitted model: `links(i, j)` is `W(i, j)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemGraph {
    links: Csr,
}

impl Fit for ItemGraphParams {
    type Model = ItemGraph;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range.
    fn fit(&self, train: &Interactions, _seed: Seed) -> Result<ItemGraph, FitError> {
        at_least_1("k", self.k)?;
        at_least_0("second_hop", self.second_hop)?;
        at_least_0("third_hop", self.third_hop)?;
        let exponents = Exponents { from: self.from_exponent, via: self.via_exponent, to: self.to_exponent };
        exponents.check(["from_exponent", "via_exponent", "to_exponent"])?;
        Ok(ItemGraph { links: self.hops(step(train, exponents, self.k)) })
    }
}

impl ItemGraphParams {
    fn hops(&self, one: Csr) -> Csr {
        if self.second_hop == 0.0 && self.third_hop == 0.0 {
            return one;
        }
        let n = one.n_rows();
        let fade = 1.0 / growth(&one);
        let row = |sums: &mut Accumulator, i: usize| {
            let mut walk = |from: &[(u32, f32)], factor: f32| {
                from.iter().for_each(|(item, value)| sums.add_row(factor * value, one.row(*item as usize)));
                sums.take()
            };
            let first: Vec<(u32, f32)> = one.cells(i).collect();
            let second = walk(&first, fade);
            let third = if self.third_hop > 0.0 { walk(&second, fade) } else { Vec::new() };
            for (cells, weight) in [(&first, 1.0), (&second, self.second_hop), (&third, self.third_hop)] {
                cells.iter().filter(|_| weight > 0.0).for_each(|(item, value)| sums.add(*item, weight * value));
            }
            let mut cells = sums.take();
            cells.retain(|(j, _)| *j as usize != i);
            keep_largest(&mut cells, self.k);
            cells
        };
        let rows: Vec<Vec<(u32, f32)>> = (0..n).into_par_iter().map_init(|| Accumulator::new(n), row).collect();
        Csr::from_rows(n, rows)
    }
}

impl Score for ItemGraph {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        links::score(&self.links, &distinct(history, self.links.n_rows()), candidates)
    }
}

impl Save for ItemGraph {
    fn save(&self, to: &mut Writer) {
        to.csr("links", &self.links);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        Ok(Self { links: links::load(from)? })
    }
}

impl Explain for ItemGraph {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let items = distinct(history, self.links.n_rows());
        links::explain(&self.links, &items, candidate, "reached over the graph from")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: ItemGraphParams = ItemGraphParams {
        from_exponent: 0.0,
        via_exponent: 0.0,
        to_exponent: 0.0,
        second_hop: 0.5,
        third_hop: 0.0,
        k: 9,
    };

    /// A chain 0 – 1 – 2 – 3 of counts 1: its largest eigenvalue is the golden ratio g = 1.618. From item 0:
    /// one hop to 1; two hops to 2 (½ / g); three hops back to 1 (over 0 and over 2: 2 ways) and to 3 (1 way).
    #[test]
    fn a_chain_of_items_by_hand() {
        let train = Interactions::from_baskets(4, [&[0, 1][..], &[1, 2], &[2, 3]]);
        let all = [ItemIdx(0), ItemIdx(1), ItemIdx(2), ItemIdx(3)];
        let scores = |params: ItemGraphParams| params.fit(&train, Seed(0)).unwrap().score(History::of(&all[..1]), &all);
        let g = f32::midpoint(1.0, 5_f32.sqrt());
        let two = scores(PLAIN);
        assert_eq!((two[0], two[1], two[3]), (None, Some(1.0), None));
        assert!((two[2].unwrap() - 0.5 / g).abs() < 1e-4, "{two:?}");
        let three = scores(ItemGraphParams { third_hop: 0.25, ..PLAIN });
        assert!((three[1].unwrap() - (1.0 + 0.25 * 2.0 / (g * g))).abs() < 1e-4, "{three:?}");
        assert!((three[3].unwrap() - 0.25 / (g * g)).abs() < 1e-4, "{three:?}");
        let one = scores(ItemGraphParams { second_hop: 0.0, ..PLAIN });
        assert_eq!(one, [None, Some(1.0), None, None]);
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let train = Interactions::from_baskets(1, [&[0][..]]);
        for (params, want) in [
            (ItemGraphParams { k: 0, ..PLAIN }, "k"),
            (ItemGraphParams { second_hop: -1.0, ..PLAIN }, "second_hop"),
            (ItemGraphParams { third_hop: f32::NAN, ..PLAIN }, "third_hop"),
            (ItemGraphParams { via_exponent: -0.5, ..PLAIN }, "via_exponent"),
        ] {
            assert!(matches!(params.fit(&train, Seed(0)), Err(FitError::Param { name, .. }) if name == want));
        }
    }
}
