//! The pieces of a text with what they say, for models that have to give reasons.
//!
//! As [`TextGrams`](crate::TextGrams), but richer and without a table: words in a row, pairs of words apart, letters
//! in a row *across* the blanks between words ("would h" is a piece), and signs in a row where no blanks part words.
//! A piece is known by 64 bits, so that two of them are one only by a wonder, and can be shown. Cost: linear in the
//! letters.

use crate::text_grams::{Script, script};
use std::ops::RangeInclusive;

/// Which pieces are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPieces {
    /// Words in a row, 1 to 5; 0 takes none.
    pub words: usize,
    /// Pairs of words with one word or more between them, as many words apart at most; 0 and 1 take none.
    pub apart: usize,
    /// Letters in a row, blanks between words among them; an empty range takes none.
    pub letters: RangeInclusive<usize>,
    /// Signs in a row where nothing parts words (Chinese, kana, Thai), 1 to 8.
    pub signs: usize,
    /// Signs of a text that are read; what comes after says nothing new.
    pub longest: usize,
}

impl Default for TextPieces {
    fn default() -> Self {
        Self { words: 3, apart: 0, letters: 2..=5, signs: 4, longest: 2_000 }
    }
}

/// A piece: what it is known by, and its signs.
type Piece<'a> = (u64, &'a [char]);

const START: u64 = 0xCBF2_9CE4_8422_2325;

fn step(hash: u64, c: char) -> u64 {
    (hash ^ u64::from(u32::from(c))).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
}

fn known_by(kind: u64, signs: &[char]) -> u64 {
    let hash = signs.iter().fold(START ^ kind, |h, c| step(h, *c));
    let hash = (hash ^ (hash >> 29)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ (hash >> 32)
}

/// The signs as they are read: small letters, one blank between words, ends marked by blanks; parts that belong
/// together (words parted by blanks or marks, or a run of signs) are one segment.
fn segments(text: &str, longest: usize) -> Vec<(Script, Vec<char>)> {
    let lower: Vec<char> = text.chars().take(longest).flat_map(char::to_lowercase).collect();
    let mut out: Vec<(Script, Vec<char>)> = Vec::new();
    for run in lower.chunk_by(|a, b| script(*a) == script(*b)) {
        match (script(run[0]), out.last_mut()) {
            (Script::Between, _) => {}
            (Script::Unspaced, _) => out.push((Script::Unspaced, run.to_vec())),
            (Script::Spaced, Some((Script::Spaced, words))) => {
                words.extend_from_slice(run);
                words.push(' ');
            }
            (Script::Spaced, _) => {
                let mut words = vec![' '];
                words.extend_from_slice(run);
                words.push(' ');
                out.push((Script::Spaced, words));
            }
        }
    }
    out
}

impl TextPieces {
    fn visit(&self, text: &str, take: &mut dyn FnMut(Piece<'_>)) {
        for (kind, signs) in segments(text, self.longest) {
            if kind == Script::Unspaced {
                for n in 1..=self.signs {
                    signs.windows(n).for_each(|w| take((known_by(n as u64, w), w)));
                }
                continue;
            }
            for n in self.letters.clone() {
                signs.windows(n).for_each(|w| take((known_by(100 + n as u64, w), w)));
            }
            // Blanks stand before, between and behind words: n words lie between blank i and blank i + n.
            let blanks: Vec<usize> = (0..signs.len()).filter(|&i| signs[i] == ' ').collect();
            for n in 1..=self.words {
                for pair in blanks.windows(n + 1) {
                    let w = &signs[pair[0] + 1..pair[n]];
                    take((known_by(200 + n as u64, w), w));
                }
            }
            for n in 2..=self.apart {
                for pair in blanks.windows(n + 2) {
                    let first = &signs[pair[0] + 1..pair[1]];
                    let w = [first, &[' ', '…', ' '], &signs[pair[n] + 1..pair[n + 1]]].concat();
                    take((known_by(300, &w), &w));
                }
            }
        }
    }

    /// What the text's pieces are known by, ascending, each once; empty for a text without letters.
    pub fn keys(&self, text: &str) -> Vec<u64> {
        let mut keys = Vec::new();
        self.visit(text, &mut |(key, _)| keys.push(key));
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The same with what each piece reads like; blanks at an end say that a word begins or ends there.
    pub fn named(&self, text: &str) -> Vec<(u64, String)> {
        let mut named = Vec::new();
        self.visit(text, &mut |(key, signs)| named.push((key, signs.iter().collect())));
        named.sort_unstable();
        named.dedup();
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &TextPieces, text: &str) -> Vec<String> {
        let mut all: Vec<String> = pieces.named(text).into_iter().map(|(_, piece)| piece).collect();
        all.sort();
        all
    }

    #[test]
    fn words_and_letters_are_counted_by_hand() {
        let pieces = TextPieces { words: 2, apart: 2, letters: 3..=3, signs: 2, longest: 100 };
        // " as if ": letters " as", "as ", "s i", " if", "if "; words "as", "if", "as if".
        assert_eq!(read(&pieces, "As, IF"), [" as", " if", "as", "as ", "as if", "if", "if ", "s i"]);
        assert!(read(&pieces, "if it had").contains(&"if … had".to_owned()));
        assert_eq!(read(&pieces, "很好用"), ["好", "好用", "很", "很好", "用"]);
        assert!(pieces.keys(" ,. ").is_empty());
    }

    #[test]
    fn a_word_and_the_same_letters_inside_a_word_are_two_pieces() {
        let pieces = TextPieces { words: 1, apart: 0, letters: 2..=2, signs: 1, longest: 100 };
        let named = pieces.named("as");
        assert_eq!(named.iter().filter(|(_, p)| p == "as").count(), 2, "{named:?}");
        let keys = pieces.keys("as");
        assert_eq!(keys.len(), named.len());
        assert!(keys.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let pieces = TextPieces { longest: 2, ..TextPieces::default() };
        assert_eq!(pieces.keys("很好用"), pieces.keys("很好"));
    }
}
