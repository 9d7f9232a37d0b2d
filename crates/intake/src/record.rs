//! A row of text cells, whatever kind of file it came from: the seam between readers (CSV, JSON
//! lines, XLSX, Parquet) and connectors.

use crate::error::IntakeError;

/// Where a cell stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// In the side buffer (a quoted cell that had doubled quotes) and not in the text itself.
    pub(crate) aside: bool,
}

/// One row. Cells borrow from the reader's buffer until the next row is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'r> {
    /// Physical line on which the row starts, from 1.
    pub(crate) line: u64,
    pub(crate) text: &'r str,
    pub(crate) aside: &'r str,
    pub(crate) spans: &'r [Span],
}

impl<'r> Record<'r> {
    /// The cell at `i`, empty where the row has none.
    #[inline]
    pub(crate) fn get(&self, i: usize) -> &'r str {
        match self.spans.get(i) {
            Some(s) if s.aside => &self.aside[s.start as usize..s.end as usize],
            Some(s) => &self.text[s.start as usize..s.end as usize],
            None => "",
        }
    }

    /// How many cells there are.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// All cells, owned.
    pub(crate) fn to_vec(self) -> Vec<String> {
        (0..self.len()).map(|i| self.get(i).to_owned()).collect()
    }
}

/// A row that could not be read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadRow {
    /// Line on which it (or its open quote) starts.
    pub(crate) line: u64,
    /// Rule that it breaks.
    pub(crate) rule: &'static str,
    /// A piece of it.
    pub(crate) value: String,
    /// What would be right.
    pub(crate) expected: String,
}

/// What a reader gives next.
pub(crate) enum Next<'r> {
    /// A row.
    Row(Record<'r>),
    /// A row that is none.
    Bad(BadRow),
    /// No more.
    End,
}

/// A stream of rows with named columns.
pub(crate) trait RowSource {
    /// Column names as written.
    fn header(&self) -> &[String];
    /// Line of the header, 0 where the format has none.
    fn header_line(&self) -> u64;
    /// The next row.
    fn next(&mut self) -> Result<Next<'_>, IntakeError>;
    /// Bytes of the file taken so far, as packed.
    fn taken(&self) -> u64;
    /// Lines read so far: where the next member of an archive starts to count.
    fn lines(&self) -> u64;
    /// From now on give each row as one cell, the whole line.
    fn whole_lines(&mut self) {}
    /// The encoding, which may only be known at the end.
    fn encoding(&self) -> Option<crate::encoding::EncodingReport> {
        None
    }
    /// What the reader noticed, once it is at the end.
    fn notes(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// A row built from owned cells, for readers that have no text buffer of their own.
#[derive(Default)]
pub(crate) struct Built {
    pub(crate) text: String,
    pub(crate) spans: Vec<Span>,
}

impl Built {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }

    pub(crate) fn push(&mut self, cell: &str) {
        let start = self.text.len() as u32;
        self.text.push_str(cell);
        self.spans.push(Span { start, end: self.text.len() as u32, aside: false });
    }

    pub(crate) fn record(&self, line: u64) -> Record<'_> {
        Record { line, text: &self.text, aside: "", spans: &self.spans }
    }
}
