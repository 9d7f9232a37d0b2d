//! k-means: `k` centres that make the sum of squared distances from each point to its nearest
//! centre (the inertia) small.
//!
//! Lloyd's algorithm ("Least squares quantization in PCM", IEEE Transactions on Information Theory
//! 28(2), 1982) from several k-means++ starts (Arthur & Vassilvitskii, "k-means++: the advantages
//! of careful seeding", SODA 2007), the greedy variant that the paper measures: each new centre is
//! the best of `2 + ln k` candidates drawn with probability proportional to the squared distance.
//! The start with the smallest inertia wins, the earlier one on a tie.
//!
//! A cluster that loses all its points takes the point that lies farthest from its own centre.
//! Cost: `O(n · k · d)` a pass. Passes run over blocks of rows of fixed size and their sums are
//! added in block order: same data, parameters and seed give the same model at any thread count.

use crate::points::squared_distance;
use crate::{LearnError, Points};
use domain::{Rng, Seed};
use rayon::prelude::*;

/// Rows summed by one task. Part of the result's definition (the order of additions), not a tuning knob.
const BLOCK: usize = 4096;

/// How to look for the centres.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeansParams {
    /// Number of clusters, at least 1.
    pub k: usize,
    /// Independent k-means++ starts, at least 1.
    pub n_starts: usize,
    /// Most passes of one start, at least 1.
    pub max_iter: usize,
    /// A start ends when the centres moved by at most `tol` times the mean variance of the columns
    /// (sum of squared shifts). At 0 it ends when no point changes its cluster.
    pub tol: f64,
}

impl Default for KMeansParams {
    fn default() -> Self {
        Self { k: 4, n_starts: 20, max_iter: 300, tol: 0.0 }
    }
}

/// Fitted centres and the cluster of each training point.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    centres: Points,
    labels: Vec<u32>,
    inertia: f64,
    n_iter: usize,
    converged: bool,
}

impl KMeansParams {
    /// Finds the best of `n_starts` starts.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a parameter outside its range, [`LearnError::TooLittleData`] for
    /// fewer distinct points than `k`.
    pub fn fit(&self, points: &Points, seed: Seed) -> Result<KMeans, LearnError> {
        self.check()?;
        if points.n_rows() < self.k {
            return Err(LearnError::TooLittleData { what: "points", have: points.n_rows(), need: self.k });
        }
        let starts: Result<Vec<KMeans>, LearnError> = (0..self.n_starts)
            .into_par_iter()
            .map(|start| Ok(self.lloyd(points, plus_plus(points, self.k, &mut seed.stream(start as u64))?)))
            .collect();
        let best = starts?.into_iter().reduce(|best, next| if next.inertia < best.inertia { next } else { best });
        Ok(best.expect("n_starts is at least 1"))
    }

    /// One run of Lloyd's algorithm from given centres, whose number replaces `k`.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a parameter outside its range, [`LearnError::Shape`] when points
    /// and centres differ in dimension, [`LearnError::TooLittleData`] without a centre or with
    /// fewer points than centres.
    pub fn lloyd_from(&self, points: &Points, centres: Points) -> Result<KMeans, LearnError> {
        Self { k: centres.n_rows(), ..self.clone() }.check()?;
        if points.n_columns() != centres.n_columns() {
            let (got, need) = (centres.n_columns(), points.n_columns());
            return Err(LearnError::Shape { what: "a centre", got, need });
        }
        if points.n_rows() < centres.n_rows() {
            return Err(LearnError::TooLittleData { what: "points", have: points.n_rows(), need: centres.n_rows() });
        }
        Ok(self.lloyd(points, centres))
    }

    fn check(&self) -> Result<(), LearnError> {
        for (name, got) in [("k", self.k), ("n_starts", self.n_starts), ("max_iter", self.max_iter)] {
            if got == 0 {
                return Err(LearnError::Param { name, rule: "at least 1", got: 0.0 });
            }
        }
        if !(self.tol >= 0.0 && self.tol.is_finite()) {
            return Err(LearnError::Param { name: "tol", rule: "zero or a positive number", got: self.tol });
        }
        Ok(())
    }

