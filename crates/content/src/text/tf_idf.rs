//! A text as a sparse row: how often each feature stands in it, weighted by how rare it is.
//!
//! `x_f = (1 + ln n_f) · ln(1 + N / N_f)`, scaled to length 1, with `n_f` times of the feature in the text, `N_f` texts
//! that have it. Source: Salton and Buckley, "Term-weighting approaches in automatic text retrieval",
//! Information Processing and Management 24(5), 1988. Cost: linear in the features; the model keeps 12 bytes a feature.

use super::features::Features;
use learn::container::{ContainerError, Reader, Writer};
use learn::{Csr, LearnError};
use rayon::prelude::*;
use std::collections::HashMap;

/// How texts become rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TfIdfParams {
    /// What a text is made of.
    pub features: Features,
    /// Texts that a feature has to stand in, at least 1.
    pub min_texts: usize,
    /// Features that are kept, the most frequent ones, at least 1.
    pub max_features: usize,
}

impl Default for TfIdfParams {
    fn default() -> Self {
        Self { features: Features::default(), min_texts: 1, max_features: 1 << 20 }
    }
}

/// A fitted vocabulary with its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct TfIdf {
    features: Features,
    columns: HashMap<u64, u32>,
    hashes: Vec<u64>,
    idf: Vec<f32>,
}

impl TfIdfParams {
    /// Learns which features there are and how rare.
    ///
    /// # Errors
    /// [`LearnError`] for a parameter out of range or no text with a feature.
    pub fn fit<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Result<TfIdf, LearnError> {
        for (name, value) in [("min_texts", self.min_texts), ("max_features", self.max_features)] {
            if value == 0 {
                return Err(LearnError::Param { name, rule: "at least 1", got: 0.0 });
            }
        }
        let each = |text: &T| {
            let mut features = self.features.of(text.as_ref());
            features.sort_unstable();
            features.dedup();
            features
        };
        let all: Vec<Vec<u64>> = texts.par_iter().map(each).collect();
        let mut seen_in: HashMap<u64, u32> = HashMap::new();
        all.iter().flatten().for_each(|f| *seen_in.entry(*f).or_default() += 1);
        let mut kept: Vec<(u64, u32)> = seen_in.into_iter().filter(|(_, n)| *n as usize >= self.min_texts).collect();
        kept.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        kept.truncate(self.max_features);
        if kept.is_empty() {
            return Err(LearnError::TooLittleData { what: "features of texts", have: 0, need: 1 });
        }
        kept.sort_unstable();
        let idf = kept.iter().map(|(_, n)| (texts.len() as f32 / *n as f32).ln_1p()).collect();
        Ok(TfIdf::of(self.features, kept.into_iter().map(|(hash, _)| hash).collect(), idf))
    }
}

impl TfIdf {
    fn of(features: Features, hashes: Vec<u64>, idf: Vec<f32>) -> Self {
        let columns = (0..).zip(&hashes).map(|(column, hash)| (*hash, column)).collect();
        Self { features, columns, hashes, idf }
    }

    /// Features it knows, which is the number of columns.
    pub fn n_features(&self) -> usize {
        self.idf.len()
    }

    /// The row of a text, columns ascending, of length 1; empty where it has no known feature.
    pub fn row(&self, text: &str) -> Vec<(u32, f32)> {
        let mut row = self.weights(text);
        let length = row.iter().map(|(_, x)| x * x).sum::<f32>().sqrt();
        row.iter_mut().for_each(|(_, x)| *x /= length);
        row
    }

    /// The row before it is scaled.
    pub(super) fn weights(&self, text: &str) -> Vec<(u32, f32)> {
        let mut columns: Vec<u32> =
            self.features.of(text).iter().filter_map(|f| self.columns.get(f).copied()).collect();
        columns.sort_unstable();
        let weight = |same: &[u32]| (same[0], (1.0 + (same.len() as f32).ln()) * self.idf[same[0] as usize]);
        columns.chunk_by(|a, b| a == b).map(weight).collect()
    }

    /// One row a text.
    pub fn rows<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Csr {
        let rows: Vec<Vec<(u32, f32)>> = texts.par_iter().map(|text| self.row(text.as_ref())).collect();
        Csr::from_rows(self.n_features(), rows)
    }

    /// Writes what [`Self::load`] reads, its sections named after `name`.
    pub fn save(&self, name: &str, to: &mut Writer) {
        to.u64s(
            &format!("{name} grams"),
            &[self.features.shortest, self.features.longest, self.features.words].map(|n| n as u64),
        );
        to.u64s(&format!("{name} features"), &self.hashes);
        to.f32s(&format!("{name} idf"), &self.idf);
    }

    /// Reads a vocabulary.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are not there or do not fit together.
    pub fn load(name: &str, from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [shortest, longest, words] = from.sizes(&format!("{name} grams"), 64)?;
        let section = format!("{name} features");
        let (hashes, idf) = (from.u64s(&section)?, from.f32s(&format!("{name} idf"))?);
        if hashes.len() != idf.len() || hashes.is_empty() || hashes.windows(2).any(|w| w[0] >= w[1]) {
            return Err(ContainerError::content(&section, "as many ascending features as weights, at least one"));
        }
        if idf.iter().any(|x| !(*x > 0.0 && x.is_finite())) {
            return Err(ContainerError::content(&format!("{name} idf"), "weights above 0"));
        }
        Ok(Self::of(Features { shortest, longest, words }, hashes, idf))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: TfIdfParams =
        TfIdfParams { features: Features { shortest: 3, longest: 0, words: 1 }, min_texts: 1, max_features: 100 };

    /// `b` is in both texts (weight ln 2), `a` in one (ln 3), and stands twice in `a a b` (1 + ln 2).
    #[test]
    fn weights_by_hand() {
        let model = WORDS.fit(&["a a b", "b"]).unwrap();
        let row = model.row("a a b");
        let (a, b) = ((1.0 + 2_f32.ln()) * 3_f32.ln(), 2_f32.ln());
        let length = (a * a + b * b).sqrt();
        let mut got: Vec<f32> = row.iter().map(|(_, x)| *x).collect();
        got.sort_by(f32::total_cmp);
        assert!((got[0] - b / length).abs() < 1e-6 && (got[1] - a / length).abs() < 1e-6, "{got:?}");
        assert!(model.row("c").is_empty());
    }

    #[test]
    fn rare_and_surplus_features_go_and_nothing_is_refused() {
        assert_eq!(TfIdfParams { min_texts: 2, ..WORDS }.fit(&["a b", "b c"]).unwrap().n_features(), 1);
        assert_eq!(TfIdfParams { max_features: 2, ..WORDS }.fit(&["a b", "b c"]).unwrap().n_features(), 2);
        assert!(WORDS.fit::<&str>(&[]).is_err());
        assert!(TfIdfParams { min_texts: 0, ..WORDS }.fit(&["a"]).is_err());
    }

    #[test]
    fn a_saved_vocabulary_gives_the_same_rows() {
        let model = TfIdfParams::default().fit(&["水筒 500ml", "travel mug"]).unwrap();
        let mut to = Writer::default();
        model.save("text", &mut to);
        let bytes = to.finish("tf-idf", 1);
        assert_eq!(TfIdf::load("text", &Reader::open(&bytes).unwrap()).unwrap(), model);
    }
}
