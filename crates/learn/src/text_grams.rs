//! A text as a set of hashed pieces: words, pairs of words, and letters in a row.
//!
//! Where words are parted by blanks (Latin, Cyrillic, Arabic, Korean letters) the pieces are words, pairs of neighbouring words,
//! and three to five letters in a row of a word with its ends. Where they are not (Chinese characters, kana,
//! Thai) they are one to three signs in a row. So one model reads every language that it was shown, without a
//! dictionary. Pieces are hashed into a table of fixed size, as in Weinberger et al., "Feature Hashing for Large Scale
//! Multitask Learning", ICML 2009, without the sign. Cost: linear in the letters.

/// Which table pieces are hashed into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextGrams {
    /// Logarithm to base 2 of the size of the table, 8 to 24.
    pub log2_size: u32,
}

impl Default for TextGrams {
    fn default() -> Self {
        Self { log2_size: 20 }
    }
}

/// Longest text that is read, in signs: what comes after says nothing new.
const LONGEST: usize = 2_000;

/// How the signs of a run are parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// Blanks part words.
    Spaced,
    /// Nothing does.
    Unspaced,
    /// Neither letter nor digit.
    Between,
}

pub(crate) fn script(c: char) -> Script {
    match c {
        '\u{0e00}'..='\u{0eff}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{2ffff}' => Script::Unspaced,
        // Moods are told by marks and pictures, too.
        '!' | '?' | '！' | '？' | '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}' => Script::Unspaced,
        // Marks on letters belong to their word.
        '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{97f}' | '\'' => Script::Spaced,
        c if c.is_alphanumeric() => Script::Spaced,
        _ => Script::Between,
    }
}

impl TextGrams {
    /// Places of the text's pieces in the table, ascending, each once; empty for a text without letters.
    pub fn places(self, text: &str) -> Vec<u32> {
        let lower: Vec<char> = text.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
        let mut places = Vec::with_capacity(4 * lower.len());
        let mask = (1_u64 << self.log2_size.clamp(8, 24)) - 1;
        let mut add = |kind: u64, signs: &mut dyn Iterator<Item = char>| {
            let hash = signs.fold(0xCBF2_9CE4_8422_2325 ^ kind, |h, c| {
                (h ^ u64::from(u32::from(c))).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
            });
            // The high bits of a product are the mixed ones.
            places.push(((hash.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 32) & mask) as u32);
        };
        let mut before: Option<&[char]> = None;
        for run in lower.chunk_by(|a, b| script(*a) == script(*b)) {
            match script(run[0]) {
                Script::Between => {}
                Script::Unspaced => {
                    for n in 1..=3 {
                        run.windows(n).for_each(|w| add(n as u64, &mut w.iter().copied()));
                    }
                    before = None;
                }
                Script::Spaced => {
                    add(11, &mut run.iter().copied());
                    if let Some(before) = before {
                        add(12, &mut before.iter().copied().chain([' ']).chain(run.iter().copied()));
                    }
                    let ends: Vec<char> = [' '].into_iter().chain(run.iter().copied()).chain([' ']).collect();
                    for n in 3..=5 {
                        ends.windows(n).for_each(|w| add(20 + n as u64, &mut w.iter().copied()));
                    }
                    before = Some(run);
                }
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // "very good": 2 words, 1 pair; " very " has 4 + 3 + 2 rows of letters, " good " as many: 21 pieces.
    fn words_pairs_and_letters_are_counted_by_hand() {
        let grams = TextGrams { log2_size: 24 };
        assert_eq!(grams.places("very good").len(), 21);
        // 很好用: 3 signs, 2 pairs, 1 triple.
        assert_eq!(grams.places("很好用").len(), 6);
        assert_eq!(grams.places("很好，用").len(), 4, "a comma parts: 很, 好, 很好, 用");
        assert!(grams.places(" ,. ").is_empty());
    }

    #[test]
    fn case_and_blanks_do_not_matter_and_order_of_words_does() {
        let grams = TextGrams::default();
        assert_eq!(grams.places("Very  GOOD"), grams.places("very good"));
        assert_ne!(grams.places("good very"), grams.places("very good"));
        let shared = |a: &str, b: &str| {
            let b = grams.places(b);
            grams.places(a).iter().filter(|p| b.contains(p)).count()
        };
        assert!(shared("ดีมาก", "ดีมากครับ") >= 12, "a Thai text shares pieces with its continuation");
    }

    #[test]
    fn places_lie_in_the_table() {
        let grams = TextGrams { log2_size: 8 };
        let text: String = (0..5_000_u32).filter_map(|i| char::from_u32(0x4e00 + i % 3_000)).collect();
        let places = grams.places(&text);
        assert!(places.iter().all(|p| *p < 256) && places.windows(2).all(|w| w[0] < w[1]));
        assert!(places.len() > 250, "every place is used: {}", places.len());
    }
}
