//! The words of a text in any language.
//!
//! Texts are brought to [`normal`] spelling first. Where blanks part words (Latin, Cyrillic, Greek, Arabic,
//! Devanagari …) words are those of Unicode Annex 29. Chinese is parted by a dictionary with a hidden Markov model for what
//! is not in it (`jieba-rs`). Japanese, recognised by kana in the same text, Thai and others without blanks are pairs of
//! neighbouring signs within a run, Korean pairs within a word: no dictionary that could go stale. Emoji are
//! words of their own. Digits with their unit stay together (`500ml`).
//!
//! Cost: linear in the text, about a microsecond a word; the Chinese dictionary is unpacked when it is first
//! needed (a third of a second, 60 MB) and shared.

use super::normal::normal;
use super::script::Script;
use jieba_rs::Jieba;
use std::sync::OnceLock;
use unicode_segmentation::UnicodeSegmentation;

/// What runs of signs are parted alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Blanks,
    HanKana,
    Hangul,
    Unspaced,
    Picture,
}

fn kind(c: char) -> Kind {
    match Script::of(c) {
        Script::Han | Script::Kana => Kind::HanKana,
        Script::Hangul => Kind::Hangul,
        Script::Thai | Script::OtherUnspaced => Kind::Unspaced,
        Script::Picture => Kind::Picture,
        _ => Kind::Blanks,
    }
}

fn jieba() -> &'static Jieba {
    static DICTIONARY: OnceLock<Jieba> = OnceLock::new();
    DICTIONARY.get_or_init(Jieba::new)
}

/// Pairs of neighbouring signs, or the sign where there is only one. A vowel or tone mark of Thai counts as a sign.
fn pairs(run: &str, words: &mut Vec<String>) {
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    match starts.len() {
        0 | 1 => {}
        2 => words.push(run.to_owned()),
        n => words.extend((0..n - 2).map(|i| run[starts[i]..starts[i + 2]].to_owned())),
    }
}

/// The words of a text, in their order, in normal spelling.
///
/// ```
/// use content::text::words;
/// assert_eq!(words("Ärmel-Schürze, 500ml"), ["ärmel", "schürze", "500ml"]);
/// assert_eq!(words("不锈钢保温杯"), ["不锈钢", "保温杯"]);
/// assert_eq!(words("鳥かご"), ["鳥か", "かご"]);
/// ```
pub fn words(text: &str) -> Vec<String> {
    words_of_normal(&normal(text))
}

/// The same for a text that [`normal`] has gone over.
pub fn words_of_normal(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let is_japanese = text.chars().any(|c| Script::of(c) == Script::Kana);
    let mut start = 0;
    let mut signs = text.char_indices().peekable();
    while let Some((_, c)) = signs.next() {
        let here = kind(c);
        let end = signs.peek().map_or(text.len(), |(at, _)| *at);
        if signs.peek().is_some_and(|(_, next)| kind(*next) == here && here != Kind::Picture) {
            continue;
        }
        let run = &text[start..end];
        start = end;
        match here {
            Kind::Blanks => words.extend(run.unicode_words().map(str::to_owned)),
            Kind::HanKana if is_japanese => pairs(run, &mut words),
            Kind::HanKana => words.extend(jieba().cut(run, true).into_iter().map(|token| token.word.to_owned())),
            Kind::Hangul | Kind::Unspaced => pairs(run, &mut words),
            Kind::Picture => words.push(run.to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_of_languages_with_blanks() {
        assert_eq!(words("Jeans d'été — TAILLE 38"), ["jeans", "d'été", "taille", "38"]);
        assert_eq!(words("Чехол для iPhone-15"), ["чехол", "для", "iphone", "15"]);
        assert_eq!(words("غطاء هاتف"), ["غطاء", "هاتف"]);
        assert_eq!(words("पानी की बोतल"), ["पानी", "की", "बोतल"]);
        assert_eq!(words("1.5 l"), ["1.5", "l"]);
    }

    #[test]
    fn words_of_languages_without_blanks() {
        assert_eq!(words("不锈钢保温杯500ml"), ["不锈钢", "保温杯", "500ml"]);
        assert_eq!(words("水筒ケース"), ["水筒", "筒ケ", "ケー", "ース"]);
        assert_eq!(words("텀블러 컵"), ["텀블", "블러", "컵"]);
        assert_eq!(words("แก้ว"), ["แก", "ก้", "้ว"]);
        assert_eq!(words("nice 😀👍"), ["nice", "😀", "👍"]);
        assert!(words(" ,.!").is_empty());
    }

    #[test]
    fn mixed_directions_and_broken_encodings_come_apart() {
        assert_eq!(words("USB \u{200f}كابل\u{200e} 2m"), ["usb", "كابل", "2m"]);
        assert!(words("KÃ¼hlschrank å›½").len() >= 2);
    }

    proptest! {
        #[test]
        fn any_text_has_words_that_stand_in_it(text in any::<String>()) {
            let whole = normal(&text);
            for word in words(&text) {
                prop_assert!(!word.is_empty() && whole.contains(&word), "{:?}", word);
            }
        }

        #[test]
        fn any_mixture_of_scripts_loses_no_letter(text in "[a-c 水杯ペかก한กж😀,-]{0,20}") {
            let said: String = words(&text).concat();
            prop_assert!(text.chars().filter(|c| Script::of(*c).is_letter()).all(|c| said.contains(c)));
        }
    }
}
