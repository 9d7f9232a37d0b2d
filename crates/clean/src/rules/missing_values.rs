//! Policies for the missing values of a column, each with a log of what was done.
//!
//! Columns are in order of time. The two policies that look at other rows differ in what they may
//! see: `ForwardFill` and `PastMedian` use earlier rows only and are safe for features; `Median` and
//! `Interpolate` use all rows and are for reports, where the past is being described.

/// What is done about a missing value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MissingPolicy {
    /// Put a constant.
    Constant(f64),
    /// Put the median of all known values. Sees the future.
    Median,
    /// Put the median of the known values before the row.
    PastMedian,
    /// Repeat the last known value before the row.
    ForwardFill,
    /// Put what lies on the line between the known neighbours, by time. Sees the future.
    Interpolate,
    /// Leave the row out.
    Drop,
}

impl MissingPolicy {
    /// Whether a filled value may depend on later rows; such a policy must not feed a model.
    pub const fn sees_the_future(self) -> bool {
        match self {
            Self::Median | Self::Interpolate => true,
            Self::Constant(_) | Self::PastMedian | Self::ForwardFill | Self::Drop => false,
        }
    }
}

/// A column after a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    /// One value a kept row; `None` where the policy had nothing to fill from.
    pub values: Vec<Option<f64>>,
    /// Numbers of the kept rows: all but those that `Drop` left out.
    pub rows: Vec<usize>,
    /// What was done, by row.
    pub log: Vec<FillLog>,
}

/// One missing value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FillLog {
    /// Row number in the input.
    pub row: usize,
    /// What was put; `None` when the row was dropped or nothing could be put.
    pub filled: Option<f64>,
}

/// Applies a policy to a column whose row `i` is of time `times[i]`, ascending. Values that are not
/// finite count as missing. `O(n)`, for `PastMedian` `O(n²)` moves in the worst case.
///
/// # Panics
/// If the lengths differ or times descend.
///
/// ```
/// use clean::missing_values::{MissingPolicy, fill};
/// let filled = fill(&[1, 2, 4], &[Some(10.0), None, Some(40.0)], MissingPolicy::Interpolate);
/// assert_eq!(filled.values, [Some(10.0), Some(20.0), Some(40.0)]);
/// assert_eq!(filled.log[0].row, 1);
/// ```
pub fn fill(times: &[i64], values: &[Option<f64>], policy: MissingPolicy) -> Filled {
    assert_eq!(times.len(), values.len(), "a time for every value");
    assert!(times.is_sorted(), "rows in order of time");
    let known: Vec<Option<f64>> = values.iter().map(|v| v.filter(|x| x.is_finite())).collect();
    let replacement = replacements(times, &known, policy);
    let mut filled = Filled { values: Vec::new(), rows: Vec::new(), log: Vec::new() };
    for (row, value) in known.iter().enumerate() {
        if value.is_none() {
            filled.log.push(FillLog { row, filled: replacement[row] });
            if policy == MissingPolicy::Drop {
                continue;
            }
        }
        filled.rows.push(row);
        filled.values.push(value.or(replacement[row]));
    }
    filled
}

/// What would stand in each row if its value were missing.
fn replacements(times: &[i64], known: &[Option<f64>], policy: MissingPolicy) -> Vec<Option<f64>> {
    let n = known.len();
    match policy {
        MissingPolicy::Constant(c) => vec![Some(c); n],
        MissingPolicy::Drop => vec![None; n],
        MissingPolicy::Median => {
            let mut sorted: Vec<f64> = known.iter().flatten().copied().collect();
            sorted.sort_by(f64::total_cmp);
            vec![middle(&sorted); n]
        }
        MissingPolicy::PastMedian => {
            let mut sorted: Vec<f64> = Vec::new();
            let mut row = 0;
            let mut out = Vec::with_capacity(n);
            // Rows of one time do not see each other.
            for group in times.chunk_by(|a, b| a == b) {
                out.extend(std::iter::repeat_n(middle(&sorted), group.len()));
                for value in known[row..row + group.len()].iter().flatten() {
                    sorted.insert(sorted.partition_point(|x| x.total_cmp(value).is_lt()), *value);
                }
                row += group.len();
            }
            out
        }
        MissingPolicy::ForwardFill => known
            .iter()
            .scan(None, |last, value| {
                let before = *last;
                *last = value.or(*last);
                Some(before)
            })
            .collect(),
        MissingPolicy::Interpolate => {
            let mut after: Vec<Option<usize>> = vec![None; n];
            let mut next = None;
            for row in (0..n).rev() {
                after[row] = next;
                if known[row].is_some() {
                    next = Some(row);
                }
            }
            let mut before: Option<usize> = None;
            (0..n)
                .map(|row| {
                    let (a, b) = (before, after[row]);
                    if known[row].is_some() {
                        before = Some(row);
                    }
                    let (a, b) = (a?, b?);
                    let (from, to) = (known[a]?, known[b]?);
                    let span = (times[b] - times[a]) as f64;
                    let share = if span == 0.0 { 0.5 } else { (times[row] - times[a]) as f64 / span };
                    Some(from + (to - from) * share)
                })
                .collect()
        }
    }
}

