//! How alike two rows of a matrix are: items by their shoppers, or shoppers by their items.
//!
//! | name | similarity of rows `x` and `y` |
//! |---|---|
//! | cosine | `Σ x y / (‖x‖ ‖y‖)` |
//! | Pearson | cosine of the deviations from each row's mean over its *own* values; absent is unknown, not 0 |
//! | Jaccard | `Σ min(x, y) / Σ max(x, y)`; shared over joined shoppers when the values are 1 |
//! | BM25 | cosine of `idf(t) · x (k1 + 1) / (x + k1 (1 − b + b · len / mean len))` |
//! | tf-idf | cosine of `x · idf(t)`, `idf = ln((1 + N) / (1 + df)) + 1` |
//!
//! Shrinkage multiplies by `n / (n + shrinkage)`, `n` the columns that both rows have, so that two
//! rows which share one column are not twins. Only positive similarities make neighbours.
//!
//! Sources: Deshpande and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004
//! (cosine); Resnick et al., "GroupLens", CSCW 1994 (Pearson); Robertson and Zaragoza, "The
//! probabilistic relevance framework: BM25 and beyond", FnTIR 3(4), 2009; Bell and Koren, ICDM 2007
//! (shrinkage). Cost of the neighbours of one row: the cells of the columns that it has.

use learn::Csr;
use std::cmp::Ordering;

/// What makes two rows alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Similarity {
    /// Angle of the weights.
    Cosine,
    /// Angle of the deviations from the own mean: for ratings. Purchases of equal weight have no
    /// deviation, so that nothing is similar.
    Pearson,
    /// Shared over joined weight.
    Jaccard,
    /// Angle after weighting that saturates with repeats, discounts long rows and busy columns.
    Bm25 {
        /// Where repeats saturate, at least 0.
        k1: f32,
        /// How much long rows are discounted, 0 to 1.
        b: f32,
    },
    /// Angle after discounting busy columns.
    TfIdf,
}

/// How the values of a row are weighted, with what it takes from the whole matrix.
#[derive(Clone, Debug, PartialEq)]
struct Weighing {
    similarity: Similarity,
    idf: Vec<f32>,
    mean_len: f32,
}

/// Rows ready for comparison: weighted, with their norms, and reachable by column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Space {
    weighing: Weighing,
    shrinkage: f32,
    weighed: Csr,
    by_column: Csr,
    norms: Vec<f32>,
}

/// Working memory of one thread.
#[derive(Default)]
pub(crate) struct Scratch {
    shared: Vec<f32>,
    n_shared: Vec<u32>,
    touched: Vec<u32>,
}

impl Weighing {
    fn of(rows: &Csr, similarity: Similarity) -> Self {
        let n = rows.n_rows() as f32;
        let mut df = vec![0_u32; rows.n_cols()];
        for r in 0..rows.n_rows() {
            rows.row(r).0.iter().for_each(|c| df[*c as usize] += 1);
        }
        let idf = df.iter().map(|&df| match similarity {
            Similarity::Bm25 { .. } => ((n - df as f32 + 0.5) / (df as f32 + 0.5)).ln_1p(),
            Similarity::TfIdf => ((1.0 + n) / (1.0 + df as f32)).ln() + 1.0,
            Similarity::Cosine | Similarity::Pearson | Similarity::Jaccard => 1.0,
        });
        let total: f32 = (0..rows.n_rows()).map(|r| rows.row(r).1.iter().sum::<f32>()).sum();
        let n_filled = (0..rows.n_rows()).filter(|r| !rows.row(*r).0.is_empty()).count();
        Self { similarity, idf: idf.collect(), mean_len: total / n_filled.max(1) as f32 }
    }

    fn weigh(&self, cells: impl ExactSizeIterator<Item = (u32, f32)> + Clone) -> Vec<(u32, f32)> {
        let len: f32 = cells.clone().map(|c| c.1).sum();
        let mean = len / cells.len().max(1) as f32;
        let weight = |column: u32, x: f32| match self.similarity {
            Similarity::Cosine | Similarity::Jaccard => x,
            Similarity::Pearson => x - mean,
            Similarity::Bm25 { k1, b } => {
                self.idf[column as usize] * x * (k1 + 1.0) / (x + k1 * (1.0 - b + b * len / self.mean_len))
            }
            Similarity::TfIdf => x * self.idf[column as usize],
        };
        cells.map(|(column, x)| (column, weight(column, x))).collect()
    }

    fn norm(&self, cells: impl Iterator<Item = (u32, f32)>) -> f32 {
        match self.similarity {
            Similarity::Jaccard => cells.map(|c| c.1).sum(),
            Similarity::Cosine | Similarity::Pearson | Similarity::Bm25 { .. } | Similarity::TfIdf => {
                cells.map(|c| c.1 * c.1).sum::<f32>().sqrt()
            }
        }
    }
}

impl Space {
    pub(crate) fn new(rows: &Csr, similarity: Similarity, shrinkage: f32) -> Self {
        let weighing = Weighing::of(rows, similarity);
        let weighed = Csr::from_rows(rows.n_cols(), (0..rows.n_rows()).map(|r| weighing.weigh(rows.cells(r))));
        let norms = (0..rows.n_rows()).map(|r| weighing.norm(weighed.cells(r))).collect();
        Self { weighing, shrinkage, by_column: weighed.transpose(), weighed, norms }
    }

