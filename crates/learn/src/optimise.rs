//! The lowest point of a smooth function of a few variables.
//!
//! [`bfgs`] follows the gradient with an approximate inverse of the curvature, [`nelder_mead`] needs
//! values alone and walks a simplex down where a gradient misleads. [`curvature`] differentiates a
//! gradient once more, [`Factor`] factorises what comes out.
//! Sources: Nocedal and Wright, "Numerical Optimization", 2nd edition, Springer 2006, sections 3.1 and
//! 6.1; Nelder and Mead, "A simplex method for function minimization", The Computer Journal 7(4), 1965.
//! Cost: `O(d²)` a step beside the calls of the function. Everything runs in the calling thread.

/// When to stop.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimiseParams {
    /// Most calls of the function.
    pub max_calls: usize,
    /// Largest component of the gradient that counts as zero, as a share of `1 + |value|`.
    pub gradient_share: f64,
}

impl Default for OptimiseParams {
    fn default() -> Self {
        Self { max_calls: 400, gradient_share: 1e-9 }
    }
}

/// Where a search ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Lowest {
    /// The point.
    pub at: Vec<f64>,
    /// The value there.
    pub value: f64,
    /// Whether the search ended because nothing lower was left in reach, not because calls ran out.
    pub settled: bool,
    /// Calls of the function.
    pub n_calls: usize,
}

/// Follows the gradient down from `start`. `function(x, gradient)` returns the value and writes the
/// gradient; a value that is not finite counts as infinitely high.
pub fn bfgs(start: &[f64], params: &OptimiseParams, mut function: impl FnMut(&[f64], &mut [f64]) -> f64) -> Lowest {
    let d = start.len();
    let mut x = start.to_vec();
    let mut g = vec![0.0; d];
    let mut value = function(&x, &mut g);
    let mut n_calls = 1;
    let mut inverse = identity(d);
    let mut fresh = true; // whether `inverse` is still the identity
    while n_calls < params.max_calls {
        let flat = params.gradient_share * (1.0 + value.abs());
        if !value.is_finite() || g.iter().all(|c| c.abs() <= flat) {
            return Lowest { at: x, value, settled: value.is_finite(), n_calls };
        }
        let mut step: Vec<f64> = (0..d).map(|i| -(0..d).map(|j| inverse[i * d + j] * g[j]).sum::<f64>()).collect();
        let mut slope = dot(&step, &g);
        if slope >= 0.0 || !slope.is_finite() {
            inverse = identity(d);
            fresh = true;
            step = g.iter().map(|c| -c).collect();
            slope = -dot(&g, &g);
        }
        // Far from the bottom the first steps would leave the range in which the function means anything.
        let longest = step.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
        let limit = if fresh { 0.5 } else { 2.0 };
        let mut share = if longest > limit { limit / longest } else { 1.0 };
        let mut next_g = vec![0.0; d];
        let (next, next_value) = loop {
            let next: Vec<f64> = x.iter().zip(&step).map(|(x, s)| x + share * s).collect();
            let next_value = function(&next, &mut next_g);
            n_calls += 1;
            if next_value <= value + 1e-4 * share * slope {
                break (next, next_value);
            }
            // Nothing lower within the last bits of the value: this is the bottom.
            if share * longest < 1e-12 || n_calls >= params.max_calls {
                let settled = if fresh { share * longest < 1e-12 } else { false };
                break (x.clone(), if settled { value } else { f64::NAN });
            }
            share *= if next_value.is_finite() { 0.35 } else { 0.1 };
        };
        if next_value.is_nan() {
            if fresh || n_calls >= params.max_calls {
                return Lowest { at: x, value, settled: n_calls < params.max_calls, n_calls };
            }
            // The curvature was wrong: once more along the plain gradient.
            inverse = identity(d);
            fresh = true;
            continue;
        }
        if next == x {
            return Lowest { at: x, value, settled: true, n_calls };
        }
        let s: Vec<f64> = next.iter().zip(&x).map(|(n, x)| n - x).collect();
        let y: Vec<f64> = next_g.iter().zip(&g).map(|(n, g)| n - g).collect();
        let sy = dot(&s, &y);
        if sy > 1e-14 * dot(&s, &s).sqrt() * dot(&y, &y).sqrt() {
            if fresh {
                let scale = sy / dot(&y, &y);
                inverse.iter_mut().for_each(|h| *h *= scale);
            }
            update(&mut inverse, &s, &y, sy);
            fresh = false;
        }
        let gained = value - next_value;
        (x, g, value) = (next, next_g, next_value);
        if gained.abs() <= 1e-14 * value.abs() {
            return Lowest { at: x, value, settled: true, n_calls };
        }
    }
    Lowest { at: x, value, settled: false, n_calls }
}

