//! A file of named arrays: what a fitted model is kept in.
//!
//! Bytes, all numbers little-endian:
//!
//! | what | bytes |
//! |---|---|
//! | magic `PORTOMDL` | 8 |
//! | format version | 4 |
//! | length of the whole file | 8 |
//! | fingerprint of what the content was made from | 16 |
//! | number of sections | 4 |
//! | kind: length, then UTF-8 text | 2, n |
//! | CRC-32 of everything before | 4 |
//! | each section: length of its name, name, type, number of values, CRC-32 of this header and the data, data | 1, n, 1, 8, 4, m |
//!
//! Every bit is under a checksum, so a flipped one is found and named with its section; CRC-32 finds every
//! error burst of up to 32 bits and misses one in 2³² others. A section is copied out when it is asked
//! for, after its length was compared with the bytes that are there: reading takes no more memory than
//! the file has bytes. What the numbers mean is checked by whoever asks for them.
//! Cost: one pass over the bytes each way.

use crate::Csr;
use std::collections::BTreeMap;

const MAGIC: &[u8; 8] = b"PORTOMDL";
/// The version that is written, and the only one that is read.
pub const FORMAT_VERSION: u32 = 1;
/// Bytes before the text of the kind.
const HEAD: usize = 42;

/// Why bytes are not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// Something else than a container.
    #[error("this is no saved model: it does not begin with `PORTOMDL`")]
    Magic,
    /// Written by another release.
    #[error("format version {got} cannot be read, this release reads version {FORMAT_VERSION}")]
    Version {
        /// The file's.
        got: u32,
    },
    /// The file ends early, or something was added to it.
    #[error("{have} bytes where the header says {need}")]
    Length {
        /// Bytes that are there.
        have: u64,
        /// Bytes that should be.
        need: u64,
    },
    /// A checksum does not fit.
    #[error("{part} is damaged: its checksum does not fit its bytes")]
    Checksum {
        /// `the header`, or a section by name.
        part: String,
    },
    /// Another kind of content.
    #[error("this holds `{got}`, wanted is `{want}`")]
    Kind {
        /// What the file holds.
        got: String,
        /// What was asked for.
        want: String,
    },
    /// A section that is not there, or not of this type.
    #[error("there is no section `{name}` of type {wanted}")]
    Section {
        /// Its name.
        name: String,
        /// The type that was asked for.
        wanted: &'static str,
    },
    /// Numbers that make no sense together.
    #[error("section `{name}` is wrong: {why}")]
    Content {
        /// The section.
        name: String,
        /// What would be right.
        why: String,
    },
}

