//! How well a score tells a yes from a no: the area under the ROC curve, with its interval.
//!
//! The area is the probability that a yes scores above a no, ties half (Mann and Whitney's statistic). Its variance is
//! taken from how each row fares against all rows of the other side (DeLong, DeLong and Clarke-Pearson, "Comparing the
//! areas under two or more correlated receiver operating characteristic curves", Biometrics 44(3), 1988), the interval on
//! the logit, which keeps it inside [0, 1]. Cost: one sort.

use crate::interval::two_sided;
use domain::Interval;

/// Area and interval; `None` below two rows of an outcome, for a NaN, lengths that differ, or a level outside (0, 1).
pub fn roc_area(scores: &[f64], outcomes: &[bool], level: f64) -> Option<(f64, Interval)> {
    let z = two_sided(level)?;
    if scores.len() != outcomes.len() || scores.iter().any(|s| s.is_nan()) {
        return None;
    }
    let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(outcomes.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n_yes = rows.iter().filter(|r| r.1).count();
    let n_no = rows.len() - n_yes;
    if n_yes < 2 || n_no < 2 {
        return None;
    }
    let (yes, no) = (n_yes as f64, n_no as f64);
    // Of each yes the share of no's below it, of each no the share of yes's above it.
    let (mut of_yes, mut of_no) = (Vec::with_capacity(n_yes), Vec::with_capacity(n_no));
    let (mut yes_below, mut no_below) = (0.0, 0.0);
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        let (y, n) = (same.iter().filter(|r| r.1).count(), same.iter().filter(|r| !r.1).count());
        of_yes.extend(std::iter::repeat_n((no_below + n as f64 / 2.0) / no, y));
        of_no.extend(std::iter::repeat_n((yes - yes_below - y as f64 / 2.0) / yes, n));
        yes_below += y as f64;
        no_below += n as f64;
    }
    let area = of_yes.iter().sum::<f64>() / yes;
    let spread = |values: &[f64]| {
        let n = values.len() as f64;
        values.iter().map(|v| (v - area) * (v - area)).sum::<f64>() / (n - 1.0) / n
    };
    let se = (spread(&of_yes) + spread(&of_no)).sqrt();
    if area <= 0.0 || area >= 1.0 {
        return Some((area, Interval { low: area, high: area, level }));
    }
    let (logit, half) = ((area / (1.0 - area)).ln(), z * se / (area * (1.0 - area)));
    let back = |x: f64| 1.0 / (1.0 + (-x).exp());
    Some((area, Interval { low: back(logit - half), high: back(logit + half), level }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    // Yes 3 and 5, no 1 and 4: of four pairs 3>1, 5>1, 5>4 are right: .75. A tie of 4 with 4 counts half: .625.
    #[test]
    fn four_pairs_by_hand() {
        let area = |scores: [f64; 4]| roc_area(&scores, &[true, true, false, false], 0.95).unwrap().0;
        assert_eq!(area([3.0, 5.0, 1.0, 4.0]), 0.75);
        assert_eq!(area([3.0, 4.0, 1.0, 4.0]), 0.625);
        assert_eq!(roc_area(&[1.0, 2.0, 3.0], &[true, false, false], 0.95), None);
    }

    #[test] // Normals one apart: the area is Φ(1 / √2) = .7602.
    fn the_interval_covers_the_true_area() {
        let mut covered = 0;
        for trial in 0..500 {
            let mut rng = Seed(2).stream(trial);
            let outcomes: Vec<bool> = (0..150).map(|i| i % 3 == 0).collect();
            let scores: Vec<f64> = outcomes.iter().map(|&y| rng.normal() + f64::from(u8::from(y))).collect();
            let i = roc_area(&scores, &outcomes, 0.95).unwrap().1;
            covered += u32::from(i.low <= 0.7602 && 0.7602 <= i.high);
        }
        assert!((457..=493).contains(&covered), "{covered}");
    }
}
