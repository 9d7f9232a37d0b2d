//! Whether a review is of one kind: praise or complaint, wish or report. One question with two answers, in any
//! language that was shown, with a probability and with the pieces of the text that speak for and against.
//!
//! Several ways of weighing pieces ([`TextLinearParams`]) are tried by folds on the learning texts, each alone and
//! all together (the mean of their probabilities); the best by [`Aim`] is kept, with the threshold that was best for
//! it. What the folds reached is kept beside it: a little too good, as every best of several is.
//! Cost: that of the linear models, each `n_folds + 1` times.

use domain::Seed;
use learn::container::{ContainerError, Reader, Writer};
use learn::{LearnError, SparseSvmParams, TextLinear, TextLinearParams, TextPieces, TextReason, TextTable, Weighing};

/// What the choice is made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Most answers right; the threshold stays at one half.
    Accuracy,
    /// The harmonic mean of precision and recall of the second kind.
    F1,
}

/// How to learn.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgeParams {
    /// Which pieces are taken.
    pub pieces: TextPieces,
    /// What is tried.
    pub options: Vec<Weights>,
    /// Folds, at least 2.
    pub n_folds: usize,
    /// What decides.
    pub aim: Aim,
}

/// One way of weighing pieces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// What pieces count.
    pub weighing: Weighing,
    /// What an error costs.
    pub cost: f32,
    /// Learning texts that a piece has to stand in.
    pub min_texts: u32,
}

impl Default for JudgeParams {
    fn default() -> Self {
        let of = |weighing, cost, min_texts| Weights { weighing, cost, min_texts };
        Self {
            pieces: TextPieces { signs: 5, apart: 4, ..TextPieces::default() },
            options: vec![of(Weighing::Rare, 0.3, 2), of(Weighing::Telling, 0.1, 1), of(Weighing::Telling, 1.0, 1)],
            n_folds: 5,
            aim: Aim::F1,
        }
    }
}

/// A fitted judge.
#[derive(Clone, Debug, PartialEq)]
pub struct Judge {
    models: Vec<TextLinear>,
    pieces: TextPieces,
    threshold: f64,
    /// The aim by folds, of what was chosen.
    by_folds: f64,
}

/// One candidate of the choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// Which options, by their place.
    pub options: Vec<usize>,
    /// The aim by folds.
    pub value: f64,
    /// At this threshold.
    pub threshold: f64,
}

/// What a judge says of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// That it is of the second kind.
    pub probability: f64,
    /// Whether that is enough.
    pub is: bool,
}

impl JudgeParams {
    /// Learns from texts and whether each is of the second kind.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range, lengths that differ, too few texts, and where there is no option.
    pub fn fit<T: AsRef<str> + Sync>(&self, texts: &[T], is: &[bool], seed: Seed) -> Result<Judge, LearnError> {
        Ok(self.fit_tried(texts, is, seed)?.0)
    }

    /// The same with all that was tried.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_tried<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        is: &[bool],
        seed: Seed,
    ) -> Result<(Judge, Vec<Tried>), LearnError> {
        let table = TextTable::new(&self.pieces, texts);
        let kinds: Vec<u32> = is.iter().map(|is| u32::from(*is)).collect();
        let rows: Vec<usize> = (0..table.len()).collect();
        let folds = table.folds(self.n_folds, seed.derive(0));
        let (mut models, mut left_out) = (Vec::new(), Vec::new());
        for (at, option) in self.options.iter().enumerate() {
            let svm = SparseSvmParams { cost: option.cost, ..SparseSvmParams::default() };
            let params = TextLinearParams {
                pieces: self.pieces.clone(),
                min_texts: option.min_texts,
                weighing: option.weighing,
                svm,
                n_folds: self.n_folds,
            };
            let (model, p) = params.fit_folds(&table, &kinds, 2, &rows, &folds, seed.derive(1 + at as u64))?;
            models.push(model);
            left_out.push(p.into_iter().map(|p| p[1]).collect::<Vec<f64>>());
        }
        let mut sets: Vec<Vec<usize>> = (0..models.len()).map(|at| vec![at]).collect();
        if models.len() > 1 {
            sets.push((0..models.len()).collect());
        }
        let tried = |options: Vec<usize>| {
            let mean = |i: usize| options.iter().map(|&o| left_out[o][i]).sum::<f64>() / options.len() as f64;
            let p: Vec<f64> = rows.iter().map(|&i| mean(i)).collect();
            let (threshold, value) = self.aim.best(&p, is);
            Tried { options, value, threshold }
        };
        let tried: Vec<Tried> = sets.into_iter().map(tried).collect();
        let chosen = tried.iter().reduce(|a, b| if b.value > a.value { b } else { a });
        let chosen = chosen.ok_or(LearnError::TooLittleData { what: "options", have: 0, need: 1 })?;
        let (threshold, by_folds) = (chosen.threshold, chosen.value);
        let models = chosen.options.iter().map(|&o| models[o].clone()).collect();
        Ok((Judge { models, pieces: self.pieces.clone(), threshold, by_folds }, tried))
    }
}

impl Aim {
    /// The threshold that is best for probabilities whose truth is known, and what it reaches: from it on a text is
    /// of the second kind.
    pub fn best(self, p: &[f64], is: &[bool]) -> (f64, f64) {
        match self {
            Self::Accuracy => {
                let right = p.iter().zip(is).filter(|(p, is)| (**p >= 0.5) == **is).count();
                (0.5, right as f64 / p.len().max(1) as f64)
            }
            Self::F1 => best_f1(p, is),
        }
    }
}

