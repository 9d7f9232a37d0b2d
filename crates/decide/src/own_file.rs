//! Tables that a seller keeps in a file of their own, and what is wrong with one: file, line, key, value, what would be right.
//!
//! Tables compiled into the program are read by the same functions, so a seller may start from a copy of ours. Amounts are
//! texts, `"150 EUR"`; shares are plain numbers, `0.19`, and are read as the decimals they are written as.

use domain::{Currency, Day, Decimal, Market, Money, Rounding};
use serde::de::DeserializeOwned;

/// A place in a seller's file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: `{key}` is {value}: {right}")]
pub struct FileError {
    /// Name of the file as the caller gave it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Key in that line, or the table's name.
    pub key: String,
    /// What stands there.
    pub value: String,
    /// What would be right.
    pub right: String,
}

/// How sure a stated fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The seller or an official text that the source names says so.
    Stated,
    /// General knowledge: every output says "verify".
    General,
    /// A round figure to start from: every output says "verify".
    Assumption,
}

impl Confidence {
    /// Whether a person has to check it before relying on it.
    pub const fn verify(self) -> bool {
        match self {
            Self::Stated => false,
            Self::General | Self::Assumption => true,
        }
    }
}

pub use crate::Said;

/// A file's name and text, to name places in it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

impl Source<'_> {
    /// The file as a structure; what TOML refuses comes with its line.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, FileError> {
        toml::from_str(self.text).map_err(|e| {
            let start = e.span().map_or(0, |s| s.start);
            let line = self.text.get(..start).map_or(1, |before| before.matches('\n').count() + 1);
            let (key, value) = self.cut(line);
            FileError { file: self.file.to_owned(), line, key, value, right: e.message().replace('\n', " ") }
        })
    }

    /// An error at `key` of the `n`-th row (from 0) of `header`, written as `[[header]]` or as a line of `header = [`; at
    /// the row itself where it has no such key.
    pub(crate) fn wrong(self, header: &str, n: usize, key: &str, right: impl Into<String>) -> FileError {
        let (line, found) = self.row(header, n, key);
        let value = match (found, self.inside(line, key)) {
            (false, _) => "missing".to_owned(),
            (true, Some(value)) => value,
            (true, None) => self.cut(line).1,
        };
        FileError { file: self.file.to_owned(), line, key: key.to_owned(), value, right: right.into() }
    }

    /// Line of a key of a row, or of the row, and whether the key is there.
    fn row(self, header: &str, n: usize, key: &str) -> (usize, bool) {
        let mark = format!("[[{header}]]");
        let mut heads = self.text.lines().enumerate().filter(|(_, l)| l.trim_start().starts_with(&mark));
        if let Some((head, _)) = heads.nth(n) {
            let body = self.text.lines().enumerate().skip(head + 1);
            let mut body = body.take_while(|(_, l)| !l.trim_start().starts_with("[["));
            let has_key = |l: &str| l.split_once('=').is_some_and(|(k, _)| k.trim().trim_matches('"') == key);
            return body.find(|(_, l)| has_key(l)).map_or((head + 1, false), |(i, _)| (i + 1, true));
        }
        let opens = |l: &str| l.split_once('=').is_some_and(|(k, v)| k.trim() == header && v.trim() == "[");
        let rows = self.text.lines().enumerate().skip_while(|(_, l)| !opens(l)).skip(1);
        let row = rows.filter(|(_, l)| l.trim_start().starts_with('{')).nth(n);
        row.map_or((1, false), |(i, _)| (i + 1, self.inside(i + 1, key).is_some()))
    }

    /// Value of a key of a row that stands in one line.
    fn inside(self, line: usize, key: &str) -> Option<String> {
        let text = self.text.lines().nth(line - 1)?.trim().strip_prefix('{')?;
        let name = format!("{key} = ");
        // The name stands first or after a comma: `ba = ` holds `a = ` too.
        let own = |at: &usize| text[..*at].trim().is_empty() || text[..*at].trim_end().ends_with(',');
        let rest = &text[text.match_indices(&name).map(|(at, _)| at).find(own)? + name.len()..];
        let end = match rest.chars().next()? {
            '"' => rest[1..].find('"').map(|i| i + 2),
            '[' => rest.find(']').map(|i| i + 1),
            '{' => rest.find('}').map(|i| i + 1),
            _ => rest.find([',', '}']),
        };
        Some(rest[..end.unwrap_or(rest.len())].trim().to_owned())
    }

    /// Key and value of a line.
    fn cut(self, line: usize) -> (String, String) {
        let text = self.text.lines().nth(line - 1).unwrap_or_default().trim();
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        (key.trim().to_owned(), value.trim().to_owned())
    }
}