fn middle(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(sorted[n / 2]),
        _ => Some((sorted[n / 2 - 1] + sorted[n / 2]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIMES: [i64; 6] = [0, 10, 20, 30, 40, 50];
    const GAPS: [Option<f64>; 6] = [None, Some(2.0), None, Some(8.0), Some(f64::NAN), None];

    fn values(policy: MissingPolicy) -> Vec<Option<f64>> {
        fill(&TIMES, &GAPS, policy).values
    }

    #[test] // Known: 2 at time 10 and 8 at time 30, so 5 half-way; the median of 2 and 8 is 5.
    fn each_policy_does_what_it_says() {
        let s = Some;
        assert_eq!(values(MissingPolicy::Constant(0.0)), [s(0.0), s(2.0), s(0.0), s(8.0), s(0.0), s(0.0)]);
        assert_eq!(values(MissingPolicy::Median), [s(5.0), s(2.0), s(5.0), s(8.0), s(5.0), s(5.0)]);
        assert_eq!(values(MissingPolicy::PastMedian), [None, s(2.0), s(2.0), s(8.0), s(5.0), s(5.0)]);
        assert_eq!(values(MissingPolicy::ForwardFill), [None, s(2.0), s(2.0), s(8.0), s(8.0), s(8.0)]);
        assert_eq!(values(MissingPolicy::Interpolate), [None, s(2.0), s(5.0), s(8.0), None, None]);
        let dropped = fill(&TIMES, &GAPS, MissingPolicy::Drop);
        assert_eq!((dropped.rows.as_slice(), dropped.log.len()), (&[1, 3][..], 4));
    }

    proptest! {
        #[test]
        fn a_policy_for_features_never_sees_the_future(
            rows in prop::collection::vec((0_i64..30, prop::option::of(-5.0_f64..5.0)), 1..40),
            cut in 0_usize..40,
        ) {
            let mut rows = rows;
            rows.sort_by_key(|r| r.0);
            let cut = cut.min(rows.len());
            let (times, values): (Vec<i64>, Vec<Option<f64>>) = rows.into_iter().unzip();
            for policy in [MissingPolicy::Constant(1.0), MissingPolicy::PastMedian, MissingPolicy::ForwardFill] {
                prop_assert!(!policy.sees_the_future());
                let whole = fill(&times, &values, policy).values;
                let past = fill(&times[..cut], &values[..cut], policy).values;
                prop_assert_eq!(&whole[..cut], past.as_slice());
            }
        }

        #[test]
        fn known_values_stay_and_every_gap_is_logged(values in prop::collection::vec(prop::option::of(-5.0_f64..5.0), 0..40)) {
            let times: Vec<i64> = (0..values.len() as i64).collect();
            let gaps = values.iter().filter(|v| v.is_none()).count();
            for policy in [MissingPolicy::Median, MissingPolicy::Interpolate, MissingPolicy::Drop, MissingPolicy::ForwardFill] {
                let filled = fill(&times, &values, policy);
                prop_assert_eq!(filled.log.len(), gaps);
                for (row, value) in filled.rows.iter().zip(&filled.values) {
                    prop_assert!(values[*row].is_none() || values[*row] == *value);
                }
            }
        }
    }
}
