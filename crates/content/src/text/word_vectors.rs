//! Word vectors learnt from a catalogue's or a review table's own texts, and texts as their weighted mean.
//!
//! Words are those of [`words`], each with the rows of letters in it (three to five with the ends marked where blanks
//! part words, pairs of signs in Chinese, Japanese and Thai), so that an unseen word has a vector, too. The kernel is
//! [`learn::subword_skipgram`]. A text is `Σ_w a / (a + p(w)) · v_w`, with `p(w)` the word's share of all
//! words and `a` of a thousandth, scaled to length 1.
//!
//! Source of the weights: Arora, Liang and Ma, "A simple but tough-to-beat baseline for sentence embeddings", ICLR
//! 2017, without their last step: taking out the mean changed nothing in a task of categories. Cost: see the kernel; a text its words times their rows.

use super::hashed::rows_of;
use super::script::Script;
use super::segment::words;
use crate::{Encode, Vectors};
use domain::Seed;
use learn::LearnError;
use learn::container::{ContainerError, Reader, Writer};
use learn::subword_skipgram::{SubwordSkipGramParams, SubwordVectors, WordRows};
use rayon::prelude::*;
use std::collections::HashMap;

/// How word vectors are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WordVectorsParams {
    /// Times that a word has to stand in the texts, at least 1.
    pub min_count: usize,
    /// Words that a group of letters has to stand in.
    pub min_words: usize,
    /// The kernel.
    pub skip_gram: SubwordSkipGramParams,
}

impl Default for WordVectorsParams {
    fn default() -> Self {
        Self { min_count: 5, min_words: 3, skip_gram: SubwordSkipGramParams::default() }
    }
}

/// `a` of the weights.
const RARE: f32 = 1e-3;

/// Fitted word vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct WordVectors {
    width: usize,
    /// Words with their share of all words and their vectors, most frequent first.
    words: Vec<String>,
    share: Vec<f32>,
    vectors: Vec<f32>,
    places: HashMap<String, u32>,
    /// Groups of letters, ascending, with their rows.
    groups: Vec<u64>,
    group_rows: Vec<f32>,
}

/// The groups of letters of a word, each once.
fn groups(word: &str) -> Vec<u64> {
    let signs: Vec<char> = word.chars().collect();
    let hash = |w: &[char]| {
        w.iter().fold(0xCBF2_9CE4_8422_2325_u64 ^ w.len() as u64, |h, c| {
            (h ^ u64::from(u32::from(*c))).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
        })
    };
    let mut out: Vec<u64> = if signs.iter().any(|c| Script::of(*c).is_unspaced()) {
        if signs.len() > 2 { signs.windows(2).map(hash).collect() } else { Vec::new() }
    } else {
        let ends: Vec<char> = [' '].into_iter().chain(signs).chain([' ']).collect();
        (3..=5).filter(|n| *n < ends.len()).flat_map(|n| ends.windows(n).map(hash).collect::<Vec<_>>()).collect()
    };
    out.sort_unstable();
    out.dedup();
    out
}

impl WordVectorsParams {
    /// Learns from texts.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range or no word that is frequent enough.
    pub fn fit<T: AsRef<str> + Sync>(&self, texts: &[T], seed: Seed) -> Result<WordVectors, LearnError> {
        let texts: Vec<Vec<String>> = texts.par_iter().map(|text| words(text.as_ref())).collect();
        self.fit_words(&texts, seed)
    }