    /// The weighted rows.
    pub(crate) const fn rows(&self) -> &Csr {
        &self.weighed
    }

    /// The weights of a row, one of the matrix or a new one.
    pub(crate) fn weigh(&self, cells: impl ExactSizeIterator<Item = (u32, f32)> + Clone) -> Vec<(u32, f32)> {
        self.weighing.weigh(cells)
    }

    /// What the similarity divides by: the length of the weighted row, or for Jaccard its sum.
    pub(crate) fn norm(&self, cells: impl Iterator<Item = (u32, f32)>) -> f32 {
        self.weighing.norm(cells)
    }

    /// What one common column adds to the numerator.
    pub(crate) fn share(&self, x: f32, y: f32) -> f32 {
        if self.weighing.similarity == Similarity::Jaccard { x.min(y) } else { x * y }
    }

    /// What a numerator of `shared` is multiplied with; `None` where the similarity is undefined.
    pub(crate) fn factor(&self, shared: f32, n_shared: u32, norm: f32, row: usize) -> Option<f32> {
        let scale = match self.weighing.similarity {
            Similarity::Jaccard => norm + self.norms[row] - shared,
            Similarity::Cosine | Similarity::Pearson | Similarity::Bm25 { .. } | Similarity::TfIdf => {
                norm * self.norms[row]
            }
        };
        (scale > 0.0).then(|| n_shared as f32 / (n_shared as f32 + self.shrinkage) / scale)
    }

