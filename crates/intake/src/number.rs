//! Numbers as people and programs write them, read exactly: `1 234,50 zł`, `₹12,34,567.00`,
//! `1'234.50`, `-€ 3,5`, `(12.00)`, `.5`, `5.`.
//!
//! What `1,234` means depends on the decimal mark, which is decided for a whole file from its
//! columns ([`Evidence`]) or given by a locale; a single text is never guessed at on its own.
//! Plain numbers (`-12.75`) take a path without any of this.

use domain::{Amount, Decimal};

/// Which character stands before the fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DecimalMark {
    /// `1,234.50`
    #[default]
    Point,
    /// `1.234,50`
    Comma,
}

impl DecimalMark {
    /// The mark that a locale such as `pl`, `en-IN` or `de-CH` uses; the point for an unknown one.
    pub fn of_locale(tag: &str) -> Self {
        const COMMA: [&str; 40] = [
            "af", "az", "be", "bg", "bs", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr", "hu",
            "hy", "id", "is", "it", "ka", "kk", "lt", "lv", "mk", "nb", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl",
            "sr", "sv", "tr", "uk",
        ];
        let mut parts = tag.split(['-', '_']);
        let language = parts.next().unwrap_or("").to_ascii_lowercase();
        let region = parts.next_back().unwrap_or("").to_ascii_uppercase();
        // Switzerland and Liechtenstein write the point; so does Spanish north of Panama.
        let point = matches!(
            (language.as_str(), region.as_str()),
            ("de" | "it", "CH" | "LI") | ("es", "MX" | "US" | "PR" | "GT" | "HN" | "NI" | "SV" | "PA" | "DO")
        );
        if !point && (COMMA.contains(&language.as_str()) || language == "vi") { Self::Comma } else { Self::Point }
    }

