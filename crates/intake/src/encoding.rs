//! Bytes to text: UTF-8 with or without a byte order mark, UTF-16, GBK, Big5 and Latin-1
//! (Windows-1252) are told apart; what is not clear is refused, never mangled.
//!
//! The question is put off until the first byte above 127, because ASCII reads the same in all of
//! them, and is then answered from the block around that byte:
//! 1. a byte order mark, or zero bytes at every second place: UTF-16;
//! 2. valid UTF-8: UTF-8 (other text is almost never valid by chance);
//! 3. otherwise GBK, Big5 and Windows-1252 compete by how plausible their reading is ([`judge`]),
//!    and Mozilla's detector (`chardetng`) has to agree, unless the margin is wide.
//!
//! Once chosen, a byte that does not fit is an error with its offset.

use crate::bytes::ByteStream;
use crate::csv::TextSource;
use crate::error::IntakeError;
use crate::guess_encoding::{Verdict, judge};
use encoding_rs::{CoderResult, DecoderResult};
use std::str::FromStr;

/// A character encoding by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding(pub(crate) &'static encoding_rs::Encoding);

impl Encoding {
    /// Lower-case name: `utf-8`, `gbk`, `big5`, `windows-1252`, `utf-16le`.
    pub fn name(self) -> String {
        self.0.name().to_ascii_lowercase()
    }
}

impl FromStr for Encoding {
    type Err = IntakeError;

    /// Accepts every label of the Encoding Standard (`latin1`, `gb2312`, `sjis` …).
    fn from_str(name: &str) -> Result<Self, IntakeError> {
        let label = match name.trim().to_ascii_lowercase().as_str() {
            "utf16" | "utf-16" => "utf-16le".to_owned(),
            "cp936" => "gbk".to_owned(),
            other => other.to_owned(),
        };
        let found = encoding_rs::Encoding::for_label(label.as_bytes());
        found.map(Self).ok_or_else(|| IntakeError::EncodingName(name.to_owned()))
    }
}

/// What was found out about a file's encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodingReport {
    /// The encoding in use.
    pub name: String,
    /// Whether a byte order mark came first.
    pub bom: bool,
    /// Why it was chosen.
    pub reason: String,
}

/// Bytes taken at once.
const BLOCK: usize = 256 << 10;

enum State {
    /// Nothing but ASCII yet.
    Ascii,
    Utf8,
    Other(Box<encoding_rs::Decoder>, &'static encoding_rs::Encoding),
}

/// Decodes a byte stream piece by piece.
pub(crate) struct Decoded {
    file: String,
    stream: ByteStream,
    state: State,
    /// Bytes read and not yet decoded.
    pending: Vec<u8>,
    /// Offset of `pending` in the unpacked data.
    offset: u64,
    ended: bool,
    report: EncodingReport,
    mojibake: Mojibake,
}

impl Decoded {
    /// Looks at the first block: byte order mark, UTF-16, binary data.
    pub(crate) fn new(file: &str, mut stream: ByteStream, wanted: Option<Encoding>) -> Result<Self, IntakeError> {
        let mut pending = vec![0; BLOCK];
        let n = stream.read(&mut pending)?;
        pending.truncate(n);
        let ended = n < BLOCK;
        let reason = "only ASCII, which reads the same in all encodings";
        let report = EncodingReport { name: "utf-8".into(), bom: false, reason: reason.into() };
        let mut this = Self {
            file: file.to_owned(),
            stream,
            state: State::Ascii,
            pending,
            offset: 0,
            ended,
            report,
            mojibake: Mojibake::default(),
        };
        if let Some((encoding, length)) = encoding_rs::Encoding::for_bom(&this.pending) {
            this.pending.drain(..length);
            this.offset = length as u64;
            this.report.bom = true;
            this.choose(wanted.map_or(encoding, |w| w.0), "byte order mark");
        } else if let Some(wanted) = wanted {
            this.choose(wanted.0, "as asked for");
        } else if let Some(encoding) = utf16_without_mark(&this.pending) {
            this.choose(encoding, "zero bytes at every second place");
        }
        if !matches!(&this.state, State::Other(_, e) if *e == encoding_rs::UTF_16LE || *e == encoding_rs::UTF_16BE)
            && let Some((what, offset)) = binary(&this.pending)
        {
            return Err(IntakeError::Binary { file: this.file, what, offset });
        }
        Ok(this)
    }

