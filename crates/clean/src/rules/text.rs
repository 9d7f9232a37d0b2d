//! Texts in one normal form: NFKC, outer blanks off, inner blanks folded to one.
//!
//! Full-width letters, ligatures and the two ways to write `é` become one spelling (Unicode
//! Standard Annex 15); zero-width marks and control characters go. The *case key* is the same in
//! lower case and is what texts are compared by; it is never shown.

use super::{Policy, RuleDoc};
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfkc_quick};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "text",
    policy: Policy::Convert,
    doc: "titles and codes are written in NFKC without outer, doubled or invisible blanks",
};

/// The text in normal form; borrowed when it is already so.
///
/// ```
/// assert_eq!(clean::normalize("  Ｋｅｔｔｌｅ   2 ℓ "), "Kettle 2 l");
/// ```
pub fn normalize(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let ascii_or_nfkc = text.is_ascii() || is_nfkc_quick(text.chars()) == unicode_normalization::IsNormalized::Yes;
    let folded = if ascii_or_nfkc { fold(text.chars()) } else { fold(text.nfkc()) };
    if folded == text { Cow::Borrowed(text) } else { Cow::Owned(folded) }
}

/// The normal form in lower case, for comparing.
pub fn case_key(text: &str) -> String {
    normalize(text).to_lowercase()
}

/// Whether the text is in normal form already.
pub(crate) fn is_normal(text: &str) -> bool {
    matches!(normalize(text), Cow::Borrowed(_))
}

/// Printable ASCII without outer or doubled blanks: nearly every text of nearly every file.
fn is_plain(bytes: &[u8]) -> bool {
    let [first, .., last] = bytes else { return bytes != b" " && bytes.iter().all(|b| (b' '..=b'~').contains(b)) };
    // Without an early end both loops become vector instructions; texts are short and nearly all plain.
    let odd = bytes.iter().fold(false, |odd, b| odd | !(b' '..=b'~').contains(b));
    let doubled = bytes[1..].iter().zip(bytes).fold(false, |doubled, (a, b)| doubled | ((*a == b' ') & (*b == b' ')));
    !(odd | doubled) && *first != b' ' && *last != b' '
}

/// Whether an ASCII text says these two lower-case words with one blank between, in any case. Every
/// title is asked, so it looks at blanks only.
pub(crate) fn says(text: &str, first: &str, second: &str) -> bool {
    let (bytes, first, second) = (text.as_bytes(), first.as_bytes(), second.as_bytes());
    bytes.iter().enumerate().any(|(at, &b)| {
        b == b' '
            && bytes[..at].len() >= first.len()
            && bytes[at - first.len()..at].eq_ignore_ascii_case(first)
            && bytes[at + 1..].get(..second.len()).is_some_and(|word| word.eq_ignore_ascii_case(second))
    })
}

fn fold(chars: impl Iterator<Item = char>) -> String {
    let mut folded = String::new();
    let mut blank = false;
    for c in chars {
        if c.is_whitespace() {
            blank = !folded.is_empty();
        } else if !is_invisible(c) {
            if blank {
                folded.push(' ');
                blank = false;
            }
            folded.push(c);
        }
    }
    folded
}

/// Control characters, the byte-order mark and zero-width blanks. The zero-width joiner and
/// non-joiner stay: Persian and Indic words need them.
fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{2060}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blanks_widths_and_composed_letters_become_one() {
        assert_eq!(normalize("  A \t B\u{a0}\u{3000}C "), "A B C");
        assert_eq!(normalize("cafe\u{301}"), "café");
        assert_eq!(normalize("ＡＢ１２"), "AB12");
        assert_eq!(normalize("\u{feff}KETTLE\u{200b}"), "KETTLE");
        assert!(matches!(normalize("WHITE METAL LANTERN"), Cow::Borrowed(_)));
        assert_eq!(case_key(" STRASSE Ä "), "strasse ä");
        assert_eq!(normalize(""), "");
    }

    proptest! {
        #[test]
        fn the_normal_form_is_its_own_normal_form(text in any::<String>()) {
            let once = normalize(&text).into_owned();
            prop_assert_eq!(normalize(&once).into_owned(), once.clone());
            prop_assert!(!once.starts_with(' ') && !once.ends_with(' ') && !once.contains("  "));
        }
    }
}
