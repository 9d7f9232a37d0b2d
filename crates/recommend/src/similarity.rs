//! How alike two rows of a matrix are: items by their shoppers, or shoppers by their items.
//!
//! | name | similarity of rows `x` and `y` |
//! |---|---|
//! | cosine | `Σ x y / (‖x‖ ‖y‖)` |
//! | asymmetric cosine | `Σ x y / (‖x‖^2α ‖y‖^(2 − 2α))`, `x` the row that is asked; α = ½ is cosine |
//! | damped cosine | `Σ c(t) x y / (‖x‖ ‖y‖)`, `c(t) = 1 / ln(1 + len(t))`: a column with many rows says less |
//! | adjusted cosine | cosine of the deviations from each *column's* mean |
//! | Pearson | cosine of the deviations from each row's mean over its *own* values |
//! | Jaccard | `Σ min(x, y) / Σ max(x, y)`; shared over joined shoppers when the values are 1 |
//! | log-likelihood | `1 − 1 / (1 + LLR)` of the table of both, one and neither; 0 where both are rarer than by chance |
//! | Euclidean | `1 / (1 + ‖x − y‖)` |
//! | BM25 | cosine of `idf(t) · x (k1 + 1) / (x + k1 (1 − b + b · len / mean len))` |
//! | tf-idf | cosine of `x · idf(t)`, `idf = ln((1 + N) / (1 + df)) + 1` |
//!
//! In Pearson and adjusted cosine an absent value is unknown, not 0: it deviates by nothing. (Both
//! papers take norms over the columns that the two rows share; over all of a row's own values two rows
//! that agree on one column are not twins.) In Euclidean it is 0, else all purchases of weight 1 would
//! have the distance 0; only rows that share a column are neighbours. The table of log-likelihood counts
//! `Σ min(x, y)`, the rest of each row, and what remains of `Σ_t max(t)`: counts when the values are 1.
//!
//! Shrinkage multiplies by `n / (n + shrinkage)`, `n` the columns that both rows have, so that two
//! rows which share one column are not twins. Only positive similarities make neighbours.
//!
//! Sources: Deshpande and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004
//! (cosine); Aiolli, "Efficient top-N recommendation for very large scale binary rated datasets", RecSys
//! 2013 (asymmetric); Breese, Heckerman and Kadie, "Empirical analysis of predictive algorithms for
//! collaborative filtering", UAI 1998 (the thought behind damping: inverse frequency); Sarwar et al.,
//! "Item-based collaborative filtering recommendation algorithms", WWW 2001 (adjusted); Resnick et al.,
//! "GroupLens", CSCW 1994 (Pearson); Dunning, "Accurate methods for the statistics of surprise and
//! coincidence", Computational Linguistics 19(1), 1993; Robertson and Zaragoza, "The probabilistic
//! relevance framework: BM25 and beyond", FnTIR 3(4), 2009; Bell and Koren, ICDM 2007 (shrinkage).
//! Cost of the neighbours of one row: the cells of the columns that it has.

use learn::{Csr, keep_largest};

/// What makes two rows alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Similarity {
    /// Angle of the weights.
    Cosine,
    /// How many of those who have the one have the other, between both directions.
    AsymmetricCosine {
        /// 1 divides by the row that is asked (an item of the history), which lets popular items be
        /// near to everything; 0 divides by the other row. From 0 to 1.
        alpha: f32,
    },
    /// Angle of the weights, where what both share in a column of many rows counts less: a shopper who
    /// bought everything says little about two items.
    DampedCosine,
    /// Angle of the deviations from each column's mean, for ratings: what is alike beyond how a shopper
    /// rates in general. Purchases of equal weight have no deviation.
    AdjustedCosine,
    /// Angle of the deviations from the own mean: for ratings. Purchases of equal weight have no
    /// deviation, so that nothing is similar.
    Pearson,
    /// Shared over joined weight.
    Jaccard,
    /// How surprising it is that two rows share so much.
    LogLikelihood,
    /// Distance of the weights.
    Euclidean,
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

impl Similarity {
    /// Whether the values are ratings, whose deviations are compared and expected.
    pub(crate) const fn is_for_ratings(self) -> bool {
        matches!(self, Self::Pearson | Self::AdjustedCosine)
    }
}

