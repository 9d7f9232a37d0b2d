//! Which words are quoted: of the point, different from each other, of a length that is read, and never junk.
//!
//! A snippet counts when it has letters, is within the bounds, and is not mostly one character or one repeated word. What
//! speaks most plainly comes first: a length near the middle of the bounds (a word says too little, an essay too much),
//! the newer of equals, then the smaller identifier. Each next one is the best whose letters differ enough from those taken:
//! Jaccard's similarity of character trigrams at most [`QuoteParams::max_similarity`], which needs no word borders and so works
//! in every script (Broder, "On the resemblance and containment of documents", 1997). One product is quoted once while others
//! are there. Nothing is shortened: a cut quote is not a quote. Cost: candidates × quotes.

use super::voice::Voice;
use domain::{Day, Language};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is quoted.
#[derive(Clone, Debug, PartialEq)]
pub struct QuoteParams {
    /// Most quotes.
    pub n: usize,
    /// Fewest letters.
    pub min_chars: usize,
    /// Most characters.
    pub max_chars: usize,
    /// Highest similarity of two quotes, 0 to 1.
    pub max_similarity: f64,
}

impl Default for QuoteParams {
    fn default() -> Self {
        Self { n: 3, min_chars: 6, max_chars: 240, max_similarity: 0.5 }
    }
}

/// A quote, as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// The words.
    pub text: String,
    /// Their language.
    pub language: Option<Language>,
    /// When.
    pub day: Day,
    /// Product, where it is about one.
    pub product: Option<String>,
    /// Identifier of the text, to look it up.
    pub text_id: String,
}

impl QuoteParams {
    /// The quotes for some voices, best first.
    pub fn choose(&self, voices: &[&Voice]) -> Vec<Quote> {
        let mut candidates: Vec<&Voice> = voices.iter().filter(|v| self.says_something(&v.snippet)).copied().collect();
        let best = (self.min_chars + self.max_chars.min(160)) as i64 / 2;
        let off = |v: &Voice| (v.snippet.trim().chars().count() as i64 - best).abs() / 20;
        candidates.sort_by(|a, b| {
            off(a)
                .cmp(&off(b))
                .then(b.day.cmp(&a.day))
                .then_with(|| a.text_id.cmp(&b.text_id))
                .then_with(|| a.snippet.cmp(&b.snippet))
        });
        let mut taken: Vec<(&Voice, BTreeSet<String>)> = Vec::new();
        // First other products only, then whatever is left.
        for same_product in [false, true] {
            for &voice in &candidates {
                if taken.len() == self.n {
                    break;
                }
                let grams = trigrams(&voice.snippet);
                let alike = |(other, of): &(&Voice, BTreeSet<String>)| {
                    other.text_id == voice.text_id
                        || similarity(of, &grams) > self.max_similarity
                        || !same_product && voice.product.is_some() && other.product == voice.product
                };
                if !taken.iter().any(alike) {
                    taken.push((voice, grams));
                }
            }
        }
        taken.into_iter().map(|(v, _)| quote(v)).collect()
    }

    fn says_something(&self, text: &str) -> bool {
        let text = text.trim();
        let (n, letters) = (text.chars().count(), text.chars().filter(|c| c.is_alphabetic()).count());
        if letters < self.min_chars || n > self.max_chars || letters * 2 < n || text.contains('\u{fffd}') {
            return false;
        }
        let kinds: BTreeSet<char> = text.chars().filter(|c| c.is_alphabetic()).collect();
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let different: BTreeSet<&String> = words.iter().collect();
        kinds.len() >= 4 && (words.len() < 4 || different.len() * 2 > words.len())
    }
}

fn quote(voice: &Voice) -> Quote {
    Quote {
        text: voice.snippet.trim().to_owned(),
        language: voice.language,
        day: voice.day,
        product: voice.product.clone(),
        text_id: voice.text_id.clone(),
    }
}

fn trigrams(text: &str) -> BTreeSet<String> {
    let letters: Vec<char> = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    letters.windows(3).map(|w| w.iter().collect()).collect()
}

fn similarity(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let both = a.intersection(b).count();
    let either = a.len() + b.len() - both;
    if either == 0 { 1.0 } else { both as f64 / either as f64 }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::voice::{Source, Stance};
    use super::*;

    pub(crate) fn voice(id: &str, product: &str, aspect: &str, stance: Stance, snippet: &str) -> Voice {
        Voice {
            market: "DE".parse().unwrap(),
            language: "de".parse().ok(),
            day: Day(100),
            product: Some(product.to_owned()),
            aspect: aspect.to_owned(),
            stance,
            source: Source::Review,
            text_id: id.to_owned(),
            snippet: snippet.to_owned(),
        }
    }

    #[test]
    fn quotes_differ_and_junk_is_never_quoted() {
        let list = [
            voice(
                "1",
                "p1",
                "noise",
                Stance::Blame,
                "Leider ist der Wasserkocher im Betrieb sehr laut, man hört ihn im Nebenzimmer.",
            ),
            voice(
                "2",
                "p2",
                "noise",
                Stance::Blame,
                "Leider ist der Wasserkocher im Betrieb sehr laut, man hört ihn im Nebenzimmer!!",
            ),
            voice(
                "3",
                "p1",
                "noise",
                Stance::Blame,
                "Die Küchenmaschine brummt schon auf der ersten Stufe so, dass keiner mehr fernsehen will.",
            ),
            voice("4", "p3", "noise", Stance::Blame, "aaaaaaaaaaaaaaaaaaaaa"),
            voice("5", "p3", "noise", Stance::Blame, "laut laut laut laut laut laut"),
            voice("6", "p4", "noise", Stance::Blame, "????!!!! 12345 laut"),
            voice("7", "p5", "noise", Stance::Blame, "噪音太大了，晚上用会吵醒孩子"),
            voice("8", "p6", "noise", Stance::Blame, &"zu laut und zu gross ".repeat(30)),
        ];
        let refs: Vec<&Voice> = list.iter().collect();
        let chosen: Vec<String> = QuoteParams::default().choose(&refs).into_iter().map(|q| q.text_id).collect();
        assert_eq!(chosen, ["1", "7", "3"], "another product first, then the second of p1; never a near repeat");
        let two = QuoteParams { n: 2, ..QuoteParams::default() }.choose(&refs);
        assert_eq!(two.len(), 2);
        assert!(two.iter().all(|q| list.iter().any(|v| v.snippet.trim() == q.text)), "word for word");
    }
}
