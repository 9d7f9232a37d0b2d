//! Cohort retention: of the shoppers who first ordered in a month, the share who order again in
//! each later month.
//!
//! `retention(c, m) = shoppers of cohort c active m months later / size of c`, with Wilson's
//! interval. The size is the count at `m = 0`. A month that the data fully cover and in which
//! nobody came back is a true 0; a month after the last covered one is absent, never 0.
//!
//! The pooled curve divides sums over the cohorts that are old enough for `m`, so a young cohort
//! does not pull the tail down. Cost: linear in the cells.

use crate::figures::{LEVEL, share};
use crate::{AudienceError, Month};
use domain::{Figure, Interval};
use learn::interval::wilson;
use std::collections::BTreeMap;

/// One row of the table `cohorts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CohortCount {
    /// Month of the first order.
    pub cohort: Month,
    /// Months since then; 0 is the first.
    pub months_since: u32,
    /// Shoppers of the cohort who ordered in that month.
    pub n_active: u64,
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetentionCell {
    /// Shoppers who ordered.
    pub n_active: u64,
    /// Their share of the cohort.
    pub share: f64,
    /// Its Wilson interval.
    pub interval: Interval,
}

/// One cohort.
#[derive(Clone, Debug, PartialEq)]
pub struct Cohort {
    /// Month of the first order.
    pub cohort: Month,
    /// Shoppers in it.
    pub size: u64,
    /// Cell `m` is `m` months later; as many as the data cover.
    pub cells: Vec<RetentionCell>,
}

/// Retention of all cohorts.
#[derive(Clone, Debug, PartialEq)]
pub struct Retention {
    cohorts: Vec<Cohort>,
}

/// The table of retention. `last` is the last month that the data cover in full; rows after it
/// are left out, because a month cut off on its ninth day looks like a mass departure.
///
/// # Errors
/// [`AudienceError::Cohort`] for a cell given twice, a cohort without its first month, or more
/// active shoppers than the cohort has.
pub fn retention(rows: &[CohortCount], last: Month) -> Result<Retention, AudienceError> {
    let mut counts: BTreeMap<Month, BTreeMap<u32, u64>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.cohort.plus(row.months_since as i32) <= last) {
        let before = counts.entry(row.cohort).or_default().insert(row.months_since, row.n_active);
        if before.is_some() {
            return Err(wrong(row.cohort, row.months_since, "one row a cell is right, there are two"));
        }
    }
    let one = |(cohort, active): (Month, BTreeMap<u32, u64>)| -> Result<Cohort, AudienceError> {
        let size = active.get(&0).copied().filter(|&n| n > 0);
        let size = size.ok_or_else(|| wrong(cohort, 0, "the first month has to have the whole cohort"))?;
        let cell = |m: u32| {
            let n_active = active.get(&m).copied().unwrap_or(0);
            let interval = wilson(n_active, size, LEVEL)
                .ok_or_else(|| wrong(cohort, m, "no more shoppers can be active than the cohort has"))?;
            Ok(RetentionCell { n_active, share: n_active as f64 / size as f64, interval })
        };
        let cells: Result<Vec<_>, AudienceError> = (0..=last.since(cohort) as u32).map(cell).collect();
        Ok(Cohort { cohort, size, cells: cells? })
    };
    Ok(Retention { cohorts: counts.into_iter().map(one).collect::<Result<_, _>>()? })
}

fn wrong(cohort: Month, months_since: u32, what: &'static str) -> AudienceError {
    AudienceError::Cohort { cohort, months_since, what }
}

impl Retention {
    /// The cohorts, oldest first.
    pub fn cohorts(&self) -> &[Cohort] {
        &self.cohorts
    }

    /// Pooled retention `m` months after the first order, for each `m` that some cohort has
    /// reached. Entry 0 is the whole cohort. Key `retention.month_<m>`.
    pub fn curve(&self) -> Vec<Figure> {
        let longest = self.cohorts.iter().map(|c| c.cells.len()).max().unwrap_or(0);
        (0..longest)
            .map(|m| {
                let old_enough = || self.cohorts.iter().filter(|c| c.cells.len() > m);
                let active = old_enough().map(|c| c.cells[m].n_active).sum();
                let size = old_enough().map(|c| c.size).sum();
                share(&format!("retention.month_{m}"), active, size).formula(format!(
                    "shoppers who ordered {m} months after the month of their first order / shoppers whose first \
                     order is at least {m} months old; 95 % Wilson interval"
                ))
            })
            .collect()
    }