/// `"150 EUR"`.
pub(crate) fn money(text: &str) -> Result<Money, String> {
    let right = || "an amount and its currency, such as \"150 EUR\", is right".to_owned();
    let (amount, currency) = text.trim().split_once(' ').ok_or_else(right)?;
    let amount: Decimal = amount.parse().map_err(|_| right())?;
    let currency: Currency = currency.parse().map_err(|e| format!("{e}"))?;
    let money = Money::from_decimal(amount, currency, Rounding::HalfUp).map_err(|e| e.to_string())?;
    if money.to_decimal() != amount {
        return Err(format!("{currency} has {} digits after the point", currency.exponent()));
    }
    Ok(money)
}

/// A number as the decimal that it is written as, not below `low`.
pub(crate) fn decimal(x: f64, low: f64) -> Result<Decimal, String> {
    let right = || format!("a number of at least {low} is right");
    if !x.is_finite() || x < low || x > 1e12 {
        return Err(right());
    }
    x.to_string().parse().map_err(|_| right())
}

/// A share in [0, 1).
pub(crate) fn share(x: f64) -> Result<Decimal, String> {
    if !(0.0..1.0).contains(&x) {
        return Err("a share from 0 to below 1 is right: 0.19 for 19 %".to_owned());
    }
    decimal(x, 0.0)
}

/// `"2024-12-13"`.
pub(crate) fn day(text: &str) -> Result<Day, String> {
    text.parse().map_err(|_| "a day such as \"2024-12-13\" is right".to_owned())
}

/// Markets of a list of codes and groups.
pub(crate) fn markets(codes: &[String]) -> Result<Vec<Market>, String> {
    let mut all = Vec::new();
    for code in codes {
        match group(code) {
            Some(members) => all.extend(members.split(' ').filter_map(|c| c.parse::<Market>().ok())),
            None => all.push(code.parse().map_err(|e| format!("{e}; or a group: {}", group_names()))?),
        }
    }
    all.sort();
    all.dedup();
    if all.is_empty() { Err(format!("at least one market, or a group: {}", group_names())) } else { Ok(all) }
}

/// Groups of markets that one rule speaks for, by name.
pub const GROUPS: &[(&str, &str)] = &[
    ("EU", "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"),
    ("EEA", "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"),
    ("GCC", "AE BH KW OM QA SA"),
    ("ASEAN", "BN ID KH LA MM MY PH SG TH VN"),
    ("ANZ", "AU NZ"),
];

fn group(name: &str) -> Option<&'static str> {
    GROUPS.iter().find(|(g, _)| *g == name).map(|(_, members)| *members)
}

fn group_names() -> String {
    GROUPS.iter().map(|(g, _)| *g).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[allow(dead_code, reason = "read to see what is refused, never asked")]
        row: Vec<Row>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        #[allow(dead_code, reason = "read to see what is refused, never asked")]
        a: f64,
    }

    #[test]
    fn a_mistyped_key_and_a_wrong_type_name_their_line() {
        let source = Source { file: "costs.toml", text: "# mine\n[[row]]\na = 1.0\n\n[[row]]\nb = 2\n" };
        let e = source.read::<File>().unwrap_err();
        assert_eq!((e.line, e.key.as_str(), e.value.as_str()), (6, "b", "2"), "{e}");
        let source = Source { file: "costs.toml", text: "[[row]]\na = \"x\"\n" };
        let e = source.read::<File>().unwrap_err();
        assert!(e.to_string().starts_with("costs.toml:2: `a` is \"x\": invalid type"), "{e}");
    }

    #[test]
    fn an_error_of_meaning_finds_the_key_in_its_own_table() {
        let source = Source { file: "f", text: "[[row]]\na = 1\n[[row]]\nc = 3\na = 2\n[[row]]\n" };
        assert_eq!(source.wrong("row", 1, "a", "one").to_string(), "f:5: `a` is 2: one");
        assert_eq!(source.wrong("row", 2, "a", "one").to_string(), "f:6: `a` is missing: one");
        let source = Source { file: "f", text: "row = [\n  { a = [1, 2], c = 3 },\n  { ba = 1, a = 2 },\n]\n" };
        assert_eq!(source.wrong("row", 0, "a", "one").to_string(), "f:2: `a` is [1, 2]: one");
        assert_eq!(source.wrong("row", 1, "a", "one").to_string(), "f:3: `a` is 2: one");
        assert_eq!(source.wrong("row", 1, "d", "one").to_string(), "f:3: `d` is missing: one");
    }

    #[test]
    fn amounts_shares_and_groups_are_read_exactly_or_refused() {
        assert_eq!(money("150 EUR").unwrap().minor, 15_000);
        assert_eq!(money("1000 JPY").unwrap().minor, 1_000);
        assert!(money("1.5 JPY").is_err() && money("150").is_err() && money("x EUR").is_err());
        assert_eq!(share(0.19).unwrap(), Decimal::new(19, 2));
        assert!(share(19.0).is_err() && share(f64::NAN).is_err() && share(1.0).is_err());
        assert_eq!(markets(&["EU".into(), "DE".into()]).unwrap().len(), 27);
        assert!(markets(&["UK".into()]).unwrap_err().contains("EEA"));
        for (_, members) in GROUPS {
            assert!(members.split(' ').all(|c| c.parse::<Market>().is_ok()));
        }
    }
}
