//! Gaussian mixture: the density as a weighted sum of `k` normal distributions, each point belonging to
//! all of them by degrees.
//!
//! `p(x) = Σ_k w_k N(x | μ_k, Σ_k)`, fitted by expectation maximisation (Dempster, Laird and Rubin, "Maximum
//! likelihood from incomplete data via the EM algorithm", Journal of the Royal Statistical Society B
//! 39(1), 1977) from the clusters of k-means. `reg` is added to the diagonal of each covariance, so that a
//! component cannot shrink onto a point. Several starts; the largest likelihood wins, the earlier on a tie.
//!
//! The number of components and the shape are chosen by BIC, `p ln n − 2 ln L` with `p` free parameters, the
//! smallest (Schwarz, "Estimating the dimension of a model", Annals of Statistics 6(2), 1978).
//!
//! Cost: `O(n k d²)` a pass (`O(n k d)` diagonal). Sums run over blocks of rows of fixed size and are added
//! in block order: the same model at any number of threads.

use crate::kmeans::KMeansParams;
use crate::{LearnError, Points};
use domain::Seed;
use rayon::prelude::*;
use std::ops::RangeInclusive;

/// Rows summed by one task: part of the result's definition, not a tuning knob.
const BLOCK: usize = 2048;

/// Shape of the components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Covariance {
    /// Any ellipsoid: `d (d + 1) / 2` numbers a component.
    Full,
    /// Along the axes: `d` numbers a component.
    Diagonal,
}

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct MixtureParams {
    /// Components, at least 1.
    pub n_components: usize,
    /// Their shape.
    pub covariance: Covariance,
    /// Added to the variances, above 0; in squared units of the columns, so standardise them first.
    pub reg: f64,
    /// Most passes of a start, at least 1.
    pub max_iter: usize,
    /// A start ends when the mean log-likelihood grows by less than this, at least 0.
    pub tol: f64,
    /// Independent starts, at least 1.
    pub n_starts: usize,
}

impl Default for MixtureParams {
    fn default() -> Self {
        Self { n_components: 4, covariance: Covariance::Full, reg: 1e-6, max_iter: 300, tol: 1e-6, n_starts: 3 }
    }
}

/// A fitted mixture.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    covariance: Covariance,
    components: Vec<Component>,
    mean_log_likelihood: f64,
    n_points: usize,
    n_iter: usize,
    converged: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Component {
    weight: f64,
    mean: Vec<f64>,
    /// `d × d` or `d` numbers.
    covariance: Vec<f64>,
    /// `L⁻¹` of the covariance `L Lᵀ`, lower rows; or one over the deviations.
    whitening: Vec<f64>,
    /// `ln w − (d ln 2π + ln |Σ|) / 2`.
    constant: f64,
}

/// What one candidate of [`MixtureParams::choose`] came to.
#[derive(Clone, Debug, PartialEq)]
pub struct MixtureCandidate {
    /// Components.
    pub n_components: usize,
    /// Their shape.
    pub covariance: Covariance,
    /// Smaller is better.
    pub bic: f64,
    /// Mean log-likelihood of a point.
    pub mean_log_likelihood: f64,
}

impl MixtureParams {
    /// Fits the mixture.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a parameter outside its range, [`LearnError::TooLittleData`] for fewer
    /// distinct points than components.
    pub fn fit(&self, points: &Points, seed: Seed) -> Result<Mixture, LearnError> {
        self.check()?;
        let starts = (0..self.n_starts as u64).map(|start| self.start(points, seed.derive(start)));
        let starts: Vec<Mixture> = starts.collect::<Result<_, _>>()?;
        let better = |best: Mixture, next: Mixture| {
            if next.mean_log_likelihood > best.mean_log_likelihood { next } else { best }
        };
        Ok(starts.into_iter().reduce(better).expect("n_starts is at least 1"))
    }

