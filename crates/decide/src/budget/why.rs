//! Why an allocation moved: the change of every cell, split over what changed in the question.
//!
//! Three things can change between two weeks: how much there is, the limits, the curves. Each is given its fair part of the
//! move, the mean over all orders of changing one after the other (Shapley, "A value for n-person games", 1953), so the parts
//! of a cell sum to its change. Where a mixture of old and new is impossible (a smaller budget under the old minimums), budget
//! and limits count as one. Cost: an allocation for every mixture, at most eight.

use super::allocate::{AllocateParams, Allocation};
use super::grid::{Cell, Grid};
use crate::said::Said;
use crate::spend_error::SpendError;
use domain::Money;
use serde::Serialize;

/// The change of one cell. Parts are in major units and sum to `to - from`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moved {
    /// Row.
    pub row: usize,
    /// Column.
    pub column: usize,
    /// Before.
    pub from: Money,
    /// After.
    pub to: Money,
    /// Because there is more or less money; with the limits in it where the two cannot be taken apart.
    pub by_total: f64,
    /// Because limits changed.
    pub by_limits: f64,
    /// Because curves changed: something was learnt about what comes back.
    pub by_curves: f64,
}

/// What a mixture takes from the new question.
#[derive(Clone, Copy, PartialEq)]
struct New {
    total: bool,
    limits: bool,
    curves: bool,
}

/// Explains the way from the allocation of one grid to that of another with the same rows, columns and open cells.
///
/// # Errors
/// [`SpendError::Shape`] for other rows or columns, and whatever an allocation refuses.
pub fn why(before: &Grid, after: &Grid, params: &AllocateParams) -> Result<Vec<Moved>, SpendError> {
    let same = |a: &Grid, b: &Grid| {
        let names = |g: &Grid| -> Vec<String> { g.rows.iter().chain(&g.columns).map(|l| l.name.clone()).collect() };
        let open = |g: &Grid| -> Vec<bool> { g.cells.iter().map(Option::is_some).collect() };
        names(a) == names(b) && open(a) == open(b) && a.currency() == b.currency()
    };
    if !same(before, after) {
        let (got, need) = (after.cells.len(), before.cells.len());
        return Err(SpendError::Shape { what: "cells of the new question".to_owned(), got, need });
    }
    let spend = |new: New| -> Result<Vec<f64>, SpendError> {
        let allocation = params.allocate(&mixed(before, after, new))?;
        Ok(allocation.shares().iter().map(|s| s.spend.minor as f64 / before.minor()).collect())
    };
    let at = |total, limits, curves| spend(New { total, limits, curves });
    let (old, new) = (params.allocate(before)?, params.allocate(after)?);
    let middle = [
        at(true, false, false),
        at(false, true, false),
        at(false, false, true),
        at(true, true, false),
        at(true, false, true),
        at(false, true, true),
    ];
    let n = old.shares().len();
    let major = |a: &Allocation, k: usize| a.shares()[k].spend.minor as f64 / before.minor();
    let parts: Vec<[f64; 3]> = match middle {
        [Ok(t), Ok(l), Ok(c), Ok(tl), Ok(tc), Ok(lc)] => (0..n)
            .map(|k| {
                let (none, all) = (major(&old, k), major(&new, k));
                // Weights 1/3 alone, 1/6 after one other, 1/3 after both.
                let part = |alone: f64, a: f64, with_a: f64, b: f64, with_b: f64, others: f64| {
                    (alone - none) / 3.0 + (with_a - a) / 6.0 + (with_b - b) / 6.0 + (all - others) / 3.0
                };
                [
                    part(t[k], l[k], tl[k], c[k], tc[k], lc[k]),
                    part(l[k], t[k], tl[k], c[k], lc[k], tc[k]),
                    part(c[k], t[k], tc[k], l[k], lc[k], tl[k]),
                ]
            })
            .collect(),
        [_, _, Ok(c), Ok(tl), _, _] => (0..n)
            .map(|k| {
                let (none, all) = (major(&old, k), major(&new, k));
                [(tl[k] - none + all - c[k]) / 2.0, 0.0, (c[k] - none + all - tl[k]) / 2.0]
            })
            .collect(),
        [_, _, Err(e), ..] | [_, _, _, Err(e), ..] => return Err(e),
    };
    let moved = |(k, [by_total, by_limits, by_curves]): (usize, [f64; 3])| {
        let (from, to) = (&old.shares()[k], &new.shares()[k]);
        Moved { row: from.row, column: from.column, from: from.spend, to: to.spend, by_total, by_limits, by_curves }
    };
    Ok(parts.into_iter().enumerate().map(moved).collect())
}

