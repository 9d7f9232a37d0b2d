//! Agglomerative clustering: start with every point alone, join the two nearest clusters until one is left.
//!
//! Distance of two clusters after a join by Lance and Williams' recurrence ("A general theory of
//! classificatory sorting strategies", The Computer Journal 9(4), 1967):
//! - [`Linkage::Ward`]: `√(2 |A| |B| / (|A| + |B|)) · |centre A − centre B|`, which joins where the sum of
//!   squares grows least (Ward, Journal of the American Statistical Association 58, 1963);
//! - [`Linkage::Average`]: mean distance of their pairs of points;
//! - [`Linkage::Complete`]: largest distance of a pair.
//!
//! Joins are found by the nearest-neighbour chain (Murtagh, "A survey of recent advances in hierarchical
//! clustering algorithms", The Computer Journal 26(4), 1983), exact for all three because a join never
//! brings clusters nearer. Cost: `O(n² d)` for the distances, `O(n²)` for the joins, `4 n (n − 1)` bytes:
//! so at most `max_points` points are joined. Of more, a drawn sample is, and every other
//! point goes to the cluster with the nearest centre ([`HierarchyParams::cluster`]).

use crate::points::squared_distance;
use crate::{LearnError, Points};
use domain::Seed;
use rayon::prelude::*;

/// What is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Linkage {
    /// Least growth of the sum of squares.
    Ward,
    /// Mean distance.
    Average,
    /// Largest distance.
    Complete,
}

/// How to join.
#[derive(Clone, Debug, PartialEq)]
pub struct HierarchyParams {
    /// What is near.
    pub linkage: Linkage,
    /// Most points that are joined: 6,000 take 144 MB.
    pub max_points: usize,
}

impl Default for HierarchyParams {
    fn default() -> Self {
        Self { linkage: Linkage::Ward, max_points: 6_000 }
    }
}

/// One join: clusters below `n` are points, cluster `n + i` is what join `i` made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Join {
    /// The lower number.
    pub a: usize,
    /// The higher number.
    pub b: usize,
    /// Distance at which they were joined.
    pub distance: f64,
    /// Points in the new cluster.
    pub size: usize,
}

/// The whole tree of joins, nearest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Hierarchy {
    joins: Vec<Join>,
    n_points: usize,
}

impl HierarchyParams {
    /// Joins all points.
    ///
    /// # Errors
    /// [`LearnError::TooLittleData`] without a point, [`LearnError::Param`] for more than `max_points`.
    pub fn fit(&self, points: &Points) -> Result<Hierarchy, LearnError> {
        let n = points.n_rows();
        if n == 0 {
            return Err(LearnError::TooLittleData { what: "points", have: 0, need: 1 });
        }
        if n > self.max_points {
            let rule = "at least the number of points; `cluster` takes a sample";
            return Err(LearnError::Param { name: "max_points", rule, got: self.max_points as f64 });
        }
        let mut found = self.chain(&mut Distances::of(points, self.linkage), n);
        // The chain finds joins out of order; nearest first, a join always after those below it.
        found.sort_by(|x, y| x.distance.total_cmp(&y.distance));
        Ok(Hierarchy { joins: numbered(&found, n), n_points: n })
    }

