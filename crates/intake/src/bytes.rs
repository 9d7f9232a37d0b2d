//! Bytes as they come: plain, gzip, Zstandard or zip, told apart by their first bytes and never by
//! the file's name, because exports are renamed more often than they are repacked.
//!
//! Plain, gzip and Zstandard stream in constant memory. A zip keeps its directory at the end and
//! is taken into memory packed (at most [`ZIP_LIMIT`]); its members then stream one by one.

use crate::error::IntakeError;
use crate::options::RunAhead;
use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Largest zip, Parquet or XLSX file that is taken into memory, as packed bytes.
pub const ZIP_LIMIT: u64 = 512 << 20;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// RFC 1952, one or several members.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// A zip archive.
    Zip,
}

impl Compression {
    /// The word in `raw.sources`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Zip => "zip",
        }
    }

    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            _ => Self::None,
        }
    }
}

/// Opens the file again from its start.
pub(crate) type Open<'a> = &'a dyn Fn() -> io::Result<Box<dyn Read + Send>>;

/// One table-to-be: the file itself, or a member of a zip. It can be opened several times, because
/// some questions (is `3/4` in March or in April?) need a look at the whole column first.
pub(crate) struct Member<'a> {
    /// File name, for a member of an archive `archive.zip/member.csv`.
    pub(crate) name: String,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Stream(Compression, Open<'a>),
    Zipped(Arc<[u8]>, usize),
}

/// What the file is packed in, and its members (exactly one unless it is a zip).
pub(crate) fn members<'a>(open: Open<'a>, file: &str) -> Result<(Compression, Vec<Member<'a>>), IntakeError> {
    let fail = |cause| IntakeError::Io { file: file.to_owned(), cause };
    let mut head = Vec::with_capacity(8);
    open().map_err(fail)?.take(8).read_to_end(&mut head).map_err(fail)?;
    let compression = Compression::of(&head);
    if compression != Compression::Zip {
        return Ok((compression, vec![Member { name: file.to_owned(), kind: Kind::Stream(compression, open) }]));
    }
    let mut packed = Vec::new();
    open().map_err(fail)?.take(ZIP_LIMIT + 1).read_to_end(&mut packed).map_err(fail)?;
    let bytes = packed.len() as u64;
    if bytes > ZIP_LIMIT {
        let remedy = "unpack it first, or pack it as .gz or .zst, which stream";
        return Err(IntakeError::TooLarge { file: file.to_owned(), what: "a zip", bytes, limit: ZIP_LIMIT, remedy });
    }
    let packed: Arc<[u8]> = packed.into();
    let mut archive = zip::ZipArchive::new(Cursor::new(&packed[..])).map_err(|e| zip_fault(file, bytes, &e))?;
    let mut found = Vec::new();
    for i in 0..archive.len() {
        let entry = archive.by_index_raw(i).map_err(|e| zip_fault(file, bytes, &e))?;
        let name = entry.name().map_err(|e| zip_fault(file, bytes, &e))?;
        if name == "xl/workbook.xml" {
            // An XLSX workbook is a zip; it is read as a workbook, not as an archive of XML.
            return Ok((
                Compression::None,
                vec![Member { name: file.to_owned(), kind: Kind::Stream(Compression::None, open) }],
            ));
        }
        let hidden = name.starts_with("__MACOSX/") || name.rsplit('/').next().is_some_and(|n| n.starts_with('.'));
        if entry.is_file() && !hidden {
            found.push(Member { name: format!("{file}/{name}"), kind: Kind::Zipped(Arc::clone(&packed), i) });
        }
    }
    Ok((compression, found))
}

fn zip_fault(file: &str, bytes: u64, error: &zip::result::ZipError) -> IntakeError {
    let detail = error.to_string();
    if matches!(error, zip::result::ZipError::InvalidArchive(_)) {
        // The directory stands at the end: a zip without one was cut.
        return IntakeError::Truncated { file: file.to_owned(), compression: "zip", offset: bytes };
    }
    IntakeError::Corrupt { file: file.to_owned(), what: "zip archive", offset: bytes, detail }
}