    fn lloyd(&self, points: &Points, mut centres: Points) -> KMeans {
        let still = self.tol * mean_variance(points);
        let mut pass = Pass::run(points, &centres);
        let (mut n_iter, mut converged) = (0, false);
        while n_iter < self.max_iter && !converged {
            n_iter += 1;
            let moved = pass.means(points, &centres);
            let shift: f64 = moved.rows().zip(centres.rows()).map(|(a, b)| squared_distance(a, b)).sum();
            centres = moved;
            let next = Pass::run(points, &centres);
            converged = next.labels == pass.labels || (self.tol > 0.0 && shift <= still);
            pass = next;
        }
        let inertia = pass.distances.iter().sum();
        KMeans { centres, labels: pass.labels, inertia, n_iter, converged }
    }
}

impl KMeans {
    /// The centres, `k × n_columns`.
    pub fn centres(&self) -> &Points {
        &self.centres
    }

    /// The cluster of each training point, `0..k`.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// Sum of squared distances of the training points to their centres.
    pub fn inertia(&self) -> f64 {
        self.inertia
    }

    /// Passes of the winning start.
    pub fn n_iter(&self) -> usize {
        self.n_iter
    }

    /// Whether the winning start ended before `max_iter`.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// Training points in each cluster.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.centres.n_rows()];
        for &label in &self.labels {
            sizes[label as usize] += 1;
        }
        sizes
    }

    /// The nearest centre of each point, the lower number on a tie.
    ///
    /// # Errors
    /// [`LearnError::Shape`] when the points have another dimension than the centres.
    pub fn assign(&self, points: &Points) -> Result<Vec<u32>, LearnError> {
        if points.n_columns() != self.centres.n_columns() {
            let (got, need) = (points.n_columns(), self.centres.n_columns());
            return Err(LearnError::Shape { what: "a point", got, need });
        }
        Ok(Pass::run(points, &self.centres).labels)
    }
}

/// One assignment of all points to their nearest centre, with what the next centres need.
struct Pass {
    labels: Vec<u32>,
    /// Squared distance of each point to its centre.
    distances: Vec<f64>,
    /// `k × n_columns`.
    sums: Vec<f64>,
    counts: Vec<usize>,
}

impl Pass {
    fn run(points: &Points, centres: &Points) -> Self {
        let (n, d, k) = (points.n_rows(), points.n_columns(), centres.n_rows());
        let blocks: Vec<Self> = (0..n.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| Self::block(points, centres, block * BLOCK..n.min((block + 1) * BLOCK)))
            .collect();
        let empty = Self {
            labels: Vec::with_capacity(n),
            distances: Vec::with_capacity(n),
            sums: vec![0.0; k * d],
            counts: vec![0; k],
        };
        blocks.into_iter().fold(empty, |mut all, block| {
            all.labels.extend(block.labels);
            all.distances.extend(block.distances);
            all.sums.iter_mut().zip(block.sums).for_each(|(sum, part)| *sum += part);
            all.counts.iter_mut().zip(block.counts).for_each(|(count, part)| *count += part);
            all
        })
    }

    fn block(points: &Points, centres: &Points, rows: std::ops::Range<usize>) -> Self {
        let (d, k) = (points.n_columns(), centres.n_rows());
        // Centres column by column: the distances to all of them then grow side by side, which the
        // compiler turns into vector instructions; each is still summed in the order of the columns.
        let by_column: Vec<f64> = (0..d).flat_map(|column| centres.column(column)).collect();
        let mut distances = vec![0.0; k];
        let mut pass = Self {
            labels: Vec::with_capacity(rows.len()),
            distances: Vec::with_capacity(rows.len()),
            sums: vec![0.0; k * d],
            counts: vec![0; k],
        };
        for row in rows {
            let point = points.row(row);
            distances.fill(0.0);
            for (x, column) in point.iter().zip(by_column.chunks_exact(k)) {
                distances.iter_mut().zip(column).for_each(|(sum, centre)| *sum += (x - centre) * (x - centre));
            }
            let (mut nearest, mut least) = (0, f64::INFINITY);
            for (c, &distance) in distances.iter().enumerate() {
                if distance < least {
                    (nearest, least) = (c, distance);
                }
            }
            pass.labels.push(nearest as u32);
            pass.distances.push(least);
            pass.counts[nearest] += 1;
            pass.sums[nearest * d..(nearest + 1) * d].iter_mut().zip(point).for_each(|(sum, x)| *sum += x);
        }
        pass
    }