/// The threshold with the largest F1, half-way to the next lower probability, and the F1.
pub fn best_f1(p: &[f64], is: &[bool]) -> (f64, f64) {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[b].total_cmp(&p[a]).then(a.cmp(&b)));
    let n_is = is.iter().filter(|is| **is).count();
    let (mut hits, mut best) = (0_usize, (0.5, 0.0));
    for (at, &row) in order.iter().enumerate() {
        hits += usize::from(is[row]);
        let next = order.get(at + 1).map_or(0.0, |&next| p[next]);
        let f1 = 2.0 * hits as f64 / (at + 1 + n_is) as f64;
        if next < p[row] && f1 > best.1 {
            best = (0.5 * (p[row] + next), f1);
        }
    }
    best
}

impl Judge {
    /// What it says; `None` for a text without letters.
    pub fn judge(&self, text: &str) -> Option<Judged> {
        let keys = self.pieces.keys(text);
        if keys.is_empty() {
            return None;
        }
        let sum: f64 = self.models.iter().map(|model| model.of_keys(&keys)[1]).sum();
        let probability = sum / self.models.len().max(1) as f64;
        Some(Judged { probability, is: probability >= self.threshold })
    }

    /// Pieces of the text that speak most for the second kind, and most against it, at most `n` of each: what they
    /// add to the margin of the first of the models.
    pub fn reasons(&self, text: &str, n: usize) -> Vec<TextReason> {
        self.models.first().map_or(Vec::new(), |model| model.reasons(text, 1, n))
    }

    /// From which probability on a text is of the second kind.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// What the choice was made by, as the folds gave it.
    pub fn by_folds(&self) -> f64 {
        self.by_folds
    }

    /// As bytes, with the fingerprint of what it was learnt from.
    pub fn to_bytes(&self, fingerprint: u128) -> Vec<u8> {
        let mut to = Writer::default();
        to.f64s("judge", &[self.threshold, self.by_folds]);
        to.u64s("models", &[self.models.len() as u64]);
        for (at, model) in self.models.iter().enumerate() {
            let mut inner = Writer::default();
            model.save(&mut inner);
            to.bytes(&format!("model {at}"), &inner.finish("text_linear", fingerprint));
        }
        to.finish("judge", fingerprint)
    }

    /// From what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ContainerError`] for bytes that are no judge.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContainerError> {
        let from = Reader::open(bytes)?;
        if from.kind() != "judge" {
            return Err(ContainerError::Kind { got: from.kind().to_owned(), want: "judge".to_owned() });
        }
        let [n] = from.sizes("models", 64)?;
        let read = |at: usize| TextLinear::load(&Reader::open(from.bytes(&format!("model {at}"))?)?);
        let models: Vec<TextLinear> = (0..n).map(read).collect::<Result<_, _>>()?;
        let numbers = from.f64s("judge")?;
        let (Some(first), [threshold, by_folds]) = (models.first(), numbers.as_slice()) else {
            return Err(ContainerError::content("judge", "two numbers and at least one model"));
        };
        let pieces = first.pieces().clone();
        if models.iter().any(|model| *model.pieces() != pieces || model.n_kinds() != 2) {
            return Err(ContainerError::content("models", "models of two kinds over the same pieces"));
        }
        Ok(Self { pieces, threshold: *threshold, by_folds: *by_folds, models })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sorted: 0.9 yes, 0.8 no, 0.7 yes, 0.1 no. F1 after 1, 2, 3: 2/3, 2/4, 4/5. Best from 0.4 on.
    #[test]
    fn the_best_threshold_is_found_by_hand() {
        let (threshold, f1) = best_f1(&[0.1, 0.9, 0.8, 0.7], &[false, true, false, true]);
        assert!((threshold - 0.4).abs() < 1e-12 && (f1 - 0.8).abs() < 1e-12);
        // Rows that cannot be told apart are taken together: 2 hits of 3, F1 4/5, never 2/2.
        let (_, tied) = best_f1(&[0.5, 0.5, 0.5], &[true, true, false]);
        assert!((tied - 0.8).abs() < 1e-12, "{tied}");
        assert_eq!(best_f1(&[0.5], &[false]).1, 0.0);
    }

    fn learnt() -> Judge {
        let wish = ["I wish it had a lid", "would be better if it had a handle", "if only it were larger"];
        let said = ["it has a lid", "the handle is fine", "it is large and good", "arrived on time", "nice cup"];
        let texts: Vec<String> =
            (0..6).flat_map(|i| wish.iter().chain(&said).map(move |t| format!("{t} {}", "x".repeat(i)))).collect();
        let is: Vec<bool> = (0..6).flat_map(|_| (0..8).map(|k| k < 3)).collect();
        JudgeParams::default().fit(&texts, &is, Seed(1)).unwrap()
    }

    #[test]
    fn wishes_are_told_from_reports_with_reasons_and_survive_saving() {
        let judge = learnt();
        let (wish, said) =
            (judge.judge("I wish it had a zip").unwrap(), judge.judge("the lid is good, on time").unwrap());
        assert!(wish.is && !said.is && wish.probability > said.probability, "{wish:?} {said:?}");
        assert!(judge.reasons("I wish it had a zip", 3).iter().any(|r| r.adds > 0.0));
        assert_eq!(judge.judge("?? …".trim_matches('?')), None);
        let bytes = judge.to_bytes(7);
        assert_eq!(Judge::from_bytes(&bytes).unwrap(), judge);
        let mut wrong = bytes;
        wrong[60] ^= 1;
        assert!(Judge::from_bytes(&wrong).is_err());
    }

    #[test]
    fn without_options_or_texts_nothing_is_learnt() {
        let none = JudgeParams { options: Vec::new(), ..JudgeParams::default() };
        assert!(none.fit(&["a"; 8], &[true; 8], Seed(1)).is_err());
        assert!(JudgeParams::default().fit::<&str>(&[], &[], Seed(1)).is_err());
    }
}
