//! What buy-till-you-die models see of a shopper: how often, how recently, for how long.
//!
//! | word | is | in the papers |
//! |---|---|---|
//! | repeats | distinct days with a purchase, the first left out | x |
//! | recency | weeks from the first purchase to the last, 0 without a repeat | t_x |
//! | age | weeks from the first purchase to the end of what was observed | T |
//!
//! Days are divided by 7 and not rounded. A [`PurchaseTable`] keeps identical rows once, with their number, and the distinct
//! values of each column once: a likelihood takes its logarithms and gamma functions a value, not a
//! shopper. The models expect nothing of the unit beyond that it is the same everywhere.
//!
//! Cost: one sort of the rows.

use super::ValueError;
use rayon::prelude::*;

/// Purchases of one shopper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Purchases {
    /// Repeat purchase days.
    pub repeats: u32,
    /// Weeks from the first purchase to the last.
    pub recency: f64,
    /// Weeks from the first purchase to the end of observation.
    pub age: f64,
}

impl Purchases {
    /// From its three numbers.
    pub const fn new(repeats: u32, recency: f64, age: f64) -> Self {
        Self { repeats, recency, age }
    }

    /// # Errors
    /// [`ValueError::Purchases`] where the three contradict each other.
    pub fn check(&self) -> Result<(), ValueError> {
        let wrong = |rule| Err(ValueError::Purchases { purchases: *self, rule });
        if !(self.age.is_finite() && self.age >= 0.0) {
            return wrong("the age has to be a finite number, 0 or more");
        }
        if !(self.recency.is_finite() && (0.0..=self.age).contains(&self.recency)) {
            return wrong("the recency has to lie between 0 and the age");
        }
        if self.repeats == 0 && self.recency > 0.0 {
            return wrong("without a repeat purchase the recency has to be 0");
        }
        Ok(())
    }
}

/// One distinct row: positions in the columns of distinct values, and how many shoppers share it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Row {
    pub repeats: u32,
    pub recency: u32,
    pub age: u32,
    pub n: f64,
    /// How many times as fast its time runs: 1 but for tables made by [`PurchaseTable::paced`].
    pub pace: f64,
}

/// The distinct rows of many shoppers.
#[derive(Clone, Debug, PartialEq)]
pub struct PurchaseTable {
    pub(crate) repeats: Vec<f64>,
    pub(crate) recencies: Vec<f64>,
    pub(crate) ages: Vec<f64>,
    pub(crate) rows: Vec<Row>,
    row_of: Vec<u32>,
    n_shoppers: f64,
    sum_repeats: f64,
    sum_age: f64,
}

/// Rows that one thread works on at a time; sums are reduced in this order whatever the number of threads.
pub(crate) const CHUNK: usize = 8_192;

impl PurchaseTable {
    /// One row a shopper.
    ///
    /// # Errors
    /// As [`Purchases::check`].
    pub fn new(shoppers: &[Purchases]) -> Result<Self, ValueError> {
        Self::build(shoppers, |_| 1.0, |_| 1.0)
    }

    /// Rows that already say how many shoppers share them.
    ///
    /// # Errors
    /// As [`Purchases::check`].
    pub fn counted(rows: &[(Purchases, u64)]) -> Result<Self, ValueError> {
        let shoppers: Vec<Purchases> = rows.iter().map(|(p, _)| *p).collect();
        Self::build(&shoppers, |i| rows[i].1 as f64, |_| 1.0)
    }

    /// One row a shopper whose time runs so many times as fast as the market's: recency and age are stretched by it, and so is
    /// what is looked ahead. Then `r` and the drop-out are those of all, and the purchase rate is the pace times that of the
    /// market.
    ///
    /// # Errors
    /// As [`Purchases::check`]; [`ValueError::Param`] for a pace that is not above 0.
    pub fn paced(shoppers: &[Purchases], pace: &[f64]) -> Result<Self, ValueError> {
        if let Some(&got) = pace.iter().find(|p| !(p.is_finite() && **p > 0.0)) {
            return Err(ValueError::Param { name: "pace", rule: "above 0", got });
        }
        let stretched = |(p, pace): (&Purchases, &f64)| Purchases::new(p.repeats, p.recency * pace, p.age * pace);
        let shoppers: Vec<Purchases> = shoppers.iter().zip(pace).map(stretched).collect();
        Self::build(&shoppers, |_| 1.0, |i| pace[i])
    }

    fn build(
        shoppers: &[Purchases],
        n: impl Fn(usize) -> f64,
        pace: impl Fn(usize) -> f64,
    ) -> Result<Self, ValueError> {
        for shopper in shoppers {
            shopper.check()?;
        }
        // Non-negative floats compare as their bits.
        let mut keys: Vec<(u32, u64, u64, u64, u32)> = shoppers
            .iter()
            .enumerate()
            .map(|(i, p)| {
                (p.repeats, (p.age + 0.0).to_bits(), pace(i).to_bits(), (p.recency + 0.0).to_bits(), i as u32)
            })
            .collect();
        keys.par_sort_unstable();
        let column = |of: fn(&Purchases) -> f64| {
            let mut values: Vec<u64> = shoppers.iter().map(|p| (of(p) + 0.0).to_bits()).collect();
            values.par_sort_unstable();
            values.dedup();
            values
        };
        let (ages, recencies) = (column(|p| p.age), column(|p| p.recency));
        let mut table = Self {
            repeats: Vec::new(),
            recencies: recencies.iter().map(|&b| f64::from_bits(b)).collect(),
            ages: ages.iter().map(|&b| f64::from_bits(b)).collect(),
            rows: Vec::new(),
            row_of: vec![0; shoppers.len()],
            n_shoppers: 0.0,
            sum_repeats: 0.0,
            sum_age: 0.0,
        };
        let mut last = None;
        for (repeats, age, own_pace, recency, i) in keys {
            let count = n(i as usize);
            if last != Some((repeats, age, own_pace, recency)) {
                if table.repeats.last() != Some(&f64::from(repeats)) {
                    table.repeats.push(f64::from(repeats));
                }
                let at = |column: &[u64], value| column.partition_point(|&v| v < value) as u32;
                table.rows.push(Row {
                    repeats: table.repeats.len() as u32 - 1,
                    recency: at(&recencies, recency),
                    age: at(&ages, age),
                    n: 0.0,
                    pace: f64::from_bits(own_pace),
                });
                last = Some((repeats, age, own_pace, recency));
            }
            let row = table.rows.len() - 1;
            table.rows[row].n += count;
            table.row_of[i as usize] = row as u32;
            table.n_shoppers += count;
            table.sum_repeats += count * f64::from(repeats);
            table.sum_age += count * f64::from_bits(age);
        }
        Ok(table)
    }

