//! Which of several kinds a text is, by one linear boundary a kind over its pieces ([`TextPieces`]), with
//! probabilities that mean what they say and with reasons.
//!
//! A piece that stands in at least `min_texts` training texts is a column. Text `i` has in column `j` the number
//! `s_j / l_i`:
//! - [`Weighing::Rare`]: `s_j = 1 + ln(n / n_j)`, `l_i` the length of its row, so that every row has length 1;
//! - [`Weighing::Telling`]: `s_j = ln((p_j + 1) / ‖p + 1‖₁) − ln((q_j + 1) / ‖q + 1‖₁)` with `p_j` the texts of the
//!   kind and `q_j` those of other kinds that have the piece, `l_i` the root of its pieces' number. Pieces that tell
//!   are long before
//!   anything is learnt (Wang & Manning, "Baselines and bigrams", ACL 2012).
//!
//! Each kind against all others is a [`SparseSvmParams`]; two kinds need one boundary. The margins of texts that
//! were left out, fold by fold, then teach what a margin is worth: `p = 1 / (1 + exp(−(a m + b)))` for two kinds
//! (Platt, 1999, with his softened targets),
//! `p_k ∝ exp(a m_k)` for more. Texts with the same pieces are in one fold.
//! Cost: time `n_kinds × (n_folds + 1) × passes × Σ pieces`, memory `n_columns × n_kinds` numbers. The same seed
//! gives the same bytes.

use crate::sparse_svm::{SparseRows, SparseSvmParams};
use crate::{LearnError, TextPieces};
use domain::Seed;
use rayon::prelude::*;
use std::collections::HashMap;

/// What a piece counts before anything is learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighing {
    /// More where it is rare.
    Rare,
    /// More where it is much more frequent in the kind than in others, or much less.
    Telling,
}

/// How to learn.
#[derive(Clone, Debug, PartialEq)]
pub struct TextLinearParams {
    /// Which pieces are taken.
    pub pieces: TextPieces,
    /// Training texts that a piece has to stand in, at least 1.
    pub min_texts: u32,
    /// What pieces count.
    pub weighing: Weighing,
    /// How boundaries are drawn.
    pub svm: SparseSvmParams,
    /// Folds that teach what a margin is worth, at least 2.
    pub n_folds: usize,
}

impl Default for TextLinearParams {
    fn default() -> Self {
        Self {
            pieces: TextPieces::default(),
            min_texts: 2,
            weighing: Weighing::Telling,
            svm: SparseSvmParams::default(),
            n_folds: 4,
        }
    }
}

/// Texts whose pieces were taken, so that several models can share the work.
#[derive(Clone, Debug, Default)]
pub struct TextTable {
    keys: Vec<Vec<u64>>,
}

impl TextTable {
    /// Takes the pieces.
    pub fn new<T: AsRef<str> + Sync>(pieces: &TextPieces, texts: &[T]) -> Self {
        Self { keys: texts.par_iter().map(|text| pieces.keys(text.as_ref())).collect() }
    }

    /// From what the pieces of each text are known by, ascending, each once: for rows that are no texts, such as
    /// pairs.
    pub fn from_keys(mut keys: Vec<Vec<u64>>) -> Self {
        for row in &mut keys {
            row.sort_unstable();
            row.dedup();
        }
        Self { keys }
    }

    /// Texts.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What the pieces of a text are known by.
    ///
    /// # Panics
    /// Where there are not so many texts.
    pub fn keys(&self, text: usize) -> &[u64] {
        &self.keys[text]
    }