    /// The mean of each cluster; an empty one takes over the worst placed point.
    fn means(&self, points: &Points, before: &Points) -> Points {
        let d = points.n_columns();
        let (mut sums, mut counts) = (self.sums.clone(), self.counts.clone());
        let empty: Vec<usize> = (0..counts.len()).filter(|&c| counts[c] == 0).collect();
        let mut far: Vec<usize> = if empty.is_empty() { Vec::new() } else { (0..points.n_rows()).collect() };
        far.sort_by(|&a, &b| self.distances[b].total_cmp(&self.distances[a]).then(a.cmp(&b)));
        let mut far = far.into_iter();
        for c in empty {
            // A cluster of one keeps its point: taking it would only move the hole.
            let Some(row) = far.find(|&row| counts[self.labels[row] as usize] > 1) else { break };
            let from = self.labels[row] as usize;
            for (j, x) in points.row(row).iter().enumerate() {
                sums[from * d + j] -= x;
                sums[c * d + j] = *x;
            }
            counts[from] -= 1;
            counts[c] = 1;
        }
        let mean = |at: usize| {
            let c = at / d;
            if counts[c] == 0 { before.row(c)[at % d] } else { sums[at] / counts[c] as f64 }
        };
        let centres = (0..sums.len()).map(mean).collect();
        Points::new(centres, d).expect("means of finite points are finite")
    }
}

/// Greedy k-means++.
fn plus_plus(points: &Points, k: usize, rng: &mut Rng) -> Result<Points, LearnError> {
    let n = points.n_rows();
    let n_trials = 2 + (k as f64).ln() as usize;
    let mut chosen = vec![rng.below(n)];
    let mut distances: Vec<f64> = points.rows().map(|p| squared_distance(p, points.row(chosen[0]))).collect();
    while chosen.len() < k {
        let mut total = 0.0;
        let cumulative: Vec<f64> = distances
            .iter()
            .map(|distance| {
                total += distance;
                total
            })
            .collect();
        if total <= 0.0 {
            return Err(LearnError::TooLittleData { what: "distinct points", have: chosen.len(), need: k });
        }
        let mut best: Option<(f64, usize, Vec<f64>)> = None;
        for _ in 0..n_trials {
            let target = rng.uniform() * total;
            // The first row whose running total exceeds the target has a positive distance: never a chosen one.
            let row = cumulative.partition_point(|&c| c <= target).min(n - 1);
            let centre = points.row(row);
            let nearer: Vec<f64> =
                points.rows().zip(&distances).map(|(p, &d)| d.min(squared_distance(p, centre))).collect();
            let potential = nearer.iter().sum();
            if best.as_ref().is_none_or(|(least, ..)| potential < *least) {
                best = Some((potential, row, nearer));
            }
        }
        let (_, row, nearer) = best.expect("at least two trials");
        chosen.push(row);
        distances = nearer;
    }
    Ok(points.select(&chosen))
}

