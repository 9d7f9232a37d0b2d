//! Small files of a folder, read whole within limits, and the settings in them.

use crate::PretrainedError;
use serde_json::Value;
use std::fs::{self, File};
use std::io::Read;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Bytes of a JSON file at most: the largest tokenizers have some 35 million.
const MOST_JSON: u64 = 256 << 20;

/// The whole of a file of at most `most` bytes; `None` where there is none.
pub(crate) fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, PretrainedError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(PretrainedError::io(path)(e)),
    };
    let bytes = file.metadata().map_err(PretrainedError::io(path))?.len();
    if bytes > most {
        return Err(PretrainedError::TooLarge { path: path.to_path_buf(), bytes, most });
    }
    let mut out = Vec::with_capacity(bytes as usize);
    file.take(most).read_to_end(&mut out).map_err(PretrainedError::io(path))?;
    Ok(Some(out))
}

/// An object of JSON with the name of its file for errors.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    path: PathBuf,
    value: Value,
}

impl Settings {
    /// Reads a file; `None` where there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, PretrainedError> {
        let Some(bytes) = read(path, MOST_JSON)? else { return Ok(None) };
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|e| PretrainedError::Json { path: path.to_path_buf(), why: e.to_string() })?;
        Ok(Some(Self { path: path.to_path_buf(), value }))
    }

    /// Reads a file that has to be there.
    pub(crate) fn need(folder: &Path, file: &str, wanted: &'static str) -> Result<Self, PretrainedError> {
        Self::read(&folder.join(file))?.ok_or_else(|| PretrainedError::FileMissing {
            folder: folder.to_path_buf(),
            file: file.to_owned(),
            wanted,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// What stands under a key; nothing where it is null.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.value.get(key).filter(|v| !v.is_null())
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_str)
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(Value::as_bool)
    }

    /// The object under a key; an empty one where there is none, whose settings all have their defaults.
    pub(crate) fn sub(&self, key: &str) -> Self {
        let value = self.get(key).cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        Self { path: self.path.clone(), value }
    }

    pub(crate) fn wrong(&self, key: &str, rule: impl Into<String>) -> PretrainedError {
        let got = self.get(key).map_or_else(|| "missing".to_owned(), Value::to_string);
        let got = got.chars().take(120).collect();
        PretrainedError::Setting { path: self.path.clone(), key: key.to_owned(), got, rule: rule.into() }
    }

    /// A whole number in a range.
    pub(crate) fn count(&self, key: &str, range: RangeInclusive<usize>) -> Result<usize, PretrainedError> {
        let got = self.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        got.filter(|n| range.contains(n))
            .ok_or_else(|| self.wrong(key, format!("a whole number from {} to {}", range.start(), range.end())))
    }

    /// As [`Self::count`], `default` where there is none.
    pub(crate) fn count_or(
        &self,
        key: &str,
        range: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, PretrainedError> {
        if self.get(key).is_none() { Ok(default) } else { self.count(key, range) }
    }

    /// A number in a range, `default` where there is none.
    pub(crate) fn number_or(
        &self,
        key: &str,
        range: RangeInclusive<f64>,
        default: f64,
    ) -> Result<f64, PretrainedError> {
        let Some(value) = self.get(key) else { return Ok(default) };
        let got = value.as_f64().filter(|x| range.contains(x));
        got.ok_or_else(|| self.wrong(key, format!("a number from {} to {}", range.start(), range.end())))
    }

    /// Whole numbers in a range, at least one and at most 64.
    pub(crate) fn counts(&self, key: &str, range: RangeInclusive<usize>) -> Result<Vec<usize>, PretrainedError> {
        let read = |v: &Value| v.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| range.contains(n));
        let list = self.get(key).and_then(Value::as_array).filter(|list| (1..=64).contains(&list.len()));
        let list = list.and_then(|list| list.iter().map(read).collect::<Option<Vec<_>>>());
        list.ok_or_else(|| self.wrong(key, format!("a list of numbers from {} to {}", range.start(), range.end())))
    }
}

/// A path in a settings file that has to stay inside its folder: plain names, no way up.
pub(crate) fn inside(folder: &Path, relative: &str) -> Option<PathBuf> {
    let plain = |part: &str| !part.is_empty() && part != ".." && part != "." && !part.contains(['\\', ':', '\0']);
    (relative.len() <= 256 && relative.split('/').all(plain)).then(|| folder.join(relative))
}

/// Whether there is a folder of this name.
pub(crate) fn check_folder(folder: &Path) -> Result<(), PretrainedError> {
    let there = fs::metadata(folder).is_ok_and(|m| m.is_dir());
    if there { Ok(()) } else { Err(PretrainedError::FolderMissing { path: folder.to_path_buf() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leaves_the_folder_is_none() {
        let folder = Path::new("models");
        assert_eq!(inside(folder, "1_Pooling/config.json"), Some(folder.join("1_Pooling/config.json")));
        for bad in ["../secret", "a/../../b", "", "a//b", "c:\\x", "./a"] {
            assert_eq!(inside(folder, bad), None, "{bad}");
        }
        assert_eq!(inside(folder, "/etc/passwd"), None);
    }

    #[test]
    fn a_setting_outside_its_range_names_file_key_and_value() {
        let s = Settings { path: "config.json".into(), value: serde_json::json!({"hidden_size": 0, "layers": null}) };
        let said = s.count("hidden_size", 1..=10).unwrap_err().to_string();
        assert_eq!(said, "config.json: `hidden_size` is 0, it has to be a whole number from 1 to 10");
        assert_eq!(s.count_or("layers", 1..=10, 3).unwrap(), 3);
        assert!(s.count("layers", 1..=10).unwrap_err().to_string().contains("is missing"));
    }
}
