//! Terms of a sentence, and how a term grows to the phrase that it is a part of.
//!
//! Punctuation parts phrases. Within one, words stand between blanks; Chinese is parted by the dictionary of [`text::words_of_normal`](crate::text::words_of_normal);
//! in Japanese, Thai and other scripts without blanks the pieces are signs with what stands on them.

use crate::text::{Script, words_of_normal};
use std::collections::{BTreeMap, BTreeSet};
use unicode_segmentation::UnicodeSegmentation;

/// Words that say nothing alone, in the languages with the most reviews. What is missing here is held back by the
/// score, for such words are as frequent in every voice.
const EMPTY: [&str; 92] = [
    "the", "a", "an", "and", "or", "of", "to", "in", "on", "for", "with", "is", "it", "was", "this", "that", "i", "my",
    "we", "they", "but", "not", "had", "have", "has", "would", "could", "should", "be", "so", "if", "as", "at", "der",
    "die", "das", "und", "ist", "es", "ich", "nicht", "ein", "eine", "zu", "den", "mit", "auf", "wäre", "hätte", "le",
    "la", "les", "et", "de", "un", "une", "el", "los", "que", "y", "en", "are", "的", "了", "是", "我", "就", "也",
    "都", "这", "那", "在", "和", "有", "还", "很", "对", "把", "被", "给", "让", "这个", "这款", "那个", "一个",
    "我们", "他们", "但是", "因为", "所以", "如果", "非常",
];
/// Most pieces of a grown phrase: words, and signs.
const WORDS: usize = 8;
const SIGNS: usize = 16;
/// Share of the sentences with a term that have to go on alike for it to grow.
const ALIKE: f64 = 0.8;

/// What pieces of a phrase are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// Between blanks.
    Spaced,
    /// Words of a dictionary.
    Parted,
    /// Signs.
    Sign,
}

impl Piece {
    fn glue(self) -> &'static str {
        if self == Self::Spaced { " " } else { "" }
    }

    /// Fewest and most pieces of a term.
    fn lengths(self) -> std::ops::RangeInclusive<usize> {
        if self == Self::Sign { 2..=4 } else { 1..=3 }
    }

    fn most(self) -> usize {
        if self == Self::Sign { SIGNS } else { WORDS }
    }
}

/// Pieces in a row that nothing parts.
struct Phrase {
    of: Piece,
    pieces: Vec<String>,
}

impl Phrase {
    fn join(&self, from: usize, to: usize) -> String {
        self.pieces[from..to].join(self.of.glue())
    }

    /// Whether a term may begin or end with the piece.
    fn stands(&self, at: usize, first: bool) -> bool {
        let piece = self.pieces[at].as_str();
        match self.of {
            Piece::Spaced => !EMPTY.contains(&piece) && piece.chars().nth(1).is_some(),
            Piece::Parted => !EMPTY.contains(&piece),
            // Thai and Lao write some vowels before the consonant that they are spoken after.
            Piece::Sign => first || !matches!(piece, "เ" | "แ" | "โ" | "ใ" | "ไ" | "ເ" | "ແ" | "ໂ" | "ໃ" | "ໄ"),
        }
    }

    /// Where the first time of a term begins and ends.
    fn find(&self, term: &str) -> Option<(usize, usize)> {
        (0..self.pieces.len()).find_map(|from| {
            let mut length = 0;
            let mut to = from;
            while length < term.len() && to < self.pieces.len() {
                length += self.pieces[to].len() + if to > from { self.of.glue().len() } else { 0 };
                to += 1;
            }
            (length == term.len() && self.join(from, to) == term).then_some((from, to))
        })
    }
}

fn unspaced(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}

fn phrases(sentence: &str) -> Vec<Phrase> {
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Kind {
        Blank,
        Word,
        Han,
        Unspaced,
        Mark,
    }
    let lower = sentence.to_lowercase();
    let japanese = lower.chars().any(|c| Script::of(c) == Script::Kana);
    let kind = |c: char| match c {
        c if !japanese && Script::of(c) == Script::Han => Kind::Han,
        c if unspaced(c) => Kind::Unspaced,
        // An apostrophe is a part of its word, and so is what Unicode puts on letters.
        c if c.is_alphanumeric() || matches!(c, '\'' | '’' | '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}') => {
            Kind::Word
        }
        c if c.is_whitespace() || c == '-' => Kind::Blank,
        _ => Kind::Mark,
    };
    let mut out: Vec<Phrase> = Vec::new();
    // Whether the next word goes on with the phrase before.
    let mut open = false;
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        let here = kind(first);
        let (run, after) = rest.split_at(rest.find(|c| kind(c) != here).unwrap_or(rest.len()));
        rest = after;
        match here {
            Kind::Blank => {}
            Kind::Mark => open = false,
            Kind::Word => match out.last_mut().filter(|_| open) {
                Some(phrase) => phrase.pieces.push(run.to_owned()),
                None => {
                    out.push(Phrase { of: Piece::Spaced, pieces: vec![run.to_owned()] });
                    open = true;
                }
            },
            Kind::Han => {
                open = false;
                out.push(Phrase { of: Piece::Parted, pieces: words_of_normal(run) });
            }
            Kind::Unspaced => {
                open = false;
                out.push(Phrase { of: Piece::Sign, pieces: run.graphemes(true).map(str::to_owned).collect() });
            }
        }
    }
    out
}

