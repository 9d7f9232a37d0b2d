//! The best cut of a column among all values that a node has, where bins would hide some.
//!
//! The rows of the node are sorted by the column, equal values summed into one step, and the cut lies half way between the
//! two values beside it, as in an exhaustive search.
//!
//! Source: Breiman, Friedman, Olshen & Stone, "Classification and regression trees", 1984, section 2.4.
//! Cost: `O(n log n)` a column and node.

use super::bins::between;
use super::features::Features;
use super::grow::Data;
use super::histogram::Cell;
use super::split::{Parent, Rules, Split, best_in_column};

/// Rows of a node up to which its values are looked at one by one: beyond, a cut within one of 255 bins tells little and
/// sorting costs most.
pub(super) const MOST_ROWS: usize = 100_000;

/// The best cut of a column; `None` where no cut keeps to the rules and gains something.
pub(super) fn best_in_values(
    table: &Features,
    data: &Data<'_>,
    rows: &[u32],
    column: u32,
    parent: Parent,
    rules: &Rules<'_>,
) -> Option<Split> {
    let mut missing = Cell::default();
    let mut keys: Vec<u64> = Vec::with_capacity(rows.len());
    for &row in rows {
        let value = table.row(row as usize)[column as usize];
        if value.is_nan() {
            missing.add(data.cells[row as usize]);
        } else {
            keys.push(u64::from(place(value)) << 32 | u64::from(row));
        }
    }
    keys.sort_unstable();
    let (mut values, mut sums): (Vec<f32>, Vec<Cell>) = (Vec::new(), Vec::new());
    for key in keys {
        let row = (key & u64::from(u32::MAX)) as usize;
        let value = table.row(row)[column as usize];
        if values.last() != Some(&value) {
            values.push(value);
            sums.push(Cell::default());
        }
        if let Some(sum) = sums.last_mut() {
            sum.add(data.cells[row]);
        }
    }
    let split = best_in_column(&sums, missing, column, parent, rules, &data.scale)?;
    let at = split.step as usize;
    let threshold = values.get(at + 1).map_or(f32::INFINITY, |next| between(values[at], *next));
    Some(Split { threshold: Some(threshold), ..split })
}

/// A whole number that stands where the value stands in the order of values; both zeros have one.
fn place(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trees::{CartParams, Impurity, NodeView, Samples};
    use domain::Seed;

    #[test]
    fn places_are_in_the_order_of_values() {
        let values = [f32::NEG_INFINITY, -2.0, -1e-30, -0.0, 1e-30, 2.0, f32::INFINITY];
        assert!(values.windows(2).all(|pair| place(pair[0]) < place(pair[1])));
        assert_eq!(place(-0.0), place(0.0));
    }

    // A thousand values, cut where a bin of four of them has its middle: 255 bins part some rows wrongly.
    #[test]
    fn a_cut_within_a_bin_is_found() {
        for at in 400..408 {
            let values: Vec<f32> = (0..1_000).map(|i| i as f32).collect();
            let labels: Vec<f32> = (0..1_000).map(|i| f32::from(u8::from(i > at))).collect();
            let table = Features::new(values, 1).unwrap();
            let params = CartParams { max_depth: Some(1), min_rows: 1, ..CartParams::default() };
            let model = params.fit(Samples::new(&table, &labels).unwrap()).unwrap();
            assert!(
                matches!(model.tree().node(0), NodeView::Split { threshold, .. } if threshold == at as f32 + 0.5),
                "{at}: {:?}",
                model.tree().node(0)
            );
            assert_eq!((model.predict(&[at as f32]), model.predict(&[at as f32 + 1.0])), (0.0, 1.0));
        }
    }

    // Against trying every cut on the plain sums, gaps on either side.
    #[test]
    fn no_cut_of_the_root_is_better_than_the_one_found() {
        let mut rng = Seed(3).stream(0);
        for _ in 0..20 {
            let values: Vec<f32> =
                (0..600).map(|_| if rng.below(10) == 0 { f32::NAN } else { rng.normal() as f32 }).collect();
            let labels: Vec<f32> = (0..600).map(|_| rng.below(2) as f32).collect();
            let table = Features::new(values.clone(), 1).unwrap();
            let params =
                CartParams { impurity: Impurity::Variance, max_depth: Some(1), min_rows: 5, ..CartParams::default() };
            let model = params.fit(Samples::new(&table, &labels).unwrap()).unwrap();
            let score = |left: &dyn Fn(f32) -> bool| {
                let sums = values.iter().zip(&labels).fold([(0.0, 0.0); 2], |mut sums, (v, y)| {
                    let side = &mut sums[usize::from(left(*v))];
                    *side = (side.0 + f64::from(*y), side.1 + 1.0);
                    sums
                });
                let few = sums.iter().any(|s| s.1 < 5.0);
                if few { f64::NEG_INFINITY } else { sums.iter().map(|(g, h)| g * g / h).sum::<f64>() }
            };
            let cuts = values.iter().filter(|v| !v.is_nan());
            let best = cuts
                .flat_map(|cut| [false, true].map(|gap| score(&|v: f32| if v.is_nan() { gap } else { v <= *cut })))
                .fold(f64::NEG_INFINITY, f64::max);
            let all = score(&|_| true).max(labels.iter().map(|y| f64::from(*y)).sum::<f64>().powi(2) / 600.0);
            let gain = model.gain_per_row(0).unwrap() * 600.0;
            assert!((gain - (best - all)).abs() < 1e-4, "{gain} {}", best - all);
        }
    }
}
