//! How good a partition of points is, and how alike two partitions are.
//!
//! - Silhouette (Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of
//!   cluster analysis", Journal of Computational and Applied Mathematics 20, 1987): for a point,
//!   `(b - a) / max(a, b)` with `a` the mean distance to its own cluster's other points and `b` the
//!   smallest mean distance to another cluster; 0 for a cluster of one. In [-1, 1], higher is better.
//!   Exact, `O(n² · d)`: hand in a sample where n is large.
//! - Davies-Bouldin (IEEE PAMI 1(2), 1979): mean over clusters of the worst
//!   `(s_i + s_j) / d(c_i, c_j)`, `s` the mean distance to the centroid. At least 0, lower is better.
//! - Calinski-Harabasz (Communications in Statistics 3(1), 1974): between over within dispersion,
//!   `(B / (k - 1)) / (W / (n - k))`. Higher is better.
//! - Adjusted Rand index (Hubert & Arabie, "Comparing partitions", Journal of Classification 2,
//!   1985): pairs on which two partitions agree, corrected for chance. 1 when equal, about 0 when
//!   independent.

use crate::points::squared_distance;
use crate::{LearnError, Points};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Silhouette of each point, in row order.
///
/// # Errors
/// [`LearnError::Shape`] when `labels` is not one a row, [`LearnError::TooLittleData`] for fewer
/// than two clusters that hold a point.
pub fn silhouettes(points: &Points, labels: &[u32]) -> Result<Vec<f64>, LearnError> {
    let groups = Groups::new(points, labels)?;
    // Rows of one cluster side by side: the inner loop then adds to one sum at a time.
    let tables: Vec<Points> = groups.members.iter().map(|rows| points.select(rows)).collect();
    let one = |row: usize| {
        let (own, point) = (groups.of[row], points.row(row));
        let size = groups.members[own].len();
        if size == 1 {
            return 0.0;
        }
        let sum = |table: &Points| table.rows().map(|other| squared_distance(point, other).sqrt()).sum::<f64>();
        let within = sum(&tables[own]) / (size - 1) as f64;
        let others = (0..tables.len()).filter(|&g| g != own);
        let nearest = others.map(|g| sum(&tables[g]) / tables[g].n_rows() as f64).fold(f64::INFINITY, f64::min);
        let larger = within.max(nearest);
        if larger > 0.0 { (nearest - within) / larger } else { 0.0 }
    };
    Ok((0..points.n_rows()).into_par_iter().map(one).collect())
}

/// Mean of [`silhouettes`].
///
/// # Errors
/// As [`silhouettes`].
pub fn silhouette(points: &Points, labels: &[u32]) -> Result<f64, LearnError> {
    let each = silhouettes(points, labels)?;
    Ok(each.iter().sum::<f64>() / each.len() as f64)
}

/// Davies-Bouldin index. Infinite when two centroids coincide.
///
/// # Errors
/// As [`silhouettes`].
pub fn davies_bouldin(points: &Points, labels: &[u32]) -> Result<f64, LearnError> {
    let groups = Groups::new(points, labels)?;
    let spread: Vec<f64> = groups
        .members
        .iter()
        .zip(&groups.centroids)
        .map(|(rows, centre)| {
            rows.iter().map(|&row| squared_distance(points.row(row), centre).sqrt()).sum::<f64>() / rows.len() as f64
        })
        .collect();
    let k = spread.len();
    let worst = |i: usize| {
        let apart = |j: usize| squared_distance(&groups.centroids[i], &groups.centroids[j]).sqrt();
        (0..k).filter(|&j| j != i).map(|j| (spread[i] + spread[j]) / apart(j)).fold(0.0, f64::max)
    };
    Ok((0..k).map(worst).sum::<f64>() / k as f64)
}

/// Calinski-Harabasz index. Infinite when every cluster is a single place.
///
/// # Errors
/// As [`silhouettes`]; [`LearnError::TooLittleData`] too when every point is its own cluster.
pub fn calinski_harabasz(points: &Points, labels: &[u32]) -> Result<f64, LearnError> {
    let groups = Groups::new(points, labels)?;
    let (n, k) = (points.n_rows(), groups.members.len());
    if n <= k {
        return Err(LearnError::TooLittleData { what: "points", have: n, need: k + 1 });
    }
    let middle = centroid(points, &(0..n).collect::<Vec<_>>());
    let (mut between, mut within) = (0.0, 0.0);
    for (rows, centre) in groups.members.iter().zip(&groups.centroids) {
        between += rows.len() as f64 * squared_distance(centre, &middle);
        within += rows.iter().map(|&row| squared_distance(points.row(row), centre)).sum::<f64>();
    }
    Ok((between / (k - 1) as f64) / (within / (n - k) as f64))
}

/// Adjusted Rand index of two partitions of the same points; the numbers used as labels do not matter.
///
/// # Errors
/// [`LearnError::Shape`] for two lengths, [`LearnError::TooLittleData`] below two points.
pub fn adjusted_rand_index(left: &[u32], right: &[u32]) -> Result<f64, LearnError> {
    if left.len() != right.len() {
        return Err(LearnError::Shape { what: "the second partition", got: right.len(), need: left.len() });
    }
    if left.len() < 2 {
        return Err(LearnError::TooLittleData { what: "points", have: left.len(), need: 2 });
    }
    let (mut cells, mut rows, mut columns) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (&l, &r) in left.iter().zip(right) {
        *cells.entry((l, r)).or_insert(0_u64) += 1;
        *rows.entry(l).or_insert(0_u64) += 1;
        *columns.entry(r).or_insert(0_u64) += 1;
    }
    let pairs = |n: u64| (n * n.saturating_sub(1) / 2) as f64;
    let together: f64 = cells.values().map(|&n| pairs(n)).sum();
    let in_left: f64 = rows.values().map(|&n| pairs(n)).sum();
    let in_right: f64 = columns.values().map(|&n| pairs(n)).sum();
    let by_chance = in_left * in_right / pairs(left.len() as u64);
    let most = (in_left + in_right) / 2.0;
    // Both all-in-one or both all-apart: the partitions are equal, and the quotient would be 0 / 0.
    if most == by_chance { Ok(1.0) } else { Ok((together - by_chance) / (most - by_chance)) }
}

