//! Least squares in which some coefficients may not be negative.
//!
//! Minimises `½ bᵀ A b - cᵀ b` for a symmetric positive definite `A` with `b_j ≥ 0` where asked: with `A = XᵀX / n + ridge`
//! and `c = Xᵀy / n` this is a (ridge) regression, and its optimum is unique. Block principal pivoting: solve without
//! bounds, exchange at once every coefficient that is negative or whose gradient says that it should leave zero; where
//! that stops making progress, exchange one at a time by the largest index, which is finite.
//! Source: Portugal, Júdice and Vicente, "A comparison of block pivoting and interior-point algorithms for linear least
//! squares problems with nonnegative variables", Mathematics of Computation 63(208), 1994.
//! Cost: a handful of Cholesky factorisations, `n³ / 6` each; meant for tens of coefficients and many calls.

/// Whether a coefficient may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Any value.
    Free,
    /// Zero or more.
    NotNegative,
}

/// Room for systems of one size, kept between calls.
#[derive(Clone, Debug)]
pub struct SignedSquares {
    signs: Vec<Sign>,
    inside: Vec<bool>,
    order: Vec<usize>,
    factor: Vec<f64>,
    solution: Vec<f64>,
}

impl SignedSquares {
    /// For coefficients with these signs.
    pub fn new(signs: &[Sign]) -> Self {
        let n = signs.len();
        Self {
            signs: signs.to_vec(),
            inside: vec![true; n],
            order: Vec::with_capacity(n),
            factor: vec![0.0; n * n],
            solution: vec![0.0; n],
        }
    }

