//! A linear model of texts in a container: what was written is read back equal.

use crate::TextPieces;
use crate::container::{ContainerError, Reader, Writer};
use crate::text_linear::TextLinear;

/// Above any size that a model can have.
const MANY: usize = 1 << 40;
/// Above the words or signs that any piece of a text has.
const LONGEST_PIECE: usize = 64;

impl TextLinear {
    /// Writes the model.
    pub fn save(&self, to: &mut Writer) {
        let p = &self.pieces;
        let (from, until) = (*p.letters.start(), *p.letters.end());
        let sizes = [p.words, p.apart, from, until, p.signs, p.longest, self.n_kinds].map(|n| n as u64);
        to.u64s("text_linear", &sizes);
        to.u64s("keys", &self.keys);
        to.f32s("squares", &self.squares);
        to.f32s("weights", &self.weights);
        to.f32s("biases", &self.biases);
        to.f64s("worth", &self.worth);
    }

    /// Reads what [`Self::save`] wrote.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are not there or do not fit together.
    pub fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [words, apart, first, last, signs, longest, n_kinds] = from.sizes("text_linear", MANY)?;
        // A damaged file must not send every text through billions of lengths.
        if [words, apart, last, signs].iter().any(|n| *n > LONGEST_PIECE) {
            let why = format!("pieces of {LONGEST_PIECE} words or signs at most");
            return Err(ContainerError::content("text_linear", why));
        }
        let pieces = TextPieces { words, apart, letters: first..=last, signs, longest };
        let keys = from.u64s("keys")?;
        let (squares, weights, biases) = (from.f32s("squares")?, from.f32s("weights")?, from.f32s("biases")?);
        let worth = from.f64s("worth")?;
        let Ok(worth) = <[f64; 2]>::try_from(worth) else {
            return Err(ContainerError::content("worth", "two numbers"));
        };
        let n_boundaries = if n_kinds == 2 { 1 } else { n_kinds };
        if n_kinds < 2 || biases.len() != n_boundaries {
            return Err(ContainerError::content("biases", "one a kind, or one for two kinds"));
        }
        if keys.windows(2).any(|w| w[0] >= w[1]) {
            return Err(ContainerError::content("keys", "ascending numbers"));
        }
        if squares.len() != keys.len() || weights.len() != keys.len() * n_boundaries {
            return Err(ContainerError::content("weights", "one a key and kind, and one square a key"));
        }
        Ok(Self { pieces, keys, squares, weights, biases, n_kinds, worth })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_linear::TextLinearParams;
    use domain::Seed;

    fn bytes(model: &TextLinear) -> Vec<u8> {
        let mut to = Writer::default();
        model.save(&mut to);
        to.finish("text_linear", 0)
    }

    #[test]
    fn what_was_written_is_read_back_equal_and_what_does_not_fit_is_refused() {
        let texts = ["a b", "b c", "c d", "a c", "b d", "a d", "很好", "不好"];
        let model = TextLinearParams { min_texts: 1, ..TextLinearParams::default() };
        let mut model = model.fit(&texts, &[0, 1, 2, 0, 1, 2, 0, 1], 3, Seed(1)).unwrap();
        let written = bytes(&model);
        assert_eq!(TextLinear::load(&Reader::open(&written).unwrap()).unwrap(), model);
        model.weights.pop();
        assert!(TextLinear::load(&Reader::open(&bytes(&model)).unwrap()).is_err());
        model.weights.push(0.0);
        model.keys.swap(0, 1);
        assert!(TextLinear::load(&Reader::open(&bytes(&model)).unwrap()).is_err());
        model.keys.swap(0, 1);
        model.n_kinds = 2;
        assert!(TextLinear::load(&Reader::open(&bytes(&model)).unwrap()).is_err());
        model.n_kinds = 3;
        model.pieces.words = 4_294_967_294;
        let error = TextLinear::load(&Reader::open(&bytes(&model)).unwrap()).unwrap_err();
        assert!(error.to_string().contains("at most"), "{error}");
    }
}
