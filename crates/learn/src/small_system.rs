//! Small symmetric positive definite systems in `f64`, as regressions with a handful of terms leave them.
//!
//! `A = L Lᵀ` and two triangular solves for each column of the identity give `A⁻¹`, which is both the solution and the
//! covariance that inference needs. Source: Golub and Van Loan, "Matrix Computations", 4th edition, Johns Hopkins 2013,
//! section 4.2. Cost: `n³`; meant for tens of terms, where [`crate::dense`] has nothing to win.

/// `A⁻¹` of a symmetric `n × n` matrix, row-major; `None` where it is not positive definite.
pub(crate) fn inverse(a: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum();
            let rest = a[i * n + j] - known;
            if i == j {
                // A pivot that is rounding noise beside its diagonal is a column that the others already say.
                if !(rest > 1e-12 * a[i * n + i].abs() && rest.is_finite()) {
                    return None;
                }
                l[i * n + i] = rest.sqrt();
            } else {
                l[i * n + j] = rest / l[j * n + j];
            }
        }
    }
    let mut out = vec![0.0; n * n];
    let mut column = vec![0.0; n];
    for c in 0..n {
        for i in 0..n {
            let known: f64 = (0..i).map(|k| l[i * n + k] * column[k]).sum();
            column[i] = (f64::from(u8::from(i == c)) - known) / l[i * n + i];
        }
        for i in (0..n).rev() {
            let known: f64 = (i + 1..n).map(|k| l[k * n + i] * column[k]).sum();
            column[i] = (column[i] - known) / l[i * n + i];
        }
        column.iter().enumerate().for_each(|(i, value)| out[i * n + c] = *value);
    }
    Some(out)
}

/// `A x` of a row-major matrix.
pub(crate) fn times(a: &[f64], x: &[f64]) -> Vec<f64> {
    a.chunks_exact(x.len()).map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum()).collect()
}

/// `A B A` of two symmetric matrices: the sandwich of robust covariances.
pub(crate) fn sandwich(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let product = |left: &[f64], right: &[f64]| -> Vec<f64> {
        (0..n * n).map(|at| (0..n).map(|k| left[at / n * n + k] * right[k * n + at % n]).sum()).collect()
    };
    product(&product(a, b), a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // [4 2; 2 3] has determinant 8: the inverse is [3 -2; -2 4] / 8.
    fn the_inverse_of_two_rows_by_hand() {
        let inverse = inverse(&[4.0, 2.0, 2.0, 3.0], 2).unwrap();
        let hand = [0.375, -0.25, -0.25, 0.5];
        assert!(inverse.iter().zip(hand).all(|(a, b)| (a - b).abs() < 1e-15), "{inverse:?}");
        assert_eq!(times(&[1.0, 2.0, 3.0, 4.0], &[1.0, 1.0]), [3.0, 7.0]);
        assert_eq!(sandwich(&[1.0, 0.0, 0.0, 2.0], &[1.0, 3.0, 3.0, 5.0], 2), [1.0, 6.0, 6.0, 20.0]);
    }

    #[test]
    fn a_column_said_twice_has_no_inverse() {
        assert_eq!(inverse(&[1.0, 1.0, 1.0, 1.0], 2), None);
        assert_eq!(inverse(&[f64::NAN], 1), None);
    }
}
