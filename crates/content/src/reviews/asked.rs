//! Questions: whether somebody asks, and what about.
//!
//! A question names what a shopper has to know before it buys ("does the plug fit?"), so that what many ask is a need, whatever
//! the answer. It takes no side: "is it loud?" is no complaint. What it is about is told in the vocabulary of
//! [`concerns`](super::concerns()), with further words that questions have and reviews have not (`asked.tsv`). Limits: a question
//! about anything that is no concern, and questions in other words. Cost: one pass over the sentence a phrase.

use super::concerns::{Concern, concerns, plain, stands};
use super::sentences;
use std::sync::LazyLock;

static WORDS: LazyLock<Vec<(Concern, Vec<&'static str>)>> = LazyLock::new(|| {
    let lines = include_str!("asked.tsv").lines().filter(|line| !line.starts_with('#'));
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let concern = cells.next().and_then(Concern::from_name)?;
        Some((concern, cells.nth(1)?.split('|').collect()))
    };
    lines.filter_map(row).collect()
});

/// Marks that end a question: Latin, Chinese and Japanese, Arabic, Greek.
const MARKS: [char; 4] = ['?', '？', '؟', '\u{37e}'];

/// Endings that make a question where no mark does.
const ENDINGS: [&str; 17] = [
    // Chinese
    "吗",
    "呢",
    "么",
    "嘛",
    // Japanese
    "ですか",
    "ますか",
    "でしょうか",
    "ませんか",
    // Thai
    "ไหม",
    "มั้ย",
    "ไหมคะ",
    "ไหมครับ",
    "หรือเปล่า",
    "หรือยัง",
    "รึเปล่า",
    // Vietnamese
    "không ạ",
    "được không",
];

/// Whether a text asks something: one of its sentences ends like a question.
pub fn is_question(text: &str) -> bool {
    sentences(text).into_iter().any(|sentence| {
        let end = sentence.trim_end_matches(|c: char| c.is_whitespace() || "\"'”’)）」.。!！".contains(c));
        end.ends_with(MARKS) || ENDINGS.iter().any(|ending| end.to_lowercase().ends_with(ending))
    })
}

/// What a question is about, each concern once, in their order.
pub fn asked_about(question: &str) -> Vec<Concern> {
    let mut found: Vec<Concern> = sentences(question).into_iter().flat_map(concerns).map(|s| s.concern).collect();
    let lower = plain(question);
    found
        .extend(WORDS.iter().filter(|(_, words)| words.iter().any(|w| stands(&lower, w))).map(|(concern, _)| *concern));
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_of_nine_languages_are_told_from_reports() {
        for question in [
            "How loud is it, @shop?",
            "Nice. Does it come with a lid?",
            "Passt der Stecker in Österreich?",
            "这个声音大吗",
            "这款能用220V吗？",
            "静かですか。",
            "Có giao hàng đến Huế không ạ",
            "ปลั๊กใช้กับไทยได้ไหม",
            "هل يعمل في السعودية؟",
            "Est-ce qu'il est bruyant ?",
            "¿Es fácil de limpiar?",
        ] {
            assert!(is_question(question), "{question}");
        }
        for report in ["It is quiet.", "Sehr gut!", "声音很小。", "静かです。", "ดีมาก", "", "???"]
        {
            assert!(!is_question(report), "{report}");
        }
    }

    #[test]
    fn what_is_asked_about_is_told_and_takes_no_side() {
        for (question, about) in [
            ("Is it too loud for a bedroom?", vec![Concern::Noise]),
            ("When will it arrive, and can I return it?", vec![Concern::Delivery, Concern::Service]),
            ("Wie groß ist das Gerät?", vec![Concern::Size]),
            ("Passt der Stecker in eine Steckdose in Wien?", vec![Concern::Fit]),
            ("几天能到货？", vec![Concern::Delivery]),
            ("容量多少升，声音大吗？", vec![Concern::Size, Concern::Noise]),
            ("送料はいくらですか", vec![Concern::Delivery, Concern::Price]),
            ("Máy có ồn không?", vec![Concern::Noise]),
            ("ล้างยังไงคะ", vec![Concern::Ease]),
            // As normalised text has it: the vowel am in two signs.
            ("ท\u{e4d}\u{e32}ความสะอาดยังไง", vec![Concern::Ease]),
            ("كم لتر سعته؟", vec![Concern::Size]),
            ("Quel est le délai de livraison ?", vec![Concern::Delivery]),
            ("¿Tiene garantía?", vec![Concern::Service]),
            ("Which colour is nicest?", vec![]),
        ] {
            assert_eq!(asked_about(question), about, "{question}");
        }
    }

    #[test]
    fn every_concern_but_satisfaction_has_words_of_questions() {
        for concern in Concern::ALL.into_iter().filter(|c| !matches!(c, Concern::Satisfaction | Concern::Security)) {
            assert!(WORDS.iter().any(|(of, words)| *of == concern && !words.is_empty()), "{}", concern.name());
        }
        assert!(WORDS.iter().all(|(_, words)| words.iter().all(|w| *w == w.trim() && *w == w.to_lowercase())));
    }
}
