//! The table that trees learn from, and the labels that go with it.

use crate::LearnError;

/// Dense `n_rows × n_columns` table of `f32`, row by row. NaN is a missing value; infinities are
/// values like any other.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    values: Vec<f32>,
    n_columns: usize,
}

impl Features {
    /// From values row by row.
    ///
    /// # Errors
    /// [`LearnError::Param`] without a column, [`LearnError::Shape`] when the last row is cut short.
    pub fn new(values: Vec<f32>, n_columns: usize) -> Result<Self, LearnError> {
        if n_columns == 0 {
            return Err(LearnError::Param { name: "n_columns", rule: "at least 1", got: 0.0 });
        }
        if !values.len().is_multiple_of(n_columns) {
            let need = values.len().next_multiple_of(n_columns);
            return Err(LearnError::Shape { what: "the table", got: values.len(), need });
        }
        Ok(Self { values, n_columns })
    }

    /// Rows of the table.
    pub fn n_rows(&self) -> usize {
        self.values.len() / self.n_columns
    }

    /// Columns of the table.
    pub const fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.n_columns..(row + 1) * self.n_columns]
    }

    /// All rows in order.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, f32> {
        self.values.chunks_exact(self.n_columns)
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The named rows, in the order named.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let values = rows.iter().flat_map(|&row| self.row(row)).copied().collect();
        Self { values, n_columns: self.n_columns }
    }
}

/// What one learns from: features, a label for each row, and where they matter weights and groups.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    features: &'a Features,
    labels: &'a [f32],
    weights: Option<&'a [f32]>,
    /// Sizes of the groups, in row order; empty where rows stand alone.
    groups: &'a [usize],
}

impl<'a> Samples<'a> {
    /// Rows that stand alone, each of weight 1.
    ///
    /// # Errors
    /// [`LearnError::TooLittleData`] without a row, [`LearnError::Shape`] when there is not one
    /// label a row, [`LearnError::NotFinite`] for a label that is no finite number.
    pub fn new(features: &'a Features, labels: &'a [f32]) -> Result<Self, LearnError> {
        if features.n_rows() == 0 {
            return Err(LearnError::TooLittleData { what: "rows", have: 0, need: 1 });
        }
        same_length("the list of labels", labels.len(), features.n_rows())?;
        if let Some(row) = labels.iter().position(|label| !label.is_finite()) {
            let value = f64::from(labels[row]);
            return Err(LearnError::NotFinite { row, column: features.n_columns(), value });
        }
        Ok(Self { features, labels, weights: None, groups: &[] })
    }

    /// The same rows, each counting as much as its weight says.
    ///
    /// # Errors
    /// [`LearnError::Shape`] when there is not one weight a row, [`LearnError::Param`] for a weight
    /// that is not finite and above 0.
    pub fn weighted(self, weights: &'a [f32]) -> Result<Self, LearnError> {
        same_length("the list of weights", weights.len(), self.n_rows())?;
        if let Some(wrong) = weights.iter().find(|weight| !(**weight > 0.0 && weight.is_finite())) {
            return Err(LearnError::Param { name: "weights", rule: "finite and above 0", got: f64::from(*wrong) });
        }
        Ok(Self { weights: Some(weights), ..self })
    }

    /// The same rows in groups (the candidates of one shopper) that lie one after the other.
    ///
    /// # Errors
    /// [`LearnError::Shape`] when the sizes do not add up to the number of rows.
    pub fn grouped(self, groups: &'a [usize]) -> Result<Self, LearnError> {
        same_length("the sum of group sizes", groups.iter().sum(), self.n_rows())?;
        Ok(Self { groups, ..self })
    }

    /// Rows.
    pub fn n_rows(&self) -> usize {
        self.features.n_rows()
    }

    /// The table.
    pub const fn features(&self) -> &'a Features {
        self.features
    }

    /// One label a row.
    pub const fn labels(&self) -> &'a [f32] {
        self.labels
    }

    /// Sizes of the groups, in row order; empty where rows stand alone.
    pub const fn groups(&self) -> &'a [usize] {
        self.groups
    }

    /// One weight a row, where they are not all 1.
    pub const fn weights(&self) -> Option<&'a [f32]> {
        self.weights
    }

    /// The weight of a row.
    pub fn weight(&self, row: usize) -> f32 {
        self.weights.map_or(1.0, |weights| weights[row])
    }
}

pub(super) fn same_length(what: &'static str, got: usize, need: usize) -> Result<(), LearnError> {
    if got == need { Ok(()) } else { Err(LearnError::Shape { what, got, need }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_together_is_named() {
        let table = Features::new(vec![1.0, f32::NAN, 3.0, 4.0], 2).unwrap();
        assert_eq!(table.select(&[1, 0]).row(0), [3.0, 4.0]);
        assert!(Features::new(vec![1.0; 3], 2).is_err() && Features::new(vec![], 0).is_err());
        let wrong = Samples::new(&table, &[1.0]).unwrap_err();
        assert_eq!(wrong, LearnError::Shape { what: "the list of labels", got: 1, need: 2 });
        assert!(matches!(Samples::new(&table, &[1.0, f32::NAN]), Err(LearnError::NotFinite { row: 1, .. })));
        let samples = Samples::new(&table, &[0.0, 1.0]).unwrap();
        assert!(samples.weighted(&[1.0, 0.0]).is_err() && samples.weighted(&[1.0]).is_err());
        assert!(samples.grouped(&[1, 2]).is_err() && samples.grouped(&[2]).is_ok());
    }
}
