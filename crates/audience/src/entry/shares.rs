//! Shares that add up to one, drawn: the Dirichlet as gammas ([`learn::variates`]) divided by their sum. Cost: about one
//! normal a draw.

use domain::Rng;
use learn::variates;

/// Gamma with this shape and scale 1, so that its mean is `shape`; 0 where the shape is not above 0.
fn gamma(rng: &mut Rng, shape: f64) -> f64 {
    if shape > 0.0 { variates::gamma(rng, shape) } else { 0.0 }
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
