//! Columns of numbers as columns of steps: each value becomes the number of the bin that it lies in.
//!
//! With no more distinct values than bins every value has its own, and the cuts lie half way
//! between neighbours, as in an exact search. Otherwise the bins hold about equally many rows, and a
//! value that alone fills a bin has it for itself. On more than [`SAMPLE`] rows the cuts are chosen
//! on a sample of one row out of each equal stretch. A value lies in the first bin whose upper cut
//! is not below it; missing values have bin [`MISSING`].
//!
//! Source: the idea of boosting on binned columns is that of Ke et al., "LightGBM: a highly
//! efficient gradient boosting decision tree", NIPS 2017.
//! Cost: a sort of the sample for each column, then a binary search a value. Eight columns share
//! one block, row by row: a histogram pass reads eight bins with one load.

use super::features::Features;
use crate::LearnError;
use domain::Seed;
use rayon::prelude::*;

/// The bin of missing values; finite bins are below.
pub(super) const MISSING: u8 = 255;

/// Columns that lie side by side in one block.
pub(super) const WIDTH: usize = 8;

/// Rows that the cuts are chosen on.
const SAMPLE: usize = 200_000;

/// Binned table with the cuts that made it.
pub(super) struct Bins {
    /// Upper ends of all bins but the last, ascending, for each column.
    cuts: Vec<Vec<f32>>,
    /// Whether a bin of the column may hold several values, for each column.
    coarse: Vec<bool>,
    /// `blocks[c / 8][row][c % 8]`.
    blocks: Vec<Vec<[u8; WIDTH]>>,
}

impl Bins {
    pub(super) fn new(features: &Features, max_bins: usize, seed: Seed) -> Result<Self, LearnError> {
        if !(2..=255).contains(&max_bins) {
            return Err(LearnError::Param { name: "max_bins", rule: "2 to 255", got: max_bins as f64 });
        }
        let n_columns = features.n_columns();
        let rows = sample(features.n_rows(), seed);
        let choose = |column| choose_cuts(rows.iter().map(|&row| features.row(row)[column]).collect(), max_bins);
        let (cuts, mut coarse): (Vec<Vec<f32>>, Vec<bool>) = (0..n_columns).into_par_iter().map(choose).unzip();
        if rows.len() < features.n_rows() {
            coarse.fill(true); // a sample need not have met every value
        }
        let blocks = (0..n_columns.div_ceil(WIDTH))
            .map(|block| {
                let columns = block * WIDTH..n_columns.min((block + 1) * WIDTH);
                let cuts = &cuts[columns.clone()];
                let rows = features.values().par_chunks_exact(n_columns).with_min_len(4096);
                rows.map(|row| {
                    let mut bins = [0; WIDTH];
                    for ((bin, value), cuts) in bins.iter_mut().zip(&row[columns.clone()]).zip(cuts) {
                        *bin = bin_of(*value, cuts);
                    }
                    bins
                })
                .collect()
            })
            .collect();
        Ok(Self { cuts, coarse, blocks })
    }

    pub(super) fn n_columns(&self) -> usize {
        self.cuts.len()
    }

    pub(super) fn n_rows(&self) -> usize {
        self.blocks[0].len()
    }

    /// Whether a bin of the column may hold several values, so that a cut between them cannot be seen.
    pub(super) fn is_coarse(&self, column: usize) -> bool {
        self.coarse[column]
    }

    /// Bins of the column without the one of missing values.
    pub(super) fn n_bins(&self, column: usize) -> usize {
        self.cuts[column].len() + 1
    }

    /// Values up to the threshold of a bin lie in it or below; the last bin has no end.
    pub(super) fn threshold(&self, column: usize, bin: u32) -> f32 {
        self.cuts[column].get(bin as usize).copied().unwrap_or(f32::INFINITY)
    }

    pub(super) fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Columns that the block really has.
    pub(super) fn width(&self, block: usize) -> usize {
        WIDTH.min(self.n_columns() - block * WIDTH)
    }

    /// The bins of eight columns, one entry a row.
    pub(super) fn block(&self, block: usize) -> &[[u8; WIDTH]] {
        &self.blocks[block]
    }
}

fn sample(n_rows: usize, seed: Seed) -> Vec<usize> {
    if n_rows <= SAMPLE {
        return (0..n_rows).collect();
    }
    let start = |i: usize| i * n_rows / SAMPLE;
    (0..SAMPLE).map(|i| start(i) + seed.stream(i as u64).below(start(i + 1) - start(i))).collect()
}

