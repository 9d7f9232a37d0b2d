//! Points and weights of Gauss and Legendre: an integral over an interval by a few values.
//!
//! `n` points are exact for polynomials of degree `2n - 1`. The points are zeros of Legendre's polynomial,
//! found by Newton's method from a cosine (Abramowitz & Stegun, "Handbook of Mathematical Functions",
//! 1964, 25.4.29 and 22.16.6). Cost: `O(n²)`, once.

/// `n ≥ 1` points in (-1, 1) with their weights, which sum to 2.
pub fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let order = n as f64;
    let zero = |i: usize| {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (order + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut below, mut here) = (1.0, x);
            for k in 2..=n {
                let k = k as f64;
                (below, here) = (here, ((2.0 * k - 1.0) * x * here - (k - 1.0) * below) / k);
            }
            slope = order * (x * here - below) / (x * x - 1.0);
            let step = here / slope;
            x -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..n).map(zero).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // ∫ x^k over [-1, 1] is 2 / (k + 1) for even k, up to degree 2n - 1.
    fn polynomials_are_integrated_exactly() {
        for n in [2, 5, 16] {
            let points = gauss_legendre(n);
            for k in 0..2 * n as i32 {
                let got: f64 = points.iter().map(|(x, w)| w * x.powi(k)).sum();
                let want = if k % 2 == 0 { 2.0 / f64::from(k + 1) } else { 0.0 };
                assert!((got - want).abs() < 1e-13, "{n} points, degree {k}: {got}");
            }
        }
    }

    #[test]
    fn one_point_is_the_middle() {
        let points = gauss_legendre(1);
        assert!(points.len() == 1 && points[0].0.abs() < 1e-15 && (points[0].1 - 2.0).abs() < 1e-15);
    }
}