    pub(crate) fn report(&self) -> &EncodingReport {
        &self.report
    }

    fn choose(&mut self, encoding: &'static encoding_rs::Encoding, reason: &str) {
        self.state = if encoding == encoding_rs::UTF_8 {
            State::Utf8
        } else {
            State::Other(Box::new(encoding.new_decoder_without_bom_handling()), encoding)
        };
        self.report.name = encoding.name().to_ascii_lowercase();
        self.report.reason = reason.to_owned();
    }

    fn read(&mut self) -> Result<(), IntakeError> {
        let had = self.pending.len();
        self.pending.resize(had + BLOCK, 0);
        let n = self.stream.read(&mut self.pending[had..])?;
        self.pending.truncate(had + n);
        self.ended = n < BLOCK;
        Ok(())
    }

    fn decide(&mut self) -> Result<(), IntakeError> {
        match judge(&self.pending) {
            Verdict::Sure(encoding, reason) => self.choose(encoding, &reason),
            Verdict::BrokenUtf8 { at, bytes } => return Err(self.broken(at, &bytes, "utf-8")),
            Verdict::Ambiguous { candidates, example } => {
                return Err(IntakeError::AmbiguousEncoding { file: self.file.clone(), candidates, example });
            }
        }
        Ok(())
    }

    fn broken(&self, at: usize, bytes: &[u8], encoding: &str) -> IntakeError {
        let value = bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
        let offset = self.offset + at as u64;
        IntakeError::Encoding { file: self.file.clone(), offset, value, encoding: encoding.to_owned() }
    }

    fn utf8(&mut self, into: &mut String) -> Result<(), IntakeError> {
        let valid = match std::str::from_utf8(&self.pending) {
            Ok(text) => {
                self.mojibake.see(text);
                into.push_str(text);
                self.pending.len()
            }
            Err(error) => {
                let valid = error.valid_up_to();
                if error.error_len().is_some() || self.ended {
                    let end = (valid + 3).min(self.pending.len());
                    return Err(self.broken(valid, &self.pending[valid..end], "utf-8"));
                }
                let text = std::str::from_utf8(&self.pending[..valid]).unwrap_or_default();
                self.mojibake.see(text);
                into.push_str(text);
                valid
            }
        };
        self.offset += valid as u64;
        self.pending.drain(..valid);
        Ok(())
    }

    fn other(&mut self, into: &mut String) -> Result<(), IntakeError> {
        let State::Other(decoder, encoding) = &mut self.state else { return Ok(()) };
        let mut at = 0;
        let had = into.len();
        loop {
            let left = self.pending.len() - at;
            into.reserve(decoder.max_utf8_buffer_length_without_replacement(left).unwrap_or(3 * left + 8));
            let (result, read) = decoder.decode_to_string_without_replacement(&self.pending[at..], into, self.ended);
            at += read;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, _) => {
                    let start = at.saturating_sub(usize::from(length));
                    let name = encoding.name().to_ascii_lowercase();
                    let bytes = self.pending[start..at].to_vec();
                    return Err(self.broken(start, &bytes, &name));
                }
            }
        }
        self.offset += at as u64;
        self.pending.drain(..at);
        let decoded = &into[had..];
        self.mojibake.see(decoded);
        Ok(())
    }
}

impl TextSource for Decoded {
    fn more(&mut self, into: &mut String) -> Result<bool, IntakeError> {
        if self.pending.is_empty() || !matches!(self.state, State::Ascii) {
            if self.ended && self.pending.is_empty() {
                return Ok(false);
            }
            if !self.ended && self.pending.len() < BLOCK / 2 {
                self.read()?;
            }
        }
        if matches!(self.state, State::Ascii) {
            if self.pending.is_ascii() {
                self.offset += self.pending.len() as u64;
                // ASCII is UTF-8, so this cannot fail.
                into.push_str(std::str::from_utf8(&self.pending).unwrap_or_default());
                self.pending.clear();
                return Ok(true);
            }
            self.decide()?;
        }
        if matches!(self.state, State::Utf8) {
            self.utf8(into)?
        } else {
            self.other(into)?
        }
        Ok(true)
    }

    fn taken(&self) -> u64 {
        self.stream.taken()
    }

    fn notes(&mut self) -> Vec<String> {
        self.mojibake.notes()
    }
}