impl Member<'_> {
    /// Unpacked bytes from the start.
    pub(crate) fn open(&self) -> Result<ByteStream, IntakeError> {
        let fail = |cause| IntakeError::Io { file: self.name.clone(), cause };
        let taken = Arc::new(AtomicU64::new(0));
        let (compression, inner): (_, Box<dyn Read + Send>) = match &self.kind {
            Kind::Stream(compression, open) => {
                let counted = Counted { inner: open().map_err(fail)?, taken: Arc::clone(&taken) };
                let buffered = BufReader::with_capacity(128 << 10, counted);
                let inner: Box<dyn Read + Send> = match compression {
                    Compression::None | Compression::Zip => Box::new(buffered),
                    Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered)),
                    Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(buffered).map_err(fail)?),
                };
                (*compression, inner)
            }
            Kind::Zipped(packed, index) => {
                let mut archive = zip::ZipArchive::new(Cursor::new(&packed[..]))
                    .map_err(|e| zip_fault(&self.name, packed.len() as u64, &e))?;
                let entry = archive.by_index(*index).map_err(|e| zip_fault(&self.name, packed.len() as u64, &e))?;
                let (start, size, method) =
                    (entry.data_start().unwrap_or(0), entry.compressed_size(), entry.compression());
                let (crc, unpacked) = (entry.crc32(), entry.size());
                drop(entry);
                let slice = SharedSlice { bytes: Arc::clone(packed), at: start as usize, end: (start + size) as usize };
                let counted = Counted { inner: Box::new(slice), taken: Arc::clone(&taken) };
                let buffered = BufReader::with_capacity(128 << 10, counted);
                let inner: Box<dyn Read + Send> = match method {
                    zip::CompressionMethod::Stored => Box::new(buffered),
                    zip::CompressionMethod::Deflated => Box::new(flate2::bufread::DeflateDecoder::new(buffered)),
                    other => {
                        let detail = format!("method {other}; stored and deflated are read");
                        let what = "zip archive";
                        return Err(IntakeError::Corrupt { file: self.name.clone(), what, offset: start, detail });
                    }
                };
                let inner = Box::new(Summed { inner, crc: crc32fast::Hasher::new(), n: 0, want: (crc, unpacked) });
                (Compression::Zip, inner)
            }
        };
        Ok(ByteStream { file: self.name.clone(), compression, inner, taken })
    }

    /// The whole member, for formats that need their end first (Parquet, XLSX).
    pub(crate) fn whole(&self, what: &'static str) -> Result<Vec<u8>, IntakeError> {
        let mut stream = self.open()?;
        let (mut all, mut block) = (Vec::new(), vec![0; 256 << 10]);
        loop {
            let n = stream.read(&mut block)?;
            if n == 0 {
                return Ok(all);
            }
            all.extend_from_slice(&block[..n]);
            let bytes = all.len() as u64;
            if bytes > ZIP_LIMIT {
                let remedy = "split it, or export it as CSV, which streams";
                return Err(IntakeError::TooLarge { file: self.name.clone(), what, bytes, limit: ZIP_LIMIT, remedy });
            }
        }
    }
}

struct Counted {
    inner: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        self.taken.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Compares what came out of a zip's member with the checksum and size that its directory states.
/// Gzip and Zstandard check themselves.
struct Summed {
    inner: Box<dyn Read + Send>,
    crc: crc32fast::Hasher,
    n: u64,
    want: (u32, u64),
}

impl Read for Summed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        self.crc.update(&into[..n]);
        self.n += n as u64;
        if n == 0 && !into.is_empty() && (self.crc.clone().finalize(), self.n) != self.want {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum does not fit: a byte was changed"));
        }
        Ok(n)
    }
}

struct SharedSlice {
    bytes: Arc<[u8]>,
    at: usize,
    end: usize,
}

impl Read for SharedSlice {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.get(self.at..self.end.min(self.bytes.len())).unwrap_or(&[]);
        let n = left.len().min(into.len());
        into[..n].copy_from_slice(&left[..n]);
        self.at += n;
        Ok(n)
    }
}

/// Unpacked bytes with errors that know the file and the place.
pub(crate) struct ByteStream {
    file: String,
    compression: Compression,
    inner: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
}

