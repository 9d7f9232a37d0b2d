//! How satisfied a review is, from −1 to 1, by its stars and by a model of words that learns from the seller's own
//! rated reviews.
//!
//! *Stars*: `(stars − 3) / 2`. *Text*: `2 · p − 1`, with `p` from a logistic regression over hashed pieces of the
//! text ([`learn::TextOdds`]) whose target is `(stars − 1) / 4`: no dictionary and no download, and every
//! language that the seller's shoppers write in. A review with both gets two thirds of its stars and one third of its text, where the
//! text is judged by a model that saw neither it nor an equal text (five folds by text).
//!
//! Words count in a language only where they are shown to say something there: enough rated reviews on both sides,
//! and held-out reviews of one or two stars told from those of four or five better than by chance ([`SentimentParams`]). Else
//! stars alone count, and a review without stars has no sentiment. What was measured is in
//! clean.sentiment_quality. Texts that say nothing (`junk_text`) do not count.
//!
//! Cost: six fits on at most `max_train` reviews, about 10 µs a review and pass; the rest is read once.

use crate::CleanError;
use crate::columns::{Reader, batch, bool_array, clean_table, float_array, must_ints, must_texts, text_array};
use crate::hash::hash_bytes;
use arrow_array::RecordBatch;
use domain::Seed;
use learn::{TextOdds, TextOddsParams};
use std::collections::BTreeMap;

/// When words count.
#[derive(Clone, Debug, PartialEq)]
pub struct SentimentParams {
    /// The model of words.
    pub model: TextOddsParams,
    /// Reviews that a model learns from at most, drawn by their text.
    pub max_train: usize,
    /// Rated reviews with a text, of 1, 2, 4 or 5 stars, below which no model is fitted.
    pub min_rated: usize,
    /// Of those, on each side.
    pub min_side: usize,
    /// The same of one language, below which its words do not count.
    pub min_rated_language: usize,
    /// Of those, on each side.
    pub min_side_language: usize,
    /// Least probability that a held-out satisfied review is ranked above a dissatisfied one, 0.5 to 1.
    pub min_auc: f64,
    /// Share of the text in a review with stars, 0 to 1.
    pub text_weight: f64,
}

impl Default for SentimentParams {
    fn default() -> Self {
        Self {
            model: TextOddsParams::default(),
            max_train: 60_000,
            min_rated: 200,
            min_side: 30,
            min_rated_language: 50,
            min_side_language: 10,
            min_auc: 0.7,
            text_weight: 1.0 / 3.0,
        }
    }
}

/// Folds that judge texts which the model learns from.
const FOLDS: usize = 5;
/// The stream of the model's draws; cleaning has no seed of its own.
const SEED: Seed = Seed(0x5e47);
/// The row of all languages.
const ALL: &str = "all";
/// The row of reviews without a language.
const UNKNOWN: &str = "und";

/// Reviews with their sentiment, and how far words can be trusted.
#[derive(Debug)]
pub struct SentimentOut {
    /// clean.reviews.
    pub reviews: RecordBatch,
    /// clean.sentiment_quality: a row a language, `all` first.
    pub quality: RecordBatch,
}

/// How a language came out.
#[derive(Clone, Debug, Default, PartialEq)]
struct Language {
    n_negative: usize,
    n_positive: usize,
    /// Held-out: told right, and the probability of each side.
    right: usize,
    negative: Vec<f64>,
    positive: Vec<f64>,
}

