//! Which language a short text is in, where nobody said: by its script, and for Latin letters by small
//! words and letters that one language has.
//!
//! Meant for reviews of a few words in the languages of usual markets. Where the signs do not decide the
//! answer is nothing: a wrong language would be worse than none.

/// Small words and what language they are of; a word of two languages would decide nothing and is left out.
const WORDS: [(&str, &[&str]); 8] = [
    (
        "en",
        &[
            "the", "and", "is", "it", "this", "very", "not", "with", "for", "good", "great", "was", "but", "my", "too",
            "works",
        ],
    ),
    (
        "de",
        &[
            "der", "die", "das", "und", "ist", "nicht", "sehr", "mit", "ein", "eine", "gut", "für", "zu", "ich",
            "leider", "aber",
        ],
    ),
    ("fr", &["le", "les", "est", "et", "très", "pas", "une", "je", "avec", "pour", "bien", "mais", "produit", "trop"]),
    ("es", &["el", "los", "muy", "pero", "con", "una", "está", "bien", "producto", "es", "y", "lo", "más", "bueno"]),
    ("pt", &["não", "muito", "uma", "com", "é", "produto", "bom", "mas", "do", "da", "ótimo", "boa"]),
    ("it", &["il", "molto", "non", "è", "di", "prodotto", "della", "buono", "che", "ma", "ottimo", "per"]),
    ("vi", &["rất", "và", "không", "của", "tốt", "máy", "hàng", "này", "được", "dùng", "giao", "đẹp"]),
    ("nl", &["het", "een", "zeer", "niet", "met", "maar", "goed", "van", "ik", "heel", "erg", "mooi"]),
];

/// Letters that Vietnamese has and its neighbours in the table do not.
const VIETNAMESE: &str = "ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ";

/// ISO 639-1 of the text, or nothing where its signs do not decide.
pub(crate) fn detect(text: &str) -> Option<&'static str> {
    let count = |inside: fn(char) -> bool| text.chars().filter(|c| inside(*c)).count();
    let letters = count(char::is_alphabetic);
    let mostly = |n: usize| n > 0 && 2 * n >= letters;
    let kana = count(|c| matches!(c, '\u{3041}'..='\u{30ff}'));
    let han = count(|c| matches!(c, '\u{3400}'..='\u{9fff}'));
    if mostly(kana + han) {
        // Japanese is never long without kana.
        return if kana > 0 { Some("ja") } else { Some("zh") };
    }
    for (language, n) in [
        ("th", count(|c| matches!(c, '\u{e00}'..='\u{e7f}'))),
        ("ko", count(|c| matches!(c, '\u{ac00}'..='\u{d7a3}'))),
        ("ar", count(|c| matches!(c, '\u{600}'..='\u{6ff}'))),
        ("ru", count(|c| matches!(c, '\u{400}'..='\u{4ff}'))),
        ("hi", count(|c| matches!(c, '\u{900}'..='\u{97f}'))),
        ("el", count(|c| matches!(c, '\u{370}'..='\u{3ff}'))),
        ("he", count(|c| matches!(c, '\u{5d0}'..='\u{5ea}'))),
    ] {
        if mostly(n) {
            return Some(language);
        }
    }
    let lower = text.to_lowercase();
    if lower.chars().any(|c| VIETNAMESE.contains(c)) {
        return Some("vi");
    }
    let mut scores = WORDS.map(|(language, words)| {
        let said = lower.split(|c: char| !c.is_alphabetic()).filter(|w| words.contains(w)).count();
        (said, language)
    });
    scores.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    // One small word may stand in any text, and a tie is no answer.
    let enough = scores[0].0 >= 2 || scores[0].0 == 1 && lower.split_whitespace().count() <= 3;
    (enough && scores[0].0 > scores[1].0).then_some(scores[0].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_small_words_decide_and_doubt_is_no_answer() {
        for (text, language) in [
            ("很好用的水壶", Some("zh")),
            ("とても良いです", Some("ja")),
            ("좋아요", Some("ko")),
            ("ดีมาก", Some("th")),
            ("ممتاز جدا", Some("ar")),
            ("Очень хорошо", Some("ru")),
            ("rất tốt", Some("vi")),
            ("The kettle is very good", Some("en")),
            ("Der Wasserkocher ist sehr gut", Some("de")),
            ("Très bien, mais un peu trop cher", Some("fr")),
            ("El producto es muy bueno", Some("es")),
            ("Não funciona muito bem", Some("pt")),
            ("Sehr leise", Some("de")),
            ("Top!", None),
            ("ok", None),
            ("XR-200", None),
            ("", None),
            ("12345", None),
        ] {
            assert_eq!(detect(text), language, "{text}");
        }
    }
}
