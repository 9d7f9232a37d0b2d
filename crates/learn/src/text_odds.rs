//! The odds that a text is of one kind, from texts of which it is known: logistic regression over
//! hashed pieces ([`TextGrams`]).
//!
//! `p(text) = 1 / (1 + exp(−(b + Σ_i w_i · x_i)))`, with `x` the text's pieces weighted by their inverse document
//! frequency, `ln(1 + n / (1 + n_i))`, and scaled to length 1. Weights minimise the cross-entropy with
//! the targets, which may lie between 0 and 1, by stochastic steps whose lengths adapt to each weight: Duchi, Hazan & Singer, "Adaptive
//! Subgradient Methods", JMLR 12, 2011. There is no penalty: few passes and rare pieces' short steps keep weights
//! small. Cost: time `n_epochs × Σ pieces`, memory the pieces of the training texts and two tables.
//! Steps follow one another in an order drawn from the seed, on one thread: the same bytes everywhere.

use crate::LearnError;
use crate::text_grams::TextGrams;
use domain::Seed;
use rayon::prelude::*;

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextOddsParams {
    /// How texts become numbers.
    pub grams: TextGrams,
    /// Passes over the texts, at least 1.
    pub n_epochs: usize,
    /// Length of the first step of each weight, above 0.
    pub learning_rate: f32,
}

impl Default for TextOddsParams {
    fn default() -> Self {
        Self { grams: TextGrams::default(), n_epochs: 4, learning_rate: 0.2 }
    }
}

/// A fitted model: one weight a place of the table.
#[derive(Clone, Debug)]
pub struct TextOdds {
    grams: TextGrams,
    idf: Vec<f32>,
    weights: Vec<f32>,
    bias: f32,
}

impl TextOddsParams {
    /// Learns from texts and what they are, 0 to 1 each.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range, lengths that differ, a target outside 0 to 1, and no text at all.
    pub fn fit<T: AsRef<str>>(&self, texts: &[T], targets: &[f32], seed: Seed) -> Result<TextOdds, LearnError> {
        let places: Vec<Vec<u32>> = texts.iter().map(|t| self.grams.places(t.as_ref())).collect();
        let rows: Vec<usize> = (0..places.len()).collect();
        self.fit_places(&places, targets, &rows, seed)
    }

    /// As [`Self::fit`], from pieces that were taken before ([`TextGrams::places`]) and for the texts named in
    /// `rows` alone, so that several models can share the work.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_places(
        &self,
        places: &[Vec<u32>],
        targets: &[f32],
        rows: &[usize],
        seed: Seed,
    ) -> Result<TextOdds, LearnError> {
        if self.n_epochs == 0 {
            return Err(LearnError::Param { name: "n_epochs", rule: "at least 1", got: 0.0 });
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            let got = f64::from(self.learning_rate);
            return Err(LearnError::Param { name: "learning_rate", rule: "above 0", got });
        }
        if !(8..=24).contains(&self.grams.log2_size) {
            let got = f64::from(self.grams.log2_size);
            return Err(LearnError::Param { name: "log2_size", rule: "8 to 24", got });
        }
        if targets.len() != places.len() {
            return Err(LearnError::Shape { what: "targets", got: targets.len(), need: places.len() });
        }
        if let Some(row) = rows.iter().find(|&&r| !(0.0..=1.0).contains(&targets[r])) {
            return Err(LearnError::NotFinite { row: *row, column: 0, value: f64::from(targets[*row]) });
        }
        if rows.is_empty() {
            return Err(LearnError::TooLittleData { what: "texts", have: 0, need: 1 });
        }
        let size = 1_usize << self.grams.log2_size;
        let mut seen_in = vec![0_u32; size];
        rows.iter().flat_map(|&r| &places[r]).for_each(|&p| seen_in[p as usize] += 1);
        let n = rows.len() as f32;
        let idf: Vec<f32> = seen_in.iter().map(|&k| (n / (1.0 + k as f32)).ln_1p()).collect();
        let mean = rows.iter().map(|&r| f64::from(targets[r])).sum::<f64>() / rows.len() as f64;
        let mean = mean.clamp(0.01, 0.99) as f32;
        let mut model = TextOdds { grams: self.grams, idf, weights: vec![0.0; size], bias: (mean / (1.0 - mean)).ln() };
        let mut squares = vec![1e-6_f32; size];
        let mut bias_squares = 1.0_f32;
        let mut rng = seed.stream(0);
        let mut order = rows.to_vec();
        for _ in 0..self.n_epochs {
            rng.shuffle(&mut order);
            for &row in &order {
                let of_text = &places[row];
                let scale = model.scale(of_text);
                let slope = logistic(model.margin(of_text, scale)) - targets[row];
                for &p in of_text {
                    let p = p as usize;
                    let gradient = slope * model.idf[p] * scale;
                    squares[p] += gradient * gradient;
                    model.weights[p] -= self.learning_rate * gradient / squares[p].sqrt();
                }
                bias_squares += slope * slope;
                model.bias -= self.learning_rate * slope / bias_squares.sqrt();
            }
        }
        Ok(model)
    }

    /// For each text the probability by a model that did not see its fold: `folds[i]` is below `n_folds`, and
    /// equal texts should share one. `None` for texts without letters. The models are fitted side by side.
    ///
    /// # Errors
    /// As [`Self::fit`], and where a fold is all there is.
    pub fn out_of_fold(
        &self,
        places: &[Vec<u32>],
        targets: &[f32],
        folds: &[usize],
        n_folds: usize,
        seed: Seed,
    ) -> Result<Vec<Option<f64>>, LearnError> {
        if folds.len() != places.len() {
            return Err(LearnError::Shape { what: "folds", got: folds.len(), need: places.len() });
        }
        let each = (0..n_folds).into_par_iter().map(|fold| {
            let (inside, outside): (Vec<usize>, Vec<usize>) = (0..places.len()).partition(|&i| folds[i] == fold);
            if inside.is_empty() {
                return Ok(Vec::new());
            }
            let model = self.fit_places(places, targets, &outside, seed.derive(fold as u64))?;
            Ok(inside.into_iter().map(|i| (i, model.of_places(&places[i]))).collect())
        });
        let each: Vec<Vec<(usize, Option<f64>)>> = each.collect::<Result<_, LearnError>>()?;
        let mut all = vec![None; places.len()];
        each.into_iter().flatten().for_each(|(i, p)| all[i] = p);
        Ok(all)
    }
}

