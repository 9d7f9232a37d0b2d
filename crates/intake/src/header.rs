//! Column names of a file, compared without case, accents, blanks and punctuation: `Customer ID`,
//! `customer_id` and `CustomerID` are one name.

use crate::error::{IntakeError, list};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The header of one file.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) names: Vec<String>,
    keys: Vec<String>,
}

/// The name without case, accents, blanks and punctuation.
pub(crate) fn key(name: &str) -> String {
    name.nfkd().filter(|c| c.is_alphanumeric() && !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

impl Header {
    pub(crate) fn new(file: &str, line: u64, names: &[String]) -> Self {
        let keys = names.iter().map(|n| key(n)).collect();
        Self { file: file.to_owned(), line, names: names.to_vec(), keys }
    }

    /// Position of the first column that has one of these names.
    pub(crate) fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let wanted = key(name);
            self.keys.iter().position(|k| *k == wanted && !k.is_empty())
        })
    }

    /// Position of a column that has to be there.
    pub(crate) fn need(&self, format: &str, names: &[&str]) -> Result<usize, IntakeError> {
        self.find(names).ok_or_else(|| self.missing(format, names[0]))
    }

    pub(crate) fn missing(&self, format: &str, column: &str) -> IntakeError {
        let (file, line) = (self.file.clone(), self.line);
        let (format, column, found) = (format.to_owned(), column.to_owned(), list(&self.names));
        IntakeError::MissingColumn { file, line, format, column, found, hint: String::new() }
    }
}
