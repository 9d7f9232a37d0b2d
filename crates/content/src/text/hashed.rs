//! Dense vectors of texts without learning: rows of letters under a random signed projection.
//!
//! Feature `f` adds `± w_f` to four of `width` numbers, places and signs drawn by its hash, so that products of two
//! vectors are those of the sparse rows, up to noise of `1 / √width`. `w_f` is 1, or the inverse document frequency
//! where texts were shown. Vectors have length 1.
//! Source: Li, Hastie and Church, "Very sparse random projections", KDD 2006; Weinberger et al., "Feature hashing for
//! large scale multitask learning", ICML 2009. Cost: linear in the text; no tables but those of the weights.

use super::features::Features;
use crate::{Encode, Vectors};
use learn::LearnError;
use rayon::prelude::*;
use std::collections::HashMap;

/// Places of a vector that a feature touches.
pub(super) const PLACES: usize = 4;

/// How texts are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashedParams {
    /// What a text is made of.
    pub features: Features,
    /// Numbers of a vector, at least 8.
    pub width: usize,
}

impl Default for HashedParams {
    fn default() -> Self {
        Self { features: Features::default(), width: 512 }
    }
}

/// A fitted encoder.
#[derive(Clone, Debug)]
pub struct Hashed {
    params: HashedParams,
    idf: HashMap<u64, f32>,
    rarest: f32,
}

impl HashedParams {
    /// Takes weights from texts; none are needed.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a width below 8.
    pub fn fit<T: AsRef<str>>(&self, texts: &[T]) -> Result<Hashed, LearnError> {
        if self.width < 8 {
            return Err(LearnError::Param { name: "width", rule: "at least 8", got: self.width as f64 });
        }
        let mut idf: HashMap<u64, f32> = HashMap::new();
        for text in texts {
            let mut features = self.features.of(text.as_ref());
            features.sort_unstable();
            features.dedup();
            features.into_iter().for_each(|f| *idf.entry(f).or_default() += 1.0);
        }
        let n = texts.len().max(1) as f32;
        idf.values_mut().for_each(|seen| *seen = (n / *seen).ln_1p());
        Ok(Hashed { params: *self, idf, rarest: (n + 1.0).ln() })
    }
}

impl Encode for Hashed {
    type Item = str;

    fn width(&self) -> usize {
        self.params.width
    }

    fn encode(&self, items: &[Option<&str>]) -> Vectors {
        let encode = |item: &Option<&str>| {
            let features = self.params.features.of((*item)?);
            let mut vector = vec![0.0_f32; self.params.width];
            for feature in &features {
                let weight = *self.idf.get(feature).unwrap_or(&self.rarest);
                let mut bits = *feature;
                for _ in 0..PLACES {
                    bits = bits.wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xD6E8_FEB8_6659_FD93).rotate_left(29);
                    let place = ((u128::from(bits) * vector.len() as u128) >> 64) as usize;
                    vector[place] += if bits & 1 == 0 { weight } else { -weight };
                }
            }
            (!features.is_empty()).then_some(vector)
        };
        let rows: Vec<Option<Vec<f32>>> = items.par_iter().map(encode).collect();
        rows_of(self.params.width, rows)
    }
}

/// Rows of this width, scaled to length 1.
pub(super) fn rows_of(width: usize, rows: Vec<Option<Vec<f32>>>) -> Vectors {
    let mut out = Vectors::new(width);
    for row in rows {
        match row {
            // A row that is not finite is none: weights of texts cannot give one.
            Some(row) if out.push(&row).is_ok() => {}
            Some(_) | None => out.push_missing(),
        }
    }
    out.unit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(model: &Hashed, a: &str, b: &str) -> f32 {
        let v = model.encode(&[Some(a), Some(b)]);
        v.row(0).unwrap().iter().zip(v.row(1).unwrap()).map(|(x, y)| x * y).sum()
    }

    #[test]
    fn alike_texts_are_close_and_others_are_not() {
        let model = HashedParams::default().fit::<&str>(&[]).unwrap();
        assert!(close(&model, "Hundefutter", "hundefutter!") > 0.999);
        assert!(close(&model, "trockenes Hundefutter", "Futter für Hunde") > 0.25);
        assert!(close(&model, "Hundefutter", "travel mug").abs() < 0.2);
        assert!(close(&model, "不锈钢保温杯", "保温杯") > 0.4);
    }

    #[test]
    fn frequent_words_count_less_where_texts_were_shown() {
        let texts = ["case for phone", "case for tablet", "case for camera", "case for lens"];
        let shown = HashedParams::default().fit(&texts).unwrap();
        let blind = HashedParams::default().fit::<&str>(&[]).unwrap();
        assert!(close(&shown, "case for phone", "case for lens") < close(&blind, "case for phone", "case for lens"));
    }

    #[test]
    fn nothing_to_encode_is_a_missing_row_and_a_narrow_width_is_refused() {
        let v = HashedParams::default().fit::<&str>(&[]).unwrap().encode(&[None, Some(" !"), Some("a")]);
        assert_eq!((v.is_present(0), v.is_present(1), v.is_present(2)), (false, false, true));
        assert!(HashedParams { width: 4, ..HashedParams::default() }.fit::<&str>(&[]).is_err());
    }
}