    /// `k` clusters of any number of points: joins up to `max_points` of them, drawn once, and gives every
    /// other the cluster whose centre is nearest. Labels count from 0 in the order of first rows.
    ///
    /// # Errors
    /// As [`Self::fit`]; [`LearnError::TooLittleData`] for fewer points than `k`.
    pub fn cluster(&self, points: &Points, k: usize, seed: Seed) -> Result<Vec<u32>, LearnError> {
        let n = points.n_rows();
        if n <= self.max_points {
            return self.fit(points)?.cut(k);
        }
        let mut rows: Vec<usize> = (0..n).collect();
        seed.stream(0).shuffle(&mut rows);
        rows.truncate(self.max_points);
        rows.sort_unstable();
        let sample = points.select(&rows);
        let labels = self.fit(&sample)?.cut(k)?;
        let (d, mut counts) = (points.n_columns(), vec![0.0_f64; k]);
        let mut centres = vec![0.0; k * d];
        for (row, label) in sample.rows().zip(&labels) {
            let c = *label as usize;
            counts[c] += 1.0;
            centres[c * d..(c + 1) * d].iter_mut().zip(row).for_each(|(s, x)| *s += x);
        }
        centres.chunks_exact_mut(d).zip(&counts).for_each(|(c, n)| c.iter_mut().for_each(|x| *x /= n));
        let nearest = |point: &[f64]| {
            let far = centres.chunks_exact(d).map(|c| squared_distance(point, c)).enumerate();
            far.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(c, _)| c as u32)
        };
        let mut all: Vec<u32> = (0..n).into_par_iter().map(|row| nearest(points.row(row))).collect();
        rows.iter().zip(labels).for_each(|(row, label)| all[*row] = label);
        Ok(in_order(&all))
    }

    /// Joins in the order in which the chain meets them, by the lowest point of each cluster.
    fn chain(&self, distances: &mut Distances, n: usize) -> Vec<Join> {
        let mut sizes = vec![1_usize; n];
        let mut alive: Vec<usize> = (0..n).collect();
        let (mut chain, mut joins): (Vec<usize>, Vec<Join>) = (Vec::new(), Vec::with_capacity(n.saturating_sub(1)));
        while joins.len() + 1 < n {
            if chain.is_empty() {
                chain.push(alive[0]);
            }
            let top = chain[chain.len() - 1];
            let before = chain.len().checked_sub(2).map(|at| chain[at]);
            // On a tie the one before wins, or the chain would run in circles.
            let (mut near, mut least) = before.map_or((usize::MAX, f64::INFINITY), |b| (b, distances.get(top, b)));
            for &other in alive.iter().filter(|o| **o != top) {
                let distance = distances.get(top, other);
                if distance < least {
                    (near, least) = (other, distance);
                }
            }
            if Some(near) != before {
                chain.push(near);
                continue;
            }
            chain.truncate(chain.len() - 2);
            let (keep, gone) = (top.min(near), top.max(near));
            let (of_keep, of_gone) = (sizes[keep] as f64, sizes[gone] as f64);
            alive.remove(alive.binary_search(&gone).expect("both clusters are alive"));
            for &other in alive.iter().filter(|o| **o != keep) {
                let (to_keep, to_gone) = (distances.get(keep, other), distances.get(gone, other));
                let of_other = sizes[other] as f64;
                let joined = match self.linkage {
                    Linkage::Ward => {
                        let all = of_keep + of_gone + of_other;
                        ((of_keep + of_other) * to_keep + (of_gone + of_other) * to_gone - of_other * least) / all
                    }
                    Linkage::Average => (of_keep * to_keep + of_gone * to_gone) / (of_keep + of_gone),
                    Linkage::Complete => to_keep.max(to_gone),
                };
                distances.set(keep, other, joined);
            }
            sizes[keep] += sizes[gone];
            let distance = if self.linkage == Linkage::Ward { least.max(0.0).sqrt() } else { least };
            joins.push(Join { a: keep, b: gone, distance, size: sizes[keep] });
        }
        joins
    }
}

/// Distances of all pairs, the lower triangle; squared for Ward.
struct Distances {
    values: Vec<f64>,
}

impl Distances {
    fn of(points: &Points, linkage: Linkage) -> Self {
        let lines: Vec<Vec<f64>> = (0..points.n_rows())
            .into_par_iter()
            .map(|i| {
                let square = |j| squared_distance(points.row(i), points.row(j));
                let line = (0..i).map(square);
                if linkage == Linkage::Ward { line.collect() } else { line.map(f64::sqrt).collect() }
            })
            .collect();
        Self { values: lines.concat() }
    }

    fn at(i: usize, j: usize) -> usize {
        let (low, high) = (i.min(j), i.max(j));
        high * (high - 1) / 2 + low
    }