fn bin_of(value: f32, cuts: &[f32]) -> u8 {
    if value.is_nan() { MISSING } else { cuts.partition_point(|cut| *cut < value) as u8 }
}

/// The cuts, and whether a bin holds several values.
fn choose_cuts(mut values: Vec<f32>, max_bins: usize) -> (Vec<f32>, bool) {
    values.retain(|value| !value.is_nan());
    // -0 and 0 are one value; as they compare equal, either may stand first without harm.
    values.sort_unstable_by(f32::total_cmp);
    let mut distinct: Vec<(f32, usize)> = Vec::new();
    for value in values {
        match distinct.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            _ => distinct.push((value, 1)),
        }
    }
    let (mut rows_left, mut bins_left) = (distinct.iter().map(|(_, n)| n).sum::<usize>(), max_bins);
    let every = distinct.len() <= max_bins;
    let (mut cuts, mut held) = (Vec::new(), 0);
    for pair in distinct.windows(2) {
        let ((value, count), (next, next_count)) = (pair[0], pair[1]);
        held += count;
        // A bin is full at its equal share of what is left, and before a value that fills one alone.
        let share = rows_left.div_ceil(bins_left);
        if every || (bins_left > 1 && (held >= share || next_count >= share)) {
            cuts.push(between(value, next));
            rows_left -= held;
            bins_left -= 1;
            held = 0;
        }
    }
    (cuts, !every)
}

/// A number not below `low` and below `high`, half way where that can be said.
pub(super) fn between(low: f32, high: f32) -> f32 {
    let middle = low + (high - low) / 2.0;
    if middle >= low && middle < high { middle } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // Four distinct values, room for all: cuts half way, at 1.5, 3 and 7.
    fn few_distinct_values_have_a_bin_each() {
        let (cuts, coarse) = choose_cuts(vec![4.0, 1.0, 2.0, 10.0, 2.0, f32::NAN], 255);
        assert_eq!((cuts.as_slice(), coarse), (&[1.5, 3.0, 7.0][..], false));
        let bins: Vec<u8> = [0.0, 1.5, 1.6, 10.0, f32::NAN].map(|v| bin_of(v, &cuts)).to_vec();
        assert_eq!(bins, [0, 0, 1, 3, MISSING]);
    }

    #[test] // 90 zeros and 1..=10 in 3 bins: 0 fills one alone, then ten rows in two bins are 5 and 5.
    fn a_heavy_value_has_its_own_bin_and_the_rest_is_shared_equally() {
        let values = (0..90).map(|_| 0.0).chain((1..=10).map(|v| v as f32)).collect();
        assert_eq!(choose_cuts(values, 3), (vec![0.5, 5.5], true));
    }

    #[test]
    fn infinities_are_values_and_a_constant_column_has_one_bin() {
        let (cuts, _) = choose_cuts(vec![f32::NEG_INFINITY, 0.0, f32::INFINITY], 255);
        let bins = [f32::NEG_INFINITY, -1.0, 0.0, 1.0, f32::INFINITY].map(|v| bin_of(v, &cuts));
        assert_eq!((bins[0], bins[2], bins[4]), (0, 1, 2));
        assert!(choose_cuts(vec![7.0; 9], 255).0.is_empty() && choose_cuts(vec![f32::NAN; 3], 255).0.is_empty());
    }

    #[test]
    fn bins_outside_2_to_255_are_refused() {
        let table = Features::new(vec![1.0, 2.0], 1).unwrap();
        assert!(Bins::new(&table, 1, Seed(0)).is_err() && Bins::new(&table, 256, Seed(0)).is_err());
    }

    proptest! {
        #[test]
        fn bins_keep_the_order_of_values_and_stay_within_the_limit(
            values in prop::collection::vec(-50_i16..50, 1..400), max_bins in 2_usize..40,
        ) {
            let values: Vec<f32> = values.into_iter().map(|v| f32::from(v) / 4.0).collect();
            let (cuts, _) = choose_cuts(values.clone(), max_bins);
            prop_assert!(cuts.len() < max_bins);
            for a in &values {
                for b in &values {
                    prop_assert!(a > b || bin_of(*a, &cuts) <= bin_of(*b, &cuts));
                }
            }
        }
    }
}
