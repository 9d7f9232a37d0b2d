//! A dense table of points: `n_rows × n_columns` finite numbers, row after row.

use crate::LearnError;

/// Points in a space of `n_columns` dimensions. Every value is finite; there is at least one
/// column, and there may be no row.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    values: Vec<f64>,
    n_columns: usize,
}

impl Points {
    /// From the values row after row.
    ///
    /// # Errors
    /// [`LearnError::Param`] without a column, [`LearnError::Shape`] when the last row is not
    /// full, [`LearnError::NotFinite`] for a NaN or an infinity.
    pub fn new(values: Vec<f64>, n_columns: usize) -> Result<Self, LearnError> {
        if n_columns == 0 {
            return Err(LearnError::Param { name: "n_columns", rule: "at least 1", got: 0.0 });
        }
        if !values.len().is_multiple_of(n_columns) {
            let need = values.len().next_multiple_of(n_columns);
            return Err(LearnError::Shape { what: "the table", got: values.len(), need });
        }
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            return Err(LearnError::NotFinite { row: at / n_columns, column: at % n_columns, value: values[at] });
        }
        Ok(Self { values, n_columns })
    }

    /// From rows of equal length.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_rows<const D: usize>(rows: &[[f64; D]]) -> Result<Self, LearnError> {
        Self::new(rows.concat(), D)
    }

    /// Number of points.
    pub fn n_rows(&self) -> usize {
        self.values.len() / self.n_columns
    }

    /// Number of dimensions.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// One point.
    ///
    /// # Panics
    /// If `row` is not below [`Self::n_rows`].
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.n_columns..(row + 1) * self.n_columns]
    }

    /// All values, row after row.
    pub fn as_slice(&self) -> &[f64] {
        &self.values
    }

    /// All points in order.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.n_columns)
    }

    /// One coordinate of all points.
    pub fn column(&self, column: usize) -> impl Iterator<Item = f64> + '_ {
        self.rows().map(move |row| row[column])
    }

    /// The named rows, in the order named; a row may be named more than once.
    ///
    /// # Panics
    /// If a row is not below [`Self::n_rows`].
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let values = rows.iter().flat_map(|&row| self.row(row)).copied().collect();
        Self { values, n_columns: self.n_columns }
    }

    /// Applies `f(column, value)` to every value.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] when `f` gives a value that is not finite.
    pub fn map(&self, f: impl Fn(usize, f64) -> f64) -> Result<Self, LearnError> {
        let values = self.values.iter().enumerate().map(|(at, &v)| f(at % self.n_columns, v)).collect();
        Self::new(values, self.n_columns)
    }
}

/// Squared Euclidean distance.
pub fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_a_number_is_named_by_row_and_column() {
        let wrong = Points::new(vec![1.0, 2.0, 3.0, f64::NAN], 2).unwrap_err();
        assert!(matches!(wrong, LearnError::NotFinite { row: 1, column: 1, .. }));
        assert_eq!(Points::new(vec![1.0; 3], 2), Err(LearnError::Shape { what: "the table", got: 3, need: 4 }));
        assert!(Points::new(vec![], 0).is_err());
    }

    #[test]
    fn rows_are_selected_in_the_order_named() {
        let points = Points::from_rows(&[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]).unwrap();
        assert_eq!(points.select(&[2, 0, 2]).column(1).collect::<Vec<_>>(), [5.0, 1.0, 5.0]);
    }
}
