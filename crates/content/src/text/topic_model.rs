//! What a pile of reviews or titles is about: topics with the words that name them.
//!
//! Words are those of [`words`] that stand in at least `min_texts` texts and in at most `max_share` of them (what stands
//! everywhere names nothing), of two signs or more. The kernel is [`learn::topics`]. Each topic comes with its coherence, so
//! that one that is a mere heap can be left out.
//! Cost: see the kernel; some 2 million word draws a second and twenty topics.

use super::segment::words;
use domain::Seed;
use learn::LearnError;
use learn::topics::{Topics, TopicsParams};
use rayon::prelude::*;
use std::collections::HashMap;

/// How topics are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopicModelParams {
    /// Texts that a word has to stand in, at least 1.
    pub min_texts: usize,
    /// Share of all texts that a word may stand in at most, above 0 to 1.
    pub max_share: f64,
    /// The kernel.
    pub topics: TopicsParams,
}

impl Default for TopicModelParams {
    fn default() -> Self {
        Self { min_texts: 5, max_share: 0.1, topics: TopicsParams::default() }
    }
}

/// A topic as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTopic {
    /// The words it is about, best first.
    pub words: Vec<String>,
    /// Share of all words that it has, 0 to 1.
    pub share: f32,
    /// How much its words go together, −1 to 1.
    pub coherence: f64,
}

/// A fitted model.
#[derive(Clone, Debug)]
pub struct TopicModel {
    vocabulary: Vec<String>,
    places: HashMap<String, u32>,
    topics: Topics,
    named: Vec<NamedTopic>,
}

/// Words that name a topic.
const N_NAMES: usize = 10;

impl TopicModelParams {
    /// Learns from texts.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range or no word that is frequent enough.
    pub fn fit<T: AsRef<str> + Sync>(&self, texts: &[T], seed: Seed) -> Result<TopicModel, LearnError> {
        if !(self.max_share > 0.0 && self.max_share <= 1.0) {
            return Err(LearnError::Param { name: "max_share", rule: "above 0 to 1", got: self.max_share });
        }
        let texts: Vec<Vec<String>> = texts.par_iter().map(|t| words(t.as_ref())).collect();
        let mut seen_in: HashMap<&str, (usize, usize)> = HashMap::new();
        for (at, word) in texts.iter().enumerate().flat_map(|(at, t)| t.iter().map(move |w| (at, w))) {
            let seen = seen_in.entry(word).or_insert((usize::MAX, 0));
            if seen.0 != at {
                *seen = (at, seen.1 + 1);
            }
        }
        let most = self.max_share * texts.len() as f64;
        let names = |word: &str| word.chars().count() > 1 && word.chars().any(char::is_alphabetic);
        let fits = |(word, (_, n)): &(&str, (usize, usize))| *n >= self.min_texts && *n as f64 <= most && names(word);
        let mut vocabulary: Vec<String> = seen_in.into_iter().filter(fits).map(|(word, _)| word.to_owned()).collect();
        vocabulary.sort_unstable();
        let places: HashMap<String, u32> = (0..).zip(&vocabulary).map(|(at, word)| (word.clone(), at)).collect();
        let number = |text: &Vec<String>| text.iter().filter_map(|w| places.get(w).copied()).collect();
        let numbered: Vec<Vec<u32>> = texts.iter().map(number).collect();
        let topics = self.topics.fit(&numbered, vocabulary.len(), seed)?;
        let coherence = topics.coherence(&numbered, N_NAMES);
        let name = |topic: usize| NamedTopic {
            words: topics.top_words(topic, N_NAMES).into_iter().map(|w| vocabulary[w as usize].clone()).collect(),
            share: topics.shares()[topic],
            coherence: coherence[topic],
        };
        let named = (0..topics.n_topics()).map(name).collect();
        Ok(TopicModel { vocabulary, places, topics, named })
    }
}

impl TopicModel {
    /// Words it learnt from.
    pub fn n_words(&self) -> usize {
        self.vocabulary.len()
    }

    /// All topics in their order.
    pub fn topics(&self) -> &[NamedTopic] {
        &self.named
    }

    /// How much of each topic a text has; adds up to 1. `None` where it has no word that was learnt.
    pub fn mixture(&self, text: &str) -> Option<Vec<f32>> {
        let numbers: Vec<u32> = words(text).iter().filter_map(|w| self.places.get(w).copied()).collect();
        self.topics.mixture(&numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_named_by_their_words() {
        let subjects = [["fruit", "fresh", "apple", "sweet"], ["screen", "battery", "laptop", "charger"]];
        let text = |i: u64| {
            let mut rng = Seed(6).stream(i);
            let subject = subjects[(i % 2) as usize];
            (0..8).map(|_| subject[rng.below(4)]).chain(["the"]).collect::<Vec<_>>().join(" ")
        };
        let texts: Vec<String> = (0..60).map(text).collect();
        let params = TopicModelParams {
            max_share: 0.6,
            topics: TopicsParams { n_topics: 2, ..TopicsParams::default() },
            ..TopicModelParams::default()
        };
        let model = params.fit(&texts, Seed(1)).unwrap();
        assert_eq!(model.n_words(), 8, "`the` stands everywhere and names nothing");
        for topic in model.topics() {
            let of = subjects.iter().position(|s| s.contains(&topic.words[0].as_str())).unwrap();
            assert!(topic.words[..4].iter().all(|w| subjects[of].contains(&w.as_str())), "{topic:?}");
        }
        let a = model.mixture("sweet apple").unwrap();
        let b = model.mixture("laptop charger!").unwrap();
        assert!((a[0] > 0.8) != (b[0] > 0.8));
        assert_eq!(model.mixture("zzz"), None);
        assert!(TopicModelParams { max_share: 0.0, ..params }.fit(&texts, Seed(1)).is_err());
    }
}
