//! Texts that say nothing: no words, one sign or word over and over, a hand on the keyboard, or what is left of
//! a broken encoding. Marked, never removed: the stars beside a text still count.
//!
//! Only what cannot be meant otherwise is marked. Short praise in any script (`很好`, `ดีมาก`, `ok`) is a text like any other, a picture
//! alone (👍) is one too, and laughter up to seven signs (`哈哈哈`, `5555`). What a hand does to a keyboard is looked for in Latin
//! letters alone: there the rows of the keys, the vowels and the repeats tell it from words.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "junk_text",
    policy: Policy::Mark,
    doc: "a review or catalogue text without words, of one sign or word over and over, of keys struck at random, or left of a \
          broken encoding, is marked with the reason in `junk`; stars and figures stay",
};

/// Signs of one kind in a row from which nothing else matters.
const LONG_RUN: usize = 8;
/// Words from which one that repeats is looked for.
const MANY_WORDS: usize = 5;

/// The rows of the keyboard that hands meet.
const KEY_ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// Why a text says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Junk {
    BrokenEncoding,
    NoWords,
    Repeated,
    KeyboardMash,
}

impl Junk {
    /// The word in column `junk`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::BrokenEncoding => "broken_encoding",
            Self::NoWords => "no_words",
            Self::Repeated => "repeated",
            Self::KeyboardMash => "keyboard_mash",
        }
    }
}

/// Why a text says nothing, or nothing for a usual one. An empty text is none.
pub(crate) fn reason(text: &str) -> Option<Junk> {
    if text.trim().is_empty() {
        return None;
    }
    if is_broken(text) {
        return Some(Junk::BrokenEncoding);
    }
    let words: Vec<String> = text
        .split_whitespace()
        .filter(|w| !is_address(w))
        .map(|w| w.chars().filter(|c| is_said(*c)).collect::<String>().to_lowercase())
        .filter(|w| !w.is_empty())
        .collect();
    if words.is_empty() {
        return Some(Junk::NoWords);
    }
    if is_repeated(&words) {
        return Some(Junk::Repeated);
    }
    is_mash(&words).then_some(Junk::KeyboardMash)
}

/// Replacement characters, and what UTF-8 leaves when it goes through GBK twice.
fn is_broken(text: &str) -> bool {
    text.contains('\u{fffd}') || ["锟斤拷", "烫烫烫", "屯屯屯"].iter().any(|left| text.contains(left))
}

fn is_address(word: &str) -> bool {
    let lower = word.to_lowercase();
    ["http://", "https://", "www."].iter().any(|start| lower.starts_with(start))
}

/// Letters and digits of any script with their marks, and pictures.
fn is_said(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{900}'..='\u{97f}')
        || matches!(c, '\u{2600}'..='\u{27bf}' | '\u{2b50}' | '\u{1f300}'..='\u{1faff}')
}

/// One sign after the other in long runs and nothing else, or one word that is four in five.
fn is_repeated(words: &[String]) -> bool {
    let signs: Vec<char> = words.iter().flat_map(|w| w.chars()).collect();
    let runs = || signs.chunk_by(|a, b| a == b);
    if signs.len() >= LONG_RUN && runs().all(|run| run.len() >= 5) && runs().any(|run| run.len() >= LONG_RUN) {
        return true;
    }
    if words.len() < MANY_WORDS {
        return false;
    }
    let mut sorted: Vec<&str> = words.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let most = sorted.chunk_by(|a, b| a == b).map(<[&str]>::len).max().unwrap_or(0);
    most * 5 >= words.len() * 4
}

/// Whether most Latin letters of the text are in words that a hand made, not a head.
fn is_mash(words: &[String]) -> bool {
    let latin = |w: &String| w.chars().filter(|c| is_latin(*c)).count();
    let letters: usize = words.iter().map(latin).sum();
    let all: usize = words.iter().map(|w| w.chars().count()).sum();
    let struck: usize = words.iter().filter(|w| is_struck(w)).map(latin).sum();
    struck * 10 >= letters * 6 && struck * 10 >= all * 6 && struck > 0
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || ('\u{c0}'..='\u{24f}').contains(&c)
}