    /// Tries every number of components with both shapes and takes the smallest BIC, fewer components
    /// and the diagonal on a tie. All candidates come back with it, in the order tried.
    ///
    /// # Errors
    /// As [`Self::fit`] for the smallest number; a larger one that there are too few points for ends the search.
    pub fn choose(
        &self,
        points: &Points,
        n_components: RangeInclusive<usize>,
        seed: Seed,
    ) -> Result<(Mixture, Vec<MixtureCandidate>), LearnError> {
        let mut best: Option<(f64, Mixture)> = None;
        let mut tried = Vec::new();
        for k in n_components {
            for covariance in [Covariance::Diagonal, Covariance::Full] {
                let params = Self { n_components: k, covariance, ..self.clone() };
                let fitted = match params.fit(points, seed.derive(k as u64)) {
                    Ok(fitted) => fitted,
                    Err(LearnError::TooLittleData { .. }) if best.is_some() => break,
                    Err(error) => return Err(error),
                };
                let bic = fitted.bic();
                let mean_log_likelihood = fitted.mean_log_likelihood;
                tried.push(MixtureCandidate { n_components: k, covariance, bic, mean_log_likelihood });
                if best.as_ref().is_none_or(|(least, _)| bic < *least) {
                    best = Some((bic, fitted));
                }
            }
        }
        let rule = "a range with a number in it";
        let best = best.ok_or(LearnError::Param { name: "n_components", rule, got: 0.0 })?;
        Ok((best.1, tried))
    }

    fn check(&self) -> Result<(), LearnError> {
        for (name, got) in
            [("n_components", self.n_components), ("max_iter", self.max_iter), ("n_starts", self.n_starts)]
        {
            if got == 0 {
                return Err(LearnError::Param { name, rule: "at least 1", got: 0.0 });
            }
        }
        if !(self.reg > 0.0 && self.reg.is_finite()) {
            return Err(LearnError::Param { name: "reg", rule: "a positive number", got: self.reg });
        }
        if !(self.tol >= 0.0 && self.tol.is_finite()) {
            return Err(LearnError::Param { name: "tol", rule: "zero or a positive number", got: self.tol });
        }
        Ok(())
    }

    fn start(&self, points: &Points, seed: Seed) -> Result<Mixture, LearnError> {
        let k = self.n_components;
        let clusters = KMeansParams { k, n_starts: 1, max_iter: 50, tol: 1e-4 }.fit(points, seed)?;
        let mut shares = vec![0.0; points.n_rows() * k];
        for (row, label) in clusters.labels().iter().enumerate() {
            shares[row * k + *label as usize] = 1.0;
        }
        let mut components = self.maximise(points, &shares);
        let (mut last, mut n_iter, mut converged) = (f64::NEG_INFINITY, 0, false);
        while n_iter < self.max_iter && !converged {
            n_iter += 1;
            let mean = expect(points, &components, self.covariance, &mut shares);
            converged = mean - last < self.tol;
            last = mean;
            if !converged {
                components = self.maximise(points, &shares);
            }
        }
        if !converged {
            last = expect(points, &components, self.covariance, &mut shares);
        }
        Ok(Mixture {
            covariance: self.covariance,
            components,
            mean_log_likelihood: last,
            n_points: points.n_rows(),
            n_iter,
            converged,
        })
    }