/// Mean over the columns of the population variance.
fn mean_variance(points: &Points) -> f64 {
    let n = points.n_rows().max(1) as f64;
    let variance = |column: usize| {
        let mean = points.column(column).sum::<f64>() / n;
        points.column(column).map(|x| (x - mean) * (x - mean)).sum::<f64>() / n
    };
    (0..points.n_columns()).map(variance).sum::<f64>() / points.n_columns() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(values: &[f64]) -> Points {
        Points::new(values.to_vec(), 1).unwrap()
    }

    #[test] // From 0 and 1: {0}, {1, 10, 11} -> 0, 22/3; {0, 1}, {10, 11} -> 0.5, 10.5. Inertia 4 · 0.25 = 1.
    fn lloyd_from_two_bad_centres_finds_the_two_pairs() {
        let model = KMeansParams::default().lloyd_from(&line(&[0.0, 1.0, 10.0, 11.0]), line(&[0.0, 1.0])).unwrap();
        assert_eq!(model.centres(), &line(&[0.5, 10.5]));
        assert_eq!(model.labels(), [0, 0, 1, 1]);
        assert_eq!((model.inertia(), model.converged()), (1.0, true));
        assert_eq!(model.assign(&line(&[5.5, 5.6])).unwrap(), [0, 1]); // 5.5 is a tie: the lower number.
    }

    #[test] // All points are nearest to centre 0 at 5; the empty centre takes 12, the farthest point (7² against 5²).
    fn an_empty_cluster_takes_the_farthest_point() {
        let points = line(&[0.0, 1.0, 2.0, 12.0]);
        let one = KMeansParams { max_iter: 1, ..KMeansParams::default() };
        let model = one.lloyd_from(&points, line(&[5.0, 100.0])).unwrap();
        assert_eq!(model.centres(), &line(&[1.0, 12.0]));
        assert_eq!(model.sizes(), [3, 1]);
    }

    #[test]
    fn fewer_distinct_points_than_clusters_is_an_error() {
        let params = KMeansParams { k: 3, ..KMeansParams::default() };
        let wrong = params.fit(&line(&[1.0, 1.0, 2.0, 2.0]), Seed(1)).unwrap_err();
        assert_eq!(wrong, LearnError::TooLittleData { what: "distinct points", have: 2, need: 3 });
        assert!(KMeansParams { k: 0, ..params }.fit(&line(&[1.0]), Seed(1)).is_err());
    }

    #[test] // 10,000 rows are three blocks; one thread and three give the same bits.
    fn the_model_is_the_same_at_any_number_of_threads() {
        let mut rng = Seed(5).stream(0);
        let values = (0..20_000).map(|_| rng.normal() + 4.0 * rng.below(3) as f64).collect();
        let points = Points::new(values, 2).unwrap();
        let params = KMeansParams { k: 5, n_starts: 3, ..KMeansParams::default() };
        let at = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| params.fit(&points, Seed(9)).unwrap())
        };
        assert_eq!(at(1), at(3));
    }

    proptest! {
        #[test]
        fn every_point_has_its_nearest_centre_and_every_centre_is_its_mean(
            values in prop::collection::vec(-100_i32..100, 12..60), k in 1_usize..4, seed in 0_u64..50,
        ) {
            let points = Points::new(values[..values.len() / 2 * 2].iter().map(|&v| f64::from(v)).collect(), 2).unwrap();
            let params = KMeansParams { k, n_starts: 2, ..KMeansParams::default() };
            if let Ok(model) = params.fit(&points, Seed(seed)) {
                prop_assert!(model.converged());
                let inertia: f64 = points.rows().zip(model.labels()).map(|(p, &label)| {
                    let own = squared_distance(p, model.centres().row(label as usize));
                    assert!(model.centres().rows().all(|c| own <= squared_distance(p, c)));
                    own
                }).sum();
                prop_assert!((inertia - model.inertia()).abs() < 1e-6);
                for (c, size) in model.sizes().into_iter().enumerate() {
                    let rows: Vec<usize> = (0..points.n_rows()).filter(|&r| model.labels()[r] as usize == c).collect();
                    let mean = points.select(&rows).column(0).sum::<f64>() / size as f64;
                    prop_assert!((mean - model.centres().row(c)[0]).abs() < 1e-9);
                }
            }
        }
    }
}