    /// The at most `k` rows most similar to a weighted `query`, best first, ties to the lower row.
    pub(crate) fn nearest(
        &self,
        query: &[(u32, f32)],
        k: usize,
        except: Option<usize>,
        scratch: &mut Scratch,
    ) -> Vec<(u32, f32)> {
        let norm = self.norm(query.iter().copied());
        scratch.shared.resize(self.norms.len(), 0.0);
        scratch.n_shared.resize(self.norms.len(), 0);
        for &(column, x) in query {
            let (rows, values) = self.by_column.row(column as usize);
            for (&row, &y) in rows.iter().zip(values) {
                let n = &mut scratch.n_shared[row as usize];
                if *n == 0 {
                    scratch.touched.push(row);
                }
                *n += 1;
                scratch.shared[row as usize] += self.share(x, y);
            }
        }
        let mut near = Vec::with_capacity(scratch.touched.len());
        for row in scratch.touched.drain(..) {
            let at = row as usize;
            let shared = std::mem::take(&mut scratch.shared[at]);
            let n_shared = std::mem::take(&mut scratch.n_shared[at]);
            if let Some(factor) = self.factor(shared, n_shared, norm, at) {
                // Rounding may lift the similarity of twins above 1.
                let sim = (shared * factor).min(1.0);
                if sim > 0.0 && except != Some(at) {
                    near.push((row, sim));
                }
            }
        }
        let better = |a: &(u32, f32), b: &(u32, f32)| -> Ordering { b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)) };
        if near.len() > k {
            near.select_nth_unstable_by(k, better);
            near.truncate(k);
        }
        near.sort_unstable_by(better);
        near
    }

    /// The columns that a weighted `query` (ascending) shares with a row, with what each adds to the
    /// numerator.
    pub(crate) fn common(&self, query: &[(u32, f32)], row: usize) -> Vec<(u32, f32)> {
        let mut theirs = self.weighed.cells(row).peekable();
        let mut common = Vec::new();
        for &(column, x) in query {
            while theirs.next_if(|other| other.0 < column).is_some() {}
            if let Some((_, y)) = theirs.next_if(|other| other.0 == column) {
                common.push((column, self.share(x, y)));
            }
        }
        common
    }

    /// Similarity of two rows of the matrix; `None` where it is undefined. Unlike neighbours it may
    /// be negative.
    pub(crate) fn between(&self, a: usize, b: usize) -> Option<f32> {
        let query: Vec<(u32, f32)> = self.weighed.cells(a).collect();
        let common = self.common(&query, b);
        let shared: f32 = common.iter().map(|c| c.1).sum();
        let factor = self.factor(shared, common.len() as u32, self.norms[a], b)?;
        (!common.is_empty()).then_some(shared * factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn space(rows: &[&[(u32, f32)]], similarity: Similarity, shrinkage: f32) -> Space {
        Space::new(&Csr::from_rows(5, rows.iter().map(|r| r.iter().copied())), similarity, shrinkage)
    }

    fn close(got: Option<f32>, want: f64) {
        assert!((f64::from(got.unwrap()) - want).abs() < 1e-4, "{got:?}, by hand {want}");
    }

    /// The six similarities that requirements.md gives for Alice, Bob, Charlie and David. It gives
    /// no ratings; these are whole stars that have exactly them. Deviations from the means 4, 8/3,
    /// 3 and 10/3: (1, −1, 0), (1, −5, 4)/3, (1, 0, −1), (−1, 5, −4)/3. So Alice and Bob: (1/3 +
    /// 5/3) / (√2 · √42/3) = 6/√84 = 0.6547; Bob and David are opposite.
    #[test]
    fn four_shoppers_have_the_pearson_similarities_of_the_textbook() {
        let rate = |r: [f32; 3]| [(0, r[0]), (1, r[1]), (2, r[2])];
        let (alice, bob, charlie) = (rate([5.0, 3.0, 4.0]), rate([3.0, 1.0, 4.0]), rate([4.0, 3.0, 2.0]));
        let david = rate([3.0, 5.0, 2.0]);
        let s = space(&[&alice, &bob, &charlie, &david], Similarity::Pearson, 0.0);
        let golden = [(0, 1, 0.6547), (0, 2, 0.5), (0, 3, -0.6547), (1, 2, -0.3273), (1, 3, -1.0), (2, 3, 0.3273)];
        for (a, b, want) in golden {
            close(s.between(a, b), want);
            close(s.between(b, a), want);
        }
    }

    #[test] // The fourth column is rated by one of the two only: means are over own ratings, 3 and 2.
    // Deviations of the first (−1, 0, 1), of the second (−1, 0, 0, 1): 1 / (√2 · √2).
    fn pearson_takes_an_absent_rating_as_unknown() {
        let s = space(&[&[(0, 2.0), (1, 3.0), (2, 4.0)], &[(0, 1.0), (1, 2.0), (3, 3.0)]], Similarity::Pearson, 0.0);
        close(s.between(0, 1), 0.5);
        let flat = space(&[&[(0, 1.0), (1, 1.0)], &[(0, 1.0), (1, 1.0)]], Similarity::Pearson, 0.0);
        assert_eq!(flat.between(0, 1), None, "equal purchases have no deviation");
    }

    #[test] // Rows {0, 1, 2} and {1, 2, 3}: 2 shared, norms √3, joined 4; with shrinkage 2 half of it.
    fn cosine_jaccard_and_shrinkage_by_hand() {
        let rows: [&[(u32, f32)]; 2] = [&[(0, 1.0), (1, 1.0), (2, 1.0)], &[(1, 1.0), (2, 1.0), (3, 1.0)]];
        close(space(&rows, Similarity::Cosine, 0.0).between(0, 1), 2.0 / 3.0);
        close(space(&rows, Similarity::Jaccard, 0.0).between(0, 1), 0.5);
        close(space(&rows, Similarity::Jaccard, 2.0).between(0, 1), 0.25);
        // Weights 3 and 1 in the only shared column: min 1, max 3, and 1 more in a column of one row.
        let weights: [&[(u32, f32)]; 2] = [&[(0, 3.0), (1, 1.0)], &[(0, 1.0)]];
        close(space(&weights, Similarity::Jaccard, 0.0).between(0, 1), 1.0 / 4.0);
    }

    #[test] // N = 2, df = (2, 1, 1). tf-idf: idf = (1, ln 1.5 + 1, same): 1 / (1 + 1.40547²).
    // BM25, b = 0: idf = ln(1 + 0.5/2.5) = 0.18232 and ln(1 + 1.5/1.5) = 0.69315; a value 1 has
    // factor 1, so 0.18232² / (0.18232² + 0.69315²) = 0.064706.
    fn tf_idf_and_bm25_by_hand() {
        let rows: [&[(u32, f32)]; 2] = [&[(0, 1.0), (1, 1.0)], &[(0, 1.0), (2, 1.0)]];
        close(space(&rows, Similarity::TfIdf, 0.0).between(0, 1), 1.0 / (1.0 + 1.405_465_f64.powi(2)));
        close(space(&rows, Similarity::Bm25 { k1: 1.2, b: 0.0 }, 0.0).between(0, 1), 0.064_706);
    }

    const ALL: [Similarity; 5] = [
        Similarity::Cosine,
        Similarity::Pearson,
        Similarity::Jaccard,
        Similarity::Bm25 { k1: 1.2, b: 0.75 },
        Similarity::TfIdf,
    ];

    proptest! {
        #[test]
        fn neighbours_are_the_most_similar_of_all_pairs(
            rows in prop::collection::vec(prop::collection::vec((0_u32..5, 0.5_f32..4.0), 0..5), 2..8),
            k in 1_usize..4,
        ) {
            let csr = Csr::from_rows(5, rows);
            for similarity in ALL {
                let s = Space::new(&csr, similarity, 1.0);
                let query: Vec<(u32, f32)> = s.rows().cells(0).collect();
                let near = s.nearest(&query, k, Some(0), &mut Scratch::default());
                let mut want: Vec<f32> = (1..csr.n_rows()).filter_map(|r| s.between(0, r)).filter(|x| *x > 0.0).collect();
                want.sort_by(|a, b| b.total_cmp(a));
                want.truncate(k);
                prop_assert_eq!(near.len(), want.len());
                for ((_, got), want) in near.iter().zip(want) {
                    prop_assert!((got - want).abs() < 1e-5);
                    prop_assert!((0.0..=1.0).contains(got));
                }
            }
        }
    }
}
