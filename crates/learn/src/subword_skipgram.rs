//! Vectors of words from the words around them, each word the mean of rows that it shares with others.
//!
//! A word's vector is the mean `h` of its input rows: one of its own and those of the letter groups in it. Around
//! each place a window of one to `window` words is predicted, with `σ(h · o_c)` towards 1 for a word `c` in the window
//! and towards 0 for words drawn by their frequency to the power ¾. Departures from the papers, for speed:
//! all words of a window take one `h`, whose rows are changed once, and they share their draws, `2 · n_negative` a window,
//! weighted so that they count like `n_negative` a word.
//!
//! Not lock-free: sentences are dealt, in their order, to `n_shards` copies of the tables, each of which learns from
//! `block_words` words; then the changes of all copies are added to the tables in the order of the shards. So the
//! bits are the same at any number of threads, and as many threads as shards can help. One shard is the default: its
//! vectors were measured a little better and it needs fewer CPU seconds.
//!
//! Sources: Mikolov et al., "Distributed representations of words and phrases and their compositionality", NIPS 2013;
//! Bojanowski et al., "Enriching word vectors with subword information", TACL 5, 2017; Ji et al., "Parallelizing Word2Vec
//! in shared and distributed memory", IEEE TPDS 30(9), 2019. Cost: a place takes some `3 · width · (window + 2 ·
//! n_negative)` multiply-adds; memory `(n_shards + 1)` times the tables, once the tables with one shard.

use crate::LearnError;
use crate::lanes::{LANES, add_scaled, add_scaled4, dot, dot4, vectorised};
use domain::{Rng, Seed};
use rayon::prelude::*;

/// How vectors are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SubwordSkipGramParams {
    /// Numbers of a vector, at least 1.
    pub width: usize,
    /// Words to either side at most, at least 1; each place draws its own reach.
    pub window: usize,
    /// Drawn words that a word of the window counts against, at least 1.
    pub n_negative: usize,
    /// Passes, at least 1.
    pub n_epochs: usize,
    /// Length of the first steps, above 0; it falls to a thousandth in a line.
    pub learning_rate: f32,
    /// Words more frequent than this share of all are left out now and then; 0 keeps all.
    pub subsample: f64,
    /// Copies that learn side by side, at least 1.
    pub n_shards: usize,
    /// Words a copy learns from before the changes are joined, at least 1.
    pub block_words: usize,
}

impl Default for SubwordSkipGramParams {
    fn default() -> Self {
        Self {
            width: 100,
            window: 5,
            n_negative: 5,
            n_epochs: 5,
            learning_rate: 0.05,
            subsample: 1e-3,
            n_shards: 1,
            block_words: 10_000,
        }
    }
}

/// Fitted tables: one input row for each word and each group of letters.
#[derive(Clone, Debug, PartialEq)]
pub struct SubwordVectors {
    /// Numbers of a row.
    pub width: usize,
    /// `n_rows × width`.
    pub rows: Vec<f32>,
}

/// Which input rows each word is the mean of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordRows {
    /// Rows in all.
    pub n_rows: usize,
    /// The rows of each word, at least one.
    pub of_word: Vec<Vec<u32>>,
}

/// Rows padded to whole lanes.
#[derive(Clone)]
struct Tables {
    inputs: Vec<f32>,
    outputs: Vec<f32>,
}

/// What does not change while learning.
struct Setting<'a> {
    params: &'a SubwordSkipGramParams,
    rows: &'a WordRows,
    stride: usize,
    /// Words in proportion to their chance of being drawn.
    draws: Vec<u32>,
    /// Chance that a word stays.
    keep: Vec<f32>,
    sigmoid: Vec<f32>,
}

/// Buffers of one shard.
struct Work {
    words: Vec<u32>,
    targets: Vec<u32>,
    h: Vec<f32>,
    change: Vec<f32>,
}

const SIGMOID_REACH: f32 = 8.0;
const SIGMOID_STEPS: usize = 2048;
const N_DRAWS: usize = 1 << 18;

impl SubwordSkipGramParams {
    fn check(&self) -> Result<(), LearnError> {
        let counts = [
            ("width", self.width),
            ("window", self.window),
            ("n_negative", self.n_negative),
            ("n_epochs", self.n_epochs),
            ("n_shards", self.n_shards),
            ("block_words", self.block_words),
        ];
        if let Some((name, _)) = counts.into_iter().find(|(_, value)| *value == 0) {
            return Err(LearnError::Param { name, rule: "at least 1", got: 0.0 });
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            let got = f64::from(self.learning_rate);
            return Err(LearnError::Param { name: "learning_rate", rule: "above 0", got });
        }
        if !(self.subsample >= 0.0 && self.subsample.is_finite()) {
            return Err(LearnError::Param { name: "subsample", rule: "at least 0", got: self.subsample });
        }
        Ok(())
    }