/// The clusters that hold at least one point, numbered in the order of their labels.
struct Groups {
    members: Vec<Vec<usize>>,
    centroids: Vec<Vec<f64>>,
    /// The cluster of each row.
    of: Vec<usize>,
}

impl Groups {
    fn new(points: &Points, labels: &[u32]) -> Result<Self, LearnError> {
        if labels.len() != points.n_rows() {
            return Err(LearnError::Shape { what: "labels", got: labels.len(), need: points.n_rows() });
        }
        let mut by_label: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (row, &label) in labels.iter().enumerate() {
            by_label.entry(label).or_default().push(row);
        }
        if by_label.len() < 2 {
            return Err(LearnError::TooLittleData { what: "clusters", have: by_label.len(), need: 2 });
        }
        let members: Vec<Vec<usize>> = by_label.into_values().collect();
        let mut of = vec![0; labels.len()];
        for (group, rows) in members.iter().enumerate() {
            rows.iter().for_each(|&row| of[row] = group);
        }
        let centroids = members.iter().map(|rows| centroid(points, rows)).collect();
        Ok(Self { members, centroids, of })
    }
}

fn centroid(points: &Points, rows: &[usize]) -> Vec<f64> {
    let mut sum = vec![0.0; points.n_columns()];
    for &row in rows {
        sum.iter_mut().zip(points.row(row)).for_each(|(s, x)| *s += x);
    }
    sum.iter_mut().for_each(|s| *s /= rows.len() as f64);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn two_pairs() -> (Points, [u32; 4]) {
        (Points::new(vec![0.0, 1.0, 10.0, 12.0], 1).unwrap(), [0, 0, 1, 1])
    }

    // a = 1 and b = 11 for the first: 10/11; second a = 1, b = 10: 9/10; third a = 2, b = 9.5: 7.5/9.5; fourth a = 2,
    // b = 11.5: 9.5/11.5.
    #[test]
    fn silhouettes_of_two_pairs_on_a_line() {
        let (points, labels) = two_pairs();
        let each = silhouettes(&points, &labels).unwrap();
        let hand = [10.0 / 11.0, 0.9, 7.5 / 9.5, 9.5 / 11.5];
        assert!(each.iter().zip(hand).all(|(a, b)| (a - b).abs() < 1e-12), "{each:?}");
        assert_eq!(silhouettes(&points, &[0, 0, 1, 2]).unwrap()[2..], [0.0, 0.0]); // clusters of one
    }

    // Spreads 0.5 and 1, centroids 0.5 and 11: (0.5 + 1) / 10.5. Middle 5.75: B = 2 · 5.25² · 2 = 110.25, W = 0.5 + 2.
    #[test]
    fn davies_bouldin_and_calinski_harabasz_by_hand() {
        let (points, labels) = two_pairs();
        assert!((davies_bouldin(&points, &labels).unwrap() - 1.5 / 10.5).abs() < 1e-12);
        assert!((calinski_harabasz(&points, &labels).unwrap() - 110.25 / (2.5 / 2.0)).abs() < 1e-12);
    }

    // Cells 2, 1, 1, 2: pairs together 2; rows 3, 3: 6; columns 3, 3: 6; of 15 pairs. Chance 2.4: (2 - 2.4) / (6 - 2.4).
    #[test]
    fn adjusted_rand_index_by_hand() {
        let index = adjusted_rand_index(&[0, 0, 0, 1, 1, 1], &[0, 0, 1, 0, 1, 1]).unwrap();
        assert!((index - (-0.4 / 3.6)).abs() < 1e-12);
        assert_eq!(adjusted_rand_index(&[0, 0], &[5, 5]).unwrap(), 1.0);
        assert!(adjusted_rand_index(&[0], &[0, 1]).is_err());
    }

    #[test]
    fn one_cluster_has_no_quality() {
        let (points, _) = two_pairs();
        let wrong = LearnError::TooLittleData { what: "clusters", have: 1, need: 2 };
        assert_eq!(silhouette(&points, &[3; 4]), Err(wrong));
        assert!(matches!(davies_bouldin(&points, &[0; 3]), Err(LearnError::Shape { got: 3, need: 4, .. })));
    }

    proptest! {
        #[test]
        fn bounds_hold_and_names_of_clusters_do_not_matter(
            rows in prop::collection::vec((-50_i32..50, 0_u32..3), 4..40),
        ) {
            let points = Points::new(rows.iter().map(|r| f64::from(r.0)).collect(), 1).unwrap();
            let labels: Vec<u32> = rows.iter().map(|r| r.1).collect();
            let renamed: Vec<u32> = labels.iter().map(|l| 7 - l).collect();
            prop_assert_eq!(adjusted_rand_index(&labels, &renamed).unwrap(), 1.0);
            if let Ok(each) = silhouettes(&points, &labels) {
                prop_assert!(each.iter().all(|s| (-1.0..=1.0).contains(s)));
                prop_assert!((silhouette(&points, &renamed).unwrap() - silhouette(&points, &labels).unwrap()).abs() < 1e-12);
                prop_assert!(davies_bouldin(&points, &labels).unwrap() >= 0.0);
            }
        }
    }
}