impl ContainerError {
    /// A section whose numbers make no sense, with what would be right.
    pub fn content(name: &str, why: impl Into<String>) -> Self {
        Self::Content { name: name.to_owned(), why: why.into() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    F32,
    U32,
    U64,
    F64,
    Text,
    Bytes,
}

impl Type {
    const ALL: [Self; 6] = [Self::F32, Self::U32, Self::U64, Self::F64, Self::Text, Self::Bytes];

    const fn size(self) -> usize {
        match self {
            Self::F32 | Self::U32 => 4,
            Self::U64 | Self::F64 => 8,
            Self::Text | Self::Bytes => 1,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F64 => "f64",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }
}

/// Collects sections.
#[derive(Debug, Default)]
pub struct Writer {
    sections: Vec<u8>,
    n_sections: u32,
}

impl Writer {
    fn section(&mut self, name: &str, of: Type, n: usize, data: impl Iterator<Item = u8>) {
        assert!(name.len() < 256, "a short name: {name}");
        let start = self.sections.len();
        self.sections.push(name.len() as u8);
        self.sections.extend_from_slice(name.as_bytes());
        self.sections.push(of as u8);
        self.sections.extend_from_slice(&(n as u64).to_le_bytes());
        let at = self.sections.len();
        self.sections.extend_from_slice(&[0; 4]);
        self.sections.extend(data);
        let crc = checksum(&self.sections[start..at], &self.sections[at + 4..]);
        self.sections[at..at + 4].copy_from_slice(&crc.to_le_bytes());
        self.n_sections += 1;
    }

    /// Adds finite numbers; names are below 256 bytes and used once.
    ///
    /// # Panics
    /// If the name is longer.
    pub fn f32s(&mut self, name: &str, values: &[f32]) {
        self.section(name, Type::F32, values.len(), values.iter().flat_map(|v| v.to_le_bytes()));
    }

    /// Adds finite numbers of double precision. Panics as [`Self::f32s`].
    pub fn f64s(&mut self, name: &str, values: &[f64]) {
        self.section(name, Type::F64, values.len(), values.iter().flat_map(|v| v.to_le_bytes()));
    }

    /// Adds small whole numbers. Panics as [`Self::f32s`].
    pub fn u32s(&mut self, name: &str, values: &[u32]) {
        self.section(name, Type::U32, values.len(), values.iter().flat_map(|v| v.to_le_bytes()));
    }

    /// Adds whole numbers. Panics as [`Self::f32s`].
    pub fn u64s(&mut self, name: &str, values: &[u64]) {
        self.section(name, Type::U64, values.len(), values.iter().flat_map(|v| v.to_le_bytes()));
    }

    /// Adds text. Panics as [`Self::f32s`].
    pub fn text(&mut self, name: &str, text: &str) {
        self.section(name, Type::Text, text.len(), text.bytes());
    }

    /// Adds bytes, such as another container. Panics as [`Self::f32s`].
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.section(name, Type::Bytes, bytes.len(), bytes.iter().copied());
    }

    /// Adds several texts without line breaks, one a line. Panics as [`Self::f32s`], and for a line break.
    pub fn lines<T: AsRef<str>>(&mut self, name: &str, lines: &[T]) {
        assert!(lines.iter().all(|l| !l.as_ref().contains('\n')), "{name}: one line each");
        let text: String = lines.iter().flat_map(|l| [l.as_ref(), "\n"]).collect();
        self.text(name, &text);
    }

    /// Adds a sparse matrix, as three sections that begin with `name`. Panics as [`Self::f32s`].
    pub fn csr(&mut self, name: &str, matrix: &Csr) {
        let (offsets, columns, values) = matrix.parts();
        let shape = std::iter::once(matrix.n_cols() as u64).chain(offsets.iter().map(|o| *o as u64));
        self.u64s(&format!("{name}.shape"), &shape.collect::<Vec<u64>>());
        self.u32s(&format!("{name}.columns"), columns);
        self.f32s(&format!("{name}.values"), values);
    }

    /// The bytes of the file.
    ///
    /// # Panics
    /// If the kind is longer than 65,535 bytes.
    pub fn finish(self, kind: &str, fingerprint: u128) -> Vec<u8> {
        let kind_len = u16::try_from(kind.len()).expect("a short kind");
        let total = HEAD + kind.len() + 4 + self.sections.len();
        let mut bytes = Vec::with_capacity(total);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&(total as u64).to_le_bytes());
        bytes.extend_from_slice(&fingerprint.to_le_bytes());
        bytes.extend_from_slice(&self.n_sections.to_le_bytes());
        bytes.extend_from_slice(&kind_len.to_le_bytes());
        bytes.extend_from_slice(kind.as_bytes());
        bytes.extend_from_slice(&checksum(&bytes, &[]).to_le_bytes());
        bytes.extend_from_slice(&self.sections);
        bytes
    }
}

/// CRC-32 of two pieces.
fn checksum(a: &[u8], b: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(a);
    crc.update(b);
    crc.finalize()
}

/// An opened container: the header is checked, and every section's checksum.
#[derive(Debug)]
pub struct Reader<'a> {
    kind: &'a str,
    fingerprint: u128,
    sections: BTreeMap<&'a str, (Type, &'a [u8])>,
}

/// Takes bytes from the front.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

