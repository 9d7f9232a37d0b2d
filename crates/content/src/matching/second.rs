//! The second look at a pair: how probable the other pairs are that its offers could be in.
//!
//! An offer that matches another one surely is no match here, and one whose best rival is hopeless may be one
//! although little speaks for it. So the first model's probabilities of all pairs become columns of a second model.
//! Cost: linear in the pairs.

use super::columns::Column;
use super::table::Pair;
use std::collections::BTreeMap;

/// Columns of the second look.
pub(super) const N_SECOND: usize = 9;

/// What they are called.
pub(super) const SECOND: [Column; N_SECOND] = [
    "probability at first sight",
    "probability of the best other right offer",
    "ahead of the best other right offer",
    "right offers that are more probable",
    "sum of the other right offers' probabilities",
    "probability of the best other left offer",
    "ahead of the best other left offer",
    "left offers that are more probable",
    "sum of the other left offers' probabilities",
];

/// The logarithm of the odds, held within 1 in 100,000.
pub(super) fn logit(p: f64) -> f32 {
    let p = p.clamp(1e-5, 1.0 - 1e-5);
    (p / (1.0 - p)).ln() as f32
}

/// The columns of `pairs`, row by row, given the probability of every pair that was looked at, these among them.
pub(super) fn second(scored: &BTreeMap<Pair, f64>, pairs: &[Pair]) -> Vec<[f32; N_SECOND]> {
    let mut of_left: BTreeMap<u32, Vec<(u32, f64)>> = BTreeMap::new();
    let mut of_right = of_left.clone();
    for (&(l, r), &p) in scored {
        of_left.entry(l).or_default().push((r, p));
        of_right.entry(r).or_default().push((l, p));
    }
    let against = |rivals: Option<&Vec<(u32, f64)>>, other: u32, own: f64| {
        let others = rivals.into_iter().flatten().filter(|(rival, _)| *rival != other).map(|(_, p)| *p);
        let (mut best, mut more, mut sum) = (0.0_f64, 0.0, 0.0);
        for p in others {
            (best, sum) = (best.max(p), sum + p);
            more += if p > own { 1.0 } else { 0.0 };
        }
        [logit(best), logit(own) - logit(best), more, sum as f32]
    };
    let row = |pair: &Pair| {
        let own = scored.get(pair).copied().unwrap_or(0.0);
        let mut row = [0.0; N_SECOND];
        row[0] = logit(own);
        row[1..5].copy_from_slice(&against(of_left.get(&pair.0), pair.1, own));
        row[5..].copy_from_slice(&against(of_right.get(&pair.1), pair.0, own));
        row
    };
    pairs.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of (0, 0) at 1/2 the left offer has another pair at 4/5, the right one has none: ln 4 against it, one more
    /// probable, sum 4/5.
    #[test]
    fn rivals_are_weighed_by_hand() {
        let scored: BTreeMap<Pair, f64> = [((0, 0), 0.5), ((0, 1), 0.8), ((2, 2), 0.9)].into();
        let [row] = second(&scored, &[(0, 0)])[..] else { panic!("one row") };
        assert!(row[0].abs() < 1e-6 && (row[1] - 4.0_f32.ln()).abs() < 1e-5 && (row[2] + 4.0_f32.ln()).abs() < 1e-5);
        assert_eq!((row[3], row[4]), (1.0, 0.8));
        assert_eq!((row[5], row[7], row[8]), (logit(0.0), 0.0, 0.0));
    }
}