    /// A fold for each text; equal texts share one.
    pub fn folds(&self, n_folds: usize, seed: Seed) -> Vec<usize> {
        let mixed = |keys: &Vec<u64>| keys.iter().fold(0_u64, |sum, key| sum.rotate_left(5) ^ key);
        self.keys.iter().map(|keys| seed.stream(mixed(keys)).below(n_folds.max(1))).collect()
    }
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct TextLinear {
    pub(crate) pieces: TextPieces,
    /// What the columns are known by, ascending.
    pub(crate) keys: Vec<u64>,
    /// Squared number of each column in the length of a row.
    pub(crate) squares: Vec<f32>,
    /// `n_columns × n_boundaries`.
    pub(crate) weights: Vec<f32>,
    pub(crate) biases: Vec<f32>,
    pub(crate) n_kinds: usize,
    /// `a` and `b`.
    pub(crate) worth: [f64; 2],
}

/// What a piece of a text adds to a kind's margin.
#[derive(Clone, Debug, PartialEq)]
pub struct TextReason {
    /// What it reads like.
    pub piece: String,
    /// What it adds.
    pub adds: f64,
}

impl TextLinearParams {
    /// Learns from texts and their kinds, from 0.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range, lengths that differ, a kind of `n_kinds` or more, and too few
    /// texts.
    pub fn fit<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        kinds: &[u32],
        n_kinds: usize,
        seed: Seed,
    ) -> Result<TextLinear, LearnError> {
        let table = TextTable::new(&self.pieces, texts);
        let rows: Vec<usize> = (0..table.len()).collect();
        self.fit_rows(&table, kinds, n_kinds, &rows, seed)
    }

