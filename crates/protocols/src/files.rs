//! Text files of a data folder, plain or gzip, read whole: the largest has a few megabytes.

use crate::ProtocolError;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A text file with the path that it was found at.
pub(crate) struct Text {
    path: PathBuf,
    text: String,
}

/// Whether the file is there, plain or as `.gz`.
pub(crate) fn exists(path: &Path) -> bool {
    path.is_file() || zipped(path).is_file()
}

fn zipped(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

impl Text {
    /// Reads `path`, or `path` with `.gz` behind it.
    pub(crate) fn read(path: &Path) -> Result<Self, ProtocolError> {
        let found = if path.is_file() { path.to_path_buf() } else { zipped(path) };
        if !found.is_file() {
            return Err(ProtocolError::Missing { path: path.to_path_buf() });
        }
        let mut text = String::new();
        let read = File::open(&found).and_then(|mut file| {
            if found.extension().is_some_and(|e| e == "gz") {
                MultiGzDecoder::new(file).read_to_string(&mut text)
            } else {
                file.read_to_string(&mut text)
            }
        });
        match read {
            Ok(_) => Ok(Self { path: found, text }),
            Err(why) => Err(ProtocolError::Unreadable { path: found, why }),
        }
    }

    /// All of it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Lines that are not blank with their numbers from 1, without the first `n_header`.
    pub(crate) fn lines(&self, n_header: usize) -> impl Iterator<Item = (usize, &str)> {
        let lines = (1..).zip(self.text.lines()).skip(n_header);
        lines.map(|(n, line)| (n, line.trim_end())).filter(|(_, line)| !line.is_empty())
    }

    /// All of it.
    pub(crate) fn whole(&self) -> &str {
        &self.text
    }

    /// An error that names a line.
    pub(crate) fn wrong(&self, line: usize, found: &str, wanted: &'static str) -> ProtocolError {
        let found = found.chars().take(60).collect();
        ProtocolError::Line { path: self.path.clone(), line, found, wanted }
    }

    /// Lines of whole numbers: the first is whose line it is, the others are items in their order.
    pub(crate) fn numbers(&self) -> Result<Vec<(u32, Vec<u32>)>, ProtocolError> {
        let read = |(n, line): (usize, &str)| {
            let numbers: Option<Vec<u32>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
            let numbers = numbers.filter(|numbers| !numbers.is_empty());
            let numbers = numbers.ok_or_else(|| self.wrong(n, line, "a shopper and its items, whole numbers"))?;
            Ok((numbers[0], numbers[1..].to_vec()))
        };
        self.lines(0).map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_is_found_plain_or_zipped_and_its_lines_keep_their_numbers() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.txt"), "head\n\n1 2 3\n4\n").unwrap();
        let text = Text::read(&dir.path().join("a.txt")).unwrap();
        assert_eq!(text.lines(1).collect::<Vec<_>>(), [(3, "1 2 3"), (4, "4")]);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"7 8\n").unwrap();
        std::fs::write(dir.path().join("b.txt.gz"), gz.finish().unwrap()).unwrap();
        assert_eq!(Text::read(&dir.path().join("b.txt")).unwrap().numbers().unwrap(), [(7, vec![8])]);
        assert!(exists(&dir.path().join("b.txt")) && !exists(&dir.path().join("c.txt")));
    }

    #[test]
    fn what_is_wrong_names_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        assert!(matches!(Text::read(&path), Err(ProtocolError::Missing { .. })));
        std::fs::write(&path, "1 2\n1 x\n").unwrap();
        let error = Text::read(&path).unwrap().numbers().unwrap_err();
        assert!(matches!(error, ProtocolError::Line { line: 2, .. }), "{error}");
        std::fs::write(dir.path().join("d.txt.gz"), "no archive").unwrap();
        assert!(matches!(Text::read(&dir.path().join("d.txt")), Err(ProtocolError::Unreadable { .. })));
    }
}
