//! Sums, counts, first and last days of rows by shopper number, in one array.
//!
//! A shopper's cells lie side by side, so that a row touches one or two lines of memory however many sums there are. Cost: a row its cells;
//! memory 8 bytes a shopper and cell.

use domain::Day;
use std::ops::Range;

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
    /// Rows in which this column is 0 do not count.
    pub when: Option<usize>,
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

/// Rows whose shoppers' cells stay in a core's cache while each cell has its turn.
const AT_A_TIME: usize = 512;

/// What was tallied so far.
#[derive(Clone, Debug)]
pub struct Tally {
    cells: Vec<Cell>,
    /// `(n + 1) × n_cells`; the last shopper is nobody.
    values: Vec<i64>,
    n: usize,
}

impl Tally {
    /// Nothing of `n` shoppers yet.
    pub fn new(n: usize, cells: Vec<Cell>) -> Self {
        let start = |cell: &Cell| match cell.what {
            Taken::FirstDay => i64::MAX,
            Taken::LastDay => i64::MIN,
            _ => 0,
        };
        let start: Vec<i64> = cells.iter().map(start).collect();
        Self { values: start.repeat(n + 1), cells, n }
    }

    /// Adds rows, some at a time: all of them to one cell, then to the next, so that no row waits for what another one decides.
    ///
    /// # Errors
    /// [`TooLarge`] for a sum beyond 64 bits.
    ///
    /// # Panics
    /// If columns are not as long as the rows.
    pub fn add(&mut self, rows: Rows<'_>) -> Result<(), TooLarge> {
        let n = rows.shoppers.len();
        let long = rows.days.len() == n && rows.columns.iter().all(|column| column.len() == n);
        assert!(long, "a value a row in every column");
        let mut counts = Vec::with_capacity(AT_A_TIME);
        for from in (0..n).step_by(AT_A_TIME) {
            self.some(rows, from..n.min(from + AT_A_TIME), &mut counts)?;
        }
        Ok(())
    }

    fn some(&mut self, rows: Rows<'_>, range: Range<usize>, counts: &mut Vec<bool>) -> Result<(), TooLarge> {
        let width = self.cells.len();
        let (shoppers, all_days) = (&rows.shoppers[range.clone()], &rows.days[range.clone()]);
        let column = |c: usize| &rows.columns[c][range.clone()];
        let place = |shopper: &i64| usize::try_from(*shopper).map_or(self.n, |at| at.min(self.n)) * width;
        let places: Vec<usize> = shoppers.iter().map(place).collect();
        for (at, cell) in self.cells.iter().enumerate() {
            let since = cell.since.map_or(i32::MIN, |day| day.0);
            counts.clear();
            match cell.when {
                None => counts.extend(all_days.iter().map(|day| *day >= since)),
                Some(when) => {
                    let both = all_days.iter().zip(column(when));
                    counts.extend(both.map(|(day, value)| (*day >= since) & (*value != 0)));
                }
            }
            let values = &mut self.values;
            let places = places.iter().map(|place| place + at).zip(counts.iter());
            let if_counts = |counts: &bool, value: i64, otherwise: i64| if *counts { value } else { otherwise };
            let days = || all_days.iter().map(|day| i64::from(*day));
            match cell.what {
                Taken::Count => places.for_each(|(place, counts)| values[place] += i64::from(*counts)),
                Taken::Sum(c) | Taken::Micros(c) => {
                    for ((place, counts), value) in places.zip(column(c)) {
                        values[place] = values[place].checked_add(if_counts(counts, *value, 0)).ok_or(TooLarge)?;
                    }
                }
                Taken::FirstDay => places.zip(days()).for_each(|((place, counts), day)| {
                    values[place] = values[place].min(if_counts(counts, day, i64::MAX));
                }),
                Taken::LastDay => places.zip(days()).for_each(|((place, counts), day)| {
                    values[place] = values[place].max(if_counts(counts, day, i64::MIN));
                }),
                Taken::Flag(c) => places.zip(column(c)).for_each(|((place, counts), value)| {
                    values[place] |= i64::from(*counts & (*value != 0));
                }),
            }
        }
        Ok(())
    }

    /// The columns, a value a shopper, with their names.
    pub fn finish(self) -> Vec<(String, Column)> {
        let width = self.cells.len();
        let values = |at: usize| self.values.iter().skip(at).step_by(width.max(1)).take(self.n).copied();
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
        self.cells.iter().enumerate().map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(name: &str, since: Option<i32>, what: Taken) -> Cell {
        Cell { name: name.to_owned(), since: since.map(Day), when: None, what }
    }

    /// Shopper 0 has rows of days 5 (3 units, 1.5, of which 2 came back) and 9 (2 units, 0.5), shopper 2 one of day 7; numbers 3 and −1
    /// are nobody's.
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
            Cell { when: Some(2), ..cell("back", None, Taken::Count) },
            Cell { when: Some(2), ..cell("last back", None, Taken::LastDay) },
        ];
        let mut tally = Tally::new(3, cells);
        let columns = [vec![3, 2, 1, 9, 9], vec![1_500_000, 500_000, 7, 9, 9], vec![2, 0, 0, 1, 1]];
        let rows = Rows { shoppers: &[0, 0, 2, 3, -1], days: &[5, 9, 7, 7, 7], columns: &columns };
        tally.add(rows).unwrap();
        let columns: Vec<Column> = tally.finish().into_iter().map(|(_, column)| column).collect();
        assert_eq!(columns[0], Column::Ints(vec![2, 0, 1]));
        assert_eq!(columns[1], Column::Ints(vec![1, 0, 1]));
        assert_eq!(columns[2], Column::Ints(vec![2, 0, 1]));
        assert_eq!(columns[3], Column::Micros(vec![2_000_000, 0, 7]));
        assert_eq!(columns[4], Column::Days(vec![Some(5), None, Some(7)]));
        assert_eq!(columns[5], Column::Days(vec![Some(9), None, Some(7)]));
        assert_eq!(columns[6], Column::Flags(vec![true, false, false]));
        assert_eq!(columns[7], Column::Ints(vec![1, 0, 0]));
        assert_eq!(columns[8], Column::Days(vec![Some(5), None, None]));
    }

    #[test]
    fn a_sum_beyond_all_numbers_is_refused() {
        let mut tally = Tally::new(1, vec![cell("gross", None, Taken::Micros(0))]);
        let rows = Rows { shoppers: &[0, 0], days: &[1, 1], columns: &[vec![i64::MAX, 1]] };
        assert_eq!(tally.add(rows), Err(TooLarge));
    }
}