    /// Learns from texts whose words are parted already.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_words(&self, texts: &[Vec<String>], seed: Seed) -> Result<WordVectors, LearnError> {
        if self.min_count == 0 {
            return Err(LearnError::Param { name: "min_count", rule: "at least 1", got: 0.0 });
        }
        let mut counts: HashMap<&str, usize> = HashMap::new();
        texts.iter().flatten().for_each(|word| *counts.entry(word).or_default() += 1);
        let mut kept: Vec<(&str, usize)> = counts.into_iter().filter(|(_, n)| *n >= self.min_count).collect();
        kept.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let of_word: Vec<Vec<u64>> = kept.par_iter().map(|(word, _)| groups(word)).collect();
        let mut seen_in: HashMap<u64, usize> = HashMap::new();
        of_word.iter().flatten().for_each(|g| *seen_in.entry(*g).or_default() += 1);
        let mut known: Vec<u64> = seen_in.into_iter().filter(|(_, n)| *n >= self.min_words).map(|(g, _)| g).collect();
        known.sort_unstable();
        let n_words = kept.len();
        let row = |group: &u64| known.binary_search(group).ok().map(|at| (n_words + at) as u32);
        let rows = (0..).zip(&of_word).map(|(word, groups): (u32, _)| {
            [word].into_iter().chain(groups.iter().filter_map(row)).collect::<Vec<u32>>()
        });
        let rows = WordRows { n_rows: n_words + known.len(), of_word: rows.collect() };
        let places: HashMap<String, u32> = (0..).zip(&kept).map(|(at, (word, _))| ((*word).to_owned(), at)).collect();
        let number = |text: &Vec<String>| text.iter().filter_map(|w| places.get(w).copied()).collect::<Vec<u32>>();
        let sentences: Vec<Vec<u32>> = texts.par_iter().map(number).collect();
        let fitted: SubwordVectors = self.skip_gram.fit(&sentences, &rows, seed)?;
        let total: usize = kept.iter().map(|(_, n)| n).sum();
        let share: Vec<f32> = kept.iter().map(|(_, n)| *n as f32 / total as f32).collect();
        let vectors: Vec<f32> = rows.of_word.par_iter().flat_map_iter(|rows| fitted.mean(rows)).collect();
        Ok(WordVectors {
            width: fitted.width,
            words: kept.iter().map(|(word, _)| (*word).to_owned()).collect(),
            share,
            vectors,
            places,
            group_rows: fitted.rows[n_words * fitted.width..].to_vec(),
            groups: known,
        })
    }
}

impl WordVectors {
    /// Words it was shown often enough.
    pub fn n_words(&self) -> usize {
        self.words.len()
    }

    /// The vector of a word: its own, or the mean of its groups of letters; `None` where none is known.
    pub fn vector(&self, word: &str) -> Option<Vec<f32>> {
        if let Some(at) = self.places.get(word) {
            return Some(self.vectors[*at as usize * self.width..][..self.width].to_vec());
        }
        let known: Vec<usize> = groups(word).iter().filter_map(|g| self.groups.binary_search(g).ok()).collect();
        let mut out = vec![0.0; self.width];
        for at in &known {
            let row = &self.group_rows[at * self.width..][..self.width];
            out.iter_mut().zip(row).for_each(|(o, x)| *o += x / known.len() as f32);
        }
        (!known.is_empty()).then_some(out)
    }

    /// The `k` words closest to a word by cosine, without itself; nothing where it has no vector.
    pub fn nearest(&self, word: &str, k: usize) -> Vec<(&str, f32)> {
        let Some(v) = self.vector(word) else { return Vec::new() };
        let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        let cosine = |w: &[f32]| v.iter().zip(w).map(|(x, y)| x * y).sum::<f32>() / (length(&v) * length(w));
        let all = self.vectors.chunks_exact(self.width).map(cosine);
        let mut all: Vec<(&str, f32)> =
            self.words.iter().map(String::as_str).zip(all).filter(|(w, _)| *w != word).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        all.truncate(k);
        all
    }

    /// One vector a text whose words are parted already, of length 1.
    pub fn encode_words(&self, texts: &[Vec<String>]) -> Vectors {
        rows_of(self.width, texts.par_iter().map(|text| self.text(text)).collect())
    }

    fn text(&self, text: &[String]) -> Option<Vec<f32>> {
        let mut out: Option<Vec<f32>> = None;
        for word in text {
            let place = self.places.get(word).map(|at| *at as usize);
            let weight = RARE / (RARE + place.map_or(0.0, |at| self.share[at]));
            let sum = |out: &mut Vec<f32>, row: &[f32]| out.iter_mut().zip(row).for_each(|(o, x)| *o += weight * x);
            match place {
                Some(at) => {
                    let row = &self.vectors[at * self.width..][..self.width];
                    sum(out.get_or_insert_with(|| vec![0.0; self.width]), row);
                }
                None => {
                    if let Some(row) = self.vector(word) {
                        sum(out.get_or_insert_with(|| vec![0.0; self.width]), &row);
                    }
                }
            }
        }
        out
    }

