//! The allocation that brings most: exact for curves with diminishing returns, proven within a stated gap for S-shaped ones.
//!
//! Each response is replaced by its concave envelope ([`super::envelope`]); the best flow under the envelopes
//! ([`super::flow`]) is an upper bound and, where no cell lies on a straight part, already the optimum. Otherwise the range of
//! the cell that owes most to its envelope is split at its present spend and both halves are bounded again, the better half
//! first (branch and bound over ranges; Falk and Soland, "An algorithm for separable nonconvex programming problems",
//! Management Science 15(9), 1969). Every bounded flow, polished on the real curves, is a candidate. Where the number of
//! splits runs out, the best candidate is returned with the bound that is left.
//!
//! Amounts are whole minor units throughout: the sum is the budget to the cent and no limit is passed by rounding.
//! Cost: one flow a split; about half a second for 20 × 20 cells.

use super::envelope::{Curve, Envelope};
use super::flow::Network;
use super::grid::{Grid, Total};
use super::polish::polish;
use crate::spend_error::SpendError;
use domain::Money;
use serde::{Deserialize, Serialize};

/// How far the search for a proof goes.
#[derive(Clone, Debug, PartialEq)]
pub struct AllocateParams {
    /// Gap between candidate and bound, as a share of the bound, at which the search is content.
    pub gap: f64,
    /// Most splits, for a problem of few cells; divided by the number of cells beyond 20.
    pub max_splits: usize,
}

impl Default for AllocateParams {
    fn default() -> Self {
        Self { gap: 1e-6, max_splits: 400 }
    }
}

/// A limit that holds a cell where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// The cell's own least.
    CellLeast,
    /// The cell's own most.
    CellMost,
    /// The row's least or most.
    Row,
    /// The column's least or most.
    Column,
}

/// One cell of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Row.
    pub row: usize,
    /// Column.
    pub column: usize,
    /// What is spent.
    pub spend: Money,
    /// What comes back.
    pub back: f64,
    /// What the next major unit brings; infinite at 0 for some curves.
    pub marginal: f64,
    /// Limits that it has reached.
    pub held: Vec<Held>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    shares: Vec<Share>,
    spent: Money,
    back: f64,
    bound: f64,
}

impl AllocateParams {
    /// The allocation that brings most.
    ///
    /// # Errors
    /// [`SpendError`] for curves and limits out of range, [`SpendError::Infeasible`] where limits contradict each other.
    pub fn allocate(&self, grid: &Grid) -> Result<Allocation, SpendError> {
        grid.check()?;
        let network = grid.network();
        let start = network.feasible(|node| grid.node(node))?;
        let minor = grid.minor();
        let curves: Vec<Curve<'_>> = grid.open().map(|(_, _, c)| Curve { response: &c.response, minor }).collect();
        let (flow, bound) = self.search(&network, &curves, start, grid.total.most().minor);
        Ok(Allocation::new(grid, &network, &flow, bound))
    }

