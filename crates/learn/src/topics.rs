//! Topics of texts: which words go together, and how much of each topic a text has.
//!
//! Latent Dirichlet allocation by collapsed Gibbs sampling: each word of each text has a topic, drawn again and again from
//! `(n_dk + α) (n_kw + β) / (n_k + β V)` without itself. After `n_burn` sweeps counts are averaged over the sweeps that
//! follow. A new text is folded in with the words' chances held still (expectation maximisation, no draws).
//!
//! Sources: Blei, Ng and Jordan, "Latent Dirichlet allocation", JMLR 3, 2003; Griffiths and Steyvers, "Finding scientific
//! topics", PNAS 101, 2004. [`Topics::coherence`] is the mean normalised pointwise mutual information of a topic's top words
//! within texts: Bouma, "Normalized (pointwise) mutual information in collocation extraction", GSCL 2009.
//! Cost: a sweep `n_topics` steps a word, on one thread, in the order of the texts: the same everywhere.

use crate::LearnError;
use domain::Seed;
use std::collections::HashMap;

/// How topics are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopicsParams {
    /// Topics, at least 2.
    pub n_topics: usize,
    /// Sweeps before counting begins.
    pub n_burn: usize,
    /// Sweeps that are averaged, at least 1.
    pub n_kept: usize,
    /// `α`, above 0: how evenly a text mixes topics.
    pub alpha: f64,
    /// `β`, above 0: how evenly a topic mixes words.
    pub beta: f64,
}

impl Default for TopicsParams {
    fn default() -> Self {
        Self { n_topics: 20, n_burn: 60, n_kept: 20, alpha: 0.1, beta: 0.02 }
    }
}

/// Fitted topics. `chances` is `n_topics × n_words`, each row adding up to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Topics {
    n_words: usize,
    alpha: f64,
    chances: Vec<f32>,
    /// Share of all words that each topic has.
    shares: Vec<f32>,
}

impl TopicsParams {
    /// Learns from texts of word numbers below `n_words`.
    ///
    /// # Errors
    /// [`LearnError`] for a parameter out of range, a word that is not there, or no words.
    pub fn fit(&self, texts: &[Vec<u32>], n_words: usize, seed: Seed) -> Result<Topics, LearnError> {
        let k = self.n_topics;
        if k < 2 {
            return Err(LearnError::Param { name: "n_topics", rule: "at least 2", got: k as f64 });
        }
        if self.n_kept == 0 {
            return Err(LearnError::Param { name: "n_kept", rule: "at least 1", got: 0.0 });
        }
        for (name, got) in [("alpha", self.alpha), ("beta", self.beta)] {
            if !(got > 0.0 && got.is_finite()) {
                return Err(LearnError::Param { name, rule: "above 0", got });
            }
        }
        if let Some(word) = texts.iter().flatten().find(|w| **w as usize >= n_words) {
            return Err(LearnError::Shape { what: "a word's number", got: *word as usize, need: n_words });
        }
        let total: usize = texts.iter().map(Vec::len).sum();
        if total == 0 {
            return Err(LearnError::TooLittleData { what: "words", have: 0, need: 1 });
        }
        let mut rng = seed.stream(0);
        let mut of_word: Vec<Vec<u32>> =
            texts.iter().map(|t| t.iter().map(|_| rng.below(k) as u32).collect()).collect();
        // Word-major, so that a word's topics lie side by side.
        let mut in_word = vec![0_u32; n_words * k];
        let mut in_topic = vec![0_u32; k];
        for (text, topics) in texts.iter().zip(&of_word) {
            for (word, topic) in text.iter().zip(topics) {
                in_word[*word as usize * k + *topic as usize] += 1;
                in_topic[*topic as usize] += 1;
            }
        }
        let mut kept = vec![0.0_f64; n_words * k];
        let mut sums = vec![0.0_f64; k];
        let mut in_text = vec![0_u32; k];
        let beta_v = self.beta * n_words as f64;
        for sweep in 0..self.n_burn + self.n_kept {
            for (text, topics) in texts.iter().zip(&mut of_word) {
                in_text.fill(0);
                topics.iter().for_each(|t| in_text[*t as usize] += 1);
                for (word, topic) in text.iter().zip(topics.iter_mut()) {
                    let row = &mut in_word[*word as usize * k..][..k];
                    let old = *topic as usize;
                    row[old] -= 1;
                    in_topic[old] -= 1;
                    in_text[old] -= 1;
                    let mut sum = 0.0;
                    for (t, s) in sums.iter_mut().enumerate() {
                        let (text, word, topic) = (f64::from(in_text[t]), f64::from(row[t]), f64::from(in_topic[t]));
                        sum += (text + self.alpha) * (word + self.beta) / (topic + beta_v);
                        *s = sum;
                    }
                    let drawn = rng.uniform() * sum;
                    let new = sums.partition_point(|s| *s <= drawn).min(k - 1);
                    row[new] += 1;
                    in_topic[new] += 1;
                    in_text[new] += 1;
                    *topic = new as u32;
                }
            }
            if sweep >= self.n_burn {
                kept.iter_mut().zip(&in_word).for_each(|(s, n)| *s += f64::from(*n));
            }
        }
        Ok(Topics::of(&kept, self, n_words))
    }
}