    /// Learns from sentences of word numbers.
    ///
    /// # Errors
    /// [`LearnError`] for a parameter out of range, a word without rows or with one that is not there, or no words.
    pub fn fit(&self, sentences: &[Vec<u32>], rows: &WordRows, seed: Seed) -> Result<SubwordVectors, LearnError> {
        self.check()?;
        let n_words = rows.of_word.len();
        let mut counts = vec![0_u64; n_words];
        for word in sentences.iter().flatten() {
            let count = counts.get_mut(*word as usize);
            *count.ok_or(LearnError::Shape { what: "a word's number", got: *word as usize, need: n_words })? += 1;
        }
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return Err(LearnError::TooLittleData { what: "words", have: 0, need: 1 });
        }
        for of_word in &rows.of_word {
            let outside = of_word.iter().find(|r| **r as usize >= rows.n_rows);
            if of_word.is_empty() || outside.is_some() {
                let got = outside.map_or(0, |r| *r as usize);
                return Err(LearnError::Shape { what: "a word's row", got, need: rows.n_rows });
            }
        }
        let stride = self.width.next_multiple_of(LANES);
        let setting = Setting {
            params: self,
            rows,
            stride,
            draws: draws(&counts),
            keep: self.keep(&counts, total),
            sigmoid: (0..=SIGMOID_STEPS).map(sigmoid_at).collect(),
        };
        let reach = 0.5 / self.width as f32;
        let start = |(row, out): (usize, &mut [f32])| {
            let mut rng = seed.derive(1).stream(row as u64);
            out[..self.width].iter_mut().for_each(|x| *x = (2.0 * rng.uniform() as f32 - 1.0) * reach);
        };
        let mut inputs = vec![0.0; rows.n_rows * stride];
        inputs.par_chunks_mut(stride).enumerate().for_each(start);
        let mut tables = Tables { inputs, outputs: vec![0.0; n_words * stride] };
        setting.learn(&mut tables, sentences, total * self.n_epochs as u64, seed.derive(2));
        let rows = tables.inputs.chunks_exact(stride).flat_map(|row| &row[..self.width]).copied().collect();
        Ok(SubwordVectors { width: self.width, rows })
    }

    fn keep(&self, counts: &[u64], total: u64) -> Vec<f32> {
        let chance = |n: &u64| {
            if self.subsample == 0.0 || *n == 0 {
                return 1.0;
            }
            let over = self.subsample * total as f64 / *n as f64;
            (over.sqrt() + over).min(1.0) as f32
        };
        counts.iter().map(chance).collect()
    }
}

fn sigmoid_at(step: usize) -> f32 {
    let x = (step as f32 / SIGMOID_STEPS as f32 * 2.0 - 1.0) * SIGMOID_REACH;
    1.0 / (1.0 + (-x).exp())
}

/// Words, each in as many places as its count to the power ¾ deserves.
fn draws(counts: &[u64]) -> Vec<u32> {
    let weights: Vec<f64> = counts.iter().map(|n| (*n as f64).powf(0.75)).collect();
    let whole: f64 = weights.iter().sum();
    let mut out = Vec::with_capacity(N_DRAWS);
    let mut sum = 0.0;
    for (word, weight) in (0..).zip(&weights) {
        sum += weight;
        let end = (sum / whole * N_DRAWS as f64).round() as usize;
        out.resize(end.max(out.len()), word);
    }
    out
}