    /// The optimum for `a` (`n × n`, row-major) and `c`; `None` where `a` is not positive definite.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn solve(&mut self, a: &[f64], c: &[f64]) -> Option<&[f64]> {
        let n = self.signs.len();
        assert_eq!((a.len(), c.len()), (n * n, n), "a system of {n} coefficients");
        self.inside.fill(true);
        let (mut fewest, mut patience) = (n + 1, 3);
        // Murty's rule below is finite; the bound only guards against rounding that goes round in a circle.
        for _ in 0..20 + 10 * n {
            self.solve_inside(a, c)?;
            let mut n_wrong = 0;
            let mut last = 0;
            for j in (0..n).filter(|&j| self.signs[j] == Sign::NotNegative) {
                if self.is_wrong(a, c, j) {
                    n_wrong += 1;
                    last = j;
                }
            }
            if n_wrong == 0 {
                return Some(&self.solution);
            }
            if n_wrong < fewest {
                (fewest, patience) = (n_wrong, 3);
            } else if patience > 0 {
                patience -= 1;
            }
            if patience > 0 {
                let wrong: Vec<usize> = (0..n).filter(|&j| self.is_wrong(a, c, j)).collect();
                wrong.into_iter().for_each(|j| self.inside[j] = !self.inside[j]);
            } else {
                self.inside[last] = !self.inside[last];
            }
        }
        self.solution.iter_mut().zip(&self.signs).filter(|(_, s)| **s == Sign::NotNegative).for_each(|(b, _)| {
            *b = b.max(0.0);
        });
        Some(&self.solution)
    }

    /// A negative coefficient, or one at zero that would lower the sum if it rose.
    fn is_wrong(&self, a: &[f64], c: &[f64], j: usize) -> bool {
        if self.signs[j] == Sign::Free {
            return false;
        }
        if self.inside[j] {
            return self.solution[j] < 0.0;
        }
        let n = self.signs.len();
        let pull: f64 = a[j * n..(j + 1) * n].iter().zip(&self.solution).map(|(a, b)| a * b).sum();
        c[j] - pull > 1e-10 * (c[j].abs() + pull.abs())
    }

    /// Solves for the coefficients inside, the others at zero.
    fn solve_inside(&mut self, a: &[f64], c: &[f64]) -> Option<()> {
        let n = self.signs.len();
        let Self { inside, order, factor: l, solution, .. } = self;
        order.clear();
        order.extend((0..n).filter(|&j| inside[j]));
        let m = order.len();
        solution.fill(0.0);
        let mut z = [0.0_f64; 64];
        let mut long = Vec::new();
        let z: &mut [f64] = if m <= 64 {
            &mut z[..m]
        } else {
            long.resize(m, 0.0);
            &mut long
        };
        for i in 0..m {
            for j in 0..=i {
                let known: f64 = l[i * n..i * n + j].iter().zip(&l[j * n..j * n + j]).map(|(x, y)| x * y).sum();
                let rest = a[order[i] * n + order[j]] - known;
                if i == j {
                    if !(rest > 1e-13 * a[order[i] * n + order[i]].abs() && rest.is_finite()) {
                        return None;
                    }
                    l[i * n + i] = rest.sqrt();
                } else {
                    l[i * n + j] = rest / l[j * n + j];
                }
            }
            let known: f64 = l[i * n..i * n + i].iter().zip(z.iter()).map(|(x, y)| x * y).sum();
            z[i] = (c[order[i]] - known) / l[i * n + i];
        }
        for i in (0..m).rev() {
            let known: f64 = (i + 1..m).map(|k| l[k * n + i] * z[k]).sum();
            z[i] = (z[i] - known) / l[i * n + i];
        }
        order.iter().zip(z.iter()).for_each(|(&j, &b)| solution[j] = b);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // Without bounds b = (4, -1): with b₁ ≥ 0, 2 b₀ = c₀ = 7 gives 3.5, and the gradient of b₁ is 3.5 - 2 > 0.
    fn a_negative_coefficient_stays_at_zero_by_hand() {
        let mut system = SignedSquares::new(&[Sign::Free, Sign::NotNegative]);
        let b = system.solve(&[2.0, 1.0, 1.0, 2.0], &[7.0, 2.0]).unwrap();
        assert!((b[0] - 3.5).abs() < 1e-12 && b[1] == 0.0, "{b:?}");
        let mut free = SignedSquares::new(&[Sign::Free; 2]);
        let b = free.solve(&[2.0, 1.0, 1.0, 2.0], &[7.0, 2.0]).unwrap();
        assert!((b[0] - 4.0).abs() < 1e-12 && (b[1] + 1.0).abs() < 1e-12);
        assert_eq!(free.solve(&[1.0, 1.0, 1.0, 1.0], &[1.0, 1.0]), None);
    }

    proptest! {
        #[test] // The conditions of Karush, Kuhn and Tucker: gradient 0 inside, not negative at a bound.
        fn no_coefficient_can_move_to_a_lower_sum(
            x in prop::collection::vec(-1.0_f64..1.0, 72), y in prop::collection::vec(-1.0_f64..1.0, 12),
        ) {
            let n = 6;
            let signs = [Sign::Free, Sign::NotNegative, Sign::NotNegative, Sign::Free, Sign::NotNegative, Sign::NotNegative];
            let column = |j: usize| x[j * 12..(j + 1) * 12].to_vec();
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let mut a = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..n {
                    a[i * n + j] = dot(&column(i), &column(j)) + if i == j { 1e-3 } else { 0.0 };
                }
            }
            let c: Vec<f64> = (0..n).map(|j| dot(&column(j), &y)).collect();
            let b = SignedSquares::new(&signs).solve(&a, &c).unwrap().to_vec();
            for j in 0..n {
                let slope = dot(&a[j * n..(j + 1) * n], &b) - c[j];
                if signs[j] == Sign::NotNegative {
                    prop_assert!(b[j] >= 0.0 && slope > -1e-7, "{j}: {} {slope}", b[j]);
                }
                if b[j] != 0.0 {
                    prop_assert!(slope.abs() < 1e-7, "{j}: {slope}");
                }
            }
        }
    }
}
