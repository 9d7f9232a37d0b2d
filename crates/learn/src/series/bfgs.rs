//! Smallest value of a smooth function of a few parameters, from values and gradients.
//!
//! Keeps an estimate `H` of the inverse curvature, steps along `−H·g` and halves the step until the
//! value falls by Armijo's rule. Where the function is infinite the step is halved as well, so a
//! region may be closed off. Sources: Broyden; Fletcher; Goldfarb; Shanno (1970), as in Nocedal and
//! Wright, "Numerical optimization", Springer 2006, chapter 6. Cost: one evaluation a trial, `N²` a step.

/// Searches from `start`; ends when a step gains less than `tolerance` or after `max_steps`. `None` where
/// the function is not finite at the start.
pub(super) fn minimise<const N: usize>(
    start: [f64; N],
    tolerance: f64,
    max_steps: usize,
    mut f: impl FnMut(&[f64; N]) -> Option<(f64, [f64; N])>,
) -> Option<[f64; N]> {
    const ARMIJO: f64 = 1e-4;
    let mut x = start;
    let (mut value, mut g) = f(&x).filter(|(v, _)| v.is_finite())?;
    let mut h = scaled_identity(1.0 / norm(&g).max(1.0));
    let (mut fresh, mut small) = (true, 0);
    for _ in 0..max_steps {
        let mut step = times(&h, &g).map(|s| -s);
        let mut slope = dot(&step, &g);
        if slope >= 0.0 {
            h = scaled_identity(1.0 / norm(&g).max(1.0));
            step = times(&h, &g).map(|s| -s);
            slope = dot(&step, &g);
            fresh = true;
        }
        if slope > -1e-14 || !slope.is_finite() {
            break;
        }
        // Parameters are logits and scaled levels: a step of 4 crosses most of their range.
        let length = norm(&step);
        let mut share = if length > 4.0 { 4.0 / length } else { 1.0 };
        let mut found = None;
        for _ in 0..12 {
            let trial: [f64; N] = std::array::from_fn(|i| x[i] + share * step[i]);
            match f(&trial).filter(|(v, g)| v.is_finite() && g.iter().all(|g| g.is_finite())) {
                Some((v, g)) if v <= value + ARMIJO * share * slope => {
                    found = Some((trial, v, g));
                    break;
                }
                // The parabola through both values and the slope says where to try next.
                Some((v, _)) => share *= (-slope * share / (2.0 * (v - value - slope * share))).clamp(0.1, 0.5),
                None => share *= 0.25,
            }
        }
        let Some((next, v, next_g)) = found else {
            if fresh {
                break;
            }
            h = scaled_identity(1.0 / norm(&g).max(1.0));
            fresh = true;
            continue;
        };
        let s: [f64; N] = std::array::from_fn(|i| next[i] - x[i]);
        let y: [f64; N] = std::array::from_fn(|i| next_g[i] - g[i]);
        let sy = dot(&s, &y);
        if sy > 1e-12 {
            if fresh {
                h = scaled_identity(sy / dot(&y, &y));
                fresh = false;
            }
            update(&mut h, &s, &y, sy);
        }
        let gain = value - v;
        (x, value, g) = (next, v, next_g);
        small = if gain < tolerance { small + 1 } else { 0 };
        if small == 2 {
            break;
        }
    }
    Some(x)
}

/// `H ← (I − s yᵀ/ρ) H (I − y sᵀ/ρ) + s sᵀ/ρ` with `ρ = sᵀy`.
fn update<const N: usize>(h: &mut [[f64; N]; N], s: &[f64; N], y: &[f64; N], sy: f64) {
    let hy = times(h, y);
    let more = (1.0 + dot(y, &hy) / sy) / sy;
    for (i, row) in h.iter_mut().enumerate() {
        for (j, h) in row.iter_mut().enumerate() {
            *h += more * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
        }
    }
}

fn scaled_identity<const N: usize>(by: f64) -> [[f64; N]; N] {
    std::array::from_fn(|i| std::array::from_fn(|j| if i == j { by } else { 0.0 }))
}

fn times<const N: usize>(h: &[[f64; N]; N], v: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|i| dot(&h[i], v))
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm<const N: usize>(a: &[f64; N]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Rosenbrock's valley has its minimum 0 at (1, 1).
    fn it_finds_the_end_of_a_bent_valley() {
        let f = |x: &[f64; 2]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            Some((a * a + 100.0 * b * b, [-2.0 * a - 400.0 * x[0] * b, 200.0 * b]))
        };
        let found = minimise([-1.2, 1.0], 1e-12, 200, f).unwrap();
        assert!((found[0] - 1.0).abs() < 1e-4 && (found[1] - 1.0).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn it_stays_inside_a_closed_region_and_refuses_a_start_outside() {
        let f = |x: &[f64; 1]| (x[0] > 0.5).then(|| (x[0] * x[0], [2.0 * x[0]]));
        let found = minimise([3.0], 1e-9, 100, f).unwrap();
        assert!(found[0] > 0.5 && found[0] < 1.0, "{found:?}");
        assert_eq!(minimise([0.0], 1e-9, 100, f), None);
    }
}