impl Setting<'_> {
    fn learn(&self, tables: &mut Tables, sentences: &[Vec<u32>], total: u64, seed: Seed) {
        let n_shards = self.params.n_shards;
        let mut copies: Vec<Tables> = if n_shards > 1 { vec![tables.clone(); n_shards] } else { Vec::new() };
        let mut works: Vec<Work> = (0..n_shards).map(|_| self.work()).collect();
        let mut done = 0_u64;
        for epoch in 0..self.params.n_epochs {
            let seed = seed.derive(epoch as u64);
            let mut at = 0;
            while at < sentences.len() {
                let rate = self.params.learning_rate * (1.0 - done as f32 / total as f32).max(1e-3);
                let mut parts = Vec::with_capacity(n_shards);
                for _ in 0..n_shards {
                    let (start, mut words) = (at, 0);
                    while at < sentences.len() && words < self.params.block_words {
                        words += sentences[at].len();
                        at += 1;
                    }
                    done += words as u64;
                    parts.push(start..at);
                }
                if copies.is_empty() {
                    parts.into_iter().for_each(|part| self.read(tables, &mut works[0], sentences, part, rate, seed));
                    continue;
                }
                let tasks = copies.par_iter_mut().zip(&mut works).zip(parts);
                tasks.for_each(|((copy, work), part)| self.read(copy, work, sentences, part, rate, seed));
                join(&mut tables.inputs, copies.iter_mut().map(|c| &mut c.inputs).collect());
                join(&mut tables.outputs, copies.iter_mut().map(|c| &mut c.outputs).collect());
            }
        }
    }

    fn work(&self) -> Work {
        let (h, change) = (vec![0.0; self.stride], vec![0.0; self.stride]);
        Work { words: Vec::new(), targets: Vec::new(), h, change }
    }

    fn read(
        &self,
        tables: &mut Tables,
        work: &mut Work,
        all: &[Vec<u32>],
        part: std::ops::Range<usize>,
        rate: f32,
        seed: Seed,
    ) {
        for at in part {
            let mut rng = seed.stream(at as u64);
            work.words.clear();
            work.words.extend(all[at].iter().copied().filter(|w| {
                let keep = self.keep[*w as usize];
                keep >= 1.0 || (rng.uniform() as f32) < keep
            }));
            for place in 0..work.words.len() {
                self.place(tables, work, place, rate, &mut rng);
            }
        }
    }

    /// Learns from one place of a sentence.
    fn place(&self, tables: &mut Tables, work: &mut Work, place: usize, rate: f32, rng: &mut Rng) {
        let reach = 1 + rng.below(self.params.window);
        let (low, high) = (place.saturating_sub(reach), (place + reach + 1).min(work.words.len()));
        let n_near = high - low - 1;
        if n_near == 0 {
            return;
        }
        let word = work.words[place];
        work.targets.clear();
        work.targets.extend((low..high).filter(|at| *at != place).map(|at| work.words[at]));
        let n_draws = (2 * self.params.n_negative).min(n_near * self.params.n_negative);
        let mut bits = 0;
        for draw in 0..n_draws {
            if draw % 3 == 0 {
                bits = rng.next_u64();
            }
            let drawn = self.draws[(bits & (N_DRAWS as u64 - 1)) as usize % self.draws.len()];
            bits >>= 20;
            if !work.targets[..n_near].contains(&drawn) && drawn != word {
                work.targets.push(drawn);
            }
        }
        // So that the draws count as if every word of the window had its own.
        let weight = (n_near * self.params.n_negative) as f32 / n_draws as f32;
        let of_word = &self.rows.of_word[word as usize];
        let step = Step { stride: self.stride, n_near, rate, weight, sigmoid: &self.sigmoid };
        one_place(&step, of_word, tables, work);
    }
}

/// What one place is learnt with.
struct Step<'a> {
    stride: usize,
    n_near: usize,
    rate: f32,
    weight: f32,
    sigmoid: &'a [f32],
}

impl Step<'_> {
    /// The slope of target number `at` whose product is `x`.
    #[inline(always)]
    fn slope(&self, at: usize, x: f32) -> f32 {
        let scaled = (x + SIGMOID_REACH) * (SIGMOID_STEPS as f32 / (2.0 * SIGMOID_REACH));
        let chance = self.sigmoid[(scaled.max(0.0) as usize).min(SIGMOID_STEPS)];
        if at < self.n_near { self.rate * (1.0 - chance) } else { -self.rate * self.weight * chance }
    }
}

vectorised! {
    fn one_place(step: &Step<'_>, of_word: &[u32], tables: &mut Tables, work: &mut Work) {
        let stride = step.stride;
        let scale = 1.0 / of_word.len() as f32;
        work.h.fill(0.0);
        work.change.fill(0.0);
        for row in of_word {
            add_scaled(&mut work.h, scale, &tables.inputs[*row as usize * stride..][..stride]);
        }
        let mut at = 0;
        let n = work.targets.len();
        while at + 4 <= n {
            let starts = [0, 1, 2, 3].map(|k| work.targets[at + k] as usize * stride);
            let rows = starts.map(|s| &tables.outputs[s..s + stride]);
            let products = dot4(rows, &work.h);
            let slopes = [0, 1, 2, 3].map(|k| step.slope(at + k, products[k]));
            add_scaled4(&mut work.change, slopes, rows);
            for (start, slope) in starts.into_iter().zip(slopes) {
                add_scaled(&mut tables.outputs[start..start + stride], slope, &work.h);
            }
            at += 4;
        }
        while at < n {
            let start = work.targets[at] as usize * stride;
            let row = &mut tables.outputs[start..start + stride];
            let slope = step.slope(at, dot(row, &work.h));
            add_scaled(&mut work.change, slope, row);
            add_scaled(row, slope, &work.h);
            at += 1;
        }
        for row in of_word {
            add_scaled(&mut tables.inputs[*row as usize * stride..][..stride], 1.0, &work.change);
        }
    }
}

