//! Cuts the text of a segment into words, numbers, dates, durations and signs, each with its place.
//!
//! | token | written |
//! |---|---|
//! | word | a letter, then letters, digits, `_`, and `.` or `-` between two of them: `orders.count`, `DE`, `Amazon.de`, `北京` |
//! | text | between double quotes; `\"` and `\\` stand for themselves |
//! | number | `12`, `0.5`, `30%` (0.3), with `-` in front where it is negative |
//! | duration | `180d`, `6w` (7 days each), `3m` (30 days each) |
//! | date | `2025-01-31` |
//!
//! `#` starts a comment to the end of the line.

use super::error::{Place, SegmentError};
use domain::Day;

/// A piece of the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Days(u32),
    Date(Day),
    Sign(&'static str),
    End,
}

/// A token, the characters it was made of, and where they start.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) word: String,
    pub(super) at: Place,
}

/// Longest window, in days: a century.
pub(super) const MAX_DAYS: u32 = 36_525;

/// Two-character signs first.
const SIGNS: [&str; 12] = ["!=", "<=", ">=", "==", "<", ">", "=", "(", ")", "[", "]", ","];

/// All tokens, closed by [`Token::End`].
pub(super) fn lex(text: &str) -> Result<Vec<Lexeme>, SegmentError> {
    let mut reader = Reader { chars: text.chars().collect(), next: 0, at: Place { line: 1, column: 1 } };
    let mut lexemes = Vec::new();
    loop {
        reader.skip();
        let (from, at) = (reader.next, reader.at);
        let token = reader.token()?;
        let end = token == Token::End;
        lexemes.push(Lexeme { token, word: reader.chars[from..reader.next].iter().collect(), at });
        if end {
            return Ok(lexemes);
        }
    }
}