    /// The components that fit best where point `i` belongs to `c` by `shares[i k + c]`.
    fn maximise(&self, points: &Points, shares: &[f64]) -> Vec<Component> {
        let (n, d, k) = (points.n_rows(), points.n_columns(), self.n_components);
        // Weights and means first, then covariances about them: sums of squares about 0 would cancel.
        let sums = blocks(n, k * (d + 1), |rows, sums| {
            for row in rows {
                let point = points.row(row);
                for (c, sum) in sums.chunks_exact_mut(d + 1).enumerate() {
                    let share = shares[row * k + c];
                    sum[d] += share;
                    sum[..d].iter_mut().zip(point).for_each(|(s, x)| *s += share * x);
                }
            }
        });
        // A component that lost all points keeps a trace of weight instead of dividing by 0.
        let weights: Vec<f64> = sums.chunks_exact(d + 1).map(|s| s[d] + 10.0 * f64::EPSILON).collect();
        let means: Vec<Vec<f64>> =
            sums.chunks_exact(d + 1).zip(&weights).map(|(s, w)| s[..d].iter().map(|x| x / w).collect()).collect();
        let size = if self.covariance == Covariance::Full { d * d } else { d };
        let squares = blocks(n, k * size, |rows, sums| {
            let mut apart = vec![0.0; d];
            for row in rows {
                let point = points.row(row);
                for (c, sum) in sums.chunks_exact_mut(size).enumerate() {
                    let share = shares[row * k + c];
                    if share == 0.0 {
                        continue;
                    }
                    apart.iter_mut().zip(point).zip(&means[c]).for_each(|((a, x), m)| *a = x - m);
                    match self.covariance {
                        Covariance::Diagonal => sum.iter_mut().zip(&apart).for_each(|(s, a)| *s += share * a * a),
                        Covariance::Full => {
                            for (i, line) in sum.chunks_exact_mut(d).enumerate() {
                                let scaled = share * apart[i];
                                line[..=i].iter_mut().zip(&apart).for_each(|(s, a)| *s += scaled * a);
                            }
                        }
                    }
                }
            }
        });
        let total: f64 = weights.iter().sum();
        let one = |((c, weight), mean): ((usize, &f64), Vec<f64>)| {
            let mut covariance: Vec<f64> = squares[c * size..(c + 1) * size].iter().map(|s| s / weight).collect();
            if self.covariance == Covariance::Full {
                for i in 0..d {
                    (0..i).for_each(|j| covariance[j * d + i] = covariance[i * d + j]);
                    covariance[i * d + i] += self.reg;
                }
            } else {
                covariance.iter_mut().for_each(|v| *v += self.reg);
            }
            Component::new(weight / total, mean, covariance, self.covariance, self.reg)
        };
        weights.iter().enumerate().zip(means).map(one).collect()
    }
}

impl Component {
    fn new(weight: f64, mean: Vec<f64>, covariance: Vec<f64>, shape: Covariance, reg: f64) -> Self {
        let d = mean.len();
        let (whitening, half_log_det) = match shape {
            Covariance::Diagonal => {
                let whitening: Vec<f64> = covariance.iter().map(|v| 1.0 / v.sqrt()).collect();
                (whitening, covariance.iter().map(|v| v.ln() / 2.0).sum::<f64>())
            }
            Covariance::Full => inverse_factor(&covariance, d, reg),
        };
        let constant = weight.ln() - half_log_det - d as f64 * std::f64::consts::TAU.ln() / 2.0;
        Self { weight, mean, covariance, whitening, constant }
    }

    /// `ln w + ln N(point)`; `apart` is working memory of length `d`.
    fn log_density(&self, point: &[f64], shape: Covariance, apart: &mut [f64]) -> f64 {
        apart.iter_mut().zip(point).zip(&self.mean).for_each(|((a, x), m)| *a = x - m);
        let square: f64 = match shape {
            Covariance::Diagonal => apart.iter().zip(&self.whitening).map(|(a, w)| (a * w) * (a * w)).sum(),
            Covariance::Full => {
                let lines = self.whitening.chunks_exact(point.len()).enumerate();
                let along =
                    |(i, line): (usize, &[f64])| line[..=i].iter().zip(&*apart).map(|(w, a)| w * a).sum::<f64>();
                lines.map(along).map(|z| z * z).sum()
            }
        };
        self.constant - square / 2.0
    }
}

