//! Where k-means starts: greedy k-means++ (see [`crate::kmeans`]).
//!
//! The points are stored eight rows side by side, so that the distances of eight points to one centre
//! grow in one vector register; each is summed in the order of the columns, as everywhere. All candidates of a
//! centre are judged in one walk over the points, and only the chosen one's distances are written down.
//! Cost: `3 + ln k` distances of every point to a candidate for each of `k` centres.

use crate::lanes::vectorised;
use crate::{LearnError, Points};
use domain::Rng;
use rayon::prelude::*;

/// Rows side by side.
const SIDE: usize = 8;
/// Groups of rows that one task takes: fixed, as sums are added in task order.
const GROUPS: usize = 512;

/// Points, eight rows side by side; the last group is filled up with its first row.
pub(crate) struct Interleaved {
    /// A group is `n_columns × 8`.
    values: Vec<f64>,
    n_rows: usize,
    n_columns: usize,
}

/// Squared distances of eight points to a centre.
#[inline(always)]
fn eight(group: &[f64], centre: &[f64]) -> [f64; SIDE] {
    let mut sum = [0.0_f64; SIDE];
    for (x, c) in group.as_chunks::<SIDE>().0.iter().zip(centre) {
        for l in 0..SIDE {
            sum[l] += (x[l] - c) * (x[l] - c);
        }
    }
    sum
}

vectorised! {
    /// `before = min(distance to centre, before)` of whole groups.
    fn bring_nearer(groups: &[f64], centre: &[f64], before: &mut [f64]) {
        let sides = before.as_chunks_mut::<SIDE>().0;
        for (group, before) in groups.chunks_exact(centre.len() * SIDE).zip(sides) {
            let sum = eight(group, centre);
            for l in 0..SIDE {
                before[l] = if sum[l] < before[l] { sum[l] } else { before[l] };
            }
        }
    }
}

vectorised! {
    /// For each candidate the sum of `min(distance to it, before)`, eight sums side by side. Points that only
    /// fill up have 0 in `before` and add nothing.
    fn potentials(groups: &[f64], candidates: &[Vec<f64>], before: &[f64], sums: &mut [[f64; SIDE]]) {
        let d = candidates[0].len();
        for (group, before) in groups.chunks_exact(d * SIDE).zip(before.as_chunks::<SIDE>().0) {
            for (candidate, sums) in candidates.iter().zip(sums.iter_mut()) {
                let sum = eight(group, candidate);
                for l in 0..SIDE {
                    sums[l] += if sum[l] < before[l] { sum[l] } else { before[l] };
                }
            }
        }
    }
}

impl Interleaved {
    pub(crate) fn of(points: &Points) -> Self {
        let (n, d) = (points.n_rows(), points.n_columns());
        let mut values = vec![0.0; n.next_multiple_of(SIDE) * d];
        for (g, group) in values.chunks_exact_mut(d * SIDE).enumerate() {
            for l in 0..SIDE {
                let row = if g * SIDE + l < n { g * SIDE + l } else { g * SIDE };
                points.row(row).iter().enumerate().for_each(|(j, x)| group[j * SIDE + l] = *x);
            }
        }
        Self { values, n_rows: n, n_columns: d }
    }

    fn row(&self, row: usize) -> Vec<f64> {
        let group = &self.values[row / SIDE * self.n_columns * SIDE..];
        (0..self.n_columns).map(|j| group[j * SIDE + row % SIDE]).collect()
    }

    /// Brings the distances down to those to the row where it is nearer.
    fn bring_nearer(&self, row: usize, distances: &mut [f64]) {
        let (centre, step) = (self.row(row), GROUPS * SIDE);
        let tasks = self.values.par_chunks(step * self.n_columns).zip(distances.par_chunks_mut(step));
        tasks.for_each(|(groups, distances)| bring_nearer(groups, &centre, distances));
    }

    /// What the sum of the distances would be with each of the rows.
    fn potentials(&self, rows: &[usize], distances: &[f64]) -> Vec<f64> {
        let candidates: Vec<Vec<f64>> = rows.iter().map(|row| self.row(*row)).collect();
        let step = GROUPS * SIDE;
        let tasks = self.values.par_chunks(step * self.n_columns).zip(distances.par_chunks(step));
        let parts: Vec<Vec<f64>> = tasks
            .map(|(groups, distances)| {
                let mut sums = vec![[0.0; SIDE]; candidates.len()];
                potentials(groups, &candidates, distances, &mut sums);
                sums.iter().map(|lanes| lanes.iter().sum()).collect()
            })
            .collect();
        (0..rows.len()).map(|at| parts.iter().map(|part| part[at]).sum()).collect()
    }

    /// Rows to start from, `k` of different values.
    pub(crate) fn plus_plus(&self, k: usize, rng: &mut Rng) -> Result<Vec<usize>, LearnError> {
        let n = self.n_rows;
        let n_trials = 2 + (k as f64).ln() as usize;
        let mut chosen = vec![rng.below(n)];
        // The rows that only fill up are at distance 0 from the start, so they never count.
        let mut distances = vec![0.0; n.next_multiple_of(SIDE)];
        distances[..n].fill(f64::INFINITY);
        self.bring_nearer(chosen[0], &mut distances);
        while chosen.len() < k {
            let mut total = 0.0;
            let add = |distance: &f64| {
                total += distance;
                total
            };
            let cumulative: Vec<f64> = distances[..n].iter().map(add).collect();
            if total <= 0.0 {
                return Err(LearnError::TooLittleData { what: "distinct points", have: chosen.len(), need: k });
            }
            let draw = |_| {
                let target = rng.uniform() * total;
                // The first row whose running total exceeds the target has a positive distance: never a chosen one.
                cumulative.partition_point(|&c| c <= target).min(n - 1)
            };
            let drawn: Vec<usize> = (0..n_trials).map(draw).collect();
            let potentials = self.potentials(&drawn, &distances);
            let best = (0..n_trials).fold(0, |best, t| if potentials[t] < potentials[best] { t } else { best });
            chosen.push(drawn[best]);
            self.bring_nearer(drawn[best], &mut distances);
        }
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::points::squared_distance;
    use domain::Seed;

    #[test]
    fn distances_are_those_of_single_rows() {
        for n in [1_usize, 7, 8, 9, 5000] {
            let mut rng = Seed(1).stream(n as u64);
            let points = Points::new((0..n * 3).map(|_| rng.normal()).collect(), 3).unwrap();
            let table = Interleaved::of(&points);
            let mut nearer = vec![0.0; n.next_multiple_of(SIDE)];
            nearer[..n].fill(2.0);
            let sum = table.potentials(&[0, n / 2], &nearer)[1];
            table.bring_nearer(n / 2, &mut nearer);
            let want: Vec<f64> = points.rows().map(|p| squared_distance(p, points.row(n / 2)).min(2.0)).collect();
            assert_eq!(nearer[..n], want);
            assert!((sum - want.iter().sum::<f64>()).abs() < 1e-9 * sum.max(1.0), "{n}");
        }
    }

    #[test] // 0, 0, 10: whatever comes first, the two values are chosen, and there is no third.
    fn starts_are_of_different_values() {
        let table = Interleaved::of(&Points::new(vec![0.0, 0.0, 10.0], 1).unwrap());
        for seed in 0..20 {
            let chosen = table.plus_plus(2, &mut Seed(seed).stream(0)).unwrap();
            assert!(chosen.contains(&2) && chosen.len() == 2, "{chosen:?}");
            assert!(table.plus_plus(3, &mut Seed(seed).stream(0)).is_err());
        }
    }
}
