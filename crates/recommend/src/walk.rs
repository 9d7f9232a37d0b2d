//! One step of a walk from item to item over the shoppers who have both.
//!
//! `A(i, j) = d(j)^−to · Σ_s (w(s, i) / d(i))^from · (w(s, j) / d(s))^via`, for `i ≠ j`, with `w` the weights
//! and `d` the sums of a row or column. With `from = via = 1` and `to = 0` it is the probability to
//! come from `i` over a random buyer to a random item of theirs. `via` below 1 lets shoppers with long
//! histories count more, `to` above 0 discounts what is popular anyway.
//!
//! Source: Cooper et al., "Random walks in recommender systems: exact computation and simulations", WWW
//! 2014 (powers of the probabilities); Paudel et al., "Updatable, accurate, diverse, and scalable
//! recommendations for interactive applications", ACM TiiS 7(1), 2017 (popularity). Cost: `Σ_s |history(s)|²`.

use crate::links::at_least_0;
use crate::signal::matrix;
use domain::{FitError, Interactions};
use learn::{Csr, keep_largest, product};

/// Powers of the three normalisations, each at least 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Exponents {
    pub(crate) from: f32,
    pub(crate) via: f32,
    pub(crate) to: f32,
}

impl Exponents {
    pub(crate) fn check(self, names: [&'static str; 3]) -> Result<(), FitError> {
        names.into_iter().zip([self.from, self.via, self.to]).try_for_each(|(name, value)| at_least_0(name, value))
    }
}

/// The step from each item (row) to the `k` items of largest weight, without the way back to itself.
pub(crate) fn step(train: &Interactions, exponents: Exponents, k: usize) -> Csr {
    let by_shopper = matrix(train);
    let by_item = by_shopper.transpose();
    let sum = |m: &Csr, r: usize| m.row(r).1.iter().sum::<f32>();
    let item_sums: Vec<f32> = (0..by_item.n_rows()).map(|i| sum(&by_item, i)).collect();
    let shopper_sums: Vec<f32> = (0..by_shopper.n_rows()).map(|s| sum(&by_shopper, s)).collect();
    let Exponents { from, via, to } = exponents;
    let to_shoppers = by_item.map(|i, _, w| (w / item_sums[i]).powf(from));
    let to_items = by_shopper.map(|s, i, w| (w / shopper_sums[s]).powf(via) * item_sums[i as usize].powf(-to));
    product(&to_shoppers, &to_items, |i, cells| {
        cells.retain(|(j, _)| *j as usize != i);
        keep_largest(cells, k);
    })
}

/// How much a long walk grows with each step: the largest eigenvalue of a matrix without negative
/// cells, by power iterations; 1 for a matrix without cells. The mean row sum is added to the diagonal
/// and taken away again, so that a graph in two halves does not swing to and fro for ever.
pub(crate) fn growth(links: &Csr) -> f32 {
    const N_ITERATIONS: usize = 50;
    let n = links.n_rows();
    let total: f64 = (0..n).flat_map(|i| links.row(i).1).map(|v| f64::from(*v)).sum();
    if total <= 0.0 {
        return 1.0;
    }
    let shift = total / n as f64;
    let mut x = vec![1.0 / n as f64; n];
    let mut growth = 0.0;
    for _ in 0..N_ITERATIONS {
        let mut next: Vec<f64> = x.iter().map(|x| shift * x).collect();
        for (i, x) in x.iter().enumerate() {
            links.cells(i).for_each(|(j, value)| next[j as usize] += x * f64::from(value));
        }
        growth = next.iter().sum(); // of a vector that adds up to 1
        x = next.into_iter().map(|y| y / growth).collect();
    }
    (growth - shift) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shoppers {0, 1}, {0, 1, 2}. From item 0, with two buyers, over the first (a half) to item 1 (a half)
    /// or over the second (a half) to item 1 (a third): 1/4 + 1/6; to item 2 1/6.
    #[test]
    fn a_step_is_a_probability_without_powers() {
        let train = Interactions::from_baskets(3, [&[0, 1][..], &[0, 1, 2]]);
        let plain = Exponents { from: 1.0, via: 1.0, to: 0.0 };
        let links = step(&train, plain, 5);
        let (columns, values) = links.row(0);
        assert_eq!(columns, [1, 2]);
        assert!((values[0] - 5.0 / 12.0).abs() < 1e-6 && (values[1] - 1.0 / 6.0).abs() < 1e-6, "{values:?}");
        assert_eq!(step(&train, plain, 1).row(0).0, [1]);
        // from 0, via ½, to 1: (√½ + √⅓) / 2 to item 1, √⅓ / 1 to item 2.
        let links = step(&train, Exponents { from: 0.0, via: 0.5, to: 1.0 }, 5);
        let want = [(0.5_f32.sqrt() + (1.0_f32 / 3.0).sqrt()) / 2.0, (1.0_f32 / 3.0).sqrt()];
        assert!(links.row(0).1.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-6), "{links:?}");
    }

    #[test] // [0 2; 2 0] grows by 2; [0 1; 4 0] by √4; in two halves that swing.
    fn growth_is_the_largest_eigenvalue() {
        let of = |a: f32, b: f32| growth(&Csr::from_rows(2, [[(1, a)], [(0, b)]]));
        assert!((of(2.0, 2.0) - 2.0).abs() < 1e-4);
        assert!((of(1.0, 4.0) - 2.0).abs() < 1e-3, "{}", of(1.0, 4.0));
        let nothing: [Vec<(u32, f32)>; 2] = [vec![], vec![]];
        assert_eq!(growth(&Csr::from_rows(2, nothing)), 1.0);
    }
}
