//! Rows of numbers, some of which may be missing.

/// `n × width` numbers, row by row, and which rows are there.
#[derive(Clone, Debug, PartialEq)]
pub struct Vectors {
    width: usize,
    values: Vec<f32>,
    present: Vec<bool>,
}

/// Rows that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VectorsError {
    /// A row of another length.
    #[error("a vector of {found} numbers among vectors of {width}")]
    Width {
        /// What the others have.
        width: usize,
        /// What this one has.
        found: usize,
    },
    /// Another number of rows than there are things.
    #[error("{found} vectors for {rows} rows")]
    Rows {
        /// What there are.
        rows: usize,
        /// What was given.
        found: usize,
    },
    /// A number that is infinite or none.
    #[error("number {at} of vector {row} is not finite")]
    NotFinite {
        /// Whose, from 0.
        row: usize,
        /// Which, from 0.
        at: usize,
    },
}

impl Vectors {
    /// No rows yet, each to have `width` numbers.
    pub fn new(width: usize) -> Self {
        Self { width, values: Vec::new(), present: Vec::new() }
    }

    /// From rows, `None` for what is missing.
    ///
    /// # Errors
    /// [`VectorsError`] for a row of another length or a number that is not finite.
    pub fn from_rows<R: AsRef<[f32]>>(
        width: usize,
        rows: impl IntoIterator<Item = Option<R>>,
    ) -> Result<Self, VectorsError> {
        let mut out = Self::new(width);
        for row in rows {
            match row {
                Some(row) => out.push(row.as_ref())?,
                None => out.push_missing(),
            }
        }
        Ok(out)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// As [`Self::from_rows`]; nothing was added then.
    pub fn push(&mut self, row: &[f32]) -> Result<(), VectorsError> {
        if row.len() != self.width {
            return Err(VectorsError::Width { width: self.width, found: row.len() });
        }
        if let Some(at) = row.iter().position(|x| !x.is_finite()) {
            return Err(VectorsError::NotFinite { row: self.present.len(), at });
        }
        self.values.extend_from_slice(row);
        self.present.push(true);
        Ok(())
    }

    /// Adds a row that is missing.
    pub fn push_missing(&mut self) {
        self.values.resize(self.values.len() + self.width, 0.0);
        self.present.push(false);
    }

    /// Numbers a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows, the missing ones among them.
    pub fn len(&self) -> usize {
        self.present.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// Rows that are there.
    pub fn n_present(&self) -> usize {
        self.present.iter().filter(|there| **there).count()
    }

    /// Whether the row is there.
    ///
    /// # Panics
    /// Where there are not so many rows.
    pub fn is_present(&self, row: usize) -> bool {
        self.present[row]
    }

    /// The row, `None` where it is missing.
    ///
    /// # Panics
    /// Where there are not so many rows.
    pub fn row(&self, row: usize) -> Option<&[f32]> {
        self.present[row].then(|| &self.values[row * self.width..(row + 1) * self.width])
    }

    /// All rows in their order.
    pub fn rows(&self) -> impl Iterator<Item = Option<&[f32]>> {
        (0..self.len()).map(|row| self.row(row))
    }

    /// All numbers, row by row; a missing row is zeros.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Every row scaled to length 1, so that a product of two is their cosine. A row of zeros stays.
    #[must_use]
    pub fn unit(mut self) -> Self {
        for row in self.values.chunks_exact_mut(self.width.max(1)) {
            let length = row.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
            if length > 0.0 {
                row.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_row_is_none_and_counts_as_a_row() {
        let v = Vectors::from_rows(2, [Some([3.0, 4.0]), None, Some([0.0, 0.0])]).unwrap();
        assert_eq!((v.len(), v.n_present()), (3, 2));
        assert_eq!(v.row(0), Some(&[3.0, 4.0][..]));
        assert_eq!(v.row(1), None);
        assert_eq!(v.values(), &[3.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn unit_rows_have_length_one_and_zeros_stay() {
        let v = Vectors::from_rows(2, [Some([3.0, 4.0]), Some([0.0, 0.0])]).unwrap().unit();
        assert_eq!(v.row(0), Some(&[0.6, 0.8][..]));
        assert_eq!(v.row(1), Some(&[0.0, 0.0][..]));
    }

    #[test]
    fn rows_that_do_not_fit_are_refused_and_leave_nothing() {
        let mut v = Vectors::new(2);
        assert_eq!(v.push(&[1.0]), Err(VectorsError::Width { width: 2, found: 1 }));
        assert_eq!(v.push(&[1.0, f32::NAN]), Err(VectorsError::NotFinite { row: 0, at: 1 }));
        assert!(v.is_empty());
        assert!(v.values().is_empty());
    }
}
