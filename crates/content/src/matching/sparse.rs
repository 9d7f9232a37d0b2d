//! Rows of weighted pieces, each of length 1, and how near one is to all of another table.

use std::collections::HashMap;
use std::hash::Hash;

/// Pieces by number, ascending, with their weights.
pub(super) type SparseRow = Vec<(u32, f32)>;

/// What pieces weigh: `ln((1 + n) / (1 + n_j)) + 1`, from the records that have them.
pub(super) struct Weights<K> {
    numbers: HashMap<K, u32>,
    rare: Vec<f32>,
}

impl<K: Hash + Eq + Ord + Clone> Weights<K> {
    /// Counts the pieces of all records.
    pub(super) fn new(records: &[Vec<K>]) -> Self {
        let mut seen: HashMap<&K, u32> = HashMap::new();
        for record in records {
            let mut record: Vec<&K> = record.iter().collect();
            record.sort_unstable();
            record.dedup();
            record.into_iter().for_each(|piece| *seen.entry(piece).or_default() += 1);
        }
        let mut all: Vec<(&K, u32)> = seen.into_iter().collect();
        all.sort_unstable();
        let n = records.len() as f32;
        let rare = all.iter().map(|(_, k)| ((1.0 + n) / (1.0 + *k as f32)).ln() + 1.0).collect();
        Self { numbers: all.into_iter().map(|(piece, _)| piece.clone()).zip(0..).collect(), rare }
    }

    /// The number of a piece that some record has.
    pub(super) fn number(&self, piece: &K) -> Option<u32> {
        self.numbers.get(piece).copied()
    }

    /// How rare a piece is.
    pub(super) fn rare(&self, number: u32) -> f32 {
        self.rare[number as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.rare.len()
    }

    /// A record as a row of length 1; a piece that it has several times counts `1 + ln` of that.
    pub(super) fn row(&self, record: &[K]) -> SparseRow {
        let mut pieces: Vec<u32> = record.iter().filter_map(|piece| self.number(piece)).collect();
        pieces.sort_unstable();
        let weigh = |run: &[u32]| (run[0], self.rare(run[0]) * (1.0 + (run.len() as f32).ln()));
        let mut row: SparseRow = pieces.chunk_by(|a, b| a == b).map(weigh).collect();
        let length = row.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
        row.iter_mut().for_each(|(_, w)| *w /= length);
        row
    }
}

/// The product of two rows: their cosine.
pub(super) fn product(a: &SparseRow, b: &SparseRow) -> f32 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < a.len() && j < b.len() {
        match a[i].0.cmp(&b[j].0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += a[i].1 * b[j].1;
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    sum
}

/// A table turned round: for each piece the rows that have it.
pub(super) struct Turned {
    lists: Vec<Vec<(u32, f32)>>,
    n_rows: usize,
}

impl Turned {
    pub(super) fn new(rows: &[SparseRow], n_pieces: usize) -> Self {
        let mut lists = vec![Vec::new(); n_pieces];
        for (at, row) in rows.iter().enumerate() {
            row.iter().for_each(|(piece, weight)| lists[*piece as usize].push((at as u32, *weight)));
        }
        Self { lists, n_rows: rows.len() }
    }

    /// The cosine of a row with every row of the table.
    pub(super) fn all(&self, row: &SparseRow) -> Vec<f32> {
        let mut sums = vec![0.0; self.n_rows];
        for (piece, weight) in row {
            self.lists[*piece as usize].iter().for_each(|(at, w)| sums[*at as usize] += weight * w);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 2 records "a" is in both, "b" and "c" in one: weights 1, and 1 + ln(3/2) = 1.4055. (a b) and (a c): 1 / (1
    /// + 1.4055²) = 0.3361.
    #[test]
    fn a_cosine_is_worked_by_hand_both_ways() {
        let records = [vec!["a", "b"], vec!["c", "a"]];
        let weights = Weights::new(&records);
        let rows: Vec<SparseRow> = records.iter().map(|r| weights.row(r)).collect();
        assert!((product(&rows[0], &rows[1]) - 0.3361).abs() < 1e-4);
        assert!((product(&rows[0], &rows[0]) - 1.0).abs() < 1e-6);
        let all = Turned::new(&rows, weights.len()).all(&rows[0]);
        assert!((all[0] - 1.0).abs() < 1e-6 && (all[1] - 0.3361).abs() < 1e-4);
        assert!(weights.row(&["z"]).is_empty());
    }
}
