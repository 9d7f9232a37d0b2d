//! Files of other systems in, typed raw rows and rejects out.
//!
//! The way of a byte: `bytes` unpacks, `encoding` decodes, `sniff` and `csv` (or JSON lines,
//! workbooks, Parquet) part it into rows, [`detect`](fn@detect) says what the rows are, a connector
//! of `connect` reads their cells with [`number`], [`date`], [`units`] and [`hash_id`], and `out`
//! hands batches to a [`Sink`]. Everything streams in bounded memory.
//!
//! Raw rows keep what the file says: duplicates, cancellations, odd prices and country names are
//! the business of `clean`. A bad row is a reject with its line, column, value and what would be
//! right; only a file that is no table at all is an [`IntakeError`].

mod bytes;
mod encoding;
mod guess_encoding;

mod csv;
mod jsonl;
mod parquet_rows;
mod record;
mod rows;
mod sniff;
mod xlsx;

pub mod date;
pub mod hash_id;
pub mod number;
pub mod units;

mod connect;
mod detect;
mod error;
mod format;
mod guess;
mod header;
mod mapping;
mod options;
mod out;
mod plan;
mod platform;
mod postcode;
mod provenance;
mod read;
mod unpacked;
mod write;

pub use bytes::{Compression, ZIP_LIMIT};
pub use connect::REVERSAL;
pub use csv::MAX_RECORD;
pub use date::DateOrder;
pub use encoding::{Encoding, EncodingReport};
pub use error::{IntakeError, SinkError};
pub use format::Format;
pub use guess::{Draft, draft_mapping};
pub use mapping::{Mapping, MappingRead, SYSTEM, is_system};
pub use options::{Defaults, ReadOptions, RunAhead};
pub use out::Sink;
pub use platform::platform;
pub use provenance::{MappingProvenance, Provenance};
pub use read::{Detected, Dialect, ReadSummary, detect, read};
pub use unpacked::any_piece;
pub use write::{CanonicalWriter, Shape};
