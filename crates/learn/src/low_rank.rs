//! Conjugate gradients for `(I + Σ_k d_k z_k z_kᵀ) x = Σ_k c_k z_k`, a ridge regression on whitened rows.
//!
//! The eigenvalues lie between 1 and `1 + Σ d_k |z_k|²`, and where the `z` are rows of a whitened
//! matrix (`Σ z zᵀ ≼ I` over all of its rows) between 1 and `1 + max d`: each step shrinks the error
//! by `(√κ − 1) / (√κ + 1)` at least, 0.17 for `d = 1`, whatever the number of rows or columns.
//!
//! Source: Hestenes and Stiefel, "Methods of conjugate gradients for solving linear systems", J. Res.
//! NBS 49(6), 1952; used for implicit feedback by Takács, Pilászy and Tikk, "Applications of the
//! conjugate gradient method for implicit feedback collaborative filtering", RecSys 2011, on rows that
//! are not whitened, where a step also multiplies by a dense matrix.
//! Cost: `2 m n` multiply-adds a step and `2 m n` to begin, for `m` rows of `n` numbers.

use crate::lanes::{add_scaled, add_scaled4, dot, dot4, vectorised};

/// The rows `z_k` of one system, by number in a matrix of many.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// All rows, `n` numbers each.
    pub vectors: &'a [f32],
    /// Which of them, `m` numbers.
    pub picked: &'a [u32],
    /// `d_k` beside `picked`, at least 0.
    pub d: &'a [f32],
    /// `c_k` beside `picked`.
    pub c: &'a [f32],
}

/// Moves `x` towards the solution by at most `n_steps` steps from where it stands. `scratch` is working
/// memory for the caller to keep.
///
/// # Panics
/// If a picked row is outside the matrix.
pub fn conjugate_gradient(rows: Rows<'_>, n_steps: usize, x: &mut [f32], scratch: &mut Vec<f32>) {
    scratch.clear();
    scratch.resize(3 * x.len(), 0.0);
    steps(rows, n_steps, x, scratch);
}

vectorised! {
    fn steps(rows: Rows<'_>, n_steps: usize, x: &mut [f32], scratch: &mut [f32]) {
        let n = x.len();
        let (r, rest) = scratch.split_at_mut(n);
        let (p, ap) = rest.split_at_mut(n);
        r.iter_mut().zip(x.iter()).for_each(|(r, x)| *r = -x);
        add_rows(rows, x, r, |c, d, z_x| c - d * z_x);
        p.copy_from_slice(r);
        let mut length = dot(r, r);
        let small = 1e-12 * (1.0 + dot(x, x));
        for step in 0..n_steps {
            if length.is_nan() || length <= small {
                break;
            }
            ap.copy_from_slice(p);
            add_rows(rows, p, ap, |_, d, z_p| d * z_p);
            let far = length / dot(p, ap);
            add_scaled(x, far, p);
            if step + 1 == n_steps {
                break;
            }
            add_scaled(r, -far, ap);
            let next = dot(r, r);
            let keep = next / length;
            p.iter_mut().zip(r.iter()).for_each(|(p, r)| *p = r + keep * *p);
            length = next;
        }
    }
}

/// `target += Σ_k factor(c_k, d_k, z_k · at) z_k`, four rows at a time.
#[inline(always)]
fn add_rows(rows: Rows<'_>, at: &[f32], target: &mut [f32], factor: impl Fn(f32, f32, f32) -> f32) {
    let n = at.len();
    let row = |k: u32| &rows.vectors[k as usize * n..][..n];
    let (picked, picked_rest) = rows.picked.as_chunks::<4>();
    let ((c, c_rest), (d, d_rest)) = (rows.c.as_chunks::<4>(), rows.d.as_chunks::<4>());
    for ((k, c), d) in picked.iter().zip(c).zip(d) {
        let z = [row(k[0]), row(k[1]), row(k[2]), row(k[3])];
        let by = dot4(z, at);
        add_scaled4(target, std::array::from_fn(|i| factor(c[i], d[i], by[i])), z);
    }
    for ((k, c), d) in picked_rest.iter().zip(c_rest).zip(d_rest) {
        add_scaled(target, factor(*c, *d, dot(row(*k), at)), row(*k));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cholesky, cholesky_solve};
    use proptest::prelude::*;

    #[test] // z = (1, 2), d = 1, c = 3: (I + z zᵀ) x = 3 z gives x = 3 z / (1 + 5) in one step.
    fn one_row_is_solved_in_one_step_by_hand() {
        let mut x = [0.0, 0.0];
        let rows = Rows { vectors: &[9.0, 9.0, 1.0, 2.0], picked: &[1], d: &[1.0], c: &[3.0] };
        conjugate_gradient(rows, 1, &mut x, &mut Vec::new());
        assert!((x[0] - 0.5).abs() < 1e-6 && (x[1] - 1.0).abs() < 1e-6, "{x:?}");
    }

    proptest! {
        /// As many steps as unknowns give the exact solution; a solved system stays solved.
        #[test]
        fn enough_steps_give_the_exact_solution(vectors in prop::collection::vec(-1.0_f32..1.0, 9 * 6), d in prop::collection::vec(0.0_f32..4.0, 7)) {
            let n = 6;
            let picked = [0, 2, 3, 4, 6, 7, 8];
            let c: Vec<f32> = d.iter().map(|d| 1.0 + d).collect();
            let (mut a, mut want) = (vec![0.0; n * n], vec![0.0; n]);
            (0..n).for_each(|i| a[i * n + i] = 1.0);
            for (k, (d, c)) in picked.iter().zip(d.iter().zip(&c)) {
                let z = &vectors[*k as usize * n..][..n];
                for i in 0..n {
                    add_scaled(&mut a[i * n..(i + 1) * n], d * z[i], z);
                }
                add_scaled(&mut want, *c, z);
            }
            cholesky(&mut a, n).unwrap();
            cholesky_solve(&a, n, &mut want);
            let mut x = vec![1.0; n];
            let rows = Rows { vectors: &vectors, picked: &picked, d: &d, c: &c };
            conjugate_gradient(rows, n + 2, &mut x, &mut Vec::new());
            for (got, want) in x.iter().zip(&want) {
                prop_assert!((got - want).abs() < 2e-3, "{} {}", got, want);
            }
        }
    }
}