    fn get(&self, i: usize, j: usize) -> f64 {
        self.values[Self::at(i, j)]
    }

    fn set(&mut self, i: usize, j: usize, value: f64) {
        self.values[Self::at(i, j)] = value;
    }
}

/// Clusters by number instead of by their lowest point.
fn numbered(found: &[Join], n: usize) -> Vec<Join> {
    let mut sets = Sets::new(n);
    let mut names: Vec<usize> = (0..n).collect();
    let number = |(i, join): (usize, &Join)| {
        let (x, y) = (sets.root(join.a), sets.root(join.b));
        let (a, b) = (names[x].min(names[y]), names[x].max(names[y]));
        let size = sets.join(x, y);
        names[sets.root(x)] = n + i;
        Join { a, b, distance: join.distance, size }
    };
    found.iter().enumerate().map(number).collect()
}

/// Disjoint sets with path halving.
struct Sets {
    parent: Vec<usize>,
    size: Vec<usize>,
}

impl Sets {
    fn new(n: usize) -> Self {
        Self { parent: (0..n).collect(), size: vec![1; n] }
    }

    fn root(&mut self, mut x: usize) -> usize {
        while self.parent[x] != x {
            self.parent[x] = self.parent[self.parent[x]];
            x = self.parent[x];
        }
        x
    }

    /// Joins two roots; the size of the whole.
    fn join(&mut self, x: usize, y: usize) -> usize {
        let (large, small) = if self.size[x] >= self.size[y] { (x, y) } else { (y, x) };
        self.parent[small] = large;
        self.size[large] += self.size[small];
        self.size[large]
    }
}

/// Labels renumbered by first appearance.
fn in_order(labels: &[u32]) -> Vec<u32> {
    let mut names = std::collections::BTreeMap::new();
    let name = |label: &u32| {
        let next = names.len() as u32;
        *names.entry(*label).or_insert(next)
    };
    labels.iter().map(name).collect()
}

impl Hierarchy {
    /// All joins, nearest first.
    pub fn joins(&self) -> &[Join] {
        &self.joins
    }

    /// Points.
    pub fn n_points(&self) -> usize {
        self.n_points
    }

