//! The smallest value of a function of a few numbers, without slopes: the simplex that reflects, stretches and shrinks.
//!
//! Source: Nelder & Mead, "A simplex method for function minimization", The Computer Journal 7(4), 1965, with their
//! coefficients 1, 2, ½ and ½. Cost: one or two values a step.

/// Minimises `f` from `start` with first edges of `edge`; at most `n_steps` steps, or until all corners agree to
/// `tolerance`. Gives the best point.
pub(super) fn minimise<const D: usize>(
    f: impl Fn(&[f64; D]) -> f64,
    start: [f64; D],
    edge: f64,
    tolerance: f64,
    n_steps: usize,
) -> [f64; D] {
    let corner = |x: [f64; D]| (f(&x), x);
    let mut simplex: Vec<(f64, [f64; D])> = vec![corner(start)];
    for d in 0..D {
        let mut x = start;
        x[d] += edge;
        simplex.push(corner(x));
    }
    for _ in 0..n_steps {
        simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
        if simplex[D].0 - simplex[0].0 < tolerance {
            break;
        }
        let mut middle = [0.0; D];
        for (_, x) in &simplex[..D] {
            (0..D).for_each(|d| middle[d] += x[d] / D as f64);
        }
        let worst = simplex[D];
        let along = |by: f64| {
            let mut x = middle;
            (0..D).for_each(|d| x[d] += by * (middle[d] - worst.1[d]));
            corner(x)
        };
        let reflected = along(1.0);
        simplex[D] = if reflected.0 < simplex[0].0 {
            let stretched = along(2.0);
            if stretched.0 < reflected.0 { stretched } else { reflected }
        } else if reflected.0 < simplex[D - 1].0 {
            reflected
        } else {
            let pulled = along(if reflected.0 < worst.0 { 0.5 } else { -0.5 });
            if pulled.0 < worst.0.min(reflected.0) {
                pulled
            } else {
                let best = simplex[0].1;
                for entry in &mut simplex[1..] {
                    let mut x = entry.1;
                    (0..D).for_each(|d| x[d] = (x[d] + best[d]) / 2.0);
                    *entry = corner(x);
                }
                continue;
            }
        };
    }
    simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
    simplex[0].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Rosenbrock's valley has its floor at (1, 1).
    fn the_floor_of_a_curved_valley_is_found() {
        let valley = |x: &[f64; 2]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
        let got = minimise(valley, [-1.2, 1.0], 0.5, 1e-14, 2_000);
        assert!((got[0] - 1.0).abs() < 1e-4 && (got[1] - 1.0).abs() < 1e-4, "{got:?}");
    }
}
