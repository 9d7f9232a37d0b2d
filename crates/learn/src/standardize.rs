//! Scales that make columns comparable, and their inverses.
//!
//! - [`ZScore`]: `(x - mean) / sd` with the population standard deviation.
//! - [`MinMax`]: `(x - min) / (max - min)`, so that the training values fill [0, 1].
//!
//! A column that does not vary is only shifted (its scale is 1): dividing by 0 would lose the
//! inverse. Values outside the training range are scaled by the same rule, not clipped.

use crate::{LearnError, Points};

/// Fitted shift and scale of each column.
#[derive(Clone, Debug, PartialEq)]
struct Affine {
    shift: Vec<f64>,
    scale: Vec<f64>,
}

impl Affine {
    fn fit(points: &Points, column: impl Fn(Vec<f64>) -> (f64, f64)) -> Result<Self, LearnError> {
        if points.n_rows() == 0 {
            return Err(LearnError::TooLittleData { what: "rows", have: 0, need: 1 });
        }
        let (shift, scale) = (0..points.n_columns())
            .map(|c| {
                let (shift, scale) = column(points.column(c).collect());
                (shift, if scale > 0.0 { scale } else { 1.0 })
            })
            .unzip();
        Ok(Self { shift, scale })
    }

    fn check(&self, points: &Points) -> Result<(), LearnError> {
        if points.n_columns() == self.shift.len() {
            return Ok(());
        }
        Err(LearnError::Shape { what: "a row", got: points.n_columns(), need: self.shift.len() })
    }

    fn apply(&self, points: &Points) -> Result<Points, LearnError> {
        self.check(points)?;
        points.map(|c, x| (x - self.shift[c]) / self.scale[c])
    }

    fn inverse(&self, points: &Points) -> Result<Points, LearnError> {
        self.check(points)?;
        points.map(|c, z| z * self.scale[c] + self.shift[c])
    }
}

macro_rules! scaler {
    ($(#[$doc:meta])* $name:ident, $fit:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(Affine);

        impl $name {
            /// Learns shift and scale of each column.
            ///
            /// # Errors
            /// [`LearnError::TooLittleData`] without a row.
            pub fn fit(points: &Points) -> Result<Self, LearnError> {
                Affine::fit(points, $fit).map(Self)
            }

            /// Scales points.
            ///
            /// # Errors
            /// [`LearnError::Shape`] for another number of columns than was fitted.
            pub fn apply(&self, points: &Points) -> Result<Points, LearnError> {
                self.0.apply(points)
            }

            /// Undoes [`Self::apply`], to the last bits of a float.
            ///
            /// # Errors
            /// [`LearnError::Shape`] for another number of columns than was fitted.
            pub fn inverse(&self, points: &Points) -> Result<Points, LearnError> {
                self.0.inverse(points)
            }

            /// What is subtracted from each column.
            pub fn shift(&self) -> &[f64] {
                &self.0.shift
            }

            /// What each column is divided by.
            pub fn scale(&self) -> &[f64] {
                &self.0.scale
            }
        }
    };
}

scaler! {
    /// Mean 0 and population standard deviation 1 on the training rows.
    ZScore, |values| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt())
    }
}

scaler! {
    /// Smallest training value 0, largest 1.
    MinMax, |values| {
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (min, max - min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // 2, 4, 6: mean 4, population sd sqrt(8/3); the second column does not vary.
    fn z_scores_by_hand() {
        let points = Points::from_rows(&[[2.0, 5.0], [4.0, 5.0], [6.0, 5.0]]).unwrap();
        let scaler = ZScore::fit(&points).unwrap();
        let z = scaler.apply(&points).unwrap();
        assert_eq!(z.row(0), [-2.0 / (8.0_f64 / 3.0).sqrt(), 0.0]);
        assert_eq!(z.row(1), [0.0, 0.0]);
        assert_eq!(scaler.scale()[1], 1.0);
    }

    #[test]
    fn min_max_fills_zero_to_one_and_does_not_clip() {
        let scaler = MinMax::fit(&Points::new(vec![2.0, 4.0, 10.0], 1).unwrap()).unwrap();
        let scaled = scaler.apply(&Points::new(vec![2.0, 4.0, 10.0, 18.0], 1).unwrap()).unwrap();
        assert_eq!(scaled.column(0).collect::<Vec<_>>(), [0.0, 0.25, 1.0, 2.0]);
        assert!(matches!(scaler.apply(&Points::new(vec![1.0; 2], 2).unwrap()), Err(LearnError::Shape { .. })));
        assert!(MinMax::fit(&Points::new(vec![], 1).unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn the_inverse_restores(values in prop::collection::vec(-1e6_f64..1e6, 1..50)) {
            let points = Points::new(values, 1).unwrap();
            let z = ZScore::fit(&points).unwrap();
            let m = MinMax::fit(&points).unwrap();
            let back = [
                z.inverse(&z.apply(&points).unwrap()).unwrap(),
                m.inverse(&m.apply(&points).unwrap()).unwrap(),
            ];
            for restored in back {
                prop_assert!(points.column(0).zip(restored.column(0)).all(|(a, b)| (a - b).abs() <= 1e-9 * a.abs().max(1.0)));
            }
        }
    }
}