struct Reader {
    chars: Vec<char>,
    next: usize,
    at: Place,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.next + ahead).copied()
    }

    fn step(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.next += 1;
        self.at = match c {
            '\n' => Place { line: self.at.line + 1, column: 1 },
            _ => Place { column: self.at.column + 1, ..self.at },
        };
        Some(c)
    }

    fn skip(&mut self) {
        while let Some(c) = self.peek(0) {
            if c == '#' {
                while self.peek(0).is_some_and(|c| c != '\n') {
                    self.step();
                }
            } else if c.is_whitespace() {
                self.step();
            } else {
                break;
            }
        }
    }

    fn token(&mut self) -> Result<Token, SegmentError> {
        let at = self.at;
        let Some(c) = self.peek(0) else { return Ok(Token::End) };
        let digit_next = self.peek(1).is_some_and(|c| c.is_ascii_digit());
        if c == '"' {
            return self.text();
        }
        if c.is_ascii_digit() || (c == '-' && digit_next) {
            return self.number();
        }
        if c.is_alphabetic() {
            return Ok(Token::Word(self.word()));
        }
        let found = SIGNS.iter().find(|sign| sign.chars().enumerate().all(|(i, s)| self.peek(i) == Some(s)));
        match found {
            Some(sign) => {
                for _ in sign.chars() {
                    self.step();
                }
                Ok(Token::Sign(if *sign == "==" { "=" } else { sign }))
            }
            None => {
                let error = SegmentError::new(at, &c.to_string(), format!("`{c}` means nothing here"));
                Err(match c {
                    '\'' | '“' | '”' => error.instead("text stands between double quotes, \"like this\""),
                    '&' => error.instead("write `and`"),
                    '|' => error.instead("write `or`"),
                    '!' => error.instead("write `not`"),
                    _ => error,
                })
            }
        }
    }

    /// Letters, digits and `_`, with `.` and `-` between them.
    fn word(&mut self) -> String {
        let inside = |c: char| c.is_alphanumeric() || c == '_';
        let mut word = String::new();
        while let Some(c) = self.peek(0) {
            let joins = matches!(c, '.' | '-') && self.peek(1).is_some_and(inside);
            if !inside(c) && !joins {
                break;
            }
            word.push(c);
            self.step();
        }
        word
    }

    fn text(&mut self) -> Result<Token, SegmentError> {
        let at = self.at;
        self.step();
        let mut text = String::new();
        loop {
            match self.step() {
                Some('"') => return Ok(Token::Text(text)),
                Some('\\') => match self.step() {
                    Some(c @ ('"' | '\\')) => text.push(c),
                    _ => {
                        let what = "a backslash in a text stands before a quote or a backslash";
                        return Err(SegmentError::new(at, &text, what));
                    }
                },
                Some(c) => text.push(c),
                None => return Err(SegmentError::new(at, &text, "the text has no closing quote")),
            }
        }
    }

    fn number(&mut self) -> Result<Token, SegmentError> {
        let at = self.at;
        let mut digits = String::new();
        while let Some(c) = self.peek(0) {
            let inside = c.is_alphanumeric() || matches!(c, '.' | '_' | '%');
            let joins = c == '-' && self.peek(1).is_some_and(|c| c.is_ascii_digit());
            if !inside && !joins {
                break;
            }
            digits.push(c);
            self.step();
        }
        let wrong = || {
            SegmentError::new(at, &digits, format!("`{digits}` is no number"))
                .instead("12, 0.5 and 30% are numbers, 180d, 6w and 3m durations, 2025-01-31 is a date")
        };
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
        if let Some((factor, count)) = [('d', 1), ('w', 7), ('m', 30)]
            .iter()
            .find_map(|&(unit, days)| digits.strip_suffix(unit).filter(|n| plain(n)).map(|n| (days, n)))
        {
            let days = count.parse::<u32>().ok().and_then(|n| n.checked_mul(factor)).filter(|d| *d <= MAX_DAYS);
            return match days {
                Some(0) | None => Err(SegmentError::new(at, &digits, format!("`{digits}` is no window of time"))
                    .instead("1d to 36525d is")),
                Some(days) => Ok(Token::Days(days)),
            };
        }
        let parts: Vec<&str> = digits.split('-').collect();
        if parts.len() == 3 && parts.iter().all(|p| plain(p)) {
            // Four digits a year: `25-1-31` would be the year 25.
            let lengths_right = parts.iter().map(|p| p.len()).eq([4, 2, 2]);
            let day = if lengths_right { digits.parse::<Day>().ok() } else { None };
            return day.map(Token::Date).ok_or_else(|| {
                SegmentError::new(at, &digits, format!("`{digits}` is no day of the calendar"))
                    .instead("2025-01-31 is, year first")
            });
        }
        let (text, scale) = digits.strip_suffix('%').map_or((digits.as_str(), 1.0), |t| (t, 100.0));
        let shaped = text.strip_prefix('-').unwrap_or(text).split('.').all(plain) && text.matches('.').count() <= 1;
        match text.parse::<f64>() {
            Ok(value) if shaped && value.abs() < 1e15 => Ok(Token::Number(value / scale)),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        lex(text).unwrap().into_iter().map(|l| l.token).collect()
    }

    #[test]
    fn every_kind_of_token() {
        let word = |w: &str| Token::Word(w.to_owned());
        let (sign, end) = (Token::Sign, Token::End);
        assert_eq!(
            tokens("orders.count(180d)>=2"),
            [word("orders.count"), sign("("), Token::Days(180), sign(")"), sign(">="), Token::Number(2.0), end.clone()]
        );
        assert_eq!(
            tokens("6w 3m 30% -1.5 2025-01-31"),
            [
                Token::Days(42),
                Token::Days(90),
                Token::Number(0.3),
                Token::Number(-1.5),
                Token::Date(Day::from_ymd(2025, 1, 31).unwrap()),
                end.clone()
            ]
        );
        assert_eq!(
            tokens("北京 Amazon.de # a comment\n\"a \\\"b\\\"\""),
            [word("北京"), word("Amazon.de"), Token::Text("a \"b\"".to_owned()), end]
        );
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let error = |text: &str| lex(text).unwrap_err().to_string();
        assert!(error("a\n  ~").starts_with("line 2, column 3: `~` means nothing here"));
        assert_eq!(error("a && b"), "column 3: `&` means nothing here; write `and`");
        assert!(error("2025-02-30").contains("no day of the calendar"));
        assert!(error("25-01-31").contains("year first"));
        assert!(error("0d").contains("1d to 36525d"));
        assert!(error("3x").contains("`3x` is no number"));
        assert!(error("\"abc").contains("no closing quote"));
    }
}
