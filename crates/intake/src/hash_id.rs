//! E-mail addresses, phone numbers and handles are hashed on the way in and never stored.
//!
//! Normalisation as advertising platforms do it, so that audiences can be matched later without
//! the raw data: an e-mail is trimmed and lower-cased; of a phone number the digits stay, without
//! leading zeros. Text is brought to Unicode NFC first, so that two encodings of the same letter
//! give one hash. Then SHA-256, in 64 lower-case hexadecimal digits.

use crate::platform;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// SHA-256 of a text, in hexadecimal.
pub fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// The first `2 × bytes.len()` hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

/// Hash of an e-mail address; `None` when the text is none. A text of 64 hexadecimal digits is
/// such a hash already and stays.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim();
    if is_hash(text) {
        return Some(text.to_ascii_lowercase());
    }
    let (name, host) = text.rsplit_once('@')?;
    let blank = text.chars().any(char::is_whitespace);
    (!name.is_empty() && !host.is_empty() && !blank).then(|| sha256(&text.nfc().collect::<String>().to_lowercase()))
}

/// Hash of a phone number's digits; `None` for fewer than six digits. A number without its country
/// code is hashed as it stands: which country was meant is not known here. A text of 64
/// hexadecimal digits is such a hash already and stays.
pub fn phone(text: &str) -> Option<String> {
    let text = text.trim();
    if is_hash(text) {
        return Some(text.to_ascii_lowercase());
    }
    // A spreadsheet marks a text that looks like a number with an apostrophe.
    let body = text.trim_start_matches('\'');
    // 0044 (0)20 …: the zero in brackets is not dialled from abroad.
    let body = if body.starts_with('+') || body.starts_with("00") { body.replace("(0)", "") } else { body.to_owned() };
    let digits: String = body.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| char::from_digit(d, 10)).collect();
    let digits = digits.trim_start_matches('0');
    let foreign = body.chars().any(char::is_alphabetic);
    (digits.len() >= 6 && digits.len() <= 17 && !foreign).then(|| sha256(digits))
}

/// Hash of somebody's handle on a network, as both are written: SHA-256 of `platform:handle` in their one form; `None` where
/// the text is nobody's handle. A text of 64 hexadecimal digits is such a hash already and stays.
pub fn handle(platform: &str, text: &str) -> Option<String> {
    if is_hash(text.trim()) {
        return Some(text.trim().to_ascii_lowercase());
    }
    Some(sha256(&format!("{}:{}", platform::platform(platform)?, platform::handle(text)?)))
}

/// A text with every e-mail address and every international phone number (`+` and at least seven
/// digits) cut down to its first character: what a reject may show of a row that could not be read.
pub(crate) fn veiled(text: &str) -> Cow<'_, str> {
    if !text.contains(['@', '+']) {
        return Cow::Borrowed(text);
    }
    let of_address = |c: char| c.is_alphanumeric() || "._%+-@'".contains(c);
    let of_number = |c: char| c.is_ascii_digit() || "+() .-/".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end_of = |belongs: &dyn Fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let (word, number) = (&rest[..end_of(&of_address)], &rest[..end_of(&of_number)]);
        let address = word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
        let phone = first == '+' && number.bytes().filter(u8::is_ascii_digit).count() >= 7;
        let taken = match (address, phone) {
            (true, _) => word.len(),
            (false, true) => number.trim_end().len(),
            (false, false) => {
                let plain = if word.is_empty() {
                    first.len_utf8()
                } else {
                    end_of(&|c| of_address(c) && c != '+').max(first.len_utf8())
                };
                out.push_str(&rest[..plain]);
                rest = &rest[plain..];
                continue;
            }
        };
        out.push(first);
        out.push_str("***");
        rest = &rest[taken..];
    }
    Cow::Owned(out)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_equal_the_published_vectors() {
        let mail = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";
        assert_eq!(email(" John_Smith@gmail.com ").as_deref(), Some(mail));
        assert_eq!(email(&mail.to_uppercase()).as_deref(), Some(mail));
        let number = "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176";
        for text in ["16505551212", "+1 (650) 555-1212", "001 650 555 1212", "'+1 650.555.1212"] {
            assert_eq!(phone(text).as_deref(), Some(number), "{text}");
        }
        assert_eq!(sha256("mary"), "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec");
        assert_eq!(sha256("정"), "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14");
        assert_eq!(sha256("valéry"), "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c");
    }

    #[test]
    fn a_handle_is_somebody_within_one_network() {
        let hash = handle("Instagram", "@Anna_K");
        assert_eq!(hash, Some(sha256("instagram:anna_k")));
        assert_eq!(handle("ig", "anna_k"), hash);
        assert_ne!(handle("tiktok", "anna_k"), hash);
        assert_eq!(handle("tiktok", hash.as_deref().unwrap()), hash);
        assert_eq!((handle("instagram", "[deleted]"), handle(" ", "anna_k")), (None, None));
    }

    #[test]
    fn two_encodings_of_one_letter_give_one_hash() {
        assert_eq!(email("vale\u{301}ry@example.com"), email("val\u{e9}ry@example.com"));
    }

    #[test]
    fn what_a_reject_shows_has_no_address_and_no_number() {
        assert_eq!(veiled("7,anna.b+x@example.org,\u{2603}\"12"), "7,a***,\u{2603}\"12");
        assert_eq!(veiled("call +49 (0)30 1234567, now"), "call +***, now");
        for plain in ["2+2", "5 @ 3", "+12", "12.50 EUR", "a@", "@b"] {
            assert_eq!(veiled(plain), plain);
        }
    }

    #[test]
    fn what_is_no_address_is_not_hashed() {
        assert_eq!(email("n/a"), None);
        assert_eq!(email("@example.com"), None);
        assert_eq!(email("a b@example.com"), None);
        assert_eq!(phone("12345"), None);
        assert_eq!(phone("ext. five"), None);
        assert_eq!(phone("+44 (0)20 7946 0000"), phone("442079460000"));
    }
}