impl Similarity {
    /// As a file holds it: which one, and its parameters or zeros.
    pub(crate) const fn code(self) -> (u64, [f32; 2]) {
        match self {
            Self::Cosine => (0, [0.0; 2]),
            Self::AsymmetricCosine { alpha } => (1, [alpha, 0.0]),
            Self::DampedCosine => (2, [0.0; 2]),
            Self::AdjustedCosine => (3, [0.0; 2]),
            Self::Pearson => (4, [0.0; 2]),
            Self::Jaccard => (5, [0.0; 2]),
            Self::LogLikelihood => (6, [0.0; 2]),
            Self::Euclidean => (7, [0.0; 2]),
            Self::Bm25 { k1, b } => (8, [k1, b]),
            Self::TfIdf => (9, [0.0; 2]),
        }
    }

    /// What [`Self::code`] made; `None` for another number.
    pub(crate) const fn from_code(code: u64, [a, b]: [f32; 2]) -> Option<Self> {
        Some(match code {
            0 => Self::Cosine,
            1 => Self::AsymmetricCosine { alpha: a },
            2 => Self::DampedCosine,
            3 => Self::AdjustedCosine,
            4 => Self::Pearson,
            5 => Self::Jaccard,
            6 => Self::LogLikelihood,
            7 => Self::Euclidean,
            8 => Self::Bm25 { k1: a, b },
            9 => Self::TfIdf,
            _ => return None,
        })
    }
}

/// How the values of a row are weighted, with what it takes from the whole matrix.
#[derive(Clone, Debug, PartialEq)]
struct Weighing {
    similarity: Similarity,
    /// For each column what the similarity takes from it: a factor, or its mean.
    column: Vec<f32>,
    mean_len: f32,
    /// The largest value of each column, added up: the size of the table of log-likelihood.
    total: f32,
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
        let (mut len, mut sum, mut max) =
            (vec![0_u32; rows.n_cols()], vec![0.0; rows.n_cols()], vec![0.0_f32; rows.n_cols()]);
        for (column, x) in (0..rows.n_rows()).flat_map(|r| rows.cells(r)) {
            let at = column as usize;
            (len[at], sum[at], max[at]) = (len[at] + 1, sum[at] + x, max[at].max(x));
        }
        let column = len.iter().zip(&sum).map(|(&len, sum)| match similarity {
            Similarity::Bm25 { .. } => ((n - len as f32 + 0.5) / (len as f32 + 0.5)).ln_1p(),
            Similarity::TfIdf => ((1.0 + n) / (1.0 + len as f32)).ln() + 1.0,
            Similarity::DampedCosine => 1.0 / (1.0 + len.max(1) as f32).ln().sqrt(),
            Similarity::AdjustedCosine => sum / len.max(1) as f32,
            Similarity::Cosine
            | Similarity::AsymmetricCosine { .. }
            | Similarity::Pearson
            | Similarity::Jaccard
            | Similarity::LogLikelihood
            | Similarity::Euclidean => 1.0,
        });
        let total_weight: f32 = (0..rows.n_rows()).map(|r| rows.row(r).1.iter().sum::<f32>()).sum();
        let n_filled = (0..rows.n_rows()).filter(|r| !rows.row(*r).0.is_empty()).count();
        let mean_len = total_weight / n_filled.max(1) as f32;
        Self { similarity, column: column.collect(), mean_len, total: max.iter().sum() }
    }

    fn weigh(&self, cells: impl ExactSizeIterator<Item = (u32, f32)> + Clone) -> Vec<(u32, f32)> {
        let len: f32 = cells.clone().map(|c| c.1).sum();
        let mean = len / cells.len().max(1) as f32;
        let weight = |column: u32, x: f32| match self.similarity {
            Similarity::Cosine
            | Similarity::AsymmetricCosine { .. }
            | Similarity::Jaccard
            | Similarity::LogLikelihood
            | Similarity::Euclidean => x,
            Similarity::Pearson => x - mean,
            Similarity::AdjustedCosine => x - self.column[column as usize],
            Similarity::Bm25 { k1, b } => {
                self.column[column as usize] * x * (k1 + 1.0) / (x + k1 * (1.0 - b + b * len / self.mean_len))
            }
            Similarity::TfIdf | Similarity::DampedCosine => x * self.column[column as usize],
        };
        cells.map(|(column, x)| (column, weight(column, x))).collect()
    }

    /// What a row brings to the denominator: its length, for Jaccard and log-likelihood its sum, for
    /// Euclidean its squared length.
    fn norm(&self, cells: impl Iterator<Item = (u32, f32)>) -> f32 {
        match self.similarity {
            Similarity::Jaccard | Similarity::LogLikelihood => cells.map(|c| c.1).sum(),
            Similarity::Euclidean => cells.map(|c| c.1 * c.1).sum(),
            // Damping is for what is shared only: the length is the one of the plain weights.
            Similarity::DampedCosine => cells.map(|c| (c.1 / self.column[c.0 as usize]).powi(2)).sum::<f32>().sqrt(),
            Similarity::Cosine
            | Similarity::AsymmetricCosine { .. }
            | Similarity::AdjustedCosine
            | Similarity::Pearson
            | Similarity::Bm25 { .. }
            | Similarity::TfIdf => cells.map(|c| c.1 * c.1).sum::<f32>().sqrt(),
        }
    }
}