/// `L⁻¹` and `ln |L|` of a covariance `L Lᵀ`. Where rounding made it indefinite, a pivot below `reg`
/// counts as `reg`, which is what was added.
fn inverse_factor(covariance: &[f64], d: usize, reg: f64) -> (Vec<f64>, f64) {
    let mut l = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|m| l[i * d + m] * l[j * d + m]).sum();
            let rest = covariance[i * d + j] - dot;
            l[i * d + j] = if i == j { rest.max(reg * 1e-3).sqrt() } else { rest / l[j * d + j] };
        }
    }
    let mut inverse = vec![0.0; d * d];
    for i in 0..d {
        inverse[i * d + i] = 1.0 / l[i * d + i];
        for j in 0..i {
            let dot: f64 = (j..i).map(|m| l[i * d + m] * inverse[m * d + j]).sum();
            inverse[i * d + j] = -dot / l[i * d + i];
        }
    }
    (inverse, (0..d).map(|i| l[i * d + i].ln()).sum())
}

/// Sums over blocks of rows, added in block order.
fn blocks(n: usize, size: usize, add: impl Fn(std::ops::Range<usize>, &mut [f64]) + Sync) -> Vec<f64> {
    let parts: Vec<Vec<f64>> = (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let mut sums = vec![0.0; size];
            add(block * BLOCK..n.min((block + 1) * BLOCK), &mut sums);
            sums
        })
        .collect();
    parts.into_iter().fold(vec![0.0; size], |mut all, part| {
        all.iter_mut().zip(part).for_each(|(a, p)| *a += p);
        all
    })
}

/// Fills in how far each point belongs to each component; the mean log-likelihood.
fn expect(points: &Points, components: &[Component], shape: Covariance, shares: &mut [f64]) -> f64 {
    let (d, k) = (points.n_columns(), components.len());
    let parts: Vec<f64> = shares
        .par_chunks_mut(BLOCK * k)
        .enumerate()
        .map(|(block, shares)| {
            let (mut sum, mut apart) = (0.0, vec![0.0; d]);
            for (i, shares) in shares.chunks_exact_mut(k).enumerate() {
                sum += belong(points.row(block * BLOCK + i), components, shape, shares, &mut apart);
            }
            sum
        })
        .collect();
    parts.iter().sum::<f64>() / points.n_rows().max(1) as f64
}

/// One point's shares; its log-density.
fn belong(point: &[f64], components: &[Component], shape: Covariance, shares: &mut [f64], apart: &mut [f64]) -> f64 {
    shares.iter_mut().zip(components).for_each(|(s, c)| *s = c.log_density(point, shape, apart));
    let most = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    shares.iter_mut().for_each(|s| *s = (*s - most).exp());
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|s| *s /= sum);
    most + sum.ln()
}

impl Mixture {
    /// Number of components.
    pub fn n_components(&self) -> usize {
        self.components.len()
    }

    /// Shape of the components.
    pub fn covariance_shape(&self) -> Covariance {
        self.covariance
    }

    /// Weight of each component; they add up to 1.
    pub fn weights(&self) -> Vec<f64> {
        self.components.iter().map(|c| c.weight).collect()
    }

    /// Mean of a component.
    ///
    /// # Panics
    /// If there is no such component.
    pub fn mean(&self, component: usize) -> &[f64] {
        &self.components[component].mean
    }

    /// Covariance of a component: `d × d` row by row, or the `d` variances.
    ///
    /// # Panics
    /// If there is no such component.
    pub fn covariance(&self, component: usize) -> &[f64] {
        &self.components[component].covariance
    }

    /// `W`, `d × d` row by row and nothing above the diagonal, with `W Σ Wᵀ = I`, and `c` of a component: its weighted
    /// log-density at `x` is `c − |W (x − μ)|² / 2`.
    ///
    /// # Panics
    /// If there is no such component.
    pub fn whitening(&self, component: usize) -> (Vec<f64>, f64) {
        let Component { mean, whitening, constant, .. } = &self.components[component];
        let d = mean.len();
        let rows = match self.covariance {
            Covariance::Full => whitening.clone(),
            Covariance::Diagonal => {
                (0..d * d).map(|at| if at / d == at % d { whitening[at / d] } else { 0.0 }).collect()
            }
        };
        (rows, *constant)
    }