/// `H ← (I - s yᵀ/sy) H (I - y sᵀ/sy) + s sᵀ/sy`.
fn update(h: &mut [f64], s: &[f64], y: &[f64], sy: f64) {
    let d = s.len();
    let hy: Vec<f64> = (0..d).map(|i| dot(&h[i * d..(i + 1) * d], y)).collect();
    let yhy = dot(y, &hy);
    for i in 0..d {
        for j in 0..d {
            h[i * d + j] += (1.0 + yhy / sy) * s[i] * s[j] / sy - (hy[i] * s[j] + s[i] * hy[j]) / sy;
        }
    }
}

/// Walks a simplex of edge `edge` down from `start`; values that are not finite count as
/// infinitely high. Settles where the simplex is flat to one part in 1e12.
pub fn nelder_mead(
    start: &[f64],
    edge: f64,
    params: &OptimiseParams,
    mut function: impl FnMut(&[f64]) -> f64,
) -> Lowest {
    let d = start.len();
    let mut n_calls = 0;
    let mut call = |x: &[f64], n: &mut usize| {
        *n += 1;
        let value = function(x);
        if value.is_nan() { f64::INFINITY } else { value }
    };
    let mut corners: Vec<(f64, Vec<f64>)> = (0..=d)
        .map(|i| {
            let mut x = start.to_vec();
            if i > 0 {
                x[i - 1] += edge;
            }
            (call(&x, &mut n_calls), x)
        })
        .collect();
    loop {
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (low, high) = (corners[0].0, corners[d].0);
        let settled = high - low <= 1e-12 * (1.0 + low.abs());
        if settled || n_calls >= params.max_calls {
            let (value, at) = corners.swap_remove(0);
            return Lowest { at, value, settled: settled && value.is_finite(), n_calls };
        }
        let middle: Vec<f64> = (0..d).map(|j| corners[..d].iter().map(|c| c.1[j]).sum::<f64>() / d as f64).collect();
        let worst = corners[d].1.clone();
        let along = |t: f64| -> Vec<f64> { middle.iter().zip(&worst).map(|(m, w)| m + t * (w - m)).collect() };
        let mirrored = along(-1.0);
        let mirrored_value = call(&mirrored, &mut n_calls);
        if mirrored_value < low {
            let far = along(-2.0);
            let far_value = call(&far, &mut n_calls);
            corners[d] = if far_value < mirrored_value { (far_value, far) } else { (mirrored_value, mirrored) };
        } else if mirrored_value < corners[d - 1].0 {
            corners[d] = (mirrored_value, mirrored);
        } else {
            let near = along(if mirrored_value < high { -0.5 } else { 0.5 });
            let near_value = call(&near, &mut n_calls);
            if near_value < high.min(mirrored_value) {
                corners[d] = (near_value, near);
            } else {
                let best = corners[0].1.clone();
                for corner in &mut corners[1..] {
                    let x: Vec<f64> = corner.1.iter().zip(&best).map(|(c, b)| f64::midpoint(*c, *b)).collect();
                    *corner = (call(&x, &mut n_calls), x);
                }
            }
        }
    }
}

/// Second derivatives at `x`, `d × d` row-major and symmetric, from differences of the gradient over
/// `± step`.
pub fn curvature(x: &[f64], step: f64, mut gradient: impl FnMut(&[f64], &mut [f64])) -> Vec<f64> {
    let d = x.len();
    let mut rows = vec![0.0; d * d];
    let (mut up, mut down) = (vec![0.0; d], vec![0.0; d]);
    for i in 0..d {
        let mut moved = x.to_vec();
        moved[i] = x[i] + step;
        gradient(&moved, &mut up);
        moved[i] = x[i] - step;
        gradient(&moved, &mut down);
        for j in 0..d {
            rows[i * d + j] = (up[j] - down[j]) / (2.0 * step);
        }
    }
    (0..d * d).map(|k| f64::midpoint(rows[k], rows[(k % d) * d + k / d])).collect()
}

/// `A = L Lᵀ` of a small symmetric positive definite matrix in double precision.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    lower: Vec<f64>,
    d: usize,
}

impl Factor {
    /// Factorises `a`, `d × d` row-major; `None` where it is not positive definite.
    ///
    /// # Panics
    /// If `a` does not hold `d * d` numbers.
    pub fn new(a: &[f64], d: usize) -> Option<Self> {
        assert_eq!(a.len(), d * d, "a square matrix of {d} rows");
        let mut lower = vec![0.0; d * d];
        for i in 0..d {
            for j in 0..=i {
                let rest = a[i * d + j] - (0..j).map(|k| lower[i * d + k] * lower[j * d + k]).sum::<f64>();
                if i == j {
                    if !(rest > 0.0 && rest.is_finite()) {
                        return None;
                    }
                    lower[i * d + i] = rest.sqrt();
                } else {
                    lower[i * d + j] = rest / lower[j * d + j];
                }
            }
        }
        Some(Self { lower, d })
    }

