//! How sure an allocation is: its return, its marginal returns and its shares over many equally likely sets of curves.
//!
//! A set is one resample of the fit behind the curves. The allocation is valued under each; for some of them the best
//! allocation is found anew, which shows whether a share is a finding or an accident of the fit. Cost: a valuation a set, an
//! allocation for each of the sets that are solved again.

use super::allocate::{AllocateParams, Allocation};
use super::grid::{Cell, Grid};
use super::response::Response;
use crate::spend_error::SpendError;
use domain::Interval;
use learn::quantile::{quantile_sorted, sorted};
use rayon::prelude::*;

/// Effort and coverage.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadParams {
    /// Coverage of the intervals, in (0, 1).
    pub level: f64,
    /// Sets for which the best allocation is found again.
    pub n_again: usize,
    /// How each of them is found.
    pub allocate: AllocateParams,
}

impl Default for SpreadParams {
    fn default() -> Self {
        Self { level: 0.9, n_again: 40, allocate: AllocateParams { gap: 1e-3, max_splits: 40 } }
    }
}

/// Intervals of one allocation.
#[derive(Clone, Debug, PartialEq)]
pub struct AllocationSpread {
    /// Of what comes back.
    pub back: Interval,
    /// Of the marginal return of each open cell.
    pub marginal: Vec<Interval>,
    /// Of the spend that would have been best in each open cell, major units; where sets were solved again.
    pub best: Vec<Interval>,
    /// What is lost on average by not knowing which set is the true one, over the sets that were solved again.
    pub regret: f64,
}

impl SpreadParams {
    /// `draws[d][k]` is the curve of open cell `k` in set `d`.
    ///
    /// # Errors
    /// [`SpendError::Shape`] for a set of another size, [`SpendError::TooLittle`] without a set.
    pub fn spread(
        &self,
        grid: &Grid,
        allocation: &Allocation,
        draws: &[Vec<Response>],
    ) -> Result<AllocationSpread, SpendError> {
        let n = allocation.shares().len();
        if let Some(set) = draws.iter().find(|d| d.len() != n) {
            return Err(SpendError::Shape { what: "curves of a set".to_owned(), got: set.len(), need: n });
        }
        if draws.is_empty() {
            return Err(SpendError::TooLittle { what: "sets of curves", have: 0, need: 1 });
        }
        if learn::interval::two_sided(self.level).is_none() {
            return Err(SpendError::param("level", "between 0 and 1", self.level));
        }
        let spend: Vec<f64> = allocation.shares().iter().map(|s| s.spend.minor as f64 / grid.minor()).collect();
        let value = |set: &[Response]| set.iter().zip(&spend).map(|(c, x)| c.at(*x)).sum::<f64>();
        let again: Vec<Allocation> = draws[..self.n_again.min(draws.len())]
            .par_iter()
            .map(|set| self.allocate.allocate(&with(grid, set)))
            .collect::<Result<_, _>>()?;
        let lost: f64 = again.iter().zip(draws).map(|(a, set)| a.back() - value(set)).sum();
        Ok(AllocationSpread {
            back: self.interval(draws.iter().map(|set| value(set))),
            marginal: (0..n).map(|k| self.interval(draws.iter().map(|set| set[k].marginal(spend[k])))).collect(),
            best: if again.is_empty() {
                Vec::new()
            } else {
                let of = |k: usize| again.iter().map(move |a| a.shares()[k].spend.minor as f64 / grid.minor());
                (0..n).map(|k| self.interval(of(k))).collect()
            },
            regret: if again.is_empty() { 0.0 } else { (lost / again.len() as f64).max(0.0) },
        })
    }

    fn interval(&self, values: impl Iterator<Item = f64>) -> Interval {
        let ascending = sorted(&values.collect::<Vec<_>>());
        let tail = (1.0 - self.level) / 2.0;
        let at = |p: f64| quantile_sorted(&ascending, p).unwrap_or(f64::NAN);
        Interval { low: at(tail), high: at(1.0 - tail), level: self.level }
    }
}

fn with(grid: &Grid, set: &[Response]) -> Grid {
    let mut next = set.iter();
    let cells = grid.cells.iter().map(|cell| {
        let cell = cell.as_ref()?;
        Some(Cell { response: next.next()?.clone(), limits: cell.limits })
    });
    Grid { cells: cells.collect(), ..grid.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Total;
    use domain::{Currency, Money};

    #[test] // √-curves: 50/50 returns 2 · 10 √50 under (10, 10), √50 (5 + 15) under (5, 15): both 141.4; the best there is 10/90.
    fn an_allocation_under_two_sets_of_curves_by_hand() {
        let curve = |factor| Response::Power { factor, exponent: 0.5 };
        let total = Total::Exactly(Money { minor: 100, currency: Currency::new(*b"JPY") });
        let grid = Grid::channels(&["a", "b"], vec![curve(10.0), curve(10.0)], total);
        let allocation = AllocateParams::default().allocate(&grid).unwrap();
        let draws = vec![vec![curve(10.0), curve(10.0)], vec![curve(5.0), curve(15.0)]];
        let spread =
            SpreadParams { level: 0.999, ..SpreadParams::default() }.spread(&grid, &allocation, &draws).unwrap();
        let root = 50.0_f64.sqrt();
        assert!((spread.back.low - 20.0 * root).abs() < 1e-9 && (spread.back.high - 20.0 * root).abs() < 1e-9);
        assert!((spread.best[0].low - 10.0).abs() < 0.1 && (spread.best[0].high - 50.0).abs() < 0.1, "{spread:?}");
        // Knowing the second set brings 5 √10 + 15 √90 = 158.1 instead of 141.4: half of 16.7 on average.
        let gain = 5.0 * 10.0_f64.sqrt() + 15.0 * 90.0_f64.sqrt() - 20.0 * root;
        assert!((spread.regret - gain / 2.0).abs() < 1e-6);
        assert!(SpreadParams::default().spread(&grid, &allocation, &[vec![curve(1.0)]]).is_err());
    }
}