    /// Mean log-likelihood of the points it was fitted on.
    pub fn mean_log_likelihood(&self) -> f64 {
        self.mean_log_likelihood
    }

    /// Passes of the winning start.
    pub fn n_iter(&self) -> usize {
        self.n_iter
    }

    /// Whether the winning start ended before `max_iter`.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// Free parameters: weights but one, means, covariances.
    pub fn n_parameters(&self) -> usize {
        let (k, d) = (self.components.len(), self.components[0].mean.len());
        let each = match self.covariance {
            Covariance::Full => d * (d + 1) / 2,
            Covariance::Diagonal => d,
        };
        k - 1 + k * (d + each)
    }

    /// Bayesian information criterion on the points it was fitted on; smaller is better.
    pub fn bic(&self) -> f64 {
        let n = self.n_points as f64;
        self.n_parameters() as f64 * n.ln() - 2.0 * n * self.mean_log_likelihood
    }

    /// How far each point belongs to each component, `n_rows × k`, each row adding up to 1; and the mean
    /// log-likelihood of the points.
    ///
    /// # Errors
    /// [`LearnError::Shape`] when the points have another dimension.
    pub fn shares(&self, points: &Points) -> Result<(Vec<f64>, f64), LearnError> {
        let (got, need) = (points.n_columns(), self.components[0].mean.len());
        if got != need {
            return Err(LearnError::Shape { what: "a point", got, need });
        }
        let mut shares = vec![0.0; points.n_rows() * self.components.len()];
        let mean = expect(points, &self.components, self.covariance, &mut shares);
        Ok((shares, mean))
    }