    /// The character.
    pub const fn char(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

/// An amount written plainly (`-12.75`), in millionths; `None` sends the caller to [`parse`].
#[inline]
pub fn plain_micros(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    // 12 digits before the point keep value × 10^6 within 64 bits.
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let (mut value, mut before, mut after, mut point) = (0_i64, 0, 0, false);
    for &b in digits {
        match b {
            b'0'..=b'9' if point && after == 6 => return None,
            b'0'..=b'9' => {
                value = value * 10 + i64::from(b - b'0');
                if point { after += 1 } else { before += 1 }
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    if before == 0 || before > 12 || (point && after == 0) {
        return None;
    }
    const SCALE: [i64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    let micros = value * SCALE[after];
    Some(if negative { -micros } else { micros })
}

/// A whole number written plainly; `None` sends the caller to [`parse`].
#[inline]
pub fn plain_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0_i64;
    for &b in digits {
        if !b.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(b - b'0');
    }
    Some(if negative { -value } else { value })
}

/// Reads a number written by a person: signs before or behind or as brackets, a currency sign or
/// code on either side, blanks, apostrophes or the other mark between groups of three (or of two,
/// as in India). `None` when it is no number, or when its marks contradict `mark`.
pub fn parse(text: &str, mark: DecimalMark) -> Option<Decimal> {
    let mut body = text.trim().trim_start_matches('\'');
    let mut negative = false;
    if let Some(inner) = body.strip_prefix('(').and_then(|b| b.strip_suffix(')')) {
        (negative, body) = (true, inner);
    }
    let mut seen_sign = negative;
    let mut take_sign = |minus: bool| {
        let first = !seen_sign;
        (seen_sign, negative) = (true, negative || minus);
        first
    };
    let mut seen_word = false;
    // From both ends: signs, currency words, blanks.
    loop {
        let before = body;
        body = body.trim_matches(|c: char| c.is_whitespace() || is_currency(c));
        if let Some(rest) = body.strip_prefix(['-', '−', '﹣', '－']).or_else(|| body.strip_suffix(['-', '−'])) {
            if !take_sign(true) {
                return None;
            }
            body = rest;
        } else if let Some(rest) = body.strip_prefix(['+', '＋']) {
            if !take_sign(false) {
                return None;
            }
            body = rest;
        }
        // One word is a currency or a unit; two are a sentence.
        if !seen_word {
            let bare = strip_code(body);
            seen_word = bare.len() < body.len();
            body = bare;
        }
        if body == before {
            break;
        }
    }
    let (integer, fraction) = match body.rfind(mark.char()) {
        Some(at) => (&body[..at], &body[at + 1..]),
        None => (body, ""),
    };
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || integer.contains(mark.char()) {
        return None;
    }
    let digits = ungrouped(integer, if mark == DecimalMark::Point { ',' } else { '.' })?;
    if digits.is_empty() && fraction.is_empty() {
        return None;
    }
    let plain = format!(
        "{}{}{}{}",
        if negative { "-" } else { "" },
        if digits.is_empty() { "0" } else { &digits },
        if fraction.is_empty() { "" } else { "." },
        fraction
    );
    plain.parse().ok()
}

/// An amount in either way of writing, exact to millionths.
#[inline]
pub fn amount(text: &str, mark: DecimalMark) -> Option<Amount> {
    if mark == DecimalMark::Point
        && let Some(micros) = plain_micros(text)
    {
        return Some(Amount::from_micros(micros));
    }
    parse(text, mark).and_then(Amount::from_decimal)
}

/// Whether an amount fits its column, `decimal(18, 6)`: 12 digits before the point. Sums and
/// products of a few that fit are far from the end of 64 bits.
pub(crate) const fn fits(amount: Amount) -> bool {
    amount.micros().unsigned_abs() < 1_000_000_000_000_000_000
}

/// Whether a quantity is small enough to be turned around and multiplied. What a shop can sell is
/// judged by cleaning; this only keeps nonsense such as a bar code out of arithmetic.
pub(crate) const fn countable(quantity: i64) -> bool {
    quantity.unsigned_abs() < 1_000_000_000_000
}

/// A whole number in either way of writing; `6.0` is 6, `6.5` is none.
#[inline]
pub fn integer(text: &str, mark: DecimalMark) -> Option<i64> {
    if let Some(value) = plain_int(text) {
        return Some(value);
    }
    let value = parse(text, mark)?.normalize();
    if value.scale() == 0 { i64::try_from(value.mantissa()).ok() } else { None }
}

/// A number as a 64-bit float, the nearest one to what is written. By way of its digits: the decimal
/// type's own conversion loses the last bit of long fractions.
#[inline]
pub(crate) fn float(text: &str, mark: DecimalMark) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let plain = unsigned.starts_with(|c: char| c.is_ascii_digit())
        && unsigned.ends_with(|c: char| c.is_ascii_digit())
        && unsigned.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value = if plain && mark == DecimalMark::Point && unsigned.matches('.').count() < 2 {
        text.parse().ok()
    } else {
        parse(text, mark).and_then(nearest)
    };
    value.filter(|v: &f64| v.is_finite())
}

/// The float nearest to a decimal.
pub(crate) fn nearest(value: Decimal) -> Option<f64> {
    value.to_string().parse().ok()
}

fn is_currency(c: char) -> bool {
    matches!(
        c,
        '$' | '€'
            | '£'
            | '¥'
            | '￥'
            | '₹'
            | '₫'
            | '฿'
            | '₩'
            | '₽'
            | '₺'
            | '₴'
            | '₪'
            | '₱'
            | '₦'
            | '₡'
            | '₲'
            | '₵'
            | '₸'
            | '₼'
            | '₾'
            | '﷼'
            | '元'
            | '円'
            | '원'
            | 'đ'
            | '%'
    ) && c != '%'
}

/// Drops one word of letters at an end: `EUR 5`, `5 zł`, `Rs. 5`, `R$`.
fn strip_code(body: &str) -> &str {
    let letter = |c: char| c.is_alphabetic();
    let head = body.trim_start_matches(letter);
    if head.len() < body.len() && body[..body.len() - head.len()].chars().count() <= 4 {
        // `Rs.5`: the point belongs to the abbreviation, unless no blank follows and it is `.5`.
        return match head.strip_prefix(". ") {
            Some(rest) => rest,
            None => head,
        };
    }
    let tail = body.trim_end_matches(letter);
    if tail.len() < body.len() && body[tail.len()..].chars().count() <= 4 { tail } else { body }
}

/// Digits of the integer part without group marks; `None` when the groups are not groups.
fn ungrouped(integer: &str, group: char) -> Option<String> {
    let is_mark = |c: char| c == group || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’' | '_');
    let groups: Vec<&str> = integer.split(is_mark).collect();
    if groups.iter().any(|g| !g.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    if let [first, middle @ .., last] = groups.as_slice() {
        let shaped =
            (1..=3).contains(&first.len()) && last.len() == 3 && middle.iter().all(|g| (2..=3).contains(&g.len()));
        if !shaped {
            return None;
        }
    }
    Some(groups.concat())
}

/// What the numbers of a file say about its decimal mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Numbers that only make sense with a decimal point.
    pub point: u32,
    /// Numbers that only make sense with a decimal comma.
    pub comma: u32,
    /// Numbers such as `1,234` that could have a decimal comma or a group comma.
    pub open: u32,
}

impl Evidence {
    /// Looks at one number.
    pub fn see(&mut self, text: &str) {
        let last = |mark: char| text.rfind(mark);
        match (last('.'), last(',')) {
            (Some(p), Some(c)) if p > c => self.point += 1,
            (Some(_), Some(_)) => self.comma += 1,
            (Some(at), None) => self.one(text, '.', at),
            (None, Some(at)) => self.one(text, ',', at),
            (None, None) => {}
        }
    }

    fn one(&mut self, text: &str, mark: char, at: usize) {
        let digits_after = text[at + 1..].chars().take_while(char::is_ascii_digit).count();
        let digits_before = text[..at].chars().rev().take_while(char::is_ascii_digit).count();
        let several = text.matches(mark).count() > 1;
        // 1.234.567: a mark that comes twice parts groups. 12.5: not three digits, so a fraction.
        let fraction = !several
            && (digits_after != 3
                || digits_before > 3
                || digits_before == 0
                || text[..at].ends_with('0') && digits_before == 1);
        match (mark, several, fraction) {
            ('.', false, true) | (',', true, _) => self.point += 1,
            (',', false, true) | ('.', true, _) => self.comma += 1,
            ('.', false, false) => {}
            _ => self.open += 1,
        }
    }

    /// The mark, and a note where that was not certain.
    pub fn decide(self, delimiter: u8) -> (DecimalMark, Option<String>) {
        match (self.point, self.comma) {
            (0, 0) if self.open == 0 => (DecimalMark::Point, None),
            (0, 0) if delimiter == b';' => {
                let note =
                    "numbers such as `1,234` were read with a decimal comma, because the cells are parted by `;`";
                (DecimalMark::Comma, Some(note.into()))
            }
            (0, 0) => (
                DecimalMark::Point,
                Some("numbers such as `1,234` were read as thousands, because nothing shows a decimal comma".into()),
            ),
            (p, c) if c > p => (DecimalMark::Comma, (p > 0).then(|| mixed(c, p, "comma"))),
            (p, c) => (DecimalMark::Point, (c > 0).then(|| mixed(p, c, "point"))),
        }
    }
}

fn mixed(most: u32, few: u32, word: &str) -> String {
    format!("decimal {word} in {most} of the numbers looked at, the other mark in {few}: those are rejected")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, locale: &str) -> Option<String> {
        parse(text, DecimalMark::of_locale(locale)).map(|d| d.to_string())
    }

    #[test]
    fn numbers_are_read_as_their_locale_writes_them() {
        for (text, locale, value) in [
            ("1 234,50 zł", "pl", "1234.50"),
            ("1\u{a0}234,50 zł", "pl", "1234.50"),
            ("₹12,34,567.00", "en-IN", "1234567.00"),
            ("1'234.50", "de-CH", "1234.50"),
            ("CHF 1’234.50", "de-CH", "1234.50"),
            ("-€ 3,5", "de", "-3.5"),
            ("€ -3,5", "de", "-3.5"),
            ("3,5-", "de", "-3.5"),
            ("(12.00)", "en", "-12.00"),
            ("+7", "en", "7"),
            (".5", "en", "0.5"),
            ("5.", "en", "5"),
            ("¥1,200", "ja", "1200"),
            ("US$ 1,234.5", "en-US", "1234.5"),
            ("R$ 1.234,50", "pt-BR", "1234.50"),
            ("Rs. 500", "en-IN", "500"),
            ("1.234.567 ₫", "vi", "1234567"),
            ("1,234.50", "es-MX", "1234.50"),
        ] {
            assert_eq!(read(text, locale).as_deref(), Some(value), "{text} in {locale}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_made_one() {
        for (text, locale) in [
            ("six", "en"),
            ("", "en"),
            ("-", "en"),
            ("1,23", "en"),
            ("1.23,4", "en"),
            ("12-3", "en"),
            ("1 2", "en"),
            ("--5", "en"),
            ("-5-", "en"),
            ("1.5.5", "en"),
            ("2011-01-05", "en"),
            ("1.2345.678", "de"),
            ("5 kgs each", "en"),
        ] {
            assert_eq!(read(text, locale), None, "{text} in {locale}");
        }
    }

    #[test]
    fn the_fast_path_and_the_slow_one_agree() {
        for text in ["0", "-0.5", "12.75", "0.001", "999999999999.999999", "168469.60"] {
            let slow = parse(text, DecimalMark::Point).and_then(Amount::from_decimal).unwrap().micros();
            assert_eq!(plain_micros(text), Some(slow), "{text}");
        }
        for text in ["", ".", "5.", ".5", "1e5", "+7", "1234567890123", "0.1234567", "--1", "1-"] {
            assert_eq!(plain_micros(text), None, "{text}");
        }
    }

    #[test]
    fn columns_show_their_decimal_mark() {
        let decide = |texts: &[&str], delimiter: u8| {
            let mut evidence = Evidence::default();
            texts.iter().for_each(|t| evidence.see(t));
            evidence.decide(delimiter).0
        };
        assert_eq!(decide(&["25,53", "12,75", "3"], b';'), DecimalMark::Comma);
        assert_eq!(decide(&["25.53", "1,200"], b','), DecimalMark::Point);
        assert_eq!(decide(&["1.234,50"], b','), DecimalMark::Comma);
        assert_eq!(decide(&["1.234.567"], b','), DecimalMark::Comma);
        assert_eq!(decide(&["1,234"], b','), DecimalMark::Point);
        assert_eq!(decide(&["1,234"], b';'), DecimalMark::Comma);
        assert_eq!(decide(&["0.001", "2.345"], b','), DecimalMark::Point);
    }

    proptest! {
        #[test]
        fn any_amount_survives_printing_and_reading(micros in -999_999_999_999_999_999_i64..999_999_999_999_999_999) {
            let printed = Amount::from_micros(micros).to_string();
            prop_assert_eq!(amount(&printed, DecimalMark::Point), Some(Amount::from_micros(micros)));
            let comma = printed.replace('.', ",");
            prop_assert_eq!(amount(&comma, DecimalMark::Comma), Some(Amount::from_micros(micros)));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = (parse(&text, DecimalMark::Point), parse(&text, DecimalMark::Comma), plain_micros(&text), plain_int(&text));
            Evidence::default().see(&text);
        }
    }
}