impl Topics {
    fn of(kept: &[f64], params: &TopicsParams, n_words: usize) -> Self {
        let k = params.n_topics;
        let n_kept = params.n_kept as f64;
        let mut chances = vec![0.0_f32; k * n_words];
        let mut shares = Vec::with_capacity(k);
        let whole: f64 = kept.iter().sum();
        for topic in 0..k {
            let sum: f64 = (0..n_words).map(|w| kept[w * k + topic]).sum();
            let down = sum / n_kept + params.beta * n_words as f64;
            for w in 0..n_words {
                chances[topic * n_words + w] = ((kept[w * k + topic] / n_kept + params.beta) / down) as f32;
            }
            shares.push((sum / whole) as f32);
        }
        Self { n_words, alpha: params.alpha, chances, shares }
    }

    /// Topics.
    pub fn n_topics(&self) -> usize {
        self.shares.len()
    }

    /// The share of all words that each topic has.
    pub fn shares(&self) -> &[f32] {
        &self.shares
    }

    /// The `k` words that a topic is about, best first: those with the highest `p(w | topic) · ln(p(w | topic) / p(w))`, so that
    /// words of every topic do not stand on top.
    ///
    /// # Panics
    /// If there is no such topic.
    pub fn top_words(&self, topic: usize, k: usize) -> Vec<u32> {
        let chance = |t: usize, w: usize| self.chances[t * self.n_words + w];
        let everywhere = |w: usize| (0..self.n_topics()).map(|t| self.shares[t] * chance(t, w)).sum::<f32>();
        let weight = |w: usize| chance(topic, w) * (chance(topic, w) / everywhere(w).max(f32::MIN_POSITIVE)).ln();
        let mut words: Vec<(f32, u32)> = (0..self.n_words).map(|w| (weight(w), w as u32)).collect();
        words.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        words.into_iter().take(k).map(|(_, w)| w).collect()
    }

    /// How much of each topic a text has: adds up to 1. Words that were not learnt are passed over; `None` where none is left.
    pub fn mixture(&self, text: &[u32]) -> Option<Vec<f32>> {
        let text: Vec<usize> = text.iter().map(|w| *w as usize).filter(|w| *w < self.n_words).collect();
        if text.is_empty() {
            return None;
        }
        let k = self.n_topics();
        let mut mixture = vec![1.0 / k as f64; k];
        let mut next = vec![0.0_f64; k];
        let mut parts = vec![0.0_f64; k];
        for _ in 0..30 {
            next.fill(self.alpha);
            for word in &text {
                let each =
                    mixture.iter().enumerate().map(|(t, m)| m * f64::from(self.chances[t * self.n_words + word]));
                parts.iter_mut().zip(each).for_each(|(p, x)| *p = x);
                let whole = parts.iter().sum::<f64>().max(f64::MIN_POSITIVE);
                next.iter_mut().zip(&parts).for_each(|(n, p)| *n += p / whole);
            }
            let whole: f64 = next.iter().sum();
            mixture.iter_mut().zip(&next).for_each(|(m, n)| *m = n / whole);
        }
        Some(mixture.into_iter().map(|m| m as f32).collect())
    }