/// Adds the changes of all copies to the table, in their order, and gives each copy the sum.
fn join(table: &mut [f32], mut copies: Vec<&mut Vec<f32>>) {
    const CHUNK: usize = 1 << 14;
    let mut by_chunk: Vec<Vec<&mut [f32]>> = table.chunks(CHUNK).map(|_| Vec::new()).collect();
    for copy in &mut copies {
        by_chunk.iter_mut().zip(copy.chunks_mut(CHUNK)).for_each(|(list, chunk)| list.push(chunk));
    }
    table.par_chunks_mut(CHUNK).zip(by_chunk).for_each(|(table, mut copies)| {
        for (at, x) in table.iter_mut().enumerate() {
            let old = *x;
            copies.iter().for_each(|copy| *x += copy[at] - old);
        }
        copies.iter_mut().for_each(|copy| copy.copy_from_slice(table));
    });
}

impl SubwordVectors {
    /// The mean of these rows.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn mean(&self, rows: &[u32]) -> Vec<f32> {
        let mut out = vec![0.0; self.width];
        for row in rows {
            add_scaled(&mut out, 1.0 / rows.len() as f32, &self.rows[*row as usize * self.width..][..self.width]);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words 0 to 4 live together, and 5 to 9; each has a row of its own.
    fn two_worlds() -> (Vec<Vec<u32>>, WordRows) {
        let sentence = |s: u64| {
            let mut rng = Seed(3).stream(s);
            let world = 5 * (s % 2) as u32;
            (0..8).map(|_| world + rng.below(5) as u32).collect()
        };
        let rows = WordRows { n_rows: 10, of_word: (0..10).map(|w| vec![w]).collect() };
        ((0..600).map(sentence).collect(), rows)
    }

    fn small() -> SubwordSkipGramParams {
        SubwordSkipGramParams {
            width: 8,
            subsample: 0.0,
            n_shards: 2,
            block_words: 500,
            ..SubwordSkipGramParams::default()
        }
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }

    #[test]
    fn words_that_live_together_are_close() {
        let (sentences, rows) = two_worlds();
        for n_shards in [1, 2] {
            let v =
                SubwordSkipGramParams { n_shards, n_epochs: 12, ..small() }.fit(&sentences, &rows, Seed(1)).unwrap();
            let of = |w| v.mean(&[w]);
            let (near, far) = (cosine(&of(0), &of(1)), cosine(&of(0), &of(6)));
            assert!(near > 0.5 && far < 0.1, "{n_shards} shards: {near} {far}");
        }
    }

    #[test]
    fn one_thread_and_three_give_the_same_bits() {
        let (sentences, rows) = two_worlds();
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| small().fit(&sentences, &rows, Seed(1)).unwrap())
        };
        assert_eq!(run(1), run(3));
    }

    /// `h = (1, 0)`, output `(0, 0)`, wanted: `σ = ½`, so the output moves by `rate / 2 · h` and `h` by nothing yet.
    #[test]
    fn a_step_by_hand() {
        let mut tables = Tables { inputs: vec![0.0; 16], outputs: vec![0.0; 16] };
        tables.inputs[0] = 1.0;
        let sigmoid: Vec<f32> = (0..=SIGMOID_STEPS).map(sigmoid_at).collect();
        let step = Step { stride: 16, n_near: 1, rate: 0.1, weight: 1.0, sigmoid: &sigmoid };
        let mut work = Work { words: vec![], targets: vec![0], h: vec![0.0; 16], change: vec![0.0; 16] };
        one_place(&step, &[0], &mut tables, &mut work);
        assert!((tables.outputs[0] - 0.05).abs() < 1e-6 && tables.inputs[0] == 1.0, "{:?}", tables.outputs);
        one_place(&step, &[0], &mut tables, &mut work);
        assert!(tables.inputs[0] > 1.0, "now the output says something");
    }

    #[test] // Table 1, copies 2 and 4: 1 + (2 − 1) + (4 − 1) = 5.
    fn changes_are_joined_by_hand() {
        let (mut table, mut a, mut b) = (vec![1.0], vec![2.0], vec![4.0]);
        join(&mut table, vec![&mut a, &mut b]);
        assert_eq!((table, a, b), (vec![5.0], vec![5.0], vec![5.0]));
    }

    #[test]
    fn wrong_input_is_refused() {
        let rows = WordRows { n_rows: 1, of_word: vec![vec![0]] };
        assert!(matches!(small().fit(&[vec![1]], &rows, Seed(1)), Err(LearnError::Shape { .. })));
        assert!(matches!(small().fit(&[], &rows, Seed(1)), Err(LearnError::TooLittleData { .. })));
        let outside = WordRows { n_rows: 1, of_word: vec![vec![3]] };
        assert!(matches!(small().fit(&[vec![0]], &outside, Seed(1)), Err(LearnError::Shape { .. })));
        let wrong = SubwordSkipGramParams { width: 0, ..small() };
        assert!(matches!(wrong.fit(&[vec![0]], &rows, Seed(1)), Err(LearnError::Param { .. })));
    }
}