/// Gives every row of clean.reviews its sentiment where there is one.
///
/// # Errors
/// [`CleanError`] for a batch of another layout.
pub fn sentiment(reviews: &RecordBatch, params: &SentimentParams) -> Result<SentimentOut, CleanError> {
    let r = Reader::new("reviews", reviews);
    let (text, junk, rating) = (r.text("text")?, r.text("junk")?, r.floats("rating")?);
    let language = r.text("language")?;
    let n = reviews.num_rows();
    let of = |i: usize| language.get(i).unwrap_or(UNKNOWN);
    let words: Vec<Option<&str>> = (0..n).map(|i| text.get(i).filter(|_| junk.get(i).is_none())).collect();
    let hash = |text: &str| hash_bytes(17, text.as_bytes());

    let mut train: Vec<usize> = (0..n).filter(|&i| words[i].is_some() && rating.get(i).is_some()).collect();
    if train.len() > params.max_train {
        train.sort_by_cached_key(|&i| (words[i].map(hash), i));
        train.truncate(params.max_train);
        train.sort_unstable();
    }
    let stars: Vec<f64> = train.iter().map(|&i| rating.get(i).unwrap_or(3.0)).collect();
    let mut languages: BTreeMap<&str, Language> = BTreeMap::new();
    for (&i, &s) in train.iter().zip(&stars) {
        for key in [ALL, of(i)] {
            let language = languages.entry(key).or_default();
            language.n_negative += usize::from(s <= 2.0);
            language.n_positive += usize::from(s >= 4.0);
        }
    }
    let enough = languages.get(ALL).is_some_and(|l| l.has(params.min_rated, params.min_side));
    let mut by_text: Vec<Option<f64>> = vec![None; n];
    if enough {
        let grams = params.model.grams;
        let places: Vec<Vec<u32>> = train.iter().map(|&i| grams.places(words[i].unwrap_or_default())).collect();
        let targets: Vec<f32> = stars.iter().map(|s| ((s - 1.0) / 4.0) as f32).collect();
        let folds: Vec<usize> =
            train.iter().map(|&i| (hash(words[i].unwrap_or_default()) >> 7) as usize % FOLDS).collect();
        if let Ok(held_out) = params.model.out_of_fold(&places, &targets, &folds, FOLDS, SEED)
            && let Ok(model) = params.model.fit_places(&places, &targets, &(0..train.len()).collect::<Vec<_>>(), SEED)
        {
            judge(&train, &stars, &held_out, &of, &mut languages);
            fill(&mut by_text, &words, &train, &held_out, &model);
        }
    }
    let used: BTreeMap<&str, bool> = languages.iter().map(|(k, l)| (*k, l.counts(params))).collect();
    let counted = |i: usize| by_text[i].filter(|_| used.get(of(i)).copied().unwrap_or(false));
    let score = |i: usize| {
        let (by_stars, by_text) = (rating.get(i).map(|s| (s - 3.0) / 2.0), counted(i).map(|p| 2.0 * p - 1.0));
        match (by_stars, by_text) {
            (Some(s), Some(t)) => {
                (Some((1.0 - params.text_weight) * s + params.text_weight * t), Some("rating_and_text"))
            }
            (Some(s), None) => (Some(s), Some("rating")),
            (None, Some(t)) => (Some(t), Some("text")),
            (None, None) => (None, None),
        }
    };
    let scores: Vec<_> = (0..n).map(score).collect();
    let mut columns = reviews.columns().to_vec();
    for (column, array) in [
        ("sentiment", float_array(scores.iter().map(|s| s.0))),
        ("sentiment_basis", text_array(scores.iter().map(|s| s.1))),
    ] {
        let missing = |_| CleanError::NoColumn { table: "reviews", column };
        columns[reviews.schema().index_of(column).map_err(missing)?] = array;
    }
    Ok(SentimentOut { reviews: batch(clean_table("reviews"), columns), quality: quality(&languages, enough, params) })
}

/// Held-out reviews of each side, by language.
fn judge<'a>(
    train: &[usize],
    stars: &[f64],
    held_out: &[Option<f64>],
    of: &dyn Fn(usize) -> &'a str,
    languages: &mut BTreeMap<&'a str, Language>,
) {
    for ((&i, &s), p) in train.iter().zip(stars).zip(held_out) {
        let Some(p) = p.filter(|_| s <= 2.0 || s >= 4.0) else { continue };
        for key in [ALL, of(i)] {
            let language = languages.entry(key).or_default();
            language.right += usize::from((p > 0.5) == (s >= 4.0));
            if s >= 4.0 { language.positive.push(p) } else { language.negative.push(p) }
        }
    }
}