    /// `Lᵀ x = b`: turns independent standard normals into normals of covariance `A⁻¹`.
    pub fn solve_transposed(&self, b: &[f64]) -> Vec<f64> {
        let d = self.d;
        let mut x = b.to_vec();
        for i in (0..d).rev() {
            let rest = (i + 1..d).map(|k| self.lower[k * d + i] * x[k]).sum::<f64>();
            x[i] = (x[i] - rest) / self.lower[i * d + i];
        }
        x
    }

    /// `xᵀ A x`.
    pub fn quadratic(&self, x: &[f64]) -> f64 {
        let column = |j: usize| (j..self.d).map(|i| self.lower[i * self.d + j] * x[i]).sum::<f64>();
        (0..self.d).map(|j| column(j).powi(2)).sum()
    }

    /// `A⁻¹`, row-major.
    pub fn inverse(&self) -> Vec<f64> {
        let d = self.d;
        let columns: Vec<Vec<f64>> = (0..d)
            .map(|c| {
                let mut y = vec![0.0; d];
                for i in 0..d {
                    let rest = (0..i).map(|k| self.lower[i * d + k] * y[k]).sum::<f64>();
                    y[i] = (f64::from(u8::from(i == c)) - rest) / self.lower[i * d + i];
                }
                self.solve_transposed(&y)
            })
            .collect();
        (0..d * d).map(|k| columns[k % d][k / d]).collect()
    }
}

fn identity(d: usize) -> Vec<f64> {
    (0..d * d).map(|k| f64::from(u8::from(k / d == k % d))).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rosenbrock's valley, lowest at (1, 1).
    fn valley(x: &[f64], g: &mut [f64]) -> f64 {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        g[0] = -2.0 * a - 400.0 * x[0] * b;
        g[1] = 200.0 * b;
        a * a + 100.0 * b * b
    }

    #[test]
    fn both_searches_find_the_end_of_the_valley() {
        let params = OptimiseParams { max_calls: 2_000, ..OptimiseParams::default() };
        let steep = bfgs(&[-1.2, 1.0], &params, valley);
        let walked = nelder_mead(&[-1.2, 1.0], 0.5, &params, |x| valley(x, &mut [0.0; 2]));
        for found in [&steep, &walked] {
            assert!(found.settled && found.at.iter().all(|x| (x - 1.0).abs() < 1e-4), "{found:?}");
        }
        assert!(steep.n_calls < 120, "{}", steep.n_calls);
    }

    #[test]
    fn a_search_without_calls_left_says_so_and_an_infinite_start_too() {
        let params = OptimiseParams { max_calls: 5, ..OptimiseParams::default() };
        assert!(!bfgs(&[-1.2, 1.0], &params, valley).settled);
        let wall = bfgs(&[0.0], &OptimiseParams::default(), |_, _| f64::INFINITY);
        assert!(!wall.settled);
    }

    #[test] // [[4, 2], [2, 3]]: the inverse is [[3, -2], [-2, 4]] / 8.
    fn a_factor_by_hand() {
        let factor = Factor::new(&[4.0, 2.0, 2.0, 3.0], 2).unwrap();
        for (got, want) in factor.inverse().iter().zip([0.375, -0.25, -0.25, 0.5]) {
            assert!((got - want).abs() < 1e-12);
        }
        assert_eq!(Factor::new(&[1.0, 2.0, 2.0, 1.0], 2), None);
    }

    #[test]
    fn curvature_of_the_valley_at_its_end() {
        let rows = curvature(&[1.0, 1.0], 1e-5, |x, g| {
            valley(x, g);
        });
        for (got, want) in rows.iter().zip([802.0, -400.0, -400.0, 200.0]) {
            assert!((got - want).abs() < 1e-3, "{rows:?}");
        }
    }

    proptest! {
        #[test]
        fn a_bowl_is_left_at_its_bottom_from_anywhere(start in prop::collection::vec(-20.0_f64..20.0, 4), tilt in 0.0_f64..0.9) {
            let bowl = |x: &[f64], g: &mut [f64]| {
                for i in 0..4 {
                    g[i] = 2.0 * (i + 1) as f64 * (x[i] - 1.0) + tilt * (x[(i + 1) % 4] + x[(i + 3) % 4] - 2.0);
                }
                (0..4).map(|i| (i + 1) as f64 * (x[i] - 1.0).powi(2) + tilt * (x[i] - 1.0) * (x[(i + 1) % 4] - 1.0)).sum()
            };
            let found = bfgs(&start, &OptimiseParams::default(), bowl);
            prop_assert!(found.at.iter().all(|x| (x - 1.0).abs() < 1e-4), "{found:?}");
        }
    }
}