impl<'a> Reader<'a> {
    /// Opens bytes and compares every checksum.
    ///
    /// # Errors
    /// [`ContainerError`] says what is wrong with the file.
    pub fn open(bytes: &'a [u8]) -> Result<Self, ContainerError> {
        if !bytes.starts_with(MAGIC) {
            return Err(ContainerError::Magic);
        }
        let short = |need: usize| ContainerError::Length { have: bytes.len() as u64, need: need as u64 };
        let mut cursor = Cursor { rest: &bytes[MAGIC.len()..] };
        // A later version may have another header, so its checksum is not asked first.
        let version = u32::from_le_bytes(cursor.array().ok_or_else(|| short(HEAD))?);
        if version != FORMAT_VERSION {
            return Err(ContainerError::Version { got: version });
        }
        let total = u64::from_le_bytes(cursor.array().ok_or_else(|| short(HEAD))?);
        let fingerprint = u128::from_le_bytes(cursor.array().ok_or_else(|| short(HEAD))?);
        let n_sections = u32::from_le_bytes(cursor.array().ok_or_else(|| short(HEAD))?);
        let kind_len = usize::from(u16::from_le_bytes(cursor.array().ok_or_else(|| short(HEAD))?));
        let kind = cursor.take(kind_len).ok_or_else(|| short(HEAD + kind_len))?;
        let crc = u32::from_le_bytes(cursor.array().ok_or_else(|| short(HEAD + kind_len + 4))?);
        let damaged = || ContainerError::Checksum { part: "the header".into() };
        if crc != checksum(&bytes[..HEAD + kind_len], &[]) {
            return Err(damaged());
        }
        if total != bytes.len() as u64 {
            return Err(ContainerError::Length { have: bytes.len() as u64, need: total });
        }
        let kind = std::str::from_utf8(kind).map_err(|_| damaged())?;
        let mut sections = BTreeMap::new();
        let mut last = "the header";
        for _ in 0..n_sections {
            let after = || ContainerError::Checksum { part: format!("what comes after {last}") };
            let (name, of, data) = section(&mut cursor).map_err(|name| match name {
                Some(name) => ContainerError::Checksum { part: format!("section `{name}`") },
                None => after(),
            })?;
            if sections.insert(name, (of, data)).is_some() {
                return Err(ContainerError::content(name, "it is there twice"));
            }
            last = name;
        }
        if !cursor.rest.is_empty() {
            return Err(ContainerError::Checksum { part: format!("what comes after {last}") });
        }
        Ok(Self { kind, fingerprint, sections })
    }