fn is_struck(word: &str) -> bool {
    let keys: Vec<u8> = word.bytes().collect();
    let n = keys.len();
    if n < 6 || !keys.iter().all(u8::is_ascii_lowercase) {
        return false;
    }
    let place = |key: u8| {
        KEY_ROWS.iter().enumerate().find_map(|(row, of)| of.bytes().position(|k| k == key).map(|at| (row, at)))
    };
    let places: Vec<(usize, usize)> = keys.iter().filter_map(|k| place(*k)).collect();
    let one_row = places.iter().all(|(row, _)| *row == places[0].0);
    let vowels = keys.iter().filter(|k| b"aeiouy".contains(k)).count();
    let next_to = |w: &[(usize, usize)]| w[0].0 == w[1].0 && w[0].1.abs_diff(w[1].1) == 1;
    // qwerty: a walk from each key to its neighbour.
    let steps = places.windows(2).filter(|w| next_to(w)).count();
    let walk = steps * 20 >= (n - 1) * 17;
    // sdfsdf: three neighbours or more, again and again; hahahaha and alfalfa are no neighbours.
    let comes_back = |block: usize| n >= 2 * block && (block..n).all(|i| keys[i] == keys[i - block]);
    let again = (3..=4).any(|block| comes_back(block) && places[..block].windows(2).all(next_to));
    // asjdhaksjdh: one row with hardly a vowel; sdkfjhwk: none at all.
    let dry = n >= 8 && one_row && vowels * 4 <= n || n >= 7 && vowels == 0;
    walk || again || dry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_say_nothing_are_told_apart() {
        for (text, junk) in [
            ("!!!!! ... ???", Junk::NoWords),
            ("https://cheap.example/win www.example.com", Junk::NoWords),
            ("。。。。", Junk::NoWords),
            ("aaaaaaaaaaaa", Junk::Repeated),
            ("哈哈哈哈哈哈哈哈哈哈", Junk::Repeated),
            ("aaaaaaaa bbbbbbb", Junk::Repeated),
            ("good good good good good good", Junk::Repeated),
            ("asdfghjkl", Junk::KeyboardMash),
            ("qwertyuiop qwerty", Junk::KeyboardMash),
            ("sdfsdfsdf jkljkljkl", Junk::KeyboardMash),
            ("asdasdasd", Junk::KeyboardMash),
            ("asjdhaksjdh aksjdhakjsd", Junk::KeyboardMash),
            ("sdkfjhwk bcvxmnb", Junk::KeyboardMash),
            ("the k\u{fffd}ttle is g\u{fffd}t", Junk::BrokenEncoding),
            ("锟斤拷锟斤拷", Junk::BrokenEncoding),
        ] {
            assert_eq!(reason(text), Some(junk), "{text}");
        }
    }

    #[test]
    fn short_and_odd_texts_of_people_stay() {
        for text in [
            "很好",
            "好",
            "不错不错",
            "哈哈哈",
            "666",
            "ดีมาก",
            "ดี",
            "5555",
            "جيد",
            "ممتاز جدا",
            "最高",
            "とても良い",
            "좋아요",
            "ok",
            "Ok!!!",
            "👍",
            "👍👍👍👍",
            "⭐⭐⭐⭐⭐",
            "soooooo good!!!!!",
            "nooooooo",
            "10/10",
            "A+",
            "hahahaha",
            "very very very good product",
            "so so",
            "good, good, good!",
            "were",
            "typewriter",
            "flasks",
            "haggadahs",
            "rhythm",
            "Angstschweiß",
            "Rechtschreibung",
            "see https://example.com/manual for the manual",
            "schlecht",
            "tốt",
            "rất tốt",
            "GmbH",
            "XLR HDMI USB",
            "property",
            "Sehr werter Herr",
            "jalkahalla",
            "bonbon",
            "papaya",
            "alfalfa",
            "tartar couscous",
            "mp3 mp4",
            "",
        ] {
            assert_eq!(reason(text), None, "{text}");
        }
    }

    #[test]
    fn a_mashed_word_among_many_real_ones_says_nothing_about_the_text() {
        assert_eq!(reason("the handle broke asdfgh after two days of use"), None);
        assert_eq!(reason("好的 asdfgh 很好用的水壶，推荐给大家"), None);
    }
}