    /// For each topic the mean normalised pointwise mutual information of its `k` top words, −1 (never together) to 1
    /// (always together), counted within these texts.
    pub fn coherence(&self, texts: &[Vec<u32>], k: usize) -> Vec<f64> {
        let tops: Vec<Vec<u32>> = (0..self.n_topics()).map(|t| self.top_words(t, k)).collect();
        let mut seen_in: HashMap<u32, Vec<usize>> = tops.iter().flatten().map(|w| (*w, Vec::new())).collect();
        for (at, text) in texts.iter().enumerate() {
            for word in text {
                if let Some(list) = seen_in.get_mut(word).filter(|list| list.last() != Some(&at)) {
                    list.push(at);
                }
            }
        }
        let n = texts.len().max(1) as f64;
        let pair = |a: &u32, b: &u32| {
            let (a, b) = (&seen_in[a], &seen_in[b]);
            let both = a.iter().filter(|at| b.binary_search(at).is_ok()).count() as f64 / n;
            let (a, b) = (a.len() as f64 / n, b.len() as f64 / n);
            match both {
                0.0 => -1.0,
                both if both >= 1.0 => 1.0,
                both => (both / (a * b)).ln() / -both.ln(),
            }
        };
        let of = |top: &Vec<u32>| {
            let pairs: Vec<f64> = (0..top.len()).flat_map(|i| (0..i).map(move |j| pair(&top[i], &top[j]))).collect();
            if pairs.is_empty() { 0.0 } else { pairs.iter().sum::<f64>() / pairs.len() as f64 }
        };
        tops.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words 0 to 4 in one half of the texts, 5 to 9 in the other.
    fn two_subjects() -> Vec<Vec<u32>> {
        let text = |i: u64| {
            let mut rng = Seed(4).stream(i);
            (0..12).map(|_| 5 * (i % 2) as u32 + rng.below(5) as u32).collect()
        };
        (0..80).map(text).collect()
    }

    #[test]
    fn planted_subjects_come_out() {
        let texts = two_subjects();
        let params = TopicsParams { n_topics: 2, ..TopicsParams::default() };
        let topics = params.fit(&texts, 10, Seed(1)).unwrap();
        let mut first = topics.top_words(0, 5);
        first.sort_unstable();
        assert!(first == [0, 1, 2, 3, 4] || first == [5, 6, 7, 8, 9], "{first:?}");
        let (a, b) = (topics.mixture(&[0, 1, 2]).unwrap(), topics.mixture(&[7, 8, 99]).unwrap());
        assert!((a[0] > 0.9) != (b[0] > 0.9), "{a:?} {b:?}");
        assert!((a.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(topics.mixture(&[99]), None);
        assert!(topics.coherence(&texts, 5).iter().all(|c| *c > 0.3));
        assert!((topics.shares().iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(params.fit(&texts, 10, Seed(1)).unwrap(), topics);
    }

    /// Texts {0 1}, {0 1}, {2}, {3}: p(0) = p(1) = p(both) = ½, so NPMI = ln 2 / ln 2 = 1.
    #[test]
    fn coherence_by_hand() {
        let chances = vec![0.5, 0.49, 0.005, 0.005, 0.005, 0.005, 0.5, 0.49];
        let topics = Topics { n_words: 4, alpha: 0.1, chances, shares: vec![0.5, 0.5] };
        let got = topics.coherence(&[vec![0, 1], vec![1, 0, 1], vec![2], vec![3]], 2);
        assert!((got[0] - 1.0).abs() < 1e-12 && got[1] == -1.0, "{got:?}");
    }

    #[test]
    fn wrong_input_is_refused() {
        let params = TopicsParams::default();
        assert!(matches!(params.fit(&[vec![3]], 3, Seed(1)), Err(LearnError::Shape { .. })));
        assert!(matches!(params.fit(&[], 3, Seed(1)), Err(LearnError::TooLittleData { .. })));
        assert!(matches!(
            TopicsParams { n_topics: 1, ..params }.fit(&[vec![0]], 1, Seed(1)),
            Err(LearnError::Param { .. })
        ));
        assert!(matches!(
            TopicsParams { beta: 0.0, ..params }.fit(&[vec![0]], 1, Seed(1)),
            Err(LearnError::Param { .. })
        ));
    }
}
