//! What can be wrong with a whole file. A bad row is not here: it becomes a reject and the rest of
//! the file goes on (see [`crate::out`]).

use std::io;

/// What a [`crate::Sink`] reports when it cannot take a batch.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Why a file gives no table at all. Nothing of such a file may be kept.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The file could not be opened or read.
    #[error("{file}: cannot be read: {cause}")]
    Io {
        /// File name.
        file: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// Compressed data stops early.
    #[error("{file}: the {compression} data stops early, after byte {offset}; copy or download the file again")]
    Truncated {
        /// File name.
        file: String,
        /// gzip, zstd or zip.
        compression: &'static str,
        /// Bytes of the file that were there.
        offset: u64,
    },
    /// Compressed or structured data is damaged.
    #[error("{file}: the {what} is damaged near byte {offset} ({detail}); copy or download the file again")]
    Corrupt {
        /// File name.
        file: String,
        /// What kind of data.
        what: &'static str,
        /// Bytes read so far.
        offset: u64,
        /// What the decoder said.
        detail: String,
    },
    /// Not text, not an archive of text.
    #[error("{file}: {what} at byte {offset}, not a table; a CSV, TSV, JSONL, XLSX or Parquet file is expected")]
    Binary {
        /// File name.
        file: String,
        /// What was recognised.
        what: String,
        /// Where.
        offset: u64,
    },
    /// Nothing inside.
    #[error("{file}: no rows; a header line and at least one row are expected")]
    Empty {
        /// File name.
        file: String,
    },
    /// The first record is longer than a record may be.
    #[error("{file}, line 1: the header is longer than {limit} bytes; a line of column names is expected")]
    Header {
        /// File name.
        file: String,
        /// Limit in bytes.
        limit: usize,
    },
    /// The format is known but a column that it needs is not there.
    #[error("{file}, line {line}: looks like {format}, but column `{column}` is missing; found: {found}{hint}")]
    MissingColumn {
        /// File name.
        file: String,
        /// Line of the header.
        line: u64,
        /// Format that it looks like.
        format: String,
        /// Column that is needed.
        column: String,
        /// Columns that are there.
        found: String,
        /// What to do, empty or beginning with `; `.
        hint: String,
    },
    /// No known format.
    #[error(
        "{file}, line {line}: no known export has these columns: {found}; draft a mapping with `portolan ingest --guess {file}`"
    )]
    UnknownFormat {
        /// File name.
        file: String,
        /// Line of the header.
        line: u64,
        /// Columns that are there.
        found: String,
    },
    /// A format name that is not one.
    #[error("`{name}` is not a format; one of {known} is")]
    FormatName {
        /// As given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// Several encodings fit and say different things.
    #[error("{file}: the character encoding is not clear; {candidates}; name it, for example `--encoding {example}`")]
    AmbiguousEncoding {
        /// File name.
        file: String,
        /// Each candidate with a piece of the text read its way.
        candidates: String,
        /// A name to give.
        example: String,
    },
    /// Bytes that are not text in the encoding.
    #[error(
        "{file}: byte {offset} ({value}) is not {encoding}, though everything before is; repair it or name the encoding, for example `--encoding windows-1252`"
    )]
    Encoding {
        /// File name.
        file: String,
        /// Offset in the unpacked data.
        offset: u64,
        /// The bytes, in hexadecimal.
        value: String,
        /// Encoding in use.
        encoding: String,
    },
    /// An encoding name that is not one.
    #[error("`{0}` is not a character encoding; utf-8, gbk, big5, windows-1252, utf-16le … are")]
    EncodingName(String),
    /// Dates that can be read in two ways and nothing in the file decides.
    #[error(
        "{file}, line {line}: column `{column}`: `{value}` can be {day_first} or {month_first} and no date of the file decides; say `date_order = \"day-first\"` or `\"month-first\"` in a mapping or `--date-order`"
    )]
    AmbiguousDate {
        /// File name.
        file: String,
        /// Line of the first such date.
        line: u64,
        /// Column.
        column: String,
        /// The date as written.
        value: String,
        /// Read with the day first.
        day_first: String,
        /// Read with the month first.
        month_first: String,
    },
    /// Amounts without a currency.
    #[error(
        "{file}: no column of this file says the currency; map one, or give it with `--currency EUR` or `[constants] currency = \"EUR\"`"
    )]
    NoCurrency {
        /// File name.
        file: String,
    },
    /// A mapping that does not fit.
    #[error("mapping: {field} is `{value}`; {expected}")]
    Mapping {
        /// Which entry.
        field: String,
        /// As given.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// Larger than what is taken into memory whole.
    #[error("{file}: {what} of {bytes} bytes is larger than {limit}; {remedy}")]
    TooLarge {
        /// File name.
        file: String,
        /// What kind of file.
        what: &'static str,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
        /// What to do instead.
        remedy: &'static str,
    },
    /// The receiver of the batches failed.
    #[error("the batches could not be taken: {0}")]
    Sink(#[source] SinkError),
}

/// Joins names for a message, cut after a dozen.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let mut text = names.iter().take(12).map(|n| format!("`{}`", cut(n.as_ref(), 40))).collect::<Vec<_>>().join(", ");
    if names.len() > 12 {
        text.push_str(&format!(" and {} more", names.len() - 12));
    }
    text
}

/// The first `n` characters of a text.
pub(crate) fn cut(text: &str, n: usize) -> &str {
    text.char_indices().nth(n).map_or(text, |(at, _)| &text[..at])
}
