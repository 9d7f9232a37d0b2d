//! Relatives of the gamma function that likelihoods of counts need: digamma and trigamma, `ln B`, the
//! beta quantile and Gauss' hypergeometric function.
//!
//! - digamma by the recurrence `ψ(x) = ψ(x + 1) - 1/x` up to 8, then its asymptotic series with
//!   seven terms (Abramowitz & Stegun, "Handbook of Mathematical Functions", 1964, 6.3.5 and 6.3.18):
//!   absolute error about 1e-14; trigamma in the same way (6.4.6 and 6.4.12).
//! - `₂F₁(a, b; c; z)` for `z < 1`: Pfaff's transformation brings a negative `z` into `[0, 1)`, Euler's
//!   makes the terms fall as fast as they can, then the series itself (the same, 15.3.3, 15.3.4,
//!   15.1.1). Relative error about 1e-13 where all terms have one sign; cost `36 / (1 - z)` terms, so it
//!   is for `z` up to about 0.999.
//! - the beta quantile by bisection of [`crate::special::beta_i`]: a few microseconds.

use crate::special::{beta_i, ln_gamma};

/// Derivative of `ln Γ` at `x > 0`; NaN elsewhere.
pub fn digamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut x, mut below) = (x, 0.0);
    while x < 8.0 {
        below += 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    // Bernoulli numbers over 2k: 1/12, -1/120, 1/252, -1/240, 1/132, -691/32760, 1/12.
    let tail = y
        * (1.0 / 12.0
            - y * (1.0 / 120.0
                - y * (1.0 / 252.0 - y * (1.0 / 240.0 - y * (1.0 / 132.0 - y * (691.0 / 32_760.0 - y / 12.0))))));
    x.ln() - 0.5 / x - tail - below
}

/// Second derivative of `ln Γ` at `x > 0`, relative error about 1e-12; NaN elsewhere. It is the variance of the
/// logarithm of a gamma variate of shape `x`.
pub fn trigamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut x, mut above) = (x, 0.0);
    while x < 8.0 {
        above += 1.0 / (x * x);
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    // Bernoulli numbers: 1/6, -1/30, 1/42, -1/30, 5/66, -691/2730, 7/6.
    let tail = 1.0 / 6.0
        - y * (1.0 / 30.0
            - y * (1.0 / 42.0 - y * (1.0 / 30.0 - y * (5.0 / 66.0 - y * (691.0 / 2_730.0 - y * 7.0 / 6.0)))));
    above + 1.0 / x + 0.5 * y + tail * y / x
}

/// `ln Γ(a) + ln Γ(b) - ln Γ(a + b)` for positive `a` and `b`; NaN elsewhere.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// Quantile of the beta distribution with positive `a` and `b`; NaN for `p` outside [0, 1].
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if !((0.0..=1.0).contains(&p) && a > 0.0 && b > 0.0) {
        return f64::NAN;
    }
    bisect_unit(|x| beta_i(a, b, x) - p)
}

/// The zero of a rising function on [0, 1], by bisection to neighbouring floats.
pub fn bisect_unit(rising: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..1_100 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if rising(middle) < 0.0 { low = middle } else { high = middle }
    }
    high
}

/// Gauss' hypergeometric function for `z < 1` and `c` that is no integer below 1; NaN elsewhere.
pub fn hyp2f1(a: f64, b: f64, c: f64, z: f64) -> f64 {
    if z.is_nan() || z >= 1.0 || (c <= 0.0 && c == c.floor()) {
        return f64::NAN;
    }
    if z < 0.0 {
        // Pfaff: (1 - z)^-a ₂F₁(a, c - b; c; z / (z - 1)).
        return (1.0 - z).powf(-a) * hyp2f1(a, c - b, c, z / (z - 1.0));
    }
    if c < a + b && z > 0.5 {
        // Euler: the transformed terms fall by a power of n faster.
        return (1.0 - z).powf(c - a - b) * series(c - a, c - b, c, z);
    }
    series(a, b, c, z)
}