    /// The best flow and what no flow can exceed, both with the cost of money taken off.
    fn search(&self, network: &Network, curves: &[Curve<'_>], start: Vec<i64>, budget: i64) -> (Vec<i64>, f64) {
        let n = curves.len();
        let real = |k: usize, x: i64| curves[k].at(x);
        let worth = |flow: &[i64]| {
            let spent = flow[flow.len() - 1] as f64;
            (0..n).map(|k| real(k, flow[k])).sum::<f64>() - network.cost * spent
        };
        let first = (budget / 4).max(1);
        let mut best: Option<(f64, Vec<i64>)> = None;
        let mut offer = |mut flow: Vec<i64>| {
            if curves.iter().any(|c| !c.response.is_concave()) {
                polish(network, &mut flow, first, &real);
            }
            let value = worth(&flow);
            if best.as_ref().is_none_or(|(b, _)| value > *b) {
                best = Some((value, flow));
            }
            best.as_ref().map_or(value, |(b, _)| *b)
        };
        let Some(root) = bounded(network.clone(), curves, start, first) else { return (Vec::new(), f64::NAN) };
        let mut reached = offer(root.flow.clone());
        let mut open = vec![root];
        let mut given_up = f64::NEG_INFINITY;
        let mut splits = self.max_splits * 20 / n.max(20);
        // The region with the highest bound; the last among equals, which is the deepest.
        let highest =
            |open: &[Region]| (0..open.len()).max_by(|&a, &b| open[a].bound.total_cmp(&open[b].bound).then(a.cmp(&b)));
        while let Some(at) = highest(&open) {
            if open[at].bound <= reached + self.gap * reached.abs() || splits == 0 {
                break;
            }
            let region = open.swap_remove(at);
            let Some((cell, _)) = region.worst(curves) else {
                // Nothing to split: its bound is reached.
                continue;
            };
            splits -= 1;
            for (low, high) in region.halves(cell) {
                let mut narrow = region.network.clone();
                (narrow.arcs[cell].low, narrow.arcs[cell].high) = (low, high);
                let Ok(flow) = narrow.feasible(|_| String::new()) else { continue };
                if let Some(half) = bounded(narrow, curves, flow, first) {
                    reached = offer(half.flow.clone());
                    open.push(half);
                }
            }
            // What is given up as close enough still counts towards the bound.
            let enough = reached + self.gap * reached.abs();
            given_up = open.iter().map(|r| r.bound).filter(|b| *b <= enough).fold(given_up, f64::max);
            open.retain(|r| r.bound > enough);
        }
        let bound = open.iter().map(|r| r.bound).fold(reached.max(given_up), f64::max);
        (best.map(|(_, flow)| flow).unwrap_or_default(), bound)
    }
}

/// A region of the limits with its best flow under the envelopes.
struct Region {
    network: Network,
    envelopes: Vec<Envelope>,
    flow: Vec<i64>,
    bound: f64,
}

fn bounded(network: Network, curves: &[Curve<'_>], mut flow: Vec<i64>, first: i64) -> Option<Region> {
    let envelopes: Vec<Envelope> =
        curves.iter().zip(&network.arcs).map(|(c, arc)| Envelope::new(c, arc.low, arc.high)).collect();
    let gain = |k: usize, x: i64| envelopes[k].at(&curves[k], x);
    network.improve(&mut flow, first, 1, &gain);
    let spent = *flow.last()? as f64;
    let bound = (0..curves.len()).map(|k| gain(k, flow[k])).sum::<f64>() - network.cost * spent;
    Some(Region { network, envelopes, flow, bound })
}

impl Region {
    /// The cell whose envelope promises most beyond its curve.
    fn worst(&self, curves: &[Curve<'_>]) -> Option<(usize, f64)> {
        let owed = |k: usize| self.envelopes[k].at(&curves[k], self.flow[k]) - curves[k].at(self.flow[k]);
        (0..curves.len())
            .map(|k| (k, owed(k)))
            .filter(|(_, owed)| *owed > 1e-12 * (1.0 + self.bound.abs()))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
    }

    /// Its range, split at its present spend.
    fn halves(&self, cell: usize) -> [(i64, i64); 2] {
        let arc = self.network.arcs[cell];
        let middle = self.flow[cell].clamp(arc.low, arc.high - 1);
        [(middle + 1, arc.high), (arc.low, middle)]
    }
}

impl Allocation {
    fn new(grid: &Grid, network: &Network, flow: &[i64], bound: f64) -> Self {
        let currency = grid.currency();
        let minor = grid.minor();
        let at_limit = |k: usize| {
            let arc = network.arcs[k];
            flow[k] == arc.high && arc.high < grid.total.most().minor || flow[k] == arc.low && arc.low > 0
        };
        let share = |(k, (row, column, cell)): (usize, (usize, usize, &super::grid::Cell))| {
            let arc = network.arcs[k];
            let mut held = Vec::new();
            if flow[k] == arc.low && cell.limits.least > 0 {
                held.push(Held::CellLeast);
            }
            if cell.limits.most == Some(flow[k]) {
                held.push(Held::CellMost);
            }
            if at_limit(network.n_cells + row) {
                held.push(Held::Row);
            }
            if at_limit(network.n_cells + grid.rows.len() + column) {
                held.push(Held::Column);
            }
            let spend = flow[k] as f64 / minor;
            Share {
                row,
                column,
                spend: Money { minor: flow[k], currency },
                back: cell.response.at(spend),
                marginal: cell.response.marginal(spend),
                held,
            }
        };
        let shares: Vec<Share> = grid.open().enumerate().map(share).collect();
        let spent = shares.iter().map(|s| s.spend.minor).sum();
        let back: f64 = shares.iter().map(|s| s.back).sum();
        // The bound of the search has the cost of money taken off; give it back for what is spent.
        let bound = match grid.total {
            Total::Exactly(_) => bound,
            Total::UpTo { worth, .. } => bound + worth * spent as f64 / minor,
        };
        Self { shares, spent: Money { minor: spent, currency }, back, bound: bound.max(back) }
    }

    /// Cells that may take money, row by row.
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// Sum of all cells.
    pub fn spent(&self) -> Money {
        self.spent
    }

    /// What comes back, in the unit of the curves.
    pub fn back(&self) -> f64 {
        self.back
    }

    /// What no allocation of this spend can exceed.
    pub fn bound(&self) -> f64 {
        self.bound
    }

    /// How far this allocation may lie below the best one, as a share of the bound.
    pub fn gap(&self) -> f64 {
        if self.bound > 0.0 { (self.bound - self.back) / self.bound } else { 0.0 }
    }

    /// Sum of a row.
    pub fn row(&self, row: usize) -> Money {
        self.sum(|s| s.row == row)
    }

    /// Sum of a column.
    pub fn column(&self, column: usize) -> Money {
        self.sum(|s| s.column == column)
    }

    fn sum(&self, which: impl Fn(&Share) -> bool) -> Money {
        let minor = self.shares.iter().filter(|s| which(s)).map(|s| s.spend.minor).sum();
        Money { minor, currency: self.spent.currency }
    }
}
