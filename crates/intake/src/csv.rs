//! A streaming reader for delimited text: any of four delimiters, quotes with doubled quotes,
//! embedded line ends, LF, CRLF and CR-only files, physical line numbers.
//!
//! It never gives up on a file: a row with the wrong number of cells, a quote that never closes, a
//! NUL byte or a record beyond [`CsvParams::max_record`] is handed out as a bad row with its line,
//! and reading goes on. Memory is one chunk and one record. Text after a closing quote is appended
//! to the cell, as Python's reader does.
//!
//! Cost: one pass over the bytes, one table look-up a byte outside quotes, `memchr` inside.

use crate::error::{IntakeError, cut};
use crate::record::{BadRow, Next, Record, Span};

/// Gives decoded text piece by piece.
pub(crate) trait TextSource {
    /// Appends more text; `false` at the end.
    fn more(&mut self, into: &mut String) -> Result<bool, IntakeError>;
    /// Packed bytes taken so far.
    fn taken(&self) -> u64 {
        0
    }
    /// What was noticed about the text.
    fn notes(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// How the text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CsvParams {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    /// Whether a carriage return alone ends a line.
    pub(crate) cr_only: bool,
    /// Longest record in bytes.
    pub(crate) max_record: usize,
}

/// Longest record by default: no export comes near it, and it bounds the memory.
pub const MAX_RECORD: usize = 1 << 20;

impl Default for CsvParams {
    fn default() -> Self {
        Self { delimiter: b',', quote: b'"', cr_only: false, max_record: MAX_RECORD }
    }
}

/// Records of a text, one at a time.
pub(crate) struct Records<S> {
    source: S,
    params: CsvParams,
    stop: Box<[bool; 256]>,
    text: String,
    at: usize,
    ended: bool,
    line: u64,
    spans: Vec<Span>,
    aside: String,
    may_have_nul: bool,
    /// Cells that every record must have; `None` until the header is known.
    pub(crate) width: Option<usize>,
}

enum Scan {
    /// Record ends here; the next starts there; this many line ends inside and at the end.
    Record { end: usize, next: usize, lines: u64 },
    /// The text stops inside a record; where a quote is open, where it opened.
    Partial { open_quote: Option<usize> },
}

impl<S: TextSource> Records<S> {
    /// `begun` is text that was already taken from `source`.
    pub(crate) fn new(source: S, begun: String, params: CsvParams) -> Self {
        let mut stop = Box::new([false; 256]);
        for byte in [params.delimiter, b'\n', b'\r'] {
            stop[byte as usize] = true;
        }
        let may_have_nul = begun.contains('\0');
        let at = if begun.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self {
            source,
            params,
            stop,
            text: begun,
            at,
            ended: false,
            line: 1,
            spans: Vec::new(),
            aside: String::new(),
            may_have_nul,
            width: None,
        }
    }

    pub(crate) fn source(&self) -> &S {
        &self.source
    }

    pub(crate) fn source_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// Line on which the next record starts.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The next record that is not blank.
    pub(crate) fn next(&mut self) -> Result<Next<'_>, IntakeError> {
        loop {
            let (start, line) = (self.at, self.line);
            match self.scan() {
                Scan::Record { end, .. } if end - start > self.params.max_record => {
                    return self.too_long(None).map(Next::Bad);
                }
                Scan::Record { end, next, lines } => {
                    self.at = next;
                    self.line += lines;
                    if end == start {
                        continue;
                    }
                    if self.may_have_nul && memchr::memchr(0, &self.text.as_bytes()[start..end]).is_some() {
                        let value = visible(&self.text[start..end]);
                        return Ok(Next::Bad(BadRow {
                            line,
                            rule: "nul_byte",
                            value,
                            expected: "text without NUL bytes".into(),
                        }));
                    }
                    if let Some(width) = self.width
                        && self.spans.len() != width
                        && !self.only_blanks_beyond(width)
                    {
                        let have = self.spans.len();
                        let value = format!("{have} cells: {}", visible(&self.text[start..end]));
                        let expected = format!("{width} cells, as in the header");
                        return Ok(Next::Bad(BadRow { line, rule: "ragged_row", value, expected }));
                    }
                    return Ok(Next::Row(Record { line, text: &self.text, aside: &self.aside, spans: &self.spans }));
                }
                Scan::Partial { open_quote } if self.ended => {
                    if self.at == self.text.len() {
                        return Ok(Next::End);
                    }
                    let quote = open_quote.unwrap_or(start);
                    let opened = line + self.line_ends(start, quote);
                    let bad = unclosed(opened, &self.text[quote..], self.text.len() - quote);
                    self.line += self.line_ends(start, self.text.len());
                    self.at = self.text.len();
                    return Ok(Next::Bad(bad));
                }
                Scan::Partial { open_quote } if self.text.len() - start > self.params.max_record => {
                    return self.too_long(open_quote).map(Next::Bad);
                }
                Scan::Partial { .. } => self.fill()?,
            }
        }
    }

