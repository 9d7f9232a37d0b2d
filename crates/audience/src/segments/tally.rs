//! Sums, counts, first and last days of rows by shopper number, in one array.
//!
//! A shopper's cells lie side by side, so that a row touches one or two lines of memory however many sums there are. Cost: a row its cells;
//! memory 8 bytes a shopper and cell, and 32 a row where rows of one key count once.

use domain::Day;

/// What a cell takes of a row; columns are counted among those that the rows bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// One.
    Count,
    /// A whole number of a column.
    Sum(usize),
    /// A column's amount, in millionths.
    Micros(usize),
    /// Its day, the smallest.
    FirstDay,
    /// Its day, the largest.
    LastDay,
    /// Whether a column was ever other than 0.
    Flag(usize),
}

/// One column of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its name.
    pub name: String,
    /// Rows before this day do not count.
    pub since: Option<Day>,
    /// What it takes of the others.
    pub what: Taken,
}

/// Rows to be tallied, column by column.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Number of the shopper of each row; others than those below the number of shoppers are nobody's.
    pub shoppers: &'a [i64],
    /// Day of each row, as [`Day`] counts.
    pub days: &'a [i32],
    /// Columns that cells take from: whole numbers, amounts in millionths, 1 and 0 for truths.
    pub columns: &'a [Vec<i64>],
    /// A print of each row's key, where rows of one key are one.
    pub keys: &'a [u128],
}

/// A result column, one value a shopper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// Counts and sums.
    Ints(Vec<i64>),
    /// Sums of amounts, in millionths.
    Micros(Vec<i64>),
    /// Days; `None` of who has none.
    Days(Vec<Option<i32>>),
    /// Flags.
    Flags(Vec<bool>),
}

/// A sum that no number of 64 bits holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sum over a shopper's rows is beyond 9.2e18")]
pub struct TooLarge;

/// What was tallied so far.
#[derive(Clone, Debug)]
pub struct Tally {
    cells: Vec<Cell>,
    /// `n × n_cells`.
    values: Vec<i64>,
    /// Shoppers.
    n: usize,
    /// Shopper, key and day of rows that count once a key.
    keyed: Option<Vec<(u32, u128, i32)>>,
}

impl Tally {
    /// Nothing of `n` shoppers yet; `by_key` where rows of one shopper and key are one, on the first of their days.
    pub fn new(n: usize, cells: Vec<Cell>, by_key: bool) -> Self {
        let start = |cell: &Cell| match cell.what {
            Taken::FirstDay => i64::MAX,
            Taken::LastDay => i64::MIN,
            _ => 0,
        };
        let start: Vec<i64> = cells.iter().map(start).collect();
        Self { values: start.repeat(n), cells, n, keyed: by_key.then(Vec::new) }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`TooLarge`] for a sum beyond 64 bits.
    ///
    /// # Panics
    /// If columns, or keys where they are asked for, are not as long as the rows.
    pub fn add(&mut self, rows: Rows<'_>) -> Result<(), TooLarge> {
        let n = rows.shoppers.len();
        let long = rows.days.len() == n && rows.columns.iter().all(|column| column.len() == n);
        assert!(long && (self.keyed.is_none() || rows.keys.len() == n), "a value a row in every column");
        if let Some(keyed) = &mut self.keyed {
            let whose = |shopper: i64| u32::try_from(shopper).ok().filter(|s| (*s as usize) < self.n);
            let rows = rows.shoppers.iter().zip(rows.keys).zip(rows.days);
            keyed.extend(rows.filter_map(|((shopper, key), day)| Some((whose(*shopper)?, *key, *day))));
            return Ok(());
        }
        for row in 0..n {
            self.one(rows.shoppers[row], rows.days[row], |column| rows.columns[column][row])?;
        }
        Ok(())
    }

    fn one(&mut self, shopper: i64, day: i32, column: impl Fn(usize) -> i64) -> Result<(), TooLarge> {
        let width = self.cells.len();
        let place = usize::try_from(shopper).ok().and_then(|at| at.checked_mul(width));
        let Some(own) = place.and_then(|at| self.values.get_mut(at..at + width)) else { return Ok(()) };
        for (value, cell) in own.iter_mut().zip(&self.cells) {
            if cell.since.is_some_and(|since| day < since.0) {
                continue;
            }
            match cell.what {
                Taken::Count => *value += 1,
                Taken::Sum(c) | Taken::Micros(c) => *value = value.checked_add(column(c)).ok_or(TooLarge)?,
                Taken::FirstDay => *value = (*value).min(i64::from(day)),
                Taken::LastDay => *value = (*value).max(i64::from(day)),
                Taken::Flag(c) => *value |= i64::from(column(c) != 0),
            }
        }
        Ok(())
    }

