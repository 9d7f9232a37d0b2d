//! Sentences that say what could have been: "I wish it had a lid", 「蓋があればいいのに」, "要是能静音就好了".
//!
//! A list of turns of phrase in ten languages, for sellers who have no marked sentences to teach a
//! [`Judge`](super::Judge) with; where there are some, the judge is far better (docs/content.md has both beside each
//! other). Made from general knowledge of the languages, not from data. Cost: one pass over the sentence a phrase.

/// Turns of phrase in small letters. `…` stands for anything on the way to the next part.
const PHRASES: [&str; 95] = [
    // English
    "i wish",
    "wish it",
    "wish they",
    "wish there",
    "wish the",
    "if only",
    "would be better if",
    "would be nice if",
    "would be great if",
    "would be perfect if",
    "would have been",
    "would've been",
    "would have liked",
    "would have preferred",
    "would love to see",
    "would like to see",
    "should have had",
    "should have come",
    "should come with",
    "could have been",
    "could use a",
    "had it been",
    "if it had",
    "if it were",
    "if they had",
    // German
    "ich wünschte",
    "hätte ich mir",
    "hätte mir",
    "würde mir wünschen",
    "wünsche mir",
    "wäre schön",
    "wäre besser",
    "wäre toll",
    "wäre super",
    "wäre perfekt",
    "wäre gut",
    "wäre es",
    "hätte gern",
    "hätte man",
    "wenn es … hätte",
    "wenn er … hätte",
    "wenn sie … hätte",
    "schöner gewesen",
    "besser gewesen",
    // Chinese, simple and traditional
    "希望",
    "要是",
    "如果能",
    "如果可以",
    "如果有",
    "就好了",
    "就更好",
    "就完美",
    "建议",
    "建議",
    "最好能",
    "可惜没有",
    "可惜沒有",
    // Japanese
    "てほしい",
    "て欲しい",
    "ばいいのに",
    "といいのに",
    "ば良かった",
    "ばよかった",
    "たら良かった",
    "たらよかった",
    "ば完璧",
    "があれば",
    // Vietnamese
    "giá mà",
    "ước gì",
    "giá như",
    "nếu có … thì",
    "mong shop",
    "mong là",
    "phải chi",
    // Thai
    "อยากให้",
    "ถ้ามี",
    "น่าจะมี",
    "ถ้า … จะดี",
    // Arabic
    "أتمنى",
    "اتمنى",
    "ليته",
    "ليتها",
    "لو كان",
    "لو كانت",
    // French
    "j'aurais aimé",
    "aurait été",
    "serait mieux",
    "serait parfait",
    "si seulement",
    // Spanish and Portuguese
    "ojalá",
    "me gustaría que",
    "me hubiera gustado",
    "estaría bien",
    "gostaria que",
    "seria melhor se",
];

/// Whether a sentence says what could have been. Apostrophes of print count as plain ones.
pub fn is_wish(sentence: &str) -> bool {
    let lower = sentence.to_lowercase().replace('\u{2019}', "'");
    PHRASES.iter().any(|phrase| says(&lower, phrase))
}

/// Whether the parts of a phrase stand in a text in their order, each where a word begins.
fn says(text: &str, phrase: &str) -> bool {
    let mut from = 0;
    for part in phrase.split(" … ") {
        let spaced = part.chars().next().is_some_and(|c| c.is_alphabetic() && (c as u32) < 0x0e00);
        let begins = |at: &usize| !spaced || !text[..*at].chars().next_back().is_some_and(char::is_alphanumeric);
        let Some(at) = text[from..].match_indices(part).map(|(at, _)| from + at).find(begins) else { return false };
        from = at + part.len();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_of_ten_languages_are_told_from_reports() {
        for wish in [
            "I wish it had a longer cable.",
            "It would’ve been perfect with a lid",
            "Ich wünschte, er wäre leiser.",
            "Wenn es einen Deckel hätte, wäre es perfekt.",
            "要是能再静音一点就好了",
            "もう少し静かならよかったのに、蓋があればいいのに",
            "Giá mà có thêm nắp đậy",
            "อยากให้เสียงเบากว่านี้",
            "أتمنى لو كان أهدأ",
            "J'aurais aimé un câble plus long",
            "Ojalá tuviera tapa",
        ] {
            assert!(is_wish(wish), "{wish}");
        }
        for report in
            ["It works and is quiet.", "Sehr leise.", "声音很小。", "静かです。", "Swish it and it is clean.", ""]
        {
            assert!(!is_wish(report), "{report}");
        }
    }

    #[test]
    fn parts_have_to_come_in_order() {
        assert!(says("nếu có nắp thì tốt", "nếu có … thì"));
        assert!(!says("thì nếu có", "nếu có … thì"));
    }
}
