//! Order statistics: quantiles, median, median absolute deviation, equal-sized ranks.
//!
//! A quantile is the linear interpolation between the two order statistics around `(n - 1) · p`
//! (type 7 of Hyndman & Fan, "Sample quantiles in statistical packages", The American Statistician
//! 50(4), 1996), which is what numpy, R and spreadsheets do. Cost: one sort, `O(n log n)`.

use std::cmp::Ordering;

/// Quantile of values that are already ascending; `None` without a value or for `p` outside [0, 1].
pub fn quantile_sorted(ascending: &[f64], p: f64) -> Option<f64> {
    if ascending.is_empty() || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let at = (ascending.len() - 1) as f64 * p;
    let (low, t) = (at.floor() as usize, at.fract());
    let (a, b) = (ascending[low], ascending[(low + 1).min(ascending.len() - 1)]);
    // From the nearer end, so that equal neighbours give exactly their value and t near 1 loses nothing.
    Some(if t < 0.5 { a + (b - a) * t } else { b - (b - a) * (1.0 - t) })
}

/// One quantile for each `p`; `None` without a value or for a `p` outside [0, 1].
pub fn quantiles(values: &[f64], ps: &[f64]) -> Option<Vec<f64>> {
    let ascending = sorted(values);
    ps.iter().map(|&p| quantile_sorted(&ascending, p)).collect()
}

/// Median; the mean of the middle two for an even count, `None` without a value.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile_sorted(&sorted(values), 0.5)
}

/// Median absolute deviation from the median. Multiply by 1.4826 for a robust standard deviation
/// of normal data. `None` without a value.
pub fn mad(values: &[f64]) -> Option<f64> {
    let middle = median(values)?;
    median(&values.iter().map(|x| (x - middle).abs()).collect::<Vec<_>>())
}

/// A copy in ascending order (by IEEE total order, so a NaN sorts last).
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut ascending = values.to_vec();
    ascending.sort_by(f64::total_cmp);
    ascending
}

/// Ranks `0..n` under `order`, cut into `n_buckets` runs whose sizes differ by at most one: for
/// each position the score `1 + floor(n_buckets · rank / n)`, in `1..=n_buckets`. `order` compares
/// two positions and should break ties, because equal positions keep their input order.
pub fn rank_buckets(n: usize, n_buckets: u8, order: impl Fn(usize, usize) -> Ordering) -> Vec<u8> {
    let mut ranking: Vec<usize> = (0..n).collect();
    ranking.sort_by(|&a, &b| order(a, b));
    let mut scores = vec![0; n];
    for (rank, position) in ranking.into_iter().enumerate() {
        scores[position] = 1 + (usize::from(n_buckets) * rank / n) as u8;
    }
    scores
}

/// `1 +` the number of edges strictly below the value.
pub fn edge_bucket(edges: &[f64], value: f64) -> u8 {
    1 + edges.iter().filter(|&&edge| edge < value).count() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // 1, 2, 4, 8 at 0.2: position 0.6, 1 + 0.6 · 1; at 0.9: position 2.7, 4 + 0.7 · 4.
    fn quantiles_by_hand() {
        let q = quantiles(&[8.0, 1.0, 4.0, 2.0], &[0.0, 0.2, 0.5, 0.9, 1.0]).unwrap();
        let hand = [1.0, 1.6, 3.0, 6.8, 8.0];
        assert!(q.iter().zip(hand).all(|(a, b)| (a - b).abs() < 1e-12), "{q:?}");
        assert_eq!(quantiles(&[], &[0.5]), None);
        assert_eq!(quantiles(&[1.0], &[1.5]), None);
    }

    #[test] // Median 2; deviations 1, 1, 0, 2, 98: median 1.
    fn one_wild_value_does_not_move_the_mad() {
        assert_eq!(median(&[1.0, 3.0, 2.0, 4.0, 100.0]), Some(3.0));
        assert_eq!(mad(&[1.0, 1.0, 2.0, 4.0, 100.0]), Some(1.0));
        assert_eq!(median(&[]), None);
    }

    #[test] // Seven in five buckets: floor(5 · rank / 7) = 0 0 1 2 2 3 4.
    fn ranks_are_cut_evenly() {
        assert_eq!(rank_buckets(7, 5, |a, b| a.cmp(&b)), [1, 1, 2, 3, 3, 4, 5]);
        assert_eq!(rank_buckets(3, 5, |a, b| b.cmp(&a)), [4, 2, 1]);
        assert_eq!(rank_buckets(0, 5, |a, b| a.cmp(&b)), [0_u8; 0]);
        assert_eq!([edge_bucket(&[1.0, 2.0], 1.0), edge_bucket(&[1.0, 2.0], 2.5)], [1, 3]);
    }

    proptest! {
        #[test]
        fn quantiles_rise_with_p_and_stay_inside(values in prop::collection::vec(-1e9_f64..1e9, 1..50), p in 0.0..1.0_f64) {
            let q = quantiles(&values, &[0.0, p, 1.0]).unwrap();
            prop_assert!(q[0] <= q[1] && q[1] <= q[2]);
        }

        #[test]
        fn bucket_sizes_differ_by_at_most_one(n in 5_usize..200) {
            let scores = rank_buckets(n, 5, |a, b| (a * 7 % 13, a).cmp(&(b * 7 % 13, b)));
            let sizes: Vec<usize> = (1..=5).map(|s| scores.iter().filter(|&&x| x == s).count()).collect();
            prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        }
    }
}