    /// Writes what [`Self::load`] reads.
    pub fn save(&self, to: &mut Writer) {
        to.u64s("words width", &[self.width as u64]);
        to.lines("words", &self.words);
        to.f32s("words share", &self.share);
        to.f32s("words vectors", &self.vectors);
        to.u64s("words groups", &self.groups);
        to.f32s("words group rows", &self.group_rows);
    }

    /// Reads word vectors.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are not there or do not fit together.
    pub fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [width] = from.sizes("words width", 1 << 12)?;
        let words: Vec<String> = from.lines("words")?.into_iter().map(str::to_owned).collect();
        let (share, vectors) = (from.f32s("words share")?, from.f32s("words vectors")?);
        let (groups, group_rows) = (from.u64s("words groups")?, from.f32s("words group rows")?);
        let fits = width > 0 && share.len() == words.len() && vectors.len() == words.len() * width;
        if !fits || group_rows.len() != groups.len() * width || groups.windows(2).any(|w| w[0] >= w[1]) {
            return Err(ContainerError::content(
                "words vectors",
                "a share and `width` numbers a word, and as many a group",
            ));
        }
        if vectors.iter().chain(&group_rows).chain(&share).any(|x| !x.is_finite()) {
            return Err(ContainerError::content("words vectors", "finite numbers"));
        }
        let places = (0..).zip(&words).map(|(at, word)| (word.clone(), at)).collect();
        Ok(Self { width, words, share, vectors, places, groups, group_rows })
    }
}

impl Encode for WordVectors {
    type Item = str;

    fn width(&self) -> usize {
        self.width
    }

    fn encode(&self, items: &[Option<&str>]) -> Vectors {
        rows_of(self.width, items.par_iter().map(|item| item.and_then(|text| self.text(&words(text)))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted() -> WordVectors {
        let pets = ["dog", "cat", "leash", "bowl", "puppy"];
        let phones = ["phone", "cable", "charger", "screen", "phones"];
        let text = |i: u64| {
            let mut rng = Seed(5).stream(i);
            let of = if i.is_multiple_of(2) { pets } else { phones };
            (0..7).map(|_| of[rng.below(5)]).collect::<Vec<_>>().join(" ")
        };
        let texts: Vec<String> = (0..500).map(text).collect();
        let skip_gram = SubwordSkipGramParams { width: 12, subsample: 0.0, ..SubwordSkipGramParams::default() };
        WordVectorsParams { skip_gram, min_words: 1, ..WordVectorsParams::default() }.fit(&texts, Seed(1)).unwrap()
    }

    #[test]
    fn words_of_one_kind_are_near_and_unseen_ones_have_vectors() {
        let model = fitted();
        let near: Vec<&str> = model.nearest("dog", 4).into_iter().map(|(w, _)| w).collect();
        assert!(near.iter().all(|w| ["cat", "leash", "bowl", "puppy"].contains(w)), "{near:?}");
        assert!(model.vector("cables").is_some() && model.vector("zzz").is_none());
        let v = model.encode(&[Some("puppy bowl"), Some("cat"), Some("charger cables"), Some("zzz"), None]);
        let close =
            |a: usize, b: usize| -> f32 { v.row(a).unwrap().iter().zip(v.row(b).unwrap()).map(|(x, y)| x * y).sum() };
        assert!(close(0, 1) > close(0, 2) + 0.3);
        assert!(!v.is_present(3) && !v.is_present(4));
    }

    #[test]
    fn saved_vectors_are_the_same_and_nothing_to_learn_is_refused() {
        let model = fitted();
        let mut to = Writer::default();
        model.save(&mut to);
        let bytes = to.finish("word-vectors", 1);
        assert_eq!(WordVectors::load(&Reader::open(&bytes).unwrap()).unwrap(), model);
        assert!(WordVectorsParams::default().fit(&["once"], Seed(1)).is_err());
    }
}
