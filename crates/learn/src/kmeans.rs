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
//!
//! Most points keep their centre, and need not look at the others: a lower bound of the distance to the
//! second nearest centre shrinks by as much as the centres move, and half the distance from the own centre to
//! its nearest neighbour is another (Hamerly, "Making k-means even faster", SDM 2010). Without his upper
//! bound: the distance to the own centre is taken each pass, so the inertia is always exact.
//! Cost: `O(n · k · d)` for the first pass, between that and `O(n · d)` for the others. Passes run over
//! blocks of rows of fixed size and their sums are added in block order: same data, parameters and seed
//! give the same model at any thread count.

use crate::kmeans_start::Interleaved;
use crate::lanes::vectorised;
use crate::points::squared_distance;
use crate::{LearnError, Points};
use domain::Seed;
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
        let table = Interleaved::of(points);
        let starts: Result<Vec<KMeans>, LearnError> = (0..self.n_starts)
            .into_par_iter()
            .map(|start| {
                let chosen = table.plus_plus(self.k, &mut seed.stream(start as u64))?;
                Ok(self.lloyd(points, points.select(&chosen)))
            })
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
        let mut pass = Pass::first(points, &centres);
        let (mut n_iter, mut converged) = (0, false);
        while n_iter < self.max_iter && !converged {
            n_iter += 1;
            let moved = pass.means(points, &centres);
            let shifts: Vec<f64> = moved.rows().zip(centres.rows()).map(|(a, b)| squared_distance(a, b)).collect();
            centres = moved;
            let changed = pass.again(points, &centres, &shifts);
            converged = !changed || (self.tol > 0.0 && shifts.iter().sum::<f64>() <= still);
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
        Ok(Pass::first(points, &self.centres).labels)
    }
}

/// The assignment of all points to their nearest centres, with what the next centres need.
struct Pass {
    labels: Vec<u32>,
    /// Squared distance of each point to its centre.
    distances: Vec<f64>,
    /// What the distance to every other centre is at least; below 0 where nothing is known.
    lower: Vec<f64>,
    /// `k × n_columns`.
    sums: Vec<f64>,
    counts: Vec<usize>,
}

/// The centres as one pass needs them.
struct Centres<'a> {
    rows: &'a Points,
    /// Column by column: the distances to all centres then grow side by side, which the compiler turns
    /// into vector instructions; each is still summed in the order of the columns.
    by_column: Vec<f64>,
    /// A quarter of the squared distance to the nearest other centre: a point nearer than that stays.
    quarter: Vec<f64>,
    /// How far another centre than this one moved at most.
    others_moved: Vec<f64>,
}

impl<'a> Centres<'a> {
    /// From squared shifts.
    fn new(rows: &'a Points, shifts: &[f64]) -> Self {
        let k = rows.n_rows();
        let nearest = |c: usize| {
            let others = (0..k).filter(|o| *o != c).map(|o| squared_distance(rows.row(c), rows.row(o)));
            others.fold(f64::INFINITY, f64::min)
        };
        let (mut most, mut second) = ((0, 0.0), 0.0);
        for (c, shift) in shifts.iter().map(|s| s.sqrt()).enumerate() {
            if shift > most.1 {
                (most, second) = ((c, shift), most.1);
            } else if shift > second {
                second = shift;
            }
        }
        Self {
            rows,
            by_column: (0..rows.n_columns()).flat_map(|column| rows.column(column)).collect(),
            quarter: (0..k).map(|c| nearest(c) / 4.0).collect(),
            others_moved: (0..k).map(|c| if c == most.0 { second } else { most.1 }).collect(),
        }
    }
}

/// Part of a pass: a block of rows and what is known of them.
struct Block<'a> {
    labels: &'a mut [u32],
    distances: &'a mut [f64],
    lower: &'a mut [f64],
    sums: Vec<f64>,
    counts: Vec<usize>,
}

/// A bound has to be beaten by this factor (of squares): rounding must not make a centre look nearer.
const SLACK: f64 = 1.0 + 1e-9;

vectorised! {
    /// Assigns the points of a block; whether one of them changed its centre.
    fn assign_block(points: &[f64], centres: &Centres<'_>, block: &mut Block<'_>) -> bool {
        let (d, k) = (centres.rows.n_columns(), centres.rows.n_rows());
        let mut distances = vec![0.0; k];
        let mut changed = false;
        for (i, point) in points.chunks_exact(d).enumerate() {
            let before = block.labels[i] as usize;
            let own = squared_distance(point, centres.rows.row(before));
            let lower = block.lower[i] - centres.others_moved[before];
            let bound = if lower > 0.0 { lower * lower } else { 0.0 };
            let bound = if bound > centres.quarter[before] { bound } else { centres.quarter[before] };
            let mut label = before;
            if block.lower[i] >= 0.0 && own * SLACK < bound {
                block.distances[i] = own;
                block.lower[i] = if lower > 0.0 { lower } else { 0.0 };
            } else {
                distances.fill(0.0);
                for (x, column) in point.iter().zip(centres.by_column.chunks_exact(k)) {
                    distances.iter_mut().zip(column).for_each(|(sum, centre)| *sum += (x - centre) * (x - centre));
                }
                let (mut least, mut second) = (f64::INFINITY, f64::INFINITY);
                for (c, &distance) in distances.iter().enumerate() {
                    if distance < least {
                        (label, least, second) = (c, distance, least);
                    } else if distance < second {
                        second = distance;
                    }
                }
                changed |= label != before;
                block.labels[i] = label as u32;
                block.distances[i] = least;
                block.lower[i] = second.sqrt();
            }
            block.counts[label] += 1;
            block.sums[label * d..(label + 1) * d].iter_mut().zip(point).for_each(|(sum, x)| *sum += x);
        }
        changed
    }
}

impl Pass {
    fn first(points: &Points, centres: &Points) -> Self {
        let n = points.n_rows();
        let mut pass =
            Self { labels: vec![0; n], distances: vec![0.0; n], lower: vec![-1.0; n], sums: vec![], counts: vec![] };
        pass.again(points, centres, &vec![0.0; centres.n_rows()]);
        pass
    }

    /// Assigns the points again after the centres moved by the square roots of `shifts`; whether a point
    /// changed its centre.
    fn again(&mut self, points: &Points, centres: &Points, shifts: &[f64]) -> bool {
        let (d, k) = (points.n_columns(), centres.n_rows());
        let centres = Centres::new(centres, shifts);
        let blocks: Vec<(bool, Vec<f64>, Vec<usize>)> = points
            .as_slice()
            .par_chunks(BLOCK * d)
            .zip(self.labels.par_chunks_mut(BLOCK))
            .zip(self.distances.par_chunks_mut(BLOCK).zip(self.lower.par_chunks_mut(BLOCK)))
            .map(|((points, labels), (distances, lower))| {
                let mut block = Block { labels, distances, lower, sums: vec![0.0; k * d], counts: vec![0; k] };
                (assign_block(points, &centres, &mut block), block.sums, block.counts)
            })
            .collect();
        self.sums = vec![0.0; k * d];
        self.counts = vec![0; k];
        let mut any = false;
        for (changed, sums, counts) in blocks {
            any |= changed;
            self.sums.iter_mut().zip(sums).for_each(|(sum, part)| *sum += part);
            self.counts.iter_mut().zip(counts).for_each(|(count, part)| *count += part);
        }
        any
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
