//! Elliptical slice sampling: a Markov chain for a density that is a normal one times anything.
//!
//! A draw of the normal part and the present point span an ellipse; a point on it is chosen uniformly
//! among those whose other factor lies above a random threshold, by shrinking an arc. Nothing to tune,
//! no step is ever refused, and where the other factor is flat the step is an independent draw.
//! Source: Murray, Adams and MacKay, "Elliptical slice sampling", AISTATS 2010.
//! Cost: one call of the factor where it says little, about `log₂` of how much narrower it is than the
//! normal part where it says much.

use domain::Rng;

/// Arc halvings after which the point stays where it is; the arc is then below the last bits of the angle.
const MOST_HALVINGS: usize = 100;

/// One step from `at`, whose log-factor is `value` (finite), to a new point; returns its log-factor.
///
/// `mean` is the centre of the normal part, `swing` a draw of it less that centre, and `log_factor` the
/// logarithm of what it is multiplied with, where anything not finite counts as minus infinity.
pub fn elliptical_step(
    rng: &mut Rng,
    at: &mut Vec<f64>,
    value: f64,
    mean: &[f64],
    swing: &[f64],
    mut log_factor: impl FnMut(&[f64]) -> f64,
) -> f64 {
    let threshold = value - rng.exponential();
    let mut angle = rng.uniform() * std::f64::consts::TAU;
    let (mut low, mut high) = (angle - std::f64::consts::TAU, angle);
    for _ in 0..MOST_HALVINGS {
        let (sin, cos) = angle.sin_cos();
        let next: Vec<f64> = at.iter().zip(mean).zip(swing).map(|((x, m), s)| m + (x - m) * cos + s * sin).collect();
        let found = log_factor(&next);
        if found.is_finite() && found > threshold {
            *at = next;
            return found;
        }
        if angle < 0.0 {
            low = angle
        } else {
            high = angle
        }
        angle = low + rng.uniform() * (high - low);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    // Normal part N(0, 1), factor N(3; x, 0.5²): the product is N(2.4, 0.2), since 3 · 4 / (1 + 4) = 2.4.
    #[test]
    fn a_normal_times_a_normal_is_the_known_normal() {
        let mut rng = Seed(3).stream(0);
        let log_factor = |x: &[f64]| -2.0 * (3.0 - x[0]).powi(2);
        let (mut at, mut value) = (vec![0.0], log_factor(&[0.0]));
        let (mut sum, mut squares, n) = (0.0, 0.0, 20_000);
        for _ in 0..n {
            let swing = [rng.normal()];
            value = elliptical_step(&mut rng, &mut at, value, &[0.0], &swing, log_factor);
            sum += at[0];
            squares += at[0] * at[0];
        }
        let mean = sum / f64::from(n);
        let variance = squares / f64::from(n) - mean * mean;
        assert!((mean - 2.4).abs() < 0.02 && (variance - 0.2).abs() < 0.015, "{mean} {variance}");
    }

    #[test]
    fn where_nothing_is_allowed_the_point_stays() {
        let mut rng = Seed(3).stream(1);
        let mut at = vec![1.0];
        let value = elliptical_step(&mut rng, &mut at, -1.0, &[0.0], &[0.3], |_| f64::NAN);
        assert_eq!((at, value), (vec![1.0], -1.0));
    }
}