impl ByteStream {
    /// Fills `into` as far as there is data; 0 at the end.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<usize, IntakeError> {
        let mut n = 0;
        while n < into.len() {
            match self.inner.read(&mut into[n..]) {
                Ok(0) => break,
                Ok(k) => n += k,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(self.fault(cause)),
            }
        }
        Ok(n)
    }

    /// The same bytes, unpacked by `run_ahead` where they are packed.
    pub(crate) fn ahead(self, run_ahead: Option<RunAhead>) -> Self {
        match run_ahead {
            Some(run_ahead) if self.compression != Compression::None => Self { inner: run_ahead(self.inner), ..self },
            _ => self,
        }
    }

    /// Packed bytes taken from the file so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    fn fault(&self, cause: io::Error) -> IntakeError {
        let (file, offset) = (self.file.clone(), self.taken());
        let packed = self.compression != Compression::None;
        match cause.kind() {
            io::ErrorKind::UnexpectedEof if packed => {
                IntakeError::Truncated { file, compression: self.compression.name(), offset }
            }
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other if packed => {
                let detail = cause.to_string();
                if detail.contains("incomplete frame") {
                    return IntakeError::Truncated { file, compression: self.compression.name(), offset };
                }
                IntakeError::Corrupt { file, what: self.compression.name(), offset, detail }
            }
            _ => IntakeError::Io { file, cause },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read_all(bytes: &[u8]) -> Result<(Compression, Vec<u8>), IntakeError> {
        let owned = bytes.to_vec();
        let open = move || Ok(Box::new(Cursor::new(owned.clone())) as Box<dyn Read + Send>);
        let (compression, members) = members(&open, "orders.csv")?;
        let all = members.iter().map(|m| m.whole("a file")).collect::<Result<Vec<_>, _>>()?;
        Ok((compression, all.concat()))
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn packing_is_seen_in_the_first_bytes_whatever_the_name() {
        let text = b"a,b\n1,2\n".repeat(1000);
        assert_eq!(read_all(&text).unwrap(), (Compression::None, text.clone()));
        assert_eq!(read_all(&gzip(&text)).unwrap(), (Compression::Gzip, text.clone()));
        let zstd = zstd::encode_all(&text[..], 3).unwrap();
        assert_eq!(read_all(&zstd).unwrap(), (Compression::Zstd, text.clone()));
        let zip = zip_of(&[("one.csv", &text), ("__MACOSX/one.csv", b"x"), ("two.csv", b"c\n")]);
        assert_eq!(read_all(&zip).unwrap(), (Compression::Zip, [&text[..], b"c\n"].concat()));
    }

    #[test]
    fn two_gzip_members_one_after_the_other_are_one_text() {
        assert_eq!(read_all(&[gzip(b"a\n"), gzip(b"b\n")].concat()).unwrap().1, b"a\nb\n");
    }

    #[test]
    fn a_cut_archive_names_the_file_and_the_byte() {
        let text: Vec<u8> = (0..20_000_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let packed = [gzip(&text), zstd::encode_all(&text[..], 3).unwrap(), zip_of(&[("one.csv", &text)])];
        for (packed, name) in packed.into_iter().zip(["gzip", "zstd", "zip"]) {
            let cut = packed.len() / 2;
            let error = read_all(&packed[..cut]).unwrap_err();
            let wanted =
                format!("orders.csv: the {name} data stops early, after byte {cut}; copy or download the file again");
            assert_eq!(error.to_string(), wanted);
        }
    }

    /// Stored, so that nothing but the checksum can tell.
    #[test]
    fn a_changed_byte_in_a_zip_is_an_error() {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file("one.csv", stored).unwrap();
        writer.write_all(b"price\n12.50\n").unwrap();
        let mut packed = writer.finish().unwrap().into_inner();
        assert_eq!(read_all(&packed).unwrap().1, b"price\n12.50\n");
        let at = packed.windows(5).position(|w| w == b"12.50").unwrap();
        packed[at] = b'9';
        let error = read_all(&packed).unwrap_err();
        assert!(matches!(error, IntakeError::Corrupt { .. }), "{error}");
    }

    #[test]
    fn a_damaged_gzip_is_an_error_and_not_a_shorter_table() {
        let mut packed = gzip(&b"a,b\n1,2\n".repeat(5000));
        let middle = packed.len() / 2;
        packed[middle] ^= 0xff;
        assert!(matches!(read_all(&packed), Err(IntakeError::Corrupt { .. } | IntakeError::Truncated { .. })));
    }
}