/// UTF-16 text of rows has zero bytes at every second place, because its commas, digits and line
/// ends are ASCII, and nearly none at the others.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let whole = &bytes[..bytes.len() & !1];
    if whole.len() < 4 {
        return None;
    }
    let zeros = |first: usize| whole.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), whole.len() / 2);
    let encoding = if odd * 10 >= pairs && even * 50 <= odd {
        encoding_rs::UTF_16LE
    } else if even * 10 >= pairs && odd * 50 <= even {
        encoding_rs::UTF_16BE
    } else {
        return None;
    };
    let mut text = String::with_capacity(whole.len() * 2);
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (result, _, bad) = decoder.decode_to_string(whole, &mut text, false);
    let fits = !bad && result == CoderResult::InputEmpty && text.contains(['\n', '\r']);
    (fits && !text.contains('\0')).then_some(encoding)
}

/// Files that are no text: by their first bytes, or by control characters.
fn binary(bytes: &[u8]) -> Option<(String, u64)> {
    const MAGIC: [(&[u8], &str); 16] = [
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"%PDF", "a PDF document"),
        (b"\x7fELF", "a program"),
        (b"MZ\x90", "a program"),
        (b"\xd0\xcf\x11\xe0", "an old Excel or Word file (save it as XLSX or CSV)"),
        (b"SQLite format 3", "an SQLite database"),
        (b"Rar!", "a RAR archive (unpack it)"),
        (b"7z\xbc\xaf", "a 7z archive (unpack it)"),
        (b"\xfd7zXZ", "an xz archive (unpack it)"),
        (b"BZh", "a bzip2 archive (unpack it)"),
        (b"\x1f\x8b", "a gzip inside the archive (unpack it once)"),
        (b"PK\x03\x04", "a zip inside the archive (unpack it once)"),
        (b"RIFF", "a sound or picture"),
        (b"\xca\xfe\xba\xbe", "a program"),
    ];
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(((*what).to_owned(), 0));
    }
    let odd = |b: &u8| *b < 32 && !matches!(*b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1a | 0x1b) || *b == 0x7f;
    let count = bytes.iter().filter(|b| odd(b)).count();
    // A few stray control bytes are rows to reject; one in fifty is no text.
    let at = bytes.iter().position(odd)?;
    (count * 50 > bytes.len())
        .then(|| (format!("binary data ({count} control bytes among the first {})", bytes.len()), at as u64))
}

/// Text that was decoded wrongly before it came here: `MÃ¼ller` for `Müller`.
#[derive(Default)]
struct Mojibake {
    doublets: u64,
    example: Option<String>,
    glossed: u64,
    gloss: Option<String>,
}

impl Mojibake {
    fn see(&mut self, text: &str) {
        if text.is_ascii() {
            return;
        }
        for lead in ["Ã", "Â", "â€"] {
            for (at, _) in text.match_indices(lead) {
                let next = text[at + lead.len()..].chars().next();
                let fits = lead == "â€"
                    || next.is_some_and(|c| {
                        ('\u{80}'..='\u{bf}').contains(&c) || "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".contains(c)
                    });
                if fits {
                    self.doublets += 1;
                    self.example.get_or_insert_with(|| around(text, at));
                }
            }
        }
        // 數(shù)據(jù): the pronunciation put behind each character by a broken converter.
        for (at, _) in text.match_indices('(') {
            let before = text[..at].chars().next_back();
            let inside: String = text[at + 1..].chars().take(8).take_while(|c| *c != ')').collect();
            let letters = !inside.is_empty() && inside.chars().count() < 8 && inside.chars().all(|c| c.is_lowercase());
            let han = before.is_some_and(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            if han && letters && inside.chars().any(|c| "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ".contains(c))
            {
                self.glossed += 1;
                self.gloss.get_or_insert_with(|| around(text, at));
            }
        }
    }

    fn notes(&mut self) -> Vec<String> {
        let doublets = self.example.take().map(|e| {
            let n = self.doublets;
            format!("{n} places look like UTF-8 that was once read as Latin-1 (`{e}`); the rows were kept as they are: export the file again")
        });
        let glossed = self.gloss.take().map(|e| {
            let n = self.glossed;
            format!("{n} characters are followed by their pronunciation in brackets (`{e}`), as broken converters leave it; the rows were kept")
        });
        doublets.into_iter().chain(glossed).collect()
    }
}

fn around(text: &str, at: usize) -> String {
    let head: Vec<char> = text[..at].chars().rev().take(8).collect();
    let tail = text[at..].chars().take(10);
    head.into_iter()
        .rev()
        .chain(tail)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests;
