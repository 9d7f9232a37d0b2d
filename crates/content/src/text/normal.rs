//! One spelling for what is the same text: compatible forms joined, lower case, nothing that is not seen.
//!
//! Full-width letters, ligatures and half-width kana become the usual ones (NFKC, Unicode Annex 15), capitals
//! small ones, and marks that only steer the display (direction marks, zero-width signs, soft hyphens) and
//! control characters go, so that `ＵＳＢ‑C` and `usb-c` are one. A byte that an export could not read (`U+FFFD`)
//! is a blank. Cost: linear in the text.

use unicode_normalization::UnicodeNormalization;

/// Signs that are not seen: what they stood between stays together.
const fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Different dashes and quotes as the plain ones.
const fn plain(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '`' | '\u{b4}' => '\'',
        '\u{201c}'..='\u{201e}' | '\u{ab}' | '\u{bb}' => '"',
        '\u{fffd}' => ' ',
        c => c,
    }
}

/// The text in its normal spelling, blanks single and none at the ends.
pub fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // What is not seen goes first: between a letter and its accent it keeps them apart.
    let seen = text.chars().filter(|c| !is_unseen(*c)).map(plain);
    let mut lower = String::with_capacity(text.len());
    for c in seen.nfkc().flat_map(char::to_lowercase) {
        // The small letter of the Turkish İ is an i.
        if c != '\u{307}' || !lower.ends_with('i') {
            lower.push(c);
        }
    }
    // Small letters of a few capitals are made of two signs, which belong together again.
    for c in lower.nfkc().map(plain) {
        if is_unseen(c) {
            continue;
        }
        if c.is_whitespace() || c.is_control() {
            if !out.ends_with(' ') && !out.is_empty() {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_of_one_text_are_one() {
        assert_eq!(normal("ＵＳＢ\u{2011}C  Kabel\u{ad}halter\t"), "usb-c kabelhalter");
        assert_eq!(normal("ﾍﾟｯﾄ"), "ペット");
        assert_eq!(normal("İstanbul ﬁne “Tee”"), "istanbul fine \"tee\"");
        assert_eq!(normal("e\u{301}te\u{301}"), "été");
        assert_eq!(normal("\u{202e}abc\u{202c}\u{fffd}\u{0}x"), "abc x");
        assert_eq!(normal(" \u{200b} "), "");
    }

    proptest! {
        #[test]
        fn any_text_has_no_capitals_controls_or_double_blanks(text in any::<String>()) {
            let got = normal(&text);
            prop_assert!(!got.chars().any(|c| c.is_control() || c.is_ascii_uppercase() || is_unseen(c)));
            prop_assert!(!got.contains("  ") && got.trim() == got);
        }
    }
}