    /// What the file holds.
    pub const fn kind(&self) -> &'a str {
        self.kind
    }

    /// The fingerprint of what the content was made from.
    pub const fn fingerprint(&self) -> u128 {
        self.fingerprint
    }

    fn data(&self, name: &str, of: Type) -> Result<&'a [u8], ContainerError> {
        let found = self.sections.get(name).filter(|(is, _)| *is == of).map(|(_, data)| *data);
        found.ok_or_else(|| ContainerError::Section { name: name.to_owned(), wanted: of.name() })
    }

    /// The numbers of a section, all finite.
    ///
    /// # Errors
    /// [`ContainerError::Section`] where there is none, [`ContainerError::Content`] for a number that is not finite.
    pub fn f32s(&self, name: &str) -> Result<Vec<f32>, ContainerError> {
        let values = numbers(self.data(name, Type::F32)?, f32::from_le_bytes);
        let fine = values.iter().all(|v| v.is_finite());
        if fine { Ok(values) } else { Err(ContainerError::content(name, "all numbers have to be finite")) }
    }

    /// The numbers of a section, all finite. Errors as [`Self::f32s`].
    pub fn f64s(&self, name: &str) -> Result<Vec<f64>, ContainerError> {
        let values = numbers(self.data(name, Type::F64)?, f64::from_le_bytes);
        let fine = values.iter().all(|v| v.is_finite());
        if fine { Ok(values) } else { Err(ContainerError::content(name, "all numbers have to be finite")) }
    }

    /// The whole numbers of a section. Errors as [`Self::f32s`].
    pub fn u32s(&self, name: &str) -> Result<Vec<u32>, ContainerError> {
        Ok(numbers(self.data(name, Type::U32)?, u32::from_le_bytes))
    }

    /// The whole numbers of a section. Errors as [`Self::f32s`].
    pub fn u64s(&self, name: &str) -> Result<Vec<u64>, ContainerError> {
        Ok(numbers(self.data(name, Type::U64)?, u64::from_le_bytes))
    }

    /// Exactly `N` whole numbers, each at most `limit`, as sizes.
    ///
    /// # Errors
    /// As [`Self::f32s`]; [`ContainerError::Content`] for another count or a number above the limit.
    pub fn sizes<const N: usize>(&self, name: &str, limit: usize) -> Result<[usize; N], ContainerError> {
        let values = self.u64s(name)?;
        let array: [u64; N] =
            values.as_slice().try_into().map_err(|_| ContainerError::content(name, format!("{N} numbers")))?;
        match array.iter().find(|v| **v > limit as u64) {
            Some(v) => Err(ContainerError::content(name, format!("{v} is above {limit}"))),
            None => Ok(array.map(|v| v as usize)),
        }
    }

    /// Exactly `N` finite numbers. Errors as [`Self::sizes`].
    pub fn floats<const N: usize>(&self, name: &str) -> Result<[f32; N], ContainerError> {
        let values = self.f32s(name)?;
        values.as_slice().try_into().map_err(|_| ContainerError::content(name, format!("{N} numbers")))
    }

    /// The text of a section. Errors as [`Self::f32s`]; [`ContainerError::Content`] for bytes that are no UTF-8.
    pub fn text(&self, name: &str) -> Result<&'a str, ContainerError> {
        std::str::from_utf8(self.data(name, Type::Text)?).map_err(|_| ContainerError::content(name, "UTF-8 text"))
    }

    /// The bytes of a section. Errors as [`Self::f32s`].
    pub fn bytes(&self, name: &str) -> Result<&'a [u8], ContainerError> {
        self.data(name, Type::Bytes)
    }

    /// The lines of a section. Errors as [`Self::text`].
    pub fn lines(&self, name: &str) -> Result<Vec<&'a str>, ContainerError> {
        Ok(self.text(name)?.split_terminator('\n').collect())
    }

    /// Whether there is a section of this name.
    pub fn has(&self, name: &str) -> bool {
        self.sections.contains_key(name)
    }

    /// A sparse matrix.
    ///
    /// # Errors
    /// As [`Self::f32s`]; [`ContainerError::Content`] for rows that are none.
    pub fn csr(&self, name: &str) -> Result<Csr, ContainerError> {
        let mut shape = self.u64s(&format!("{name}.shape"))?.into_iter();
        let wrong = |why: &str| ContainerError::content(name, why);
        let n_cols = shape.next().and_then(|n| u32::try_from(n).ok()).ok_or_else(|| wrong("at most 2³² columns"))?;
        let offsets = shape.map(|o| o as usize).collect();
        let (columns, values) = (self.u32s(&format!("{name}.columns"))?, self.f32s(&format!("{name}.values"))?);
        Csr::from_parts(n_cols as usize, offsets, columns, values)
            .ok_or_else(|| wrong("rows in order, each with ascending columns below the number of columns"))
    }
}

