//! Solving `A x = b` for a small symmetric positive definite `A` by Cholesky's factorisation.
//!
//! `A = Uᵀ U` with `U` upper triangular, then `Uᵀ y = b` and `U x = y`.
//! Source: Golub and Van Loan, "Matrix Computations", 4th edition, Johns Hopkins 2013, section 4.2.
//! Cost: `n³ / 6` multiply-adds to factorise, `n²` for a right-hand side. The updates run along
//! rows, so that the compiler turns them into vector instructions without reordering any sum: the
//! result is the same on every machine.

use crate::lanes::{dot, vectorised};

/// Why a matrix has no factorisation.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("pivot {pivot} is {value}, a positive definite matrix has a positive one")]
pub struct NotPositiveDefinite {
    /// Row of the pivot.
    pub pivot: usize,
    /// Its value.
    pub value: f32,
}

vectorised! {
    /// Factorises `a` (`n × n`, row-major, only the upper triangle is read) in place: afterwards the
    /// upper triangle holds `U`; the strict lower one keeps what it held.
    ///
    /// # Errors
    /// [`NotPositiveDefinite`] names the first pivot that is not positive.
    ///
    /// # Panics
    /// If `a` does not hold `n * n` numbers.
    pub fn cholesky(a: &mut [f32], n: usize) -> Result<(), NotPositiveDefinite> {
        assert_eq!(a.len(), n * n, "a square matrix of {n} rows");
        for k in 0..n {
            let (above, below) = a.split_at_mut((k + 1) * n);
            let row = &mut above[k * n + k..];
            let pivot = row[0];
            if !(pivot > 0.0 && pivot.is_finite()) {
                return Err(NotPositiveDefinite { pivot: k, value: pivot });
            }
            let scale = 1.0 / pivot.sqrt();
            for value in row.iter_mut() {
                *value *= scale;
            }
            let row = &row[1..];
            for (i, &factor) in row.iter().enumerate() {
                let target = &mut below[i * n + k + 1 + i..(i + 1) * n];
                for (t, &r) in target.iter_mut().zip(&row[i..]) {
                    *t -= factor * r;
                }
            }
        }
        Ok(())
    }
}

vectorised! {
    /// Solves `A x = b` in place with the factor that [`cholesky`] left.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn cholesky_solve(u: &[f32], n: usize, b: &mut [f32]) {
        assert_eq!((u.len(), b.len()), (n * n, n), "a factor of {n} rows and a vector of {n}");
        for k in 0..n {
            let row = &u[k * n + k..(k + 1) * n];
            let y = b[k] / row[0];
            b[k] = y;
            for (t, &r) in b[k + 1..].iter_mut().zip(&row[1..]) {
                *t -= y * r;
            }
        }
        for k in (0..n).rev() {
            let row = &u[k * n + k..(k + 1) * n];
            let known = dot(&row[1..], &b[k + 1..]);
            b[k] = (b[k] - known) / row[0];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // [4 2; 2 5] = Uᵀ U with U = [2 1; 0 2]; 4·1 + 2·2 = 8 and 2·1 + 5·2 = 12.
    fn two_equations_by_hand() {
        let mut a = [4.0, 2.0, 2.0, 5.0];
        cholesky(&mut a, 2).unwrap();
        assert_eq!([a[0], a[1], a[3]], [2.0, 1.0, 2.0]);
        let mut b = [8.0, 12.0];
        cholesky_solve(&a, 2, &mut b);
        assert_eq!(b, [1.0, 2.0]);
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_names_its_pivot() {
        let error = cholesky(&mut [1.0, 2.0, 2.0, 1.0], 2).unwrap_err();
        assert_eq!(error, NotPositiveDefinite { pivot: 1, value: -3.0 });
        assert!(cholesky(&mut [f32::NAN], 1).is_err());
    }

    proptest! {
        /// `B Bᵀ + I` is positive definite with condition at most `1 + ‖B‖²`, here below 200.
        #[test]
        fn the_solution_satisfies_the_equations(cells in prop::collection::vec(-1.0_f32..1.0, 7 * 7), x in prop::collection::vec(-5.0_f32..5.0, 7)) {
            let n = 7;
            let mut a = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..n {
                    a[i * n + j] = (0..n).map(|k| cells[i * n + k] * cells[j * n + k]).sum::<f32>() + f32::from(i == j);
                }
            }
            let mut b: Vec<f32> = (0..n).map(|i| (0..n).map(|j| a[i * n + j] * x[j]).sum()).collect();
            cholesky(&mut a, n).unwrap();
            cholesky_solve(&a, n, &mut b);
            for (got, want) in b.iter().zip(&x) {
                prop_assert!((got - want).abs() < 2e-3, "{} {}", got, want);
            }
        }
    }
}