fn mixed(before: &Grid, after: &Grid, new: New) -> Grid {
    let limits = if new.limits { after } else { before };
    let curves = if new.curves { after } else { before };
    let cells = limits.cells.iter().zip(&curves.cells).map(|(limit, curve)| {
        Some(Cell { response: curve.as_ref()?.response.clone(), limits: limit.as_ref()?.limits })
    });
    Grid {
        rows: limits.rows.clone(),
        columns: limits.columns.clone(),
        cells: cells.collect(),
        total: if new.total { after.total } else { before.total },
    }
}

impl Moved {
    /// The move in a sentence, its largest cause first.
    pub fn said(&self, grid: &Grid) -> Said {
        let name = grid.name(self.row, self.column);
        let name_zh = format!("{}（{}）", grid.rows[self.row].name, grid.columns[self.column].name);
        let mut causes = [
            (self.by_total, "budget", "预算"),
            (self.by_limits, "limits", "限额"),
            (self.by_curves, "what was learnt about returns", "对回报的新认识"),
        ];
        causes.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        let list = |zh: bool| -> String {
            let told: Vec<String> = causes
                .iter()
                .filter(|c| c.0.abs() >= 0.005)
                .map(|c| if zh { format!("{}{:+.2}", c.2, c.0) } else { format!("{} {:+.2}", c.1, c.0) })
                .collect();
            told.join(if zh { "，" } else { ", " })
        };
        if self.from == self.to {
            return Said::new(format!("{name}: {} as before.", self.to), format!("{name_zh}：{}，不变。", self.to));
        }
        Said::new(
            format!("{name}: {} after {}: {}.", self.to, self.from, list(false)),
            format!("{name_zh}：由 {} 变为 {}：{}。", self.from, self.to, list(true)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Limits, Response, Total};
    use domain::Currency;

    fn grid(budget: i64, factors: [f64; 2], least: i64) -> Grid {
        let total = Total::Exactly(Money { minor: budget, currency: Currency::new(*b"JPY") });
        let curves = factors.map(|factor| Response::Power { factor, exponent: 0.5 }).to_vec();
        let mut grid = Grid::channels(&["a", "b"], curves, total);
        grid.rows[1].limits = Limits { least, most: None };
        grid
    }

    #[test] // Shares go with factor²: 50/50 of 100; of 200 100/100; with factors 1 and 3 20/180. Alone the curves give 10/90.
    fn the_parts_of_a_move_by_hand() {
        let moved = why(&grid(100, [1.0, 1.0], 0), &grid(200, [1.0, 3.0], 0), &AllocateParams::default()).unwrap();
        // a: budget ½ ((100 - 50) + (20 - 10)) = 30, curves ½ ((10 - 50) + (20 - 100)) = -60; sum -30 = 20 - 50.
        let a = &moved[0];
        assert_eq!((a.from.minor, a.to.minor), (50, 20));
        assert!(
            (a.by_total - 30.0).abs() < 1e-9 && (a.by_curves + 60.0).abs() < 1e-9 && a.by_limits.abs() < 1e-9,
            "{a:?}"
        );
        let said = a.said(&grid(1, [1.0, 1.0], 0));
        assert!(said.en.contains("returns -60.00, budget +30.00") && said.zh.contains("-60.00"), "{said:?}");
    }

    #[test]
    fn every_change_is_explained_in_full_even_where_mixtures_are_impossible() {
        for (new, least) in [(60, 0), (300, 40), (60, 10)] {
            let (before, after) = (grid(100, [1.0, 2.0], 70), grid(new, [2.0, 1.5], least));
            for m in why(&before, &after, &AllocateParams::default()).unwrap() {
                let change = (m.to.minor - m.from.minor) as f64;
                assert!((m.by_total + m.by_limits + m.by_curves - change).abs() < 1e-9, "{m:?}");
            }
        }
    }
}