/// Name, type and data of the next section; the name where at least that can be read.
fn section<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, Type, &'a [u8]), Option<&'a str>> {
    let start = cursor.rest;
    let [name_len] = cursor.array().ok_or(None)?;
    let name = cursor.take(usize::from(name_len)).ok_or(None)?;
    let name = std::str::from_utf8(name).map_err(|_| None)?;
    let [of] = cursor.array().ok_or(Some(name))?;
    let of = Type::ALL.into_iter().find(|t| *t as u8 == of).ok_or(Some(name))?;
    let n = u64::from_le_bytes(cursor.array().ok_or(Some(name))?);
    let header = &start[..start.len() - cursor.rest.len()];
    let crc = u32::from_le_bytes(cursor.array().ok_or(Some(name))?);
    // The product may not be a number at all: an absurd count is only an error.
    let size = usize::try_from(n).ok().and_then(|n| n.checked_mul(of.size())).ok_or(Some(name))?;
    let data = cursor.take(size).ok_or(Some(name))?;
    if crc == checksum(header, data) { Ok((name, of, data)) } else { Err(Some(name)) }
}

fn numbers<T, const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> T) -> Vec<T> {
    data.as_chunks::<N>().0.iter().map(|bytes| number(*bytes)).collect()
}

/// Runs of numbers as a fingerprint of 128 bits: FNV-1a over words instead of bytes. It tells data apart
/// that changed by themselves; it is no protection from somebody who looks for two that agree.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprint(u128);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Fingerprint {
    /// Adds one number.
    pub const fn add(&mut self, word: u64) {
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        // The high half of the product reaches the low half, else a high bit of a word never would.
        let mixed = (self.0 ^ word as u128).wrapping_mul(PRIME);
        self.0 = mixed ^ (mixed >> 71);
    }

    /// Adds text, with its length.
    pub fn add_text(&mut self, text: &str) {
        self.add(text.len() as u64);
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    /// The fingerprint.
    pub const fn value(self) -> u128 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Vec<u8> {
        let mut w = Writer::default();
        w.f32s("vectors", &[1.5, -0.0, f32::MIN_POSITIVE]);
        w.f64s("gains", &[0.1]);
        w.u32s("known", &[0, u32::MAX]);
        w.u64s("sizes", &[2, 3]);
        w.text("parameters", "k = 10, 词");
        w.lines("products", &["A", "", "C d"]);
        w.csr("links", &Csr::from_rows(3, [vec![(2, 0.5), (0, 1.0)], vec![]]));
        w.finish("ials", 7 << 100)
    }

    #[test]
    fn what_was_written_is_read_to_the_bit() {
        let bytes = sample();
        let r = Reader::open(&bytes).unwrap();
        assert_eq!((r.kind(), r.fingerprint()), ("ials", 7 << 100));
        let bits: Vec<u32> = r.f32s("vectors").unwrap().iter().map(|v| v.to_bits()).collect();
        assert_eq!(bits, [1.5_f32.to_bits(), (-0.0_f32).to_bits(), f32::MIN_POSITIVE.to_bits()]);
        assert_eq!((r.f64s("gains").unwrap(), r.u32s("known").unwrap()), (vec![0.1], vec![0, u32::MAX]));
        assert_eq!(r.sizes::<2>("sizes", 3).unwrap(), [2, 3]);
        assert_eq!((r.text("parameters").unwrap(), r.lines("products").unwrap()), ("k = 10, 词", vec!["A", "", "C d"]));
        assert_eq!(r.csr("links").unwrap(), Csr::from_rows(3, [vec![(2, 0.5), (0, 1.0)], vec![]]));
        assert!(r.has("gains") && !r.has("gain"));
        assert_eq!(bytes, sample(), "the same content has the same bytes");
    }

    #[test] // The head is 42 bytes, its text 4, its checksum 4.
    fn each_fault_says_what_it_is() {
        let bytes = sample();
        let open = |bytes: &[u8]| Reader::open(bytes).map(|_| ()).unwrap_err();
        assert_eq!(open(b"PK\x03\x04"), ContainerError::Magic);
        let mut other = bytes.clone();
        other[8] = 2;
        assert_eq!(open(&other), ContainerError::Version { got: 2 });
        let (have, need) = (bytes.len() as u64 - 1, bytes.len() as u64);
        assert_eq!(open(&bytes[..bytes.len() - 1]), ContainerError::Length { have, need });
        assert_eq!(open(&bytes[..30]), ContainerError::Length { have: 30, need: 42 });
        let more: Vec<u8> = bytes.iter().copied().chain([0]).collect();
        assert!(matches!(open(&more), ContainerError::Length { .. }));
        let mut other = bytes.clone();
        other[25] ^= 4;
        assert_eq!(open(&other), ContainerError::Checksum { part: "the header".into() });
        let mut other = bytes.clone();
        // Section `vectors`: name 1 + 7, type 1, count 8, checksum 4, then the data.
        other[50 + 21] ^= 1;
        assert_eq!(open(&other), ContainerError::Checksum { part: "section `vectors`".into() });
        let r = Reader::open(&bytes).unwrap();
        assert!(matches!(r.f32s("known"), Err(ContainerError::Section { wanted: "f32", .. })));
        assert!(matches!(r.sizes::<2>("sizes", 2), Err(ContainerError::Content { .. })));
        assert!(matches!(r.sizes::<3>("sizes", 9), Err(ContainerError::Content { .. })));
    }

    #[test]
    fn numbers_that_are_none_and_sections_that_come_twice_are_refused() {
        let mut w = Writer::default();
        w.f32s("a", &[f32::NAN]);
        let bytes = w.finish("x", 0);
        assert!(matches!(Reader::open(&bytes).unwrap().f32s("a"), Err(ContainerError::Content { .. })));
        let mut w = Writer::default();
        w.u32s("a", &[]);
        w.u32s("a", &[]);
        assert!(matches!(Reader::open(&w.finish("x", 0)), Err(ContainerError::Content { .. })));
    }

    #[test] // A count of 2⁶¹ numbers of 8 bytes is no size; 2⁶⁰ of 1 byte is one, and is not there.
    fn absurd_counts_take_no_memory() {
        for (of, n) in [(Type::U64, 1_u64 << 61), (Type::Text, 1 << 60), (Type::F32, u64::MAX)] {
            let mut w = Writer::default();
            w.section("a", of, 0, std::iter::empty());
            w.sections[3..11].copy_from_slice(&n.to_le_bytes());
            let crc = checksum(&w.sections[..11], &[]);
            w.sections[11..15].copy_from_slice(&crc.to_le_bytes());
            let error = Reader::open(&w.finish("x", 0)).map(|_| ()).unwrap_err();
            assert_eq!(error, ContainerError::Checksum { part: "section `a`".into() });
        }
    }

    #[test]
    fn a_fingerprint_feels_every_bit_and_the_order() {
        let of = |words: &[u64]| {
            let mut print = Fingerprint::default();
            words.iter().for_each(|w| print.add(*w));
            print.value()
        };
        let plain = of(&[1, 2, 3]);
        assert_eq!(plain, of(&[1, 2, 3]));
        assert_ne!(plain, of(&[2, 1, 3]));
        assert!((0..64).all(|bit| of(&[1 ^ (1 << bit), 2, 3]) != plain));
        let text = |t: &str| {
            let mut print = Fingerprint::default();
            print.add_text(t);
            print.value()
        };
        assert_ne!(text("a"), text("a\0"));
    }

    proptest! {
        /// Whatever single bit is flipped, wherever the file is cut: an error, and no panic.
        #[test]
        fn no_flipped_bit_and_no_cut_passes(at in 0_usize..10_000, bit in 0_u8..8) {
            let bytes = sample();
            let at = at % bytes.len();
            prop_assert!(Reader::open(&bytes[..at]).is_err());
            let mut flipped = bytes;
            flipped[at] ^= 1 << bit;
            prop_assert!(Reader::open(&flipped).is_err());
        }

        #[test]
        fn bytes_at_random_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut all = MAGIC.to_vec();
            all.extend(1_u32.to_le_bytes());
            all.extend(&bytes);
            prop_assert!(Reader::open(&all).is_err());
            prop_assert!(Reader::open(&bytes).is_err());
        }
    }
}