fn series(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 0..200_000 {
        let n = f64::from(n);
        term *= (a + n) * (b + n) / ((c + n) * (1.0 + n)) * z;
        sum += term;
        if term.abs() <= 1e-17 * f64::abs(sum) {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(got: f64, want: f64, rel: f64) {
        assert!((got - want).abs() <= rel * want.abs(), "{got} is not {want}");
    }

    #[test] // ψ(1) is minus Euler's constant, ψ(1/2) = -γ - 2 ln 2, ψ(10) = -γ + Σ 1/k to 9.
    fn digamma_at_known_points() {
        const EULER: f64 = 0.577_215_664_901_532_9;
        close(digamma(1.0), -EULER, 1e-13);
        close(digamma(0.5), -EULER - 2.0 * 2.0_f64.ln(), 1e-13);
        close(digamma(10.0), -EULER + (1..10).map(|k| 1.0 / f64::from(k)).sum::<f64>(), 1e-13);
        assert!(digamma(0.0).is_nan());
    }

    #[test] // ψ'(1) = π²/6, ψ'(1/2) = π²/2, ψ'(10) = π²/6 - Σ 1/k² to 9.
    fn trigamma_at_known_points() {
        let sixth = std::f64::consts::PI.powi(2) / 6.0;
        close(trigamma(1.0), sixth, 1e-12);
        close(trigamma(0.5), 3.0 * sixth, 1e-12);
        close(trigamma(10.0), sixth - (1..10).map(|k| 1.0 / f64::from(k * k)).sum::<f64>(), 1e-12);
        assert!(trigamma(0.0).is_nan());
    }

    // ₂F₁(1, 1; 2; z) = -ln(1 - z) / z; ₂F₁(a, b; b; z) = (1 - z)^-a; ₂F₁(1/2, 1; 3/2; -z²) = atan(z) / z.
    #[test]
    fn hypergeometric_functions_with_a_closed_form() {
        for z in [0.1, 0.5, 0.9, 0.99] {
            close(hyp2f1(1.0, 1.0, 2.0, z), -(1.0 - z).ln() / z, 1e-12);
            close(hyp2f1(2.5, 3.0, 3.0, z), (1.0 - z).powf(-2.5), 1e-11);
            close(hyp2f1(0.5, 1.0, 1.5, -z * z), z.atan() / z, 1e-12);
        }
        close(hyp2f1(1.0, 1.0, 2.0, -3.0), 4.0_f64.ln() / 3.0, 1e-12);
        assert!(hyp2f1(1.0, 1.0, 2.0, 1.0).is_nan() && hyp2f1(1.0, 1.0, -2.0, 0.5).is_nan());
    }

    #[test] // Beta(1, b) has the quantile 1 - (1 - p)^(1/b); Beta(2, 1) has sqrt(p).
    fn beta_quantiles_with_a_closed_form() {
        close(beta_quantile(0.3, 1.0, 4.0), 1.0 - 0.7_f64.powf(0.25), 1e-12);
        close(beta_quantile(0.3, 2.0, 1.0), 0.3_f64.sqrt(), 1e-12);
        assert!(beta_quantile(1.2, 1.0, 1.0).is_nan());
    }

    proptest! {
        #[test]
        fn digamma_is_the_slope_of_ln_gamma(x in 0.05_f64..300.0) {
            let h = 1e-4 * x;
            let slope = (ln_gamma(x + h) - ln_gamma(x - h)) / (2.0 * h);
            prop_assert!((digamma(x) - slope).abs() < 1e-5 * (1.0 + slope.abs()));
        }

        #[test]
        fn contiguous_functions_agree(a in 0.1_f64..5.0, b in 0.1_f64..5.0, c in 0.2_f64..8.0, z in -4.0_f64..0.95) {
            // 15.2.10: (c - a) F(a - 1) + (2a - c - a z + b z) F + a (z - 1) F(a + 1) = 0.
            let f = |a: f64| hyp2f1(a, b, c, z);
            let parts = [(c - a) * f(a - 1.0), (2.0 * a - c - a * z + b * z) * f(a), a * (z - 1.0) * f(a + 1.0)];
            let size = parts.iter().map(|p| p.abs()).fold(0.0, f64::max);
            prop_assert!(parts.iter().sum::<f64>().abs() <= 1e-8 * size, "{parts:?}");
        }
    }
}