    fn fill(&mut self) -> Result<(), IntakeError> {
        self.text.drain(..self.at);
        self.at = 0;
        let had = self.text.len();
        self.ended = !self.source.more(&mut self.text)?;
        self.may_have_nul |= memchr::memchr(0, &self.text.as_bytes()[had..]).is_some();
        Ok(())
    }

    /// A record beyond the limit. Where a quote stands open the line it opened on is given up and
    /// reading goes on with the next line: an unclosed quote must not swallow the file.
    fn too_long(&mut self, open_quote: Option<usize>) -> Result<BadRow, IntakeError> {
        let (start, limit) = (self.at, self.params.max_record);
        let from = open_quote.unwrap_or(start);
        let line = self.line + self.line_ends(start, from);
        let sample = visible(&self.text[from..]);
        if open_quote.is_some()
            && let Some(end) = self.line_end_after(from, self.text.len())
        {
            self.line = line + 1;
            self.at = end;
            return Ok(unclosed(line, &sample, limit));
        }
        let mut skipped = 0_u64;
        self.at = start;
        loop {
            if let Some(end) = self.line_end_after(self.at, self.text.len()) {
                skipped += (end - self.at) as u64;
                self.at = end;
                self.line = line + 1;
                break;
            }
            skipped += (self.text.len() - self.at) as u64;
            self.at = self.text.len();
            if self.ended {
                break;
            }
            self.fill()?;
        }
        let value = format!("{skipped} bytes: {sample}");
        Ok(BadRow { line, rule: "record_too_long", value, expected: format!("at most {limit} bytes in one record") })
    }

    fn line_end_after(&self, from: usize, to: usize) -> Option<usize> {
        let byte = if self.params.cr_only { b'\r' } else { b'\n' };
        memchr::memchr(byte, &self.text.as_bytes()[from..to]).map(|i| from + i + 1)
    }

    fn line_ends(&self, from: usize, to: usize) -> u64 {
        let byte = if self.params.cr_only { b'\r' } else { b'\n' };
        memchr::memchr_iter(byte, &self.text.as_bytes()[from..to]).count() as u64
    }

    /// Spreadsheets add empty cells on the right; those are not a ragged row.
    fn only_blanks_beyond(&self, width: usize) -> bool {
        self.spans.len() > width && self.spans[width..].iter().all(|s| s.start == s.end)
    }

