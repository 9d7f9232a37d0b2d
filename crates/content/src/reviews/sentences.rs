//! Reviews cut into sentences, the shortest piece that can be quoted and understood.

/// Sentences with more signs are cut at a comma: one who quotes half a page quotes nothing.
const LONG: usize = 240;

/// The sentences of a text in their order, trimmed, without empty ones. A point ends one where a blank or the end
/// follows; the marks of Chinese and Japanese and line breaks always do.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    let signs: Vec<(usize, char)> = text.char_indices().collect();
    for (n, &(at, c)) in signs.iter().enumerate() {
        let next = signs.get(n + 1).map(|(_, c)| *c);
        let length = n - signs.partition_point(|(place, _)| *place < from);
        let ends = match c {
            '。' | '！' | '？' | '\n' | '\r' | '…' | '；' => true,
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
            '，' | ',' | '、' => length > LONG,
            _ => false,
        };
        if ends {
            out.push(&text[from..at + c.len_utf8()]);
            from = at + c.len_utf8();
        }
    }
    out.push(&text[from..]);
    out.iter().map(|s| s.trim()).filter(|s| s.chars().any(char::is_alphanumeric)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_several_scripts_are_parted_and_numbers_are_not() {
        assert_eq!(sentences("It has 2.5 litres. Good! Is it? yes"), ["It has 2.5 litres.", "Good!", "Is it?", "yes"]);
        assert_eq!(sentences("质量很好。物流慢！\n\n不错"), ["质量很好。", "物流慢！", "不错"]);
        assert!(sentences(" ... \n").is_empty());
        let long = "word, ".repeat(100);
        assert!(sentences(&long).iter().all(|s| s.chars().count() < 260));
    }
}