    /// The component that each point belongs to most, the lower number on a tie.
    ///
    /// # Errors
    /// As [`Self::shares`].
    pub fn assign(&self, points: &Points) -> Result<Vec<u32>, LearnError> {
        let (shares, _) = self.shares(points)?;
        let most = |row: &[f64]| (0..row.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best }) as u32;
        Ok(shares.chunks_exact(self.components.len()).map(most).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster_quality::adjusted_rand_index;

    const ONE: MixtureParams = MixtureParams {
        n_components: 1,
        covariance: Covariance::Full,
        reg: 1e-9,
        max_iter: 300,
        tol: 1e-6,
        n_starts: 1,
    };

    /// Two long ellipses that cross nowhere but share a mean along one axis, and a small round one.
    fn planted(n: usize) -> (Points, Vec<u32>) {
        let mut rng = Seed(3).stream(0);
        let mut labels = Vec::new();
        let mut values = Vec::new();
        for i in 0..n {
            let (u, v) = (rng.normal(), rng.normal());
            let label = (i % 3) as u32;
            values.extend(match label {
                0 => [3.0 * u, 3.0 * u + 0.3 * v],
                1 => [3.0 * u, 3.0 * u + 0.3 * v + 4.0],
                _ => [8.0 + 0.4 * u, -6.0 + 0.4 * v],
            });
            labels.push(label);
        }
        (Points::new(values, 2).unwrap(), labels)
    }

    #[test] // 0, 2, 4: mean 2, population variance 8/3; -n/2 (ln 2π + ln 8/3 + 1) over n.
    fn one_component_is_the_sample_itself() {
        let points = Points::new(vec![0.0, 2.0, 4.0], 1).unwrap();
        for covariance in [Covariance::Full, Covariance::Diagonal] {
            let fitted = MixtureParams { covariance, ..ONE }.fit(&points, Seed(1)).unwrap();
            assert!((fitted.mean(0)[0] - 2.0).abs() < 1e-12 && (fitted.covariance(0)[0] - 8.0 / 3.0).abs() < 1e-6);
            let expected = -((std::f64::consts::TAU).ln() + (8.0_f64 / 3.0).ln() + 1.0) / 2.0;
            assert!((fitted.mean_log_likelihood() - expected).abs() < 1e-6);
            assert!((fitted.bic() - (2.0 * 3.0_f64.ln() - 6.0 * expected)).abs() < 1e-6);
        }
    }

    #[test] // Covariance (4 2; 2 3): L = (2 0; 1 √2), L⁻¹ = (1/2 0; -1/(2√2) 1/√2).
    fn the_factor_by_hand() {
        let (inverse, half_log_det) = inverse_factor(&[4.0, 2.0, 2.0, 3.0], 2, 1e-9);
        let root = 2.0_f64.sqrt();
        let expected = [0.5, 0.0, -1.0 / (2.0 * root), 1.0 / root];
        assert!(inverse.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{inverse:?}");
        assert!((half_log_det - 8.0_f64.ln() / 2.0).abs() < 1e-12);
    }

    #[test]
    fn planted_ellipses_are_found_where_k_means_cannot() {
        let (points, truth) = planted(1500);
        let params = MixtureParams { n_components: 3, n_starts: 5, ..MixtureParams::default() };
        let fitted = params.fit(&points, Seed(1)).unwrap();
        let found = adjusted_rand_index(&truth, &fitted.assign(&points).unwrap()).unwrap();
        assert!(found > 0.98, "{found}");
        let plain = KMeansParams { k: 3, ..KMeansParams::default() }.fit(&points, Seed(1)).unwrap();
        let balls = adjusted_rand_index(&truth, plain.labels()).unwrap();
        assert!(balls < 0.8, "the task would be too easy: {balls}");
        assert!(fitted.weights().iter().all(|w| (w - 1.0 / 3.0).abs() < 0.03));
        // The long ones have covariance (9 9; 9 9.09).
        let long = (0..3).filter(|c| (fitted.covariance(*c)[1] - 9.0).abs() < 1.2).count();
        assert_eq!(long, 2);
    }

    #[test]
    fn bic_chooses_the_planted_number_and_shape() {
        let (points, _) = planted(900);
        let (fitted, tried) =
            MixtureParams { n_starts: 5, ..MixtureParams::default() }.choose(&points, 1..=5, Seed(1)).unwrap();
        assert_eq!((fitted.n_components(), fitted.covariance_shape()), (3, Covariance::Full));
        assert_eq!(tried.len(), 10);
        assert!(tried.iter().all(|t| t.bic >= fitted.bic()));
    }

    #[test]
    fn likelihood_never_falls_and_threads_do_not_matter() {
        let (points, _) = planted(5000);
        let run = |max_iter, threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let params = MixtureParams { n_components: 3, max_iter, tol: 0.0, n_starts: 1, ..MixtureParams::default() };
            pool.install(|| params.fit(&points, Seed(2)).unwrap())
        };
        let passes: Vec<f64> = (1..8).map(|i| run(i, 1).mean_log_likelihood()).collect();
        assert!(passes.windows(2).all(|w| w[1] >= w[0] - 1e-12), "{passes:?}");
        assert_eq!(run(6, 1), run(6, 3));
    }

    #[test]
    fn equal_points_and_wrong_params_are_refused() {
        let same = Points::new(vec![1.0; 10], 1).unwrap();
        assert!(matches!(
            MixtureParams { n_components: 2, ..ONE }.fit(&same, Seed(1)),
            Err(LearnError::TooLittleData { .. })
        ));
        let one = ONE.fit(&same, Seed(1)).unwrap();
        assert!(one.mean_log_likelihood().is_finite() && one.covariance(0)[0] <= 1e-8);
        assert!(MixtureParams { reg: 0.0, ..ONE }.fit(&same, Seed(1)).is_err());
        assert!(one.assign(&Points::new(vec![0.0; 4], 2).unwrap()).is_err());
    }
}