    /// As [`Self::fit`], from the texts named in `rows` alone.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_rows(
        &self,
        table: &TextTable,
        kinds: &[u32],
        n_kinds: usize,
        rows: &[usize],
        seed: Seed,
    ) -> Result<TextLinear, LearnError> {
        let folds = table.folds(self.n_folds, seed.derive(1));
        Ok(self.fit_folds(table, kinds, n_kinds, rows, &folds, seed)?.0)
    }

    /// As [`Self::fit_rows`], and for each text of `rows`, in their order, its probabilities by a model that did not
    /// see its fold; `folds[i]` of text `i` is below `n_folds`.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_folds(
        &self,
        table: &TextTable,
        kinds: &[u32],
        n_kinds: usize,
        rows: &[usize],
        folds: &[usize],
        seed: Seed,
    ) -> Result<(TextLinear, Vec<Vec<f64>>), LearnError> {
        self.check(table, kinds, n_kinds, rows)?;
        if folds.len() != table.len() {
            return Err(LearnError::Shape { what: "folds", got: folds.len(), need: table.len() });
        }
        if let Some(&row) = rows.iter().find(|&&r| folds[r] >= self.n_folds) {
            return Err(LearnError::Param { name: "folds", rule: "below n_folds", got: folds[row] as f64 });
        }
        let mut model = self.boundaries(table, kinds, n_kinds, rows, seed.derive(0));
        let margins = self.left_out(table, kinds, n_kinds, rows, folds, seed.derive(2));
        let of: Vec<u32> = rows.iter().map(|&r| kinds[r]).collect();
        model.worth = if n_kinds == 2 { platt(&margins, &of) } else { [temperature(&margins, &of), 0.0] };
        let left_out = margins.iter().map(|m| probabilities(m, model.worth)).collect();
        Ok((model, left_out))
    }

    fn check(&self, table: &TextTable, kinds: &[u32], n_kinds: usize, rows: &[usize]) -> Result<(), LearnError> {
        self.svm.check()?;
        let sizes = [("min_texts", self.min_texts as usize, 1), ("n_folds", self.n_folds, 2), ("n_kinds", n_kinds, 2)];
        for (name, got, least) in sizes {
            if got < least {
                let rule = if least == 1 { "at least 1" } else { "at least 2" };
                return Err(LearnError::Param { name, rule, got: got as f64 });
            }
        }
        if kinds.len() != table.len() {
            return Err(LearnError::Shape { what: "kinds", got: kinds.len(), need: table.len() });
        }
        if let Some(&row) = rows.iter().find(|&&r| kinds[r] as usize >= n_kinds) {
            return Err(LearnError::Param { name: "kinds", rule: "below n_kinds", got: f64::from(kinds[row]) });
        }
        if rows.len() < self.n_folds {
            return Err(LearnError::TooLittleData { what: "texts", have: rows.len(), need: self.n_folds });
        }
        Ok(())
    }

    /// Margins of the texts in `rows` by models that did not see their fold.
    fn left_out(
        &self,
        table: &TextTable,
        kinds: &[u32],
        n_kinds: usize,
        rows: &[usize],
        folds: &[usize],
        seed: Seed,
    ) -> Vec<Vec<f64>> {
        let each = (0..self.n_folds).into_par_iter().map(|fold| {
            let (inside, outside): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|&at| folds[rows[at]] == fold);
            if inside.is_empty() {
                return Vec::new();
            }
            let outside: Vec<usize> = outside.into_iter().map(|at| rows[at]).collect();
            let model = self.boundaries(table, kinds, n_kinds, &outside, seed.derive(fold as u64));
            inside.into_iter().map(|at| (at, model.margins_of(table.keys(rows[at])))).collect()
        });
        let mut all = vec![Vec::new(); rows.len()];
        each.collect::<Vec<Vec<(usize, Vec<f64>)>>>().into_iter().flatten().for_each(|(at, m)| all[at] = m);
        all
    }

    fn boundaries(&self, table: &TextTable, kinds: &[u32], n_kinds: usize, rows: &[usize], seed: Seed) -> TextLinear {
        let (keys, seen_in) = self.columns(table, rows);
        let column: HashMap<u64, u32> = keys.iter().copied().zip(0..).collect();
        let mut sparse = SparseRows { starts: vec![0], n_columns: keys.len(), ..SparseRows::default() };
        let n = rows.len().max(1) as f32;
        let rare: Vec<f32> = seen_in.iter().map(|&k| 1.0 + (n / k as f32).ln()).collect();
        let squares: Vec<f32> = match self.weighing {
            Weighing::Rare => rare.iter().map(|s| s * s).collect(),
            Weighing::Telling => vec![1.0; keys.len()],
        };
        for &row in rows {
            let from = sparse.columns.len();
            sparse.columns.extend(table.keys(row).iter().filter_map(|key| column.get(key)));
            sparse.lengths.push(scale(&squares, &sparse.columns[from..]));
            sparse.starts.push(sparse.columns.len());
        }
        let n_boundaries = if n_kinds == 2 { 1 } else { n_kinds };
        let fitted = (0..n_boundaries).into_par_iter().map(|at| {
            // Of two kinds the boundary is around the second, so that a probability is that of kind 1.
            let kind = if n_kinds == 2 { 1 } else { at as u32 };
            let is: Vec<bool> = rows.iter().map(|&r| kinds[r] == kind).collect();
            let scales = match self.weighing {
                Weighing::Rare => rare.clone(),
                Weighing::Telling => telling(&sparse, &is),
            };
            // The shapes fit, for they are made here, and the parameters were checked.
            let (mut weights, bias) =
                self.svm.fit(&sparse, &scales, &is, seed.derive(at as u64)).unwrap_or((vec![0.0; keys.len()], 0.0));
            weights.iter_mut().zip(&scales).for_each(|(w, s)| *w *= s);
            (weights, bias)
        });
        let fitted: Vec<(Vec<f32>, f32)> = fitted.collect();
        let mut weights = Vec::with_capacity(keys.len() * n_boundaries);
        (0..keys.len()).for_each(|j| weights.extend(fitted.iter().map(|(w, _)| w[j])));
        let biases = fitted.iter().map(|(_, b)| *b).collect();
        TextLinear { pieces: self.pieces.clone(), keys, squares, weights, biases, n_kinds, worth: [1.0, 0.0] }
    }

    fn columns(&self, table: &TextTable, rows: &[usize]) -> (Vec<u64>, Vec<u32>) {
        let mut seen_in: HashMap<u64, u32> = HashMap::new();
        rows.iter().flat_map(|&row| table.keys(row)).for_each(|key| *seen_in.entry(*key).or_default() += 1);
        let mut columns: Vec<(u64, u32)> = seen_in.into_iter().filter(|(_, n)| *n >= self.min_texts).collect();
        columns.sort_unstable();
        columns.into_iter().unzip()
    }
}