/// Terms of a sentence, each once: one to three words in a row, where signs are all that is known two to four of them.
pub(super) fn terms(sentence: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for phrase in phrases(sentence) {
        for n in phrase.of.lengths() {
            for from in 0..(phrase.pieces.len() + 1).saturating_sub(n) {
                let lone = n == 1 && phrase.pieces[from].chars().nth(1).is_none();
                if !lone && phrase.stands(from, true) && phrase.stands(from + n - 1, false) {
                    out.insert(phrase.join(from, from + n));
                }
            }
        }
    }
    out
}

/// The term with what stands before and after it in nearly all of the sentences, up to eight words or sixteen signs, without empty words at
/// its ends; the term itself where they go on in different ways.
pub(super) fn grown(term: &str, sentences: &[&str]) -> String {
    let read: Vec<Vec<Phrase>> = sentences.iter().map(|sentence| phrases(sentence)).collect();
    let mut found: Vec<(&Phrase, usize, usize)> = read
        .iter()
        .filter_map(|phrases| phrases.iter().find_map(|phrase| phrase.find(term).map(|(from, to)| (phrase, from, to))))
        .collect();
    let Some(of) = found.first().map(|(phrase, ..)| phrase.of) else { return term.to_owned() };
    let enough = ALIKE * sentences.len() as f64;
    let mut best = term.to_owned();
    for right in [true, false, true] {
        loop {
            let mut next: BTreeMap<&str, usize> = BTreeMap::new();
            for &(phrase, from, to) in &found {
                let at = if right { Some(to) } else { from.checked_sub(1) };
                if let Some(piece) = at.and_then(|at| phrase.pieces.get(at)) {
                    *next.entry(piece).or_default() += 1;
                }
            }
            let most = next.into_iter().max_by_key(|(_, n)| *n).filter(|(_, n)| *n as f64 >= enough);
            let long = found.first().is_none_or(|(_, from, to)| to - from >= of.most());
            let Some((piece, _)) = most.filter(|_| !long) else { break };
            found.retain_mut(|(phrase, from, to)| {
                let at = if right { Some(*to) } else { from.checked_sub(1) };
                let goes_on = at.and_then(|at| phrase.pieces.get(at)).is_some_and(|other| other == piece);
                (*from, *to) = if right { (*from, *to + 1) } else { (from.saturating_sub(1), *to) };
                goes_on
            });
            if let Some((phrase, from, to)) = found.first()
                && phrase.stands(*from, true)
                && phrase.stands(to - 1, false)
            {
                best = phrase.join(*from, *to);
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn terms_do_not_begin_or_end_with_empty_words() {
        let read = terms("The lid of the cup 盖子");
        assert!(read.contains("lid") && read.contains("盖子") && read.contains("cup"), "{read:?}");
        assert!(!read.contains("the lid") && !read.contains("lid of"), "{read:?}");
    }

    #[test]
    fn punctuation_parts_terms_and_chinese_words_stay_whole() {
        let german = terms("Schlechte Qualität, nach wenigen Tagen kaputt");
        assert!(german.contains("wenigen tagen") && !german.contains("qualität nach"), "{german:?}");
        let chinese = terms("等了很久才收到");
        assert!(chinese.contains("收到") && !chinese.contains("久才收"), "{chinese:?}");
        // No term ends with a vowel that belongs to the consonant after it.
        let thai = terms("เสียงดังเกินไป");
        assert!(thai.iter().all(|term| !term.ends_with('เ') && !term.ends_with('ไ')), "{thai:?}");
    }

    #[test]
    fn a_term_grows_to_what_nearly_all_sentences_share() {
        let sentences =
            ["等了很久才收到。", "等了很久才收到货", "我等了很久才收到！", "等了很久才收到", "等了很久才收到"];
        assert_eq!(grown("收到", &sentences), "等了很久才收到");
        assert_eq!(grown("passt", &["Der Stecker passt nicht", "der Stecker passt kaum"]), "stecker passt");
        assert_eq!(grown("sơ sài", &["Gia công sơ sài.", "gia công sơ sài"]), "gia công sơ sài");
        assert_eq!(grown("lid", &["a lid leaks", "my lid broke", "the lid is off"]), "lid");
        // ไม่ดี: three signs with what stands on them.
        assert_eq!(grown("ประกอบ", &["งานประกอบไม่ดี", "งานประกอบไม่ดี เลย"]), "งานประกอบไม่ดี");
        assert_eq!(grown("none", &["something else"]), "none");
    }

    proptest! {
        #[test]
        fn a_grown_term_holds_the_term_and_stands_in_a_sentence(
            sentences in prop::collection::vec("[ab的好坏กไี ,]{1,12}", 1..5), pick in 0_usize..20,
        ) {
            let all: BTreeSet<String> = sentences.iter().flat_map(|s| terms(s)).collect();
            if let Some(term) = all.iter().nth(pick % all.len().max(1)) {
                let with: Vec<&str> = sentences.iter().map(String::as_str).filter(|s| terms(s).contains(term)).collect();
                let long = grown(term, &with);
                prop_assert!(long.contains(term.as_str()), "{long} of {term}");
                let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                prop_assert!(with.iter().any(|s| squeezed(s).contains(&long)), "{long} in {with:?}");
            }
        }
    }
}
