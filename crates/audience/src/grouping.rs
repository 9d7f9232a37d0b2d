//! Whether a grouping of shoppers can be trusted, whatever method made it.
//!
//! Three questions: is it *separated* (mean silhouette; Kaufman and Rousseeuw, "Finding groups in data", 1990), is it
//! *reproducible* (fitted on bootstrap resamples, does it put the same shoppers together again: the lower limit of the mean
//! adjusted Rand index, so that the answer does not hang on the luck of the resamples; the idea of Hennig, "Cluster-wise
//! assessment of cluster stability", Computational Statistics & Data Analysis 52(1), 2007), is it *usable* (no group has
//! fewer shoppers than a figure needs).

use crate::figures::{LEVEL, MIN_OBSERVATIONS};
use domain::{Interval, Seed};
use learn::cluster_quality::{adjusted_rand_index, silhouette};
use learn::interval::mean_t;
use learn::{LearnError, Points};

/// What a trusted grouping has to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Bootstrap resamples, at least 2.
    pub n_resamples: usize,
    /// Lowest mean silhouette.
    pub min_silhouette: f64,
    /// Lowest lower limit of the mean adjusted Rand index.
    pub min_stability: f64,
    /// Fewest shoppers in a group.
    pub min_size: usize,
}

impl Default for Bar {
    fn default() -> Self {
        Self { n_resamples: 20, min_silhouette: 0.25, min_stability: 0.8, min_size: MIN_OBSERVATIONS as usize }
    }
}

/// What a grouping reaches.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Mean silhouette, -1 to 1.
    pub silhouette: f64,
    /// Mean adjusted Rand index over the resamples, 1 is perfectly reproducible.
    pub stability: f64,
    /// Its 95 % interval, Student's t over the resamples.
    pub stability_interval: Interval,
    /// Shoppers in the smallest group.
    pub smallest: usize,
    /// Whether it reaches all three.
    pub trusted: bool,
}

impl Bar {
    /// Judges the grouping `labels` of `points`. `regroup` groups a resample anew by the same method and says in which of
    /// its groups each of `points` lies.
    ///
    /// # Errors
    /// Those of `regroup`, but for too little data: a resample in which so many groups do not exist is one that was not
    /// reproduced. [`LearnError`] where a silhouette is not defined.
    pub fn judge(
        &self,
        points: &Points,
        labels: &[u32],
        seed: Seed,
        regroup: impl Fn(&Points, Seed) -> Result<Vec<u32>, LearnError>,
    ) -> Result<Trust, LearnError> {
        let n = points.n_rows();
        let agreement = |b: u64| {
            let mut rng = seed.stream(b);
            let drawn: Vec<usize> = (0..n).map(|_| rng.below(n)).collect();
            match regroup(&points.select(&drawn), seed.derive(b)) {
                Ok(again) => adjusted_rand_index(labels, &again),
                Err(LearnError::TooLittleData { .. }) => Ok(0.0),
                Err(error) => Err(error),
            }
        };
        let indices: Vec<f64> = (0..self.n_resamples as u64).map(agreement).collect::<Result<_, _>>()?;
        let count = indices.len() as f64;
        let stability = indices.iter().sum::<f64>() / count;
        let sd = (indices.iter().map(|x| (x - stability) * (x - stability)).sum::<f64>() / (count - 1.0)).sqrt();
        let stability_interval =
            mean_t(stability, sd, indices.len() as u64, LEVEL).expect("at least two finite indices");
        let silhouette = silhouette(points, labels)?;
        let smallest = sizes(labels).into_iter().min().unwrap_or(0);
        let trusted = silhouette >= self.min_silhouette
            && stability_interval.low >= self.min_stability
            && smallest >= self.min_size;
        Ok(Trust { silhouette, stability, stability_interval, smallest, trusted })
    }
}

/// Points of each label, up to the largest label.
pub fn sizes(labels: &[u32]) -> Vec<usize> {
    let mut sizes = vec![0; labels.iter().max().map_or(0, |most| *most as usize + 1)];
    labels.iter().for_each(|label| sizes[*label as usize] += 1);
    sizes
}
