//! A triangular factor applied to many vectors: whitening by `A = Uᵀ U` and back.
//!
//! With the factor of [`cholesky`](crate::cholesky), `z = U⁻ᵀ y` turns `yᵀ A⁻¹ y` into `zᵀ z`: in the
//! new coordinates `A` is the identity. Sixteen vectors go through together, one a lane, so that the
//! recurrence of a substitution, which has nothing to do in parallel for one vector, fills a
//! register; each vector gets the same bits alone or among others.
//! Source: Golub and Van Loan, "Matrix Computations", 4th edition, Johns Hopkins 2013, section 3.1.
//! Cost: `n² / 2` multiply-adds a vector of length `n`.

use crate::lanes::{LANES, add_product, vectorised};

/// Upper triangular `n × n` factor, as rows and as columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Triangle {
    n: usize,
    /// Row-major; the strict lower half is not read.
    rows: Vec<f32>,
    /// The transpose of `rows`.
    columns: Vec<f32>,
}

impl Triangle {
    /// Takes the upper triangle of a row-major `n × n` matrix, diagonal above 0.
    ///
    /// # Panics
    /// If `u` does not hold `n * n` numbers.
    pub fn upper(u: Vec<f32>, n: usize) -> Self {
        assert_eq!(u.len(), n * n, "a square matrix of {n} rows");
        let mut columns = vec![0.0; n * n];
        for (k, row) in u.chunks_exact(n.max(1)).enumerate() {
            for (j, value) in row.iter().enumerate().skip(k) {
                columns[j * n + k] = *value;
            }
        }
        Self { n, rows: u, columns }
    }

    /// Each vector `y` of `vectors` (`m × n`) becomes `U⁻ᵀ y`.
    ///
    /// # Panics
    /// If the length is no multiple of `n`.
    pub fn whiten(&self, vectors: &mut [f32]) {
        self.through(vectors, |block| forward(&self.columns, self.n, block));
    }

    /// Each vector `x` becomes `U⁻¹ x`.
    ///
    /// # Panics
    /// If the length is no multiple of `n`.
    pub fn solve(&self, vectors: &mut [f32]) {
        self.through(vectors, |block| backward(&self.rows, self.n, block));
    }

    /// Each vector `x` becomes `U x`: undoes [`Self::solve`].
    ///
    /// # Panics
    /// If the length is no multiple of `n`.
    pub fn multiply(&self, vectors: &mut [f32]) {
        self.through(vectors, |block| product(&self.rows, self.n, block));
    }

    fn through(&self, vectors: &mut [f32], apply: impl Fn(&mut [[f32; LANES]])) {
        assert_eq!(vectors.len() % self.n, 0, "vectors of {} numbers", self.n);
        let mut block = vec![[0.0; LANES]; self.n];
        for sixteen in vectors.chunks_mut(LANES * self.n) {
            for (lane, vector) in sixteen.chunks_exact(self.n).enumerate() {
                block.iter_mut().zip(vector).for_each(|(b, v)| b[lane] = *v);
            }
            apply(&mut block);
            for (lane, vector) in sixteen.chunks_exact_mut(self.n).enumerate() {
                vector.iter_mut().zip(&block).for_each(|(v, b)| *v = b[lane]);
            }
        }
    }
}

// Each unknown is one sum over those before it, so that the sum stays in a register: taking each
// known value off all later rows instead stores as often as it adds, measured eight times slower.

vectorised! {
    fn forward(columns: &[f32], n: usize, block: &mut [[f32; LANES]]) {
        for k in 0..n {
            let (diagonal, above) = columns[k * n..k * n + k + 1].split_last().expect("a diagonal");
            let mut rest = block[k];
            for (factor, y) in above.iter().zip(block.iter()) {
                rest = add_product(rest, -factor, y);
            }
            block[k] = rest.map(|v| v / diagonal);
        }
    }
}

vectorised! {
    fn backward(rows: &[f32], n: usize, block: &mut [[f32; LANES]]) {
        for k in (0..n).rev() {
            let (diagonal, right) = rows[k * n + k..(k + 1) * n].split_first().expect("a diagonal");
            let mut rest = block[k];
            for (factor, x) in right.iter().zip(&block[k + 1..n]) {
                rest = add_product(rest, -factor, x);
            }
            block[k] = rest.map(|v| v / diagonal);
        }
    }
}

vectorised! {
    fn product(rows: &[f32], n: usize, block: &mut [[f32; LANES]]) {
        for k in 0..n {
            let row = &rows[k * n + k..(k + 1) * n];
            let mut sum = [0.0; LANES];
            for (factor, x) in row.iter().zip(&block[k..n]) {
                sum = add_product(sum, *factor, x);
            }
            block[k] = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // U = [2 1; 0 2]. Uᵀ z = (4, 6): z = (2, (6 − 2) / 2). U x = (4, 6): x = ((4 − 3) / 2, 3).
    fn two_by_two_by_hand() {
        let u = Triangle::upper(vec![2.0, 1.0, 7.0, 2.0], 2);
        let (mut z, mut x) = ([4.0, 6.0], [4.0, 6.0]);
        u.whiten(&mut z);
        u.solve(&mut x);
        assert_eq!((z, x), ([2.0, 2.0], [0.5, 3.0]));
        u.multiply(&mut x);
        assert_eq!(x, [4.0, 6.0]);
    }

    proptest! {
        #[test]
        fn a_vector_is_treated_the_same_alone_and_among_others(cells in prop::collection::vec(-1.0_f32..1.0, 25), vectors in prop::collection::vec(-5.0_f32..5.0, 5 * 19)) {
            let mut u = cells;
            (0..5).for_each(|k| u[k * 6] += 1.5);
            let u = Triangle::upper(u, 5);
            let mut together = vectors.clone();
            u.whiten(&mut together);
            for (vector, want) in vectors.chunks(5).zip(together.chunks(5)) {
                let mut alone = vector.to_vec();
                u.whiten(&mut alone);
                prop_assert_eq!(&alone[..], want);
                u.solve(&mut alone);
                u.multiply(&mut alone);
                for (got, want) in alone.iter().zip(want) {
                    prop_assert!((got - want).abs() < 1e-2 * (1.0 + want.abs()), "{} {}", got, want);
                }
            }
        }
    }
}