fn scale(squares: &[f32], columns: &[u32]) -> f32 {
    let sum: f32 = columns.iter().map(|&j| squares[j as usize]).sum();
    if sum > 0.0 { sum.sqrt().recip() } else { 0.0 }
}

/// How much more frequent each column is in the rows of the kind, as a logarithm.
fn telling(rows: &SparseRows, is: &[bool]) -> Vec<f32> {
    let mut counts = vec![[1.0_f64; 2]; rows.n_columns];
    for (row, is) in is.iter().enumerate() {
        let side = usize::from(!is);
        rows.columns[rows.starts[row]..rows.starts[row + 1]].iter().for_each(|&j| counts[j as usize][side] += 1.0);
    }
    let sums = counts.iter().fold([0.0; 2], |sum, c| [sum[0] + c[0], sum[1] + c[1]]);
    counts.iter().map(|c| ((c[0] / sums[0]).ln() - (c[1] / sums[1]).ln()) as f32).collect()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn probabilities(margins: &[f64], [a, b]: [f64; 2]) -> Vec<f64> {
    if let [margin] = margins {
        let p = logistic(a * margin + b);
        return vec![1.0 - p, p];
    }
    let most = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = margins.iter().map(|m| (a * (m - most)).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}

/// Slope and offset of the margins' log-odds, by Newton steps on the cross-entropy with softened targets.
fn platt(margins: &[Vec<f64>], kinds: &[u32]) -> [f64; 2] {
    let n = kinds.iter().filter(|k| **k == 1).count() as f64;
    let targets = [1.0 / (kinds.len() as f64 - n + 2.0), (n + 1.0) / (n + 2.0)];
    let (mut a, mut b) = (1.0, 0.0);
    let loss = |a: f64, b: f64| -> f64 {
        let of = |(m, k): (&Vec<f64>, &u32)| {
            let (x, t) = (a * m[0] + b, targets[*k as usize]);
            // ln(1 + eˣ) − t x, without overflow.
            x.max(0.0) + (-x.abs()).exp().ln_1p() - t * x
        };
        margins.iter().zip(kinds).map(of).sum()
    };
    for _ in 0..50 {
        // A little curvature is added, so that a step is defined where margins do not differ.
        let (mut g, mut h) = ([0.0; 2], [1e-9, 0.0, 1e-9]);
        for (m, k) in margins.iter().zip(kinds) {
            let p = logistic(a * m[0] + b);
            let (slope, curve) = (p - targets[*k as usize], p * (1.0 - p));
            g = [g[0] + slope * m[0], g[1] + slope];
            h = [h[0] + curve * m[0] * m[0], h[1] + curve * m[0], h[2] + curve];
        }
        let determinant = h[0] * h[2] - h[1] * h[1];
        if determinant <= 0.0 || g[0].abs() + g[1].abs() < 1e-9 {
            break;
        }
        let step = [(h[2] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[1] * g[0]) / determinant];
        let (before, mut by) = (loss(a, b), 1.0);
        while by > 1e-6 && loss(a - by * step[0], b - by * step[1]) > before {
            by *= 0.5;
        }
        (a, b) = (a - by * step[0], b - by * step[1]);
    }
    // A margin that points the wrong way says nothing; it must not turn the answer round.
    [a.max(0.0), b]
}

/// The factor of the margins that makes the likelihood of the kinds largest, by golden section of its logarithm.
fn temperature(margins: &[Vec<f64>], kinds: &[u32]) -> f64 {
    let loss = |log: f64| -> f64 {
        let of = |(m, k): (&Vec<f64>, &u32)| -probabilities(m, [log.exp(), 0.0])[*k as usize].max(1e-300).ln();
        margins.iter().zip(kinds).map(of).sum()
    };
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut low, mut high) = (-3.0, 4.0);
    while high - low > 0.01 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if loss(left) < loss(right) { high = right } else { low = left }
    }
    (0.5 * (low + high)).exp()
}

