//! The canonical text of a rule: `parse(print(rule)) == rule`, and equal rules have equal texts.

use super::ast::{Expr, Literal, Term, Test};
use std::fmt::{self, Display, Formatter};

/// Words that would be read as something else without quotes.
pub(super) const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "between", "is", "missing", "ago"];

/// A text as it is written: bare where it reads back as itself.
pub(super) fn quoted(text: &str) -> String {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    let bare = text.chars().next().is_some_and(char::is_alphabetic)
        && text.split(['.', '-']).all(|part| !part.is_empty() && part.chars().all(inside))
        && !KEYWORDS.contains(&text.to_lowercase().as_str());
    if bare { text.to_owned() } else { in_quotes(text) }
}

pub(super) fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Day(day) => write!(f, "{day}"),
            Self::Ago(days) => write!(f, "{days}d ago"),
        }
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let window = |w: &Option<u32>| w.map(|days| format!(", {days}d")).unwrap_or_default();
        match self {
            Self::Field(field) => f.write_str(field.name()),
            Self::Measure(measure, None) => f.write_str(measure.name()),
            Self::Measure(measure, Some(days)) => write!(f, "{}({days}d)", measure.name()),
            Self::Product(deed, by, name, w) => {
                write!(f, "{}({} {}{})", deed.name(), by.name(), in_quotes(name), window(w))
            }
            Self::Searched(words, w) => write!(f, "searched({}{})", in_quotes(words), window(w)),
            Self::CartAbandoned(None) => f.write_str("cart_abandoned"),
            Self::CartAbandoned(Some(days)) => write!(f, "cart_abandoned({days}d)"),
            Self::Tag(name) => write!(f, "tag({})", in_quotes(name)),
            Self::Segment(name) => write!(f, "segment({})", in_quotes(name)),
            Self::Interest(name) => write!(f, "interest({})", in_quotes(name)),
            Self::Value(name) => write!(f, "value({})", in_quotes(name)),
            Self::Group(name) => write!(f, "group({})", in_quotes(name)),
        }
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes(term) => write!(f, "{term}"),
            Self::Compare(term, op, value) => write!(f, "{term} {} {value}", op.sign()),
            Self::In(term, values) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(f, "{term} in [{}]", values.join(", "))
            }
            Self::Between(term, low, high) => write!(f, "{term} between {low} and {high}"),
            Self::Missing(term) => write!(f, "{term} is missing"),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let list = |members: &[Expr], word: &str, f: &mut Formatter<'_>| {
            for (i, member) in members.iter().enumerate() {
                if i > 0 {
                    write!(f, " {word} ")?;
                }
                match member {
                    // `and` binds tighter than `or`, so only an `or` inside an `and` needs its parentheses.
                    Self::Or(_) => write!(f, "({member})")?,
                    Self::And(_) | Self::Not(_) | Self::Test(_) => write!(f, "{member}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::And(members) => list(members, "and", f),
            Self::Or(members) => list(members, "or", f),
            Self::Not(inner) => match **inner {
                Self::And(_) | Self::Or(_) => write!(f, "not ({inner})"),
                Self::Not(_) | Self::Test(_) => write!(f, "not {inner}"),
            },
            Self::Test(test) => write!(f, "{test}"),
        }
    }
}