    fn scan(&mut self) -> Scan {
        let Self { text, spans, aside, stop, params, .. } = self;
        let bytes = text.as_bytes();
        let (start, mut i) = (self.at, self.at);
        spans.clear();
        aside.clear();
        let mut lines = 0;
        loop {
            let mut span;
            if bytes.get(i) == Some(&params.quote) {
                let quote = i;
                let Some((cell, after)) = quoted(text, aside, i, params.quote, self.ended) else {
                    return Scan::Partial { open_quote: Some(quote) };
                };
                lines += memchr::memchr_iter(if params.cr_only { b'\r' } else { b'\n' }, &bytes[quote..after]).count()
                    as u64;
                (span, i) = (cell, after);
            } else {
                span = Span { start: i as u32, end: i as u32, aside: false };
            }
            // Up to the delimiter or the end of the line; a carriage return inside an LF file is data.
            let rest = i;
            let stopped = loop {
                match bytes[i..].iter().position(|&b| stop[b as usize]) {
                    None => {
                        i = bytes.len();
                        break None;
                    }
                    Some(k) => {
                        i += k;
                        if bytes[i] != b'\r' || params.cr_only || bytes.get(i + 1) == Some(&b'\n') {
                            break Some(bytes[i]);
                        }
                        if i + 1 == bytes.len() {
                            i += 1;
                            break None;
                        }
                        i += 1;
                    }
                }
            };
            if stopped.is_none() && !self.ended {
                return Scan::Partial { open_quote: None };
            }
            let tail_end = if stopped.is_none() && i > rest && bytes[i - 1] == b'\r' { i - 1 } else { i };
            if span.start == span.end && !span.aside && rest == span.start as usize {
                span.end = tail_end as u32;
            } else if tail_end > rest {
                span = joined(text, aside, span, rest, tail_end);
            }
            if stopped == Some(params.delimiter) {
                spans.push(span);
                i += 1;
                continue;
            }
            if stopped.is_none() && i == start {
                return Scan::Partial { open_quote: None };
            }
            spans.push(span);
            let next = match stopped {
                None => i,
                Some(b'\r') if bytes.get(i + 1) == Some(&b'\n') => i + 2,
                Some(_) => i + 1,
            };
            return Scan::Record { end: tail_end, next, lines: lines + u64::from(stopped.is_some()) };
        }
    }
}

/// Reads a quoted cell that opens at `at`: its span and where it ends; `None` when it does not
/// close in this text, or when only more text can tell.
fn quoted(text: &str, aside: &mut String, at: usize, quote: u8, ended: bool) -> Option<(Span, usize)> {
    let bytes = text.as_bytes();
    let (mut from, mut i) = (at + 1, at + 1);
    let mut kept: Option<usize> = None;
    loop {
        i += memchr::memchr(quote, &bytes[i..])?;
        match bytes.get(i + 1) {
            Some(&b) if b == quote => {
                kept.get_or_insert(aside.len());
                aside.push_str(&text[from..=i]);
                i += 2;
                from = i;
            }
            None if !ended => return None,
            Some(_) | None => break,
        }
    }
    let span = match kept {
        None => Span { start: from as u32, end: i as u32, aside: false },
        Some(begin) => {
            aside.push_str(&text[from..i]);
            Span { start: begin as u32, end: aside.len() as u32, aside: true }
        }
    };
    Some((span, i + 1))
}

/// A quoted cell with text after its closing quote.
fn joined(text: &str, aside: &mut String, span: Span, from: usize, to: usize) -> Span {
    let begin = aside.len();
    let (a, b) = (span.start as usize, span.end as usize);
    if span.aside {
        let head = aside[a..b].to_owned();
        aside.push_str(&head);
    } else {
        aside.push_str(&text[a..b]);
    }
    aside.push_str(&text[from..to]);
    Span { start: begin as u32, end: aside.len() as u32, aside: true }
}

fn unclosed(line: u64, sample: &str, bytes: usize) -> BadRow {
    let value = format!("{bytes} bytes after the quote: {}", visible(sample));
    BadRow { line, rule: "unclosed_quote", value, expected: "a closing quote before the end of the file".into() }
}

/// A short piece of text for a message, without control characters.
pub(crate) fn visible(text: &str) -> String {
    cut(text, 120).chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

/// Text that is already in memory.
impl TextSource for &str {
    fn more(&mut self, into: &mut String) -> Result<bool, IntakeError> {
        into.push_str(self);
        let had = !self.is_empty();
        *self = "";
        Ok(had)
    }
}

#[cfg(test)]
mod tests;
