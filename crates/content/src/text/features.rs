//! What a text is made of, as hashes: its words and the rows of letters in them.
//!
//! Where blanks part words: each word, and its rows of `shortest` to `longest` letters with the ends marked, so that
//! German compounds and Russian endings share most of their features. An s at the end of a Latin word of more than
//! three letters is not told apart from none. In Chinese, Japanese and Thai: one to three signs in a
//! row and, in Chinese, the words of the dictionary. One model so reads all languages. Cost: linear in the text.

use super::normal::normal;
use super::script::Script;
use super::segment::words_of_normal;

/// Which rows of letters are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Letters of the shortest row, at least 1.
    pub shortest: usize,
    /// Letters of the longest row, at least `shortest`; 0 for words alone.
    pub longest: usize,
    /// Words in a row that are taken together at most, at least 1: 2 tells `not good` from `good`.
    pub words: usize,
}

impl Default for Features {
    fn default() -> Self {
        Self { shortest: 3, longest: 5, words: 1 }
    }
}

/// Signs of a text that are read: more say little new.
const LONGEST_TEXT: usize = 4_000;

fn hash(kind: u64, signs: impl Iterator<Item = char>) -> u64 {
    let mixed = signs.fold(0xCBF2_9CE4_8422_2325 ^ kind.wrapping_mul(0x9E37_79B9_7F4A_7C15), |h, c| {
        (h ^ u64::from(u32::from(c))).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
    });
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^ (mixed >> 32)
}

impl Features {
    /// The features of a text, in its order; one that stands twice comes twice.
    pub fn of(self, text: &str) -> Vec<u64> {
        let text: String = normal(text).chars().take(LONGEST_TEXT).collect();
        let mut out = Vec::with_capacity(4 * text.len());
        let words = words_of_normal(&text);
        for n in 2..=self.words {
            out.extend(words.windows(n).map(|w| hash(4, w.iter().flat_map(|word| word.chars().chain([' '])))));
        }
        for word in words {
            let signs: Vec<char> = word.chars().collect();
            let is_unspaced = signs.iter().any(|c| Script::of(*c).is_unspaced());
            if is_unspaced {
                if signs.len() > 3 {
                    out.push(hash(1, signs.iter().copied()));
                }
                continue;
            }
            // `bottles` and `bottle` are one word: most languages of Latin letters add an s for more than one.
            let is_plural = signs.len() > 3 && signs.ends_with(&['s']) && Script::of(signs[0]) == Script::Latin;
            out.push(hash(1, signs[..signs.len() - usize::from(is_plural)].iter().copied()));
            if self.longest > 0 && signs.len() > 1 {
                let ends: Vec<char> = [' '].into_iter().chain(signs).chain([' ']).collect();
                for n in self.shortest.max(1)..=self.longest.min(ends.len()) {
                    out.extend(ends.windows(n).map(|w| hash(2, w.iter().copied())));
                }
            }
        }
        let signs: Vec<char> = text.chars().collect();
        for run in signs.chunk_by(|a, b| Script::of(*a).is_unspaced() == Script::of(*b).is_unspaced()) {
            if Script::of(run[0]).is_unspaced() {
                for n in 1..=3 {
                    out.extend(run.windows(n).map(|w| hash(3, w.iter().copied())));
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // " cat ": the word, 3 rows of three, 2 of four, 1 of five.
    fn features_are_counted_by_hand() {
        let features = Features::default();
        assert_eq!(features.of("cat").len(), 7);
        assert_eq!(features.of("CAT, cat").len(), 14);
        assert_eq!(Features { longest: 0, ..features }.of("cat dog").len(), 2);
        assert_eq!(Features { longest: 0, words: 2, ..features }.of("cat dog cow").len(), 5);
        let word = Features { longest: 0, ..features };
        assert_eq!(word.of("Bottles"), word.of("bottle"));
        // 水筒: two signs, one pair.
        assert_eq!(features.of("水筒").len(), 3);
        assert!(features.of("!").is_empty());
    }

    #[test]
    fn a_compound_shares_features_with_its_parts() {
        let features = Features::default();
        let shared = |a: &str, b: &str| {
            let b = features.of(b);
            features.of(a).iter().filter(|f| b.contains(f)).count()
        };
        assert!(shared("hundefutter", "futter") > 5);
        assert_eq!(shared("hund", "maus"), 0);
    }
}
