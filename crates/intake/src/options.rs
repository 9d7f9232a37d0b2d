//! What a caller can say about a file that the file does not say itself.

use crate::csv::MAX_RECORD;
use crate::date::DateOrder;
use crate::encoding::Encoding;
use crate::format::Format;
use crate::mapping::Mapping;
use domain::{Currency, Day, Market};
use std::io::Read;

/// Takes a reader that works for its bytes (it unpacks) and returns one with the same bytes and
/// errors, which may fetch them ahead on another thread.
pub type RunAhead = fn(Box<dyn Read + Send>) -> Box<dyn Read + Send>;

/// What to assume where a file is silent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Currency of amounts without one.
    pub currency: Option<Currency>,
    /// Minutes east of Greenwich of times without a zone; 480 for China.
    pub utc_offset_minutes: i32,
    /// Country of rows in files without a country column.
    pub country: Option<Market>,
    /// Order of dates such as 1/5/2011 that nothing in the file decides.
    pub date_order: Option<DateOrder>,
}

/// How to read a file. Make one with [`ReadOptions::new`].
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// Format; detected when `None`.
    pub format: Option<Format>,
    /// Mapping of columns; wins over `format`.
    pub mapping: Option<Mapping>,
    /// Encoding; detected when `None`.
    pub encoding: Option<Encoding>,
    /// What to assume where the file is silent.
    pub defaults: Defaults,
    /// Rows in a batch.
    pub batch_rows: usize,
    /// Longest record in bytes; a longer one is rejected.
    pub max_record: usize,
    /// Today. Reading keeps rows of later days; the cleaning rules flag them.
    pub as_of: Day,
    /// Unpacks packed text ahead of the rows; without it both take turns on the caller's thread.
    pub run_ahead: Option<RunAhead>,
}

impl ReadOptions {
    /// Everything detected, nothing assumed.
    pub fn new(as_of: Day) -> Self {
        Self {
            format: None,
            mapping: None,
            encoding: None,
            defaults: Defaults::default(),
            batch_rows: 65_536,
            max_record: MAX_RECORD,
            as_of,
            run_ahead: None,
        }
    }
}