/// Twice the logarithm of how much more likely a table of counts is with two shares than with one:
/// `both`, `x` and `y` alone, and neither. 0 where both are rarer together than by chance.
fn log_likelihood_ratio(both: f64, x_alone: f64, y_alone: f64, neither: f64) -> f64 {
    let total = both + x_alone + y_alone + neither;
    if both * total <= (both + x_alone) * (both + y_alone) {
        return 0.0;
    }
    let part = |count: f64, row: f64, column: f64| {
        if count > 0.0 { count * (count * total / (row * column)).ln() } else { 0.0 }
    };
    let (with_x, without_x) = (both + x_alone, y_alone + neither);
    let (with_y, without_y) = (both + y_alone, x_alone + neither);
    let sum = part(both, with_x, with_y)
        + part(x_alone, with_x, without_y)
        + part(y_alone, without_x, with_y)
        + part(neither, without_x, without_y);
    (2.0 * sum).max(0.0)
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

    /// The mean of a column's values; 0 for a column without values. Known for adjusted cosine only.
    pub(crate) fn column_mean(&self, column: u32) -> f32 {
        self.weighing.column.get(column as usize).copied().unwrap_or(0.0)
    }

    /// The weights of a row, one of the matrix or a new one.
    pub(crate) fn weigh(&self, cells: impl ExactSizeIterator<Item = (u32, f32)> + Clone) -> Vec<(u32, f32)> {
        self.weighing.weigh(cells)
    }

    /// What a weighted row brings to the denominator.
    pub(crate) fn norm(&self, cells: impl Iterator<Item = (u32, f32)>) -> f32 {
        self.weighing.norm(cells)
    }

    /// What one common column adds to the numerator.
    #[inline]
    pub(crate) fn share(&self, x: f32, y: f32) -> f32 {
        if matches!(self.weighing.similarity, Similarity::Jaccard | Similarity::LogLikelihood) {
            x.min(y)
        } else {
            x * y
        }
    }

    /// What a numerator of `shared` is multiplied with; `None` where the similarity is undefined.
    pub(crate) fn factor(&self, shared: f32, n_shared: u32, norm: f32, row: usize) -> Option<f32> {
        let other = self.norms[row];
        let scale = match self.weighing.similarity {
            Similarity::Jaccard => norm + other - shared,
            Similarity::AsymmetricCosine { alpha } => norm.powf(2.0 * alpha) * other.powf(2.0 - 2.0 * alpha),
            Similarity::LogLikelihood => {
                let [both, x, y] = [shared, norm, other].map(f64::from);
                let neither = (f64::from(self.weighing.total) - x - y + both).max(0.0);
                let ratio = log_likelihood_ratio(both, (x - both).max(0.0), (y - both).max(0.0), neither);
                shared / (1.0 - 1.0 / (1.0 + ratio)) as f32
            }
            Similarity::Euclidean => shared * (1.0 + (norm + other - 2.0 * shared).max(0.0).sqrt()),
            Similarity::Cosine
            | Similarity::DampedCosine
            | Similarity::AdjustedCosine
            | Similarity::Pearson
            | Similarity::Bm25 { .. }
            | Similarity::TfIdf => norm * other,
        };
        (scale > 0.0).then(|| n_shared as f32 / (n_shared as f32 + self.shrinkage) / scale)
    }

    /// Rounding may lift the similarity of twins above 1; where it can be above 1 of itself it stays.
    const fn ceiling(&self) -> f32 {
        let free = matches!(self.weighing.similarity, Similarity::AsymmetricCosine { .. } | Similarity::DampedCosine);
        if free { f32::INFINITY } else { 1.0 }
    }

    /// The at most `k` rows most similar to a weighted `query`, rows ascending; of equal ones the lower
    /// row is nearer.
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
        let ceiling = self.ceiling();
        for row in scratch.touched.drain(..) {
            let at = row as usize;
            let shared = std::mem::take(&mut scratch.shared[at]);
            let n_shared = std::mem::take(&mut scratch.n_shared[at]);
            if let Some(factor) = self.factor(shared, n_shared, norm, at) {
                let sim = (shared * factor).min(ceiling);
                if sim > 0.0 && except != Some(at) {
                    near.push((row, sim));
                }
            }
        }
        keep_largest(&mut near, k);
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

    /// Similarity of two rows of the matrix, the first one asked; `None` where it is undefined. Unlike
    /// neighbours it may be negative.
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

    #[test] // Rows of 1 and 3 columns that share 1: 1 / (1^2α · 3^(1 − α)), asked from the short row.
    fn asymmetric_cosine_divides_by_the_row_that_is_asked_or_by_the_other() {
        let rows: [&[(u32, f32)]; 2] = [&[(0, 1.0)], &[(0, 1.0), (1, 1.0), (2, 1.0)]];
        let of = |alpha| space(&rows, Similarity::AsymmetricCosine { alpha }, 0.0);
        close(of(1.0).between(0, 1), 1.0);
        close(of(1.0).between(1, 0), 1.0 / 3.0);
        close(of(0.0).between(0, 1), 1.0 / 3.0);
        close(of(0.5).between(0, 1), 1.0 / 3_f64.sqrt());
    }

    #[test] // Column 0 has 2 rows, column 1 has 3: 1 / ln 3 + 1 / ln 4, over √2 · √2.
    fn damped_cosine_by_hand() {
        let rows: [&[(u32, f32)]; 3] = [&[(0, 1.0), (1, 1.0)], &[(0, 1.0), (1, 1.0)], &[(1, 1.0)]];
        close(space(&rows, Similarity::DampedCosine, 0.0).between(0, 1), (1.0 / 3_f64.ln() + 1.0 / 4_f64.ln()) / 2.0);
    }

    #[test] // Column means 4 and 2. Deviations (1, −1) and (−1, 1): opposite. A third row (4, 2) has none.
    fn adjusted_cosine_is_about_the_columns_mean() {
        let rows: [&[(u32, f32)]; 3] = [&[(0, 5.0), (1, 1.0)], &[(0, 3.0), (1, 3.0)], &[(0, 4.0), (1, 2.0)]];
        let s = space(&rows, Similarity::AdjustedCosine, 0.0);
        close(s.between(0, 1), -1.0);
        assert_eq!(s.between(0, 2), None);
    }

    #[test] // Distance of (3, 1) and (1, 0): √(4 + 1).
    fn euclidean_by_hand() {
        let rows: [&[(u32, f32)]; 2] = [&[(0, 3.0), (1, 1.0)], &[(0, 1.0)]];
        close(space(&rows, Similarity::Euclidean, 0.0).between(0, 1), 1.0 / (1.0 + 5_f64.sqrt()));
    }

    /// Five columns in use, both rows have 2 of them and share both: the table 2, 0, 0, 3 has the ratio
    /// 2 · (2 ln(2·5 / 2·2) + 3 ln(3·5 / 3·3)) = 2 · (2 · 0.916291 + 3 · 0.510826) = 6.730117.
    #[test]
    fn log_likelihood_by_hand() {
        let rest: &[(u32, f32)] = &[(2, 1.0), (3, 1.0), (4, 1.0)];
        let pair: &[(u32, f32)] = &[(0, 1.0), (1, 1.0)];
        let s = space(&[pair, pair, rest], Similarity::LogLikelihood, 0.0);
        close(s.between(0, 1), 1.0 - 1.0 / 7.730_117);
        // Dunning's own table of the bigram "the swiss" (table 3): 110, 2442, 111, 29114 gives 270.72.
        assert!((log_likelihood_ratio(110.0, 2442.0, 111.0, 29114.0) - 270.72).abs() < 0.01);
        // As often as by chance, 4 · 1 = 2 · 2, and more rarely: nothing.
        assert_eq!(log_likelihood_ratio(1.0, 1.0, 1.0, 1.0), 0.0);
        assert_eq!(log_likelihood_ratio(1.0, 9.0, 9.0, 1.0), 0.0);
    }
}
