//! Columns made ready for a model that multiplies them: no gaps, mean 0, deviation 1.
//!
//! `z = (x − mean) / sd` with mean and population deviation of the training values that are there. A
//! missing value (NaN) becomes `z = 0`, the mean; a column that was ever missing in training is followed, at the end of
//! the row, by one that says so (1 missing, 0 there, standardised too), so that being missing may mean something of
//! its own. A column that does not vary gives 0 everywhere. Infinite values are refused in training and
//! held within ±`LIMIT` deviations afterwards, as is everything else: one absurd cell must not decide.
//!
//! Trees need none of this: they take raw values, and missing ones choose a side. Cost: two passes.

use crate::LearnError;
use crate::trees::{Features, Samples};

/// Standardised values beyond this many deviations are held there when predicting.
const LIMIT: f64 = 1e4;

/// Fitted shift and scale of each column, and which columns have a flag for gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    means: Vec<f64>,
    /// 0 for a column that does not vary.
    inverse_sds: Vec<f64>,
    /// Columns with a flag, ascending, with mean and inverse deviation of the flag.
    flags: Vec<(usize, f64, f64)>,
}

impl Columns {
    /// Learns from the rows of a training table, each by its weight.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for an infinite value, [`LearnError::TooLittleData`] without a row.
    pub fn fit(train: &Samples<'_>) -> Result<Self, LearnError> {
        let table = train.features();
        let n_columns = table.n_columns();
        if table.n_rows() == 0 {
            return Err(LearnError::TooLittleData { what: "rows", have: 0, need: 1 });
        }
        if let Some(at) = table.values().iter().position(|v| v.is_infinite()) {
            let (row, column) = (at / n_columns, at % n_columns);
            return Err(LearnError::NotFinite { row, column, value: f64::from(table.values()[at]) });
        }
        let weights: Vec<f64> = (0..table.n_rows()).map(|row| f64::from(train.weight(row))).collect();
        let total: f64 = weights.iter().sum();
        let (mut means, mut inverse_sds, mut flags) = (vec![0.0; n_columns], vec![0.0; n_columns], Vec::new());
        for column in 0..n_columns {
            let there = || {
                let cells = table.rows().zip(&weights).map(|(row, w)| (f64::from(row[column]), *w));
                cells.filter(|(value, _)| !value.is_nan())
            };
            let weight: f64 = there().map(|(_, w)| w).sum();
            if weight > 0.0 {
                let mean = there().map(|(x, w)| w * x).sum::<f64>() / weight;
                let sd = (there().map(|(x, w)| w * (x - mean) * (x - mean)).sum::<f64>() / weight).sqrt();
                // A deviation that is only rounding is none.
                let varies = sd > 1e-12 * mean.abs().max(1e-30);
                (means[column], inverse_sds[column]) = (mean, if varies { 1.0 / sd } else { 0.0 });
            }
            let missing = 1.0 - weight / total;
            if missing > 0.0 && there().count() < table.n_rows() {
                let sd = (missing * (1.0 - missing)).max(0.0).sqrt();
                flags.push((column, missing, if sd > 0.0 { 1.0 / sd } else { 0.0 }));
            }
        }
        Ok(Self { means, inverse_sds, flags })
    }

    /// Columns of a raw row.
    pub fn n_raw(&self) -> usize {
        self.means.len()
    }

    /// Columns of a row that is ready: the raw ones and the flags.
    pub fn n_ready(&self) -> usize {
        self.means.len() + self.flags.len()
    }

    /// The raw column that a ready one speaks of.
    pub fn raw_of(&self, ready: usize) -> usize {
        if ready < self.n_raw() { ready } else { self.flags[ready - self.n_raw()].0 }
    }

    /// Appends one row made ready.
    ///
    /// # Panics
    /// If the row has fewer columns than the training table.
    pub fn push(&self, row: &[f32], out: &mut Vec<f64>) {
        for ((value, mean), inverse) in row[..self.n_raw()].iter().zip(&self.means).zip(&self.inverse_sds) {
            let z = (f64::from(*value) - mean) * inverse;
            out.push(if z.is_nan() { 0.0 } else { z.clamp(-LIMIT, LIMIT) });
        }
        for &(column, mean, inverse) in &self.flags {
            out.push((f64::from(u8::from(row[column].is_nan())) - mean) * inverse);
        }
    }

    /// One row made ready.
    ///
    /// # Panics
    /// As [`Self::push`].
    pub fn ready(&self, row: &[f32]) -> Vec<f64> {
        let mut out = Vec::with_capacity(self.n_ready());
        self.push(row, &mut out);
        out
    }

    /// All rows made ready, one after the other.
    pub fn table(&self, features: &Features) -> Vec<f64> {
        let mut out = Vec::with_capacity(features.n_rows() * self.n_ready());
        features.rows().for_each(|row| self.push(row, &mut out));
        out
    }

    /// Adds up parts of ready columns by the raw column that they speak of.
    pub fn raw_parts(&self, parts: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_raw()];
        for (ready, part) in parts.into_iter().enumerate() {
            sums[self.raw_of(ready)] += part;
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Column 0: 1, 3 and a gap: mean 2, deviation 1, a flag with mean 1/3 and deviation sqrt(2/9).
    // Column 1 does not vary.
    #[test]
    fn gaps_become_the_mean_and_are_flagged() {
        let table = Features::new(vec![1.0, 7.0, 3.0, 7.0, f32::NAN, 7.0], 2).unwrap();
        let columns = Columns::fit(&Samples::new(&table, &[0.0; 3]).unwrap()).unwrap();
        assert_eq!((columns.n_raw(), columns.n_ready(), columns.raw_of(2)), (2, 3, 0));
        let z = columns.table(&table);
        assert_eq!((z[0], z[3], z[6], z[1]), (-1.0, 1.0, 0.0, 0.0));
        let sd = (2.0_f64 / 9.0).sqrt();
        assert!((z[8] - (2.0 / 3.0) / sd).abs() < 1e-12 && (z[2] + (1.0 / 3.0) / sd).abs() < 1e-12);
        assert_eq!(columns.raw_parts([1.0, 2.0, 10.0]), [11.0, 2.0]);
        assert_eq!(columns.ready(&[f32::INFINITY, 0.0])[0], LIMIT);
    }

    #[test]
    fn weights_count_and_infinities_are_refused() {
        let table = Features::new(vec![0.0, 4.0], 1).unwrap();
        let samples = Samples::new(&table, &[0.0; 2]).unwrap().weighted(&[3.0, 1.0]).unwrap();
        // Mean 1, variance (3 · 1 + 9) / 4 = 3.
        let z = Columns::fit(&samples).unwrap().table(&table);
        assert!((z[1] - 3.0 / 3.0_f64.sqrt()).abs() < 1e-12);
        let wrong = Features::new(vec![f32::INFINITY], 1).unwrap();
        assert!(matches!(
            Columns::fit(&Samples::new(&wrong, &[0.0]).unwrap()),
            Err(LearnError::NotFinite { row: 0, column: 0, .. })
        ));
    }
}