    /// Number of shoppers.
    pub fn n_shoppers(&self) -> f64 {
        self.n_shoppers
    }

    /// Number of distinct rows.
    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Position of the distinct row of each shopper, in the order they came.
    pub fn row_of(&self) -> &[u32] {
        &self.row_of
    }

    /// A distinct row, and how many shoppers share it.
    pub fn row(&self, i: usize) -> (Purchases, f64) {
        let row = &self.rows[i];
        let purchases = Purchases {
            repeats: self.repeats[row.repeats as usize] as u32,
            recency: self.recencies[row.recency as usize],
            age: self.ages[row.age as usize],
        };
        (purchases, row.n)
    }

    /// How many times as fast the time of a distinct row runs.
    pub fn pace(&self, i: usize) -> f64 {
        self.rows[i].pace
    }

    /// Repeat purchases of all shoppers.
    pub fn sum_repeats(&self) -> f64 {
        self.sum_repeats
    }

    /// Ages of all shoppers together, in weeks.
    pub fn sum_age(&self) -> f64 {
        self.sum_age
    }

    /// A sum over the distinct rows of `N` numbers each, in a fixed order.
    pub(crate) fn sum<const N: usize>(&self, part: impl Fn(&Row) -> [f64; N] + Sync) -> [f64; N] {
        let chunk = |rows: &[Row]| {
            let mut sum = [0.0; N];
            for row in rows {
                for (total, value) in sum.iter_mut().zip(part(row)) {
                    *total += row.n * value;
                }
            }
            sum
        };
        if self.rows.len() <= CHUNK {
            return chunk(&self.rows);
        }
        let parts: Vec<[f64; N]> = self.rows.par_chunks(CHUNK).map(chunk).collect();
        parts.iter().fold([0.0; N], |mut sum, part| {
            sum.iter_mut().zip(part).for_each(|(total, value)| *total += value);
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identical_shoppers_are_one_row_and_everybody_finds_theirs() {
        let one = Purchases::new(2, 5.0, 9.0);
        let other = Purchases::new(0, 0.0, 9.0);
        let table = PurchaseTable::new(&[one, other, one]).unwrap();
        assert_eq!((table.n_rows(), table.n_shoppers(), table.sum_repeats(), table.sum_age()), (2, 3.0, 4.0, 27.0));
        let back: Vec<Purchases> = table.row_of().iter().map(|&r| table.row(r as usize).0).collect();
        assert_eq!(back, [one, other, one]);
        let counted = PurchaseTable::counted(&[(other, 1), (one, 2)]).unwrap();
        assert_eq!((counted.rows, counted.ages), (table.rows, table.ages));
    }

    #[test]
    fn a_pace_stretches_time_and_keeps_rows_apart() {
        let one = Purchases::new(2, 5.0, 9.0);
        let table = PurchaseTable::paced(&[one, one, one], &[1.0, 2.0, 2.0]).unwrap();
        assert_eq!((table.n_rows(), table.row_of()[1]), (2, table.row_of()[2]));
        let at = |shopper: usize| table.row_of()[shopper] as usize;
        assert_eq!((table.row(at(0)).0, table.pace(at(0))), (one, 1.0));
        assert_eq!((table.row(at(1)).0, table.pace(at(1))), (Purchases::new(2, 10.0, 18.0), 2.0));
        assert!(PurchaseTable::paced(&[one], &[0.0]).is_err());
    }

    #[test]
    fn contradictions_are_named() {
        for bad in [(0, 1.0, 3.0), (1, 4.0, 3.0), (1, 0.0, f64::NAN), (1, -1.0, 3.0), (0, 0.0, -1.0)] {
            let purchases = Purchases::new(bad.0, bad.1, bad.2);
            assert!(matches!(PurchaseTable::new(&[purchases]), Err(ValueError::Purchases { .. })), "{bad:?}");
        }
    }

    #[test]
    fn a_sum_over_many_rows_does_not_depend_on_the_number_of_threads() {
        let shoppers: Vec<Purchases> =
            (0..30_000).map(|i| Purchases::new(i % 7 + 1, 0.1, 1.0 + f64::from(i) * 0.37)).collect();
        let table = PurchaseTable::new(&shoppers).unwrap();
        let at = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| table.sum(|row| [table.ages[row.age as usize].ln(), 1.0]))
        };
        assert_eq!(at(1), at(3));
        assert_eq!(at(2)[1], 30_000.0);
    }
}