    /// The month after which a reminder is due: the `m ≥ 1` whose pooled retention fell most below
    /// the month before (from `m = 2` on, because every curve falls at `m = 1`), and by how much.
    /// `None` when fewer than three months are shown or the curve never falls.
    pub fn steepest_drop(&self) -> Option<(usize, f64)> {
        let shown: Vec<f64> = self.curve().iter().map_while(Figure::as_f64).collect();
        let drops = shown.windows(2).enumerate().skip(1).map(|(m, pair)| (m + 1, pair[0] - pair[1]));
        // The first of equal drops.
        drops.filter(|d| d.1 > 0.0).reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::FigureValue;

    const JAN: Month = Month { year: 2024, month: 1 };

    fn row(cohort: u32, months_since: u32, n_active: u64) -> CohortCount {
        CohortCount { cohort: Month { year: 2024, month: cohort }, months_since, n_active }
    }

    /// January 100 with 30, 20, 18 later, February 50 with 10 and none, March 40, all up to April.
    fn table() -> Vec<CohortCount> {
        vec![row(1, 0, 100), row(1, 1, 30), row(1, 2, 20), row(1, 3, 18), row(2, 0, 50), row(2, 1, 10), row(3, 0, 40)]
    }

    // Month 1: (30 + 10 + 0) / (100 + 50 + 40); month 2: (20 + 0) / 150; month 3: 18 / 100.
    #[test]
    fn cells_and_the_pooled_curve_by_hand() {
        let retention = retention(&table(), JAN.plus(3)).unwrap();
        let sizes: Vec<(u64, usize)> = retention.cohorts().iter().map(|c| (c.size, c.cells.len())).collect();
        assert_eq!(sizes, [(100, 4), (50, 3), (40, 2)]);
        let january = &retention.cohorts()[0].cells[1];
        assert_eq!((january.n_active, january.share), (30, 0.3));
        assert!(january.interval.low > 0.21 && january.interval.high < 0.40);
        assert_eq!(retention.cohorts()[1].cells[2].share, 0.0);
        let curve: Vec<f64> = retention.curve().iter().filter_map(Figure::as_f64).collect();
        assert_eq!(curve, [1.0, 40.0 / 190.0, 20.0 / 150.0, 0.18]);
        let (month, drop) = retention.steepest_drop().unwrap();
        assert!(month == 2 && (drop - (40.0 / 190.0 - 20.0 / 150.0)).abs() < 1e-12);
    }

    #[test]
    fn months_after_the_last_full_one_are_absent_not_zero() {
        let retention = retention(&table(), JAN.plus(2)).unwrap();
        let lengths: Vec<usize> = retention.cohorts().iter().map(|c| c.cells.len()).collect();
        assert_eq!(lengths, [3, 2, 1]);
        assert_eq!(retention.curve().len(), 3);
    }

    #[test]
    fn contradictions_are_named_by_their_cell() {
        let check = |extra: &[CohortCount]| retention(&[table(), extra.to_vec()].concat(), JAN.plus(3)).unwrap_err();
        assert!(matches!(check(&[row(1, 1, 2)]), AudienceError::Cohort { cohort: JAN, months_since: 1, .. }));
        assert!(matches!(check(&[row(3, 1, 41)]), AudienceError::Cohort { months_since: 1, .. }));
        assert!(matches!(check(&[row(4, 0, 0)]), AudienceError::Cohort { months_since: 0, .. }));
    }

    #[test]
    fn a_small_cohort_shows_no_number() {
        let retention = retention(&[row(1, 0, 5), row(1, 1, 2)], JAN.plus(1)).unwrap();
        assert_eq!(retention.curve()[1].value, FigureValue::TooLittleData { have: 5, need: 30 });
        assert_eq!(retention.steepest_drop(), None);
    }
}