    /// The `k` clusters before the last `k - 1` joins; labels count from 0 in the order of first points.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a `k` of 0, [`LearnError::TooLittleData`] for fewer points than `k`.
    pub fn cut(&self, k: usize) -> Result<Vec<u32>, LearnError> {
        let n = self.n_points;
        if k == 0 {
            return Err(LearnError::Param { name: "k", rule: "at least 1", got: 0.0 });
        }
        if k > n {
            return Err(LearnError::TooLittleData { what: "points", have: n, need: k });
        }
        let mut sets = Sets::new(n);
        let mut any: Vec<usize> = (0..n).collect();
        for join in &self.joins[..n - k] {
            let (x, y) = (sets.root(any[join.a]), sets.root(any[join.b]));
            sets.join(x, y);
            any.push(x);
        }
        let roots: Vec<u32> = (0..n).map(|point| sets.root(point) as u32).collect();
        Ok(in_order(&roots))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(values: &[f64]) -> Points {
        Points::new(values.to_vec(), 1).unwrap()
    }

    fn joins(values: &[f64], linkage: Linkage) -> Vec<(usize, usize, f64)> {
        let fitted = HierarchyParams { linkage, ..HierarchyParams::default() }.fit(&line(values)).unwrap();
        fitted.joins().iter().map(|j| (j.a, j.b, (j.distance * 1e6).round() / 1e6)).collect()
    }

    // 0, 1, 4, 6: {0, 1} at 1, {4, 6} at 2. Complete 6; average (4 + 6 + 3 + 5) / 4 = 4.5;
    // Ward √(2 · 2 · 2 / 4) · |0.5 − 5| = √2 · 4.5.
    #[test]
    fn three_joins_by_hand() {
        let values = [0.0, 1.0, 4.0, 6.0];
        assert_eq!(joins(&values, Linkage::Complete), [(0, 1, 1.0), (2, 3, 2.0), (4, 5, 6.0)]);
        assert_eq!(joins(&values, Linkage::Average), [(0, 1, 1.0), (2, 3, 2.0), (4, 5, 4.5)]);
        assert_eq!(joins(&values, Linkage::Ward), [(0, 1, 1.0), (2, 3, 2.0), (4, 5, 6.363961)]);
        let fitted = HierarchyParams::default().fit(&line(&values)).unwrap();
        assert_eq!(fitted.cut(2).unwrap(), [0, 0, 1, 1]);
        assert_eq!(fitted.cut(4).unwrap(), [0, 1, 2, 3]);
        assert_eq!(fitted.cut(1).unwrap(), [0; 4]);
        assert!(fitted.cut(0).is_err() && fitted.cut(5).is_err());
    }

    #[test]
    fn beyond_the_limit_a_sample_is_joined_and_all_are_assigned() {
        let mut rng = Seed(1).stream(0);
        let values: Vec<f64> = (0..900).map(|i| f64::from(i % 3) * 20.0 + rng.normal()).collect();
        let params = HierarchyParams { max_points: 60, ..HierarchyParams::default() };
        assert!(params.fit(&line(&values)).is_err());
        let labels = params.cluster(&line(&values), 3, Seed(2)).unwrap();
        assert!(labels.iter().enumerate().all(|(i, label)| *label as usize == i % 3));
        assert!(HierarchyParams::default().fit(&line(&[])).is_err());
    }

    /// The definition itself: all pairs of clusters are tried before each join.
    fn brute(points: &Points, linkage: Linkage) -> Vec<f64> {
        let mut clusters: Vec<Vec<usize>> = (0..points.n_rows()).map(|i| vec![i]).collect();
        let centre = |c: &[usize]| -> Vec<f64> {
            (0..points.n_columns()).map(|j| c.iter().map(|r| points.row(*r)[j]).sum::<f64>() / c.len() as f64).collect()
        };
        let far = |a: &[usize], b: &[usize]| {
            let pairs =
                || a.iter().flat_map(|x| b.iter().map(|y| squared_distance(points.row(*x), points.row(*y)).sqrt()));
            let (n, m) = (a.len() as f64, b.len() as f64);
            match linkage {
                Linkage::Ward => (2.0 * n * m / (n + m) * squared_distance(&centre(a), &centre(b))).sqrt(),
                Linkage::Average => pairs().sum::<f64>() / (n * m),
                Linkage::Complete => pairs().fold(0.0, f64::max),
            }
        };
        let mut heights = Vec::new();
        while clusters.len() > 1 {
            let mut best = (f64::INFINITY, 0, 0);
            for i in 0..clusters.len() {
                for j in i + 1..clusters.len() {
                    let distance = far(&clusters[i], &clusters[j]);
                    if distance < best.0 {
                        best = (distance, i, j);
                    }
                }
            }
            heights.push(best.0);
            let gone = clusters.remove(best.2);
            clusters[best.1].extend(gone);
        }
        heights
    }

    proptest! {
        #[test]
        fn joins_are_those_of_the_definition(seed in 0_u64..1000, n in 2_usize..14) {
            let mut rng = Seed(seed).stream(0);
            let points = Points::new((0..n * 2).map(|_| rng.normal()).collect(), 2).unwrap();
            for linkage in [Linkage::Ward, Linkage::Average, Linkage::Complete] {
                let fitted = HierarchyParams { linkage, ..HierarchyParams::default() }.fit(&points).unwrap();
                let heights = brute(&points, linkage);
                prop_assert_eq!(fitted.joins().len(), heights.len());
                for (join, height) in fitted.joins().iter().zip(heights) {
                    prop_assert!((join.distance - height).abs() < 1e-9, "{linkage:?} {} {height}", join.distance);
                }
                let labels = fitted.cut(2).unwrap();
                prop_assert_eq!(labels.iter().max(), Some(&1));
            }
        }
    }
}
