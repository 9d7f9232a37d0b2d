//! Dense vectors of texts, learnt from a catalogue: the leading directions of its TF-IDF rows.
//!
//! With the right singular vectors `V` and values `σ` of the texts' rows a text `x` becomes `x V σ^(−p)`: `p` of 0 keeps
//! the lengths that frequent themes have, 1 makes all alike. Vectors have length 1.
//! Source: Deerwester et al., "Indexing by latent semantic analysis", JASIS 41(6), 1990; the vectors are found
//! as in [`learn::low_rank`]. Cost: learning some 16 passes over the rows times the width, a text its features times the width.

use super::hashed::rows_of;
use super::tf_idf::{TfIdf, TfIdfParams};
use crate::{Encode, Vectors};
use domain::Seed;
use learn::LearnError;
use learn::container::{ContainerError, Reader, Writer};
use learn::low_rank::{LowRankParams, low_rank};
use rayon::prelude::*;

/// How the vectors are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LsaParams {
    /// How texts become rows.
    pub tf_idf: TfIdfParams,
    /// Numbers of a vector wanted; fewer where the texts have no more directions.
    pub width: usize,
    /// `p`, 0 to 1.
    pub whitening: f32,
}

impl Default for LsaParams {
    fn default() -> Self {
        Self { tf_idf: TfIdfParams { min_texts: 2, ..TfIdfParams::default() }, width: 128, whitening: 0.5 }
    }
}

/// A fitted encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Lsa {
    tf_idf: TfIdf,
    width: usize,
    /// `n_features × width`.
    vectors: Vec<f32>,
}

impl LsaParams {
    /// Learns from texts.
    ///
    /// # Errors
    /// [`LearnError`] for a parameter out of range or texts without a common feature.
    pub fn fit<T: AsRef<str> + Sync>(&self, texts: &[T], seed: Seed) -> Result<Lsa, LearnError> {
        if !(0.0..=1.0).contains(&self.whitening) {
            return Err(LearnError::Param { name: "whitening", rule: "0 to 1", got: f64::from(self.whitening) });
        }
        let tf_idf = self.tf_idf.fit(texts)?;
        let rows = tf_idf.rows(texts);
        let params = LowRankParams { rank: self.width, ..LowRankParams::default() };
        let mut found = low_rank(&rows, &rows.transpose(), &params, seed)?;
        let scale: Vec<f32> = found.values.iter().map(|s| s.powf(-self.whitening)).collect();
        for line in found.vectors.chunks_exact_mut(found.rank.max(1)) {
            line.iter_mut().zip(&scale).for_each(|(x, s)| *x *= s);
        }
        Ok(Lsa { tf_idf, width: found.rank, vectors: found.vectors })
    }
}

impl Lsa {
    /// Writes what [`Self::load`] reads.
    pub fn save(&self, to: &mut Writer) {
        self.tf_idf.save("text", to);
        to.u64s("lsa width", &[self.width as u64]);
        to.f32s("lsa vectors", &self.vectors);
    }

    /// Reads an encoder.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are not there or do not fit together.
    pub fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let tf_idf = TfIdf::load("text", from)?;
        let [width] = from.sizes("lsa width", 1 << 12)?;
        let vectors = from.f32s("lsa vectors")?;
        if vectors.len() != width * tf_idf.n_features() || vectors.iter().any(|x| !x.is_finite()) {
            return Err(ContainerError::content("lsa vectors", "`width` finite numbers a feature"));
        }
        Ok(Self { tf_idf, width, vectors })
    }
}

impl Encode for Lsa {
    type Item = str;

    fn width(&self) -> usize {
        self.width
    }

    fn encode(&self, items: &[Option<&str>]) -> Vectors {
        let encode = |item: &Option<&str>| {
            let row = self.tf_idf.row((*item)?);
            let mut vector = vec![0.0_f32; self.width];
            for (column, value) in &row {
                let line = &self.vectors[*column as usize * self.width..][..self.width];
                vector.iter_mut().zip(line).for_each(|(v, x)| *v += value * x);
            }
            (!row.is_empty()).then_some(vector)
        };
        rows_of(self.width, items.par_iter().map(encode).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 6] =
        ["dog food", "dog leash", "food for puppy dog", "phone case", "phone cable", "cable case for phone"];

    #[test]
    fn words_that_never_met_are_close_through_a_third() {
        let model = LsaParams { width: 2, ..LsaParams::default() }.fit(&TEXTS, Seed(1)).unwrap();
        let v = model.encode(&[Some("food"), Some("leash dog"), Some("cable"), None]);
        let close =
            |a: usize, b: usize| -> f32 { v.row(a).unwrap().iter().zip(v.row(b).unwrap()).map(|(x, y)| x * y).sum() };
        assert!(close(0, 1) > 0.8 && close(0, 2) < 0.5, "{} {}", close(0, 1), close(0, 2));
        assert!(!v.is_present(3));
    }

    #[test]
    fn a_saved_encoder_gives_the_same_vectors_and_damage_is_found() {
        let model = LsaParams { width: 3, ..LsaParams::default() }.fit(&TEXTS, Seed(1)).unwrap();
        let mut to = Writer::default();
        model.save(&mut to);
        let mut bytes = to.finish("lsa", 1);
        assert_eq!(Lsa::load(&Reader::open(&bytes).unwrap()).unwrap(), model);
        let at = bytes.len() - 3;
        bytes[at] ^= 1;
        assert!(Reader::open(&bytes).and_then(|r| Lsa::load(&r)).is_err());
    }

    #[test]
    fn parameters_out_of_range_are_refused() {
        assert!(LsaParams { whitening: 2.0, ..LsaParams::default() }.fit(&TEXTS, Seed(1)).is_err());
        assert!(LsaParams { width: 0, ..LsaParams::default() }.fit(&TEXTS, Seed(1)).is_err());
    }
}