/// What the words of each review say: those that were learned from by a model that did not see them.
fn fill(
    by_text: &mut [Option<f64>],
    words: &[Option<&str>],
    train: &[usize],
    held_out: &[Option<f64>],
    model: &TextOdds,
) {
    let mut learned = vec![false; words.len()];
    for (&i, p) in train.iter().zip(held_out) {
        by_text[i] = *p;
        learned[i] = true;
    }
    for (i, words) in words.iter().enumerate().filter(|(i, _)| !learned[*i]) {
        by_text[i] = words.and_then(|text| model.probability(text));
    }
}

impl Language {
    fn has(&self, rated: usize, side: usize) -> bool {
        self.n_negative + self.n_positive >= rated && self.n_negative.min(self.n_positive) >= side
    }

    fn n_judged(&self) -> usize {
        self.negative.len() + self.positive.len()
    }

    /// Share of the held-out that are told right.
    fn accuracy(&self) -> Option<f64> {
        (self.n_judged() > 0).then(|| self.right as f64 / self.n_judged() as f64)
    }

    /// The same where everything is called the more frequent side.
    fn majority(&self) -> Option<f64> {
        let more = self.negative.len().max(self.positive.len());
        (self.n_judged() > 0).then(|| more as f64 / self.n_judged() as f64)
    }

    /// Probability that a satisfied one is ranked above a dissatisfied one, ties half.
    fn auc(&self) -> Option<f64> {
        if self.negative.is_empty() || self.positive.is_empty() {
            return None;
        }
        let mut sorted = self.negative.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let above = |p: &f64| {
            let below = sorted.partition_point(|q| q < p);
            let ties = sorted.partition_point(|q| q <= p) - below;
            below as f64 + ties as f64 / 2.0
        };
        let wins: f64 = self.positive.iter().map(above).sum();
        Some(wins / (self.negative.len() as f64 * self.positive.len() as f64))
    }

    fn counts(&self, params: &SentimentParams) -> bool {
        self.has(params.min_rated_language, params.min_side_language) && self.auc().is_some_and(|a| a >= params.min_auc)
    }

    fn why(&self, enough: bool, params: &SentimentParams) -> String {
        let (negative, positive) = (self.n_negative, self.n_positive);
        let sides = format!("{negative} reviews of 1 or 2 stars and {positive} of 4 or 5");
        if !enough {
            let (n, side) = (params.min_rated, params.min_side);
            return format!(
                "stars alone: too few rated reviews for a model of words; it needs {n}, {side} on each side"
            );
        }
        if !self.has(params.min_rated_language, params.min_side_language) {
            let (n, side) = (params.min_rated_language, params.min_side_language);
            return format!("stars alone: {sides}; a language needs {n}, {side} on each side");
        }
        match self.auc() {
            Some(auc) if auc >= params.min_auc => format!("words count: {sides}, held out, are told apart"),
            _ => format!("stars alone: {sides}, held out, are not told apart well enough"),
        }
    }
}

fn quality(languages: &BTreeMap<&str, Language>, enough: bool, params: &SentimentParams) -> RecordBatch {
    let mut rows: Vec<(&str, &Language)> = languages.iter().map(|(k, l)| (*k, l)).collect();
    rows.sort_by_key(|(k, _)| (*k != ALL, *k));
    batch(
        clean_table("sentiment_quality"),
        vec![
            must_texts(rows.iter().map(|r| r.0)),
            must_ints(rows.iter().map(|r| r.1.n_negative as i64)),
            must_ints(rows.iter().map(|r| r.1.n_positive as i64)),
            float_array(rows.iter().map(|r| r.1.accuracy())),
            float_array(rows.iter().map(|r| r.1.majority())),
            float_array(rows.iter().map(|r| r.1.auc())),
            bool_array(rows.iter().map(|r| Some(r.1.counts(params)))),
            must_texts(rows.iter().map(|r| r.1.why(enough, params))),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Positive 0.9, 0.6; negative 0.6, 0.2: of four pairs three are right and one is a tie.
    fn the_probability_of_the_right_order_is_counted_by_hand() {
        let language =
            Language { right: 3, negative: vec![0.6, 0.2], positive: vec![0.9, 0.6], n_negative: 2, n_positive: 2 };
        assert_eq!(language.auc(), Some(3.5 / 4.0));
        assert_eq!((language.accuracy(), language.majority()), (Some(0.75), Some(0.5)));
        assert_eq!(Language::default().auc(), None);
    }
}