impl TextOdds {
    /// The probability that a text is of the kind with target 1; `None` for a text without letters.
    pub fn probability(&self, text: &str) -> Option<f64> {
        self.of_places(&self.grams.places(text))
    }

    /// The same for the pieces of a text.
    pub fn of_places(&self, places: &[u32]) -> Option<f64> {
        (!places.is_empty()).then(|| f64::from(logistic(self.margin(places, self.scale(places)))))
    }

    fn scale(&self, places: &[u32]) -> f32 {
        let squares: f32 = places.iter().map(|&p| self.idf[p as usize] * self.idf[p as usize]).sum();
        if squares > 0.0 { squares.sqrt().recip() } else { 0.0 }
    }

    fn margin(&self, places: &[u32], scale: f32) -> f32 {
        let sum: f32 = places.iter().map(|&p| self.weights[p as usize] * self.idf[p as usize]).sum();
        self.bias + sum * scale
    }
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [(&str, f32); 12] = [
        ("very good kettle", 1.0),
        ("good and quiet", 1.0),
        ("works well, very happy", 1.0),
        ("broke after a week", 0.0),
        ("bad quality, it broke", 0.0),
        ("noisy and bad", 0.0),
        ("很好，很满意", 1.0),
        ("质量很好", 1.0),
        ("太差了，坏了", 0.0),
        ("质量太差", 0.0),
        ("ดีมาก", 1.0),
        ("แย่มาก เสีย", 0.0),
    ];

    fn fitted() -> TextOdds {
        let (texts, targets): (Vec<&str>, Vec<f32>) = TEXTS.into_iter().unzip();
        TextOddsParams { n_epochs: 20, ..TextOddsParams::default() }.fit(&texts, &targets, Seed(1)).unwrap()
    }

    #[test]
    fn unseen_texts_of_three_scripts_are_told_apart() {
        let model = fitted();
        for good in ["a good quiet thing", "很好用", "ดีมากค่ะ"] {
            assert!(model.probability(good).unwrap() > 0.5, "{good}: {:?}", model.probability(good));
        }
        for bad in ["it broke, bad", "太差", "แย่"] {
            assert!(model.probability(bad).unwrap() < 0.5, "{bad}: {:?}", model.probability(bad));
        }
        assert_eq!(model.probability("..."), None);
    }

    #[test] // One text, one pass: the gradient is (p − y) · x with p the clamped mean, so the first step has length `learning_rate`.
    fn the_first_step_is_worked_by_hand() {
        let params = TextOddsParams { n_epochs: 1, learning_rate: 0.1, grams: TextGrams { log2_size: 20 } };
        let model = params.fit(&["好"], &[1.0], Seed(1)).unwrap();
        let place = params.grams.places("好")[0] as usize;
        // p = 0.99, slope −0.01, x = 1: weight 0.1 · 0.01 / √(10⁻⁶ + 0.01²) = 0.1 / √1.01 = 0.0995.
        assert!((model.weights[place] - 0.1 / 1.01_f32.sqrt()).abs() < 1e-4, "{}", model.weights[place]);
        assert_eq!(model.weights.iter().filter(|w| **w != 0.0).count(), 1);
    }

    #[test]
    fn the_same_seed_gives_the_same_model_and_wrong_input_is_refused() {
        assert_eq!(fitted().weights, fitted().weights);
        let params = TextOddsParams::default();
        assert!(matches!(params.fit::<&str>(&[], &[], Seed(1)), Err(LearnError::TooLittleData { .. })));
        assert!(matches!(params.fit(&["a"], &[], Seed(1)), Err(LearnError::Shape { .. })));
        assert!(matches!(params.fit(&["a"], &[1.5], Seed(1)), Err(LearnError::NotFinite { .. })));
        let none = TextOddsParams { n_epochs: 0, ..params };
        assert!(matches!(none.fit(&["a"], &[1.0], Seed(1)), Err(LearnError::Param { .. })));
    }

    #[test]
    fn a_fold_is_judged_by_a_model_that_did_not_see_it() {
        let params = TextOddsParams { n_epochs: 20, ..TextOddsParams::default() };
        let texts = ["好", "好", "差", "差"];
        let places: Vec<Vec<u32>> = texts.iter().map(|t| params.grams.places(t)).collect();
        let targets = [1.0, 1.0, 0.0, 0.0];
        let apart = params.out_of_fold(&places, &targets, &[0, 1, 0, 1], 2, Seed(1)).unwrap();
        assert!(apart[0].unwrap() > 0.5 && apart[2].unwrap() < 0.5);
        // With both 好 in one fold nothing is known of it: the only sign seen elsewhere is 差, which is bad.
        let unseen = params.out_of_fold(&places, &targets, &[0, 0, 1, 1], 2, Seed(1)).unwrap();
        assert!(unseen[0].unwrap() < 0.5);
        assert!(params.out_of_fold(&places, &targets, &[0; 4], 2, Seed(1)).is_err(), "nothing is left to learn from");
    }
}