    /// The columns, a value a shopper, with their names.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn finish(mut self) -> Result<Vec<(String, Column)>, TooLarge> {
        if let Some(mut keyed) = self.keyed.take() {
            keyed.sort_unstable();
            // Of rows of one shopper and key the first has the first day.
            keyed.dedup_by_key(|(shopper, key, _)| (*shopper, *key));
            for (shopper, _, day) in keyed {
                self.one(i64::from(shopper), day, |_| 0)?;
            }
        }
        let width = self.cells.len();
        let values = |at: usize| self.values.iter().skip(at).step_by(width.max(1)).copied();
        let day = |value: i64| i32::try_from(value).ok();
        let column = |(at, cell): (usize, &Cell)| {
            let column = match cell.what {
                Taken::Count | Taken::Sum(_) => Column::Ints(values(at).collect()),
                Taken::Micros(_) => Column::Micros(values(at).collect()),
                // What no row has touched is no day.
                Taken::FirstDay | Taken::LastDay => Column::Days(values(at).map(day).collect()),
                Taken::Flag(_) => Column::Flags(values(at).map(|flag| flag != 0).collect()),
            };
            (cell.name.clone(), column)
        };
        Ok(self.cells.iter().enumerate().map(column).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(name: &str, since: Option<i32>, what: Taken) -> Cell {
        Cell { name: name.to_owned(), since: since.map(Day), what }
    }

    /// Shopper 0 has rows of days 5 (3 units, 1.5) and 9 (2 units, 0.5), shopper 2 one of day 7; numbers 3 and −1 are nobody's.
    #[test]
    fn rows_are_tallied_by_hand() {
        let cells = vec![
            cell("n", None, Taken::Count),
            cell("late", Some(6), Taken::Count),
            cell("units", Some(6), Taken::Sum(0)),
            cell("gross", None, Taken::Micros(1)),
            cell("first", None, Taken::FirstDay),
            cell("last", None, Taken::LastDay),
            cell("flag", Some(8), Taken::Flag(0)),
        ];
        let mut tally = Tally::new(3, cells, false);
        let columns = [vec![3, 2, 1, 9, 9], vec![1_500_000, 500_000, 7, 9, 9]];
        let rows = Rows { shoppers: &[0, 0, 2, 3, -1], days: &[5, 9, 7, 7, 7], columns: &columns, keys: &[] };
        tally.add(rows).unwrap();
        let columns: Vec<Column> = tally.finish().unwrap().into_iter().map(|(_, column)| column).collect();
        assert_eq!(columns[0], Column::Ints(vec![2, 0, 1]));
        assert_eq!(columns[1], Column::Ints(vec![1, 0, 1]));
        assert_eq!(columns[2], Column::Ints(vec![2, 0, 1]));
        assert_eq!(columns[3], Column::Micros(vec![2_000_000, 0, 7]));
        assert_eq!(columns[4], Column::Days(vec![Some(5), None, Some(7)]));
        assert_eq!(columns[5], Column::Days(vec![Some(9), None, Some(7)]));
        assert_eq!(columns[6], Column::Flags(vec![true, false, false]));
    }

    /// Two lines of one order are one, on the earlier day; another shopper's order of the same name is another.
    #[test]
    fn rows_of_one_key_count_once_on_their_first_day() {
        let mut tally = Tally::new(2, vec![cell("n", Some(6), Taken::Count), cell("last", None, Taken::LastDay)], true);
        let rows = |shoppers, days, keys| Rows { shoppers, days, columns: &[], keys };
        tally.add(rows(&[0, 0, 1], &[8, 9, 9], &[1, 2, 1])).unwrap();
        tally.add(rows(&[0, 5], &[4, 4], &[1, 1])).unwrap();
        let found = tally.finish().unwrap();
        assert_eq!(found[0], ("n".to_owned(), Column::Ints(vec![1, 1])), "of shopper 0 order 1 is of day 4");
        assert_eq!(found[1].1, Column::Days(vec![Some(9), Some(9)]));
    }

    #[test]
    fn a_sum_beyond_all_numbers_is_refused() {
        let mut tally = Tally::new(1, vec![cell("gross", None, Taken::Micros(0))], false);
        let rows = Rows { shoppers: &[0, 0], days: &[1, 1], columns: &[vec![i64::MAX, 1]], keys: &[] };
        assert_eq!(tally.add(rows), Err(TooLarge));
    }
}
