//! Random numbers of the gamma and beta families.
//!
//! Gamma by squeezing a cubed normal (Marsaglia and Tsang, "A simple method for generating gamma
//! variables", ACM Transactions on Mathematical Software 26(3), 2000), with the power of a uniform for
//! shapes below 1; on the logarithm there, so that tiny shapes do not underflow to an exact 0.
//! Beta as a ratio of two gammas.

use domain::Rng;

/// Gamma of shape `shape > 0` and rate 1.
pub fn gamma(rng: &mut Rng, shape: f64) -> f64 {
    ln_gamma_variate(rng, shape).exp()
}

/// Natural logarithm of a gamma variate of shape `shape > 0` and rate 1.
pub fn ln_gamma_variate(rng: &mut Rng, shape: f64) -> f64 {
    if shape < 1.0 {
        let power = -rng.exponential() / shape;
        return ln_gamma_variate(rng, shape + 1.0) + power;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = rng.normal();
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let ln_v = 3.0 * v.ln();
        // Written so that a uniform of exactly 0 is accepted rather than turned into a NaN.
        if -rng.exponential() <= 0.5 * x * x + d - d * ln_v.exp() + d * ln_v {
            return d.ln() + ln_v;
        }
    }
}

/// Beta with positive `a` and `b`.
pub fn beta(rng: &mut Rng, a: f64, b: f64) -> f64 {
    let (x, y) = (ln_gamma_variate(rng, a), ln_gamma_variate(rng, b));
    1.0 / (1.0 + (y - x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::{beta_i, gamma_p};
    use domain::Seed;

    /// Largest distance between the share of draws below a point and the distribution function.
    fn distance(draws: &mut [f64], cdf: impl Fn(f64) -> f64) -> f64 {
        draws.sort_by(f64::total_cmp);
        let n = draws.len() as f64;
        draws.iter().enumerate().map(|(i, &x)| (cdf(x) - (i as f64 + 0.5) / n).abs()).fold(0.0, f64::max)
    }

    #[test] // Kolmogorov: above 1.95 / sqrt(n) in one of a thousand samples; here 0.0138.
    fn draws_follow_their_distribution_functions() {
        let n = 20_000;
        let mut rng = Seed(5).stream(1);
        for shape in [0.05, 0.6, 1.0, 3.7, 250.0] {
            let mut draws: Vec<f64> = (0..n).map(|_| gamma(&mut rng, shape)).collect();
            let off = distance(&mut draws, |x| gamma_p(shape, x));
            assert!(off < 0.0138, "shape {shape}: {off}");
        }
        for (a, b) in [(0.3, 2.0), (2.0, 2.0), (40.0, 5.0)] {
            let mut draws: Vec<f64> = (0..n).map(|_| beta(&mut rng, a, b)).collect();
            let off = distance(&mut draws, |x| beta_i(a, b, x));
            assert!(off < 0.0138, "beta {a} {b}: {off}");
        }
    }

    #[test]
    fn a_tiny_shape_has_a_finite_logarithm() {
        let mut rng = Seed(5).stream(2);
        assert!((0..1_000).all(|_| ln_gamma_variate(&mut rng, 1e-3).is_finite()));
    }
}
