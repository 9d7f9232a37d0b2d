//! Many estimates of the same kind, some of them poor: each is drawn towards the common mean by as much as it is uncertain.
//!
//! `y_i ~ N(θ_i, s_i²)`, `θ_i ~ N(μ, τ²)`, `μ` flat. For a given `τ` the shrunk value is `B_i μ̂ + (1 − B_i) y_i` with
//! `B_i = s_i² / (s_i² + τ²)` and variance `(1 − B_i) s_i² + B_i² / Σ w` (Efron and Morris, "Data analysis using Stein's
//! estimator", JASA 70, 1975). Taking one best `τ` makes intervals too narrow with few groups, above all where it comes out as
//! 0 (coverage .82 instead of .95 with eight groups); so `τ` is integrated out over its posterior, with a half-Cauchy prior whose
//! scale is half the range of the estimates (Gelman, "Prior distributions for variance parameters in hierarchical models",
//! Bayesian Analysis 1(3), 2006). Mean and variance follow from those given `τ` by the law of total variance.
//! Cost: groups × 400 values of `τ`.

/// What all groups have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// Mean of the groups' true values.
    pub mean: f64,
    /// Its standard error.
    pub se: f64,
    /// Standard deviation between the groups' true values: the mean over its posterior.
    pub tau: f64,
}

/// An estimate with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Its standard error, above 0.
    pub se: f64,
}

/// Values of `τ` that are tried.
const GRID: usize = 400;

/// Sums over the posterior of `τ`: weight, value, square of value and variance.
#[derive(Clone, Copy, Default)]
struct Moments {
    value: f64,
    square: f64,
    variance: f64,
}

impl Moments {
    fn add(&mut self, weight: f64, value: f64, variance: f64) {
        self.value += weight * value;
        self.square += weight * value * value;
        self.variance += weight * variance;
    }

    /// Mean and standard deviation: within plus between.
    fn estimate(&self) -> Estimate {
        let between = (self.square - self.value * self.value).max(0.0);
        Estimate { value: self.value, se: (self.variance + between).sqrt() }
    }
}

/// The common mean and the shrunk estimates in their order; `None` below three groups, or for a value that is not finite or a
/// standard error that is not above 0.
pub fn shrink(estimates: &[Estimate]) -> Option<(Common, Vec<Estimate>)> {
    if estimates.len() < 3 || estimates.iter().any(|e| !(e.value.is_finite() && e.se > 0.0 && e.se.is_finite())) {
        return None;
    }
    let ends = |pick: fn(&Estimate) -> f64| {
        estimates.iter().map(pick).fold((f64::INFINITY, f64::NEG_INFINITY), |m, v| (m.0.min(v), m.1.max(v)))
    };
    let (lowest, highest) = ends(|e| e.value);
    let (finest, _) = ends(|e| e.se);
    let scale = f64::midpoint(highest, -lowest).max(finest / 2.0);
    // Quantiles of the prior: dense where it has mass, and never cut off.
    let taus: Vec<f64> =
        (0..GRID).map(|i| scale * (std::f64::consts::FRAC_PI_2 * (i as f64 + 0.5) / GRID as f64).tan()).collect();
    let given = |tau: f64| {
        let weight = |e: &Estimate| 1.0 / (e.se * e.se + tau * tau);
        let total: f64 = estimates.iter().map(weight).sum();
        let mean = estimates.iter().map(|e| weight(e) * e.value).sum::<f64>() / total;
        let spread: f64 = estimates.iter().map(|e| weight(e) * (e.value - mean) * (e.value - mean)).sum();
        let logs: f64 = estimates.iter().map(|e| weight(e).ln()).sum();
        (mean, total, f64::midpoint(logs - total.ln(), -spread))
    };
    let all: Vec<(f64, f64, f64)> = taus.iter().map(|t| given(*t)).collect();
    let top = all.iter().map(|g| g.2).fold(f64::NEG_INFINITY, f64::max);
    let mass: f64 = all.iter().map(|g| (g.2 - top).exp()).sum();
    let (mut common, mut tau) = (Moments::default(), 0.0);
    let mut shrunk = vec![Moments::default(); estimates.len()];
    for (t, (mean, total, log)) in taus.iter().zip(&all) {
        let weight = (log - top).exp() / mass;
        tau += weight * t;
        common.add(weight, *mean, 1.0 / total);
        for (sum, e) in shrunk.iter_mut().zip(estimates) {
            let part = e.se * e.se / (e.se * e.se + t * t);
            sum.add(weight, part * mean + (1.0 - part) * e.value, (1.0 - part) * e.se * e.se + part * part / total);
        }
    }
    let common = common.estimate();
    let common = Common { mean: common.value, se: common.se, tau };
    Some((common, shrunk.iter().map(Moments::estimate).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    fn of(list: &[(f64, f64)]) -> Vec<Estimate> {
        list.iter().map(|&(value, se)| Estimate { value, se }).collect()
    }

    // 1, 2, 3 with se .001 stay where they are: B is about (.001 / 1)². With se 100 they all go to 2, and the se of the mean is
    // at least 100 / sqrt(3). Equal standard errors: the middle one stays in the middle.
    #[test]
    fn sure_estimates_stay_and_poor_ones_meet() {
        let sure = shrink(&of(&[(1.0, 0.001), (2.0, 0.001), (3.0, 0.001)])).unwrap().1;
        assert!((sure[0].value - 1.0).abs() < 1e-4 && (sure[2].se - 0.001).abs() < 1e-5, "{sure:?}");
        let (common, poor) = shrink(&of(&[(1.0, 100.0), (2.0, 100.0), (3.0, 100.0)])).unwrap();
        assert!((common.mean - 2.0).abs() < 1e-9 && common.se > 57.7);
        assert!((poor[0].value - 2.0).abs() < 0.5 && poor[0].value < poor[1].value, "{poor:?}");
        assert!((poor[1].value - 2.0).abs() < 1e-9);
    }

    #[test]
    fn too_few_and_impossible_estimates_have_no_answer() {
        assert_eq!(shrink(&of(&[(1.0, 1.0), (2.0, 1.0)])), None);
        assert_eq!(shrink(&of(&[(1.0, 0.0), (2.0, 1.0), (3.0, 1.0)])), None);
        assert_eq!(shrink(&of(&[(f64::NAN, 1.0), (2.0, 1.0), (3.0, 1.0)])), None);
    }

    #[test] // Eight groups around 2 with τ = .5: shrunk values are nearer to the truth, and their intervals cover.
    fn shrunk_values_are_nearer_and_cover() {
        let (mut raw, mut near, mut covered, mut n) = (0.0, 0.0, 0, 0);
        for trial in 0..300 {
            let mut rng = Seed(6).stream(trial);
            let truth: Vec<f64> = (0..8).map(|_| 2.0 + 0.5 * rng.normal()).collect();
            let seen: Vec<Estimate> = truth
                .iter()
                .enumerate()
                .map(|(i, t)| {
                    let se = 0.2 + 0.15 * i as f64;
                    Estimate { value: t + se * rng.normal(), se }
                })
                .collect();
            let shrunk = shrink(&seen).unwrap().1;
            for ((seen, shrunk), truth) in seen.iter().zip(&shrunk).zip(&truth) {
                raw += (seen.value - truth).powi(2);
                near += (shrunk.value - truth).powi(2);
                covered += u32::from((shrunk.value - truth).abs() < 1.96 * shrunk.se);
                n += 1;
            }
        }
        assert!(near < 0.6 * raw, "{near} {raw}");
        assert!(f64::from(covered) > 0.93 * f64::from(n), "{covered} of {n}");
    }
}
