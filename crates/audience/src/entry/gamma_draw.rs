//! Draws that [`domain::Rng`] does not have: gamma, and shares that add up to one (Dirichlet).
//!
//! Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3), 2000; below shape 1 by the
//! power of a uniform, as they propose. Dirichlet: gammas divided by their sum. Cost: about one normal a draw.

use domain::Rng;

/// Gamma with this shape and scale 1, so that its mean is `shape`; 0 where the shape is not above 0.
pub(crate) fn gamma(rng: &mut Rng, shape: f64) -> f64 {
    if shape.is_nan() || shape <= 0.0 {
        return 0.0;
    }
    let boost = if shape < 1.0 { (1.0 - rng.uniform()).powf(1.0 / shape) } else { 1.0 };
    let d = if shape < 1.0 { shape + 1.0 } else { shape } - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = rng.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - rng.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v * boost;
        }
    }
}

/// Shares with mean `alphas / Σ alphas`; the larger the sum, the nearer to it. A share of alpha 0 is 0. All are 0 where
/// no alpha is above 0.
pub(crate) fn dirichlet(rng: &mut Rng, alphas: &[f64]) -> Vec<f64> {
    let draws: Vec<f64> = alphas.iter().map(|a| gamma(rng, *a)).collect();
    let sum: f64 = draws.iter().sum();
    draws.iter().map(|d| if sum > 0.0 { d / sum } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    #[test] // Mean and variance of a gamma are its shape; the standard error of 20,000 draws is sqrt(shape / 20,000).
    fn gammas_have_the_mean_and_variance_of_their_shape() {
        for shape in [0.3, 1.0, 7.5] {
            let mut rng = Seed(5).stream(0);
            let draws: Vec<f64> = (0..20_000).map(|_| gamma(&mut rng, shape)).collect();
            let mean = draws.iter().sum::<f64>() / 20_000.0;
            let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 20_000.0;
            assert!((mean - shape).abs() < 4.0 * (shape / 20_000.0).sqrt(), "{shape}: {mean}");
            assert!((variance / shape - 1.0).abs() < 0.1, "{shape}: {variance}");
        }
        assert_eq!(gamma(&mut Seed(5).stream(0), 0.0), 0.0);
    }

    #[test] // Dirichlet(6, 3, 0, 1): means 0.6, 0.3, 0, 0.1; variance of the first 0.6 · 0.4 / 11.
    fn shares_add_up_to_one_and_have_their_means() {
        let mut rng = Seed(5).stream(1);
        let draws: Vec<Vec<f64>> = (0..20_000).map(|_| dirichlet(&mut rng, &[6.0, 3.0, 0.0, 1.0])).collect();
        assert!(draws.iter().all(|d| (d.iter().sum::<f64>() - 1.0).abs() < 1e-12 && d[2] == 0.0));
        let mean = |i: usize| draws.iter().map(|d| d[i]).sum::<f64>() / 20_000.0;
        assert!((mean(0) - 0.6).abs() < 0.005 && (mean(3) - 0.1).abs() < 0.005);
        let variance = draws.iter().map(|d| (d[0] - 0.6).powi(2)).sum::<f64>() / 20_000.0;
        assert!((variance / (0.24 / 11.0) - 1.0).abs() < 0.1, "{variance}");
        assert_eq!(dirichlet(&mut rng, &[0.0, 0.0]), [0.0, 0.0]);
    }
}