impl TextLinear {
    /// Kinds.
    pub fn n_kinds(&self) -> usize {
        self.n_kinds
    }

    /// Which pieces it reads.
    pub fn pieces(&self) -> &TextPieces {
        &self.pieces
    }

    /// Pieces that have a weight.
    pub fn n_columns(&self) -> usize {
        self.keys.len()
    }

    /// Probabilities of the kinds; `None` for a text without letters.
    pub fn probabilities(&self, text: &str) -> Option<Vec<f64>> {
        let keys = self.pieces.keys(text);
        (!keys.is_empty()).then(|| self.of_keys(&keys))
    }

    /// The same from what the pieces are known by.
    pub fn of_keys(&self, keys: &[u64]) -> Vec<f64> {
        probabilities(&self.margins_of(keys), self.worth)
    }

    /// How far on each boundary's right side: one number for two kinds (kind 1 lies above 0), otherwise one a kind.
    pub fn margins_of(&self, keys: &[u64]) -> Vec<f64> {
        let columns = self.known(keys);
        let scale = f64::from(scale(&self.squares, &columns));
        let mut sums = vec![0.0; self.biases.len()];
        for &j in &columns {
            let of = &self.weights[j as usize * sums.len()..];
            sums.iter_mut().zip(of).for_each(|(sum, w)| *sum += f64::from(*w));
        }
        sums.iter().zip(&self.biases).map(|(sum, b)| sum * scale + f64::from(*b)).collect()
    }

    fn known(&self, keys: &[u64]) -> Vec<u32> {
        keys.iter().filter_map(|key| self.keys.binary_search(key).ok()).map(|j| j as u32).collect()
    }

    /// The pieces of a text that add most to the margin of a kind and those that take most off, `n` at most of each,
    /// largest first. A piece inside another one of the list that adds more is left out.
    ///
    /// # Panics
    /// For a kind of [`Self::n_kinds`] or more.
    pub fn reasons(&self, text: &str, kind: usize, n: usize) -> Vec<TextReason> {
        assert!(kind < self.n_kinds, "kind {kind} of {}", self.n_kinds);
        let named = self.pieces.named(text);
        let keys: Vec<u64> = named.iter().map(|(key, _)| *key).collect();
        let scale = f64::from(scale(&self.squares, &self.known(&keys)));
        let (at, sign) = if self.n_kinds == 2 { (0, if kind == 1 { 1.0 } else { -1.0 }) } else { (kind, 1.0) };
        let n_boundaries = self.biases.len();
        let adds = |(key, piece): (u64, String)| {
            let j = self.keys.binary_search(&key).ok()?;
            Some(TextReason { piece, adds: sign * scale * f64::from(self.weights[j * n_boundaries + at]) })
        };
        let mut all: Vec<TextReason> = named.into_iter().filter_map(adds).collect();
        all.sort_by(|a, b| b.adds.abs().total_cmp(&a.adds.abs()).then_with(|| a.piece.cmp(&b.piece)));
        let (mut kept, mut counts): (Vec<TextReason>, [usize; 2]) = (Vec::new(), [0; 2]);
        for reason in all {
            let side = usize::from(reason.adds < 0.0);
            let inside = |other: &TextReason| {
                other.piece.contains(reason.piece.trim()) || reason.piece.contains(other.piece.trim())
            };
            if counts[side] < n && reason.adds != 0.0 && !kept.iter().any(inside) {
                counts[side] += 1;
                kept.push(reason);
            }
        }
        kept.sort_by(|a, b| b.adds.total_cmp(&a.adds));
        kept
    }
}

#[cfg(test)]
#[path = "text_linear_tests.rs"]
mod tests;
