//! What is wrong with the text of a segment: where, which word, and what would be right.

use std::fmt;

/// Where a word starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Character of the line, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            1 => write!(f, "column {}", self.column),
            line => write!(f, "line {line}, column {}", self.column),
        }
    }
}

/// A text that is no segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}{}", .instead.as_ref().map(|i| format!("; {i}")).unwrap_or_default())]
pub struct SegmentError {
    /// Where.
    pub at: Place,
    /// The word that is wrong, empty at the end of the text.
    pub word: String,
    /// What is wrong with it.
    pub what: String,
    /// What would be right, where that can be said.
    pub instead: Option<String>,
}

impl SegmentError {
    pub(super) fn new(at: Place, word: &str, what: impl Into<String>) -> Self {
        Self { at, word: word.to_owned(), what: what.into(), instead: None }
    }

    pub(super) fn instead(mut self, text: impl Into<String>) -> Self {
        self.instead = Some(text.into());
        self
    }
}

/// "did you mean", or the list where nothing is near and the list is short.
pub(super) fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if !known.is_empty() && known.len() <= 12 => Some(format!("one of {} is", known.join(", "))),
        None => None,
    }
}

/// The known word that is fewest keystrokes away, at most a third of the word's length.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    let near = known.into_iter().map(|k| (keystrokes(&word, &k.to_lowercase()), k));
    near.filter(|(d, _)| *d <= limit).min().map(|(_, k)| k)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`: the optimal
/// string alignment distance. Cost: the product of the lengths.
fn keystrokes(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keystrokes_by_hand() {
        assert_eq!(keystrokes("ordrs", "orders"), 1);
        assert_eq!(keystrokes("marekt", "market"), 1); // One swap.
        assert_eq!(keystrokes("", "abc"), 3);
        assert_eq!(keystrokes("kitten", "sitting"), 3);
    }

    #[test]
    fn only_a_near_word_is_suggested() {
        assert_eq!(nearest("ordrs", ["market", "orders"]), Some("orders"));
        assert_eq!(nearest("xyz", ["market", "orders"]), None);
        assert_eq!(suggest("xyz", ["r", "m2"]), Some("one of r, m2 is".to_owned()));
    }
}
